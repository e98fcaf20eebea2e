"""What the stacks make, on mocks: no engine, no cluster, no cloud. Run with `pytest`."""

from pathlib import Path

import pytest
from pulumi_portico.stack import build, load_stack
from pulumi_portico.testing import Recording, record

FOLDER = Path(__file__).parents[1] / "stacks"
STACKS = sorted(file.name.split(".")[1] for file in FOLDER.glob("Pulumi.*.yaml"))


def made(stack: str) -> Recording:
    return record(lambda: build(load_stack(stack, FOLDER)), stack=stack)


@pytest.mark.parametrize("stack", STACKS)
def test_every_container_runs_without_rights(stack: str) -> None:
    deployments = made(stack).all("Deployment")
    assert deployments
    for deployment in deployments:
        for container in deployment.manifest()["spec"]["template"]["spec"]["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_dev_is_for_those_alone_who_are_named() -> None:
    services = [it for it in made("dev").manifests() if it["kind"] == "Service"]
    [public] = [it for it in services if it["spec"].get("type") == "LoadBalancer"]
    assert public["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24"]
