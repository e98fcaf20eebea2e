"""Check the types of the docs' Python examples and of tests/typing as a user's editor does: pyright in basic mode.

python -m tools.example_types
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.cluster import ROOT
from tools.console import fail, main_guard

__all__ = ["PAGES", "PYTHON"]

PAGES = (ROOT / "README.md", ROOT / "components" / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
"""An example in Python on a page."""
_CONFIG = {
    "typeCheckingMode": "basic",
    "reportUnnecessaryTypeIgnoreComment": "error",
    "pythonVersion": "3.10",
    "extraPaths": [str(ROOT / "components")],
    "venvPath": str(ROOT),
    "venv": ".venv",
}


@main_guard
def main() -> None:
    argparse.ArgumentParser(
        prog="python -m tools.example_types", description=(__doc__ or "").split("\n")[0]
    ).parse_args()
    folder = ROOT / ".portico" / "example-types"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "pyrightconfig.json").write_text(json.dumps(_CONFIG), encoding="utf-8")
    count = sum(_write_examples(page, folder) for page in PAGES)
    if not count:
        fail("the docs have no Python examples")
    for file in (ROOT / "tests" / "typing").glob("*.py"):
        shutil.copy(file, folder)
    checker = Path(sys.executable).with_name("basedpyright")
    sys.exit(subprocess.run([checker, "--project", folder], cwd=folder, check=False).returncode)


def _write_examples(page: Path, folder: Path) -> int:
    """Each example in a file of its own, on the line that it has in the page."""
    text = page.read_text(encoding="utf-8")
    examples = list(PYTHON.finditer(text))
    for number, example in enumerate(examples, 1):
        name = "_".join((*page.relative_to(ROOT).with_suffix("").parts, str(number)))
        lines = "\n" * text.count("\n", 0, example.start(1))
        (folder / f"{name}.py").write_text(lines + example[1], encoding="utf-8")
    return len(examples)


if __name__ == "__main__":
    main()
