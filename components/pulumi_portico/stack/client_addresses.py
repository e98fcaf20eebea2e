"""Gateways behind load balancers of the stack that hide the clients' addresses from them."""

from collections.abc import Iterator
from typing import Optional

from ..args.codes import define
from ..args.problems import Problems
from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..aws_load_balancer.choices import AwsBalancerKind
from ..aws_load_balancer.target_group import AwsTargetPlan
from ..ingress_gateway.client_addresses import (
    HiddenClients,
    check_client_addresses,
    hidden_by_balancer,
    trusts_a_header,
)
from ..ingress_gateway.gateway_plan import installer_of
from ..load_balancers import ClientIp
from ..public_load_balancer.plan import request_of
from .conflicts import Parts
from .parts import AwsBalancerPart, BalancerPart, GatewayPart
from .references import GATEWAY
from .targets import Destination, Destinations

__all__ = ["check_gateways_behind_balancers"]

CLIENT_ADDRESS_IN_HEADER = define(
    "client-address-in-header",
    "{field} depends on the client's address, and {balancer} reports it only in X-Forwarded-For, which the gateway "
    "doesn't trust: it sees the address of the load balancer.",
    allowed="only if {forwarded_from} includes the addresses of the load balancer",
    hint="Set {forwarded_from} to the load balancer's subnets.",
)
CLIENT_ADDRESS_HIDDEN_FROM_TARGET = define(
    "client-address-hidden-from-gateway",
    "{field} depends on the client's address, and {balancer} hides it from the gateway.",
    allowed="only if {client_ip} is preserve, or both sides use the PROXY protocol",
    hint="Set {client_ip} to preserve.",
)


def check_gateways_behind_balancers(parts: Parts, destinations: Destinations, problems: Problems) -> None:
    """Report the settings of routes that would treat all clients of a load balancer as one."""
    for gateway in parts.gateways.values():
        if gateway.usable:
            problems.run(_check_gateway, gateway, parts, destinations)


def _check_gateway(gateway: GatewayPart, parts: Parts, destinations: Destinations, problems: Problems) -> None:
    spec = gateway.spec
    if installer_of(spec) is None or spec.upstream is None or spec.upstream.proxy_protocol or trusts_a_header(spec):
        return
    for balancer in parts.load_balancers.values():
        problems.run(_check_behind, gateway, balancer, destinations)
    for balancer in parts.aws_load_balancers.values():
        problems.run(_check_behind_aws, gateway, balancer, destinations)


def _check_behind(gateway: GatewayPart, balancer: BalancerPart, destinations: Destinations, problems: Problems) -> None:
    if balancer.usable and _leads_to(destinations.get(balancer.spec.target.at), gateway):
        hidden = hidden_by_balancer(request_of(balancer.spec))
        check_client_addresses(gateway.spec.module, gateway.spec.routes, hidden, problems)


def _check_behind_aws(
    gateway: GatewayPart, balancer: AwsBalancerPart, destinations: Destinations, problems: Problems
) -> None:
    if balancer.usable:
        hidden = list(_hidden_by_aws(gateway, balancer.spec, destinations))[:1]
        check_client_addresses(gateway.spec.module, gateway.spec.routes, hidden, problems)


def _hidden_by_aws(
    gateway: GatewayPart, spec: AwsLoadBalancerSpec, destinations: Destinations
) -> Iterator[HiddenClients]:
    for key, target in spec.targets.items():
        if target.target is None or not _leads_to(destinations.get(target.target.at), gateway):
            continue
        if spec.kind is AwsBalancerKind.APPLICATION:
            forwarded_from = gateway.at / "settings" / "forwarded_from"
            yield HiddenClients(CLIENT_ADDRESS_IN_HEADER, {"balancer": spec.at, "forwarded_from": forwarded_from})
        elif AwsTargetPlan(key, target, spec.kind).client_ip is ClientIp.HIDE:
            params = {"balancer": spec.at, "client_ip": target.at / "client_ip"}
            yield HiddenClients(CLIENT_ADDRESS_HIDDEN_FROM_TARGET, params)


def _leads_to(destination: Optional[Destination], gateway: GatewayPart) -> bool:
    return destination is not None and destination.kind == GATEWAY and destination.name == gateway.name
