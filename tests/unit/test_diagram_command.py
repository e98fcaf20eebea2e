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
def test_the_picture_is_written_to_the_output(ending: str, tmp_path: Path) -> None:
    file = tmp_path / "docs" / f"shop.{ending}"
    folder = written(tmp_path) / "stacks"
    done = called("diagram", "-o", str(file), "--folder", str(folder))
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{file}\n"
    draw = draw_svg if ending == "svg" else draw_page
    assert file.read_text() == draw(view_of(load_stack("dev", folder)))


@pytest.mark.parametrize("name", ["stack.png", "stack", "svg"])
def test_other_file_types_are_rejected(name: str, tmp_path: Path) -> None:
    done = called("diagram", "-o", str(tmp_path / name), *SHIPPED)
    assert done.exit_code == 2
    assert "must end in .html or .svg" in " ".join(done.stderr.split())
    assert not (tmp_path / name).exists()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = called("diagram", "-o", str(tmp_path / "file" / "stack.svg"), *SHIPPED)
    assert done.exit_code == 2
    assert "can't write" in done.stderr


def test_check_reports_a_missing_or_outdated_file_and_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "stack.svg"
    missing = called("diagram", "-o", str(file), "--check", *SHIPPED)
    assert (missing.exit_code, missing.stdout) == (1, f"{file} is missing\n")
    assert not file.exists()
    called("diagram", "-o", str(file), *SHIPPED)
    drawn = file.read_bytes()
    assert called("diagram", "-o", str(file), "--check", *SHIPPED).exit_code == 0
    file.write_bytes(drawn + b" ")
    old = called("diagram", "-o", str(file), "--check", *SHIPPED)
    assert (old.exit_code, old.stdout) == (1, f"{file} is out of date\n")
    assert file.read_bytes() == drawn + b" "


def test_an_invalid_stack_is_not_drawn(tmp_path: Path) -> None:
    folder = written(tmp_path, {"dev": {"namespace": "shop", "services": {"api": {"image": "api", "port": 80}}}})
    done = run("diagram", "-o", str(tmp_path / "stack.svg"), cwd=folder)
    assert done.returncode == 1
    assert "portico:services.api.image" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "stack.svg").exists()
