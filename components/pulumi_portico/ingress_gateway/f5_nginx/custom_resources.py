"""What a route needs besides its Ingress: the controller's own resources, and Secrets."""

from collections.abc import Sequence
from typing import Any

import pulumi

from ...lifecycle.objects import ObjectSpec
from ...outputs import words
from ...untyped import Manifest
from ..compile_input import CompileInput
from ..defaults import CORS_HEADERS, CORS_MAX_AGE, CORS_METHODS, REDIRECT_CODE, htpasswd, redirect_parts
from ..resolved_routes import ResolvedRoute
from ..route_settings import BackendTlsSpec, CorsSpec

__all__ = ["build_policies", "build_secrets", "build_virtual_server"]

_API_VERSION = "k8s.nginx.org/v1"
_VERIFY_DEPTH = 3


def build_secrets(component: CompileInput, route: ResolvedRoute) -> list[ObjectSpec]:
    """The Secrets that a route's annotations and Policies refer to."""
    auth, backend_tls = route.spec.basic_auth, route.spec.backend_tls
    objects: list[ObjectSpec] = []

    def add(suffix: str, secret_type: str, data: Any) -> None:
        content = {"type": secret_type, "stringData": data}
        objects.append(component.named_object(route, suffix, route.namespace, "Secret", content))

    if auth is not None and auth.users:
        add("users", "nginx.org/htpasswd", pulumi.Output.secret({"htpasswd": htpasswd(auth.users)}))
    if backend_tls is not None:
        add("ca", "nginx.org/ca", {"ca.crt": backend_tls.ca_certificate})
    return objects


def build_policies(component: CompileInput, route: ResolvedRoute) -> list[ObjectSpec]:
    """The Policies of a route."""
    spec = route.spec
    policies: dict[str, Manifest] = {}
    if spec.allowed_sources is not None:
        policies["sources"] = {"accessControl": {"allow": list(spec.allowed_sources)}}
    if spec.denied_sources is not None:
        policies["sources"] = {"accessControl": {"deny": list(spec.denied_sources)}}
    if spec.cors is not None:
        policies["cors"] = {"cors": _cors(spec.cors)}
    if spec.backend_tls is not None:
        policies["backend-tls"] = {"egressMTLS": _egress(component, route, spec.backend_tls)}
    return [_policy(component, route, suffix, policy) for suffix, policy in policies.items()]


def _policy(component: CompileInput, route: ResolvedRoute, suffix: str, policy: Manifest) -> ObjectSpec:
    key = f"{route.key}-{suffix}"
    metadata = component.metadata(key, route.namespace)
    manifest = {"apiVersion": _API_VERSION, "kind": "Policy", "metadata": metadata, "spec": dict(policy)}
    return ObjectSpec(key, manifest, component.before(route))


def _cors(cors: CorsSpec) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "allowOrigin": list(cors.origins),
        "allowMethods": list(cors.methods or CORS_METHODS),
        "allowHeaders": list(cors.headers or CORS_HEADERS),
        "allowCredentials": bool(cors.credentials),
        "maxAge": CORS_MAX_AGE if cors.max_age is None else cors.max_age,
    }
    if cors.expose_headers:
        policy["exposeHeaders"] = list(cors.expose_headers)
    return policy


def _egress(component: CompileInput, route: ResolvedRoute, tls: BackendTlsSpec) -> dict[str, Any]:
    service_name = words(component.service(route), ".", route.namespace, ".svc")
    return {
        "verifyServer": True,
        "verifyDepth": _VERIFY_DEPTH,
        "protocols": "TLSv1.2 TLSv1.3",
        "trustedCertSecret": component.name_of(route, "ca"),
        "serverName": True,
        "sslName": service_name if tls.server_name is None else tls.server_name,
    }


def build_virtual_server(component: CompileInput, route: ResolvedRoute, after: Sequence[str]) -> ObjectSpec:
    """The VirtualServer of a host that is redirected as a whole."""
    scheme, to, path = redirect_parts(route)
    host = component.hosts[route.host]
    code = (route.spec.redirect.code if route.spec.redirect else None) or REDIRECT_CODE
    url = f"{scheme}://{to or '${host}'}{path or '${request_uri}'}"
    where = f"={route.path}" if route.exact else route.path
    redirect = {"path": where, "action": {"redirect": {"url": url, "code": code}}}
    spec: dict[str, Any] = {"ingressClassName": component.class_name, "host": route.host, "routes": [redirect]}
    if host.secret is not None:
        spec["tls"] = {"secret": host.secret}
    metadata = component.metadata(route.key, component.namespace)
    manifest = {"apiVersion": _API_VERSION, "kind": "VirtualServer", "metadata": metadata, "spec": spec}
    return ObjectSpec(route.key, manifest, after)
