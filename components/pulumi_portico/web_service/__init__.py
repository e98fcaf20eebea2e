"""`WebService`: a workload and its Service."""

from .args import WebServiceArgs
from .component import WebService

__all__ = ["WebService", "WebServiceArgs"]
