"""What a `WebService`'s checked arguments come down to: derived once, read by everything that builds from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..networking.network_policies import NAME_LABEL
from ..networking.ports import ServicePort
from ..workload.autoscaling import MIN_REPLICAS
from ..workload.availability import DRAIN_SECONDS
from .args import WebServiceArgs
from .kinds import WorkloadKind, kind_of
from .ports import ports_of
from .service import is_headless

__all__ = ["Plan", "plan_of", "selector_of"]

_REPLICAS = 2
# The pods of a StatefulSet are not alike: whether two of them work together is the application's business.
_STATEFUL_REPLICAS = 1


@dataclass(frozen=True)
class Plan:
    """A WebService with its defaults filled in."""

    name: str
    args: WebServiceArgs
    kind: str
    selector: Mapping[str, str]
    """The labels that find the pods."""
    labels: Mapping[str, Any]
    """The labels of the pods and of every object."""
    headless: bool
    ports: Mapping[str, ServicePort]
    drain: int
    """Seconds that a pod goes on serving after it was told to stop."""

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata that all of the service's objects have."""
        metadata: dict[str, Any] = {"name": self.name, "labels": dict(self.labels)}
        return {**metadata, "namespace": self.args["namespace"]} if "namespace" in self.args else metadata

    @property
    def replicas(self) -> Any:
        """How many pods there are at first; None where the nodes decide."""
        if self.kind == WorkloadKind.DAEMON_SET.value:
            return None
        default = _STATEFUL_REPLICAS if self.kind == WorkloadKind.STATEFUL_SET.value else _REPLICAS
        if "autoscaling" in self.args:
            return self.args["autoscaling"].get("min_replicas", MIN_REPLICAS)
        return self.args.get("replicas", default)

    @property
    def pod_ports(self) -> list[tuple[int, str]]:
        """What the pods listen on, each with its transport."""
        return [(port.target, port.protocol) for port in self.ports.values()]


def plan_of(name: str, args: WebServiceArgs) -> Plan:
    """The plan of the WebService called ``name``, from its checked arguments."""
    selector = selector_of(name, args)
    headless = is_headless(args)
    return Plan(
        name,
        args,
        kind_of(args),
        selector,
        {**args.get("labels", {}), **selector},
        headless,
        ports_of(args, headless=headless),
        args.get("drain", DRAIN_SECONDS),
    )


def selector_of(name: str, args: WebServiceArgs) -> Mapping[str, str]:
    """The labels that find the pods: few, as Kubernetes freezes them."""
    return args.get("selector", {NAME_LABEL: name})
