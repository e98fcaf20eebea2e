"""The Service of a `WebService`: one name for its pods, and how requests to it are spread."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import annotation_key
from ..args.shapes import mapped
from ..args.values import whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..networking.ports import ServicePort
from .kinds import WorkloadKind, kind_of

__all__ = [
    "RULES",
    "AddressFamily",
    "ServiceSettings",
    "TrafficPolicy",
    "build_service",
    "check_service",
    "is_headless",
]


class TrafficPolicy(str, Enum):
    """Which of the pods a request from inside the cluster may go to."""

    CLUSTER = "Cluster"
    """Any that is ready."""

    LOCAL = "Local"
    """Only one on the node that the request comes from; where there is none, the request fails."""


class AddressFamily(str, Enum):
    """Which addresses the Service has."""

    SINGLE = "SingleStack"
    """One, of the cluster's first family."""

    PREFER_DUAL = "PreferDualStack"
    """IPv4 and IPv6 where the cluster has both, else one."""

    REQUIRE_DUAL = "RequireDualStack"
    """IPv4 and IPv6; refused by a cluster that has not both."""


class ServiceSettings(TypedDict):
    """How the Service offers its pods to the rest of the cluster."""

    headless: NotRequired[bool]
    """Whether the Service's name leads to the pods themselves instead of to one address in front of them: for clients
    that choose a pod, such as gRPC's. Plain: turning it replaces the Service. Default: false, but true for a
    StatefulSet, whose pods have names of their own by it. Maps to `clusterIP: None`."""

    publish_not_ready: NotRequired[bool]
    """Whether the name leads to pods that are not ready too, for those that must find each other to become ready.
    Plain. Default: false. Maps to `publishNotReadyAddresses`."""

    session_affinity: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 86400) that one client's requests go to the same pod, by its address. Default: no affinity. Maps
    to `sessionAffinity: ClientIP` and its timeout."""

    traffic_policy: NotRequired[TrafficPolicy]
    """Which pods a request from inside the cluster may go to. Plain. Default: Cluster. Maps to
    `internalTrafficPolicy`."""

    address_family: NotRequired[AddressFamily]
    """Which addresses the Service has. Plain. Default: SingleStack. Maps to `ipFamilyPolicy`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Service. Keys are plain. Default: none."""


RULES: Rules = {
    ServiceSettings: {
        "session_affinity": Field(whole_number(1, 86400, "a number of seconds")),
        "annotations": Field(keys=annotation_key),
    }
}
"""What the fields must satisfy beyond their types."""


def is_headless(args: Mapping[str, Any]) -> bool:
    """Whether the Service has no address of its own."""
    default = kind_of(args) == WorkloadKind.STATEFUL_SET.value
    return bool(mapped(args.get("service")).get("headless", default))


def check_service(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    """Note what is told to a Service that is not there, or that has no address to do it with."""
    settings = mapped(args.get("service"))
    if "service" in args and args.get("ports") == {}:
        refusal = Refusal("is for a Service, and a worker without ports has none", "no service", "leave it out")
        problems.note(f"{prefix}service", refusal)
    if not is_headless(args):
        return
    fix = "leave it out, or set service.headless to false"
    for field in ("session_affinity", "traffic_policy"):
        if field in settings:
            refusal = Refusal("is kept by a Service's address, and a headless one has none", "no headless Service", fix)
            problems.note(f"{prefix}service.{spelling(field)}", refusal)
    _check_untranslated(args, problems, prefix, spelling, fix)


def _check_untranslated(
    args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str], fix: str
) -> None:
    named = mapped(args.get("ports"))
    for where, told in ((prefix, args), *((f"{prefix}ports.{name}.", mapped(it)) for name, it in named.items())):
        if "service_port" in told and told["service_port"] != told.get("port"):
            refusal = Refusal(
                "is another than the pods' own, and a headless Service leads to the pods themselves",
                f"{told.get('port')}, as port",
                fix,
            )
            problems.add(f"{where}{spelling('service_port')}", told["service_port"], refusal)


def build_service(
    metadata: Mapping[str, Any],
    selector: Mapping[str, str],
    ports: Mapping[str, ServicePort],
    settings: ServiceSettings,
    *,
    headless: bool,
) -> dict[str, Any]:
    """The Service that gives the pods one name, inside the cluster."""
    spec: dict[str, Any] = {"type": "ClusterIP", "selector": dict(selector), "ports": list(map(_port, ports.values()))}
    if headless:
        spec["clusterIP"] = "None"
    if settings.get("publish_not_ready", False):
        spec["publishNotReadyAddresses"] = True
    if "session_affinity" in settings:
        spec["sessionAffinity"] = "ClientIP"
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": settings["session_affinity"]}}
    if "traffic_policy" in settings:
        spec["internalTrafficPolicy"] = settings["traffic_policy"]
    if "address_family" in settings:
        spec["ipFamilyPolicy"] = settings["address_family"]
    annotations = settings.get("annotations")
    described = {**metadata, "annotations": annotations} if annotations else dict(metadata)
    return {"apiVersion": "v1", "kind": "Service", "metadata": described, "spec": spec}


def _port(port: ServicePort) -> dict[str, Any]:
    hint = {"appProtocol": port.app_protocol} if port.app_protocol else {}
    return {"name": port.name, "protocol": port.protocol, "port": port.number, "targetPort": port.target, **hint}
