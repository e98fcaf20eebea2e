"""The community's ingress-nginx: what it supports, how it serves routes, and how it is installed."""

from .module import MODULE

__all__ = ["MODULE"]
