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
            rules = build_ingress(component.peers, [_port(target)])
            ready = () if target.ready is None else (target.ready,)
            policy = build_network_policy(metadata, target.selector, rules)
            objects.append(ObjectSpec(key, policy, component.after, ready=ready))
    return objects


def _port(target: TargetSpec) -> PodPort:
    """The pods' port. `check_target` reports a target of which only the Service's name for it is known."""
    return target.pod_port, target.protocol.value
