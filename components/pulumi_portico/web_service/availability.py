"""What keeps a service answering while pods come and go: rollout, drain, spread, disruption budget.

Pure: dictionaries in, dictionaries out.
"""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "DRAIN_SECONDS",
    "SHUTDOWN_SECONDS",
    "build_disruption_budget",
    "build_drain",
    "build_rollout",
    "build_spread",
]

DRAIN_SECONDS = 15
"""Long enough for kube-proxy and a controller inside the cluster to hear that a pod is going."""

SHUTDOWN_SECONDS = 30
"""Kubernetes' own default for `terminationGracePeriodSeconds`."""


def build_rollout() -> dict[str, Any]:
    """A new pod is ready before an old one goes."""
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}


def build_drain(drain: int, shutdown: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the container and the pod are told, so that a pod serves until nobody sends it requests any more.

    A pod is taken out of its Services and told to stop at the same moment, and the first takes longer to be heard
    everywhere. The sleep is Kubernetes' own (1.30 and newer), so the image needs no shell.
    """
    pod = {"terminationGracePeriodSeconds": drain + shutdown}
    # Before 1.32 a sleep of nothing is refused.
    return ({"lifecycle": {"preStop": {"sleep": {"seconds": drain}}}} if drain else {}), pod


def build_spread(selector: Mapping[str, str]) -> dict[str, Any]:
    """Pods are spread over zones and over nodes, as evenly as there is room; one that cannot be still runs."""
    return {
        "topologySpreadConstraints": [
            {
                "topologyKey": key,
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(selector)},
                # Each rollout's pods by themselves: the old ones, soon gone, are not counted.
                "matchLabelKeys": ["pod-template-hash"],
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ]
    }


def build_disruption_budget(metadata: Mapping[str, Any], selector: Mapping[str, str]) -> dict[str, Any]:
    """One pod at a time may be moved away. It never blocks a drain for ever: not at one replica, which it lets go,
    and not by pods that do not work anyway."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": dict(metadata),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": dict(selector)},
        },
    }
