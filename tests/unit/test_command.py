"""The `portico` command as a new user meets it: what it finds, what it refuses, and what it leaves with."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import SHOP, called, json_of, run, written
from tests.support import ROOT

COMMANDS = ("check", "render", "explain", "route", "diagram")


def arguments_of(command: str, folder: Path) -> list[str]:
    """The least that a command wants."""
    more = {"route": ["https://shop.example.com/"], "diagram": ["-o", str(folder / "picture.svg")]}
    return [command, *more.get(command, [])]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_is_for(command: str) -> None:
    found = called(command, "--help")
    assert found.exit_code == 0
    assert "--stack" in found.stdout
    assert "--folder" in found.stdout
    assert command in called("--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_only_stack_is_found_from_a_folder_below_the_project(command: str, tmp_path: Path) -> None:
    below = written(tmp_path / "project") / "src" / "deep"
    below.mkdir(parents=True)
    done = run(*arguments_of(command, tmp_path), cwd=below)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_project_whose_files_end_in_yml_is_found_with_its_stacks(tmp_path: Path) -> None:
    project = written(tmp_path)
    for file in (project / "Pulumi.yaml", project / "stacks" / "Pulumi.dev.yaml"):
        file.rename(file.with_suffix(".yml"))
    found = run("check", cwd=project / "stacks")
    assert (found.returncode, found.stdout.split(":")[0]) == (0, 'Stack "dev" is right')


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_stack_is_refused_with_those_that_there_are(command: str) -> None:
    found = called(*arguments_of(command, ROOT), "--stack", "stagin", "--folder", str(ROOT / "stacks"))
    assert found.exit_code == 2
    said = " ".join(found.stderr.split())
    assert "there is no stack stagin" in said
    assert "(write staging)" in said
    assert "production-gcp" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_of_several_stacks_one_must_be_chosen(command: str) -> None:
    found = called(*arguments_of(command, ROOT), "--folder", str(ROOT / "stacks"))
    assert found.exit_code == 2
    assert "which stack? There are dev, direct, local" in " ".join(found.stderr.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_stack_is_said_with_its_lines_and_leaves_with_1(command: str, tmp_path: Path) -> None:
    wrong = {"namespace": "shop", "services": {"api": {"image": "api", "port": 8080}, "web": {"imag": "web:1"}}}
    written(tmp_path / "project", {"dev": wrong})
    found = called(*arguments_of(command, tmp_path), "--folder", str(tmp_path / "project" / "stacks"))
    assert found.exit_code == 1
    assert found.stdout == ""
    assert 'Stack "dev" has 4 problems:' in found.stderr
    assert "Pulumi.dev.yaml:" in found.stderr
    assert "fix: write image" in found.stderr


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    found = called("check", "--folder", str(tmp_path / "nowhere"))
    assert (found.exit_code, "is no folder" in " ".join(found.stderr.split())) == (2, True)
    (tmp_path / "empty").mkdir()
    found = called("check", "--folder", str(tmp_path / "empty"))
    assert (found.exit_code, "Pulumi.STACK.yaml" in found.stderr) == (2, True)


def test_outside_of_a_project_the_folder_is_asked_for(tmp_path: Path) -> None:
    done = run("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "no Pulumi.yaml from here upwards" in " ".join(done.stderr.split())


def test_without_a_command_the_commands_are_shown_and_an_unknown_one_is_refused() -> None:
    assert all(it in called().output for it in COMMANDS)
    assert called("chekc").exit_code == 2
    assert called("check", "--stak", "dev").exit_code == 2


def test_check_counts_what_there_is_in_words_and_as_json(tmp_path: Path) -> None:
    folder = str(written(tmp_path) / "stacks")
    assert called("check", "--folder", folder).stdout == (
        'Stack "dev" is right: 4 services, 1 gateway, 1 load balancer, 1 AWS load balancer.\n'
    )
    assert json_of("check", "--folder", folder) == {
        "version": 1,
        "stack": "dev",
        "right": True,
        "problems": [],
        "services": 4,
        "gateways": 1,
        "load_balancers": 1,
        "aws_load_balancers": 1,
    }


def test_check_gives_every_problem_as_json(tmp_path: Path) -> None:
    wrong = {"namespace": "shop", "services": {"api": {"image": "api:1", "port": 8080, "replicsa": 2}}}
    written(tmp_path, {"dev": wrong})
    found = called("check", "--folder", str(tmp_path / "stacks"), "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert (told["version"], told["stack"], told["right"]) == (1, "dev", False)
    (problem,) = told["problems"]
    assert problem["path"] == "portico:services.api.replicsa"
    assert problem["fix"] == "write replicas"
    file, line, column = problem["place"].rsplit(":", 2)
    assert file.endswith("Pulumi.dev.yaml")
    text = Path(tmp_path / "stacks" / "Pulumi.dev.yaml").read_text().splitlines()[int(line) - 1]
    assert text[int(column) - 1 :].startswith("replicsa")


def test_what_only_a_build_shows_is_found_by_check(tmp_path: Path) -> None:
    # The definitions' file is read when it is rendered; a wrong one is nothing that the arguments show.
    edge: dict[str, Any] = {**SHOP["gateways"]["edge"], "crds": {"path": "nowhere.yaml"}}
    folder = written(tmp_path, {"dev": {**SHOP, "gateways": {"edge": edge}}})
    found = called("render", "--folder", str(folder / "stacks"))
    assert found.exit_code == 1
    assert "nowhere.yaml" in found.stderr


def on_a_terminal(*arguments: str, **env: str) -> str:
    """What the command writes to a terminal."""
    leader, follower = pty.openpty()
    program = str(Path(sys.executable).parent / "portico")
    environment = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "HOME": "/tmp", "COLUMNS": "80", **env}
    with subprocess.Popen(
        [program, *arguments], cwd=ROOT, env=environment, stdout=follower, stderr=follower
    ) as process:
        os.close(follower)
        text = b""
        while True:
            try:
                more = os.read(leader, 65536)
            except OSError:
                break
            if not more:
                break
            text += more
        os.close(leader)
        assert process.wait() == 0
    return text.decode()


def test_colour_is_for_terminals_and_not_where_no_color_says_so() -> None:
    arguments = ("explain", "--stack", "local")
    assert "\x1b[" in on_a_terminal(*arguments)
    assert not any(f"\x1b[{code}m" in on_a_terminal(*arguments, NO_COLOR="1") for code in ("31", "32", "36"))
    assert "\x1b" not in run(*arguments).stdout


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("arguments", [("explain",), ("route", "https://shop.example.com/api/1")])
def test_no_line_is_wider_than_the_terminal(width: int, arguments: tuple[str, ...], tmp_path: Path) -> None:
    folder = written(tmp_path)
    lines = called(*arguments, "--folder", str(folder / "stacks"), env={"COLUMNS": str(width)}).stdout.splitlines()
    assert lines
    assert max(map(len, lines)) <= width
    assert all(it == it.rstrip() for it in lines)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; import pulumi_portico.cli; pulumi_portico.cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "explain", "--stack", "local"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert 'pip install "pulumi-portico[cli]"' in done.stderr


def test_the_library_never_imports_the_command() -> None:
    code = "import sys, pulumi_portico, pulumi_portico.stack; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"typer", "rich", "pulumi_portico.cli"} & set(done.stdout.split())


def test_the_extra_holds_what_the_command_imports() -> None:
    package = ROOT / "components" / "pulumi_portico" / "cli"
    imported = {
        name
        for file in package.rglob("*.py")
        for name in re.findall(r"^ *(?:from|import) (\w+)", file.read_text(), re.M)
    }
    # The library itself has the others.
    known = {"rich": "rich", "typer": "typer", "yaml": "", "pulumi": ""}
    foreign = imported - set(sys.stdlib_module_names)
    text = (ROOT / "components" / "pyproject.toml").read_text()
    declared = text.partition("\ncli = [")[2].partition("]")[0]
    assert {known[it] for it in foreign} - {""} == set(re.findall(r'"([a-z.-]+)>=', declared))


def test_an_empty_stack_is_explained_too(tmp_path: Path) -> None:
    folder = str(written(tmp_path, {"dev": {"namespace": "shop"}}) / "stacks")
    assert "nothing is in it" in called("check", "--folder", folder).stdout
    assert "Nothing of the stack is reached from outside" in called("explain", "--folder", folder).stdout
    assert [it["kind"] for it in yaml.safe_load_all(called("render", "--folder", folder).stdout)] == ["Namespace"]
    found = called("route", "https://shop.example.com/", "--folder", folder)
    assert (found.exit_code, "Nothing of the stack is reached from outside" in found.stdout) == (1, True)
