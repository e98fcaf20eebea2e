"""One case for every rule by which a gateway, or a route of one, is refused: the path, what is wrong, the fix."""

from typing import Any

import pulumi
import pytest
from pulumi_portico import IngressGateway, IngressRoutes
from pulumi_portico.args.shapes import camel_case
from pulumi_portico.errors import Problems
from pulumi_portico.ingress_gateway.validation import check_ingress_gateway
from pulumi_portico.testing import record

from tests.unit.gateways import (
    CERTIFICATE,
    HOST,
    KEY,
    SECURED,
    TARGET,
    THERE,
    refused,
    route,
    routes_refused,
)

F5: Any = {**THERE, "crds": {"installed": True}, "controller_peers": []}
IN: Any = {**THERE, "controller": "ingress-nginx"}
GENERIC: Any = {"controller": "generic", "class_name": "alb", "namespace": "shop"}
CORS: Any = {"origins": ["https://a.example.com"]}
LATER = pulumi.Output.from_input


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        # Texts, and what none of them may hold.
        ({"host": "Shop.example.com"}, 'fix: write "shop.example.com"'),
        ({"host": "https://shop.example.com/a"}, 'fix: write "shop.example.com"'),
        ({"host": "shop.*.example.com"}, "has a wildcard elsewhere than as its first label"),
        ({"host": "*"}, "fix: for every host that has no routes of its own, leave the route's host out"),
        ({"host": "*.com"}, "stands for a whole top-level domain"),
        ({"host": "10.0.0.1"}, "is an address, and routes go by names"),
        ({"host": "a.example.com;"}, "does not fit a host name"),
        ({"host": LATER("a.example.com")}, "host: an Output is known only during the deployment"),
        ({"path": "api"}, 'path: "api" does not fit a route\'s path'),
        ({"path": "api"}, 'fix: write "/api"'),
        ({"path": "/a b"}, 'path: "/a b" does not fit'),
        ({"path": '/a"; return 200; #'}, "does not fit a route's path"),
        ({"path": "/a$uri"}, "a path is no pattern"),
        ({"path": "/a{1}"}, "does not fit a route's path"),
        ({"path": "/a\nb"}, '"/a\\nb" does not fit'),
        ({"path": "/a(/|$)(.*)"}, "a path is no pattern: Prefix takes all that is below it"),
        ({"path": "/%61"}, "write what %XX stands for"),
        ({"path": "/a//b"}, 'fix: write "/a/b"'),
        ({"path": "/a/../b"}, "holds an empty element, . or .."),
        ({"path": "/" + "a" * 600}, "512 characters at most"),
        ({"path": "/variants"}, 'holds "/var", for which the controllers turn a route away'),
        ({"path": "/etc/passwd"}, "serve it below another path"),
        ({"path_type": "prefix"}, "fix: write Prefix"),
        ({"rewrite": "new"}, 'fix: write "/new"'),
        ({"rewrite": "/$1"}, 'rewrite: "/$1" does not fit a path to go on with'),
        ({"app_root": "/a/"}, 'fix: write "/a"'),
        ({"app_root": "/"}, "is no path to send a browser to"),
        ({"app_root": "/x", "path": "/a"}, "app_root: is for browsers that ask for /"),
        ({"timeouts": {"connect": 76}}, "timeouts.connect: 76 is not a number of seconds"),
        ({"timeouts": {"read": 0}}, "timeouts.read: 0 is not a number of seconds"),
        ({"timeouts": {"send": -1}}, "timeouts.send: -1 is not a number of seconds"),
        ({"body_size": -1}, "body_size: -1 is not a number of MiB"),
        ({"allowed_sources": ["10.0.0.1"]}, 'fix: write "10.0.0.1/32"'),
        ({"allowed_sources": []}, "allowed_sources: [] holds none"),
        ({"denied_sources": ["10.0.0.1/8"]}, 'fix: write "10.0.0.0/8"'),
        ({"request_headers": {"X Y": "1"}}, 'fix: write "X-Y"'),
        ({"request_headers": {"Host": "a"}}, "request_headers.Host: is set by the gateway itself"),
        ({"request_headers": {"X-Forwarded-For": "a"}}, "is set by the gateway itself"),
        ({"request_headers": {"X-A": "$host"}}, "does not fit a header's value"),
        ({"response_headers": {"X-A": "a;b"}}, "does not fit a header's value"),
        ({"response_headers": {"X-A": "a\r\nSet-Cookie: b"}}, "does not fit a header's value"),
        ({"response_headers": {}}, "response_headers: {} holds none"),
        ({"cors": {"origins": ["shop.example.com"]}}, 'fix: write "https://shop.example.com"'),
        ({"cors": {"origins": ["https://a.example.com/"]}}, 'fix: write "https://a.example.com"'),
        ({"cors": {"origins": []}}, "cors.origins: [] holds none"),
        ({"cors": {"origins": ["*", "https://a.com"]}}, "cors.origins: name others beside *"),
        ({"cors": {"origins": ["*"], "credentials": True}}, "cors.credentials: is true beside an origin of *"),
        ({"cors": {**CORS, "methods": ["get"]}}, "cors.methods[0]"),
        ({"cors": {**CORS, "headers": ["a b"]}}, "cors.headers[0]"),
        ({"cors": {**CORS, "expose_headers": ["a;"]}}, "cors.expose_headers[0]"),
        ({"cors": {**CORS, "max_age": -1}}, "cors.max_age: -1 is not a number of seconds"),
        ({"session_affinity": {"cookie": "a b"}}, "session_affinity.cookie"),
        ({"session_affinity": {"max_age": 0}}, "session_affinity.max_age: 0"),
        ({"session_affinity": {"path": "a"}}, "session_affinity.path"),
        ({"session_affinity": {"secure": True}}, "session_affinity.secure: is true, and no browser sends the cookie"),
        ({"session_affinity": {"same_site": "None"}}, "session_affinity.same_site: is None"),
        ({"rate_limit": {}}, "rate_limit: limits nothing"),
        ({"rate_limit": {"requests": 0}}, "rate_limit.requests: 0 is not a number of requests"),
        ({"rate_limit": {"connections": 1, "burst": 5}}, "rate_limit.burst: is that of requests, and there are none"),
        ({"rate_limit": {"requests": 10, "burst": 5}}, "rate_limit.burst: 5 is less than the 10 of requests"),
        ({"basic_auth": {}}, "basic_auth: names no users"),
        ({"basic_auth": {"users": {"a": "$6$x$y"}, "secret": "s"}}, "basic_auth: holds both users and a secret"),
        ({"basic_auth": {"users": {"a": "geheim"}}}, "basic_auth.users.a: [secret] is no hash of a password"),
        ({"basic_auth": {"users": {"a:b": "$6$x$y"}}}, "basic_auth.users.a:b"),
        ({"basic_auth": {"secret": "s", "realm": 'a"b'}}, "basic_auth.realm"),
        ({"basic_auth": {"secret": "s"}}, "asks for a password that anybody on the way can read"),
        ({"protocol": "GRPC"}, 'protocol: "GRPC" is spoken over HTTP/2'),
        ({"protocol": "HTTPS", "backend_tls": {"ca_certificate": "x"}}, "is no certificate in PEM"),
        ({"backend_tls": {"ca_certificate": CERTIFICATE}}, "backend_tls: is of a target that speaks TLS"),
        (
            {"protocol": "HTTPS", "backend_tls": {"ca_certificate": CERTIFICATE, "server_name": "*.a.b"}},
            "backend_tls.server_name",
        ),
        # Where requests go.
        ({"target": None}, "target: is missing, and the route does not redirect"),
        ({"target": {"service": "a", "namespace": "b"}}, "target.port_name: is missing, and so is port"),
        ({"target": {**TARGET, "port_name": "http"}}, "target.port_name: stands beside port"),
        ({"target": {"service": "A", "namespace": "b", "port": 1}}, "target.service"),
        # Annotations.
        (
            {"annotations": {"nginx.org/location-snippets": "x"}},
            "annotations.nginx.org/location-snippets: is a snippet of nginx's configuration",
        ),
        ({"annotations": {"nginx.org/client-max-body-size": "1m"}}, "fix: use body_size"),
        ({"annotations": {"nginx.org/mergeable-ingress-type": "master"}}, "is written by a field"),
        (
            {"annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "1m"}},
            "is read by ingress-nginx, not by F5 NGINX Ingress Controller",
        ),
        ({"annotations": {"pulumi.com/skipAwait": "true"}}, "is one that Portico or Pulumi sets"),
    ],
)
def test_a_route_is_refused(fields: dict[str, Any], says: str) -> None:
    given = {**route(host="a.example.com"), **fields}
    if fields.get("app_root") in ("/a/", "/"):
        given["path"] = "/"
    assert says in refused(**F5, routes=[given])


@pytest.mark.parametrize(
    ("redirect", "says"),
    [
        ({}, "redirect: names neither a host nor a path"),
        ({"scheme": "https"}, "to have clients use https, set tls"),
        ({"scheme": "ftp", "host": "b.example.com"}, "redirect.scheme"),
        ({"host": "b.example.com", "code": 303}, "redirect.code: 303 is no status of a redirect"),
        ({"host": "*.example.com"}, "redirect.host"),
        ({"path": "x"}, 'fix: write "/x"'),
        ({"path": "/$request_uri"}, "redirect.path"),
        ({"path": "/x"}, "redirect: leads to what this very route takes"),
        ({"host": "a.example.com"}, "so that a client goes round for ever"),
    ],
)
def test_a_redirect_is_refused(redirect: dict[str, Any], says: str) -> None:
    assert says in refused(**F5, routes=[{"host": "a.example.com", "redirect": redirect}])


@pytest.mark.parametrize(
    "field",
    ["rewrite", "timeouts", "body_size", "basic_auth", "rate_limit", "allowed_sources", "cors", "session_affinity"],
)
def test_a_redirect_takes_nothing_that_is_for_a_target(field: str) -> None:
    values: dict[str, Any] = {
        "rewrite": "/b",
        "timeouts": {"read": 1},
        "body_size": 1,
        "basic_auth": {"secret": "s"},
        "rate_limit": {"requests": 1},
        "allowed_sources": ["10.0.0.0/8"],
        "cors": CORS,
        "session_affinity": {},
    }
    given = {"host": HOST, "redirect": {"host": "b.example.com"}, field: values[field]}
    said = refused(**F5, tls=SECURED, routes=[given])
    assert f"routes[0].{field}: is for requests that go on to a target, and this route redirects" in said


def test_a_redirect_has_no_target() -> None:
    said = refused(**F5, routes=[{"host": "a.example.com", "redirect": {"host": "b.example.com"}, "target": TARGET}])
    assert "routes[0].redirect: stands beside a target, which no request reaches" in said


@pytest.mark.parametrize(
    ("args", "says"),
    [
        # Certificates.
        ({**THERE, "tls": {HOST: {}}}, f"tls.{HOST}: names no certificate"),
        ({**THERE, "tls": {HOST: {"redirect": True}}}, "names no certificate, and redirects to https"),
        ({**THERE, "tls": {HOST: {"secret": "a", "issuer": "b"}}}, f"tls.{HOST}.issuer: stands beside secret"),
        ({**THERE, "tls": {HOST: {"certificate": CERTIFICATE}}}, f"tls.{HOST}.key: is missing"),
        ({**THERE, "tls": {HOST: {"key": KEY}}}, f"tls.{HOST}.certificate: is missing"),
        ({**THERE, "tls": {HOST: {"certificate": "x", "key": KEY}}}, "is no certificate in PEM"),
        ({**THERE, "tls": {HOST: {"certificate": CERTIFICATE, "key": "x"}}}, "key: [secret] is no private key"),
        ({**THERE, "tls": {"A": {"secret": "a"}}}, 'fix: write "a"'),
        ({**THERE, "tls": {"*.a.com": {"issuer": "x"}}}, "is asked for by the Ingress of the host, and no route is"),
        (
            {**THERE, "https_redirect": True, "routes": [route(host=HOST)]},
            f'routes[0].host: "{HOST}" is sent to https, and has no certificate',
        ),
        # Between routes.
        (
            {**THERE, "routes": [route(host=HOST, path="/a/"), route(host=HOST, path="/a")]},
            "routes[1]: takes the same requests as routes[0]: Prefix /a of shop.example.com",
        ),
        ({**THERE, "routes": [route(), route()]}, "Prefix / of every host"),
    ],
)
def test_a_gateway_is_refused(args: dict[str, Any], says: str) -> None:
    assert says in refused(**args)


@pytest.mark.parametrize(
    ("args", "fields", "says"),
    [
        # What F5 NGINX Ingress Controller cannot do.
        (F5, {"load_balancing": "fastest"}, 'load_balancing: "fastest" is nothing that F5 NGINX Ingress Controller'),
        (F5, {"load_balancing": "fastest"}, "fix: least-connections comes closest"),
        (F5, {"buffering": {"requests": False}}, "buffering.requests: False is nothing that F5"),
        (F5, {"rate_limit": {"connections": 5}}, "rate_limit.connections: 5 is nothing that F5"),
        (
            F5,
            {"allowed_sources": ["10.0.0.0/8"], "denied_sources": ["10.1.0.0/16"]},
            "denied_sources: is nothing that F5",
        ),
        (F5, {"host": "*.example.com"}, "takes a.b.example.com too on F5 NGINX Ingress Controller"),
        (F5, {"host": "*.example.com"}, "set wildcards_any_depth to true; or name the hosts"),
        (F5, {"response_headers": {"X-A": "a:b"}}, "holds a comma or a colon"),
        (F5, {"request_headers": {"X-A": "a,b"}}, "holds a comma, by which"),
        (F5, {"path": "/a", "redirect": {"host": "b.example.com"}}, "redirect: is of a part of a host"),
        (
            F5,
            {"protocol": "GRPC", "body_size": 1},
            "body_size: is nothing that F5 NGINX Ingress Controller can do for gRPC",
        ),
        (F5, {"protocol": "GRPC", "path": "/a", "rewrite": "/b"}, "rewrite: is nothing that F5"),
        (F5, {"protocol": "GRPC", "buffering": {"responses": True}}, "buffering.responses: is nothing that F5"),
        (F5, {"protocol": "GRPC", "websocket": True}, "websocket: is nothing that gRPC has"),
        (THERE, {"cors": CORS}, "cors.origins: is told F5 NGINX Ingress Controller by its own resources, and crds"),
        (THERE, {"allowed_sources": ["10.0.0.0/8"]}, "fix: install the release's deploy/crds.yaml"),
        (THERE, {"redirect": {"host": "b.example.com"}}, "redirect.host"),
        # What ingress-nginx cannot do.
        (IN, {"websocket": False}, "websocket: False is nothing that ingress-nginx can do"),
        (IN, {"load_balancing": "least-connections"}, "fix: fastest comes closest"),
        (IN, {"load_balancing": "client-address"}, "it needs the annotation upstream-hash-by"),
        (IN, {"load_balancing": "request-uri"}, "on f5-nginx"),
        (IN, {"request_headers": {"X-A": "b"}}, "it sets them for all routes at once alone"),
        (
            IN,
            {"protocol": "HTTPS", "backend_tls": {"ca_certificate": CERTIFICATE}},
            "it needs the annotation proxy-ssl-name",
        ),
        (IN, {"rate_limit": {"requests": 10, "burst": 25}}, "rate_limit.burst: 25 is no multiple of the 10"),
        (IN, {"session_affinity": {}, "path": "/@a"}, "session_affinity.path: holds an @"),
        (IN, {"path": "/a", "redirect": {"host": "b.example.com"}}, "redirect: would answer every path of the host"),
        (IN, {"redirect": {"host": "b.example.com", "code": 301}}, "redirect.code: 301 is nothing that ingress-nginx"),
        (
            IN,
            {"host": "*.example.com", "path": "/a", "redirect": {"path": "/x"}},
            "redirect.host: is missing, and ingress-nginx",
        ),
        # What a generic class cannot.
        (GENERIC, {"rewrite": "/b"}, 'rewrite: "/b" is nothing that a generic class can do'),
        (
            GENERIC,
            {"annotations": {"a": "b"}},
            "annotations: are of one route, and the routes of a generic class share",
        ),
        (GENERIC, {"target": {**TARGET, "namespace": "b"}}, 'target.namespace: "b" is not that of the Ingress, shop'),
    ],
)
def test_what_a_controller_cannot_do_is_refused(args: Any, fields: dict[str, Any], says: str) -> None:
    given = route(**{"host": HOST, **fields})
    tls = {} if "redirect" in fields or args is GENERIC else {"tls": SECURED}
    assert says in refused(**args, **tls, routes=[given])


@pytest.mark.parametrize("field", ["redirect", "ends_before"])
def test_a_generic_class_has_no_redirect_to_https(field: str) -> None:
    entry = {"redirect": True, "secret": "a"} if field == "redirect" else {"ends_before": True}
    said = refused(**GENERIC, tls={HOST: entry}, routes=[route(host=HOST)])
    assert f"tls.{HOST}.{field}: is nothing that an Ingress object can say" in said
    assert "https_redirect: is nothing that an Ingress object" in refused(
        **GENERIC, tls={HOST: {"secret": "a"}}, https_redirect=True, routes=[route(host=HOST)]
    )


@pytest.mark.parametrize("field", ["session_affinity", "load_balancing"])
def test_ingress_nginx_has_one_way_to_choose_a_pod_for_each_port_of_a_service(field: str) -> None:
    one, two = ({"cookie": "a"}, {"cookie": "b"}) if field == "session_affinity" else ("fastest", "round-robin")
    routes = [route(host=HOST, path="/a", **{field: one}), route(host=HOST, path="/b", **{field: two})]
    assert f"routes[1].{field}: is another one than that of routes[0]" in refused(**IN, routes=routes)


def test_a_certificate_of_cert_manager_wants_an_ingress() -> None:
    said = refused(**F5, tls={HOST: {"issuer": "x"}}, routes=[{"host": HOST, "redirect": {"host": "b.example.com"}}])
    assert "redirect: is of a host whose certificate cert-manager is to issue for an Ingress" in said


@pytest.mark.parametrize("name", ["Public", "a" * 41, "1a"])
def test_a_name_is_refused(name: str) -> None:
    assert "name:" in routes_refused(name, gateway={**_REFERENCE}, routes=[route()])


_REFERENCE: Any = {"controller": "f5-nginx", "class_name": "nginx", "namespace": "edge"}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"routes": [route()]}, "gateway: is missing"),
        ({"gateway": _REFERENCE, "routes": []}, "routes: holds none"),
        ({"gateway": {**_REFERENCE, "class_name": "A b"}, "routes": [route()]}, "gateway.class_name"),
        ({"gateway": {**_REFERENCE, "hosts": ["A"]}, "routes": [route()]}, "gateway.hosts[0]"),
        (
            {"gateway": {**_REFERENCE, "reached_from": [{}]}, "routes": [route()]},
            "gateway.reached_from[0]: names nobody",
        ),
        (
            {"gateway": {**_REFERENCE, "routes": ["* Prefix /"]}, "routes": [route()]},
            "takes the same requests as a route of another program, which the reference's routes list",
        ),
        (
            {"gateway": _REFERENCE, "routes": [{"target": {**TARGET, "selector": {"a": "b"}}}]},
            "gateway.reached_from: is missing",
        ),
        (
            {
                "gateway": {**_REFERENCE, "controller": "ingress-nginx"},
                "routes": [route(response_headers={"X-A": "b"})],
            },
            "is no header that the gateway has told ingress-nginx of",
        ),
    ],
)
def test_routes_from_elsewhere_are_refused(args: dict[str, Any], says: str) -> None:
    assert says in routes_refused(**args)


def test_two_components_cannot_have_one_route() -> None:
    said: list[str] = []

    def program() -> None:
        args: Any = {**THERE, "routes": [route(host=HOST, path="/a")]}
        made = IngressGateway("public", args)
        more: Any = {"gateway": made.reference, "routes": [route(host=HOST), route(host=HOST, path="/a/")]}
        with pytest.raises(pulumi.RunError) as caught:
            IngressRoutes("more", more)
        said.append(str(caught.value))

    record(program)
    assert 'routes[1]: takes the same requests as a route of IngressGateway "public" (routes[0])' in said[0]
    assert "Prefix /a of shop.example.com" in said[0]


@pytest.mark.parametrize(
    ("field", "one", "two"),
    [("session_affinity", {"cookie": "a"}, {"cookie": "b"}), ("load_balancing", "fastest", "round-robin")],
)
def test_two_components_cannot_have_pods_of_one_service_chosen_in_two_ways(field: str, one: Any, two: Any) -> None:
    def program() -> None:
        args: Any = {**IN, "routes": [route(host=HOST, path="/a", **{field: one})]}
        made = IngressGateway("public", args)
        more: Any = {"gateway": made.reference, "routes": [route(host=HOST, path="/b", **{field: two})]}
        with pytest.raises(pulumi.RunError, match=f"routes.0..{field}: is another one than that of IngressGateway"):
            IngressRoutes("more", more)

    record(program)


def test_f5_nginx_takes_an_exact_path_and_its_prefix_from_one_component_alone() -> None:
    def program() -> None:
        args: Any = {**THERE, "routes": [route(host=HOST, path="/a")]}
        made = IngressGateway("public", args)
        more: Any = {"gateway": made.reference, "routes": [route(host=HOST, path="/a", path_type="Exact")]}
        with pytest.raises(pulumi.RunError, match="add it where the prefix is added"):
            IngressRoutes("more", more)

    record(program)


def test_a_route_that_another_program_lists_later_fails_once_it_is_known() -> None:
    def program() -> None:
        reference: Any = {**_REFERENCE, "routes": pulumi.Output.from_input([f"{HOST} Prefix /a"])}
        args: Any = {"gateway": reference, "routes": [route(host=HOST, path="/a")]}
        IngressRoutes("more", args)

    with pytest.raises(Exception, match="which the reference's routes list"):
        record(program)


def test_problems_are_spelled_as_the_arguments_were() -> None:
    problems = Problems("x")
    args = {
        "install": False,
        "className": "nginx",
        "namespace": "edge",
        "routes": [
            {"host": HOST, "sessionAffinity": {"sameSite": "None"}, "target": {"service": "a", "namespace": "b"}}
        ],
    }
    check_ingress_gateway("public", args, problems, "portico:gateways.public", camel_case)
    at = "portico:gateways.public.routes[0]"
    assert [it.path for it in problems.found] == [f"{at}.target.portName", f"{at}.sessionAffinity.sameSite"]
