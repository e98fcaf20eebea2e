"""The picture of a stack: what is public, which request goes where, and who can connect to whom.

A `StackView` becomes boxes and edges (`reading`), then coordinates (`layout`), an SVG picture (`svg`), and a page with
the picture (`page`).
"""

from .page import draw_page
from .svg import draw_svg

__all__ = ["draw_page", "draw_svg"]
