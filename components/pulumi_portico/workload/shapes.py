"""The shape of values that are written as Kubernetes has them, as far as Portico reads them."""

from collections.abc import Mapping, Sequence
from typing import Any, Union, cast

from ..args.codes import define
from ..args.location import Key, Location
from ..args.problems import Problems
from ..untyped import Manifest

__all__ = ["LIST", "MAPPING", "Shape", "check_shape"]

LIST = "a list of mappings"
MAPPING = "a mapping"

Shape = Union[str, Manifest]
"""`LIST`, `MAPPING`, or the shapes of a mapping's fields."""

WRONG_SHAPE = define("wrong-kubernetes-shape", "This isn't {expected}.", allowed="{expected}, as Kubernetes has it")


def check_shape(value: Any, shape: Shape, at: Location, problems: Problems) -> None:
    """Report what has another shape. None removes a value, and so fits everywhere."""
    if value is None:
        return
    if shape == LIST:
        _check_items(value, {}, at, problems)
    elif not isinstance(value, Mapping):
        # What is below it can be secret.
        problems.report(WRONG_SHAPE, at, expected=MAPPING)
    elif isinstance(shape, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        for name, below in shape.items():
            where = at / Key(name)
            if isinstance(below, list):
                _check_items(fields.get(name), cast("list[Any]", below)[0], where, problems)
            else:
                check_shape(fields.get(name), below, where, problems)


def _check_items(value: Any, shape: Shape, at: Location, problems: Problems) -> None:
    if value is None:
        return
    if not isinstance(value, (list, tuple)):
        problems.report(WRONG_SHAPE, at, expected=LIST)
        return
    for index, item in enumerate(cast("Sequence[Any]", value)):
        check_shape(item, shape, at / index, problems)
