"""The arguments of a `PublicLoadBalancer`, and the rules of its fields."""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, component, form, holder, moved_to, several, table
from ..args.forms import is_list, is_text, one_item
from ..args.names import label_value, own_label_key, port_name, port_number, service_name
from ..args.parse import Field, Rules
from ..args.problems import Reason
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import whole_number
from ..lifecycle.cost import RULES as COST_RULES
from ..lifecycle.cost import Price, PriceSpec
from ..networking.conversions import (
    client_ip_of,
    from_backend,
    from_backend_name,
    from_service_ports,
    load_balancer_of,
    load_balancer_spec,
)
from ..networking.target import RULES as TARGET_RULES
from ..networking.target import Protocol, ProtocolLike, Target, TargetSpec
from ..workload.conversions import below
from .exposure import RULES as EXPOSURE_RULES
from .exposure import Exposure, ExposureSpec, platform_of_type

__all__ = ["RULES", "BalancerPort", "BalancerPortSpec", "PublicLoadBalancerArgs", "PublicLoadBalancerSpec"]

_RANGE = re.compile(r"[0-9]+\s*(-|:|\.\.)\s*[0-9]+")

PORT_RANGE = define(
    "port-range",
    "{value} is a range of ports, and a Kubernetes Service lists each port.",
    allowed="one port from 1 to 65535",
    hint="List each port by name in the load balancer's ports.",
)


class BalancerPort(TypedDict):
    """One of several ports of a load balancer; its key is its name."""

    port: int
    """The port (1 to 65535) that clients connect to. Plain. Maps to the Service's `port`."""

    target_port: NotRequired[int]
    """The port (1 to 65535) that the pods listen on. Plain. Default: the same as `port`. Maps to `targetPort`."""

    protocol: NotRequired[ProtocolLike]
    """The transport protocol. Plain. Default: TCP. Maps to `protocol`."""


_NAMES_OF_BALANCER_PORT = table(
    {
        "name": automatic(),
        "nodePort": component("load_balancers", "exposure.node_ports"),
        "appProtocol": component("services", "ports.app_protocol"),
        "containerPort": moved_to("target_port"),
    }
)
"""Other tools' names for the fields of `BalancerPort`."""


@spec(BalancerPort, elsewhere=_NAMES_OF_BALANCER_PORT)
class BalancerPortSpec(Spec):
    """A parsed `BalancerPort`."""

    port: int
    target_port: Optional[int] = None
    protocol: Protocol = Protocol.TCP


class PublicLoadBalancerArgs(TypedDict):
    """The arguments of a `PublicLoadBalancer`: a `target` and its `exposure`. Everything else has a default."""

    name: NotRequired[str]
    """What the load balancer is called, apart from the Pulumi name: in a stack, with the former key here, another key
    replaces nothing. Pulumi generates the names of its objects from the Pulumi name. Its own name at the platform is
    the `name` of the exposure. Plain. Default: the Pulumi name; in a stack, the key."""

    target: Target
    """What the load balancer exposes: the target of a WebService, or one that you write, with the `selector` of the
    pods. Plain, except for some leaves."""

    exposure: Exposure
    """How the load balancer exposes the target, and its settings. Plain, except for most leaves."""

    ports: NotRequired[Mapping[str, BalancerPort]]
    """Several ports, by name (at most 15 characters), in place of the target's port. Plain. Default: the target's
    port."""

    target_reads_proxy_protocol: NotRequired[bool]
    """Whether the pods read the PROXY protocol. Required if the exposure's `client_ip` is proxy-protocol, and not
    allowed otherwise: if only one side uses the protocol, every connection fails. Plain. Default: false."""

    ready_timeout: NotRequired[int]
    """Seconds (1 to 3600) that the platform has to assign an address to the load balancer. After that, the deployment
    fails, and a message lists what to check. Plain. Default: 600."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of every object. Keys are plain. Default: none."""

    price: NotRequired[Price]
    """The platform's prices, for the cost estimate. Plain. Default: the list prices in the United States."""


_NAMES_OF_PUBLIC_LOAD_BALANCER_ARGS = table(
    {
        "selector": moved_to("target.selector"),
        "service": several("target", convert=from_backend_name),
        "backend": several("target", convert=from_backend),
        "type": several("exposure", convert=below("exposure", platform_of_type)),
        "spec": holder(load_balancer_spec, "target", "exposure"),
        "apiVersion": automatic(...),
        "metadata": several("labels", "exposure"),
        "loadBalancerSourceRanges": moved_to("exposure.allowed_sources"),
        "loadBalancerIP": moved_to("exposure.static_addresses", one_item),
        "externalTrafficPolicy": moved_to("exposure.client_ip", client_ip_of),
        "loadBalancerClass": moved_to("exposure.load_balancer_class"),
        "externalIPs": several("exposure.static_addresses"),
        "healthCheckNodePort": moved_to("exposure.health.node_port"),
        "annotations": moved_to("exposure.annotations"),
        "scope": moved_to("exposure.scope"),
        "platform": moved_to("exposure.platform"),
        "allowedSources": moved_to("exposure.allowed_sources"),
        "port": several("ports"),
        "targetPort": several("ports.target_port"),
        "sessionAffinity": moved_to("exposure.session_affinity"),
        "ipFamilyPolicy": several("exposure.ip_address_type"),
        "listeners": component("aws_load_balancers", "listeners"),
        "hosts": component("aws_load_balancers", "hosts"),
        "routes": component("gateways", "routes"),
        "enabled": SWITCHED_ON,
    },
    forms={
        "ports": (form(is_list, from_service_ports),),
        "target": (form(is_text, from_backend_name),),
    },
    manifest=load_balancer_of,
)
"""Other tools' names for the fields of `PublicLoadBalancerArgs`."""


@spec(PublicLoadBalancerArgs, renamed={"ready_within": "ready_timeout"}, elsewhere=_NAMES_OF_PUBLIC_LOAD_BALANCER_ARGS)
class PublicLoadBalancerSpec(Spec):
    """Parsed `PublicLoadBalancerArgs`."""

    target: TargetSpec
    exposure: ExposureSpec
    name: Optional[str] = None
    ports: Optional[Mapping[str, BalancerPortSpec]] = None
    target_reads_proxy_protocol: bool = False
    ready_timeout: int = 600
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, "pulumi.Input[str]"])
    price: Optional[PriceSpec] = None


def _port_range(value: Any) -> Optional[Reason]:
    return Reason(PORT_RANGE) if isinstance(value, str) and _RANGE.fullmatch(value) else None


_PORT = Field(port_number, other_type=_port_range)

RULES: Rules = {
    **TARGET_RULES,
    **EXPOSURE_RULES,
    **COST_RULES,
    BalancerPort: {"port": _PORT, "target_port": _PORT},
    PublicLoadBalancerArgs: {
        "name": Field(service_name),
        "ports": Field(keys=port_name),
        "ready_timeout": Field(whole_number(1, 3600, SECONDS)),
        "labels": Field(keys=own_label_key, items=label_value),
    },
}
"""What the fields must satisfy."""
