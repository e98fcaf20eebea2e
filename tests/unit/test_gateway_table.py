"""The table of requests, read at what is compiled for each controller. Real requests: tests/node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Union

import pytest
from pulumi_portico import IngressGateway, IngressRoutes
from pulumi_portico.testing import Recording, Registration, record

from tests.gateway import routes
from tests.gateway.reading import slug_of, taken_by, wrong_at
from tests.gateway.rows import F5, INGRESS_NGINX, ODD, ROWS, Row
from tests.unit.gateways import CERTIFICATE, problems_of_gateway
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx
from tools.settings_table import data

Reader = Union[IngressNginx, F5Nginx]

NAMESPACE = "edge"
HEADERS = ["X-Frame-Options", "X-Route"]
# What a controller cannot do is not in its table: it is refused, and tested there.
APART = {F5: {routes.MOVED, routes.EDGES}, INGRESS_NGINX: {routes.ODD}}


def target(service: str, port: str | None) -> dict[str, Any]:
    number = 443 if port == "https" else 80
    return {"service": service, "namespace": "shop", "port": number, "target_port": number, "protocol": "TCP"}


def routes_of(controller: str) -> list[dict[str, Any]]:
    more = routes.ONLY_F5_NGINX if controller == F5 else routes.ONLY_INGRESS_NGINX
    every = routes.with_targets([*routes.GATEWAY, *more], target)
    for it in every:
        if "backend_tls" in it:
            it["backend_tls"] = {**it["backend_tls"], "ca_certificate": CERTIFICATE}
    return [it for it in every if it.get("host") not in APART[controller]]


def arguments(controller: str) -> Any:
    args: dict[str, Any] = {
        "controller": controller,
        "install": False,
        "class_name": "nginx",
        "namespace": NAMESPACE,
        "controller_peers": [],
    }
    if controller == F5:
        args |= {"crds": {"installed": True}, "multi_label_wildcards": True}
    return args


@pytest.fixture(scope="module", params=[INGRESS_NGINX, F5])
def controller(request: pytest.FixtureRequest) -> str:
    return request.param


def table_of(controller: str) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
    """What is compiled of the table's routes, and the controller's ConfigMap."""

    def program() -> None:
        args: Any = arguments(controller)
        hosts: Any = {it: {"secret": slug_of(it), "redirect": redirect} for it, redirect in routes.TLS_HOSTS.items()}
        own: Any = {**args, "routes": routes_of(controller), "tls": hosts}
        public = IngressGateway("public", own)
        added: Any = routes.with_targets(routes.ELSEWHERE, target)
        IngressRoutes("added", {"gateway": public.reference, "routes": added})
        lost = target(routes.DEFAULT_BACKEND, None)
        backed: Any = {**args, "routes": routes.with_targets(routes.BACKING, target), "default_backend": lost}
        IngressGateway("backed", backed)

    return _named(record(program, outputs=_name)), data(controller, {}, shutdown=60, response_headers=HEADERS)


def reader_of(controller: str, manifests: Sequence[Mapping[str, Any]], config: Mapping[str, str]) -> Reader:
    """The reader of what the controller makes of it."""
    if controller == F5:
        return F5Nginx(manifests, config_map=config, custom_resources=True, empty_host=True)
    return IngressNginx(manifests, config_map=config, webhook=False)


@pytest.fixture(scope="module")
def reader(controller: str) -> Reader:
    """What the controller makes of the table's routes."""
    return reader_of(controller, *table_of(controller))


def _name(it: Registration) -> dict[str, Any] | None:
    """A generated name, as a test can tell it."""
    nameless = it.custom and "name" not in it.inputs.get("metadata", {"name": ""})
    return {"metadata": {"name": it.name}} if nameless else None


def _named(recorded: Recording) -> list[dict[str, Any]]:
    objects = (it for it in recorded.registrations if it.type.startswith("kubernetes:") and it.custom)
    return [{**made, "metadata": {"name": it.name, **made["metadata"]}} for it in objects if (made := it.manifest())]


def all_routes() -> Sequence[Mapping[str, Any]]:
    every = [*routes.GATEWAY, *routes.ONLY_INGRESS_NGINX, *routes.ONLY_F5_NGINX, *routes.ELSEWHERE, *routes.BACKING]
    backed = [{"host": host, "target": routes.DEFAULT_BACKEND} for host in routes.hosts_of(routes.BACKING)]
    return [*every, *backed, {"target": routes.DEFAULT_BACKEND}]


def test_the_controller_takes_all_of_it(reader: Reader) -> None:
    assert reader.rejected == {}
    assert reader.ignored == {}
    assert reader.broken == []


@pytest.mark.parametrize("row", [*ROWS, *ODD], ids=lambda it: it.says)
def test_a_row_says_whose_route_match_route_names(row: Row) -> None:
    assert taken_by(all_routes(), row.asked) == row.service


@pytest.mark.parametrize("row", ROWS, ids=lambda it: it.says)
def test_a_row_holds_on_each_controller(row: Row, controller: str, reader: Reader) -> None:
    wrong = wrong_at(row, reader)
    if controller in row.apart:
        assert wrong, "the controller does the same: the row need not be apart"
    else:
        assert wrong == []


@pytest.mark.parametrize("row", ODD, ids=lambda it: it.says)
@pytest.mark.parametrize("controller", [F5], indirect=True)
def test_a_row_of_f5_nginx_alone_holds_there(row: Row, reader: Reader) -> None:
    assert wrong_at(row, reader) == []


@pytest.mark.parametrize(
    ("without", "these"),
    [
        (F5, [it for it in routes.REDIRECTS if it["host"] == routes.MOVED]),
        (F5, [routes.ONLY_INGRESS_NGINX[0], *routes.ONLY_INGRESS_NGINX[1:]]),
        (INGRESS_NGINX, routes.ONLY_F5_NGINX),
    ],
)
def test_what_is_left_out_of_a_controllers_table_is_refused_there(without: str, these: routes.Routes) -> None:
    """Each of them, so that none is left out for nothing."""
    plain = {"path", "path_type", "host", "target"}
    special = [it for it in routes.with_targets(these, target) if set(it) - plain]
    assert special
    for it in special:
        if "backend_tls" in it:
            it["backend_tls"] = {**it["backend_tls"], "ca_certificate": CERTIFICATE}
        # Beside a route of the rest of its host, as in the table.
        rest = {"host": it["host"], "target": target("web", None)}
        found = problems_of_gateway(**arguments(without), routes=[*([rest] if it["path"] != "/" else []), it])
        assert any(problem.location[0] == "routes" for problem in found), it
