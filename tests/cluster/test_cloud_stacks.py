"""The production stacks, on the real engine and API server, with what their platforms are told. No platform is here:
kwok gives load balancers their addresses."""

from pathlib import Path

import pytest
from pulumi_portico.testing import Registration

from tests.cluster.definitions import TARGET_GROUP_BINDING, define
from tests.cluster.stacks import assert_all_ready, lay_down, of_type_load_balancer, up_and_no_change
from tests.pulumi_program import PulumiProgram
from tests.stacks import recorded
from tools.cluster import Cluster

pytestmark = pytest.mark.long

HOST = "shop.example.com"
TOLD: dict[str, dict[str, str]] = {
    "production-gcp": {
        "cloud.google.com/l4-rbs": "enabled",
        "networking.gke.io/load-balancer-ip-addresses": "shop",
        "cloud.google.com/network-tier": "Premium",
    },
    "production-azure": {
        "service.beta.kubernetes.io/azure-pip-name": "shop",
        "service.beta.kubernetes.io/azure-load-balancer-resource-group": "shop-network",
    },
}
READY = {"api": 3, "catalog": 2, "edge": 3, "web": 3}


@pytest.mark.parametrize(
    "name", [next(iter(TOLD)), *(pytest.param(name, marks=pytest.mark.long) for name in list(TOLD)[1:])]
)
def test_a_gateway_with_a_front_door_of_the_platforms_own(program: PulumiProgram, cluster: Cluster, name: str) -> None:
    lay_down(program, name)
    up_and_no_change(program)
    assert assert_all_ready(cluster, "shop", "edge") == READY
    (balancer,) = of_type_load_balancer(cluster, "shop", "edge")
    assert TOLD[name].items() <= balancer["metadata"]["annotations"].items()
    assert balancer["spec"]["externalTrafficPolicy"] == "Local"
    assert balancer["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24"]
    outputs = program.outputs()
    assert outputs["urls"] == {HOST: f"https://{HOST}"}
    assert outputs["costs"]["edge"].startswith("Estimate: ")
    program.destroy()


def test_on_aws_the_gateway_is_ready_for_the_load_balancer_that_pulumi_owns(
    program: PulumiProgram, cluster: Cluster
) -> None:
    """The engine reaches no AWS, so the file's load balancer is left out of what it is given: what that makes of AWS is
    in tests/unit, on AWS's own model. What it makes in the cluster is taken from there, and given to the API server."""
    file = lay_down(program, "production-aws")
    _without_load_balancers(file)
    up_and_no_change(program)
    assert assert_all_ready(cluster, "shop", "edge") == READY
    assert of_type_load_balancer(cluster, "shop", "edge") == []
    assert program.outputs()["urls"] == {HOST: f"https://{HOST}"}

    define(cluster, TARGET_GROUP_BINDING)
    of_balancer = [it for it in recorded("production-aws").registrations if _within("front", it)]
    made = [it.manifest() for it in of_balancer if it.type.startswith("kubernetes:")]
    assert sorted(it["kind"] for it in made) == ["NetworkPolicy", "NetworkPolicy", *["TargetGroupBinding"] * 2]
    # Their names are made up by Pulumi.
    named = [{**it, "metadata": {"name": f"front-{at}", **it["metadata"]}} for at, it in enumerate(made)]
    cluster.apply(*named)
    program.destroy()


def _within(balancer: str, it: Registration) -> bool:
    return it.parent is not None and it.parent.endswith(f"AwsLoadBalancer::{balancer}")


def _without_load_balancers(file: Path) -> None:
    before, found, _ = file.read_text().partition("  portico:awsLoadBalancers:\n")
    assert found
    file.write_text(before)
