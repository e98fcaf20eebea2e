"""The settings of a host, its DNS records and its certificate, are where external-dns and cert-manager read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError, IngressGateway, IngressRoutes
from pulumi_portico.stack import check_stack
from pulumi_portico.testing import record

from tests.problems import assert_problem
from tests.unit.gateways import (
    CERTIFICATE,
    CONTROLLERS,
    HOST,
    KEY,
    OTHER,
    SECURED,
    THERE,
    check_gateway,
    gateway,
    ingresses,
    route,
)

DNS = "external-dns.alpha.kubernetes.io/"
CERT = "cert-manager.io/"
RECORD: Any = {"target": "lb.example.net", "ttl": 60, "set_identifier": "blue", "weight": 100}
ANNOTATIONS = {
    f"{DNS}target": "lb.example.net",
    f"{DNS}ttl": "60",
    f"{DNS}set-identifier": "blue",
    f"{DNS}aws-weight": "100",
}
ALL = (*CONTROLLERS, "generic")
ISSUED: Any = {
    "cluster_issuer": "letsencrypt",
    "key_algorithm": "ECDSA",
    "key_size": 384,
    "duration": 2160,
    "renew_before": 720,
    "secret_labels": {"team": "shop"},
    "secret_annotations": {"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"},
}


def there(controller: str, **args: Any) -> Any:
    base = {**THERE, "controller": controller, "namespace": "shop", "controller_peers": []}
    crds = {"crds": {"installed": True}} if controller == "f5-nginx" else {}
    return {**base, **crds, **args}


def hosts_of(ingress: Mapping[str, Any]) -> set[str]:
    return {rule.get("host", "") for rule in ingress["spec"]["rules"]}


def dns_of(ingress: Mapping[str, Any]) -> dict[str, str]:
    annotations = ingress["metadata"].get("annotations", {})
    return {key: value for key, value in annotations.items() if key.startswith(DNS)}


@pytest.mark.parametrize("tls", [{}, SECURED, {HOST: {"cluster_issuer": "letsencrypt"}}])
@pytest.mark.parametrize("controller", ALL)
def test_every_ingress_of_a_host_has_the_settings_of_its_dns_records(controller: str, tls: Any) -> None:
    routes = [route(host=HOST), route(host=HOST, path="/d", path_type="Exact")]
    if controller != "generic":
        routes += [route(host=HOST, path="/b", rewrite="/c"), route(host="other.example.com")]
    recorded = gateway(**there(controller, routes=routes, tls=tls, dns_records={HOST: RECORD}))
    found = ingresses(recorded)
    assert any(HOST in hosts_of(ingress) for ingress in found)
    for ingress in found:
        assert dns_of(ingress) == (ANNOTATIONS if HOST in hosts_of(ingress) else {})


@pytest.mark.parametrize("controller", ALL)
def test_settings_can_be_known_later_and_further_ones_can_be_annotations(controller: str) -> None:
    routing = {f"{DNS}aws-region": "eu-central-1", f"{DNS}alias": "true"}
    settings = {"ttl": pulumi.Output.from_input(30), "set_identifier": "eu", "annotations": routing}
    recorded = gateway(**there(controller, routes=[route(host=HOST)], dns_records={HOST: settings}))
    expected = {f"{DNS}ttl": "30", f"{DNS}set-identifier": "eu", **routing}
    assert all(dns_of(ingress) == expected for ingress in ingresses(recorded))


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_routes_that_are_added_to_a_host_have_the_settings_of_its_component(controller: str) -> None:
    def program() -> None:
        public = IngressGateway("public", there(controller, routes=[route(host=HOST)], dns_records={HOST: RECORD}))
        added: Any = [route(host=HOST, path="/more"), route(host="new.example.com")]
        own: Any = {"new.example.com": {"ttl": 30}}
        IngressRoutes("more", {"gateway": public.reference, "routes": added, "dns_records": own})
        again: Any = [route(host="new.example.com", path="/again")]
        IngressRoutes("again", {"gateway": public.reference, "routes": again})

    for ingress in ingresses(record(program)):
        assert dns_of(ingress) == (ANNOTATIONS if hosts_of(ingress) == {HOST} else {f"{DNS}ttl": "30"})


def test_only_the_component_that_adds_a_host_sets_its_records() -> None:
    found: list[Any] = []

    def program() -> None:
        public = IngressGateway("public", there("f5-nginx", routes=[route(host=HOST)]))
        routes: Any = [route(host=HOST, path="/more")]
        with pytest.raises(ArgumentError) as caught:
            IngressRoutes("more", {"gateway": public.reference, "routes": routes, "dns_records": {HOST: RECORD}})
        found[:] = caught.value.problems

    record(program)
    assert_problem(found, "dns-record-of-other-component", "dns_records", HOST, host=HOST)


def test_gateways_of_one_class_in_a_stack_share_the_records_of_a_host() -> None:
    target = {"service": "web"}
    common = {"install": False, "className": "nginx", "namespace": "edge", "controllerPeers": []}
    one = {**common, "routes": [{"host": HOST, "target": target}]}
    two = {**common, "routes": [{"host": HOST, "path": "/b", "target": target}], "dnsRecords": {HOST: {"ttl": 60}}}
    web = {"image": "registry.example.com/web:1.0", "port": 8080}
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", {"namespace": "shop", "services": {"web": web}, "gateways": {"one": one, "two": two}})
    at = ("gateways", "two", "dns_records", HOST)
    assert_problem(caught.value.problems, "dns-record-of-other-component", *at)


@pytest.mark.parametrize(
    ("record_of_host", "code", "field"),
    [
        ({"weight": 5}, "dns-weight-without-identifier", ("weight",)),
        ({"annotations": {f"{DNS}aws-region": "x"}}, "dns-weight-without-identifier", None),
        ({"set_identifier": "blue"}, "dns-identifier-without-policy", ("set_identifier",)),
        ({}, "empty-dns-record", ()),
        ({"annotations": {}}, "empty-dns-record", ()),
        ({"target": "http://x"}, "invalid-dns-target", ("target",)),
        ({"target": ""}, "invalid-dns-target", ("target",)),
        ({"set_identifier": "", "weight": 1}, "invalid-set-identifier", ("set_identifier",)),
        ({"set_identifier": "a\nb", "weight": 1}, "invalid-set-identifier", ("set_identifier",)),
        ({"annotations": {"example.com/a": "x"}}, "not-an-external-dns-annotation", None),
        ({"annotations": {f"{DNS}hostname": "x"}}, "dns-annotation-set-by-field", None),
        ({"annotations": {f"{DNS}ttl": "60"}}, "dns-annotation-set-by-field", None),
    ],
)
def test_invalid_settings_of_records_are_rejected(record_of_host: Any, code: str, field: Any) -> None:
    at = ("annotations", *record_of_host["annotations"]) if field is None else field
    found = check_gateway(there("f5-nginx", routes=[route(host=HOST)], dns_records={HOST: record_of_host}))
    assert_problem(found, code, "dns_records", HOST, *at)


def test_records_are_for_hosts_of_routes() -> None:
    found = check_gateway(there("f5-nginx", routes=[route(host=HOST)], dns_records={"b.example.com": RECORD}))
    assert_problem(found, "dns-record-of-unrouted-host", "dns_records", "b.example.com")


def test_f5_nginx_has_no_ingress_of_a_redirected_host() -> None:
    routes = [route(host=HOST, redirect={"host": "www.example.com"})]
    found = check_gateway(there("f5-nginx", routes=routes, dns_records={HOST: RECORD}))
    assert_problem(found, "f5-nginx-redirect-with-dns-record", "routes", 0, "redirect", host=HOST)


def test_the_hosts_of_a_generic_class_share_their_records() -> None:
    routes = [route(host=HOST), route(host="b.example.com")]
    found = check_gateway(there("generic", routes=routes, dns_records={HOST: RECORD}))
    assert_problem(found, "dns-records-of-shared-ingress", "dns_records")
    assert (
        check_gateway(there("generic", routes=routes, dns_records=dict.fromkeys((HOST, "b.example.com"), RECORD))) == []
    )


# Certificates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("controller", ["ingress-nginx", "generic"])
def test_cert_manager_reads_the_settings_on_the_ingress_with_the_certificate(controller: str) -> None:
    recorded = gateway(**there(controller, routes=[route(host=HOST)], tls={HOST: ISSUED}))
    for ingress in ingresses(recorded):
        annotations = ingress["metadata"]["annotations"]
        found = {key.removeprefix(CERT): value for key, value in annotations.items() if key.startswith(CERT)}
        template = json.loads(found.pop("secret-template", "{}"))
        if "tls" not in ingress["spec"]:
            assert (found, template) == ({}, {})
            continue
        assert found == {
            "cluster-issuer": "letsencrypt",
            "private-key-algorithm": "ECDSA",
            "private-key-size": "384",
            "duration": "2160h",
            "renew-before": "720h",
        }
        assert template == {"labels": ISSUED["secret_labels"], "annotations": ISSUED["secret_annotations"]}
    assert any("tls" in ingress["spec"] for ingress in ingresses(recorded))


def test_the_certificate_of_f5_nginx_has_the_settings() -> None:
    recorded = gateway(**there("f5-nginx", routes=[route(host=HOST)], tls={HOST: ISSUED}))
    (certificate,) = (found for found in recorded.manifests() if found["kind"] == "Certificate")
    spec = certificate["spec"]
    assert spec["privateKey"] == {"algorithm": "ECDSA", "size": 384}
    assert (spec["duration"], spec["renewBefore"]) == ("2160h", "720h")
    assert spec["secretTemplate"] == {"labels": ISSUED["secret_labels"], "annotations": ISSUED["secret_annotations"]}


@pytest.mark.parametrize("controller", ALL)
def test_labels_that_are_known_later_reach_the_secret(controller: str) -> None:
    labels = {"team": pulumi.Output.from_input("shop"), "tier": "edge"}
    tls = {HOST: {"issuer": "ca", "secret_labels": labels, "duration": pulumi.Output.from_input(24)}}
    recorded = gateway(**there(controller, routes=[route(host=HOST)], tls=tls))
    text = json.dumps(list(recorded.manifests()))
    assert "24h" in text
    assert '"team": "shop"' in text.replace('\\"', '"').replace('":"', '": "')


def test_a_secret_that_portico_creates_has_the_labels() -> None:
    tls = {HOST: {"certificate": CERTIFICATE, "key": KEY, "secret_labels": {"team": "shop"}}}
    recorded = gateway(**there("f5-nginx", routes=[route(host=HOST)], tls=tls))
    (secret,) = (found for found in recorded.manifests() if found["kind"] == "Secret")
    assert secret["metadata"]["labels"] == {"team": "shop"}


@pytest.mark.parametrize(
    ("entry", "code", "field"),
    [
        ({"secret": "a", "duration": 24}, "only-if-certificate-issued", "duration"),
        ({"secret": "a", "key_algorithm": "RSA"}, "only-if-certificate-issued", "key_algorithm"),
        ({"certificate": CERTIFICATE, "key": KEY, "key_size": 2048}, "only-if-certificate-issued", "key_size"),
        ({"secret": "a", "renew_before": 24}, "only-if-certificate-issued", "renew_before"),
        ({"secret": "a", "secret_labels": {"a": "b"}}, "only-if-secret-created", "secret_labels"),
        ({"secret": "a", "secret_annotations": {"a": "b"}}, "only-if-secret-created", "secret_annotations"),
        ({"issuer": "ca", "key_size": 256}, "invalid-key-size", "key_size"),
        ({"issuer": "ca", "key_algorithm": "ECDSA", "key_size": 2048}, "invalid-key-size", "key_size"),
        ({"issuer": "ca", "key_algorithm": "Ed25519", "key_size": 256}, "invalid-key-size", "key_size"),
        ({"issuer": "ca", "duration": 24, "renew_before": 24}, "certificate-renewed-too-early", "renew_before"),
        ({"issuer": "ca", "renew_before": 2160}, "certificate-renewed-too-early", "renew_before"),
    ],
)
def test_settings_without_effect_and_invalid_ones_are_rejected(entry: Any, code: str, field: str) -> None:
    found = check_gateway(there("ingress-nginx", routes=[route(host=HOST)], tls={HOST: entry}))
    assert_problem(found, code, "tls", HOST, field)


@pytest.mark.parametrize(
    "second", [{"secret": "b-tls"}, {"issuer": "other"}, {"issuer": "ca", "duration": 24}, {"cluster_issuer": "ca"}]
)
def test_the_hosts_of_a_generic_class_have_one_issuer(second: Any) -> None:
    """cert-manager would also issue the certificate of the host that has a Secret, and overwrite it."""
    routes = [route(host="a.example.com"), route(host="b.example.com", target=OTHER)]
    found = check_gateway(
        there("generic", routes=routes, tls={"a.example.com": {"issuer": "ca"}, "b.example.com": second})
    )
    assert_problem(found, "certificates-of-shared-ingress", "tls", "b.example.com", other="a.example.com")
    same = {"a.example.com": {"issuer": "ca"}, "b.example.com": {"issuer": "ca"}}
    assert check_gateway(there("generic", routes=routes, tls=same)) == []
