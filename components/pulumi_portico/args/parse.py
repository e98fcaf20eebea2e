"""Parse arguments against their type: keys, types, and the rules of each field, once.

Plain values are checked at once. An Output is checked when its value is known: the parsed arguments hold, in its place,
an Output that fails if a rule rejects the value.
"""

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional, TypeVar, cast

import pulumi

from .codes import define
from .location import ROOT, Key, KeyStyle, Location, field_text, location_text
from .location import Field as FieldName
from .problems import ABSENT, Edit, Move, Problems, Reason, Remove, Set, nearest
from .secrets import Placeholder, Secret
from .shapes import Shape, is_args, is_enum, is_generic, required_fields, shapes_of, take_apart
from .spec import Spec, changed_fields, defaults_of, renamed_fields, spec_for

__all__ = ["INVALID", "Field", "Hooks", "Rule", "Rules", "parse"]

Rule = Callable[[Any], Optional[Reason]]
"""What a value must satisfy: returns None, or why the value is rejected."""


@dataclass(frozen=True)
class Field:
    """What a field's value must satisfy beyond its type."""

    value: Optional[Rule] = None
    """For the value itself (a whole list or mapping if the field holds one)."""
    items: Optional[Rule] = None
    """For each item of a list, each value of a mapping."""
    keys: Optional[Rule] = None
    """For each key of a mapping."""
    secret: bool = False
    """Whether messages never show the value."""
    other_type: Optional[Rule] = None
    """For a value of another type: why it is rejected, or None if there is nothing special about it."""

    def each(self) -> "Field":
        """The rules of one item."""
        return Field(value=self.items, secret=self.secret)


Rules = Mapping[type, Mapping[str, Field]]
"""The rules of each args type, by field name."""


class _Invalid:
    """The type of `INVALID`."""

    def __repr__(self) -> str:
        return "INVALID"

    def __bool__(self) -> bool:
        return False


INVALID: Any = _Invalid()
"""In place of a value that is rejected."""

Hooks = Mapping[Any, Callable[[Any, Location], Any]]
"""By args type: reads a value in another way, such as a reference by name. Returns the spec, INVALID, or the value
itself to have it parsed."""

_NO_RULES = Field()
_SCALARS: Mapping[Any, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}

NOT_ARGUMENTS = define("not-a-mapping", "{value} isn't a mapping.", allowed="{expected}")
NOT_A_LIST = define("not-a-list", "{value} isn't a list.", allowed="{expected}")
WRONG_TYPE = define("wrong-type", "{value} isn't {expected}.", allowed="{expected}")
NOT_A_CHOICE = define("not-a-choice", "{value} isn't one of the choices.", allowed="{choices}")
KEY_NOT_TEXT = define("key-not-text", "The key {value} isn't text.", allowed="text", hint="Write the key in quotes.")
NOT_PLAIN = define(
    "not-plain",
    "{value} is known only during the deployment, and Portico needs it earlier.",
    allowed="{expected}, as a plain value",
    hint="Pass the value itself, for example from the stack's configuration.",
)
SECRET_NOT_ALLOWED = define(
    "secret-not-allowed",
    "This value is secret, and Portico needs to read it.",
    allowed="{expected}, as a plain value",
    hint="Write the value itself, or encrypt only values below it.",
)
RENAMED = define("renamed-argument", "{old} is now {new}.")
FORMER_VALUE = define("former-value", "{value} is the former form of this argument.", allowed="{expected}")

S = TypeVar("S", bound=Spec)


def parse(
    spec: type[S],
    args_type: Any,
    args: Any,
    rules: Rules,
    problems: Problems,
    at: Location = ROOT,
    hooks: Optional[Hooks] = None,
) -> S:
    """Parse `args` as `args_type`, and report what's wrong in `problems`, whose style is that of the keys.

    Returns the spec: None counts as not set, enum members stand for their values, lists are tuples, and Outputs are
    guarded by the rules of their fields. Invalid values are unavailable.
    """
    assert spec_for(args_type) is spec
    return Parser(rules, problems, problems.style, hooks or {}).arguments(args_type, args, at)


@dataclass(frozen=True)
class Parser:
    """Parses values by their types."""

    rules: Rules
    problems: Problems
    style: KeyStyle
    hooks: Hooks = dataclasses.field(default_factory=dict[Any, Callable[[Any, Location], Any]])

    def arguments(self, args_type: Any, args: Any, at: Location) -> Any:
        """The spec of an args type; a mapping of its fields if it has no spec."""
        if isinstance(args, spec_for(args_type) or ()):
            return args
        if hook := self.hooks.get(args_type):
            read = hook(args, at)
            if read is not args:
                return self._nothing(args_type, at) if read is INVALID else read
        if not isinstance(args, Mapping):
            self._report(NOT_ARGUMENTS, at, args, expected=describe(args_type))
            return self._nothing(args_type, at)
        given = cast("Mapping[Any, Any]", args)
        shapes = shapes_of(args_type)
        names = {field_text(name, self.style): name for name in shapes}
        parsed: dict[str, Any] = {}
        for key, value in given.items():
            if key not in names:
                # What the fix sets isn't reported as not set.
                parsed |= dict.fromkeys(self._unknown(args_type, key, given, at, names), INVALID)
            elif value is not None:
                parsed[names[key]] = self._field(args_type, names[key], value, at)
        for name in required_fields(args_type):
            if given.get(field_text(name, self.style)) is None and name not in parsed:
                parsed[name] = INVALID
                self.problems.report_missing(at / name, describe(shapes[name].type))
        return self._made(args_type, parsed, {names[key]: value for key, value in given.items() if key in names}, at)

    def _made(self, args_type: Any, parsed: Mapping[str, Any], given: Mapping[str, Any], at: Location) -> Any:
        made_type = spec_for(args_type)
        if made_type is None:
            # An args type without a spec yet: its checks expect what was written.
            found = {
                name: given[name] if value is INVALID else value for name, value in parsed.items() if name in given
            }
            return {name: _legacy(value) for name, value in found.items()}
        made: Any = object.__new__(made_type)
        object.__setattr__(made, "at", at)
        for name, default in defaults_of(made_type).items():
            value = parsed[name] if name in parsed else default()
            if value is not INVALID:
                object.__setattr__(made, name, value)
        return made

    def _nothing(self, args_type: Any, at: Location) -> Any:
        """What stands for arguments that can't be read: every field is unavailable."""
        return self._made(args_type, dict.fromkeys(shapes_of(args_type), INVALID), {}, at)

    def _unknown(
        self, args_type: Any, key: Any, given: Mapping[Any, Any], at: Location, names: Mapping[str, str]
    ) -> Sequence[str]:
        """Report an argument that doesn't exist. Return the field that the fix sets, if the name is a former one."""
        former = {field_text(old, self.style): new for old, new in renamed_fields(args_type).items()}
        at_key, value = at / Key(key), given[key]
        is_set = {name for written, name in names.items() if given.get(written) is not None}
        if key not in former:
            self.problems.report_unknown(at_key, names.values(), is_set)
            return ()
        new = former[key]
        name, changed = (new, value) if isinstance(new, str) else new(value)
        edits: list[Edit] = [*([Set(at_key, changed)] if changed is not value else []), Move(at_key, at / name)]
        if name in is_set:
            edits = [Remove(at_key)]
        self.problems.report(RENAMED, at_key, old=FieldName(key), new=FieldName(name), fix=edits)
        return () if name in is_set else (name,)

    def _field(self, args_type: Any, name: str, value: Any, at: Location) -> Any:
        if self._is_former(args_type, name, value, at):
            return INVALID
        rules = self.rules.get(args_type, {}).get(name, _NO_RULES)
        return self.value(shapes_of(args_type)[name], value, rules, at / name)

    def _is_former(self, args_type: Any, name: str, value: Any, at: Location) -> bool:
        """Report a value whose form is that of an earlier release, with the values that replace it."""
        changed = changed_fields(args_type).get(name)
        fields = changed(value) if changed else None
        if fields is None:
            return False
        expected = describe(shapes_of(args_type)[name].type)
        edits = [Set(at / field, today) for field, today in fields.items()]
        self.problems.report(FORMER_VALUE, at / name, value=value, expected=expected, fix=edits)
        return True

    def value(self, shape: Shape, value: Any, field: Field, at: Location) -> Any:
        """A value of a shape; INVALID if it is rejected."""
        if isinstance(value, Secret):
            return self._secret(shape, value, field, at)
        if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
            pending = cast("Any", value)
            if shape.later:
                return self._later(shape.type, pending, field, at)
            self.problems.report(NOT_PLAIN, at, value=pending, expected=describe(shape.type))
            return INVALID
        parsed = self._typed(shape.type, value, field, at)
        if parsed is not INVALID and field.value is not None and (reason := field.value(parsed)):
            self._reject(at, value, reason, field)
            return INVALID
        return parsed

    def _secret(self, shape: Shape, secret: Secret, field: Field, at: Location) -> Any:
        if shape.later and shape.type in (str, Any):
            if secret.value is None:
                return pulumi.Output.secret(Placeholder(f"[secret {location_text(at, self.style)}]"))
            checked = self.value(shape, secret.value, dataclasses.replace(field, secret=True), at)
            return checked if checked is INVALID else pulumi.Output.secret(checked)
        if not secret.certain:
            # The engine holds it secret because of something around it; this value can't be.
            return self.value(shape, secret.value, field, at)
        self.problems.report(SECRET_NOT_ALLOWED, at, secret=True, expected=describe(shape.type))
        return INVALID

    def _later(self, typ: Any, value: Any, field: Field, at: Location) -> pulumi.Output[Any]:
        output: pulumi.Output[Any] = pulumi.Output.from_input(value)

        def settle(known: Sequence[Any]) -> Any:
            if isinstance(known[0], Placeholder):
                return known[0]
            problems = Problems(self.problems.subject, style=self.style)
            guarded = dataclasses.replace(field, secret=bool(known[1]) or field.secret)
            parsed = Parser(self.rules, problems, self.style).value(Shape(typ, later=False), known[0], guarded, at)
            problems.raise_if_any()
            return parsed

        # The value must not appear in a message if the Output that carries it is secret.
        return pulumi.Output.all(output, pulumi.Output.from_input(output.is_secret())).apply(settle)

    def _typed(self, typ: Any, value: Any, field: Field, at: Location) -> Any:
        if typ is Any:
            return value
        if is_args(typ):
            return self.arguments(typ, value, at)
        if is_enum(typ):
            return self._choice(typ, value, field, at)
        if is_generic(typ, Mapping):
            return self._mapping(typ, value, field, at)
        if is_generic(typ, Sequence):
            return self._list(typ, value, field, at)
        if _is_a(value, typ):
            return value
        reason = Reason(WRONG_TYPE, {"expected": describe(typ)}, _converted(typ, value))
        if field.other_type and (special := field.other_type(value)):
            reason = special
        self._reject(at, value, reason, field)
        return INVALID

    def _choice(self, typ: type[Enum], value: Any, field: Field, at: Location) -> Any:
        by_value = {member.value: member for member in typ}
        plain = value.value if isinstance(value, typ) else value
        if isinstance(plain, str) and plain in by_value:
            return by_value[plain]
        close = nearest(plain, by_value) if isinstance(plain, str) else None
        reason = Reason(NOT_A_CHOICE, {"choices": list(by_value)}, ABSENT if close is None else close)
        if field.other_type and (special := field.other_type(plain)):
            reason = special
        self.problems.reject(at, plain, reason)
        return INVALID

    def _mapping(self, typ: Any, value: Any, field: Field, at: Location) -> Any:
        if not isinstance(value, Mapping):
            self._report(NOT_ARGUMENTS, at, value, secret=field.secret, expected=describe(typ))
            return INVALID
        shape = take_apart(typing.get_args(typ)[1])
        parsed: dict[str, Any] = {}
        for key, item in cast("Mapping[Any, Any]", value).items():
            where = at / Key(key)
            if not isinstance(key, str):
                self.problems.report(KEY_NOT_TEXT, where, value=key)
                parsed[str(key)] = INVALID
            elif field.keys is not None and (reason := field.keys(key)):
                self.problems.reject(where, key, reason, is_key=True)
                parsed[key] = INVALID
            else:
                parsed[key] = self.value(shape, item, field.each(), where)
        if is_args(shape.type):
            usable = {key: item for key, item in parsed.items() if item is not INVALID}
            # An empty mapping would be another problem.
            return INVALID if parsed and not usable else usable
        return INVALID if any(item is INVALID for item in parsed.values()) else parsed

    def _list(self, typ: Any, value: Any, field: Field, at: Location) -> Any:
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            self._report(NOT_A_LIST, at, value, secret=field.secret, expected=describe(typ))
            return INVALID
        shape = take_apart(typing.get_args(typ)[0])
        items = cast("Sequence[Any]", value)
        parsed = [self.value(shape, item, field.each(), at / index) for index, item in enumerate(items)]
        return INVALID if any(item is INVALID for item in parsed) else tuple(parsed)

    def _report(self, code: Any, at: Location, value: Any, *, secret: bool = False, expected: str) -> None:
        # What is below a value of the wrong shape may be secret, whatever it was meant to be.
        show = not secret and not isinstance(value, (Mapping, list, tuple))
        self.problems.report(code, at, value=value, secret=not show, expected=expected)

    def _reject(self, at: Location, value: Any, reason: Reason, field: Field) -> None:
        self.problems.reject(at, value, reason, secret=field.secret)


def _legacy(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_legacy(item) for item in cast("tuple[Any, ...]", value)]
    return value.value if isinstance(value, Enum) else value


def _is_a(value: Any, typ: type) -> bool:
    # A bool is an int to Python and never what a number's author meant.
    if typ in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if typ is float else typ)


def _converted(typ: type, value: Any) -> Any:
    """The value as the type has it, if that is plain: a number for text, text for a number."""
    if typ is str and isinstance(value, (int, float)):
        # True and False are Python's own; whoever reads text writes them small.
        return str(value).lower() if isinstance(value, bool) else str(value)
    if typ is int and isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
        return int(value)
    return ABSENT


def describe(typ: Any) -> str:
    """What a type allows, in words."""
    if typ in _SCALARS:
        return _SCALARS[typ]
    if is_generic(typ, Mapping):
        return f"a mapping of names to {describe(take_apart(typing.get_args(typ)[1]).type)}"
    if is_generic(typ, Sequence):
        return f"a list, each item {describe(take_apart(typing.get_args(typ)[0]).type)}"
    if is_enum(typ):
        return " or ".join(str(member.value) for member in typ)
    return "anything" if typ is Any else f"the fields of {typ.__name__}"
