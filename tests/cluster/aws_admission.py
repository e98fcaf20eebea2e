"""Who can connect to a load balancer: by the groups and attributes that a model of AWS has, and by `portico explain`.

It serves the tests of both real controllers on AWS.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from pulumi_portico.ingress_gateway.front_door import exposure_request
from pulumi_portico.load_balancers import PRIVATE_ADDRESSES, ClientIp, Scope
from pulumi_portico.public_load_balancer.common import client_ip_of
from pulumi_portico.public_load_balancer.plan import request_of
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.parts import GATEWAYS, LOAD_BALANCERS
from pulumi_portico.stack.view import BalancerView, SourceKind, SourceView, TlsTermination
from pulumi_portico.stack.views import view_of

from tests.cluster.aws_cloud import REGION, World
from tools.cluster import Cluster
from tools.cluster_config import simulated_node

__all__ = [
    "EVERYONE",
    "INSIDE",
    "NARROW",
    "PRIVATE",
    "PUBLIC",
    "UDP",
    "Comparison",
    "Network",
    "Rendered",
    "compare",
    "expected_settings",
    "hostname",
    "make_instances",
    "rendered",
    "reported",
]

EVERYONE = ["0.0.0.0/0"]
NARROW = ["203.0.113.0/24"]
INSIDE = ["10.9.0.0/16"]

# The clients that are tried, by whether the internet has them.
PUBLIC = ("203.0.113.7", "198.51.100.7", "8.8.8.8", "2001:db8::7", "2600::7")
PRIVATE = ("10.0.1.5", "10.9.0.5", "10.77.0.5", "192.168.3.4", "fd00::7")

UDP = {"ports": {"dns": {"port": 53, "targetPort": 5353, "protocol": "UDP"}}}
"""A load balancer of UDP."""
_DNS = {"dns": {"port": 5353, "protocol": "UDP"}, "dns-tcp": {"port": 5353}}
SERVICES = {
    "web": {"image": "registry.example.com/web:1.0", "ports": {"http": {"port": 8080, "servicePort": 80}, **_DNS}}
}


def make_instances(cluster: Cluster, world: World) -> None:
    """Make the cluster's nodes the instances of the model of AWS."""
    cluster.kubectl("delete", "nodes", "--all")
    for index, instance in enumerate(world.instances):
        node = simulated_node(f"aws-{index}", f"{REGION}a")
        node["spec"] = {"providerID": f"aws:///{REGION}a/{instance}"}
        cluster.apply(node)
    cluster.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")
    cluster.kubectl("create", "namespace", "shop")


@dataclass(frozen=True)
class Rendered:
    """What Portico renders for a load balancer, and what `portico explain` reports of it."""

    service: dict[str, Any]
    view: BalancerView
    client_ip: ClientIp
    """What the pods see of the client's address, which decides what else depends on it."""


def rendered(balancers: Mapping[str, Any], gateways: Mapping[str, Any] | None = None) -> dict[str, Rendered]:
    """The load balancers, and those of gateways, by name. Their Services have their names."""
    values = {
        "namespace": "shop",
        "services": SERVICES,
        "loadBalancers": {name: {"target": {"service": "web"}, **args} for name, args in balancers.items()},
        **({"gateways": gateways} if gateways else {}),
    }
    plan = check_stack("dev", values)
    views = {balancer.name: balancer for balancer in view_of(plan).balancers}
    requests = {
        **{name: request_of(spec) for name, spec in plan.load_balancers.items()},
        **{name: exposure_request(spec) for name, spec in plan.gateways.items()},
    }
    found: dict[str, Rendered] = {}
    for kind, specs in ((LOAD_BALANCERS, plan.load_balancers), (GATEWAYS, plan.gateways)):
        for name, objects in kind.objects(specs):
            (service,) = (it.manifest for it in objects if _is_balanced(it.manifest))
            service = copy.deepcopy(dict(service))
            service["metadata"] |= {"name": name, "namespace": "shop"}
            request = requests[name]
            assert request is not None
            found[name] = Rendered(service, views[name], client_ip_of(request))
    return found


def _is_balanced(manifest: Mapping[str, Any]) -> bool:
    return manifest["kind"] == "Service" and manifest["spec"].get("type") == "LoadBalancer"


def hostname(service: Mapping[str, Any]) -> str:
    """The DNS name that a controller wrote into a Service; empty if there is none."""
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return ingress[0].get("hostname", "")


@dataclass(frozen=True)
class _Rule:
    """One permission of a security group."""

    protocol: str
    first: int
    last: int
    ranges: Sequence[str]
    groups: Sequence[str]

    def opens(self, protocol: str, port: int, address: str, members: Sequence[str]) -> bool:
        fits = self.protocol == "-1" or (self.protocol == protocol and self.first <= port <= self.last)
        return fits and (any(_within(address, it) for it in self.ranges) or any(it in members for it in self.groups))


@dataclass(frozen=True)
class Network:
    """The load balancers and security groups of the model of AWS, as they are now: each is read once."""

    targets_groups: Sequence[str]
    """The security groups of the nodes and of the pods."""
    own_address: str
    """An address that a load balancer has in its subnets."""

    def balancer(self, name: str) -> Mapping[str, Any]:
        """The load balancer with this DNS name."""
        (found,) = (it for it in self._balancers if it["DNSName"] == name)
        return found

    def admits(self, balancer: Mapping[str, Any], client: str) -> bool:
        """Whether a client reaches a target at every listener. A client that reaches only some is an error."""
        found = {self._passes(balancer, listener, client) for listener in self.listeners(balancer)}
        assert len(found) == 1, f"{client} reaches some listeners of {balancer['LoadBalancerName']}, and others not"
        return found.pop()

    def listeners(self, balancer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The listeners of a load balancer."""
        return _elb().describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]

    def settings(self, balancer: Mapping[str, Any]) -> dict[str, Any]:
        """What a load balancer has beside its groups: the scope, the listeners, and what targets see of clients."""
        listeners = self.listeners(balancer)
        targets = [self._target_group(listener) for listener in listeners]
        read = [self._attributes(target["TargetGroupArn"]) for target in targets]
        # AWS always preserves the address for UDP.
        tcp = [it for it, target in zip(read, targets, strict=True) if target["Protocol"] in ("TCP", "TLS")]
        return {
            "scope": "internet" if balancer["Scheme"] == "internet-facing" else "internal",
            "ports": sorted((it["Port"], name) for it in listeners for name in _protocols_of(it["Protocol"])),
            "tls": {it["Protocol"] == "TLS" for it in listeners} == {True},
            "preserved": {it["preserve_client_ip.enabled"] == "true" for it in tcp},
            "proxied": {it.get("proxy_protocol_v2.enabled") == "true" for it in read} == {True},
            "private link": balancer.get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic") == "off",
        }

    def _passes(self, balancer: Mapping[str, Any], listener: Mapping[str, Any], client: str) -> bool:
        if ":" in client and balancer.get("IpAddressType") != "dualstack":
            return False
        groups, protocols = balancer.get("SecurityGroups") or [], _protocols_of(listener["Protocol"])
        opened = [it for it in protocols if not groups or self.opens(groups, it, listener["Port"], client)]
        target = self._target_group(listener)
        is_udp = target["Protocol"] in ("UDP", "TCP_UDP")
        preserved = is_udp or self._attributes(target["TargetGroupArn"])["preserve_client_ip.enabled"] == "true"
        # AWS translates IPv6 to the load balancer's own IPv4 address.
        source = client if preserved and ":" not in client else self.own_address
        passed = [it for it in opened if self.opens(self.targets_groups, it, target["Port"], source, groups)]
        assert passed in ([], list(protocols)), f"{client} passes with {passed} of {protocols}"
        return bool(passed)

    def opens(self, groups: Sequence[str], protocol: str, port: int, address: str, members: Sequence[str] = ()) -> bool:
        """Whether one of the groups opens a port to an address, or to what has these groups."""
        rules = (rule for group in groups for rule in self._rules[group])
        return any(rule.opens(protocol, port, address, members) for rule in rules)

    def _target_group(self, listener: Mapping[str, Any]) -> Mapping[str, Any]:
        (action,) = listener["DefaultActions"]
        arn = action.get("TargetGroupArn") or action["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"]
        return self._target_groups[arn]

    def _attributes(self, target_group: str) -> Mapping[str, str]:
        read = _elb().describe_target_group_attributes(TargetGroupArn=target_group)["Attributes"]
        return {it["Key"]: it["Value"] for it in read}

    @cached_property
    def _balancers(self) -> Sequence[Mapping[str, Any]]:
        return list(_pages("describe_load_balancers", "LoadBalancers"))

    @cached_property
    def _target_groups(self) -> Mapping[str, Mapping[str, Any]]:
        return {it["TargetGroupArn"]: it for it in _pages("describe_target_groups", "TargetGroups")}

    @cached_property
    def _rules(self) -> Mapping[str, Sequence[_Rule]]:
        ec2: Any = boto3.client("ec2", region_name=REGION)
        lists = {
            it["PrefixListId"]: [
                entry["Cidr"]
                for entry in ec2.get_managed_prefix_list_entries(PrefixListId=it["PrefixListId"])["Entries"]
            ]
            for it in ec2.describe_managed_prefix_lists()["PrefixLists"]
        }
        groups = ec2.describe_security_groups()["SecurityGroups"]
        return {it["GroupId"]: [_rule(permission, lists) for permission in it["IpPermissions"]] for it in groups}


def _rule(permission: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> _Rule:
    ranges = [it["CidrIp"] for it in permission["IpRanges"]]
    ranges += [it["CidrIpv6"] for it in permission.get("Ipv6Ranges", ())]
    ranges += [cidr for it in permission.get("PrefixListIds", ()) for cidr in lists[it["PrefixListId"]]]
    groups = [it["GroupId"] for it in permission.get("UserIdGroupPairs", ())]
    first, last = permission.get("FromPort", 0), permission.get("ToPort", 65535)
    return _Rule(permission["IpProtocol"], first, last, ranges, groups)


def _elb() -> Any:
    return boto3.client("elbv2", region_name=REGION)


def _pages(operation: str, key: str) -> Iterator[Mapping[str, Any]]:
    for page in _elb().get_paginator(operation).paginate():
        yield from page[key]


def _protocols_of(listener: str) -> Sequence[str]:
    return {"TCP_UDP": ("tcp", "udp"), "UDP": ("udp",)}.get(listener, ("tcp",))


def expected_settings(balancer: Rendered) -> dict[str, Any]:
    """What Portico reports of the same settings."""
    view, client_ip = balancer.view, balancer.client_ip
    is_tcp = any(port.protocol == "TCP" for port in view.ports)
    is_mixed = is_tcp and any(port.protocol != "TCP" for port in view.ports)
    return {
        "scope": view.scope.value,
        "ports": sorted((port.number, port.protocol.lower()) for port in view.ports),
        "tls": view.tls is TlsTermination.LOAD_BALANCER,
        # One listener for both protocols has targets that see the client's address.
        "preserved": {client_ip is ClientIp.PRESERVE} if is_tcp and not is_mixed else set(),
        "proxied": client_ip is ClientIp.PROXY_PROTOCOL,
        "private link": any(source.kind is SourceKind.FURTHER_CLIENTS for source in view.sources),
    }


def _within(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def reported(view: BalancerView, client: str, named: Mapping[str, Sequence[str]]) -> bool:
    """Whether `portico explain` reports that a client can connect. `named` has the ranges of what platforms name."""
    return any(_includes(source, client, named) for source in view.sources)


def _includes(source: SourceView, client: str, named: Mapping[str, Sequence[str]]) -> bool:
    if source.kind is SourceKind.ADDRESSES:
        return _within(client, source.value)
    if source.kind is SourceKind.PRIVATE_NETWORK:
        return any(_within(client, cidr) for cidr in PRIVATE_ADDRESSES)
    if source.kind is SourceKind.NAMED:
        return any(_within(client, cidr) for cidr in named[source.value])
    # Their addresses say nothing.
    return False


@dataclass(frozen=True)
class Comparison:
    """What AWS admits, beside what Portico reports."""

    differences: Sequence[str]
    admitted: int
    rejected: int


def compare(
    balancers: Mapping[str, Rendered],
    admits: Callable[[str, str], bool],
    named: Mapping[str, Sequence[str]],
    *,
    has_ipv6: Callable[[str], bool] = lambda _name: False,
) -> Comparison:
    """Try each client at each load balancer. `has_ipv6` is whether a load balancer has IPv6 addresses."""
    differences: list[str] = []
    counts = {True: 0, False: 0}
    for name, balancer in balancers.items():
        if not balancer.view.are_sources_certain:
            # Another load balancer here admits everyone to the same port of the pods.
            continue
        for client in PUBLIC if balancer.view.scope is Scope.INTERNET else PRIVATE:
            if ":" in client and not has_ipv6(name):
                continue
            admitted = admits(name, client)
            counts[admitted] += 1
            if admitted != reported(balancer.view, client, named):
                differences.append(f"{name}: {client} is {'' if admitted else 'not '}admitted")
    return Comparison(differences, counts[True], counts[False])
