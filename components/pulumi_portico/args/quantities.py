"""Quantities as Kubernetes writes them: 500m, 64Mi, 1e3."""

import re
from decimal import Decimal
from typing import Any, Optional

from .codes import define
from .problems import Reason

__all__ = ["QUANTITY", "check_quantity", "quantity_number"]

QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?")
_POWERS = {name: index for index, name in enumerate(("", "K", "M", "G", "T", "P", "E"))}
_SMALL = {"n": -9, "u": -6, "m": -3}

INVALID_QUANTITY = define(
    "invalid-quantity", "{value} isn't a quantity.", allowed="a number, with a suffix if any, such as 500m, 64Mi, or 4"
)


def check_quantity(value: str) -> Optional[Reason]:
    """Why a text isn't a quantity, if it isn't one."""
    return None if QUANTITY.fullmatch(value) else Reason(INVALID_QUANTITY)


def quantity_number(value: Any) -> Optional[Decimal]:
    """A quantity as a number of its base unit; None if it isn't one, or isn't known yet."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(str(value))
    match = QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    number, suffix = Decimal(match[1]), match[2] or ""
    if suffix.endswith("i"):
        return number * 1024 ** _POWERS[suffix[0]]
    if len(suffix) > 1 and suffix[0] in "eE":
        return number * Decimal(10) ** int(suffix[1:])
    return number * Decimal(10) ** (_SMALL[suffix] if suffix in _SMALL else 3 * _POWERS[suffix.upper()])
