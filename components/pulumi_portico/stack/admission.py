"""Whether the namespaces that a stack creates admit the stack's pods."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Union

from ..args.codes import define
from ..args.location import ROOT, Field, KeyStyle
from ..args.problems import Problem, Problems, Remove, Set
from ..pod_security import NEWEST, OLDEST, PodSecurityLevel, level_of, violations_of
from ..untyped import Manifest
from ..workload.admission import Causes, causes_of, causes_of_annotations, report
from ..workload.pod import PodPlan, build_template
from .conflicts import Parts
from .parts import GatewayPart, PodsPart

__all__ = ["POD_SECURITY", "check_admission", "notes_on_admission"]

POD_SECURITY = ROOT / "pod_security"

OLDER_POD_SECURITY = define(
    "older-pod-security",
    'Before Kubernetes {version}, Pod Security "{level}" rejects these pods because of {fields}.',
    allowed="Kubernetes {version} or newer",
    hint="If the cluster is older, remove the value, or set {pod_security} to {needed}.",
)

_STRICTEST_FIRST = (PodSecurityLevel.RESTRICTED, PodSecurityLevel.BASELINE, PodSecurityLevel.PRIVILEGED)


@dataclass(frozen=True)
class _Rejected:
    """Pods that the stack's namespace rejects."""

    causes: Causes
    needed: PodSecurityLevel
    """The strictest level that admits them."""


def check_admission(parts: Parts, problems: Problems) -> None:
    """Report pods that the namespaces that the stack creates reject."""
    rejected: list[_Rejected] = []
    for part in (*parts.services.values(), *parts.jobs.values(), *parts.gateways.values()):
        # Invalid `extra` can't be merged, so not even the pods are known.
        if part.usable and not problems.has_within(part.at / "extra"):
            problems.run(_collect, part, parts, rejected)
    if not rejected:
        return
    # One level admits all of them.
    needed = max((pods.needed for pods in rejected), key=_STRICTEST_FIRST.index)
    for pods in rejected:
        report(pods.causes, parts.namespace, parts.pod_security, Set(POD_SECURITY, needed.value), problems)


def _collect(part: Union[PodsPart, GatewayPart], parts: Parts, rejected: list[_Rejected], problems: Problems) -> None:
    if isinstance(part, GatewayPart):
        _collect_gateway(part, parts, rejected, problems)
    elif part.namespace == parts.namespace:
        pods = part.pods()
        if causes := causes_of(pods, parts.pod_security):
            rejected.append(_Rejected(causes, level_of(build_template(pods))))


def _collect_gateway(part: GatewayPart, parts: Parts, rejected: list[_Rejected], problems: Problems) -> None:
    installation = part.spec.installation
    if not part.installs or installation is None:
        return
    annotations, at = installation.pod_annotations or {}, installation.at / "pod_annotations"
    on_host: Manifest = {"spec": {"hostNetwork": True}}
    if part.namespace == parts.namespace:
        if causes := causes_of_annotations(annotations, at, parts.pod_security):
            rejected.append(_Rejected(causes, level_of({"metadata": {"annotations": annotations}})))
        violations = violations_of(on_host, PodSecurityLevel.BASELINE) if installation.host_network else ()
        if violations and parts.pod_security is not PodSecurityLevel.PRIVILEGED:
            rejected.append(_Rejected({installation.at / "host_network": violations}, PodSecurityLevel.PRIVILEGED))
        return
    # A namespace that a gateway creates has the gateway's name. That gateway checks its own pods.
    creators = (gateway for gateway in parts.gateways.values() if gateway.usable and gateway.creates_namespace)
    creator = next((gateway for gateway in creators if gateway.plan.name == part.namespace), None)
    if creator is not None and creator is not part:
        for location, violations in causes_of_annotations(annotations, at, PodSecurityLevel.RESTRICTED).items():
            found = {location: violations}
            report(found, str(part.namespace), PodSecurityLevel.RESTRICTED, Remove(location), problems)


def notes_on_admission(pods_of_namespace: Iterable[PodPlan], level: PodSecurityLevel) -> Iterator[Problem]:
    """Notes on pods of the stack's namespace, which enforces a level, that only older versions of Kubernetes reject."""
    notes = Problems("WebService", style=KeyStyle.STACK)
    for pods in pods_of_namespace:
        for location, violations in causes_of(pods, level, OLDEST).items():
            notes.report(
                OLDER_POD_SECURITY,
                location,
                level=level.value,
                version=f"1.{_first_to_admit(pods, level)}",
                fields=[violation.field for violation in violations],
                pod_security=Field("pod_security"),
                needed=level_of(build_template(pods), OLDEST).value,
            )
    yield from notes.found


def _first_to_admit(pods: PodPlan, level: PodSecurityLevel) -> int:
    """The oldest minor version from which on the pods are admitted."""
    rejects = [minor for minor in range(OLDEST, NEWEST) if causes_of(pods, level, minor)]
    return max(rejects) + 1
