"""Pulumi components that take a container image to a public URL on Kubernetes."""

from .errors import ArgumentError, PorticoError, Problem
from .target import Protocol, Target
from .web_service import (
    AddressFamily,
    Health,
    Limits,
    Port,
    Probe,
    Resources,
    ServiceSettings,
    TrafficPolicy,
    WebService,
    WebServiceArgs,
)

__all__ = [
    "AddressFamily",
    "ArgumentError",
    "Health",
    "Limits",
    "Port",
    "PorticoError",
    "Probe",
    "Problem",
    "Protocol",
    "Resources",
    "ServiceSettings",
    "Target",
    "TrafficPolicy",
    "WebService",
    "WebServiceArgs",
]
