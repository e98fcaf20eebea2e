"""What real applications have, and what the API server rejects of it, found before anything is deployed."""

from typing import Any

import pytest
from pulumi_portico.args.problems import Problem
from pulumi_portico.stack import build, check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.prerequisites import prerequisites_of
from pulumi_portico.testing import record

from tests.command import called
from tests.problems import problems_of_stack
from tests.unit.web_services import IMAGE

CONTAINER = {"name": "a", "image": "a:1"}
LABELS = {"app": "a"}


def stack(**parts: Any) -> dict[str, Any]:
    return {"namespace": "shop", "podSecurity": "privileged", **parts}


def service(**args: Any) -> dict[str, Any]:
    return stack(services={"web": {"image": IMAGE, "port": 8080, **args}})


def only(config: Any, code: str, **params: Any) -> Problem:
    """The only problem of a stack."""
    (problem,) = problems_of_stack(config)
    assert problem.code.name == code
    assert {name: problem.params[name] for name in params} == params
    return problem


def manifest(kind: str, api_version: str, spec: Any, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", **metadata}, "spec": spec}


def pods(**spec: Any) -> dict[str, Any]:
    return {"template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER], **spec}}}


def job(**spec: Any) -> dict[str, Any]:
    return manifest("Job", "batch/v1", pods(**spec))


@pytest.mark.parametrize(
    "one",
    [
        job(restartPolicy="Never"),
        manifest(
            "CronJob", "batch/v1", {"schedule": "@daily", "jobTemplate": {"spec": pods(restartPolicy="OnFailure")}}
        ),
        manifest("Pod", "v1", {"restartPolicy": "Never", "containers": [CONTAINER]}),
    ],
    ids=["Job", "CronJob", "Pod"],
)
def test_the_pods_of_a_manifest_have_a_restart_policy_of_their_kind(one: dict[str, Any]) -> None:
    assert problems_of_stack(stack(manifests=[one])) == []


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (job(), "missing"),
        (job(restartPolicy="Always"), "not-a-choice"),
        (
            manifest("Deployment", "apps/v1", {"selector": {"matchLabels": LABELS}, **pods(restartPolicy="Never")}),
            "not-a-choice",
        ),
    ],
    ids=["Job without", "Job", "Deployment"],
)
def test_a_restart_policy_that_the_kind_rejects_is_a_problem(one: dict[str, Any], code: str) -> None:
    assert only(stack(manifests=[one]), code).location[-1] == "restartPolicy"


def test_a_workload_of_the_manifests_selects_its_own_pods() -> None:
    one = manifest("Deployment", "apps/v1", {"selector": {"matchLabels": {"app": "b"}}, **pods()})
    only(stack(manifests=[one]), "manifest-selects-other-pods", label="app")


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"labels": {"team": 3}}, "wrong-type-in-manifest"),
        ({"annotations": {"on": True}}, "wrong-type-in-manifest"),
        ({"labels": ["team"]}, "wrong-type-in-manifest"),
        ({"labels": {"a b": "c"}}, "invalid-label-key"),
        ({"labels": {"a": "x y"}}, "invalid-label-value"),
    ],
)
def test_labels_and_annotations_of_a_manifest_are_valid_texts(metadata: Any, code: str) -> None:
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", **metadata}}
    only(stack(manifests=[one]), code)


@pytest.mark.parametrize("part", ["services", "jobs"])
def test_a_variable_from_nothing_is_a_problem(part: str) -> None:
    port = {"port": 8080} if part == "services" else {}
    config = stack(**{part: {"web": {"image": IMAGE, **port, "envValueFrom": {"X": {}}}}})
    only(config, "empty-environment-source")


@pytest.mark.parametrize("name", ["initialDelay", "initialDelaySeconds"])
def test_no_fix_turns_a_delay_into_the_time_that_the_application_has_to_start(name: str) -> None:
    (problem,) = problems_of_stack(service(health={name: 10}))
    assert problem.edits == ()
    fields = [tuple(field) for field in problem.params["fields"]]
    assert fields == [("startup_seconds",), ("readiness", "initial_delay"), ("liveness", "initial_delay")]


@pytest.mark.parametrize(
    ("type_", "data", "missing"),
    [
        ("kubernetes.io/tls", {"tls.crt": "x"}, ["tls.key"]),
        ("kubernetes.io/dockerconfigjson", {"a": "x"}, [".dockerconfigjson"]),
        ("kubernetes.io/basic-auth", {"a": "x"}, ["username", "password"]),
        ("kubernetes.io/ssh-auth", {}, ["ssh-privatekey"]),
    ],
)
def test_a_secret_has_the_keys_of_its_type(type_: str, data: Any, missing: list[str]) -> None:
    only(stack(secrets={"a": {"type": type_, "stringData": data}}), "keys-of-secret-type", type=type_, keys=missing)


@pytest.mark.parametrize("data", [{"username": "a"}, {"password": "a"}])
def test_one_key_of_basic_authentication_is_enough(data: Any) -> None:
    assert problems_of_stack(stack(secrets={"a": {"type": "kubernetes.io/basic-auth", "stringData": data}})) == []


def test_replicas_of_something_else_override_the_default() -> None:
    config = {**service(externalReplicas=True), "defaults": {"replicas": 3}}
    assert check_stack("dev", config).services["web"].external_replicas


@pytest.mark.parametrize(
    "volume",
    [{"configMap": "site", "items": {"nope": "x"}}, {"projected": [{"configMap": "site", "items": {"nope": "x"}}]}],
)
def test_files_come_from_keys_that_exist(volume: Any) -> None:
    config = service(volumes={"site": {"path": "/site", **volume}})
    only({**config, "configMaps": {"site": {"data": {"a": "b"}}}}, "unknown-data-key", key="nope", keys=["a"])


def test_an_optional_volume_can_lack_keys() -> None:
    config = service(volumes={"site": {"path": "/site", "configMap": "site", "items": {"nope": "x"}, "optional": True}})
    assert problems_of_stack({**config, "configMaps": {"site": {"data": {"a": "b"}}}}) == []


def test_a_volume_can_be_all_of_the_node_and_get_its_later_mounts() -> None:
    volume = {"path": "/host", "hostPath": "/", "readOnly": True, "mountPropagation": "HostToContainer"}
    plan = check_stack("dev", service(security={"hostPaths": True}, volumes={"root": volume}))
    objects = [described.manifest for component in objects_of(plan) for described in component.objects]
    spec = next(one for one in objects if one["kind"] == "Deployment")["spec"]["template"]["spec"]
    assert spec["volumes"] == [{"name": "root", "hostPath": {"path": "/", "type": "Directory"}}]
    assert spec["containers"][0]["volumeMounts"] == [
        {"name": "root", "mountPath": "/host", "readOnly": True, "mountPropagation": "HostToContainer"}
    ]


def test_only_a_folder_of_the_node_gets_later_mounts() -> None:
    (problem,) = problems_of_stack(service(volumes={"a": {"path": "/a", "mountPropagation": "HostToContainer"}}))
    assert problem.location[-1] == "mount_propagation"


@pytest.mark.parametrize(
    ("group", "resource"),
    [("", "nodes"), ("", "nodes/proxy"), ("", "persistentvolumes"), ("networking.k8s.io", "ingressclasses")],
)
def test_a_role_has_no_resources_of_the_whole_cluster(group: str, resource: str) -> None:
    rule = {"apiGroups": [group], "resources": [resource], "verbs": ["get"]}
    assert only(service(identity={"rules": [rule]}), "cluster-resource-in-namespace").value == resource
    assert problems_of_stack(service(identity={"clusterRules": [rule]})) == []


@pytest.mark.parametrize(
    ("group", "resource", "verb"),
    [("", "namespaces", "get"), ("rbac.authorization.k8s.io", "clusterroles", "bind"), ("", "pods", "get")],
)
def test_a_role_can_have_what_requests_in_a_namespace_need(group: str, resource: str, verb: str) -> None:
    rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    assert problems_of_stack(service(identity={"rules": [rule]})) == []


def test_prerequisites_of_the_stack_itself_name_the_part_that_needs_them() -> None:
    pod = manifest("Pod", "v1", {"containers": [{**CONTAINER, "envFrom": [{"secretRef": {"name": "db"}}]}]})
    claims = {"uploads": {"sizeGib": 1, "storageClass": "nfs"}}
    config = stack(manifests={"pod": pod}, claims=claims)
    found = [(one.kind, one.name, one.used_by) for one in prerequisites_of(check_stack("dev", config))]
    assert found == [
        ("Secret", "db", ("portico:manifests.pod",)),
        ("StorageClass", "nfs", ("portico:claims.uploads",)),
    ]


def test_every_cluster_has_the_priority_classes_of_kubernetes() -> None:
    config = service(placement={"priorityClass": "system-node-critical"})
    assert list(prerequisites_of(check_stack("dev", config))) == []


def test_a_stack_with_objects_of_its_own_is_not_empty(tmp_path: Any) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  portico:namespace: shop\n  portico:configMaps: {a: {}, b: {}}\n"
    )
    assert called("check", "-s", "dev", "--folder", str(tmp_path)).stdout == "Stack `dev` is valid: 2 ConfigMaps.\n"


def test_a_load_balancer_of_another_stack_takes_an_exported_target() -> None:
    ports = {"http": {"port": 8080, "servicePort": 80}, "dns": {"port": 53}}
    services: dict[str, Any] = {"api": {"image": IMAGE, "ports": ports}}
    services["api"]["security"] = {"netBindService": True}
    recorded = record(lambda: build(check_stack("dev", stack(services=services))))
    exported = recorded.exports["targets"]["api"]
    assert set(exported) == {"http", "dns"}
    target = exported["http"]
    assert (target["service"], target["namespace"], target["port"], target["targetPort"]) == ("api", "shop", 80, 8080)
    balancer = {"target": target, "exposure": {"scope": "internal", "platform": "gke"}}
    other = {"namespace": "front", "loadBalancers": {"api": balancer}}
    assert problems_of_stack(other) == []
    (made,) = check_stack("dev", other).load_balancers.values()
    assert made.target.selector == {"app.kubernetes.io/name": "api"}


@pytest.mark.parametrize(
    ("resource", "hard", "needed"),
    [("requests.storage", "20Gi", "31Gi"), ("persistentvolumeclaims", "2", "4")],
)
def test_a_quota_admits_the_claims_of_the_stack_and_of_its_stateful_sets(resource: str, hard: str, needed: str) -> None:
    storage = {"data": {"path": "/data", "sizeGib": 7}}
    database = {"image": IMAGE, "port": 8080, "kind": "StatefulSet", "replicas": 3, "storage": storage}
    config: dict[str, Any] = {
        "namespace": {"name": "shop", "podSecurity": "privileged", "resourceQuota": {"hard": {resource: hard}}},
        "claims": {"uploads": {"sizeGib": 10}},
        "services": {"db": database},
    }
    only(config, "over-object-quota", resource=resource, needed=needed)
    config["namespace"]["resourceQuota"]["hard"][resource] = needed
    assert problems_of_stack(config) == []


@pytest.mark.parametrize(("name", "field"), [("pullSecrets", "pull_secrets"), ("hostNetwork", "host_network")])
def test_settings_of_the_controller_lead_to_its_installation(name: str, field: str) -> None:
    gateway = {"exposure": {"scope": "internal", "platform": "gke"}, name: ["a"] if name == "pullSecrets" else False}
    (problem,) = problems_of_stack(stack(gateways={"edge": gateway}))
    assert problem.params["fields"] == [("installation", field)]
