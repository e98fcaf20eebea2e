"""What a stack means: its balancers, routes, links and exceptions, held against what is really made."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico.diagram import draw_svg
from pulumi_portico.lifecycle.cost import estimate_text
from pulumi_portico.stack import build, load_stack
from pulumi_portico.stack.view import DefaultException, StackView
from pulumi_portico.stack.views import view_of
from pulumi_portico.stack.views.exceptions import RULES
from pulumi_portico.testing import record

from tests.command import SHOP, plan_of
from tests.stacks import FOLDER, NAMES, components, recorded


def view(tmp_path: Path, **changes: Any) -> StackView:
    return view_of(plan_of(tmp_path, {**SHOP, **changes}))


def service(**more: Any) -> dict[str, Any]:
    return {"image": "api:1", "port": 8080, **more}


@pytest.mark.parametrize("name", NAMES)
def test_balancers_cost_what_the_components_themselves_say(name: str) -> None:
    made = {
        component: outputs
        for kind in ("IngressGateway", "PublicLoadBalancer", "AwsLoadBalancer")
        for component, outputs in components(recorded(name), kind)
        if outputs["load_balancers"]
    }
    told = view_of(load_stack(name, FOLDER)).balancers
    assert {
        it.name: (it.load_balancers, it.public_addresses, it.monthly_cost, estimate_text(it.estimate)) for it in told
    } == {
        component: (it["load_balancers"], it["public_addresses"], it.get("monthly_cost"), it["cost"])
        for component, it in made.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_urls_are_those_that_the_components_answer(name: str) -> None:
    told = {url.rstrip("/") for it in view_of(load_stack(name, FOLDER)).services for url in it.urls}
    for _, outputs in components(recorded(name), "IngressGateway"):
        for host, url in outputs["urls"].items():
            if host != "*":
                assert any(it == url or it.startswith(f"{url}/") for it in told)


def policies(name: str) -> list[dict[str, Any]]:
    return [it for it in recorded(name).manifests() if it["kind"] == "NetworkPolicy"]


@pytest.mark.parametrize("name", NAMES)
def test_links_between_services_are_what_the_policies_let_through_at_both_ends(name: str) -> None:
    plan = load_stack(name, FOLDER)
    links = {(it.source, it.target) for it in view_of(plan).links}
    own = {it["metadata"]["name"]: it["spec"] for it in policies(name) if it["metadata"].get("name") in plan.services}

    def reaches(peers: list[dict[str, Any]], other: str) -> bool:
        return any(
            it.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name") == other for it in peers
        )

    for source in plan.services:
        for target in plan.services:
            let_out = any(reaches(rule["to"], target) for rule in own[source].get("egress", []))
            let_in = any(reaches(rule["from"], source) for rule in own[target].get("ingress", []))
            assert ((source, target) in links) == (let_out and let_in), (source, target)


def test_a_connection_that_one_end_alone_lets_through_is_no_link(tmp_path: Path) -> None:
    services = {
        "a": service(allowTo=[{"service": "b"}, {"service": "c", "ports": [9999]}, {"cidr": "10.1.0.0/16"}]),
        "b": service(allowFrom=[{"service": "c"}, {"selector": {"app": "prometheus"}, "namespace": "monitoring"}]),
        "c": service(allowTo=[{"service": "b", "ports": [8080]}], allowFrom=[{"service": "a"}]),
        "d": service(networkPolicy=False),
    }
    links = view(tmp_path, services=services, gateways={}, loadBalancers={}, awsLoadBalancers={}).links
    assert [(it.source, it.target, it.ports) for it in links] == [
        ("a", "10.1.0.0/16", ()),
        ("app=prometheus of namespace monitoring", "b", ("8080/TCP",)),
        ("c", "b", ("8080/TCP",)),
        ("d", "everyone", ()),
        ("everyone", "d", ()),
    ]


def test_pods_of_one_service_talk_to_each_other_where_both_ends_say_so(tmp_path: Path) -> None:
    itself = [{"service": "a"}]
    services = {"a": service(allowFrom=itself, allowTo=itself), "b": service(allowFrom=[{"service": "b"}])}
    plan = plan_of(tmp_path, {"namespace": "shop", "services": services})
    told = view_of(plan)
    assert [(it.source, it.target) for it in told.links] == [("a", "a")]
    # And a picture of it can be drawn.
    assert draw_svg(told)


def test_whatever_exposes_a_service_is_linked_to_the_pods_port(tmp_path: Path) -> None:
    links = {(it.source, it.target): it.ports for it in view(tmp_path).links}
    assert links[("edge", "api")] == ("8080/TCP",)
    assert links[("edge", "reports")] == ("8000/TCP",)
    assert links[("names", "dns")] == ("5353/UDP",)
    assert links[("shared", "web")] == ("8080/TCP",)


def test_routes_say_what_clients_write_and_what_answers(tmp_path: Path) -> None:
    routes = [
        (it.entry, it.host, it.path, it.path_type, it.leads_to, it.port, it.scheme) for it in view(tmp_path).routes
    ]
    host = "shop.example.com"
    assert ("edge", host, "/api", "Prefix", "api", "80", "https") in routes
    assert ("edge", host, "/api/health", "Exact", "api", "80", "https") in routes
    assert ("edge", "plain.example.com", "/", "Prefix", "web", "80", "http") in routes
    redirect = "redirect to https://shop.example.com/..."
    assert ("edge", "old.example.com", "/", "Prefix", redirect, "", "https") in routes
    assert ("names", "", "", "", "dns", "5353", "udp") in routes
    assert ("shared", "", "/share", "Prefix", "reports (10) or web (90)", "", "https") in routes
    assert ("shared", "", "", "", "redirect to https://the same host:443/...", "", "http") not in routes
    # The listener that the component adds by itself.
    (added,) = [it for it in view(tmp_path / "again").routes if it.entry == "shared" and it.scheme == "http"]
    assert (added.leads_to, added.client_port) == ("redirect to https://the same host/...", "80")


def test_a_service_says_where_it_is_reached_and_one_that_is_not_says_nothing(tmp_path: Path) -> None:
    services = {it.name: it for it in view(tmp_path, loadBalancers={}, awsLoadBalancers={}).services}
    assert services["reports"].urls == ("https://shop.example.com/reports",)
    assert services["dns"].urls == ()
    assert services["dns"].ports == ("dns 53/UDP",)
    assert services["api"].replicas == "2"


@pytest.mark.parametrize(
    ("args", "replicas"),
    [
        ({"replicas": 3}, "3"),
        ({"autoscaling": {"minReplicas": 3, "maxReplicas": 12}}, "3 to 12"),
        ({"kind": "DaemonSet"}, "one a node"),
        ({"kind": "StatefulSet"}, "1"),
    ],
)
def test_how_many_pods_a_service_has(args: dict[str, Any], replicas: str, tmp_path: Path) -> None:
    told = view(tmp_path, services={"api": service(**args)}, gateways={}, loadBalancers={}, awsLoadBalancers={})
    assert told.services[0].replicas == replicas


def test_where_tls_ends(tmp_path: Path) -> None:
    exposure = {"scope": "internet", "platform": "aws-controller", "allowedSources": ["203.0.113.0/24"]}
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567"
    services = {"a": service(drain=70), "b": {"image": "b:1", "drain": 70, "ports": {"https": {"port": 8443}}}}
    told = view(
        tmp_path,
        services=services,
        gateways={},
        awsLoadBalancers={},
        loadBalancers={
            "here": {"target": {"service": "a"}, "exposure": {**exposure, "tls": {"certificates": [certificate]}}},
            "plain": {"target": {"service": "a"}, "exposure": exposure},
            "through": {"target": {"service": "b"}, "exposure": exposure},
        },
    )
    assert {it.name: it.tls for it in told.balancers} == {"here": "here", "plain": "nowhere", "through": "service"}
    assert [(it.path, it.value) for it in told.exceptions] == [("portico:loadBalancers.plain.target", "80")]


# An example for each rule of the table, as a stack file would say it.
GATEWAY: dict[str, Any] = {
    "exposure": {"scope": "internet", "platform": "gke", "allowedSources": ["203.0.113.0/24"]},
    "crds": {"installed": True},
    "tls": {"a.example.com": {"secret": "a"}},
    "routes": [{"host": "a.example.com", "target": {"service": "web"}}],
}
AWS: dict[str, Any] = SHOP["awsLoadBalancers"]["shared"]
HTTPS: dict[str, Any] = AWS["listeners"][0]
BUNDLE = {"bucket": "ours", "key": "ca.pem"}
EXAMPLES: dict[str, tuple[str, Any]] = {
    "services.*.allow_from[].cidr": ("services.web", {"allowFrom": [{"cidr": "0.0.0.0/0"}]}),
    "services.*.allow_from[].any_namespace": ("services.web", {"allowFrom": [{"anyNamespace": True}]}),
    "services.*.allow_to[].cidr": ("services.web", {"allowTo": [{"cidr": "0.0.0.0/0"}]}),
    "services.*.allow_to[].any_namespace": ("services.web", {"allowTo": [{"anyNamespace": True}]}),
    "gateways.*.exposure.allowed_sources[]": ("gateways.edge.exposure", {"allowedSources": ["0.0.0.0/0"]}),
    "gateways.*.exposure.platform_sources[]": ("gateways.edge.exposure", {"platformSources": ["0.0.0.0/0"]}),
    "gateways.*.exposure.annotations": ("gateways.edge.exposure", {"annotations": {"example.com/a": "b"}}),
    "gateways.*.upstream.sources[]": ("gateways.edge", {"exposure": None, "upstream": {"sources": ["0.0.0.0/0"]}}),
    "gateways.*.controller_peers[].cidr": ("gateways.edge", {"controllerPeers": [{"cidr": "0.0.0.0/0"}]}),
    "gateways.*.controller_peers[].any_namespace": ("gateways.edge", {"controllerPeers": [{"anyNamespace": True}]}),
    "gateways.*.installation.metrics_from[].cidr": (
        "gateways.edge",
        {"installation": {"metricsFrom": [{"cidr": "0.0.0.0/0"}]}},
    ),
    "gateways.*.installation.default_class": ("gateways.edge", {"installation": {"defaultClass": True}}),
    "gateways.*.settings.access_log": ("gateways.edge", {"settings": {"accessLog": "off"}}),
    "gateways.*.settings.body_size": ("gateways.edge", {"settings": {"bodySize": 0}}),
    "gateways.*.routes[].body_size": ("gateways.edge.routes[0]", {"bodySize": 0}),
    "gateways.*.routes[].cors.origins[]": ("gateways.edge.routes[0]", {"cors": {"origins": ["*"]}}),
    "gateways.*.routes[].session_persistence.secure": (
        "gateways.edge.routes[0]",
        {"sessionPersistence": {"secure": False}},
    ),
    "loadBalancers.*.exposure.allowed_sources[]": ("loadBalancers.own.exposure", {"allowedSources": ["0.0.0.0/0"]}),
    "loadBalancers.*.exposure.platform_sources[]": ("loadBalancers.own.exposure", {"platformSources": ["0.0.0.0/0"]}),
    "loadBalancers.*.exposure.annotations": ("loadBalancers.own.exposure", {"annotations": {"example.com/a": "b"}}),
    "awsLoadBalancers.*.allowed_sources[]": ("awsLoadBalancers.shared", {"allowedSources": ["0.0.0.0/0"]}),
    "awsLoadBalancers.*.sources.*.cidr": ("awsLoadBalancers.shared", {"sources": {"all": {"cidr": "0.0.0.0/0"}}}),
    "awsLoadBalancers.*.target_ranges[]": ("awsLoadBalancers.shared", {"targetRanges": ["0.0.0.0/0"]}),
    "awsLoadBalancers.*.deletion_protection": ("awsLoadBalancers.shared", {"deletionProtection": False}),
    "awsLoadBalancers.*.desync_mode": ("awsLoadBalancers.shared", {"desyncMode": "monitor"}),
    "awsLoadBalancers.*.drop_invalid_headers": ("awsLoadBalancers.shared", {"dropInvalidHeaders": False}),
    "awsLoadBalancers.*.wildcards_any_depth": ("awsLoadBalancers.shared", {"wildcardsAnyDepth": True}),
    "awsLoadBalancers.*.logs.access": ("awsLoadBalancers.shared", {"logs": {"access": False}}),
    "awsLoadBalancers.*.logs.delete_with_balancer": (
        "awsLoadBalancers.shared",
        {"logs": {"deleteWithBalancer": True}},
    ),
    "awsLoadBalancers.*.listeners[].policy": (
        "awsLoadBalancers.shared.listeners[0]",
        {"policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
    ),
    "awsLoadBalancers.*.listeners[].headers.hsts_max_age": (
        "awsLoadBalancers.shared.listeners[0]",
        {"headers": {"hstsMaxAge": 0}},
    ),
    "awsLoadBalancers.*.listeners[].headers.no_sniff": (
        "awsLoadBalancers.shared.listeners[0]",
        {"headers": {"noSniff": False}},
    ),
    "awsLoadBalancers.*.listeners[].client_certificates.ignore_expiry": (
        "awsLoadBalancers.shared.listeners[0]",
        {"clientCertificates": {"bundle": BUNDLE, "ignoreExpiry": True}},
    ),
}
SECURE: dict[str, Any] = {
    "namespace": "shop",
    "services": {"web": service(), "dns": SHOP["services"]["dns"]},
    "gateways": {"edge": GATEWAY},
    "loadBalancers": {
        "own": {
            "target": {"service": "dns"},
            "exposure": {"scope": "internet", "platform": "gke", "allowedSources": ["203.0.113.0/24"]},
        },
    },
    "awsLoadBalancers": {
        "shared": {**AWS, "targets": {"web": {"target": {"service": "web"}}}, "listeners": [{**HTTPS, "routes": []}]}
    },
}


def changed(path: str, change: dict[str, Any]) -> dict[str, Any]:
    """The secure stack with a change at a path."""
    values = copy.deepcopy(SECURE)
    at: Any = values
    for step in path.replace("[", ".").replace("]", "").split("."):
        at = at[int(step)] if step.isdecimal() else at[step]
    at.update(change)
    return values


def test_a_secure_stack_makes_no_exception(tmp_path: Path) -> None:
    assert view_of(plan_of(tmp_path, SECURE)).exceptions == ()


def test_every_rule_has_an_example() -> None:
    assert {it.where for it in RULES} == EXAMPLES.keys()
    assert len(RULES) == len(EXAMPLES)


@pytest.mark.parametrize("rule", RULES, ids=lambda it: it.where)
def test_every_loosened_default_is_reported_with_its_place_and_value(rule: Any, tmp_path: Path) -> None:
    path, change = EXAMPLES[rule.where]
    values = changed(path, change)
    if "controller_peers" in rule.where:
        edge = {"install": False, "className": "edge", "namespace": "edge", "routes": GATEWAY["routes"], **change}
        values["gateways"]["edge"] = edge
    found = [it for it in view_of(plan_of(tmp_path, values)).exceptions if it.meaning == rule.meaning]
    (exception,) = found
    # Where the stack file has it, by its own spelling.
    assert exception.path.startswith(f"portico:{path.partition('[')[0]}")
    at: Any = values
    for step in exception.path.removeprefix("portico:").replace("[", ".").replace("]", "").split("."):
        at = at[int(step)] if step.isdecimal() else at[step]
    shown = at if isinstance(at, (str, int)) and not isinstance(at, bool) else json.dumps(at)
    assert exception.value == str(shown)


@pytest.mark.parametrize(
    ("args", "path", "value"),
    [
        ({"security": {"allowRoot": True}}, "security.allowRoot", "true"),
        ({"security": {"writableRoot": True}}, "security.writableRoot", "true"),
        ({"security": {"capabilities": ["NET_ADMIN"]}}, "security.capabilities", '["NET_ADMIN"]'),
        ({"security": {"user": 1000}}, "security.user", "1000"),
        ({"identity": {"token": True}}, "identity.token", "true"),
        ({"image": "api:latest", "imagePolicy": {"allowLatest": True}}, "imagePolicy.allowLatest", "true"),
        ({"networkPolicy": False}, "networkPolicy", "false"),
        ({"resources": {"limits": "none"}}, "resources.limits", "none"),
        ({"extra": {"spec": {"hostPID": True}}}, "extra", '{"spec": {"hostPID": true}}'),
    ],
)
def test_what_a_service_reports_itself_is_taken_over(args: Any, path: str, value: str, tmp_path: Path) -> None:
    told = view(
        tmp_path, services={"api": service(**args)}, gateways={}, loadBalancers={}, awsLoadBalancers={}
    ).exceptions
    assert [(it.path, it.value) for it in told] == [(f"portico:services.api.{path}", value)]


def exceptions_of(tmp_path: Path, values: dict[str, Any]) -> list[DefaultException]:
    return list(view_of(plan_of(tmp_path, values)).exceptions)


def test_what_a_gateway_reports_itself_is_taken_over_and_so_is_what_goes_without_tls(tmp_path: Path) -> None:
    routes = [*GATEWAY["routes"], {"host": "b.example.com", "target": {"service": "web"}, "protocol": "HTTPS"}]
    values = changed("gateways.edge", {"routes": routes, "httpsRedirect": False})
    assert [it.path for it in exceptions_of(tmp_path, values)] == [
        "portico:gateways.edge.httpsRedirect",
        "portico:gateways.edge.routes[1].host",
        "portico:gateways.edge.routes[1].protocol",
    ]


def test_a_route_of_every_host_is_named_by_what_is_written_of_it(tmp_path: Path) -> None:
    routes = [{"target": {"service": "web"}}, {"path": "/api", "target": {"service": "web"}}]
    values = changed("gateways.edge", {"routes": routes, "tls": {}})
    assert [(it.path, it.value) for it in exceptions_of(tmp_path, values)] == [
        ("portico:gateways.edge.routes[0]", ""),
        ("portico:gateways.edge.routes[1].path", "/api"),
    ]


def test_a_gateway_behind_a_load_balancer_that_ends_tls_leaves_none_out(tmp_path: Path) -> None:
    edge = {
        "upstream": {"sources": ["10.0.0.0/8"]},
        "routes": [{"host": "b.example.com", "target": {"service": "web"}}],
    }
    targets = {"gateway": {"target": {"gateway": "edge", "portName": "http"}}}
    front = {**AWS, "targets": targets, "listeners": [{"port": 443, "protocol": "https", "target": "gateway"}]}
    values = {**SECURE, "gateways": {"edge": edge}, "loadBalancers": {}, "awsLoadBalancers": {"front": front}}
    assert exceptions_of(tmp_path / "https", values) == []
    plain = {**front, "hosts": None, "listeners": [{"port": 80, "protocol": "http", "target": "gateway"}]}
    values = {**values, "loadBalancers": {}, "awsLoadBalancers": {"front": plain}}
    assert [it.path for it in exceptions_of(tmp_path / "http", values)] == ["portico:gateways.edge.routes[0].host"]


def test_inside_the_private_network_nothing_need_have_tls(tmp_path: Path) -> None:
    routes = [{"host": "b.example.com", "target": {"service": "web"}}]
    exposure = {"scope": "internal", "platform": "gke"}
    values = changed("gateways.edge", {"routes": routes, "tls": {}, "exposure": exposure})
    assert exceptions_of(tmp_path, values) == []


def test_plain_http_at_a_load_balancer_of_aws_is_reported_but_not_what_sends_on_to_https(tmp_path: Path) -> None:
    plain = {"port": 8080, "protocol": "http", "target": "web"}
    values = changed("awsLoadBalancers.shared", {"listeners": [{**HTTPS, "routes": []}, plain]})
    (found,) = exceptions_of(tmp_path, values)
    assert (found.path, found.value) == ("portico:awsLoadBalancers.shared.listeners[1].protocol", "http")


def test_the_view_of_every_stack_is_of_plain_values_even_where_they_are_secret(tmp_path: Path) -> None:
    secure = {"secure": "v1:djBlZm9vYmFy:YmFy"}
    values = {**SECURE, "services": {**SECURE["services"], "web": service(env={"A": secure})}}
    del values["loadBalancers"], values["awsLoadBalancers"]
    plan = plan_of(tmp_path, values)
    assert json.loads(json.dumps(asdict(view_of(plan))))
    # The same plan is built: nothing of it was changed by being looked at.
    assert record(lambda: build(plan)).registrations
