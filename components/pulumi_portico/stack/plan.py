"""A stack's configuration, checked whole: what is made of it, or every problem of it at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..aws_load_balancer import AwsLoadBalancerArgs
from ..errors import ArgumentError, Problems, Refusal, write_nearest
from ..ingress_gateway import IngressGatewayArgs
from ..outputs import ensure_event_loop
from ..public_load_balancer import PublicLoadBalancerArgs
from ..web_service import WebServiceArgs
from .checker import Checker
from .defaults import with_defaults
from .files import read_stack_file, shown_path, stack_file, with_bases
from .located import Node, placed
from .program import with_files
from .wording import in_words_of_file

__all__ = ["StackPlan", "check_stack", "check_tree", "load_stack"]

Checked = Mapping[str, Any]


@dataclass(frozen=True)
class StackPlan:
    """A stack's checked configuration: the components' arguments under their Python names. Targets that name something
    of the stack are as they were written: a mapping of `service` or `gateway`, and `port` or `port_name`."""

    stack: str
    """The stack's name."""
    namespace: str
    """The namespace that the stack makes, and that its services live in unless they say otherwise."""
    services: Mapping[str, WebServiceArgs]
    """The arguments of each WebService, by name, the defaults merged in."""
    gateways: Mapping[str, IngressGatewayArgs]
    """The arguments of each IngressGateway, by name."""
    load_balancers: Mapping[str, PublicLoadBalancerArgs]
    """The arguments of each PublicLoadBalancer, by name."""
    aws_load_balancers: Mapping[str, AwsLoadBalancerArgs]
    """The arguments of each AwsLoadBalancer, by name."""


def load_stack(stack: str, folder: Path) -> StackPlan:
    """The checked plan of a stack, from its file in the folder and the base that it extends, without the engine.

    Secrets stay encrypted: what stands in their place says where each is written, such as
    `[secret portico:services.api.env.PASSWORD]`. Raises `ArgumentError` with every problem of the whole stack, each
    with the file, line and column that it is about.
    """
    # Secrets become Outputs, which want one.
    ensure_event_loop()
    problems = Problems(f'Stack "{stack}"')
    file = stack_file(stack, folder)
    if not file.is_file():
        names = sorted(it.name.removeprefix("Pulumi.").removesuffix(".yaml") for it in folder.glob("Pulumi.*.yaml"))
        refusal = Refusal("is missing", f"a stack: {', '.join(names)}" if names else "a stack file")
        problems.note(shown_path(file), refusal._replace(fix=write_nearest(stack, names)))
        problems.raise_if_any()
    own = read_stack_file(file, problems)
    if own is None:
        raise ArgumentError(problems.subject, problems.found)
    return check_tree(stack, with_bases(own, folder, problems), problems, folder)


def check_stack(stack: str, config: Mapping[str, Any]) -> StackPlan:
    """The checked plan of what stands below `portico:`, by the same keys without it.

    Raises `ArgumentError` with every problem of the whole stack at once.
    """
    return check_tree(stack, placed(config, None, sealed=False), Problems(f'Stack "{stack}"'))


def check_tree(stack: str, tree: Node, problems: Problems, folder: Optional[Path] = None) -> StackPlan:
    """The same, of values that know where they were written; ``problems`` holds what was wrong with their files.

    ``folder`` is that of the stack's file, where the working directory may be another than the program's.
    """
    tree = with_defaults(tree)
    before = len(problems.found)
    parts = Checker(tree if folder is None else with_files(tree, folder), problems).parts()
    unread = {it.place for it in problems.found[:before]}
    problems.found[before:] = in_words_of_file(tree, problems.found[before:], unread)
    problems.found[:] = dict.fromkeys(problems.found)
    problems.raise_if_any()
    return StackPlan(stack, **parts)
