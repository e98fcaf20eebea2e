"""One public entry point for many services: routes, the controller that serves them, and its front door."""

from ..workload.monitoring import ControllerMonitoring
from .args import IngressGatewayArgs, IngressRoutesArgs, Upstream
from .component import IngressGateway
from .controllers import Controller
from .dns_records import DnsRecord
from .ingress_routes import IngressRoutes
from .install.crds import Crds
from .install.installation import ControllerKind, Installation
from .install.settings import AccessLog, GatewaySettings, Hsts, KeepAlive, TlsVersion, Workers
from .install.webhook import AdmissionWebhook
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
from .tls import HostTls, KeyAlgorithm

__all__ = [
    "AccessLog",
    "AdmissionWebhook",
    "BackendProtocol",
    "BackendTls",
    "BasicAuth",
    "Buffering",
    "Controller",
    "ControllerKind",
    "ControllerMonitoring",
    "Cors",
    "Crds",
    "DnsRecord",
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
    "KeyAlgorithm",
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
    "Upstream",
    "Workers",
    "match_route",
]
