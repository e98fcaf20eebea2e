"""How registrations become resources: made, changed in place, replaced and deleted in the engine's order."""

from typing import TypedDict

from ...untyped import Properties
from ..recording import Registration
from ..wire import unwrapped
from .account import Account
from .aws_request import AwsRequest
from .changes import Changes, difference, old_urns, trigger_of
from .kinds import Kind

__all__ = ["Made", "Update", "make"]


class Made(TypedDict):
    """A resource that is there."""

    name: str
    kind: Kind
    inputs: Properties
    outputs: Properties
    trigger: str
    order: int
    """When it was registered last: what depends on another resource comes after it."""
    retained: bool
    """Whether it stays when the program has it no more."""


def make(model: Account, kind: Kind, registration: Registration, *, preview: bool) -> Properties:
    """Make a resource; in a preview, hold it against what AWS takes."""
    inputs: Properties = unwrapped(registration.inputs)
    request = AwsRequest(model, registration.name, inputs, preview=preview)
    outputs = kind.make(request)
    if unread := request.unread():
        raise LookupError(
            f"{registration.name} sets {', '.join(unread)}, which this model of AWS doesn't support in "
            f"{registration.type}"
        )
    if not preview:
        _keep(model, kind, registration, outputs)
    return outputs


def _keep(model: Account, kind: Kind, registration: Registration, outputs: Properties) -> None:
    model.count += 1
    model.made[registration.urn] = Made(
        name=registration.name,
        kind=kind,
        inputs=unwrapped(registration.inputs),
        outputs=outputs,
        trigger=trigger_of(registration),
        order=model.count,
        retained=bool(registration.request.retainOnDelete),
    )


def _remove(model: Account, made: Made) -> None:
    if not made["retained"]:
        made["kind"].remove(AwsRequest(model, made["name"], made["inputs"], preview=False, made=made["outputs"]))


class Update:
    """One update on what is there."""

    def __init__(self, others: set[str]) -> None:
        self.changes = Changes()
        # What other programs have made stays.
        self._kept = others
        self._old: list[Made] = []

    def outputs(self, model: Account, kind: Kind, registration: Registration, *, preview: bool) -> Properties:
        """What AWS returns to a registration of the update."""
        if not preview:
            self._kept.add(registration.urn)
        there = next((urn for urn in old_urns(registration) if urn in model.made), None)
        if there is None:
            if not preview:
                self.changes.created.add(registration.name)
            return make(model, kind, registration, preview=preview)
        old = model.made[there]
        found = difference(kind, old["inputs"], unwrapped(registration.inputs), registration, old["trigger"])
        if not found.renewing:
            return self._change(model, registration, there, found.changed, preview=preview)
        if preview:
            return make(model, kind, registration, preview=True)
        self.changes.replaced[registration.name] = set(found.renewing)
        del model.made[there]
        if found.delete_first:
            _remove(model, old)
        else:
            self._old.append(old)
        return make(model, kind, registration, preview=False)

    def _change(
        self, model: Account, registration: Registration, there: str, changed: frozenset[str], *, preview: bool
    ) -> Properties:
        old = model.made[there]
        kind, outputs = old["kind"], old["outputs"]
        # Held first as a new one would be; then changed in place, where it keeps its identity.
        make(model, kind, registration, preview=True)
        if changed:
            inputs: Properties = unwrapped(registration.inputs)
            (kind.change or kind.make)(
                AwsRequest(model, registration.name, inputs, preview=preview, made=outputs, changed=sorted(changed))
            )
        if not preview:
            if changed:
                self.changes.updated[registration.name] = set(changed)
            del model.made[there]
            _keep(model, kind, registration, outputs)
        return outputs

    def finish(self, model: Account) -> None:
        """Delete what has been replaced, and what the program has no more: first what depends on the rest."""
        gone = [urn for urn in model.made if urn not in self._kept]
        self.changes.deleted = {model.made[urn]["name"] for urn in gone}
        for old in sorted([*self._old, *(model.made.pop(urn) for urn in gone)], key=lambda old: -old["order"]):
            _remove(model, old)
