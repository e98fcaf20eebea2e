"""What a controller may do in the cluster: exactly what it asks for, verb by verb.

Read at F5 NGINX Ingress Controller 5.5.4 and ingress-nginx 1.15.1; tests/cluster/test_gateway_rbac.py names the line
that each of them comes from, and proves them on an API server. Left out of the charts' rules: writing Services and
reading who owns a pod (F5's zone sync, NGINX Plus alone), Nodes and IngressClasses as a list (F5's telemetry, which is
off), F5's GlobalConfiguration (of no use without its argument), and reading one object where a list is kept up to date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..controller_module import Controller

__all__ = ["Rights", "rights_of"]

_KEEP = ("list", "watch")
"""What it takes to have a list that is kept up to date."""
_READ = ("get", *_KEEP)
_CUSTOM = ("virtualservers", "virtualserverroutes", "transportservers", "policies")


@dataclass(frozen=True)
class Rights:
    """What a controller may do."""

    own: tuple[Mapping[str, Any], ...]
    """In its own namespace, beside what it may do in each that it serves: that is always one of them."""
    served: tuple[Mapping[str, Any], ...]
    """In each namespace whose routes it keeps."""
    cluster: tuple[Mapping[str, Any], ...]
    """With what is in no namespace."""


def rights_of(controller: str, lease: str, class_name: str, *, custom: bool, named: bool) -> Rights:
    """The rights of a controller that elects a leader by ``lease``; ``custom`` says whether it reads its own resources,
    ``named`` whether the namespaces that it serves are named to it: it then looks at start whether they are there."""
    namespaces = (_rule("", ["namespaces"], ["get"]),) if named else ()
    if controller == Controller.F5_NGINX.value:
        return Rights(_f5_own(lease), (*_f5_served(custom=custom), *namespaces), _f5_cluster(class_name))
    return Rights(_in_own(lease), (*_in_served(), *namespaces), _in_cluster())


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
        _rule("", ["configmaps"], _READ),
        # It writes its version into the labels of its own pod.
        _rule("", ["pods"], ["get", "update"]),
        *_leader(lease),
    )


def _f5_served(*, custom: bool) -> tuple[dict[str, Any], ...]:
    rules = [
        _rule("", ["pods", "secrets", "services"], _KEEP),
        _rule("discovery.k8s.io", ["endpointslices"], _KEEP),
        _rule("networking.k8s.io", ["ingresses"], _READ),
        _rule("networking.k8s.io", ["ingresses/status"], ["update"]),
        # A new leader reads from the events of its own resources what state they were in.
        _rule("", ["events"], ["create", "patch", *(["list"] if custom else [])]),
    ]
    if custom:
        rules.append(_rule("k8s.nginx.org", _CUSTOM, _READ))
        rules.append(_rule("k8s.nginx.org", [f"{it}/status" for it in _CUSTOM], ["update"]))
    return tuple(rules)


def _f5_cluster(class_name: str) -> tuple[dict[str, Any], ...]:
    return (_rule("networking.k8s.io", ["ingressclasses"], ["get"], [class_name]),)


def _in_own(lease: str) -> tuple[dict[str, Any], ...]:
    return (
        _rule("", ["configmaps", "services"], ["get"]),
        _rule("", ["pods"], ["get", "list"]),
        *_leader(lease),
    )


def _in_served() -> tuple[dict[str, Any], ...]:
    return (
        _rule("", ["configmaps", "secrets", "services"], _KEEP),
        _rule("discovery.k8s.io", ["endpointslices"], _KEEP),
        _rule("networking.k8s.io", ["ingresses"], _READ),
        _rule("networking.k8s.io", ["ingresses/status"], ["update"]),
        _rule("", ["events"], ["create", "patch"]),
    )


def _in_cluster() -> tuple[dict[str, Any], ...]:
    return (
        _rule("networking.k8s.io", ["ingressclasses"], _KEEP),
        # The zone of its own node.
        _rule("", ["nodes"], ["get"]),
    )
