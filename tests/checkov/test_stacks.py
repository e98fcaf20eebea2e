"""checkov over the Kubernetes objects of the stacks that ship: its rules hold, and those that matter can fail."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pulumi_portico.testing import Recording

from tests import stacks
from tools.checkov import Judged, audit_manifests, suppressions, unexcused

_TOKEN = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "one"}}}
# What is made worse of dev's Deployment `api`, by the rule that finds it: of the pod, or of its container.
OF_POD: Mapping[str, Mapping[str, Any]] = {
    "CKV_K8S_17": {"hostPID": True},
    "CKV_K8S_18": {"hostIPC": True},
    "CKV_K8S_19": {"hostNetwork": True},
    "CKV_K8S_23": {"securityContext": {"runAsNonRoot": False}},
    "CKV_K8S_27": {"volumes": [{"name": "docker", "hostPath": {"path": "/var/run/docker.sock"}}]},
    "CKV_K8S_29": {"securityContext": None},
    "CKV_K8S_31": {"securityContext": {"runAsNonRoot": True}},
    "CKV_K8S_38": {"automountServiceAccountToken": True},
    "CKV_K8S_40": {"securityContext": {"runAsNonRoot": True, "runAsUser": 1000}},
}
OF_CONTAINER: Mapping[str, Mapping[str, Any]] = {
    "CKV_K8S_8": {"livenessProbe": None},
    "CKV_K8S_9": {"readinessProbe": None},
    "CKV_K8S_10": {"resources": {"requests": {"memory": "1Gi"}}},
    "CKV_K8S_12": {"resources": {"requests": {"cpu": "1"}}},
    "CKV_K8S_13": {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}},
    "CKV_K8S_14": {"image": "docker.io/traefik/whoami:latest"},
    "CKV_K8S_16": {"securityContext": {"privileged": True}},
    "CKV_K8S_20": {"securityContext": {"allowPrivilegeEscalation": True}},
    "CKV_K8S_22": {"securityContext": {"readOnlyRootFilesystem": False}},
    "CKV_K8S_25": {"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}},
    "CKV_K8S_26": {"ports": [{"containerPort": 8080, "hostPort": 8080}]},
    "CKV_K8S_28": {"securityContext": {"allowPrivilegeEscalation": False}},
    "CKV_K8S_35": {"env": [_TOKEN]},
    "CKV_K8S_37": {"securityContext": {"capabilities": {"add": ["NET_RAW"]}}},
}
RULES = sorted({*OF_POD, *OF_CONTAINER, "CKV_K8S_21", "CKV2_K8S_6"})


@pytest.fixture(scope="module")
def worse(stacks_recorded: dict[str, Recording], tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    made = stacks_recorded["dev"].manifests()
    plans: dict[str, Sequence[Mapping[str, Any]]] = {
        **{rule: _with(made, change, container=False) for rule, change in OF_POD.items()},
        **{rule: _with(made, change, container=True) for rule, change in OF_CONTAINER.items()},
        # In the namespace of nobody, and without a policy.
        "CKV_K8S_21": [{**it, "metadata": {**it["metadata"], "namespace": "default"}} for it in made if _is_api(it)],
        "CKV2_K8S_6": [it for it in made if it["kind"] != "NetworkPolicy"],
    }
    return audit_manifests(plans, tmp_path_factory.mktemp("worse"))


def _is_api(manifest: Mapping[str, Any]) -> bool:
    return (manifest["kind"], manifest["metadata"].get("name")) == ("Deployment", "api")


def _with(made: Sequence[Mapping[str, Any]], change: Mapping[str, Any], *, container: bool) -> list[Mapping[str, Any]]:
    (deployment,) = (copy.deepcopy(dict(it)) for it in made if _is_api(it))
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    at: dict[str, Any] = spec["containers"][0] if container else spec
    for field, it in change.items():
        if it is None:
            del at[field]
        else:
            at[field] = it
    return [deployment]


def test_every_rule_holds_or_is_let_be_with_a_reason(judged_manifests: list[Judged]) -> None:
    assert {it.plan for it in judged_manifests} == set(stacks.NAMES)
    wrong = [f"{it.plan}: {it.rule} {it.resource}: {it.says}" for it in unexcused(judged_manifests, suppressions())]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_met_by_what_ships_and_finds_what_is_worse(
    rule: str, judged_manifests: list[Judged], worse: list[Judged]
) -> None:
    # The services of the shop meet every one of them without an exception. Some rules look at pods.
    ours = [it.passed for it in judged_manifests if it.rule == rule and ".shop-dev." in it.resource]
    assert ours
    assert all(ours)
    assert False in [it.passed for it in worse if (it.rule, it.plan) == (rule, rule)]
