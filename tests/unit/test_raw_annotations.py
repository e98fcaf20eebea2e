"""Raw annotations: what each controller denies, by its own lists, is rejected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS
from pulumi_portico.ingress_gateway.raw_annotations import RawAnnotations

from tests.problems import assert_problem
from tests.unit.gateways import HOST, SECURED, gateway, problems_of_gateway, route
from tests.unit.readers import f5_nginx_values
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
            has_field = key in module.annotation_fields and key not in raw(name).accepted
            code = "annotation-has-field" if has_field else denial.code.name
            code = "annotation-written-by-field" if module.feature_of_annotation(key) else code
            found.append(pytest.param(name, key, code, id=f"{name} {key}"))
    return found


@pytest.mark.parametrize(("controller", "key", "code"), denied())
def test_an_annotation_that_the_controller_denies_is_rejected(controller: str, key: str, code: str) -> None:
    assert_problem(problems(controller, key), code, "routes", 0, "annotations", key)


@pytest.mark.parametrize("key", ["nginx.org/server-tokens", "nginx.org/keepalive"])
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


COMMUNITY = "nginx.ingress.kubernetes.io/"
PASSWORD: Any = {"basic_auth": {"secret": "users"}}


@pytest.mark.parametrize(
    ("controller", "key", "value", "field"),
    [
        ("ingress-nginx", f"{COMMUNITY}satisfy", "any", "basic_auth"),
        ("ingress-nginx", f"{COMMUNITY}satisfy", "all", "basic_auth"),
        ("ingress-nginx", f"{COMMUNITY}canary", "true", "target"),
        ("ingress-nginx", f"{COMMUNITY}canary-weight", "100", "target"),
        ("ingress-nginx", f"{COMMUNITY}canary-by-header", "X-Beta", "target"),
        ("ingress-nginx", f"{COMMUNITY}limit-allowlist", "0.0.0.0/0,::/0", "rate_limit"),
        ("ingress-nginx", f"{COMMUNITY}limit-whitelist", "0.0.0.0/1", "rate_limit"),
        ("ingress-nginx", f"{COMMUNITY}default-backend", "errors", "default_backend"),
        ("ingress-nginx", f"{COMMUNITY}from-to-www-redirect", "true", "host"),
        ("ingress-nginx", f"{COMMUNITY}ssl-ciphers", "ALL", "settings.ciphers"),
        ("f5-nginx", "nginx.org/limit-req-dry-run", "true", "rate_limit"),
        ("f5-nginx", "nginx.org/limit-req-scale", "true", "rate_limit"),
        ("f5-nginx", "nginx.org/limit-req-delay", "5", "rate_limit"),
    ],
)
def test_an_annotation_that_changes_what_a_field_sets_is_rejected(
    controller: str, key: str, value: str, field: str
) -> None:
    routes = [route(host=HOST, **PASSWORD, annotations={key: value})]
    found = problems_of_gateway(controller=controller, exposure=EXPOSURE, tls=SECURED, routes=routes)
    assert_problem(found, "annotation-changes-field", "routes", 0, "annotations", key, key=key, field=field)


@pytest.mark.parametrize("key", ["server-alias", "ssl-passthrough", "mirror-target"])
def test_what_adds_hosts_or_targets_is_rejected_on_a_controller_of_yours_too(key: str) -> None:
    args: Any = {"install": False, "class_name": "nginx", "namespace": "edge", "controller_peers": []}
    routes = [route(host=HOST, annotations={COMMUNITY + key: "true"})]
    found = problems_of_gateway(controller="ingress-nginx", routes=routes, **args)
    assert_problem(found, "annotation-changes-field", "routes", 0, "annotations", COMMUNITY + key)


def test_a_second_name_for_the_sources_is_rejected_if_the_field_is_set() -> None:
    key = f"{COMMUNITY}whitelist-source-range"
    args: Any = {"controller": "ingress-nginx", "tls": SECURED}
    annotations = {key: "203.0.113.0/24"}
    gateway("public", **args, routes=[route(host=HOST, annotations=annotations)])
    routes = [route(host=HOST, annotations=annotations, allowed_sources=["198.51.100.0/24"])]
    found = problems_of_gateway(**args, install=False, class_name="nginx", namespace="edge", routes=routes)
    assert_problem(found, "annotation-changes-field", "routes", 0, "annotations", key, field="allowed_sources")


HOSTILE = (
    "any'; } location /zz { return 200; } # \n x",
    "1;",
    "1}",
    "1 {",
    '1"',
    "1'",
    "1#",
    "1\\",
    "1`",
    "1\n",
    "1\r",
    "true\n",
    "on\t",
    "\x00",
    "",
)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_no_value_contains_configuration(controller: str) -> None:
    for key, annotation in raw(controller).accepted.items():
        for value in HOSTILE:
            assert annotation.rule(value) is not None, (key, value)


VALID = {
    "f5-nginx": {
        "proxy-buffers": "8 16k",
        "proxy-buffer-size": "16k",
        "proxy-next-upstream": "error timeout http_503",
        "proxy-redirect-from": "http://api.internal/",
        "proxy-redirect-to": "https://$host/",
        "fail-timeout": "1m30s",
        "max-conns": "32",
        "upstream-zone-size": "256k",
        "limit-req-log-level": "warn",
        "use-cluster-ip": "true",
    },
    "ingress-nginx": {
        "upstream-vhost": "$service_name.$namespace.svc.cluster.local",
        "proxy-cookie-path": "/app /",
        "proxy-next-upstream": "error http_502",
        "proxy-redirect-from": "http://api.internal/",
        "custom-http-errors": "404,503",
        "auth-tls-secret": "shop/ca",
        "auth-url": "https://auth.example.com/check",
        "auth-tls-verify-client": "on",
        "auth-response-headers": "X-User, X-Group",
        "auth-cache-duration": "200 202 10m, 401 5m",
        "x-forwarded-prefix": "/app/$1",
        "proxy-ssl-protocols": "TLSv1.2 TLSv1.3",
        "proxy-max-temp-file-size": "0",
        "service-upstream": "true",
    },
}


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_valid_values_are_accepted(controller: str) -> None:
    prefix = "nginx.org/" if controller == "f5-nginx" else COMMUNITY
    annotations = {prefix + name: value for name, value in VALID[controller].items()}
    gateway("public", controller=controller, tls=SECURED, routes=[route(host=HOST, annotations=annotations)])


SAMPLES = ("0", "1", "5", "32k", "1g", "true", "on", "off", "any", "30s", "8 16k", "/a", "/a /b", "https://a.example/b")


def test_a_rule_accepts_nothing_that_the_readers_reject() -> None:
    """The readers are written from the controllers' sources on their own."""
    for name, check in f5_nginx_values.KNOWN.items():
        annotation = raw("f5-nginx").accepted.get(f"nginx.org/{name}")
        for value in SAMPLES:
            if annotation is not None and annotation.rule(value) is None and not name.endswith("-services"):
                assert check(value, {"spec": {}}), (name, value)
    for name, (_, check_value) in KNOWN.items():
        annotation = raw("ingress-nginx").accepted[COMMUNITY + name]
        for value in SAMPLES:
            assert annotation.rule(value) is not None or check_value(value), (name, value)


@pytest.mark.parametrize("value", ["1g", "-1", "16kb", "0"])
def test_a_size_with_which_nginx_does_not_start_is_rejected(value: str) -> None:
    key = f"{COMMUNITY}proxy-buffer-size"
    routes = [route(host=HOST, annotations={key: value})]
    found = problems_of_gateway(controller="ingress-nginx", exposure=EXPOSURE, tls=SECURED, routes=routes)
    assert_problem(found, "invalid-annotation-value", "routes", 0, "annotations", key)


@pytest.mark.parametrize("value", ["a;b", "a\nb", "x" * 1_001])
def test_an_annotation_of_another_program_has_safe_text(value: str) -> None:
    routes = [route(host=HOST, annotations={"example.com/team": value})]
    found = problems_of_gateway(exposure=EXPOSURE, tls=SECURED, routes=routes)
    assert_problem(found, "unsafe-annotation-text", "routes", 0, "annotations", "example.com/team")


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("nginx.org/proxy-redirect-from", HOSTILE[0], "invalid-annotation-value"),
        (f"{COMMUNITY}rewrite-target", "/;}", "invalid-annotation-value"),
        (f"{COMMUNITY}canary", "true", "annotation-changes-field"),
        (f"{COMMUNITY}server-alias", "b.example.com", "annotation-changes-field"),
        ("example.com/a", "b{", "unsafe-annotation-text"),
        ("alb.ingress.kubernetes.io/tags", "a\x1b", "invalid-annotation-value"),
    ],
)
def test_the_annotations_of_a_gateway_are_checked_too(key: str, value: str, code: str) -> None:
    args: Any = {"controller": "generic", "class_name": "alb", "namespace": "shop", "controller_peers": []}
    found = problems_of_gateway(**args, routes=[route(host=HOST)], annotations={key: value})
    assert_problem(found, code, "annotations", key)


def test_the_aws_load_balancer_controller_reads_json() -> None:
    args: Any = {"controller": "generic", "class_name": "alb", "namespace": "shop", "controller_peers": []}
    annotations = {
        "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
        "alb.ingress.kubernetes.io/actions.redirect": '{\n  "type": "redirect"\n}\n',
    }
    gateway("public", **{**args, "install": None}, routes=[route(host=HOST)], annotations=annotations)


def test_a_value_that_is_known_later_is_checked_then() -> None:
    annotations = {"nginx.org/proxy-buffers": pulumi.Output.from_input(HOSTILE[0])}
    with pytest.raises(ArgumentError) as caught:
        gateway("public", tls=SECURED, routes=[route(host=HOST, annotations=annotations)])
    assert [problem.code.name for problem in caught.value.problems] == ["invalid-annotation-value"]


FROM, TO = "nginx.org/proxy-redirect-from", "nginx.org/proxy-redirect-to"


@pytest.mark.parametrize(
    ("annotations", "key"),
    [
        ({TO: "/b"}, TO),
        ({FROM: "/a"}, FROM),
        ({FROM: "off", TO: "/b"}, TO),
    ],
)
def test_f5_nginx_reads_both_sides_of_a_redirect_or_neither(annotations: dict[str, str], key: str) -> None:
    routes = [route(host=HOST, annotations=annotations)]
    found = problems_of_gateway(exposure=EXPOSURE, tls=SECURED, routes=routes)
    assert_problem(found, "f5-nginx-proxy-redirect-pair", "routes", 0, "annotations", key)


def test_f5_nginx_reads_off_alone() -> None:
    gateway("public", tls=SECURED, routes=[route(host=HOST, annotations={FROM: "off"})])
