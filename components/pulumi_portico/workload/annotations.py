"""The annotations of pods: those that Kubernetes reads itself, and those that no program reads on pods.

Source: `ValidatePodSpecificAnnotations` of Kubernetes (pkg/apis/core/validation).
"""

import re
from collections.abc import Mapping
from typing import Optional

import pulumi

from ..args.codes import define
from ..args.location import FieldPath, Key, Location
from ..args.problems import Problems, Remove
from ..args.values import LARGEST_INT32
from ..lifecycle.annotation_readers import POD, report_unread

__all__ = ["check_pod_annotations"]

INVALID_DELETION_COST = define(
    "invalid-pod-deletion-cost",
    "{value} isn't a deletion cost of a pod.",
    allowed="a whole number from -{most} to {most}, as text",
)
REPLACED_POD_ANNOTATION = define(
    "replaced-pod-annotation",
    "Kubernetes has a field instead of this annotation.",
    allowed="the field {field}",
    hint="Set {field}, and remove the annotation.",
)
STATIC_POD_ANNOTATION = define("static-pod-annotation", "Only the kubelet sets this annotation, on static pods.")

_COST = "controller.kubernetes.io/pod-deletion-cost"
_MIRROR = "kubernetes.io/config.mirror"
_REPLACED: Mapping[str, Location] = {
    "scheduler.alpha.kubernetes.io/tolerations": FieldPath(("placement", "tolerations")),
    "seccomp.security.alpha.kubernetes.io/": FieldPath(("security", "seccomp_profile")),
    "container.seccomp.security.alpha.kubernetes.io/": FieldPath(("security", "seccomp_profile")),
}
"""What the keys start with of the annotations that are fields now, and the fields. AppArmor's still have an effect, so
Pod Security decides about them."""


def check_pod_annotations(
    annotations: Optional[Mapping[str, pulumi.Input[str]]], at: Location, problems: Problems
) -> None:
    """Report annotations that the API server rejects on pods, that Kubernetes has replaced, or that have no effect."""
    for key, value in (annotations or {}).items():
        where = at / Key(key)
        field = next((field for start, field in _REPLACED.items() if key.startswith(start)), None)
        if field is not None:
            problems.report(REPLACED_POD_ANNOTATION, where, field=field)
        elif key == _MIRROR:
            problems.report(STATIC_POD_ANNOTATION, where, fix=Remove(where))
        elif key == _COST and isinstance(value, str) and not _is_cost(value):
            problems.report(INVALID_DELETION_COST, where, value=value, most=LARGEST_INT32)
        else:
            report_unread(key, where, POD, problems)


def _is_cost(value: str) -> bool:
    return bool(re.fullmatch(r"0|-?[1-9][0-9]{0,9}", value)) and abs(int(value)) <= LARGEST_INT32
