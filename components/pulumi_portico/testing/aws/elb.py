"""Load balancers and their target groups, as the provider makes them.

Sources: the Elastic Load Balancing API reference (LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute,
quotas), and the AWS provider's fields, which are named for them.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import Asked

__all__ = ["MAKERS", "PROTOCOLS", "kind_of"]

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_NAME_LENGTH = 32
_ALB, _NLB, _GATEWAY = "application", "network", "gateway"
_TWO_ZONES = 2

# For each field: the attribute that it sets, and the kinds of load balancers that have it.
_BALANCER: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "enableDeletionProtection": ("deletion_protection.enabled", (_ALB, _NLB, _GATEWAY)),
    "enableCrossZoneLoadBalancing": ("load_balancing.cross_zone.enabled", (_ALB, _NLB, _GATEWAY)),
    "idleTimeout": ("idle_timeout.timeout_seconds", (_ALB,)),
    "clientKeepAlive": ("client_keep_alive.seconds", (_ALB,)),
    "enableHttp2": ("routing.http2.enabled", (_ALB,)),
    "dropInvalidHeaderFields": ("routing.http.drop_invalid_header_fields.enabled", (_ALB,)),
    "desyncMitigationMode": ("routing.http.desync_mitigation_mode", (_ALB,)),
    "preserveHostHeader": ("routing.http.preserve_host_header.enabled", (_ALB,)),
    "xffHeaderProcessingMode": ("routing.http.xff_header_processing.mode", (_ALB,)),
    "enableXffClientPort": ("routing.http.xff_client_port.enabled", (_ALB,)),
    "enableTlsVersionAndCipherSuiteHeaders": ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", (_ALB,)),
    "enableWafFailOpen": ("waf.fail_open.enabled", (_ALB,)),
    "enableZonalShift": ("zonal_shift.config.enabled", (_ALB, _NLB)),
    "dnsRecordClientRoutingPolicy": ("dns_record.client_routing_policy", (_NLB,)),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "desyncMitigationMode": ("monitor", "defensive", "strictest"),
    "xffHeaderProcessingMode": ("append", "preserve", "remove"),
    "dnsRecordClientRoutingPolicy": (
        "any_availability_zone",
        "availability_zone_affinity",
        "partial_availability_zone_affinity",
    ),
}
_RANGES: Mapping[str, tuple[int, int]] = {"idleTimeout": (1, 4000), "clientKeepAlive": (60, 604800)}
_LOGS = {
    "accessLogs": "access_logs.s3",
    "connectionLogs": "connection_logs.s3",
    "healthCheckLogs": "health_check_logs.s3",
}
_LOGS_OF = {"accessLogs": (_ALB, _NLB), "connectionLogs": (_ALB,), "healthCheckLogs": (_ALB,)}
_OF_HTTP = ("HTTP", "HTTPS")
PROTOCOLS = {_ALB: ("HTTP", "HTTPS"), _NLB: ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"), _GATEWAY: ("GENEVE",)}
# For each field of a target group: the attribute, and the protocols that have it; none for all.
_GROUP: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "deregistrationDelay": ("deregistration_delay.timeout_seconds", ()),
    "slowStart": ("slow_start.duration_seconds", _OF_HTTP),
    "loadBalancingAlgorithmType": ("load_balancing.algorithm.type", _OF_HTTP),
    "loadBalancingCrossZoneEnabled": ("load_balancing.cross_zone.enabled", ()),
    "preserveClientIp": ("preserve_client_ip.enabled", PROTOCOLS[_NLB]),
    "proxyProtocolV2": ("proxy_protocol_v2.enabled", PROTOCOLS[_NLB]),
    "connectionTermination": ("deregistration_delay.connection_termination.enabled", PROTOCOLS[_NLB]),
}


def _flag(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _elb_name(asked: "Asked") -> str:
    name = asked.name(_NAME_LENGTH)
    if name.startswith("internal-"):
        asked.refuse("its name", f"{name!r} begins with internal-, which AWS keeps for itself")
    if not _NAME.fullmatch(name):
        asked.refuse("its name", f"{name!r} does not fit: letters, digits and hyphens, none at an end, 32 at most")
    return name


def load_balancer(asked: "Asked") -> dict[str, Any]:
    """aws:lb/loadBalancer:LoadBalancer."""
    name, kind = _elb_name(asked), asked.get("loadBalancerType", _ALB)
    mappings = [_mapping(it) for it in asked.get("subnetMappings", [])]
    made = asked.call(
        "elbv2",
        "CreateLoadBalancer",
        {
            "Name": name,
            "Type": kind,
            "Scheme": "internal" if asked.get("internal") else "internet-facing",
            "Subnets": None if mappings else asked.get("subnets"),
            "SubnetMappings": mappings or None,
            "SecurityGroups": asked.get("securityGroups"),
            "IpAddressType": asked.get("ipAddressType"),
            "Tags": asked.tags(),
        },
    )
    attributes = _balancer_attributes(asked, kind)
    _check_zones(asked, kind, mappings)
    if made is None:
        asked.call("elbv2", "ModifyLoadBalancerAttributes", {"LoadBalancerArn": "arn", "Attributes": attributes})
        return {"name": name}
    told = made["LoadBalancers"][0]
    arn = told["LoadBalancerArn"]
    # moto knows no logs of health checks.
    unknown = [it for it in attributes if it["Key"].startswith("health_check_logs.")]
    known = [it for it in attributes if it not in unknown]
    asked.call("elbv2", "ModifyLoadBalancerAttributes", {"LoadBalancerArn": arn, "Attributes": known})
    if unknown:
        asked.held("elbv2", "ModifyLoadBalancerAttributes", {"LoadBalancerArn": arn, "Attributes": unknown})
    return {
        "id": arn,
        "name": name,
        "arn": arn,
        "arnSuffix": arn.partition("loadbalancer/")[2],
        "dnsName": told["DNSName"],
        "zoneId": told["CanonicalHostedZoneId"],
        "vpcId": told["VpcId"],
    }


def _mapping(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"subnetId": "SubnetId", "allocationId": "AllocationId", "privateIpv4Address": "PrivateIPv4Address"}
    return {theirs: given[ours] for ours, theirs in names.items() if given.get(ours) is not None}


def _balancer_attributes(asked: "Asked", kind: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for field, (key, kinds) in _BALANCER.items():
        value = asked.get(field)
        if value is None:
            continue
        if kind not in kinds:
            asked.refuse("ModifyLoadBalancerAttributes", f"{key} is no attribute of a load balancer of type {kind}")
        if field in _CHOICES and value not in _CHOICES[field]:
            asked.refuse("ModifyLoadBalancerAttributes", f"{key} is {value!r}, and may be {', '.join(_CHOICES[field])}")
        least, most = _RANGES.get(field, (0, 10**9))
        if isinstance(value, int) and not isinstance(value, bool) and not least <= value <= most:
            asked.refuse("ModifyLoadBalancerAttributes", f"{key} is {value}, and may be {least} to {most}")
        found.append({"Key": key, "Value": _flag(value)})
    return [*found, *_log_attributes(asked, kind)]


def _log_attributes(asked: "Asked", kind: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for field, key in _LOGS.items():
        logs = asked.get(field)
        if not logs or not logs.get("enabled"):
            continue
        if kind not in _LOGS_OF[field]:
            asked.refuse("ModifyLoadBalancerAttributes", f"{key} is no attribute of a load balancer of type {kind}")
        if not logs.get("bucket"):
            asked.refuse("ModifyLoadBalancerAttributes", f"{key}.enabled is true, and {key}.bucket is missing")
        found += [{"Key": f"{key}.enabled", "Value": "true"}, {"Key": f"{key}.bucket", "Value": logs["bucket"]}]
        if logs.get("prefix"):
            found.append({"Key": f"{key}.prefix", "Value": logs["prefix"]})
    return found


def _check_zones(asked: "Asked", kind: str, mappings: list[dict[str, Any]]) -> None:
    named = [it.get("SubnetId") for it in mappings] or asked.get("subnets", [])
    if asked.preview:
        return
    if not named:
        asked.refuse("CreateLoadBalancer", "no subnet is named")
    found = asked.model.client("ec2").describe_subnets(SubnetIds=named)["Subnets"]
    zones = {it["AvailabilityZone"] for it in found}
    if len(zones) < len(found):
        asked.refuse("CreateLoadBalancer", "two of its subnets are in one zone, and a zone may have one")
    if kind == _ALB and len(zones) < _TWO_ZONES:
        asked.refuse("CreateLoadBalancer", f"an Application Load Balancer wants two zones, and has {len(zones)}")
    if kind == _ALB and any("AllocationId" in it for it in mappings):
        asked.refuse("CreateLoadBalancer", "an Application Load Balancer takes no Elastic IPs")


def target_group(asked: "Asked") -> dict[str, Any]:
    """aws:lb/targetGroup:TargetGroup."""
    name, protocol = _elb_name(asked), asked.get("protocol")
    health = asked.get("healthCheck", {})
    counts = {
        "HealthyThresholdCount": health.get("healthyThreshold"),
        "UnhealthyThresholdCount": health.get("unhealthyThreshold"),
        "HealthCheckIntervalSeconds": health.get("interval"),
        "HealthCheckTimeoutSeconds": health.get("timeout"),
    }
    if (counts["HealthCheckTimeoutSeconds"] or 0) >= (counts["HealthCheckIntervalSeconds"] or 10**6):
        asked.refuse("CreateTargetGroup", "the health check's timeout is not below its interval")
    made = asked.call(
        "elbv2",
        "CreateTargetGroup",
        {
            "Name": name,
            "Protocol": protocol,
            "ProtocolVersion": asked.get("protocolVersion"),
            "Port": asked.get("port"),
            "VpcId": asked.get("vpcId"),
            "TargetType": asked.get("targetType"),
            "IpAddressType": asked.get("ipAddressType"),
            "HealthCheckProtocol": health.get("protocol"),
            "HealthCheckPort": None if health.get("port") is None else str(health["port"]),
            "HealthCheckPath": health.get("path"),
            "HealthCheckEnabled": health.get("enabled"),
            "Matcher": _matcher(asked, health),
            **counts,
            "Tags": asked.tags(),
        },
    )
    attributes = _group_attributes(asked, protocol)
    if made is None:
        return {"name": name}
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    if attributes:
        asked.call("elbv2", "ModifyTargetGroupAttributes", {"TargetGroupArn": arn, "Attributes": attributes})
    return {"id": arn, "arn": arn, "name": name, "arnSuffix": arn.rpartition(":")[2]}


def _matcher(asked: "Asked", health: Mapping[str, Any]) -> Any:
    codes = health.get("matcher")
    if codes is None:
        return None
    return {"GrpcCode": codes} if asked.get("protocolVersion") == "GRPC" else {"HttpCode": codes}


def _group_attributes(asked: "Asked", protocol: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for field, (key, protocols) in _GROUP.items():
        value = asked.get(field)
        if value is None:
            continue
        if protocols and protocol not in protocols:
            asked.refuse("ModifyTargetGroupAttributes", f"{key} is no attribute of a target group of {protocol}")
        found.append({"Key": key, "Value": _flag(value)})
    if stickiness := asked.get("stickiness"):
        kinds = ("lb_cookie", "app_cookie") if protocol in _OF_HTTP else ("source_ip",)
        if stickiness.get("type") not in kinds:
            asked.refuse("ModifyTargetGroupAttributes", f"stickiness.type may be {', '.join(kinds)} with {protocol}")
        found.append({"Key": "stickiness.enabled", "Value": _flag(stickiness.get("enabled", True))})
        found.append({"Key": "stickiness.type", "Value": stickiness["type"]})
    return found


def attachment(asked: "Asked") -> dict[str, Any]:
    """aws:lb/targetGroupAttachment:TargetGroupAttachment."""
    target = {"Id": asked.get("targetId"), "Port": asked.get("port"), "AvailabilityZone": asked.get("availabilityZone")}
    told = {key: value for key, value in target.items() if value is not None}
    asked.call("elbv2", "RegisterTargets", {"TargetGroupArn": asked.get("targetGroupArn"), "Targets": [told]})
    return {"id": f"{asked.get('targetGroupArn')}-{asked.get('targetId')}"}


def kind_of(asked: "Asked", balancer: Any) -> str:
    """The kind of a load balancer. By moto, as the ARNs that it makes up say app of every one."""
    if asked.preview or not isinstance(balancer, str):
        return _ALB
    found = asked.model.client("elbv2").describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"]
    return found[0]["Type"]


def trust_store(asked: "Asked") -> dict[str, Any]:
    """aws:lb/trustStore:TrustStore, which moto has not."""
    name = _elb_name(asked)
    bundle = {
        "CaCertificatesBundleS3Bucket": asked.get("caCertificatesBundleS3Bucket"),
        "CaCertificatesBundleS3Key": asked.get("caCertificatesBundleS3Key"),
    }
    asked.held("elbv2", "CreateTrustStore", {"Name": name, **bundle})
    where = (
        f"arn:aws:elasticloadbalancing:{asked.model.region}:{asked.model.account}:truststore/{name}/0123456789abcdef"
    )
    return {"name": name} if asked.preview else {"id": where, "arn": where, "name": name}


MAKERS = {
    "aws:lb/loadBalancer:LoadBalancer": load_balancer,
    "aws:lb/targetGroup:TargetGroup": target_group,
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": attachment,
    "aws:lb/trustStore:TrustStore": trust_store,
}
