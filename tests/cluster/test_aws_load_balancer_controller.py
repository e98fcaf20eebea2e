"""The real AWS Load Balancer Controller, where a machine has it, with the Services that Portico renders.

No registry has it, so `PORTICO_AWS_LOAD_BALANCER_CONTROLLER` names its binary, which has the release's `crds.yaml`
beside it. It runs against the real API server and a model of AWS. The security groups and attributes that it creates
admit exactly what `portico explain` reports.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from pulumi_portico import ArgumentError

from tests.cluster.aws_admission import (
    EVERYONE,
    INSIDE,
    NARROW,
    UDP,
    Comparison,
    Network,
    Rendered,
    compare,
    expected_settings,
    hostname,
    make_instances,
    rendered,
)
from tests.cluster.aws_cloud import CLUSTER, REGION, World, aws_endpoint, aws_world
from tools import build
from tools.cluster import Cluster
from tools.cluster_config import free_ports
from tools.pki import issue

VARIABLE = "PORTICO_AWS_LOAD_BALANCER_CONTROLLER"
PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
NAME = "aws-load-balancer-controller"
CLASS = "service.k8s.aws/nlb"
NODES = 2
SECONDS = 300
AT_ONCE = 40
SERVICES = (
    "EC2",
    "Elastic Load Balancing v2",
    "ACM",
    "STS",
    "WAFV2",
    "WAF Regional",
    "Shield",
    "Resource Groups Tagging API",
)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no controller: see CONTRIBUTING.md"),
]


class InVpc(Cluster):
    """A cluster whose pods have addresses of the VPC."""

    def _kwok(self, *, simulate_nodes: bool) -> list[str]:
        command = super()._kwok(simulate_nodes=simulate_nodes)
        return ["--cidr=10.0.64.1/18" if part.startswith("--cidr=") else part for part in command]


# What is tried: every combination that Portico accepts.

TCP_TOO = {"dns-tcp": {"port": 53, "targetPort": 5353}}
CLIENT_IPS: Mapping[str, Mapping[str, Any]] = {
    "hide": {},
    "keep": {"exposure": {"clientIp": "preserve"}},
    "proxy": {"exposure": {"clientIp": "proxy-protocol"}, "targetReadsProxyProtocol": True},
}
TARGETS: Mapping[str, Mapping[str, Any]] = {"ip": {}, "node": {"exposure": {"aws": {"targetType": "instance"}}}}
PORTS: Mapping[str, Mapping[str, Any]] = {
    "tcp": {},
    "udp": {**UDP, "exposure": {"health": {"port": 10256}}},
    "both": {"ports": {**UDP["ports"], **TCP_TOO}, "exposure": {"health": {"port": 10256}}},
}
ANNOTATIONS: Mapping[str, Mapping[str, str]] = {
    "": {},
    "open": {f"{PREFIX}disable-nlb-sg": "true"},
    "link": {f"{PREFIX}inbound-sg-rules-on-private-link-traffic": "off"},
    "mtu": {f"{PREFIX}enable-icmp-for-path-mtu-discovery": "on"},
}


def sources(world: World) -> Mapping[str, Mapping[str, Any]]:
    groups, lists = list(world.groups), [world.prefix_list]
    return {
        "all": {"allowedSources": EVERYONE},
        "halves": {"allowedSources": ["0.0.0.0/1", "128.0.0.0/1"]},
        "narrow": {"allowedSources": NARROW},
        "inside": {"allowedSources": INSIDE},
        "none": {},
        "lists": {"aws": {"prefixLists": lists}},
        "narrowlists": {"allowedSources": NARROW, "aws": {"prefixLists": lists}},
        "groups": {"aws": {"securityGroups": groups}},
        "unmanaged": {"aws": {"securityGroups": list(world.opened_groups), "manageBackendRules": False}},
    }


def addresses(world: World, scope: str) -> Mapping[str, Mapping[str, Any]]:
    fixed = list(world.allocations) if scope == "internet" else ["10.0.1.9", "10.0.2.9"]
    return {
        "": {},
        "static": {"staticAddresses": fixed, "subnets": list(world.subnets)},
        "tls": {"tls": {"certificates": [world.certificate]}},
        "dual": {"ipAddressType": "dualstack"},
        "dualwide": {"ipAddressType": "dualstack", "allowedSources": [*EVERYONE, "::/0"]},
        "dualnarrow": {"ipAddressType": "dualstack", "allowedSources": [*NARROW, "2001:db8::/32"]},
    }


def combinations(world: World, platform: str, scope: str, client_ip: str, target: str) -> dict[str, dict[str, Any]]:
    """Every combination of these with sources, by name, whether Portico accepts it or not. Each has at most one of the
    other choices, which have nothing to do with each other.
    """
    choices = (sources(world), addresses(world, scope), PORTS, ANNOTATIONS)
    found: dict[str, dict[str, Any]] = {}
    for names in itertools.product(*choices):
        others = [name for name in names[1:] if name not in ("", "tcp")]
        is_repeated = names[1] in ("dualwide", "dualnarrow") and names[0] not in ("none", "lists")
        # EKS Auto Mode has the same code for the rest.
        if is_repeated or len(others) > (platform == "aws-controller"):
            continue
        parts = [choice[name] for choice, name in zip(choices, names, strict=True)]
        source, address, ports, annotations = parts
        name = "-".join(filter(None, (platform[:3], scope, client_ip, target, *names)))
        found[name] = _merged(
            platform, scope, source, CLIENT_IPS[client_ip], TARGETS[target], address, ports, annotations
        )
    return found


def _merged(
    platform: str, scope: str, source: Any, client_ip: Any, target: Any, address: Any, ports: Any, annotations: Any
) -> dict[str, Any]:
    exposure: dict[str, Any] = {"scope": scope, "platform": platform}
    for part in (source, *(it.get("exposure", {}) for it in (client_ip, target, ports)), address):
        aws = {**exposure.get("aws", {}), **part.get("aws", {})}
        exposure |= {**part, **({"aws": aws} if aws else {})}
    if annotations:
        exposure["annotations"] = dict(annotations)
    outside = {key: value for it in (client_ip, ports) for key, value in it.items() if key != "exposure"}
    return {"exposure": exposure, **outside}


def accepted(given: Mapping[str, dict[str, Any]]) -> dict[str, Rendered]:
    """Those that Portico accepts."""
    return {name: found for name, args in given.items() if (found := _unless_rejected(name, args)) is not None}


def _unless_rejected(name: str, args: Mapping[str, Any]) -> Rendered | None:
    try:
        return rendered({name: args})[name]
    except ArgumentError:
        return None


def gateways(world: World) -> dict[str, Rendered]:
    """The load balancers of gateways."""
    fields: Mapping[str, Mapping[str, Any]] = {
        "gate-hide": {"scope": "internet", "allowedSources": NARROW},
        "gate-keep": {"scope": "internet", "allowedSources": NARROW, "clientIp": "preserve"},
        "gate-proxy": {"scope": "internet", "allowedSources": EVERYONE, "clientIp": "proxy-protocol"},
        "gate-inside": {"scope": "internal", "allowedSources": INSIDE},
        "gate-groups": {"scope": "internet", "aws": {"securityGroups": list(world.groups)}},
    }
    routes = {"routes": [{"host": "shop.example.com", "target": {"service": "web"}}], "crds": {"installed": True}}
    found = {name: {"exposure": {"platform": "aws-controller", **it}, **routes} for name, it in fields.items()}
    return rendered({}, found)


# The controller.


@dataclass(frozen=True)
class Cloud:
    """A cluster whose cloud is the model of AWS, and its controller."""

    cluster: Cluster
    world: World
    endpoint: str

    def start(self) -> None:
        """Make the nodes instances, and start the controller."""
        make_instances(self.cluster, self.world)
        binary = Path(os.environ[VARIABLE])
        self.cluster.kubectl("apply", "--server-side", "-f", str(binary.parent / "crds.yaml"))
        self.cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        fake = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
        self.cluster.processes.start(NAME, self._command(binary), {**os.environ, **fake, "AWS_REGION": REGION})

    def _command(self, binary: Path) -> list[str]:
        folder = self.cluster.folder / "webhook"
        folder.mkdir()
        certificate, key = issue(self.cluster.folder / "pki", ["localhost"])
        (folder / "tls.crt").write_text(certificate)
        (folder / "tls.key").write_text(key)
        webhook, health = free_ports("127.0.0.1", 2)
        return [
            str(binary),
            f"--kubeconfig={self.cluster.kubeconfig}",
            f"--aws-api-endpoints={','.join(f'{service}={self.endpoint}' for service in SERVICES)}",
            f"--aws-region={REGION}",
            f"--aws-vpc-id={self.world.vpc}",
            f"--cluster-name={CLUSTER}",
            "--enable-leader-election=false",
            "--enable-shield=false",
            "--enable-waf=false",
            "--enable-wafv2=false",
            "--service-max-concurrent-reconciles=4",
            "--metrics-bind-addr=0",
            f"--health-probe-bind-addr=127.0.0.1:{health}",
            f"--webhook-bind-port={webhook}",
            f"--webhook-cert-dir={folder}",
        ]

    def create_pods(self, services: Sequence[Mapping[str, Any]]) -> None:
        """Create a pod for each selector, at an address of a node's network interface."""
        selectors = {tuple(sorted(service["spec"]["selector"].items())) for service in services}
        for index, selector in enumerate(sorted(selectors)):
            name = f"pod-{index}"
            if not self.cluster.kubectl("get", "pod", name, "-n", "shop", check=False).startswith("Error"):
                continue
            container = {"name": "app", "image": "app:1"}
            self.cluster.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": name, "namespace": "shop", "labels": dict(selector)},
                    "spec": {"containers": [container], "nodeName": "aws-0"},
                }
            )
            self.cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "-n", "shop", "--timeout=60s")
            address = self.cluster.get("pod", name, "-n", "shop")["status"]["podIP"]
            ec2: Any = boto3.client("ec2", region_name=REGION)
            ec2.assign_private_ip_addresses(NetworkInterfaceId=self.world.interfaces[0], PrivateIpAddresses=[address])

    def create(self, services: Sequence[Mapping[str, Any]]) -> None:
        """Create Services, and wait until the controller has made a load balancer for each, with its targets."""
        self.cluster.apply(*services)
        names = {service["metadata"]["name"] for service in services}
        self._wait("no load balancer for", lambda: names - self._balanced() or self._unbound(names))

    def delete(self, services: Sequence[Mapping[str, Any]]) -> None:
        names = [service["metadata"]["name"] for service in services]
        self.cluster.kubectl("delete", "service", "-n", "shop", "--wait=false", *names)
        self._wait("not deleted:", lambda: set(names) & {it["metadata"]["name"] for it in self.services()})

    def _wait(self, what: str, left: Any) -> None:
        deadline = time.monotonic() + SECONDS
        while names := left():
            if time.monotonic() > deadline:
                log = self.cluster.processes.tail(NAME, 30)
                raise AssertionError(f"{what} {sorted(names)}; the end of the controller's log:\n{log}")
            self.cluster.processes.check(NAME)
            time.sleep(1)

    def services(self) -> Sequence[Mapping[str, Any]]:
        """The Services that there are now."""
        return self.cluster.get("services", "-n", "shop")["items"]

    def _balanced(self) -> set[str]:
        return {it["metadata"]["name"] for it in self.services() if hostname(it).endswith(".amazonaws.com")}

    def _unbound(self, names: set[str]) -> set[str]:
        """The Services whose targets' security groups the controller hasn't opened yet."""
        bindings = self.cluster.get("targetgroupbindings", "-n", "shop")["items"]
        waiting = [it for it in bindings if not _is_observed(it)]
        return names & {it["spec"]["serviceRef"]["name"] for it in waiting}

    def name_of(self, service: str) -> str:
        """The DNS name of a Service's load balancer."""
        return hostname(self.cluster.get("service", service, "-n", "shop"))

    def admits_to(self, service: Mapping[str, Any], client: str) -> bool:
        """Whether a client reaches the pods of a Service, which this creates or changes."""
        self.create_pods([service])
        self.create([service])
        network = self.network()
        return network.admits(network.balancer(self.name_of(service["metadata"]["name"])), client)

    def reconciled(self, service: str) -> int:
        """How often the controller has brought a Service to its load balancer."""
        log = (self.cluster.folder / "logs" / f"{NAME}.log").read_text()
        return sum("successfully deployed model" in line and f'"name":"{service}"' in line for line in log.splitlines())

    def wait_for_reconciliation(self, service: str, before: int) -> None:
        """Wait until the controller has done it once more."""
        self._wait("not reconciled:", lambda: [] if self.reconciled(service) > before else [service])

    def network(self) -> Network:
        """The groups and load balancers that there are now."""
        return Network([self.world.nodes_group], self.world.own_address)


def _is_observed(binding: Mapping[str, Any]) -> bool:
    return binding.get("status", {}).get("observedGeneration") == binding["metadata"]["generation"]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    build.build(build.CLUSTER)
    cluster = InVpc(Path(tmp_path_factory.mktemp("aws")) / "cluster", durable=False)
    with aws_endpoint() as endpoint:
        try:
            cluster.start()
            started = Cloud(cluster, aws_world(NODES, has_ipv6=True), endpoint)
            started.start()
            yield started
        finally:
            cluster.processes.stop(NAME)
            cluster.remove()


def compared(cloud: Cloud, balancers: Mapping[str, Rendered]) -> Comparison:
    """What the controller's load balancers admit, beside what Portico reports."""
    services = [balancer.service for balancer in balancers.values()]
    for service in services:
        # The controller of EKS Auto Mode reads the same annotations.
        service["spec"]["loadBalancerClass"] = CLASS
    cloud.create_pods(services)
    cloud.create(services)
    network = cloud.network()
    found = {
        it["metadata"]["name"]: network.balancer(hostname(it))
        for it in cloud.services()
        if it["metadata"]["name"] in balancers
    }
    for name, balancer in balancers.items():
        assert network.settings(found[name]) == expected_settings(balancer), name
    comparison = compare(
        balancers,
        lambda name, client: network.admits(found[name], client),
        cloud.world.named,
        has_ipv6=lambda name: found[name]["IpAddressType"] == "dualstack",
    )
    cloud.delete(services)
    return comparison


PLATFORMS = ("aws-controller", "eks-auto-mode")
SCOPES = ("internet", "internal")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("platform", "scope", "client_ip", "target"), list(itertools.product(PLATFORMS, SCOPES, CLIENT_IPS, TARGETS))
)
def test_the_controller_admits_exactly_what_explain_reports(
    cloud: Cloud, platform: str, scope: str, client_ip: str, target: str
) -> None:
    assert_agreement(cloud, accepted(combinations(cloud.world, platform, scope, client_ip, target)))


def test_the_controller_admits_to_gateways_what_explain_reports(cloud: Cloud) -> None:
    assert_agreement(cloud, gateways(cloud.world))


def assert_agreement(cloud: Cloud, balancers: Mapping[str, Rendered]) -> None:
    names, differences, admitted, rejected = list(balancers), list[str](), 0, 0
    for start in range(0, len(names), AT_ONCE):
        found = compared(cloud, {name: balancers[name] for name in names[start : start + AT_ONCE]})
        differences += found.differences
        admitted, rejected = admitted + found.admitted, rejected + found.rejected
    print(f"{len(balancers)} load balancers; {admitted} clients admitted, {rejected} not")
    assert differences == []
    assert admitted
    assert rejected


EVERYBODY: Mapping[str, Any] = {
    "exposure": {"scope": "internet", "platform": "aws-controller", "allowedSources": EVERYONE}
}
OUTSIDER = "198.51.100.7"


@pytest.mark.parametrize(
    ("name", "annotations"),
    [
        ("without-a-group", {f"{PREFIX}disable-nlb-sg": "true"}),
        ("groups-of-spaces", {f"{PREFIX}security-groups": " "}),
    ],
)
def test_what_portico_rejects_would_admit_everyone(cloud: Cloud, name: str, annotations: Mapping[str, str]) -> None:
    """A2: without a security group, only the load balancer's own address reaches the pods. A list of spaces is none."""
    service = rendered({name: EVERYBODY})[name].service
    service["metadata"]["annotations"] |= annotations
    ranges = NARROW if name == "without-a-group" else None
    service["spec"]["loadBalancerSourceRanges"] = ranges
    assert cloud.admits_to(service, OUTSIDER)
    cloud.delete([service])


def test_a_load_balancer_without_a_security_group_never_gets_one(cloud: Cloud) -> None:
    """Why a change of the annotation replaces the load balancer."""
    service = rendered({"later": EVERYBODY})["later"].service
    service["spec"]["loadBalancerSourceRanges"] = NARROW
    disabled = {**service, "metadata": {**service["metadata"], "annotations": dict(service["metadata"]["annotations"])}}
    disabled["metadata"]["annotations"][f"{PREFIX}disable-nlb-sg"] = "true"
    assert cloud.admits_to(disabled, OUTSIDER)
    applied = cloud.reconciled("later")
    assert cloud.admits_to(service, OUTSIDER)
    cloud.wait_for_reconciliation("later", applied)
    assert cloud.admits_to(service, OUTSIDER)
    cloud.delete([service])


def test_the_last_of_two_keys_that_differ_by_a_space_counts(cloud: Cloud) -> None:
    """Why Portico rejects such keys: they would change what a field sets."""
    service = rendered({"spaced": EVERYBODY})["spaced"].service
    service["metadata"]["annotations"][f"{PREFIX}target-group-attributes"] += ",preserve_client_ip.enabled =true"
    cloud.create_pods([service])
    cloud.create([service])
    network = cloud.network()
    assert network.settings(network.balancer(cloud.name_of("spaced")))["preserved"] == {True}
    cloud.delete([service])
