"""The `IngressRoutes` component: routes that are added to a gateway from elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems
from ..ordering import dependencies_of
from .args import IngressRoutesArgs
from .gateway_outputs import urls_of
from .gateway_plan import reference_routing
from .gateway_state import GatewayState, state_of
from .reference import EVERY_HOST, route_text
from .registration import READY_WITHIN, Waiting, register_routes
from .routing import Routing, add_to
from .validation import check_ingress_routes, check_referred

__all__ = ["IngressRoutes"]


class IngressRoutes(pulumi.ComponentResource):
    """Routes that are added to a gateway: of this program, of another one, or one that Portico does not own.

    No route may repeat one that the gateway has, as far as that is known: those of this program's components, and
    those that the reference lists.
    """

    urls: pulumi.Output[dict[str, str]]
    """Where clients reach each of its hosts, by the host. A wildcard has none."""

    routes: pulumi.Output[list[str]]
    """Its routes, each as host, type and path, for the references of other programs."""

    hosts: pulumi.Output[list[str]]
    """Its hosts, for the references of other programs."""

    def __init__(self, name: str, args: IngressRoutesArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lower-case letters, digits and hyphens, a letter first, 40
            characters at most. All that it makes has names that begin with it.
        :param args: The gateway, and which requests go where.
        :param opts: Pulumi's resource options; a provider given here reaches every child.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        """
        me = f'IngressRoutes "{name}"'
        problems = Problems(me)
        checked = cast("Mapping[str, Any]", check_ingress_routes(name, args, problems))
        problems.raise_if_any()
        gateway: Mapping[str, Any] = checked["gateway"]
        state = state_of(gateway["class_name"], opts)
        routing = reference_routing(name, checked, state, me)
        peers = _peers(gateway, state)
        check_referred(routing, peers, _ahead(gateway, state), problems)
        problems.raise_if_any()
        listed = gateway.get("routes", [])
        add_to(state, me, routing, [] if isinstance(listed, pulumi.Output) else listed, problems)
        super().__init__("portico:index:IngressRoutes", name, {}, opts)
        if isinstance(listed, pulumi.Output):
            routing = _once_listed(routing, cast("pulumi.Output[Sequence[str]]", listed), me)
        waiting = Waiting(gateway.get("reports_address", True), checked.get("ready_within", READY_WITHIN))
        first = [*dependencies_of(opts), *(state.facts.first if state.facts else ())]
        made = register_routes(routing, peers or [], waiting, self, first, state.host_resources)
        self._set_outputs(made.routing)

    def _set_outputs(self, routing: Routing) -> None:
        compilation = routing.compilation
        secured = {host: it.tls for host, it in compilation.hosts.items() if host}
        self.urls = urls_of(secured, pulumi.Output.from_input({"ip": "", "hostname": ""}))
        entries = compilation.routes
        self.routes = pulumi.Output.from_input(sorted(route_text(it.host, it.path, it.path_type) for it in entries))
        self.hosts = pulumi.Output.from_input(sorted(it or EVERY_HOST for it in compilation.hosts))
        self.register_outputs({"urls": self.urls, "routes": self.routes, "hosts": self.hosts})


def _peers(gateway: Mapping[str, Any], state: GatewayState) -> Optional[Sequence[Any]]:
    if "reached_from" in gateway:
        return gateway["reached_from"]
    return state.facts.reached_from if state.facts else None


def _ahead(gateway: Mapping[str, Any], state: GatewayState) -> frozenset[str]:
    """The headers that the controller was told of ahead."""
    known = state.facts.response_headers if state.facts else frozenset[str]()
    return known | frozenset(gateway.get("response_headers", []))


def _once_listed(routing: Routing, listed: pulumi.Output[Sequence[str]], me: str) -> Routing:
    """The routing, whose objects are made once it is known that no other program has its routes."""

    def settle(known: Sequence[Any]) -> Any:
        problems = Problems(me)
        add_to(GatewayState(), me, routing, known[1] or [], problems)
        return known[0]

    class_name = pulumi.Output.all(routing.class_name, listed).apply(settle)
    return routing.with_class(class_name)
