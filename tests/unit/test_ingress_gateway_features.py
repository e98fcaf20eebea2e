"""Every controller supports what it declares, by the annotations that it declares, and rejects the rest: no field is
dropped.

Readers that know the controllers' own semantics, and nothing about the compilers, read back how a request is handled.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi_portico.args.problems import Problem
from pulumi_portico.ingress_gateway.capabilities import all_features, field_of, requested_features
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS as MODULES
from pulumi_portico.ingress_gateway.controllers import all_modules
from pulumi_portico.testing import Secret

from tests.kubernetes_schemas import validate
from tests.problems import assert_problem
from tests.unit.gateways import (
    CERTIFICATE,
    HOST,
    SECURED,
    TARGET,
    compiled,
    gateway,
    ingresses,
    of_route,
    problems_of_route_set,
    route,
    route_set,
)
from tests.unit.readers.nginx import Answer, Request
from tests.unit.test_ingress_gateway_properties import reader_of, sound

CORS: dict[str, Any] = {"origins": ["https://a.example.com"]}
HTTPS = {"protocol": "HTTPS"}
CHECKED = {**HTTPS, "backend_tls": {"ca_certificate": CERTIFICATE}}
USERS = {"users": {"joe": "$6$salt$hash"}}
ELSEWHERE = {"host": "b.example.com"}

CONTROLLERS = {name: module for name, module in MODULES.items() if module.variant is None}
"""Those of Ingresses. `test_gateway_api.py` has the implementations of Gateway API."""

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
    "redirect.keep_query=true": (
        {"redirect": {**ELSEWHERE, "path": "/x", "keep_query": True}},
        {"redirect": {**ELSEWHERE, "path": "/x"}},
    ),
    "redirect.keep_query=false": (
        {"redirect": {**ELSEWHERE, "path": "/x", "keep_query": False}},
        {"redirect": ELSEWHERE},
    ),
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
    "session_persistence.cookie": ({"session_persistence": {"cookie": "c"}}, {"session_persistence": {}}),
    "session_persistence.max_age": ({"session_persistence": {"max_age": 60}}, {"session_persistence": {}}),
    "session_persistence.path": ({"session_persistence": {"path": "/x"}}, {"session_persistence": {}}),
    "session_persistence.same_site": ({"session_persistence": {"same_site": "Strict"}}, {"session_persistence": {}}),
    "session_persistence.secure=true": (
        {"session_persistence": {"secure": True}},
        {"session_persistence": {"secure": False}},
    ),
    "session_persistence.secure=false": ({"session_persistence": {"secure": False}}, {"session_persistence": {}}),
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


def sample(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A route with these fields."""
    base: dict[str, Any] = {"host": HOST, "path": "/" if "redirect" in fields else "/a", **fields}
    return {key: value for key, value in route(**base).items() if value is not None}


def built(
    controller: str, *samples: Mapping[str, Any], custom_resources: bool = True
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The manifests of routes, and the problems; no manifests if there are problems."""
    routes = route_set(
        controller, [sample(fields) for fields in samples], tls=SECURED, custom_resources=custom_resources
    )
    problems = problems_of_route_set(routes)
    return ([] if problems else compiled(routes)), problems


def requested(controller: str, *samples: Mapping[str, Any]) -> set[str]:
    """The features that routes request."""
    routes = route_set(controller, [sample(fields) for fields in samples])
    return {found.feature for each in routes.routes for found in requested_features(each)}


def annotations(manifests: list[dict[str, Any]], *, hosts: bool = False) -> dict[str, Any]:
    """The annotations of the routes' Ingresses, and of the hosts' too if `hosts` says so."""
    found: dict[str, Any] = {}
    for manifest in manifests:
        is_host = manifest["kind"] == "Ingress" and not manifest["spec"].get("rules", [{}])[0].get("http")
        if manifest["kind"] == "Ingress" and (hosts or not is_host):
            found |= manifest["metadata"].get("annotations", {})
    return found


def test_there_is_a_sample_of_every_feature() -> None:
    assert SAMPLES.keys() == set(all_features())
    for feature, (fields, _) in SAMPLES.items():
        assert feature in requested("f5-nginx", fields), feature


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("feature", SAMPLES)
def test_a_feature_is_configured_where_the_controller_declares_it(controller: str, feature: str) -> None:
    module = CONTROLLERS[controller]
    fields, without = SAMPLES[feature]
    if not module.supports(feature):
        check_unsupported(controller, feature)
        return
    manifests, problems = built(controller, fields)
    assert problems == []
    plain, others = built(controller, without)
    if others:
        # The route without the feature requests something that the controller doesn't support.
        plain, others = built(controller, {})
        assert others == []
    after, before = annotations(manifests, hosts=True), annotations(plain, hosts=True)
    changed = {key for key in {*after, *before} if after.get(key) != before.get(key)}
    supported = [support for name in requested(controller, fields, without) if (support := module.features.get(name))]
    declared = {key for support in supported for key in support.annotations}
    assert changed <= {*declared, *module.annotations_written}
    # The manifests configure it, even if no annotation does: nothing is dropped on the way.
    default = controller == "generic" and feature == "protocol=HTTP"
    default |= feature in ("buffering.requests=true", "load_balancing=round-robin")
    assert manifests != plain or default, "the feature changes nothing"


def check_unsupported(controller: str, feature: str) -> None:
    """The problem of the feature names the controllers that support it."""
    module = CONTROLLERS[controller]
    _, problems = built(controller, SAMPLES[feature][0])
    alternative = module.alternatives.get(feature)
    codes = {"unsupported-by-controller"} if alternative is None else {alternative.code.name}
    found = [
        problem for problem in problems if problem.code.name in codes and problem.params["feature"] == field_of(feature)
    ]
    able = [other.title for other in all_modules() if other.supports(feature)]
    # Two features can have one field.
    assert able in [problem.params["supported_by"] for problem in found], problems
    assert {problem.params["controller"] for problem in found} == {module.title}


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("feature", SAMPLES)
def test_a_feature_that_needs_custom_resources_is_rejected_without_them(controller: str, feature: str) -> None:
    module = CONTROLLERS[controller]
    fields, _ = SAMPLES[feature]
    needing = {
        name
        for name in requested(controller, fields)
        if name in module.features and not module.supports(name, custom_resources=False)
    }
    manifests, problems = built(controller, fields, custom_resources=False)
    found = [problem for problem in problems if problem.code.name == "feature-needs-custom-resources"]
    assert {problem.params["feature"] for problem in found} == {field_of(name) for name in needing}
    if all(module.supports(name, custom_resources=False) for name in requested(controller, fields)):
        assert problems == []
        groups = {manifest["apiVersion"].partition("/")[0] for manifest in manifests}
        assert groups <= {"networking.k8s.io", "v1"}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_compiler_builds_only_objects_that_the_controller_reads(controller: str) -> None:
    module = CONTROLLERS[controller]
    kinds = {manifest["kind"] for fields, _ in SAMPLES.values() for manifest in built(controller, fields)[0]}
    assert kinds - {"Secret", "ConfigMap"} == set(module.objects_read)


def test_a_group_requests_its_defaults() -> None:
    """Otherwise, an empty group would be dropped silently."""
    _, problems = built("generic", {"session_persistence": {}})
    problem = assert_problem(problems, "unsupported-by-controller", "routes", 0, "session_persistence")
    assert problem.params["feature"] == "session_persistence.cookie"


def answer(controller: str, *samples: Mapping[str, Any], **fields: Any) -> Answer:
    """How a request to the first route is handled."""
    manifests, problems = built(controller, *samples)
    assert problems == []
    reader = reader_of(controller, manifests)
    sound(reader)
    request: Any = {"host": HOST, "path": "/a", "scheme": "https", **fields}
    return reader.answer(Request(**request))


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
    able = all(CONTROLLERS[controller].supports(feature) for feature in requested(controller, fields))
    manifests, problems = built(controller, fields)
    assert bool(problems) != able
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
    limited = {"cors": {**CORS, "methods": ["GET"], "headers": ["X-A"], "expose_headers": ["X-B"]}}
    met = answer(controller, limited).settings["cors"]
    assert (met["origins"], met["methods"], met["headers"]) == (["https://a.example.com"], ["GET"], ["X-A"])
    assert (met["exposed"], met["credentials"], met["max_age"]) == (["X-B"], False, 1728000)
    preflight = answer(controller, {"cors": CORS}, method="OPTIONS", headers={"Origin": "https://a.example.com"})
    assert (preflight.kind, preflight.status) == ("preflight", 204)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_cookie_keeps_a_client_with_one_pod(controller: str) -> None:
    met = answer(controller, {"session_persistence": {"cookie": "c", "max_age": 60}}).settings["affinity"]
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
def test_a_header_says_whether_tls_was_terminated_upstream(controller: str) -> None:
    manifests = compiled(route_set(controller, [sample({})], tls={HOST: {"tls_terminated_upstream": True}}))
    key = (
        "nginx.org/redirect-to-https" if controller == "f5-nginx" else "nginx.ingress.kubernetes.io/force-ssl-redirect"
    )
    assert annotations(manifests, hosts=True)[key] == "true"
    assert not any(manifest["spec"].get("tls") for manifest in manifests if manifest["kind"] == "Ingress")


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
def test_kubernetes_accepts_every_object(controller: str) -> None:
    kinds = set[str]()
    for fields, _ in SAMPLES.values():
        for manifest in built(controller, fields)[0]:
            if manifest["apiVersion"].startswith("k8s.nginx.org"):
                continue
            kinds.add(manifest["kind"])
            plain = {key: value for key, value in manifest.items() if not isinstance(value, pulumi.Output)}
            validate(plain)
    assert kinds >= ({"Ingress"} if controller == "generic" else {"Ingress", "Secret"})


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
    written = of_route("f5-nginx", annotations={"nginx.org/proxy-buffers": "8 16k", "example.com/team": "edge"})
    assert (written["proxy-buffers"], written["team"]) == ("8 16k", "edge")
