"""The tables of docs/shipped-stacks.md: what each stack that ships is, and how long its file is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pulumi_portico.stack import load_stack
from pulumi_portico.stack.view import BalancerView, GatewayView, PeerKind, StackView, TlsTermination
from pulumi_portico.stack.view_text import peer_text, total_text
from pulumi_portico.stack.views import view_of

from tools.cluster import ROOT
from tools.tables import filled, markdown

FILE = ROOT / "docs" / "shipped-stacks.md"
STACKS = ROOT / "stacks"
ORDER = (
    *("local", "dev", "staging"),
    *("production-aws", "production-gcp", "production-azure"),
    *("direct", "online-boutique"),
)
BOUTIQUE = STACKS / "Pulumi.online-boutique.yaml"
# github.com/GoogleCloudPlatform/microservices-demo, branch release/v0.10.6, commit 5d9a2a3: lines, and those that are
# neither blank nor a comment, of release/kubernetes-manifests.yaml and of the policies of
# kustomize/components/network-policies.
THEIRS = {"its own manifests": (980, 947), "its network policies, which are extra there": (432, 261)}


def stacks_table() -> str:
    """A row for each stack: how clients reach its services, and what that means."""
    head = [
        "stack",
        "what leads to its services",
        "public addresses",
        "billable load balancers",
        "estimate",
        "TLS ends",
    ]
    return markdown(head, (_row(view_of(load_stack(name, STACKS))) for name in ORDER))


def _row(view: StackView) -> list[str]:
    balancers = view.balancers
    return [
        f"[`{view.stack}`](../stacks/Pulumi.{view.stack}.yaml)",
        "<br>".join([*(_gateway(it, balancers) for it in view.gateways), *_balancers(view)]),
        str(sum(balancer.public_addresses for balancer in balancers)),
        str(sum(balancer.load_balancers for balancer in balancers)),
        total_text(view.total),
        ", ".join(sorted({_TLS[balancer.tls] for balancer in balancers})),
    ]


_TLS: Mapping[TlsTermination, str] = {
    TlsTermination.LOAD_BALANCER: "at the load balancer",
    TlsTermination.GATEWAY: "at the gateway",
    TlsTermination.SERVICE: "at the service",
    TlsTermination.NONE: "nowhere",
}


def _gateway(gateway: GatewayView, balancers: tuple[BalancerView, ...]) -> str:
    (front,) = (balancer for balancer in balancers if balancer.name in gateway.load_balancers)
    owned = "" if front.name == gateway.name else " that Pulumi owns"
    return f"a gateway, behind a {front.kind}{owned} (`{front.platform}`)"


def _balancers(view: StackView) -> list[str]:
    return [
        f"a {balancer.kind} for `{' and '.join(map(peer_text, balancer.targets))}` (`{balancer.platform}`)"
        for balancer in view.balancers
        if not any(target.kind is PeerKind.GATEWAY for target in balancer.targets)
    ]


def lengths_table() -> str:
    """How long the Online Boutique is, here and there."""
    ours = _lines(BOUTIQUE)
    rows = {f"[its stack file](../stacks/{BOUTIQUE.name}), network policies included": ours, **THEIRS}
    head = ["Online Boutique v0.10.6", "lines", "of them neither blank nor comment"]
    return markdown(head, ([name, str(every), str(said)] for name, (every, said) in rows.items()))


def _lines(file: Path) -> tuple[int, int]:
    lines = file.read_text().splitlines()
    return len(lines), sum(bool(it.strip()) and not it.strip().startswith("#") for it in lines)


TABLES: Mapping[str, Callable[[], str]] = {"stacks": stacks_table, "lengths": lengths_table}


def generate(page: str) -> str:
    """The page with its tables as the stacks have them."""
    return filled(page, {name: table() for name, table in TABLES.items()})
