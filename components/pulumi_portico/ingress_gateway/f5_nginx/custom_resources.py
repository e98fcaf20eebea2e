"""What a route needs beside its Ingress: the controller's own resources, and Secrets."""

from collections.abc import Mapping
from typing import Any

import pulumi

from ...outputs import words
from ..compilation import Compilation, Described, Entry
from ..told import CORS_HEADERS, CORS_MAX_AGE, CORS_METHODS, REDIRECT_CODE, htpasswd, redirect_parts

__all__ = ["build_extras", "build_policies", "build_virtual_server"]

_API_VERSION = "k8s.nginx.org/v1"
_VERIFY_DEPTH = 3


def build_extras(compilation: Compilation, entry: Entry) -> list[Described]:
    """What the annotations name."""
    described: list[Described] = []
    if users := entry.of("basic_auth").get("users"):
        metadata = compilation.metadata(f"{entry.key}-users", entry.namespace)
        data = pulumi.Output.secret({"htpasswd": htpasswd(users)})
        secret = _secret(metadata, "nginx.org/htpasswd", data)
        described.append(Described(f"{entry.key}-users", secret, route=entry))
    if "backend_tls" in entry.args:
        metadata = compilation.metadata(f"{entry.key}-ca", entry.namespace)
        data = {"ca.crt": entry.of("backend_tls")["ca_certificate"]}
        described.append(Described(f"{entry.key}-ca", _secret(metadata, "nginx.org/ca", data), route=entry))
    return [*described, *build_policies(compilation, entry)]


def _secret(metadata: Mapping[str, Any], kind: str, data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": dict(metadata), "type": kind, "stringData": data}


def build_policies(compilation: Compilation, entry: Entry) -> list[Described]:
    """The Policies of a route."""
    specs: dict[str, Any] = {}
    for field, key, suffix in (("allowed_sources", "allow", "sources"), ("denied_sources", "deny", "sources")):
        if field in entry.args:
            specs[suffix] = {"accessControl": {key: list(entry.args[field])}}
    if "cors" in entry.args:
        specs["cors"] = {"cors": _cors(entry.of("cors"))}
    if "backend_tls" in entry.args:
        specs["backend-tls"] = {"egressMTLS": _egress(compilation, entry)}
    described: list[Described] = []
    for what, spec in specs.items():
        suffix = f"{entry.key}-{what}"
        metadata = compilation.metadata(suffix, entry.namespace)
        manifest = {"apiVersion": _API_VERSION, "kind": "Policy", "metadata": metadata, "spec": spec}
        described.append(Described(suffix, manifest, route=entry))
    return described


def _cors(cors: Mapping[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "allowOrigin": list(cors["origins"]),
        "allowMethods": list(cors.get("methods", CORS_METHODS)),
        "allowHeaders": list(cors.get("headers", CORS_HEADERS)),
        "allowCredentials": cors.get("credentials", False),
        "maxAge": cors.get("max_age", CORS_MAX_AGE),
    }
    if cors.get("expose_headers"):
        spec["exposeHeaders"] = list(cors["expose_headers"])
    return spec


def _egress(compilation: Compilation, entry: Entry) -> dict[str, Any]:
    given = entry.of("backend_tls").get("server_name")
    name = words(entry.target["service"], ".", entry.namespace, ".svc") if given is None else given
    return {
        "verifyServer": True,
        "verifyDepth": _VERIFY_DEPTH,
        "protocols": "TLSv1.2 TLSv1.3",
        "trustedCertSecret": compilation.called(f"{entry.key}-ca"),
        "serverName": True,
        "sslName": name,
    }


def build_virtual_server(compilation: Compilation, entry: Entry) -> dict[str, Any]:
    """The VirtualServer of a host that is redirected as a whole."""
    scheme, to, path = redirect_parts(entry)
    host = compilation.hosts[entry.host]
    code = entry.of("redirect").get("code", REDIRECT_CODE)
    url = f"{scheme}://{to or '${host}'}{path or '${request_uri}'}"
    where = f"={entry.path}" if entry.exact else entry.path
    redirect = {"path": where, "action": {"redirect": {"url": url, "code": code}}}
    spec: dict[str, Any] = {"ingressClassName": compilation.class_name, "host": entry.host, "routes": [redirect]}
    if host.secret is not None:
        spec["tls"] = {"secret": host.secret}
    metadata = compilation.metadata(entry.key, compilation.namespace, host.annotations)
    return {"apiVersion": _API_VERSION, "kind": "VirtualServer", "metadata": metadata, "spec": spec}
