"""What must exist before a stack does: every object, definition, and account that it refers to and doesn't create."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional, cast

from ..args.display import shown_path
from ..args.location import ROOT, Key, KeyStyle, Location
from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..ingress_gateway.f5_nginx.certificates import NO_CHALLENGE
from ..public_load_balancer.exposure import ExposureSpec
from ..untyped import Manifest, mapped
from .objects import ComponentObjects, objects_of
from .own_parts import NAMESPACE, places_of
from .parts import AWS_LOAD_BALANCERS, KINDS
from .plan import StackPlan

__all__ = ["API", "DEFINITION", "OUTSIDE", "Prerequisite", "prerequisites_of", "references_of"]

DEFINITION = "CustomResourceDefinition"
"""The kind of a prerequisite that is the definition of another kind, such as `Certificate.cert-manager.io`."""

API = "API"
"""The kind of a prerequisite that is a group of APIs, such as `metrics.k8s.io`."""

_AWS_ROLE, _GOOGLE_ACCOUNT, _AZURE_IDENTITY = "AWS role", "Google service account", "Azure identity"
_ADDRESS, _SUBNET = "static address", "subnet"
_VPC, _CERTIFICATE, _ZONE, _BALANCER = "VPC", "ACM certificate", "Route 53 zone", "AWS load balancer"

OUTSIDE = frozenset(
    {_AWS_ROLE, _GOOGLE_ACCOUNT, _AZURE_IDENTITY, _ADDRESS, _SUBNET, _VPC, _CERTIFICATE, _ZONE, _BALANCER}
)
"""The kinds of what is outside of the cluster."""


@dataclass(frozen=True, order=True)
class Prerequisite:
    """One thing that must exist before the stack does."""

    kind: str
    """A kind of Kubernetes, `DEFINITION`, `API`, or one of `OUTSIDE`."""
    name: str
    namespace: str = ""
    """Empty for what is in no namespace."""
    api_version: str = "v1"
    """The group and the version of the kind; empty for what is outside of the cluster."""
    used_by: tuple[str, ...] = ()
    """The components that refer to it, as the stack file names them."""
    optional: bool = False
    """Whether the pods start without it."""


_Need = tuple[str, str, str, str, bool]
"""A kind, a name, a namespace, an API version, and whether it's optional."""


def prerequisites_of(plan: StackPlan, known: Optional[Sequence[ComponentObjects]] = None) -> tuple[Prerequisite, ...]:
    """What must exist before the stack does, by kind, namespace, and name. `known` are the plan's objects, if they
    are."""
    found: dict[_Need, list[str]] = {}
    components = list(objects_of(plan)) if known is None else known
    created = _Created(components)
    for component in components:
        at = _at(plan, component)
        for key, need in (*references_of(component), *_outside(plan, component)):
            if not created.has(need):
                is_namespace = need[:2] == ("Namespace", plan.namespace)
                used_by = shown_path(NAMESPACE if is_namespace else at(key), KeyStyle.STACK)
                users = found.setdefault(need, [])
                if used_by not in users:
                    users.append(used_by)
    made = [
        Prerequisite(kind, name, namespace, version, tuple(sorted(users)), optional)
        for (kind, name, namespace, version, optional), users in found.items()
    ]
    return tuple(sorted(made))


def _at(plan: StackPlan, component: ComponentObjects) -> Callable[[str], Location]:
    """Returns where the stack has what creates an object of the component, by the object's key."""
    field = next((kind.field for kind in KINDS if kind.type == component.type), "")
    if field:
        return lambda _: ROOT / field / Key(component.name)
    return places_of(plan.own, component.objects).__getitem__


class _Created:
    """What the stack creates."""

    def __init__(self, components: Iterable[ComponentObjects]) -> None:
        self._manifests = [
            described.manifest for each in components for described in each.objects if described.is_kubernetes
        ]

    @cached_property
    def _identities(self) -> frozenset[tuple[str, str, str]]:
        return frozenset(
            (str(manifest["kind"]), _text(_metadata(manifest).get("namespace")), _text(_metadata(manifest).get("name")))
            for manifest in self._manifests
        )

    @cached_property
    def _secrets(self) -> frozenset[tuple[str, str]]:
        """The Secrets that operators create from the stack's objects, by namespace and name."""
        return frozenset(
            (_text(_metadata(manifest).get("namespace")), _secret_of_operator(manifest)) for manifest in self._manifests
        )

    @cached_property
    def _definitions(self) -> frozenset[str]:
        specs = [mapped(manifest.get("spec")) for manifest in self._manifests if manifest["kind"] == DEFINITION]
        return frozenset(f"{mapped(spec.get('names')).get('kind')}.{spec.get('group')}" for spec in specs)

    def has(self, need: _Need) -> bool:
        kind, name, namespace, _, _ = need
        if kind == DEFINITION:
            return name in self._definitions
        return (kind, namespace, name) in self._identities or ((namespace, name) in self._secrets and kind == "Secret")


def _secret_of_operator(manifest: Manifest) -> str:
    """The name of the Secret that an operator (cert-manager, External Secrets, or Sealed Secrets) creates from an
    object; empty for every other object."""
    group, spec = str(manifest["apiVersion"]).partition("/")[0], mapped(manifest.get("spec"))
    own = _text(_metadata(manifest).get("name"))
    kind = (group, str(manifest["kind"]))
    if kind == ("cert-manager.io", "Certificate"):
        return _text(spec.get("secretName"))
    if kind == ("external-secrets.io", "ExternalSecret"):
        return _text(mapped(spec.get("target")).get("name")) or own
    return own if kind == ("bitnami.com", "SealedSecret") else ""


def _metadata(manifest: Manifest) -> Manifest:
    return mapped(manifest.get("metadata"))


def _text(value: Any) -> str:
    """A plain text; empty for what is known only later."""
    return value if isinstance(value, str) else ""


def _items(value: Any) -> Sequence[Manifest]:
    return [mapped(item) for item in cast("Sequence[Any]", value)] if isinstance(value, (list, tuple)) else []


_BUILT_IN_GROUPS = frozenset(
    {
        *("", "apps", "autoscaling", "batch", "policy"),
        *(
            f"{name}.k8s.io"
            for name in (
                "admissionregistration",
                "apiextensions",
                "apiregistration",
                "authentication",
                "authorization",
                "certificates",
                "coordination",
                "discovery",
                "events",
                "flowcontrol.apiserver",
                "networking",
                "node",
                "rbac.authorization",
                "resource",
                "scheduling",
                "storage",
                "storagemigration",
            )
        ),
    }
)
"""The API groups of Kubernetes itself. Others that end in `.k8s.io`, such as that of Gateway API, have definitions."""


def references_of(component: ComponentObjects) -> Iterator[tuple[str, _Need]]:
    """What each object of a component refers to, with the object's key."""
    for described in component.objects:
        if described.is_kubernetes:
            for kind, name, namespace, version, optional in _needs_of(described.manifest):
                if name:
                    yield described.key, (kind, name, namespace, version, optional)


def _needs_of(manifest: Manifest) -> Iterator[_Need]:
    kind, namespace = str(manifest["kind"]), _text(_metadata(manifest).get("namespace"))
    group, slash, version = str(manifest["apiVersion"]).rpartition("/")
    if namespace:
        yield "Namespace", namespace, "", "v1", False
    if slash and group not in _BUILT_IN_GROUPS:
        yield DEFINITION, f"{kind}.{group}", "", f"{group}/{version}", False
    if kind.endswith("Patch"):
        yield kind.removesuffix("Patch"), _text(_metadata(manifest).get("name")), namespace, "v1", False
    spec = mapped(manifest.get("spec"))
    for pod in _pods_of(manifest):
        yield from _needs_of_pods(pod, namespace)
    for claim in _items(spec.get("volumeClaimTemplates")):
        yield _storage_class(mapped(claim.get("spec")))
    needs_of_kind = _NEEDS_OF_KIND.get(kind)
    if needs_of_kind is not None:
        yield from needs_of_kind(manifest, spec, namespace)


def _needs_of_claim(_manifest: Manifest, spec: Manifest, _namespace: str) -> Iterator[_Need]:
    yield _storage_class(spec)


def _needs_of_certificate(_manifest: Manifest, spec: Manifest, namespace: str) -> Iterator[_Need]:
    issuer = mapped(spec.get("issuerRef"))
    kind = _text(issuer.get("kind")) or "Issuer"
    yield kind, _text(issuer.get("name")), "" if kind == "ClusterIssuer" else namespace, _CERT_MANAGER, False


def _pods_of(manifest: Manifest) -> Iterator[Manifest]:
    """The `spec` of the manifest's pods, also of custom kinds with a template."""
    spec = mapped(manifest.get("spec"))
    if manifest["kind"] == "Pod":
        yield spec
    template = mapped(mapped(mapped(spec.get("jobTemplate")).get("spec")).get("template") or spec.get("template"))
    if template:
        yield mapped(template.get("spec"))


def _storage_class(spec: Manifest) -> _Need:
    return "StorageClass", _text(spec.get("storageClassName")), "", "storage.k8s.io/v1", False


def _needs_of_pods(spec: Manifest, namespace: str) -> Iterator[_Need]:
    yield "ServiceAccount", _text(spec.get("serviceAccountName")), namespace, "v1", False
    priority_class = _text(spec.get("priorityClassName"))
    # Every cluster has those of Kubernetes itself.
    if not priority_class.startswith("system-"):
        yield "PriorityClass", priority_class, "", "scheduling.k8s.io/v1", False
    yield "RuntimeClass", _text(spec.get("runtimeClassName")), "", "node.k8s.io/v1", False
    for secret in _items(spec.get("imagePullSecrets")):
        yield "Secret", _text(secret.get("name")), namespace, "v1", False
    for volume in _items(spec.get("volumes")):
        yield from _needs_of_volume(volume, namespace)
        for part in _items(mapped(volume.get("projected")).get("sources")):
            yield from _needs_of_volume(part, namespace)
    for container in (*_items(spec.get("containers")), *_items(spec.get("initContainers"))):
        for variable in _items(container.get("env")):
            source = mapped(variable.get("valueFrom"))
            yield from _named("Secret", source.get("secretKeyRef"), namespace)
            yield from _named("ConfigMap", source.get("configMapKeyRef"), namespace)
        for source in _items(container.get("envFrom")):
            yield from _named("Secret", source.get("secretRef"), namespace)
            yield from _named("ConfigMap", source.get("configMapRef"), namespace)


def _named(kind: str, reference: Any, namespace: str) -> Iterator[_Need]:
    found = mapped(reference)
    yield kind, _text(found.get("name")), namespace, "v1", found.get("optional") is True


def _needs_of_volume(volume: Manifest, namespace: str) -> Iterator[_Need]:
    claim, secret = mapped(volume.get("persistentVolumeClaim")), mapped(volume.get("secret"))
    yield "PersistentVolumeClaim", _text(claim.get("claimName")), namespace, "v1", False
    # A projected volume has `name`.
    name = _text(secret.get("secretName") or secret.get("name"))
    yield "Secret", name, namespace, "v1", secret.get("optional") is True
    yield from _named("ConfigMap", volume.get("configMap"), namespace)


_ISSUERS = {"cert-manager.io/cluster-issuer": "ClusterIssuer", "cert-manager.io/issuer": "Issuer"}
_CERT_MANAGER = "cert-manager.io/v1"
_GATEWAY_API = "gateway.networking.k8s.io/v1"


def _needs_of_ingress(manifest: Manifest, spec: Manifest, namespace: str) -> Iterator[_Need]:
    yield "IngressClass", _text(spec.get("ingressClassName")), "", "networking.k8s.io/v1", False
    annotations = mapped(_metadata(manifest).get("annotations"))
    issued = False
    for annotation, kind in _ISSUERS.items():
        if name := _text(annotations.get(annotation)):
            issued = True
            yield kind, name, "" if kind == "ClusterIssuer" else namespace, _CERT_MANAGER, False
    for tls in _items(spec.get("tls")):
        # cert-manager creates the Secrets of an Ingress that names an issuer.
        if not issued:
            yield "Secret", _text(tls.get("secretName")), namespace, "v1", False
    for rule in _items(spec.get("rules")):
        for path in _items(mapped(rule.get("http")).get("paths")):
            service = _text(mapped(mapped(path.get("backend")).get("service")).get("name"))
            if service != NO_CHALLENGE:
                yield "Service", service, namespace, "v1", False


def _needs_of_gateway(_manifest: Manifest, spec: Manifest, namespace: str) -> Iterator[_Need]:
    yield "GatewayClass", _text(spec.get("gatewayClassName")), "", _GATEWAY_API, False
    parent = mapped(spec.get("parentRef"))
    yield "Gateway", _text(parent.get("name")), _text(parent.get("namespace")) or namespace, _GATEWAY_API, False
    for listener in _items(spec.get("listeners")):
        for certificate in _items(mapped(listener.get("tls")).get("certificateRefs")):
            yield "Secret", _text(certificate.get("name")), namespace, "v1", False


def _needs_of_route(_manifest: Manifest, spec: Manifest, namespace: str) -> Iterator[_Need]:
    for parent in _items(spec.get("parentRefs")):
        place = _text(parent.get("namespace")) or namespace
        yield _text(parent.get("kind")) or "Gateway", _text(parent.get("name")), place, _GATEWAY_API, False
    for rule in _items(spec.get("rules")):
        for backend in _items(rule.get("backendRefs")):
            yield "Service", _text(backend.get("name")), namespace, "v1", False


_METRIC_APIS = {
    "Resource": "metrics.k8s.io/v1beta1",
    "ContainerResource": "metrics.k8s.io/v1beta1",
    "Pods": "custom.metrics.k8s.io/v1beta2",
    "Object": "custom.metrics.k8s.io/v1beta2",
    "External": "external.metrics.k8s.io/v1beta1",
}


def _needs_of_autoscaler(_manifest: Manifest, spec: Manifest, _namespace: str) -> Iterator[_Need]:
    for metric in _items(spec.get("metrics")):
        if version := _METRIC_APIS.get(_text(metric.get("type"))):
            yield API, version.rpartition("/")[0], "", version, False


_NEEDS_OF_KIND: Mapping[str, Callable[[Manifest, Manifest, str], Iterator[_Need]]] = {
    "Certificate": _needs_of_certificate,
    "Gateway": _needs_of_gateway,
    "GRPCRoute": _needs_of_route,
    "HorizontalPodAutoscaler": _needs_of_autoscaler,
    "HTTPRoute": _needs_of_route,
    "Ingress": _needs_of_ingress,
    "ListenerSet": _needs_of_gateway,
    "PersistentVolumeClaim": _needs_of_claim,
}
"""What an object needs, by its kind: from the object, its `spec`, and its namespace."""

_ACCOUNTS = {
    "eks.amazonaws.com/role-arn": _AWS_ROLE,
    "iam.gke.io/gcp-service-account": _GOOGLE_ACCOUNT,
    "azure.workload.identity/client-id": _AZURE_IDENTITY,
}


def _outside(plan: StackPlan, component: ComponentObjects) -> Iterator[tuple[str, _Need]]:
    """The accounts, addresses, and networks of a cloud that a component refers to, with the key of an object of it."""
    for described in component.objects:
        if described.is_kubernetes and described.manifest["kind"] == "ServiceAccount":
            annotations = mapped(_metadata(described.manifest).get("annotations"))
            for annotation, kind in _ACCOUNTS.items():
                if name := _text(annotations.get(annotation)):
                    yield described.key, (kind, name, "", "", False)
    aws = plan.aws_load_balancers.get(component.name) if component.type == AWS_LOAD_BALANCERS.type else None
    if aws is not None:
        yield from (("", need) for need in _outside_of_aws(aws))
    exposure = _exposure(plan, component)
    if exposure is not None:
        for kind, values in ((_ADDRESS, exposure.static_addresses), (_SUBNET, exposure.subnets)):
            for value in cast("Sequence[Any]", values or ()):
                if _text(value):
                    yield "", (kind, value, "", "", False)


def _outside_of_aws(spec: AwsLoadBalancerSpec) -> Iterator[_Need]:
    hosts = (spec.hosts or {}).values()
    named: list[tuple[str, Any]] = [(_VPC, spec.vpc), *((_SUBNET, subnet) for subnet in spec.subnets or ())]
    named += [(_ADDRESS, address) for address in spec.elastic_ips or ()]
    named += [(_CERTIFICATE, host.certificate) for host in hosts] + [(_ZONE, host.zone) for host in hosts]
    if spec.existing is not None:
        named.append((_BALANCER, spec.existing.load_balancer))
    for kind, name in named:
        if _text(name):
            yield kind, name, "", "", False


def _exposure(plan: StackPlan, component: ComponentObjects) -> Optional[ExposureSpec]:
    specs: Mapping[str, Mapping[str, Any]] = {
        "portico:index:IngressGateway": plan.gateways,
        "portico:index:PublicLoadBalancer": plan.load_balancers,
    }
    spec = specs.get(component.type, {}).get(component.name)
    return None if spec is None else spec.exposure
