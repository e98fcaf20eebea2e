"""Pod Security for manifests: what the API server rejects of their pods, without one."""

from typing import Union

from ..pod_security import NEWEST, OLDEST, PodSecurityLevel, Violation, pods_of, violations_of
from ..untyped import Manifest

__all__ = ["pod_security_violations"]


def pod_security_violations(
    manifest: Manifest, level: Union[PodSecurityLevel, str] = PodSecurityLevel.RESTRICTED, version: str = f"1.{NEWEST}"
) -> list[Violation]:
    """What a level of Pod Security rejects of the pods of a manifest: a Pod, or an object with a template of pods, such
    as a Deployment or a CronJob. It's empty if the level allows them, and for objects without pods.

    :param manifest: The object, as plain dictionaries.
    :param level: `privileged`, `baseline`, or `restricted`.
    :param version: The version of Kubernetes whose checks apply, from 1.30 to 1.37, such as `1.37`.
    :raises ValueError: if the level or the version is unknown.
    """
    known = {f"1.{minor}": minor for minor in range(OLDEST, NEWEST + 1)}
    if version not in known:
        raise ValueError(f"version is {version!r}, and must be one of {', '.join(known)}")
    wanted = PodSecurityLevel(level)
    return [
        Violation(found.check, found.level, (*path, *found.path), found.value)
        for path, pod in pods_of(manifest)
        for found in violations_of(pod, wanted, known[version])
    ]
