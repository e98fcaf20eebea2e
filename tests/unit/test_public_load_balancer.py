"""PublicLoadBalancer: what it registers, what it returns, and what it rejects."""

from __future__ import annotations

from functools import partial
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
from pulumi_portico.args.codes import all_codes
from pulumi_portico.args.location import Location
from pulumi_portico.args.problems import Problem, Set
from pulumi_portico.lifecycle.aws import AWS_PRICES
from pulumi_portico.lifecycle.claims import unique
from pulumi_portico.lifecycle.cost import (
    Assumption,
    Billable,
    PriceSpec,
    estimate,
    estimate_text,
    monthly_total,
)
from pulumi_portico.public_load_balancer.platforms import all_platforms, module_of
from pulumi_portico.stack.view import Cost
from pulumi_portico.stack.views.balancers import total_of
from pulumi_portico.testing import Recording, Registration, record

from tests.balancers import (
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
    rejected,
    service,
)
from tests.balancers import ingress as ingress_of
from tests.problems import assert_problem, problems_of

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
        target: Any = api.target
        PublicLoadBalancer("web", {"target": target, "exposure": exposed})

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
        timeouts = balancer(GENERIC, ready_timeout=given).one("Service").request.customTimeouts
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
        (exposure("gke", ip_address_type="dualstack"), None, 2, 1),
        (exposure("azure", ip_address_type="dualstack"), None, 1, 2),
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
    assert said.startswith("Estimate: 27.38 USD a month for 1 load balancer and 3 public addresses, without traffic")
    assert AWS_PRICES.source in said
    assert AWS_PRICES.date in said


def test_an_estimate_is_data() -> None:
    module = module_of(Platform.AWS_CONTROLLER)
    assumption = Assumption(all_codes()["assumed-zones"], {"zones": 3})
    estimated = estimate(module.billing, Billable(1, 3, (assumption,)))
    assert [(item.name, item.quantity) for item in estimated.items] == [("load-balancer", 1), ("public-address", 3)]
    assert [item.monthly for item in estimated.items] == [pytest.approx(730 * 0.0225), pytest.approx(730 * 3 * 0.005)]
    assert (estimated.currency, estimated.monthly) == ("USD", 27.38)
    assert estimated.billable.assumptions == (assumption,)
    assert "assumes 3 zones" in estimate_text(estimated)


def test_prices_can_be_ones_own() -> None:
    price = {"load_balancer_hour": 1, "public_address_hour": 0.5, "currency": "EUR", "date": "2026-10-01"}
    outputs = balancer(GENERIC, price=price).outputs["web"]
    assert outputs["monthly_cost"] == 730 * 1.5
    assert "EUR a month" in outputs["cost"]
    assert "Prices: from the arguments, 2026-10-01." in outputs["cost"]


def test_totals_keep_currencies_apart() -> None:
    billing, one = module_of(Platform.GKE).billing, Billable(1, 1)
    euros = PriceSpec(load_balancer_hour=1, public_address_hour=0.5, currency="EUR")
    known = total_of([(billing, None, one), (billing, euros, one), (billing, euros, one)])
    assert known.monthly == (Cost(2 * 730 * 1.5, "EUR"), Cost(18.25, "USD"))
    assert total_of([(module_of(Platform.GENERIC).billing, None, one)]).monthly == ()


def test_forwarding_rules_of_google_cloud_cost_less_together() -> None:
    # 730 hours of 0.025 for up to five of them, and of 0.01 for each more.
    gke, azure, generic = (module_of(platform).billing for platform in (Platform.GKE, Platform.AZURE, Platform.GENERIC))
    costs = {count: estimate(gke, Billable(count, count)).monthly for count in (0, 1, 2, 5, 6, 7)}
    assert costs == {0: 0, 1: 18.25, 2: 18.25, 5: 18.25, 6: 25.55, 7: 32.85}
    one = Billable(1, 1)
    assert monthly_total(gke, [one] * 6) == 25.55
    price = PriceSpec(load_balancer_hour=0.1, public_address_hour=0.0)
    assert monthly_total(gke, [one] * 2, price) == estimate(gke, Billable(2, 2), price).monthly == 146
    # Azure's load balancer is one, whichever its price.
    assert monthly_total(azure, [one] * 2, price) == 73
    assert monthly_total(generic, [one]) is None


def test_where_no_price_is_known_there_is_no_estimate() -> None:
    outputs = balancer(GENERIC).outputs["web"]
    assert outputs.get("monthly_cost") is None
    assert outputs["cost"] == "No estimate: no price is known for 1 load balancer and 1 public address on generic."
    assert estimate(module_of(Platform.GENERIC).billing, Billable(1, 1)).monthly is None


def test_every_list_price_has_its_source_and_its_date() -> None:
    prices = {module.name: module.billing.prices for module in all_platforms()}
    assert {name for name, found in prices.items() if found is None} == {"generic", "node-port"}
    assert all(found is None or (found.source and found.date and found.currency) for found in prices.values())


# Names and addresses that only one can have.


def two(first: Any, second: Any, **opts: Any) -> None:
    PublicLoadBalancer("a", arguments(first))
    PublicLoadBalancer("b", arguments(second), pulumi.ResourceOptions(**opts))


@pytest.mark.parametrize("platform", NLB)
@pytest.mark.parametrize(
    ("field", "value", "location"),
    [("name", "shop-web", ("name",)), ("static_addresses", ["eipalloc-1"], ("static_addresses", 0))],
)
def test_two_balancers_cannot_have_one_name_or_address(
    platform: str, field: str, value: Any, location: tuple[Any, ...]
) -> None:
    one = exposure(platform, **{field: value})
    with pytest.raises(ArgumentError) as caught:
        record(lambda: two(one, one))
    owner = 'PublicLoadBalancer "a"'
    assert_problem(caught.value.problems, "claimed-value", "exposure", *location, owner=owner)


def test_one_address_may_have_two_balancers_with_different_ports() -> None:
    def both(port: int) -> None:
        shared = exposure("azure", static_addresses=["web"])
        PublicLoadBalancer("a", arguments(shared, ports={"a": {"port": 80}}))
        PublicLoadBalancer("b", arguments(shared, ports={"a": {"port": port}}))

    record(lambda: both(81))
    with pytest.raises(ArgumentError) as caught:
        record(lambda: both(80))
    location = ("exposure", "static_addresses", 0)
    assert_problem(caught.value.problems, "claimed-port-of-address", *location, port=80, protocol="TCP")


def test_one_name_on_two_clouds_or_with_two_providers_may_be_two() -> None:
    import pulumi_kubernetes

    record(lambda: two(exposure("gke", static_addresses=["web"]), exposure("azure", static_addresses=["web"])))
    one, other = (exposure(it, name="shop-web") for it in NLB)
    with pytest.raises(ArgumentError) as caught:
        record(lambda: two(one, other))
    assert_problem(caught.value.problems, "claimed-value", "exposure", "name")
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
    with pytest.raises(ArgumentError, match="PublicLoadBalancer"):
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


E = "exposure"


@pytest.mark.parametrize(
    ("exposed", "args", "code", "location"),
    [
        (None, {}, "missing", (E,)),
        ({}, {}, "missing", (E, "scope")),
        ({}, {}, "missing", (E, "platform")),
        ({"scope": "public", "platform": "generic"}, {}, "not-a-choice", (E, "scope")),
        ({"scope": "internet", "platform": "aws"}, {}, "not-a-choice", (E, "platform")),
        ({**GENERIC, "client_ip": "proxy"}, {}, "not-a-choice", (E, "client_ip")),
        ({**GENERIC, "session_affinity": True}, {}, "boolean-session-affinity", (E, "session_affinity")),
        ({**GENERIC, "session_affinity": "clientip"}, {}, "not-a-choice", (E, "session_affinity")),
        ({**GENERIC, "address_family": "dual"}, {}, "renamed-argument", (E, "address_family")),
        (exposure("gke", scope="internal", allowed_sources=None, subnet=["a"]), {}, "unknown-argument", (E, "subnet")),
        ({**GENERIC, "allowed_sources": ["203.0.113.7"]}, {}, "cidr-without-length", (E, "allowed_sources", 0)),
        ({**GENERIC, "allowed_sources": ["0.0.0.0/0", "everyone"]}, {}, "invalid-cidr", (E, "allowed_sources", 1)),
        ({**GENERIC, "platform_sources": ["10.0.0.1/8"]}, {}, "cidr-with-host-bits", (E, "platform_sources", 0)),
        ({**GENERIC, "platform_sources": []}, {}, "empty", (E, "platform_sources")),
        (
            {**GENERIC, "platform_sources": ["10.0.0.0/8"], "client_ip": "preserve"},
            {},
            "unused-platform-sources",
            (E, "platform_sources"),
        ),
        (exposure("aws-controller", name="-web"), {}, "invalid-load-balancer-name", (E, "name")),
        (exposure("aws-controller", name="internal-web"), {}, "reserved-load-balancer-name", (E, "name")),
        (exposure("aws-controller", name="w" * 33), {}, "name-too-long", (E, "name")),
        (exposure("aws-controller", name=pulumi.Output.from_input("a")), {}, "not-plain", (E, "name")),
        (exposure("aws-controller", tags={"a=b": "c"}), {}, "separator-in-text", (E, "tags", "a=b")),
        (exposure("aws-controller", tags={"a": "b,c"}), {}, "separator-in-text", (E, "tags", "a")),
        (exposure("aws-controller", subnets=["a,b"]), {}, "separator-in-text", (E, "subnets", 0)),
        (exposure("aws-controller", subnets=[""]), {}, "empty", (E, "subnets", 0)),
        (exposure("aws-controller", idle_timeout=0), {}, "too-small", (E, "idle_timeout")),
        (exposure("aws-controller", idle_timeout=59), {}, "out-of-range", (E, "idle_timeout")),
        (exposure("aws-controller", health={"path": "healthz"}), {}, "invalid-http-path", (E, "health", "path")),
        (exposure("aws-controller", health={"port": 0}), {}, "out-of-range", (E, "health", "port")),
        (
            exposure("aws-controller", health={"success_codes": "ok"}),
            {},
            "invalid-status-codes",
            (E, "health", "success_codes"),
        ),
        (exposure("aws-controller", health={"healthy": 11}), {}, "out-of-range", (E, "health", "healthy")),
        (exposure("aws-controller", health={"timeout": 1}), {}, "out-of-range", (E, "health", "timeout")),
        (
            {**GENERIC, "client_ip": "preserve", "health": {"node_port": 80}},
            {},
            "out-of-range",
            (E, "health", "node_port"),
        ),
        (exposure("aws-controller", tls={"certificates": []}), {}, "empty", (E, "tls", "certificates")),
        (exposure("aws-controller", subnets=[]), {}, "empty", (E, "subnets")),
        (exposure("aws-controller", tags={}), {}, "empty", (E, "tags")),
        (exposure("aws-controller", tls={}), {}, "missing", (E, "tls", "certificates")),
        (exposure("aws-controller", tls={**TLS, "ports": ["htp"]}), {}, "unknown-tls-port", (E, "tls", "ports", 0)),
        (exposure("aws-controller", tls={**TLS, "ports": []}), {}, "tls-without-ports", (E, "tls")),
        (
            exposure("aws-controller", access_logs={"bucket": "a,b"}, tls=TLS),
            {},
            "invalid-bucket-name",
            (E, "access_logs", "bucket"),
        ),
        ({**GENERIC, "load_balancer_class": "a b"}, {}, "invalid-label-key", (E, "load_balancer_class")),
        (
            {**GENERIC, "annotations": {"pulumi.com/skipAwait": "true"}},
            {},
            "reserved-annotation",
            (E, "annotations", "pulumi.com/skipAwait"),
        ),
        (GENERIC, {"target": None}, "missing", ("target",)),
        (GENERIC, {"target": NO_SELECTOR}, "target-without-selector", ("target", "selector")),
        (GENERIC, {"target": {**TARGET, "selector": {}}}, "target-without-selector", ("target", "selector")),
        (GENERIC, {"target": PORT_BY_NAME}, "target-without-port", ("target", "port")),
        (
            GENERIC,
            {"target": {**TARGET, "port": pulumi.Output.from_input(80)}},
            "port-not-plain",
            ("target", "port"),
        ),
        (GENERIC, {"ports": {}}, "empty", ("ports",)),
        (GENERIC, {"ports": {"HTTP": {"port": 80}}}, "invalid-port-name", ("ports", "HTTP")),
        (
            GENERIC,
            {"ports": {"a": {"port": 80}, "b": {"port": 80}}},
            "duplicate-load-balancer-port",
            ("ports", "b", "port"),
        ),
        (GENERIC, {"ports": {"rtp": {"port": "30000-30100"}}}, "port-range", ("ports", "rtp", "port")),
        (GENERIC, {"ports": {"rtp": {"port": "80"}}}, "wrong-type", ("ports", "rtp", "port")),
        (
            exposure("gke"),
            {"ports": {"a": {"port": 1, "protocol": "SCTP"}}},
            "unsupported-protocol",
            ("ports", "a", "protocol"),
        ),
        (exposure("gke"), {"target": {**TARGET, "protocol": "SCTP"}}, "unsupported-protocol", ("target", "protocol")),
        (
            GENERIC,
            {"target_reads_proxy_protocol": True},
            "target-expects-proxy-protocol",
            ("target_reads_proxy_protocol",),
        ),
        (
            exposure("aws-controller", client_ip="proxy-protocol"),
            {},
            "target-must-read-proxy-protocol",
            ("target_reads_proxy_protocol",),
        ),
        (GENERIC, {"ready_timeout": 0}, "out-of-range", ("ready_timeout",)),
        (GENERIC, {"ready_within": 60}, "renamed-argument", ("ready_within",)),
        (GENERIC, {"labels": {"a b": "c"}}, "invalid-label-key", ("labels", "a b")),
        (
            GENERIC,
            {"price": {"load_balancer_hour": -1, "public_address_hour": 0}},
            "too-small",
            ("price", "load_balancer_hour"),
        ),
        (
            GENERIC,
            {"price": {"load_balancer_hour": 1, "public_address_hour": 0, "currency": "eur"}},
            "invalid-currency",
            ("price", "currency"),
        ),
    ],
)
def test_invalid_arguments_are_rejected_before_anything_is_registered(
    exposed: Any, args: Any, code: str, location: tuple[Any, ...]
) -> None:
    assert_problem(rejected(exposed, **args), code, *location)


@pytest.mark.parametrize(
    ("exposed", "args", "location", "value"),
    [
        ({**GENERIC, "platform": "eks-automode"}, {}, (E, "platform"), "eks-auto-mode"),
        ({**GENERIC, "allowed_sources": ["203.0.113.7"]}, {}, (E, "allowed_sources", 0), "203.0.113.7/32"),
        (exposure("aws-controller", health={"path": "healthz"}), {}, (E, "health", "path"), "/healthz"),
        (exposure("aws-controller", tls={**TLS, "ports": ["htp"]}), {}, (E, "tls", "ports", 0), "http"),
        (exposure("aws-controller", name="internal-web"), {}, (E, "name"), "web"),
        ({**GENERIC, "session_affinity": True}, {}, (E, "session_affinity"), "ClientIP"),
        ({**GENERIC, "session_affinity": False}, {}, (E, "session_affinity"), "None"),
        (GENERIC, {"ready_timeout": 0}, ("ready_timeout",), 1),
        ({**GENERIC, "address_family": "dual"}, {}, (E, "address_family"), "dualstack"),
    ],
)
def test_a_fix_sets_the_value(exposed: Any, args: Any, location: tuple[Any, ...], value: Any) -> None:
    (problem,) = rejected(exposed, **args)
    assert problem.edits[0] == Set(Location(location), value)


@pytest.mark.parametrize("name", ["a" * 47, "My_LB", "1a"])
def test_a_name_that_its_service_cannot_have_is_rejected(name: str) -> None:
    recorded = record(lambda: problems_of(lambda: PublicLoadBalancer(name, arguments(GENERIC))))
    (problem,) = recorded.value
    assert (problem.location, problem.value) == (("name",), name)
    assert problem.code.name in ("name-too-long", "invalid-service-name")


OBSOLETE = "obsolete-annotation"
REPLACED = "obsolete-annotation-of-field"
OF_FIELD = "annotation-of-field"
OF_OTHER = "annotation-of-other-platform"


@pytest.mark.parametrize(
    ("platform", "key", "code", "params"),
    [
        ("aws-controller", f"{AWS}scheme", OF_FIELD, {"field": ("scope",)}),
        ("aws-controller", f"{AWS}attributes", OF_FIELD, {}),
        ("aws-controller", f"{AWS}target-group-attributes.80", OF_FIELD, {}),
        ("aws-controller", f"{AWS}listener-attributes.TCP-80", OF_FIELD, {"field": ("idle_timeout",)}),
        ("aws-controller", f"{AWS}type", OBSOLETE, {}),
        ("aws-controller", f"{AWS}internal", REPLACED, {"field": ("scope",)}),
        ("aws-controller", f"{AWS}proxy-protocol", REPLACED, {"field": ("client_ip",)}),
        ("aws-controller", f"{AWS}access-log-enabled", REPLACED, {"field": ("access_logs",)}),
        ("aws-controller", f"{AWS}cross-zone-load-balancing-enabled", REPLACED, {"field": ("cross_zone",)}),
        ("aws-legacy", f"{AWS}type", OBSOLETE, {}),
        ("aws-legacy", f"{AWS}proxy-protocol", REPLACED, {"field": ("client_ip",)}),
        ("aws-legacy", f"{AWS}extra-security-groups", REPLACED, {"field": ("aws", "security_groups")}),
        ("aws-legacy", f"{AWS}connection-idle-timeout", OBSOLETE, {}),
        ("gke", "cloud.google.com/load-balancer-type", REPLACED, {"field": ("scope",)}),
        ("gke", "networking.gke.io/internal-load-balancer-subnet", REPLACED, {"field": ("subnets",)}),
        ("gke", "networking.gke.io/load-balancer-ip-addresses", OF_FIELD, {"field": ("static_addresses",)}),
        ("azure", f"{AZURE}shared-securityrule", OBSOLETE, {}),
        ("azure", f"{AZURE}load-balancer-mode", OBSOLETE, {}),
        ("azure", f"{AZURE}dns-label-name", OF_FIELD, {"field": ("azure", "dns_label")}),
        ("azure", f"{AWS}name", OF_OTHER, {"platforms": ["aws-controller", "eks-auto-mode", "aws-legacy"]}),
        ("aws-controller", f"{AZURE}pip-name", OF_OTHER, {"platforms": ["azure"]}),
        ("generic", "cloud.google.com/l4-rbs", OF_OTHER, {"platforms": ["gke"]}),
        (
            "generic",
            "service.beta.kubernetes.io/load-balancer-source-ranges",
            "annotation-duplicates-allowed-sources",
            {"field": "allowed_sources"},
        ),
    ],
)
def test_an_annotation_that_contradicts_a_field_or_is_anothers_is_rejected(
    platform: str, key: str, code: str, params: Any
) -> None:
    problems = rejected(exposure(platform, annotations={key: "x"}))
    assert_problem(problems, code, "exposure", "annotations", key, **params)


def test_other_annotations_are_merged_last() -> None:
    more = {f"{AWS}inbound-sg-rules-on-private-link-traffic": "off", "example.com/Team": "shop"}
    made = service(exposure("aws-controller", annotations=more))["metadata"]["annotations"]
    assert made.items() >= more.items()
    assert made[f"{AWS}scheme"] == "internet-facing"


def test_all_problems_are_reported_at_once() -> None:
    problems = rejected(
        exposure("gke", tls=TLS, client_ip="proxy-protocol", allowed_sources=None),
        ports={"a": {"port": 1, "protocol": "SCTP"}},
        target=NO_SELECTOR,
        ready_timeout=0,
    )
    assert {problem.location for problem in problems} == {
        ("ready_timeout",),
        ("target", "selector"),
        ("exposure", "client_ip"),
        ("exposure", "tls", "certificates"),
        ("exposure", "tls"),
        ("ports", "a", "protocol"),
        ("exposure", "allowed_sources"),
        ("target_reads_proxy_protocol",),
    }


def test_ports_with_problems_hide_nothing_about_the_exposure() -> None:
    problems = rejected(exposure("gke", tls=TLS, allowed_sources=None), ports={"a": {"port": "x"}})
    assert_problem(problems, "wrong-type", "ports", "a", "port")
    assert_problem(problems, "unsupported-field", "exposure", "tls", "certificates")
    assert_problem(problems, "no-allowed-sources", "exposure", "allowed_sources")


# Ports of nodes.


ON_NODES = exposure("node-port", node_ports={"http": 30080})


def test_a_service_of_type_node_port_needs_no_load_balancer() -> None:
    recording = balancer(ON_NODES)
    spec = recording.manifest("Service")["spec"]
    assert (spec["type"], spec["externalTrafficPolicy"]) == ("NodePort", "Cluster")
    assert spec["ports"] == [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080, "nodePort": 30080}]
    outputs = recording.outputs["web"]
    assert outputs["load_balancers"] == outputs["monthly_cost"] == 0
    assert (outputs["cost"], outputs["address"], outputs["url"]) == ("Nothing is billed.", "", "")
    assert outputs["node_ports"] == {"http": 30080}


def test_nodes_keep_the_clients_addresses_only_if_they_pass_connections_to_their_own_pods() -> None:
    sources = ["203.0.113.0/24"]
    kept = balancer(exposure("node-port", client_ip="preserve", allowed_sources=sources))
    assert kept.manifest("Service")["spec"]["externalTrafficPolicy"] == "Local"
    assert ingress_of(kept)[0] == set(sources)
    (problem,) = rejected(exposure("node-port", allowed_sources=sources))
    assert_problem([problem], "unenforced-sources", "exposure", "allowed_sources")


def test_a_load_balancer_in_front_of_the_nodes_can_send_the_proxy_protocol() -> None:
    sent = exposure("node-port", client_ip="proxy-protocol", platform_sources=["10.0.0.0/24"])
    problems = rejected(sent, target_reads_proxy_protocol=True)
    assert_problem(problems, "proxy-protocol-of-nodes", "exposure", "proxy_protocol_configured")
    found = balancer({**sent, "proxy_protocol_configured": True}, target_reads_proxy_protocol=True)
    # Whoever else sends it could claim to be any client.
    assert found.manifest("Service")["spec"]["externalTrafficPolicy"] == "Local"
    assert ingress_of(found)[0] == {"10.0.0.0/24"}
    assert_problem(
        rejected(exposure("node-port", proxy_protocol_configured=True)),
        "no-effect",
        "exposure",
        "proxy_protocol_configured",
    )


@pytest.mark.parametrize("platform", ["node-port", "generic"])
def test_the_ports_of_nodes_are_checked(platform: str) -> None:
    def problems_with(node_ports: dict[str, int], **fields: Any) -> list[Problem]:
        ports = {"http": {"port": 80}, "dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}}
        return rejected(exposure(platform, node_ports=node_ports, **fields), ports=ports)

    for number in (80, 29999, 32768):
        (problem,) = problems_with({"http": number})
        assert problem.location == ("exposure", "node_ports", "http")
    (unknown,) = problems_with({"htp": 30080})
    assert_problem([unknown], "unknown-node-port", "exposure", "node_ports", "htp", ports=["dns", "dns-tcp", "http"])
    (foreign,) = problems_with({"metrics": 30080})
    assert foreign.code.name == "unknown-node-port"
    (twice,) = problems_with({"http": 30080, "dns-tcp": 30080})
    assert_problem([twice], "duplicate-node-port", "exposure", "node_ports", "dns-tcp")
    # A Service can have one for two protocols.
    balancer(
        exposure(platform, node_ports={"dns": 30053, "dns-tcp": 30053}),
        ports={"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}},
    )


def test_a_port_of_nodes_leads_to_one_service() -> None:
    generic = exposure("generic", client_ip="preserve", health={"node_port": 30080})
    for both in ((ON_NODES, ON_NODES), (ON_NODES, generic), (generic, ON_NODES)):
        problems = record(partial(problems_of, partial(two, *both))).value
        assert [problem.code.name for problem in problems] == ["claimed-value"]
    record(lambda: two(ON_NODES, exposure("node-port", node_ports={"http": 30081})))
