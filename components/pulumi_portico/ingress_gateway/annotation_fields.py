"""The fields of a route or a gateway for what Ingresses request by annotations, and their values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..args.elsewhere import Steps, Values
from ..args.forms import list_of
from ..args.units import SECONDS, Unit

__all__ = [
    "BALANCING",
    "REDIRECT",
    "SOURCES",
    "TIMEOUTS",
    "AnnotationField",
    "choice_of",
    "default_of",
    "field_for",
    "field_with_decision",
    "headers_of",
    "number_of",
    "path_of",
    "rate_of",
    "secret_of",
    "switch_of",
    "text_of",
    "whole_of",
    "written_anyway",
]


@dataclass(frozen=True)
class AnnotationField:
    """The field that does what an annotation does."""

    name: str
    """The dotted way from the route, in snake_case; from the gateway if it's a field of that."""
    values: Callable[[Any], Optional[Values]]
    """The values of the route's fields that mean the same, by the way to them; None if the fix can't express them."""


def field_for(path: str, convert: Callable[[Any], Any]) -> AnnotationField:
    """The field of a way that `convert` makes the value of; it returns None if it can't."""

    def values(text: Any) -> Optional[Values]:
        value = convert(text)
        return None if value is None else {tuple(path.split(".")): value}

    return AnnotationField(path, values)


def field_with_decision(path: str) -> AnnotationField:
    """A field that needs a decision, or is of the gateway."""
    return AnnotationField(path, lambda _text: None)


def default_of(path: str, *texts: str) -> AnnotationField:
    """A field whose default is what these texts mean."""
    return AnnotationField(path, lambda text: {} if str(text).lower() in texts else None)


def written_anyway(path: str) -> AnnotationField:
    """A field for which Portico writes the annotation, whatever its value is."""
    return AnnotationField(path, lambda _text: {})


def text_of(text: Any) -> Any:
    """A text that isn't empty."""
    return text if isinstance(text, str) and text else None


def switch_of(text: Any) -> Optional[bool]:
    """A switch: true, on, false, or off."""
    return {"true": True, "on": True, "false": False, "off": False}.get(str(text).lower())


def whole_of(text: Any) -> Optional[int]:
    """A whole number."""
    return int(text) if re.fullmatch("[0-9]{1,9}", str(text)) else None


def number_of(unit: Unit) -> Callable[[Any], Any]:
    """A number with or without a unit."""
    return lambda text: whole_of(text) if whole_of(text) is not None else unit.number_of(text)


def secret_of(text: Any) -> Optional[str]:
    """The name of a Secret of the same namespace."""
    # One of another namespace needs a decision.
    return None if "/" in str(text) else text_of(text)


def path_of(text: Any) -> Optional[str]:
    """A path without captures."""
    return text if isinstance(text, str) and text.startswith("/") and "$" not in text else None


def choice_of(choices: Mapping[str, str]) -> Callable[[Any], Optional[str]]:
    """A choice, by another name."""
    return lambda text: choices.get(str(text))


def headers_of(text: Any) -> Optional[Mapping[str, str]]:
    """Headers, separated by commas."""
    pairs = [item.partition(":") for item in str(text).split(",")]
    if not all(sign and name.strip() for name, sign, _ in pairs):
        return None
    return {name.strip(): value.strip().removesuffix(":always") for name, _, value in pairs}


def rate_of(per: str) -> Callable[[Any], Optional[Values]]:
    """A number of requests per second or minute."""

    def values(text: Any) -> Optional[Values]:
        requests = whole_of(text)
        minute: Mapping[Steps, Any] = {("rate_limit", "per"): "minute"} if per == "minute" else {}
        return None if requests is None else {("rate_limit", "requests"): requests, **minute}

    return values


TIMEOUTS = {name: field_for(f"timeouts.{name}", number_of(SECONDS)) for name in ("connect", "read", "send")}
BALANCING = {
    "round_robin": "round-robin",
    "least_conn": "least-connections",
    "ewma": "fastest",
    "ip_hash": "client-address",
}
SOURCES = field_for("allowed_sources", list_of)
REDIRECT = default_of("https_redirect", "true")
