"""What is less strict of routes is reported wherever the gateway is: in the stack, or in another one."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.views import view_of

WEB: dict[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080}
IN = "nginx.ingress.kubernetes.io/"
WHITELIST = f"{IN}whitelist-source-range"
GATEWAY = {"className": "nginx", "namespace": "edge", "controllerPeers": [{"namespace": "edge"}]}
HOST = "shop.example.com"
Found = set[tuple[str, tuple[Any, ...]]]


def exceptions_of(values: Any, *at: str) -> Found:
    """The exceptions below a location, each with the rest of its location."""
    view = view_of(check_stack("dev", {"namespace": "shop", "services": {"web": WEB}, **values}))
    found = [exception.exception for exception in view.exceptions]
    return {(one.kind.name, tuple(one.location)[len(at) :]) for one in found if tuple(one.location)[: len(at)] == at}


def of_gateway(controller: str, route: Any, **fields: Any) -> Found:
    """Those of a gateway that the cluster has, with the route."""
    crds = {"crds": {"installed": True}} if controller == "f5-nginx" else {}
    edge = {**GATEWAY, **crds, "controller": controller, "install": False, "routes": [route], **fields}
    return exceptions_of({"gateways": {"edge": edge}}, "gateways", "edge", "routes")


def added(controller: str, route: Any, **fields: Any) -> Found:
    """Those of the route, added to the gateway of another stack."""
    gateway = {**GATEWAY, "controller": controller, "customResources": controller == "f5-nginx"}
    if controller == "ingress-nginx":
        gateway["responseHeaders"] = ["Access-Control-Allow-Origin"]
    routes = {"gateway": gateway, "routes": [route], **fields}
    return exceptions_of({"routes": {"more": routes}}, "routes", "more", "routes")


ROUTES: list[tuple[dict[str, Any], str]] = [
    ({}, "plain-text-host"),
    ({"cors": {"origins": ["*"]}}, "cors-any-origin"),
    ({"responseHeaders": {"Access-Control-Allow-Origin": "*"}}, "cors-any-origin"),
    ({"bodySize": 0}, "unlimited-body"),
    ({"sessionPersistence": {"secure": False}}, "insecure-cookie"),
    ({"protocol": "HTTPS"}, "unverified-target"),
    ({"annotations": {"example.com/a": "b"}}, "unchecked-annotations"),
    ({"annotations": {f"{IN}enable-access-log": "false"}}, "no-access-log"),
]


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize(("fields", "kind"), ROUTES)
def test_a_route_is_reported_wherever_its_gateway_is(controller: str, fields: Any, kind: str) -> None:
    if controller == "f5-nginx" and any(key.startswith(IN) for key in fields.get("annotations", {})):
        pytest.skip("an annotation of the other controller")
    route = {"host": HOST, "target": {"service": "web"}, **fields}
    found = added(controller, route)
    assert kind in {name for name, _ in found}
    assert found == of_gateway(controller, route)


def test_the_doors_of_a_service_add_up_over_routes_of_other_stacks() -> None:
    route = {"host": HOST, "target": {"service": "web"}}
    halves = [{**route, "path": f"/{index}", "allowedSources": [cidr]} for index, cidr in enumerate(HALVES)]
    gateway = {**GATEWAY, "controller": "ingress-nginx"}
    found = exceptions_of({"routes": {"more": {"gateway": gateway, "routes": halves}}}, "routes", "more", "routes")
    assert {at for kind, at in found if kind == "every-client-address-together"} == {
        (0, "allowed_sources", 0),
        (1, "allowed_sources", 0),
    }


HALVES = ("0.0.0.0/1", "128.0.0.0/1")


@pytest.mark.parametrize("peers", [["0.0.0.0/0"], HALVES])
def test_a_gateway_of_another_stack_that_everyone_is_taken_for_is_reported(peers: Any) -> None:
    gateway = {**GATEWAY, "controller": "ingress-nginx", "controllerPeers": [{"cidr": peer} for peer in peers]}
    routes = [{"host": HOST, "target": {"service": "web"}}]
    found = exceptions_of({"routes": {"more": {"gateway": gateway, "routes": routes}}}, "routes", "more", "gateway")
    expected = {("every-address-to-pods", ("controller_peers", index, "cidr")) for index in range(len(peers))}
    assert found == {("clients-of-existing-controller", ()), *expected}


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"allowedSources": ["10.0.0.0/8"]}, ("allowed_sources",)),
        ({"deniedSources": ["10.0.0.0/8"]}, ("denied_sources",)),
        ({"rateLimit": {"requests": 5}}, ("rate_limit",)),
        ({"annotations": {WHITELIST: "10.0.0.0/8"}}, ("annotations", WHITELIST)),
    ],
)
def test_what_depends_on_the_clients_address_is_reported_if_another_stack_decides_it(fields: Any, at: Any) -> None:
    """If the gateway sees a node's address, a range with that address admits everyone."""
    route = {"host": HOST, "target": {"service": "web"}, **fields}
    assert ("unknown-client-address", (0, *at)) in added("ingress-nginx", route)


def test_a_host_whose_certificate_another_stack_has_is_not_reported() -> None:
    gateway = {**GATEWAY, "controller": "f5-nginx", "hosts": [HOST, "*"]}
    routes = [{"host": HOST, "path": "/blog", "target": {"service": "web"}}, {"target": {"service": "web"}}]
    values = {"routes": {"more": {"gateway": gateway, "routes": routes}}}
    assert exceptions_of(values, "routes", "more", "routes") == set()
