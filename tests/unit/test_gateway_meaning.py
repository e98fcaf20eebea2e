"""Whatever routes there are, each controller sends a request where `match_route` says, by its own documented semantics.

Every route has a Service of its own, so that the Service tells the route. Requests are made from the routes: what is
just inside and just outside of each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from pulumi_portico import IngressGateway, match_route
from pulumi_portico.testing import record

from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx
from tests.unit.readers.nginx import Request

Reader = IngressNginx | F5Nginx
NAMESPACE, CLASS = "shop", "nginx"
# Hosts and words that are parts, beginnings and other cases of one another.
HOSTS = ("", "a.example", "*.a.example", "b.a.example", "*.b.a.example", "example")
WORDS = ("a", "ab", "A", "a.b", "a-b", "1")
ASKED_HOSTS = ("a.example", "b.a.example", "c.a.example", "c.b.a.example", "example", "z.test", "A.Example:8080")


def _read_community(manifests: Sequence[Mapping[str, Any]]) -> Reader:
    return IngressNginx(manifests, class_name=CLASS)


def _read_f5(manifests: Sequence[Mapping[str, Any]]) -> Reader:
    return F5Nginx(manifests, class_name=CLASS, custom_resources=True, empty_host=True)


READERS: Mapping[str, Callable[[Sequence[Mapping[str, Any]]], Reader]] = {
    "ingress-nginx": _read_community,
    "f5-nginx": _read_f5,
}

paths = st.lists(st.sampled_from(WORDS), max_size=3).map(lambda words: "/" + "/".join(words))
ends = st.sampled_from(("", "/", "x", "/x", "/a", "/a/b", "//a", "/./a", "/x/../a", "/%61", ".b", "?a=/b"))


@st.composite
def routes(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Routes of which no two match the same."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for number in range(draw(st.integers(1, 8))):
        host, path = draw(st.sampled_from(HOSTS)), draw(paths)
        path_type = draw(st.sampled_from(("Prefix", "Exact")))
        target = {"service": f"s{number}", "namespace": NAMESPACE, "port": 80}
        route: dict[str, Any] = {"path": path, "path_type": path_type, "target": target}
        if host:
            route["host"] = host
        if draw(st.integers(0, 3)) == 0:
            route["rewrite"] = draw(paths)
        found.setdefault((host, path, path_type), route)
    return list(found.values())


@st.composite
def requests(draw: st.DrawFn, given_routes: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Hosts and paths: the routes' own, gone on with, begun, in another case, and others."""
    found: list[tuple[str, str]] = []
    for _ in range(12):
        route = draw(st.sampled_from(list(given_routes)))
        path = draw(st.sampled_from((route["path"], route["path"].swapcase(), draw(paths)))) + draw(ends)
        host = route.get("host", "z.test").replace("*", "c")
        found.append((draw(st.sampled_from((host, *ASKED_HOSTS))), path))
    return found


def _compiled(controller: str, given_routes: Sequence[Mapping[str, Any]], order: random.Random) -> Reader:
    args: Any = {
        "controller": controller,
        "install": False,
        "class_name": CLASS,
        "namespace": "edge",
        "routes": list(given_routes),
    }
    if controller == "f5-nginx":
        args["wildcards_any_depth"] = True
    manifests = list(record(lambda: IngressGateway("all", args)).manifests())
    order.shuffle(manifests)
    return READERS[controller](manifests)


def _wanted_path(route: Mapping[str, Any], path: str) -> str:
    """What the Service is asked for: `path` as nginx understands it, with the rewrite in the prefix's place."""
    if "rewrite" not in route:
        return path
    if route["path_type"] == "Exact":
        return route["rewrite"]
    return route["rewrite"].rstrip("/") + path.removeprefix(route["path"].rstrip("/")) or "/"


@pytest.mark.parametrize("controller", READERS)
@settings(max_examples=100, deadline=None)
@given(data=st.data(), order=st.randoms(use_true_random=False))
def test_every_controller_sends_a_request_where_match_route_says(
    controller: str, data: st.DataObject, order: random.Random
) -> None:
    given_routes = data.draw(routes())
    reader = _compiled(controller, given_routes, order)
    assert (reader.rejected, reader.ignored, reader.broken) == ({}, {}, [])
    for host, path in data.draw(requests(given_routes)):
        route = match_route(given_routes, host, path)
        if controller == "f5-nginx" and _is_deep(given_routes, host):
            continue
        note(f"{host} {path}")
        answer = reader.answer(Request(host, path))
        if route is None:
            assert answer.kind in ("default", "refused")
            continue
        assert (answer.kind, answer.service) == ("backend", route["target"]["service"])
        assert answer.path == _wanted_path(route, _plain(path))


def _plain(path: str) -> str:
    """What is written in another way, in the way that routes write it; only what `ends` makes of paths."""
    kept: list[str] = []
    text = path.partition("?")[0].replace("%61", "a")
    for word in text.split("/"):
        if word == "..":
            kept.pop()
        elif word not in ("", "."):
            kept.append(word)
    return "/" + "/".join(kept) + ("/" if text.endswith(("/", "/.")) and kept else "")


def _is_deep(given_routes: Sequence[Mapping[str, Any]], host: str) -> bool:
    """Whether a wildcard would have to stand for several labels, which the gateway has been told it may there."""
    name = host.lower().partition(":")[0]
    hosts = {it.get("host", "") for it in given_routes}
    if name in hosts or f"*.{name.partition('.')[2]}" in hosts:
        return False
    return any(it.startswith("*.") and name.endswith(it[1:]) for it in hosts)
