"""Type checkers accept the text of a choice: every field of arguments has the alias of its Enum, not the Enum."""

import ast
import inspect
import typing
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico.args.shapes import is_enum, shapes_of
from pulumi_portico.stack.args import StackArgs

from tools import choices
from tools.stack_schema import args_types


def enums_of(typ: Any) -> set[type[Enum]]:
    return {typ} if is_enum(typ) else {enum for part in typing.get_args(typ) for enum in enums_of(part)}


FIELDS = [
    pytest.param(args_type, name, id=f"{args_type.__name__}.{name}")
    for args_type in dict.fromkeys(args_types(StackArgs))
    for name, shape in shapes_of(args_type).items()
    if enums_of(shape.type)
]


@pytest.mark.parametrize(("args_type", "name"), FIELDS)
def test_a_field_accepts_the_text_of_each_choice(args_type: Any, name: str) -> None:
    (class_,) = ast.parse(inspect.getsource(args_type)).body
    assert isinstance(class_, ast.ClassDef)
    (annotation,) = (
        node.annotation for node in class_.body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name
    )
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    assert {f"{enum.__name__}Like" for enum in enums_of(shapes_of(args_type)[name].type)} <= names


def test_there_are_choices() -> None:
    assert len(FIELDS) >= 80


def test_an_alias_follows_its_enum() -> None:
    text = Path(choices.__file__).parents[1].joinpath("components/pulumi_portico/workload/kinds.py").read_text()
    changed = text.replace('DAEMON_SET = "DaemonSet"', 'DAEMON_SET = "DaemonSets"')
    assert changed != text
    assert '"StatefulSet", "DaemonSets", "ReplicaSet"]' in choices.generate(changed)
    assert choices.generate(text) == text
