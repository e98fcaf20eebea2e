"""What a changed program would have AWS change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import AwsModel

__all__ = ["REPLACED_BY", "Changes", "changes_between"]

REPLACED_BY: Mapping[str, tuple[str, ...]] = {
    "aws:acm/certificate:Certificate": ("domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"),
    "aws:acm/certificateValidation:CertificateValidation": ("certificateArn", "validationRecordFqdns"),
    "aws:ec2/eip:Eip": ("domain", "address", "publicIpv4Pool"),
    "aws:ec2/securityGroup:SecurityGroup": ("name", "description", "vpcId"),
    "aws:lb/listener:Listener": ("loadBalancerArn",),
    "aws:lb/listenerCertificate:ListenerCertificate": ("listenerArn", "certificateArn"),
    "aws:lb/listenerRule:ListenerRule": ("listenerArn",),
    "aws:lb/loadBalancer:LoadBalancer": ("name", "internal", "loadBalancerType", "customerOwnedIpv4Pool"),
    "aws:lb/targetGroup:TargetGroup": (
        *("name", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"),
    ),
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": ("targetGroupArn", "targetId", "port", "availabilityZone"),
    "aws:lb/trustStore:TrustStore": ("name",),
    "aws:route53/record:Record": ("name", "type", "zoneId", "setIdentifier"),
    "aws:s3/bucket:Bucket": ("bucket", "objectLockEnabled"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("bucket",),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("bucket",),
    "aws:s3/bucketPolicy:BucketPolicy": ("bucket",),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("bucket",),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("bucket",),
    "aws:s3/bucketVersioning:BucketVersioning": ("bucket",),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("securityGroupId",),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("securityGroupId",),
    "aws:wafv2/webAclAssociation:WebAclAssociation": ("webAclArn", "resourceArn"),
}
"""By type, the inputs whose change makes another resource: the AWS provider's schema (7.51) marks them as such."""


@dataclass
class Changes:
    """What an update would do, by the resources' Pulumi names; what stays the same is left out."""

    created: set[str] = field(default_factory=set[str])
    updated: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Each with the inputs that change."""
    replaced: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Each with the inputs that make another one of it."""
    deleted: set[str] = field(default_factory=set[str])


def changes_between(model: "AwsModel", before: Callable[[], Any], after: Callable[[], Any]) -> Changes:
    """Run a program, then a changed one, and answer what an update would do."""
    # Imported here: that module takes this model as an argument.
    from .. import record

    record(before, aws=model)
    changes = Changes()
    previous = dict(model.made)
    model.begin_update(changes)
    try:
        record(after, aws=model)
    finally:
        model.end_update()
    changes.deleted = {urn.rpartition("::")[2] for urn in previous if urn not in model.seen}
    return changes


def difference(type_token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The inputs that differ, and those of them that make another resource."""
    changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    return changed, changed & set(REPLACED_BY.get(type_token, ()))
