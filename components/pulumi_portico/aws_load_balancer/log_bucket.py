"""The bucket that a load balancer's logs go to."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..lifecycle.objects import ObjectSpec, Ref
from ..outputs import Computed
from .choices import AwsBalancerKind
from .logs import AwsLogsSpec, bucket_settings, build_policy
from .plan import AwsLoadBalancerPlan
from .resources import AwsLookup, AwsResource, without_none

__all__ = ["BUCKET_POLICY", "creates_bucket", "log_bucket_objects", "log_bucket_of"]

BUCKET_POLICY = "log-bucket/policy"
"""The key of the policy. What comes after it comes after everything that the bucket needs."""

_BUCKET, _ACCOUNT = "log-bucket", "account"
_KEEP_DAYS = 90


def creates_bucket(plan: AwsLoadBalancerPlan) -> bool:
    """Whether the load balancer's logs go to a bucket that is created here."""
    return bool(plan.log_kinds) and (plan.spec.logs is None or plan.spec.logs.bucket is None)


def log_bucket_of(plan: AwsLoadBalancerPlan) -> Any:
    """The name of the bucket; None if nothing is logged."""
    if creates_bucket(plan):
        return Ref(_BUCKET, output=("bucket",))
    return plan.spec.logs.bucket if plan.log_kinds and plan.spec.logs is not None else None


def log_bucket_objects(plan: AwsLoadBalancerPlan) -> Iterator[ObjectSpec]:
    """The bucket with its settings and its policy, if it is created here."""
    if not creates_bucket(plan):
        return
    logs = plan.spec.logs or AwsLogsSpec()
    settings = without_none({"force_destroy": bool(logs.delete_with_balancer), "tags": plan.spec.tags})
    yield AwsResource(_BUCKET, settings, type="s3.Bucket", suffix="logs")
    bucket = Ref(_BUCKET, output=("bucket",))
    # S3 accepts one change of a bucket at a time, and must have versions before it expires them.
    after: Sequence[str] = ()
    for name, (cls, properties) in bucket_settings(logs.keep_days or _KEEP_DAYS).items():
        key = f"{_BUCKET}/{name}"
        described = {"bucket": bucket, **properties}
        yield AwsResource(key, described, type=f"s3.{cls}", suffix=f"logs-{name}", after=after)
        after = (key,)
    yield AwsLookup(_ACCOUNT, {}, function="get_caller_identity")
    parts = (Ref(_BUCKET, output=("arn",)), Ref(_ACCOUNT, output=("account_id",)))
    policy = Computed(partial(_policy, plan.spec.kind), parts)
    described = {"bucket": bucket, "policy": policy}
    yield AwsResource(BUCKET_POLICY, described, type="s3.BucketPolicy", suffix="logs-policy", after=after)


def _policy(kind: AwsBalancerKind, known: Sequence[Any]) -> str:
    bucket_arn, account = known
    return build_policy(kind, str(bucket_arn), str(account))
