"""What a program registers of AWS, as the document that `terraform show -json` makes of a plan.

Tools that audit infrastructure read that document. Pulumi's AWS provider is Terraform's own, with other names: types
and fields go back to Terraform's here. A type or a list of blocks that this does not know is refused, so that nothing
goes past the audit unseen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi_portico.testing import Recording, Registration
from pulumi_portico.testing.wire import unwrapped

__all__ = ["TYPES", "UnknownToTerraform", "snake", "terraform_plan"]

TYPES: Mapping[str, str] = {
    "aws:acm/certificate:Certificate": "aws_acm_certificate",
    "aws:acm/certificateValidation:CertificateValidation": "aws_acm_certificate_validation",
    "aws:ec2/eip:Eip": "aws_eip",
    "aws:ec2/securityGroup:SecurityGroup": "aws_security_group",
    "aws:ec2/vpcEndpointService:VpcEndpointService": "aws_vpc_endpoint_service",
    "aws:lb/listener:Listener": "aws_lb_listener",
    "aws:lb/listenerCertificate:ListenerCertificate": "aws_lb_listener_certificate",
    "aws:lb/listenerRule:ListenerRule": "aws_lb_listener_rule",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:lb/targetGroup:TargetGroup": "aws_lb_target_group",
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": "aws_lb_target_group_attachment",
    "aws:lb/trustStore:TrustStore": "aws_lb_trust_store",
    "aws:route53/record:Record": "aws_route53_record",
    "aws:s3/bucket:Bucket": "aws_s3_bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "aws_s3_bucket_lifecycle_configuration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "aws_s3_bucket_ownership_controls",
    "aws:s3/bucketPolicy:BucketPolicy": "aws_s3_bucket_policy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "aws_s3_bucket_public_access_block",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "aws_s3_bucket_server_side_encryption_configuration"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "aws_s3_bucket_versioning",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "aws_vpc_security_group_egress_rule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "aws_vpc_security_group_ingress_rule",
    "aws:wafv2/webAclAssociation:WebAclAssociation": "aws_wafv2_web_acl_association",
}
"""Pulumi's types, and what Terraform calls them."""

_BLOCKS: Mapping[str, str] = {
    "actions": "action",
    "aliases": "alias",
    "conditions": "condition",
    "default_actions": "default_action",
    "egress": "egress",
    "ingress": "ingress",
    "query_strings": "query_string",
    "rules": "rule",
    "subnet_mappings": "subnet_mapping",
    "target_failovers": "target_failover",
    "target_groups": "target_group",
    "target_health_states": "target_health_state",
    "transforms": "transform",
    "transitions": "transition",
    "validation_options": "validation_option",
}
"""Lists of blocks, which Pulumi names in the plural, and Terraform's names of them."""

_MAPS = frozenset({"tags", "tags_all"})
"""What is a map of the user's own keys; every other object is a block, of which Terraform makes a list."""

_TEXTS = frozenset({"policy"})
"""What a plan cannot know yet and an audit has to read: the update's text of it stands in for it."""


class UnknownToTerraform(LookupError):
    """A type or a field whose name in Terraform is not known."""


@dataclass
class _Described:
    """One resource or block: what is known of it, what is not, and what it comes from."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    unknown: dict[str, Any] = field(default_factory=dict[str, Any])
    expressions: dict[str, Any] = field(default_factory=dict[str, Any])


def terraform_plan(recording: Recording) -> dict[str, Any]:
    """The plan that makes what ``recording`` holds of AWS.

    As in a plan, what only AWS will tell is not there, and where it comes from is: `configuration` refers to the
    resource. The engine knows that per argument, so where an argument takes from several, each of them is referred to.
    """
    assert recording.preview is not None, "a plan is made of what a preview knows"
    planned = [it for it in recording.preview.registrations if it.custom and it.type.startswith("aws:")]
    updated = {it.urn: it for it in recording.registrations}
    addresses = dict(_addresses(planned))
    resources: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    configured: list[dict[str, Any]] = []
    for it in planned:
        described = _resource(it, updated[it.urn], addresses)
        kind, _, name = addresses[it.urn].partition(".")
        head = {
            "address": addresses[it.urn],
            "mode": "managed",
            "type": kind,
            "name": name,
        }
        resources.append({**head, "schema_version": 0, "values": described.values})
        change = {
            "actions": ["create"],
            "before": None,
            "after": described.values,
            "after_unknown": {"id": True, **described.unknown},
        }
        changes.append({**head, "change": change})
        configured.append(
            {
                **{key: head[key] for key in ("address", "mode", "type", "name")},
                "provider_config_key": "aws",
                "expressions": described.expressions,
            }
        )
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws"}},
            "root_module": {"resources": configured},
        },
    }


def _addresses(planned: Sequence[Registration]) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for it in planned:
        kind = TYPES.get(it.type)
        if kind is None:
            raise UnknownToTerraform(f"{it.name} is a {it.type}, whose name in Terraform is not in TYPES")
        base = address = f"{kind}.{re.sub(r'[^A-Za-z0-9_-]', '_', it.name)}"
        more = 1
        while address in taken:
            more += 1
            address = f"{base}_{more}"
        taken.add(address)
        yield it.urn, address


def _resource(planned: Registration, updated: Registration, addresses: Mapping[str, str]) -> _Described:
    described = _Described()
    told: Mapping[str, Any] = unwrapped(updated.inputs)
    for key, value in cast("Mapping[str, Any]", unwrapped(planned.inputs)).items():
        sources = sorted(addresses[urn] for urn in planned.property_dependencies.get(key, ()) if urn in addresses)
        name = snake(key)
        _add(described, name, told[key] if name in _TEXTS else value, sources)
        if sources and name in described.values and name not in described.expressions:
            # Known in a preview all the same, such as a policy's text.
            described.expressions[name] = {"references": _references(name, sources)}
    return described


def _add(described: _Described, name: str, value: Any, sources: Sequence[str]) -> None:
    """Add a field, by Terraform's name of it."""
    if _is_unknown(value):
        described.unknown[name] = True
        if sources:
            described.expressions[name] = {"references": _references(name, sources)}
    elif isinstance(value, Mapping) and name not in _MAPS:
        _add_blocks(described, name, [cast("Mapping[str, Any]", value)], sources)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        items = cast("Sequence[Any]", value)
        if items and all(isinstance(it, Mapping) for it in items):
            if name not in _BLOCKS:
                raise UnknownToTerraform(f"{name} is a list of blocks, whose name in Terraform is not in _BLOCKS")
            _add_blocks(described, _BLOCKS[name], items, sources)
            return
        described.values[name] = [it for it in items if not _is_unknown(it)]
        if any(map(_is_unknown, items)):
            described.unknown[name] = [_is_unknown(it) for it in items]
            # What a plan cannot know stands as null in a list of what it knows.
            described.values[name] = [None if _is_unknown(it) else it for it in items]
            if sources:
                described.expressions[name] = {"references": _references(name, sources)}
    else:
        described.values[name] = value


def _add_blocks(described: _Described, name: str, blocks: Sequence[Mapping[str, Any]], sources: Sequence[str]) -> None:
    made: list[_Described] = []
    for block in blocks:
        inner = _Described()
        for key, value in block.items():
            _add(inner, snake(key), value, sources)
        made.append(inner)
    described.values[name] = [it.values for it in made]
    described.unknown[name] = [it.unknown for it in made]
    described.expressions[name] = [it.expressions for it in made]


def _references(name: str, sources: Sequence[str]) -> list[str]:
    """What an expression refers to, as a plan lists it: the attribute first, then its resource.

    Which attribute, the engine is not told: it is what the field is named for.
    """
    attribute = "arn" if name.endswith(("arn", "arns")) else "id"
    return [text for source in sources for text in (f"{source}.{attribute}", source)]


def snake(name: str) -> str:
    """A name of Pulumi's in Terraform's way of writing."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Unknown) or value == rpc.UNKNOWN
