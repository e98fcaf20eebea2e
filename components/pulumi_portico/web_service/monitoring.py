"""The metrics of a `WebService`: the port that has them, who can read them, and the monitor."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.problems import Problems, Remove, Set, Unavailable
from ..args.similar_names import nearest
from ..lifecycle.objects import ObjectSpec
from ..networking.network_policies import PeerSpec, check_callers, ports_of
from ..networking.ports import ServicePort, main_port
from ..networking.target import Protocol
from ..workload.monitoring import METRICS, MonitoringSpec, build_monitor, check_monitor
from ..workload.pod_validation import POLICY_TURNED_OFF
from .additional_services import UNKNOWN_PORT_NAME
from .ports import resolve_ports
from .service import is_headless

if TYPE_CHECKING:
    from .args import WebServiceSpec
    from .plan import WebServicePlan

__all__ = ["callers_of", "check_monitoring", "monitor_objects"]

MONITORING_WITHOUT_PORTS = define(
    "monitoring-without-ports",
    "A worker without ports has no port with metrics.",
    allowed="services with {ports}",
    hint="Add the port with the metrics to {ports}, or remove {monitoring}.",
)
METRICS_WITHOUT_TCP = define(
    "metrics-without-tcp", "Prometheus reads metrics over TCP, and the port {name} uses {protocol}.", allowed="{ports}"
)
MONITOR_WITHOUT_CALLERS = define(
    "monitor-without-callers",
    "The NetworkPolicy allows no connections to port {port}, so Prometheus can't read the metrics.",
    allowed="the pods of Prometheus as {field}",
    hint="Set {field}, such as to the namespace in which Prometheus runs.",
)


def callers_of(spec: "WebServiceSpec") -> Sequence[PeerSpec]:
    """What can connect to the pods: `allow_from`, and what reads the metrics, at their port. Unavailable if the service
    has no such port."""
    monitoring = spec.monitoring
    if monitoring is None or not monitoring.metrics_from:
        return spec.allow_from
    port = _port_of(spec, monitoring)
    if port is None:
        raise Unavailable(monitoring.at / "port_name")
    readers = (replace(peer, ports=(port.target,), protocol=None) for peer in monitoring.metrics_from)
    return (*spec.allow_from, *readers)


def _port_of(spec: "WebServiceSpec", monitoring: MonitoringSpec) -> Optional[ServicePort]:
    ports = resolve_ports(spec, headless=is_headless(spec))
    if monitoring.port_name is not None:
        return ports.get(monitoring.port_name)
    return ports.get(METRICS) or main_port(ports)


def check_monitoring(spec: "WebServiceSpec", problems: Problems) -> None:
    """Report metrics that Prometheus can't read."""
    monitoring = spec.monitoring
    if monitoring is None:
        return
    check_monitor(monitoring, problems)
    problems.run(_check_port, spec, monitoring)
    problems.run(_check_callers, spec, monitoring)


def _check_port(spec: "WebServiceSpec", monitoring: MonitoringSpec, problems: Problems) -> None:
    # Without a port, which is reported, nothing is known about the ports.
    if spec.port is None and spec.ports is None:
        return
    ports, where = resolve_ports(spec, headless=is_headless(spec)), monitoring.at / "port_name"
    port = _port_of(spec, monitoring)
    if not ports:
        fields: dict[str, Any] = {"ports": FieldName("ports"), "monitoring": FieldName("monitoring")}
        problems.report(MONITORING_WITHOUT_PORTS, monitoring.at, **fields)
    elif port is None:
        close = nearest(str(monitoring.port_name), list(ports))
        fix = Remove(where) if close is None else Set(where, close)
        problems.report(UNKNOWN_PORT_NAME, where, name=monitoring.port_name, ports=list(ports), fix=fix)
    elif port.protocol != Protocol.TCP.value:
        tcp = [name for name, other in ports.items() if other.protocol == Protocol.TCP.value]
        problems.report(METRICS_WITHOUT_TCP, where, name=port.name, protocol=port.protocol, ports=tcp or "a TCP port")


def _check_callers(spec: "WebServiceSpec", monitoring: MonitoringSpec, problems: Problems) -> None:
    readers, where = monitoring.metrics_from, monitoring.at / "metrics_from"
    check_callers(readers, "metrics_from", problems)
    if not spec.network_policy:
        if readers:
            problems.report(POLICY_TURNED_OFF, where, field=FieldName("network_policy"), fix=Remove(where))
        return
    port = _port_of(spec, monitoring)
    if port is not None and not readers and not any(_reaches(peer, port) for peer in spec.allow_from):
        problems.report(MONITOR_WITHOUT_CALLERS, where, port=port.target, field=FieldName("metrics_from"))


def _reaches(peer: PeerSpec, port: ServicePort) -> bool:
    """Whether a peer can connect to the port. A number that isn't known yet can be the port's."""
    allowed = ports_of(peer)
    return not allowed or any(not isinstance(number, int) or number == port.target for number, _ in allowed)


def monitor_objects(plan: "WebServicePlan", before: Sequence[str]) -> Iterator[ObjectSpec]:
    """The monitor, if the service has one."""
    monitoring = plan.spec.monitoring
    if monitoring is None:
        return
    port = _port_of(plan.spec, monitoring)
    if port is None:
        raise Unavailable(monitoring.at / "port_name")
    endpoint = {"port": port.name, **({} if monitoring.path is None else {"path": monitoring.path})}
    yield ObjectSpec("monitor", build_monitor(plan.metadata, monitoring, plan.selector, endpoint), list(before))
