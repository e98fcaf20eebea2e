"""Edits the text of a YAML file in place: only the characters of the edited entry change.

Libraries for round-trip YAML rewrite the whole document: they reindent lists, normalize the spaces of `{a: 1}`, and
rewrap long lines. Here, PyYAML (which Pulumi requires) finds the position of an entry, and the text around it stays. A
changed text is read again: unless its values are exactly the expected ones, the edit is rejected. Edits of different
entries are applied together, so that the text is read again once.
"""

import copy
import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Optional, Union, cast

import yaml

from ...args.problems import Problem
from ...stack.source_map import Node, holds_secret
from ...stack.yaml_file import compose, node_of
from ...untyped import mapped
from ..rendering.yaml_text import is_plain, yaml_text

__all__ = ["Cut", "EditError", "Entry", "OwnPassError", "Path", "Revision", "SourceText", "comments_of"]

_LONGEST_LINE = 160
"""The most characters of a value that a fix writes on one line."""

Path = tuple[Union[str, int], ...]
"""The keys and indexes that lead from a file's root to a value."""


class EditError(Exception):
    """The text can't be edited this way."""


class OwnPassError(EditError):
    """The edit has several steps, and each needs the text after the one before."""


Cut = tuple[int, int, str]
"""A range of a text, by its start and end, and what replaces it."""


@dataclass(frozen=True)
class Revision:
    """An edit of a text, as data. Several whose ranges don't overlap can be applied together."""

    cuts: Sequence[Cut]
    change: Callable[[Any], Any]
    """Makes the same change to a copy of the text's values, and returns them."""

    def then(self, other: "Revision") -> "Revision":
        """Both edits. The other one's positions are those of the text before this one."""
        return Revision((*self.cuts, *other.cuts), lambda values: other.change(self.change(values)))

    def with_cut(self, cut: Cut) -> "Revision":
        """The edit with another replacement, which changes no value."""
        return Revision((*self.cuts, cut), self.change)


@dataclass(frozen=True)
class Entry:
    """A key with its value, an item of a list, or the root."""

    path: Path
    value: yaml.Node
    key: Optional[yaml.Node] = None
    holder: Optional[yaml.CollectionNode] = None
    """The mapping or list that has the entry; None for the root."""
    index: int = 0
    """The index among the holder's entries."""


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
            node = None if root is None else node_of(root, "", found)
        except (yaml.YAMLError, RecursionError) as error:
            raise EditError from error
        if root is None or node is None:
            raise EditError
        self.entries = {entry.path: entry for entry in _entries(Entry((), root), set())}
        self._node, self.values, self._problems = node, _shared(node, {}), len(found)

    @cached_property
    def _uses(self) -> Counter[int]:
        return Counter(id(found) for found in _containers(self.values))

    def uses(self, path: Path) -> int:
        """How often the text has the mapping or list at a path: once, and once more for each alias of it."""
        return self._uses[id(_value_at(self.values, path))]

    @cached_property
    def _by_position(self) -> Mapping[tuple[int, int], Sequence[Entry]]:
        found: dict[tuple[int, int], list[Entry]] = {}
        for entry in self.entries.values():
            nodes = [node for node in (entry.key, entry.value) if node is not None]
            for position in {(node.start_mark.line + 1, node.start_mark.column + 1) for node in nodes}:
                found.setdefault(position, []).append(entry)
        return found

    def at(self, line: int, column: int) -> Sequence[Entry]:
        """The entries whose key or value starts at a position, both from 1."""
        return self._by_position.get((line, column), ())

    def revised(self, revisions: Sequence[Revision]) -> "SourceText":
        """The text with edits of different entries, whose positions are those of this text. Raises `EditError`."""
        expected = copy.deepcopy(self.values)
        for revision in revisions:
            expected = revision.change(expected)
        # Of edits at the same position, the first one's text comes first.
        cuts = sorted((cut for revision in revisions for cut in revision.cuts), key=lambda cut: cut[:2])
        parts: list[str] = []
        at = 0
        for start, end, new in cuts:
            if start < at:
                raise EditError
            parts += self.text[at:start], new
            at = end
        changed = SourceText("".join([*parts, self.text[at:]]))
        if changed.values != expected or changed._problems > self._problems:
            raise EditError
        return changed

    def value(self, path: Path) -> Any:
        """The value at a path. Raises `EditError` if there is none."""
        return _value_at(self.values, path)

    def rename(self, path: Path, key: str) -> "SourceText":
        """The text with another key for an entry. Raises `EditError`."""
        holder = _value_at(self.values, path[:-1])
        if key != path[-1] and key in holder and holder[key] is None:
            # A null is no value that could be lost.
            return self.remove((*path[:-1], key)).rename(path, key)
        return self.revised([self.renaming(path, key)])

    def renaming(self, path: Path, key: str) -> Revision:
        """The edit that gives an entry another key. Raises `EditError`."""
        entry, holder = self._entry(path), _value_at(self.values, path[:-1])
        if entry.key is None:
            raise EditError
        if key != path[-1] and key in holder:
            raise OwnPassError if holder[key] is None else EditError
        cut = (_start(entry.key), entry.key.end_mark.index, flow_text(key))
        return Revision([cut], lambda values: _renamed(values, path, key))

    def set(self, path: Path, value: Any) -> "SourceText":
        """The text with another value for an entry. Raises `EditError`."""
        return self.revised([self.setting(path, value)])

    def setting(self, path: Path, value: Any) -> Revision:
        """The edit that gives an entry another value. Raises `EditError`."""
        entry = self._entry(path)
        self._reject_secret(path)
        return self._replacing(entry, value, lambda values: _put(values, path, value))

    def replace(self, path: Path, keys: Sequence[str], value: Any) -> "SourceText":
        """The text with another key and value in the place of an entry. Raises `EditError`.

        Each key but the first is in a new mapping below the one before.
        """
        key, *inner = keys
        return self.rename(path, key).set((*path[:-1], key), _nested(inner, value))

    def replacing(self, path: Path, keys: Sequence[str], value: Any) -> Revision:
        """The edit that writes another key and value in the place of an entry. Raises `EditError`."""
        key, *inner = keys
        return self.setting(path, _nested(inner, value)).then(self.renaming(path, key))

    def insert(self, holder_path: Path, keys: Sequence[str], value: Any, lines: Sequence[str] = ()) -> "SourceText":
        """The text with a new entry, the last of a mapping. Raises `EditError`.

        Each key but the first is in a new mapping below the one before. `lines` are the lines of the last key, with its
        value and comments, if they are known.
        """
        key, *inner = keys
        known = _value_at(self.values, holder_path)
        if isinstance(known, dict) and key in known and inner:
            # Another edit of the same fix has added it.
            return self.insert((*holder_path, key), inner, value, lines)
        return self.revised([self.inserting(holder_path, keys, value, lines)])

    def inserting(self, holder_path: Path, keys: Sequence[str], value: Any, lines: Sequence[str] = ()) -> Revision:
        """The edit that adds an entry. Raises `EditError`."""
        holder, (key, *inner) = self._entry(holder_path), keys
        nested = _nested(inner, value)
        known = _value_at(self.values, holder_path)
        if known is None:
            return self._replacing(holder, {key: nested}, lambda values: _put(values, holder_path, {key: nested}))
        if isinstance(known, dict) and key in known and inner:
            raise OwnPassError
        if not isinstance(known, dict) or not isinstance(holder.value, yaml.MappingNode) or key in known:
            raise EditError
        return Revision(
            [self._insertion(holder.value, keys, nested, lines)],
            lambda values: _put(values, (*holder_path, key), nested),
        )

    def _insertion(self, mapping: yaml.MappingNode, keys: Sequence[str], nested: Any, lines: Sequence[str]) -> Cut:
        """What adds the last entry of a mapping."""
        pair = f"{flow_text(keys[0])}: {flow_text(nested)}"
        if not mapping.value:
            return _start(mapping), mapping.end_mark.index, f"{{{pair}}}"
        end = self._end(mapping.value[-1][1])
        if mapping.flow_style:
            return end, end, f", {pair}"
        column = mapping.value[0][0].start_mark.column
        added = _nested_lines(keys, lines) if lines else [pair]
        text = "".join(self._newline + (f"{' ' * column}{line}" if line else "") for line in added)
        line_end = self._line_end(self._end_of_comments(end, column))
        return line_end, line_end, text

    def move(self, path: Path, holder_path: Path, keys: Sequence[str], *, with_parent: bool = False) -> "SourceText":
        """The text with an entry's value at another key. Its lines stay as they are, and its comments move along.
        Raises `EditError`.

        `with_parent` is whether the mapping around it is removed next, so that its comments move along too.
        """
        self._reject_secret(path)
        value = copy.deepcopy(_value_at(self.values, path))
        source, above, comment = self._without_comments(path[:-1]) if with_parent else (self, (), "")
        taken = source._taking(path, with_parent=with_parent)
        if taken is None:
            moved = self.remove(path).insert(holder_path, keys, value)
        else:
            taking, entry = taken
            lines = (entry.within(above, comment) if with_parent else entry).with_key(flow_text(keys[-1]))
            moved = source.revised([taking]).insert(holder_path, keys, value, lines)
        # What becomes one line can have comments between its lines.
        lost = _without(comments_of(self.text), comments_of(moved.text))
        return moved._with_comments((*holder_path, *keys), lost) if lost else moved

    def moving(self, path: Path, holder_path: Path, keys: Sequence[str]) -> Revision:
        """The edit that moves an entry's value to another key, with its comments. Raises `EditError`."""
        self._reject_secret(path)
        value = copy.deepcopy(_value_at(self.values, path))
        holder = self._entry(holder_path).value
        is_block = isinstance(holder, yaml.MappingNode) and bool(holder.value) and not holder.flow_style
        taken = self._taking(path, with_parent=False) if is_block else None
        if taken is None:
            removing = self.removing(path)
            if any(self._comments_in(start, end) for start, end, _ in removing.cuts):
                raise OwnPassError
            return removing.then(self.inserting(holder_path, keys, value))
        taking, entry = taken
        inserting = self.inserting(holder_path, keys, value, entry.with_key(flow_text(keys[-1])))
        ((at, _, added),) = inserting.cuts
        (start, end, _), *more = taking.cuts
        if start <= at <= end:
            # It's the last entry of the mapping that gets it: its new lines are in the place of the old ones.
            cut = (start, end, added.removeprefix(self._newline) + self.text[at:end])
            return replace(taking.then(inserting), cuts=[cut, *more])
        return taking.then(inserting)

    def _without_comments(self, path: Path) -> "tuple[SourceText, Sequence[str], str]":
        """The text without the comments above and beside a key, and these comments."""
        key = self._entry(path).key
        if key is None or not self._starts_line(_start(key)):
            return self, (), ""
        column, line = key.start_mark.column, self._line_start(_start(key))
        start, colon, end = self._start_of_comments(line, column), self._colon(key), self._line_end(_start(key))
        above, comment = _dedented(self.text[start:line], column), self.text[colon:end].strip()
        cuts = [(start, line, "")]
        if comment.startswith("#"):
            cuts.append((colon, end, ""))
        return self.revised([Revision(cuts, _unchanged)]), above, comment if comment.startswith("#") else ""

    def _taking(self, path: Path, *, with_parent: bool) -> "Optional[tuple[Revision, _EntryLines]]":
        """The edit that removes an entry of a block, and the entry's lines with its comments; None if it has no lines
        of its own. `with_parent` is whether all comments around it are the entry's."""
        entry, around = self._entry(path), self._entry(path[:-1])
        holder, key = entry.holder, entry.key
        is_only = holder is not None and len(holder.value) == 1
        if key is None or holder is None or holder.flow_style or not self._starts_line(_start(key)):
            return None
        if around.key is None and (is_only or with_parent):
            return None
        column, line = key.start_mark.column, self._line_start(_start(key))
        start, floor = self._start_of_comments(line, column), column
        if with_parent and around.key is not None:
            before = self._colon(around.key) if entry.index == 0 else self._span_at(holder, entry.index - 1)[1]
            start = min(start, self._next_line(before))
            floor = around.key.start_mark.column if entry.index + 1 == len(holder.value) else column
        line_end, end = self._line_end(_start(key)), self._end_of_comments(self._end(entry.value), floor)
        lines = _EntryLines(
            _dedented(self.text[start:line], column),
            self.text[key.end_mark.index : line_end],
            _dedented(self.text[self._next_line(line_end) : end], column) if end > line_end else [],
            max(entry.value.start_mark.column - column, 0),
        )
        cuts = [(start, self._next_line(end), "")]
        if is_only and around.key is not None:
            cuts.append((self._colon(around.key), self._colon(around.key), " {}"))
        return Revision(cuts, lambda values: _without_entry(values, path)), lines

    def with_comments_of(self, before: "SourceText", path: Path) -> "SourceText":
        """The text with the comments that an earlier text has and this one lacks, above an entry."""
        if "#" not in before.text:
            return self
        lost = _without(comments_of(before.text), comments_of(self.text))
        return self._with_comments(path, lost) if lost else self

    def _with_comments(self, path: Path, comments: Sequence[str]) -> "SourceText":
        """The text with comments above an entry, or above the nearest one around it that starts a line."""
        return self.revised([Revision([self._comments_cut(path, comments)], _unchanged)])

    def _comments_cut(self, path: Path, comments: Sequence[str]) -> Cut:
        keys = (self._entry(path[:length]).key for length in range(len(path), 0, -1))
        key = next((key for key in keys if key is not None and self._starts_line(_start(key))), None)
        start, indent = (0, "") if key is None else (self._line_start(_start(key)), " " * key.start_mark.column)
        return start, start, "".join(f"{indent}{comment}{self._newline}" for comment in comments)

    def keeping_comments(self, revision: Revision, path: Path) -> Revision:
        """The edit that also writes the comments which the edit removes above an entry. Raises `EditError`."""
        lost = [comment for start, end, _ in revision.cuts for comment in self._comments_in(start, end)]
        if not lost:
            return revision
        if path not in self.entries:
            raise OwnPassError
        return revision.with_cut(self._comments_cut(path, lost))

    @cached_property
    def _comments(self) -> Mapping[int, str]:
        """The comments by their positions, in order."""
        return dict(_found_comments(self.text))

    def _comments_in(self, start: int, end: int) -> Sequence[str]:
        if self.text.find("#", start, end) < 0:
            return ()
        return [self._comments[at] for at in self._comments_at(start, end)]

    def _comments_at(self, start: int, end: int) -> Sequence[int]:
        """Where the comments within a range start."""
        positions = self._positions_of_comments
        return positions[bisect_left(positions, start) : bisect_left(positions, end)]

    @cached_property
    def _positions_of_comments(self) -> Sequence[int]:
        return list(self._comments)

    def remove(self, path: Path, *, prune: bool = False) -> "SourceText":
        """The text without an entry. Raises `EditError`. `prune` also removes the mapping around it if that becomes
        empty, and keeps its comments."""
        removed = self.revised([self.removing(path)])
        holder = self._entry(path).holder
        is_only = holder is not None and len(holder.value) == 1
        if not prune or not is_only:
            return removed
        return removed._without_empty(path[:-1], _without(comments_of(self.text), comments_of(removed.text)))

    def removing(self, path: Path, *, prune: bool = False) -> Revision:
        """The edit that removes an entry. Raises `EditError`."""
        entry = self._entry(path)
        self._reject_secret(path)
        holder = entry.holder
        if holder is None:
            raise EditError
        if len(holder.value) == 1:
            if prune:
                raise OwnPassError
            return self._emptying(entry)
        return Revision(self._removal(entry, holder), lambda values: _without_entry(values, path))

    def _removal(self, entry: Entry, holder: yaml.CollectionNode) -> Sequence[Cut]:
        """What removes one of several entries."""
        start, end = self._span(entry)
        index, is_last = entry.index, entry.index + 1 == len(holder.value)
        if holder.flow_style:
            # The comments between two entries can be about the other one.
            if is_last:
                before = self._span_at(holder, index - 1)[1]
                return [*self._cuts_between(before, start), (start, end, "")]
            return [(start, end, ""), *self._cuts_between(end, self._span_at(holder, index + 1)[0])]
        if self._starts_line(start):
            return [(self._line_start(start), self._next_line(end), "")]
        if is_last:
            raise EditError
        # The entry shares its line with the dash of a list's item: the next one takes its position.
        return [(start, self._span_at(holder, index + 1)[0], "")]

    def _cuts_between(self, start: int, end: int) -> Sequence[Cut]:
        """What removes the comma between two entries of a flow, and the spaces unless there are comments."""
        if not self._comments_in(start, end):
            return [(start, end, "")]
        commas = (match.start() for match in re.finditer(",", self.text[start:end]))
        comments = [range(at, self._line_end(at)) for at in self._comments_at(start, end)]
        comma = next(start + at for at in commas if not any(start + at in comment for comment in comments))
        return [(comma, comma + 1, "")]

    def _emptying(self, entry: Entry) -> Revision:
        """The edit that removes the only entry of its mapping or list."""
        around = self._entry(entry.path[:-1])
        empty: Any = [] if entry.key is None else {}
        start, end = self._span(entry)
        assert entry.holder is not None

        def change(values: Any) -> Any:
            return _without_entry(values, entry.path)

        if around.key is None or entry.holder.flow_style or not self._starts_line(start):
            return self._replacing(around, empty, change)
        # The comments above the entry stay below the key.
        colon = self._colon(around.key)
        cuts = [(colon, colon, f" {flow_text(empty)}"), (self._line_start(start), self._next_line(end), "")]
        return Revision(cuts, change)

    def _without_empty(self, path: Path, comments: Sequence[str]) -> "SourceText":
        """The text without a key whose value is empty. The comment beside it gets the line, and so do comments that
        were in the value."""
        entry, removed = self._entry(path), self.remove(path)
        lost = [*_without(comments_of(self.text), comments_of(removed.text)), *comments]
        if not lost:
            return removed
        if entry.key is None or entry.holder is None or entry.holder.flow_style or len(entry.holder.value) == 1:
            return removed._with_comments(path[:-1], lost)
        at, indent = self._line_start(_start(entry.key)), " " * entry.key.start_mark.column
        text = "".join(f"{indent}{comment}{self._newline}" for comment in lost)
        return removed.revised([Revision([(at, at, text)], _unchanged)])

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

    def _replacing(self, entry: Entry, value: Any, change: Callable[[Any], Any]) -> Revision:
        """The edit that writes another value for an entry. A block becomes one line: that of its key, unless only this
        has a comment."""
        start, end = _start(entry.value), self._end(entry.value)
        text = flow_text(value, style=entry.value.style if isinstance(entry.value, yaml.ScalarNode) else None)
        if entry.key is not None:
            colon = self._colon(entry.key)
            between = self.text[colon:start]
            # Comments within the block go above the key, and so do those before them, in the same order.
            if not between or ("\n" in between and (not between.strip() or "#" in self.text[start:end])):
                start, text = colon, self._beside(entry, value) or f" {text}"
        return Revision([(start, end, text)], change)

    def _beside(self, entry: Entry, value: Any) -> str:
        """The lines of a value below its key, if one line is too long for it; empty if not."""
        assert entry.key is not None
        is_block = entry.holder is not None and not entry.holder.flow_style and self._starts_line(_start(entry.key))
        if not is_block or not isinstance(value, Mapping) or not value or len(flow_text(value)) <= _LONGEST_LINE:
            return ""
        indent = f"{self._newline}{' ' * (entry.key.start_mark.column + 2)}"
        return "".join(f"{indent}{line}" for line in yaml_text(value).splitlines())

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

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _starts_line(self, index: int) -> bool:
        return not self.text[self._line_start(index) : index].strip()

    def _colon(self, key: yaml.Node) -> int:
        """The end of the colon after a key."""
        return self.text.index(":", key.end_mark.index) + 1

    def _start_of_comments(self, index: int, column: int) -> int:
        """The start of the comment lines directly above a line, which aren't indented more than a column."""
        start = self._line_start(index)
        while start:
            above = self._line_start(start - 1)
            line = self.text[above:start]
            if not line.lstrip().startswith("#") or _indent(line) > column:
                break
            start = above
        return start

    def _end_of_comments(self, index: int, column: int) -> int:
        """The end of the comment lines below a line that are indented more than a column."""
        end = self._line_end(index)
        below = self._next_line(index)
        while below < len(self.text):
            line = self.text[below : self._line_end(below)]
            if line.strip() and not (line.lstrip().startswith("#") and _indent(line) > column):
                break
            if line.strip():
                end = self._line_end(below)
            below = self._next_line(below)
        return end

    @cached_property
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
        for index, (key, value) in enumerate(entry.value.value):
            if isinstance(key, yaml.ScalarNode):
                yield from _entries(Entry((*entry.path, str(key.value)), value, key, entry.value, index), seen)
    elif isinstance(entry.value, yaml.SequenceNode):
        for index, item in enumerate(entry.value.value):
            yield from _entries(Entry((*entry.path, index), item, None, entry.value, index), seen)


@dataclass(frozen=True)
class _EntryLines:
    """The lines of an entry that moves, with its comments, and without the indentation of its key."""

    above: Sequence[str]
    """The comments above the key."""
    beside: str
    """What follows the key on its line."""
    below: Sequence[str]
    """The lines below that of the key."""
    indent: int
    """How far the value below the key is indented."""

    def with_key(self, key: str) -> Sequence[str]:
        """The lines with another key."""
        return [*self.above, f"{key}{self.beside}", *self.below]

    def within(self, above: Sequence[str], comment: str) -> "_EntryLines":
        """The lines with the comments above and beside the key around the entry, which goes."""
        own = self.beside.strip().removeprefix(":").strip()
        if own and not own.startswith("#"):
            return replace(self, above=[*above, *([comment] if comment else []), *self.above])
        indent = " " * self.indent
        # The comments around the value are as deep as the value, so that they stay with it.
        below = [line if _indent(line) >= self.indent else f"{indent}{line.lstrip()}".rstrip() for line in self.below]
        inner = [f"{indent}{line.strip()}" for line in (*self.above, own) if line.strip()]
        return replace(self, above=above, beside=f": {comment}".rstrip(), below=[*inner, *below])


def _nested(keys: Sequence[str], value: Any) -> Any:
    """A value below keys, each in a new mapping below the one before."""
    for key in reversed(keys):
        value = {key: value}
    return value


def _nested_lines(keys: Sequence[str], lines: Sequence[str]) -> list[str]:
    """The lines of keys, each below the one before; `lines` are those of the last one."""
    *above, _ = keys
    indent = "  " * len(above)
    nested = [f"{'  ' * depth}{flow_text(key)}:" for depth, key in enumerate(above)]
    return [*nested, *(f"{indent}{line}" if line else "" for line in lines)]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _dedented(text: str, column: int) -> list[str]:
    """The lines of a text without their first spaces, up to a column."""
    return [line[min(_indent(line), column) :] if line.strip() else "" for line in text.splitlines()]


def comments_of(text: str) -> list[str]:
    """The comments of a YAML text, in order."""
    return [comment for _, comment in _found_comments(text)]


def _found_comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments of a YAML text with their positions, in order."""
    tokens: Iterable[Any] = cast("Any", yaml).scan(text)
    marks = [(token.start_mark, token.end_mark) for token in tokens if isinstance(token, yaml.ScalarToken)]
    starts, ends = [start.index for start, _ in marks], [end.index for _, end in marks]
    for match in re.finditer(r"(?<!\S)#[^\r\n]*", text):
        before = bisect_right(starts, match.start()) - 1
        if before < 0 or ends[before] <= match.start():
            yield match.start(), match.group().rstrip()


def _without(comments: Sequence[str], others: Sequence[str]) -> list[str]:
    """The comments that the others don't have, each as often as they lack it."""
    left = Counter(comments) - Counter(others)
    return list(left.elements())


def _shared(node: Node, known: dict[Any, Any]) -> Any:
    """The value without positions, where an alias has the same mapping or list as its anchor: both change at once."""
    if node.is_scalar:
        return node.value
    key = (node.place, isinstance(node.value, dict))
    if key not in known:
        fields = {name: _shared(field, known) for name, field in node.fields.items()}
        known[key] = fields if isinstance(node.value, dict) else [_shared(item, known) for item in node.items]
    return known[key]


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        yield cast("Any", value)
        items = mapped(cast("Any", value)).values() if isinstance(value, dict) else cast("list[Any]", value)
        for item in items:
            yield from _containers(item)


def _value_at(values: Any, path: Path) -> Any:
    try:
        for step in path:
            values = values[step]
    except (KeyError, IndexError, TypeError) as error:
        raise EditError from error
    return values


def _unchanged(values: Any) -> Any:
    return values


def _put(values: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    _value_at(values, path[:-1])[path[-1]] = value
    return values


def _renamed(values: Any, path: Path, key: str) -> Any:
    holder = _value_at(values, path[:-1])
    pairs = [(key if name == path[-1] else name, value) for name, value in holder.items()]
    holder.clear()
    holder.update(pairs)
    return values


def _without_entry(values: Any, path: Path) -> Any:
    del _value_at(values, path[:-1])[path[-1]]
    return values


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
