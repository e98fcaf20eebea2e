"""A route that restricts access is never reached in another way: every encoded request, sent to every kind of protected
route, through a real nginx with what each controller's template writes.

What a request must meet follows from `match_route` alone: the protection of the route that receives it, or an open
route's pod.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico import IngressGateway, match_route
from pulumi_portico.ingress_gateway.matching import canonical_path
from pulumi_portico.testing import record

from tests.gateway.rows import ADA, F5, INGRESS_NGINX
from tests.unit import real_nginx
from tests.unit.readers.nginx import Request
from tests.unit.readers.templates import of_f5_nginx, of_ingress_nginx
from tests.unit.real_nginx import RealNginx, Response
from tests.unit.test_gateway_table import _name, _named, arguments, reader_of, target
from tests.unit.test_real_nginx import differences, sent
from tools.settings_table import data

pytestmark = pytest.mark.skipif(real_nginx.why_not() is not None, reason=real_nginx.why_not() or "")

TEMPLATES: Any = {F5: of_f5_nginx, INGRESS_NGINX: of_ingress_nginx}
OUTSIDER, INSIDER = "203.0.113.7", "198.51.100.7"
USERS = {"ada": "$apr1$portico0$oOiUYHI8CdadX9AIbtgv81"}
ORIGIN = "https://app.example.com"
CORS = {"origins": [ORIGIN, "https://*.many.example.com"]}

PROTECTIONS: Mapping[str, tuple[dict[str, Any], int]] = {
    "password": ({"basic_auth": {"users": USERS}}, 401),
    "allowed": ({"allowed_sources": [f"{INSIDER}/32"]}, 403),
    "denied": ({"denied_sources": [f"{OUTSIDER}/32"]}, 403),
    "rate": ({"rate_limit": {"requests": 1, "per": "minute", "burst": 1}}, 429),
    "cors-password": ({"basic_auth": {"users": USERS}, "cors": CORS}, 401),
    "cors-allowed": ({"allowed_sources": [f"{INSIDER}/32"], "cors": CORS}, 403),
}
"""What keeps a client out, and how."""

OPEN, LOCKED = "web", "api"


def _open(path: str = "/", **fields: Any) -> dict[str, Any]:
    return {"path": path, "target": OPEN, **fields}


def _locked(path: str, **fields: Any) -> dict[str, Any]:
    return {"path": path, "target": LOCKED, **fields}


EXACT = {"path_type": "Exact"}
SHAPES: Mapping[str, Sequence[dict[str, Any]]] = {
    "prefix": [_open(), _locked("/locked")],
    "exact": [_open(), _locked("/locked", **EXACT)],
    "slash": [_open(), _locked("/locked/", **EXACT)],
    "both": [_open(), _locked("/locked"), _locked("/locked", **EXACT)],
    "rewritten": [_open(rewrite="/site"), _locked("/locked", rewrite="/")],
    "below": [_open("/"), _locked("/locked"), _open("/locked/open"), _open("/locked/open/", **EXACT)],
    "whole": [_locked("/"), _open("/open", **EXACT), _open("/public")],
    "odd": [_open(), _locked("/lock.ed(+)")],
}
"""How the protected route and the open ones beside it are written."""

GRPC_SHAPES = ("prefix", "exact", "slash", "below", "whole")
"""No gRPC route rewrites paths on F5 NGINX Ingress Controller."""


def _bases(shape: str) -> Sequence[str]:
    if shape == "odd":
        return ("lock.ed(+)", "lockXed(+)")
    return {"whole": ("open", "public", "locked")}.get(shape, ("locked", "locked/open"))


PATTERNS = (
    "/{base}",
    "/{base}/",
    "/{base}x",
    "/{base}/x/y",
    "//{base}//x",
    "/x/../{base}/./y",
    "/{base}/%0ax",
    "/{base}%0a",
    "/{base}%0a/x",
    "/{base}/%0a%0a",
    "/{base}/x%0d%0a",
    "/{base}%0d%0a",
    "/{base}/%0d",
    "/{base}%2fx",
    "/{base}%2Fx%0a",
    "/x%2f..%2f{base}",
    "/x/%2e%2e/{base}/x",
    "/x/.%2e/{base}",
    "/{base}/..%2f{base}",
    "/{base}%5cx",
    "/x%5c..%5c{base}",
    "/{base}%00",
    "/{base}%00.html",
    "/{base};x/y",
    "/x/..;/{base}",
    "/{base}/..;/",
    "/{base}/../../y",
    "/{base}/../y",
    "/{base}%",
    "/{base}%3fx",
    "/{base}%23x",
    "/{base}?x=/open",
    "/{base}#/open",
    "/{base}/%25%30%30",
    "/{base}%252fx",
    "/%0a/{base}",
    "/%20{base}",
    "/{base}%20",
    "/{base}/%09%7f",
    "/{base}/%c0%af",
    "/{base}/%e2%80%a8",
    "/./{base}",
    "/.//{base}",
    "///{base}",
)
SPECIAL = ("/", "//", "/.", "/./", "/%2e", "/%2f", "/%2f%2f", "/?", "/%0a", "/%23")


def paths_of(shape: str) -> list[str]:
    bases = _bases(shape)
    others = [*(base.upper() for base in bases), *(_escaped(base) for base in bases)]
    other = [f"{path}{end}" for base in others for path in (f"/{base}", f"//{base}/") for end in ("", "/x", "%0a")]
    return [*SPECIAL, *(pattern.format(base=base) for pattern in PATTERNS for base in bases), *other]


def _escaped(base: str) -> str:
    """The first letter as a client can also send it."""
    return f"%{ord(base[0]):02x}{base[1:]}"


@dataclass(frozen=True)
class Case:
    """A protection, and the routes of a host that it's in."""

    protection: str
    shape: str
    protocol: str = "HTTP"

    @property
    def host(self) -> str:
        return f"{self.protection}-{self.shape}-{self.protocol}.example.com".lower()

    @property
    def status(self) -> int:
        return PROTECTIONS[self.protection][1]

    def routes(self, wildcard: str = "") -> list[dict[str, Any]]:
        protected, _ = PROTECTIONS[self.protection]
        found: list[dict[str, Any]] = []
        for route in SHAPES[self.shape]:
            extra: dict[str, Any] = protected if route["target"] == LOCKED else {}
            if self.protocol != "HTTP":
                extra = {**extra, "protocol": self.protocol}
            found.append({"host": f"{wildcard}{self.host}", **route, **extra})
        return found

    def __str__(self) -> str:
        return f"{self.protection} {self.shape} {self.protocol}"


CASES = [
    *(Case(protection, shape) for protection, shape in itertools.product(PROTECTIONS, SHAPES)),
    *(Case(protection, shape, "GRPC") for protection, shape in itertools.product(PROTECTIONS, GRPC_SHAPES)),
]
EVERY_HOST = [Case(protection, shape) for protection in ("allowed", "denied", "rate") for shape in ("prefix",)]
"""Routes without a host have no TLS, and so no password."""


def written(controller: str, cases: Sequence[Case], *, wildcard: str = "", every_host: bool = False) -> Any:
    """What is compiled of the cases' routes."""

    def program() -> None:
        routes: list[dict[str, Any]] = []
        for case in cases:
            for route in case.routes(wildcard):
                full = {**route, "target": target(str(route["target"]), None)}
                if every_host:
                    del full["host"]
                routes.append(full)
        hosts = sorted({str(route["host"]) for route in routes if "host" in route})
        tls = {host: {"secret": f"tls-{index}"} for index, host in enumerate(hosts)}
        args: Any = {**arguments(controller), "routes": routes, "tls": tls}
        IngressGateway("public", args)

    manifests = _named(record(program, outputs=_name))
    return manifests, data(controller, {}, shutdown=60, response_headers=[])


@contextlib.contextmanager
def serving(controller: str, compiled: Any) -> Generator[RealNginx]:
    manifests, config = compiled
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        text = TEMPLATES[controller](Path(folder), manifests, config)
        with real_nginx.running(Path(folder), text) as server:
            yield server


@dataclass(frozen=True)
class Side:
    controller: str
    server: RealNginx
    reader: Any


def _side(stack: contextlib.ExitStack, controller: str, cases: Sequence[Case], **options: Any) -> Side:
    compiled = written(controller, cases, **options)
    return Side(controller, stack.enter_context(serving(controller, compiled)), reader_of(controller, *compiled))


@pytest.fixture(scope="module", params=list(TEMPLATES))
def side(request: pytest.FixtureRequest) -> Generator[Side]:
    with contextlib.ExitStack() as stack:
        yield _side(stack, request.param, CASES)


def expected(case: Case, routes: Sequence[Any], host: str, path: str) -> tuple[int, str]:
    """The status and the service that a request of an outsider must meet."""
    if canonical_path(path) is None:
        return 400, ""
    route = match_route(routes, host, path)
    if route is None:
        return 404, ""
    return (200, OPEN) if route["target"] == OPEN else (case.status, "")


def met_by(response: Response) -> tuple[int, str]:
    return response.status, response.header("X-Service").removeprefix("grpc-")


def met_otherwise(
    case: Case, routes: Sequence[Any], server: RealNginx, host: str, scheme: str = "https"
) -> Mapping[str, str]:
    """The paths by which an outsider meets what it must not."""
    paths = paths_of(case.shape)
    responses = server.send_each(host, paths, scheme=scheme, client=OUTSIDER)
    pairs = {
        path: (met_by(response), expected(case, routes, host, path))
        for path, response in zip(paths, responses, strict=True)
    }
    return {path: f"{found}, not {must}" for path, (found, must) in pairs.items() if found != must}


def exhaust(server: RealNginx, case: Case, host: str) -> None:
    """Use up what a rate lets through."""
    if case.protection != "rate":
        return
    paths = ["/locked", "/locked/", "/locked/x", "/lock.ed(+)", "/x"]
    for path in paths * 3:
        server.send(host, path, scheme="https", client=OUTSIDER)
        server.send(host, path, client=OUTSIDER)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_request_reaches_a_protected_route(case: Case, side: Side) -> None:
    routes = case.routes()
    exhaust(side.server, case, case.host)
    assert met_otherwise(case, routes, side.server, case.host) == {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_who_may_reaches_it(case: Case, side: Side) -> None:
    """The rows before prove nothing if nobody gets in."""
    headers = ADA if "password" in case.protection else {}
    path = {"slash": "/locked/", "odd": "/lock.ed(+)"}.get(case.shape, "/locked")
    request = Request(case.host, path, "https", client=INSIDER, headers=headers)
    assert met_by(sent(side.server, request)) == (200, LOCKED)


METHODS = ("OPTIONS", "HEAD", "POST", "PUT", "TRACE", "PROPFIND", "get")
HEADERS: Sequence[Mapping[str, str]] = (
    {"X-Original-URL": "/open", "X-Rewrite-URL": "/open"},
    {"X-Forwarded-For": INSIDER, "X-Real-IP": INSIDER, "Forwarded": f"for={INSIDER}"},
    {"X-HTTP-Method-Override": "OPTIONS"},
    {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "PUT"},
    {"Origin": f"{ORIGIN}.evil.example.com", "Access-Control-Request-Method": "PUT"},
    {"Origin": "null", "Access-Control-Request-Method": "PUT"},
    {"Upgrade": "websocket", "Connection": "Upgrade"},
    {"Content-Type": "application/grpc", "TE": "trailers"},
)


@pytest.mark.parametrize("case", [case for case in CASES if case.shape == "prefix"], ids=str)
def test_neither_a_method_nor_a_header_leads_around_it(case: Case, side: Side) -> None:
    """F5 NGINX Ingress Controller answers every OPTIONS request of a route with CORS itself: a pod never gets one."""
    exhaust(side.server, case, case.host)
    answers_itself = side.controller == F5 and "cors" in case.protection
    for method, headers in itertools.product(METHODS, HEADERS):
        request = Request(case.host, "/locked/x", "https", method, OUTSIDER, headers)
        response = sent(side.server, request)
        statuses = (case.status, 400, 405, *((204,) if method == "OPTIONS" and answers_itself else ()))
        assert response.status in statuses, (method, headers)
        assert response.header("X-Service") == "", (method, headers)
        origin = response.header("Access-Control-Allow-Origin")
        assert origin in ("", ORIGIN), (method, headers)


@pytest.mark.parametrize("case", [case for case in CASES if "cors" in case.protection], ids=str)
@pytest.mark.parametrize("origin", [ORIGIN, "https://a.many.example.com"])
def test_a_preflight_is_answered_without_the_pod(case: Case, origin: str, side: Side) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    path = {"slash": "/locked/", "odd": "/lock.ed(+)"}.get(case.shape, "/locked")
    response = sent(side.server, Request(case.host, path, "https", "OPTIONS", OUTSIDER, headers))
    assert met_by(response) == (204, "")
    for name in ("Origin", "Methods", "Headers"):
        assert len(response.headers[f"access-control-allow-{name.lower()}"]) == 1
    # Whatever else the page sends is not answered.
    for method in ("GET", "PUT", "POST", "DELETE"):
        request = Request(case.host, path, "https", method, OUTSIDER, headers)
        assert met_by(sent(side.server, request)) == (case.status, "")


@pytest.mark.parametrize("case", [case for case in CASES if case.shape == "prefix"], ids=str)
@pytest.mark.parametrize("form", ["{host}:443", "{host}.", "{upper}", "{host}:1"])
def test_no_form_of_the_host_leads_around_it(case: Case, form: str, side: Side) -> None:
    exhaust(side.server, case, case.host)
    host = form.format(host=case.host, upper=case.host.upper())
    for path in ("/locked", "/locked/%0a", "//locked"):
        response = sent(side.server, Request(host, path, "https", client=OUTSIDER))
        assert met_by(response) == (case.status, "")


@pytest.mark.parametrize("case", [case for case in CASES if case.shape == "prefix"], ids=str)
def test_a_target_with_a_scheme_leads_around_nothing(case: Case, side: Side) -> None:
    """nginx takes the host from the target, whatever the header says."""
    exhaust(side.server, case, case.host)
    for host in (case.host, "other.example.com"):
        request = Request(host, f"https://{case.host}/locked/x", "https", client=OUTSIDER)
        assert met_by(sent(side.server, request)) == (case.status, "")


@pytest.mark.parametrize("side", [F5], indirect=True)
@pytest.mark.parametrize("case", [case for case in CASES if case.protocol == "HTTP"], ids=str)
def test_without_tls_every_request_is_redirected(case: Case, side: Side) -> None:
    """ingress-nginx redirects in Lua, before everything else."""
    for response in side.server.send_each(case.host, paths_of(case.shape), scheme="http", client=OUTSIDER):
        assert response.status in (308, 400)
        assert response.header("X-Service") == ""


# Readers count no requests, and speak no gRPC.
READ = [case for case in CASES if case.protection in ("password", "allowed", "denied") and case.protocol == "HTTP"]


@pytest.mark.parametrize("case", READ, ids=str)
def test_the_readers_know_of_it(case: Case, side: Side) -> None:
    # Neither do they know paths that aren't UTF-8.
    paths = [path for path in paths_of(case.shape) if "%c0" not in path]
    responses = side.server.send_each(case.host, paths, client=OUTSIDER)
    requests = [Request(case.host, path, "https", client=OUTSIDER) for path in paths]
    answers = [side.reader.answer(request) for request in requests]
    wrong = [differences(answer, response) for answer, response in zip(answers, responses, strict=True)]
    assert {path: each for path, each in zip(paths, wrong, strict=True) if each} == {}


@pytest.mark.parametrize("controller", TEMPLATES)
def test_a_protected_route_of_a_wildcard(controller: str) -> None:
    cases = [Case(protection, "prefix") for protection in PROTECTIONS]
    with contextlib.ExitStack() as stack:
        side = _side(stack, controller, cases, wildcard="*.")
        for case in cases:
            host = f"a.{case.host}"
            routes = case.routes("*.")
            exhaust(side.server, case, host)
            assert met_otherwise(case, routes, side.server, host) == {}


@pytest.mark.parametrize("controller", TEMPLATES)
@pytest.mark.parametrize("case", EVERY_HOST, ids=str)
def test_a_protected_route_of_every_host(case: Case, controller: str) -> None:
    routes = [{key: value for key, value in route.items() if key != "host"} for route in case.routes()]
    with contextlib.ExitStack() as stack:
        side = _side(stack, controller, [case], every_host=True)
        for host in ("any.example.org", "192.0.2.1"):
            exhaust(side.server, case, host)
            assert met_otherwise(case, routes, side.server, host, "http") == {}
