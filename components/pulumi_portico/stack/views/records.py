"""The DNS records that the hosts of a stack need."""

from collections.abc import Iterator, Sequence

from ...args.problems import available
from ..plan import StackPlan
from ..view import GatewayView, PeerKind, RecordView, RouteView
from .values import text_of

__all__ = ["records_of"]


def records_of(plan: StackPlan, gateways: Sequence[GatewayView], routes: Sequence[RouteView]) -> tuple[RecordView, ...]:
    """What each host must point to, by host."""
    fronts = {gateway.name: gateway.load_balancers or (gateway.name,) for gateway in gateways}
    found: dict[str, RecordView] = {}
    for route in routes:
        if not route.host:
            continue
        if route.entry.kind is PeerKind.GATEWAY:
            entries = fronts[route.entry.name]
            record = RecordView(route.host, entries, _target(plan, route), is_created=_is_created(plan, entries, route))
        else:
            record = RecordView(route.host, (route.entry.name,), is_created=_is_aws(plan, route.entry.name, route.host))
        known = found.get(route.host)
        if known is not None:
            merged = tuple(dict.fromkeys((*known.entries, *record.entries)))
            record = RecordView(
                route.host, merged, known.target or record.target, known.is_created or record.is_created
            )
        found[route.host] = record
    return tuple(found[host] for host in sorted(found))


def _target(plan: StackPlan, route: RouteView) -> str:
    """What `dnsRecords` sets; empty if it's the address."""
    name = route.entry.name
    routes = plan.gateway_plans[name].routes if name in plan.gateway_plans else plan.added_routes[name]
    record = available(lambda: routes.dns_record(route.host), None)
    return "" if record is None or record.target is None else text_of(record.target)


def _is_created(plan: StackPlan, entries: Sequence[str], route: RouteView) -> bool:
    return any(_is_aws(plan, entry, route.host) for entry in entries)


def _is_aws(plan: StackPlan, entry: str, host: str) -> bool:
    """Whether the stack creates the record, in a zone of Route 53."""
    return host in set(_created_on_aws(plan, entry))


def _created_on_aws(plan: StackPlan, entry: str) -> Iterator[str]:
    spec = plan.aws_load_balancers.get(entry)
    for host, settings in ((spec.hosts or {}) if spec else {}).items():
        if settings.has_records:
            yield host
