"""One public entry for many services: routes, the controller that keeps them, and its front door."""

from .args import Behind, IngressGatewayArgs, IngressRoutesArgs
from .component import IngressGateway
from .controller_module import Controller
from .ingress_routes import IngressRoutes
from .install.crds import Crds
from .install.installation import AdmissionWebhook, ControllerKind, Installation
from .install.settings import AccessLog, GatewaySettings, Hsts, KeepAlive, TlsVersion, Workers
from .matching import match_route
from .reference import GatewayReference
from .route_settings import (
    BackendProtocol,
    BackendTls,
    BasicAuth,
    Buffering,
    Cors,
    LoadBalancing,
    Per,
    RateLimit,
    Redirect,
    SameSite,
    Scheme,
    SessionPersistence,
    Timeouts,
)
from .routes import PathType, Route
from .tls import HostTls

__all__ = [
    "AccessLog",
    "AdmissionWebhook",
    "BackendProtocol",
    "BackendTls",
    "BasicAuth",
    "Behind",
    "Buffering",
    "Controller",
    "ControllerKind",
    "Cors",
    "Crds",
    "GatewayReference",
    "GatewaySettings",
    "HostTls",
    "Hsts",
    "IngressGateway",
    "IngressGatewayArgs",
    "IngressRoutes",
    "IngressRoutesArgs",
    "Installation",
    "KeepAlive",
    "LoadBalancing",
    "PathType",
    "Per",
    "RateLimit",
    "Redirect",
    "Route",
    "SameSite",
    "Scheme",
    "SessionPersistence",
    "Timeouts",
    "TlsVersion",
    "Workers",
    "match_route",
]
