"""`make up` and `make down` in a checkout of their own: no change, interruptions, what is missing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interrupts import interruptible
from tests.support import ROOT
from tools import build, engine
from tools.cluster import Cluster

_SECONDS = 120


class Checkout:
    """A copy of what `make up` runs, with a state of its own; the virtual environment is shared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__")
        folder.mkdir()
        for name in ("tools", "stacks"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("__main__.py", "Pulumi.yaml"):
            shutil.copy(ROOT / name, folder / name)
        self.cluster = Cluster(folder / ".portico" / "cluster")

    def leave_services_alone(self) -> None:
        """Take gateways and load balancers out of the stack, where what comes up does not matter, but that it does."""
        file = self.folder / "stacks" / "Pulumi.local.yaml"
        services, _, rest = file.read_text().partition("  portico:gateways:\n")
        file.write_text(f"{services}encryptionsalt:{rest.partition('encryptionsalt:')[2]}")

    def start(self, command: str, **env: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tools.up", command],
            cwd=self.folder,
            env={**_inherited(), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C reaches every process in the terminal's group.
            start_new_session=True,
        )

    def run(self, command: str, **env: str) -> tuple[int, str]:
        with self.start(command, **env) as process:
            output, _ = process.communicate(timeout=_SECONDS)
        return process.returncode, output

    def interrupted(self, after: float) -> int:
        """Run `up` and press Ctrl-C after some seconds; the exit status, 0 where it was done before that."""
        with self.start("up") as process:
            time.sleep(after)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=_SECONDS)
        return process.returncode


def _inherited() -> dict[str, str]:
    ours = ("PULUMI_", "KUBECONFIG")
    return {key: value for key, value in os.environ.items() if not key.startswith(ours)}


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    with interruptible():
        yield


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    build.build(build.CLUSTER)
    engine.build_engine()
    # A path as users have them.
    made = Checkout(tmp_path / "my checkout")
    try:
        yield made
    finally:
        made.cluster.remove()


@pytest.mark.long
def test_up_again_changes_nothing_and_down_leaves_nothing(checkout: Checkout) -> None:
    status, output = checkout.run("up")
    assert status == 0, output
    assert "+ 44 created" in output
    assert re.search(r"api-url +│ http://api\.portico-local\.svc\.cluster\.local", output)

    started = time.monotonic()
    status, output = checkout.run("up")
    assert status == 0, output
    assert "44 unchanged" in output
    assert not re.search(r"\d (created|updated|replaced|deleted)", output)
    assert time.monotonic() - started < 20

    assert "warning" not in output
    assert (checkout.folder / "stacks" / "Pulumi.local.yaml").read_text() == (
        ROOT / "stacks" / "Pulumi.local.yaml"
    ).read_text(), "`make up` has changed a file that is under version control"

    status, output = checkout.run("down")
    assert status == 0, output
    assert not any(checkout.cluster.processes.running(name) for name in checkout.cluster.names)
    status, output = checkout.run("down")
    assert (status, "Stack local is not up" in output) == (0, True), output


@pytest.mark.long
def test_an_interruption_at_any_point_breaks_nothing(checkout: Checkout) -> None:
    checkout.leave_services_alone()
    statuses = [checkout.interrupted(after) for after in (0.4, 1.5, 3, 4.5, 6, 8)]
    # Otherwise the test interrupts nothing.
    assert any(statuses)
    status, output = checkout.run("up")
    assert status == 0, output
    status, output = checkout.run("up")
    assert "20 unchanged" in output


@pytest.mark.long
def test_a_kill_leaves_a_lock_that_the_next_run_removes(checkout: Checkout) -> None:
    checkout.leave_services_alone()
    with checkout.start("up") as process:
        deadline = time.monotonic() + 60
        locks = checkout.folder / ".portico" / "state" / ".pulumi" / "locks"
        while not list(locks.rglob("*.json")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=_SECONDS)
    assert list(locks.rglob("*.json"))
    status, output = checkout.run("up")
    assert status == 0, output


def test_what_is_missing_is_named_in_one_line(checkout: Checkout) -> None:
    status, output = checkout.run("up", PATH="/nowhere", PORTICO_CACHE=str(checkout.folder / "empty"))
    assert status == 1
    assert output.strip().splitlines() == [
        "✗ Go >= 1.26 is not on PATH: no pulumi is on PATH, so it is built from source; or install the Pulumi CLI"
    ]


def test_a_stack_that_is_not_there_is_named_beside_those_that_are(checkout: Checkout) -> None:
    (checkout.folder / "stacks" / "Pulumi.local.yaml").rename(checkout.folder / "stacks" / "Pulumi.other.yaml")
    status, output = checkout.run("up")
    assert status == 1
    assert "there is no stack local: stacks/Pulumi.local.yaml is missing; stacks: dev, direct, " in output
    assert " other, " in output


def test_a_stack_that_names_a_context_starts_no_cluster(checkout: Checkout) -> None:
    stack = checkout.folder / "stacks" / "Pulumi.local.yaml"
    stack.write_text(stack.read_text().replace("context: portico-local", "context: elsewhere"))
    kubeconfig = checkout.folder / "kubeconfig"
    kubeconfig.write_text("apiVersion: v1\nkind: Config\n")
    status, output = checkout.run("up", KUBECONFIG=str(kubeconfig))
    assert status == 1
    assert "elsewhere" in output
    assert not checkout.cluster.folder.exists()
