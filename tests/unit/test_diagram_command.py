"""`portico diagram` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi_portico.diagram import draw_page, draw_svg
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.views import view_of

from tests.command import called, run, written
from tests.support import ROOT

SHIPPED = ("--stack", "staging", "--folder", str(ROOT / "stacks"))


@pytest.mark.parametrize("ending", ["svg", "html"])
def test_the_picture_is_written_where_it_is_wanted(ending: str, tmp_path: Path) -> None:
    file = tmp_path / "docs" / f"shop.{ending}"
    folder = written(tmp_path) / "stacks"
    done = called("diagram", "-o", str(file), "--folder", str(folder))
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{file}\n"
    draw = draw_svg if ending == "svg" else draw_page
    assert file.read_text() == draw(view_of(load_stack("dev", folder)))


@pytest.mark.parametrize("name", ["stack.png", "stack", "svg"])
def test_only_files_that_it_can_draw_are_taken(name: str, tmp_path: Path) -> None:
    done = called("diagram", "-o", str(tmp_path / name), *SHIPPED)
    assert done.exit_code == 2
    assert "ends in neither of .html and .svg" in " ".join(done.stderr.split())
    assert not (tmp_path / name).exists()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = called("diagram", "-o", str(tmp_path / "file" / "stack.svg"), *SHIPPED)
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_check_writes_nothing_and_says_what_is_old(tmp_path: Path) -> None:
    file = tmp_path / "stack.svg"
    missing = called("diagram", "-o", str(file), "--check", *SHIPPED)
    assert (missing.exit_code, missing.stdout) == (1, f"{file} is missing\n")
    assert not file.exists()
    called("diagram", "-o", str(file), *SHIPPED)
    drawn = file.read_bytes()
    assert called("diagram", "-o", str(file), "--check", *SHIPPED).exit_code == 0
    file.write_bytes(drawn + b" ")
    old = called("diagram", "-o", str(file), "--check", *SHIPPED)
    assert (old.exit_code, old.stdout) == (1, f"{file} shows another state of the stack\n")
    assert file.read_bytes() == drawn + b" "


def test_a_wrong_stack_is_said_to_be_wrong_and_not_drawn(tmp_path: Path) -> None:
    folder = written(tmp_path, {"dev": {"namespace": "shop", "services": {"api": {"image": "api", "port": 80}}}})
    done = run("diagram", "-o", str(tmp_path / "stack.svg"), cwd=folder)
    assert done.returncode == 1
    assert "portico:services.api.image" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "stack.svg").exists()
