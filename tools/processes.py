"""Processes that outlive the script that starts them, found again and stopped by their id."""

from __future__ import annotations

import contextlib
import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import psutil

from tools.console import fail

_STOP_SECONDS = 20


class Processes:
    """The processes of one folder: a record, a log and a command line for each."""

    def __init__(self, folder: Path) -> None:
        self._records = folder / "run"
        self.logs = folder / "logs"
        # Python complains of a Popen that is dropped while its process runs, as these are meant to.
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start ``command`` unless the very same one already runs under this name."""
        running = self._find(name)
        if running is not None and json.loads(self._record(name).read_text())["command"] == list(command):
            return
        self.stop(name)
        self._records.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log, _uninterrupted():
            log.write(f"--- {shlex.join(command)}\n".encode())
            log.flush()
            # A session of its own: Ctrl-C at the terminal is for the script, not for the cluster.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
            )
            self._started[name] = process
            record = {"pid": process.pid, "created": _created(process.pid), "command": list(command)}
            self._record(name).write_text(json.dumps(record))

    def running(self, name: str) -> bool:
        return self._find(name) is not None

    def check(self, name: str) -> None:
        """Stop with the end of its log if the process has died."""
        if not self.running(name):
            fail(f"{name} stopped by itself; the end of {self.logs / name}.log:\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 15) -> str:
        log = self.logs / f"{name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return "\n".join(f"  {line[:400]}" for line in text.splitlines()[-lines:])

    def stop(self, name: str) -> None:
        """Ask the process to end, and end it if it does not; only ever one that was started here."""
        process = self._find(name)
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
                if not _ends(process.pid, _STOP_SECONDS):
                    process.kill()
                    _ends(process.pid, _STOP_SECONDS)
        if (started := self._started.pop(name, None)) is not None:
            # A child whose first thread has ended is a zombie; the child itself ends a moment later.
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(_STOP_SECONDS)
        self._record(name).unlink(missing_ok=True)

    def _record(self, name: str) -> Path:
        return self._records / f"{name}.json"

    def _find(self, name: str) -> psutil.Process | None:
        """The recorded process, unless its id has since gone to another one."""
        try:
            record = json.loads(self._record(name).read_text())
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["created"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (FileNotFoundError, json.JSONDecodeError, psutil.NoSuchProcess):
            return None


def wait_until(what: str, happened: Callable[[], bool], *, seconds: float) -> None:
    """Wait until ``happened``, and fail with one line if it does not in time."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            fail(f"waited {seconds:g} s in vain until {what}")
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _ends(pid: int, seconds: float) -> bool:
    """Wait for the process to end. Its parent may be slow to take note, and psutil would wait for that too."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _created(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return time.time()


@contextlib.contextmanager
def _uninterrupted() -> Generator[None]:
    """Hold Ctrl-C back, so that no process runs unrecorded."""
    held: list[tuple[int, FrameType | None]] = []
    try:
        before = signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    except ValueError:  # not the main thread, which alone is interrupted
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt
