"""What the API server, admission, and the kubelet reject of the pods' template with `extra`, besides fields and types.

`template_schema.py` has those. Arguments can't cause any of it: their own rules hold. Source: `ValidatePodTemplateSpec`
of Kubernetes (pkg/apis/core/validation), the admission plugins Priority and RuntimeClass, and the kubelet's
`verifyRunAsNonRoot`.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from ..args.codes import Code, define
from ..args.location import Field, Key, Location
from ..args.names import dns_label
from ..args.parse import NOT_A_CHOICE
from ..args.problems import Edit, Problems, Remove, Set
from ..args.units import QUANTITY
from ..pod_security import Path, containers_of, items_at, value_at
from ..untyped import Manifest, mapped
from .admission import in_extra
from .pod import PodPlan, build_template
from .template_schema import RESTART_POLICIES

__all__ = ["check_merged_template"]

SEVERAL_OF_ONE = define(
    "several-of-one-in-template",
    "The pods' template has {fields} here, and Kubernetes accepts one of them.",
    allowed="one of them",
    hint="Set the others to null, which removes what Portico sets.",
)
UNKNOWN_VOLUME_IN_EXTRA = define(
    "unknown-volume-in-extra", "The pods have no volume {value}.", allowed="{volumes}, or a volume in {field}"
)
REPEATED_MOUNT_PATH = define(
    "repeated-mount-path-in-extra", "Another volume is mounted at {value}.", allowed="each path once"
)
FORBIDDEN_IN_TEMPLATE = define(
    "forbidden-in-template", "Kubernetes rejects {name} in the template of a workload.", allowed="none"
)
SET_BY_ADMISSION = define(
    "set-by-admission", "Kubernetes rejects pods that set {name}: it comes from {source}.", allowed="{field}"
)
GRACE_TOO_SHORT = define(
    "grace-period-too-short",
    "The grace period includes the drain of {drain} seconds.",
    allowed="more than {drain}",
    hint="Set {fields} instead, in seconds.",
)
REQUEST_OVER_LIMIT = define(
    "request-over-limit", "The container requests {request} of {name}, which is more than its limit of {limit}."
)
REQUEST_WITHOUT_LIMIT = define(
    "request-without-limit", "Kubernetes requires a limit of {name}, equal to the request.", allowed="{request}"
)
DNS_WITHOUT_SERVERS = define(
    "dns-without-servers", "The DNS policy None requires name servers.", allowed="with {field}"
)
ONE_SUCCESS = define("one-success", "Only a readiness probe can require several successes.", allowed="1")
PROBE_OF_INIT_CONTAINER = define(
    "probe-of-init-container",
    "A container that runs to completion has no {name}.",
    allowed="in containers and sidecars",
)
NOT_AN_ADDRESS = define("not-an-address-in-extra", "{value} isn't an IP address.", allowed="an IPv4 or IPv6 address")
ESCALATION_CONTRADICTS = define(
    "escalation-contradicts", "A container with {cause} always can gain privileges.", allowed="true"
)
ROOT_AS_NON_ROOT = define(
    "root-as-non-root",
    "The kubelet doesn't start this container: its user is root, and {field} requires another one.",
    allowed="1 or more, or {field} as false",
)

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


@dataclass(frozen=True)
class _Merged:
    """The pods' template with `extra`, and where each part of it is written."""

    pod: PodPlan
    template: Manifest
    problems: Problems

    def at(self, *path: Union[str, int]) -> Location:
        return in_extra(self.pod, path, self.template)

    def is_own(self, *path: Union[str, int]) -> bool:
        """Whether `extra` has the value itself."""
        at = self.at(*path)
        return bool(at) and at[-1] in (path[-1], Key(str(path[-1])))

    def report(
        self, code: Code, *path: Union[str, int], fix: Optional[Union[Edit, Sequence[Edit]]] = None, **params: Any
    ) -> None:
        self.problems.report(code, self.at(*path), fix=fix, **params)


def check_merged_template(pod: PodPlan, problems: Problems) -> None:
    """Report what `extra` makes invalid of the pods' template."""
    if pod.extra is None:
        return
    merged = _Merged(pod, build_template(pod), problems)
    _check_pod(merged)
    _check_grace_period(merged)
    _check_names(merged)
    _check_volumes(merged)
    for path, container in containers_of(merged.template):
        _check_handlers(merged, path, container)
        _check_variables(merged, path, container)
        _check_mounts(merged, path, container)
        _check_resources(merged, path, container)
        _check_privileges(merged, path, container)


def _check_pod(merged: _Merged) -> None:
    spec = mapped(merged.template.get("spec"))
    application = merged.pod.application
    # Only a Job's pods can have a deadline.
    forbidden = (
        ("ephemeralContainers",) if merged.pod.kind is None else ("activeDeadlineSeconds", "ephemeralContainers")
    )
    policy = spec.get("restartPolicy")
    # The pods of a workload that runs forever always restart. A Job has an argument for it.
    if merged.pod.kind is not None and policy in RESTART_POLICIES and policy != "Always":
        at = merged.at("spec", "restartPolicy")
        merged.problems.report(NOT_A_CHOICE, at, value=policy, choices=("Always",), fix=Set(at, "Always"))
    for name in forbidden:
        if spec.get(name) is not None:
            merged.report(FORBIDDEN_IN_TEMPLATE, "spec", name, fix=Remove(merged.at("spec", name)), name=name)
    for name, source, field in (
        ("priority", "the PriorityClass", "priority_class"),
        ("preemptionPolicy", "the PriorityClass", "priority_class"),
        ("overhead", "the RuntimeClass", "runtime_class"),
    ):
        if spec.get(name) is not None:
            where = application.at.join(("placement", field))
            merged.report(SET_BY_ADMISSION, "spec", name, name=name, source=source, field=where)


def _check_grace_period(merged: _Merged) -> None:
    grace, drain = value_at(merged.template, ("spec", "terminationGracePeriodSeconds")), merged.pod.drain
    if isinstance(grace, int) and grace <= drain:
        fields = [Field("shutdown"), Field("drain")]
        merged.report(GRACE_TOO_SHORT, "spec", "terminationGracePeriodSeconds", value=grace, drain=drain, fields=fields)


def _check_names(merged: _Merged) -> None:
    spec = mapped(merged.template.get("spec"))
    if spec.get("dnsPolicy") == "None" and not items_at(spec, ("dnsConfig", "nameservers")):
        field = merged.at("spec") / Key("dnsConfig") / Key("nameservers")
        merged.report(DNS_WITHOUT_SERVERS, "spec", "dnsPolicy", field=field)
    for name in ("hostname", "subdomain"):
        value = spec.get(name)
        if isinstance(value, str) and (reason := dns_label(value)):
            merged.problems.reject(merged.at("spec", name), value, reason)
    for index, alias in enumerate(items_at(spec, ("hostAliases",))):
        address = mapped(alias).get("ip")
        if isinstance(address, str) and not _is_address(address):
            merged.report(NOT_AN_ADDRESS, "spec", "hostAliases", index, "ip", value=address)


def _is_address(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _check_one(merged: _Merged, path: Path, found: Sequence[str]) -> None:
    """Report that a part of the template has several of what excludes each other."""
    own = [name for name in found if merged.is_own(*path, name)]
    if len(found) <= 1 or not own:
        return
    others = [name for name in found if name != own[-1]]
    fix = [
        Set(merged.at(*path) / Key(name), None) if name not in own else Remove(merged.at(*path, name))
        for name in others
    ]
    merged.report(SEVERAL_OF_ONE, *path, own[-1], fix=fix, fields=found)


def _check_volumes(merged: _Merged) -> None:
    for index, volume in enumerate(items_at(merged.template, ("spec", "volumes"))):
        _check_one(merged, ("spec", "volumes", index), [name for name in mapped(volume) if name != "name"])


def _check_handlers(merged: _Merged, path: Path, container: Manifest) -> None:
    lifecycle = mapped(container.get("lifecycle"))
    ways: dict[Path, Any] = {(*path, name): container.get(name) for name in _PROBES}
    ways |= {(*path, "lifecycle", name): lifecycle.get(name) for name in ("postStart", "preStop")}
    for where, handler in ways.items():
        _check_one(merged, where, [name for name in _HANDLERS if mapped(handler).get(name) is not None])
    for name in ("livenessProbe", "startupProbe"):
        successes = value_at(container, (name, "successThreshold"))
        if isinstance(successes, int) and successes != 1:
            where = (*path, name, "successThreshold")
            merged.report(ONE_SUCCESS, *where, value=successes, fix=Set(merged.at(*where), 1))
    if path[1] == "initContainers" and container.get("restartPolicy") != "Always":
        for name in ("lifecycle", *_PROBES):
            if container.get(name) is not None:
                merged.report(PROBE_OF_INIT_CONTAINER, *path, name, fix=Remove(merged.at(*path, name)), name=name)


def _check_variables(merged: _Merged, path: Path, container: Manifest) -> None:
    for index, variable in enumerate(items_at(container, ("env",))):
        values = [name for name in ("value", "valueFrom") if mapped(variable).get(name) is not None]
        _check_one(merged, (*path, "env", index), values)
        _check_one(merged, (*path, "env", index, "valueFrom"), list(mapped(mapped(variable).get("valueFrom"))))


def _check_mounts(merged: _Merged, path: Path, container: Manifest) -> None:
    volumes = {str(mapped(volume).get("name")) for volume in items_at(merged.template, ("spec", "volumes"))}
    known, seen = {*volumes, *merged.pod.storage}, set[str]()
    for field in ("volumeMounts", "volumeDevices"):
        for index, mount in enumerate(items_at(container, (field,))):
            name, target = mapped(mount).get("name"), mapped(mount).get("mountPath")
            where = (*path, field, index)
            if isinstance(name, str) and name not in known:
                params: Any = {"volumes": sorted(known), "field": merged.pod.application.at / "volumes"}
                merged.report(UNKNOWN_VOLUME_IN_EXTRA, *where, "name", value=name, **params)
            if isinstance(target, str) and target in seen:
                merged.report(REPEATED_MOUNT_PATH, *where, "mountPath", value=target)
            seen.add(str(target))


def _check_resources(merged: _Merged, path: Path, container: Manifest) -> None:
    resources = mapped(container.get("resources"))
    limits = mapped(resources.get("limits"))
    for name, request in mapped(resources.get("requests")).items():
        limit, where = limits.get(name), (*path, "resources")
        own = next((kind for kind in ("limits", "requests") if merged.is_own(*where, kind, name)), None)
        wanted, most = QUANTITY.number_of_any(request), QUANTITY.number_of_any(limit)
        if own is None:
            continue
        if limit is None and "/" in name:
            fix = Set(merged.at(*where) / Key("limits") / Key(name), request)
            merged.report(REQUEST_WITHOUT_LIMIT, *where, "requests", name, fix=fix, name=name, request=request)
        elif wanted is not None and most is not None and wanted > most:
            fix = Set(merged.at(*where) / Key("requests") / Key(name), limit)
            params = {"name": name, "request": request, "limit": limit}
            merged.report(REQUEST_OVER_LIMIT, *where, own, name, fix=fix, **params)


def _check_privileges(merged: _Merged, path: Path, container: Manifest) -> None:
    security = mapped(container.get("securityContext"))
    capabilities = items_at(security, ("capabilities", "add"))
    causes = ["privileged"] if security.get("privileged") is True else []
    causes += ["SYS_ADMIN" for name in capabilities if name in ("SYS_ADMIN", "CAP_SYS_ADMIN")]
    if causes and security.get("allowPrivilegeEscalation") is False:
        where = (*path, "securityContext", "allowPrivilegeEscalation")
        fix = Set(merged.at(*path, "securityContext") / Key("allowPrivilegeEscalation"), value=True)
        merged.report(ESCALATION_CONTRADICTS, *where, fix=fix, cause=causes[0])
    whole = mapped(mapped(merged.template.get("spec")).get("securityContext"))
    user, non_root = (
        security.get(name) if security.get(name) is not None else whole.get(name)
        for name in ("runAsUser", "runAsNonRoot")
    )
    if user == 0 and non_root is True:
        owner: Path = (*path, "securityContext") if security.get("runAsUser") == 0 else ("spec", "securityContext")
        merged.report(ROOT_AS_NON_ROOT, *owner, "runAsUser", value=0, field="runAsNonRoot")
