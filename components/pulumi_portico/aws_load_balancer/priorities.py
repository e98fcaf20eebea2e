"""The priority of a listener's rule, from what the rule matches and nothing else.

An Application Load Balancer goes through its rules by ascending priority (1 to 50000) and takes the first
that matches. So that the most specific one wins, as with an Ingress (exact host before wildcard, then exact path,
then the longest), the numbers are divided into bands, the most specific first. Within a band no two rules
match one request, and a rule's place is a hash of what it matches: another rule, or another order, moves none.
Two rules whose hashes meet are refused, with a number that is free, to be written as the one rule's `priority`:
whatever moved one of them by itself would move it again when a third comes or goes.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Optional

__all__ = [
    "LEAST",
    "LEAST_ROOM",
    "MOST",
    "MOST_ELEMENTS",
    "FreePriorities",
    "Match",
    "Rank",
    "band_of",
    "closed_conditions",
    "fits_host",
    "fits_path",
    "overlap",
    "priority_of",
    "rank_of",
]

LEAST, MOST = 1, 50000
LEAST_ROOM = 5000
"""The fewest numbers that rules are spread over, where a listener is shared with others."""
MOST_ELEMENTS = 16
"""The most elements of a prefix; each has a band of its own."""

_MOST_LABELS = 6
_MOST_CONDITIONS = 3

Band = tuple[int, int]
Rank = tuple[int, int, int]


@dataclass(frozen=True)
class Match:
    """What a rule matches."""

    host: str = ""
    """Empty for every host; `*.example.com` for whatever ends so."""
    path: str = "/"
    """Without a slash at the end, but for the root."""
    exact: bool = False
    """Whether the path alone matches, without what is below it."""
    conditions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What else must hold, by name: `methods`, `header x-version`, `query version`, `sources`; each one of several
    values."""

    @property
    def elements(self) -> tuple[str, ...]:
        """The path's elements."""
        return tuple(part for part in self.path.split("/") if part)

    @property
    def text(self) -> str:
        """What it matches, for people and as its identity."""
        more = "".join(f" {name}={','.join(values)}" for name, values in self.conditions)
        return f"{self.host}{self.path}{' exact' if self.exact else ''}{more}"


def rank_of(match: Match) -> Rank:
    """How specific it is; the smaller one comes first where both match."""
    if not match.host:
        host = _MOST_LABELS + 1
    elif match.host.startswith("*."):
        host = max(1, _MOST_LABELS + 1 - match.host.count("."))
    else:
        host = 0
    path = 0 if match.exact else 1 + MOST_ELEMENTS - len(match.elements)
    return host, path, _MOST_CONDITIONS - min(len(match.conditions), _MOST_CONDITIONS)


@cache
def _bands(first: int, last: int) -> Mapping[Rank, Band]:
    """The numbers of each rank; those that many rules have are wider."""
    hosts = [16, *([0.25] * (_MOST_LABELS - 3)), 0.5, 1, 1, 8]
    usual = {0: 10.0, 1: 10.0, 2: 6.0, 3: 4.0}
    paths = [3.0, *(usual.get(MOST_ELEMENTS - at, 0.2) for at in range(MOST_ELEMENTS + 1))]
    conditions = [0.1, 0.15, 0.75, 5.0]
    ranks = {
        (host, path, more): of_host * of_path * of_more
        for host, of_host in enumerate(hosts)
        for path, of_path in enumerate(paths)
        for more, of_more in enumerate(conditions)
    }
    # Each has one number at least, and the rest by its weight.
    whole, room = sum(ranks.values()), last - first + 1 - len(ranks)
    bands: dict[Rank, Band] = {}
    passed, start = 0.0, first
    for count, rank in enumerate(sorted(ranks), 1):
        passed += ranks[rank]
        end = first + count + int(passed / whole * room) - 1
        bands[rank] = (start, min(end, last))
        start = end + 1
    return bands


def band_of(match: Match, first: int = LEAST, last: int = MOST) -> Band:
    """The first and the last number that rules as specific as this one have."""
    return _bands(first, last)[rank_of(match)]


def priority_of(match: Match, first: int = LEAST, last: int = MOST) -> int:
    """The rule's number: it depends on what the rule matches alone."""
    start, end = band_of(match, first, last)
    return start + _hash(match) % (end - start + 1)


class FreePriorities:
    """The numbers that no rule of a listener has."""

    def __init__(self, taken: Iterable[int], first: int = LEAST, last: int = MOST) -> None:
        self._taken, self._span = frozenset(taken), (first, last)
        self._free: dict[Band, list[int]] = {}

    def nearest(self, match: Match) -> Optional[int]:
        """The first free number of the rule's band, from the one that the rule would have; None if all are taken."""
        band = band_of(match, *self._span)
        if band not in self._free:
            self._free[band] = [number for number in range(band[0], band[1] + 1) if number not in self._taken]
        free = self._free[band]
        place = bisect_left(free, priority_of(match, *self._span))
        return free[place % len(free)] if free else None


def _hash(match: Match) -> int:
    return int.from_bytes(hashlib.sha256(match.text.encode()).digest()[:8], "big")


def overlap(one: Match, other: Match) -> bool:
    """Whether some request matches both."""
    return (
        _hosts_overlap(one.host, other.host)
        and (fits_path(one, other.path) or fits_path(other, one.path))
        and not _apart(one, other)
    )


def fits_host(pattern: str, host: str) -> bool:
    """Whether a rule's host condition matches a host. A wildcard stands for any characters, dots included."""
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else pattern == host


def fits_path(match: Match, path: str) -> bool:
    """Whether a rule's path condition matches a path. An Application Load Balancer compares it as it is written."""
    if match.exact:
        return path == match.path
    return match.path in ("/", path) or path.startswith(f"{match.path}/")


def _hosts_overlap(one: str, other: str) -> bool:
    return not one or not other or fits_host(one, other) or fits_host(other, one)


def _apart(one: Match, other: Match) -> bool:
    """Whether a condition that both have keeps them apart: no value can fit both."""
    theirs = dict(closed_conditions(other))
    return any(name in theirs and not set(values) & set(theirs[name]) for name, values in closed_conditions(one))


def closed_conditions(match: Match) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The conditions whose values are compared as they are: without wildcards, and not ranges of addresses, nor
    parameters of the query, of which a request can have several of one name."""
    for name, values in match.conditions:
        if (
            name != "sources"
            and not name.startswith("query ")
            and not any("*" in value or "?" in value for value in values)
        ):
            yield name, values
