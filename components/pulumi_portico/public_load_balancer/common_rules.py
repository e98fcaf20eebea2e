"""The rules that several platforms share, and the codes of their problems."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.location import Field, Location
from ..args.problems import Problems, Reason, Remove, Set
from ..args.values import ip_address
from ..load_balancers import ClientIp, Scope
from .common import is_client_ip_preserved
from .platform_module import Request, value_of

__all__ = [
    "NO_EFFECT",
    "check_address_count",
    "check_fixed_health",
    "check_node_port",
    "check_node_targets_health",
    "check_one_subnet",
    "only_with_scope",
    "private_address",
    "report_no_effect",
    "trimmed",
]

NO_EFFECT = define("no-effect", "This has no effect unless {field} is {needed}.")
UNUSED_NODE_PORT = define(
    "unused-node-port",
    "Nothing checks this port.",
    allowed="only if {field} is {needed}, and the targets are nodes",
)
FIXED_HEALTH_CHECK = define(
    "fixed-health-check",
    "You can't choose this if {field} is {value_of_field}, because each node reports the health of its own pods.",
    allowed="only {allowed_field}",
)
TOO_MANY_ADDRESSES = define(
    "too-many-addresses",
    "There are {count} addresses, but the load balancer has only {most}.",
    allowed="one address for each IP version",
)
SEVERAL_SUBNETS = define("several-subnets", "There are {count} subnets.", allowed="the name of one subnet")
NOT_AN_ADDRESS = define(
    "not-an-address", "{value} isn't an IP address.", allowed="an address of the subnet, such as 10.0.1.5"
)


def private_address(value: str) -> Optional[Reason]:
    """An address of the private network."""
    return Reason(NOT_AN_ADDRESS) if ip_address(value) is None else None


def check_node_targets_health(request: Request, problems: Problems) -> None:
    """Report health check settings that don't fit a load balancer whose targets are nodes."""
    (check_fixed_health if is_client_ip_preserved(request) else check_node_port)(request, problems)


def check_fixed_health(request: Request, problems: Problems) -> None:
    """Report settings of a health check that is fixed, because each node reports the health of its own pods."""
    health = request.exposure.health
    # With the platform's default, the health check is what the user chose.
    is_chosen = request.exposure.client_ip is not None
    hide = Set(request.at / "client_ip", ClientIp.HIDE.value)
    chosen: Mapping[str, Any] = {
        "protocol": health.protocol,
        "port": health.port,
        "path": health.path,
        "success_codes": health.success_codes,
    }
    for name, value in chosen.items():
        if value is not None:
            location = request.at / "health" / name
            problems.report(
                FIXED_HEALTH_CHECK,
                location,
                value=value,
                fix=Remove(location) if is_chosen else hide,
                field=Field("client_ip"),
                value_of_field=ClientIp.PRESERVE,
                allowed_field=Field("node_port"),
            )


def check_node_port(request: Request, problems: Problems) -> None:
    """Report a health check port of the nodes that nothing checks."""
    if request.exposure.health.node_port is not None:
        location = request.at / "health" / "node_port"
        needed = ClientIp.PRESERVE
        problems.report(UNUSED_NODE_PORT, location, field=Field("client_ip"), needed=needed, fix=Remove(location))


def report_no_effect(problems: Problems, location: Location, field: str, *needed: Enum) -> None:
    """Report a field that has an effect only if another field has one of these values."""
    problems.report(NO_EFFECT, location, field=Field(field), needed=list(needed), fix=Remove(location))


def only_with_scope(scope: Scope, fields: Iterable[str], request: Request, problems: Problems) -> None:
    """Report fields, by their path in the exposure, that are set and need the scope."""
    for name in fields:
        if value_of(request.exposure, name) is not None:
            report_no_effect(problems, request.at.join(name.split(".")), "scope", scope)


def trimmed(location: Location, values: Sequence[Any], most: int) -> Optional[Set]:
    """The edit that keeps the first values; None if one of them is an Output, which no edit can write."""
    kept = list(values[:most])
    return None if any(isinstance(value, pulumi.Output) for value in kept) else Set(location, kept)


def check_address_count(request: Request, problems: Problems) -> None:
    """Report more static addresses than the load balancer has."""
    addresses, most = request.exposure.static_addresses, 2 if request.exposure.is_dualstack else 1
    if len(addresses) > most:
        location = request.at / "static_addresses"
        fix = trimmed(location, addresses, most)
        problems.report(TOO_MANY_ADDRESSES, location, count=len(addresses), most=most, fix=fix)


def check_one_subnet(request: Request, problems: Problems) -> None:
    """Report several subnets, for platforms that use one."""
    subnets = request.exposure.subnets
    if len(subnets) > 1:
        location = request.at / "subnets"
        problems.report(SEVERAL_SUBNETS, location, count=len(subnets), fix=trimmed(location, subnets, 1))
