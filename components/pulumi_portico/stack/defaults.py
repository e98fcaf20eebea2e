"""What every service starts from, merged under each."""

from collections.abc import Mapping

from .located import Node, laid_over

__all__ = ["with_defaults"]

_ALTERNATIVES: Mapping[str, tuple[str, ...]] = {
    "port": ("ports",),
    "servicePort": ("ports",),
    "ports": ("port", "servicePort"),
    "replicas": ("autoscaling",),
    "autoscaling": ("replicas",),
}
"""What a default gives way to, where a service says it in another way."""


def with_defaults(tree: Node) -> Node:
    """The stack with its defaults under each service; where they are none, it stays as it is."""
    defaults, services = tree.fields.get("defaults"), tree.fields.get("services")
    if defaults is None or services is None or not isinstance(services.value, dict):
        return tree
    if not isinstance(defaults.value, dict):
        return tree
    merged = {name: _merged(defaults, it) for name, it in services.fields.items()}
    return Node({**tree.fields, "services": Node(merged, services.place, services.key)}, tree.place, tree.key)


def _merged(defaults: Node, service: Node) -> Node:
    if not isinstance(service.value, dict):
        return service
    said = {key for key, it in service.fields.items() if it.value is not None}
    kept = {key: it for key, it in defaults.fields.items() if not said.intersection(_ALTERNATIVES.get(key, ()))}
    return laid_over(Node(kept), service)
