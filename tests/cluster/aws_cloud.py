"""A model of AWS that real controllers use: moto, over HTTP on loopback.

moto's own server needs Flask. This one passes each request to moto as boto3 would, so that a test can also look at the
model's objects. It adds what the AWS cloud controller manager reads of Network Load Balancers and moto doesn't have.
"""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import Subnet
from moto.elbv2.exceptions import DuplicateListenerError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

__all__ = ["CLUSTER", "REGION", "World", "aws_endpoint", "aws_world"]

REGION, CLUSTER = "us-east-1", "portico"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/aws4_request")


_OURS, _LISTED = "203.0.113.0/24", "198.51.100.0/24"


@dataclass(frozen=True)
class World:
    """The network of a cluster."""

    vpc: str
    subnets: Sequence[str]
    """Public ones, in two zones."""
    subnet_ranges: Sequence[str]
    nodes_group: str
    """The security group of the nodes."""
    instances: Sequence[str]
    groups: Sequence[str]
    """A security group of the user's, which admits 203.0.113.0/24 to every port."""
    opened_groups: Sequence[str]
    """Another one, whose connections the nodes' group admits without a controller's help."""
    allocations: Sequence[str]
    """Elastic IPs, one for each subnet."""
    certificate: str
    """The ARN of a certificate."""
    prefix_list: str
    """A prefix list with 198.51.100.0/24."""
    interfaces: Sequence[str]
    """The network interface of each instance."""

    @property
    def own_address(self) -> str:
        """An address that a load balancer has in the subnets."""
        return str(ipaddress.ip_network(self.subnet_ranges[0])[20])

    @property
    def named(self) -> Mapping[str, Sequence[str]]:
        """The addresses that the user's group and prefix list admit."""
        return {**{group: [_OURS] for group in (*self.groups, *self.opened_groups)}, self.prefix_list: [_LISTED]}


class _Handler(BaseHTTPRequestHandler):
    # One request at a time: moto isn't made for threads.
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        service = "unknown" if scope is None else scope["service"]
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            if name.lower() not in ("host", "content-length"):
                headers[name] = value
        url = f"https://{service}.{REGION}.amazonaws.com{self.path}"
        with self.lock:
            request = AWSPreparedRequest("POST", url, headers, body, stream_output=False)
            status, answered, text = BotocoreStubber().process_request(request) or (404, {}, "")
        data = text.encode() if isinstance(text, str) else text
        self.send_response(int(status))
        for name, value in answered.items():
            if name.lower() not in ("content-length", "date", "server"):
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def aws_endpoint() -> Generator[str]:
    """The URL of the model; it ends with the block."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        _complete(patch)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Associated(str):
    """The state of an association: moto's own code reads it as a mapping, and its response as text."""

    __slots__ = ()

    def __getitem__(self, _key: Any) -> str:
        return str(self)


def _complete(patch: pytest.MonkeyPatch) -> None:
    """What AWS has and moto doesn't: the defaults of instance targets, names, and schemes of Network Load Balancers."""
    made, created = FakeTargetGroup.__init__, ELBv2Backend.create_load_balancer

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        if self.protocol in ("TCP", "UDP", "TLS"):
            self.attributes |= {"preserve_client_ip.enabled": "true", "proxy_protocol_v2.enabled": "false"}

    def create(self: Any, *args: Any, **kwargs: Any) -> Any:
        for known in self.load_balancers.values():
            if known.name == kwargs["name"]:
                # AWS answers a second request with the same load balancer.
                return known
        balancer = created(self, *args, **kwargs)
        balancer.scheme = balancer.scheme or "internet-facing"
        if balancer.type == "network":
            balancer.dns_name = f"{balancer.name}-0123456789abcdef.elb.{REGION}.amazonaws.com"
        return balancer

    attached = Subnet.attach_ipv6_cidr_block_associations

    def attach(self: Any, block: str) -> Any:
        association = attached(self, block)
        association["ipv6CidrBlockState"] = _Associated("associated")
        return association

    patch.setattr(Subnet, "attach_ipv6_cidr_block_associations", attach)
    listen = ELBv2Backend.create_listener

    def create_listener(self: Any, load_balancer_arn: str, protocol: str, port: str, *args: Any, **kwargs: Any) -> Any:
        # A controller can send the same request twice.
        listeners = self.load_balancers[load_balancer_arn].listeners.values()
        if any(str(listener.port) == str(port) for listener in listeners):
            raise DuplicateListenerError
        return listen(self, load_balancer_arn, protocol, port, *args, **kwargs)

    patch.setattr(ELBv2Backend, "create_listener", create_listener)
    patch.setattr(ELBV2Response, "set_security_groups", _set_security_groups(ELBV2Response.set_security_groups))
    patch.setattr(FakeTargetGroup, "__init__", make)
    patch.setattr(ELBv2Backend, "create_load_balancer", create)
    # The quota of 60 rules for each security group, which AWS raises on request.
    patch.setattr(SecurityGroupBackend, "_verify_group_will_respect_rule_count_limit", lambda *_args, **_kwargs: None)


def _set_security_groups(known: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """SetSecurityGroups, with its setting for AWS PrivateLink."""

    def change(self: Any) -> Any:
        answered = known(self)
        balancer = self.elbv2_backend.load_balancers[self._get_param("LoadBalancerArn")]
        if enforced := self._get_param("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"):
            balancer.enforce_security_group_inbound_rules_on_private_link_traffic = enforced
        return answered

    return change


def aws_world(nodes: int, *, has_ipv6: bool = False) -> World:
    """A VPC with public subnets, and an instance for each node."""
    ec2: Any = boto3.client("ec2", region_name=REGION)
    created = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=has_ipv6)["Vpc"]
    vpc = created["VpcId"]
    ipv6 = [str(ipaddress.ip_network(it["Ipv6CidrBlock"])) for it in created["Ipv6CidrBlockAssociationSet"]]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ranges = ["10.0.1.0/24", "10.0.2.0/24"]
    subnets: list[str] = []
    for index, (zone, cidr) in enumerate(zip("ab", ranges, strict=True)):
        own = {"Ipv6CidrBlock": str(_part(ipv6[0], index))} if ipv6 else {}
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}", **own)
        subnets.append(subnet["Subnet"]["SubnetId"])
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[-1])
    owned = {"Key": f"kubernetes.io/cluster/{CLUSTER}", "Value": "owned"}
    roles = [{"Key": f"kubernetes.io/role/{role}", "Value": "1"} for role in ("elb", "internal-elb")]
    ec2.create_tags(Resources=subnets, Tags=[owned, *roles])
    nodes_group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[nodes_group], Tags=[owned])
    group, opened = (_group(ec2, vpc, name) for name in ("ours", "opened"))
    everything = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "UserIdGroupPairs": [{"GroupId": opened}]}
    udp = {**everything, "IpProtocol": "udp"}
    ec2.authorize_security_group_ingress(GroupId=nodes_group, IpPermissions=[everything, udp])
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(
        ImageId=image, MinCount=nodes, MaxCount=nodes, SubnetId=subnets[0], SecurityGroupIds=[nodes_group]
    )
    instances = [instance["InstanceId"] for instance in made["Instances"]]
    interfaces = [instance["NetworkInterfaces"][0]["NetworkInterfaceId"] for instance in made["Instances"]]
    ec2.create_tags(Resources=instances, Tags=[owned])
    allocations = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in subnets]
    acm: Any = boto3.client("acm", region_name=REGION)
    certificate = acm.request_certificate(DomainName="shop.example.com")["CertificateArn"]
    listed = ec2.create_managed_prefix_list(
        PrefixListName="ours", AddressFamily="IPv4", MaxEntries=1, Entries=[{"Cidr": _LISTED}]
    )["PrefixList"]["PrefixListId"]
    return World(
        vpc, subnets, ranges, nodes_group, instances, [group], [opened], allocations, certificate, listed, interfaces
    )


def _group(ec2: Any, vpc: str, name: str) -> str:
    """A security group that admits a range to every port."""
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    every = {"FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": _OURS}]}
    permissions = [{"IpProtocol": protocol, **every} for protocol in ("tcp", "udp")]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)
    return group


def _part(block: str, index: int) -> Any:
    return list(ipaddress.ip_network(block).subnets(new_prefix=64))[index]
