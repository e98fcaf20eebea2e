"""The style sheet of the page around a picture, and the effect of hovering over a box."""

from collections.abc import Iterable

from .palette import DARK, LIGHT, SANS
from .svg import Picture, number

__all__ = ["page_sheet"]

# The picture doesn't become smaller than readable.
_MINIMUM_SCALE = 0.85
_SHAPES = f"""\
body{{font:15px/1.5 {SANS};margin:0}}
main{{max-width:110rem;margin:0 auto;padding:1.5rem}}
h1{{font-size:1.6rem;margin:0}}
h2{{font-size:1.1rem;margin:2rem 0 .5rem}}
p{{margin:.3rem 0 1rem;max-width:60rem}}
.picture,.table{{overflow-x:auto;border:1px solid;border-radius:8px;margin-bottom:.6rem}}
.picture svg{{display:block;width:100%;height:auto;margin:0 auto}}
table{{border-collapse:collapse;width:100%;font-size:.9rem}}
th,td{{text-align:left;vertical-align:top;padding:.35rem .8rem;border-bottom:1px solid}}
tbody tr:last-child td{{border-bottom:0}}
td{{overflow-wrap:break-word;max-width:26rem}}
:focus-visible{{outline:2px solid;outline-offset:2px}}
.box,.way{{transition:opacity .12s}}
@media (prefers-reduced-motion:reduce){{.box,.way{{transition:none}}}}
@media print{{
.picture,.table{{overflow:visible;border:0}}
.picture svg{{min-width:0!important}}
tr{{break-inside:avoid}}
}}
"""
_COLORS = """\
body{{background:{page};color:{text}}}
.picture,.table,th,td{{border-color:{border}}}
p,th{{color:{detail}}}
a{{color:{public}}}
:target .card{{stroke:{public};stroke-width:2.5}}
"""


def page_sheet(picture: Picture) -> str:
    """The style sheet of the page with this picture."""
    wide = picture.width
    size = f".picture svg{{max-width:{number(wide)}px;min-width:{number(wide * _MINIMUM_SCALE)}px}}\n"
    light, dark = _COLORS.format_map(LIGHT), _COLORS.format_map(DARK)
    dark = f"@media screen and (prefers-color-scheme:dark){{\n{dark}}}\n"
    return f"{_SHAPES}{light}{dark}{size}{''.join(_hover_rules(picture))}"


def _hover_rules(picture: Picture) -> Iterable[str]:
    """While the pointer or the focus is on a box, or on its name in a table, everything unrelated is faint."""
    for key, identity in picture.ids.items():
        kept = ",".join(f"#{picture.ids[other]}" for other in (key, *picture.neighbours[key]))
        at = f"#{identity}:hover,[href='#{identity}']:is(:hover,:focus-visible)"
        yield f"main:has({at}) :is(.box:not({kept}),.way:not(.{identity})){{opacity:.15}}\n"
