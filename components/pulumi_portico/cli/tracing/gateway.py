"""What a gateway does with a request, by the rules of `match_route`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional, cast
from urllib.parse import quote

from ...ingress_gateway.compilation import Entry, HostEntry, entry_of
from ...ingress_gateway.gateway_plan import controller_of
from ...ingress_gateway.matching import canonical_path, host_of, match_route, path_of, path_type_of
from ...ingress_gateway.told import REDIRECT_CODE, redirect_parts
from ...stack import StackPlan
from ...stack.views.destinations import destination_of, texts_of
from ...stack.views.routes import gateway_routing, redirect_text
from .answers import Answer, Considered, Outcome
from .reasons import decisive_host, reason_against
from .request import Request, is_outside, is_within

__all__ = ["at_gateway"]

_HTTPS_REDIRECT = 308
_UNENCODED = "".join(chr(it) for it in range(0x21, 0x7F) if chr(it) not in "#%?")
"""What nginx writes as it is into a path that it has changed. Source: the table `uri` of its `ngx_escape_uri`."""
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND = 400, 403, 404


def at_gateway(plan: StackPlan, name: str, request: Request, *, ended: bool = False) -> Answer:
    """What becomes of a request at a gateway; ``ended`` is whether a load balancer in front has ended its TLS."""
    args = plan.gateway_args[name]
    routes: Sequence[Mapping[str, Any]] = args.get("routes", [])
    host = _as_compared(request.host, routes, any_depth=args.get("multi_label_wildcards", False))
    chosen = match_route(routes, host, request.path)
    decisive = decisive_host(routes, host)
    considered = _considered(plan, routes, chosen, decisive, host, request.path)
    answer = _answered(plan, name, request, chosen, decisive, ended=ended)
    return replace(answer, considered=considered)


def _as_compared(host: str, routes: Sequence[Mapping[str, Any]], *, any_depth: bool) -> str:
    """The host; where a wildcard stands for several labels, with these as one: the other rules are the same."""
    if not any_depth or any(host_of(it) == host for it in routes):
        return host
    fitting = [host_of(it) for it in routes if host_of(it).startswith("*.") and host.endswith(host_of(it)[1:])]
    longest = max(fitting, key=len, default="")
    # A hyphen is no dot, and no pattern holds this label.
    return f"{host.removesuffix(longest[1:]).replace('.', '-')}{longest[1:]}" if longest else host


def _considered(
    plan: StackPlan,
    routes: Sequence[Mapping[str, Any]],
    chosen: Optional[Mapping[str, Any]],
    decisive: Optional[str],
    host: str,
    path: str,
) -> tuple[Considered, ...]:
    found: list[Considered] = []
    for route in routes:
        takes = route is chosen
        why = _why_chosen(route) if takes else reason_against(route, chosen, decisive, host, path).text
        what = f"{host_of(route) or '*'}{path_of(route)} {path_type_of(route)}"
        found.append(Considered(what, _leads_to(plan, route), takes, why))
    return tuple(sorted(found, key=lambda it: (not it.takes, it.what)))


def _why_chosen(route: Mapping[str, Any]) -> str:
    how = "its path is the request's" if path_type_of(route) == "Exact" else "the longest prefix that fits"
    return f"{how}, at {'the most specific host' if host_of(route) else 'every host, as none is more specific'}"


def _leads_to(plan: StackPlan, route: Mapping[str, Any]) -> str:
    if "redirect" in route:
        return f"redirect to {redirect_text(entry_of(route))}"
    destination = destination_of(plan, route["target"])
    return f"{destination.name}:{destination.port}" if destination.port else destination.name


def _answered(
    plan: StackPlan,
    name: str,
    request: Request,
    chosen: Optional[Mapping[str, Any]],
    decisive: Optional[str],
    *,
    ended: bool,
) -> Answer:
    if (where := canonical_path(request.path)) is None:
        return _own(name, _BAD_REQUEST, "the path cannot be read, and nginx answers 400")
    hosts = gateway_routing(name, plan.gateway_args[name]).hosts
    host = hosts.get(decisive or "")
    # Where TLS has ended before, the gateway takes it for HTTP, unless it is told to believe a header.
    secure = host is not None and host.tls_terminated_upstream if ended else request.secure
    if host is not None and host.redirect and host.tls and not secure:
        location = f"https://{request.url_host}{request.target}"
        why = "requests without TLS are sent to https"
        if ended:
            setting = "(tls, tlsTerminatedUpstream)"
            why = f"TLS has ended before the gateway, which is not told so {setting}, and for ever {why}"
        return _sent_on(name, _HTTPS_REDIRECT, location, why)
    if secure and not (host is not None and host.tls):
        said = f"no certificate is for {request.host}: clients get none, or one that they do not trust"
        return Answer(name, (), Outcome.NOTHING, said)
    if chosen is None:
        return _fallback(plan, name, request, decisive)
    return _taken(plan, name, request, entry_of(chosen), host, where)


def _fallback(plan: StackPlan, name: str, request: Request, decisive: Optional[str]) -> Answer:
    args = plan.gateway_args[name]
    why = (
        f"{decisive or 'the gateway'} has no route for {request.path}"
        if decisive is not None
        else "no route is for the host"
    )
    if "default_backend" in args:
        destination = destination_of(plan, args["default_backend"])
        said = f"{why}, and the default backend answers: {destination.name}, port {destination.port}"
        leads_to = f"{destination.name}:{destination.port}"
        return Answer(name, (), Outcome.SERVICE, said, leads_to, request.target)
    return _own(name, _NOT_FOUND, f"{why}, and there is no default backend: {controller_of(args)} answers 404")


def _taken(plan: StackPlan, name: str, request: Request, entry: Entry, host: Optional[HostEntry], where: str) -> Answer:
    if refused := _refused(entry, request):
        return _own(name, _FORBIDDEN, refused)
    if host is not None and host.app_root is not None and where == "/":
        location = f"{request.scheme}://{request.authority}{host.app_root}"
        return _sent_on(name, REDIRECT_CODE, location, "who asks for / itself is sent to the app root")
    if "redirect" in entry.args:
        return _redirected(name, request, entry)
    destination = destination_of(plan, cast("Any", entry.target))
    # nginx hands a path on as it was written, unless it is rewritten.
    path = request.path if entry.rewrite is None else _rewritten(entry, entry.rewrite, where)
    changed = f", as {path}" if entry.rewrite is not None else ""
    said = f"{destination.kind if destination.kind != 'other' else 'Service'} {destination.name} takes it"
    said += f" at port {destination.port}{changed}" if destination.port else changed
    target = f"{path}?{request.query}" if request.query else path
    leads_to = f"{destination.name}:{destination.port}" if destination.port else destination.name
    return Answer(name, (), Outcome.SERVICE, f"{said}{_conditions(entry, request)}", leads_to, target)


def _refused(entry: Entry, request: Request) -> str:
    """Why the client's address is not let in; empty where it is, or that is not known."""
    allowed, denied = entry.args.get("allowed_sources"), entry.args.get("denied_sources", [])
    if request.client is None:
        return ""
    if allowed is not None and is_outside(request.client, allowed):
        return f"{request.client} is not among the allowed sources of the route: 403"
    return (
        f"{request.client} is among the denied sources of the route: 403" if is_within(request.client, denied) else ""
    )


def _conditions(entry: Entry, request: Request) -> str:
    """What else a client must bring."""
    told: list[str] = []
    for field, what in (("allowed_sources", "from {} alone"), ("denied_sources", "not from {}")):
        ranges = entry.args.get(field, [])
        client = request.client
        if ranges and (client is None or not (is_within(client, ranges) or is_outside(client, ranges))):
            told.append(what.format(", ".join(texts_of(ranges))))
    if "basic_auth" in entry.args:
        told.append("with a user name and a password")
    return f"; {', '.join(told)}" if told else ""


def _redirected(name: str, request: Request, entry: Entry) -> Answer:
    scheme, host, path = redirect_parts(entry)
    location = f"{scheme}://{host or request.url_host}{request.target if path is None else path}"
    return _sent_on(name, entry.of("redirect").get("code", REDIRECT_CODE), location, "the route redirects")


def _rewritten(entry: Entry, rewrite: str, where: str) -> str:
    """The path as the target gets it."""
    rest = "" if entry.exact else where if entry.path == "/" else where[len(entry.path) :]
    # It was compared in its plain form, and goes on in that, encoded once more.
    return quote(f"{rewrite}{rest}", safe=_UNENCODED, errors="surrogateescape") or "/"


def _own(name: str, status: int, text: str) -> Answer:
    return Answer(name, (), Outcome.ANSWER, text, status=status)


def _sent_on(name: str, status: int, location: str, why: str) -> Answer:
    return Answer(name, (), Outcome.REDIRECT, f"{why}: {status} to {location}", status=status, location=location)
