"""What Envoy Gateway makes of unusual paths, in front of an open and a protected route of one host.

These are facts about Envoy Gateway 1.9.1 with Envoy 1.39.1. They decide what Portico may render for it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.gateway_api.conftest import Serve
from tests.gateway_api.manifests import (
    HTTP_LISTENER,
    exact,
    gateway,
    policy,
    prefix,
    regex,
    route,
    rule,
    secret,
    service,
)
from tests.gateway_api.serving import ServedGateway

HOST = "app.example.com"
OPEN, ADMIN = "shop/open:80", "shop/admin:80"
USERS = "ann:{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
CREDENTIALS = {"Authorization": "Basic " + base64.b64encode(b"ann:secret").decode()}


def manifests(*more: Any) -> list[Any]:
    return [
        gateway(HTTP_LISTENER),
        *(service(name) for name in ("open", "admin", "exact", "pattern")),
        secret("users", **{".htpasswd": USERS + "\n"}),
        route("open", [HOST], rule("open", matches=[prefix("/")])),
        route("admin", [HOST], rule("admin", matches=[prefix("/admin")])),
        policy("SecurityPolicy", "admin", "admin", {"basicAuth": {"users": {"name": "users"}}}),
        route(
            "others",
            ["exact.example.com"],
            rule("exact", matches=[exact("/admin")]),
            rule("pattern", matches=[regex("/re/[a-z]+")]),
        ),
        *more,
    ]


@pytest.fixture(scope="module")
def served(start: Serve) -> ServedGateway:
    return start(manifests())


PROTECTED = [
    *("/admin", "/admin/", "/admin/x", "/admin?x=%2f", "/admin//x", "/%61dmin", "/%61%64min/x"),
    *("//admin", "/./admin", "/../admin", "/x/../admin", "/x/%2e%2e/admin", "/%2e%2e/admin", "/%2E/admin"),
    *("/admin\\x", "/\\admin", "/x\\..\\admin", "http://app.example.com/admin"),
]
"""Targets that reach the protected route, normalized."""


@pytest.mark.parametrize("target", PROTECTED)
def test_these_are_protected(served: ServedGateway, target: str) -> None:
    assert served.request(HOST, target).status == 401
    admitted = served.request(HOST, target, headers=CREDENTIALS)
    assert (admitted.status, admitted.service) == (200, ADMIN)
    assert admitted.backend.target.partition("?")[0].rstrip("/") in ("/admin", "/admin/x")


# Each of these reaches the open route. The right side is what its backend receives: a backend that decodes, trims, or
# ignores case or parameters could serve it as /admin.
PAST_THE_PROTECTED_ROUTE = {
    **{
        target: target
        for target in ("/adminx", "/ADMIN", "/admin.", "/admin..", "/admin%20", "/admin;x=1", "/admin;/x")
    },
    **{
        target: target
        for target in ("/admin%0a", "/admin%0ax", "/x%0aadmin", "/admin%0d%0aSet-Cookie:%20x=1", "/admin%09")
    },
    **{
        target: target
        for target in ("/admin%3fx", "/admin%23x", "/admin%252f", "/%2561dmin", "/admin%c0%af", "/%zz", "/%")
    },
    "/admin/..": "/",
    "/admin/../open": "/open",
    "/admin/%2e%2e/open": "/open",
    # Envoy takes `..;` as `..`.
    "/admin/..;/open": "/open",
    "/x//admin": "/x/admin",
    "/a/./b": "/a/b",
    "/..": "/",
    "/%c3%a9": "/%c3%a9",
}


@pytest.mark.parametrize(("target", "received"), PAST_THE_PROTECTED_ROUTE.items())
def test_these_reach_the_open_route(served: ServedGateway, target: str, received: str) -> None:
    response = served.request(HOST, target)
    assert (response.status, response.service, response.backend.target) == (200, OPEN, received)


@pytest.mark.parametrize(
    ("target", "location"),
    {
        "/admin%2f": "/admin/",
        "/admin%2Fx": "/admin/x",
        "/x%2f..%2fadmin": "/admin",
        "/x/..%2fadmin": "/admin",
        "/admin%5cx": "/admin/x",
        "/x%5c..%5cadmin": "/admin",
        "/a%2fb?q=%2f": "/a/b?q=%2f",
    }.items(),
)
def test_an_encoded_slash_redirects_to_the_decoded_path(served: ServedGateway, target: str, location: str) -> None:
    for method in ("GET", "POST"):
        response = served.request(HOST, target, method=method)
        assert (response.status, response.header("location"), response.seen) == (307, location, ())


@pytest.mark.parametrize("target", ["/admin%00", "/%00/admin", "/a%00b", "/admin#x", "*", "admin", "/\xe9"])
def test_these_are_rejected(served: ServedGateway, target: str) -> None:
    response = served.request(HOST, target)
    assert (response.status, response.seen) == (400, ())


def test_an_absolute_target_names_the_host(served: ServedGateway) -> None:
    assert served.request("exact.example.com", f"http://{HOST}/admin").status == 401
    assert served.request(HOST, "http://other.example.com/admin").status == 404


@pytest.mark.parametrize("target", ["/admin", "/admin?x=/", "//admin", "/%61dmin", "/x/../admin", "/\\admin"])
def test_an_exact_path_matches_the_normalized_path(served: ServedGateway, target: str) -> None:
    response = served.request("exact.example.com", target)
    assert (response.service, response.backend.target.partition("?")[0]) == ("shop/exact:80", "/admin")


@pytest.mark.parametrize("target", ["/admin/", "/admin/x", "/ADMIN", "/admin;x", "/admin%0a", "/admin%20"])
def test_an_exact_path_matches_nothing_else(served: ServedGateway, target: str) -> None:
    assert served.request("exact.example.com", target).status == 404


@pytest.mark.parametrize(
    ("target", "matches"),
    {
        "/re/abc": True,
        "/re/abc?x=1": True,
        "/re//a": True,
        "/re/%61": True,
        "/re/abc/": False,
        "/re/ab1": False,
        "/re/A": False,
        "/x/re/a": False,
        "/re/a%0a": False,
        "/re/": False,
    }.items(),
)
def test_a_regular_expression_matches_the_whole_normalized_path(
    served: ServedGateway, target: str, *, matches: bool
) -> None:
    assert served.request("exact.example.com", target).status == (200 if matches else 404)


# What `path.escapedSlashesAction` of a ClientTrafficPolicy does with /admin%2fx, /x%2f..%2fadmin, and /a%5cb: the
# status, and the path that a backend receives.
ACTIONS = {
    "RejectRequest": [(400, ""), (400, ""), (400, "")],
    # The protected route doesn't see these, and their backend may decode them.
    "KeepUnchanged": [(200, "/admin%2fx"), (200, "/x%2f..%2fadmin"), (200, "/a%5cb")],
    "UnescapeAndForward": [(401, ""), (401, ""), (200, "/a/b")],
    "UnescapeAndRedirect": [(307, ""), (307, ""), (307, "")],
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_policy_changes_what_happens_to_encoded_slashes(start: Serve, action: str) -> None:
    client = policy("ClientTrafficPolicy", "edge", "edge", {"path": {"escapedSlashesAction": action}}, "Gateway")
    gateway = start(manifests(client))
    responses = [gateway.request(HOST, target) for target in ("/admin%2fx", "/x%2f..%2fadmin", "/a%5cb")]
    assert [(it.status, it.seen[0].target if it.seen else "") for it in responses] == ACTIONS[action]


def test_without_merging_a_double_slash_passes_a_protected_route(start: Serve) -> None:
    client = policy("ClientTrafficPolicy", "edge", "edge", {"path": {"disableMergeSlashes": True}}, "Gateway")
    response = start(manifests(client)).request(HOST, "//admin")
    assert (response.service, response.backend.target) == (OPEN, "//admin")
