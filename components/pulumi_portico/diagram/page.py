"""From a stack's view to one HTML page: its picture, and tables of everything in it.

The page is self-contained: no script, font, image, or network.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from typing import Union

from ..ingress_gateway.routes import PathType
from ..stack.view import PeerKind, PeerView, RouteView, StackView, TlsTermination
from ..stack.view_text import (
    action_text,
    conditions_text,
    exception_meaning,
    exception_path,
    exception_value,
    peer_text,
    port_text,
    ports_text,
    replicas_text,
    run_text,
    source_text,
    url_text,
)
from .page_style import page_sheet
from .reading import costs_of, money, summary
from .svg import Picture, picture
from .widths import clean

__all__ = ["draw_page"]

_NOTE = "Hover over a box, or over a name in the tables, to show only what it is connected to."

_TLS: Mapping[TlsTermination, str] = {
    TlsTermination.LOAD_BALANCER: "here",
    TlsTermination.GATEWAY: "at the gateway",
    TlsTermination.SERVICE: "at the service",
    TlsTermination.NONE: "no TLS",
}


def draw_page(view: StackView) -> str:
    """The page with the picture of a stack. It depends only on the view."""
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
    frame = {"class": "picture", "tabindex": "0", "role": "region", "aria-label": "The picture. It scrolls sideways."}
    ET.SubElement(main, "div", frame).append(drawn.svg)
    if drawn.ids:
        _text(main, "p", _NOTE)
    _Tables(main, view, drawn).write()
    return f"<!doctype html>\n{ET.tostring(page, encoding='unicode', method='html')}\n"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = text if tag == "style" else clean(text)
    return child


Cell = Union[str, Sequence[str], Sequence[PeerView]]
"""A text, or one line for each text or peer. Peers are links to their boxes."""


class _Tables:
    def __init__(self, main: ET.Element, view: StackView, drawn: Picture) -> None:
        self._main = main
        self._view = view
        self._ids = {peer: drawn.ids[key] for peer, key in drawn.keys.items()}

    def write(self) -> None:
        view = self._view
        self._table(
            "Routes",
            ("host", "path", "requests", "action", "targets", "gateway or load balancer"),
            (
                (route.host or "every host", route.path, _match(route), action_text(route.action),
                 [backend.peer for backend in route.action.backends], [route.entry])
                for route in view.routes
            ),
        )  # fmt: skip
        self._table(
            "Load balancers",
            ("name", "kind", "platform", "scope", "sources", "ports", "TLS terminates", "targets", "cost"),
            (
                ([PeerView(PeerKind.LOAD_BALANCER, balancer.name)], balancer.kind, balancer.platform,
                 balancer.scope.value, [*map(source_text, balancer.sources)], [*map(port_text, balancer.ports)],
                 _TLS[balancer.tls], balancer.targets, money(costs_of(balancer)))
                for balancer in view.balancers
            ),
        )  # fmt: skip
        self._table(
            "Services",
            ("name", "kind", "pods", "image", "ports", "URLs"),
            (
                ([PeerView(PeerKind.SERVICE, service.name)], service.kind, replicas_text(service.replicas),
                 service.image, [*map(port_text, service.ports)], [*map(url_text, service.urls)])
                for service in view.services
            ),
        )  # fmt: skip
        self._table(
            "Jobs",
            ("name", "kind", "runs", "image"),
            (([PeerView(PeerKind.JOB, job.name)], job.kind, run_text(job), job.image) for job in view.jobs),
        )
        self._table(
            "Allowed connections",
            ("from", "to", "ports"),
            (([link.source], [link.target], ports_text(link.ports)) for link in view.links),
        )
        self._table(
            "Other objects",
            ("kind", "name", "namespace", "used by"),
            ((one.kind, one.name, one.namespace, list(one.used_by)) for one in view.objects),
        )
        self._table(
            "Exceptions to the secure defaults",
            ("setting", "value", "meaning"),
            ((exception_path(each), exception_value(each), exception_meaning(each)) for each in view.exceptions),
        )

    def _table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """A table, unless it has no rows."""
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
            for cell in row:
                self._cell(ET.SubElement(line, "td"), [cell] if isinstance(cell, str) else cell)

    def _cell(self, cell: ET.Element, parts: Sequence[Union[str, PeerView]]) -> None:
        for number, part in enumerate(parts):
            if number:
                ET.SubElement(cell, "br")
            if isinstance(part, str):
                # A line of its own beside the breaks between them.
                _text(cell, "span", part)
            elif part in self._ids:
                _text(cell, "a", peer_text(part), href=f"#{self._ids[part]}")
            else:
                _text(cell, "span", peer_text(part))


def _match(route: RouteView) -> str:
    exact = "exact" if route.path_type is PathType.EXACT else ""
    return ", ".join(filter(None, (exact, route.scheme, conditions_text(route))))
