"""F5 NGINX Ingress Controller: for each host a master Ingress, for each route a minion, or two.

It lets one Ingress have a host, unless a master and its minions share it; takes Prefix as the beginning of a text; and
keys paths by their text alone, whatever their type. So a prefix is written as the path itself, exactly, and as all
below it. Source: v5.5.4, `internal/k8s/configuration.go`, `internal/configs/ingress.go` and its template.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ...http_defaults import HTTPS_REDIRECT
from ...outputs import words
from ..compilation import Compilation, Described, Entry, HostEntry
from ..told import EXACT, OWN, PREFIX
from .annotations import annotations_of, prefixed
from .custom_resources import build_extras, build_virtual_server

__all__ = ["compile_routes"]

"""The status that ingress-nginx answers with."""


def compile_routes(compilation: Compilation) -> list[Described]:
    """A master for each host that no other component has made, and the minions; for a host that is redirected as a
    whole, a VirtualServer."""
    described: list[Described] = []
    for name, host in sorted(compilation.hosts.items()):
        if name in compilation.own_hosts and name not in compilation.redirected:
            described.append(Described(f"host-{host.key}", _master(compilation, host), awaited=True, host=name))
    exact = {(entry.host, entry.path) for entry in compilation.routes if entry.exact} | compilation.taken
    for entry in compilation.routes:
        if entry.host in compilation.redirected:
            described.append(Described(entry.key, build_virtual_server(compilation, entry), route=entry))
            continue
        described += build_extras(compilation, entry)
        described += _minions(compilation, entry, has_exact=(entry.host, entry.path) in exact)
    return described


def _master(compilation: Compilation, host: HostEntry) -> dict[str, Any]:
    told: dict[str, Any] = {"mergeable-ingress-type": "master", "ssl-redirect": "false"}
    if host.tls and host.redirect:
        told["http-redirect-code"] = str(HTTPS_REDIRECT)
        told["redirect-to-https" if host.ends_before else "ssl-redirect"] = "true"
    if host.app_root:
        told["app-root"] = host.app_root
    spec: dict[str, Any] = {"rules": [{"host": host.host}] if host.host else [{}]}
    if host.secret is not None:
        spec["tls"] = [{"hosts": [host.host], "secretName": host.secret}]
    annotations = {**prefixed(told), **host.annotations}
    return compilation.ingress(f"host-{host.key}", compilation.namespace, annotations, spec)


def _minions(compilation: Compilation, entry: Entry, *, has_exact: bool) -> list[Described]:
    return [
        Described(
            entry.key + half, _minion(compilation, entry, entry.key + half, paths, more), awaited=True, route=entry
        )
        for half, paths, more in _halves(entry, has_exact=has_exact)
    ]


def _halves(entry: Entry, *, has_exact: bool) -> Iterable[tuple[str, list[tuple[str, str]], dict[str, Any]]]:
    """The minions of a route: what their names end in, their paths, and how each rewrites."""
    if entry.exact:
        yield _exact_half(entry)
        return
    below = ("/" if entry.path == "/" else f"{entry.path}/", PREFIX)
    itself = [] if entry.path == "/" or has_exact else [(entry.path, EXACT)]
    if entry.rewrite and itself:
        # A Service has one rewrite in an Ingress, and the two halves must end alike: /a to /b, and /a/ to /b/.
        yield "-itself", itself, _rewrites(entry, entry.rewrite)
        yield "", [below], _rewrites(entry, f"{entry.rewrite}/")
        return
    yield "", [*itself, below], {} if entry.rewrite is None else _rewrites(entry, f"{entry.rewrite}/")


def _exact_half(entry: Entry) -> tuple[str, list[tuple[str, str]], dict[str, Any]]:
    if not entry.path.endswith("/"):
        return "", [(entry.path, EXACT)], {} if entry.rewrite is None else _rewrites(entry, entry.rewrite)
    # Its text is that of the prefix below, so it is written in another way.
    pattern = entry.path.replace(".", r"\.") + "$"
    told = {"path-regex": "case_sensitive"}
    return "", [(pattern, OWN)], {**told, **({} if entry.rewrite is None else {"rewrite-target": entry.rewrite})}


def _rewrites(entry: Entry, target: str) -> dict[str, Any]:
    return {"rewrites": words("serviceName=", entry.target["service"], f" rewrite={target}")}


def _minion(
    compilation: Compilation, entry: Entry, suffix: str, paths: list[tuple[str, str]], more: Mapping[str, Any]
) -> dict[str, Any]:
    told = {"mergeable-ingress-type": "minion", **more, **annotations_of(compilation, entry)}
    backend = entry.backend()
    http = {"paths": [{"path": path, "pathType": kind, "backend": backend} for path, kind in paths]}
    rule = {**({"host": entry.host} if entry.host else {}), "http": http}
    annotations = {**prefixed(told), **entry.args.get("annotations", {})}
    return compilation.ingress(suffix, entry.namespace, annotations, {"rules": [rule]})
