"""Programs that come in Python wheels, each in a folder of its own in the user's cache.

So an environment for the tests doesn't grow by a program of 100 MB that few of them run. Each program has a lock file
in ``tools/wheels``, with the hashes of its wheels.

    python -m tools.wheels [NAME ...]    install these (default: all)
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import build
from tools.console import Progress, fail, main_guard

_LOCKS = Path(__file__).resolve().parent / "wheels"


@dataclass(frozen=True)
class Wheel:
    """A wheel, and the program in it."""

    name: str
    why: str
    path: str
    machines: tuple[str, ...] = ("x86_64", "aarch64")


WHEELS = {
    wheel.name: wheel for wheel in (Wheel("envoy", "the proxy that Envoy Gateway configures", "envoy/_bin/envoy"),)
}


def why_not(name: str) -> str | None:
    """Why the program can't run here, in one line; None where it can."""
    if sys.platform != "linux" or platform.machine() not in WHEELS[name].machines:
        return f"no wheel of {name} is for {sys.platform} {platform.machine()}"
    return None


def version(name: str) -> str:
    """The version of the wheel, such as ``1.39.1``."""
    first = (_LOCKS / f"{name}.lock").read_text().split()[0]
    return first.partition("==")[2]


def program(name: str) -> Path:
    """The program's path, once it is installed."""
    wheel, lock = WHEELS[name], _LOCKS / f"{name}.lock"
    digest = hashlib.sha256(lock.read_bytes() + platform.machine().encode()).hexdigest()[:12]
    folder = build.cache_root() / "tools" / f"{name}-{digest}"
    if folder.exists():
        return folder / wheel.path
    if reason := why_not(name):
        fail(reason)
    with build.lock("wheels-"):
        if not folder.exists():
            _install(wheel, lock, folder)
    return folder / wheel.path


def _install(wheel: Wheel, lock: Path, folder: Path) -> None:
    with (
        Progress(f"Installing {wheel.name}: {wheel.why}"),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{wheel.name}-") as scratch,
    ):
        target = Path(scratch, "files")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps"]
        options = ["--only-binary", ":all:", "--require-hashes", "--target", str(target), "-r", str(lock)]
        done = subprocess.run([*pip, *options], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            fail(f"installing {wheel.name} failed:\n  {done.stderr.strip()}")
        (target / wheel.path).chmod(0o755)
        target.rename(folder)


@main_guard
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.wheels", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(WHEELS)}")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in WHEELS]:
        parser.error(f"no wheel {', '.join(unknown)}; there are: {', '.join(WHEELS)}")
    for name in options.names or WHEELS:
        print(f"{name:28}{program(name)}")


if __name__ == "__main__":
    sys.exit(main())
