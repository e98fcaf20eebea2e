"""The `IngressRoutes` component: routes that another component, program, or stack adds to a gateway."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional, Union, cast

import pulumi

from ..args.calls import checked_call
from ..args.problems import Problems
from ..lifecycle.hooks import mocked
from ..lifecycle.limits import check_limits
from ..lifecycle.object_names import claim_objects
from ..lifecycle.objects import ObjectSpec
from ..lifecycle.selectors import guarded_with_targets
from ..networking.network_policies import PeerSpec
from ..ordering import dependencies_of
from .args import IngressRoutesArgs, IngressRoutesSpec
from .gateway_outputs import urls_of
from .gateway_plan import AddedRoutes, address_wait, identity_of_reference, peers_of, plan_added_routes
from .gateway_state import GatewayState, add_routes, state_of
from .other_stacks import check_exported, exported_gateway, repeated_in_cluster
from .reference import EVERY_HOST
from .registration import hosts_elsewhere, register_with_routes
from .route_objects import route_objects
from .route_set import RouteSet
from .validation import check_added_routes, parse_ingress_routes

__all__ = ["IngressRoutes"]


class IngressRoutes(pulumi.ComponentResource):
    """Routes that are added to a gateway: of this program, of another one, or one that Portico doesn't manage.

    No route may repeat one that the gateway has, as far as that is known: those of this program's components, and
    those that the reference lists.
    """

    urls: pulumi.Output[dict[str, str]]
    """The URL of each of its hosts, by host. A wildcard has none."""

    routes: pulumi.Output[list[str]]
    """Its routes, each as host, type, and path, for the references of other programs."""

    hosts: pulumi.Output[list[str]]
    """Its hosts, for the references of other programs."""

    @checked_call
    def __init__(self, name: str, args: IngressRoutesArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name: lowercase letters, digits, and hyphens, starting with a letter, at most 40
            characters. The names of all of its resources begin with it.
        :param args: The gateway, and which requests go where.
        :param opts: Pulumi's resource options. Every child inherits a provider from them.
        :raises ArgumentError: with every problem of the name and the arguments, before anything is registered.
        """
        component = f'IngressRoutes "{name}"'
        problems = Problems(component)
        spec = _parsed(name, args, problems)
        problems.run(_check_with_gateway, name, spec, opts)
        problems.raise_if_any()
        spec = _guarded(name, spec, opts, problems)
        gateway = spec.gateway
        state = state_of(identity_of_reference(gateway), opts)
        routes, peers = plan_added_routes(name, spec, state), _peers(spec, state)
        listed = gateway.routes
        component = f'IngressRoutes "{routes.name}"'
        add_routes(state, component, routes, () if isinstance(listed, pulumi.Output) else _plain(listed), problems)
        problems.raise_if_any()
        known = _Known(self, listed, component)
        routes = _checked_later(routes, known)
        wait = address_wait(routes.module, gateway.publishes_address, spec.ready_timeout)
        known.objects.extend(route_objects(routes, peers or (), wait, (), hosts_elsewhere(routes, state)))
        claim_objects(problems.subject, known.objects, spec.at, opts)
        super().__init__("portico:index:IngressRoutes", name, {}, opts)
        first = [*dependencies_of(opts), *(state.facts.resources if state.facts else ())]
        register_with_routes(name, routes, state, self, known.objects, first)
        self._set_outputs(routes)

    def _set_outputs(self, routes: RouteSet) -> None:
        secured = {name: host.tls for name, host in routes.hosts.items() if name}
        self.urls = urls_of(secured, pulumi.Output.from_input({"ip": "", "hostname": ""}))
        self.routes = pulumi.Output.from_input(routes.texts)
        self.hosts = pulumi.Output.from_input(sorted(host or EVERY_HOST for host in routes.hosts))
        self.register_outputs({"urls": self.urls, "routes": self.routes, "hosts": self.hosts})


def _parsed(name: str, args: Union[IngressRoutesArgs, IngressRoutesSpec], problems: Problems) -> IngressRoutesSpec:
    """The parsed arguments. The provider for other languages has parsed them already."""
    return args if isinstance(args, IngressRoutesSpec) else parse_ingress_routes(name, args, problems)


def _guarded(
    name: str, spec: IngressRoutesSpec, opts: Optional[pulumi.ResourceOptions], problems: Problems
) -> IngressRoutesSpec:
    class_name = spec.gateway.own_class

    def check(known: IngressRoutesSpec, found: Problems) -> None:
        parse_ingress_routes(name, known, found)
        # What the program knows of the gateway is kept by its class, which is the same one even if it's known now.
        gateway = replace(known.gateway, class_name=class_name)
        found.run(_check_with_gateway, name, replace(known, gateway=gateway), opts)

    return guarded_with_targets(problems, spec, check, lambda known: [route.target for route in known.routes], opts)


def _check_with_gateway(
    name: str, spec: IngressRoutesSpec, opts: Optional[pulumi.ResourceOptions], problems: Problems
) -> None:
    state = state_of(identity_of_reference(spec.gateway), opts)
    headers = (state.facts.response_headers if state.facts else frozenset[str]()) | {*spec.gateway.response_headers}
    routes, before = plan_added_routes(name, spec, state), len(problems.found)
    check_added_routes(routes, _peers(spec, state), headers, problems)
    if len(problems.found) == before:
        apart = () if routes.module.shares_ingress else spec.routes
        check_limits(spec, lambda: route_objects(routes), problems, apart=apart)


def _peers(spec: IngressRoutesSpec, state: GatewayState) -> Optional[Sequence[PeerSpec]]:
    known = peers_of(spec.gateway)
    if known is not None:
        return known
    return state.facts.controller_peers if state.facts else None


def _plain(listed: Any) -> Sequence[str]:
    return cast("Sequence[str]", listed)


@dataclass(frozen=True)
class _Known:
    """What is known only later of what others have added to the gateway."""

    parent: pulumi.Resource
    listed: pulumi.Input[Sequence[str]]
    """The routes that the reference lists."""
    component: str
    objects: list[ObjectSpec] = field(default_factory=list[ObjectSpec])
    """The objects of the routes. They are added before the check runs: they come after it."""


def _checked_later(routes: AddedRoutes, known: _Known) -> AddedRoutes:
    """The routes, whose objects are created once it's known that no other program or stack has these routes."""
    gateway = routes.spec.gateway
    # Mocks have no other stacks, and no cluster.
    exported = None if gateway.stack is None or mocked() else exported_gateway(gateway.stack, gateway.name or "")
    if mocked() and not isinstance(known.listed, pulumi.Output):
        return routes

    async def in_cluster(class_name: str, problems: Problems) -> None:
        await repeated_in_cluster(known.parent, class_name, known.objects, routes.at, problems)

    def settle(found: Sequence[Any]) -> Any:
        class_name, listed, of_stack = found
        problems = Problems(known.component)
        own = () if of_stack is None else check_exported(gateway, of_stack, routes, problems)
        add_routes(GatewayState(), known.component, routes, [*(listed or ()), *own], problems)
        problems.raise_if_any()

        async def look() -> Any:
            await in_cluster(class_name, problems)
            problems.raise_if_any()
            return class_name

        return pulumi.Output.from_input(look())

    class_name = pulumi.Output.all(gateway.own_class, known.listed, exported).apply(settle)
    return replace(routes, spec=replace(routes.spec, gateway=replace(gateway, class_name=class_name)))
