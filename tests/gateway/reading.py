"""Reads the table's rows at the readers of what controllers do, and at `match_route`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pulumi_portico import match_route

from tests.gateway.asking import Asked
from tests.gateway.rows import Row
from tests.unit.readers import nginx
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx
from tests.unit.readers.nginx import Answer, Request

CLIENT = "127.0.0.1"


def request_of(asked: Asked) -> Request:
    """The request as the readers take it."""
    url = urlsplit(asked.url)
    path = url.path + (f"?{url.query}" if url.query else "")
    method = "POST" if asked.kind == "grpc" else asked.method
    size = asked.body_size or len(asked.body)
    return Request(url.netloc, path, url.scheme, method, asked.source or CLIENT, asked.headers, size)


def slug_of(host: str) -> str:
    """What the name of a Secret with the host's certificate holds."""
    return host.replace("*", "any").replace(".", "-")


def taken_by(routes: Sequence[Any], asked: Asked) -> str:
    """The service whose route takes a request, by `match_route`; "" where none does, or where it is redirected."""
    request = request_of(asked)
    route = match_route(routes, request.host, request.path)
    return "" if route is None or "redirect" in route else route["target"].partition(":")[0]


def wrong_at(row: Row, reader: IngressNginx | F5Nginx) -> list[str]:
    """What the reader finds to be another way than the row says."""
    answer = reader.answer(request_of(row.asked))
    wrong = [
        f"{name} is {answer_said!r}, not {said!r}"
        for name, said, answer_said in _told(row, answer)
        if said != answer_said
    ]
    for name, wanted in row.promise.items():
        found = _plain(name, _setting(answer.settings, name))
        if found != wanted:
            wrong.append(f"{name} is {found!r}, not {wanted!r}")
    if answer.kind == "preflight" and answer.settings.get("cors_copies", 1) != 1:
        wrong.append("each CORS header is there twice, which browsers reject")
    if row.certificate:
        shown = reader.certificate(request_of(row.asked).host) or "the controller's own certificate"
        if slug_of(row.certificate) not in shown:
            wrong.append(f"{shown} is shown")
    return wrong


def _told(row: Row, answer: Answer) -> list[tuple[str, Any, Any]]:
    if row.reaches:
        path = row.path or nginx.as_received(request_of(row.asked).path)
        return [
            ("what comes of it", "backend", answer.kind),
            ("the service", row.service, answer.service),
            ("the path", path, answer.path),
        ]
    # A reader knows who must have a password, and how long a pod may take: neither passwords nor pods.
    if row.status == 504 or (row.status == 401 and row.asked.headers):
        return [("the service", row.service, answer.service)]
    # F5 NGINX Ingress Controller writes the port out.
    location = answer.location.replace(":443/", "/")
    return [("the status", row.status, answer.status), ("the location", row.location, location)]


def _setting(settings: Mapping[str, Any], name: str) -> Any:
    value: Any = settings
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _plain(name: str, value: Any) -> Any:
    """What controllers write in their own ways in one: numbers as such, text in lower case."""
    if name == "affinity.max_age":
        return nginx.seconds(str(value))
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, Mapping):
        return {_plain("", key): _plain("", held) for key, held in value.items()}
    if name.startswith("cors.") and isinstance(value, list):
        return [_plain("", it) for it in value]
    return value
