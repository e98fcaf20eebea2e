"""The real AWS cloud controller manager, with the Services that Portico renders for aws-legacy.

It runs against the real API server and a model of AWS. The security groups and attributes that it creates admit exactly
what `portico explain` reports.
"""

from __future__ import annotations

import copy
import ipaddress
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from pulumi_portico.load_balancers import PRIVATE_ADDRESSES, Scope
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.parts import LOAD_BALANCERS
from pulumi_portico.stack.view import BalancerView, SourceKind
from pulumi_portico.stack.views import view_of

from tests.cluster.aws_cloud import CLUSTER, REGION, World, aws_endpoint, aws_world
from tools import build
from tools.cluster import Cluster
from tools.cluster_config import simulated_node

pytestmark = pytest.mark.long

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
NODES = 2
SECONDS = 120
SERVICES = ("EC2", "Elastic Load Balancing", "Elastic Load Balancing v2", "KMS")
EVERYONE = ["0.0.0.0/0"]
NARROW = ["203.0.113.0/24"]
INSIDE = ["10.9.0.0/16"]
UDP = {"ports": {"dns": {"port": 53, "targetPort": 5353, "protocol": "UDP"}}}
PRESERVE, PROXIED = {"clientIp": "preserve"}, {"clientIp": "proxy-protocol"}
READS = {"targetReadsProxyProtocol": True}
MANAGED = {"securityGroupMode": "Managed"}

# The clients that are tried, by whether the internet has them.
PUBLIC = ("203.0.113.7", "198.51.100.7", "8.8.8.8")
PRIVATE = ("10.0.1.5", "10.9.0.5", "10.77.0.5", "192.168.3.4")


def accepted(managed: bool, world: World) -> dict[str, dict[str, Any]]:
    """The load balancers that Portico accepts, by name: each has an exposure and further arguments."""
    found: dict[str, dict[str, Any]] = {}

    def add(name: str, scope: str, fields: Mapping[str, Any], **args: Any) -> None:
        found[name] = {"exposure": {"scope": scope, "platform": "aws-legacy", **fields}, **args}

    tls = {"tls": {"certificates": [world.certificate]}}
    static = {"staticAddresses": list(world.allocations), "subnets": list(world.subnets)}
    private = {"staticAddresses": ["10.0.1.9", "10.0.2.9"], "subnets": list(world.subnets)}
    for label, client, more in (
        ("hide", {}, {}),
        ("keep", PRESERVE, {}),
        ("proxy", PROXIED, READS),
    ):
        add(f"all-{label}", "internet", {**client, "allowedSources": EVERYONE}, **more)
        add(f"halves-{label}", "internet", {**client, "allowedSources": ["0.0.0.0/1", "128.0.0.0/1"]}, **more)
        add(f"inside-{label}", "internal", dict(client), **more)
        if managed or client == PRESERVE:
            add(f"narrow-{label}", "internet", {**client, "allowedSources": NARROW}, **more)
            add(f"inside-narrow-{label}", "internal", {**client, "allowedSources": INSIDE}, **more)
        if managed:
            groups = {"aws": {"securityGroups": list(world.groups)}}
            add(f"groups-{label}", "internet", {**client, **groups}, **more)
            add(f"groups-tls-{label}", "internet", {**client, **groups, **tls}, **more)
        else:
            add(f"tls-all-{label}", "internet", {**client, "allowedSources": EVERYONE, **tls}, **more)
    add("static-narrow", "internet", {**PRESERVE, "allowedSources": NARROW, **static})
    add("inside-static", "internal", {**PRESERVE, "allowedSources": INSIDE, **private})
    # Its health check has a port of its own.
    add("udp-narrow", "internet", {"allowedSources": NARROW, "health": {"port": 10256}}, **UDP)
    add("udp-inside", "internal", {"allowedSources": INSIDE, "health": {"port": 10256}}, **UDP)
    if not managed:
        add("tls-narrow", "internet", {**PRESERVE, "allowedSources": NARROW, **tls})
    else:
        for balancer in found.values():
            exposure = balancer["exposure"]
            exposure["aws"] = {**MANAGED, **exposure.get("aws", {})}
    return found


@dataclass(frozen=True)
class Rendered:
    """What Portico renders for a load balancer, and what `portico explain` reports of it."""

    service: dict[str, Any]
    view: BalancerView


def rendered(balancers: Mapping[str, Any]) -> dict[str, Rendered]:
    services = {"web": {"image": "registry.example.com/web:1.0", "port": 8080}}
    values = {
        "namespace": "shop",
        "services": services,
        "loadBalancers": {name: {"target": {"service": "web"}, **args} for name, args in balancers.items()},
    }
    plan = check_stack("dev", values)
    views = {balancer.name: balancer for balancer in view_of(plan).balancers}
    found: dict[str, Rendered] = {}
    for name, objects in LOAD_BALANCERS.objects(plan.load_balancers):
        (service,) = (it.manifest for it in objects if it.manifest["kind"] == "Service")
        service = copy.deepcopy(dict(service))
        service["metadata"]["name"] = name
        found[name] = Rendered(service, views[name])
    return found


# The controller.


class Cloud:
    """A cluster whose cloud is the model of AWS, and its controller."""

    def __init__(self, cluster: Cluster, endpoint: str, world: World, *, managed: bool) -> None:
        self.cluster = cluster
        self.world = world
        self.managed = managed
        self._config = cluster.folder / "cloud.conf"
        self._config.write_text(_configuration(endpoint, world, managed=managed))

    def start(self) -> None:
        """Make the nodes instances, and start the controller."""
        self.cluster.kubectl("delete", "nodes", "--all")
        for index, instance in enumerate(self.world.instances):
            node = simulated_node(f"aws-{index}", f"{REGION}a")
            node["spec"] = {"providerID": f"aws:///{REGION}a/{instance}"}
            self.cluster.apply(node)
        self.cluster.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")
        self.cluster.kubectl("create", "namespace", "shop")
        fake = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
        self.cluster.processes.start("aws-cloud-controller-manager", self._command(), {**os.environ, **fake})

    def _command(self) -> list[str]:
        return [
            str(build.bin_dir("cloud-provider-aws") / "cloud-provider-aws"),
            "--cloud-provider=aws",
            f"--cloud-config={self._config}",
            f"--kubeconfig={self.cluster.kubeconfig}",
            f"--authentication-kubeconfig={self.cluster.kubeconfig}",
            f"--authorization-kubeconfig={self.cluster.kubeconfig}",
            f"--cluster-name={CLUSTER}",
            "--controllers=service-lb-controller",
            "--leader-elect=false",
            "--configure-cloud-routes=false",
            "--allocate-node-cidrs=false",
            "--bind-address=127.0.0.1",
            "--secure-port=0",
            "--concurrent-service-syncs=4",
            "--v=2",
        ]

    def create(self, services: Sequence[Mapping[str, Any]]) -> None:
        """Create Services, and wait until the controller has made a load balancer for each."""
        self.cluster.apply(*services)
        names = {service["metadata"]["name"] for service in services}
        deadline = time.monotonic() + SECONDS
        while missing := names - self._balanced():
            if time.monotonic() > deadline:
                log = self.cluster.processes.tail("aws-cloud-controller-manager", 30)
                raise AssertionError(f"no load balancer for {sorted(missing)}; the end of the controller's log:\n{log}")
            self.cluster.processes.check("aws-cloud-controller-manager")
            time.sleep(0.5)

    def _balanced(self) -> set[str]:
        found = self.cluster.get("services", "-n", "shop")["items"]
        return {it["metadata"]["name"] for it in found if _hostname(it).endswith(".amazonaws.com")}

    def get(self, name: str) -> Mapping[str, Any]:
        return self.cluster.get("service", name, "-n", "shop")

    def balancer(self, name: str) -> Mapping[str, Any]:
        """The load balancer of a Service, as AWS has it."""
        elb: Any = boto3.client("elbv2", region_name=REGION)
        hostname = _hostname(self.get(name))
        (found,) = (it for it in elb.describe_load_balancers()["LoadBalancers"] if it["DNSName"] == hostname)
        return found

    def admits(self, name: str, client: str) -> bool:
        """Whether a client of the load balancer reaches a node, by the groups and attributes that AWS has."""
        service, balancer = self.get(name), self.balancer(name)
        elb: Any = boto3.client("elbv2", region_name=REGION)
        is_public = balancer["Scheme"] == "internet-facing"
        assert is_public == (f"{PREFIX}internal" not in service["metadata"]["annotations"])
        (port,) = service["spec"]["ports"]
        protocol = port["protocol"].lower()
        groups = balancer.get("SecurityGroups", [])
        if groups and not any(self._opens(group, client, protocol, port["port"]) for group in groups):
            return False
        arn = balancer["LoadBalancerArn"]
        (target_group,) = elb.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
        read = elb.describe_target_group_attributes(TargetGroupArn=target_group["TargetGroupArn"])["Attributes"]
        attributes = {it["Key"]: it["Value"] for it in read}
        preserved = attributes["preserve_client_ip.enabled"] == "true"
        own = str(ipaddress.ip_network(self.world.subnet_ranges[0])[20])
        source = client if preserved else own
        return self._opens(self.world.nodes_group, source, protocol, port["nodePort"])

    def _opens(self, group: str, source: str, protocol: str, port: int) -> bool:
        ec2: Any = boto3.client("ec2", region_name=REGION)
        (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return any(
            permission["IpProtocol"] in (protocol, "-1")
            and permission.get("FromPort", 0) <= port <= permission.get("ToPort", 65535)
            and any(_within(source, it["CidrIp"]) for it in permission["IpRanges"])
            for permission in found["IpPermissions"]
        )


def _hostname(service: Mapping[str, Any]) -> str:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return ingress[0].get("hostname", "")


def _within(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def _configuration(endpoint: str, world: World, *, managed: bool) -> str:
    lines = [
        "[Global]",
        f"Zone = {REGION}a",
        f"Region = {REGION}",
        f"VPC = {world.vpc}",
        f"SubnetID = {world.subnets[0]}",
        f"KubernetesClusterID = {CLUSTER}",
    ]
    if managed:
        lines.append("NLBSecurityGroupMode = Managed")
    for index, service in enumerate(SERVICES):
        lines += [
            f'[ServiceOverride "{index}"]',
            f"Service = {service}",
            f"Region = {REGION}",
            f"URL = {endpoint}",
            f"SigningRegion = {REGION}",
            f"SigningName = {'ec2' if service == 'EC2' else 'kms' if service == 'KMS' else 'elasticloadbalancing'}",
        ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module", params=[False, True], ids=["default mode", "Managed mode"])
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    build.build((*build.CLUSTER, *build.CLOUD))
    cluster = Cluster(Path(tmp_path_factory.mktemp("aws")) / "cluster", durable=False)
    with aws_endpoint() as endpoint:
        try:
            cluster.start()
            started = Cloud(cluster, endpoint, aws_world(NODES), managed=request.param)
            started.start()
            yield started
        finally:
            cluster.processes.stop("aws-cloud-controller-manager")
            cluster.remove()


# What it admits.


def reported(view: BalancerView, client: str) -> bool:
    """Whether `portico explain` reports that a client can connect."""
    for source in view.sources:
        if source.kind is SourceKind.ADDRESSES and _within(client, source.value):
            return True
        if source.kind is SourceKind.PRIVATE_NETWORK:
            return any(_within(client, cidr) for cidr in PRIVATE_ADDRESSES if ":" not in cidr)
        # The only group is the one of `aws_world`.
        if source.kind is SourceKind.NAMED and _within(client, NARROW[0]):
            return True
    return False


def test_the_controller_admits_exactly_what_explain_reports(cloud: Cloud) -> None:
    balancers = rendered(accepted(cloud.managed, cloud.world))
    cloud.create([balancer.service for balancer in balancers.values()])
    wrong: list[str] = []
    counts = {True: 0, False: 0}
    for name, balancer in balancers.items():
        for client in PUBLIC if balancer.view.scope is Scope.INTERNET else PRIVATE:
            admitted, promised = cloud.admits(name, client), reported(balancer.view, client)
            counts[admitted] += 1
            if admitted != promised:
                wrong.append(f"{name}: {client} is {'' if admitted else 'not '}admitted")
    print(f"{len(balancers)} load balancers; {counts[True]} clients admitted, {counts[False]} not")
    assert wrong == []
    assert all(counts.values())


@pytest.mark.parametrize("cloud", [False], indirect=True, ids=["default mode"])
@pytest.mark.parametrize(
    ("scope", "sources", "outsider"), [("internet", NARROW, "198.51.100.7"), ("internal", INSIDE, "10.77.0.5")]
)
def test_what_portico_rejects_would_admit_everyone(
    cloud: Cloud, scope: str, sources: Sequence[str], outsider: str
) -> None:
    """A1, A9, A10: in its default mode, the controller enforces neither ranges nor groups if the address is hidden."""
    name = f"rejected-{scope}"
    everyone = {"exposure": {"scope": scope, "platform": "aws-legacy", "allowedSources": EVERYONE}}
    service = rendered({name: everyone})[name].service
    service["spec"]["loadBalancerSourceRanges"] = list(sources)
    service["metadata"]["annotations"][f"{PREFIX}security-groups"] = cloud.world.groups[0]
    cloud.create([service])
    assert cloud.admits(name, outsider)


@pytest.mark.parametrize("cloud", [True], indirect=True, ids=["Managed mode"])
def test_the_group_of_a_tls_port_has_a_rule_that_aws_does_not_accept(cloud: Cloud) -> None:
    """Why Portico rejects TLS in Managed mode without `securityGroups`: EC2 has no protocol of this name."""
    narrow = {"scope": "internet", "platform": "aws-legacy", "allowedSources": NARROW, "aws": MANAGED}
    service = rendered({"rejected-tls": {"exposure": narrow}})["rejected-tls"].service
    service["metadata"]["annotations"] |= {f"{PREFIX}ssl-cert": cloud.world.certificate, f"{PREFIX}ssl-ports": "http"}
    cloud.create([service])
    ec2: Any = boto3.client("ec2", region_name=REGION)
    (group,) = cloud.balancer("rejected-tls")["SecurityGroups"]
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert {permission["IpProtocol"] for permission in found["IpPermissions"]} == {"tls", "icmp"}
