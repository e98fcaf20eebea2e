"""The ConfigMap of a controller: what the controllers have in common, and how values are written.

Pure: specs in, dictionaries out; Outputs pass through at the leaves. Defaults are written out because the controllers'
own differ (F5 NGINX Ingress Controller: HTTP/2 off, nginx's version in responses, the TLS versions of the build).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from ...outputs import applied, words
from ..route_settings import TimeoutsSpec
from .settings import GatewaySettingsSpec

__all__ = ["LOG_FORMAT", "ConfigMapInput", "buffers", "common_data", "flag", "kib", "seconds", "size"]

_CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""Mozilla's server-side TLS guidelines, version 5.7, "intermediate", without the two over DHE."""

_CONNECT_TIMEOUT, _READ_TIMEOUT, _SEND_TIMEOUT = 5, 60, 60
_HTTPS_REDIRECT = "308"

LOG_FORMAT = (
    '{"time":"$time_iso8601","client":"$remote_addr","host":"$host","method":"$request_method","uri":"$request_uri",'
    '"protocol":"$server_protocol","status":"$status","bytes":"$body_bytes_sent","seconds":"$request_time",'
    '"target":"$upstream_addr","target_status":"$upstream_status","target_seconds":"$upstream_response_time",'
    '"referer":"$http_referer","agent":"$http_user_agent","request":"$request_id"}'
)
"""One line of JSON for each request; nginx escapes the values of the variables."""


@dataclass(frozen=True)
class ConfigMapInput:
    """What a controller's ConfigMap follows from."""

    settings: GatewaySettingsSpec
    shutdown: int
    """Seconds that open requests have to end after the pod stops accepting connections."""
    proxy_sources: Sequence[pulumi.Input[str]] = ()
    """The addresses whose PROXY protocol the controller trusts; empty if nothing in front speaks it."""
    response_headers: Sequence[str] = ()
    """The headers that routes can add to responses, if the controller needs them listed."""
    ipv6: bool = True
    """Whether the controller listens on IPv6 addresses."""


def common_data(given: ConfigMapInput, timeout: Callable[[int], str]) -> dict[str, Any]:
    """The keys that the controllers share; `timeout` writes a number of seconds."""
    settings = given.settings
    return {
        "ssl-protocols": " ".join(version.value for version in settings.tls_versions),
        "ssl-ciphers": ":".join(settings.ciphers or _CIPHERS),
        "server-tokens": "false",
        "http-redirect-code": _HTTPS_REDIRECT,
        # Without it, nginx writes up to 1 GiB of each response that a slow client reads to the pod's disk: two of them
        # reach the default limit of the disk, and the kubelet evicts the gateway.
        "proxy-max-temp-file-size": "0",
        "worker-processes": applied(settings.workers.processes, str),
        "worker-shutdown-timeout": seconds(given.shutdown),
        **{f"proxy-{name}-timeout": applied(value, timeout) for name, value in _timeouts_of(settings).items()},
    }


def _timeouts_of(settings: GatewaySettingsSpec) -> Mapping[str, pulumi.Input[int]]:
    """The timeouts of connections to targets, in seconds."""
    timeouts = settings.timeouts or TimeoutsSpec()
    return {
        "connect": _CONNECT_TIMEOUT if timeouts.connect is None else timeouts.connect,
        "read": _READ_TIMEOUT if timeouts.read is None else timeouts.read,
        "send": _SEND_TIMEOUT if timeouts.send is None else timeouts.send,
    }


def buffers(number: Any, kibibytes: Any) -> Any:
    """A number of buffers of a size, as nginx has them."""
    return words(applied(number, str), " ", applied(kibibytes, kib))


def kib(kibibytes: int) -> str:
    """A size in KiB, as nginx has it."""
    return f"{kibibytes}k"


def flag(value: bool) -> str:
    """A switch, as ConfigMaps and program arguments have it."""
    return str(value).lower()


def seconds(value: int) -> str:
    """A duration, as nginx has it."""
    return f"{value}s"


def size(mebibytes: int) -> str:
    """A size, as nginx has it; 0 sets no limit."""
    return f"{mebibytes}m" if mebibytes else "0"
