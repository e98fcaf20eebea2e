"""How `portico explain` is written: sections that read well from 60 columns on."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..lifecycle.cost import charge_text, price_source_text
from ..load_balancers import EVERYONE, Scope
from ..pluralize import pluralize
from ..stack.view import BalancerView, RouteView, StackView
from .mechanisms import Mechanism, Total

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_explanation"]

_TLS = {"here": "ends here", "gateway": "ends at the gateway", "service": "ends at the service", "nowhere": "nowhere"}
_USUAL = {"http": "80", "https": "443", "grpc": "443"}


def print_explanation(console: "Console", view: StackView, total: Total, mechanisms: Sequence[Mechanism]) -> None:
    """Write all of it."""
    _line(console, f"Stack {view.stack}, namespace {view.namespace}", "bold")
    _public(console, view, total)
    _routes(console, view)
    _tls(console, view)
    _inside(console, view)
    _exceptions(console, view)
    _notes(console, view)
    _mechanisms(console, mechanisms)


def _public(console: "Console", view: StackView, total: Total) -> None:
    _title(console, "What is public, and to whom")
    if not view.balancers:
        _line(console, "  Nothing of the stack is reached from outside by a load balancer of its own.")
        return
    rows = [(it.name, _balancer(it)) for it in view.balancers]
    if len(rows) > 1:
        addresses = pluralize(total.public_addresses, "public address", "es")
        rows.append(("together", f"{pluralize(total.load_balancers, 'load balancer')}, {addresses}: {_money(total)}"))
    # Most of them have the same source.
    sources = dict.fromkeys(price_source_text(balancer.estimate) for balancer in view.balancers)
    rows += [("prices", source) for source in sources if source]
    _grid(console, rows)


def _balancer(it: BalancerView) -> str:
    where = "for the internet" if it.scope == Scope.INTERNET.value else "inside the private network"
    open_to = "everybody" if set(EVERYONE) & set(it.sources) else ", ".join(it.sources)
    return (
        f"{it.kind} ({it.platform}), {where}, at {', '.join(it.ports)}\n"
        f"lets in {open_to}; leads to {', '.join(it.leads_to)}; TLS {_TLS[it.tls]}\n{charge_text(it.estimate)}"
    )


def _routes(console: "Console", view: StackView) -> None:
    _title(console, "What leads where")
    if not view.routes:
        _line(console, "  Nothing: no route and no load balancer.")
        return
    rows = [(_asked(it), _answers(it), it.entry) for it in view.routes]
    _table(console, ("what clients ask for", "leads to", "by"), rows)


def _asked(it: RouteView) -> str:
    scheme = "https" if it.scheme == "grpc" else it.scheme
    port = f":{it.client_port}" if it.client_port not in ("", _USUAL.get(scheme)) else ""
    if not it.path and not it.client_port:
        return "anything else"
    host = it.host or ("[any host]" if it.path else f"[address of {it.entry}]")
    exact = " exactly" if it.path_type == "Exact" else ""
    path = "" if it.path == "/" else it.path
    return f"{scheme}://{host}{port}{path}{exact} {it.conditions}".rstrip()


def _answers(it: RouteView) -> str:
    return f"{it.leads_to}:{it.port}" if it.port else it.leads_to


def _tls(console: "Console", view: StackView) -> None:
    _title(console, "Where TLS ends")
    rows = [(it.name, "at the load balancer") for it in view.balancers if it.tls == "here"]
    rows += [(it.name, f"at the service: {', '.join(it.leads_to)}") for it in view.balancers if it.tls == "service"]
    rows += [(it.name, f"at the gateway, for {', '.join(it.tls_hosts)}") for it in view.gateways if it.tls_hosts]
    named = {name for name, _ in rows}
    fronts = {it.name for it in view.balancers if it.tls == "gateway"}
    rows += [(it.name, "nowhere: clients speak without it") for it in view.balancers if it.name not in named | fronts]
    _grid(console, rows) if rows else _line(console, "  Nothing is reached from outside.")


def _inside(console: "Console", view: StackView) -> None:
    hidden = [it.name for it in view.services if not it.urls]
    if hidden:
        _title(console, "Not reached from outside")
        _indented(console, ", ".join(hidden), 2)


def _exceptions(console: "Console", view: StackView) -> None:
    _title(console, "Exceptions to the secure defaults")
    if not view.exceptions:
        _line(console, "  None.")
    for it in view.exceptions:
        _indented(console, f"{it.path}{f': {it.value}' if it.value else ''}", 2)
        _indented(console, it.meaning, 4)


def _notes(console: "Console", view: StackView) -> None:
    if not view.notes:
        return
    _title(console, "What you must add")
    for note in view.notes:
        _indented(console, note.path, 2)
        _indented(console, f"{note.message} {note.fix}", 4)


def _mechanisms(console: "Console", mechanisms: Sequence[Mechanism]) -> None:
    if not mechanisms:
        return
    _title(console, "The same services, either way")
    heads = [f"{it.name}, as it is" if it.current and it.name != "as it is" else it.name for it in mechanisms]
    rows: list[tuple[str, ...]] = [
        ("load balancers billed", *(str(it.total.load_balancers) for it in mechanisms)),
        ("public addresses", *(str(it.total.public_addresses) for it in mechanisms)),
        ("a month, without traffic", *(_money(it.total) for it in mechanisms)),
        ("protocols", *(it.protocols for it in mechanisms)),
        ("TLS ends", *(it.tls for it in mechanisms)),
        ("runs in the cluster", *(it.runs or "nothing" for it in mechanisms)),
        ("what is lost", *("\n".join(f"- {one}" for one in it.lost) or "nothing" for it in mechanisms)),
    ]
    _table(console, ("", *heads), rows)


def _money(total: Total) -> str:
    return "no price is known" if total.monthly_cost is None else f"{total.monthly_cost:.2f} {total.currency}"


def _title(console: "Console", text: str) -> None:
    console.print()
    _line(console, text, "bold")


def _line(console: "Console", text: str, style: str = "") -> None:
    from rich.text import Text

    console.print(Text(text, style=style))


def _indented(console: "Console", text: str, columns: int) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(text), (0, 0, 0, columns), expand=False))


def _grid(console: "Console", rows: Iterable[tuple[str, str]]) -> None:
    """Names, and what there is to say of each, under each other."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, text in rows:
        grid.add_row(Text(name, style="cyan"), Text(text))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _table(console: "Console", heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    columns: dict[str, Any] = {"box": None, "padding": (0, 2, 0, 0), "header_style": "dim"}
    table = Table(**columns)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
