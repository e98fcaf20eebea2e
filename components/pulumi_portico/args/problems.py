"""Problems as data, the collector that reports all of them at once, and the exceptions that carry them.

    PorticoError            anything that Portico rejects or can't do
    └── ArgumentError       arguments that a component rejects

Both are Pulumi ``RunError``s: `pulumi up` prints their message without a traceback.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Optional, TypeVar, Union

import pulumi

from ..untyped import Parameters
from .codes import Code, define
from .concealment import concealed_at, shown_key
from .display import LINE, as_data, cut_data, escaped, parameter_text, shown_path, value_text
from .location import ROOT, Field, Key, KeyStyle, Location
from .secrets import Secret, redacted, texts_of
from .similar_names import KnownNames

__all__ = [
    "ABSENT",
    "ArgumentError",
    "Edit",
    "Move",
    "PorticoError",
    "Problem",
    "Problems",
    "Reason",
    "Remove",
    "Set",
    "Unavailable",
    "available",
]


class _Absent:
    """The type of `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Any = _Absent()
"""In place of a value where there is none; None is a value."""


@dataclass(frozen=True)
class Set:
    """A fix: set the value at a location."""

    location: Location
    value: Any


@dataclass(frozen=True)
class Remove:
    """A fix: remove the value at a location."""

    location: Location


@dataclass(frozen=True)
class Move:
    """A fix: move the value at a location to another one; within one mapping, rename its key."""

    location: Location
    to: Location


Edit = Union[Set, Remove, Move]
"""A change of the arguments that a program can apply."""


class Reason(NamedTuple):
    """Why a rule rejects a value. The caller adds the value and its location."""

    code: Code
    params: Parameters = {}
    suggestion: Any = ABSENT
    """The value to write instead, if there is one."""


class Unavailable(Exception):
    """A rule needs a value that is invalid or missing, which is reported already. `Problems.run` catches it."""


V = TypeVar("V")
D = TypeVar("D")


def available(read: Callable[[], V], default: D) -> Union[V, D]:
    """What `read` returns, or the default if a value that it needs is unavailable."""
    try:
        return read()
    except Unavailable:
        return default


UNKNOWN = define(
    "unknown-argument", "Unknown argument {name}.", allowed="{known}", hint="Remove it, or use an argument that exists."
)
MISSING = define("missing", "This argument is required.", allowed="{what}")
EXCLUSIVE = define("mutually-exclusive", "Set only one of {fields}.", hint="Keep one of them.")


@dataclass(frozen=True)
class Problem:
    """One thing that's wrong with the arguments."""

    code: Code
    location: Location
    """Where the value is in the arguments; empty for the arguments, or a file, as a whole."""
    params: Parameters = field(default_factory=dict[str, Any])
    """What the code's templates name."""
    value: Any = ABSENT
    """The rejected value; `ABSENT` if there is none or it must not be shown."""
    secret: bool = False
    """Whether the value must not be shown."""
    edits: tuple[Edit, ...] = ()
    """The changes that fix it; empty if none is known."""
    place: str = ""
    """The file, line, and column; empty if no file is known."""
    style: KeyStyle = field(default=KeyStyle.PYTHON, compare=False)
    """How its reader writes field names."""

    def __post_init__(self) -> None:
        """Remove secrets that are where they don't belong, however the problem was found."""
        value = self.value
        shown = value if value is ABSENT else concealed_at(self.location, value)
        last = self.location[-1] if self.location else ""
        hides_key = isinstance(last, Key) and shown_key(self.location) != last
        if shown is value and not hides_key:
            return
        texts = [*(() if shown is value else texts_of(value)), *([str(last)] if hides_key else ())]
        is_whole = isinstance(shown, Secret)
        object.__setattr__(self, "value", ABSENT if is_whole else shown)
        object.__setattr__(self, "secret", self.secret or is_whole)
        object.__setattr__(self, "params", {name: redacted(param, texts) for name, param in self.params.items()})
        # An edit can quote a value, or what follows from it.
        object.__setattr__(self, "edits", ())

    @property
    def path(self) -> str:
        """The location as the reader writes it."""
        return shown_path(self.location, self.style)

    @property
    def message(self) -> str:
        """What's wrong, as a sentence."""
        return self._filled(self.code.message)

    @property
    def allowed(self) -> str:
        """What's allowed there; empty if the message says it."""
        return self._filled(self.code.allowed)

    @property
    def fix(self) -> str:
        """The fix, as a sentence; empty if none is known."""
        if self.edits:
            text = ", and ".join(_edit_text(edit, self) for edit in self.edits)
            return f"{text[0].upper()}{text[1:]}."
        is_known = self.code.hint_params <= {*self.params, "value"}
        return self._filled(self.code.hint) if is_known else ""

    def __str__(self) -> str:
        lines = [": ".join(part for part in (self.place, escaped(self.path), self.message) if part)]
        if allowed := self.allowed:
            lines.append(f"  allowed: {allowed}")
        if fix := self.fix:
            lines.append(f"  fix: {fix}")
        return "\n".join(lines)

    def as_data(self) -> dict[str, Any]:
        """The problem for programs, as JSON has it."""
        return {
            "code": self.code.name,
            "location": as_data(self.location, self.style),
            "params": {name: cut_data(as_data(value, self.style)) for name, value in self.params.items()},
            "value": None if self.value is ABSENT else cut_data(as_data(self.value, self.style), LINE),
            "edits": [_edit_data(edit, self.style) for edit in self.edits],
            "place": self.place,
            "path": self.path,
            "message": self.message,
            "allowed": self.allowed,
            "fix": self.fix,
        }

    def without_secrets(self, texts: Collection[str], *, hides_value: bool = False) -> "Problem":
        """The problem without these texts. `hides_value` is whether the value, or a part of it, is secret itself."""
        hides = hides_value or redacted(self.value, texts) is not self.value
        params = {name: redacted(param, texts) for name, param in self.params.items()}
        is_changed = hides or any(params[name] is not param for name, param in self.params.items())
        if not is_changed:
            return self
        # An edit can quote a value, or what follows from it.
        value, secret = (ABSENT, True) if hides else (self.value, self.secret)
        return replace(self, value=value, secret=secret, params=params, edits=())

    def _filled(self, template: str) -> str:
        if "{" not in template:
            return template
        shown = {name: parameter_text(value, self.style) for name, value in self.params.items()}
        return template.format(value="[secret]" if self.secret else value_text(self.value, self.style), **shown)


def _edit_text(edit: Edit, problem: Problem) -> str:
    style, near = problem.style, problem.location.parent

    def shown(location: Location) -> str:
        # The last step is enough for what is beside the value; the reader sees the value's own path already.
        last = location[-1:] if location.parent == near and not isinstance(location[-1], int) else location
        is_near = last is not location and style is KeyStyle.STACK
        text = shown_path(Location(last), KeyStyle.CAMEL if is_near else style)
        return f"`{escaped(text)}`"

    if isinstance(edit, Set):
        return f"set {shown(edit.location)} to {value_text(edit.value, style)}"
    if isinstance(edit, Remove):
        return f"remove {shown(edit.location)}"
    if edit.location.parent == edit.to.parent:
        return f"rename {shown(edit.location)} to {shown(edit.to)}"
    return f"move {shown(edit.location)} to {shown(edit.to)}"


def _edit_data(edit: Edit, style: KeyStyle) -> dict[str, Any]:
    at = as_data(edit.location, style)
    if isinstance(edit, Set):
        return {"action": "set", "location": at, "value": as_data(edit.value, style)}
    if isinstance(edit, Remove):
        return {"action": "remove", "location": at}
    return {"action": "move", "location": at, "to": as_data(edit.to, style)}


class PorticoError(pulumi.RunError):
    """Anything that Portico rejects or can't do."""


class ArgumentError(PorticoError):
    """Arguments that a component rejects: every problem of one component, or of one stack, at once.

    Not a ValueError: if an Output raises one, Pulumi wraps it into a message of its own, which prints every sibling
    value, secrets included.
    """

    problems: tuple[Any, ...]
    """The problems, in the order of the arguments."""

    def __init__(self, subject: str, problems: Iterable[Any]) -> None:
        self.problems = tuple(problems)
        count = "a problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        body = "\n".join("  " + line for problem in self.problems for line in str(problem).splitlines())
        super().__init__(f"{parameter_text(subject, KeyStyle.PYTHON)} has {count}:\n{body}")


@dataclass
class Problems:
    """Collects the problems of one component or stack, so that all of them are reported together."""

    subject: str
    """Whose arguments these are, such as ``WebService "api"``."""
    found: list[Any] = field(default_factory=list[Any])
    style: KeyStyle = KeyStyle.PYTHON
    """How the reader of the problems writes field names."""
    written: dict[Location, Location] = field(default_factory=dict[Location, Location])
    """Where values are whose names are wrong, by the location of the name that the fix gives them."""
    _within: set[Location] = field(default_factory=set[Location], init=False, repr=False, compare=False)
    """The locations of the first `_counted` problems, and of what holds them."""
    _names: dict[int, tuple[Collection[str], KnownNames]] = field(
        default_factory=dict[int, "tuple[Collection[str], KnownNames]"], init=False, repr=False, compare=False
    )
    _counted: int = field(default=0, init=False, repr=False, compare=False)

    def report(
        self,
        code: Code,
        location: Location,
        *,
        value: Any = ABSENT,
        secret: bool = False,
        fix: Union[Edit, Sequence[Edit], None] = None,
        **params: Any,
    ) -> None:
        """Report a problem. `secret` keeps the value, and a fix that could quote it, out of the problem."""
        edits = () if fix is None or secret else (fix,) if isinstance(fix, (Set, Remove, Move)) else tuple(fix)
        if self.written:
            location = self._as_written(location)
            edits = tuple(self._edit_as_written(edit) for edit in edits)
            params = {
                name: self._as_written(param) if isinstance(param, Location) else param
                for name, param in params.items()
            }
        kept = ABSENT if secret else value
        if secret and (texts := texts_of(value)):
            params = {name: redacted(param, texts) for name, param in params.items()}
        self.found.append(Problem(code, location, params, kept, secret, edits, style=self.style))

    def _as_written(self, location: Location) -> Location:
        for length in range(len(location), 0, -1):
            if found := self.written.get(Location(location[:length])):
                return found.join(location[length:])
        return location

    def _edit_as_written(self, edit: Edit) -> Edit:
        at = self._as_written(edit.location)
        if isinstance(edit, Set):
            return Set(at, edit.value)
        return Remove(at) if isinstance(edit, Remove) else Move(at, edit.to)

    def reject(
        self, location: Location, value: Any, reason: Reason, *, secret: bool = False, is_key: bool = False
    ) -> None:
        """Report that a rule rejects the value at a location, or the last key of the location."""
        fix: Optional[Edit] = None
        if reason.suggestion is not ABSENT:
            renamed = location.parent / Key(reason.suggestion) if is_key else ROOT
            fix = Move(location, renamed) if is_key else Set(location, reason.suggestion)
        self.report(reason.code, location, value=value, secret=secret, fix=fix, **reason.params)

    def report_missing(self, location: Location, what: Any, *, fix: Optional[Edit] = None) -> None:
        """Report that a required argument isn't set; `what` says what it is."""
        self.report(MISSING, location, what=what, fix=fix)

    def report_unknown(self, location: Location, known: Iterable[str], *, meant: Optional[str] = None) -> None:
        """Report an argument that doesn't exist, by its location; `known` are the fields that do. The fix renames it to
        `meant`.

        Without `meant`, there is no fix: removing the argument would lose what the user wrote.
        """
        edit = None if meant is None else Move(location, location.parent / meant)
        fields = [Field(field) for field in sorted(known)]
        self.report(UNKNOWN, location, name=str(location[-1]), known=fields, fix=edit)

    def report_exclusive(self, location: Location, *others: str, fix: Union[Edit, Sequence[Edit], None] = None) -> None:
        """Report arguments that exclude each other: the one at the location, and the fields beside it."""
        fields = [Field(name) for name in (*others, str(location[-1]))]
        self.report(EXCLUSIVE, location, fields=fields, fix=fix)

    def run(self, rule: Callable[..., None], *args: Any) -> None:
        """Apply a rule, `rule(*args, problems)`, unless a value that it needs is unavailable."""
        try:
            rule(*args, self)
        except Unavailable:
            return

    def has_within(self, location: Location) -> bool:
        """Whether a problem is reported at the location or below it."""
        for problem in self.found[self._counted :]:
            at = problem.location if isinstance(problem, Problem) else ROOT
            self._within |= {Location(at[:length]) for length in range(len(at) + 1)}
        self._counted = len(self.found)
        return self._as_written(location) in self._within

    def names(self, known: Collection[str]) -> KnownNames:
        """What finds misspelled ones among names, made once for a collection that stays as it is."""
        if id(known) not in self._names:
            # The collection is kept, so that no other one has its ID.
            self._names[id(known)] = known, KnownNames(known)
        return self._names[id(known)][1]

    def raise_if_any(self) -> None:
        """Raise one `ArgumentError` with every problem, if there is any."""
        if self.found:
            raise ArgumentError(self.subject, self.found)
