"""`portico explain`: what is public, what it costs, and the same services under the other mechanism."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico.cli.mechanisms import Mechanism, Total, mechanisms_of, total_of
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.views import view_of

from tests.command import SHOP, called, json_of, plan_of, written
from tests.stacks import FOLDER
from tests.support import ROOT

STACKS = str(ROOT / "stacks")
INTERNET = {"scope": "internet", "allowedSources": ["203.0.113.0/24"]}


def of(stack: str) -> dict[str, Mechanism]:
    plan = load_stack(stack, FOLDER)
    return {it.name: it for it in mechanisms_of(plan, view_of(plan))}


def of_values(tmp_path: Path, values: dict[str, Any]) -> dict[str, Mechanism]:
    plan = plan_of(tmp_path, values)
    return {it.name: it for it in mechanisms_of(plan, view_of(plan))}


def web(*names: str) -> dict[str, Any]:
    return {name: {"image": f"{name}:1", "port": 8080, "drain": 70} for name in names}


def gateway_stack(platform: str, *services: str) -> dict[str, Any]:
    routes = [{"path": f"/{it}", "target": {"service": it}} for it in services]
    edge = {"exposure": {**INTERNET, "platform": platform}, "routes": routes}
    return {"namespace": "shop", "services": web(*services), "gateways": {"edge": edge}}


def direct_stack(platform: str, *services: str) -> dict[str, Any]:
    balancers = {
        f"{it}-public": {"target": {"service": it}, "exposure": {**INTERNET, "platform": platform}} for it in services
    }
    return {"namespace": "shop", "services": web(*services), "loadBalancers": balancers}


def test_a_gateway_is_shown_beside_a_load_balancer_for_each_service() -> None:
    ways = of("production-aws")
    assert list(ways) == ["a gateway", "a load balancer each"]
    assert ways["a gateway"].current
    # Two zones of a Network Load Balancer: 730 * (0.0225 + 2 * 0.005) a month.
    assert ways["a gateway"].total == Total(1, 2, 23.73, "USD")
    assert ways["a load balancer each"].total == Total(2, 4, 47.46, "USD")
    assert any("/api for api" in it for it in ways["a load balancer each"].lost)
    assert "redirects from http to https" in ways["a load balancer each"].lost
    assert ways["a gateway"].lost == ()
    assert ways["a gateway"].tls == "at the gateway"


def test_load_balancers_are_shown_beside_a_gateway() -> None:
    ways = of("direct")
    assert list(ways) == ["a gateway", "a load balancer each"]
    assert ways["a load balancer each"].current
    assert ways["a load balancer each"].total == Total(2, 4, 47.46, "USD")
    assert ways["a gateway"].total == Total(1, 2, 23.73, "USD")
    assert any(it.startswith("an address of its own for api") for it in ways["a gateway"].lost)


def test_a_stack_of_both_is_shown_beside_either() -> None:
    ways = of("local")
    assert [(it.name, it.current) for it in ways.values()] == [
        ("as it is", True),
        ("a gateway", False),
        ("a load balancer each", False),
    ]
    assert [it.total.load_balancers for it in ways.values()] == [2, 1, 2]
    assert {it.total.monthly_cost for it in ways.values()} == {None}


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("platform", ["gke", "azure", "aws-controller"])
def test_the_two_mechanisms_say_the_same_of_each_other(count: int, platform: str, tmp_path: Path) -> None:
    """What a stack is estimated at under the other mechanism is what it costs once it is written so."""
    names = [f"s{at}" for at in range(count)]
    one = of_values(tmp_path / "gateway", gateway_stack(platform, *names))
    other = of_values(tmp_path / "direct", direct_stack(platform, *names))
    assert one["a gateway"].current
    assert other["a load balancer each"].current
    for name in ("a gateway", "a load balancer each"):
        assert one[name].total == other[name].total
    balancers = 1 if platform == "azure" else count
    assert other["a load balancer each"].total.load_balancers == balancers


def test_what_speaks_no_http_keeps_a_load_balancer_of_its_own(tmp_path: Path) -> None:
    ways = of_values(tmp_path, SHOP)
    assert ways["a gateway"].total.load_balancers == 2
    assert any(it.startswith("nothing for dns") for it in ways["a gateway"].lost)
    assert ways["a load balancer each"].total.load_balancers == 4


@pytest.mark.parametrize(
    ("route", "lost"),
    [
        ({"rewrite": "/v2"}, "rewritten paths"),
        ({"cors": {"origins": ["https://a.example.com"]}}, "CORS"),
        ({"rateLimit": {"requests": 10}}, "rate limits"),
        ({"sessionPersistence": {}}, "cookies that keep clients at a pod"),
        ({"allowedSources": ["10.0.0.0/8"]}, "allowed sources by route"),
        ({"requestHeaders": {"X-A": "b"}}, "headers of requests"),
        ({"bodySize": 10}, "limits of bodies"),
    ],
)
def test_what_a_gateway_does_with_requests_is_lost_without_it(route: Any, lost: str, tmp_path: Path) -> None:
    values = gateway_stack("gke", "web", "api")
    assert lost not in of_values(tmp_path / "before", values)["a load balancer each"].lost
    values["gateways"]["edge"]["crds"] = {"installed": True}
    values["gateways"]["edge"]["exposure"]["clientIp"] = "preserve"
    values["gateways"]["edge"]["routes"][0] |= {"host": "a.example.com", **route}
    assert lost in of_values(tmp_path / "after", values)["a load balancer each"].lost


def test_what_a_load_balancer_does_is_lost_behind_a_gateway(tmp_path: Path) -> None:
    values = direct_stack("gke", "a")
    before = of_values(tmp_path / "before", values)["a gateway"].lost
    values["loadBalancers"]["a-public"]["ports"] = {"http": {"port": 8080}}
    values["loadBalancers"]["a-public"]["exposure"]["clientIp"] = "preserve"
    after = of_values(tmp_path / "after", values)["a gateway"].lost
    assert set(after) - set(before) == {
        "port 8080 of a-public: a gateway listens on 80 and 443",
        "the clients' own addresses at a, which reads X-Forwarded-For instead",
    }


def test_what_routes_of_aws_do_is_lost_either_way(tmp_path: Path) -> None:
    ways = of_values(tmp_path, {**SHOP, "gateways": {}})
    assert {"routes by method", "routes by header", "shares between targets"} <= set(ways["a gateway"].lost)
    assert {"routes by method", "redirects", "shares between targets"} <= set(ways["a load balancer each"].lost)


def test_the_other_way_is_estimated_by_what_leads_to_the_internet(tmp_path: Path) -> None:
    values = direct_stack("gke", "a", "b")
    values["loadBalancers"]["a-public"]["exposure"] = {"scope": "internal", "platform": "gke"}
    ways = of_values(tmp_path, values)
    assert {name: it.total.public_addresses for name, it in ways.items()} == {
        "a gateway": 1,
        "a load balancer each": 1,
    }


def test_a_service_that_keeps_its_load_balancer_is_named_once(tmp_path: Path) -> None:
    values = direct_stack("gke", "web")
    values["services"]["dns"] = {
        "image": "dns:1",
        "ports": {"dns": {"port": 5353, "protocol": "UDP"}, "more": {"port": 5354, "protocol": "UDP"}},
    }
    exposure = values["loadBalancers"]["web-public"]["exposure"]
    for port in ("dns", "more"):
        target = {"service": "dns", "portName": port}
        values["loadBalancers"][port] = {"target": target, "exposure": exposure}
    lost = of_values(tmp_path, values)["a gateway"].lost
    assert [it for it in lost if "dns" in it] == [
        "nothing for dns, which speaks no HTTP and keeps a load balancer of its own"
    ]


def application_stack(*routes: dict[str, Any]) -> dict[str, Any]:
    aws = copy.deepcopy(SHOP["awsLoadBalancers"]["shared"])
    aws["listeners"][0]["routes"] = list(routes)
    aws["targets"] = {it: aws["targets"][it] for it in aws["targets"] if any(route["target"] == it for route in routes)}
    return {**SHOP, "gateways": {}, "loadBalancers": {}, "awsLoadBalancers": {"shared": aws}}


@pytest.mark.parametrize("services", [("web",), ("web", "api")])
def test_an_application_load_balancer_speaks_http_alone(services: tuple[str, ...], tmp_path: Path) -> None:
    routes = [{"host": "aws.example.com", "path": f"/{it}", "target": it} for it in services]
    (now,) = (it for it in of_values(tmp_path, application_stack(*routes)).values() if it.current)
    assert now.protocols == "HTTP/1.1, HTTP/2, WebSocket and gRPC, at any port"


def test_every_service_of_a_path_is_lost_with_it(tmp_path: Path) -> None:
    """By method, a path leads to several."""
    route = {"host": "aws.example.com", "path": "/api"}
    values = application_stack({**route, "target": "api"}, {**route, "methods": ["POST"], "target": "web"})
    lost = of_values(tmp_path, values)["a load balancer each"].lost
    assert "paths of aws.example.com: /api for api, /api for web; each service has an address of its own" in lost


def test_sums_are_those_of_the_balancers_and_of_one_currency_alone(tmp_path: Path) -> None:
    price = {"loadBalancerHour": 0.1, "publicAddressHour": 0.0, "currency": "EUR"}
    values = direct_stack("gke", "a", "b")
    mixed = copy.deepcopy(values)
    mixed["loadBalancers"]["a-public"]["price"] = price
    both = copy.deepcopy(mixed)
    both["loadBalancers"]["b-public"]["price"] = price

    def total(name: str, given: dict[str, Any]) -> Total:
        plan = plan_of(tmp_path / name, given)
        return total_of(plan, view_of(plan))

    # Up to five forwarding rules cost what one does.
    assert total("usd", values) == Total(2, 2, 18.25, "USD")
    assert total("mixed", mixed) == Total(2, 2, None, "")
    assert total("eur", both) == Total(2, 2, 146.0, "EUR")
    # One load balancer that all Services share, and an address each: 730 * (0.025 + 2 * 0.005).
    assert total("azure", direct_stack("azure", "a", "b")) == Total(1, 2, 25.55, "USD")


def text_of(stack: str, width: int = 100) -> str:
    found = called("explain", "--stack", stack, "--folder", STACKS, env={"COLUMNS": str(width)})
    assert found.exit_code == 0
    return found.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_it_says_what_is_public_to_whom_what_leads_where_and_what_it_costs(width: int) -> None:
    text = " ".join(text_of("production-aws", width).split())
    for said in (
        "Stack production-aws, namespace shop",
        "Network Load Balancer (aws), for the internet, at 80/TCP, 443/TCP",
        "lets in 203.0.113.0/24",
        "https://shop.example.com/api api:80 edge",
        "edge at the gateway, for shop.example.com",
        "Not reached from outside catalog",
        "Exceptions to the secure defaults None.",
        "23.73 USD a month for 1 load balancer and 2 public addresses",
        "a gateway, as it is",
        "a load balancer each",
    ):
        assert said in text, said


def test_everybody_is_called_so_and_exceptions_have_their_place(tmp_path: Path) -> None:
    folder = str(written(tmp_path) / "stacks")
    text = called("explain", "--folder", folder, env={"COLUMNS": "120"}).stdout
    assert "lets in everybody; leads to dns" in text
    assert "portico:loadBalancers.names.exposure.allowedSources[0]: 0.0.0.0/0\n    everybody may connect\n" in text
    assert "portico:gateways.edge.routes[5].host: plain.example.com" in text
    narrow = called("explain", "--folder", folder, env={"COLUMNS": "60"}).stdout
    # What is broken into lines stays below its title.
    assert (
        "  portico:loadBalancers.names.exposure.allowedSources[0]:\n  0.0.0.0/0\n    everybody may connect\n" in narrow
    )


def test_the_json_has_the_shape_that_is_documented(tmp_path: Path) -> None:
    told = json_of("explain", "--folder", str(written(tmp_path) / "stacks"))
    assert told["version"] == 1
    page = (ROOT / "docs" / "command.md").read_text()
    shape = page[page.index("### What `explain --json` answers") : page.index("### What `route --json` answers")]
    documented = shape[shape.index("| field") :]
    for key in told:
        assert f"`{key}`" in documented, key
    for part in ("balancers", "gateways", "routes", "services", "links", "exceptions", "mechanisms"):
        assert told[part]
        for field in told[part][0]:
            assert f"`{field}`" in documented, f"{part}.{field}"


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "direct", "production-gcp", "online-boutique"])
def test_json_and_text_say_the_same(stack: str) -> None:
    told = json_of("explain", "--stack", stack, "--folder", STACKS)
    text = text_of(stack, 200)
    for route in told["routes"]:
        assert f"{route['leads_to']}:{route['port']}" in text
    for balancer in told["balancers"]:
        estimated = balancer["estimate"]
        monthly = estimated["monthly"]
        shown = "no price is known" if monthly is None else f"{monthly:.2f} {estimated['currency']} a month"
        assert shown in text
    for exception in told["exceptions"]:
        assert exception["path"] in text
        assert exception["meaning"] in text
