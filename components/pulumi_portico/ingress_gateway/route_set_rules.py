"""The rules of a component's routes as a whole: between routes, with their certificates, and with their controller."""

from collections.abc import Sequence
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Field, Key, Location
from ..args.problems import Problems, Remove, available
from ..networking.network_policies import PeerSpec
from .client_addresses import check_client_addresses
from .controller_rules import check_annotations, check_with_controller
from .controllers import all_modules
from .dns_records import check_dns_record
from .resolved_routes import ResolvedRoute, resolve_route
from .route_rules import check_app_root, check_route, check_route_of_host
from .route_set import RouteSet
from .routes import PathType, RouteSpec
from .tls import HostTlsSpec, check_certificate_settings, check_certificate_source, check_issued_wildcards

__all__ = ["check_controller_peers", "check_each_route", "check_response_headers", "check_routes"]

DUPLICATE_ROUTE = define(
    "duplicate-route",
    "This route matches the same requests as {other}: {path_type} {path} of {host}.",
    allowed="each host, path, and path type once",
    hint="Remove one of them.",
)
MULTI_LABEL_WILDCARD = define(
    "wildcard-matches-several-labels",
    "On {controller}, {value} also matches names with several labels in place of the wildcard.",
    allowed="exact hosts, or a controller whose wildcards match one label",
    hint="To accept it, set {field} to true. Otherwise, write the hosts without wildcards.",
)
REDIRECTED_WITHOUT_TLS = define(
    "https-redirect-without-tls",
    "Requests for {host} are redirected to https, and no certificate is for it, so no client could reach it.",
    allowed="only hosts with an entry in {tls}",
    hint="Add a certificate for the host, or remove {https_redirect}.",
)
DNS_OF_UNROUTED_HOST = define(
    "dns-record-of-unrouted-host",
    "No route of this component has the host {host}, and external-dns reads only the Ingresses of routes.",
    allowed="the hosts of the component's routes",
)
UNUSED_ANNOTATIONS = define(
    "annotations-without-shared-ingress",
    "These are annotations of one Ingress with all routes, and {controller} has an Ingress for each route.",
    allowed="annotations of routes",
    hint="Move them to the routes.",
)
UNSUPPORTED_TLS = define(
    "tls-setting-unsupported-by-controller",
    "{controller} doesn't support {field}.",
    allowed="controllers that support it: {supported_by}",
)
PEERS_MISSING = define(
    "controller-peers-missing",
    "A target has a selector, so its pods accept connections only from peers, and none are known for the controller.",
    allowed="the controller's pods, or their addresses",
    hint="Set {field}, for example to the controller's namespace. An empty list opens nothing.",
)
PEERS_UNKNOWN = define(
    "controller-peers-unknown",
    "A target has a selector, so its pods accept connections only from peers, and those of {controller} aren't known: "
    "{message}",
    allowed="the pods of the data plane, or their addresses",
    hint="Set {field}. An empty list opens nothing.",
)
UNLISTED_HEADER = define(
    "response-header-not-listed",
    "The gateway's configuration of {controller} doesn't list the header {name}, so the controller would respond with "
    "503.",
    allowed="{listed}",
    hint="Add it to the gateway's {field}.",
)


def check_each_route(specs: Sequence[RouteSpec], problems: Problems) -> None:
    """Report what's wrong with routes by themselves, and those that match the same requests."""
    seen: dict[tuple[str, str, PathType], ResolvedRoute] = {}
    for spec in specs:
        problems.run(check_route, spec)
        problems.run(_check_duplicate, seen, spec)


def check_routes(routes: RouteSet, problems: Problems) -> None:
    """Report what's wrong with the routes together with their certificates, and with their controller."""
    problems.run(_check_certificates, routes)
    problems.run(_check_issued_wildcards, routes)
    problems.run(_check_dns_records, routes)
    for route in routes.routes:
        problems.run(check_app_root, route)
        problems.run(_check_with_host, routes, route)
        problems.run(_check_wildcard, routes, route)
    problems.run(_check_client_addresses, routes)
    problems.run(_check_annotations, routes)
    problems.run(_check_redirect_support, routes)
    check_with_controller(routes, problems)
    problems.run(_check_module, routes)


def _check_certificates(routes: RouteSet, problems: Problems) -> None:
    for tls in routes.tls.values():
        problems.run(check_certificate_source, tls)
        problems.run(check_certificate_settings, tls)
        problems.run(_check_redirect_of_host, routes, tls)
        problems.run(_check_tls_upstream, routes, tls)


def _check_with_host(routes: RouteSet, route: ResolvedRoute, problems: Problems) -> None:
    has_tls = routes.tls_of(route.host) is not None
    check_route_of_host(route, problems, has_tls=has_tls)
    if not has_tls:
        problems.run(_check_redirected, routes, route)


def _check_client_addresses(routes: RouteSet, problems: Problems) -> None:
    check_client_addresses(routes.module, routes.specs, routes.hidden_clients, problems)


def _check_module(routes: RouteSet, problems: Problems) -> None:
    routes.module.check(routes.compile_input(), problems)


def _check_issued_wildcards(routes: RouteSet, problems: Problems) -> None:
    routes.require_all()
    if routes.module.has_gateway:
        # The listener of the wildcard has the certificate.
        return
    check_issued_wildcards(routes.tls, frozenset(route.host for route in routes.routes), problems)


def _check_dns_records(routes: RouteSet, problems: Problems) -> None:
    for record in routes.dns_records.values():
        check_dns_record(record, problems)
    routes.require_all()
    routed = {route.host for route in routes.routes}
    for host, record in routes.dns_records.items():
        if host not in routed:
            problems.report(DNS_OF_UNROUTED_HOST, record.at, host=host, fix=Remove(record.at))


def _check_duplicate(seen: dict[tuple[str, str, PathType], ResolvedRoute], spec: RouteSpec, problems: Problems) -> None:
    route = resolve_route(spec)
    other = seen.setdefault((route.host, route.path, route.path_type), route)
    if other is not route:
        # A program can choose only between routes that do the same.
        fix = available(lambda: Remove(route.at) if other.spec == route.spec else None, None)
        problems.report(DUPLICATE_ROUTE, route.at, other=other.at, fix=fix, **_match(route))


def _match(route: ResolvedRoute) -> dict[str, Any]:
    return {"path_type": route.path_type.value, "path": route.path, "host": route.host or "every host"}


def _check_wildcard(routes: RouteSet, route: ResolvedRoute, problems: Problems) -> None:
    module = routes.module
    if route.host.startswith("*.") and module.multi_label_wildcards and not routes.multi_label_wildcards:
        at, field = route.at / "host", Field("multi_label_wildcards")
        problems.report(MULTI_LABEL_WILDCARD, at, value=route.host, controller=module.title, field=field)


PROTOCOL_NOT_FORWARDED = define(
    "protocol-not-forwarded",
    "Without the redirect, {controller} reports http in X-Forwarded-Proto although TLS is terminated upstream, so "
    "applications redirect clients in a loop.",
    allowed="true",
)


def _check_redirected(routes: RouteSet, route: ResolvedRoute, problems: Problems) -> None:
    if routes.https_redirect and not route.redirects:
        at = route.at / "host" if route.host else route.at
        named: dict[str, Any] = {"tls": Field("tls"), "https_redirect": Field("https_redirect")}
        problems.report(REDIRECTED_WITHOUT_TLS, at, host=route.host or "every host", **named)


def _check_annotations(routes: RouteSet, problems: Problems) -> None:
    """Report annotations of the component that don't apply to its controller."""
    module, at = routes.module, routes.at / "annotations"
    every_host = any(not route.host for route in routes.routes)
    check_annotations(module, routes.annotations, at, problems, every_host=every_host)
    if routes.annotations and not module.shares_ingress:
        problems.report(UNUSED_ANNOTATIONS, at, controller=module.title, fix=Remove(at))


def _check_redirect_support(routes: RouteSet, problems: Problems) -> None:
    if routes.https_redirect and not routes.module.redirects_to_https:
        _report_tls(routes, routes.at / "https_redirect", "redirects_to_https", problems)


def _check_redirect_of_host(routes: RouteSet, tls: HostTlsSpec, problems: Problems) -> None:
    if tls.redirect and not routes.module.redirects_to_https:
        _report_tls(routes, tls.at / "redirect", "redirects_to_https", problems)


def _check_tls_upstream(routes: RouteSet, tls: HostTlsSpec, problems: Problems) -> None:
    if tls.tls_terminated_upstream and not routes.module.trusts_forwarded_protocol:
        _report_tls(routes, tls.at / "tls_terminated_upstream", "trusts_forwarded_protocol", problems)
    elif tls.tls_terminated_upstream and not routes.module.forwards_protocol_without_redirect:
        _check_forwarded_protocol(routes, tls, problems)


def _check_forwarded_protocol(routes: RouteSet, tls: HostTlsSpec, problems: Problems) -> None:
    """Report a host without a redirect, if the controller then reports to applications that clients use HTTP."""
    if tls.redirect is False or (tls.redirect is None and routes.https_redirect is False):
        at = tls.at / "redirect" if tls.redirect is False else routes.at / "https_redirect"
        problems.report(PROTOCOL_NOT_FORWARDED, at, controller=routes.module.title, fix=Remove(at))


def _report_tls(routes: RouteSet, at: Location, capability: str, problems: Problems) -> None:
    able = {
        "redirects_to_https": [other.title for other in all_modules() if other.redirects_to_https],
        "trusts_forwarded_protocol": [other.title for other in all_modules() if other.trusts_forwarded_protocol],
    }
    # Without the setting, an entry for a host whose TLS is terminated upstream would be empty.
    fix = Remove(at) if capability == "redirects_to_https" else Remove(at.parent)
    named: dict[str, Any] = {
        "controller": routes.module.title,
        "field": Field(at[-1]),
        "supported_by": able[capability],
    }
    problems.report(UNSUPPORTED_TLS, at, fix=fix, **named)


def check_controller_peers(
    routes: RouteSet, peers: Optional[Sequence[PeerSpec]], at: Location, problems: Problems
) -> None:
    """Report a target whose pods nothing opens to the controller; `at` is where to set `peers`."""
    targets = [*(route.target for route in routes.specs), routes.default_backend]
    if peers is None and any(target is not None and target.has_policy for target in targets):
        if hint := routes.module.peers_hint:
            problems.report(PEERS_UNKNOWN, at, field=at, controller=routes.module.title, message=hint)
        else:
            problems.report(PEERS_MISSING, at, field=at)


def check_response_headers(routes: RouteSet, listed: frozenset[str], problems: Problems) -> None:
    """Report headers that aren't among those that the gateway's configuration lists, if it must list them."""
    if not routes.module.declares_response_headers:
        return
    for route in routes.specs:
        problems.run(_check_headers_of, routes, route, listed)


def _check_headers_of(routes: RouteSet, route: RouteSpec, listed: frozenset[str], problems: Problems) -> None:
    for name in route.response_headers or {}:
        if name not in listed:
            at = route.at / "response_headers" / Key(name)
            params: dict[str, Any] = {"name": name, "listed": sorted(listed), "field": Field("response_headers")}
            problems.report(UNLISTED_HEADER, at, controller=routes.module.title, **params)
