"""The page of the command shows what the command says now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.command import called
from tests.support import ROOT
from tools import command_docs

PAGE = (ROOT / "docs" / "command.md").read_text()


@pytest.mark.parametrize("file", command_docs.FILES, ids=lambda it: it.name)
def test_each_page_has_examples(file: Path) -> None:
    assert "```console\n$ portico " in file.read_text()


@pytest.mark.parametrize("command", ["check", "render", "explain", "route", "diagram"])
def test_every_command_and_every_option_has_its_place(command: str) -> None:
    assert f"## {command}\n" in PAGE
    assert f"| `portico {command}` |" in PAGE
    for option in re.findall(r"(?<= )--[a-z-]+", called(command, "--help", env={"COLUMNS": "200"}).stdout):
        assert option in PAGE or option == "--help", option


def test_an_example_that_fails_shows_its_exit_code() -> None:
    marker = "<!-- made by `make schema` -->\n\n```console\n"
    made = command_docs.generate(f"{marker}$ portico check --stack nowhere\n```\n")
    assert "has no stack nowhere" in made
    assert made.endswith("[exit code 2]\n```\n")
