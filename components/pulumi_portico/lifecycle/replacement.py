"""When a change replaces a load balancer: its address changes, and sometimes the new one can't be created first.

A judgment is data. It becomes text in the engine's log, at the edge.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pulumi.output import Unknown

from ..args.codes import Code, define
from ..args.display import parameter_text, value_text
from ..args.location import Field, FieldPath, KeyStyle, Location
from ..untyped import Parameters, Properties

__all__ = ["COMPONENT", "Change", "Finding", "Judgment", "Lines", "State", "judge", "recorded_state"]

COMPONENT = "PublicLoadBalancer"
"""The default of whose load balancer it is."""

State = Properties
"""What a component records of its load balancer: `recorded_state`, its addresses as outputs, and for a load balancer
that Pulumi owns also `grown` and `numbers`."""

# The engine's state has these keys, so they can't be renamed.
_IDENTITY, _EXCLUSIVE, _PROTECTED, _GROWING, _PRIORITIES = "identity", "held", "protected", "grown", "numbers"
_NAMESPACE = "namespace"
_LABELS = {"primary address_family": "the primary IP version"}
"""How recorded names that aren't fields read in a message."""

REPLACED = define(
    "load-balancer-replaced",
    "{subject} is replaced, because {changes}. The new load balancer is created first and has another address. "
    "{addresses} stops working afterwards.",
    hint="Point DNS and firewalls to the new address.",
)
ADDRESS_CHANGES = define(
    "load-balancer-address-changes",
    "{subject} changes its address, because {fields} changes. {addresses} stops working.",
    hint="Point DNS and firewalls to the new address.",
)
BLOCKED = define(
    "load-balancer-replacement-blocked",
    "{subject} must be replaced, because {changes}. That isn't possible in one step: the new load balancer is created "
    "before the old one is deleted, so that clients can always connect.",
)
CANNOT_SHARE = define(
    "load-balancers-cannot-share",
    "The two can't have the same {fields} at the same time.",
    hint="Deploy in two steps:\n"
    "1. Make this change, and remove {fields} or set other values. Run pulumi up.\n"
    "2. When the old load balancer is deleted, set {fields} again. Run pulumi up.",
)
TARGET_GROUPS_IN_USE = define(
    "target-groups-in-use",
    "A target group can belong to only one load balancer.",
    hint="Deploy in two steps:\n"
    "1. Create another {component} with its own targets, and point clients to it. Run pulumi up.\n"
    "2. When no client uses this one, remove it. Run pulumi up.",
)
DELETION_PROTECTED = define(
    "load-balancer-deletion-protected",
    "{field} prevents the deletion of the old load balancer.",
    hint="Deploy in two steps:\n"
    "1. Set {field} to false, and change nothing else. Run pulumi up.\n"
    "2. Make this change. Run pulumi up. You can set {field} to true again.",
)
PRIORITY_IN_USE = define(
    "rule-priority-in-use",
    "The rule for {after} gets the priority {priority} on port {port}, which the rule for {before} has. {subject} "
    "can't change both in one step, because AWS allows each priority once, and the old rule is deleted after the new "
    "one is created.",
    hint="Give the new route a priority that no other route has. Or deploy in two steps:\n"
    "1. Remove or change the old route, and leave out the new one. Run pulumi up.\n"
    "2. Add the new route. Run pulumi up.",
)


@dataclass(frozen=True)
class Change:
    """A recorded value that changes."""

    name: str
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """The change in words."""
        label = _LABELS.get(self.name, f"`{self.name}`")
        return f"{label} changes from {_shown(self.before)} to {_shown(self.after)}"


class Lines(tuple[str, ...]):
    """A parameter of a finding whose items are each on a line of their own."""


@dataclass(frozen=True)
class Finding:
    """One thing to know about a change."""

    code: Code
    params: Parameters = field(default_factory=dict[str, Any])

    @property
    def text(self) -> str:
        """The finding in words, with the steps of the migration, if there are any."""
        shown = {name: _parameter(value) for name, value in self.params.items()}
        return "\n".join(part.format(**shown) for part in (self.code.message, self.code.hint) if part)


@dataclass(frozen=True)
class Judgment:
    """What a change of a load balancer means."""

    changes: tuple[Change, ...] = ()
    """Why it is replaced; empty if it is updated."""
    blockers: tuple[Finding, ...] = ()
    """Why the change isn't possible in one step; empty if it is."""
    warnings: tuple[Finding, ...] = ()

    @property
    def rejection(self) -> str:
        """Why the change isn't possible, in words; empty if it is."""
        return "\n".join(finding.text for finding in self.blockers)


def recorded_state(
    identity: Properties, exclusive: Properties, *, is_protected: bool, namespace: Any = None
) -> dict[str, Any]:
    """What a component records: values whose change replaces the load balancer, values that no two can share, whether
    the cloud refuses to delete it, and the namespace of its Service."""
    recorded: dict[str, Any] = {_IDENTITY: identity, _EXCLUSIVE: exclusive, _PROTECTED: is_protected}
    return recorded if namespace is None else {**recorded, _NAMESPACE: namespace}


def judge(name: str, old: State, new: State, addresses: Sequence[str], component: str = COMPONENT) -> Judgment:
    """What the change of a component's recorded state from `old` to `new` means. `addresses` are its present ones."""
    subject = f'{component} "{name}"'
    known = list(addresses) or ["The present address"]
    lost = tuple(_lost(old, new))
    changes = (*_changed(old.get(_IDENTITY, {}), new.get(_IDENTITY, {})), *lost)
    # A Service in another namespace is another one. That its address goes is a finding about the stack as a whole.
    moves = tuple(_changed(_namespace_of(old), _namespace_of(new)))
    if moves and not changes:
        blockers = tuple(_blockers(old, new, component, lost=False))
        found = (Finding(BLOCKED, {"subject": subject, "changes": moves}), *blockers) if blockers else ()
        return Judgment(moves, found)
    if not changes:
        return Judgment(
            (), tuple(_priorities_in_use(subject, old, new)), tuple(_changed_in_place(subject, old, new, known))
        )
    params = {"subject": subject, "changes": changes}
    blockers = tuple(_blockers(old, new, component, lost=bool(lost)))
    if blockers:
        return Judgment(changes, (Finding(BLOCKED, params), *blockers))
    return Judgment(changes, (), (Finding(REPLACED, {**params, "addresses": known}),))


def _changed(old: Properties, new: Properties) -> Iterator[Change]:
    # A component of an older version may not have recorded a value, which then doesn't count as changed.
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield Change(name, old[name], new[name])


def _namespace_of(state: State) -> Properties:
    """The recorded namespace; nothing if none is recorded, or if it isn't known yet, which is no change."""
    namespace = state.get(_NAMESPACE)
    return {} if namespace is None or isinstance(namespace, Unknown) else {_NAMESPACE: namespace}


def _lost(old: State, new: State) -> Iterator[Change]:
    """Lists that can grow in place, and lose an item only by a replacement."""
    for name, before in old.get(_GROWING, {}).items():
        after: Sequence[Any] = new.get(_GROWING, {}).get(name, before)
        is_known = not any(isinstance(item, Unknown) for item in after)
        if is_known and any(item not in after for item in before):
            yield Change(name, before, after)


def _priorities_in_use(subject: str, old: State, new: State) -> Iterator[Finding]:
    """Rules whose priority another rule has until the end of the deployment."""
    before, after = old.get(_PRIORITIES, {}), new.get(_PRIORITIES, {})
    for key in sorted(after):
        if key in before and before[key] != after[key]:
            port, _, priority = key.partition(" ")
            params = {"after": after[key], "before": before[key], "priority": priority, "port": port}
            yield Finding(PRIORITY_IN_USE, {"subject": subject, **params})


def _blockers(old: State, new: State, component: str, *, lost: bool) -> Iterator[Finding]:
    """Why the old and the new load balancer can't exist at the same time."""
    before, after = old.get(_EXCLUSIVE, {}), new.get(_EXCLUSIVE, {})
    if shared := [name for name in sorted(before) if _overlaps(before[name], after.get(name))]:
        yield Finding(CANNOT_SHARE, {"fields": list(map(_field, shared))})
    if lost:
        yield Finding(TARGET_GROUPS_IN_USE, {"component": component})
    if old.get(_PROTECTED, False):
        yield Finding(DELETION_PROTECTED, {"field": Field("deletion_protection")})


def _overlaps(old: Any, new: Any) -> bool:
    if isinstance(old, Sequence) and not isinstance(old, str):
        return any(item in (new or []) for item in cast("Sequence[Any]", old))
    return bool(old) and old == new


def _changed_in_place(subject: str, old: State, new: State, addresses: Sequence[str]) -> Iterator[Finding]:
    before, after = old.get(_EXCLUSIVE, {}), new.get(_EXCLUSIVE, {})
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if changed and _IDENTITY in old:
        params = {"subject": subject, "fields": list(map(_field, changed)), "addresses": addresses}
        yield Finding(ADDRESS_CHANGES, params)


def _field(name: str) -> Location:
    return FieldPath(name.split("."))


def _parameter(value: Any) -> str:
    if isinstance(value, Lines):
        return "".join(f"\n- {parameter_text(line, KeyStyle.PYTHON)}" for line in value)
    if isinstance(value, tuple) and all(isinstance(item, Change) for item in cast("tuple[Any, ...]", value)):
        return ", and ".join(change.text for change in cast("tuple[Change, ...]", value))
    return parameter_text(value, KeyStyle.PYTHON)


def _shown(value: Any) -> str:
    if isinstance(value, Unknown):
        return "a value that isn't known yet"
    if isinstance(value, list):
        return ", ".join(map(_shown, cast("list[Any]", value))) or "none"
    return "none" if value in (None, "") else value_text(value, KeyStyle.PYTHON)
