"""The units of numbers, and how other tools write numbers with units: `500m`, `512Mi`, `60s`, `10m`, `80%`.

Arguments are numbers, whose unit the field names. A text with a unit is rejected with the number to write, so that what
a field means never depends on how it's read: `10m` is ten minutes, ten MiB, or a hundredth of a core.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Optional, Union

__all__ = ["CORES", "DAYS", "GIB", "MIB", "NGINX_MIB", "PERCENT", "QUANTITY", "SECONDS", "Unit"]

_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?([A-Za-z%]*)")


@dataclass(frozen=True, eq=False)
class Unit:
    """The unit of a field's number."""

    what: str
    """What the number is, such as `a number of seconds`."""
    name: str
    """The unit, such as `seconds`."""
    sizes: Mapping[str, Fraction]
    """The suffixes that other tools write, each with how many of the unit it is."""
    is_compound: bool = False
    """Whether a text can have several parts, such as `1h30m`."""
    is_whole: bool = True
    """Whether the field accepts only whole numbers. Others are rounded up."""

    def number_of(self, text: Any) -> Optional[Union[int, float]]:
        """The number of the unit that a text with a suffix means; None if it means none."""
        if not isinstance(text, str):
            return None
        rest, total = text.strip(), Fraction(0)
        parts = list(_PART.finditer(rest))
        if not parts or "".join(part[0] for part in parts) != rest or (len(parts) > 1 and not self.is_compound):
            return None
        for part in parts:
            size = self.sizes.get(part[2])
            if size is None:
                return None
            total += Fraction(part[1]) * size
        if self.is_whole:
            return math.ceil(total)
        return int(total) if total.denominator == 1 else float(total)

    def number_of_bytes(self, number: int) -> Optional[int]:
        """The number of the unit that a number of bytes is; None if the unit is none of sizes."""
        size = self.sizes.get("b")
        return None if size is None else math.ceil(number * size)

    def number_of_any(self, value: Any) -> Optional[Union[int, float]]:
        """The number that a text with or without a suffix means, or that a number is."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        return self.number_of(value)


_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TIMES = {
    "ms": Fraction(1, 1000),
    **dict.fromkeys(("s", "sec", "second", "seconds"), Fraction(1)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), Fraction(_MINUTE)),
    **dict.fromkeys(("h", "hour", "hours"), Fraction(_HOUR)),
    **dict.fromkeys(("d", "day", "days"), Fraction(_DAY)),
    "w": Fraction(7 * _DAY),
}

_MI = 2**20
_BINARY = {
    **dict.fromkeys(("Ki", "KiB", "K", "KB", "kb"), Fraction(2**10, _MI)),
    # A lowercase m is Docker's and nginx's mebibyte. To Kubernetes, it is a thousandth of a byte, which nobody means.
    **dict.fromkeys(("Mi", "MiB", "m", "MB", "mb"), Fraction(1)),
    **dict.fromkeys(("Gi", "GiB", "g", "GB", "gb"), Fraction(2**10)),
    **dict.fromkeys(("Ti", "TiB", "t", "TB", "tb"), Fraction(2**20)),
}
_BYTES = {**dict.fromkeys(("b", "B"), Fraction(1, _MI))}
_QUANTITY = {
    **_BINARY,
    **_BYTES,
    "k": Fraction(10**3, _MI),
    "M": Fraction(10**6, _MI),
    "G": Fraction(10**9, _MI),
    "T": Fraction(10**12, _MI),
}
_NGINX = {**_BINARY, **_BYTES, "k": Fraction(2**10, _MI), "M": Fraction(1), "G": Fraction(2**10)}

SECONDS = Unit("a number of seconds", "seconds", _TIMES, is_compound=True)
"""Times, as Kubernetes, Compose, and nginx write them."""

DAYS = Unit("a number of days", "days", {suffix: size / _DAY for suffix, size in _TIMES.items()}, is_compound=True)
"""Times of days."""

MIB = Unit("a number of MiB", "MiB", _QUANTITY)
"""Sizes, as Kubernetes and Docker write them."""

GIB = Unit("a number of GiB", "GiB", {suffix: size / 2**10 for suffix, size in _QUANTITY.items()})
"""Larger sizes."""

NGINX_MIB = Unit("a number of MiB", "MiB", _NGINX)
"""Sizes, as nginx writes them: `M` is a MiB."""

CORES = Unit(
    "a number of cores",
    "cores",
    {"": Fraction(1), "m": Fraction(1, 1000), "u": Fraction(1, 10**6), "n": Fraction(1, 10**9)},
    is_whole=False,
)
"""Cores of CPU, as Kubernetes and Docker write them."""

PERCENT = Unit("a percentage", "percent", {"%": Fraction(1)})
"""Hundredths."""

QUANTITY = Unit(
    "a target value",
    "one",
    {
        "m": Fraction(1, 1000),
        **{suffix: Fraction(1000**power) for power, suffix in enumerate(("k", "M", "G", "T"), 1)},
        **{suffix: Fraction(1024**power) for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)},
    },
    is_whole=False,
)
"""Values of metrics, as Kubernetes writes them."""
