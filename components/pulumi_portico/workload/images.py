"""Which images can run, and how they are pulled.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import component, form, moved_to, table
from ..args.exceptions import SecurityException, exception_kind
from ..args.names import dns_subdomain
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from .conversions import from_references, has_references, names_of

__all__ = [
    "ALLOWS_LATEST",
    "RULES",
    "ImagePolicy",
    "ImagePolicySpec",
    "PullPolicy",
    "PullPolicyLike",
    "build_pull_policy",
    "build_pull_secrets",
    "exceptions_of_images",
]


class PullPolicy(str, Enum):
    """When a node pulls an image from the registry."""

    ALWAYS = "Always"
    """At each start, so that only pods with the right credentials can run it. The node doesn't download layers that it
    already has."""

    IF_NOT_PRESENT = "IfNotPresent"
    """If the node doesn't have it yet."""

    NEVER = "Never"
    """Never: the image must be on the node."""


if TYPE_CHECKING:
    PullPolicyLike: TypeAlias = PullPolicy | Literal["Always", "IfNotPresent", "Never"]
else:
    PullPolicyLike = PullPolicy


class ImagePolicy(TypedDict):
    """Which images can run, and how they are pulled; for every container of the pods."""

    pull_policy: NotRequired[PullPolicyLike]
    """When a node pulls an image. Plain. Default: Kubernetes' own, which is Always for the tag `latest` and
    IfNotPresent otherwise. Maps to `imagePullPolicy`."""

    pull_secrets: NotRequired[Sequence[pulumi.Input[str]]]
    """The names of Secrets in the same namespace with the registry's credentials. Its length is plain. Default: none.
    Maps to `imagePullSecrets`."""

    require_digest: NotRequired[bool]
    """Whether an image must have a digest, so that what runs is what was reviewed, even if its tag changes. Plain.
    Default: false."""

    allow_latest: NotRequired[bool]
    """Whether images can have the tag `latest` or no tag. Plain. Default: false. Reported in `exceptions`."""


_NAMES_OF_IMAGE_POLICY = table(
    {
        "imagePullPolicy": moved_to("pull_policy"),
        "imagePullSecrets": moved_to("pull_secrets", names_of),
        "repository": component("services", "image"),
        "tag": component("services", "image"),
    },
    forms={"pull_secrets": (form(has_references, from_references("pull_secrets")),)},
)
"""Other tools' names for the fields of `ImagePolicy`."""


@spec(ImagePolicy, elsewhere=_NAMES_OF_IMAGE_POLICY)
class ImagePolicySpec(Spec):
    """A parsed `ImagePolicy`."""

    pull_policy: Optional[PullPolicy] = None
    pull_secrets: Sequence[pulumi.Input[str]] = ()
    require_digest: bool = False
    allow_latest: bool = False


RULES: Rules = {ImagePolicy: {"pull_secrets": Field(items=dns_subdomain)}}
"""What the fields must satisfy beyond their types."""

ALLOWS_LATEST = exception_kind("allows-latest", "An image can change without a change of the arguments.")


def exceptions_of_images(policy: ImagePolicySpec) -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    if policy.allow_latest:
        yield SecurityException(ALLOWS_LATEST, policy.at / "allow_latest")


def build_pull_policy(policy: Optional[ImagePolicySpec]) -> dict[str, Any]:
    """The part of each container that says when its image is pulled."""
    return {"imagePullPolicy": policy.pull_policy.value} if policy and policy.pull_policy else {}


def build_pull_secrets(policy: Optional[ImagePolicySpec]) -> dict[str, Any]:
    """The part of the pod's `spec` that names the registry's credentials."""
    names = policy.pull_secrets if policy else ()
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}
