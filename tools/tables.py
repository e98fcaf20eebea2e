"""The tables in pages: how they are written, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)) + "\n"


def filled(page: str, tables: Mapping[str, str]) -> str:
    """The page with the tables, by name, as they are given."""
    for name, table in tables.items():
        page = _filled(page, name, table)
    return page


def _filled(page: str, name: str, table: str) -> str:
    pattern = rf"(?<=<!-- {name}: made by `make schema` -->\n\n).*?(?=\n?<!-- end -->)"
    return re.sub(pattern, lambda _: table, page, count=1, flags=re.S)


def written_feature(feature: str, words: dict[str, str]) -> str:
    """A feature as one writes it: ``words`` say it where its name would not."""
    if feature in words:
        return words[feature]
    name, _, choice = feature.partition("=")
    return f"`{name}: {choice}`" if choice else f"`{name}`"
