"""A Pulumi program in a folder of its own, run by the real engine."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import engine

PROJECT = """\
name: test
runtime:
  name: python
"""


@dataclass(frozen=True)
class Step:
    """One thing that the engine did, or in a preview would do, to a resource."""

    op: str
    urn: str

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        return self.urn.split("::")[2].rpartition(":")[2]


@dataclass(frozen=True)
class Run:
    """What one run of the engine did and said."""

    status: int
    output: str
    steps: list[Step]

    @property
    def changes(self) -> Counter[str]:
        """How many resources met each operation; what stayed the same, or was only looked at, is left out."""
        return Counter(step.op for step in self.steps if step.op not in ("same", "refresh"))

    def ops(self, kind: str) -> dict[str, str]:
        """The operation that each resource of a kind met, by name."""
        return {step.name: step.op for step in self.steps if step.kind == kind and step.op != "same"}


class PulumiProgram:
    """A program, its one stack, and a file backend of its own."""

    stack = "test"

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None, enter: Sequence[str] = ()) -> None:
        """``enter`` comes before the command: how to enter the namespaces of a cluster that is seen only there."""
        self.folder = folder
        self._enter = enter
        backend = folder / ".state"
        backend.mkdir(parents=True, exist_ok=True)
        self._events = folder / ".events"
        # The user's own cluster is never a test's.
        inherited = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
        self.env = {
            **inherited,
            **engine.environment(folder / ".home"),
            "PULUMI_BACKEND_URL": backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "NO_COLOR": "1",
            # The flag --event-log is there only for those who ask.
            "PULUMI_DEBUG_COMMANDS": "true",
            **(env or {}),
        }

    def write(self, program: str, project: str = PROJECT, **config: str) -> None:
        """Lay down the program, and the stack's configuration (a double underscore in a key is a colon)."""
        (self.folder / "Pulumi.yaml").write_text(project)
        (self.folder / "__main__.py").write_text(program)
        self.pulumi("stack", "select", "--create", self.stack)
        for key, value in config.items():
            self.pulumi("config", "set", key.replace("__", ":"), value, "--stack", self.stack)

    def up(self, *flags: str, check: bool = True) -> Run:
        return self._operate("up", "--skip-preview", *flags, check=check)

    def previewed_up(self, *flags: str, check: bool = True) -> Run:
        """An update after its preview, as `pulumi up --yes` makes it."""
        return self._operate("up", *flags, check=check)

    def preview(self, *flags: str, check: bool = True) -> Run:
        return self._operate("preview", *flags, check=check)

    def destroy(self, *flags: str) -> Run:
        return self._operate("destroy", "--skip-preview", *flags)

    def preview_destroy(self, *flags: str, check: bool = True) -> Run:
        """The program runs, so that its hooks do."""
        return self._operate("destroy", "--preview-only", "--run-program", *flags, check=check)

    def outputs(self) -> dict[str, Any]:
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets", "--stack", self.stack))

    def state(self) -> str:
        """The whole state, as the backend holds it: secrets encrypted."""
        return self.pulumi("stack", "export", "--stack", self.stack)

    def pulumi(self, *args: str) -> str:
        done = self._run(*args)
        assert done.returncode == 0, f"pulumi {' '.join(args)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _operate(self, command: str, *flags: str, check: bool = True) -> Run:
        self._events.unlink(missing_ok=True)
        previews = command == "preview" or "--preview-only" in flags
        yes = () if previews else ("--yes",)
        shown = ("--suppress-progress", "--event-log", str(self._events), "--stack", self.stack)
        done = self._run(command, *yes, *shown, *flags)
        run = Run(done.returncode, done.stdout + done.stderr, self._steps(previews=previews))
        assert not check or run.status == 0, f"pulumi {command}:\n{run.output}"
        return run

    def _steps(self, *, previews: bool) -> list[Step]:
        # A preview says what it would do as it plans; an update, what it has done.
        event = "resourcePreEvent" if previews else "resOutputsEvent"
        lines = self._events.read_text().splitlines() if self._events.exists() else []
        found = [json.loads(line)[event]["metadata"] for line in lines if event in json.loads(line)]
        return [Step(it["op"], it["urn"]) for it in found if "pulumi:providers:" not in it["urn"]]

    def _run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._enter, "pulumi", "--cwd", str(self.folder), "--non-interactive", *args],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
