"""What a load balancer that Pulumi owns does with a request: by port, and by rules in the order of their priorities."""

import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from typing import Optional
from urllib.parse import parse_qsl

from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.priorities import fits_host, fits_path
from ...aws_load_balancer.routes import ActionSpec, AwsRedirectSpec, AwsRouteSpec
from ...aws_load_balancer.target_group import transports
from ...ingress_gateway.matching import matches_host
from ...networking.ports import DEFAULT_PORTS
from ...stack import StackPlan
from ...stack.view import ActionView
from ...stack.view_text import backend_text, weight_text
from ...stack.views.aws_routes import aws_action, ranked_routes
from ...stack.views.peers import service_port
from ...stack.views.values import text_of
from ...untyped import Properties
from .answers import Answer, Candidate, Hop, HopKind, Outcome
from .connections import Step, blocked, host_not_served, port_closed
from .reasons import (
    EXACT_PATH_DIFFERS,
    FIRST_RULE,
    FIXED_RESPONSE,
    FORWARDED,
    LATER_RULE,
    LOAD_BALANCER_REDIRECTS,
    NO_RULE_MATCHES,
    OTHER_HEADER,
    OTHER_HOST,
    OTHER_METHOD,
    OTHER_PATH,
    OTHER_QUERY,
    OTHER_SCHEME,
    OTHER_SOURCE,
    PATH_TOO_DEEP,
    UNKNOWN_SOURCE,
    WEIGHTED,
    RouteReason,
)
from .request import Request, is_within

__all__ = ["at_aws_load_balancer"]


def at_aws_load_balancer(stack: StackPlan, name: str, request: Request) -> Step:
    """What a load balancer does with a request."""
    spec = stack.aws_load_balancers[name]
    listener = _listener_for(stack.aws_plans[name].listeners, request)
    if listener is None:
        return Step(port_closed(name, request))
    if spec.sources is None and (stopped := blocked(name, spec.allowed_sources, request)):
        return Step(stopped)
    is_application = spec.kind is AwsBalancerKind.APPLICATION
    if is_application and request.is_secure != listener.speaks_tls:
        params = {"port": request.port, "name": name, "serves": listener.protocol, "scheme": request.scheme}
        return Step(Answer(name, Outcome.UNREACHABLE, RouteReason(OTHER_SCHEME, params)))
    hosts = tuple(spec.hosts or ())
    if hosts and not is_application and not any(matches_host(pattern, request.url_host) for pattern in hosts):
        return Step(host_not_served(name, hosts))
    step = _at_listener(stack, name, listener, request)
    answer = replace(step.answer, hops=(Hop(HopKind.LOAD_BALANCER, name, request.port, request.protocol),))
    if is_application and not any(candidate.matches for candidate in answer.candidates):
        answer = replace(answer, notes=(RouteReason(NO_RULE_MATCHES),))
    return replace(step, answer=answer)


def _listener_for(listeners: Sequence[AwsListenerSpec], request: Request) -> Optional[AwsListenerSpec]:
    """The listener that accepts the request's connection."""
    protocol = request.protocol.lower()
    matching = (listener for listener in listeners if protocol in transports(listener.protocol))
    return next((listener for listener in matching if listener.port == request.port), None)


def _at_listener(stack: StackPlan, name: str, listener: AwsListenerSpec, request: Request) -> Step:
    spec = stack.aws_load_balancers[name]
    chosen: Optional[AwsRouteSpec] = None
    candidates: list[Candidate] = []
    for priority, route in ranked_routes(listener):
        reason = _mismatch_of(route, request)
        matches = chosen is None and reason is None
        if reason is None:
            reason = RouteReason(FIRST_RULE if matches else LATER_RULE, {"priority": priority})
        candidates.append(Candidate(route.match.text, aws_action(stack, spec, route), matches, reason))
        chosen = route if matches else chosen
    candidates.sort(key=lambda candidate: not candidate.matches)
    step = _by_action(stack, name, chosen or listener, request)
    answer = replace(step.answer, candidates=tuple(candidates))
    return replace(step, answer=answer, tls_terminated=listener.speaks_tls)


def _mismatch_of(route: AwsRouteSpec, request: Request) -> Optional[RouteReason]:
    """Why a rule doesn't match a request; None if it does."""
    match = route.match
    if match.host and not fits_host(match.host, request.host):
        return RouteReason(OTHER_HOST, {"host": match.host})
    if not fits_path(match, request.path):
        code = OTHER_PATH
        if match.exact:
            code = EXACT_PATH_DIFFERS
        elif match.path.startswith(f"{request.path.rstrip('/')}/"):
            code = PATH_TOO_DEEP
        return RouteReason(code, {"path": match.path, "requested": request.path})
    unmet = (_unmet(name, values, request) for name, values in match.conditions)
    return next((reason for reason in unmet if reason is not None), None)


def _unmet(name: str, values: Sequence[str], request: Request) -> Optional[RouteReason]:
    """Why a condition beyond host and path isn't met; None if it is."""
    kind, _, header = name.partition(" ")
    if kind == "methods":
        return None if request.method in values else RouteReason(OTHER_METHOD, {"methods": values})
    if kind == "sources":
        if request.client is None:
            return RouteReason(UNKNOWN_SOURCE, {"sources": values})
        params = {"sources": values, "client": request.client}
        return None if is_within(request.client, values) else RouteReason(OTHER_SOURCE, params)
    if kind == "query":
        sent_values = [value for key, value in parse_qsl(request.query, keep_blank_values=True) if _same(key, header)]
        if any(_fits(value, pattern) for value in sent_values for pattern in values):
            return None
        return RouteReason(OTHER_QUERY, {"parameter": header, "values": values})
    sent = request.headers.get(header)
    if sent is not None and any(_fits(sent, pattern) for pattern in values):
        return None
    return RouteReason(OTHER_HEADER, {"header": header, "values": values})


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _fits(value: str, pattern: str) -> bool:
    """Whether AWS takes a value for one that a pattern describes, whatever its case."""
    return fnmatch.fnmatchcase(value.lower(), pattern.lower())


def _by_action(stack: StackPlan, name: str, action: ActionSpec, request: Request) -> Step:
    """What the action of a rule, or the default action of a listener, does with the request."""
    if action.redirect is not None:
        return Step(_redirected(name, action.redirect, request))
    spec = stack.aws_load_balancers[name]
    view = aws_action(stack, spec, action)
    if view.status is not None:
        reason = RouteReason(FIXED_RESPONSE, {"status": view.status})
        return Step(Answer(name, Outcome.RESPONSE, reason, status=view.status))
    answer = Answer(name, Outcome.SERVICE, _forwarded(view), backends=view.backends, path=request.target)
    if action.target is None:
        return Step(answer)
    target = spec.targets[action.target].target
    port = None if target is None else service_port(stack, target)
    return Step(answer, view.backends[0].peer, port)


def _forwarded(action: ActionView) -> RouteReason:
    if len(action.backends) == 1:
        (backend,) = action.backends
        return RouteReason(FORWARDED, {"backend": backend_text(backend), "kind": backend.peer.kind})
    weights = {backend_text(backend): weight_text(backend) for backend in action.backends}
    return RouteReason(WEIGHTED, {"backends": list(weights), "weights": weights})


def _redirected(name: str, redirect: AwsRedirectSpec, request: Request) -> Answer:
    status = redirect.code
    location = _location(redirect, request)
    reason = RouteReason(LOAD_BALANCER_REDIRECTS, {"location": location, "status": status})
    return Answer(name, Outcome.REDIRECT, reason, status=status, location=location)


def _location(redirect: AwsRedirectSpec, request: Request) -> str:
    scheme = redirect.scheme or request.scheme
    default_port = DEFAULT_PORTS.get(scheme)
    port = redirect.port if redirect.port is not None else request.port if redirect.scheme is None else default_port
    host, path, query = (
        default if value is None else text_of(value)
        for value, default in (
            (redirect.host, "#{host}"),
            (redirect.path, "/#{path}"),
            (redirect.query, "#{query}"),
        )
    )
    location = f"{scheme}://{host}{'' if port == default_port else f':{port}'}{path}{f'?{query}' if query else ''}"
    requested: Properties = {
        "host": request.url_host,
        "path": request.path.lstrip("/"),
        "query": request.query,
        "port": str(request.port),
    }
    for key, value in requested.items():
        location = location.replace(f"#{{{key}}}", value)
    return location.removesuffix("?")
