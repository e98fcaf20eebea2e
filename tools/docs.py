"""Write everything that is made from the code (schemas, references, tables, examples, the picture), or check it.

python -m tools.docs [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tools import (
    applications_table,
    choices,
    command_docs,
    feature_table,
    implementation_table,
    object_kinds,
    platform_table,
    pod_template_schema,
    problem_codes,
    schema,
    settings_table,
    stack_picture,
    stacks_table,
)
from tools.cluster import ROOT
from tools.console import console, fail, main_guard

__all__ = ["PAGES", "outdated"]

PAGES: Mapping[Path, Callable[[str], str]] = {
    problem_codes.FILE: problem_codes.generate,
    platform_table.FILE: platform_table.generate,
    feature_table.FILE: feature_table.generate,
    implementation_table.FILE: implementation_table.generate,
    object_kinds.FILE: object_kinds.generate,
    pod_template_schema.FILE: pod_template_schema.generate,
    settings_table.FILE: settings_table.generate,
    stacks_table.FILE: stacks_table.generate,
    applications_table.FILE: applications_table.generate,
    stack_picture.FILE: stack_picture.generate,
    **dict.fromkeys(command_docs.FILES, command_docs.generate),
    **dict.fromkeys(choices.FILES, choices.generate),
}
"""What makes each file from its text, of which it keeps what isn't generated."""


def made() -> Iterator[tuple[Path, str]]:
    """Each file, with the text that it must have."""
    yield from schema.made().items()
    for file, generate in PAGES.items():
        yield file, generate(_text(file))


def outdated() -> list[Path]:
    """The files that differ from what the code makes of them."""
    return [file for file, text in made() if _text(file) != text]


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


@main_guard
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail if a file isn't what the code makes of it")
    if parser.parse_args().check:
        if found := outdated():
            names = ", ".join(str(file.relative_to(ROOT)) for file in found)
            fail(f"{names}: run `make schema` and review the difference")
        return
    for file, text in made():
        file.write_text(text)
        console.print(f"[green]✓[/] {file.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
