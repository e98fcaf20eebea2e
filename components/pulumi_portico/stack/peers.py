"""Peers by name: a policy that names a service which is not there would let nobody in, and say nothing."""

from collections.abc import Mapping
from typing import Any

import pulumi

from ..args.shapes import camel_case, listed, mapped
from ..errors import Problems, Refusal, write_nearest
from ..networking.network_policies import NAME_LABEL
from .checked import Components

__all__ = ["check_peer_names"]


def check_peer_names(namespace: str, services: Components, problems: Problems) -> None:
    """Note what the peers of the stack's services name and do not find."""
    known = {name: it.args for name, it in services.items()}
    for path, args, *_ in services.values():
        for field in ("allow_from", "allow_to"):
            for at, peer in enumerate(listed(args.get(field))):
                where = f"{path}.{camel_case(field)}[{at}]"
                _check(mapped(peer), args.get("namespace", namespace), namespace, known, where, problems)


def _check(
    peer: Mapping[str, Any],
    own: Any,
    namespace: str,
    services: Mapping[str, Mapping[str, Any]],
    where: str,
    problems: Problems,
) -> None:
    name = peer.get("service")
    # One of another namespace is somebody else's business.
    if not isinstance(name, str) or "namespace" in peer or peer.get("any_namespace"):
        return
    label = f"selector: {{{NAME_LABEL}: {name}}}"
    if name not in services:
        fix = write_nearest(name, services) or f"for pods that the stack does not make, write {label}"
        allowed = ", ".join(sorted(services))
        problems.add(f"{where}.service", name, Refusal("is no service of the stack", allowed, fix))
        return
    args = services[name]
    place = args.get("namespace", namespace)
    if "selector" in args:
        wrong = "has a selector of its own, and is found by no name"
        problems.add(f"{where}.service", name, Refusal(wrong, "a selector", f"write the selector of {name} instead"))
    elif place != own and not isinstance(place, pulumi.Output) and not isinstance(own, pulumi.Output):
        fix = f"write namespace: {place} beside it"
        problems.add(f"{where}.service", name, Refusal("lives in another namespace", "its namespace too", fix))
