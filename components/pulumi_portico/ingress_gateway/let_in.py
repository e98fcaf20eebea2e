"""What lets the controller in at the pods of the targets: whoever exposes, opens.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Sequence
from typing import Any

from ..network_policy import Peer, PodPort, build_ingress, build_network_policy
from ..target import Protocol
from .compilation import Compilation, Described, Entry

__all__ = ["SUFFIX", "build_policies"]

SUFFIX = "network-policy"


def build_policies(compilation: Compilation, peers: Sequence[Peer]) -> list[Described]:
    """A NetworkPolicy for each route whose target says which pods it has. They add up with the pods' own."""
    entries = [*compilation.routes, *([compilation.default_backend] if compilation.default_backend else [])]
    described: list[Described] = []
    for entry in entries:
        if entry.target.get("selector") and peers:
            suffix = f"{entry.key}-{SUFFIX}"
            metadata = compilation.metadata(suffix, entry.namespace)
            rules = build_ingress(peers, _ports(entry))
            manifest = build_network_policy(metadata, entry.target["selector"], rules)
            described.append(Described(suffix, manifest, route=entry))
    return described


def _ports(entry: Entry) -> list[PodPort]:
    """The pods' port; none, and so all, where only the Service's name for it is known."""
    target = entry.target
    port: Any = target.get("target_port", target.get("port"))
    return [] if port is None else [(port, target.get("protocol", Protocol.TCP.value))]
