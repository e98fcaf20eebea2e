"""What a controller may do in the cluster: exactly what it needs.

Sources, read at F5 NGINX Ingress Controller 5.5.4 (cmd/nginx-ingress/main.go, internal/k8s) and ingress-nginx 1.15.1
(cmd/nginx/main.go, internal/ingress/controller/store/store.go, internal/ingress/status/status.go). Left out of the
charts' rules: writing Services (F5's zone sync alone), Nodes and workloads of other namespaces (F5's telemetry, which
is off).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..controller_module import Controller

__all__ = ["Rights", "rights_of"]

_READ = ("get", "list", "watch")
_CUSTOM = ("virtualservers", "virtualserverroutes", "transportservers", "policies")


@dataclass(frozen=True)
class Rights:
    """What a controller may do."""

    own: tuple[Mapping[str, Any], ...]
    """In its own namespace."""
    served: tuple[Mapping[str, Any], ...]
    """In each namespace whose routes it keeps."""
    cluster: tuple[Mapping[str, Any], ...]
    """With what is in no namespace."""


def rights_of(controller: str, lease: str, served: Sequence[str], class_name: str, *, custom: bool) -> Rights:
    """The rights of a controller that elects a leader by ``lease``; ``served`` are the namespaces that it is told of,
    none where it serves all; ``custom`` says whether it reads its own resources."""
    if controller == Controller.F5_NGINX.value:
        return Rights(_f5_own(lease), _f5_served(custom=custom), _f5_cluster(served))
    return Rights(_in_own(lease), _in_served(), _in_cluster(class_name))


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str], names: Sequence[str] = ()) -> dict[str, Any]:
    named = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], "resources": list(resources), **named, "verbs": list(verbs)}


def _leader(lease: str) -> tuple[dict[str, Any], ...]:
    return (
        _rule("coordination.k8s.io", ["leases"], ["get", "update"], [lease]),
        # A name that is yet to be made cannot be named in a rule.
        _rule("coordination.k8s.io", ["leases"], ["create"]),
    )


def _f5_own(lease: str) -> tuple[dict[str, Any], ...]:
    return (
        _rule("", ["configmaps", "services"], _READ),
        # It writes its version into the labels of its own pod, and reads who owns that.
        _rule("", ["pods"], [*_READ, "update"]),
        _rule("apps", ["replicasets", "daemonsets"], ["get"]),
        _rule("", ["events"], ["create", "patch"]),
        *_leader(lease),
    )


def _f5_served(*, custom: bool) -> tuple[dict[str, Any], ...]:
    rules = [
        _rule("", ["pods", "secrets", "services"], _READ),
        _rule("discovery.k8s.io", ["endpointslices"], _READ),
        _rule("networking.k8s.io", ["ingresses"], _READ),
        _rule("networking.k8s.io", ["ingresses/status"], ["update"]),
        _rule("", ["events"], ["create", "patch"]),
    ]
    if custom:
        rules.append(_rule("k8s.nginx.org", [*_CUSTOM, "globalconfigurations"], _READ))
        rules.append(_rule("k8s.nginx.org", [f"{it}/status" for it in _CUSTOM], ["update"]))
    return tuple(rules)


def _f5_cluster(served: Sequence[str]) -> tuple[dict[str, Any], ...]:
    classes = _rule("networking.k8s.io", ["ingressclasses"], ["get", "list"])
    # At start it looks whether each namespace that it is told of is there.
    return (classes, _rule("", ["namespaces"], ["get"], served)) if served else (classes,)


def _in_own(lease: str) -> tuple[dict[str, Any], ...]:
    return (
        _rule("", ["configmaps", "services"], _READ),
        _rule("", ["pods"], ["get", "list"]),
        _rule("", ["events"], ["create", "patch"]),
        *_leader(lease),
    )


def _in_served() -> tuple[dict[str, Any], ...]:
    return (
        _rule("", ["configmaps", "secrets", "services"], _READ),
        _rule("discovery.k8s.io", ["endpointslices"], _READ),
        _rule("networking.k8s.io", ["ingresses"], _READ),
        _rule("networking.k8s.io", ["ingresses/status"], ["update"]),
        _rule("", ["events"], ["create", "patch"]),
    )


def _in_cluster(_class_name: str) -> tuple[dict[str, Any], ...]:
    return (
        _rule("networking.k8s.io", ["ingressclasses"], _READ),
        _rule("", ["nodes"], ["get"]),
        _rule("", ["namespaces"], ["get"]),
    )
