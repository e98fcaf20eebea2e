"""Rules of listeners, as the provider makes them.

Sources: CreateRule, ModifyRule, SetRulePriorities and RuleCondition in the API reference of Elastic Load Balancing;
"Condition types for listener rules"; the quotas of Application Load Balancers.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from ...untyped import Properties
from .actions import actions_of, forward_to, let_go
from .asked import Asked, is_unknown
from .kinds import Kind

__all__ = ["KINDS"]

_VALUES, _WILDCARDS = 5, 5
_PRIORITIES = (1, 50000)
_METHOD = re.compile(r"[A-Z_-]{1,40}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}")
_HOST = re.compile(r"[A-Za-z0-9.*?-]{1,128}")
_PATH = re.compile(r"""[A-Za-z0-9_.$/~"'@:+&*?-]{1,128}""")
_PLAIN = {
    "hostHeader": ("host-header", "HostHeaderConfig", _HOST),
    "pathPattern": ("path-pattern", "PathPatternConfig", _PATH),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig", _METHOD),
    "sourceIp": ("source-ip", "SourceIpConfig", None),
}
_CONDITION = {**dict.fromkeys(_PLAIN, ""), "httpHeader": "", "queryStrings": ""}
_ONCE = ("host-header", "http-request-method", "path-pattern", "source-ip")


def _conditions(asked: Asked, operation: str) -> list[dict[str, Any]]:
    found = [it for given in asked.items("conditions") for it in _condition(asked, operation, given)]
    values = [value for it in found for value in _values(it)]
    if not found and not is_unknown(asked.get("conditions")):
        asked.refuse(operation, "it has no condition")
    if len(values) > _VALUES:
        asked.refuse(operation, f"its conditions have {len(values)} values, and {_VALUES} are the most of a rule")
    if (wildcards := sum(str(it).count("*") + str(it).count("?") for it in values)) > _WILDCARDS:
        asked.refuse(operation, f"its conditions have {wildcards} wildcards, and {_WILDCARDS} are the most of a rule")
    for field in _ONCE:
        if [it["Field"] for it in found].count(field) > 1:
            asked.refuse(operation, f"it has two conditions of {field}, and a rule may have one")
    return found


def _condition(asked: Asked, operation: str, given: Properties) -> list[dict[str, Any]]:
    asked.told(given, _CONDITION, "conditions")
    found: list[dict[str, Any]] = []
    for field, (name, config, pattern) in _PLAIN.items():
        if given.get(field):
            told = asked.told(given[field], {"values": "Values"}, f"conditions.{field}")
            found.append({"Field": name, config: told})
            for value in told.get("Values", []):
                _check_value(asked, operation, name, pattern, value)
    if given.get("httpHeader"):
        names = {"httpHeaderName": "HttpHeaderName", "values": "Values"}
        told = asked.told(given["httpHeader"], names, "conditions.httpHeader")
        if not _HEADER.fullmatch(str(told.get("HttpHeaderName"))):
            asked.refuse(operation, f"{told.get('HttpHeaderName')!r} is no name of a header that AWS takes")
        found.append({"Field": "http-header", "HttpHeaderConfig": told})
    if queries := given.get("queryStrings"):
        names = {"key": "Key", "value": "Value"}
        values = [asked.told(it, names, "conditions.queryStrings") for it in queries]
        found.append({"Field": "query-string", "QueryStringConfig": {"Values": values}})
    return found


def _check_value(asked: Asked, operation: str, field: str, pattern: Any, value: Any) -> None:
    if is_unknown(value):
        return
    if pattern is None:
        try:
            ipaddress.ip_network(value)
        except ValueError as wrong:
            asked.refuse(operation, f"a value of {field} is no block of addresses: {wrong}")
    elif not pattern.fullmatch(value):
        asked.refuse(operation, f"{value!r} is no value of {field} that AWS takes ({pattern.pattern})")
    if field == "host-header":
        # "You can include only alphabetical characters after the final '.' character" (Condition types).
        _, dot, last = value.rpartition(".")
        if not dot or not re.fullmatch(r"[A-Za-z*?]+", last):
            asked.refuse(operation, f"{value!r} is no value of host-header: letters alone after the last dot")


def _values(condition: Properties) -> list[Any]:
    values: list[Any] = next(it for key, it in condition.items() if key.endswith("Config")).get("Values", [])
    # The text of a query string is in its parts.
    return [f"{it.get('Key', '')}={it['Value']}" if isinstance(it, Mapping) else it for it in values]


def _listener(asked: Asked) -> Properties:
    return asked.ask("elbv2", "DescribeListeners", {"ListenerArns": [asked.get("listenerArn")]})["Listeners"][0]


def _check_priority(asked: Asked, operation: str) -> Any:
    """moto takes any number; AWS: "The range is 1-50000"."""
    priority = asked.get("priority")
    if priority is None:
        raise LookupError(f"{asked.resource}: a rule without priority, which this model of AWS does not know")
    if not is_unknown(priority) and not _PRIORITIES[0] <= priority <= _PRIORITIES[1]:
        asked.refuse(operation, f"Priority is {priority}, and may be {_PRIORITIES[0]} to {_PRIORITIES[1]}")
    return priority


def _make(asked: Asked) -> dict[str, Any]:
    operation = "CreateRule"
    actions = actions_of(asked, operation, "actions")
    told = {
        "ListenerArn": asked.get("listenerArn"),
        "Priority": _check_priority(asked, operation),
        "Conditions": _conditions(asked, operation),
        "Actions": actions,
        "Tags": asked.tags(),
    }
    if asked.preview:
        asked.call("elbv2", operation, told)
        return {}
    listener = _listener(asked)
    if listener["Protocol"] not in ("HTTP", "HTTPS"):
        asked.refuse(operation, f"a listener of {listener['Protocol']} takes no rules")
    balancer = listener["LoadBalancerArn"]
    _check_number_of_rules(asked, balancer)
    forward_to(asked, operation, None, balancer, listener["Protocol"], actions)
    arn = asked.call("elbv2", operation, told)["Rules"][0]["RuleArn"]
    forward_to(asked, operation, arn, balancer, listener["Protocol"], actions)
    return {"id": arn, "arn": arn}


def _check_number_of_rules(asked: Asked, balancer: str) -> None:
    most = asked.model.quotas["rules-per-application-load-balancer"]
    # A rule's ARN has that of its load balancer in it.
    within = f":listener-rule/{balancer.partition('loadbalancer/')[2]}/"
    if sum(within in it["outputs"].get("arn", "") for it in asked.model.made.values()) >= most:
        asked.refuse("CreateRule", f"TooManyRules: a load balancer has {most} rules at most, beside the default ones")


def _change(asked: Asked) -> None:
    arn, listener = asked.made["arn"], _listener(asked)
    actions = actions_of(asked, "ModifyRule", "actions")
    forward_to(asked, "ModifyRule", arn, listener["LoadBalancerArn"], listener["Protocol"], actions)
    # In the provider's order.
    if "priority" in asked.changed:
        priority = _check_priority(asked, "SetRulePriorities")
        told = {"RulePriorities": [{"RuleArn": arn, "Priority": priority}]}
        asked.call("elbv2", "SetRulePriorities", told)
    if {"actions", "conditions"} & set(asked.changed):
        conditions = _conditions(asked, "ModifyRule")
        asked.call("elbv2", "ModifyRule", {"RuleArn": arn, "Conditions": conditions, "Actions": actions})


def _remove(asked: Asked) -> None:
    asked.call("elbv2", "DeleteRule", {"RuleArn": asked.made["arn"]})
    let_go(asked, asked.made["arn"])


KINDS = {
    "aws:lb/listenerRule:ListenerRule": Kind(
        _make, _remove, _change, replaced_by=("listenerArn",), ordered=("actions",)
    ),
}
