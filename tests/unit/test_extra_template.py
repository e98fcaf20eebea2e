"""`extra` has the fields and the types of the pods' template that the API server has."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico import WebService
from pulumi_portico.args.location import ROOT, KeyStyle, location_text
from pulumi_portico.args.problems import Move, Problem, Problems, Set
from pulumi_portico.testing import record
from pulumi_portico.web_service.validation import parse_web_service

from tools import pod_template_schema


def problems_of(spec: Any, **args: Any) -> list[Problem]:
    """The problems of a service called web with a part of the pods' spec in `extra`."""
    problems = Problems("WebService")
    extra = {"spec": spec}
    parse_web_service("web", {"image": "web:1.0", "port": 8080, "extra": extra, **args}, problems, ROOT)
    return problems.found


def container(**fields: Any) -> Any:
    return {"containers": [{"name": "web", **fields}]}


UNKNOWN, WRONG, CHOICE, MISSING = "unknown-argument", "wrong-kubernetes-shape", "not-a-choice", "missing"


@pytest.mark.parametrize(
    ("spec", "code", "path", "fixed"),
    [
        (
            container(imagePullPolicyy="Always"),
            UNKNOWN,
            "containers[0].imagePullPolicyy",
            "containers[0].imagePullPolicy",
        ),
        ({"dnsPolcy": "Default"}, UNKNOWN, "dnsPolcy", "dnsPolicy"),
        (
            {"hostAliases": [{"ip": "192.0.2.1", "hostname": "a"}]},
            UNKNOWN,
            "hostAliases[0].hostname",
            "hostAliases[0].hostnames",
        ),
        ({"terminationGracePeriodSeconds": "x"}, WRONG, "terminationGracePeriodSeconds", None),
        ({"terminationGracePeriodSeconds": "1m"}, WRONG, "terminationGracePeriodSeconds", 60),
        ({"priority": "100"}, WRONG, "priority", 100),
        ({"priority": 2**31}, WRONG, "priority", None),
        ({"shareProcessNamespace": "true"}, WRONG, "shareProcessNamespace", True),
        (container(env=[{"name": "A", "value": 1}]), WRONG, "containers[0].env[0].value", "1"),
        (container(env=[{"name": "A", "value": True}]), WRONG, "containers[0].env[0].value", "true"),
        (container(resources={"limits": {"cpu": "1 core"}}), WRONG, "containers[0].resources.limits.cpu", None),
        (container(resources=[]), WRONG, "containers[0].resources", None),
        (container(args="a"), WRONG, "containers[0].args", None),
        ({"tolerations": {"key": "a"}}, WRONG, "tolerations", None),
        (container(imagePullPolicy="ifnotpresent"), CHOICE, "containers[0].imagePullPolicy", "IfNotPresent"),
        ({"tolerations": [{"key": "a", "operator": "Equals"}]}, CHOICE, "tolerations[0].operator", "Equal"),
        ({"restartPolicy": "Never"}, CHOICE, "restartPolicy", "Always"),
        ({"readinessGates": [{}]}, MISSING, "readinessGates[0].conditionType", None),
    ],
)
def test_what_the_template_has_no_field_for_is_reported(spec: Any, code: str, path: str, fixed: Any) -> None:
    (problem,) = problems_of(spec)
    assert (problem.code.name, problem.path) == (code, f"extra.spec.{path}")
    if code == UNKNOWN:
        assert [location_text(edit.to, KeyStyle.PYTHON) for edit in problem.edits if isinstance(edit, Move)] == [
            f"extra.spec.{fixed}"
        ]
    else:
        assert [edit.value for edit in problem.edits if isinstance(edit, Set)] == ([] if fixed is None else [fixed])


@pytest.mark.parametrize(
    "spec",
    [
        {"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a"]}], "hostname": None, "enableServiceLinks": True},
        container(resources={"limits": {"nvidia.com/gpu": 1, "cpu": "1.5", "memory": "512Mi"}}),
        container(livenessProbe={"initialDelaySeconds": 10, "httpGet": {"port": 8080}, "tcpSocket": None}),
        container(env=[{"name": "A", "value": pulumi.Output.from_input("a")}]),
        container(ports=[{"containerPort": 8080, "hostPort": 80}]),
        {"securityContext": {"supplementalGroups": [2000], "fsGroupChangePolicy": "OnRootMismatch"}},
    ],
)
def test_what_the_api_server_accepts_is_accepted(spec: Any) -> None:
    assert problems_of(spec) == []


def test_the_metadata_has_only_what_the_api_server_reads() -> None:
    problems = Problems("WebService")
    args = {"image": "web:1.0", "port": 8080, "extra": {"metadata": {"name": "x", "labels": {"a": 1}}}}
    parse_web_service("web", args, problems, ROOT)
    found = [(problem.code.name, problem.path) for problem in problems.found]
    assert found == [(UNKNOWN, "extra.metadata.name"), (WRONG, "extra.metadata.labels.a")]


def test_the_fields_are_those_of_both_versions() -> None:
    assert pod_template_schema.FILE.read_text() == pod_template_schema.generate()


ENV_OF_SECRET = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}
APP = "containers[0]"


@pytest.mark.parametrize(
    ("spec", "args", "code", "path", "edits"),
    [
        (
            container(lifecycle={"preStop": {"exec": {"command": ["stop"]}}}),
            {},
            "several-of-one-in-template",
            f"{APP}.lifecycle.preStop.exec",
            {f"{APP}.lifecycle.preStop.sleep": None},
        ),
        (
            container(readinessProbe={"exec": {"command": ["ready"]}}),
            {},
            "several-of-one-in-template",
            f"{APP}.readinessProbe.exec",
            {f"{APP}.readinessProbe.tcpSocket": None},
        ),
        (
            {"volumes": [{"name": "data", "nfs": {"server": "nfs", "path": "/"}}]},
            {"volumes": {"data": {"path": "/data"}}},
            "several-of-one-in-template",
            "volumes[0].nfs",
            {"volumes[0].emptyDir": None},
        ),
        (
            container(env=[ENV_OF_SECRET]),
            {"env": {"A": "a"}},
            "several-of-one-in-template",
            f"{APP}.env[0].valueFrom",
            {f"{APP}.env[0].value": None},
        ),
        (
            container(volumeMounts=[{"name": "cache", "mountPath": "/cache"}]),
            {},
            "unknown-volume-in-extra",
            f"{APP}.volumeMounts[0].name",
            {},
        ),
        ({"priority": 100}, {}, "set-by-admission", "priority", {}),
        ({"terminationGracePeriodSeconds": 15}, {}, "grace-period-too-short", "terminationGracePeriodSeconds", {}),
        ({"dnsPolicy": "None"}, {}, "dns-without-servers", "dnsPolicy", {}),
        ({"hostAliases": [{"ip": "mainframe"}]}, {}, "not-an-address-in-extra", "hostAliases[0].ip", {}),
        (
            container(livenessProbe={"successThreshold": 2}),
            {},
            "one-success",
            f"{APP}.livenessProbe.successThreshold",
            {f"{APP}.livenessProbe.successThreshold": 1},
        ),
        (
            container(resources={"limits": {"cpu": "50m"}}),
            {},
            "request-over-limit",
            f"{APP}.resources.limits.cpu",
            {f"{APP}.resources.requests.cpu": "50m"},
        ),
        (
            container(resources={"requests": {"nvidia.com/gpu": 1}}),
            {},
            "request-without-limit",
            f"{APP}.resources.requests.nvidia.com/gpu",
            {f"{APP}.resources.limits.nvidia.com/gpu": 1},
        ),
        (
            container(securityContext={"privileged": True}),
            {},
            "escalation-contradicts",
            f"{APP}.securityContext",
            {f"{APP}.securityContext.allowPrivilegeEscalation": True},
        ),
        (
            container(securityContext={"runAsUser": 0}),
            {},
            "root-as-non-root",
            f"{APP}.securityContext.runAsUser",
            {},
        ),
        ({"activeDeadlineSeconds": 60}, {}, "forbidden-in-template", "activeDeadlineSeconds", {}),
        (
            {"initContainers": [{"name": "setup", "livenessProbe": {"periodSeconds": 5}}]},
            {"init_containers": [{"name": "setup", "image": "setup:1.0"}]},
            "probe-of-init-container",
            "initContainers[0].livenessProbe",
            {},
        ),
        (
            container(volumeMounts=[{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/a"}]),
            {"volumes": {"a": {}, "b": {}}},
            "repeated-mount-path-in-extra",
            f"{APP}.volumeMounts[1].mountPath",
            {},
        ),
    ],
)
def test_what_makes_the_template_invalid_is_reported(
    spec: Any, args: dict[str, Any], code: str, path: str, edits: dict[str, Any]
) -> None:
    (problem,) = problems_of(spec, **args)
    assert (problem.code.name, problem.path) == (code, f"extra.spec.{path}")
    changes = {
        location_text(edit.location, KeyStyle.PYTHON): edit.value for edit in problem.edits if isinstance(edit, Set)
    }
    assert changes == {f"extra.spec.{location}": value for location, value in edits.items()}


def test_mounts_are_merged_by_their_path() -> None:
    """The files are mounts of one volume. By its name, these mounts replaced them."""
    extra = {"spec": container(volumeMounts=[{"name": "tls", "mountPath": "/tls"}])}
    own = {"config_files": {"/etc/a": "a", "/etc/b": "b"}, "volumes": {"tls": {"secret": "tls"}}}
    args: Any = {"image": "web:1.0", "port": 8080, "extra": extra, **own}
    recorded = record(lambda: WebService("web", args))
    (app,) = recorded.manifest("Deployment", "web")["spec"]["template"]["spec"]["containers"]
    assert [mount["mountPath"] for mount in app["volumeMounts"]] == ["/etc/a", "/etc/b", "/tls"]
