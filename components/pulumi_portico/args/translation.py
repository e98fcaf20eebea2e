"""Reads the names and forms of other tools as those of Portico, and reports each with its fix."""

import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Optional, Union, cast

import pulumi

from ..merge import merged
from ..untyped import Unchecked, mapped
from .codes import Code
from .concealment import concealed
from .elsewhere import (
    FOREIGN_FORM,
    NAME_ELSEWHERE,
    Beside,
    Convert,
    Elsewhere,
    Steps,
    Values,
    field_of,
    steps_of,
    table,
)
from .location import ROOT, Field, FieldPath, Key, KeyStyle, Location, camel_case, field_text
from .manifests import (
    KUBERNETES_MANIFEST,
    MANIFESTS,
    OTHER_KINDS,
    OTHER_MANIFEST,
    code_of_kind,
    is_manifest,
    places_of,
)
from .problems import ABSENT, Edit, Move, Problems, Remove, Set
from .secrets import Secret
from .shapes import is_args, is_generic, shapes_of, take_apart
from .similar_names import folded, nearest
from .spec import elsewhere_of, renamed_fields

__all__ = ["Translation", "holds_unknown", "values_of"]

COMPONENTS: Mapping[str, str] = {
    "services": "WebService",
    "jobs": "Job",
    "gateways": "IngressGateway",
    "routes": "IngressRoutes",
    "load_balancers": "PublicLoadBalancer",
    "aws_load_balancers": "AwsLoadBalancer",
}
"""The component of each field of a stack."""


IsValid = Callable[[Any, str, Any], bool]
"""Whether a field of an args type accepts a value."""


class Translation:
    """The arguments of one args type, in Portico's own names and forms."""

    def __init__(
        self,
        args_type: Any,
        given: Unchecked,
        at: Location,
        problems: Problems,
        is_valid: IsValid,
        describe: Callable[[Any], str],
    ) -> None:
        self.unavailable: list[str] = []
        """The fields whose values have another form that the fix can't express."""
        self.is_complete = True
        """Whether everything that is reported has a fix."""
        self._args_type, self._given, self._at, self._problems = args_type, given, at, problems
        self._table = elsewhere_of(args_type) or table({})
        self._is_valid, self._describe = is_valid, describe
        self._values: dict[Any, Any] = dict(given)
        name = at[-1] if at else ""
        self._beside = Beside(given, name if isinstance(name, Key) else "")

    def translated(self) -> Unchecked:
        """The arguments, with what the fixes make of the names and forms that are reported."""
        if is_manifest(self._given):
            self._read_manifest()
            return self._values
        names, former, own = _own_names(self._args_type, self._problems.style)
        for key, value in self._given.items():
            if key not in self._values:
                continue
            if key in names:
                self._read_form(names[key], value)
            elif key not in former and folded(str(key)) not in own and (where := self._find(key, value)):
                self._read_name(key, value, where)
        return self._values

    def _find(self, key: Any, value: Any) -> Optional[Elsewhere]:
        """Where Portico has what another tool, or the user, has under a key."""
        if (found := self._table.find(key)) is not None or self._table.others is None:
            return found
        # A misspelled field keeps its own fix.
        is_near = nearest(str(key), shapes_of(self._args_type)) is not None
        return None if is_near else self._table.others(str(key), value)

    def _read_manifest(self) -> None:
        """Report a manifest in place of arguments."""
        kind = str(self._given["kind"])
        convert, value = self._reader(self._table.manifest), dict(self._given)
        self._values = {}
        values = None if convert is None else self._usable(convert, value)
        edits: list[Edit] = []
        if not values:
            self.unavailable += shapes_of(self._args_type)
        else:
            edits = self._edits(values)
            if self._at:
                edits = [Set(self._at, {edit.location[-1]: edit.value for edit in edits if isinstance(edit, Set)})]
            else:
                edits += [Remove(self._at / Key(key)) for key in value if key not in {way[0] for way in values}]
            self._put(values)
        places = places_of(kind)
        params: dict[str, Any] = {"fields": places} if places else self._manifests()
        self._report(KUBERNETES_MANIFEST if places else OTHER_MANIFEST, self._at, edits, kind=kind, **params)

    def _key(self, step: str) -> str:
        return field_text(step, self._problems.style)

    def _read_form(self, name: str, value: Any) -> None:
        if name == "kind" and value in OTHER_KINDS:
            del self._values[self._key(name)]
            self._report_kind(str(value), self._at / name)
            return
        form = next((form for form in self._table.forms.get(name, ()) if form.fits(value)), None)
        if form is None:
            return
        del self._values[self._key(name)]
        values = self._usable(form.convert, value)
        if values is None:
            self.unavailable.append(name)
            edits: list[Edit] = []
        else:
            edits = self._edits(values)
            if not any(edit.location == self._at / name for edit in edits):
                edits.insert(0, Remove(self._at / name))
            self._put(values)
        fields = [field_of(field) for field in form.fields or (name,)]
        expected = self._describe(shapes_of(self._args_type)[name].type)
        self._report(FOREIGN_FORM, self._at / name, edits, name=Field(name), fields=fields, expected=expected)

    def _read_name(self, key: str, value: Any, where: Elsewhere) -> None:
        at_key = self._at / Key(key)
        del self._values[key]
        edits: list[Edit] = []
        if value is None or value in ({}, [], ""):
            edits = [Remove(at_key)]
        elif where.is_moved:
            edits = self._moved(at_key, value, steps_of(where.fields[0]))
        elif convert := where.convert or self._reader(where.spread):
            values = self._usable(convert, value)
            if values is not None:
                edits = [*self._edits(values), Remove(at_key)]
                self._put(values)
        self._report_name(where, at_key, edits)

    def _report_name(self, where: Elsewhere, at_key: Location, edits: Sequence[Edit]) -> None:
        if where.kind and not (edits and where.convert):
            self._report_kind(where.kind, at_key)
            return
        params: dict[str, Any] = {"name": str(at_key[-1])}
        if where.fields:
            params["fields"] = [field_of(field) for field in where.fields]
        own = self._of_component(where.component)
        if own is not None:
            params["fields"] = [own.join(field) for field in params["fields"]]
            self._report(NAME_ELSEWHERE, at_key, edits, **params)
            return
        if where.component:
            is_stack = self._problems.style is KeyStyle.STACK
            params["component"] = Location((where.component,)) if is_stack else COMPONENTS[where.component]
        self._report(where.code, at_key, edits, **params)

    def _report_kind(self, kind: str, at: Location) -> None:
        places = places_of(kind)
        self._report(code_of_kind(kind), at, (), kind=kind, **({"fields": places} if places else self._manifests()))

    def _manifests(self) -> dict[str, Any]:
        """Where a stack has manifests; a program has no such place."""
        return {"manifests": MANIFESTS} if self._problems.style is KeyStyle.STACK else {}

    def _of_component(self, component: str) -> Optional[Location]:
        """Where the arguments of the component around these are, if it's of that kind."""
        if component != "services":
            return None
        if self._problems.style is not KeyStyle.STACK:
            return FieldPath()
        lengths = {"services": 2, "jobs": 2, "defaults": 1}
        length = lengths.get(str(self._at[0])) if self._at else None
        return None if length is None else Location(self._at[:length])

    def _report(self, code: Code, at: Location, edits: Sequence[Edit], **params: Any) -> None:
        self.is_complete = self.is_complete and bool(edits)
        self._problems.report(code, at, fix=edits, **params)

    def _moved(self, at_key: Location, value: Any, steps: Steps) -> list[Edit]:
        """The edits that move a value as it is."""
        if not self._is_free(steps, value):
            return []
        self._put({steps: value}, is_styled=True)
        self._problems.written[self._at.join(steps)] = at_key
        return [Move(at_key, self._at.join(steps))]

    def _usable(self, convert: Convert, value: Any) -> Optional[Values]:
        """What a value is converted to; None if that isn't possible, isn't valid, or would show a secret."""
        if holds_unknown(value):
            return None
        values = convert(value, self._beside)
        if values is None and (as_of_kubernetes := _in_camel_case(value)) != value:
            # Terraform separates the words of Kubernetes' names by underscores.
            values = convert(as_of_kubernetes, self._beside)
        if values is not None:
            values = {steps: self._with_present(steps, item) for steps, item in values.items()}
        if values is None or not all(self._is_free(*item) for item in values.items()):
            return None
        nested = _nested(values)
        shown = _without_names({name: item for name, item in nested.items() if item is not ABSENT})
        if concealed(shown) is not shown:
            return None
        is_valid = all(
            self._is_valid(self._args_type, name, _plain(item)) for name, item in nested.items() if item is not ABSENT
        )
        return values if is_valid else None

    def _reader(self, spread: Optional[Callable[[Any], Optional[Unchecked]]]) -> Optional[Convert]:
        """Reads the arguments in a value by the same table."""
        if spread is None:
            return None

        def convert(value: Any, beside: Beside) -> Optional[Values]:
            found = spread(value)
            if found is None:
                return None
            at = Location((Key(beside.name),)) if beside.name else ROOT
            return values_of(self._args_type, found, at, self._is_valid, self._describe)

        return convert

    def _with_present(self, steps: Steps, value: Any) -> Any:
        """A list of named items with those that are at its place already, such as the containers of `extra`."""
        held: Any = self._values
        for step in steps:
            held = mapped(held).get(self._key(step))
        both: Any = merged(held, value) if all(isinstance(each, list) for each in (held, value)) else value
        # Nothing that is set changes.
        return both if merged(both, held) == both else value

    def _is_free(self, steps: Steps, value: Any) -> bool:
        """Whether nothing else is set at a place yet."""
        if value is ABSENT:
            return True
        held: Any = self._values
        for step in steps:
            if held is None:
                return True
            if not isinstance(held, Mapping):
                return False
            held = cast("Unchecked", held).get(self._key(step))
        has_items = all(isinstance(each, list) for each in (held, value)) and merged(value, held) == value
        return held is None or held == value or has_items

    def _put(self, values: Values, *, is_styled: bool = False) -> None:
        for (*above, last), value in values.items():
            shape = self._args_type
            held = self._values
            for step in above:
                key = self._key(step)
                # What the caller passed isn't changed.
                held[key] = dict(held.get(key) or {})
                held, shape = held[key], _type_below(shape, step)
            if value is ABSENT:
                held.pop(self._key(last), None)
                continue
            typ = _type_below(shape, last)
            held[self._key(last)] = value if is_styled else _styled(typ, value, self._key)

    def _edits(self, values: Values) -> list[Edit]:
        own = {folded(str(key)): key for key in self._given}
        removed = [Remove(self._at / Key(own[folded(steps[0])])) for steps, item in values.items() if item is ABSENT]
        kept = {steps: item for steps, item in values.items() if item is not ABSENT}
        sets = _sets(_nested(kept), self._values, self._at, self._key)
        edits = [self._in_style(edit) for edit in sets]
        # What is set already needs no edit.
        return [*(edit for edit in edits if edit.value != self._value_at(edit.location)), *removed]

    def _value_at(self, location: Location) -> Any:
        held: Any = self._values
        for step in location[len(self._at) :]:
            held = mapped(held).get(self._key(str(step)) if not isinstance(step, Key) else step)
        return held

    def _in_style(self, edit: Set) -> Set:
        """An edit with the keys of its value as the reader writes them."""
        typ = self._args_type
        for step in edit.location[len(self._at) :]:
            typ = _type_below(typ, str(step))
        return Set(edit.location, _styled(typ, edit.value, self._key))


def values_of(
    args_type: Any, given: Unchecked, at: Location, is_valid: IsValid, describe: Callable[[Any], str]
) -> Optional[Values]:
    """The values of Portico's own fields that arguments in the names of another tool mean; None if some have none."""
    own = {folded(name): name for name in shapes_of(args_type)}
    named = {own.get(folded(str(key)), key): value for key, value in given.items()}
    translation = Translation(args_type, named, at, Problems(""), is_valid, describe)
    translated = translation.translated()
    if not translation.is_complete or translation.unavailable or translated.keys() - own.values():
        return None
    return {(name,): value for name, value in translated.items()}


@cache
def _own_names(args_type: Any, style: KeyStyle) -> tuple[Mapping[str, str], frozenset[str], frozenset[str]]:
    """The fields of an args type by the reader's names, their former names, and their names without a style: another
    style of a field's own name is a misspelling."""
    names = {field_text(name, style): name for name in shapes_of(args_type)}
    former = frozenset(field_text(name, style) for name in renamed_fields(args_type))
    return names, former, frozenset(map(folded, names.values()))


def _type_below(typ: Any, step: str) -> Any:
    if is_args(typ):
        shape = shapes_of(typ).get(step)
        return Any if shape is None else shape.type
    return take_apart(typing.get_args(typ)[-1]).type if is_generic(typ, Mapping) else Any


def _styled(typ: Any, value: Any, key_of: Callable[[str], str]) -> Any:
    """A value whose keys are in the reader's style; those of args types are in snake_case before."""
    if isinstance(value, Mapping):
        items = cast("Unchecked", value).items()
        is_own = is_args(typ)
        return {key_of(key) if is_own else key: _styled(_type_below(typ, key), item, key_of) for key, item in items}
    if isinstance(value, (list, tuple)) and is_generic(typ, Sequence):
        below = take_apart(typing.get_args(typ)[0]).type
        return [_styled(below, item, key_of) for item in cast("Sequence[Any]", value)]
    return cast("Any", value)


def _sets(nested: Unchecked, given: Any, at: Location, key_of: Callable[[str], str]) -> Iterator[Set]:
    """The edits that set values: each of a mapping as a whole, unless it has other values already."""
    for step, value in nested.items():
        known = mapped(given).get(key_of(step))
        if isinstance(value, _Nested) and isinstance(known, Mapping) and known:
            yield from _sets(value, known, at / step, key_of)
        else:
            yield Set(at / step, _plain(value))


_OF_USER = ("labels", "annotations", "match_labels", "node_selector", "data", "environment")
"""Names of mappings whose keys are the user's."""


def _in_camel_case(value: Any) -> Any:
    """A value with Kubernetes' names, if those of Terraform are in it."""
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {
            camel_case(key) if isinstance(key, str) and _SNAKE_CASE.fullmatch(key) else key: (
                item if key in _OF_USER else _in_camel_case(item)
            )
            for key, item in items
        }
    if isinstance(value, (list, tuple)):
        return [_in_camel_case(item) for item in cast("Sequence[Any]", value)]
    return value


_SNAKE_CASE = re.compile("[a-z]+(?:_[a-z]+)+")


class _Nested(dict[str, Any]):
    """A mapping that the ways to values lead through, and not a value itself."""


def _nested(values: Values) -> _Nested:
    nested = _Nested()
    for (*above, last), value in values.items():
        holder: Any = nested
        for step in above:
            holder = holder.setdefault(step, _Nested())
        holder[last] = value
    return nested


def _plain(value: Any) -> Any:
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, _Nested) else value


_NAMES_OF_OBJECTS = ("pull_secrets", "secret")
"""Fields that name Secrets. The names aren't secret."""


def _without_names(value: Any) -> Any:
    """A value without what names objects."""
    if not isinstance(value, Mapping):
        return value
    items = cast("Unchecked", value).items()
    return {key: _without_names(item) for key, item in items if key not in _NAMES_OF_OBJECTS}


def holds_unknown(value: Any) -> bool:
    """Whether a value has secrets, or what is known only later: no fix can quote it."""
    if isinstance(value, (Secret, pulumi.Output)):
        return True
    if isinstance(value, Mapping):
        return any(map(holds_unknown, cast("Mapping[Any, Any]", value).values()))
    if isinstance(value, (list, tuple)):
        return any(map(holds_unknown, cast("Union[list[Any], tuple[Any, ...]]", value)))
    return False
