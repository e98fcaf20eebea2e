"""`WebService`: a workload and its Service."""

from ..workload.autoscaling import Autoscaling, Metric, MetricSource, ScaleSelection, Scaling
from ..workload.availability import DisruptionBudget
from ..workload.identity import Identity
from ..workload.kinds import ClaimRetention, PodManagement, StatefulSettings, WorkloadKind
from ..workload.placement import Architecture, Placement, Spread, Spreading, Toleration, TolerationEffect
from ..workload.resources import Limits, Resources
from ..workload.rollout import Rollout
from .args import WebServiceArgs
from .component import WebService
from .containers import Container
from .health import Health, Probe
from .images import ImagePolicy, PullPolicy
from .ports import Port
from .security import Security
from .service import AddressFamily, ServiceSettings, TrafficPolicy
from .volumes import AccessMode, Projection, Storage, Volume

__all__ = [
    "AccessMode",
    "AddressFamily",
    "Architecture",
    "Autoscaling",
    "ClaimRetention",
    "Container",
    "DisruptionBudget",
    "Health",
    "Identity",
    "ImagePolicy",
    "Limits",
    "Metric",
    "MetricSource",
    "Placement",
    "PodManagement",
    "Port",
    "Probe",
    "Projection",
    "PullPolicy",
    "Resources",
    "Rollout",
    "ScaleSelection",
    "Scaling",
    "Security",
    "ServiceSettings",
    "Spread",
    "Spreading",
    "StatefulSettings",
    "Storage",
    "Toleration",
    "TolerationEffect",
    "TrafficPolicy",
    "Volume",
    "WebService",
    "WebServiceArgs",
    "WorkloadKind",
]
