"""What a stack registers on a mock engine, in the form in which `portico render` prints what it lists.

What only AWS knows is a reference to where it comes from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import pulumi
from pulumi_portico.cli.project import Stack
from pulumi_portico.cli.rendering.manifests import RenderedObject, patched, rendered
from pulumi_portico.cli.rendering.names import generated_name
from pulumi_portico.cli.rendering.secrets import masked
from pulumi_portico.lifecycle.ownership import without_owner
from pulumi_portico.stack import build
from pulumi_portico.testing import Recording, Registration
from pulumi_portico.testing.monitor import Answers, Recorder
from pulumi_portico.testing.running import run_once

__all__ = ["registered", "registered_aws_resources", "registered_objects"]

PATCH = "Patch"
"""How the SDK's types of patches end."""

_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": ("accountId",),
    "aws:lb/getLoadBalancer:getLoadBalancer": ("arn", "dnsName", "zoneId"),
    "aws:route53/getZone:getZone": ("zoneId",),
}
"""The functions that components call, and the results that they use."""

_VALIDATION = ("domainName", "resourceRecordName", "resourceRecordType", "resourceRecordValue")


def registered(stack: Stack) -> Recording:
    """What the stack registers."""
    monitor = Recorder(Answers(_answer), _outputs, preview=False)
    return run_once(
        lambda: build(stack.plan),
        monitor,
        preview=False,
        config={},
        project=stack.project,
        stack=stack.name,
    )


def _reference(registration: Registration, output: str) -> str:
    """An output of a resource, as text: the end of the resource's URN, and the output's name."""
    return f"${{{registration.type}::{registration.name}.{output}}}"


def _outputs(registration: Registration) -> Mapping[str, Any] | None:
    if registration.type.startswith("kubernetes:"):
        metadata: Any = registration.inputs.get("metadata") or {}
        named = not isinstance(metadata, Mapping) or "name" in metadata
        return None if named else {"metadata": {"name": _generated_name(registration)}}
    return _of_aws(registration) if registration.type.startswith("aws:") and registration.custom else None


def _generated_name(registration: Registration) -> str:
    return generated_name(registration.urn, registration.name, masked(without_owner(registration.inputs)))


def _of_aws(registration: Registration) -> dict[str, Any]:
    names = {"id", *_texts(registration.type)} - registration.inputs.keys()
    made: dict[str, Any] = {name: _reference(registration, name) for name in names}
    if registration.type == "aws:s3/bucket:Bucket":
        # The partition is read from the ARN: aws, aws-cn, or aws-us-gov.
        made["arn"] = f"arn:${{partition}}:s3:::{_reference(registration, 'bucket')}"
    if registration.type == "aws:acm/certificate:Certificate":
        field = "domainValidationOptions"
        made[field] = [{name: _reference(registration, f"{field}[0].{name}") for name in _VALIDATION}]
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


def _answer(token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    given = ", ".join(f"{key}={args[key]}" for key in sorted(args) if args[key] not in (None, False))
    return {name: f"${{{token}({given}).{name}}}" for name in _FUNCTIONS.get(token, ())}


def registered_objects(recording: Recording) -> Iterable[RenderedObject]:
    """The Kubernetes objects of a recording."""
    return patched(
        _rendered(registration)
        for registration in recording.registrations
        if registration.custom and registration.type.startswith("kubernetes:")
    )


def _rendered(registration: Registration) -> RenderedObject:
    own = cast("Mapping[str, Any]", registration.inputs.get("metadata") or {}).get("name")
    manifest = masked(without_owner(registration.inputs))
    name = _generated_name(registration) if own is None else str(own)
    manifest["metadata"] = {**manifest.get("metadata", {}), "name": name}
    if registration.type.endswith(PATCH):
        # The provider has the same kind for an object and for a patch of it.
        manifest["kind"] = manifest["kind"].removesuffix(PATCH) + PATCH
    return RenderedObject(rendered(manifest), registration.name if own is None else str(own), own is None)


def registered_aws_resources(recording: Recording) -> list[dict[str, Any]]:
    """The AWS resources of a recording."""
    found = [it for it in recording.registrations if it.custom and it.type.startswith("aws:")]
    resources = [{"type": it.type, "name": it.name, "inputs": _without_none(masked(it.inputs))} for it in found]
    return sorted(resources, key=lambda resource: (resource["type"], resource["name"]))


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {key: _without_none(item) for key, item in fields.items() if item is not None}
    return [_without_none(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value
