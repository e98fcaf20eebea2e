"""The `PublicLoadBalancer` component: registers what its builders describe."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems, Refusal
from ..ordering import after, dependencies_of
from ..register import name_of, namespace_of, register
from ..service_ports import ServicePort, main_port
from .addresses import first_address
from .args import PublicLoadBalancerArgs, check_public_load_balancer, request_of
from .aws_native.balancer import billable, state_of
from .aws_native.registration import make
from .aws_native.urls import main_of, urls_of
from .balancer import Balancer, build_balancer
from .claims import claim, owner
from .common import tls_ports
from .cost import AWS, estimate
from .hooks import on_no_address, on_replacement
from .platform_module import Billable, Request
from .platforms import module_of

__all__ = ["PublicLoadBalancer"]

_READY_WITHIN = 600
_OUTPUTS = (
    *("address", "hostname", "url", "urls", "service_name", "namespace", "dns_name", "zone_id", "arn"),
    *("security_group_id", "target_group_arns", "load_balancers", "public_addresses", "monthly_cost", "cost"),
)


class PublicLoadBalancer(pulumi.ComponentResource):
    """One target, exposed by a load balancer of its own, on whatever platform the cluster is; or a load balancer that
    Pulumi owns on AWS, for several targets.

    With `target` and `exposure`, makes a Service of type LoadBalancer, apart from the target's own
    one, and a NetworkPolicy that lets the load balancer in at the target's pods. With `aws`, makes
    the load balancer of AWS's own resources, and joins its targets to it. What the platform would
    ignore or reject is refused before anything is made. A change that makes another load balancer makes the new one
    first, and says which address goes; one that cannot is refused, with the steps around it.
    """

    address: pulumi.Output[str]
    """The load balancer's IP address; empty where the platform gives a host name instead, as AWS does."""

    hostname: pulumi.Output[str]
    """The load balancer's host name; empty where the platform gives an IP address instead."""

    url: pulumi.Output[str]
    """Where clients reach it, such as `http://203.0.113.7`, with the port where it is not the scheme's own. Of several
    ports, `http`, else the first TCP port by name."""

    urls: pulumi.Output[dict[str, str]]
    """The same of every port, by the port's name; with `aws`, of every host, by its name, and without hosts of every
    listener, by its port."""

    service_name: pulumi.Output[str]
    """The name of its Service, which Pulumi makes up, so that it can be replaced; empty with `aws`."""

    namespace: pulumi.Output[str]
    """The namespace that its Service is in: the target's; empty with `aws`."""

    dns_name: pulumi.Output[str]
    """With `aws`, the load balancer's DNS name, which is its `hostname` too; else empty."""

    zone_id: pulumi.Output[str]
    """With `aws`, the id of the Route 53 zone that alias records name beside the DNS name; else empty."""

    arn: pulumi.Output[str]
    """With `aws`, the load balancer's ARN; else empty."""

    security_group_id: pulumi.Output[str]
    """With `aws`, the id of the security group that the load balancer is in; else empty."""

    target_group_arns: pulumi.Output[dict[str, str]]
    """With `aws`, the ARN of each target's group, by the target's key; else empty."""

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
        if "aws" in checked:
            self._own(name, checked, problems, opts)
        else:
            self._of_platform(name, checked, problems, opts)
        self.register_outputs({output: getattr(self, output) for output in _OUTPUTS})

    def _of_platform(
        self, name: str, checked: Mapping[str, Any], problems: Problems, opts: Optional[pulumi.ResourceOptions]
    ) -> None:
        """Make the Service that the cluster's platform makes a load balancer for."""
        target, request = checked["target"], request_of(checked)
        metadata: dict[str, Any] = {"namespace": target["namespace"]}
        if labels := checked.get("labels"):
            metadata["labels"] = labels
        balancer = build_balancer(metadata, target.get("selector", {}), request)
        module = module_of(request)
        cloud = module.prefixes[0] if module.prefixes else module.name
        _claim(cloud, "exposure", balancer.held, problems, opts)
        # What is recorded of it is what the next deployment is compared with.
        state = {"identity": balancer.identity, "held": balancer.held, "protected": balancer.protected}
        self._begin(name, state, opts)
        first = [*dependencies_of(opts), *after(target.get("ready"))]
        beside = pulumi.ResourceOptions(parent=self, depends_on=first)
        register(balancer.network_policy, f"{name}-network-policy", beside)
        ready_within = checked.get("ready_within", _READY_WITHIN)
        options = self._options(name, balancer, ready_within)
        options.depends_on = first
        service = register(balancer.service, f"{name}-service", options)
        self._set_outputs(service, request)
        self.dns_name = self.zone_id = self.arn = self.security_group_id = pulumi.Output.from_input("")
        self.target_group_arns = pulumi.Output.from_input(dict[str, str]())
        self._set_cost(request.exposure["platform"], balancer.billable, checked.get("price"))

    def _own(
        self, name: str, checked: Mapping[str, Any], problems: Problems, opts: Optional[pulumi.ResourceOptions]
    ) -> None:
        """Make the load balancer that Pulumi owns."""
        aws: Mapping[str, Any] = checked["aws"]
        state = state_of(aws)
        _claim(AWS, "aws", state["held"], problems, opts)
        self._begin(name, state, opts)
        made = make(self, name, checked, state["identity"])
        self.dns_name = self.hostname = pulumi.Output.from_input(made.dns_name)
        self.address = self.service_name = self.namespace = pulumi.Output.from_input("")
        self.zone_id = pulumi.Output.from_input(made.zone_id)
        self.arn = pulumi.Output.from_input(made.arn)
        self.security_group_id = pulumi.Output.from_input(made.security_group or "")
        self.target_group_arns = pulumi.Output.from_input(dict(made.target_groups))
        self.urls = self.dns_name.apply(lambda it: urls_of(aws, it))
        self.url = self.urls.apply(lambda it: it[main_of(aws)])
        self._set_cost(AWS, billable(aws), checked.get("price"))

    def _begin(self, name: str, state: Mapping[str, Any], opts: Optional[pulumi.ResourceOptions]) -> None:
        hooked = pulumi.ResourceOptions(hooks=on_replacement(name))
        both = pulumi.ResourceOptions.merge(opts, hooked)
        super().__init__("portico:index:PublicLoadBalancer", name, dict(state), both)

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


def _claim(
    cloud: str,
    group: str,
    held: Mapping[str, Any],
    problems: Problems,
    opts: Optional[pulumi.ResourceOptions],
) -> None:
    """Claim what no two load balancers can have, or say who has it."""
    plain: list[tuple[str, str]] = []
    for field, value in held.items():
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        plain += [(field, str(it)) for it in values if not isinstance(it, pulumi.Output)]
    me = problems.subject
    for field, value in plain:
        if other := owner((cloud, field, value), me, opts):
            wrong = f"is that of {other} too, and no two load balancers can have it"
            problems.add(f"{group}.{field}", value, Refusal(wrong, "one that nobody else has", "give it another one"))
    problems.raise_if_any()
    for field, value in plain:
        claim((cloud, field, value), me, opts)


def _with_schemes(request: Request) -> dict[str, ServicePort]:
    """The ports by name; HTTP over TLS that ends at the load balancer has the scheme that clients use."""
    secure = [port for port in request.ports if port.name in tls_ports(request) and port.scheme == "http"]
    return {port.name: replace(port, app_protocol="https") if port in secure else port for port in request.ports}
