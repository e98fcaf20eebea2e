"""Installs a controller: every object of it, in an order that works."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

from ...network_policy import NAME_LABEL, build_ingress, build_network_policy
from ...ordering import Dependency, gathered
from ...register import SKIP_AWAIT, name_of, register
from ...target import Protocol
from ...web_service.autoscaling import build_autoscaler
from ...web_service.availability import build_disruption_budget
from ...web_service.identity import build_service_account
from ..controller_module import Controller
from .config_map import build_data
from .crds import build_definitions
from .installation import ControllerKind, shutdown_of
from .programs import Program, program_of
from .request import InstallRequest
from .roles import build_roles
from .webhook import build_webhook
from .workload import build_workload, kind_of

__all__ = ["InstallRequest", "register_installation", "selector_of", "warning_of"]

Manifest = dict[str, Any]


def selector_of(name: str) -> dict[str, str]:
    """The labels that find the controller's pods: few, as Kubernetes freezes them."""
    return {NAME_LABEL: name, "app.kubernetes.io/component": "ingress-controller"}


def warning_of(request: InstallRequest) -> Optional[str]:
    """What there is to say about the choice of the controller."""
    if request.controller != Controller.INGRESS_NGINX.value:
        return None
    return (
        f'IngressGateway "{request.name}" runs ingress-nginx, which was retired in March 2026: faults in it, and in '
        "the nginx that it was built with, are not mended any more. To move on, set controller to f5-nginx: the routes "
        "stay as they are, and what would behave differently is refused."
    )


def register_installation(
    request: InstallRequest, parent: pulumi.Resource, first: Sequence[Dependency]
) -> pulumi.Resource:
    """Register the controller, and return its workload, which comes after everything that it needs.

    ``first`` is what all of it comes after.
    """
    if warning := warning_of(request):
        pulumi.log.warn(warning, parent)
    program = program_of(request.controller, request.told)
    definitions = _register_crds(request, parent, first)
    rights = _register_rights(request, parent, definitions or first)
    data = build_data(
        request.controller,
        request.settings,
        shutdown=shutdown_of(request.installation),
        proxy_sources=request.proxy_sources if request.proxy_protocol else (),
        response_headers=request.response_headers,
    )
    settings = _register_settings(request, data, parent, first)

    def create(described: tuple[str, Manifest], before: Sequence[Dependency]) -> Any:
        suffix, manifest = described
        return _register(request, suffix, manifest, parent, before)

    beside = gathered(_beside(request, program), create, first)
    ingress_class = _register_class(request, program, parent, beside[:1])
    return _register_workload(request, program, parent, [rights, settings, ingress_class], first)


def _register(
    request: InstallRequest,
    suffix: str,
    manifest: Mapping[str, Any],
    parent: pulumi.Resource,
    before: Sequence[Dependency],
) -> Any:
    options = pulumi.ResourceOptions(parent=parent, depends_on=list(before))
    return register(manifest, f"{request.name}-{suffix}", options)


def _register_rights(request: InstallRequest, parent: pulumi.Resource, first: Sequence[Dependency]) -> pulumi.Resource:
    """The controller's account and its roles, and the binding that comes after all of them."""
    account = _register(request, "service-account", build_service_account(request.metadata(), {}), parent, first)

    def create(described: tuple[str, Manifest, Any], before: Sequence[Dependency]) -> Any:
        suffix, role, binding = described
        created = _register(request, suffix, role, parent, [account])
        # Only a ClusterRole's name is generated.
        name = role["metadata"].get("name") or name_of(created)
        return _register(request, f"{suffix}-binding", binding(name), parent, [created, *before])

    return gathered(build_roles(request), create)[0]


def _register_settings(
    request: InstallRequest, data: Mapping[str, Any], parent: pulumi.Resource, first: Sequence[Dependency]
) -> pulumi.Resource:
    """The ConfigMap, and what it holds as a patch of it, which a change alters in place.

    The provider replaces a ConfigMap whose data changes, and by its name would delete it first: F5's controller would
    go back to its defaults for that moment, and no longer read the PROXY protocol.
    """
    named = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": request.metadata()}
    made = _register(request, "config", named, parent, first)
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMapPatch",
        "metadata": {"name": request.name, "namespace": request.namespace},
        "data": data,
    }
    return _register(request, "settings", held, parent, [made])


def _register_class(
    request: InstallRequest, program: Program, parent: pulumi.Resource, first: Sequence[Dependency]
) -> pulumi.Resource:
    options = pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(first),
        # Kubernetes takes no change of it, and the provider tries; two cannot have the name that routes know.
        replace_on_changes=["spec.controller"],
        delete_before_replace=True,
    )
    return register(_class(request, program), f"{request.name}-class", options)


def _register_crds(
    request: InstallRequest, parent: pulumi.Resource, first: Sequence[Dependency]
) -> Sequence[pulumi.Resource]:
    """The definitions, as the one that comes after the others; none if they aren't installed with the gateway."""
    if request.crds_path is None:
        return []

    def create(definition: Manifest, before: Sequence[Dependency]) -> Any:
        # With a definition goes every resource of its kind, those of other gateways too.
        options = pulumi.ResourceOptions(parent=parent, depends_on=list(before), retain_on_delete=True)
        return register(definition, f"{request.name}-{definition['metadata']['name']}", options)

    return gathered(build_definitions(request.crds_path), create, first)[:1]


def _register_workload(
    request: InstallRequest,
    program: Program,
    parent: pulumi.Resource,
    before: Sequence[Dependency],
    first: Sequence[Dependency],
) -> pulumi.Resource:
    installation, selector = request.installation, selector_of(request.name)
    kind = kind_of(installation)
    manifest = build_workload(request.metadata(), selector, installation, program, request.name)
    options = pulumi.ResourceOptions(parent=parent, depends_on=list(before))
    if "autoscaling" in installation:
        # The provider leaves the field to whoever has it: Pulumi at first, then the autoscaler.
        options.ignore_changes = ["spec.replicas"]
    workload: pulumi.Resource = register(manifest, f"{request.name}-controller", options)
    if kind == ControllerKind.DEPLOYMENT.value:
        budget = build_disruption_budget(request.metadata(), selector, installation.get("disruption_budget", {}))
        _register(request, "disruption-budget", budget, parent, first)
        if "autoscaling" in installation:
            scaler = build_autoscaler(request.metadata(), kind, request.name, installation["autoscaling"])
            _register(request, "autoscaler", scaler, parent, [workload])
    return workload


def _class(request: InstallRequest, program: Program) -> Manifest:
    chosen = request.installation.get("default_class", False)
    default = {"ingressclass.kubernetes.io/is-default-class": "true"} if chosen else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": request.class_name,
            **request.labelled(),
            **({"annotations": default} if default else {}),
        },
        "spec": {"controller": program.class_controller},
    }


def _beside(request: InstallRequest, program: Program) -> list[tuple[str, Manifest]]:
    """What stands beside the controller: who may connect, its metrics, its webhook."""
    installation, selector = request.installation, selector_of(request.name)
    tcp = Protocol.TCP.value
    rules = build_ingress(request.sources, [(80, tcp), (443, tcp)])
    rules += build_ingress(installation.get("metrics_from", []), [(program.metrics_port, tcp)])
    made: list[tuple[str, Manifest]] = []
    if webhook := installation.get("admission_webhook"):
        asked: list[Any] = [{"cidr": it} for it in webhook["api_server_sources"]]
        rules += build_ingress(asked, [(8443, tcp)])
        made += build_webhook(request.metadata, request.labelled(), selector, webhook, request.namespace)
    policy = build_network_policy(request.metadata(), selector, rules)
    if request.told.metrics:
        made.append(("metrics", _metrics(request, program, selector)))
    return [("network-policy", policy), *made]


def _metrics(request: InstallRequest, program: Program, selector: Mapping[str, str]) -> Manifest:
    port = {"name": "metrics", "port": program.metrics_port, "targetPort": program.metrics_port, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        # It is there before the pods that it is for.
        "metadata": {**request.metadata("metrics"), "annotations": {SKIP_AWAIT: "true"}},
        "spec": {"type": "ClusterIP", "selector": dict(selector), "ports": [port]},
    }
