"""F5 NGINX Ingress Controller: for each host a master Ingress, for each route one or two minions.

It allows one Ingress for each host, unless a master and its minions share it; treats Prefix as the beginning of a text;
and identifies paths by their text only, whatever their type. So a prefix becomes the path itself, exactly, and
everything below it. Source: v5.5.4, `internal/k8s/configuration.go`, `internal/configs/ingress.go` and its template.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

from ...lifecycle.objects import ObjectSpec
from ...outputs import words
from ..compile_input import CompileInput, chained
from ..defaults import EXACT, HTTPS_REDIRECT_CODE, IMPLEMENTATION_SPECIFIC, PREFIX
from ..resolved_routes import ResolvedHost, ResolvedRoute
from ..text_rules import escaped_path
from .annotations import prefixed, route_annotations
from .certificates import build_certificate
from .custom_resources import build_policies, build_secrets, build_virtual_server

__all__ = ["compile_routes"]

_Paths = Sequence[tuple[str, str]]
"""Paths of an Ingress, and their types."""


def compile_routes(component: CompileInput) -> list[ObjectSpec]:
    """A master for each host that no other component has added, and the minions; for a host that is redirected as a
    whole, a VirtualServer."""
    masters = {
        name: _master(component, host)
        for name, host in sorted(component.hosts.items())
        if name in component.own_hosts and name not in component.redirected_hosts
    }
    objects = list(masters.values())
    for name in masters:
        objects += build_certificate(component, component.hosts[name])
    exact = {(route.host, route.path) for route in component.routes if route.exact} | component.exact_paths_in_use
    for route in component.routes:
        if route.host in component.redirected_hosts:
            objects.append(build_virtual_server(component, route, component.after))
            continue
        policies = build_policies(component, route)
        named = chained([*build_secrets(component, route), *policies])
        annotations = route_annotations(component, route, policies)
        after = component.before_ingress(route, named, frozenset(masters))
        objects += named
        for half, paths, rewrites in _halves(component, route, has_exact=(route.host, route.path) in exact):
            objects.append(_minion(component, route, half, paths, {**rewrites, **annotations}, after))
    return objects


def _master(component: CompileInput, host: ResolvedHost) -> ObjectSpec:
    annotations: dict[str, Any] = {"mergeable-ingress-type": "master", "ssl-redirect": "false"}
    if host.tls and host.redirect:
        annotations["http-redirect-code"] = str(HTTPS_REDIRECT_CODE)
        annotations["redirect-to-https" if host.tls_terminated_upstream else "ssl-redirect"] = "true"
    if host.app_root:
        annotations["app-root"] = host.app_root
    spec: dict[str, Any] = {"rules": [{"host": host.host}] if host.host else [{}]}
    if not host.host:
        spec["defaultBackend"] = _own_root(component)
    if host.secret is not None:
        spec["tls"] = [{"hosts": [host.host], "secretName": host.secret}]
    return component.ingress(host.object_key, component.namespace, prefixed(annotations), spec, component.after)


def _own_root(component: CompileInput) -> dict[str, Any]:
    """A default backend for the master of every host.

    It never gets a request: a master's own locations are left out. But without one, the controller adds a `location /`
    that responds with 404, and nginx can't load it beside that of a minion (5.5.4, `generateNginxCfg`, seen).
    """
    routes = [route for route in component.routes if not route.host and not route.redirects]
    root = next((route for route in routes if route.is_root), None)
    return component.backend(root or routes[0]) if routes else {"service": {"name": "unused", "port": {"number": 80}}}


def _halves(
    component: CompileInput, route: ResolvedRoute, *, has_exact: bool
) -> Iterable[tuple[str, _Paths, Mapping[str, pulumi.Input[str]]]]:
    """The minions of a route: what their names end in, their paths, and how each rewrites."""
    if route.exact:
        yield _exact_half(component, route)
        return
    below = ("/" if route.path == "/" else f"{route.path}/", PREFIX)
    itself = [] if route.path == "/" or has_exact else [(route.path, EXACT)]
    if route.rewrite and itself:
        # A Service has one rewrite in an Ingress, and the two halves must end alike: /a to /b, and /a/ to /b/.
        yield "-itself", itself, _rewrites(component, route, route.rewrite)
        yield "", [below], _rewrites(component, route, f"{route.rewrite}/")
        return
    rewrites = {} if route.rewrite is None else _rewrites(component, route, f"{route.rewrite}/")
    yield "", [*itself, below], rewrites


def _exact_half(component: CompileInput, route: ResolvedRoute) -> tuple[str, _Paths, Mapping[str, pulumi.Input[str]]]:
    if not route.path.endswith("/"):
        rewrites = {} if route.rewrite is None else _rewrites(component, route, route.rewrite)
        return "", [(route.path, EXACT)], rewrites
    # Its text is that of the prefix below, so it's written in another way.
    # `$` would also match before a newline at the end, which clients write as %0a.
    pattern = escaped_path(route.path) + r"\z"
    rewrites = {} if route.rewrite is None else {"rewrite-target": route.rewrite}
    return "", [(pattern, IMPLEMENTATION_SPECIFIC)], {"path-regex": "case_sensitive", **rewrites}


def _rewrites(component: CompileInput, route: ResolvedRoute, target: str) -> dict[str, Any]:
    return {"rewrites": words("serviceName=", component.service(route), f" rewrite={target}")}


def _minion(
    component: CompileInput,
    route: ResolvedRoute,
    half: str,
    paths: _Paths,
    annotations: Mapping[str, pulumi.Input[str]],
    after: Sequence[str],
) -> ObjectSpec:
    backend = component.backend(route)
    http = {"paths": [{"path": path, "pathType": kind, "backend": backend} for path, kind in paths]}
    rule = {**({"host": route.host} if route.host else {}), "http": http}
    own = prefixed({"mergeable-ingress-type": "minion", **annotations})
    full = {**own, **(route.spec.annotations or {})}
    return component.ingress(route.key + half, route.namespace, full, {"rules": [rule]}, after, component.ready(route))
