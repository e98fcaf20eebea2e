"""For any routes, what a controller does with what it is told is what `match_route` says: read back by readers that
know the controllers' own semantics and nothing of the compilers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError, match_route
from pulumi_portico.args.location import Location
from pulumi_portico.args.problems import Problems
from pulumi_portico.ingress_gateway.matching import canonical_path
from pulumi_portico.ingress_gateway.route_set import OtherRoutes
from pulumi_portico.ingress_gateway.validation import parse_ingress_gateway

from tests.examples import examples
from tests.unit import gateways
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx
from tests.unit.readers.nginx import Answer, Request, normalized
from tools.settings_table import data as gateway_data

ELEMENTS = ("a", "A", "ab", "a.b", "a-b", "b", "@c")
HOSTS = ("", "x.example.com", "y.example.com", "*.example.com", "z.x.example.com")
ASKED_HOSTS = ("x.example.com", "X.Example.Com:8080", "y.example.com", "w.example.com", "z.x.example.com", "other.org")
SECURED = {"x.example.com": {"secret": "x"}, "*.example.com": {"secret": "wild", "redirect": False}}


def paths(*, slash: bool = True) -> st.SearchStrategy[str]:
    ends = st.sampled_from(["", "/"]) if slash else st.just("")
    several = st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=3)
    return st.one_of(st.just("/"), st.tuples(several, ends).map(lambda it: "/" + "/".join(it[0]) + it[1]))


def comparable_path(route: Mapping[str, Any]) -> str:
    """The route's path. A slash at the end of a prefix means nothing."""
    path = str(route["path"])
    return path if route["path_type"] == "Exact" else path.rstrip("/") or "/"


@st.composite
def routes(draw: st.DrawFn, hosts: Sequence[str]) -> list[Any]:
    """Routes, each to a Service of its own, no two of which take the same."""
    made: list[dict[str, Any]] = []
    seen: set[tuple[str, str, str]] = set()
    for at in range(draw(st.integers(1, 7))):
        route: dict[str, Any] = {"target": {"service": f"s{at}", "namespace": f"n{at % 2}", "port": 80}}
        if host := draw(st.sampled_from(hosts)):
            route["host"] = host
        # Half of the paths are another route's, or go on below it: routes that meet are those that can be mistaken.
        path = draw(paths())
        if made and draw(st.booleans()):
            above = draw(st.sampled_from([it["path"] for it in made])).rstrip("/")
            path = draw(st.sampled_from([above or "/", above + path]))
        route |= {"path": path, "path_type": draw(st.sampled_from(["Prefix", "Exact"]))}
        if draw(st.booleans()):
            # An @ is no part of a rewrite's text.
            route["rewrite"] = draw(paths(slash=route["path_type"] == "Exact")).replace("@", "")
        key = (host, comparable_path(route), str(route["path_type"]))
        if key not in seen:
            seen.add(key)
            made.append(route)
    return made


def asked_paths() -> st.SearchStrategy[str]:
    """What clients ask for: near the routes' paths, and written in other ways."""
    return st.one_of(
        paths(),
        st.tuples(
            paths(slash=False), st.sampled_from(["b", "/x", "//", "/.", "/../a", "?q=/a", "%2Fa", "/%61", "/A"])
        ).map("".join),
        # A dot is no other character.
        paths().map(lambda it: it.replace("a.b", "aXb")),
    )


def asked_of(routes: Sequence[Mapping[str, Any]]) -> st.SearchStrategy[tuple[str, str]]:
    """A host and a path: half of the time a route's own, or just beside it."""
    ends = st.sampled_from(["", "/", "b", "/b"])
    own = st.tuples(st.sampled_from(list(routes)), ends).map(
        lambda it: (it[0].get("host", "other.org").replace("*", "w"), it[0]["path"] + it[1])
    )
    return st.one_of(own, st.tuples(st.sampled_from(ASKED_HOSTS), asked_paths()))


def compiled(controller: str, routes: Sequence[Mapping[str, Any]], **more: Any) -> list[dict[str, Any]]:
    """The manifests of the routes, which the rules must have accepted."""
    args: dict[str, Any] = {"namespace": "edge", **more}
    found = gateways.route_set(controller, routes, **args)
    if gateways.problems_of_route_set(found):
        reject()
    return gateways.compiled(found)


def reader_of(controller: str, manifests: Sequence[Mapping[str, Any]]) -> Any:
    data = gateway_data(controller, {}, shutdown=60)
    if controller == "f5-nginx":
        return F5Nginx(manifests, config_map=data, class_name="nginx", custom_resources=True, empty_host=True)
    return IngressNginx(manifests, config_map=data, class_name="nginx", webhook=False)


def sound(reader: Any) -> None:
    assert reader.rejected == {}
    assert reader.ignored == {}
    # Field case R1 has rows of its own (tests/scoreboard); remove this exception together with their marks.
    assert [it for it in reader.broken if it != 'duplicate location "/"'] == []


def expected_path(route: Mapping[str, Any], path: str) -> str:
    asked = canonical_path(path)
    assert asked is not None
    if "rewrite" not in route:
        return asked
    if route["path_type"] == "Exact":
        return str(route["rewrite"])
    rest = asked.removeprefix(route["path"].rstrip("/"))
    return route["rewrite"].rstrip("/") + rest or "/"


def check_answer(answer: Answer, route: Mapping[str, Any] | None, path: str) -> None:
    if canonical_path(path) is None:
        assert (answer.kind, answer.status) == ("refused", 400)
    elif route is None:
        assert answer.kind == "default", answer
    else:
        assert answer.kind == "backend", answer
        target = route["target"]
        assert answer.backend == (target["namespace"], target["service"], target["port"])
        # What a pod gets of a path that nothing rewrites is field case R3.
        assert normalized(answer.path) == expected_path(route, path)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_every_request_goes_where_match_route_says(controller: str, data: st.DataObject) -> None:
    # A wildcard stands for more labels than one on F5 NGINX Ingress Controller, which is opted into apart.
    hosts = [it for it in HOSTS if controller != "f5-nginx" or not it.startswith("*")]
    given_routes = data.draw(routes(hosts), "routes")
    manifests = compiled(controller, given_routes)
    # Whichever of them is made first.
    reader = reader_of(controller, data.draw(st.permutations(manifests), "the order that they were made in"))
    sound(reader)
    for _ in range(12):
        host, path = data.draw(asked_of(given_routes), "host and path")
        check_answer(reader.answer(Request(host, path)), match_route(given_routes, host, path), path)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_a_wildcard_of_any_depth_takes_one_label_as_match_route_says(data: st.DataObject) -> None:
    given_routes = data.draw(routes(["", "x.example.com", "*.example.com"]))
    reader = reader_of("f5-nginx", compiled("f5-nginx", given_routes))
    sound(reader)
    for host in ("x.example.com", "w.example.com", "other.org"):
        path = data.draw(asked_paths(), "path")
        check_answer(reader.answer(Request(host, path)), match_route(given_routes, host, path), path)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_what_no_route_takes_goes_to_the_default_backend(controller: str, data: st.DataObject) -> None:
    given_routes = data.draw(routes(["", "x.example.com", "y.example.com"]))
    default = {"service": "default", "namespace": "edge", "port": 8080}
    reader = reader_of(controller, compiled(controller, given_routes, default_backend=default))
    sound(reader)
    for host in ("x.example.com", "y.example.com", "other.org"):
        path = data.draw(asked_paths(), "path")
        route = match_route(given_routes, host, path) or {"target": default}
        check_answer(reader.answer(Request(host, path)), route, path)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_a_host_with_tls_redirects_what_came_without_it(controller: str, data: st.DataObject) -> None:
    hosts = ["x.example.com", "y.example.com", *(["*.example.com"] if controller != "f5-nginx" else [])]
    given_routes = data.draw(routes(hosts))
    reader = reader_of(controller, compiled(controller, given_routes, tls=SECURED))
    sound(reader)
    path = data.draw(asked_paths(), "path")
    route = match_route(given_routes, "x.example.com", path)
    answer = reader.answer(Request("x.example.com", path))
    named = {it.get("host") for it in given_routes}
    if route is not None and route.get("host") == "x.example.com":
        assert (answer.kind, answer.status) == ("redirect", 308)
        assert answer.location.replace(":443", "") == f"https://x.example.com{path}"
    check_answer(
        reader.answer(Request("x.example.com", path, scheme="https")), route, path
    ) if "x.example.com" in named else None
    # A certificate of the wildcard serves a host below it, without a redirect.
    route = match_route(given_routes, "y.example.com", path)
    check_answer(reader.answer(Request("y.example.com", path)), route, path)


@given(path=st.one_of(asked_paths(), st.text(st.characters(codec="ascii"), max_size=12).map(lambda it: f"/{it}")))
def test_paths_are_compared_as_nginx_understands_them(path: str) -> None:
    assert canonical_path(path) == normalized(path)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx", "generic"])
@settings(max_examples=examples(100))
@given(
    field=st.sampled_from(
        ["host", "path", "rewrite", "app_root", "realm", "cookie", "header", "header value", "origin"]
    ),
    text=st.text(max_size=20),
    bad=st.sampled_from(list("\"'`{};$\\\n\r\0\t#")),
)
def test_no_text_takes_what_ends_a_directive_or_names_a_variable(
    controller: str, field: str, text: str, bad: str
) -> None:
    value = f"/{text}{bad}" if field in ("path", "rewrite", "app_root") else f"{text}{bad}"
    route: dict[str, Any] = {"target": {"service": "a", "namespace": "edge", "port": 80}, "host": "x.example.com"}
    if field in ("host", "path", "rewrite", "app_root"):
        route[field] = value
    elif field == "realm":
        route["basic_auth"] = {"secret": "s", "realm": value}
    elif field == "cookie":
        route["session_persistence"] = {"cookie": value}
    elif field == "header":
        route["response_headers"] = {value: "a"}
    elif field == "header value":
        # Both controllers write the value in double quotes, which these characters don't end.
        assume(bad not in "#';`")
        route["response_headers"] = {"X-A": value}
    else:
        route["cors"] = {"origins": [value]}
    args: Any = {"controller": controller, "install": False, "class_name": "nginx", "namespace": "edge"}
    args |= {"routes": [route], "tls": SECURED}
    problems = Problems("x")
    parse_ingress_gateway("public", args, problems)
    assert problems.has_within(Location(("routes", 0))), (field, value)


def test_a_text_that_is_known_later_is_checked_then() -> None:
    bad = pulumi.Output.from_input("$host")
    with pytest.raises(ArgumentError) as caught:
        gateways.gateway(routes=[gateways.route(host="x.example.com", response_headers={"X-A": bad})])
    assert [problem.code.name for problem in caught.value.problems] == ["invalid-header-value"]


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_the_exact_path_and_its_prefix_stay_apart(controller: str) -> None:
    made: list[Any] = [
        {
            "host": "x.example.com",
            "path": path,
            "path_type": kind,
            "target": {"service": f"s{at}", "namespace": "n", "port": 80},
        }
        for at, (path, kind) in enumerate(
            [
                ("/", "Exact"),
                ("/", "Prefix"),
                ("/a.b", "Exact"),
                ("/a.b", "Prefix"),
                ("/a.b/", "Exact"),
                ("/a", "Exact"),
            ]
        )
    ]
    reader = reader_of(controller, compiled(controller, made))
    sound(reader)
    for path in ("/", "/x", "/a.b", "/a.b/", "/a.b/c", "/aXb", "/aXb/", "/a", "/a/"):
        check_answer(reader.answer(Request("x.example.com", path)), match_route(made, "x.example.com", path), path)


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_default_backend_is_lost_to_no_other_components_host(controller: str) -> None:
    """A host that another component has a part of, and no more, still has it."""
    default = {"service": "default", "namespace": "edge", "port": 80}
    own = {"host": "y.example.com", "path": "/a", "target": {"service": "a", "namespace": "n", "port": 80}}
    other = {"path": "/b", "target": {"service": "b", "namespace": "n", "port": 80}}
    known = {"others": OtherRoutes(hosts=frozenset([""]))}
    manifests = [*compiled(controller, [other]), *compiled(controller, [own], default_backend=default, **known)]
    answer = reader_of(controller, manifests).answer(Request("unknown.org", "/x"))
    assert answer.backend == ("edge", "default", 80)
