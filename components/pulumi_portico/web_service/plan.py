"""A resolved `WebService`: what its parsed arguments mean, resolved once for everything that builds from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional, Union

import pulumi

from ..args.location import Location
from ..args.names import object_name
from ..args.problems import available
from ..networking.network_policies import PodPort
from ..networking.ports import ServicePort, main_port
from ..networking.selectors import PodOwner
from ..workload.health import probed_port
from ..workload.kinds import WorkloadKind
from ..workload.pod_owner import pod_owner_of as owner_of_pods
from .additional_services import AdditionalServicePlan, plan_additional_services
from .args import WebServiceSpec
from .ports import own_ports, resolve_ports
from .service import is_headless

__all__ = ["WebServicePlan", "plan_web_service", "pod_owner_of"]

_REPLICAS = 2
# The pods of a StatefulSet aren't interchangeable: only the application knows whether two of them work together.
_STATEFUL_REPLICAS = 1


@dataclass(frozen=True)
class WebServicePlan:
    """A WebService with its defaults resolved. An invalid argument ends only the rules that need it."""

    name: str
    spec: WebServiceSpec

    @property
    def kind(self) -> WorkloadKind:
        """The kind of workload that runs the pods."""
        return self.spec.kind

    @cached_property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the pods."""
        return self.spec.selector_for(self.name)

    @cached_property
    def labels(self) -> Mapping[str, pulumi.Input[str]]:
        """The labels of the pods and of every object, the selector included."""
        return self.spec.labels_for(self.name)

    @property
    def headless(self) -> bool:
        """Whether the Service has no address of its own."""
        return is_headless(self.spec)

    @cached_property
    def ports(self) -> Mapping[str, ServicePort]:
        """The ports by name: what the container listens on, and what the Service offers. Empty for a worker."""
        return resolve_ports(self.spec, headless=self.headless)

    @property
    def default_port(self) -> Optional[ServicePort]:
        """The port of `url` and `target`; None for a worker."""
        return main_port(self.ports)

    @property
    def probed_port(self) -> Optional[ServicePort]:
        """The port that the probes connect to; None if they don't."""
        return probed_port(self.spec.health, self.own_ports)

    @cached_property
    def own_ports(self) -> Mapping[str, ServicePort]:
        """The ports that the application listens on, by name: all but those of sidecars."""
        return own_ports(self.ports)

    @cached_property
    def additional_services(self) -> Mapping[str, AdditionalServicePlan]:
        """The further Services, by name."""
        return plan_additional_services(self)

    @property
    def drain(self) -> int:
        """Seconds that a terminating pod continues to serve requests."""
        return self.spec.drain

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata that all of the service's objects have."""
        return self.spec.metadata_for(self.name)

    @property
    def replicas(self) -> Any:
        """How many pods exist at first; None if the number of nodes, or something else, decides."""
        if self.kind is WorkloadKind.DAEMON_SET or self.spec.external_replicas:
            return None
        if self.spec.autoscaling is not None:
            return self.spec.autoscaling.min_replicas
        if self.spec.replicas is not None:
            return self.spec.replicas
        return _STATEFUL_REPLICAS if self.kind is WorkloadKind.STATEFUL_SET else _REPLICAS

    @property
    def pod_ports(self) -> Sequence[PodPort]:
        """The ports that the pods listen on, each with its protocol: what NetworkPolicies allow."""
        return [(port.target, port.protocol) for port in self.ports.values()]


def plan_web_service(name: str, spec: WebServiceSpec) -> WebServicePlan:
    """The plan of the WebService whose Pulumi name is `name`, from its parsed arguments."""
    return WebServicePlan(object_name(name, spec), spec)


def pod_owner_of(name: str, spec: WebServiceSpec, title: Union[Location, str]) -> PodOwner:
    """The service as what selects pods, and has some; `title` is what messages call it. The ports of the service can be
    invalid."""
    own = object_name(name, spec)
    return owner_of_pods(
        name,
        spec,
        title,
        chosen_selector=spec.selector is not None,
        service=own,
        stateful_set=own if _is_stateful(spec) else "",
    )


def _is_stateful(spec: WebServiceSpec) -> bool:
    return available(lambda: spec.kind, None) is WorkloadKind.STATEFUL_SET
