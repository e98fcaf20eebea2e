"""What is made from the code is up to date: the schemas, and the references, tables, and examples of the docs."""

import re
from pathlib import Path

import pytest
from pulumi_portico.args.codes import all_codes

from tools import docs, problem_codes


def test_every_generated_file_is_up_to_date() -> None:
    assert docs.outdated() == [], "run `make schema` and review the difference"


def test_a_changed_page_is_outdated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "problems.md"
    page.write_text(problem_codes.FILE.read_text().replace("unknown-argument", "unknown"))
    monkeypatch.setattr(docs, "PAGES", {page: problem_codes.generate})
    monkeypatch.setattr(docs.schema, "made", dict[Path, str])
    assert docs.outdated() == [page]


def test_the_page_of_problems_has_every_code_once() -> None:
    rows = re.findall(r"(?m)^\| `([a-z0-9-]+)` \| (.+) \| (.*) \| (.*) \|$", problem_codes.FILE.read_text())
    assert sorted(code for code, *_ in rows) == sorted(name for _, name in problem_codes._definitions())
    assert {code for code, *_ in rows} <= all_codes().keys()
    fixes = {code: fix for code, _, _, fix in rows}
    assert fixes["image-without-digest"] == "Add @ and the digest that the registry shows."
    assert fixes["unknown-argument"] == "Remove it, or use an argument that exists."
    assert fixes["base-not-beside"] == ""
