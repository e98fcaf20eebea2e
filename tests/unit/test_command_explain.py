"""`portico explain`: load balancers, costs, and the alternatives for the same services."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pulumi.runtime.mocks
import pulumi.runtime.resource
import pytest
from pulumi_portico.args.location import Field
from pulumi_portico.cli import losses
from pulumi_portico.cli.losses import Loss
from pulumi_portico.cli.mechanisms import (
    Certificates,
    ControllerPods,
    Mechanism,
    MechanismKind,
    ProtocolSet,
    mechanisms_of,
)
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.view import Cost, ReplicasView, TlsTermination, Total
from pulumi_portico.stack.view_text import total_text
from pulumi_portico.stack.views import view_of

from tests.command import SHOP, called, json_of, plan_of, written
from tests.stacks import FOLDER
from tests.support import ROOT

AS_IS, GATEWAY, LOAD_BALANCERS = MechanismKind
STACKS = str(ROOT / "stacks")
INTERNET = {"scope": "internet", "allowedSources": ["203.0.113.0/24"]}


def of(stack: str) -> dict[MechanismKind, Mechanism]:
    plan = load_stack(stack, FOLDER)
    return {mechanism.kind: mechanism for mechanism in mechanisms_of(plan, view_of(plan))}


def of_values(tmp_path: Path, values: dict[str, Any]) -> dict[MechanismKind, Mechanism]:
    plan = plan_of(tmp_path, values)
    return {mechanism.kind: mechanism for mechanism in mechanisms_of(plan, view_of(plan))}


def usd(load_balancers: int, public_addresses: int, amount: float) -> Total:
    return Total(load_balancers, public_addresses, (Cost(amount, "USD"),))


def lost_settings(mechanism: Mechanism) -> set[str]:
    """The settings of routes that the mechanism doesn't have."""
    return {name for loss in mechanism.losses if loss.code is losses.ROUTE_SETTINGS for name in loss.params["fields"]}


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


def test_tls_terminates_at_the_gateway_of_an_existing_controller_too(tmp_path: Path) -> None:
    host = "shop.example.com"
    gateway: dict[str, Any] = {
        "controller": "generic",
        "className": "alb",
        "namespace": "shop",
        "controllerPeers": [{"namespace": "edge"}],
        "tls": {host: {"clusterIssuer": "letsencrypt"}},
        "routes": [{"host": host, "target": {"service": "a"}}],
    }
    stack = direct_stack("gke", "a") | {"gateways": {"edge": gateway}}
    assert of_values(tmp_path, stack)[AS_IS].tls == (TlsTermination.GATEWAY, TlsTermination.NONE)


def test_a_gateway_is_compared_with_a_load_balancer_for_each_service() -> None:
    found = of("production-aws")
    assert list(found) == [GATEWAY, LOAD_BALANCERS]
    assert found[GATEWAY].is_current
    # Two zones of a Network Load Balancer: 730 * (0.0225 + 2 * 0.005) a month.
    assert found[GATEWAY].total == usd(1, 2, 23.73)
    assert found[LOAD_BALANCERS].total == usd(2, 4, 47.46)
    lost = found[LOAD_BALANCERS].losses
    assert Loss(losses.SHARED_HOST, {"host": "shop.example.com", "services": ["api", "web"]}) in lost
    assert Loss(losses.HTTPS_REDIRECT) in lost
    assert found[GATEWAY].losses == ()
    assert found[GATEWAY].tls == (TlsTermination.GATEWAY,)
    assert found[GATEWAY].controllers == (ControllerPods("edge", "f5-nginx", ReplicasView(3)),)
    assert found[LOAD_BALANCERS].certificates is Certificates.CERTIFICATE_MANAGER


def test_load_balancers_are_compared_with_a_gateway() -> None:
    found = of("direct")
    assert list(found) == [GATEWAY, LOAD_BALANCERS]
    assert found[LOAD_BALANCERS].is_current
    assert found[LOAD_BALANCERS].total == usd(2, 4, 47.46)
    assert found[GATEWAY].total == usd(1, 2, 23.73)
    assert losses.OWN_ADDRESS in {loss.code for loss in found[GATEWAY].losses if loss.params.get("service") == "api"}
    assert found[GATEWAY].controllers == (ControllerPods("", "f5-nginx", ReplicasView(2)),)


def test_a_stack_of_both_is_compared_with_either() -> None:
    found = of("local")
    assert [(mechanism.kind, mechanism.is_current) for mechanism in found.values()] == [
        (AS_IS, True),
        (GATEWAY, False),
        (LOAD_BALANCERS, False),
    ]
    assert [mechanism.total for mechanism in found.values()] == [
        Total(2, 2, (), 2),
        Total(1, 1, (), 1),
        Total(2, 2, (), 2),
    ]


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("platform", ["gke", "azure", "aws-controller"])
def test_the_estimate_of_an_alternative_is_its_cost(count: int, platform: str, tmp_path: Path) -> None:
    """The estimate of an alternative is what a stack costs that is written in this way."""
    names = [f"s{at}" for at in range(count)]
    one = of_values(tmp_path / "gateway", gateway_stack(platform, *names))
    other = of_values(tmp_path / "direct", direct_stack(platform, *names))
    assert one[GATEWAY].is_current
    assert other[LOAD_BALANCERS].is_current
    for kind in (GATEWAY, LOAD_BALANCERS):
        assert one[kind].total == other[kind].total
    balancers = 1 if platform == "azure" else count
    assert other[LOAD_BALANCERS].total.load_balancers == balancers


def test_a_service_that_does_not_speak_http_keeps_its_load_balancer(tmp_path: Path) -> None:
    found = of_values(tmp_path, SHOP)
    assert found[GATEWAY].total.load_balancers == 2
    assert Loss(losses.NOT_HTTP, {"service": "dns"}) in found[GATEWAY].losses
    assert found[LOAD_BALANCERS].total.load_balancers == 4


@pytest.mark.parametrize(
    ("route", "lost"),
    [
        ({"rewrite": "/v2"}, "rewrite"),
        ({"cors": {"origins": ["https://a.example.com"]}}, "cors"),
        ({"rateLimit": {"requests": 10}}, "rate_limit"),
        ({"sessionPersistence": {}}, "session_persistence"),
        ({"allowedSources": ["10.0.0.0/8"]}, "allowed_sources"),
        ({"requestHeaders": {"X-A": "b"}}, "request_headers"),
        ({"bodySize": 10}, "body_size"),
    ],
)
def test_load_balancers_lose_the_settings_of_routes(route: Any, lost: str, tmp_path: Path) -> None:
    values = gateway_stack("gke", "web", "api")
    assert lost_settings(of_values(tmp_path / "before", values)[LOAD_BALANCERS]) == set()
    values["gateways"]["edge"]["crds"] = {"installed": True}
    values["gateways"]["edge"]["exposure"]["clientIp"] = "preserve"
    values["gateways"]["edge"]["routes"][0] |= {"host": "a.example.com", **route}
    assert lost_settings(of_values(tmp_path / "after", values)[LOAD_BALANCERS]) == {lost}


def test_a_gateway_loses_ports_and_client_addresses(tmp_path: Path) -> None:
    values = direct_stack("gke", "a")
    before = of_values(tmp_path / "before", values)[GATEWAY].losses
    values["loadBalancers"]["a-public"]["ports"] = {"http": {"port": 8080}}
    values["loadBalancers"]["a-public"]["exposure"]["clientIp"] = "preserve"
    after = of_values(tmp_path / "after", values)[GATEWAY].losses
    assert [loss for loss in after if loss not in before] == [
        Loss(losses.OTHER_PORTS, {"load_balancer": "a-public", "ports": [8080]}),
        Loss(losses.CLIENT_ADDRESS, {"service": "a"}),
    ]


def test_both_alternatives_lose_what_only_routes_on_aws_have(tmp_path: Path) -> None:
    found = of_values(tmp_path, {**SHOP, "gateways": {}})
    assert lost_settings(found[GATEWAY]) == {"methods", "headers", "weights"}
    assert {"methods", "redirect", "weights"} <= lost_settings(found[LOAD_BALANCERS])


def test_the_estimate_follows_the_load_balancer_for_the_internet(tmp_path: Path) -> None:
    values = direct_stack("gke", "a", "b")
    values["loadBalancers"]["a-public"]["exposure"] = {"scope": "internal", "platform": "gke"}
    found = of_values(tmp_path, values)
    assert {kind: mechanism.total.public_addresses for kind, mechanism in found.items()} == {
        GATEWAY: 1,
        LOAD_BALANCERS: 1,
    }


def test_a_service_that_keeps_its_load_balancer_is_listed_once(tmp_path: Path) -> None:
    values = direct_stack("gke", "web")
    values["services"]["dns"] = {
        "image": "dns:1",
        "ports": {"dns": {"port": 5353, "protocol": "UDP"}, "more": {"port": 5354, "protocol": "UDP"}},
    }
    exposure = values["loadBalancers"]["web-public"]["exposure"]
    for port in ("dns", "more"):
        target = {"service": "dns", "portName": port}
        values["loadBalancers"][port] = {"target": target, "exposure": exposure}
    lost = of_values(tmp_path, values)[GATEWAY].losses
    assert [loss for loss in lost if loss.params.get("service") == "dns"] == [Loss(losses.NOT_HTTP, {"service": "dns"})]


def test_every_loss_has_a_text(tmp_path: Path) -> None:
    found = [loss for mechanism in of_values(tmp_path, SHOP).values() for loss in mechanism.losses]
    found += [loss for mechanism in of("production-aws").values() for loss in mechanism.losses]
    found += [loss for mechanism in of("direct").values() for loss in mechanism.losses]
    assert {losses.ROUTE_SETTINGS, losses.SHARED_HOST, losses.OWN_ADDRESS} <= {loss.code for loss in found}
    assert all(loss.text.endswith(".") and "{" not in loss.text for loss in found)
    assert Loss(losses.ROUTE_SETTINGS, {"fields": [Field("rate_limit")]}).text == "Routes can't use `rateLimit`."


def application_stack(*routes: dict[str, Any]) -> dict[str, Any]:
    aws = copy.deepcopy(SHOP["awsLoadBalancers"]["shared"])
    aws["listeners"][0]["routes"] = list(routes)
    aws["targets"] = {it: aws["targets"][it] for it in aws["targets"] if any(route["target"] == it for route in routes)}
    return {**SHOP, "gateways": {}, "loadBalancers": {}, "awsLoadBalancers": {"shared": aws}}


@pytest.mark.parametrize("services", [("web",), ("web", "api")])
def test_an_application_load_balancer_speaks_only_http(services: tuple[str, ...], tmp_path: Path) -> None:
    routes = [{"host": "aws.example.com", "path": f"/{name}", "target": name} for name in services]
    (current,) = (each for each in of_values(tmp_path, application_stack(*routes)).values() if each.is_current)
    assert current.protocols == (ProtocolSet.HTTP_ANY_PORT,)


def test_a_path_that_leads_to_several_services_by_method_is_lost(tmp_path: Path) -> None:
    route = {"host": "aws.example.com", "path": "/api"}
    values = application_stack({**route, "target": "api"}, {**route, "methods": ["POST"], "target": "web"})
    lost = of_values(tmp_path, values)[LOAD_BALANCERS].losses
    assert Loss(losses.SHARED_HOST, {"host": "aws.example.com", "services": ["api", "web"]}) in lost


def test_totals_are_by_currency(tmp_path: Path) -> None:
    price = {"loadBalancerHour": 0.1, "publicAddressHour": 0.0, "currency": "EUR"}
    values = direct_stack("gke", "a", "b")
    mixed = copy.deepcopy(values)
    mixed["loadBalancers"]["a-public"]["price"] = price
    both = copy.deepcopy(mixed)
    both["loadBalancers"]["b-public"]["price"] = price

    def total(name: str, given: dict[str, Any]) -> Total:
        return view_of(plan_of(tmp_path / name, given)).total

    # Up to five forwarding rules cost what one does.
    assert total("usd", values) == usd(2, 2, 18.25)
    assert total("mixed", mixed) == Total(2, 2, (Cost(73.0, "EUR"), Cost(18.25, "USD")))
    assert total("eur", both) == Total(2, 2, (Cost(146.0, "EUR"),))
    # One load balancer that all Services share, and an address each: 730 * (0.025 + 2 * 0.005).
    assert total("azure", direct_stack("azure", "a", "b")) == usd(1, 2, 25.55)


def test_a_load_balancer_without_a_known_price_is_counted_in_the_total(tmp_path: Path) -> None:
    values = direct_stack("gke", "a", "b")
    values["loadBalancers"]["a-public"]["exposure"]["platform"] = "generic"
    total = view_of(plan_of(tmp_path, values)).total
    assert total == Total(2, 2, (Cost(18.25, "USD"),), 1)
    assert "18.25 USD" in total_text(total)


def text_of(stack: str, width: int = 100) -> str:
    found = called("explain", "--stack", stack, "--folder", STACKS, env={"COLUMNS": str(width)})
    assert found.exit_code == 0
    return found.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_the_text_has_every_section(width: int) -> None:
    text = " ".join(text_of("production-aws", width).split())
    for part in (
        "Stack production-aws, namespace shop",
        "Network Load Balancer (aws), internet, listens on 80/TCP, 443/TCP",
        "accepts 203.0.113.0/24",
        "https://shop.example.com/api api:80 edge",
        "edge at the gateway, for shop.example.com",
        "Only inside the cluster catalog",
        "Exceptions to the secure defaults None.",
        "23.73 USD a month for 1 load balancer and 2 public addresses",
        "one gateway (this stack)",
        "a load balancer each",
    ):
        assert part in text, part


def test_exceptions_have_their_location_and_long_lines_keep_their_indentation(tmp_path: Path) -> None:
    folder = str(written(tmp_path) / "stacks")
    text = called("explain", "--folder", folder, env={"COLUMNS": "120"}).stdout
    assert "accepts every address; routes to dns" in text
    assert "  portico:loadBalancers.names.exposure.allowedSources[0]: 0.0.0.0/0\n    " in text
    assert "portico:gateways.edge.routes[5].host: plain.example.com" in text
    narrow = called("explain", "--folder", folder, env={"COLUMNS": "60"}).stdout
    assert "  portico:loadBalancers.names.exposure.allowedSources[0]:\n  0.0.0.0/0\n    " in narrow


@pytest.mark.parametrize(
    "arguments", [("explain",), ("explain", "--json"), ("diagram", "-o", "out.svg"), ("diagram", "-o", "out.html")]
)
def test_pulumis_runtime_is_not_started(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = {"secure": "v1:djBlZm9vYmFy:YmFy"}
    services = {**SHOP["services"], "api": {**SHOP["services"]["api"], "secretEnv": {"TOKEN": secret}}}
    folder = written(tmp_path, {"dev": {**SHOP, "services": services}})

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("Pulumi's runtime is started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pulumi.runtime.mocks, "set_mocks", fail)
    monkeypatch.setattr(pulumi.runtime.resource, "register_resource", fail)
    assert called(*arguments, "--folder", str(folder / "stacks")).exit_code == 0


def test_the_json_has_the_documented_fields(tmp_path: Path) -> None:
    data = json_of("explain", "--folder", str(written(tmp_path) / "stacks"))
    assert data["version"] == 1
    page = (ROOT / "docs" / "command.md").read_text()
    shape = page[page.index("### What `explain --json` prints") : page.index("### What `route --json` prints")]
    documented = shape[shape.index("| field") :]
    for key in data:
        assert f"`{key}`" in documented, key
    for part in ("balancers", "gateways", "routes", "services", "links", "exceptions", "mechanisms"):
        assert data[part]
        for field in data[part][0]:
            assert f"`{field}`" in documented, f"{part}.{field}"


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "direct", "production-gcp", "online-boutique"])
def test_json_and_text_agree(stack: str) -> None:
    data = json_of("explain", "--stack", stack, "--folder", STACKS)
    text = text_of(stack, 200)
    for route in data["routes"]:
        for backend in route["backends"]:
            assert f"{backend['peer']['name']}:{backend['port']}" in text
    for balancer in data["balancers"]:
        monthly, currency = balancer["estimate"]["monthly"], balancer["estimate"]["currency"]
        assert "no price is known" in text if monthly is None else f"{monthly:.2f} {currency} a month" in text
    for exception in data["exceptions"]:
        assert exception["path"] in text
        assert exception["meaning"] in text


def test_json_has_kinds_codes_and_numbers(tmp_path: Path) -> None:
    data = json_of("explain", "--folder", str(written(tmp_path) / "stacks"))
    assert data["total"] == {
        "load_balancers": 3,
        "public_addresses": 4,
        "monthly": [{"amount": 41.98, "currency": "USD"}],
        "without_price": 0,
    }
    assert {
        "kind": "target",
        "source": {"kind": "load-balancer", "name": "names"},
        "target": {"kind": "service", "name": "dns"},
        "ports": [{"number": 5353, "protocol": "UDP", "name": ""}],
    } in data["links"]
    (exception,) = (each for each in data["exceptions"] if each["code"] == "every-client-address")
    assert exception["path"] == "portico:loadBalancers.names.exposure.allowedSources[0]"
    assert exception["value"] == "0.0.0.0/0"
    assert [mechanism["kind"] for mechanism in data["mechanisms"]] == ["as-is", "gateway", "load-balancers"]
    lost = {loss["code"]: loss["params"] for loss in data["mechanisms"][1]["losses"]}
    assert lost["not-http"] == {"service": "dns"}
    assert lost["route-settings"] == {"fields": ["methods", "headers", "weights"]}
