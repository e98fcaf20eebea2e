"""Raw annotations that open more than each of them says, or that have no effect without another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_portico.args.location import Key, Location
from pulumi_portico.ingress_gateway.controller_rules import annotation_exceptions
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS as MODULES
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.views.exceptions import exceptions_of

from tests.problems import assert_problem
from tests.unit.gateways import EXPOSED, HOST, SECURED, THERE, check_gateway, route

COMMUNITY = "nginx.ingress.kubernetes.io/"


def named(annotations: Mapping[str, str]) -> dict[str, str]:
    return {f"{COMMUNITY}{name}": value for name, value in annotations.items()}


def generic(annotations: Mapping[str, str], host: Any = HOST) -> Any:
    args = {**THERE, "controller": "generic", "namespace": "shop", "controller_peers": [], "tls": {}}
    routes = [route(host=host) if host else route()]
    return check_gateway({**args, "routes": routes, "annotations": named(annotations)})


def existing(annotations: Mapping[str, str], **fields: Any) -> Any:
    routes = [route(host=HOST, annotations=named(annotations), **fields)]
    return check_gateway({**THERE, "controller": "ingress-nginx", "controller_peers": [], "routes": routes})


@pytest.mark.parametrize(
    ("annotations", "code", "key"),
    [
        ({"cors-allow-origin": "*,https://a.example.com"}, "origins-besides-wildcard", "cors-allow-origin"),
        ({"cors-allow-origin": "https://a.example.com, null"}, "cors-null-origin", "cors-allow-origin"),
        ({"cors-allow-origin": "null"}, "cors-null-origin", "cors-allow-origin"),
        ({"cors-allow-origin": "*"}, "credentials-for-every-origin", "enable-cors"),
        ({}, "credentials-for-every-origin", "enable-cors"),
        ({"cors-allow-credentials": "true"}, "credentials-for-every-origin", "cors-allow-credentials"),
    ],
)
def test_raw_cors_gives_no_site_the_users_cookies(annotations: Any, code: str, key: str) -> None:
    """ingress-nginx allows every origin, with credentials, unless annotations say otherwise."""
    found = generic({"enable-cors": "true", **annotations})
    assert_problem(found, code, "annotations", f"{COMMUNITY}{key}")


def test_raw_cors_of_named_origins_is_accepted() -> None:
    assert generic({"enable-cors": "true", "cors-allow-origin": "https://a.example.com,https://b.example.com"}) == []
    assert generic({"enable-cors": "true", "cors-allow-credentials": "false"}) == []


HEADERS = {"origin": "Access-Control-Allow-Origin", "credentials": "access-control-allow-credentials"}


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize(
    ("headers", "fields", "code", "name"),
    [
        ({"origin": "*", "credentials": "true"}, {}, "credentials-for-every-origin", "credentials"),
        ({"origin": "null", "credentials": "true"}, {}, "credentials-for-every-origin", "credentials"),
        ({"origin": "https://a.example.com https://b.example.com"}, {}, "several-origins-in-header", "origin"),
        ({"origin": "*"}, {"cors": {"origins": ["https://a.example.com"]}}, "cors-header-besides-field", "origin"),
    ],
)
def test_cors_by_response_headers_gives_no_site_the_users_cookies(
    controller: str, headers: Any, fields: Any, code: str, name: str
) -> None:
    named_headers = {HEADERS[key]: value for key, value in headers.items()}
    routes = [route(host=HOST, response_headers=named_headers, **fields)]
    crds = {"crds": {"installed": True}} if controller == "f5-nginx" else {}
    found = check_gateway({**THERE, **crds, "controller": controller, "controller_peers": [], "routes": routes})
    assert_problem(found, code, "routes", 0, "response_headers", HEADERS[name])


@pytest.mark.parametrize("origin", ["*", "null"])
def test_a_response_header_for_every_origin_is_an_exception(origin: str) -> None:
    target = {"service": "web"}
    headers = {"Access-Control-Allow-Origin": origin}
    edge = {
        "upstream": {},
        "routes": [{"host": HOST, "target": target, "responseHeaders": headers}],
    }
    web = {"image": "registry.example.com/web:1.0", "port": 8080}
    plan = check_stack("dev", {"namespace": "shop", "services": {"web": web}, "gateways": {"edge": edge}})
    found = {exception.exception.location[-1] for exception in exceptions_of(plan, [])}
    assert "Access-Control-Allow-Origin" in found


@pytest.mark.parametrize(
    ("annotations", "key", "kind"),
    [
        ({"enable-cors": "true"}, "enable-cors", "cors-any-origin"),
        ({"enable-cors": "true", "cors-allow-origin": "*"}, "cors-allow-origin", "cors-any-origin"),
        ({"satisfy": "any"}, "satisfy", "any-authentication"),
        ({"auth-cache-key": "$http_authorization"}, "auth-cache-key", "cached-authentication"),
    ],
)
def test_what_raw_annotations_open_is_an_exception(annotations: Any, key: str, kind: str) -> None:
    found = list(annotation_exceptions(MODULES["generic"], named(annotations)))
    assert [(name, code.name) for name, code in found] == [(f"{COMMUNITY}{key}", kind)]


@pytest.mark.parametrize("value", ["$remote_user", "$host$request_uri", "$http_accept", "$remote_addr", "key"])
def test_a_cache_of_answers_has_the_credentials_in_its_key(value: str) -> None:
    annotations = {"auth-url": "https://auth.example.com/check", "auth-cache-key": value}
    key = f"{COMMUNITY}auth-cache-key"
    assert_problem(generic(annotations), "auth-cache-key-without-credentials", "annotations", key)
    found = existing(annotations)
    assert_problem(found, "auth-cache-key-without-credentials", "routes", 0, "annotations", key)


@pytest.mark.parametrize(
    "value", ["$remote_user$http_authorization", "$cookie_session", "$http_x_api_key", "$http_cookie"]
)
def test_a_key_with_credentials_is_accepted(value: str) -> None:
    assert existing({"auth-url": "https://auth.example.com/check", "auth-cache-key": value}) == []


@pytest.mark.parametrize(
    "value",
    [
        "https://$arg_x/check",
        "https://auth.$http_host/check",
        "http://auth$cookie_a",
        "http://auth$hostname/",
        "$arg_x/check",
        "https://$host$arg_x/",
        "https://auth:$arg_port/",
        "http://",
    ],
)
@pytest.mark.parametrize("name", ["auth-url", "auth-signin"])
def test_a_client_does_not_choose_the_host_of_a_url(name: str, value: str) -> None:
    at = ("routes", 0, "annotations", f"{COMMUNITY}{name}")
    found = existing({"auth-url": "https://auth.example.com/check", name: value})
    assert_problem(found, "variable-in-host-of-url", *at)


@pytest.mark.parametrize(
    "value",
    [
        "https://$host/oauth2/auth",
        "$scheme://$host/oauth2/auth?rd=$escaped_request_uri",
        "http://auth.$namespace.svc.cluster.local:8080/check?uri=$request_uri",
        "/internal/check",
    ],
)
def test_the_variables_that_a_client_does_not_choose_are_accepted(value: str) -> None:
    assert existing({"auth-url": value}) == []


def test_the_host_of_a_request_is_the_clients_choice_without_a_host() -> None:
    annotations = {"auth-url": "https://$host/oauth2/auth"}
    assert generic(annotations) == []
    key = f"{COMMUNITY}auth-url"
    assert_problem(generic(annotations, host=None), "client-chooses-host-of-url", "annotations", key, variable="$host")


@pytest.mark.parametrize("value", ["https://$arg_x/", "see http://a.$b.example.com/c"])
def test_the_host_of_an_unknown_url_has_no_variables(value: str) -> None:
    args = {**THERE, "controller": "generic", "namespace": "shop", "controller_peers": []}
    annotations = {"haproxy-ingress.github.io/auth-url": value}
    found = check_gateway({**args, "routes": [route(host=HOST)], "annotations": annotations})
    at = ("annotations", "haproxy-ingress.github.io/auth-url")
    assert_problem(found, "variable-in-host-of-unknown-url", *at)


def test_an_annotation_without_the_one_that_it_needs_is_rejected() -> None:
    raw = MODULES["ingress-nginx"].raw_annotations
    assert raw is not None
    for key, other in raw.needs.items():
        assert raw.knows(key), key
        assert raw.knows(other) or MODULES["ingress-nginx"].feature_of_annotation(other), other
    key = f"{COMMUNITY}auth-response-headers"
    found = existing({"auth-response-headers": "X-User"})
    assert_problem(found, "annotation-needs-another", "routes", 0, "annotations", key, other=f"{COMMUNITY}auth-url")


def test_a_field_stands_for_the_annotation_that_it_writes() -> None:
    annotations = {"session-cookie-domain": "example.com"}
    key = f"{COMMUNITY}session-cookie-domain"
    assert_problem(existing(annotations), "annotation-needs-another", "routes", 0, "annotations", key)
    args = {**THERE, "controller": "ingress-nginx", "controller_peers": [], "tls": SECURED}
    routes = [route(host=HOST, annotations=named(annotations), session_persistence={})]
    assert check_gateway({**args, "routes": routes}) == []


@pytest.mark.parametrize("name", ["auth-cache-duration", "auth-method", "mirror-request-body", "enable-global-auth"])
def test_what_needs_a_denied_annotation_has_no_effect_on_a_controller_of_porticos(name: str) -> None:
    value = {"mirror-request-body": "on", "auth-method": "GET", "auth-cache-duration": "200 5m"}.get(name, "true")
    routes = [route(host=HOST, annotations=named({name: value}))]
    found = check_gateway({"exposure": EXPOSED, "controller": "ingress-nginx", "routes": routes})
    codes = {"annotation-needs-another", "ingress-nginx-unconfigured-annotation"}
    at = Location(("routes", 0, "annotations", Key(f"{COMMUNITY}{name}")))
    assert [problem.location for problem in found if problem.code.name in codes] == [at]
