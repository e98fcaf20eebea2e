"""Registers what makes a gateway keep routes, in an order that a destroy can go back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

import pulumi

from ..network_policy import Peer
from ..ordering import WIDTH, Dependency, after, gathered, named_together, on_time
from ..register import SKIP_AWAIT, WAIT_FOR, name_of, register
from .compilation import Compilation, Described, Entry
from .controller_module import Controller
from .hooks import on_unanswered
from .let_in import build_policies
from .routing import Routing
from .tls import build_tls_secret

__all__ = ["READY_WITHIN", "REPORTED", "Registered", "Waiting", "register_routes"]

READY_WITHIN = 600
"""Seconds: a cloud's load balancer takes minutes, and ingress-nginx writes addresses once a minute."""

_REPLACED = ("Secret", "ConfigMap")
"""The provider replaces these for a change of what they hold, and by a name of its own would delete them first: their
names are generated, so that what names them is changed in between."""

REPORTED = "jsonpath={.status.loadBalancer.ingress}"
"""An address in a status."""


@dataclass(frozen=True)
class Waiting:
    """How the deployment waits for routes."""

    reported: bool
    """Whether the controller writes its address into an Ingress."""
    ready_within: int


@dataclass(frozen=True)
class Registered:
    """The objects of routes, once they are registered."""

    routing: Routing
    """The routing, with the names of the Secrets of its own certificates."""
    awaited: Sequence[Any]
    """The Ingresses that the controller writes its address into."""


def register_routes(
    routing: Routing,
    peers: Sequence[Peer],
    waiting: Waiting,
    parent: pulumi.Resource,
    first: Sequence[Dependency],
    host_resources: dict[str, pulumi.Resource],
) -> Registered:
    """Register the routes and their certificates.

    ``first`` is what they are created after and deleted before. ``host_resources`` are the Ingresses of hosts that the
    gateway has so far; this adds its own.
    """
    return _Registrar(routing, peers, waiting, parent, first, host_resources).register()


class _Registrar:
    """Registers the objects of routes, so that each depends on a few others only.

    What a route's Ingress names (NetworkPolicy, Secrets, ConfigMaps, Policies) comes first, each after the one before.
    The first of them comes after the controller and the target. The Ingress comes after the last of them, and after the
    Ingress of its host.
    """

    def __init__(
        self,
        routing: Routing,
        peers: Sequence[Peer],
        waiting: Waiting,
        parent: pulumi.Resource,
        first: Sequence[Dependency],
        host_resources: dict[str, pulumi.Resource],
    ) -> None:
        self._routing, self._peers, self._waiting, self._parent = routing, peers, waiting, parent
        self._first, self._host_resources = list(first), host_resources
        self._last: dict[str, pulumi.Resource] = {}
        """The last object that was registered of each route, by the route's key."""

    def register(self) -> Registered:
        module = self._routing.module
        self._routing, gathering = self._with_certificates()
        compilation = self._routing.compilation
        policies = build_policies(compilation, self._peers)
        if module.one_ingress:
            gathering = [*gathering, *self._gather(policies)] or self._first
            compilation, gathering = self._after_targets(compilation, policies, gathering)
        else:
            self._register_all(policies)
        described = module.compile(compilation)
        named = [it for it in described if it.manifest["kind"] in _REPLACED]
        if named:
            names = {it.suffix: name_of(made) for it, made in zip(named, self._register_all(named), strict=True)}
            described = module.compile(replace(compilation, named=names))
        self._register_all(it for it in described if not it.awaited and it.manifest["kind"] not in _REPLACED)
        hosts = [self._register_host(it.host, it) for it in described if it.host is not None]
        routes = [self._register_route(it, gathering) for it in described if it.awaited and it.host is None]
        return Registered(self._routing, [*hosts, *routes])

    def _with_certificates(self) -> tuple[Routing, Sequence[Dependency]]:
        """Register the certificates that come with their keys. Return the routing with their Secrets' names, and what
        an Ingress that names all of them must depend on in addition."""
        routing = self._routing
        certificates = list(routing.own_certificates())

        def create(certificate: tuple[str, str, Mapping[str, Any]], before: Sequence[Dependency]) -> Any:
            _, suffix, entry = certificate
            manifest = build_tls_secret(_nameless(routing.compilation.metadata(suffix, routing.namespace)), entry)
            return self._create(suffix, manifest, before)

        if routing.module.one_ingress:
            names, gathering = named_together(certificates, create, self._first)
        else:
            names, gathering = [name_of(create(it, self._first)) for it in certificates], []
        hosts = (host for host, _, _ in certificates)
        return routing.with_secrets(dict(zip(hosts, names, strict=True))), gathering

    def _gather(self, policies: Sequence[Described]) -> Sequence[pulumi.Resource]:
        """Register the policies of routes that share an Ingress; return the one that comes after all others."""

        def create(policy: Described, before: Sequence[Dependency]) -> Any:
            return self._create(policy.suffix, policy.manifest, [*before, *_ready(policy.route)])

        return gathered(policies, create, self._first)[:1]

    def _after_targets(
        self, compilation: Compilation, policies: Sequence[Described], gathering: Sequence[Dependency]
    ) -> tuple[Compilation, Sequence[Dependency]]:
        """Put an Ingress of all routes after the targets that no policy puts it after.

        There is no limit to their number, and nothing that could gather them. So it depends on a few, and the program
        waits for more: they are created in order, and deleted in any.
        """
        covered = {policy.route.key for policy in policies if policy.route is not None}
        fallback = [compilation.default_backend] if compilation.default_backend else []
        ready = {
            str(entry.target["service"]): dependency
            for entry in (*compilation.routes, *fallback)
            if entry.key not in covered
            for dependency in _ready(entry)
        }
        if len(ready) + len(gathering) < WIDTH:
            return compilation, [*gathering, *ready.values()]
        return replace(compilation, class_name=on_time(compilation.class_name, list(ready.values()))), gathering

    def _register_all(self, described: Iterable[Described]) -> list[Any]:
        """Register what Ingresses of routes name."""
        made: list[Any] = []
        for it in described:
            manifest = _nameless(it.manifest) if it.manifest["kind"] in _REPLACED else it.manifest
            made.append(self._create(it.suffix, manifest, self._before(it.route)))
            if it.route is not None:
                self._last[it.route.key] = made[-1]
        return made

    def _register_host(self, host: str, described: Described) -> Any:
        made = self._create_awaited(described, self._first)
        self._host_resources[host] = made
        return made

    def _register_route(self, described: Described, gathering: Sequence[Dependency]) -> Any:
        if described.route is None:
            return self._create_awaited(described, gathering)
        host = self._host_resources.get(described.route.host)
        return self._create_awaited(described, [*self._before(described.route), *([] if host is None else [host])])

    def _before(self, route: Optional[Entry]) -> Sequence[Dependency]:
        last = None if route is None else self._last.get(route.key)
        return [*self._first, *_ready(route)] if last is None else [last]

    def _create(self, suffix: str, manifest: Mapping[str, Any], before: Sequence[Dependency]) -> Any:
        options = pulumi.ResourceOptions(parent=self._parent, depends_on=list(before))
        return register(manifest, f"{self._routing.name}-{suffix}", options)

    def _create_awaited(self, described: Described, before: Sequence[Dependency]) -> Any:
        seconds = self._waiting.ready_within
        name = f"{self._routing.name}-{described.suffix or 'ingress'}"
        options = pulumi.ResourceOptions(
            parent=self._parent,
            depends_on=list(before),
            custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
            hooks=on_unanswered(name, self._routing.module.title, seconds),
        )
        return register(_awaited(described.manifest, self._routing, self._waiting), name, options)


def _ready(route: Optional[Entry]) -> Sequence[Dependency]:
    """A dependency on a route's target."""
    return [] if route is None else after(route.target.get("ready"))


def _nameless(described: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest, or its metadata, whose name is generated."""
    if "metadata" in described:
        return {**described, "metadata": _nameless(described["metadata"])}
    return {key: value for key, value in described.items() if key != "name"}


def _awaited(manifest: Any, routing: Routing, waiting: Waiting) -> dict[str, Any]:
    metadata = dict(manifest["metadata"])
    how: Optional[dict[str, str]] = None
    if not waiting.reported:
        how = {SKIP_AWAIT: "true"}
    elif routing.controller != Controller.GENERIC.value:
        # Pulumi's own way looks for the pods of every Service too, and a redirect has none.
        how = {WAIT_FOR: REPORTED}
    if how:
        metadata["annotations"] = {**metadata.get("annotations", {}), **how}
    return {**manifest, "metadata": metadata}
