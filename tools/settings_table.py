"""The tables of docs/ingress-controllers.md: what tells the controllers each setting, and their rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_portico.args.parse import parse
from pulumi_portico.args.problems import Problems
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS as MODULES
from pulumi_portico.ingress_gateway.install.config_map import ConfigMapInput
from pulumi_portico.ingress_gateway.install.installation import InstallationSpec
from pulumi_portico.ingress_gateway.install.installers import INSTALLERS, build_data
from pulumi_portico.ingress_gateway.install.rbac import Rights, RightsInput
from pulumi_portico.ingress_gateway.install.settings import RULES, GatewaySettings, GatewaySettingsSpec

from tools.cluster import ROOT
from tools.tables import filled, markdown

FILE = ROOT / "docs" / "ingress-controllers.md"
CONTROLLERS = tuple(INSTALLERS)
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
    # It accepts what a controller always does.
    "forwarded_for": ({}, {}),
    "access_log": ({"access_log": "off"}, {}),
    "body_size": ({"body_size": 8}, {}),
    "timeouts.connect": ({"timeouts": {"connect": 3}}, {}),
    "timeouts.read": ({"timeouts": {"read": 30}}, {}),
    "timeouts.send": ({"timeouts": {"send": 30}}, {}),
    "keep_alive.timeout": ({"keep_alive": {"timeout": 30}}, {}),
    "keep_alive.requests": ({"keep_alive": {"requests": 10}}, {}),
    "header_buffers.size": ({"header_buffers": {"size": 16}}, {}),
    "header_buffers.number": ({"header_buffers": {"size": 16, "number": 8}}, {"header_buffers": {"size": 16}}),
    "response_buffers.size": ({"response_buffers": {"size": 16}}, {}),
    "response_buffers.number": ({"response_buffers": {"size": 16, "number": 4}}, {"response_buffers": {"size": 16}}),
    "upstream_keep_alive": ({"upstream_keep_alive": 64}, {}),
    "underscores_in_headers": ({"underscores_in_headers": True}, {}),
    "workers.processes": ({"workers": {"processes": 2}}, {}),
    "workers.connections": ({"workers": {"connections": 1024}}, {}),
}
_LONG = 40


def data(
    controller: str,
    settings: Mapping[str, Any],
    *,
    shutdown: int = InstallationSpec().shutdown,
    proxy_sources: Sequence[str] = (),
    response_headers: Sequence[str] = (),
) -> dict[str, str]:
    """The data of the controller's ConfigMap."""
    problems = Problems("settings")
    spec = parse(GatewaySettingsSpec, GatewaySettings, settings, RULES, problems)
    problems.raise_if_any()
    return build_data(INSTALLERS[controller], ConfigMapInput(spec, shutdown, proxy_sources, response_headers))


def changed(controller: str, setting: str) -> dict[str, tuple[str | None, str | None]]:
    """The keys that the setting changes, each with its value without it and with it."""
    sample, beside = SAMPLES[setting]
    before, after = data(controller, beside), data(controller, sample)
    keys = sorted(it for it in before.keys() | after.keys() if before.get(it) != after.get(it))
    return {key: (before.get(key), after.get(key)) for key in keys}


def settings_table() -> str:
    """A row for each setting: the keys that say it to each controller, with what they hold where it is not set."""
    rows = ([f"`{it}`", *(_told(name, it) for name in CONTROLLERS)] for it in SAMPLES)
    return markdown(["what you write", *(f"`{name}`" for name in CONTROLLERS)], rows)


def _told(controller: str, setting: str) -> str:
    keys = changed(controller, setting)
    return "<br>".join(f"`{key}`{_default(before)}" for key, (before, _) in keys.items()) or "always"


def _default(value: str | None) -> str:
    if value is None:
        return ""
    return ": see below" if len(value) > _LONG else f": {value}"


def rights_table() -> str:
    """A row for each resource that a controller has rights on, and what those are, where namespaces are named."""
    cells: dict[tuple[str, str], dict[str, list[str]]] = {}
    for scope in SCOPES:
        for name, installer in INSTALLERS.items():
            given = RightsInput("NAME-leader", "CLASS", custom_resources=MODULES[name].has_custom_resources)
            for rule in _RULES[scope](installer.rights(given)):
                for resource in rule["resources"]:
                    named = "".join(f" `{it}`" for it in rule.get("resourceNames", []))
                    custom = ", with `crds`" if rule["apiGroups"] == ["k8s.nginx.org"] else ""
                    told = cells.setdefault((scope, f"{resource}{named}{custom}"), {})
                    told[name] = [*told.get(name, []), *rule["verbs"]]
    rows = (
        [SCOPES[scope], what, *(", ".join(told.get(it, ["-"])) for it in CONTROLLERS)]
        for (scope, what), told in cells.items()
    )
    return markdown(["where", "what", *(f"`{name}`" for name in CONTROLLERS)], rows)


_RULES: Mapping[str, Callable[[Rights], Sequence[Mapping[str, Any]]]] = {
    "own": lambda rights: rights.own,
    "served": lambda rights: [*rights.served, *rights.named],
    "cluster": lambda rights: rights.cluster,
}
SCOPES = {"own": "its own namespace", "served": "each it serves", "cluster": "the cluster"}
TABLES: Mapping[str, Callable[[], str]] = {"settings": settings_table, "rights": rights_table}


def generate(page: str) -> str:
    """The page with its tables as the code has them."""
    return filled(page, {name: table() for name, table in TABLES.items()})
