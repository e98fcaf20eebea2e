"""Write the table of docs/ingress-controllers.md anew: each setting of a gateway, and what tells the controllers."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_portico.ingress_gateway.install.config_map import build_data
from pulumi_portico.ingress_gateway.install.installation import shutdown_of

from tools.cluster import ROOT
from tools.console import console, main_guard

FILE = ROOT / "docs" / "ingress-controllers.md"
CONTROLLERS = ("f5-nginx", "ingress-nginx")
HSTS: dict[str, Any] = {"hsts": {"preload": True}}
# Each setting, as no default has it, and beside what it is set.
SAMPLES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tls_versions": ({"tls_versions": ["TLSv1.3"]}, {}),
    "ciphers": ({"ciphers": ["ECDHE-RSA-AES128-GCM-SHA256"]}, {}),
    "hsts": (HSTS, {}),
    "hsts.max_age": ({"hsts": {"preload": True, "max_age": 300}}, HSTS),
    "hsts.include_subdomains": ({"hsts": {"preload": True, "include_subdomains": True}}, HSTS),
    "hsts.preload": (HSTS, {"hsts": {}}),
    "http2": ({"http2": False}, {}),
    "forwarded_from": ({"forwarded_from": ["10.0.0.0/16"]}, {}),
    "access_log": ({"access_log": "off"}, {}),
    "body_size": ({"body_size": 8}, {}),
    "timeouts.connect": ({"timeouts": {"connect": 3}}, {}),
    "timeouts.read": ({"timeouts": {"read": 30}}, {}),
    "timeouts.send": ({"timeouts": {"send": 30}}, {}),
    "keep_alive.timeout": ({"keep_alive": {"timeout": 30}}, {}),
    "keep_alive.requests": ({"keep_alive": {"requests": 10}}, {}),
    "workers.processes": ({"workers": {"processes": 2}}, {}),
    "workers.connections": ({"workers": {"connections": 1024}}, {}),
}
_LONG = 40


def data(
    controller: str,
    settings: Mapping[str, Any],
    *,
    installation: Mapping[str, Any] | None = None,
    proxy_sources: Sequence[str] = (),
) -> dict[str, str]:
    """The data of the controller's ConfigMap."""
    return build_data(
        controller,
        settings,
        shutdown=shutdown_of(installation or {}),
        proxy_sources=proxy_sources,
        response_headers=(),
    )


def changed(controller: str, setting: str) -> dict[str, tuple[str | None, str | None]]:
    """The keys that the setting changes, each with its value without it and with it."""
    sample, beside = SAMPLES[setting]
    before, after = data(controller, beside), data(controller, sample)
    keys = sorted(it for it in before.keys() | after.keys() if before.get(it) != after.get(it))
    return {key: (before.get(key), after.get(key)) for key in keys}


def table() -> str:
    """A row for each setting: the keys that say it to each controller, with what they hold where it is not set."""
    rows = [["what you write", *(f"`{name}`" for name in CONTROLLERS)], ["---"] * 3]
    rows += [[f"`{it}`", *(_told(name, it) for name in CONTROLLERS)] for it in SAMPLES]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _told(controller: str, setting: str) -> str:
    keys = changed(controller, setting)
    return "<br>".join(f"`{key}`{_default(before)}" for key, (before, _) in keys.items()) or "always"


def _default(value: str | None) -> str:
    if value is None:
        return ""
    return ": see below" if len(value) > _LONG else f": {value}"


def generate(page: str) -> str:
    """The page with its table as the code has it."""
    pattern = r"(?<=<!-- settings: made by `make schema` -->\n\n).*?(?=\n<!-- end -->)"
    return re.sub(pattern, lambda _: table(), page, count=1, flags=re.S)


@main_guard
def main() -> None:
    FILE.write_text(generate(FILE.read_text()))
    console.print(f"[green]✓[/] {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
