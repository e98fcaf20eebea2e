"""The checks of the clients' sources, and of the targets' security groups.

Source: EC2 API reference, AuthorizeSecurityGroupIngress and AuthorizeSecurityGroupEgress (InvalidPermission.Duplicate).
"""

from ...args.location import Field, FieldPath, Key, Location
from ...args.problems import Problems, Remove
from ..args import AwsLoadBalancerSpec, AwsSourceSpec
from ..problems import (
    EMPTY_SOURCE,
    IPV6_NOT_SUPPORTED,
    SAME_SOURCE,
    UNKNOWN_SECURITY_GROUP,
    UNUSED_GROUP,
    check_key,
    field_names,
    plain,
    set_of,
)

__all__ = ["check_duplicate_sources", "check_security_groups", "check_sources", "check_target_groups"]

_SOURCES = ("cidr", "prefix_list", "security_group")


def check_sources(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report sources that name nothing, or several things."""
    for source in (spec.sources or {}).values():
        problems.run(_check_source, source)


def _check_source(source: AwsSourceSpec, problems: Problems) -> None:
    if not set_of(source, _SOURCES, problems):
        problems.report(EMPTY_SOURCE, source.at, fields=field_names(_SOURCES))
    cidr = source.cidr
    if isinstance(cidr, str) and ":" in cidr:
        hint = Field("allowed_sources")
        problems.report(IPV6_NOT_SUPPORTED, source.at / "cidr", value=cidr, family="IPv4", field=hint)


def check_duplicate_sources(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report sources that are there twice."""
    seen: dict[tuple[str, object], Location] = {
        ("cidr", source): spec.at / "allowed_sources" / index for index, source in enumerate(spec.allowed_sources or ())
    }
    for source in (spec.sources or {}).values():
        known = {"cidr": source.cidr, "prefix_list": source.prefix_list, "security_group": source.security_group}
        name = next((name for name, value in known.items() if value is not None), None)
        if name is None or not plain(known[name]):
            continue
        other = seen.setdefault((name, known[name]), source.at / name)
        if other != source.at / name:
            problems.report(SAME_SOURCE, source.at / name, value=known[name], other=other)


def check_security_groups(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report security groups that no target uses, or that have several names."""
    at = spec.at / "target_security_groups"
    used = {target.security_group for target in spec.targets.values()}
    first: dict[object, str] = {}
    for name, group in (spec.target_security_groups or {}).items():
        other = first.setdefault(group, name) if plain(group) else name
        if other != name:
            problems.report(SAME_SOURCE, at / Key(name), value=group, other=at / Key(other))
        if name not in used:
            whole = at if len(spec.target_security_groups or {}) == 1 else at / Key(name)
            problems.report(UNUSED_GROUP, at / Key(name), fix=Remove(whole))


def check_target_groups(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report targets whose security group is unknown, or can't allow the load balancer."""
    groups = spec.target_security_groups or {}
    for target in spec.targets.values():
        name, at = target.security_group, target.at / "security_group"
        if name is None:
            continue
        is_unknown = spec.existing is not None and spec.existing.security_group is None
        is_usable = _is_none_usable if is_unknown else None
        known = check_key(at, name, groups, spec.at / "target_security_groups", problems, is_usable=is_usable)
        if known and is_unknown:
            field = FieldPath(("existing", "security_group"))
            problems.report(UNKNOWN_SECURITY_GROUP, at, field=field)


def _is_none_usable(_name: str) -> bool:
    return False
