"""Checks the values of Outputs by every rule that applies to plain values, as soon as the values are known.

`parse` checks each Output by the rules of its field. The other rules, which look at several fields, at the controller,
or at the platform, run before any Output is known. `guarded` runs all of them again with the known values in place of
the Outputs, before anything else reads a value. So a rule needs no code for Outputs of its own.
"""

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Optional, TypeVar, cast

import pulumi

from ..untyped import mapped
from .location import Key, KeyStyle, Location
from .problems import ArgumentError, Problem, Problems
from .secrets import Placeholder, texts_of
from .spec import Spec, defaults_of

__all__ = ["guarded"]

S = TypeVar("S", bound=Spec)

_NOT_A_VALUE = "ready"
"""The field of specs that holds no value to check, but what a target waits for."""

_SHARE = 4
"""How many times as long as a check the next one waits, so that it covers what becomes known in the meantime."""


def guarded(subject: str, spec: S, check: Callable[[S, Problems], Any]) -> S:
    """The spec, whose Outputs fail if `check` reports a problem of their values.

    `check` applies every rule to a spec. The spec is valid as far as its values are known now. What fails is an
    `ArgumentError`, which doesn't contain a value that is secret.
    """
    return _Guard(subject, spec, check).spec_with_guards()


class _Guard:
    """Checks one component's arguments each time that more of their values are known."""

    def __init__(self, subject: str, spec: Any, check: Callable[[Any, Problems], Any]) -> None:
        self._subject = subject
        self._spec = spec
        self._check = check
        self._known: dict[Location, Any] = {}
        self._secrets: set[Location] = set()
        self._next: Optional[Awaitable[None]] = None
        self._pause = 0.0

    def spec_with_guards(self) -> Any:
        """The spec, with a guard around each Output."""
        return _replaced(self._spec, self._spec.at, self._guard)

    def _guard(self, at: Location, output: pulumi.Output[Any]) -> pulumi.Output[Any]:
        async def settle(known: Sequence[Any]) -> Any:
            value, is_secret = known
            if not isinstance(value, Placeholder):
                await self._learn(at, value, is_secret=bool(is_secret))
            return value

        # A message must not show the value if the Output is secret.
        return pulumi.Output.all(output, pulumi.Output.from_input(output.is_secret())).apply(settle)

    async def _learn(self, at: Location, value: Any, *, is_secret: bool) -> None:
        self._known[at] = value
        if is_secret:
            self._secrets.add(at)
        if self._next is None:
            self._next = asyncio.ensure_future(self._check_all())
        await self._next

    async def _check_all(self) -> None:
        # What becomes known at the same time is checked at once, so many Outputs don't mean many checks.
        await asyncio.sleep(self._pause)
        self._next = None
        start = time.monotonic()
        spec = _replaced(self._spec, self._spec.at, self._known.get)
        # In a stack, the arguments are below the component's name.
        style = KeyStyle.STACK if self._spec.at else KeyStyle.PYTHON
        problems = Problems(self._subject, style=style)
        self._check(spec, problems)
        self._pause = _SHARE * (time.monotonic() - start)
        if problems.found:
            raise ArgumentError(self._subject, map(self._without_secrets, problems.found))

    def _without_secrets(self, problem: Problem) -> Problem:
        texts = [text for at in self._secrets for text in texts_of(self._known[at])]
        is_about_secret = any(problem.location.is_within(at) for at in self._secrets)
        return problem.without_secrets(texts, hides_value=is_about_secret)


def _replaced(value: Any, at: Location, change: Callable[[Location, pulumi.Output[Any]], Any]) -> Any:
    """A part of a spec with its Outputs changed."""
    if isinstance(value, pulumi.Output):
        return change(at, cast("pulumi.Output[Any]", value))
    if isinstance(value, Spec):
        return _replaced_fields(value, at, change)
    if isinstance(value, Mapping):
        fields = mapped(value)
        items = {key: _replaced(item, at / Key(key), change) for key, item in fields.items()}
        return items if any(items[key] is not item for key, item in fields.items()) else fields
    if isinstance(value, (list, tuple)):
        before = cast("Sequence[Any]", value)
        after = [_replaced(item, at / index, change) for index, item in enumerate(before)]
        changed = any(one is not other for one, other in zip(after, before, strict=True))
        made = tuple(after) if isinstance(before, tuple) else after
        return made if changed else before
    return value


def _replaced_fields(spec: Spec, at: Location, change: Callable[[Location, pulumi.Output[Any]], Any]) -> Spec:
    before = {name: getattr(spec, name) for name in defaults_of(type(spec)) if name != _NOT_A_VALUE}
    after = {name: _replaced(value, at / name, change) for name, value in before.items()}
    changed = {name: value for name, value in after.items() if value is not before[name]}
    return dataclasses.replace(spec, **changed) if changed else spec
