"""A stack file's services, built: what the root program runs for every environment.

The stack's configuration holds, under `portico:`, the same arguments as the components
take in Python, in camelCase. It is checked whole before anything is registered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems, Refusal
from ..names import dns_label
from ..namespace import build_namespace
from ..register import name_of, register
from ..shapes import camel_case
from ..web_service import WebService, WebServiceArgs
from ..web_service.validation import check_web_service

__all__ = ["StackPlan", "build", "build_stack", "check_stack", "load_stack"]


@dataclass(frozen=True)
class StackPlan:
    """A stack's checked configuration."""

    namespace: str
    """The namespace that the stack makes, and that all of it lives in."""
    services: Mapping[str, WebServiceArgs]
    """The arguments of each WebService, by name."""
    gateways: Mapping[str, Any] = field(default_factory=dict[str, Any])
    load_balancers: Mapping[str, Any] = field(default_factory=dict[str, Any])


def check_stack(stack: str, namespace: Optional[str], services: Any) -> StackPlan:
    """The checked configuration of the stack.

    Raises `ArgumentError` with every problem of the whole stack at once.
    """
    problems = Problems(f'Stack "{stack}"')
    if namespace is None:
        problems.missing("portico:namespace", "the name of the namespace that the stack makes")
    elif refusal := dns_label(namespace):
        problems.add("portico:namespace", namespace, refusal)
    checked: dict[str, WebServiceArgs] = {}
    if not isinstance(services, Mapping):
        allowed = "a mapping of service names to their arguments"
        problems.add("portico:services", services, Refusal("is not a mapping", allowed))
    else:
        for name, args in cast("Mapping[Any, Any]", services).items():
            where = f"portico:services.{name}"
            checked[str(name)] = check_web_service(str(name), args, problems, where, camel_case)
    problems.raise_if_any()
    return StackPlan(cast("str", namespace), checked)


def load_stack(stack: str, folder: Path) -> StackPlan:
    """The checked plan of a stack file."""
    import yaml

    config: Any = yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text())["config"]
    return check_stack(stack, config.get("portico:namespace"), config.get("portico:services") or {})


def build(plan: StackPlan) -> None:
    """Register what the plan holds."""
    namespace = register(build_namespace(plan.namespace, {}), plan.namespace, pulumi.ResourceOptions())
    made = name_of(namespace)
    for name, args in plan.services.items():
        service = WebService(name, {**args, "namespace": args.get("namespace", made)})
        # A worker without ports has none.
        if args.get("ports") != {}:
            pulumi.export(f"{name}-url", service.url)


def build_stack() -> None:
    """Build what the current stack's configuration picks, and export its outputs."""
    config = pulumi.Config("portico")
    build(check_stack(pulumi.get_stack(), config.get("namespace"), config.get_object("services") or {}))
