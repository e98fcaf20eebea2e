"""What a controller's compiler is given, and what it answers."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Optional

from .matching import host_of, path_of, path_type_of
from .routes import PathType

__all__ = ["Compilation", "Described", "Entry", "HostEntry", "entry_of", "slug_of"]

ANY_HOST = "any-host"
_SLUG_LENGTH = 40


@dataclass(frozen=True)
class Entry:
    """A checked route, by what it matches."""

    host: str
    """Empty for every host."""
    path: str
    """As requests are compared with it: a prefix without a slash at its end."""
    path_type: str
    args: Mapping[str, Any]
    """The checked `Route`."""
    where: str = ""
    """Where it stands in the arguments."""

    @property
    def exact(self) -> bool:
        """Whether it takes its very path alone."""
        return self.path_type == PathType.EXACT.value

    @cached_property
    def key(self) -> str:
        """What it is called by: by what it matches, never by where it stands."""
        mark = "=" if self.exact else ""
        return slug_of(f"{self.host}{mark}{self.path}", self.host or ANY_HOST, self.path)

    @property
    def target(self) -> Mapping[str, Any]:
        """Where requests go; empty where it redirects."""
        return self.args.get("target", {})

    @property
    def namespace(self) -> Any:
        """The target's namespace; None where it redirects."""
        return self.target.get("namespace")

    @property
    def rewrite(self) -> Optional[str]:
        """What takes the place of the path, without a slash at its end; empty for nothing, None for no change."""
        given = self.args.get("rewrite")
        return None if given is None else str(given).rstrip("/") if not self.exact else str(given)

    def of(self, group: str) -> Mapping[str, Any]:
        """The settings of a group; empty where there are none."""
        return self.args.get(group, {})

    def backend(self) -> dict[str, Any]:
        """The target, as an Ingress names it."""
        port = {"name": self.target["port_name"]} if "port_name" in self.target else {"number": self.target["port"]}
        return {"service": {"name": self.target["service"], "port": port}}


@dataclass(frozen=True)
class HostEntry:
    """A host that this compilation makes the Ingress of: what holds for all of its routes."""

    host: str
    secret: Any = None
    """The name of the Secret with its certificate; None where there is none."""
    ends_before: bool = False
    """Whether TLS ends before the gateway."""
    redirect: bool = False
    """Whether requests without TLS are sent to the same address with it."""
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What tells cert-manager to issue the certificate."""
    app_root: Optional[str] = None

    @property
    def tls(self) -> bool:
        """Whether clients reach it with TLS."""
        return self.secret is not None or self.ends_before

    @cached_property
    def key(self) -> str:
        """What it is called by."""
        return slug_of(self.host, self.host or ANY_HOST)


@dataclass(frozen=True)
class Compilation:
    """The routes that one component adds to a gateway."""

    name: str
    """The component's name, which all names begin with."""
    class_name: Any
    """The IngressClass."""
    namespace: Any
    """The gateway's namespace, where its certificates are."""
    routes: tuple[Entry, ...]
    hosts: Mapping[str, HostEntry]
    """Every host of the routes, by name."""
    own_hosts: frozenset[str]
    """Those of them that no other component has made already."""
    labels: Mapping[str, Any] = field(default_factory=dict[str, Any])
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of a generic class: the annotations of its Ingress."""
    default_backend: Optional[Entry] = None
    """Of a generic class: what answers where no route does."""
    named: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The names that objects were given, by what their resources' names end in."""
    taken: frozenset[tuple[str, str]] = frozenset()
    """The hosts and paths of the exact routes that other components have added."""

    @cached_property
    def redirected(self) -> frozenset[str]:
        """The hosts that have one route alone, which sends all of their requests elsewhere."""
        count = Counter(entry.host for entry in self.routes)
        return frozenset(it.host for it in self.routes if count[it.host] == 1 and "redirect" in it.args)

    def called(self, suffix: str) -> Any:
        """The name of an object: the one that it was given, where that is known."""
        return self.named.get(suffix, f"{self.name}-{suffix}")

    def metadata(self, suffix: str, namespace: Any, annotations: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
        """The metadata of an object."""
        metadata: dict[str, Any] = {"name": f"{self.name}-{suffix}" if suffix else self.name}
        if namespace is not None:
            metadata["namespace"] = namespace
        if self.labels:
            metadata["labels"] = dict(self.labels)
        if annotations:
            metadata["annotations"] = dict(annotations)
        return metadata

    def ingress(
        self, suffix: str, namespace: Any, annotations: Mapping[str, Any], spec: Mapping[str, Any]
    ) -> dict[str, Any]:
        """An Ingress of the gateway's class."""
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": self.metadata(suffix, namespace, annotations),
            "spec": {"ingressClassName": self.class_name, **spec},
        }


@dataclass(frozen=True)
class Described:
    """An object that a compiler asks for."""

    suffix: str
    """What its name ends in, apart from the component's own."""
    manifest: Mapping[str, Any]
    awaited: bool = False
    """Whether the controller answers it with an address."""
    host: Optional[str] = None
    """The host, if it is the Ingress of a whole host, which is created before those of the host's routes."""
    route: Optional[Entry] = None
    """The route that it belongs to; None if it belongs to a host or to all routes."""


def entry_of(route: Mapping[str, Any], where: str = "") -> Entry:
    """The entry of a checked route."""
    return Entry(host_of(route), path_of(route), path_type_of(route), route, where)


def slug_of(identity: str, *readable: str) -> str:
    """A name that can be read, and that no other identity has."""
    words = re.sub(r"[^a-z0-9]+", "-", "-".join(readable).lower().replace("*", "any")).strip("-")
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return f"{words[:_SLUG_LENGTH].strip('-')}-{digest}".lstrip("-")
