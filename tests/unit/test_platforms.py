"""Each platform, and each trap that it has: what Kubernetes is told, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError, Exposure, Platform, PublicLoadBalancer
from pulumi_portico.args.location import ROOT, Key, KeyStyle, Location
from pulumi_portico.args.parse import parse
from pulumi_portico.args.problems import Problems, Remove, Set
from pulumi_portico.networking.ports import ServicePort
from pulumi_portico.public_load_balancer import exposure_checks
from pulumi_portico.public_load_balancer.balancer import build_balancer
from pulumi_portico.public_load_balancer.exposure import RULES, ExposureSpec
from pulumi_portico.public_load_balancer.exposure_checks import check_exposure
from pulumi_portico.public_load_balancer.platform_module import Request
from pulumi_portico.public_load_balancer.platforms import module_of
from pulumi_portico.testing import record

from tests.balancers import (
    ALL,
    AWS,
    AZURE,
    DNS,
    EVERYONE,
    MANAGED,
    MIXED,
    NLB,
    ON_AWS,
    TLS,
    arguments,
    balancer,
    exposure,
    ingress,
    rejected,
    service,
    settings_of,
)
from tests.problems import assert_problem

PRIVATE = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"}


def configured(platform: str, ports: Any = None, **fields: Any) -> dict[str, Any]:
    more: dict[str, Any] = {} if ports is None else {"ports": ports}
    if fields.get("client_ip") == "proxy-protocol":
        more["target_reads_proxy_protocol"] = True
    return settings_of(service(exposure(platform, **fields), **more))


# The AWS Load Balancer Controller, and EKS Auto Mode.


def test_the_class_picks_the_controller_and_no_annotation_contradicts_it() -> None:
    for platform, name in {"aws-controller": "service.k8s.aws/nlb", "eks-auto-mode": "eks.amazonaws.com/nlb"}.items():
        found = configured(platform)
        assert found["spec.loadBalancerClass"] == name
        # Before 2.5, and in Auto Mode, the two would name different controllers.
        assert f"{AWS}type" not in found
    assert (
        configured("aws-controller", load_balancer_class="example.com/nlb")["spec.loadBalancerClass"]
        == "example.com/nlb"
    )


@pytest.mark.parametrize("platform", NLB)
def test_a_network_load_balancer_reaches_the_pods_themselves_unless_told_otherwise(platform: str) -> None:
    by_default = configured(platform)
    assert by_default[f"{AWS}nlb-target-type"] == "ip"
    assert by_default["spec.allocateLoadBalancerNodePorts"] is False
    on_instances = configured(platform, aws={"target_type": "instance"})
    assert on_instances[f"{AWS}nlb-target-type"] == "instance"
    # Without node ports, the controller has nothing to register.
    assert on_instances["spec.allocateLoadBalancerNodePorts"] is True


@pytest.mark.parametrize("platform", NLB)
def test_the_scheme_is_always_configured(platform: str) -> None:
    # Left out, it is internal for a new load balancer, and stays what it was for an old one.
    assert configured(platform)[f"{AWS}scheme"] == "internet-facing"
    assert configured(platform, scope="internal")[f"{AWS}scheme"] == "internal"


@pytest.mark.parametrize("platform", NLB)
def test_attributes_are_always_written_as_leaving_one_out_does_not_put_it_back(platform: str) -> None:
    found = configured(platform)
    assert found[f"{AWS}attributes#deletion_protection.enabled"] == "false"
    assert found[f"{AWS}attributes#load_balancing.cross_zone.enabled"] == "false"
    assert found[f"{AWS}attributes#access_logs.s3.enabled"] == "false"
    assert found[f"{AWS}target-group-attributes#proxy_protocol_v2.enabled"] == "false"
    assert found[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "false"
    assert found[f"{AWS}target-group-attributes#stickiness.enabled"] == "false"


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
    found = configured(platform, client_ip=client_ip, aws={"target_type": target_type})
    assert found[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == kept
    assert found[f"{AWS}target-group-attributes#proxy_protocol_v2.enabled"] == proxied
    assert found["spec.externalTrafficPolicy"] == policy
    # The annotation would overrule the attribute, and Auto Mode does not read it.
    assert f"{AWS}proxy-protocol" not in found


@pytest.mark.parametrize("platform", NLB)
def test_from_udp_targets_the_clients_address_cannot_be_hidden(platform: str) -> None:
    health = {"port": 8081}
    found = configured(platform, DNS, health=health)
    assert found[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "true"
    problems = rejected(exposure(platform, client_ip="hide", health=health), ports=DNS)
    assert_problem(problems, "client-ip-always-preserved", "exposure", "client_ip")
    on_instances = configured(platform, DNS, health=health, client_ip="hide", aws={"target_type": "instance"})
    assert on_instances["spec.externalTrafficPolicy"] == "Cluster"
    assert on_instances[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "true"


@pytest.mark.parametrize("platform", ON_AWS)
def test_udp_requires_a_tcp_port_for_health_checks(platform: str) -> None:
    problems = rejected(exposure(platform), ports=DNS)
    assert_problem(problems, "udp-without-health-port", "exposure", "health", "port", port="dns")
    found = configured(platform, DNS, health={"port": 8081})
    assert found[f"{AWS}healthcheck-port"] == "8081"


def test_udp_is_answered_for_by_a_tcp_port_of_the_same_number_or_by_the_node() -> None:
    shared = {"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}}
    assert f"{AWS}healthcheck-port" not in configured("aws-controller", shared)
    local = configured("aws-controller", DNS, client_ip="preserve", aws={"target_type": "instance"})
    assert local["spec.externalTrafficPolicy"] == "Local"
    assert f"{AWS}healthcheck-port" not in local


def test_tcp_and_udp_on_one_port_are_one_listener() -> None:
    shared = {"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}}
    found = configured("aws-controller", shared, idle_timeout=600)
    assert found[f"{AWS}enable-tcp-udp-listener"] == "true"
    assert found[f"{AWS}listener-attributes.TCP_UDP-53#tcp.idle_timeout.seconds"] == "600"
    assert f"{AWS}enable-tcp-udp-listener" not in configured("aws-controller", MIXED, health={"port": 8080})
    problems = rejected(exposure("eks-auto-mode"), ports=shared)
    assert_problem(problems, "unsupported-shared-port", "ports", "dns", "port")


@pytest.mark.parametrize("platform", NLB)
def test_the_idle_timeout_is_that_of_each_tcp_listener(platform: str) -> None:
    found = configured(platform, {"a": {"port": 80}, "b": {"port": 443}}, idle_timeout=600)
    assert found[f"{AWS}listener-attributes.TCP-80#tcp.idle_timeout.seconds"] == "600"
    assert found[f"{AWS}listener-attributes.TCP-443#tcp.idle_timeout.seconds"] == "600"
    mixed = configured(platform, MIXED, idle_timeout=600, health={"port": 8080})
    assert f"{AWS}listener-attributes.UDP-53#tcp.idle_timeout.seconds" not in mixed
    secure = {"a": {"port": 80}, "b": {"port": 443}}
    with_tls = configured(platform, secure, idle_timeout=600, tls={**TLS, "ports": ["b"]})
    assert f"{AWS}listener-attributes.TCP-443#tcp.idle_timeout.seconds" not in with_tls
    problems = rejected(exposure(platform, idle_timeout=600, tls=TLS))
    assert_problem(problems, "idle-timeout-without-tcp", "exposure", "idle_timeout")


@pytest.mark.parametrize("platform", ON_AWS)
def test_tls_ends_on_the_named_ports_with_a_policy_that_is_not_of_2016(platform: str) -> None:
    ports = {"a": {"port": 80}, "b": {"port": 443}}
    found = configured(platform, ports, tls={**TLS, "ports": ["b"]})
    assert found[f"{AWS}ssl-cert"] == TLS["certificates"][0]
    assert found[f"{AWS}ssl-ports"] == "b"
    assert found[f"{AWS}ssl-negotiation-policy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert f"{AWS}backend-protocol" not in found
    assert configured(platform, ports, tls=TLS)[f"{AWS}ssl-ports"] == "a,b"
    assert configured(platform, tls={**TLS, "encrypt_to_pods": True})[f"{AWS}backend-protocol"] == "ssl"


@pytest.mark.parametrize("platform", NLB)
def test_several_certificates_alpn_and_a_policy_of_ones_own(platform: str) -> None:
    found = configured(platform, tls={"certificates": ["arn:a", "arn:b"], "policy": "P", "alpn": "HTTP2Preferred"})
    assert found[f"{AWS}ssl-cert"] == "arn:a,arn:b"
    assert found[f"{AWS}ssl-negotiation-policy"] == "P"
    assert found[f"{AWS}alpn-policy"] == "HTTP2Preferred"


@pytest.mark.parametrize("platform", ON_AWS)
def test_access_logs_are_of_tls_alone(platform: str) -> None:
    logs = {"bucket": "logs", "prefix": "web"}
    problems = rejected(exposure(platform, access_logs=logs))
    assert_problem(problems, "access-logs-without-tls", "exposure", "access_logs")
    found = configured(platform, access_logs=logs, tls=TLS)
    if platform in NLB:
        assert found[f"{AWS}attributes#access_logs.s3.enabled"] == "true"
        assert found[f"{AWS}attributes#access_logs.s3.bucket"] == "logs"
        assert found[f"{AWS}attributes#access_logs.s3.prefix"] == "web"
    else:
        assert found[f"{AWS}access-log-enabled"] == "true"
        assert found[f"{AWS}access-log-s3-bucket-name"] == "logs"
        assert found[f"{AWS}access-log-s3-bucket-prefix"] == "web"


@pytest.mark.parametrize("platform", ON_AWS)
def test_static_addresses_are_of_the_internet_or_private_and_one_for_each_subnet(platform: str) -> None:
    places = {"static_addresses": ["eipalloc-1", "eipalloc-2"], "subnets": ["subnet-1", "subnet-2"]}
    found = configured(platform, **places)
    assert found[f"{AWS}eip-allocations"] == "eipalloc-1,eipalloc-2"
    assert found[f"{AWS}subnets"] == "subnet-1,subnet-2"
    inside = configured(platform, scope="internal", **{**places, "static_addresses": ["10.0.1.5", "10.0.2.5"]})
    assert inside[f"{AWS}private-ipv4-addresses"] == "10.0.1.5,10.0.2.5"
    assert f"{AWS}eip-allocations" not in inside
    problems = rejected(exposure(platform, static_addresses=["203.0.113.7"]))
    assert_problem(problems, "not-an-elastic-ip-allocation", "exposure", "static_addresses", 0)
    problems = rejected(exposure(platform, scope="internal", static_addresses=["eipalloc-1"]))
    assert_problem(problems, "not-an-address", "exposure", "static_addresses", 0)
    problems = rejected(exposure(platform, **{**places, "subnets": ["subnet-1"]}))
    code = "addresses-differ-from-subnets"
    assert_problem(problems, code, "exposure", "static_addresses", addresses=2, subnets=1)


@pytest.mark.parametrize("platform", ON_AWS)
def test_own_security_groups_say_alone_who_is_let_in(platform: str) -> None:
    groups = {"security_groups": ["sg-1", "sg-2"], **(MANAGED if platform == "aws-legacy" else {})}
    problems = rejected(exposure(platform, aws=groups))
    assert_problem(problems, "ignored-with-security-groups", "exposure", "allowed_sources")
    found = configured(platform, allowed_sources=None, aws=groups)
    assert found[f"{AWS}security-groups"] == "sg-1,sg-2"
    assert "spec.loadBalancerSourceRanges" not in found
    if platform in NLB:
        # Without it, nothing would let the load balancer in at the pods.
        assert found[f"{AWS}manage-backend-security-group-rules"] == "true"


def test_backend_rules_are_read_beside_security_groups_alone() -> None:
    problems = rejected(exposure("aws-controller", aws={"manage_backend_rules": False}))
    assert_problem(problems, "without-security-groups", "exposure", "aws", "manage_backend_rules")
    given = exposure(
        "aws-controller", allowed_sources=None, aws={"security_groups": ["sg-1"], "manage_backend_rules": False}
    )
    assert settings_of(service(given))[f"{AWS}manage-backend-security-group-rules"] == "false"


def test_prefix_lists_may_stand_instead_of_allowed_sources() -> None:
    found = configured("aws-controller", allowed_sources=None, aws={"prefix_lists": ["pl-1"]})
    assert found[f"{AWS}security-group-prefix-lists"] == "pl-1"
    assert "spec.loadBalancerSourceRanges" not in found


@pytest.mark.parametrize("platform", NLB)
def test_the_deregistration_delay_is_the_targets_drain(platform: str) -> None:
    key = f"{AWS}target-group-attributes#deregistration_delay.timeout_seconds"
    assert configured(platform)[key] == "20"
    target: dict[str, Any] = {**arguments({})["target"], "drain": 0}
    assert settings_of(service(exposure(platform), target=target))[key] == "0"
    unknown = {name: value for name, value in target.items() if name != "drain"}
    assert key not in settings_of(service(exposure(platform), target=unknown))


@pytest.mark.parametrize("platform", NLB)
def test_more_attributes_go_beside_those_of_fields_and_never_against_them(platform: str) -> None:
    more = {"load_balancer_attributes": {"dns_record.client_routing_policy": "availability_zone_affinity"}}
    found = configured(platform, aws=more)
    assert found[f"{AWS}attributes#dns_record.client_routing_policy"] == "availability_zone_affinity"
    assert found[f"{AWS}attributes#deletion_protection.enabled"] == "false"
    for group, key, field in (
        ("load_balancer_attributes", "deletion_protection.enabled", "deletion_protection"),
        ("target_group_attributes", "proxy_protocol_v2.enabled", "client_ip"),
        ("target_group_attributes", "deregistration_delay.timeout_seconds", "drain"),
    ):
        problems = rejected(exposure(platform, aws={group: {key: "true"}}))
        assert_problem(problems, "attribute-of-field", "exposure", "aws", group, key, field=(field,))


@pytest.mark.parametrize("platform", NLB)
def test_dual_stack_is_of_the_load_balancer_and_udp_requires_source_nat(platform: str) -> None:
    found = configured(platform, ip_address_type="dualstack", allowed_sources=["0.0.0.0/0", "::/0"])
    assert found[f"{AWS}ip-address-type"] == "dualstack"
    # An EKS cluster has one family; asking it for two would be refused.
    assert "spec.ipFamilies" not in found
    assert f"{AWS}enable-prefix-for-ipv6-source-nat" not in found
    udp = configured(platform, DNS, ip_address_type="dualstack", health={"port": 8081})
    assert udp[f"{AWS}enable-prefix-for-ipv6-source-nat"] == "on"
    problems = rejected(exposure(platform, ip_address_type="ipv6", allowed_sources=["::/0"]))
    problem = assert_problem(problems, "unsupported-choice", "exposure", "ip_address_type")
    assert problem.edits == (Set(Location(("exposure", "ip_address_type")), "dualstack"),)


@pytest.mark.parametrize("platform", ON_AWS)
def test_ipv6_sources_want_a_load_balancer_with_ipv6(platform: str) -> None:
    problems = rejected(exposure(platform, allowed_sources=["2001:db8::/32"]))
    assert_problem(
        problems, "source-of-other-ip-version", "exposure", "allowed_sources", 0, version="ipv6", only="ipv4"
    )


@pytest.mark.parametrize("platform", NLB)
def test_affinity_is_the_target_groups_and_not_to_be_had_with_tls(platform: str) -> None:
    found = configured(platform, session_affinity="ClientIP")
    assert found[f"{AWS}target-group-attributes#stickiness.enabled"] == "true"
    assert found[f"{AWS}target-group-attributes#stickiness.type"] == "source_ip"
    # The controller never reads it; where it reaches the pods itself, nobody else would.
    assert "spec.sessionAffinity" not in found
    assert (
        configured(platform, session_affinity="ClientIP", aws={"target_type": "instance"})["spec.sessionAffinity"]
        == "ClientIP"
    )
    problems = rejected(exposure(platform, session_affinity="ClientIP", tls=TLS))
    assert_problem(problems, "session-affinity-with-tls", "exposure", "session_affinity")


@pytest.mark.parametrize("platform", NLB)
def test_with_local_the_node_answers_for_its_pods(platform: str) -> None:
    instance = {"target_type": "instance"}
    for health in ({"protocol": "tcp"}, {"path": "/healthz"}, {"port": 8081}, {"success_codes": "200"}):
        problems = rejected(exposure(platform, client_ip="preserve", aws=instance, health=health))
        assert_problem(problems, "fixed-health-check", "exposure", "health", next(iter(health)))
    found = configured(platform, client_ip="preserve", aws=instance, health={"node_port": 32000, "interval": 10})
    assert found["spec.healthCheckNodePort"] == 32000
    assert found[f"{AWS}healthcheck-interval"] == "10"
    problems = rejected(exposure(platform, health={"node_port": 32000}))
    assert_problem(problems, "unused-node-port", "exposure", "health", "node_port")


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
    found = configured(platform, health=health)
    start = f"{AWS}healthcheck-"
    assert {key.removeprefix(start): value for key, value in found.items() if key.startswith(start)} == {
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
    problems = rejected(exposed, target_reads_proxy_protocol=True)
    assert_problem(problems, "http-health-with-proxy-protocol", "exposure", "health", "port")
    by_tcp = configured(platform, client_ip="proxy-protocol", health={"protocol": "tcp", "port": 8081})
    assert by_tcp[f"{AWS}healthcheck-port"] == "8081"


@pytest.mark.parametrize("platform", ON_AWS)
def test_proxy_protocol_is_for_tcp(platform: str) -> None:
    exposed = exposure(platform, client_ip="proxy-protocol", health={"port": 8081})
    problems = rejected(exposed, ports=DNS, target_reads_proxy_protocol=True)
    assert_problem(problems, "proxy-protocol-needs-tcp", "exposure", "client_ip", port="dns")


# The AWS cloud controller.


def test_the_cloud_controller_makes_a_network_load_balancer_without_a_class() -> None:
    found = configured("aws-legacy")
    assert found[f"{AWS}type"] == "nlb"
    # It leaves every Service with a class to others.
    assert "spec.loadBalancerClass" not in found
    assert f"{AWS}internal" not in found
    assert configured("aws-legacy", scope="internal")[f"{AWS}internal"] == "true"


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
    found = configured("aws-legacy", client_ip=client_ip)
    group = f"{AWS}target-group-attributes#"
    pairs = {key.removeprefix(group): value for key, value in found.items() if key.startswith(group)}
    # It refuses the whole Service for any other one; the drain's delay is not to be told.
    assert pairs == {"preserve_client_ip.enabled": attributes[0], "proxy_protocol_v2.enabled": attributes[1]}
    assert found["spec.externalTrafficPolicy"] == policy
    # That one is for the classic load balancer alone.
    assert f"{AWS}proxy-protocol" not in found


def test_the_cloud_controller_keeps_udp_clients_as_aws_requires() -> None:
    found = configured("aws-legacy", DNS, health={"port": 8081})
    assert found[f"{AWS}target-group-attributes#preserve_client_ip.enabled"] == "true"
    problems = rejected(exposure("aws-legacy", health={"port": 8081}), ports=MIXED)
    assert_problem(problems, "unsupported-mixed-protocols", "ports")


def test_what_the_cloud_controller_refuses_is_refused_before() -> None:
    problems = rejected(exposure("aws-legacy", session_affinity="ClientIP"))
    assert_problem(problems, "unsupported-field", "exposure", "session_affinity")
    problems = rejected(exposure("aws-legacy", health={"healthy": 3, "unhealthy": 2}))
    assert_problem(problems, "health-thresholds-differ", "exposure", "health", "healthy")
    problems = rejected(exposure("aws-legacy", health={"unhealthy": 2}))
    assert_problem(problems, "health-thresholds-differ", "exposure", "health", "healthy")
    found = configured("aws-legacy", health={"healthy": 3, "unhealthy": 3})
    assert found[f"{AWS}healthcheck-healthy-threshold"] == found[f"{AWS}healthcheck-unhealthy-threshold"] == "3"
    two = {"certificates": ["arn:a", "arn:b"]}
    problems = rejected(exposure("aws-legacy", tls=two))
    assert_problem(problems, "several-certificates", "exposure", "tls", "certificates", count=2)


def test_the_cloud_controllers_cross_zone_has_an_annotation_of_its_own() -> None:
    assert configured("aws-legacy", cross_zone=True)[f"{AWS}cross-zone-load-balancing-enabled"] == "true"
    found = configured("aws-controller", cross_zone=True)
    assert f"{AWS}cross-zone-load-balancing-enabled" not in found
    assert found[f"{AWS}attributes#load_balancing.cross_zone.enabled"] == "true"


# Google Kubernetes Engine.


def test_gke_makes_backend_services_and_never_target_pools() -> None:
    found = configured("gke")
    assert found["cloud.google.com/l4-rbs"] == "enabled"
    assert "networking.gke.io/load-balancer-type" not in found
    inside = configured("gke", scope="internal")
    assert inside["networking.gke.io/load-balancer-type"] == "Internal"
    assert "cloud.google.com/load-balancer-type" not in inside
    assert "cloud.google.com/l4-rbs" not in inside


@pytest.mark.parametrize(("scope", "kind"), [("internet", "external"), ("internal", "internal")])
def test_gkes_classes_are_of_one_scope_each_and_stand_instead_of_the_annotation(scope: str, kind: str) -> None:
    found = configured("gke", scope=scope, load_balancer_class=f"networking.gke.io/l4-regional-{kind}")
    assert found["spec.loadBalancerClass"] == f"networking.gke.io/l4-regional-{kind}"
    assert not {"cloud.google.com/l4-rbs", "networking.gke.io/load-balancer-type"} & found.keys()
    other = "internal" if kind == "external" else "external"
    problems = rejected(exposure("gke", scope=scope, load_balancer_class=f"networking.gke.io/l4-regional-{other}"))
    assert_problem(problems, "load-balancer-class-for-other-scope", "exposure", "load_balancer_class", scope=scope)


def test_gkes_static_addresses_are_names_and_not_the_deprecated_field() -> None:
    found = configured("gke", static_addresses=["web"])
    assert found["networking.gke.io/load-balancer-ip-addresses"] == "web"
    assert "spec.loadBalancerIP" not in found
    problems = rejected(exposure("gke", static_addresses=["203.0.113.7"]))
    assert_problem(problems, "not-an-address-name", "exposure", "static_addresses", 0)
    problems = rejected(exposure("gke", static_addresses=["a", "b"]))
    assert_problem(problems, "too-many-addresses", "exposure", "static_addresses", count=2, most=1)
    dual = configured("gke", static_addresses=["web", "web-v6"], ip_address_type="dualstack")
    assert dual["networking.gke.io/load-balancer-ip-addresses"] == "web,web-v6"


def test_gkes_own_settings_have_effect_or_are_refused() -> None:
    found = configured("gke", client_ip="preserve", gke={"network_tier": "Standard", "weighted": True})
    assert found["cloud.google.com/network-tier"] == "Standard"
    assert found["networking.gke.io/weighted-load-balancing"] == "pods-per-node"
    inside = configured("gke", scope="internal", subnets=["clients"], gke={"global_access": True})
    assert inside["networking.gke.io/internal-load-balancer-allow-global-access"] == "true"
    assert inside["networking.gke.io/load-balancer-subnet"] == "clients"
    rejections: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
        ({"gke": {"global_access": True}}, "no-effect", ("gke", "global_access")),
        ({"scope": "internal", "gke": {"network_tier": "Premium"}}, "no-effect", ("gke", "network_tier")),
        ({"subnets": ["a"]}, "no-effect", ("subnets",)),
        ({"scope": "internal", "subnets": ["a", "b"]}, "several-subnets", ("subnets",)),
        ({"client_ip": "hide", "gke": {"weighted": True}}, "no-effect", ("gke", "weighted")),
        ({"health": {"path": "/"}}, "unsupported-field", ("health", "path")),
    ]
    for fields, code, location in rejections:
        assert_problem(rejected(exposure("gke", **fields)), code, "exposure", *location)


def test_gke_takes_tcp_and_udp_together_from_the_internet_alone() -> None:
    assert len(service(exposure("gke"), ports=MIXED)["spec"]["ports"]) == 2
    problems = rejected(exposure("gke", scope="internal"), ports=MIXED)
    assert_problem(problems, "internal-mixed-protocols", "ports")


# Azure.


def test_azures_ports_never_say_what_is_spoken_over_them() -> None:
    # appProtocol http would make the probe ask /, whatever the application has there.
    for port in service(exposure("azure"), ports={"http": {"port": 80}, "https": {"port": 443}})["spec"]["ports"]:
        assert "appProtocol" not in port


def test_azures_health_path_is_asked_over_http() -> None:
    (problem,) = rejected(exposure("azure", health={"path": "/healthz"}))
    assert_problem([problem], "fixed-health-check", "exposure", "health", "path")
    assert problem.edits == (Set(Location(("exposure", "client_ip")), "hide"),)
    found = configured("azure", client_ip="hide", health={"path": "/healthz", "interval": 10, "unhealthy": 3})
    start = f"{AZURE}load-balancer-health-probe-"
    assert {key.removeprefix(start): value for key, value in found.items() if key.startswith(start)} == {
        "protocol": "http",
        "request-path": "/healthz",
        "interval": "10",
        "num-of-probe": "3",
    }
    rejections: list[tuple[dict[str, Any], str, str]] = [
        ({"interval": 60, "unhealthy": 2}, "probes-too-long", "interval"),
        ({"interval": 4}, "out-of-range", "interval"),
        ({"unhealthy": 1}, "out-of-range", "unhealthy"),
        ({"protocol": "tcp", "path": "/"}, "path-of-tcp-check", "path"),
        ({"port": 8081}, "health-port-needs-annotation", "port"),
    ]
    for health, code, field in rejections:
        assert_problem(rejected(exposure("azure", health=health)), code, "exposure", "health", field)


def test_azures_addresses_are_names_outside_and_addresses_inside() -> None:
    assert configured("azure", static_addresses=["web"])[f"{AZURE}pip-name"] == "web"
    dual = configured("azure", static_addresses=["web", "web-v6"], ip_address_type="dualstack")
    assert (dual[f"{AZURE}pip-name"], dual[f"{AZURE}pip-name-ipv6"]) == ("web", "web-v6")
    v6 = configured("azure", static_addresses=["web"], ip_address_type="ipv6", allowed_sources=["::/0"])
    assert v6[f"{AZURE}pip-name-ipv6"] == "web"
    inside = configured("azure", scope="internal", static_addresses=["10.0.0.9"], subnets=["front"])
    assert inside[f"{AZURE}load-balancer-ipv4"] == "10.0.0.9"
    assert inside[f"{AZURE}load-balancer-internal"] == "true"
    assert inside[f"{AZURE}load-balancer-internal-subnet"] == "front"
    assert "spec.loadBalancerIP" not in inside


def test_azures_own_settings_have_effect_or_are_refused() -> None:
    own = {"resource_group": "addresses", "dns_label": "shop", "floating_ip": False}
    found = configured("azure", static_addresses=["web"], azure=own, tags={"b": "2", "a": "1"})
    assert found[f"{AZURE}load-balancer-resource-group"] == "addresses"
    assert found[f"{AZURE}dns-label-name"] == "shop"
    assert found[f"{AZURE}disable-load-balancer-floating-ip"] == "true"
    assert found[f"{AZURE}pip-tags"] == "a=1,b=2"
    prefixes = configured("azure", azure={"public_ip_prefix": "/p/4", "public_ip_prefix_ipv6": "/p/6"})
    assert (prefixes[f"{AZURE}pip-prefix-id"], prefixes[f"{AZURE}pip-prefix-id-ipv6"]) == ("/p/4", "/p/6")
    rejections: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
        ({"scope": "internal", "azure": {"dns_label": "shop"}}, "no-effect", ("azure", "dns_label")),
        ({"scope": "internal", "tags": {"a": "b"}}, "no-effect", ("tags",)),
        ({"subnets": ["front"]}, "no-effect", ("subnets",)),
        ({"scope": "internal", "subnets": ["a", "b"]}, "several-subnets", ("subnets",)),
        ({"static_addresses": ["a", "b"]}, "too-many-addresses", ("static_addresses",)),
        ({"static_addresses": ["203.0.113.7"]}, "not-a-public-ip-name", ("static_addresses", 0)),
        ({"scope": "internal", "static_addresses": ["web"]}, "not-an-address", ("static_addresses", 0)),
        (
            {"static_addresses": ["a"], "azure": {"public_ip_prefix": "/p"}},
            "public-ip-prefix-with-addresses",
            ("azure", "public_ip_prefix"),
        ),
    ]
    for fields, code, location in rejections:
        assert_problem(rejected(exposure("azure", **fields)), code, "exposure", *location)


def test_azures_idle_timeout_is_in_whole_minutes() -> None:
    assert configured("azure", idle_timeout=600)[f"{AZURE}load-balancer-tcp-idle-timeout"] == "10"
    problems = rejected(exposure("azure", idle_timeout=601))
    problem = assert_problem(problems, "not-whole-minutes", "exposure", "idle_timeout")
    assert problem.edits == (Set(Location(("exposure", "idle_timeout")), 660),)
    assert_problem(rejected(exposure("azure", idle_timeout=60)), "out-of-range", "exposure", "idle_timeout", least=240)


def test_azures_service_tags_are_not_kept_out_by_the_nodes() -> None:
    found = configured("azure", allowed_sources=["203.0.113.0/24"], azure={"service_tags": ["AzureFrontDoor.Backend"]})
    assert found[f"{AZURE}allowed-service-tags"] == "AzureFrontDoor.Backend"
    assert found[f"{AZURE}allowed-ip-ranges"] == "203.0.113.0/24"
    # The two together are a conflict, and kube-proxy would keep to the ranges alone.
    assert "spec.loadBalancerSourceRanges" not in found
    alone = configured("azure", allowed_sources=None, azure={"service_tags": ["AzureCloud"]})
    assert f"{AZURE}allowed-ip-ranges" not in alone


def test_azures_virtual_network_is_let_in_beside_no_list_of_sources() -> None:
    deny = f"{AZURE}deny-all-except-load-balancer-source-ranges"
    assert configured("azure", scope="internal", allowed_sources=["10.1.0.0/16"])[deny] == "true"
    assert deny not in configured("azure", scope="internal", allowed_sources=None)


# Any other cluster.


def test_a_generic_platform_is_told_what_kubernetes_defines() -> None:
    found = configured(
        "generic",
        load_balancer_class="example.com/balancer",
        client_ip="preserve",
        session_affinity="ClientIP",
        ip_address_type="dualstack",
        health={"node_port": 32000},
    )
    assert found == {
        "spec.loadBalancerClass": "example.com/balancer",
        "spec.loadBalancerSourceRanges": EVERYONE,
        "spec.externalTrafficPolicy": "Local",
        "spec.healthCheckNodePort": 32000,
        "spec.sessionAffinity": "ClientIP",
        "spec.ipFamilyPolicy": "RequireDualStack",
        "spec.ipFamilies": ["IPv4", "IPv6"],
    }


def test_a_generic_platform_is_internal_or_speaks_proxy_protocol_where_something_says_so() -> None:
    assert_problem(rejected(exposure("generic", scope="internal")), "needs-annotation", "exposure", "scope")
    inside = {"service.beta.kubernetes.io/oci-load-balancer-internal": "true"}
    assert configured("generic", scope="internal", annotations=inside).items() >= inside.items()
    problems = rejected(exposure("generic", client_ip="proxy-protocol"), target_reads_proxy_protocol=True)
    assert_problem(problems, "needs-annotation", "exposure", "client_ip")
    switch = {"load-balancer.hetzner.cloud/uses-proxy-protocol": "true"}
    assert configured("generic", client_ip="proxy-protocol", annotations=switch).items() >= switch.items()
    problems = rejected(exposure("generic", annotations=switch))
    assert_problem(problems, "annotation-contradicts-client-ip", "exposure", "annotations", *switch)


def test_a_generic_platform_gets_an_address_by_the_field_or_by_an_annotation() -> None:
    found = configured("generic", static_addresses=["203.0.113.7"])
    assert found["spec.loadBalancerIP"] == "203.0.113.7"
    annotation = {"metallb.io/loadBalancerIPs": "203.0.113.7"}
    found = configured("generic", annotations=annotation)
    assert found["metallb.io/loadBalancerIPs"] == "203.0.113.7"
    problems = rejected(exposure("generic", static_addresses=["203.0.113.7"], annotations=annotation))
    assert_problem(problems, "static-address-of-annotation", "exposure", "annotations", *annotation)


def test_a_generic_platform_has_one_address() -> None:
    problems = rejected(exposure("generic", static_addresses=["203.0.113.7", "2001:db8::7"]))
    assert_problem(problems, "one-static-address", "exposure", "static_addresses", count=2)
    problems = rejected(exposure("generic", static_addresses=["reserved-name"]))
    assert_problem(problems, "not-an-address", "exposure", "static_addresses", 0)


# All of them.


@pytest.mark.parametrize("platform", ALL)
def test_the_deprecated_address_field_is_not_used_without_an_address(platform: str) -> None:
    assert "spec.loadBalancerIP" not in configured(platform)


@pytest.mark.parametrize("platform", [it for it in ALL if it not in (*NLB, "node-port")])
def test_nodes_that_pass_connections_on_keep_the_clients_address_with_local(platform: str) -> None:
    assert configured(platform, client_ip="hide")["spec.externalTrafficPolicy"] == "Cluster"
    local = configured(platform, client_ip="preserve", health={"node_port": 32000})
    assert (local["spec.externalTrafficPolicy"], local["spec.healthCheckNodePort"]) == ("Local", 32000)


@pytest.mark.parametrize("platform", [it for it in ALL if it not in ON_AWS])
@pytest.mark.parametrize(
    ("ip_address_type", "policy", "families"),
    [
        ("ipv4", "SingleStack", ["IPv4"]),
        ("ipv6", "SingleStack", ["IPv6"]),
        ("dualstack", "RequireDualStack", ["IPv4", "IPv6"]),
    ],
)
def test_the_service_has_the_ip_address_type(
    platform: str, ip_address_type: str, policy: str, families: list[str]
) -> None:
    sources = {"ipv6": ["::/0"], "dualstack": ["0.0.0.0/0", "::/0"]}.get(ip_address_type, EVERYONE)
    found = configured(platform, ip_address_type=ip_address_type, allowed_sources=sources)
    assert (found["spec.ipFamilyPolicy"], found["spec.ipFamilies"]) == (policy, families)


@pytest.mark.parametrize("platform", ALL)
def test_the_internet_is_let_in_by_nobodys_default(platform: str) -> None:
    for none in (None, []):
        problems = rejected(exposure(platform, allowed_sources=none))
        assert_problem(problems, "no-allowed-sources", "exposure", "allowed_sources", everyone=("0.0.0.0/0",))
    if module_of(Platform(platform)).decides_scope:
        assert "spec.loadBalancerSourceRanges" not in configured(platform, scope="internal", allowed_sources=None)
    problems = rejected(exposure(platform, scope="internal", allowed_sources=[], annotations={"a.example/b": "c"}))
    assert_problem(problems, "empty-allowed-sources", "exposure", "allowed_sources")


# Where connections come from, as the pods see it.


@pytest.mark.parametrize("platform", ALL)
def test_pods_are_opened_to_the_platform_where_it_hides_the_clients(platform: str) -> None:
    # On aws-legacy and at the ports of nodes, nothing would enforce narrower ones.
    sources = EVERYONE if platform in ("aws-legacy", "node-port") else ["203.0.113.0/24"]
    # Some dataplanes apply a policy to the client's own address, if the platform passes connections through to nodes.
    passed = set(sources) if platform not in ON_AWS else set()
    # On Azure, they do it to health checks too, which have one address in every network.
    if platform == "azure":
        passed.add("168.63.129.16/32")
    peers, ports = ingress(balancer(exposure(platform, client_ip="hide", allowed_sources=sources)))
    assert peers == {*PRIVATE, *passed}
    assert ports == {(8080, "TCP")}, "the pods' port, not the load balancer's"
    own = exposure(platform, client_ip="hide", allowed_sources=sources, platform_sources=["10.2.0.0/16"])
    assert ingress(balancer(own))[0] == {"10.2.0.0/16", *passed}


def test_only_the_load_balancer_is_trusted_with_the_proxy_protocol() -> None:
    exposed = exposure(
        "generic",
        client_ip="proxy-protocol",
        allowed_sources=["203.0.113.0/24"],
        annotations={"example.com/proxy-protocol": "true"},
    )
    assert ingress(balancer(exposed, target_reads_proxy_protocol=True))[0] == PRIVATE


@pytest.mark.parametrize("platform", ["gke", "azure"])
def test_a_pass_through_platform_preserves_the_clients_address_by_default(platform: str) -> None:
    assert configured(platform)["spec.externalTrafficPolicy"] == "Local"
    problems = rejected(exposure(platform, platform_sources=["10.2.0.0/16"]))
    assert_problem(problems, "unused-platform-sources", "exposure", "platform_sources")


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
    given = {"security_groups": ["sg-1"], **MANAGED}
    groups = exposure("aws-legacy", client_ip="preserve", allowed_sources=None, aws=given)
    assert ingress(balancer(groups))[0] == everywhere


@pytest.mark.parametrize("platform", NLB)
def test_what_aws_turns_from_ipv6_into_ipv4_comes_from_the_load_balancer(platform: str) -> None:
    exposed = exposure(platform, client_ip="preserve", ip_address_type="dualstack", aws={"target_type": "instance"})
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

    can = module_of(Platform(platform)).supports
    fields: dict[str, Any] = {"allowed_sources": [value("203.0.113.0/24")]}
    # At the ports of nodes, nothing would enforce the sources.
    client_ip = "preserve" if platform == "node-port" else "hide"
    address = "203.0.113.7" if platform == "generic" else "eipalloc-1"
    fields |= {"client_ip": client_ip}
    fields |= {"platform_sources": [value("10.3.0.0/16")]} if client_ip == "hide" else {}
    fields |= {"aws": MANAGED} if platform == "aws-legacy" else {}
    fields |= {"static_addresses": [value(address)]} if can("static_addresses") else {}
    fields |= {"idle_timeout": value(600)} if can("idle_timeout") else {}
    fields |= {"tags": {"team": value("shop")}} if can("tags") else {}
    fields |= {"health": {"interval": value(10)}} if can("health.interval") else {}
    fields |= {"azure": {"floating_ip": value(it=False)}} if platform == "azure" else {}
    fields |= {"annotations": {"example.com/a": value("b")}}
    found = configured(platform, **fields)
    plain = configured(
        platform,
        allowed_sources=["203.0.113.0/24"],
        client_ip=client_ip,
        **({"aws": MANAGED} if platform == "aws-legacy" else {}),
        **({"static_addresses": [address]} if "static_addresses" in fields else {}),
        **({"idle_timeout": 600} if "idle_timeout" in fields else {}),
        **({"tags": {"team": "shop"}} if "tags" in fields else {}),
        **({"health": {"interval": 10}} if "health" in fields else {}),
        **({"azure": {"floating_ip": False}} if "azure" in fields else {}),
        annotations={"example.com/a": "b"},
    )
    assert found == plain


@pytest.mark.parametrize(
    ("platform", "fields", "code", "location"),
    [
        ("azure", {"idle_timeout": 601}, "not-whole-minutes", ("idle_timeout",)),
        ("aws-controller", {"idle_timeout": 1}, "out-of-range", ("idle_timeout",)),
        ("aws-controller", {"health": {"interval": 1}}, "out-of-range", ("health", "interval")),
        ("gke", {"static_addresses": ["203.0.113.7"]}, "not-an-address-name", ("static_addresses", 0)),
        ("azure", {"static_addresses": ["203.0.113.7"]}, "not-a-public-ip-name", ("static_addresses", 0)),
        ("aws-legacy", {"static_addresses": ["203.0.113.7"]}, "not-an-elastic-ip-allocation", ("static_addresses", 0)),
    ],
)
def test_what_is_known_late_is_held_to_the_platforms_limits_too(
    platform: str, fields: Any, code: str, location: tuple[Any, ...]
) -> None:
    def late(it: Any) -> Any:
        if isinstance(it, dict):
            return {key: late(value) for key, value in it.items()}
        if isinstance(it, list):
            return [late(value) for value in it]
        return pulumi.Output.from_input(it)

    with pytest.raises(ArgumentError, match=r'PublicLoadBalancer "web" has a problem') as caught:
        record(lambda: PublicLoadBalancer("web", arguments(exposure(platform, **late(fields)))))
    assert_problem(caught.value.problems, code, "exposure", *location)


def test_a_secret_that_violates_a_limit_is_not_shown() -> None:
    secret = pulumi.Output.secret("203.0.113.7")
    with pytest.raises(ArgumentError) as caught:
        record(lambda: PublicLoadBalancer("web", arguments(exposure("gke", static_addresses=[secret]))))
    assert_problem(caught.value.problems, "not-an-address-name", "exposure", "static_addresses", 0)
    assert "203.0.113.7" not in str(caught.value)


# For the front door of a gateway.


@pytest.mark.parametrize(
    ("platform", "fields", "proxy_protocol", "policy"),
    [
        ("aws-controller", {"client_ip": "proxy-protocol"}, True, "Cluster"),
        ("aws-controller", {"client_ip": "preserve"}, False, "Cluster"),
        ("aws-controller", {"client_ip": "preserve", "aws": {"target_type": "instance"}}, False, "Local"),
        ("gke", {"client_ip": "preserve"}, False, "Local"),
        ("azure", {"client_ip": "hide", "health": {"path": "/healthz"}}, False, "Cluster"),
        ("azure", {}, False, "Local"),
    ],
)
def test_a_balancer_is_built_without_a_component_and_says_what_its_target_must_do(
    platform: str, fields: dict[str, Any], proxy_protocol: bool, policy: str
) -> None:
    ports = (ServicePort("http", 8080, 80), ServicePort("https", 8443, 443))
    problems = Problems('IngressGateway "edge"')
    request = Request(parsed(exposure(platform, **fields), problems), ports, drain=60)
    check_exposure(request, problems)
    assert problems.found == []
    made = build_balancer({"name": "edge"}, {"app": "nginx"}, request)
    assert (made.proxy_protocol, made.traffic_policy) == (proxy_protocol, policy)
    assert made.service["metadata"]["name"] == "edge"
    assert made.network_policy["spec"]["podSelector"] == {"matchLabels": {"app": "nginx"}}
    assert made.billable.load_balancers == 1


def parsed(exposed: Any, problems: Problems, at: Location = ROOT) -> ExposureSpec:
    return parse(ExposureSpec, Exposure, exposed, RULES, problems, at)


def test_problems_have_the_location_of_the_exposure() -> None:
    exposed = exposure(
        "gke", clientIp="hide", health={"successCodes": "200"}, aws={"loadBalancerAttributes": {"a_b": "c"}}
    )
    problems = Problems("the stack", style=KeyStyle.STACK)
    at = Location(("gateways", Key("edge"), "exposure"))
    spec = parsed({**exposed, "allowedSources": []}, problems, at)
    problems.found.clear()
    check_exposure(Request(spec, (ServicePort("dns", 53, 53, "SCTP"),)), problems)
    assert [problem.path for problem in problems.found] == [
        "portico:gateways.edge.exposure.health.successCodes",
        "portico:gateways.edge.exposure.aws.loadBalancerAttributes",
        "portico:gateways.edge.exposure",
        "portico:gateways.edge.exposure.allowedSources",
    ]


def test_an_annotation_that_the_drain_sets_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform whose drain has an annotation of its own: those on AWS share theirs with fields."""
    generic = module_of(Platform.GENERIC)
    made_up = replace(generic, capabilities={**generic.capabilities, "drain": ("example.com/drain",)})
    monkeypatch.setattr(exposure_checks, "module_of", lambda _platform: made_up)
    found = rejected(exposure("generic", annotations={"example.com/drain": "20"}))
    problem = assert_problem(found, "annotation-of-drain", "exposure", "annotations", "example.com/drain")
    assert problem.edits == (Remove(problem.location),)
