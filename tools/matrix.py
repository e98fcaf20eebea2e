"""Run the tests with other SDKs than the pinned ones: the ends of what the components take.

python -m tools.matrix

Each tests/matrix/*.lock is one end. Its SDKs are laid into a folder that goes before the environment's own packages.
The Kubernetes provider stays the one that is built here, whichever its SDK: no other can be.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools import build, engine
from tools.cluster import ROOT
from tools.console import console, fail, main_guard

_REGISTERS = re.compile(r"\brecord\(|\bRecording\b|\bregistered_objects\b|^import pulumi$", re.MULTILINE)
"""What a test has that registers resources. Others read stack files only, in which the SDKs have no part."""
# What depends on how an SDK registers: replacement, hooks, ignored changes.
_CLUSTER = (
    *("tests/cluster/test_public_load_balancer.py", "tests/cluster/test_web_service_changes.py"),
    *("-n", "3", "-m", "not long"),
)
CLUSTER_RUNS: Mapping[str, Sequence[Sequence[str]]] = {"oldest": (), "newest": (_CLUSTER,)}
"""The tests of each end on the API server. There, the oldest SDK of Kubernetes is the pinned one, with which all tests
run."""


def unit_run() -> Sequence[str]:
    """The unit tests that register resources."""
    files = [
        str(file.relative_to(ROOT))
        for folder in ("tests/unit", "tests/scoreboard")
        for file in sorted((ROOT / folder).glob("test_*.py"))
        if _REGISTERS.search(file.read_text())
    ]
    return (*files, "-n", "auto", "-m", "not long")


def lay(lock: Path) -> Path:
    """The folder that holds what ``lock`` pins."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = ROOT / ".portico" / "matrix" / f"{lock.stem}-{digest}"
    if not folder.exists():
        partial = folder.with_name(f".{folder.name}")
        shutil.rmtree(partial, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        # Without dependencies: those of the environment serve.
        subprocess.run([*pip, "--no-deps", "--require-hashes", "--target", str(partial), "-r", str(lock)], check=True)
        partial.rename(folder)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Before the environment's packages, those of ``folder``; and the provider, which no SDK of it names."""
    path = [os.environ.get("PATH", os.defpath)]
    if engine.on_path() is None:
        path.insert(0, str(build.bin_dir("pulumi-resource-kubernetes")))
    return {**os.environ, "PYTHONPATH": str(folder), "PATH": os.pathsep.join(path)}


@main_guard
def main() -> None:
    argparse.ArgumentParser(prog="python -m tools.matrix", description=(__doc__ or "").split("\n")[0]).parse_args()
    engine.build_engine()
    build.build(build.CLUSTER)
    for end, cluster_runs in CLUSTER_RUNS.items():
        folder = lay(ROOT / "tests" / "matrix" / f"{end}.lock")
        console.print(f"[bold]The {end} SDKs:[/] {', '.join(_pins(end))}")
        for run in (unit_run(), *cluster_runs):
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *run], cwd=ROOT, env=environment(folder), check=False
            )
            if done.returncode:
                fail(f"the tests do not pass with the {end} SDKs; see above")


def _pins(end: str) -> list[str]:
    lines = (ROOT / "tests" / "matrix" / f"{end}.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


if __name__ == "__main__":
    sys.exit(main())
