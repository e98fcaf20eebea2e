"""Schedules and time zones of CronJobs, as the API server accepts them.

Source: `validateCronJobSpec` of Kubernetes (pkg/apis/batch/validation), and the parser that it uses
(github.com/robfig/cron, `ParseStandard`).
"""

import re
import zoneinfo
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, Optional

from ..args.codes import define
from ..args.location import Field
from ..args.problems import ABSENT, Reason
from ..args.similar_names import nearest

__all__ = ["schedule_rule", "time_zone_rule"]

INVALID_SCHEDULE = define(
    "invalid-schedule",
    "{value} isn't a schedule of cron.",
    allowed="five fields (minute, hour, day of the month, month, day of the week), such as 30 2 * * 1-5; or one of "
    "{descriptors}; or @every and a duration, such as @every 1h30m",
)
SCHEDULE_FIELD = define(
    "invalid-schedule-field",
    "{part} isn't a value of the field for the {field} in the schedule {value}.",
    allowed="*, numbers from {least} to {most}, names such as JAN and MON in their fields, ranges such as "
    "{least}-{most}, steps such as */2, and several of them with commas",
)
SCHEDULE_NEVER = define(
    "schedule-never",
    "No date matches the schedule {value}: none of its months has that day.",
    allowed="days that exist",
)
SCHEDULE_WITH_TIME_ZONE = define(
    "schedule-with-time-zone",
    "Kubernetes rejects a time zone within the schedule {value}.",
    allowed="the time zone as {field}",
    hint="Remove it from the schedule, and set {field}.",
)
UNKNOWN_TIME_ZONE = define(
    "unknown-time-zone",
    "{value} isn't the name of a time zone.",
    allowed="a name of the IANA time zone database, such as Europe/Berlin",
)


class _Field(NamedTuple):
    """A field of a schedule."""

    title: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    """The names of the numbers from `least` on."""


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)
_DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_EVERY = re.compile(r"@every +(?=[0-9])([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?")
_EVERY_VALUE = ("*", "?")
_RANGE = re.compile(r"(?P<first>[*?]|\w{1,9})(?:-(?P<last>\w{1,9}))?(?:/(?P<step>[0-9]{1,9}))?", re.ASCII)
_LONGEST_MONTH: Mapping[int, int] = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
"""The days of the months that have fewer than 31."""
_LAST_DAY = 31


def schedule_rule(value: str) -> Optional[Reason]:
    """A schedule of a CronJob."""
    if "TZ" in value:
        return Reason(SCHEDULE_WITH_TIME_ZONE, {"field": Field("time_zone")})
    if value.startswith("@"):
        return None if value in _DESCRIPTORS or _EVERY.fullmatch(value) else _not_a_schedule()
    parts = value.split()
    if len(parts) != len(_FIELDS) or not value.isascii():
        return _not_a_schedule()
    numbers: list[frozenset[int]] = []
    for part, field in zip(parts, _FIELDS, strict=True):
        found = _numbers(part, field)
        if found is None:
            return Reason(
                SCHEDULE_FIELD, {"part": part, "field": field.title, "least": field.least, "most": field.most}
            )
        numbers.append(found)
    return _never(numbers, parts)


def _not_a_schedule() -> Reason:
    return Reason(INVALID_SCHEDULE, {"descriptors": _DESCRIPTORS})


def _numbers(part: str, field: _Field) -> Optional[frozenset[int]]:
    """The numbers that a field of a schedule matches; None if it's invalid."""
    found = frozenset[int]()
    for item in part.split(","):
        one = _numbers_of_range(item, field)
        if one is None:
            return None
        found |= one
    return found


def _numbers_of_range(item: str, field: _Field) -> Optional[frozenset[int]]:
    match = _RANGE.fullmatch(item)
    if match is None:
        return None
    first, last, step = match["first"], match["last"], int(match["step"] or 1)
    if first in _EVERY_VALUE:
        start: Optional[int] = field.least
        end: Optional[int] = field.most if last is None else None
    else:
        start = _number(first, field)
        end = start if last is None else _number(last, field)
        if last is None and match["step"]:
            end = field.most
    if start is None or end is None or step == 0 or not field.least <= start <= end <= field.most:
        return None
    return frozenset(range(start, end + 1, step))


def _number(text: str, field: _Field) -> Optional[int]:
    if text.lower() in field.names:
        return field.least + field.names.index(text.lower())
    return int(text) if text.isdecimal() else None


def _never(numbers: list[frozenset[int]], parts: list[str]) -> Optional[Reason]:
    """The reason if the day of the month exists in none of the months."""
    _, _, days, months, _ = numbers
    # A day of the week that isn't every day is an alternative to the day of the month.
    if not parts[4].startswith(_EVERY_VALUE):
        return None
    exists = any(min(days) <= _LONGEST_MONTH.get(month, _LAST_DAY) for month in months)
    return None if exists else Reason(SCHEDULE_NEVER)


@cache
def _time_zones() -> frozenset[str]:
    """The time zones of this machine; none if it has no database."""
    return frozenset(zoneinfo.available_timezones())


_ZONE = re.compile(r"(?!-)[A-Za-z0-9._+-]+(/(?!-)[A-Za-z0-9._+-]+)*")


def time_zone_rule(value: str) -> Optional[Reason]:
    """The name of a time zone."""
    known = _time_zones() - {"localtime", "Factory"}
    is_valid = value in known if known else bool(_ZONE.fullmatch(value)) and value.lower() != "local"
    if is_valid:
        return None
    close = nearest(value, known) or {zone.lower(): zone for zone in known}.get(value.lower())
    return Reason(UNKNOWN_TIME_ZONE, suggestion=close or ABSENT)
