"""What the controllers' ConfigMaps say, from the settings of a gateway.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves. Defaults are written out: the two
controllers have others (F5 NGINX Ingress Controller: HTTP/2 off, nginx's own version told, TLS versions of the build).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...http_defaults import HSTS_MAX_AGE, HTTPS_REDIRECT
from ...outputs import applied, joined
from ..controller_module import Controller
from ..told import REJECTED
from .settings import AccessLog, TlsVersion

__all__ = ["build_data"]

_CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""Mozilla's server-side TLS guidelines, version 5.7, "intermediate", without the two over DHE."""

_TIMEOUTS = {"connect": 5, "read": 60, "send": 60}
_KEEP_ALIVE, _KEEP_ALIVE_REQUESTS = 75, 1000
_CONNECTIONS = 16384
_PROCESSES = 4
"""As many as the nodes have CPUs, which is what nginx would choose, takes more memory than a pod has on a big node."""

_LOG = (
    '{"time":"$time_iso8601","client":"$remote_addr","host":"$host","method":"$request_method","uri":"$request_uri",'
    '"protocol":"$server_protocol","status":"$status","bytes":"$body_bytes_sent","seconds":"$request_time",'
    '"target":"$upstream_addr","target_status":"$upstream_status","target_seconds":"$upstream_response_time",'
    '"referer":"$http_referer","agent":"$http_user_agent","request":"$request_id"}'
)
"""One line of JSON for each request; nginx escapes what the variables hold."""


def build_data(
    controller: str,
    settings: Mapping[str, Any],
    *,
    shutdown: int,
    proxy_sources: Sequence[Any],
    response_headers: Sequence[str],
) -> dict[str, Any]:
    """The ConfigMap's data. ``proxy_sources`` are those whose PROXY protocol is believed; none where it is not
    spoken."""
    f5 = controller == Controller.F5_NGINX.value
    told = _common(settings, shutdown, f5=f5)
    told |= _f5_nginx(settings, proxy_sources) if f5 else _ingress_nginx(settings, proxy_sources, response_headers)
    return dict(sorted(told.items()))


def _common(settings: Mapping[str, Any], shutdown: int, *, f5: bool) -> dict[str, Any]:
    versions = settings.get("tls_versions", [it.value for it in TlsVersion])
    timeouts = {**_TIMEOUTS, **settings.get("timeouts", {})}
    return {
        "ssl-protocols": " ".join(versions),
        "ssl-ciphers": ":".join(settings.get("ciphers", _CIPHERS)),
        "server-tokens": "false",
        "http-redirect-code": str(HTTPS_REDIRECT),
        "worker-processes": applied(settings.get("workers", {}).get("processes", _PROCESSES), str),
        "worker-shutdown-timeout": f"{shutdown}s",
        **{f"proxy-{name}-timeout": applied(value, _seconds if f5 else str) for name, value in timeouts.items()},
    }


def _f5_nginx(settings: Mapping[str, Any], proxy_sources: Sequence[Any]) -> dict[str, Any]:
    keep = settings.get("keep_alive", {})
    connections = settings.get("workers", {}).get("connections", _CONNECTIONS)
    told: dict[str, Any] = {
        "http2": _bool(settings.get("http2", True)),
        "client-max-body-size": applied(settings.get("body_size", 1), _size),
        "keepalive-timeout": applied(keep.get("timeout", _KEEP_ALIVE), _seconds),
        "keepalive-requests": applied(keep.get("requests", _KEEP_ALIVE_REQUESTS), str),
        "worker-connections": applied(connections, str),
        # Twice: a connection to a client and a file that its body is kept in. Containers start with 1024 at times.
        "worker-rlimit-nofile": applied(connections, lambda count: str(2 * count)),
        "ssl-prefer-server-ciphers": "true",
        "hsts": _bool("hsts" in settings),
    }
    if (hsts := settings.get("hsts")) is not None:
        told["hsts-max-age"] = applied(hsts.get("max_age", HSTS_MAX_AGE), str)
        told["hsts-include-subdomains"] = _bool(hsts.get("include_subdomains", False))
    if (log := settings.get("access_log", AccessLog.JSON.value)) == AccessLog.JSON.value:
        told |= {"log-format": _LOG, "log-format-escaping": "json"}
    elif log == AccessLog.OFF.value:
        told["access-log-off"] = "true"
    if proxy_sources:
        told |= {
            "proxy-protocol": "true",
            "real-ip-header": "proxy_protocol",
            "set-real-ip-from": joined(proxy_sources),
        }
    elif trusted := settings.get("forwarded_from"):
        told |= {"real-ip-header": "X-Forwarded-For", "set-real-ip-from": joined(trusted), "real-ip-recursive": "true"}
    return told


def _ingress_nginx(
    settings: Mapping[str, Any], proxy_sources: Sequence[Any], response_headers: Sequence[str]
) -> dict[str, Any]:
    keep, hsts = settings.get("keep_alive", {}), settings.get("hsts")
    told: dict[str, Any] = {
        "use-http2": _bool(settings.get("http2", True)),
        "proxy-body-size": applied(settings.get("body_size", 1), _size),
        "keep-alive": applied(keep.get("timeout", _KEEP_ALIVE), str),
        "keep-alive-requests": applied(keep.get("requests", _KEEP_ALIVE_REQUESTS), str),
        "max-worker-connections": applied(settings.get("workers", {}).get("connections", _CONNECTIONS), str),
        "hsts": _bool(hsts is not None),
        # What keeps an Ingress from writing nginx's configuration (CVE-2021-25742, CVE-2025-1974 and their like).
        "allow-snippet-annotations": "false",
        "annotations-risk-level": "Medium",
        "allow-cross-namespace-resources": "false",
        "strict-validate-path-type": "true",
        # As on the other controller: too many requests are 429, and one route's targets are checked by it alone.
        "limit-req-status-code": str(REJECTED),
        "limit-conn-status-code": str(REJECTED),
        "proxy-ssl-location-only": "true",
    }
    if hsts is not None:
        told["hsts-max-age"] = applied(hsts.get("max_age", HSTS_MAX_AGE), str)
        told["hsts-include-subdomains"] = _bool(hsts.get("include_subdomains", False))
        told["hsts-preload"] = _bool(hsts.get("preload", False))
    if (log := settings.get("access_log", AccessLog.JSON.value)) == AccessLog.JSON.value:
        told |= {"log-format-upstream": _LOG, "log-format-escape-json": "true"}
    elif log == AccessLog.OFF.value:
        told["disable-access-log"] = "true"
    if proxy_sources:
        told |= {"use-proxy-protocol": "true", "proxy-real-ip-cidr": joined(proxy_sources)}
    elif trusted := settings.get("forwarded_from"):
        told |= {
            "use-forwarded-headers": "true",
            "enable-real-ip": "true",
            "compute-full-forwarded-for": "true",
            "proxy-real-ip-cidr": joined(trusted),
        }
    if response_headers:
        told["global-allowed-response-headers"] = ",".join(response_headers)
    return told


def _bool(value: bool) -> str:
    return str(value).lower()


def _seconds(value: int) -> str:
    return f"{value}s"


def _size(mebibytes: int) -> str:
    return f"{mebibytes}m" if mebibytes else "0"
