"""Each platform, and each trap that it has: what Kubernetes is told, and what is refused."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError, PublicLoadBalancer
from pulumi_portico.args.shapes import camel_case
from pulumi_portico.errors import Problems
from pulumi_portico.networking.ports import ServicePort
from pulumi_portico.public_load_balancer.balancer import build_balancer
from pulumi_portico.public_load_balancer.platform_module import Request
from pulumi_portico.public_load_balancer.platforms import PLATFORMS, check_exposure
from pulumi_portico.testing import record

from tests.balancers import (
    ALL,
    AWS,
    AZURE,
    DNS,
    EVERYONE,
    MIXED,
    NLB,
    ON_AWS,
    TLS,
    arguments,
    balancer,
    exposure,
    ingress,
    refused,
    service,
    told,
)

PRIVATE = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"}


def said(platform: str, ports: Any = None, **fields: Any) -> dict[str, Any]:
    more: dict[str, Any] = {} if ports is None else {"ports": ports}
    if fields.get("client_ip") == "proxy-protocol":
        more["target_reads_proxy_protocol"] = True
    return told(service(exposure(platform, **fields), **more))


# The AWS Load Balancer Controller, and EKS Auto Mode.


def test_the_class_picks_the_controller_and_no_annotation_contradicts_it() -> None:
    for platform, name in {"aws-controller": "service.k8s.aws/nlb", "eks-auto-mode": "eks.amazonaws.com/nlb"}.items():
        told_it = said(platform)
        assert told_it["spec.loadBalancerClass"] == name
        # Before 2.5, and in Auto Mode, the two would name different controllers.
        assert f"{AWS}type" not in told_it
    assert said("aws-controller", load_balancer_class="example.com/nlb")["spec.loadBalancerClass"] == "example.com/nlb"


@pytest.mark.parametrize("platform", NLB)
def test_a_network_load_balancer_reaches_the_pods_themselves_unless_told_otherwise(platform: str) -> None:
    by_default = said(platform)
    assert by_default[f"{AWS}nlb-target-type"] == "ip"
    assert by_default["spec.allocateLoadBalancerNodePorts"] is False
    on_instances = said(platform, aws={"target_type": "instance"})
    assert on_instances[f"{AWS}nlb-target-type"] == "instance"
    # Without node ports, the controller has nothing to register.
    assert on_instances["spec.allocateLoadBalancerNodePorts"] is True


@pytest.mark.parametrize("platform", NLB)
def test_the_scheme_is_always_said(platform: str) -> None:
    # Left out, it is internal for a new load balancer, and stays what it was for an old one.
    assert said(platform)[f"{AWS}scheme"] == "internet-facing"
    assert said(platform, scope="internal")[f"{AWS}scheme"] == "internal"


@pytest.mark.parametrize("platform", NLB)
def test_attributes_are_always_written_as_leaving_one_out_does_not_put_it_back(platform: str) -> None:
    told_it = said(platform)
    assert told_it[f"{AWS}attributes#deletion_protection.enabled"] == "false"
    assert told_it[f"{AWS}attributes#load_balancing.cross_zone.enabled"] == "false"
    assert told_it[f"{AWS}attributes#access_logs.s3.enabled"] == "false"
    assert told_it[f"{AWS}target-group-attributes#proxy_protocol_v2.enabled"] == "false"
    assert told_it[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "false"
    assert told_it[f"{AWS}target-group-attributes#stickiness.enabled"] == "false"


@pytest.mark.parametrize("platform", NLB)
@pytest.mark.parametrize(
    ("client_ip", "target_type", "kept", "proxied", "policy"),
    [
        ("hide", "ip", "false", "false", "Cluster"),
        ("preserve", "ip", "true", "false", "Cluster"),
        ("proxy-protocol", "ip", "false", "true", "Cluster"),
        ("hide", "instance", "false", "false", "Cluster"),
        ("preserve", "instance", "true", "false", "Local"),
        # With Local, the nodes' own health port would be spoken to in the PROXY protocol.
        ("proxy-protocol", "instance", "false", "true", "Cluster"),
    ],
)
def test_the_clients_address_is_one_switch(
    platform: str, client_ip: str, target_type: str, kept: str, proxied: str, policy: str
) -> None:
    told_it = said(platform, client_ip=client_ip, aws={"target_type": target_type})
    assert told_it[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == kept
    assert told_it[f"{AWS}target-group-attributes#proxy_protocol_v2.enabled"] == proxied
    assert told_it["spec.externalTrafficPolicy"] == policy
    # The annotation would overrule the attribute, and Auto Mode does not read it.
    assert f"{AWS}proxy-protocol" not in told_it


@pytest.mark.parametrize("platform", NLB)
def test_from_udp_targets_the_clients_address_cannot_be_hidden(platform: str) -> None:
    health = {"port": 8081}
    told_it = said(platform, DNS, health=health)
    assert told_it[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "true"
    message = refused(exposure(platform, client_ip="hide", health=health), ports=DNS)
    assert 'exposure.client_ip: "hide" cannot be had for UDP with ip targets' in message
    on_instances = said(platform, DNS, health=health, client_ip="hide", aws={"target_type": "instance"})
    assert on_instances["spec.externalTrafficPolicy"] == "Cluster"
    assert on_instances[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "true"


@pytest.mark.parametrize("platform", ON_AWS)
def test_udp_wants_a_tcp_port_that_answers_for_its_health(platform: str) -> None:
    assert "health.port: is missing, and dns is UDP" in refused(exposure(platform), ports=DNS)
    told_it = said(platform, DNS, health={"port": 8081})
    assert told_it[f"{AWS}healthcheck-port"] == "8081"


def test_udp_is_answered_for_by_a_tcp_port_of_the_same_number_or_by_the_node() -> None:
    shared = {"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}}
    assert f"{AWS}healthcheck-port" not in said("aws-controller", shared)
    local = said("aws-controller", DNS, client_ip="preserve", aws={"target_type": "instance"})
    assert local["spec.externalTrafficPolicy"] == "Local"
    assert f"{AWS}healthcheck-port" not in local


def test_tcp_and_udp_on_one_port_are_one_listener() -> None:
    shared = {"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}}
    told_it = said("aws-controller", shared, idle_timeout=600)
    assert told_it[f"{AWS}enable-tcp-udp-listener"] == "true"
    assert told_it[f"{AWS}listener-attributes.TCP_UDP-53#tcp.idle_timeout.seconds"] == "600"
    assert f"{AWS}enable-tcp-udp-listener" not in said("aws-controller", MIXED, health={"port": 8080})
    assert "nothing that eks-auto-mode can do" in refused(exposure("eks-auto-mode"), ports=shared)


@pytest.mark.parametrize("platform", NLB)
def test_the_idle_timeout_is_that_of_each_tcp_listener(platform: str) -> None:
    told_it = said(platform, {"a": {"port": 80}, "b": {"port": 443}}, idle_timeout=600)
    assert told_it[f"{AWS}listener-attributes.TCP-80#tcp.idle_timeout.seconds"] == "600"
    assert told_it[f"{AWS}listener-attributes.TCP-443#tcp.idle_timeout.seconds"] == "600"
    mixed = said(platform, MIXED, idle_timeout=600, health={"port": 8080})
    assert f"{AWS}listener-attributes.UDP-53#tcp.idle_timeout.seconds" not in mixed
    secure = {"a": {"port": 80}, "b": {"port": 443}}
    with_tls = said(platform, secure, idle_timeout=600, tls={**TLS, "ports": ["b"]})
    assert f"{AWS}listener-attributes.TCP-443#tcp.idle_timeout.seconds" not in with_tls
    assert "no port has any that is not TLS" in refused(exposure(platform, idle_timeout=600, tls=TLS))


@pytest.mark.parametrize("platform", ON_AWS)
def test_tls_ends_on_the_named_ports_with_a_policy_that_is_not_of_2016(platform: str) -> None:
    ports = {"a": {"port": 80}, "b": {"port": 443}}
    told_it = said(platform, ports, tls={**TLS, "ports": ["b"]})
    assert told_it[f"{AWS}ssl-cert"] == TLS["certificates"][0]
    assert told_it[f"{AWS}ssl-ports"] == "b"
    assert told_it[f"{AWS}ssl-negotiation-policy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert f"{AWS}backend-protocol" not in told_it
    assert said(platform, ports, tls=TLS)[f"{AWS}ssl-ports"] == "a,b"
    assert said(platform, tls={**TLS, "encrypt_to_pods": True})[f"{AWS}backend-protocol"] == "ssl"


@pytest.mark.parametrize("platform", NLB)
def test_several_certificates_alpn_and_a_policy_of_ones_own(platform: str) -> None:
    told_it = said(platform, tls={"certificates": ["arn:a", "arn:b"], "policy": "P", "alpn": "HTTP2Preferred"})
    assert told_it[f"{AWS}ssl-cert"] == "arn:a,arn:b"
    assert told_it[f"{AWS}ssl-negotiation-policy"] == "P"
    assert told_it[f"{AWS}alpn-policy"] == "HTTP2Preferred"


@pytest.mark.parametrize("platform", ON_AWS)
def test_access_logs_are_of_tls_alone(platform: str) -> None:
    logs = {"bucket": "logs", "prefix": "web"}
    assert "is written of TLS connections alone" in refused(exposure(platform, access_logs=logs))
    told_it = said(platform, access_logs=logs, tls=TLS)
    if platform in NLB:
        assert told_it[f"{AWS}attributes#access_logs.s3.enabled"] == "true"
        assert told_it[f"{AWS}attributes#access_logs.s3.bucket"] == "logs"
        assert told_it[f"{AWS}attributes#access_logs.s3.prefix"] == "web"
    else:
        assert told_it[f"{AWS}access-log-enabled"] == "true"
        assert told_it[f"{AWS}access-log-s3-bucket-name"] == "logs"
        assert told_it[f"{AWS}access-log-s3-bucket-prefix"] == "web"


@pytest.mark.parametrize("platform", ON_AWS)
def test_static_addresses_are_of_the_internet_or_private_and_one_for_each_subnet(platform: str) -> None:
    places = {"static_addresses": ["eipalloc-1", "eipalloc-2"], "subnets": ["subnet-1", "subnet-2"]}
    told_it = said(platform, **places)
    assert told_it[f"{AWS}eip-allocations"] == "eipalloc-1,eipalloc-2"
    assert told_it[f"{AWS}subnets"] == "subnet-1,subnet-2"
    inside = said(platform, scope="internal", **{**places, "static_addresses": ["10.0.1.5", "10.0.2.5"]})
    assert inside[f"{AWS}private-ipv4-addresses"] == "10.0.1.5,10.0.2.5"
    assert f"{AWS}eip-allocations" not in inside
    wrong = refused(exposure(platform, static_addresses=["203.0.113.7"]))
    assert 'static_addresses[0]: "203.0.113.7" is not the id of an Elastic IP allocation' in wrong
    wrong = refused(exposure(platform, scope="internal", static_addresses=["eipalloc-1"]))
    assert 'static_addresses[0]: "eipalloc-1" is not an address' in wrong
    message = refused(exposure(platform, **{**places, "subnets": ["subnet-1"]}))
    assert "exposure.static_addresses: is 2 addresses, and there are 1 subnets" in message


@pytest.mark.parametrize("platform", ON_AWS)
def test_own_security_groups_say_alone_who_is_let_in(platform: str) -> None:
    groups = {"security_groups": ["sg-1", "sg-2"]}
    message = refused(exposure(platform, aws=groups))
    assert "exposure.allowed_sources: is not read beside aws.security_groups" in message
    told_it = said(platform, allowed_sources=None, aws=groups)
    assert told_it[f"{AWS}security-groups"] == "sg-1,sg-2"
    assert "spec.loadBalancerSourceRanges" not in told_it
    if platform in NLB:
        # Without it, nothing would let the load balancer in at the pods.
        assert told_it[f"{AWS}manage-backend-security-group-rules"] == "true"


def test_backend_rules_are_read_beside_security_groups_alone() -> None:
    message = refused(exposure("aws-controller", aws={"manage_backend_rules": False}))
    assert "aws.manage_backend_rules: is read beside security_groups alone" in message
    given = exposure(
        "aws-controller", allowed_sources=None, aws={"security_groups": ["sg-1"], "manage_backend_rules": False}
    )
    assert told(service(given))[f"{AWS}manage-backend-security-group-rules"] == "false"


def test_prefix_lists_may_stand_instead_of_allowed_sources() -> None:
    told_it = said("aws-controller", allowed_sources=None, aws={"prefix_lists": ["pl-1"]})
    assert told_it[f"{AWS}security-group-prefix-lists"] == "pl-1"
    assert "spec.loadBalancerSourceRanges" not in told_it


@pytest.mark.parametrize("platform", NLB)
def test_the_deregistration_delay_is_the_targets_drain(platform: str) -> None:
    key = f"{AWS}target-group-attributes#deregistration_delay.timeout_seconds"
    assert said(platform)[key] == "20"
    target: dict[str, Any] = {**arguments({})["target"], "drain": 0}
    assert told(service(exposure(platform), target=target))[key] == "0"
    unknown = {name: value for name, value in target.items() if name != "drain"}
    assert key not in told(service(exposure(platform), target=unknown))


@pytest.mark.parametrize("platform", NLB)
def test_more_attributes_go_beside_those_of_fields_and_never_against_them(platform: str) -> None:
    more = {"load_balancer_attributes": {"dns_record.client_routing_policy": "availability_zone_affinity"}}
    told_it = said(platform, aws=more)
    assert told_it[f"{AWS}attributes#dns_record.client_routing_policy"] == "availability_zone_affinity"
    assert told_it[f"{AWS}attributes#deletion_protection.enabled"] == "false"
    for attributes, field in (
        ({"load_balancer_attributes": {"deletion_protection.enabled": "true"}}, "use deletion_protection"),
        ({"target_group_attributes": {"proxy_protocol_v2.enabled": "true"}}, "use client_ip"),
        ({"target_group_attributes": {"deregistration_delay.timeout_seconds": "9"}}, "set the drain of the target"),
    ):
        assert f"fix: {field}" in refused(exposure(platform, aws=attributes))


@pytest.mark.parametrize("platform", NLB)
def test_dual_stack_is_the_load_balancers_alone_and_udp_wants_source_nat(platform: str) -> None:
    told_it = said(platform, address_family="dual", allowed_sources=["0.0.0.0/0", "::/0"])
    assert told_it[f"{AWS}ip-address-type"] == "dualstack"
    # An EKS cluster has one family; asking it for two would be refused.
    assert "spec.ipFamilies" not in told_it
    assert f"{AWS}enable-prefix-for-ipv6-source-nat" not in told_it
    udp = said(platform, DNS, address_family="dual", health={"port": 8081})
    assert udp[f"{AWS}enable-prefix-for-ipv6-source-nat"] == "on"
    message = refused(exposure(platform, address_family="IPv6"))
    assert "fix: write dual: AWS has no Network Load Balancer with IPv6 alone" in message


@pytest.mark.parametrize("platform", ON_AWS)
def test_ipv6_sources_want_a_load_balancer_with_ipv6(platform: str) -> None:
    message = refused(exposure(platform, allowed_sources=["2001:db8::/32"]))
    assert 'allowed_sources[0]: "2001:db8::/32" is IPv6, and the load balancer has IPv4 addresses alone' in message


@pytest.mark.parametrize("platform", NLB)
def test_affinity_is_the_target_groups_and_not_to_be_had_with_tls(platform: str) -> None:
    told_it = said(platform, session_affinity=True)
    assert told_it[f"{AWS}target-group-attributes#stickiness.enabled"] == "true"
    assert told_it[f"{AWS}target-group-attributes#stickiness.type"] == "source_ip"
    # The controller never reads it; where it reaches the pods itself, nobody else would.
    assert "spec.sessionAffinity" not in told_it
    assert said(platform, session_affinity=True, aws={"target_type": "instance"})["spec.sessionAffinity"] == "ClientIP"
    assert "session_affinity: is not to be had for ports that speak TLS" in refused(
        exposure(platform, session_affinity=True, tls=TLS)
    )


@pytest.mark.parametrize("platform", NLB)
def test_with_local_the_node_answers_for_its_pods(platform: str) -> None:
    instance = {"target_type": "instance"}
    for health in ({"protocol": "tcp"}, {"path": "/healthz"}, {"port": 8081}, {"success_codes": "200"}):
        message = refused(exposure(platform, client_ip="preserve", aws=instance, health=health))
        assert f"health.{next(iter(health))}: cannot be chosen where client_ip is preserve" in message
    told_it = said(platform, client_ip="preserve", aws=instance, health={"node_port": 32000, "interval": 10})
    assert told_it["spec.healthCheckNodePort"] == 32000
    assert told_it[f"{AWS}healthcheck-interval"] == "10"
    assert "is asked only where nodes serve their own pods" in refused(exposure(platform, health={"node_port": 32000}))


@pytest.mark.parametrize("platform", NLB)
def test_a_health_check_asks_as_it_is_told(platform: str) -> None:
    health = {
        "path": "/healthz",
        "port": 8081,
        "interval": 15,
        "timeout": 5,
        "healthy": 3,
        "unhealthy": 2,
        "success_codes": "200-299",
    }
    told_it = said(platform, health=health)
    start = f"{AWS}healthcheck-"
    assert {key.removeprefix(start): value for key, value in told_it.items() if key.startswith(start)} == {
        "protocol": "http",
        "path": "/healthz",
        "port": "8081",
        "interval": "15",
        "timeout": "5",
        "healthy-threshold": "3",
        "unhealthy-threshold": "2",
        "success-codes": "200-299",
    }


@pytest.mark.parametrize("platform", ON_AWS)
def test_proxy_protocol_reaches_the_health_port_too(platform: str) -> None:
    exposed = exposure(platform, client_ip="proxy-protocol", health={"path": "/healthz", "port": 8081})
    message = refused(exposed, target_reads_proxy_protocol=True)
    assert "health.port: 8081 asks another port over HTTP, and the load balancer speaks the PROXY protocol" in message
    by_tcp = said(platform, client_ip="proxy-protocol", health={"protocol": "tcp", "port": 8081})
    assert by_tcp[f"{AWS}healthcheck-port"] == "8081"


@pytest.mark.parametrize("platform", ON_AWS)
def test_proxy_protocol_is_for_tcp(platform: str) -> None:
    exposed = exposure(platform, client_ip="proxy-protocol", health={"port": 8081})
    message = refused(exposed, ports=DNS, target_reads_proxy_protocol=True)
    assert 'client_ip: "proxy-protocol" is for TCP, and a port is UDP' in message


# The AWS cloud controller.


def test_the_cloud_controller_makes_a_network_load_balancer_without_a_class() -> None:
    told_it = said("aws-legacy")
    assert told_it[f"{AWS}type"] == "nlb"
    # It leaves every Service with a class to others.
    assert "spec.loadBalancerClass" not in told_it
    assert f"{AWS}internal" not in told_it
    assert said("aws-legacy", scope="internal")[f"{AWS}internal"] == "true"


@pytest.mark.parametrize(
    ("client_ip", "attributes", "policy"),
    [
        ("hide", ("false", "false"), "Cluster"),
        ("preserve", ("true", "false"), "Local"),
        ("proxy-protocol", ("false", "true"), "Cluster"),
    ],
)
def test_the_cloud_controller_reads_two_target_group_attributes(
    client_ip: str, attributes: tuple[str, str], policy: str
) -> None:
    told_it = said("aws-legacy", client_ip=client_ip)
    group = f"{AWS}target-group-attributes#"
    pairs = {key.removeprefix(group): value for key, value in told_it.items() if key.startswith(group)}
    # It refuses the whole Service for any other one; the drain's delay is not to be told.
    assert pairs == {"preserve_client_ip.enabled": attributes[0], "proxy_protocol_v2.enabled": attributes[1]}
    assert told_it["spec.externalTrafficPolicy"] == policy
    # That one is for the classic load balancer alone.
    assert f"{AWS}proxy-protocol" not in told_it


def test_the_cloud_controller_keeps_udp_clients_as_aws_wants_it() -> None:
    told_it = said("aws-legacy", DNS, health={"port": 8081})
    assert told_it[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "true"
    assert "nothing that aws-legacy can do" in refused(exposure("aws-legacy", health={"port": 8081}), ports=MIXED)


def test_what_the_cloud_controller_refuses_is_refused_before() -> None:
    assert "fix: leave it out: this controller refuses the whole Service" in refused(
        exposure("aws-legacy", session_affinity=True)
    )
    message = refused(exposure("aws-legacy", health={"healthy": 3, "unhealthy": 2}))
    assert "health.healthy: is not the same as health.unhealthy" in message
    told_it = said("aws-legacy", health={"healthy": 3, "unhealthy": 3})
    assert told_it[f"{AWS}healthcheck-healthy-threshold"] == told_it[f"{AWS}healthcheck-unhealthy-threshold"] == "3"
    two = {"certificates": ["arn:a", "arn:b"]}
    assert "tls.certificates: holds 2, and this controller takes one" in refused(exposure("aws-legacy", tls=two))


def test_the_cloud_controllers_cross_zone_has_an_annotation_of_its_own() -> None:
    assert said("aws-legacy", cross_zone=True)[f"{AWS}cross-zone-load-balancing-enabled"] == "true"
    told_it = said("aws-controller", cross_zone=True)
    assert f"{AWS}cross-zone-load-balancing-enabled" not in told_it
    assert told_it[f"{AWS}attributes#load_balancing.cross_zone.enabled"] == "true"


# Google Kubernetes Engine.


def test_gke_makes_backend_services_and_never_target_pools() -> None:
    told_it = said("gke")
    assert told_it["cloud.google.com/l4-rbs"] == "enabled"
    assert "networking.gke.io/load-balancer-type" not in told_it
    inside = said("gke", scope="internal")
    assert inside["networking.gke.io/load-balancer-type"] == "Internal"
    assert "cloud.google.com/load-balancer-type" not in inside
    assert "cloud.google.com/l4-rbs" not in inside


@pytest.mark.parametrize(("scope", "kind"), [("internet", "external"), ("internal", "internal")])
def test_gkes_classes_are_of_one_scope_each_and_stand_instead_of_the_annotation(scope: str, kind: str) -> None:
    told_it = said("gke", scope=scope, load_balancer_class=f"networking.gke.io/l4-regional-{kind}")
    assert told_it["spec.loadBalancerClass"] == f"networking.gke.io/l4-regional-{kind}"
    assert not {"cloud.google.com/l4-rbs", "networking.gke.io/load-balancer-type"} & told_it.keys()
    other = "internal" if kind == "external" else "external"
    message = refused(exposure("gke", scope=scope, load_balancer_class=f"networking.gke.io/l4-regional-{other}"))
    assert f"does not make a load balancer for scope {scope}" in message


def test_gkes_static_addresses_are_names_and_not_the_deprecated_field() -> None:
    told_it = said("gke", static_addresses=["web"])
    assert told_it["networking.gke.io/load-balancer-ip-addresses"] == "web"
    assert "spec.loadBalancerIP" not in told_it
    assert "is not the name of a reserved address" in refused(exposure("gke", static_addresses=["203.0.113.7"]))
    assert "holds more than there is one for" in refused(exposure("gke", static_addresses=["a", "b"]))
    dual = said("gke", static_addresses=["web", "web-v6"], address_family="dual")
    assert dual["networking.gke.io/load-balancer-ip-addresses"] == "web,web-v6"


def test_gkes_own_settings_have_effect_or_are_refused() -> None:
    told_it = said("gke", client_ip="preserve", gke={"network_tier": "Standard", "weighted": True})
    assert told_it["cloud.google.com/network-tier"] == "Standard"
    assert told_it["networking.gke.io/weighted-load-balancing"] == "pods-per-node"
    inside = said("gke", scope="internal", subnets=["clients"], gke={"global_access": True})
    assert inside["networking.gke.io/internal-load-balancer-allow-global-access"] == "true"
    assert inside["networking.gke.io/load-balancer-subnet"] == "clients"
    for fields, says in (
        ({"gke": {"global_access": True}}, "gke.global_access: has no effect here"),
        ({"scope": "internal", "gke": {"network_tier": "Premium"}}, "gke.network_tier: has no effect here"),
        ({"subnets": ["a"]}, "exposure.subnets: has no effect here"),
        ({"scope": "internal", "subnets": ["a", "b"]}, "exposure.subnets: holds several"),
        ({"gke": {"weighted": True}}, "gke.weighted: weighs nodes by their own pods"),
        ({"health": {"path": "/"}}, "exposure.health.path: "),
    ):
        assert says in refused(exposure("gke", **fields))


def test_gke_takes_tcp_and_udp_together_from_the_internet_alone() -> None:
    assert len(service(exposure("gke"), ports=MIXED)["spec"]["ports"]) == 2
    assert "ports: speak TCP and UDP, which an internal" in refused(exposure("gke", scope="internal"), ports=MIXED)


# Azure.


def test_azures_ports_never_say_what_is_spoken_over_them() -> None:
    # appProtocol http would make the probe ask /, whatever the application has there.
    for port in service(exposure("azure"), ports={"http": {"port": 80}, "https": {"port": 443}})["spec"]["ports"]:
        assert "appProtocol" not in port


def test_azures_health_path_is_asked_over_http() -> None:
    told_it = said("azure", health={"path": "/healthz", "interval": 10, "unhealthy": 3})
    start = f"{AZURE}load-balancer-health-probe-"
    assert {key.removeprefix(start): value for key, value in told_it.items() if key.startswith(start)} == {
        "protocol": "http",
        "request-path": "/healthz",
        "interval": "10",
        "num-of-probe": "3",
    }
    for health, says in (
        ({"interval": 60, "unhealthy": 2}, "health.interval: 60 makes 120 seconds together with health.unhealthy"),
        ({"interval": 4}, "health.interval: 4 is not a number of seconds that Azure takes"),
        ({"unhealthy": 1}, "health.unhealthy: 1 is not a number of failures that Azure takes"),
        ({"protocol": "tcp", "path": "/"}, "health.path: is asked for over HTTP, and the protocol is tcp"),
        ({"port": 8081}, "fix: write the annotation service.beta.kubernetes.io/port_PORT_health-probe_port"),
    ):
        assert says in refused(exposure("azure", health=health))


def test_azures_addresses_are_names_outside_and_addresses_inside() -> None:
    assert said("azure", static_addresses=["web"])[f"{AZURE}pip-name"] == "web"
    dual = said("azure", static_addresses=["web", "web-v6"], address_family="dual")
    assert (dual[f"{AZURE}pip-name"], dual[f"{AZURE}pip-name-ipv6"]) == ("web", "web-v6")
    v6 = said("azure", static_addresses=["web"], address_family="IPv6", allowed_sources=["::/0"])
    assert v6[f"{AZURE}pip-name-ipv6"] == "web"
    inside = said("azure", scope="internal", static_addresses=["10.0.0.9"], subnets=["front"])
    assert inside[f"{AZURE}load-balancer-ipv4"] == "10.0.0.9"
    assert inside[f"{AZURE}load-balancer-internal"] == "true"
    assert inside[f"{AZURE}load-balancer-internal-subnet"] == "front"
    assert "spec.loadBalancerIP" not in inside


def test_azures_own_settings_have_effect_or_are_refused() -> None:
    own = {"resource_group": "addresses", "dns_label": "shop", "floating_ip": False}
    told_it = said("azure", static_addresses=["web"], azure=own, tags={"b": "2", "a": "1"})
    assert told_it[f"{AZURE}load-balancer-resource-group"] == "addresses"
    assert told_it[f"{AZURE}dns-label-name"] == "shop"
    assert told_it[f"{AZURE}disable-load-balancer-floating-ip"] == "true"
    assert told_it[f"{AZURE}pip-tags"] == "a=1,b=2"
    prefixes = said("azure", azure={"public_ip_prefix": "/p/4", "public_ip_prefix_ipv6": "/p/6"})
    assert (prefixes[f"{AZURE}pip-prefix-id"], prefixes[f"{AZURE}pip-prefix-id-ipv6"]) == ("/p/4", "/p/6")
    for fields, says in (
        ({"scope": "internal", "azure": {"dns_label": "shop"}}, "azure.dns_label: has no effect here"),
        ({"scope": "internal", "tags": {"a": "b"}}, "exposure.tags: has no effect here"),
        ({"subnets": ["front"]}, "exposure.subnets: has no effect here"),
        ({"scope": "internal", "subnets": ["a", "b"]}, "exposure.subnets: holds several"),
        ({"static_addresses": ["a", "b"]}, "static_addresses: holds more than there is one for"),
        ({"static_addresses": ["203.0.113.7"]}, 'static_addresses[0]: "203.0.113.7" is not the name of a public IP'),
        ({"scope": "internal", "static_addresses": ["web"]}, 'static_addresses[0]: "web" is not an address'),
        (
            {"static_addresses": ["a"], "azure": {"public_ip_prefix": "/p"}},
            "azure.public_ip_prefix: stands beside static_addresses",
        ),
    ):
        assert says in refused(exposure("azure", **fields))


def test_azures_idle_timeout_is_in_whole_minutes() -> None:
    assert said("azure", idle_timeout=600)[f"{AZURE}load-balancer-tcp-idle-timeout"] == "10"
    message = refused(exposure("azure", idle_timeout=601))
    assert "idle_timeout: 601 is not a number of whole minutes" in message
    assert "fix: write 660" in message
    assert "idle_timeout: 60 is not a number of seconds that Azure takes" in refused(exposure("azure", idle_timeout=60))


def test_azures_service_tags_are_not_kept_out_by_the_nodes() -> None:
    told_it = said("azure", allowed_sources=["203.0.113.0/24"], azure={"service_tags": ["AzureFrontDoor.Backend"]})
    assert told_it[f"{AZURE}allowed-service-tags"] == "AzureFrontDoor.Backend"
    assert told_it[f"{AZURE}allowed-ip-ranges"] == "203.0.113.0/24"
    # The two together are a conflict, and kube-proxy would keep to the ranges alone.
    assert "spec.loadBalancerSourceRanges" not in told_it
    alone = said("azure", allowed_sources=None, azure={"service_tags": ["AzureCloud"]})
    assert f"{AZURE}allowed-ip-ranges" not in alone


def test_azures_virtual_network_is_let_in_beside_no_list_of_sources() -> None:
    deny = f"{AZURE}deny-all-except-load-balancer-source-ranges"
    assert said("azure", scope="internal", allowed_sources=["10.1.0.0/16"])[deny] == "true"
    assert deny not in said("azure", scope="internal", allowed_sources=None)


# Any other cluster.


def test_a_generic_platform_is_told_what_kubernetes_defines() -> None:
    told_it = said(
        "generic",
        load_balancer_class="example.com/balancer",
        client_ip="preserve",
        session_affinity=True,
        address_family="dual",
        health={"node_port": 32000},
    )
    assert told_it == {
        "spec.loadBalancerClass": "example.com/balancer",
        "spec.loadBalancerSourceRanges": EVERYONE,
        "spec.externalTrafficPolicy": "Local",
        "spec.healthCheckNodePort": 32000,
        "spec.sessionAffinity": "ClientIP",
        "spec.ipFamilyPolicy": "RequireDualStack",
        "spec.ipFamilies": ["IPv4", "IPv6"],
    }


def test_a_generic_platform_is_internal_or_speaks_proxy_protocol_where_something_says_so() -> None:
    assert 'scope: "internal" is something that Kubernetes has no field for' in refused(
        exposure("generic", scope="internal")
    )
    inside = {"service.beta.kubernetes.io/oci-load-balancer-internal": "true"}
    assert said("generic", scope="internal", annotations=inside).items() >= inside.items()
    message = refused(exposure("generic", client_ip="proxy-protocol"), target_reads_proxy_protocol=True)
    assert 'client_ip: "proxy-protocol" is something that Kubernetes has no field for' in message
    switch = {"load-balancer.hetzner.cloud/uses-proxy-protocol": "true"}
    assert said("generic", client_ip="proxy-protocol", annotations=switch).items() >= switch.items()
    assert "client_ip says that it does not" in refused(exposure("generic", annotations=switch))


def test_metallbs_address_is_an_annotation_of_its_own() -> None:
    assert "for MetalLB metallb.io/loadBalancerIPs" in refused(exposure("generic", static_addresses=["203.0.113.7"]))
    told_it = said("generic", annotations={"metallb.io/loadBalancerIPs": "203.0.113.7"})
    assert told_it["metallb.io/loadBalancerIPs"] == "203.0.113.7"


# All of them.


@pytest.mark.parametrize("platform", ALL)
def test_the_deprecated_address_field_is_never_used(platform: str) -> None:
    assert "spec.loadBalancerIP" not in said(platform)


@pytest.mark.parametrize("platform", [it for it in ALL if it not in NLB])
def test_nodes_that_pass_connections_on_keep_the_clients_address_with_local(platform: str) -> None:
    assert said(platform)["spec.externalTrafficPolicy"] == "Cluster"
    local = said(platform, client_ip="preserve", health={"node_port": 32000})
    assert (local["spec.externalTrafficPolicy"], local["spec.healthCheckNodePort"]) == ("Local", 32000)


@pytest.mark.parametrize("platform", [it for it in ALL if it not in ON_AWS])
@pytest.mark.parametrize(
    ("family", "policy", "families"),
    [
        ("IPv4", "SingleStack", ["IPv4"]),
        ("IPv6", "SingleStack", ["IPv6"]),
        ("dual", "RequireDualStack", ["IPv4", "IPv6"]),
    ],
)
def test_the_address_family_is_the_services(platform: str, family: str, policy: str, families: list[str]) -> None:
    sources = ["::/0"] if family == "IPv6" else EVERYONE
    told_it = said(platform, address_family=family, allowed_sources=sources)
    assert (told_it["spec.ipFamilyPolicy"], told_it["spec.ipFamilies"]) == (policy, families)


@pytest.mark.parametrize("platform", ALL)
def test_the_internet_is_let_in_by_nobodys_default(platform: str) -> None:
    for none in (None, []):
        message = refused(exposure(platform, allowed_sources=none))
        assert 'fix: to open it to everyone, write ["0.0.0.0/0"]' in message
    if platform != "generic":
        assert "spec.loadBalancerSourceRanges" not in said(platform, scope="internal", allowed_sources=None)
    message = refused(exposure(platform, scope="internal", allowed_sources=[], annotations={"a.example/b": "c"}))
    assert "allowed_sources: lets nobody in" in message


# Where connections come from, as the pods see it.


@pytest.mark.parametrize("platform", ALL)
def test_pods_are_opened_to_the_platform_where_it_hides_the_clients(platform: str) -> None:
    peers, ports = ingress(balancer(exposure(platform)))
    assert peers == PRIVATE, "nobody on the internet connects from there"
    assert ports == {(8080, "TCP")}, "the pods' port, not the load balancer's"
    assert ingress(balancer(exposure(platform, platform_sources=["10.2.0.0/16"])))[0] == {"10.2.0.0/16"}


@pytest.mark.parametrize("platform", ALL)
def test_pods_are_opened_to_the_clients_where_their_addresses_are_kept(platform: str) -> None:
    sources = ["203.0.113.0/24", "198.51.100.0/24"]
    recorded = balancer(exposure(platform, client_ip="preserve", allowed_sources=sources))
    # A load balancer that reaches the pods itself asks them for their health from its own addresses.
    own = PRIVATE if platform in NLB else set()
    assert ingress(recorded)[0] == {*sources, *own}


@pytest.mark.parametrize("platform", NLB)
def test_pods_are_opened_at_the_port_of_the_health_check_too(platform: str) -> None:
    assert ingress(balancer(exposure(platform, health={"port": 8081})))[1] == {(8080, "TCP"), (8081, "TCP")}
    on_instances = exposure(platform, health={"port": 30080}, aws={"target_type": "instance"})
    assert ingress(balancer(on_instances))[1] == {(8080, "TCP")}, "that is a port of the nodes"
    udp = ingress(balancer(exposure(platform, health={"port": 8081}), ports=DNS))
    assert udp == ({*EVERYONE, *PRIVATE}, {(53, "UDP"), (8081, "TCP")})


def test_pods_are_opened_to_all_where_the_platform_alone_knows_who_is_let_in() -> None:
    everywhere = {"0.0.0.0/0", "::/0"}
    tags = exposure("azure", client_ip="preserve", azure={"service_tags": ["AzureCloud"]})
    assert ingress(balancer(tags))[0] == everywhere
    groups = exposure("aws-legacy", client_ip="preserve", allowed_sources=None, aws={"security_groups": ["sg-1"]})
    assert ingress(balancer(groups))[0] == everywhere


@pytest.mark.parametrize("platform", NLB)
def test_what_aws_turns_from_ipv6_into_ipv4_comes_from_the_load_balancer(platform: str) -> None:
    exposed = exposure(platform, client_ip="preserve", address_family="dual", aws={"target_type": "instance"})
    assert ingress(balancer(exposed))[0] == {*EVERYONE, *PRIVATE}


def test_proxy_protocol_connections_come_from_the_platform() -> None:
    for platform in ON_AWS:
        recorded = balancer(exposure(platform, client_ip="proxy-protocol"), target_reads_proxy_protocol=True)
        assert ingress(recorded)[0] == PRIVATE


def test_an_internal_balancer_that_keeps_addresses_lets_the_private_network_in() -> None:
    exposed = exposure("gke", scope="internal", allowed_sources=None, client_ip="preserve")
    assert ingress(balancer(exposed))[0] == PRIVATE


# Outputs.


@pytest.mark.parametrize("platform", ALL)
def test_outputs_are_taken_at_the_leaves(platform: str) -> None:
    def value(it: Any) -> Any:
        return pulumi.Output.from_input(it)

    can = PLATFORMS[platform].can
    fields: dict[str, Any] = {"allowed_sources": [value("203.0.113.0/24")], "platform_sources": [value("10.3.0.0/16")]}
    fields |= {"static_addresses": [value("eipalloc-1")]} if can("static_addresses") else {}
    fields |= {"idle_timeout": value(600)} if can("idle_timeout") else {}
    fields |= {"tags": {"team": value("shop")}} if can("tags") else {}
    fields |= {"health": {"interval": value(10)}} if can("health.interval") else {}
    fields |= {"azure": {"floating_ip": value(it=False)}} if platform == "azure" else {}
    fields |= {"annotations": {"example.com/a": value("b")}}
    told_it = said(platform, **fields)
    plain = said(
        platform,
        allowed_sources=["203.0.113.0/24"],
        **({"static_addresses": ["eipalloc-1"]} if "static_addresses" in fields else {}),
        **({"idle_timeout": 600} if "idle_timeout" in fields else {}),
        **({"tags": {"team": "shop"}} if "tags" in fields else {}),
        **({"health": {"interval": 10}} if "health" in fields else {}),
        **({"azure": {"floating_ip": False}} if "azure" in fields else {}),
        annotations={"example.com/a": "b"},
    )
    assert told_it == plain


@pytest.mark.parametrize(
    ("platform", "fields", "says"),
    [
        ("azure", {"idle_timeout": 601}, "exposure.idle_timeout: 601 is not a number of whole minutes"),
        ("aws-controller", {"idle_timeout": 1}, "exposure.idle_timeout: 1 is not a number of seconds that AWS takes"),
        ("aws-controller", {"health": {"interval": 1}}, "exposure.health.interval: 1 is not a number of seconds"),
        ("gke", {"static_addresses": ["203.0.113.7"]}, "is not the name of a reserved address"),
        ("azure", {"static_addresses": ["203.0.113.7"]}, "is not the name of a public IP"),
        ("aws-legacy", {"static_addresses": ["203.0.113.7"]}, "is not the id of an Elastic IP allocation"),
    ],
)
def test_what_is_known_late_is_held_to_the_platforms_limits_too(platform: str, fields: Any, says: str) -> None:
    def late(it: Any) -> Any:
        if isinstance(it, dict):
            return {key: late(value) for key, value in it.items()}
        if isinstance(it, list):
            return [late(value) for value in it]
        return pulumi.Output.from_input(it)

    with pytest.raises(ArgumentError, match="The load balancer has a problem") as caught:
        record(lambda: PublicLoadBalancer("web", arguments(exposure(platform, **late(fields)))))
    assert says in str(caught.value)


# For the front door of a gateway.


@pytest.mark.parametrize(
    ("platform", "fields", "proxy_protocol", "policy"),
    [
        ("aws-controller", {"client_ip": "proxy-protocol"}, True, "Cluster"),
        ("aws-controller", {"client_ip": "preserve"}, False, "Cluster"),
        ("aws-controller", {"client_ip": "preserve", "aws": {"target_type": "instance"}}, False, "Local"),
        ("gke", {"client_ip": "preserve"}, False, "Local"),
        ("azure", {"health": {"path": "/healthz"}}, False, "Cluster"),
    ],
)
def test_a_balancer_is_built_without_a_component_and_says_what_its_target_must_do(
    platform: str, fields: dict[str, Any], proxy_protocol: bool, policy: str
) -> None:
    ports = (ServicePort("http", 8080, 80), ServicePort("https", 8443, 443))
    request = Request(exposure(platform, **fields), ports, drain=60)
    problems = Problems('IngressGateway "edge"')
    check_exposure(request, problems, "portico:gateways.edge.exposure.", camel_case)
    assert problems.found == []
    made = build_balancer({"name": "edge"}, {"app": "nginx"}, request)
    assert (made.proxy_protocol, made.traffic_policy) == (proxy_protocol, policy)
    assert made.service["metadata"]["name"] == "edge"
    assert made.network_policy["spec"]["podSelector"] == {"matchLabels": {"app": "nginx"}}
    assert made.billable.load_balancers == 1


def test_problems_are_placed_where_the_exposure_stands() -> None:
    exposed = exposure("gke", health={"success_codes": "200"}, aws={"load_balancer_attributes": {"a_b": "c"}})
    request = Request({**exposed, "allowed_sources": []}, (ServicePort("dns", 53, 53, "SCTP"),))
    problems = Problems("it")
    check_exposure(request, problems, "portico:gateways.edge.exposure.", camel_case)
    assert [it.path for it in problems.found] == [
        "portico:gateways.edge.exposure.health.successCodes",
        "portico:gateways.edge.exposure.aws.loadBalancerAttributes",
        "portico:gateways.edge.ports.dns.protocol",
        "portico:gateways.edge.exposure.allowedSources",
    ]
