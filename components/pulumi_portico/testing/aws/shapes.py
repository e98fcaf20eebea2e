"""Parameters held against botocore's model of a service.

botocore itself looks at required members, types and lower bounds; the model has choices, upper bounds and patterns too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

import botocore.session
from botocore.validate import ParamValidator

from ...untyped import Properties

__all__ = ["problems_of"]


@cache
def _service(name: str) -> Any:
    return cast("Any", botocore.session.get_session()).get_service_model(name)


def problems_of(service: str, operation: str, params: Properties) -> list[str]:
    """What the model of the service has against the parameters of a call."""
    shape = _service(service).operation_model(operation).input_shape
    report: Any = ParamValidator().validate(params, shape)
    found: list[str] = report.generate_report().splitlines() if report.has_errors() else []
    return [*found, *_beyond(shape, params, "")]


def _beyond(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        for name, held in cast("Properties", value).items():
            if name in shape.members:
                yield from _beyond(shape.members[name], held, f"{path}.{name}".lstrip("."))
    elif kind == "list" and isinstance(value, Sequence) and not isinstance(value, str):
        items = cast("Sequence[Any]", value)
        most = shape.metadata.get("max")
        if most is not None and len(items) > most:
            yield f"{path} has {len(items)} items, and AWS allows at most {most}"
        for at, item in enumerate(items):
            yield from _beyond(shape.member, item, f"{path}[{at}]")
    elif kind == "string" and isinstance(value, str):
        yield from _text(shape.metadata, value, path)
    elif kind in ("integer", "long") and isinstance(value, int):
        most = shape.metadata.get("max")
        if most is not None and value > most:
            yield f"{path} is {value}, and AWS allows at most {most}"


def _text(metadata: Properties, value: str, path: str) -> Iterator[str]:
    choices, pattern, most = (metadata.get(name) for name in ("enum", "pattern", "max"))
    if choices and value not in choices:
        yield f"{path} is {value!r}; AWS allows {', '.join(choices)}"
    if most is not None and len(value) > most:
        yield f"{path} is {len(value)} characters long, and AWS allows at most {most}"
    if pattern is not None and not _fits(pattern, value):
        yield f"{path} is {value!r}, which doesn't match {pattern}"


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        # A few are in the dialect of Java, such as \\p{L}: which can't be decided here.
        return True
