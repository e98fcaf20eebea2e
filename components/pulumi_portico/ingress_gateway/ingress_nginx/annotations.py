"""What an Ingress tells ingress-nginx of its route, and the objects that it names."""

from collections.abc import Mapping
from typing import Any

import pulumi

from ...errors import ArgumentError, Problems, Refusal
from ...outputs import applied, combined, joined, words
from ..compilation import Compilation, Described, Entry, HostEntry
from ..route_settings import BackendProtocol, LoadBalancing, Per, SameSite
from ..told import (
    COOKIE,
    CORS_HEADERS,
    CORS_MAX_AGE,
    CORS_METHODS,
    REALM,
    REDIRECT_CODE,
    burst_of,
    htpasswd,
    redirect_parts,
    timeouts_of,
)

__all__ = ["PREFIX", "annotations_of", "build_extras", "https_of", "keeps_path", "namespace_of", "no_multiple"]

PREFIX = "nginx.ingress.kubernetes.io/"
_PERMANENT = (301, 308)
_BALANCING = {LoadBalancing.ROUND_ROBIN.value: "round_robin", LoadBalancing.FASTEST.value: "ewma"}


def annotations_of(compilation: Compilation, entry: Entry) -> dict[str, Any]:
    """The annotations of a route's Ingress."""
    host = compilation.hosts[entry.host]
    told: dict[str, Any] = {"use-regex": "true"}
    if entry.rewrite is not None:
        told["rewrite-target"] = _rewrite_target(entry)
    if "redirect" in entry.args:
        told.update(_redirect(entry))
    if "app_root" in entry.args:
        told["app-root"] = entry.args["app_root"]
    told.update({f"proxy-{name}-timeout": applied(value, str) for name, value in timeouts_of(entry).items()})
    if "body_size" in entry.args:
        told["proxy-body-size"] = applied(entry.args["body_size"], lambda size: f"{size}m" if size else "0")
    if entry.target:
        told.update(_target(entry, host))
    told.update(_access(compilation, entry))
    return {**{f"{PREFIX}{key}": value for key, value in told.items()}, **https_of(host)}


def _rewrite_target(entry: Entry) -> str:
    if entry.exact:
        return str(entry.rewrite)
    if entry.path == "/":
        return f"{entry.rewrite}/$1"
    return f"{entry.rewrite}$1" if entry.rewrite else "/$2"


def keeps_path(entry: Entry) -> bool:
    """Whether it sends clients elsewhere with the path that they asked for."""
    return "redirect" in entry.args and "path" not in entry.of("redirect")


def namespace_of(compilation: Compilation, entry: Entry) -> Any:
    """The namespace of a route's Ingress: the target's, which it must be in."""
    return entry.namespace if entry.target else compilation.namespace


def https_of(host: HostEntry) -> dict[str, str]:
    """What becomes of requests without TLS. The paths that no route takes have it from the host's own Ingress."""
    told = {"ssl-redirect": str(host.tls and host.redirect).lower()}
    if host.tls and host.redirect:
        # Else /a/ would be sent to /a.
        told["preserve-trailing-slash"] = "true"
        if host.ends_before:
            told["force-ssl-redirect"] = "true"
    return {f"{PREFIX}{key}": value for key, value in told.items()}


def _redirect(entry: Entry) -> dict[str, str]:
    scheme, host, path = redirect_parts(entry)
    if path is None:
        # A replacement that begins with a scheme is a redirect to nginx, and the one that may hold what was asked for.
        return {"rewrite-target": f"{scheme}://{host}/$1"}
    code = entry.of("redirect").get("code", REDIRECT_CODE)
    kind = "permanent" if code in _PERMANENT else "temporal"
    return {f"{kind}-redirect": f"{scheme}://{host}{path}", f"{kind}-redirect-code": str(code)}


def _target(entry: Entry, host: HostEntry) -> dict[str, Any]:
    buffering = entry.of("buffering")
    told: dict[str, Any] = {
        "proxy-request-buffering": "on" if buffering.get("requests", True) else "off",
        "proxy-buffering": "on" if buffering.get("responses", True) else "off",
    }
    protocol = entry.args.get("protocol", BackendProtocol.HTTP.value)
    if protocol != BackendProtocol.HTTP.value:
        told["backend-protocol"] = protocol
    if "load_balancing" in entry.args:
        told["load-balance"] = _BALANCING[entry.args["load_balancing"]]
    if "session_affinity" in entry.args:
        told.update(_affinity(entry, host))
    return told


def _affinity(entry: Entry, host: HostEntry) -> dict[str, Any]:
    affinity = entry.of("session_affinity")
    told: dict[str, Any] = {
        "affinity": "cookie",
        "affinity-mode": "persistent",
        "session-cookie-name": affinity.get("cookie", COOKIE),
        "session-cookie-path": affinity.get("path", entry.path),
        "session-cookie-samesite": affinity.get("same_site", SameSite.LAX.value),
        "session-cookie-secure": str(affinity.get("secure", host.tls)).lower(),
    }
    if "max_age" in affinity:
        told["session-cookie-max-age"] = told["session-cookie-expires"] = applied(affinity["max_age"], str)
    return told


def _access(compilation: Compilation, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for field, key in (("allowed_sources", "allowlist-source-range"), ("denied_sources", "denylist-source-range")):
        if field in entry.args:
            told[key] = joined(entry.args[field])
    if "rate_limit" in entry.args:
        told.update(_rate_limit(entry))
    if "cors" in entry.args:
        told.update(_cors(entry.of("cors")))
    if "basic_auth" in entry.args:
        auth = entry.of("basic_auth")
        secret = auth.get("secret", compilation.called(f"{entry.key}-users"))
        told |= {
            "auth-type": "basic",
            "auth-secret": secret,
            "auth-secret-type": "auth-file",
            "auth-realm": auth.get("realm", REALM),
        }
    if "response_headers" in entry.args:
        told["custom-headers"] = words(entry.namespace, "/", compilation.called(f"{entry.key}-headers"))
    return told


def _rate_limit(entry: Entry) -> dict[str, Any]:
    limit = entry.of("rate_limit")
    told: dict[str, Any] = {}
    if "requests" in limit:
        told["limit-rpm" if limit.get("per") == Per.MINUTE.value else "limit-rps"] = applied(limit["requests"], str)
        where = f"{entry.where}.rate_limit.burst"
        told["limit-burst-multiplier"] = combined(
            [limit["requests"], burst_of(limit)], lambda known: _multiplier(known[0], known[1], where)
        )
    if "connections" in limit:
        told["limit-connections"] = applied(limit["connections"], str)
    return told


def _multiplier(requests: int, burst: int, where: str) -> str:
    if burst % requests or burst < requests:
        problems = Problems("The route")
        problems.add(where, burst, no_multiple(requests, burst))
        raise ArgumentError(problems.subject, problems.found)
    return str(burst // requests)


def no_multiple(requests: int, burst: int) -> Refusal:
    """Why a burst is refused that is no multiple of the rate."""
    fix = f"write {max(1, round(burst / requests)) * requests}"
    return Refusal(f"is no multiple of the {requests} of requests, which ingress-nginx counts it in", "a multiple", fix)


def _cors(cors: Mapping[str, Any]) -> dict[str, str]:
    told = {
        "enable-cors": "true",
        "cors-allow-origin": ",".join(cors["origins"]),
        "cors-allow-methods": ", ".join(cors.get("methods", CORS_METHODS)),
        "cors-allow-headers": ", ".join(cors.get("headers", CORS_HEADERS)),
        "cors-allow-credentials": str(cors.get("credentials", False)).lower(),
        "cors-max-age": str(cors.get("max_age", CORS_MAX_AGE)),
    }
    if cors.get("expose_headers"):
        told["cors-expose-headers"] = ", ".join(cors["expose_headers"])
    return told


def build_extras(compilation: Compilation, entry: Entry) -> list[Described]:
    """What the annotations name."""
    described: list[Described] = []
    if users := entry.of("basic_auth").get("users"):
        suffix = f"{entry.key}-users"
        metadata = compilation.metadata(suffix, namespace_of(compilation, entry))
        # Secret, however they were given.
        data = pulumi.Output.secret({"auth": htpasswd(users)})
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": data}
        described.append(Described(suffix, manifest, route=entry))
    if headers := entry.args.get("response_headers"):
        suffix = f"{entry.key}-headers"
        metadata = compilation.metadata(suffix, namespace_of(compilation, entry))
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(headers)}
        described.append(Described(suffix, manifest, route=entry))
    return described
