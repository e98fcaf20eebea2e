"""The `IngressGateway` component: registers what its builders describe."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems, Refusal, write_nearest
from ..lifecycle.cost import Billable, estimate
from ..namespace import build_namespace
from ..network_policy import Peer
from ..ordering import Dependency, dependencies_of
from ..register import name_of, register
from ..service_ports import ServicePort
from ..target import Protocol, Target
from .args import IngressGatewayArgs
from .controller_module import Controller
from .exceptions import exceptions_of
from .front_door import FrontDoor, front_door_of, register_front_door, with_hook
from .gateway_outputs import address_of, urls_of
from .gateway_plan import PORTS, class_of, controller_of, custom_of, installs, routing_of
from .gateway_state import GatewayFacts, state_of
from .install.installation import drain_of
from .install.installer import InstallRequest, register_installation, selector_of
from .reference import EVERY_HOST, GatewayReference, route_text
from .registration import READY_WITHIN, Waiting, register_routes
from .routing import Routing, add_to
from .validation import check_ingress_gateway

__all__ = ["IngressGateway"]


class IngressGateway(pulumi.ComponentResource):
    """One public entry for many services: requests go by host and path to one of them.

    Installs an ingress controller with a load balancer in front of it, unless the cluster has one, and tells it of the
    routes. Routes mean the same on every controller; what the chosen one cannot do is refused before anything is made.
    More routes can be added by `IngressRoutes`, from this program or another one.
    """

    address: pulumi.Output[str]
    """The gateway's IP address; empty where the platform gives a host name instead, and where there is none."""

    hostname: pulumi.Output[str]
    """The gateway's host name; empty where the platform gives an IP address instead, and where there is none."""

    urls: pulumi.Output[dict[str, str]]
    """Where clients reach each host of its own routes, by the host. A wildcard has none; routes of every host are under
    the gateway's address."""

    class_name: pulumi.Output[str]
    """The IngressClass."""

    namespace: pulumi.Output[str]
    """The namespace of the controller's and the hosts' objects."""

    controller: pulumi.Output[str]
    """The controller that keeps the routes."""

    routes: pulumi.Output[list[str]]
    """Its own routes, each as host, type and path, for the references of other programs."""

    hosts: pulumi.Output[list[str]]
    """The hosts of its own routes, for the references of other programs."""

    certificates: pulumi.Output[dict[str, str]]
    """The names of the Secrets with its certificates, by host or wildcard, for the references of other programs."""

    exceptions: pulumi.Output[dict[str, str]]
    """What is looser than the secure default, by the argument that says so; empty where nothing is."""

    load_balancers: pulumi.Output[int]
    """How many load balancers (on GKE, forwarding rules) the platform bills for it."""

    public_addresses: pulumi.Output[int]
    """How many public addresses the platform bills for it."""

    monthly_cost: pulumi.Output[Optional[float]]
    """An estimate of what its load balancer costs for being there, for a month and without traffic; none where no
    price is known, or another one stands in front. `cost` says what it is made from."""

    cost: pulumi.Output[str]
    """The same in words."""

    def __init__(self, name: str, args: IngressGatewayArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lower-case letters, digits and hyphens, a letter first, 40
            characters at most. All that it makes has names that begin with it.
        :param args: How far it is exposed, and which requests go where.
        :param opts: Pulumi's resource options; a provider given here reaches every child.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        """
        me = f'IngressGateway "{name}"'
        problems = Problems(me)
        checked = check_ingress_gateway(name, args, problems)
        problems.raise_if_any()
        self._name, self._args = name, cast("Mapping[str, Any]", checked)
        self._namespace: Any = checked.get("namespace", name)
        self._service: Any = None
        self._created_namespace: Optional[pulumi.Output[str]] = None
        state = state_of(class_of(name, checked), opts)
        routing = routing_of(name, checked, self._namespace, state=state, me=me)
        add_to(state, me, routing, [], problems)
        self._selector = selector_of(name)
        front = front_door_of(name, self._args, self._selector)
        super().__init__("portico:index:IngressGateway", name, front.state, with_hook(front, opts))
        first = dependencies_of(opts)
        if installs(checked):
            first = [self._install(front, first)]
        routing = routing_of(name, checked, self._namespace, state=state, me=me)
        made = register_routes(routing, self._peers or [], self._waiting(), self, first, state.host_resources)
        routing = made.routing
        headers = self._headers()
        backend = checked.get("default_backend")
        state.facts = GatewayFacts(first, routing.certificates(), self._peers, backend, headers)
        self._set_outputs(routing, front, made.awaited)

    def _install(self, front: FrontDoor, first: Sequence[Dependency]) -> pulumi.Resource:
        """Install the controller and its front door, and return the controller's workload, the last of all."""
        name, args = self._name, self._args
        if "namespace" not in args:
            options = pulumi.ResourceOptions(parent=self, depends_on=list(first))
            made = register(build_namespace(name, args.get("labels", {})), f"{name}-namespace", options)
            self._created_namespace = name_of(made)
            first = [made]
        service = register_front_door(front, self._namespace, args, self._selector, self, first)
        request = InstallRequest(
            name=name,
            controller=controller_of(args),
            namespace=self._namespace,
            class_name=class_of(name, args),
            installation=args.get("installation", {}),
            settings=args.get("settings", {}),
            labels=args.get("labels", {}),
            service=name_of(service),
            proxy_protocol=front.proxy_protocol,
            proxy_sources=front.proxy_sources,
            sources=front.peers,
            empty_hosts=self._takes_every_host(),
            custom_resources=custom_of(args),
            crds_path=args.get("crds", {}).get("path"),
            response_headers=sorted(self._headers()),
        )
        self._service = service
        return register_installation(request, self, first)

    def _takes_every_host(self) -> bool:
        routes: Sequence[Mapping[str, Any]] = self._args.get("routes", [])
        return "default_backend" in self._args or any("host" not in route for route in routes)

    def _headers(self) -> frozenset[str]:
        """The headers that routes may add to responses, where the controller asks for them ahead."""
        if controller_of(self._args) != Controller.INGRESS_NGINX.value:
            return frozenset()
        routes: Sequence[Mapping[str, Any]] = self._args.get("routes", [])
        own = (name for route in routes for name in route.get("response_headers", {}))
        return frozenset([*own, *self._args.get("response_headers", [])])

    @property
    def _peers(self) -> Optional[Sequence[Peer]]:
        """Where the controller's connections come from; None where that is not known."""
        if not installs(self._args):
            return self._args.get("reached_from")
        return [{"namespace": self._namespace, "selector": self._selector}]

    def _waiting(self) -> Waiting:
        args = self._args
        silent = "behind" in args and controller_of(args) == Controller.F5_NGINX.value
        return Waiting(args.get("reports_address", not silent), args.get("ready_within", READY_WITHIN))

    def _set_outputs(self, routing: Routing, front: FrontDoor, made: Sequence[Any]) -> None:
        reached = address_of(self._service, made if self._waiting().reported else [])
        self.address = reached.apply(lambda it: it["ip"])
        self.hostname = reached.apply(lambda it: it["hostname"])
        secured = {host: it.tls for host, it in routing.compilation.hosts.items()}
        self.urls = urls_of(secured, reached)
        self.class_name = pulumi.Output.from_input(routing.class_name)
        # What others create in a namespace of the gateway comes after it.
        created = self._created_namespace
        self.namespace = pulumi.Output.from_input(self._namespace if created is None else created)
        self.controller = pulumi.Output.from_input(routing.controller)
        entries = routing.compilation.routes
        self.routes = pulumi.Output.from_input(sorted(route_text(it.host, it.path, it.path_type) for it in entries))
        self.hosts = pulumi.Output.from_input(sorted(it or EVERY_HOST for it in routing.compilation.hosts))
        kept = {host: it["secret"] for host, it in routing.certificates().items() if "secret" in it}
        self.certificates = pulumi.Output.from_input(kept)
        self.exceptions = pulumi.Output.from_input(exceptions_of(self._args))
        self._set_cost(front)
        self.register_outputs(
            {
                "address": self.address,
                "hostname": self.hostname,
                "urls": self.urls,
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

    def _set_cost(self, front: FrontDoor) -> None:
        if front.balancer is None:
            billable, monthly, text = Billable(0, 0), None, "It has no load balancer of its own."
        else:
            billable = front.balancer.billable
            estimated = estimate(self._args["exposure"]["platform"], billable, self._args.get("price"))
            monthly, text = estimated.monthly, estimated.text
        self.load_balancers = pulumi.Output.from_input(billable.load_balancers)
        self.public_addresses = pulumi.Output.from_input(billable.public_addresses)
        self.monthly_cost = pulumi.Output.from_input(monthly)
        self.cost = pulumi.Output.from_input(text)

    def reference(self) -> GatewayReference:
        """The gateway as `IngressRoutes` of this program name it."""
        reference: GatewayReference = {
            "controller": Controller(controller_of(self._args)),
            "class_name": class_of(self._name, self._args),
            "namespace": self._namespace,
            "custom_resources": custom_of(self._args),
            "wildcards_any_depth": self._args.get("wildcards_any_depth", False),
            "reports_address": self._waiting().reported,
        }
        if self._peers is not None:
            reference["reached_from"] = self._peers
        return reference

    def target(self, port: str = "https") -> Target:
        """The controller itself as balancers name it, by its port http or https, where it is installed.

        Raises `ArgumentError` where it is not, or has no such port.
        """
        chosen = self._port(port)
        return {
            "service": name_of(self._service),
            "namespace": self._namespace,
            "ready": name_of(self._service),
            "port": chosen.number,
            "target_port": chosen.target,
            "protocol": Protocol(chosen.protocol),
            "selector": self._selector,
            "drain": drain_of(self._args.get("installation", {})),
        }

    def _port(self, name: str) -> ServicePort:
        there = {it.name: it for it in PORTS} if self._service is not None else {}
        if name not in there:
            problems = Problems(f'IngressGateway "{self._name}"')
            known = ", ".join(there) or "none: the controller is not installed by it"
            problems.add("port", name, Refusal("is no port of it", known, write_nearest(name, there)))
            problems.raise_if_any()
        return there[name]
