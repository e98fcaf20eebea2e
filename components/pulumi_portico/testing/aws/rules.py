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
from .aws_request import AwsRequest, is_unknown
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


def _conditions(request: AwsRequest, operation: str) -> list[dict[str, Any]]:
    found = [condition for given in request.items("conditions") for condition in _condition(request, operation, given)]
    values = [value for condition in found for value in _values(condition)]
    if not found and not is_unknown(request.get("conditions")):
        request.refuse(operation, "it has no condition")
    if len(values) > _VALUES:
        request.refuse(operation, f"its conditions have {len(values)} values; AWS allows {_VALUES} in a rule")
    if (wildcards := sum(str(value).count("*") + str(value).count("?") for value in values)) > _WILDCARDS:
        request.refuse(operation, f"its conditions have {wildcards} wildcards; AWS allows {_WILDCARDS} in a rule")
    for field in _ONCE:
        if [condition["Field"] for condition in found].count(field) > 1:
            request.refuse(operation, f"it has two conditions of {field}; AWS allows one in a rule")
    return found


def _condition(request: AwsRequest, operation: str, given: Properties) -> list[dict[str, Any]]:
    request.translated(given, _CONDITION, "conditions")
    found: list[dict[str, Any]] = []
    for field, (name, config, pattern) in _PLAIN.items():
        if given.get(field):
            params = request.translated(given[field], {"values": "Values"}, f"conditions.{field}")
            found.append({"Field": name, config: params})
            for value in params.get("Values", []):
                _check_value(request, operation, name, pattern, value)
    if given.get("httpHeader"):
        names = {"httpHeaderName": "HttpHeaderName", "values": "Values"}
        params = request.translated(given["httpHeader"], names, "conditions.httpHeader")
        if not _HEADER.fullmatch(str(params.get("HttpHeaderName"))):
            request.refuse(operation, f"{params.get('HttpHeaderName')!r} isn't the name of a header that AWS accepts")
        found.append({"Field": "http-header", "HttpHeaderConfig": params})
    if queries := given.get("queryStrings"):
        names = {"key": "Key", "value": "Value"}
        values = [request.translated(query, names, "conditions.queryStrings") for query in queries]
        found.append({"Field": "query-string", "QueryStringConfig": {"Values": values}})
    return found


def _check_value(request: AwsRequest, operation: str, field: str, pattern: Any, value: Any) -> None:
    if is_unknown(value):
        return
    if pattern is None:
        try:
            ipaddress.ip_network(value)
        except ValueError as wrong:
            request.refuse(operation, f"a value of {field} isn't a range of addresses: {wrong}")
    elif not pattern.fullmatch(value):
        request.refuse(operation, f"{value!r} isn't a value of {field} that AWS accepts ({pattern.pattern})")
    if field == "host-header":
        # "You can include only alphabetical characters after the final '.' character" (Condition types).
        _, dot, last = value.rpartition(".")
        if not dot or not re.fullmatch(r"[A-Za-z*?]+", last):
            request.refuse(operation, f"{value!r} isn't a valid host-header: only letters can follow the last dot")


def _values(condition: Properties) -> list[Any]:
    values: list[Any] = next(config for key, config in condition.items() if key.endswith("Config")).get("Values", [])
    # The text of a query string is in its parts.
    return [f"{value.get('Key', '')}={value['Value']}" if isinstance(value, Mapping) else value for value in values]


def _listener(request: AwsRequest) -> Properties:
    return request.ask("elbv2", "DescribeListeners", {"ListenerArns": [request.get("listenerArn")]})["Listeners"][0]


def _check_priority(request: AwsRequest, operation: str) -> Any:
    """moto takes any number; AWS: "The range is 1-50000"."""
    priority = request.get("priority")
    if priority is None:
        raise LookupError(f"{request.resource}: a rule without priority, which this model of AWS doesn't support")
    if not is_unknown(priority) and not _PRIORITIES[0] <= priority <= _PRIORITIES[1]:
        request.refuse(operation, f"Priority is {priority}; AWS allows {_PRIORITIES[0]} to {_PRIORITIES[1]}")
    return priority


def _make(request: AwsRequest) -> dict[str, Any]:
    operation = "CreateRule"
    actions = actions_of(request, operation, "actions")
    params = {
        "ListenerArn": request.get("listenerArn"),
        "Priority": _check_priority(request, operation),
        "Conditions": _conditions(request, operation),
        "Actions": actions,
        "Tags": request.tags(),
    }
    if request.preview:
        request.call("elbv2", operation, params)
        return {}
    listener = _listener(request)
    if listener["Protocol"] not in ("HTTP", "HTTPS"):
        request.refuse(operation, f"a listener of {listener['Protocol']} doesn't support rules")
    balancer = listener["LoadBalancerArn"]
    _check_number_of_rules(request, balancer)
    forward_to(request, operation, None, balancer, listener["Protocol"], actions)
    arn = request.call("elbv2", operation, params)["Rules"][0]["RuleArn"]
    forward_to(request, operation, arn, balancer, listener["Protocol"], actions)
    return {"id": arn, "arn": arn}


def _check_number_of_rules(request: AwsRequest, balancer: str) -> None:
    most = request.model.quotas["rules-per-application-load-balancer"]
    # A rule's ARN has that of its load balancer in it.
    within = f":listener-rule/{balancer.partition('loadbalancer/')[2]}/"
    if sum(within in made["outputs"].get("arn", "") for made in request.model.made.values()) >= most:
        request.refuse(
            "CreateRule", f"TooManyRules: AWS allows {most} rules of a load balancer, apart from the default ones"
        )


def _change(request: AwsRequest) -> None:
    arn, listener = request.made["arn"], _listener(request)
    actions = actions_of(request, "ModifyRule", "actions")
    forward_to(request, "ModifyRule", arn, listener["LoadBalancerArn"], listener["Protocol"], actions)
    # In the provider's order.
    if "priority" in request.changed:
        priority = _check_priority(request, "SetRulePriorities")
        params = {"RulePriorities": [{"RuleArn": arn, "Priority": priority}]}
        request.call("elbv2", "SetRulePriorities", params)
    if {"actions", "conditions"} & set(request.changed):
        conditions = _conditions(request, "ModifyRule")
        request.call("elbv2", "ModifyRule", {"RuleArn": arn, "Conditions": conditions, "Actions": actions})


def _remove(request: AwsRequest) -> None:
    request.call("elbv2", "DeleteRule", {"RuleArn": request.made["arn"]})
    let_go(request, request.made["arn"])


KINDS = {
    "aws:lb/listenerRule:ListenerRule": Kind(
        _make, _remove, _change, replaced_by=("listenerArn",), ordered=("actions",)
    ),
}
