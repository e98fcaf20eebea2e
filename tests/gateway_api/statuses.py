"""The statuses that Envoy Gateway writes. In file mode, it writes them to its log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_STATUS = re.compile(r'Got new status for (\w+)\n(.*?)\n\t\{[^\n]*"key": "([^"]+)"\}', re.S)
_REJECTED = re.compile(r"Envoy rejected the last update for type \S*\.(\w+) .*? and message (.*?); the proxy")
_MUST_BE_TRUE = ("Accepted", "ResolvedRefs", "Programmed")
_MUST_NOT_BE_TRUE = ("Conflicted", "PartiallyInvalid", "Overridden", "Warning")
_REPORTED = (
    *("Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "Backend", "BackendTLSPolicy"),
    *("ClientTrafficPolicy", "BackendTrafficPolicy", "SecurityPolicy", "EnvoyExtensionPolicy", "EnvoyPatchPolicy"),
)


@dataclass(frozen=True)
class Statuses:
    """The last status of each object, by kind and `namespace/name`."""

    by_object: Mapping[tuple[str, str], Mapping[str, Any]]

    def problems(self, manifests: Sequence[Mapping[str, Any]] = ()) -> list[str]:
        """What isn't accepted, resolved, and programmed, and which of these manifests have no status."""
        found = [
            f"{kind} {name}: {path}{condition['type']} is {condition['status']}: {condition['message']}"
            for (kind, name), status in self.by_object.items()
            for path, condition in _conditions(status)
            if _is_problem(kind, path, condition)
        ]
        for manifest in manifests:
            metadata = manifest["metadata"]
            key = manifest["kind"], f"{metadata.get('namespace', 'default')}/{metadata['name']}"
            if manifest["kind"] in _REPORTED and not self.by_object.get(key):
                found.append(f"{key[0]} {key[1]} has no status")
        return found

    def conditions(self, kind: str, name: str) -> dict[str, str]:
        """The reason of each condition of an object, by type; the last parent's, if it has several."""
        status = self.by_object.get((kind, name), {})
        return {condition["type"]: condition["reason"] for _path, condition in _conditions(status)}


def read_statuses(log: str) -> Statuses:
    """Read the statuses in the log, of which a later one replaces an earlier one."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for kind, text, name in _STATUS.findall(log):
        found[kind, name] = yaml.safe_load(text) or {}
    return Statuses(found)


def read_rejections(log: str) -> list[str]:
    """What Envoy didn't accept from Envoy Gateway, which no status shows."""
    return [f"Envoy rejects the {kind}: {message}" for kind, message in dict.fromkeys(_REJECTED.findall(log))]


def _conditions(status: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each condition, however deep it is, and the part of the object that it's about."""
    for condition in status.get("conditions") or ():
        yield path, condition
    for key in ("parents", "ancestors", "listeners"):
        for part in status.get(key) or ():
            reference = part.get("parentRef") or part.get("ancestorRef") or part
            section = f"/{reference['sectionName']}" if "sectionName" in reference else ""
            yield from _conditions(part, f"{path}{reference.get('name', '')}{section}: ")


def _is_problem(kind: str, path: str, condition: Mapping[str, str]) -> bool:
    if (kind, path, condition["reason"]) == ("Gateway", "", "AddressNotAssigned"):
        return False  # No Service of type LoadBalancer exists in file mode.
    if condition["type"] in _MUST_BE_TRUE:
        return condition["status"] != "True"
    return condition["type"] in _MUST_NOT_BE_TRUE and condition["status"] == "True"
