"""A project that `pulumi new` makes of the template, on the real engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.pulumi_program import PulumiProgram
from tests.support import ROOT

TEMPLATE = ROOT / "template"


@pytest.fixture
def project(program: PulumiProgram) -> PulumiProgram:
    """A new project, with what the tests run on as its virtual environment."""
    folder = program.folder / "tea-shop"
    folder.mkdir()
    answers = ("--name", "tea-shop", "--description", 'Tea: "hot" & cold')
    program.pulumi("new", str(TEMPLATE), "--yes", "--generate-only", *answers, "--dir", str(folder))
    (folder / ".venv").symlink_to(sys.prefix)
    made = PulumiProgram(folder)
    made.stack = "dev"
    return made


def files_of(folder: Path) -> list[Path]:
    own = (".home", ".state", ".venv")
    return sorted(it for it in folder.rglob("*") if it.is_file() and it.relative_to(folder).parts[0] not in own)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=clean_environment())


def clean_environment() -> dict[str, str]:
    # A test run's own settings are not the project's.
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHONPATH"))}


def names(files: Sequence[Path], folder: Path) -> set[str]:
    return {str(it.relative_to(folder)) for it in files}


def test_the_project_has_its_own_name_and_every_file(project: PulumiProgram) -> None:
    files = files_of(project.folder)
    assert names(files, project.folder) == names(
        [it for it in files_of(TEMPLATE) if "__pycache__" not in it.parts], TEMPLATE
    )
    assert not [it for it in files if "${" in it.read_text()]
    settings = yaml.safe_load((project.folder / "Pulumi.yaml").read_text())
    assert (settings["name"], settings["description"]) == ("tea-shop", 'Tea: "hot" & cold')
    assert settings["stackConfigDir"] == "stacks"
    assert "template" not in settings
    assert (project.folder / "README.md").read_text().startswith("# tea-shop\n\nTea:")


def test_its_tests_pass_and_portico_understands_it(project: PulumiProgram) -> None:
    tested = run(project.folder, sys.executable, "-m", "pytest", "-q")
    assert tested.returncode == 0, tested.stdout
    portico = str(Path(sys.executable).with_name("portico"))
    for command in (["check"], ["explain"], ["diagram", "-o", "dev.svg"]):
        done = run(project.folder, portico, *command, "--stack", "dev")
        assert done.returncode == 0, done.stderr


def test_it_previews_and_a_new_stack_keeps_the_files_comments(project: PulumiProgram) -> None:
    project.pulumi("stack", "init", "dev")
    # In place of the cluster that the context names.
    project.pulumi("config", "rm", "kubernetes:context", "--stack", "dev")
    project.pulumi("config", "set", "kubernetes:renderYamlToDirectory", "rendered", "--stack", "dev")
    project.pulumi("config", "set", "--secret", "--path", "portico:services.api.secretEnv.TOKEN", "x", "--stack", "dev")
    file = (project.folder / "stacks" / "Pulumi.dev.yaml").read_text()
    assert "# Who is let in." in file
    run_ = project.preview()
    assert {"web-deployment", "api-deployment"} <= {step.name for step in run_.steps if step.kind == "Deployment"}
    assert {step.op for step in run_.steps} == {"create"}


def test_an_installed_portico_wants_no_plugin_of_its_own(program: PulumiProgram, tmp_path: Path) -> None:
    # The engine takes every package called pulumi-... for the client of a plugin, and downloads that.
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT / "components", check=True, capture_output=True)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    (wheel,) = map(str, tmp_path.glob("*.whl"))
    subprocess.run([environment / "bin" / "pip", "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    (program.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    program.env["PATH"] = f"{environment / 'bin'}{os.pathsep}{program.env['PATH']}"
    program.pulumi("install", "--no-dependencies")
