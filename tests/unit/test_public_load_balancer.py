"""PublicLoadBalancer: what it registers, what it answers, and what it refuses."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico import (
    ArgumentError,
    ClientIp,
    Exposure,
    Platform,
    PublicLoadBalancer,
    Scope,
    WebService,
)
from pulumi_portico.lifecycle.claims import unique
from pulumi_portico.lifecycle.cost import PRICES, Billable, estimate, together
from pulumi_portico.testing import Recording, Registration, record

from tests.balancers import (
    ALL,
    AWS,
    AZURE,
    DNS,
    MIXED,
    NLB,
    TARGET,
    TLS,
    arguments,
    balancer,
    exposure,
    refused,
    service,
)

GENERIC = exposure("generic")


def with_address(exposed: Any, ingress: dict[str, str] | None, **args: Any) -> Recording:
    """What a load balancer answers once the platform gave it an address."""

    def outputs(it: Registration) -> Any:
        status = {"loadBalancer": {"ingress": [ingress]} if ingress else {}}
        return {"status": status} if it.type.endswith(":Service") else None

    return record(lambda: PublicLoadBalancer("web", arguments(exposed, **args)), outputs=outputs)


def test_two_inputs_make_a_service_of_its_own_and_a_way_in() -> None:
    def program() -> None:
        api = WebService("api", {"image": "api:1", "port": 8080, "drain": 30, "namespace": "shop"})
        exposed: Exposure = {
            "scope": Scope.INTERNET,
            "platform": Platform.AWS_CONTROLLER,
            "allowed_sources": ["203.0.113.0/24"],
        }
        PublicLoadBalancer("web", {"target": api.target(), "exposure": exposed})

    recorded = record(program)
    made = recorded.manifest("Service", "web-service")
    assert made["spec"]["type"] == "LoadBalancer"
    assert made["spec"]["selector"] == {"app.kubernetes.io/name": "api"}
    assert made["spec"]["ports"] == [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}]
    assert made["metadata"]["namespace"] == "shop"
    attributes = made["metadata"]["annotations"][f"{AWS}target-group-attributes"]
    assert "deregistration_delay.timeout_seconds=30" in attributes
    # The WebService's own Service stays as it is.
    assert recorded.manifest("Service", "api")["spec"]["type"] == "ClusterIP"
    policy = recorded.manifest("NetworkPolicy", "web-network-policy")
    assert policy["spec"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "api"}}
    assert policy["spec"]["policyTypes"] == ["Ingress"], "it says nothing of what the pods send"


def test_what_it_makes_has_generated_names_so_that_it_can_be_replaced() -> None:
    recorded = balancer(GENERIC)
    assert all("name" not in it.inputs["metadata"] for it in recorded.registrations if it.custom)
    assert {it.type.rpartition(":")[2] for it in recorded.registrations} == {
        "NetworkPolicy",
        "PublicLoadBalancer",
        "Service",
    }


def test_children_hang_on_the_component_and_providers_reach_them() -> None:
    import pulumi_kubernetes

    def program() -> None:
        provider = pulumi_kubernetes.Provider("other", context="elsewhere")
        options = pulumi.ResourceOptions(provider=provider, protect=True)
        PublicLoadBalancer("web", arguments(GENERIC), options)

    recorded = record(program)
    component = recorded.one("PublicLoadBalancer").urn
    for kind in ("Service", "NetworkPolicy"):
        child = recorded.one(kind)
        assert child.parent == component
        assert child.protect
        assert "pulumi:providers:kubernetes::other::" in child.provider


def test_labels_go_on_every_object() -> None:
    recorded = balancer(GENERIC, labels={"team": pulumi.Output.from_input("shop")})
    assert {it["metadata"]["labels"]["team"] for it in recorded.manifests()} == {"shop"}


def test_the_choices_are_enums_or_their_values() -> None:
    by_enum = {**GENERIC, "scope": Scope.INTERNET, "platform": Platform.GENERIC, "client_ip": ClientIp.PRESERVE}
    assert service(by_enum) == service({**GENERIC, "client_ip": "preserve"})


# Ports.


def test_several_ports_are_ordered_by_name() -> None:
    ports = {"https": {"port": 443, "target_port": 8443}, "admin": {"port": 9000}, **DNS}
    made = service(GENERIC, ports=ports)
    assert made == service(GENERIC, ports=dict(reversed(ports.items())))
    assert made["spec"]["ports"] == [
        {"name": "admin", "protocol": "TCP", "port": 9000, "targetPort": 9000},
        {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 53},
        {"name": "https", "protocol": "TCP", "port": 443, "targetPort": 8443},
    ]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ({"port": 80}, "http"),
        ({"port": 443}, "https"),
        ({"port": 9000}, "tcp-9000"),
        ({"port": 53, "protocol": "UDP"}, "udp-53"),
        ({"port": 80, "protocol": "UDP"}, "udp-80"),
    ],
)
def test_the_targets_own_port_is_called_by_what_it_is(target: dict[str, Any], name: str) -> None:
    given = {**{key: value for key, value in TARGET.items() if key not in ("port", "target_port")}, **target}
    (port,) = service(GENERIC, target=given)["spec"]["ports"]
    assert (port["name"], port["targetPort"]) == (name, target["port"])


def test_with_ports_of_its_own_the_target_needs_none() -> None:
    target = {"service": "api", "namespace": "shop", "port_name": "http", "selector": {"app": "api-app"}}
    assert len(service(GENERIC, target=target, ports=MIXED)["spec"]["ports"]) == 2


# Outputs.


@pytest.mark.parametrize(
    ("ingress", "address", "hostname", "url"),
    [
        ({"ip": "203.0.113.7"}, "203.0.113.7", "", "http://203.0.113.7"),
        ({"ip": "2001:db8::7"}, "2001:db8::7", "", "http://[2001:db8::7]"),
        ({"hostname": "a.elb.amazonaws.com"}, "", "a.elb.amazonaws.com", "http://a.elb.amazonaws.com"),
        (None, "", "", ""),
    ],
)
def test_outputs_say_where_clients_reach_it(
    ingress: dict[str, str] | None, address: str, hostname: str, url: str
) -> None:
    outputs = with_address(GENERIC, ingress).outputs["web"]
    assert (outputs["address"], outputs["hostname"], outputs["url"]) == (address, hostname, url)
    assert outputs["urls"] == {"http": url}
    assert outputs["service_name"].startswith("web-service-")
    assert outputs["namespace"] == "shop"


def test_each_port_has_its_url_and_tls_at_the_balancer_is_https() -> None:
    ports = {"http": {"port": 80}, "http-admin": {"port": 9443}, "mqtt": {"port": 8883}, **DNS}
    exposed = exposure("aws-controller", tls={**TLS, "ports": ["http-admin", "mqtt"]}, health={"port": 80})
    outputs = with_address(exposed, {"hostname": "lb"}, ports=ports).outputs["web"]
    assert outputs["urls"] == {
        "dns": "udp://lb:53",
        "http": "http://lb",
        "http-admin": "https://lb:9443",
        "mqtt": "tcp://lb:8883",
    }
    assert outputs["url"] == "http://lb"


def test_the_time_to_become_ready_is_bounded() -> None:
    for given, wanted in ((None, "600s"), (30, "30s")):
        timeouts = balancer(GENERIC, ready_within=given).one("Service").request.customTimeouts
        assert (timeouts.create, timeouts.update) == (wanted, wanted)


# Cost.


@pytest.mark.parametrize(
    ("exposed", "ports", "load_balancers", "addresses"),
    [
        (exposure("aws-controller"), None, 1, 3),
        (exposure("aws-controller", subnets=["a", "b"]), None, 1, 2),
        (exposure("eks-auto-mode", static_addresses=["eipalloc-1"]), None, 1, 1),
        (exposure("aws-legacy", scope="internal"), None, 1, 0),
        (exposure("gke"), MIXED, 2, 1),
        (exposure("gke", address_family="dual"), None, 2, 1),
        (exposure("azure", address_family="dual"), None, 1, 2),
        (exposure("azure", scope="internal"), None, 1, 0),
        (GENERIC, None, 1, 1),
    ],
)
def test_what_is_billed_is_said_as_data(exposed: Any, ports: Any, load_balancers: int, addresses: int) -> None:
    outputs = balancer(exposed, **({} if ports is None else {"ports": ports})).outputs["web"]
    assert (outputs["load_balancers"], outputs["public_addresses"]) == (load_balancers, addresses)


def test_an_estimate_says_that_it_is_one_and_what_it_is_from() -> None:
    outputs = balancer(exposure("aws-controller")).outputs["web"]
    assert outputs["monthly_cost"] == round(730 * (0.0225 + 3 * 0.005), 2)
    said = outputs["cost"]
    assert said.startswith("estimate: 27.38 USD a month for 1 load balancer and 3 public addresses, without traffic")
    assert PRICES["aws-controller"].get("source", "missing") in said
    assert PRICES["aws-controller"].get("date", "missing") in said
    assert "assumed: 3 zones, as no subnets are given" in said


def test_prices_can_be_ones_own() -> None:
    price = {"load_balancer_hour": 1, "public_address_hour": 0.5, "currency": "EUR", "date": "2026-10-01"}
    outputs = balancer(GENERIC, price=price).outputs["web"]
    assert outputs["monthly_cost"] == 730 * 1.5
    assert "EUR a month" in outputs["cost"]
    assert "prices of 2026-10-01: given to the component" in outputs["cost"]


def test_forwarding_rules_of_google_cloud_cost_less_together() -> None:
    # 730 hours of 0.025 for up to five of them, and of 0.01 for each more.
    costs = {count: estimate("gke", Billable(count, count)).monthly for count in (0, 1, 2, 5, 6, 7)}
    assert costs == {0: 0, 1: 18.25, 2: 18.25, 5: 18.25, 6: 25.55, 7: 32.85}
    one = Billable(1, 1)
    assert together("gke", [one] * 6) == 25.55
    given = {"load_balancer_hour": 0.1, "public_address_hour": 0.0}
    assert together("gke", [one] * 2, given) == estimate("gke", Billable(2, 2), given).monthly == 146
    # Azure's load balancer is one, whichever its price.
    assert together("azure", [one] * 2, given) == 73
    assert together("generic", [one]) is None


def test_where_no_price_is_known_there_is_no_estimate() -> None:
    outputs = balancer(GENERIC).outputs["web"]
    assert outputs.get("monthly_cost") is None
    assert outputs["cost"] == "no estimate: no price is known for 1 load balancer and 1 public address on generic"
    assert estimate("generic", Billable(1, 1)).monthly is None


def test_every_price_has_its_source_and_its_date() -> None:
    assert PRICES.keys() == {*ALL, "aws"} - {"generic"}
    assert all(it.get("source") and it.get("date") for it in PRICES.values())


# Names and addresses that only one can have.


def two(first: Any, second: Any, **opts: Any) -> None:
    PublicLoadBalancer("a", arguments(first))
    PublicLoadBalancer("b", arguments(second), pulumi.ResourceOptions(**opts))


@pytest.mark.parametrize("platform", NLB)
@pytest.mark.parametrize(
    ("field", "value", "shown"), [("name", "shop-web", "shop-web"), ("static_addresses", ["eipalloc-1"], "eipalloc-1")]
)
def test_two_balancers_cannot_have_one_name_or_address(platform: str, field: str, value: Any, shown: str) -> None:
    one = exposure(platform, **{field: value})
    with pytest.raises(ArgumentError) as caught:
        record(lambda: two(one, one))
    assert f'exposure.{field}: "{shown}" is that of PublicLoadBalancer "a" too' in str(caught.value)


def test_one_name_on_two_clouds_or_with_two_providers_may_be_two() -> None:
    import pulumi_kubernetes

    record(lambda: two(exposure("gke", static_addresses=["web"]), exposure("azure", static_addresses=["web"])))
    one, other = (exposure(it, name="shop-web") for it in NLB)
    with pytest.raises(ArgumentError, match='is that of PublicLoadBalancer "a" too'):
        record(lambda: two(one, other))
    record(lambda: two(one, one, provider=pulumi_kubernetes.Provider("other", context="elsewhere")))


def test_a_provider_counts_however_it_reaches_the_balancer() -> None:
    import pulumi_kubernetes

    exposed = exposure("aws-controller", name="shop-web")

    def beside(**opts: Any) -> None:
        two(exposed, exposed, **opts)

    def by_parent() -> None:
        options = pulumi.ResourceOptions(providers=[pulumi_kubernetes.Provider("other", context="elsewhere")])
        beside(parent=pulumi.ComponentResource("test:index:Parent", "parent", {}, options))

    def by_mapping() -> None:
        beside(providers={"kubernetes": pulumi_kubernetes.Provider("other", context="elsewhere")})

    for program in (by_parent, by_mapping, lambda: beside(providers=[pulumi_kubernetes.Provider("other")])):
        record(program)
    with pytest.raises(ArgumentError, match='is that of PublicLoadBalancer "a" too'):
        record(lambda: beside(parent=pulumi.ComponentResource("test:index:Parent", "parent")))


def test_what_is_made_twice_by_one_name_is_told_apart() -> None:
    def program() -> list[str]:
        return [unique("hook"), unique("hook"), unique("other"), unique("hook")]

    assert record(program).value == ["hook", "hook-2", "other", "hook-3"]


def test_a_balancers_claims_are_gone_with_its_stack() -> None:
    exposed = exposure("aws-controller", name="shop-web")
    for _ in range(2):
        balancer(exposed)


# Refusals.

NO_SELECTOR = {key: value for key, value in TARGET.items() if key != "selector"}
PORT_BY_NAME = {**{key: value for key, value in TARGET.items() if key != "port"}, "port_name": "http"}


@pytest.mark.parametrize(
    ("exposed", "args", "says"),
    [
        (None, {}, "exposure: is missing"),
        ({}, {}, "exposure.scope: is missing"),
        ({}, {}, "exposure.platform: is missing"),
        ({"scope": "public", "platform": "generic"}, {}, "allowed: internet, internal"),
        (
            {"scope": "internet", "platform": "aws"},
            {},
            "aws-controller, eks-auto-mode, aws-legacy, gke, azure, generic",
        ),
        ({**GENERIC, "platform": "eks-automode"}, {}, "fix: write eks-auto-mode"),
        ({**GENERIC, "client_ip": "proxy"}, {}, "preserve, proxy-protocol, hide"),
        ({**GENERIC, "allowed_source": []}, {}, "fix: write allowed_sources"),
        ({**GENERIC, "allowed_sources": ["203.0.113.7"]}, {}, 'fix: write "203.0.113.7/32"'),
        (
            {**GENERIC, "allowed_sources": ["0.0.0.0/0", "everyone"]},
            {},
            'allowed_sources[1]: "everyone" is not a range',
        ),
        (
            {**GENERIC, "platform_sources": ["10.0.0.1/8"]},
            {},
            'platform_sources[0]: "10.0.0.1/8" is not written as its',
        ),
        ({**GENERIC, "platform_sources": []}, {}, "platform_sources: [] holds none"),
        (
            {**GENERIC, "platform_sources": ["10.0.0.0/8"], "client_ip": "preserve"},
            {},
            "platform_sources: has no effect here: all connections to the pods come from the clients",
        ),
        (exposure("aws-controller", name="-web"), {}, 'exposure.name: "-web" does not fit a load balancer\'s name'),
        (exposure("aws-controller", name="internal-web"), {}, "not beginning internal-"),
        (exposure("aws-controller", name="w" * 33), {}, "characters long, too long for a load balancer's name"),
        (exposure("aws-controller", name=pulumi.Output.from_input("a")), {}, "name: an Output is known only during"),
        (exposure("aws-controller", tags={"a=b": "c"}), {}, 'tags.a=b: "a=b" holds a comma or an equals sign'),
        (exposure("aws-controller", tags={"a": "b,c"}), {}, 'tags.a: "b,c" holds a comma or an equals sign'),
        (exposure("aws-controller", subnets=["a,b"]), {}, 'subnets[0]: "a,b" holds a comma'),
        (exposure("aws-controller", subnets=[""]), {}, 'subnets[0]: "" is empty'),
        (exposure("aws-controller", idle_timeout=0), {}, "idle_timeout: 0 is not a number of seconds"),
        (exposure("aws-controller", idle_timeout=59), {}, "idle_timeout: 59 is not a number of seconds that AWS takes"),
        (exposure("aws-controller", health={"path": "healthz"}), {}, 'fix: write "/healthz"'),
        (exposure("aws-controller", health={"port": 0}), {}, "health.port: 0 is not a port number"),
        (exposure("aws-controller", health={"success_codes": "ok"}), {}, "is no list of status codes"),
        (exposure("aws-controller", health={"healthy": 11}), {}, "health.healthy: 11 is not a number of answers"),
        (
            exposure("aws-controller", health={"timeout": 1}),
            {},
            "health.timeout: 1 is not a number of seconds that AWS",
        ),
        ({**GENERIC, "health": {"node_port": 80}}, {}, "health.node_port: 80 is not a port of the nodes"),
        (exposure("aws-controller", tls={"certificates": []}), {}, "tls.certificates: [] holds none"),
        (exposure("aws-controller", subnets=[]), {}, "exposure.subnets: [] holds none"),
        (exposure("aws-controller", tags={}), {}, "exposure.tags: {} holds none"),
        (exposure("aws-controller", tls={}), {}, "tls.certificates: is missing"),
        (exposure("aws-controller", tls={**TLS, "ports": ["htp"]}), {}, "fix: write http"),
        (exposure("aws-controller", tls={**TLS, "ports": []}), {}, "exposure.tls: ends TLS on no port"),
        (exposure("aws-controller", access_logs={"bucket": "a,b"}, tls=TLS), {}, "access_logs.bucket"),
        ({**GENERIC, "load_balancer_class": "a b"}, {}, "load_balancer_class: "),
        ({**GENERIC, "annotations": {"pulumi.com/skipAwait": "true"}}, {}, "is one that Portico or Pulumi sets"),
        (GENERIC, {"target": None}, "target: is missing"),
        (GENERIC, {"target": NO_SELECTOR}, "target.selector: is missing, and a balancer makes a Service of its own"),
        (GENERIC, {"target": NO_SELECTOR}, "fix: take the target from WebService.target(), or copy the selector"),
        (GENERIC, {"target": {**TARGET, "selector": {}}}, "target.selector: is missing"),
        (GENERIC, {"target": PORT_BY_NAME}, "target.port: is missing, and a balancer listens on a number"),
        (
            GENERIC,
            {"target": {**TARGET, "port": pulumi.Output.from_input(80)}},
            "target.port: is known only during the deployment",
        ),
        (GENERIC, {"ports": {}}, "ports: holds none"),
        (GENERIC, {"ports": {"HTTP": {"port": 80}}}, 'fix: write "http"'),
        (GENERIC, {"ports": {"a": {"port": 80}, "b": {"port": 80}}}, "ports.b.port: 80 is the TCP port of a too"),
        (
            GENERIC,
            {"ports": {"rtp": {"port": "30000-30100"}}},
            "is a range of ports, and a Kubernetes Service has none",
        ),
        (GENERIC, {"ports": {"rtp": {"port": "80"}}}, 'ports.rtp.port: "80" is not a whole number'),
        (exposure("gke"), {"ports": {"a": {"port": 1, "protocol": "SCTP"}}}, "ports.a.protocol: "),
        (GENERIC, {"target_reads_proxy_protocol": True}, "target_reads_proxy_protocol: is true, and the load balancer"),
        (
            exposure("aws-controller", client_ip="proxy-protocol"),
            {},
            "target_reads_proxy_protocol: is not true, and the load balancer is to speak the PROXY protocol",
        ),
        (GENERIC, {"ready_within": 0}, "ready_within: 0 is not a number of seconds"),
        (GENERIC, {"labels": {"a b": "c"}}, "labels.a b"),
        (
            GENERIC,
            {"price": {"load_balancer_hour": -1, "public_address_hour": 0}},
            "price.load_balancer_hour: -1 is not",
        ),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_registered(exposed: Any, args: Any, says: str) -> None:
    message = refused(exposed, **args)
    assert message.startswith('PublicLoadBalancer "web" has ')
    assert says in message


@pytest.mark.parametrize("name", ["a" * 47, "My_LB", "1a"])
def test_a_name_that_its_service_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=f'name: "{name}" '):
        record(lambda: PublicLoadBalancer(name, arguments(GENERIC)))


@pytest.mark.parametrize(
    ("platform", "key", "says"),
    [
        ("aws-controller", f"{AWS}scheme", "fix: use scope"),
        ("aws-controller", f"{AWS}attributes", "is written by a field"),
        ("aws-controller", f"{AWS}target-group-attributes.80", "is written by a field"),
        ("aws-controller", f"{AWS}listener-attributes.TCP-80", "fix: use idle_timeout"),
        ("aws-controller", f"{AWS}type", "fix: leave it out: the class picks the controller"),
        ("aws-controller", f"{AWS}internal", "fix: use scope: internal"),
        ("aws-controller", f"{AWS}proxy-protocol", "fix: use client_ip: proxy-protocol"),
        ("aws-controller", f"{AWS}access-log-enabled", "fix: use access_logs"),
        ("aws-controller", f"{AWS}cross-zone-load-balancing-enabled", "fix: use cross_zone"),
        ("aws-legacy", f"{AWS}type", "it is always nlb here"),
        ("aws-legacy", f"{AWS}proxy-protocol", "this one is for the classic load balancer alone"),
        ("aws-legacy", f"{AWS}extra-security-groups", "fix: use aws.security_groups"),
        ("aws-legacy", f"{AWS}connection-idle-timeout", "is for the classic load balancer alone"),
        ("gke", "cloud.google.com/load-balancer-type", "fix: use scope: internal"),
        ("gke", "networking.gke.io/internal-load-balancer-subnet", "fix: use subnets"),
        ("gke", "networking.gke.io/load-balancer-ip-addresses", "fix: use static_addresses"),
        ("azure", f"{AZURE}shared-securityrule", "it is documented, and nothing reads it"),
        ("azure", f"{AZURE}load-balancer-mode", "which is retired"),
        ("azure", f"{AZURE}dns-label-name", "fix: use azure.dns_label"),
        ("azure", f"{AWS}name", "is read by aws-controller, eks-auto-mode, aws-legacy, not by azure"),
        ("aws-controller", f"{AZURE}pip-name", "fix: set platform to azure"),
        ("generic", "cloud.google.com/l4-rbs", "is read by gke, not by generic"),
        ("generic", "service.beta.kubernetes.io/load-balancer-source-ranges", "fix: use allowed_sources"),
    ],
)
def test_an_annotation_that_contradicts_a_field_or_is_anothers_is_refused(platform: str, key: str, says: str) -> None:
    message = refused(exposure(platform, annotations={key: "x"}))
    assert f"exposure.annotations.{key}: " in message
    assert says in message


def test_other_annotations_are_merged_last() -> None:
    more = {f"{AWS}inbound-sg-rules-on-private-link-traffic": "off", "example.com/Team": "shop"}
    made = service(exposure("aws-controller", annotations=more))["metadata"]["annotations"]
    assert made.items() >= more.items()
    assert made[f"{AWS}scheme"] == "internet-facing"


def test_all_problems_are_said_at_once_and_where_they_are_written() -> None:
    problems = refused(
        exposure("gke", tls=TLS, client_ip="proxy-protocol", allowed_sources=None),
        ports={"a": {"port": 1, "protocol": "SCTP"}},
    )
    for path in ("exposure.tls.certificates", "exposure.client_ip", "exposure.allowed_sources", "ports.a.protocol"):
        assert f"\n  {path}: " in problems
