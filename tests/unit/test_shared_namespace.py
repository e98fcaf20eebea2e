"""The table of docs/ownership.md: what a second stack can have in the namespace of another one.

A row is rejected if the two stacks create the same object, because the first one owns it (`test_ownership.py`, and on
the API server tests/cluster/test_ownership.py). So each row of the table is two stacks, and the objects of both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from pulumi_portico.lifecycle.object_names import ObjectName, names_of
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.objects import objects_of

from tests.support import ROOT

WEB: dict[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080}
IN_SHOP = {**WEB, "namespace": "shop"}
EXPOSURE = {"scope": "internal", "platform": "gke"}
TARGET = {"service": "web", "namespace": "shop", "port": 8080, "selector": {"app.kubernetes.io/name": "web"}}
INSTALLED: dict[str, Any] = {"exposure": EXPOSURE, "namespace": "shop", "routes": []}
EXISTING = {"install": False, "className": "nginx", "namespace": "shop", "controllerPeers": []}
REFERENCE = {"controller": "f5-nginx", "className": "nginx", "namespace": "shop", "controllerPeers": []}
ROUTE = {"host": "shop.example.com", "target": TARGET}


def gateway(name: str, **fields: Any) -> dict[str, Any]:
    return {"gateways": {name: {**INSTALLED, **fields}}}


@dataclass(frozen=True)
class Row:
    """Two stacks, and the kinds of the objects that both create."""

    second: Mapping[str, Any]
    first: Mapping[str, Any] = field(default_factory=lambda: {"services": {"web": WEB}})
    namespace: str = "payments"
    """The namespace of the second stack."""
    shared: frozenset[str] = frozenset()


OF_SERVICE = frozenset({"ServiceAccount", "Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment"})
OF_GATEWAY = frozenset({"ServiceAccount", "NetworkPolicy", "PodDisruptionBudget", "Deployment"})
ROWS: Mapping[str, list[Row]] = {
    "a service with a name of its own": [
        Row({"services": {"api": IN_SHOP}}),
        Row({"jobs": {"api": {"image": WEB["image"], "namespace": "shop"}}}),
    ],
    "a load balancer, or a route to a service there": [
        Row({"loadBalancers": {"web": {"target": TARGET, "exposure": EXPOSURE}}}),
        Row({"gateways": {"web": {**EXISTING, "routes": [ROUTE]}}}),
        Row({"routes": {"web": {"gateway": REFERENCE, "routes": [ROUTE]}}}),
    ],
    "a gateway with `namespace: shop`": [
        Row(gateway("edge")),
        Row(gateway("web"), shared=OF_GATEWAY),
        Row(gateway("edge"), {"services": {"edge-metrics": WEB}}, shared=frozenset({"Service"})),
    ],
    "a service or a gateway with the name of one of the other stack": [
        Row({"services": {"web": IN_SHOP}}, shared=OF_SERVICE),
        Row(
            gateway("edge"),
            gateway("edge"),
            shared=frozenset({*OF_GATEWAY, "Service", "ConfigMap", "IngressClass", "Role", "RoleBinding"}),
        ),
    ],
    "the same `namespace` of both stacks": [
        Row({"services": {"api": WEB}}, namespace="shop", shared=frozenset({"Namespace"}))
    ],
    "the same host and path in both stacks, with one IngressClass": [
        Row(
            {"gateways": {"two": {**EXISTING, "routes": [ROUTE]}}},
            {"services": {"web": WEB}, "gateways": {"one": {**EXISTING, "routes": [ROUTE]}}},
        )
    ],
    "services whose selectors select pods of the other stack": [
        Row({"services": {"api": {**IN_SHOP, "selector": {"app.kubernetes.io/name": "web"}}}})
    ],
    "`allowFrom: [{service: payments-api}]` in the other stack": [
        Row(
            {"services": {"payments-api": {**IN_SHOP, "allowTo": [{"service": "web", "namespace": "shop"}]}}},
            {"services": {"web": {**WEB, "allowFrom": [{"service": "payments-api", "namespace": "shop"}]}}},
        )
    ],
}
"""By the first column of the table."""


def table() -> dict[str, str]:
    """The rows of the table: the first column, and the second one."""
    text = (ROOT / "docs" / "ownership.md").read_text()
    part = text.partition("| in the namespace of another stack | result |\n|---|---|\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| (.*?) \| (.*) \|$", part, re.MULTILINE))


def test_every_row_of_the_table_is_here() -> None:
    assert list(ROWS) == list(table())


def objects(namespace: str, parts: Mapping[str, Any]) -> set[ObjectName]:
    """The objects that a stack owns, by name. Pulumi generates the names of the others."""
    plan = check_stack("dev", {"namespace": namespace, **parts})
    return {name for component in objects_of(plan) for name in names_of(component.objects) if name.is_known}


@pytest.mark.parametrize("row", [pytest.param(row, id=says) for says, rows in ROWS.items() for row in rows])
def test_the_stacks_share_the_objects_that_the_table_says(row: Row) -> None:
    shared = objects("shop", row.first) & objects(row.namespace, row.second)
    kinds = {name.kind for name in shared}
    assert kinds >= row.shared
    assert bool(kinds) == bool(row.shared)


def test_what_the_table_rejects_shares_objects() -> None:
    for says, result in table().items():
        assert all(row.shared for row in ROWS[says]) == result.startswith("rejected"), says
