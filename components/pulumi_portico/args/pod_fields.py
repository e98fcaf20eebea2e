"""The fields of a pod that variables and files of its containers can refer to (the downward API), as rules.

Source: `validateObjectFieldSelector`, `validateDownwardAPIVolumeFile`, and `validateContainerResourceFieldSelector` of
Kubernetes (pkg/apis/core/validation).
"""

import re
from collections.abc import Sequence
from typing import Any, Optional

from .codes import Code, define
from .names import label_key
from .parse import Rule
from .problems import ABSENT, Reason
from .similar_names import nearest

__all__ = ["field_of_file", "field_of_variable", "resource_field"]

INVALID_FIELD_PATH = define("invalid-field-path", "{what} can't refer to the pod field {value}.", allowed="{choices}")
INVALID_FIELD_KEY = define(
    "invalid-field-key",
    "{value} names the key {key}, which isn't valid.",
    allowed="letters, digits, hyphens, underscores, and dots, at most {most} characters, after an optional DNS prefix "
    "and a slash",
)
INVALID_RESOURCE_FIELD = define(
    "invalid-resource-field", "A variable can't refer to the resource {value}.", allowed="{choices}"
)

_WITH_KEY = re.compile(r"metadata\.(labels|annotations)\['([^'\x00-\x1f]+)'\]")
_BY_KEY = ("metadata.labels['KEY']", "metadata.annotations['KEY']")
_METADATA = ("metadata.name", "metadata.namespace", "metadata.uid")
_OF_VARIABLES = (
    *_METADATA,
    *_BY_KEY,
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_OF_FILES = (*_METADATA, *_BY_KEY, "metadata.labels", "metadata.annotations")


def _field(what: str, choices: Sequence[str]) -> Rule:
    def rule(value: Any) -> Optional[Reason]:
        if value in choices and value not in _BY_KEY:
            return None
        match = _WITH_KEY.fullmatch(value)
        if match is None:
            return _closest(INVALID_FIELD_PATH, value, choices, what=what)
        # Kubernetes ignores the case of an annotation's key.
        key = match[2] if match[1] == "labels" else match[2].lower()
        reason = label_key(key)
        return None if reason is None else Reason(INVALID_FIELD_KEY, {**reason.params, "key": match[2]})

    return rule


field_of_variable = _field("A variable", _OF_VARIABLES)
"""A field of the pod that an environment variable can refer to."""

field_of_file = _field("A file", _OF_FILES)
"""A field of the pod that a file of a projected volume can have: less than variables, but all labels together."""

_RESOURCE_FIELDS = tuple(
    f"{kind}.{resource}" for kind in ("limits", "requests") for resource in ("cpu", "memory", "ephemeral-storage")
)


def resource_field(value: str) -> Optional[Reason]:
    """A resource of the container that a variable can refer to."""
    return None if value in _RESOURCE_FIELDS else _closest(INVALID_RESOURCE_FIELD, value, _RESOURCE_FIELDS)


def _closest(code: Code, value: str, choices: Sequence[str], **params: Any) -> Reason:
    close = nearest(value, choices)
    # KEY stands for the user's own.
    usable = close is not None and "KEY" not in close
    return Reason(code, {**params, "choices": choices}, close if usable else ABSENT)
