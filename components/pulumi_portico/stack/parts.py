"""The components of a stack, parsed, and what the rules of the whole stack need of each."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Optional, Union

import pulumi

from ..args.location import Location
from ..args.parse import Hooks, Rules
from ..args.problems import Problems, available
from ..args.values import image_rule
from ..aws_load_balancer.args import RULES as AWS_RULES
from ..aws_load_balancer.args import AwsLoadBalancerArgs, AwsLoadBalancerSpec
from ..aws_load_balancer.objects import objects_of as aws_objects_of
from ..aws_load_balancer.plan import plan_aws_load_balancer
from ..aws_load_balancer.validation import parse_aws_load_balancer
from ..ingress_gateway import IngressGatewayArgs, IngressRoutesArgs
from ..ingress_gateway.args import IngressGatewaySpec, IngressRoutesSpec
from ..ingress_gateway.gateway_plan import (
    AddedRoutes,
    GatewayPlan,
    address_wait,
    identity_of,
    identity_of_reference,
    installer_of,
    peers_of,
    plan_added_routes,
    plan_gateway,
)
from ..ingress_gateway.gateway_state import GatewayState, keep_routes, state_key
from ..ingress_gateway.objects import objects_of as gateway_objects_of
from ..ingress_gateway.route_objects import route_objects
from ..ingress_gateway.validation import GATEWAY_RULES, ROUTES_RULES, parse_ingress_gateway, parse_ingress_routes
from ..job import JobArgs
from ..job.args import JobSpec
from ..job.args import rules_with as job_rules_with
from ..job.objects import objects_of as job_objects_of
from ..job.plan import JobPlan, plan_job
from ..job.plan import plan_pods as plan_pods_of_job
from ..job.validation import parse_job
from ..lifecycle.objects import ObjectSpec
from ..networking.dns import DnsSpec
from ..networking.network_policies import NAME_LABEL, PeerSpec
from ..networking.ports import ServicePort, main_port
from ..networking.selectors import PodOwner
from ..public_load_balancer import PublicLoadBalancerArgs
from ..public_load_balancer.args import RULES as BALANCER_RULES
from ..public_load_balancer.args import PublicLoadBalancerSpec
from ..public_load_balancer.plan import objects_of as balancer_objects_of
from ..public_load_balancer.plan import plan_public_load_balancer
from ..public_load_balancer.validation import parse_public_load_balancer
from ..web_service import WebServiceArgs
from ..web_service.additional_services import AdditionalServicePlan
from ..web_service.args import WebServiceSpec, rules_with
from ..web_service.objects import objects_of as service_objects_of
from ..web_service.plan import WebServicePlan, plan_web_service, pod_owner_of
from ..web_service.validation import parse_web_service
from ..web_service.workload import plan_pods as plan_pods_of_service
from ..workload.pod import PodPlan
from ..workload.pod_owner import pod_owner_of as owner_of_pods
from .own_parts import OWN_PARTS_RULES
from .references import GATEWAY, SERVICE, Backend

__all__ = [
    "AWS_LOAD_BALANCERS",
    "GATEWAYS",
    "JOBS",
    "KINDS",
    "LOAD_BALANCERS",
    "ROUTES",
    "SECRET_RULES",
    "SERVICES",
    "AwsBalancerPart",
    "BalancerPart",
    "GatewayPart",
    "JobPart",
    "Kind",
    "Part",
    "PodsByName",
    "PodsPart",
    "RoutesPart",
    "ServicePart",
    "added_routes",
    "additional_services_of",
    "backend_of",
    "backends_of_services",
    "gateway_plans",
    "gateways_in_order",
]

Parse = Callable[[str, Any, Problems, Location, Hooks], Any]


@dataclass(frozen=True)
class Kind:
    """A kind of component that stacks have."""

    field: str
    """The field of `StackArgs` with the components, by name."""
    title: str
    """The component."""
    args_type: Any
    parse: Parse
    """Parses the arguments of one component, and applies all its rules."""
    objects: Callable[[Mapping[str, Any]], Iterator[tuple[str, list[ObjectSpec]]]]
    """The objects that each component registers, from the parsed arguments of all of them by name."""

    @property
    def type(self) -> str:
        """The component's type token."""
        return f"portico:index:{self.title}"


def _service_objects(specs: Mapping[str, WebServiceSpec]) -> Iterator[tuple[str, list[ObjectSpec]]]:
    for name, spec in specs.items():
        yield name, service_objects_of(plan_web_service(name, spec))


def _job_objects(specs: Mapping[str, JobSpec]) -> Iterator[tuple[str, list[ObjectSpec]]]:
    for name, spec in specs.items():
        yield name, job_objects_of(plan_job(name, spec))


def _gateway_objects(specs: Mapping[str, IngressGatewaySpec]) -> Iterator[tuple[str, list[ObjectSpec]]]:
    for name, plan in gateway_plans(specs):
        yield name, gateway_objects_of(plan)


def _routes_objects(specs: Mapping[str, IngressRoutesSpec]) -> Iterator[tuple[str, list[ObjectSpec]]]:
    for name, routes in added_routes(specs):
        gateway = routes.spec.gateway
        wait = address_wait(routes.module, gateway.publishes_address, routes.spec.ready_timeout)
        yield name, route_objects(routes, peers_of(gateway) or (), wait)


def added_routes(specs: Mapping[str, IngressRoutesSpec]) -> Iterator[tuple[str, AddedRoutes]]:
    """The routes that the stack adds to gateways of other stacks, by name, in the order in which it creates them."""
    states: dict[Any, GatewayState] = {}
    for name, spec in specs.items():
        state = states.setdefault(state_key(identity_of_reference(spec.gateway)), GatewayState())
        routes = plan_added_routes(name, spec, state)
        yield name, routes
        # The stack is valid: no two parts have the same routes.
        keep_routes(state, f'IngressRoutes "{routes.name}"', routes)


def gateway_plans(specs: Mapping[str, IngressGatewaySpec]) -> Iterator[tuple[str, GatewayPlan]]:
    """The plan of each gateway, by name, in the order in which a stack creates them."""
    states: dict[Any, GatewayState] = {}
    for name, spec in gateways_in_order(specs):
        state = states.setdefault(state_key(identity_of(name, spec)), GatewayState())
        plan = plan_gateway(name, spec, state)
        yield name, plan
        # The stack is valid: no gateway repeats the routes of another one.
        keep_routes(state, name, plan.routes)


def _balancer_objects(specs: Mapping[str, PublicLoadBalancerSpec]) -> Iterator[tuple[str, list[ObjectSpec]]]:
    for name, spec in specs.items():
        yield name, balancer_objects_of(plan_public_load_balancer(name, spec))


def _aws_objects(specs: Mapping[str, AwsLoadBalancerSpec]) -> Iterator[tuple[str, list[ObjectSpec]]]:
    for name, spec in specs.items():
        yield name, aws_objects_of(plan_aws_load_balancer(name, spec))


def gateways_in_order(specs: Mapping[str, IngressGatewaySpec]) -> Sequence[tuple[str, IngressGatewaySpec]]:
    """The gateways in the order in which a stack creates them: a gateway can be in the namespace of another one."""
    return sorted(specs.items(), key=lambda item: (item[1].namespace is not None, item[0]))


SERVICES = Kind("services", "WebService", WebServiceArgs, parse_web_service, _service_objects)
JOBS = Kind("jobs", "Job", JobArgs, parse_job, _job_objects)
GATEWAYS = Kind("gateways", "IngressGateway", IngressGatewayArgs, parse_ingress_gateway, _gateway_objects)
ROUTES = Kind("routes", "IngressRoutes", IngressRoutesArgs, parse_ingress_routes, _routes_objects)
LOAD_BALANCERS = Kind(
    "load_balancers", "PublicLoadBalancer", PublicLoadBalancerArgs, parse_public_load_balancer, _balancer_objects
)
AWS_LOAD_BALANCERS = Kind(
    "aws_load_balancers", "AwsLoadBalancer", AwsLoadBalancerArgs, parse_aws_load_balancer, _aws_objects
)

KINDS = (JOBS, SERVICES, GATEWAYS, ROUTES, LOAD_BALANCERS, AWS_LOAD_BALANCERS)
"""The kinds of components, in the order in which a stack creates them."""


SECRET_RULES: Rules = {
    **OWN_PARTS_RULES,
    **AWS_RULES,
    **BALANCER_RULES,
    **GATEWAY_RULES,
    **ROUTES_RULES,
    **rules_with(image_rule()),
    **job_rules_with(image_rule()),
}
"""The rules of every args type of a stack, which say whose values messages never show."""


@dataclass(frozen=True)
class Part:
    """One component of a stack."""

    kind: Kind
    name: str
    at: Location
    """The location of its arguments."""
    spec: Any
    """Its parsed arguments."""
    usable: bool
    """Whether rules can read its arguments: a spec, whose invalid fields are unavailable."""

    @property
    def title(self) -> str:
        """The component as messages name it."""
        return f'{self.kind.title} "{self.name}"'


@dataclass(frozen=True)
class _PartWithPods(Part):
    """A component whose pods are the user's. What it doesn't set, the stack does."""

    default_namespace: str
    default_dns: Optional[DnsSpec]

    @property
    def namespace(self) -> pulumi.Input[str]:
        """The namespace of the component."""
        own = self.spec.namespace
        return self.default_namespace if own is None else own

    def _stack_values(self, services: "PodsByName", *peers: str) -> dict[str, Any]:
        """The namespace and the DNS, and the fields with peers, which have the names of the Services by whose keys the
        stack knows them."""
        dns = self.default_dns if self.spec.dns is None else self.spec.dns
        named = {
            field: tuple(_with_service_name(peer, services) for peer in getattr(self.spec, field)) for field in peers
        }
        return {"namespace": self.namespace, "dns": dns, **named}


@dataclass(frozen=True)
class ServicePart(_PartWithPods):
    """A service of the stack."""

    spec: WebServiceSpec

    @cached_property
    def plan(self) -> WebServicePlan:
        """The service with its defaults resolved."""
        return plan_web_service(self.name, self.spec)

    @property
    def service_name(self) -> str:
        """The name of the Service, and of every other object."""
        return self.plan.name

    def with_stack_values(self, services: "PodsByName") -> WebServiceSpec:
        """The arguments with what the stack sets, and with the names of the Services of peers."""
        values, monitoring = self._stack_values(services, "allow_from", "allow_to"), self.spec.monitoring
        if monitoring is not None:
            readers = tuple(_with_service_name(peer, services) for peer in monitoring.metrics_from)
            values["monitoring"] = dataclasses.replace(monitoring, metrics_from=readers)
        return dataclasses.replace(self.spec, **values)

    def pods(self) -> PodPlan:
        """The pods of the service."""
        return plan_pods_of_service(self.plan, {})

    def pod_owner(self) -> PodOwner:
        """The service as what selects pods, and has some."""
        return dataclasses.replace(pod_owner_of(self.name, self.spec, self.at), namespace=self.namespace)

    @property
    def ports(self) -> Mapping[str, ServicePort]:
        """The ports by name."""
        return self.plan.ports

    @property
    def default_port(self) -> Optional[ServicePort]:
        """The port of a target that names none."""
        return self.plan.default_port

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the pods."""
        return self.plan.selector

    @property
    def drain(self) -> int:
        """Seconds that a terminating pod continues to serve requests."""
        return self.plan.drain

    @property
    def network_policy(self) -> bool:
        """Whether NetworkPolicies select the pods."""
        return self.spec.network_policy


@dataclass(frozen=True)
class AdditionalServicePart:
    """A further Service of a service of the stack, as targets and peers name it."""

    owner: ServicePart
    plan: AdditionalServicePlan

    @property
    def service_name(self) -> str:
        """The name of the Service."""
        return self.plan.name

    @property
    def namespace(self) -> pulumi.Input[str]:
        """The namespace of the pods."""
        return self.owner.namespace

    @property
    def ports(self) -> Mapping[str, ServicePort]:
        """The ports that it offers, by name."""
        return self.plan.ports

    @property
    def default_port(self) -> Optional[ServicePort]:
        """The port of a target that names none."""
        return main_port(self.ports)

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the pods."""
        return self.plan.selector

    @property
    def drain(self) -> int:
        """Seconds that a terminating pod continues to serve requests."""
        return self.owner.drain

    @property
    def network_policy(self) -> bool:
        """Whether NetworkPolicies select the pods."""
        return self.owner.network_policy

    def as_peer(self, peer: PeerSpec) -> PeerSpec:
        """The peer that means its pods in place of its name."""
        return self._selecting(peer, self.selector)

    def as_peer_of_workload(self, peer: PeerSpec) -> PeerSpec:
        """The peer that means the pods by the labels of their workload: only Kubernetes sets the label of one pod."""
        return self._selecting(peer, self.owner.selector if self.plan.spec.per_pod else self.selector)

    def _selecting(self, peer: PeerSpec, labels: Mapping[str, str]) -> PeerSpec:
        if labels == {NAME_LABEL: self.owner.service_name}:
            return dataclasses.replace(peer, service=self.owner.service_name)
        return dataclasses.replace(peer, service=None, selector=labels)


def additional_services_of(services: Mapping[str, Part]) -> dict[str, AdditionalServicePart]:
    """The further Services of the stack's services, by name. What is invalid is reported elsewhere."""
    found: dict[str, AdditionalServicePart] = {}
    for part in services.values():
        if isinstance(part, ServicePart) and part.usable:
            plans = available(partial(getattr, part.plan, "additional_services"), dict[str, AdditionalServicePlan]())
            found |= {name: AdditionalServicePart(part, plan) for name, plan in plans.items() if name not in services}
    return found


def _with_service_name(peer: PeerSpec, services: "PodsByName") -> PeerSpec:
    name = peer.service
    if not isinstance(name, str) or peer.namespace is not None or peer.any_namespace:
        return peer
    if name in services:
        service = services[name]
        return dataclasses.replace(peer, service=service.service_name) if service.usable else peer
    additional = services.additional.get(name)
    return peer if additional is None else additional.as_peer(peer)


@dataclass(frozen=True)
class JobPart(_PartWithPods):
    """A job of the stack."""

    spec: JobSpec

    @cached_property
    def plan(self) -> JobPlan:
        """The job with its defaults resolved."""
        return plan_job(self.name, self.spec)

    @property
    def service_name(self) -> str:
        """What peers of other services call the job."""
        return self.plan.name

    def with_stack_values(self, services: "PodsByName") -> JobSpec:
        """The arguments with what the stack sets, and with the names of the Services of peers."""
        return dataclasses.replace(self.spec, **self._stack_values(services, "allow_to"))

    def pods(self) -> PodPlan:
        """The pods of the job."""
        return plan_pods_of_job(self.plan, {})

    def pod_owner(self) -> PodOwner:
        """The job as what has pods, and selects them for its policy."""
        return dataclasses.replace(owner_of_pods(self.name, self.spec, self.at), namespace=self.namespace)


PodsPart = Union[ServicePart, JobPart]
"""A component whose pods are the user's."""


class PodsByName(dict[str, PodsPart]):
    """Components with pods, by name."""

    @cached_property
    def additional(self) -> Mapping[str, AdditionalServicePart]:
        """Their further Services, by name."""
        return additional_services_of(self)


@dataclass(frozen=True)
class GatewayPart(Part):
    """A gateway of the stack."""

    spec: IngressGatewaySpec

    @property
    def class_name(self) -> pulumi.Input[str]:
        """The IngressClass."""
        return self.plan.class_name

    @property
    def service_name(self) -> str:
        """What the names of the controller's objects begin with."""
        return self.plan.name

    @property
    def installs(self) -> bool:
        """Whether the gateway installs its controller."""
        return installer_of(self.spec) is not None

    @property
    def creates_namespace(self) -> bool:
        """Whether the gateway creates the namespace of its controller."""
        return self.usable and self.installs and self.spec.namespace is None

    @property
    def namespace(self) -> pulumi.Input[str]:
        """The namespace of the controller."""
        return self.plan.namespace

    @cached_property
    def plan(self) -> GatewayPlan:
        """What follows from its arguments, as if no other gateway had its class. Invalid values are unavailable."""
        return plan_gateway(self.name, self.spec)

    def pod_owner(self) -> PodOwner:
        """The gateway's controller as what selects pods, and has some."""
        return self.plan.pod_owner(self.at)

    @property
    def ports(self) -> Mapping[str, ServicePort]:
        """The ports of the front door, by name; none if the gateway doesn't install its controller."""
        return self.plan.ports

    @property
    def default_port(self) -> Optional[ServicePort]:
        """The port of a target that names none."""
        return self.ports.get("https")

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the controller's pods."""
        return self.plan.selector

    @property
    def drain(self) -> int:
        """Seconds that a terminating pod of the controller continues to accept connections."""
        return self.plan.drain

    @property
    def network_policy(self) -> bool:
        """Whether NetworkPolicies select the controller's pods: it always has one."""
        return True


@dataclass(frozen=True)
class RoutesPart(Part):
    """Routes that the stack adds to a gateway of another stack."""

    spec: IngressRoutesSpec

    @property
    def plan(self) -> AddedRoutes:
        """The routes, as if the stack had no others of the gateway. Invalid values are unavailable."""
        return plan_added_routes(self.name, self.spec, GatewayState())


@dataclass(frozen=True)
class BalancerPart(Part):
    """A PublicLoadBalancer of the stack."""

    spec: PublicLoadBalancerSpec


@dataclass(frozen=True)
class AwsBalancerPart(Part):
    """An AwsLoadBalancer of the stack."""

    spec: AwsLoadBalancerSpec


def backends_of_services(services: Mapping[str, ServicePart]) -> dict[str, Optional[Backend]]:
    """The services and their further Services as targets, by name."""
    own = {name: backend_of(part) for name, part in services.items()}
    additional = additional_services_of(services)
    return {**{name: Backend(SERVICE, part.owner.name, part, name) for name, part in additional.items()}, **own}


def backend_of(part: Union[ServicePart, GatewayPart]) -> Optional[Backend]:
    """A component as a target; None if its arguments can't be read, which is reported already."""
    kind = SERVICE if isinstance(part, ServicePart) else GATEWAY
    return Backend(kind, part.name, part) if part.usable else None
