"""What the components of one program have added to a gateway, so that no two of them add the same.

Kept with the stack that the program creates, by the gateway's class, and gone with it. What another program has added
is known from the references that list it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple, Optional, TypeVar
from weakref import WeakKeyDictionary

import pulumi

from ..args.codes import define
from ..args.location import Location
from ..args.problems import Problems, available
from ..lifecycle.claims import provider_of, stack
from ..networking.network_policies import PeerSpec
from ..networking.target import TargetSpec
from .client_addresses import HiddenClients
from .controller_module import SharedSetting
from .controller_rules import report_shared
from .dns_records import DnsRecordSpec
from .install.settings import HstsSpec
from .resolved_routes import ResolvedRoute
from .route_set import OtherRoutes, RouteSet
from .tls import HostTlsSpec

__all__ = [
    "GatewayFacts",
    "GatewayState",
    "Owner",
    "Setting",
    "add_routes",
    "compare_routes",
    "keep_routes",
    "state_key",
    "state_of",
    "with_others",
]

Setting = tuple[str, str]
"""A target, as far as it's known in advance, and a field of its routes."""

ROUTE_ELSEWHERE = define(
    "route-of-other-component",
    "{owner} has a route that matches the same requests, at {other}: {path_type} {path} of {host}.",
    allowed="each host, path, and path type once in a gateway",
    hint="Remove one of them.",
)
ROUTE_LISTED = define(
    "route-of-other-program",
    "The gateway's reference lists a route of another program that matches the same requests: {path_type} {path} of "
    "{host}.",
    allowed="each host, path, and path type once in a gateway",
    hint="Remove one of them.",
)
PREFIX_ELSEWHERE = define(
    "prefix-of-other-component",
    "{owner} has a prefix with this path, at {other}, and {controller} requires both in one component.",
    allowed="the component of the prefix",
    hint="Move the route there.",
)
DNS_ELSEWHERE = define(
    "dns-record-of-other-component",
    "{owner} has added the host {host} first, and every Ingress of a host needs the same settings of its DNS records.",
    allowed="the component that adds the host first",
    hint="Set them there.",
)


class Owner(NamedTuple):
    """Who has added something, and where it is in the arguments."""

    component: str
    at: Location


@dataclass(frozen=True)
class GatewayFacts:
    """What a gateway of this program has for the routes of others."""

    resources: Sequence[pulumi.Resource]
    """What its routes are created after and deleted before."""
    tls: Mapping[str, HostTlsSpec]
    """Its certificates, by host or wildcard, each with the name of its Secret."""
    controller_peers: Optional[Sequence[PeerSpec]]
    """Where its connections come from; None if that isn't known."""
    default_backend: Optional[TargetSpec]
    """The target of requests that no route matches."""
    response_headers: frozenset[str]
    """The headers that routes can add to responses; empty if the controller needs no list of them."""
    is_installed: bool = False
    """Whether Portico configures its controller."""
    hsts: Optional[HstsSpec] = None
    """The HSTS header of its hosts with a certificate."""
    hidden_clients: Sequence[HiddenClients] = ()
    """What hides the clients' addresses from its controller."""
    route_namespaces: Optional[frozenset[str]] = None
    """The namespaces whose routes it accepts; None if it accepts all, or if they are known only later."""


@dataclass
class GatewayState:
    """What components have added so far."""

    routes: dict[str, Owner] = field(default_factory=dict[str, Owner])
    """The routes, by what they match."""
    hosts: dict[str, Owner] = field(default_factory=dict[str, Owner])
    """Who added each host first."""
    dns_records: dict[str, Optional[DnsRecordSpec]] = field(default_factory=dict[str, Optional[DnsRecordSpec]])
    """The settings of each host's DNS records."""
    exact: dict[tuple[str, str], Owner] = field(default_factory=dict[tuple[str, str], Owner])
    """The exact routes, by host and path."""
    prefixes: dict[tuple[str, str], Owner] = field(default_factory=dict[tuple[str, str], Owner])
    """The prefixes, by host and path."""
    shared: dict[Setting, tuple[Any, Owner]] = field(default_factory=dict[Setting, tuple[Any, Owner]])
    """The settings that the controller has once for all routes to a target."""
    host_resources: dict[str, pulumi.Resource] = field(default_factory=dict[str, pulumi.Resource])
    """The Ingress of each host that has one of its own."""
    facts: Optional[GatewayFacts] = None


_BY_STACK: WeakKeyDictionary[Any, dict[Any, GatewayState]] = WeakKeyDictionary()


def state_key(identity: Any) -> Any:
    """What the state of a gateway is kept by."""
    return identity if isinstance(identity, str) else id(identity)


def state_of(identity: Any, opts: Optional[pulumi.ResourceOptions]) -> GatewayState:
    """The state of a gateway; if what identifies it is known only later, the state of that Output."""
    states = _BY_STACK.setdefault(stack(), {})
    return states.setdefault((state_key(identity), provider_of(opts)), GatewayState())


R = TypeVar("R", bound=RouteSet)


def with_others(
    routes: R, state: Optional[GatewayState], component: str, listed_hosts: frozenset[str] = frozenset()
) -> R:
    """The routes of a component, with what other components have added to the same hosts before.

    `listed_hosts` are the hosts that a reference lists.
    """
    known = available(lambda: routes.routes, ())
    own = {"", *(route.host for route in known)}
    found = state or GatewayState()

    def is_of_other(owner: Optional[Owner]) -> bool:
        return owner is not None and owner.component != component

    exact = ((route.host, route.path) for route in known)
    others = OtherRoutes(
        hosts=frozenset(host for host in own if host in listed_hosts or is_of_other(found.hosts.get(host))),
        dns_records={host: found.dns_records.get(host) for host in own if is_of_other(found.hosts.get(host))},
        hosts_with_root_route=frozenset(host for host in own if is_of_other(found.prefixes.get((host, "/")))),
        exact_paths=frozenset(match for match in exact if is_of_other(found.exact.get(match))),
    )
    return replace(routes, others=others)


def add_routes(
    state: GatewayState, component: str, routes: RouteSet, listed: Sequence[str], problems: Problems
) -> None:
    """Add a component's routes to the gateway's, or report whose they repeat; `listed` are those that a reference
    lists."""
    before = len(problems.found)
    compare_routes(state, component, routes, listed, problems)
    if len(problems.found) == before:
        keep_routes(state, component, routes)


def compare_routes(
    state: GatewayState, component: str, routes: RouteSet, listed: Sequence[str], problems: Problems
) -> None:
    """Report a component's routes that can't be added to the gateway's; `listed` are those that a reference lists."""
    known = frozenset(listed)
    for route in routes.all_routes:
        _check_repeated(state, component, route, known, problems)
        problems.run(_check_prefix, state, component, routes, route)
    problems.run(_check_dns_records, state, component, routes)
    problems.run(_check_shared, state, component, routes)


def keep_routes(state: GatewayState, component: str, routes: RouteSet) -> None:
    """Keep what a component adds to a gateway, unless another component has added the same before."""
    for setting, value, route in available(partial(_shared, routes), ()):
        state.shared.setdefault(setting, (value, Owner(component, route.at)))
    for route in routes.all_routes:
        owner = Owner(component, route.at)
        state.routes.setdefault(route.text, owner)
        state.hosts.setdefault(route.host, owner)
        state.dns_records.setdefault(route.host, available(partial(routes.dns_record, route.host), None))
        (state.exact if route.exact else state.prefixes).setdefault((route.host, route.path), owner)


def _check_repeated(
    state: GatewayState, component: str, route: ResolvedRoute, listed: frozenset[str], problems: Problems
) -> None:
    match: dict[str, Any] = {"path_type": route.path_type.value, "path": route.path, "host": route.host or "every host"}
    owner = state.routes.get(route.text)
    if owner is not None and owner.component != component:
        problems.report(ROUTE_ELSEWHERE, route.at, owner=owner.component, other=owner.at, **match)
    elif route.text in listed:
        problems.report(ROUTE_LISTED, route.at, **match)


def _check_dns_records(state: GatewayState, component: str, routes: RouteSet, problems: Problems) -> None:
    for host, record in routes.dns_records.items():
        owner = state.hosts.get(host)
        if owner is not None and owner.component != component:
            problems.report(DNS_ELSEWHERE, record.at, owner=owner.component, host=host)


def _check_prefix(
    state: GatewayState, component: str, routes: RouteSet, route: ResolvedRoute, problems: Problems
) -> None:
    if not routes.module.exact_and_prefix_in_one_component or not route.exact:
        return
    prefix = state.prefixes.get((route.host, route.path))
    if prefix is not None and prefix.component != component:
        params: dict[str, Any] = {"owner": prefix.component, "other": prefix.at, "controller": routes.module.title}
        problems.report(PREFIX_ELSEWHERE, route.at, **params)


def _shared(routes: RouteSet) -> Sequence[SharedSetting]:
    """The settings that the controller has once for all routes to a target."""
    return routes.module.shared(routes.compile_input())


def _check_shared(state: GatewayState, component: str, routes: RouteSet, problems: Problems) -> None:
    for setting, value, route in _shared(routes):
        other, owner = state.shared.get(setting, (value, None))
        if owner is not None and owner.component != component and other != value:
            report_shared(routes.module, setting[1], route, owner.component, problems)
