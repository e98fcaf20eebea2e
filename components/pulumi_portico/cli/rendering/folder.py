"""A folder of rendered files: updates it, and removes the files that aren't rendered any more."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...args.problems import PorticoError
from .manifests import RenderedObject

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
        """Whether any file differs."""
        return bool(self.added or self.changed or self.removed)


def mark_of(stack: str) -> str:
    """The first line of every file of the stack."""
    return f"# Made by `portico render --stack {stack}`: what is changed here is lost.\n"


def file_names(objects: Sequence[RenderedObject]) -> Iterator[tuple[str, RenderedObject]]:
    """A name for each object's file, the same as long as the object's identity is; in the order of the names, each
    object comes after those that it needs."""
    used: set[str] = set()
    for one in objects:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(one.manifest["kind"])).lower()
        stem = ".".join([f"{one.rank:02}-{words}", *([one.namespace] if one.namespace else [])])
        names = (_safe(f"{stem}.{called}.yaml") for called in (one.identifier, one.name))
        name = next((name for name in names if name not in used), None)
        if name is None:
            raise PorticoError(
                f"two objects have the same file name: {one.manifest['kind']} {one.namespace}/{one.name}"
            )
        used.add(name)
        yield name, one


def _safe(name: str) -> str:
    # The names of roles can contain colons, which not every file system supports.
    return name.replace(":", "_").replace("/", "_")


def compare(folder: Path, files: Mapping[str, str], stack: str) -> Changes:
    """What writing `files` changes. Raises `PorticoError` if it would overwrite a file that isn't the stack's."""
    mark = mark_of(stack)
    found = sorted(file for pattern in ("*.yaml", "*/*.yaml") for file in folder.glob(pattern) if file.is_file())
    present = {file.relative_to(folder).as_posix(): _text(file) for file in found}
    for name in files.keys() & present.keys():
        if not present[name].startswith(mark):
            raise PorticoError(
                f"{folder / name} isn't a rendered file of stack {stack}; move it, or render to another folder"
            )
    return Changes(
        added=sorted(files.keys() - present.keys()),
        changed=sorted(name for name in files.keys() & present.keys() if present[name] != files[name]),
        removed=sorted(name for name, text in present.items() if name not in files and text.startswith(mark)),
        same=sorted(name for name in files.keys() & present.keys() if present[name] == files[name]),
    )


def write(folder: Path, files: Mapping[str, str], changes: Changes) -> None:
    """Write the files that are new or different, and remove those that aren't rendered any more."""
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
