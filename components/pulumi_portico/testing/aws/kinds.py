"""What the model knows of a type of resource: how it is made, changed and deleted, and what makes another one of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ...untyped import Properties
from .aws_request import AwsRequest

__all__ = ["Kind"]

Outputs = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A type of resource of the AWS provider."""

    make: Callable[[AwsRequest], Outputs]
    """Makes one; in a preview, holds what is known against what AWS takes. Answers its outputs."""
    remove: Callable[[AwsRequest], None]
    """Deletes one."""
    change: Optional[Callable[[AwsRequest], None]] = None
    """Changes one in place; None where what makes one also changes it."""
    replaced_by: Sequence[str] = ()
    """The inputs whose change makes another resource, as the provider's schema marks them (ForceNew)."""
    replaced_if: Optional[Callable[[Properties, Properties], set[str]]] = None
    """What of old and new inputs makes another resource beside that (the provider's CustomizeDiff)."""
    ordered: Sequence[str] = ()
    """The inputs whose order means something; other lists are sets to the provider."""
    named_by: Optional[str] = None
    """The input that Pulumi makes a name up for."""
    longest_name: int = 255
    """The characters that such a name may have."""
