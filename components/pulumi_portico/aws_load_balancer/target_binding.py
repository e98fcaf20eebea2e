"""The `TargetBinding` component: joins a Service of any cluster to a target group that is there already."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.calls import checked_call
from ..args.location import ROOT, Location
from ..args.names import label_value, own_label_key, port_number
from ..args.parse import Field, Hooks, Rules, parse
from ..args.problems import Problems
from ..args.spec import Spec, spec
from ..args.values import cidr
from ..lifecycle.limits import check_limits
from ..lifecycle.object_names import claim_objects
from ..lifecycle.objects import ObjectSpec, register_objects
from ..lifecycle.selectors import guarded_with_targets
from ..load_balancers import PRIVATE_ADDRESSES, resource_id
from ..networking.target import RULES as TARGET_RULES
from ..networking.target import Target, TargetSpec
from ..ordering import after, dependencies_of
from ..register import name_of
from .binding import PodPorts, binding_options, build_binding, build_policy
from .checks.targets import check_port_numbers
from .choices import AwsBindingController, AwsBindingControllerLike
from .rules import arn, not_empty
from .validation import check_name

__all__ = [
    "RULES",
    "TargetBinding",
    "TargetBindingArgs",
    "TargetBindingSpec",
    "binding_objects",
    "parse_target_binding",
]

_BINDING, _POLICY = "binding", "network-policy"


class TargetBindingArgs(TypedDict):
    """What a `TargetBinding` takes: a target, and the target group that it joins; everything else has a default."""

    target: Target
    """What joins: a WebService's or a gateway's `target`, or one that you write by hand."""

    target_group: pulumi.Input[str]
    """The target group's ARN, such as one of an AwsLoadBalancer's `target_group_arns`. A change makes another
    binding."""

    security_group: NotRequired[pulumi.Input[str]]
    """The load balancer's security group, such as an AwsLoadBalancer's `security_group_id`. The security group of the
    pods or nodes accepts connections from it. Default: it accepts connections from `target_ranges`."""

    binding_controller: NotRequired[AwsBindingControllerLike]
    """What reads the binding: the AWS Load Balancer Controller, or EKS Auto Mode, which has another API group. Plain; a
    change makes another binding. Default: load-balancer-controller."""

    target_ranges: NotRequired[Sequence[str]]
    """The addresses that connections come from, in CIDR notation: the load balancer's subnets, and those of the
    clients if their addresses are preserved. Plain. Default: all private addresses."""

    health_port: NotRequired[int]
    """The port (1 to 65535) of the pods for health checks, if it's another one. Plain."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels put on every object. Keys are plain. Default: none."""


@spec(TargetBindingArgs)
class TargetBindingSpec(Spec):
    """Parsed `TargetBindingArgs`. A field is None if it isn't set."""

    target: TargetSpec
    target_group: pulumi.Input[str]
    security_group: Optional[pulumi.Input[str]] = None
    binding_controller: AwsBindingController = AwsBindingController.LOAD_BALANCER_CONTROLLER
    target_ranges: Optional[Sequence[str]] = None
    health_port: Optional[int] = None
    labels: Optional[Mapping[str, pulumi.Input[str]]] = None


RULES: Rules = {
    **TARGET_RULES,
    TargetBindingArgs: {
        "target_group": Field(arn("elasticloadbalancing", "a target group")),
        "security_group": Field(resource_id("sg", "a security group")),
        "target_ranges": Field(not_empty, items=cidr),
        "health_port": Field(port_number),
        "labels": Field(keys=own_label_key, items=label_value),
    },
}
"""What the fields must satisfy beyond their types."""


def parse_target_binding(
    name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None
) -> TargetBindingSpec:
    """The parsed arguments of the TargetBinding called `name`; what's wrong with them is in `problems`."""
    before = len(problems.found)
    check_name(name, at, problems)
    spec = parse(TargetBindingSpec, TargetBindingArgs, args, RULES, problems, at, hooks)
    problems.run(_check_port, spec)
    if len(problems.found) == before:
        check_limits(spec, lambda: binding_objects(name, spec), problems)
    return spec


def _check_port(spec: TargetBindingSpec, problems: Problems) -> None:
    check_port_numbers(spec.target, problems)


class TargetBinding(pulumi.ComponentResource):
    """A Service's pods in a target group that is there already, of this program or another, in whatever cluster the
    provider is for.

    Makes a TargetGroupBinding, which the AWS Load Balancer Controller of the cluster reads, and a
    NetworkPolicy that lets the load balancer in at the pods. Two of them, with two providers, put
    two clusters behind one load balancer.
    """

    name: pulumi.Output[str]
    """The TargetGroupBinding's name, which Pulumi makes up, so that it can be replaced."""

    @checked_call
    def __init__(self, name: str, args: TargetBindingArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lowercase letters, digits, and hyphens, starting with a letter.
        :param args: The target, and the target group that it joins.
        :param opts: Pulumi's resource options. The provider is that of the target's cluster.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        """
        problems = Problems(f'TargetBinding "{name}"')
        given: Union[TargetBindingArgs, TargetBindingSpec] = args
        spec = given if isinstance(given, TargetBindingSpec) else parse_target_binding(name, given, problems)
        problems.raise_if_any()
        spec = guarded_with_targets(
            problems,
            spec,
            lambda known, found: parse_target_binding(name, known, found),
            lambda known: [known.target],
            opts,
        )
        objects = binding_objects(name, spec)
        claim_objects(problems.subject, objects, spec.at, opts)
        super().__init__("portico:index:TargetBinding", name, {}, opts)
        first = [*dependencies_of(opts), *after(spec.target.ready)]
        registered = register_objects(name, objects, self, first)
        self.name = name_of(registered[_BINDING])
        self.register_outputs({"name": self.name})


def binding_objects(name: str, spec: TargetBindingSpec) -> list[ObjectSpec]:
    """The objects of a TargetBinding: the TargetGroupBinding, and the NetworkPolicy if the pods' labels are known."""
    metadata: dict[str, Any] = {"namespace": spec.target.namespace, **({"labels": spec.labels} if spec.labels else {})}
    ranges = PRIVATE_ADDRESSES if spec.target_ranges is None else spec.target_ranges
    ports = PodPorts(spec.target, (spec.target.protocol.value.lower(),), spec.health_port)
    group, controller = spec.target_group, spec.binding_controller
    binding = build_binding(metadata, ports, group, controller, security_group=spec.security_group, ranges=ranges)
    policy = build_policy(metadata, ports, ranges)
    objects = [ObjectSpec(_BINDING, binding, options=binding_options(name, "TargetBinding"), suffix="")]
    return objects if policy is None else [*objects, ObjectSpec(_POLICY, policy, suffix="")]
