"""Plain resources of AWS, and an account for them, for the tests of what holds them against AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_portico.testing.aws import AwsModel

FIXED: Any = {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}


def log_policy(bucket: str, writer: str = "logdelivery.elasticloadbalancing.amazonaws.com") -> str:
    """A policy that lets a load balancer write its logs."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": writer},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def everything(model: AwsModel, **fields: Any) -> Callable[[], Any]:
    """A load balancer with all that belongs to it."""
    vpc = model.vpc()
    subnets, zone = model.subnets(2, vpc), model.zone("example.com")

    def program() -> None:
        logs = _logs()
        group = _security_group(vpc)
        valid = _certificate(zone)
        told: Any = {"subnets": subnets, "idle_timeout": 60, **fields}
        made = aws.lb.LoadBalancer(
            "web",
            security_groups=[group.id],
            drop_invalid_header_fields=True,
            access_logs={"bucket": logs.bucket, "enabled": True},
            opts=pulumi.ResourceOptions(depends_on=[logs]),
            **told,
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
            routing_http_response_server_enabled=False,
            default_actions=[FIXED],
        )
        aws.lb.ListenerRule(
            "api",
            listener_arn=https.arn,
            priority=10,
            conditions=[{"path_pattern": {"values": ["/api", "/api/*"]}}],
            actions=[{"type": "forward", "target_group_arn": targets.arn}],
        )
        aws.lb.TargetGroupAttachment("api", target_group_arn=targets.arn, target_id="10.0.0.9", port=8080)
        alias: Any = {"name": made.dns_name, "zone_id": made.zone_id, "evaluate_target_health": True}
        aws.route53.Record("shop", zone_id=zone, name="shop.example.com", type="A", aliases=[alias])
        pulumi.export("arn", made.arn)
        pulumi.export("dns", made.dns_name)

    return program


def _logs() -> aws.s3.BucketPolicy:
    logs = aws.s3.Bucket("logs")
    aws.s3.BucketPublicAccessBlock("logs", bucket=logs.bucket, block_public_acls=True, restrict_public_buckets=True)
    aws.s3.BucketOwnershipControls("logs", bucket=logs.bucket, rule={"object_ownership": "BucketOwnerEnforced"})
    aws.s3.BucketVersioning("logs", bucket=logs.bucket, versioning_configuration={"status": "Enabled"})
    by_default: Any = {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    aws.s3.BucketServerSideEncryptionConfiguration("logs", bucket=logs.bucket, rules=[by_default])
    expires: Any = {"id": "expire", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 90}}
    aws.s3.BucketLifecycleConfiguration("logs", bucket=logs.bucket, rules=[expires])
    return aws.s3.BucketPolicy("logs", bucket=logs.bucket, policy=logs.bucket.apply(log_policy))


def _security_group(vpc: str) -> aws.ec2.SecurityGroup:
    group = aws.ec2.SecurityGroup("web", vpc_id=vpc, description="web")
    aws.vpc.SecurityGroupIngressRule(
        "in", security_group_id=group.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0"
    )
    end: Any = {"referenced_security_group_id": group.id}
    aws.vpc.SecurityGroupEgressRule(
        "out", security_group_id=group.id, ip_protocol="tcp", from_port=80, to_port=80, **end
    )
    return group


def _certificate(zone: str) -> aws.acm.CertificateValidation:
    certificate = aws.acm.Certificate("web", domain_name="shop.example.com", validation_method="DNS")
    proof = certificate.domain_validation_options[0]
    record = aws.route53.Record(
        "proof",
        zone_id=zone,
        name=proof.resource_record_name,
        type=proof.resource_record_type,
        ttl=60,
        records=[proof.resource_record_value],
    )
    return aws.acm.CertificateValidation("web", certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn])


def alb(model: AwsModel, **more: Any) -> Callable[[], Any]:
    """A load balancer alone."""
    subnets = model.subnets(2)
    told: Any = {"subnets": subnets, **more}
    return lambda: aws.lb.LoadBalancer("web", **told)


def listener(model: AwsModel, *, kind: str = "application", name: str = "http", **given: Any) -> Callable[[], Any]:
    """A load balancer with one listener."""
    subnets = model.subnets(2)
    told: Any = {"port": 80, "protocol": "HTTP", "default_actions": [FIXED], **given}

    def program() -> aws.lb.Listener:
        balancer = aws.lb.LoadBalancer("web", subnets=subnets, load_balancer_type=kind)
        return aws.lb.Listener(name, load_balancer_arn=balancer.arn, **told)

    return program


def rules(model: AwsModel, *made: dict[str, Any]) -> Callable[[], Any]:
    """A listener with rules; each is one of /a with the priority 10, where it is not told otherwise."""
    over = listener(model)

    def program() -> None:
        http = over()
        for at, given in enumerate(made):
            told: Any = {"priority": 10, "conditions": [path("/a")], "actions": [FIXED], **given}
            aws.lb.ListenerRule(f"rule-{at}", listener_arn=http.arn, **told)

    return program


def path(*values: str) -> dict[str, Any]:
    """A condition of paths."""
    return {"path_pattern": {"values": list(values)}}


def group(model: AwsModel, **given: Any) -> Callable[[], Any]:
    """A target group alone."""
    vpc = model.vpc()
    told: Any = {"port": 80, "protocol": "HTTP", "vpc_id": vpc, **given}
    return lambda: aws.lb.TargetGroup("api", **told)


def forwarding(model: AwsModel, **given: Any) -> Callable[[], Any]:
    """A listener that forwards to a target group; `given` is the group's, but for what begins with listener_."""
    vpc = model.vpc()
    subnets = model.subnets(2, vpc)
    ours = {key.removeprefix("listener_"): it for key, it in given.items() if key.startswith("listener_")}
    theirs = {key: it for key, it in given.items() if not key.startswith("listener_")}
    kind = ours.pop("kind", "application")
    told: Any = {"port": 80, "protocol": "HTTP", **ours}
    group_told: Any = {"port": 80, "protocol": "HTTP", "vpc_id": vpc, **theirs}

    def program() -> None:
        balancer = aws.lb.LoadBalancer("web", subnets=subnets, load_balancer_type=kind)
        targets = aws.lb.TargetGroup("api", **group_told)
        forward: Any = [{"type": "forward", "target_group_arn": targets.arn}]
        aws.lb.Listener("http", load_balancer_arn=balancer.arn, default_actions=forward, **told)

    return program


def record_of(model: AwsModel, **given: Any) -> Callable[[], Any]:
    """A DNS record."""
    zone = model.zone("example.com")
    told: Any = {"zone_id": zone, "name": "a.example.com", "type": "A", "ttl": 60, "records": ["192.0.2.1"], **given}
    return lambda: aws.route53.Record("a", **told)


def ingress(model: AwsModel, **given: Any) -> Callable[[], Any]:
    """A security group with a rule."""
    vpc = model.vpc()
    told: Any = {"ip_protocol": "tcp", "from_port": 80, "to_port": 80, **given}

    def program() -> None:
        made = aws.ec2.SecurityGroup("web", vpc_id=vpc)
        aws.vpc.SecurityGroupIngressRule("in", security_group_id=made.id, **told)

    return program
