"""When a change makes another load balancer: the old address goes, and sometimes the new one cannot come first."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

from pulumi.output import Unknown

from ..errors import shown

__all__ = ["COMPONENT", "State", "judge"]

COMPONENT = "PublicLoadBalancer"
"""Whose load balancer it is, where nothing else is said."""

State = Mapping[str, Any]
"""What a component records of its load balancer: `identity`, `grown`, `held`, `protected`, `numbers`, and as outputs
its addresses."""


def judge(
    name: str, old: State, new: State, addresses: Sequence[str], component: str = COMPONENT
) -> tuple[Optional[str], Optional[str]]:
    """Whether the change from ``old`` to ``new`` is refused, and what is to be warned of: a message each, or none."""
    changed = _changed(old.get("identity", {}), new.get("identity", {})) + _lost(old, new)
    subject = f'{component} "{name}"'
    if not changed:
        return _handed_over(subject, old, new), _warn_in_place(subject, old, new, addresses)
    what = "; ".join(changed)
    in_the_way = _in_the_way(old, new, component)
    if in_the_way:
        steps = "\n".join(f"  {line}" for line in in_the_way)
        why = "The new load balancer is made before the old one goes, so that one of them always answers."
        return f"{subject} would have to be replaced, and cannot be: {what}.\n  {why}\n{steps}", None
    known = ", ".join(addresses)
    return None, (
        f"{subject} is replaced: {what}. The new load balancer is made first and has another address; "
        f"{known or 'the present one'} stops answering once it is there. Point DNS and firewalls to the new one."
    )


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    names = sorted({*old, *new})
    return [
        f"{name} changes from {_said(old.get(name))} to {_said(new.get(name))}"
        for name in names
        # What a component of an older version did not record is not known to have changed.
        if name in old and name in new and old[name] != new[name]
    ]


def _lost(old: State, new: State) -> list[str]:
    """What may become more, and not less."""
    lost: list[str] = []
    for name, before in old.get("grown", {}).items():
        after: Sequence[Any] = new.get("grown", {}).get(name, before)
        if any(isinstance(it, Unknown) for it in after):
            continue
        gone = [it for it in before if it not in after]
        lost += [f"{name} loses {_said(gone)}"] if gone else []
    return lost


def _handed_over(subject: str, old: State, new: State) -> Optional[str]:
    """Why a rule cannot have its number: another one has it until all else is done, as what goes goes last."""
    before, after = old.get("numbers", {}), new.get("numbers", {})
    both = [it for it in sorted(after) if it in before and before[it] != after[it]]
    if not both:
        return None
    lines: list[str] = []
    for it in both:
        port, _, number = it.partition(" ")
        lines.append(
            f"The rule of {after[it]} gets the priority {number} on port {port}, which that of {before[it]} has."
        )
    return "\n  ".join(
        (
            f"{subject} cannot be updated in one step.",
            *lines,
            "AWS takes a priority once, and the old rule goes after the new one is made. Two steps:",
            "1. leave the new route out, with the old one gone or changed, and run pulumi up",
            "2. write the new route and run pulumi up",
            "Or give the new route a priority that no other has.",
        )
    )


def _said(value: Any) -> str:
    if isinstance(value, Unknown):
        return "what is not known yet"
    if isinstance(value, list):
        return ", ".join(map(_said, cast("list[Any]", value))) or "none"
    return "none" if value in (None, "") else shown(value)


def _in_the_way(old: State, new: State, component: str) -> list[str]:
    """Why the two cannot be there at the same time, and the steps that lead around it."""
    lines: list[str] = []
    both = [name for name in sorted(old.get("held", {})) if _shared(old["held"][name], new.get("held", {}).get(name))]
    if both:
        fields = " and ".join(both)
        lines += [
            f"Both cannot have the same {fields} at the same time. Two steps:",
            f"1. leave {fields} out (or give others), together with this change, and run pulumi up",
            f"2. once the old load balancer is gone, write {fields} again and run pulumi up",
        ]
    if _lost(old, new):
        lines += [
            "Its target groups can be at one load balancer alone, and do not know that they are to move. Two steps:",
            f"1. make another {component} beside it, with targets of its own, point clients to it, and run pulumi up",
            "2. once nobody comes to this one, remove it and run pulumi up",
        ]
    if old.get("protected", False):
        lines += [
            "deletion_protection keeps the old one from being deleted. Two steps:",
            "1. set deletion_protection to false, with nothing else changed, and run pulumi up",
            "2. make this change and run pulumi up; deletion_protection may be true again",
        ]
    return lines


def _shared(old: Any, new: Any) -> bool:
    if isinstance(old, Sequence) and not isinstance(old, str):
        return any(it in (new or []) for it in cast("Sequence[Any]", old))
    return bool(old) and old == new


def _warn_in_place(subject: str, old: State, new: State, addresses: Sequence[str]) -> Optional[str]:
    before, after = old.get("held", {}), new.get("held", {})
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if not changed or "identity" not in old:
        return None
    known = ", ".join(addresses)
    return f"{subject} changes its address: {', '.join(changed)} changes. {known or 'The present one'} stops answering."
