"""Each route is resolved once and compiled once, and nothing grows faster than the number of routes."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pulumi_portico import IngressGateway, IngressRoutes
from pulumi_portico.args.problems import Problems
from pulumi_portico.cli.tracing import answers_of, parse_request
from pulumi_portico.ingress_gateway import controllers, resolved_routes
from pulumi_portico.ingress_gateway.compile_input import CompileInput
from pulumi_portico.ingress_gateway.gateway_plan import plan_gateway
from pulumi_portico.ingress_gateway.objects import objects_of
from pulumi_portico.ingress_gateway.validation import parse_ingress_gateway
from pulumi_portico.stack import check_stack
from pulumi_portico.testing import record

from tests.growth import calls_of
from tests.unit.gateways import TARGET, THERE

ROUTES = 5
PASSWORD = "$6$salt$hash"


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a route is resolved, and the routes of a component are compiled."""
    found: Counter[str] = Counter()
    resolve = resolved_routes._resolve  # pyright: ignore[reportPrivateUsage]

    def counted_resolve(route: Any) -> Any:
        found["resolved"] += 1
        return resolve(route)

    def counting(compile_routes: Callable[[CompileInput], Any]) -> Callable[[CompileInput], Any]:
        def counted(component: CompileInput) -> Any:
            found[f"compiled {component.name}"] += 1
            return compile_routes(component)

        return counted

    monkeypatch.setattr(resolved_routes, "_resolve", counted_resolve)
    modules = {
        name: dataclasses.replace(module, compile=counting(module.compile))
        for name, module in controllers.CONTROLLERS.items()
    }
    monkeypatch.setattr(controllers, "CONTROLLERS", modules)
    return found


def routes(host: str) -> list[dict[str, Any]]:
    # The names of the users' Secrets are generated, and known only when the Secrets are registered.
    auth = {"users": {"ann": PASSWORD}}
    return [{"host": host, "path": f"/{at}", "target": TARGET, "basic_auth": auth} for at in range(ROUTES)]


def gateway_args(controller: str) -> dict[str, Any]:
    tls = {host: {"secret": "a"} for host in ("a.example.com", "b.example.com")}
    return {**THERE, "controller": controller, "routes": routes("a.example.com"), "tls": tls}


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_registration_resolves_and_compiles_once(controller: str, counts: Counter[str]) -> None:
    args: Any = gateway_args(controller)

    def program() -> None:
        # The program runs for a preview, too.
        counts.clear()
        gateway = IngressGateway("public", args)
        more: Any = {"gateway": gateway.reference, "routes": routes("b.example.com")}
        IngressRoutes("more", more)

    recorded = record(program)
    assert len(recorded.all("Ingress")) >= 2 * ROUTES
    assert counts == {"resolved": 2 * ROUTES, "compiled public": 1, "compiled more": 1}


def test_parsing_and_planning_resolve_once(counts: Counter[str]) -> None:
    problems = Problems("test")
    spec = parse_ingress_gateway("public", gateway_args("f5-nginx"), problems)
    assert problems.found == []
    objects_of(plan_gateway("public", spec))
    assert counts == {"resolved": ROUTES, "compiled public": 1}


def test_the_check_of_a_stack_resolves_once(counts: Counter[str]) -> None:
    stack = stack_of(ROUTES)
    check_stack("dev", stack)
    assert counts["resolved"] == ROUTES
    assert counts["compiled edge"] <= 1


def test_a_trace_resolves_and_compiles_no_route_again(counts: Counter[str]) -> None:
    plan = check_stack("dev", stack_of(ROUTES))
    before = dict(counts)
    for path in ("/p1", "/p2", "/none"):
        (answer,) = answers_of(plan, parse_request(f"http://h1.example.com{path}", "GET", None, []))
        assert len(answer.candidates) == ROUTES
    assert counts == before
    assert counts["resolved"] == ROUTES


def stack_of(count: int) -> Mapping[str, Any]:
    target = {"service": "api"}
    gateway = {
        "install": False,
        "className": "nginx",
        "namespace": "edge",
        "controllerPeers": [],
        "routes": [{"host": f"h{at % 50}.example.com", "path": f"/p{at}", "target": target} for at in range(count)],
    }
    return {"namespace": "shop", "services": {"api": {"image": "api:1", "port": 8080}}, "gateways": {"edge": gateway}}


def plan_routes(count: int) -> None:
    args: Any = {
        **THERE,
        "controller": "ingress-nginx",
        "routes": [
            {"host": f"h{at}.example.com", "redirect": {"host": "b.example.com"}}
            if at % 2
            else {"host": f"h{at + 1}.example.com", "path": f"/{at}", "target": TARGET, "load_balancing": "fastest"}
            for at in range(count)
        ],
        "default_backend": TARGET,
    }
    problems = Problems("test")
    spec = parse_ingress_gateway("public", args, problems)
    objects_of(plan_gateway("public", spec))


def test_the_work_grows_with_the_number_of_routes() -> None:
    plan_routes(1)
    assert calls_of(lambda: plan_routes(800)) <= 4.1 * calls_of(lambda: plan_routes(200))
