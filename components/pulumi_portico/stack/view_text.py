"""The words for a stack's view, for `portico explain` and `portico diagram`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from ..address_ranges import includes_everyone
from ..args.display import parameter_text
from ..args.location import KeyStyle, location_text
from ..ingress_gateway.routes import PathType
from ..networking.ports import DEFAULT_PORTS
from ..pluralize import pluralize
from .view import (
    ActionView,
    BackendView,
    Cost,
    ExceptionView,
    JobView,
    ObjectView,
    PeerKind,
    PeerView,
    PortView,
    RedirectView,
    ReplicasView,
    RouteView,
    SourceKind,
    SourceView,
    Total,
    UrlView,
)

__all__ = [
    "NO_PRICE",
    "action_text",
    "backend_text",
    "backends_text",
    "conditions_text",
    "costs_text",
    "exception_meaning",
    "exception_path",
    "exception_value",
    "is_open_to_everyone",
    "object_text",
    "peer_text",
    "port_text",
    "ports_text",
    "replicas_text",
    "request_text",
    "run_text",
    "source_text",
    "total_text",
    "url_text",
    "waits_of",
    "weight_text",
]

_LATER = "[known later]"
_SAME_HOST, _SAME_PATH, _SAME_SCHEME = "[same host]", "[same path]", "[same scheme]"
NO_PRICE = "no known price"
"""In place of a cost."""

_SOURCES: Mapping[SourceKind, str] = {
    SourceKind.ADDRESSES: "{value}",
    SourceKind.NAMED: "{type} {value}",
    SourceKind.PRIVATE_NETWORK: "the private network",
    SourceKind.FURTHER_CLIENTS: "{value}",
    SourceKind.EXISTING_RULES: "the sources of the existing load balancer",
}


def object_text(one: ObjectView, namespace: str) -> str:
    """An object beside the components of a stack with this namespace, and the components that use it."""
    name = one.name if one.namespace in ("", namespace) else f"{one.name} in {one.namespace}"
    return f"{name}, for {', '.join(one.used_by)}" if one.used_by else name


def peer_text(peer: PeerView) -> str:
    """One end of a connection, by name if it has one."""
    if peer.kind is PeerKind.ANYONE:
        return "everyone"
    if peer.kind is PeerKind.ADDRESSES:
        return f"{peer.cidr} except {', '.join(peer.cidr_except)}" if peer.cidr_except else peer.cidr
    labels = ",".join(f"{key}={value}" for key, value in peer.labels)
    name = peer.name or labels or "every pod"
    if peer.any_namespace:
        return f"{name} in any namespace"
    return f"{name} in namespace {peer.namespace}" if peer.namespace else name


def port_text(port: PortView) -> str:
    """A port, such as `http 80/TCP`."""
    text = f"{_LATER if port.number is None else port.number}/{port.protocol}"
    return f"{port.name} {text}" if port.name else text


def ports_text(ports: Iterable[PortView]) -> str:
    """The ports of a link."""
    return ", ".join(map(port_text, ports)) or "every port"


def source_text(source: SourceView) -> str:
    """What a load balancer accepts connections from."""
    return _SOURCES[source.kind].format(value=source.value, type=source.type)


def is_open_to_everyone(sources: Iterable[SourceView]) -> bool:
    """Whether the sources include every address."""
    return includes_everyone(source.value for source in sources if source.kind is SourceKind.ADDRESSES)


def url_text(url: UrlView) -> str:
    """A URL, in which a placeholder stands for an address that only the deployment knows."""
    host = url.host or f"[address of {url.entry}]"
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme}://{host}{port}{url.path}"


def replicas_text(replicas: ReplicasView) -> str:
    """How many pods there are."""
    if replicas.is_per_node:
        return "1 pod per node"
    if replicas.is_external:
        return "pods scaled by something else"
    if replicas.is_autoscaled:
        return f"{_number(replicas.count)} to {_number(replicas.maximum)} pods"
    return f"{_LATER} pods" if replicas.count is None else pluralize(replicas.count, "pod")


def run_text(job: JobView) -> str:
    """When a job runs."""
    if job.suspended:
        return "suspended"
    if job.schedule:
        return f"{job.schedule} ({job.time_zone})"
    return ", ".join(["once", *(f"{word} {', '.join(names)}" for word, names in waits_of(job))])


def waits_of(job: JobView) -> Sequence[tuple[str, Sequence[str]]]:
    """The services around a job, after the word for when it runs."""
    return [(word, names) for word, names in (("after", job.after), ("before", job.before)) if names]


def _number(value: Optional[int]) -> str:
    return _LATER if value is None else str(value)


def backend_text(backend: BackendView) -> str:
    """Where requests go, such as `api:80`."""
    peer = backend.peer
    name = f"{peer.name}.{peer.namespace}" if peer.name and peer.namespace else peer_text(peer)
    return name if backend.port is None else f"{name}:{backend.port}"


def backends_text(backends: Sequence[BackendView]) -> str:
    """Where requests go, with weights if there are several backends."""
    if len(backends) == 1:
        return backend_text(backends[0])
    return ", ".join(f"{backend_text(backend)} (weight {weight_text(backend)})" for backend in backends)


def weight_text(backend: BackendView) -> str:
    """The share of the requests that a backend receives."""
    return _number(backend.weight)


def action_text(action: ActionView) -> str:
    """What happens to requests."""
    if action.redirect is not None:
        return f"redirect to {_redirect_text(action.redirect)}"
    return backends_text(action.backends) if action.status is None else f"respond with {action.status}"


def _redirect_text(redirect: RedirectView) -> str:
    port = "" if redirect.port is None else f":{redirect.port}"
    host = redirect.host or _SAME_HOST
    return f"{redirect.scheme or _SAME_SCHEME}://{host}{port}{redirect.path or _SAME_PATH}"


def request_text(route: RouteView) -> str:
    """The requests that a route matches, as a URL with what else they must have."""
    if not route.path and route.client_port is None:
        return "every other request"
    scheme = "https" if route.scheme == "grpc" else route.scheme
    port = "" if route.client_port in (None, DEFAULT_PORTS.get(scheme)) else f":{route.client_port}"
    host = route.host or ("[any host]" if route.path else f"[address of {route.entry.name}]")
    path = "" if route.path == "/" else route.path
    exact = " (exact)" if route.path_type is PathType.EXACT else ""
    return f"{scheme}://{host}{port}{path}{exact} {conditions_text(route)}".rstrip()


def conditions_text(route: RouteView) -> str:
    """What else a request must have, such as `methods=POST`."""
    return " ".join(f"{name}={','.join(values)}" for name, values in route.conditions)


def exception_path(exception: ExceptionView) -> str:
    """Where the setting is in the stack file."""
    return location_text(exception.exception.location, KeyStyle.STACK)


def exception_value(exception: ExceptionView) -> str:
    """The value of the setting; empty if there is none."""
    return "" if exception.value is None else parameter_text(exception.value, KeyStyle.STACK)


def exception_meaning(exception: ExceptionView) -> str:
    """What the setting allows."""
    return exception.exception.meaning(KeyStyle.STACK)


def costs_text(costs: Iterable[Cost]) -> str:
    """Costs by currency, such as `18.25 USD`."""
    return " and ".join(f"{cost.amount:.2f} {cost.currency}" for cost in costs) or NO_PRICE


def total_text(total: Total) -> str:
    """What load balancers cost together per month."""
    if not total.load_balancers and not total.public_addresses:
        return "nothing is billed"
    if not total.monthly:
        return NO_PRICE
    unknown = f", plus {total.without_price} with {NO_PRICE}" if total.without_price else ""
    return f"{costs_text(total.monthly)} a month{unknown}"
