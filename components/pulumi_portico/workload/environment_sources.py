"""Environment variables from ConfigMaps and Secrets that the component doesn't create.

Pure: specs in, dictionaries out; Outputs pass through at the leaves. Nothing reads the objects: they can be created
later, and the containers wait for them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.names import dns_subdomain
from ..args.parse import Field, Rules
from ..args.problems import Problems, Remove
from ..args.spec import Spec, spec
from ..args.values import data_key, variable_name
from ..untyped import Manifest

__all__ = [
    "RULES",
    "EnvFromSource",
    "EnvFromSourceSpec",
    "EnvVarSource",
    "EnvVarSourceSpec",
    "KeySelector",
    "KeySelectorSpec",
    "ObjectReference",
    "ObjectReferenceSpec",
    "build_env_from",
    "build_value_from",
    "check_sources",
]


class KeySelector(TypedDict):
    """One key of a ConfigMap or a Secret in the pods' namespace."""

    name: pulumi.Input[str]
    """The name of the ConfigMap or the Secret."""

    key: pulumi.Input[str]
    """The key."""

    optional: NotRequired[bool]
    """Whether the container starts without the variable if the object or the key doesn't exist. Plain. Default: false,
    which means that the container waits for it."""


class EnvVarSource(TypedDict):
    """Where the value of an environment variable comes from: one of the fields."""

    config_map_key_ref: NotRequired[KeySelector]
    """A key of a ConfigMap. Maps to `configMapKeyRef`."""

    secret_key_ref: NotRequired[KeySelector]
    """A key of a Secret. Maps to `secretKeyRef`."""


class ObjectReference(TypedDict):
    """A ConfigMap or a Secret in the pods' namespace."""

    name: pulumi.Input[str]
    """The name of the ConfigMap or the Secret."""

    optional: NotRequired[bool]
    """Whether the container starts if the object doesn't exist. Plain. Default: false, which means that the container
    waits for it."""


class EnvFromSource(TypedDict):
    """A ConfigMap or a Secret whose keys become environment variables."""

    config_map_ref: NotRequired[ObjectReference]
    """The ConfigMap. Set this or `secret_ref`. Maps to `configMapRef`."""

    secret_ref: NotRequired[ObjectReference]
    """The Secret. Set this or `config_map_ref`. Maps to `secretRef`."""

    prefix: NotRequired[pulumi.Input[str]]
    """What the name of each variable has in front of its key. Default: nothing. Maps to `prefix`."""


@spec(KeySelector)
class KeySelectorSpec(Spec):
    """A parsed `KeySelector`."""

    name: pulumi.Input[str]
    key: pulumi.Input[str]
    optional: bool = False


@spec(EnvVarSource)
class EnvVarSourceSpec(Spec):
    """A parsed `EnvVarSource`."""

    config_map_key_ref: Optional[KeySelectorSpec] = None
    secret_key_ref: Optional[KeySelectorSpec] = None


@spec(ObjectReference)
class ObjectReferenceSpec(Spec):
    """A parsed `ObjectReference`."""

    name: pulumi.Input[str]
    optional: bool = False


@spec(EnvFromSource)
class EnvFromSourceSpec(Spec):
    """A parsed `EnvFromSource`."""

    config_map_ref: Optional[ObjectReferenceSpec] = None
    secret_ref: Optional[ObjectReferenceSpec] = None
    prefix: Optional[pulumi.Input[str]] = None


RULES: Rules = {
    KeySelector: {"name": Field(dns_subdomain), "key": Field(data_key)},
    ObjectReference: {"name": Field(dns_subdomain)},
    EnvFromSource: {"prefix": Field(variable_name)},
}
"""What the fields must satisfy beyond their types."""

EMPTY_SOURCE = define(
    "empty-environment-source", "This names no object.", allowed="one of {fields}", hint="Set one of {fields}."
)

_OF_VARIABLE = ("config_map_key_ref", "secret_key_ref")
_OF_OBJECT = ("config_map_ref", "secret_ref")


def check_sources(
    value_from: Mapping[str, EnvVarSourceSpec], env_from: Sequence[EnvFromSourceSpec], problems: Problems
) -> None:
    """Report sources that name no object, or two."""
    for source in value_from.values():
        problems.run(_check_source, source, _OF_VARIABLE)
    for source in env_from:
        problems.run(_check_source, source, _OF_OBJECT)


def _check_source(
    source: Union[EnvVarSourceSpec, EnvFromSourceSpec], fields: Sequence[str], problems: Problems
) -> None:
    first, *others = [field for field in fields if getattr(source, field) is not None] or [""]
    if not first:
        problems.report(EMPTY_SOURCE, source.at, fields=[FieldName(field) for field in fields])
    for other in others:
        problems.report_exclusive(source.at / other, first, fix=Remove(source.at / other))


def build_value_from(source: EnvVarSourceSpec) -> Manifest:
    """The `valueFrom` of an environment variable."""
    for name, reference in (("secretKeyRef", source.secret_key_ref), ("configMapKeyRef", source.config_map_key_ref)):
        if reference is not None:
            return {name: _key(reference)}
    # Invalid, and reported; other rules still build the pods.
    return {}


def _key(selector: KeySelectorSpec) -> Manifest:
    return {"name": selector.name, "key": selector.key, **_optional(optional=selector.optional)}


def build_env_from(sources: Sequence[EnvFromSourceSpec]) -> Manifest:
    """The container's `envFrom`, in the order of the arguments: of two values for one variable, the last one counts."""
    return {"envFrom": [_source(source) for source in sources]} if sources else {}


def _source(source: EnvFromSourceSpec) -> Manifest:
    prefix: dict[str, Any] = {} if source.prefix is None else {"prefix": source.prefix}
    for name, reference in (("configMapRef", source.config_map_ref), ("secretRef", source.secret_ref)):
        if reference is not None:
            return {**prefix, name: {"name": reference.name, **_optional(optional=reference.optional)}}
    return prefix


def _optional(*, optional: bool) -> Manifest:
    return {"optional": True} if optional else {}
