"""The raw manifests of a stack: validated, placed, ordered, and seen by every command."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico.stack import build, check_stack
from pulumi_portico.stack.object_kinds import known_kind
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import Secret, record

from tests.problems import assert_fixes_work, assert_problem, problems_of_stack
from tools.object_kinds import CLUSTER_KINDS

WEB: dict[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080}
CANARY = "canary-51c7"
SETTINGS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"A": "b"}}
CRON_TAB = {"apiVersion": "example.com/v1", "kind": "CronTab", "metadata": {"name": "nightly"}, "spec": {}}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "crontabs.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "CronTab", "plural": "crontabs"},
        "versions": [{"name": "v1", "served": True, "storage": True}],
    },
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "a", "image": "a:1"}]},
}


def stack(*manifests: Any, **parts: Any) -> dict[str, Any]:
    return {"namespace": "shop", "services": {"web": WEB}, "manifests": list(manifests), **parts}


def test_objects_come_after_what_defines_their_kinds_and_are_in_the_namespace() -> None:
    plan = check_stack("dev", stack(CRON_TAB, SETTINGS, DEFINITION))
    own = next(iter(objects_of(plan))).objects
    assert [described.manifest["kind"] for described in own] == [
        "Namespace",
        "CustomResourceDefinition",
        "ConfigMap",
        "CronTab",
    ]
    for earlier, later in itertools.pairwise(own):
        assert list(later.after) == [earlier.key]
    namespaces = [described.manifest["metadata"].get("namespace") for described in own]
    assert namespaces == [None, None, "shop", "shop"]
    recorded = record(lambda: build(plan))
    assert {"CustomResourceDefinition", "CronTab"} <= {manifest["kind"] for manifest in recorded.manifests()}


def test_a_file_has_several_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": [{**SETTINGS, "metadata": {"name": "two"}}]})
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "all.yaml").write_text(f"---\n{json.dumps(SETTINGS)}\n---\n---\n{items}\n")
    plan = check_stack("dev", stack("k8s/all.yaml"))
    assert [one.name for one in plan.own.manifests] == ["settings", "two"]


def test_kubectl_and_portico_read_the_same_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: 2026-01-02}\n")
    (manifest,) = check_stack("dev", stack("a.yaml")).own.manifests
    assert manifest.content["data"] == {"day": "2026-01-02"}


def test_manifests_can_have_names_of_their_own() -> None:
    plan = check_stack("dev", stack(manifests={"settings": SETTINGS}))
    assert tuple(plan.own.manifests[0].at) == ("manifests", "settings")


def test_values_of_secrets_are_encrypted_and_concealed() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": CANARY}}
    plan = check_stack("dev", stack(secret))
    registered = record(lambda: build(plan)).all("Secret")
    (found,) = (resource for resource in registered if "manifest" in resource.name)
    assert found.inputs["stringData"] == Secret({"password": CANARY})
    view = view_of(plan)
    assert CANARY not in json.dumps(view, default=str)
    broken = {**secret, "stringDate": {"password": CANARY}}
    assert CANARY not in "\n".join(str(problem) for problem in problems_of_stack(stack(broken)))


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        (
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "LoadBalancer"}},
            "unchecked-manifest-exposure",
        ),
        (
            {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "s"}, "spec": {}},
            "unchecked-manifest-exposure",
        ),
        (
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": "system:s"},
                "roleRef": {},
            },
            "rights-of-manifest",
        ),
    ],
)
def test_what_portico_does_not_check_is_an_exception(manifest: Any, code: str) -> None:
    view = view_of(check_stack("dev", stack(manifest)))
    found = [exception.exception for exception in view.exceptions if exception.exception.kind.name == code]
    assert [tuple(exception.location) for exception in found] == [("manifests", 0)]


def changed(manifest: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**manifest, **fields}


AT = ("manifests", 0)
PROBLEMS: list[tuple[dict[str, Any], str, tuple[Any, ...], dict[str, Any]]] = [
    (stack(3), "not-manifests", AT, {}),
    (stack(manifests=3), "not-manifests", ("manifests",), {}),
    (stack("nowhere.yaml"), "unreadable-manifest-file", AT, {"file": "nowhere.yaml"}),
    (stack({"kind": "ConfigMap"}), "incomplete-manifest", AT, {"field": "apiVersion"}),
    (stack({"apiVersion": "v1"}), "incomplete-manifest", AT, {"field": "kind"}),
    (stack(changed(SETTINGS, metadata={})), "incomplete-manifest", (*AT, "metadata"), {"field": "metadata.name"}),
    (
        stack(changed(SETTINGS, metadata={"generateName": "a-"})),
        "incomplete-manifest",
        (*AT, "metadata"),
        {"field": "metadata.name"},
    ),
    (stack(changed(SETTINGS, metadata={"name": "A_b"})), "invalid-object-name", (*AT, "metadata", "name"), {}),
    (
        stack(changed(SETTINGS, metadata={"name": "a", "namespace": "A"})),
        "invalid-name",
        (*AT, "metadata", "namespace"),
        {},
    ),
    (stack(changed(SETTINGS, kind="ConfigMpa")), "unknown-kind", (*AT, "kind"), {"kind": "ConfigMpa"}),
    (stack(changed(SETTINGS, apiVersion="apps/v1")), "unknown-kind", (*AT, "apiVersion"), {"api_version": "apps/v1"}),
    (stack(CRON_TAB), "unknown-kind", (*AT, "kind"), {"custom_kinds": ("custom_kinds",)}),
    (stack(changed(SETTINGS, dat={})), "unknown-field-of-kind", (*AT, "dat"), {"name": "dat"}),
    (
        stack({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "namespace": "b"}}),
        "namespace-of-cluster-object",
        (*AT, "metadata", "namespace"),
        {},
    ),
    (stack(SETTINGS, SETTINGS), "duplicate-object", ("manifests", 1), {"other": AT}),
    (
        stack(SETTINGS, configMaps={"settings": {"data": {}}}),
        "duplicate-object",
        AT,
        {"other": ("config_maps", "settings")},
    ),
    (
        stack({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {}}),
        "duplicate-object",
        AT,
        {"other": ("services", "web")},
    ),
    (
        stack({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        "duplicate-object",
        AT,
        {"other": ("namespace",)},
    ),
    (stack(POD), "rejected-pod-of-manifest", AT, {"level": "restricted"}),
    (
        stack(changed(POD, spec={"containers": [{"name": "a", "imag": "b"}]}), podSecurity="privileged"),
        "unknown-argument",
        (*AT, "spec", "containers", 0, "imag"),
        {},
    ),
    (stack(customKinds=[{"kind": "A"}]), "missing", ("custom_kinds", 0, "api_version"), {}),
]


@pytest.mark.parametrize(("config", "code", "location", "params"), PROBLEMS)
def test_what_the_api_server_would_reject_is_a_problem(config: Any, code: str, location: Any, params: Any) -> None:
    assert_problem(problems_of_stack(config), code, *location, **params)
    assert_fixes_work(problems_of_stack, config)


@pytest.mark.parametrize(
    ("manifest", "token"),
    [
        (
            {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "p"}, "value": 7},
            "kubernetes:scheduling.k8s.io/v1:PriorityClass",
        ),
        (
            {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "p"}, "spec": {"schedule": "@daily"}},
            "kubernetes:batch/v1:CronJob",
        ),
        ({**CRON_TAB, "data": {"a": "b"}}, "kubernetes:example.com/v1:CronTab"),
    ],
)
def test_every_kind_is_registered_with_all_its_fields(manifest: Any, token: str) -> None:
    plan = check_stack("dev", stack(manifest, DEFINITION))
    recorded = record(lambda: build(plan))
    (found,) = (one for one in recorded.registrations if one.type == token)
    for name in manifest.keys() - {"apiVersion", "kind", "metadata"}:
        assert found.inputs[name] == manifest[name]


def test_a_kind_that_the_cluster_has_can_be_declared() -> None:
    declared = {"customKinds": [{"apiVersion": "example.com/v1", "kind": "CronTab", "clusterScoped": True}]}
    plan = check_stack("dev", stack(CRON_TAB, **declared))
    last = next(iter(objects_of(plan))).objects[-1]
    assert "namespace" not in last.manifest["metadata"]


def test_the_pods_of_other_namespaces_are_not_checked() -> None:
    assert problems_of_stack(stack(changed(POD, metadata={"name": "p", "namespace": "kube-system"}))) == []


def test_the_kinds_of_the_cluster_are_known() -> None:
    for api_version, kind in (("v1", "Namespace"), ("storage.k8s.io/v1", "StorageClass")):
        found = known_kind(api_version, kind)
        assert found is not None
        assert found.is_cluster_scoped
    assert "ConfigMap" not in CLUSTER_KINDS
