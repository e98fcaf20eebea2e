"""Rejects fields of the pods' spec in `extra` that Portico has as arguments.

What an argument sets has consequences elsewhere: an account decides whether the pods' policy opens the API server, a
grace period includes the drain. `extra` is for what has no argument. The names come from the table of other tools'
names, so a field that becomes an argument is rejected here, too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

from ..args.codes import define
from ..args.elsewhere import NAME_IN_EXTRA, SET_BY_PORTICO, Beside, Elsewhere, Steps, Table, Values, field_of, steps_of
from ..args.location import Key, Location
from ..args.problems import ABSENT, Edit, Move, Problem, Problems, Remove, Set
from ..args.spec import Spec, defaults_of
from ..args.translation import holds_unknown
from ..untyped import mapped
from .conversions import from_security_context
from .pod_args import PodSpec

__all__ = ["check_extra_fields"]

FIELD_IN_EXTRA = define(
    "field-in-extra",
    "Portico has {name} as {fields}, and `extra` is only for what has no argument.",
    allowed="{fields}",
    hint="Set {fields} instead.",
)

_CONTEXT = "securityContext"


def check_extra_fields(spec: PodSpec, names: Table, other: Sequence[Problem], problems: Problems) -> None:
    """Report the fields of the pods' spec that arguments can set. `names` are other tools' names for the arguments, and
    `other` is what's wrong with the values of the fields.

    A value that no argument can express stays an escape hatch, and so does a null, which removes what Portico sets.
    """
    found = Problems(problems.subject, style=problems.style)
    pod, at = mapped(mapped(spec.extra).get("spec")), spec.at / "extra" / Key("spec")
    for key, value in pod.items():
        where = names.names.get(key)
        if key == _CONTEXT:
            _check_context(value, at / Key(key), spec, found)
        elif where is not None and where.code is not NAME_IN_EXTRA and where.spread is None:
            _check_field(key, value, where, at, spec, found)
    invalid = [problem.location for problem in other]
    problems.found += [
        problem for problem in found.found if not any(where.is_within(problem.location) for where in invalid)
    ]


def _check_field(key: str, value: Any, where: Elsewhere, at: Location, spec: PodSpec, problems: Problems) -> None:
    if value is None or holds_unknown(value):
        return
    if where.is_moved:
        steps = steps_of(where.fields[0])
        fix: Optional[list[Edit]] = [Move(at / Key(key), spec.at.join(steps))] if _is_free(spec, steps) else []
    elif where.convert is not None:
        values = where.convert(value, Beside({"drain": getattr(spec, "drain", 0)}))
        fix = None if values is None else _edits(values, at / Key(key), spec)
    else:
        return
    if fix is None:
        return
    if where.code is SET_BY_PORTICO:
        problems.report(SET_BY_PORTICO, at / Key(key), fix=fix, name=key)
    elif where.fields:
        fields = [field_of(field) for field in where.fields]
        problems.report(FIELD_IN_EXTRA, at / Key(key), fix=fix, name=key, fields=fields)


def _check_context(value: Any, at: Location, spec: PodSpec, problems: Problems) -> None:
    """Report what `security` has of a security context."""
    for key, item in mapped(value).items():
        context = Elsewhere(FIELD_IN_EXTRA, ("security",), convert=_of_context(key))
        _check_field(key, item, context, at, spec, problems)


def _of_context(key: str) -> Any:
    def convert(value: Any, beside: Beside) -> Optional[Values]:
        # Root needs another argument, too, and a decision.
        is_root = key == "runAsUser" and value == 0
        values = None if is_root else from_security_context({key: value}, beside)
        # What Portico sets anyway can make a container stricter that arguments have made less strict.
        return {("security", *way): item for way, item in values.items()} if values else None

    return convert


def _edits(values: Values, at: Location, spec: PodSpec) -> list[Edit]:
    """The edits that set arguments in place of a field; none if an argument is set already."""
    if not all(_is_free(spec, steps) for steps in values):
        return []
    sets = [Set(spec.at.join(steps), item) for steps, item in values.items() if item is not ABSENT]
    return [*sets, Remove(at)]


def _is_free(spec: Any, steps: Steps) -> bool:
    """Whether an argument has its default."""
    *above, last = steps
    for step in above:
        spec = getattr(spec, step, None)
        if spec is None:
            return True
    value: Any = getattr(spec, last, None)
    is_empty = value is None or (isinstance(value, (Mapping, list, tuple)) and not cast("Any", value))
    return is_empty or value == defaults_of(cast("type[Spec]", type(spec)))[last]()
