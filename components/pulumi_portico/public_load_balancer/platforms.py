"""Every platform, in one table; and the check of an exposure against it."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems, Refusal, write_nearest
from ..load_balancers import IpFamily
from ..shapes import as_written, is_args, shapes_of
from ..target import Protocol
from . import aws_controller, aws_legacy, azure, eks_auto_mode, generic, gke
from .exposure import Exposure
from .platform_module import Asked, PlatformModule, Request, features_of

__all__ = ["PLATFORMS", "check_exposure", "module_of"]

PLATFORMS: Mapping[str, PlatformModule] = {
    it.name: it
    for it in (
        aws_controller.MODULE,
        eks_auto_mode.MODULE,
        aws_legacy.MODULE,
        gke.MODULE,
        azure.MODULE,
        generic.MODULE,
    )
}
"""What each platform can do, and how it is told."""

_AT = "exposure."
"""Where problems are noted, until they are placed where the exposure stands."""

_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"


def module_of(request: Request) -> PlatformModule:
    """The platform's module."""
    return PLATFORMS[request.exposure["platform"]]


def check_exposure(
    request: Request, problems: Problems, path: str = _AT, spelling: Callable[[str], str] = as_written
) -> None:
    """Note what the platform of a checked exposure cannot do, and what does not go together.

    ``path`` is where the exposure's fields begin, with its dot; ``spelling`` is how fields are written there.
    """
    module, here = module_of(request), Problems(problems.subject)
    for asked in features_of(request):
        if not module.can(asked.feature):
            _refuse(module, asked, here)
    _check_limits(module, request, here)
    _check_sources(request, here)
    _check_tls_ports(request, here)
    _check_annotations(module, request, here)
    # What cannot be had at all is said first: it is often why the rest does not fit.
    if not here.found:
        module.check(request, here, _AT)
        _check_platform_sources(module, request, here)
    problems.found += [replace(it, path=_placed(it.path, path, spelling)) for it in here.found]


def _placed(where: str, path: str, spelling: Callable[[str], str]) -> str:
    """Where a problem stands, for whoever wrote the exposure."""
    if not where.startswith(_AT):
        return path.removesuffix(_AT) + where
    field, *rest = where.removeprefix(_AT).split(".", 1)
    grouped = field in shapes_of(Exposure) and is_args(shapes_of(Exposure)[field].type)
    if rest and grouped:
        leaf, *key = rest[0].split(".", 1)
        rest = [spelling(leaf), *key]
    return path + ".".join([spelling(field), *rest])


def _refuse(module: PlatformModule, asked: Asked, problems: Problems) -> None:
    able = [name for name, it in PLATFORMS.items() if it.can(asked.feature)]
    choice = asked.feature.partition("=")[2]
    fix = module.instead.get(asked.feature, "leave it out")
    what = f"{choice} is nothing" if choice and asked.path == "ports" else "is nothing"
    refusal = Refusal(f"{what} that {module.name} can do", f"on {', '.join(able)}" if able else "nowhere", fix)
    if isinstance(asked.value, (str, int, bool)):
        problems.add(asked.path, asked.value, refusal)
    else:
        problems.note(asked.path, refusal)


def _check_limits(module: PlatformModule, request: Request, problems: Problems) -> None:
    for feature, rule in module.limits_of(request).items():
        group, _, name = feature.rpartition(".")
        holder = request.of(group) if group else request.exposure
        value: Any = holder.get(name)
        listed = isinstance(value, list)
        for at, item in enumerate(cast("list[Any]", value) if listed else [value]):
            if item is not None and not isinstance(item, pulumi.Output) and (refusal := rule(item)):
                problems.add(f"{_AT}{feature}{f'[{at}]' if listed else ''}", item, refusal)


def _check_sources(request: Request, problems: Problems) -> None:
    """The internet is let in by nobody's default."""
    named = request.of("aws").get("security_groups") or request.of("aws").get("prefix_lists")
    named = named or request.of("azure").get("service_tags")
    sources = request.exposure.get("allowed_sources")
    if request.internet and not sources and not named:
        everyone = '["0.0.0.0/0", "::/0"]' if request.wants_dual() else '["0.0.0.0/0"]'
        problems.note(
            f"{_AT}allowed_sources",
            Refusal(
                "is empty, and the scope is internet" if sources == [] else "is missing, and the scope is internet",
                "the addresses of the clients that are let in, such as 203.0.113.0/24",
                f"to open it to everyone, write {everyone}",
            ),
        )
    elif sources == []:
        refusal = Refusal("lets nobody in", "one range or more", "leave it out for the whole network")
        problems.note(f"{_AT}allowed_sources", refusal)
    _check_families(request, sources or [], problems)


def _check_platform_sources(module: PlatformModule, request: Request, problems: Problems) -> None:
    given = request.exposure.get("platform_sources")
    if given is not None and not any(peer.get("cidr") is it for peer in module.sources(request) for it in given):
        wrong = "has no effect here: all connections to the pods come from the clients' own addresses"
        refusal = Refusal(wrong, "where the clients' addresses do not reach the pods", "leave it out")
        problems.note(f"{_AT}platform_sources", refusal)


def _check_families(request: Request, sources: Sequence[Any], problems: Problems) -> None:
    """A client of a family that the load balancer has no address of never comes."""
    family = request.exposure.get("address_family", module_of(request).default_family)
    for at, source in enumerate(sources):
        if isinstance(source, pulumi.Output) or family in ("", IpFamily.DUAL.value):
            continue
        version = f"IPv{ipaddress.ip_network(source).version}"
        if version != family:
            wrong = f"is {version}, and the load balancer has {family} addresses alone"
            fix = "set address_family to dual, or leave the range out"
            problems.add(f"{_AT}allowed_sources[{at}]", source, Refusal(wrong, f"{family} ranges", fix))


def _check_tls_ports(request: Request, problems: Problems) -> None:
    tls = request.of("tls")
    if not tls:
        return
    tcp = [port.name for port in request.ports if port.protocol == Protocol.TCP.value]
    for at, name in enumerate(tls.get("ports", [])):
        if name not in tcp:
            refusal = Refusal("is no TCP port of the load balancer", ", ".join(tcp) or "none", write_nearest(name, tcp))
            problems.add(f"{_AT}tls.ports[{at}]", name, refusal)
    if not tls.get("ports", tcp):
        problems.note(f"{_AT}tls", Refusal("ends TLS on no port", "a TCP port or more", "leave it out"))


def _check_annotations(module: PlatformModule, request: Request, problems: Problems) -> None:
    for key in request.exposure.get("annotations", {}):
        refusal = _annotation(module, key)
        if refusal is not None:
            problems.note(f"{_AT}annotations.{key}", refusal)


def _annotation(module: PlatformModule, key: str) -> Optional[Refusal]:
    if key == _SOURCE_RANGES:
        return Refusal("says who is let in beside allowed_sources", "no second list", "use allowed_sources")
    if key in module.obsolete:
        allowed = f"what {module.name} reads and no field writes"
        return Refusal(f"is not for {module.name}, or not any more", allowed, module.obsolete[key])
    if feature := module.writes(key):
        field = feature.partition("=")[0]
        fix = "set the drain of the target" if field == "drain" else f"use {field}"
        return Refusal("is written by a field, and would contradict it", "annotations that no field writes", fix)
    owners = [it.name for it in PLATFORMS.values() if key.startswith(it.prefixes) and it.prefixes]
    if owners and module.name not in owners:
        fix = f"set platform to {owners[0]}, or leave it out"
        return Refusal(f"is read by {', '.join(owners)}, not by {module.name}", f"what {module.name} reads", fix)
    return None
