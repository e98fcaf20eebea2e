"""Gateway API manifests by hand, for the tests of the harness itself. Portico's renderer has no part in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NAMESPACE = "shop"
Manifest = dict[str, Any]


def manifest(api_version: str, kind: str, name: str, spec: Mapping[str, Any], namespace: str = NAMESPACE) -> Manifest:
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def service(name: str, *ports: int, namespace: str = NAMESPACE, **more: Any) -> Manifest:
    spec = {"ports": [{"name": f"port-{port}", "port": port, **more} for port in ports or (80,)]}
    return manifest("v1", "Service", name, spec, namespace)


def gateway(*listeners: Mapping[str, Any], name: str = "edge", **spec: Any) -> Manifest:
    shared = {"allowedRoutes": {"namespaces": {"from": "All"}}}
    entries = [{**shared, **listener} for listener in listeners]
    content = {"gatewayClassName": "envoy", "listeners": entries, **spec}
    return manifest("gateway.networking.k8s.io/v1", "Gateway", name, content)


HTTP_LISTENER = {"name": "http", "port": 80, "protocol": "HTTP"}


def https_listener(secret: str, name: str = "https", **more: Any) -> Mapping[str, Any]:
    tls = {"mode": "Terminate", "certificateRefs": [{"name": secret}]}
    return {"name": name, "port": 443, "protocol": "HTTPS", "tls": tls, **more}


def route(
    name: str,
    hosts: Sequence[str],
    *rules: Mapping[str, Any],
    kind: str = "HTTPRoute",
    section: str = "http",
    namespace: str = NAMESPACE,
) -> Manifest:
    spec: Manifest = {"parentRefs": [{"name": "edge", "namespace": NAMESPACE, "sectionName": section}]}
    if hosts:
        spec["hostnames"] = list(hosts)
    return manifest("gateway.networking.k8s.io/v1", kind, name, {**spec, "rules": list(rules)}, namespace)


def to(service: str, port: int = 80, **more: Any) -> Manifest:
    return {"name": service, "port": port, **more}


def rule(*backends: Mapping[str, Any] | str, matches: Sequence[Mapping[str, Any]] = (), **more: Any) -> Manifest:
    references = [to(backend) if isinstance(backend, str) else backend for backend in backends]
    entry: Manifest = {**more}
    if matches:
        entry["matches"] = list(matches)
    if references:
        entry["backendRefs"] = references
    return entry


def prefix(path: str, **more: Any) -> Manifest:
    return {"path": {"type": "PathPrefix", "value": path}, **more}


def exact(path: str, **more: Any) -> Manifest:
    return {"path": {"type": "Exact", "value": path}, **more}


def regex(path: str, **more: Any) -> Manifest:
    return {"path": {"type": "RegularExpression", "value": path}, **more}


def policy(kind: str, name: str, target: str, spec: Mapping[str, Any], target_kind: str = "HTTPRoute") -> Manifest:
    reference = {"group": "gateway.networking.k8s.io", "kind": target_kind, "name": target}
    return manifest("gateway.envoyproxy.io/v1alpha1", kind, name, {"targetRefs": [reference], **spec})


def secret(name: str, **data: str) -> Manifest:
    made = manifest("v1", "Secret", name, {})
    del made["spec"]
    return {**made, "type": "Opaque", "stringData": data}
