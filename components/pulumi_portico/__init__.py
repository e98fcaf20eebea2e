"""Pulumi components that take a container image to a public URL on Kubernetes."""

from .errors import ArgumentError, PorticoError, Problem
from .target import Target
from .web_service import Health, Limits, Probe, Resources, WebService, WebServiceArgs

__all__ = [
    "ArgumentError",
    "Health",
    "Limits",
    "PorticoError",
    "Probe",
    "Problem",
    "Resources",
    "Target",
    "WebService",
    "WebServiceArgs",
]
