"""Values of manifests of Ingresses, routes, and Services of type LoadBalancer, as Portico has them.

Each function returns values by the way to their fields, or None if Portico has nothing that means the same.
"""

import re
from collections.abc import Sequence
from typing import Any, Optional, cast

from ..args.elsewhere import Beside, Steps, Values
from ..args.forms import is_mapping, items_of
from ..args.location import Key
from ..untyped import Unchecked, mapped

__all__ = [
    "client_ip_of",
    "from_backend",
    "from_backend_name",
    "from_backend_refs",
    "from_default_backend",
    "from_http",
    "from_issuer",
    "from_matches",
    "from_rules",
    "from_service_ports",
    "from_tls",
    "from_url",
    "ingress_of",
    "ingress_spec",
    "is_backend",
    "is_url_with_path",
    "load_balancer_of",
    "load_balancer_spec",
    "load_balancer_type",
    "scope_of_internal",
    "scope_of_scheme",
]


def client_ip_of(value: Any) -> Optional[str]:
    """How a Service treats the address of clients."""
    return {"Local": "preserve", "Cluster": "hide"}.get(str(value))


def load_balancer_type(value: Any, _: Beside) -> Optional[Values]:
    """The type of a Service, which follows from the component."""
    return {} if value == "LoadBalancer" else None


def scope_of_internal(value: Any, _: Beside) -> Optional[Values]:
    """Whether a load balancer is internal."""
    return {("scope",): "internal" if value else "internet"} if isinstance(value, bool) else None


def scope_of_scheme(value: Any, _: Beside) -> Optional[Values]:
    """The scheme of a load balancer on AWS."""
    scope = {"internal": "internal", "internet-facing": "internet"}.get(str(value))
    return None if scope is None else {("scope",): scope}


# Routes ---------------------------------------------------------------------------------------------------------------


def is_backend(value: Any) -> bool:
    """Whether a value is the backend of an Ingress."""
    return is_mapping(mapped(value).get("service")) or "resource" in mapped(value)


def _target(backend: Any) -> Optional[Unchecked]:
    """The target of an Ingress's backend."""
    service = mapped(mapped(backend).get("service"))
    name, port = service.get("name"), mapped(service.get("port"))
    if not isinstance(name, str) or port.keys() - {"number", "name"}:
        return None
    own = {"number": "port", "name": "port_name"}
    return {"service": name, **{own[key]: item for key, item in port.items()}}


def from_backend(value: Any, _: Beside) -> Optional[Values]:
    """The backend of a path."""
    if isinstance(value, str):
        return {("target",): {"service": value}}
    target = _target(value)
    return None if target is None else {("target",): target}


def from_default_backend(value: Any, _: Beside) -> Optional[Values]:
    """The default backend of an Ingress."""
    target = _target(value)
    return None if target is None else {("default_backend",): target}


def from_backend_name(value: Any, beside: Beside) -> Optional[Values]:
    """A Service by its name."""
    port = beside.get("servicePort") if isinstance(beside.get("servicePort"), int) else None
    if not isinstance(value, str):
        return from_backend({"service": value}, beside)
    return {("target",): {"service": value, **({} if port is None else {"port": port})}}


def from_backend_refs(value: Any, _: Beside) -> Optional[Values]:
    """The backends of an HTTPRoute: its only one."""
    references = items_of(value)
    if len(references) != 1 or references[0].keys() - {"name", "port", "kind", "group", "weight"}:
        return None
    port = references[0].get("port")
    return {("target",): {"service": references[0].get("name"), **({} if port is None else {"port": port})}}


def from_http(value: Any, beside: Beside) -> Optional[Values]:
    """The only path of a rule of an Ingress."""
    rule = mapped(value)
    paths = items_of(rule.get("paths"))
    if len(paths) != 1 or rule.keys() - {"paths"} or paths[0].keys() - {"path", "pathType", "backend"}:
        return None
    values = from_backend(paths[0].get("backend"), beside)
    return None if values is None else {**values, **{(name,): item for name, item in _match({}, paths[0]).items()}}


def from_matches(value: Any, _: Beside) -> Optional[Values]:
    """The only match of a rule of an HTTPRoute, if it's of a path."""
    matches = items_of(value)
    path: Unchecked = mapped(matches[0].get("path")) if len(matches) == 1 and set(matches[0]) == {"path"} else {}
    kind = path.get("type", "PathPrefix")
    if not isinstance(path.get("value"), str) or kind not in ("Exact", "PathPrefix"):
        return None
    return {("path",): path["value"], **({("path_type",): kind} if kind == "Exact" else {})}


def is_url_with_path(value: Any) -> bool:
    """Whether a value is a URL that leads to a path."""
    return isinstance(value, str) and bool(_URL.fullmatch(value))


_URL = re.compile(r"(?:https?://)?(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?(?P<path>/[^?#]+)")


def from_url(value: Any, beside: Beside) -> Optional[Values]:
    """The host and the path of a URL, if the path isn't set."""
    match = _URL.fullmatch(value) if isinstance(value, str) else None
    if match is None or beside.get("path") not in (None, match["path"]):
        return None
    return {("host",): match["host"].lower(), ("path",): match["path"]}


def from_rules(value: Any, _: Beside) -> Optional[Values]:
    """The rules of an Ingress, or of an HTTPRoute."""
    routes: list[Unchecked] = []
    for rule in items_of(value):
        if rule.keys() - {"host", "http"}:
            return None
        for path in items_of(mapped(rule.get("http")).get("paths")):
            target = _target(path.get("backend"))
            if target is None:
                return None
            routes.append({**_match(rule, path), "target": target})
    return {("routes",): routes} if routes else None


def _match(rule: Unchecked, path: Unchecked) -> Unchecked:
    fields: dict[str, Any] = {"host": rule["host"]} if rule.get("host") else {}
    if path.get("path") not in (None, "/"):
        fields["path"] = path["path"]
    if path.get("pathType") == "Exact":
        fields["path_type"] = "Exact"
    return fields


def from_tls(value: Any, _: Beside) -> Optional[Values]:
    """The certificates of an Ingress."""
    values: dict[Steps, Any] = {}
    for entry in items_of(value):
        hosts = entry.get("hosts")
        if not entry.get("secretName") or not isinstance(hosts, (list, tuple)):
            return None
        values |= {("tls", Key(str(host)), "secret"): entry["secretName"] for host in cast("Sequence[Any]", hosts)}
    return values or None


def from_issuer(value: Any, _: Beside) -> Optional[Values]:
    """The issuer of cert-manager's Certificate."""
    issuer = mapped(value)
    field = {"Issuer": "issuer", "ClusterIssuer": "cluster_issuer"}.get(str(issuer.get("kind", "Issuer")))
    return None if field is None or issuer.keys() - {"name", "kind", "group"} else {(field,): issuer.get("name")}


def ingress_spec(value: Any) -> Optional[Unchecked]:
    """The arguments in the spec of an Ingress."""
    return mapped(value) or None


def ingress_of(value: Any) -> Optional[Unchecked]:
    """The arguments in the manifest of an Ingress."""
    manifest = mapped(value)
    return ingress_spec(manifest.get("spec")) if manifest.get("kind") == "Ingress" else None


# Load balancers -------------------------------------------------------------------------------------------------------


def from_service_ports(value: Any, _: Beside) -> Optional[Values]:
    """The ports of a Service."""
    values: dict[Steps, Any] = {}
    for port in items_of(value):
        number, target = port.get("port"), port.get("targetPort")
        if port.keys() - {"name", "port", "targetPort", "protocol", "nodePort"} or not isinstance(number, int):
            return None
        if target is not None and not isinstance(target, int):
            return None
        steps = ("ports", Key(str(port.get("name") or "http")))
        values[(*steps, "port")] = number
        if target not in (None, number):
            values[(*steps, "target_port")] = target
        if port.get("protocol") not in (None, "TCP"):
            values[(*steps, "protocol")] = port["protocol"]
        if port.get("nodePort") is not None:
            values[("exposure", "node_ports", steps[-1])] = port["nodePort"]
    return values or None


def load_balancer_spec(value: Any) -> Optional[Unchecked]:
    """The arguments in the spec of a Service that is exposed."""
    spec = mapped(value)
    return spec if spec.get("type") in ("LoadBalancer", "NodePort") else None


def load_balancer_of(value: Any) -> Optional[Unchecked]:
    """The arguments in the manifest of a Service that is exposed."""
    manifest = mapped(value)
    return load_balancer_spec(manifest.get("spec")) if manifest.get("kind") == "Service" else None
