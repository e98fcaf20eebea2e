"""What Gateway API, and an implementation of it, don't support in combination."""

from typing import Any, Optional

import pulumi

from ...args.codes import define
from ...args.location import Field
from ...args.problems import Problems, Reason, Remove, Set
from ..compile_input import CompileInput
from ..controller_module import SharedSetting
from ..resolved_routes import ResolvedRoute
from .conformance import CERTIFICATES, Report
from .implementation import ImplementationModule
from .routes import grpc_method

__all__ = ["check", "plain_header", "shared_settings"]

BACKEND_TLS_MISSING = define(
    "gateway-api-verifies-backends",
    "A gateway of Gateway API always verifies the certificate of a target that speaks TLS, so it must know which "
    "issuers to accept.",
    allowed="only with {backend_tls}",
    hint="Set {backend_tls}.",
)
GRPC_PATH = define(
    "grpc-path-without-method",
    "{value} isn't the path of a gRPC service or method, and a GRPCRoute matches nothing else.",
    allowed="/, the prefix /PACKAGE.SERVICE, or the exact path /PACKAGE.SERVICE/METHOD",
)
GRPC_BESIDE_HTTP = define(
    "grpc-and-http-of-one-host",
    "Gateway API doesn't define which route of a host receives a request if it has an HTTPRoute and a GRPCRoute, and "
    "{other} speaks HTTP.",
    allowed="a host of its own for gRPC",
)
REDIRECT_CODE_UNSUPPORTED = define(
    "redirect-code-unsupported-by-implementation",
    "{controller} doesn't redirect with status {value}.",
    allowed="{codes}",
)
QUERY_KEPT = define(
    "redirect-keeps-query",
    "A gateway of Gateway API keeps the query of the request if it replaces the path.",
    allowed="a redirect with {path} and {keep_query}, or without {path}",
    hint="If that's what you want, set {keep_query} to true.",
)
PORT_NUMBER_MISSING = define(
    "gateway-api-port-number",
    "A route of Gateway API refers to a port of a Service by its number.",
    allowed="{port}",
    hint="Set {port}.",
)
ROUTE_ANNOTATIONS = define(
    "gateway-api-route-annotations",
    "Implementations of Gateway API read no annotations of routes.",
    allowed="fields",
)
CORS_MAX_AGE_ZERO = define(
    "cors-max-age-zero", "Gateway API can't tell browsers to cache nothing.", allowed="at least 1 second"
)
TEMPLATE_IN_HEADER = define(
    "gateway-api-header-template",
    "{value} contains %, with which implementations that use Envoy start a variable.",
    allowed="text without %",
    hint="Set the header in the application.",
)
NO_CERTIFICATES = define(
    "implementation-without-secrets",
    "{controller} doesn't read certificates from Secrets.",
    allowed="implementations that do, or TLS at a load balancer in front of the gateway",
)
NO_LISTENER_SET = define(
    "implementation-without-listener-sets",
    "{controller} can't add the certificate of {host} to a gateway of another component.",
    allowed="the certificates of the gateway",
    hint="Add the certificate to the gateway.",
)
TOO_MANY_LISTENERS = define(
    "too-many-listeners",
    "A Gateway has at most {most} listeners, and this one has {value}: one for HTTP, and one for each certificate.",
    allowed="at most {most}",
    hint="Use wildcard certificates, or several gateways.",
)
DNS_TARGET = define(
    "gateway-api-dns-target",
    "The DNS records of all hosts of a Gateway have one target: external-dns reads no targets of routes.",
    allowed="the gateway's address",
)
NAMESPACE_NOT_ALLOWED = define(
    "route-namespace-not-allowed",
    "The listeners of the gateway accept no routes of the namespace {namespace}.",
    allowed="{namespaces}",
    hint="Add it to {route_namespaces} of the gateway.",
)

_MOST_LISTENERS = 64
"""Source: gateway-api v1.6.1, `GatewaySpec.listeners`."""
_CORE_CODES = (301, 302)
_EXTENDED_CODES = (303, 307, 308)


def plain_header(value: Any) -> Optional[Reason]:
    """The rule of the values of headers. Envoy Gateway 1.9.1 closes every host of a port for one invalid variable."""
    return Reason(TEMPLATE_IN_HEADER) if isinstance(value, str) and "%" in value else None


def check(implementation: ImplementationModule, report: Report, component: CompileInput, problems: Problems) -> None:
    """Report what can't be expressed together."""
    for route in component.routes:
        problems.run(_check_backend_tls, route)
        problems.run(_check_port, route)
        problems.run(_check_redirect, report, implementation, route)
        problems.run(_check_annotations, route)
        problems.run(_check_cors, route)
        problems.run(_check_dns, component, route)
        problems.run(_check_namespace, component, route)
    problems.run(_check_grpc, component)
    problems.run(_check_certificates, implementation, report, component)
    implementation.check(component, problems)


def _check_backend_tls(route: ResolvedRoute, problems: Problems) -> None:
    if route.protocol.uses_tls and route.spec.backend_tls is None:
        problems.report(
            BACKEND_TLS_MISSING, route.at / "protocol", value=route.protocol, backend_tls=Field("backend_tls")
        )


def _check_port(route: ResolvedRoute, problems: Problems) -> None:
    if route.target is not None and route.target.port is None:
        problems.report(PORT_NUMBER_MISSING, route.target.at / "port_name", port=Field("port"))


def _check_redirect(
    report: Report, implementation: ImplementationModule, route: ResolvedRoute, problems: Problems
) -> None:
    redirect = route.spec.redirect
    if redirect is None:
        return
    codes = [*_CORE_CODES, *(code for code in _EXTENDED_CODES if report.has(f"HTTPRoute{code}RedirectStatusCode"))]
    if redirect.code is not None and redirect.code not in codes:
        params: dict[str, Any] = {"controller": implementation.title, "codes": codes}
        problems.report(REDIRECT_CODE_UNSUPPORTED, redirect.at / "code", value=redirect.code, **params)
    if redirect.path is not None and not redirect.keep_query:
        named: dict[str, Any] = {"path": Field("path"), "keep_query": Field("keep_query")}
        problems.report(QUERY_KEPT, redirect.at / "path", value=redirect.path, **named)


def _check_annotations(route: ResolvedRoute, problems: Problems) -> None:
    if route.spec.annotations:
        at = route.at / "annotations"
        problems.report(ROUTE_ANNOTATIONS, at, fix=Remove(at))


def _check_cors(route: ResolvedRoute, problems: Problems) -> None:
    cors = route.spec.cors
    if cors is not None and cors.max_age == 0:
        at = cors.at / "max_age"
        problems.report(CORS_MAX_AGE_ZERO, at, value=0, fix=Set(at, 1))


def _check_dns(component: CompileInput, route: ResolvedRoute, problems: Problems) -> None:
    record = component.source.dns_record(route.host)
    if record is not None and record.target is not None and not problems.has_within(record.at / "target"):
        problems.report(DNS_TARGET, record.at / "target", fix=Remove(record.at / "target"))


def _check_namespace(component: CompileInput, route: ResolvedRoute, problems: Problems) -> None:
    """Report a route whose namespace the gateway doesn't accept, as far as it's known."""
    known, target = component.known_namespaces, route.target
    if known is None or target is None or isinstance(target.namespace, pulumi.Output):
        return
    if target.namespace not in known:
        params: dict[str, Any] = {"namespaces": sorted(known), "route_namespaces": Field("route_namespaces")}
        problems.report(NAMESPACE_NOT_ALLOWED, target.at / "namespace", namespace=target.namespace, **params)


def _check_grpc(component: CompileInput, problems: Problems) -> None:
    plain = {route.host: route for route in component.routes if not route.protocol.is_grpc}
    for route in component.routes:
        if not route.protocol.is_grpc:
            continue
        if grpc_method(route) is None:
            problems.report(GRPC_PATH, route.at / "path", value=route.path)
        if (other := plain.get(route.host)) is not None:
            problems.report(GRPC_BESIDE_HTTP, route.at / "protocol", value=route.protocol, other=other.at)


def _check_certificates(
    implementation: ImplementationModule, report: Report, component: CompileInput, problems: Problems
) -> None:
    own = [listener for listener in component.listeners if listener.is_own]
    for listener in own:
        if not report.has(CERTIFICATES):
            problems.report(NO_CERTIFICATES, listener.at, controller=implementation.title)
        elif not component.owns_gateway and not report.has("ListenerSet"):
            params: dict[str, Any] = {"controller": implementation.title, "host": listener.hostname}
            problems.report(NO_LISTENER_SET, listener.at, **params)
    count = len(own) + component.owns_gateway
    if count > _MOST_LISTENERS:
        problems.report(TOO_MANY_LISTENERS, component.at / "tls", value=count, most=_MOST_LISTENERS)


def shared_settings(component: CompileInput) -> list[SharedSetting]:
    """Whether a target speaks TLS, and how its certificate is verified: one policy of a Service."""
    found: list[SharedSetting] = []
    for route in component.routes:
        target = route.target
        if target is None or isinstance(target.service, pulumi.Output):
            continue
        key = repr((target.service, None if isinstance(target.namespace, pulumi.Output) else target.namespace))
        tls = route.spec.backend_tls if route.protocol.uses_tls else None
        found.append(((key, "backend_tls"), tls, route))
    return found
