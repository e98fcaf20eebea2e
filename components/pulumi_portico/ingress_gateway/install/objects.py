"""The objects of an installed controller, in an order in which each comes after those that it needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ...lifecycle.objects import ObjectSpec, Options, Ref, gathered
from ...lifecycle.rollout_failures import on_failed_rollout
from ...networking.network_policies import PeerSpec, PodPort, build_ingress, build_network_policy
from ...networking.target import Protocol
from ...register import SKIP_AWAIT
from ...untyped import Manifest
from ...workload.autoscaling import build_autoscaler
from ...workload.availability import build_disruption_budget
from ...workload.identity import build_service_account
from ...workload.monitoring import (
    METRICS,
    ControllerMonitoringSpec,
    MonitorKind,
    build_monitor,
    label_of_service,
)
from .config_map import ConfigMapInput
from .crds import build_definitions
from .installation import ControllerKind, InstallationSpec
from .installer import Installer, ProgramInput, lease_of, selector_of
from .installers import build_data
from .rbac import RightsInput
from .settings import GatewaySettingsSpec
from .webhook import build_webhook
from .workload import build_workload, ports_of_controller

__all__ = ["CONTROLLER", "InstallPlan", "callers_of", "installation_objects"]

CONTROLLER = "controller"
"""The key of the controller's workload, which comes after everything that it needs."""

_RBAC = "rbac.authorization.k8s.io"
_TCP = Protocol.TCP.value


@dataclass(frozen=True)
class InstallPlan:
    """A controller that a gateway installs."""

    name: str
    """The gateway's name, which all names begin with."""
    installer: Installer
    namespace: pulumi.Input[str]
    class_name: str
    service: str
    """The key of the front door's Service."""
    installation: InstallationSpec
    settings: GatewaySettingsSpec
    labels: Mapping[str, pulumi.Input[str]]
    proxy_sources: Sequence[pulumi.Input[str]] = ()
    """The addresses whose PROXY protocol the controller trusts; empty if nothing in front speaks it."""
    peers: Sequence[PeerSpec] = ()
    """Who can connect, in addition to those that the front door's own policy allows."""
    empty_hosts: bool = False
    """Whether a route matches every host."""
    custom_resources: bool = False
    crds_path: Optional[str] = None
    """The file to install the controller's CustomResourceDefinitions from."""
    response_headers: Sequence[str] = ()
    """The headers that routes can add to responses, if the controller needs them listed."""

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels of the controller's pods."""
        return selector_of(self.name)

    def metadata(self, suffix: str = "") -> Manifest:
        """The metadata of an object in the controller's namespace."""
        name = f"{self.name}-{suffix}" if suffix else self.name
        return {"name": name, "namespace": self.namespace, **self.labels_only()}

    def labels_only(self) -> Manifest:
        """The metadata of an object in no namespace, whose name Pulumi generates."""
        return {"labels": dict(self.labels)} if self.labels else {}


def installation_objects(plan: InstallPlan, first: Sequence[str]) -> list[ObjectSpec]:
    """The objects of the controller; those without other needs come after `first`."""
    definitions = _definitions(plan, first)
    rights = _rights(plan, [definitions[-1].key] if definitions else first)
    settings = _config_map(plan, first)
    beside = _policy_and_services(plan, first)
    return [
        *definitions,
        *rights,
        *settings,
        *beside,
        _ingress_class(plan, [beside[-1].key] if beside else first),
        *_workload(plan, [rights[-1].key, settings[-1].key, "class"], first),
    ]


def _definitions(plan: InstallPlan, first: Sequence[str]) -> list[ObjectSpec]:
    if plan.crds_path is None:
        return []
    # Deleting a definition deletes every resource of its kind, those of other gateways too.
    options = Options(retain_on_delete=True)
    definitions = build_definitions(plan.crds_path)
    return gathered(
        [ObjectSpec(definition["metadata"]["name"], definition, options=options) for definition in definitions], first
    )


def _rights(plan: InstallPlan, first: Sequence[str]) -> list[ObjectSpec]:
    """The controller's ServiceAccount, its roles, and their bindings, of which the last one comes after the rest."""
    account = ObjectSpec("service-account", build_service_account(plan.metadata()), first)
    roles = [ObjectSpec(key, manifest, [account.key]) for key, manifest in _roles(plan)]
    bindings = [ObjectSpec(f"{role.key}-binding", _binding(plan, role), [role.key]) for role in roles]
    return [account, *roles, *gathered(bindings)]


def _roles(plan: InstallPlan) -> list[tuple[str, Manifest]]:
    served = plan.installation.served_namespaces
    rights = plan.installer.rights(RightsInput(lease_of(plan.name), plan.class_name, plan.custom_resources))
    own, everywhere = list(rights.own), list(rights.cluster)
    if served is None:
        everywhere += rights.served
    else:
        own += [*rights.served, *rights.named]
    return [
        ("role", _role(plan, plan.namespace, own)),
        *(
            (f"role-{namespace}", _role(plan, namespace, [*rights.served, *rights.named]))
            for namespace in sorted(served or ())
        ),
        (
            "cluster-role",
            {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": plan.labels_only(), "rules": everywhere},
        ),
    ]


def _role(plan: InstallPlan, namespace: Any, rules: Sequence[Manifest]) -> Manifest:
    metadata = {**plan.metadata(CONTROLLER), "namespace": namespace}
    return {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [dict(rule) for rule in rules]}


def _binding(plan: InstallPlan, role: ObjectSpec) -> Manifest:
    kind, metadata = role.manifest["kind"], role.manifest["metadata"]
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": dict(metadata),
        # Pulumi generates only the ClusterRole's name.
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": metadata.get("name", Ref(role.key))},
        "subjects": [{"kind": "ServiceAccount", "name": plan.name, "namespace": plan.namespace}],
    }


def _config_map(plan: InstallPlan, first: Sequence[str]) -> list[ObjectSpec]:
    """The ConfigMap, and its data as a patch of it, which a change updates in place.

    The provider replaces a ConfigMap whose data changes, and deletes it first because of its name: F5's controller
    would return to its defaults for that moment, and stop reading the PROXY protocol.
    """
    installation = plan.installation
    given = ConfigMapInput(
        plan.settings, installation.shutdown, plan.proxy_sources, plan.response_headers, installation.ipv6
    )
    patch: Manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMapPatch",
        "metadata": {"name": plan.name, "namespace": plan.namespace},
        "data": build_data(plan.installer, given),
    }
    empty: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": plan.metadata()}
    return [ObjectSpec("config", empty, first), ObjectSpec("settings", patch, ["config"])]


def callers_of(plan: InstallPlan) -> Iterator[tuple[PeerSpec, Sequence[PodPort]]]:
    """Who can connect to the controller, and to which of its ports, besides its own load balancer."""
    installation, installer = plan.installation, plan.installer
    yield from ((peer, [(80, _TCP), (443, _TCP)]) for peer in plan.peers)
    yield from ((peer, [(installer.metrics_port, _TCP)]) for peer in installation.metrics_from)
    if installation.admission_webhook is not None and installer.webhook is not None:
        ports = [(installer.webhook.port, _TCP)]
        yield from ((PeerSpec(cidr=source), ports) for source in installation.admission_webhook.api_server_sources)


def _policy_and_services(plan: InstallPlan, first: Sequence[str]) -> list[ObjectSpec]:
    """Who can connect, the metrics' Service, and the webhook; the last one comes after the rest."""
    given, installation = plan.installation.admission_webhook, plan.installation
    rules = [rule for caller, ports in callers_of(plan) for rule in build_ingress([caller], ports)]
    others: list[tuple[str, Manifest]] = []
    if given is not None and plan.installer.webhook is not None:
        others += build_webhook(plan.installer.webhook, given, plan.metadata, plan.labels_only(), plan.selector)
    if installation.metrics:
        others.append(("metrics", _metrics_service(plan)))
    if installation.monitoring is not None:
        others.append(("monitor", _monitor(plan, installation.monitoring)))
    if not installation.host_network:
        # No policy selects pods on the host network.
        others.insert(0, ("network-policy", build_network_policy(plan.metadata(), plan.selector, rules)))
    return gathered([ObjectSpec(key, manifest) for key, manifest in others], first)


def _monitor(plan: InstallPlan, monitoring: ControllerMonitoringSpec) -> Manifest:
    """The monitor. A ServiceMonitor names the port of the Service, and a PodMonitor that of the container."""
    number, name = plan.installer.metrics_port, METRICS
    if monitoring.kind is MonitorKind.POD_MONITOR:
        ports = ports_of_controller(plan.installation, plan.installer)
        name = next(name for name, port in ports.items() if port == number)
    return build_monitor(plan.metadata(), monitoring, plan.selector, {"port": name})


def _metrics_service(plan: InstallPlan) -> Manifest:
    number, metadata = plan.installer.metrics_port, plan.metadata("metrics")
    if selected := label_of_service(plan.name, plan.installation.monitoring):
        metadata = {**metadata, "labels": {**metadata.get("labels", {}), **selected}}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        # It exists before its pods do.
        "metadata": {**metadata, "annotations": {SKIP_AWAIT: "true"}},
        "spec": {
            "type": "ClusterIP",
            "selector": dict(plan.selector),
            "ports": [{"name": METRICS, "port": number, "targetPort": number, "protocol": _TCP}],
        },
    }


def _ingress_class(plan: InstallPlan, after: Sequence[str]) -> ObjectSpec:
    default = {"ingressclass.kubernetes.io/is-default-class": "true"} if plan.installation.default_class else {}
    manifest: Manifest = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": plan.class_name,
            **plan.labels_only(),
            **({"annotations": default} if default else {}),
        },
        "spec": {"controller": plan.installer.class_controller(plan.class_name)},
    }
    # Kubernetes rejects a change of the field, and the provider tries it; two classes can't have the name that routes
    # know.
    options = Options(replace_on_changes=["spec.controller"], delete_before_replace=True)
    return ObjectSpec("class", manifest, after, options)


def _workload(plan: InstallPlan, after: Sequence[str], first: Sequence[str]) -> list[ObjectSpec]:
    """The controller's workload, and what scales and protects it."""
    installation = plan.installation
    manifest = build_workload(plan.metadata(), plan.selector, installation, plan.installer, _arguments(plan))
    # The provider leaves the field to whoever sets it: Pulumi at first, then the autoscaler.
    ignored = ["spec.replicas"] if installation.autoscaling is not None else []
    options = Options(ignore_changes=ignored, hooks=lambda parent: on_failed_rollout(plan.name, parent))
    objects = [ObjectSpec(CONTROLLER, manifest, after, options)]
    if installation.kind is ControllerKind.DEPLOYMENT:
        budget = build_disruption_budget(plan.metadata(), plan.selector, installation.disruption_budget)
        objects.append(ObjectSpec("disruption-budget", budget, first))
        if installation.autoscaling is not None:
            kind = installation.kind.workload
            scaler = build_autoscaler(plan.metadata(), kind, plan.name, installation.autoscaling)
            objects.append(ObjectSpec("autoscaler", scaler, [CONTROLLER]))
    return objects


def _arguments(plan: InstallPlan) -> list[Any]:
    installation = plan.installation
    own = plan.installer.arguments(
        ProgramInput(
            name=plan.name,
            class_name=plan.class_name,
            service=Ref(plan.service),
            namespace=plan.namespace,
            served_namespaces=installation.served_namespaces,
            empty_hosts=plan.empty_hosts,
            custom_resources=plan.custom_resources,
            metrics=installation.metrics,
            webhook=installation.admission_webhook is not None,
            drain=installation.drain,
            ipv6=installation.ipv6,
        )
    )
    return [*own, *installation.arguments]
