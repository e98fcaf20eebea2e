"""Buckets and what is set on them, as the provider makes them."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import Asked

__all__ = ["MAKERS"]

_NAME_LENGTH = 63


def bucket(asked: "Asked") -> dict[str, Any]:
    """aws:s3/bucket:Bucket."""
    name = asked.name(_NAME_LENGTH, "bucket")
    region = asked.model.region
    where = None if region == "us-east-1" else {"LocationConstraint": region}
    asked.call("s3", "CreateBucket", {"Bucket": name, "CreateBucketConfiguration": where})
    if asked.preview:
        return {"bucket": name}
    return {"id": name, "bucket": name, "arn": f"arn:aws:s3:::{name}", "bucketDomainName": f"{name}.s3.amazonaws.com"}


def public_access_block(asked: "Asked") -> dict[str, Any]:
    """aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock."""
    names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
    told = {f"{name[0].upper()}{name[1:]}": bool(asked.get(name, False)) for name in names}
    params = {"Bucket": asked.get("bucket"), "PublicAccessBlockConfiguration": told}
    asked.call("s3", "PutPublicAccessBlock", params)
    return _of_bucket(asked)


def ownership(asked: "Asked") -> dict[str, Any]:
    """aws:s3/bucketOwnershipControls:BucketOwnershipControls."""
    rules = [{"ObjectOwnership": asked.get("rule", {}).get("objectOwnership")}]
    params = {"Bucket": asked.get("bucket"), "OwnershipControls": {"Rules": rules}}
    asked.call("s3", "PutBucketOwnershipControls", params)
    return _of_bucket(asked)


def versioning(asked: "Asked") -> dict[str, Any]:
    """aws:s3/bucketVersioning:BucketVersioning."""
    told = {"Status": asked.get("versioningConfiguration", {}).get("status")}
    asked.call("s3", "PutBucketVersioning", {"Bucket": asked.get("bucket"), "VersioningConfiguration": told})
    return _of_bucket(asked)


def encryption(asked: "Asked") -> dict[str, Any]:
    """aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration."""
    rules: list[dict[str, Any]] = []
    for given in asked.get("rules", []):
        default: dict[str, Any] = given.get("applyServerSideEncryptionByDefault") or {}
        names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
        told = {theirs: default[ours] for ours, theirs in names.items() if default.get(ours) is not None}
        rules.append({"ApplyServerSideEncryptionByDefault": told})
    params = {"Bucket": asked.get("bucket"), "ServerSideEncryptionConfiguration": {"Rules": rules}}
    asked.call("s3", "PutBucketEncryption", params)
    return _of_bucket(asked)


def lifecycle(asked: "Asked") -> dict[str, Any]:
    """aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration."""
    rules = [_lifecycle_rule(it) for it in asked.get("rules", [])]
    params = {"Bucket": asked.get("bucket"), "LifecycleConfiguration": {"Rules": rules}}
    asked.call("s3", "PutBucketLifecycleConfiguration", params)
    return _of_bucket(asked)


def _lifecycle_rule(given: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"ID": given.get("id"), "Status": given.get("status"), "Filter": {"Prefix": ""}}
    chosen: dict[str, Any] = given.get("filter") or {}
    if (prefix := chosen.get("prefix")) is not None:
        told["Filter"] = {"Prefix": prefix}
    if expiration := given.get("expiration"):
        told["Expiration"] = {"Days": expiration.get("days")}
    if old := given.get("noncurrentVersionExpiration"):
        told["NoncurrentVersionExpiration"] = {"NoncurrentDays": old.get("noncurrentDays")}
    if aborted := given.get("abortIncompleteMultipartUpload"):
        told["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": aborted.get("daysAfterInitiation")}
    return told


def policy(asked: "Asked") -> dict[str, Any]:
    """aws:s3/bucketPolicy:BucketPolicy."""
    text = asked.get("policy")
    document = text if isinstance(text, str) else json.dumps(text)
    try:
        json.loads(document)
    except ValueError as broken:
        if not asked.preview:
            asked.refuse("PutBucketPolicy", f"its policy is no JSON: {broken}")
    asked.call("s3", "PutBucketPolicy", {"Bucket": asked.get("bucket"), "Policy": document})
    return _of_bucket(asked)


def _of_bucket(asked: "Asked") -> dict[str, Any]:
    return {} if asked.preview else {"id": asked.get("bucket")}


MAKERS = {
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": public_access_block,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ownership,
    "aws:s3/bucketVersioning:BucketVersioning": versioning,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": encryption,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
    "aws:s3/bucketPolicy:BucketPolicy": policy,
}
