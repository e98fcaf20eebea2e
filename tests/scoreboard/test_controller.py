"""Field cases R: observed on a real F5 NGINX Ingress Controller 5.5.4. Its reader shows what was observed.

The table of requests (tests/gateway/rows.py) has rows for R1, R2, and R3 too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.node import f5_nginx
from tests.scoreboard.cases import gateway, held_case, of_kind, render
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx
from tests.unit.readers.nginx import Request

SHOP = "shop.example.com"
READERS: Any = {"f5-nginx": F5Nginx, "ingress-nginx": IngressNginx}


def read(values: Any, controller: str = "f5-nginx") -> Any:
    """The reader of what a stack with the gateway `edge` renders."""
    manifests = render(values)
    data = next(it["data"] for it in of_kind(manifests, "ConfigMap", "edge"))
    options = {"empty_host": True, "custom_resources": True} if controller == "f5-nginx" else {}
    return READERS[controller](manifests, config_map=data, **options)


@pytest.mark.parametrize(
    "values",
    [
        held_case("R1", gateway({"path": "/"}), row="a route for every host"),
        held_case("R1", gateway({"host": SHOP}, defaultBackend={"service": "web"}), row="a default backend"),
        held_case("R1", gateway({"path": "/"}, {"path": "/api"}), row="two routes for every host"),
    ],
)
def test_nginx_can_load_a_configuration_for_every_host(values: Any) -> None:
    reader = read(values)
    assert (reader.rejected, reader.broken) == ({}, [])
    assert reader.answer(Request("other.example.com", "/x")).service == "web"


CORS = {"host": SHOP, "cors": {"origins": ["https://app.example.com"]}}
HSTS = {"settings": {"hsts": {"preload": True}}, "tls": {SHOP: {"secret": "shop-tls"}}}


@pytest.mark.parametrize(
    "values",
    [
        held_case("R2", gateway(CORS), row="CORS alone"),
        held_case("R2", gateway({**CORS, "responseHeaders": {"X-A": "b"}}), row="and response headers on the route"),
        held_case("R2", gateway(CORS, **HSTS), row="and on the server"),
    ],
)
def test_a_preflight_has_each_cors_header_once(values: Any) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"}
    answer = read(values).answer(Request(SHOP, "/", "https", "OPTIONS", headers=headers))
    if answer.kind != "preflight":
        answer = read(values).answer(Request(SHOP, "/", "http", "OPTIONS", headers=headers))
    assert answer.kind == "preflight"
    assert answer.settings["cors_copies"] == 1


@pytest.mark.parametrize("fields", [{}, {"responseHeaders": {"X-A": "b"}}], ids=["CORS alone", "and response headers"])
def test_a_route_with_cors_keeps_the_headers_of_the_server(fields: Any) -> None:
    answer = read(gateway({**CORS, **fields}, **HSTS)).answer(Request(SHOP, "/", "https"))
    wanted = {"Strict-Transport-Security": "max-age=31536000; preload", **fields.get("responseHeaders", {})}
    assert answer.settings["response_headers"] == wanted


@pytest.mark.parametrize("controller", READERS)
@pytest.mark.parametrize("path", ["//api//x", "/x/../api/./x"])
def test_a_pod_gets_the_path_as_it_was_received(path: str, controller: str) -> None:
    """Field case R3."""
    values = gateway({"host": SHOP}, {"host": SHOP, "path": "/api"}, controller=controller)
    answer = read(values, controller).answer(Request(SHOP, path))
    assert (answer.kind, answer.path) == ("backend", path)


@pytest.mark.parametrize("user", [held_case("R4", 0, row="as root")])
def test_nginx_workers_can_read_the_keys(user: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The harness runs the controller as uid 101, as its image does, so that its workers own what it writes.

    If the harness makes the keys readable instead, assert that here.
    """
    monkeypatch.setenv(f5_nginx.VARIABLE, str(tmp_path / "nginx-ingress"))
    monkeypatch.setattr(os, "getuid", lambda: user)

    class Node:
        enter = ("nsenter",)

    command = f5_nginx._command(Node(), Path(os.environ[f5_nginx.VARIABLE]), "shop", "pod")  # pyright: ignore[reportArgumentType]
    assert any("101" in it for it in command[: command.index(str(tmp_path / "nginx-ingress"))])
