"""Puts problems into a stack file's words: camelCase, YAML's own constants, and where each is written."""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from functools import cache
from typing import Any

from ..aws_load_balancer import AwsLoadBalancerArgs
from ..errors import Problem, shown
from ..ingress_gateway import IngressGatewayArgs
from ..public_load_balancer import PublicLoadBalancerArgs
from ..shapes import camel_case, is_args, shapes_of
from ..web_service import WebServiceArgs
from .files import PREFIX
from .located import Node, Secret, node_at, place_of
from .walk import below

__all__ = ["in_words_of_file"]

_CONSTANTS = {"None": "null", "True": "true", "False": "false", "an Output": "[secret]"}
"""What Python writes of a value, and the file; only secrets become Outputs of one."""
# What is quoted is a value, and stays as it is.
_WORDS = re.compile(r'"[^"]*"|\ban Output\b|\b[A-Z][a-z]+\b')
_NAMES = re.compile(r'"[^"]*"|\b[a-z]+(?:_[a-z]+)+\b')
_MISSING = "is missing"
_FILES = re.compile(rf"{PREFIX}gateways\..*\.crds\.path")
"""What is checked by its whole name, and told as it is written."""


def in_words_of_file(tree: Node, found: Iterable[Problem], refused: Set[str]) -> Iterator[Problem]:
    """The problems with their places. What several services have from one line of the defaults is told once, and of
    values at ``refused`` places, which could not be read for certain, nothing more."""
    seen: set[tuple[str, str, str]] = set()
    for problem in found:
        place = place_of(tree, _path(problem), of_value=bool(problem.value))
        told = (str(place), problem.value, problem.wrong)
        unread = problem.value and str(place) in refused
        if unread or (place is not None and told in seen and problem.wrong != _MISSING):
            continue
        seen.add(told)
        yield replace(
            _hidden(tree, problem),
            wrong=_spelled(problem.wrong),
            allowed=_spelled(problem.allowed),
            place=str(place) if place else "",
        )


def _path(problem: Problem) -> str:
    return problem.path.removeprefix(PREFIX)


def _hidden(tree: Node, problem: Problem) -> Problem:
    """The problem without the value, where the engine may hold that secret, whatever it was taken for."""
    at, rest = node_at(tree, _path(problem))
    if problem.value and not rest and isinstance(at.value, Secret):
        return replace(problem, value="[secret]", fix="")
    if _FILES.fullmatch(problem.path) and not rest and isinstance(at.value, str):
        return replace(problem, value=shown(at.value))
    value = _WORDS.sub(lambda it: _CONSTANTS.get(it[0], it[0]), problem.value)
    return replace(problem, value=value, fix=_spelled(problem.fix))


def _spelled(text: str) -> str:
    return _NAMES.sub(lambda it: camel_case(it[0]) if it[0] in _fields() else it[0], text)


@cache
def _fields() -> frozenset[str]:
    """The names of all arguments."""
    every = (WebServiceArgs, IngressGatewayArgs, PublicLoadBalancerArgs, AwsLoadBalancerArgs)
    return frozenset(name for args_type in every for name in _of(args_type))


def _of(typ: Any) -> Iterator[str]:
    for it in below(typ):
        if is_args(it):
            yield from shapes_of(it)
