"""One case for every rule by which a route is rejected: the code, the location, and that the fix works."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError, IngressGateway, IngressRoutes
from pulumi_portico.args.location import KeyStyle
from pulumi_portico.args.problems import Problem, Problems, Remove, Set
from pulumi_portico.ingress_gateway.controllers import all_modules
from pulumi_portico.ingress_gateway.validation import parse_ingress_gateway, parse_ingress_routes
from pulumi_portico.testing import record

from tests.problems import assert_fixes_work, assert_problem
from tests.unit.gateways import (
    CERTIFICATE,
    EXPOSED,
    HOST,
    KEY,
    SECURED,
    TARGET,
    THERE,
    check_gateway,
    problems_of_gateway,
    problems_of_routes,
    route,
)

F5: Any = {**THERE, "crds": {"installed": True}, "controller_peers": []}
IN: Any = {**THERE, "controller": "ingress-nginx"}
GENERIC: Any = {"controller": "generic", "class_name": "alb", "namespace": "shop"}
CORS: Any = {"origins": ["https://a.example.com"]}
LATER = pulumi.Output.from_input

NO_PORT = {key: value for key, value in TARGET.items() if key not in ("port", "target_port")}
NAMED_PORT = {**NO_PORT, "port_name": "http", "selector": {"app": "a"}}

NONE: Any = object()
"""In place of the value of a fix where there is none."""


def assert_rejected(args: Any, code: str, *location: Any, **params: Any) -> Problem:
    """The problem that a gateway reports, and that the fixes of all of its problems work."""
    problem = assert_problem(problems_of_gateway(**args), code, *location, **params)
    assert_fixes_work(check_gateway, args)
    return problem


# The fields of a route, the code, the location below the route, and what the fix sets: NONE for no edit.
ROUTES: Sequence[tuple[dict[str, Any], str, tuple[Any, ...], Any]] = [
    # Texts, and what none of them accepts.
    ({"host": "Shop.example.com"}, "invalid-host-name", ("host",), "shop.example.com"),
    ({"host": "https://shop.example.com/a"}, "invalid-host-name", ("host",), "shop.example.com"),
    ({"host": "shop.*.example.com"}, "misplaced-wildcard", ("host",), NONE),
    ({"host": "*"}, "wildcard-alone", ("host",), NONE),
    ({"host": "*.com"}, "wildcard-too-wide", ("host",), NONE),
    ({"host": "10.0.0.1"}, "host-is-address", ("host",), NONE),
    ({"host": "a.example.com;"}, "invalid-host-name", ("host",), NONE),
    ({"host": LATER("a.example.com")}, "not-plain", ("host",), NONE),
    ({"path": "api"}, "invalid-route-path", ("path",), "/api"),
    ({"path": "/a b"}, "invalid-route-path", ("path",), NONE),
    ({"path": '/a"; return 200; #'}, "invalid-route-path", ("path",), NONE),
    ({"path": "/a$uri"}, "path-is-pattern", ("path",), NONE),
    ({"path": "/a{1}"}, "invalid-route-path", ("path",), NONE),
    ({"path": "/a\nb"}, "invalid-route-path", ("path",), NONE),
    ({"path": "/a(/|$)(.*)"}, "path-is-pattern", ("path",), NONE),
    ({"path": "/%61"}, "path-is-encoded", ("path",), "/a"),
    ({"path": "/%zz"}, "path-is-encoded", ("path",), NONE),
    ({"path": "/a//b"}, "path-not-normalized", ("path",), "/a/b"),
    ({"path": "/a/../b"}, "path-not-normalized", ("path",), "/b"),
    ({"path": "/" + "a" * 600}, "invalid-route-path", ("path",), NONE),
    ({"path": "/variants"}, "path-rejected-by-controllers", ("path",), NONE),
    ({"path": "/etc/passwd"}, "path-rejected-by-controllers", ("path",), NONE),
    ({"path_type": "prefix"}, "not-a-choice", ("path_type",), "Prefix"),
    ({"rewrite": "new"}, "invalid-rewrite-path", ("rewrite",), "/new"),
    ({"rewrite": "/$1"}, "invalid-rewrite-path", ("rewrite",), NONE),
    ({"path": "/", "app_root": "/a/"}, "invalid-app-root", ("app_root",), "/a"),
    ({"path": "/", "app_root": "/"}, "invalid-app-root", ("app_root",), NONE),
    ({"app_root": "/x", "path": "/a"}, "app-root-without-root-path", ("app_root",), Remove),
    ({"timeouts": {"connect": 76}}, "out-of-range", ("timeouts", "connect"), 75),
    ({"timeouts": {"read": 0}}, "too-small", ("timeouts", "read"), 1),
    ({"timeouts": {"send": -1}}, "too-small", ("timeouts", "send"), 1),
    ({"body_size": -1}, "out-of-range", ("body_size",), 0),
    ({"allowed_sources": ["10.0.0.1"]}, "cidr-without-length", ("allowed_sources", 0), "10.0.0.1/32"),
    ({"allowed_sources": []}, "empty", ("allowed_sources",), NONE),
    ({"denied_sources": ["10.0.0.1/8"]}, "cidr-with-host-bits", ("denied_sources", 0), "10.0.0.0/8"),
    ({"request_headers": {"X Y": "1"}}, "invalid-header-name", ("request_headers", "X Y"), "X-Y"),
    ({"request_headers": {"Host": "a"}}, "reserved-request-header", ("request_headers", "Host"), Remove),
    (
        {"request_headers": {"X-Forwarded-For": "a", "X-A": "b"}},
        "reserved-request-header",
        ("request_headers", "X-Forwarded-For"),
        Remove,
    ),
    ({"request_headers": {"X-A": "$host"}}, "invalid-header-value", ("request_headers", "X-A"), NONE),
    ({"response_headers": {"X-A": 'a"; b'}}, "invalid-header-value", ("response_headers", "X-A"), NONE),
    ({"response_headers": {"X-A": "a\r\nSet-Cookie: b"}}, "invalid-header-value", ("response_headers", "X-A"), NONE),
    ({"response_headers": {}}, "empty", ("response_headers",), NONE),
    ({"cors": {"origins": ["shop.example.com"]}}, "invalid-origin", ("cors", "origins", 0), "https://shop.example.com"),
    (
        {"cors": {"origins": ["https://a.example.com/"]}},
        "invalid-origin",
        ("cors", "origins", 0),
        "https://a.example.com",
    ),
    ({"cors": {"origins": []}}, "empty", ("cors", "origins"), NONE),
    ({"cors": {"origins": ["*", "https://a.com"]}}, "origins-besides-wildcard", ("cors", "origins"), ["*"]),
    (
        {"cors": {"origins": ["*"], "credentials": True}},
        "credentials-for-every-origin",
        ("cors", "credentials"),
        Remove,
    ),
    ({"cors": {**CORS, "methods": ["get"]}}, "invalid-http-method", ("cors", "methods", 0), "GET"),
    ({"cors": {**CORS, "headers": ["a b"]}}, "invalid-header-name", ("cors", "headers", 0), "a-b"),
    ({"cors": {**CORS, "expose_headers": ["a;"]}}, "invalid-header-name", ("cors", "expose_headers", 0), "a"),
    ({"cors": {**CORS, "max_age": -1}}, "too-small", ("cors", "max_age"), 0),
    ({"session_persistence": {"cookie": "a b"}}, "invalid-cookie-name", ("session_persistence", "cookie"), NONE),
    ({"session_persistence": {"max_age": 0}}, "too-small", ("session_persistence", "max_age"), 1),
    ({"session_persistence": {"path": "a"}}, "invalid-route-path", ("session_persistence", "path"), "/a"),
    (
        {"session_persistence": {"secure": True}},
        "secure-cookie-without-tls",
        ("session_persistence", "secure"),
        Remove,
    ),
    (
        {"session_persistence": {"secure": True, "same_site": "None"}},
        "secure-cookie-without-tls",
        ("session_persistence", "secure"),
        Remove,
    ),
    (
        {"session_persistence": {"same_site": "None"}},
        "same-site-none-without-secure",
        ("session_persistence", "same_site"),
        Remove,
    ),
    ({"session_affinity": {}}, "renamed-argument", ("session_affinity",), None),
    ({"rate_limit": {}}, "empty-rate-limit", ("rate_limit",), Remove),
    ({"rate_limit": {"requests": 0}}, "too-small", ("rate_limit", "requests"), 1),
    (
        {"rate_limit": {"connections": 1, "burst": 5}},
        "rate-limit-without-requests",
        ("rate_limit", "burst"),
        Remove,
    ),
    (
        {"rate_limit": {"connections": 1, "per": "minute"}},
        "rate-limit-without-requests",
        ("rate_limit", "per"),
        Remove,
    ),
    ({"rate_limit": {"requests": 10, "burst": 5}}, "burst-below-rate", ("rate_limit", "burst"), Remove),
    ({"basic_auth": {}}, "basic-auth-without-users", ("basic_auth",), NONE),
    (
        {"basic_auth": {"users": {"a": "$6$x$y"}, "secret": "s"}},
        "mutually-exclusive",
        ("basic_auth", "secret"),
        Remove,
    ),
    ({"basic_auth": {"users": {"a": "geheim"}}}, "invalid-password-hash", ("basic_auth", "users", "a"), NONE),
    ({"basic_auth": {"users": {"a:b": "$6$x$y"}}}, "invalid-user-name", ("basic_auth", "users", "a:b"), NONE),
    ({"basic_auth": {"secret": "s", "realm": 'a"b'}}, "invalid-realm", ("basic_auth", "realm"), NONE),
    ({"basic_auth": {"secret": "s"}}, "host-without-tls", ("basic_auth",), NONE),
    ({"protocol": "GRPC"}, "host-without-tls", ("protocol",), NONE),
    ({"protocol": "GRPC", "websocket": True}, "websocket-with-grpc", ("websocket",), Remove),
    (
        {"protocol": "HTTPS", "backend_tls": {"ca_certificate": "x"}},
        "invalid-pem-certificate",
        ("backend_tls", "ca_certificate"),
        NONE,
    ),
    ({"backend_tls": {"ca_certificate": CERTIFICATE}}, "backend-tls-without-tls", ("backend_tls",), "HTTPS"),
    (
        {"protocol": "HTTPS", "backend_tls": {"ca_certificate": CERTIFICATE, "server_name": "*.a.b"}},
        "invalid-server-name",
        ("backend_tls", "server_name"),
        NONE,
    ),
    # Where requests go.
    ({"target": None}, "route-without-target", ("target",), NONE),
    ({"target": {"service": "a", "namespace": "b"}}, "route-target-without-port", ("target", "port_name"), NONE),
    ({"target": {**TARGET, "port_name": "http"}}, "mutually-exclusive", ("target", "port_name"), Remove),
    ({"target": {"service": "A", "namespace": "b", "port": 1}}, "invalid-service-name", ("target", "service"), "a"),
    # Annotations.
    (
        {"annotations": {"nginx.org/location-snippets": "x", "a": "b"}},
        "snippet-annotation",
        ("annotations", "nginx.org/location-snippets"),
        Remove,
    ),
    (
        {"annotations": {"nginx.org/client-max-body-size": "1m", "a": "b"}},
        "annotation-written-by-field",
        ("annotations", "nginx.org/client-max-body-size"),
        {"body_size": 1},
    ),
    (
        {"annotations": {"nginx.org/mergeable-ingress-type": "master", "a": "b"}},
        "annotation-written-by-field",
        ("annotations", "nginx.org/mergeable-ingress-type"),
        Remove,
    ),
    (
        {"annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "1m", "a": "b"}},
        "annotation-has-field",
        ("annotations", "nginx.ingress.kubernetes.io/proxy-body-size"),
        {"body_size": 1},
    ),
    (
        {"annotations": {"nginx.ingress.kubernetes.io/auth-keepalive": "1", "a": "b"}},
        "annotation-of-another-controller",
        ("annotations", "nginx.ingress.kubernetes.io/auth-keepalive"),
        Remove,
    ),
    (
        {"annotations": {"pulumi.com/skipAwait": "true"}},
        "reserved-annotation",
        ("annotations", "pulumi.com/skipAwait"),
        NONE,
    ),
]


def assert_fix(problem: Problem, fix: Any) -> None:
    """That a problem has this fix: no edit, an edit that removes, or one that sets a value or renames a key to it.

    For a mapping, the fix sets these fields and removes the value.
    """
    if fix is NONE:
        assert problem.edits == ()
    elif fix is Remove:
        assert problem.edits
        assert all(isinstance(edit, Remove) for edit in problem.edits)
    elif isinstance(fix, dict):
        *sets, removal = problem.edits
        assert isinstance(removal, Remove)
        assert {edit.location[-1]: edit.value for edit in sets if isinstance(edit, Set)} == fix
    elif fix is not None:
        (edit,) = problem.edits
        assert (edit.value if isinstance(edit, Set) else getattr(edit, "to", "?")[-1]) == fix


@pytest.mark.parametrize(("fields", "code", "location", "fix"), ROUTES)
def test_a_route_is_rejected(fields: dict[str, Any], code: str, location: tuple[Any, ...], fix: Any) -> None:
    args: Any = {**F5, "routes": [{**route(host="a.example.com"), **fields}]}
    assert_fix(assert_rejected(args, code, "routes", 0, *location), fix)


def test_every_problem_of_a_route_is_reported_at_once() -> None:
    """No rule hides what another one would report."""
    bad = {
        **route(host="a.example.com", path="/a b", app_root="/x/", protocol="GRPC", websocket=True, body_size=-1),
        "load_balancing": "fastest",
        "rate_limit": {"burst": 5},
        "annotations": {"nginx.org/server-snippets": "x"},
    }
    found = problems_of_gateway(**F5, routes=[bad, route(host="*.example.com"), route(host="*.example.com")])
    assert {(problem.code.name, *problem.location[1:3]) for problem in found} == {
        ("invalid-route-path", 0, "path"),
        ("invalid-app-root", 0, "app_root"),
        ("out-of-range", 0, "body_size"),
        ("websocket-with-grpc", 0, "websocket"),
        ("empty-rate-limit", 0, "rate_limit"),
        ("rate-limit-without-requests", 0, "rate_limit"),
        ("duplicate-route", 2),
        ("wildcard-matches-several-labels", 1, "host"),
        ("wildcard-matches-several-labels", 2, "host"),
    }
    # What a route requests of its controller, and its host's TLS, are known only for a route whose path is valid.
    found = problems_of_gateway(**F5, routes=[{**bad, "path": "/a"}])
    assert {problem.code.name for problem in found} >= {
        "invalid-app-root",
        "host-without-tls",
        "unsupported-by-controller",
        "snippet-annotation",
        "empty-rate-limit",
    }


@pytest.mark.parametrize(
    ("redirect", "code", "location", "fix"),
    [
        ({}, "empty-redirect", (), NONE),
        ({"scheme": "https"}, "empty-redirect", (), NONE),
        ({"scheme": "ftp", "host": "b.example.com"}, "not-a-choice", ("scheme",), NONE),
        ({"host": "b.example.com", "code": 303}, "invalid-redirect-code", ("code",), NONE),
        ({"host": "*.example.com"}, "invalid-server-name", ("host",), NONE),
        ({"path": "x"}, "invalid-redirect-path", ("path",), "/x"),
        ({"path": "/$request_uri"}, "invalid-redirect-path", ("path",), NONE),
        ({"path": "/x"}, "redirect-loop", (), NONE),
        ({"host": "a.example.com"}, "redirect-loop", (), NONE),
    ],
)
def test_a_redirect_is_rejected(redirect: dict[str, Any], code: str, location: tuple[Any, ...], fix: Any) -> None:
    args: Any = {**F5, "routes": [{"host": "a.example.com", "redirect": redirect}]}
    problem = assert_problem(problems_of_gateway(**args), code, "routes", 0, "redirect", *location)
    assert_fix(problem, fix)


FOR_TARGETS: Mapping[str, Any] = {
    "rewrite": "/b",
    "timeouts": {"read": 1},
    "body_size": 1,
    "buffering": {"responses": True},
    "websocket": True,
    "protocol": "HTTPS",
    "session_persistence": {},
    "load_balancing": "round-robin",
    "request_headers": {"X-A": "b"},
    "response_headers": {"X-A": "b"},
    "cors": CORS,
    "basic_auth": {"secret": "s"},
    "rate_limit": {"requests": 1},
    "allowed_sources": ["10.0.0.0/8"],
    "denied_sources": ["10.0.0.0/8"],
}


@pytest.mark.parametrize("field", FOR_TARGETS)
def test_a_redirect_has_no_settings_of_targets(field: str) -> None:
    redirects = {"host": HOST, "redirect": {"host": "b.example.com"}, field: FOR_TARGETS[field]}
    problem = assert_rejected({**F5, "tls": SECURED, "routes": [redirects]}, "only-with-target", "routes", 0, field)
    assert_fix(problem, Remove)


def test_a_redirect_has_no_target() -> None:
    both = {"host": "a.example.com", "redirect": {"host": "b.example.com"}, "target": TARGET}
    problem = assert_rejected({**F5, "routes": [both]}, "mutually-exclusive", "routes", 0, "redirect")
    assert_fix(problem, Remove)


@pytest.mark.parametrize(
    ("args", "code", "location", "fix"),
    [
        (
            {"tls": {HOST: {"tls_terminated_upstream": True}}},
            "forwarded-from-missing",
            ("settings", "forwarded_from"),
            NONE,
        ),
        ({"annotations": {"a": "b"}}, "annotations-without-shared-ingress", ("annotations",), Remove),
        ({"response_headers": ["a b"]}, "invalid-header-name", ("response_headers", 0), "a-b"),
    ],
)
def test_what_an_installed_gateway_says_of_routes_is_rejected(
    args: Any, code: str, location: tuple[Any, ...], fix: Any
) -> None:
    assert_fix(assert_rejected({"exposure": EXPOSED, **args}, code, *location), fix)


@pytest.mark.parametrize(
    ("args", "code", "location", "fix"),
    [
        (
            {"routes": [{"target": {**TARGET, "selector": {"app": "a"}}, "host": HOST}]},
            "controller-peers-missing",
            ("controller_peers",),
            NONE,
        ),
        (
            {"default_backend": {**TARGET, "selector": {"app": "a"}}},
            "controller-peers-missing",
            ("controller_peers",),
            NONE,
        ),
        ({"default_backend": NO_PORT}, "route-target-without-port", ("default_backend", "port_name"), NONE),
        # NetworkPolicies.
        *(
            ({**args, "controller_peers": peers}, "target-without-pod-port", (*at, "target_port"), NONE)
            for args, at in (
                ({"routes": [{"target": NAMED_PORT, "host": HOST}]}, ("routes", 0, "target")),
                ({"default_backend": NAMED_PORT}, ("default_backend",)),
            )
            for peers in ([], [{"namespace": "edge"}])
        ),
        (
            {"controller_peers": [{"namespace": "edge", "ports": [80], "protocol": "TCP"}]},
            "ports-not-chosen-by-peer",
            ("controller_peers", 0, "ports"),
            Remove,
        ),
        # Certificates.
        ({"tls": {HOST: {}}}, "tls-without-certificate", ("tls", HOST), NONE),
        ({"tls": {HOST: {"redirect": True}}}, "tls-without-certificate", ("tls", HOST), NONE),
        ({"tls": {HOST: {"secret": "a", "issuer": "b"}}}, "mutually-exclusive", ("tls", HOST, "issuer"), Remove),
        (
            {"tls": {HOST: {"secret": "a", "certificate": CERTIFICATE, "key": KEY}}},
            "mutually-exclusive",
            ("tls", HOST, "certificate"),
            Remove,
        ),
        ({"tls": {HOST: {"certificate": CERTIFICATE}}}, "missing", ("tls", HOST, "key"), NONE),
        ({"tls": {HOST: {"key": KEY}}}, "missing", ("tls", HOST, "certificate"), NONE),
        (
            {"tls": {HOST: {"certificate": "x", "key": KEY}}},
            "invalid-pem-certificate",
            ("tls", HOST, "certificate"),
            NONE,
        ),
        (
            {"tls": {HOST: {"certificate": CERTIFICATE, "key": "x"}}},
            "invalid-pem-private-key",
            ("tls", HOST, "key"),
            NONE,
        ),
        ({"tls": {"A": {"secret": "a"}}}, "invalid-host-name", ("tls", "A"), "a"),
        ({"tls": {"*.a.com": {"issuer": "x"}}}, "issuer-for-unrouted-wildcard", ("tls", "*.a.com", "issuer"), NONE),
        ({"tls": {HOST: {"ends_before": True}}}, "renamed-argument", ("tls", HOST, "ends_before"), None),
        (
            {"https_redirect": True, "routes": [route(host=HOST)]},
            "https-redirect-without-tls",
            ("routes", 0, "host"),
            NONE,
        ),
        ({"https_redirect": True, "routes": [route()]}, "https-redirect-without-tls", ("routes", 0), NONE),
        # Between routes.
        (
            {"routes": [route(host=HOST, path="/a/"), route(host=HOST, path="/a")]},
            "duplicate-route",
            ("routes", 1),
            NONE,
        ),
        ({"routes": [route(), route()]}, "duplicate-route", ("routes", 1), Remove),
    ],
)
def test_what_a_gateway_says_of_routes_is_rejected(args: Any, code: str, location: tuple[Any, ...], fix: Any) -> None:
    assert_fix(assert_rejected({**THERE, **args}, code, *location), fix)


def test_a_secret_is_not_shown() -> None:
    key = {"certificate": CERTIFICATE, "key": "geheim"}
    auth = {"users": {"a": "geheim"}}
    found = problems_of_gateway(**THERE, tls={HOST: key}, routes=[route(host=HOST, basic_auth=auth)])
    assert {problem.code.name for problem in found} == {"invalid-password-hash", "invalid-pem-private-key"}
    assert not any("geheim" in f"{problem} {problem.as_data()}" for problem in found)


# The gateway, the fields of a route, the code, the location below the route, and the fix.
UNSUPPORTED: Sequence[tuple[Any, dict[str, Any], str, tuple[Any, ...], Any]] = [
    # What F5 NGINX Ingress Controller doesn't support.
    (F5, {"load_balancing": "fastest"}, "unsupported-by-controller", ("load_balancing",), "least-connections"),
    (F5, {"buffering": {"requests": False}}, "f5-nginx-buffers-requests", ("buffering", "requests"), Remove),
    (F5, {"rate_limit": {"connections": 5}}, "unsupported-by-controller", ("rate_limit", "connections"), NONE),
    (
        F5,
        {"allowed_sources": ["10.0.0.0/8"], "denied_sources": ["10.1.0.0/16"]},
        "f5-nginx-allow-overrides-deny",
        ("denied_sources",),
        NONE,
    ),
    (F5, {"host": "*.example.com"}, "wildcard-matches-several-labels", ("host",), NONE),
    (F5, {"response_headers": {"X-A": "a:b"}}, "f5-nginx-header-separator", ("response_headers", "X-A"), NONE),
    (F5, {"request_headers": {"X-A": "a,b"}}, "f5-nginx-header-separator", ("request_headers", "X-A"), NONE),
    (F5, {"path": "/a", "redirect": {"host": "b.example.com"}}, "f5-nginx-redirects-whole-hosts", ("redirect",), NONE),
    (F5, {"protocol": "GRPC", "body_size": 1}, "f5-nginx-not-for-grpc", ("body_size",), Remove),
    (F5, {"protocol": "GRPC", "path": "/a", "rewrite": "/b"}, "f5-nginx-not-for-grpc", ("rewrite",), Remove),
    (
        F5,
        {"protocol": "GRPC", "buffering": {"responses": True}},
        "f5-nginx-not-for-grpc",
        ("buffering", "responses"),
        Remove,
    ),
    (THERE, {"cors": CORS}, "feature-needs-custom-resources", ("cors", "origins"), NONE),
    (THERE, {"allowed_sources": ["10.0.0.0/8"]}, "feature-needs-custom-resources", ("allowed_sources",), NONE),
    (THERE, {"redirect": {"host": "b.example.com"}}, "feature-needs-custom-resources", ("redirect", "host"), NONE),
    # What ingress-nginx doesn't support.
    (IN, {"websocket": False}, "ingress-nginx-websockets-always", ("websocket",), Remove),
    (IN, {"load_balancing": "least-connections"}, "unsupported-by-controller", ("load_balancing",), "fastest"),
    (IN, {"load_balancing": "client-address"}, "ingress-nginx-high-risk-annotation", ("load_balancing",), Remove),
    (IN, {"load_balancing": "request-uri"}, "ingress-nginx-high-risk-annotation", ("load_balancing",), Remove),
    (IN, {"request_headers": {"X-A": "b"}}, "ingress-nginx-headers-of-all-routes", ("request_headers",), Remove),
    (
        IN,
        {"protocol": "HTTPS", "backend_tls": {"ca_certificate": CERTIFICATE}},
        "ingress-nginx-high-risk-annotation",
        ("backend_tls", "ca_certificate"),
        NONE,
    ),
    (
        IN,
        {"rate_limit": {"requests": 10, "burst": 25}},
        "ingress-nginx-burst-not-a-multiple",
        ("rate_limit", "burst"),
        20,
    ),
    (IN, {"session_persistence": {}, "path": "/@a"}, "ingress-nginx-cookie-path", ("session_persistence", "path"), "/"),
    (
        IN,
        {"path": "/a", "redirect": {"host": "b.example.com"}},
        "ingress-nginx-redirect-without-root-route",
        ("redirect",),
        NONE,
    ),
    (
        IN,
        {"redirect": {"host": "b.example.com", "code": 301}},
        "ingress-nginx-code-without-path",
        ("redirect", "code"),
        Remove,
    ),
    (
        IN,
        {"host": "*.example.com", "path": "/a", "redirect": {"path": "/x"}},
        "ingress-nginx-redirect-without-host",
        ("redirect", "host"),
        NONE,
    ),
    # What a generic class doesn't support.
    (GENERIC, {"rewrite": "/b"}, "unsupported-by-controller", ("rewrite",), Remove),
    (
        GENERIC,
        {"session_persistence": {"cookie": "a", "max_age": 60}},
        "unsupported-by-controller",
        ("session_persistence", "max_age"),
        Remove,
    ),
    (GENERIC, {"annotations": {"a": "b"}}, "annotations-of-shared-ingress", ("annotations",), Remove),
    (GENERIC, {"target": {**TARGET, "namespace": "b"}}, "target-in-other-namespace", ("target", "namespace"), NONE),
]


@pytest.mark.parametrize(("args", "fields", "code", "location", "fix"), UNSUPPORTED)
def test_what_a_controller_does_not_support_is_rejected(
    args: Any, fields: dict[str, Any], code: str, location: tuple[Any, ...], fix: Any
) -> None:
    tls = {} if "redirect" in fields or args is GENERIC else {"tls": SECURED}
    given: Any = {**args, **tls, "routes": [route(**{"host": HOST, **fields})]}
    assert_fix(assert_rejected(given, code, "routes", 0, *location), fix)


@pytest.mark.parametrize("field", ["redirect", "tls_terminated_upstream", "https_redirect"])
def test_a_generic_class_does_not_redirect_to_https(field: str) -> None:
    entry = {"tls_terminated_upstream": True} if field == "tls_terminated_upstream" else {"secret": "a"}
    entry |= {"redirect": True} if field == "redirect" else {}
    args: Any = {**GENERIC, "tls": {HOST: entry}, "routes": [route(host=HOST)]}
    args |= {"https_redirect": True} if field == "https_redirect" else {}
    location = (field,) if field == "https_redirect" else ("tls", HOST, field)
    problem = assert_rejected(args, "tls-setting-unsupported-by-controller", *location, controller="a generic class")
    able = ["F5 NGINX Ingress Controller", "ingress-nginx"]
    if field != "tls_terminated_upstream":
        able += [module.title for module in all_modules() if module.has_gateway and module.redirects_to_https]
    assert problem.params["supported_by"] == able


def test_the_default_backend_of_a_generic_class_is_in_its_namespace() -> None:
    args: Any = {**GENERIC, "default_backend": {**TARGET, "namespace": "b"}, "routes": [route(host=HOST)]}
    assert_rejected(args, "target-in-other-namespace", "default_backend", "namespace")


@pytest.mark.parametrize("field", ["session_persistence", "load_balancing"])
def test_ingress_nginx_has_one_way_to_choose_a_pod_for_each_port_of_a_service(field: str) -> None:
    one, two = ({"cookie": "a"}, {"cookie": "b"}) if field == "session_persistence" else ("fastest", "round-robin")
    routes = [route(host=HOST, path="/a", **{field: one}), route(host=HOST, path="/b", **{field: two})]
    problem = assert_rejected({**IN, "routes": routes}, "conflicting-target-setting", "routes", 1, field)
    assert problem.params["other"] == ("routes", 0)


def test_cert_manager_issues_only_for_ingresses() -> None:
    routes = [{"host": HOST, "redirect": {"host": "b.example.com"}}]
    args: Any = {**F5, "tls": {HOST: {"issuer": "x"}}, "routes": routes}
    assert_rejected(args, "f5-nginx-redirect-with-issuer", "routes", 0, "redirect", host=HOST)


_REFERENCE: Any = {"controller": "f5-nginx", "class_name": "nginx", "namespace": "edge"}


def check_added(args: Any) -> list[Problem]:
    problems = Problems("test")
    parse_ingress_routes("more", args, problems)
    return problems.found


@pytest.mark.parametrize(
    ("name", "code"),
    [("Public", "invalid-service-name"), ("a" * 41, "gateway-name-too-long"), ("1a", "invalid-service-name")],
)
def test_a_name_of_added_routes_is_rejected(name: str, code: str) -> None:
    assert_problem(problems_of_routes(name, gateway=_REFERENCE, routes=[route()]), code, "name")


@pytest.mark.parametrize(
    ("args", "code", "location"),
    [
        ({"routes": [route()]}, "missing", ("gateway",)),
        ({"gateway": _REFERENCE}, "missing", ("routes",)),
        ({"gateway": _REFERENCE, "routes": []}, "no-routes", ("routes",)),
        (
            {"gateway": {**_REFERENCE, "class_name": "A b"}, "routes": [route()]},
            "invalid-object-name",
            ("gateway", "class_name"),
        ),
        (
            {"gateway": {**_REFERENCE, "hosts": ["A"]}, "routes": [route()]},
            "invalid-host-name",
            ("gateway", "hosts", 0),
        ),
        (
            {"gateway": {**_REFERENCE, "controller_peers": [{}]}, "routes": [route()]},
            "empty-peer",
            ("gateway", "controller_peers", 0),
        ),
        (
            {"gateway": {**_REFERENCE, "controller_peers": [{"namespace": "a", "ports": [80]}]}, "routes": [route()]},
            "ports-not-chosen-by-peer",
            ("gateway", "controller_peers", 0, "ports"),
        ),
        (
            {"gateway": {**_REFERENCE, "controller_peers": []}, "routes": [{"target": NAMED_PORT}]},
            "target-without-pod-port",
            ("routes", 0, "target", "target_port"),
        ),
        (
            {"gateway": {**_REFERENCE, "reports_address": False}, "routes": [route()]},
            "renamed-argument",
            ("gateway", "reports_address"),
        ),
        ({"gateway": _REFERENCE, "routes": [route()], "ready_within": 60}, "renamed-argument", ("ready_within",)),
        (
            {"gateway": {**_REFERENCE, "routes": ["* Prefix /"]}, "routes": [route()]},
            "route-of-other-program",
            ("routes", 0),
        ),
        (
            {"gateway": _REFERENCE, "routes": [{"target": {**TARGET, "selector": {"a": "b"}}}]},
            "controller-peers-missing",
            ("gateway", "controller_peers"),
        ),
        (
            {
                "gateway": {**_REFERENCE, "controller": "ingress-nginx"},
                "routes": [route(response_headers={"X-A": "b"})],
            },
            "response-header-not-listed",
            ("routes", 0, "response_headers", "X-A"),
        ),
        (
            {"gateway": _REFERENCE, "routes": [route(load_balancing="fastest")]},
            "unsupported-by-controller",
            ("routes", 0, "load_balancing"),
        ),
    ],
)
def test_added_routes_are_rejected(args: dict[str, Any], code: str, location: tuple[Any, ...]) -> None:
    assert_problem(problems_of_routes(**args), code, *location)
    assert_fixes_work(check_added, args)


def added_problems(first: Any, routes: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """The problems of routes that are added to a gateway of the same program."""
    found: list[Problem] = []

    def program() -> None:
        gateway = IngressGateway("public", first)
        more: Any = {"gateway": gateway.reference, "routes": routes}
        with pytest.raises(ArgumentError) as caught:
            IngressRoutes("more", more)
        found[:] = caught.value.problems

    record(program)
    return found


def test_two_components_cannot_have_one_route() -> None:
    first: Any = {**THERE, "routes": [route(host=HOST, path="/a")]}
    found = added_problems(first, [route(host=HOST), route(host=HOST, path="/a/")])
    problem = assert_problem(found, "route-of-other-component", "routes", 1, path="/a", host=HOST)
    assert (problem.params["owner"], problem.params["other"]) == ('IngressGateway "public"', ("routes", 0))


@pytest.mark.parametrize(
    ("field", "one", "two"),
    [("session_persistence", {"cookie": "a"}, {"cookie": "b"}), ("load_balancing", "fastest", "round-robin")],
)
def test_two_components_choose_the_pods_of_a_service_in_one_way(field: str, one: Any, two: Any) -> None:
    first: Any = {**IN, "routes": [route(host=HOST, path="/a", **{field: one})]}
    found = added_problems(first, [route(host=HOST, path="/b", **{field: two})])
    problem = assert_problem(found, "conflicting-target-setting", "routes", 0, field)
    assert problem.params["other"] == 'IngressGateway "public"'


def test_f5_nginx_needs_an_exact_path_and_its_prefix_in_one_component() -> None:
    first: Any = {**THERE, "routes": [route(host=HOST, path="/a")]}
    found = added_problems(first, [route(host=HOST, path="/a", path_type="Exact")])
    assert_problem(found, "prefix-of-other-component", "routes", 0)


def test_f5_nginx_needs_the_app_root_in_the_component_of_its_host() -> None:
    first: Any = {**THERE, "routes": [route(host=HOST, path="/a")]}
    found = added_problems(first, [route(host=HOST, path="/", app_root="/x")])
    problem = assert_problem(found, "f5-nginx-app-root-of-other-component", "routes", 0, "app_root", host=HOST)
    assert problem.edits == (Remove(problem.location),)


def test_a_route_that_another_program_lists_later_fails_once_it_is_known() -> None:
    def program() -> None:
        reference: Any = {**_REFERENCE, "routes": pulumi.Output.from_input([f"{HOST} Prefix /a"])}
        args: Any = {"gateway": reference, "routes": [route(host=HOST, path="/a")]}
        IngressRoutes("more", args)

    with pytest.raises(ArgumentError) as caught:
        record(program)
    assert [problem.code.name for problem in caught.value.problems] == ["route-of-other-program"]


def test_locations_are_rendered_in_the_style_of_the_arguments() -> None:
    problems = Problems("x", style=KeyStyle.CAMEL)
    args = {
        "install": False,
        "className": "nginx",
        "namespace": "edge",
        "routes": [
            {"host": HOST, "sessionPersistence": {"sameSite": "None"}, "target": {"service": "a", "namespace": "b"}}
        ],
    }
    parse_ingress_gateway("public", args, problems)
    found = {problem.path for problem in problems.found}
    assert found == {"routes[0].target.portName", "routes[0].sessionPersistence.sameSite"}


@pytest.mark.parametrize("field", ["allowed_sources", "denied_sources"])
def test_clients_are_distinguished_only_if_the_gateway_sees_their_addresses(field: str) -> None:
    by_client = {"host": "a.example.com", "target": TARGET, field: ["10.0.0.0/8"]}
    fields: dict[str, Any] = {"controller": "ingress-nginx", "routes": [by_client]}
    problem = assert_rejected({"exposure": EXPOSED, **fields}, "client-address-hidden", "routes", 0, field)
    assert problem.params["client_ip"] == ("exposure", "client_ip")
    seen: list[dict[str, Any]] = [
        {"exposure": {**EXPOSED, "client_ip": "preserve"}},
        {"upstream": {"sources": ["10.0.0.0/16"], "proxy_protocol": True}},
        # What's in front of the load balancer sends the client's address.
        {
            "exposure": {**EXPOSED, "allowed_sources": ["10.0.0.0/16"]},
            "settings": {"forwarded_from": ["10.0.0.0/16"]},
        },
    ]
    for more in seen:
        args: Any = {**fields, **more}
        assert record(lambda args=args: IngressGateway("edge", args)).all("Ingress")
