"""Section D: messages that led nowhere, or to something wrong. A message is its code, its parameters, and its edits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.scoreboard.cases import (
    WEB,
    fixed_by_portico,
    gateway,
    held_case,
    problems_as_data,
    problems_of_text,
    ran,
    service,
    stack,
    warnings_of_change,
)


def problem_at(values: Mapping[str, Any], *location: Any) -> dict[str, Any]:
    """The only problem at a location, as the command prints it for programs."""
    problems = problems_as_data(values)
    found = [problem for problem in problems if problem["location"] == list(location)]
    assert len(found) == 1, [(problem["code"], problem["location"]) for problem in problems]
    return found[0]


# Names of Kubernetes --------------------------------------------------------------------------------------------------

_WEB = ("services", "web")
_PROBE = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5}

NAMES = [
    ("nodeSelector", {"disk": "ssd"}, {"placement": {"nodeSelector": {"disk": "ssd"}}}),
    ("extraEnvVarsCM", "web", {"envFrom": [{"configMapRef": {"name": "web"}}]}),
    ("affinity", {"podAntiAffinity": {}}, {"placement": {"affinity": {"podAntiAffinity": {}}}}),
    ("strategy", {"type": "Recreate"}, {"rollout": {"recreate": True}}),
    ("tolerations", [{"key": "a"}], {"placement": {"tolerations": [{"key": "a"}]}}),
    ("imagePullSecrets", [{"name": "hub"}], {"imagePolicy": {"pullSecrets": ["hub"]}}),
    ("livenessProbe", _PROBE, {"health": {"liveness": {"path": "/healthz", "period": 5}}}),
    ("readinessProbe", _PROBE, {"health": {"readiness": {"path": "/healthz", "period": 5}}}),
    ("serviceAccountName", "web", {"identity": {"serviceAccount": "web"}}),
    ("securityContext", {"runAsUser": 10005}, {"security": {"user": 10005}}),
    ("terminationGracePeriodSeconds", 45, {"shutdown": 30}),
    ("workingDir", "/src", {"workingDirectory": "/src"}),
    ("environment", ["A=b"], {"env": {"A": "b"}}),
    ("replicaCount", 3, {"replicas": 3}),
    ("hostAliases", [{"ip": "10.0.0.1"}], {"extra": {"spec": {"hostAliases": [{"ip": "10.0.0.1"}]}}}),
]


@pytest.mark.parametrize(("name", "value", "expected"), [held_case("D-names", *row, row=row[0]) for row in NAMES])
def test_a_name_of_another_tool_leads_to_the_field(name: str, value: Any, expected: Any) -> None:
    values = service(**{name: value})
    assert problem_at(values, "services", "web", name)["edits"]
    fixed = fixed_by_portico(values)
    assert fixed is not None
    assert fixed["services"]["web"] == {**WEB, **expected}


@pytest.mark.parametrize(
    ("values", "location", "field"),
    [
        held_case(
            "D-names",
            {**service(hostPID=True), "podSecurity": "privileged"},
            (*_WEB, "hostPID"),
            "extra.spec.hostPID",
            row="hostPID",
        ),
        held_case(
            "D-names",
            service(hostPort=80),
            (*_WEB, "hostPort"),
            "ports.hostPort",
            row="hostPort",
        ),
        held_case("D-names", service(ingress={"a": 1}), (*_WEB, "ingress"), "routes", row="ingress"),
        held_case("D-names", stack(image="web:1"), ("image",), "services.NAME.image", row="top-level image"),
        held_case("D-names", stack(ingress={}), ("ingress",), "gateways.NAME.routes", row="top-level ingress"),
    ],
)
def test_a_name_without_a_field_leads_to_its_place(values: Any, location: tuple[Any, ...], field: str) -> None:
    assert [*field.split(".")] in problem_at(values, *location)["params"]["fields"]


def test_a_device_leads_to_the_escape_hatch() -> None:
    fixed = fixed_by_portico(service(resources={"limits": {"nvidia.com/gpu": 1}}))
    assert fixed is not None
    (container,) = fixed["services"]["web"]["extra"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 1}


# Units ----------------------------------------------------------------------------------------------------------------

_ROUTE = {"host": "a.example.com"}
_ROUTE_AT = ("gateways", "edge", "routes", 0)


@pytest.mark.parametrize(
    ("values", "location", "number"),
    [
        held_case("D-units", service(resources={"cpu": "500m"}), (*_WEB, "resources", "cpu"), 0.5, row="cpu"),
        held_case(
            "D-units",
            service(resources={"memory": "512Mi"}),
            (*_WEB, "resources", "memory"),
            512,
            row="memory",
        ),
        held_case(
            "D-units",
            service(resources={"memory": "1G"}),
            (*_WEB, "resources", "memory"),
            954,
            row="decimal",
        ),
        held_case("D-units", service(shutdown="1m30s"), (*_WEB, "shutdown"), 90, row="shutdown"),
        held_case(
            "D-units",
            gateway({**_ROUTE, "timeouts": {"read": "60s"}}),
            (*_ROUTE_AT, "timeouts", "read"),
            60,
            row="read",
        ),
        held_case("D-units", gateway({**_ROUTE, "bodySize": "10m"}), (*_ROUTE_AT, "bodySize"), 10, row="bodySize"),
        held_case("D-units", gateway({**_ROUTE, "bodySize": "1G"}), (*_ROUTE_AT, "bodySize"), 1024, row="nginx unit"),
        held_case(
            "D-units",
            service(volumes={"tmp": {"path": "/data", "sizeMib": "2Gi"}}),
            (*_WEB, "volumes", "tmp", "sizeMib"),
            2048,
            row="sizeMib",
        ),
        held_case(
            "D-units",
            service(kind="StatefulSet", storage={"data": {"path": "/data", "sizeGib": "5Gi"}}),
            (*_WEB, "storage", "data", "sizeGib"),
            5,
            row="sizeGib",
        ),
        held_case(
            "D-units",
            service(autoscaling={"maxReplicas": 3, "cpu": "80%"}),
            (*_WEB, "autoscaling", "cpu"),
            80,
            row="percent",
        ),
    ],
)
def test_a_quantity_with_a_unit_leads_to_the_number(values: Any, location: tuple[Any, ...], number: float) -> None:
    problem = problem_at(values, *location)
    assert problem["code"] == "text-with-unit"
    assert [edit["value"] for edit in problem["edits"]] == [number]
    assert fixed_by_portico(values) is not None


# Annotations ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        held_case("D-annotations", "force-ssl-redirect", "true", "httpsRedirect", {}, row="force-ssl-redirect"),
        held_case("D-annotations", "ssl-redirect", "true", "httpsRedirect", {}, row="ssl-redirect"),
        held_case("D-annotations", "proxy-body-size", "8m", "bodySize", {"bodySize": 8}, row="proxy-body-size"),
        held_case(
            "D-annotations", "proxy-read-timeout", "60", "timeouts.read", {"timeouts": {"read": 60}}, row="read-timeout"
        ),
        held_case("D-annotations", "app-root", "/app", "appRoot", {"appRoot": "/app"}, row="app-root"),
        held_case(
            "D-annotations",
            "limit-rps",
            "5",
            "rateLimit",
            {"rateLimit": {"requests": 5}},
            row="limit-rps",
        ),
    ],
)
def test_an_annotation_leads_to_its_field(controller: str, key: str, value: str, field: str, expected: Any) -> None:
    key = f"nginx.ingress.kubernetes.io/{key}"
    route = {"host": "a.example.com", "annotations": {key: value}}
    values = gateway(route, controller=controller, tls={"a.example.com": {"secret": "a"}})
    assert problem_at(values, *_ROUTE_AT, "annotations", key)["params"]["field"] == field
    fixed = fixed_by_portico(values)
    assert fixed is not None
    (route,) = fixed["gateways"]["edge"]["routes"]
    assert route == {"host": "a.example.com", "target": {"service": "web"}, "annotations": {}, **expected}


# Fixes ----------------------------------------------------------------------------------------------------------------


def test_the_fixes_of_a_host_network_do_not_undo_each_other() -> None:
    values = stack(
        services={"web": {**WEB, "security": {"hostNetwork": True}, "allowFrom": [{"service": "db"}]}, "db": WEB},
        podSecurity="privileged",
    )
    fixed = fixed_by_portico(values)
    assert fixed is not None
    assert fixed["services"]["web"]["networkPolicy"] is False


def test_no_fix_is_the_rejected_value() -> None:
    for path in ("/*.php", "/a/*", "*.php", "a b"):
        for problem in problems_as_data(gateway({"host": "a.example.com", "path": path})):
            assert path not in [edit.get("value") for edit in problem["edits"]]


def test_the_type_of_targets_leads_to_its_field() -> None:
    exposure = {"scope": "internal", "platform": "aws-controller", "targetType": "instance"}
    values = stack(loadBalancers={"front": {"target": {"service": "web"}, "exposure": exposure}})
    problem = problem_at(values, "loadBalancers", "front", "exposure", "targetType")
    assert problem["params"]["fields"] == [["aws", "targetType"]]


def test_what_a_controller_does_not_support_is_reported_with_all_else() -> None:
    route = {"host": "a.example.com", "loadBalancing": "least-connections", "bodySize": -1}
    values = gateway(route, controller="ingress-nginx", services={"web": {**WEB, "replicas": "x"}})
    found = {problem["code"] for problem in problems_as_data(values)}
    assert found >= {"unsupported-by-controller", "out-of-range", "wrong-type"}


# What was false -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "code"),
    [
        held_case("D-false", "revisionHistoryLimit", "setting-replaces-stateful-set", row="revision history"),
        held_case("D-false", "maxUnavailable", "setting-not-in-every-version", row="max unavailable"),
        held_case("D-false", "progressDeadlineSeconds", "not-for-kind", row="progress deadline"),
    ],
)
def test_what_a_stateful_set_has_is_not_denied(field: str, code: str) -> None:
    values = service(kind="StatefulSet", rollout={field: 3})
    assert problem_at(values, "services", "web", "rollout", field)["code"] == code


def test_an_address_that_is_added_changes_no_other() -> None:
    assert warnings_of_change({"elastic_ips": ["a"]}, {"elastic_ips": ["a", "b"]}) == []
    assert warnings_of_change({"elastic_ips": ["a"]}, {"elastic_ips": ["b"]}) == ["load-balancer-address-changes"]
    assert warnings_of_change({"elastic_ips": ["a", "b"]}, {"elastic_ips": ["a"]}) == ["load-balancer-address-changes"]


@pytest.mark.parametrize(("path", "is_lost"), [("/api", True), ("/", False)])
def test_a_load_balancer_that_opens_paths_loses_something(path: str, is_lost: bool) -> None:
    found = ran(gateway({"host": "a.example.com", "path": path}), "explain", "--json")
    alternatives = json.loads(found.stdout)["mechanisms"]
    losses = [loss["code"] for each in alternatives for loss in each["losses"]]
    assert ("other-paths" in losses) is is_lost


def test_a_plain_text_secret_and_missing_tls_are_exceptions() -> None:
    values = gateway({"host": "a.example.com"}, services={"web": {**WEB, "secretEnv": {"TOKEN": "plain"}}})
    found = json.loads(ran(values, "explain", "--json").stdout)["exceptions"]
    assert {"plain-text-secret", "plain-text-host"} <= {exception["code"] for exception in found}


def test_a_generic_gateway_is_reported_as_open() -> None:
    values = stack(
        gateways={
            "edge": {
                "controller": "generic",
                "className": "nginx",
                "namespace": "shop",
                "controllerPeers": [{"namespace": "ingress"}],
                "routes": [{"host": "a.example.com", "target": {"service": "web"}}],
            }
        }
    )
    found = json.loads(ran(values, "explain", "--json").stdout)["exceptions"]
    paths = [exception["path"] for exception in found]
    assert "portico:gateways.edge.className" in paths


@pytest.mark.parametrize(
    ("url", "code"),
    [
        held_case("D-route", "http://b.example.com/", 1, row="no route for the host"),
        held_case("D-route", "http://a.example.com/other", 1, row="no route for the path"),
        held_case("D-route", "http://a.example.com/api", 0, row="a service"),
    ],
)
def test_the_exit_code_of_route_tells_whether_a_service_answers(url: str, code: int) -> None:
    values = gateway({"host": "a.example.com", "path": "/api"})
    assert ran(values, "route", url).exit_code == code


def test_a_diagram_shows_the_currency(tmp_path: Path) -> None:
    price = {
        "loadBalancerHour": 0.02,
        "publicAddressHour": 0.01,
        "currency": "EUR",
        "source": "x",
        "date": "2026-01-01",
    }
    picture = tmp_path / "stack.svg"
    ran(gateway({"host": "a.example.com"}, price=price), "diagram", "--output", str(picture))
    text = picture.read_text()
    assert "EUR" in text
    assert "$" not in text.partition("<style")[0]


# Manifests ------------------------------------------------------------------------------------------------------------

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 8080}]}]}}}
"""
_LIST = 'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, data: {a: "1"}}]\n'


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        held_case("D-manifest", _DEPLOYMENT, ["kubernetes-manifest"], row="a document"),
        held_case("D-manifest", f"{_DEPLOYMENT}---\n{_DEPLOYMENT}", ["kubernetes-manifest"] * 2, row="documents"),
        held_case("D-manifest", _LIST, ["kubernetes-manifest"], row="a list"),
        held_case(
            "D-manifest",
            "apiVersion: coordination.k8s.io/v1\nkind: Lease\nspec: {}\n",
            ["kubernetes-manifest-without-field"],
            row="another kind",
        ),
        held_case("D-manifest", "services: {web: {image: web, restart: always}}\n", ["compose-file"], row="Compose"),
        held_case("D-manifest", "replicaCount: 1\nimage: {repository: web}\n", ["helm-values"], row="values"),
        held_case("D-manifest", "apiVersion: v2\nname: web\nversion: 1.0.0\n", ["helm-chart"], row="a chart"),
        held_case("D-manifest", "resources: [web.yaml]\nnamePrefix: a-\n", ["kustomization"], row="kustomization"),
    ],
)
def test_a_pasted_file_is_recognized(text: str, codes: list[str]) -> None:
    assert [problem["code"] for problem in problems_of_text(text)] == codes


def test_a_manifest_in_place_of_a_service_is_converted() -> None:
    container = {"name": "web", "image": "web:1", "ports": [{"containerPort": 8080}]}
    spec = {"template": {"spec": {"containers": [container]}}}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    fixed = fixed_by_portico(stack(services={"web": manifest}))
    assert fixed is not None
    assert fixed["services"] == {"web": {"image": "web:1", "port": 8080}}


def test_a_template_in_extra_is_recognized() -> None:
    template = {"spec": {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}]}}
    extra = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}}
    fixed = fixed_by_portico(service(extra=extra))
    assert fixed is not None
    assert fixed["services"]["web"]["extra"] == template
