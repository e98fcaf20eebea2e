"""The `PublicLoadBalancer` component: registers the objects of its plan."""

from collections.abc import Mapping
from typing import Any, Optional, Union, cast

import pulumi

from ..args.calls import checked_call
from ..args.problems import Problems
from ..lifecycle.claims import claim_each
from ..lifecycle.cost import estimate_text
from ..lifecycle.deployed import CALLED
from ..lifecycle.hooks import on_replacement
from ..lifecycle.object_names import claim_objects
from ..lifecycle.objects import register_objects
from ..lifecycle.selectors import guarded_with_targets
from ..networking.ports import main_port
from ..ordering import after, dependencies_of
from ..register import name_of, namespace_of
from .addresses import first_address, node_ports_of
from .args import PublicLoadBalancerArgs, PublicLoadBalancerSpec
from .balancer import exclusive_values
from .plan import SERVICE, PublicLoadBalancerPlan, objects_of, plan_public_load_balancer
from .validation import parse_public_load_balancer

__all__ = ["PublicLoadBalancer"]

_OUTPUTS = (
    *("address", "hostname", "url", "urls", "node_ports", "service_name", "namespace"),
    *("load_balancers", "public_addresses", "monthly_cost", "cost"),
)


class PublicLoadBalancer(pulumi.ComponentResource):
    """One target, exposed by a load balancer of its own on any platform.

    Creates a Service of type LoadBalancer (NodePort on the platform node-port), separate from the target's own Service,
    and a NetworkPolicy that allows the load balancer to connect to the target's pods. Rejects, before it creates
    anything, what the platform would ignore or reject. A change that replaces the load balancer creates the new one
    first and names the address that goes away. If that isn't possible, the change is rejected, with the steps of the
    migration.
    """

    address: pulumi.Output[str]
    """The load balancer's IP address; empty if the platform assigns a host name instead, as AWS does, or nothing, as on
    the platform node-port."""

    hostname: pulumi.Output[str]
    """The load balancer's host name; empty if the platform assigns an IP address instead."""

    url: pulumi.Output[str]
    """The URL for clients, such as `http://203.0.113.7`, with the port unless it is the scheme's default. Of several
    ports, the URL of `http`, else of the first TCP port by name. Empty on the platform node-port."""

    urls: pulumi.Output[dict[str, str]]
    """The URL of each port, by the port's name."""

    node_ports: pulumi.Output[dict[str, int]]
    """The port of every node that leads to each port, by the port's name. Clients connect to them on the platform
    node-port; empty if the cluster assigns none."""

    service_name: pulumi.Output[str]
    """The name of its Service. Pulumi generates it, so that the Service can be replaced."""

    namespace: pulumi.Output[str]
    """The namespace of its Service: the target's."""

    load_balancers: pulumi.Output[int]
    """The number of load balancers (on GKE, forwarding rules) that the platform bills."""

    public_addresses: pulumi.Output[int]
    """The number of public addresses that the platform bills."""

    monthly_cost: pulumi.Output[Optional[float]]
    """An estimate of its cost for a month without traffic; none if no price is known. `cost` explains it."""

    cost: pulumi.Output[str]
    """The estimate in words: what it includes, which prices it uses, and what it assumes."""

    @checked_call
    def __init__(self, name: str, args: PublicLoadBalancerArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lowercase letters, digits, and hyphens, starting with a letter, at most 46
            characters. The Service's name starts with it.
        :param args: The target and its exposure.
        :param opts: Pulumi's resource options. Every child inherits the provider.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        """
        problems = Problems(f'PublicLoadBalancer "{name}"')
        given: Union[PublicLoadBalancerArgs, PublicLoadBalancerSpec] = args
        spec = given if isinstance(given, PublicLoadBalancerSpec) else parse_public_load_balancer(name, given, problems)
        problems.raise_if_any()
        spec = guarded_with_targets(
            problems,
            spec,
            lambda known, found: parse_public_load_balancer(name, known, found, known.at),
            lambda known: [known.target],
            opts,
            has_own_service=True,
        )
        plan = plan_public_load_balancer(name, spec)
        claim_each(plan.module.cloud, exclusive_values(plan.request), problems, opts)
        objects = objects_of(plan)
        claim_objects(problems.subject, objects, spec.at, opts)
        hooks = pulumi.ResourceOptions(hooks=on_replacement(name))
        merged = pulumi.ResourceOptions.merge(opts, hooks)
        # The next deployment compares itself with the recorded state.
        super().__init__("portico:index:PublicLoadBalancer", name, plan.balancer.recorded_state, merged)
        first = [*dependencies_of(opts), *after(spec.target.ready)]
        service = register_objects(name, objects, self, first)[SERVICE]
        self._set_outputs(plan, service)
        recorded = {} if spec.name is None else {CALLED: spec.name}
        self.register_outputs({**{output: getattr(self, output) for output in _OUTPUTS}, **recorded})

    def _set_outputs(self, plan: PublicLoadBalancerPlan, service: Any) -> None:
        address = cast("pulumi.Output[Any]", service.status).apply(first_address)
        self.address = address.apply(lambda known: known["ip"])
        self.hostname = address.apply(lambda known: known["hostname"])
        self.node_ports = node_ports_of(service)
        self.service_name = name_of(service)
        self.namespace = namespace_of(service)
        ports = plan.client_ports

        def urls(known: Mapping[str, str]) -> dict[str, str]:
            host = known["hostname"] or (f"[{known['ip']}]" if ":" in known["ip"] else known["ip"])
            return {port.name: port.url(host) if host else "" for port in ports.values()}

        self.urls = address.apply(urls)
        main = main_port(ports)
        self.url = self.urls.apply(lambda by_port: by_port[main.name] if main else "")
        estimated = plan.estimate
        self.load_balancers = pulumi.Output.from_input(estimated.billable.load_balancers)
        self.public_addresses = pulumi.Output.from_input(estimated.billable.public_addresses)
        self.monthly_cost = pulumi.Output.from_input(estimated.monthly)
        self.cost = pulumi.Output.from_input(estimate_text(estimated))
