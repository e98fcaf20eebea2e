"""Every Python example in the docs runs, and its test functions pass."""

import re
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico import ArgumentError, WebService
from pulumi_portico.shapes import is_args, plain_fields, shapes_of
from pulumi_portico.testing import record
from pulumi_portico.web_service import WebServiceArgs
from pulumi_portico.web_service.security import LOOSENED

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
    page = (ROOT / "docs" / "reference.md").read_text()
    table = page[page.index("## WebService") : page.index("### Outputs of WebService")]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*?) \|", table, re.M))
    assert rows.keys() == shapes_of(WebServiceArgs).keys()
    for name, meaning in rows.items():
        # A type of its own says which of its fields are.
        assert "plain" in meaning.lower() or name not in SCALARS, name


SCALARS = {name for name in plain_fields(WebServiceArgs) if not is_args(shapes_of(WebServiceArgs)[name].type)}


def test_the_page_shows_what_is_looser() -> None:
    page = (ROOT / "docs" / "web-service.md").read_text()
    table = page[page.index("| argument | what is looser |") : page.index("A namespace that enforces")]
    named = {f"security.{field}" for field in LOOSENED} | {"security.user", "security.capabilities", "extra"}
    named |= {"identity.token", "image_policy.allow_latest", "resources.limits", "network_policy"}
    assert set(re.findall(r"`([a-z_.]+)", table)) == named


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda it: it.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not link.startswith("https://"):
            assert (page.parent / link).exists(), link
