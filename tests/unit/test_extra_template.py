"""`extra` has the fields and the types of the pods' template that the API server has."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico.args.location import ROOT, KeyStyle, location_text
from pulumi_portico.args.problems import Move, Problem, Problems, Set
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
        ({"restartPolicy": "Never"}, CHOICE, "restartPolicy", None),
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
        container(resources={"limits": {"nvidia.com/gpu": 1, "cpu": "1.5", "memory": "64Mi"}}),
        container(livenessProbe={"initialDelaySeconds": 10, "httpGet": {"port": "http"}}),
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
