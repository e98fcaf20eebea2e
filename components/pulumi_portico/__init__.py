"""Pulumi components that take a container image to a public URL on Kubernetes."""

from .errors import ArgumentError, PorticoError, Problem
from .target import Target
from .web_service import Health, Probe, WebService, WebServiceArgs

__all__ = [
    "ArgumentError",
    "Health",
    "PorticoError",
    "Probe",
    "Problem",
    "Target",
    "WebService",
    "WebServiceArgs",
]
