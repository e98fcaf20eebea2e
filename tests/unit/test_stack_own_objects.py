"""A stack's namespace with its settings, and the ConfigMaps, Secrets, and claims that its services share."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from pulumi_portico import Namespace, WebService
from pulumi_portico.args.location import Field, KeyStyle
from pulumi_portico.args.problems import Problem
from pulumi_portico.stack import build, check_stack
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import Recording, Secret, record

from tests.problems import assert_fixes_work, assert_problem, problems_of_stack
from tests.problems import problems_of as rejected_by

WEB: dict[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080}
CANARY = "canary-19d4"
BASE64 = base64.b64encode(CANARY.encode()).decode()


def stack(**parts: Any) -> dict[str, Any]:
    return {"namespace": "shop", "services": {"web": WEB}, **parts}


def built(**parts: Any) -> Recording:
    plan = check_stack("dev", stack(**parts))
    return record(lambda: build(plan))


# The namespace.


def test_the_namespace_has_its_labels_annotations_and_levels() -> None:
    (namespace,) = (
        manifest
        for manifest in built(
            namespace={
                "name": "shop",
                "labels": {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"},
                "annotations": {"example.com/team": "shop"},
                "podSecurity": "baseline",
                "podSecurityVersion": "v1.31",
                "auditPodSecurity": "restricted",
                "warnPodSecurity": "restricted",
            }
        ).manifests()
        if manifest["kind"] == "Namespace"
    )
    assert namespace["metadata"]["labels"] == {
        "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/enforce-version": "v1.31",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/audit-version": "v1.31",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "v1.31",
    }
    assert namespace["metadata"]["annotations"]["example.com/team"] == "shop"


def test_a_mapping_with_a_name_alone_is_the_same_as_the_name() -> None:
    assert built(namespace={"name": "shop"}).manifests() == built().manifests()


def test_an_existing_namespace_is_not_created_and_its_level_is_not_checked() -> None:
    root = {**WEB, "security": {"allowRoot": True, "user": 0}}
    existing = {"name": "shop", "existing": True}
    recorded = built(namespace=existing, services={"web": root})
    assert not recorded.all("Namespace")
    assert {manifest["metadata"].get("namespace") for manifest in recorded.manifests()} == {"shop"}
    strict = stack(namespace={**existing, "podSecurity": "restricted"}, services={"web": root})
    assert any(problem.code.name == "violates-pod-security" for problem in problems_of_stack(strict))


def test_the_quota_and_the_limit_range_are_objects_of_the_namespace() -> None:
    namespace = {
        "name": "shop",
        "resourceQuota": {"hard": {"requests.cpu": "2", "count/secrets": "10"}, "scopes": ["NotTerminating"]},
        "limitRange": {"limits": [{"type": "Container", "max": {"memory": "1Gi"}, "defaultRequest": {"cpu": "10m"}}]},
    }
    manifests = {manifest["kind"]: manifest for manifest in built(namespace=namespace).manifests()}
    assert manifests["ResourceQuota"]["spec"] == {
        "hard": {"requests.cpu": "2", "count/secrets": "10"},
        "scopes": ["NotTerminating"],
    }
    assert manifests["LimitRange"]["spec"] == {
        "limits": [{"type": "Container", "defaultRequest": {"cpu": "10m"}, "max": {"memory": "1Gi"}}]
    }


def quota(**hard: str) -> dict[str, Any]:
    return {"name": "shop", "resourceQuota": {"hard": {name.replace("_", "."): value for name, value in hard.items()}}}


def limits(item: Any) -> dict[str, Any]:
    return {"name": "shop", "limitRange": {"limits": [item]}}


HARD = ("namespace", "resource_quota", "hard")

PROBLEMS: list[tuple[dict[str, Any], str, tuple[Any, ...], dict[str, Any]]] = [
    ({"namespace": {}}, "missing", ("namespace", "name"), {}),
    ({"namespace": {"name": "Shop"}}, "invalid-name", ("namespace", "name"), {}),
    ({"namespace": {"name": "shop", "nam": "a"}}, "unknown-argument", ("namespace", "nam"), {}),
    (
        {"namespace": {"name": "shop", "existing": True, "labels": {"a": "b"}}},
        "field-of-existing-namespace",
        ("namespace", "labels"),
        {},
    ),
    (
        {"namespace": {"name": "shop", "labels": {"pod-security.kubernetes.io/warn": "baseline"}}},
        "pod-security-label",
        ("namespace", "labels", "pod-security.kubernetes.io/warn"),
        {"field": ("namespace", "warn_pod_security")},
    ),
    (
        {"namespace": {"name": "shop", "podSecurityVersion": "1.31"}},
        "invalid-pod-security-version",
        ("namespace", "pod_security_version"),
        {},
    ),
    (
        {"namespace": {"name": "shop", "podSecurity": "baseline"}, "podSecurity": "baseline"},
        "mutually-exclusive",
        ("pod_security",),
        {},
    ),
    ({"namespace": quota(requests_cpu="2 cores")}, "invalid-quantity", (*HARD, "requests.cpu"), {}),
    (
        {"namespace": quota(limits_cpu="4")},
        "no-limit-for-quota",
        ("services", "web"),
        {"resource": "limits.cpu", "containers": ["web"]},
    ),
    # Two pods, and a third one during a rollout.
    (
        {"namespace": quota(requests_cpu="200m")},
        "over-resource-quota",
        (*HARD, "requests.cpu"),
        {"needed": "0.3", "resource": "requests.cpu"},
    ),
    ({"namespace": quota(memory="512Mi")}, "over-resource-quota", (*HARD, "memory"), {"needed": "768Mi"}),
    ({"namespace": quota(pods="2")}, "over-resource-quota", (*HARD, "pods"), {"needed": "3"}),
    (
        {"namespace": limits({"type": "Container", "max": {"memory": "128Mi"}})},
        "outside-limit-range",
        ("services", "web"),
        {"container": "web", "bound": "128Mi"},
    ),
    (
        {"namespace": limits({"type": "Pod", "min": {"cpu": "1"}})},
        "outside-limit-range",
        ("services", "web"),
        {"relation": "less than"},
    ),
    # ConfigMaps, Secrets, and claims.
    ({"configMaps": {"A_b": {"data": {}}}}, "invalid-object-name", ("config_maps", "A_b"), {}),
    ({"configMaps": {"a": "b"}}, "not-a-mapping", ("config_maps", "a"), {}),
    ({"configMaps": {"a": {"data": {"b c": "d"}}}}, "invalid-data-key", ("config_maps", "a", "data", "b c"), {}),
    (
        {"configMaps": {"a": {"binaryData": {"b": "?"}}}},
        "not-base64",
        ("config_maps", "a", "binary_data", "b"),
        {"field": Field("data")},
    ),
    (
        {"secrets": {"a": {"data": {"b": "?"}}}},
        "not-base64",
        ("secrets", "a", "data", "b"),
        {"field": Field("string_data")},
    ),
    (
        {"secrets": {"a": {"stringData": {"b": "c"}, "data": {"b": "Yw=="}}}},
        "duplicate-data-key",
        ("secrets", "a", "data", "b"),
        {},
    ),
    ({"claims": {"a": {}}}, "missing", ("claims", "a", "size_gib"), {}),
    ({"claims": {"a": {"sizeGib": 0}}}, "out-of-range", ("claims", "a", "size_gib"), {}),
    (
        {
            "configMaps": {"site": {"data": {"region": "eu"}}},
            "services": {"web": {**WEB, "envValueFrom": {"A": {"configMapKeyRef": {"name": "site", "key": "regoin"}}}}},
        },
        "unknown-data-key",
        ("services", "web", "env_value_from", "A", "config_map_key_ref", "key"),
        {"key": "regoin", "keys": ["region"]},
    ),
    (
        {
            "claims": {"data": {"sizeGib": 1, "accessMode": "ReadWriteMany"}},
            "services": {"web": {**WEB, "volumes": {"d": {"claim": "data", "accessMode": "ReadOnlyMany"}}}},
        },
        "other-access-mode",
        ("services", "web", "volumes", "d", "access_mode"),
        {"mode": "ReadWriteMany"},
    ),
    (
        {
            "claims": {"data": {"sizeGib": 1}},
            "services": {"web": {**WEB, "volumes": {"d": {"claim": "data"}}}},
        },
        "claim-of-several-pods",
        ("services", "web", "volumes", "d", "claim"),
        {},
    ),
    (
        {
            "claims": {"data": {"sizeGib": 1, "accessMode": "ReadWriteOncePod"}},
            "services": {
                name: {**WEB, "kind": "StatefulSet", "volumes": {"d": {"claim": "data"}}} for name in ("one", "two")
            },
        },
        "claim-of-one-pod",
        ("services", "two", "volumes", "d", "claim"),
        {"other": ("services", "one", "volumes", "d", "claim")},
    ),
]


@pytest.mark.parametrize(("parts", "code", "location", "params"), PROBLEMS)
def test_what_cannot_work_is_a_problem(parts: Any, code: str, location: Any, params: Any) -> None:
    config = stack(**parts)
    found = problems_of_stack(config)
    assert_problem(found, code, *location, **params)
    assert all(problem.style is KeyStyle.STACK for problem in found)
    assert_fixes_work(problems_of_stack, config)


def test_a_default_of_the_limit_range_satisfies_the_quota() -> None:
    namespace = {**quota(limits_cpu="4"), **limits({"type": "Container", "default": {"cpu": "500m"}})}
    assert problems_of_stack(stack(namespace=namespace)) == []


# Objects that services share.


def test_services_share_objects_by_name() -> None:
    volumes = {"uploads": {"path": "/uploads", "claim": "uploads"}}
    recorded = built(
        configMaps={"settings": {"data": {"LEVEL": "info"}}},
        secrets={"db": {"stringData": {"password": CANARY}}},
        claims={"uploads": {"sizeGib": 20, "accessMode": "ReadWriteMany", "storageClass": "nfs"}},
        services={"web": {**WEB, "volumes": volumes}, "thumbnails": {**WEB, "volumes": volumes}},
    )
    claim = recorded.one("PersistentVolumeClaim", "shop-claim-uploads").inputs
    assert claim["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "20Gi"}},
        "storageClassName": "nfs",
        "volumeMode": "Filesystem",
    }
    assert recorded.one("Secret", "shop-secret-db").inputs["stringData"] == Secret({"password": CANARY})
    assert recorded.one("ConfigMap", "shop-config-map-settings").inputs["data"] == {"LEVEL": "info"}


def test_a_secret_in_plain_text_is_an_exception_and_no_view_shows_its_value() -> None:
    # The name of a key needn't look like a secret's.
    values = {"db": {"stringData": {"password": CANARY, "user": CANARY}, "data": {"file": BASE64}}}
    plan = check_stack("dev", stack(secrets=values))
    view = view_of(plan)
    locations = {tuple(exception.exception.location) for exception in view.exceptions}
    at = ("secrets", "db")
    assert {(*at, "string_data", "password"), (*at, "string_data", "user"), (*at, "data", "file")} <= locations
    assert [(one.kind, one.name) for one in view.objects] == [("Secret", "db")]
    shown = json.dumps(view, default=str)
    assert CANARY not in shown
    assert BASE64 not in shown


def test_a_claim_that_services_mount_on_one_node_is_a_note() -> None:
    once = {**WEB, "kind": "StatefulSet", "volumes": {"d": {"path": "/d", "claim": "data"}}}
    config = stack(claims={"data": {"sizeGib": 1}}, services={"one": once, "two": once})
    notes = [note for note in check_stack("dev", config).notes if note.code.name == "claim-on-one-node"]
    assert [note.params["services"] for note in notes] == [["one", "two"]]


# The component.


def test_a_namespace_in_a_program_has_the_same_settings() -> None:
    limits: Any = {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}
    args: Any = {
        "name": "shop",
        "labels": {"team": "a"},
        "resource_quota": {"hard": {"pods": "9"}},
        "limit_range": limits,
    }

    def program() -> None:
        namespace = Namespace("shop", args)
        service: Any = {**WEB, "namespace": namespace.namespace}
        WebService("web", service)

    recorded = record(program)
    kinds = {manifest["kind"]: manifest for manifest in recorded.manifests()}
    assert kinds["Namespace"]["metadata"]["labels"]["team"] == "a"
    assert kinds["ResourceQuota"]["metadata"]["namespace"] == kinds["Service"]["metadata"]["namespace"] == "shop"
    assert kinds["LimitRange"]["spec"]["limits"] == limits["limits"]


def test_an_invalid_namespace_registers_nothing() -> None:
    caught: list[list[Problem]] = []

    def program() -> None:
        invalid: Any = {"name": "Shop"}
        caught.append(list(rejected_by(lambda: Namespace("shop", invalid))))

    assert record(program).registrations == []
    assert_problem(caught[0], "invalid-name", "name")
