"""docs/aws-load-balancer.md: its examples run on AWS's own model, its tables have every field, its words are said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pulumi
import pytest
from pulumi_portico import AwsHost, AwsListener, AwsLoadBalancerArgs, AwsTarget
from pulumi_portico.args.shapes import is_args, plain_fields, shapes_of
from pulumi_portico.lifecycle.replacement import judge
from pulumi_portico.testing import Recording, record
from pulumi_portico.testing.aws import AwsModel

from tests.aws_balancers import application, own
from tests.support import ROOT
from tools.example_types import PYTHON

PAGE = (ROOT / "docs" / "aws-load-balancer.md").read_text()
PARTS = re.split(r"^## ", PAGE, flags=re.M)
EXAMPLES = [
    pytest.param(match[1], id=f"{part.splitlines()[0]}-{number}")
    for part in PARTS
    for number, match in enumerate(PYTHON.finditer(part), 1)
]


@pytest.fixture
def model() -> Iterator[AwsModel]:
    with AwsModel() as made:
        yield made


def network(model: AwsModel) -> dict[str, str]:
    """What the examples read of the stack's configuration: a network, and a load balancer made elsewhere."""
    vpc = model.vpc()
    subnets = model.subnets(2, vpc)
    model.zone("example.com")
    group = model.client("ec2").create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc)["GroupId"]
    elb = model.client("elbv2")
    (theirs,) = elb.create_load_balancer(
        Name="theirs", Subnets=subnets, SecurityGroups=[group], Scheme="internet-facing"
    )["LoadBalancers"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    listener = elb.create_listener(
        LoadBalancerArn=theirs["LoadBalancerArn"], Protocol="HTTP", Port=443, DefaultActions=[answer]
    )["Listeners"][0]
    return {
        "network:vpc": vpc,
        "network:subnets": json.dumps(subnets),
        "network:load-balancer": theirs["LoadBalancerArn"],
        "network:security-group": group,
        "network:listener": listener["ListenerArn"],
        "project:clientSecret": "canary-9c31",
    }


def run(source: str, model: AwsModel) -> Recording:
    def program() -> None:
        exec(source, {"__name__": "example"})

    return record(program, aws=model, config=network(model))


def example(heading: str) -> str:
    (part,) = (it for it in PARTS if it.startswith(heading))
    found = PYTHON.search(part)
    assert found
    return found[1]


def mocks_take_transforms() -> bool:
    """Whether the SDK's mocks do, as the real engine of every version does: those of 3.250 do not."""
    options = pulumi.ResourceOptions(transforms=[lambda _: None])
    try:
        record(lambda: pulumi.CustomResource("test:index:Asked", "asked", {}, opts=options))
    except Exception as error:
        if "does not support transforms" not in str(error):
            raise
        return False
    return True


OLDEST = re.findall(r"(?m)^pulumi==(\S+)", (ROOT / "tests" / "matrix" / "oldest.in").read_text())[0]


def skip_without_transforms() -> None:
    """Skip a test that needs transforms. Only the mocks of the oldest SDK have none."""
    if not mocks_take_transforms():
        assert version("pulumi") == OLDEST
        pytest.skip(f"the mocks of Pulumi {OLDEST} take no transforms")


@pytest.mark.parametrize("source", EXAMPLES)
def test_the_example_runs_on_aws(source: str, model: AwsModel) -> None:
    if "transforms" in source:
        skip_without_transforms()
    recorded = run(source, model)
    assert recorded.one("AwsLoadBalancer")
    assert ("elbv2", "CreateTargetGroup") in model.calls


def test_there_are_four_complete_ones_and_two_of_adoption() -> None:
    assert len(EXAMPLES) == 6


def test_several_services_are_behind_one_balancer(model: AwsModel) -> None:
    recorded = run(example("Several services"), model)
    assert len(recorded.all("LoadBalancer")) == 1
    assert {it.manifest()["spec"]["serviceRef"]["name"] for it in recorded.all("TargetGroupBinding")} == {"api", "web"}
    assert recorded.exports["url"] == "https://shop.example.com"
    by_path = sorted(recorded.all("ListenerRule"), key=lambda it: it.inputs["priority"])
    assert [len(it.inputs["conditions"]) for it in by_path] == [2, 1], "the longer path comes first"


def test_the_gateway_reads_what_the_balancer_speaks(model: AwsModel) -> None:
    recorded = run(example("EKS with a gateway"), model)
    groups = [it.inputs for it in recorded.all("TargetGroup")]
    assert len(groups) == 2
    assert all(it["proxyProtocolV2"] for it in groups)
    settings = recorded.manifest("ConfigMapPatch")["data"]
    assert settings["proxy-protocol"] == "true"
    assert settings["set-real-ip-from"] == "10.0.0.0/16"
    ours = {it.manifest()["spec"]["serviceRef"]["port"] for it in recorded.all("TargetGroupBinding")}
    assert ours == {80, 443}


def test_blue_and_green_are_two_clusters(model: AwsModel) -> None:
    recorded = run(example("Blue and green"), model)
    bindings = {it.provider.split("::")[3]: it for it in recorded.all("TargetGroupBinding")}
    assert bindings.keys() == {"blue", "green"}
    arns = {color: it.inputs["spec"]["targetGroupARN"] for color, it in bindings.items()}
    listener = next(it for it in recorded.all("Listener") if it.inputs["port"] == 443)
    weights = {it["arn"]: it["weight"] for it in listener.inputs["defaultActions"][0]["forward"]["targetGroups"]}
    assert weights == {arns["blue"]: 90, arns["green"]: 10}


def test_what_was_made_by_others_gets_its_alias(model: AwsModel) -> None:
    skip_without_transforms()
    names: dict[str, Any] = {}
    source = PYTHON.findall(PAGE)[-1]
    record(lambda: exec(source, names), aws=model, config=network(model))

    def transformed(kind: str, name: str) -> Any:
        args = pulumi.ResourceTransformArgs(
            custom=True, type_=kind, name=name, props={}, opts=pulumi.ResourceOptions(protect=True)
        )
        return names["was"](args)

    result = transformed("aws:lb/loadBalancer:LoadBalancer", "shop")
    assert result.opts.aliases == [names["WAS"]["aws:lb/loadBalancer:LoadBalancer", "shop"]]
    assert result.opts.protect
    assert transformed("aws:lb/listener:Listener", "shop-80") is None
    # What it names is what the component makes.
    made = {
        (it.type, it.name)
        for it in own(
            application(listeners=[{"port": 80, "protocol": "http", "target": "api"}], hosts=None)
        ).registrations
    }
    assert names["WAS"].keys() <= made


def rows_of(heading: str) -> dict[str, str]:
    (part,) = (it for it in PARTS if it.startswith(f"{heading}\n"))
    found = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \|", part, re.M)
    return {name: meaning for names, meaning in found for name in re.findall(r"`(\w+)`", names)}


@pytest.mark.parametrize(
    ("heading", "typ"),
    [
        ("The load balancer", AwsLoadBalancerArgs),
        ("Listeners", AwsListener),
        ("Targets", AwsTarget),
        ("Hosts", AwsHost),
    ],
)
def test_the_tables_have_every_field(heading: str, typ: Any) -> None:
    assert rows_of(heading).keys() == shapes_of(typ).keys()


def test_the_table_says_what_is_plain() -> None:
    for name, meaning in rows_of("The load balancer").items():
        nested = is_args(shapes_of(AwsLoadBalancerArgs)[name].type)
        assert ("plain" in meaning) == (name in plain_fields(AwsLoadBalancerArgs)) or nested, name


def test_the_refusal_is_what_is_said() -> None:
    states = [own(application(scope=it)).one("AwsLoadBalancer").inputs for it in ("internet", "internal")]
    rejection = judge("shop", states[0], states[1], [], "AwsLoadBalancer").rejection
    assert rejection
    assert " ".join(rejection.split()) in " ".join(PAGE.split())
