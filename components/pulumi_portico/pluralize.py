"""Numbers of things, in words."""

__all__ = ["pluralize"]


def pluralize(number: int, noun: str, plural: str = "s") -> str:
    """A number and a noun, such as `2 services`; `plural` is the suffix for any number but 1."""
    return f"{number} {noun}{'' if number == 1 else plural}"
