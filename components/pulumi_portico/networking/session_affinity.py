"""Whether a Service keeps the connections of one client at one pod."""

from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

__all__ = ["SessionAffinity", "SessionAffinityLike"]


class SessionAffinity(str, Enum):
    """Whether connections from one client go to the same pod."""

    NONE = "None"
    """Each connection goes to any pod."""

    CLIENT_IP = "ClientIP"
    """Connections from one client address go to the same pod."""


if TYPE_CHECKING:
    SessionAffinityLike: TypeAlias = SessionAffinity | Literal["None", "ClientIP"]
else:
    SessionAffinityLike = SessionAffinity
