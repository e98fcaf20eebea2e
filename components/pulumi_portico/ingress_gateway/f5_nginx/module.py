"""What F5 NGINX Ingress Controller supports, and what it doesn't support in combination."""

from collections.abc import Callable
from typing import Any, Optional

import pulumi

from ...args.codes import define
from ...args.location import Field, Key
from ...args.problems import Problems, Reason, Remove
from ..capabilities import Alternative, FeatureSupport, field_of, requested_features
from ..compile_input import CompileInput
from ..controller_module import ControllerModule
from ..resolved_routes import ResolvedRoute
from ..route_settings import LoadBalancing
from ..routes import PathType
from ..text_rules import nginx_path
from .annotation_fields import ANNOTATION_FIELDS
from .annotations import NIC, SPLIT_HEADERS
from .ingresses import compile_routes
from .installer import INSTALLER
from .raw_annotations import RAW_ANNOTATIONS

__all__ = ["MODULE"]

NOT_FOR_GRPC = define(
    "f5-nginx-not-for-grpc",
    "F5 NGINX Ingress Controller doesn't support {feature} for targets that speak gRPC.",
    allowed="targets that speak HTTP/1.1",
)
PARTIAL_REDIRECT = define(
    "f5-nginx-redirects-whole-hosts",
    "F5 NGINX Ingress Controller redirects only named hosts as a whole.",
    allowed="the only route of its host, with the path /",
    hint="Redirect the whole host, or redirect in the application.",
)
REDIRECT_WITH_ISSUER = define(
    "f5-nginx-redirect-with-issuer",
    "A redirected host has no Ingress for the challenge of cert-manager, so {host} can't have an issuer.",
    allowed="a host with a secret, or with a certificate and its key",
    hint="Create a cert-manager Certificate, and set its secret.",
)
REDIRECT_WITH_DNS = define(
    "f5-nginx-redirect-with-dns-record",
    "F5 NGINX Ingress Controller redirects the host {host} by a VirtualServer, and external-dns reads only Ingresses.",
    allowed="hosts that aren't redirected as a whole",
    hint="Create the DNS record yourself, and remove the entry.",
)
APP_ROOT_ELSEWHERE = define(
    "f5-nginx-app-root-of-other-component",
    "This is a setting of the whole host {host}, whose Ingress another component creates.",
    allowed="the component that adds the host first",
    hint="Set it there.",
)
HEADER_SEPARATOR = define(
    "f5-nginx-header-separator",
    "{value} contains a character with which F5 NGINX Ingress Controller separates headers.",
    allowed="text without {separators}",
    hint="Set the header in the application.",
)
REQUESTS_BUFFERED = define(
    "f5-nginx-buffers-requests",
    "{controller} always buffers request bodies.",
    allowed="controllers that support it: {supported_by}",
)
ALLOW_OVERRIDES_DENY = define(
    "f5-nginx-allow-overrides-deny",
    "{controller} accepts every client in allowed_sources, whatever {feature} says.",
    allowed="one of the two",
    hint="Allow the ranges without those that you deny.",
)

REDIRECT_PAIR = define(
    "f5-nginx-proxy-redirect-pair",
    "F5 NGINX Ingress Controller rejects a route with only one of {source} and {to}, or with both if {source} is "
    "off or default.",
    allowed="{source} of off or default without {to}, or another value of {source} with {to}",
)

_REDIRECT_FROM, _REDIRECT_TO = f"{NIC}proxy-redirect-from", f"{NIC}proxy-redirect-to"
_REDIRECT_WORDS = ("off", "default")
_NOT_FOR_GRPC = ("body_size", "request_headers", "buffering.responses=true", "buffering.responses=false", "rewrite")


def check(component: CompileInput, problems: Problems) -> None:
    """Report what F5 NGINX Ingress Controller doesn't support in combination."""
    for route in component.routes:
        problems.run(_check_grpc, route)
        problems.run(_check_whole_redirect, component, route)
        problems.run(_check_redirect_of_host, component, route)
        problems.run(_check_app_root, component, route)
        problems.run(_check_redirect_pair, route)


def _check_grpc(route: ResolvedRoute, problems: Problems) -> None:
    if not route.protocol.is_grpc:
        return
    for requested in requested_features(route):
        if requested.feature in _NOT_FOR_GRPC:
            feature = Field(field_of(requested.feature))
            problems.report(NOT_FOR_GRPC, requested.at, feature=feature, fix=Remove(requested.at))


def _check_app_root(component: CompileInput, route: ResolvedRoute, problems: Problems) -> None:
    if route.spec.app_root is not None and route.host not in component.own_hosts:
        at = route.at / "app_root"
        problems.report(APP_ROOT_ELSEWHERE, at, host=route.host or "*", fix=Remove(at))


def _check_redirect_pair(route: ResolvedRoute, problems: Problems) -> None:
    """Source: `internal/k8s/validation.go`, `validateProxyRedirectPair`."""
    annotations = route.spec.annotations or {}
    source, to = annotations.get(_REDIRECT_FROM), annotations.get(_REDIRECT_TO)
    if isinstance(source, pulumi.Output) or (source is None and to is None):
        return
    is_alone = source in _REDIRECT_WORDS
    if is_alone != (to is None) or source is None:
        at = route.at / "annotations" / Key(_REDIRECT_FROM if to is None else _REDIRECT_TO)
        problems.report(REDIRECT_PAIR, at, source=_REDIRECT_FROM, to=_REDIRECT_TO)


def _check_whole_redirect(component: CompileInput, route: ResolvedRoute, problems: Problems) -> None:
    if route.spec.redirect is None:
        return
    is_whole = route.is_root and route.host and route.host in component.redirected_hosts
    if not is_whole or route.host not in component.own_hosts:
        problems.report(PARTIAL_REDIRECT, route.at / "redirect")


def _check_redirect_of_host(component: CompileInput, route: ResolvedRoute, problems: Problems) -> None:
    at = route.at / "redirect"
    if route.spec.redirect is None:
        return
    if component.hosts[route.host].issuer is not None:
        problems.report(REDIRECT_WITH_ISSUER, at, host=route.host)
    is_whole = route.is_root and route.host and route.host in component.redirected_hosts
    if is_whole and component.hosts[route.host].dns:
        problems.report(REDIRECT_WITH_DNS, at, host=route.host)


def _without(separators: str) -> Callable[[Any], Optional[Reason]]:
    """F5 NGINX Ingress Controller separates headers by commas, and a response header's name from its value by a
    colon."""

    def rule(value: Any) -> Optional[Reason]:
        if isinstance(value, pulumi.Output) or not set(str(value)) & set(separators):
            return None
        return Reason(HEADER_SEPARATOR, {"separators": list(separators)})

    return rule


def _nic(*keys: str) -> FeatureSupport:
    return FeatureSupport(tuple(f"{NIC}{key}" for key in keys))


def _custom(*keys: str) -> FeatureSupport:
    return FeatureSupport(tuple(f"{NIC}{key}" for key in keys), custom_resources=True)


_HTTP_ONLY = ("websocket-services", "proxy-buffering")
_LIMIT_KEYS = ("limit-req-rate", "limit-req-key", "limit-req-no-delay", "limit-req-reject-code")

MODULE = ControllerModule(
    name="f5-nginx",
    title="F5 NGINX Ingress Controller",
    supported_versions=("5.5",),
    objects_read=("Ingress", "VirtualServer", "Policy"),
    installer=INSTALLER,
    compile=compile_routes,
    check=check,
    publishes_address_without_load_balancer=False,
    # `redirect-to-https` is what passes X-Forwarded-Proto on (kubernetes-ingress#1284).
    forwards_protocol_without_redirect=False,
    # `grpc_pass` locations get no client_max_body_size (kubernetes-ingress#3636).
    limits_grpc_bodies=False,
    multi_label_wildcards=True,
    exact_and_prefix_in_one_component=True,
    path=nginx_path,
    split_headers=SPLIT_HEADERS,
    limits={"response_headers": _without(",:"), "request_headers": _without(",")},
    annotation_prefixes=(NIC, "nginx.com/"),
    raw_annotations=RAW_ANNOTATIONS,
    annotation_fields=ANNOTATION_FIELDS,
    annotations_written=tuple(
        f"{NIC}{key}"
        for key in (
            "mergeable-ingress-type",
            "path-regex",
            "ssl-redirect",
            "redirect-to-https",
            "http-redirect-code",
            "lb-method",
            "add-header-inherit",
        )
    ),
    features={
        "host=wildcard": FeatureSupport(),
        "host=any": FeatureSupport(),
        f"path_type={PathType.PREFIX.value}": FeatureSupport(),
        f"path_type={PathType.EXACT.value}": FeatureSupport(),
        "rewrite": _nic("rewrites", "rewrite-target"),
        "redirect.scheme": _custom(),
        "redirect.host": _custom(),
        "redirect.path": _custom(),
        "redirect.keep_query=false": _custom(),
        "redirect.code": _custom(),
        "app_root": _nic("app-root"),
        "timeouts.connect": _nic("proxy-connect-timeout"),
        "timeouts.read": _nic("proxy-read-timeout"),
        "timeouts.send": _nic("proxy-send-timeout"),
        "body_size": _nic("client-max-body-size"),
        "buffering.requests=true": FeatureSupport(),
        "buffering.responses=true": _nic("proxy-buffering"),
        "buffering.responses=false": _nic("proxy-buffering"),
        "websocket=true": _nic("websocket-services", "proxy-read-timeout", "proxy-send-timeout"),
        "websocket=false": _nic("websocket-services"),
        "protocol=HTTP": FeatureSupport(),
        "protocol=HTTPS": _nic("ssl-services"),
        "protocol=GRPC": _nic("grpc-services", *_HTTP_ONLY),
        "protocol=GRPCS": _nic("grpc-services", "ssl-services", *_HTTP_ONLY),
        "backend_tls.ca_certificate": _custom("policies"),
        "backend_tls.server_name": _custom("policies"),
        "session_persistence.cookie": _nic("sticky-cookie-services"),
        "session_persistence.max_age": _nic("sticky-cookie-services"),
        "session_persistence.path": _nic("sticky-cookie-services"),
        "session_persistence.same_site": _nic("sticky-cookie-services"),
        "session_persistence.secure=true": _nic("sticky-cookie-services"),
        "session_persistence.secure=false": _nic("sticky-cookie-services"),
        "load_balancing=round-robin": _nic("lb-method"),
        "load_balancing=least-connections": _nic("lb-method"),
        "load_balancing=client-address": _nic("lb-method"),
        "load_balancing=request-uri": _nic("lb-method"),
        "rate_limit.requests": _nic(*_LIMIT_KEYS, "limit-req-burst"),
        "rate_limit.per": _nic("limit-req-rate"),
        "rate_limit.burst": _nic("limit-req-burst"),
        "cors.origins": _custom("policies"),
        "cors.methods": _custom("policies"),
        "cors.headers": _custom("policies"),
        "cors.expose_headers": _custom("policies"),
        "cors.credentials=true": _custom("policies"),
        "cors.credentials=false": _custom("policies"),
        "cors.max_age": _custom("policies"),
        "allowed_sources": _custom("policies"),
        "denied_sources": _custom("policies"),
        "basic_auth.users": _nic("basic-auth-secret", "basic-auth-realm"),
        "basic_auth.secret": _nic("basic-auth-secret", "basic-auth-realm"),
        "basic_auth.realm": _nic("basic-auth-realm"),
        "request_headers": _nic("proxy-set-headers"),
        "response_headers": _nic("add-header", "add-header-inherit"),
    },
    alternatives={
        "buffering.requests=false": Alternative(REQUESTS_BUFFERED),
        "load_balancing=fastest": Alternative(value=LoadBalancing.LEAST_CONNECTIONS.value),
        "allowed_sources+denied_sources": Alternative(ALLOW_OVERRIDES_DENY),
    },
)
"""F5 NGINX Ingress Controller, open source edition."""
