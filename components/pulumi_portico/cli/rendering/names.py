"""The names of objects whose names Pulumi would generate: the same in every run."""

import hashlib
import json
from typing import Any

from ...untyped import Manifest
from ..project import Stack

__all__ = ["generated_name", "urn_of"]

_BY_CONTENT = ("Secret", "ConfigMap")
"""The kinds whose objects Pulumi replaces when their content changes, so that pods that use them restart."""

_RENAMED = (":AwsLoadBalancer$", ":PublicLoadBalancer$")
"""A type of component and its former name, which generated names keep: its alias keeps a live stack's resources."""


def urn_of(stack: Stack, component_type: str, manifest: Manifest, name: str) -> str:
    """The URN of an object's resource in a component."""
    api_version = manifest["apiVersion"]
    group = api_version if "/" in api_version else f"core/{api_version}"
    token = f"kubernetes:{group}:{manifest['kind']}"
    types = f"{component_type}${token}" if component_type else f"pulumi:pulumi:Stack${token}"
    return f"urn:pulumi:{stack.name}::{stack.project}::{types}::{name}"


def generated_name(urn: str, name: str, content: Any) -> str:
    """The name of an object: another one in each stack, and for other content if it's replaced by content."""
    identity: list[Any] = [urn.replace(*_RENAMED)]
    if urn.split("::")[2].rpartition(":")[2] in _BY_CONTENT:
        identity.append(content)
    text = json.dumps(identity, sort_keys=True, default=str)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
