"""What a deployment takes away that its change doesn't name: addresses, hosts, data, and pods that serve.

In a preview, every object that the program registers is compared with what the last deployment left. Each kind of
object has a rule, which returns findings. A finding is a warning of one line, and the way to avoid it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Optional
from weakref import WeakKeyDictionary

import pulumi
from pulumi.output import UNKNOWN, Unknown
from pulumi.runtime import get_root_resource

from ..args.codes import define
from ..args.location import Field
from ..args.problems import PorticoError
from ..args.quantities import quantity_number
from ..untyped import Manifest, listed, mapped
from .claims import unique
from .deployed import Deployed, Resources, component_of, read_deployed
from .hooks import mocked
from .replacement import Finding

__all__ = [
    "WHEN_DELETED",
    "Comparison",
    "claims_deleted_by_replacement",
    "findings_of",
    "on_frozen_claim",
    "on_service_replacement",
    "service_replaced",
    "watch_object",
]

ENTRANCE_REMOVED = define(
    "entrance-removed",
    "{subject} is removed. These stop responding: {entrances}.",
    hint="To avoid an interruption, keep it until clients use another address: deploy what replaces it first, point "
    "DNS to the new address, and then remove this one.",
)
ENTRANCE_MOVES = define(
    "entrance-moves",
    "{subject} moves from the namespace {before} to {after} and gets another address. These stop responding: "
    "{entrances}.",
    hint="To avoid an interruption, add another one in the new namespace, point DNS to its address, and then remove "
    "this one.",
)
CLAIMS_LEFT_BEHIND = define(
    "claims-left-behind",
    "The StatefulSet {name} goes, and its claims stay in the namespace {namespace} with their data, without a pod that "
    "mounts them: {claims}.",
    hint="A StatefulSet finds claims by its own name. To keep the data in use, keep the name and the namespace. Or "
    "deploy the new one beside it, copy the data, and then remove the old one and its claims.",
)
CLAIMS_DELETED = define(
    "claims-deleted",
    "The StatefulSet {name} goes, and its claims go with it, with their data: {claims}.",
    hint="To keep the data, keep the StatefulSet and the namespace {namespace}, or back it up first.",
)
CLAIMS_DELETED_BY_REPLACEMENT = define(
    "claims-deleted-by-replacement",
    "The StatefulSet {name} is replaced, because {fields} changes, and its claims are deleted with the old one, with "
    "their data: {claims}.",
    hint="To keep the data, deploy in two steps:\n"
    "1. Set {retention} to Retain, and change nothing else. Run pulumi up.\n"
    "2. Make this change. Run pulumi up.",
)
CLAIM_LEFT_BEHIND = define(
    "claim-left-behind",
    "The claim {name} isn't part of the stack anymore. It stays in the cluster with its data.",
    hint="A claim with another name is a new one, without data. To keep the data in use, keep the name and the "
    "namespace. To delete the data: kubectl delete persistentvolumeclaim {claim} --namespace {namespace}.",
)
CLAIM_DELETED = define(
    "claim-deleted",
    "The claim {name} goes, and its data goes with it.",
    hint="To keep the data, keep the claim and the namespace {namespace}, or back it up first.",
)
CLAIM_FROZEN = define(
    "claim-frozen",
    "Kubernetes can't change {fields} of the claim {name}.",
    hint="Set what the claim has. Or move the data: add a claim with another name, copy the data to it, mount it in "
    "place of this one, and then remove this one.",
)
NAMESPACE_IN_USE = define(
    "namespace-in-use",
    "The stack would delete the namespace {name} that it created, with everything in it, but keeps objects there: "
    "{objects}.",
    hint="Let the stack create the namespace, as before. To let another stack have it, move it to the state of that "
    "stack first: pulumi state move --source {stack} --dest OTHER '{urn}'.",
)
OBJECT_DELETED_BY_MOVE = define(
    "object-deleted-by-move",
    "{kind} {name} is another resource of the program now. Pulumi takes it over as {after}, and then deletes it as "
    "{before}.",
    hint="Keep it where it was. Or remove it from the state, and then take it over: pulumi state delete '{before}', "
    "and then PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up.",
)
PODS_REPLACED_AT_ONCE = define(
    "pods-replaced-at-once",
    "The {kind} {name} is deleted and created again, because {fields} changes. No pod serves in between.",
    hint="To avoid an interruption, add a service with another name, move routes and clients to it, and then remove "
    "this one.",
)
SERVICE_REPLACED = define(
    "service-replaced",
    "The Service {name} is deleted and created again, because a headless Service has no address and other Services "
    "have one. For some seconds, clients in the cluster can't resolve {host}.",
    hint="If a preview fails because a field may not change once set, run pulumi up --skip-preview. To avoid an "
    "interruption, add a service with another name, move clients to it, and then remove this one.",
)
CLASS_REPLACED = define(
    "ingress-class-replaced",
    "The IngressClass {name} is deleted and created again, because its controller changes from {before} to {after}. "
    "Until the pods of the new controller are ready, requests to these can fail: {entrances}.",
    hint="To avoid an interruption, add a second gateway with the new controller, point DNS to its address when it "
    "serves the routes, and then remove this one.",
)

RUNS_DELETED = define(
    "runs-deleted",
    "The CronJob {name} goes, and Kubernetes deletes its runs with it, also those that aren't complete.",
    hint="To let a run end, set {field} to true and run pulumi up. When the run is complete, make this change.",
)
RUNS_AGAIN = define(
    "job-runs-again",
    "The Job {name} moves to the namespace {after}, and runs again there.",
    hint="To keep it from running, set {field} to true.",
)

WHEN_DELETED = "portico.dev/when-deleted"
"""The annotation of a claim that goes when the stack no longer has it: otherwise, only the engine knows the option."""

_INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
_NAMESPACE = "kubernetes:core/v1:Namespace"
_SERVICE = "kubernetes:core/v1:Service"
_GATEWAY = "portico:index:IngressGateway"
_ALL = "all requests"
_FROZEN = "may not change once set"
"""A part of the API server's error."""


@dataclass(frozen=True)
class Comparison:
    """What the last deployment left, and what the program registers now."""

    before: Mapping[str, Deployed]
    after: Mapping[str, Manifest]
    """The manifests by URN."""
    created: Mapping[str, Manifest] = field(default_factory=dict[str, Manifest])
    """Those of `after` that the engine creates and has no earlier resource for, by URN."""

    def is_gone(self, namespace: str) -> bool:
        """Whether the stack deletes a namespace that it created."""
        created = [found for found in self.before.values() if found.type == _NAMESPACE and found.is_of_portico]
        return any(found.object_name == namespace and found.urn not in self.after for found in created)

    def objects_in(self, namespace: str) -> list[str]:
        """The objects that the program registers in a namespace, by Pulumi name."""
        found = [urn for urn, manifest in self.after.items() if _namespace_of(manifest) == namespace]
        return sorted(urn.rpartition("::")[2] for urn in found)

    def other_of(self, deployed: Deployed) -> Optional[str]:
        """The URN of another resource of the program for the same object, if it isn't the same one under an alias: one
        that the engine creates, or that is in the state beside it. None if there is none."""
        identity = (deployed.type, deployed.namespace, deployed.object_name)
        return next((urn for urn in self._by_identity.get(identity, ()) if urn != deployed.urn), None)

    @cached_property
    def _by_identity(self) -> Mapping[tuple[str, ...], Sequence[str]]:
        """The URNs of the resources for each object, without those under an alias, as far as their names are known."""
        found: dict[tuple[str, ...], list[str]] = {}
        beside = {urn: manifest for urn, manifest in self.after.items() if urn in self.before}
        for urn, manifest in {**self.created, **beside}.items():
            identity = _identity(urn, manifest)
            if all(isinstance(part, str) for part in identity):
                found.setdefault(identity, []).append(urn)
        return found

    def hosts_of_class(self, name: str) -> list[str]:
        """The hosts of the stack's Ingresses of a class."""
        ingresses = [found for found in self.before.values() if found.type == _INGRESS]
        rules = [
            rule
            for ingress in ingresses
            if ingress.spec.get("ingressClassName") == name
            for rule in listed(ingress.spec.get("rules"))
        ]
        return sorted({str(mapped(rule).get("host") or _ALL) for rule in rules})


Rule = Callable[[Comparison, Deployed, Optional[Manifest]], Iterator[Finding]]
"""What becomes of an object; None if the program doesn't register it anymore."""


def findings_of(comparison: Comparison) -> list[Finding]:
    """What the deployment takes away, in the order of the state."""
    found: list[Finding] = []
    for urn, deployed in comparison.before.items():
        if not deployed.is_of_portico:
            # The program itself registers it, which isn't seen here.
            continue
        manifest = comparison.after.get(urn)
        if manifest is None and (other := comparison.other_of(deployed)):
            found.append(_deleted_by_move(deployed, other))
        elif rule := _RULES.get(deployed.type):
            found += rule(comparison, deployed, manifest)
    return found


def _deleted_by_move(deployed: Deployed, after: str) -> Finding:
    kind = deployed.type.rpartition(":")[2]
    params = {"kind": kind, "name": _full_name(deployed), "before": deployed.urn, "after": after}
    return Finding(OBJECT_DELETED_BY_MOVE, params)


_DELETING = (NAMESPACE_IN_USE, OBJECT_DELETED_BY_MOVE)
"""The findings that an update without a preview ends with."""
REJECTED = (CLAIM_FROZEN, *_DELETING)
"""The findings that a preview ends with: what follows would lose data, or fail anyway."""


def _service(comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    if deployed.spec.get("type") == "LoadBalancer":
        yield from _entrance(comparison, deployed, manifest)
    elif manifest is not None and _stays_in_namespace(deployed, manifest):
        was_headless = deployed.spec.get("clusterIP") == "None"
        if was_headless != (mapped(manifest.get("spec")).get("clusterIP") == "None"):
            yield service_replaced(deployed.namespace, deployed.object_name)


def service_replaced(namespace: str, name: str) -> Finding:
    """What the replacement of a Service means to clients in the cluster."""
    return Finding(SERVICE_REPLACED, {"name": f"{namespace}/{name}", "host": f"{name}.{namespace}"})


async def unknown_if_replaced(service: str, headless: bool, annotations: Manifest) -> Any:  # of a partial
    """The annotations of a Service in a preview, unknown if the update deletes the Service and creates it again.

    The API server still has the Service, so it would reject the new one in a preview. The provider doesn't send what
    has unknown parts. `service` is a Pulumi name.
    """
    for deployed in (await read_deployed()).by_name.get(service, ()):
        if deployed.type == _SERVICE:
            was_headless = deployed.spec.get("clusterIP") == "None"
            return annotations if was_headless == headless else UNKNOWN
    return annotations


def on_service_replacement(name: str) -> Optional[pulumi.ResourceHookBinding]:
    """Explains why a preview fails: the API server still has the Service that an update deletes first."""
    if mocked():
        return None

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if pulumi.runtime.is_dry_run() and any(_FROZEN in error for error in args.errors):
            metadata = mapped((args.new_inputs or {}).get("metadata"))
            found = service_replaced(str(metadata.get("namespace") or "default"), str(metadata.get("name")))
            pulumi.log.error(found.text)
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(unique(f"portico-{name}-service"), explain)])


def on_frozen_claim(name: str) -> Optional[pulumi.ResourceHookBinding]:
    """Explains why a preview or an update of a claim fails: a preview ends before it's compared with the state."""
    if mocked():
        return None

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        errors = " ".join(args.errors)
        fields = [field for text, found in _FROZEN_OF_CLAIMS.items() if text in errors for field in found]
        if fields:
            metadata = mapped((args.new_inputs or {}).get("metadata"))
            full = f"{metadata.get('namespace')}/{metadata.get('name')}"
            pulumi.log.error(Finding(CLAIM_FROZEN, {"name": full, "fields": fields}).text)
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(unique(f"portico-{name}-claim"), explain)])


_FROZEN_OF_CLAIMS: Mapping[str, Sequence[str]] = {
    "spec is immutable after creation": ("storageClassName", "accessModes"),
    "field can not be less than": ("the size to a smaller one",),
}
"""What can't change, by a part of the API server's error."""


def _entrance(comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    status = mapped(mapped(deployed.outputs.get("status")).get("loadBalancer"))
    addresses = [str(mapped(item).get("ip") or mapped(item).get("hostname")) for item in listed(status.get("ingress"))]
    if not addresses or (manifest is not None and _stays_in_namespace(deployed, manifest)):
        return
    # It reads the whole state, so only what goes is looked up.
    component = component_of(deployed, comparison.before)
    subject, hosts = f"The Service {_full_name(deployed)}", list[str]()
    if component is not None:
        subject = f'{component.type.rpartition(":")[2]} "{component.name}"'
    if component is not None and component.type == _GATEWAY:
        hosts = comparison.hosts_of_class(str(component.outputs.get("class_name") or ""))
    params = {"subject": subject, "entrances": [*addresses, *hosts]}
    if manifest is None:
        yield Finding(ENTRANCE_REMOVED, params)
    else:
        yield Finding(ENTRANCE_MOVES, {**params, "before": deployed.namespace, "after": _namespace_of(manifest)})


def _aws_load_balancer(comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    address = deployed.outputs.get("dnsName")
    if manifest is None and address:
        component = component_of(deployed, comparison.before)
        name = deployed.name if component is None else component.name
        yield Finding(ENTRANCE_REMOVED, {"subject": f'AwsLoadBalancer "{name}"', "entrances": [str(address)]})


def _stateful_set(comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    claims = _claims_of(deployed)
    are_deleted = _deletes_claims(deployed)
    params = {"name": _full_name(deployed), "namespace": deployed.namespace, "claims": claims}
    if manifest is None or not _stays_in_namespace(deployed, manifest):
        if claims:
            go = are_deleted or comparison.is_gone(deployed.namespace)
            yield Finding(CLAIMS_DELETED if go else CLAIMS_LEFT_BEHIND, params)
        return
    if found := claims_deleted_by_replacement(deployed, list(_frozen_changes(deployed, manifest))):
        yield found
    yield from _workload(comparison, deployed, manifest)


def claims_deleted_by_replacement(stateful_set: Deployed, fields: Sequence[str]) -> Optional[Finding]:
    """What a replacement of a StatefulSet deletes, because of changes of fields; None if it deletes no claims."""
    claims = _claims_of(stateful_set)
    if not fields or not claims or not _deletes_claims(stateful_set):
        return None
    retention = Field("claims_when_deleted")
    params = {"name": _full_name(stateful_set), "fields": fields, "claims": claims, "retention": retention}
    return Finding(CLAIMS_DELETED_BY_REPLACEMENT, params)


def _workload(_comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    if manifest is None or not _stays_in_namespace(deployed, manifest):
        return
    if fields := list(_frozen_changes(deployed, manifest)):
        kind = deployed.type.rpartition(":")[2]
        yield Finding(PODS_REPLACED_AT_ONCE, {"kind": kind, "name": _full_name(deployed), "fields": fields})


def _ingress_class(comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    before = deployed.spec.get("controller")
    after = before if manifest is None else mapped(manifest.get("spec")).get("controller")
    if after != before:
        hosts = comparison.hosts_of_class(deployed.object_name) or ["the routes of the class"]
        params = {"name": deployed.object_name, "before": before, "after": after, "entrances": hosts}
        yield Finding(CLASS_REPLACED, params)


def _cron_job(_comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    if manifest is None or not _stays_in_namespace(deployed, manifest):
        yield Finding(RUNS_DELETED, {"name": _full_name(deployed), "field": Field("suspend")})


def _job(_comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    if manifest is not None and not _stays_in_namespace(deployed, manifest):
        params = {"name": _full_name(deployed), "after": _namespace_of(manifest), "field": Field("suspend")}
        yield Finding(RUNS_AGAIN, params)


def _namespace(comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    name = deployed.object_name
    if manifest is not None or not (objects := comparison.objects_in(name)):
        return
    if any(_identity(urn, new) == (_NAMESPACE, "", name) for urn, new in comparison.after.items()):
        return
    shown = [*objects[:_FEW], *([f"{len(objects) - _FEW} more"] if len(objects) > _FEW else [])]
    params = {"name": name, "objects": shown, "urn": deployed.urn, "stack": pulumi.get_stack()}
    yield Finding(NAMESPACE_IN_USE, params)


_FEW = 5


def _claim(comparison: Comparison, deployed: Deployed, manifest: Optional[Manifest]) -> Iterator[Finding]:
    name, namespace = deployed.object_name, deployed.namespace
    params: dict[str, Any] = {"name": _full_name(deployed), "claim": name, "namespace": namespace}
    if manifest is None or not _stays_in_namespace(deployed, manifest):
        kept = _is_retained(deployed) and not comparison.is_gone(namespace)
        yield Finding(CLAIM_LEFT_BEHIND if kept else CLAIM_DELETED, params)
    elif fields := list(_frozen_of_claim(deployed.spec, mapped(manifest.get("spec")))):
        yield Finding(CLAIM_FROZEN, {**params, "fields": fields})


def _is_retained(claim: Deployed) -> bool:
    """Whether a claim stays when the stack no longer has it: one of `claims` unless that says otherwise, and none of
    `manifests`."""
    is_of_claims = claim.name.endswith(f"-claim-{claim.object_name}")
    return is_of_claims and WHEN_DELETED not in mapped(claim.metadata.get("annotations"))


def _frozen_of_claim(before: Manifest, after: Manifest) -> Iterator[str]:
    """What changes of a claim that the API server rejects. A claim without a class gets the cluster's default."""
    if listed(before.get("accessModes")) != listed(after.get("accessModes")):
        yield "accessModes"
    wanted = after.get("storageClassName")
    if wanted is not None and not isinstance(wanted, Unknown) and wanted != before.get("storageClassName"):
        yield "storageClassName"
    sizes = [quantity_number(_size_of(spec)) for spec in (before, after)]
    if sizes[0] is not None and sizes[1] is not None and sizes[1] < sizes[0]:
        yield f"the size from {_size_of(before)} to {_size_of(after)}"


def _size_of(spec: Manifest) -> Any:
    return mapped(mapped(spec.get("resources")).get("requests")).get("storage")


_RULES: Mapping[str, Rule] = {
    _NAMESPACE: _namespace,
    "kubernetes:core/v1:PersistentVolumeClaim": _claim,
    "kubernetes:batch/v1:CronJob": _cron_job,
    "kubernetes:batch/v1:Job": _job,
    _SERVICE: _service,
    "kubernetes:apps/v1:StatefulSet": _stateful_set,
    "kubernetes:apps/v1:Deployment": _workload,
    "kubernetes:apps/v1:DaemonSet": _workload,
    "kubernetes:networking.k8s.io/v1:IngressClass": _ingress_class,
    "aws:lb/loadBalancer:LoadBalancer": _aws_load_balancer,
}


def _frozen_changes(deployed: Deployed, manifest: Manifest) -> Iterator[str]:
    """The fields that Kubernetes freezes and that change. The provider then deletes the workload first."""
    before, after = deployed.spec, mapped(manifest.get("spec"))
    if _labels(before) != _labels(after):
        yield "selector"
    if before.get("podManagementPolicy") != after.get("podManagementPolicy"):
        yield "podManagementPolicy"
    if list(map(_template, _templates(before))) != list(map(_template, _templates(after))):
        yield "volumeClaimTemplates"


def _labels(spec: Manifest) -> Any:
    return mapped(mapped(spec.get("selector")).get("matchLabels"))


def _templates(spec: Manifest) -> list[Manifest]:
    return [mapped(template) for template in listed(spec.get("volumeClaimTemplates"))]


def _template(template: Manifest) -> tuple[Any, ...]:
    """What a template of claims means, without what the API server adds."""
    spec = mapped(template.get("spec"))
    size = _size_of(spec)
    modes = tuple(listed(spec.get("accessModes")))
    return mapped(template.get("metadata")).get("name"), size, modes, spec.get("storageClassName")


def _deletes_claims(deployed: Deployed) -> bool:
    """Whether Kubernetes deletes the claims of a StatefulSet with it."""
    return mapped(deployed.spec.get("persistentVolumeClaimRetentionPolicy")).get("whenDeleted") == "Delete"


def _claims_of(deployed: Deployed) -> list[str]:
    """The names of the claims of a StatefulSet's pods."""
    count = deployed.spec.get("replicas")
    numbers = range(int(count) if isinstance(count, (int, float)) else 1)
    names = [mapped(template.get("metadata")).get("name") for template in _templates(deployed.spec)]
    return [f"{name}-{deployed.object_name}-{number}" for name in names for number in numbers]


def _full_name(deployed: Deployed) -> str:
    return "/".join(filter(None, (deployed.namespace, deployed.object_name)))


def _type_of(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _identity(urn: str, manifest: Manifest) -> tuple[str, Any, Any]:
    """The type, the namespace, and the name of an object."""
    metadata = mapped(manifest.get("metadata"))
    return _type_of(urn), metadata.get("namespace") or "", metadata.get("name")


def _namespace_of(manifest: Manifest) -> Any:
    return mapped(manifest.get("metadata")).get("namespace")


def _stays_in_namespace(deployed: Deployed, manifest: Manifest) -> bool:
    namespace = _namespace_of(manifest)
    # The provider's namespace, and one that isn't known yet, are no change.
    return namespace is None or isinstance(namespace, Unknown) or namespace == deployed.namespace


@dataclass
class _Program:
    """What a program has registered so far."""

    objects: list[tuple[pulumi.Resource, Manifest]] = field(default_factory=list[tuple[pulumi.Resource, Manifest]])

    async def compare(self) -> None:
        before = await read_deployed()
        if not before:
            return
        if not pulumi.runtime.is_dry_run():
            await self._guard(before)
            return
        rejected: list[Finding] = []
        for finding in findings_of(await self._comparison(before)):
            if finding.code in REJECTED:
                rejected.append(finding)
            else:
                pulumi.log.warn(finding.text)
        if rejected:
            raise PorticoError("\n".join(finding.text for finding in rejected))

    async def _guard(self, before: Resources) -> None:
        """Fail an update without a preview before it deletes a namespace that it uses: deletions are last."""
        try:
            found = findings_of(await self._comparison(before))
        except Exception as error:
            # A resource has failed, which is reported. Nothing is deleted.
            pulumi.log.debug(f"Not compared with the last deployment: {error}")
            return
        if rejected := [finding.text for finding in found if finding.code in _DELETING]:
            raise PorticoError("\n".join(rejected))

    async def _comparison(self, before: Resources) -> Comparison:
        after: dict[str, Manifest] = {}
        created: dict[str, Manifest] = {}
        renamed: dict[tuple[str, str], Manifest] = {}
        # Objects that wait for Outputs are registered meanwhile.
        for resource, manifest in self.objects:
            urn = str(await resource.urn.future())
            after[urn] = await _known(_compared(manifest))
            if urn in before or not isinstance(resource, pulumi.CustomResource):
                continue
            if await _is_of_state(urn, resource):
                renamed[_type_of(urn), str(await resource.id.future())] = after[urn]
            else:
                created[urn] = after[urn]
        for deployed in before.values():
            # Of AWS, the ARN is the ID.
            keys = [(deployed.type, str(known)) for known in (_full_name(deployed), deployed.outputs.get("arn"))]
            found = next((renamed[key] for key in keys if key in renamed), None)
            if deployed.urn not in after and found is not None:
                after[deployed.urn] = found
        return Comparison(before, after, created)


async def _is_of_state(urn: str, resource: pulumi.CustomResource) -> bool:
    """Whether a resource that isn't in the state under its URN can be there under another one, that of an alias."""
    if pulumi.runtime.is_dry_run():
        # A new one has no ID yet.
        return await resource.id.is_known()
    is_child = "$" in urn.split("::")[2]
    return is_child or bool(getattr(resource, "_aliases", ()))


_COMPARED = (
    *("accessModes", "clusterIP", "controller", "podManagementPolicy", "resources", "selector", "storageClassName"),
    "volumeClaimTemplates",
)
"""The fields of `spec` that rules compare."""


def _compared(manifest: Manifest) -> dict[str, Any]:
    """The parts of a manifest that rules compare, which may be Outputs."""
    spec = mapped(manifest.get("spec"))
    metadata = mapped(manifest.get("metadata"))
    return {
        "metadata": {name: metadata.get(name) for name in ("namespace", "name")},
        "spec": {part: spec[part] for part in _COMPARED if part in spec},
    }


async def _known(value: Any) -> Any:
    return await pulumi.Output.from_input(value).future(with_unknowns=True)


_BY_STACK: WeakKeyDictionary[Any, _Program] = WeakKeyDictionary()


def watch_object(resource: pulumi.Resource, manifest: Manifest) -> None:
    """Compare a registered object with what the last deployment left."""
    stack = get_root_resource()
    # The process of a component provider sees only parts of a program.
    if stack is None or mocked():
        return
    program = _BY_STACK.get(stack)
    if program is None:
        program = _BY_STACK[stack] = _Program()
        # The program waits for Outputs. It has registered the rest when this begins.
        pulumi.Output.from_input(program.compare())
    program.objects.append((resource, manifest))
