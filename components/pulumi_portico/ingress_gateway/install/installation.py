"""How a controller that a gateway installs runs."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Optional

import pulumi

from ..._typing import NotRequired, TypedDict
from ...args.names import annotation_key, dns_label
from ...args.problems import Remove
from ...args.values import cidr, image_reference, some, whole_number
from ...checks import Field, Rules
from ...errors import Problems, Refusal
from ...networking.network_policies import Peer, check_peers
from ...workload.autoscaling import RULES as AUTOSCALING_RULES
from ...workload.autoscaling import Autoscaling, check_autoscaling
from ...workload.availability import RULES as AVAILABILITY_RULES
from ...workload.availability import DisruptionBudget, check_disruption_budget
from ...workload.placement import RULES as PLACEMENT_RULES
from ...workload.placement import Placement, check_placement
from ...workload.resources import RULES as RESOURCES_RULES
from ...workload.resources import Limits, Resources
from ..controller_module import Controller
from ..texts import pem_certificate, pem_private_key

__all__ = [
    "RULES",
    "AdmissionWebhook",
    "ControllerKind",
    "Installation",
    "check_installation",
    "drain_of",
    "loosened",
    "shutdown_of",
]

_DRAIN = 30
_SHUTDOWN = 240


class ControllerKind(str, Enum):
    """What makes the controller's pods."""

    DEPLOYMENT = "Deployment"
    """A number of pods, wherever there is room."""

    DAEMON_SET = "DaemonSet"
    """One pod on each node."""


class AdmissionWebhook(TypedDict):
    """Have the API server ask ingress-nginx about each Ingress before it takes it. Whoever reaches it can have nginx
    read what they send (CVE-2025-1974), so nobody but the API server may."""

    api_server_sources: Sequence[pulumi.Input[str]]
    """The API server's addresses, in CIDR notation. Its length is plain."""

    certificate: pulumi.Input[str]
    """The webhook's certificate in PEM, for NAME-admission.NAMESPACE.svc, NAME being the gateway's."""

    key: pulumi.Input[str]
    """Its private key in PEM. Kept secret."""

    ca_certificate: pulumi.Input[str]
    """The certificate in PEM of who issued it."""


class Installation(TypedDict):
    """How the controller runs."""

    kind: NotRequired[ControllerKind]
    """What makes its pods. Plain. Default: Deployment."""

    replicas: NotRequired[pulumi.Input[int]]
    """How many pods (1 or more) a Deployment has. This or `autoscaling`. Default: 2."""

    autoscaling: NotRequired[Autoscaling]
    """How the number of pods follows the load."""

    resources: NotRequired[Resources]
    """What each pod is given. Default: a quarter of a core, 512 MiB of memory, 2048 MiB of disk for bodies that are
    collected."""

    image: NotRequired[pulumi.Input[str]]
    """Another image of the controller, from a mirror for example. Default: docker.io/nginx/nginx-ingress:5.5.4;
    registry.k8s.io/ingress-nginx/controller:v1.15.1 by its digest."""

    placement: NotRequired[Placement]
    """Which nodes the pods run on. Default: spread over zones and nodes, where there is room."""

    disruption_budget: NotRequired[DisruptionBudget]
    """How many pods may be moved away at a time. Default: 1. A DaemonSet has none."""

    drain: NotRequired[int]
    """Seconds (0 to 3600) that a pod goes on taking connections after it was told to stop: as long as the load balancer
    in front takes to hear of it, which derives its own delay from this. Plain. Default: 30."""

    shutdown: NotRequired[int]
    """Seconds (1 to 3600) that requests under way have to end after that; WebSockets are cut then. So they are after
    each change of the routes or, on F5 NGINX Ingress Controller, of a target's pods, as nginx goes on in new processes
    then. Plain. Default: 240, as ingress-nginx has it. Maps to nginx's `worker_shutdown_timeout`."""

    served_namespaces: NotRequired[Sequence[str]]
    """The namespaces whose routes it keeps, beside its own; it can read the Secrets of no others. ingress-nginx can be
    told of its own alone, by an empty list. Plain. Default: all."""

    default_class: NotRequired[bool]
    """Whether its class is that of Ingresses that name none. Plain. Default: false."""

    metrics: NotRequired[bool]
    """Whether it serves metrics for Prometheus, by the Service NAME-metrics. Plain. Default: true."""

    metrics_from: NotRequired[Sequence[Peer]]
    """Who may read the metrics. Its length is plain. Default: nobody."""

    admission_webhook: NotRequired[AdmissionWebhook]
    """Have the API server ask ingress-nginx about each Ingress. Default: not."""

    pod_annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the pods. Keys are plain. Default: none."""


def _narrow(value: str) -> Optional[Refusal]:
    if refusal := cidr(value):
        return refusal
    if value.endswith("/0"):
        return Refusal("is everybody, who could then have nginx read what they send", "the API server's own addresses")
    return None


RULES: Rules = {
    **AUTOSCALING_RULES,
    **AVAILABILITY_RULES,
    **PLACEMENT_RULES,
    **RESOURCES_RULES,
    Installation: {
        "replicas": Field(whole_number(1, what="a number of pods")),
        "image": Field(image_reference),
        "drain": Field(whole_number(0, 3600, "a number of seconds")),
        "shutdown": Field(whole_number(1, 3600, "a number of seconds")),
        "served_namespaces": Field(items=dns_label),
        "pod_annotations": Field(keys=annotation_key),
    },
    AdmissionWebhook: {
        "api_server_sources": Field(some("the addresses of the API server"), items=_narrow),
        "certificate": Field(pem_certificate),
        "key": Field(pem_private_key, secret=True),
        "ca_certificate": Field(pem_certificate),
    },
}
"""What the fields must satisfy beyond their types."""


def drain_of(installation: Mapping[str, Any]) -> int:
    """Seconds that a pod goes on taking connections after it was told to stop."""
    return installation.get("drain", _DRAIN)


def shutdown_of(installation: Mapping[str, Any]) -> int:
    """Seconds that requests under way have to end after that."""
    return installation.get("shutdown", _SHUTDOWN)


def check_installation(
    installation: Mapping[str, Any], controller: str, problems: Problems, path: str, spelling: Callable[[str], str]
) -> None:
    """Note what does not go together, or not on this controller."""
    for field, check_spec in (
        ("autoscaling", check_autoscaling),
        ("disruption_budget", check_disruption_budget),
        ("placement", check_placement),
    ):
        if field in installation:
            problems.run(check_spec, installation[field])
    if "autoscaling" in installation and "replicas" in installation:
        replicas = installation["autoscaling"].at.parent / "replicas"
        problems.report_exclusive(replicas, "autoscaling", fix=Remove(replicas))
    check_peers(installation.get("metrics_from") or (), problems)
    if installation.get("kind") == ControllerKind.DAEMON_SET.value:
        for field in (it for it in ("replicas", "autoscaling", "disruption_budget") if it in installation):
            refusal = Refusal(
                "is nothing that a DaemonSet has: its nodes decide", "beside a Deployment", "leave it out"
            )
            problems.note(f"{path}.{spelling(field)}", refusal)
    if installation.get("metrics_from") and not installation.get("metrics", True):
        refusal = Refusal("may read metrics, and there are none", "beside metrics", "leave it out")
        problems.note(f"{path}.{spelling('metrics_from')}", refusal)
    _check_by_controller(installation, controller, problems, path, spelling)


def _check_by_controller(
    installation: Mapping[str, Any], controller: str, problems: Problems, path: str, spelling: Callable[[str], str]
) -> None:
    served: Sequence[str] = installation.get("served_namespaces", [])
    for at, namespace in enumerate(served):
        if namespace in served[:at]:
            refusal = Refusal("is named twice", "each namespace once", "leave one of them out")
            problems.add(f"{path}.{spelling('served_namespaces')}[{at}]", namespace, refusal)
    if controller != Controller.INGRESS_NGINX.value:
        if "admission_webhook" in installation:
            refusal = Refusal("is ingress-nginx's, and F5 NGINX Ingress Controller has none", "on ingress-nginx")
            problems.note(f"{path}.{spelling('admission_webhook')}", refusal)
        return
    if installation.get("served_namespaces"):
        refusal = Refusal(
            "names others, and ingress-nginx keeps the routes of all namespaces, or of one alone, where its "
            "certificates are too",
            "an empty list, for its own namespace",
            "use f5-nginx, or leave it out",
        )
        problems.note(f"{path}.{spelling('served_namespaces')}", refusal)


def loosened(installation: Mapping[str, Any], path: str) -> dict[str, str]:
    """What is looser than the secure default, by the argument that says so."""
    found: dict[str, str] = {}
    if "admission_webhook" in installation:
        found[f"{path}.admission_webhook"] = "the API server sends every Ingress to the controller"
    if installation.get("resources", {}).get("limits") == Limits.NONE.value:
        found[f"{path}.resources.limits"] = "the controller may take all that its node has"
    return found
