"""The pods of a service can use exactly the permissions of `identity.rules`, with their own token on the API server."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from pulumi_portico.workload.permissions import BUILT_IN_RESOURCES

from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster
from tools.processes import wait_until

RULES: list[dict[str, Any]] = [
    {"verbs": ["get", "list", "watch"], "resources": ["configmaps", "pods", "pods/log"]},
    {"verbs": ["update", "patch"], "resources": ["configmaps"], "resource_names": ["settings"]},
    {"verbs": ["create"], "resources": ["jobs"], "api_groups": ["batch"]},
    {"verbs": ["get"], "resources": ["deployments", "statefulsets"], "api_groups": ["apps"]},
    {"verbs": ["get", "update"], "resources": ["deployments/scale"], "api_groups": ["apps"]},
]
CLUSTER_RULES: list[dict[str, Any]] = [
    {"verbs": ["get", "list"], "resources": ["nodes"]},
    {"verbs": ["list"], "resources": ["services"]},
    {"verbs": ["get"], "non_resource_urls": ["/metrics"]},
]

PROGRAM = """\
from pulumi_portico import WebService

app = {{"image": "registry.example.com/app:1", "port": 8080, "namespace": {namespace!r}, "replicas": 1}}
WebService("granted", {{**app, "identity": {{"rules": {rules!r}, "cluster_rules": {cluster_rules!r}}}}})
WebService("plain", {{**app, "identity": {{"token": True}}}})
"""


class Right(NamedTuple):
    """One verb on one resource. An empty namespace stands for the whole cluster."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Pod:
    """The API server for a pod, with a token of its ServiceAccount that is bound to the pod."""

    def __init__(self, cluster: Cluster, namespace: str, account: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        config = yaml.safe_load(Path(cluster.kubeconfig).read_text())["clusters"][0]["cluster"]
        self._host = urllib.parse.urlsplit(config["server"]).netloc
        self._context = ssl.create_default_context(cafile=config["certificate-authority"])
        self._connection = http.client.HTTPSConnection(self._host, context=self._context, timeout=20)
        selector = f"app.kubernetes.io/name={account}"
        (pod,) = cluster.get("pods", "-n", namespace, "-l", selector)["items"]
        assert pod["spec"]["serviceAccountName"] == account
        bound = ("--bound-object-kind", "Pod", "--bound-object-name", pod["metadata"]["name"])
        self._token = cluster.kubectl("create", "token", account, "-n", namespace, *bound).strip()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        read = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(read) if is_json and read else read

    def close(self) -> None:
        self._connection.close()

    def may(self, right: Right) -> bool:
        """What the API server's authorizer answers the pod about itself."""
        resource, _, subresource = right.resource.partition("/")
        attributes = {"verb": right.verb, "group": right.group, "resource": resource, "subresource": subresource}
        attributes |= {"namespace": right.namespace, "name": right.name}
        return self._review({"resourceAttributes": attributes})

    def may_request(self, verb: str, path: str) -> bool:
        return self._review({"nonResourceAttributes": {"verb": verb, "path": path}})

    def _review(self, spec: dict[str, Any]) -> bool:
        group = "authorization.k8s.io/v1"
        review = {"apiVersion": group, "kind": "SelfSubjectAccessReview", "spec": spec}
        status, answer = self.ask("POST", f"/apis/{group}/selfsubjectaccessreviews", review)
        assert status == 201, answer
        return bool(answer["status"].get("allowed"))


@pytest.fixture
def pods(program: PulumiProgram, cluster: Cluster, namespace: str) -> Iterator[tuple[Pod, Pod]]:
    program.write(PROGRAM.format(namespace=namespace, rules=RULES, cluster_rules=CLUSTER_RULES))
    program.up()
    assert program.up().changes == {}
    granted, plain = Pod(cluster, namespace, "granted"), Pod(cluster, namespace, "plain")
    yield granted, plain
    granted.close()
    plain.close()
    program.destroy()


def served(cluster: Cluster) -> Iterator[tuple[str, str, bool]]:
    """Every group and resource that the API server has, and whether it is in a namespace."""
    groups = [("", "/api/v1")]
    for group in json.loads(cluster.kubectl("get", "--raw", "/apis"))["groups"]:
        groups += [(group["name"], f"/apis/{version['groupVersion']}") for version in group["versions"]]
    for group, path in groups:
        for resource in json.loads(cluster.kubectl("get", "--raw", path))["resources"]:
            yield group, resource["name"], resource["namespaced"]


def granted(rules: Sequence[dict[str, Any]], right: Right) -> bool:
    """What the rules mean, apart from the API server."""
    return any(
        right.verb in rule["verbs"]
        and right.group in rule.get("api_groups", [""])
        and right.resource in rule["resources"]
        and (not rule.get("resource_names") or right.name in rule["resource_names"])
        for rule in rules
        if "resources" in rule
    )


def test_a_pod_can_use_exactly_its_rules(pods: tuple[Pod, Pod], cluster: Cluster, namespace: str) -> None:
    pod, plain = pods
    verbs = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
    verbs += ("bind", "escalate", "impersonate", "use")
    tried, allowed = 0, 0
    for group, resource, _ in sorted(set(served(cluster))):
        for verb in verbs:
            for place in (namespace, "default", ""):
                for name in ("", "settings"):
                    right = Right(verb, group, resource, place, name)
                    own = granted(CLUSTER_RULES, right) or (place == namespace and granted(RULES, right))
                    # Every account has some, such as reviews of its own permissions.
                    expected = own or plain.may(right)
                    assert pod.may(right) == expected, right
                    tried, allowed = tried + 1, allowed + own
    assert tried > 5000
    assert allowed > 20
    assert pod.may_request("get", "/metrics")
    assert not pod.may_request("post", "/metrics")
    assert not pod.may_request("get", "/logs")
    assert not plain.may_request("get", "/metrics")


@pytest.mark.long
def test_the_requests_of_a_pod_are_answered_by_its_rules(
    pods: tuple[Pod, Pod], cluster: Cluster, namespace: str
) -> None:
    pod, plain = pods
    core = f"/api/v1/namespaces/{namespace}"
    for name in ("settings", "other"):
        cluster.kubectl("create", "configmap", name, "-n", namespace)
    change = {"data": {"a": "b"}}
    job = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": []}}}}
    requests = [
        ("GET", f"{core}/configmaps", None, 200),
        ("PATCH", f"{core}/configmaps/settings", change, 200),
        ("PATCH", f"{core}/configmaps/other", change, 403),
        ("DELETE", f"{core}/configmaps/settings", None, 403),
        ("GET", f"{core}/secrets", None, 403),
        # Allowed, and invalid.
        ("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs", job, 422),
        ("POST", "/apis/batch/v1/namespaces/default/jobs", job, 403),
        ("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/granted", None, 200),
        ("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments", None, 403),
        ("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/granted/scale", None, 200),
        ("GET", "/api/v1/nodes", None, 200),
        ("DELETE", "/api/v1/nodes/none", None, 403),
        ("GET", "/api/v1/namespaces/default/services", None, 200),
        ("GET", "/api/v1/namespaces/default/configmaps", None, 403),
        ("GET", "/metrics", None, 200),
    ]
    for method, path, body, status in requests:
        assert pod.ask(method, path, body)[0] == status, (method, path)
    for method, path, body, _ in requests:
        assert plain.ask(method, path, body)[0] == 403, (method, path)


@pytest.mark.long
def test_a_rule_that_is_removed_is_revoked(
    pods: tuple[Pod, Pod], program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    pod, _ = pods
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert pod.ask("GET", path)[0] == 200
    program.write(PROGRAM.format(namespace=namespace, rules=RULES[2:], cluster_rules=[]))
    run = program.up()
    assert run.changes == {"update": 1, "delete": 2}, run.output
    assert run.ops("Role") == {"granted-role": "update"}
    # The authorizer reads from a cache.
    wait_until("the rule is revoked", lambda: pod.ask("GET", path)[0] == 403, seconds=10)
    wait_until("the rule of the cluster is revoked", lambda: pod.ask("GET", "/api/v1/nodes")[0] == 403, seconds=10)


def test_the_known_resources_are_those_of_the_api_server(cluster: Cluster) -> None:
    real: dict[str, set[str]] = {}
    for group, resource, _ in served(cluster):
        if "/" not in resource:
            real.setdefault(group, set()).add(resource)
    for group, known in BUILT_IN_RESOURCES.items():
        # `users` and `groups` are only impersonated, and other versions of Kubernetes have some that this one lacks.
        assert real[group] <= known, group
        assert known - real[group] <= {"users", "groups", "ipaddresses", "servicecidrs", "leasecandidates"} | {
            f"mutatingadmission{plural}" for plural in ("policies", "policybindings")
        }, group
