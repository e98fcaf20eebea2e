"""Load balancers for tests: arguments, and ways to look at what the platform is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_portico import ArgumentError, PublicLoadBalancer
from pulumi_portico.public_load_balancer.platform_module import Place, annotation_pattern
from pulumi_portico.public_load_balancer.platforms import PLATFORMS
from pulumi_portico.testing import Recording, record

AWS = "service.beta.kubernetes.io/aws-load-balancer-"
AZURE = "service.beta.kubernetes.io/azure-"
ALL = tuple(PLATFORMS)
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
    """What a load balancer named web registers."""
    return record(lambda: PublicLoadBalancer("web", arguments(exposed, **args)))


def service(exposed: Mapping[str, Any], **args: Any) -> dict[str, Any]:
    return balancer(exposed, **args).manifest("Service")


def told(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a Service tells its platform, by place."""
    spec = {f"spec.{key}": value for key, value in manifest["spec"].items() if key not in ("selector", "ports", "type")}
    found: dict[str, Any] = dict(spec)
    for key, value in manifest["metadata"].get("annotations", {}).items():
        if _PAIRS.fullmatch(key):
            pairs = [pair.split("=", 1) for pair in value.split(",")]
            assert len({name for name, _ in pairs}) == len(pairs), f"{key} says something twice"
            found |= {f"{key}#{name}": it for name, it in pairs}
        else:
            found[key] = value
    return found


def at(place: Place, where: str) -> bool:
    """Whether what is told there is what the place stands for."""
    key, _, attribute = where.partition("#")
    of, _, wanted = place.partition("#")
    if of.startswith("spec."):
        return place == where
    return bool(annotation_pattern(of).fullmatch(key)) and wanted in ("", attribute)


def refused(exposed: Mapping[str, Any], **args: Any) -> str:
    """The message that refuses it; nothing is registered."""
    said: list[str] = []

    def program() -> None:
        with pytest.raises(ArgumentError) as caught:
            PublicLoadBalancer("web", arguments(exposed, **args))
        said.append(str(caught.value))

    assert record(program).registrations == [], "a refused component has registered something"
    return said[0]


def ingress(recording: Recording) -> tuple[set[str], set[tuple[int, str]]]:
    """Who is let in at the pods, and at which ports."""
    rules = recording.manifest("NetworkPolicy")["spec"]["ingress"]
    peers = {it["ipBlock"]["cidr"] for rule in rules for it in rule["from"]}
    return peers, {(it["port"], it["protocol"]) for rule in rules for it in rule["ports"]}
