"""The checks of a whole `IngressGateway` and of an `IngressRoutes`: each field's, and those between fields."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, cast

import pulumi

from ..checks import Field, Rules, check
from ..errors import Problems, Refusal
from ..lifecycle.cost import RULES as COST_RULES
from ..load_balancers import ClientIp
from ..names import annotation_key, dns_label, dns_subdomain, label_key, label_value, service_name
from ..network_policy import RULES as PEER_RULES
from ..network_policy import check_peers
from ..public_load_balancer.exposure import RULES as EXPOSURE_RULES
from ..public_load_balancer.platform_module import chosen_or_hidden
from ..public_load_balancer.platforms import check_exposure
from ..shapes import as_written
from ..values import cidr, whole_number
from .args import Behind, IngressGatewayArgs, IngressRoutesArgs
from .controller_module import Controller
from .gateway_plan import controller_of, installs, request_of, routing_of
from .install.crds import RULES as CRDS_RULES
from .install.crds import check_crds
from .install.installation import RULES as INSTALLATION_RULES
from .install.installation import check_installation
from .install.settings import RULES as SETTINGS_RULES
from .install.settings import check_settings
from .reference import RULES as REFERENCE_RULES
from .route_rules import RULES as ROUTE_RULES
from .routing import Routing, check_routing
from .texts import header_name, host
from .tls import RULES as TLS_RULES

__all__ = ["GATEWAY_RULES", "check_ingress_gateway", "check_ingress_routes", "check_referred"]

Spelling = Callable[[str], str]

_NAME_LENGTH = 40
"""A Service's name less what the front door's ends in and what Pulumi adds."""

_COMMON = {
    "tls": Field(keys=host),
    "ready_within": Field(whole_number(1, 3600, "a number of seconds")),
    "labels": Field(keys=label_key, items=label_value),
    "annotations": Field(keys=annotation_key),
}
_SHARED: Rules = {**ROUTE_RULES, **TLS_RULES, **PEER_RULES}

GATEWAY_RULES: Rules = {
    **_SHARED,
    **EXPOSURE_RULES,
    **COST_RULES,
    **CRDS_RULES,
    **INSTALLATION_RULES,
    **SETTINGS_RULES,
    Behind: {"sources": Field(items=cidr)},
    IngressGatewayArgs: {
        **_COMMON,
        "class_name": Field(dns_subdomain),
        "namespace": Field(dns_label),
        "response_headers": Field(items=header_name),
    },
}
_ROUTES_RULES: Rules = {**_SHARED, **REFERENCE_RULES, IngressRoutesArgs: _COMMON}

_FOR_INSTALLED = ("exposure", "behind", "settings", "installation", "price")
_FOR_OTHERS = ("reached_from",)
_APART_FROM_ROUTES = ("exposure", "behind", "settings", "installation", "price")
"""What the routes are checked without: where it alone is wrong, theirs is told at the same time."""


def check_ingress_gateway(
    name: str, args: Any, problems: Problems, path: str = "", spelling: Spelling = as_written
) -> IngressGatewayArgs:
    """The checked arguments of the IngressGateway called ``name``; what is wrong is noted in ``problems``.

    ``path`` and ``spelling`` are where the arguments stand and how their keys are written.
    """
    before = len(problems.found)
    _check_name(name, problems, path)
    checked: Any = check(IngressGatewayArgs, args, GATEWAY_RULES, problems, path, spelling)
    prefix = f"{path}." if path else ""
    # What the checks below look into must be as it should be.
    if len(problems.found) == before:
        _check_installing(name, checked, problems, prefix, spelling)
    apart = tuple(f"{prefix}{it}" for it in _APART_FROM_ROUTES)
    if all(it.path.startswith(apart) for it in problems.found[before:]):
        routing = routing_of(name, checked, checked.get("namespace", name), prefix, spelling)
        check_routing(routing, problems)
        if not installs(checked):
            _check_reached(routing, checked.get("reached_from"), problems, f"{prefix}{spelling('reached_from')}")
    return checked


def check_ingress_routes(
    name: str, args: Any, problems: Problems, path: str = "", spelling: Spelling = as_written
) -> IngressRoutesArgs:
    """The checked arguments of the IngressRoutes called ``name``; what is wrong is noted in ``problems``.

    ``path`` and ``spelling`` are where the arguments stand and how their keys are written.
    """
    before = len(problems.found)
    _check_name(name, problems, path)
    checked: Any = check(IngressRoutesArgs, args, _ROUTES_RULES, problems, path, spelling)
    prefix = f"{path}." if path else ""
    if len(problems.found) == before:
        gateway = checked["gateway"]
        check_peers(gateway.get("reached_from"), problems, f"{prefix}gateway.{spelling('reached_from')}", spelling)
        if not checked["routes"]:
            problems.note(f"{prefix}routes", Refusal("holds none", "one route or more", "leave the component out"))
    return checked


def check_referred(routing: Routing, peers: Any, ahead: frozenset[str], problems: Problems) -> None:
    """Note what is wrong with routes beside what this program knows of their gateway; ``ahead`` are the headers that
    its controller was told of."""
    check_routing(routing, problems)
    _check_reached(routing, peers, problems, "gateway.reached_from")
    _check_told_ahead(routing, ahead, problems)


def _check_name(name: str, problems: Problems, path: str) -> None:
    refusal: Optional[Refusal] = service_name(name)
    if len(name) > _NAME_LENGTH:
        refusal = Refusal(f"is {len(name)} characters long", f"{_NAME_LENGTH} characters at most")
    if refusal:
        problems.add(path or "name", name, refusal)


def _check_installing(name: str, args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    controller = controller_of(args)
    if "crds" in args:
        if controller != Controller.F5_NGINX.value:
            refusal = Refusal(f"are those of f5-nginx, and {controller} has none", "beside f5-nginx", "leave it out")
            problems.note(f"{prefix}crds", refusal)
        check_crds(args["crds"], installs(args), problems, f"{prefix}crds", spelling)
    check_peers(args.get("reached_from"), problems, f"{prefix}{spelling('reached_from')}", spelling)
    if not installs(args):
        _check_not_installed(args, problems, prefix, spelling)
        return
    if controller == Controller.GENERIC.value:
        refusal = Refusal("is true, and a generic class is one that the cluster has", "false, or another controller")
        problems.note(f"{prefix}install", refusal)
        return
    for field in (it for it in _FOR_OTHERS if it in args):
        refusal = Refusal("is known of a controller that is installed", "with install false", "leave it out")
        problems.note(f"{prefix}{spelling(field)}", refusal)
    if isinstance(args.get("class_name"), pulumi.Output):
        refusal = Refusal("is known only during the deployment, and the controller is told of it", "a plain name")
        problems.note(f"{prefix}{spelling('class_name')}", refusal)
    check_settings(args.get("settings", {}), controller, problems, f"{prefix}settings", spelling)
    check_installation(args.get("installation", {}), controller, problems, f"{prefix}installation", spelling)
    for at, namespace in enumerate(args.get("installation", {}).get("served_namespaces", [])):
        if namespace == args.get("namespace", name):
            refusal = Refusal("is the gateway's own, which it serves anyway", "others", "leave it out")
            problems.add(f"{prefix}installation.{spelling('served_namespaces')}[{at}]", namespace, refusal)
    _check_front(args, problems, prefix, spelling)
    _check_forwarded(args, problems, prefix, spelling)
    _check_seen(args, problems, prefix, spelling)


def _check_not_installed(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    for field in (it for it in _FOR_INSTALLED if it in args):
        refusal = Refusal("is for a controller that is installed, and this one is there", "with install true")
        problems.note(f"{prefix}{spelling(field)}", refusal)
    for field, what in (("class_name", "the IngressClass"), ("namespace", "where its certificates and hosts are kept")):
        if field not in args:
            problems.missing(f"{prefix}{spelling(field)}", f"{what}, as the controller is there already")


def _check_front(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    if ("exposure" in args) == ("behind" in args):
        wrong = "stands beside behind" if "exposure" in args else "is missing"
        allowed = "how far the gateway is exposed: scope, platform, allowed_sources"
        problems.note(f"{prefix}exposure", Refusal(wrong, allowed, "or say by behind what stands in front of it"))
        return
    if "behind" in args:
        behind = args["behind"]
        if behind.get("proxy_protocol") and not behind.get("sources"):
            refusal = Refusal("is missing, and anybody could write a client's address", "who may write it")
            problems.note(f"{prefix}behind.sources", refusal)
        return
    if "tls" in args["exposure"]:
        refusal = Refusal(
            "ends TLS at a load balancer that does not say so: the gateway would take all requests for ones without",
            "TLS at the gateway",
            "give the certificates to tls, or put an AwsLoadBalancer in front",
        )
        problems.note(f"{prefix}exposure.tls", refusal)
    check_exposure(request_of(args), problems, f"{prefix}exposure.", spelling)


def _check_seen(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    """A controller that is shown a node's or the load balancer's address would keep out, or let in, everybody."""
    if "exposure" not in args or "forwarded_from" in args.get("settings", {}):
        return
    if chosen_or_hidden(request_of(args)) != ClientIp.HIDE.value:
        return
    where = f"exposure.{spelling('client_ip')}"
    for at, route in enumerate(args.get("routes", [])):
        for field in (it for it in ("allowed_sources", "denied_sources") if it in route):
            refusal = Refusal(
                f"names clients, and {where} is hide, so that the gateway sees the load balancer's address or a node's",
                f"beside {where} preserve or proxy-protocol",
                f"write {where}: preserve",
            )
            problems.note(f"{prefix}routes[{at}].{spelling(field)}", refusal)


def _check_forwarded(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    """The controllers ask nobody where `X-Forwarded-Proto` comes from, so all who can connect must be believed."""
    believed = args.get("settings", {}).get("forwarded_from")
    where = f"{prefix}settings.{spelling('forwarded_from')}"
    for at, entry in args.get("tls", {}).items():
        if entry.get("ends_before") and believed is None:
            refusal = Refusal(
                f"is missing, and by tls.{at}.{spelling('ends_before')} a header says whether a client has used TLS",
                "the addresses of what stands in front",
            )
            problems.note(where, refusal)
            return
    if believed is None:
        return
    speaks = args.get("behind", {}).get("proxy_protocol")
    if speaks or args.get("exposure", {}).get("client_ip") == ClientIp.PROXY_PROTOCOL.value:
        refusal = Refusal("stands beside the PROXY protocol, and a client has one address", "one of the two")
        problems.note(where, refusal)
    front = ("behind", "sources") if "behind" in args else ("exposure", "allowed_sources")
    for at, source in enumerate(args.get(front[0], {}).get(front[1], [])):
        if isinstance(source, pulumi.Output) or _is_within(source, believed):
            continue
        refusal = Refusal(
            f"may connect, and is not in {where}, so that its claims would be believed too",
            "addresses that are believed",
            f"let in what stands in front alone, or add it to {where}",
        )
        problems.add(f"{prefix}{front[0]}.{spelling(front[1])}[{at}]", source, refusal)


def _is_within(source: str, believed: Sequence[Any]) -> bool:
    asked = ipaddress.ip_network(source)
    # What is known later may be any.
    known = [ipaddress.ip_network(it) for it in believed if not isinstance(it, pulumi.Output)]
    within = (it.version == asked.version and asked.subnet_of(cast("Any", it)) for it in known)
    return len(known) < len(believed) or any(within)


def _check_reached(routing: Routing, peers: Any, problems: Problems, where: str) -> None:
    if peers is None and any(entry.target.get("selector") for entry in routing.entries):
        refusal = Refusal(
            "is missing, and pods accept connections from nobody who is not named",
            "the controller's pods, or their addresses",
            "name its namespace, such as [{namespace: ingress-nginx}]; an empty list opens nothing",
        )
        problems.note(where, refusal)


def _check_told_ahead(routing: Routing, allowed: frozenset[str], problems: Problems) -> None:
    """Note headers that ingress-nginx was not told of: it would answer 503."""
    if routing.controller != Controller.INGRESS_NGINX.value:
        return
    for entry in routing.entries:
        for name in cast("Mapping[str, Any]", entry.args.get("response_headers", {})):
            if name not in allowed:
                refusal = Refusal(
                    "is no header that the gateway has told ingress-nginx of, which would answer 503",
                    ", ".join(sorted(allowed)) or "none",
                    "add it to the gateway's response_headers",
                )
                problems.note(f"{entry.where}.{routing.spelling('response_headers')}.{name}", refusal)
