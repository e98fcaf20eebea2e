"""Whose the number of pods is, as the API server reports it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico.lifecycle.replicas import explanation, is_conflict, released

CONFLICT = 'Apply failed with 1 conflict: conflict with "kube-controller-manager" with subresource "scale"'


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (f"{CONFLICT}: .spec.replicas", True),
        (
            'Apply failed with 2 conflicts: conflicts with "x":\n- .spec.replicas\n- .spec.template.spec.hostNetwork',
            False,
        ),
        (f"{CONFLICT}: .metadata.annotations.portico.dev/stack", False),
        ("timed out", False),
    ],
)
def test_only_a_conflict_of_the_number_alone_is_one(error: str, expected: bool) -> None:
    assert is_conflict([error]) == expected


def test_a_conflict_names_the_one_thing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    found = explanation("Deployment shop/web", f"{CONFLICT}: .spec.replicas")
    assert (found.code.name, found.params["manager"]) == ("replicas-owned", "kube-controller-manager")
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    found = explanation("Deployment shop/web", f"{CONFLICT}: .spec.replicas")
    assert found.code.name == "replicas-owned-in-preview"


def test_only_what_was_set_by_scaling_is_released() -> None:
    own: dict[str, Any] = {"manager": "portico:stack", "operation": "Apply"}
    status: dict[str, Any] = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"}
    scale: dict[str, Any] = {**status, "subresource": "scale"}
    assert released([own, scale, status]) == [own, status]
    assert released([own, status]) is None
    # An empty list would make the API server forget everything.
    assert released([scale]) is None
