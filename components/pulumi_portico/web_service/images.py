"""Which images may run, and how they are fetched."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import dns_subdomain
from ..checks import Field, Rules

__all__ = ["RULES", "ImagePolicy", "PullPolicy", "build_pull_policy", "build_pull_secrets"]


class PullPolicy(str, Enum):
    """When a node asks the registry for an image."""

    ALWAYS = "Always"
    """At each start, so that only who may fetch the image can run it; what the node has already is not fetched
    again."""

    IF_NOT_PRESENT = "IfNotPresent"
    """Where the node does not have it yet."""

    NEVER = "Never"
    """Not at all: the image must be on the node."""


class ImagePolicy(TypedDict):
    """Which images may run, and how they are fetched; for every container of the pods."""

    pull_policy: NotRequired[PullPolicy]
    """When a node asks the registry. Plain. Default: Kubernetes' own, which is IfNotPresent but for the tag `latest`.
    Maps to `imagePullPolicy`."""

    pull_secrets: NotRequired[Sequence[pulumi.Input[str]]]
    """The names of Secrets in the same namespace with the registry's credentials. Its length is plain. Default: none.
    Maps to `imagePullSecrets`."""

    require_digest: NotRequired[bool]
    """Whether an image must have a digest, so that what runs is what was reviewed, whatever becomes of its tag. Plain.
    Default: false."""

    allow_latest: NotRequired[bool]
    """Whether the tag `latest`, and no tag at all, are let in. Plain. Default: false. Reported in `exceptions`."""


RULES: Rules = {ImagePolicy: {"pull_secrets": Field(items=dns_subdomain)}}
"""What the fields must satisfy beyond their types."""


def build_pull_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """What each container says of its image."""
    return {"imagePullPolicy": policy["pull_policy"]} if "pull_policy" in policy else {}


def build_pull_secrets(policy: Mapping[str, Any]) -> dict[str, Any]:
    """What the pod says of its images."""
    names = policy.get("pull_secrets")
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}
