"""The checks of the load balancer as a whole: its place, its addresses, its logs and its quotas.

Sources: API reference, CreateLoadBalancer and LoadBalancerAttribute; user guides, "Quotas".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...errors import Problems
from ...load_balancers import IpFamily, Scope
from ..choices import AwsBalancerKind
from ..hosts import has_certificate
from ..listener import listeners_of, redirects_http, speaks_tls
from ..logs import KINDS, wanted_logs
from ..resources import takes
from ..security_group_rules import build_egress, build_ingress
from .groups import check_groups
from .hosts import check_hosts
from .listeners import check_listeners
from .place import Place, only_for, plain
from .targets import check_target

__all__ = ["check_aws"]

_APPLICATION = (
    *("idle_timeout", "desync_mode", "drop_invalid_headers", "http2", "preserve_host", "redirect_http"),
    *("wildcards_any_depth", "web_acl"),
)
_NETWORK = ("elastic_ips", "private_addresses", "cross_zone")
_OWN = (
    *("scope", "subnets", "zones", "allowed_sources", "sources", "elastic_ips", "private_addresses", "name"),
    *("deletion_protection", "cross_zone", "idle_timeout", "desync_mode", "drop_invalid_headers", "http2"),
    *("preserve_host", "redirect_http", "logs"),
)
_QUOTAS = {"rules": 100, "certificates": 25, "listeners": 50, "target_groups": 100, "security_group_rules": 60}
_LEAST_ZONES = 2


def check_aws(aws: Mapping[str, Any], problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    """Note what AWS would refuse or ignore. What is looked into is right by itself."""
    place, before = Place(problems, path, spelling), len(problems.found)
    application = aws["kind"] == AwsBalancerKind.APPLICATION.value
    other = "is for Network Load Balancers" if application else "is for Application Load Balancers"
    only_for(place, aws, _NETWORK if application else _APPLICATION, other, f"nothing, as this one is {aws['kind']}")
    if "existing" in aws:
        wrong = "is the load balancer's own business, which was made elsewhere"
        only_for(place, aws, _OWN, wrong, "not beside existing")
    else:
        _check_own(place, aws)
    for name, target in aws["targets"].items():
        check_target(place.field("targets").key(name), target, aws["kind"])
    check_listeners(place, aws)
    tls = any(speaks_tls(it) and "existing" not in it for it in aws["listeners"])
    check_hosts(place, aws, tls=tls)
    check_groups(place, aws)
    _check_quotas(place, aws)
    if "existing" not in aws and len(problems.found) == before:
        _check_rules(place, aws)


def _check_own(place: Place, aws: Mapping[str, Any]) -> None:
    if "scope" not in aws:
        place.field("scope").note("is missing", "internet or internal")
    if "allowed_sources" not in aws and "sources" not in aws:
        wrong = "is missing, and nobody is let in until it says who"
        place.field("allowed_sources").note(wrong, "addresses in CIDR notation", "for everybody, write 0.0.0.0/0")
    _check_zones(place, aws)
    _check_addresses(place, aws)
    _check_logs(place.field("logs"), aws)
    if aws.get("redirect_http") and not redirects_http(aws):
        wrong = "is true, and there is a listener on port 80 or none with HTTPS on port 443"
        place.field("redirect_http").note(wrong, "without a listener on port 80, beside HTTPS on port 443")
    for at, listener in enumerate(aws["listeners"]):
        if "existing" in listener:
            wrong = "was made elsewhere, and the load balancer is made here"
            place.field("listeners").item(at).field("existing").note(wrong, "beside an existing load balancer")


def _check_zones(place: Place, aws: Mapping[str, Any]) -> None:
    subnets: Sequence[Any] = aws.get("subnets", [])
    at = place.field("subnets")
    if len(subnets) < _LEAST_ZONES:
        # CreateLoadBalancer wants two zones of an Application Load Balancer; Security Hub's ELB.13 of every one.
        at.note(f"is {len(subnets) or 'missing'}, and one zone may fail", "subnets of two zones or more")
    known = [it for it in subnets if plain(it)]
    for one in sorted({it for it in known if known.count(it) > 1}):
        at.add(one, "is there twice", "each subnet once")
    zones: Sequence[str] = aws.get("zones", [])
    if not zones:
        return
    at = place.field("zones")
    if len(zones) != len(subnets):
        at.note(f"is {len(zones)} zones, and there are {len(subnets)} subnets", "one for each subnet")
    for zone in sorted({it for it in zones if list(zones).count(it) > 1}):
        at.add(zone, "has two of the subnets, and AWS takes one of each zone", "a zone of its own for each subnet")


def _check_addresses(place: Place, aws: Mapping[str, Any]) -> None:
    internet, subnets = aws.get("scope") == Scope.INTERNET.value, aws.get("subnets", [])
    for name, where in (("elastic_ips", True), ("private_addresses", False)):
        at, addresses = place.field(name), aws.get(name)
        if addresses is None:
            continue
        if internet != where:
            at.note(
                f"is for {'the internet' if where else 'internal load balancers'}", "the other scope", "leave it out"
            )
        if len(addresses) != len(subnets):
            at.note(f"is {len(addresses)} addresses, and there are {len(subnets)} subnets", "one for each subnet")
    family = aws.get("address_family", IpFamily.IPV4.value)
    if family == IpFamily.IPV6.value:
        place.field("address_family").add(family, "alone is not what AWS's load balancers have", "IPv4 or dual")
    if family == IpFamily.DUAL.value and any("udp" in it["protocol"] for it in aws["listeners"]):
        # User guide, "Listeners": with dualstack, UDP wants a prefix for source NAT, which the subnets must have.
        wrong = "is not for UDP, which AWS turns into IPv4 by address prefixes of the subnets"
        place.field("address_family").add(family, wrong, "IPv4", "give UDP a load balancer of its own")
    for at, source in enumerate(aws.get("allowed_sources", [])):
        if ":" in source and family == IpFamily.IPV4.value:
            wrong = "is IPv6, and the load balancer has IPv4 alone"
            place.field("allowed_sources").item(at).add(source, wrong, "IPv4", "or set address_family to dual")


def _check_logs(at: Place, aws: Mapping[str, Any]) -> None:
    logs = aws.get("logs", {})
    if aws["kind"] == AwsBalancerKind.NETWORK.value:
        only_for(at, logs, ("connections", "health"), "is for Application Load Balancers", "access")
        if logs.get("access") and not any(it["protocol"] == "tls" for it in aws["listeners"]):
            # User guide: "Access logs are created only if the load balancer has a TLS listener".
            at.field("access").note("is of TLS connections, and no listener speaks TLS", "beside a TLS listener")
    elif logs.get("health") and not takes("lb.LoadBalancer", KINDS["health"]):
        wrong = "is newer than the installed pulumi_aws"
        at.field("health").note(wrong, "with pulumi-aws 7.13 or newer", "install it, or leave this out")
    if "bucket" in logs:
        fields = ("keep_days", "delete_with_balancer")
        only_for(at, logs, fields, "is the bucket's own business, which was made elsewhere", "not beside bucket")
    for kind in KINDS:
        if logs.get(kind):
            return
    if not wanted_logs(aws):
        only_for(at, logs, ("bucket", "prefix", "keep_days", "delete_with_balancer"), "is for logs, and none is on", "")


def _check_quotas(place: Place, aws: Mapping[str, Any]) -> None:
    quotas = {**_QUOTAS, **aws.get("quotas", {})}
    certified = sum(has_certificate(host) for host in aws.get("hosts", {}).values())
    counts = {
        "rules": ("listeners", sum(len(it.get("routes", [])) for it in aws["listeners"]), "routes"),
        "certificates": ("hosts", max(0, certified - 1), "certificates beside the default one"),
        "listeners": ("listeners", len(aws["listeners"]), "listeners"),
        "target_groups": ("targets", len(aws["targets"]), "targets"),
    }
    for name, (field, count, what) in counts.items():
        if count > quotas[name]:
            fix = f"where AWS has raised the quota, write it as quotas.{place.spelling(name)}"
            place.field(field).note(f"has {count} {what}, more than the quota", f"{quotas[name]} at most", fix)


def _check_rules(place: Place, aws: Mapping[str, Any]) -> None:
    """A security group has so many rules each way, and as many again for IPv6 (VPC user guide, "Quotas")."""
    most = aws.get("quotas", {}).get("security_group_rules", _QUOTAS["security_group_rules"])
    ways = (
        ("listeners", "let clients in", build_ingress(aws, listeners_of(aws))),
        ("targets", "let it out", build_egress(aws)),
    )
    for field, what, rules in ways:
        count = sum("cidr_ipv6" not in rule for rule in rules.values())
        if count > most:
            fix = f"give fewer, wider ranges; a raised quota is quotas.{place.spelling('security_group_rules')}"
            place.field(field).note(f"wants {count} rules of a security group to {what}", f"{most} at most", fix)
