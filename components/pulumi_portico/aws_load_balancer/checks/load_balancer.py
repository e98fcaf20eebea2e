"""The checks of the load balancer as a whole: its subnets, addresses, logs, and quotas.

Sources: API reference, CreateLoadBalancer and LoadBalancerAttribute; user guides, "Quotas".
"""

from ...args.location import Field, FieldPath, Location
from ...args.parse import describe
from ...args.problems import Problems, Remove
from ...load_balancers import IpAddressType, Scope
from ..args import AwsLoadBalancerSpec
from ..attributes import FIELDS_OF_LOAD_BALANCER, OF_LOAD_BALANCER, check_attributes
from ..choices import AwsBalancerKind, AwsListenerProtocol
from ..logs import LogKind
from ..plan import AwsLoadBalancerPlan, plan_aws_load_balancer
from ..problems import (
    DUALSTACK_UDP,
    DUPLICATE_ITEM,
    FEW_SUBNETS,
    IPV6_NOT_SUPPORTED,
    IPV6_ONLY,
    LIST_LENGTHS,
    NEEDS,
    NO_CLIENTS,
    NO_HTTP_REDIRECT,
    NO_LOGS,
    NO_TLS_LOGGED,
    OLD_PULUMI_AWS,
    QUOTA,
    RULES_QUOTA,
    SAME_ZONE,
    SET_ELSEWHERE,
    WEIGHT_QUOTA,
    WRONG_KIND,
    WRONG_SCOPE,
    is_set,
    report_set,
)
from ..resources import takes
from ..security_group_rules import build_egress, build_ingress
from ..target_group import transports
from .groups import check_duplicate_sources, check_security_groups, check_sources, check_target_groups
from .hosts import check_default_host, check_hosts
from .listeners import check_duplicate_ports, check_listeners
from .targets import check_targets

__all__ = ["check_aws"]

_APPLICATION, _NETWORK = AwsBalancerKind.APPLICATION, AwsBalancerKind.NETWORK
_ONLY_APPLICATION = (
    *("idle_timeout", "desync_mode", "drop_invalid_headers", "http2", "preserve_host", "https_redirect"),
    *("forwarded_for", "forwards_client_port"),
    *("multi_label_wildcards", "web_acl"),
)
_ONLY_NETWORK = ("elastic_ips", "private_addresses", "cross_zone", "private_link")
_OWN = (
    *("scope", "subnets", "zones", "allowed_sources", "sources", "elastic_ips", "private_addresses", "name"),
    *("deletion_protection", "cross_zone", "idle_timeout", "desync_mode", "drop_invalid_headers", "http2"),
    *("preserve_host", "https_redirect", "logs", "forwarded_for", "forwards_client_port", "attributes", "private_link"),
)
_LEAST_ZONES = 2


def check_aws(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report what AWS would reject or ignore."""
    own = (_check_required, _check_subnets, _check_zones, _check_addresses, _check_ip_addresses, _check_ranges)
    for rule in (_check_kind, _check_existing, _check_attributes, *own):
        problems.run(rule, spec)
    # The checks don't depend on the name.
    plan = plan_aws_load_balancer("", spec)
    for rule in (_check_redirect, _check_logs, _check_log_settings):
        problems.run(rule, plan)
    for rule in (check_targets, check_duplicate_ports, check_listeners, check_hosts, check_default_host):
        problems.run(rule, spec)
    for rule in (check_sources, check_duplicate_sources, check_security_groups, check_target_groups):
        problems.run(rule, spec)
    for rule in (_check_rules_quota, _check_certificates_quota, _check_counts):
        problems.run(rule, spec)
    problems.run(_check_security_group_quota, plan)


def _check_kind(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    is_application = spec.kind is _APPLICATION
    names, other = (_ONLY_NETWORK, _NETWORK) if is_application else (_ONLY_APPLICATION, _APPLICATION)
    report_set(spec, names, problems, WRONG_KIND, kind=other)


def _check_existing(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if spec.existing is not None:
        params = {"owner": "the load balancer", "allowed": "targets, listeners, routes, and hosts"}
        report_set(spec, _OWN, problems, SET_ELSEWHERE, **params)
        return
    for listener in spec.listeners:
        if listener.existing is not None:
            problems.report(NEEDS, listener.at / "existing", needed=FieldPath(("existing", "load_balancer")))


def _check_attributes(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    known = (OF_LOAD_BALANCER, FIELDS_OF_LOAD_BALANCER)
    check_attributes(spec.attributes, spec.at / "attributes", known, spec.kind, problems)


def _check_required(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if spec.existing is not None:
        return
    if not is_set(spec, "scope"):
        problems.report_missing(spec.at / "scope", describe(Scope))
    if not is_set(spec, "allowed_sources") and not is_set(spec, "sources"):
        problems.report(NO_CLIENTS, spec.at / "allowed_sources")


def _check_subnets(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    subnets, at = spec.subnets or (), spec.at / "subnets"
    if spec.existing is None and len(subnets) < _LEAST_ZONES:
        # CreateLoadBalancer requires two zones for an Application Load Balancer; Security Hub's ELB.13 for every one.
        problems.report(FEW_SUBNETS, at, count=len(subnets), least=_LEAST_ZONES)
    known = [subnet if isinstance(subnet, str) else None for subnet in subnets]
    for index, subnet in enumerate(known):
        if subnet is not None and subnet in known[:index]:
            problems.report(DUPLICATE_ITEM, at / index, value=subnet)


def _check_zones(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    zones, at = spec.zones or (), spec.at / "zones"
    if not zones or spec.existing is not None:
        return
    _check_length(at, len(zones), spec, problems)
    for index, zone in enumerate(zones):
        if zone in zones[:index]:
            problems.report(SAME_ZONE, at / index, value=zone)


def _check_length(at: Location, count: int, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    needed = len(spec.subnets or ())
    if count != needed:
        problems.report(LIST_LENGTHS, at, count=count, needed=needed, other=Field("subnets"))


def _check_addresses(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if spec.existing is not None:
        return
    for name, addresses, scope in (
        ("elastic_ips", spec.elastic_ips, Scope.INTERNET),
        ("private_addresses", spec.private_addresses, Scope.INTERNAL),
    ):
        if addresses is None:
            continue
        at = spec.at / name
        if spec.scope is not None and spec.scope is not scope:
            problems.report(WRONG_SCOPE, at, field=Field("scope"), scope=scope, fix=Remove(at))
        _check_length(at, len(addresses), spec, problems)


def _check_ip_addresses(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    family, at = spec.ip_address_type, spec.at / "ip_address_type"
    if family is IpAddressType.IPV6:
        problems.report(IPV6_ONLY, at, value=family)
    if family is IpAddressType.DUALSTACK and spec.existing is None:
        udp = (AwsListenerProtocol.UDP, AwsListenerProtocol.TCP_UDP)
        if any(listener.protocol in udp for listener in spec.listeners):
            # User guide, "Listeners": with dualstack, UDP needs a prefix for source NAT, which the subnets must have.
            problems.report(DUALSTACK_UDP, at, value=family)


def _check_ranges(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if spec.ip_address_type not in (None, IpAddressType.IPV4) or spec.existing is not None:
        return
    for index, source in enumerate(spec.allowed_sources or ()):
        if ":" in source:
            at, field = spec.at / "allowed_sources" / index, Field("ip_address_type")
            problems.report(IPV6_NOT_SUPPORTED, at, value=source, family="IPv4", field=field)


def _check_redirect(plan: AwsLoadBalancerPlan, problems: Problems) -> None:
    spec = plan.spec
    is_own = spec.existing is None and spec.kind is _APPLICATION
    if spec.https_redirect and is_own and not plan.redirects_http:
        at = spec.at / "https_redirect"
        problems.report(NO_HTTP_REDIRECT, at, fix=Remove(at))


def _check_logs(plan: AwsLoadBalancerPlan, problems: Problems) -> None:
    spec = plan.spec
    logs = spec.logs
    if logs is None or spec.existing is not None:
        return
    if spec.kind is _NETWORK:
        report_set(logs, ("connections", "health"), problems, WRONG_KIND, kind=_APPLICATION)
        if logs.access and not plan.has_tls_listener:
            # User guide: "Access logs are created only if the load balancer has a TLS listener".
            problems.report(NO_TLS_LOGGED, logs.at / "access", fix=Remove(logs.at / "access"))
    elif logs.health and not takes("lb.LoadBalancer", LogKind.HEALTH.value):
        problems.report(OLD_PULUMI_AWS, logs.at / "health", least="7.13", fix=Remove(logs.at / "health"))


def _check_log_settings(plan: AwsLoadBalancerPlan, problems: Problems) -> None:
    spec = plan.spec
    logs = spec.logs
    if logs is None or spec.existing is not None:
        return
    own = ("keep_days", "delete_with_balancer")
    if logs.bucket is not None:
        report_set(logs, own, problems, SET_ELSEWHERE, owner="the bucket", allowed=Field("prefix"))
    if not plan.log_kinds:
        names = ("bucket", "prefix", *(own if logs.bucket is None else ()))
        report_set(logs, names, problems, NO_LOGS)


def _check_quota(name: str, most: int, at: Location, count: int, problems: Problems) -> None:
    if count > most:
        problems.report(QUOTA, at, count=count, most=most, what=name.replace("_", " "), field=_quota_field(name))


def _quota_field(name: str) -> Location:
    return FieldPath(("quotas", name))


def _check_rules_quota(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    count = sum(len(listener.routes or ()) for listener in spec.listeners)
    _check_quota("rules", spec.quotas.rules, spec.at / "listeners", count, problems)


def _check_certificates_quota(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    certified = len(
        {
            host.certificate if isinstance(host.certificate, str) else name
            for name, host in (spec.hosts or {}).items()
            if host.has_certificate
        }
    )
    most = spec.quotas.certificates
    _check_quota("certificates", most, spec.at / "hosts", max(0, certified - 1), problems)


def _check_counts(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    quotas = spec.quotas
    _check_quota("listeners", quotas.listeners, spec.at / "listeners", len(spec.listeners), problems)
    _check_quota("target_groups", quotas.target_groups, spec.at / "targets", len(spec.targets), problems)


def _check_security_group_quota(plan: AwsLoadBalancerPlan, problems: Problems) -> None:
    """A security group has so many rules each way, and as many again for IPv6 (VPC user guide, "Quotas")."""
    spec, most = plan.spec, plan.spec.quotas.security_group_rules
    if spec.existing is not None or not _has_known_ends(spec):
        return
    for name, rules in (("listeners", build_ingress(plan)), ("targets", build_egress(plan))):
        count = sum("cidr_ipv6" not in rule for rule in rules.values())
        field = _quota_field("security_group_rules")
        if count > most:
            problems.report(RULES_QUOTA, spec.at / name, count=count, most=most, field=field)
        elif name == "listeners":
            count += _weight_of_prefix_lists(plan)
            if count > most:
                weight, redirect = Field("prefix_list_weight"), Field("https_redirect")
                at = spec.at / "sources"
                problems.report(WEIGHT_QUOTA, at, count=count, most=most, field=field, weight=weight, redirect=redirect)


def _weight_of_prefix_lists(plan: AwsLoadBalancerPlan) -> int:
    """How many rules the prefix lists count as, in addition to one for each ("Work with prefix lists" in the VPC user
    guide)."""
    sources = [source for source in (plan.spec.sources or {}).values() if source.prefix_list is not None]
    # A list that is there twice is reported by itself.
    first = {str(source.prefix_list): source.prefix_list_weight for source in sources}
    weights = [weight - 1 for weight in first.values()]
    listeners = sum(len(transports(listener.protocol)) for listener in plan.listeners)
    return listeners * sum(weights)


def _has_known_ends(spec: AwsLoadBalancerSpec) -> bool:
    """Whether every source and every security group of a target names something; the opposite is reported."""
    groups = spec.target_security_groups or {}
    named = [target.security_group for target in spec.targets.values() if target.security_group is not None]
    sources = (spec.sources or {}).values()
    return all(name in groups for name in named) and all(
        source.cidr is not None or source.prefix_list is not None or source.security_group is not None
        for source in sources
    )
