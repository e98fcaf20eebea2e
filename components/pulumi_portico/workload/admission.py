"""What Pod Security rejects of a workload's pods, and which argument causes each violation.

Pure: a plan of pods in, findings out.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Optional, cast

from ..args.codes import Code, define
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Key, Location
from ..args.problems import Edit, Problems
from ..args.values import IMAGE_TAG_LATEST, IMAGE_WITHOUT_VERSION, image_reference
from ..pod_security import (
    APP_ARMOR,
    NEWEST,
    Path,
    PodSecurityLevel,
    Violation,
    containers_of,
    items_at,
    value_at,
    violations_of,
)
from ..untyped import Manifest, mapped
from .containers import NO_LIMITS
from .identity import HAS_TOKEN
from .images import ALLOWS_LATEST
from .pod import PodPlan, build_template
from .security import LEAST_SAFE_ID, LOW_USER, ROOT_GROUP, WRITABLE_ROOT, SecuritySpec
from .volumes import PROJECTED_TOKEN

__all__ = [
    "VIOLATES_RESTRICTED",
    "Causes",
    "causes_of",
    "causes_of_annotations",
    "exceptions_of_annotations",
    "exceptions_of_pods",
    "in_extra",
    "report",
]

VIOLATES_POD_SECURITY = define(
    "violates-pod-security",
    'The namespace {namespace} enforces Pod Security "{level}", which rejects these pods because of {fields}.',
    allowed="pods that {level} allows",
)
VIOLATES_RESTRICTED = exception_kind(
    "violates-restricted", 'Pod Security "restricted" rejects these pods because of {fields}.'
)

Causes = Mapping[Location, Sequence[Violation]]
"""Violations by the location of the argument that causes them."""


class _Templates:
    """The template of pods, with and without `extra`. Each is built once."""

    def __init__(self, pod: PodPlan) -> None:
        self.pod = pod

    @cached_property
    def whole(self) -> Manifest:
        """The template that the workload has."""
        return build_template(self.pod)

    @cached_property
    def base(self) -> Manifest:
        """The template without `extra`."""
        return self.whole if self.pod.extra is None else build_template(dataclasses.replace(self.pod, extra=None))


def causes_of(pod: PodPlan, level: PodSecurityLevel, minor: int = NEWEST) -> Causes:
    """What a level rejects of the pods."""
    return _by_cause(_Templates(pod), level, minor)


def causes_of_annotations(annotations: Manifest, at: Location, level: PodSecurityLevel) -> Causes:
    """What a level rejects of the annotations of pods, which are at `at`."""
    if not any(key.startswith(APP_ARMOR) for key in annotations):
        return {}
    found = violations_of({"metadata": {"annotations": annotations}}, level)
    return {at / Key(violation.path[-1]): [violation] for violation in found}


def report(causes: Causes, namespace: str, level: PodSecurityLevel, fix: Edit, problems: Problems) -> None:
    """Report the violations of pods in a namespace that enforces a level."""
    for location, violations in causes.items():
        fields = [violation.field for violation in violations]
        problems.report(VIOLATES_POD_SECURITY, location, fix=fix, namespace=namespace, level=level.value, fields=fields)


def exceptions_of_pods(pod: PodPlan) -> Iterator[SecurityException]:
    """What `extra` and the pods' annotations make less strict than the secure default. Each field of `security` and
    `identity` reports itself."""
    yield from exceptions_of_annotations(pod.annotations or {}, pod.application.at / "pod_annotations")
    if pod.extra is None:
        return
    templates = _Templates(pod)
    base, template = templates.base, templates.whole
    for location, violations in _by_cause(templates, PodSecurityLevel.RESTRICTED).items():
        if location.is_within(_extra_of(pod)):
            yield _violates_restricted(violations, location)
    for kind, found in _LOOSENED.items():
        before = set(found(base))
        yield from (_loosened(kind, pod, path, template) for path in found(template) if path not in before)
    own_account = pod.account if pod.identity is None or pod.identity.service_account is None else None
    if _mounts_token(template, own_account) and not _mounts_token(base, own_account):
        yield _loosened(HAS_TOKEN, pod, _MOUNTS_TOKEN, template)


def _loosened(kind: Code, pod: PodPlan, path: Path, template: Manifest) -> SecurityException:
    params = {"user": value_at(template, path)} if kind is LOW_USER else {}
    return SecurityException(kind, in_extra(pod, path, template), params)


def exceptions_of_annotations(annotations: Manifest, at: Location) -> Iterator[SecurityException]:
    """What annotations of pods make less strict than the secure default; `at` is where they are."""
    for location, violations in causes_of_annotations(annotations, at, PodSecurityLevel.RESTRICTED).items():
        yield _violates_restricted(violations, location)


def _violates_restricted(violations: Sequence[Violation], at: Location) -> SecurityException:
    return SecurityException(VIOLATES_RESTRICTED, at, {"fields": [violation.field for violation in violations]})


def _by_cause(templates: _Templates, level: PodSecurityLevel, minor: int = NEWEST) -> Causes:
    pod, template = templates.pod, templates.whole
    found = violations_of(template, level, minor)
    base = violations_of(templates.base, level, minor) if found and pod.extra is not None else found
    causes: dict[Location, list[Violation]] = {}
    for violation in found:
        is_own = violation in base
        at = _argument(pod, violation, template) if is_own else in_extra(pod, violation.path, template)
        causes.setdefault(at, []).append(violation)
    return causes


_SECURITY_FIELDS: Mapping[str, Sequence[str]] = {
    "hostNamespaces": ("host_network",),
    "privileged": ("privileged",),
    "allowPrivilegeEscalation": ("privileged", "privilege_escalation", "capabilities"),
    "capabilities_baseline": ("capabilities",),
    "capabilities_restricted": ("capabilities",),
    "runAsNonRoot": ("allow_root",),
    "runAsUser": ("user",),
    "seccompProfile_baseline": ("unconfined_seccomp",),
    "seccompProfile_restricted": ("unconfined_seccomp",),
}
"""The fields of `security` that cause a check's violations."""


def _argument(pod: PodPlan, violation: Violation, template: Manifest) -> Location:
    """The argument that causes a violation, if `extra` doesn't."""
    at, path = pod.application.at, violation.path
    if path[:2] == ("metadata", "annotations"):
        return at.join(("pod_annotations", Key(path[-1])))
    if path[:2] == ("spec", "volumes"):
        volume = pod.volumes.get(str(value_at(template, (*path[:3], "name"))))
        return at if volume is None else volume.at / "host_path"
    default = SecuritySpec()
    security = pod.security or default
    fields = _SECURITY_FIELDS.get(violation.check, ())
    changed = [field for field in fields if getattr(security, field) != getattr(default, field)]
    return security.at / changed[0] if changed else at


def _extra_of(pod: PodPlan) -> Location:
    return pod.application.at / "extra"


def in_extra(pod: PodPlan, path: Path, template: Manifest) -> Location:
    """The part of `extra` that decides the value at a path of the pods' template: as deep as `extra` goes there."""
    at, part, merged = _extra_of(pod), cast("Any", pod.extra), cast("Any", template)
    for step in path:
        merged = value_at(merged, (step,))
        known = _index(part, step, merged) if isinstance(step, int) else step if _has(part, step) else None
        if known is None:
            break
        at /= Key(known) if isinstance(known, str) else known
        part = part[known]
    return at


def _has(part: Any, key: str) -> bool:
    return isinstance(part, Mapping) and key in part


def _index(part: Any, index: int, merged: Any) -> Optional[int]:
    """Where a list of `extra` has an item: by its name if it has one, as lists are merged."""
    items: Sequence[Any] = cast("Any", part) if isinstance(part, (list, tuple)) else ()
    name = value_at(merged, ("name",))
    if name is None:
        return index if index < len(items) else None
    return next((at for at, item in enumerate(items) if value_at(item, ("name",)) == name), None)


def _root_groups(template: Manifest) -> Iterator[Path]:
    """Where the pods have the group root."""
    context: Path = ("spec", "securityContext")
    for path in ((*context, "runAsGroup"), (*context, "fsGroup")):
        if value_at(template, path) == 0:
            yield path
    groups: Path = (*context, "supplementalGroups")
    yield from ((*groups, at) for at, group in enumerate(items_at(template, groups)) if group == 0)
    for path, container in containers_of(template):
        if value_at(container, ("securityContext", "runAsGroup")) == 0:
            yield (*path, "securityContext", "runAsGroup")


def _low_users(template: Manifest) -> Iterator[Path]:
    """Where the pods have a user that can be one of the node. Pod Security rejects the user 0, which is reported."""
    owners: list[tuple[Path, Manifest]] = [(("spec",), mapped(template.get("spec"))), *containers_of(template)]
    for path, owner in owners:
        user = value_at(owner, ("securityContext", "runAsUser"))
        if isinstance(user, int) and 0 < user < LEAST_SAFE_ID:
            yield (*path, "securityContext", "runAsUser")


def _writable_roots(template: Manifest) -> Iterator[Path]:
    """Where a container can write to its root file system."""
    for path, container in containers_of(template):
        if value_at(container, ("securityContext", "readOnlyRootFilesystem")) in (None, False):
            yield (*path, "securityContext", "readOnlyRootFilesystem")


def _changing_images(template: Manifest) -> Iterator[Path]:
    """Where a container's image can change although its name doesn't."""
    for path, container in containers_of(template):
        image = value_at(container, ("image",))
        reason = image_reference(image) if isinstance(image, str) else None
        if reason is not None and reason.code in (IMAGE_WITHOUT_VERSION, IMAGE_TAG_LATEST):
            yield (*path, "image")


def _without_limits(template: Manifest) -> Iterator[Path]:
    """Where a container has no limit of its memory."""
    for path, container in containers_of(template):
        if value_at(container, ("resources", "limits", "memory")) is None:
            yield (*path, "resources", "limits")


_MOUNTS_TOKEN: Path = ("spec", "automountServiceAccountToken")


def _mounts_token(template: Manifest, own_account: Optional[str]) -> bool:
    """Whether the pods get the token of their ServiceAccount. Pods that don't choose follow the account, and Portico's
    own account chooses none."""
    chosen, account = value_at(template, _MOUNTS_TOKEN), value_at(template, ("spec", "serviceAccountName"))
    return chosen is True or (chosen is None and (own_account is None or account != own_account))


def _projected_tokens(template: Manifest) -> Iterator[Path]:
    """Where a volume has a token of the pods' ServiceAccount."""
    for at, _ in enumerate(items_at(template, ("spec", "volumes"))):
        sources: Path = ("spec", "volumes", at, "projected", "sources")
        for index, part in enumerate(items_at(template, sources)):
            if value_at(part, ("serviceAccountToken",)) is not None:
                yield (*sources, index, "serviceAccountToken")


_LOOSENED: Mapping[Code, Callable[[Manifest], Iterator[Path]]] = {
    ROOT_GROUP: _root_groups,
    LOW_USER: _low_users,
    WRITABLE_ROOT: _writable_roots,
    PROJECTED_TOKEN: _projected_tokens,
    ALLOWS_LATEST: _changing_images,
    NO_LIMITS: _without_limits,
}
"""What `extra` can loosen without a violation of Pod Security, and where a template does."""
