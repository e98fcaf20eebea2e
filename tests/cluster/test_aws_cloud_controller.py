"""The real AWS cloud controller manager, with the Services that Portico renders for aws-legacy.

It runs against the real API server and a model of AWS. The security groups and attributes that it creates admit exactly
what `portico explain` reports.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cluster.aws_admission import (
    EVERYONE,
    INSIDE,
    NARROW,
    UDP,
    Network,
    compare,
    hostname,
    make_instances,
    rendered,
)
from tests.cluster.aws_cloud import CLUSTER, REGION, World, aws_endpoint, aws_world
from tools import build
from tools.cluster import Cluster

pytestmark = pytest.mark.long

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
NODES = 2
SECONDS = 120
SERVICES = ("EC2", "Elastic Load Balancing", "Elastic Load Balancing v2", "KMS")
PRESERVE, PROXIED = {"clientIp": "preserve"}, {"clientIp": "proxy-protocol"}
READS = {"targetReadsProxyProtocol": True}
MANAGED = {"securityGroupMode": "Managed"}


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
        make_instances(self.cluster, self.world)
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
        return {it["metadata"]["name"] for it in found if hostname(it).endswith(".amazonaws.com")}

    def get(self, name: str) -> Mapping[str, Any]:
        return self.cluster.get("service", name, "-n", "shop")

    def balancer(self, name: str) -> Mapping[str, Any]:
        """The load balancer of a Service, as AWS has it."""
        return self.network().balancer(hostname(self.get(name)))

    def network(self) -> Network:
        """The groups and load balancers that there are now."""
        return Network([self.world.nodes_group], self.world.own_address)

    def admits(self, name: str, client: str) -> bool:
        """Whether a client of the load balancer reaches a node, by the groups and attributes that AWS has."""
        service, network = self.get(name), self.network()
        balancer = network.balancer(hostname(service))
        is_public = balancer["Scheme"] == "internet-facing"
        assert is_public == (f"{PREFIX}internal" not in service["metadata"]["annotations"])
        return network.admits(balancer, client)


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


def test_the_controller_admits_exactly_what_explain_reports(cloud: Cloud) -> None:
    balancers = rendered(accepted(cloud.managed, cloud.world))
    cloud.create([balancer.service for balancer in balancers.values()])
    found = compare(balancers, cloud.admits, cloud.world.named)
    print(f"{len(balancers)} load balancers; {found.admitted} clients admitted, {found.rejected} not")
    assert found.differences == []
    assert found.admitted
    assert found.rejected


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
