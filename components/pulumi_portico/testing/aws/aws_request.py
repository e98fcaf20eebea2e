"""One registration, and the ways to ask AWS about it."""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Optional, cast

import botocore
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.output import Unknown
from pulumi.runtime import rpc

from ...untyped import Properties
from .account import Account
from .refusal import AwsRefusal
from .shapes import problems_of

__all__ = ["AwsRequest", "is_unknown"]

# Inputs that every resource can have, and that AWS doesn't receive.
_OF_PULUMI = ("region", "tagsAll")


class AwsRequest:
    """One registration: what it is given, and AWS's answers."""

    def __init__(
        self,
        model: Account,
        resource: str,
        inputs: Properties,
        *,
        preview: bool,
        made: Optional[Properties] = None,
        changed: Sequence[str] = (),
    ) -> None:
        self.model, self.resource, self.inputs, self.preview = model, resource, inputs, preview
        self.made: Properties = made or {}
        """The outputs of what is there already."""
        self.changed = changed
        """The inputs that differ from what is there already."""
        self._read: set[str] = {*_OF_PULUMI}
        self._unknown = False

    # What it is given -----------------------------------------------------------------------------------------

    def get(self, field: str, default: Any = None) -> Any:
        """An input; the default where there is none."""
        self._read.add(field)
        value = self.inputs.get(field)
        if is_unknown(value):
            self._unknown = True
        return default if value is None else value

    def known(self, field: str) -> Any:
        """An input; None where there is none, or a preview does not know it."""
        value = self.get(field)
        return None if is_unknown(value) else value

    def items(self, field: str) -> list[Any]:
        """An input that is a list; what of it a preview does not know is left out."""
        value = self.known(field)
        items = [] if value is None else list(cast("Sequence[Any]", value))
        if any(map(is_unknown, items)):
            self._unknown = True
        return [item for item in items if not is_unknown(item)]

    def part(self, field: str) -> dict[str, Any]:
        """An input that is a structure; empty where there is none, or a preview does not know it."""
        value = self.known(field)
        return {} if value is None else dict(cast("Properties", value))

    def translated(self, given: Properties, names: Mapping[str, str], where: str) -> dict[str, Any]:
        """A structure with AWS's names. Fails on a field that has no name there, because no input is ignored."""
        for field in given:
            if field not in names and given[field] is not None:
                raise LookupError(f"{self.resource}: {where} has {field}, which this model of AWS doesn't support")
        return {theirs: given[ours] for ours, theirs in names.items() if given.get(ours) is not None}

    def unread(self) -> list[str]:
        """The inputs that nothing has read so far."""
        return sorted(field for field, value in self.inputs.items() if field not in self._read and value is not None)

    def name(self, most: int, field: str = "name") -> str:
        """The name that it is given, or that Pulumi makes up for it: its own, a hyphen and seven characters.

        Source: pulumi-terraform-bridge, `AutoName`, which refuses what is longer than AWS takes.
        """
        given = self.get(field)
        if given is not None:
            return given
        # Another one for each resource that is made, so that a replacement has a name of its own.
        digest = hashlib.sha256(f"{self.resource}/{self.model.count}".encode()).hexdigest()
        made = f"{self.resource.lower() if field == 'bucket' else self.resource}-{digest[:7]}"
        if len(made) > most:
            self.refuse(
                "its name",
                f"{made!r} is {len(made)} characters long with what Pulumi adds, and AWS allows at most {most}",
            )
        return made

    def tags(self) -> Optional[list[dict[str, str]]]:
        """Its tags, as most services take them."""
        return [{"Key": key, "Value": value} for key, value in sorted(self.part("tags").items())] or None

    # What AWS says --------------------------------------------------------------------------------------------

    def refuse(self, operation: str, why: str) -> NoReturn:
        """Refuse the registration."""
        raise AwsRefusal(self.resource, operation, why)

    def call(self, service: str, operation: str, params: Properties) -> Any:
        """Make a call. In a preview, what is known is held against the model alone, and the answer is None."""
        given = {key: value for key, value in params.items() if value is not None}
        self._hold(service, operation, given)
        if self.preview:
            return None
        self.model.calls.append((service, operation))
        try:
            with warnings.catch_warnings():
                # moto warns of errors that its models do not have; they are answered all the same.
                warnings.simplefilter("ignore", UserWarning)
                return getattr(self.model.client(service), _method(operation))(**given)
        except (ClientError, BotoCoreError) as refused:
            raise AwsRefusal(self.resource, operation, str(refused)) from refused

    def held(self, service: str, operation: str, params: Properties, part: str = "") -> None:
        """Hold a call, or a part of it, against the model alone, and list it as unproved: moto has none such."""
        self._hold(service, operation, {key: value for key, value in params.items() if value is not None})
        self.model.unproved.add(f"{service}:{operation}{part and f' ({part})'}")

    def ask(self, service: str, operation: str, params: Properties) -> Any:
        """Ask what is there, which changes nothing; so a preview asks too."""
        try:
            return getattr(self.model.client(service), _method(operation))(**params)
        except (ClientError, BotoCoreError) as refused:
            raise AwsRefusal(self.resource, operation, str(refused)) from refused

    def _hold(self, service: str, operation: str, params: Properties) -> None:
        partial = self._unknown or _holds_unknown(params)
        found = problems_of(service, operation, _without_unknown(params))
        if partial and self.preview:
            # What a preview does not know may be what is missing.
            found = [
                message for message in found if "Missing required" not in message and "valid min length" not in message
            ]
        if found:
            self.refuse(operation, "; ".join(found))


def _method(operation: str) -> str:
    """boto3's name of an operation."""
    return cast("Any", botocore).xform_name(operation)


def is_unknown(value: Any) -> bool:
    """Whether it is what a preview does not know."""
    return isinstance(value, Unknown) or (isinstance(value, str) and value == rpc.UNKNOWN)


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_unknown, cast("Properties", value).values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(map(_holds_unknown, cast("Sequence[Any]", value)))
    return is_unknown(value)


def _without_unknown(value: Any) -> Any:
    if isinstance(value, Mapping):
        known = cast("Properties", value).items()
        return {key: _without_unknown(item) for key, item in known if not is_unknown(item)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_unknown(item) for item in cast("Sequence[Any]", value) if not is_unknown(item)]
    return value
