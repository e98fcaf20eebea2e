"""The view of a stack: load balancers, routes, links, and exceptions, compared with what is registered."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico.args.codes import Code
from pulumi_portico.args.location import KeyStyle, location_text
from pulumi_portico.diagram import draw_svg
from pulumi_portico.ingress_gateway.routes import PathType
from pulumi_portico.lifecycle.cost import estimate_text
from pulumi_portico.stack import build, load_stack
from pulumi_portico.stack.view import (
    BackendView,
    ExceptionView,
    LinkKind,
    PeerKind,
    PeerView,
    PortView,
    RedirectView,
    ReplicasView,
    StackView,
    TlsTermination,
    UrlView,
)
from pulumi_portico.stack.view_text import url_text
from pulumi_portico.stack.views import aws_exceptions, exceptions, secrets, view_of
from pulumi_portico.testing import record

from tests.command import SHOP, plan_of
from tests.stacks import FOLDER, NAMES, components, recorded


def view(tmp_path: Path, **changes: Any) -> StackView:
    return view_of(plan_of(tmp_path, {**SHOP, **changes}))


def service(**more: Any) -> dict[str, Any]:
    return {"image": "api:1", "port": 8080, **more}


@pytest.mark.parametrize("name", NAMES)
def test_balancers_cost_what_the_components_output(name: str) -> None:
    made = {
        component: outputs
        for kind in ("IngressGateway", "PublicLoadBalancer", "AwsLoadBalancer")
        for component, outputs in components(recorded(name), kind)
        if outputs["load_balancers"]
    }
    balancers = view_of(load_stack(name, FOLDER)).balancers
    assert {
        balancer.name: (
            balancer.load_balancers,
            balancer.public_addresses,
            balancer.estimate.monthly,
            estimate_text(balancer.estimate),
        )
        for balancer in balancers
    } == {
        component: (it["load_balancers"], it["public_addresses"], it.get("monthly_cost"), it["cost"])
        for component, it in made.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_urls_are_those_that_the_components_output(name: str) -> None:
    services = view_of(load_stack(name, FOLDER)).services
    urls = {url_text(url).rstrip("/") for service in services for url in service.urls}
    for _, outputs in components(recorded(name), "IngressGateway"):
        for host, url in outputs["urls"].items():
            if host != "*":
                assert any(known == url or known.startswith(f"{url}/") for known in urls)


def policies(name: str) -> list[dict[str, Any]]:
    return [it for it in recorded(name).manifests() if it["kind"] == "NetworkPolicy"]


@pytest.mark.parametrize("name", NAMES)
def test_links_between_services_are_what_the_policies_allow_at_both_ends(name: str) -> None:
    plan = load_stack(name, FOLDER)
    links = {
        (link.source.name, link.target.name)
        for link in view_of(plan).links
        if link.source.kind is link.target.kind is PeerKind.SERVICE
    }
    own = {it["metadata"]["name"]: it["spec"] for it in policies(name) if it["metadata"].get("name") in plan.services}

    def reaches(peers: list[dict[str, Any]], other: str) -> bool:
        return any(
            it.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name") == other for it in peers
        )

    for source in plan.services:
        for target in plan.services:
            allowed_out = any(reaches(rule["to"], target) for rule in own[source].get("egress", []))
            allowed_in = any(reaches(rule["from"], source) for rule in own[target].get("ingress", []))
            assert ((source, target) in links) == (allowed_out and allowed_in), (source, target)


def of_service(name: str) -> PeerView:
    return PeerView(PeerKind.SERVICE, name)


ANYONE = PeerView(PeerKind.ANYONE)


def test_a_connection_that_only_one_end_allows_is_no_link(tmp_path: Path) -> None:
    services = {
        "a": service(allowTo=[{"namespace": "shop"}, {"cidr": "10.1.0.0/16"}]),
        "b": service(allowFrom=[{"service": "c"}, {"selector": {"app": "prometheus"}, "namespace": "monitoring"}]),
        "c": service(allowTo=[{"service": "b", "ports": [8080]}], allowFrom=[{"namespace": "shop", "ports": [9999]}]),
        "d": service(networkPolicy=False),
    }
    links = view(tmp_path, services=services, gateways={}, loadBalancers={}, awsLoadBalancers={}).links
    prometheus = PeerView(PeerKind.PODS, namespace="monitoring", labels=(("app", "prometheus"),))
    port, other_port = (PortView(8080, "TCP"),), (PortView(9999, "TCP"),)
    found = [(link.kind, link.source, link.target, link.ports) for link in links]
    expected = [
        (LinkKind.NETWORK_POLICY, of_service("a"), PeerView(PeerKind.ADDRESSES, cidr="10.1.0.0/16"), ()),
        (LinkKind.NETWORK_POLICY, of_service("a"), of_service("c"), other_port),
        (LinkKind.NETWORK_POLICY, of_service("a"), of_service("d"), ()),
        (LinkKind.NETWORK_POLICY, of_service("c"), of_service("b"), port),
        (LinkKind.NETWORK_POLICY, of_service("d"), of_service("c"), other_port),
        (LinkKind.NETWORK_POLICY, prometheus, of_service("b"), port),
        (LinkKind.UNRESTRICTED, of_service("d"), ANYONE, ()),
        (LinkKind.UNRESTRICTED, ANYONE, of_service("d"), ()),
    ]
    assert len(found) == len(expected)
    assert all(link in found for link in expected)


def clients_of(target: PeerView, found: StackView) -> set[PeerView]:
    return {link.source for link in found.links if link.target == target and link.kind is LinkKind.NETWORK_POLICY}


def test_a_peer_selects_pods_by_every_label_that_they_have(tmp_path: Path) -> None:
    identity = {"azureClientId": "00000000-0000-0000-0000-000000000000"}
    services = {
        "by-identity": service(allowFrom=[{"selector": {"azure.workload.identity/use": "true"}}]),
        "by-extra": service(allowFrom=[{"selector": {"team": "b"}}]),
        "by-pod": service(allowFrom=[{"selector": {"statefulset.kubernetes.io/pod-name": "c-0"}}]),
        "by-removed": service(allowFrom=[{"selector": {"team": "d"}}]),
        "a": service(identity=identity, networkPolicy=False),
        "b": service(extra={"metadata": {"labels": {"team": "b"}}}, networkPolicy=False),
        "c": service(kind="StatefulSet", networkPolicy=False),
        "d": service(labels={"team": "d"}, extra={"metadata": {"labels": {"team": None}}}, networkPolicy=False),
    }
    found = view_of(plan_of(tmp_path, {"namespace": "shop", "services": services}))
    for client, name in {"a": "by-identity", "b": "by-extra", "c": "by-pod"}.items():
        assert clients_of(of_service(name), found) == {of_service(client)}
    assert clients_of(of_service("by-removed"), found) == {PeerView(PeerKind.PODS, labels=(("team", "d"),))}


@pytest.mark.parametrize(
    ("peer", "others"),
    [
        ({"anyNamespace": True}, {PeerView(PeerKind.PODS, any_namespace=True), PeerView(PeerKind.GATEWAY, "edge")}),
        ({"service": "a", "anyNamespace": True}, {PeerView(PeerKind.EXTERNAL_SERVICE, "a", any_namespace=True)}),
        ({"namespace": "shop"}, set[PeerView]()),
        ({"service": "a"}, set[PeerView]()),
    ],
)
def test_a_peer_that_matches_a_service_can_match_other_pods_too(
    peer: Any, others: set[PeerView], tmp_path: Path
) -> None:
    services = {"a": service(networkPolicy=False), "b": service(allowFrom=[peer])}
    values = {"namespace": "shop", "services": services, "gateways": {"edge": {"upstream": {}}}}
    found = view_of(plan_of(tmp_path, values))
    assert clients_of(of_service("b"), found) - {of_service("b")} == {of_service("a"), *others}


def test_who_can_connect_to_a_controller_is_linked(tmp_path: Path) -> None:
    allowed = [{"service": "edge", "namespace": "edge"}]
    services = {"monitor": service(allowTo=allowed), "closed": service()}
    peers = [{"service": name, "namespace": "shop"} for name in services]
    edge = {"upstream": {"sources": ["10.0.0.0/8"]}, "installation": {"metricsFrom": [*peers, {"namespace": "other"}]}}
    found = view_of(plan_of(tmp_path, {"namespace": "shop", "services": services, "gateways": {"edge": edge}}))
    gateway = PeerView(PeerKind.GATEWAY, "edge")
    assert {link.source: [port.number for port in link.ports] for link in found.links if link.target == gateway} == {
        of_service("monitor"): [9113],
        PeerView(PeerKind.PODS, namespace="other"): [9113],
        PeerView(PeerKind.ADDRESSES, cidr="10.0.0.0/8"): [80, 443],
    }
    assert draw_svg(found)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (
            {"cidr": "10.1.0.0/16", "cidrExcept": ["10.1.2.0/24"]},
            PeerView(PeerKind.ADDRESSES, cidr="10.1.0.0/16", cidr_except=("10.1.2.0/24",)),
        ),
        ({"service": "db", "namespace": "data"}, PeerView(PeerKind.EXTERNAL_SERVICE, "db", "data")),
        ({"namespace": "data"}, PeerView(PeerKind.PODS, namespace="data")),
        (
            {"selector": {"app": "a"}, "anyNamespace": True},
            PeerView(PeerKind.PODS, any_namespace=True, labels=(("app", "a"),)),
        ),
        ({"service": "edge", "namespace": "edge"}, PeerView(PeerKind.GATEWAY, "edge")),
    ],
)
def test_peers_outside_of_the_services_are_data(peer: dict[str, Any], expected: PeerView, tmp_path: Path) -> None:
    web = of_service("web")
    values = {**SHOP["services"], "api": service(allowFrom=[peer, {"service": web.name}])}
    links = view(tmp_path, services=values).links
    sources = [link.source for link in links if link.kind is LinkKind.NETWORK_POLICY and link.target.name == "api"]
    assert [source for source in sources if source != web] == [expected]


def test_the_pods_of_a_service_can_connect_to_each_other_if_both_ends_allow_it(tmp_path: Path) -> None:
    itself = [{"service": "a"}]
    services = {"a": service(allowFrom=itself, allowTo=itself), "b": service(allowFrom=[{"namespace": "other"}])}
    found = view_of(plan_of(tmp_path, {"namespace": "shop", "services": services}))
    assert (of_service("a"), of_service("a")) in [(link.source, link.target) for link in found.links]
    assert draw_svg(found)


def test_gateways_and_load_balancers_are_linked_to_the_pods_port(tmp_path: Path) -> None:
    links = {(link.source, link.target): link.ports for link in view(tmp_path).links if link.kind is LinkKind.TARGET}
    edge, names, shared = (
        PeerView(PeerKind.GATEWAY, "edge"),
        *(PeerView(PeerKind.LOAD_BALANCER, name) for name in ("names", "shared")),
    )
    assert links[edge, of_service("api")] == (PortView(8080, "TCP"),)
    assert links[edge, of_service("reports")] == (PortView(8000, "TCP"),)
    assert links[names, of_service("dns")] == (PortView(5353, "UDP"),)
    assert links[shared, of_service("web")] == (PortView(8080, "TCP"),)


def test_routes_are_data(tmp_path: Path) -> None:
    routes = {
        (route.entry.name, route.scheme, route.host, route.path, route.path_type): route
        for route in view(tmp_path).routes
        if not route.conditions
    }
    host, prefix = "shop.example.com", PathType.PREFIX
    api, web = (BackendView(of_service(name), 80) for name in ("api", "web"))
    assert routes["edge", "https", host, "/api", prefix].action.backends == (api,)
    assert routes["edge", "https", host, "/api/health", PathType.EXACT].action.backends == (api,)
    assert routes["edge", "http", "plain.example.com", "/", prefix].action.backends == (web,)
    assert routes["edge", "https", "old.example.com", "/", prefix].action.redirect == RedirectView("https", host)
    assert routes["names", "udp", "", "", None].action.backends == (BackendView(of_service("dns"), 5353),)
    shares = {
        (backend.peer.name, backend.weight)
        for backend in routes["shared", "https", "", "/share", prefix].action.backends
    }
    assert shares == {("reports", 10), ("web", 90)}
    assert routes["shared", "https", "", "", None].action.status == 403
    # The listener that the component adds.
    added = routes["shared", "http", "", "", None]
    assert (added.action.redirect, added.client_port) == (RedirectView("https"), 80)


def test_conditions_are_data(tmp_path: Path) -> None:
    conditions = {route.conditions for route in view(tmp_path).routes if route.conditions}
    assert conditions == {
        (("methods", ("POST",)),),
        (("sources", ("10.0.0.0/8",)), ("header x-role", ("admin*",))),
    }


def test_a_service_lists_its_urls(tmp_path: Path) -> None:
    services = {it.name: it for it in view(tmp_path, loadBalancers={}, awsLoadBalancers={}).services}
    assert services["reports"].urls == (UrlView("https", "edge", "shop.example.com", path="/reports"),)
    assert services["dns"].urls == ()
    assert services["dns"].ports == (PortView(53, "UDP", "dns"),)
    assert services["api"].replicas == ReplicasView(2)


@pytest.mark.parametrize(
    ("args", "replicas"),
    [
        ({"replicas": 3}, ReplicasView(3)),
        ({"autoscaling": {"minReplicas": 3, "maxReplicas": 12}}, ReplicasView(3, 12, is_autoscaled=True)),
        ({"kind": "DaemonSet"}, ReplicasView(is_per_node=True)),
        ({"kind": "StatefulSet"}, ReplicasView(1)),
    ],
)
def test_the_replicas_of_a_service(args: dict[str, Any], replicas: ReplicasView, tmp_path: Path) -> None:
    found = view(tmp_path, services={"api": service(**args)}, gateways={}, loadBalancers={}, awsLoadBalancers={})
    assert found.services[0].replicas == replicas


def test_where_tls_terminates(tmp_path: Path) -> None:
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
    assert {it.name: it.tls for it in told.balancers} == {
        "here": TlsTermination.LOAD_BALANCER,
        "plain": TlsTermination.NONE,
        "through": TlsTermination.SERVICE,
    }
    assert [(code(it), path(it)) for it in told.exceptions] == [
        ("plain-text-port", "portico:loadBalancers.plain.target")
    ]


# A stack without exceptions, and what adds each of them, as a stack file has it.
GATEWAY: dict[str, Any] = {
    "exposure": {"scope": "internet", "platform": "gke", "allowedSources": ["203.0.113.0/24"]},
    "crds": {"installed": True},
    "tls": {"a.example.com": {"secret": "a"}},
    "routes": [{"host": "a.example.com", "target": {"service": "web"}}],
}
AWS: dict[str, Any] = SHOP["awsLoadBalancers"]["shared"]
HTTPS: dict[str, Any] = AWS["listeners"][0]
BUNDLE = {"bucket": "ours", "key": "ca.pem"}
ANY: list[Any] = ["0.0.0.0/0"]
ANY_PEER: list[Any] = [{"cidr": "0.0.0.0/0"}]
NAMESPACES: list[Any] = [{"anyNamespace": True}]
EXISTING: dict[str, Any] = {
    "exposure": None,
    "install": False,
    "className": "edge",
    "namespace": "edge",
    "tls": None,
    "crds": None,
}
WIDE = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@dataclass(frozen=True)
class Example:
    """A change of the secure stack, and the exception that it makes."""

    code: Code
    at: str
    """The arguments that the change is merged into."""
    change: dict[str, Any]
    path: str
    """The location of the exception, within those arguments."""
    value: Any = ANY[0]

    def __str__(self) -> str:
        return f"{self.at}.{self.path}"


REFLECTOR = "reflector.v1.k8s.emberstack.com/reflection-allowed"
MULTUS, TAILSCALE = "k8s.v1.cni.cncf.io/networks", "tailscale.com/expose"
NEG, MESH = "cloud.google.com/neg", "service.cilium.io/global"
EXPOSED = '{"exposed_ports": {"80": {}}}'
WEB, EDGE, EDGE_LB = "services.web", "gateways.edge", "gateways.edge.exposure"
OWN_LB, SHARED = "loadBalancers.own.exposure", "awsLoadBalancers.shared"
URL = "postgres://shop:hunter2@db/shop"
ADDED: dict[str, Any] = {
    "gateway": {"controller": "ingress-nginx", "className": "a", "namespace": "b", "controllerPeers": []},
    "routes": [{"host": "a.example.com", "target": {"service": "web"}, "rateLimit": {"requests": 5}}],
}
METADATA = "169.254.169.254/32"
TOKEN_TYPE = "kubernetes.io/service-account-token"
EXAMPLES = (
    Example(exceptions.METADATA_SERVER, WEB, {"allowTo": [{"cidr": METADATA}]}, "allowTo[0].cidr", METADATA),
    Example(
        exceptions.METADATA_SERVER,
        WEB,
        {"allowTo": [{"cidr": "169.254.0.0/16", "ports": [80]}]},
        "allowTo[0].cidr",
        "169.254.0.0/16",
    ),
    Example(exceptions.LASTING_TOKEN, "", {"secrets": {"t": {"type": TOKEN_TYPE}}}, "secrets.t.type", TOKEN_TYPE),
    Example(exceptions.CLIENTS_OF_CLASS, "", {"routes": {"more": ADDED}}, "routes.more.gateway", None),
    Example(
        exceptions.UNKNOWN_CLIENT_ADDRESS, "", {"routes": {"more": ADDED}}, "routes.more.routes[0].rateLimit", None
    ),
    Example(exceptions.CLIENTS_ANYWHERE, WEB, {"allowFrom": ANY_PEER}, "allowFrom[0].cidr"),
    Example(
        exceptions.CLIENTS_IN_ANY_NAMESPACE,
        WEB,
        {"allowFrom": NAMESPACES},
        "allowFrom[0].anyNamespace",
        value=True,
    ),
    Example(exceptions.SERVERS_ANYWHERE, WEB, {"allowTo": ANY_PEER}, "allowTo[0].cidr"),
    Example(
        exceptions.SERVERS_IN_ANY_NAMESPACE,
        WEB,
        {"allowTo": NAMESPACES},
        "allowTo[0].anyNamespace",
        value=True,
    ),
    Example(secrets.PLAIN_TEXT_SECRET, WEB, {"secretEnv": {"KEY": "x"}}, "secretEnv.KEY", "[secret]"),
    Example(
        secrets.SECRET_IN_PLAIN_FIELD, WEB, {"env": {"DATABASE": URL}}, "env.DATABASE", "postgres://[secret]@db/shop"
    ),
    Example(aws_exceptions.CLIENT_ADDRESSES, EDGE_LB, {"allowedSources": ANY}, "allowedSources[0]"),
    Example(exceptions.CLIENTS_ANYWHERE, EDGE_LB, {"clientIp": "hide", "platformSources": ANY}, "platformSources[0]"),
    Example(
        exceptions.UNCHECKED_EXPOSURE,
        EDGE_LB,
        {"annotations": {"example.com/a": "b"}},
        "annotations",
        {"example.com/a": "b"},
    ),
    Example(exceptions.CLIENTS_ANYWHERE, EDGE, {"exposure": None, "upstream": {"sources": ANY}}, "upstream.sources[0]"),
    Example(exceptions.CLIENTS_ANYWHERE, EDGE, {**EXISTING, "controllerPeers": ANY_PEER}, "controllerPeers[0].cidr"),
    Example(
        exceptions.CLIENTS_IN_ANY_NAMESPACE,
        EDGE,
        {**EXISTING, "controllerPeers": NAMESPACES},
        "controllerPeers[0].anyNamespace",
        value=True,
    ),
    Example(
        exceptions.CLIENTS_ANYWHERE,
        EDGE,
        {"installation": {"metricsFrom": ANY_PEER}},
        "installation.metricsFrom[0].cidr",
    ),
    Example(
        exceptions.DEFAULT_CLASS,
        EDGE,
        {"installation": {"defaultClass": True}},
        "installation.defaultClass",
        value=True,
    ),
    Example(exceptions.NO_ACCESS_LOG, EDGE, {"settings": {"accessLog": "off"}}, "settings.accessLog", "off"),
    Example(
        exceptions.UNLIMITED_BODY,
        EDGE,
        {"settings": {"bodySize": 0}, "installation": {"resources": {"limits": "none"}}},
        "settings.bodySize",
        0,
    ),
    Example(
        exceptions.UNLIMITED_BODY,
        EDGE,
        {
            "installation": {"resources": {"limits": "none"}},
            "routes": [{"host": "shop.example.com", "target": {"service": "web"}, "bodySize": 0}],
        },
        "routes[0].bodySize",
        0,
    ),
    Example(exceptions.ANY_ORIGIN, f"{EDGE}.routes[0]", {"cors": {"origins": ["*"]}}, "cors.origins[0]", "*"),
    Example(
        exceptions.INSECURE_COOKIE,
        f"{EDGE}.routes[0]",
        {"sessionPersistence": {"secure": False}},
        "sessionPersistence.secure",
        value=False,
    ),
    Example(aws_exceptions.CLIENT_ADDRESSES, OWN_LB, {"allowedSources": ANY}, "allowedSources[0]"),
    Example(exceptions.CLIENTS_ANYWHERE, OWN_LB, {"clientIp": "hide", "platformSources": ANY}, "platformSources[0]"),
    Example(
        exceptions.UNCHECKED_EXPOSURE,
        OWN_LB,
        {"annotations": {"example.com/a": "b"}},
        "annotations",
        {"example.com/a": "b"},
    ),
    Example(aws_exceptions.CLIENT_ADDRESSES, SHARED, {"allowedSources": ANY}, "allowedSources[0]"),
    Example(aws_exceptions.CLIENT_ADDRESSES, SHARED, {"sources": {"all": {"cidr": ANY[0]}}}, "sources.all.cidr"),
    Example(aws_exceptions.AWS_TARGETS_ANYWHERE, SHARED, {"targetRanges": ANY}, "targetRanges[0]"),
    Example(
        aws_exceptions.UNPROTECTED_FROM_DELETION,
        SHARED,
        {"deletionProtection": False},
        "deletionProtection",
        value=False,
    ),
    Example(aws_exceptions.CLIENTS_CLAIM_ADDRESSES, SHARED, {"forwardedFor": "preserve"}, "forwardedFor", "preserve"),
    Example(aws_exceptions.MONITORED_DESYNC, SHARED, {"desyncMode": "monitor"}, "desyncMode", "monitor"),
    Example(
        aws_exceptions.INVALID_HEADERS,
        SHARED,
        {"dropInvalidHeaders": False},
        "dropInvalidHeaders",
        value=False,
    ),
    Example(
        aws_exceptions.WILDCARDS_AT_ANY_DEPTH,
        SHARED,
        {"multiLabelWildcards": True},
        "multiLabelWildcards",
        value=True,
    ),
    Example(
        aws_exceptions.NO_ACCESS_LOG,
        SHARED,
        {"logs": {"access": False}},
        "logs.access",
        value=False,
    ),
    Example(
        aws_exceptions.DELETABLE_LOGS,
        SHARED,
        {"logs": {"deleteWithBalancer": True}},
        "logs.deleteWithBalancer",
        value=True,
    ),
    Example(exceptions.LOWERED_POD_SECURITY, "", {"podSecurity": "baseline"}, "podSecurity", "baseline"),
    Example(aws_exceptions.OLD_CIPHERS, f"{SHARED}.listeners[0]", {"policy": WIDE}, "policy", WIDE),
    Example(aws_exceptions.NO_HSTS, f"{SHARED}.listeners[0]", {"headers": {"hstsMaxAge": 0}}, "headers.hstsMaxAge", 0),
    Example(
        aws_exceptions.SNIFFED_CONTENT,
        f"{SHARED}.listeners[0]",
        {"headers": {"noSniff": False}},
        "headers.noSniff",
        value=False,
    ),
    Example(
        aws_exceptions.EXPIRED_CERTIFICATES,
        f"{SHARED}.listeners[0]",
        {"clientCertificates": {"bundle": BUNDLE, "ignoreExpiry": True}},
        "clientCertificates.ignoreExpiry",
        value=True,
    ),
)
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
    for step in filter(None, path.replace("[", ".").replace("]", "").split(".")):
        at = at[int(step)] if step.isdecimal() else at[step]
    at.update(change)
    return values


def code(exception: ExceptionView) -> str:
    return exception.exception.kind.name


def path(exception: ExceptionView) -> str:
    return location_text(exception.exception.location, KeyStyle.STACK)


def test_a_secure_stack_makes_no_exception(tmp_path: Path) -> None:
    assert view_of(plan_of(tmp_path, SECURE)).exceptions == ()


@pytest.mark.parametrize(("value", "expected"), [("false", 1), ("true", 0)])
def test_an_annotation_that_switches_the_access_log_off_is_an_exception(
    tmp_path: Path, value: str, expected: int
) -> None:
    key = "nginx.ingress.kubernetes.io/enable-access-log"
    values = changed("gateways.edge.routes[0]", {"annotations": {key: value}})
    values["gateways"]["edge"]["controller"] = "ingress-nginx"
    values["gateways"]["edge"].pop("crds", None)
    found = [each for each in view_of(plan_of(tmp_path, values)).exceptions if code(each) == "no-access-log"]
    where = ("gateways", "edge", "routes", 0, "annotations", key)
    assert [tuple(each.exception.location) for each in found] == [where] * expected


def test_every_kind_of_exception_has_an_example() -> None:
    kinds = {
        kind.name
        for module in (exceptions, aws_exceptions, secrets)
        for kind in vars(module).values()
        if isinstance(kind, Code)
    }
    assert kinds == {example.code.name for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_exception_has_a_code_a_location_and_a_value(example: Example, tmp_path: Path) -> None:
    values = changed(example.at, example.change)
    found = {(code(it), path(it)): it.value for it in view_of(plan_of(tmp_path, values)).exceptions}
    at = ".".join(filter(None, (example.at, example.path)))
    assert found[example.code.name, f"portico:{at}"] == example.value


RULE = {"verbs": ["get"], "resources": ["pods"], "resourceNames": ["web-0"]}


@pytest.mark.parametrize(
    ("args", "at", "value"),
    [
        ({"security": {"allowRoot": True}}, "security.allowRoot", True),
        ({"security": {"writableRoot": True}}, "security.writableRoot", True),
        ({"security": {"capabilities": ["NET_ADMIN"]}}, "security.capabilities", ["NET_ADMIN"]),
        ({"security": {"user": 1000}}, "security.user", 1000),
        ({"identity": {"token": True}}, "identity.token", True),
        ({"identity": {"rules": [RULE]}}, "identity.rules", [RULE]),
        ({"image": "api:latest", "imagePolicy": {"allowLatest": True}}, "imagePolicy.allowLatest", True),
        ({"networkPolicy": False}, "networkPolicy", False),
        ({"podAnnotations": {MULTUS: "macvlan"}}, f"podAnnotations.{MULTUS}", "macvlan"),
        ({"service": {"annotations": {TAILSCALE: "true"}}}, f"service.annotations.{TAILSCALE}", "true"),
        (
            {"additionalServices": {"more": {"annotations": {TAILSCALE: "true"}}}},
            f"additionalServices.more.annotations.{TAILSCALE}",
            "true",
        ),
        ({"service": {"annotations": {NEG: EXPOSED}}}, f"service.annotations.{NEG}", EXPOSED),
        ({"service": {"annotations": {MESH: "true"}}}, f"service.annotations.{MESH}", "true"),
        ({"resources": {"limits": "none"}}, "resources.limits", "none"),
        ({"extra": {"spec": {"hostname": "api"}}}, "extra", {"spec": {"hostname": "api"}}),
    ],
)
def test_the_view_has_the_exceptions_that_services_report(args: Any, at: str, value: Any, tmp_path: Path) -> None:
    others = {"gateways": {}, "loadBalancers": {}, "awsLoadBalancers": {}, "podSecurity": "privileged"}
    level, *found = view(tmp_path, services={"api": service(**args)}, **others).exceptions
    assert (path(level), level.value) == ("portico:podSecurity", "privileged")
    assert [(path(it), it.value) for it in found] == [(f"portico:services.api.{at}", value)]


def test_annotations_that_expose_nothing_are_no_exceptions(tmp_path: Path) -> None:
    quiet = {TAILSCALE: "false", NEG: '{"ingress": true}', "example.com/a": "b"}
    values = changed(WEB, {"service": {"annotations": quiet}, "podAnnotations": {"example.com/a": "b"}})
    assert exceptions_of(tmp_path, values) == []


def test_networks_that_extra_adds_are_exceptions(tmp_path: Path) -> None:
    values = changed(WEB, {"extra": {"metadata": {"annotations": {MULTUS: "macvlan"}}}})
    found = [path(it) for it in exceptions_of(tmp_path, values) if code(it) == "pods-in-further-networks"]
    assert found == [f"portico:services.web.extra.metadata.annotations.{MULTUS}"]


def exceptions_of(tmp_path: Path, values: dict[str, Any]) -> list[ExceptionView]:
    return list(view_of(plan_of(tmp_path, values)).exceptions)


def test_the_view_has_the_exceptions_that_gateways_report_and_routes_without_tls(tmp_path: Path) -> None:
    routes = [*GATEWAY["routes"], {"host": "b.example.com", "target": {"service": "web"}, "protocol": "HTTPS"}]
    values = changed("gateways.edge", {"routes": routes, "httpsRedirect": False})
    assert [path(it) for it in exceptions_of(tmp_path, values)] == [
        "portico:gateways.edge.httpsRedirect",
        "portico:gateways.edge.routes[1].host",
        "portico:gateways.edge.routes[1].protocol",
    ]


@pytest.mark.parametrize(
    ("annotations", "reported"),
    [
        ({REFLECTOR: "true"}, [REFLECTOR]),
        ({"replicator.v1.mittwald.de/replicate-to": "b"}, ["replicator.v1.mittwald.de/replicate-to"]),
        ({"kubed.appscode.com/sync": ""}, ["kubed.appscode.com/sync"]),
        ({REFLECTOR: "false", "example.com/a": "b"}, []),
    ],
)
def test_private_keys_that_programs_copy_are_reported(
    annotations: dict[str, str], reported: list[str], tmp_path: Path
) -> None:
    host = next(iter(GATEWAY["tls"]))
    tls = {host: {"issuer": "letsencrypt", "secretAnnotations": annotations}}
    found = exceptions_of(tmp_path, changed("gateways.edge", {"tls": tls}))
    assert [(code(it), path(it)) for it in found] == [
        ("copied-secret", f"portico:gateways.edge.tls.{host}.secretAnnotations.{key}") for key in reported
    ]


def test_a_route_without_a_host_is_reported_at_its_path(tmp_path: Path) -> None:
    routes = [{"target": {"service": "web"}}, {"path": "/api", "target": {"service": "web"}}]
    values = changed("gateways.edge", {"routes": routes, "tls": {}})
    assert [(code(it), path(it), it.value) for it in exceptions_of(tmp_path, values)] == [
        ("plain-text-path", "portico:gateways.edge.routes[0]", None),
        ("plain-text-path", "portico:gateways.edge.routes[1].path", "/api"),
    ]


def test_a_gateway_behind_a_load_balancer_that_terminates_tls_makes_no_exception(tmp_path: Path) -> None:
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
    assert [path(it) for it in exceptions_of(tmp_path / "http", values)] == ["portico:gateways.edge.routes[0].host"]


def test_the_private_network_needs_no_tls(tmp_path: Path) -> None:
    routes = [{"host": "b.example.com", "target": {"service": "web"}}]
    exposure = {"scope": "internal", "platform": "gke"}
    values = changed("gateways.edge", {"routes": routes, "tls": {}, "exposure": exposure})
    assert exceptions_of(tmp_path, values) == []


def test_plain_http_at_a_load_balancer_on_aws_is_reported_unless_it_redirects_to_https(tmp_path: Path) -> None:
    plain = {"port": 8080, "protocol": "http", "target": "web"}
    values = changed("awsLoadBalancers.shared", {"listeners": [{**HTTPS, "routes": []}, plain]})
    (found,) = exceptions_of(tmp_path, values)
    assert (code(found), path(found), found.value) == (
        "plain-text-listener",
        "portico:awsLoadBalancers.shared.listeners[1].protocol",
        "http",
    )
    assert found.exception.params == {"port": 8080}


def test_the_view_has_only_plain_values_even_if_the_stack_has_secrets(tmp_path: Path) -> None:
    secure = {"secure": "v1:djBlZm9vYmFy:YmFy"}
    values = {**SECURE, "services": {**SECURE["services"], "web": service(env={"A": secure})}}
    del values["loadBalancers"], values["awsLoadBalancers"]
    plan = plan_of(tmp_path, values)
    assert json.loads(json.dumps(asdict(view_of(plan))))
    # The view doesn't change the plan.
    assert record(lambda: build(plan)).registrations


@pytest.mark.parametrize(
    "peer",
    [
        {"cidr": "169.254.0.0/16", "cidrExcept": [METADATA]},
        {"cidr": METADATA, "ports": [53]},
        {"cidr": "169.254.20.10/32"},
        {"cidr": "10.0.0.0/8"},
    ],
)
def test_other_addresses_are_no_metadata_server(peer: Any, tmp_path: Path) -> None:
    found = exceptions_of(tmp_path, changed(WEB, {"allowTo": [peer]}))
    assert "pods-to-metadata-server" not in {code(exception) for exception in found}
