"""The text of `portico explain`: sections that are readable from 60 columns on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..lifecycle.cost import charge_text, price_source_text
from ..load_balancers import Scope
from ..pluralize import pluralize
from ..stack.view import BalancerView, PrerequisiteView, RecordView, StackView, TlsTermination
from ..stack.view_text import (
    action_text,
    exception_meaning,
    exception_path,
    exception_value,
    is_open_to_everyone,
    object_text,
    peer_text,
    ports_text,
    replicas_text,
    request_text,
    run_text,
    source_text,
    total_text,
)
from .console import shown
from .mechanisms import Certificates, ControllerPods, Mechanism, MechanismKind, ProtocolSet

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_explanation"]

_SCOPES: Mapping[Scope, str] = {Scope.INTERNET: "internet", Scope.INTERNAL: "private network"}
_TLS: Mapping[TlsTermination, str] = {
    TlsTermination.LOAD_BALANCER: "TLS terminates here",
    TlsTermination.GATEWAY: "TLS terminates at the gateway",
    TlsTermination.SERVICE: "TLS terminates at the service",
    TlsTermination.NONE: "no TLS",
}
_TLS_OF_MECHANISM: Mapping[TlsTermination, str] = {
    TlsTermination.LOAD_BALANCER: "at each load balancer",
    TlsTermination.GATEWAY: "at the gateway",
    TlsTermination.SERVICE: "at each service",
    TlsTermination.NONE: "nowhere",
}
_CERTIFICATES: Mapping[Certificates, str] = {
    Certificates.SECRETS_OR_CERT_MANAGER: "Secrets or cert-manager",
    Certificates.CERTIFICATE_MANAGER: "AWS Certificate Manager",
}
_PROTOCOLS: Mapping[ProtocolSet, str] = {
    ProtocolSet.HTTP_DEFAULT_PORTS: "HTTP/1.1, HTTP/2, WebSocket, and gRPC on ports 80 and 443",
    ProtocolSet.HTTP_ANY_PORT: "HTTP/1.1, HTTP/2, WebSocket, and gRPC on any port",
    ProtocolSet.ANY: "TCP and UDP on any port",
}
_MECHANISMS: Mapping[MechanismKind, str] = {
    MechanismKind.AS_IS: "this stack",
    MechanismKind.GATEWAY: "one gateway",
    MechanismKind.LOAD_BALANCERS: "a load balancer each",
}


_EXISTING_CONTROLLER = (
    "existing controller: accepts everyone who reaches it, and the stack doesn't say whether the internet does"
)
_NO_LOAD_BALANCER = "no load balancer of the stack leads to it: accepts the cluster's pods and its upstream sources"


def print_explanation(console: "Console", view: StackView, mechanisms: Sequence[Mechanism]) -> None:
    """Print every section."""
    namespace = f"{'existing ' if view.is_namespace_existing else ''}namespace {view.namespace}"
    _line(console, f"Stack {view.stack}, {namespace}", "bold")
    _print_balancers(console, view)
    _print_routes(console, view)
    _print_tls(console, view)
    _print_records(console, view)
    _print_internal(console, view)
    _print_objects(console, view)
    _print_jobs(console, view)
    _print_exceptions(console, view)
    _print_prerequisites(console, view)
    _print_notes(console, view)
    _print_mechanisms(console, mechanisms)


def _print_objects(console: "Console", view: StackView) -> None:
    """Print what the stack has beside its components; nothing if it has nothing."""
    if not view.objects:
        return
    _title(console, "Other objects")
    _grid(console, [(one.kind, object_text(one, view.namespace)) for one in view.objects])


def _print_balancers(console: "Console", view: StackView) -> None:
    _title(console, "Load balancers")
    if not view.balancers:
        _line(console, "  The stack has no load balancer of its own.")
        _grid(console, _existing_rows(view))
        return
    rows = [(balancer.name, _balancer_text(balancer)) for balancer in view.balancers]
    if len(rows) > 1:
        addresses = pluralize(view.total.public_addresses, "public address", "es")
        counts = f"{pluralize(view.total.load_balancers, 'load balancer')}, {addresses}"
        rows.append(("total", f"{counts}: {total_text(view.total)}, without traffic"))
    # Most of them have the same source.
    sources = dict.fromkeys(price_source_text(balancer.estimate) for balancer in view.balancers)
    rows += [("prices", source) for source in sources if source]
    _grid(console, [*rows, *_existing_rows(view)])


def _existing_rows(view: StackView) -> Sequence[tuple[str, str]]:
    """The gateways that no load balancer of the stack leads to."""
    return [
        (gateway.name, _EXISTING_CONTROLLER if not gateway.installed else _NO_LOAD_BALANCER)
        for gateway in view.gateways
        if not gateway.load_balancers
    ]


def _balancer_text(balancer: BalancerView) -> str:
    everyone = is_open_to_everyone(balancer.sources)
    sources = "every address" if everyone else ", ".join(map(source_text, balancer.sources))
    scope = _SCOPES[balancer.scope]
    if balancer.opens_nodes:
        scope = f"{scope} (every node accepts connections: see the exceptions)"
    elif not balancer.is_scope_certain:
        scope = f"{scope} (if the cluster's controller makes it internal)"
    if not balancer.are_sources_certain and not everyone:
        sources = f"{sources} (if that is enforced: see the exceptions)"
    targets = ", ".join(map(peer_text, balancer.targets))
    return (
        f"{balancer.kind} ({balancer.platform}), {scope}, listens on {ports_text(balancer.ports)}\n"
        f"accepts {sources}; routes to {targets}; {_TLS[balancer.tls]}\n{charge_text(balancer.estimate)}"
    )


def _print_routes(console: "Console", view: StackView) -> None:
    _title(console, "Routes")
    if not view.routes:
        _line(console, "  The stack has no routes and no load balancers.")
        return
    rows = [(request_text(route), action_text(route.action), route.entry.name) for route in view.routes]
    _table(console, ("request", "action", "through"), rows)


def _print_tls(console: "Console", view: StackView) -> None:
    _title(console, "TLS termination")
    rows = [(b.name, "at the load balancer") for b in view.balancers if b.tls is TlsTermination.LOAD_BALANCER]
    rows += [
        (balancer.name, f"at {', '.join(map(peer_text, balancer.targets))}")
        for balancer in view.balancers
        if balancer.tls is TlsTermination.SERVICE
    ]
    rows += [
        (gateway.name, f"at the gateway, for {', '.join(gateway.tls_hosts)}")
        for gateway in view.gateways
        if gateway.tls_hosts
    ]
    rows += [(b.name, "none: clients connect without TLS") for b in view.balancers if b.tls is TlsTermination.NONE]
    rows += [
        (gateway.name, "none: clients connect without TLS, unless it terminates in front")
        for gateway in view.gateways
        if not gateway.tls_hosts and not gateway.load_balancers
    ]
    _grid(console, rows) if rows else _line(console, "  Nothing is exposed.")


def _print_internal(console: "Console", view: StackView) -> None:
    internal = [service.name for service in view.services if not service.urls]
    if internal:
        _title(console, "Only inside the cluster")
        _indented(console, ", ".join(internal), 2)


def _print_jobs(console: "Console", view: StackView) -> None:
    if view.jobs:
        _title(console, "Jobs")
        _grid(console, [(job.name, run_text(job)) for job in view.jobs])


def _print_exceptions(console: "Console", view: StackView) -> None:
    _title(console, "Exceptions to the secure defaults")
    if not view.exceptions:
        _line(console, "  None.")
    for exception in view.exceptions:
        value = exception_value(exception)
        _indented(console, f"{exception_path(exception)}{f': {value}' if value else ''}", 2)
        _indented(console, exception_meaning(exception), 4)


def _print_notes(console: "Console", view: StackView) -> None:
    if not view.notes:
        return
    _title(console, "What you must add")
    for note in view.notes:
        _indented(console, note.path, 2)
        _indented(console, f"{note.message} {note.fix}", 4)


def _print_records(console: "Console", view: StackView) -> None:
    if not view.records:
        return
    _title(console, "DNS records")
    _grid(console, [(record.host, _record_text(record)) for record in view.records])


def _record_text(record: RecordView) -> str:
    if record.is_created:
        return "the stack creates it in Route 53"
    return record.target or f"the address of {' or '.join(record.entries)}"


def _print_prerequisites(console: "Console", view: StackView) -> None:
    if not view.prerequisites:
        return
    _title(console, "What must exist beforehand")
    _grid(console, [(f"{one.kind} {one.name}", _use_text(one)) for one in view.prerequisites])


def _use_text(one: PrerequisiteView) -> str:
    namespace = f"in namespace {one.namespace}, " if one.namespace else ""
    return f"{namespace}for {', '.join(one.used_by)}{' (optional)' if one.optional else ''}"


def _print_mechanisms(console: "Console", mechanisms: Sequence[Mechanism]) -> None:
    if not mechanisms:
        return
    _title(console, "Alternatives for the same services")
    rows: list[tuple[str, ...]] = [
        ("billed load balancers", *(str(each.total.load_balancers) for each in mechanisms)),
        ("public addresses", *(str(each.total.public_addresses) for each in mechanisms)),
        ("cost, without traffic", *(total_text(each.total) for each in mechanisms)),
        ("protocols", *("; ".join(_PROTOCOLS[protocols] for protocols in each.protocols) for each in mechanisms)),
        ("TLS terminates", *(_mechanism_tls(each) for each in mechanisms)),
        ("pods in the cluster", *(", ".join(map(_controller_text, each.controllers)) or "none" for each in mechanisms)),
        ("what you lose", *("\n".join(f"- {loss.text}" for loss in each.losses) or "nothing" for each in mechanisms)),
    ]
    _table(console, ("", *map(_heading, mechanisms)), rows)


def _heading(mechanism: Mechanism) -> str:
    title = _MECHANISMS[mechanism.kind]
    return f"{title} (this stack)" if mechanism.is_current and mechanism.kind is not MechanismKind.AS_IS else title


def _mechanism_tls(mechanism: Mechanism) -> str:
    places = ", ".join(_TLS_OF_MECHANISM[place] for place in mechanism.tls)
    certificates = mechanism.certificates
    return places if certificates is None else f"{places}, with certificates from {_CERTIFICATES[certificates]}"


def _controller_text(controller: ControllerPods) -> str:
    gateway = f" ({controller.gateway})" if controller.gateway else ""
    return f"{controller.controller}{gateway}: {replicas_text(controller.replicas)}"


def _title(console: "Console", text: str) -> None:
    console.print()
    _line(console, text, "bold")


def _line(console: "Console", text: str, style: str = "") -> None:
    console.print(shown(text, style))


def _indented(console: "Console", text: str, columns: int) -> None:
    from rich.padding import Padding

    console.print(Padding(shown(text), (0, 0, 0, columns), expand=False))


def _grid(console: "Console", rows: Iterable[tuple[str, str]]) -> None:
    """Names, each with its text beside it."""
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, text in rows:
        grid.add_row(shown(name, "cyan"), shown(text))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _table(console: "Console", heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.padding import Padding
    from rich.table import Table

    columns: dict[str, Any] = {"box": None, "padding": (0, 2, 0, 0), "header_style": "dim"}
    table = Table(**columns)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(shown, row))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
