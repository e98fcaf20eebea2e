"""What a preview says that a change takes away, from the state and from what the program registers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_portico.args.problems import PorticoError
from pulumi_portico.lifecycle import consequences
from pulumi_portico.lifecycle.consequences import Comparison, findings_of
from pulumi_portico.lifecycle.deployed import Deployed
from pulumi_portico.lifecycle.hooks import delete_blocked
from pulumi_portico.lifecycle.replacement import Finding
from pulumi_portico.lifecycle.storage import reject_deleted_claims, reject_resize

GATEWAY, BALANCER = "portico:index:IngressGateway", "portico:index:PublicLoadBalancer"
APPS, CORE, NETWORKING = "kubernetes:apps/v1", "kubernetes:core/v1", "kubernetes:networking.k8s.io/v1"


def urn(types: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{types}::{name}"


def manifest(spec: Mapping[str, Any] | None = None, namespace: str | None = "shop", name: str = "x") -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"metadata": metadata, "spec": dict(spec or {})}


def compared(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    deployed = {key: Deployed(key, outputs) for key, outputs in before.items()}
    return findings_of(Comparison(deployed, after))


def codes(found: list[Finding]) -> list[str]:
    return [finding.code.name for finding in found]


FRONT = urn(f"{BALANCER}${CORE}:Service", "front-service")
ADDRESSED = {**manifest({"type": "LoadBalancer"}), "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}}
BALANCED = {urn(BALANCER, "front"): {}, urn(BALANCER, "fro"): {}, FRONT: ADDRESSED}


def test_a_removed_load_balancer_names_its_address() -> None:
    (found,) = compared(BALANCED, {})
    assert codes([found]) == ["entrance-removed"]
    assert found.params["subject"] == 'PublicLoadBalancer "front"'
    assert found.params["entrances"] == ["203.0.113.7"]


def test_a_load_balancer_in_another_namespace_names_its_address() -> None:
    (found,) = compared(BALANCED, {FRONT: manifest({"type": "LoadBalancer"}, "other")})
    assert codes([found]) == ["entrance-moves"]
    assert (found.params["before"], found.params["after"]) == ("shop", "other")


@pytest.mark.parametrize("namespace", ["shop", None])
def test_a_load_balancer_that_stays_is_no_finding(namespace: str | None) -> None:
    assert compared(BALANCED, {FRONT: manifest({"type": "LoadBalancer"}, namespace)}) == []


CLASS = urn(f"{GATEWAY}${NETWORKING}:IngressClass", "edge-class")
INGRESS = urn(f"{GATEWAY}${NETWORKING}:Ingress", "edge-a")
GATED: dict[str, dict[str, Any]] = {
    urn(GATEWAY, "edge"): {"class_name": "edge"},
    urn(f"{GATEWAY}${CORE}:Service", "edge-service"): ADDRESSED,
    INGRESS: manifest({"ingressClassName": "edge", "rules": [{"host": "a.example.com"}, {"host": "a.example.com"}]}),
    urn(f"{GATEWAY}${NETWORKING}:Ingress", "other"): manifest(
        {"ingressClassName": "other", "rules": [{"host": "b.example.com"}]}
    ),
    CLASS: manifest({"controller": "nginx.org/ingress-controller"}, namespace=None, name="edge"),
}


def test_a_removed_gateway_names_its_address_and_its_hosts() -> None:
    (found,) = compared(GATED, {})
    assert found.params["entrances"] == ["203.0.113.7", "a.example.com"]


def test_another_controller_names_the_hosts_of_its_class() -> None:
    after = {key: outputs for key, outputs in GATED.items() if key != CLASS}
    (found,) = compared(GATED, {**after, CLASS: manifest({"controller": "k8s.io/ingress-nginx"}, namespace=None)})
    assert codes([found]) == ["ingress-class-replaced"]
    assert found.params["entrances"] == ["a.example.com"]


SET = urn(f"portico:index:WebService${APPS}:StatefulSet", "db-stateful-set")


def database(namespace: str = "shop", retention: str = "Retain", **spec: Any) -> dict[str, Any]:
    template = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    return manifest(
        {
            "replicas": 2,
            "podManagementPolicy": "OrderedReady",
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": retention},
            "selector": {"matchLabels": {"app": "db"}},
            "volumeClaimTemplates": [template],
            **spec,
        },
        namespace,
        "db",
    )


NAMESPACE_URN, CLAIM = urn(f"{CORE}:Namespace", "shop"), urn(f"{CORE}:PersistentVolumeClaim", "shop-claim-data")


def owned(described: dict[str, Any]) -> dict[str, Any]:
    """An object that Portico has registered, outside of its components."""
    annotations = {"portico.dev/stack": "acme/shop/dev", **described["metadata"].get("annotations", {})}
    return {**described, "metadata": {**described["metadata"], "annotations": annotations}}


NAMESPACE = {NAMESPACE_URN: owned(manifest(namespace=None, name="shop"))}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({SET: database()}, {}, ["claims-left-behind"]),
        ({SET: database()}, {SET: database("other")}, ["claims-left-behind"]),
        ({SET: database(retention="Delete")}, {}, ["claims-deleted"]),
        ({SET: database(), **NAMESPACE}, {SET: database("other")}, ["claims-deleted"]),
        ({SET: database()}, {SET: database(podManagementPolicy="Parallel")}, ["pods-replaced-at-once"]),
        ({SET: database()}, {SET: database(selector={"matchLabels": {"app": "x"}})}, ["pods-replaced-at-once"]),
        (
            {SET: database(retention="Delete")},
            {SET: database(podManagementPolicy="Parallel")},
            ["claims-deleted-by-replacement", "pods-replaced-at-once"],
        ),
        ({SET: database()}, {SET: database(replicas=3)}, []),
        ({SET: database(volumeClaimTemplates=[])}, {}, []),
    ],
)
def test_a_stateful_set_names_what_becomes_of_its_claims(before: Any, after: Any, expected: list[str]) -> None:
    found = compared(before, after)
    assert codes(found) == expected
    for finding in found:
        assert "claims" not in finding.params or finding.params["claims"] == ["data-db-0", "data-db-1"]


def test_a_service_that_becomes_headless_is_reported() -> None:
    service = urn(f"portico:index:WebService${CORE}:Service", "web-service")
    assert codes(compared({service: manifest({"clusterIP": "10.0.0.1"})}, {service: manifest()})) == []
    (found,) = compared({service: manifest({"clusterIP": "10.0.0.1"})}, {service: manifest({"clusterIP": "None"})})
    assert codes([found]) == ["service-replaced"]
    assert found.params["host"] == "x.shop"


def test_another_size_is_rejected_with_the_steps() -> None:
    deployed = Deployed(SET, database())
    reject_resize("db", {"data": 1}, {"data": 1, "logs": 1}, deployed)
    with pytest.raises(PorticoError) as caught:
        reject_resize("db", {"data": 1}, {"data": 2}, deployed)
    text = str(caught.value)
    assert "data-db-0, data-db-1" in text
    assert "kubectl delete statefulset db --namespace shop --cascade=orphan" in text
    assert '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}' in text


def test_a_replacement_that_deletes_the_claims_is_rejected() -> None:
    old, new = {"pod_management": "Parallel"}, {"pod_management": "OrderedReady"}
    reject_deleted_claims(old, new, Deployed(SET, database()))
    reject_deleted_claims(old, old, Deployed(SET, database(retention="Delete")))
    with pytest.raises(PorticoError, match="data-db-0, data-db-1"):
        reject_deleted_claims(old, new, Deployed(SET, database(retention="Delete")))


def test_deletion_protection_names_the_field_to_set() -> None:
    found = delete_blocked('PublicLoadBalancer "front"')
    assert "`deletion_protection`" in found.text


CRON_JOB = urn("portico:index:Job$kubernetes:batch/v1:CronJob", "report-cron-job")
JOB = urn("portico:index:Job$kubernetes:batch/v1:Job", "migrate")


def test_runs_of_a_schedule_go_with_it() -> None:
    assert codes(compared({CRON_JOB: manifest()}, {})) == ["runs-deleted"]
    assert codes(compared({CRON_JOB: manifest()}, {CRON_JOB: manifest(namespace="other")})) == ["runs-deleted"]
    assert compared({CRON_JOB: manifest()}, {CRON_JOB: manifest()}) == []


def test_a_job_in_another_namespace_runs_again() -> None:
    (found,) = compared({JOB: manifest()}, {JOB: manifest(namespace="other")})
    assert (found.code.name, found.params["after"]) == ("job-runs-again", "other")
    assert compared({JOB: manifest()}, {}) == []
    assert compared({JOB: manifest()}, {JOB: manifest(namespace=None)}) == []


def claim(size: str = "2Gi", mode: str = "ReadWriteOnce", namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": size}}, "storageClassName": "fast"}
    described = owned(manifest(spec, namespace, "data"))
    return {**described, "metadata": {**described["metadata"], **metadata}}


GOES: dict[str, Any] = {"annotations": {"portico.dev/stack": "acme/shop/dev", "portico.dev/when-deleted": "Delete"}}
OF_MANIFESTS = urn(f"{CORE}:PersistentVolumeClaim", "shop-manifest/persistentvolumeclaim/data")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({CLAIM: claim()}, {}, ["claim-left-behind"]),
        ({CLAIM: claim(**GOES)}, {}, ["claim-deleted"]),
        ({OF_MANIFESTS: claim()}, {}, ["claim-deleted"]),
        ({CLAIM: claim()}, {CLAIM: claim(namespace="other")}, ["claim-left-behind"]),
        ({CLAIM: claim(), **NAMESPACE}, {CLAIM: claim(namespace="other")}, ["claim-deleted"]),
        ({CLAIM: claim()}, {CLAIM: claim("3Gi")}, []),
        ({CLAIM: claim()}, {CLAIM: claim("2048Mi")}, []),
        ({CLAIM: claim()}, {CLAIM: claim("1Gi")}, ["claim-frozen"]),
        ({CLAIM: claim()}, {CLAIM: claim(mode="ReadWriteMany")}, ["claim-frozen"]),
        ({CLAIM: claim()}, {CLAIM: manifest({"storageClassName": "slow"})}, ["claim-frozen"]),
        # Not set: the claim keeps the class that the cluster has chosen.
        ({CLAIM: claim()}, {CLAIM: manifest({"accessModes": ["ReadWriteOnce"]})}, []),
    ],
)
def test_a_claim_names_what_becomes_of_its_data(before: Any, after: Any, expected: list[str]) -> None:
    found = compared(before, after)
    assert codes(found) == expected
    assert all(finding.params["name"] == "shop/data" for finding in found)


WEB = urn(f"portico:index:WebService${CORE}:Service", "web-service")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({WEB: manifest()}, ["namespace-in-use"]),
        ({WEB: manifest(namespace="other")}, []),
        ({}, []),
        ({WEB: manifest(), NAMESPACE_URN: manifest(namespace=None, name="shop")}, []),
        # Another resource for the same namespace, by an alias.
        ({WEB: manifest(), urn(f"{CORE}:Namespace", "it"): manifest(namespace=None, name="shop")}, []),
    ],
)
def test_a_namespace_that_the_stack_still_uses_is_not_deleted(after: Any, expected: list[str]) -> None:
    found = compared({WEB: manifest(), **NAMESPACE}, after)
    assert codes(found) == expected
    assert all(finding.params["objects"] == ["web-service"] for finding in found)


def test_an_object_that_another_resource_takes_over_is_not_deleted() -> None:
    other = urn(f"{CORE}:PersistentVolumeClaim", "shop-manifest/persistentvolumeclaim/shop/data")
    deployed = {CLAIM: Deployed(CLAIM, claim())}
    (found,) = findings_of(Comparison(deployed, {other: claim()}, {other: claim()}))
    assert (found.code.name, found.params["before"], found.params["after"]) == ("object-deleted-by-move", CLAIM, other)
    # Without an ID, it's the same resource under an alias.
    assert "object-deleted-by-move" not in codes(findings_of(Comparison(deployed, {other: claim()})))


def test_each_object_is_compared_once_however_many_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    identity = consequences._identity

    def counted(name: str, new: Mapping[str, Any]) -> Any:
        calls.append(name)
        return identity(name, new)

    monkeypatch.setattr(consequences, "_identity", counted)
    gone = {urn(f"{GATEWAY}${CORE}:Service", f"old{each}"): manifest(name=f"old{each}") for each in range(50)}
    new = {urn(f"{GATEWAY}${CORE}:Service", f"new{each}"): manifest(name=f"new{each}") for each in range(50)}
    deployed = {key: Deployed(key, outputs) for key, outputs in gone.items()}
    findings_of(Comparison(deployed, new, new))
    assert len(calls) == len(new)


def test_what_the_program_registers_itself_is_no_finding() -> None:
    own = {
        urn(f"{CORE}:PersistentVolumeClaim", "mine"): manifest(name="mine"),
        NAMESPACE_URN: manifest(None, None, "x"),
    }
    assert compared({**own, urn(f"{CORE}:Service", "mine"): ADDRESSED}, {WEB: manifest(namespace="x")}) == []
