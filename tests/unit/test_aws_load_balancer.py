"""A load balancer that Pulumi owns: what AWS and the cluster are told of it, feature by feature."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest
from pulumi_portico import AwsLoadBalancer, TargetBinding, WebService
from pulumi_portico.args.location import camel_case
from pulumi_portico.args.problems import Problems
from pulumi_portico.aws_load_balancer.args import AwsLoadBalancerSpec
from pulumi_portico.aws_load_balancer.attributes import (
    FIELDS_OF_GROUP,
    FIELDS_OF_LOAD_BALANCER,
    OF_GROUP,
    OF_LOAD_BALANCER,
)
from pulumi_portico.aws_load_balancer.resources import short, takes
from pulumi_portico.aws_load_balancer.target_group import AwsTargetSpec
from pulumi_portico.aws_load_balancer.validation import parse_aws_load_balancer
from pulumi_portico.lifecycle.replacement import Finding, Judgment, judge
from pulumi_portico.ordering import after
from pulumi_portico.testing import Recording, Secret, record
from pulumi_portico.testing.aws.attributes import BALANCER, GROUP

from tests.aws_balancers import (
    API,
    CERTIFICATE,
    COGNITO,
    GIVEN,
    HOSTS,
    HTTPS,
    LISTENER,
    LOAD_BALANCER,
    OIDC,
    TARGET,
    TCP,
    TLS,
    TRUST_STORE,
    WEB_ACL,
    application,
    arn,
    calls,
    network,
    outputs,
    own,
    routed,
    rules,
    run,
)
from tests.problems import assert_problem, problems_of

UDP = {**TARGET, "protocol": "UDP"}


def made(recording: Recording, kind: str, name: str | None = None) -> Mapping[str, Any]:
    """What AWS is told of the one resource of a kind."""
    return recording.one(kind, name).inputs


def let(recording: Recording, kind: str) -> set[tuple[str, int, str]]:
    """Who may connect by rules of a kind: the carrier, the port, and the other end."""
    found: set[tuple[str, int, str]] = set()
    for it in recording.all(kind):
        rule = it.inputs
        assert rule["fromPort"] == rule["toPort"]
        ends = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
        (end,) = (rule[name] for name in ends if name in rule)
        found.add((rule["ipProtocol"], rule["toPort"], end))
    return found


# The load balancer.


def test_its_defaults_are_those_that_audits_ask_for() -> None:
    balancer = made(own(application()), "LoadBalancer")
    assert balancer["loadBalancerType"] == "application"
    assert balancer["internal"] is False
    assert balancer["enableDeletionProtection"] is True
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["desyncMitigationMode"] == "defensive"
    assert balancer["accessLogs"]["enabled"] is True
    assert balancer["subnets"] == ["subnet-a", "subnet-b"]
    assert "name" not in balancer, "Pulumi makes one up, so that another one can be made first"


def test_everything_of_it_can_be_set() -> None:
    settings = {
        "scope": "internal",
        "ip_address_type": "dualstack",
        "name": "shop",
        "tags": {"team": "shop"},
        "deletion_protection": False,
        "idle_timeout": 30,
        "desync_mode": "strictest",
        "drop_invalid_headers": False,
        "http2": False,
        "preserve_host": True,
        "forwarded_for": "preserve",
        "forwards_client_port": True,
        "web_acl": WEB_ACL,
    }
    recorded = own(application(**settings))
    balancer = made(recorded, "LoadBalancer")
    assert {
        "internal": True,
        "ipAddressType": "dualstack",
        "name": "shop",
        "tags": {"team": "shop"},
        "enableDeletionProtection": False,
        "idleTimeout": 30,
        "desyncMitigationMode": "strictest",
        "dropInvalidHeaderFields": False,
        "enableHttp2": False,
        "preserveHostHeader": True,
        "xffHeaderProcessingMode": "preserve",
        "enableXffClientPort": True,
    }.items() <= balancer.items()
    assert made(recorded, "WebAclAssociation") == {"webAclArn": WEB_ACL, "resourceArn": arn("lb", "shop")}
    for kind in ("SecurityGroup", "TargetGroup", "Listener", "Bucket"):
        assert all(it.inputs["tags"] == {"team": "shop"} for it in recorded.all(kind) if it.type.startswith("aws:"))


def test_a_network_load_balancer_has_an_address_of_its_own_in_each_subnet() -> None:
    balancer = made(own(network(elastic_ips=["eipalloc-1", "eipalloc-2"])), "LoadBalancer")
    assert balancer["subnetMappings"] == [
        {"subnetId": "subnet-a", "allocationId": "eipalloc-1"},
        {"subnetId": "subnet-b", "allocationId": "eipalloc-2"},
    ]
    assert "subnets" not in balancer
    assert balancer["enableCrossZoneLoadBalancing"] is True
    balancer = made(own(network(scope="internal", private_addresses=["10.0.0.5", "10.0.1.5"])), "LoadBalancer")
    assert [it["privateIpv4Address"] for it in balancer["subnetMappings"]] == ["10.0.0.5", "10.0.1.5"]


# Who reaches whom.


def test_only_declared_sources_reach_listeners_and_only_its_targets_are_reached() -> None:
    sources = {
        "cdn": {"prefix_list": "pl-1", "prefix_list_weight": 20},
        "office": {"security_group": "sg-office"},
        "vpn": {"cidr": "10.8.0.0/16"},
    }
    recorded = own(
        application(
            allowed_sources=["203.0.113.0/24", "2001:db8::/32"],
            ip_address_type="dualstack",
            sources=sources,
            target_ranges=["10.0.0.0/16"],
            targets={"api": {**API, "health": {"port": 9000}}},
        )
    )
    ends = ["203.0.113.0/24", "2001:db8::/32", "pl-1", "sg-office", "10.8.0.0/16"]
    assert let(recorded, "SecurityGroupIngressRule") == {("tcp", port, end) for port in (80, 443) for end in ends}
    assert let(recorded, "SecurityGroupEgressRule") == {("tcp", 8080, "10.0.0.0/16"), ("tcp", 9000, "10.0.0.0/16")}
    group = recorded.one("SecurityGroup")
    assert not {"ingress", "egress"} & group.inputs.keys(), "rules are resources of their own"
    assert made(recorded, "LoadBalancer")["securityGroups"] == [f"sg-{group.name}"]


def test_targets_that_name_their_security_group_are_reached_through_it_alone() -> None:
    server = {"instances": {"one": "i-1"}, "port": 8080, "security_group": "server"}
    recorded = own(application(targets={"api": server}, target_security_groups={"server": "sg-server"}))
    assert let(recorded, "SecurityGroupEgressRule") == {("tcp", 8080, "sg-server")}
    rule = made(recorded, "SecurityGroupIngressRule", "shop-tcp-8080-into-server")
    assert (rule["securityGroupId"], rule["referencedSecurityGroupId"]) == ("sg-server", "sg-shop")


def test_a_port_for_tcp_and_udp_is_open_for_both() -> None:
    target = {"bound_elsewhere": True, "port": 53, "protocol": "tcp-udp"}
    recorded = own(network(targets={"api": target}, listeners=[{"port": 53, "protocol": "tcp-udp", "target": "api"}]))
    assert {it[:2] for it in let(recorded, "SecurityGroupIngressRule")} == {("tcp", 53), ("udp", 53)}
    assert {it[:2] for it in let(recorded, "SecurityGroupEgressRule")} == {("tcp", 53), ("udp", 53)}
    assert made(recorded, "Listener")["protocol"] == made(recorded, "TargetGroup")["protocol"] == "TCP_UDP"


def test_one_more_source_or_port_changes_no_other_rule() -> None:
    def named(aws: Mapping[str, Any]) -> dict[str, Any]:
        recorded = own(aws)
        kinds = ("SecurityGroupIngressRule", "SecurityGroupEgressRule", "Listener", "TargetGroup")
        return {it.urn: it.inputs for kind in kinds for it in recorded.all(kind)}

    few = named(application(allowed_sources=["10.0.0.0/8"], https_redirect=False))
    web = {"target": {**TARGET, "service": "web", "target_port": 9090}}
    admin = {"port": 8443, "protocol": "https", "target": "web"}
    many = named(
        application(
            allowed_sources=["192.0.2.0/24", "10.0.0.0/8"],
            targets={"a": web, "web": web, "api": API},
            listeners=[admin, HTTPS],
            https_redirect=False,
        )
    )
    assert few.items() <= many.items()


# Listeners.


def test_https_has_a_modern_policy_and_headers_and_plain_http_is_redirected() -> None:
    recorded = own(application())
    listener = made(recorded, "Listener", "shop-443")
    assert listener["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert listener["certificateArn"] == CERTIFICATE
    assert listener["routingHttpResponseStrictTransportSecurityHeaderValue"] == "max-age=31536000"
    assert listener["routingHttpResponseXContentTypeOptionsHeaderValue"] == "nosniff"
    assert listener["routingHttpResponseServerEnabled"] is False
    redirect = made(recorded, "Listener", "shop-80")
    (action,) = redirect["defaultActions"]
    assert action["redirect"] == {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    assert "routingHttpResponseStrictTransportSecurityHeaderValue" not in redirect, "browsers do not read it there"


def test_the_redirect_is_left_out_where_it_is_not_wanted_or_the_port_is_taken() -> None:
    assert len(own(application(https_redirect=False)).all("Listener")) == 1
    plain = {"port": 80, "protocol": "http", "respond": {"status": 200, "body": "here"}}
    recorded = own(application(listeners=[HTTPS, plain]))
    assert made(recorded, "Listener", "shop-80")["defaultActions"] == [
        {
            "type": "fixed-response",
            "fixedResponse": {"statusCode": "200", "contentType": "text/plain", "messageBody": "here"},
        }
    ]
    assert len(own(application(listeners=[{**HTTPS, "port": 8443}])).all("Listener")) == 1


def test_headers_can_be_set() -> None:
    headers = {
        "hsts_max_age": 63072000,
        "hsts_subdomains": True,
        "hsts_preload": True,
        "no_sniff": False,
        "frame_options": "DENY",
        "content_security_policy": "default-src 'self'",
        "server": True,
    }
    told = made(own(application(listeners=[{**HTTPS, "headers": headers}])), "Listener", "shop-443")
    prefix = "routingHttpResponse"
    assert told[f"{prefix}StrictTransportSecurityHeaderValue"] == "max-age=63072000; includeSubDomains; preload"
    assert f"{prefix}XContentTypeOptionsHeaderValue" not in told
    assert told[f"{prefix}XFrameOptionsHeaderValue"] == "DENY"
    assert told[f"{prefix}ContentSecurityPolicyHeaderValue"] == "default-src 'self'"
    assert told[f"{prefix}ServerEnabled"] is True


def test_what_no_route_is_for_is_not_found() -> None:
    (action,) = made(own(routed({"path": "/a"})), "Listener", "shop-443")["defaultActions"]
    assert action["fixedResponse"]["statusCode"] == "404"


def test_mutual_tls_takes_a_trust_store_or_makes_one() -> None:
    given = own(application(listeners=[{**HTTPS, "client_certificates": {"trust_store": TRUST_STORE}}]))
    mutual = made(given, "Listener", "shop-443")["mutualAuthentication"]
    assert mutual == {
        "mode": "verify",
        "trustStoreArn": TRUST_STORE,
        "ignoreClientCertificateExpiry": False,
        "advertiseTrustStoreCaNames": "off",
    }
    bundle = {"bucket": "authorities", "key": "ours.pem", "version": "3"}
    recorded = own(application(listeners=[{**HTTPS, "client_certificates": {"bundle": bundle}}]))
    store = recorded.one("TrustStore")
    assert store.inputs == {
        "caCertificatesBundleS3Bucket": "authorities",
        "caCertificatesBundleS3Key": "ours.pem",
        "caCertificatesBundleS3ObjectVersion": "3",
    }
    assert made(recorded, "Listener", "shop-443")["mutualAuthentication"]["trustStoreArn"] == arn("lb", store.name)
    passed = own(application(listeners=[{**HTTPS, "client_certificates": {"mode": "passthrough"}}]))
    assert made(passed, "Listener", "shop-443")["mutualAuthentication"] == {"mode": "passthrough"}


def test_weights_move_requests_from_blue_to_green() -> None:
    def forwards(blue: int, green: int) -> Recording:
        targets = {"blue": API, "green": {"bound_elsewhere": True, "port": 8080}}
        listener = {
            "port": 443,
            "protocol": "https",
            "weights": {"green": green, "blue": blue},
            "stickiness_duration": 60,
        }
        return own(application(targets=targets, listeners=[listener]))

    before, after = forwards(100, 0), forwards(90, 10)
    (action,) = made(after, "Listener", "shop-443")["defaultActions"]
    assert action["forward"] == {
        "targetGroups": [
            {"arn": arn("lb", "shop-blue"), "weight": 90},
            {"arn": arn("lb", "shop-green"), "weight": 10},
        ],
        "stickiness": {"enabled": True, "duration": 60},
    }
    changed = [
        it.name
        for it, other in zip(before.registrations, after.registrations, strict=True)
        if it.inputs != other.inputs
    ]
    assert changed == ["shop-443"], "weights change in place, and nothing else does"


def test_a_network_listener_sends_by_weight_and_drops_what_is_silent() -> None:
    targets = {"blue": API, "green": API}
    listener = {"port": 443, "protocol": "tcp", "weights": {"blue": 1, "green": 2}, "tcp_idle_timeout": 900}
    told = made(own(network(targets=targets, listeners=[listener])), "Listener")
    assert [it["weight"] for it in told["defaultActions"][0]["forward"]["targetGroups"]] == [1, 2]
    assert told["tcpIdleTimeoutSeconds"] == 900
    assert not any("Header" in key for key in told)


# Routes.


def test_a_prefix_is_by_whole_elements_and_a_route_has_what_it_matches() -> None:
    recorded = own(
        routed(
            {"host": "shop.example.com", "path": "/a/b", "methods": ["PUT", "GET"]},
            {"path": "/exact", "path_type": "Exact", "redirect": {"host": "new.example.com", "path": "/#{path}"}},
            {"headers": {"X-Version": ["2*"]}, "allowed_sources": ["10.0.0.0/8"], "path": "/c/"},
        )
    )
    conditions = {it.name.rpartition("-")[0]: it.inputs["conditions"] for it in recorded.all("ListenerRule")}
    assert conditions["shop-443-shop-example-com-a-b"] == [
        {"hostHeader": {"values": ["shop.example.com"]}},
        {"pathPattern": {"values": ["/a/b", "/a/b/*"]}},
        {"httpRequestMethod": {"values": ["GET", "PUT"]}},
    ]
    assert conditions["shop-443-exact"] == [{"pathPattern": {"values": ["/exact"]}}]
    assert conditions["shop-443-c"] == [
        {"pathPattern": {"values": ["/c", "/c/*"]}},
        {"sourceIp": {"values": ["10.0.0.0/8"]}},
        {"httpHeader": {"httpHeaderName": "x-version", "values": ["2*"]}},
    ]
    action = next(it for it in recorded.all("ListenerRule") if "exact" in it.name).inputs["actions"][0]
    assert action["redirect"] == {"statusCode": "HTTP_302", "host": "new.example.com", "path": "/#{path}"}


def test_a_route_goes_elsewhere_in_place() -> None:
    targets = {"api": API, "web": API}
    one, other = (own(routed({"path": "/a", "target": it}, targets=targets)) for it in ("api", "web"))
    assert one.one("ListenerRule").urn == other.one("ListenerRule").urn
    assert rules(one) == rules(other)


# Hosts.


def test_a_certificate_is_issued_and_validated_in_the_hosts_zone_and_waited_for() -> None:
    recorded = own(application(hosts=HOSTS, certificate_timeout=600))
    certificate = made(recorded, "Certificate")
    assert (certificate["domainName"], certificate["validationMethod"]) == ("shop.example.com", "DNS")
    record_ = made(recorded, "Record", "shop-shop.example.com-validation")
    assert (record_["zoneId"], record_["name"], record_["type"]) == ("Z-example.com", "_shop.example.com", "CNAME")
    assert record_["records"] == ["value"]
    validation = recorded.one("CertificateValidation")
    assert validation.inputs["validationRecordFqdns"] == ["_shop.example.com."]
    assert validation.request.customTimeouts.create == "600s"
    listener = recorded.one("Listener", "shop-443")
    assert validation.urn in listener.property_dependencies["certificateArn"], "the listener waits for a valid one"


def test_waiting_for_a_certificate_is_bounded_by_default() -> None:
    assert own(application(hosts=HOSTS)).one("CertificateValidation").request.customTimeouts.create == "1800s"


def test_each_host_has_alias_records_ipv6_too_where_the_balancer_has_it() -> None:
    def aliases(**fields: Any) -> dict[str, Any]:
        recorded = own(application(hosts=HOSTS, **fields))
        return {it.inputs["type"]: it.inputs for it in recorded.all("Record") if "aliases" in it.inputs}

    assert aliases().keys() == {"A"}
    both = aliases(ip_address_type="dualstack")
    assert both.keys() == {"A", "AAAA"}
    for it in both.values():
        assert (it["zoneId"], it["name"]) == ("Z-example.com", "shop.example.com")
        target = {"name": "shop.elb.amazonaws.com", "zoneId": "ZELB", "evaluateTargetHealth": True}
        assert it["aliases"] == [target]


def test_several_hosts_have_their_certificates_by_name() -> None:
    zoned = {"zone": "example.com"}
    hosts = {
        "shop.example.com": zoned,
        "*.example.com": {**zoned, "record": False},
        "www.example.com": {**zoned, "certificate_of": "*.example.com"},
        "example.com": zoned,
    }
    recorded = own(application(hosts=hosts, default_host="shop.example.com"))
    assert {it.inputs["domainName"] for it in recorded.all("Certificate")} == {
        "shop.example.com",
        "*.example.com",
        "example.com",
    }
    assert made(recorded, "Listener", "shop-443")["certificateArn"] == arn("acm", "shop-shop.example.com")
    assert {it.name for it in recorded.all("ListenerCertificate")} == {
        "shop-443-*.example.com",
        "shop-443-example.com",
    }
    validations = [it.name for it in recorded.all("Record") if "validation" in it.name]
    assert sorted(validations) == ["shop-example.com-validation", "shop-shop.example.com-validation"], "one for both"
    pointed = {it.inputs["name"] for it in recorded.all("Record") if "aliases" in it.inputs}
    assert pointed == {"shop.example.com", "www.example.com", "example.com"}
    fewer = own(
        application(
            hosts={name: hosts[name] for name in reversed(hosts) if name != "example.com"},
            default_host="shop.example.com",
        )
    )
    known = {it.urn: it.inputs for it in recorded.registrations if it.type.startswith("aws:")}
    for it in fewer.registrations:
        if it.type.startswith("aws:"):
            assert known[it.urn] == it.inputs, it.urn


def test_a_zone_can_be_private_or_given_by_its_id() -> None:
    private = {"shop.example.com": {"zone": "example.com", "private_zone": True, "certificate": CERTIFICATE}}
    assert made(own(application(hosts=private)), "Record")["zoneId"] == "Z-example.com-private"
    by_id = {"shop.example.com": {"zone": "example.com", "zone_id": "Z1", "certificate": CERTIFICATE}}
    assert made(own(application(hosts=by_id)), "Record")["zoneId"] == "Z1"


def test_without_tls_hosts_have_records_alone() -> None:
    recorded = own(application(hosts=HOSTS, listeners=[{"port": 80, "protocol": "http", "target": "api"}]))
    assert recorded.all("Certificate") == []
    assert made(recorded, "Record")["name"] == "shop.example.com"


# Targets.


def test_pods_join_by_a_binding_and_are_opened_to_the_balancer() -> None:
    recorded = own(application(target_ranges=["10.0.0.0/16"], targets={"api": {**API, "health": {"port": 9000}}}))
    group = made(recorded, "TargetGroup")
    assert (group["port"], group["protocol"], group["targetType"], group["vpcId"]) == (8080, "HTTP", "ip", "vpc-1")
    assert group["deregistrationDelay"] == 20, "it is the target's drain"
    binding = recorded.one("TargetGroupBinding")
    assert binding.inputs["apiVersion"] == "elbv2.k8s.aws/v1beta1"
    assert binding.manifest()["metadata"] == {"namespace": "shop"}, "a generated name, so that it can be replaced"
    assert binding.inputs["spec"] == {
        "targetGroupARN": arn("lb", "shop-api"),
        "targetType": "ip",
        "serviceRef": {"name": "api", "port": 80},
        "networking": {
            "ingress": [
                {
                    "from": [{"securityGroup": {"groupID": "sg-shop"}}],
                    "ports": [{"protocol": "TCP", "port": 8080}, {"protocol": "TCP", "port": 9000}],
                }
            ]
        },
    }
    assert "spec.targetGroupARN" in binding.replace_on_changes
    policy = recorded.manifest("NetworkPolicy")
    assert policy["metadata"]["namespace"] == "shop"
    assert policy["spec"] == {
        "podSelector": {"matchLabels": {"app": "api"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"ipBlock": {"cidr": "10.0.0.0/16"}}],
                "ports": [{"port": 8080, "protocol": "TCP"}, {"port": 9000, "protocol": "TCP"}],
            }
        ],
    }


def test_pods_are_opened_to_clients_where_their_addresses_are_kept() -> None:
    def peers(**fields: Any) -> list[str]:
        targets = {"api": {**API, **fields.pop("target", {})}}
        recorded = own(network(targets=targets, target_ranges=["10.0.0.0/16"], **fields))
        (rule,) = recorded.manifest("NetworkPolicy")["spec"]["ingress"]
        return [it["ipBlock"]["cidr"] for it in rule["from"]]

    clients = {"allowed_sources": ["203.0.113.0/24"]}
    assert peers(**clients) == ["10.0.0.0/16"]
    kept = {"target": {"client_ip": "preserve"}}
    assert peers(**clients, **kept) == ["10.0.0.0/16", "203.0.113.0/24"]
    # Who is in a prefix list is not known.
    assert peers(**clients, sources={"cdn": {"prefix_list": "pl-1"}}, **kept) == ["10.0.0.0/16", "0.0.0.0/0", "::/0"]


def test_instances_and_addresses_join_by_name() -> None:
    targets = {
        "old": {"instances": {"one": "i-1", "two": pulumi.Output.from_input("i-2")}, "port": 8080, "drain": 5},
        "legacy": {"addresses": {"a": "10.0.0.9"}, "port": 81},
    }
    recorded = own(
        application(targets=targets, listeners=[{**HTTPS, "weights": {"old": 1, "legacy": 1}, "target": None}])
    )
    joined = {it.name: (it.inputs["targetId"], it.inputs["port"]) for it in recorded.all("TargetGroupAttachment")}
    assert joined == {
        "shop-old-one": ("i-1", 8080),
        "shop-old-two": ("i-2", 8080),
        "shop-legacy-a": ("10.0.0.9", 81),
    }
    assert made(recorded, "TargetGroup", "shop-old")["targetType"] == "instance"
    assert made(recorded, "TargetGroup", "shop-old")["deregistrationDelay"] == 5
    assert made(recorded, "TargetGroup", "shop-legacy")["targetType"] == "ip"


def test_a_target_group_of_http_has_its_settings() -> None:
    target = {
        **API,
        "version": "grpc",
        "algorithm": "weighted_random",
        "stickiness_duration": 60,
        "health": {
            "path": "/grpc.health.v1.Health/Check",
            "success_codes": "0",
            "interval": 10,
            "timeout": 3,
            "healthy": 2,
        },
    }
    group = made(own(application(targets={"api": target})), "TargetGroup")
    assert group["protocolVersion"] == "GRPC"
    assert group["loadBalancingAlgorithmType"] == "weighted_random"
    assert group["loadBalancingAnomalyMitigation"] == "on"
    assert group["stickiness"] == {"type": "lb_cookie", "enabled": True, "cookieDuration": 60}
    assert group["healthCheck"] == {
        "enabled": True,
        "protocol": "HTTP",
        "port": "traffic-port",
        "path": "/grpc.health.v1.Health/Check",
        "interval": 10,
        "timeout": 3,
        "healthyThreshold": 2,
        "unhealthyThreshold": 3,
        "matcher": "0",
    }
    slow = made(own(application(targets={"api": {**API, "slow_start": 60}})), "TargetGroup")
    assert (slow["slowStart"], slow["protocolVersion"]) == (60, "HTTP1")


@pytest.mark.parametrize(
    ("fields", "kept", "proxied"),
    [
        ({}, "false", False),
        ({"client_ip": "preserve"}, "true", False),
        ({"client_ip": "proxy-protocol", "reads_proxy_protocol": True}, "false", True),
    ],
)
def test_the_clients_address_is_said_always(fields: dict[str, Any], kept: str, proxied: bool) -> None:
    group = made(own(network(targets={"api": {**API, **fields}})), "TargetGroup")
    assert (group["preserveClientIp"], group["proxyProtocolV2"]) == (kept, proxied)
    assert "protocolVersion" not in group


def test_udp_keeps_the_clients_address_and_is_asked_by_tcp() -> None:
    target = {"target": UDP, "health": {"port": 9000, "path": "/healthz"}, "session_affinity": "ClientIP"}
    recorded = own(network(targets={"api": target}, listeners=[{"port": 53, "protocol": "udp", "target": "api"}]))
    group = made(recorded, "TargetGroup")
    assert (group["protocol"], group["preserveClientIp"]) == ("UDP", "true")
    assert (group["healthCheck"]["protocol"], group["healthCheck"]["port"]) == ("HTTP", "9000")
    assert group["stickiness"] == {"type": "source_ip", "enabled": True}
    ports = recorded.manifest("TargetGroupBinding")["spec"]["networking"]["ingress"][0]["ports"]
    assert ports == [{"protocol": "UDP", "port": 8080}, {"protocol": "TCP", "port": 9000}]
    assert {it[:2] for it in let(recorded, "SecurityGroupEgressRule")} == {("udp", 8080), ("tcp", 9000)}


def test_a_webservice_is_a_target_and_its_drain_is_the_delay() -> None:
    def program() -> None:
        api = WebService("api", {"image": "api:1", "port": 8080, "drain": 70, "namespace": "shop"})
        aws: Any = application(targets={"api": {"target": api.target}})
        labelled: Any = {**aws, "labels": {"team": "shop"}}
        AwsLoadBalancer("shop", labelled)

    recorded = run(program)
    assert made(recorded, "TargetGroup")["deregistrationDelay"] == 70
    assert recorded.manifest("TargetGroupBinding")["spec"]["serviceRef"] == {"name": "api", "port": 80}
    assert recorded.manifest("TargetGroupBinding")["metadata"]["labels"] == {"team": "shop"}


# Other clusters.


def test_another_cluster_joins_by_a_binding_with_its_own_provider() -> None:
    import pulumi_kubernetes

    def program() -> None:
        green = pulumi_kubernetes.Provider("green", context="green")
        aws: Any = network(
            targets={"blue": API, "green": {"bound_elsewhere": True, "port": 8080}},
            listeners=[{**TCP, "target": None, "weights": {"blue": 1, "green": 1}}],
        )
        shop = AwsLoadBalancer("shop", aws)
        TargetBinding(
            "shop-green",
            {
                "target": {**TARGET, "service": "api-green"},  # pyright: ignore[reportArgumentType]
                "target_group": shop.target_group_arns["green"],
                "security_group": shop.security_group_id,
                "target_ranges": ["10.1.0.0/16"],
                "health_port": 9000,
            },
            pulumi.ResourceOptions(provider=green),
        )

    recorded = run(program)
    binding = recorded.one("TargetGroupBinding", "shop-green")
    assert "pulumi:providers:kubernetes::green::" in binding.provider
    assert binding.inputs["spec"]["targetGroupARN"] == arn("lb", "shop-green")
    assert binding.inputs["spec"]["networking"]["ingress"][0] == {
        "from": [{"securityGroup": {"groupID": "sg-shop"}}],
        "ports": [{"protocol": "TCP", "port": 8080}, {"protocol": "TCP", "port": 9000}],
    }
    policy = recorded.one("NetworkPolicy", "shop-green")
    assert "pulumi:providers:kubernetes::green::" in policy.provider
    assert policy.inputs["spec"]["ingress"][0]["from"] == [{"ipBlock": {"cidr": "10.1.0.0/16"}}]
    assert recorded.one("TargetGroupBinding", "shop-blue").provider != binding.provider


def test_a_binding_rejects_what_no_target_group_has() -> None:
    target: Any = {"service": "api", "namespace": "shop", "port_name": "http"}
    group = LISTENER.replace(":listener/", ":targetgroup/")

    def program() -> None:
        problems = problems_of(lambda: TargetBinding("Shop", {"target": target, "target_group": "blue"}))
        assert_problem(problems, "invalid-service-name", "name")
        assert_problem(problems, "invalid-arn", "target_group")
        assert_problem(problems, "port-number-needed", "target", "port")
        problems = problems_of(lambda: TargetBinding("shop", {"target": target, "target_group": group}))
        assert_problem(problems, "port-number-needed", "target", "port")

    assert record(program).registrations == []


# Logs.


def test_logs_go_to_a_bucket_that_is_closed_and_the_balancer_waits_for_it() -> None:
    health = {"health": True} if takes("lb.LoadBalancer", "health_check_logs") else {}
    recorded = own(application(logs={"connections": True, "keep_days": 30, **health}))
    balancer = recorded.one("LoadBalancer")
    assert ("healthCheckLogs" in balancer.inputs) == bool(health)
    for kind, prefix in (("accessLogs", "access"), ("connectionLogs", "connections"), ("healthCheckLogs", "health")):
        if kind not in balancer.inputs:
            continue
        assert balancer.inputs[kind] == {"enabled": True, "bucket": "shop-logs", "prefix": prefix}
    assert all(made(recorded, "BucketPublicAccessBlock")[it] for it in ("blockPublicAcls", "restrictPublicBuckets"))
    assert made(recorded, "BucketVersioning")["versioningConfiguration"] == {"status": "Enabled"}
    (encryption,) = made(recorded, "BucketServerSideEncryptionConfiguration")["rules"]
    assert encryption["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256", "ALBs write with no other"
    (lifecycle,) = made(recorded, "BucketLifecycleConfiguration")["rules"]
    assert lifecycle["expiration"]["days"] == 30
    assert made(recorded, "BucketOwnershipControls")["rule"]["objectOwnership"] == "BucketOwnerEnforced"
    assert made(recorded, "Bucket")["forceDestroy"] is False
    assert recorded.one("BucketPolicy").urn in balancer.dependencies


def statements(aws: Mapping[str, Any]) -> dict[str, Any]:
    policy = json.loads(made(own(aws), "BucketPolicy")["policy"])
    return {it["Sid"]: it for it in policy["Statement"]}


def test_the_bucket_lets_those_who_deliver_write_and_nobody_without_tls() -> None:
    said = statements(application())
    assert said["TlsAlone"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (said["TlsAlone"]["Effect"], said["TlsAlone"]["Principal"]) == ("Deny", "*")
    write = said["Write"]
    assert write["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert write["Resource"] == "arn:aws:s3:::shop-logs/*/AWSLogs/123456789012/*"
    said = statements(network(listeners=[TLS], hosts=GIVEN))
    assert said["Write"]["Principal"] == said["LookUp"]["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert said["Write"]["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "123456789012",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    assert (said["LookUp"]["Action"], said["LookUp"]["Resource"]) == ("s3:GetBucketAcl", "arn:aws:s3:::shop-logs")


def test_logs_can_go_to_a_given_bucket_or_nowhere() -> None:
    given = own(application(logs={"bucket": "theirs", "prefix": "shop"}))
    assert made(given, "LoadBalancer")["accessLogs"] == {"enabled": True, "bucket": "theirs", "prefix": "shop"}
    for recorded in (given, own(application(logs={"access": False})), own(network())):
        assert recorded.all("Bucket") == []
    assert "accessLogs" not in made(own(application(logs={"access": False})), "LoadBalancer")
    assert "accessLogs" not in made(own(network()), "LoadBalancer"), "a network one logs TLS connections alone"
    own_prefix = own(application(logs={"prefix": "shop", "delete_with_balancer": True}))
    assert made(own_prefix, "LoadBalancer")["accessLogs"]["prefix"] == "shop/access"
    assert made(own_prefix, "Bucket")["forceDestroy"] is True


# Made elsewhere.


def test_an_existing_balancer_and_listener_get_targets_and_routes_and_are_not_touched() -> None:
    route = {"host": "shop.example.com", "path": "/api", "target": "api"}
    listener = {"port": 443, "protocol": "https", "existing": LISTENER, "routes": [route]}
    aws = {
        "kind": "application",
        "vpc": "vpc-1",
        "targets": {"api": API},
        "listeners": [{**listener, "priorities": {"first": 30000, "last": 40000}}],
        "hosts": {"shop.example.com": {"zone": "example.com"}},
        "existing": {"load_balancer": LOAD_BALANCER, "security_group": "sg-theirs"},
    }
    recorded = own(aws)
    assert {it.type.rpartition(":")[2] for it in recorded.registrations} == {
        *("AwsLoadBalancer", "TargetGroup", "ListenerRule", "Record", "TargetGroupBinding", "NetworkPolicy"),
    }
    rule = made(recorded, "ListenerRule")
    assert rule["listenerArn"] == LISTENER
    assert 30000 <= rule["priority"] <= 40000
    assert made(recorded, "Record")["aliases"][0]["name"] == "theirs.elb.amazonaws.com"
    (ingress,) = recorded.manifest("TargetGroupBinding")["spec"]["networking"]["ingress"]
    assert ingress["from"] == [{"securityGroup": {"groupID": "sg-theirs"}}]
    told = recorded.outputs["shop"]
    assert (told["arn"], told["load_balancers"], told["monthly_cost"]) == (LOAD_BALANCER, 0, 0)
    assert "It leaves out the existing load balancer." in told["cost"]


def test_an_existing_balancer_can_get_a_listener_and_its_targets_let_in_addresses() -> None:
    aws = {
        "kind": "network",
        "vpc": "vpc-1",
        "targets": {"api": API},
        "listeners": [TCP],
        "target_ranges": ["10.0.0.0/16"],
        "existing": {"load_balancer": pulumi.Output.from_input(LOAD_BALANCER)},
    }
    recorded = run(lambda: AwsLoadBalancer("shop", aws))  # pyright: ignore[reportArgumentType]
    assert made(recorded, "Listener")["loadBalancerArn"] == LOAD_BALANCER
    (ingress,) = recorded.manifest("TargetGroupBinding")["spec"]["networking"]["ingress"]
    assert ingress["from"] == [{"ipBlock": {"cidr": "10.0.0.0/16"}}]


# Outputs.


def test_its_outputs_say_where_it_is() -> None:
    hosts = {**GIVEN, "www.example.com": {"certificate_of": "shop.example.com"}}
    recorded = own(application(hosts=hosts), price=None)
    told = recorded.outputs["shop"]
    assert told["dns_name"] == "shop.elb.amazonaws.com"
    assert told["zone_id"] == "ZELB"
    assert told["arn"] == arn("lb", "shop")
    assert told["security_group_id"] == "sg-shop"
    assert told["target_group_arns"] == {"api": arn("lb", "shop-api")}
    assert told["url"] == "https://shop.example.com"
    assert told["urls"] == {it: f"https://{it}" for it in ("shop.example.com", "www.example.com")}
    assert (told["load_balancers"], told["public_addresses"]) == (1, 2)
    assert told["monthly_cost"] == pytest.approx(730 * (0.0225 + 2 * 0.005), abs=0.01)


def test_without_hosts_its_urls_are_those_of_its_listeners() -> None:
    listeners = [{"port": 8080, "protocol": "http", "target": "api"}, {"port": 80, "protocol": "http", "target": "api"}]
    told = own(application(hosts=None, listeners=listeners, scope="internal")).outputs["shop"]
    assert told["urls"] == {
        "80": "http://shop.elb.amazonaws.com",
        "8080": "http://shop.elb.amazonaws.com:8080",
    }
    assert told["url"] == "http://shop.elb.amazonaws.com"
    assert told["public_addresses"] == 0
    assert own(network()).outputs["shop"]["url"] == "tcp://shop.elb.amazonaws.com:443"


# Providers, names, replacement.


def test_providers_reach_children_and_questions() -> None:
    import pulumi_aws

    asked: list[str] = []

    def told(token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(token)
        return calls(token, args)

    def program() -> None:
        other = pulumi_aws.Provider("other", region="eu-west-1")
        aws: Any = application(hosts=HOSTS)
        AwsLoadBalancer("shop", aws, pulumi.ResourceOptions(providers=[other]))

    recorded = record(program, outputs=outputs, calls=told)
    ours = [it for it in recorded.registrations if it.type.startswith("aws:")]
    assert ours
    assert all("pulumi:providers:aws::other::" in it.provider for it in ours)
    assert {it.rpartition(":")[2] for it in asked} == {"getZone", "getCallerIdentity"}


def test_what_it_depends_on_comes_before_its_children() -> None:
    def program() -> None:
        first = WebService("first", {"image": "a:1", "port": 80, "namespace": "shop"})
        aws: Any = application(hosts=HOSTS, web_acl=WEB_ACL)
        AwsLoadBalancer("shop", aws, pulumi.ResourceOptions(depends_on=list(after(first.service_name))))
        group: Any = arn("lb", "targetgroup/blue")
        binding: Any = {"target": TARGET, "target_group": group}
        TargetBinding("blue", binding, pulumi.ResourceOptions(depends_on=list(after(first.service_name))))

    recorded = run(program)
    service = recorded.one("Service", "first").urn
    children = [it for it in recorded.registrations if it.name.startswith(("shop", "blue")) and it.custom]
    assert len(children) > 20
    assert [it.urn for it in children if service not in recorded.before(it)] == []
    assert max(len(it.edges) for it in children) <= 5


def test_names_leave_room_for_what_makes_them_unique() -> None:
    long = "a-load-balancer-with-a-long-name-of-it"
    aws: Any = application(
        targets={"the-api-of-the-shop-in-europe": API}, listeners=[{**HTTPS, "target": "the-api-of-the-shop-in-europe"}]
    )
    recorded = run(lambda: AwsLoadBalancer(long, aws))
    for kind in ("LoadBalancer", "TargetGroup"):
        assert len(recorded.one(kind).name) + len("-1234567") <= 32
    assert short(long) != short(f"{long}s")
    assert short("shop") == "shop"


def test_an_argument_that_the_installed_sdk_does_not_have_is_named() -> None:
    from pulumi_portico import PorticoError
    from pulumi_portico.aws_load_balancer.resources import register_aws

    with pytest.raises(PorticoError, match=r"can't create lb\.TargetGroup api: .*'of_tomorrow'"):
        register_aws("lb.TargetGroup", "api", {"of_tomorrow": 1}, pulumi.ResourceOptions())


def test_what_the_installed_sdk_does_not_have_is_refused_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    from pulumi_aws import lb

    def older(_resource: Any, load_balancer_type: Any = None) -> None: ...

    monkeypatch.setattr(lb.LoadBalancerArgs, "__init__", older)
    aws: Any = application(logs={"health": True})
    found = Problems("test")
    parse_aws_load_balancer("shop", aws, found)
    assert_problem(found.found, "pulumi-aws-too-old", "logs", "health", least="7.13")


def test_two_balancers_cannot_have_one_name_or_address() -> None:
    for name, value in (("name", "shop"), ("elastic_ips", ["eipalloc-1", "eipalloc-2"])):

        def program(name: str = name, value: Any = value) -> None:
            aws: Any = network(**{name: value})
            AwsLoadBalancer("one", aws)
            problems = problems_of(lambda: AwsLoadBalancer("two", aws))
            assert {(problem.code.name, problem.location[0]) for problem in problems} == {("claimed-value", name)}

        run(program)


def change(old: dict[str, Any], new: dict[str, Any]) -> Judgment:
    """What a change means, from what the component records of itself."""
    states = [own(it).one("AwsLoadBalancer").inputs for it in (old, new)]
    return judge("shop", states[0], states[1], ["shop.elb.amazonaws.com"])


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code.name for finding in findings]


def test_a_protected_balancer_is_not_replaced_and_another_one_is_with_a_warning() -> None:
    judgment = change(application(), application(scope="internal"))
    assert [(it.name, it.before, it.after) for it in judgment.changes] == [("scope", "internet", "internal")]
    assert "load-balancer-deletion-protected" in codes(judgment.blockers)
    loose = {"deletion_protection": False}
    judgment = change(application(**loose), application(**loose, scope="internal"))
    assert judgment.blockers == ()
    assert codes(judgment.warnings) == ["load-balancer-replaced"]
    assert "shop.elb.amazonaws.com" in judgment.warnings[0].text
    judgment = change(network(**loose, name="shop"), network(**loose, name="shop", vpc="vpc-2"))
    assert "load-balancers-cannot-share" in codes(judgment.blockers)


def test_a_network_balancer_gets_subnets_in_place_and_loses_none() -> None:
    three = ["subnet-a", "subnet-b", "subnet-c"]
    assert change(network(), network(subnets=three)) == Judgment()
    judgment = change(network(subnets=three), network())
    assert [(it.name, it.before, it.after) for it in judgment.changes] == [("subnets", three, three[:2])]
    assert "target-groups-in-use" in codes(judgment.blockers)
    judgment = change(network(subnets=three, deletion_protection=False), network(deletion_protection=False))
    assert judgment.blockers, "it would collide without protection too"
    assert change(application(subnets=three), application()) == Judgment(), "an application one moves in place"


def test_what_aws_reads_only_while_it_makes_one_replaces_it() -> None:
    trigger = own(application()).one("LoadBalancer").request.replacement_trigger
    other = own(application(vpc="vpc-2")).one("LoadBalancer").request.replacement_trigger
    assert trigger != other
    assert own(application(idle_timeout=5)).one("LoadBalancer").request.replacement_trigger == trigger


def test_another_balancer_gets_target_groups_of_its_own() -> None:
    """AWS takes a target group at one load balancer alone (TargetGroupAssociationLimit)."""

    def trigger(aws: Mapping[str, Any]) -> Any:
        return own(aws).one("TargetGroup").request.replacement_trigger

    assert trigger(application()) != trigger(application(scope="internal"))
    assert trigger(application()) == trigger(application(idle_timeout=5, subnets=["subnet-a", "subnet-c"]))
    theirs = {"kind": "network", "vpc": "vpc-1", "targets": {"api": API}, "listeners": [TCP]}
    one, other = ({**theirs, "existing": {"load_balancer": f"{LOAD_BALANCER}{it}"}} for it in (1, 2))
    assert trigger(one) != trigger(other)


def test_a_move_from_a_service_to_a_balancer_of_its_own_is_warned_of() -> None:
    from tests.balancers import balancer, exposure

    old = balancer(exposure("aws-controller")).one("PublicLoadBalancer").inputs
    judgment = judge("web", old, own(application()).one("AwsLoadBalancer").inputs, ["old.elb.amazonaws.com"])
    assert codes(judgment.warnings) == ["load-balancer-replaced"]
    assert "old.elb.amazonaws.com" in judgment.warnings[0].text


def test_nothing_of_aws_is_imported_before_it_is_used() -> None:
    import subprocess
    import sys

    code = """
import sys
from pulumi_portico import PublicLoadBalancer
from pulumi_portico.testing import record
target = {"service": "a", "namespace": "b", "port": 80, "selector": {"a": "b"}}
exposure = {"scope": "internal", "platform": "aws-controller"}
record(lambda: PublicLoadBalancer("web", {"target": target, "exposure": exposure}))
print(*(it for it in sys.modules if it.partition(".")[0] == "pulumi_aws"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_eks_auto_mode_reads_bindings_of_its_own_group() -> None:
    recorded = own(application(binding_controller="auto-mode"))
    bindings = [it for it in recorded.registrations if it.type.endswith(":TargetGroupBinding")]
    assert {it.inputs["apiVersion"] for it in bindings} == {"eks.amazonaws.com/v1"}


def test_the_handshake_of_a_network_load_balancer_negotiates_http() -> None:
    listeners = [{"port": 443, "protocol": "tls", "target": "api", "alpn": "HTTP2Only"}]
    recorded = own(network(hosts={"shop.example.com": {"certificate": CERTIFICATE}}, listeners=listeners))
    assert made(recorded, "Listener")["alpnPolicy"] == "HTTP2Only"


def test_a_route_matches_parameters_of_the_query() -> None:
    routes = [{"target": "api", "queries": {"version": ["2", "beta*"], "debug": ["on"]}}]
    rule = made(own(application(listeners=[{"port": 443, "protocol": "https", "routes": routes}])), "ListenerRule")
    assert rule["conditions"] == [
        {"queryStrings": [{"key": "debug", "value": "on"}]},
        {"queryStrings": [{"key": "version", "value": "2"}, {"key": "version", "value": "beta*"}]},
    ]


def test_a_client_secret_is_secret_in_the_state() -> None:
    recorded = own(application(listeners=[{**HTTPS, "authenticate": OIDC}]))
    sign_in, forward = recorded.one("aws:lb/listener:Listener", "shop-443").inputs["defaultActions"]
    assert isinstance(sign_in["authenticateOidc"]["clientSecret"], Secret)
    assert (sign_in["order"], sign_in["type"]) == (1, "authenticate-oidc")
    assert (forward["order"], forward["type"]) == (2, "forward")


def test_a_load_balancer_that_signs_users_in_reaches_the_identity_provider() -> None:
    def open_to(listener: dict[str, Any]) -> list[str]:
        recorded = own(application(listeners=[listener]))
        rules = [one.inputs for one in recorded.registrations if one.type.endswith(":SecurityGroupEgressRule")]
        return [rule["cidrIpv4"] for rule in rules if rule["toPort"] == 443]

    assert open_to(HTTPS) == []
    assert open_to({**HTTPS, "authenticate": COGNITO}) == ["0.0.0.0/0"]


def test_nodes_join_the_target_group_at_their_port() -> None:
    recorded = own(application(targets={"api": {**API, "node_port": 30080}}))
    group = recorded.one("aws:lb/targetGroup:TargetGroup", "shop-api").inputs
    assert (group["targetType"], group["port"]) == ("instance", 30080)
    (binding,) = (made for made in recorded.manifests() if made["kind"] == "TargetGroupBinding")
    (service,) = (made for made in recorded.manifests() if made["kind"] == "Service")
    assert binding["spec"]["targetType"] == "instance"
    # Pulumi generates its name.
    assert binding["spec"]["serviceRef"]["name"].startswith("shop-api-node-port-")
    (ingress,) = binding["spec"]["networking"]["ingress"]
    assert ingress["ports"] == [{"protocol": "TCP", "port": 30080}]
    assert binding["spec"]["serviceRef"]["port"] == service["spec"]["ports"][0]["name"]
    assert (service["spec"]["type"], service["spec"]["externalTrafficPolicy"]) == ("NodePort", "Cluster")
    (port,) = service["spec"]["ports"]
    assert (port["nodePort"], port["targetPort"]) == (30080, 8080)
    # The pods still listen on their own port.
    (policy,) = (made for made in recorded.manifests() if made["kind"] == "NetworkPolicy")
    assert policy["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 8080}]


def test_nodes_without_pods_get_no_connections_that_keep_the_clients_address() -> None:
    recorded = own(network(targets={"api": {**API, "node_port": 30080, "client_ip": "preserve"}}))
    (service,) = (made for made in recorded.manifests() if made["kind"] == "Service")
    assert service["spec"]["externalTrafficPolicy"] == "Local"


def test_pods_with_ipv6_addresses_join_a_group_of_their_version() -> None:
    targets = {"api": {**API, "ip_address_type": "ipv6"}, "old": {"addresses": {"a": "10.0.0.9"}, "port": 81}}
    ranges = ["10.0.0.0/8", "fd00::/8"]
    recorded = own(application(ip_address_type="dualstack", target_ranges=ranges, targets=targets))
    assert recorded.one("aws:lb/targetGroup:TargetGroup", "shop-api").inputs["ipAddressType"] == "ipv6"
    (binding,) = (made for made in recorded.manifests() if made["kind"] == "TargetGroupBinding")
    assert binding["spec"]["ipAddressType"] == "ipv6"
    rules = [one.inputs for one in recorded.registrations if one.type.endswith(":SecurityGroupEgressRule")]
    allowed = {(rule["toPort"], rule.get("cidrIpv4"), rule.get("cidrIpv6")) for rule in rules}
    assert allowed == {(8080, None, "fd00::/8"), (81, "10.0.0.0/8", None)}


def test_every_attribute_is_one_of_aws() -> None:
    """The model of AWS has the argument of each, and the same name."""
    for table, model in ((OF_LOAD_BALANCER, BALANCER), (OF_GROUP, GROUP)):
        known = {attribute.key: field for field, attribute in model.items()}
        for name, attribute in table.items():
            if not name.startswith("target_group_health."):
                assert known[name] == camel_case(attribute.argument[0])
    for fields, args in ((FIELDS_OF_LOAD_BALANCER, AwsLoadBalancerSpec), (FIELDS_OF_GROUP, AwsTargetSpec)):
        assert set(fields.values()) <= {field.name for field in dataclasses.fields(args)}
