"""Registers a stack on a mock engine, for the components that don't have one list of objects yet.

What only AWS knows is a reference to where it comes from.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Optional, cast

import pulumi

from ...stack import build
from ...testing.monitor import Answers, Recorder
from ...testing.recording import Recording, Registration
from ...testing.running import run_once
from ...untyped import Properties
from ..project import Stack
from .names import generated_name
from .secrets import masked

__all__ = ["recorded", "reference"]

_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": ("accountId",),
    "aws:lb/getLoadBalancer:getLoadBalancer": ("arn", "dnsName", "zoneId"),
    "aws:route53/getZone:getZone": ("zoneId",),
}
"""The functions that components call, and the results that they use."""

_VALIDATION = ("domainName", "resourceRecordName", "resourceRecordType", "resourceRecordValue")


def recorded(stack: Stack) -> Recording:
    """What the stack registers. Raises `ArgumentError` for what only the value of an Output shows."""
    monitor = Recorder(Answers(_answer), _outputs, preview=False)
    return run_once(
        lambda: build(stack.plan),
        monitor,
        preview=False,
        config={},
        project=stack.project,
        stack=stack.name,
    )


def reference(registration: Registration, output: str) -> str:
    """An output of a resource, as text: the end of the resource's URN, and the output's name."""
    return f"${{{registration.type}::{registration.name}.{output}}}"


def _outputs(registration: Registration) -> Optional[Properties]:
    if registration.type.startswith("kubernetes:"):
        metadata: Any = registration.inputs.get("metadata") or {}
        named = not isinstance(metadata, Mapping) or "name" in metadata
        return None if named else {"metadata": {"name": _generated_name(registration)}}
    return _of_aws(registration) if registration.type.startswith("aws:") and registration.custom else None


def _generated_name(registration: Registration) -> str:
    return generated_name(registration.urn, registration.name, masked(registration.inputs))


def _of_aws(registration: Registration) -> dict[str, Any]:
    names = {"id", *_texts(registration.type)} - registration.inputs.keys()
    made: dict[str, Any] = {name: reference(registration, name) for name in names}
    if registration.type == "aws:s3/bucket:Bucket":
        # The partition is read from the ARN: aws, aws-cn, or aws-us-gov.
        made["arn"] = f"arn:${{partition}}:s3:::{reference(registration, 'bucket')}"
    if registration.type == "aws:acm/certificate:Certificate":
        field = "domainValidationOptions"
        made[field] = [{name: reference(registration, f"{field}[0].{name}") for name in _VALIDATION}]
    return made


def _texts(token: str) -> Iterator[str]:
    """The outputs of a resource that are text, as the SDK declares them."""
    module, _, cls = token.removeprefix("aws:").rpartition(":")
    # The component that has registered the resource has imported it.
    package = sys.modules["pulumi_aws." + module.partition("/")[0]]
    members = cast("Mapping[str, Any]", vars(getattr(package, cls)))
    for name, member in members.items():
        if isinstance(member, property) and member.fget is not None:
            hint: Any = member.fget.__annotations__.get("return")
            if hint in (pulumi.Output[str], "pulumi.Output[_builtins.str]", "pulumi.Output[str]"):
                yield str(getattr(member.fget, "_pulumi_name", None) or name)


def _answer(token: str, args: Properties) -> Properties:
    given = ", ".join(f"{key}={args[key]}" for key in sorted(args) if args[key] not in (None, False))
    return {name: f"${{{token}({given}).{name}}}" for name in _FUNCTIONS.get(token, ())}


def object_name(registration: Registration) -> str:
    """The name of a Kubernetes object: its own, else the generated one."""
    metadata = cast("Properties", registration.inputs.get("metadata") or {})
    return str(metadata["name"]) if "name" in metadata else _generated_name(registration)
