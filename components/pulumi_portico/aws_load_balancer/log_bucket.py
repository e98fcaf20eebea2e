"""Registers the bucket that a load balancer's logs go to."""

from collections.abc import Mapping
from typing import Any

import pulumi

from .logs import bucket_settings, build_policy, wanted_logs
from .resources import call, register_aws

__all__ = ["make_log_bucket"]

_KEEP_DAYS = 90


def make_log_bucket(component: pulumi.Resource, name: str, aws: Mapping[str, Any]) -> tuple[Any, list[pulumi.Resource]]:
    """The bucket's name, and what must be there before the load balancer writes; none where nothing is logged."""
    logs: Mapping[str, Any] = aws.get("logs", {})
    if not wanted_logs(aws):
        return None, []
    if "bucket" in logs:
        return logs["bucket"], []
    options = pulumi.ResourceOptions(parent=component)
    tags = {"tags": dict(aws["tags"])} if "tags" in aws else {}
    settings = {"force_destroy": logs.get("delete_with_balancer", False), **tags}
    bucket = register_aws("s3.Bucket", f"{name}-logs", settings, options)
    made: list[pulumi.Resource] = []
    for suffix, (kind, properties) in bucket_settings(logs.get("keep_days", _KEEP_DAYS)).items():
        # S3 takes one change of a bucket at a time, and knows versions before it expires them.
        after = pulumi.ResourceOptions(parent=component, depends_on=made[-1:])
        made.append(register_aws(f"s3.{kind}", f"{name}-logs-{suffix}", {"bucket": bucket.bucket, **properties}, after))
    account = call("get_caller_identity", {}, component).apply(_account)
    policy = pulumi.Output.all(bucket.arn, account).apply(lambda it: build_policy(aws["kind"], str(it[0]), str(it[1])))
    after = pulumi.ResourceOptions(parent=component, depends_on=made[-1:])
    properties = {"bucket": bucket.bucket, "policy": policy}
    return bucket.bucket, [register_aws("s3.BucketPolicy", f"{name}-logs-policy", properties, after)]


def _account(identity: Any) -> str:
    return identity.account_id
