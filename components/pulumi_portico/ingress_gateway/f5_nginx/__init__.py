"""F5 NGINX Ingress Controller: routes, as it is told of them."""

from .module import MODULE

__all__ = ["MODULE"]
