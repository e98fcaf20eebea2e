"""An `AwsLoadBalancer`, resolved: its listeners, its targets, its logs, and every default that other fields decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pulumi

from ..load_balancers import PRIVATE_ADDRESSES, ClientIp, IpAddressType
from ..networking.ports import DEFAULT_PORTS
from .args import AwsLoadBalancerSpec
from .choices import AwsBalancerKind, AwsListenerProtocol
from .hosts import AwsHostSpec
from .listener import AwsListenerSpec
from .logs import AwsLogsSpec, LogKind
from .routes import MOVED_PERMANENTLY, ActionSpec, AwsRedirectSpec
from .target_group import AwsTargetPlan

__all__ = ["AwsLoadBalancerPlan", "plan_aws_load_balancer"]

_HTTP_PORT, _HTTPS_PORT = DEFAULT_PORTS["http"], DEFAULT_PORTS["https"]
_REDIRECT_TO_HTTPS = AwsListenerSpec(
    port=_HTTP_PORT,
    protocol=AwsListenerProtocol.HTTP,
    redirect=AwsRedirectSpec(scheme="https", code=MOVED_PERMANENTLY),
)


@dataclass(frozen=True)
class AwsLoadBalancerPlan:
    """A load balancer with every default set."""

    name: str
    spec: AwsLoadBalancerSpec

    @property
    def is_application(self) -> bool:
        """Whether it is an Application Load Balancer."""
        return self.spec.kind is AwsBalancerKind.APPLICATION

    @property
    def is_dualstack(self) -> bool:
        """Whether it has IPv4 and IPv6 addresses."""
        return self.spec.ip_address_type is IpAddressType.DUALSTACK

    @cached_property
    def redirects_http(self) -> bool:
        """Whether a listener is added that redirects HTTP clients to HTTPS."""
        protocols = {listener.port: listener.protocol for listener in self.spec.listeners}
        is_enabled = self.spec.https_redirect is not False and self.spec.existing is None
        return is_enabled and _HTTP_PORT not in protocols and protocols.get(_HTTPS_PORT) is AwsListenerProtocol.HTTPS

    @cached_property
    def listeners(self) -> Sequence[AwsListenerSpec]:
        """The listeners, with the one that is added."""
        return [*self.spec.listeners, *([_REDIRECT_TO_HTTPS] if self.redirects_http else [])]

    @property
    def terminates_tls(self) -> bool:
        """Whether TLS terminates at a listener that is created here."""
        return any(listener.terminates_tls for listener in self.listeners)

    @cached_property
    def targets(self) -> Mapping[str, AwsTargetPlan]:
        """The targets, by key."""
        kind = self.spec.kind
        return {key: AwsTargetPlan(key, target, kind) for key, target in self.spec.targets.items()}

    @property
    def hosts(self) -> Mapping[str, AwsHostSpec]:
        """The hosts, by name."""
        return self.spec.hosts or {}

    @property
    def target_ranges(self) -> Sequence[str]:
        """The addresses of the load balancer and its targets."""
        return PRIVATE_ADDRESSES if self.spec.target_ranges is None else self.spec.target_ranges

    def ranges_of(self, target: AwsTargetPlan) -> Sequence[str]:
        """The addresses of a target, of its IP version."""
        if self.spec.target_ranges is None and not target.spec.is_ipv6:
            return self.target_ranges
        return [cidr for cidr in self.target_ranges if (":" in cidr) == target.spec.is_ipv6]

    def security_group_of(self, target: AwsTargetPlan) -> pulumi.Input[str]:
        """The ID of the security group that the target names."""
        assert target.spec.security_group is not None
        return (self.spec.target_security_groups or {})[target.spec.security_group]

    @property
    def actions(self) -> Sequence[ActionSpec]:
        """What happens to requests: each listener and each route."""
        return [*self.listeners, *(route for listener in self.listeners for route in listener.routes or ())]

    @property
    def authenticates(self) -> bool:
        """Whether users sign in, so that the load balancer connects to an identity provider."""
        return any(action.authenticate is not None for action in self.actions)

    @cached_property
    def splits_requests(self) -> bool:
        """Whether anything forwards to several targets."""
        return any(len(action.weights or ()) > 1 for action in self.actions)

    @property
    def log_kinds(self) -> Sequence[LogKind]:
        """The kinds of logs that it writes."""
        logs = self.spec.logs or AwsLogsSpec()
        enabled = {
            # A Network Load Balancer logs only TLS connections.
            LogKind.ACCESS: self.is_application or self.has_tls_listener if logs.access is None else logs.access,
            LogKind.CONNECTIONS: logs.connections,
            LogKind.HEALTH: logs.health,
        }
        return [kind for kind, is_enabled in enabled.items() if is_enabled]

    @property
    def has_tls_listener(self) -> bool:
        """Whether a listener's protocol is TLS."""
        return any(listener.protocol is AwsListenerProtocol.TLS for listener in self.spec.listeners)

    def pod_sources(self, target: AwsTargetPlan) -> Sequence[str]:
        """The addresses that connections to a target's pods come from: the load balancer's own, also for health checks,
        and the clients' if they are preserved."""
        ranges = list(self.target_ranges)
        if self.is_application or target.client_ip is not ClientIp.PRESERVE:
            return ranges
        # What is in a prefix list or a security group isn't known here, and neither are clients of an existing one.
        is_known = self.spec.sources is None and self.spec.existing is None
        clients = (self.spec.allowed_sources or ()) if is_known else ("0.0.0.0/0", "::/0")
        return [*ranges, *(cidr for cidr in clients if cidr not in ranges)]

    def metadata(self, namespace: pulumi.Input[str]) -> dict[str, Any]:
        """The metadata of a Kubernetes object in a namespace."""
        labels = self.spec.labels
        return {"namespace": namespace, **({"labels": labels} if labels else {})}


def plan_aws_load_balancer(name: str, spec: AwsLoadBalancerSpec) -> AwsLoadBalancerPlan:
    """The plan of the AwsLoadBalancer called `name`, whose arguments have no problems."""
    return AwsLoadBalancerPlan(name, spec)
