"""Writes files so that a crash leaves the old text or the new one."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ...args.problems import PorticoError

__all__ = ["write_files"]

_BOM = b"\xef\xbb\xbf"


def write_files(texts: Mapping[Path, str]) -> None:
    """Write each file atomically. Raises `PorticoError` if one can't be written."""
    for file, text in texts.items():
        _write(file, text)


def _write(file: Path, text: str) -> None:
    try:
        _replace(file.resolve(), text)
    except OSError as error:
        raise PorticoError(f"{file} can't be written: {error.strerror}") from error


def _replace(file: Path, text: str) -> None:
    is_new = not file.exists()
    mark = _BOM if not is_new and file.read_bytes().startswith(_BOM) else b""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(mark + text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        # A new file can have secrets of manifests.
        Path(name).chmod(0o600 if is_new else file.stat().st_mode & 0o7777)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
