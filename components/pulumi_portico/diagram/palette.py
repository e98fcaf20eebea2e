"""The colors of a picture in the light and the dark scheme, and its style sheet."""

from collections.abc import Mapping

from .widths import STYLES, Style

__all__ = ["DARK", "LIGHT", "SANS", "sheet", "style"]

LIGHT: Mapping[str, str] = {
    "page": "#ffffff",
    "box": "#f6f8fa",
    "border": "#8c959f",
    "text": "#1f2328",
    "detail": "#57606a",
    "public": "#0550ae",
    "internal": "#57606a",
    "link": "#1a7f37",
    "warning": "#953800",
    "source": "#57606a",
    "balancer": "#0969da",
    "gateway": "#8250df",
    "service": "#1a7f37",
    "elsewhere": "#8c959f",
    "objects": "#9a6700",
}
"""The colors of the light scheme."""

DARK: Mapping[str, str] = {
    "page": "#0d1117",
    "box": "#161b22",
    "border": "#6e7681",
    "text": "#e6edf3",
    "detail": "#9da7b1",
    "public": "#79c0ff",
    "internal": "#9da7b1",
    "link": "#56d364",
    "warning": "#ffa657",
    "source": "#9da7b1",
    "balancer": "#58a6ff",
    "gateway": "#bc8cff",
    "service": "#3fb950",
    "elsewhere": "#6e7681",
    "objects": "#d29922",
}
"""The colors of the dark scheme."""

# Both schemes are written in full, because not every SVG viewer supports CSS variables.
_RULES = """\
.sheet{{fill:{page}}}
.card{{fill:{box};stroke:{border}}}
.elsewhere .card{{stroke-dasharray:4 3}}
.rule{{stroke:{border};stroke-opacity:.5}}
.title,.name,.host,.path{{fill:{text}}}
.detail,.mono,.port,.column{{fill:{detail}}}
.warning{{fill:{warning}}}
.caution{{stroke:{warning}}}
.sign{{stroke:{detail}}}
.source .bar{{fill:{source}}}
.balancer .bar{{fill:{balancer}}}
.gateway .bar{{fill:{gateway}}}
.service .bar{{fill:{service}}}
.elsewhere .bar{{fill:{elsewhere}}}
.objects .bar{{fill:{objects}}}
.globe,.edge.public{{stroke:{public}}}
.edge.internal{{stroke:{internal}}}
.edge.link{{stroke:{link}}}
.tip.public,.dot.public{{fill:{public}}}
.tip.internal,.dot.internal{{fill:{internal}}}
.tip.link{{fill:{link}}}
"""
SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
"""Fonts of the reader's system."""
_MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'
_SHAPES = """\
.edge{fill:none;stroke-width:1.75}
.edge.link{stroke-width:1.5;stroke-dasharray:5 4}
.sign,.globe,.caution{fill:none;stroke-width:1.3;stroke-linejoin:round}
.port{text-anchor:end}
.rule{fill:none}
"""


def _set(name: str, style: Style) -> str:
    weight = "600" if style.bold else "400"
    return f".{name}{{font:{weight} {style.size}px {_MONO if style.mono else SANS};white-space:pre}}\n"


def style(colors: Mapping[str, str]) -> str:
    """The color rules of a picture."""
    return _RULES.format_map(colors)


def sheet() -> str:
    """The style sheet of a picture, for the light and the dark scheme."""
    texts = "".join(_set(name, each) for name, each in STYLES.items())
    return f"{texts}{_SHAPES}{style(LIGHT)}@media screen and (prefers-color-scheme:dark){{\n{style(DARK)}}}\n"
