"""Whether a Service keeps the connections of one client at one pod."""

from enum import Enum

__all__ = ["SessionAffinity"]


class SessionAffinity(str, Enum):
    """Whether connections from one client go to the same pod."""

    NONE = "None"
    """Each connection goes to any pod."""

    CLIENT_IP = "ClientIP"
    """Connections from one client address go to the same pod."""
