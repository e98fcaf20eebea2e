"""The community's ingress-nginx: an Ingress for each route, its paths as regular expressions.

One `rewrite-target` on a host turns every path of it, whosever, into a regular expression without case and without an
end, the longest text first. So every path is written as one from the start, and means what its route says whatever
else comes to the host. Source: controller-v1.15.1, `internal/ingress/controller` (location.go, controller.go) and its
template.
"""

from typing import Any

from ..compilation import Compilation, Described, Entry, HostEntry
from ..told import OWN
from .annotations import annotations_of, build_extras, https_of, keeps_path, namespace_of

__all__ = ["compile_routes", "path_pattern"]

_NOWHERE = {"service": {"name": "redirect", "port": {"number": 80}}}
"""An Ingress must name a Service; a redirect never asks it."""


def compile_routes(compilation: Compilation) -> list[Described]:
    """The Ingresses of the routes, and one for each host that has a certificate."""
    described = [
        Described(f"host-{host.key}", _host(compilation, host), awaited=True, host=name)
        for name, host in sorted(compilation.hosts.items())
        if name in compilation.own_hosts and host.secret is not None
    ]
    for entry in compilation.routes:
        described += build_extras(compilation, entry)
        annotations = {**annotations_of(compilation, entry), **entry.args.get("annotations", {})}
        path = {"path": path_pattern(entry), "pathType": OWN, "backend": entry.backend() if entry.target else _NOWHERE}
        rule = {**({"host": entry.host} if entry.host else {}), "http": {"paths": [path]}}
        namespace = namespace_of(compilation, entry)
        manifest = compilation.ingress(entry.key, namespace, annotations, {"rules": [rule]})
        described.append(Described(entry.key, manifest, awaited=True, route=entry))
    return described


def _host(compilation: Compilation, host: HostEntry) -> dict[str, Any]:
    spec = {"tls": [{"hosts": [host.host], "secretName": host.secret}], "rules": [{"host": host.host}]}
    return compilation.ingress(f"host-{host.key}", compilation.namespace, {**https_of(host), **host.annotations}, spec)


def path_pattern(entry: Entry) -> str:
    """The regular expression of a route's path: with its case, by whole elements, to its end.

    All prefixes are longer than their own text by the same, so that the longest prefix is the longest text; an exact
    path is longer than the prefix of the same text.
    """
    text = entry.path[1:].replace(".", r"\.")
    keeps = keeps_path(entry)
    if entry.exact:
        return (f"/((?-i:{text}))" if keeps else f"/(?-i:{text})") + "(?:$|$|$|$)"
    if not text:
        return "/(.*)"
    return f"/((?-i:{text})(/.*)?)$" if keeps else f"/(?-i:{text})(/(.*))?$"
