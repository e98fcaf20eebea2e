"""Envoy Gateway's own policies, with the real Envoy Gateway."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from tests.gateway_api.conftest import Serve
from tests.gateway_api.manifests import HTTP_LISTENER, gateway, manifest, policy, regex, route, rule, secret, service
from tests.gateway_api.messages import Behavior
from tests.gateway_api.serving import ServedGateway

NAMES = ("body", "rate", "login", "sources", "external", "sticky", "hashed")
AUTHORIZER = Behavior(
    status=401,
    headers={"Location": "https://login.example.com", "Set-Cookie": "state=1"},
    unless_header=("cookie", "session=ok"),
    accepted_headers={"X-User": "ann"},
)


def users(**passwords: str) -> str:
    """A htpasswd file."""
    return "".join(
        f"{name}:{{SHA}}{base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()}\n"
        for name, password in passwords.items()
    )


def credentials(text: str) -> Mapping[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def sources(*cidrs: str) -> Mapping[str, Any]:
    rules = [{"action": "Allow", "principal": {"clientCIDRs": list(cidrs)}}]
    return {"authorization": {"defaultAction": "Deny", "rules": rules}}


def manifests() -> list[Any]:
    rate = {"type": "Local", "local": {"rules": [{"limit": {"requests": 3, "unit": "Hour"}}]}}
    cookie = {"type": "Cookie", "cookie": {"name": "portico", "ttl": "60s"}}
    authorizer = {
        "http": {
            "backendRefs": [{"name": "authorizer", "port": 4180}],
            "path": "/oauth2/auth",
            "headersToBackend": ["X-User"],
        },
        "headersToExtAuth": ["Cookie"],
    }
    return [
        gateway(HTTP_LISTENER),
        *(service(name) for name in ("web", "other")),
        service("authorizer", 4180),
        *(route(name, [f"{name}.example.com"], rule("web")) for name in NAMES[:-2]),
        *(route(name, [f"{name}.example.com"], rule("web", "other")) for name in NAMES[-2:]),
        secret("users", **{".htpasswd": users(ann="secret", bob="other")}),
        policy("BackendTrafficPolicy", "body", "body", {"requestBuffer": {"limit": "1Ki"}}),
        policy("BackendTrafficPolicy", "rate", "rate", {"rateLimit": rate}),
        policy("BackendTrafficPolicy", "sticky", "sticky", _consistent(cookie)),
        policy("BackendTrafficPolicy", "hashed", "hashed", _consistent({"type": "SourceIP"})),
        policy("SecurityPolicy", "login", "login", {"basicAuth": {"users": {"name": "users"}}}),
        policy("SecurityPolicy", "sources", "sources", sources("192.0.2.0/24", "10.0.0.0/8")),
        policy("SecurityPolicy", "external", "external", {"extAuth": authorizer}),
    ]


def _consistent(hashed: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"loadBalancer": {"type": "ConsistentHash", "consistentHash": hashed}}


@pytest.fixture(scope="module")
def served(start: Serve) -> ServedGateway:
    return start(manifests(), behaviors={"shop/authorizer:4180": AUTHORIZER})


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "status"), [(1024, 200), (1025, 413), (500_000, 413)])
def test_a_body_that_is_too_large(served: ServedGateway, size: int, status: int, *, chunked: bool) -> None:
    response = served.request("body.example.com", method="POST", body=b"x" * size, chunked=chunked)
    assert response.status == status
    assert bool(response.seen) == (status == 200)


def test_a_rate_limit_counts_all_clients(served: ServedGateway) -> None:
    assert [served.request("rate.example.com").status for _ in range(5)] == [200, 200, 200, 429, 429]
    assert served.request("rate.example.com", source="127.0.0.2").status == 429


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (credentials("ann:secret"), 200),
        (credentials("bob:other"), 200),
        (credentials("ann:other"), 401),
        (credentials("ann"), 401),
        ({"Authorization": "Bearer secret"}, 401),
    ],
)
def test_basic_authentication(served: ServedGateway, headers: Mapping[str, str], status: int) -> None:
    response = served.request("login.example.com", headers=headers)
    assert response.status == status
    if status == 401:
        assert response.header("www-authenticate") == 'Basic realm="http://login.example.com/"'
        assert response.seen == ()
    else:
        # The backend receives the password.
        assert response.backend.header("authorization") == headers["Authorization"]


@pytest.mark.parametrize(
    ("source", "status"), {"192.0.2.7": 200, "10.255.0.1": 200, "127.0.0.1": 403, "192.0.3.1": 403}.items()
)
def test_sources(served: ServedGateway, source: str, status: int) -> None:
    # By default, what a client sends about its address doesn't count.
    for headers in ({}, {"X-Forwarded-For": "10.0.0.1"}, {"X-Real-IP": "10.0.0.1"}):
        response = served.request("sources.example.com", source=source, headers=headers)
        assert (response.status, bool(response.seen)) == (status, status == 200)


def test_external_authorization(served: ServedGateway) -> None:
    denied = served.request("external.example.com", "/a?b=c", method="POST", body=b"x", headers={"X-User": "forged"})
    assert (denied.status, [seen.service for seen in denied.seen]) == (401, ["shop/authorizer:4180"])
    # The client receives the authorizer's response.
    assert (denied.header("location"), denied.header("set-cookie")) == ("https://login.example.com", "state=1")
    received = denied.seen[0]
    # The request's path follows the policy's. The body isn't sent.
    assert (received.method, received.target, received.host) == ("POST", "/oauth2/auth/a?b=c", "external.example.com")
    assert (received.body, received.header("x-user")) == (b"", "")
    admitted = served.request("external.example.com", "/a", headers={"Cookie": "session=ok", "X-User": "forged"})
    assert (admitted.status, admitted.service) == (200, "shop/web:80")
    assert admitted.backend.header("x-user") == "ann"


def test_cookies_keep_a_client_at_its_backend(served: ServedGateway) -> None:
    first = served.request("sticky.example.com")
    cookie = first.header("set-cookie")
    assert (cookie.startswith("portico="), "Max-Age=60" in cookie, "HttpOnly" in cookie) == (True, True, True)
    again = served.requests("sticky.example.com", count=50, headers={"Cookie": cookie.partition(";")[0]})
    assert {response.service for response in again} == {first.service}
    clients = served.requests("sticky.example.com", count=50)
    assert {response.service for response in clients} == {"shop/web:80", "shop/other:80"}


def test_the_address_keeps_a_client_at_its_backend(served: ServedGateway) -> None:
    services = set[str]()
    for number in range(1, 21):
        responses = served.requests("hashed.example.com", count=5, source=f"127.0.0.{number}")
        assert len({response.service for response in responses}) == 1
        services.add(responses[0].service)
    assert services == {"shop/web:80", "shop/other:80"}


def client(**spec: Any) -> Any:
    return policy("ClientTrafficPolicy", "edge", "edge", spec, "Gateway")


def with_client(*policies: Any) -> list[Any]:
    allowed = policy("SecurityPolicy", "web", "web", sources("10.0.0.0/8"))
    return [gateway(HTTP_LISTENER), service("web"), route("web", ["web.example.com"], rule("web")), allowed, *policies]


@pytest.fixture(scope="module")
def behind_a_proxy(start: Serve) -> ServedGateway:
    return start(with_client(client(clientIPDetection={"xForwardedFor": {"numTrustedHops": 1}})))


@pytest.mark.parametrize(
    ("forwarded", "status"),
    {"": 403, "10.0.0.1": 200, "1.2.3.4, 10.0.0.1": 200, "10.0.0.1, 1.2.3.4": 403}.items(),
)
def test_the_last_forwarded_address_counts(behind_a_proxy: ServedGateway, forwarded: str, status: int) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    response = behind_a_proxy.request("web.example.com", headers=headers)
    assert response.status == status
    if status == 200:
        assert response.backend.header("x-forwarded-for") == f"{forwarded},127.0.0.1"


def test_proxy_protocol(start: Serve) -> None:
    gateway = start(with_client(client(proxyProtocol={})))
    for source, status in (("10.0.0.9", 200), ("11.0.0.9", 403)):
        header = f"PROXY TCP4 {source} 127.0.0.1 5000 80\r\n".encode()
        assert gateway.request("web.example.com", before=header).status == status
    # Without the header, nothing is served.
    assert gateway.request("web.example.com").closed


def filter_of(name: str, **spec: Any) -> Any:
    return manifest("gateway.envoyproxy.io/v1alpha1", "HTTPRouteFilter", name, spec)


def uses(name: str) -> Mapping[str, Any]:
    reference = {"group": "gateway.envoyproxy.io", "kind": "HTTPRouteFilter", "name": name}
    return {"type": "ExtensionRef", "extensionRef": reference}


def combined() -> list[Any]:
    """Policies of the Gateway and of routes, on hosts that are called as the routes."""
    login = {"basicAuth": {"users": {"name": "users"}}}
    cors = {"type": "CORS", "cors": {"allowOrigins": ["https://app.example.com"], "allowMethods": ["GET"]}}
    distinct = {"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}
    rate = {"clientSelectors": [distinct], "limit": {"requests": 2, "unit": "Hour"}}
    replaced = {"pattern": "^/v[0-9]+/(.*)$", "substitution": "/new/\\1"}
    return [
        gateway(HTTP_LISTENER),
        *(service(name) for name in ("web", "other", "failing")),
        service("down", 4180),
        secret("users", **{".htpasswd": users(ann="secret")}),
        policy("SecurityPolicy", "edge", "edge", sources("10.0.0.0/8"), "Gateway"),
        *(route(name, [f"{name}.example.com"], rule("web")) for name in ("inherits", "replaces", "merges", "closed")),
        policy("SecurityPolicy", "replaces", "replaces", login),
        policy("SecurityPolicy", "merges", "merges", {**login, "mergeType": "StrategicMerge"}),
        policy(
            "SecurityPolicy",
            "closed",
            "closed",
            {"extAuth": {"http": {"backendRefs": [{"name": "down", "port": 4180}]}}},
        ),
        route("same-a", ["same.example.com"], rule("web")),
        route("same-z", ["same.example.com"], rule("other")),
        policy("SecurityPolicy", "same-z", "same-z", login),
        route("preflight", ["preflight.example.com"], rule("web", filters=[cors])),
        policy("SecurityPolicy", "preflight", "preflight", login),
        route("each", ["each.example.com"], rule("web")),
        policy("BackendTrafficPolicy", "each", "each", {"rateLimit": {"type": "Local", "local": {"rules": [rate]}}}),
        route("retried", ["retried.example.com"], rule("failing")),
        policy(
            "BackendTrafficPolicy",
            "retried",
            "retried",
            {"retry": {"numRetries": 2, "retryOn": {"httpStatusCodes": [503]}}},
        ),
        route(
            "pattern", ["pattern.example.com"], rule("web", matches=[regex("/v[0-9]+/.*")], filters=[uses("pattern")])
        ),
        filter_of("pattern", urlRewrite={"path": {"type": "ReplaceRegexMatch", "replaceRegexMatch": replaced}}),
        route("direct", ["direct.example.com"], rule(filters=[uses("direct")])),
        filter_of(
            "direct", directResponse={"statusCode": 418, "body": {"type": "Inline", "inline": "100%% %REQ(HOST)%"}}
        ),
    ]


CLIENT = "10.0.0.1"


@pytest.fixture(scope="module")
def combination(start: Serve) -> ServedGateway:
    options = {"without_endpoints": ["shop/down:4180"], "behaviors": {"shop/failing:80": Behavior(status=503)}}
    return start(combined(), accepted=False, **options)


def test_a_routes_policy_replaces_the_gateways(combination: ServedGateway) -> None:
    right = credentials("ann:secret")
    assert combination.request("inherits.example.com").status == 403
    assert combination.request("inherits.example.com", source=CLIENT).status == 200
    # The Gateway's source list doesn't hold any more where a route has another SecurityPolicy.
    assert combination.request("replaces.example.com", headers=right).status == 200
    assert combination.request("merges.example.com", headers=right).status == 403
    assert combination.request("merges.example.com", source=CLIENT).status == 401
    assert combination.request("merges.example.com", source=CLIENT, headers=right).status == 200
    (problem,) = combination.statuses.problems(combined())
    assert problem.startswith("SecurityPolicy shop/edge: edge: Overridden is True")


def test_of_two_equal_routes_the_first_by_name_serves(combination: ServedGateway) -> None:
    # Without creation times, as in file mode. It isn't the protected one.
    response = combination.request("same.example.com", source=CLIENT)
    assert (response.status, response.service) == (200, "shop/web:80")


def test_a_preflight_needs_no_password(combination: ServedGateway) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"}
    preflight = combination.request("preflight.example.com", method="OPTIONS", headers=headers, source=CLIENT)
    assert (preflight.status, preflight.service) == (200, "")
    denied = combination.request("preflight.example.com", headers=headers, source=CLIENT)
    assert (denied.status, denied.header("access-control-allow-origin")) == (401, "https://app.example.com")


def test_an_authorizer_that_is_down_denies(combination: ServedGateway) -> None:
    assert combination.request("closed.example.com", source=CLIENT).status == 403


def test_a_rate_limit_can_count_each_client(combination: ServedGateway) -> None:
    for client_ in (CLIENT, "10.0.0.2"):
        statuses = [combination.request("each.example.com", source=client_).status for _ in range(4)]
        assert statuses == [200, 200, 429, 429]


def test_retries(combination: ServedGateway) -> None:
    response = combination.request("retried.example.com", source=CLIENT)
    assert (response.status, len(response.seen)) == (503, 3)


@pytest.mark.parametrize(
    ("target", "received"),
    {
        "/v1/a?x=1": "/new/a?x=1",
        "/v22/": "/new/",
        "/v1//a": "/new/a",
        "/v1/%2561": "/new/%2561",
        "/v1/a%0ab": "/new/a%0ab",
        "/v1/x/../a": "/new/a",
    }.items(),
)
def test_rewrites_by_a_pattern(combination: ServedGateway, target: str, received: str) -> None:
    assert combination.request("pattern.example.com", target, source=CLIENT).backend.target == received


def test_the_body_of_a_direct_response_is_a_template(combination: ServedGateway) -> None:
    response = combination.request("direct.example.com", source=CLIENT)
    assert (response.status, response.body, response.seen) == (418, b"100% direct.example.com", ())
