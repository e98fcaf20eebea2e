"""Buckets and what is set on them, as the provider makes them.

Source: the API reference of S3; for what makes another one, terraform-provider-aws.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from ...untyped import Properties
from .asked import Asked, is_unknown
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


def _bucket(asked: Asked) -> dict[str, Any]:
    name, region = asked.name(_NAME_LENGTH, "bucket"), asked.model.region
    if not _NAME.fullmatch(name):
        asked.refuse("CreateBucket", f"InvalidBucketName: {name!r}; small letters, digits, dots and hyphens, 3 to 63")
    where = None if region == "us-east-1" else {"LocationConstraint": region}
    # The provider's own, and what goes by a call of its own.
    asked.get("forceDestroy")
    asked.get("tags")
    asked.call("s3", "CreateBucket", {"Bucket": name, "CreateBucketConfiguration": where})
    if asked.preview:
        return {"bucket": name}
    return {"id": name, "bucket": name, "arn": f"arn:aws:s3:::{name}", "bucketDomainName": f"{name}.s3.amazonaws.com"}


def _change_bucket(asked: Asked) -> None:
    """Tags and `forceDestroy` alone change in place."""


def _remove_bucket(asked: Asked) -> None:
    name = asked.made["bucket"]
    if asked.get("forceDestroy"):
        for it in asked.ask("s3", "ListObjectVersions", {"Bucket": name}).get("Versions", []):
            asked.call("s3", "DeleteObject", {"Bucket": name, "Key": it["Key"], "VersionId": it["VersionId"]})
    asked.call("s3", "DeleteBucket", {"Bucket": name})


def _set(operation: str, told: Callable[[Asked], Properties], back: str) -> Kind:
    """A setting of a bucket: one call sets it, another takes it back."""

    def make(asked: Asked) -> dict[str, Any]:
        asked.call("s3", operation, {"Bucket": asked.get("bucket"), **told(asked)})
        return {} if asked.preview else {"id": asked.get("bucket")}

    def remove(asked: Asked) -> None:
        if back:
            asked.call("s3", back, {"Bucket": asked.get("bucket")})

    return Kind(make, remove, replaced_by=("bucket",), ordered=("rules",) if "Lifecycle" in operation else ())


def _access(asked: Asked) -> Properties:
    return {
        "PublicAccessBlockConfiguration": {theirs: bool(asked.get(ours, False)) for ours, theirs in _BLOCKS.items()}
    }


def _ownership(asked: Asked) -> Properties:
    rule = asked.told(asked.part("rule"), {"objectOwnership": "ObjectOwnership"}, "rule")
    return {"OwnershipControls": {"Rules": [rule]}}


def _versioning(asked: Asked) -> Properties:
    given = asked.part("versioningConfiguration")
    told = asked.told(given, {"status": "Status", "mfaDelete": "MFADelete"}, "versioningConfiguration")
    return {"VersioningConfiguration": told}


def _encryption(asked: Asked) -> Properties:
    rules: list[dict[str, Any]] = []
    for given in asked.items("rules"):
        names = {"applyServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
        rule = asked.told(given, {**names, "bucketKeyEnabled": "BucketKeyEnabled"}, "rules")
        if default := rule.get("ApplyServerSideEncryptionByDefault"):
            named = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
            rule["ApplyServerSideEncryptionByDefault"] = asked.told(default, named, "rules")
        rules.append(rule)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _lifecycle(asked: Asked) -> Properties:
    rules: list[dict[str, Any]] = []
    for given in asked.items("rules"):
        rule: dict[str, Any] = {"Filter": {}, **asked.told(given, _LIFECYCLE, "rules")}
        parts = {it: asked.told(rule[it], names, f"rules.{it}") for it, names in _PARTS.items() if it in rule}
        rules.append({**rule, **parts, "Filter": {"Prefix": "", **parts["Filter"]}})
    return {"LifecycleConfiguration": {"Rules": rules}}


def _policy(asked: Asked) -> Properties:
    text = asked.get("policy")
    document = text if isinstance(text, str) else json.dumps(text)
    if is_unknown(document):
        return {"Policy": document}
    try:
        told = json.loads(document)
    except ValueError as broken:
        asked.refuse("PutBucketPolicy", f"MalformedPolicy: its policy is no JSON: {broken}")
    if not isinstance(told, dict) or "Statement" not in told:
        asked.refuse("PutBucketPolicy", "MalformedPolicy: its policy has no Statement")
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
