"""Pictures of stacks as a browser draws them: with its own fonts, in its own colours."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from pulumi_portico.diagram import draw_page, draw_svg
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.view import StackView
from pulumi_portico.stack.views import view_of

from tests.browser.browser import Scheme, Seen, chromium, look
from tests.stack_views import BOUTIQUE, EMPTY, LARGE, MIXED, NAMED, SMALL, stacks
from tests.support import ROOT

pytestmark = pytest.mark.skipif(chromium() is None, reason="there is no chromium: run `make node-tools` as root")

SHIPPED = sorted(it.name.split(".")[1] for it in (ROOT / "stacks").glob("Pulumi.*.yaml"))

# Every text of a picture with its edges, those of the box and of the picture that it is in, and its colours.
_PICTURES = """
const edges = it => { const r = it.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] };
return [...document.querySelectorAll('svg')].map(svg => ({
  picture: edges(svg),
  sheet: getComputedStyle(svg.querySelector('.sheet')).fill,
  texts: [...svg.querySelectorAll('text')].map(text => {
    const card = text.closest('.box')?.querySelector('.card') ?? null;
    return {
      said: text.textContent, at: edges(text), colour: getComputedStyle(text).fill,
      card: card && edges(card), ground: card && getComputedStyle(card).fill };
  })}));
"""
_SLACK = 0.5


def gallery(pictures: list[str]) -> str:
    return f"<!doctype html><meta charset=utf-8><body>{''.join(f'<div>{it}</div>' for it in pictures)}</body>"


def check(seen: Seen, scheme: Scheme) -> None:
    assert seen.console == ()
    assert seen.measured
    for picture in seen.measured:
        assert (luminance(picture["sheet"]) < 0.05) == (scheme == "dark")
        for text in picture["texts"]:
            assert inside(text["at"], text["card"] or picture["picture"]), text
            # An SVG text's height is its font's, not its letters'.
            assert text["at"][2] - text["at"][0] > 1, text
            assert contrast(text["colour"], text["ground"] or picture["sheet"]) >= 4.5, text
        for one, other in combinations(picture["texts"], 2):
            assert apart(one["at"], other["at"]), (one, other)


def inside(inner: list[float], outer: list[float]) -> bool:
    left, top, right, bottom = outer
    return inner[0] >= left and inner[1] >= top and inner[2] <= right + _SLACK and inner[3] <= bottom + _SLACK


def apart(one: list[float], other: list[float]) -> bool:
    beside = one[2] <= other[0] + _SLACK or other[2] <= one[0] + _SLACK
    return beside or one[3] <= other[1] + _SLACK or other[3] <= one[1] + _SLACK


def luminance(colour: str) -> float:
    parts = [int(it) / 255 for it in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stay_in_their_boxes_and_off_each_other(scheme: Scheme, tmp_path: Path) -> None:
    pictures = [draw_svg(view) for view in NAMED.values()]
    pictures += [draw_svg(view_of(load_stack(name, ROOT / "stacks"))) for name in SHIPPED]
    seen = look(gallery(pictures), _PICTURES, tmp_path, scheme)
    assert len(seen.measured) == len(pictures)
    check(seen, scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_so_they_do_in_the_picture_of_any_stack(scheme: Scheme, tmp_path: Path) -> None:
    views: list[StackView] = []

    # Found first and looked at together: the browser takes longer to start than to draw.
    @given(stacks())
    @settings(max_examples=60, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
    def find(view: StackView) -> None:
        views.append(view)

    find()
    seen = look(gallery(list(map(draw_svg, views))), _PICTURES, tmp_path, scheme)
    assert len(seen.measured) == len(views) >= 60
    check(seen, scheme)


_PAGE = """
const fits = it => it.scrollWidth <= it.clientWidth;
return {
  window: innerWidth, page: document.documentElement.scrollWidth,
  scale: document.querySelector('svg').getBoundingClientRect().width / document.querySelector('svg').viewBox.baseVal.width,
  tables: [...document.querySelectorAll('td')].filter(it => !fits(it)).map(it => it.textContent),
  colours: [...document.querySelectorAll('h1,h2,p,th,td,a')].map(it => getComputedStyle(it).color),
  ground: getComputedStyle(document.body).backgroundColor };
"""  # noqa: E501


@pytest.mark.parametrize("view", [SMALL, MIXED, BOUTIQUE, LARGE, EMPTY], ids=lambda it: it.stack)
@pytest.mark.parametrize(("scheme", "wide"), [("light", 600), ("dark", 1280)])
def test_the_page_fits_its_window_and_its_texts_stand_out(
    view: StackView, scheme: Scheme, wide: int, tmp_path: Path
) -> None:
    seen = look(draw_page(view), _PAGE, tmp_path, scheme, wide)
    assert seen.console == ()
    page: Any = seen.measured
    # What is wider scrolls in a frame of its own, and the picture is never smaller than can be read.
    assert page["window"] == wide
    assert page["page"] <= wide
    assert 0.84 < page["scale"] <= 1.001
    assert page["tables"] == []
    assert (luminance(page["ground"]) < 0.05) == (scheme == "dark")
    assert min(contrast(it, page["ground"]) for it in page["colours"]) >= 4.5


_POINTED_AT = """
const link = [...document.querySelectorAll('td a')].find(it => it.textContent === 'web');
link.focus({focusVisible: true});
const name = it => it.classList[1] + ' ' + it.querySelector('.name').lastChild.textContent;
const shown = it => getComputedStyle(it).opacity === '1';
return {
  boxes: [...document.querySelectorAll('.box')].filter(shown).map(name).sort(),
  ways: [...document.querySelectorAll('.way')].filter(shown).length,
  leads: document.querySelector(link.getAttribute('href')).id };
"""


def test_the_keyboard_can_point_at_a_service_as_the_mouse_does(tmp_path: Path) -> None:
    seen = look(draw_page(SMALL), _POINTED_AT, tmp_path)
    assert seen.measured["boxes"] == ["gateway edge", "service api", "service web"]
    # From the gateway, and to the api.
    assert seen.measured["ways"] == 2


def test_what_is_wrong_on_a_page_is_seen(tmp_path: Path) -> None:
    # The checks above look for this: a text that is wider than its box, two on each other, and a script that fails.
    picture = draw_svg(SMALL)
    wide = picture.replace(">web:1.4.2<", f">{'web' * 60}<")
    assert wide != picture
    with pytest.raises(AssertionError):
        check(look(gallery([wide]), _PICTURES, tmp_path), "light")
    twice = re.sub("<text [^>]*>http 80/TCP</text>", lambda it: 2 * it[0], picture)
    assert twice != picture
    with pytest.raises(AssertionError):
        check(look(gallery([twice]), _PICTURES, tmp_path), "light")
    assert look("<body><script>throw Error('x')</script></body>", "return 1", tmp_path).console
