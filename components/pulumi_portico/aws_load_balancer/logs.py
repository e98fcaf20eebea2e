"""The logs of a load balancer, and the bucket that they go to: the type, its rules, and the builders."""

import json
from collections.abc import Sequence
from enum import Enum
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, table
from ..args.parse import Field, Rules
from ..args.problems import Reason
from ..args.spec import Spec, spec
from ..args.units import DAYS
from ..args.values import whole_number
from ..load_balancers import bucket_name
from ..outputs import words
from ..untyped import Properties
from .choices import AwsBalancerKind
from .routes import text

__all__ = ["RULES", "AwsLogs", "AwsLogsSpec", "LogKind", "bucket_settings", "build_logs", "build_policy"]


class LogKind(Enum):
    """A kind of log, by its property of `aws.lb.LoadBalancer`."""

    ACCESS = "access_logs"
    CONNECTIONS = "connection_logs"
    HEALTH = "health_check_logs"

    @property
    def prefix(self) -> str:
        """The prefix of its objects in a bucket that is created."""
        return self.name.lower()


class AwsLogs(TypedDict):
    """What the load balancer writes down, into a bucket."""

    access: NotRequired[bool]
    """Whether each request (of a Network Load Balancer, each TLS connection) is logged. Plain. Default: true, for a
    Network Load Balancer where a listener speaks TLS."""

    connections: NotRequired[bool]
    """Whether each connection is. Plain. Application Load Balancers. Default: false."""

    health: NotRequired[bool]
    """Whether the health checks are logged. Plain. Application Load Balancers. Default: false."""

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


@spec(AwsLogs, elsewhere=table({"enabled": SWITCHED_ON}))
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


RULES: Rules = {
    AwsLogs: {
        "bucket": Field(bucket_name),
        "prefix": Field(_prefix),
        "keep_days": Field(whole_number(1, what=DAYS)),
    }
}
"""What the fields must satisfy beyond their types (ModifyLoadBalancerAttributes, `access_logs.s3.prefix`)."""


def build_logs(logs: Optional[AwsLogsSpec], kinds: Sequence[LogKind], bucket: Any) -> Properties:
    """The properties of the load balancer that set what it logs, and where."""
    prefix = None if logs is None else logs.prefix
    is_own = logs is None or logs.bucket is None
    built: dict[str, Any] = {}
    for kind in kinds:
        key_prefix = prefix
        if is_own:
            # Each kind has its own prefix, because their keys look alike.
            key_prefix = kind.prefix if prefix is None else words(prefix, "/", kind.prefix)
        built[kind.value] = {
            "enabled": True,
            "bucket": bucket,
            **({} if key_prefix is None else {"prefix": key_prefix}),
        }
    return built


def bucket_settings(keep_days: int) -> dict[str, tuple[str, Properties]]:
    """The settings of a bucket for logs: the suffix of each resource's name, its class, and its properties."""
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
            # Application Load Balancers can't write to a bucket that KMS encrypts.
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


def build_policy(kind: AwsBalancerKind, bucket_arn: str, account: str) -> str:
    """The bucket's policy: the service that delivers logs can write only for this account, and nobody without TLS.

    AWS documentation, "Access logs for your Application Load Balancer" and "... Network Load Balancer".
    """
    objects = f"{bucket_arn}/*/AWSLogs/{account}/*"
    statements: list[Properties] = [
        {
            "Sid": "TlsAlone",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if kind is AwsBalancerKind.APPLICATION:
        # The key contains the account of the load balancer, so no other account can write. There is no condition on
        # aws:SourceArn: AWS rejects a service that doesn't send the key of a condition, users report that this one
        # doesn't, and then no load balancer can be created.
        statements.append(_allow("Write", "logdelivery.elasticloadbalancing", "s3:PutObject", objects))
    else:
        # Mocks return no ARN, so this accepts any text.
        partition = bucket_arn.partition(":")[2].partition(":")[0]
        source = {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:{partition}:logs:*:{account}:*"},
        }
        kept = {**source, "StringEquals": {**source["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}}
        statements.append(_allow("Write", "delivery.logs", "s3:PutObject", objects, kept))
        statements.append(_allow("LookUp", "delivery.logs", "s3:GetBucketAcl", bucket_arn, source))
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(sid: str, service: str, action: str, resource: str, condition: Optional[Properties] = None) -> Properties:
    allowed: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return {**allowed, **({"Condition": condition} if condition else {})}
