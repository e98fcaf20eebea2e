"""Raw arguments of a controller's program: those without a field, held against what the program accepts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

from ...args.codes import define
from ...args.location import FieldPath, Location
from ...args.problems import Problems, Reason, Remove, Set
from ...args.similar_names import nearest

__all__ = ["FREE", "KnownArgument", "Use", "check_arguments", "known_arguments", "program_argument"]

_ARGUMENT = re.compile(r"--?(?P<name>[a-z][a-z0-9-]*)(=.*)?")


class Use(Enum):
    """What an argument of a program is for."""

    FREE = "free"
    """It has no field, and you can set it."""

    OWN = "own"
    """Portico sets it, or relies on its default."""

    ACCESS = "access"
    """It changes who can connect to the controller, or to which ports."""

    CONFIGURATION = "configuration"
    """It changes who can write nginx's configuration, or what is checked of it."""

    EDITION = "edition"
    """It needs another edition of the controller, or rights and objects that Portico doesn't create."""


@dataclass(frozen=True)
class KnownArgument:
    """An argument that a controller's program has."""

    use: Use
    field: Optional[Location] = None
    """The field of the gateway that sets it, if there is one."""


FREE = KnownArgument(Use.FREE)

NOT_AN_ARGUMENT = define(
    "not-a-program-argument",
    "{value} isn't an argument of a program.",
    allowed="a name, and a value after an equals sign, such as -nginx-reload-timeout=90000",
)
UNKNOWN_ARGUMENT = define(
    "unknown-program-argument",
    "{controller} {version} has no argument {name}, and doesn't start with it.",
    allowed="arguments of version {version}; others with an {image} of another version",
)
ARGUMENT_OF_FIELD = define("program-argument-of-field", "{field} sets the argument {name}.", allowed="only {field}")
REPEATED_ARGUMENT = define("program-argument-repeated", "The argument {name} is in the list twice.")
_REJECTED = {
    Use.OWN: define("program-argument-of-portico", "Portico sets the argument {name}, or relies on its default."),
    Use.ACCESS: define(
        "program-argument-opens-controller",
        "With the argument {name}, the controller accepts connections that Portico doesn't know of.",
    ),
    Use.CONFIGURATION: define(
        "program-argument-configures-nginx",
        "The argument {name} changes who can write nginx's configuration, or what is checked of it.",
    ),
    Use.EDITION: define(
        "program-argument-of-other-edition",
        "The argument {name} needs another edition of the controller, or rights and objects that Portico doesn't "
        "create.",
    ),
}


def known_arguments(fields: Mapping[str, str], uses: Mapping[Use, str]) -> Mapping[str, KnownArgument]:
    """The arguments of a program: those that fields set, and the others by their use, with spaces between them."""
    known = {name: KnownArgument(Use.OWN, FieldPath(field.split("."))) for name, field in fields.items()}
    others = {name: KnownArgument(use) for use, names in uses.items() for name in names.split()}
    return {**others, **known}


def program_argument(value: str) -> Optional[Reason]:
    """One argument of a program, with its value."""
    return None if _ARGUMENT.fullmatch(value) else Reason(NOT_AN_ARGUMENT)


def check_arguments(
    arguments: Iterable[str],
    at: Location,
    known: Mapping[str, KnownArgument],
    program: Mapping[str, str],
    problems: Problems,
    *,
    is_version_known: bool,
) -> None:
    """Report arguments that a controller's program doesn't have, or that aren't for users to set. `program` has its
    title and its version."""
    seen: set[str] = set()
    for index, argument in enumerate(arguments):
        match = _ARGUMENT.fullmatch(argument)
        if match is None:
            continue
        name, where = match["name"], at / index
        found = known.get(name)
        if name in seen:
            problems.report(REPEATED_ARGUMENT, where, name=name, fix=Remove(where))
        elif found is None:
            if is_version_known:
                close = nearest(name, [other for other, each in known.items() if each.use is Use.FREE])
                fix = Set(where, argument.replace(name, close, 1)) if close else Remove(where)
                params: dict[str, Any] = {**program, "name": name, "image": FieldPath(("image",))}
                problems.report(UNKNOWN_ARGUMENT, where, value=argument, fix=fix, **params)
        elif found.field is not None:
            problems.report(ARGUMENT_OF_FIELD, where, value=argument, name=name, field=found.field, fix=Remove(where))
        elif found.use is not Use.FREE:
            problems.report(_REJECTED[found.use], where, value=argument, name=name, fix=Remove(where))
        seen.add(name)
