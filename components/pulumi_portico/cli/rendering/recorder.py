"""Runs a stack's `build` once against the mock engine, which answers what only a deployment would tell.

The names that Pulumi would make up are made from what they are for, so that they are the same in every run; what AWS
would answer is a reference that says where it comes from.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Optional, cast

import pulumi

from ...stack import build
from ...testing.monitor import Answers, Recorder
from ...testing.recording import Recording, Registration
from ...testing.running import run_once
from ..project import Stack
from .secrets import masked

__all__ = ["recorded", "reference"]

_BY_CONTENT = ("Secret", "ConfigMap")
"""What a change of the content makes anew, under another name, so that the pods that use it are made anew too."""

_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": ("accountId",),
    "aws:lb/getLoadBalancer:getLoadBalancer": ("arn", "dnsName", "zoneId"),
    "aws:route53/getZone:getZone": ("zoneId",),
}
"""The functions that components call, and what they use of the answers."""

_RENAMED = (":AwsLoadBalancer$", ":PublicLoadBalancer$")
"""A type of component and its former name, which made-up names keep: its alias keeps the resources of a live stack."""

_VALIDATION = ("domainName", "resourceRecordName", "resourceRecordType", "resourceRecordValue")


def recorded(stack: Stack) -> Recording:
    """What the stack registers.

    Raises `ArgumentError` where something turns out to be wrong only now.
    """
    monitor = Recorder(Answers(_answer), _outputs, preview=False)
    return run_once(
        lambda: build(stack.plan),
        monitor,
        preview=False,
        config={},
        project=stack.project,
        stack=stack.name,
    )


def reference(it: Registration, output: str) -> str:
    """An output of a resource, as text: the end of the resource's URN, and the output's name."""
    return f"${{{it.type}::{it.name}.{output}}}"


def _outputs(it: Registration) -> Optional[Mapping[str, Any]]:
    if it.type.startswith("kubernetes:"):
        metadata: Any = it.inputs.get("metadata") or {}
        named = not isinstance(metadata, Mapping) or "name" in metadata
        return None if named else {"metadata": {"name": _made_up(it)}}
    return _of_aws(it) if it.type.startswith("aws:") and it.custom else None


def _made_up(it: Registration) -> str:
    """The name of an object that Pulumi would make a name for: another one in each stack, as the URN names it."""
    told: list[Any] = [it.urn.replace(*_RENAMED)]
    if it.type.rpartition(":")[2] in _BY_CONTENT:
        told.append(masked(it.inputs))
    return f"{it.name}-{hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:8]}"


def _of_aws(it: Registration) -> dict[str, Any]:
    names = {"id", *_texts(it.type)} - it.inputs.keys()
    made: dict[str, Any] = {name: reference(it, name) for name in names}
    if it.type == "aws:s3/bucket:Bucket":
        # Its partition is read from it: aws, aws-cn or aws-us-gov.
        made["arn"] = f"arn:${{partition}}:s3:::{reference(it, 'bucket')}"
    if it.type == "aws:acm/certificate:Certificate":
        field = "domainValidationOptions"
        made[field] = [{name: reference(it, f"{field}[0].{name}") for name in _VALIDATION}]
    return made


def _texts(token: str) -> Iterator[str]:
    """The outputs of a resource that are text, as the SDK declares them."""
    module, _, cls = token.removeprefix("aws:").rpartition(":")
    # Imported already, by whoever registered it.
    package = sys.modules["pulumi_aws." + module.partition("/")[0]]
    members = cast("Mapping[str, Any]", vars(getattr(package, cls)))
    for name, member in members.items():
        if isinstance(member, property) and member.fget is not None:
            hint: Any = member.fget.__annotations__.get("return")
            if hint in (pulumi.Output[str], "pulumi.Output[_builtins.str]", "pulumi.Output[str]"):
                yield str(getattr(member.fget, "_pulumi_name", None) or name)


def _answer(token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    said = ", ".join(f"{key}={args[key]}" for key in sorted(args) if args[key] not in (None, False))
    return {name: f"${{{token}({said}).{name}}}" for name in _FUNCTIONS.get(token, ())}


def object_name(it: Registration) -> str:
    """The name of a Kubernetes object: its own, else the one that is made up."""
    metadata = cast("Mapping[str, Any]", it.inputs.get("metadata") or {})
    return str(metadata["name"]) if "name" in metadata else _made_up(it)
