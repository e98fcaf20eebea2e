"""EKS Auto Mode: a Network Load Balancer, told as the AWS Load Balancer Controller is, by what of it Auto Mode reads.

Source: the Amazon EKS User Guide, "Use Service Annotations to configure Network Load Balancers". It lists part of
the annotations; those that it calls unsupported are not used here.
"""

from ..load_balancers import IpFamily, Platform
from . import aws
from .aws import PREFIX
from .aws_controller import ATTRIBUTE_HONOURS, NO_IPV6_ALONE, OBSOLETE, check, tell_nlb
from .platform_module import PlatformModule, Request, Told

__all__ = ["MODULE"]

_CLASS = "eks.amazonaws.com/nlb"


def _tell(request: Request) -> Told:
    return tell_nlb(request, _CLASS)


MODULE = PlatformModule(
    name=Platform.EKS_AUTO_MODE.value,
    honours=ATTRIBUTE_HONOURS,
    prefixes=(PREFIX,),
    tell=_tell,
    check=check,
    billable=aws.billable,
    sources=aws.sources,
    client_ip=aws.client_ip,
    health_port=aws.health_port,
    default_family=IpFamily.IPV4.value,
    renewed_by=("name", "static_addresses"),
    held=("name", "static_addresses"),
    reserved=aws.reserved,
    limits=aws.limits,
    instead={
        **NO_IPV6_ALONE,
        "load_balancer_class": "leave it out: Auto Mode reads its own class alone",
    },
    obsolete={
        f"{PREFIX}type": "leave it out: Auto Mode is picked by its class",
        **OBSOLETE,
    },
)
