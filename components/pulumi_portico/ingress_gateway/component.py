"""The `IngressGateway` component: registers what its builders describe."""

from collections.abc import Mapping
from typing import Any, Optional, Union, cast

import pulumi

from ..args.calls import checked_call
from ..args.exceptions import exception_texts
from ..args.problems import Problems
from ..lifecycle.claims import claim
from ..lifecycle.cost import Billable, estimate, estimate_text
from ..lifecycle.object_names import claim_objects
from ..lifecycle.selectors import claim_pods, guarded_with_targets
from ..networking.ports import ServicePort
from ..networking.target import Protocol, Target, TargetIfAny
from ..ordering import dependencies_of
from ..public_load_balancer.addresses import node_ports_of
from ..register import name_of
from .args import IngressGatewayArgs, IngressGatewaySpec, targets_of
from .compile_input import GATEWAY
from .exceptions import security_exceptions
from .front_door import SERVICE, with_hook
from .gateway_outputs import address_of, urls_of
from .gateway_plan import GatewayPlan, component_name, identity_of, installer_of, plan_gateway
from .gateway_state import GatewayFacts, add_routes, state_of
from .install.installation import report_second_default_class
from .install.objects import CONTROLLER
from .objects import NAMESPACE, objects_of
from .reference import EVERY_HOST, GatewayReference, peer_args
from .registration import Registered, hosts_elsewhere, register_with_routes
from .tls import HostTlsSpec
from .validation import parse_ingress_gateway

__all__ = ["IngressGateway"]

_HTTPS = "https"


class IngressGateway(pulumi.ComponentResource):
    """One public entry point for many services: it sends each request to a service by host and path.

    Portico installs an ingress controller with a load balancer in front of it, unless the cluster has one, and
    configures the routes. Routes mean the same on every controller, and what the chosen controller doesn't support is
    rejected before anything is registered. `IngressRoutes` adds more routes, from this program or another one.
    """

    address: pulumi.Output[str]
    """The gateway's IP address; empty if the platform provides a host name instead, or if there is none."""

    hostname: pulumi.Output[str]
    """The gateway's host name; empty if the platform provides an IP address instead, or if there is none."""

    urls: pulumi.Output[dict[str, str]]
    """The URL of each host of its own routes, by host. A wildcard has none; `*` is the gateway's address, for routes
    without a host."""

    node_ports: pulumi.Output[dict[str, int]]
    """The ports of every node that lead to `http` and `https`. Clients connect to them if the exposure's platform is
    node-port; empty if the cluster assigns none."""

    class_name: pulumi.Output[str]
    """The IngressClass."""

    namespace: pulumi.Output[str]
    """The namespace of the controller and of the hosts' Ingresses."""

    controller: pulumi.Output[str]
    """The controller that serves the routes."""

    routes: pulumi.Output[list[str]]
    """Its own routes, each as host, type, and path, for the references of other programs."""

    hosts: pulumi.Output[list[str]]
    """The hosts of its own routes, for the references of other programs."""

    certificates: pulumi.Output[dict[str, str]]
    """The names of the Secrets with its certificates, by host or wildcard, for the references of other programs."""

    exceptions: pulumi.Output[dict[str, str]]
    """What is less strict than the secure default, by argument; empty if nothing is."""

    load_balancers: pulumi.Output[int]
    """How many load balancers (on GKE, forwarding rules) the platform bills for it."""

    public_addresses: pulumi.Output[int]
    """How many public addresses the platform bills for it."""

    monthly_cost: pulumi.Output[Optional[float]]
    """An estimate of the monthly cost of its load balancer, without traffic; None if no price is known, or if it has
    no load balancer of its own. `cost` names the prices."""

    cost: pulumi.Output[str]
    """The estimate in words."""

    reference: GatewayReference
    """The gateway, as `IngressRoutes` of this program refer to it."""

    target: TargetIfAny
    """The port `https` of the controller, for load balancers in front; None if Portico doesn't install it."""

    targets: dict[str, Target]
    """The ports of the controller, `http` and `https`, by name; empty if Portico doesn't install it."""

    @checked_call
    def __init__(self, name: str, args: IngressGatewayArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lowercase letters, digits, and hyphens, starting with a letter, at most 40
            characters. The names of all of its resources begin with it.
        :param args: Who can reach it, and which requests go where.
        :param opts: Pulumi's resource options. Every child inherits a provider from them.
        :raises ArgumentError: with every problem of the name and the arguments, before anything is registered.
        """
        problems = Problems(component_name(name))
        spec = _parsed(name, args, problems, opts)
        state = state_of(identity_of(name, spec), opts)
        plan = plan_gateway(name, spec, state)
        add_routes(state, component_name(plan.name), plan.routes, [], problems)
        _claim_default_class(spec, problems, opts)
        problems.raise_if_any()
        objects = objects_of(plan, hosts_elsewhere(plan.routes, state))
        claim_objects(problems.subject, objects, spec.at, opts)
        if plan.installation is not None:
            claim_pods(plan.pod_owner(problems.subject), problems, opts)
        problems.raise_if_any()
        front = plan.front_door
        if front is not None:
            opts = with_hook(front, opts)
        super().__init__("portico:index:IngressGateway", name, {} if front is None else front.state, opts)
        self._warn(plan)
        first = dependencies_of(opts)
        registered = register_with_routes(name, plan.routes, state, self, objects, first)
        if plan.installation is not None:
            first = [registered.resources[CONTROLLER]]
        elif GATEWAY in registered.resources:
            first = [registered.resources[GATEWAY]]
        certificates = registered.certificates(plan.routes)
        state.facts = GatewayFacts(
            first,
            certificates,
            plan.peers,
            spec.default_backend,
            plan.listed_headers,
            is_installed=plan.routes.is_installed,
            hsts=plan.routes.hsts,
            hidden_clients=plan.routes.hidden_clients,
            route_namespaces=plan.routes.accepted_namespaces,
        )
        self._set_outputs(plan, certificates, registered)
        self._set_cost(plan)
        self._register_all_outputs()

    def _warn(self, plan: GatewayPlan) -> None:
        if plan.installation is not None and (warning := plan.installation.installer.warning):
            pulumi.log.warn(f'IngressGateway "{plan.name}": {warning}', self)

    def _set_outputs(self, plan: GatewayPlan, certificates: Mapping[str, HostTlsSpec], registered: Registered) -> None:
        service = registered.resources.get(SERVICE)
        reached = address_of(service, registered.address_holders if plan.wait.publishes_address else [])
        self.address = reached.apply(lambda found: found["ip"])
        self.hostname = reached.apply(lambda found: found["hostname"])
        self.urls = urls_of({name: host.tls for name, host in plan.routes.hosts.items()}, reached)
        self.node_ports = pulumi.Output.from_input({}) if service is None else node_ports_of(service)
        self.class_name = pulumi.Output.from_input(plan.class_name)
        # What others create in the namespace comes after it.
        created = registered.resources.get(NAMESPACE)
        self.namespace = pulumi.Output.from_input(plan.namespace) if created is None else name_of(created)
        self.controller = pulumi.Output.from_input(plan.spec.controller.value)
        self.routes = pulumi.Output.from_input(plan.routes.texts)
        self.hosts = pulumi.Output.from_input(sorted(host or EVERY_HOST for host in plan.routes.hosts))
        secrets: dict[str, Any] = {host: tls.secret for host, tls in certificates.items() if tls.secret is not None}
        self.certificates = pulumi.Output.from_input(secrets)
        self.exceptions = pulumi.Output.from_input(exception_texts(security_exceptions(plan.spec), plan.spec.at))
        self.reference = _reference(plan)
        self.targets = {} if service is None else _targets(plan, name_of(service))
        self.target = cast("Target", self.targets.get(_HTTPS))

    def _set_cost(self, plan: GatewayPlan) -> None:
        billable, monthly, text = Billable(0, 0), None, "It has no load balancer of its own."
        front = plan.front_door
        if front is not None and front.balancer is not None and front.platform is not None:
            billable = front.balancer.billable
            estimated = estimate(front.platform.billing, billable, plan.spec.price)
            monthly, text = estimated.monthly, estimate_text(estimated)
        self.load_balancers = pulumi.Output.from_input(billable.load_balancers)
        self.public_addresses = pulumi.Output.from_input(billable.public_addresses)
        self.monthly_cost = pulumi.Output.from_input(monthly)
        self.cost = pulumi.Output.from_input(text)

    def _register_all_outputs(self) -> None:
        self.register_outputs(
            {
                "address": self.address,
                "hostname": self.hostname,
                "urls": self.urls,
                "node_ports": self.node_ports,
                "class_name": self.class_name,
                "namespace": self.namespace,
                "controller": self.controller,
                "routes": self.routes,
                "hosts": self.hosts,
                "certificates": self.certificates,
                "exceptions": self.exceptions,
                "load_balancers": self.load_balancers,
                "public_addresses": self.public_addresses,
                "monthly_cost": self.monthly_cost,
                "cost": self.cost,
            }
        )


def _parsed(
    name: str,
    args: Union[IngressGatewayArgs, IngressGatewaySpec],
    problems: Problems,
    opts: Optional[pulumi.ResourceOptions],
) -> IngressGatewaySpec:
    """The parsed arguments. A stack has parsed them already."""
    spec = args if isinstance(args, IngressGatewaySpec) else parse_ingress_gateway(name, args, problems)
    problems.raise_if_any()
    return guarded_with_targets(
        problems,
        spec,
        lambda known, found: parse_ingress_gateway(name, known, found, known.at),
        targets_of,
        opts,
    )


def _claim_default_class(spec: IngressGatewaySpec, problems: Problems, opts: Optional[pulumi.ResourceOptions]) -> None:
    installation = spec.installation
    if installer_of(spec) is None or installation is None or not installation.default_class or problems.found:
        return
    other = claim("the default IngressClass", problems.subject, opts)
    if other is not None:
        report_second_default_class(installation, other, problems)


def _reference(plan: GatewayPlan) -> GatewayReference:
    reference: GatewayReference = {
        "controller": plan.spec.controller,
        "class_name": plan.class_name,
        "namespace": plan.namespace,
        "custom_resources": plan.spec.crds is not None,
        "multi_label_wildcards": plan.spec.multi_label_wildcards,
        "publishes_address": plan.wait.publishes_address,
    }
    if plan.spec.module.has_gateway:
        reference |= _gateway_reference(plan)
    if plan.peers is not None:
        reference["controller_peers"] = [peer_args(peer) for peer in plan.peers]
    return reference


def _gateway_reference(plan: GatewayPlan) -> Any:
    spec = plan.spec
    named = {
        "name": plan.name,
        "implementation": spec.implementation,
        "implementation_version": spec.implementation_version,
        "supported_features": list(spec.supported_features),
    }
    return {field: value for field, value in named.items() if value}


def _targets(plan: GatewayPlan, service: pulumi.Output[str]) -> dict[str, Target]:
    return {name: _target(plan, service, port) for name, port in plan.ports.items()}


def _target(plan: GatewayPlan, service: pulumi.Output[str], port: ServicePort) -> Target:
    return {
        "service": service,
        "namespace": plan.namespace,
        "ready": service,
        "port": port.number,
        "target_port": port.target,
        "protocol": Protocol(port.protocol),
        "selector": plan.selector,
        "drain": plan.drain,
    }
