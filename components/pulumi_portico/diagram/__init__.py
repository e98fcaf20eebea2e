"""The picture of a stack: what is public, which request reaches what, who may talk to whom.

From a `StackView` to boxes and edges (`reading`), to coordinates (`layout`), to an SVG picture (`svg`), to a page that
holds it (`page`).
"""

from .page import draw_page
from .svg import draw_svg

__all__ = ["draw_page", "draw_svg"]
