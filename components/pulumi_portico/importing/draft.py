"""A draft of a stack: what the documents of another tool mean, as far as a stack has a place for it.

The arguments of a draft can still have the names and forms of the other tool. The checks of a stack report and convert
those, as for a stack that somebody has written.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..namespace_rules import created_namespace
from ..untyped import Manifest, Unchecked

__all__ = ["Draft", "connect", "mentions"]


@dataclass
class Draft:
    """A draft of a stack."""

    namespace: Optional[str] = None
    pod_security: Optional[str] = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """What else the namespace has, such as labels."""
    config_maps: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    claims: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    services: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    gateways: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    load_balancers: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    notes: list[str] = field(default_factory=list[str])
    """What the author must decide, or add."""
    kept: list[Manifest] = field(default_factory=list[Manifest])
    """The manifests that the stack has no place for."""

    def note(self, text: str) -> None:
        """Add a note once."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of the stack, by key."""
        found: dict[str, Any] = {
            "namespace": self._namespace(),
            "podSecurity": self.pod_security,
            "configMaps": self.config_maps,
            "secrets": self.secrets,
            "claims": self.claims,
            "services": self.services,
            "jobs": self.jobs,
            "gateways": {name: _filled(gateway) for name, gateway in self.gateways.items()},
            "loadBalancers": self.load_balancers,
        }
        return {key: value for key, value in found.items() if value}

    @property
    def namespace_name(self) -> Optional[str]:
        """The name of the namespace."""
        return self.namespace or next(iter((*self.services, *self.jobs)), None)

    def _namespace(self) -> Any:
        """The namespace: a name, or a mapping if it has settings or exists in every cluster."""
        name = self.namespace_name
        if name is not None and created_namespace(name) is not None:
            return {"name": name, "existing": True}
        return {"name": name, **self.settings} if self.settings else name


def _filled(fields: Unchecked) -> Unchecked:
    return {key: item for key, item in fields.items() if item not in ({}, [])}


def connect(draft: Draft, texts: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Allow the connections between services that mention each other.

    `texts` has the texts of each service, each after the name of the variable that has it.
    """
    for name, of_service in texts.items():
        for other, service in draft.services.items():
            if other != name and service.get("ports") != {} and any(_leads_to(*text, other) for text in of_service):
                _add(draft.services.get(name) or draft.jobs[name], "allowTo", {"service": other})
                _add(service, "allowFrom", {"service": name})


_HOSTS = re.compile("HOST|ADDR|SERVER|UR[IL]|ENDPOINT|SERVICE|SVC|BROKER|PEER|UPSTREAM|BACKEND|DSN", re.IGNORECASE)
"""The names of variables whose whole text can be a host name."""


def _leads_to(variable: str, text: str, host: str) -> bool:
    is_host = not variable or text != host or _HOSTS.search(variable)
    return bool(is_host) and mentions(text, host)


def _add(service: dict[str, Any], field_name: str, peer: Unchecked) -> None:
    peers = service.setdefault(field_name, [])
    if peer not in peers:
        peers.append(peer)


def mentions(text: str, host: str) -> bool:
    """Whether a text, such as a URL, has the host name of a Service."""
    start = text.find(host)
    while start >= 0:
        end = start + len(host)
        before, after = text[start - 1 : start], text[end : end + 1]
        if before in _BEFORE and (after in ("", "/", ":", ",", " ", ";", '"') or text[end:].startswith(_BELOW)):
            return True
        start = text.find(host, end)
    return False


_BEFORE = ("", "/", "@", "=", ",", " ", '"', "(")
_BELOW = (".svc", ".default", ".$", ".")
