"""From a stack's view to the boxes and edges of its picture."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from ..address_ranges import includes_everyone
from ..args.location import ROOT, Key
from ..ingress_gateway.routes import PathType
from ..lifecycle.cost import estimate_text
from ..load_balancers import Scope
from ..pluralize import pluralize
from ..stack.view import (
    BalancerView,
    Cost,
    GatewayView,
    JobView,
    ObjectView,
    PeerKind,
    PeerView,
    RouteView,
    ServiceView,
    StackView,
    TlsTermination,
)
from ..stack.view_text import (
    NO_PRICE,
    action_text,
    backend_text,
    exception_meaning,
    exception_path,
    exception_value,
    is_open_to_everyone,
    object_text,
    peer_text,
    port_text,
    ports_text,
    replicas_text,
    request_text,
    run_text,
    source_text,
    url_text,
    waits_of,
)
from .graph import Box, BoxKind, Edge, EdgeKind, Graph, Line
from .widths import clean

__all__ = ["Reading", "costs_of", "described", "money", "short_image", "summary"]

_TLS: Mapping[TlsTermination, str] = {
    TlsTermination.LOAD_BALANCER: "TLS terminates here",
    TlsTermination.GATEWAY: "TLS terminates at the gateway",
    TlsTermination.SERVICE: "TLS terminates at the service",
    TlsTermination.NONE: "no TLS",
}
# More than these are counted, and listed in the tooltip.
_LISTED = 5

_OWN: Mapping[PeerKind, BoxKind] = {
    PeerKind.SERVICE: "service",
    PeerKind.JOB: "service",
    PeerKind.GATEWAY: "gateway",
    PeerKind.LOAD_BALANCER: "balancer",
}
"""The boxes of the stack's own components."""


class Reading:
    """The graph of a view, and the box of each peer in it."""

    def __init__(self, view: StackView) -> None:
        self.graph = Graph()
        self.keys: dict[PeerView, str] = {}
        """The key of the box of each peer."""
        self._view = view
        self._balancers = {balancer.name: balancer for balancer in view.balancers}
        self._gateways = {gateway.name: gateway for gateway in view.gateways}
        self._routes: dict[PeerView, list[RouteView]] = {}
        for route in view.routes:
            self._routes.setdefault(route.entry, []).append(route)
        # The layout starts from the order of the view.
        for balancer in view.balancers:
            self._add_balancer(balancer)
        for gateway in view.gateways:
            self._add_gateway(gateway)
        for service in view.services:
            self._add_service(service)
        for job in view.jobs:
            self._add_job(job)
        self._add_objects()
        self._connect_balancers()
        self._connect_routes()
        self._connect_links()
        self._mark_public()

    # Boxes.

    def _add_balancer(self, balancer: BalancerView) -> None:
        peer = PeerView(PeerKind.LOAD_BALANCER, balancer.name)
        lines = [
            Line("name", balancer.name),
            Line("detail", balancer.kind),
            Line("detail", f"{balancer.platform}, {balancer.scope.value}"),
            Line("detail", _TLS[balancer.tls]),
            Line("mono", ", ".join(map(port_text, balancer.ports)) or "no ports"),
            Line("detail", _cost_text(balancer), hint=estimate_text(balancer.estimate)),
        ]
        # The load balancer of a gateway is part of the gateway in the stack file.
        own = () if balancer.component == "gateways" else self._warnings(balancer.component, balancer.name)
        self._add_own(peer, (*lines, *own, *self._route_lines(peer)))

    def _add_gateway(self, gateway: GatewayView) -> None:
        peer = PeerView(PeerKind.GATEWAY, gateway.name)
        installed = "installed by the stack" if gateway.installed else "existing controller"
        lines = [Line("name", gateway.name), Line("detail", f"{gateway.controller}, {installed}")]
        if not gateway.load_balancers:
            lines.append(Line("detail", "no load balancer of the stack"))
        routes = self._route_lines(peer) or [Line("detail", "no routes")]
        self._add_own(peer, (*lines, *self._warnings("gateways", gateway.name), *routes))

    def _add_service(self, service: ServiceView) -> None:
        lines = [
            Line("name", service.name, hint="\n".join(map(url_text, service.urls))),
            Line("detail", f"{service.kind}, {replicas_text(service.replicas)}"),
            Line("mono", short_image(service.image), hint=service.image),
            *(Line("mono", port_text(port)) for port in service.ports[:_LISTED]),
        ]
        if rest := service.ports[_LISTED:]:
            hint = "\n".join(map(port_text, rest))
            lines.append(Line("detail", f"and {pluralize(len(rest), 'more port')}", hint=hint))
        own = self._warnings("services", service.name)
        self._add_own(PeerView(PeerKind.SERVICE, service.name), (*lines, *own))

    def _add_job(self, job: JobView) -> None:
        lines = [
            Line("name", job.name),
            *_run_lines(job),
            Line("mono", short_image(job.image), hint=job.image),
        ]
        self._add_own(PeerView(PeerKind.JOB, job.name), (*lines, *self._warnings("jobs", job.name)))

    def _add_objects(self) -> None:
        """A box for each kind of the objects beside the components."""
        by_kind: dict[str, list[ObjectView]] = {}
        for one in self._view.objects:
            by_kind.setdefault(one.kind, []).append(one)
        for kind, found in by_kind.items():
            lines = [Line("name", kind)]
            lines += [Line("mono", one.name, _users_text(one), ", ".join(one.used_by)) for one in found[:_LISTED]]
            if rest := found[_LISTED:]:
                lines.append(
                    Line(
                        "detail",
                        f"and {len(rest)} more",
                        hint="\n".join(object_text(one, self._view.namespace) for one in rest),
                    )
                )
            self._add_box(f"objects:{kind}", "objects", lines)

    def _warnings(self, component: str, name: str) -> Sequence[Line]:
        """The line that counts the exceptions of a component."""
        at = ROOT / component / Key(name)
        found = [each for each in self._view.exceptions if each.exception.location.is_within(at)]
        if not found:
            return ()
        hint = "\n".join(
            ": ".join(filter(None, (exception_path(each), exception_value(each), exception_meaning(each))))
            for each in found
        )
        return (Line("warning", pluralize(len(found), "exception"), hint=hint),)

    def _add_own(self, peer: PeerView, lines: Iterable[Line]) -> None:
        self._add(peer, f"{peer.kind.value}:{peer.name}", _OWN[peer.kind], lines)

    def _add(self, peer: PeerView, key: str, kind: BoxKind, lines: Iterable[Line]) -> str:
        self.keys.setdefault(peer, key)
        return self._add_box(key, kind, lines)

    def _add_box(self, key: str, kind: BoxKind, lines: Iterable[Line], *, public: bool = False) -> str:
        cleaned = tuple(
            Line(line.style, _one_line(line.text), _one_line(line.right), clean(line.hint), line.lock) for line in lines
        )
        return self.graph.add(Box(key, kind, cleaned, public))

    def _route_lines(self, entry: PeerView) -> list[Line]:
        """The routes of a gateway or a load balancer, one `path` line each, with a line for each host."""
        lines: list[Line] = []
        host: Optional[str] = None
        for route in self._routes.get(entry, ()):
            if route.host != host:
                host = route.host
                lines.append(Line("host", host or "every host", lock=self._terminates_tls(route)))
            lines.append(Line("path", route.path or _port_line(route), right=_right(route), hint=_hint(route)))
            if len(route.action.backends) != 1:
                lines.append(Line("detail", f"  {action_text(route.action)}"))
        return lines

    def _terminates_tls(self, route: RouteView) -> bool:
        """Whether the TLS of the route's host terminates at its gateway or load balancer."""
        if route.entry.kind is PeerKind.GATEWAY:
            wildcard = f"*.{route.host.partition('.')[2]}"
            hosts = self._gateways[route.entry.name].tls_hosts
            return route.host in hosts or wildcard in hosts
        balancer = self._balancers[route.entry.name]
        return route.scheme in ("https", "tls") and balancer.tls is TlsTermination.LOAD_BALANCER

    # Edges.

    def _connect_balancers(self) -> None:
        """The ways of requests into the load balancers, and to what they lead to without routes of their own."""
        for balancer in self._view.balancers:
            peer = PeerView(PeerKind.LOAD_BALANCER, balancer.name)
            key, kind = self.keys[peer], _edge_kind([balancer])
            self.graph.connect(Edge(self._add_source(balancer), key, kind))
            routed = {backend.peer for route in self._routes.get(peer, ()) for backend in route.action.backends}
            for target in balancer.targets:
                if target not in routed:
                    self.graph.connect(Edge(key, self._box_of(target, "to"), kind))

    def _add_source(self, balancer: BalancerView) -> str:
        texts, everyone = [*map(source_text, balancer.sources)], is_open_to_everyone(balancer.sources)
        lines = [Line("name", "Internet" if balancer.scope is Scope.INTERNET else "Internal network")]
        if not balancer.is_scope_certain:
            lines.append(Line("detail", "if its controller makes it so"))
        if everyone:
            lines.append(Line("detail", "every address"))
        elif not texts:
            lines.append(Line("detail", "no address can connect"))
        else:
            lines += [Line("mono", text) for text in texts[:_LISTED]]
            if rest := texts[_LISTED:]:
                lines.append(Line("detail", f"and {pluralize(len(rest), 'more source')}", hint="\n".join(rest)))
        certain = "" if balancer.is_scope_certain else "?"
        key = f"source:{balancer.scope.value}{certain}:{','.join(texts)}"
        return self._add_box(key, "source", lines, public=balancer.may_be_on_internet)

    def _connect_routes(self) -> None:
        for entry, routes in self._routes.items():
            key = self.keys[entry]
            numbers = [number for number, line in enumerate(self.graph.boxes[key].lines) if line.style == "path"]
            for number, route in zip(numbers, routes, strict=True):
                for backend in route.action.backends:
                    target = self._box_of(backend.peer, "to")
                    self.graph.connect(Edge(key, target, self._kind_of_requests(entry), number, _hint(route)))

    def _kind_of_requests(self, entry: PeerView) -> EdgeKind:
        is_gateway = entry.kind is PeerKind.GATEWAY
        names = self._gateways[entry.name].load_balancers if is_gateway else (entry.name,)
        return _edge_kind([self._balancers[name] for name in names if name in self._balancers])

    def _connect_links(self) -> None:
        requests = {(edge.source, edge.target) for edge in self.graph.edges}
        for link in self._view.links:
            source, target = self._box_of(link.source, "from"), self._box_of(link.target, "to")
            # The way of requests shows already that this connection is allowed.
            if (source, target) not in requests:
                hint = f"{peer_text(link.source)} can connect to {peer_text(link.target)}: {ports_text(link.ports)}"
                self.graph.connect(Edge(source, target, "link", hint=hint))

    def _box_of(self, peer: PeerView, direction: str) -> str:
        """The box of a peer. What isn't part of the stack has a box for each direction."""
        own = self.keys.get(peer)
        if own is not None and peer.kind in _OWN:
            return own
        text = peer_text(peer)
        key = f"{direction}:{peer.kind.value}:{text}"
        return self._add(peer, key, "elsewhere", [Line("name", text), Line("detail", _detail(peer, direction))])

    def _mark_public(self) -> None:
        for key in {edge.target for edge in self.graph.edges if edge.kind == "public"}:
            box = self.graph.boxes[key]
            self.graph.boxes[key] = Box(key, box.kind, box.lines, public=True)


def _run_lines(job: JobView) -> Sequence[Line]:
    """When a job runs. Its schedule is never shortened."""
    if job.schedule:
        kind = f"{job.kind}, suspended" if job.suspended else job.kind
        return Line("detail", kind), Line("mono", job.schedule, hint=run_text(job))
    waits = [f"{word} {pluralize(len(names), 'service')}" for word, names in waits_of(job)]
    when = run_text(job) if job.suspended or not waits else ", ".join(waits)
    return (Line("detail", f"{job.kind}, {when}", hint=run_text(job)),)


def _users_text(one: ObjectView) -> str:
    return one.used_by[0] if len(one.used_by) == 1 else f"{len(one.used_by)} users" if one.used_by else ""


def _edge_kind(balancers: Sequence[BalancerView]) -> EdgeKind:
    """The kind of requests through load balancers. Without any, the internet might reach an existing controller."""
    return "internal" if balancers and not any(each.may_be_on_internet for each in balancers) else "public"


def _detail(peer: PeerView, direction: str) -> str:
    if peer.kind is PeerKind.ANYONE:
        return "can connect" if direction == "from" else "any destination"
    return "every address" if includes_everyone([peer.cidr]) else "not in this stack"


def money(costs: Iterable[Cost]) -> str:
    """Monthly costs by currency, rounded."""
    return " and ".join(map(_money, costs)) or NO_PRICE


def _money(cost: Cost) -> str:
    if 0 < cost.amount < 1:
        return f"less than 1 {cost.currency} a month"
    return f"about {cost.amount:,.0f} {cost.currency} a month"


def _cost_text(balancer: BalancerView) -> str:
    counted = f"{balancer.load_balancers} billed, " if balancer.load_balancers > 1 else ""
    return counted + money(costs_of(balancer))


def costs_of(balancer: BalancerView) -> Sequence[Cost]:
    """What a load balancer costs; nothing if no price is known."""
    amount, currency = balancer.estimate.monthly, balancer.estimate.currency
    return () if amount is None or currency is None else (Cost(amount, currency),)


def short_image(image: str) -> str:
    """The image without its registry and its digest."""
    return image.partition("@")[0].rpartition("/")[2] or image


def _one_line(text: str) -> str:
    return clean(text).replace("\n", "\ufffd")


def _port_line(route: RouteView) -> str:
    """What identifies the requests of a route that has no path."""
    port = "" if route.client_port is None else str(route.client_port)
    return " ".join(filter(None, (route.scheme.upper(), port)))


def _right(route: RouteView) -> str:
    scheme = "" if route.scheme in ("http", "https") or not route.path else route.scheme
    exact = "exact" if route.path_type is PathType.EXACT else ""
    target = backend_text(route.action.backends[0]) if len(route.action.backends) == 1 else ""
    return " ".join(filter(None, (exact, scheme, target)))


def _hint(route: RouteView) -> str:
    return _one_line(f"{request_text(route)} → {action_text(route.action)}")


def summary(view: StackView) -> Iterable[str]:
    """What the stack contains, in a few words each."""
    if view.total.load_balancers:
        price = f" ({money(view.total.monthly)})" if view.total.monthly else ""
        yield f"{pluralize(view.total.load_balancers, 'load balancer')}{price}"
    for number, noun in ((len(view.gateways), "gateway"), (len(view.routes), "route")):
        if number:
            yield pluralize(number, noun)
    yield pluralize(len(view.services), "service")
    if view.jobs:
        yield pluralize(len(view.jobs), "job")
    if view.objects:
        yield pluralize(len(view.objects), "other object")
    if view.exceptions:
        yield f"{pluralize(len(view.exceptions), 'exception')} to the secure defaults"


def described(view: StackView) -> Iterable[str]:
    """The picture in sentences, for screen readers."""
    yield f"Namespace {view.namespace}: {', '.join(summary(view))}."
    for balancer in view.balancers:
        sources = ", ".join(map(source_text, balancer.sources)) or "no address"
        targets = ", ".join(map(peer_text, balancer.targets))
        yield f"The load balancer {balancer.name} ({balancer.kind}) accepts {sources}, and routes to {targets}."
    for route in view.routes:
        yield f"{route.entry.name}: {_hint(route)}."
    for job in view.jobs:
        yield f"The job {job.name} runs {run_text(job)}."
    for link in view.links:
        yield f"{peer_text(link.source)} can connect to {peer_text(link.target)}."
    for one in view.objects:
        yield f"{one.kind} {object_text(one, view.namespace)}."
