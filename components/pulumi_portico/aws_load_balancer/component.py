"""The `AwsLoadBalancer` component: registers the objects of its plan."""

from functools import partial
from typing import Any, Optional, Union

import pulumi

from ..args.calls import checked_call
from ..args.problems import Problems
from ..lifecycle.aws import AWS
from ..lifecycle.claims import claim_each
from ..lifecycle.cost import estimate_text
from ..lifecycle.hooks import on_replacement
from ..lifecycle.object_names import claim_objects
from ..lifecycle.objects import Ref, register_objects, resolved, value_of
from ..lifecycle.selectors import guarded_with_targets
from ..ordering import dependencies_of
from .args import AwsLoadBalancerArgs, AwsLoadBalancerSpec
from .load_balancer import estimate_of, exclusive_values, recorded_state
from .objects import ENDPOINT_SERVICE, objects_of, references_of
from .plan import AwsLoadBalancerPlan, plan_aws_load_balancer
from .resources import require_pulumi_aws
from .urls import main_of, urls_of
from .validation import parse_aws_load_balancer

__all__ = ["AwsLoadBalancer"]

_OUTPUTS = (
    *("dns_name", "zone_id", "arn", "security_group_id", "target_group_arns", "url", "urls"),
    *("load_balancers", "public_addresses", "monthly_cost", "cost", "endpoint_service_name"),
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

    endpoint_service_name: pulumi.Output[str]
    """The name of the endpoint service, by which clients create endpoints; empty without `private_link`."""

    @checked_call
    def __init__(self, name: str, args: AwsLoadBalancerArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lowercase letters, digits, and hyphens, starting with a letter. The load
            balancer's name starts with it.
        :param args: The load balancer, its targets, and its listeners.
        :param opts: Pulumi's resource options. Every child inherits the provider.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        :raises PorticoError: if the package pulumi-aws isn't installed.
        """
        problems = Problems(f'AwsLoadBalancer "{name}"')
        given: Union[AwsLoadBalancerArgs, AwsLoadBalancerSpec] = args
        spec = given if isinstance(given, AwsLoadBalancerSpec) else parse_aws_load_balancer(name, given, problems)
        problems.raise_if_any()
        spec = guarded_with_targets(
            problems,
            spec,
            lambda known, found: parse_aws_load_balancer(name, known, found, known.at),
            lambda known: [target.target for target in known.targets.values()],
            opts,
        )
        plan = plan_aws_load_balancer(name, spec)
        require_pulumi_aws(name)
        claim_each(AWS, exclusive_values(spec), problems, opts)
        objects = objects_of(plan)
        claim_objects(problems.subject, objects, spec.at, opts)
        # The next deployment compares itself with the recorded state.
        super().__init__("portico:index:AwsLoadBalancer", name, dict(recorded_state(plan)), _options(name, opts))
        registered = register_objects(name, objects, self, dependencies_of(opts))
        self._set_outputs(plan, registered)
        self.register_outputs({output: getattr(self, output) for output in _OUTPUTS})

    def _set_outputs(self, plan: AwsLoadBalancerPlan, registered: dict[str, Any]) -> None:
        def value_for(ref: Ref) -> Any:
            return value_of(registered[ref.key], ref)

        references, output = references_of(plan), pulumi.Output.from_input
        self.dns_name = output(resolved(references.dns_name, value_for))
        self.zone_id = output(resolved(references.zone_id, value_for))
        self.arn = output(resolved(references.arn, value_for))
        self.security_group_id = output(resolved(references.security_group, value_for) or "")
        self.target_group_arns = output(resolved(references.target_groups, value_for))
        self.urls = self.dns_name.apply(partial(urls_of, plan))
        main = main_of(plan)
        self.url = self.urls.apply(lambda urls: urls[main])
        estimated = estimate_of(plan.spec)
        self.load_balancers = output(estimated.billable.load_balancers)
        self.public_addresses = output(estimated.billable.public_addresses)
        self.monthly_cost = output(estimated.monthly)
        self.cost = output(estimate_text(estimated))
        service = registered.get(ENDPOINT_SERVICE)
        self.endpoint_service_name = output("" if service is None else service.service_name)


def _options(name: str, opts: Optional[pulumi.ResourceOptions]) -> pulumi.ResourceOptions:
    # Before 0.1.0, a load balancer that Pulumi owns was a PublicLoadBalancer. The alias keeps it, and its children
    # inherit the alias.
    own = pulumi.ResourceOptions(
        aliases=[pulumi.Alias(type_="portico:index:PublicLoadBalancer")],
        hooks=on_replacement(name, "AwsLoadBalancer"),
    )
    return pulumi.ResourceOptions.merge(opts, own)
