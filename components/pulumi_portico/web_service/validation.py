"""The checks of a whole `WebService`: each field's, and those between fields."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from ..args.names import workload_name
from ..args.problems import Remove
from ..args.shapes import as_written, mapped
from ..args.values import image_rule
from ..checks import Rules, check
from ..errors import Problems, Refusal
from ..networking.network_policies import check_peers
from ..workload.autoscaling import check_autoscaling
from ..workload.availability import check_disruption_budget
from ..workload.identity import check_identity
from ..workload.placement import check_placement
from ..workload.resources import Limits
from ..workload.rollout import check_rollout
from .args import WebServiceArgs, rules_with
from .containers import check_containers
from .environment import GENERATED, check_environment
from .health import check_asked_port, check_health
from .kinds import WorkloadKind, check_kind, kind_of
from .plan import selector_of
from .ports import check_ports, ports_of
from .security import check_security, loosened
from .service import check_service, is_headless
from .volumes import check_volumes

__all__ = ["check_web_service", "exceptions_of"]

Spelling = Callable[[str], str]


def check_web_service(
    name: str, args: Any, problems: Problems, path: str = "", spelling: Spelling = as_written
) -> WebServiceArgs:
    """The checked arguments of the WebService called ``name``; what is wrong is noted in ``problems``.

    ``path`` and ``spelling`` are where the arguments stand and how their keys are written.
    """
    before = len(problems.found)
    if refusal := workload_name(_known_kind(args, spelling))(name):
        problems.add(path or "name", name, refusal)
    checked: Any = check(WebServiceArgs, args, _rules_for(args, spelling), problems, path, spelling)
    prefix = f"{path}." if path else ""
    for check_part in (
        check_kind,
        check_ports,
        check_service,
        check_environment,
        _check_selector,
        _check_network,
        _check_extra,
    ):
        check_part(checked, problems, prefix, spelling)
    check_containers(name, checked, problems, prefix, spelling)
    _check_nested(checked, problems, prefix, spelling)
    # The ports are looked into only where they are as they should be.
    if len(problems.found) == before and "health" in checked:
        ports = ports_of(checked, headless=is_headless(checked))
        check_asked_port(checked["health"], ports, problems, f"{prefix}health")
    return checked


def exceptions_of(args: WebServiceArgs) -> dict[str, str]:
    """What is looser than the secure default, by the path of the argument that says so."""
    found = loosened(args.get("security", {}), "security")
    if args.get("identity", {}).get("token"):
        found["identity.token"] = "the pods have a token for the API server"
    if args.get("image_policy", {}).get("allow_latest"):
        found["image_policy.allow_latest"] = "an image may change without a change here"
    if not args.get("network_policy", True):
        found["network_policy"] = "the pods may connect, and be connected to, as everybody may"
    for prefix, container in _containers(args):
        if container.get("resources", {}).get("limits") == Limits.NONE.value:
            found[f"{prefix}resources.limits"] = "the container may take all that its node has"
    if "extra" in args:
        found["extra"] = "the pods' template is changed by what nobody checks"
    return found


def _containers(args: WebServiceArgs) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every container with where it stands: the application, and those before and beside it."""
    yield "", args
    for field in ("sidecars", "init_containers"):
        for at, container in enumerate(args.get(field, [])):
            yield f"{field}[{at}].", cast("Mapping[str, Any]", container)


def _rules_for(args: Any, spelling: Spelling) -> Rules:
    """What images must satisfy is the arguments' own choice."""
    told = mapped(mapped(args).get(spelling("image_policy")))
    latest, digest = (told.get(spelling(field)) is True for field in ("allow_latest", "require_digest"))
    return _rules(latest=latest, digest=digest)


@cache
def _rules(*, latest: bool, digest: bool) -> Rules:
    return rules_with(image_rule(latest=latest, digest=digest))


def _known_kind(args: Any, spelling: Spelling) -> str:
    kind = mapped(args).get(spelling("kind"))
    return WorkloadKind(kind).value if kind in [it.value for it in WorkloadKind] else WorkloadKind.DEPLOYMENT.value


def _check_nested(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    nested: tuple[tuple[str, Callable[..., None]], ...] = (
        ("health", check_health),
        ("security", check_security),
    )
    for field, check_part in nested:
        check_part(mapped(args.get(field)), problems, prefix + spelling(field), spelling)
    for field, check_spec in (
        ("disruption_budget", check_disruption_budget),
        ("identity", check_identity),
        ("placement", check_placement),
        ("autoscaling", check_autoscaling),
    ):
        if field in args:
            problems.run(check_spec, args[field])
    if "rollout" in args:
        on_host = mapped(args.get("security")).get("host_network") is True
        problems.run(check_rollout, args["rollout"], WorkloadKind(kind_of(args)), on_host)
    if "autoscaling" in args and "replicas" in args:
        where = args["autoscaling"].at.parent / "replicas"
        problems.report_exclusive(where, "autoscaling", fix=Remove(where))
    host = bool(mapped(args.get("security")).get("host_paths"))
    check_volumes(args.get("volumes"), problems, f"{prefix}volumes", spelling, host=host)
    for field in ("volumes", "storage"):
        for name in mapped(args.get(field)):
            taken = field == "storage" and name in mapped(args.get("volumes"))
            if taken or name.startswith(GENERATED):
                wrong = "is the name of a volume too" if taken else "is a name that Portico gives"
                problems.note(f"{prefix}{field}.{name}", Refusal(wrong, "any other name", "choose another name"))


def _check_network(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    for field in ("allow_from", "allow_to"):
        check_peers(args.get(field) or (), problems)
        if field in args and args.get("network_policy") is False:
            where = spelling("network_policy")
            refusal = Refusal(f"is kept by the policy that {where} turns off", "one of the two", f"leave {where} out")
            problems.note(prefix + spelling(field), refusal)
    if mapped(args.get("security")).get("host_network") is True and args.get("network_policy") is not False:
        where = f"{prefix}security.{spelling('host_network')}"
        fix = f"write {spelling('network_policy')}: false beside it"
        problems.note(where, Refusal("takes the pods out of reach of the network policy", "without the policy", fix))


def _check_extra(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Spelling) -> None:
    extra = mapped(args.get("extra"))
    for key in sorted(extra.keys() - {"metadata", "spec"}):
        refusal = Refusal("is no part of a pod's template", "metadata, spec", "put it below spec")
        problems.note(f"{prefix}extra.{key}", refusal)
    selector = mapped(selector_of("", cast("WebServiceArgs", args)))
    for key in mapped(mapped(extra.get("metadata")).get("labels")):
        if key in selector:
            refusal = Refusal("is what the pods are found by", "other labels", f"set it by {spelling('selector')}")
            problems.note(f"{prefix}extra.metadata.labels.{key}", refusal)


def _check_selector(args: Mapping[str, Any], problems: Problems, prefix: str, _spelling: Spelling) -> None:
    selector = selector_of("", cast("WebServiceArgs", args))
    if selector == {}:
        refusal = Refusal("selects every pod of the namespace", "one label or more", "leave it out for the default")
        problems.add(f"{prefix}selector", selector, refusal)
    # A label written twice with two values would leave the selector finding nothing.
    labels = mapped(args.get("labels"))
    for key in [key for key in labels if key in mapped(selector)]:
        refusal = Refusal("stands in the selector too", "labels that the selector does not hold", "keep one of the two")
        problems.add(f"{prefix}labels.{key}", labels[key], refusal)
