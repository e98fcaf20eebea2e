"""The mock engine: keeps each raw registration and answers as a provider would."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any, Optional, cast

from google.protobuf import struct_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from ..untyped import Properties
from .recording import Registration, registration_of
from .wire import Secret, off_the_wire, on_the_wire, unwrapped

__all__ = ["Answers", "Calls", "Outputs", "Recorder"]

Calls = Callable[[str, Properties], Properties]
"""Answers a provider's function, by its token and arguments."""

Outputs = Callable[[Registration], Optional[Properties]]
"""What a resource's outputs hold beside its inputs: a load balancer's address, say."""


class Answers(mocks.Mocks):
    """Answers calls; resources are the recorder's own business."""

    def __init__(self, calls: Optional[Calls]) -> None:
        self._calls = calls

    def call(self, args: mocks.MockCallArgs) -> Any:
        if self._calls is None:
            raise LookupError(f"the program calls {args.token}: set its result with record(calls=...)")
        return dict(self._calls(args.token, cast("Properties", args.args)))

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[Optional[str], dict[str, Any]]:
        return f"{args.name}-id", dict(cast("Properties", args.inputs))


_STACK_TYPE = "pulumi:pulumi:Stack$"


class Recorder(mocks.MockMonitor):
    """A mock monitor that keeps each raw registration and makes up outputs as a provider would."""

    def __init__(self, answers: Answers, outputs: Optional[Outputs], preview: bool) -> None:
        super().__init__(answers)
        self.registrations: dict[str, Registration] = {}
        self.outputs: dict[str, Properties] = {}
        self._outputs = outputs
        self._preview = preview
        # The runtime calls from several threads.
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as the engine makes it: the SDK's mocks leave out what the parent is in."""
        types = parent.split("::")[2].removeprefix(_STACK_TYPE) if parent else ""
        within, _, _ = types.rpartition("$")
        urn = super().make_urn(parent, type_, name)
        head, project, qualified, rest = urn.split("::", 3)
        return "::".join((head, project, f"{within}${qualified}" if within else qualified, rest))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the name is the protocol's)
        if request.type == "pulumi:pulumi:Stack":
            return super().RegisterResource(request)
        urn = self.make_urn(request.parent, request.type, request.name)
        registration = registration_of(urn, request)
        with self._lock:
            if urn in self.registrations:
                raise ValueError(f"two resources have the URN {urn}: use different names")
            self.registrations[urn] = registration
        state = _outputs_of(registration) if request.custom else {}
        if self._outputs is not None:
            state = _merged(state, self._outputs(registration) or {})
        identity = _identity(registration, state) if request.custom else ""
        self.resources[urn] = mocks.MockMonitor.ResourceRegistration(urn, identity, unwrapped(state))
        answer = struct_pb2.Struct()
        answer.update(on_the_wire(state))
        # A new resource has no identity before an update gives it one; what is there already has one in a preview too.
        known = not self._preview or state.get("id") == identity
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity if known else "", object=answer)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        with self._lock:
            self.outputs[request.urn] = unwrapped(off_the_wire(request.outputs))
        return super().RegisterResourceOutputs(request)


def _outputs_of(registration: Registration) -> dict[str, Any]:
    """A provider's answer: the inputs, and a generated name where a Kubernetes object has none."""
    outputs = dict(registration.inputs)
    if registration.type.startswith("kubernetes:") and not isinstance(outputs.get("metadata"), (str, Secret)):
        metadata: dict[str, Any] = dict(outputs.get("metadata") or {})
        metadata.setdefault("name", f"{registration.name}-{hashlib.sha256(registration.urn.encode()).hexdigest()[:8]}")
        outputs["metadata"] = metadata
    return outputs


def _identity(registration: Registration, state: Properties) -> str:
    # What a cloud's own model has made has an identity already.
    if isinstance(known := state.get("id"), str) and "id" not in registration.inputs:
        return known
    metadata = state.get("metadata")
    if not registration.type.startswith("kubernetes:") or not isinstance(metadata, Mapping):
        return f"{registration.name}-id"
    known = cast("Properties", metadata)
    return f"{known.get('namespace', 'default')}/{known['name']}"


def _merged(base: Any, more: Any) -> Any:
    if not isinstance(base, Mapping) or not isinstance(more, Mapping):
        return more
    below, above = cast("Properties", base), cast("Properties", more)
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
