"""The community's ingress-nginx: an Ingress for each route, whose paths are regular expressions.

One `rewrite-target` on a host turns every path of the host, whoever added it, into a regular expression that ignores
case and has no end, and the longest text comes first. So every path is a regular expression from the start, and means
what its route says whatever else is added to the host. Source: controller-v1.15.1, `internal/ingress/controller`
(location.go, controller.go) and its template.
"""

from typing import Any

from ...lifecycle.objects import ObjectSpec
from ..compile_input import CompileInput, chained
from ..defaults import IMPLEMENTATION_SPECIFIC
from ..resolved_routes import ResolvedHost, ResolvedRoute
from ..text_rules import escaped_path
from .annotations import build_referenced, ingress_namespace, keeps_path, redirect_annotations, route_annotations

__all__ = ["compile_routes", "path_pattern"]

_NOWHERE = {"service": {"name": "redirect", "port": {"number": 80}}}
"""An Ingress must name a Service; a redirect never uses it."""


def compile_routes(component: CompileInput) -> list[ObjectSpec]:
    """The Ingresses of the routes, and one for each host that has a certificate."""
    hosts = {
        name: _host(component, host)
        for name, host in sorted(component.hosts.items())
        if name in component.own_hosts and host.secret is not None
    }
    objects = list(hosts.values())
    for route in component.routes:
        named = chained(build_referenced(component, route))
        after = component.before_ingress(route, named, frozenset(hosts))
        annotations = {**route_annotations(component, route), **(route.spec.annotations or {})}
        backend = _NOWHERE if route.target is None else component.backend(route)
        path = {"path": path_pattern(route), "pathType": IMPLEMENTATION_SPECIFIC, "backend": backend}
        rule = {**({"host": route.host} if route.host else {}), "http": {"paths": [path]}}
        namespace = ingress_namespace(component, route)
        objects += [
            *named,
            component.ingress(route.key, namespace, annotations, {"rules": [rule]}, after, component.ready(route)),
        ]
    return objects


def _host(component: CompileInput, host: ResolvedHost) -> ObjectSpec:
    spec: dict[str, Any] = {
        "tls": [{"hosts": [host.host], "secretName": host.secret}],
        "rules": [{"host": host.host}],
    }
    annotations = {**redirect_annotations(host), **host.annotations}
    return component.ingress(host.object_key, component.namespace, annotations, spec, component.after)


def path_pattern(route: ResolvedRoute) -> str:
    """The regular expression of a route's path: case-sensitive, by whole elements, to its end.

    All prefixes are longer than their own text by the same amount, so the longest prefix is the longest text; an exact
    path is longer than the prefix of the same text. `(?s)` and `\\z` include newlines, which clients write as %0a: `.`
    and `$` alone would let a path with one past the route that it belongs to.
    """
    text = escaped_path(route.path[1:])
    keeps = keeps_path(route)
    if route.exact:
        return (f"/((?-i:{text}))" if keeps else f"/(?-i:{text})") + r"(?:\z|\z|\z|\z)"
    if not text:
        return "/(?s)(.*)"
    return rf"/((?s)(?-i:{text})(/.*)?)\z" if keeps else rf"/(?s)(?-i:{text})(/(.*))?\z"
