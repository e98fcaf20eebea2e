"""The checks of who is let in, and of the security groups of targets: AWS takes each rule of a security group once.

Source: EC2 API reference, AuthorizeSecurityGroupIngress and AuthorizeSecurityGroupEgress (InvalidPermission.Duplicate).
"""

from collections.abc import Mapping
from typing import Any

from .place import Place, alone, known_key, plain

__all__ = ["check_groups"]

_SOURCES = ("cidr", "prefix_list", "security_group")


def check_groups(place: Place, aws: Mapping[str, Any]) -> None:
    """Note sources that name nobody or somebody twice, and security groups that are unknown or not used."""
    _check_sources(place.field("sources"), aws)
    groups: Mapping[str, Any] = aws.get("target_security_groups", {})
    at = place.field("target_security_groups")
    _check_once(at, {name: ("", it) for name, it in groups.items()}, {})
    named = {it["security_group"] for it in aws["targets"].values() if "security_group" in it}
    for name in groups:
        if name not in named:
            at.key(name).note("is named by no target", "one that a target names", "leave it out")
    for name, target in aws["targets"].items():
        if "security_group" not in target:
            continue
        here = place.field("targets").key(name).field("security_group")
        known = known_key(here, target["security_group"], groups, "the keys of target_security_groups")
        if known and "existing" in aws and "security_group" not in aws["existing"]:
            here.note("is to let in a load balancer whose own is not known", "beside existing.security_group")


def _check_sources(place: Place, aws: Mapping[str, Any]) -> None:
    ends: dict[str, tuple[str, Any]] = {}
    for name, source in aws.get("sources", {}).items():
        at = place.key(name)
        found = alone(at, source, _SOURCES, required=False)
        if not found:
            at.note("names nobody", "one of cidr, prefix_list, security_group")
            continue
        ends[name] = found[0], source[found[0]]
        if ":" in str(source.get("cidr", "")) and plain(source["cidr"]):
            at.field("cidr").add(source["cidr"], "is IPv6", "IPv4", "write IPv6 ranges as allowed_sources")
    seen = {("cidr", it): "allowed_sources" for it in aws.get("allowed_sources", [])}
    _check_once(place, ends, seen)


def _check_once(place: Place, ends: Mapping[str, tuple[str, Any]], seen: Mapping[tuple[str, Any], str]) -> None:
    """Note what is there under two names, where it is known now."""
    first = dict(seen)
    for name, (field, value) in ends.items():
        if not plain(value):
            continue
        other = first.setdefault((field, value), name)
        if other != name:
            at = place.key(name).field(field) if field else place.key(name)
            at.add(value, f"is that of {other} too", "each one once", "leave one of them out")
