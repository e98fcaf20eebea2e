"""The examples of docs/command.md and README.md: each command, run, and what it prints.

A block of YAML behind `<!-- file: stacks/Pulumi.NAME.yaml -->` is a stack file of a project of its own, in which
commands that name the stack run; the others run in this repository.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.cluster import ROOT

__all__ = ["FILES", "generate"]

FILES = (ROOT / "docs" / "command.md", ROOT / "README.md")
_FILE = re.compile(r"<!-- file: (\S+) -->\n\n```yaml\n(.*?)```", re.S)
_EXAMPLE = re.compile(r"(?<=<!-- made by `make schema` -->\n\n```console\n)\$ ([^\n]*)\n.*?(?=```\n)", re.S)
_WIDTH = "100"


def generate(page: str) -> str:
    """The page with what the commands answer now."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
        names: list[str] = []
        for name, text in _FILE.findall(page):
            (project / name).parent.mkdir(exist_ok=True)
            (project / name).write_text(text)
            names.append(Path(name).stem.removeprefix("Pulumi."))

        def run(match: re.Match[str]) -> str:
            command = match[1]
            own = any(re.search(rf"(--stack|-s) {name}\b", command) for name in names)
            return f"$ {command}\n{_answer(command, project if own else ROOT)}"

        return _EXAMPLE.sub(run, page)


def _answer(command: str, folder: Path) -> str:
    """What a terminal shows of a command, and its exit code where it is not 0."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": _WIDTH}
    shell = ["bash", "-c", f"set -o pipefail; {command}"]
    done = subprocess.run(
        shell, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if "Traceback" in done.stdout:
        raise RuntimeError(f"{command} failed: {done.stdout}")
    # `head` closes the pipe, which is no fault of the command.
    ended = "" if done.returncode == 0 or "| head" in command else f"[exit code {done.returncode}]\n"
    return f"{done.stdout}{ended}"
