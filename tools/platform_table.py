"""Write the tables of docs/public-load-balancer.md anew: what you write, and what each platform is told."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from pulumi_portico.public_load_balancer.platform_module import PlatformModule, all_features
from pulumi_portico.public_load_balancer.platforms import PLATFORMS

from tools.cluster import ROOT
from tools.console import console, main_guard

FILE = ROOT / "docs" / "public-load-balancer.md"
TABLES: Sequence[tuple[str, Sequence[str]]] = (
    ("aws", ("aws-controller", "eks-auto-mode", "aws-legacy")),
    ("others", ("gke", "azure", "generic")),
)
ABBREVIATIONS = {
    "service.beta.kubernetes.io/aws-load-balancer-": "A-",
    "service.beta.kubernetes.io/azure-": "Z-",
    "networking.gke.io/": "N-",
    "cloud.google.com/": "C-",
}
_PORTS = {
    "protocol=UDP": "a UDP port",
    "protocol=SCTP": "an SCTP port",
    "protocols=mixed": "TCP and UDP ports",
    "port=shared": "one number for TCP and UDP",
    "drain": "the target's `drain`",
}


def table(platforms: Sequence[str]) -> str:
    """The table of these platforms: a row for each feature that one of all platforms has."""
    rows = [["what you write", *(f"`{name}`" for name in platforms)], ["---"] * (len(platforms) + 1)]
    features = (*all_features(), "drain")
    rows += [[_written(it), *(_told(PLATFORMS[name], it) for name in platforms)] for it in features]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _written(feature: str) -> str:
    if feature in _PORTS:
        return _PORTS[feature]
    name, _, choice = feature.partition("=")
    return f"`{name}: {choice}`" if choice else f"`{name}`"


def _told(module: PlatformModule, feature: str) -> str:
    if not module.can(feature):
        return "not told" if feature == "drain" else "refused"
    return "<br>".join(f"`{_short(place)}`" for place in module.honours[feature]) or "taken"


def _short(place: str) -> str:
    for long, short in ABBREVIATIONS.items():
        place = place.replace(long, short)
    return place.removesuffix("#").replace("#", ": ").replace("{protocol}-{port}", "TCP-80")


def generate(page: str) -> str:
    """The page with its tables as the code has them."""
    for name, platforms in TABLES:
        pattern = rf"(?<=<!-- {name}: made by `make schema` -->\n\n).*?(?=\n<!-- end -->)"
        page = re.sub(pattern, lambda _, of=platforms: table(of), page, count=1, flags=re.S)
    return page


@main_guard
def main() -> None:
    FILE.write_text(generate(FILE.read_text()))
    console.print(f"[green]✓[/] {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
