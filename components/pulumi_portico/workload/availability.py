"""What keeps a service available while its pods are replaced: how a pod stops, and how many can be evicted at a time.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import SWITCHED_ON, automatic, form, several, table, unsupported
from ..args.parse import Field, Rules
from ..args.problems import Problems, Remove
from ..args.spec import Spec, spec
from ..args.units import PERCENT
from ..args.values import whole_number
from ..outputs import applied
from ..untyped import Manifest
from .conversions import percentage, share_of

__all__ = [
    "DRAIN_SECONDS",
    "RULES",
    "SHUTDOWN_SECONDS",
    "DisruptionBudget",
    "DisruptionBudgetSpec",
    "build_disruption_budget",
    "build_drain",
    "check_disruption_budget",
]

DRAIN_SECONDS = 15
"""Long enough for kube-proxy and a controller inside the cluster to learn that a pod is terminating."""

SHUTDOWN_SECONDS = 30
"""Kubernetes' own default for `terminationGracePeriodSeconds`."""


class DisruptionBudget(TypedDict):
    """How many pods can be evicted at a time, for example when their node is drained."""

    max_unavailable: NotRequired[pulumi.Input[int]]
    """How many pods (1 or more). Set this or `max_unavailable_percent`. Default: 1. Maps to `maxUnavailable`."""

    max_unavailable_percent: NotRequired[pulumi.Input[int]]
    """The share of the pods (1 to 100 percent), rounded up. Set this or `max_unavailable`. Maps to
    `maxUnavailable`."""


_NAMES_OF_DISRUPTION_BUDGET = table(
    {
        "minAvailable": several("max_unavailable", "max_unavailable_percent"),
        "selector": automatic(...),
        "enabled": SWITCHED_ON,
        "create": SWITCHED_ON,
        "unhealthyPodEvictionPolicy": unsupported(),
    },
    forms={"max_unavailable": (form(percentage, share_of("max_unavailable"), "max_unavailable_percent"),)},
)
"""Other tools' names for the fields of `DisruptionBudget`."""


@spec(DisruptionBudget, elsewhere=_NAMES_OF_DISRUPTION_BUDGET)
class DisruptionBudgetSpec(Spec):
    """A parsed `DisruptionBudget`."""

    max_unavailable: Optional[pulumi.Input[int]] = None
    max_unavailable_percent: Optional[pulumi.Input[int]] = None


RULES: Rules = {
    DisruptionBudget: {
        # 0 would block every drain forever.
        "max_unavailable": Field(whole_number(1, what="a number of pods")),
        "max_unavailable_percent": Field(whole_number(1, 100, PERCENT)),
    }
}
"""What the fields must satisfy beyond their types."""


def check_disruption_budget(budget: DisruptionBudgetSpec, problems: Problems) -> None:
    """Report a budget that is both a number and a share."""
    if budget.max_unavailable is not None and budget.max_unavailable_percent is not None:
        percent = budget.at / "max_unavailable_percent"
        problems.report_exclusive(percent, "max_unavailable", fix=Remove(percent))


def build_drain(drain: int, shutdown: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts of the container and of the pod's `spec` that let a pod serve until no client sends it requests.

    Kubernetes removes a pod from its Services and stops it at the same moment, and it takes longer until every client
    has learned the first. The sleep is Kubernetes' own (1.30 and newer), so the image needs no shell.
    """
    pod = {"terminationGracePeriodSeconds": drain + shutdown}
    # Kubernetes before 1.32 rejects a sleep of 0 seconds.
    return ({"lifecycle": {"preStop": {"sleep": {"seconds": drain}}}} if drain else {}), pod


def build_disruption_budget(
    metadata: Manifest, selector: Mapping[str, str], budget: Optional[DisruptionBudgetSpec]
) -> dict[str, Any]:
    """The PodDisruptionBudget. It never blocks a drain forever: it allows the eviction of a single replica, and of pods
    that aren't healthy anyway."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": dict(metadata),
        "spec": {
            "maxUnavailable": _max_unavailable(budget or DisruptionBudgetSpec()),
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": dict(selector)},
        },
    }


def _max_unavailable(budget: DisruptionBudgetSpec) -> Any:
    if budget.max_unavailable_percent is not None:
        return applied(budget.max_unavailable_percent, lambda percent: f"{percent}%")
    return 1 if budget.max_unavailable is None else budget.max_unavailable
