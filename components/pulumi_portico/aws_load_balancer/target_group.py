"""Where a load balancer sends what comes in: target groups. The types, their rules and the builders."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import port_number, service_name
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..args.values import http_path, whole_number
from ..load_balancers import ClientIp, http_or_grpc_codes
from ..networking.target import Protocol, Target, TargetSpec
from .choices import AwsAlgorithm, AwsBalancerKind, AwsTargetProtocol, AwsVersion
from .rules import address, not_empty, resource_id

__all__ = [
    "RULES",
    "AwsHealthCheck",
    "AwsHealthCheckSpec",
    "AwsTarget",
    "AwsTargetSpec",
    "build_target_group",
    "client_ip_of",
    "health_port_of",
    "port_of",
    "protocol_of",
    "transports",
]

Properties = dict[str, Any]


class AwsHealthCheck(TypedDict):
    """How the load balancer asks a target whether it works. Maps to the target group's `health_check`."""

    protocol: NotRequired[AwsTargetProtocol]
    """What it speaks. Plain. Default: HTTP or HTTPS as the target does; of a Network Load Balancer, HTTP where a path
    is given, else TCP."""

    path: NotRequired[pulumi.Input[str]]
    """The path that must answer well. Default: /; for gRPC, /AWS.ALB/healthcheck."""

    port: NotRequired[int]
    """The port (1 to 65535) of the targets that is asked. Plain. Default: the one that connections go to."""

    interval: NotRequired[pulumi.Input[int]]
    """Seconds (5 to 300) from one question to the next. Default: 30."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds (2 to 120) that an answer may take, less than the `interval`. Default: AWS's own: 5 of an Application
    Load Balancer, of a Network Load Balancer 6 for HTTP, else 10; a second less than a shorter `interval`."""

    healthy: NotRequired[pulumi.Input[int]]
    """Good answers (2 to 10) after which a target is sent connections. Default: 3."""

    unhealthy: NotRequired[pulumi.Input[int]]
    """Bad answers (2 to 10) after which it is not. Default: 3."""

    success_codes: NotRequired[pulumi.Input[str]]
    """The answers that are good: HTTP codes such as 200-299 or 200,204, for gRPC its own, 0 to 99. Default: 200; of a
    Network Load Balancer 200-399; for gRPC 12, which is "unimplemented"."""


@spec(AwsHealthCheck)
class AwsHealthCheckSpec(Spec):
    """A parsed `AwsHealthCheck`. A field is None if it isn't set."""

    protocol: Optional[AwsTargetProtocol] = None
    path: Optional[pulumi.Input[str]] = None
    port: Optional[int] = None
    interval: Optional[pulumi.Input[int]] = None
    timeout: Optional[pulumi.Input[int]] = None
    healthy: Optional[pulumi.Input[int]] = None
    unhealthy: Optional[pulumi.Input[int]] = None
    success_codes: Optional[pulumi.Input[str]] = None


class AwsTarget(TypedDict):
    """Where what comes in goes to: the pods of a Service, instances, addresses, or whatever another cluster binds."""

    target: NotRequired[Target]
    """A WebService's or a gateway's `target()`, or one written by hand: its pods join the target group, by a
    TargetGroupBinding of the AWS Load Balancer Controller. This, `instances`, `addresses` or `bound_elsewhere`."""

    instances: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The ids of EC2 instances, by names that you choose. Keys are plain."""

    addresses: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Private IP addresses, by names that you choose. Keys are plain."""

    bound_elsewhere: NotRequired[bool]
    """Whether its targets come from another program or cluster, such as by a `TargetBinding`. Plain."""

    port: NotRequired[int]
    """The port (1 to 65535) that instances, addresses and what is bound elsewhere listen on. Plain."""

    protocol: NotRequired[AwsTargetProtocol]
    """What the load balancer speaks to them. Plain; a change makes another target group. Default: HTTP; of a Network
    Load Balancer TCP, or UDP where the target's port is."""

    version: NotRequired[AwsVersion]
    """Which HTTP. Plain; a change makes another target group. Application Load Balancers. Default: HTTP/1.1."""

    health: NotRequired[AwsHealthCheck]
    """How they are asked whether they work."""

    drain: NotRequired[pulumi.Input[int]]
    """Seconds (0 to 3600) that requests under way have after a target is let go; a `target` carries its own. Default:
    300. Maps to `deregistration_delay`."""

    slow_start: NotRequired[pulumi.Input[int]]
    """Seconds (30 to 900) over which a new target gets its full share. Application Load Balancers. Default: none."""

    algorithm: NotRequired[AwsAlgorithm]
    """How one of them is chosen. Plain. Application Load Balancers. Default: round robin."""

    sticky_for: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 604800) that a client stays at one target, by a cookie. Application Load Balancers. Default:
    none."""

    session_affinity: NotRequired[bool]
    """Whether a client stays at one target, by its address. Plain. Network Load Balancers. Default: false."""

    client_ip: NotRequired[ClientIp]
    """What targets are told of the client's address. Plain. Network Load Balancers. Default: hide, for UDP
    preserve."""

    reads_proxy_protocol: NotRequired[bool]
    """Whether the targets read the PROXY protocol; they must exactly where `client_ip` is proxy-protocol. Plain.
    Default: false."""

    security_group: NotRequired[str]
    """The security group of the targets or their nodes, by its key in `target_security_groups`. The load balancer's own
    then sends to it alone; in that of instances and addresses, it is let in. Plain. Default: the load balancer sends to
    all of `target_ranges`."""


@spec(AwsTarget)
class AwsTargetSpec(Spec):
    """A parsed `AwsTarget`. A field is None if it isn't set."""

    target: Optional[TargetSpec] = None
    instances: Optional[Mapping[str, pulumi.Input[str]]] = None
    addresses: Optional[Mapping[str, pulumi.Input[str]]] = None
    bound_elsewhere: Optional[bool] = None
    port: Optional[int] = None
    protocol: Optional[AwsTargetProtocol] = None
    version: Optional[AwsVersion] = None
    health: Optional[AwsHealthCheckSpec] = None
    drain: Optional[pulumi.Input[int]] = None
    slow_start: Optional[pulumi.Input[int]] = None
    algorithm: Optional[AwsAlgorithm] = None
    sticky_for: Optional[pulumi.Input[int]] = None
    session_affinity: Optional[bool] = None
    client_ip: Optional[ClientIp] = None
    reads_proxy_protocol: Optional[bool] = None
    security_group: Optional[str] = None

    def protocol_for(self, kind: AwsBalancerKind) -> AwsTargetProtocol:
        """The protocol of connections from a load balancer of a kind to the targets."""
        if self.protocol is not None:
            return self.protocol
        if kind is AwsBalancerKind.APPLICATION:
            return AwsTargetProtocol.HTTP
        is_udp = self.target is not None and self.target.protocol is Protocol.UDP
        return AwsTargetProtocol.UDP if is_udp else AwsTargetProtocol.TCP


RULES: Rules = {
    AwsHealthCheck: {
        "path": Field(http_path),
        "port": Field(port_number),
        "interval": Field(whole_number(5, 300, "a number of seconds that AWS takes")),
        "timeout": Field(whole_number(2, 120, "a number of seconds that AWS takes")),
        "healthy": Field(whole_number(2, 10, "a number of answers that AWS takes")),
        "unhealthy": Field(whole_number(2, 10, "a number of failures that AWS takes")),
        "success_codes": Field(http_or_grpc_codes),
    },
    AwsTarget: {
        "instances": Field(not_empty, keys=service_name, items=resource_id("i", "an instance")),
        "addresses": Field(not_empty, keys=service_name, items=address),
        "port": Field(port_number),
        "drain": Field(whole_number(0, 3600, "a number of seconds")),
        "slow_start": Field(whole_number(30, 900, "a number of seconds that AWS takes")),
        "sticky_for": Field(whole_number(1, 604800, "a number of seconds")),
        "security_group": Field(service_name),
    },
}
"""What the fields must satisfy beyond their types (API reference, CreateTargetGroup and TargetGroupAttribute)."""

_WIRE = {it.value: it.value.upper().replace("-", "_") for it in AwsTargetProtocol}
_APPLICATION_TIMEOUT, _NETWORK_TIMEOUT = 5, 10
_NETWORK_TIMEOUTS = {"http": 6}
_PATHS: Mapping[str, str] = {AwsVersion.GRPC.value: "/AWS.ALB/healthcheck"}
_TRANSPORTS = {"udp": ("udp",), "tcp-udp": ("tcp", "udp")}


def protocol_of(given: Mapping[str, Any], kind: str) -> str:
    """What is spoken to the targets, by the names of `AwsTargetProtocol`."""
    if kind == AwsBalancerKind.APPLICATION.value:
        default = AwsTargetProtocol.HTTP
    elif given.get("target", {}).get("protocol") == Protocol.UDP.value:
        default = AwsTargetProtocol.UDP
    else:
        default = AwsTargetProtocol.TCP
    return given.get("protocol", default.value)


def transports(protocol: str) -> tuple[str, ...]:
    """What carries a protocol: tcp, udp, or both."""
    return _TRANSPORTS.get(protocol, ("tcp",))


def port_of(given: Mapping[str, Any]) -> Any:
    """The port that targets listen on; an Output where the target's is one."""
    target = given.get("target", {})
    return given.get("port") or target.get("target_port") or target.get("port")


def health_port_of(given: Mapping[str, Any]) -> Optional[int]:
    """The port that is asked whether they work, where it is another one."""
    port = given.get("health", {}).get("port")
    return None if port == port_of(given) else port


def build_target_group(given: Mapping[str, Any], kind: str, vpc: Any, tags: Mapping[str, Any]) -> Properties:
    """The target group, as `aws.lb.TargetGroup` takes it."""
    application = kind == AwsBalancerKind.APPLICATION.value
    protocol = protocol_of(given, kind)
    built: Properties = {
        "vpc_id": vpc,
        "port": port_of(given),
        "protocol": _WIRE[protocol],
        "target_type": "instance" if "instances" in given else "ip",
        "health_check": _health(given, kind, protocol),
        "tags": dict(tags) or None,
        "protocol_version": given.get("version", "http1").upper() if application else None,
        "deregistration_delay": given.get("target", {}).get("drain", given.get("drain")),
        "slow_start": given.get("slow_start"),
        **(_application(given) if application else _network(given, protocol)),
    }
    return {key: value for key, value in built.items() if value is not None}


def _application(given: Mapping[str, Any]) -> Properties:
    algorithm = given.get("algorithm")
    sticky = given.get("sticky_for")
    return {
        "load_balancing_algorithm_type": algorithm,
        "load_balancing_anomaly_mitigation": "on" if algorithm == AwsAlgorithm.RANDOM.value else None,
        "stickiness": {"type": "lb_cookie", "enabled": True, "cookie_duration": sticky} if sticky is not None else None,
    }


def client_ip_of(given: Mapping[str, Any], protocol: str) -> str:
    """What targets of a Network Load Balancer are told of the client's address; UDP never hides it."""
    default = ClientIp.PRESERVE if "udp" in transports(protocol) else ClientIp.HIDE
    return given.get("client_ip", default.value)


def _network(given: Mapping[str, Any], protocol: str) -> Properties:
    chosen = client_ip_of(given, protocol)
    return {
        # AWS's own default depends on the kind of targets, so it is always said.
        "preserve_client_ip": "true" if chosen == ClientIp.PRESERVE.value else "false",
        "proxy_protocol_v2": chosen == ClientIp.PROXY_PROTOCOL.value,
        "stickiness": {"type": "source_ip", "enabled": True} if given.get("session_affinity") else None,
        # A connection that outlives its target is told so, instead of hanging.
        "connection_termination": True if "udp" in transports(protocol) else None,
    }


def _health(given: Mapping[str, Any], kind: str, protocol: str) -> Properties:
    health = given.get("health", {})
    default = protocol
    if kind == AwsBalancerKind.NETWORK.value:
        default = AwsTargetProtocol.HTTP.value if "path" in health else AwsTargetProtocol.TCP.value
    spoken = health.get("protocol", default)
    # AWS's own is said too: who reads a plan, or audits it, sees which path it is.
    path = None if spoken == AwsTargetProtocol.TCP.value else _PATHS.get(given.get("version", ""), "/")
    asked = {
        "enabled": True,
        "protocol": _WIRE[spoken],
        "port": str(health["port"]) if "port" in health else "traffic-port",
        "path": health.get("path", path),
        "interval": health.get("interval"),
        "timeout": health.get("timeout", _timeout(health, kind, spoken)),
        "healthy_threshold": health.get("healthy", 3),
        "unhealthy_threshold": health.get("unhealthy", 3),
        "matcher": health.get("success_codes"),
    }
    return {key: value for key, value in asked.items() if value is not None}


def _timeout(health: Mapping[str, Any], kind: str, spoken: str) -> Any:
    """AWS's own, but where it is no less than the interval: "Health check interval must be greater than the timeout"
    (CreateTargetGroup, `HealthCheckTimeoutSeconds` has the defaults)."""
    if "interval" not in health:
        return None
    application = kind == AwsBalancerKind.APPLICATION.value
    usual = _APPLICATION_TIMEOUT if application else _NETWORK_TIMEOUTS.get(spoken, _NETWORK_TIMEOUT)

    def within(interval: int) -> int:
        return min(usual, int(interval) - 1)

    interval: Any = health["interval"]
    return interval.apply(within) if isinstance(interval, pulumi.Output) else within(interval)
