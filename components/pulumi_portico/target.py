"""The value that joins components: which Service, and which of its ports."""

from collections.abc import Mapping
from enum import Enum

import pulumi

from ._typing import NotRequired, TypedDict
from .checks import Field, Rules
from .names import dns_label, label_key, label_value, port_name, port_number, service_name
from .values import whole_number

__all__ = ["RULES", "Protocol", "Target"]


class Protocol(str, Enum):
    """The transport that a port speaks."""

    TCP = "TCP"
    """TCP, and all that runs over it."""

    UDP = "UDP"
    """UDP, as names are asked for."""

    SCTP = "SCTP"
    """SCTP, where the cluster's network has it."""


class Target(TypedDict):
    """A Service's port, as routes and balancers name it.

    `WebService.target()` answers one. One written by hand joins a Service that Portico
    does not own.
    """

    service: pulumi.Input[str]
    """The Service's name."""

    namespace: pulumi.Input[str]
    """The namespace that the Service and its pods live in."""

    port: NotRequired[pulumi.Input[int]]
    """The Service's port, by number (1 to 65535). This or `port_name`."""

    port_name: NotRequired[pulumi.Input[str]]
    """The Service's port, by name. This or `port`."""

    target_port: NotRequired[pulumi.Input[int]]
    """The port (1 to 65535) that the pods themselves listen on. A balancer needs it, as it makes a Service of its own,
    and so does whatever lets requests through to the pods. Default: `port`."""

    protocol: NotRequired[Protocol]
    """The transport of the port. Plain. Default: TCP."""

    selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The labels by which the Service finds its pods. A balancer needs them, as it makes a Service of its own."""

    ready: NotRequired[pulumi.Input[str]]
    """An Output that is known when the Service is ready. Whatever routes to the target is created after the resources
    that the Output comes from, and deleted before them. `WebService.target()` sets it. Default: the target exists."""

    drain: NotRequired[int]
    """Seconds (0 to 3600) that a pod goes on serving after it was told to stop; balancers derive their delays from
    it. Plain."""


RULES: Rules = {
    Target: {
        "service": Field(service_name),
        "namespace": Field(dns_label),
        "port": Field(port_number),
        "port_name": Field(port_name),
        "target_port": Field(port_number),
        "drain": Field(whole_number(0, 3600, "a number of seconds")),
        "selector": Field(keys=label_key, items=label_value),
    }
}
"""What the fields of a target must satisfy."""
