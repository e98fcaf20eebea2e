"""The checks of what happens to requests: actions and routes.

Sources: API reference, Rule, RuleCondition and ActionS; user guide, "Listener rules" and "Quotas for your Application
Load Balancers" (five target groups an action, five values and six wildcards a rule).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Union

import pulumi

from ...args.location import Field, Key, Location
from ...args.problems import Problems, Remove, Unavailable, available
from ...networking.path_type import PathType
from ...networking.ports import DEFAULT_PORTS
from ..args import AwsLoadBalancerSpec
from ..choices import AwsBalancerKind, AwsListenerProtocol
from ..listener import AwsListenerSpec
from ..priorities import LEAST_ROOM, MOST_ELEMENTS
from ..problems import (
    DEEP_PATH,
    FEW_PRIORITIES,
    HEADER_EMPTY,
    HEADER_VALUE,
    MANY_VALUES,
    MANY_WILDCARDS,
    MATCHES_ALL,
    NEEDS,
    NEEDS_PROTOCOL,
    NO_ACTION,
    NO_IDENTITY_PROVIDER,
    NO_WEIGHT,
    PRIORITY_OUTSIDE,
    REDIRECT_LOOP,
    TOO_MANY_TARGETS,
    WILDCARD_DEPTH,
    WRONG_KIND,
    check_key,
    field_names,
    is_set,
    report_set,
    set_of,
)
from ..routes import AwsRedirectSpec, AwsRouteSpec, build_conditions, values_of
from .forwarding import can_forward
from .order import check_order

__all__ = ["ACTIONS", "check_action", "check_network_action", "check_routes"]

ACTIONS = ("target", "weights", "respond", "redirect")
"""What can happen to a request; one of them."""

_MOST_GROUPS = 5
_MOST_VALUES = 5
_MOST_WILDCARDS = 6
_VALUE_LENGTH = 128

Holder = Union[AwsListenerSpec, AwsRouteSpec]
"""What has an action: a listener, or one of its routes."""


def check_action(holder: Holder, listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report what's wrong with the action of a listener, or of one of its routes, on load balancers of both kinds."""
    set_of(holder, ACTIONS, problems)
    if not is_set(holder, "weights"):
        report_set(holder, ("stickiness_duration",), problems, NEEDS, needed=Field("weights"))
    problems.run(_check_authentication, holder, listener, spec)
    problems.run(_check_target, holder, listener, spec)
    problems.run(_check_weights, holder, listener, spec)
    problems.run(_check_redirect, holder, listener)


def _check_authentication(
    holder: Holder, listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems
) -> None:
    found, at = holder.authenticate, holder.at / "authenticate"
    if found is None:
        return
    if spec.kind is AwsBalancerKind.NETWORK:
        problems.report(WRONG_KIND, at, kind=AwsBalancerKind.APPLICATION, fix=Remove(at))
    elif listener.protocol is not AwsListenerProtocol.HTTPS:
        problems.report(NEEDS_PROTOCOL, at, protocols=[AwsListenerProtocol.HTTPS])
    names = ("oidc", "cognito")
    if not set_of(found, names, problems):
        problems.report(NO_IDENTITY_PROVIDER, found.at, fields=field_names(names))


def check_network_action(listener: AwsListenerSpec, problems: Problems) -> None:
    """Report what's wrong with the action of a listener only because it's of a Network Load Balancer."""
    found, kind = [name for name in ACTIONS if is_set(listener, name)], AwsBalancerKind.APPLICATION
    if not found:
        problems.report(NO_ACTION, listener.at, fields=field_names(ACTIONS[:2]))
    if "weights" in found:
        report_set(listener, ("stickiness_duration",), problems, WRONG_KIND, kind=kind)
    for name in [name for name in ("respond", "redirect") if name in found]:
        # Without it, a listener needs another action.
        fix = Remove(listener.at / name) if len(found) > 1 else None
        problems.report(WRONG_KIND, listener.at / name, kind=kind, fix=fix)


def _check_target(holder: Holder, listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if holder.target is not None:
        is_usable = partial(_can_forward, listener, spec)
        check_key(holder.at / "target", holder.target, spec.targets, spec.at / "targets", problems, is_usable=is_usable)


def _can_forward(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, key: str) -> bool:
    """Whether the listener can forward to the target with a key."""
    try:
        return can_forward(listener, spec.targets[key], spec.kind)
    except Unavailable:
        return False


def _check_weights(holder: Holder, listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    weights, at = holder.weights, holder.at / "weights"
    if weights is None:
        return

    def is_usable(key: str) -> bool:
        return key not in weights and _can_forward(listener, spec, key)

    for key in weights:
        check_key(at / Key(key), key, spec.targets, spec.at / "targets", problems, is_usable=is_usable)
    if len(weights) > _MOST_GROUPS:
        problems.report(TOO_MANY_TARGETS, at, count=len(weights), most=_MOST_GROUPS)
    if all(not isinstance(weight, pulumi.Output) and weight == 0 for weight in weights.values()):
        problems.report(NO_WEIGHT, at)


def _check_redirect(holder: Holder, listener: AwsListenerSpec, problems: Problems) -> None:
    redirect = holder.redirect
    if redirect is not None and _is_loop(redirect, holder, listener):
        problems.report(REDIRECT_LOOP, redirect.at)


def _is_loop(redirect: AwsRedirectSpec, holder: Holder, listener: AwsListenerSpec) -> bool:
    # RedirectActionConfig: "You must specify at least one of the following components to avoid a redirect loop". AWS
    # accepts one that sets what the request has already, which loops.
    protocol, port = listener.protocol.value, listener.port
    to_scheme = redirect.scheme or protocol
    to_port = redirect.port or (DEFAULT_PORTS[to_scheme] if redirect.scheme else port)
    if (to_scheme, to_port) != (protocol, port):
        return False
    route = holder if isinstance(holder, AwsRouteSpec) else AwsRouteSpec()
    return _keeps_host(redirect, route) and _keeps_path(redirect, route)


def _keeps_host(redirect: AwsRedirectSpec, route: AwsRouteSpec) -> bool:
    return redirect.host in (None, "#{host}") or (route.host is not None and redirect.host == route.host)


def _keeps_path(redirect: AwsRedirectSpec, route: AwsRouteSpec) -> bool:
    """Whether the route, or the listener, matches the path that the redirect leads to."""
    path = redirect.path
    if path in (None, "/#{path}"):
        return True
    if not isinstance(path, str) or "#{" in path:
        return False
    prefix = route.path or "/"
    return path == prefix or (
        route.path_type is PathType.PREFIX and path.startswith(prefix if prefix == "/" else f"{prefix}/")
    )


def check_routes(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report what's wrong with a listener's routes, one by one and together."""
    problems.run(_check_span, listener)
    problems.run(_check_each, listener, spec)
    problems.run(_check_order, listener)


def _room(listener: AwsListenerSpec) -> int:
    first, last = listener.span
    return max(0, last - first + 1)


def _check_span(listener: AwsListenerSpec, problems: Problems) -> None:
    if _room(listener) < LEAST_ROOM:
        problems.report(FEW_PRIORITIES, listener.at / "priorities", count=_room(listener), least=LEAST_ROOM)


def _check_each(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    for route in listener.routes or ():
        if not any(is_set(route, name) for name in ACTIONS):
            problems.report(NO_ACTION, route.at, fields=field_names(ACTIONS))
        check_action(route, listener, spec, problems)
        for rule in (_check_conditions, _check_values, _check_depth):
            problems.run(rule, route)
        problems.run(_check_wildcard, route, spec)
        problems.run(_check_headers, route)
        problems.run(_check_queries, route)
        problems.run(_check_priority, route, listener)


def _check_conditions(route: AwsRouteSpec, problems: Problems) -> None:
    if not build_conditions(route.match):
        problems.report(MATCHES_ALL, route.at)


def _check_values(route: AwsRouteSpec, problems: Problems) -> None:
    conditions = build_conditions(route.match)
    values: list[str] = [value for condition in conditions for value in values_of(condition)]
    if len(values) > _MOST_VALUES:
        problems.report(MANY_VALUES, route.at, count=len(values), most=_MOST_VALUES)
    count = sum(value.count("*") + value.count("?") for value in values)
    if count > _MOST_WILDCARDS:
        problems.report(MANY_WILDCARDS, route.at, count=count, most=_MOST_WILDCARDS)


def _check_depth(route: AwsRouteSpec, problems: Problems) -> None:
    match = route.match
    count = len(match.elements)
    if not match.exact and count > MOST_ELEMENTS:
        problems.report(DEEP_PATH, route.at / "path", value=match.path, count=count, most=MOST_ELEMENTS)


def _check_wildcard(route: AwsRouteSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    host = route.host
    if host is not None and host.startswith("*.") and not spec.multi_label_wildcards:
        field, example = Field("multi_label_wildcards"), f"a.b{host[1:]}"
        problems.report(WILDCARD_DEPTH, route.at / "host", value=host, field=field, example=example)


def _check_headers(route: AwsRouteSpec, problems: Problems) -> None:
    _check_texts(route.headers or {}, route.at / "headers", problems)


def _check_queries(route: AwsRouteSpec, problems: Problems) -> None:
    _check_texts(route.queries or {}, route.at / "queries", problems)


def _check_texts(texts: Mapping[str, Sequence[str]], at: Location, problems: Problems) -> None:
    """Check the values of headers or of parameters, by name."""
    for name, values in texts.items():
        if not values:
            whole = at if len(texts) == 1 else at / Key(name)
            problems.report(HEADER_EMPTY, at / Key(name), fix=None if whole == at else Remove(whole))
        for index, value in enumerate(values):
            if not 0 < len(value) <= _VALUE_LENGTH:
                problems.report(HEADER_VALUE, at / Key(name) / index, value=value, most=_VALUE_LENGTH)


def _check_priority(route: AwsRouteSpec, listener: AwsListenerSpec, problems: Problems) -> None:
    first, last = listener.span
    if route.priority is not None and _room(listener) >= LEAST_ROOM and not first <= route.priority <= last:
        params: dict[str, Any] = {"field": Field("priorities"), "first": first, "last": last}
        problems.report(PRIORITY_OUTSIDE, route.at / "priority", value=route.priority, **params)


def _check_order(listener: AwsListenerSpec, problems: Problems) -> None:
    # If the priorities are invalid, routes can still match the same requests.
    if available(lambda: _room(listener), LEAST_ROOM) >= LEAST_ROOM:
        check_order(listener, problems)
