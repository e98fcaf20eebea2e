"""What the API server rejects of namespaces, quotas, limit ranges, and typed Secrets, Portico rejects too."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico.stack import check_stack

from tests.problems import assert_fixes_work, assert_problem, problems_of_stack

WEB: dict[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080}
HARD, LIMITS = ("namespace", "resource_quota", "hard"), ("namespace", "limit_range", "limits")
SECRET = ("secrets", "s")
EDGE: dict[str, Any] = {"exposure": {"scope": "internet", "platform": "gke", "allowedSources": ["0.0.0.0/0"]}}


def stack(**parts: Any) -> dict[str, Any]:
    return {"namespace": "shop", "services": {"web": WEB}, **parts}


def quota(hard: dict[str, str], *scopes: str, **parts: Any) -> dict[str, Any]:
    return stack(**parts, namespace={"name": "shop", "resourceQuota": {"hard": hard, "scopes": list(scopes)}})


def limits(*items: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return stack(**parts, namespace={"name": "shop", "limitRange": {"limits": list(items)}})


def container(**fields: Any) -> dict[str, Any]:
    return {"type": "Container", **fields}


def claims(**fields: Any) -> dict[str, Any]:
    return {"type": "PersistentVolumeClaim", **fields}


def secret(kind: str, **fields: Any) -> dict[str, Any]:
    return stack(secrets={"s": {"type": f"kubernetes.io/{kind}", **fields}})


STATEFUL: dict[str, Any] = {**WEB, "kind": "StatefulSet", "replicas": 2, "storage": {"d": {"path": "/d", "sizeGib": 2}}}
CLASSED = {**STATEFUL, "storage": {"d": {**STATEFUL["storage"]["d"], "storageClass": "fast"}}}
OF_FAST = "fast.storageclass.storage.k8s.io/requests.storage"

CASES: list[tuple[dict[str, Any], str, tuple[Any, ...], dict[str, Any]]] = [
    # Namespaces.
    (stack(namespace="default"), "reserved-namespace", ("namespace",), {}),
    (stack(namespace={"name": "kube-system"}), "reserved-namespace", ("namespace", "name"), {}),
    (stack(gateways={"default": EDGE}), "reserved-namespace", ("gateways", "default"), {}),
    (
        stack(namespace={"name": "shop", "labels": {"kubernetes.io/metadata.name": "x"}}),
        "reserved-label",
        ("namespace", "labels", "kubernetes.io/metadata.name"),
        {},
    ),
    (
        stack(namespace={"name": "shop", "annotations": {"prometheus.io/scrape": "true"}}),
        "annotation-of-other-object",
        ("namespace", "annotations", "prometheus.io/scrape"),
        {},
    ),
    (stack(configMaps={"kube-root-ca.crt": {}}), "reserved-config-map", ("config_maps", "kube-root-ca.crt"), {}),
    (
        stack(configMaps={"a": {"annotations": {"prometheus.io/scrape": "true"}}}),
        "annotation-of-other-object",
        ("config_maps", "a", "annotations", "prometheus.io/scrape"),
        {},
    ),
    (
        stack(claims={"a": {"sizeGib": 1, "annotations": {"cert-manager.io/issuer": "x"}}}),
        "program-annotation-has-field",
        ("claims", "a", "annotations", "cert-manager.io/issuer"),
        {},
    ),
    # Quotas.
    (quota({"cpus": "2"}), "unknown-resource", (*HARD, "cpus"), {}),
    (quota({"pods": "1.5"}), "quota-not-a-count", (*HARD, "pods"), {"resource": "pods"}),
    (quota({"requests.cpu": "-1"}), "negative-quota", (*HARD, "requests.cpu"), {}),
    (quota({"pods": "9"}, "Foo"), "unknown-quota-scope", ("namespace", "resource_quota", "scopes", 0), {}),
    (
        quota({"pods": "9"}, "BestEffort", "NotBestEffort"),
        "conflicting-quota-scopes",
        ("namespace", "resource_quota", "scopes"),
        {},
    ),
    (
        quota({"requests.cpu": "9"}, "BestEffort"),
        "quota-scope-of-other-resource",
        (*HARD, "requests.cpu"),
        {"scope": "BestEffort"},
    ),
    (quota({"services": "0"}), "over-object-quota", (*HARD, "services"), {"needed": "1"}),
    (quota({"configmaps": "0"}), "over-object-quota", (*HARD, "configmaps"), {"needed": "1"}),
    (quota({"count/deployments.apps": "0"}), "over-object-quota", (*HARD, "count/deployments.apps"), {"needed": "1"}),
    (
        quota({"requests.storage": "3Gi"}, services={"db": STATEFUL}),
        "over-object-quota",
        (*HARD, "requests.storage"),
        {"needed": "4Gi"},
    ),
    (quota({OF_FAST: "1Gi"}, services={"db": CLASSED}), "over-object-quota", (*HARD, OF_FAST), {"needed": "4Gi"}),
    (
        quota({"persistentvolumeclaims": "0"}, claims={"d": {"sizeGib": 1}}),
        "over-object-quota",
        (*HARD, "persistentvolumeclaims"),
        {"needed": "1"},
    ),
    (
        quota({"services.loadbalancers": "0"}, loadBalancers={"f": {"target": {"service": "web"}, **EDGE}}),
        "over-object-quota",
        (*HARD, "services.loadbalancers"),
        {"needed": "1"},
    ),
    # Limit ranges.
    (limits(container(), container()), "duplicate-limit-type", (*LIMITS, 1, "type"), {}),
    (limits({"type": "Pod", "default": {"cpu": "1"}}), "limit-default-of-pods", (*LIMITS, 0, "default"), {}),
    (limits(claims(max={"storage": "1Gi", "cpu": "1"})), "unknown-resource", (*LIMITS, 0, "max", "cpu"), {}),
    (limits(claims()), "claim-limit-without-storage", (*LIMITS, 0), {}),
    (
        limits(container(default={"cpu": "1"}, defaultRequest={"cpu": "2"})),
        "limit-below-other",
        (*LIMITS, 0, "default", "cpu"),
        {"bound": "2"},
    ),
    (
        limits(container(max={"cpu": "9"}, maxLimitRequestRatio={"cpu": "500m"})),
        "limit-ratio-too-small",
        (*LIMITS, 0, "max_limit_request_ratio", "cpu"),
        {},
    ),
    (
        limits(container(min={"cpu": "10m"}, max={"cpu": "1"}, maxLimitRequestRatio={"cpu": "101"})),
        "limit-ratio-too-large",
        (*LIMITS, 0, "max_limit_request_ratio", "cpu"),
        {"most": "100"},
    ),
    (
        limits(
            container(maxLimitRequestRatio={"memory": "2"}),
            services={"web": {**WEB, "resources": {"memory": 100, "memoryLimit": 201}}},
        ),
        "over-limit-ratio",
        ("services", "web"),
        {"ratio": "2"},
    ),
    (limits({"type": "Pod", "max": {"cpu": "9"}}), "no-value-for-limit-range", ("services", "web"), {}),
    (
        limits(claims(max={"storage": "1Gi"}), claims={"d": {"sizeGib": 2}}),
        "outside-claim-limits",
        ("claims", "d", "size_gib"),
        {"relation": "more than"},
    ),
    (
        limits(claims(min={"storage": "3Gi"}), services={"db": STATEFUL}),
        "outside-claim-limits",
        ("services", "db", "storage", "d", "size_gib"),
        {"relation": "less than"},
    ),
    # Secrets.
    (secret("tls", stringData={"tls.crt": "x"}), "keys-of-secret-type", (*SECRET, "type"), {"keys": ["tls.key"]}),
    (secret("basic-auth"), "keys-of-secret-type", (*SECRET, "type"), {"keys": ["username", "password"]}),
    (secret("ssh-auth"), "keys-of-secret-type", (*SECRET, "type"), {}),
    (secret("dockerconfigjson"), "keys-of-secret-type", (*SECRET, "type"), {}),
    (secret("service-account-token"), "account-of-secret-token", (*SECRET, "type"), {}),
    (
        secret("dockerconfigjson", stringData={".dockerconfigjson": "no"}),
        "not-docker-config",
        (*SECRET, "string_data", ".dockerconfigjson"),
        {},
    ),
    (
        secret("dockercfg", data={".dockercfg": "W10="}),
        "not-docker-config",
        (*SECRET, "data", ".dockercfg"),
        {},
    ),
]


@pytest.mark.parametrize(("config", "code", "location", "params"), CASES)
def test_what_the_api_server_rejects_is_a_problem(config: Any, code: str, location: Any, params: Any) -> None:
    assert_problem(problems_of_stack(config), code, *location, **params)
    assert_fixes_work(problems_of_stack, config)


@pytest.mark.parametrize(
    "config",
    [
        stack(namespace={"name": "default", "existing": True}),
        # No pod of the stack is in these scopes.
        quota({"pods": "1"}, "BestEffort"),
        quota({"pods": "1"}, "Terminating"),
        quota({"requests.nvidia.com/gpu": "1", "count/widgets.example.com": "1", "hugepages-2Mi": "1Gi"}),
        quota({"services": "1", "configmaps": "1", "count/deployments.apps": "1", "secrets": "0"}),
        quota({"requests.storage": "4Gi"}, services={"db": STATEFUL}),
        limits(container(min={"cpu": "10m"}, max={"cpu": "1"}, maxLimitRequestRatio={"cpu": "100"})),
        limits(claims(max={"storage": "2Gi"}), claims={"d": {"sizeGib": 2}}),
        secret("tls", stringData={"tls.crt": "x"}, data={"tls.key": "eA=="}),
        secret("basic-auth", stringData={"password": "x"}),
        secret("dockerconfigjson", data={".dockerconfigjson": "e30="}),
        secret("service-account-token", annotations={"kubernetes.io/service-account.name": "web"}),
        stack(namespace={"name": "shop", "annotations": {"linkerd.io/inject": "enabled"}}),
    ],
)
def test_what_the_api_server_accepts_is_valid(config: Any) -> None:
    assert problems_of_stack(config) == []


def test_the_amount_outside_of_a_limit_range_is_shown() -> None:
    found = problems_of_stack(limits(container(min={"memory": "2Gi"}, max={"memory": "4Gi"})))
    assert_problem(found, "outside-limit-range", "services", "web", amount="256Mi")


def test_a_job_that_connects_to_a_service_that_waits_for_it_has_a_note() -> None:
    job = {"image": "registry.example.com/a:1", "before": ["web"], "allowTo": [{"service": "web"}]}
    web = {**WEB, "allowFrom": [{"service": "migrate"}]}
    plan = check_stack("dev", stack(jobs={"migrate": job}, services={"web": web}))
    found = [note for note in plan.notes if note.code.name == "job-connects-to-later-service"]
    assert [tuple(note.location) for note in found] == [("jobs", "migrate", "allow_to", 0)]


DNS = {"image": "registry.example.com/dns:1", "ports": {"dns": {"port": 53, "protocol": "UDP"}}}
ROUTE = {"host": "a.example.com", "target": {"service": "dns"}}
ALB: dict[str, Any] = {
    "kind": "application",
    "scope": "internet",
    "allowedSources": ["0.0.0.0/0"],
    "vpc": "vpc-0a1b2c3d4e5f60718",
    "subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"],
    "targets": {"dns": {"target": {"service": "dns"}}},
    "listeners": [{"port": 80, "protocol": "http", "target": "dns"}],
}


@pytest.mark.parametrize(
    ("parts", "location"),
    [
        ({"gateways": {"edge": {**EDGE, "routes": [ROUTE]}}}, ("gateways", "edge", "routes", 0, "target")),
        ({"awsLoadBalancers": {"front": ALB}}, ("aws_load_balancers", "front", "targets", "dns", "target")),
    ],
)
def test_requests_do_not_reach_ports_of_other_protocols(parts: Any, location: Any) -> None:
    found = problems_of_stack(stack(services={"dns": DNS}, **parts))
    assert_problem(found, "target-not-tcp", *location, protocol="UDP")


def test_an_ingress_controller_reads_no_annotations_of_a_load_balancer() -> None:
    exposure = {**EDGE["exposure"], "annotations": {"alb.ingress.kubernetes.io/scheme": "internal"}}
    found = problems_of_stack(stack(gateways={"edge": {"exposure": exposure}}))
    where = ("gateways", "edge", "exposure", "annotations", "alb.ingress.kubernetes.io/scheme")
    assert_problem(found, "annotation-of-other-object", *where)
