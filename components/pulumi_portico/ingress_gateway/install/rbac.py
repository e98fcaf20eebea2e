"""What a controller is allowed to do in the cluster: exactly what it needs, verb by verb.

Each controller's rights are on its installer. tests/cluster/test_gateway_rbac.py names the line of the controller's
source that needs each of them, and proves them on an API server.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...untyped import Manifest

__all__ = ["READ", "WATCH", "Rights", "RightsInput", "leader_election", "rule"]

WATCH = ("list", "watch")
"""What a controller needs to keep a list up to date."""

READ = ("get", *WATCH)


@dataclass(frozen=True)
class RightsInput:
    """What a controller's rights follow from."""

    lease: str
    """The Lease by which its pods elect a leader."""
    class_name: str
    custom_resources: bool = False
    """Whether it reads its own custom resources."""


@dataclass(frozen=True)
class Rights:
    """The RBAC rules of a controller."""

    own: Sequence[Manifest]
    """In its own namespace, in addition to `served`: its own namespace is always one of those that it serves."""
    served: Sequence[Manifest]
    """In each namespace whose routes it serves."""
    cluster: Sequence[Manifest]
    """For objects without a namespace."""
    named: Sequence[Manifest] = ()
    """In each namespace that it serves, if its arguments name them: it then checks at start that they exist."""


def rule(group: str, resources: Sequence[str], verbs: Sequence[str], names: Sequence[str] = ()) -> dict[str, Any]:
    """A rule of a Role or ClusterRole."""
    named = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], "resources": list(resources), **named, "verbs": list(verbs)}


def leader_election(lease: str) -> Sequence[Manifest]:
    """The rules for electing a leader by a Lease."""
    return (
        rule("coordination.k8s.io", ["leases"], ["get", "update"], [lease]),
        # A rule can't name an object that doesn't exist yet.
        rule("coordination.k8s.io", ["leases"], ["create"]),
    )
