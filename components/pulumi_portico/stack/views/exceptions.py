"""Every exception to the secure defaults that a stack makes.

What a component itself reports is taken over; the rest is one table of rules, each of one argument; and what leaves
TLS out on the way from the internet is told from the whole.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

import pulumi

from ...args.location import KeyStyle, Location, location_text
from ...args.shapes import camel_case
from ...args.spec import Spec
from ...ingress_gateway.exceptions import security_exceptions as of_gateway
from ...load_balancers import EVERYONE
from ...web_service.validation import exceptions_of as of_service
from ..plan import StackPlan
from ..view import BalancerView, DefaultException
from .destinations import LATER
from .plain_text import plain_text_of

__all__ = ["RULES", "Rule", "exceptions_of"]


def _everybody(value: Any) -> bool:
    return value in EVERYONE


def _true(value: Any) -> bool:
    return value is True


def _false(value: Any) -> bool:
    return value is False


def _is(wanted: Any) -> Callable[[Any], bool]:
    return lambda value: value == wanted


def _some(value: Any) -> bool:
    return bool(value)


@dataclass(frozen=True)
class Rule:
    """One argument that loosens a secure default."""

    where: str
    """The arguments that it is about, as `services.*.allow_to[].cidr`: * stands for a name, [] for an item."""
    loosens: Callable[[Any], bool]
    """Whether a value does."""
    meaning: str
    """What it lets happen that does not by default."""


RULES: Sequence[Rule] = (
    Rule("services.*.allow_from[].cidr", _everybody, "everybody who reaches the pods may connect"),
    Rule("services.*.allow_from[].any_namespace", _true, "pods of every namespace may connect"),
    Rule("services.*.allow_to[].cidr", _everybody, "the pods may connect to every address"),
    Rule("services.*.allow_to[].any_namespace", _true, "the pods may connect to those of every namespace"),
    Rule("gateways.*.exposure.allowed_sources[]", _everybody, "everybody may connect"),
    Rule("gateways.*.exposure.platform_sources[]", _everybody, "everybody may connect to the controller's pods"),
    Rule("gateways.*.exposure.annotations", _some, "the platform is told what nobody checks"),
    Rule("gateways.*.upstream.sources[]", _everybody, "everybody who reaches the pods may connect to the controller"),
    Rule("gateways.*.controller_peers[].cidr", _everybody, "everybody may connect to the targets' pods"),
    Rule("gateways.*.controller_peers[].any_namespace", _true, "pods of every namespace may connect to the targets'"),
    Rule(
        "gateways.*.installation.metrics_from[].cidr", _everybody, "everybody who reaches the pods may read the metrics"
    ),
    Rule("gateways.*.installation.default_class", _true, "Ingresses that name no class are this gateway's too"),
    Rule("gateways.*.settings.access_log", _is("off"), "nobody can tell who asked for what"),
    Rule("gateways.*.settings.body_size", _is(0), "a request's body may be of any size"),
    Rule("gateways.*.routes[].body_size", _is(0), "a request's body may be of any size"),
    Rule("gateways.*.routes[].cors.origins[]", _is("*"), "every other site's pages may use the route"),
    Rule("gateways.*.routes[].session_persistence.secure", _false, "the cookie goes over connections without TLS too"),
    Rule("loadBalancers.*.exposure.allowed_sources[]", _everybody, "everybody may connect"),
    Rule("loadBalancers.*.exposure.platform_sources[]", _everybody, "everybody may connect to the pods"),
    Rule("loadBalancers.*.exposure.annotations", _some, "the platform is told what nobody checks"),
    Rule("awsLoadBalancers.*.allowed_sources[]", _everybody, "everybody may connect"),
    Rule("awsLoadBalancers.*.sources.*.cidr", _everybody, "everybody may connect"),
    Rule("awsLoadBalancers.*.target_ranges[]", _everybody, "the load balancer may connect to every address"),
    Rule("awsLoadBalancers.*.deletion_protection", _false, "the load balancer can be deleted by mistake"),
    Rule("awsLoadBalancers.*.desync_mode", _is("monitor"), "requests that can be read in two ways are let through"),
    Rule("awsLoadBalancers.*.drop_invalid_headers", _false, "headers with invalid names are let through"),
    Rule("awsLoadBalancers.*.wildcards_any_depth", _true, "a wildcard host takes names of any depth"),
    Rule("awsLoadBalancers.*.logs.access", _false, "nobody can tell who asked for what"),
    Rule("awsLoadBalancers.*.logs.delete_with_balancer", _true, "the logs go with the load balancer"),
    Rule(
        "awsLoadBalancers.*.listeners[].policy",
        _is("ELBSecurityPolicy-TLS13-1-2-2021-06"),
        "clients may use ciphers that are no longer recommended",
    ),
    Rule("awsLoadBalancers.*.listeners[].headers.hsts_max_age", _is(0), "browsers are not told to keep to https"),
    Rule("awsLoadBalancers.*.listeners[].headers.no_sniff", _false, "browsers may guess what a response is"),
    Rule(
        "awsLoadBalancers.*.listeners[].client_certificates.ignore_expiry",
        _true,
        "certificates of clients are taken after they have expired",
    ),
)
"""What loosens a secure default, beside what the components report themselves."""


def exceptions_of(plan: StackPlan, balancers: Sequence[BalancerView]) -> tuple[DefaultException, ...]:
    """Every exception of the stack, by path."""
    tree = {
        "services": plan.services,
        "gateways": plan.gateways,
        "loadBalancers": plan.load_balancers,
        "awsLoadBalancers": plan.aws_load_balancers,
    }
    found = [*_reported(plan, tree)]
    for rule in RULES:
        found += [_exception(path, value, rule.meaning) for path, value in _at(tree, rule.where) if _known(rule, value)]
    found += [_exception(path, value, meaning) for path, value, meaning in plain_text_of(plan, balancers)]
    return tuple(sorted(dict.fromkeys(found), key=lambda it: (_natural(it.path), it.meaning)))


def _known(rule: Rule, value: Any) -> bool:
    return not isinstance(value, pulumi.Output) and rule.loosens(value)


def _natural(path: str) -> list[Any]:
    """Numbers by their value, so that the tenth item comes after the second."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", path)]


def _reported(plan: StackPlan, tree: Mapping[str, Any]) -> Iterator[DefaultException]:
    """What the components report themselves."""
    found = [exception for spec in plan.services.values() for exception in of_service(spec)]
    found += [exception for spec in plan.gateways.values() for exception in of_gateway(spec)]
    for exception in found:
        path = location_text(exception.location, KeyStyle.STACK)
        yield DefaultException(path, _shown(_value_at(tree, exception.location)), exception.meaning(KeyStyle.STACK))


def _value_at(tree: Mapping[str, Any], location: Location) -> Any:
    """The value at a location of the stack; None if it isn't set."""
    value: Any = tree
    for step in location:
        if isinstance(value, Spec):
            value = cast("Any", value).get(step)
        elif isinstance(value, Mapping):
            value = cast("Mapping[Any, Any]", value).get(step)
        elif isinstance(value, (list, tuple)) and isinstance(step, int):
            value = cast("Sequence[Any]", value)[step]
        else:
            return None
    return value


def _at(node: Any, where: str, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value at a place that a rule is about, and its path."""
    if not where:
        yield path, node
        return
    if where.startswith("[]"):
        for at, item in enumerate(cast("Sequence[Any]", node) if isinstance(node, (list, tuple)) else ()):
            yield from _at(item, where[2:], f"{path}[{at}]")
        return
    step = re.match(r"\.?([a-zA-Z_0-9]+|\*)", where)
    if step is None or not isinstance(node, (Mapping, Spec)):
        return
    given, rest = cast("Mapping[str, Any]", node), where[step.end() :]
    for key in given if step[1] == "*" else (step[1],):
        if key in given:
            yield from _at(given[key], rest, f"{path}.{key}" if path else key)


def _exception(path: str, value: Any, meaning: str) -> DefaultException:
    return DefaultException(f"portico:{_spelled(path)}", _shown(value), meaning)


def _spelled(path: str) -> str:
    """The path as the stack file has it. What is a name there has no underscores."""
    return ".".join(camel_case(step) if re.match(r"[a-z]", step) else step for step in path.split("."))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, pulumi.Output):
        return LATER
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    text = json.dumps(value, sort_keys=True, default=lambda _: LATER)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


_LONGEST = 60
