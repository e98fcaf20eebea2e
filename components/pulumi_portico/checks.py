"""Check arguments against their TypedDict: keys, types and the rules of each field.

What is plain is checked at once. An Output is checked when its value is known: the
checked arguments hold, in its place, an Output that fails if a rule refuses the value.
"""

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Optional, cast

import pulumi

from .errors import Problems, Refusal, write_nearest
from .shapes import Shape, as_written, is_args, is_enum, is_generic, required_fields, shapes_of, take_apart
from .values import Placeholder, Rule

__all__ = ["Field", "Rules", "check"]


@dataclass(frozen=True)
class Field:
    """What a field's value must satisfy beyond its type."""

    value: Optional[Rule] = None
    """For the value itself (a whole list or mapping where the field holds one)."""
    items: Optional[Rule] = None
    """For each item of a list, each value of a mapping."""
    keys: Optional[Rule] = None
    """For each key of a mapping."""
    secret: bool = False
    """Whether messages keep the value to themselves."""

    def each(self) -> "Field":
        """The rules of one item."""
        return Field(value=self.items, secret=self.secret)


Rules = Mapping[type, Mapping[str, Field]]
"""The rules of each args type, by field name."""

_NO_RULES = Field()
_SCALARS: Mapping[Any, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def check(
    args_type: type,
    args: Any,
    rules: Rules,
    problems: Problems,
    path: str = "",
    spelling: Callable[[str], str] = as_written,
) -> dict[str, Any]:
    """Check ``args`` against ``args_type`` and ``rules``, noting what is wrong in ``problems``.

    ``spelling`` turns a field's name into the key that ``args`` and the messages write it as.
    Answers a copy under the fields' own names, with what was None left out, enum members
    turned into their values, and Outputs guarded by the rules of their fields.
    """
    return _Checker(rules, problems, spelling).fields(args_type, args, path)


@dataclass(frozen=True)
class _Checker:
    rules: Rules
    problems: Problems
    spelling: Callable[[str], str]

    def fields(self, args_type: type, args: Any, path: str) -> dict[str, Any]:
        if not isinstance(args, Mapping):
            refusal = Refusal("is not a mapping of arguments", f"the fields of {args_type.__name__}")
            self.problems.add(path or "args", args, refusal)
            return {}
        given = cast("Mapping[str, Any]", args)
        shapes = shapes_of(args_type)
        names = {self.spelling(name): name for name in shapes}
        rules = self.rules.get(args_type, {})
        checked: dict[str, Any] = {}
        for key, value in given.items():
            if key not in names:
                self.problems.unknown(_join(path, key), names)
            elif value is not None:
                name = names[key]
                checked[name] = self.value(shapes[name], value, rules.get(name, _NO_RULES), _join(path, key))
        for name in required_fields(args_type):
            key = self.spelling(name)
            if given.get(key) is None:
                self.problems.missing(_join(path, key), _describe(shapes[name].type))
        return checked

    def value(self, shape: Shape, value: Any, field: Field, path: str) -> Any:
        if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
            pending = cast("Any", value)
            if shape.later:
                return self._later(shape.type, pending, field, path)
            self.problems.add(path, pending, _must_be_plain(shape.type))
            return pending
        found = len(self.problems.found)
        checked = self._typed(shape.type, value, field, path)
        if len(self.problems.found) == found and field.value is not None and (refusal := field.value(checked)):
            self.problems.add(path, value, refusal, show=not field.secret)
        return checked

    def _later(self, typ: Any, value: Any, field: Field, path: str) -> pulumi.Output[Any]:
        output: pulumi.Output[Any] = pulumi.Output.from_input(value)

        def settle(known: Sequence[Any]) -> Any:
            if isinstance(known[0], Placeholder):
                return known[0]
            problems = Problems(self.problems.subject)
            guarded = replace(field, secret=bool(known[1]) or field.secret)
            checker = _Checker(self.rules, problems, self.spelling)
            checked = checker.value(Shape(typ, later=False), known[0], guarded, path)
            problems.raise_if_any()
            return checked

        # The value must not appear in a message where the Output that carries it is secret.
        return pulumi.Output.all(output, pulumi.Output.from_input(output.is_secret())).apply(settle)

    def _typed(self, typ: Any, value: Any, field: Field, path: str) -> Any:
        if typ is Any:
            return value
        if is_args(typ):
            return self.fields(typ, value, path)
        if is_enum(typ):
            return self._choice(typ, value, path)
        if is_generic(typ, Mapping):
            return self._mapping(typ, value, field, path)
        if is_generic(typ, Sequence):
            return self._list(typ, value, field, path)
        if not _is_a(value, typ):
            # True and False are Python's own; text that says so is read by others, who write them small.
            text = str(value).lower() if isinstance(value, bool) else value
            fix = f'write "{text}", with quotes' if typ is str and isinstance(value, (int, float)) else ""
            if typ is int and isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
                fix = f"write {int(value)}, without quotes"
            refusal = Refusal(f"is not {_describe(typ)}", _describe(typ), fix)
            self.problems.add(path, value, refusal, show=not field.secret)
        return value

    def _choice(self, typ: type[Enum], value: Any, path: str) -> Any:
        choices = [member.value for member in typ]
        plain = value.value if isinstance(value, typ) else value
        if plain not in choices:
            fix = write_nearest(plain, choices) if isinstance(plain, str) else ""
            self.problems.add(path, plain, Refusal("is not one of the choices", ", ".join(choices), fix))
        return plain

    def _mapping(self, typ: Any, value: Any, field: Field, path: str) -> Any:
        if not isinstance(value, Mapping):
            self.problems.add(path, value, Refusal("is not a mapping", _describe(typ)), show=not field.secret)
            return value
        shape = take_apart(typing.get_args(typ)[1])
        checked: dict[str, Any] = {}
        for key, item in cast("Mapping[Any, Any]", value).items():
            where = _join(path, str(key))
            if not isinstance(key, str):
                self.problems.add(where, key, Refusal("is not text", "text as the key", f'write "{key}", with quotes'))
            elif field.keys is not None and (refusal := field.keys(key)):
                self.problems.add(where, key, refusal)
            else:
                checked[key] = self.value(shape, item, field.each(), where)
        return checked

    def _list(self, typ: Any, value: Any, field: Field, path: str) -> Any:
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            self.problems.add(path, value, Refusal("is not a list", _describe(typ)), show=not field.secret)
            return value
        shape = take_apart(typing.get_args(typ)[0])
        items = cast("Sequence[Any]", value)
        return [self.value(shape, item, field.each(), f"{path}[{at}]") for at, item in enumerate(items)]


def _is_a(value: Any, typ: type) -> bool:
    # A bool is an int to Python and never what a number's author meant.
    if typ in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if typ is float else typ)


def _describe(typ: Any) -> str:
    if typ in _SCALARS:
        return _SCALARS[typ]
    if is_generic(typ, Mapping):
        return f"a mapping of names to {_describe(take_apart(typing.get_args(typ)[1]).type)}"
    if is_generic(typ, Sequence):
        return f"a list, each item {_describe(take_apart(typing.get_args(typ)[0]).type)}"
    if is_enum(typ):
        return " or ".join(str(member.value) for member in typ)
    return "anything" if typ is Any else f"the fields of {typ.__name__}"


def _must_be_plain(typ: Any) -> Refusal:
    return Refusal(
        "is known only during the deployment, and what is created depends on it",
        f"{_describe(typ)}, as a plain value",
        "pass the value itself, from the stack's configuration for example",
    )


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
