"""Raw annotations: what each controller denies, by its own lists, is rejected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS
from pulumi_portico.ingress_gateway.raw_annotations import RawAnnotations

from tests.problems import assert_problem
from tests.unit.gateways import HOST, gateway, problems_of_gateway, route
from tests.unit.readers.f5_nginx import _NOT_ON_A_MINION
from tests.unit.readers.ingress_nginx_values import KNOWN

EXPOSURE = {"scope": "internet", "platform": "gke", "allowed_sources": ["203.0.113.0/24"], "client_ip": "preserve"}


def raw(controller: str) -> RawAnnotations:
    known = CONTROLLERS[controller].raw_annotations
    assert known is not None
    return known


def problems(controller: str, key: str, **args: Any) -> Any:
    given: Mapping[str, Any] = args or {"exposure": EXPOSURE}
    return problems_of_gateway(controller=controller, routes=[route(host=HOST, annotations={key: "x"})], **given)


def denied() -> list[Any]:
    """Every annotation that a controller denies, and that no field writes."""
    found: list[Any] = []
    for name in ("f5-nginx", "ingress-nginx"):
        module = CONTROLLERS[name]
        for key, denial in sorted(raw(name).denied.items()):
            code = "annotation-written-by-field" if module.feature_of_annotation(key) else denial.code.name
            found.append(pytest.param(name, key, code, id=f"{name} {key}"))
    return found


@pytest.mark.parametrize(("controller", "key", "code"), denied())
def test_an_annotation_that_the_controller_denies_is_rejected(controller: str, key: str, code: str) -> None:
    assert_problem(problems(controller, key), code, "routes", 0, "annotations", key)


@pytest.mark.parametrize("key", ["nginx.org/hsts", "nginx.org/keepalive"])
def test_an_annotation_of_a_whole_host_has_no_effect_on_a_route(key: str) -> None:
    found = problems("f5-nginx", key)
    assert_problem(found, "f5-nginx-annotation-of-host", "routes", 0, "annotations", key, version="5.5.4")


@pytest.mark.parametrize("key", ["nginx.com/slow-start", "appprotect.f5.com/app-protect-enable"])
def test_an_annotation_of_nginx_plus_is_rejected(key: str) -> None:
    assert_problem(problems("f5-nginx", key), "f5-nginx-rejected-annotation", "routes", 0, "annotations", key)


@pytest.mark.parametrize("name", ["auth-url", "auth-signin", "server-alias", "upstream-hash-by", "mirror-target"])
def test_an_annotation_of_high_risk_is_rejected_where_portico_configures_the_controller(name: str) -> None:
    key = f"nginx.ingress.kubernetes.io/{name}"
    found = problems("ingress-nginx", key)
    assert_problem(found, "ingress-nginx-risky-annotation", "routes", 0, "annotations", key, risk="High")


def test_an_annotation_without_its_setting_is_rejected() -> None:
    key = "nginx.ingress.kubernetes.io/enable-opentelemetry"
    found = problems("ingress-nginx", key)
    assert_problem(found, "ingress-nginx-unconfigured-annotation", "routes", 0, "annotations", key)


@pytest.mark.parametrize(
    ("controller", "key"),
    [("f5-nginx", "nginx.org/proxy-bufers"), ("ingress-nginx", "nginx.ingress.kubernetes.io/enable-influxdb")],
)
def test_an_annotation_that_the_controller_does_not_know_is_rejected(controller: str, key: str) -> None:
    found = problems(controller, key)
    assert_problem(found, "annotation-unknown-to-controller", "routes", 0, "annotations", key)


def test_the_lists_agree_with_those_of_the_readers() -> None:
    """The readers are written from the controllers' sources on their own."""
    on_a_minion = {f"nginx.org/{name}" for name in _NOT_ON_A_MINION if not name.endswith("-snippets")}
    assert on_a_minion <= raw("f5-nginx").denied.keys()
    prefix = "nginx.ingress.kubernetes.io/"
    for name, (risk, _) in KNOWN.items():
        denial = raw("ingress-nginx").denied.get(prefix + name)
        assert raw("ingress-nginx").knows(prefix + name), name
        assert (risk == "High") == (denial is not None and denial.params.get("risk") == "High"), name


def test_a_list_is_of_the_version_that_is_installed() -> None:
    for name in ("f5-nginx", "ingress-nginx"):
        installer = CONTROLLERS[name].installer
        assert installer is not None
        assert raw(name).version == installer.version


def test_an_annotation_of_high_risk_is_the_users_own_where_portico_does_not_configure_the_controller() -> None:
    annotations = {"nginx.ingress.kubernetes.io/auth-url": "https://auth.example.com/check"}
    args: Any = {"install": False, "class_name": "nginx", "namespace": "edge", "controller_peers": []}
    gateway("public", controller="ingress-nginx", routes=[route(host=HOST, annotations=annotations)], **args)
