"""Further Services of a WebService."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.views import view_of

from tests.problems import assert_fixes_work, assert_problem
from tests.unit.web_services import IMAGE, problems_with, web_service

WEB: dict[str, Any] = {"image": IMAGE, "port": 8080}
STATEFUL: dict[str, Any] = {"kind": "StatefulSet", "replicas": 3}
NAME = "app.kubernetes.io/name"


def services_of(**args: Any) -> dict[str, dict[str, Any]]:
    found = [manifest for manifest in web_service(**args).manifests() if manifest["kind"] == "Service"]
    return {manifest["metadata"]["name"]: manifest["spec"] for manifest in found}


def test_a_service_with_an_address_is_beside_a_headless_one() -> None:
    services = services_of(
        **STATEFUL,
        port=None,
        ports={"client": {"port": 2181}, "peer": {"port": 2888}},
        additional_services={"api-client": {"port_names": ["client"]}},
    )
    assert services["api"]["clusterIP"] == "None"
    assert "clusterIP" not in services["api-client"]
    assert services["api-client"]["selector"] == {NAME: "api"}
    assert [port["name"] for port in services["api-client"]["ports"]] == ["client"]


def test_each_pod_of_a_stateful_set_has_a_service() -> None:
    services = services_of(**STATEFUL, additional_services={"broker": {"per_pod": True, "publish_not_ready": True}})
    assert services.keys() == {"api", "broker-0", "broker-1", "broker-2"}
    pods = {name: spec["selector"].get("statefulset.kubernetes.io/pod-name") for name, spec in services.items()}
    assert pods == {"api": None, "broker-0": "api-0", "broker-1": "api-1", "broker-2": "api-2"}
    assert services["broker-1"]["publishNotReadyAddresses"] is True


def test_one_service_leads_to_several_workloads_by_their_labels() -> None:
    services = services_of(labels={"tier": "web"}, additional_services={"shop": {"selector": {"tier": "web"}}})
    assert services["shop"]["selector"] == {"tier": "web"}
    assert services["shop"]["ports"][0]["targetPort"] == "http", "other workloads can listen on other numbers"


PROBLEMS: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
    ({"additional_services": {"api": {}}}, "additional-service-name", ("additional_services", "api")),
    ({"additional_services": {"A": {}}}, "invalid-service-name", ("additional_services", "A")),
    (
        {"port": None, "ports": {}, "additional_services": {"a": {}}},
        "additional-service-without-ports",
        ("additional_services", "a"),
    ),
    (
        {"additional_services": {"a": {"port_names": ["htpp"]}}},
        "unknown-port-name",
        ("additional_services", "a", "port_names", 0),
    ),
    ({"additional_services": {"a": {"per_pod": True}}}, "not-per-pod", ("additional_services", "a", "per_pod")),
    (
        {**STATEFUL, "additional_services": {"a" * 62: {"per_pod": True}}},
        "per-pod-name-too-long",
        ("additional_services", "a" * 62),
    ),
    (
        {"additional_services": {"a": {"selector": {"tier": "web"}}}},
        "selector-without-own-pods",
        ("additional_services", "a", "selector", "tier"),
    ),
    (
        {**STATEFUL, "additional_services": {"a": {"per_pod": True, "selector": {NAME: "api"}}}},
        "mutually-exclusive",
        ("additional_services", "a", "selector"),
    ),
]


@pytest.mark.parametrize(("fields", "code", "location"), PROBLEMS)
def test_what_cannot_work_is_a_problem(fields: Any, code: str, location: Any) -> None:
    args = {**WEB, **fields}
    assert_problem(problems_with(args), code, *location)
    assert_fixes_work(problems_with, args)


def test_two_services_of_a_stack_cannot_have_one_name() -> None:
    web = {**WEB, "additionalServices": {"other": {}}}
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", {"namespace": "shop", "services": {"web": web, "other": WEB}})
    assert_problem(
        caught.value.problems,
        "same-further-service",
        "services",
        "web",
        "additional_services",
        "other",
        other=("services", "other"),
    )


def test_explain_lists_them() -> None:
    web = {**WEB, "additionalServices": {"front": {}}}
    view = view_of(check_stack("dev", {"namespace": "shop", "services": {"web": web}}))
    assert [(one.kind, one.name) for one in view.objects] == [("Service", "front")]
