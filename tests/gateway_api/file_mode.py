"""From the manifests of a cluster to what Envoy Gateway reads from files.

In this mode Envoy Gateway knows no Services and no pods: references to Services become references to its own kind
`Backend`, with an address on loopback. Everything else of a route, a policy, and a listener stays as it is.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.gateway_api.messages import Backend, Behavior, Protocol
from tools import wheels

_GATEWAY_API = "gateway.networking.k8s.io"
_ENVOY_GATEWAY = "gateway.envoyproxy.io"
_CONTROLLER = f"{_ENVOY_GATEWAY}/gatewayclass-controller"
_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
# The kinds that Envoy Gateway loads from files.
_LOADED = {
    *("GatewayClass", "Gateway", *_ROUTES, "ReferenceGrant", "BackendTLSPolicy", "Namespace", "Secret", "ConfigMap"),
    *("ClientTrafficPolicy", "BackendTrafficPolicy", "SecurityPolicy", "EnvoyExtensionPolicy", "EnvoyPatchPolicy"),
    *("EnvoyProxy", "Backend", "HTTPRouteFilter"),
}
# Envoy Gateway's own servers, and Envoy's readiness, have these on all addresses.
RESERVED_PORTS = (8081, 18000, 18001, 18002, 19000, 19001, 19003)
_MARKER = "portico-complete"
_MARKER_PORT = 65_000
_FIRST_BACKEND_PORT = 40_000
_UNUSED_PORT = 39_999
_PROTOCOLS = {"kubernetes.io/h2c": "h2c", "kubernetes.io/ws": "ws", "kubernetes.io/wss": "wss"}
_SECURED: Mapping[Protocol, Protocol] = {"http": "https", "grpc": "grpcs", "tcp": "tls"}

Manifest = dict[str, Any]


@dataclass
class FileMode:
    """What Envoy Gateway reads, and the backends that its routes lead to."""

    documents: list[Manifest] = field(default_factory=list[Manifest])
    backends: list[Backend] = field(default_factory=list[Backend])
    gateways: int = 0
    ports: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    marker: str = _MARKER


def file_mode(
    manifests: Sequence[Mapping[str, Any]],
    *,
    ca: str,
    behaviors: Mapping[str, Behavior],
    without_endpoints: Sequence[str],
) -> FileMode:
    """Translate manifests. References to a Service that isn't among them stay invalid.

    :param ca: The authority of the backends' certificates, in PEM. It takes the place of each BackendTLSPolicy's own.
    :param behaviors: By `namespace/name:port`.
    :param without_endpoints: Services with no pods, as `namespace/name:port`.
    """
    objects = [copy.deepcopy(dict(manifest)) for manifest in manifests]
    _reject_unsupported(objects)
    reject_reserved_ports(objects, RESERVED_PORTS)
    services = service_ports(objects)
    protocols = protocols_of(objects, services)
    unknown = {*behaviors, *without_endpoints} - set(services)
    assert not unknown, f"no manifest of the Services {sorted(unknown)}; these have one: {sorted(services)}"
    result = FileMode()
    for number, (key, port) in enumerate(services.items()):
        address_port = _FIRST_BACKEND_PORT + number
        if key in without_endpoints:
            result.documents.append(_backend(key, port, _UNUSED_PORT))
            continue
        result.documents.append(_backend(key, port, address_port))
        protocol, names = protocols.get(key, ("http", []))
        result.backends.append(Backend(key, protocol, address_port, tuple(names), behaviors.get(key)))
    for manifest in objects:
        if manifest["kind"] in _LOADED:
            _translate(manifest, services, ca, objects)
            result.documents.append(manifest)
    result.documents += _missing_classes(objects)
    _add_markers(result, objects)
    return result


def _reject_unsupported(objects: Sequence[Manifest]) -> None:
    for manifest in objects:
        group = manifest["apiVersion"].partition("/")[0]
        if group in (_GATEWAY_API, _ENVOY_GATEWAY) and manifest["kind"] not in _LOADED:
            raise NotImplementedError(f"Envoy Gateway doesn't load {manifest['kind']} from files")


def reject_reserved_ports(objects: Sequence[Mapping[str, Any]], reserved: Sequence[int]) -> None:
    """Fail where two servers would share a port without a sign of it."""
    for manifest in objects:
        if manifest["kind"] in ("Gateway", "ListenerSet"):
            for listener in manifest["spec"].get("listeners", ()):
                if listener["port"] in reserved:
                    raise NotImplementedError(f"a listener on port {listener['port']}, which Envoy Gateway has here")


def service_ports(objects: Sequence[Manifest]) -> dict[str, Manifest]:
    """The ports of all Services, by `namespace/name:port`."""
    return {
        f"{namespace_of(manifest)}/{manifest['metadata']['name']}:{port['port']}": port
        for manifest in objects
        if manifest["kind"] == "Service" and manifest["spec"].get("type") != "ExternalName"
        for port in manifest["spec"].get("ports", [])
    }


def namespace_of(manifest: Mapping[str, Any]) -> str:
    return manifest["metadata"].get("namespace", "default")


def protocols_of(
    objects: Sequence[Manifest], services: Mapping[str, Manifest]
) -> dict[str, tuple[Protocol, list[str]]]:
    """What each backend speaks, and the names in its certificate."""
    found: dict[str, tuple[Protocol, list[str]]] = {}
    for manifest in objects:
        if manifest["kind"] in _ROUTES:
            for reference in service_references(manifest["spec"]):
                found[_key(reference, namespace_of(manifest))] = _spoken(manifest, objects)
    for key, port in services.items():
        if port.get("appProtocol") == "kubernetes.io/h2c":
            found[key] = ("grpc", [])
    for manifest in objects:
        if manifest["kind"] == "BackendTLSPolicy":
            for target in manifest["spec"]["targetRefs"]:
                for key in _targeted(target, namespace_of(manifest), services):
                    plain = found[key][0] if key in found else "http"
                    found[key] = (_SECURED[plain], [manifest["spec"]["validation"]["hostname"]])
    return found


def _spoken(route: Manifest, objects: Sequence[Manifest]) -> tuple[Protocol, list[str]]:
    plain: Mapping[str, Protocol] = {"HTTPRoute": "http", "GRPCRoute": "grpc", "TCPRoute": "tcp", "UDPRoute": "udp"}
    if route["kind"] != "TLSRoute":
        return plain[route["kind"]], []
    modes = {
        listener.get("tls", {}).get("mode", "Terminate")
        for parent in route["spec"]["parentRefs"]
        for manifest in objects
        if manifest["kind"] == "Gateway" and manifest["metadata"]["name"] == parent["name"]
        for listener in manifest["spec"]["listeners"]
        if listener["protocol"] == "TLS" and parent.get("sectionName", listener["name"]) == listener["name"]
    }
    return ("tls", route["spec"]["hostnames"]) if "Passthrough" in modes else ("tcp", [])


def service_references(value: Any) -> Iterator[Manifest]:
    """Each reference to a Service, however deep it is."""
    if isinstance(value, list):
        for entry in value:
            yield from service_references(entry)
    if isinstance(value, dict):
        for name, entry in value.items():
            references = entry if name == "backendRefs" else [entry] if name == "backendRef" else []
            yield from (reference for reference in references if _is_service(reference))
            yield from service_references(entry)


def _is_service(reference: Mapping[str, Any]) -> bool:
    return reference.get("kind", "Service") == "Service" and not reference.get("group")


def _key(reference: Mapping[str, Any], namespace: str) -> str:
    return f"{reference.get('namespace', namespace)}/{reference['name']}:{reference.get('port')}"


def _targeted(target: Mapping[str, Any], namespace: str, services: Mapping[str, Manifest]) -> list[str]:
    """The ports of the Service that a BackendTLSPolicy is for."""
    if not _is_service(target):
        return []
    prefix = f"{namespace}/{target['name']}:"
    section = target.get("sectionName")
    return [key for key, port in services.items() if key.startswith(prefix) and section in (None, port.get("name"))]


def _translate(manifest: Manifest, services: Mapping[str, Manifest], ca: str, objects: Sequence[Manifest]) -> None:
    kind, namespace = manifest["kind"], namespace_of(manifest)
    # EnvoyProxy, BackendTLSPolicy, and references to Services; the rest stays.
    for reference in list(service_references(manifest.get("spec"))):
        name, port = reference["name"], reference.pop("port", None)
        reference.update({"group": _ENVOY_GATEWAY, "kind": "Backend", "name": f"{name}-{port}"})
    if kind == "Secret":
        _encode(manifest)
    if kind == "EnvoyProxy":
        _run_on_host(manifest["spec"])
    if kind == "GatewayClass" and "parametersRef" not in manifest["spec"]:
        manifest["spec"]["parametersRef"] = _parameters()
    if kind == "ReferenceGrant":
        _grant_backends(manifest, services)
    if kind == "BackendTLSPolicy":
        _secure_backends(manifest, services, namespace)
    if kind == "ConfigMap" and any(has_authority(other, manifest) for other in objects):
        manifest["data"] = {**manifest.get("data", {}), "ca.crt": ca}
    if kind == "Gateway":
        for listener in manifest["spec"]["listeners"]:
            _resolve_selector(manifest, listener, objects)


def _encode(secret: Manifest) -> None:
    """Do what the API server does with `stringData`."""
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in secret.pop("stringData", {}).items()}
    secret["data"] = {**secret.get("data", {}), **encoded}


def _run_on_host(spec: Manifest) -> None:
    spec["provider"] = {"type": "Host", "host": {"envoyVersion": wheels.version("envoy")}}
    spec["extraArgs"] = [*spec.get("extraArgs", []), "--use-dynamic-base-id"]
    spec["concurrency"] = 1
    spec["shutdown"] = {"drainTimeout": "0s"}


def _parameters() -> Manifest:
    return {"group": _ENVOY_GATEWAY, "kind": "EnvoyProxy", "name": "portico-host", "namespace": "portico-host"}


def _grant_backends(manifest: Manifest, services: Mapping[str, Manifest]) -> None:
    for target in list(manifest["spec"]["to"]):
        if _is_service(target):
            prefix = f"{namespace_of(manifest)}/{target['name']}:" if "name" in target else ""
            granted = {"group": _ENVOY_GATEWAY, "kind": "Backend"}
            names = [{"name": _backend_name(key)} for key in services if key.startswith(prefix)] if prefix else [{}]
            manifest["spec"]["to"] += [{**granted, **name} for name in names]


def _secure_backends(manifest: Manifest, services: Mapping[str, Manifest], namespace: str) -> None:
    manifest["spec"]["targetRefs"] = [
        {"group": _ENVOY_GATEWAY, "kind": "Backend", "name": _backend_name(key)}
        for target in manifest["spec"]["targetRefs"]
        for key in _targeted(target, namespace, services)
    ]


def has_authority(policy: Manifest, config_map: Manifest) -> bool:
    if policy["kind"] != "BackendTLSPolicy" or namespace_of(policy) != namespace_of(config_map):
        return False
    references = policy["spec"]["validation"].get("caCertificateRefs", [])
    return config_map["metadata"]["name"] in {reference["name"] for reference in references}


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether a label selector selects an object with these labels."""
    expressions: Sequence[Manifest] = selector.get("matchExpressions", [])
    unknown = {expression["operator"] for expression in expressions} - {"In"}
    assert not unknown, f"operators of a selector: {unknown}"
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items() and all(
        labels.get(expression["key"]) in expression["values"] for expression in expressions
    )


def _resolve_selector(gateway: Manifest, listener: Manifest, objects: Sequence[Manifest]) -> None:
    """Namespaces have no labels in file mode: evaluate a selector here."""
    namespaces = listener.get("allowedRoutes", {}).get("namespaces", {})
    if namespaces.get("from") != "Selector":
        return
    selector = namespaces["selector"]
    labels = {
        manifest["metadata"]["name"]: manifest["metadata"].get("labels", {})
        for manifest in objects
        if manifest["kind"] == "Namespace"
    }
    attached = {
        namespace_of(manifest)
        for manifest in objects
        if manifest["kind"] in _ROUTES
        for parent in manifest["spec"]["parentRefs"]
        if parent["name"] == gateway["metadata"]["name"]
        and parent.get("namespace", namespace_of(manifest)) == namespace_of(gateway)
        and parent.get("sectionName", listener["name"]) == listener["name"]
    }
    rejected = {
        name
        for name in attached
        if not _selects(selector, {"kubernetes.io/metadata.name": name, **labels.get(name, {})})
    }
    if rejected and rejected != attached:
        raise NotImplementedError(f"a selector that some namespaces match and {sorted(rejected)} don't")
    namespaces.clear()
    namespaces["from"] = "None" if rejected else "All"


def _backend_name(key: str) -> str:
    return key.partition("/")[2].replace(":", "-")


def _backend(key: str, port: Mapping[str, Any], address_port: int) -> Manifest:
    spec: Manifest = {"endpoints": [{"ip": {"address": "127.0.0.1", "port": address_port}}]}
    if protocol := _PROTOCOLS.get(port.get("appProtocol", "")):
        spec["appProtocols"] = [f"{_ENVOY_GATEWAY}/{protocol}"]
    metadata = {"namespace": key.partition("/")[0], "name": _backend_name(key)}
    return {"apiVersion": f"{_ENVOY_GATEWAY}/v1alpha1", "kind": "Backend", "metadata": metadata, "spec": spec}


def _missing_classes(objects: Sequence[Manifest]) -> list[Manifest]:
    """The classes of Gateways that no manifest has, and the settings of classes without any."""
    present = {manifest["metadata"]["name"] for manifest in objects if manifest["kind"] == "GatewayClass"}
    named = {manifest["spec"]["gatewayClassName"] for manifest in objects if manifest["kind"] == "Gateway"}
    spec = {"controllerName": _CONTROLLER, "parametersRef": _parameters()}
    classes: list[Manifest] = [
        {"apiVersion": f"{_GATEWAY_API}/v1", "kind": "GatewayClass", "metadata": {"name": name}, "spec": spec}
        for name in sorted(named - present)
    ]
    settings: Manifest = {
        "apiVersion": f"{_ENVOY_GATEWAY}/v1alpha1",
        "kind": "EnvoyProxy",
        "metadata": {"name": "portico-host", "namespace": "portico-host"},
        "spec": {},
    }
    _run_on_host(settings["spec"])
    return [*classes, settings]


def _add_markers(result: FileMode, objects: Sequence[Manifest]) -> None:
    """Add a listener and a route to each Gateway that show when its Envoy has all of its configuration.

    Nothing is sent to them: a policy of the whole Gateway may reject everything.
    """
    gateways = [manifest for manifest in result.documents if manifest["kind"] == "Gateway"]
    result.gateways = len(gateways)
    for number, gateway in enumerate(gateways):
        result.ports += [protocol_port(listener) for listener in gateway["spec"]["listeners"]]
        listener = {"name": _MARKER, "protocol": "HTTP", "port": _MARKER_PORT + number}
        gateway["spec"]["listeners"].append(listener)
        redirect = {"type": "RequestRedirect", "requestRedirect": {"hostname": f"{_MARKER}.invalid"}}
        name, namespace = gateway["metadata"]["name"], namespace_of(gateway)
        spec = {"parentRefs": [{"name": name, "sectionName": _MARKER}], "rules": [{"filters": [redirect]}]}
        metadata = {"namespace": namespace, "name": f"{_MARKER}-{name}"}
        marker = {"apiVersion": f"{_GATEWAY_API}/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": spec}
        result.documents.append(marker)
    result.ports = sorted(set(result.ports))


def protocol_port(listener: Mapping[str, Any]) -> tuple[str, int]:
    return ("udp" if listener["protocol"] == "UDP" else "tcp", listener["port"])
