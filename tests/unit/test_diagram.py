"""The picture of a stack: it's complete, nothing overlaps, and names are only text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pulumi_portico
import pytest
from hypothesis import given, settings
from pulumi_portico.diagram import draw_page, draw_svg
from pulumi_portico.diagram.placement import Hop, place
from pulumi_portico.diagram.reading import money, summary
from pulumi_portico.diagram.widths import STYLES, shortened, width
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.view import (
    ActionView,
    BackendView,
    Cost,
    JobView,
    LinkKind,
    LinkView,
    ObjectView,
    PeerKind,
    PeerView,
    RouteView,
    StackView,
)
from pulumi_portico.stack.view_text import exception_path, peer_text
from pulumi_portico.stack.views import view_of

from tests.command import written
from tests.examples import examples
from tests.stack_views import (
    ANYWHERE,
    BOUTIQUE,
    EDGE,
    EMPTY,
    LARGE,
    MIXED,
    NAMED,
    NASTY,
    SMALL,
    balancer,
    calls,
    gateway,
    of_balancer,
    of_gateway,
    of_service,
    route,
    service,
    sources_of,
    stacks,
    total_of,
)
from tests.support import ROOT

SVG = "{http://www.w3.org/2000/svg}"
PACKAGES = Path(pulumi_portico.__file__).parent.parent
"""The folder of the package that this process imports."""


@dataclass(frozen=True)
class Card:
    """A box as it is drawn."""

    kind: str
    texts: tuple[str, ...]
    classes: frozenset[str]
    x: float
    y: float
    right: float
    bottom: float

    @property
    def name(self) -> str:
        return self.texts[0]


class Drawn:
    """A picture, read back."""

    def __init__(self, text: str) -> None:
        self.root = ET.fromstring(text)
        self.boxes: dict[str, Card] = {}
        self.elements: dict[str, ET.Element] = {}
        for group in self._of_class("g", "box"):
            rect = group.find(f"{SVG}rect")
            assert rect is not None
            x, y, wide, high = (float(rect.attrib[it]) for it in ("x", "y", "width", "height"))
            kind = group.attrib["class"].split()[1]
            classes = frozenset(it.get("class", "") for it in group)
            texts = tuple(map(whole, group.iter(f"{SVG}text")))
            self.boxes[group.attrib["id"]] = Card(kind, texts, classes, x, y, x + wide, y + high)
            self.elements[group.attrib["id"]] = group

    def _of_class(self, tag: str, name: str) -> Iterator[ET.Element]:
        return (it for it in self.root.iter(SVG + tag) if name in it.get("class", "").split())

    def box(self, kind: str, name: str) -> Card:
        return next(it for it in self.boxes.values() if (it.kind, it.name) == (kind, name))

    def ways(self) -> Iterator[tuple[str, Card, Card, list[tuple[float, float]]]]:
        """Each edge: its kind, the boxes it joins, and points along it."""
        for group in self._of_class("g", "way"):
            path = group.find(f"{SVG}path")
            assert path is not None
            source, target = (self.boxes[it] for it in group.attrib["class"].split()[1:])
            yield path.attrib["class"].split()[1], source, target, points_along(path.attrib["d"])

    def edges(self, kind: str) -> set[tuple[str, str]]:
        return {
            (f"{source.kind} {source.name}", f"{target.kind} {target.name}")
            for drawn, source, target, _ in self.ways()
            if drawn == kind
        }


def whole(text: ET.Element) -> str:
    """What a text says: all of it, where it is shortened."""
    title = text.find(f"{SVG}title")
    shown = "".join(text.itertext()) if title is None else (title.tail or "")
    return shown if title is None or "…" not in shown else (title.text or "").split("\n")[0]


def points_along(course: str) -> list[tuple[float, float]]:
    """Points on a path of M, H and C, close together."""
    points: list[tuple[float, float]] = []
    for command, numbers in re.findall(r"([MHC])([^MHC]*)", course):
        at = [float(it) for it in numbers.split()]
        if command == "M":
            points.append((at[0], at[1]))
        elif command == "H":
            x, y = points[-1]
            points += [(x + (at[0] - x) * step / 20, y) for step in range(1, 21)]
        else:
            x, y = points[-1]
            (a, b, c, d, e, f) = at
            for step in range(1, 21):
                t = step / 20
                k = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3)
                points.append((k[0] * x + k[1] * a + k[2] * c + k[3] * e, k[0] * y + k[1] * b + k[2] * d + k[3] * f))
    return points


def check(view: StackView) -> Drawn:
    """What holds for the picture of any stack at all."""
    text = draw_svg(view)
    assert draw_svg(view) == text
    drawn = Drawn(text)
    cards = list(drawn.boxes.values())
    for one, other in combinations(cards, 2):
        apart = one.right < other.x or other.right < one.x or one.bottom < other.y or other.bottom < one.y
        assert apart, (one, other)
    for _, source, target, points in drawn.ways():
        (x, y), (end, last) = points[0], points[-1]
        assert x in (source.x, source.right)
        assert source.y < y < source.bottom
        assert end in (target.x, target.right)
        assert target.y < last < target.bottom
        for x, y in points:
            assert not any(it.x + 0.2 < x < it.right - 0.2 and it.y < y < it.bottom for it in cards)
    check_no_room_is_wasted(drawn)
    check_texts(drawn)
    check_all_is_there(drawn, view)
    return drawn


def check_no_room_is_wasted(drawn: Drawn) -> None:
    """Parts that are not joined stand below each other, with no more between them than a heading."""
    filled = [(it.y, it.bottom) for it in drawn.boxes.values()]
    filled += [(y - 6, y + 6) for *_, points in drawn.ways() for _, y in points]
    lowest = 32.0
    for top, bottom in sorted(filled):
        assert top - lowest < 60
        lowest = max(lowest, bottom)


def check_texts(drawn: Drawn) -> None:
    """No text leaves its box, and none touches another, by the widest font there may be."""
    _, _, sheet_wide, sheet_high = map(float, drawn.root.attrib["viewBox"].split())
    moved = drawn.root.find(f"{SVG}g[@transform]")
    assert moved is not None
    margin, head = map(float, re.findall(r"[\d.]+", moved.attrib["transform"]))
    for identity, group in drawn.elements.items():
        card = drawn.boxes[identity]
        taken: list[tuple[float, float, float, float]] = []
        for text in group.iter(f"{SVG}text"):
            left, right, top, bottom = extent(text)
            assert card.x + 4 < left
            assert right < card.right
            assert card.y < top
            assert bottom < card.bottom
            for other in taken:
                assert right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top, whole(text)
            taken.append((left, right, top, bottom))
        assert card.x >= 0
        assert margin + card.right < sheet_wide
        assert head + card.bottom < sheet_high
    loose = [extent(it) for it in drawn.root if it.tag == f"{SVG}text"]
    assert all(right < sheet_wide and bottom < sheet_high for _, right, _, bottom in loose)
    for one, other in combinations(loose, 2):
        assert one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]


def extent(text: ET.Element) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a text."""
    title = text.find(f"{SVG}title")
    shown = (text.text if title is None else title.tail) or ""
    style = text.attrib["class"]
    x, y, wide = float(text.attrib["x"]), float(text.attrib["y"]), width(shown, style)
    size = STYLES[style].size
    return (x - wide if style == "port" else x, x if style == "port" else x + wide, y - 0.8 * size, y + 0.25 * size)


def check_all_is_there(drawn: Drawn, view: StackView) -> None:
    running = [*view.services, *view.jobs]
    for kind, things in (("balancer", view.balancers), ("gateway", view.gateways), ("service", running)):
        assert sorted(it.name for it in drawn.boxes.values() if it.kind == kind) == sorted(
            seen(it.name) for it in things
        )
    kinds = sorted({seen(one.kind) for one in view.objects})
    assert sorted(card.name for card in drawn.boxes.values() if card.kind == "objects") == kinds
    rows = sum(text.get("class") == "path" for group in drawn.elements.values() for text in group)
    assert rows == len(view.routes)
    reached = [it for it in drawn.boxes.values() if it.kind in ("service", "gateway", "elsewhere")]
    for each in view.routes:
        entries = [box for box in drawn.boxes.values() if box.name == seen(each.entry.name)]
        assert any(any(seen(each.path) in text for text in entry.texts) for entry in entries)
        for backend in each.action.backends:
            assert any(box.name == seen(peer_text(backend.peer)) for box in reached)


def seen(text: str) -> str:
    return "".join(it if it.isprintable() and not re.match(r"[\u0300-\u036f]", it) else "\ufffd" for it in text)


@pytest.mark.parametrize("view", NAMED.values(), ids=NAMED.keys())
def test_pictures_are_complete_and_have_no_overlap(view: StackView) -> None:
    check(view)


@pytest.mark.parametrize("stack", sorted(it.name.split(".")[1] for it in (ROOT / "stacks").glob("Pulumi.*.yaml")))
def test_pictures_of_the_shipped_stacks_are_complete_and_have_no_overlap(stack: str) -> None:
    check(view_of(load_stack(stack, ROOT / "stacks")))


@given(stacks())
@settings(max_examples=examples(50), deadline=None)
def test_pictures_of_generated_stacks_are_complete_and_have_no_overlap(view: StackView) -> None:
    check(view)


@given(stacks(NASTY))
@settings(max_examples=examples(20), deadline=None)
def test_names_are_only_text(view: StackView) -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: set[str] = set()
            self.attributes: set[str] = set()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.add(tag)
            self.attributes |= {name for name, _ in attrs}

    tags = Tags()
    tags.feed(draw_page(view))
    page = "html head meta title style body main h1 h2 p div section table thead tbody tr th td a span br"
    assert tags.found <= {*page.split(), *["svg", "desc", "g", "rect", "path", "circle", "text"]}
    assert not {it for it in tags.attributes if it.startswith("on") or it in ("src", "xlink:href")}
    assert {it.tag.removeprefix(SVG) for it in ET.fromstring(draw_svg(view)).iter()} <= {
        *["svg", "title", "desc", "style", "g", "rect", "path", "circle", "text"]
    }


@pytest.mark.parametrize("view", NAMED.values(), ids=NAMED.keys())
def test_the_files_are_self_contained(view: StackView) -> None:
    for text in (draw_svg(view), draw_page(view)):
        outside = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"<(script|link|img|image|use|iframe)|@import|url\(|src=|srcset", outside)
        assert all(it.startswith("#box-") for it in re.findall(r'href="([^"]*)"', outside))


def test_the_same_stack_gives_the_same_bytes_in_any_process() -> None:
    code = "from tests.stack_views import MIXED; from pulumi_portico.diagram import *; print(draw_svg(MIXED))"
    given_by = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join((str(PACKAGES), str(ROOT)))},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert given_by == {draw_svg(MIXED) + "\n"}


# The contents of the picture.


def test_requests_and_links_are_drawn_apart_and_each_once() -> None:
    drawn = Drawn(draw_svg(SMALL))
    assert drawn.edges("public") == {
        ("source Internet", "balancer edge"),
        ("balancer edge", "gateway edge"),
        ("gateway edge", "service api"),
        ("gateway edge", "service web"),
    }
    # The gateway's requests show already that it can connect to the services.
    assert drawn.edges("link") == {("service web", "service api")}
    assert drawn.edges("internal") == set()


def test_only_what_the_internet_reaches_is_marked() -> None:
    drawn = Drawn(draw_svg(MIXED))
    marked = {f"{it.kind} {it.name}" for it in drawn.boxes.values() if "globe" in it.classes}
    assert marked == {
        *("source Internet", "balancer edge", "balancer mqtt", "gateway edge"),
        *("service api", "service broker", "service cart", "service web"),
        # Nothing is known of who can reach an existing controller.
        "elsewhere billing in namespace team-b",
    }
    assert drawn.edges("internal") == {
        ("source Internal network", "balancer admin"),
        ("balancer admin", "service admin"),
    }


def test_a_balancer_a_gateway_and_a_service_can_have_the_same_name() -> None:
    view = replace(
        SMALL,
        balancers=(balancer("api", of_service("api")), balancer("web", of_gateway("web"), component="gateways")),
        gateways=(gateway("web", load_balancers=("web",)),),
        routes=(route(of_gateway("web"), "", "/", of_service("web")),),
        links=(
            LinkView(LinkKind.TARGET, of_balancer("api"), of_service("api")),
            LinkView(LinkKind.TARGET, of_gateway("web"), of_service("web")),
        ),
    )
    drawn = check(view)
    assert drawn.edges("public") == {
        ("source Internet", "balancer api"),
        ("source Internet", "balancer web"),
        ("balancer api", "service api"),
        ("balancer web", "gateway web"),
        ("gateway web", "service web"),
    }
    assert drawn.edges("link") == set()


def test_a_route_with_weights_has_an_edge_to_each_backend() -> None:
    backends = (BackendView(of_service("api"), 80, 90), BackendView(of_service("web"), 80, 10))
    view = replace(SMALL, routes=(RouteView(EDGE, "", "/", None, "http", ActionView(backends)),))
    assert check(view).edges("public") >= {("gateway edge", "service api"), ("gateway edge", "service web")}


def test_the_texts_of_boxes() -> None:
    drawn = Drawn(draw_svg(MIXED))
    assert drawn.box("balancer", "mqtt").texts == (
        "mqtt", "Network Load Balancer", "aws-controller, internet", "TLS terminates at the service", "8883/TCP",
        "no known price",
    )  # fmt: skip
    assert drawn.box("service", "api").texts == (
        "api", "Deployment, 3 to 12 pods", "api:1.4.2", "http 80/TCP", "metrics 9090/TCP",
    )  # fmt: skip
    assert drawn.box("balancer", "admin").texts[-2:] == ("HTTP 80", "admin:8080")
    assert drawn.box("service", "node-exporter").texts[1] == "DaemonSet, 1 pod per node"
    assert drawn.box("gateway", "edge").texts == (
        "edge", "f5-nginx, installed by the stack", "1 exception",
        "api.example.com", "/v1", "api:8080",
        "https://api.example.com/v1/a/very/long/path/of/one/of/the/customers → api:metrics", "api:metrics",
        "grpc.example.com", "/shop.Cart/Get", "exact grpc cart:5050",
        "shop.example.com", "/", "web:80", "/old", "exact", "  redirect to https://www.example.com/new",
    )  # fmt: skip


def test_the_other_objects_have_a_box_for_each_kind_below_everything_else() -> None:
    maps = [ObjectView("ConfigMap", f"settings-{number}", "shop", ("api",) * number) for number in range(7)]
    claim = ObjectView("PersistentVolumeClaim", "uploads", "shop", ("thumbnails", "web"))
    view = replace(SMALL, objects=(*maps, claim))
    drawn = check(view)
    assert drawn.box("objects", "ConfigMap").texts == (
        "ConfigMap", "settings-0", "settings-1", "api", "settings-2", "2 users", "settings-3", "3 users",
        "settings-4", "4 users", "and 2 more",
    )  # fmt: skip
    assert drawn.box("objects", "PersistentVolumeClaim").texts[1:] == ("uploads", "2 users")
    others = [card for card in drawn.boxes.values() if card.kind != "objects"]
    assert drawn.box("objects", "ConfigMap").y > max(card.bottom for card in others)
    assert "settings-6, for api" in draw_svg(view)
    assert "8 other objects" in list(summary(view))
    assert re.search(r"thumbnails.*?web", draw_page(view).partition("Other objects</h2>")[2])


def test_the_schedule_of_a_job_is_never_shortened() -> None:
    scheduled = JobView("nightly", "CronJob", "api:1", "*/10 2,14 1-15 * 1-5", "Etc/UTC", suspended=False, before=())
    first = JobView("migrate", "Job", "api:1", "", "", suspended=False, before=("api", "web", "worker"))
    drawn = check(replace(SMALL, jobs=(scheduled, first)))
    assert drawn.box("service", "nightly").texts[1:3] == ("CronJob", "*/10 2,14 1-15 * 1-5")
    assert drawn.box("service", "migrate").texts[1] == "Job, before 3 services"


def test_boxes_count_the_exceptions_of_their_components() -> None:
    drawn = Drawn(draw_svg(MIXED))
    marked = {it.name: text for it in drawn.boxes.values() for text in it.texts if "exception" in text}
    assert marked == {"edge": "1 exception", "broker": "2 exceptions"}
    text = draw_svg(MIXED)
    assert all(exception_path(each) in text for each in MIXED.exceptions)


def test_a_long_name_is_shortened_and_complete_in_the_tooltip() -> None:
    name = "nightly-report-of-all-orders-and-of-what-became-of-them"
    text = draw_svg(MIXED)
    assert re.search(rf"<title>{name}</title>nightly-\S+…\S*-of-them</text>", text)
    assert shortened("a" * 90, "mono", 100) == "aaaaaaa…aaaaaa"
    assert shortened("short", "mono", 100) == "short"


def test_an_unrestricted_service_has_edges_from_and_to_everyone(tmp_path: Path) -> None:
    open_service = {"image": "web:1", "port": 80, "networkPolicy": False}
    folder = written(tmp_path, {"dev": {"namespace": "shop", "services": {"web": open_service}}}) / "stacks"
    drawn = check(view_of(load_stack("dev", folder)))
    everyone = peer_text(PeerView(PeerKind.ANYONE))
    assert drawn.edges("link") == {(f"elsewhere {everyone}", "service web"), ("service web", f"elsewhere {everyone}")}
    assert len({box.texts[1] for box in drawn.boxes.values() if box.name == everyone}) == 2
    assert "1 exception" in drawn.box("service", "web").texts


def test_only_five_sources_are_listed() -> None:
    ranges = [f"203.0.113.{number}/32" for number in range(9)]

    def listed(*sources: str) -> tuple[str, ...]:
        fronts = (balancer("edge", EDGE, sources=sources_of(*sources)),)
        return check(replace(SMALL, balancers=fronts)).box("source", "Internet").texts[1:]

    assert listed(*ranges) == (*ranges[:5], "and 4 more sources")
    assert listed() == ("no address can connect",)
    assert listed("10.0.0.0/8", *ANYWHERE) == ("every address",)


def test_requests_lead_from_left_to_right_and_a_circle_leads_back_once() -> None:
    for view in (SMALL, MIXED, BOUTIQUE):
        for kind, source, target, _ in Drawn(draw_svg(view)).ways():
            assert source.right < target.x or (kind == "link" and source.x == target.x)
    circle = replace(SMALL, links=calls(("a", "b"), ("b", "c"), ("c", "a")))
    circle = replace(circle, services=tuple(map(service, "abc")), routes=(route(EDGE, "", "/", of_service("b")),))
    back = [(it[1].name, it[2].name) for it in check(circle).ways() if it[1].x > it[2].x]
    assert len(back) == 1


def test_crossings_are_undone() -> None:
    keys = [f"a{number}" for number in range(6)], [f"b{number}" for number in range(6)]
    hops = [Hop(f"a{number}", f"b{5 - number}", 5, 5) for number in range(6)]
    heights = dict.fromkeys([*keys[0], *keys[1]], 40.0)
    tops = place(keys, heights, hops)
    # Each is level with the one that it is joined with.
    assert all(abs(tops[hop.source] - tops[hop.target]) < 0.5 for hop in hops)
    assert sorted(tops[key] for key in keys[0]) == [40.0 * number for number in range(6)]


def test_a_picture_of_many_screens_begins_where_requests_come_in() -> None:
    drawn = Drawn(draw_svg(LARGE))
    first = min(it.y for it in drawn.boxes.values())
    assert {drawn.box(kind, name).y for kind, name in (("source", "Internet"), ("gateway", "edge"))} == {first}


def test_the_picture_has_a_description_for_screen_readers() -> None:
    root = ET.fromstring(draw_svg(SMALL))
    described = {it.get("id"): it.text or "" for it in root if it.tag in (f"{SVG}title", f"{SVG}desc")}
    assert root.get("role") == "img"
    assert [*described] == root.attrib["aria-labelledby"].split()
    said = " ".join(described.values())
    assert "Stack staging" in said
    assert "https://shop.example.com/api → api:80" in said
    assert "web can connect to api" in said


def test_the_picture_of_an_empty_stack() -> None:
    assert "The stack is empty." in draw_svg(EMPTY)


# Colours.


def rules(text: str) -> dict[bool, dict[str, str]]:
    """What each class is coloured with, on light and on dark."""
    sheet = re.search(r"<style>(.*?)</style>", text, re.S)
    assert sheet
    light, _, dark = sheet[1].partition("@media screen and (prefers-color-scheme:dark)")
    return {
        is_dark: {
            name.strip(): colour
            for names, colour in re.findall(r"^([^{}\n]+)\{(?:fill|stroke):(#\w{6})", part, re.M)
            for name in names.split(",")
        }
        for is_dark, part in ((False, light), (True, dark))
    }


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_it_is_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("is_dark", [False, True])
def test_every_text_and_line_stands_out(is_dark: bool) -> None:
    text = draw_svg(MIXED)
    colours = rules(text)[is_dark]
    texts = {it.attrib["class"] for it in ET.fromstring(text).iter(f"{SVG}text")}
    assert texts <= {it.removeprefix(".") for it in colours}
    for ground in (colours[".sheet"], colours[".card"]):
        for style in texts:
            assert contrast(colours[f".{style}"], ground) >= 4.5, style
        for mark in (".globe", ".sign", ".caution", ".edge.public", ".edge.internal", ".edge.link", ".tip.link"):
            assert contrast(colours[mark], ground) >= 3, mark


# The page.


def test_the_page_has_every_row_and_its_names_lead_into_the_picture() -> None:
    page = draw_page(MIXED)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r' id="([^"]+)"', page))
    rows = ["".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>(.*?)</tr>", page, re.S)]
    assert "api.example.com/v1httpsapi:8080apiedge" in rows
    assert "app=prometheusapi9090/TCP" in rows
    assert "portico:services.broker.security.user0Thisislessstrictthanthedefault." in rows
    expected = len([*MIXED.routes, *MIXED.balancers, *MIXED.services, *MIXED.links, *MIXED.exceptions])
    assert len(rows) == expected + page.count("<thead>")


def test_pointing_at_a_name_leaves_what_it_is_joined_with() -> None:
    page = draw_page(SMALL)
    boxes = Drawn(page[page.index("<svg") : page.index("</svg>") + 6]).boxes
    [web] = [key for key, box in boxes.items() if (box.kind, box.name) == ("service", "web")]
    rule = re.search(rf"main:has\(#{web}:hover.*:not\(([^)]*)\),\.way:not\(\.{web}\)\){{opacity", page)
    assert rule
    kept = {f"{boxes[it].kind} {boxes[it].name}" for it in rule[1].replace("#", "").split(",")}
    assert kept == {"service web", "service api", "gateway edge"}


def test_prices_keep_their_currency() -> None:
    fronts = (balancer("edge", EDGE, currency="EUR"), balancer("other", EDGE))
    view = replace(SMALL, balancers=fronts, total=total_of(fronts))
    for text in (draw_svg(view), draw_page(view)):
        assert money([Cost(27.4, "EUR")]) in text
        assert money([Cost(27.4, "USD")]) in text
        assert "$" not in text
    assert money([Cost(27.4, "EUR"), Cost(27.4, "USD")]) in next(iter(summary(view)))


def test_a_price_in_euros_is_drawn_in_euros(tmp_path: Path) -> None:
    """From the stack file to the picture."""
    price = {"loadBalancerHour": 0.1, "publicAddressHour": 0.0, "currency": "EUR"}
    api = {
        "target": {"service": "api"},
        "exposure": {"scope": "internal", "platform": "gke"},
        "price": price,
    }
    stack = {
        "namespace": "shop",
        "services": {"api": {"image": "api:1", "port": 80}},
        "loadBalancers": {"api": api},
    }
    view = view_of(load_stack("dev", written(tmp_path, {"dev": stack}) / "stacks"))
    assert view.total.monthly == (Cost(73.0, "EUR"),)
    for text in (draw_svg(view), draw_page(view)):
        assert "73 EUR" in text
        assert "USD" not in text
        assert "$" not in text
