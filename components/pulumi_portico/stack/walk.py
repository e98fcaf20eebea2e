"""Walks a configuration by the types of its arguments."""

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from ..args.shapes import Shape, camel_case, is_args, is_generic, shapes_of, take_apart

__all__ = ["Visitor", "below", "walked"]

Visitor = Callable[[Shape, Any, str], Any]
"""What becomes of a value of a shape, at a path; the value itself where nothing does."""


def walked(shape: Shape, value: Any, path: str, visit: Visitor, spelling: Callable[[str], str] = camel_case) -> Any:
    """The value with what ``visit`` makes of its parts, outermost first; what was changed is not walked further.

    ``spelling`` is how the value's keys are written. Paths are written in camelCase anyway.
    """
    changed = visit(shape, value, path)
    if changed is not value:
        return changed
    typ = shape.type
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        shapes = _shapes_below(typ, fields, spelling)
        names = {spelling(name): camel_case(name) for name in shapes_of(typ)} if is_args(typ) else {}
        return {
            key: walked(shapes[key], it, f"{path}.{names.get(key, key)}", visit, spelling) if key in shapes else it
            for key, it in fields.items()
        }
    if isinstance(value, list):
        items = cast("list[Any]", value)
        each = take_apart(typing.get_args(typ)[0]) if is_generic(typ, Sequence) else Shape(Any, later=True)
        return [walked(each, it, f"{path}[{at}]", visit, spelling) for at, it in enumerate(items)]
    return value


def _shapes_below(typ: Any, fields: Mapping[str, Any], spelling: Callable[[str], str]) -> Mapping[str, Shape]:
    """The shape of each key's value; keys that the type does not have are left out."""
    if is_args(typ):
        known = {spelling(name): shape for name, shape in shapes_of(typ).items()}
        return {key: shape for key, shape in known.items() if key in fields}
    each = take_apart(typing.get_args(typ)[1]) if is_generic(typ, Mapping) else Shape(Any, later=True)
    return dict.fromkeys(fields, each)


def below(typ: Any) -> Iterator[Any]:
    """A type and all that it is made of; args types do not hold themselves."""
    yield typ
    if is_args(typ):
        for shape in shapes_of(typ).values():
            yield from below(shape.type)
    elif is_generic(typ, Mapping) or is_generic(typ, Sequence):
        yield from below(take_apart(typing.get_args(typ)[-1]).type)
