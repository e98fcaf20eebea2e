"""The `AwsLoadBalancer` component: registers what its builders describe."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from ..args.guard import guarded
from ..args.location import ROOT
from ..args.problems import Problems
from ..lifecycle.aws import AWS, AWS_BILLING
from ..lifecycle.claims import ExclusiveValue, claim_each
from ..lifecycle.cost import estimate, estimate_text
from ..lifecycle.hooks import on_replacement
from .args import AwsLoadBalancerArgs, AwsLoadBalancerSpec
from .load_balancer import billable, state_of
from .mappings import mapping_of
from .registration import make
from .resources import require_pulumi_aws
from .urls import main_of, urls_of
from .validation import parse_aws_load_balancer

__all__ = ["AwsLoadBalancer"]

_OUTPUTS = (
    *("dns_name", "zone_id", "arn", "security_group_id", "target_group_arns", "url", "urls"),
    *("load_balancers", "public_addresses", "monthly_cost", "cost"),
)


class AwsLoadBalancer(pulumi.ComponentResource):
    """An Application Load Balancer or a Network Load Balancer that Pulumi owns, for several targets.

    Creates the load balancer from AWS's own resources, and binds its target groups to Services. It outlives the
    clusters of its targets. Requires the package `pulumi-aws`: install `pulumi-portico[aws]`. Rejects, before it
    creates anything, what AWS would ignore or reject. A change that replaces the load balancer creates the new one
    first and names the address that goes away. If that isn't possible, the change is rejected, with the steps of the
    migration.
    """

    dns_name: pulumi.Output[str]
    """The load balancer's DNS name."""

    zone_id: pulumi.Output[str]
    """The ID of the Route 53 zone that alias records name together with the DNS name."""

    arn: pulumi.Output[str]
    """The load balancer's ARN."""

    security_group_id: pulumi.Output[str]
    """The ID of the load balancer's security group; empty for an `existing` load balancer that names none."""

    target_group_arns: pulumi.Output[dict[str, str]]
    """The ARN of each target's group, by the target's key."""

    url: pulumi.Output[str]
    """The URL that comes first in `urls`: of `default_host`, else of the first host that is no wildcard; without hosts,
    of the first listener, HTTPS first."""

    urls: pulumi.Output[dict[str, str]]
    """The URL of each host, by its name; without hosts, of each listener, by its port."""

    load_balancers: pulumi.Output[int]
    """How many load balancers AWS bills for it: none for an `existing` one."""

    public_addresses: pulumi.Output[int]
    """How many public addresses AWS bills for it."""

    monthly_cost: pulumi.Output[Optional[float]]
    """An estimate of its cost for a month without traffic. `cost` explains it."""

    cost: pulumi.Output[str]
    """The estimate in words: what it includes, which prices it uses, and what it assumes."""

    def __init__(self, name: str, args: AwsLoadBalancerArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lower-case letters, digits and hyphens, a letter first. The load balancer's name
            begins with it.
        :param args: The load balancer, its targets, and its listeners.
        :param opts: Pulumi's resource options; a provider given here reaches every child.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        :raises PorticoError: if the package pulumi-aws isn't installed.
        """
        problems = Problems(f'AwsLoadBalancer "{name}"')
        given: Any = args
        spec = given if isinstance(given, AwsLoadBalancerSpec) else parse_aws_load_balancer(name, given, problems)
        problems.raise_if_any()
        spec = guarded(
            problems.subject, spec, lambda known, found: parse_aws_load_balancer(name, known, found, known.at)
        )
        checked: Mapping[str, Any] = mapping_of(spec)
        require_pulumi_aws(name)
        # The next deployment compares itself with this state.
        state = state_of(checked)
        held: Mapping[str, Any] = state["held"]
        claim_each(AWS, [ExclusiveValue(field, value, ROOT / field) for field, value in held.items()], problems, opts)
        super().__init__("portico:index:AwsLoadBalancer", name, dict(state), _options(name, opts))
        made = make(self, name, checked, state["identity"])
        self.dns_name = pulumi.Output.from_input(made.dns_name)
        self.zone_id = pulumi.Output.from_input(made.zone_id)
        self.arn = pulumi.Output.from_input(made.arn)
        self.security_group_id = pulumi.Output.from_input(made.security_group or "")
        self.target_group_arns = pulumi.Output.from_input(dict(made.target_groups))
        self.urls = self.dns_name.apply(lambda dns_name: urls_of(checked, dns_name))
        self.url = self.urls.apply(lambda urls: urls[main_of(checked)])
        billed = billable(checked)
        estimated = estimate(AWS_BILLING, billed, checked.get("price"))
        self.load_balancers = pulumi.Output.from_input(billed.load_balancers)
        self.public_addresses = pulumi.Output.from_input(billed.public_addresses)
        self.monthly_cost = pulumi.Output.from_input(estimated.monthly)
        self.cost = pulumi.Output.from_input(estimate_text(estimated))
        self.register_outputs({output: getattr(self, output) for output in _OUTPUTS})


def _options(name: str, opts: Optional[pulumi.ResourceOptions]) -> pulumi.ResourceOptions:
    # Before 0.1.0, a load balancer that Pulumi owns was a PublicLoadBalancer. The alias keeps it, and its children
    # inherit the alias.
    own = pulumi.ResourceOptions(
        aliases=[pulumi.Alias(type_="portico:index:PublicLoadBalancer")],
        hooks=on_replacement(name, "AwsLoadBalancer"),
    )
    return pulumi.ResourceOptions.merge(opts, own)
