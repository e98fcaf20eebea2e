"""Target groups and what is registered with them, as the provider makes them.

Sources: CreateTargetGroup, ModifyTargetGroup, TargetGroupAttribute in the API reference of Elastic Load Balancing.
"""

from typing import Any

from ...untyped import Properties
from .asked import Asked, is_unknown
from .attributes import GROUP, attributes_of
from .balancers import NAME_LENGTH, elb_name, set_attributes
from .kinds import Kind

__all__ = ["KINDS"]

_HTTP = ("HTTP", "HTTPS")
_HEALTH = {
    "enabled": "HealthCheckEnabled",
    "protocol": "HealthCheckProtocol",
    "port": "HealthCheckPort",
    "path": "HealthCheckPath",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthyThreshold": "HealthyThresholdCount",
    "unhealthyThreshold": "UnhealthyThresholdCount",
    "matcher": "Matcher",
}
_STICKINESS = {"enabled": "", "type": "", "cookieDuration": "", "cookieName": ""}
_LONGEST_COOKIE = 604800
# What a health check waits for an answer, where it is not told (CreateTargetGroup, HealthCheckTimeoutSeconds).
_TIMEOUTS = {"HTTP": 5, "HTTPS": 5, "GENEVE": 5}
_TCP_TIMEOUT, _NLB_HTTP_TIMEOUT, _INTERVAL = 10, 6, 30


def _make(asked: Asked) -> dict[str, Any]:
    name, protocol = elb_name(asked), asked.get("protocol")
    told = {
        "Name": name,
        "Protocol": protocol,
        "ProtocolVersion": asked.get("protocolVersion"),
        "Port": asked.get("port"),
        "VpcId": asked.get("vpcId"),
        "TargetType": asked.get("targetType"),
        "IpAddressType": asked.get("ipAddressType"),
        "Tags": asked.tags(),
    }
    if told["ProtocolVersion"] is not None and protocol not in _HTTP:
        asked.refuse("CreateTargetGroup", f"a target group of {protocol} has no ProtocolVersion")
    made = asked.call("elbv2", "CreateTargetGroup", {**told, **_health(asked, protocol)})
    attributes = _attributes(asked, protocol)
    if made is None:
        set_attributes(asked, "TargetGroup", "", attributes)
        return {"name": name}
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    set_attributes(asked, "TargetGroup", arn, attributes)
    return {"id": arn, "arn": arn, "name": name, "arnSuffix": arn.rpartition(":")[2]}


def _health(asked: Asked, protocol: Any) -> dict[str, Any]:
    health = asked.told(asked.part("healthCheck"), _HEALTH, "healthCheck")
    if "HealthCheckPort" in health:
        health["HealthCheckPort"] = str(health["HealthCheckPort"])
    asks = health.get("HealthCheckProtocol", "HTTP" if protocol in _HTTP else "TCP")
    if asks not in _HTTP and {"HealthCheckPath", "Matcher"} & set(health):
        asked.refuse("CreateTargetGroup", f"a health check by {asks} has neither a path nor codes")
    if "Matcher" in health:
        grpc = asked.get("protocolVersion") == "GRPC"
        health["Matcher"] = {"GrpcCode" if grpc else "HttpCode": health["Matcher"]}
    interval = health.get("HealthCheckIntervalSeconds", _INTERVAL)
    by_default = _TIMEOUTS.get(protocol, _NLB_HTTP_TIMEOUT if asks in _HTTP else _TCP_TIMEOUT)
    timeout = health.get("HealthCheckTimeoutSeconds", by_default)
    if not is_unknown(interval) and not is_unknown(timeout) and timeout >= interval:
        asked.refuse(
            "CreateTargetGroup", f"the health check's timeout ({timeout}) is not below its interval ({interval})"
        )
    return health


def _attributes(asked: Asked, protocol: Any) -> list[dict[str, str]]:
    operation = "ModifyTargetGroupAttributes"
    found = attributes_of(asked, GROUP, operation, protocol, "a target group of")
    told = {it["Key"]: it["Value"] for it in found}
    if protocol in ("UDP", "TCP_UDP") and told.get("preserve_client_ip.enabled") == "false":
        asked.refuse(operation, f"preserve_client_ip.enabled can't be false of a target group of {protocol}")
    algorithm = told.get("load_balancing.algorithm.type", "round_robin")
    if told.get("load_balancing.algorithm.anomaly_mitigation") == "on" and algorithm != "weighted_random":
        asked.refuse(operation, f"load_balancing.algorithm.anomaly_mitigation is for weighted_random, not {algorithm}")
    if told.get("slow_start.duration_seconds", "0") != "0" and algorithm != "round_robin":
        asked.refuse(operation, f"slow_start.duration_seconds is for round_robin, not {algorithm}")
    return [*found, *_stickiness(asked, protocol, operation)]


def _stickiness(asked: Asked, protocol: Any, operation: str) -> list[dict[str, str]]:
    given = asked.part("stickiness")
    asked.told(given, _STICKINESS, "stickiness")
    if not given:
        return []
    kinds = ("lb_cookie", "app_cookie") if protocol in _HTTP else ("source_ip",)
    kind, duration = str(given.get("type")), given.get("cookieDuration")
    if kind not in kinds or protocol == "TLS":
        asked.refuse(operation, f"stickiness.type is {kind}, and may be {', '.join(kinds)} with {protocol}")
    found = {"stickiness.enabled": str(given.get("enabled", True)).lower(), "stickiness.type": kind}
    if duration is not None and not is_unknown(duration):
        if kind not in ("lb_cookie", "app_cookie") or not 1 <= duration <= _LONGEST_COOKIE:
            asked.refuse(operation, f"stickiness.{kind}.duration_seconds is {duration}: 1 to 604800, of cookies alone")
        found[f"stickiness.{kind}.duration_seconds"] = str(duration)
    if given.get("cookieName") is not None:
        found["stickiness.app_cookie.cookie_name"] = given["cookieName"]
    return [{"Key": key, "Value": value} for key, value in found.items()]


def _change(asked: Asked) -> None:
    arn, protocol = asked.made["arn"], asked.get("protocol")
    if "healthCheck" in asked.changed:
        asked.call("elbv2", "ModifyTargetGroup", {"TargetGroupArn": arn, **_health(asked, protocol)})
    set_attributes(asked, "TargetGroup", arn, _attributes(asked, protocol))


def _remove(asked: Asked) -> None:
    asked.call("elbv2", "DeleteTargetGroup", {"TargetGroupArn": asked.made["arn"]})


def _target(asked: Asked) -> Properties:
    names = {"targetId": "Id", "port": "Port", "availabilityZone": "AvailabilityZone"}
    told = {theirs: asked.get(ours) for ours, theirs in names.items()}
    target = {key: value for key, value in told.items() if value is not None}
    return {"TargetGroupArn": asked.get("targetGroupArn"), "Targets": [target]}


def _attach(asked: Asked) -> dict[str, Any]:
    target = _target(asked)
    asked.call("elbv2", "RegisterTargets", target)
    return {} if asked.preview else {"id": f"{target['TargetGroupArn']}-{target['Targets'][0]['Id']}"}


def _detach(asked: Asked) -> None:
    asked.call("elbv2", "DeregisterTargets", _target(asked))


KINDS = {
    "aws:lb/targetGroup:TargetGroup": Kind(
        _make,
        _remove,
        _change,
        replaced_by=("name", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"),
        named_by="name",
        longest_name=NAME_LENGTH,
    ),
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": Kind(
        _attach, _detach, replaced_by=("targetGroupArn", "targetId", "port", "availabilityZone", "quicServerId")
    ),
}
