"""Definitions of resources that are not Kubernetes' own, given to the API server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tools.cluster import Cluster

_WITHIN = 30


def define(cluster: Cluster, definition: Mapping[str, Any]) -> None:
    """Apply a CustomResourceDefinition, and wait until the API server serves it.

    `kubectl wait` fails where it asks before the first condition is written.
    """
    cluster.apply(definition)
    name, until = definition["metadata"]["name"], time.monotonic() + _WITHIN
    while not _established(cluster.get("customresourcedefinitions", name)):
        if time.monotonic() > until:
            raise TimeoutError(f"{name} is not established after {_WITHIN} seconds")
        time.sleep(0.1)


def _established(definition: Mapping[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []
    return any((it["type"], it["status"]) == ("Established", "True") for it in conditions)


def f5_definition(kind: str, plural: str) -> dict[str, Any]:
    """A stand-in for one of F5 NGINX Ingress Controller's own, of the same name and subresource, which takes anything
    (those of 5.5.4 were tried by hand, and take what is made here)."""
    return stand_in("k8s.nginx.org", kind, plural)


def certificate_definition() -> dict[str, Any]:
    """A stand-in for cert-manager's Certificate, which takes anything."""
    return stand_in("cert-manager.io", "Certificate", "certificates")


def monitor_definitions() -> list[dict[str, Any]]:
    """The Prometheus Operator's ServiceMonitor and PodMonitor, with the fields that Portico sets."""
    texts: dict[str, Any] = dict.fromkeys(("port", "path"), _TEXT)
    durations: dict[str, Any] = {
        field: {"type": "string", "pattern": "^[0-9]+s$"} for field in ("interval", "scrapeTimeout")
    }
    # Portico checks the names of other fields.
    endpoints = _list({**_object(**texts, **durations), "x-kubernetes-preserve-unknown-fields": True})
    selector: Any = _object(matchLabels={"type": "object", "additionalProperties": _TEXT})
    return [
        _monitor_definition("ServiceMonitor", "servicemonitors", selector=selector, endpoints=endpoints),
        _monitor_definition("PodMonitor", "podmonitors", selector=selector, podMetricsEndpoints=endpoints),
    ]


def _monitor_definition(kind: str, plural: str, **fields: Any) -> dict[str, Any]:
    definition = stand_in("monitoring.coreos.com", kind, plural)
    (version,) = definition["spec"]["versions"]
    version["schema"] = {"openAPIV3Schema": _object(spec=_object(("selector",), **fields))}
    return definition


def stand_in(group: str, kind: str, plural: str) -> dict[str, Any]:
    """A definition of a kind that takes anything."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "scope": "Namespaced",
            "versions": [{**version, "subresources": {"status": {}}}],
        },
    }


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _choice(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT = {"type": "string"}
_PORT = {"type": "integer"}
# The fields of elbv2.k8s.aws/v1beta1, as the AWS Load Balancer Controller's "TargetGroupBinding specification" lists
# them: what is not among them, or is of another type, is refused (that of August 2026 was tried by hand, and takes what
# is made here). A port may have a name there; the tests write numbers.
_PEER = _object(
    ipBlock=_object(("cidr",), cidr=_TEXT),
    securityGroup=_object(("groupID",), groupID=_TEXT),
)
_RULE = _object(
    ("from", "ports"), **{"from": _list(_PEER)}, ports=_list(_object(port=_PORT, protocol=_choice("TCP", "UDP")))
)
_SPEC = _object(
    ("serviceRef", "targetGroupARN"),
    serviceRef=_object(("name", "port"), name=_TEXT, port=_PORT),
    targetGroupARN={**_TEXT, "minLength": 1},
    targetType=_choice("instance", "ip"),
    ipAddressType=_choice("ipv4", "ipv6"),
    vpcID=_TEXT,
    networking=_object(ingress=_list(_RULE)),
)
TARGET_GROUP_BINDING: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "targetgroupbindings.elbv2.k8s.aws"},
    "spec": {
        "group": "elbv2.k8s.aws",
        "names": {
            "kind": "TargetGroupBinding",
            "plural": "targetgroupbindings",
            "singular": "targetgroupbinding",
            "listKind": "TargetGroupBindingList",
        },
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": _object(spec=_SPEC)},
            }
        ],
    },
}
