"""The problems of a stack, with their positions in its files."""

import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional, cast

from ..args.location import Key, KeyStyle, Location, Step, camel_case
from ..args.parse import RENAMED, WRONG_TYPE, Field, has_secret_field
from ..args.problems import ABSENT, Edit, Move, Problem, Remove, Set
from ..args.secrets import texts_of
from ..args.shapes import Shape, is_args, is_generic, shapes_of, take_apart
from ..untyped import mapped
from .args import StackArgs
from .parts import SECRET_RULES
from .program import is_file_path
from .source_map import AmbiguousScalar, Node, Place, holds_secret, node_at, place_of, secrets_in
from .yaml_file import AMBIGUOUS_BOOLEAN, meant_boolean

__all__ = ["in_files"]

_DEFAULTS = Location(("defaults",))


def in_files(tree: Node, of_files: Iterable[Problem], of_stack: Iterable[Problem]) -> Iterator[Problem]:
    """The problems of a stack's files and of its values, each once, with positions, and without secrets."""
    followers: dict[str, list[Problem]] = {}
    located = [_located(tree, problem) for problem in of_stack]
    for problem, node in located:
        if isinstance(node.value, AmbiguousScalar) and (problem.value is not ABSENT or problem.secret):
            followers.setdefault(problem.place, []).append(problem)
    seen: set[Any] = set()
    for problem in of_files:
        fixed = _with_meant_value(problem, followers.get(problem.place, ()))
        fixed = _without_secrets(fixed, node_at(tree, fixed.location)[0], frozenset())
        if not _is_known(fixed, seen):
            yield fixed
    secrets = secrets_in(tree)
    own = [(problem, node) for problem, node in located if problem not in followers.get(problem.place, ())]
    for problem, node in _once(tree, own):
        hidden = _without_secrets(problem, node, secrets)
        if not _is_known(hidden, seen):
            yield hidden


def _is_known(problem: Problem, seen: set[Any]) -> bool:
    key = (problem.code, problem.location, problem.place, str(problem))
    if key in seen:
        return True
    seen.add(key)
    return False


def _located(tree: Node, problem: Problem) -> tuple[Problem, Node]:
    """The problem with its position, and the node at its location; an empty node if nothing is there."""
    node, rest = node_at(tree, problem.location)
    of_value = (problem.value is not ABSENT or problem.secret) and not _is_about_key(problem)
    place = place_of(tree, problem.location, of_value=of_value)
    edits = _with_override(tree, problem) or tuple(map(_in_file_style, problem.edits))
    # The file has a path as the user wrote it, not as the program opens it.
    value = node.value if is_file_path(problem.location) and isinstance(problem.value, str) else problem.value
    placed = replace(problem, value=value, place=_text(place), style=KeyStyle.STACK, edits=edits)
    return placed, Node(None) if rest else node


def _with_override(tree: Node, problem: Problem) -> tuple[Edit, ...]:
    """The fix of a null with a former name that overrides a default, or a value of a base file, once it's renamed.

    Empty for any other problem.
    """
    if problem.code is not RENAMED or problem.edits != (Remove(problem.location),):
        return ()
    today = problem.location.parent / str(problem.params["new"])
    (old, rest), (new, missing) = node_at(tree, problem.location), node_at(tree, today)
    if rest or missing or old.value is not None or old.place is None or new.place is None:
        return ()
    defaults = tree.fields.get("defaults")
    is_default = today[:1] != _DEFAULTS and defaults is not None and any(node is new for node in defaults.below())
    return (Move(problem.location, today),) if is_default or new.place.file != old.place.file else ()


def _text(place: Optional[Place]) -> str:
    return str(place) if place else ""


def _is_about_key(problem: Problem) -> bool:
    last = problem.location[-1] if problem.location else None
    return isinstance(last, Key) and problem.value == last


def _with_meant_value(problem: Problem, followers: Sequence[Problem]) -> Problem:
    """An ambiguous scalar's problem with a fix only if the value that this sets is valid there."""
    if not followers:
        return problem
    if problem.code is AMBIGUOUS_BOOLEAN and all(
        follower.code is WRONG_TYPE and follower.params["expected"] == "true or false" for follower in followers
    ):
        return replace(problem, edits=(Set(problem.location, meant_boolean(str(problem.value))),))
    return replace(problem, edits=())


def _once(tree: Node, located: Iterable[tuple[Problem, Node]]) -> Iterable[tuple[Problem, Node]]:
    """The problems, with their nodes: one for those that several components have from the same line, such as one of the
    defaults. Its fix is that of all of them."""
    found: dict[Any, tuple[Problem, Node, dict[Any, Edit]]] = {}
    for problem, node in located:
        _, rest = node_at(tree, problem.location)
        key = (problem.code, problem.place, str(problem.value), rest) if problem.place else len(found)
        first, _, edits = found.setdefault(key, (problem, node, {_identity(edit): edit for edit in problem.edits}))
        if first is not problem and edits and first.location[:1] != _DEFAULTS:
            for edit in problem.edits:
                edits.setdefault(_identity(edit), edit)
    return [(replace(problem, edits=tuple(edits.values())), node) for problem, node, edits in found.values()]


def _identity(edit: Edit) -> tuple[Any, ...]:
    rest = str(edit.value) if isinstance(edit, Set) else edit.to if isinstance(edit, Move) else None
    return type(edit), edit.location, rest


def _without_secrets(problem: Problem, node: Node, secrets: frozenset[str]) -> Problem:
    """The problem without what the engine treats as secret, and without what is meant to be secret."""
    shows_value = problem.value is not ABSENT and problem.value is not None and not _is_about_key(problem)
    is_meant = shows_value and _is_meant_secret(problem.location)
    hides_value = problem.secret or is_meant or (problem.value is not ABSENT and holds_secret(node))
    texts = secrets.union(texts_of(problem.value)) if is_meant else secrets
    return problem.without_secrets(texts, hides_value=hides_value)


def _is_meant_secret(location: Location) -> bool:
    """Whether the value at a location of a stack is of a field that messages never show, or has such a field."""
    shape = Shape(StackArgs, later=False)
    for step in location:
        if is_args(shape.type) and SECRET_RULES.get(shape.type, {}).get(str(step), Field()).secret:
            return True
        found = _shape_below(shape, step)
        if found is None:
            return False
        shape = found
    return has_secret_field(shape.type, SECRET_RULES)


def _in_file_style(edit: Edit) -> Edit:
    """The edit with the keys of its value as a stack file has them."""
    if not isinstance(edit, Set) or isinstance(edit.value, (str, int, float)):
        return edit
    shape = _shape_at(edit.location)
    return edit if shape is None else replace(edit, value=_camel_cased(shape.type, edit.value))


def _shape_at(location: Location) -> Optional[Shape]:
    """The shape of the value at a location of a stack; None if the stack's type has no such location."""
    shape: Optional[Shape] = Shape(StackArgs, later=False)
    for step in location:
        shape = None if shape is None else _shape_below(shape, step)
    return shape


def _shape_below(shape: Shape, step: Step) -> Optional[Shape]:
    """The shape of a field or an item of a value; None if the type has no such field."""
    if is_args(shape.type):
        return shapes_of(shape.type).get(str(step))
    if is_generic(shape.type, Mapping) or is_generic(shape.type, Sequence):
        return take_apart(typing.get_args(shape.type)[-1])
    return None


def _camel_cased(typ: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = mapped(value)
        if is_args(typ):
            shapes = shapes_of(typ)
            return {
                camel_case(key): _camel_cased(shapes[key].type if key in shapes else Any, item)
                for key, item in fields.items()
            }
        below = take_apart(typing.get_args(typ)[-1]).type if is_generic(typ, Mapping) else Any
        return {key: _camel_cased(below, item) for key, item in fields.items()}
    if isinstance(value, (list, tuple)):
        below = take_apart(typing.get_args(typ)[-1]).type if is_generic(typ, Sequence) else Any
        return [_camel_cased(below, item) for item in cast("Sequence[Any]", value)]
    return value
