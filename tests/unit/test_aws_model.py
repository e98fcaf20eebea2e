"""The model of AWS that tests run on: what AWS takes goes through, and what it refuses is refused, with the reason."""

from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi_portico.testing import record
from pulumi_portico.testing.aws import AwsModel, AwsRefusal


@pytest.fixture
def model() -> Iterator[AwsModel]:
    with AwsModel() as made:
        yield made


def balancer(subnets: list[str], **more: Any) -> aws.lb.LoadBalancer:
    return aws.lb.LoadBalancer("web", subnets=subnets, **more)


def everything(model: AwsModel) -> Callable[[], Any]:
    """A load balancer with all that belongs to it, from plain resources."""
    vpc = model.vpc()
    subnets, zone = model.subnets(2, vpc), model.zone("example.com")

    def program() -> Any:
        group = aws.ec2.SecurityGroup("web", vpc_id=vpc, description="web")
        aws.vpc.SecurityGroupIngressRule(
            "in", security_group_id=group.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0"
        )
        aws.vpc.SecurityGroupEgressRule(
            "out",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=80,
            to_port=80,
            referenced_security_group_id=group.id,
        )
        logs = aws.s3.Bucket("logs")
        aws.s3.BucketPublicAccessBlock("logs", bucket=logs.id, block_public_acls=True, restrict_public_buckets=True)
        aws.s3.BucketVersioning("logs", bucket=logs.id, versioning_configuration={"status": "Enabled"})
        aws.s3.BucketPolicy("logs", bucket=logs.id, policy='{"Version": "2012-10-17", "Statement": []}')
        certificate = aws.acm.Certificate("web", domain_name="shop.example.com", validation_method="DNS")
        proof = certificate.domain_validation_options[0]
        record_of = aws.route53.Record(
            "proof",
            zone_id=zone,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            ttl=60,
            records=[proof.resource_record_value],
        )
        valid = aws.acm.CertificateValidation(
            "web", certificate_arn=certificate.arn, validation_record_fqdns=[record_of.fqdn]
        )
        made = balancer(
            subnets,
            security_groups=[group.id],
            idle_timeout=60,
            drop_invalid_header_fields=True,
            access_logs={"bucket": logs.id, "enabled": True},
        )
        targets = aws.lb.TargetGroup(
            "api", port=8080, protocol="HTTP", target_type="ip", vpc_id=vpc, deregistration_delay=30
        )
        https = aws.lb.Listener(
            "https",
            load_balancer_arn=made.arn,
            port=443,
            protocol="HTTPS",
            certificate_arn=valid.certificate_arn,
            ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            default_actions=[
                {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}
            ],
        )
        aws.lb.ListenerRule(
            "api",
            listener_arn=https.arn,
            priority=10,
            conditions=[{"path_pattern": {"values": ["/api", "/api/*"]}}],
            actions=[{"type": "forward", "target_group_arn": targets.arn}],
        )
        alias: Any = {"name": made.dns_name, "zone_id": made.zone_id, "evaluate_target_health": True}
        aws.route53.Record("shop", zone_id=zone, name="shop.example.com", type="A", aliases=[alias])
        pulumi.export("arn", made.arn)
        pulumi.export("dns", made.dns_name)

    return program


def test_what_aws_takes_goes_through_with_real_ids(model: AwsModel) -> None:
    recorded = record(everything(model), aws=model)
    assert recorded.exports["arn"].startswith(
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/"
    )
    (there,) = model.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert there["DNSName"] == recorded.exports["dns"]
    (listener,) = model.client("elbv2").describe_listeners(LoadBalancerArn=there["LoadBalancerArn"])["Listeners"]
    assert listener["Certificates"][0]["CertificateArn"].startswith("arn:aws:acm:")
    assert model.unproved == set()


def alb(model: AwsModel, **more: Any) -> Callable[[], Any]:
    subnets = model.subnets(2)
    return lambda: balancer(subnets, **more)


def rules(model: AwsModel, *made: dict[str, Any]) -> Callable[[], Any]:
    subnets = model.subnets(2)

    def program() -> None:
        fixed: Any = {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}
        http = aws.lb.Listener(
            "http",
            load_balancer_arn=balancer(subnets).arn,
            port=80,
            protocol="HTTP",
            default_actions=[fixed],
        )
        for at, given in enumerate(made):
            told: Any = {
                "priority": 10,
                "conditions": [{"path_pattern": {"values": ["/a"]}}],
                "actions": [fixed],
                **given,
            }
            aws.lb.ListenerRule(f"rule-{at}", listener_arn=http.arn, **told)

    return program


def of_listener(model: AwsModel, **given: Any) -> Callable[[], Any]:
    subnets = model.subnets(2)
    forward = [{"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}]
    told: Any = {"port": 80, "protocol": "HTTP", "default_actions": forward, **given}
    return lambda: aws.lb.Listener("http", load_balancer_arn=balancer(subnets).arn, **told)


def one_zone(model: AwsModel) -> Callable[[], Any]:
    (subnet,) = model.subnets(1)
    return lambda: balancer([subnet])


def twice(model: AwsModel) -> Callable[[], Any]:
    vpc = model.vpc()
    told: Any = {"port": 80, "protocol": "HTTP", "vpc_id": vpc, "name": "api"}

    def program() -> None:
        first = aws.lb.TargetGroup("one", **told)
        other: Any = {**told, "port": 81, "opts": pulumi.ResourceOptions(depends_on=[first])}
        aws.lb.TargetGroup("two", **other)

    return program


def of_group(model: AwsModel, **given: Any) -> Callable[[], Any]:
    vpc = model.vpc()
    told: Any = {"port": 80, "protocol": "HTTP", "vpc_id": vpc, **given}
    return lambda: aws.lb.TargetGroup("api", **told)


def of_record(model: AwsModel, **given: Any) -> Callable[[], Any]:
    zone = model.zone("example.com")
    told: Any = {"zone_id": zone, "name": "a.example.com", "type": "A", "ttl": 60, "records": ["192.0.2.1"], **given}
    return lambda: aws.route53.Record("a", **told)


def of_rule(model: AwsModel, **given: Any) -> Callable[[], Any]:
    vpc = model.vpc()
    told: Any = {"ip_protocol": "tcp", "from_port": 80, "to_port": 80, **given}

    def program() -> None:
        group = aws.ec2.SecurityGroup("web", vpc_id=vpc)
        aws.vpc.SecurityGroupIngressRule("in", security_group_id=group.id, **told)

    return program


REFUSED: list[tuple[str, Callable[[AwsModel], Callable[[], Any]], str]] = [
    ("one zone", one_zone, "an Application Load Balancer wants two zones, and has 1"),
    ("no such subnet", lambda _: lambda: balancer(["subnet-0", "subnet-1"]), "InvalidSubnet"),
    ("long name", lambda m: alb(m, name="a" * 33), "32 at most"),
    ("internal-", lambda m: alb(m, name="internal-web"), "begins with internal-"),
    ("type", lambda m: alb(m, load_balancer_type="netwrok"), "Type is 'netwrok', and may be"),
    (
        "attribute",
        lambda m: alb(m, load_balancer_type="network", idle_timeout=60),
        "is no attribute of a load balancer",
    ),
    ("range", lambda m: alb(m, idle_timeout=4001), "idle_timeout.timeout_seconds is 4001, and may be 1 to 4000"),
    ("choice", lambda m: alb(m, desync_mitigation_mode="strict"), "may be monitor, defensive, strictest"),
    ("logs nowhere", lambda m: alb(m, access_logs={"enabled": True, "bucket": ""}), "access_logs.s3.bucket is missing"),
    ("duplicate name", twice, "DuplicateTargetGroupName"),
    (
        "long made-up name",
        lambda m: lambda: aws.lb.TargetGroup("a" * 30, port=1, protocol="TCP", vpc_id=m.vpc()),
        "32 are",
    ),
    ("health", lambda m: of_group(m, health_check={"interval": 5, "timeout": 5}), "timeout is not below its interval"),
    ("health range", lambda m: of_group(m, health_check={"interval": 400}), "HealthCheckIntervalSeconds is 400"),
    ("group attribute", lambda m: of_group(m, proxy_protocol_v2=True), "is no attribute of a target group of HTTP"),
    ("stickiness", lambda m: of_group(m, stickiness={"type": "source_ip"}), "stickiness.type may be lb_cookie"),
    ("no certificate", lambda m: of_listener(m, protocol="HTTPS", port=443), "wants a certificate"),
    ("a needless one", lambda m: of_listener(m, certificate_arn="arn:x"), "has no certificate and no TLS policy"),
    ("protocol", lambda m: of_listener(m, protocol="TCP"), "of type application does not listen for TCP"),
    ("same priority", lambda m: rules(m, {}, {"conditions": [{"path_pattern": {"values": ["/b"]}}]}), "PriorityInUse"),
    ("priority", lambda m: rules(m, {"priority": 50001}), "Priority is 50001, and 50000 is the most"),
    ("values", lambda m: rules(m, {"conditions": [{"path_pattern": {"values": list("abcdef")}}]}), "have 6 values"),
    ("no condition", lambda m: rules(m, {"conditions": []}), "it has no condition"),
    ("another zone", lambda m: of_record(m, name="a.example.org"), "is not within the zone 'example.com'"),
    ("alias and records", lambda m: of_record(m, records=None), "both an alias and records, or neither"),
    ("two ends", lambda m: of_rule(m, cidr_ipv4="0.0.0.0/0", cidr_ipv6="::/0"), "it names 2 ends"),
    ("no ports", lambda m: of_rule(m, cidr_ipv4="0.0.0.0/0", from_port=None, to_port=None), "wants its ports"),
    ("long host", lambda _: lambda: aws.acm.Certificate("c", domain_name="a" * 60 + ".example.com"), "64 characters"),
]


@pytest.mark.parametrize(("make", "why"), [it[1:] for it in REFUSED], ids=[it[0] for it in REFUSED])
def test_what_aws_refuses_is_refused(model: AwsModel, make: Callable[[AwsModel], Callable[[], Any]], why: str) -> None:
    with pytest.raises(AwsRefusal) as caught:
        record(make(model), aws=model)
    assert why in str(caught.value)


def test_a_preview_is_held_to_what_is_known(model: AwsModel) -> None:
    subnets = model.subnets(2)
    before = len(model.client("elbv2").describe_load_balancers()["LoadBalancers"])
    with pytest.raises(AwsRefusal, match="may be append, preserve, remove"):
        record(lambda: balancer(subnets, xff_header_processing_mode="none"), aws=model)
    assert len(model.client("elbv2").describe_load_balancers()["LoadBalancers"]) == before


def test_what_moto_has_not_is_held_to_the_model_and_listed(model: AwsModel) -> None:
    bucket = model.bucket("bundles")

    def trust_store(name: str) -> Callable[[], Any]:
        return lambda: aws.lb.TrustStore(
            "clients", name=name, ca_certificates_bundle_s3_bucket=bucket, ca_certificates_bundle_s3_key="ca.pem"
        )

    record(trust_store("clients"), aws=model)
    assert model.unproved == {"elbv2:CreateTrustStore"}
    with pytest.raises(AwsRefusal, match="does not fit"):
        record(trust_store("cli ents"), aws=model)


def test_what_the_model_does_not_know_is_no_success(model: AwsModel) -> None:
    with pytest.raises(LookupError, match="which this model of AWS does not know"):
        record(lambda: aws.sqs.Queue("q"), aws=model)


def test_a_second_run_says_what_changes(model: AwsModel) -> None:
    subnets, vpc = model.subnets(2), model.vpc()

    def program(*, delay: int, port: int, extra: bool) -> Callable[[], Any]:
        def run() -> None:
            balancer(subnets, idle_timeout=delay)
            aws.lb.TargetGroup("api", port=port, protocol="HTTP", vpc_id=vpc)
            if extra:
                aws.ec2.SecurityGroup("more", vpc_id=vpc)
            else:
                aws.ec2.SecurityGroup("less", vpc_id=vpc)

        return run

    changes = model.compare(program(delay=60, port=80, extra=False), program(delay=90, port=81, extra=True))
    assert changes.updated == {"web": {"idleTimeout"}}
    assert changes.replaced == {"api": {"port"}}
    assert (changes.created, changes.deleted) == ({"more"}, {"less"})


def test_a_replacement_of_one_name_collides(model: AwsModel) -> None:
    vpc = model.vpc()

    def program(port: int) -> Callable[[], Any]:
        return lambda: aws.lb.TargetGroup("api", name="api", port=port, protocol="HTTP", vpc_id=vpc)

    with pytest.raises(AwsRefusal, match="DuplicateTargetGroupName"):
        model.compare(program(80), program(81))
