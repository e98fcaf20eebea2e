"""Bring a stack up or down: what `make up` and `make down` run.

python -m tools.up up|down [--stack NAME]
python -m tools.up shell            print what to `eval` to run pulumi and kubectl by hand
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from tools import build, engine
from tools.cluster import ROOT, Cluster, local_cluster
from tools.cluster_config import CONTEXT
from tools.console import console, fail, main_guard, table
from tools.processes import is_alive

STATE = ROOT / ".portico"


class Workspace:
    """A checkout's stacks: their files, where their state is kept, and the environment that pulumi runs in."""

    def __init__(self, root: Path = ROOT, state: Path = STATE) -> None:
        self.root = root
        self.state = state

    def config(self, stack: str) -> Mapping[str, Any]:
        """What the stack's file configures."""
        file = self.root / "stacks" / f"Pulumi.{stack}.yaml"
        if not file.exists():
            there = sorted(it.name[len("Pulumi.") : -len(".yaml")] for it in file.parent.glob("Pulumi.*.yaml"))
            fail(f"there is no stack {stack}: {file.relative_to(self.root)} is missing; stacks: {', '.join(there)}")
        document: Any = yaml.safe_load(file.read_text()) or {}
        return document.get("config") or {}

    def uses_local_cluster(self, stack: str) -> bool:
        """Whether the stack leaves the cluster to us, by naming none or by naming ours."""
        config = self.config(stack)
        if "kubernetes:kubeconfig" in config:
            return False
        return config.get("kubernetes:context", CONTEXT) == CONTEXT

    def env(self, cluster: Cluster | None) -> dict[str, str]:
        """The environment for pulumi: what the user set stays as it is."""
        env = {**os.environ, **engine.environment(self.state / "pulumi-home")}
        if "PULUMI_BACKEND_URL" not in env:
            backend = self.state / "state"
            backend.mkdir(parents=True, exist_ok=True)
            env["PULUMI_BACKEND_URL"] = backend.as_uri()
        if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & env.keys():
            # A file backend wants one. State kept in the checkout needs no other lock than the checkout's own;
            # whoever keeps secrets sets a passphrase, or a backend, of their own.
            env["PULUMI_CONFIG_PASSPHRASE"] = ""
        if cluster is not None:
            env.update(cluster.env())
        return env

    @contextlib.contextmanager
    def exclusive(self) -> Generator[None]:
        """One `make up` or `make down` at a time in a checkout."""
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fail("another `make up` or `make down` is running in this checkout; wait for it to end")
            yield


def pulumi(*args: str, env: Mapping[str, str], cwd: Path = ROOT, capture: bool = False) -> str:
    """Run pulumi, on the terminal unless ``capture``; its own messages explain a failure."""
    done = subprocess.run(
        ["pulumi", *args], cwd=cwd, env=env, stdout=subprocess.PIPE if capture else None, text=True, check=False
    )
    if done.returncode != 0:
        fail(f"pulumi {args[0]} did not succeed (exit status {done.returncode}); see above")
    return done.stdout if capture else ""


def release_dead_locks(env: Mapping[str, str]) -> None:
    """Remove the locks of pulumi processes that were killed: a file backend keeps them for ever."""
    url = env["PULUMI_BACKEND_URL"]
    if not url.startswith("file://"):
        return
    for lock in Path(unquote(url.removeprefix("file://")), ".pulumi", "locks").rglob("*.json"):
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            holder = json.loads(lock.read_text())
            if holder.get("hostname") == os.uname().nodename and not is_alive(holder.get("pid", 0)):
                lock.unlink(missing_ok=True)


def up(stack: str) -> None:
    workspace = Workspace()
    with workspace.exclusive():
        cluster = _cluster(workspace, stack, start=True)
        env = workspace.env(cluster)
        release_dead_locks(env)
        pulumi("stack", "select", "--create", stack, env=env, capture=True)
        pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", *_quiet(), "--stack", stack, env=env)
        outputs = json.loads(pulumi("stack", "output", "--json", "--stack", stack, env=env, capture=True))
    if outputs:
        rows = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in outputs.items()]
        table(f"Stack {stack}", ("output", "value"), rows)
    if cluster is not None:
        console.print('[dim]To look around by hand: eval "$(make shell)"; kubectl get pods -A[/]')


def down(stack: str) -> None:
    workspace = Workspace()
    with workspace.exclusive():
        is_up = _has_state(workspace, stack)
        cluster = _cluster(workspace, stack, start=is_up)
        if is_up:
            env = workspace.env(cluster)
            release_dead_locks(env)
            pulumi("destroy", "--yes", "--skip-preview", *_quiet(), "--stack", stack, env=env)
        else:
            console.print(f"Stack {stack} is not up")
        if cluster is not None:
            cluster.stop()
            console.print("[green]✓[/] The local cluster is stopped")


def _cluster(workspace: Workspace, stack: str, *, start: bool) -> Cluster | None:
    """The stack's cluster where it is ours, with every tool built that is needed."""
    ours = workspace.uses_local_cluster(stack)
    if start:
        engine.build_engine()
    if not ours:
        return None
    cluster = local_cluster()
    if start:
        name = f'stack {stack} names no kubeconfig context but "{CONTEXT}", so the local cluster is built from source'
        build.build(build.CLUSTER, why=name)
        with console.status("Starting the local cluster"):
            cluster.start()
        console.print("[green]✓[/] The local cluster is up")
    return cluster


def _has_state(workspace: Workspace, stack: str) -> bool:
    """Whether there may be something to destroy; a backend of the user's own is asked, not looked into."""
    if "PULUMI_BACKEND_URL" in os.environ:
        return True
    file = workspace.state / "state" / ".pulumi" / "stacks" / "portico" / f"{stack}.json"
    latest: Any = json.loads(file.read_text())["checkpoint"].get("latest") if file.exists() else None
    return bool(latest and latest.get("resources"))


def _quiet() -> list[str]:
    # Without a terminal to redraw, progress is a line for every event.
    return [] if sys.stdout.isatty() else ["--suppress-progress"]


@main_guard
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.up", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("command", choices=["up", "down", "shell"])
    parser.add_argument("--stack", default="local", help="which of stacks/Pulumi.<stack>.yaml (default: local)")
    options = parser.parse_args()
    if options.command == "up":
        up(options.stack)
    elif options.command == "down":
        down(options.stack)
    else:
        _print_shell()


def _print_shell() -> None:
    cluster = local_cluster()
    env = Workspace().env(cluster)
    if shutil.which("kubectl") is None:
        env["PATH"] = os.pathsep.join([env["PATH"], str(build.bin_dir("kubernetes"))])
    for name, value in sorted(env.items()):
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    sys.exit(main())
