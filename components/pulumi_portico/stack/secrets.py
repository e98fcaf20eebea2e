"""Values that the stack file holds encrypted: where they may stand, and what stands there once it is read."""

from dataclasses import dataclass, field
from typing import Any

import pulumi

from ..args.shapes import Shape
from ..args.values import Placeholder
from ..errors import Problems, Refusal
from .located import Secret

__all__ = ["Secrets"]


@dataclass
class Secrets:
    """Turns what is encrypted into secret Outputs, or notes why it cannot be."""

    problems: Problems
    refused: set[str] = field(default_factory=set[str])
    """The paths of those that may not be secret."""

    def reveal(self, shape: Shape, value: Any, path: str) -> Any:
        """A visitor: the Output that stands for a secret."""
        if not isinstance(value, Secret):
            return value
        if shape.later and shape.type in (str, Any):
            known = Placeholder(f"[secret {path}]") if value.value is None else value.value
            return pulumi.Output.secret(known)
        if not value.certain:
            # The engine says that something around it is secret; this cannot be.
            return value.value
        self.refused.add(path)
        self.problems.add(path, value, _why(shape), show=False)
        return pulumi.Output.secret("")

    def forget_followers(self) -> None:
        """Drop what else was noted of the values that are refused already."""
        kept = [
            it
            for it in self.problems.found
            if it.path not in self.refused or it.value == "[secret]" or getattr(it, "secret", False)
        ]
        self.problems.found[:] = kept


def _why(shape: Shape) -> Refusal:
    if shape.later:
        return Refusal("is a secret, which is text, and this is not", "a plain value")
    wrong = "is a secret, and what is created depends on it, or it is more than one value"
    return Refusal(wrong, "a plain value, or secrets further down", "write the value itself")
