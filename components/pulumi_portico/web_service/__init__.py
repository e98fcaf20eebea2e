"""`WebService`: a workload and its Service."""

from .args import WebServiceArgs
from .component import WebService
from .health import Health, Probe
from .resources import Limits, Resources

__all__ = ["Health", "Limits", "Probe", "Resources", "WebService", "WebServiceArgs"]
