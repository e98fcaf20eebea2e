"""The attributes of load balancers, target groups and listeners: their keys, what has them, and what they may be.

Source: the API reference of Elastic Load Balancing, LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute.
The provider leaves an attribute out, without a word, where the load balancer is of another type; here it is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .aws_request import AwsRequest, is_unknown

__all__ = ["ALB", "BALANCER", "GATEWAY", "GROUP", "LISTENER", "NLB", "Attribute", "attributes_of", "field_of"]

ALB, NLB, GATEWAY = "application", "network", "gateway"
_HTTP = ("HTTP", "HTTPS")
_TCP = ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")

Takes = Callable[[str], Optional[str]]
"""What is wrong with a value, in words; None where it may be."""


def _flag(value: str) -> Optional[str]:
    return _choice("true", "false")(value)


def _choice(*choices: str) -> Takes:
    return lambda value: None if value in choices else f"AWS allows {', '.join(choices)}"


def _number(least: int, most: int, *more: int) -> Takes:
    def takes(value: str) -> Optional[str]:
        number = int(value) if re.fullmatch(r"-?[0-9]+", value) else None
        if number is not None and (least <= number <= most or number in more):
            return None
        return f"AWS allows {' or '.join([*map(str, more), f'{least} to {most}'])}"

    return takes


def _text(value: str) -> Optional[str]:
    return None if value else "may not be empty"


@dataclass(frozen=True)
class Attribute:
    """One attribute."""

    key: str
    takes: Takes = _text
    of: Sequence[str] = ()
    """The types of load balancers, or for target groups the protocols, that have it; none for all."""


BALANCER: Mapping[str, Attribute] = {
    "enableDeletionProtection": Attribute("deletion_protection.enabled", _flag),
    # An Application Load Balancer has it always, and AWS takes no change of it.
    "enableCrossZoneLoadBalancing": Attribute("load_balancing.cross_zone.enabled", _flag, (NLB, GATEWAY)),
    "idleTimeout": Attribute("idle_timeout.timeout_seconds", _number(1, 4000), (ALB,)),
    "clientKeepAlive": Attribute("client_keep_alive.seconds", _number(60, 604800), (ALB,)),
    "enableHttp2": Attribute("routing.http2.enabled", _flag, (ALB,)),
    "dropInvalidHeaderFields": Attribute("routing.http.drop_invalid_header_fields.enabled", _flag, (ALB,)),
    "desyncMitigationMode": Attribute(
        "routing.http.desync_mitigation_mode", _choice("monitor", "defensive", "strictest"), (ALB,)
    ),
    "preserveHostHeader": Attribute("routing.http.preserve_host_header.enabled", _flag, (ALB,)),
    "xffHeaderProcessingMode": Attribute(
        "routing.http.xff_header_processing.mode", _choice("append", "preserve", "remove"), (ALB,)
    ),
    "enableXffClientPort": Attribute("routing.http.xff_client_port.enabled", _flag, (ALB,)),
    "enableTlsVersionAndCipherSuiteHeaders": Attribute(
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled", _flag, (ALB,)
    ),
    "enableWafFailOpen": Attribute("waf.fail_open.enabled", _flag, (ALB,)),
    "enableZonalShift": Attribute("zonal_shift.config.enabled", _flag, (ALB, NLB)),
    "dnsRecordClientRoutingPolicy": Attribute(
        "dns_record.client_routing_policy",
        _choice("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"),
        (NLB,),
    ),
}
"""By the field of `aws.lb.LoadBalancer`; its logs are in logs.py."""

GROUP: Mapping[str, Attribute] = {
    "deregistrationDelay": Attribute("deregistration_delay.timeout_seconds", _number(0, 3600)),
    "slowStart": Attribute("slow_start.duration_seconds", _number(30, 900, 0), _HTTP),
    "loadBalancingAlgorithmType": Attribute(
        "load_balancing.algorithm.type", _choice("round_robin", "least_outstanding_requests", "weighted_random"), _HTTP
    ),
    "loadBalancingAnomalyMitigation": Attribute(
        "load_balancing.algorithm.anomaly_mitigation", _choice("on", "off"), _HTTP
    ),
    "loadBalancingCrossZoneEnabled": Attribute(
        "load_balancing.cross_zone.enabled", _choice("true", "false", "use_load_balancer_configuration")
    ),
    "preserveClientIp": Attribute("preserve_client_ip.enabled", _flag, _TCP),
    "proxyProtocolV2": Attribute("proxy_protocol_v2.enabled", _flag, _TCP),
    "connectionTermination": Attribute("deregistration_delay.connection_termination.enabled", _flag, _TCP),
}
"""By the field of `aws.lb.TargetGroup`; its stickiness is in target_groups.py."""

_REQUEST = "routing.http.request"
_RESPONSE = "routing.http.response"
_MTLS = tuple(f"_{part}" for part in ("serial_number", "issuer", "subject", "validity", "leaf"))
_CORS = (*(f"allow_{name}" for name in ("origin", "methods", "headers", "credentials")), "expose_headers", "max_age")


def field_of(key: str) -> str:
    """The field that the provider names for an attribute's key."""
    first, *rest = re.split(r"[._]", key)
    return first + "".join(part.capitalize() for part in rest)


LISTENER: Mapping[str, Attribute] = {
    field_of(attribute.key): attribute
    for attribute in (
        Attribute("tcp.idle_timeout.seconds", _number(60, 6000), (NLB, GATEWAY)),
        *(
            Attribute(f"{_REQUEST}.x_amzn_{header}.header_name", of=(ALB,))
            for header in ("tls_version", "tls_cipher_suite", *(f"mtls_clientcert{part}" for part in ("", *_MTLS)))
        ),
        Attribute(f"{_RESPONSE}.server.enabled", _flag, (ALB,)),
        *(Attribute(f"{_RESPONSE}.access_control_{header}.header_value", of=(ALB,)) for header in _CORS),
        Attribute(f"{_RESPONSE}.x_content_type_options.header_value", _choice("nosniff"), (ALB,)),
        Attribute(f"{_RESPONSE}.x_frame_options.header_value", of=(ALB,)),
        Attribute(f"{_RESPONSE}.strict_transport_security.header_value", of=(ALB,)),
        Attribute(f"{_RESPONSE}.content_security_policy.header_value", of=(ALB,)),
    )
}
"""By the field of `aws.lb.Listener`."""


def attributes_of(
    request: AwsRequest, table: Mapping[str, Attribute], operation: str, kind: Optional[str], what: str
) -> list[dict[str, str]]:
    """The attributes that it sets, as AWS takes them. `kind` is None where a preview does not know it."""
    found: list[dict[str, str]] = []
    for field, attribute in table.items():
        given = request.get(field)
        if given is None or is_unknown(given):
            continue
        value = str(given).lower() if isinstance(given, bool) else str(given)
        if attribute.of and kind is not None and kind not in attribute.of:
            request.refuse(operation, f"{attribute.key} ({field}) isn't an attribute of {what} {kind}")
        if wrong := attribute.takes(value):
            request.refuse(operation, f"{attribute.key} ({field}) is {value}; {wrong}")
        found.append({"Key": attribute.key, "Value": value})
    return found
