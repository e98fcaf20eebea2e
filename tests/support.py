"""What several kinds of tests use."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_program(folder: Path) -> None:
    """Run a Pulumi program's `__main__.py` in this process, as the language host would."""
    runpy.run_path(str(folder / "__main__.py"))
