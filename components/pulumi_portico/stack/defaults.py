"""The defaults of services, merged into each service."""

from collections.abc import Mapping

from .source_map import Node, overlay

__all__ = ["with_defaults"]

_ALTERNATIVES: Mapping[str, tuple[str, ...]] = {
    "port": ("ports",),
    "servicePort": ("ports",),
    "ports": ("port", "servicePort"),
    "replicas": ("autoscaling", "externalReplicas"),
    "autoscaling": ("replicas", "externalReplicas"),
    "externalReplicas": ("replicas", "autoscaling"),
}
"""The keys of a service that override a default of another key, because the two are mutually exclusive."""


def with_defaults(tree: Node) -> Node:
    """The stack with its defaults merged into each service; the stack itself if it has no valid ones."""
    defaults, services = tree.fields.get("defaults"), tree.fields.get("services")
    if defaults is None or services is None or not isinstance(services.value, dict):
        return tree
    if not isinstance(defaults.value, dict):
        return tree
    merged = {name: _merged(defaults, service) for name, service in services.fields.items()}
    return Node({**tree.fields, "services": Node(merged, services.place, services.key)}, tree.place, tree.key)


def _merged(defaults: Node, service: Node) -> Node:
    if not isinstance(service.value, dict):
        return service
    own = {key for key, node in service.fields.items() if node.value is not None}
    kept = {key: node for key, node in defaults.fields.items() if not own.intersection(_ALTERNATIVES.get(key, ()))}
    return overlay(Node(kept), service)
