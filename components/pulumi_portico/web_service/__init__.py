"""`WebService`: a workload and its Service."""

from .args import WebServiceArgs
from .component import WebService
from .health import Health, Probe
from .ports import Port
from .resources import Limits, Resources
from .service import AddressFamily, ServiceSettings, TrafficPolicy

__all__ = [
    "AddressFamily",
    "Health",
    "Limits",
    "Port",
    "Probe",
    "Resources",
    "ServiceSettings",
    "TrafficPolicy",
    "WebService",
    "WebServiceArgs",
]
