"""The community's ingress-nginx: routes, as it is told of them."""

from .module import MODULE

__all__ = ["MODULE"]
