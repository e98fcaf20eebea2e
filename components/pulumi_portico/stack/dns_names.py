"""The names that external-dns creates records for because an annotation lists them, and who receives their requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pulumi

from ..args.codes import define
from ..args.location import Key, KeyStyle
from ..args.problems import Problem, Problems
from ..ingress_gateway.gateway_plan import GatewayPlan
from ..lifecycle.annotation_readers import DNS_HOSTNAME, EXTERNAL_DNS
from ..public_load_balancer.exposure import ExposureSpec
from ..web_service.args import WebServiceSpec

__all__ = ["NAME_ANNOTATIONS", "leads_to", "names_in", "notes_on_dns_names"]

NAME_WITHOUT_ROUTE = define(
    "dns-name-without-route",
    "By external-dns, the name {name} leads to the gateway {gateway}, and no route has this host. Routes without a "
    "host receive its requests; if there are none, the controller responds with 404.",
    allowed="the hosts of the gateway's routes",
    hint="Add a route with this host, or remove the name.",
)
NAME_OF_SERVICE = define(
    "dns-name-of-service",
    "By external-dns, the name {name} leads to this service, or to what another annotation says. `portico route` "
    "doesn't follow it.",
    allowed="names that no gateway or load balancer of the stack has",
)

NAME_ANNOTATIONS = (DNS_HOSTNAME, f"{EXTERNAL_DNS}internal-hostname")
"""The annotations of a Service that list names."""


def names_in(annotations: Mapping[str, pulumi.Input[str]]) -> tuple[str, ...]:
    """The names that the annotations of a Service list, as far as they are known."""
    listed = [value for key in NAME_ANNOTATIONS if isinstance(value := annotations.get(key), str)]
    return tuple(name.strip().lower() for text in listed for name in text.split(",") if name.strip())


def leads_to(names: Iterable[str], host: str) -> bool:
    """Whether one of the names is the host, or a wildcard for it."""
    return any(name == host or (name.startswith("*.") and host.endswith(name[1:])) for name in names)


def notes_on_dns_names(
    gateways: Mapping[str, GatewayPlan],
    fronts: Iterable[tuple[ExposureSpec, str]],
    services: Mapping[str, WebServiceSpec],
) -> Sequence[Problem]:
    """Names that lead to a gateway without a route for them, and names of services. `fronts` are the load balancers,
    each with the name of the gateway that it leads to."""
    notes = Problems("IngressGateway", style=KeyStyle.STACK)
    own = [(plan.spec.exposure, name) for name, plan in gateways.items() if plan.spec.exposure is not None]
    for exposure, gateway in (*own, *fronts):
        hosts = {route.host for route in gateways[gateway].routes.routes}
        for key, name in _listed(exposure.all_annotations):
            if not _is_routed(name, hosts):
                own_at = exposure.at / "annotations" / Key(key)
                at = exposure.at / "hostnames" if name in exposure.hostnames else own_at
                notes.report(NAME_WITHOUT_ROUTE, at, name=name, gateway=gateway)
    for service in services.values():
        if service.service is not None:
            at = service.service.at / "annotations"
            for key, name in _listed(service.service.annotations or {}):
                notes.report(NAME_OF_SERVICE, at / Key(key), name=name)
    return notes.found


def _listed(annotations: Mapping[str, pulumi.Input[str]]) -> Iterator[tuple[str, str]]:
    for key in NAME_ANNOTATIONS:
        for name in names_in({key: annotations[key]}) if key in annotations else ():
            yield key, name


def _is_routed(name: str, hosts: Iterable[str]) -> bool:
    """Whether routes have a name as their host. A wildcard is for the hosts below it, too."""
    return any(host and (leads_to([name], host) or leads_to([host], name)) for host in hosts)
