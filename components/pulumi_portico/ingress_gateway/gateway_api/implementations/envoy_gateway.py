"""Envoy Gateway: a data plane of its own for each Gateway, in the namespace of its control plane.

Its policies are of `gateway.envoyproxy.io/v1alpha1` (v1.9.1, `api/v1alpha1`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ....args.codes import define
from ....args.location import Field
from ....args.problems import Problems
from ....lifecycle.objects import ObjectSpec
from ....networking.network_policies import PeerSpec
from ....outputs import applied
from ...capabilities import FeatureSupport
from ...compile_input import CompileInput
from ...resolved_routes import ResolvedRoute
from ...route_settings import LoadBalancing
from ..conformance import Report, named
from ..implementation import API_GROUP, ImplementationModule, kind_of

__all__ = ["MODULE"]

ROOT_REWRITE = define(
    "envoy-gateway-rewrites-root",
    "Envoy Gateway joins {value} and the path without a slash: the target would receive {value}orders for /orders.",
    allowed="the rewrite of a path other than /, or to /",
    hint="Serve the path in the application, or choose another implementation.",
)
OVERLAPPING_CERTIFICATES = define(
    "envoy-gateway-overlapping-certificates",
    "Envoy Gateway offers no HTTP/2 for {host}, because the certificates of {hosts} overlap, and gRPC needs it.",
    allowed="a certificate for a host that no wildcard in {tls} matches",
)

_API_VERSION = "gateway.envoyproxy.io/v1alpha1"
_NAMESPACE = "envoy-gateway-system"
_OWNER = "gateway.envoyproxy.io/owning-gateway-"
_SILENCE = "3600s"
"""How long both sides of a WebSocket can be silent."""

_BALANCING: Mapping[LoadBalancing, Mapping[str, Any]] = {
    LoadBalancing.ROUND_ROBIN: {"type": "RoundRobin"},
    LoadBalancing.LEAST_CONNECTIONS: {"type": "LeastRequest"},
    LoadBalancing.CLIENT_ADDRESS: {"type": "ConsistentHash", "consistentHash": {"type": "SourceIP"}},
}


def _peers(name: str, namespace: Any) -> Sequence[PeerSpec]:
    """The data plane's pods, in the namespace that the chart of Envoy Gateway has by default."""
    labels = {f"{_OWNER}name": name, f"{_OWNER}namespace": namespace}
    return [PeerSpec(namespace=_NAMESPACE, selector=labels)]


def policies(component: CompileInput, route: ResolvedRoute) -> list[ObjectSpec]:
    """The policies of a route."""
    specs = {"BackendTrafficPolicy": _traffic(route), "SecurityPolicy": _security(route)}
    return [_policy(component, route, kind, spec) for kind, spec in specs.items() if spec]


def _policy(component: CompileInput, route: ResolvedRoute, kind: str, spec: Mapping[str, Any]) -> ObjectSpec:
    suffix = "traffic" if kind == "BackendTrafficPolicy" else "security"
    key = f"{route.key}-{suffix}"
    name = component.metadata(route.key, route.namespace)["name"]
    reference = {"group": API_GROUP, "kind": kind_of(route), "name": name}
    manifest = {
        "apiVersion": _API_VERSION,
        "kind": kind,
        "metadata": component.metadata(key, route.namespace),
        "spec": {"targetRefs": [reference], **spec},
    }
    return ObjectSpec(key, manifest)


def _traffic(route: ResolvedRoute) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if route.spec.load_balancing is not None:
        spec["loadBalancer"] = dict(_BALANCING[route.spec.load_balancing])
    if route.spec.body_size is not None:
        spec["requestBuffer"] = {"limit": applied(route.spec.body_size, lambda size: f"{size}Mi")}
    timeout: dict[str, Any] = {}
    if route.spec.timeouts is not None and route.spec.timeouts.connect is not None:
        timeout["tcp"] = {"connectTimeout": applied(route.spec.timeouts.connect, lambda seconds: f"{seconds}s")}
    if route.spec.websocket:
        timeout["http"] = {"streamIdleTimeout": _SILENCE}
    return {**spec, **({"timeout": timeout} if timeout else {})}


def _security(route: ResolvedRoute) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if authorization := _authorization(route):
        spec["authorization"] = authorization
    auth = route.spec.basic_auth
    if auth is not None and auth.secret is not None:
        spec["basicAuth"] = {"users": {"name": auth.secret}}
    return spec


def _authorization(route: ResolvedRoute) -> dict[str, Any]:
    """The rules of clients' addresses: the first one that matches decides."""
    allowed, denied = route.spec.allowed_sources, route.spec.denied_sources
    rules: list[dict[str, Any]] = []
    if denied:
        rules.append({"name": "denied", "action": "Deny", "principal": {"clientCIDRs": list(denied)}})
    if allowed:
        rules.append({"name": "allowed", "action": "Allow", "principal": {"clientCIDRs": list(allowed)}})
    if allowed is None and not rules:
        return {}
    return {"defaultAction": "Allow" if allowed is None else "Deny", **({"rules": rules} if rules else {})}


def check(component: CompileInput, problems: Problems) -> None:
    """Report what Envoy Gateway does in another way (seen with 1.9.1, `xds/translator/route.go`)."""
    for route in component.routes:
        problems.run(_check_rewrite, route)
        problems.run(_check_http2, component, route)


def _check_rewrite(route: ResolvedRoute, problems: Problems) -> None:
    if route.rewrite and route.is_root:
        problems.report(ROOT_REWRITE, route.at / "rewrite", value=route.rewrite)


def _check_http2(component: CompileInput, route: ResolvedRoute, problems: Problems) -> None:
    """Report gRPC on a host whose certificate overlaps with that of a wildcard (`gatewayapi/listener.go`)."""
    key = component.certificate_of(route.host)
    if not route.protocol.is_grpc or key is None:
        return
    names = [listener.hostname for listener in component.listeners]
    overlapping = [name for name in names if name != key and (_covers(name, key) or _covers(key, name))]
    if overlapping:
        params: dict[str, Any] = {"host": route.host, "hosts": [key, *overlapping], "tls": Field("tls")}
        problems.report(OVERLAPPING_CERTIFICATES, route.at / "protocol", value=route.protocol, **params)


def _covers(wildcard: str, name: str) -> bool:
    return wildcard.startswith("*.") and name.endswith(wildcard[1:])


MODULE = ImplementationModule(
    name="envoy-gateway",
    title="Envoy Gateway",
    controller_name="gateway.envoyproxy.io/gatewayclass-controller",
    peers=_peers,
    policies=policies,
    check=check,
    policy_kinds=("BackendTrafficPolicy", "SecurityPolicy"),
    policy_features=dict.fromkeys(
        (
            "timeouts.connect",
            "body_size",
            "websocket=true",
            *(f"load_balancing={choice.value}" for choice in _BALANCING),
            "allowed_sources",
            "denied_sources",
            "allowed_sources+denied_sources",
            "basic_auth.secret",
        ),
        FeatureSupport(),
    ),
    reports=(
        Report(
            version="1.9",
            gateway_api="1.6",
            date="2026-08-18",
            path="v1.6/envoy-gateway/experimental-v1.9.0-default-report.yaml",
            supported=named(
                "BackendTLSPolicy BackendTLSPolicySANValidation GatewayBackendClientCertificate "
                "GatewayFrontendClientCertificateValidation GatewayHTTPListenerIsolation GatewayStaticAddresses "
                "GRPCRoute HTTPRoute303RedirectStatusCode HTTPRoute307RedirectStatusCode "
                "HTTPRoute308RedirectStatusCode HTTPRouteBackendProtocolH2C HTTPRouteBackendProtocolWebSocket "
                "HTTPRouteBackendRequestHeaderModification HTTPRouteBackendTimeout HTTPRouteCORS HTTPRouteHostRewrite "
                "HTTPRouteMethodMatching HTTPRoutePathRedirect HTTPRoutePathRewrite HTTPRoutePortRedirect "
                "HTTPRouteQueryParamMatching HTTPRouteRequestMirror HTTPRouteRequestTimeout "
                "HTTPRouteResponseHeaderModification HTTPRouteRetry HTTPRouteSchemeRedirect ListenerSet TLSRoute"
            ),
        ),
    ),
)
"""Envoy Gateway."""
