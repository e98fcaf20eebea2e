"""What a stack would not have under another mechanism."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..aws_load_balancer.choices import AwsBalancerKind
from ..aws_load_balancer.routes import AwsRouteSpec
from ..load_balancers import ClientIp
from ..stack import StackPlan
from ..stack.views.balancers import targets_of
from ..stack.views.destinations import Destination, destination_of
from ..stack.views.requests import request_of

__all__ = ["lost_by_balancers", "lost_by_gateway"]

_ROUTE_FIELDS: Mapping[str, str] = {
    "rewrite": "rewritten paths",
    "redirect": "redirects",
    "app_root": "the app root",
    "timeouts": "timeouts by route",
    "body_size": "limits of bodies",
    "buffering": "buffering by route",
    "session_persistence": "cookies that keep clients at a pod",
    "load_balancing": "the choice of how pods are picked",
    "rate_limit": "rate limits",
    "cors": "CORS",
    "allowed_sources": "allowed sources by route",
    "denied_sources": "denied sources by route",
    "basic_auth": "user names and passwords",
    "request_headers": "headers of requests",
    "response_headers": "headers of responses",
    "backend_tls": "checks of the services' certificates",
}
"""What a gateway does with requests, and a load balancer for a Service does not."""

_WEB_PORTS = (80, 443)


_METHODS, _HEADERS, _WEIGHTS = "routes by method", "routes by header", "shares between targets"
_ONLY_APPLICATION = (_METHODS, _HEADERS, _WEIGHTS)
"""What an Application Load Balancer does with requests, and no gateway."""

Leads = tuple[str, str, str]
"""A host, a path, and the service that answers."""


def lost_by_balancers(plan: StackPlan) -> Iterator[str]:
    """What a load balancer for each service would not do."""
    used: dict[str, None] = {}
    for args in plan.gateway_args.values():
        routes: Sequence[Mapping[str, Any]] = args.get("routes", [])
        targets = [(it, destination_of(plan, it["target"]).name) for it in routes if "target" in it]
        yield from _shared_hosts((it.get("host", ""), it.get("path", "/"), service) for it, service in targets)
        used |= {it: None for field, it in _ROUTE_FIELDS.items() if any(field in route for route in routes)}
        if any(it.get("redirect", args.get("https_redirect") is not False) for it in args.get("tls", {}).values()):
            used["redirects from http to https"] = None
        if any(field in it for it in args.get("tls", {}).values() for field in ("issuer", "cluster_issuer")):
            used["certificates from cert-manager, but by each service itself"] = None
        if "default_backend" in args:
            used["a default backend"] = None
    for aws_routes, destinations in _application(plan):
        forwarding = [(route, destinations[route.target].name) for route in aws_routes if route.target is not None]
        yield from _shared_hosts((route.host or "", route.path or "/", service) for route, service in forwarding)
        used |= dict.fromkeys(_aws_features(aws_routes))
    yield from used


def _aws_features(routes: Sequence[AwsRouteSpec]) -> list[str]:
    """What an Application Load Balancer does with requests."""
    features = {
        _METHODS: any(route.methods for route in routes),
        _HEADERS: any(route.headers for route in routes),
        "routes by the client's address": any(route.allowed_sources for route in routes),
        _WEIGHTS: any(route.weights for route in routes),
        "redirects": any(route.redirect for route in routes),
        "answers of its own": any(route.respond for route in routes),
    }
    return [feature for feature, is_used in features.items() if is_used]


def _application(plan: StackPlan) -> Iterator[tuple[Sequence[AwsRouteSpec], Mapping[str, Destination]]]:
    """The routes of each Application Load Balancer, and where its targets lead to."""
    for spec in plan.aws_load_balancers.values():
        if spec.kind is AwsBalancerKind.APPLICATION:
            routes = [route for listener in spec.listeners for route in listener.routes or ()]
            yield routes, dict(targets_of(plan, spec))


def _shared_hosts(leads: Iterable[Leads]) -> Iterator[str]:
    """A host that leads to several services by path can lead to one alone."""
    by_host: dict[str, set[tuple[str, str]]] = {}
    for host, path, service in leads:
        by_host.setdefault(host, set()).add((path, service))
    for host, paths in by_host.items():
        if len({service for _, service in paths}) > 1:
            below = [f"{path} for {service}" for path, service in sorted(paths) if path != "/"]
            yield f"paths of {host or 'one address'}: {', '.join(below)}; each service has an address of its own"


def lost_by_gateway(plan: StackPlan, others: Sequence[str]) -> Iterator[str]:
    """What services would not have behind a gateway; ``others`` are those that speak no HTTP."""
    for name in others:
        yield f"nothing for {name}, which speaks no HTTP and keeps a load balancer of its own"
    used = {feature for routes, _ in _application(plan) for feature in _aws_features(routes)}
    yield from (feature for feature in _ONLY_APPLICATION if feature in used)
    yield from (f"the web ACL of {name}" for name, spec in plan.aws_load_balancers.items() if spec.web_acl is not None)
    for name, args in plan.load_balancer_args.items():
        destination = destination_of(plan, args["target"])
        if destination.kind == "gateway" or destination.name in others:
            continue
        yield f"an address of its own for {destination.name} ({name}): it shares the gateway's"
        odd = [str(it.number) for it in request_of(plan, args).ports if it.number not in _WEB_PORTS]
        if odd:
            yield f"port {', '.join(odd)} of {name}: a gateway listens on 80 and 443"
        if args["exposure"].get("client_ip") == ClientIp.PRESERVE.value:
            yield f"the clients' own addresses at {destination.name}, which reads X-Forwarded-For instead"
