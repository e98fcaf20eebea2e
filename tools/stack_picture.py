"""Draw docs/stack.svg anew: the picture of a stack that ships."""

from __future__ import annotations

import sys

from pulumi_portico.diagram import draw_svg
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.views import view_of

from tools.cluster import ROOT
from tools.console import main_guard
from tools.tables import write_anew

FILE = ROOT / "docs" / "stack.svg"
STACK = "staging"


def generate(_: str = "") -> str:
    """The picture, as `portico diagram` draws it."""
    return draw_svg(view_of(load_stack(STACK, ROOT / "stacks")))


@main_guard
def main() -> None:
    FILE.touch()
    write_anew(FILE, generate)


if __name__ == "__main__":
    sys.exit(main())
