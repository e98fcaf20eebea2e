"""A folder of rendered files: updates it, and removes the files that aren't rendered any more."""

import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...args.display import escaped
from ...args.problems import PorticoError
from .manifests import RenderedObject

__all__ = ["Changes", "Owner", "compare", "file_names", "mark_of", "write_files"]

_NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""If the file becomes a link or a pipe in the meantime, it isn't followed, and doesn't block. Not on every system."""


@dataclass(frozen=True)
class Changes:
    """What writing the files changes in the folder."""

    added: Sequence[str]
    changed: Sequence[str]
    removed: Sequence[str]
    same: Sequence[str]

    @property
    def any(self) -> bool:
        """Whether any file differs."""
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True)
class Owner:
    """The stack that the files of a folder belong to."""

    project: str
    stack: str

    def __str__(self) -> str:
        return escaped(f"{self.stack} of project {self.project}")


def mark_of(owner: Owner) -> str:
    """The first line of every file of a stack."""
    return f"# `portico render` writes this file for stack {owner}. It overwrites your changes.\n"


def file_names(objects: Sequence[RenderedObject]) -> Iterator[tuple[str, RenderedObject]]:
    """A name for each object's file, the same as long as the object's identity is; in the order of the names, each
    object comes after those that it needs."""
    used: set[str] = set()
    for one in objects:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(one.manifest["kind"])).lower()
        stem = ".".join([f"{one.rank:02}-{words}", *([one.namespace] if one.namespace else [])])
        # Kinds of two groups can have one name.
        group = str(one.manifest["apiVersion"]).rpartition("/")[0]
        names = (_safe(f"{stem}.{called}.yaml") for called in (one.identifier, one.name, f"{one.name}.{group}"))
        name = next((name for name in names if name not in used), None)
        if name is None:
            raise PorticoError(
                f"two objects have the same file name: {one.manifest['kind']} {one.namespace}/{one.name}"
            )
        used.add(name)
        yield name, one


def _safe(name: str) -> str:
    # The names of roles can contain most characters, and not every file system or terminal supports them.
    return re.sub(r"[^\w.-]", "_", name)


def compare(folder: Path, files: Mapping[str, str], owner: Owner, *known: str) -> Changes:
    """What writing `files` changes. Raises `PorticoError` if it would overwrite what isn't a file of the stack.

    `known` are the files that a rendering can have below the folder. Everything else below it is someone else's.
    """
    mark = mark_of(owner)
    try:
        present = _present(folder, {*files, *known})
    except OSError as error:
        raise PorticoError(f"{error.filename}: {error.strerror}") from error
    for name in files.keys() & present.keys():
        text = present[name]
        if text is None:
            raise PorticoError(f"{folder / name} isn't a regular file; move it, or render to another folder")
        if not text.startswith(mark):
            raise PorticoError(
                f"{folder / name} isn't a rendered file of stack {owner}; move it, or render to another folder"
            )
    return Changes(
        added=sorted(files.keys() - present.keys()),
        changed=sorted(name for name in files.keys() & present.keys() if present[name] != files[name]),
        removed=sorted(name for name, text in present.items() if name not in files and (text or "").startswith(mark)),
        same=sorted(name for name in files.keys() & present.keys() if present[name] == files[name]),
    )


def _present(folder: Path, names: Iterable[str]) -> dict[str, Optional[str]]:
    """What is in the folder under these names or as a YAML file: the text, or None for what isn't a regular file."""
    listed = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208  # names, not paths
    present: dict[str, Optional[str]] = {}
    for name in sorted({*(name for name in listed if name.endswith(".yaml")), *names}):
        below = folder / name
        if below.parent != folder and below.parent.is_symlink():
            raise PorticoError(f"{below.parent} is a symbolic link; remove it, or render to another folder")
        if os.path.lexists(below):
            present[name] = _text(below)
    return present


def _text(file: Path) -> Optional[str]:
    """The text of a regular file; None for a link, a pipe, or a folder, none of which is opened."""
    if not stat.S_ISREG(file.lstat().st_mode):
        return None
    with os.fdopen(os.open(file, os.O_RDONLY | _NOT_FOLLOWED), encoding="utf-8", errors="replace") as opened:
        return opened.read()


def write_files(folder: Path, files: Mapping[str, str], changes: Changes) -> None:
    """Write the files that are new or different, and remove those that aren't rendered any more."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*changes.added, *changes.changed):
            (folder / name).parent.mkdir(exist_ok=True)
            _write(folder / name, files[name])
        for name in changes.removed:
            (folder / name).unlink()
    except OSError as error:
        raise PorticoError(f"{error.filename or folder}: {error.strerror}") from error


def _write(file: Path, text: str) -> None:
    """Write a file as a whole or not at all: a file without its first line would block the next run."""
    descriptor, name = tempfile.mkstemp(prefix=".portico-", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
        Path(name).chmod(_mode_of(file))
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode_of(file: Path) -> int:
    """The permissions of a file that is replaced; of a new one, those that the user's other files have."""
    if file.exists():
        return stat.S_IMODE(file.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
