"""What several components of a stack would have in common, and can't share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Union, cast

import pulumi

from ..args.codes import define
from ..args.location import Field, Location
from ..args.problems import Problems, Remove, Set
from ..aws_load_balancer.load_balancer import exclusive_values as aws_exclusive_values
from ..ingress_gateway.front_door import exposure_request
from ..ingress_gateway.gateway_plan import identity_of_reference, peers_of, plan_added_routes, plan_routes
from ..ingress_gateway.gateway_state import GatewayState, compare_routes, keep_routes, state_key
from ..ingress_gateway.install.installation import report_second_default_class
from ..ingress_gateway.objects import installed_objects
from ..ingress_gateway.validation import check_added_routes
from ..lifecycle.aws import AWS
from ..lifecycle.claims import ExclusiveValue, plain_items
from ..lifecycle.object_names import ObjectName, names_of, report_same_objects, shared_names
from ..pod_security import PodSecurityLevel
from ..public_load_balancer.balancer import exclusive_values
from ..public_load_balancer.plan import request_of
from ..public_load_balancer.platforms import module_of
from .own_parts import OwnParts
from .parts import (
    AwsBalancerPart,
    BalancerPart,
    GatewayPart,
    JobPart,
    Part,
    PodsByName,
    PodsPart,
    RoutesPart,
    ServicePart,
)

__all__ = ["Parts", "check_conflicts"]

GATEWAY_CREATES_STACK_NAMESPACE = define(
    "gateway-creates-stack-namespace",
    "The gateway would create the namespace {namespace}, which the stack creates already.",
    allowed="another name, or a {field} of its own",
)
SERVICE_IN_GATEWAY_NAMESPACE = define(
    "service-in-gateway-namespace",
    "The gateway {gateway} creates the namespace {value} after the services that it routes to.",
    allowed="a namespace that exists",
)
SAME_CLASS = define(
    "same-ingress-class",
    "{other} creates the IngressClass {class_name} too.",
    allowed="one gateway for each IngressClass",
    hint="Set another {field}.",
)
SAME_SERVICE_NAME = define(
    "same-service-name",
    "{other} has objects called {value} in the same namespace.",
    allowed="another name, or another namespace",
)
JOB_NAMED_LIKE_SERVICE = define(
    "job-named-like-service",
    "{other} has the same name, and the ServiceAccount, the NetworkPolicy, and the labels of the pods are by name.",
    allowed="another name",
    hint="Rename one of them.",
)
SAME_OUTPUT_NAME = define(
    "same-output-name",
    "{other} has the same name, and the stack's outputs are by name.",
    allowed="another name",
    hint="Rename one of them.",
)
SHARED_CLAIM = define(
    "already-claimed",
    "{other} uses {value} too, and two load balancers can't share it.",
    allowed="a value that no other load balancer uses",
    hint="Set another value.",
)
SHARED_PORT = define(
    "already-claimed-port",
    "{other} uses {protocol} port {port} of {value} too.",
    allowed="ports that no other load balancer of the address uses",
    hint="Choose another port, or another address.",
)

_ADDRESSES = ("static_addresses", "elastic_ips", "private_addresses")


@dataclass(frozen=True)
class Parts:
    """The components of a stack, by kind and name."""

    namespace: str
    """The namespace that the stack creates."""
    pod_security: PodSecurityLevel
    """The level of Pod Security that the namespace enforces."""
    services: Mapping[str, ServicePart]
    jobs: Mapping[str, JobPart]
    gateways: Mapping[str, GatewayPart]
    routes: Mapping[str, RoutesPart]
    load_balancers: Mapping[str, BalancerPart]
    aws_load_balancers: Mapping[str, AwsBalancerPart]
    own: OwnParts
    """What the stack has beside its components."""

    @property
    def with_targets(self) -> Sequence[Union[GatewayPart, RoutesPart, BalancerPart, AwsBalancerPart]]:
        """The parts that send requests to targets."""
        gateways, balancers = self.gateways.values(), self.load_balancers.values()
        return (*gateways, *self.routes.values(), *balancers, *self.aws_load_balancers.values())


def check_conflicts(parts: Parts, problems: Problems) -> None:
    """Report what several components would create or use, and can't share."""
    for name in parts.services.keys() & parts.jobs.keys():
        problems.report(JOB_NAMED_LIKE_SERVICE, parts.jobs[name].at, other=parts.services[name].at)
    gateways = {name: gateway for name, gateway in parts.gateways.items() if gateway.usable}
    for gateway in gateways.values():
        problems.run(_check_created_namespace, gateway, parts)
        problems.run(_check_objects, gateway, parts)
        problems.run(_check_output_names, gateway, parts)
    _check_service_names(parts, problems)
    _check_classes(gateways, problems)
    _check_default_classes(gateways, problems)
    for name in parts.load_balancers.keys() & parts.aws_load_balancers.keys():
        _report_same_output_name(parts.aws_load_balancers[name], parts.load_balancers[name], problems)
    states = _check_routes(gateways, problems)
    _check_added_routes(parts, states, problems)
    _check_claims(parts, problems)


def _check_created_namespace(gateway: GatewayPart, parts: Parts, problems: Problems) -> None:
    if gateway.spec.namespace is not None or not gateway.installs:
        return
    if gateway.plan.name == parts.namespace:
        fix = Set(gateway.at / "namespace", parts.namespace)
        params: dict[str, Any] = {"namespace": parts.namespace, "field": Field("namespace")}
        problems.report(GATEWAY_CREATES_STACK_NAMESPACE, gateway.at, fix=fix, **params)
        return
    for service in (*parts.services.values(), *parts.jobs.values()):
        problems.run(_check_service_namespace, service, gateway)


def _check_service_namespace(service: PodsPart, gateway: GatewayPart, problems: Problems) -> None:
    if service.usable and service.namespace == gateway.plan.name:
        where, name = service.at / "namespace", gateway.plan.name
        problems.report(SERVICE_IN_GATEWAY_NAMESPACE, where, value=name, gateway=gateway.name, fix=Remove(where))


def _check_objects(gateway: GatewayPart, parts: Parts, problems: Problems) -> None:
    """Report the objects of a gateway that a service or a job creates too.

    Pulumi generates the names of load balancers' objects, and the names of routes' objects have a hash.
    """
    if _has_problems(gateway, problems):
        return
    names = list(names_of(installed_objects(gateway.plan)))
    known = {name.name for name in names if name.is_known}
    for part in (*parts.services.values(), *parts.jobs.values()):
        if part.usable and part.plan.name in known:
            problems.run(_check_objects_of, gateway, part, PodsByName(parts.services), names)


def _check_objects_of(
    gateway: GatewayPart,
    part: PodsPart,
    services: PodsByName,
    names: Sequence[ObjectName],
    problems: Problems,
) -> None:
    if _has_problems(part, problems):
        return
    ((_, objects),) = part.kind.objects({part.name: part.with_stack_values(services)})
    if shared := shared_names(names, list(names_of(objects))):
        report_same_objects(gateway.at, part.at, shared, problems)


def _has_problems(part: Part, problems: Problems) -> bool:
    """Whether the arguments of a component have problems, so that its objects can't be built."""
    return any(problem.location.is_within(part.at) for problem in problems.found)


def _check_service_names(parts: Parts, problems: Problems) -> None:
    """Report services whose objects have the same names."""
    first: dict[tuple[str, str], PodsPart] = {}
    for service in parts.services.values():
        if service.usable:
            problems.run(_check_service_name, service, first)
    for job in parts.jobs.values():
        # Another problem reports a job with the key of a service.
        if job.usable and job.name not in parts.services:
            problems.run(_check_service_name, job, first)


def _check_service_name(service: PodsPart, first: dict[tuple[str, str], PodsPart], problems: Problems) -> None:
    if not isinstance(service.namespace, str):
        return
    other = first.setdefault((service.namespace, service.plan.name), service)
    if other is not service:
        # At the one that has the argument.
        part, beside = (service, other) if service.plan.name != service.name else (other, service)
        params: dict[str, Any] = {"value": service.plan.name, "other": beside.at}
        problems.report(SAME_SERVICE_NAME, part.at / "name", fix=Remove(part.at / "name"), **params)


def _check_output_names(gateway: GatewayPart, parts: Parts, problems: Problems) -> None:
    if gateway.spec.exposure is None:
        return
    for balancers in (parts.load_balancers, parts.aws_load_balancers):
        if gateway.name in balancers:
            _report_same_output_name(balancers[gateway.name], gateway, problems)


def _report_same_output_name(part: Part, other: Part, problems: Problems) -> None:
    problems.report(SAME_OUTPUT_NAME, part.at, other=other.at)


def _check_classes(gateways: Mapping[str, GatewayPart], problems: Problems) -> None:
    first: dict[str, GatewayPart] = {}
    for gateway in gateways.values():
        problems.run(_check_class, gateway, first)


def _check_class(gateway: GatewayPart, first: dict[str, GatewayPart], problems: Problems) -> None:
    class_name = gateway.class_name
    if not gateway.installs or not isinstance(class_name, str):
        return
    other = first.setdefault(class_name, gateway)
    if other is not gateway:
        where, field = gateway.at / "class_name", Field("class_name")
        fix = Remove(where) if gateway.spec.class_name is not None and gateway.name not in first else None
        where = where if gateway.spec.class_name is not None else gateway.at
        problems.report(SAME_CLASS, where, other=other.at, class_name=class_name, field=field, fix=fix)


def _check_default_classes(gateways: Mapping[str, GatewayPart], problems: Problems) -> None:
    first: list[Location] = []
    for gateway in gateways.values():
        problems.run(_check_default_class, gateway, first)


def _check_default_class(gateway: GatewayPart, first: list[Location], problems: Problems) -> None:
    installation = gateway.spec.installation
    if not gateway.installs or installation is None or not installation.default_class:
        return
    if first:
        report_second_default_class(installation, first[0], problems)
    first.append(installation.at / "default_class")


def _check_routes(gateways: Mapping[str, GatewayPart], problems: Problems) -> dict[Any, GatewayState]:
    """Report routes that several gateways of one class have. Returns the routes by class."""
    states: dict[Any, GatewayState] = {}
    for gateway in gateways.values():
        problems.run(_check_routes_of, gateway, states)
    return states


def _check_added_routes(parts: Parts, states: dict[Any, GatewayState], problems: Problems) -> None:
    """Report what's wrong with the routes of other stacks' gateways, and the names and routes that parts repeat."""
    for name, added in parts.routes.items():
        if name in parts.gateways:
            problems.report(SAME_OUTPUT_NAME, added.at, other=parts.gateways[name].at)
        if added.usable:
            problems.run(_check_routes_added, added, states)


def _check_routes_added(added: RoutesPart, states: dict[Any, GatewayState], problems: Problems) -> None:
    gateway = added.spec.gateway
    state = states.setdefault(state_key(identity_of_reference(gateway)), GatewayState())
    routes = plan_added_routes(added.name, added.spec, state)
    check_added_routes(routes, peers_of(gateway), frozenset(gateway.response_headers), problems)
    listed = () if isinstance(gateway.routes, pulumi.Output) else cast("Sequence[str]", gateway.routes)
    compare_routes(state, added.title, routes, listed, problems)
    keep_routes(state, added.title, routes)


def _check_routes_of(gateway: GatewayPart, states: dict[Any, GatewayState], problems: Problems) -> None:
    state = states.setdefault(state_key(gateway.plan.identity), GatewayState())
    routes = plan_routes(gateway.name, gateway.spec, state)
    compare_routes(state, gateway.title, routes, [], problems)
    keep_routes(state, gateway.title, routes)


class _Claim(NamedTuple):
    """What only one load balancer can use."""

    cloud: str
    kind: str
    value: str


def _check_claims(parts: Parts, problems: Problems) -> None:
    """Report what several load balancers would use: an address, a name, a port of the nodes."""
    claims: dict[_Claim, list[ExclusiveValue]] = {}
    for part in (*parts.gateways.values(), *parts.load_balancers.values(), *parts.aws_load_balancers.values()):
        if part.usable:
            problems.run(_check_claims_of, part, claims)


def _check_claims_of(part: Part, claims: dict[_Claim, list[ExclusiveValue]], problems: Problems) -> None:
    for cloud, exclusive in _exclusive_values_of(part):
        for where, item in plain_items(exclusive):
            others = claims.setdefault(_Claim(exclusive.owner(cloud), _kind_of(exclusive.field), str(item)), [])
            for other in others:
                _report_shared(exclusive, other, where, str(item), problems)
            others.append(replace(exclusive, location=where))


def _report_shared(
    exclusive: ExclusiveValue, other: ExclusiveValue, at: Location, value: str, problems: Problems
) -> None:
    ports = exclusive.shared_ports(other)
    if ports is None or other.location.parent == at.parent:
        problems.report(SHARED_CLAIM, at, value=value, other=other.location)
    elif ports:
        number, protocol = min(ports)
        problems.report(SHARED_PORT, at, value=value, other=other.location, port=number, protocol=protocol)


def _kind_of(field: str) -> str:
    return "address" if field in _ADDRESSES else field


def _exclusive_values_of(part: Part) -> Iterator[tuple[str, ExclusiveValue]]:
    """The values that no two load balancers can share, with their cloud."""
    if isinstance(part, GatewayPart):
        request = exposure_request(part.spec) if part.installs else None
    elif isinstance(part, BalancerPart):
        request = request_of(part.spec)
    else:
        if isinstance(part, AwsBalancerPart):
            yield from ((AWS, exclusive) for exclusive in aws_exclusive_values(part.spec))
        return
    if request is not None:
        cloud = module_of(request.exposure.platform).cloud
        yield from ((cloud, exclusive) for exclusive in exclusive_values(request))
