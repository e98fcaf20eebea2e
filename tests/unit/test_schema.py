"""The schema for the other languages: committed, complete, and true of the args types."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_portico import (
    AwsLoadBalancerArgs,
    IngressGatewayArgs,
    IngressRoutesArgs,
    NamespaceArgs,
    PublicLoadBalancerArgs,
)
from pulumi_portico.args.shapes import camel_case, plain_fields, required_fields, shapes_of
from pulumi_portico.host import PorticoProvider, RejectedArguments, from_the_wire
from pulumi_portico.testing import record
from pulumi_portico.web_service import WebServiceArgs

from tests.support import ROOT

COMMITTED: dict[str, Any] = json.loads((ROOT / "components" / "schema.json").read_text())
COMPONENTS: dict[str, Any] = {name.rpartition(":")[2]: it for name, it in COMMITTED["resources"].items()}


ARGS = [
    ("WebService", WebServiceArgs),
    ("PublicLoadBalancer", PublicLoadBalancerArgs),
    ("AwsLoadBalancer", AwsLoadBalancerArgs),
    ("IngressGateway", IngressGatewayArgs),
    ("IngressRoutes", IngressRoutesArgs),
    ("Namespace", NamespaceArgs),
]


@pytest.mark.parametrize(("component", "args"), ARGS)
def test_every_field_is_there_with_its_words_and_its_plainness(component: str, args: type) -> None:
    properties = COMPONENTS[component]["inputProperties"]
    assert properties.keys() == {camel_case(name) for name in shapes_of(args)}
    assert set(COMPONENTS[component]["requiredInputs"]) == {camel_case(it) for it in required_fields(args)}
    for name, field in properties.items():
        assert len(field["description"]) > 40, name
        assert "type" in field or field["$ref"].startswith("#/types/portico:index:"), name
    assert {camel_case(it) for it in plain_fields(args)} == {
        name for name, field in properties.items() if field.get("plain")
    }


def test_every_nested_type_is_there_with_its_words() -> None:
    nested = {name.rpartition(":")[2]: it for name, it in COMMITTED["types"].items()}
    assert {"Autoscaling", "Container", "Exposure", "Health", "Peer", "Port", "Security", "Volume"} <= nested.keys()
    for name, definition in nested.items():
        assert len(definition["description"]) > 20, name
        for field in definition.get("properties", definition.get("enum", {})):
            words = definition["properties"][field] if isinstance(field, str) else field
            assert len(words["description"]) > 5, f"{name}.{field}"


def test_every_output_is_documented() -> None:
    assert COMPONENTS["WebService"]["properties"].keys() == {
        *("url", "urls", "serviceName", "namespace", "serviceAccount", "target", "targets", "exceptions"),
        *("additionalTargets", "workloadName"),
    }
    assert COMPONENTS["PublicLoadBalancer"]["properties"].keys() == {
        *("address", "hostname", "url", "urls", "nodePorts", "serviceName", "namespace"),
        *("loadBalancers", "publicAddresses", "monthlyCost", "cost"),
    }
    assert COMPONENTS["AwsLoadBalancer"]["properties"].keys() == {
        *("dnsName", "zoneId", "arn", "securityGroupId", "targetGroupArns", "url", "urls"),
        *("loadBalancers", "publicAddresses", "monthlyCost", "cost", "endpointServiceName"),
    }
    for component in COMPONENTS.values():
        assert all(it["description"] for it in component["properties"].values())


def test_whole_numbers_arrive_whole_and_names_as_they_were_sent() -> None:
    sent = {"image": "a:1", "port": 8080.0, "servicePort": 80.0, "labels": {"aB": "c"}, "unknownOne": 1.5}
    arrived = from_the_wire(WebServiceArgs, sent)
    assert arrived == {"image": "a:1", "port": 8080, "servicePort": 80, "labels": {"aB": "c"}, "unknownOne": 1.5}
    assert type(arrived["port"]) is int


def test_a_number_inside_an_output_arrives_whole() -> None:
    def program() -> Any:
        return from_the_wire(WebServiceArgs, {"replicas": pulumi.Output.secret(3.0)})["replicas"]

    value = record(program).value
    assert value == 3
    assert type(value) is int


def test_a_hosted_component_is_made_from_what_the_engine_sends() -> None:
    def program() -> None:
        inputs = {"image": "api:1", "port": 8080.0, "replicas": pulumi.Output.from_input(4.0)}
        PorticoProvider().construct("api", "portico:index:WebService", inputs)

    recorded = record(program)
    assert recorded.manifest("Deployment")["spec"]["replicas"] == 4


def test_a_hosted_components_problems_go_back_as_one_error() -> None:
    def program() -> None:
        inputs = {"image": "api", "servicePort": 0.0, "health": {"portName": "http"}, "rollout": {"maxSurge": 0.0}}
        PorticoProvider().construct("api", "portico:index:WebService", inputs)

    with pytest.raises(RejectedArguments) as caught:
        record(program)
    problems = caught.value.problems
    assert [problem.path for problem in problems] == ["image", "servicePort", "port", "rollout.maxSurge"]
    assert '\timage: "api" has no version.\n\t  allowed: ' in caught.value.message
    # The engine prints the values of the properties that an error names, secrets included.
    assert caught.value.errors == []


def test_the_paths_of_problems_are_as_the_other_languages_write_them() -> None:
    def program() -> None:
        target = {"service": "a", "namespace": "b", "selector": {"c": "d"}}
        ports = {"http": {"port": 80, "targetPort": 0.0}}
        exposure = {"scope": "internet", "platform": "gke", "annotations": {"a_b.c/d_e": 1.0}, "idleTimeout": 0.0}
        inputs = {"target": target, "ports": ports, "exposure": exposure, "readyTimeout": 0.0}
        PorticoProvider().construct("web", "portico:index:PublicLoadBalancer", inputs)

    with pytest.raises(RejectedArguments) as caught:
        record(program)
    assert {problem.path for problem in caught.value.problems} == {
        "exposure.allowedSources",
        "exposure.annotations.a_b.c/d_e",
        "exposure.idleTimeout",
        "ports.http.targetPort",
        "readyTimeout",
    }
