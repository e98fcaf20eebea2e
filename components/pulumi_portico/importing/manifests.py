"""Drafts of stacks from manifests of Kubernetes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..args.forms import items_of
from ..pod_security import ENFORCE
from ..untyped import Manifest, Unchecked, listed, mapped
from .doors import add_gateway, add_load_balancer
from .draft import Draft, connect
from .objects import JOBS, add_object
from .pods import WORKLOADS, ports_of, service_arguments, template_of

__all__ = ["draft_of_manifests"]

_MERGED = (
    *("Namespace", "ResourceQuota", "LimitRange"),
    *("HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceAccount"),
)


@dataclass
class _Workload:
    manifest: Manifest
    services: list[Manifest] = field(default_factory=list[Manifest])
    """The Services that select its pods: the first one becomes that of the WebService."""

    @property
    def name(self) -> str:
        """The name of its first Service, by which other pods know it, or its own."""
        return name_of(self.services[0]) if self.services else name_of(self.manifest)

    @property
    def labels(self) -> Unchecked:
        return mapped(mapped(template_of(self.manifest).get("metadata")).get("labels"))


def name_of(manifest: Manifest) -> str:
    """The name of an object."""
    return str(mapped(manifest.get("metadata")).get("name") or "app")


def draft_of_manifests(documents: Sequence[Any]) -> Optional[Draft]:
    """The draft of what manifests describe; None if they have no workload."""
    manifests = list(_flattened(documents))
    by_kind: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        by_kind.setdefault(str(manifest.get("kind")), []).append(manifest)
    workloads = [_Workload(manifest) for manifest in manifests if manifest.get("kind") in WORKLOADS]
    if not workloads and not any(manifest.get("kind") in JOBS for manifest in manifests):
        return None
    draft = Draft(_namespace(by_kind, manifests))
    used = _Used(workloads)
    for service in by_kind.get("Service", ()):
        used.assign(service)
    for workload in workloads:
        _add_service(draft, workload, by_kind)
    names = {name_of(service): workload.name for workload in workloads for service in workload.services}
    for ingress in by_kind.get("Ingress", ()):
        add_gateway(draft, ingress, names)
    handled: list[Manifest] = [
        *(workload.manifest for workload in workloads),
        *by_kind.get("Ingress", ()),
        *used.services,
    ]
    bound = {name for binding in _bindings(by_kind) for name in binding}
    for manifest in (manifest for kind in _MERGED for manifest in by_kind.get(kind, ())):
        is_bound = manifest["kind"] == "ServiceAccount" and name_of(manifest) in bound
        if not is_bound and _merge(draft, manifest, workloads):
            handled.append(manifest)
    jobs = [manifest for manifest in manifests if _is_own(draft, manifest) and _add_own(draft, manifest, workloads)]
    handled += jobs
    draft.kept = [manifest for manifest in manifests if not any(manifest is one for one in handled)]
    _keep_labels(draft, workloads)
    texts = {workload.name: list(_texts(template_of(workload.manifest), by_kind)) for workload in workloads}
    texts |= {
        name_of(manifest): list(_texts(_template_of_job(manifest), by_kind))
        for manifest in jobs
        if manifest.get("kind") in JOBS
    }
    connect(draft, texts)
    return draft


def _is_own(draft: Draft, manifest: Manifest) -> bool:
    """Whether an object can be part of the stack: it's in its namespace."""
    namespace = mapped(manifest.get("metadata")).get("namespace")
    return namespace in (None, "", "default", draft.namespace)


def _add_own(draft: Draft, manifest: Manifest, workloads: Sequence[_Workload]) -> bool:
    name = name_of(manifest)
    is_taken = manifest.get("kind") in JOBS and any(workload.name == name for workload in workloads)
    return not is_taken and add_object(draft, name, manifest)


def _template_of_job(manifest: Manifest) -> Manifest:
    """The template of the pods of a Job or a CronJob."""
    spec = mapped(manifest.get("spec"))
    return mapped(mapped(mapped(spec.get("jobTemplate")).get("spec") or spec).get("template"))


def _flattened(documents: Sequence[Any]) -> Iterator[Manifest]:
    for document in documents:
        if isinstance(document, (list, tuple)):
            yield from _flattened(listed(document))
        elif "items" in mapped(document) and str(mapped(document).get("kind")).endswith("List"):
            yield from _flattened(listed(mapped(document)["items"]))
        elif mapped(document):
            yield mapped(document)


def _namespace(by_kind: Mapping[str, Sequence[Manifest]], manifests: Sequence[Manifest]) -> Optional[str]:
    for manifest in by_kind.get("Namespace", ()):
        return name_of(manifest)
    with_pods = (manifest for manifest in manifests if manifest.get("kind") in (*WORKLOADS, *JOBS))
    found = (mapped(manifest.get("metadata")).get("namespace") for manifest in with_pods)
    return next((str(namespace) for namespace in found if namespace not in (None, "", "default")), None)


@dataclass
class _Used:
    """Which Services the workloads have."""

    workloads: Sequence[_Workload]
    services: list[Manifest] = field(default_factory=list[Manifest])

    def assign(self, service: Manifest) -> None:
        """Give a Service to the workload whose pods it selects. One of a kind that can't be merged stays."""
        selector = mapped(mapped(service.get("spec")).get("selector"))
        workload = next((one for one in self.workloads if selector and selector.items() <= one.labels.items()), None)
        if workload is None or (workload.services and not _is_balancer(service)):
            return
        if workload.services and _is_balancer(workload.services[0]) and not _is_balancer(service):
            workload.services.insert(0, service)
        else:
            workload.services.append(service)
        self.services.append(service)


def _is_balancer(service: Manifest) -> bool:
    return mapped(service.get("spec")).get("type") == "LoadBalancer"


def _add_service(draft: Draft, workload: _Workload, by_kind: Mapping[str, Sequence[Manifest]]) -> None:
    name, manifest = workload.name, workload.manifest
    scaled = any(_scales(scaler, manifest) for scaler in by_kind.get("HorizontalPodAutoscaler", ()))
    arguments = service_arguments(draft, name, manifest, workload.services, is_scaled=scaled)
    if name in draft.services:
        draft.kept.append(manifest)
        draft.note(f"Two workloads are called {name}; this has the first one.")
        return
    draft.services[name] = arguments
    for service in workload.services:
        spec = mapped(service.get("spec"))
        if _is_balancer(service):
            add_load_balancer(draft, service, name, ports_of(manifest, [service]))
        elif spec.get("type") in ("NodePort", "ExternalName"):
            draft.note(
                f"The Service {name} had a port on every node. Add a gateway's route or a load balancer if clients "
                "outside the cluster use it."
            )


def _scales(scaler: Manifest, workload: Manifest) -> bool:
    target = mapped(mapped(scaler.get("spec")).get("scaleTargetRef"))
    return target.get("name") == name_of(workload) and target.get("kind") == workload.get("kind")


def _bindings(by_kind: Mapping[str, Sequence[Manifest]]) -> Iterator[Sequence[str]]:
    """The accounts that each binding gives rights to."""
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        for binding in by_kind.get(kind, ()):
            yield [str(subject.get("name")) for subject in items_of(binding.get("subjects"))]


def _merge(draft: Draft, manifest: Manifest, workloads: Sequence[_Workload]) -> bool:
    """Merge an object into the arguments of a service. Returns whether that's possible."""
    kind, spec = manifest["kind"], mapped(manifest.get("spec"))
    if kind == "Namespace":
        labels = mapped(mapped(manifest.get("metadata")).get("labels"))
        level = labels.get(ENFORCE)
        draft.pod_security = str(level) if level in ("baseline", "privileged") else draft.pod_security
        return name_of(manifest) == draft.namespace and _merge_namespace(draft, manifest)
    if kind in ("ResourceQuota", "LimitRange"):
        return _merge_limits(draft, manifest)
    if kind == "ServiceAccount":
        return _merge_account(draft, manifest)
    for workload in workloads:
        arguments = draft.services[workload.name]
        if kind == "HorizontalPodAutoscaler" and _scales(manifest, workload.manifest):
            arguments["autoscaling"] = {key: item for key, item in spec.items() if key != "scaleTargetRef"}
            return True
        if kind == "PodDisruptionBudget" and _selects(spec.get("selector"), workload.labels):
            budget = {key: item for key, item in spec.items() if key in ("maxUnavailable", "minAvailable")}
            arguments["disruptionBudget"] = budget
            return True
    return False


_POD_SECURITY = "pod-security.kubernetes.io/"


def _merge_namespace(draft: Draft, manifest: Manifest) -> bool:
    """Keep the labels and the annotations of the namespace."""
    metadata = mapped(manifest.get("metadata"))
    own = ("kubernetes.io/metadata.name", "name")
    for field_name in ("labels", "annotations"):
        texts = {key: str(item) for key, item in mapped(metadata.get(field_name)).items()}
        kept = {key: text for key, text in texts.items() if key not in own and not key.startswith(_POD_SECURITY)}
        if kept:
            draft.settings[field_name] = kept
    return True


def _merge_limits(draft: Draft, manifest: Manifest) -> bool:
    """Keep the quota and the limits of the namespace: the first ones."""
    spec = mapped(manifest.get("spec"))
    is_quota = manifest["kind"] == "ResourceQuota"
    key, fields = ("resourceQuota", {"hard", "scopes"}) if is_quota else ("limitRange", {"limits"})
    if key in draft.settings or spec.keys() - fields or not _is_own(draft, manifest):
        return False
    draft.settings[key] = dict(spec)
    return True


def _merge_account(draft: Draft, manifest: Manifest) -> bool:
    """Let each service have an account of its own instead of one without rights."""
    annotations = mapped(mapped(manifest.get("metadata")).get("annotations"))
    if manifest.keys() & {"imagePullSecrets", "secrets"}:
        return False
    for arguments in draft.services.values():
        if arguments.get("serviceAccountName") == name_of(manifest):
            del arguments["serviceAccountName"]
            if annotations:
                arguments["serviceAccount"] = {"create": True, "annotations": annotations}
    return True


def _selects(selector: Any, labels: Unchecked) -> bool:
    given = mapped(selector)
    return set(given) == {"matchLabels"} and mapped(given["matchLabels"]).items() <= labels.items()


def _keep_labels(draft: Draft, workloads: Sequence[_Workload]) -> None:
    """Keep the labels of the pods that manifests beside the stack select."""
    for workload in workloads:
        selectors = (mapped(manifest.get("spec")) for manifest in draft.kept)
        if any(_names(selector, workload.labels) for selector in selectors):
            own = {**workload.labels}
            draft.services[workload.name]["selector"] = {key: str(item) for key, item in own.items()}
            draft.services[workload.name].pop("labels", None)


def _names(spec: Unchecked, labels: Unchecked) -> bool:
    selected = spec.get("podSelector", spec.get("selector"))
    found = mapped(mapped(selected).get("matchLabels", selected))
    return bool(found) and found.items() <= labels.items()


def _texts(template: Manifest, by_kind: Mapping[str, Sequence[Manifest]]) -> Iterator[tuple[str, str]]:
    """The texts in which pods name what they connect to, their own and those of their ConfigMaps, each after the name
    of the variable that has it."""
    references = set[str]()
    pod = mapped(template.get("spec"))
    for container in (*items_of(pod.get("containers")), *items_of(pod.get("initContainers"))):
        for name in ("command", "args"):
            yield from (("", str(word)) for word in listed(container.get(name)))
        for variable in items_of(container.get("env")):
            yield str(variable.get("name")), str(variable.get("value") or "")
            references.add(str(mapped(mapped(variable.get("valueFrom")).get("configMapKeyRef")).get("name")))
        references |= {
            str(mapped(source.get("configMapRef")).get("name")) for source in items_of(container.get("envFrom"))
        }
    references |= {str(mapped(volume.get("configMap")).get("name")) for volume in items_of(pod.get("volumes"))}
    for config in by_kind.get("ConfigMap", ()):
        if name_of(config) in references:
            yield from ((key, str(text)) for key, text in mapped(config.get("data")).items())
