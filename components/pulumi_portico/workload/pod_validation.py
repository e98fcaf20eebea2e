"""The rules of pods that every component with pods follows, between the fields of its arguments.

Each rule takes the parsed arguments, and reports what's wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Optional, cast

from ..args.codes import define
from ..args.elsewhere import Table
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Field, Key, KeyStyle, Location, field_text
from ..args.parse import Rule, Rules
from ..args.problems import Problem, Problems, Remove, Set
from ..args.secret_marks import check_secret_marks
from ..args.values import image_rule
from ..lifecycle.annotation_readers import POD, check_readers
from ..networking.dns import check_dns, exceptions_of_dns
from ..networking.exposing_annotations import exceptions_of_pod_networks
from ..networking.network_policies import PeerSpec, check_peers
from ..untyped import mapped
from .admission import exceptions_of_pods
from .annotations import check_pod_annotations as check_annotations
from .containers import (
    CommonContainerSpec,
    ContainerSpec,
    check_container_names,
    check_init_container,
    check_other_container,
    check_resources_of,
    check_sidecar,
    exceptions_of_container,
)
from .environment import check_contents, check_mount_paths, check_variables, own_mount_paths
from .extra_fields import check_extra_fields
from .extra_rules import CONTAINERS, INIT_CONTAINERS
from .extra_rules import check_extra_items as check_items
from .identity import check_identity as check_identity_itself
from .identity import exceptions_of_identity, note_blocked_identity
from .images import ImagePolicySpec, exceptions_of_images
from .placement import check_placement as check_placement_itself
from .pod import PodPlan
from .pod_args import PodSpec
from .security import check_security as check_security_itself
from .security import exceptions_of_security
from .template_rules import check_merged_template
from .template_schema import check_template
from .variable_references import (
    added_variables,
    check_command_references,
    check_order,
    check_probe_references,
    check_references,
)
from .volumes import check_volume, exceptions_of_volume, mount_paths_of
from .volumes import check_volume_names as check_names_of_volumes

__all__ = [
    "check_environment",
    "check_extra",
    "check_extra_items",
    "check_host_network",
    "check_identity",
    "check_labels",
    "check_order_of_variables",
    "check_other_containers",
    "check_peers_in",
    "check_placement",
    "check_pod_annotations",
    "check_pods",
    "check_policy_dns",
    "check_security",
    "check_variable_references",
    "check_volume_names",
    "check_volumes",
    "exceptions_of_pod_args",
    "notes_of_pod_args",
    "rules_of_images",
]

LABEL_IN_SELECTOR = define("label-in-selector", "{selector} sets this label too.", allowed="any other label")
EXTRA_LABEL_IN_SELECTOR = define(
    "extra-label-in-selector", "The pods are selected by this label.", allowed="any other label"
)
POLICY_TURNED_OFF = define("network-policy-turned-off", "This configures the NetworkPolicy, and {field} turns it off.")
POLICY_ON_HOST_NETWORK = define(
    "network-policy-on-host-network", "NetworkPolicies don't apply to pods on the host network."
)


def rules_of_images(rules_with: Callable[[Rule], Rules]) -> Callable[[Any, KeyStyle], Rules]:
    """The rules of the fields of arguments: what images must satisfy is the arguments' own choice."""

    @cache
    def rules(*, latest: bool, digest: bool) -> Rules:
        return rules_with(image_rule(latest=latest, digest=digest))

    def rules_for(args: Any, style: KeyStyle) -> Rules:
        policy = _field(args, "image_policy", style)
        latest, digest = (_field(policy, field, style) is True for field in ("allow_latest", "require_digest"))
        return rules(latest=latest, digest=digest)

    return rules_for


def _field(args: Any, name: str, style: KeyStyle) -> Any:
    """A field of arguments that aren't parsed yet."""
    if isinstance(args, ImagePolicySpec):
        return {"allow_latest": args.allow_latest, "require_digest": args.require_digest}[name]
    return cast("Mapping[Any, Any]", args).get(field_text(name, style)) if isinstance(args, Mapping) else None


def check_environment(spec: PodSpec, problems: Problems) -> None:
    """Report variables and paths of the application's container that are set twice, and limits below its requests."""
    problems.run(check_resources_of, spec)
    problems.run(check_variables, spec)
    problems.run(check_contents, spec)
    problems.run(_check_paths, spec)


def _check_paths(spec: PodSpec, problems: Problems) -> None:
    problems.run(check_mount_paths, [*own_mount_paths(spec), *mount_paths_of(spec.volumes, spec.claim_templates)])


def check_variable_references(name: str, spec: PodSpec, problems: Problems) -> None:
    """Report references to variables that Kubernetes doesn't expand, in every container."""
    problems.run(_check_own_references, name, spec)
    for container in spec.other_containers:
        problems.run(_check_references_of, container, spec, INIT_CONTAINERS, None)


def _check_own_references(name: str, spec: PodSpec, problems: Problems) -> None:
    _check_references_of(spec, spec, CONTAINERS, spec.container_name_for(name), problems)


def _check_references_of(
    container: CommonContainerSpec, spec: PodSpec, group: str, name: Optional[str], problems: Problems
) -> None:
    if name is None:
        assert isinstance(container, ContainerSpec)
        name = container.name
    added = added_variables(spec.extra, spec.at / "extra", group, name)
    problems.run(check_references, container, added)
    problems.run(check_command_references, container, added)
    if container.probes is not None:
        problems.run(check_probe_references, container, container.probes, added)


def check_order_of_variables(name: str, declared: PodSpec, known: PodSpec, problems: Problems) -> None:
    """Report references of Outputs to variables after them, in every container, once the values are known."""
    own = declared.container_name_for(name)
    groups: list[tuple[str, str, CommonContainerSpec, CommonContainerSpec]] = [(CONTAINERS, own, declared, known)]
    for one, other in zip(declared.other_containers, known.other_containers, strict=True):
        groups.append((INIT_CONTAINERS, one.name, one, other))
    for group, container, before, after in groups:
        added = added_variables(declared.extra, declared.at / "extra", group, container)
        problems.run(check_order, before, after, added)


def check_identity(spec: PodSpec, problems: Problems) -> None:
    """Report an identity that contradicts itself."""
    if spec.identity is not None:
        problems.run(check_identity_itself, spec.identity)


def check_security(spec: PodSpec, problems: Problems) -> None:
    """Report a security context that contradicts itself."""
    if spec.security is not None:
        problems.run(check_security_itself, spec.security)


def check_placement(spec: PodSpec, problems: Problems) -> None:
    """Report a placement that contradicts itself."""
    if spec.placement is not None:
        problems.run(check_placement_itself, spec.placement)


def check_volumes(spec: PodSpec, problems: Problems) -> None:
    """Report volumes that contradict themselves, or that the security context doesn't allow."""
    for volume in spec.volumes.values():
        host_paths = spec.security is not None and spec.security.host_paths
        problems.run(check_volume, volume, host_paths, spec.at / "security" / "host_paths")


def check_volume_names(spec: PodSpec, problems: Problems) -> None:
    """Report names that two volumes have, or that Portico uses."""
    check_names_of_volumes(spec.volumes, spec.claim_templates, problems)


def check_peers_in(spec: PodSpec, field: str, peers: Sequence[PeerSpec], problems: Problems) -> None:
    """Report peers of a field that contradict themselves, or that no policy allows."""
    problems.run(check_peers, peers)
    if peers and not spec.network_policy:
        where = spec.at / field
        # On the host network, the policy must stay turned off.
        fix = Remove(where) if spec.is_on_host_network else Remove(spec.at / "network_policy")
        problems.report(POLICY_TURNED_OFF, where, field=Field("network_policy"), fix=fix)


def check_policy_dns(spec: PodSpec, problems: Problems) -> None:
    """Report addresses of the DNS that are invalid, or without a policy that allows them."""
    if spec.dns is None:
        return
    problems.run(check_dns, spec.dns)
    if not spec.network_policy:
        where = spec.at / "dns"
        problems.report(POLICY_TURNED_OFF, where, field=Field("network_policy"), fix=Remove(where))


def check_host_network(spec: PodSpec, fields: Mapping[Location, Sequence[PeerSpec]], problems: Problems) -> None:
    """Report a policy of pods on the host network; `fields` has the peers by the location of their field."""
    if not spec.network_policy:
        return
    removed = [Remove(location) for location, peers in fields.items() if peers]
    fix = [Set(spec.at / "network_policy", value=False), *removed]
    if spec.is_on_host_network:
        problems.report(POLICY_ON_HOST_NETWORK, spec.at / "security" / "host_network", fix=fix)
    # What isn't known yet can be true.
    if spec.extra_host_network is not False:
        location = (spec.at / "extra").join((Key("spec"), Key("hostNetwork")))
        problems.report(POLICY_ON_HOST_NETWORK, location, fix=fix)


def check_labels(spec: PodSpec, problems: Problems) -> None:
    """Report labels that the selector sets too."""
    # If the values differed, the selector would select no pod.
    for key in spec.labels or {}:
        if key in spec.selector_for(""):
            where = spec.at / "labels" / Key(key)
            problems.report(LABEL_IN_SELECTOR, where, selector=Field("selector"), fix=Remove(where))


def check_pod_annotations(spec: PodSpec, problems: Problems) -> None:
    """Report annotations of the pods that have no effect, or that the API server rejects."""
    check_annotations(spec.pod_annotations, spec.at / "pod_annotations", problems)


def check_extra(spec: PodSpec, names: Table, problems: Problems) -> None:
    """Report what of `extra` isn't part of the pods' template, has an argument, or contradicts the selector. `names`
    are other tools' names for the arguments."""
    extra = spec.extra or {}
    since = len(problems.found)
    check_template(extra, spec.at / "extra", problems)
    check_secret_marks(extra, spec.at / "extra", problems)
    check_extra_fields(spec, names, problems.found[since:], problems)
    metadata = mapped(extra.get("metadata"))
    at = (spec.at / "extra").join((Key("metadata"), Key("annotations")))
    # A null removes an annotation.
    added = {key: value for key, value in mapped(metadata.get("annotations")).items() if value is not None}
    check_readers(added, at, POD, problems)
    labels = metadata.get("labels")
    for key in cast("Iterable[str]", labels if isinstance(labels, Mapping) else ()):
        if key in spec.selector_for(""):
            where = spec.at.join(("extra", Key("metadata"), Key("labels"), Key(key)))
            problems.report(EXTRA_LABEL_IN_SELECTOR, where, fix=Remove(where))


def check_extra_items(name: str, spec: PodSpec, problems: Problems) -> None:
    """Report containers, volumes, and variables of `extra` that don't merge into those of the pods."""
    others = [container.name for container in spec.other_containers]
    pod = mapped(mapped(spec.extra).get("spec"))
    where = spec.at / "extra" / Key("spec")
    check_items(pod, where, {CONTAINERS: [spec.container_name_for(name)], INIT_CONTAINERS: others}, problems)


def check_other_containers(name: str, spec: PodSpec, problems: Problems) -> None:
    """Report what's wrong with the containers besides the application's, in the component called `name`."""
    problems.run(_check_container_names, name, spec)
    volumes = [*spec.volumes, *spec.claim_templates]
    for sidecar in spec.sidecars:
        problems.run(check_other_container, sidecar, volumes)
        problems.run(check_sidecar, sidecar)
    for container in spec.init_containers:
        problems.run(check_other_container, container, volumes)
        problems.run(check_init_container, container)


def _check_container_names(name: str, spec: PodSpec, problems: Problems) -> None:
    check_container_names(spec.container_name_for(name), spec.other_containers, problems)


def check_pods(spec: PodSpec, pods: Callable[[], PodPlan], problems: Problems) -> None:
    """Report what Kubernetes rejects of the pods' template with `extra`; `pods` returns their plan."""
    # Invalid `extra` can't be merged.
    if not problems.has_within(spec.at / "extra"):
        check_merged_template(pods(), problems)


def notes_of_pod_args(spec: PodSpec, component: str, style: KeyStyle) -> Sequence[Problem]:
    """What the user must add for valid pods to work, and Portico can't. Something outside of Portico, such as another
    policy, can have it already, so it's no problem."""
    notes = Problems(component, style=style)
    if spec.network_policy and spec.identity is not None:
        notes.run(note_blocked_identity, spec.identity, spec.allow_to)
    return notes.found


_NO_POLICY = exception_kind("no-network-policy", "No NetworkPolicy restricts these pods.")
_EXTRA = exception_kind("unchecked-template", "Portico doesn't check what this changes in the pods' template.")


def exceptions_of_pod_args(spec: PodSpec, pods: Callable[[], PodPlan]) -> Iterator[SecurityException]:
    """What of a component's pods is less strict than the secure default; `pods` returns their plan."""
    if spec.security is not None:
        yield from exceptions_of_security(spec.security)
    if spec.identity is not None:
        yield from exceptions_of_identity(spec.identity)
    if spec.image_policy is not None:
        yield from exceptions_of_images(spec.image_policy)
    if not spec.network_policy:
        yield SecurityException(_NO_POLICY, spec.at / "network_policy")
    if spec.dns is not None:
        yield from exceptions_of_dns(spec.dns)
    containers: Sequence[CommonContainerSpec] = (spec, *spec.other_containers)
    for container in containers:
        yield from exceptions_of_container(container)
    for volume in spec.volumes.values():
        yield from exceptions_of_volume(volume)
    yield from _exceptions_of_annotations(spec)
    if spec.extra is not None:
        yield SecurityException(_EXTRA, spec.at / "extra")
    if spec.extra is not None or spec.pod_annotations:
        yield from exceptions_of_pods(pods())


def _exceptions_of_annotations(spec: PodSpec) -> Iterator[SecurityException]:
    yield from exceptions_of_pod_networks(spec.pod_annotations or {}, spec.at / "pod_annotations")
    added = mapped(mapped((spec.extra or {}).get("metadata")).get("annotations"))
    yield from exceptions_of_pod_networks(added, spec.at.join(("extra", Key("metadata"), Key("annotations"))))
