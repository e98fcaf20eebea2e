"""Target groups and what is registered with them, as the provider makes them.

Sources: CreateTargetGroup, ModifyTargetGroup, TargetGroupAttribute in the API reference of Elastic Load Balancing.
"""

from typing import Any

from ...untyped import Properties
from .attributes import GROUP, attributes_of
from .aws_request import AwsRequest, is_unknown
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
# What a health check waits for an answer, if it isn't set (CreateTargetGroup, HealthCheckTimeoutSeconds).
_TIMEOUTS = {"HTTP": 5, "HTTPS": 5, "GENEVE": 5}
_TCP_TIMEOUT, _NLB_HTTP_TIMEOUT, _INTERVAL = 10, 6, 30


def _make(request: AwsRequest) -> dict[str, Any]:
    name, protocol = elb_name(request), request.get("protocol")
    params = {
        "Name": name,
        "Protocol": protocol,
        "ProtocolVersion": request.get("protocolVersion"),
        "Port": request.get("port"),
        "VpcId": request.get("vpcId"),
        "TargetType": request.get("targetType"),
        "IpAddressType": request.get("ipAddressType"),
        "Tags": request.tags(),
    }
    if params["ProtocolVersion"] is not None and protocol not in _HTTP:
        request.refuse("CreateTargetGroup", f"a target group of {protocol} can't have a ProtocolVersion")
    made = request.call("elbv2", "CreateTargetGroup", {**params, **_health(request, protocol)})
    attributes = _attributes(request, protocol)
    if made is None:
        set_attributes(request, "TargetGroup", "", attributes)
        return {"name": name}
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    set_attributes(request, "TargetGroup", arn, attributes)
    return {"id": arn, "arn": arn, "name": name, "arnSuffix": arn.rpartition(":")[2]}


def _health(request: AwsRequest, protocol: Any) -> dict[str, Any]:
    health = request.translated(request.part("healthCheck"), _HEALTH, "healthCheck")
    if "HealthCheckPort" in health:
        health["HealthCheckPort"] = str(health["HealthCheckPort"])
    asks = health.get("HealthCheckProtocol", "HTTP" if protocol in _HTTP else "TCP")
    if asks not in _HTTP and {"HealthCheckPath", "Matcher"} & set(health):
        request.refuse("CreateTargetGroup", f"a health check by {asks} can't have a path or codes")
    if "Matcher" in health:
        grpc = request.get("protocolVersion") == "GRPC"
        health["Matcher"] = {"GrpcCode" if grpc else "HttpCode": health["Matcher"]}
    interval = health.get("HealthCheckIntervalSeconds", _INTERVAL)
    by_default = _TIMEOUTS.get(protocol, _NLB_HTTP_TIMEOUT if asks in _HTTP else _TCP_TIMEOUT)
    timeout = health.get("HealthCheckTimeoutSeconds", by_default)
    if not is_unknown(interval) and not is_unknown(timeout) and timeout >= interval:
        request.refuse(
            "CreateTargetGroup", f"the health check's timeout ({timeout}) is not below its interval ({interval})"
        )
    return health


def _attributes(request: AwsRequest, protocol: Any) -> list[dict[str, str]]:
    operation = "ModifyTargetGroupAttributes"
    found = attributes_of(request, GROUP, operation, protocol, "a target group of")
    params = {attribute["Key"]: attribute["Value"] for attribute in found}
    if protocol in ("UDP", "TCP_UDP") and params.get("preserve_client_ip.enabled") == "false":
        request.refuse(operation, f"preserve_client_ip.enabled can't be false of a target group of {protocol}")
    algorithm = params.get("load_balancing.algorithm.type", "round_robin")
    if params.get("load_balancing.algorithm.anomaly_mitigation") == "on" and algorithm != "weighted_random":
        request.refuse(
            operation, f"load_balancing.algorithm.anomaly_mitigation is for weighted_random, not {algorithm}"
        )
    if params.get("slow_start.duration_seconds", "0") != "0" and algorithm != "round_robin":
        request.refuse(operation, f"slow_start.duration_seconds is for round_robin, not {algorithm}")
    return [*found, *_group_health(request), *_stickiness(request, protocol, operation)]


_GROUP_HEALTH = {
    "minimumHealthyTargetsCount": "minimum_healthy_targets.count",
    "minimumHealthyTargetsPercentage": "minimum_healthy_targets.percentage",
}


def _group_health(request: AwsRequest) -> list[dict[str, str]]:
    """What happens if few targets of the group are healthy."""
    parts = {"dnsFailover": "dns_failover", "unhealthyStateRouting": "unhealthy_state_routing"}
    given = request.translated(request.part("targetGroupHealth"), parts, "targetGroupHealth")
    return [
        {"Key": f"target_group_health.{part}.{name}", "Value": str(value)}
        for part, values in given.items()
        for name, value in request.translated(values, _GROUP_HEALTH, part).items()
    ]


def _stickiness(request: AwsRequest, protocol: Any, operation: str) -> list[dict[str, str]]:
    given = request.part("stickiness")
    request.translated(given, _STICKINESS, "stickiness")
    if not given:
        return []
    kinds = ("lb_cookie", "app_cookie") if protocol in _HTTP else ("source_ip",)
    kind, duration = str(given.get("type")), given.get("cookieDuration")
    if kind not in kinds or protocol == "TLS":
        request.refuse(operation, f"stickiness.type is {kind}; AWS allows {', '.join(kinds)} with {protocol}")
    found = {"stickiness.enabled": str(given.get("enabled", True)).lower(), "stickiness.type": kind}
    if duration is not None and not is_unknown(duration):
        if kind not in ("lb_cookie", "app_cookie") or not 1 <= duration <= _LONGEST_COOKIE:
            request.refuse(
                operation, f"stickiness.{kind}.duration_seconds is {duration}: 1 to 604800, of cookies alone"
            )
        found[f"stickiness.{kind}.duration_seconds"] = str(duration)
    if given.get("cookieName") is not None:
        found["stickiness.app_cookie.cookie_name"] = given["cookieName"]
    return [{"Key": key, "Value": value} for key, value in found.items()]


def _change(request: AwsRequest) -> None:
    arn, protocol = request.made["arn"], request.get("protocol")
    if "healthCheck" in request.changed:
        request.call("elbv2", "ModifyTargetGroup", {"TargetGroupArn": arn, **_health(request, protocol)})
    set_attributes(request, "TargetGroup", arn, _attributes(request, protocol))


def _remove(request: AwsRequest) -> None:
    request.call("elbv2", "DeleteTargetGroup", {"TargetGroupArn": request.made["arn"]})


def _target(request: AwsRequest) -> Properties:
    names = {"targetId": "Id", "port": "Port", "availabilityZone": "AvailabilityZone"}
    params = {theirs: request.get(ours) for ours, theirs in names.items()}
    target = {key: value for key, value in params.items() if value is not None}
    return {"TargetGroupArn": request.get("targetGroupArn"), "Targets": [target]}


def _attach(request: AwsRequest) -> dict[str, Any]:
    target = _target(request)
    request.call("elbv2", "RegisterTargets", target)
    return {} if request.preview else {"id": f"{target['TargetGroupArn']}-{target['Targets'][0]['Id']}"}


def _detach(request: AwsRequest) -> None:
    request.call("elbv2", "DeregisterTargets", _target(request))


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
