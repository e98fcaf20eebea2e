"""Rules of the containers, volumes, and variables in `extra`, which Portico merges by name into those of the pods."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..args.codes import define
from ..args.location import Key, Location
from ..args.problems import Problems, Set
from ..args.similar_names import nearest
from ..untyped import Manifest, listed, mapped

__all__ = ["CONTAINERS", "INIT_CONTAINERS", "check_extra_items"]

UNKNOWN_EXTRA_CONTAINER = define(
    "unknown-extra-container",
    "The pods have no container {value} in {group}, and a new one needs an image.",
    allowed="{names}, or a new container with an image",
    hint="Name a container of the pods, or set an image.",
)
EXTRA_WITHOUT_NAME = define(
    "extra-item-without-name",
    "Portico merges {group} by name, and this has no name.",
    allowed="the name of one that the pods have, or a new name",
    hint="Set its name.",
)
DUPLICATE_EXTRA_NAME = define(
    "duplicate-extra-name", "Another item of {group} has the name {value}.", allowed="each name once"
)
NO_CONTAINER = define("pods-without-container", "Pods have one container or more.", allowed="{names}, and others")

CONTAINERS, INIT_CONTAINERS = "containers", "initContainers"


def check_extra_items(pod: Manifest, at: Location, names: Mapping[str, Sequence[str]], problems: Problems) -> None:
    """Report what doesn't merge into the pods' spec; `names` has the names of its containers, by group."""
    if CONTAINERS in pod and pod[CONTAINERS] in (None, [], ()):
        problems.report(NO_CONTAINER, at / Key(CONTAINERS), value=pod[CONTAINERS], names=names[CONTAINERS])
    _check_names(pod.get("volumes"), at / Key("volumes"), problems)
    for group in (CONTAINERS, INIT_CONTAINERS):
        where = at / Key(group)
        _check_names(pod.get(group), where, problems)
        added = [mapped(container).get("name") for container in listed(pod.get(group))]
        free = {key: [name for name in found if key != group or name not in added] for key, found in names.items()}
        for index, container in enumerate(listed(pod.get(group))):
            _check_container(mapped(container), where / index, names, free, problems)
            _check_names(mapped(container).get("env"), where / index / Key("env"), problems)


def _check_container(
    container: Manifest,
    at: Location,
    names: Mapping[str, Sequence[str]],
    free: Mapping[str, Sequence[str]],
    problems: Problems,
) -> None:
    """Report a container without an image that merges into none; `free` has the names that `extra` doesn't use."""
    name, group = container.get("name"), str(at[-2])
    if not isinstance(name, str) or name in names[group] or container.get("image") is not None:
        return
    close = nearest(name, free[group])
    is_elsewhere = any(name in found for found in names.values())
    if close is None and len(free[group]) == 1 and not is_elsewhere:
        close = free[group][0]
    fix = None if close is None else Set(at / Key("name"), close)
    known = names[group] or "none"
    problems.report(UNKNOWN_EXTRA_CONTAINER, at / Key("name"), value=name, fix=fix, group=group, names=known)


def _check_names(items: Any, at: Location, problems: Problems) -> None:
    """Report items without a name, and names that two items have: such a list replaces the whole list."""
    seen = set[str]()
    for index, item in enumerate(listed(items)):
        if not isinstance(item, Mapping):
            continue
        name = mapped(cast("Any", item)).get("name")
        if name is None:
            problems.report(EXTRA_WITHOUT_NAME, at / index, group=str(at[-1]))
        elif isinstance(name, str):
            if name in seen:
                problems.report(DUPLICATE_EXTRA_NAME, at / index / Key("name"), value=name, group=str(at[-1]))
            seen.add(name)
