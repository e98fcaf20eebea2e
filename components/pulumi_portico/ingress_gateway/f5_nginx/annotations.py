"""What a minion tells F5 NGINX Ingress Controller of its route."""

from collections.abc import Mapping
from typing import Any

from ...outputs import applied
from ..compilation import Compilation, Entry, HostEntry
from ..route_settings import LoadBalancing, Per, SameSite
from ..told import COOKIE, REALM, REJECTED, burst_of, is_grpc, joined, over_tls, takes_websockets, timeouts_of, words
from .custom_resources import build_policies

__all__ = ["NIC", "annotations_of", "prefixed"]

NIC = "nginx.org/"
_BALANCING = {
    LoadBalancing.ROUND_ROBIN.value: "round_robin",
    LoadBalancing.LEAST_CONNECTIONS.value: "least_conn",
    LoadBalancing.CLIENT_ADDRESS.value: "hash $remote_addr consistent",
    LoadBalancing.REQUEST_URI.value: "hash $request_uri consistent",
}


def annotations_of(compilation: Compilation, entry: Entry) -> dict[str, Any]:
    """What the route asks for, by the annotations' names without their prefix."""
    service = entry.target["service"]
    # Of its own accord it picks the less busy of two at random.
    balancing = entry.args.get("load_balancing", LoadBalancing.ROUND_ROBIN.value)
    told: dict[str, Any] = {"lb-method": _BALANCING[balancing]}
    if over_tls(entry):
        told["ssl-services"] = service
    if is_grpc(entry):
        told["grpc-services"] = service
    else:
        told.update(_bodies(entry))
    if takes_websockets(entry):
        told["websocket-services"] = service
    for name, value in timeouts_of(entry).items():
        told[f"proxy-{name}-timeout"] = applied(value, lambda seconds: f"{seconds}s")
    if "session_affinity" in entry.args:
        host = compilation.hosts[entry.host]
        told["sticky-cookie-services"] = words("serviceName=", service, " ", _cookie(entry, host))
    return {**told, **_access(compilation, entry), **_headers_of(entry)}


def _access(compilation: Compilation, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "rate_limit" in entry.args:
        told.update(_rate_limit(entry.of("rate_limit")))
    if "basic_auth" in entry.args:
        auth = entry.of("basic_auth")
        told["basic-auth-secret"] = auth.get("secret", compilation.called(f"{entry.key}-users"))
        told["basic-auth-realm"] = auth.get("realm", REALM)
    if policies := build_policies(compilation, entry):
        told["policies"] = ",".join(f"{compilation.name}-{it.suffix}" for it in policies)
    return told


def _headers_of(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if headers := entry.args.get("request_headers"):
        told["proxy-set-headers"] = _headers(headers)
    if headers := entry.args.get("response_headers"):
        told["add-header"] = _headers(headers, ":always")
    if "response_headers" in entry.args or "cors" in entry.args:
        # Else those that hold for the whole server, HSTS among them, would be gone.
        told["add-header-inherit"] = "merge"
    return told


def _bodies(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "body_size" in entry.args:
        told["client-max-body-size"] = applied(entry.args["body_size"], lambda size: f"{size}m" if size else "0")
    told["proxy-buffering"] = str(entry.of("buffering").get("responses", True)).lower()
    return told


def _cookie(entry: Entry, host: HostEntry) -> Any:
    affinity = entry.of("session_affinity")
    same_site = affinity.get("same_site", SameSite.LAX.value).lower()
    parts: list[Any] = [affinity.get("cookie", COOKIE)]
    if "max_age" in affinity:
        parts.append(applied(affinity["max_age"], lambda age: f"expires={age}s"))
    parts += [f"path={affinity.get('path', entry.path)}", "httponly", f"samesite={same_site}"]
    if affinity.get("secure", host.tls):
        parts.append("secure")
    return joined(parts, " ")


def _rate_limit(limit: Mapping[str, Any]) -> dict[str, Any]:
    unit = "m" if limit.get("per") == Per.MINUTE.value else "s"
    return {
        "limit-req-rate": applied(limit["requests"], lambda count: f"{count}r/{unit}"),
        "limit-req-key": "${binary_remote_addr}",
        "limit-req-burst": applied(burst_of(limit), str),
        "limit-req-no-delay": "true",
        "limit-req-reject-code": str(REJECTED),
    }


def _headers(headers: Mapping[str, Any], flag: str = "") -> Any:
    return joined(words(name, ":", value, flag) for name, value in sorted(headers.items()))


def prefixed(told: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations by their whole keys."""
    return {f"{NIC}{key}": value for key, value in told.items()}
