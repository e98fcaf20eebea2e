"""Serves the stack modules and the command until they are ported."""

from typing import Optional

from .compilation import Entry
from .defaults import REDIRECT_CODE
from .route_settings import Scheme

__all__ = ["REDIRECT_CODE", "is_grpc", "redirect_parts"]


def is_grpc(entry: Entry) -> bool:
    """Whether the target speaks gRPC."""
    return entry.args.get("protocol") in ("GRPC", "GRPCS")


def redirect_parts(entry: Entry) -> tuple[str, Optional[str], Optional[str]]:
    """Where a redirect leads: the scheme, the host, and the path; None for those of the request."""
    redirect = entry.of("redirect")
    host = redirect.get("host")
    if host is None and entry.host and not entry.host.startswith("*."):
        host = entry.host
    return redirect.get("scheme", Scheme.HTTPS.value), host, redirect.get("path")
