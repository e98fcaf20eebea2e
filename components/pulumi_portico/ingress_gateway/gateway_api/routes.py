"""The objects of Gateway API that serve the routes of one component.

An HTTPRoute or a GRPCRoute for each route, in the namespace of its target: policies of implementations apply to whole
routes, and routes share their namespace. One Gateway has a listener for HTTP, and one for each certificate. A route of
a host with a certificate attaches only to the listener of that certificate, so port 80 never serves it, unless nothing
redirects requests without TLS.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from ...lifecycle.objects import ObjectSpec, Options
from ...outputs import words
from ...register import SKIP_AWAIT, WAIT_FOR
from ..compile_input import GATEWAY, CompileInput, chained
from ..defaults import CORS_HEADERS, CORS_MAX_AGE, CORS_METHODS, HTTPS_REDIRECT_CODE, REDIRECT_CODE, redirect_parts
from ..hooks import on_timeout
from ..resolved_routes import ResolvedHost, ResolvedListener, ResolvedRoute
from ..route_settings import CorsSpec
from .conformance import Report
from .implementation import API_GROUP, ImplementationModule, kind_of

__all__ = ["HTTP_LISTENER", "compile_routes", "grpc_method", "listener_name"]

HTTP_LISTENER = "http"
_API_VERSION = f"{API_GROUP}/v1"
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_MOVED_PERMANENTLY = 301


def compile_routes(implementation: ImplementationModule, report: Report, component: CompileInput) -> list[ObjectSpec]:
    """The Gateway or the listeners that a component adds to one, the certificates that cert-manager issues, the
    redirects of its hosts, and its routes."""
    compiler = _Compiler(implementation, report, component)
    return [*compiler.front, *compiler.certificates(), *compiler.redirects(), *compiler.routes()]


def listener_name(listener: ResolvedListener) -> str:
    """The name of the listener of a certificate."""
    return f"https-{listener.key}"


def grpc_method(route: ResolvedRoute) -> Optional[dict[str, str]]:
    """What a GRPCRoute matches for the path of a route; empty for every method, None if it can't match the path."""
    parts = route.path.strip("/").split("/")
    if route.is_root:
        return {}
    if len(parts) == 1 and not route.exact:
        return {"service": parts[0]}
    if len(parts) == len(("service", "method")) and route.exact:
        return {"service": parts[0], "method": parts[1]}
    return None


class _Compiler:
    """Builds the objects of one component."""

    def __init__(self, implementation: ImplementationModule, report: Report, component: CompileInput) -> None:
        self.implementation, self.report, self.component = implementation, report, component
        self.listeners = {listener.hostname: listener for listener in component.listeners}
        self.own = [listener for listener in component.listeners if listener.is_own]
        front = self._gateway() if component.owns_gateway else self._listener_set() if self.own else None
        self.front = [] if front is None else [front]
        self.first = component.after if front is None else (front.key,)
        """The keys of the objects that the routes come after."""

    # What's in front of the routes.

    def certificates(self) -> list[ObjectSpec]:
        """The Certificates that cert-manager issues."""
        return [self._certificate(listener) for listener in self.own if listener.issuer is not None]

    def _gateway(self) -> ObjectSpec:
        listeners = [
            {"name": HTTP_LISTENER, "protocol": "HTTP", "port": 80, "allowedRoutes": self._allowed(None)},
            *map(self._https, self.own),
        ]
        spec = {"gatewayClassName": self.component.class_name, "listeners": listeners}
        if self.report.has("ListenerSet") and self.component.route_namespaces:
            spec["allowedListeners"] = {"namespaces": {"from": "Same"}}
        wait = self._wait(["condition=Programmed"])
        metadata = self.component.metadata("", self.component.namespace, wait)
        return self._awaited(GATEWAY, "Gateway", metadata, spec, self.component.after)

    def _listener_set(self) -> ObjectSpec:
        parent = {"group": API_GROUP, "kind": "Gateway", "name": self.component.gateway_name}
        spec = {"parentRef": parent, "listeners": [self._https(listener) for listener in self.own]}
        metadata = self.component.metadata("", self.component.namespace, self._wait(["condition=Programmed"]))
        return self._awaited("listeners", "ListenerSet", metadata, spec, self.component.after)

    def _https(self, listener: ResolvedListener) -> dict[str, Any]:
        return {
            "name": listener_name(listener),
            "protocol": "HTTPS",
            "port": 443,
            "hostname": listener.hostname,
            "tls": {"mode": "Terminate", "certificateRefs": [{"group": "", "kind": "Secret", "name": listener.secret}]},
            "allowedRoutes": self._allowed(listener),
        }

    def _allowed(self, listener: Optional[ResolvedListener]) -> dict[str, Any]:
        """The namespaces whose routes can attach to a listener, and no others; cert-manager's challenges are in that of
        the Gateway."""
        own = self.component.namespace
        routes = (route for route in self.component.routes if route.target is not None)
        if listener is not None:
            routes = (route for route in routes if self._listener_of(route.host) == listener)
        namespaces: list[Any] = []
        for namespace in (own, *(route.namespace for route in routes), *self.component.route_namespaces):
            if not any(namespace is known or namespace == known for known in namespaces if _is_plain(namespace, known)):
                namespaces.append(namespace)
        if len(namespaces) == 1:
            return {"namespaces": {"from": "Same"}}
        plain = all(isinstance(namespace, str) for namespace in namespaces)
        values = sorted(namespaces) if plain else namespaces
        expression = {"key": _NAMESPACE_LABEL, "operator": "In", "values": values}
        return {"namespaces": {"from": "Selector", "selector": {"matchExpressions": [expression]}}}

    def _certificate(self, listener: ResolvedListener) -> ObjectSpec:
        key = f"{listener.key}-certificate"
        manifest = {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": self.component.metadata(key, self.component.namespace),
            "spec": {
                "secretName": listener.secret,
                "dnsNames": [listener.hostname],
                "issuerRef": dict(listener.issuer or {}),
                **listener.certificate,
            },
        }
        return ObjectSpec(key, manifest, self.first)

    # Redirects of requests without TLS.

    def redirects(self) -> list[ObjectSpec]:
        """The HTTPRoutes that redirect requests without TLS, one for each host of the component."""
        component = self.component
        hosts = (host for name, host in sorted(component.hosts.items()) if name in component.own_hosts)
        return [self._redirect_to_https(host) for host in hosts if host.redirect and host.secret is not None]

    def _redirect_to_https(self, host: ResolvedHost) -> ObjectSpec:
        code = HTTPS_REDIRECT_CODE
        if not self.report.has(f"HTTPRoute{code}RedirectStatusCode"):
            code = _MOVED_PERMANENTLY
        redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": code}}
        rule = {"matches": [_path_match("PathPrefix", "/")], "filters": [redirect]}
        namespace = self._namespace_of_host(host.host)
        key = f"{host.object_key}-redirect"
        return self._route(key, "HTTPRoute", namespace, host, [HTTP_LISTENER], rule, self.first)

    def _namespace_of_host(self, host: str) -> Any:
        """A namespace whose routes attach to the Gateway, and in which the component creates some anyway."""
        if self.component.owns_gateway:
            return self.component.namespace
        targets = (route.namespace for route in self.component.routes if route.host == host and route.target)
        return next(targets, self.component.namespace)

    # The routes themselves.

    def routes(self) -> list[ObjectSpec]:
        """What each route needs, and the route."""
        return [described for route in self.component.routes for described in self._of_route(route)]

    def _of_route(self, route: ResolvedRoute) -> list[ObjectSpec]:
        namespace = route.namespace if route.target is not None else self._namespace_of_host(route.host)
        before = list(dict.fromkeys([*self.component.before(route), *self.first]))
        needed = [*self._backend_tls(route), *self.implementation.policies(self.component, route)]
        # The route comes after all of them: without one, it would be open for a moment.
        needed = chained([replace(described, after=before) for described in needed])
        after = [needed[-1].key] if needed else before
        rule = self._grpc_rule(route) if route.protocol.is_grpc else self._http_rule(route)
        host = self.component.hosts[route.host]
        made = self._route(route.key, kind_of(route), namespace, host, self._sections(route.host), rule, after)
        return [*needed, replace(made, ready=self.component.ready(route))]

    def _sections(self, host: str) -> list[str]:
        listener, resolved = self._listener_of(host), self.component.hosts[host]
        if listener is None:
            return [HTTP_LISTENER]
        https = listener_name(listener)
        return [https] if resolved.redirect else [HTTP_LISTENER, https]

    def _listener_of(self, host: str) -> Optional[ResolvedListener]:
        key = self.component.certificate_of(host)
        return None if key is None else self.listeners.get(key)

    def _http_rule(self, route: ResolvedRoute) -> dict[str, Any]:
        match = _path_match("Exact" if route.exact else "PathPrefix", route.path)
        rule: dict[str, Any] = {"matches": [match]}
        if filters := _filters(route):
            rule["filters"] = filters
        if route.target is not None:
            rule["backendRefs"] = [_backend(route)]
        return rule

    def _grpc_rule(self, route: ResolvedRoute) -> dict[str, Any]:
        method = grpc_method(route)
        rule: dict[str, Any] = {"matches": [{"method": {"type": "Exact", **method}}]} if method else {}
        if filters := _header_filters(route):
            rule["filters"] = filters
        return {**rule, "backendRefs": [_backend(route)]}

    def _route(
        self,
        key: str,
        kind: str,
        namespace: Any,
        host: ResolvedHost,
        sections: Sequence[str],
        rule: Mapping[str, Any],
        after: Sequence[str],
    ) -> ObjectSpec:
        conditions = [
            _condition(self._parent_name(section), section, kind_of) for section in sections for kind_of in _CONDITIONS
        ]
        spec: dict[str, Any] = {"parentRefs": [self._parent(section, namespace) for section in sections]}
        if host.host:
            spec["hostnames"] = [host.host]
        spec["rules"] = [dict(rule)]
        annotations = {**host.dns, **self._wait(conditions)}
        metadata = self.component.metadata(key, namespace, annotations)
        return self._awaited(key, kind, metadata, spec, after)

    def _parent(self, section: str, namespace: Any) -> dict[str, Any]:
        own = self.component.namespace
        where = {} if namespace is own or namespace == own else {"namespace": own}
        return {
            "group": API_GROUP,
            "kind": self._parent_kind(section),
            "name": self._parent_name(section),
            **where,
            "sectionName": section,
        }

    def _parent_kind(self, section: str) -> str:
        return "ListenerSet" if self._is_added(section) else "Gateway"

    def _parent_name(self, section: str) -> Any:
        return self.component.name if self._is_added(section) else self.component.gateway_name

    def _is_added(self, section: str) -> bool:
        """Whether the component adds the listener to the Gateway of another one."""
        return not self.component.owns_gateway and section in map(listener_name, self.own)

    def _backend_tls(self, route: ResolvedRoute) -> list[ObjectSpec]:
        """How the gateway verifies the certificate of a target, and the certificates of the accepted issuers."""
        tls, target = route.spec.backend_tls, route.target
        if tls is None or target is None:
            return []
        content = {"data": {"ca.crt": tls.ca_certificate}}
        authority = self.component.named_object(route, "ca", target.namespace, "ConfigMap", content)
        name = words(target.service, ".", target.namespace, ".svc") if tls.server_name is None else tls.server_name
        reference = {"group": "", "kind": "ConfigMap", "name": self.component.name_of(route, "ca")}
        spec = {
            "targetRefs": [{"group": "", "kind": "Service", "name": target.service}],
            "validation": {"caCertificateRefs": [reference], "hostname": name},
        }
        key = f"{route.key}-backend-tls"
        metadata = self.component.metadata(key, target.namespace)
        manifest = {"apiVersion": _API_VERSION, "kind": "BackendTLSPolicy", "metadata": metadata, "spec": spec}
        return [authority, ObjectSpec(key, manifest)]

    def _awaited(
        self, key: str, kind: str, metadata: Mapping[str, Any], spec: Mapping[str, Any], after: Sequence[str]
    ) -> ObjectSpec:
        manifest = {"apiVersion": _API_VERSION, "kind": kind, "metadata": dict(metadata), "spec": dict(spec)}
        wait, name = self.component.wait, metadata["name"]
        options = Options(
            timeout=wait.timeout, hooks=lambda _parent: on_timeout(name, wait.controller, wait.timeout, kind)
        )
        return ObjectSpec(key, manifest, after, options)

    def _wait(self, conditions: Sequence[str]) -> dict[str, str]:
        """What makes Pulumi wait for conditions of an object."""
        if not self.component.wait.publishes_address:
            return {SKIP_AWAIT: "true"}
        return {WAIT_FOR: conditions[0] if len(conditions) == 1 else json.dumps(list(conditions))}


_CONDITIONS = ("Accepted", "ResolvedRefs")
"""What an implementation reports of a route that it serves."""


def _condition(parent: Any, section: str, kind: str) -> str:
    """A condition of a route, for one of its parents and for its current generation.

    Pulumi's JSONPath has no spaces around `&&`, and takes the first result.
    """
    of_parent = f'?(@.parentRef.name=="{parent}"&&@.parentRef.sectionName=="{section}")'
    of_kind = f'?(@.type=="{kind}"&&@.status=="True"&&@.observedGeneration==$.metadata.generation)'
    return f"jsonpath={{.status.parents[{of_parent}].conditions[{of_kind}]}}"


def _is_plain(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _path_match(kind: str, path: str) -> dict[str, Any]:
    return {"path": {"type": kind, "value": path}}


def _backend(route: ResolvedRoute) -> dict[str, Any]:
    assert route.target is not None, "a route that redirects has no backend"
    return {"group": "", "kind": "Service", "name": route.target.service, "port": route.target.port, "weight": 1}


def _filters(route: ResolvedRoute) -> list[dict[str, Any]]:
    if route.redirects:
        return [{"type": "RequestRedirect", "requestRedirect": _redirect(route)}]
    filters = _header_filters(route)
    if route.rewrite is not None:
        filters.append({"type": "URLRewrite", "urlRewrite": {"path": _rewrite(route)}})
    if route.spec.cors is not None:
        filters.append({"type": "CORS", "cors": _cors(route.spec.cors)})
    return filters


def _header_filters(route: ResolvedRoute) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if headers := route.spec.request_headers:
        filters.append({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": _named(headers)}})
    if headers := route.spec.response_headers:
        filters.append({"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": _named(headers)}})
    return filters


def _named(headers: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _rewrite(route: ResolvedRoute) -> dict[str, str]:
    rewrite = route.rewrite or "/"
    if route.exact:
        return {"type": "ReplaceFullPath", "replaceFullPath": rewrite}
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": rewrite}


def _redirect(route: ResolvedRoute) -> dict[str, Any]:
    scheme, host, path = redirect_parts(route)
    code = (route.spec.redirect.code if route.spec.redirect else None) or REDIRECT_CODE
    redirect: dict[str, Any] = {"scheme": scheme, "statusCode": code}
    if host is not None:
        redirect["hostname"] = host
    if path is not None:
        redirect["path"] = {"type": "ReplaceFullPath", "replaceFullPath": path}
    return redirect


def _cors(cors: CorsSpec) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "allowOrigins": list(cors.origins),
        "allowMethods": list(cors.methods or CORS_METHODS),
        "allowHeaders": list(cors.headers or CORS_HEADERS),
        "maxAge": CORS_MAX_AGE if cors.max_age is None else cors.max_age,
    }
    if cors.credentials:
        spec["allowCredentials"] = True
    if cors.expose_headers:
        spec["exposeHeaders"] = list(cors.expose_headers)
    return spec
