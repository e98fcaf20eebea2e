"""Edits the text of a YAML file in place: only the characters of the edited entry change.

Libraries for round-trip YAML rewrite the whole document: they reindent lists, normalize the spaces of `{a: 1}`, and
rewrap long lines. Here, PyYAML (which Pulumi requires) finds the position of an entry, and the text around it stays. A
changed text is read again: unless its values are exactly the expected ones, the edit is rejected.
"""

import copy
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union, cast

import yaml

from ...args.problems import Problem
from ...stack.source_map import Node, holds_secret, plain
from ...stack.yaml_file import compose, parse
from ...untyped import mapped
from ..rendering.yaml_text import is_plain

__all__ = ["EditError", "Entry", "Path", "SourceText"]

Path = tuple[Union[str, int], ...]
"""The keys and indexes that lead from a file's root to a value."""


class EditError(Exception):
    """The text can't be edited this way."""


@dataclass(frozen=True)
class Entry:
    """A key with its value, an item of a list, or the root."""

    path: Path
    value: yaml.Node
    key: Optional[yaml.Node] = None
    holder: Optional[yaml.CollectionNode] = None
    """The mapping or list that has the entry; None for the root."""

    @property
    def index(self) -> int:
        """The index among the holder's entries."""
        assert self.holder is not None
        entries = [value if self.key is None else value[0] for value in self.holder.value]
        return next(at for at, node in enumerate(entries) if node is (self.key or self.value))


@dataclass
class SourceText:
    """The text of a YAML file, with the positions of its entries."""

    text: str
    entries: dict[Path, Entry] = field(init=False, repr=False)
    values: Any = field(init=False, repr=False)
    """The values of the text, as a stack reads them."""
    _node: Node = field(init=False, repr=False)
    _problems: int = field(init=False)

    def __post_init__(self) -> None:
        found: list[Problem] = []
        try:
            root = compose(self.text)
            node = parse(self.text, "", found)
        except (yaml.YAMLError, RecursionError) as error:
            raise EditError from error
        if root is None or node is None:
            raise EditError
        self.entries = {entry.path: entry for entry in _entries(Entry((), root), set())}
        self._node, self.values, self._problems = node, plain(node), len(found)

    def at(self, line: int, column: int) -> Iterator[Entry]:
        """The entries whose key or value starts at a position, both from 1."""
        for entry in self.entries.values():
            for node in (entry.key, entry.value):
                if node is not None and (node.start_mark.line + 1, node.start_mark.column + 1) == (line, column):
                    yield entry
                    break

    def rename(self, path: Path, key: str) -> "SourceText":
        """The text with another key for an entry. Raises `EditError`."""
        entry = self._entry(path)
        if entry.key is None:
            raise EditError
        expected = copy.deepcopy(self.values)
        holder = _value_at(expected, path[:-1])
        pairs = [(key if name == path[-1] else name, value) for name, value in holder.items()]
        if len({name for name, _ in pairs}) != len(pairs):
            raise EditError
        holder.clear()
        holder.update(pairs)
        return self._changed(_start(entry.key), entry.key.end_mark.index, flow_text(key), expected)

    def set(self, path: Path, value: Any) -> "SourceText":
        """The text with another value for an entry. Raises `EditError`."""
        entry = self._entry(path)
        self._reject_secret(path)
        return self._replaced(entry, value, _with_value(self.values, path, value))

    def insert(self, holder_path: Path, keys: Sequence[str], value: Any, block: str = "") -> "SourceText":
        """The text with a new entry, the last of a mapping. Raises `EditError`.

        Each key but the first is in a new mapping below the one before. `block` is the value as a block without
        indentation, if it has one.
        """
        holder, (key, *inner) = self._entry(holder_path), keys
        nested = value
        for step in reversed(inner):
            nested = {step: nested}
        expected = copy.deepcopy(self.values)
        known = _value_at(expected, holder_path)
        if known is None:
            return self._replaced(holder, {key: nested}, _with_value(self.values, holder_path, {key: nested}))
        if isinstance(known, dict) and key in known and inner:
            # Another edit of the same fix has added it.
            return self.insert((*holder_path, key), inner, value, block)
        if not isinstance(known, dict) or not isinstance(holder.value, yaml.MappingNode) or key in known:
            raise EditError
        known[key] = nested
        mapping = holder.value
        pair = f"{flow_text(key)}: {flow_text(nested)}"
        if not mapping.value:
            return self._changed(_start(mapping), mapping.end_mark.index, f"{{{pair}}}", expected)
        end = self._end(mapping.value[-1][1])
        if mapping.flow_style:
            return self._changed(end, end, f", {pair}", expected)
        lines = _block_lines(keys, block) if block else [pair]
        indent = " " * mapping.value[0][0].start_mark.column
        text = "".join(f"{self._newline()}{indent}{line}" if line else self._newline() for line in lines)
        line_end = self._line_end(end)
        return self._changed(line_end, line_end, text, expected)

    def move(self, path: Path, holder_path: Path, keys: Sequence[str]) -> "SourceText":
        """The text with an entry's value at another key. A block stays a block, with its comments. Raises
        `EditError`."""
        value, block = copy.deepcopy(_value_at(self.values, path)), self._block(path)
        return self.remove(path).insert(holder_path, keys, value, block)

    def _block(self, path: Path) -> str:
        """The value of an entry without its indentation; empty if it isn't a block on lines of its own."""
        value = self._entry(path).value
        if not isinstance(value, yaml.CollectionNode) or value.flow_style:
            return ""
        start = self.text.rfind("\n", 0, _start(value)) + 1
        if self.text[start : _start(value)].strip():
            return ""
        return textwrap.dedent(self.text[start : self._line_end(self._end(value))])

    def remove(self, path: Path) -> "SourceText":
        """The text without an entry. Raises `EditError`."""
        entry = self._entry(path)
        self._reject_secret(path)
        holder = entry.holder
        if holder is None:
            raise EditError
        expected = copy.deepcopy(self.values)
        del _value_at(expected, path[:-1])[path[-1]]
        count, index = len(holder.value), entry.index
        if count == 1:
            return self._replaced(self._entry(path[:-1]), [] if entry.key is None else {}, expected)
        start, end = self._span(entry)
        if holder.flow_style:
            if index + 1 < count:
                return self._changed(start, self._span_at(holder, index + 1)[0], "", expected)
            return self._changed(self._span_at(holder, index - 1)[1], end, "", expected)
        line_start = self.text.rfind("\n", 0, start) + 1
        if not self.text[line_start:start].strip():
            return self._changed(line_start, self._next_line(end), "", expected)
        if index + 1 == count:
            raise EditError
        # The entry shares its line with the dash of a list's item: the next one takes its position.
        return self._changed(start, self._span_at(holder, index + 1)[0], "", expected)

    def _entry(self, path: Path) -> Entry:
        if path not in self.entries:
            raise EditError
        return self.entries[path]

    def _reject_secret(self, path: Path) -> None:
        """Secrets stay as they are: nobody could decrypt what was lost."""
        node = self._node
        for step in path:
            below = node.fields.get(step) if isinstance(step, str) else node.items[step]
            if below is None:
                break
            node = below
        if holds_secret(node):
            raise EditError

    def _replaced(self, entry: Entry, value: Any, expected: Any) -> "SourceText":
        """The text with another value for an entry. A block becomes one line: that of its key, unless this has a
        comment."""
        start, end = _start(entry.value), self._end(entry.value)
        text = flow_text(value, style=entry.value.style if isinstance(entry.value, yaml.ScalarNode) else None)
        if entry.key is not None:
            colon = self.text.index(":", entry.key.end_mark.index) + 1
            between = self.text[colon:start]
            if not between or ("\n" in between and not between.strip()):
                start, text = colon, f" {text}"
        return self._changed(start, end, text, expected)

    def _changed(self, start: int, end: int, text: str, expected: Any) -> "SourceText":
        changed = SourceText(self.text[:start] + text + self.text[end:])
        if changed.values != expected or changed._problems > self._problems:
            raise EditError
        return changed

    def _span_at(self, holder: yaml.CollectionNode, index: int) -> tuple[int, int]:
        item = holder.value[index]
        if isinstance(holder, yaml.MappingNode):
            return _start(item[0]), self._end(item[1])
        return self._item_start(holder, item), self._end(item)

    def _span(self, entry: Entry) -> tuple[int, int]:
        assert entry.holder is not None
        return self._span_at(entry.holder, entry.index)

    def _item_start(self, holder: yaml.CollectionNode, item: yaml.Node) -> int:
        """Where an item starts: at its dash in a block."""
        return _start(item) if holder.flow_style else self.text.rindex("-", 0, _start(item))

    def _end(self, node: yaml.Node) -> int:
        """Where a node's own text ends. A block's end mark comes after the blank lines and comments that follow it."""
        start, end = _start(node), node.end_mark.index
        if isinstance(node, yaml.ScalarNode):
            return start + len(self.text[start:end].rstrip()) if node.style in ("|", ">") else end
        if (isinstance(node, yaml.CollectionNode) and node.flow_style) or not node.value:
            return end
        last = node.value[-1]
        return self._end(last[1] if isinstance(node, yaml.MappingNode) else last)

    def _line_end(self, index: int) -> int:
        end = self.text.find("\n", index)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[index:end].endswith("\r") else end

    def _next_line(self, index: int) -> int:
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end + 1

    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def _start(node: yaml.Node) -> int:
    return node.start_mark.index


def _entries(entry: Entry, seen: set[int]) -> Iterator[Entry]:
    yield entry
    # An alias leads to the nodes of its anchor, whose entries are where they are written.
    if id(entry.value) in seen:
        return
    seen.add(id(entry.value))
    if isinstance(entry.value, yaml.MappingNode):
        for key, value in entry.value.value:
            if isinstance(key, yaml.ScalarNode):
                yield from _entries(Entry((*entry.path, str(key.value)), value, key, entry.value), seen)
    elif isinstance(entry.value, yaml.SequenceNode):
        for index, item in enumerate(entry.value.value):
            yield from _entries(Entry((*entry.path, index), item, None, entry.value), seen)


def _block_lines(keys: Sequence[str], block: str) -> list[str]:
    """The lines of keys, each below the one before, and of the block below the last one."""
    lines = [f"{'  ' * depth}{flow_text(key)}:" for depth, key in enumerate(keys)]
    indent = "  " * len(keys)
    return [*lines, *(f"{indent}{line}" if line.strip() else "" for line in block.splitlines())]


def _value_at(values: Any, path: Path) -> Any:
    try:
        for step in path:
            values = values[step]
    except (KeyError, IndexError, TypeError) as error:
        raise EditError from error
    return values


def _with_value(values: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    expected = copy.deepcopy(values)
    _value_at(expected, path[:-1])[path[-1]] = value
    return expected


def flow_text(value: Any, style: Optional[str] = None) -> str:
    """A value as YAML on one line; `style` is the quote that text had before."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        if style == "'" and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return value if style is None and is_plain(value) else json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, Mapping):
        fields = mapped(value)
        return f"{{{', '.join(f'{flow_text(key)}: {flow_text(item)}' for key, item in fields.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(flow_text(item) for item in cast('Sequence[Any]', value))}]"
    # A secret or an Output has no text.
    raise EditError
