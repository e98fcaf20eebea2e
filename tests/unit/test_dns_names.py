"""Names that external-dns makes lead to a gateway, a load balancer, or a service, by annotations."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico.cli.tracing import answers_of, parse_request
from pulumi_portico.stack import check_stack

from tests.problems import assert_problem

HOSTNAME = "external-dns.alpha.kubernetes.io/hostname"
HOST = "shop.example.com"
WEB = {"image": "registry.example.com/web:1.0", "port": 8080}
INTERNET = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"]}


def plan(*, front: Any = None, exposure: Any = None, service: Any = None, host: str = HOST) -> Any:
    route = {"target": {"service": "web"}, **({"host": host} if host else {})}
    edge: dict[str, Any] = {"routes": [route], "settings": {"forwardedFor": "append"}}
    edge |= {"upstream": {"sources": ["0.0.0.0/0"]}} if front else {"exposure": exposure or INTERNET}
    parts: dict[str, Any] = {"services": {"web": {**WEB, **({"service": service} if service else {})}}}
    if front:
        parts["loadBalancers"] = {"front": {"target": {"gateway": "edge"}, "exposure": front}}
    return check_stack("dev", {"namespace": "shop", "gateways": {"edge": edge}, **parts})


def annotated(names: str, key: str = HOSTNAME) -> dict[str, Any]:
    return {**INTERNET, "annotations": {key: names}}


@pytest.mark.parametrize("key", [HOSTNAME, "external-dns.alpha.kubernetes.io/internal-hostname"])
def test_a_name_of_a_gateway_without_a_route_is_noted(key: str) -> None:
    found = plan(exposure=annotated(f"{HOST}, other.example.com", key)).notes
    at = ("gateways", "edge", "exposure", "annotations", key)
    assert_problem(found, "dns-name-without-route", *at, name="other.example.com", gateway="edge")


def test_a_name_of_a_load_balancer_in_front_of_a_gateway_is_noted() -> None:
    found = plan(front=annotated("other.example.com")).notes
    at = ("load_balancers", "front", "exposure", "annotations", HOSTNAME)
    assert_problem(found, "dns-name-without-route", *at, name="other.example.com", gateway="edge")


@pytest.mark.parametrize(("names", "host"), [(HOST, HOST), ("*.example.com", HOST), ("", HOST)])
def test_a_name_with_a_route_is_not_noted(names: str, host: str) -> None:
    assert plan(exposure=annotated(names), host=host).notes == []


def test_a_name_of_a_service_is_noted() -> None:
    found = plan(service={"annotations": {HOSTNAME: "web.example.com"}}).notes
    at = ("services", "web", "service", "annotations", HOSTNAME)
    assert_problem(found, "dns-name-of-service", *at, name="web.example.com")


def entry_order(stack: Any, url: str) -> list[str]:
    return [answer.entry for answer in answers_of(stack, parse_request(url, "GET", None, []))]


def test_the_gateway_whose_annotation_has_the_name_comes_first() -> None:
    one = {"exposure": INTERNET, "routes": [{"target": {"service": "web"}}], "settings": {"forwardedFor": "append"}}
    two = {**one, "exposure": annotated("*.example.com")}
    stack = check_stack("dev", {"namespace": "shop", "services": {"web": WEB}, "gateways": {"a": one, "b": two}})
    assert entry_order(stack, "http://shop.example.com/") == ["b", "a"]
    assert entry_order(stack, "http://shop.example.org/") == ["a", "b"]


def test_a_wildcard_leads_to_its_load_balancer() -> None:
    front = {"target": {"service": "web"}, "exposure": annotated("*.example.com")}
    stack = check_stack("dev", {"namespace": "shop", "services": {"web": WEB}, "loadBalancers": {"front": front}})
    (answer,) = answers_of(stack, parse_request("http://shop.example.com/", "GET", None, []))
    assert answer.leads_to == "web:8080"


FORWARDED = "forwarded-for-appended"


@pytest.mark.parametrize("scope", ["internet", "internal"])
def test_forwarded_headers_are_noted_only_for_clients_on_the_internet(scope: str) -> None:
    exposure = {"scope": scope, "platform": "gke", "allowedSources": ["10.0.0.0/8"]}
    edge = {"exposure": exposure, "routes": [{"host": HOST, "target": {"service": "web"}}]}
    stack = check_stack("dev", {"namespace": "shop", "services": {"web": WEB}, "gateways": {"edge": edge}})
    assert [note.code.name for note in stack.differences] == ([FORWARDED] if scope == "internet" else [])


@pytest.mark.parametrize("sources", [[], ["10.0.0.0/8"]])
def test_forwarded_headers_are_noted_if_something_is_in_front(sources: Any) -> None:
    edge = {"upstream": {"sources": sources}, "routes": [{"host": HOST, "target": {"service": "web"}}]}
    stack = check_stack("dev", {"namespace": "shop", "services": {"web": WEB}, "gateways": {"edge": edge}})
    assert bool(stack.differences) == bool(sources)
