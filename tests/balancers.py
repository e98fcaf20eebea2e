"""Load balancers for tests: arguments, and the settings that their Services contain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_portico import PublicLoadBalancer
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.public_load_balancer.platform_module import ServiceSetting, annotation_pattern
from pulumi_portico.public_load_balancer.platforms import Platform
from pulumi_portico.public_load_balancer.validation import parse_public_load_balancer
from pulumi_portico.testing import Recording, record

from tests.problems import assert_fixes_work, problems_of

AWS = "service.beta.kubernetes.io/aws-load-balancer-"
AZURE = "service.beta.kubernetes.io/azure-"
ALL = tuple(platform.value for platform in Platform)
NLB = ("aws-controller", "eks-auto-mode")
ON_AWS = (*NLB, "aws-legacy")
TARGET: dict[str, Any] = {
    "service": "api",
    "namespace": "shop",
    "port": 80,
    "target_port": 8080,
    "selector": {"app": "api-app"},
    "drain": 20,
}
EVERYONE = ["0.0.0.0/0"]
MANAGED = {"security_group_mode": "Managed"}
"""The mode of the AWS cloud controller manager in which each load balancer has a security group."""
TLS = {"certificates": ["arn:aws:acm:eu-west-1:1:certificate/a"]}
DNS = {"dns": {"port": 53, "protocol": "UDP"}}
MIXED = {"dns": {"port": 53, "protocol": "UDP"}, "http": {"port": 80, "target_port": 8080}}
# Annotations that hold pairs.
_PAIRS = re.compile(rf"{re.escape(AWS)}(attributes|target-group-attributes|listener-attributes\..*)")


def exposure(platform: str, **fields: Any) -> dict[str, Any]:
    """An exposure to the internet, with these fields; one given as None is left out."""
    given = {"scope": "internet", "platform": platform, "allowed_sources": EVERYONE, **fields}
    return {name: value for name, value in given.items() if value is not None}


def arguments(exposed: Mapping[str, Any], **args: Any) -> Any:
    return {"target": TARGET, "exposure": exposed, **args}


def balancer(exposed: Mapping[str, Any], **args: Any) -> Recording:
    """What a load balancer called web registers."""
    return record(lambda: PublicLoadBalancer("web", arguments(exposed, **args)))


def service(exposed: Mapping[str, Any], **args: Any) -> dict[str, Any]:
    return balancer(exposed, **args).manifest("Service")


def settings_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What configures the load balancer in a Service: fields of the spec, annotations, and pairs in annotations."""
    found = {
        f"spec.{key}": value for key, value in manifest["spec"].items() if key not in ("selector", "ports", "type")
    }
    node_ports = {port["name"]: port["nodePort"] for port in manifest["spec"]["ports"] if "nodePort" in port}
    if node_ports:
        found["spec.ports.nodePort"] = node_ports
    for key, value in manifest["metadata"].get("annotations", {}).items():
        if _PAIRS.fullmatch(key):
            pairs = [pair.split("=", 1) for pair in value.split(",")]
            assert len({name for name, _ in pairs}) == len(pairs), f"{key} has a name twice"
            found |= {f"{key}#{name}": pair for name, pair in pairs}
        else:
            found[key] = value
    return found


def matches(declared: ServiceSetting, found: str) -> bool:
    """Whether a setting of a Service is one that a platform declares."""
    key, _, attribute = found.partition("#")
    declared_key, _, declared_attribute = declared.partition("#")
    if declared_key.startswith("spec."):
        return declared == found
    return bool(annotation_pattern(declared_key).fullmatch(key)) and declared_attribute in ("", attribute)


def rejected(exposed: Mapping[str, Any], **args: Any) -> list[Problem]:
    """The problems of a load balancer that registers nothing. Each of their fixes works."""
    given = arguments(exposed, **args)
    recorded = record(lambda: problems_of(lambda: PublicLoadBalancer("web", given)))
    assert recorded.registrations == []
    found = recorded.value
    if not _has_output(given):
        assert_fixes_work(problems_in, given)
    return found


def problems_in(args: Mapping[str, Any]) -> list[Problem]:
    """The problems of a load balancer's arguments."""
    problems = Problems("the load balancer")
    parse_public_load_balancer("web", args, problems)
    return problems.found


def _has_output(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_output, value.values()))
    if isinstance(value, list):
        return any(map(_has_output, value))
    return isinstance(value, pulumi.Output)


def ingress(recording: Recording) -> tuple[set[str], set[tuple[int, str]]]:
    """Who can connect to the pods, and to which ports."""
    rules = recording.manifest("NetworkPolicy")["spec"]["ingress"]
    peers = {it["ipBlock"]["cidr"] for rule in rules for it in rule["from"]}
    return peers, {(it["port"], it["protocol"]) for rule in rules for it in rule["ports"]}
