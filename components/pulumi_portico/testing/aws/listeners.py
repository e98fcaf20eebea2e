"""Listeners, their rules and certificates, as the provider makes them.

Sources: the Elastic Load Balancing API reference and its quotas.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .elb import PROTOCOLS, kind_of

if TYPE_CHECKING:
    from .model import Asked

__all__ = ["MAKERS"]

_CONDITION_VALUES = 5


def listener(asked: "Asked") -> dict[str, Any]:
    """aws:lb/listener:Listener."""
    protocol = asked.get("protocol")
    secure = protocol in ("HTTPS", "TLS")
    certificate = asked.get("certificateArn")
    if secure and certificate is None:
        asked.refuse("CreateListener", f"a listener of {protocol} wants a certificate")
    if not secure and (certificate is not None or asked.get("sslPolicy")):
        asked.refuse("CreateListener", f"a listener of {protocol} has no certificate and no TLS policy")
    balancer = asked.get("loadBalancerArn")
    kind = kind_of(asked, balancer)
    if not asked.preview and protocol not in PROTOCOLS[kind]:
        asked.refuse("CreateListener", f"a load balancer of type {kind} does not listen for {protocol}")
    mutual = asked.get("mutualAuthentication")
    made = asked.call(
        "elbv2",
        "CreateListener",
        {
            "LoadBalancerArn": balancer,
            "Protocol": protocol,
            "Port": asked.get("port"),
            "SslPolicy": asked.get("sslPolicy"),
            "Certificates": None if certificate is None else [{"CertificateArn": certificate}],
            "AlpnPolicy": None if asked.get("alpnPolicy") is None else [asked.get("alpnPolicy")],
            "DefaultActions": [_action(it) for it in asked.get("defaultActions", [])],
            "MutualAuthentication": None if mutual is None else _mutual(mutual),
            "Tags": asked.tags(),
        },
    )
    if made is None:
        return {}
    arn = made["Listeners"][0]["ListenerArn"]
    return {"id": arn, "arn": arn}


def _mutual(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "mode": "Mode",
        "trustStoreArn": "TrustStoreArn",
        "ignoreClientCertificateExpiry": "IgnoreClientCertificateExpiry",
        "advertiseTrustStoreCaNames": "AdvertiseTrustStoreCaNames",
    }
    return {theirs: given[ours] for ours, theirs in names.items() if given.get(ours) is not None}


def _action(given: Mapping[str, Any]) -> dict[str, Any]:
    action: dict[str, Any] = {"Type": given.get("type")}
    if given.get("targetGroupArn") is not None:
        action["TargetGroupArn"] = given["targetGroupArn"]
    if forward := given.get("forward"):
        action["ForwardConfig"] = {
            "TargetGroups": [_weighted(it) for it in forward.get("targetGroups", [])],
            **({"TargetGroupStickinessConfig": _sticky(forward["stickiness"])} if forward.get("stickiness") else {}),
        }
    if redirect := given.get("redirect"):
        names = {"host": "Host", "path": "Path", "port": "Port", "protocol": "Protocol", "query": "Query"}
        told = {theirs: str(redirect[ours]) for ours, theirs in names.items() if redirect.get(ours) is not None}
        action["RedirectConfig"] = {**told, "StatusCode": redirect.get("statusCode")}
    if fixed := given.get("fixedResponse"):
        names = {"contentType": "ContentType", "messageBody": "MessageBody", "statusCode": "StatusCode"}
        action["FixedResponseConfig"] = {
            theirs: fixed[ours] for ours, theirs in names.items() if fixed.get(ours) is not None
        }
    if given.get("order") is not None:
        action["Order"] = given["order"]
    return action


def _weighted(given: Mapping[str, Any]) -> dict[str, Any]:
    weight = given.get("weight")
    return {"TargetGroupArn": given.get("arn"), **({} if weight is None else {"Weight": weight})}


def _sticky(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"Enabled": given.get("enabled", True), "DurationSeconds": given.get("duration")}


def rule(asked: "Asked") -> dict[str, Any]:
    """aws:lb/listenerRule:ListenerRule."""
    conditions = [it for given in asked.get("conditions", []) for it in _condition(given)]
    values = sum(len(_values(it)) for it in conditions)
    if values > _CONDITION_VALUES:
        asked.refuse("CreateRule", f"its conditions have {values} values, and {_CONDITION_VALUES} are the most")
    if not conditions:
        asked.refuse("CreateRule", "it has no condition")
    made = asked.call(
        "elbv2",
        "CreateRule",
        {
            "ListenerArn": asked.get("listenerArn"),
            "Priority": asked.get("priority"),
            "Conditions": conditions,
            "Actions": [_action(it) for it in asked.get("actions", [])],
            "Tags": asked.tags(),
        },
    )
    if made is None:
        return {}
    arn = made["Rules"][0]["RuleArn"]
    return {"id": arn, "arn": arn}


_CONDITIONS = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}


def _condition(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for field, (name, config) in _CONDITIONS.items():
        if given.get(field):
            found.append({"Field": name, config: {"Values": list(given[field].get("values", []))}})
    if header := given.get("httpHeader"):
        told = {"HttpHeaderName": header.get("httpHeaderName"), "Values": list(header.get("values", []))}
        found.append({"Field": "http-header", "HttpHeaderConfig": told})
    queries: list[Any] = given.get("queryStrings") or []
    for query in queries:
        told = {"Values": [{"Key": query.get("key", ""), "Value": query.get("value")}]}
        found.append({"Field": "query-string", "QueryStringConfig": told})
    return found


def _values(condition: Mapping[str, Any]) -> list[Any]:
    return next(value["Values"] for key, value in condition.items() if key.endswith("Config"))


def listener_certificate(asked: "Asked") -> dict[str, Any]:
    """aws:lb/listenerCertificate:ListenerCertificate."""
    arn = asked.get("certificateArn")
    params = {"ListenerArn": asked.get("listenerArn"), "Certificates": [{"CertificateArn": arn}]}
    asked.call("elbv2", "AddListenerCertificates", params)
    return {"id": f"{asked.get('listenerArn')}_{arn}"}


MAKERS = {
    "aws:lb/listener:Listener": listener,
    "aws:lb/listenerRule:ListenerRule": rule,
    "aws:lb/listenerCertificate:ListenerCertificate": listener_certificate,
}
