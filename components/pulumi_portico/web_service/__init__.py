"""`WebService`: a workload and its Service."""

from .args import WebServiceArgs
from .autoscaling import Autoscaling, Metric, MetricSource, ScaleSelection, Scaling
from .availability import DisruptionBudget
from .component import WebService
from .containers import Container
from .health import Health, Probe
from .identity import Identity
from .images import ImagePolicy, PullPolicy
from .kinds import ClaimRetention, PodManagement, StatefulSettings, WorkloadKind
from .placement import Architecture, Placement, Spread, Spreading, Toleration, TolerationEffect
from .ports import Port
from .resources import Limits, Resources
from .rollout import Rollout
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
