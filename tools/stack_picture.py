"""docs/stack.svg: the picture of a stack that ships."""

from __future__ import annotations

from pulumi_portico.diagram import draw_svg
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.views import view_of

from tools.cluster import ROOT

FILE = ROOT / "docs" / "stack.svg"
STACK = "staging"


def generate(_: str = "") -> str:
    """The picture, as `portico diagram` draws it."""
    return draw_svg(view_of(load_stack(STACK, ROOT / "stacks")))
