"""Further Services of a `WebService`: one with an address beside a headless one, one for the pods of several workloads,
or one for each pod of a StatefulSet.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Key
from ..args.names import LABEL_NAME_LENGTH, annotation_key, label_value, own_label_key
from ..args.parse import Field, Rules
from ..args.problems import Problems, Remove, Set
from ..args.similar_names import nearest
from ..args.spec import Spec, spec
from ..lifecycle.objects import ObjectSpec, Options
from ..networking.ports import ServicePort
from ..workload.kinds import WorkloadKind
from .service import ServiceSettingsSpec, build_service, check_service_annotations

if TYPE_CHECKING:
    from .args import WebServiceSpec
    from .plan import WebServicePlan

__all__ = [
    "RULES",
    "AdditionalService",
    "AdditionalServicePlan",
    "AdditionalServiceSpec",
    "additional_service_objects",
    "check_additional_services",
    "names_of_additional_services",
    "plan_additional_services",
]

_POD_NAME = "statefulset.kubernetes.io/pod-name"
"""The label with the name of a StatefulSet's pod."""


class AdditionalService(TypedDict):
    """A further Service of the pods; its key is its name."""

    headless: NotRequired[bool]
    """Whether its name resolves to the pods themselves. Plain: a change replaces it. Default: false. Maps to
    `clusterIP: None`."""

    publish_not_ready: NotRequired[bool]
    """Whether it also leads to pods that aren't ready. Plain. Default: false. Maps to `publishNotReadyAddresses`."""

    port_names: NotRequired[Sequence[str]]
    """The names of the ports that it offers. Plain. Default: all ports."""

    selector: NotRequired[Mapping[str, str]]
    """The labels of the pods that it leads to, for pods of several workloads, which need ports of the same names. This
    service's own pods must have them, such as from `labels`. Plain. Default: those that select this service's pods."""

    per_pod: NotRequired[bool]
    """Whether each pod of a StatefulSet has a Service of its own, with the pod's number at the end of the name. Plain.
    Default: false."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Service. Keys are plain. Default: none."""


@spec(AdditionalService)
class AdditionalServiceSpec(Spec):
    """A parsed `AdditionalService`."""

    headless: bool = False
    publish_not_ready: bool = False
    port_names: Optional[Sequence[str]] = None
    selector: Optional[Mapping[str, str]] = None
    per_pod: bool = False
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None


RULES: Rules = {
    AdditionalService: {
        "selector": Field(keys=own_label_key, items=label_value),
        "annotations": Field(keys=annotation_key),
    }
}
"""What the fields must satisfy beyond their types."""

SAME_NAME_AS_SERVICE = define(
    "additional-service-name", "The Service {name} exists already.", allowed="another name", hint="Choose another name."
)
WITHOUT_PORTS = define("additional-service-without-ports", "A worker without ports has no Services.")
UNKNOWN_PORT_NAME = define("unknown-port-name", "The service has no port {name}.", allowed="{ports}")
NOT_PER_POD = define(
    "not-per-pod",
    "Only a StatefulSet whose number of pods is known has a Service for each pod.",
    allowed="{field} for a StatefulSet with {replicas}",
)
SELECTOR_WITHOUT_OWN_PODS = define(
    "selector-without-own-pods",
    "The pods don't have the label {label}.",
    allowed="labels of this service's pods",
    hint="Set the label in {labels}.",
)
PER_POD_NAME_TOO_LONG = define(
    "per-pod-name-too-long",
    "With the number of the last pod, the name has more than {most} characters.",
    allowed="at most {most} characters with the number",
    hint="Choose a shorter name.",
)


def names_of_additional_services(spec: "WebServiceSpec") -> Iterator[tuple[str, AdditionalServiceSpec]]:
    """The name of each further Service."""
    for name, service in spec.additional_services.items():
        if not service.per_pod:
            yield name, service
        else:
            yield from ((f"{name}-{number}", service) for number in range(_pods(spec) or 0))


def _pods(spec: "WebServiceSpec") -> Optional[int]:
    """The number of a StatefulSet's pods; None if it isn't known, or if there is no StatefulSet."""
    if spec.kind is not WorkloadKind.STATEFUL_SET or spec.autoscaling is not None or spec.external_replicas:
        return None
    if spec.replicas is None:
        return 1
    return spec.replicas if isinstance(spec.replicas, int) else None


def check_additional_services(
    name: str, spec: "WebServiceSpec", labels: Mapping[str, Any], ports: Mapping[str, ServicePort], problems: Problems
) -> None:
    """Report Services that can't exist, or that lead nowhere; `labels` are those of the pods of the service called
    `name`."""
    for key, service in spec.additional_services.items():
        if not ports:
            problems.report(WITHOUT_PORTS, service.at, fix=Remove(service.at))
            continue
        if key == name:
            problems.report(SAME_NAME_AS_SERVICE, service.at, name=name)
        check_service_annotations(service.annotations, service.at / "annotations", problems)
        problems.run(_check_port_names, service, ports)
        problems.run(_check_per_pod, key, service, spec)
        problems.run(_check_selector, service, labels, spec)


def _check_port_names(service: AdditionalServiceSpec, ports: Mapping[str, ServicePort], problems: Problems) -> None:
    names = service.port_names or ()
    for index, port in enumerate(names):
        if port not in ports:
            where, close = service.at / "port_names" / index, nearest(port, list(ports))
            fix = Remove(where) if close is None or close in names else Set(where, close)
            problems.report(UNKNOWN_PORT_NAME, where, name=port, ports=list(ports), fix=fix)


def _check_per_pod(name: str, service: AdditionalServiceSpec, spec: "WebServiceSpec", problems: Problems) -> None:
    if not service.per_pod:
        return
    where, pods = service.at / "per_pod", _pods(spec)
    if pods is None:
        fields: dict[str, Any] = {"field": FieldName("per_pod"), "replicas": FieldName("replicas")}
        problems.report(NOT_PER_POD, where, fix=Remove(where), **fields)
    elif len(f"{name}-{pods - 1}") > LABEL_NAME_LENGTH:
        problems.report(PER_POD_NAME_TOO_LONG, service.at, most=LABEL_NAME_LENGTH)


def _check_selector(
    service: AdditionalServiceSpec, labels: Mapping[str, Any], spec: "WebServiceSpec", problems: Problems
) -> None:
    if service.selector is not None and service.per_pod:
        where = service.at / "selector"
        problems.report_exclusive(where, "per_pod", fix=Remove(where))
    for key, value in (service.selector or {}).items():
        known = labels.get(key)
        if not isinstance(known, (str, type(None))) or known == value:
            continue
        where = service.at / "selector" / Key(key)
        problems.report(
            SELECTOR_WITHOUT_OWN_PODS, where, value=value, label=f"{key}={value}", labels=spec.at / "labels"
        )


@dataclass(frozen=True)
class AdditionalServicePlan:
    """A further Service with its defaults resolved."""

    name: str
    spec: AdditionalServiceSpec
    ports: Mapping[str, ServicePort]
    """The ports that it offers, by name."""
    selector: Mapping[str, str]
    """The labels that select its pods."""

    @property
    def key(self) -> str:
        """The key of the Service among the objects of the WebService."""
        return f"service-{self.name}"


def plan_additional_services(plan: "WebServicePlan") -> Mapping[str, AdditionalServicePlan]:
    """The further Services, by name."""
    found: dict[str, AdditionalServicePlan] = {}
    for name, service in names_of_additional_services(plan.spec):
        offered = plan.ports.keys() if service.port_names is None else service.port_names
        ports = {port: plan.ports[port] for port in plan.ports if port in offered}
        found[name] = AdditionalServicePlan(name, service, ports, _selector(plan, name, service))
    return found


def additional_service_objects(plan: "WebServicePlan", before: Sequence[str]) -> Iterator[ObjectSpec]:
    """The further Services. A headless one waits for no pods, so the workload can come after it."""
    for service in plan.additional_services.values():
        metadata = {**plan.metadata, "name": service.name}
        own = service.spec
        settings = ServiceSettingsSpec(publish_not_ready=own.publish_not_ready, annotations=own.annotations)
        ports = list(service.ports.values())
        manifest = build_service(metadata, service.selector, ports, settings, headless=own.headless)
        if own.selector is not None:
            # The pods of other workloads can have other numbers.
            for port in manifest["spec"]["ports"]:
                port["targetPort"] = port["name"]
        yield ObjectSpec(service.key, manifest, list(before), Options(timeout=plan.spec.ready_timeout))


def _selector(plan: "WebServicePlan", name: str, service: AdditionalServiceSpec) -> Mapping[str, str]:
    if service.selector is not None:
        return service.selector
    number = name.rpartition("-")[2]
    return {**plan.selector, _POD_NAME: f"{plan.name}-{number}"} if service.per_pod else plan.selector
