"""Field cases A: traffic that's wrongly admitted or blocked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_portico import IngressGateway, IngressRoutes
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.views import view_of

from tests.scoreboard.cases import (
    AWS_PARTS,
    CERTIFICATE,
    WEB,
    Pods,
    admits,
    annotations_of,
    assert_accepted,
    assert_rejected,
    balancer,
    balancer_service,
    gateway,
    held_case,
    is_rejected,
    is_reported,
    of_kind,
    raised_by,
    render,
    rendered_unless_rejected,
    service,
    stack,
)
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.ingress_nginx import IngressNginx
from tests.unit.readers.nginx import Request

NARROW = {"scope": "internet", "allowedSources": ["203.0.113.0/24"]}
LEGACY = {**NARROW, "platform": "aws-legacy"}
FRONT = ("loadBalancers", "front")
WEB_POD = {"app.kubernetes.io/name": "web"}
_LBC = "service.beta.kubernetes.io/aws-load-balancer-"


# A1, A2, A9, A10: on AWS, ranges that nothing enforces. `clientIp: preserve` makes the node's rules enforce them.

INTERNAL = {**LEGACY, "scope": "internal", "allowedSources": ["10.9.0.0/16"]}
PROXIED = {"clientIp": "proxy-protocol"}, {"targetReadsProxyProtocol": True}
CERTIFIED = {"tls": {"certificates": [CERTIFICATE]}}
ELASTIC = {"staticAddresses": ["eipalloc-0123456789abcdef0"], "subnets": ["subnet-0123456789abcdef0"]}


@pytest.mark.parametrize(
    ("exposure", "fields"),
    [
        held_case("A1", LEGACY, {}, row="the client address is hidden"),
        held_case(
            "A1",
            {**LEGACY, **PROXIED[0]},
            PROXIED[1],
            row="the client address is in the PROXY protocol",
        ),
        held_case("A10", INTERNAL, {}),
        # Further instances.
        held_case("A1", {**LEGACY, **CERTIFIED}, {}, row="with TLS"),
        held_case("A1", {**LEGACY, **ELASTIC}, {}, row="with static addresses"),
        held_case("A1", {**LEGACY, "health": {"path": "/healthz"}}, {}, row="with a health check"),
        held_case("A1", {**LEGACY, "allowedSources": ["0.0.0.0/1"]}, {}, row="half of all addresses"),
        held_case("A1", {**LEGACY, "platformSources": ["10.0.0.0/16"]}, {}, row="with the platform's sources"),
        held_case("A10", {**INTERNAL, **PROXIED[0]}, PROXIED[1], row="the PROXY protocol"),
    ],
)
def test_narrow_ranges_need_the_client_address_on_aws_legacy(exposure: Any, fields: Any) -> None:
    unfit = ("health", "platformSources")
    with_the_address = {**{key: value for key, value in exposure.items() if key not in unfit}, "clientIp": "preserve"}
    assert not is_rejected(balancer(with_the_address), *FRONT)
    manifests = rendered_unless_rejected(balancer(exposure, **fields), *FRONT)
    # If the default changes to `preserve`, the ranges are enforced too.
    assert manifests is None or balancer_service(manifests)["spec"]["externalTrafficPolicy"] == "Local"


def test_narrow_ranges_of_a_gateway_need_the_client_address_on_aws_legacy() -> None:
    """A1, at another entry point."""
    with_the_address = gateway(exposure={**LEGACY, "clientIp": "preserve"})
    assert_rejected(gateway(exposure=LEGACY), "gateways", "edge", unlike=with_the_address)


@pytest.mark.parametrize("halves", [["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/0"]])
def test_ranges_that_add_up_to_everyone_need_nothing_that_enforces_them(halves: Any) -> None:
    """A1: what counts as everyone, wherever Portico decides by it."""
    values = balancer({**LEGACY, "allowedSources": halves})
    assert_accepted(values, *FRONT)
    assert is_reported(values, *FRONT, "exposure", "allowedSources")


NO_GROUP = {f"{_LBC}disable-nlb-sg": "true"}
IPV6_TOO = {"ipAddressType": "dualstack", "allowedSources": ["203.0.113.0/24", "2001:db8::/32"]}


@pytest.mark.parametrize(
    ("exposure", "fields"),
    [
        held_case("A2", {}, {}),
        # Further instances.
        held_case("A2", {"platform": "eks-auto-mode"}, {}, row="EKS Auto Mode"),
        held_case("A2", {"scope": "internal"}, {}, row="internal"),
        held_case("A2", *PROXIED, row="the PROXY protocol"),
        held_case("A2", {"aws": {"targetType": "instance"}}, {}, row="instance targets"),
        held_case("A2", {"annotations": {f"{_LBC}disable-nlb-sg": "1"}}, {}, row="another word for true"),
        held_case("A2", {"clientIp": "preserve", **IPV6_TOO}, {}, row="AWS translates IPv6 to IPv4"),
        held_case("A2", {"allowedSources": None, "aws": {"prefixLists": ["pl-1"]}}, {}, row="prefix lists"),
        held_case(
            "A2",
            {"clientIp": "preserve", "allowedSources": None, "aws": {"securityGroups": ["sg-1"]}},
            {},
            row="security groups",
        ),
    ],
)
def test_narrow_ranges_without_a_security_group_are_rejected_on_aws_controller(exposure: Any, fields: Any) -> None:
    given = {**NARROW, "platform": "aws-controller", "annotations": NO_GROUP, **exposure}
    given = {key: value for key, value in given.items() if value is not None}
    with_group = {key: value for key, value in given.items() if key != "annotations"}
    assert_rejected(balancer(given, **fields), *FRONT, unlike=balancer(with_group, **fields))


PRIVATE_LINK_OFF = {f"{_LBC}inbound-sg-rules-on-private-link-traffic": "off"}
CILIUM_DENIES = {"service.cilium.io/src-ranges-policy": "deny"}
NO_RULES = {"service.beta.kubernetes.io/azure-disable-load-balancer-nsg-rule": "true"}
PRIVATE_LINK_SERVICE = {"service.beta.kubernetes.io/azure-pls-create": "true"}
MORE_ADDRESSES = {"service.beta.kubernetes.io/azure-additional-public-ips": "192.0.2.1"}
ON_TAILNET = {"tailscale.com/expose": "true"}
MORE_NETWORKS = {"k8s.v1.cni.cncf.io/networks": "macvlan"}
TAGS = {"allowedSources": None, "azure": {"serviceTags": ["AzureFrontDoor.Backend"]}}


@pytest.mark.parametrize(
    ("platform", "annotations", "fields"),
    [
        held_case("A2", "aws-controller", PRIVATE_LINK_OFF, {}, row="clients of AWS PrivateLink"),
        held_case("A2", "eks-auto-mode", PRIVATE_LINK_OFF, {}, row="clients of AWS PrivateLink, EKS Auto Mode"),
        held_case("A2", "azure", NO_RULES, TAGS, row="no rules for service tags on Azure"),
        held_case("A2", "azure", NO_RULES, {"azure": {"floatingIp": False}}, row="no rules for node ports on Azure"),
        held_case("A2", "azure", MORE_ADDRESSES, {"scope": "internal"}, row="public addresses on Azure"),
        held_case("A2", "gke", CILIUM_DENIES, {}, row="Cilium denies the ranges on GKE"),
        held_case("A2", "generic", CILIUM_DENIES, {}, row="Cilium denies the ranges"),
    ],
)
def test_an_annotation_that_changes_who_can_connect_is_rejected(platform: str, annotations: Any, fields: Any) -> None:
    """A2: every other platform and annotation of the kind."""
    given = {**NARROW, "platform": platform, **fields}
    given = {key: value for key, value in given.items() if value is not None}
    assert_rejected(balancer({**given, "annotations": annotations}), *FRONT, unlike=balancer(given))


@pytest.mark.parametrize(
    ("exposure", "labels"),
    [
        held_case("A2", {"loadBalancerClass": "tailscale"}, {}, row="the class of Tailscale"),
        held_case("A2", {"loadBalancerClass": "service.k8s.aws/nlb"}, {}, row="a class of another platform"),
        held_case("A2", {}, {"service.kubernetes.io/service-proxy-name": "a"}, row="nodes don't serve the Service"),
    ],
)
def test_what_keeps_nodes_from_enforcing_narrow_ranges_is_rejected(exposure: Any, labels: Any) -> None:
    """A2: other things than annotations."""
    given = {**NARROW, "platform": "generic", "clientIp": "preserve"}
    assert_rejected(balancer({**given, **exposure}, labels=labels), *FRONT, unlike=balancer(given))


@pytest.mark.parametrize("groups", [held_case("A9", [" "], row="a space"), held_case("A9", ["\\"], row="a backslash")])
def test_security_groups_that_the_controller_takes_for_none_are_rejected(groups: Any) -> None:
    """The AWS Load Balancer Controller then admits everyone."""
    given = {"scope": "internet", "platform": "aws-controller"}
    named = {"aws": {"securityGroups": ["sg-0123456789abcdef0"]}}
    rejected = balancer({**given, "aws": {"securityGroups": groups}})
    assert_rejected(rejected, *FRONT, unlike=balancer({**given, **named}))


@pytest.mark.parametrize("exposure", [{"clientIp": "preserve"}, {"allowedSources": ["0.0.0.0/0"]}])
def test_a_load_balancer_without_a_security_group_is_accepted_if_the_ranges_hold(exposure: Any) -> None:
    """A2: what the annotation can be used for."""
    given = {**NARROW, "platform": "aws-controller", "annotations": NO_GROUP, **exposure}
    assert_accepted(balancer(given), *FRONT)


@pytest.mark.parametrize(
    "sources",
    [
        held_case("A9", {"allowedSources": None}, row="security groups alone"),
        held_case("A9", {}, row="security groups and ranges"),
        held_case("A9", {"allowedSources": None, "clientIp": "preserve"}, row="with the client address"),
    ],
)
def test_security_groups_are_rejected_on_aws_legacy_unless_it_manages_them(sources: Any) -> None:
    groups = {"aws": {"securityGroups": ["sg-0123456789abcdef0"]}}
    everyone = {**LEGACY, "allowedSources": ["0.0.0.0/0"]}
    assert_rejected(balancer({**LEGACY, **groups, **sources}), *FRONT, unlike=balancer(everyone))


@pytest.mark.parametrize("client_ip", ["hide", "preserve", "proxy-protocol"])
def test_a_stack_declares_that_aws_legacy_manages_security_groups(client_ip: str) -> None:
    """A9: each load balancer then has a group with exactly the sources."""
    managed = {"securityGroupMode": "Managed"}
    fields = PROXIED[1] if client_ip == "proxy-protocol" else {}
    assert_accepted(balancer({**LEGACY, "clientIp": client_ip, "aws": managed}, **fields), *FRONT)
    groups = {**managed, "securityGroups": ["sg-0123456789abcdef0"]}
    given = {"scope": "internet", "platform": "aws-legacy", "clientIp": client_ip}
    assert_accepted(balancer({**given, "aws": groups}, **fields), *FRONT)


def test_service_tags_admit_the_whole_virtual_network_to_an_internal_load_balancer() -> None:
    """A further instance of A10: AKS denies the rest of the network only if there are ranges too."""
    tags = {"scope": "internal", "platform": "azure", "azure": {"serviceTags": ["AzureFrontDoor.Backend"]}}
    assert_rejected(balancer(tags), *FRONT, unlike=balancer({**tags, "allowedSources": ["10.9.0.0/16"]}))


# A3: dataplanes that see the client's own address, or none that an ipBlock matches.


@pytest.mark.parametrize("platform", [held_case("A3", it, row=f"policy on {it}") for it in ("gke", "azure", "generic")])
def test_the_policy_of_a_pass_through_balancer_admits_the_allowed_sources(platform: str) -> None:
    manifests = render(balancer({**NARROW, "platform": platform, "clientIp": "hide"}))
    assert admits(manifests, "ingress", WEB_POD, "203.0.113.7", 8080)
    assert not admits(manifests, "ingress", WEB_POD, "198.51.100.7", 8080)


def test_the_policy_admits_azures_health_checks_of_pods() -> None:
    """A further instance of A3: without them, the load balancer sends a node no connections."""
    azure = {**NARROW, "platform": "azure"}
    hidden, preserved = (render(balancer({**azure, "clientIp": it})) for it in ("hide", "preserve"))
    assert admits(hidden, "ingress", WEB_POD, "168.63.129.16", 8080)
    # The nodes respond to these.
    assert not admits(preserved, "ingress", WEB_POD, "168.63.129.16", 8080)


@pytest.mark.parametrize("platform", [held_case("A3", it, row=f"default on {it}") for it in ("gke", "azure")])
def test_a_pass_through_balancer_preserves_the_client_address_by_default(platform: str) -> None:
    manifests = render(balancer({"scope": "internet", "platform": platform, "allowedSources": ["0.0.0.0/0"]}))
    assert balancer_service(manifests)["spec"]["externalTrafficPolicy"] == "Local"


# A4: DNS as clusters run it. The kube-dns ClusterIP, which no default can name, is for the stack's `dns` setting.

NODE_LOCAL = Pods({"k8s-app": "node-local-dns"}, "kube-system")
OPENSHIFT = Pods({"dns.operator.openshift.io/daemonset-dns": "default"}, "openshift-dns")
KUBE_DNS = Pods({"k8s-app": "kube-dns"}, "kube-system")


@pytest.mark.parametrize(
    ("server", "port"),
    [
        held_case("A4", NODE_LOCAL, 53, row="pods of node-local-dns"),
        held_case("A4", OPENSHIFT, 5353, row="OpenShift"),
        held_case("A4", KUBE_DNS, 8053, row="Gardener"),
    ],
)
def test_the_default_policy_admits_every_cluster_dns(server: Pods, port: int) -> None:
    manifests = render(service())
    assert admits(manifests, "egress", WEB_POD, KUBE_DNS, 53, "UDP")
    assert admits(manifests, "egress", WEB_POD, server, port, "UDP")
    assert admits(manifests, "egress", WEB_POD, server, port, "TCP")


def test_a_stack_has_a_setting_for_dns() -> None:
    assert_accepted(stack(dns={}), "dns")


# A5: what an identity needs to be of use.


@pytest.mark.parametrize(
    ("identity", "address", "port"),
    [
        held_case("A5", {"awsRoleArn": "arn:aws:iam::123456789012:role/web"}, "52.94.133.131", 443, row="STS"),
        held_case(
            "A5",
            {"awsRoleArn": "arn:aws:iam::123456789012:role/web"},
            "169.254.170.23",
            80,
            row="EKS Pod Identity agent",
        ),
        held_case(
            "A5",
            {"gcpServiceAccount": "web@shop.iam.gserviceaccount.com"},
            "169.254.169.254",
            80,
            row="GKE metadata server",
        ),
        held_case("A5", {"token": True}, "10.0.0.1", 443, row="API server"),
    ],
)
def test_an_identity_opens_what_it_needs_or_says_what_is_missing(
    identity: Mapping[str, Any], address: str, port: int
) -> None:
    values = service(identity=identity)
    # A loosening is listed by `explain` as it is; what's missing is reported by `check`.
    reported = is_reported(values, "services", "web", "identity", explain=False)
    assert reported or admits(render(values), "egress", WEB_POD, address, port)


# A6: policies match the pod's port, not the Service's.

API: Mapping[str, Any] = {**WEB, "port": 8080, "servicePort": 80}


@pytest.mark.parametrize(
    ("pod", "direction", "web", "api"),
    [
        held_case("A6", "web", "egress", {"allowTo": [{"service": "api", "ports": [80]}]}, {}, row="allowTo"),
        held_case("A6", "api", "ingress", {}, {"allowFrom": [{"service": "web", "ports": [80]}]}, row="allowFrom"),
    ],
)
def test_a_peers_port_is_the_pods_port_or_is_rejected(pod: str, direction: str, web: Any, api: Any) -> None:
    open_to_all = {"allowFrom": [{"service": "web"}]}, {"allowTo": [{"service": "api"}]}
    services = {"web": {**API, **open_to_all[1], **web}, "api": {**API, **open_to_all[0], **api}}
    manifests = rendered_unless_rejected(stack(services=services), "services", pod)
    peer = Pods({"app.kubernetes.io/name": "api" if pod == "web" else "web"})
    assert manifests is None or admits(manifests, direction, {"app.kubernetes.io/name": pod}, peer, 8080)


def test_allow_to_without_the_other_services_allow_from_is_reported() -> None:
    both_sides = {"web": {**API, "allowTo": [{"service": "api"}]}, "api": {**API, "allowFrom": [{"service": "web"}]}}
    assert not is_reported(stack(services=both_sides), "services")
    assert is_reported(stack(services={**both_sides, "api": API}), "services")


# A7: a limit for each client, of clients that look like one.


@pytest.mark.parametrize("controller", [held_case("A7", it, row=it) for it in ("f5-nginx", "ingress-nginx")])
def test_a_rate_limit_needs_the_client_address(controller: str) -> None:
    def limited(client_ip: str) -> dict[str, Any]:
        exposure = {**NARROW, "platform": "gke", "clientIp": client_ip}
        route = {"host": "shop.example.com", "rateLimit": {"requests": 5}}
        return gateway(route, controller=controller, exposure=exposure)

    assert not is_rejected(limited("preserve"), "gateways", "edge")
    manifests = rendered_unless_rejected(limited("hide"), "gateways", "edge")
    if manifests is not None:
        keys = [annotations_of(it).get("nginx.org/limit-req-key", "") for it in of_kind(manifests, "Ingress")]
        assert any(keys), "the limit is by the connection's address"
        assert not any("remote_addr" in it for it in keys)


HIDDEN = {**NARROW, "platform": "gke", "clientIp": "hide"}
LIMIT = {"rateLimit": {"requests": 5}}


@pytest.mark.parametrize(
    ("controller", "route"),
    [
        held_case("A7", "ingress-nginx", {"rateLimit": {"connections": 5}}, row="connections"),
        held_case("A7", "f5-nginx", {"loadBalancing": "client-address"}, row="a pod for each client"),
        held_case("A7", "f5-nginx", {"allowedSources": ["203.0.113.0/24"]}, row="allowed sources"),
        held_case("A7", "ingress-nginx", {"deniedSources": ["203.0.113.0/24"]}, row="denied sources"),
        held_case(
            "A7",
            "ingress-nginx",
            {"annotations": {"nginx.ingress.kubernetes.io/whitelist-source-range": "203.0.113.0/24"}},
            row="a raw annotation",
        ),
    ],
)
def test_what_depends_on_the_client_address_is_rejected_if_it_is_hidden(controller: str, route: Any) -> None:
    given = {"host": "shop.example.com", **route}
    preserved = gateway(given, controller=controller, exposure={**HIDDEN, "clientIp": "preserve"})
    assert_rejected(gateway(given, controller=controller, exposure=HIDDEN), "gateways", "edge", unlike=preserved)


TO_EDGE = {"target": {"gateway": "edge"}}
UPSTREAM: dict[str, Any] = {"upstream": {"sources": ["10.0.0.0/16"]}}
TRUSTED = {"settings": {"forwardedFrom": ["10.0.0.0/16"]}}


def limited_behind(parts: Any, **fields: Any) -> dict[str, Any]:
    """A gateway with a rate limit, behind load balancers of the stack."""
    return {**gateway({"host": "shop.example.com", **LIMIT}, **{**UPSTREAM, **fields}), **parts}


def front_of_aws(kind: str, **target: Any) -> dict[str, Any]:
    listener = {"port": 80, "protocol": "http" if kind == "application" else "tcp", "target": "web"}
    targets = {"web": {"target": {"gateway": "edge", "portName": "http"}, **target}}
    return {"awsLoadBalancers": {"front": {**AWS_PARTS, "kind": kind, "targets": targets, "listeners": [listener]}}}


def test_a_rate_limit_needs_the_client_address_from_the_load_balancer_in_front() -> None:
    """A7: the gateway doesn't hide it, but what leads to it does."""
    own = {"loadBalancers": {"front": {**TO_EDGE, "exposure": HIDDEN}}}
    preserved = {"loadBalancers": {"front": {**TO_EDGE, "exposure": {**HIDDEN, "clientIp": "preserve"}}}}
    assert_rejected(limited_behind(own), "gateways", "edge", unlike=limited_behind(preserved))
    network, kept = front_of_aws("network"), front_of_aws("network", clientIp="preserve")
    assert_rejected(limited_behind(network), "gateways", "edge", unlike=limited_behind(kept))
    application = front_of_aws("application")
    assert_rejected(limited_behind(application), "gateways", "edge", unlike=limited_behind(application, **TRUSTED))


@pytest.mark.parametrize("client_ip", ["hide", "preserve"])
def test_a_rate_limit_of_added_routes_needs_the_client_address(client_ip: str) -> None:
    """A7, at another entry point: a program that adds routes to its gateway."""
    exposure: Any = {
        "scope": "internet",
        "platform": "gke",
        "allowed_sources": ["203.0.113.0/24"],
        "client_ip": client_ip,
    }
    target: Any = {"service": "web", "namespace": "shop", "port": 80}
    limited: Any = [{"host": "shop.example.com", "target": target, "rate_limit": {"requests": 5}}]

    def program() -> None:
        edge = IngressGateway("edge", {"exposure": exposure})
        IngressRoutes("shop", {"gateway": edge.reference, "routes": limited})

    assert ("rate_limit" in raised_by(program)) == (client_ip == "hide")


# A8: what the pod learns of the client, if the client claims to be another one.


def test_both_controllers_pass_on_the_same_forwarded_header() -> None:
    """Or the difference is reported, with the switch."""
    request = Request("shop.example.com", client="203.0.113.7", headers={"X-Forwarded-For": "198.51.100.1"})
    received: dict[str, str] = {}
    for controller, reader in (("f5-nginx", F5Nginx), ("ingress-nginx", IngressNginx)):
        manifests = render(gateway({"host": "shop.example.com"}, controller=controller))
        data = next(it["data"] for it in of_kind(manifests, "ConfigMap", "edge"))
        answer = reader(manifests, config_map=data).answer(request)
        received[controller] = answer.settings["forwarded_for"]
    differs = gateway({"host": "shop.example.com"}, controller="f5-nginx")
    assert len(set(received.values())) == 1 or is_reported(differs, "gateways", "edge", explain=False)


@pytest.mark.parametrize(("controller", "behavior"), [("f5-nginx", "append"), ("ingress-nginx", "replace")])
def test_a_stack_states_what_its_applications_rely_on(controller: str, behavior: str) -> None:
    """A8: the switch. It accepts what the controller does, and rejects the other one."""

    def relying(forwarded_for: str) -> dict[str, Any]:
        return gateway(ROUTE, controller=controller, settings={"forwardedFor": forwarded_for})

    assert not is_reported(relying(behavior), "gateways", "edge", "settings", explain=False)
    other = {"append": "replace", "replace": "append"}[behavior]
    assert_rejected(relying(other), "gateways", "edge", "settings", unlike=relying(behavior))


# What is public is reported.

ROUTE = {"host": "shop.example.com"}
EXISTING: dict[str, Any] = {
    "install": False,
    "className": "nginx",
    "namespace": "edge",
    "controllerPeers": [{"namespace": "edge"}],
}
GENERIC: dict[str, Any] = {
    "install": False,
    "controller": "generic",
    "className": "other",
    "namespace": "shop",
    "controllerPeers": [],
}
NETWORK = {**AWS_PARTS, "kind": "network", "listeners": [{"port": 80, "protocol": "tcp", "target": "web"}]}
LIST = "pl-0123456789abcdef0"
HALVES = ["0.0.0.0/1", "128.0.0.0/1"]
IPV6_HALVES = ["::/1", "8000::/1"]
PLATFORM_ONLY = {"clientIp": "proxy-protocol", "annotations": {"example.com/proxy-protocol": "true"}}


OPENING_MANIFESTS: list[dict[str, Any]] = [
    {**manifest, "metadata": {"name": "a"}}
    for manifest in (
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}, "ingress": [{}]}},
        {"apiVersion": "v1", "kind": "Namespace"},
        {"apiVersion": "v1", "kind": "Endpoints", "subsets": []},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "roleRef": {}},
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "webhooks": []},
    )
]


def added(route: Mapping[str, Any]) -> dict[str, Any]:
    """A stack that adds a route to the gateway of another one."""
    reference = {"controller": "ingress-nginx", "className": "a", "namespace": "b", "controllerPeers": []}
    full = {"host": "shop.example.com", "target": {"service": "web"}, **route}
    return stack(routes={"more": {"gateway": reference, "routes": [full]}})


@pytest.mark.parametrize(
    ("values", "location"),
    [
        (gateway(ROUTE, **EXISTING), ("gateways", "edge", "className")),
        (gateway(ROUTE, **GENERIC), ("gateways", "edge", "className")),
        (gateway(ROUTE, **EXISTING), ("gateways", "edge", "routes", 0, "host")),
        (gateway(ROUTE, **GENERIC), ("gateways", "edge", "routes", 0, "host")),
        (gateway(ROUTE, **UPSTREAM), ("gateways", "edge", "routes", 0, "host")),
        (gateway(ROUTE, exposure={**HIDDEN, "allowedSources": HALVES}), ("gateways", "edge", "exposure")),
        (balancer({**HIDDEN, "allowedSources": ["2000::/3"]}), (*FRONT, "exposure", "allowedSources")),
        (
            balancer({**HIDDEN, "ipAddressType": "dualstack", "allowedSources": IPV6_HALVES}),
            (*FRONT, "exposure", "allowedSources"),
        ),
        (
            balancer({"scope": "internet", "platform": "azure", "azure": {"serviceTags": ["Internet"]}}),
            (*FRONT, "exposure", "azure", "serviceTags"),
        ),
        (
            balancer({**NARROW, "platform": "generic", **PLATFORM_ONLY}, targetReadsProxyProtocol=True),
            (*FRONT, "exposure", "allowedSources"),
        ),
        (
            balancer({**NARROW, "platform": "generic", "allowedSources": ["10.0.0.0/8"]}),
            (*FRONT, "exposure", "allowedSources"),
        ),
        (balancer({**NARROW, "platform": "generic"}), (*FRONT, "exposure", "allowedSources")),
        (
            balancer({"scope": "internal", "platform": "generic", "loadBalancerClass": "example.com/a"}),
            (*FRONT, "exposure", "scope"),
        ),
        (
            balancer({**NARROW, "platform": "azure", "annotations": PRIVATE_LINK_SERVICE}),
            (*FRONT, "exposure", "annotations", *PRIVATE_LINK_SERVICE),
        ),
        (
            stack(
                loadBalancers={
                    name: {"target": {"service": "web"}, "exposure": {**HIDDEN, "allowedSources": [half]}}
                    for name, half in zip(("front", "rear"), HALVES, strict=True)
                }
            ),
            (*FRONT, "exposure", "allowedSources"),
        ),
        (stack(awsLoadBalancers={"front": {**NETWORK, "allowedSources": HALVES}}), ("awsLoadBalancers", "front")),
        (service(allowFrom=[{"cidr": it} for it in HALVES]), ("services", "web", "allowFrom")),
        (service(allowTo=[{"cidr": it} for it in IPV6_HALVES]), ("services", "web", "allowTo")),
        (
            service(allowFrom=[{"cidr": HALVES[0], "ports": [8080]}, {"cidr": HALVES[1]}]),
            ("services", "web", "allowFrom"),
        ),
        (
            service(
                allowTo=[
                    {"cidr": HALVES[0], "ports": [53, 443]},
                    {"cidr": HALVES[1], "ports": [443], "protocol": "TCP"},
                ]
            ),
            ("services", "web", "allowTo"),
        ),
        (
            stack(
                awsLoadBalancers={
                    "front": {**NETWORK, "allowedSources": HALVES[:1], "sources": {"rest": {"cidr": HALVES[1]}}}
                }
            ),
            ("awsLoadBalancers", "front", "allowedSources"),
        ),
        (gateway(defaultBackend={"service": "web"}), ("gateways", "edge", "defaultBackend")),
        (service(service={"annotations": ON_TAILNET}), ("services", "web", "service", "annotations", *ON_TAILNET)),
        (service(podAnnotations=MORE_NETWORKS), ("services", "web", "podAnnotations", *MORE_NETWORKS)),
        # Only the platform knows these addresses, so the policy of the pods allows every one.
        (
            balancer({**NARROW, "platform": "azure", "azure": {"serviceTags": ["AzureFrontDoor.Backend"]}}),
            (*FRONT, "exposure", "azure", "serviceTags"),
        ),
        (
            balancer({**NARROW, "platform": "aws-controller", "clientIp": "preserve", "aws": {"prefixLists": [LIST]}}),
            (*FRONT, "exposure", "aws", "prefixLists"),
        ),
        (
            stack(
                awsLoadBalancers={
                    "front": {
                        **NETWORK,
                        "targets": {"web": {"target": {"service": "web"}, "clientIp": "preserve"}},
                        "sources": {"list": {"prefixList": LIST}},
                    }
                }
            ),
            ("awsLoadBalancers", "front", "sources"),
        ),
        *((stack(manifests=[manifest]), ("manifests", 0)) for manifest in OPENING_MANIFESTS),
        (added({"cors": {"origins": ["*"]}}), ("routes", "more", "routes", 0, "cors", "origins", 0)),
        (added({"allowedSources": ["10.0.0.0/8"]}), ("routes", "more", "routes", 0, "allowedSources")),
        (added({}), ("routes", "more", "gateway")),
        (service(allowTo=[{"cidr": "169.254.169.254/32"}]), ("services", "web", "allowTo", 0, "cidr")),
        (service(security={"group": 0}), ("services", "web", "security", "group")),
        (service(security={"fsGroup": 0}), ("services", "web", "security", "fsGroup")),
        (
            service(volumes={"token": {"path": "/token", "projected": [{"tokenAudience": "kubernetes"}]}}),
            ("services", "web", "volumes", "token"),
        ),
    ],
)
def test_what_is_public_is_reported(values: Any, location: tuple[Any, ...]) -> None:
    assert is_reported(values, *location)


@pytest.mark.parametrize("peers", [[*HALVES, *IPV6_HALVES], ["2000::/3"]])
def test_a_gateway_trusts_no_list_that_adds_up_to_everyone(peers: Any) -> None:
    def trusting(trusted: Any) -> dict[str, Any]:
        settings = {"forwardedFrom": trusted}
        return gateway(ROUTE, upstream={"sources": ["10.0.0.0/16"]}, settings=settings)

    assert_rejected(trusting(peers), "gateways", "edge", "settings", unlike=trusting(["10.0.0.0/16"]))


# A target that is written by hand exposes the service whose pods its selector selects.


def _public(values: Any) -> set[str]:
    """The services that clients outside the cluster reach, as `portico explain` reports them."""
    return {found.name for found in view_of(check_stack("dev", values)).services if found.urls}


def _two(**parts: Any) -> dict[str, Any]:
    web: dict[str, Any] = {"image": "web:1", "port": 8080, "drain": 70, "labels": {"team": "shop"}}
    return {"namespace": "shop", "services": {"web": web, "db": web}, **parts}


def _hand(**selector: Any) -> dict[str, Any]:
    return {"service": "own", "namespace": "shop", "port": 80, "targetPort": 8080, "selector": selector}


def _exposed(place: str, target: Any) -> dict[str, Any]:
    if place == "a load balancer":
        exposure = {"scope": "internet", "platform": "gke", "allowedSources": ["0.0.0.0/0"]}
        return _two(loadBalancers={"front": {"target": target, "exposure": exposure}})
    if place == "a load balancer on AWS":
        return _two(awsLoadBalancers={"front": {**NETWORK, "targets": {"web": {"target": target}}}})
    route = {"routes": [{**ROUTE, "target": target}]} if place == "a route" else {"defaultBackend": target}
    return _two(gateways={"edge": {**UPSTREAM, "controller": "ingress-nginx", **route}})


_PLACES = ("a load balancer", "a load balancer on AWS", "a route", "a default backend")


@pytest.mark.parametrize("place", _PLACES)
def test_a_selector_makes_the_service_public_that_it_selects(place: str) -> None:
    assert _public(_exposed(place, _hand(**{"app.kubernetes.io/name": "db"}))) == {"db"}


@pytest.mark.parametrize("place", _PLACES)
def test_a_selector_of_several_services_is_rejected(place: str) -> None:
    values = _exposed(place, _hand(team="shop"))
    unlike = _exposed(place, _hand(**{"app.kubernetes.io/name": "db"}))
    assert_rejected(values, unlike=unlike)


@pytest.mark.parametrize("place", _PLACES[2:])
def test_a_policy_never_opens_every_port(place: str) -> None:
    named = {**_hand(app="old"), "namespace": "old", "port": None, "targetPort": None, "portName": "http"}
    assert_rejected(_exposed(place, named), "gateways", "edge", unlike=_exposed(place, {**named, "targetPort": 8080}))


def resolvers(**pod: Any) -> dict[str, Any]:
    return service(extra={"spec": pod})


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        held_case("A4", resolvers(dnsPolicy="Default"), resolvers(dnsPolicy="ClusterFirst"), row="servers of the node"),
        *(
            held_case(
                "A4",
                resolvers(dnsPolicy=policy, dnsConfig={"nameservers": ["10.0.0.2"]}),
                resolvers(dnsPolicy=policy, dnsConfig={"nameservers": ["169.254.20.10"]}),
                row=f"name servers with {policy}",
            )
            for policy in ("None", "ClusterFirst")
        ),
    ],
)
def test_the_policy_blocks_no_name_server_of_the_pods(values: Any, allowed: Any) -> None:
    assert_rejected(values, "services", "web", "extra", "spec", unlike=allowed)


# A2: what leads clients from beyond the cluster to a Service: meshes, catalogs, and private networks.

EXPOSING_ANNOTATIONS = {
    "tailscale.com/expose": "true",
    "service.cilium.io/global": "true",
    "skupper.io/proxy": "tcp",
    "consul.hashicorp.com/service-sync": "true",
    "kube-router.io/service.advertise.clusterip": "true",
    "netbird.io/expose": "",
    "resource.twingate.com": "true",
    "twingate.com/resource": "true",
    "getambassador.io/config": "kind: Mapping",
    "fabric8.io/expose": "true",
}
EXPOSING_LABELS = {
    "mirror.linkerd.io/exported": ("true", "remote-discovery"),
    "mirror.linkerd.io/federated": ("member",),
    "istio.io/global": ("true",),
    "expose": ("true",),
}
DOOR = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"]}


@pytest.mark.parametrize(
    ("key", "value"), [held_case("A2", key, value, row=key) for key, value in EXPOSING_ANNOTATIONS.items()]
)
def test_an_annotation_that_leads_clients_to_a_service_is_reported(key: str, value: str) -> None:
    of_service = service(service={"annotations": {key: value}})
    assert is_reported(of_service, "services", "web", "service", "annotations", key)
    of_balancer = balancer({**DOOR, "annotations": {key: value}})
    assert is_reported(of_balancer, *FRONT, "exposure", "annotations", key)
    of_gateway = gateway({"host": "shop.example.com"}, exposure={**DOOR, "annotations": {key: value}})
    assert is_reported(of_gateway, "gateways", "edge", "exposure", "annotations", key)


@pytest.mark.parametrize(
    ("key", "value"),
    [held_case("A2", key, value, row=f"{key} {value}") for key, values in EXPOSING_LABELS.items() for value in values],
)
def test_a_label_that_leads_clients_to_a_service_is_reported(key: str, value: str) -> None:
    labels = {key: value}
    assert is_reported(service(labels=labels), "services", "web", "labels", key)
    assert is_reported(service(selector=labels), "services", "web", "selector", key)
    assert is_reported(balancer(DOOR, labels=labels), *FRONT, "labels", key)
    edge = gateway({"host": "shop.example.com"}, exposure=DOOR, labels=labels)
    assert is_reported(edge, "gateways", "edge", "labels", key)
    assert not is_reported(service(labels={key: "false"}), "services", "web", "labels")


@pytest.mark.parametrize("key", [held_case("A2", "skupper.io/proxy", row="a workload of Skupper")])
def test_an_annotation_of_a_workload_that_leads_clients_to_it_is_reported(key: str) -> None:
    values = service(workloadAnnotations={key: "tcp"})
    assert is_reported(values, "services", "web", "workloadAnnotations", key)
