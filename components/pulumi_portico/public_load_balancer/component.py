"""The `PublicLoadBalancer` component: registers what its builders describe."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems
from ..lifecycle.claims import claim_each
from ..lifecycle.cost import Billable, estimate
from ..lifecycle.hooks import on_no_address, on_replacement
from ..ordering import after, dependencies_of
from ..register import name_of, namespace_of, register
from ..service_ports import ServicePort, main_port
from .addresses import first_address
from .args import PublicLoadBalancerArgs, check_public_load_balancer, request_of
from .balancer import Balancer, build_balancer
from .common import tls_ports
from .platform_module import Request
from .platforms import module_of

__all__ = ["PublicLoadBalancer"]

_READY_WITHIN = 600
_OUTPUTS = (
    *("address", "hostname", "url", "urls", "service_name", "namespace"),
    *("load_balancers", "public_addresses", "monthly_cost", "cost"),
)


class PublicLoadBalancer(pulumi.ComponentResource):
    """One target, exposed by a load balancer of its own on any platform.

    Creates a Service of type LoadBalancer, separate from the target's own Service, and a NetworkPolicy that allows the
    load balancer to connect to the target's pods. Rejects, before it creates anything, what the platform would ignore
    or reject. A change that replaces the load balancer creates the new one first and names the address that goes away.
    If that isn't possible, the change is rejected, with the steps of the migration.
    """

    address: pulumi.Output[str]
    """The load balancer's IP address; empty where the platform gives a host name instead, as AWS does."""

    hostname: pulumi.Output[str]
    """The load balancer's host name; empty where the platform gives an IP address instead."""

    url: pulumi.Output[str]
    """Where clients reach it, such as `http://203.0.113.7`, with the port where it is not the scheme's own. Of several
    ports, `http`, else the first TCP port by name."""

    urls: pulumi.Output[dict[str, str]]
    """The same of every port, by the port's name."""

    service_name: pulumi.Output[str]
    """The name of its Service, which Pulumi makes up, so that it can be replaced."""

    namespace: pulumi.Output[str]
    """The namespace that its Service is in: the target's."""

    load_balancers: pulumi.Output[int]
    """How many load balancers (on GKE, forwarding rules) the platform bills for it."""

    public_addresses: pulumi.Output[int]
    """How many public addresses the platform bills for it."""

    monthly_cost: pulumi.Output[Optional[float]]
    """An estimate of what it costs for being there, for a month and without traffic; none where no price is known.
    `cost` says what it is made from."""

    cost: pulumi.Output[str]
    """The same in words: that it is an estimate, of what, from which prices, and what had to be assumed."""

    def __init__(self, name: str, args: PublicLoadBalancerArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lower-case letters, digits and hyphens, a letter first, 46
            characters at most. The Service's name begins with it.
        :param args: What to expose, and how far.
        :param opts: Pulumi's resource options; a provider given here reaches every child.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        """
        problems = Problems(f'PublicLoadBalancer "{name}"')
        checked: Mapping[str, Any] = check_public_load_balancer(name, args, problems)
        problems.raise_if_any()
        target, request = checked["target"], request_of(checked)
        metadata: dict[str, Any] = {"namespace": target["namespace"]}
        if labels := checked.get("labels"):
            metadata["labels"] = labels
        balancer = build_balancer(metadata, target.get("selector", {}), request)
        module = module_of(request)
        cloud = module.prefixes[0] if module.prefixes else module.name
        claim_each(cloud, balancer.held, "exposure.", problems, opts)
        # The next deployment compares itself with this state.
        state = {"identity": balancer.identity, "held": balancer.held, "protected": balancer.protected}
        hooks = pulumi.ResourceOptions(hooks=on_replacement(name))
        merged = pulumi.ResourceOptions.merge(opts, hooks)
        super().__init__("portico:index:PublicLoadBalancer", name, dict(state), merged)
        first = [*dependencies_of(opts), *after(target.get("ready"))]
        beside = pulumi.ResourceOptions(parent=self, depends_on=first)
        register(balancer.network_policy, f"{name}-network-policy", beside)
        ready_within = checked.get("ready_within", _READY_WITHIN)
        options = self._options(name, balancer, ready_within)
        options.depends_on = first
        service = register(balancer.service, f"{name}-service", options)
        self._set_outputs(service, request)
        self._set_cost(request.exposure["platform"], balancer.billable, checked.get("price"))
        self.register_outputs({output: getattr(self, output) for output in _OUTPUTS})

    def _options(self, name: str, balancer: Balancer, ready_within: int) -> pulumi.ResourceOptions:
        timeouts = pulumi.CustomTimeouts(create=f"{ready_within}s", update=f"{ready_within}s")
        return pulumi.ResourceOptions(
            parent=self,
            custom_timeouts=timeouts,
            # The provider replaces a Service for next to nothing, and fails where Kubernetes takes no change.
            replacement_trigger=cast("Any", balancer.identity),
            hooks=on_no_address(name, balancer.identity["platform"], ready_within),
        )

    def _set_outputs(self, service: Any, request: Request) -> None:
        reached = cast("pulumi.Output[Any]", service.status).apply(first_address)
        self.address = reached.apply(lambda it: it["ip"])
        self.hostname = reached.apply(lambda it: it["hostname"])
        self.service_name = name_of(service)
        self.namespace = namespace_of(service)
        ports = _with_schemes(request)

        def urls(it: Mapping[str, str]) -> dict[str, str]:
            host = it["hostname"] or (f"[{it['ip']}]" if ":" in it["ip"] else it["ip"])
            return {port.name: port.url(host) if host else "" for port in ports.values()}

        self.urls = reached.apply(urls)
        main = main_port(ports)
        self.url = self.urls.apply(lambda it: it[main.name] if main else "")

    def _set_cost(self, platform: str, billed: Billable, price: Optional[Mapping[str, Any]]) -> None:
        estimated = estimate(platform, billed, price)
        self.load_balancers = pulumi.Output.from_input(billed.load_balancers)
        self.public_addresses = pulumi.Output.from_input(billed.public_addresses)
        self.monthly_cost = pulumi.Output.from_input(estimated.monthly)
        self.cost = pulumi.Output.from_input(estimated.text)


def _with_schemes(request: Request) -> dict[str, ServicePort]:
    """The ports by name; HTTP over TLS that ends at the load balancer has the scheme that clients use."""
    secure = [port for port in request.ports if port.name in tls_ports(request) and port.scheme == "http"]
    return {port.name: replace(port, app_protocol="https") if port in secure else port for port in request.ports}
