"""What keeps a service answering while pods come and go: how one stops, and how many may be moved away at a time.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.values import whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..outputs import applied

__all__ = [
    "DRAIN_SECONDS",
    "RULES",
    "SHUTDOWN_SECONDS",
    "DisruptionBudget",
    "build_disruption_budget",
    "build_drain",
    "check_disruption_budget",
]

DRAIN_SECONDS = 15
"""Long enough for kube-proxy and a controller inside the cluster to hear that a pod is going."""

SHUTDOWN_SECONDS = 30
"""Kubernetes' own default for `terminationGracePeriodSeconds`."""


class DisruptionBudget(TypedDict):
    """How many pods may be moved away at a time, by a drain of their node for example."""

    max_unavailable: NotRequired[pulumi.Input[int]]
    """How many (1 or more). This or `max_unavailable_percent`. Default: 1. Maps to `maxUnavailable`."""

    max_unavailable_percent: NotRequired[pulumi.Input[int]]
    """The same as a share of the pods (1 to 100 percent), rounded up."""


RULES: Rules = {
    DisruptionBudget: {
        # None at all would block every drain for ever.
        "max_unavailable": Field(whole_number(1, what="a number of pods that may go")),
        "max_unavailable_percent": Field(whole_number(1, 100, "a percentage")),
    }
}
"""What the fields must satisfy beyond their types."""


def check_disruption_budget(
    budget: Mapping[str, Any], problems: Problems, path: str, spelling: Callable[[str], str]
) -> None:
    """Note a number that is given twice."""
    if "max_unavailable" in budget and "max_unavailable_percent" in budget:
        refusal = Refusal(f"stands beside {spelling('max_unavailable')}", "a number or a share", "keep one of the two")
        problems.note(f"{path}.{spelling('max_unavailable_percent')}", refusal)


def build_drain(drain: int, shutdown: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the container and the pod are told, so that a pod serves until nobody sends it requests any more.

    A pod is taken out of its Services and told to stop at the same moment, and the first takes longer to be heard
    everywhere. The sleep is Kubernetes' own (1.30 and newer), so the image needs no shell.
    """
    pod = {"terminationGracePeriodSeconds": drain + shutdown}
    # Before 1.32 a sleep of nothing is refused.
    return ({"lifecycle": {"preStop": {"sleep": {"seconds": drain}}}} if drain else {}), pod


def build_disruption_budget(
    metadata: Mapping[str, Any], selector: Mapping[str, str], budget: Mapping[str, Any]
) -> dict[str, Any]:
    """Some pods at a time may be moved away. It never blocks a drain for ever: not at one replica, which it lets go,
    and not by pods that do not work anyway."""
    share = budget.get("max_unavailable_percent")
    number = budget.get("max_unavailable", 1)
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": dict(metadata),
        "spec": {
            "maxUnavailable": number if share is None else applied(share, lambda percent: f"{percent}%"),
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": dict(selector)},
        },
    }
