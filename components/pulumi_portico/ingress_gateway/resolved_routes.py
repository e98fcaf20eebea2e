"""Routes and hosts, resolved: what requests are compared with, and every default that depends on another value."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Optional

import pulumi

from ..args.location import ROOT, Location
from ..networking.target import TargetSpec
from ..untyped import Manifest
from .matching import RouteTable, comparable
from .route_settings import BackendProtocol
from .routes import PathType, RouteSpec

__all__ = [
    "EVERY_HOST",
    "ResolvedHost",
    "ResolvedListener",
    "ResolvedRoute",
    "fallback_route",
    "resolve_route",
    "slug_of",
    "table_of",
]

EVERY_HOST = "*"
"""How lists of hosts and routes name routes without a host."""

_ANY_HOST = "any-host"
_SLUG_LENGTH = 40


@dataclass(frozen=True)
class ResolvedRoute:
    """A route, by what it matches."""

    host: str
    """Empty for every host."""
    path: str
    """As requests are compared with it: a prefix has no slash at its end."""
    path_type: PathType
    spec: RouteSpec
    """Its settings."""
    at: Location
    """Where it is in the arguments."""
    is_fallback: bool = False
    """Whether it's the default backend, as a route."""

    @property
    def exact(self) -> bool:
        """Whether it matches only its path itself."""
        return self.path_type is PathType.EXACT

    @property
    def is_root(self) -> bool:
        """Whether it matches every path of its host."""
        return self.path == "/" and not self.exact

    @cached_property
    def key(self) -> str:
        """What identifies it: what it matches, never its position."""
        mark = "=" if self.exact else ""
        return slug_of(f"{self.host}{mark}{self.path}", self.host or _ANY_HOST, self.path)

    @property
    def text(self) -> str:
        """The route in one line, as the `routes` output lists it."""
        return f"{self.host or EVERY_HOST} {self.path_type.value} {self.path}"

    @property
    def target(self) -> Optional[TargetSpec]:
        """Where requests go; None if it redirects."""
        return self.spec.target

    @property
    def redirects(self) -> bool:
        """Whether it redirects clients instead of sending requests on."""
        return self.spec.redirect is not None

    @property
    def namespace(self) -> Any:
        """The target's namespace; None if it redirects."""
        return None if self.spec.target is None else self.spec.target.namespace

    @property
    def protocol(self) -> BackendProtocol:
        """The protocol that the target speaks."""
        return self.spec.protocol or BackendProtocol.HTTP

    @property
    def rewrite(self) -> Optional[str]:
        """What replaces the path, without a slash at the end of a prefix; empty for nothing, None for no change."""
        rewrite = self.spec.rewrite
        return rewrite if rewrite is None or self.exact else rewrite.rstrip("/")

    @property
    def accepts_websockets(self) -> bool:
        """Whether a connection can become a WebSocket."""
        return not self.protocol.is_grpc and self.spec.websocket is not False


@dataclass(frozen=True)
class ResolvedHost:
    """A host of a component's routes: what holds for all of them."""

    host: str
    secret: Any = None
    """The name of the Secret with its certificate; None if there is none."""
    tls_terminated_upstream: bool = False
    """Whether a load balancer in front of the gateway terminates TLS."""
    redirect: bool = False
    """Whether requests without TLS are redirected to the same URL with TLS."""
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """What makes cert-manager issue the certificate of the Ingress that has these annotations."""
    issuer: Optional[Manifest] = None
    """The cert-manager issuer of the certificate, as a Certificate refers to it; None if there is none."""
    certificate: Manifest = field(default_factory=dict[str, Any])
    """What else the cert-manager Certificate has."""
    dns: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """What external-dns reads of every Ingress of the host."""
    tls_at: Location = ROOT
    """Where the entry of its certificate is; the root if it has none."""
    app_root: Optional[str] = None

    @property
    def tls(self) -> bool:
        """Whether clients reach it with TLS."""
        return self.secret is not None or self.tls_terminated_upstream

    @cached_property
    def key(self) -> str:
        """What identifies it."""
        return slug_of(self.host, self.host or _ANY_HOST)

    @property
    def object_key(self) -> str:
        """What identifies the host's own Ingress in the list of objects."""
        return f"host-{self.key}"


@dataclass(frozen=True)
class ResolvedListener:
    """A certificate that a gateway has: of a host, or of all hosts below a wildcard that have none of their own."""

    hostname: str
    secret: Any
    """The name of the Secret."""
    is_own: bool
    """Whether the component adds it; another one has it otherwise."""
    at: Location = ROOT
    """Where the entry of the certificate is."""
    issuer: Optional[Manifest] = None
    """The cert-manager issuer, as a Certificate refers to it; None if there is none."""
    certificate: Manifest = field(default_factory=dict[str, Any])
    """What else the cert-manager Certificate has."""

    @cached_property
    def key(self) -> str:
        """What identifies it."""
        return slug_of(self.hostname, self.hostname)


def resolve_route(route: RouteSpec) -> ResolvedRoute:
    """The resolved route. It's computed once for each parsed route. Raises `Unavailable` if its host or path is
    invalid."""
    try:
        return route.resolution
    except AttributeError:
        resolved = _resolve(route)
        object.__setattr__(route, "resolution", resolved)
        return resolved


def _resolve(route: RouteSpec) -> ResolvedRoute:
    host, path = comparable(route.host, route.path, route.path_type)
    return ResolvedRoute(host, path, route.path_type, route, route.at)


def fallback_route(host: str, backend: TargetSpec) -> ResolvedRoute:
    """The default backend of a gateway, as a route of one of its hosts."""
    route = RouteSpec(target=backend, host=host or None, at=backend.at)
    return ResolvedRoute(host, "/", PathType.PREFIX, route, backend.at, is_fallback=True)


def table_of(routes: Iterable[ResolvedRoute], *, multi_label_wildcards: bool = False) -> RouteTable[ResolvedRoute]:
    """The routes by what they match, to find the one that receives a request."""
    table: RouteTable[ResolvedRoute] = RouteTable(multi_label_wildcards=multi_label_wildcards)
    for route in routes:
        table.add(route.host, route.path, route.path_type, route)
    return table


def slug_of(identity: str, *readable: str) -> str:
    """A readable name that no other identity has."""
    words = re.sub(r"[^a-z0-9]+", "-", "-".join(readable).lower().replace("*", "any")).strip("-")
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return f"{words[:_SLUG_LENGTH].strip('-')}-{digest}".lstrip("-")
