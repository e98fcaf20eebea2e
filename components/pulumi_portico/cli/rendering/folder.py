"""A folder of rendered files: written anew, and rid of those that are rendered no more."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import PorticoError
from .manifests import Rendered

__all__ = ["Changes", "compare", "file_names", "mark_of", "write"]


@dataclass(frozen=True)
class Changes:
    """What writing the files changes in the folder."""

    added: Sequence[str]
    changed: Sequence[str]
    removed: Sequence[str]
    same: Sequence[str]

    @property
    def any(self) -> bool:
        """Whether anything is not as it would be written."""
        return bool(self.added or self.changed or self.removed)


def mark_of(stack: str) -> str:
    """The first line of every file of the stack: who made it."""
    return f"# Made by `portico render --stack {stack}`: what is changed here is lost.\n"


def file_names(rendered: Sequence[Rendered]) -> Iterator[tuple[str, Rendered]]:
    """A name for each object's file, the same as long as the object is what it is; in the order of the names, each
    object finds what it needs."""
    taken: set[str] = set()
    for it in rendered:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(it.manifest["kind"])).lower()
        stem = ".".join([f"{it.rank:02}-{words}", *([it.namespace] if it.namespace else [])])
        names = (f"{stem}.{called}.yaml" for called in (it.called, it.name))
        name = next((_safe(name) for name in names if _safe(name) not in taken), None)
        if name is None:
            raise PorticoError(f"two objects would be one file: {it.manifest['kind']} {it.namespace}/{it.name}")
        taken.add(name)
        yield name, it


def _safe(name: str) -> str:
    # The names of roles may hold colons, which not every file system takes.
    return name.replace(":", "_").replace("/", "_")


def compare(folder: Path, files: Mapping[str, str], stack: str) -> Changes:
    """What writing ``files`` would change.

    Raises `PorticoError` where a file that somebody else wrote is in the way.
    """
    mark = mark_of(stack)
    found = sorted(it for pattern in ("*.yaml", "*/*.yaml") for it in folder.glob(pattern) if it.is_file())
    there = {it.relative_to(folder).as_posix(): _text(it) for it in found}
    for name in files.keys() & there.keys():
        if not there[name].startswith(mark):
            raise PorticoError(
                f"{folder / name} is in the way: it was not made for stack {stack}; move it, or render elsewhere"
            )
    return Changes(
        added=sorted(files.keys() - there.keys()),
        changed=sorted(name for name in files.keys() & there.keys() if there[name] != files[name]),
        removed=sorted(name for name, text in there.items() if name not in files and text.startswith(mark)),
        same=sorted(name for name in files.keys() & there.keys() if there[name] == files[name]),
    )


def write(folder: Path, files: Mapping[str, str], changes: Changes) -> None:
    """Write what is new or different, and remove what is rendered no more."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*changes.added, *changes.changed):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(files[name], encoding="utf-8")
        for name in changes.removed:
            (folder / name).unlink()
    except OSError as error:
        raise PorticoError(f"{error.filename}: {error.strerror}") from error


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
