"""The Service of a `WebService`: one name for its pods, and how it distributes requests to them."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, component, moved_to, several, table, unsupported
from ..args.location import Field as FieldName
from ..args.location import Key, Location
from ..args.names import annotation_key
from ..args.parse import Field, Rules
from ..args.problems import Problems, Remove, Set
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import whole_number
from ..lifecycle.annotation_readers import SERVICE, is_only_of_load_balancers, report_unread
from ..networking.ports import ServicePort
from ..networking.session_affinity import SessionAffinity, SessionAffinityLike
from ..untyped import Manifest, Unchecked
from ..workload.conversions import from_affinity_config
from ..workload.kinds import WorkloadKind

if TYPE_CHECKING:
    from .args import WebServiceSpec

__all__ = [
    "FIELDS_OF_LOAD_BALANCERS",
    "RULES",
    "InternalTrafficPolicy",
    "InternalTrafficPolicyLike",
    "IpFamilyPolicy",
    "IpFamilyPolicyLike",
    "ServiceSettings",
    "ServiceSettingsSpec",
    "TrafficDistribution",
    "TrafficDistributionLike",
    "build_service",
    "check_service",
    "check_service_annotations",
    "is_headless",
]


class InternalTrafficPolicy(str, Enum):
    """Which of the pods a request from inside the cluster can reach."""

    CLUSTER = "Cluster"
    """Any that is ready."""

    LOCAL = "Local"
    """Only those on the node that the request comes from; without any, the request fails."""


if TYPE_CHECKING:
    InternalTrafficPolicyLike: TypeAlias = InternalTrafficPolicy | Literal["Cluster", "Local"]
else:
    InternalTrafficPolicyLike = InternalTrafficPolicy


class IpFamilyPolicy(str, Enum):
    """Which IP families the Service has addresses of."""

    SINGLE_STACK = "SingleStack"
    """One: the cluster's first family."""

    PREFER_DUAL_STACK = "PreferDualStack"
    """IPv4 and IPv6 if the cluster has both, else one."""

    REQUIRE_DUAL_STACK = "RequireDualStack"
    """IPv4 and IPv6; a cluster that doesn't have both rejects it."""


if TYPE_CHECKING:
    IpFamilyPolicyLike: TypeAlias = IpFamilyPolicy | Literal["SingleStack", "PreferDualStack", "RequireDualStack"]
else:
    IpFamilyPolicyLike = IpFamilyPolicy


class TrafficDistribution(str, Enum):
    """Which of the ready pods requests prefer, to save the time and the price of a longer way."""

    PREFER_CLOSE = "PreferClose"
    """Those in the zone of the client (Kubernetes 1.31 and newer)."""

    PREFER_SAME_ZONE = "PreferSameZone"
    """The same under its newer name (Kubernetes 1.35 and newer)."""

    PREFER_SAME_NODE = "PreferSameNode"
    """Those on the node of the client, then those in its zone (Kubernetes 1.35 and newer)."""


if TYPE_CHECKING:
    TrafficDistributionLike: TypeAlias = (
        TrafficDistribution | Literal["PreferClose", "PreferSameZone", "PreferSameNode"]
    )
else:
    TrafficDistributionLike = TrafficDistribution


class ServiceSettings(TypedDict):
    """How the Service offers its pods to the rest of the cluster."""

    headless: NotRequired[bool]
    """Whether the Service's name resolves to the pods themselves instead of one address in front of them: for clients
    that choose a pod, such as gRPC's. Plain: a change replaces the Service. Default: false, but true for a StatefulSet,
    whose pods get their names from it. Maps to `clusterIP: None`."""

    publish_not_ready: NotRequired[bool]
    """Whether the name also resolves to pods that aren't ready, for pods that must find each other to become ready.
    Plain. Default: false. Maps to `publishNotReadyAddresses`."""

    session_affinity: NotRequired[SessionAffinityLike]
    """Whether the requests of one client reach the same pod. Plain. Default: None. Maps to `sessionAffinity`."""

    session_affinity_timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 86400) after a client's last request that its requests continue to reach the same pod. Requires the
    session affinity ClientIP. Default: 10800, which is Kubernetes' own. Maps to
    `sessionAffinityConfig.clientIP.timeoutSeconds`."""

    internal_traffic_policy: NotRequired[InternalTrafficPolicyLike]
    """Which pods a request from inside the cluster can reach. Plain. Default: Cluster. Maps to
    `internalTrafficPolicy`."""

    traffic_distribution: NotRequired[TrafficDistributionLike]
    """Which pods requests prefer. Others get requests only if none of the preferred ones is ready, so pods must run
    wherever clients do. Plain. Default: no preference. Maps to `trafficDistribution`."""

    ip_family_policy: NotRequired[IpFamilyPolicyLike]
    """Which IP families the Service has addresses of. Plain. Default: SingleStack. Maps to `ipFamilyPolicy`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Service. Keys are plain. Default: none."""


def _former_session_affinity(value: Any) -> Optional[Unchecked]:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return {"session_affinity": SessionAffinity.CLIENT_IP.value, "session_affinity_timeout": value}


FIELDS_OF_LOAD_BALANCERS = {
    "externalName": unsupported(),
    "externalIPs": component("load_balancers", "exposure"),
    "externalTrafficPolicy": component("load_balancers", "exposure.client_ip"),
    "allocateLoadBalancerNodePorts": component("load_balancers", "exposure.aws.target_type"),
    "healthCheckNodePort": component("load_balancers", "exposure.health.node_port"),
    "loadBalancerClass": component("load_balancers", "exposure.load_balancer_class"),
    "loadBalancerIP": component("load_balancers", "exposure.static_addresses"),
    "loadBalancerSourceRanges": component("load_balancers", "exposure.allowed_sources"),
}
"""Fields of a ServiceSpec that a load balancer has, or that nothing has."""

_NAMES_OF_SERVICE_SETTINGS = table(
    {
        "publishNotReadyAddresses": moved_to("publish_not_ready"),
        "type": component("load_balancers", "target", "exposure"),
        "clusterIP": several("headless"),
        "clusterIPs": automatic(),
        "port": component("services", "service_port"),
        "ports": component("services", "ports"),
        "targetPort": component("services", "port"),
        "nodePort": component("load_balancers", "target", "exposure"),
        "sessionAffinityConfig": several("session_affinity_timeout", convert=from_affinity_config),
        "selector": component("services", "selector"),
        "labels": component("services", "labels"),
        "name": automatic(),
        **FIELDS_OF_LOAD_BALANCERS,
        "ipFamilies": unsupported(),
        "enabled": SWITCHED_ON,
    }
)
"""Other tools' names for the fields of `ServiceSettings`."""


@spec(
    ServiceSettings,
    renamed={"traffic_policy": "internal_traffic_policy", "address_family": "ip_family_policy"},
    changed={"session_affinity": _former_session_affinity},
    elsewhere=_NAMES_OF_SERVICE_SETTINGS,
)
class ServiceSettingsSpec(Spec):
    """Parsed `ServiceSettings`."""

    headless: Optional[bool] = None
    publish_not_ready: bool = False
    session_affinity: SessionAffinity = SessionAffinity.NONE
    session_affinity_timeout: Optional[pulumi.Input[int]] = None
    internal_traffic_policy: Optional[InternalTrafficPolicy] = None
    traffic_distribution: Optional[TrafficDistribution] = None
    ip_family_policy: Optional[IpFamilyPolicy] = None
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None


RULES: Rules = {
    ServiceSettings: {
        "session_affinity_timeout": Field(whole_number(1, 86400, SECONDS)),
        "annotations": Field(keys=annotation_key),
    }
}
"""What the fields must satisfy beyond their types."""

WORKER_HAS_NO_SERVICE = define("worker-has-no-service", "A worker without ports has no Service.")
NEEDS_CLUSTER_IP = define("needs-cluster-ip", "This requires a cluster IP address, and a headless Service has none.")
TIMEOUT_WITHOUT_AFFINITY = define(
    "timeout-without-session-affinity", "This requires {field} to be {affinity}.", allowed="{field}: {affinity}"
)
LOAD_BALANCER_ANNOTATION = define(
    "load-balancer-annotation",
    "This annotation configures a load balancer, and the Service of a WebService has none.",
    allowed="annotations that other programs read",
    hint="Create a PublicLoadBalancer for the service, and set the annotation there.",
)
HEADLESS_SERVICE_PORT = define(
    "headless-service-port",
    "{value} isn't the port of the pods, and clients of a headless Service connect to the pods themselves.",
    allowed="{port}",
)


def is_headless(spec: "WebServiceSpec") -> bool:
    """Whether the Service has no address of its own."""
    headless = spec.service.headless if spec.service else None
    return spec.kind is WorkloadKind.STATEFUL_SET if headless is None else headless


def check_service(spec: "WebServiceSpec", problems: Problems) -> None:
    """Report settings of a Service that doesn't exist, or that has no address."""
    problems.run(_check_worker, spec)
    problems.run(_check_affinity, spec)
    problems.run(_check_traffic_policy, spec)
    problems.run(_check_timeout, spec)
    problems.run(_check_service_ports, spec)
    problems.run(_check_annotations, spec)


def _check_worker(spec: "WebServiceSpec", problems: Problems) -> None:
    if spec.service is not None and spec.port is None and spec.ports is not None and not spec.ports:
        problems.report(WORKER_HAS_NO_SERVICE, spec.at / "service", fix=Remove(spec.at / "service"))


def _check_affinity(spec: "WebServiceSpec", problems: Problems) -> None:
    settings = spec.service
    if settings is not None and is_headless(spec) and settings.session_affinity is not SessionAffinity.NONE:
        where = settings.at / "session_affinity"
        fix = [Remove(where)]
        if settings.session_affinity_timeout is not None:
            fix.append(Remove(settings.at / "session_affinity_timeout"))
        problems.report(NEEDS_CLUSTER_IP, where, fix=fix)


def _check_traffic_policy(spec: "WebServiceSpec", problems: Problems) -> None:
    settings = spec.service
    if settings is None:
        return
    policy, distribution = settings.internal_traffic_policy, settings.traffic_distribution
    for field, value in (("internal_traffic_policy", policy), ("traffic_distribution", distribution)):
        if is_headless(spec) and value is not None:
            problems.report(NEEDS_CLUSTER_IP, settings.at / field, fix=Remove(settings.at / field))
    if policy is InternalTrafficPolicy.LOCAL and distribution is not None and not is_headless(spec):
        where = settings.at / "traffic_distribution"
        problems.report_exclusive(where, "internal_traffic_policy", fix=Remove(where))


def _check_timeout(spec: "WebServiceSpec", problems: Problems) -> None:
    settings = spec.service
    if settings is None or settings.session_affinity_timeout is None:
        return
    if settings.session_affinity is SessionAffinity.NONE:
        field, affinity = FieldName("session_affinity"), SessionAffinity.CLIENT_IP.value
        where = settings.at / "session_affinity_timeout"
        # Affinity would be another problem of a headless Service.
        fix = Remove(where) if is_headless(spec) else Set(settings.at / field, affinity)
        problems.report(TIMEOUT_WITHOUT_AFFINITY, where, field=field, affinity=affinity, fix=fix)


def _check_service_ports(spec: "WebServiceSpec", problems: Problems) -> None:
    if not is_headless(spec):
        return
    for holder in (spec, *(spec.ports or {}).values()):
        if holder.service_port is not None and holder.port is not None and holder.service_port != holder.port:
            where = holder.at / "service_port"
            problems.report(
                HEADLESS_SERVICE_PORT, where, value=holder.service_port, port=str(holder.port), fix=Remove(where)
            )


def _check_annotations(spec: "WebServiceSpec", problems: Problems) -> None:
    if spec.service is not None:
        check_service_annotations(spec.service.annotations, spec.service.at / "annotations", problems)


def check_service_annotations(
    annotations: Optional[Mapping[str, pulumi.Input[str]]], where: Location, problems: Problems
) -> None:
    """Report annotations that no program reads on a Service without a load balancer."""
    for key in annotations or {}:
        at = where / Key(key)
        if is_only_of_load_balancers(key):
            problems.report(LOAD_BALANCER_ANNOTATION, at)
        else:
            report_unread(key, at, SERVICE, problems)


def build_service(
    metadata: Manifest,
    selector: Mapping[str, str],
    ports: Sequence[ServicePort],
    settings: Optional[ServiceSettingsSpec],
    *,
    headless: bool,
) -> dict[str, Any]:
    """The Service that gives the pods one name inside the cluster."""
    found = settings or ServiceSettingsSpec()
    built: dict[str, Any] = {
        "type": "ClusterIP",
        "selector": dict(selector),
        "ports": [_port(port) for port in ports],
    }
    if headless:
        built["clusterIP"] = "None"
    if found.publish_not_ready:
        built["publishNotReadyAddresses"] = True
    built |= _affinity(found)
    if found.internal_traffic_policy is not None:
        built["internalTrafficPolicy"] = found.internal_traffic_policy.value
    if found.traffic_distribution is not None:
        built["trafficDistribution"] = found.traffic_distribution.value
    if found.ip_family_policy is not None:
        built["ipFamilyPolicy"] = found.ip_family_policy.value
    described = {**metadata, "annotations": dict(found.annotations)} if found.annotations else dict(metadata)
    return {"apiVersion": "v1", "kind": "Service", "metadata": described, "spec": built}


def _affinity(settings: ServiceSettingsSpec) -> dict[str, Any]:
    if settings.session_affinity is SessionAffinity.NONE:
        return {}
    affinity: dict[str, Any] = {"sessionAffinity": settings.session_affinity.value}
    if settings.session_affinity_timeout is not None:
        affinity["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": settings.session_affinity_timeout}}
    return affinity


def _port(port: ServicePort) -> dict[str, Any]:
    hint = {"appProtocol": port.app_protocol} if port.app_protocol else {}
    return {"name": port.name, "protocol": port.protocol, "port": port.number, "targetPort": port.target, **hint}
