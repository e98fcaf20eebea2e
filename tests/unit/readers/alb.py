"""What an Application Load Balancer does with a request, and which rules its API refuses.

Written from AWS's documentation alone, for nothing that Portico renders: the API reference (CreateRule, RuleCondition,
Action) and the user guide's pages "Listener rules", "Condition types for listener rules" and "Quotas for your
Application Load Balancers". It is given listeners and rules as `pulumi_aws` sends them to its provider.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.unit.readers.nginx import Request

_CONDITIONS = {
    "hostHeader": "host-header",
    "pathPattern": "path-pattern",
    "httpHeader": "http-header",
    "httpRequestMethod": "http-request-method",
    "queryString": "query-string",
    "sourceIp": "source-ip",
}
_ONCE = ("host-header", "path-pattern", "http-request-method", "source-ip")
_MOST_VALUES = 5
_MOST_WILDCARDS = 6
_MOST_LENGTH = 128
_HOST = re.compile(r"[A-Za-z0-9.*?-]+")
# "You can include only alphabetical characters after the final '.' character."
_TOP = re.compile(r"[A-Za-z]+")
_PATH = re.compile(r"""[A-Za-z0-9_.$/~"'@:+&*?-]+""")
_METHOD = re.compile(r"[A-Z_-]{1,40}")


@dataclass(frozen=True)
class Rule:
    """A rule of a listener: its number, what it compares, and what it does."""

    priority: int
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """What is compared, a header's name, and the values, one of which must fit."""
    action: Mapping[str, Any]

    def takes(self, request: Request) -> bool:
        return all(any(_fits(kind, name, it, request) for it in values) for kind, name, values in self.conditions)


def rule_of(given: Mapping[str, Any]) -> Rule:
    conditions: list[tuple[str, str, tuple[str, ...]]] = []
    for condition in given.get("conditions", []):
        for key, told in condition.items():
            conditions.append((_CONDITIONS[key], told.get("httpHeaderName", ""), tuple(told["values"])))
    return Rule(int(given["priority"]), tuple(conditions), given["actions"][-1])


class Listener:
    """One listener: its rules by their numbers, and what is done with the rest."""

    def __init__(self, default: Mapping[str, Any], rules: Iterable[Mapping[str, Any]]) -> None:
        self.default = default
        self.rules: Sequence[Rule] = sorted(map(rule_of, rules), key=lambda it: it.priority)

    def action(self, request: Request) -> Mapping[str, Any]:
        """What is done with a request: "rules are evaluated in priority order, from the lowest value"."""
        return next((rule.action for rule in self.rules if rule.takes(request)), self.default)

    def refused(self) -> list[str]:
        """What the API would refuse of the rules."""
        found = [f"{it.priority}: {wrong}" for it in self.rules for wrong in _refused(it)]
        numbers = [it.priority for it in self.rules]
        return found + [f"{it}: PriorityInUse" for it in sorted(set(numbers)) if numbers.count(it) > 1]


def _fits(kind: str, name: str, value: str, request: Request) -> bool:
    if kind == "host-header":
        # The port of a Host header is not compared.
        return _wild(value, request.host.partition(":")[0], ignore_case=True)
    if kind == "path-pattern":
        # "The path pattern is used to route requests but does not alter them"; the query is not compared.
        return _wild(value, request.path.partition("?")[0], ignore_case=False)
    if kind == "http-header":
        return bool(request.header(name)) and _wild(value, request.header(name), ignore_case=True)
    if kind == "http-request-method":
        return value == request.method
    if kind == "source-ip":
        return ipaddress.ip_address(request.client) in ipaddress.ip_network(value)
    raise NotImplementedError(f"nothing here writes the condition {kind}")


def _wild(pattern: str, text: str, *, ignore_case: bool) -> bool:
    """`*` is for any number of characters, slashes and dots among them, and `?` for one."""
    regex = "".join({"*": ".*", "?": "."}.get(it, re.escape(it)) for it in pattern)
    return re.fullmatch(regex, text, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def _refused(rule: Rule) -> Iterable[str]:
    if not 1 <= rule.priority <= 50000:
        yield "priority out of range"
    if not rule.conditions:
        yield "A rule must have at least one condition"
    kinds = [kind for kind, _, _ in rule.conditions]
    yield from (f"two conditions {it}" for it in _ONCE if kinds.count(it) > 1)
    values = [value for _, _, them in rule.conditions for value in them]
    if len(values) > _MOST_VALUES:
        yield f"{len(values)} condition values"
    wild = [it for kind, _, them in rule.conditions if kind != "http-request-method" for it in them]
    if sum(it.count("*") + it.count("?") for it in wild) > _MOST_WILDCARDS:
        yield "too many wildcards"
    for kind, name, them in rule.conditions:
        yield from (f"{kind} {name or ''} {it!r}" for it in them if not _valid(kind, it))


def _valid(kind: str, value: str) -> bool:
    if kind == "http-request-method":
        return _METHOD.fullmatch(value) is not None
    if kind == "source-ip":
        return bool(ipaddress.ip_network(value))
    if not 0 < len(value) <= _MOST_LENGTH:
        return False
    if kind == "host-header":
        return bool(_HOST.fullmatch(value) and "." in value and _TOP.fullmatch(value.rpartition(".")[2]))
    return kind != "path-pattern" or _PATH.fullmatch(value) is not None
