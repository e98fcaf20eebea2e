"""The readers themselves, on examples whose outcome the controllers' documentation, issues or tests tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.readers import nginx
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx
from tests.unit.readers.nginx import Location, Request

Path = tuple[str, str, str]


def ingress(
    name: str, host: str, *paths: Path, prefix: str, told: Mapping[str, str] | None = None, **spec: Any
) -> dict[str, Any]:
    rule: dict[str, Any] = {"host": host} if host else {}
    if paths:
        rule["http"] = {
            "paths": [
                {"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": {"number": 80}}}}
                for path, kind, service in paths
            ]
        }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "annotations": {prefix + key: value for key, value in (told or {}).items()},
        },
        "spec": {"rules": [rule], **spec},
    }


def community(name: str, host: str, *paths: Path, **options: Any) -> dict[str, Any]:
    return ingress(name, host, *paths, prefix="nginx.ingress.kubernetes.io/", **options)


def f5(name: str, host: str, *paths: Path, **options: Any) -> dict[str, Any]:
    return ingress(name, host, *paths, prefix="nginx.org/", **options)


def minion(name: str, *paths: Path, told: Mapping[str, str] | None = None) -> dict[str, Any]:
    return f5(name, "a.example", *paths, told={"mergeable-ingress-type": "minion", **(told or {})})


def master(told: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return f5("master", "a.example", told={"mergeable-ingress-type": "master", **(told or {})}, **spec)


TLS: dict[str, Any] = {"tls": [{"hosts": ["a.example"], "secretName": "cert"}]}


def reached(reader: IngressNginx | F5Nginx, path: str, host: str = "a.example", **request: Any) -> str:
    """What a request meets, in a word or two: the service and the path that it is asked for, or the status."""
    answer = reader.answer(Request(host, path, **request))
    if answer.kind == "backend":
        return f"{answer.service} {answer.path}"
    return f"{answer.status} {answer.location}".strip()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        # The examples of https://nginx.org/en/docs/http/ngx_http_core_module.html#location
        ("/", "A"),
        ("/index.html", "B"),
        ("/documents/document.html", "C"),
        ("/documents/1.JPG", "E"),
    ],
)
def test_nginx_takes_the_location_that_its_documentation_says(path: str, wanted: str) -> None:
    locations = [
        Location("=", "/", "A"),
        Location("", "/", "B"),
        Location("", "/documents/", "C"),
        Location("~*", r"\.(gif|jpg|jpeg)$", "E"),
    ]
    taken = nginx.pick(locations, path)
    assert taken is not None
    assert taken.ingress == wanted


@pytest.mark.parametrize(
    ("sent", "compared"),
    [
        ("/a//b", "/a/b"),
        ("/a/./b/../c", "/a/c"),
        ("/%61%2fb", "/a/b"),
        ("/a/%2e%2e/b", "/b"),
        ("/a?b/../..", "/a"),
        ("/a/..", "/"),
        ("/..", None),
        ("/%zz", None),
        ("/a%00", None),
        ("a", None),
    ],
)
def test_nginx_compares_paths_in_their_plain_form(sent: str, compared: str | None) -> None:
    assert nginx.normalized(sent) == compared


def test_ingress_nginx_tells_prefixes_by_element_and_takes_the_longest() -> None:
    reader = IngressNginx(
        [
            community(
                "it",
                "a.example",
                ("/", "Prefix", "root"),
                ("/foo", "Prefix", "foo"),
                ("/foo/bar", "Exact", "bar"),
                ("/text", "ImplementationSpecific", "text"),
                ("/both", "Prefix", "below"),
                ("/both", "Exact", "itself"),
            )
        ]
    )
    asked = ("/foo", "/foo/x", "/foobar", "/foo/bar", "/foo/bar/", "/FOO", "/textual", "/both", "/both/")
    found = [reached(reader, it).split()[0] for it in asked]
    assert found == ["foo", "foo", "root", "bar", "foo", "root", "text", "itself", "below"]
    assert (reader.rejected, reader.ignored, reader.broken) == ({}, {}, [])


def test_one_rewrite_of_ingress_nginx_makes_every_path_of_the_host_a_regular_expression() -> None:
    # https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
    plain = community("plain", "a.example", ("/foo", "Exact", "exact"), ("/bar", "Prefix", "prefix"))
    rewriting = community(
        "it", "a.example", ("/new(/|$)(.*)", "ImplementationSpecific", "new"), told={"rewrite-target": "/$2"}
    )
    before, after = IngressNginx([plain]), IngressNginx([plain, rewriting])
    assert reached(before, "/foobar") == "404"
    assert reached(before, "/FOO") == "404"
    assert reached(after, "/foobar") == "exact /foobar"
    assert reached(after, "/FOO") == "exact /FOO"
    assert reached(after, "/barred") == "prefix /barred"
    assert reached(after, "/new") == "new /"
    assert reached(after, "/new/x?y") == "new /x"
    # On another host nothing changes.
    assert reached(after, "/foobar", "b.example") == "404"


def test_among_regular_expressions_of_ingress_nginx_the_longest_text_wins() -> None:
    reader = IngressNginx(
        [
            community(
                "it",
                "a.example",
                ("/foo/bar$", "ImplementationSpecific", "shorter"),
                ("/foo(/|$)(.*)", "ImplementationSpecific", "longer"),
                told={"use-regex": "true"},
            )
        ]
    )
    assert reached(reader, "/foo/bar") == "longer /foo/bar"


def test_case_counts_again_in_a_path_that_says_so() -> None:
    told = {"rewrite-target": "/new$1$2"}
    path = r"/(?-i)a\.b(/|$)(.*)"
    reader = IngressNginx([community("it", "a.example", (path, "ImplementationSpecific", "it"), told=told)])
    assert reached(reader, "/a.b/C") == "it /new/C"
    assert reached(reader, "/A.B/C") == "404"
    assert reached(reader, "/aXb") == "404"


def test_a_wildcard_host_is_one_label_to_ingress_nginx_and_any_number_to_f5() -> None:
    paths = ("/", "Prefix", "any")
    exact = ("/", "Prefix", "exact")
    for reader, deep in (
        (IngressNginx([community("w", "*.x.example", paths), community("e", "e.x.example", exact)]), "404"),
        (F5Nginx([f5("w", "*.x.example", paths), f5("e", "e.x.example", exact)]), "any /"),
    ):
        assert reached(reader, "/", "a.x.example:80") == "any /"
        assert reached(reader, "/", "E.x.example") == "exact /"
        assert reached(reader, "/", "x.example") == "404"
        assert reached(reader, "/", "a.b.x.example") == deep


def test_the_longest_wildcard_of_f5_has_the_host() -> None:
    # https://nginx.org/en/docs/http/server_names.html
    short = f5("short", "*.example", ("/", "Prefix", "short"))
    long = f5("long", "*.x.example", ("/", "Prefix", "long"))
    for manifests in ([short, long], [long, short]):
        assert reached(F5Nginx(manifests), "/", "a.x.example") == "long /"
        assert reached(F5Nginx(manifests), "/", "a.y.example") == "short /"


def test_what_no_path_takes_has_the_annotations_of_the_oldest_ingress_of_its_host() -> None:
    redirect = community(
        "old", "a.example", ("/old", "Prefix", "-"), told={"permanent-redirect": "https://b.example/new"}
    )
    other = community("other", "a.example", ("/app", "Prefix", "app"))
    assert reached(IngressNginx([redirect, other]), "/nowhere") == "301 https://b.example/new"
    assert reached(IngressNginx([other, redirect]), "/nowhere") == "404"
    assert reached(IngressNginx([other, redirect]), "/old/x") == "301 https://b.example/new"


def test_ingress_nginx_redirects_to_https_where_it_has_a_certificate() -> None:
    reader = IngressNginx([community("it", "a.example", ("/", "Prefix", "it"), **TLS)])
    assert reached(reader, "/a/?b=c/") == "308 https://a.example/a/?b=c"
    assert reached(reader, "/a", scheme="https") == "it /a"
    assert reader.certificate("a.example") == "shop/cert"
    kept = {"preserve-trailing-slash": "true"}
    reader = IngressNginx([community("it", "a.example", ("/", "Prefix", "it"), told=kept, **TLS)])
    assert reached(reader, "/a/") == "308 https://a.example/a/"
    off = {"ssl-redirect": "false"}
    reader = IngressNginx([community("it", "a.example", ("/", "Prefix", "it"), told=off, **TLS)])
    assert reached(reader, "/a/") == "it /a/"


def test_ingress_nginx_asks_first_where_a_client_comes_from_and_then_who_it_is() -> None:
    told = {"denylist-source-range": "198.51.100.0/24,2001:db8::/32", "auth-type": "basic", "auth-secret": "users"}
    reader = IngressNginx([community("it", "a.example", ("/", "Prefix", "it"), told=told)])
    signed_in = {"Authorization": "Basic YTpi"}
    assert reached(reader, "/", client="198.51.100.9", headers=signed_in) == "403"
    assert reached(reader, "/", client="2001:db8::1", headers=signed_in) == "403"
    assert reached(reader, "/", client="203.0.113.9") == "401"
    assert reached(reader, "/", client="203.0.113.9", headers=signed_in) == "it /"
    assert reader.answer(Request("a.example")).settings["auth"] == {"secret": "shop/users", "realm": ""}


def test_a_redirect_and_a_preflight_of_ingress_nginx_come_before_who_may_enter() -> None:
    closed = {"allowlist-source-range": "198.51.100.0/24"}
    cors = {"enable-cors": "true", "cors-allow-origin": "https://*.good.example"}
    reader = IngressNginx(
        [
            community("one", "a.example", ("/closed", "Prefix", "it"), told=closed),
            community(
                "two", "a.example", ("/moved", "Prefix", "it"), told={**closed, "temporal-redirect": "https://b"}
            ),
            community("three", "a.example", ("/cors", "Prefix", "it"), told={**closed, **cors}),
        ]
    )
    assert reached(reader, "/closed") == "403"
    assert reached(reader, "/closed", client="198.51.100.9") == "it /closed"
    assert reached(reader, "/moved") == "302 https://b"
    assert reached(reader, "/cors", method="OPTIONS", headers={"Origin": "https://a.good.example"}) == "204"
    assert reached(reader, "/cors", method="OPTIONS", headers={"Origin": "https://a.b.good.example"}) == "403"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"rewrite-target": "/a;b"}, "invalid value"),
        ({"permanent-redirect": "https://b.example$request_uri"}, "invalid value"),
        ({"temporal-redirect": "/relative"}, "only http and https"),
        ({"proxy-body-size": "1 megabyte"}, "invalid value"),
        ({"cors-allow-origin": "https://a.example/"}, "invalid value"),
        ({"auth-realm": 'a"b'}, "invalid value"),
        ({"limit-rps": "5", "limit-burst-multiplier": "0"}, "burst"),
        ({"proxy-read-timeout": "0"}, "timeout"),
        ({"proxy-ssl-secret": "shop/ca", "proxy-ssl-verify": "on"}, "proxy-ssl-name"),
        ({"configuration-snippet": "return 200;"}, "snippets"),
        ({"upstream-hash-by": "$remote_addr"}, "too risky"),
    ],
)
def test_ingress_nginx_rejects(told: dict[str, str], why: str) -> None:
    reader = IngressNginx(
        [community("it", "a.example", ("/", "Prefix", "it"), told=told)],
        config_map={"annotations-risk-level": "Medium"},
    )
    assert why in reader.rejected["shop/it"][0]


def test_two_prefixes_that_differ_by_a_slash_break_the_configuration_of_ingress_nginx() -> None:
    reader = IngressNginx([community("it", "a.example", ("/foo", "Prefix", "it"), ("/foo/", "Prefix", "it"))])
    assert reader.broken == ['a.example: duplicate location " /foo/"']


def test_a_default_backend_without_rules_answers_for_ingress_nginx_what_nobody_else_does() -> None:
    backend = {"service": {"name": "lost", "port": {"number": 80}}}
    everything = {**community("all", "a.example"), "spec": {"defaultBackend": backend}}
    reader = IngressNginx([everything, community("it", "a.example", ("/app", "Prefix", "app"))])
    assert reached(reader, "/x", "b.example") == "lost /x"
    # A host that is known has a default of its own.
    assert reached(reader, "/x") == "404"


def test_a_prefix_of_f5_is_one_of_letters() -> None:
    # https://github.com/nginx/kubernetes-ingress/issues/9509 tells of the other one.
    reader = F5Nginx([f5("it", "a.example", ("/foo", "Prefix", "it"), ("/bar", "Exact", "exact"))])
    assert reached(reader, "/foobar") == "it /foobar"
    assert reached(reader, "/bar") == "exact /bar"
    assert reached(reader, "/bar/") == "404"
    broken = F5Nginx([f5("it", "a.example", ("/bar", "Exact", "it"), told={"path-regex": "case_sensitive"})])
    assert broken.broken


def test_an_exact_path_and_a_prefix_below_it_are_a_prefix_by_element_to_f5() -> None:
    reader = F5Nginx(
        [
            master(),
            minion("foo", ("/foo", "Exact", "foo"), ("/foo/", "Prefix", "foo")),
            minion("deep", ("/foo/bar", "Exact", "deep"), ("/foo/bar/", "Prefix", "deep")),
            minion("root", ("/", "Prefix", "root")),
        ]
    )
    asked = ("/foo", "/foo/x", "/foobar", "/foo/bar", "/foo/bar/x", "/foo/barred", "/x")
    found = [reached(reader, it).split()[0] for it in asked]
    assert found == ["foo", "foo", "root", "deep", "deep", "foo", "root"]
    assert (reader.rejected, reader.ignored, reader.broken) == ({}, {}, [])


def test_f5_gives_a_host_to_the_oldest_and_a_path_to_the_oldest_minion() -> None:
    reader = F5Nginx([f5("old", "a.example", ("/a", "Prefix", "old")), f5("new", "a.example", ("/b", "Prefix", "new"))])
    assert reached(reader, "/b") == "404"
    assert reader.rejected == {"shop/new": ["host a.example is taken by another resource"]}
    reader = F5Nginx([master(), minion("z", ("/a", "Exact", "z")), minion("a", ("/a", "Prefix", "a"))])
    assert reached(reader, "/a") == "z /a"
    assert reached(reader, "/a/b") == "404"
    assert reader.rejected == {"shop/a": ["path /a is taken by shop/z"]}


def test_a_minion_of_f5_without_its_master_serves_nothing() -> None:
    broken = master(told={"app-root": "/"})
    reader = F5Nginx([broken, minion("it", ("/", "Prefix", "it"))])
    assert reached(reader, "/") == "404"
    assert set(reader.rejected) == {"shop/master", "shop/it"}


@pytest.mark.parametrize(
    ("paths", "told", "asked", "wanted"),
    [
        # The examples of examples/ingress-resources/rewrites in its repository.
        ([("/tea/", "Prefix", "tea")], {"rewrites": "serviceName=tea rewrite=/"}, "/tea/green", "tea /green"),
        ([("/tea/", "Prefix", "tea")], {"rewrites": "serviceName=tea rewrite=/v1/"}, "/tea/a%20b", "tea /v1/a b"),
        ([("/tea", "Exact", "tea")], {"rewrites": "serviceName=tea rewrite=/v1"}, "/tea", "tea /v1"),
        (
            [("/tea(/|$)(.*)", "ImplementationSpecific", "tea")],
            {"path-regex": "case_sensitive", "rewrite-target": "/v1$1$2"},
            "/tea/x",
            "tea /v1/x",
        ),
    ],
)
def test_f5_rewrites(paths: list[Path], told: dict[str, str], asked: str, wanted: str) -> None:
    reader = F5Nginx([master(), minion("it", *paths, told=told)])
    assert (reached(reader, asked), reader.broken) == (wanted, [])


def test_f5_redirects_a_whole_host_to_https_with_the_port_in_it() -> None:
    reader = F5Nginx([master(told={"http-redirect-code": "308"}, **TLS), minion("it", ("/", "Prefix", "it"))])
    assert reached(reader, "/a/?b") == "308 https://a.example:443/a/?b"
    assert reached(reader, "/a", scheme="https") == "it /a"
    assert reader.certificate("a.example") == "shop/cert"


def test_f5_drops_what_stands_where_it_may_not() -> None:
    reader = F5Nginx(
        [
            master(told={"rewrites": "serviceName=it rewrite=/"}),
            minion("it", ("/", "Prefix", "it"), told={"ssl-redirect": "false", "policies": "open"}),
        ]
    )
    assert reader.rejected == {
        "shop/master": ["rewrites: invalid value 'serviceName=it rewrite=/'"],
        "shop/it": ["no master has its host"],
    }
    reader = F5Nginx(
        [
            master(),
            minion("it", ("/", "Prefix", "it"), told={"ssl-redirect": "false", "policies": "closed"}),
        ]
    )
    assert reader.ignored == {"shop/it": ["ssl-redirect", "policies"]}
    assert reached(reader, "/") == "it /"


@pytest.mark.parametrize("custom", [True, False])
def test_policies_of_f5_hold_where_its_own_resources_are_read(custom: bool) -> None:
    policy = {
        "kind": "Policy",
        "metadata": {"name": "closed", "namespace": "shop"},
        "spec": {"accessControl": {"allow": ["198.51.100.0/24"]}},
    }
    manifests = [master(), minion("it", ("/", "Prefix", "it"), told={"policies": "closed"}), policy]
    reader = F5Nginx(manifests, custom_resources=custom)
    assert reached(reader, "/") == ("403" if custom else "it /")
    assert reached(reader, "/", client="198.51.100.9") == "it /"
    missing = F5Nginx(manifests[:2], custom_resources=True)
    assert reached(missing, "/") == "500"


def test_grpc_of_f5_wants_http2_and_tls_and_takes_the_plain_port_away() -> None:
    told = {"grpc-services": "it"}
    manifests = [master(**TLS), minion("it", ("/", "Prefix", "it"), told=told)]
    reader = F5Nginx(manifests, config_map={"http2": "true"})
    answer = reader.answer(Request("a.example", "/", "https"))
    assert answer.settings["protocol"] == "GRPC"
    assert reached(reader, "/") == "404"
    assert F5Nginx(manifests).ignored == {"shop/it": ["grpc-services"]}
    assert F5Nginx([master(), manifests[1]], config_map={"http2": "true"}).broken


def test_an_ingress_without_a_host_needs_a_flag_of_f5() -> None:
    everything = f5("it", "", ("/", "Prefix", "it"))
    assert F5Nginx([everything]).rejected == {"shop/it": ["a host is required"]}
    reader = F5Nginx([everything, f5("a", "a.example", ("/app", "Prefix", "app"))], empty_host=True)
    assert reached(reader, "/x", "b.example") == "it /x"
    assert reached(reader, "/x") == "404"


def test_a_header_of_a_location_takes_the_servers_headers_away_unless_they_are_merged() -> None:
    def headers(**told: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in told.items()}
        reader = F5Nginx([master(told={"add-header": "X-Server: a"}), minion("it", ("/", "Prefix", "it"), told=names)])
        return reader.answer(Request("a.example")).settings["response_headers"]

    assert headers() == {"X-Server": "a"}
    assert headers(add_header="X-It: b:always") == {"X-It": "b"}
    assert headers(add_header="X-It: b", add_header_inherit="merge") == {"X-Server": "a", "X-It": "b"}


@pytest.mark.parametrize(
    "told",
    [
        {"rewrites": "serviceName=other rewrite=/"},
        {"rewrites": "serviceName=it rewrite=x"},
        {"rewrite-target": "https://b.example/"},
        {"client-max-body-size": "1mb"},
        {"proxy-read-timeout": "soon"},
        {"proxy-set-headers": "X-A: $host"},
        {"add-header": "Content-Security-Policy: default-src https://a.example"},
        {"lb-method": "hash $a;b c d"},
        {"websocket-services": "it,other"},
        {"basic-auth-realm": "no secret"},
        {"limit-req-rate": "0r/s"},
        {"location-snippets": "return 200;"},
        {"hsts-max-age": "10"},
    ],
)
def test_f5_rejects(told: dict[str, str]) -> None:
    reader = F5Nginx([f5("it", "a.example", ("/", "Prefix", "it"), told=told)])
    assert list(reader.rejected) == ["shop/it"]
    assert reached(reader, "/") == "404"


def test_a_virtual_server_of_f5_redirects_with_what_was_asked() -> None:
    manifest = {
        "kind": "VirtualServer",
        "metadata": {"name": "it", "namespace": "shop"},
        "spec": {
            "host": "a.example",
            "tls": {"secret": "cert"},
            "routes": [
                {"path": "/", "action": {"redirect": {"url": "${scheme}://b.example${request_uri}", "code": 308}}}
            ],
        },
    }
    reader = F5Nginx([manifest], custom_resources=True)
    assert reached(reader, "/x?y=1", scheme="https") == "308 https://b.example/x?y=1"
    assert reader.rejected == {}
