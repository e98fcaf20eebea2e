"""The page of the command shows what the command says now."""

from __future__ import annotations

import re

import pytest

from tests.command import called
from tools import command_docs

PAGE = command_docs.FILE.read_text()


def test_every_example_is_what_the_command_answers() -> None:
    assert command_docs.generate(PAGE) == PAGE, "run `make schema` and review the difference"


@pytest.mark.parametrize("command", ["check", "render", "explain", "route", "diagram"])
def test_every_command_and_every_option_has_its_place(command: str) -> None:
    assert f"## {command}\n" in PAGE
    assert f"| `portico {command}` |" in PAGE
    for option in re.findall(r"(?<= )--[a-z-]+", called(command, "--help", env={"COLUMNS": "200"}).stdout):
        assert option in PAGE or option == "--help", option


def test_the_shell_of_an_example_is_told_of_a_failure() -> None:
    marker = "<!-- made by `make schema` -->\n\n```console\n"
    made = command_docs.generate(f"{marker}$ portico check --stack nowhere\n```\n")
    assert "there is no stack nowhere" in made
    assert made.endswith("[exit code 2]\n```\n")
