"""Which targets a listener can forward to.

Source: user guides, "Target groups for your Application Load Balancers" and "... Network Load Balancers".
"""

from collections.abc import Mapping, Sequence

from ..choices import AwsBalancerKind, AwsListenerProtocol, AwsTargetProtocol, AwsVersion
from ..listener import AwsListenerSpec
from ..target_group import AwsTargetSpec

__all__ = ["FORWARDED_PROTOCOLS", "can_forward"]

_TCP, _TLS = AwsTargetProtocol.TCP, AwsTargetProtocol.TLS
_UDP, _TCP_UDP = AwsTargetProtocol.UDP, AwsTargetProtocol.TCP_UDP

FORWARDED_PROTOCOLS: Mapping[AwsListenerProtocol, Sequence[AwsTargetProtocol]] = {
    AwsListenerProtocol.TCP: (_TCP, _TCP_UDP),
    AwsListenerProtocol.TLS: (_TCP, _TLS),
    AwsListenerProtocol.UDP: (_UDP, _TCP_UDP),
    AwsListenerProtocol.TCP_UDP: (_TCP_UDP,),
}
"""The protocols of targets, by the protocol of a listener of a Network Load Balancer."""


def can_forward(listener: AwsListenerSpec, target: AwsTargetSpec, kind: AwsBalancerKind) -> bool:
    """Whether the listener can forward to the target. A protocol that the kind doesn't support is another problem."""
    if kind is AwsBalancerKind.NETWORK:
        choices = FORWARDED_PROTOCOLS.get(listener.protocol)
        return choices is None or target.protocol_for(kind) in choices
    # Only HTTPS listeners support HTTP/2 and gRPC.
    return target.version in (None, AwsVersion.HTTP1) or listener.protocol is not AwsListenerProtocol.HTTP
