"""The name that a misspelled one means, found with a bounded number of comparisons, however many names are known."""

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Optional

__all__ = ["KnownNames", "SomeNames", "folded", "nearest"]

_MOST_TYPING_ERRORS = 2
_LEAST_RATIO = 0.6
_MOST_COMPARED = 100
"""The most names that one is compared with."""
_MOST_RANKED = 20
"""The most names that are close enough, and ranked."""
_END = 3
"""Characters. Of many names, only those that begin or end with the same ones are compared."""
_MOST_LISTED = 50


class SomeNames(tuple[str, ...]):
    """The first names of a list, for a message."""

    more: int = 0
    """How many others there are."""


class KnownNames:
    """Names that exist, to list them, and to find the one that a misspelled name means."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_folded = {folded(name): name for name in names}
        self._by_length: dict[int, list[str]] = defaultdict(list)
        self._by_end: dict[tuple[int, str], list[str]] = defaultdict(list)
        for known in self._by_folded:
            self._by_length[len(known)].append(known)
        ordered = sorted(self._by_folded.values())
        self.listed = SomeNames(ordered[:_MOST_LISTED])
        """The names in order, for a message: a list of all of them in each of many messages would be quadratic."""
        self.listed.more = len(ordered) - len(self.listed)

    def nearest(self, name: str, accepts: Optional[Callable[[str], bool]] = None) -> Optional[str]:
        """The known name that `name` misspells, also across camelCase, snake_case, and kebab-case; None if there is
        none. `accepts` is whether a name can be meant.

        It's what a fix writes, so that a name that is only similar, such as `responseHeaders` for `respond`, is none.
        """
        wrong = folded(name)
        close = [
            (errors, known)
            for known in self._compared(wrong)
            if (errors := _typing_errors(wrong, known)) <= _MOST_TYPING_ERRORS
            and (accepts is None or accepts(self._by_folded[known]))
        ]
        matcher = difflib.SequenceMatcher()
        matcher.set_seq2(wrong)
        ranked: list[tuple[float, str]] = []
        for _, known in sorted(close)[:_MOST_RANKED]:
            matcher.set_seq1(known)
            ranked.append((matcher.ratio(), known))
        ratio, best = max(ranked, default=(0.0, ""))
        return self._by_folded[best] if ratio >= _LEAST_RATIO else None

    def _compared(self, wrong: str) -> Iterable[str]:
        lengths = range(len(wrong) - _MOST_TYPING_ERRORS, len(wrong) + _MOST_TYPING_ERRORS + 1)
        groups = [self._by_length[length] for length in lengths if length in self._by_length]
        if sum(map(len, groups)) <= _MOST_COMPARED:
            return chain.from_iterable(groups)
        if not self._by_end:
            for known in self._by_folded:
                for end in _ends(known):
                    self._by_end[len(known), end].append(known)
        ends = [
            self._by_end[length, end] for end in _ends(wrong) for length in lengths if (length, end) in self._by_end
        ]
        # The smallest groups have the names that are least like all others.
        in_order = chain.from_iterable(sorted(ends, key=len))
        return dict.fromkeys(islice(in_order, _MOST_COMPARED))


def nearest(name: str, known: Iterable[str]) -> Optional[str]:
    """The known name that `name` misspells; None if there is none. For many misspelled names, use `KnownNames`."""
    return KnownNames(known).nearest(name)


def _ends(name: str) -> Iterator[str]:
    yield f"{name[:_END]}*"
    yield f"*{name[-_END:]}"


def _typing_errors(name: str, other: str) -> int:
    """How many characters to add, remove, or replace so that one name becomes the other, or 1 if only their order
    differs; more than allowed if it's more."""
    if len(name) == len(other) and sorted(name) == sorted(other):
        return int(name != other)
    return _distance(name, other, _MOST_TYPING_ERRORS)


def _distance(name: str, other: str, most: int) -> int:
    """The Levenshtein distance of two names if it's at most `most`, else more than that."""
    if abs(len(name) - len(other)) > most:
        return most + 1
    start, end = 0, min(len(name), len(other))
    while start < end and name[start] == other[start]:
        start += 1
    one, two = name[start:], other[start:]
    if not one or not two or not most:
        return len(one) + len(two)
    changed = ((one[1:], two), (one, two[1:]), (one[1:], two[1:]))
    return 1 + min(_distance(*pair, most - 1) for pair in changed)


def folded(name: str) -> str:
    """A name without what differs between camelCase, snake_case, and kebab-case."""
    return name.replace("_", "").replace("-", "").lower()
