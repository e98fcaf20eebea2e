"""Values as the engine's protocol carries them, and back: secrets and unknowns included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from ..untyped import Properties

__all__ = ["Secret", "off_the_wire", "on_the_wire", "unwrapped"]


@dataclass(frozen=True)
class Secret:
    """A value that was registered as a secret, so that a test sees both the value and that it was one."""

    value: Any


def off_the_wire(value: Any) -> Any:
    """A protobuf value as plain Python, unknowns kept, secrets as `Secret`s where they stood."""
    if isinstance(value, struct_pb2.Struct):
        fields = {key: off_the_wire(value[key]) for key in value}
        if fields.get(rpc._special_sig_key) == rpc._special_secret_sig:  # pyright: ignore[reportPrivateUsage]
            return Secret(fields["value"])
        return fields
    if isinstance(value, struct_pb2.ListValue):
        return [off_the_wire(item) for item in value]
    # Protobuf knows one kind of number; Kubernetes requires integers.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def on_the_wire(value: Any) -> Any:
    """Plain Python as a protobuf struct takes it: a `Secret` becomes the engine's envelope."""
    if isinstance(value, Secret):
        signature = {rpc._special_sig_key: rpc._special_secret_sig}  # pyright: ignore[reportPrivateUsage]
        return {**signature, "value": on_the_wire(value.value)}
    if isinstance(value, Mapping):
        return {key: on_the_wire(item) for key, item in cast("Properties", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [on_the_wire(item) for item in cast("Sequence[Any]", value)]
    return value


def unwrapped(value: Any) -> Any:
    """The value with every `Secret` in it replaced by what it holds."""
    if isinstance(value, Secret):
        return unwrapped(value.value)
    if isinstance(value, Mapping):
        return {key: unwrapped(item) for key, item in cast("Properties", value).items()}
    if isinstance(value, list):
        return [unwrapped(item) for item in cast("list[Any]", value)]
    return value
