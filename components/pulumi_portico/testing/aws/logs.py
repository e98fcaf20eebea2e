"""Where load balancers write their logs to, and whether AWS would let them.

AWS tries the bucket when logs are switched on, and refuses where it may not write. Sources: "Access logs for your
Application Load Balancer", "... Network Load Balancer" (Step 2: attach a policy to the bucket; bucket requirements).
"""

import fnmatch
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, cast

from botocore.exceptions import ClientError

from ...untyped import Properties
from .attributes import ALB, NLB
from .aws_request import AwsRequest, is_unknown

__all__ = ["UNPROVED_LOGS", "log_attributes"]

_OPERATION = "ModifyLoadBalancerAttributes"


@dataclass(frozen=True)
class _Logs:
    key: str
    of: tuple[str, ...]


_KINDS: Mapping[str, _Logs] = {
    "accessLogs": _Logs("access_logs.s3", (ALB, NLB)),
    "connectionLogs": _Logs("connection_logs.s3", (ALB,)),
    "healthCheckLogs": _Logs("health_check_logs.s3", (ALB,)),
}
# Who writes, by the type of the load balancer.
_WRITERS = {ALB: "logdelivery.elasticloadbalancing.amazonaws.com", NLB: "delivery.logs.amazonaws.com"}


UNPROVED_LOGS = ("health_check_logs.s3.bucket", "health_check_logs.s3.prefix")
"""The attributes of logs that moto does not know."""


def log_attributes(request: AwsRequest, kind: str) -> list[dict[str, str]]:
    """The attributes that say what is logged, and where."""
    found: list[dict[str, str]] = []
    for field, logs in _KINDS.items():
        given = request.part(field)
        request.translated(given, {"enabled": "", "bucket": "", "prefix": ""}, field)
        if not given.get("enabled"):
            continue
        if kind not in logs.of:
            request.refuse(_OPERATION, f"{logs.key} ({field}) isn't an attribute of a load balancer of type {kind}")
        bucket, prefix = given.get("bucket"), given.get("prefix")
        if not bucket:
            request.refuse(_OPERATION, f"{logs.key}.enabled is true, and {logs.key}.bucket is missing")
        if not request.preview:
            _check_it_may_write(request, kind, bucket, prefix or "")
        params = {"enabled": "true", "bucket": bucket, **({"prefix": prefix} if prefix else {})}
        found += [
            {"Key": f"{logs.key}.{key}", "Value": value} for key, value in params.items() if not is_unknown(value)
        ]
    return found


def _check_it_may_write(request: AwsRequest, kind: str, bucket: str, prefix: str) -> None:
    request.ask("s3", "HeadBucket", {"Bucket": bucket})
    encrypted = _said(request, "get_bucket_encryption", bucket, "ServerSideEncryptionConfiguration")
    if kind == ALB and "aws:kms" in json.dumps(encrypted):
        request.refuse(
            _OPERATION, f"the bucket {bucket} is encrypted by KMS; an Application Load Balancer supports only SSE-S3"
        )
    policy = json.loads(_said(request, "get_bucket_policy", bucket, "Policy") or "{}")
    key = f"arn:aws:s3:::{bucket}/{prefix + '/' if prefix else ''}AWSLogs/{request.model.account}/x"
    if not any(_lets(statement, _WRITERS[kind], key) for statement in _listed(policy.get("Statement"))):
        request.refuse(
            _OPERATION,
            f"Access Denied for bucket: {bucket}. Its policy does not let {_WRITERS[kind]} put {key[13:-1]}*",
        )


def _said(request: AwsRequest, method: str, bucket: str, key: str) -> Optional[Any]:
    try:
        return getattr(request.model.client("s3"), method)(Bucket=bucket)[key]
    except ClientError:
        return None


def _lets(statement: Properties, writer: str, key: str) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service")) if isinstance(principal, Mapping) else []
    actions = map(str.lower, _listed(statement.get("Action")))
    return (
        statement.get("Effect") == "Allow"
        and writer in services
        and any(fnmatch.fnmatchcase("s3:putobject", action) for action in actions)
        and any(fnmatch.fnmatchcase(key, resource) for resource in _listed(statement.get("Resource")))
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(cast("Sequence[Any]", value))
    return [value]
