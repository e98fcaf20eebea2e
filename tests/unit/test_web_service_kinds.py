"""The kinds of workload of a WebService, how their pods are replaced, and how their number follows the load."""

from typing import Any

import pulumi
import pytest
from pulumi_portico import WebService, WorkloadKind
from pulumi_portico.lifecycle.ownership import KEEP_FIELD_MANAGER
from pulumi_portico.testing import record

from tests.problems import assert_problem
from tests.unit.web_services import IMAGE, WORKLOADS, container, pod_spec, rejected, template, web_service, workload


@pytest.mark.parametrize("kind", [*WORKLOADS, WorkloadKind.DAEMON_SET])
def test_every_kind_runs_the_same_pods_behind_the_same_selector(kind: Any) -> None:
    recorded = web_service(kind=kind, env={"A": "b"}, health={"path": "/healthz"})
    made = workload(recorded)
    assert made["kind"] == kind
    assert container(recorded) == container(web_service(env={"A": "b"}, health={"path": "/healthz"}))
    assert made["spec"]["selector"]["matchLabels"].items() <= template(recorded)["metadata"]["labels"].items()
    assert made["spec"]["selector"]["matchLabels"] == recorded.manifest("Service")["spec"]["selector"]


@pytest.mark.parametrize(
    ("kind", "replicas"), [("Deployment", 2), ("ReplicaSet", 2), ("StatefulSet", 1), ("DaemonSet", None)]
)
def test_each_kind_has_its_own_number_of_pods(kind: str, replicas: int | None) -> None:
    assert workload(web_service(kind=kind))["spec"].get("replicas") == replicas


def test_a_daemon_set_has_no_budget_and_no_spread() -> None:
    recorded = web_service(kind="DaemonSet")
    # Its controller cannot count a DaemonSet's pods, and a budget that cannot be counted lets no pod go.
    assert recorded.all("PodDisruptionBudget") == []
    assert "topologySpreadConstraints" not in pod_spec(recorded)


def test_only_a_deployments_pods_are_spread_by_their_template() -> None:
    for kind in ("Deployment", "StatefulSet", "ReplicaSet"):
        for constraint in pod_spec(web_service(kind=kind))["topologySpreadConstraints"]:
            assert ("matchLabelKeys" in constraint) == (kind == "Deployment")


def test_a_stateful_sets_pods_are_found_by_name_at_their_own_port() -> None:
    recorded = web_service("db", kind="StatefulSet", port=5432, namespace="shop")
    service = recorded.manifest("Service")["spec"]
    assert service["clusterIP"] == "None"
    assert workload(recorded)["spec"]["serviceName"] == "db"
    # The name leads to the pods themselves, so nothing turns 80 into 5432.
    assert service["ports"] == [{"name": "http", "protocol": "TCP", "port": 5432, "targetPort": 5432}]
    assert recorded.outputs["db"]["url"] == "http://db.shop.svc.cluster.local:5432"
    service_urn = recorded.one("Service").urn
    assert service_urn in recorded.one("StatefulSet").dependencies, "its pods are named by the Service"


def test_a_stateful_set_with_an_address_does_not_wait_for_its_service() -> None:
    recorded = web_service(kind="StatefulSet", service={"headless": False})
    assert "clusterIP" not in recorded.manifest("Service")["spec"]
    assert recorded.manifest("Service")["spec"]["ports"][0]["port"] == 80
    assert recorded.one("Service").urn not in recorded.one("StatefulSet").dependencies


def test_each_pod_has_storage_that_stays() -> None:
    storage = {
        "data": {"path": "/data", "size_gib": 10},
        "log": {"path": "/log", "size_gib": 2048, "storage_class": "fast", "access_mode": "ReadWriteOncePod"},
    }
    recorded = web_service(kind="StatefulSet", storage=storage, labels={"team": "a"})
    spec = workload(recorded)["spec"]
    claims = {it["metadata"]["name"]: it for it in spec["volumeClaimTemplates"]}
    assert claims["data"]["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
        "volumeMode": "Filesystem",
    }
    assert claims["log"]["spec"]["storageClassName"] == "fast"
    assert claims["log"]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert claims["log"]["spec"]["resources"] == {"requests": {"storage": "2Ti"}}
    # Kubernetes freezes the templates: what may change must not be in them.
    assert all("team" not in it["metadata"]["labels"] for it in claims.values())
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    mounts = {it["mountPath"]: it["name"] for it in container(recorded)["volumeMounts"]}
    assert mounts == {"/data": "data", "/log": "log"}
    security = pod_spec(recorded)["securityContext"]
    assert security["fsGroup"] == security["runAsGroup"], "or the application could not write"


def test_a_stateful_set_can_be_set() -> None:
    settings = {"pod_management": "Parallel", "claims_when_deleted": "Delete", "claims_when_scaled": "Delete"}
    recorded = web_service(kind="StatefulSet", stateful_set=settings, rollout={"partition": 2}, replicas=3)
    spec = workload(recorded)["spec"]
    assert spec["podManagementPolicy"] == "Parallel"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Delete"}
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    # Pulumi's own way is to wait until every pod is new, which here never comes.
    assert workload(recorded)["metadata"]["annotations"] == {"pulumi.com/waitFor": "jsonpath={.status.readyReplicas}=3"}


@pytest.mark.parametrize(
    ("args", "waits"),
    [
        ({}, "jsonpath={.status.readyReplicas}=2"),
        ({"replicas": pulumi.Output.from_input(4)}, "jsonpath={.status.readyReplicas}=4"),
        ({"replicas": 0}, "jsonpath={.status.replicas}=0"),
        ({"autoscaling": {"max_replicas": 5}}, "jsonpath={.status.readyReplicas}"),
    ],
)
def test_a_replica_set_gives_way_to_another_one_that_is_ready(args: dict[str, Any], waits: str) -> None:
    recorded = web_service(kind="ReplicaSet", **args)
    registered = recorded.one("ReplicaSet")
    assert "name" not in registered.inputs["metadata"], "two of one name cannot be there at the same time"
    assert set(registered.replace_on_changes) == {"spec.template", "spec.selector"}
    assert not registered.delete_before_replace
    assert registered.manifest()["metadata"]["annotations"] == {"pulumi.com/waitFor": waits}


def test_a_deployment_is_waited_for_in_pulumis_own_way() -> None:
    assert "annotations" not in workload(web_service())["metadata"]


@pytest.mark.parametrize(
    ("kind", "rollout", "strategy"),
    [
        ("Deployment", {}, {"maxSurge": "25%", "maxUnavailable": 0}),
        ("Deployment", {"max_surge": 2, "max_unavailable": 1}, {"maxSurge": 2, "maxUnavailable": 1}),
        ("Deployment", {"max_surge": 0, "max_unavailable_percent": 10}, {"maxSurge": 0, "maxUnavailable": "10%"}),
        (
            "Deployment",
            {"max_surge_percent": pulumi.Output.from_input(50)},
            {"maxSurge": "50%", "maxUnavailable": 0},
        ),
        ("DaemonSet", {}, {"maxSurge": "25%", "maxUnavailable": 0}),
        # The API server refuses a DaemonSet that does both.
        ("DaemonSet", {"max_unavailable": 3}, {"maxSurge": 0, "maxUnavailable": 3}),
        ("DaemonSet", {"max_surge": 3}, {"maxSurge": 3, "maxUnavailable": 0}),
    ],
)
def test_how_pods_are_replaced_can_be_said(kind: str, rollout: Any, strategy: dict[str, Any]) -> None:
    spec = workload(web_service(kind=kind, rollout=rollout))["spec"]
    told = spec["strategy" if kind == "Deployment" else "updateStrategy"]
    assert told == {"type": "RollingUpdate", "rollingUpdate": strategy}


def test_pods_on_the_hosts_network_give_way_before_the_new_ones_come() -> None:
    # Two pods of one node cannot both have its ports, so a surge would wait for ever.
    for kind in ("Deployment", "DaemonSet"):
        spec = workload(web_service(kind=kind, security={"host_network": True}, network_policy=False))["spec"]
        told = spec["strategy" if kind == "Deployment" else "updateStrategy"]
        assert told["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_the_numbers_of_a_rollout_reach_their_place() -> None:
    numbers = {
        "min_ready_seconds": 5,
        "progress_deadline_seconds": pulumi.Output.from_input(90),
        "revision_history_limit": 0,
    }
    spec = workload(web_service(rollout=numbers))["spec"]
    assert spec["minReadySeconds"] == 5
    assert spec["progressDeadlineSeconds"] == 90
    assert spec["revisionHistoryLimit"] == 0
    # Only a Deployment has a deadline that it could miss.
    assert (
        workload(web_service(kind="StatefulSet", rollout={"min_ready_seconds": 900}))["spec"]["minReadySeconds"] == 900
    )
    assert workload(web_service(rollout={"recreate": True}))["spec"]["strategy"] == {"type": "Recreate"}


def test_pulumi_waits_as_long_as_it_is_told() -> None:
    recorded = web_service(kind="StatefulSet", ready_timeout=90)
    for kind in ("StatefulSet", "Service"):
        timeouts = recorded.one(kind).request.customTimeouts
        assert (timeouts.create, timeouts.update, timeouts.delete) == ("90s", "90s", "")
    assert web_service().one("Deployment").request.customTimeouts.create == ""


SETTINGS_OF_SOME: dict[str, tuple[Any, set[str]]] = {
    "replicas": (3, {"Deployment", "StatefulSet", "ReplicaSet"}),
    "autoscaling": ({"max_replicas": 3}, {"Deployment", "StatefulSet", "ReplicaSet"}),
    "storage": ({"data": {"path": "/data", "size_gib": 1}}, {"StatefulSet"}),
    "stateful_set": ({"pod_management": "Parallel"}, {"StatefulSet"}),
    "disruption_budget": ({"max_unavailable": 2}, {"Deployment", "StatefulSet", "ReplicaSet"}),
    "placement.spread": ({"zones": "off"}, {"Deployment", "StatefulSet", "ReplicaSet"}),
    "rollout.max_surge": (1, {"Deployment", "DaemonSet"}),
    "rollout.max_surge_percent": (1, {"Deployment", "DaemonSet"}),
    "rollout.max_unavailable": (1, {"Deployment", "DaemonSet"}),
    "rollout.max_unavailable_percent": (1, {"Deployment", "DaemonSet"}),
    "rollout.recreate": (True, {"Deployment"}),
    "rollout.progress_deadline_seconds": (90, {"Deployment"}),
    "rollout.revision_history_limit": (1, {"Deployment", "DaemonSet"}),
    "rollout.partition": (1, {"StatefulSet"}),
}


OF_STATEFUL_SETS = {
    "rollout.max_unavailable": "setting-not-in-every-version",
    "rollout.max_unavailable_percent": "setting-not-in-every-version",
    "rollout.revision_history_limit": "setting-replaces-stateful-set",
}
"""Why a StatefulSet can't have what Kubernetes has for it."""


@pytest.mark.parametrize("path", SETTINGS_OF_SOME)
@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_setting_that_a_kind_cannot_have_is_rejected_with_the_kinds_that_can(kind: str, path: str) -> None:
    value, kinds = SETTINGS_OF_SOME[path]
    field, _, rest = path.partition(".")
    args: dict[str, Any] = {field: {rest: value} if rest else value}
    if kind in kinds:
        assert workload(web_service(kind=kind, **args))["kind"] == kind
        return
    code = OF_STATEFUL_SETS.get(path, "not-for-kind") if kind == "StatefulSet" else "not-for-kind"
    problem = assert_problem(rejected(kind=kind, **args), code, *path.split("."), kind=kind)
    assert set(problem.params["kinds"]) == kinds


def autoscaler(**autoscaling: Any) -> dict[str, Any]:
    return web_service(autoscaling={"max_replicas": 9, **autoscaling}).manifest("HorizontalPodAutoscaler")["spec"]


def test_the_autoscaler_follows_the_cpu_unless_told_otherwise() -> None:
    spec = autoscaler()
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 9)
    assert [it["resource"] for it in spec["metrics"]] == [
        {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    ]
    assert "behavior" not in spec, "Kubernetes' own is meant where none is said"


def test_the_autoscaler_finds_a_workload_whose_name_is_generated() -> None:
    recorded = web_service(kind="ReplicaSet", autoscaling={"max_replicas": 3})
    target = recorded.manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert target["kind"] == "ReplicaSet"
    assert target["name"].startswith("api-replica-set-")
    assert recorded.one("ReplicaSet").urn in recorded.one("HorizontalPodAutoscaler").dependencies


def test_the_autoscaler_follows_all_that_it_is_told() -> None:
    described = {"object_api_version": "networking.k8s.io/v1", "object_kind": "Ingress", "object_name": "shop"}
    spec = autoscaler(
        memory=70,
        metrics=[
            {"source": "Pods", "name": "rps", "average": 12.5},
            {"source": "External", "name": "queue", "selector": {"q": "orders"}, "total": pulumi.Output.from_input(30)},
            {"source": "Object", "name": "hits", "average": 2, **described},
        ],
    )
    memory, pods, external, of_object = spec["metrics"]
    assert memory["resource"]["target"]["averageUtilization"] == 70
    assert pods == {
        "type": "Pods",
        "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "12500m"}},
    }
    assert external["external"] == {
        "metric": {"name": "queue", "selector": {"matchLabels": {"q": "orders"}}},
        "target": {"type": "Value", "value": "30"},
    }
    assert of_object["object"] == {
        "metric": {"name": "hits"},
        "target": {"type": "AverageValue", "averageValue": "2"},
        "describedObject": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "shop"},
    }


def test_the_autoscaler_moves_as_fast_as_it_is_told() -> None:
    spec = autoscaler(
        scale_up={"pods": 4, "percent": 100, "period": 30, "select": "Min"},
        scale_down={"stabilization": 0, "select": "Disabled"},
    )
    assert spec["behavior"] == {
        "scaleUp": {
            "policies": [
                {"type": "Pods", "value": 4, "periodSeconds": 30},
                {"type": "Percent", "value": 100, "periodSeconds": 30},
            ],
            "selectPolicy": "Min",
        },
        "scaleDown": {"stabilizationWindowSeconds": 0, "selectPolicy": "Disabled"},
    }


def test_the_number_of_pods_is_left_to_the_autoscaler() -> None:
    recorded = web_service(autoscaling={"min_replicas": 3, "max_replicas": 9})
    # A new workload starts with the fewest; from then on the field is not Pulumi's.
    assert workload(recorded)["spec"]["replicas"] == 3
    assert recorded.one("Deployment").ignore_changes == ("spec.replicas", KEEP_FIELD_MANAGER)
    assert web_service().one("Deployment").ignore_changes == (KEEP_FIELD_MANAGER,)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({"max_unavailable": 3}, 3),
        ({"max_unavailable_percent": 34}, "34%"),
        ({"max_unavailable_percent": pulumi.Output.from_input(50)}, "50%"),
    ],
)
def test_a_disruption_budget_can_be_wider(budget: Any, expected: Any) -> None:
    spec = web_service(disruption_budget=budget).manifest("PodDisruptionBudget")["spec"]
    assert spec["maxUnavailable"] == expected


def test_a_change_of_kind_is_another_resource_beside_the_old_one() -> None:
    def urns(kind: str) -> set[str]:
        args: Any = {"image": IMAGE, "port": 8080, "kind": kind}
        return {it.urn for it in record(lambda: WebService("api", args)).registrations}

    assert {it.rpartition("::")[2] for it in urns("Deployment") ^ urns("StatefulSet")} == {
        "api-deployment",
        "api-stateful-set",
    }
