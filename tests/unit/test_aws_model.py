"""The model of AWS that tests run on: what AWS takes goes through, and what it refuses is refused, with the reason."""

from __future__ import annotations

import gc
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from packaging.version import Version
from pulumi_portico.aws_load_balancer.resources import takes
from pulumi_portico.testing import record
from pulumi_portico.testing.aws import AwsModel, AwsRefusal
from pulumi_portico.testing.aws.attributes import BALANCER, GROUP, LISTENER
from pulumi_portico.testing.aws.resources import KINDS

from tests.aws_resources import (
    FIXED,
    alb,
    everything,
    forwarding,
    group,
    ingress,
    listener,
    log_policy,
    path,
    record_of,
    rules,
)


@pytest.fixture
def model() -> Iterator[AwsModel]:
    with AwsModel() as made:
        yield made


def test_what_aws_takes_goes_through_with_real_ids(model: AwsModel) -> None:
    recorded = record(everything(model), aws=model)
    assert recorded.exports["arn"].startswith(
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/"
    )
    (there,) = model.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert there["DNSName"] == recorded.exports["dns"]
    (https,) = model.client("elbv2").describe_listeners(LoadBalancerArn=there["LoadBalancerArn"])["Listeners"]
    assert https["Certificates"][0]["CertificateArn"].startswith("arn:aws:acm:")
    rule = model.client("elbv2").describe_rules(ListenerArn=https["ListenerArn"])["Rules"][0]
    (targets,) = model.client("elbv2").describe_target_groups()["TargetGroups"]
    assert rule["Actions"][0]["TargetGroupArn"] == targets["TargetGroupArn"]
    assert (rule["Priority"], targets["Port"]) == ("10", 8080)
    told = model.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=there["LoadBalancerArn"])
    assert {"Key": "access_logs.s3.enabled", "Value": "true"} in told["Attributes"]
    assert model.unproved == set()


def one_zone(model: AwsModel) -> Callable[[], Any]:
    (subnet,) = model.subnets(1)
    return alb(model, subnets=[subnet])


def one_zone_twice(model: AwsModel) -> Callable[[], Any]:
    vpc = model.vpc()
    (subnet,) = model.subnets(1, vpc)
    zone = model.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailabilityZone"]
    more = model.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZone=zone)
    return alb(model, subnets=[subnet, more["Subnet"]["SubnetId"]])


def two_networks(model: AwsModel) -> Callable[[], Any]:
    return alb(model, subnets=[model.subnets(1)[0], model.subnets(2)[1]])


def two(make: Callable[[str, pulumi.ResourceOptions | None], pulumi.Resource]) -> Callable[[], Any]:
    """Two of them, one after the other."""
    return lambda: make("two", pulumi.ResourceOptions(depends_on=[make("one", None)]))


def two_groups(model: AwsModel) -> Callable[[], Any]:
    vpc = model.vpc()
    return two(lambda it, opts: aws.lb.TargetGroup(it, name="api", port=80, protocol="HTTP", vpc_id=vpc, opts=opts))


def two_balancers(model: AwsModel) -> Callable[[], Any]:
    subnets = model.subnets(2)
    return two(lambda it, opts: aws.lb.LoadBalancer(it, name="web", subnets=subnets, opts=opts))


def two_listeners(model: AwsModel) -> Callable[[], Any]:
    subnets = model.subnets(2)

    def program() -> None:
        over = aws.lb.LoadBalancer("web", subnets=subnets).arn
        two(
            lambda it, opts: aws.lb.Listener(
                it, load_balancer_arn=over, port=80, protocol="HTTP", default_actions=[FIXED], opts=opts
            )
        )()

    return program


def two_rules_of_a_group(model: AwsModel) -> Callable[[], Any]:
    vpc = model.vpc()

    def program() -> None:
        made = aws.ec2.SecurityGroup("web", vpc_id=vpc)
        told: Any = {"ip_protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_ipv4": "0.0.0.0/0"}
        two(lambda it, opts: aws.vpc.SecurityGroupIngressRule(it, security_group_id=made.id, opts=opts, **told))()

    return program


def a_group_of_two_balancers(model: AwsModel) -> Callable[[], Any]:
    vpc = model.vpc()
    subnets = model.subnets(2, vpc)

    def program() -> None:
        targets = aws.lb.TargetGroup("api", port=80, protocol="HTTP", vpc_id=vpc).arn

        def balancer(it: str, opts: pulumi.ResourceOptions | None) -> aws.lb.Listener:
            over = aws.lb.LoadBalancer(it, subnets=subnets, opts=opts)
            to: Any = [{"type": "forward", "target_group_arn": targets}]
            return aws.lb.Listener(it, load_balancer_arn=over.arn, port=80, protocol="HTTP", default_actions=to)

        two(balancer)()

    return program


def https(model: AwsModel, **given: Any) -> Callable[[], Any]:
    told: Any = {"protocol": "HTTPS", "port": 443, "certificate_arn": model.certificate("a.example.com"), **given}
    return listener(model, **told)


def not_issued(model: AwsModel) -> Callable[[], Any]:
    subnets = model.subnets(2)

    def program() -> None:
        certificate = aws.acm.Certificate("web", domain_name="a.example.com", validation_method="DNS")
        over = aws.lb.LoadBalancer("web", subnets=subnets)
        told: Any = {"port": 443, "protocol": "HTTPS", "certificate_arn": certificate.arn}
        aws.lb.Listener("https", load_balancer_arn=over.arn, default_actions=[FIXED], **told)

    return program


def never_issued(model: AwsModel) -> Callable[[], Any]:
    def program() -> None:
        certificate = aws.acm.Certificate("web", domain_name="a.example.com", validation_method="DNS")
        aws.acm.CertificateValidation("web", certificate_arn=certificate.arn)

    return program


def proved_elsewhere(model: AwsModel) -> Callable[[], Any]:
    def program() -> None:
        certificate = aws.acm.Certificate("web", domain_name="a.example.com", validation_method="DNS")
        aws.acm.CertificateValidation("web", certificate_arn=certificate.arn, validation_record_fqdns=["b.example.com"])

    return program


def alias(model: AwsModel, name: str, zone: str) -> Callable[[], Any]:
    target: Any = {"name": name, "zone_id": zone, "evaluate_target_health": True}
    return record_of(model, records=None, ttl=None, aliases=[target])


def strange_alias(model: AwsModel) -> Callable[[], Any]:
    zone, subnets = model.zone("example.com"), model.subnets(2)

    def program() -> None:
        made = aws.lb.LoadBalancer("web", subnets=subnets)
        target: Any = {"name": made.dns_name, "zone_id": "Z123", "evaluate_target_health": True}
        aws.route53.Record("a", zone_id=zone, name="a.example.com", type="A", aliases=[target])

    return program


def logs(model: AwsModel, policy: str | None, *, kms: bool = False, **more: Any) -> Callable[[], Any]:
    bucket = model.bucket("our-logs", json.loads(policy) if policy else None)
    if kms:
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        model.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    return alb(model, access_logs={"enabled": True, "bucket": bucket}, **more)


Make = Callable[[AwsModel], Callable[[], Any]]
NLB: Any = {"kind": "network", "protocol": "TCP", "port": 443}
REFUSED: dict[str, tuple[Make, str]] = {
    # Load balancers.
    "one zone": (one_zone, "an Application Load Balancer requires two zones, and has 1"),
    "a zone twice": (one_zone_twice, "two of its subnets are in one zone"),
    "two networks": (two_networks, "its subnets are in several VPCs"),
    "no subnets": (lambda m: alb(m, subnets=[]), "it has no subnets"),
    "no such subnet": (lambda m: alb(m, subnets=["subnet-0", "subnet-1"]), "InvalidSubnet"),
    "no such group": (lambda m: alb(m, security_groups=["sg-0"]), "InvalidGroup"),
    "long name": (lambda m: alb(m, name="a" * 33), "AWS allows 1 to 32 letters"),
    "name": (lambda m: alb(m, name="shop_web"), "letters, digits, and hyphens"),
    "internal-": (lambda m: alb(m, name="internal-web"), "starts with internal-"),
    "name twice": (two_balancers, "DuplicateLoadBalancerName"),
    "type": (lambda m: alb(m, load_balancer_type="netwrok"), "Type is 'netwrok'; AWS allows"),
    "address type": (lambda m: alb(m, ip_address_type="ipv6"), "IpAddressType is 'ipv6'; AWS allows"),
    "addresses": (
        lambda m: alb(m, subnets=None, subnet_mappings=[{"subnet_id": m.subnets(1)[0], "allocation_id": "eipalloc-1"}]),
        "doesn't support addresses of its own",
    ),
    "attribute": (
        lambda m: alb(m, load_balancer_type="network", idle_timeout=60),
        "idle_timeout.timeout_seconds (idleTimeout) isn't an attribute of a load balancer of type network",
    ),
    "range": (lambda m: alb(m, idle_timeout=4001), "(idleTimeout) is 4001; AWS allows 1 to 4000"),
    "choice": (lambda m: alb(m, desync_mitigation_mode="strict"), "is strict; AWS allows monitor, defensive"),
    # Logs.
    "logs nowhere": (
        lambda m: alb(m, access_logs={"enabled": True, "bucket": ""}),
        "access_logs.s3.bucket is missing",
    ),
    "no such bucket": (lambda m: alb(m, access_logs={"enabled": True, "bucket": "nowhere"}), "Not Found"),
    "logs refused": (
        lambda m: logs(m, None),
        "Access Denied for bucket: our-logs. Its policy does not let log",
    ),
    "logs of another kind": (
        lambda m: logs(m, log_policy("our-logs"), load_balancer_type="network"),
        "does not let delivery.logs.amazonaws.com put our-logs/AWSLogs/123456789012/*",
    ),
    "logs by kms": (lambda m: logs(m, log_policy("our-logs"), kms=True), "supports only SSE-S3"),
    "connections": (
        lambda m: alb(m, load_balancer_type="network", connection_logs={"enabled": True, "bucket": "b"}),
        "connection_logs.s3 (connectionLogs) isn't an attribute",
    ),
    # Target groups.
    "group's name twice": (two_groups, "DuplicateTargetGroupName"),
    "long made-up name": (
        lambda m: lambda: aws.lb.TargetGroup("a" * 30, port=1, protocol="TCP", vpc_id="vpc-1"),
        "AWS allows at most 32",
    ),
    "no such vpc": (lambda m: group(m, vpc_id="vpc-0"), "The VPC ID 'vpc-0' is not found"),
    "health": (lambda m: group(m, health_check={"interval": 5, "timeout": 5}), "timeout (5) is not below"),
    "health by default": (
        lambda m: group(m, health_check={"interval": 5}),
        "timeout (5) is not below its interval (5)",
    ),
    "health range": (lambda m: group(m, health_check={"interval": 400}), "HealthCheckIntervalSeconds is 400"),
    "health codes": (
        lambda m: group(m, protocol="TCP", health_check={"protocol": "TCP", "matcher": "200"}),
        "a health check by TCP can't have a path or codes",
    ),
    "health protocol": (lambda m: group(m, health_check={"protocol": "http"}), "HealthCheckProtocol is 'http'"),
    "version": (lambda m: group(m, protocol="TCP", protocol_version="HTTP2"), "of TCP can't have a ProtocolVersion"),
    "group attribute": (lambda m: group(m, proxy_protocol_v2=True), "isn't an attribute of a target group of HTTP"),
    "client ip": (lambda m: group(m, protocol="UDP", preserve_client_ip="false"), "can't be false"),
    "delay": (lambda m: group(m, deregistration_delay=3601), "is 3601; AWS allows 0 to 3600"),
    "slow start": (lambda m: group(m, slow_start=10), "is 10; AWS allows 0 or 30 to 900"),
    "slow and random": (
        lambda m: group(m, slow_start=30, load_balancing_algorithm_type="weighted_random"),
        "is for round_robin, not weighted_random",
    ),
    "anomalies": (lambda m: group(m, load_balancing_anomaly_mitigation="on"), "is for weighted_random, not round"),
    "stickiness": (lambda m: group(m, stickiness={"type": "source_ip"}), "AWS allows lb_cookie, app_cookie with HTTP"),
    "long cookie": (
        lambda m: group(m, stickiness={"type": "lb_cookie", "cookie_duration": 604801}),
        "is 604801: 1 to 604800",
    ),
    # Listeners.
    "no certificate": (lambda m: listener(m, protocol="HTTPS", port=443), "requires a certificate"),
    "a needless one": (lambda m: listener(m, certificate_arn="arn:x"), "can't have a certificate or a TLS policy"),
    "no such certificate": (
        lambda m: https(m, certificate_arn=f"arn:aws:acm:eu-central-1:123456789012:certificate/{'0' * 36}"),
        "ResourceNotFound",
    ),
    "not issued": (not_issued, "UnsupportedCertificate"),
    "policy": (lambda m: https(m, ssl_policy="ELBSecurityPolicy-2099"), "SSLPolicyNotFound"),
    "protocol": (lambda m: listener(m, protocol="TCP"), "of type application doesn't support listeners of TCP"),
    "port twice": (two_listeners, "DuplicateListener"),
    "nlb answers": (lambda m: listener(m, **NLB), "a listener of a Network Load Balancer supports only forward"),
    "alpn": (lambda m: https(m, alpn_policy="HTTP2Preferred"), "a listener of HTTPS can't have an AlpnPolicy"),
    "header of an nlb": (
        lambda m: forwarding(
            m,
            protocol="TCP",
            listener_kind="network",
            listener_protocol="TCP",
            listener_routing_http_response_server_enabled=False,
        ),
        "(routingHttpResponseServerEnabled) isn't an attribute of a listener of a load balancer of type network",
    ),
    "header": (
        lambda m: https(m, routing_http_response_x_content_type_options_header_value="sniff"),
        "is sniff; AWS allows nosniff",
    ),
    "idle": (lambda m: listener(m, tcp_idle_timeout_seconds=60), "isn't an attribute of a listener of HTTP"),
    "mutual": (lambda m: https(m, mutual_authentication={"mode": "verify"}), "only verify allows a trust store"),
    "mutual mode": (lambda m: https(m, mutual_authentication={"mode": "on"}), "AWS allows off, passthrough, verify"),
    "mutual over http": (
        lambda m: listener(m, mutual_authentication={"mode": "passthrough"}),
        "HTTP can't have Mutual",
    ),
    "two balancers": (a_group_of_two_balancers, "TargetGroupAssociationLimit"),
    "incompatible": (lambda m: forwarding(m, protocol="TCP"), "IncompatibleProtocols"),
    "incompatible nlb": (
        lambda m: forwarding(m, protocol="UDP", listener_kind="network", listener_protocol="TCP"),
        "IncompatibleProtocols",
    ),
    "grpc over http": (lambda m: forwarding(m, protocol_version="GRPC"), "which only a listener of HTTPS does"),
    "redirect to itself": (
        lambda m: listener(m, default_actions=[{"type": "redirect", "redirect": {"status_code": "HTTP_301"}}]),
        "a redirect that changes nothing",
    ),
    "redirect's code": (
        lambda m: listener(
            m, default_actions=[{"type": "redirect", "redirect": {"status_code": "301", "protocol": "HTTPS"}}]
        ),
        "StatusCode is '301'; AWS allows HTTP_301, HTTP_302",
    ),
    "response's type": (
        lambda m: listener(
            m, default_actions=[{"type": "fixed-response", "fixed_response": {"content_type": "text/markdown"}}]
        ),
        "ContentType is text/markdown; AWS allows",
    ),
    "response's code": (
        lambda m: listener(
            m,
            default_actions=[
                {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "301"}}
            ],
        ),
        "StatusCode is '301', which doesn't match",
    ),
    "action": (lambda m: listener(m, default_actions=[{"type": "forward"}]), "requires a target group"),
    "two ends of an action": (
        lambda m: listener(m, default_actions=[{**FIXED, "redirect": {"status_code": "HTTP_301", "port": "1"}}]),
        "requires only FixedResponseConfig",
    ),
    # Rules.
    "same priority": (lambda m: rules(m, {}, {"conditions": [path("/b")]}), "PriorityInUse"),
    "priority": (lambda m: rules(m, {"priority": 50001}), "Priority is 50001; AWS allows 1 to 50000"),
    "values": (lambda m: rules(m, {"conditions": [path(*"abcdef")]}), "have 6 values"),
    "wildcards": (lambda m: rules(m, {"conditions": [path("/*/*/*", "/?/*/*")]}), "have 6 wildcards"),
    "no condition": (lambda m: rules(m, {"conditions": []}), "it has no condition"),
    "condition twice": (lambda m: rules(m, {"conditions": [path("/a"), path("/b")]}), "two conditions of path-pattern"),
    "path": (lambda m: rules(m, {"conditions": [path("/a b")]}), "'/a b' isn't a value of path-pattern"),
    "host": (
        lambda m: rules(m, {"conditions": [{"host_header": {"values": ["shop.xn--p1ai"]}}]}),
        "only letters can follow the last dot",
    ),
    "host without dot": (lambda m: rules(m, {"conditions": [{"host_header": {"values": ["shop"]}}]}), "the last dot"),
    "method": (
        lambda m: rules(m, {"conditions": [{"http_request_method": {"values": ["get"]}}]}),
        "'get' isn't a value of http-request-method",
    ),
    "block": (
        lambda m: rules(m, {"conditions": [{"source_ip": {"values": ["10.0.0.1/8"]}}]}),
        "a value of source-ip isn't a range",
    ),
    # DNS and certificates.
    "another zone": (lambda m: record_of(m, name="a.example.org"), "is not within the zone 'example.com'"),
    "no such zone": (lambda m: record_of(m, zone_id="Z0"), "NoSuchHostedZone"),
    "neither": (lambda m: record_of(m, records=None), "either an alias or records"),
    "record's type": (lambda m: record_of(m, type="B"), "Type is 'B'; AWS allows SOA"),
    "apex": (lambda m: record_of(m, name="example.com", type="CNAME", records=["b.example.org"]), "at the apex"),
    "no ttl": (lambda m: record_of(m, ttl=None), "records require a ttl"),
    "alias": (
        lambda m: alias(m, "gone.eu-central-1.elb.amazonaws.com", "Z1"),
        "no load balancer has the DNS name gone",
    ),
    "alias's zone": (strange_alias, "isn't in the zone Z123"),
    "long host": (lambda _: lambda: aws.acm.Certificate("c", domain_name="a" * 60 + ".example.com"), "64 characters"),
    "no method": (lambda _: lambda: aws.acm.Certificate("c", domain_name="example.com"), "validationMethod isn't set"),
    "never issued": (never_issued, "AWS never issues it: no CNAME record _"),
    "proved elsewhere": (proved_elsewhere, "AWS never issues it: no validationRecordFqdns for _"),
    # Security groups and web ACLs.
    "two ends": (lambda m: ingress(m, cidr_ipv4="0.0.0.0/0", cidr_ipv6="::/0"), "it sets 2 sources or destinations"),
    "no ports": (lambda m: ingress(m, cidr_ipv4="0.0.0.0/0", from_port=None, to_port=None), "requires its ports"),
    "all with ports": (lambda m: ingress(m, cidr_ipv4="0.0.0.0/0", ip_protocol="-1"), "can't have ports"),
    "ports": (lambda m: ingress(m, cidr_ipv4="0.0.0.0/0", to_port=79), "its ports 80 to 79"),
    "bits": (lambda m: ingress(m, cidr_ipv4="10.0.0.1/8"), "has host bits set"),
    "family": (lambda m: ingress(m, cidr_ipv4="::/0"), "which is of the other address family"),
    "rule's text": (lambda m: ingress(m, cidr_ipv4="0.0.0.0/0", description="ö"), "Description is 'ö'"),
    "rule twice": (two_rules_of_a_group, "InvalidPermission.Duplicate"),
    "sg-": (lambda m: lambda: aws.ec2.SecurityGroup("web", name="sg-web", vpc_id=m.vpc()), "starts with sg-"),
    "web acl": (
        lambda _: lambda: aws.wafv2.WebAclAssociation("web", web_acl_arn="arn", resource_arn="x" * 20),
        "valid min length: 20",
    ),
    # Buckets.
    "bucket": (lambda _: lambda: aws.s3.Bucket("logs", bucket="Logs_of_ours"), "InvalidBucketName"),
    "policy's text": (
        lambda m: lambda: aws.s3.BucketPolicy("p", bucket=m.bucket("our-logs"), policy="{"),
        "isn't valid JSON",
    ),
    "versions": (
        lambda m: lambda: aws.s3.BucketVersioning("v", bucket="our-logs", versioning_configuration={"status": "On"}),
        "VersioningConfiguration.Status is 'On'; AWS allows Enabled, Suspended",
    ),
    "encryption": (
        lambda m: (
            lambda: aws.s3.BucketServerSideEncryptionConfiguration(
                "e", bucket="our-logs", rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES128"}}]
            )
        ),
        "SSEAlgorithm is 'AES128'; AWS allows AES256",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_aws_refuses_is_refused(model: AwsModel, case: str) -> None:
    make, why = REFUSED[case]
    with pytest.raises(AwsRefusal) as caught:
        record(make(model), aws=model)
    assert why in str(caught.value)


def test_a_refusal_names_the_resource_the_call_and_the_argument(model: AwsModel) -> None:
    with pytest.raises(AwsRefusal) as caught:
        record(group(model, health_check={"interval": 400}), aws=model)
    assert str(caught.value) == (
        "api: AWS rejects CreateTargetGroup: HealthCheckIntervalSeconds is 400, and AWS allows at most 300"
    )
    assert (caught.value.resource, caught.value.operation) == ("api", "CreateTargetGroup")


def test_a_refusal_leaves_no_failure_that_is_logged_in_another_test(
    model: AwsModel, caplog: pytest.LogCaptureFixture
) -> None:
    # Much waits for what is refused, and fails with it.
    program = everything(model, idle_timeout=4001)
    with pytest.raises(AwsRefusal) as raised:
        record(program, aws=model)
    # The traceback has the futures.
    del raised
    gc.collect()
    assert caplog.records == []


def test_a_preview_is_held_to_what_is_known(model: AwsModel) -> None:
    program = alb(model, xff_header_processing_mode="none")
    with pytest.raises(AwsRefusal, match="AWS allows append, preserve, remove"):
        record(program, aws=model)
    assert model.calls == []


def test_a_quota_is_what_the_account_has() -> None:
    many = [{"priority": at, "conditions": [path(f"/{at}")]} for at in range(1, 5)]
    with AwsModel(quotas={"rules-per-application-load-balancer": 4}) as more:
        record(rules(more, *many), aws=more)
    with AwsModel(quotas={"rules-per-application-load-balancer": 3}) as few:
        program = rules(few, *many)
        with pytest.raises(AwsRefusal, match="TooManyRules: AWS allows 3 rules"):
            record(program, aws=few)


def trust_store(name: str) -> Callable[[], Any]:
    return lambda: aws.lb.TrustStore(
        "clients", name=name, ca_certificates_bundle_s3_bucket="bundles", ca_certificates_bundle_s3_key="ca.pem"
    )


def web_acl(model: AwsModel) -> Callable[[], Any]:
    over = alb(model)
    acl = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/ours/1"
    return lambda: aws.wafv2.WebAclAssociation("web", web_acl_arn=acl, resource_arn=over().arn)


def health_logs(model: AwsModel) -> Callable[[], Any]:
    bucket = model.bucket("our-logs", json.loads(log_policy("our-logs")))
    return alb(model, health_check_logs={"enabled": True, "bucket": bucket, "prefix": "health"})


UNPROVED: dict[str, tuple[Make, set[str]]] = {
    "trust store": (lambda _: trust_store("clients"), {"elbv2:CreateTrustStore"}),
    "web acl": (web_acl, {"wafv2:AssociateWebACL"}),
    "mutual tls": (
        lambda m: https(m, mutual_authentication={"mode": "passthrough"}),
        {"elbv2:CreateListener (MutualAuthentication)"},
    ),
    "longest delay": (
        lambda m: group(m, deregistration_delay=3600),
        {"elbv2:ModifyTargetGroupAttributes (deregistration_delay.timeout_seconds)"},
    ),
}


if takes("lb.LoadBalancer", "health_check_logs"):
    UNPROVED["health logs"] = (
        health_logs,
        {f"elbv2:ModifyLoadBalancerAttributes (health_check_logs.s3.{it})" for it in ("bucket", "prefix")},
    )


@pytest.mark.parametrize("case", UNPROVED)
def test_what_moto_has_not_is_held_to_the_model_and_listed(model: AwsModel, case: str) -> None:
    make, unproved = UNPROVED[case]
    record(make(model), aws=model)
    assert model.unproved == unproved


def test_what_is_held_to_the_model_alone_can_be_refused(model: AwsModel) -> None:
    with pytest.raises(AwsRefusal, match=r"doesn't match|isn't valid"):
        record(trust_store("cli ents"), aws=model)
    program = web_acl_of_a_network_balancer(model.subnets(2))
    with pytest.raises(AwsRefusal, match="only an Application Load Balancer supports a web ACL"):
        record(program, aws=model)


def web_acl_of_a_network_balancer(subnets: list[str]) -> Callable[[], Any]:
    def program() -> None:
        over = aws.lb.LoadBalancer("web", subnets=subnets, load_balancer_type="network")
        acl = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/ours/1"
        aws.wafv2.WebAclAssociation("web", web_acl_arn=acl, resource_arn=over.arn)

    return program


def test_what_the_model_does_not_know_is_no_success(model: AwsModel) -> None:
    with pytest.raises(LookupError, match="which this model of AWS doesn't support"):
        record(lambda: aws.sqs.Queue("q"), aws=model)
    with pytest.raises(LookupError, match="web sets minimumLoadBalancerCapacity, which this model"):
        record(alb(model, minimum_load_balancer_capacity={"capacity_units": 100}), aws=model)
    action: Any = {"type": "jwt-validation", "jwt_validation": {"issuer": "i", "jwks_endpoint": "e"}}
    with pytest.raises(LookupError, match=r"http: defaultActions has jwt_?[vV]alidation, which this model"):
        record(listener(model, default_actions=[action]), aws=model)
    with pytest.raises(LookupError, match="calls aws:ec2/getAmi:getAmi, which this model of AWS doesn't support"):
        record(lambda: aws.ec2.get_ami_output(owners=["self"]), aws=model)


def test_functions_answer_what_is_there(model: AwsModel) -> None:
    vpc, zone = model.vpc(), model.zone("example.com")
    subnet = model.subnets(2, vpc)[0]
    made = record(alb(model), aws=model)
    arn = model.made[made.one("LoadBalancer").urn]["outputs"]["arn"]

    def program() -> dict[str, Any]:
        return {
            "account": aws.get_caller_identity_output().account_id,
            "region": aws.get_region_output().region,
            "partition": aws.get_partition_output().partition,
            "vpc": aws.ec2.get_subnet_output(id=subnet).vpc_id,
            "zone": aws.route53.get_zone_output(name="example.com").zone_id,
            "kind": aws.lb.get_load_balancer_output(arn=arn).load_balancer_type,
        }

    assert record(program, aws=model).value == {
        "account": "123456789012",
        "region": "eu-central-1",
        "partition": "aws",
        "vpc": vpc,
        "zone": zone,
        "kind": "application",
    }
    for ask in (
        lambda: aws.route53.get_zone_output(name="example.org"),
        lambda: aws.ec2.get_subnet_output(id="subnet-0"),
        lambda: aws.lb.get_load_balancer_output(name="gone"),
    ):
        with pytest.raises(Exception, match=r"no zone is example\.org|InvalidSubnetID|LoadBalancerNotFound"):
            record(ask, aws=model)


# What the oldest SDK that the components take has not.
NEWER = {"LoadBalancer": {"healthCheckLogs"}, "TargetGroupAttachment": {"quicServerId"}}


def test_every_field_that_the_model_knows_is_one_of_the_sdk() -> None:
    from pulumi_portico.testing.aws.kinds import Kind

    tables = {"LoadBalancer": BALANCER, "TargetGroup": GROUP, "Listener": LISTENER}
    for token, kind in KINDS.items():
        assert isinstance(kind, Kind)
        module, name = token.split(":")[1].split("/")[0], token.rpartition(":")[2]
        signature = inspect.signature(getattr(getattr(aws, module), name)._internal_init)
        known = {pulumi_name(it) for it in signature.parameters}
        mentioned = {*tables.get(name, {}), *kind.replaced_by, *kind.ordered}
        newer = NEWER.get(name, set()) if Version(version("pulumi-aws")) < Version("7.51") else set[str]()
        assert mentioned <= known | newer, (token, mentioned - known)


def pulumi_name(python: str) -> str:
    first, *rest = python.split("_")
    return first + "".join(it.capitalize() for it in rest)


def test_what_users_import_needs_no_aws() -> None:
    code = (
        "import sys; import pulumi_portico.testing; "
        "print(*sorted({'boto3', 'moto', 'botocore', 'pulumi_aws'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []
