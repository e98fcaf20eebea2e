"""The table of requests, sent through a real nginx with what the controllers' templates write: the readers agree.

`tests/unit/readers/templates.py` says what of the templates is there. The real F5 NGINX Ingress Controller is in
tests/node, where a machine has it.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gateway import routes
from tests.gateway.reading import CLIENT, request_of
from tests.gateway.rows import ADA, F5, INGRESS_NGINX, KEPT_OUT, LET_IN, ROWS, Row
from tests.scoreboard.cases import gateway, of_kind, render
from tests.unit import real_nginx
from tests.unit.readers import nginx
from tests.unit.readers.nginx import Answer, Request
from tests.unit.readers.templates import of_f5_nginx, of_ingress_nginx
from tests.unit.real_nginx import RealNginx, Response
from tests.unit.test_gateway_table import Reader, reader_of, table_of

pytestmark = pytest.mark.skipif(real_nginx.why_not() is not None, reason=real_nginx.why_not() or "")

TEMPLATES: Any = {F5: of_f5_nginx, INGRESS_NGINX: of_ingress_nginx}


@dataclass(frozen=True)
class Side:
    """A controller's reader, and nginx with what the controller's template writes."""

    controller: str
    reader: Reader
    server: RealNginx


@pytest.fixture(scope="module")
def sides() -> Generator[Mapping[str, Side]]:
    """Each controller's."""
    with contextlib.ExitStack() as stack:
        yield {controller: stack.enter_context(_running(controller)) for controller in TEMPLATES}


@contextlib.contextmanager
def _running(controller: str) -> Generator[Side]:
    manifests, config = table_of(controller)
    # Paths of sockets are short.
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        text = TEMPLATES[controller](Path(folder), manifests, config)
        with real_nginx.running(Path(folder), text) as server:
            yield Side(controller, reader_of(controller, manifests, config), server)


@pytest.fixture(params=list(TEMPLATES))
def side(request: pytest.FixtureRequest, sides: Mapping[str, Side]) -> Side:
    return sides[request.param]


def sent(server: RealNginx, request: Request) -> Response:
    return server.send(
        request.host,
        request.path,
        scheme=request.scheme,
        method=request.method,
        client=request.client,
        headers=request.headers,
        body=request.body,
    )


def modelled(controller: str, row: Row) -> bool:
    """Whether the transcription has what the row is about."""
    asked = row.asked
    if asked.kind != "http" or asked.chunked or "=" in asked.url.partition("?")[2] or "affinity.name" in row.promise:
        return False
    # ingress-nginx does these in Lua, and by a module that isn't part of nginx.
    return controller == F5 or not (row.status in (204, 308) or "response_headers" in row.promise)


def differences(answer: Answer, met: Response) -> list[str]:
    """What nginx does in another way than the reader says."""
    status = {"backend": 200, "default": 404, "preflight": 204}.get(answer.kind, answer.status)
    pairs: list[tuple[str, Any, Any]] = [("status", status, met.status)]
    if answer.kind == "redirect":
        pairs.append(("location", answer.location, met.header("Location")))
    if answer.kind == "backend":
        pairs.append(("service", answer.service, met.header("X-Service")))
        pairs.append(("path", answer.path, nginx.as_received(met.header("X-Uri"))))
    return [f"{name}: {said!r} by the reader, {seen!r} by nginx" for name, said, seen in pairs if said != seen]


@pytest.mark.parametrize(
    ("controller", "row"),
    [
        pytest.param(controller, row, id=f"{controller} {row.says}")
        for controller in TEMPLATES
        for row in ROWS
        if modelled(controller, row)
    ],
)
def test_nginx_and_the_reader_agree_on_a_row(controller: str, row: Row, sides: Mapping[str, Side]) -> None:
    side = sides[controller]
    request = request_of(row.asked)
    met = sent(side.server, request)
    if "Authorization" in request.headers:
        # The reader knows no passwords.
        assert met.status == row.status
        return
    assert differences(side.reader.answer(request), met) == []


PATHS = [
    "/",
    "//",
    "/./",
    "/a/..",
    *(
        path
        for base in ("api", "api/v2", "both", "dir.d", "admin", "admin/open", "allowed", "old", "strip", "v1")
        for path in (
            f"/{base}",
            f"/{base}/",
            f"/{base}x",
            f"//{base}//x",
            f"/x/../{base}/./y",
            f"/{base}/%0ax",
            f"/{base}%0a",
            f"/{base}/%0a%0a",
            f"/{base}/x%0d%0a",
            f"/{base}%2fx",
            f"/x%2f..%2f{base}",
            f"/x/%2e%2e/{base}/x",
            f"/{base}%5cx",
            f"/x%5c..%5c{base}",
            f"/{base}%00",
            f"/{base};x/y",
            f"/x/..;/{base}",
            f"/{base}/../../y",
            f"/{base}%",
            f"/{base}%3fx",
            f"/{base}%23x",
            f"/{base}/%25%30%30",
            f"/%0a/{base}",
            f"/{base.upper()}",
        )
    ),
]


@pytest.mark.parametrize(
    "host", [routes.SHOP, routes.SECURE, routes.SOURCES, routes.REWRITE, routes.BACKED, "other.org"]
)
def test_nginx_and_the_reader_agree_on_paths(host: str, side: Side) -> None:
    scheme = "https" if host == routes.SECURE else "http"
    found: dict[str, list[str]] = {}
    clients = (CLIENT, LET_IN, KEPT_OUT) if host == routes.SOURCES else (CLIENT,)
    for path, client in itertools.product(PATHS, clients):
        request = Request(host, path, scheme, client=client)
        answer = side.reader.answer(request)
        if answer.settings.get("protocol", "").upper().startswith("GRPC"):
            continue
        if wrong := differences(answer, sent(side.server, request)):
            found[f"{client} {path}"] = wrong
    assert found == {}


def test_a_password_opens_what_it_is_for(side: Side) -> None:
    paths = ["/admin", "/admin/%0ax", "//admin", "/x/../admin", "/admin/open/%0a"]
    requests = [Request(routes.SECURE, path, "https", headers=headers) for path in paths for headers in ({}, ADA)]
    assert [sent(side.server, it).status for it in requests] == [401, 200] * len(paths)


def test_a_rate_limit_lets_its_burst_through(side: Side) -> None:
    limit = side.reader.answer(Request(routes.LIMITS, "/rate")).settings["rate"]
    many = [sent(side.server, Request(routes.LIMITS, f"/rate/{number}", client="10.9.9.9")) for number in range(9)]
    passed = [it.status for it in many].count(200)
    assert passed == 1 + limit["burst"]
    assert {it.status for it in many} == {200, limit["status"]}


# Headers of responses: ingress-nginx's are set by a module that isn't part of nginx.

CORS = {"cors": {"origins": ["https://app.example.com"]}}
USERS = {"ada": "$apr1$portico0$oOiUYHI8CdadX9AIbtgv81"}
SERVER = {"settings": {"hsts": {"preload": True}}, "tls": {routes.SHOP: {"secret": "shop-tls"}}}


def both_of_f5(manifests: Any, request: Request) -> tuple[Any, Any]:
    """What the reader of F5 NGINX and a real nginx do with a request: the same."""
    config = next(it["data"] for it in of_kind(manifests, "ConfigMap", "edge"))
    answer = reader_of(F5, manifests, config).answer(request)
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        text = of_f5_nginx(Path(folder), manifests, config)
        with real_nginx.running(Path(folder), text) as server:
            met = sent(server, request)
    assert differences(answer, met) == []
    return answer, met


@pytest.mark.parametrize("own", [{}, {"responseHeaders": {"X-A": "b"}}], ids=["", "own headers"])
@pytest.mark.parametrize("cors", [{}, CORS], ids=["", "CORS"])
@pytest.mark.parametrize("whole", [{}, SERVER], ids=["", "HSTS"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_every_header_is_there_once(own: Any, cors: Any, whole: Any, method: str) -> None:
    manifests = render(gateway({"host": routes.SHOP, **own, **cors}, **whole))
    scheme = "https" if whole else "http"
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PUT"}
    request = Request(routes.SHOP, "/", scheme, method, headers=headers)
    answer, met = both_of_f5(manifests, request)
    if cors:
        for name in ("Origin", "Methods", "Headers", "Credentials", "Max-Age"):
            sent_by_nginx = met.headers[f"access-control-{'allow-' if name != 'Max-Age' else ''}{name.lower()}"]
            assert len(sent_by_nginx) == answer.settings["cors_copies"] == 1
    for name, value in answer.settings["response_headers"].items():
        assert met.headers[name.lower()] == [value]
    assert ("strict-transport-security" in met.headers) == bool(whole)


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 204), ("GET", 401)])
def test_a_preflight_needs_no_password_and_nothing_else_does_without(method: str, status: int) -> None:
    """Browsers send no password with a preflight, and nginx itself answers it: no pod gets it."""
    manifests = render(gateway({"host": routes.SHOP, "basicAuth": {"users": USERS}, **CORS}, **SERVER))
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PUT"}
    request = Request(routes.SHOP, "/", "https", method, headers=headers)
    _, met = both_of_f5(manifests, request)
    assert met.status == status
