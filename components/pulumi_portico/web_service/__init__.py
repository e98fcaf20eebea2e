"""`WebService`: a workload and its Service."""

from .args import WebServiceArgs
from .component import WebService
from .health import Health, Probe

__all__ = ["Health", "Probe", "WebService", "WebServiceArgs"]
