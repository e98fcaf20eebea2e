"""What a stack file says below `portico:`."""

from collections.abc import Mapping

from .._typing import NotRequired, TypedDict
from ..aws_load_balancer import AwsLoadBalancerArgs
from ..ingress_gateway import IngressGatewayArgs
from ..public_load_balancer import PublicLoadBalancerArgs
from ..shapes import camel_case, shapes_of
from ..web_service import WebServiceArgs

__all__ = ["KEYS", "StackArgs", "StackTarget"]


class StackTarget(TypedDict):
    """A service or a gateway of the stack, by name, wherever a target is wanted. With a `namespace`, it is a Service
    that the stack does not make, written out as Python callers do."""

    service: NotRequired[str]
    """The service's name in the stack. This or `gateway`."""

    gateway: NotRequired[str]
    """The gateway's name in the stack, of one that installs its controller. Load balancers alone lead to gateways."""

    port: NotRequired[int]
    """The port, by the number that other pods use (`servicePort`). Default: of a service, the port `http`, else its
    first TCP port by name; of a gateway, 443."""

    port_name: NotRequired[str]
    """The port, by name, instead of `port`."""


class StackArgs(TypedDict):
    """What a stack file says below `portico:`; a base file says the same without `portico:` before its keys."""

    extends: NotRequired[str]
    """The name of a base file beside the stack file, which this one is laid over: mappings key by key, all else
    replaced; a null takes out what the base has. Default: none."""

    namespace: str
    """The namespace that the stack makes, with Pod Security "restricted", and that its services live in unless they
    say otherwise."""

    defaults: NotRequired[WebServiceArgs]
    """What every service starts from; what the service itself says is laid over it. Default: nothing."""

    services: NotRequired[Mapping[str, WebServiceArgs]]
    """The stack's WebServices, by name. Default: none."""

    gateways: NotRequired[Mapping[str, IngressGatewayArgs]]
    """The stack's IngressGateways, by name. Default: none."""

    load_balancers: NotRequired[Mapping[str, PublicLoadBalancerArgs]]
    """The stack's PublicLoadBalancers, by name. Default: none."""

    aws_load_balancers: NotRequired[Mapping[str, AwsLoadBalancerArgs]]
    """The stack's AwsLoadBalancers, by name. Default: none."""


KEYS = tuple(map(camel_case, shapes_of(StackArgs)))
"""The keys below `portico:`."""
