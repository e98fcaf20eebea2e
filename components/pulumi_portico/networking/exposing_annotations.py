"""Annotations and labels by which other programs of the cluster lead clients to pods: data.

What has an object of its own in the cluster isn't here, such as ServiceExport (Submariner and other implementations of
the Multi-Cluster Services API), Cloudflare's tunnels, and ngrok's endpoints: Portico creates none. Neither is what
restricts, such as `networking.istio.io/exportTo`, whose default is every namespace, or what only publishes a name, such
as external-dns does.

Sources: tailscale/tailscale, cmd/k8s-operator/svc.go; "Container-native load balancing through standalone zonal NEGs"
of Google Kubernetes Engine; cilium/cilium, pkg/annotation/k8s.go; linkerd/website, "Multi-cluster communication", and
linkerd/linkerd2, multicluster/cmd/link.go; istio/istio, samples/ambient-multicluster and `serviceScopeConfigs` of the
mesh configuration; skupperproject/skupper 1.x, api/types (`ProxyQualifier`, whose presence counts);
hashicorp/consul-k8s, control-plane/catalog/to-consul/resource.go; cloudnativelabs/kube-router, docs/bgp.md;
netbirdio/kubernetes-operator, internal/controller/service_controller.go (presence counts);
Twingate/kubernetes-operator, app/handlers; Emissary's annotation of Services; jenkins-x/exposecontroller,
exposestrategy; the Multus CNI "Quickstart Guide", and "Set up multi-network support for Pods" of Google Kubernetes
Engine.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..args.codes import Code
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Key, Location

__all__ = [
    "OF_SERVICES",
    "exceptions_of_pod_networks",
    "exceptions_of_service_annotations",
    "exceptions_of_service_labels",
    "exceptions_of_workload_annotations",
    "is_true",
]

EXPOSES_SERVICE = exception_kind(
    "service-exposed-by-annotation",
    "With this annotation, {clients} can connect, as far as the pods' NetworkPolicy allows the addresses that their "
    "connections come from.",
)
EXPOSES_SERVICE_BY_LABEL = exception_kind(
    "service-exposed-by-label",
    "With this label, {clients} can connect, as far as the pods' NetworkPolicy allows the addresses that their "
    "connections come from.",
)
FURTHER_NETWORKS = exception_kind(
    "pods-in-further-networks",
    "The pods can join further networks, and the NetworkPolicy doesn't apply there.",
)

Exposing = Mapping[str, tuple[str, Callable[[str], bool]]]
"""Keys, each with the clients that it admits, and whether a value has the effect."""


def is_true(value: str) -> bool:
    """What the programs that read these annotations take for true (Go's strconv.ParseBool)."""
    return value.lower() in ("true", "t", "1")


def _is_word_true(value: str) -> bool:
    return value == "true"


def _any(_value: str) -> bool:
    return True


_OTHER_CLUSTERS = ("pods of the cluster mesh's other clusters", is_true)
_LINKED_CLUSTERS = "pods of the clusters that Linkerd links with this one"
_SKUPPER = ("clients at the other sites of the Skupper network", _any)
_TWINGATE = ("users of the Twingate network", _is_word_true)

OF_SERVICES: Exposing = {
    "tailscale.com/expose": ("devices of the Tailscale network", is_true),
    "cloud.google.com/neg": (
        "load balancers that use the Service's network endpoint group",
        lambda value: "exposed_ports" in value,
    ),
    "service.cilium.io/global": _OTHER_CLUSTERS,
    "io.cilium/global-service": _OTHER_CLUSTERS,
    "skupper.io/proxy": _SKUPPER,
    "consul.hashicorp.com/service-sync": ("programs that find it in Consul's catalog", is_true),
    "kube-router.io/service.advertise.clusterip": ("hosts of the networks that kube-router announces it to", is_true),
    "netbird.io/expose": ("devices of the NetBird network", _any),
    "resource.twingate.com": _TWINGATE,
    "twingate.com/resource": _TWINGATE,
    "getambassador.io/config": ("clients of Emissary, as its value says,", _any),
    "fabric8.io/expose": ("clients of what exposecontroller creates for it", is_true),
}
"""Annotations of Services."""

_LABELS_OF_SERVICES: Exposing = {
    # A link's selector decides which values count.
    "mirror.linkerd.io/exported": (_LINKED_CLUSTERS, lambda value: value != "false"),
    "mirror.linkerd.io/federated": (_LINKED_CLUSTERS, lambda value: value != "false"),
    "istio.io/global": ("pods of the mesh's other clusters", is_true),
    "expose": ("clients of what exposecontroller creates for it", _is_word_true),
}

_OF_WORKLOADS: Exposing = {"skupper.io/proxy": _SKUPPER}

_OF_NETWORKS = (
    "k8s.v1.cni.cncf.io/networks",
    "v1.multus-cni.io/default-network",
    "networking.gke.io/interfaces",
    "networking.gke.io/default-interface",
)
"""Those of pods with the networks that they join."""


def exceptions_of_service_annotations(annotations: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    """The clients that the annotations of a Service admit. A value that isn't known yet can admit them."""
    yield from _exceptions(OF_SERVICES, EXPOSES_SERVICE, annotations, at)


def exceptions_of_workload_annotations(annotations: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    """The clients that the annotations of a workload admit."""
    yield from _exceptions(_OF_WORKLOADS, EXPOSES_SERVICE, annotations, at)


def exceptions_of_service_labels(labels: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    """The clients that the labels of a Service admit."""
    yield from _exceptions(_LABELS_OF_SERVICES, EXPOSES_SERVICE_BY_LABEL, labels, at)


def _exceptions(known: Exposing, kind: Code, values: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    for key, value in values.items():
        if key in known:
            clients, matches = known[key]
            if not isinstance(value, str) or matches(value):
                yield SecurityException(kind, at / Key(key), {"clients": clients})


def exceptions_of_pod_networks(annotations: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    """The networks that pods join by annotations, which no NetworkPolicy restricts. Null removes an annotation."""
    for key in _OF_NETWORKS:
        if annotations.get(key) is not None:
            yield SecurityException(FURTHER_NETWORKS, at / Key(key))
