"""Configuration that something else creates: variables and files from ConfigMaps and Secrets that exist."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pulumi
import pytest
from pulumi_portico import PorticoError
from pulumi_portico.lifecycle.config_maps import checksum_of
from pulumi_portico.lifecycle.kubectl import Kubectl
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.testing import Secret

from tests.problems import applied, assert_fixes_work, assert_problem
from tests.unit.web_services import IMAGE, container, pod_spec, problems_with, web_service

WEB: dict[str, Any] = {"image": IMAGE, "port": 8080}
DB_KEY = {"name": "db", "key": "password"}


def test_a_variable_comes_from_a_key_of_an_existing_object() -> None:
    made = container(
        web_service(
            env={"URL": "postgres://app:$(PASSWORD)@db"},
            env_value_from={
                "PASSWORD": {"secret_key_ref": DB_KEY},
                "REGION": {"config_map_key_ref": {"name": pulumi.Output.from_input("site"), "key": "region"}},
                "TRACE": {"config_map_key_ref": {"name": "site", "key": "trace", "optional": True}},
            },
        )
    )
    variables = {item["name"]: item.get("valueFrom") for item in made["env"]}
    assert variables == {
        "PASSWORD": {"secretKeyRef": DB_KEY},
        "REGION": {"configMapKeyRef": {"name": "site", "key": "region"}},
        "TRACE": {"configMapKeyRef": {"name": "site", "key": "trace", "optional": True}},
        "URL": None,
    }
    names = [item["name"] for item in made["env"]]
    assert names.index("PASSWORD") < names.index("URL"), "Kubernetes expands only references to earlier variables"


def test_all_keys_of_existing_objects_become_variables_in_the_order_of_the_arguments() -> None:
    sources = [
        {"secret_ref": {"name": "site-secrets", "optional": True}, "prefix": "SITE_"},
        {"config_map_ref": {"name": "site"}},
    ]
    recorded = web_service(env_from=sources, sidecars=[{"name": "log", "image": "log:1", "env_from": sources}])
    expected = [
        {"prefix": "SITE_", "secretRef": {"name": "site-secrets", "optional": True}},
        {"configMapRef": {"name": "site"}},
    ]
    assert container(recorded)["envFrom"] == expected
    assert pod_spec(recorded)["initContainers"][0]["envFrom"] == expected


def test_references_to_variables_of_whole_objects_are_accepted() -> None:
    args = {**WEB, "env": {"A": "$(FROM_SITE)"}, "args": ["$(FROM_SITE)"]}
    assert_problem(problems_with(args), "unknown-variable", "env", "A")
    assert problems_with({**args, "env_from": [{"config_map_ref": {"name": "site"}}]}) == []


def test_secret_files_are_in_a_secret_of_their_own_and_can_be_executable() -> None:
    recorded = web_service(
        config_files={"/bin/start.sh": "#!/bin/sh", "/etc/app.json": "{}"},
        secret_files={"/etc/key.pem": "canary-7e21"},
        executable_files=["/bin/start.sh"],
    )
    files = recorded.one("Secret", "api-secret-files")
    (key,) = files.inputs["stringData"].value
    assert files.inputs["stringData"] == Secret({key: "canary-7e21"})
    volumes = {volume["name"]: volume for volume in pod_spec(recorded)["volumes"]}
    modes = {item["path"]: item.get("mode") for item in volumes["config-files"]["configMap"]["items"]}
    (script, settings) = sorted(modes)
    assert (modes[script], modes[settings]) == (0o555, None)
    assert volumes["secret-files"]["secret"]["secretName"].startswith("api-secret-files-")
    mounts = {mount["mountPath"]: mount for mount in container(recorded)["volumeMounts"]}
    assert mounts["/etc/key.pem"] == {
        "name": "secret-files",
        "mountPath": "/etc/key.pem",
        "subPath": key,
        "readOnly": True,
    }
    assert "canary-7e21" not in str(pod_spec(recorded))


def test_a_volume_has_some_keys_of_an_existing_object_with_their_modes() -> None:
    volume = {
        "path": "/keys",
        "secret": "keys",
        "items": {"tls.key": "tls/key", "run.sh": "run"},
        "modes": {"run.sh": "0555"},
        "default_mode": "0440",
        "optional": True,
    }
    pod = pod_spec(web_service(volumes={"keys": volume}))
    (made,) = pod["volumes"]
    assert pod["securityContext"]["fsGroup"] == 10001, "root owns the files, so the pods read them as their group"
    assert made["secret"] == {
        "secretName": "keys",
        "items": [{"key": "run.sh", "path": "run", "mode": 0o555}, {"key": "tls.key", "path": "tls/key"}],
        "defaultMode": 0o440,
        "optional": True,
    }


PROBLEMS: list[tuple[dict[str, Any], str, tuple[Any, ...], dict[str, Any]]] = [
    (
        {"env_value_from": {"A": {}}},
        "empty-environment-source",
        ("env_value_from", "A"),
        {"fields": ["config_map_key_ref", "secret_key_ref"]},
    ),
    (
        {"env_value_from": {"A": {"secret_key_ref": DB_KEY, "config_map_key_ref": DB_KEY}}},
        "mutually-exclusive",
        ("env_value_from", "A", "secret_key_ref"),
        {},
    ),
    (
        {"env_value_from": {"A": {"secret_key_ref": {"name": "db"}}}},
        "missing",
        ("env_value_from", "A", "secret_key_ref", "key"),
        {},
    ),
    ({"env_value_from": {"1": {"secret_key_ref": DB_KEY}}}, "invalid-variable-name", ("env_value_from", "1"), {}),
    (
        {"env_value_from": {"A": {"secret_key_ref": {**DB_KEY, "key": "a b"}}}},
        "invalid-data-key",
        ("env_value_from", "A", "secret_key_ref", "key"),
        {},
    ),
    (
        {"env": {"A": "b"}, "env_value_from": {"A": {"secret_key_ref": DB_KEY}}},
        "duplicate-variable",
        ("env_value_from", "A"),
        {"other": ("env", "A")},
    ),
    ({"env_from": [{"prefix": "A_"}]}, "empty-environment-source", ("env_from", 0), {}),
    ({"env_from": [{"secret_ref": {"name": "A b"}}]}, "invalid-object-name", ("env_from", 0, "secret_ref", "name"), {}),
    (
        {"env_from": [{"secret_ref": {"name": "a"}, "prefix": "1"}]},
        "invalid-variable-name",
        ("env_from", 0, "prefix"),
        {},
    ),
    (
        {"executable_files": ["/a"]},
        "unknown-executable-file",
        ("executable_files", 0),
        {"fields": ["config_files", "secret_files"]},
    ),
    (
        {"config_files": {"/a": "b"}, "secret_files": {"/a": "b"}},
        "duplicate-mount-path",
        ("secret_files", "/a"),
        {"other": ("config_files", "/a")},
    ),
    ({"volumes": {"a": {"items": {"b": "c"}}}}, "projection-field-without-source", ("volumes", "a", "items"), {}),
    (
        {"volumes": {"a": {"secret": "b", "modes": {"c": "0400"}}}},
        "mode-without-item",
        ("volumes", "a", "modes", "c"),
        {"name": "c"},
    ),
    (
        {"volumes": {"a": {"secret": "b", "default_mode": "7"}}},
        "invalid-file-mode",
        ("volumes", "a", "default_mode"),
        {},
    ),
    (
        {"volumes": {"a": {"secret": "b", "default_mode": 420}}},
        "invalid-file-mode",
        ("volumes", "a", "default_mode"),
        {},
    ),
    (
        {"volumes": {"a": {"secret": "b", "items": {"c": "d", "e": "d/f"}}}},
        "duplicate-projected-path",
        ("volumes", "a", "items", "e"),
        {"path": "d"},
    ),
]


@pytest.mark.parametrize(("fields", "code", "location", "params"), PROBLEMS)
def test_what_kubernetes_would_reject_is_a_problem(fields: Any, code: str, location: Any, params: Any) -> None:
    args = {**WEB, **fields}
    assert_problem(problems_with(args), code, *location, **params)
    assert_fixes_work(problems_with, args)


@pytest.mark.parametrize(
    ("pasted", "field", "expected"),
    [
        (
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": DB_KEY}}]},
            "env_value_from",
            {"A": {"secret_key_ref": DB_KEY}},
        ),
        ({"env": {"A": {"valueFrom": {"secretKeyRef": DB_KEY}}}}, "env_value_from", {"A": {"secret_key_ref": DB_KEY}}),
        ({"extraEnvVarsSecret": "db"}, "env_from", [{"secret_ref": {"name": "db"}}]),
        (
            {"volumes": {"a": {"secret": {"secretName": "b", "items": [{"key": "c", "path": "d", "mode": 365}]}}}},
            "volumes",
            {"a": {"secret": "b", "items": {"c": "d"}, "modes": {"c": "0555"}}},
        ),
    ],
)
def test_the_form_of_kubernetes_has_a_fix(pasted: Any, field: str, expected: Any) -> None:
    args = {**WEB, **pasted}
    (problem,) = problems_with(args)
    fixed = applied(problem.edits, args)
    assert fixed[field] == expected
    assert problems_with(fixed) == []


class FakeKubectl(Kubectl):
    """kubectl for a cluster with these ConfigMaps; None for a cluster that doesn't respond."""

    config_maps: dict[str, dict[str, str]] | None

    async def run(self, *arguments: str) -> str:
        assert arguments[:2] == ("get", "configmaps"), "Secrets are never read"
        if self.config_maps is None:
            return ""
        (selector,) = (argument for argument in arguments if argument.startswith("--field-selector="))
        name = selector.rpartition("=")[2]
        items = [{"data": self.config_maps[name]}] if name in self.config_maps else []
        return json.dumps({"items": items})


def checksum(config_maps: dict[str, dict[str, str]] | None, *names: str, **registered: Any) -> str:
    ensure_event_loop()
    kubectl = FakeKubectl()
    object.__setattr__(kubectl, "config_maps", config_maps)
    return asyncio.get_event_loop().run_until_complete(checksum_of(kubectl, names, "shop", registered))


def test_the_checksum_changes_with_the_contents_and_tolerates_absent_objects() -> None:
    absent, first, second = checksum({}, "a"), checksum({"a": {"k": "1"}}, "a"), checksum({"a": {"k": "2"}}, "a")
    assert len({absent, first, second}) == 3
    assert checksum({"a": {"k": "1"}, "b": {}}, "a") == first


def test_the_contents_of_a_config_map_of_the_program_are_those_that_it_registers() -> None:
    live = checksum({"a": {"k": "1"}}, "a")
    assert checksum({"a": {"k": "0"}}, "a", a=[{"k": "1"}, None]) == live, "the next update changes nothing"
    assert checksum({"a": {"k": "1"}}, "a", a=[{"k": "2"}, None]) != live
    ensure_event_loop()
    assert checksum({}, "a", a=[{"k": pulumi.Output.from_input("1")}, None]) == live
    # A checksum of a secret would help to guess it.
    secret = [checksum({}, "a", a=[{"k": pulumi.Output.secret(value)}, None]) for value in ("1", "2")]
    assert secret[0] == secret[1] != live


def test_a_cluster_that_does_not_respond_is_an_error() -> None:
    with pytest.raises(PorticoError, match="namespace shop"):
        checksum(None, "a")


def test_a_stack_is_valid_without_the_objects() -> None:
    service = {
        "image": IMAGE,
        "port": 8080,
        "envFrom": [{"secretRef": {"name": "by-an-operator"}}],
        "envValueFrom": {"PASSWORD": {"secretKeyRef": DB_KEY}},
    }
    plan = check_stack("dev", {"namespace": "shop", "services": {"web": service}})
    kinds = {spec.manifest["kind"] for component in objects_of(plan) for spec in component.objects}
    assert not {"Secret", "ConfigMap"} & kinds, "nothing creates or reads the objects"
