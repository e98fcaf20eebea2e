"""`portico explain`: what a stack means to whoever reads it."""

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from .console import write
from .options import FolderOption, JsonOption, StackOption

if TYPE_CHECKING:
    from ..stack.view import BalancerView

__all__ = ["explain"]


def explain(stack: StackOption = None, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Say what of a stack is public and to whom, what leads where, what it costs, and what is looser than the default.

    Shows the same services under the other mechanism too: a gateway against a load balancer for each.
    """
    from ..stack.views import view_of
    from .explanation import print_explanation
    from .mechanisms import mechanisms_of, total_of
    from .project import find_stack

    plan = find_stack(stack, folder).plan
    view, total = view_of(plan), None
    total, mechanisms = total_of(plan, view), mechanisms_of(plan, view)
    if not as_json:
        from .console import stdout

        print_explanation(stdout(), view, total, mechanisms)
        return
    data: dict[str, Any] = {"version": 1, **asdict(view), "total": asdict(total)}
    data["balancers"] = [_balancer_data(balancer) for balancer in view.balancers]
    data["mechanisms"] = [asdict(mechanism) for mechanism in mechanisms]
    write(json.dumps(data, indent=2) + "\n")


def _balancer_data(balancer: "BalancerView") -> dict[str, Any]:
    from ..lifecycle.cost import estimate_data, estimate_text

    estimated = balancer.estimate
    shown = {field.name: getattr(balancer, field.name) for field in fields(balancer) if field.name != "estimate"}
    costs = {"monthly_cost": estimated.monthly, "cost": estimate_text(estimated), "estimate": estimate_data(estimated)}
    return {**shown, **costs}
