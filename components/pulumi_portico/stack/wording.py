"""Puts problems into a stack file's words: camelCase, YAML's own constants, and where each is written."""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from functools import cache
from typing import Any

from ..errors import Problem
from ..ingress_gateway import IngressGatewayArgs
from ..public_load_balancer import PublicLoadBalancerArgs
from ..shapes import camel_case, is_args, shapes_of
from ..web_service import WebServiceArgs
from .files import PREFIX
from .located import Node, place_of
from .walk import below

__all__ = ["in_words_of_file"]

_CONSTANTS = {"None": "null", "True": "true", "False": "false"}
# What is quoted is a value, and stays as it is.
_NAMES = re.compile(r'"[^"]*"|\b[a-z]+(?:_[a-z]+)+\b')
_MISSING = "is missing"


def in_words_of_file(tree: Node, found: Iterable[Problem], refused: Set[str]) -> Iterator[Problem]:
    """The problems with their places. What several services have from one line of the defaults is told once, and of
    values at ``refused`` places, which could not be read for certain, nothing more."""
    seen: set[tuple[str, str, str]] = set()
    for problem in found:
        place = place_of(tree, problem.path.removeprefix(PREFIX), of_value=bool(problem.value))
        told = (str(place), problem.value, problem.wrong)
        if problem.value and str(place) in refused:
            continue
        if place is None or told not in seen or problem.wrong == _MISSING:
            seen.add(told)
            yield replace(
                problem,
                value=_CONSTANTS.get(problem.value, problem.value),
                wrong=_spelled(problem.wrong),
                allowed=_spelled(problem.allowed),
                fix=_spelled(problem.fix),
                place=str(place) if place else "",
            )


def _spelled(text: str) -> str:
    return _NAMES.sub(lambda it: camel_case(it[0]) if it[0] in _fields() else it[0], text)


@cache
def _fields() -> frozenset[str]:
    """The names of all arguments."""
    return frozenset(name for it in (WebServiceArgs, IngressGatewayArgs, PublicLoadBalancerArgs) for name in _of(it))


def _of(typ: Any) -> Iterator[str]:
    for it in below(typ):
        if is_args(it):
            yield from shapes_of(it)
