"""Every Python example in the docs runs, and its test functions pass."""

import re
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico import ArgumentError, WebService
from pulumi_portico.shapes import plain_fields, shapes_of
from pulumi_portico.testing import record
from pulumi_portico.web_service import WebServiceArgs

from tests.support import ROOT

PAGES = [ROOT / "README.md", ROOT / "components" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(match[1], id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, match in enumerate(re.finditer(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S), 1)
]


@pytest.mark.parametrize("source", EXAMPLES)
def test_the_example_runs(source: str) -> None:
    names: dict[str, Any] = {}
    tests = re.findall(r"^def (test_\w+)", source, re.M)
    if tests:
        exec(source, names)
        for test in tests:
            names[test]()
        return

    def program() -> None:
        exec(source, names)

    assert record(program).registrations, "the example makes nothing"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8


def test_the_error_in_the_readme_is_what_is_said() -> None:
    args: Any = {"image": "registry.example.com/shop/api", "port": 8080, "health": {"paht": "/healthz"}}
    with pytest.raises(ArgumentError) as caught:
        record(lambda: WebService("api", args))
    assert str(caught.value) in (ROOT / "README.md").read_text()


def test_the_reference_has_every_argument_and_says_which_are_plain() -> None:
    page = (ROOT / "docs" / "web-service.md").read_text()
    table = page[page.index("## Arguments") : page.index("## Outputs")]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.M))
    assert rows.keys() == shapes_of(WebServiceArgs).keys()
    for name, meaning in rows.items():
        assert ("plain" in meaning) == (name in plain_fields(WebServiceArgs)), name


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda it: it.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not link.startswith("https://"):
            assert (page.parent / link).exists(), link
