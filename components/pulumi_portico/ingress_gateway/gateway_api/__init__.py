"""Gateway API: what its implementations support, and how they serve routes."""

from .module import MODULE

__all__ = ["MODULE"]
