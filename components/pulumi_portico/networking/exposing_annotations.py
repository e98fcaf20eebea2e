"""Annotations by which other programs of the cluster lead clients to pods: data.

Sources: tailscale/tailscale, cmd/k8s-operator/svc.go; "Container-native load balancing through standalone zonal NEGs"
of Google Kubernetes Engine; cilium/cilium, pkg/annotation/k8s.go; the Multus CNI "Quickstart Guide", and "Set up
multi-network support for Pods" of Google Kubernetes Engine.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Key, Location

__all__ = ["exceptions_of_pod_networks", "exceptions_of_service_annotations", "is_true"]

EXPOSES_SERVICE = exception_kind(
    "service-exposed-by-annotation",
    "With this annotation, {clients} can connect, as far as the pods' NetworkPolicy allows the addresses that their "
    "connections come from.",
)
FURTHER_NETWORKS = exception_kind(
    "pods-in-further-networks",
    "The pods can join further networks, and the NetworkPolicy doesn't apply there.",
)


def is_true(value: str) -> bool:
    """What the programs that read these annotations take for true (Go's strconv.ParseBool)."""
    return value.lower() in ("true", "t", "1")


_OTHER_CLUSTERS = ("pods of the cluster mesh's other clusters", is_true)
_OF_SERVICES: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "tailscale.com/expose": ("devices of the Tailscale network", is_true),
    "cloud.google.com/neg": (
        "load balancers that use the Service's network endpoint group",
        lambda value: "exposed_ports" in value,
    ),
    "service.cilium.io/global": _OTHER_CLUSTERS,
    "io.cilium/global-service": _OTHER_CLUSTERS,
}
"""Those of Services: the clients, and whether a value has the effect."""

_OF_NETWORKS = (
    "k8s.v1.cni.cncf.io/networks",
    "v1.multus-cni.io/default-network",
    "networking.gke.io/interfaces",
    "networking.gke.io/default-interface",
)
"""Those of pods with the networks that they join."""


def exceptions_of_service_annotations(annotations: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    """The clients that the annotations of a Service admit. A value that isn't known yet can admit them."""
    for key, value in annotations.items():
        clients, matches = _OF_SERVICES.get(key, ("", _never))
        if clients and (not isinstance(value, str) or matches(value)):
            yield SecurityException(EXPOSES_SERVICE, at / Key(key), {"clients": clients})


def _never(_value: str) -> bool:
    return False


def exceptions_of_pod_networks(annotations: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    """The networks that pods join by annotations, which no NetworkPolicy restricts. Null removes an annotation."""
    for key in _OF_NETWORKS:
        if annotations.get(key) is not None:
            yield SecurityException(FURTHER_NETWORKS, at / Key(key))
