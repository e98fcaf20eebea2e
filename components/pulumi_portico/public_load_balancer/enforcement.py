"""The rule that something enforces the sources of an exposure: if nothing does, everyone is admitted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from ..address_ranges import versions_of_everyone
from ..args.codes import define
from ..args.location import FieldPath, Key, Location
from ..args.problems import ABSENT, Edit, Problem, Problems, Remove, Set, Unavailable
from ..load_balancers import EVERYONE, ClientIp, IpAddressType
from .common import client_ip_of
from .platform_module import Enforcement, PlatformModule, PlatformRule, Request, value_of
from .platforms import all_platforms, module_of

__all__ = ["check_enforcement", "edits_to_preserve", "everyone_of", "named_sources", "narrow_sources"]

UNENFORCED_SOURCES = define(
    "unenforced-sources",
    "Nothing enforces this on {platform} if {client_ip} is {chosen}, because the pods don't see the clients' "
    "addresses: everyone who reaches it can connect.",
    allowed="everyone ({everyone}), or narrower sources if {client_ip} is {needed}",
    hint="Set {client_ip} to {needed}, and remove what doesn't fit it.",
)
ENFORCEMENT_DISABLED = define(
    "source-enforcement-disabled",
    "With this annotation, nothing enforces {sources} on {platform}: everyone who reaches the load balancer can "
    "connect.",
    allowed="only if {sources} includes everyone",
)

_VERSIONS: Mapping[IpAddressType, frozenset[int]] = {
    IpAddressType.IPV4: frozenset({4}),
    IpAddressType.IPV6: frozenset({6}),
    IpAddressType.DUALSTACK: frozenset({4, 6}),
}


def check_enforcement(request: Request, check_platform: PlatformRule, problems: Problems) -> None:
    """Report sources that are narrower than everyone and that nothing enforces. `check_platform` reports what else the
    platform doesn't support, which a fix must not cause."""
    module, narrow = module_of(request.exposure.platform), narrow_sources(request)
    if narrow is None or module.enforcement_of(request) is not Enforcement.NOTHING:
        return
    if len(narrow) > 1 and problems.has_within(request.at.join(narrow)):
        # The platform's own rule has said it.
        return
    annotations = _disabling(module, request)
    named: dict[str, Any] = {"platform": module.title, "sources": narrow}
    for key in annotations:
        at, value = request.at / "annotations" / Key(key), request.exposure.annotations[key]
        problems.report(ENFORCEMENT_DISABLED, at, value=value, fix=Remove(at), **named)
    if not annotations:
        _report(request, narrow, check_platform, problems)


def _report(request: Request, narrow: Location, check_platform: PlatformRule, problems: Problems) -> None:
    params: dict[str, Any] = {
        "platform": module_of(request.exposure.platform).title,
        "client_ip": request.at / "client_ip",
        "chosen": client_ip_of(request),
        "needed": ClientIp.PRESERVE,
        "everyone": everyone_of(request),
    }
    fix = _preserving(request, check_platform)
    problems.report(UNENFORCED_SOURCES, request.at.join(narrow), value=_shown(request, narrow), fix=fix, **params)


def _shown(request: Request, narrow: Location) -> Any:
    value = value_of(request.exposure, ".".join(map(str, narrow)))
    return ABSENT if value is None else list(value)


def named_sources(request: Request) -> dict[str, tuple[Any, ...]]:
    """The sources that only the platforms know, such as prefix lists, by their field."""
    fields = (feature for module in all_platforms() for feature in module.source_names)
    found = {feature: value_of(request.exposure, feature) for feature in dict.fromkeys(fields)}
    return {feature: tuple(values) for feature, values in found.items() if values}


def everyone_of(request: Request) -> Sequence[str]:
    """The ranges that include everyone who can reach the load balancer. Those of IPv4 if its addresses aren't known."""
    try:
        chosen = _ip_address_type_of(request)
    except Unavailable:
        chosen = None
    ranges = {IpAddressType.DUALSTACK: EVERYONE, IpAddressType.IPV6: EVERYONE[1:]}
    return EVERYONE[:1] if chosen is None else ranges.get(chosen, EVERYONE[:1])


def _ip_address_type_of(request: Request) -> Optional[IpAddressType]:
    exposure = request.exposure
    return exposure.ip_address_type or module_of(exposure.platform).default_ip_address_type


def narrow_sources(request: Request) -> Optional[Location]:
    """The field that admits some clients and not others; None if there is none. A range that is known only during the
    deployment counts as narrow."""
    exposure = request.exposure
    if exposure.allowed_sources:
        found = versions_of_everyone(exposure.allowed_sources)
        chosen = _ip_address_type_of(request)
        is_complete = bool(found) if chosen is None else found >= _VERSIONS[chosen]
        return None if is_complete else FieldPath(("allowed_sources",))
    field = next(iter(named_sources(request)), None)
    return None if field is None else FieldPath(field.split("."))


def _disabling(module: PlatformModule, request: Request) -> list[str]:
    """The raw annotations without which something would enforce the sources."""

    def without(key: str) -> Request:
        kept = {other: value for other, value in request.exposure.annotations.items() if other != key}
        return replace(request, exposure=replace(request.exposure, annotations=kept))

    keys = request.exposure.annotations
    return [key for key in keys if module.enforcement_of(without(key)) is not Enforcement.NOTHING]


def _preserving(request: Request, check_platform: PlatformRule) -> Sequence[Edit]:
    """The edits that make the nodes enforce the sources. None if that isn't enough, or if the target must change too,
    because it reads the PROXY protocol."""
    module, preserving = module_of(request.exposure.platform), _with_client_address(request)
    is_enough = module.enforcement_of(preserving) is not Enforcement.NOTHING
    is_proxied = client_ip_of(request) is ClientIp.PROXY_PROTOCOL
    return edits_to_preserve(request, check_platform) if is_enough and not is_proxied else ()


def edits_to_preserve(request: Request, check_platform: PlatformRule) -> Sequence[Edit]:
    """The edits that preserve the client's address, and remove what doesn't fit that; none if no edits can.
    `check_platform` reports what the platform doesn't support."""
    if not module_of(request.exposure.platform).supports(f"client_ip={ClientIp.PRESERVE.value}"):
        return ()
    before = [(problem.code, problem.location) for problem in _found_by(check_platform, request)]
    edits: list[Edit] = [Set(request.at / "client_ip", ClientIp.PRESERVE.value)]
    for problem in _found_by(check_platform, _with_client_address(request)):
        if (problem.code, problem.location) not in before:
            if not problem.edits:
                return ()
            edits += problem.edits
    return edits


def _with_client_address(request: Request) -> Request:
    return replace(request, exposure=replace(request.exposure, client_ip=ClientIp.PRESERVE))


def _found_by(rule: PlatformRule, request: Request) -> list[Problem]:
    problems = Problems("the exposure")
    problems.run(rule, request)
    return problems.found
