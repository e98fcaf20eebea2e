"""`WebService`: a workload and its Service."""

from ..networking.session_affinity import SessionAffinity
from ..workload.autoscaling import Autoscaling, Metric, MetricSource, ScaleSelection, Scaling
from ..workload.availability import DisruptionBudget
from ..workload.containers import Container
from ..workload.environment_sources import EnvFromSource, EnvVarSource, KeySelector, ObjectReference
from ..workload.health import Health, Probe, ProbeScheme
from ..workload.identity import Identity
from ..workload.images import ImagePolicy, PullPolicy
from ..workload.kinds import ClaimRetention, PodManagement, StatefulSettings, WorkloadKind
from ..workload.monitoring import Monitoring, MonitorKind
from ..workload.permissions import PolicyRule
from ..workload.placement import Architecture, Placement, Spread, Spreading, Toleration, TolerationEffect
from ..workload.resources import Limits, Resources
from ..workload.rollout import Rollout
from ..workload.security import ContainerSecurity, Security
from ..workload.volumes import AccessMode, Projection, Storage, Volume
from .additional_services import AdditionalService
from .args import WebServiceArgs
from .component import WebService
from .ports import Port
from .service import InternalTrafficPolicy, IpFamilyPolicy, ServiceSettings, TrafficDistribution

__all__ = [
    "AccessMode",
    "AdditionalService",
    "Architecture",
    "Autoscaling",
    "ClaimRetention",
    "Container",
    "ContainerSecurity",
    "DisruptionBudget",
    "EnvFromSource",
    "EnvVarSource",
    "Health",
    "Identity",
    "ImagePolicy",
    "InternalTrafficPolicy",
    "IpFamilyPolicy",
    "KeySelector",
    "Limits",
    "Metric",
    "MetricSource",
    "MonitorKind",
    "Monitoring",
    "ObjectReference",
    "Placement",
    "PodManagement",
    "PolicyRule",
    "Port",
    "Probe",
    "ProbeScheme",
    "Projection",
    "PullPolicy",
    "Resources",
    "Rollout",
    "ScaleSelection",
    "Scaling",
    "Security",
    "ServiceSettings",
    "SessionAffinity",
    "Spread",
    "Spreading",
    "StatefulSettings",
    "Storage",
    "Toleration",
    "TolerationEffect",
    "TrafficDistribution",
    "Volume",
    "WebService",
    "WebServiceArgs",
    "WorkloadKind",
]
