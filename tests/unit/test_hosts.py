"""The DNS records of hosts: what `portico explain` prints, what a stack exports, and `hostnames` of load balancers."""

from typing import Any

import pytest
from pulumi_portico.args.problems import ArgumentError
from pulumi_portico.stack import build, check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import record

from tests.problems import assert_problem
from tests.unit.web_services import IMAGE

HOSTNAME = "external-dns.alpha.kubernetes.io/hostname"
EXPOSURE = {"scope": "internet", "platform": "gke", "allowedSources": ["0.0.0.0/0"]}
ROUTES = [{"host": host, "path": "/", "target": {"service": "web"}} for host in ("a.example.com", "b.example.com")]


def stack(exposure: Any = EXPOSURE, gateway: Any = None) -> dict[str, Any]:
    own = {"exposure": EXPOSURE, "routes": ROUTES, "dnsRecords": {"b.example.com": {"target": "192.0.2.1"}}}
    return {
        "namespace": "shop",
        "services": {"web": {"image": IMAGE, "port": 8080}},
        "gateways": {"edge": own if gateway is None else gateway},
        "loadBalancers": {"direct": {"target": {"service": "web"}, "exposure": exposure}},
    }


def test_hostnames_of_a_load_balancer_are_for_external_dns() -> None:
    names = {**EXPOSURE, "hostnames": ["c.example.com", "*.d.example.com"]}
    plan = check_stack("test", stack(names))
    (found,) = (component for component in objects_of(plan) if component.name == "direct")
    service = next(it.manifest for it in found.objects if it.manifest["kind"] == "Service")
    assert service["metadata"]["annotations"][HOSTNAME] == "c.example.com,*.d.example.com"
    records = {record.host: record.entries for record in view_of(plan).records}
    assert records["c.example.com"] == records["*.d.example.com"] == ("direct",)


@pytest.mark.parametrize("platform", ["aws-controller", "azure", "generic", "gke"])
def test_every_platform_has_hostnames(platform: str) -> None:
    exposure = {"scope": "internet", "platform": platform, "allowedSources": ["0.0.0.0/0"]}
    plan = check_stack("test", stack({**exposure, "hostnames": ["c.example.com"]}))
    assert "c.example.com" in {record.host for record in view_of(plan).records}


@pytest.mark.parametrize(
    ("changes", "code", "location"),
    [
        ({"hostnames": ["a b"]}, "invalid-object-name", ("hostnames", 0)),
        (
            {"hostnames": ["c.example.com"], "annotations": {HOSTNAME: "d.example.com"}},
            "annotation-of-field",
            ("annotations", HOSTNAME),
        ),
    ],
)
def test_invalid_hostnames_are_rejected(changes: Any, code: str, location: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        check_stack("test", stack({**EXPOSURE, **changes}))
    assert_problem(caught.value.problems, code, "load_balancers", "direct", "exposure", *location)


def test_the_view_has_a_record_for_each_host() -> None:
    records = {record.host: (record.entries, record.target) for record in view_of(check_stack("test", stack())).records}
    assert records == {"a.example.com": (("edge",), ""), "b.example.com": (("edge",), "192.0.2.1")}


def test_a_load_balancer_in_front_of_a_gateway_has_the_address_of_its_hosts() -> None:
    values = stack(gateway={"upstream": {}, "routes": ROUTES})
    values["loadBalancers"] = {"front": {"target": {"gateway": "edge"}, "exposure": EXPOSURE}}
    plan = check_stack("test", values)
    assert {record.entries for record in view_of(plan).records} == {("front",)}
    exports = record(lambda: build(plan)).exports
    assert set(exports["hosts"]) <= {"a.example.com", "b.example.com"}


def test_a_stack_exports_the_address_of_each_host() -> None:
    def outputs(registration: Any) -> dict[str, Any] | None:
        is_balancer = registration.name in ("edge-service", "direct-service")
        return {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}]}}} if is_balancer else None

    names = {**EXPOSURE, "hostnames": ["c.example.com"]}
    recorded = record(lambda: build(check_stack("test", stack(names))), outputs=outputs)
    assert recorded.exports["hosts"] == dict.fromkeys(("a.example.com", "b.example.com", "c.example.com"), "192.0.2.9")
