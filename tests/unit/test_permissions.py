"""What the pods of a service can do with the API server: Roles, bindings, their order, and what is reported as wide."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.objects import objects_of

from tests.unit.web_services import IMAGE, pod_spec, web_service, workload

READ = {"verbs": ["get", "list"], "resources": ["configmaps"]}
NODES = {"verbs": ["list"], "resources": ["nodes"]}


def test_rules_become_a_role_of_the_account_in_the_namespace_of_the_service() -> None:
    recorded = web_service(namespace="shop", identity={"rules": [{**READ, "resource_names": ["settings"]}]})
    role, binding = recorded.manifest("Role"), recorded.manifest("RoleBinding")
    assert role["metadata"]["name"] == binding["metadata"]["name"] == "api"
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "shop"
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["settings"], "verbs": ["get", "list"]}
    ]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "api"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "api", "namespace": "shop"}]
    assert recorded.all("ClusterRole") == []


def test_cluster_rules_become_a_cluster_role_whose_name_no_other_service_has() -> None:
    urls = {"verbs": ["get"], "non_resource_urls": ["/metrics"]}
    recorded = web_service(namespace="shop", identity={"cluster_rules": [NODES, urls]})
    role, binding = recorded.manifest("ClusterRole"), recorded.manifest("ClusterRoleBinding")
    assert role["metadata"]["name"] == binding["metadata"]["name"] == "shop:api"
    assert "namespace" not in role["metadata"]
    assert role["rules"][1] == {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}
    assert binding["roleRef"]["name"] == "shop:api"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "api", "namespace": "shop"}]


def test_without_a_namespace_the_account_is_that_of_the_provider() -> None:
    recorded = web_service(identity={"rules": [READ], "cluster_rules": [NODES]})
    assert recorded.manifest("ClusterRole")["metadata"]["name"] == "default:api"
    assert recorded.manifest("RoleBinding")["subjects"][0]["namespace"] == "default"


def test_names_of_objects_can_be_outputs() -> None:
    names = [pulumi.Output.from_input("settings-1")]
    recorded = web_service(identity={"rules": [{**READ, "resource_names": names}]})
    assert recorded.manifest("Role")["rules"][0]["resourceNames"] == ["settings-1"]


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"rules": [READ]}, True),
        ({"cluster_rules": [NODES]}, True),
        ({"rules": [READ], "token": False}, False),
        ({"rules": []}, False),
    ],
)
def test_rules_give_the_pods_a_token_unless_it_is_turned_off(identity: Any, expected: bool) -> None:
    recorded = web_service(identity=identity)
    assert pod_spec(recorded)["automountServiceAccountToken"] is expected


def test_pods_start_after_their_permissions() -> None:
    recorded = web_service(namespace="shop", identity={"rules": [READ], "cluster_rules": [NODES]})
    deployment = next(it for it in recorded.registrations if it.type.endswith(":Deployment"))
    direct = {urn.rpartition("::")[2] for urn in deployment.dependencies}
    assert direct == {"api-cluster-role-binding", "api-network-policy"}
    assert workload(recorded)["spec"]["template"]["spec"]["serviceAccountName"] == "api"


WIDE: list[tuple[dict[str, Any], list[str]]] = [
    ({"verbs": ["*"], "resources": ["configmaps"]}, ["use every verb (*)"]),
    ({"verbs": ["list"], "resources": ["secrets"]}, ["read Secrets"]),
    ({"verbs": ["update"], "resources": ["secrets"]}, ["write Secrets"]),
    ({"verbs": ["create"], "resources": ["serviceaccounts/token"]}, ["create tokens of ServiceAccounts"]),
    ({"verbs": ["create"], "resources": ["pods/exec"]}, ["run commands in other pods"]),
    ({"verbs": ["get"], "resources": ["pods/attach"]}, ["run commands in other pods"]),
    ({"verbs": ["create"], "resources": ["pods/portforward"]}, ["connect to pods through the API server"]),
    (
        {"verbs": ["create"], "resources": ["jobs"], "api_groups": ["batch"]},
        ["run pods with any ServiceAccount and any Secret of their namespace"],
    ),
    (
        {"verbs": ["bind"], "resources": ["roles"], "api_groups": ["rbac.authorization.k8s.io"]},
        ["grant permissions that"],
    ),
    ({"verbs": ["update"], "resources": ["rolebindings"], "api_groups": ["rbac.authorization.k8s.io"]}, ["grant perm"]),
    ({"verbs": ["impersonate"], "resources": ["serviceaccounts"]}, ["act as somebody else"]),
    ({"verbs": ["patch"], "resources": ["namespaces"]}, ["change Pod Security and other labels of namespaces"]),
    (
        {"verbs": ["impersonate"], "resources": ["userextras/scopes"], "api_groups": ["authentication.k8s.io"]},
        ["act as somebody else"],
    ),
    (
        {"verbs": ["delete"], "resources": ["networkpolicies"], "api_groups": ["networking.k8s.io"]},
        ["open pods to others"],
    ),
    ({"verbs": ["patch"], "resources": ["services"]}, ["expose pods outside of the cluster"]),
    (
        {"verbs": ["create"], "resources": ["ingresses"], "api_groups": ["networking.k8s.io"]},
        ["expose pods outside of the cluster"],
    ),
    (
        {"verbs": ["create"], "resources": ["httproutes"], "api_groups": ["gateway.networking.k8s.io"]},
        ["expose pods outside of the cluster"],
    ),
    (
        {"verbs": ["create"], "resources": ["transportservers"], "api_groups": ["k8s.nginx.org"]},
        ["expose pods outside of the cluster"],
    ),
    ({"verbs": ["update"], "resources": ["endpoints"]}, ["lead the clients of Services to other addresses"]),
    (
        {"verbs": ["create"], "resources": ["endpointslices"], "api_groups": ["discovery.k8s.io"]},
        ["lead the clients of Services to other addresses"],
    ),
    ({"verbs": ["get"], "resources": ["*/proxy"]}, ["use every resource (*)", "connect to", "control nodes"]),
    ({"verbs": ["get"], "resources": ["configmaps"], "api_groups": ["*"]}, ["use every API group (*)"]),
]


@pytest.mark.parametrize(("rule", "expected"), WIDE, ids=lambda it: json.dumps(it)[:60])
def test_wide_permissions_are_exceptions(rule: Any, expected: list[str]) -> None:
    recorded = web_service(identity={"rules": [READ, rule]})
    found = recorded.outputs["api"]["exceptions"]
    assert set(found) == {"identity.rules", "identity.rules[1]"}
    powers = found["identity.rules[1]"].removeprefix("The pods can ").removesuffix(".").split(", ")
    assert len(powers) == len(expected)
    assert all(power.startswith(start) for power, start in zip(powers, expected, strict=True))


@pytest.mark.parametrize(
    ("rule", "power"),
    [
        ({"verbs": ["get"], "resources": ["nodes/proxy"]}, "control nodes through the kubelet"),
        ({"verbs": ["patch"], "resources": ["nodes"]}, "change nodes"),
        ({"verbs": ["create"], "resources": ["persistentvolumes"]}, "create volumes with folders of nodes"),
    ],
)
def test_wide_permissions_of_the_whole_cluster_are_exceptions(rule: Any, power: str) -> None:
    found = web_service(identity={"cluster_rules": [rule]}).outputs["api"]["exceptions"]
    expected = f"The pods can use this permission in the whole cluster, {power}."
    assert found["identity.cluster_rules[0]"] == expected


def test_every_rule_of_the_cluster_is_an_exception() -> None:
    found = web_service(identity={"cluster_rules": [NODES]}).outputs["api"]["exceptions"]
    assert found["identity.cluster_rules[0]"] == "The pods can use this permission in the whole cluster."


@pytest.mark.parametrize(
    "rule",
    [
        READ,
        {"verbs": ["get", "list", "watch"], "resources": ["pods", "services", "pods/log"]},
        {"verbs": ["create", "patch"], "resources": ["events"]},
        {"verbs": ["get", "update"], "resources": ["leases"], "api_groups": ["coordination.k8s.io"]},
        {"verbs": ["approve"], "resources": ["widgets"], "api_groups": ["example.com"]},
        {"verbs": ["get", "list", "watch"], "resources": ["networkpolicies"], "api_groups": ["networking.k8s.io"]},
    ],
)
def test_narrow_permissions_are_reported_with_the_token_only(rule: Any) -> None:
    assert set(web_service(identity={"rules": [rule]}).outputs["api"]["exceptions"]) == {"identity.rules"}


def test_stack_files_have_the_names_of_kubernetes() -> None:
    service = {
        "image": IMAGE,
        "port": 8080,
        "identity": {
            "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], "resourceNames": ["a"]}],
            "clusterRules": [{"nonResourceUrls": ["/metrics"], "verbs": ["get"]}],
        },
        "allowTo": [{"cidr": "10.0.0.1/32", "ports": [443]}],
    }
    plan = check_stack("test", {"namespace": "shop", "services": {"api": service}})
    (found,) = (component for component in objects_of(plan) if component.name == "api")
    kinds = [described.manifest["kind"] for described in found.objects]
    assert kinds.index("RoleBinding") < kinds.index("ClusterRoleBinding") < kinds.index("Deployment")
    assert [str(note) for note in plan.notes] == []
