"""Every controller does what it declares, is told it where it declares to, and refuses the rest: no field is dropped.

What a request meets is read back by readers that know the controllers' own semantics and nothing of the compilers.
"""

from collections.abc import Mapping
from typing import Any

import kubernetes_validate
import pulumi
import pytest
from pulumi_portico.errors import Problems
from pulumi_portico.ingress_gateway.compilation import entry_of
from pulumi_portico.ingress_gateway.controller_module import all_features, features_of
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS
from pulumi_portico.ingress_gateway.routing import Routing, check_routing
from pulumi_portico.testing import Secret

from tests.unit.gateways import CERTIFICATE, HOST, SECURED, TARGET, gateway, ingresses, of_route, route
from tests.unit.readers.nginx import Answer, Request
from tests.unit.test_ingress_gateway_properties import reader_of, sound

CORS: dict[str, Any] = {"origins": ["https://a.example.com"]}
HTTPS = {"protocol": "HTTPS"}
CHECKED = {**HTTPS, "backend_tls": {"ca_certificate": CERTIFICATE}}
USERS = {"users": {"joe": "$6$salt$hash"}}
ELSEWHERE = {"host": "b.example.com"}

# For each feature: a route that asks for it, and the same without it.
Sample = tuple[dict[str, Any], dict[str, Any]]
SAMPLES: dict[str, Sample] = {
    "host=wildcard": ({"host": "*.example.com"}, {"host": HOST}),
    "host=any": ({"host": None}, {"host": HOST}),
    "path_type=Prefix": ({"path_type": "Prefix"}, {"path_type": "Exact"}),
    "path_type=Exact": ({"path_type": "Exact"}, {"path_type": "Prefix"}),
    "rewrite": ({"rewrite": "/b"}, {}),
    "redirect.scheme": ({"redirect": {**ELSEWHERE, "scheme": "http"}}, {"redirect": ELSEWHERE}),
    "redirect.host": ({"redirect": ELSEWHERE}, {"redirect": {"host": "c.example.com"}}),
    "redirect.path": ({"redirect": {**ELSEWHERE, "path": "/x"}}, {"redirect": ELSEWHERE}),
    "redirect.code": (
        {"redirect": {**ELSEWHERE, "path": "/x", "code": 308}},
        {"redirect": {**ELSEWHERE, "path": "/x"}},
    ),
    "app_root": ({"path": "/", "app_root": "/x"}, {"path": "/"}),
    "timeouts.connect": ({"timeouts": {"connect": 3}}, {}),
    "timeouts.read": ({"timeouts": {"read": 3}}, {}),
    "timeouts.send": ({"timeouts": {"send": 3}}, {}),
    "body_size": ({"body_size": 5}, {}),
    "buffering.requests=true": ({"buffering": {"requests": True}}, {}),
    "buffering.requests=false": ({"buffering": {"requests": False}}, {}),
    "buffering.responses=true": ({"buffering": {"responses": True}}, {"buffering": {"responses": False}}),
    "buffering.responses=false": ({"buffering": {"responses": False}}, {}),
    "websocket=true": ({"websocket": True}, {}),
    "websocket=false": ({"websocket": False}, {}),
    "protocol=HTTP": ({"protocol": "HTTP"}, HTTPS),
    "protocol=HTTPS": (HTTPS, {}),
    "protocol=GRPC": ({"protocol": "GRPC"}, {}),
    "protocol=GRPCS": ({"protocol": "GRPCS"}, HTTPS),
    "backend_tls.ca_certificate": (CHECKED, HTTPS),
    "backend_tls.server_name": (
        {**HTTPS, "backend_tls": {"ca_certificate": CERTIFICATE, "server_name": "a.example.com"}},
        CHECKED,
    ),
    "session_affinity.cookie": ({"session_affinity": {"cookie": "c"}}, {"session_affinity": {}}),
    "session_affinity.max_age": ({"session_affinity": {"max_age": 60}}, {"session_affinity": {}}),
    "session_affinity.path": ({"session_affinity": {"path": "/x"}}, {"session_affinity": {}}),
    "session_affinity.same_site": ({"session_affinity": {"same_site": "Strict"}}, {"session_affinity": {}}),
    "session_affinity.secure=true": (
        {"session_affinity": {"secure": True}},
        {"session_affinity": {"secure": False}},
    ),
    "session_affinity.secure=false": ({"session_affinity": {"secure": False}}, {"session_affinity": {}}),
    "load_balancing=round-robin": ({"load_balancing": "round-robin"}, {}),
    "load_balancing=least-connections": ({"load_balancing": "least-connections"}, {}),
    "load_balancing=fastest": ({"load_balancing": "fastest"}, {}),
    "load_balancing=client-address": ({"load_balancing": "client-address"}, {}),
    "load_balancing=request-uri": ({"load_balancing": "request-uri"}, {}),
    "rate_limit.requests": ({"rate_limit": {"requests": 5}}, {}),
    "rate_limit.per": ({"rate_limit": {"requests": 5, "per": "minute"}}, {"rate_limit": {"requests": 5}}),
    "rate_limit.burst": ({"rate_limit": {"requests": 5, "burst": 15}}, {"rate_limit": {"requests": 5}}),
    "rate_limit.connections": ({"rate_limit": {"connections": 3}}, {}),
    "cors.origins": ({"cors": CORS}, {}),
    "cors.methods": ({"cors": {**CORS, "methods": ["GET"]}}, {"cors": CORS}),
    "cors.headers": ({"cors": {**CORS, "headers": ["X-A"]}}, {"cors": CORS}),
    "cors.expose_headers": ({"cors": {**CORS, "expose_headers": ["X-A"]}}, {"cors": CORS}),
    "cors.credentials=true": ({"cors": {**CORS, "credentials": True}}, {"cors": CORS}),
    "cors.credentials=false": ({"cors": {**CORS, "credentials": False}}, {"cors": {**CORS, "credentials": True}}),
    "cors.max_age": ({"cors": {**CORS, "max_age": 60}}, {"cors": CORS}),
    "allowed_sources": ({"allowed_sources": ["10.0.0.0/8"]}, {}),
    "denied_sources": ({"denied_sources": ["10.0.0.0/8"]}, {}),
    "basic_auth.users": ({"basic_auth": USERS}, {}),
    "basic_auth.secret": ({"basic_auth": {"secret": "s"}}, {}),
    "basic_auth.realm": ({"basic_auth": {**USERS, "realm": "Shop"}}, {"basic_auth": USERS}),
    "request_headers": ({"request_headers": {"X-A": "b"}}, {}),
    "response_headers": ({"response_headers": {"X-A": "b"}}, {}),
    "allowed_sources+denied_sources": (
        {"allowed_sources": ["10.0.0.0/8"], "denied_sources": ["10.1.0.0/16"]},
        {"allowed_sources": ["10.0.0.0/8"]},
    ),
}


def made_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    base: dict[str, Any] = {"host": HOST, "path": "/" if "redirect" in fields else "/a", **fields}
    return {key: value for key, value in route(**base).items() if value is not None}


def checked(controller: str, *of: Mapping[str, Any], custom: bool = True) -> tuple[list[dict[str, Any]], Problems]:
    """What the controller is told of routes, and what is said against them."""
    routing = Routing(
        name="public",
        controller=controller,
        class_name="nginx",
        # A generic class leads to Services of its own namespace alone.
        namespace="shop" if controller == "generic" else "edge",
        routes=[made_of(it) for it in of],
        tls=SECURED,
        any_depth=True,
        custom_resources=custom,
    )
    problems = Problems("x")
    check_routing(routing, problems)
    if problems.found:
        return [], problems
    return [dict(it.manifest) for it in CONTROLLERS[controller].compile(routing.compilation)], problems


def annotations(manifests: list[dict[str, Any]], host: bool = False) -> dict[str, Any]:
    """Those of the routes' Ingresses, and of the hosts' where ``host`` says so."""
    found: dict[str, Any] = {}
    for it in manifests:
        is_host = it["kind"] == "Ingress" and not it["spec"].get("rules", [{}])[0].get("http")
        if it["kind"] == "Ingress" and (host or not is_host):
            found |= it["metadata"].get("annotations", {})
    return found


def test_there_is_a_sample_of_every_feature() -> None:
    assert SAMPLES.keys() == set(all_features())
    for feature, (fields, _) in SAMPLES.items():
        assert feature in {it.feature for it in features_of(entry_of(made_of(fields)))}, feature


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("feature", SAMPLES)
def test_a_feature_is_told_where_the_controller_declares_or_refused(controller: str, feature: str) -> None:
    module = CONTROLLERS[controller]
    fields, without = SAMPLES[feature]
    if not module.can(feature, custom=True):
        _, problems = checked(controller, fields)
        said = [it for it in problems.found if f"is nothing that {module.title} can do" in it.wrong]
        assert said, problems.found
        able = [name for name, it in CONTROLLERS.items() if it.can(feature, custom=True)]
        assert all(name in said[0].allowed for name in able)
        return
    manifests, problems = checked(controller, fields)
    assert problems.found == []
    plain, other = checked(controller, without)
    if other.found:
        # The one without asks for what the controller has not.
        plain, _ = checked(controller, {})
    told, before = annotations(manifests, host=True), annotations(plain, host=True)
    changed = {key for key in {*told, *before} if told.get(key) != before.get(key)}
    asked = {it.feature for it in features_of(entry_of(made_of(fields)))}
    asked |= {it.feature for it in features_of(entry_of(made_of(without)))}
    declared = {key for it in asked if it in module.ways for key in module.ways[it].annotations}
    assert changed <= {*declared, *module.own_objects}
    # What is told is told by the manifests, if by no annotation: nothing is dropped on the way.
    default = controller == "generic" and feature == "protocol=HTTP"
    default |= feature in ("buffering.requests=true", "load_balancing=round-robin") or "load-balance" in str(changed)
    assert manifests != plain or default, "the feature changes nothing"


@pytest.mark.parametrize("feature", SAMPLES)
def test_what_needs_the_controllers_own_resources_is_refused_without_them(feature: str) -> None:
    way = CONTROLLERS["f5-nginx"].ways.get(feature)
    if way is None:
        return
    manifests, problems = checked("f5-nginx", SAMPLES[feature][0], custom=False)
    refused = any("crds does not say that they are there" in it.wrong for it in problems.found)
    asked = {it.feature for it in features_of(entry_of(made_of(SAMPLES[feature][0])))}
    needed = any(CONTROLLERS["f5-nginx"].ways[it].custom for it in asked)
    assert refused == needed
    if not needed:
        assert {it["apiVersion"].partition("/")[0] for it in manifests} <= {"networking.k8s.io", "v1"}


def answer(controller: str, *of: Mapping[str, Any], **asked: Any) -> Answer:
    """What a request to the first route meets."""
    manifests, problems = checked(controller, *of)
    assert problems.found == []
    reader = reader_of(controller, manifests)
    sound(reader)
    given: Any = {"host": HOST, "path": "/a", "scheme": "https", **asked}
    return reader.answer(Request(**given))


# What a route promises, by the names that the readers have for it, on every controller that can.
PROMISES: list[tuple[dict[str, Any], str, Any]] = [
    ({}, "connect_timeout", 5.0),
    ({}, "response_buffering", True),
    ({}, "request_buffering", True),
    ({}, "websocket", True),
    ({}, "load_balancing", "round_robin"),
    ({}, "body_limit", 1024**2),
    ({"timeouts": {"connect": 3, "read": 7, "send": 9}}, "connect_timeout", 3.0),
    ({"timeouts": {"connect": 3, "read": 7, "send": 9}}, "read_timeout", 7.0),
    ({"timeouts": {"connect": 3, "read": 7, "send": 9}}, "send_timeout", 9.0),
    ({"websocket": True}, "read_timeout", 3600.0),
    ({"websocket": True, "timeouts": {"read": 7}}, "read_timeout", 7.0),
    ({"body_size": 5}, "body_limit", 5 * 1024**2),
    ({"body_size": 0}, "body_limit", 0),
    ({"buffering": {"responses": False}}, "response_buffering", False),
    ({"buffering": {"requests": False}}, "request_buffering", False),
    ({"protocol": "HTTPS"}, "protocol", "HTTPS"),
    ({"protocol": "GRPC"}, "protocol", "GRPC"),
    ({"protocol": "GRPCS"}, "protocol", "GRPCS"),
    ({"websocket": False}, "websocket", False),
    ({"response_headers": {"X-Frame-Options": "DENY"}}, "response_headers", {"X-Frame-Options": "DENY"}),
    ({"request_headers": {"X-A": "b c"}}, "request_headers", {"X-A": "b c"}),
    ({"load_balancing": "least-connections"}, "load_balancing", "least_conn"),
    ({"load_balancing": "fastest"}, "load_balancing", "ewma"),
    ({"rate_limit": {"connections": 3}}, "connections", 3),
    ({"allowed_sources": ["203.0.113.0/24", "10.0.0.0/8"]}, "allowed", ["203.0.113.0/24", "10.0.0.0/8"]),
    ({"denied_sources": ["10.0.0.0/8"]}, "denied", ["10.0.0.0/8"]),
    ({**CHECKED}, "verify", True),
]


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize(("fields", "name", "value"), PROMISES)
def test_a_route_keeps_its_promise(controller: str, fields: dict[str, Any], name: str, value: Any) -> None:
    asked = {it.feature for it in features_of(entry_of(made_of(fields)))}
    able = all(CONTROLLERS[controller].can(it, custom=True) for it in asked)
    manifests, problems = checked(controller, fields)
    assert bool(problems.found) != able
    if not able:
        return
    data = {"global-allowed-response-headers": "X-Frame-Options"}
    reader = reader_of(controller, manifests)
    if controller == "ingress-nginx":
        from tests.unit.readers.ingress_nginx import IngressNginx

        reader = IngressNginx(manifests, config_map=data, class_name="nginx", webhook=False)
    sound(reader)
    assert reader.answer(Request(HOST, "/a", scheme="https")).settings[name] == value


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_rate_is_counted_the_same(controller: str) -> None:
    met = answer(controller, {"rate_limit": {"requests": 10, "per": "minute", "burst": 30}}).settings["rate"]
    assert (met["requests"], met["per"], met["burst"]) == (10, "minute", 30)
    assert answer(controller, {"rate_limit": {"requests": 4}}).settings["rate"]["burst"] == 20


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_other_sites_may_do_what_is_said_and_no_more(controller: str) -> None:
    told = answer(controller, {"cors": {**CORS, "methods": ["GET"], "headers": ["X-A"], "expose_headers": ["X-B"]}})
    met = told.settings["cors"]
    assert (met["origins"], met["methods"], met["headers"]) == (["https://a.example.com"], ["GET"], ["X-A"])
    assert (met["exposed"], met["credentials"], met["max_age"]) == (["X-B"], False, 1728000)
    preflight = answer(controller, {"cors": CORS}, method="OPTIONS", headers={"Origin": "https://a.example.com"})
    assert (preflight.kind, preflight.status) == ("preflight", 204)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_cookie_keeps_a_client_with_one_pod(controller: str) -> None:
    met = answer(controller, {"session_affinity": {"cookie": "c", "max_age": 60}}).settings["affinity"]
    assert met["name"] == "c"
    assert str(met["max_age"]).rstrip("s") == "60"
    assert (met["path"], met["secure"], met["samesite"].lower()) == ("/a", True, "lax")


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize(("client", "status"), [("10.1.2.3", 403), ("10.2.2.3", 0), ("192.0.2.1", 403)])
def test_clients_are_let_in_by_their_addresses(controller: str, client: str, status: int) -> None:
    both = {"allowed_sources": ["10.0.0.0/8"], "denied_sources": ["10.1.0.0/16"]}
    one = {"allowed_sources": ["10.2.0.0/16"]}
    met = answer(controller, both if controller == "ingress-nginx" else one, client=client)
    assert (met.status, met.kind) == (status, "refused" if status else "backend")


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize(
    ("redirect", "status", "location"),
    [
        ({"host": "b.example.com"}, 302, "https://b.example.com/x/y"),
        ({"host": "b.example.com", "scheme": "http"}, 302, "http://b.example.com/x/y"),
        ({"host": "b.example.com", "path": "/new?a=1"}, 302, "https://b.example.com/new?a=1"),
        ({"host": "b.example.com", "path": "/", "code": 301}, 301, "https://b.example.com/"),
        ({"host": "b.example.com", "path": "/", "code": 307}, 307, "https://b.example.com/"),
        ({"host": "b.example.com", "path": "/", "code": 308}, 308, "https://b.example.com/"),
    ],
)
def test_a_host_is_sent_elsewhere(controller: str, redirect: dict[str, Any], status: int, location: str) -> None:
    met = answer(controller, {"redirect": redirect}, path="/x/y")
    assert (met.kind, met.status, met.location) == ("redirect", status, location)


def test_a_part_of_a_host_is_sent_elsewhere() -> None:
    routes = [
        {"path": "/old", "redirect": {"host": "b.example.com"}},
        {"path": "/gone", "redirect": {"path": "/here", "code": 301}},
        {"path": "/", "target": TARGET},
    ]
    for path, location in (
        ("/old", "https://b.example.com/old"),
        ("/old/a/b", "https://b.example.com/old/a/b"),
        ("/gone/a", f"https://{HOST}/here"),
    ):
        assert answer("ingress-nginx", *routes, path=path).location == location
    for path in ("/older", "/here", "/"):
        assert answer("ingress-nginx", *routes, path=path).kind == "backend"


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_browser_is_sent_to_where_the_application_begins(controller: str) -> None:
    met = answer(controller, {"path": "/", "app_root": "/shop"}, path="/")
    assert (met.status, met.location) == (302, f"https://{HOST}/shop")
    assert answer(controller, {"path": "/", "app_root": "/shop"}, path="/shop").kind == "backend"


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_tls_that_ends_before_the_gateway_is_known_by_a_header(controller: str) -> None:
    routing = Routing(
        "public", controller, "nginx", "edge", [made_of({})], tls={HOST: {"ends_before": True}}, custom_resources=True
    )
    manifests = [dict(it.manifest) for it in CONTROLLERS[controller].compile(routing.compilation)]
    told = annotations(manifests, host=True)
    key = (
        "nginx.org/redirect-to-https" if controller == "f5-nginx" else "nginx.ingress.kubernetes.io/force-ssl-redirect"
    )
    assert told[key] == "true"
    assert not any(it["spec"].get("tls") for it in manifests if it["kind"] == "Ingress")


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_users_are_kept_secret_in_the_form_that_the_controller_reads(controller: str) -> None:
    users = {"joe": "$6$salt$hash", "ann": pulumi.Output.from_input("$apr1$salt$hash")}
    recorded = gateway(controller=controller, tls=SECURED, routes=[route(host=HOST, basic_auth={"users": users})])
    (secret,) = recorded.all("Secret")
    kind, key = ("nginx.org/htpasswd", "htpasswd") if controller == "f5-nginx" else ("Opaque", "auth")
    assert secret.inputs["type"] == kind
    assert isinstance(secret.inputs["stringData"], Secret)
    assert secret.manifest()["stringData"] == {key: "ann:$apr1$salt$hash\njoe:$6$salt$hash\n"}
    assert secret.manifest()["metadata"]["namespace"] == "shop"


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_every_object_is_one_that_kubernetes_takes(controller: str) -> None:
    for fields, _ in SAMPLES.values():
        manifests, problems = checked(controller, fields)
        if problems.found:
            continue
        for manifest in manifests:
            if manifest["apiVersion"].startswith("k8s.nginx.org"):
                continue
            plain = {key: value for key, value in manifest.items() if not isinstance(value, pulumi.Output)}
            for version in ("1.30", "1.37"):
                kubernetes_validate.validate(plain, version, strict=True)


def test_a_generic_class_has_one_ingress() -> None:
    recorded = gateway(
        controller="generic",
        class_name="alb",
        namespace="shop",
        annotations={"alb.ingress.kubernetes.io/scheme": "internet-facing"},
        tls={HOST: {"secret": "shop-tls"}},
        default_backend=TARGET,
        routes=[route(host=HOST, path="/a"), route(host=HOST, path="/a", path_type="Exact"), route(path="/b")],
    )
    (made,) = ingresses(recorded)
    assert made["metadata"] == {
        "name": "public",
        "namespace": "shop",
        "annotations": {"alb.ingress.kubernetes.io/scheme": "internet-facing"},
    }
    assert made["spec"]["tls"] == [{"hosts": [HOST], "secretName": "shop-tls"}]
    assert made["spec"]["defaultBackend"] == {"service": {"name": "api", "port": {"number": 80}}}
    paths = {rule.get("host"): [it["pathType"] for it in rule["http"]["paths"]] for rule in made["spec"]["rules"]}
    assert paths == {None: ["Prefix"], HOST: ["Exact", "Prefix"]}


def test_raw_annotations_go_through() -> None:
    told = of_route("f5-nginx", annotations={"nginx.org/proxy-buffers": "8 16k", "example.com/team": "edge"})
    assert (told["proxy-buffers"], told["team"]) == ("8 16k", "edge")
