"""What a controller's compiler reads: the resolved routes and hosts of one component, and helpers for its objects."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional

import pulumi

from ..args.location import Location
from ..lifecycle.objects import ObjectSpec, Options, Ref
from ..networking.network_policies import PeerSpec
from ..register import SKIP_AWAIT, WAIT_FOR
from ..untyped import Manifest
from .hooks import on_timeout
from .install.settings import HstsSpec
from .resolved_routes import ResolvedHost, ResolvedListener, ResolvedRoute

if TYPE_CHECKING:
    from .route_set import RouteSet

__all__ = ["ADDRESS_PUBLISHED", "GATEWAY", "READY_TIMEOUT", "AddressWait", "CompileInput", "chained"]

READY_TIMEOUT = 600
"""Seconds. A cloud's load balancer takes minutes, and ingress-nginx writes addresses once a minute."""

ADDRESS_PUBLISHED = "jsonpath={.status.loadBalancer.ingress}"
"""The condition of an object whose status has an address."""


GATEWAY = "gateway"
"""The key of the object that stands for a gateway, of controllers that have one."""


@dataclass(frozen=True)
class AddressWait:
    """How the deployment waits until the controller serves a route."""

    publishes_address: bool = True
    """Whether the controller writes its address into an Ingress."""
    timeout: int = READY_TIMEOUT
    """Seconds until the deployment fails."""
    condition: Optional[str] = ADDRESS_PUBLISHED
    """What Pulumi waits for; None for its own readiness logic."""
    controller: str = ""
    """The controller's title, for the message."""

    def annotations(self) -> dict[str, str]:
        """What makes Pulumi wait that way."""
        if not self.publishes_address:
            return {SKIP_AWAIT: "true"}
        return {} if self.condition is None else {WAIT_FOR: self.condition}


@dataclass(frozen=True)
class CompileInput:
    """The routes that one component adds to a gateway. Each value is read when a rule or a compiler needs it."""

    source: "RouteSet"
    peers: Sequence[PeerSpec] = ()
    """Where the controller's connections come from."""
    wait: AddressWait = field(default_factory=AddressWait)
    after: Sequence[str] = ()
    """The keys of the objects that all of these come after."""
    hosts_elsewhere: Mapping[str, str] = field(default_factory=dict[str, str])
    """The keys of the Ingresses of hosts that other components have added."""

    @property
    def name(self) -> str:
        """The component's name, which all names begin with."""
        return self.source.name

    @property
    def at(self) -> Location:
        """Where the component's arguments are."""
        return self.source.at

    @property
    def class_name(self) -> Any:
        """The IngressClass."""
        return self.source.class_name

    @property
    def namespace(self) -> Any:
        """The gateway's namespace, which has its certificates."""
        return self.source.namespace

    @property
    def routes(self) -> tuple[ResolvedRoute, ...]:
        """The routes, those of the default backend included."""
        return self.source.all_routes

    @property
    def hosts(self) -> Mapping[str, ResolvedHost]:
        """Every host of the routes, by name."""
        return self.source.hosts

    @property
    def own_hosts(self) -> frozenset[str]:
        """The hosts that no other component has added before."""
        return self.source.own_hosts

    @property
    def labels(self) -> Mapping[str, pulumi.Input[str]]:
        """The labels of every object."""
        return self.source.labels

    @property
    def annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """The annotations of an Ingress that has all routes."""
        return self.source.annotations

    @property
    def default_backend(self) -> Optional[ResolvedRoute]:
        """The default backend of an Ingress that has all routes; other controllers have it among their routes."""
        return self.source.shared_backend

    @property
    def owns_gateway(self) -> bool:
        """Whether the component creates the Gateway object, if the controller has one."""
        return self.source.owns_gateway

    @property
    def gateway_name(self) -> Any:
        """The name of the Gateway object, if the controller has one."""
        return self.source.gateway_name

    @property
    def listeners(self) -> tuple[ResolvedListener, ...]:
        """The certificates of the gateway and of the component."""
        return self.source.listeners

    @property
    def route_namespaces(self) -> Sequence[pulumi.Input[str]]:
        """The namespaces whose routes other components can add."""
        return self.source.route_namespaces

    @property
    def known_namespaces(self) -> Optional[frozenset[str]]:
        """The namespaces whose routes the gateway accepts, as far as the component must keep to them."""
        return self.source.known_namespaces

    def certificate_of(self, host: str) -> Optional[str]:
        """The host or wildcard whose certificate a host has; None if it has none."""
        found = self.source.tls_of(host)
        return None if found is None else found[0]

    @property
    def exact_paths_in_use(self) -> frozenset[tuple[str, str]]:
        """The hosts and paths of the exact routes of other components."""
        return self.source.others.exact_paths

    @property
    def hsts(self) -> Optional[HstsSpec]:
        """The HSTS header of hosts with a certificate; None if there is none, or if it isn't known."""
        return self.source.hsts

    @cached_property
    def redirected_hosts(self) -> frozenset[str]:
        """The hosts that have only one route, which redirects all of their requests."""
        self.source.require_all()
        count = Counter(route.host for route in self.routes)
        return frozenset(route.host for route in self.routes if count[route.host] == 1 and route.redirects)

    @cached_property
    def hosts_with_root_route(self) -> frozenset[str]:
        """The hosts that have a route of every path."""
        self.source.require_all()
        return frozenset(route.host for route in self.routes if route.is_root)

    def policy_key(self, route: ResolvedRoute) -> Optional[str]:
        """The key of the NetworkPolicy that opens the route's pods to the controller; None if it needs none."""
        target = route.target
        needed = target is not None and target.has_policy and bool(self.peers)
        return f"{route.key}-network-policy" if needed else None

    def ready(self, route: ResolvedRoute) -> Sequence[Any]:
        """What is known when the route's target is ready, unless its NetworkPolicy comes after that."""
        target = route.target
        return () if target is None or target.ready is None or self.policy_key(route) else (target.ready,)

    def before(self, route: ResolvedRoute) -> Sequence[str]:
        """The keys of the objects that a route's own objects come after."""
        policy = self.policy_key(route)
        return self.after if policy is None else (policy,)

    def before_ingress(self, route: ResolvedRoute, named: Sequence[ObjectSpec], hosts: frozenset[str]) -> list[str]:
        """The keys of the objects that a route's Ingress comes after: the last of the objects that it names, and its
        host's Ingress, if it is one of `hosts` or another component has it."""
        before = [named[-1].key] if named else list(self.before(route))
        if route.host in hosts:
            return [*before, self.hosts[route.host].object_key]
        elsewhere = self.hosts_elsewhere.get(route.host)
        return before if elsewhere is None else [*before, elsewhere]

    def before_shared(self) -> Sequence[str]:
        """The keys of the objects that an Ingress of all routes comes after: the last of the gathered policies."""
        policies = self.policy_keys
        return (policies[0],) if policies else self.after

    @cached_property
    def policy_keys(self) -> tuple[str, ...]:
        """The keys of all NetworkPolicies."""
        fallback = [self.default_backend] if self.default_backend else []
        keys = (self.policy_key(route) for route in (*self.routes, *fallback))
        return tuple(key for key in keys if key is not None)

    @staticmethod
    def service(route: ResolvedRoute) -> Any:
        """The Service of a route's target."""
        assert route.target is not None, "a route that redirects has no Service"
        return route.target.service

    @staticmethod
    def backend(route: ResolvedRoute) -> dict[str, Any]:
        """The target of a route, as an Ingress refers to it."""
        target = route.target
        assert target is not None, "a route that redirects has no backend"
        port = {"number": target.port} if target.port_name is None else {"name": target.port_name}
        return {"service": {"name": target.service, "port": port}}

    def metadata(
        self, suffix: str, namespace: Any, annotations: Optional[Mapping[str, pulumi.Input[str]]] = None
    ) -> dict[str, Any]:
        """The metadata of an object."""
        return {"name": f"{self.name}-{suffix}" if suffix else self.name, **self._metadata(namespace, annotations)}

    def _metadata(
        self, namespace: Any, annotations: Optional[Mapping[str, pulumi.Input[str]]] = None
    ) -> dict[str, Any]:
        metadata: dict[str, Any] = {}
        if namespace is not None:
            metadata["namespace"] = namespace
        if self.labels:
            metadata["labels"] = dict(self.labels)
        if annotations:
            metadata["annotations"] = dict(annotations)
        return metadata

    def named_object(
        self, route: ResolvedRoute, suffix: str, namespace: Any, kind: str, content: Manifest
    ) -> ObjectSpec:
        """A Secret or ConfigMap that a route's Ingress refers to, with `name_of`.

        The provider replaces these if their content changes, and deletes an object with a fixed name first. So the
        name is generated: the Ingress refers to the new object before the old one is deleted.
        """
        manifest = {"apiVersion": "v1", "kind": kind, "metadata": self._metadata(namespace), **content}
        return ObjectSpec(f"{route.key}-{suffix}", manifest, self.before(route))

    @staticmethod
    def name_of(route: ResolvedRoute, suffix: str) -> Ref:
        """The name of a `named_object`."""
        return Ref(f"{route.key}-{suffix}")

    def _dns(self, spec: Manifest) -> dict[str, Any]:
        """What external-dns reads of an Ingress: the settings of its hosts."""
        found: dict[str, Any] = {}
        for rule in spec.get("rules", ()):
            if host := self.hosts.get(rule.get("host", "")):
                found |= host.dns
        return found

    def ingress(
        self,
        suffix: str,
        namespace: Any,
        annotations: Mapping[str, pulumi.Input[str]],
        spec: Manifest,
        after: Sequence[str],
        ready: Sequence[Any] = (),
    ) -> ObjectSpec:
        """An Ingress of the gateway's class, which the deployment waits for."""
        key = suffix or "ingress"
        manifest = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": self.metadata(suffix, namespace, {**annotations, **self._dns(spec), **self.wait.annotations()}),
            "spec": {"ingressClassName": self.class_name, **spec},
        }
        name, wait = f"{self.name}-{key}", self.wait
        options = Options(timeout=wait.timeout, hooks=lambda _parent: on_timeout(name, wait.controller, wait.timeout))
        return ObjectSpec(key, manifest, after, options, ready)


def chained(objects: Sequence[ObjectSpec]) -> list[ObjectSpec]:
    """The objects, each after the one before it, so that the last one comes after all of them."""
    return [
        described if at == 0 else replace(described, after=(objects[at - 1].key,))
        for at, described in enumerate(objects)
    ]
