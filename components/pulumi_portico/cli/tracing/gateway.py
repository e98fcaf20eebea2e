"""What a gateway does with a request, by the rules of `match_route`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Optional
from urllib.parse import quote

from ...args.codes import Code
from ...ingress_gateway.defaults import HTTPS_REDIRECT_CODE, REDIRECT_CODE, redirect_parts
from ...ingress_gateway.gateway_plan import GatewayPlan
from ...ingress_gateway.matching import canonical_path
from ...ingress_gateway.resolved_routes import ResolvedHost, ResolvedRoute
from ...stack import StackPlan
from ...stack.view import BackendView
from ...stack.view_text import backend_text
from ...stack.views.peers import backend_of
from ...stack.views.routes import route_action
from ...stack.views.values import texts_of
from .answers import Answer, Candidate, Outcome
from .mismatches import mismatch_of
from .reasons import (
    APP_ROOT_REDIRECT,
    DEFAULT_BACKEND,
    EXACT_MATCH,
    FORWARDED,
    HTTPS_REDIRECT,
    HTTPS_REDIRECT_LOOP,
    NO_CERTIFICATE,
    NO_ROUTE_FOR_HOST,
    NO_ROUTE_FOR_PATH,
    PATH_REJECTED,
    PREFIX_MATCH,
    REJECTS_SOURCE,
    REQUIRES_BASIC_AUTH,
    REQUIRES_SOURCE,
    REWRITTEN,
    ROUTE_REDIRECTS,
    SOURCE_DENIED,
    SOURCE_REJECTED,
    RouteReason,
)
from .request import Request, is_in_none, is_within

__all__ = ["at_gateway"]

_UNENCODED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "#%?")
"""What nginx doesn't encode in a path that it rewrites. Source: the table `uri` of its `ngx_escape_uri`."""
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND = 400, 403, 404


def at_gateway(stack: StackPlan, name: str, request: Request, *, tls_terminated: bool = False) -> Answer:
    """The result of a request at a gateway; `tls_terminated` is whether a load balancer in front terminates its TLS."""
    return _AtGateway(stack, stack.gateway_plans[name], request, tls_terminated).answer()


@dataclass(frozen=True)
class _AtGateway:
    """A request at a gateway."""

    stack: StackPlan
    gateway: GatewayPlan
    request: Request
    tls_terminated: bool

    @cached_property
    def path(self) -> Optional[str]:
        """The request's path as routes are compared with it; None if it can't be normalized."""
        return canonical_path(self.request.path)

    @cached_property
    def deciding(self) -> Optional[str]:
        """The host whose routes alone can receive the request."""
        return self.gateway.routes.table.deciding_host(self.request.url_host)

    @cached_property
    def chosen(self) -> Optional[ResolvedRoute]:
        """The route that receives the request."""
        return self.gateway.routes.table.match(self.request.url_host, self.request.path)

    @property
    def host(self) -> Optional[ResolvedHost]:
        """What holds for all routes of the deciding host."""
        return self.gateway.routes.hosts.get(self.deciding or "")

    def answer(self) -> Answer:
        """The result, with every route and why it does or doesn't receive the request."""
        candidates = sorted(self._candidates(), key=lambda candidate: (not candidate.matches, candidate.match))
        return replace(self._result(), candidates=tuple(candidates))

    def _candidates(self) -> Iterator[Candidate]:
        for route in self.gateway.routes.routes:
            match = f"{route.host or '*'}{route.path} {route.path_type.value}"
            if route is self.chosen:
                reason = RouteReason(EXACT_MATCH if route.exact else PREFIX_MATCH)
            else:
                reason = mismatch_of(self.gateway.routes, route, self.request.url_host, self.request.path)
            yield Candidate(match, route_action(self.stack, route), route is self.chosen, reason)

    def _result(self) -> Answer:
        if self.path is None:
            return self._response(_BAD_REQUEST, PATH_REJECTED, path=self.request.path)
        host = self.host
        has_tls = host is not None and host.tls
        # If TLS terminates in front, the gateway sees HTTP, unless it's configured to trust a header.
        secure = self.request.is_secure
        if self.tls_terminated:
            secure = host is not None and host.tls_terminated_upstream
        if host is not None and host.redirect and has_tls and not secure:
            return self._https_redirect(host)
        if secure and not has_tls:
            reason = RouteReason(NO_CERTIFICATE, {"host": self.request.host})
            return Answer(self.gateway.name, Outcome.UNREACHABLE, reason)
        if self.chosen is None:
            return self._default()
        return self._by_route(self.chosen, self.path)

    def _https_redirect(self, host: ResolvedHost) -> Answer:
        location = f"https://{self.request.url_host}{self.request.target}"
        if not self.tls_terminated:
            return self._redirect(HTTPS_REDIRECT_CODE, location, HTTPS_REDIRECT)
        found = self.gateway.routes.tls_of(host.host)
        assert found is not None, "only a host with an entry of `tls` redirects"
        field = self.gateway.spec.tls[found[0]].at / "tls_terminated_upstream"
        return self._redirect(HTTPS_REDIRECT_CODE, location, HTTPS_REDIRECT_LOOP, field=field)

    def _default(self) -> Answer:
        backend = self.gateway.spec.default_backend
        if backend is not None:
            return self._forwarded(backend_of(self.stack, backend), self.request.target, DEFAULT_BACKEND)
        if self.deciding is None:
            return self._response(_NOT_FOUND, NO_ROUTE_FOR_HOST, host=self.request.host)
        host = self.deciding or "the gateway"
        return self._response(_NOT_FOUND, NO_ROUTE_FOR_PATH, host=host, path=self.request.path)

    def _by_route(self, route: ResolvedRoute, path: str) -> Answer:
        client, allowed, denied = self.request.client, route.spec.allowed_sources, route.spec.denied_sources
        if client is not None and allowed is not None and is_in_none(client, allowed):
            return self._response(_FORBIDDEN, SOURCE_REJECTED, client=client)
        if client is not None and denied is not None and is_within(client, denied):
            return self._response(_FORBIDDEN, SOURCE_DENIED, client=client)
        app_root = None if self.host is None else self.host.app_root
        if app_root is not None and path == "/":
            location = f"{self.request.scheme}://{self.request.authority}{app_root}"
            return self._redirect(REDIRECT_CODE, location, APP_ROOT_REDIRECT)
        if route.target is None:
            return self._route_redirect(route)
        answer = self._to_target(route, backend_of(self.stack, route.target), path)
        return replace(answer, notes=tuple(self._requirements(route)))

    def _route_redirect(self, route: ResolvedRoute) -> Answer:
        scheme, host, path = redirect_parts(route)
        location = f"{scheme}://{host or self.request.url_host}{self.request.target if path is None else path}"
        code = None if route.spec.redirect is None else route.spec.redirect.code
        return self._redirect(code or REDIRECT_CODE, location, ROUTE_REDIRECTS)

    def _to_target(self, route: ResolvedRoute, backend: BackendView, path: str) -> Answer:
        if route.rewrite is None:
            # nginx doesn't normalize a path that it doesn't rewrite.
            return self._forwarded(backend, self.request.target, FORWARDED)
        rewritten = _rewritten(route, route.rewrite, path)
        target = f"{rewritten}?{self.request.query}" if self.request.query else rewritten
        return self._forwarded(backend, target, REWRITTEN, path=rewritten)

    def _requirements(self, route: ResolvedRoute) -> Iterator[RouteReason]:
        """What the route requires of clients, as far as the request doesn't show that it's met."""
        client, spec = self.request.client, route.spec
        for code, sources in ((REQUIRES_SOURCE, spec.allowed_sources), (REJECTS_SOURCE, spec.denied_sources)):
            known = client is not None and (is_within(client, sources or ()) or is_in_none(client, sources or ()))
            if sources and not known:
                yield RouteReason(code, {"sources": texts_of(sources)})
        if spec.basic_auth is not None:
            yield RouteReason(REQUIRES_BASIC_AUTH)

    def _forwarded(self, backend: BackendView, target: str, code: Code, **params: Any) -> Answer:
        reason = RouteReason(code, {"backend": backend_text(backend), "kind": backend.peer.kind, **params})
        return Answer(self.gateway.name, Outcome.SERVICE, reason, backends=(backend,), path=target)

    def _response(self, status: int, code: Code, **params: Any) -> Answer:
        controller = self.gateway.spec.module.title
        reason = RouteReason(code, {"status": status, "controller": controller, **params})
        return Answer(self.gateway.name, Outcome.RESPONSE, reason, status=status)

    def _redirect(self, status: int, location: str, code: Code, **params: Any) -> Answer:
        reason = RouteReason(code, {"status": status, "location": location, **params})
        return Answer(self.gateway.name, Outcome.REDIRECT, reason, status=status, location=location)


def _rewritten(route: ResolvedRoute, rewrite: str, path: str) -> str:
    """The path that the target receives."""
    rest = "" if route.exact else path if route.path == "/" else path[len(route.path) :]
    # nginx encodes the normalized path again.
    return quote(f"{rewrite}{rest}", safe=_UNENCODED, errors="surrogateescape") or "/"
