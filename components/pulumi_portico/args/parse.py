"""Parse arguments against their type: keys, types, and the rules of each field, once.

Plain values are checked at once. An Output is checked when its value is known: the parsed arguments hold, in its place,
an Output that fails if a rule rejects the value.
"""

import dataclasses
import inspect
import math
import re
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional, TypeVar, Union, cast

import pulumi

from ..untyped import Unchecked, mapped
from .calls import report_resource
from .codes import Code, define
from .location import ROOT, Key, KeyStyle, Location, field_text, location_text
from .location import Field as FieldName
from .problems import ABSENT, MISSING, Edit, Move, Problems, Reason, Remove, Set
from .secret_marks import report_secret_mark, secret_mark_of
from .secrets import Placeholder, Secret
from .shapes import Shape, is_args, is_enum, is_generic, required_fields, shapes_of, take_apart
from .similar_names import nearest
from .spec import Spec, changed_fields, defaults_of, elsewhere_of, renamed_fields, spec_for
from .synonyms import choice_of
from .translation import Translation
from .units import Unit

__all__ = ["INVALID", "Field", "Hooks", "Rule", "Rules", "describe", "fits", "has_secret_field", "parse"]

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

_LARGEST = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_RULES = Field()
_SCALARS: Mapping[Any, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}

NOT_ARGUMENTS = define("not-a-mapping", "{value} isn't a mapping.", allowed="{expected}")
NOT_A_LIST = define("not-a-list", "{value} isn't a list.", allowed="{expected}")
WRONG_TYPE = define("wrong-type", "{value} isn't {expected}.", allowed="{expected}")
TEXT_WITH_UNIT = define(
    "text-with-unit", "{value} is text with a unit. The unit is always {unit}.", allowed="{expected}"
)
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
NUMBER_TOO_LARGE = define("argument-too-large", "{value} is too large.", allowed="numbers from -{most} to {most}")
NOT_UNICODE = define(
    "not-unicode", "{value} has half of a surrogate pair, which no file can have.", allowed="text in Unicode"
)
RENAMED = define("renamed-argument", "{old} is now {new}.")
BOTH_NAMES = define(
    "former-and-current-name", "{old} is the former name of {new}, which is set too.", hint="Keep one of them."
)
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
    attempts: int = 3
    """How many suggestions for one value are tried: each can have one of its own."""

    def arguments(self, args_type: Any, args: Any, at: Location) -> Any:
        """The spec of an args type; a mapping of its fields if it has no spec."""
        if isinstance(args, spec_for(args_type)):
            return args
        if hook := self.hooks.get(args_type):
            read = hook(args, at)
            if read is not args:
                return self._nothing(args_type, at) if read is INVALID else read
        if not isinstance(args, Mapping):
            return self._of_text(args_type, args, at)
        given = cast("Mapping[Any, Any]", args)
        shapes = shapes_of(args_type)
        names = {field_text(name, self.style): name for name in shapes}
        parsed = self._fields(args_type, given, at, names)
        for name in required_fields(args_type):
            if name not in parsed:
                parsed[name] = INVALID
                self.problems.report_missing(at / name, describe(shapes[name].type))
        return self._made(args_type, parsed, at)

    def _of_text(self, args_type: Any, value: Any, at: Location) -> Any:
        """Report a value in place of arguments. Returns what its fix sets, if it's a text that means arguments."""
        if isinstance(value, pulumi.Resource):
            report_resource(value, args_type, describe(args_type), at, self.problems)
            return self._nothing(args_type, at)
        meant = self._meant(args_type, value)
        if meant is None:
            self._report_shape(NOT_ARGUMENTS, args_type, at, value, _NO_RULES)
            return self._nothing(args_type, at)
        expected, fix = describe(args_type), Set(at, meant)
        self.problems.report(NOT_ARGUMENTS, at, value=value, fix=fix, expected=expected)
        return self.arguments(args_type, meant, at)

    def _meant(self, args_type: Any, value: Any) -> Optional[Unchecked]:
        """The arguments that a text means, in the reader's names."""
        names = elsewhere_of(args_type)
        if names is None or names.text is None or not isinstance(value, str):
            return None
        values = names.text(value)
        return None if values is None else {field_text(steps[0], self.style): item for steps, item in values.items()}

    def _fields(
        self, args_type: Any, given: Mapping[Any, Any], at: Location, names: Mapping[str, str]
    ) -> dict[str, Any]:
        """The values of the fields that are set, by name."""
        parsed: dict[str, Any] = {}
        if elsewhere_of(args_type):
            translation = Translation(args_type, given, at, self.problems, self._is_valid, describe)
            given = translation.translated()
            parsed |= dict.fromkeys(translation.unavailable, INVALID)
        is_set = {names[key]: value for key, value in given.items() if key in names and value is not None}
        for key, value in given.items():
            if key in names:
                today = self._today(args_type, names[key], value, at, is_set)
                parsed |= {name: self._field(args_type, name, item, at / name) for name, item in today.items()}
            elif meant := self._unknown(args_type, key, value, at, is_set):
                name, item = meant
                self.problems.written[at / name] = at / Key(key)
                if item is not None:
                    is_set[name] = item
                    parsed[name] = self._field(args_type, name, item, at / Key(key))
        return parsed

    def _is_valid(self, args_type: Any, name: str, value: Any) -> bool:
        """Whether a field accepts a value, with names in snake_case or in the reader's style, which is Kubernetes' own
        in a stack file; apart from what is missing in it."""

        def accepts(style: KeyStyle) -> bool:
            trial = Problems(self.problems.subject, style=style)
            # Without hooks, which refer to other components.
            Parser(self.rules, trial, style)._field(args_type, name, value, ROOT / name)
            return all(problem.code is MISSING for problem in trial.found)

        return accepts(KeyStyle.PYTHON) or (self.style is not KeyStyle.PYTHON and accepts(self.style))

    def _made(self, args_type: Any, parsed: Unchecked, at: Location) -> Any:
        made_type = spec_for(args_type)
        made: Any = object.__new__(made_type)
        object.__setattr__(made, "at", at)
        for name, default in defaults_of(made_type).items():
            value = parsed[name] if name in parsed else default()
            if value is not INVALID:
                object.__setattr__(made, name, value)
        return made

    def _nothing(self, args_type: Any, at: Location) -> Any:
        """What stands for arguments that can't be read: every field is unavailable."""
        return self._made(args_type, dict.fromkeys(shapes_of(args_type), INVALID), at)

    def _unknown(
        self, args_type: Any, key: Any, value: Any, at: Location, is_set: Unchecked
    ) -> Optional[tuple[str, Any]]:
        """Report a key that isn't a field. Returns the field and the value that the fix sets; None if there is no fix.

        The value counts as that field's, so that what else is wrong is reported at once and isn't news after the fix.
        """
        at_key = at / Key(key)
        former = {field_text(old, self.style): new for old, new in renamed_fields(args_type).items()}
        if key in former:
            return self._former(former[key], value, at_key, is_set)
        shapes = shapes_of(args_type)
        close = nearest(str(key), {field: field for field in shapes})
        if close in is_set or close is None or not fits(shapes[close], value):
            self.problems.report_unknown(at_key, shapes)
            return None
        self.problems.report_unknown(at_key, shapes, meant=close)
        return close, value

    def _former(
        self,
        new: Union[str, Callable[[Any], tuple[str, Any]]],
        value: Any,
        at_key: Location,
        is_set: Unchecked,
    ) -> Optional[tuple[str, Any]]:
        """Report the former name of a field, as `_unknown` reports other keys."""
        name, changed = (new, value) if isinstance(new, str) else new(value)
        changed = value if value is None else changed
        old, today = FieldName(at_key[-1]), FieldName(name)
        if name in is_set:
            # If the values differ, only the author knows which one is right. A null sets nothing.
            if not isinstance(changed, pulumi.Output) and changed in (None, is_set[name]):
                self.problems.report(RENAMED, at_key, fix=Remove(at_key), old=old, new=today)
            else:
                self.problems.report(BOTH_NAMES, at_key, old=old, new=today)
            return None
        edits: list[Edit] = [] if changed is value else [Set(at_key, changed)]
        edits.append(Move(at_key, at_key.parent / name))
        self.problems.report(RENAMED, at_key, fix=edits, old=old, new=today)
        return name, changed

    def _today(self, args_type: Any, name: str, value: Any, at: Location, is_set: Collection[str]) -> Unchecked:
        """The fields that a field's value sets. Reports a value whose form is that of an earlier release."""
        if value is None:
            return {}
        changed = changed_fields(args_type).get(name)
        fields = changed(value) if changed else None
        if fields is None:
            return {name: value}
        today = {field: new for field, new in fields.items() if field == name or field not in is_set}
        expected = describe(shapes_of(args_type)[name].type)
        edits = [Set(at / field, new) for field, new in today.items()]
        self.problems.report(FORMER_VALUE, at / name, value=value, expected=expected, fix=edits)
        return today

    def _field(self, args_type: Any, name: str, value: Any, at: Location) -> Any:
        rules = self.rules.get(args_type, {}).get(name, _NO_RULES)
        return self.value(shapes_of(args_type)[name], value, rules, at)

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
        if isinstance(value, pulumi.Resource) and not is_args(shape.type):
            report_resource(value, shape.type, describe(shape.type), at, self.problems)
            return INVALID
        parsed = self._typed(shape, value, field, at)
        if parsed is not INVALID and field.value is not None and (reason := field.value(parsed)):
            return self._rejected(shape, value, reason, field, at)
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

    def _typed(self, shape: Shape, value: Any, field: Field, at: Location) -> Any:
        typ = shape.type
        if typ is Any:
            return self._of_any_type(value, field, at)
        if is_args(typ):
            return self.arguments(typ, value, at)
        if is_enum(typ):
            return self._choice(shape, value, field, at)
        if is_generic(typ, Mapping):
            return self._mapping(typ, value, field, at)
        if is_generic(typ, Sequence):
            return self._list(typ, value, field, at)
        if _is_a(value, typ):
            if reason := _unsendable(value):
                return self._rejected(shape, value, reason, field, at)
            return value
        reason = _other_type(typ, value, getattr(field.value, "unit", None))
        if field.other_type and (special := field.other_type(value)):
            reason = special
        return self._rejected(shape, value, reason, field, at)

    def _of_any_type(self, value: Any, field: Field, at: Location) -> Any:
        """A value without a type. Secrets in it become Outputs, as everywhere."""
        if isinstance(value, Secret):
            return self._secret(Shape(Any, later=True), value, field, at)
        if isinstance(value, Mapping):
            fields = mapped(cast("Any", value))
            items = {key: self._of_any_type(item, field, at / Key(str(key))) for key, item in fields.items()}
            return items if any(items[key] is not item for key, item in fields.items()) else fields
        if isinstance(value, (list, tuple)):
            before = cast("Sequence[Any]", value)
            after = [self._of_any_type(item, field, at / index) for index, item in enumerate(before)]
            return after if any(one is not other for one, other in zip(after, before, strict=True)) else before
        return value

    def _choice(self, shape: Shape, value: Any, field: Field, at: Location) -> Any:
        typ: type[Enum] = shape.type
        by_value = {member.value: member for member in typ}
        plain = value.value if isinstance(value, typ) else value
        if isinstance(plain, str) and plain in by_value:
            return by_value[plain]
        close = (choice_of(typ, plain) or nearest(plain, by_value)) if isinstance(plain, str) else None
        reason = Reason(NOT_A_CHOICE, {"choices": list(by_value)}, ABSENT if close is None else close)
        if field.other_type and (special := field.other_type(plain)):
            reason = special
        return self._rejected(shape, plain, reason, field, at)

    def _mapping(self, typ: Any, value: Any, field: Field, at: Location) -> Any:
        if not isinstance(value, Mapping):
            self._report_shape(NOT_ARGUMENTS, typ, at, value, field)
            return INVALID
        if (mark := secret_mark_of(cast("Mapping[Any, Any]", value))) is not None:
            report_secret_mark(mark, at, self.problems)
            return INVALID
        shape = take_apart(typing.get_args(typ)[1])
        parsed: dict[str, Any] = {}
        for key, item in cast("Mapping[Any, Any]", value).items():
            where = at / Key(key)
            if not isinstance(key, str):
                self.problems.report(KEY_NOT_TEXT, where, value=key)
                parsed[str(key)] = INVALID
            elif field.keys is not None and (reason := field.keys(key)):
                name = self._rejected_key(cast("Mapping[Any, Any]", value), reason, field, where)
                parsed[name] = INVALID if name == key else self.value(shape, item, field.each(), where)
            else:
                parsed[key] = self.value(shape, item, field.each(), where)
        if is_args(shape.type):
            usable = {key: item for key, item in parsed.items() if item is not INVALID}
            # An empty mapping would be another problem.
            return INVALID if parsed and not usable else usable
        return INVALID if any(item is INVALID for item in parsed.values()) else parsed

    def _list(self, typ: Any, value: Any, field: Field, at: Location) -> Any:
        shape = take_apart(typing.get_args(typ)[0])
        if isinstance(value, str) and shape.type is str:
            # One item, or several as other tools write them.
            items = [item.strip() for item in value.split(",") if item.strip()]
            reason = Reason(NOT_A_LIST, {"expected": describe(typ)}, items)
            return self._rejected(Shape(typ, later=False), value, reason, field, at)
        if is_args(shape.type) and (meant := self._meant(shape.type, value)) is not None:
            reason = Reason(NOT_A_LIST, {"expected": describe(typ)}, [meant])
            return self._rejected(Shape(typ, later=False), value, reason, field, at)
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            self._report_shape(NOT_A_LIST, typ, at, value, field)
            return INVALID
        items = cast("Sequence[Any]", value)
        parsed = [self.value(shape, item, field.each(), at / index) for index, item in enumerate(items)]
        return INVALID if any(item is INVALID for item in parsed) else tuple(parsed)

    def _report_shape(self, code: Code, typ: Any, at: Location, value: Any, field: Field) -> None:
        # What is below a value of the wrong shape may be secret, whatever it was meant to be; so may be text in place
        # of what has a secret field.
        hide = field.secret or isinstance(value, (Mapping, list, tuple)) or has_secret_field(typ, self.rules)
        self.problems.report(code, at, value=value, secret=hide, expected=describe(typ))

    def _rejected(self, shape: Shape, value: Any, reason: Reason, field: Field, at: Location) -> Any:
        """Report that a rule rejects a value. Returns what the fix makes of it; INVALID if there is no fix.

        A suggestion that is invalid too is no fix.
        """
        suggestion, fixed = reason.suggestion, INVALID
        if field.secret or not self.attempts:
            suggestion = ABSENT
        if suggestion is not ABSENT:
            trial = Problems(self.problems.subject, style=self.style)
            retry = dataclasses.replace(self, problems=trial, attempts=self.attempts - 1)
            fixed = retry.value(shape, suggestion, field, at)
            for problem in trial.found:
                last = problem.edits[-1] if problem.edits else None
                suggestion = last.value if isinstance(last, Set) and last.location == at else ABSENT
        if suggestion is ABSENT:
            fixed = INVALID
        self.problems.reject(at, value, reason._replace(suggestion=suggestion), secret=field.secret)
        return fixed

    def _rejected_key(self, mapping: Mapping[Any, Any], reason: Reason, field: Field, at: Location) -> str:
        """Report that a rule rejects the last key of a location. Returns the key that the fix sets; without a fix, the
        key itself."""
        key, suggestion = str(at[-1]), reason.suggestion
        if suggestion in mapping or (field.keys is not None and suggestion is not ABSENT and field.keys(suggestion)):
            suggestion = ABSENT
        self.problems.reject(at, key, reason._replace(suggestion=suggestion), is_key=True)
        if suggestion is ABSENT:
            return key
        self.problems.written[at.parent / Key(suggestion)] = at
        return str(suggestion)


def fits(shape: Shape, value: Any) -> bool:
    """Whether a value has the form of a shape, whatever is in it."""
    typ = shape.type
    if isinstance(value, Secret):
        return shape.later and typ in (str, Any)
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return shape.later
    if value is None or typ is Any:
        return True
    if is_args(typ) or is_generic(typ, Mapping):
        return isinstance(value, Mapping)
    if is_generic(typ, Sequence):
        return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    if is_enum(typ):
        return isinstance(value, (str, typ))
    return _is_a(value, typ) or _converted(typ, value) is not ABSENT


def has_secret_field(typ: Any, rules: Rules, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether a type has a field, at any depth, whose value messages never show."""
    if is_generic(typ, Mapping) or is_generic(typ, Sequence):
        return has_secret_field(take_apart(typing.get_args(typ)[-1]).type, rules, seen)
    if not is_args(typ) or typ in seen:
        return False
    fields = rules.get(typ, {})
    return any(
        fields.get(name, _NO_RULES).secret or has_secret_field(shape.type, rules, seen | {typ})
        for name, shape in shapes_of(typ).items()
    )


def _unsendable(value: Any) -> Optional[Reason]:
    """Why the engine can't be sent a value."""
    if isinstance(value, str):
        return Reason(NOT_UNICODE) if _SURROGATE.search(value) else None
    # Readers of JSON, the engine among them, don't keep larger numbers exact, or reject them.
    if isinstance(value, (int, float)) and _LARGEST < abs(value) < math.inf:
        return Reason(NUMBER_TOO_LARGE, {"most": _LARGEST})
    return None


def _is_a(value: Any, typ: type) -> bool:
    # A bool is an int to Python and never what a number's author meant.
    if typ in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if typ is float else typ)


def _other_type(typ: type, value: Any, unit: Optional[Unit]) -> Reason:
    """Why a value of another type is rejected, and the value to write instead."""
    if typ is str or unit is None:
        return Reason(WRONG_TYPE, {"expected": describe(typ)}, _converted(typ, value))
    number = unit.number_of(value)
    if number is not None and str(number) != value:
        return Reason(TEXT_WITH_UNIT, {"unit": unit.name, "expected": unit.what}, number)
    return Reason(WRONG_TYPE, {"expected": unit.what}, _converted(typ, value) if number is None else number)


def _converted(typ: type, value: Any) -> Any:
    """The value as the type has it, if that is plain: a number for text, text for a number."""
    if typ is str and isinstance(value, (int, float)):
        # True and False are Python's own; whoever reads text writes them small.
        return str(value).lower() if isinstance(value, bool) else str(value)
    if typ is int and isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
        return int(value)
    if typ is float and isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value) if "." in value else int(value)
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
