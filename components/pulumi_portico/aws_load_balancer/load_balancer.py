"""The load balancer itself: its properties, what no two can share, what the next deployment compares, and its cost."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, cast

import pulumi

from ..args.codes import define
from ..args.problems import available
from ..lifecycle.aws import AWS, AWS_BILLING
from ..lifecycle.claims import ExclusiveValue
from ..lifecycle.cost import Assumption, Billable, Estimate, estimate
from ..load_balancers import Scope
from ..untyped import Properties
from .args import AwsLoadBalancerSpec
from .attributes import OF_LOAD_BALANCER, build_attributes
from .choices import AwsDesyncMode
from .logs import build_logs
from .plan import AwsLoadBalancerPlan
from .resources import without_none

__all__ = [
    "billable_of",
    "build_load_balancer",
    "estimate_of",
    "exclusive_values",
    "identity_of",
    "is_protected",
    "recorded_state",
]

EXISTING = define("assumed-existing-load-balancer", "It leaves out the existing load balancer.")


def build_load_balancer(plan: AwsLoadBalancerPlan, security_group: Any, bucket: Any) -> Properties:
    """The load balancer, as `aws.lb.LoadBalancer` takes it."""
    spec = plan.spec
    return without_none(
        {
            "name": spec.name,
            "load_balancer_type": spec.kind.value,
            "internal": spec.scope is Scope.INTERNAL,
            "ip_address_type": "dualstack" if plan.is_dualstack else "ipv4",
            "security_groups": [security_group],
            "enable_deletion_protection": is_protected(spec),
            "tags": spec.tags,
            **_subnets(spec),
            **build_logs(spec.logs, plan.log_kinds, bucket),
            **(_application(spec) if plan.is_application else _network(spec)),
            **build_attributes(spec.attributes, OF_LOAD_BALANCER),
        }
    )


def is_protected(spec: AwsLoadBalancerSpec) -> bool:
    """Whether AWS refuses to delete it."""
    return spec.deletion_protection is not False


def _application(spec: AwsLoadBalancerSpec) -> Properties:
    return {
        "idle_timeout": spec.idle_timeout,
        "desync_mitigation_mode": (spec.desync_mode or AwsDesyncMode.DEFENSIVE).value,
        "drop_invalid_header_fields": _or_default(spec.drop_invalid_headers, default=True),
        "enable_http2": _or_default(spec.http2, default=True),
        "preserve_host_header": _or_default(spec.preserve_host, default=False),
        "xff_header_processing_mode": None if spec.forwarded_for is None else spec.forwarded_for.value,
        "enable_xff_client_port": spec.forwards_client_port,
    }


def _network(spec: AwsLoadBalancerSpec) -> Properties:
    link = spec.private_link
    # AWS's default, on, is left out.
    enforced = None if link is None or link.enforces_sources else "off"
    return {
        "enable_cross_zone_load_balancing": _or_default(spec.cross_zone, default=True),
        "enforce_security_group_inbound_rules_on_private_link_traffic": enforced,
    }


def _or_default(value: Optional[pulumi.Input[bool]], *, default: bool) -> pulumi.Input[bool]:
    return default if value is None else value


def _subnets(spec: AwsLoadBalancerSpec) -> Properties:
    for addresses, name in ((spec.elastic_ips, "allocation_id"), (spec.private_addresses, "private_ipv4_address")):
        if addresses is not None:
            pairs = zip(spec.subnets or (), addresses, strict=True)
            return {"subnet_mappings": [{"subnet_id": subnet, name: address} for subnet, address in pairs]}
    return {"subnets": list(spec.subnets or ())}


def exclusive_values(spec: AwsLoadBalancerSpec) -> list[ExclusiveValue]:
    """The values that no two load balancers can share, and where they are."""
    if spec.existing is not None:
        return []
    fields: Mapping[str, Callable[[], Any]] = {
        "name": lambda: spec.name,
        "elastic_ips": lambda: spec.elastic_ips,
        "private_addresses": lambda: spec.private_addresses,
    }
    values = {name: available(read, None) for name, read in fields.items()}
    return [ExclusiveValue(name, value, spec.at / name) for name, value in values.items() if value]


def identity_of(spec: AwsLoadBalancerSpec) -> Properties:
    """What AWS reads only when it creates a load balancer: a change replaces it."""
    if spec.existing is not None:
        return {}
    scope = "" if spec.scope is None else spec.scope.value
    return {"platform": AWS, "kind": spec.kind.value, "scope": scope, "vpc": spec.vpc, "name": spec.name or ""}


def recorded_state(plan: AwsLoadBalancerPlan) -> Properties:
    """What the next deployment compares: whether a change replaces the load balancer, and whether it can."""
    spec = plan.spec
    state: dict[str, Any] = {
        "identity": identity_of(spec),
        "held": {exclusive.field: _plain(exclusive.value) for exclusive in exclusive_values(spec)},
        "protected": spec.existing is None and is_protected(spec),
        "numbers": _rules_by_priority(spec),
    }
    if plan.is_application or spec.existing is not None:
        return state
    # A Network Load Balancer gets more subnets in place. To lose one, or to change an address, it is replaced.
    return {**state, "grown": {"subnets": _recorded_subnets(spec)}}


def _plain(value: Any) -> Any:
    return list(cast("Sequence[Any]", value)) if isinstance(value, tuple) else value


def _rules_by_priority(spec: AwsLoadBalancerSpec) -> dict[str, str]:
    """What the rule of each priority matches: another rule can have the priority only once this one is deleted."""
    return {
        f"{listener.port} {listener.priority_of(route)}": route.match.text
        for listener in spec.listeners
        for route in listener.routes or ()
    }


def _recorded_subnets(spec: AwsLoadBalancerSpec) -> Sequence[Any]:
    subnets, addresses = spec.subnets or (), spec.elastic_ips or spec.private_addresses
    if not addresses:
        return list(subnets)
    return [[subnet, address] for subnet, address in zip(subnets, addresses, strict=True)]


def billable_of(spec: AwsLoadBalancerSpec) -> Billable:
    """One load balancer, with a public address in each of its subnets. An existing one costs nothing here."""
    if spec.existing is not None:
        return Billable(0, 0, (Assumption(EXISTING),))
    return Billable(1, len(spec.subnets or ()) if spec.scope is Scope.INTERNET else 0)


def estimate_of(spec: AwsLoadBalancerSpec) -> Estimate:
    """What it costs, apart from usage."""
    return estimate(AWS_BILLING, billable_of(spec), spec.price)
