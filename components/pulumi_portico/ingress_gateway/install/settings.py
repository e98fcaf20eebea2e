"""The settings of a gateway that apply to all of its routes, with defaults that are the same on every controller."""

import re
from collections.abc import Sequence
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from ..._typing import NotRequired, TypedDict
from ...address_ranges import adds_up_to_everyone, includes_everyone
from ...args.codes import define
from ...args.elsewhere import moved_to, several, table
from ...args.location import Field as FieldName
from ...args.parse import Field, Rules
from ...args.problems import Problems, Reason, Remove
from ...args.spec import Spec, spec
from ...args.units import NGINX_MIB, SECONDS
from ...args.values import cidr, some, whole_number
from ..route_settings import Timeouts, TimeoutsSpec

__all__ = [
    "RULES",
    "AccessLog",
    "AccessLogLike",
    "ForwardedFor",
    "ForwardedForLike",
    "GatewaySettings",
    "GatewaySettingsSpec",
    "HeaderBuffers",
    "HeaderBuffersSpec",
    "Hsts",
    "HstsSpec",
    "KeepAlive",
    "KeepAliveSpec",
    "ResponseBuffers",
    "ResponseBuffersSpec",
    "TlsVersion",
    "TlsVersionLike",
    "Workers",
    "WorkersSpec",
    "check_settings",
]

_YEAR = 31536000
"""Seconds."""


class TlsVersion(str, Enum):
    """A version of TLS that clients can use."""

    TLS_1_2 = "TLSv1.2"
    """TLS 1.2, with the ciphers of `ciphers`."""

    TLS_1_3 = "TLSv1.3"
    """TLS 1.3, which has ciphers of its own."""


if TYPE_CHECKING:
    TlsVersionLike: TypeAlias = TlsVersion | Literal["TLSv1.2", "TLSv1.3"]
else:
    TlsVersionLike = TlsVersion


class AccessLog(str, Enum):
    """What the controller logs of each request."""

    JSON = "json"
    """A line of JSON."""

    PLAIN = "plain"
    """A line of text in the controller's own format."""

    OFF = "off"
    """Nothing."""


if TYPE_CHECKING:
    AccessLogLike: TypeAlias = AccessLog | Literal["json", "plain", "off"]
else:
    AccessLogLike = AccessLog


class ForwardedFor(str, Enum):
    """What targets receive as `X-Forwarded-For` if the client sends one."""

    REPLACE = "replace"
    """The client's address, in place of what the client sends."""

    APPEND = "append"
    """What the client sends, which can be any text, and then the client's address. A target can trust only the last
    address."""


if TYPE_CHECKING:
    ForwardedForLike: TypeAlias = ForwardedFor | Literal["replace", "append"]
else:
    ForwardedForLike = ForwardedFor


class Hsts(TypedDict):
    """HTTP Strict Transport Security: a browser that receives it uses only HTTPS for the host until `max_age` passes,
    whatever you change later."""

    max_age: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) that browsers remember it. Default: 31536000, a year."""

    include_subdomains: NotRequired[bool]
    """Whether it also applies to every name below the host. Plain. Default: false."""

    preload: NotRequired[bool]
    """Whether browser vendors can add the host to their built-in lists. F5 NGINX Ingress Controller always allows it.
    Plain. Default: false."""


@spec(Hsts)
class HstsSpec(Spec):
    """A parsed `Hsts`."""

    max_age: pulumi.Input[int] = _YEAR
    include_subdomains: bool = False
    preload: bool = False


class KeepAlive(TypedDict):
    """How long the controller keeps a client's connection open for the next request."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more). Keep it below the idle timeout of the load balancer in front, which is 350 on AWS.
    Default: 75."""

    requests: NotRequired[pulumi.Input[int]]
    """How many requests (1 or more) one connection can carry. Default: 1000."""


@spec(KeepAlive)
class KeepAliveSpec(Spec):
    """A parsed `KeepAlive`."""

    timeout: pulumi.Input[int] = 75
    requests: pulumi.Input[int] = 1000


class Workers(TypedDict):
    """nginx's worker processes."""

    processes: NotRequired[pulumi.Input[int]]
    """How many processes (1 to 1024) each pod runs. Each takes about 20 MiB of memory and uses at most one CPU.
    Default: 4."""

    connections: NotRequired[pulumi.Input[int]]
    """How many connections (1 or more) each process can have, to clients and targets together. Default: 16384."""


@spec(Workers)
class WorkersSpec(Spec):
    """A parsed `Workers`."""

    # nginx's own default, one per CPU of the node, takes more memory than a pod has on a large node.
    processes: pulumi.Input[int] = 4
    connections: pulumi.Input[int] = 16384


class HeaderBuffers(TypedDict):
    """The memory for long lines of a request's head: its URL, and each of its headers, such as cookies."""

    size: pulumi.Input[int]
    """KiB (1 to 1024) of one buffer. A longer line is answered with 414 or 400. nginx's default: 8."""

    number: NotRequired[pulumi.Input[int]]
    """How many buffers (1 to 64) the head of one request can fill. Default: 4."""


@spec(HeaderBuffers)
class HeaderBuffersSpec(Spec):
    """A parsed `HeaderBuffers`."""

    size: pulumi.Input[int]
    number: pulumi.Input[int] = 4


class ResponseBuffers(TypedDict):
    """The memory in which the controller keeps a target's response for a slow client. The head of a response must fit
    one buffer."""

    size: pulumi.Input[int]
    """KiB (1 to 1024) of one buffer, for the head of a response too. A longer head is answered with 502. nginx's
    default: 4. Maps to `proxy_buffer_size` and `proxy_buffers`, so that the two always fit together."""

    number: NotRequired[pulumi.Input[int]]
    """How many buffers (3 to 256) one connection can fill. nginx doesn't start with fewer than 3. Default: 8."""


@spec(ResponseBuffers)
class ResponseBuffersSpec(Spec):
    """A parsed `ResponseBuffers`."""

    size: pulumi.Input[int]
    number: pulumi.Input[int] = 8


class GatewaySettings(TypedDict):
    """The settings of a gateway that apply to all of its routes."""

    tls_versions: NotRequired[Sequence[TlsVersionLike]]
    """The versions of TLS that clients can use. Plain. Default: TLSv1.2 and TLSv1.3."""

    ciphers: NotRequired[Sequence[str]]
    """The ciphers of TLS 1.2, by their OpenSSL names, in order of preference. Plain. Default: those with forward
    secrecy and authenticated encryption (Mozilla's "intermediate" list without its last two)."""

    hsts: NotRequired[Hsts]
    """HTTP Strict Transport Security. Default: off."""

    http2: NotRequired[bool]
    """Whether clients can use HTTP/2, which gRPC needs. Plain. Default: true."""

    forwarded_from: NotRequired[Sequence[pulumi.Input[str]]]
    """The addresses, in CIDR notation, whose `X-Forwarded-For`, `-Proto`, and `-Host` headers the controller trusts:
    those of a proxy in front. Every client that can connect must be among them, because the controllers don't check
    who sent the last two. Its length is plain. Default: none."""

    forwarded_for: NotRequired[ForwardedForLike]
    """What targets receive as `X-Forwarded-For` if a client sends one, unless `forwarded_from` is set. Each controller
    supports one: F5 NGINX Ingress Controller append, ingress-nginx replace. Set it to state what your applications
    rely on: Portico then rejects the other controller. Plain. Default: what the controller supports; for append,
    `portico check` notes it."""

    access_log: NotRequired[AccessLogLike]
    """What the controller logs of each request. Plain. Default: json."""

    body_size: NotRequired[pulumi.Input[int]]
    """The largest request body in MiB (0 or more); 0 sets no limit. Default: 1."""

    timeouts: NotRequired[Timeouts]
    """The timeouts of connections to targets. Default: 5 seconds to connect, 60 to read, 60 to send."""

    keep_alive: NotRequired[KeepAlive]
    """How long the controller keeps a client's connection open for the next request."""

    header_buffers: NotRequired[HeaderBuffers]
    """The memory for long URLs and headers of a request, such as large cookies. Default: nginx's, 4 of 8 KiB. Maps to
    `large_client_header_buffers`."""

    response_buffers: NotRequired[ResponseBuffers]
    """The memory for the responses of targets. Default: the controller's: F5 NGINX Ingress Controller 8 of 4 KiB,
    ingress-nginx 4 of 4 KiB."""

    upstream_keep_alive: NotRequired[pulumi.Input[int]]
    """How many idle connections to targets (0 to 100000) each worker process keeps open: on F5 NGINX Ingress Controller
    to each target, on ingress-nginx to all. Default: the controller's, 0 and 320. Maps to `keepalive` of upstreams."""

    underscores_in_headers: NotRequired[bool]
    """Whether targets receive headers with an underscore in their name, which nginx drops because some applications
    can't tell `X_Forwarded_For` from `X-Forwarded-For`. Plain. Default: false."""

    workers: NotRequired[Workers]
    """nginx's worker processes."""


_NAMES_OF_SETTINGS = table(
    {
        "largeClientHeaderBuffers": several("header_buffers"),
        "clientHeaderBufferSize": several("header_buffers"),
        "proxyBufferSize": several("response_buffers"),
        "proxyBuffers": several("response_buffers"),
        "proxyBuffersNumber": several("response_buffers"),
        "proxyBusyBuffersSize": several("response_buffers"),
        "upstreamKeepaliveConnections": moved_to("upstream_keep_alive"),
        "enableUnderscoresInHeaders": moved_to("underscores_in_headers"),
        "proxyBodySize": several("body_size"),
        "clientMaxBodySize": several("body_size"),
        "sslProtocols": several("tls_versions"),
        "sslCiphers": several("ciphers"),
        "useHttp2": moved_to("http2"),
        "proxyReadTimeout": several("timeouts.read"),
        "proxySendTimeout": several("timeouts.send"),
        "proxyConnectTimeout": several("timeouts.connect"),
        "workerProcesses": several("workers.processes"),
    }
)
"""The controllers' names for the fields of `GatewaySettings`."""


@spec(GatewaySettings, elsewhere=_NAMES_OF_SETTINGS)
class GatewaySettingsSpec(Spec):
    """A parsed `GatewaySettings`."""

    tls_versions: Sequence[TlsVersion] = tuple(TlsVersion)
    ciphers: Optional[Sequence[str]] = None
    hsts: Optional[HstsSpec] = None
    http2: bool = True
    forwarded_from: Sequence[pulumi.Input[str]] = ()
    forwarded_for: Optional[ForwardedFor] = None
    access_log: AccessLog = AccessLog.JSON
    body_size: pulumi.Input[int] = 1
    timeouts: Optional[TimeoutsSpec] = None
    keep_alive: KeepAliveSpec = field(default_factory=KeepAliveSpec)
    header_buffers: Optional[HeaderBuffersSpec] = None
    response_buffers: Optional[ResponseBuffersSpec] = None
    upstream_keep_alive: Optional[pulumi.Input[int]] = None
    underscores_in_headers: bool = False
    workers: WorkersSpec = field(default_factory=WorkersSpec)


INVALID_CIPHER = define(
    "invalid-cipher",
    "{value} isn't the name of a cipher.",
    allowed="an OpenSSL name, such as ECDHE-RSA-AES128-GCM-SHA256",
)
EVERYONE_TRUSTED = define(
    "everyone-trusted",
    "{value} covers every address, so anyone could claim to be any client.",
    allowed="the addresses of the proxy in front",
)
CIPHERS_WITHOUT_TLS_1_2 = define(
    "ciphers-without-tls-1-2", "These are ciphers of TLS 1.2, which {versions} doesn't include."
)


def _cipher(value: str) -> Optional[Reason]:
    return None if re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)+", value) else Reason(INVALID_CIPHER)


def _trusted(value: str) -> Optional[Reason]:
    if reason := cidr(value):
        return reason
    return Reason(EVERYONE_TRUSTED) if includes_everyone([value]) else None


def _trusted_together(values: Sequence[Any]) -> Optional[Reason]:
    if reason := some("at least one address range")(values):
        return reason
    return Reason(EVERYONE_TRUSTED) if adds_up_to_everyone(values) else None


_SECONDS = Field(whole_number(1, what=SECONDS))
_BUFFERS = "a number of buffers"
_KIB = Field(whole_number(1, 1024, "a number of KiB"))
RULES: Rules = {
    GatewaySettings: {
        "tls_versions": Field(some("at least one version")),
        "ciphers": Field(some("at least one cipher"), items=_cipher),
        "forwarded_from": Field(_trusted_together, items=_trusted),
        "body_size": Field(whole_number(0, 10**6, NGINX_MIB)),
        "upstream_keep_alive": Field(whole_number(0, 100000, "a number of connections")),
    },
    HeaderBuffers: {"size": _KIB, "number": Field(whole_number(1, 64, _BUFFERS))},
    ResponseBuffers: {"size": _KIB, "number": Field(whole_number(3, 256, _BUFFERS))},
    Hsts: {"max_age": _SECONDS},
    KeepAlive: {"timeout": _SECONDS, "requests": Field(whole_number(1, what="a number of requests"))},
    Workers: {
        "processes": Field(whole_number(1, 1024, "a number of processes")),
        "connections": Field(whole_number(1, 10**6, "a number of connections")),
    },
}
"""What the fields must satisfy beyond their types."""


def check_settings(settings: GatewaySettingsSpec, problems: Problems) -> None:
    """Report settings that contradict each other."""
    if settings.forwarded_for is not None and settings.forwarded_from:
        at = settings.at / "forwarded_for"
        problems.report_exclusive(at, "forwarded_from", fix=Remove(at))
    if settings.ciphers is not None and TlsVersion.TLS_1_2 not in settings.tls_versions:
        at = settings.at / "ciphers"
        problems.report(CIPHERS_WITHOUT_TLS_1_2, at, versions=FieldName("tls_versions"), fix=Remove(at))
