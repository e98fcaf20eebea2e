"""The rules of a whole `WebService`: each field's, and those between fields."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Optional, cast

from ..args.codes import define
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import ROOT, Field, Key, KeyStyle, Location, field_text
from ..args.names import service_name, workload_name
from ..args.parse import Hooks, Rules, parse
from ..args.problems import Problem, Problems, Remove, Set
from ..args.values import image_rule
from ..lifecycle.annotation_readers import POD, WORKLOAD, check_readers
from ..lifecycle.limits import Part, check_limits, heaviest
from ..lifecycle.objects import ObjectSpec
from ..networking.dns import check_dns, exceptions_of_dns
from ..networking.exposing_annotations import exceptions_of_pod_networks, exceptions_of_service_annotations
from ..networking.network_policies import check_peers, check_pod_ports
from ..untyped import mapped
from ..workload.admission import exceptions_of_pods
from ..workload.annotations import check_pod_annotations
from ..workload.autoscaling import check_autoscaling
from ..workload.availability import check_disruption_budget
from ..workload.containers import (
    CommonContainerSpec,
    ContainerSpec,
    check_container_names,
    check_container_ports,
    check_init_container,
    check_other_container,
    check_sidecar,
    exceptions_of_container,
)
from ..workload.environment import check_contents, check_mount_paths, check_variables, own_mount_paths
from ..workload.extra_rules import CONTAINERS, INIT_CONTAINERS, check_extra_items
from ..workload.health import check_health, check_probed_port
from ..workload.identity import check_identity, exceptions_of_identity, note_blocked_identity
from ..workload.images import ImagePolicySpec, exceptions_of_images
from ..workload.placement import check_placement
from ..workload.rollout import check_rollout
from ..workload.security import SecuritySpec, check_host_ports, check_security, exceptions_of_security
from ..workload.template_rules import check_merged_template
from ..workload.template_schema import check_template
from ..workload.variable_references import (
    added_variables,
    check_command_references,
    check_probe_references,
    check_references,
)
from ..workload.volumes import check_volume, check_volume_names, exceptions_of_volume, mount_paths_of
from .args import WebServiceArgs, WebServiceSpec, rules_with
from .claim_rules import check_claims
from .kind_rules import check_kind
from .objects import SERVICE, SERVICE_ACCOUNT, each_object, workload_key
from .plan import WebServicePlan, plan_web_service, selector_of
from .ports import check_ports, resolve_ports, tcp_ports
from .service import check_service, is_headless
from .workload import plan_pods

__all__ = ["exceptions_of", "notes_of", "parse_web_service"]

EMPTY_SELECTOR = define(
    "empty-selector", "An empty selector selects every pod of the namespace.", allowed="one label or more"
)
LABEL_IN_SELECTOR = define("label-in-selector", "{selector} sets this label too.", allowed="any other label")
EXTRA_LABEL_IN_SELECTOR = define(
    "extra-label-in-selector", "The pods are selected by this label.", allowed="any other label"
)
POLICY_TURNED_OFF = define("network-policy-turned-off", "This configures the NetworkPolicy, and {field} turns it off.")
PEER_WITHOUT_PORTS = define(
    "peer-without-ports",
    "This service has no ports, so the peer could connect to every port of the pods.",
    allowed="only with {ports}",
    hint="Set {ports} to those that the pods listen on.",
)
POLICY_ON_HOST_NETWORK = define(
    "network-policy-on-host-network", "NetworkPolicies don't apply to pods on the host network."
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
    for rule in _RULES:
        problems.run(rule, spec)
    problems.run(_check_other_containers, name, spec)
    problems.run(_check_references, name, spec)
    problems.run(_check_extra_items, name, spec)
    if reason is None:
        problems.run(_check_pods, plan_web_service(name, spec))
        problems.run(_check_limits, plan_web_service(name, spec))
    return spec


def _check_pods(plan: WebServicePlan, problems: Problems) -> None:
    if problems.has_within(plan.spec.at / "extra"):
        # It can't be merged.
        return
    check_merged_template(plan_pods(plan, {}), problems)


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


def _rules_for(args: Any, style: KeyStyle) -> Rules:
    """The rules of the fields. What images must satisfy is the arguments' own choice."""
    policy = _field(args, "image_policy", style)
    latest, digest = (_field(policy, field, style) is True for field in ("allow_latest", "require_digest"))
    return _rules(latest=latest, digest=digest)


def _field(args: Any, name: str, style: KeyStyle) -> Any:
    """A field of arguments that aren't parsed yet."""
    if isinstance(args, ImagePolicySpec):
        return {"allow_latest": args.allow_latest, "require_digest": args.require_digest}[name]
    return cast("Mapping[Any, Any]", args).get(field_text(name, style)) if isinstance(args, Mapping) else None


@cache
def _rules(*, latest: bool, digest: bool) -> Rules:
    return rules_with(image_rule(latest=latest, digest=digest))


def _check_workload_name(name: str, named: Location, spec: WebServiceSpec, problems: Problems) -> None:
    if reason := workload_name(spec.kind.value)(name):
        problems.reject(named, name, reason, is_key=bool(spec.at))


def _check_environment(spec: WebServiceSpec, problems: Problems) -> None:
    problems.run(check_variables, spec)
    problems.run(check_contents, spec)
    problems.run(_check_paths, spec)


def _check_references(name: str, spec: WebServiceSpec, problems: Problems) -> None:
    """Report references to variables that Kubernetes doesn't expand, in every container."""
    problems.run(_check_references_of, spec, spec, CONTAINERS, name)
    for container in (*spec.sidecars, *spec.init_containers):
        problems.run(_check_references_of, container, spec, INIT_CONTAINERS, None)


def _check_references_of(
    container: CommonContainerSpec, spec: WebServiceSpec, group: str, name: Optional[str], problems: Problems
) -> None:
    if name is None:
        assert isinstance(container, ContainerSpec)
        name = container.name
    added = added_variables(spec.extra, spec.at / "extra", group, name)
    problems.run(check_references, container, added)
    problems.run(check_command_references, container, added)
    if container.health is not None:
        problems.run(check_probe_references, container, container.health, added)


def _check_paths(spec: WebServiceSpec, problems: Problems) -> None:
    problems.run(check_mount_paths, [*own_mount_paths(spec), *mount_paths_of(spec.volumes, spec.storage)])


def _check_health(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.health is not None:
        problems.run(check_health, spec.health)


def _check_probed_port(spec: WebServiceSpec, problems: Problems) -> None:
    # Without a port, which is reported, nothing is known about the ports.
    if spec.health is not None and (spec.port is not None or spec.ports is not None):
        problems.run(check_probed_port, spec.health, resolve_ports(spec, headless=is_headless(spec)))


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


def _check_identity(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.identity is not None:
        problems.run(check_identity, spec.identity)


def _check_security(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.security is not None:
        problems.run(check_security, spec.security)
        problems.run(_check_host_ports, spec.security, spec)


def _check_host_ports(security: SecuritySpec, spec: WebServiceSpec, problems: Problems) -> None:
    sidecars = {sidecar.port: sidecar.at / "port" for sidecar in spec.sidecars if sidecar.port is not None}
    others = {port.port: port.at / "port" for port in (spec.ports or {}).values()}
    check_host_ports(security, {**sidecars, **others, **tcp_ports(spec)}, problems)


def _check_placement(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.placement is not None:
        problems.run(check_placement, spec.placement)


def _check_rollout(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.rollout is not None:
        problems.run(check_rollout, spec.rollout, spec.kind, spec.is_on_host_network)


def _check_volumes(spec: WebServiceSpec, problems: Problems) -> None:
    for volume in spec.volumes.values():
        host_paths = spec.security is not None and spec.security.host_paths
        problems.run(check_volume, volume, host_paths, spec.at / "security" / "host_paths")


def _check_volume_names(spec: WebServiceSpec, problems: Problems) -> None:
    check_volume_names(spec.volumes, spec.storage, problems)


def _check_peers(spec: WebServiceSpec, problems: Problems) -> None:
    problems.run(_check_peers_in, spec, "allow_from")
    problems.run(_check_peers_in, spec, "allow_to")
    problems.run(_check_ports_of_peers, spec)
    problems.run(_check_dns, spec)


def _check_peers_in(spec: WebServiceSpec, field: str, problems: Problems) -> None:
    peers = spec.allow_from if field == "allow_from" else spec.allow_to
    problems.run(check_peers, peers)
    if peers and not spec.network_policy:
        where = spec.at / field
        # On the host network, the policy must stay turned off.
        fix = Remove(where) if spec.is_on_host_network else Remove(spec.at / "network_policy")
        problems.report(POLICY_TURNED_OFF, where, field=Field("network_policy"), fix=fix)


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


def _check_dns(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.dns is None:
        return
    problems.run(check_dns, spec.dns)
    if not spec.network_policy:
        where = spec.at / "dns"
        problems.report(POLICY_TURNED_OFF, where, field=Field("network_policy"), fix=Remove(where))


def _check_host_network(spec: WebServiceSpec, problems: Problems) -> None:
    if not spec.network_policy:
        return
    peers = [Remove(spec.at / field) for field in _peer_fields(spec)]
    fix = [Set(spec.at / "network_policy", value=False), *peers]
    if spec.is_on_host_network:
        problems.report(POLICY_ON_HOST_NETWORK, spec.at / "security" / "host_network", fix=fix)
    # What isn't known yet can be true.
    if spec.extra_host_network is not False:
        location = (spec.at / "extra").join((Key("spec"), Key("hostNetwork")))
        problems.report(POLICY_ON_HOST_NETWORK, location, fix=fix)


def _peer_fields(spec: WebServiceSpec) -> list[str]:
    return [field for field, peers in (("allow_from", spec.allow_from), ("allow_to", spec.allow_to)) if peers]


def _check_selector(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.selector is not None and not spec.selector:
        where = spec.at / "selector"
        problems.report(EMPTY_SELECTOR, where, value={}, fix=Remove(where))


def _check_labels(spec: WebServiceSpec, problems: Problems) -> None:
    # If the values differed, the selector would select no pod.
    for key in spec.labels or {}:
        if key in selector_of("", spec):
            where = spec.at / "labels" / Key(key)
            problems.report(LABEL_IN_SELECTOR, where, selector=Field("selector"), fix=Remove(where))


def _check_extra(spec: WebServiceSpec, problems: Problems) -> None:
    extra = spec.extra or {}
    check_template(extra, spec.at / "extra", problems)
    metadata = mapped(extra.get("metadata"))
    at = (spec.at / "extra").join((Key("metadata"), Key("annotations")))
    # A null removes an annotation.
    added = {key: value for key, value in mapped(metadata.get("annotations")).items() if value is not None}
    check_readers(added, at, POD, problems)
    labels = metadata.get("labels")
    for key in cast("Iterable[str]", labels if isinstance(labels, Mapping) else ()):
        if key in selector_of("", spec):
            where = spec.at.join(("extra", Key("metadata"), Key("labels"), Key(key)))
            problems.report(EXTRA_LABEL_IN_SELECTOR, where, fix=Remove(where))


def _check_extra_items(name: str, spec: WebServiceSpec, problems: Problems) -> None:
    others = [container.name for container in (*spec.sidecars, *spec.init_containers)]
    pod = mapped(mapped(spec.extra).get("spec"))
    where = spec.at / "extra" / Key("spec")
    check_extra_items(pod, where, {CONTAINERS: [name], INIT_CONTAINERS: others}, problems)


def _check_other_containers(name: str, spec: WebServiceSpec, problems: Problems) -> None:
    problems.run(check_container_names, name, [*spec.sidecars, *spec.init_containers])
    problems.run(_check_container_ports, spec)
    volumes = [*spec.volumes, *spec.storage]
    for sidecar in spec.sidecars:
        problems.run(check_other_container, sidecar, volumes)
        problems.run(check_sidecar, sidecar)
    for container in spec.init_containers:
        problems.run(check_other_container, container, volumes)
        problems.run(check_init_container, container)


def _check_pod_annotations(spec: WebServiceSpec, problems: Problems) -> None:
    check_pod_annotations(spec.pod_annotations, spec.at / "pod_annotations", problems)


def _check_workload_annotations(spec: WebServiceSpec, problems: Problems) -> None:
    check_readers(spec.workload_annotations, spec.at / "workload_annotations", WORKLOAD, problems)


def _check_container_ports(spec: WebServiceSpec, problems: Problems) -> None:
    check_container_ports(tcp_ports(spec), spec.sidecars, problems)


_RULES: Sequence[Callable[[WebServiceSpec, Problems], None]] = (
    check_kind,
    check_ports,
    check_service,
    _check_environment,
    _check_health,
    _check_probed_port,
    _check_replicas,
    _check_autoscaling,
    _check_disruption_budget,
    _check_identity,
    _check_security,
    _check_placement,
    _check_rollout,
    _check_volumes,
    _check_volume_names,
    check_claims,
    _check_peers,
    _check_peers_of_worker,
    _check_host_network,
    _check_selector,
    _check_labels,
    _check_pod_annotations,
    _check_workload_annotations,
    _check_extra,
)


def notes_of(spec: WebServiceSpec, style: KeyStyle = KeyStyle.PYTHON) -> Sequence[Problem]:
    """What the user must add for a valid service to work, and Portico can't. Something outside of Portico, such as
    another policy, can have it already, so it's no problem."""
    notes = Problems("WebService", style=style)
    if spec.network_policy and spec.identity is not None:
        notes.run(note_blocked_identity, spec.identity, spec.allow_to)
    return notes.found


_NO_POLICY = exception_kind("no-network-policy", "No NetworkPolicy restricts these pods.")
_EXTRA = exception_kind("unchecked-template", "Portico doesn't check what this changes in the pods' template.")


def exceptions_of(plan: WebServicePlan) -> list[SecurityException]:
    """What of a WebService is less strict than the secure default."""
    spec = plan.spec
    found: list[SecurityException] = []
    if spec.security is not None:
        found += exceptions_of_security(spec.security)
    if spec.identity is not None:
        found += exceptions_of_identity(spec.identity)
    if spec.image_policy is not None:
        found += exceptions_of_images(spec.image_policy)
    if not spec.network_policy:
        found.append(SecurityException(_NO_POLICY, spec.at / "network_policy"))
    if spec.dns is not None:
        found += exceptions_of_dns(spec.dns)
    containers: Sequence[CommonContainerSpec] = (spec, *spec.sidecars, *spec.init_containers)
    for container in containers:
        found += exceptions_of_container(container)
    for volume in spec.volumes.values():
        found += exceptions_of_volume(volume)
    found += _exceptions_of_annotations(spec)
    if spec.extra is not None:
        found.append(SecurityException(_EXTRA, spec.at / "extra"))
    if spec.extra is not None or spec.pod_annotations:
        found += exceptions_of_pods(plan_pods(plan, {}))
    return found


def _exceptions_of_annotations(spec: WebServiceSpec) -> Iterator[SecurityException]:
    settings = spec.service
    if settings is not None:
        yield from exceptions_of_service_annotations(settings.annotations or {}, settings.at / "annotations")
    yield from exceptions_of_pod_networks(spec.pod_annotations or {}, spec.at / "pod_annotations")
    added = mapped(mapped((spec.extra or {}).get("metadata")).get("annotations"))
    yield from exceptions_of_pod_networks(added, spec.at.join(("extra", Key("metadata"), Key("annotations"))))
