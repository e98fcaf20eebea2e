"""The template that `pulumi new` takes, as it is in the repository; tests/engine makes a project of it."""

from __future__ import annotations

import re
import subprocess
import sys

import yaml

from tests.command import called
from tests.support import ROOT

TEMPLATE = ROOT / "template"


def test_its_stacks_are_right() -> None:
    done = called("check", "--stack", "dev", "--folder", str(TEMPLATE / "stacks"))
    assert done.exit_code == 0, done.stderr


def test_its_own_tests_pass() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "-c",
        "/dev/null",
        "tests",
    ]
    done = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_what_it_asks_for_is_explained_and_what_its_stack_has() -> None:
    asked = yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text())["template"]["config"]
    held = yaml.safe_load((TEMPLATE / "stacks" / "Pulumi.dev.yaml").read_text())["config"]
    assert {key: held[key] for key in asked} == {key: it["default"] for key, it in asked.items()}
    page = (ROOT / "docs" / "new-project.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+:\w+)` \| `(.*?)` \|", page, re.M))
    assert rows == {key: it["default"] for key, it in asked.items()}


def test_its_program_is_the_root_programs() -> None:
    def statements(program: str) -> list[str]:
        return program.split('"""')[2].split()

    root, own = (ROOT / "__main__.py").read_text(), (TEMPLATE / "__main__.py").read_text()
    assert statements(own) == statements(root)


def test_it_wants_what_the_components_take() -> None:
    def wanted(text: str) -> dict[str, str]:
        return dict(re.findall(r"^\W*(pulumi(?:-kubernetes)?)(>=[0-9.]+,<\d+)", text, re.M))

    package = wanted((ROOT / "components" / "pyproject.toml").read_text())
    assert wanted((TEMPLATE / "requirements.txt").read_text()) == package
    assert len(package) == 2
