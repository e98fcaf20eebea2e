"""Reads YAML as Pulumi's engine does (gopkg.in/yaml.v3), with the position of every value.

What readers of YAML 1.1 and 1.2 read as different types is rejected: `no`, `0777`, `1:30`, `2026-01-01`. PyYAML, which
Pulumi itself requires, only parses; the types of scalars are decided here.

The locations of problems have the file's keys, as they are written, from the file's root.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional, cast

import yaml

from ..args.codes import Code, define
from ..args.location import ROOT, Key, KeyStyle, Location
from ..args.problems import Problem, Set
from ..args.secrets import Secret
from .source_map import AmbiguousScalar, Node, Place
from .yaml_errors import detail_of

__all__ = [
    "AMBIGUOUS_BOOLEAN",
    "compose",
    "documents",
    "foreign_documents",
    "meant_boolean",
    "node_of",
    "parse",
]

TAB = define("yaml-tab", "A tab can't indent YAML.", allowed="spaces", hint="Replace the tab with two spaces.")
INVALID_YAML = define("invalid-yaml", "This isn't valid YAML: {detail}.", allowed="one YAML document")
INVALID_CHARACTER = define("yaml-invalid-character", "YAML doesn't allow this character.", allowed="printable text")
TOO_LARGE = define(
    "yaml-too-large",
    "This has too many values, or nests them too deeply, with its aliases resolved.",
    allowed="at most {values} values and {levels} levels",
)
UNSUPPORTED_TAG = define(
    "yaml-tag", "Stack files don't support YAML tags.", allowed="no tags", hint="Put text that starts with ! in quotes."
)
DUPLICATE_KEY = define("duplicate-key", "Line {line} already has this key.", allowed="each key once")
KEY_NOT_SCALAR = define("yaml-key-not-scalar", "A list or a mapping can't be a key.", allowed="text as the key")
MERGE_KEY = define("yaml-merge-key", "Not every YAML reader supports merge keys.", allowed="the keys themselves")
KEY_NOT_TEXT = define(
    "yaml-key-not-text", "YAML doesn't read the key {key} as text.", allowed="text", hint="Put the key in quotes."
)
AMBIGUOUS_BOOLEAN = define(
    "ambiguous-boolean",
    "{value} is text for some YAML readers, and a Boolean for others.",
    allowed="true or false, or text in quotes",
)
_QUOTED = "Put the text in quotes."
AMBIGUOUS_SEXAGESIMAL = define(
    "ambiguous-sexagesimal",
    "{value} is a number to base 60 for some YAML readers, and text for others.",
    allowed="text in quotes",
    hint=_QUOTED,
)
AMBIGUOUS_NUMBER = define(
    "ambiguous-number",
    "{value} is a number whose value depends on the YAML reader.",
    allowed="a decimal number, or text in quotes",
    hint=_QUOTED,
)
AMBIGUOUS_DATE = define(
    "ambiguous-date", "{value} is a date for some YAML readers.", allowed="text in quotes", hint=_QUOTED
)
NUMBER_TOO_LARGE = define(
    "number-too-large",
    "A stack's configuration can't hold the number {value}.",
    allowed="numbers from -{most} to {most}, or text in quotes",
    hint=_QUOTED,
)

_MOST_NODES = 100_000
_DEEPEST = 100

_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BOOLEANS = ("y", "n", "yes", "no", "on", "off")
_WORDS = frozenset(form for word in _BOOLEANS for form in (word, word.capitalize(), word.upper()))
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
"""The engine encodes numbers as JSON, whose readers don't keep larger ones exact."""


def _is_too_large(text: str) -> bool:
    if not _FRACTION.fullmatch(text):
        return bool(_NOT_FINITE.fullmatch(text))
    # Python reads no whole number of thousands of digits; a float tells their size.
    return abs(float(text)) > _LARGEST or (bool(_WHOLE.fullmatch(text)) and abs(int(text)) > _LARGEST)


_AMBIGUOUS: tuple[tuple[Callable[[str], Any], Code], ...] = (
    (_WORDS.__contains__, AMBIGUOUS_BOOLEAN),
    (_SIXTIETHS.fullmatch, AMBIGUOUS_SEXAGESIMAL),
    (_NOT_DECIMAL.fullmatch, AMBIGUOUS_NUMBER),
    (_DATE.fullmatch, AMBIGUOUS_DATE),
    (_is_too_large, NUMBER_TOO_LARGE),
)


_PLAIN = "plain"
_TEXT = "tag:yaml.org,2002:str"
_TAGS = (_PLAIN, _TEXT, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


class _TooLargeError(Exception):
    """The file has more values than Portico reads."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class _Loader(yaml.SafeLoader):
    """Doesn't resolve the types of plain scalars: PyYAML would follow YAML 1.1."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return str(cast("Any", super()).resolve(kind, value, implicit))


def compose(text: str) -> Optional[yaml.Node]:
    """The nodes of the text's one document, as PyYAML has them; None if it has none. Raises `yaml.YAMLError`."""
    return cast("Any", yaml).compose(text, Loader=_Loader)


def parse(text: str, file: str, found: list[Problem]) -> Optional[Node]:
    """The file's one document; None if it can't be read at all. Appends what's wrong to `found`."""
    try:
        root = compose(text)
    except yaml.YAMLError as error:
        found.append(_unreadable(error, text, file))
        return None
    except RecursionError:
        found.append(_too_large(Place(file, 1, 1)))
        return None
    return Node({}, Place(file, 1, 1)) if root is None else node_of(root, file, found)


def node_of(root: yaml.Node, file: str, found: list[Problem]) -> Optional[Node]:
    """The document whose root `compose` returns; None if it's too large. Appends what's wrong to `found`."""
    try:
        return _Reader(file, found).node(root, ROOT, 0)
    except _TooLargeError as error:
        found.append(_too_large(error.place))
        return None


def documents(text: str, file: str) -> list[Node]:
    """The documents of a text that has several; empty if it can't be read."""
    try:
        roots = list(cast("Any", yaml).compose_all(text, Loader=_Loader))
        found = [_Reader(file, []).node(root, ROOT, 0) for root in roots if root is not None]
    except (yaml.YAMLError, RecursionError, _TooLargeError):
        return []
    return found if len(found) > 1 else []


def foreign_documents(text: str, file: str) -> list[Node]:
    """The documents of another tool's file, with its merge keys resolved; empty if it can't be read."""
    try:
        roots = [root for root in cast("Any", yaml).compose_all(text, Loader=_Loader) if root is not None]
        for root in roots:
            _resolve_merges(root, set())
        return [_Reader(file, []).node(root, ROOT, 0) for root in roots]
    except (yaml.YAMLError, RecursionError, _TooLargeError):
        return []


def _resolve_merges(node: yaml.Node, seen: set[int]) -> None:
    """Replace merge keys by the entries that they stand for. A mapping's own entries override those."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
        for pair in pairs:
            _resolve_merges(pair[1], seen)
        own = [pair for pair in pairs if not _is_merge(pair[0])]
        layers = [layer for key, value in pairs if _is_merge(key) for layer in _layers(value)]
        names = {key.value for key, _ in own}
        for layer in layers:
            added = [pair for pair in layer.value if pair[0].value not in names]
            own += added
            names |= {key.value for key, _ in added}
        node.value = own
    else:
        for item in cast("list[yaml.Node]", node.value):
            _resolve_merges(item, seen)


def _is_merge(key: yaml.Node) -> bool:
    return key.tag == _PLAIN and key.value == "<<"


def _layers(value: yaml.Node) -> list[yaml.MappingNode]:
    """The mappings that a merge key names: one, or a list of them, of which an earlier one overrides a later one."""
    items = cast("list[yaml.Node]", value.value) if isinstance(value, yaml.SequenceNode) else [value]
    return [item for item in items if isinstance(item, yaml.MappingNode)]


def _problem(code: Code, place: Place, location: Location = ROOT, **more: Any) -> Problem:
    return Problem(code, location, place=str(place), style=KeyStyle.CAMEL, **more)


def _too_large(place: Place) -> Problem:
    return _problem(TOO_LARGE, place, params={"values": _MOST_NODES, "levels": _DEEPEST})


def _unreadable(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        # A character that YAML doesn't allow: the reader knows only its index.
        before = text[: getattr(error, "position", 0)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return _problem(INVALID_CHARACTER, Place(file, line, column))
    place = Place(file, mark.line + 1, mark.column + 1)
    rest = (text.splitlines()[mark.line :] or [""])[0][mark.column :]
    if rest.startswith("\t"):
        return _problem(TAB, place)
    return _problem(INVALID_YAML, place, params={"detail": detail_of(error)})


@dataclass
class _Reader:
    file: str
    found: list[Problem]
    count: int = 0

    def node(self, node: yaml.Node, location: Location, depth: int, key: Optional[Place] = None) -> Node:
        self.count += 1
        place = self._place(node)
        if self.count > _MOST_NODES or depth > _DEEPEST:
            raise _TooLargeError(place)
        if node.tag not in _TAGS:
            self._report(UNSUPPORTED_TAG, location, node)
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, location, depth), place, key)
        if isinstance(node, yaml.SequenceNode):
            items = [self.node(item, location / index, depth + 1) for index, item in enumerate(node.value)]
            return Node(items, place, key)
        return Node(self._scalar(cast("yaml.ScalarNode", node), location), place, key)

    def _place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _mapping(self, node: yaml.MappingNode, location: Location, depth: int) -> Any:
        fields: dict[str, Node] = {}
        for key, value in node.value:
            name = self._key(key, location)
            if name is None:
                continue
            at = location / Key(name)
            if name in fields:
                first = fields[name].key
                self._report(DUPLICATE_KEY, at, key, params={"line": first.line if first else 0})
                continue
            fields[name] = self.node(value, at, depth + 1, self._place(key))
        if fields.keys() == {"secure"} and isinstance(fields["secure"].value, str):
            return Secret()
        return fields

    def _key(self, key: yaml.Node, location: Location) -> Optional[str]:
        if not isinstance(key, yaml.ScalarNode):
            self._report(KEY_NOT_SCALAR, location, key)
            return None
        at = location / Key(key.value)
        if key.tag == _PLAIN and key.value == "<<":
            self._report(MERGE_KEY, at, key)
            return None
        # A key is text, whatever it looks like, unless the engine reads a number or a null.
        if key.tag != _TEXT and (key.value in _CONSTANTS or any(form.fullmatch(key.value) for form in _NUMBERS)):
            self._report(KEY_NOT_TEXT, at, key, params={"key": key.value})
            return None
        return key.value

    def _scalar(self, node: yaml.ScalarNode, location: Location) -> Any:
        text = node.value
        if node.tag != _PLAIN:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _FRACTION.fullmatch(text) and not _is_too_large(text):
            return int(text) if _WHOLE.fullmatch(text) else _number(float(text))
        for is_ambiguous, code in _AMBIGUOUS:
            if is_ambiguous(text):
                params = {"most": _LARGEST} if code is NUMBER_TOO_LARGE else {}
                self._report(code, location, node, value=text, params=params, edits=(Set(location, text),))
                return AmbiguousScalar(text)
        return text

    def _report(self, code: Code, location: Location, node: yaml.Node, **more: Any) -> None:
        self.found.append(_problem(code, self._place(node), location, **more))


def _number(value: float) -> Any:
    """The number as the engine passes it on, which encodes configuration as JSON."""
    return int(value) if value.is_integer() else value


def meant_boolean(text: str) -> bool:
    """The Boolean that a word such as `yes` or `off` means."""
    return text.lower() in ("y", "yes", "on")
