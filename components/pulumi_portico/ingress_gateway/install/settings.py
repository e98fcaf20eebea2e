"""What holds for all routes of a gateway: the same on every controller, and written out where they differ."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Optional

import pulumi

from ..._typing import NotRequired, TypedDict
from ...args.values import cidr, some, whole_number
from ...checks import Field, Rules
from ...errors import Problems, Refusal
from ..controller_module import Controller
from ..route_settings import Timeouts

__all__ = ["RULES", "AccessLog", "GatewaySettings", "Hsts", "KeepAlive", "TlsVersion", "Workers", "check_settings"]


class TlsVersion(str, Enum):
    """A version of TLS that clients may use."""

    TLS_1_2 = "TLSv1.2"
    """TLS 1.2, with the ciphers of `ciphers`."""

    TLS_1_3 = "TLSv1.3"
    """TLS 1.3, whose ciphers are its own."""


class AccessLog(str, Enum):
    """What is written of each request."""

    JSON = "json"
    """A line of JSON."""

    PLAIN = "plain"
    """The controller's own line of text."""

    OFF = "off"
    """Nothing."""


class Hsts(TypedDict):
    """HTTP Strict Transport Security: a browser that has seen it uses https for the host, whatever is changed later,
    until it runs out."""

    max_age: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) for which it does. Default: 31536000, a year."""

    include_subdomains: NotRequired[bool]
    """Whether it does so for every name below the host too. Plain. Default: false."""

    preload: NotRequired[bool]
    """Whether browsers' makers may build the host into their lists. F5 NGINX Ingress Controller always says so. Plain.
    Default: false."""


class KeepAlive(TypedDict):
    """How long a client's connection is kept for its next request."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more). Less than the load balancer's own, which is 350 on AWS. Default: 75."""

    requests: NotRequired[pulumi.Input[int]]
    """How many requests (1 or more) one connection may carry. Default: 1000."""


class Workers(TypedDict):
    """nginx's worker processes."""

    processes: NotRequired[pulumi.Input[int]]
    """How many (1 to 1024) in each pod. Each takes some 20 MiB of memory, and uses one CPU at most. Default: 4."""

    connections: NotRequired[pulumi.Input[int]]
    """How many connections (1 or more) each may have, to clients and targets together. Default: 16384."""


class GatewaySettings(TypedDict):
    """What holds for all routes of a gateway."""

    tls_versions: NotRequired[Sequence[TlsVersion]]
    """The versions of TLS that clients may use. Plain. Default: TLSv1.2 and TLSv1.3."""

    ciphers: NotRequired[Sequence[str]]
    """The ciphers of TLS 1.2, by OpenSSL's names, the preferred one first. Plain. Default: those with forward secrecy
    and authenticated encryption (Mozilla's "intermediate" list without its last two)."""

    hsts: NotRequired[Hsts]
    """Tell browsers to use https alone. Default: they are not told."""

    http2: NotRequired[bool]
    """Whether clients may use HTTP/2, which gRPC needs. Plain. Default: true."""

    forwarded_from: NotRequired[Sequence[pulumi.Input[str]]]
    """The addresses whose `X-Forwarded-For`, `-Proto` and `-Host` are believed, in CIDR notation: those of a proxy in
    front. All who can connect must be among them, as the controllers ask nobody where the last two come from. Its
    length is plain. Default: none."""

    access_log: NotRequired[AccessLog]
    """What is written of each request. Plain. Default: json."""

    body_size: NotRequired[pulumi.Input[int]]
    """The largest request body in MiB (0 or more); 0 sets no limit. Default: 1."""

    timeouts: NotRequired[Timeouts]
    """How long targets may take. Default: 5 seconds to connect, 60 to read, 60 to send."""

    keep_alive: NotRequired[KeepAlive]
    """How long a client's connection is kept for its next request."""

    workers: NotRequired[Workers]
    """nginx's worker processes."""


def _cipher(value: str) -> Optional[Refusal]:
    if re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)+", value):
        return None
    return Refusal("is no cipher", "a name of OpenSSL, such as ECDHE-RSA-AES128-GCM-SHA256")


def _trusted(value: str) -> Optional[Refusal]:
    if refusal := cidr(value):
        return refusal
    if value.endswith("/0"):
        return Refusal("is everybody, who could claim to be any client", "the addresses of the proxy in front")
    return None


_SECONDS = Field(whole_number(1, what="a number of seconds"))
RULES: Rules = {
    GatewaySettings: {
        "tls_versions": Field(some()),
        "ciphers": Field(some(), items=_cipher),
        "forwarded_from": Field(some(), items=_trusted),
        "body_size": Field(whole_number(0, 10**6, "a number of MiB")),
    },
    Hsts: {"max_age": _SECONDS},
    KeepAlive: {"timeout": _SECONDS, "requests": Field(whole_number(1, what="a number of requests"))},
    Workers: {
        "processes": Field(whole_number(1, 1024, "a number of processes")),
        "connections": Field(whole_number(1, 10**6, "a number of connections")),
    },
}
"""What the fields must satisfy beyond their types."""


def check_settings(
    settings: Mapping[str, Any], controller: str, problems: Problems, path: str, spelling: Callable[[str], str]
) -> None:
    """Note what does not go together, or not on this controller."""
    hsts = settings.get("hsts")
    if hsts is not None and controller == Controller.F5_NGINX.value and not hsts.get("preload"):
        refusal = Refusal(
            "is false, and F5 NGINX Ingress Controller always lets browsers' makers build the host into their lists",
            "true there, or either on ingress-nginx",
            "write true if that may be, or leave hsts out",
        )
        problems.note(f"{path}.hsts.preload", refusal)
    versions = settings.get("tls_versions", [])
    if "ciphers" in settings and versions and TlsVersion.TLS_1_2.value not in versions:
        refusal = Refusal("are those of TLS 1.2, which is left out", "beside TLSv1.2", "leave it out")
        problems.note(f"{path}.{spelling('ciphers')}", refusal)
