"""The arguments of services from the manifests of workloads."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..args.elsewhere import Beside, Values
from ..args.forms import items_of
from ..args.location import Key, camel_case
from ..args.problems import ABSENT
from ..merge import merged
from ..untyped import Manifest, Unchecked, mapped
from ..workload.containers import FIELDS_IN_EXTRA
from ..workload.conversions import (
    from_claim_templates,
    from_environment,
    from_probe,
    from_security_context,
    from_volumes,
)
from .draft import Draft

__all__ = ["WORKLOADS", "Extra", "ports_of", "security_of", "service_arguments", "template_of"]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod")
"""The kinds that a service takes the place of."""

_KINDS = ("StatefulSet", "DaemonSet", "ReplicaSet")
_OF_SPEC = ("template", "selector", "replicas", "serviceName", "volumeClaimTemplates")
_OF_POD = ("containers", "initContainers", "securityContext", "volumes")
_OF_CONTAINER = ("name", "image", "ports", "securityContext", "volumeMounts", "env")
_PROBES = {"livenessProbe": "liveness", "readinessProbe": "readiness", "startupProbe": "startup"}
_DEFAULTS: Unchecked = {
    "automountServiceAccountToken": False,
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "imagePullPolicy": "IfNotPresent",
    "podManagementPolicy": "OrderedReady",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "serviceAccount": "default",
    "serviceAccountName": "default",
    "terminationGracePeriodSeconds": 30,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
"""What Kubernetes sets if nothing else does, and a service doesn't have to."""


def template_of(manifest: Manifest) -> Manifest:
    """The template of a workload's pods; a Pod is its own."""
    return manifest if manifest.get("kind") == "Pod" else mapped(mapped(manifest.get("spec")).get("template"))


def service_arguments(
    draft: Draft, name: str, manifest: Manifest, services: Sequence[Manifest], *, is_scaled: bool
) -> dict[str, Any]:
    """The arguments of a service that takes the place of a workload: in the names of Kubernetes, as far as the fixes
    convert those one by one."""
    kind, template = str(manifest["kind"]), template_of(manifest)
    spec: Unchecked = mapped(manifest.get("spec")) if kind != "Pod" else {}
    pod, (main, others) = mapped(template.get("spec")), _containers(manifest, services)
    if main.get("image") is None:
        draft.note(f"Set the image of {name}.")
    init = items_of(pod.get("initContainers"))
    running = [one for one in init if one.get("restartPolicy") == "Always"]
    extra = Extra(name)
    arguments: dict[str, Any] = {
        "kind": kind if kind in _KINDS else None,
        "image": main.get("image"),
        **_port_arguments(manifest, services),
        "service": _addresses(kind, services),
        "replicas": None if is_scaled or kind == "DaemonSet" else spec.get("replicas", 1),
        **_without(spec, _OF_SPEC),
        **_without(pod, _OF_POD),
        **_without(main, _OF_CONTAINER),
        "securityContext": security_of(extra, mapped(pod.get("securityContext")), mapped(main.get("securityContext"))),
        "podAnnotations": mapped(template.get("metadata")).get("annotations"),
    }
    for key in _ONLY_IN_EXTRA & arguments.keys():
        extra.add("containers", name, key, arguments.pop(key))
    _probes(arguments, main, extra)
    arguments |= extra.environment(name, "containers", main)
    arguments |= _volumes(name, spec, pod, main, extra)
    arguments["sidecars"] = [_beside(one, name, extra) for one in [*running, *others]]
    arguments["initContainers"] = [_beside(one, name, extra) for one in init if one not in running]
    if any("hostPath" in volume for volume in items_of(pod.get("volumes"))):
        arguments["security"] = {"hostPaths": True}
        draft.pod_security = "privileged"
    if pod.get("hostNetwork") or pod.get("hostPID") or _is_privileged(arguments["securityContext"]):
        draft.pod_security = "privileged"
    arguments["extra"] = {"spec": extra.spec} if extra.spec else None
    kept = {key: item for key, item in arguments.items() if _DEFAULTS.get(key, ABSENT) != item}
    return {key: item for key, item in kept.items() if item not in (None, {}, [], "") or key == "ports"}


def security_of(extra: "Extra", of_pod: Unchecked, of_container: Unchecked) -> Unchecked:
    """The security contexts that Portico has fields for; the others are in `extra`."""
    context: dict[str, Any] = {}
    for group, fields in (("pod", of_pod), ("container", of_container)):
        for key, item in fields.items():
            if item in ({}, [], "", None) or key == "enabled":
                continue
            if key != "fsGroupChangePolicy" and from_security_context({key: item}, Beside({})) is not None:
                context[key] = item
            elif group == "pod":
                extra.spec.setdefault("securityContext", {})[key] = item
            else:
                extra.add("containers", extra.name, "securityContext", {key: item})
    return context


def _is_privileged(context: Unchecked) -> bool:
    return bool(context.get("privileged") or mapped(context.get("capabilities")).get("add"))


def _without(fields: Unchecked, names: Sequence[str]) -> dict[str, Any]:
    return {key: item for key, item in fields.items() if key not in names and key != "status"}


def _addresses(kind: str, services: Sequence[Manifest]) -> Unchecked:
    """Whether a Service has an address, if that isn't the default of the kind."""
    headless = bool(services) and mapped(services[0].get("spec")).get("clusterIP") == "None"
    return {"headless": headless} if services and headless != (kind == "StatefulSet") else {}


def _containers(manifest: Manifest, services: Sequence[Manifest]) -> tuple[Unchecked, Sequence[Unchecked]]:
    """The container of the application, which a Service leads to, and the others."""
    containers = items_of(mapped(template_of(manifest).get("spec")).get("containers")) or [{}]
    targets = [
        port.get("targetPort", port.get("port"))
        for service in services
        for port in items_of(mapped(service.get("spec")).get("ports"))
    ]

    def listens(container: Unchecked) -> bool:
        ports = items_of(container.get("ports"))
        return any(port.get("name") in targets or port.get("containerPort") in targets for port in ports)

    main = next(filter(listens, containers), containers[0])
    return main, [container for container in containers if container is not main]


# Ports ----------------------------------------------------------------------------------------------------------------


def ports_of(manifest: Manifest, services: Sequence[Manifest]) -> Sequence[Unchecked]:
    """The ports of the pods: those that Services lead to, with numbers as targets, then the rest of the container's."""
    main, others = _containers(manifest, services)
    own = items_of(main.get("ports"))
    everywhere = [*own, *(port for other in others for port in items_of(other.get("ports")))]
    named = {port["name"]: port.get("containerPort") for port in everywhere if "name" in port}
    ports: dict[Any, dict[str, Any]] = {}
    for service in services:
        for port in items_of(mapped(service.get("spec")).get("ports")):
            target = port.get("targetPort", port.get("port"))
            number = named.get(target, target)
            known = {key: port[key] for key in ("name", "port", "protocol", "appProtocol") if key in port}
            ports.setdefault((number, port.get("protocol", "TCP")), {**known, "targetPort": number})
    for port in own:
        known = {key: port[key] for key in ("name", "containerPort", "protocol") if key in port}
        ports.setdefault((port.get("containerPort"), port.get("protocol", "TCP")), known)
    return list(ports.values())


def _port_arguments(manifest: Manifest, services: Sequence[Manifest]) -> Unchecked:
    ports = ports_of(manifest, services)
    if len(ports) == 1 and ports[0].get("protocol", "TCP") == "TCP" and "appProtocol" not in ports[0]:
        (port,) = ports
        number = port.get("targetPort", port.get("containerPort"))
        # The default of `servicePort` is 80.
        service = port.get("port", number)
        name = port.get("name", "http")
        if name in ("http", "web", "") or not services:
            return {"port": number, **({} if service == _HTTP else {"servicePort": service})}
    return {"ports": ports or {}}


_HTTP = 80


def _probes(arguments: dict[str, Any], main: Unchecked, extra: "Extra") -> None:
    """Let the probes name their ports by number: a Service can have other names. One that Portico can't express is in
    `extra`."""
    for name, own in _PROBES.items():
        probe = mapped(arguments.get(name))
        if not probe:
            continue
        numbered = {key: _numbered(item, main) for key, item in probe.items()}
        arguments[name] = numbered
        if from_probe(own)(numbered, Beside(arguments)) is None:
            del arguments[name]
            others = dict.fromkeys({"httpGet", "tcpSocket", "exec", "grpc"} - set(numbered))
            extra.add("containers", extra.name, name, {**others, **numbered})


def _numbered(check: Any, main: Unchecked) -> Any:
    port = mapped(check).get("port")
    numbers = (one.get("containerPort") for one in items_of(main.get("ports")) if one.get("name") == port)
    return {**mapped(check), "port": next(numbers, port)} if port is not None else check


# Volumes, and what only `extra` has -----------------------------------------------------------------------------------


class Extra:
    """What only `extra` has."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.spec: dict[str, Any] = {}

    def add(self, group: str, container: str, field_name: str, value: Any) -> None:
        """Add a field to a container of a group."""
        self._add(group, [{"name": container, field_name: value}])

    def _add(self, group: str, items: list[Unchecked]) -> None:
        self.spec[group] = merged(self.spec.get(group) or [], items) if self.spec.get(group) else items

    def add_volume(self, volume: Unchecked, mounts: Mapping[tuple[str, str], Sequence[Unchecked]]) -> None:
        """Add a volume with its mounts, by group and container."""
        self._add("volumes", [dict(volume)])
        for (group, container), of_container in mounts.items():
            self.add(group, container, "volumeMounts", [dict(mount) for mount in of_container])

    def environment(self, name: str, group: str, container: Unchecked) -> Unchecked:
        """The variables of a container that Portico has fields for; the others are in `extra`."""
        found: dict[str, Any] = {}
        for item in items_of(container.get("env")):
            values = from_environment([item], Beside({}))
            if values is None:
                self.add(group, name, "env", [dict(item)])
            else:
                found = merged(found, _nested(values))
        return found


def _nested(values: Values) -> dict[str, Any]:
    """Values by the way to their fields, as a stack file has them."""
    nested: dict[str, Any] = {}
    for way, item in values.items():
        *above, last = (step if isinstance(step, Key) else camel_case(step) for step in way)
        holder = nested
        for step in above:
            holder = holder.setdefault(str(step), {})
        if item is not ABSENT:
            named = {camel_case(str(key)): below for key, below in item.items()} if last == "volumes" else item
            holder[str(last)] = named
    return nested


def _volumes(name: str, spec: Unchecked, pod: Unchecked, main: Unchecked, extra: Extra) -> dict[str, Any]:
    """The volumes and the storage of the pods."""
    mounts = items_of(main.get("volumeMounts"))
    others = list(_other_mounts(pod, main))
    found: dict[str, Any] = {}
    for field_name, convert in (("volumes", from_volumes), ("volumeClaimTemplates", from_claim_templates)):
        source = pod if field_name == "volumes" else spec
        for volume in items_of(source.get(field_name)):
            known = volume.get("name") or mapped(volume.get("metadata")).get("name")
            own = [mount for mount in mounts if mount.get("name") == known]
            plain = [_without(mount, ("mountPropagation", "recursiveReadOnly")) for mount in own]
            values = convert([volume], Beside({"volumeMounts": plain}))
            shared = [(container, one) for container, one in others if one.get("name") == known]
            is_simple = all(not one.keys() - {"name", "mountPath"} for _, one in shared)
            if values is not None and is_simple:
                found = merged(found, _nested(values))
            elif field_name == "volumes" and (own or shared):
                of_containers: dict[tuple[str, str], list[Unchecked]] = {("containers", name): own} if own else {}
                for container, one in shared:
                    of_containers.setdefault(("initContainers", container), []).append(one)
                extra.add_volume(volume, of_containers)
            elif field_name != "volumes":
                found.setdefault("volumeClaimTemplates", []).append(volume)
                found.setdefault("volumeMounts", []).extend(own)
    return found


def _other_mounts(pod: Unchecked, main: Unchecked) -> Iterator[tuple[str, Unchecked]]:
    for container in (*items_of(pod.get("containers")), *items_of(pod.get("initContainers"))):
        if container is not main:
            for mount in items_of(container.get("volumeMounts")):
                yield str(container.get("name")), mount


def _beside(container: Unchecked, application: str, extra: Extra) -> dict[str, Any]:
    """A container beside the application's: Portico starts both kinds as init containers."""
    name = str(container.get("name"))
    name = f"{name}-sidecar" if name == application else name
    in_extra = [one for one in items_of(extra.spec.get("initContainers")) if one.get("name") == container.get("name")]
    taken = {mount.get("name") for one in in_extra for mount in items_of(one.get("volumeMounts"))}
    ports = items_of(container.get("ports"))
    fields = {
        **_without(container, ("env", "ports", "volumeMounts", "securityContext", "imagePullPolicy", "restartPolicy")),
        "name": name,
        "port": ports[0].get("containerPort") if ports else None,
        **extra.environment(name, "initContainers", container),
        "mounts": {
            str(mount.get("name")): mount.get("mountPath")
            for mount in items_of(container.get("volumeMounts"))
            if mount.get("name") not in taken
        },
    }
    for key in (_ONLY_IN_EXTRA | {"lifecycle"}) & fields.keys():
        extra.add("initContainers", name, key, fields.pop(key))
    kept = {key: item for key, item in fields.items() if _DEFAULTS.get(key, ABSENT) != item}
    return {key: item for key, item in kept.items() if item not in (None, {}, [])}


_ONLY_IN_EXTRA = {*FIELDS_IN_EXTRA} - _DEFAULTS.keys()
