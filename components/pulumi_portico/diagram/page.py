"""From a stack as it is read to one HTML page: its picture, and tables of all that is in it.

The page needs nothing beside itself: no script, no font, no image, no network.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence

from ..lifecycle.cost import totals
from ..stack.view import StackView
from .page_style import page_sheet
from .reading import money, summary
from .svg import picture
from .widths import clean

__all__ = ["draw_page"]

_NOTE = "Point at a box, or at a name in the tables: the picture shows only what it is joined with."


def draw_page(view: StackView) -> str:
    """The picture of a stack on a page of its own. It depends on nothing but the view."""
    drawn = picture(view, titled=False)
    page = ET.Element("html", {"lang": "en"})
    title = f"Stack {clean(view.stack)}"
    head = ET.SubElement(page, "head")
    ET.SubElement(head, "meta", {"charset": "utf-8"})
    ET.SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    ET.SubElement(head, "meta", {"name": "color-scheme", "content": "light dark"})
    _text(head, "title", title)
    _text(head, "style", page_sheet(drawn))
    main = ET.SubElement(ET.SubElement(page, "body"), "main")
    _text(main, "h1", title)
    _text(main, "p", f"Namespace {view.namespace}: {', '.join(summary(view))}.")
    # It scrolls sideways on a narrow screen, so the keyboard must reach it.
    frame = {"class": "picture", "tabindex": "0", "role": "region", "aria-label": "The picture; it scrolls sideways"}
    ET.SubElement(main, "div", frame).append(drawn.svg)
    if drawn.ids:
        _text(main, "p", _NOTE)
    _Tables(main, view, drawn.ids).write()
    return f"<!doctype html>\n{ET.tostring(page, encoding='unicode', method='html')}\n"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    it = ET.SubElement(parent, tag, attributes)
    it.text = text if tag == "style" else clean(text)
    return it


class _Tables:
    def __init__(self, main: ET.Element, view: StackView, ids: Mapping[str, str]) -> None:
        self._main = main
        self._view = view
        self._ids = ids

    def write(self) -> None:
        view = self._view
        self._table(
            "Which request reaches what",
            ("host", "path", "requests", "answered by", "port", "kept by"),
            (
                (it.host or "every host", it.path, _match(it.path_type, it.scheme), it.leads_to, it.port, it.entry)
                for it in view.routes
            ),
            named=(3, 5),
        )
        self._table(
            "Load balancers",
            ("name", "kind", "platform", "scope", "who may connect", "listens on", "TLS ends", "leads to", "cost"),
            (
                (it.name, it.kind, it.platform, it.scope, "\n".join(it.sources), "\n".join(it.ports), it.tls,
                 "\n".join(it.leads_to), money(totals([it.estimate])))
                for it in view.balancers
            ),
            named=(0, 7),
        )  # fmt: skip
        self._table(
            "Services",
            ("name", "kind", "pods", "image", "ports", "reached at"),
            (
                (it.name, it.kind, it.replicas, it.image, "\n".join(it.ports), "\n".join(it.urls))
                for it in view.services
            ),
            named=(0,),
        )
        self._table(
            "Who may talk to whom",
            ("from", "to", "ports"),
            ((it.source, it.target, ", ".join(it.ports) or "every port") for it in view.links),
            named=(0, 1),
        )
        self._table(
            "Exceptions to the secure defaults",
            ("where", "value", "what it lets happen"),
            ((it.path, it.value, it.meaning) for it in view.exceptions),
        )

    def _table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], named: Sequence[int] = ()
    ) -> None:
        """A table, unless it has no rows. The columns `named` hold names of boxes."""
        written = list(rows)
        if not written:
            return
        section = ET.SubElement(self._main, "section")
        _text(section, "h2", title)
        frame = {"class": "table", "tabindex": "0", "role": "region", "aria-label": title}
        table = ET.SubElement(ET.SubElement(section, "div", frame), "table")
        head = ET.SubElement(ET.SubElement(table, "thead"), "tr")
        for column in columns:
            _text(head, "th", column, scope="col")
        body = ET.SubElement(table, "tbody")
        for row in written:
            line = ET.SubElement(body, "tr")
            for number, value in enumerate(row):
                self._cell(ET.SubElement(line, "td"), value, title, is_name=number in named)

    def _cell(self, cell: ET.Element, value: str, title: str, *, is_name: bool) -> None:
        for number, part in enumerate(value.split("\n")):
            if number:
                ET.SubElement(cell, "br")
            box = self._box(part, title) if is_name else ""
            if box:
                _text(cell, "a", part, href=f"#{box}")
            else:
                # A line of its own beside the breaks between them.
                _text(cell, "span", part)

    def _box(self, name: str, title: str) -> str:
        first = "balancer" if title == "Load balancers" else "service"
        kinds = dict.fromkeys((first, "service", "gateway", "balancer", "from", "to"))
        return next((self._ids[key] for kind in kinds if (key := f"{kind}:{name}") in self._ids), "")


def _match(path_type: str, scheme: str) -> str:
    return ", ".join(filter(None, ("exactly" if path_type == "Exact" else "", scheme)))
