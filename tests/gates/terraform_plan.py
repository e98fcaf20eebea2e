"""A recording's AWS resources as the document that `terraform show -json` writes of a plan, which scanners read.

Only what scanners need: each resource with its values, and in the configuration the references between resources, by
which a rule finds the listeners of a load balancer or the block of a bucket.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pulumi_portico.testing import Recording, Registration

# The provider's own names, where they are not the token in snake case.
_TYPES = {
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:acm/certificate:Certificate": "aws_acm_certificate",
    "aws:acm/certificateValidation:CertificateValidation": "aws_acm_certificate_validation",
    "aws:ec2/eip:Eip": "aws_eip",
    "aws:ec2/securityGroup:SecurityGroup": "aws_security_group",
    "aws:s3/bucket:Bucket": "aws_s3_bucket",
    "aws:wafv2/webAclAssociation:WebAclAssociation": "aws_wafv2_web_acl_association",
}
_FIELDS = {("aws_route53_record", "aliases"): "alias"}
# Lists of blocks have names in the singular there.
_SINGULAR = {
    "default_actions": "default_action",
    "actions": "action",
    "conditions": "condition",
    "rules": "rule",
    "subnet_mappings": "subnet_mapping",
    "target_groups": "target_group",
    "query_strings": "query_string",
}
_MAPS = ("tags", "tags_all")


def plan_of(recorded: Recording) -> dict[str, Any]:
    """The plan of a recording's AWS resources."""
    made = [it for it in recorded.registrations if it.type.startswith("aws:") and it.custom]
    addresses = {it.urn: f"{_type(it)}.{_slug(it.name)}" for it in made}
    resources = [_resource(it, addresses[it.urn]) for it in made]
    configuration = [_configured(it, addresses) for it in made]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [
            {
                **{key: it[key] for key in ("address", "mode", "type", "name", "provider_name")},
                "change": {"actions": ["create"], "before": None, "after": it["values"], "after_unknown": {}},
            }
            for it in resources
        ],
        "configuration": {"root_module": {"resources": configuration}},
    }


def _type(it: Registration) -> str:
    if it.type in _TYPES:
        return _TYPES[it.type]
    module, name = it.type.split(":")[1].split("/")[0], it.type.rpartition(":")[2]
    return f"aws_{module}_{_snake(name)}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _resource(it: Registration, address: str) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    values: Any = _values(kind, it.manifest())
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "hashicorp/aws",
        "values": values,
    }


def _values(kind: str, given: Any) -> Any:
    if isinstance(given, Mapping):
        found: dict[str, Any] = {}
        for key, value in cast("Mapping[str, Any]", given).items():
            name = _name(kind, _snake(key))
            # A block is a list of one there.
            block = isinstance(value, Mapping) and name not in _MAPS
            found[name] = value if name in _MAPS else [_values(kind, value)] if block else _values(kind, value)
        return found
    if isinstance(given, Sequence) and not isinstance(given, str):
        return [_values(kind, it) for it in cast("Sequence[Any]", given)]
    return given


def _name(kind: str, name: str) -> str:
    return _FIELDS.get((kind, name), _SINGULAR.get(name, name))


def _configured(it: Registration, addresses: Mapping[str, str]) -> dict[str, Any]:
    address = addresses[it.urn]
    kind, _, name = address.partition(".")
    expressions = {
        _name(kind, _snake(field)): {"references": sorted(f"{addresses[urn]}.id" for urn in urns if urn in addresses)}
        for field, urns in it.property_dependencies.items()
        if any(urn in addresses for urn in urns)
    }
    return {"address": address, "mode": "managed", "type": kind, "name": name, "expressions": expressions}
