"""The rules of a whole `WebService`: each field's, and those between fields."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Optional

from ..args.codes import define
from ..args.exceptions import SecurityException
from ..args.location import ROOT, Field, KeyStyle, Location
from ..args.names import object_name, service_name, workload_name
from ..args.parse import Hooks, parse
from ..args.problems import Problem, Problems, Remove
from ..lifecycle.annotation_readers import WORKLOAD, check_readers
from ..lifecycle.limits import Part, check_limits, heaviest
from ..lifecycle.objects import ObjectSpec
from ..networking.exposing_annotations import (
    exceptions_of_service_annotations,
    exceptions_of_service_labels,
    exceptions_of_workload_annotations,
)
from ..networking.network_policies import check_pod_ports
from ..workload.autoscaling import check_autoscaling
from ..workload.availability import check_disruption_budget
from ..workload.containers import check_container_ports
from ..workload.health import check_health, check_probed_port
from ..workload.pod_objects import SERVICE_ACCOUNT
from ..workload.pod_owner import pod_labels_of
from ..workload.pod_validation import (
    check_environment,
    check_extra,
    check_extra_items,
    check_host_network,
    check_identity,
    check_labels,
    check_other_containers,
    check_peers_in,
    check_placement,
    check_pod_annotations,
    check_pods,
    check_policy_dns,
    check_security,
    check_variable_references,
    check_volume_names,
    check_volumes,
    exceptions_of_pod_args,
    notes_of_pod_args,
    rules_of_images,
)
from ..workload.resolvers import check_resolvers
from ..workload.rollout import check_rollout
from ..workload.security import SecuritySpec, check_host_ports
from .additional_services import check_additional_services
from .args import WebServiceArgs, WebServiceSpec, rules_with
from .claim_rules import check_claims
from .elsewhere import NAMES
from .existing_config_maps import check_roll_on_change
from .kind_rules import check_kind
from .objects import SERVICE, each_object, workload_key
from .plan import WebServicePlan, plan_web_service
from .ports import check_ports, exceptions_of_ports, own_ports, ports_of_sidecars, resolve_ports, tcp_ports
from .service import check_service, is_headless
from .workload import plan_pods

__all__ = ["exceptions_of", "notes_of", "parse_web_service"]

EMPTY_SELECTOR = define(
    "empty-selector", "An empty selector selects every pod of the namespace.", allowed="one label or more"
)
PEER_WITHOUT_PORTS = define(
    "peer-without-ports",
    "This service has no ports, so the peer could connect to every port of the pods.",
    allowed="only with {ports}",
    hint="Set {ports} to those that the pods listen on.",
)


def parse_web_service(
    name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None
) -> WebServiceSpec:
    """The parsed arguments of the WebService called `name`; what's wrong is reported in `problems`."""
    # The name of a component isn't among its arguments; in a stack, it is their key.
    named = at or ROOT / "name"
    if reason := service_name(name):
        problems.reject(named, name, reason, is_key=bool(at))
    rules = _rules_for(args, problems.style)
    spec = parse(WebServiceSpec, WebServiceArgs, args, rules, problems, at, hooks)
    if reason is None:
        problems.run(_check_workload_name, name, named, spec)
    name = object_name(name, spec)
    for rule in _RULES:
        problems.run(rule, spec)
    problems.run(_check_container_ports, spec)
    problems.run(check_other_containers, name, spec)
    problems.run(check_variable_references, name, spec)
    problems.run(_check_additional_services, name, spec)
    problems.run(check_extra_items, name, spec)
    if not at:
        # A stack has DNS servers for all of its services, so its own rules do this.
        problems.run(check_resolvers, spec)
    if reason is None:
        plan = plan_web_service(name, spec)
        problems.run(check_pods, spec, lambda: plan_pods(plan, {}))
        problems.run(_check_limits, plan)
    return spec


def _check_limits(plan: WebServicePlan, problems: Problems) -> None:
    check_limits(plan.spec, partial(each_object, plan), problems, partial(_source_of, plan))


def _source_of(plan: WebServicePlan, described: ObjectSpec, part: Part) -> Location:
    """The argument that most of a part of an object is from."""
    spec = plan.spec
    if part is Part.ANNOTATIONS and described.key == workload_key(plan):
        return spec.at / "workload_annotations"
    if part is Part.ANNOTATIONS:
        annotated = {SERVICE: spec.service, SERVICE_ACCOUNT: spec.identity}.get(described.key)
        return spec.at if annotated is None else annotated.at / "annotations"
    return heaviest(spec, ("pod_annotations", "extra") if part is Part.POD_ANNOTATIONS else ())


def _check_workload_name(name: str, named: Location, spec: WebServiceSpec, problems: Problems) -> None:
    own = spec.name
    if reason := workload_name(spec.kind.value)(name if own is None else own):
        at = named if own is None else spec.at / "name"
        problems.reject(at, name if own is None else own, reason, is_key=own is None and bool(spec.at))


_rules_for = rules_of_images(rules_with)


def _check_additional_services(name: str, spec: WebServiceSpec, problems: Problems) -> None:
    if spec.additional_services:
        ports = resolve_ports(spec, headless=is_headless(spec))
        check_additional_services(name, spec, pod_labels_of(name, spec), ports, problems)


def _check_health(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.health is not None:
        problems.run(check_health, spec.health)


def _check_probed_port(spec: WebServiceSpec, problems: Problems) -> None:
    # Without a port, which is reported, nothing is known about the ports.
    if spec.health is not None and (spec.port is not None or spec.ports is not None):
        ports = own_ports(resolve_ports(spec, headless=is_headless(spec)))
        problems.run(check_probed_port, spec.health, ports)


def _check_replicas(spec: WebServiceSpec, problems: Problems) -> None:
    for field, value in (("replicas", spec.replicas), ("autoscaling", spec.autoscaling)):
        if spec.external_replicas and value is not None:
            where = spec.at / "external_replicas"
            problems.report_exclusive(where, field, fix=Remove(where))
            return
    if spec.replicas is not None and spec.autoscaling is not None:
        replicas = spec.at / "replicas"
        problems.report_exclusive(replicas, "autoscaling", fix=Remove(replicas))


def _check_autoscaling(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.autoscaling is not None:
        problems.run(check_autoscaling, spec.autoscaling)


def _check_disruption_budget(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.disruption_budget is not None:
        problems.run(check_disruption_budget, spec.disruption_budget)


def _check_security(spec: WebServiceSpec, problems: Problems) -> None:
    problems.run(check_security, spec)
    if spec.security is not None:
        problems.run(_check_host_ports, spec.security, spec)


def _check_host_ports(security: SecuritySpec, spec: WebServiceSpec, problems: Problems) -> None:
    sidecars = {sidecar.port: sidecar.at / "port" for sidecar in spec.sidecars if sidecar.port is not None}
    others = {port.port: port.at / "port" for port in (spec.ports or {}).values()}
    check_host_ports(security, {**sidecars, **others, **tcp_ports(spec)}, problems)


def _check_rollout(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.rollout is not None:
        problems.run(check_rollout, spec.rollout, spec.kind, spec.is_on_host_network)


def _check_peers(spec: WebServiceSpec, problems: Problems) -> None:
    problems.run(_check_peers_in, spec, "allow_from")
    problems.run(_check_peers_in, spec, "allow_to")
    problems.run(_check_ports_of_peers, spec)
    problems.run(check_policy_dns, spec)


def _check_peers_in(spec: WebServiceSpec, field: str, problems: Problems) -> None:
    check_peers_in(spec, field, spec.allow_from if field == "allow_from" else spec.allow_to, problems)


def _check_peers_of_worker(spec: WebServiceSpec, problems: Problems) -> None:
    """Report peers that could connect to every port of the pods, because the service has none of its own."""
    if resolve_ports(spec, headless=is_headless(spec)):
        return
    for peer in spec.allow_from:
        if not peer.ports:
            problems.report(PEER_WITHOUT_PORTS, peer.at, ports=Field("ports"))


def _check_ports_of_peers(spec: WebServiceSpec, problems: Problems) -> None:
    # Without a port, which is reported, nothing is known about the ports.
    if spec.port is None and spec.ports is None:
        return
    ports = list(resolve_ports(spec, headless=is_headless(spec)).values())
    for peer in spec.allow_from:
        problems.run(check_pod_ports, peer, ports)


def _check_host_network(spec: WebServiceSpec, problems: Problems) -> None:
    check_host_network(spec, {"allow_from": spec.allow_from, "allow_to": spec.allow_to}, problems)


def _check_selector(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.selector is not None and not spec.selector:
        where = spec.at / "selector"
        problems.report(EMPTY_SELECTOR, where, value={}, fix=Remove(where))


def _check_workload_annotations(spec: WebServiceSpec, problems: Problems) -> None:
    check_readers(spec.workload_annotations, spec.at / "workload_annotations", WORKLOAD, problems)


def _check_container_ports(spec: WebServiceSpec, problems: Problems) -> None:
    check_container_ports(tcp_ports(spec), ports_of_sidecars(spec), spec.sidecars, problems)


def _check_extra(spec: WebServiceSpec, problems: Problems) -> None:
    check_extra(spec, NAMES, problems)


_RULES: Sequence[Callable[[WebServiceSpec, Problems], None]] = (
    check_kind,
    check_ports,
    check_service,
    check_environment,
    _check_health,
    _check_probed_port,
    _check_replicas,
    _check_autoscaling,
    _check_disruption_budget,
    check_identity,
    _check_security,
    check_placement,
    _check_rollout,
    check_volumes,
    check_volume_names,
    check_claims,
    check_roll_on_change,
    _check_peers,
    _check_peers_of_worker,
    _check_host_network,
    _check_selector,
    check_labels,
    check_pod_annotations,
    _check_workload_annotations,
    _check_extra,
)


def notes_of(spec: WebServiceSpec, style: KeyStyle = KeyStyle.PYTHON) -> Sequence[Problem]:
    """What the user must add for a valid service to work, and Portico can't."""
    return notes_of_pod_args(spec, "WebService", style)


def exceptions_of(plan: WebServicePlan) -> list[SecurityException]:
    """What of a WebService is less strict than the secure default."""
    spec = plan.spec
    found = list(exceptions_of_pod_args(spec, lambda: plan_pods(plan, {})))
    found += exceptions_of_ports(spec)
    settings = spec.service
    if settings is not None:
        found += exceptions_of_service_annotations(settings.annotations or {}, settings.at / "annotations")
    for further in spec.additional_services.values():
        found += exceptions_of_service_annotations(further.annotations or {}, further.at / "annotations")
    for field, labels in (("labels", spec.labels), ("selector", spec.selector)):
        found += exceptions_of_service_labels(labels or {}, spec.at / field)
    annotations = spec.workload_annotations or {}
    found += exceptions_of_workload_annotations(annotations, spec.at / "workload_annotations")
    return found
