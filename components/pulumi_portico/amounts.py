"""Amounts, as texts for people have them."""

__all__ = ["count"]


def count(number: int, what: str, plural: str = "s") -> str:
    """So many of something; ``plural`` is what its name gets where it is not one."""
    return f"{number} {what}{'' if number == 1 else plural}"
