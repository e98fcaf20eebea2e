"""What the unit tests of `IngressGateway` and `IngressRoutes` share."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pulumi_portico import ArgumentError, IngressGateway, IngressRoutes
from pulumi_portico.args.location import Location
from pulumi_portico.args.parse import parse
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.ingress_gateway.args import IngressGatewaySpec
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS as MODULES
from pulumi_portico.ingress_gateway.controllers import Controller
from pulumi_portico.ingress_gateway.gateway_api.implementations import Implementation
from pulumi_portico.ingress_gateway.gateway_plan import GatewayRoutes
from pulumi_portico.ingress_gateway.install.crds import CrdsSpec
from pulumi_portico.ingress_gateway.route_rules import RULES
from pulumi_portico.ingress_gateway.route_set import OtherRoutes, RouteSet
from pulumi_portico.ingress_gateway.route_set_rules import check_each_route, check_routes
from pulumi_portico.ingress_gateway.routes import Route, RouteSpec
from pulumi_portico.ingress_gateway.tls import HostTls, HostTlsSpec
from pulumi_portico.ingress_gateway.validation import parse_ingress_gateway
from pulumi_portico.lifecycle.objects import manifests_of
from pulumi_portico.networking.target import Target, TargetSpec
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.testing import Recording, record

CONTROLLERS = ("f5-nginx", "ingress-nginx")
TARGET: Any = {"service": "api", "namespace": "shop", "port": 80, "target_port": 8080}
OTHER: Any = {"service": "web", "namespace": "shop", "port": 80, "target_port": 8080}
THERE: Any = {"install": False, "class_name": "nginx", "namespace": "edge"}
EXPOSED: Any = {"scope": "internet", "platform": "generic", "allowed_sources": ["0.0.0.0/0"]}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
HOST = "shop.example.com"
SECURED: Any = {HOST: {"secret": "shop-tls"}}


def gateway(name: str = "public", **args: Any) -> Recording:
    """A gateway with these arguments, on a controller that is there."""
    all_args: Any = {**THERE, **args}
    return record(lambda: IngressGateway(name, all_args))


def route(**fields: Any) -> dict[str, Any]:
    """A route to a target, unless it says otherwise."""
    return {"target": TARGET, **fields} if "redirect" not in fields else fields


def of_route(controller: str, *, tls: Any = None, **fields: Any) -> dict[str, Any]:
    """The annotations that one route of a host gets, without the prefix and those that every one gets."""
    args: Any = {"controller": controller, "crds": {"installed": True}} if controller == "f5-nginx" else {}
    args |= {"controller": controller, "routes": [route(host=HOST, path="/a", **fields)], "tls": tls or SECURED}
    recorded = gateway(**args)
    (made,) = (it for it in ingresses(recorded) if it["spec"]["rules"][0].get("http"))
    return {key.partition("/")[2]: value for key, value in made["metadata"]["annotations"].items()}


def ingresses(recorded: Recording) -> list[dict[str, Any]]:
    """The Ingresses that were made."""
    return [it for it in recorded.manifests() if it["kind"] == "Ingress"]


def problems_of_gateway(name: str = "public", **args: Any) -> list[Problem]:
    """The problems of a gateway's arguments, which it rejects before anything is registered."""
    return _problems_of(IngressGateway, name, args)


def problems_of_routes(name: str = "more", **args: Any) -> list[Problem]:
    """The problems of the arguments of IngressRoutes, which it rejects before anything is registered."""
    return _problems_of(IngressRoutes, name, args)


def _problems_of(component: Any, name: str, args: Mapping[str, Any]) -> list[Problem]:
    found: list[list[Problem]] = []

    def program() -> None:
        with pytest.raises(ArgumentError) as caught:
            component(name, args)
        found.append(list(caught.value.problems))

    recorded = record(program)
    assert recorded.registrations == [], "a rejected component registered something"
    return found[0]


def route_set(
    controller: str,
    routes: Sequence[Mapping[str, Any]],
    *,
    tls: Mapping[str, Any] | None = None,
    default_backend: Any = None,
    namespace: str = "",
    custom_resources: bool = True,
    others: OtherRoutes | None = None,
    implementation: str | None = None,
    supported_features: Sequence[str] = (),
) -> RouteSet:
    """The routes of a component called `public`, with every feature of the controller available."""
    ensure_event_loop()
    problems = Problems("test")
    specs = [parse(RouteSpec, Route, each, RULES, problems, Location(("routes", at))) for at, each in enumerate(routes)]
    hosts = {host: parse(HostTlsSpec, HostTls, each, {}, problems) for host, each in (tls or {}).items()}
    backend = None if default_backend is None else parse(TargetSpec, Target, default_backend, {}, problems)
    problems.raise_if_any()
    spec = IngressGatewaySpec(
        controller=Controller(controller),
        implementation=None if implementation is None else Implementation(implementation),
        supported_features=supported_features,
        install=False,
        class_name="nginx",
        # A generic class reaches only Services in its own namespace.
        namespace=namespace or ("shop" if MODULES[controller].shares_ingress else "edge"),
        routes=specs,
        tls=hosts,
        default_backend=backend,
        multi_label_wildcards=True,
        crds=CrdsSpec(installed=True) if custom_resources else None,
    )
    return GatewayRoutes(name="public", spec=spec, others=others or OtherRoutes())


def problems_of_route_set(routes: RouteSet) -> list[Problem]:
    """The problems of routes."""
    problems = Problems("test")
    check_each_route(routes.specs, problems)
    check_routes(routes, problems)
    return problems.found


def compiled(routes: RouteSet) -> list[dict[str, Any]]:
    """The manifests that the controller's compiler builds; names that Pulumi would generate are the Pulumi names."""
    objects = routes.module.compile(routes.compile_input())
    return [dict(one.manifest) for one in manifests_of(routes.name, objects, lambda name, _manifest: name)]


def check_gateway(args: Any, name: str = "public") -> list[Problem]:
    """The problems of a gateway's arguments."""
    problems = Problems("test")
    parse_ingress_gateway(name, args, problems)
    return problems.found


def parsed_gateway(args: Any, name: str = "public") -> IngressGatewaySpec:
    """A gateway's valid arguments, parsed."""
    problems = Problems("test")
    spec = parse_ingress_gateway(name, args, problems)
    problems.raise_if_any()
    return spec


def backends(manifest: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
    """The host, path and path type of an Ingress's paths."""
    return [
        (rule.get("host", ""), path["path"], path["pathType"])
        for rule in manifest["spec"]["rules"]
        for path in rule.get("http", {}).get("paths", [])
    ]
