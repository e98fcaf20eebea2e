"""No two fixes undo each other, and no fix repeats what is rejected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico.args.location import Key, field_text
from pulumi_portico.args.problems import Problem, Set
from pulumi_portico.cli.fixing.fixes import fix_stack

from tests.unit.test_newcomers import ROWS, Plain, text_of

_MOST_ROUNDS = 20

# What contradicts something else, or is of another tool.
FIELDS: list[dict[str, Any]] = [
    {"security": {"hostNetwork": True}},
    {"hostNetwork": True},
    {"networkPolicy": False},
    {"networkPolicy": {"enabled": True}},
    {"allowFrom": [{"service": "db"}]},
    {"allowTo": [{"service": "db"}]},
    {"depends_on": ["db"]},
    {"dns": {"servers": [{"cidr": "10.0.0.10/32"}]}},
    {"kind": "StatefulSet"},
    {"kind": "DaemonSet"},
    {"replicas": 3},
    {"replicaCount": 2},
    {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3}},
    {"hpa": {"enabled": False}},
    {"rollout": {"maxSurge": "25%", "recreate": True}},
    {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
    {"rollout": {"revisionHistoryLimit": 3}},
    {"disruptionBudget": {"minAvailable": "50%"}},
    {"service": {"headless": True, "sessionAffinity": "ClientIP"}},
    {"service": {"type": "ClusterIP", "port": 8080}},
    {"servicePort": 80},
    {"ports": [{"containerPort": 8080}]},
    {"health": {"path": "healthz", "command": "curl localhost"}},
    {"livenessProbe": {"httpGet": {"path": "/", "port": 8080}}},
    {"volumes": {"data": {"path": "/data", "claim": "data"}}},
    {"volumes": [{"name": "data", "emptyDir": {}}], "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    {"storage": {"data": {"mountPath": "/data", "size": "5Gi"}}},
    {"resources": {"cpu": "500m", "memory": "1Gi"}},
    {"resources": {"limits": {"cpu": 1, "memory": "1Gi", "nvidia.com/gpu": 1}}},
    {"envFrom": [{"secretRef": {"name": "db"}}]},
    {"hostPID": True},
    {"extra": {"spec": {"hostNetwork": True}}},
    {"extra": {"hostAliases": []}},
    {"image": "web:latest"},
    {"image": {"repository": "web", "tag": "1"}},
    {"shutdown": "2h"},
    {"drain": "5m", "terminationGracePeriodSeconds": 3},
    {"securityContext": {"runAsUser": 0}},
    {"security": {"user": 0, "allowRoot": False, "capabilities": ["NET_BIND_SERVICE"]}},
    {"placement": {"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 5}]}},
]
ROUTES: list[dict[str, Any]] = [
    {"path": "/*.php"},
    {"path": "/a/*"},
    {"path": "a"},
    {"pathType": "ImplementationSpecific"},
    {"bodySize": "10m"},
    {"timeouts": {"read": "60s", "connect": "2m"}},
    {"loadBalancing": "least-connections"},
    {"loadBalancing": "ewma"},
    {"protocol": "grpc"},
    {"rateLimit": {"rps": 5, "burst": 3}},
    {"allowedSources": ["10.0.0.1/8"]},
    {"annotations": {"nginx.ingress.kubernetes.io/force-ssl-redirect": "true"}},
    {"annotations": {"nginx.ingress.kubernetes.io/affinity": "cookie", "nginx.org/lb-method": "least_conn"}},
    {"redirect": {"statusCode": 301}},
    {"appRoot": "/app", "rewriteTarget": "/$1"},
]


def problems_of(folder: Path, text: str) -> list[Problem]:
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text(text)
    error = fix_stack("dev", folder, rounds=0).error
    return list(error.problems) if error else []


def value_at(values: Any, problem: Problem, edit: Set) -> Any:
    for step in edit.location:
        key = step if isinstance(step, (int, Key)) else field_text(step, problem.style)
        known = values if isinstance(values, (dict, list)) else {}
        if isinstance(known, dict):
            values = known.get(key)
        else:
            values = known[key] if isinstance(key, int) and key < len(known) else None
    return values


def assert_no_fix_repeats(text: str, problems: list[Problem]) -> None:
    config = yaml.safe_load(text).get("config", {})
    values = {key.removeprefix("portico:"): value for key, value in config.items()}
    for problem in problems:
        for edit in problem.edits:
            if isinstance(edit, Set) and problem.code.name[:9] != "ambiguous":
                assert value_at(values, problem, edit) != edit.value, (problem.code.name, problem.path)


def check(folder: Path, text: str) -> None:
    """Apply the fixes round by round: each round changes something, no state repeats, and what is left has no fix."""
    seen = [yaml.safe_load(text)]
    for _ in range(_MOST_ROUNDS):
        problems = problems_of(folder, text)
        assert_no_fix_repeats(text, problems)
        texts = fix_stack("dev", folder, rounds=1).texts
        if not texts:
            assert not [problem for problem in problems if problem.edits and "secret" not in str(problem.as_data())]
            return
        (text,) = texts.values()
        values = yaml.safe_load(text)
        assert values not in seen, "fixes undo each other"
        seen.append(values)
    pytest.fail(f"the fixes don't end: {json.dumps(seen[-2:])}")


def stack_of(fields: list[int], routes: list[int], controller: str, *, flow: bool = False) -> str:
    service: dict[str, Any] = {"image": "web:1", "port": 8080}
    for index in fields:
        service |= FIELDS[index]
    if "ports" in service:
        del service["port"]
    route: dict[str, Any] = {"host": "a.example.com", "target": {"service": "web"}}
    for index in routes:
        route |= ROUTES[index]
    exposure = {"scope": "internal", "platform": "gke", "loadBalancerSourceRanges": ["10.0.0.0/8"]}
    edge: dict[str, Any] = {"controller": controller, "exposure": exposure, "routes": [route]}
    if controller == "f5-nginx":
        edge["crds"] = {"installed": True}
    values = {
        "namespace": "shop",
        "services": {"web": service, "db": {"image": "db:1", "port": 5432}},
        "gateways": {"edge": edge},
    }
    config = {f"portico:{key}": value for key, value in values.items()}
    return yaml.dump({"config": config}, Dumper=Plain, sort_keys=False, default_flow_style=flow)


@settings(max_examples=60, deadline=None)
@given(
    fields=st.lists(st.integers(0, len(FIELDS) - 1), max_size=5, unique=True),
    routes=st.lists(st.integers(0, len(ROUTES) - 1), max_size=3, unique=True),
    controller=st.sampled_from(["f5-nginx", "ingress-nginx"]),
    flow=st.booleans(),
)
def test_fixes_end_whatever_is_wrong_together(
    fields: list[int], routes: list[int], controller: str, flow: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check(tmp_path_factory.mktemp("stack"), stack_of(fields, routes, controller, flow=flow))


@pytest.mark.parametrize("index", range(len(FIELDS)))
def test_the_fixes_of_a_field_end(index: int, tmp_path: Path) -> None:
    check(tmp_path, stack_of([index], [], "f5-nginx"))


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize("index", range(len(ROUTES)))
def test_the_fixes_of_a_route_end(index: int, controller: str, tmp_path: Path) -> None:
    check(tmp_path, stack_of([], [index], controller))


@pytest.mark.parametrize("row", [row for row in ROWS if "file" not in row], ids=lambda row: row["name"])
def test_the_fixes_of_a_newcomer_end(row: dict[str, Any], tmp_path: Path) -> None:
    check(tmp_path, text_of(row))
