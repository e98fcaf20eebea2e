"""The checks of targets.

Sources: API reference, CreateTargetGroup and TargetGroupAttribute; user guides, "Target groups for your Application
Load Balancers" and "... Network Load Balancers".
"""

from collections.abc import Callable

from ...args.location import Field, Key
from ...args.problems import Problems, Remove, Set
from ...load_balancers import ClientIp, IpAddressType
from ...networking.session_affinity import SessionAffinity
from ...networking.target import Protocol, TargetSpec, check_tcp
from ..args import AwsLoadBalancerSpec
from ..attributes import FIELDS_OF_GROUP, OF_GROUP, check_attributes
from ..choices import AwsAlgorithm, AwsBalancerKind, AwsTargetProtocol, AwsVersion
from ..problems import (
    ADDRESS_OF_OTHER_VERSION,
    CODES_OUT_OF_RANGE,
    EMPTY_TARGET,
    EXPECTS_PROXY,
    IPV6_TARGET,
    LATER_PORT,
    MUST_READ_PROXY,
    NEEDS,
    NEEDS_HTTP_CHECK,
    NO_IPV6_RANGES,
    NOT_BOUND,
    NOT_OF_LOAD_BALANCER,
    PORT_NEEDED,
    PROXIED_HEALTH,
    SET_BY_TARGET,
    SLOW_START,
    TARGETS_OF_BOTH_VERSIONS,
    TIMEOUT_TOO_LONG,
    TLS_AFFINITY,
    UDP_CLIENT_IP,
    UDP_HEALTH,
    WRONG_KIND,
    WRONG_PROTOCOL,
    field_names,
    is_set,
    plain,
    report_set,
    set_of,
)
from ..target_group import AwsHealthCheckSpec, AwsTargetPlan, AwsTargetSpec

__all__ = ["check_port_numbers", "check_targets"]

_APPLICATION, _NETWORK = AwsBalancerKind.APPLICATION, AwsBalancerKind.NETWORK
_HTTP, _HTTPS, _TCP = AwsTargetProtocol.HTTP, AwsTargetProtocol.HTTPS, AwsTargetProtocol.TCP
_TLS, _UDP, _TCP_UDP = AwsTargetProtocol.TLS, AwsTargetProtocol.UDP, AwsTargetProtocol.TCP_UDP
_SPOKEN = {_APPLICATION: (_HTTP, _HTTPS), _NETWORK: (_TCP, _TLS, _UDP, _TCP_UDP)}
_HEALTH = {_APPLICATION: (_HTTP, _HTTPS), _NETWORK: (_HTTP, _HTTPS, _TCP)}
_ONLY_APPLICATION = ("version", "slow_start", "algorithm", "stickiness_duration")
_ONLY_NETWORK = ("session_affinity", "client_ip", "reads_proxy_protocol")
_HOW = ("target", "instances", "addresses", "load_balancer", "bound_elsewhere")
_NO_HEALTH = AwsHealthCheckSpec()


def check_targets(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report what AWS would reject or ignore of the targets."""
    for target in spec.targets.values():
        for rule in (_check_how, _check_port, _check_node_port):
            problems.run(rule, target)
        for rule in (_check_load_balancer, _check_ip_version):
            problems.run(rule, target, spec)
        for rule in (_check_kind, _check_health_protocol, _check_http_health, _check_udp_health, _check_codes):
            problems.run(rule, target, spec)
        problems.run(_check_attributes, target, spec)
        for rule in (_check_timeout, _check_slow_start):
            problems.run(rule, target)
        for rule in (_check_client_ip, _check_proxy_protocol, _check_proxied_health, _check_affinity):
            problems.run(_check_network_target, rule, target, spec)


def _check_attributes(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    known = (OF_GROUP, FIELDS_OF_GROUP)
    check_attributes(target.attributes, target.at / "attributes", known, spec.kind, problems)


def _check_network_target(
    rule: Callable[[AwsTargetSpec, Problems], None],
    target: AwsTargetSpec,
    spec: AwsLoadBalancerSpec,
    problems: Problems,
) -> None:
    if spec.kind is _NETWORK:
        rule(target, problems)


def _check_how(target: AwsTargetSpec, problems: Problems) -> None:
    found = set_of(target, _HOW, problems)
    if not found:
        problems.report(EMPTY_TARGET, target.at, fields=field_names(_HOW))
    elif found == ["bound_elsewhere"] and not target.bound_elsewhere:
        at = target.at / "bound_elsewhere"
        problems.report(NOT_BOUND, at, value=False, fix=Set(at, value=True))


def _check_port(target: AwsTargetSpec, problems: Problems) -> None:
    if target.target is not None:
        report_set(target, ("port", "drain"), problems, SET_BY_TARGET, field=Field("target"))
        problems.run(check_port_numbers, target.target)
    elif target.port is None and any(is_set(target, name) for name in _HOW):
        problems.report(PORT_NEEDED, target.at / "port")


def _check_node_port(target: AwsTargetSpec, problems: Problems) -> None:
    if target.node_port is None:
        return
    at = target.at / "node_port"
    if target.target is None:
        problems.report(NEEDS, at, needed=Field("target"), fix=Remove(at))
    elif not target.target.selector:
        problems.report(NEEDS, at, needed=target.target.at / "selector")


_OF_ADDRESSES = ("session_affinity", "client_ip", "reads_proxy_protocol", "drain", "attributes")
"""What a target group of a load balancer doesn't have."""


def _check_load_balancer(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if target.load_balancer is None:
        return
    at = target.at / "load_balancer"
    if spec.kind is _APPLICATION:
        problems.report(WRONG_KIND, at, kind=_NETWORK)
        return
    report_set(target, _OF_ADDRESSES, problems, NOT_OF_LOAD_BALANCER, field=Field("load_balancer"))
    if target.protocol_for(spec.kind) is not _TCP:
        where, kind = target.at / "protocol", "load balancer"
        problems.report(WRONG_PROTOCOL, where, value=target.protocol, choices=[_TCP], kind=kind, fix=Remove(where))
    health = target.health or _NO_HEALTH
    if health.protocol is _TCP:
        where = health.at / "protocol"
        problems.report(
            WRONG_PROTOCOL, where, value=_TCP, choices=[_HTTP, _HTTPS], kind="load balancer", fix=Remove(where)
        )


def _check_ip_version(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    at = target.at / "ip_address_type"
    if target.ip_address_type is IpAddressType.DUALSTACK:
        problems.report(TARGETS_OF_BOTH_VERSIONS, at, value=target.ip_address_type)
    for name, address in (target.addresses or {}).items():
        if isinstance(address, str) and (":" in address) != target.is_ipv6:
            wanted = "IPv6" if target.is_ipv6 else "IPv4"
            where = target.at / "addresses" / Key(name)
            problems.report(
                ADDRESS_OF_OTHER_VERSION, where, value=address, wanted=wanted, field=Field("ip_address_type")
            )
    if not target.is_ipv6:
        return
    if target.load_balancer is not None:
        problems.report(NOT_OF_LOAD_BALANCER, at, field=Field("load_balancer"), fix=Remove(at))
    if spec.existing is None and spec.ip_address_type is not IpAddressType.DUALSTACK:
        field, dualstack = spec.at / "ip_address_type", IpAddressType.DUALSTACK
        problems.report(IPV6_TARGET, at, field=field, dualstack=dualstack, fix=Set(field, dualstack.value))
    has_group = target.security_group is not None
    if not has_group and not any(":" in cidr for cidr in spec.target_ranges or ()):
        problems.report(NO_IPV6_RANGES, spec.at / "target_ranges", other=at)


def check_port_numbers(target: TargetSpec, problems: Problems) -> None:
    """Report a target whose port has no number that is known: a target group and its firewall rules need one."""
    if target.port is None and target.target_port is None:
        problems.report(PORT_NEEDED, target.at / "port")
    for name, port in (("port", target.port), ("target_port", target.target_port)):
        if not plain(port):
            problems.report(LATER_PORT, target.at / name)
    if target.protocol is Protocol.SCTP:
        choices, kind = [Protocol.TCP, Protocol.UDP], "AWS"
        problems.report(WRONG_PROTOCOL, target.at / "protocol", value=target.protocol, choices=choices, kind=kind)


def _check_kind(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    kind = spec.kind
    names, other = (_ONLY_NETWORK, _NETWORK) if kind is _APPLICATION else (_ONLY_APPLICATION, _APPLICATION)
    report_set(target, names, problems, WRONG_KIND, kind=other)
    spoken = target.protocol_for(kind)
    if spoken not in _SPOKEN[kind]:
        at, fix = target.at / "protocol", Remove(target.at / "protocol")
        problems.report(WRONG_PROTOCOL, at, value=spoken, choices=_SPOKEN[kind], kind=kind, fix=fix)
    elif kind is _APPLICATION and target.target is not None and target.target.protocol is Protocol.UDP:
        # SCTP is reported for load balancers of both kinds.
        check_tcp(target.target, problems)


def _check_health_protocol(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    health, kind = target.health or _NO_HEALTH, spec.kind
    if health.protocol is not None and health.protocol not in _HEALTH[kind]:
        at = health.at / "protocol"
        choices = _HEALTH[kind]
        problems.report(WRONG_PROTOCOL, at, value=health.protocol, choices=choices, kind=kind, fix=Remove(at))


def _check_http_health(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    health = target.health or _NO_HEALTH
    is_tcp = health.protocol is _TCP
    if is_tcp or (health.protocol is None and not is_set(health, "path") and spec.kind is _NETWORK):
        report_set(health, ("path", "success_codes"), problems, NEEDS_HTTP_CHECK)


def _check_udp_health(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    health, kind = target.health, spec.kind
    if target.protocol_for(kind) is _UDP and kind is _NETWORK and (health is None or health.port is None):
        problems.report(UDP_HEALTH, target.at / "health" / "port")


def _check_timeout(target: AwsTargetSpec, problems: Problems) -> None:
    health = target.health or _NO_HEALTH
    interval, timeout = health.interval or 30, health.timeout or 2
    if isinstance(interval, int) and isinstance(timeout, int) and timeout >= interval:
        # ALB: "The timeout must be smaller than the interval"; for an NLB it can't be longer than the interval either.
        at = health.at / ("timeout" if health.timeout is not None else "interval")
        problems.report(TIMEOUT_TOO_LONG, at, value=timeout, interval=interval, field=Field("interval"))


def _check_codes(target: AwsTargetSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    health = target.health or _NO_HEALTH
    codes = health.success_codes
    if not isinstance(codes, str):
        return
    least, most = (0, 99) if target.version is AwsVersion.GRPC else (200, 499 if spec.kind is _APPLICATION else 599)
    numbers = [int(number) for part in codes.split(",") for number in part.split("-")]
    if not all(least <= number <= most for number in numbers):
        problems.report(CODES_OUT_OF_RANGE, health.at / "success_codes", value=codes, least=least, most=most)


def _check_slow_start(target: AwsTargetSpec, problems: Problems) -> None:
    needed = AwsAlgorithm.ROUND_ROBIN
    if target.algorithm not in (None, needed) and target.slow_start is not None:
        at = target.at / "slow_start"
        problems.report(SLOW_START, at, field=Field("algorithm"), needed=needed, fix=Remove(at))


def _network_plan(target: AwsTargetSpec) -> AwsTargetPlan:
    return AwsTargetPlan("", target, _NETWORK)


def _check_client_ip(target: AwsTargetSpec, problems: Problems) -> None:
    plan, at = _network_plan(target), target.at / "client_ip"
    if "udp" in plan.transports and plan.client_ip is not ClientIp.PRESERVE:
        problems.report(UDP_CLIENT_IP, at, value=plan.client_ip, fix=Remove(at))


def _check_proxy_protocol(target: AwsTargetSpec, problems: Problems) -> None:
    at, sends = target.at / "reads_proxy_protocol", _network_plan(target).client_ip is ClientIp.PROXY_PROTOCOL
    if sends and not target.reads_proxy_protocol:
        problems.report(MUST_READ_PROXY, at)
    if target.reads_proxy_protocol and not sends:
        field, needed = Field("client_ip"), ClientIp.PROXY_PROTOCOL
        problems.report(EXPECTS_PROXY, at, field=field, needed=needed, fix=Remove(at))


def _check_proxied_health(target: AwsTargetSpec, problems: Problems) -> None:
    health = target.health or _NO_HEALTH
    is_http = health.path is not None or health.protocol not in (None, _TCP)
    if _network_plan(target).client_ip is ClientIp.PROXY_PROTOCOL and health.port is not None and is_http:
        problems.report(PROXIED_HEALTH, health.at / "port", value=health.port, fix=Remove(health.at / "port"))


def _check_affinity(target: AwsTargetSpec, problems: Problems) -> None:
    if target.session_affinity is SessionAffinity.CLIENT_IP and target.protocol_for(_NETWORK) is _TLS:
        # User guide: "Sticky sessions are not supported with TLS listeners and TLS target groups."
        at = target.at / "session_affinity"
        problems.report(TLS_AFFINITY, at, fix=Remove(at))
