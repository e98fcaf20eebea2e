"""The API server rejects exactly what Portico rejects of quotas, limit ranges, and Secrets by their types."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest
from pulumi_portico.stack import check_stack

from tests.problems import problems_of_stack
from tests.support import make_namespace
from tests.unit.test_namespace_rules import CASES, WEB
from tools.cluster import Cluster

Manifest = dict[str, Any]

QUOTA_RESOURCES = (
    *("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.ephemeral-storage", "requests.storage"),
    *("pods", "services", "secrets", "services.loadbalancers", "persistentvolumeclaims", "resourcequotas", "cpus"),
    *("count/deployments.apps", "requests.nvidia.com/gpu", "hugepages-2Mi", "storage", "requests.pods", "nodes"),
)
SCOPES = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "PriorityClass", "Sometimes")
BOUNDS = ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio")
AMOUNTS = ("1", "2", "100m")


def head(kind: str, namespace: str) -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "rules", "namespace": namespace}}


def quotas() -> Iterator[Manifest]:
    for resource in QUOTA_RESOURCES:
        yield {"hard": {resource: "5"}}
        yield from ({"hard": {resource: "5"}, "scopes": [scope]} for scope in SCOPES)
    yield from ({"hard": {"pods": "5"}, "scopes": list(scopes)} for scopes in combinations(SCOPES[:5], 2))
    yield from ({"hard": {name: amount}} for name in ("pods", "cpu") for amount in ("1.5", "-1", "0"))


def limit_ranges() -> Iterator[Manifest]:
    for kind in ("Container", "Pod", "PersistentVolumeClaim"):
        resource = "storage" if kind.startswith("Persistent") else "cpu"
        for first, second in combinations(BOUNDS, 2):
            for one in AMOUNTS:
                for other in AMOUNTS:
                    yield {"limits": [{"type": kind, first: {resource: one}, second: {resource: other}}]}
        for name in ("cpu", "storage", "pods", "nvidia.com/gpu"):
            yield {"limits": [{"type": kind, "max": {name: "1"}}]}
        item = {"type": kind, "max": {resource: "4"}, "min": {resource: "1"}}
        yield from ({"limits": [{**item, "maxLimitRequestRatio": {resource: ratio}}]} for ratio in ("1", "4", "5"))
        yield {"limits": [item, item]}


def is_rejected(cluster: Cluster, manifest: Mapping[str, Any]) -> bool:
    command = ("apply", "--server-side", "--validate=strict", "--dry-run=server", "-f", "-")
    printed = cluster.kubectl(*command, stdin=json.dumps(manifest), check=False)
    return not printed.strip().endswith("(server dry run)")


def is_problem(settings: Mapping[str, Any]) -> bool:
    """Whether Portico rejects the settings of a namespace, apart from what it knows of the stack's pods."""
    found = problems_of_stack({"namespace": {"name": "shop", **settings}})
    return bool(found)


@pytest.mark.long
def test_quotas_and_limit_ranges_are_as_for_the_api_server(cluster: Cluster) -> None:
    namespace = make_namespace(cluster)
    differ: list[Any] = []
    for kind, field, specs in (
        ("ResourceQuota", "resourceQuota", quotas()),
        ("LimitRange", "limitRange", limit_ranges()),
    ):
        differ += [
            spec
            for spec in specs
            if is_rejected(cluster, {**head(kind, namespace), "spec": spec}) != is_problem({field: spec})
        ]
    assert differ == []


def test_secrets_are_as_for_the_api_server(cluster: Cluster) -> None:
    namespace = make_namespace(cluster)
    secrets = [copy.deepcopy(config["secrets"]["s"]) for config, *_ in CASES if "secrets" in config]
    secrets += [
        {"type": "kubernetes.io/tls", "stringData": {"tls.crt": "x"}, "data": {"tls.key": "eA=="}},
        {"type": "kubernetes.io/basic-auth", "stringData": {"password": "x"}},
        {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "e30="}},
        {"type": "example.com/mine"},
    ]
    for secret in secrets:
        found = is_rejected(cluster, {**head("Secret", namespace), **secret})
        config = {"namespace": "shop", "services": {"web": WEB}, "secrets": {"s": secret}}
        assert found == bool(problems_of_stack(config)), secret
    assert check_stack("dev", {"namespace": "shop", "services": {"web": WEB}})
