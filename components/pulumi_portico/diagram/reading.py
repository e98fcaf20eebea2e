"""From a stack as it is read to the boxes and edges of its picture."""

from collections.abc import Iterable, Mapping, Sequence

from ..lifecycle.cost import estimate_text, totals
from ..load_balancers import EVERYONE
from ..pluralize import pluralize
from ..stack.view import BalancerView, GatewayView, RouteView, ServiceView, StackView
from .graph import Box, Edge, EdgeKind, Graph, Line
from .widths import clean

__all__ = ["described", "graph_of", "money", "short_image", "summary"]

_TLS = {
    "here": "TLS ends here",
    "gateway": "TLS ends at the gateway",
    "service": "TLS ends at the service",
    "nowhere": "no TLS",
}
# How the view calls those whom no network policy holds.
_EVERYONE = "everyone"
# More than these are counted, and named where one points.
_LISTED = 5


def graph_of(view: StackView) -> Graph:
    """The boxes and edges of the stack's picture, in the order of the view."""
    return _Reader(view).graph


def money(amounts: Mapping[str, float]) -> str:
    """Monthly costs by currency, in few words."""
    if not amounts:
        return "no price is known"
    return " and ".join(
        f"about {amount:,.0f} {currency} a month" if amount >= 1 or amount == 0 else f"under 1 {currency} a month"
        for currency, amount in sorted(amounts.items())
    )


def short_image(image: str) -> str:
    """The image without its registry, and without its digest."""
    return image.partition("@")[0].rpartition("/")[2] or image


class _Reader:
    def __init__(self, view: StackView) -> None:
        self._view = view
        self._balancers = {it.name: it for it in view.balancers}
        self._gateways = {it.name: it for it in view.gateways}
        self._services = {it.name: it for it in view.services}
        self.graph = Graph()
        # A box stands where the first sweep of the layout finds it: in the order of the view.
        for balancer in view.balancers:
            self._balancer(balancer)
        for gateway in view.gateways:
            self._gateway(gateway)
        for service in view.services:
            self._service(service)
        self._ways_in()
        self._routes_out()
        self._links()
        self._mark_public()

    # Boxes.

    def _balancer(self, it: BalancerView) -> None:
        lines = [
            Line("name", it.name),
            Line("detail", it.kind),
            Line("detail", f"{it.platform}, {it.scope}"),
            Line("detail", _TLS.get(it.tls, it.tls)),
            Line("mono", ", ".join(it.ports) or "no ports"),
            Line("detail", self._cost(it), hint=estimate_text(it.estimate)),
        ]
        # A gateway's front door is part of the gateway in the stack file.
        own = () if it.name in self._gateways else self._warnings("loadBalancers", it.name)
        self._add(Box(f"balancer:{it.name}", "balancer", (*lines, *own, *self._routes(f"balancer:{it.name}"))))

    @staticmethod
    def _cost(it: BalancerView) -> str:
        several = f"{it.load_balancers} of them, " if it.load_balancers > 1 else ""
        return several + money(totals([it.estimate]))

    def _gateway(self, it: GatewayView) -> None:
        lines = [
            Line("name", it.name),
            Line("detail", f"{it.controller}, {'installed' if it.installed else 'already there'}"),
        ]
        if not it.behind:
            lines.append(Line("detail", "reached as its controller is"))
        rows = self._routes(f"gateway:{it.name}") or [Line("detail", "no routes")]
        self._add(Box(f"gateway:{it.name}", "gateway", (*lines, *self._warnings("gateways", it.name), *rows)))

    def _service(self, it: ServiceView) -> None:
        # How many pods a DaemonSet has is said in words: "one a node".
        pods = f"{it.replicas} pod{'' if it.replicas == '1' else 's'}" if it.replicas[:1].isdigit() else it.replicas
        lines = [
            Line("name", it.name, hint="\n".join(it.urls)),
            Line("detail", ", ".join(filter(None, (it.kind, pods)))),
            Line("mono", short_image(it.image), hint=it.image),
            *(Line("mono", port) for port in it.ports[:_LISTED]),
        ]
        if rest := it.ports[_LISTED:]:
            lines.append(Line("detail", f"and {pluralize(len(rest), 'port')} more", hint="\n".join(rest)))
        self._add(Box(f"service:{it.name}", "service", (*lines, *self._warnings("services", it.name))))

    def _warnings(self, section: str, name: str) -> Sequence[Line]:
        where = f"portico:{section}.{name}"
        found = [it for it in self._view.exceptions if it.path == where or it.path.startswith(f"{where}.")]
        if not found:
            return ()
        hint = "\n".join(f"{it.path}: {it.value}: {it.meaning}" for it in found)
        return (Line("warning", pluralize(len(found), "exception"), hint=hint),)

    def _add(self, box: Box) -> str:
        lines = tuple(Line(it.style, _line(it.text), _line(it.right), clean(it.hint), it.lock) for it in box.lines)
        return self.graph.add(Box(box.key, box.kind, lines, box.public))

    # Routes, as lines of the boxes that keep them.

    def _entry(self, route: RouteView) -> str:
        kind = "gateway" if route.entry in self._gateways else "balancer"
        return f"{kind}:{route.entry}"

    def _kept(self, key: str) -> list[RouteView]:
        return [it for it in self._view.routes if self._entry(it) == key]

    def _routes(self, key: str) -> list[Line]:
        lines: list[Line] = []
        before: object = None
        for route in self._kept(key):
            if route.host != before:
                lines.append(Line("host", route.host or "every host", lock=self._ends_tls(route)))
                before = route.host
            lines.append(Line("path", route.path or _by_port(route), right=_right(route), hint=_hint(route)))
            if not route.port:
                lines.append(Line("detail", f"  {route.leads_to}"))
        return lines

    def _ends_tls(self, route: RouteView) -> bool:
        gateway = self._gateways.get(route.entry)
        if gateway is None:
            return route.scheme in ("https", "tls") and self._balancers[route.entry].tls == "here"
        wildcard = f"*.{route.host.partition('.')[2]}"
        return route.host in gateway.tls_hosts or wildcard in gateway.tls_hosts

    # Edges.

    def _ways_in(self) -> None:
        for it in self._view.balancers:
            key = f"balancer:{it.name}"
            kind: EdgeKind = "public" if it.scope == "internet" else "internal"
            self.graph.connect(Edge(self._source(it), key, kind))
            routed = {self._led_to(route.leads_to, key) for route in self._kept(key) if route.port}
            for name in it.leads_to:
                target = self._led_to(name, key)
                if target not in routed:
                    self.graph.connect(Edge(key, target, kind))

    def _source(self, balancer: BalancerView) -> str:
        name = "Internet" if balancer.scope == "internet" else "Internal network"
        lines = [Line("name", name)]
        if set(EVERYONE) & set(balancer.sources):
            lines.append(Line("detail", "from any address"))
        else:
            lines += [Line("mono", it) for it in balancer.sources[:_LISTED]]
        if not balancer.sources:
            lines.append(Line("detail", "no address is let in"))
        if (rest := balancer.sources[_LISTED:]) and not set(EVERYONE) & set(balancer.sources):
            lines.append(Line("detail", f"and {pluralize(len(rest), 'range')} more", hint="\n".join(rest)))
        key = f"source:{balancer.scope}:{','.join(balancer.sources)}"
        return self._add(Box(key, "source", tuple(lines), balancer.scope == "internet"))

    def _routes_out(self) -> None:
        for key, box in list(self.graph.boxes.items()):
            lines = [number for number, line in enumerate(box.lines) if line.style == "path"]
            for number, route in zip(lines, self._kept(key), strict=True):
                if route.port:
                    target = self._led_to(route.leads_to, key)
                    self.graph.connect(Edge(key, target, self._way(key), number, _hint(route)))

    def _way(self, key: str) -> EdgeKind:
        kind, _, name = key.partition(":")
        doors = (name,) if kind == "balancer" else self._gateways[name].behind
        # What is not known to be internal only is drawn as public.
        scopes = [self._balancers[it].scope for it in doors if it in self._balancers]
        return "internal" if scopes and "internet" not in scopes else "public"

    def _led_to(self, name: str, source: str) -> str:
        """The box of what a balancer or route leads to. A gateway and a service may have one name."""
        gateway = self._gateways.get(name)
        if gateway and (source.removeprefix("balancer:") in gateway.behind or name not in self._services):
            return f"gateway:{name}"
        return f"service:{name}" if name in self._services else self._elsewhere("to", name)

    def _elsewhere(self, direction: str, name: str) -> str:
        detail = "any address" if name in set(EVERYONE) else "not of this stack"
        if name == _EVERYONE:
            detail = "who can reach it" if direction == "from" else "whom it can reach"
        return self._add(Box(f"{direction}:{name}", "elsewhere", (Line("name", name), Line("detail", detail))))

    def _links(self) -> None:
        requests = {(it.source, it.target) for it in self.graph.edges}
        for link in self._view.links:
            target = self._named(link.target) or self._elsewhere("to", link.target)
            doors = [f"gateway:{link.source}", f"balancer:{link.source}"]
            # What opens the way of requests that is drawn already is no link beside it.
            if not any((door, target) in requests for door in doors):
                source = self._named(link.source) or self._elsewhere("from", link.source)
                hint = f"{link.source} may talk to {link.target}: {', '.join(link.ports) or 'every port'}"
                self.graph.connect(Edge(source, target, "link", hint=hint))

    def _named(self, name: str) -> str:
        keys = (f"{kind}:{name}" for kind in ("service", "gateway", "balancer"))
        return next((it for it in keys if it in self.graph.boxes), "")

    def _mark_public(self) -> None:
        reached = {it.target for it in self.graph.edges if it.kind == "public"}
        for key in reached:
            box = self.graph.boxes[key]
            self.graph.boxes[key] = Box(key, box.kind, box.lines, public=True)


def _line(text: str) -> str:
    return clean(text).replace("\n", "\ufffd")


def _by_port(route: RouteView) -> str:
    """What tells the requests of a route without a path apart."""
    return " ".join(filter(None, (route.scheme.upper(), route.client_port)))


def _right(route: RouteView) -> str:
    scheme = "" if route.scheme in ("http", "https") or not route.path else route.scheme
    exact = "exact" if route.path_type == "Exact" else ""
    return " ".join(filter(None, (exact, scheme, f"{route.leads_to}:{route.port}" if route.port else "")))


def _hint(route: RouteView) -> str:
    asked = f":{route.client_port}" if route.client_port else ""
    where = f"{route.scheme}://{route.host or '*'}{asked}{route.path}"
    port = f":{route.port}" if route.port else ""
    exact = " exactly" if route.path_type == "Exact" else ""
    return _line(f"{where}{exact} → {route.leads_to}{port}")


def summary(view: StackView) -> Iterable[str]:
    """What the stack holds, in a few words each."""
    balancers = sum(it.load_balancers for it in view.balancers)
    costs = totals(it.estimate for it in view.balancers)
    price = f" ({money(costs)})" if costs else ""
    if balancers:
        yield f"{pluralize(balancers, 'load balancer')}{price}"
    for number, noun in ((len(view.gateways), "gateway"), (len(view.routes), "route")):
        if number:
            yield pluralize(number, noun)
    yield pluralize(len(view.services), "service")
    if view.exceptions:
        yield pluralize(len(view.exceptions), "exception") + " to the secure defaults"


def described(view: StackView) -> Iterable[str]:
    """The picture in sentences, for those who hear it."""
    yield f"Namespace {view.namespace}: {', '.join(summary(view))}."
    for it in view.balancers:
        who = ", ".join(it.sources) or "no address"
        yield f"The load balancer {it.name} ({it.kind}) lets in {who}, and leads to {', '.join(it.leads_to)}."
    for it in view.routes:
        yield f"{it.entry}: {_hint(it)}."
    for it in view.links:
        yield f"{it.source} may talk to {it.target}."
