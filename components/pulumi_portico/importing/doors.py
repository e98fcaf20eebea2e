"""Gateways and load balancers from manifests of Ingresses and Services."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..args.forms import items_of
from ..ingress_gateway.controllers import CONTROLLERS, DEFAULT_CONTROLLER
from ..public_load_balancer.platforms import Platform, module_of
from ..untyped import Manifest, Unchecked, listed, mapped
from .draft import Draft

__all__ = ["EVERYONE", "add_gateway", "add_load_balancer", "exposure_to_internet"]

EVERYONE = "0.0.0.0/0"
"""The clients that a load balancer of Kubernetes admits unless it has ranges."""

_CLASS = "kubernetes.io/ingress.class"
_INSTALLED = ("", "nginx", *CONTROLLERS)
"""The classes of the controllers that Portico installs."""
_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": ("true", "0.0.0.0/0"),
    "service.beta.kubernetes.io/aws-load-balancer-scheme": ("internal",),
    "service.beta.kubernetes.io/azure-load-balancer-internal": ("true",),
    "networking.gke.io/load-balancer-type": ("Internal",),
    "cloud.google.com/load-balancer-type": ("Internal",),
}


def exposure_to_internet() -> dict[str, Any]:
    """What an entry point is exposed by if nothing else is known."""
    return {"scope": "internet", "platform": "generic", "allowedSources": [EVERYONE]}


def add_load_balancer(draft: Draft, manifest: Manifest, service: str, ports: Sequence[Unchecked]) -> None:
    """Add the load balancer of a Service of type LoadBalancer."""
    spec, metadata = mapped(manifest.get("spec")), mapped(manifest.get("metadata"))
    annotations = {key: str(item) for key, item in mapped(metadata.get("annotations")).items()}
    platform = _platform_of(annotations)
    is_internal = any(str(annotations.get(key)).lower() in map(str.lower, on) for key, on in _INTERNAL.items())
    ranges = listed(spec.get("loadBalancerSourceRanges"))
    exposure: dict[str, Any] = {
        "scope": "internal" if is_internal else "internet",
        "platform": platform or "generic",
        "allowedSources": list(ranges) or (None if is_internal else [EVERYONE]),
    }
    for name in ("externalTrafficPolicy", "loadBalancerIP", "loadBalancerClass"):
        if spec.get(name) not in (None, "", "Cluster"):
            exposure[name] = spec[name]
    others = {key: item for key, item in annotations.items() if key not in _INTERNAL and not key.startswith("kubectl")}
    exposure["annotations"] = {key: item for key, item in others.items() if platform is not None}
    if platform is None:
        draft.note("Set the platform of each exposure; `generic` works on any cluster, and checks the least.")
    if not is_internal and not ranges:
        draft.note(f"Everyone can connect ({EVERYONE}), as before. Restrict `allowedSources` if only some should.")
    balancer: dict[str, Any] = {"target": {"service": service}}
    listeners = [port for port in ports if "port" in port]
    if [port["port"] for port in listeners] != [_HTTP]:
        balancer["ports"] = [
            {key: port[key] for key in ("name", "port", "targetPort", "protocol") if key in port} for port in listeners
        ]
    balancer["exposure"] = {key: item for key, item in exposure.items() if item not in (None, {}, [])}
    draft.load_balancers[str(metadata.get("name"))] = balancer


def _platform_of(annotations: Mapping[str, str]) -> Optional[str]:
    """The first platform of the registry that reads one of the annotations."""
    for platform in Platform:
        prefixes = module_of(platform).annotation_prefixes
        if prefixes and any(key.startswith(prefixes) for key in annotations):
            return platform.value
    return None


def _controller_of(annotations: Mapping[str, str]) -> tuple[Optional[str], dict[str, str]]:
    """The controller, other than the default one, that reads some of the annotations, and those."""
    for name, module in CONTROLLERS.items():
        own = {key: item for key, item in annotations.items() if key.startswith(module.annotation_prefixes)}
        if own and name != DEFAULT_CONTROLLER.value:
            return name, own
    return None, {}


_HTTP = 80


def add_gateway(draft: Draft, manifest: Manifest, services: Mapping[str, str]) -> None:
    """Add the routes of an Ingress to the gateway of its class; `services` has the services by the names of their
    Services."""
    spec, metadata = mapped(manifest.get("spec")), mapped(manifest.get("metadata"))
    annotations = {key: str(item) for key, item in mapped(metadata.get("annotations")).items()}
    class_name = str(spec.get("ingressClassName") or annotations.pop(_CLASS, ""))
    gateway = draft.gateways.setdefault("edge" if class_name in _INSTALLED else class_name, _gateway(draft, class_name))
    controller, own = _controller_of(annotations)
    if controller is not None and "exposure" in gateway:
        gateway["controller"] = controller
    issuers = {key: item for key, item in annotations.items() if key in _ISSUERS}
    for rule in items_of(spec.get("rules")):
        for path in items_of(mapped(rule.get("http")).get("paths")):
            gateway["routes"].append(_route(rule, path, services, own))
    if mapped(spec.get("defaultBackend")):
        gateway["defaultBackend"] = _target(mapped(spec["defaultBackend"]), services)
    for entry in items_of(spec.get("tls")):
        for host in listed(entry.get("hosts")):
            issuer = {_ISSUERS[key]: item for key, item in issuers.items()}
            gateway["tls"][str(host)] = issuer or {"secret": entry.get("secretName")}
    rest = annotations.keys() - own.keys() - issuers.keys() - {"kubectl.kubernetes.io/last-applied-configuration"}
    if rest:
        draft.note(f"Not carried over from the Ingress {metadata.get('name')}: {', '.join(sorted(rest))}.")


_ISSUERS = {"cert-manager.io/cluster-issuer": "clusterIssuer", "cert-manager.io/issuer": "issuer"}


def _gateway(draft: Draft, class_name: str) -> dict[str, Any]:
    if class_name in _INSTALLED:
        draft.note("The gateway installs a controller of its own, with an address of its own: DNS must point to it.")
        draft.note("Set the platform of each exposure; `generic` works on any cluster, and checks the least.")
        draft.note(f"Everyone can connect ({EVERYONE}), as before. Restrict `allowedSources` if only some should.")
        return {"exposure": exposure_to_internet(), "routes": [], "tls": {}}
    draft.note(f"Set `controllerPeers` to where the pods of the controller of the class {class_name} are.")
    return {
        "controller": "generic",
        "className": class_name,
        "namespace": draft.namespace or next(iter(draft.services)),
        "controllerPeers": [{"namespace": class_name}],
        "routes": [],
        "tls": {},
    }


def _route(rule: Unchecked, path: Unchecked, services: Mapping[str, str], annotations: Unchecked) -> Unchecked:
    route: dict[str, Any] = {"host": rule.get("host"), "path": path.get("path") or "/"}
    if path.get("pathType") == "Exact":
        route["pathType"] = "Exact"
    backend = mapped(path.get("backend")) or {"service": {"name": path.get("service")}}
    route["target"] = _target(backend, services)
    route["annotations"] = dict(annotations)
    shown = {key: item for key, item in route.items() if item not in (None, {}, "")}
    return {key: item for key, item in shown.items() if (key, item) != ("path", "/")}


def _target(backend: Unchecked, services: Mapping[str, str]) -> Unchecked:
    service = mapped(backend.get("service"))
    port = mapped(service.get("port"))
    name = service.get("name", backend.get("serviceName"))
    number = port.get("number", backend.get("servicePort"))
    target: dict[str, Any] = {"service": services.get(str(name), name)}
    if isinstance(number, int):
        target["port"] = number
    elif port.get("name") or number:
        target["portName"] = port.get("name", number)
    return target
