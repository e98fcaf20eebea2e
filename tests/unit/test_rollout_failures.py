"""Why pods don't start, from what the cluster reports of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pulumi_portico.lifecycle.replacement import Finding
from pulumi_portico.lifecycle.rollout_failures import Workload, causes_of, explained, masked

WEB = Workload("Deployment", "web", "shop", {"app": "web"})


def pod(name: str = "web-1", *, ready: bool = False, phase: str = "Pending", **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}, *status.pop("conditions", [])]
    return {"metadata": {"name": name}, "status": {"phase": phase, "conditions": conditions, **status}}


def container(**state: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "web", "ready": False, **state}]}


def event(reason: str, message: str, time: str = "1", **involved: str) -> dict[str, Any]:
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "lastTimestamp": time,
        "involvedObject": {"kind": "ReplicaSet", "name": "web-5d9c", **involved},
    }


def causes(pods: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]] = (), log: str = "") -> list[Finding]:
    async def read(_pod: str, _container: str) -> str:
        return log

    return asyncio.get_event_loop().run_until_complete(causes_of(WEB, pods, events, read))


CRASHED = {"exitCode": 3, "reason": "Error"}


@pytest.mark.parametrize(
    ("pods", "events", "code", "words"),
    [
        ([], [event("FailedCreate", "exceeded quota: none")], "rollout-pods-rejected", "exceeded quota"),
        (
            [],
            [event("FailedCreate", "pods violates PodSecurity restricted", kind="StatefulSet", name="web")],
            "rollout-pods-rejected",
            "PodSecurity",
        ),
        (
            [pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}])],
            [],
            "rollout-not-scheduled",
            "0/3 nodes",
        ),
        (
            [pod(**container(state={"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}))],
            [],
            "rollout-container-does-not-start",
            "ImagePullBackOff: no such image",
        ),
        (
            [pod(**container(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState={"terminated": CRASHED}))],
            [],
            "rollout-container-exits",
            "the code 3",
        ),
        (
            [pod(initContainerStatuses=[{"name": "migrate", "state": {"terminated": CRASHED}}])],
            [],
            "rollout-container-exits",
            "migrate",
        ),
        (
            [pod(phase="Running", **container(state={"running": {}}))],
            [event("Unhealthy", "Readiness probe failed: 500", kind="Pod", name="web-1")],
            "rollout-pod-not-ready",
            "failed: 500",
        ),
    ],
)
def test_each_cause_is_reported_with_a_command(pods: Any, events: Any, code: str, words: str) -> None:
    (found,) = causes(pods, events)
    assert found.code.name == code
    assert words in found.text
    assert "kubectl" in found.text
    assert "--namespace shop" in found.text


def test_a_crash_shows_the_end_of_the_log() -> None:
    crashed = pod(**container(state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}))
    (found,) = causes([crashed], log="\n".join(f"line {number}" for number in range(30)))
    assert "OOMKilled" in found.text
    assert "\n- line 29" in found.text
    assert "line 19\n" not in found.text


def test_pods_with_the_same_cause_are_reported_once_and_ready_ones_not_at_all() -> None:
    waiting = container(state={"waiting": {"reason": "ErrImagePull", "message": "denied"}})
    found = causes([pod("web-1", **waiting), pod("web-2", **waiting), pod("web-3", ready=True)])
    assert len(found) == 1


def test_other_workloads_and_what_has_ended_well_are_no_causes() -> None:
    others = [
        event("FailedCreate", "exceeded quota", name="web-api-5d9c"),
        event("FailedCreate", "exceeded quota", name="api"),
        {**event("FailedCreate", "exceeded quota"), "type": "Normal"},
    ]
    done = {"name": "migrate", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}
    creating = container(state={"waiting": {"reason": "ContainerCreating"}})
    assert causes([pod(initContainerStatuses=[done], **creating)], others) == []


def test_without_a_cause_the_command_is_named() -> None:
    async def read(_pod: str, _container: str) -> str:
        return ""

    loop = asyncio.get_event_loop()
    (found,) = loop.run_until_complete(explained(WEB, [], [], read))
    assert found.code.name == "rollout-unexplained"
    assert "--selector app=web" in found.text
    assert loop.run_until_complete(explained(WEB, [pod(ready=True)], [], read)) == []


def test_secret_values_are_masked_plain_and_in_base64() -> None:
    assert masked("token hunter2 aHVudGVyMg==", ["hunter2", ""]) == "token [secret] [secret]"
