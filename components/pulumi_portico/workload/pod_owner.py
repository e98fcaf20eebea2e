"""The labels of a component's pods, and the component as what selects pods by labels."""

from collections.abc import Mapping
from typing import Any, Union

import pulumi

from ..args.location import Key, Location
from ..args.problems import available
from ..networking.selectors import PodOwner
from ..untyped import mapped
from .identity import build_identity_labels
from .pod_args import PodSpec

__all__ = ["pod_labels_of", "pod_owner_of"]


def _added_labels(spec: PodSpec) -> Mapping[str, pulumi.Input[str]]:
    """The labels of the pods that `extra` sets; None removes one."""
    return mapped(mapped((spec.extra or {}).get("metadata")).get("labels"))


def pod_labels_of(name: str, spec: PodSpec) -> Mapping[str, pulumi.Input[str]]:
    """The labels of the pods, the selector included, apart from those that are invalid. Those of the selector are the
    pods' own whatever the others are."""
    identity = available(lambda: build_identity_labels(spec.identity), dict[str, str]())
    own = available(lambda: spec.labels, None) or {}
    labels: dict[str, Any] = {**identity, **own, **spec.selector_for(name), **_added_labels(spec)}
    return {key: value for key, value in labels.items() if value is not None}


def pod_owner_of(
    name: str,
    spec: PodSpec,
    title: Union[Location, str],
    *,
    chosen_selector: bool = False,
    service: str = "",
    stateful_set: str = "",
) -> PodOwner:
    """The component as what selects pods, and has some; `title` is what messages call it.

    `chosen_selector` is whether the arguments set its selector; `service` and `stateful_set` are the names of its
    Service and its StatefulSet. Other arguments than its labels can be invalid.
    """
    at, selector = spec.at, spec.selector_for(name)
    extra = at.join(("extra", Key("metadata"), Key("labels")))
    sources = {key: at / "selector" / Key(key) for key in selector} if chosen_selector else {}
    sources |= {key: at / "labels" / Key(key) for key in available(lambda: spec.labels, None) or {}}
    sources |= {key: extra / Key(key) for key in _added_labels(spec)}
    return PodOwner(
        name=title,
        namespace=spec.namespace,
        at=at,
        selector=selector,
        labels=pod_labels_of(name, spec),
        sources=sources,
        selector_at=at / "selector" if chosen_selector else at,
        service=service,
        stateful_set=stateful_set,
    )
