"""Target groups, which a load balancer sends requests and connections to: the types, their rules, and the builder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import SWITCHED_ON, moved_to, several, table
from ..args.names import port_number, service_name
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import http_path, whole_number
from ..load_balancers import ClientIp, ClientIpLike, IpAddressType, IpAddressTypeLike, http_or_grpc_codes, resource_id
from ..networking.session_affinity import SessionAffinity, SessionAffinityLike
from ..networking.target import Protocol, Target, TargetSpec
from ..outputs import applied
from ..untyped import Properties, Unchecked
from .attributes import OF_GROUP, build_attributes
from .choices import (
    AwsAlgorithm,
    AwsAlgorithmLike,
    AwsBalancerKind,
    AwsListenerProtocol,
    AwsTargetProtocol,
    AwsTargetProtocolLike,
    AwsVersion,
    AwsVersionLike,
)
from .resources import without_none
from .rules import address, arn, not_empty

__all__ = [
    "RULES",
    "AwsHealthCheck",
    "AwsHealthCheckSpec",
    "AwsTarget",
    "AwsTargetPlan",
    "AwsTargetSpec",
    "build_target_group",
    "transports",
]


class AwsHealthCheck(TypedDict):
    """How the load balancer asks a target whether it works. Maps to the target group's `health_check`."""

    protocol: NotRequired[AwsTargetProtocolLike]
    """What it speaks. Plain. Default: HTTP or HTTPS as the target does; of a Network Load Balancer, HTTP where a path
    is given, else TCP."""

    path: NotRequired[pulumi.Input[str]]
    """The path of the health check. Default: /; for gRPC, /AWS.ALB/healthcheck."""

    port: NotRequired[int]
    """The port (1 to 65535) of the targets for health checks. Plain. Default: the one that connections go to."""

    interval: NotRequired[pulumi.Input[int]]
    """Seconds (5 to 300) from one health check to the next. Default: 30."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds (2 to 120) to wait for a response, less than the `interval`. Default: AWS's own: 5 of an Application
    Load Balancer, of a Network Load Balancer 6 for HTTP, else 10; a second less than a shorter `interval`."""

    healthy: NotRequired[pulumi.Input[int]]
    """Successful health checks (2 to 10) after which a target receives connections. Default: 3."""

    unhealthy: NotRequired[pulumi.Input[int]]
    """Failed health checks (2 to 10) after which a target receives no connections. Default: 3."""

    success_codes: NotRequired[pulumi.Input[str]]
    """The codes of successful responses: HTTP codes such as 200-299 or 200,204, for gRPC its own, 0 to 99. Default:
    200; of a Network Load Balancer 200-399; for gRPC 12, which is "unimplemented"."""


_NAMES_OF_AWS_HEALTH_CHECK = table(
    {
        "healthyThreshold": moved_to("healthy"),
        "healthyThresholdCount": moved_to("healthy"),
        "unhealthyThreshold": moved_to("unhealthy"),
        "unhealthyThresholdCount": moved_to("unhealthy"),
        "intervalSeconds": moved_to("interval"),
        "timeoutSeconds": moved_to("timeout"),
        "matcher": moved_to("success_codes"),
        "enabled": SWITCHED_ON,
    }
)
"""Other tools' names for the fields of `AwsHealthCheck`."""


@spec(AwsHealthCheck, elsewhere=_NAMES_OF_AWS_HEALTH_CHECK)
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
    TargetGroupBinding of the AWS Load Balancer Controller. This, `instances`, `addresses`, `load_balancer`, or
    `bound_elsewhere`."""

    node_port: NotRequired[int]
    """The port of the nodes (30000 to 32767) through which connections reach the pods of `target`: nodes join the
    target group in place of pods, for clusters whose pods have no addresses of the VPC. Portico creates a Service of
    type NodePort, for which `target` needs a `selector`. Plain; a change makes another target group. Default: pods
    join it themselves."""

    instances: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The ids of EC2 instances, by names that you choose. Keys are plain."""

    addresses: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Private IP addresses, by names that you choose. Keys are plain."""

    load_balancer: NotRequired[pulumi.Input[str]]
    """The ARN of an Application Load Balancer, which must have a listener at `port`: a Network Load Balancer in front
    gives it static addresses or PrivateLink. The protocol is TCP, and it sees the clients' addresses. In a program,
    make this load balancer depend on that one. Network Load Balancers."""

    bound_elsewhere: NotRequired[bool]
    """Whether its targets come from another program or cluster, such as by a `TargetBinding`. Plain."""

    port: NotRequired[int]
    """The port (1 to 65535) that instances, addresses and what is bound elsewhere listen on. Plain."""

    ip_address_type: NotRequired[IpAddressTypeLike]
    """Whether the targets have IPv4 or IPv6 addresses. IPv6 requires a load balancer whose `ip_address_type` is
    dualstack, and IPv6 ranges in its `target_ranges`. Plain; a change makes another target group. Default: ipv4."""

    protocol: NotRequired[AwsTargetProtocolLike]
    """What the load balancer speaks to them. Plain; a change makes another target group. Default: HTTP; of a Network
    Load Balancer TCP, or UDP where the target's port is."""

    version: NotRequired[AwsVersionLike]
    """Which HTTP. Plain; a change makes another target group. Application Load Balancers. Default: HTTP/1.1."""

    health: NotRequired[AwsHealthCheck]
    """How they are asked whether they work."""

    drain: NotRequired[pulumi.Input[int]]
    """Seconds (0 to 3600) that requests under way have after a target is let go; a `target` carries its own. Default:
    300. Maps to `deregistration_delay`."""

    slow_start: NotRequired[pulumi.Input[int]]
    """Seconds (30 to 900) over which a new target gets its full share. Application Load Balancers. Default: none."""

    algorithm: NotRequired[AwsAlgorithmLike]
    """How one of them is chosen. Plain. Application Load Balancers. Default: round robin."""

    stickiness_duration: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 604800) that a client stays at one target, by a cookie. Application Load Balancers. Default:
    none."""

    session_affinity: NotRequired[SessionAffinityLike]
    """Whether connections from one client address go to the same target. Plain. Network Load Balancers. Default:
    None."""

    client_ip: NotRequired[ClientIpLike]
    """What targets see of the client's address. Plain. Network Load Balancers. Default: hide, for UDP
    preserve."""

    reads_proxy_protocol: NotRequired[bool]
    """Whether the targets read the PROXY protocol; they must exactly where `client_ip` is proxy-protocol. Plain.
    Default: false."""

    attributes: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further attributes of the target group, by AWS's names and with its values, such as
    `target_group_health.dns_failover.minimum_healthy_targets.count: "2"`, for those without a field. Keys are plain.
    Default: AWS's own."""

    security_group: NotRequired[str]
    """The security group of the targets or their nodes, by its key in `target_security_groups`. The load
    balancer's security group then allows connections only to it; that of instances and addresses accepts them. Plain.
    Default: the load balancer connects to all of `target_ranges`."""


def _former_session_affinity(value: Any) -> Optional[Unchecked]:
    if not isinstance(value, bool):
        return None
    return {"session_affinity": (SessionAffinity.CLIENT_IP if value else SessionAffinity.NONE).value}


_NAMES_OF_AWS_TARGET = table(
    {
        "healthCheck": moved_to("health"),
        "deregistrationDelay": moved_to("drain"),
        "protocolVersion": moved_to("version"),
        "loadBalancingAlgorithmType": moved_to("algorithm"),
        "stickiness": several("stickiness_duration", "session_affinity"),
        "preserveClientIp": several("client_ip"),
        "proxyProtocolV2": several("client_ip", "reads_proxy_protocol"),
        "service": moved_to("target.service"),
        "targetGroupAttributes": moved_to("attributes"),
        "targetType": several("target", "instances", "addresses", "load_balancer", "node_port"),
    }
)
"""Other tools' names for the fields of `AwsTarget`."""


@spec(
    AwsTarget,
    renamed={"sticky_for": "stickiness_duration"},
    changed={"session_affinity": _former_session_affinity},
    elsewhere=_NAMES_OF_AWS_TARGET,
)
class AwsTargetSpec(Spec):
    """A parsed `AwsTarget`. A field is None if it isn't set."""

    target: Optional[TargetSpec] = None
    instances: Optional[Mapping[str, pulumi.Input[str]]] = None
    addresses: Optional[Mapping[str, pulumi.Input[str]]] = None
    load_balancer: Optional[pulumi.Input[str]] = None
    bound_elsewhere: Optional[bool] = None
    node_port: Optional[int] = None
    ip_address_type: Optional[IpAddressType] = None
    port: Optional[int] = None
    protocol: Optional[AwsTargetProtocol] = None
    version: Optional[AwsVersion] = None
    health: Optional[AwsHealthCheckSpec] = None
    drain: Optional[pulumi.Input[int]] = None
    slow_start: Optional[pulumi.Input[int]] = None
    algorithm: Optional[AwsAlgorithm] = None
    stickiness_duration: Optional[pulumi.Input[int]] = None
    session_affinity: Optional[SessionAffinity] = None
    client_ip: Optional[ClientIp] = None
    reads_proxy_protocol: Optional[bool] = None
    attributes: Optional[Mapping[str, pulumi.Input[str]]] = None
    security_group: Optional[str] = None

    @property
    def is_ipv6(self) -> bool:
        """Whether the targets have IPv6 addresses."""
        return self.ip_address_type is IpAddressType.IPV6

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
        "interval": Field(whole_number(5, 300, SECONDS)),
        "timeout": Field(whole_number(2, 120, SECONDS)),
        "healthy": Field(whole_number(2, 10, "a number of health checks that AWS allows")),
        "unhealthy": Field(whole_number(2, 10, "a number of failures that AWS takes")),
        "success_codes": Field(http_or_grpc_codes),
    },
    AwsTarget: {
        "instances": Field(not_empty, keys=service_name, items=resource_id("i", "an instance")),
        "addresses": Field(not_empty, keys=service_name, items=address),
        "load_balancer": Field(arn("elasticloadbalancing", "a load balancer")),
        "node_port": Field(whole_number(30000, 32767, "a port of the nodes")),
        "port": Field(port_number),
        "drain": Field(whole_number(0, 3600, SECONDS)),
        "slow_start": Field(whole_number(30, 900, SECONDS)),
        "stickiness_duration": Field(whole_number(1, 604800, SECONDS)),
        "security_group": Field(service_name),
    },
}
"""What the fields must satisfy beyond their types (API reference, CreateTargetGroup and TargetGroupAttribute)."""

_APPLICATION = AwsBalancerKind.APPLICATION
_HTTP, _TCP = AwsTargetProtocol.HTTP, AwsTargetProtocol.TCP
_PROTOCOLS = {protocol: protocol.value.upper().replace("-", "_") for protocol in AwsTargetProtocol}
_APPLICATION_TIMEOUT, _NETWORK_TIMEOUT = 5, 10
_NETWORK_TIMEOUTS = {_HTTP: 6}
_PATHS = {AwsVersion.GRPC: "/AWS.ALB/healthcheck"}
_TRANSPORTS = {"udp": ("udp",), "tcp-udp": ("tcp", "udp")}
_THRESHOLD = 3


def transports(protocol: Union[AwsListenerProtocol, AwsTargetProtocol]) -> tuple[str, ...]:
    """The transport protocols of a protocol: tcp, udp, or both."""
    return _TRANSPORTS.get(protocol.value, ("tcp",))


@dataclass(frozen=True)
class AwsTargetPlan:
    """A target of a load balancer, with every default set."""

    key: str
    """Its key in `targets`."""
    spec: AwsTargetSpec
    kind: AwsBalancerKind
    """The kind of the load balancer."""

    @property
    def protocol(self) -> AwsTargetProtocol:
        """The protocol of connections from the load balancer to the targets."""
        return self.spec.protocol_for(self.kind)

    @property
    def transports(self) -> tuple[str, ...]:
        """The transport protocols of those connections."""
        return transports(self.protocol)

    @property
    def port(self) -> Optional[pulumi.Input[int]]:
        """The port that the targets listen on."""
        if self.spec.node_port is not None:
            return self.spec.node_port
        if self.spec.port is not None or self.spec.target is None:
            return self.spec.port
        return self.spec.target.pod_port

    @property
    def target_type(self) -> str:
        """What the target group has: addresses, instances, or a load balancer."""
        if self.spec.load_balancer is not None:
            return "alb"
        return "instance" if self.spec.instances is not None or self.spec.node_port is not None else "ip"

    @property
    def health_port(self) -> Optional[int]:
        """The port of health checks, if it is another one."""
        port = None if self.spec.health is None else self.spec.health.port
        return None if port == self.port else port

    @property
    def client_ip(self) -> ClientIp:
        """What the targets of a Network Load Balancer see of the client's address. UDP never hides it."""
        if self.spec.client_ip is not None:
            return self.spec.client_ip
        return ClientIp.PRESERVE if "udp" in self.transports else ClientIp.HIDE

    @property
    def open_ports(self) -> list[tuple[str, Any]]:
        """The transport protocol and the port of every connection to the targets, health checks included."""
        ports: list[tuple[str, Any]] = [(transport, self.port) for transport in self.transports]
        checked = ("tcp", self.port if self.health_port is None else self.health_port)
        return ports if checked in ports else [*ports, checked]


def build_target_group(
    target: AwsTargetPlan, vpc: pulumi.Input[str], tags: Optional[Mapping[str, pulumi.Input[str]]]
) -> Properties:
    """The target group, as `aws.lb.TargetGroup` takes it."""
    spec = target.spec
    drain = spec.drain if spec.target is None or spec.target.drain is None else spec.target.drain
    return without_none(
        {
            "vpc_id": vpc,
            "port": target.port,
            "protocol": _PROTOCOLS[target.protocol],
            "target_type": target.target_type,
            # AWS's default is left out, so that earlier target groups stay.
            "ip_address_type": "ipv6" if spec.is_ipv6 else None,
            "health_check": _health_check(target),
            "tags": tags or None,
            "deregistration_delay": drain,
            "slow_start": spec.slow_start,
            **(_application(spec) if target.kind is _APPLICATION else _network(target)),
            **build_attributes(spec.attributes, OF_GROUP),
        }
    )


def _application(spec: AwsTargetSpec) -> Properties:
    cookie = {"type": "lb_cookie", "enabled": True, "cookie_duration": spec.stickiness_duration}
    return {
        "protocol_version": (spec.version or AwsVersion.HTTP1).value.upper(),
        "load_balancing_algorithm_type": spec.algorithm and spec.algorithm.value,
        "load_balancing_anomaly_mitigation": "on" if spec.algorithm is AwsAlgorithm.RANDOM else None,
        "stickiness": None if spec.stickiness_duration is None else cookie,
    }


def _network(target: AwsTargetPlan) -> Properties:
    if target.spec.load_balancer is not None:
        # A target group of a load balancer has none of these.
        return {}
    has_affinity = target.spec.session_affinity is SessionAffinity.CLIENT_IP
    return {
        # AWS's own default depends on the type of the targets, so it is always set.
        "preserve_client_ip": "true" if target.client_ip is ClientIp.PRESERVE else "false",
        "proxy_protocol_v2": target.client_ip is ClientIp.PROXY_PROTOCOL,
        "stickiness": {"type": "source_ip", "enabled": True} if has_affinity else None,
        # A connection that outlives its target is closed, instead of hanging.
        "connection_termination": True if "udp" in target.transports else None,
    }


def _health_check(target: AwsTargetPlan) -> Properties:
    health = target.spec.health or AwsHealthCheckSpec()
    protocol = health.protocol or _health_protocol(health, target)
    # AWS's own default is set too, so that a plan or an audit shows the path.
    default_path = None if protocol is _TCP else _PATHS.get(target.spec.version or AwsVersion.HTTP1, "/")
    return without_none(
        {
            "enabled": True,
            "protocol": _PROTOCOLS[protocol],
            "port": "traffic-port" if health.port is None else str(health.port),
            "path": default_path if health.path is None else health.path,
            "interval": health.interval,
            "timeout": _default_timeout(health, target.kind, protocol) if health.timeout is None else health.timeout,
            "healthy_threshold": _THRESHOLD if health.healthy is None else health.healthy,
            "unhealthy_threshold": _THRESHOLD if health.unhealthy is None else health.unhealthy,
            "matcher": health.success_codes,
        }
    )


def _health_protocol(health: AwsHealthCheckSpec, target: AwsTargetPlan) -> AwsTargetProtocol:
    if target.kind is _APPLICATION:
        return target.protocol
    # The health checks of a load balancer are HTTP or HTTPS.
    return _TCP if health.path is None and target.spec.load_balancer is None else _HTTP


def _default_timeout(health: AwsHealthCheckSpec, kind: AwsBalancerKind, protocol: AwsTargetProtocol) -> Any:
    """AWS's default, unless it isn't less than the interval: "Health check interval must be greater than the timeout"
    (CreateTargetGroup, `HealthCheckTimeoutSeconds` has the defaults)."""
    if health.interval is None:
        return None
    default = _APPLICATION_TIMEOUT if kind is _APPLICATION else _NETWORK_TIMEOUTS.get(protocol, _NETWORK_TIMEOUT)
    return applied(health.interval, lambda interval: min(default, int(interval) - 1))
