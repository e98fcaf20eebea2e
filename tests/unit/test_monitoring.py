"""How Prometheus reads the metrics of services and of gateways' controllers."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico.cli.project import Stack
from pulumi_portico.cli.rendering.manifests import rendered_objects
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.prerequisites import prerequisites_of
from pulumi_portico.stack.views import view_of

from tests.problems import assert_fixes_work, assert_problem, problems_of_stack
from tests.unit.web_services import IMAGE, problems_with, web_service

PORTS: dict[str, Any] = {"http": {"port": 8080}, "metrics": {"port": 9100}}
READERS: list[dict[str, Any]] = [{"namespace": "monitoring"}]
WEB: dict[str, Any] = {"image": IMAGE, "ports": PORTS, "monitoring": {"metricsFrom": READERS}}


def objects_with(monitoring: dict[str, Any], **args: Any) -> dict[str, dict[str, Any]]:
    """The objects of a service with two ports, by kind."""
    fields: Any = {"port": None, "ports": PORTS, "monitoring": {"metrics_from": READERS, **monitoring}, **args}
    return {manifest["kind"]: manifest for manifest in web_service(**fields).manifests()}


def objects_of_gateway(controller: str, **monitoring: Any) -> dict[tuple[str, str], dict[str, Any]]:
    installation = {"monitoring": monitoring, "metricsFrom": READERS}
    gateway = {"upstream": {}, "controller": controller, "installation": installation}
    services = {"web": {"image": IMAGE, "port": 8080}}
    plan = check_stack("dev", {"namespace": "shop", "services": services, "gateways": {"edge": gateway}})
    manifests = [dict(rendered.manifest) for rendered in rendered_objects(Stack("dev", "test", plan))]
    return {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests}


def test_a_service_monitor_selects_the_one_service_with_the_name_of_the_service() -> None:
    monitoring = {"path": "/m", "interval": 30, "timeout": 10, "labels": {"release": "prometheus"}}
    fields: Any = {"port": None, "ports": PORTS, "monitoring": {"metrics_from": READERS, **monitoring}}
    manifests = web_service(**fields, additional_services={"api-2": {}}).manifests()
    (monitor,) = [manifest for manifest in manifests if manifest["kind"] == "ServiceMonitor"]
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert monitor["metadata"]["labels"].items() >= {"release": "prometheus"}.items()
    endpoint = {"port": "metrics", "path": "/m", "interval": "30s", "scrapeTimeout": "10s"}
    assert monitor["spec"]["endpoints"] == [endpoint]
    selector = monitor["spec"]["selector"]["matchLabels"].items()
    services = [manifest["metadata"] for manifest in manifests if manifest["kind"] == "Service"]
    assert [service["name"] for service in services if selector <= service["labels"].items()] == ["api"]


def test_a_pod_monitor_selects_the_pods_by_the_labels_of_the_workload() -> None:
    objects = objects_with({"kind": "PodMonitor", "port_name": "http", "extra": {"honorLabels": True}})
    spec = objects["PodMonitor"]["spec"]
    assert spec["podMetricsEndpoints"] == [{"port": "http", "honorLabels": True}]
    assert spec["selector"]["matchLabels"] == objects["Deployment"]["spec"]["selector"]["matchLabels"]
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "http", "containerPort": 8080, "protocol": "TCP"} in container["ports"]
    assert "portico.dev/monitor" not in objects["Service"]["metadata"]["labels"]


def test_the_default_port_has_the_metrics_if_none_is_called_metrics() -> None:
    objects = objects_with({}, ports={"http": {"port": 8080}, "admin": {"port": 9100}})
    assert objects["ServiceMonitor"]["spec"]["endpoints"] == [{"port": "http"}]


def test_what_reads_the_metrics_can_connect_only_to_their_port() -> None:
    ingress = objects_with({})["NetworkPolicy"]["spec"]["ingress"]
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert ingress == [{"from": [peer], "ports": [{"port": 9100, "protocol": "TCP"}]}]


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_gateways_controller_is_monitored(controller: str) -> None:
    objects = objects_of_gateway(controller, labels={"release": "a"}, interval=15)
    monitor, service = objects["ServiceMonitor", "edge"], objects["Service", "edge-metrics"]
    assert monitor["metadata"]["labels"] == {"release": "a"}
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"] == "edge"
    assert monitor["spec"]["endpoints"] == [{"port": service["spec"]["ports"][0]["name"], "interval": "15s"}]
    selector = monitor["spec"]["selector"]["matchLabels"].items()
    labels = [one["metadata"].get("labels", {}) for (kind, _), one in objects.items() if kind == "Service"]
    assert len([one for one in labels if selector <= one.items()]) == 1


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_pod_monitor_of_a_gateway_names_the_port_of_its_container(controller: str) -> None:
    objects = objects_of_gateway(controller, kind="PodMonitor")
    (endpoint,) = objects["PodMonitor", "edge"]["spec"]["podMetricsEndpoints"]
    (container,) = objects["Deployment", "edge"]["spec"]["template"]["spec"]["containers"]
    (number,) = [port["containerPort"] for port in container["ports"] if port["name"] == endpoint["port"]]
    assert number == objects["Service", "edge-metrics"]["spec"]["ports"][0]["targetPort"]
    assert "labels" not in objects["Service", "edge-metrics"]["metadata"]


def test_the_views_have_monitors_and_their_definition_is_a_prerequisite() -> None:
    installation = {"monitoring": {"kind": "PodMonitor"}, "metricsFrom": READERS}
    gateways = {"edge": {"upstream": {}, "installation": installation}}
    plan = check_stack("dev", {"namespace": "shop", "services": {"web": WEB}, "gateways": gateways})
    view = view_of(plan)
    assert {(one.kind, one.name, one.namespace) for one in view.objects} == {
        ("PodMonitor", "edge", "edge"),
        ("ServiceMonitor", "web", "shop"),
    }
    assert {(one.kind, one.name, one.used_by) for one in prerequisites_of(plan)} == {
        ("CustomResourceDefinition", "PodMonitor.monitoring.coreos.com", ("portico:gateways.edge",)),
        ("CustomResourceDefinition", "ServiceMonitor.monitoring.coreos.com", ("portico:services.web",)),
    }
    assert [(link.source.namespace, link.target.name, link.ports) for link in view.links if link.target.name == "web"]


def test_a_service_of_the_stack_can_read_the_metrics() -> None:
    monitoring = {"metricsFrom": [{"service": "prometheus"}]}
    allowed = [{"service": "web", "ports": [9100]}]
    prometheus = {"image": IMAGE, "port": 9090, "name": "prom", "allowTo": allowed}
    services = {"web": {**WEB, "monitoring": monitoring}, "prometheus": prometheus}
    plan = check_stack("dev", {"namespace": "shop", "services": services})
    manifests = [rendered.manifest for rendered in rendered_objects(Stack("dev", "test", plan))]
    (policy,) = [one for one in manifests if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "web"]
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "prom"}}}
    assert policy["spec"]["ingress"] == [{"from": [peer], "ports": [{"port": 9100, "protocol": "TCP"}]}]
    # Both policies must allow the connection, at this port.
    services["prometheus"] = {**prometheus, "allowTo": [{"service": "web", "ports": [8080]}]}
    problems = problems_of_stack({"namespace": "shop", "services": services})
    at = ("services", "web", "monitoring", "metrics_from", 0, "service")
    assert_problem(problems, "peer-does-not-allow-to", *at)


PROBLEMS: list[tuple[dict[str, Any], str, tuple[Any, ...], dict[str, Any]]] = [
    (
        {"monitoring": {"metrics_from": READERS, "port_name": "metric"}},
        "unknown-port-name",
        ("monitoring", "port_name"),
        {"name": "metric"},
    ),
    (
        {"ports": {"http": {"port": 1}, "dns": {"port": 53, "protocol": "UDP"}}, "monitoring": {"port_name": "dns"}},
        "metrics-without-tcp",
        ("monitoring", "port_name"),
        {"protocol": "UDP", "ports": ["http"]},
    ),
    ({"ports": {}, "monitoring": {}}, "monitoring-without-ports", ("monitoring",), {}),
    ({"monitoring": {}}, "monitor-without-callers", ("monitoring", "metrics_from"), {"port": 9100}),
    (
        {"allow_from": [{"namespace": "a", "ports": [8080]}], "monitoring": {}},
        "monitor-without-callers",
        ("monitoring", "metrics_from"),
        {"port": 9100},
    ),
    (
        {"monitoring": {"metrics_from": [{"namespace": "a", "ports": [1]}]}},
        "ports-not-chosen-by-peer",
        ("monitoring", "metrics_from", 0, "ports"),
        {},
    ),
    (
        {"network_policy": False, "monitoring": {"metrics_from": READERS}},
        "network-policy-turned-off",
        ("monitoring", "metrics_from"),
        {},
    ),
    (
        {"security": {"host_network": True}, "monitoring": {"metrics_from": READERS}},
        "network-policy-on-host-network",
        ("security", "host_network"),
        {},
    ),
    (
        {"monitoring": {"metrics_from": READERS, "interval": 10, "timeout": 20}},
        "timeout-above-interval",
        ("monitoring", "timeout"),
        {"interval": 10},
    ),
    ({"monitoring": {"metrics_from": READERS, "interval": 0}}, "too-small", ("monitoring", "interval"), {}),
    (
        {"monitoring": {"metrics_from": READERS, "extra": {"scrapeTimeout": "1s"}}},
        "typed-endpoint-field",
        ("monitoring", "extra", "scrapeTimeout"),
        {},
    ),
    (
        {"monitoring": {"metrics_from": READERS, "extra": {"honourLabels": True}}},
        "unknown-endpoint-field",
        ("monitoring", "extra", "honourLabels"),
        {},
    ),
    ({"monitoring": {"metrics_from": READERS, "path": "m"}}, "invalid-http-path", ("monitoring", "path"), {}),
    (
        {"monitoring": {"metrics_from": READERS, "scrapeTimeout": 3}},
        "name-elsewhere",
        ("monitoring", "scrapeTimeout"),
        {},
    ),
]


@pytest.mark.parametrize(("args", "code", "location", "params"), PROBLEMS)
def test_metrics_that_prometheus_cannot_read_are_problems(
    args: dict[str, Any], code: str, location: tuple[Any, ...], params: dict[str, Any]
) -> None:
    fields = {"image": IMAGE, "ports": PORTS, **args}
    assert_problem(problems_with(fields), code, *location, **params)
    assert_fixes_work(problems_with, fields)


@pytest.mark.parametrize(
    "args",
    [
        {"allow_from": [{"namespace": "a"}]},
        {"allow_from": [{"namespace": "a", "ports": [9100]}]},
        {"network_policy": False},
    ],
)
def test_metrics_that_prometheus_can_read_anyway_need_no_peers(args: dict[str, Any]) -> None:
    assert not problems_with({"image": IMAGE, "ports": PORTS, "monitoring": {}, **args})


@pytest.mark.parametrize(
    ("installation", "code", "field"),
    [
        ({"metricsFrom": [], "metrics": False}, "monitoring-without-metrics", "monitoring"),
        ({}, "monitoring-without-readers", "metrics_from"),
    ],
)
def test_a_gateway_without_metrics_is_not_monitored(installation: dict[str, Any], code: str, field: str) -> None:
    gateway = {"upstream": {}, "installation": {"monitoring": {}, **installation}}
    config = {"namespace": "shop", "services": {"web": WEB}, "gateways": {"edge": gateway}}
    assert_problem(problems_of_stack(config), code, "gateways", "edge", "installation", field)
