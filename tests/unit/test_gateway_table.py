"""The table of requests, on each controller, as the readers of this folder say that the controller answers them.

tests/node sends the same requests to real pods.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from pulumi_portico import IngressGateway
from pulumi_portico.testing import record

from tests.gateway_table import (
    COMMUNITY,
    F5,
    ROWS,
    Row,
    config_map,
    gateway_args,
    read,
    routes_of,
    rows,
    taken_by,
    wanted,
)
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx

NAMESPACE, CLASS = "shop", "nginx"


@cache
def compiled(controller: str) -> Sequence[Mapping[str, Any]]:
    args: Any = gateway_args(controller, NAMESPACE, CLASS)
    return record(lambda: IngressGateway("table", args)).manifests()


def reader(controller: str, seed: int) -> IngressNginx | F5Nginx:
    """The controller with the objects in some order of their creation: none is promised."""
    manifests = list(compiled(controller))
    random.Random(seed).shuffle(manifests)
    # A host's own Ingress is made before those of its routes.
    manifests.sort(key=lambda it: "http" in str(it.get("spec")))
    told = config_map(controller)
    if controller == COMMUNITY:
        return IngressNginx(manifests, config_map=told, class_name=CLASS)
    return F5Nginx(manifests, config_map=told, class_name=CLASS, custom_resources=True, empty_host=True)


def test_the_rows_have_names_of_their_own() -> None:
    assert len({it.name for it in ROWS}) == len(ROWS) >= 60


@pytest.mark.parametrize("controller", [COMMUNITY, F5])
@pytest.mark.parametrize("seed", range(3))
def test_the_controller_takes_all_that_is_compiled(controller: str, seed: int) -> None:
    told = reader(controller, seed)
    assert (told.rejected, told.ignored, told.broken) == ({}, {}, [])


@pytest.mark.parametrize(
    ("controller", "row"),
    [pytest.param(it, row, id=f"{it}: {row.name}") for it in (COMMUNITY, F5) for row in rows(it)],
)
def test_a_request_goes_where_its_route_says(controller: str, row: Row) -> None:
    known = routes_of(controller, NAMESPACE)
    assert taken_by(known, row) == row.route
    for seed in range(3):
        met = read(reader(controller, seed), row)
        # What depends on more than one request is shown on the node; here it is the settings that are looked at.
        assert row.beyond_reader or met == wanted(known[row.route] if row.route else None, row)
