"""An annotation that another program reads is on an object where that program reads it, or is rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pulumi_portico.args.location import Key, Location
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.ingress_gateway.gateway_plan import plan_added_routes
from pulumi_portico.ingress_gateway.gateway_state import GatewayState
from pulumi_portico.ingress_gateway.validation import check_added_routes, parse_ingress_routes
from pulumi_portico.job.validation import parse_job
from pulumi_portico.lifecycle.annotation_readers import (
    INGRESS,
    LOAD_BALANCER,
    POD,
    READERS,
    SERVICE,
    SERVICE_ACCOUNT,
    SHARED_INGRESS,
    WORKLOAD,
    AnnotatedObject,
    AnnotationReader,
)
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.public_load_balancer.validation import parse_public_load_balancer

from tests.problems import assert_problem
from tests.unit.gateways import CONTROLLERS, EXPOSED, HOST, SECURED, check_gateway, route
from tests.unit.web_services import IMAGE, problems_with, web_service, workload

UNREAD = {"annotation-of-other-object", "annotation-of-unmanaged-object", "program-annotation-has-field"}
OF_CONTROLLER = {"annotation-of-another-controller", "load-balancer-annotation"}
"""What else reports an annotation that has no effect."""


def service(**fields: Any) -> list[Problem]:
    return problems_with({"image": IMAGE, "port": 8080, **fields})


def job(annotations: Any) -> list[Problem]:
    ensure_event_loop()
    problems = Problems("test")
    parse_job("migrate", {"image": IMAGE, "pod_annotations": annotations}, problems)
    return problems.found


def balancer(annotations: Any) -> list[Problem]:
    ensure_event_loop()
    problems = Problems("test")
    target = {"service": "api", "namespace": "shop", "port": 80, "target_port": 8080, "selector": {"a": "b"}}
    args = {"target": target, "exposure": {**EXPOSED, "annotations": annotations}}
    parse_public_load_balancer("front", args, problems)
    return problems.found


def added(annotations: Any) -> list[Problem]:
    ensure_event_loop()
    problems = Problems("test")
    gateway = {"class_name": "x", "namespace": "shop", "controller": "generic", "controller_peers": []}
    tls, routes = {HOST: {"issuer": "ca"}}, [route(host=HOST)]
    args = {"gateway": gateway, "tls": tls, "routes": routes, "annotations": annotations}
    spec = parse_ingress_routes("added", args, problems)
    problems.run(check_added_routes, plan_added_routes("added", spec, GatewayState()), (), frozenset[str]())
    return problems.found


def gateway_on(controller: str, **args: Any) -> list[Problem]:
    there = {"class_name": "x", "namespace": "shop", "install": False, "controller_peers": []}
    return check_gateway({**there, "controller": controller, **args})


HOLDERS: Mapping[str, tuple[AnnotatedObject, Callable[[Any], list[Problem]]]] = {
    "pods": (POD, lambda given: service(pod_annotations=given)),
    "pods of a controller": (
        POD,
        lambda given: check_gateway({"exposure": EXPOSED, "installation": {"pod_annotations": given}}),
    ),
    "extra": (POD, lambda given: service(extra={"metadata": {"annotations": given}})),
    "workload": (WORKLOAD, lambda given: service(workload_annotations=given)),
    "service": (SERVICE, lambda given: service(service={"annotations": given})),
    "further Service": (SERVICE, lambda given: service(additional_services={"direct": {"annotations": given}})),
    "pods of a job": (POD, job),
    "account": (SERVICE_ACCOUNT, lambda given: service(identity={"annotations": given})),
    "load balancer": (LOAD_BALANCER, balancer),
    "front door": (LOAD_BALANCER, lambda given: check_gateway({"exposure": {**EXPOSED, "annotations": given}})),
    "route of f5-nginx": (
        INGRESS,
        lambda given: gateway_on("f5-nginx", tls=SECURED, routes=[route(host=HOST, annotations=given)]),
    ),
    "route of ingress-nginx": (
        INGRESS,
        lambda given: gateway_on("ingress-nginx", tls=SECURED, routes=[route(host=HOST, annotations=given)]),
    ),
    "added routes of a generic class": (SHARED_INGRESS, added),
    "generic class": (
        SHARED_INGRESS,
        lambda given: gateway_on("generic", tls={HOST: {"issuer": "ca"}}, annotations=given, routes=[route(host=HOST)]),
    ),
}
"""Every field with raw annotations: the objects that have them, and how to set it."""


def keys() -> list[Any]:
    return [
        pytest.param(reader, start if start[-1].isalnum() else f"{start}x", id=start)
        for reader in READERS
        for start in reader.starts
    ]


def is_read(reader: AnnotationReader, key: str, annotated: AnnotatedObject) -> bool:
    has_field = annotated in (INGRESS, SHARED_INGRESS) and reader.field_for(key) is not None
    return reader.reads(annotated) and not has_field


@pytest.mark.parametrize(("reader", "key"), keys())
@pytest.mark.parametrize("holder", HOLDERS)
def test_an_annotation_is_accepted_exactly_where_its_program_reads_it(
    holder: str, reader: AnnotationReader, key: str
) -> None:
    annotated, problems = HOLDERS[holder]
    found = [problem for problem in problems({key: "true"}) if problem.location[-1] == key]
    codes = {problem.code.name for problem in found}
    if not is_read(reader, key, annotated):
        assert codes, "it's without effect, and accepted"
    else:
        assert not codes & UNREAD
    # Exactly one thing is wrong with it, so that one change fixes it.
    assert len(found) <= 1


def test_every_field_of_annotations_is_checked() -> None:
    """A field that is added must be in the table of holders."""
    from pulumi_portico.args.shapes import is_args, is_generic, shapes_of, take_apart
    from pulumi_portico.stack.parts import KINDS

    found: set[str] = set()

    def collect(typ: Any, seen: frozenset[Any]) -> None:
        if is_generic(typ, Mapping):
            collect(take_apart(typ.__args__[-1]).type, seen)
        elif hasattr(typ, "__args__"):
            for each in typ.__args__:
                collect(take_apart(each).type, seen)
        elif is_args(typ) and typ not in seen:
            for name, shape in shapes_of(typ).items():
                if name.endswith("annotations"):
                    found.add(f"{typ.__name__}.{name}")
                collect(shape.type, seen | {typ})

    for kind in KINDS:
        collect(kind.args_type, frozenset())
    assert found == {
        "AdditionalService.annotations",
        "DnsRecord.annotations",
        "Exposure.annotations",
        "HostTls.secret_annotations",
        "Identity.annotations",
        "IngressGatewayArgs.annotations",
        "IngressRoutesArgs.annotations",
        "Installation.pod_annotations",
        "JobArgs.pod_annotations",
        "Route.annotations",
        "ServiceSettings.annotations",
        "WebServiceArgs.pod_annotations",
        "WebServiceArgs.workload_annotations",
    }


def test_the_message_names_the_field_for_the_object() -> None:
    found = service(pod_annotations={"keel.sh/policy": "minor"})
    problem = assert_problem(found, "annotation-of-other-object", "pod_annotations", "keel.sh/policy", program="Keel")
    assert problem.params["fields"] == [("workload_annotations",)]


def test_an_annotation_of_an_object_without_a_field_is_rejected() -> None:
    found = service(workload_annotations={"autoscaling.keda.sh/paused": "true"})
    at = ("workload_annotations", "autoscaling.keda.sh/paused")
    assert_problem(found, "annotation-of-unmanaged-object", *at, program="KEDA")


CERTIFICATE_FIELDS = {
    "issuer": "issuer",
    "cluster-issuer": "cluster_issuer",
    "duration": "duration",
    "renew-before": "renew_before",
    "private-key-algorithm": "key_algorithm",
    "private-key-size": "key_size",
    "secret-template": "secret_labels",
}
DNS_FIELDS = {
    "target": "target",
    "ttl": "ttl",
    "set-identifier": "set_identifier",
    "aws-weight": "weight",
    "aws-region": "annotations",
    "cloudflare-proxied": "annotations",
}


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize(
    ("key", "group", "field"),
    [
        *((f"cert-manager.io/{key}", "tls", field) for key, field in CERTIFICATE_FIELDS.items()),
        *((f"external-dns.alpha.kubernetes.io/{key}", "dns_records", field) for key, field in DNS_FIELDS.items()),
        ("kubernetes.io/tls-acme", "tls", "cluster_issuer"),
        ("reflector.v1.k8s.emberstack.com/reflection-allowed", "tls", "secret_annotations"),
    ],
)
def test_the_field_of_the_host_is_named_on_a_route(controller: str, key: str, group: str, field: str) -> None:
    found = gateway_on(controller, tls=SECURED, routes=[route(host=HOST, annotations={key: "1"})])
    problem = assert_problem(found, "program-annotation-has-field", "routes", 0, "annotations", key)
    assert problem.params["field"] == Location((group, Key(HOST), field))


@pytest.mark.parametrize("controller", [*CONTROLLERS, "generic"])
@pytest.mark.parametrize("name", ["hostname", "internal-hostname"])
def test_a_name_that_leads_to_the_gateway_is_a_host_of_a_route(controller: str, name: str) -> None:
    key = f"external-dns.alpha.kubernetes.io/{name}"
    if controller == "generic":
        found = gateway_on(controller, annotations={key: "other.example.com"}, routes=[route(host=HOST)])
        assert_problem(found, "program-annotation-has-field", "annotations", key, field=("routes", "host"))
    else:
        found = gateway_on(controller, routes=[route(host=HOST, annotations={key: "other.example.com"})])
        at = ("routes", 0, "annotations", key)
        assert_problem(found, "program-annotation-has-field", *at, field=("routes", 0, "host"))


def test_cert_managers_other_annotations_need_an_issuer() -> None:
    key = "acme.cert-manager.io/http01-edit-in-place"
    routes = [route(host=HOST)]
    args: Any = {"annotations": {key: "true"}, "routes": routes}
    assert gateway_on("generic", tls={HOST: {"issuer": "ca"}}, **args) == []
    found = gateway_on("generic", tls=SECURED, **args)
    assert_problem(found, "annotation-without-issuer", "annotations", key)


def test_a_workload_has_its_annotations() -> None:
    recorded = web_service(workload_annotations={"keel.sh/policy": "minor"})
    assert workload(recorded)["metadata"]["annotations"]["keel.sh/policy"] == "minor"


def test_a_null_in_extra_removes_an_annotation() -> None:
    assert service(extra={"metadata": {"annotations": {"keel.sh/policy": None}}}) == []
