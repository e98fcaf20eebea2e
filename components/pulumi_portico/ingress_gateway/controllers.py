"""Every controller, in one table; and the check of routes against it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems, Refusal
from . import f5_nginx, generic, ingress_nginx
from .compilation import Compilation, Entry
from .controller_module import Asked, ControllerModule, features_of
from .matching import match_route
from .told import redirect_parts

__all__ = ["CONTROLLERS", "check_compilation"]

CONTROLLERS: Mapping[str, ControllerModule] = {
    it.name: it for it in (f5_nginx.MODULE, ingress_nginx.MODULE, generic.MODULE)
}
"""What each controller can do with routes, and how it is told."""

_SNIPPETS = ("snippet", "-snippets")
_OWN_HEADERS = ("host", "connection", "upgrade", "x-real-ip", "content-length", "transfer-encoding")


def check_compilation(
    module: ControllerModule,
    compilation: Compilation,
    problems: Problems,
    spelling: Callable[[str], str],
    *,
    custom: bool,
) -> None:
    """Note what the controller cannot do; ``custom`` says whether its own resources are there."""
    before = len(problems.found)
    for entry in compilation.routes:
        for asked in features_of(entry):
            if not module.can(asked.feature, custom=custom):
                _refuse(module, entry, asked, problems, spelling, custom=custom)
        _check_limits(module, entry, problems, spelling)
        _check_annotations(module, entry.args.get("annotations", {}), problems, f"{entry.where}.annotations")
        _check_request_headers(entry, problems, spelling)
        _check_loop(compilation.routes, entry, problems)
    # What cannot be had at all is said first: it is often why the rest does not fit.
    if len(problems.found) == before:
        module.check(compilation, problems, spelling)
    _check_annotations(module, compilation.annotations, problems, "annotations")


def _spelled(path: str, spelling: Callable[[str], str]) -> str:
    return ".".join(map(spelling, path.split(".")))


def _refuse(
    module: ControllerModule,
    entry: Entry,
    asked: Asked,
    problems: Problems,
    spelling: Callable[[str], str],
    *,
    custom: bool,
) -> None:
    where = f"{entry.where}.{_spelled(asked.path, spelling)}"
    if module.can(asked.feature, custom=True) and not custom:
        refusal = Refusal(
            f"is told {module.title} by its own resources, and crds does not say that they are there",
            "where their definitions are installed",
            "install the release's deploy/crds.yaml, by crds.path or beforehand, and say so by crds",
        )
    else:
        able = [name for name, it in CONTROLLERS.items() if it.can(asked.feature, custom=True)]
        allowed = f"on {', '.join(able)}" if able else "nowhere"
        refusal = Refusal(
            f"is nothing that {module.title} can do", allowed, module.instead.get(asked.feature, "leave it out")
        )
    if isinstance(asked.value, (str, int, bool)):
        problems.add(where, asked.value, refusal)
    else:
        problems.note(where, refusal)


def _check_limits(module: ControllerModule, entry: Entry, problems: Problems, spelling: Callable[[str], str]) -> None:
    for field, rule in module.limits.items():
        held: Any = entry.args.get(field, {})
        for key, value in cast("Mapping[str, Any]", held).items():
            if not isinstance(value, pulumi.Output) and (refusal := rule(value)):
                problems.add(f"{entry.where}.{spelling(field)}.{key}", value, refusal)


def _check_annotations(
    module: ControllerModule, annotations: Mapping[str, Any], problems: Problems, where: str
) -> None:
    for key in annotations:
        if refusal := _annotation(module, key):
            problems.note(f"{where}.{key}", refusal)


def _annotation(module: ControllerModule, key: str) -> Optional[Refusal]:
    if any(key.endswith(it) for it in _SNIPPETS):
        return Refusal(
            "is a snippet of nginx's configuration: whoever can write one can read every Secret of the controller",
            "fields, and annotations that hold no configuration",
            "use the field that does it",
        )
    if not module.prefixes:
        return None
    if feature := module.writes(key):
        return Refusal(
            "is written by a field, and would contradict it",
            "annotations that no field writes",
            f"use {feature.partition('=')[0]}",
        )
    if key.startswith(module.prefixes):
        return None
    owner = next((it for it in CONTROLLERS.values() if it.prefixes and key.startswith(it.prefixes)), None)
    if owner is None:
        return None
    return Refusal(
        f"is read by {owner.title}, not by {module.title}",
        f"keys that begin with {' or '.join(module.prefixes)}",
        f"set controller to {owner.name}, or leave it out",
    )


def _check_request_headers(entry: Entry, problems: Problems, spelling: Callable[[str], str]) -> None:
    for name in entry.args.get("request_headers", {}):
        if name.lower() in _OWN_HEADERS or name.lower().startswith("x-forwarded-"):
            refusal = Refusal("is set by the gateway itself", "any other header", "leave it out")
            problems.note(f"{entry.where}.{spelling('request_headers')}.{name}", refusal)


def _check_loop(routes: Iterable[Entry], entry: Entry, problems: Problems) -> None:
    """A redirect that leads to its own route sends a client round for ever."""
    if "redirect" not in entry.args:
        return
    _, host, path = redirect_parts(entry)
    there = path if path is not None else entry.path
    here = host if host is not None else entry.host
    taking = match_route([it.args for it in routes], here, there)
    if taking is entry.args:
        refusal = Refusal(
            "leads to what this very route takes, so that a client goes round for ever",
            "another host, or a path that another route takes",
            "to have clients use https, set tls: it redirects by default",
        )
        problems.note(f"{entry.where}.redirect", refusal)
