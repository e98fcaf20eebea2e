"""Further attributes of load balancers and target groups: what has no field of its own, by AWS's own names.

Each has the argument of `pulumi_aws` that sets it. Attributes that a field sets are rejected, and so are unknown ones,
which the provider couldn't set. Source: LoadBalancerAttribute and TargetGroupAttribute in the API reference.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.location import Field, Key, Location
from ..args.problems import Problems, Remove
from ..args.similar_names import nearest
from ..outputs import applied
from ..untyped import Properties
from .choices import AwsBalancerKind

__all__ = [
    "FIELDS_OF_GROUP",
    "FIELDS_OF_LOAD_BALANCER",
    "OF_GROUP",
    "OF_LOAD_BALANCER",
    "build_attributes",
    "check_attributes",
]

_APPLICATION, _NETWORK = AwsBalancerKind.APPLICATION, AwsBalancerKind.NETWORK
_BOTH = (_APPLICATION, _NETWORK)

UNKNOWN_ATTRIBUTE = define(
    "unknown-aws-attribute", "Pulumi's AWS provider can't set the attribute {name}.", allowed="{known}"
)
ATTRIBUTE_OF_FIELD = define(
    "aws-attribute-of-field", "{field} sets this attribute.", allowed="attributes without a field"
)
ATTRIBUTE_VALUE = define("invalid-aws-attribute", "{value} isn't a value of this attribute.", allowed="{expected}")
ATTRIBUTE_OF_OTHER_KIND = define(
    "aws-attribute-of-other-kind", "Only {kind} load balancers have this attribute.", allowed="{known}"
)


@dataclass(frozen=True)
class _Values:
    """The values of an attribute."""

    what: str
    matches: Callable[[str], bool]
    convert: Callable[[str], Any] = str
    """What the provider takes for the text."""


def _choices(*choices: str) -> _Values:
    return _Values(" or ".join(choices), lambda value: value in choices)


def _numbers(least: int, most: int, *, or_off: bool = False, convert: Callable[[str], Any] = int) -> _Values:
    def matches(value: str) -> bool:
        return (or_off and value == "off") or (bool(re.fullmatch("[0-9]{1,9}", value)) and least <= int(value) <= most)

    return _Values(f"{'off, or ' if or_off else ''}a number from {least} to {most}", matches, convert)


_FLAG = _Values("true or false", lambda value: value in ("true", "false"), lambda value: value == "true")
_SWITCH = _choices("on", "off")


@dataclass(frozen=True)
class Attribute:
    """An attribute that has no field."""

    argument: Sequence[str]
    """The argument of the provider, with the steps into it."""
    values: _Values
    kinds: Sequence[AwsBalancerKind] = _BOTH


_MINIMUM, _MOST_TARGETS = "minimum_healthy_targets", 1000

OF_LOAD_BALANCER: Mapping[str, Attribute] = {
    "client_keep_alive.seconds": Attribute(("client_keep_alive",), _numbers(60, 604800), (_APPLICATION,)),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": Attribute(
        ("enable_tls_version_and_cipher_suite_headers",), _FLAG, (_APPLICATION,)
    ),
    "waf.fail_open.enabled": Attribute(("enable_waf_fail_open",), _FLAG, (_APPLICATION,)),
    "zonal_shift.config.enabled": Attribute(("enable_zonal_shift",), _FLAG),
    "dns_record.client_routing_policy": Attribute(
        ("dns_record_client_routing_policy",),
        _choices("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"),
        (_NETWORK,),
    ),
}
"""Those of load balancers, by AWS's name."""

FIELDS_OF_LOAD_BALANCER: Mapping[str, str] = {
    "deletion_protection.enabled": "deletion_protection",
    "load_balancing.cross_zone.enabled": "cross_zone",
    "idle_timeout.timeout_seconds": "idle_timeout",
    "routing.http2.enabled": "http2",
    "routing.http.drop_invalid_header_fields.enabled": "drop_invalid_headers",
    "routing.http.desync_mitigation_mode": "desync_mode",
    "routing.http.preserve_host_header.enabled": "preserve_host",
    "routing.http.xff_header_processing.mode": "forwarded_for",
    "routing.http.xff_client_port.enabled": "forwards_client_port",
    "access_logs.s3.enabled": "logs",
    "access_logs.s3.bucket": "logs",
    "access_logs.s3.prefix": "logs",
    "connection_logs.s3.enabled": "logs",
    "connection_logs.s3.bucket": "logs",
    "connection_logs.s3.prefix": "logs",
}
"""The fields that set the others."""


def _group_health(part: str) -> Iterator[tuple[str, Attribute]]:
    name = f"target_group_health.{part}.{_MINIMUM}"
    steps = ("target_group_health", part)
    # The provider takes the number of targets that fail over as text, because it can be off.
    convert: Callable[[str], Any] = str if part == "dns_failover" else int
    counts = _numbers(1, _MOST_TARGETS, or_off=part == "dns_failover", convert=convert)
    yield f"{name}.count", Attribute((*steps, f"{_MINIMUM}_count"), counts)
    yield (
        f"{name}.percentage",
        Attribute((*steps, f"{_MINIMUM}_percentage"), _numbers(1, 100, or_off=True, convert=str)),
    )


OF_GROUP: Mapping[str, Attribute] = {
    "load_balancing.cross_zone.enabled": Attribute(
        ("load_balancing_cross_zone_enabled",), _choices("true", "false", "use_load_balancer_configuration")
    ),
    "deregistration_delay.connection_termination.enabled": Attribute(("connection_termination",), _FLAG, (_NETWORK,)),
    "load_balancing.algorithm.anomaly_mitigation": Attribute(
        ("load_balancing_anomaly_mitigation",), _SWITCH, (_APPLICATION,)
    ),
    **dict(_group_health("dns_failover")),
    **dict(_group_health("unhealthy_state_routing")),
}
"""Those of target groups, by AWS's name."""

FIELDS_OF_GROUP: Mapping[str, str] = {
    "deregistration_delay.timeout_seconds": "drain",
    "slow_start.duration_seconds": "slow_start",
    "load_balancing.algorithm.type": "algorithm",
    "stickiness.enabled": "stickiness_duration",
    "stickiness.type": "stickiness_duration",
    "stickiness.lb_cookie.duration_seconds": "stickiness_duration",
    "preserve_client_ip.enabled": "client_ip",
    "proxy_protocol_v2.enabled": "client_ip",
}
"""The fields that set the others."""


def check_attributes(
    given: Optional[Mapping[str, Any]],
    at: Location,
    known: tuple[Mapping[str, Attribute], Mapping[str, str]],
    kind: AwsBalancerKind,
    problems: Problems,
) -> None:
    """Report attributes that AWS or the provider doesn't have, or that a field sets."""
    table, fields = known
    for name, value in (given or {}).items():
        where, attribute = at / Key(name), table.get(name)
        if name in fields:
            problems.report(ATTRIBUTE_OF_FIELD, where, field=Field(fields[name]), fix=Remove(where))
        elif attribute is None and (close := nearest(name, table)):
            problems.report_unknown(where, table, meant=Key(close))
        elif attribute is None:
            problems.report(UNKNOWN_ATTRIBUTE, where, name=name, known=sorted(table))
        elif kind not in attribute.kinds:
            of_kind = [other for other in sorted(table) if kind in table[other].kinds]
            params: dict[str, Any] = {"kind": attribute.kinds[0], "known": of_kind}
            problems.report(ATTRIBUTE_OF_OTHER_KIND, where, fix=Remove(where), **params)
        elif isinstance(value, str) and not attribute.values.matches(value):
            problems.report(ATTRIBUTE_VALUE, where, value=value, expected=attribute.values.what)


def build_attributes(given: Optional[Mapping[str, pulumi.Input[str]]], table: Mapping[str, Attribute]) -> Properties:
    """The arguments of the provider that set the attributes."""
    built: dict[str, Any] = {}
    for name, value in sorted((given or {}).items()):
        attribute = table[name]
        *steps, last = attribute.argument
        holder = built
        for step in steps:
            holder = holder.setdefault(step, {})
        holder[last] = applied(value, attribute.values.convert)
    return built
