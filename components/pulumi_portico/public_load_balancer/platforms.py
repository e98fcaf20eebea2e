"""Every platform, in one table; and the check of an exposure against it."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional, cast

import pulumi

from ..checks import Field, Rules
from ..errors import Problems, Refusal, write_nearest
from ..names import annotation_key, label_key, port_name, port_number
from ..shapes import as_written, is_args, shapes_of
from ..target import Protocol
from ..values import Rule, cidr, http_path, whole_number
from . import aws_controller, aws_legacy, azure, eks_auto_mode, generic, gke
from .exposure import Exposure, IpFamily
from .platform_module import Asked, PlatformModule, Request, features_of
from .settings import AccessLogs, AwsSettings, AzureSettings, BalancerTls, HealthCheck

__all__ = ["PLATFORMS", "RULES", "check_exposure", "module_of"]

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


def _balancer_name(value: str) -> Optional[Refusal]:
    """A load balancer's name as AWS takes it, and no other platform has one."""
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?", value) and not value.startswith("internal-"):
        return None
    wrong = "is longer than 32 characters" if len(value) > 32 else "does not fit a load balancer's name"  # noqa: PLR2004
    allowed = "letters, digits and hyphens, no hyphen at either end, 32 characters at most, not beginning internal-"
    return Refusal(wrong, allowed)


def _without_separators(what: str) -> Rule:
    """Text that stands in an annotation of pairs, whose separators it must not hold."""

    def rule(value: str) -> Optional[Refusal]:
        if value and not set(value) & set(",="):
            return None
        wrong = "is empty" if not value else "holds a comma or an equals sign, which separate what the platform is told"
        return Refusal(wrong, f"{what} without commas and equals signs")

    return rule


def _codes(value: str) -> Optional[Refusal]:
    if re.fullmatch(r"[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*", value):
        return None
    return Refusal("is no list of HTTP status codes", "codes and ranges of them, such as 200-399 or 200,204")


_SECONDS = Field(whole_number(1, what="a number of seconds"))
_COUNT = Field(whole_number(1, what="a number of answers"))
_TAGS = Field(keys=_without_separators("a tag's key"), items=_without_separators("a tag's value"))
_ATTRIBUTES = Field(keys=_without_separators("an attribute's key"), items=_without_separators("an attribute's value"))
_LISTED = Field(items=_without_separators("a name or an id"))

RULES: Rules = {
    Exposure: {
        "allowed_sources": Field(items=cidr),
        "static_addresses": _LISTED,
        "subnets": _LISTED,
        "name": Field(_balancer_name),
        "tags": _TAGS,
        "idle_timeout": _SECONDS,
        "load_balancer_class": Field(label_key),
        "platform_sources": Field(items=cidr),
        "annotations": Field(keys=annotation_key),
    },
    HealthCheck: {
        "path": Field(http_path),
        "port": Field(port_number),
        "interval": _SECONDS,
        "timeout": _SECONDS,
        "healthy": _COUNT,
        "unhealthy": _COUNT,
        "success_codes": Field(_codes),
        "node_port": Field(whole_number(30000, 32767, "a port of the nodes that Kubernetes gives out")),
    },
    BalancerTls: {"certificates": _LISTED, "ports": Field(items=port_name)},
    AccessLogs: {
        "bucket": Field(_without_separators("a bucket's name")),
        "prefix": Field(_without_separators("a folder's name")),
    },
    AwsSettings: {
        "security_groups": _LISTED,
        "prefix_lists": _LISTED,
        "load_balancer_attributes": _ATTRIBUTES,
        "target_group_attributes": _ATTRIBUTES,
    },
    AzureSettings: {"service_tags": _LISTED},
}
"""What the fields must satisfy beyond their types, whatever the platform."""


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
    for feature, rule in module.limits.items():
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
    if given is None:
        return
    if not given:
        problems.note(f"{_AT}platform_sources", Refusal("lets nobody in", "one range or more", "leave it out"))
    elif not any(peer.get("cidr") is it for peer in module.sources(request) for it in given):
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
    if not tls.get("certificates"):
        problems.note(f"{_AT}tls.certificates", Refusal("holds none", "one certificate or more"))
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
