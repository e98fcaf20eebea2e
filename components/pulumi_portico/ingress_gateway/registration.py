"""Registers the routes of a gateway, in an order in which `destroy` can delete them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

import pulumi

from ..networking.network_policies import PeerSpec
from ..register import SKIP_AWAIT, WAIT_FOR, name_of, register
from .compilation import Described
from .controller_module import Controller
from .hooks import on_timeout
from .let_in import build_policies
from .routing import Routing
from .tls import build_tls_secret

__all__ = ["PUBLISHED", "Waiting", "register_certificates", "register_routes"]

_REPLACED = ("Secret", "ConfigMap")
"""The provider replaces these for a change of what they hold, and by a name of its own would delete them first: their
names are generated, so that what names them is changed in between."""

PUBLISHED = "jsonpath={.status.loadBalancer.ingress}"
"""What Pulumi waits for: an address in a status."""


@dataclass(frozen=True)
class Waiting:
    """How the deployment waits for routes."""

    published: bool
    """Whether the controller writes its address into an Ingress."""
    ready_timeout: int
    """Seconds."""


def register_routes(
    routing: Routing,
    peers: Sequence[PeerSpec],
    waiting: Waiting,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> list[Any]:
    """Register the routes, and answer those that the controller writes its address into.

    ``after`` is what must be there before them, and until they are gone.
    """
    compilation = routing.compilation
    named: list[pulumi.Resource] = list(after)
    names: dict[str, Any] = {}
    told = routing.module.compile(compilation)
    for it in (it for it in told if it.manifest["kind"] in _REPLACED):
        made = register(_nameless(it.manifest), f"{routing.name}-{it.suffix}", pulumi.ResourceOptions(parent=parent))
        named.append(made)
        names[it.suffix] = name_of(made)
    if names:
        told = routing.module.compile(replace(compilation, named=names))
    described = [*build_policies(compilation, peers), *(it for it in told if it.manifest["kind"] not in _REPLACED)]

    def make(of: Iterable[Described], before: Sequence[pulumi.Resource]) -> list[Any]:
        return [_register(routing, it, waiting, parent, before) for it in of]

    # What an Ingress names comes first, then the hosts, then their routes.
    named += make((it for it in described if not it.awaited), after)
    hosts = make((it for it in described if it.host), named)
    routes = make((it for it in described if it.awaited and not it.host), [*named, *hosts])
    return [*hosts, *routes]


def register_certificates(routing: Routing, parent: pulumi.Resource) -> Routing:
    """Register the certificates that come with their keys, and answer the routing with their Secrets' names."""
    secrets: dict[str, Any] = {}
    for host, suffix, entry in routing.own_certificates():
        manifest = build_tls_secret(_nameless(routing.compilation.metadata(suffix, routing.namespace)), entry)
        made = register(manifest, f"{routing.name}-{suffix}", pulumi.ResourceOptions(parent=parent))
        secrets[host] = name_of(made)
    return routing.with_secrets(secrets)


def _nameless(described: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest, or its metadata, whose name is generated."""
    if "metadata" in described:
        return {**described, "metadata": _nameless(described["metadata"])}
    return {key: value for key, value in described.items() if key != "name"}


def _register(
    routing: Routing,
    described: Described,
    waiting: Waiting,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> Any:
    options = pulumi.ResourceOptions(parent=parent, depends_on=after)
    manifest = described.manifest
    name = f"{routing.name}-{described.suffix or 'ingress'}"
    if described.awaited:
        manifest = _awaited(manifest, routing, waiting)
        options.custom_timeouts = pulumi.CustomTimeouts(
            create=f"{waiting.ready_timeout}s", update=f"{waiting.ready_timeout}s"
        )
        options.hooks = on_timeout(name, routing.module.title, waiting.ready_timeout)
    return register(manifest, name, options)


def _awaited(manifest: Any, routing: Routing, waiting: Waiting) -> dict[str, Any]:
    metadata = dict(manifest["metadata"])
    how: Optional[dict[str, str]] = None
    if not waiting.published:
        how = {SKIP_AWAIT: "true"}
    elif routing.controller != Controller.GENERIC.value:
        # Pulumi's own way looks for the pods of every Service too, and a redirect has none.
        how = {WAIT_FOR: PUBLISHED}
    if how:
        metadata["annotations"] = {**metadata.get("annotations", {}), **how}
    return {**manifest, "metadata": metadata}
