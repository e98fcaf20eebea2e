"""The NetworkPolicies that open the pods of the targets to the controller: whoever exposes a workload opens it.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from ..lifecycle.objects import ObjectSpec
from ..networking.network_policies import PodPort, build_ingress, build_network_policy
from ..networking.target import TargetSpec
from .compile_input import CompileInput

__all__ = ["build_policies"]


def build_policies(component: CompileInput) -> list[ObjectSpec]:
    """A NetworkPolicy for each route whose target has a selector, unless no policy applies to its pods. They add to
    what the pods' own policies allow."""
    fallback = [component.default_backend] if component.default_backend else []
    objects: list[ObjectSpec] = []
    for route in (*component.routes, *fallback):
        key, target = component.policy_key(route), route.target
        if key is not None and target is not None and target.selector is not None:
            metadata = component.metadata(key, target.namespace)
            rules = build_ingress(component.peers, _ports(target))
            ready = () if target.ready is None else (target.ready,)
            policy = build_network_policy(metadata, target.selector, rules)
            objects.append(ObjectSpec(key, policy, component.after, ready=ready))
    return objects


def _ports(target: TargetSpec) -> list[PodPort]:
    """The pods' port; none, and so all, if only the Service's name for it is known."""
    port = target.target_port if target.target_port is not None else target.port
    return [] if port is None else [(port, target.protocol.value)]
