"""What nginx itself does with a configuration: which server and which location take a request, and what follows.

Written from nginx's documentation and sources, for the two readers of controllers in this folder, and for nothing
that Portico renders: they tell what a controller does with an Ingress, so that a compiler can be held against it.
Regular expressions are PCRE2's, as nginx's are.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import pcre2

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """What a client asks for."""

    host: str
    path: str = "/"
    """As it is sent: with whatever is escaped in it, and a query."""
    scheme: str = "http"
    method: str = "GET"
    client: str = "203.0.113.7"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: int = 0
    """The size of its body in bytes."""

    def header(self, name: str) -> str:
        return next((value for it, value in self.headers.items() if it.lower() == name.lower()), "")


@dataclass(frozen=True)
class Answer:
    """What the client meets. ``kind`` says what of the rest holds."""

    kind: str
    """"backend", "redirect", "refused" (``status`` says how), "preflight" or "default" (the default backend's 404)."""
    ingress: str = ""
    """Whose location has taken it: namespace/name."""
    namespace: str = ""
    service: str = ""
    port: int | str = ""
    path: str = ""
    """What the backend is asked for, without the query."""
    status: int = 0
    location: str = ""
    """Where a redirect leads."""
    settings: Settings = field(default_factory=dict[str, Any])
    """What holds for the request on its way; the same names for every controller."""

    @property
    def backend(self) -> tuple[str, str, int | str]:
        return self.namespace, self.service, self.port


@dataclass(frozen=True)
class Location:
    """A location of a server: how it is compared, and what is done in it."""

    modifier: str
    """"=", "" (a prefix), "~" or "~*"."""
    pattern: str
    ingress: str = ""
    backend: tuple[str, str, int | str] | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])

    def takes(self, uri: str) -> bool:
        if self.modifier == "=":
            return uri == self.pattern
        if self.modifier == "":
            return uri.startswith(self.pattern)
        return regex(self.pattern, self.modifier == "~*").search(uri) is not None


def pick(locations: Iterable[Location], uri: str) -> Location | None:
    """The location that nginx takes: the exact one, else the first regular expression, else the longest prefix.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#location
    """
    fitting = [it for it in locations if it.takes(uri)]
    exact = next((it for it in fitting if it.modifier == "="), None)
    expression = next((it for it in fitting if it.modifier.startswith("~")), None)
    prefixes = [it for it in fitting if it.modifier == ""]
    return exact or expression or max(prefixes, key=lambda it: len(it.pattern), default=None)


def broken_locations(locations: Sequence[Location]) -> list[str]:
    """Why nginx refuses these locations, and with them its whole configuration."""
    found: list[str] = []
    seen: set[tuple[str, str]] = set()
    for it in locations:
        if it.modifier.startswith("~"):
            try:
                regex(it.pattern, it.modifier == "~*")
            except pcre2.PatternError as error:
                found.append(f"{it.pattern}: {error}")
        elif (it.modifier, it.pattern) in seen:
            found.append(f'duplicate location "{it.modifier} {it.pattern}"')
        seen.add((it.modifier, it.pattern))
    return found


def normalized(path: str) -> str | None:
    """The path as nginx compares it, or None where it answers 400 (`ngx_http_parse_complex_uri`).

    Escapes are undone, neighbouring slashes merged, and dot segments resolved; what an escape stands for counts as
    if it had been written out, but for `?`, `#` and `%`.
    """
    out: list[str] = []
    raw = path.partition("#")[0].partition("?")[0].encode("utf-8", "surrogateescape").decode("latin-1")
    place = 0
    while place < len(raw):
        letter = raw[place]
        if letter == "%":
            code = raw[place + 1 : place + 3]
            if re.fullmatch("[0-9A-Fa-f]{2}", code) is None:
                return None
            letter = chr(int(code, 16))
            place += 2
        if letter == "\0":
            return None
        out.append(letter)
        place += 1
    segments: list[str] = []
    pieces = "".join(out).split("/")
    if pieces[0] != "":
        return None
    for piece in pieces[1:]:
        if piece == "..":
            if not segments:
                return None
            segments.pop()
        elif piece not in ("", "."):
            segments.append(piece)
    open_ended = pieces[-1] in ("", ".", "..") and bool(segments)
    joined = "/" + "/".join(segments) + ("/" if open_ended else "")
    return joined.encode("latin-1").decode("utf-8", "surrogateescape")


def as_received(path: str) -> str:
    """The path that a backend gets where nothing rewrites it: the client's own, dots and doubled slashes included.

    nginx matches the normalized path, but without a rewrite `proxy_pass` sends the request line as it came (seen on
    nginx 1.31.3 behind F5 NGINX Ingress Controller 5.5.4). Escapes are undone, as a backend reads them.
    """
    return unquote(path.partition("?")[0])


def host_name(host: str) -> str:
    """`$host`: the Host header in lower case, without its port and a dot at its end."""
    name = host.lower()
    name = name[: name.rindex("]") + 1] if name.startswith("[") else name.partition(":")[0]
    return name.removesuffix(".")


def rewritten(pattern: str, target: str, uri: str, *, ignore_case: bool) -> str | None:
    """What `rewrite PATTERN TARGET break` makes of the URI; None where it does not fit."""
    match = regex(pattern, ignore_case).search(uri)
    if match is None:
        return None
    return re.sub(r"\$(\d)", lambda it: _group(match, int(it[1])), target)


def _group(match: Any, number: int) -> str:
    return (match.group(number) or "") if number <= match.re.groups else ""


@lru_cache(maxsize=4096)
def regex(pattern: str, ignore_case: bool) -> Any:
    return pcre2.compile(pattern, pcre2.I if ignore_case else pcre2.NOFLAG)


def let_in(client: str, allowed: Sequence[str], denied: Sequence[str]) -> bool:
    """Whether `deny` lines, then `allow` lines with `deny all` after them, let an address in."""
    address = ipaddress.ip_address(client)

    def among(ranges: Sequence[str]) -> bool:
        return any(address in ipaddress.ip_network(it, strict=False) for it in ranges)

    if among(denied):
        return False
    return not allowed or among(allowed)


def access(request: Request, settings: Settings) -> int:
    """The status that the access phase ends with: 200 where the request goes on. Addresses first, then passwords."""
    if not let_in(request.client, settings["allowed"], settings["denied"]):
        return 403
    if settings["auth"] is not None and not request.header("Authorization").startswith("Basic "):
        return 401
    return 200


_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def size(text: str) -> int:
    """A size as nginx writes it, in bytes."""
    match = re.fullmatch(r"(\d+)([kmg]?)", text.lower())
    assert match is not None, f"{text!r} is no size"
    return int(match[1]) * _SIZES[match[2]]


_UNITS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}


def seconds(text: str) -> float:
    """A time as nginx writes it, in seconds."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwMy]?)", text))


def go_bool(text: str) -> bool | None:
    """A truth value as Go's `strconv.ParseBool` reads it; None where it is none."""
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    return False if text in ("0", "f", "F", "false", "FALSE", "False") else None


def backend_of(namespace: str, backend: Mapping[str, Any]) -> tuple[str, str, int | str]:
    service = backend["service"]
    return namespace, service["name"], service["port"].get("number") or service["port"]["name"]


def key_of(manifest: Mapping[str, Any]) -> str:
    metadata = manifest["metadata"]
    return f"{metadata.get('namespace', 'default')}/{metadata['name']}"


def annotations_of(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    return manifest["metadata"].get("annotations") or {}
