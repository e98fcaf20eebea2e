"""What the load balancer writes down, and the bucket it goes to. The type, its rules and the builders."""

import json
from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.parse import Field, Rules
from ..args.problems import Reason
from ..args.spec import Spec, spec
from ..args.values import whole_number
from .choices import AwsBalancerKind
from .routes import text

__all__ = ["KINDS", "RULES", "AwsLogs", "AwsLogsSpec", "bucket_settings", "build_policy", "logs_of", "wanted_logs"]

KINDS: Mapping[str, str] = {"access": "access_logs", "connections": "connection_logs", "health": "health_check_logs"}
"""Each kind of log, with the argument of `aws.lb.LoadBalancer` that it is."""


class AwsLogs(TypedDict):
    """What the load balancer writes down, into a bucket."""

    access: NotRequired[bool]
    """Whether each request (of a Network Load Balancer, each TLS connection) is logged. Plain. Default: true, for a
    Network Load Balancer where a listener speaks TLS."""

    connections: NotRequired[bool]
    """Whether each connection is. Plain. Application Load Balancers. Default: false."""

    health: NotRequired[bool]
    """Whether the answers to health checks are. Plain. Application Load Balancers. Default: false."""

    bucket: NotRequired[pulumi.Input[str]]
    """The name of a bucket made elsewhere, whose policy lets the load balancer write. Default: one is made: encrypted,
    private, versioned, TLS alone."""

    prefix: NotRequired[pulumi.Input[str]]
    """What objects' keys begin with, behind which AWS puts AWSLogs/. Default: access, connections and health, in the
    bucket that is made; else nothing."""

    keep_days: NotRequired[int]
    """Days after which what is in the bucket that is made is deleted. Plain. Default: 90."""

    delete_with_balancer: NotRequired[bool]
    """Whether destroying the load balancer deletes the bucket that is made with what is in it; else it is in the way
    until it is empty. Plain. Default: false."""


@spec(AwsLogs)
class AwsLogsSpec(Spec):
    """Parsed `AwsLogs`. A field is None if it isn't set."""

    access: Optional[bool] = None
    connections: Optional[bool] = None
    health: Optional[bool] = None
    bucket: Optional[pulumi.Input[str]] = None
    prefix: Optional[pulumi.Input[str]] = None
    keep_days: Optional[int] = None
    delete_with_balancer: Optional[bool] = None


INVALID_PREFIX = define(
    "invalid-log-prefix",
    "{value} isn't a valid prefix.",
    allowed="1 to 512 characters, without a slash at either end, and without AWSLogs",
)


def _prefix(value: str) -> Optional[Reason]:
    if text(512, "prefix")(value) is None and value == value.strip("/") and "AWSLogs" not in value:
        return None
    return Reason(INVALID_PREFIX)


RULES: Rules = {AwsLogs: {"prefix": Field(_prefix), "keep_days": Field(whole_number(1, what="a number of days"))}}
"""What the fields must satisfy beyond their types (ModifyLoadBalancerAttributes, `access_logs.s3.prefix`)."""


def wanted_logs(given: Mapping[str, Any]) -> list[str]:
    """The kinds of logs that are written, of a checked load balancer."""
    logs: Mapping[str, Any] = given.get("logs", {})
    # A Network Load Balancer logs TLS connections alone.
    by_default = given["kind"] == AwsBalancerKind.APPLICATION.value or any(
        it["protocol"] == "tls" for it in given.get("listeners", [])
    )
    return [kind for kind in KINDS if logs.get(kind, by_default and kind == "access")]


def logs_of(given: Mapping[str, Any], bucket: Any) -> dict[str, Any]:
    """The arguments of the load balancer that say what it logs, and where."""
    logs: Mapping[str, Any] = given.get("logs", {})
    own = "bucket" not in logs

    def told(kind: str) -> dict[str, Any]:
        prefix = logs.get("prefix")
        if own:
            # Each kind has a place of its own, as their keys look alike.
            prefix = kind if prefix is None else pulumi.Output.concat(prefix, "/", kind)
        return {"enabled": True, "bucket": bucket, **({} if prefix is None else {"prefix": prefix})}

    return {KINDS[kind]: told(kind) for kind in wanted_logs(given)}


def bucket_settings(keep_days: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """What makes a bucket one that logs may lie in: the suffix of each child's name, its class and its arguments."""
    return {
        "private": (
            "BucketPublicAccessBlock",
            {
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
        ),
        "ownership": ("BucketOwnershipControls", {"rule": {"object_ownership": "BucketOwnerEnforced"}}),
        "versions": ("BucketVersioning", {"versioning_configuration": {"status": "Enabled"}}),
        "encryption": (
            # Application Load Balancers write to no bucket that KMS encrypts.
            "BucketServerSideEncryptionConfiguration",
            {"rules": [{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}]},
        ),
        "lifecycle": (
            "BucketLifecycleConfiguration",
            {
                "rules": [
                    {
                        "id": "expire",
                        "status": "Enabled",
                        "filter": {"prefix": ""},
                        "expiration": {"days": keep_days},
                        "noncurrent_version_expiration": {"noncurrent_days": 1},
                        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
                    }
                ]
            },
        ),
    }


def build_policy(kind: str, bucket_arn: str, account: str) -> str:
    """The bucket's policy: who delivers logs may write for this account alone, and nobody without TLS.

    AWS documentation, "Access logs for your Application Load Balancer" and "... Network Load Balancer".
    """
    partition = bucket_arn.split(":")[1]
    objects = f"{bucket_arn}/*/AWSLogs/{account}/*"
    statements: list[dict[str, Any]] = [
        {
            "Sid": "TlsAlone",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if kind == AwsBalancerKind.APPLICATION.value:
        # The account in the key is that of the load balancer, which keeps others out. A condition on aws:SourceArn is
        # left out: a service that does not send what a condition asks for is refused, and some report that this one
        # does not, so that no load balancer could be made.
        statements.append(_allow("Write", "logdelivery.elasticloadbalancing", "s3:PutObject", objects))
    else:
        source = {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:{partition}:logs:*:{account}:*"},
        }
        kept = {**source, "StringEquals": {**source["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}}
        statements.append(_allow("Write", "delivery.logs", "s3:PutObject", objects, kept))
        statements.append(_allow("LookUp", "delivery.logs", "s3:GetBucketAcl", bucket_arn, source))
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(
    sid: str, service: str, action: str, resource: str, condition: Optional[Mapping[str, Any]] = None
) -> dict[str, Any]:
    allowed: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return {**allowed, **({"Condition": condition} if condition else {})}
