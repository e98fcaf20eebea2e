"""Any other class: one Ingress with all of the routes, and annotations that are the user's own.

One, because some cloud platforms (GKE, AWS without a group) make a load balancer for each Ingress.
"""

from collections.abc import Callable
from typing import Any

import pulumi

from ..errors import Problems, Refusal
from .compilation import Compilation, Described, Entry
from .controller_module import Controller, ControllerModule, Way
from .routes import PathType

__all__ = ["MODULE"]


def compile_routes(compilation: Compilation) -> list[Described]:
    """The Ingress."""
    rules: dict[str, list[Any]] = {}
    for entry in sorted(compilation.routes, key=lambda it: (it.host, not it.exact, -len(it.path), it.path)):
        path = {"path": entry.path, "pathType": entry.path_type, "backend": entry.backend()}
        rules.setdefault(entry.host, []).append(path)
    spec: dict[str, Any] = {}
    if rules:
        spec["rules"] = [
            {**({"host": host} if host else {}), "http": {"paths": paths}} for host, paths in rules.items()
        ]
    if compilation.default_backend is not None:
        spec["defaultBackend"] = compilation.default_backend.backend()
    secured = [host for _, host in sorted(compilation.hosts.items()) if host.secret is not None]
    if secured:
        spec["tls"] = [{"hosts": [host.host], "secretName": host.secret} for host in secured]
    annotations = dict(compilation.annotations)
    for host in secured:
        annotations.update(host.annotations)
    manifest = compilation.ingress("", compilation.namespace, annotations, spec)
    return [Described("", manifest, awaited=True)]


def check(compilation: Compilation, problems: Problems, _spelling: Callable[[str], str]) -> None:
    """Note what one Ingress cannot hold together."""
    for entry in compilation.routes:
        _check_namespace(compilation, entry, problems)
        if "annotations" in entry.args:
            refusal = Refusal(
                "are of one route, and the routes of a generic class share an Ingress",
                "the gateway's own annotations",
                "write them beside the routes",
            )
            problems.note(f"{entry.where}.annotations", refusal)


def _check_namespace(compilation: Compilation, entry: Entry, problems: Problems) -> None:
    here, there = compilation.namespace, entry.namespace
    if isinstance(here, pulumi.Output) or isinstance(there, pulumi.Output) or here == there:
        return
    refusal = Refusal(
        f"is not that of the Ingress, {here}, and an Ingress leads to Services of its own namespace alone",
        str(here),
        "set the gateway's namespace to it, or make another gateway there",
    )
    problems.add(f"{entry.where}.target.namespace", there, refusal)


MODULE = ControllerModule(
    name=Controller.GENERIC.value,
    title="a generic class",
    one_ingress=True,
    prefixes=(),
    compile=compile_routes,
    check=check,
    ways={
        "host=wildcard": Way(),
        "host=any": Way(),
        f"path_type={PathType.PREFIX.value}": Way(),
        f"path_type={PathType.EXACT.value}": Way(),
        "protocol=HTTP": Way(),
    },
)
"""Any class that the cluster has."""
