"""Annotations by which other programs copy a Secret into other namespaces: data.

Sources: the READMEs of emberstack/kubernetes-reflector and mittwald/kubernetes-replicator, and the user guide of
Config Syncer (kubeops/config-syncer), formerly kubed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Key, Location

__all__ = ["exceptions_of_copies"]

COPIED_SECRET = exception_kind(
    "copied-secret",
    "With this annotation, {program} copies the Secret into other namespaces. Whoever can read Secrets there can read "
    "this one.",
)

_PROGRAMS: Mapping[str, str] = {
    "reflector.v1.k8s.emberstack.com/reflection-allowed": "Reflector",
    "reflector.v1.k8s.emberstack.com/reflection-auto-enabled": "Reflector",
    "replicator.v1.mittwald.de/replicate-to": "Replicator",
    "replicator.v1.mittwald.de/replicate-to-matching": "Replicator",
    "replicator.v1.mittwald.de/replication-allowed": "Replicator",
    "kubed.appscode.com/sync": "Config Syncer",
    "kubed.appscode.com/sync-contexts": "Config Syncer",
}


def exceptions_of_copies(annotations: Mapping[str, Any], at: Location) -> Iterator[SecurityException]:
    """The annotations of a Secret that have it copied. Of those that can be false, false has no effect."""
    for key, value in annotations.items():
        if key in _PROGRAMS and value != "false":
            yield SecurityException(COPIED_SECRET, at / Key(key), {"program": _PROGRAMS[key]})
