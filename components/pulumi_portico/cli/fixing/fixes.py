"""Applies the fixes of a stack's problems to its files."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any, Optional

from ...args.location import Key, KeyStyle, Location, Step, camel_case
from ...args.parse import BOTH_NAMES, RENAMED
from ...args.problems import UNKNOWN, ArgumentError, Edit, Move, Problem, Problems, Remove, Set
from ...stack.defaults import with_defaults
from ...stack.files import PREFIX, read_text, shown_path
from ...stack.plan import StackPlan, check_tree, read_tree
from ...stack.source_map import Node, Place, holds_secret, node_at, plain
from .pasted import converted, is_pasted, with_edits
from .source_text import Cut, EditError, Entry, OwnPassError, Path, Revision, SourceText

__all__ = ["FixedStack", "fix_stack"]

_MOST_ROUNDS = 20
"""A fix can reveal a problem that has a fix too. No chain of them is longer."""


_COMPONENT = 2
"""The length of the location of a component, such as `services.api`."""


@dataclass
class FixedStack:
    """A stack after its fixes."""

    applied: list[Problem] = field(default_factory=list[Problem])
    """The problems whose fixes are applied, in order, with the positions that they had."""
    texts: dict[FilePath, str] = field(default_factory=dict[FilePath, str])
    """The new text of each file that changes."""
    plan: Optional[StackPlan] = None
    """The plan of the stack; None if it's still invalid."""
    error: Optional[ArgumentError] = None
    """The problems that are left; None if there are none."""


def fix_stack(
    stack: str, folder: FilePath, *, rounds: int = _MOST_ROUNDS, choose: Callable[[Problem], bool] = lambda _: True
) -> FixedStack:
    """Apply the fixes of a stack's problems, round by round, until none is left that can be applied.

    Nothing is written: `FixedStack.texts` has what to write. Only files in the folder change. `choose` is whether to
    apply the fix of a problem.
    """
    fixed = FixedStack()
    for number in range(rounds + 1):
        files = _Files(folder, fixed.texts)
        tree = _check(stack, folder, files, fixed)
        if fixed.error is None or number == rounds:
            break
        if pasted := _convert(fixed, files, list(filter(choose, fixed.error.problems))):
            fixed.applied += pasted
            continue
        if tree is None:
            break
        problems = [with_edits(problem, tree) for problem in fixed.error.problems]
        applied = _Round(with_defaults(tree), files).apply(list(filter(choose, problems)))
        if not applied:
            break
        fixed.applied += applied
        fixed.texts |= files.changed
    return fixed


def _check(stack: str, folder: FilePath, files: "_Files", fixed: FixedStack) -> Optional[Node]:
    """Set the plan or the problems of the stack, and return its values; None if its file can't be read."""
    problems = Problems(f'Stack "{stack}"', style=KeyStyle.STACK)
    tree: Optional[Node] = None
    fixed.plan, fixed.error = None, None
    try:
        tree = read_tree(stack, folder, problems, files.read)
        fixed.plan = check_tree(stack, tree, problems, folder)
    except ArgumentError as error:
        fixed.error = error
    return tree


def _convert(fixed: FixedStack, files: "_Files", problems: Sequence[Problem]) -> list[Problem]:
    """Convert the files of other tools, and return the problems that this solves."""
    solved: list[Problem] = []
    pasted = [problem for problem in problems if is_pasted(problem)]
    for name in dict.fromkeys(problem.place.rsplit(":", 2)[0] for problem in pasted):
        file = files.paths[name]
        if file.resolve().parent != files.folder.resolve():
            continue
        texts = converted(file, files.read(file), is_base=not file.name.startswith("Pulumi."))
        fixed.texts |= texts
        solved += [problem for problem in pasted if texts and problem.place.rsplit(":", 2)[0] == name]
    return solved


@dataclass
class _Files:
    """The files of a stack: as they are on disk, or as the fixes before have changed them."""

    folder: FilePath
    texts: dict[FilePath, str]
    paths: dict[str, FilePath] = field(default_factory=dict[str, FilePath])
    """The files by the names that positions have."""
    sources: dict[FilePath, SourceText] = field(default_factory=dict[FilePath, SourceText])

    def read(self, file: FilePath) -> str:
        """The text of a file."""
        self.paths[shown_path(file)] = file
        return self.texts[file] if file in self.texts else read_text(file)

    def source(self, name: str) -> tuple[FilePath, SourceText]:
        """The file of a position, and its text. Raises `EditError` if it can't be edited."""
        file = self.paths.get(name)
        # A link can lead out of the project.
        if file is None or file.resolve().parent != self.folder.resolve():
            raise EditError
        if file not in self.sources:
            self.sources[file] = SourceText(self.read(file))
        return file, self.sources[file]

    @property
    def changed(self) -> dict[FilePath, str]:
        """The texts of the files that differ from what was read."""
        texts = {file: source.text for file, source in self.sources.items()}
        return {file: text for file, text in texts.items() if text != self.read(file)}


@dataclass(frozen=True)
class _Change:
    """A change of one entry of a file."""

    file: FilePath
    action: str
    """`rename`, `set`, `insert`, `replace`, `remove`, or `move`."""
    path: Path
    """The entry; for `insert`, the mapping that gets one."""
    value: Any = None
    """The new key or value."""
    keys: Sequence[str] = ()
    """For `insert`, `replace`, and `move`, the keys of the new entry, each below the one before."""
    to: Path = ()
    """For `move`, the mapping that gets the entry."""
    with_parent: bool = False
    """For `move`, whether the same fix removes the mapping that has the entry."""
    prune: bool = False
    """For `remove`, whether the mapping around the entry goes too if it becomes empty."""


class _Round:
    """Applies the fixes of the problems that one check has found."""

    def __init__(self, tree: Node, files: _Files) -> None:
        self._tree, self._files = tree, files
        defaults = tree.fields.get("defaults")
        self._defaults = {id(node) for node in defaults.below()} if defaults else set[int]()
        self._wrong_keys: set[Optional[Place]] = set()

    def apply(self, problems: Sequence[Any]) -> list[Problem]:
        """Apply what can be applied, and return the problems whose fixes are."""
        wrong = [problem for problem in problems if problem.code in (RENAMED, BOTH_NAMES, UNKNOWN)]
        # Of two names, the author decides which one is right. Until then, it isn't known what there is to override.
        twice = [problem for problem in wrong if problem.code is BOTH_NAMES]
        keys = [problem.location for problem in wrong]
        keys += [problem.location.parent / str(problem.params["new"]) for problem in twice]
        self._wrong_keys = {self._key_place(key) for key in keys} - {None}
        # Positions are those before the round; what a change of this round moves waits for the next one.
        pending = [_Fix(problem, changes) for problem in problems if (changes := self._changes_of(problem))]
        touched, applied = _Touched(), set[int]()
        while pending:
            together, alone, pending = self._split(pending, touched)
            done = self._apply_together(together)
            done += [fix for fix in alone if self._apply_alone(fix.changes)]
            touched.add(done)
            applied |= {id(fix.problem) for fix in done}
        return [problem for problem in problems if id(problem) in applied]

    def _split(self, fixes: Sequence["_Fix"], touched: "_Touched") -> "tuple[list[_Fix], list[_Fix], list[_Fix]]":
        """The fixes that can be applied together, those that need the files for themselves, and those that wait for
        them. Those that interfere with a fix of this round wait for the next round."""
        together, alone, waiting = list[_Fix](), list[_Fix](), list[_Fix]()
        chosen, ranges = _Touched(), _Ranges()
        for fix in fixes:
            if touched.interferes(fix):
                continue
            if chosen.interferes(fix):
                waiting.append(fix)
                continue
            try:
                revisions = self._revisions(fix.changes)
            except OwnPassError:
                alone.append(fix)
            except EditError:
                continue
            else:
                if ranges.overlap(revisions):
                    waiting.append(fix)
                    continue
                ranges.add(revisions)
                together.append(fix)
            chosen.add([fix])
        return together, alone, waiting

    def _revisions(self, changes: Sequence[_Change]) -> "Mapping[FilePath, Revision]":
        """The edits that make the changes, by file. Raises `EditError`."""
        found: dict[FilePath, Revision] = {}
        for change in changes:
            revision = _revision(self._files.sources[change.file], change)
            found[change.file] = found[change.file].then(revision) if change.file in found else revision
        for file, revision in found.items():
            if (path := _place_of_comments(change for change in changes if change.file == file)) is not None:
                found[file] = self._files.sources[file].keeping_comments(revision, path)
        if any(_overlaps_itself(revision) for revision in found.values()):
            raise OwnPassError
        return found

    def _apply_together(self, fixes: "Sequence[_Fix]") -> "list[_Fix]":
        """Apply fixes of different entries, and read each file once. Returns those that are applied."""
        if not fixes:
            return []
        if len(fixes) == 1:
            return list(fixes) if self._apply_alone(fixes[0].changes) else []
        before = dict(self._files.sources)
        try:
            revisions: dict[FilePath, list[Revision]] = {}
            for fix in fixes:
                for file, revision in self._revisions(fix.changes).items():
                    revisions.setdefault(file, []).append(revision)
            self._files.sources |= {file: before[file].revised(of_file) for file, of_file in revisions.items()}
        except EditError:
            # At least one of them can't be applied. Halves find it fast.
            self._files.sources = before
            half = len(fixes) // 2
            return [*self._apply_together(fixes[:half]), *self._apply_together(fixes[half:])]
        return list(fixes)

    def _apply_alone(self, changes: Sequence[_Change]) -> bool:
        before = dict(self._files.sources)
        try:
            for change in changes:
                source = self._files.sources[change.file]
                self._files.sources[change.file] = _changed(source, change)
            self._keep_comments(changes, before)
            for change in changes:
                if change.action in ("remove", "move"):
                    self._files.sources[change.file] = _without_empty_extra(
                        self._files.sources[change.file], change.path
                    )
        except EditError:
            self._files.sources = before
            return False
        return True

    def _keep_comments(self, changes: Sequence[_Change], before: Mapping[FilePath, SourceText]) -> None:
        """Write the comments in a converted value above what it becomes, because that has one line."""
        for file in {change.file for change in changes}:
            path = next((path for change in changes if change.file == file and (path := _new_value(change))), None)
            if path is not None:
                self._files.sources[file] = self._files.sources[file].with_comments_of(before[file], path)

    def _changes_of(self, problem: Problem) -> list[_Change]:
        try:
            changes = [change for edit in problem.edits for change in self._changes(edit, problem)]
            return list(self._once(_in_place(changes)))
        except EditError:
            return []

    def _once(self, changes: Sequence[_Change]) -> Iterator[_Change]:
        """Each change once. One below an anchor changes every alias of it: all of them must need it."""
        for index, change in enumerate(changes):
            if change in changes[:index]:
                continue
            around = [change.path if change.action == "insert" else change.path[:-1]]
            around += [change.to] if change.action == "move" else []
            source = self._files.sources[change.file]
            if any(source.uses(path) > changes.count(change) for path in around):
                raise EditError
            yield change

    def _changes(self, edit: Edit, problem: Problem) -> Iterator[_Change]:
        if isinstance(edit, Set):
            yield self._set(edit.location, edit.value, problem)
        elif isinstance(edit, Remove):
            yield self._removed(edit.location, problem)
        else:
            yield from self._moved(edit, problem)

    def _set(self, location: Location, value: Any, problem: Problem) -> _Change:
        found = self._entry(location, problem)
        if found is not None:
            return _Change(found[0], "set", found[1].path, value)
        return self._inserted(location, value, problem)

    def _removed(self, location: Location, problem: Problem) -> _Change:
        found = self._entry(location, problem)
        if found is not None:
            # An empty mapping of components has no use.
            return _Change(found[0], "remove", found[1].path, prune=len(location) == _COMPONENT)
        # A null overrides a default, whose name must be right: the service would have its former name, too.
        if self._key_place(location) in self._wrong_keys:
            raise EditError
        return self._inserted(location, None, problem)

    def _moved(self, edit: Move, problem: Problem) -> Iterator[_Change]:
        found = self._entry(edit.location, problem)
        if found is not None and edit.to.parent == edit.location.parent:
            file, entry = found
            # The problems of a file's own keys have these as they are.
            is_ours = entry.path[:-1] == ("config",) and str(entry.path[-1]).startswith(PREFIX)
            has_prefix = problem.style is KeyStyle.STACK and is_ours
            yield _Change(file, "rename", entry.path, self._key(edit.to, with_prefix=has_prefix))
            return
        node, rest = node_at(self._tree, edit.location)
        if rest or holds_secret(node):
            raise EditError
        added = self._set(edit.to, plain(node), problem)
        if found is not None and added.action == "insert" and added.file == found[0]:
            with_parent = Remove(edit.location.parent) in problem.edits
            yield _Change(added.file, "move", found[1].path, keys=added.keys, to=added.path, with_parent=with_parent)
            return
        yield self._removed(edit.location, problem)
        yield added

    def _inserted(self, location: Location, value: Any, problem: Problem) -> _Change:
        """The change that adds a value: to the nearest mapping on the way to it that a file has."""
        for length in range(len(location) - 1, -1, -1):
            parent, steps = Location(location[:length]), location[length:]
            node, rest = node_at(self._tree, parent)
            if rest or (id(node) in self._defaults and self._is_override(parent, problem)):
                continue
            is_mapping = node.value is None or isinstance(node.value, dict)
            if any(isinstance(step, int) for step in steps) or not is_mapping:
                raise EditError
            file, entry = self._entry_of(node, parent)
            key = self._key(Location(steps[:1]), with_prefix=not parent and entry.path == ("config",))
            return _Change(file, "insert", entry.path, value, [key, *map(_text, steps[1:])])
        raise EditError

    @staticmethod
    def _key(location: Location, *, with_prefix: bool) -> str:
        key = _text(location[-1])
        return f"{PREFIX}{key}" if with_prefix and not key.startswith(PREFIX) else key

    def _key_place(self, location: Location) -> Optional[Place]:
        node, rest = node_at(self._tree, location)
        return None if rest else node.key

    @staticmethod
    def _is_override(location: Location, problem: Problem) -> bool:
        """Whether a value of the defaults must change for one service only: the defaults themselves are valid."""
        return location[:1] != ("defaults",) and problem.location[:1] != ("defaults",)

    def _entry(self, location: Location, problem: Problem) -> Optional[tuple[FilePath, Entry]]:
        """The entry of a location; None if no file has it, or if it's a default that a service must override."""
        if location == problem.location and problem.place and (found := self._entry_at(problem.place, location)):
            node, rest = node_at(self._tree, location)
            is_default = not rest and id(node) in self._defaults and self._is_override(location, problem)
            return None if is_default else found
        node, rest = node_at(self._tree, location)
        if rest or (id(node) in self._defaults and self._is_override(location, problem)):
            return None
        return self._entry_of(node, location)

    def _entry_of(self, node: Node, location: Location) -> tuple[FilePath, Entry]:
        place = node.key or node.place
        found = None if place is None else self._entry_at(str(place), location)
        if found is None:
            raise EditError
        return found

    def _entry_at(self, place: str, location: Location) -> Optional[tuple[FilePath, Entry]]:
        """The entry at a position, if it's that of the location's last step."""
        name, line, column = place.rsplit(":", 2)
        file, source = self._files.source(name)
        found = [entry for entry in source.at(int(line), int(column)) if _is_entry_of(entry, location)]
        # The key `config` is where the file starts, too.
        return (file, max(found, key=lambda entry: len(entry.path))) if found else None


def _is_entry_of(entry: Entry, location: Location) -> bool:
    if not location:
        return entry.path in ((), ("config",))
    last = entry.path[-1] if entry.path else None
    key = _text(location[-1]) if isinstance(location[-1], str) else location[-1]
    return last in (key, f"{PREFIX}{key}")


def _text(step: Step) -> str:
    return step if isinstance(step, Key) else camel_case(str(step))


def _in_place(changes: Sequence[_Change]) -> Sequence[_Change]:
    """The changes, where a value that takes the place of a removed one in its mapping is written there."""
    merged: list[_Change] = []
    for change in changes:
        for index, other in enumerate(merged):
            if (both := _replaced(other, change)) is not None:
                merged[index] = both
                break
        else:
            merged.append(change)
    return merged


def _replaced(change: _Change, other: _Change) -> Optional[_Change]:
    """The change that two are together if one adds a value, and the other removes one from the same mapping."""
    added, removed = (change, other) if change.action == "insert" else (other, change)
    if (added.action, removed.action) != ("insert", "remove") or added.value is None or removed.prune:
        return None
    if added.file != removed.file or added.path != removed.path[:-1]:
        return None
    return replace(added, action="replace", path=removed.path)


def _new_value(change: _Change) -> Optional[Path]:
    """Where a change writes a new value; None if it writes none."""
    if change.value is None or change.action not in ("set", "insert", "replace"):
        return None
    return _paths(change)[-1]


def _place_of_comments(changes: Iterable[_Change]) -> Optional[Path]:
    """The entry above which the comments go that changes of one file remove; None if no change writes a new value."""
    for change in changes:
        if (path := _new_value(change)) is not None:
            return path if change.action == "insert" else change.path
    return None


@dataclass(frozen=True)
class _Fix:
    """A problem, and the changes that fix it."""

    problem: Problem
    changes: Sequence[_Change]


class _Touched:
    """The entries that fixes are about, which other fixes of the round could miss."""

    def __init__(self) -> None:
        self._entries: set[tuple[FilePath, Path]] = set()
        self._around: set[tuple[FilePath, Path]] = set()
        """The entries, and everything around them."""
        self._holders: set[tuple[FilePath, Path]] = set()
        """The lists whose items have other indexes now."""

    def add(self, fixes: "Iterable[_Fix]") -> None:
        """Add what fixes are about."""
        for change in (change for fix in fixes for change in fix.changes):
            for path in _paths(change):
                self._entries.add((change.file, path))
                self._around |= {(change.file, path[:length]) for length in range(len(path) + 1)}
            if change.action in ("remove", "move") and isinstance(change.path[-1], int):
                self._holders.add((change.file, change.path[:-1]))

    def interferes(self, fix: "_Fix") -> bool:
        """Whether a fix could miss its entries."""
        return any(self._has(change.file, path) for change in fix.changes for path in _paths(change))

    def _has(self, file: FilePath, path: Path) -> bool:
        above = [(file, path[:length]) for length in range(len(path) + 1)]
        return above[-1] in self._around or any(found in self._entries or found in self._holders for found in above)


class _Ranges:
    """The ranges of texts that edits replace."""

    def __init__(self) -> None:
        self._ranges: dict[FilePath, list[tuple[int, int]]] = {}
        """The ranges of each file, in order."""

    def overlap(self, revisions: "Mapping[FilePath, Revision]") -> bool:
        """Whether edits replace, or add something within or beside, what these do."""
        return any(self._overlaps(file, cut) for file, revision in revisions.items() for cut in revision.cuts)

    def _overlaps(self, file: FilePath, cut: Cut) -> bool:
        start, end, _ = cut
        ranges = self._ranges.get(file, [])
        at = bisect_left(ranges, (start, end))
        before, after = ranges[at - 1 : at] if at else [], ranges[at : at + 1]
        # Entries that are added at the same place follow each other.
        return any(other != (start, start) and start <= other[1] and other[0] <= end for other in (*before, *after))

    def add(self, revisions: "Mapping[FilePath, Revision]") -> None:
        """Add what edits replace."""
        for file, revision in revisions.items():
            for start, end, _ in revision.cuts:
                insort(self._ranges.setdefault(file, []), (start, end))


def _overlaps_itself(revision: Revision) -> bool:
    ranges = sorted(cut[:2] for cut in revision.cuts)
    return any(before[1] > after[0] for before, after in pairwise(ranges))


def _paths(change: _Change) -> list[Path]:
    """The entries that a change is about."""
    if change.action == "insert":
        return [(*change.path, *change.keys)]
    if change.action == "replace":
        return [change.path, (*change.path[:-1], *change.keys)]
    return [change.path, (*change.to, *change.keys)] if change.action == "move" else [change.path]


def _revision(source: SourceText, change: _Change) -> Revision:
    """The edit that makes a change. Raises `EditError`."""
    if change.action in ("remove", "move") and _extra_of(change.path):
        # Whether a mapping is empty then depends on the other fixes.
        raise OwnPassError
    if change.action == "rename":
        return source.renaming(change.path, change.value)
    if change.action == "set":
        return source.setting(change.path, change.value)
    if change.action == "insert":
        return source.inserting(change.path, change.keys, change.value)
    if change.action == "replace":
        return source.replacing(change.path, change.keys, change.value)
    if change.action == "remove":
        return source.removing(change.path, prune=change.prune)
    if change.with_parent:
        raise OwnPassError
    return source.moving(change.path, change.to, change.keys)


def _extra_of(path: Path) -> Path:
    """The `extra` that a path leads into; the empty path if it leads into none."""
    first = 1 if path[:1] == ("config",) else 0
    # `defaults` have no names below them.
    top = str(path[first]).removeprefix(PREFIX) if len(path) > first else ""
    at = first + (1 if top == "defaults" else _COMPONENT)
    return path[: at + 1] if path[at : at + 1] == ("extra",) else ()


def _without_empty_extra(source: SourceText, path: Path) -> SourceText:
    """The text without what a change leaves empty in `extra`, `extra` included."""
    extra = _extra_of(path)
    for length in range(len(path) - 1, len(extra) - 1, -1) if extra else ():
        if source.value(path[:length]) not in ({}, []):
            break
        source = source.remove(path[:length])
    return source


def _changed(source: SourceText, change: _Change) -> SourceText:
    if change.action == "rename":
        return source.rename(change.path, change.value)
    if change.action == "set":
        return source.set(change.path, change.value)
    if change.action == "insert":
        return source.insert(change.path, change.keys, change.value)
    if change.action == "replace":
        return source.replace(change.path, change.keys, change.value)
    if change.action == "move":
        return source.move(change.path, change.to, change.keys, with_parent=change.with_parent)
    return source.remove(change.path, prune=change.prune)
