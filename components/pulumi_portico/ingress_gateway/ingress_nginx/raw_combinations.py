"""What the annotations of one Ingress mean together to ingress-nginx.

Source: kubernetes/ingress-nginx controller-v1.15.1, `internal/ingress/annotations/cors/main.go` (without origins, every
one is allowed, and credentials are allowed by default), `authreq/main.go` and `rootfs/etc/nginx/template/nginx.tmpl`.
"""

import re
from collections.abc import Iterator, Mapping

import pulumi

from ...args.codes import Code, define
from ...args.location import Key, Location
from ...args.problems import Problems, Set
from ..raw_annotations import ANY_AUTHENTICATION, ANY_ORIGIN, CACHED_AUTHENTICATION
from ..route_rules import CREDENTIALS_FOR_ALL, ORIGINS_BESIDE_ALL
from .annotations import PREFIX

__all__ = ["check_combinations", "exceptions_of_annotations"]

NULL_ORIGIN = define(
    "cors-null-origin",
    "Pages of every site can send requests with the origin null, from a sandboxed frame.",
    allowed="origins by name, or * alone for every origin",
)
CLIENT_CHOOSES_HOST = define(
    "client-chooses-host-of-url",
    "The Ingress has routes for every host, so a client would choose the host of this URL by {variable}.",
    allowed="a host by name, or routes with hosts",
)

_CORS = f"{PREFIX}enable-cors"
_ORIGINS = f"{PREFIX}cors-allow-origin"
_CREDENTIALS = f"{PREFIX}cors-allow-credentials"
_URLS = tuple(f"{PREFIX}{name}" for name in ("auth-url", "auth-signin", "mirror-target"))
_VARIABLE_HOST = re.compile(r"[a-z]+://[^/?]*(\$host)\b")


def check_combinations(
    annotations: Mapping[str, pulumi.Input[str]], at: Location, problems: Problems, every_host: bool
) -> None:
    """Report annotations that together open more than each of them says. `every_host` is whether a route of the Ingress
    has no host."""
    _check_cors(annotations, at, problems)
    for key in _URLS:
        value = annotations.get(key)
        found = _VARIABLE_HOST.match(value) if isinstance(value, str) else None
        if every_host and found is not None and not problems.has_within(at / Key(key)):
            problems.report(CLIENT_CHOOSES_HOST, at / Key(key), value=value, variable=found[1])


def _origins(annotations: Mapping[str, pulumi.Input[str]]) -> list[str]:
    """The origins that may use the routes; none if CORS is off, or if that's known only later."""
    value = annotations.get(_ORIGINS, "*")
    if annotations.get(_CORS) != "true" or isinstance(value, pulumi.Output):
        return []
    return [origin.strip() for origin in str(value).split(",")]


def _check_cors(annotations: Mapping[str, pulumi.Input[str]], at: Location, problems: Problems) -> None:
    origins = _origins(annotations)
    if any(problems.has_within(at / Key(key)) for key in (_CORS, _ORIGINS, _CREDENTIALS)):
        return
    where = at / Key(_ORIGINS)
    if "*" in origins and len(origins) > 1:
        problems.report(ORIGINS_BESIDE_ALL, where, value=annotations[_ORIGINS], fix=Set(where, "*"))
    elif "null" in origins:
        rest = ",".join(origin for origin in origins if origin != "null")
        problems.report(NULL_ORIGIN, where, value=annotations[_ORIGINS], fix=Set(where, rest) if rest else None)
    if "*" in origins and annotations.get(_CREDENTIALS, "true") == "true":
        allowed = at / Key(_CREDENTIALS)
        holder = allowed if _CREDENTIALS in annotations else at / Key(_CORS)
        problems.report(CREDENTIALS_FOR_ALL, holder, fix=Set(allowed, "false"))


def exceptions_of_annotations(annotations: Mapping[str, pulumi.Input[str]]) -> Iterator[tuple[str, Code]]:
    """The annotations that are less strict than the secure default, and what they allow."""
    if "*" in _origins(annotations):
        yield _ORIGINS if _ORIGINS in annotations else _CORS, ANY_ORIGIN
    if annotations.get(f"{PREFIX}satisfy", "all") != "all":
        yield f"{PREFIX}satisfy", ANY_AUTHENTICATION
    if f"{PREFIX}auth-cache-key" in annotations:
        yield f"{PREFIX}auth-cache-key", CACHED_AUTHENTICATION
