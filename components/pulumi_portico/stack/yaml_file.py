"""Reads YAML as Pulumi's engine does (gopkg.in/yaml.v3), with the place of every value.

What readers of YAML 1.1 and 1.2 take for different things is refused: `no`, `0777`, `1:30`, `2026-01-01`. PyYAML, which
Pulumi itself needs, is the same parser as the engine's, from C; only what its scalars mean is decided here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional, cast

import yaml

from ..errors import Problem, Problems, Refusal, shown
from .located import Doubtful, Node, Place, Secret

__all__ = ["parse"]

_MOST_NODES = 100_000
_DEEPEST = 100

_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WORDS = frozenset(form for it in ("y", "n", "yes", "no", "on", "off") for form in (it, it.capitalize(), it.upper()))
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_SIXTIETHS = re.compile(r"[-+]?[0-9]+(:[0-9]+)+(\.[0-9]*)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_NOT_DECIMAL = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|0[0-9_]+|[1-9][0-9]*_[0-9_]*)(\.[0-9_]*)?"
)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBERS = (_FRACTION, _NOT_DECIMAL, _DATE, _NOT_FINITE)
_LARGEST = 2**53
"""The engine passes numbers on as JSON, whose readers hold no larger one exactly."""


def _is_too_large(text: str) -> bool:
    if not _FRACTION.fullmatch(text):
        return bool(_NOT_FINITE.fullmatch(text))
    # Python reads no whole number of thousands of digits; a float tells their size.
    return abs(float(text)) > _LARGEST or (bool(_WHOLE.fullmatch(text)) and abs(int(text)) > _LARGEST)


_TRAPS: tuple[tuple[Callable[[str], Any], str, str], ...] = (
    (_WORDS.__contains__, "is text to some readers of YAML, and true or false to others", "true or false, or text in"),
    (_SIXTIETHS.fullmatch, "is a number in sixtieths to some readers of YAML, and text to others", "text in"),
    (_NOT_DECIMAL.fullmatch, "is a number whose value depends on who reads it", "a decimal number, or text in"),
    (_DATE.fullmatch, "is a date to YAML, which writes it down in another way", "text in"),
    (_is_too_large, "is no number that a configuration can hold", "a smaller number, or text in"),
)


_PLAIN = "plain"
_TEXT = "tag:yaml.org,2002:str"
_TAGS = (_PLAIN, _TEXT, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


class _Stop(Exception):
    """The file holds more than is read."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class _Loader(yaml.SafeLoader):
    """Leaves what a scalar without quotes means to the reader below: PyYAML would go by YAML 1.1."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return str(cast("Any", super()).resolve(kind, value, implicit))


def parse(text: str, file: str, problems: Problems) -> Optional[Node]:
    """The file's one document; None where it cannot be read at all, which is noted."""
    try:
        root: Any = cast("Any", yaml).compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        problems.found.append(_unreadable(error, text, file))
        return None
    except RecursionError:
        problems.note(file, Refusal("is nested too deep", f"{_DEEPEST} levels at most"))
        return None
    if root is None:
        return Node({}, Place(file, 1, 1))
    try:
        return _Reader(file, problems).node(root, "", 0)
    except _Stop as stop:
        allowed = f"{_MOST_NODES} values and {_DEEPEST} levels at most"
        refusal = Refusal("holds too much here, its aliases followed", allowed)
        problems.found.append(Problem("", "", *refusal, place=str(stop.place)))
        return None


def _unreadable(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        # A character that YAML does not have: the reader tells its place in the text alone.
        before = text[: getattr(error, "position", 0)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        wrong = "holds a character that YAML does not have"
    else:
        line, column = mark.line + 1, mark.column + 1
        told = str(getattr(error, "problem", "") or getattr(error, "context", ""))
        wrong = f"is not YAML: {told}"
    rest = (text.splitlines()[line - 1 :] or [""])[0][column - 1 :]
    if rest.startswith("\t"):
        return Problem("", "", "is indented by a tab", "spaces", "write two spaces", str(Place(file, line, column)))
    return Problem("", "", wrong, "one document of YAML", "", str(Place(file, line, column)))


@dataclass
class _Reader:
    file: str
    problems: Problems
    count: int = 0

    def node(self, node: yaml.Node, path: str, depth: int, key: Optional[Place] = None) -> Node:
        self.count += 1
        place = self._place(node)
        if self.count > _MOST_NODES or depth > _DEEPEST:
            raise _Stop(place)
        if node.tag not in _TAGS:
            self._note(path, node.tag, Refusal("is a tag that a stack file does not take", "none"), node)
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, path, depth), place, key)
        if isinstance(node, yaml.SequenceNode):
            items = [self.node(it, f"{path}[{at}]", depth + 1) for at, it in enumerate(node.value)]
            return Node(items, place, key)
        return Node(self._scalar(cast("yaml.ScalarNode", node), path), place, key)

    def _place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> Any:
        read: dict[str, Node] = {}
        for key, value in node.value:
            name = self._key(key, path)
            if name is None:
                continue
            where = f"{path}.{name}" if path else name
            if name in read:
                first = read[name].key
                refusal = Refusal(f"stands at line {first.line if first else 0} already", "each key once")
                self._note(where, "", refusal, key)
                continue
            read[name] = self.node(value, where, depth + 1, self._place(key))
        if read.keys() == {"secure"} and isinstance(read["secure"].value, str):
            return Secret()
        return read

    def _key(self, key: yaml.Node, path: str) -> Optional[str]:
        if not isinstance(key, yaml.ScalarNode):
            self._note(path, "", Refusal("has a key that is no text", "text as the key"), key)
            return None
        where = f"{path}.{key.value}" if path else key.value
        if key.tag == _PLAIN and key.value == "<<":
            refusal = Refusal("merges another mapping, which not all readers do", "the keys themselves")
            self._note(where, "", refusal, key)
            return None
        # A key is text, whatever it looks like, but for what the engine would make a number or nothing of.
        if key.tag != _TEXT and (key.value in _CONSTANTS or any(it.fullmatch(key.value) for it in _NUMBERS)):
            refusal = Refusal("is no text", "text as the key", f'write "{key.value}", with quotes')
            self._note(where, key.value, refusal, key)
            return None
        return key.value

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        text = node.value
        if node.tag != _PLAIN:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _FRACTION.fullmatch(text) and not _is_too_large(text):
            return int(text) if _WHOLE.fullmatch(text) else _number(float(text))
        for trapped, wrong, allowed in _TRAPS:
            if trapped(text):
                fix = _meant(text)
                self._note(path, shown(text), Refusal(wrong, f"{allowed} quotes", fix), node)
                return Doubtful(text)
        return text

    def _note(self, path: str, value: str, refusal: Refusal, node: yaml.Node) -> None:
        self.problems.found.append(Problem(path, value, *refusal, place=str(self._place(node))))


def _number(value: float) -> Any:
    """The number as it comes out of the engine, which passes configuration on as JSON."""
    return int(value) if value.is_integer() else value


def _meant(text: str) -> str:
    if text in _WORDS:
        meant = "true" if text.lower() in ("y", "yes", "on") else "false"
        return f'write {meant}, or "{text}" with quotes'
    return f'write "{text}", with quotes'
