"""Registers what a stack's plan says, and exports what is useful of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, cast

import pulumi
from pulumi.runtime import is_config_secret

from ..aws_load_balancer import AwsLoadBalancer, AwsLoadBalancerArgs
from ..errors import Problems
from ..ingress_gateway import IngressGateway, IngressGatewayArgs
from ..namespace import build_namespace
from ..ordering import after
from ..public_load_balancer import PublicLoadBalancer, PublicLoadBalancerArgs
from ..register import name_of, register
from ..shapes import Shape, as_written
from ..target import Target
from ..web_service import WebService
from .args import KEYS
from .exports import export_outputs
from .files import project_folder, read_stack_file, stack_file, with_bases
from .located import Node, Secret, is_within, placed
from .plan import StackPlan, check_tree
from .references import is_reference, reached
from .walk import walked

__all__ = ["BuiltStack", "build", "build_stack"]

_TEXTS = ("extends", "namespace")
"""The keys whose values are text, not JSON."""


@dataclass(frozen=True)
class BuiltStack:
    """The components of a stack."""

    services: Mapping[str, WebService]
    """The WebServices, by name."""
    gateways: Mapping[str, IngressGateway]
    """The IngressGateways, by name."""
    load_balancers: Mapping[str, PublicLoadBalancer]
    """The PublicLoadBalancers, by name."""
    aws_load_balancers: Mapping[str, AwsLoadBalancer]
    """The AwsLoadBalancers, by name."""


def build_stack() -> BuiltStack:
    """Build what the current stack's configuration picks, and export its outputs: what the root program runs."""
    return build(plan_of_engine())


def plan_of_engine() -> StackPlan:
    """The checked plan of the stack that the engine runs.

    The engine's configuration holds, whichever file and environment it comes from. The project's file of the stack
    tells where things are written, and which of them are secret. Raises `ArgumentError` as `load_stack` does.
    """
    stack = pulumi.get_stack()
    problems = Problems(f'Stack "{stack}"')
    folder = project_folder(_root())
    values, sealed = _configuration()
    own = _places(stack_file(stack, folder), values, problems)
    said = own.fields if own else dict[str, Node]()
    given = {key: _placed(value, said.get(key), sealed=key in sealed) for key, value in values.items()}
    tree = Node(given, own.place if own else None)
    return check_tree(stack, with_bases(tree, folder, problems), problems)


def _placed(value: Any, said: Optional[Node], *, sealed: bool) -> Node:
    """The engine's value of a key; the file's own, where that is a scalar, which the engine hands on as text."""
    scalar = said is not None and not isinstance(said.value, (dict, list, Secret))
    return said if said is not None and scalar else placed(value, said, sealed=sealed)


def _root() -> Path:
    # The mocks make one up; a program runs in its project's folder anyway, unless that says `main`.
    root = Path(str(pulumi.get_root_directory()))
    return root if root.is_dir() else Path()


def _configuration() -> tuple[dict[str, Any], frozenset[str]]:
    """What the engine says of each key, and the keys that it holds secret."""
    config = pulumi.Config("portico")
    values: dict[str, Any] = {}
    for key in KEYS:
        text = config.get(key)
        # Pulumi.yaml declares every key with an empty default, which says nothing.
        if text:
            values[key] = text if key in _TEXTS else _parsed(text)
    sealed = frozenset(key for key in values if is_config_secret(f"portico:{key}"))
    return values, sealed


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _places(file: Path, values: Mapping[str, Any], problems: Problems) -> Optional[Node]:
    """The stack's file, where it is the one that the engine has read: Pulumi does not tell of `--config-file`."""
    if not file.is_file():
        return None
    found = Problems(problems.subject)
    own = read_stack_file(file, found)
    if own is not None and not all(_says(it, values.get(key)) for key, it in own.fields.items()):
        return None
    problems.found += found.found
    return own


def _says(node: Node, value: Any) -> bool:
    """Whether the engine's value is what the file says of a key."""
    if is_within(node, value):
        return True
    scalar = not isinstance(node.value, (dict, list))
    return scalar and (value in (None, "") if node.value in (None, "") else _text(node.value) == _text(value))


def _text(value: Any) -> str:
    """A value of a key as the engine hands it on."""
    return value if isinstance(value, str) else json.dumps(value)


def build(plan: StackPlan) -> BuiltStack:
    """Register the plan: the namespace, then services, gateways and load balancers; and export its outputs."""
    return _Builder(plan).build()


class _Builder:
    def __init__(self, plan: StackPlan) -> None:
        self._plan = plan
        made = register(build_namespace(plan.namespace, {}), plan.namespace, pulumi.ResourceOptions())
        # The namespaces of the stack, each with an Output that is known when it exists.
        self._namespaces: dict[str, pulumi.Output[str]] = {plan.namespace: name_of(made)}
        self._services: dict[str, WebService] = {}
        self._gateways: dict[str, IngressGateway] = {}

    def build(self) -> BuiltStack:
        plan = self._plan
        for name, args in plan.services.items():
            placed_args: Any = {"namespace": plan.namespace, **args}
            self._services[name] = WebService(name, placed_args, self._within(placed_args))
        # One may live in the namespace that another one makes.
        for name, args in sorted(plan.gateways.items(), key=lambda it: ("namespace" in it[1], it[0])):
            made = IngressGateway(name, self._resolved(IngressGatewayArgs, args), self._within(args))
            self._gateways[name] = made
            self._namespaces.setdefault(name, made.namespace)
        balancers = {
            name: PublicLoadBalancer(name, self._resolved(PublicLoadBalancerArgs, args))
            for name, args in plan.load_balancers.items()
        }
        aws_balancers = {
            name: AwsLoadBalancer(name, self._resolved(AwsLoadBalancerArgs, args))
            for name, args in plan.aws_load_balancers.items()
        }
        built = BuiltStack(self._services, self._gateways, balancers, aws_balancers)
        export_outputs(plan.services, built.services, built.gateways, built.load_balancers, built.aws_load_balancers)
        return built

    def _within(self, args: Mapping[str, Any]) -> pulumi.ResourceOptions:
        """Options that put a component after its namespace, if the stack creates it."""
        known = self._namespace_of(args)
        return pulumi.ResourceOptions(depends_on=[] if known is None else list(after(known)))

    def _namespace_of(self, args: Mapping[str, Any]) -> Optional[pulumi.Output[str]]:
        namespace = args.get("namespace")
        return self._namespaces.get(namespace) if isinstance(namespace, str) else None

    def _resolved(self, args_type: type, args: Mapping[str, Any]) -> Any:
        """The arguments, with what references lead to in their place."""

        def visit(shape: Shape, value: Any, _path: str) -> Any:
            return self._target(value) if shape.type is Target else value

        return walked(Shape(args_type, later=False), args, "", visit, as_written)

    def _target(self, target: Mapping[str, Any]) -> Any:
        if not is_reference(target):
            # Written out; the stack may create the namespace all the same.
            known = self._namespace_of(target)
            return target if known is None else {"ready": known, **target}
        leads = reached(target, self._plan.services, self._plan.gateways)
        component = self._gateways[leads.name] if leads.kind == "gateway" else self._services[leads.name]
        return component.target(cast("Any", leads.port).name)
