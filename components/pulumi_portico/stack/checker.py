"""Checks a stack as a whole: each component by its own rules, and what several of them would share."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..args.codes import define
from ..args.location import ROOT, Field, Key, Location
from ..args.parse import INVALID, NOT_ARGUMENTS, Hooks, Parser, describe, parse
from ..args.parse import Field as FieldRules
from ..args.problems import EXCLUSIVE, MISSING, Edit, Move, Problems, Remove, available
from ..args.shapes import Shape, camel_case, shapes_of
from ..args.similar_names import nearest
from ..args.values import image_rule
from ..namespace import NamespaceSpec
from ..networking.dns import Dns, DnsSpec, check_dns
from ..networking.network_policies import RULES as NETWORK_RULES
from ..pod_security import PodSecurityLevel
from ..web_service import WebServiceArgs
from ..web_service.args import WebServiceSpec, rules_with
from ..workload.resolvers import check_resolvers
from .admission import POD_SECURITY, check_admission
from .args import KEYS
from .balancer_ports import check_balancer_ports
from .client_addresses import check_gateways_behind_balancers
from .conflicts import Parts, check_conflicts
from .elsewhere import problem_of_name
from .jobs import check_order
from .manifest_pods import check_budgets
from .manifests import check_manifests
from .named_lists import by_name
from .object_quotas import check_object_quotas
from .own_checks import check_own_parts, other_identities, with_access_modes
from .own_parts import NAMESPACE, UNKNOWN, parse_namespace, parse_own_parts
from .parts import (
    AWS_LOAD_BALANCERS,
    GATEWAYS,
    JOBS,
    LOAD_BALANCERS,
    ROUTES,
    SERVICES,
    AwsBalancerPart,
    BalancerPart,
    GatewayPart,
    JobPart,
    Kind,
    PodsByName,
    PodsPart,
    RoutesPart,
    ServicePart,
    backend_of,
    backends_of_services,
)
from .pasted import Pasted, recognized
from .peers import check_peers_of_stack
from .quotas import check_quotas
from .references import GATEWAY, SERVICE, Reference, References
from .route_protocols import check_protocols
from .source_map import Node, holds_secret, plain
from .targets import Destinations, resolve_targets

__all__ = ["CheckedStack", "check_parts"]

_DNS = ROOT / "dns"
_DEFAULTS = ROOT / "defaults"
_AWS_FIELDS = {camel_case(name): name for name in shapes_of(AWS_LOAD_BALANCERS.args_type)}
MOVED_TO_AWS = define(
    "moved-to-aws-load-balancers",
    "A load balancer that Pulumi owns is one of {field} now.",
    allowed="target and exposure",
)


@dataclass(frozen=True)
class CheckedStack:
    """The components of a stack, and what their targets lead to. They are valid only if nothing is reported."""

    parts: Parts
    references: Mapping[Location, Reference]
    """What the targets lead to that name a service or a gateway."""
    destinations: Destinations
    """What all targets lead to."""


def check_parts(tree: Node, problems: Problems, folder: Path) -> CheckedStack:
    """The components of a stack, checked; `folder` is that of the stack file."""
    for key in tree.fields.keys() - set(KEYS):
        close = nearest(key, KEYS)
        if close is None and (elsewhere := problem_of_name(key, ROOT / Key(key))):
            problems.report(elsewhere.code, elsewhere.location, **elsewhere.params)
            continue
        problems.report_unknown(ROOT / Key(key), KEYS, meant=None if close in tree.fields else close)
    own = parse_own_parts(tree, parse_namespace(tree, problems), folder, problems)
    namespace = available(lambda: own.namespace.name, UNKNOWN)
    tree = with_access_modes(tree, own)
    dns = _dns(tree, problems)
    _check_defaults(tree, problems)
    services = {name: ServicePart(*part, namespace, dns) for name, part in _parsed(SERVICES, tree, problems, {})}
    jobs = {name: JobPart(*part, namespace, dns) for name, part in _parsed(JOBS, tree, problems, {})}
    with_pods: dict[str, PodsPart] = {**jobs, **services}
    named = PodsByName(services)
    for part in with_pods.values():
        problems.run(_check_resolvers, part, named)
    check_peers_of_stack(PodsByName({name: part for name, part in with_pods.items() if part.usable}), problems)
    check_order(jobs, services, problems)
    references = References(backends_of_services(services), {}, problems)
    within = references.hooks(within_gateway=True)
    gateways = {name: GatewayPart(*part) for name, part in _parsed(GATEWAYS, tree, problems, within)}
    added = {name: RoutesPart(*part) for name, part in _parsed(ROUTES, tree, problems, within)}
    references.gateways = {name: backend_of(part) for name, part in gateways.items()}
    hooks = references.hooks()
    balancers = {name: BalancerPart(*part) for name, part in _parsed(LOAD_BALANCERS, tree, problems, hooks)}
    aws_balancers = {name: AwsBalancerPart(*part) for name, part in _parsed(AWS_LOAD_BALANCERS, tree, problems, hooks)}
    level = _pod_security(tree, own.namespace, problems)
    parts = Parts(namespace, level, services, jobs, gateways, added, balancers, aws_balancers, own)
    check_conflicts(parts, problems)
    check_own_parts(parts, problems)
    if own.manifests:
        problems.run(_check_manifests, parts)
    for balancer in balancers.values():
        if balancer.usable:
            problems.run(check_balancer_ports, balancer, references.found, services, gateways)
    backends = {SERVICE: references.services, GATEWAY: references.gateways}
    destinations = resolve_targets(parts, references.found, backends, problems)
    check_protocols(parts, references.found, problems)
    check_admission(parts, problems)
    problems.run(check_quotas, parts)
    problems.run(check_object_quotas, parts)
    check_gateways_behind_balancers(parts, destinations, problems)
    return CheckedStack(parts, references.found, destinations)


def _check_resolvers(part: PodsPart, services: PodsByName, problems: Problems) -> None:
    if part.usable:
        problems.run(check_resolvers, part.with_stack_values(services))


def _check_manifests(parts: Parts, problems: Problems) -> None:
    own = parts.own
    others = other_identities(parts)
    check_manifests(own.manifests, own.custom_kinds, parts.namespace, parts.pod_security, others, problems)
    check_budgets(parts, others, problems)


def _pod_security(tree: Node, namespace: NamespaceSpec, problems: Problems) -> PodSecurityLevel:
    value = plain(tree.fields.get("podSecurity", Node(None)))
    if value is None or value == "":
        return available(lambda: namespace.level, PodSecurityLevel.PRIVILEGED)
    if available(lambda: namespace.pod_security, None) is not None:
        params: dict[str, Any] = {"fields": [NAMESPACE / "pod_security", POD_SECURITY]}
        problems.report(EXCLUSIVE, POD_SECURITY, fix=Remove(POD_SECURITY), **params)
    parser = Parser({}, problems, problems.style)
    level = parser.value(Shape(PodSecurityLevel, later=False), value, FieldRules(), POD_SECURITY)
    # An invalid level is reported, and nothing else is reported because of it.
    return PodSecurityLevel.PRIVILEGED if level is INVALID else level


def _dns(tree: Node, problems: Problems) -> Optional[DnsSpec]:
    node = tree.fields.get("dns")
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, dict):
        _report_not_a_mapping(_DNS, node, describe(Dns), problems)
        return None
    dns = parse(DnsSpec, Dns, plain(node), NETWORK_RULES, problems, _DNS)
    problems.run(check_dns, dns)
    return dns


def _check_defaults(tree: Node, problems: Problems) -> None:
    """Report what's wrong with the defaults by themselves. They don't have to have every required field."""
    node = tree.fields.get("defaults")
    if node is None or node.value is None:
        return
    if not isinstance(node.value, dict):
        _report_not_a_mapping(_DEFAULTS, node, describe(WebServiceArgs), problems)
        return
    found = Problems(problems.subject, style=problems.style)
    parse(WebServiceSpec, WebServiceArgs, plain(node), rules_with(image_rule(latest=True)), found, _DEFAULTS)
    for problem in found.found:
        if problem.code is not MISSING:
            problems.found.append(problem)


_Arguments = tuple[Kind, str, Location, Any, bool]


def _parsed(kind: Kind, tree: Node, problems: Problems, hooks: Hooks) -> Iterator[tuple[str, _Arguments]]:
    """The fields of the part of each component of a kind."""
    at = ROOT / kind.field
    node = _components(kind, tree)
    if pasted := list(recognized(node)):
        _report_pasted(at, node, pasted, problems)
        return
    node = by_name(node, at, problems)
    if not isinstance(node.value, dict):
        expected = f"a mapping of names to {describe(kind.args_type)}"
        _report_not_a_mapping(at, node, expected, problems)
    for name, arguments in _named(kind, node, tree).items():
        where = at / Key(name)
        if kind is LOAD_BALANCERS and "aws" in arguments.fields:
            _report_moved(where, name, arguments, tree, problems)
            continue
        if not isinstance(arguments.value, dict):
            _report_not_a_mapping(where, arguments, describe(kind.args_type), problems)
            yield name, (kind, name, where, None, False)
            continue
        before = len(problems.found)
        spec = kind.parse(name, plain(arguments), problems, where, hooks)
        meant = _with_free_name(where, node, problems, before)
        yield meant, (kind, meant, where, spec, True)


def _report_pasted(at: Location, node: Node, found: Sequence[Pasted], problems: Problems) -> None:
    for pasted in found:
        steps = next((Location((index,)) for index, item in enumerate(node.items) if item is pasted.node), ROOT)
        problems.report(pasted.code, at.join(steps), **pasted.params)


def _components(kind: Kind, tree: Node) -> Node:
    node = tree.fields.get(camel_case(kind.field))
    return Node({}) if node is None or node.value is None else node


def _named(kind: Kind, node: Node, tree: Node) -> Mapping[str, Node]:
    """The arguments of each component of a kind, by name."""
    if kind is not AWS_LOAD_BALANCERS:
        return node.fields
    others = _components(LOAD_BALANCERS, tree).fields
    moved = {name: _moved(arguments) for name, arguments in others.items() if _is_movable(name, arguments, tree)}
    return {**node.fields, **moved}


def _with_free_name(at: Location, node: Node, problems: Problems, since: int) -> str:
    """The name of a component: the one that the fix gives it if its own is invalid. There is no such fix if another
    component has that name."""
    name = str(at[-1])
    for index, problem in enumerate(problems.found[since:], since):
        edit = problem.edits[0] if problem.location == at and problem.edits else None
        if isinstance(edit, Move) and edit.location == at:
            if str(edit.to[-1]) in node.fields:
                problems.found[index] = dataclasses.replace(problem, edits=())
            else:
                name = str(edit.to[-1])
    return name


def _report_not_a_mapping(at: Location, node: Node, expected: str, problems: Problems) -> None:
    value = plain(node)
    problems.report(NOT_ARGUMENTS, at, value=value, secret=holds_secret(node), expected=expected)


def _is_movable(name: str, arguments: Node, tree: Node) -> bool:
    """Whether a load balancer among those of platforms can be moved to those that Pulumi owns as it is."""
    aws, others = arguments.fields.get("aws"), _components(AWS_LOAD_BALANCERS, tree)
    if aws is None or not isinstance(aws.value, dict) or not isinstance(others.value, dict) or name in others.fields:
        return False
    return arguments.fields.keys() - {"aws"} <= _AWS_FIELDS.keys() - aws.fields.keys()


def _moved(arguments: Node) -> Node:
    aws = arguments.fields["aws"]
    beside = {key: item for key, item in arguments.fields.items() if key != "aws"}
    return dataclasses.replace(aws, value={**aws.fields, **beside})


def _report_moved(at: Location, name: str, arguments: Node, tree: Node, problems: Problems) -> None:
    """Report a load balancer that Pulumi owns among those of platforms, where it was before AwsLoadBalancer."""
    field = AWS_LOAD_BALANCERS.field
    edits: list[Edit] = []
    if _is_movable(name, arguments, tree):
        to = ROOT / field / Key(name)
        moved = {at / "aws": to}
        moved |= {at / _AWS_FIELDS[key]: to / _AWS_FIELDS[key] for key in arguments.fields if key != "aws"}
        edits = [*(Move(location, target) for location, target in moved.items()), Remove(at)]
        problems.written |= {target: location for location, target in moved.items()}
    problems.report(MOVED_TO_AWS, at / "aws", fix=edits, field=Field(field))
