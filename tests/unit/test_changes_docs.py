"""docs/changes.md has the table of changes that the tests on the API server make."""

from __future__ import annotations

from pulumi_portico.args.codes import all_codes

from tests.lifecycle import ROWS
from tests.support import ROOT


def table() -> list[str]:
    return [
        f"| {row.change} | {row.effect} | {', '.join(f'`{code}`' for code in row.says) or 'only the resources'} |"
        for row in ROWS
    ]


def test_the_page_has_the_table() -> None:
    page = (ROOT / "docs" / "changes.md").read_text()
    written = page.partition("|---|---|---|\n")[2].partition("\n<!-- end -->")[0]
    assert written.splitlines() == table()


def test_every_row_is_one_change_with_codes_that_exist() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert set(row.says) <= all_codes().keys()
        assert row.before != row.after
        assert not (row.rejected and row.steps)
