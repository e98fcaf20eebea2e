"""Buckets and what is set on them, as the provider makes them.

Source: the API reference of S3; for what makes another one, terraform-provider-aws.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from ...untyped import Properties
from .aws_request import AwsRequest, is_unknown
from .kinds import Kind

__all__ = ["KINDS"]

_NAME_LENGTH = 63
# "Bucket naming rules": a letter or digit at both ends, no two dots together.
_NAME = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BLOCKS = {
    "blockPublicAcls": "BlockPublicAcls",
    "ignorePublicAcls": "IgnorePublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}
_LIFECYCLE = {
    "id": "ID",
    "status": "Status",
    "filter": "Filter",
    "expiration": "Expiration",
    "noncurrentVersionExpiration": "NoncurrentVersionExpiration",
    "abortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
}
_PARTS = {
    "Filter": {"prefix": "Prefix"},
    "Expiration": {"days": "Days"},
    "NoncurrentVersionExpiration": {"noncurrentDays": "NoncurrentDays"},
    "AbortIncompleteMultipartUpload": {"daysAfterInitiation": "DaysAfterInitiation"},
}


def _bucket(request: AwsRequest) -> dict[str, Any]:
    name, region = request.name(_NAME_LENGTH, "bucket"), request.model.region
    if not _NAME.fullmatch(name):
        request.refuse(
            "CreateBucket",
            f"InvalidBucketName: {name!r}; AWS allows 3 to 63 lowercase letters, digits, dots, and hyphens",
        )
    where = None if region == "us-east-1" else {"LocationConstraint": region}
    # The provider's own, and what goes by a call of its own.
    request.get("forceDestroy")
    request.get("tags")
    request.call("s3", "CreateBucket", {"Bucket": name, "CreateBucketConfiguration": where})
    if request.preview:
        return {"bucket": name}
    return {"id": name, "bucket": name, "arn": f"arn:aws:s3:::{name}", "bucketDomainName": f"{name}.s3.amazonaws.com"}


def _change_bucket(request: AwsRequest) -> None:
    """Tags and `forceDestroy` alone change in place."""


def _remove_bucket(request: AwsRequest) -> None:
    name = request.made["bucket"]
    if request.get("forceDestroy"):
        for version in request.ask("s3", "ListObjectVersions", {"Bucket": name}).get("Versions", []):
            request.call(
                "s3", "DeleteObject", {"Bucket": name, "Key": version["Key"], "VersionId": version["VersionId"]}
            )
    request.call("s3", "DeleteBucket", {"Bucket": name})


def _set(operation: str, settings: Callable[[AwsRequest], Properties], back: str) -> Kind:
    """A setting of a bucket: one call sets it, another takes it back."""

    def make(request: AwsRequest) -> dict[str, Any]:
        request.call("s3", operation, {"Bucket": request.get("bucket"), **settings(request)})
        return {} if request.preview else {"id": request.get("bucket")}

    def remove(request: AwsRequest) -> None:
        if back:
            request.call("s3", back, {"Bucket": request.get("bucket")})

    return Kind(make, remove, replaced_by=("bucket",), ordered=("rules",) if "Lifecycle" in operation else ())


def _access(request: AwsRequest) -> Properties:
    return {
        "PublicAccessBlockConfiguration": {theirs: bool(request.get(ours, False)) for ours, theirs in _BLOCKS.items()}
    }


def _ownership(request: AwsRequest) -> Properties:
    rule = request.translated(request.part("rule"), {"objectOwnership": "ObjectOwnership"}, "rule")
    return {"OwnershipControls": {"Rules": [rule]}}


def _versioning(request: AwsRequest) -> Properties:
    given = request.part("versioningConfiguration")
    params = request.translated(given, {"status": "Status", "mfaDelete": "MFADelete"}, "versioningConfiguration")
    return {"VersioningConfiguration": params}


def _encryption(request: AwsRequest) -> Properties:
    rules: list[dict[str, Any]] = []
    for given in request.items("rules"):
        names = {"applyServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
        rule = request.translated(given, {**names, "bucketKeyEnabled": "BucketKeyEnabled"}, "rules")
        if default := rule.get("ApplyServerSideEncryptionByDefault"):
            named = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
            rule["ApplyServerSideEncryptionByDefault"] = request.translated(default, named, "rules")
        rules.append(rule)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _lifecycle(request: AwsRequest) -> Properties:
    rules: list[dict[str, Any]] = []
    for given in request.items("rules"):
        rule: dict[str, Any] = {"Filter": {}, **request.translated(given, _LIFECYCLE, "rules")}
        parts = {
            part: request.translated(rule[part], names, f"rules.{part}")
            for part, names in _PARTS.items()
            if part in rule
        }
        rules.append({**rule, **parts, "Filter": {"Prefix": "", **parts["Filter"]}})
    return {"LifecycleConfiguration": {"Rules": rules}}


def _policy(request: AwsRequest) -> Properties:
    text = request.get("policy")
    document = text if isinstance(text, str) else json.dumps(text)
    if is_unknown(document):
        return {"Policy": document}
    try:
        parsed = json.loads(document)
    except ValueError as broken:
        request.refuse("PutBucketPolicy", f"MalformedPolicy: the policy isn't valid JSON: {broken}")
    if not isinstance(parsed, dict) or "Statement" not in parsed:
        request.refuse("PutBucketPolicy", "MalformedPolicy: the policy has no Statement")
    return {"Policy": document}


_OF_BUCKET = {
    "PublicAccessBlock": _set("PutPublicAccessBlock", _access, "DeletePublicAccessBlock"),
    "OwnershipControls": _set("PutBucketOwnershipControls", _ownership, "DeleteBucketOwnershipControls"),
    # Versioning that was on can only be suspended.
    "Versioning": _set("PutBucketVersioning", _versioning, ""),
    "ServerSideEncryptionConfiguration": _set("PutBucketEncryption", _encryption, "DeleteBucketEncryption"),
    "LifecycleConfiguration": _set("PutBucketLifecycleConfiguration", _lifecycle, "DeleteBucketLifecycle"),
    "Policy": _set("PutBucketPolicy", _policy, "DeleteBucketPolicy"),
}
KINDS = {
    "aws:s3/bucket:Bucket": Kind(
        _bucket,
        _remove_bucket,
        _change_bucket,
        replaced_by=("bucket", "bucketPrefix", "objectLockEnabled"),
        named_by="bucket",
        longest_name=_NAME_LENGTH,
    ),
    **{f"aws:s3/bucket{name}:Bucket{name}": kind for name, kind in _OF_BUCKET.items()},
}
