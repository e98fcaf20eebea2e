"""Text that becomes part of an annotation that lists values, or pairs of a key and a value."""

from typing import Optional

from ..args.codes import define
from ..args.names import NAME_TOO_LONG
from ..args.parse import Field, Rule
from ..args.problems import ABSENT, Reason
from ..args.values import EMPTY, printable, some

__all__ = ["ATTRIBUTES", "LIST", "TAGS", "without_separators"]

_LENGTH = 1024
"""The longest of these texts on any platform: a folder in an S3 bucket, as long as an object's key."""

SEPARATOR_IN_TEXT = define(
    "separator-in-text",
    "{value} contains a comma or an equals sign, which separate values in the annotation.",
    allowed="{what} without commas and equals signs",
)
AMBIGUOUS_TEXT = define(
    "ambiguous-text-in-annotation",
    "{value} starts or ends with a space, or contains a backslash, and controllers don't keep these.",
    allowed="{what} without spaces at either end, and without backslashes",
)


def without_separators(what: str) -> Rule:
    """Text that isn't empty and doesn't contain the separators; `what` says what it is."""

    def rule(value: str) -> Optional[Reason]:
        if not value:
            return Reason(EMPTY, {"what": what})
        if len(value) > _LENGTH:
            return Reason(NAME_TOO_LONG, {"excess": len(value) - _LENGTH, "most": _LENGTH})
        if set(value) & set(",="):
            return Reason(SEPARATOR_IN_TEXT, {"what": what})
        if value != value.strip() or "\\" in value:
            # A backslash escapes the next comma, and a text of spaces counts as none: a list of such groups admits
            # everyone.
            kept = value.replace("\\", "").strip()
            return Reason(AMBIGUOUS_TEXT, {"what": what}, kept or ABSENT)
        return printable(value)

    return rule


TAGS = Field(some("at least one tag"), keys=without_separators("a tag key"), items=without_separators("a tag value"))
ATTRIBUTES = Field(
    some("at least one attribute"),
    keys=without_separators("an attribute key"),
    items=without_separators("an attribute value"),
)
LIST = Field(some(), items=without_separators("a name or an ID"))
