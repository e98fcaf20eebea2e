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

import pulumi
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
    assert (found.returncode, found.stdout.split(":")[0]) == (0, "Stack `dev` is valid")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_stack_is_rejected_with_the_known_ones(command: str) -> None:
    found = called(*arguments_of(command, ROOT), "--stack", "stagin", "--folder", str(ROOT / "stacks"))
    assert found.exit_code == 2
    message = " ".join(found.stderr.split())
    assert "has no stack stagin" in message
    assert "did you mean staging?" in message
    assert "production-gcp" in message


@pytest.mark.parametrize("command", COMMANDS)
def test_of_several_stacks_one_must_be_chosen(command: str) -> None:
    found = called(*arguments_of(command, ROOT), "--folder", str(ROOT / "stacks"))
    assert found.exit_code == 2
    assert "choose one of dev, direct, local" in " ".join(found.stderr.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_problems_of_an_invalid_stack_are_printed_with_their_lines(command: str, tmp_path: Path) -> None:
    wrong = {"namespace": "shop", "services": {"api": {"image": "api", "port": 8080}, "web": {"imag": "web:1"}}}
    written(tmp_path / "project", {"dev": wrong})
    found = called(*arguments_of(command, tmp_path), "--folder", str(tmp_path / "project" / "stacks"))
    assert found.exit_code == 1
    assert found.stdout == ""
    assert 'Stack "dev" has 3 problems:' in found.stderr
    assert "Pulumi.dev.yaml:" in found.stderr
    assert "fix: Rename `imag` to `image`." in found.stderr


def test_a_folder_that_does_not_exist_is_rejected(tmp_path: Path) -> None:
    found = called("check", "--folder", str(tmp_path / "nowhere"))
    assert (found.exit_code, "isn't a folder" in " ".join(found.stderr.split())) == (2, True)
    (tmp_path / "empty").mkdir()
    found = called("check", "--folder", str(tmp_path / "empty"))
    assert (found.exit_code, "Pulumi.STACK.yaml" in found.stderr) == (2, True)


def test_outside_of_a_project_a_folder_is_required(tmp_path: Path) -> None:
    done = run("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "no Pulumi.yaml in this folder or above it" in " ".join(done.stderr.split())


def test_without_a_command_the_commands_are_shown_and_an_unknown_one_is_refused() -> None:
    assert all(it in called().output for it in COMMANDS)
    assert called("chekc").exit_code == 2
    assert called("check", "--stak", "dev").exit_code == 2


def test_check_counts_the_components_in_words_and_as_json(tmp_path: Path) -> None:
    accepted = {**SHOP["gateways"]["edge"], "settings": {"forwardedFor": "append"}}
    folder = str(written(tmp_path, {"dev": {**SHOP, "gateways": {"edge": accepted}}}) / "stacks")
    assert called("check", "--folder", folder).stdout == (
        "Stack `dev` is valid: 4 services, 1 gateway, 1 load balancer, 1 AWS load balancer.\n"
    )
    assert json_of("check", "--folder", folder) == {
        "version": 2,
        "stack": "dev",
        "valid": True,
        "problems": [],
        "notes": [],
        "services": 4,
        "jobs": 0,
        "gateways": 1,
        "routes": 0,
        "load_balancers": 1,
        "aws_load_balancers": 1,
    }


def test_check_notes_what_differs_between_controllers(tmp_path: Path) -> None:
    folder = str(written(tmp_path) / "stacks")
    (note,) = json_of("check", "--folder", folder)["notes"]
    assert (note["code"], note["path"]) == ("forwarded-for-appended", "portico:gateways.edge.settings.forwardedFor")
    assert note["params"]["able"] == ["ingress-nginx"]
    assert called("check", "--folder", folder).stdout.count("Note: ") == 1


def test_check_prints_every_problem_as_json(tmp_path: Path) -> None:
    wrong = {"namespace": "shop", "services": {"api": {"image": "api:1", "port": 8080, "replicsa": 2}}}
    written(tmp_path, {"dev": wrong})
    found = called("check", "--folder", str(tmp_path / "stacks"), "--json")
    assert found.exit_code == 1
    checked = json.loads(found.stdout)
    assert (checked["version"], checked["stack"], checked["valid"]) == (2, "dev", False)
    (problem,) = checked["problems"]
    assert problem["code"] == "unknown-argument"
    assert problem["location"] == ["services", "api", "replicsa"]
    assert problem["path"] == "portico:services.api.replicsa"
    assert problem["params"]["name"] == "replicsa"
    assert "replicas" in problem["params"]["known"]
    assert problem["value"] is None
    to = ["services", "api", "replicas"]
    assert problem["edits"] == [{"action": "move", "location": problem["location"], "to": to}]
    assert problem["message"] == "Unknown argument replicsa."
    assert "`replicas`" in problem["allowed"]
    assert problem["fix"] == "Rename `replicsa` to `replicas`."
    file, line, column = problem["place"].rsplit(":", 2)
    assert file.endswith("Pulumi.dev.yaml")
    text = Path(tmp_path / "stacks" / "Pulumi.dev.yaml").read_text().splitlines()[int(line) - 1]
    assert text[int(column) - 1 :].startswith("replicsa")


def test_a_missing_file_of_definitions_is_found_by_check(tmp_path: Path) -> None:
    edge: dict[str, Any] = {**SHOP["gateways"]["edge"], "crds": {"path": "nowhere.yaml"}}
    folder = written(tmp_path, {"dev": {**SHOP, "gateways": {"edge": edge}}})
    found = json.loads(called("check", "--folder", str(folder / "stacks"), "--json").stdout)
    (problem,) = found["problems"]
    assert problem["path"] == "portico:gateways.edge.crds.path"
    assert problem["value"] == "nowhere.yaml"


@pytest.mark.parametrize("arguments", [("check",), ("check", "--fix"), ("render",)])
def test_pulumis_runtime_is_not_started(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = {"secure": "v1:djBlZm9vYmFy:YmFy"}
    api = {"image": "api:1", "port": 80, "env": {"A": secret}, "secretEnv": {"B": secret}}
    balancer = {"target": {"service": "api"}, "exposure": {"scope": "internal", "platform": "gke"}}
    values = {"namespace": "shop", "services": {"api": api}, "loadBalancers": {"api": balancer}}
    folder = written(tmp_path, {"dev": values})

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("Pulumi's runtime is started")

    monkeypatch.setattr(pulumi.runtime.mocks, "set_mocks", fail)
    monkeypatch.setattr(pulumi.runtime.resource, "register_resource", fail)
    assert called(*arguments, "--folder", str(folder / "stacks")).exit_code == 0


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
    assert "it is empty" in called("check", "--folder", folder).stdout
    explained = json_of("explain", "--folder", folder)
    assert (explained["balancers"], explained["routes"], explained["mechanisms"]) == ([], [], [])
    assert called("explain", "--folder", folder).stdout.count("The stack has no") == 2
    assert [it["kind"] for it in yaml.safe_load_all(called("render", "--folder", folder).stdout)] == ["Namespace"]
    request = ("route", "https://shop.example.com/", "--folder", folder)
    assert called(*request).exit_code == 1
    assert json_of(*request)["answers"] == []
