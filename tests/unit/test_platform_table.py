"""Every platform does what it declares, tells it where it declares to, and refuses the rest: no field is dropped."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError
from pulumi_portico.errors import Problems
from pulumi_portico.public_load_balancer.args import check_public_load_balancer, request_of
from pulumi_portico.public_load_balancer.balancer import Balancer, build_balancer
from pulumi_portico.public_load_balancer.platform_module import all_features, features_of
from pulumi_portico.public_load_balancer.platforms import PLATFORMS

from tests.balancers import ALL, AWS, DNS, MIXED, TLS, arguments, at, exposure, told

SHARED_PORT = {"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}}
INTERNAL = {"scope": "internal", "allowed_sources": None}
PRESERVE = {"client_ip": "preserve"}
INSTANCE = {"target_type": "instance"}
HEALTH_OF_UDP = {"health": {"port": 8081}}

# For each feature: an exposure that asks for it, and the same without it.
Sample = tuple[dict[str, Any], dict[str, Any]]
SAMPLES: dict[str, Sample] = {
    "scope=internet": ({"scope": "internet"}, {"scope": "internal"}),
    "scope=internal": ({"scope": "internal"}, {"scope": "internet"}),
    "allowed_sources": ({"allowed_sources": ["203.0.113.0/24"]}, {"allowed_sources": ["192.0.2.0/24"]}),
    "client_ip=preserve": (PRESERVE, {}),
    "client_ip=proxy-protocol": ({"client_ip": "proxy-protocol"}, PRESERVE),
    "client_ip=hide": ({"client_ip": "hide"}, PRESERVE),
    "static_addresses": ({"static_addresses": ["eipalloc-1"]}, {}),
    "subnets": ({"subnets": ["subnet-1"]}, {}),
    "address_family=IPv4": ({"address_family": "IPv4"}, {}),
    "address_family=IPv6": ({"address_family": "IPv6", "allowed_sources": ["::/0"]}, {"allowed_sources": ["::/0"]}),
    "address_family=dual": ({"address_family": "dual"}, {}),
    "name": ({"name": "shop-web"}, {}),
    "tags": ({"tags": {"team": "shop"}}, {}),
    "health.protocol": ({"health": {"protocol": "https"}}, {}),
    "health.path": ({"health": {"path": "/healthz"}}, {}),
    "health.port": ({"health": {"port": 8081}}, {}),
    "health.interval": ({"health": {"interval": 17}}, {}),
    "health.timeout": ({"health": {"timeout": 7}}, {}),
    "health.healthy": ({"health": {"healthy": 4}}, {}),
    "health.unhealthy": ({"health": {"unhealthy": 4}}, {}),
    "health.success_codes": ({"health": {"path": "/", "success_codes": "200,204"}}, {"health": {"path": "/"}}),
    "health.node_port": ({**PRESERVE, "health": {"node_port": 32000}}, PRESERVE),
    "tls.certificates": ({"tls": TLS}, {}),
    "tls.ports": ({"tls": {**TLS, "ports": ["b"]}}, {"tls": {**TLS, "ports": ["a"]}}),
    "tls.policy": ({"tls": {**TLS, "policy": "ELBSecurityPolicy-FS-2018-06"}}, {"tls": TLS}),
    "tls.alpn": ({"tls": {**TLS, "alpn": "HTTP2Preferred"}}, {"tls": TLS}),
    "tls.encrypt_to_pods": ({"tls": {**TLS, "encrypt_to_pods": True}}, {"tls": TLS}),
    "cross_zone": ({"cross_zone": True}, {}),
    "idle_timeout": ({"idle_timeout": 600}, {}),
    "session_affinity": ({"session_affinity": True}, {}),
    "deletion_protection": ({"deletion_protection": True}, {}),
    "access_logs.bucket": ({"tls": TLS, "access_logs": {"bucket": "logs"}}, {"tls": TLS}),
    "access_logs.prefix": (
        {"tls": TLS, "access_logs": {"bucket": "logs", "prefix": "web"}},
        {"tls": TLS, "access_logs": {"bucket": "logs"}},
    ),
    "load_balancer_class": ({"load_balancer_class": "networking.gke.io/l4-regional-external"}, {}),
    "aws.target_type": ({"aws": INSTANCE}, {}),
    "aws.security_groups": (
        {"allowed_sources": None, "aws": {"security_groups": ["sg-1"]}},
        {"allowed_sources": None, "scope": "internal"},
    ),
    "aws.manage_backend_rules": (
        {"allowed_sources": None, "aws": {"security_groups": ["sg-1"], "manage_backend_rules": False}},
        {"allowed_sources": None, "aws": {"security_groups": ["sg-1"]}},
    ),
    "aws.prefix_lists": ({"aws": {"prefix_lists": ["pl-1"]}}, {}),
    "aws.load_balancer_attributes": ({"aws": {"load_balancer_attributes": {"a.b": "c"}}}, {}),
    "aws.target_group_attributes": ({"aws": {"target_group_attributes": {"a.b": "c"}}}, {}),
    "gke.network_tier": ({"gke": {"network_tier": "Standard"}}, {}),
    "gke.global_access": ({**INTERNAL, "gke": {"global_access": True}}, INTERNAL),
    "gke.weighted": ({**PRESERVE, "gke": {"weighted": True}}, PRESERVE),
    "azure.resource_group": ({"azure": {"resource_group": "addresses"}}, {}),
    "azure.public_ip_prefix": ({"azure": {"public_ip_prefix": "/prefixes/a"}}, {}),
    "azure.public_ip_prefix_ipv6": ({"azure": {"public_ip_prefix_ipv6": "/prefixes/b"}}, {}),
    "azure.dns_label": ({"azure": {"dns_label": "shop"}}, {}),
    "azure.service_tags": ({"azure": {"service_tags": ["AzureFrontDoor.Backend"]}}, {}),
    "azure.floating_ip": ({"azure": {"floating_ip": False}}, {}),
}
THRESHOLDS = ({"health": {"healthy": 4, "unhealthy": 4}}, {})
SWITCH = {"annotations": {"example.com/proxy-protocol": "true"}}
ON_INSTANCES = ({**PRESERVE, "aws": INSTANCE, "health": {"node_port": 32000}}, {**PRESERVE, "aws": INSTANCE})
INTERNAL_SUBNET = ({**INTERNAL, "subnets": ["subnet-1"]}, INTERNAL)
# What a platform wants in another way, because of what it wants beside it.
OTHER_SAMPLES: dict[tuple[str, str], Sample] = {
    ("aws-controller", "health.node_port"): ON_INSTANCES,
    ("eks-auto-mode", "health.node_port"): ON_INSTANCES,
    ("aws-legacy", "health.healthy"): THRESHOLDS,
    ("aws-legacy", "health.unhealthy"): THRESHOLDS,
    ("gke", "subnets"): INTERNAL_SUBNET,
    ("azure", "subnets"): INTERNAL_SUBNET,
    ("generic", "scope=internet"): (SWITCH_SCOPE := {"annotations": {"example.com/internal": "true"}}, SWITCH_SCOPE),
    ("generic", "scope=internal"): ({**SWITCH_SCOPE, "scope": "internal"}, {**SWITCH_SCOPE, "scope": "internet"}),
    ("generic", "client_ip=proxy-protocol"): ({**SWITCH, "client_ip": "proxy-protocol"}, {**PRESERVE}),
}
PORT_SAMPLES: dict[str, dict[str, Any]] = {
    "protocol=UDP": DNS,
    "protocol=SCTP": {"signal": {"port": 3868, "protocol": "SCTP"}},
    "protocols=mixed": MIXED,
    "port=shared": SHARED_PORT,
}
TWO_PORTS = {"a": {"port": 80}, "b": {"port": 443}}


def build(platform: str, fields: dict[str, Any], ports: Any = None) -> Balancer:
    """What the platform is told, with a way in for everyone, unless the fields say otherwise."""
    return build_as_it_is(exposure(platform, **fields), ports)


def build_as_it_is(exposed: dict[str, Any], ports: Any = None) -> Balancer:
    """What the platform is told, without Pulumi; raises ArgumentError where it is refused."""
    more: dict[str, Any] = {} if ports is None else {"ports": ports}
    if exposed.get("client_ip") == "proxy-protocol":
        more["target_reads_proxy_protocol"] = True
    problems = Problems("it")
    checked = check_public_load_balancer("web", arguments(exposed, **more), problems)
    problems.raise_if_any()
    return build_balancer({"namespace": "shop"}, {"app": "api-app"}, request_of(checked))


def differences(one: Balancer, other: Balancer) -> set[str]:
    a, b = told(one.service), told(other.service)
    return {place for place in a.keys() | b.keys() if a.get(place) != b.get(place)}


def test_there_is_a_sample_of_everything_that_can_be_asked_for() -> None:
    assert {*SAMPLES, *PORT_SAMPLES} == set(all_features())


CASES = [(platform, feature) for platform in ALL for feature in SAMPLES]


@pytest.mark.parametrize(("platform", "feature"), CASES)
def test_a_platform_tells_a_feature_where_it_declares_or_refuses_it(platform: str, feature: str) -> None:
    wanted, without_it = OTHER_SAMPLES.get((platform, feature), SAMPLES[feature])
    ports = TWO_PORTS if feature == "tls.ports" else None
    module = PLATFORMS[platform]
    if not module.can(feature):
        with pytest.raises(ArgumentError) as caught:
            build(platform, wanted, ports)
        assert f"is nothing that {platform} can do" in str(caught.value)
        able = [name for name, it in PLATFORMS.items() if it.can(feature)]
        assert f"allowed: on {', '.join(able)}" in str(caught.value), "names those that can"
        return
    changed = differences(build(platform, wanted, ports), build(platform, without_it, ports))
    places = module.honours[feature]
    beside = {"spec.loadBalancerSourceRanges", f"{AWS}scheme", f"{AWS}internal", "example.com/proxy-protocol"}
    other = {it for it in changed if not any(at(place, it) for place in places)}
    assert other <= beside, "it is told elsewhere too"
    assert bool(changed - other) == bool(places), (changed, places)


@pytest.mark.parametrize("platform", ALL)
@pytest.mark.parametrize("feature", PORT_SAMPLES)
def test_a_platform_takes_the_protocols_that_it_declares_and_no_others(platform: str, feature: str) -> None:
    module = PLATFORMS[platform]
    ports = PORT_SAMPLES[feature]
    health = HEALTH_OF_UDP if platform in ("aws-controller", "eks-auto-mode", "aws-legacy") else {}
    if module.can(feature):
        made = build(platform, {} if feature == "port=shared" else health, ports)
        assert {(it["port"], it["protocol"]) for it in made.service["spec"]["ports"]} == {
            (it["port"], it.get("protocol", "TCP")) for it in ports.values()
        }
        assert all(any(at(place, it) for it in told(made.service)) for place in module.honours[feature])
    else:
        with pytest.raises(ArgumentError, match=f"nothing that {platform} can do"):
            build(platform, health, ports)


def test_what_is_declared_exists_and_no_two_features_claim_an_attribute_by_chance() -> None:
    for module in PLATFORMS.values():
        assert module.honours.keys() <= {*all_features(), "drain"}
        assert set(module.limits) <= set(module.honours)
        assert set(module.instead).isdisjoint(module.honours)
        assert {it.partition("=")[0] for it in module.renewed_by} <= set(module.honours)
        for key in module.obsolete:
            assert key.startswith(module.prefixes), key


def leaves(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Each field that is set, as its group and its name."""
    found: list[tuple[str, str]] = []
    for name, value in fields.items():
        grouped = isinstance(value, dict) and name not in ("tags", "annotations")
        found += [(name, leaf) for leaf in value] if grouped else [("", name)]
    return found


def without(fields: dict[str, Any], group: str, name: str) -> dict[str, Any]:
    if not group:
        return {key: value for key, value in fields.items() if key != name}
    rest = {key: value for key, value in fields[group].items() if key != name}
    return {**{key: value for key, value in fields.items() if key != group}, **({group: rest} if rest else {})}


YES, NO = st.sampled_from([True]), st.sampled_from([False])
CIDRS = st.sampled_from(["203.0.113.0/24", "10.1.0.0/16", "2001:db8::/32", "0.0.0.0/0"])
# No value is what a platform does anyway, so that each one must show.
FIELDS = st.fixed_dictionaries(
    {"scope": st.sampled_from(["internet", "internal"])},
    optional={
        "allowed_sources": st.lists(CIDRS, min_size=1, max_size=3, unique=True),
        "client_ip": st.sampled_from(["preserve", "proxy-protocol"]),
        "static_addresses": st.sampled_from([["eipalloc-1"], ["eipalloc-1", "eipalloc-2"], ["10.0.1.5"]]),
        "subnets": st.lists(st.sampled_from(["subnet-1", "subnet-2"]), min_size=1, unique=True),
        "address_family": st.sampled_from(["IPv4", "IPv6", "dual"]),
        "name": st.just("shop-web"),
        "tags": st.dictionaries(st.sampled_from(["team", "stage"]), st.just("x"), min_size=1),
        "health": st.fixed_dictionaries(
            {},
            optional={
                "protocol": st.sampled_from(["https", "tcp"]),
                "path": st.just("/healthz"),
                "port": st.just(8081),
                "interval": st.sampled_from([10, 20]),
                "timeout": st.just(7),
                "healthy": st.just(4),
                "unhealthy": st.just(4),
                "success_codes": st.just("200-299"),
                "node_port": st.just(32000),
            },
        ).filter(bool),
        "tls": st.fixed_dictionaries(
            {"certificates": st.just(TLS["certificates"])},
            optional={"policy": st.just("ELBSecurityPolicy-FS-2018-06"), "alpn": st.just("HTTP2Only")},
        ),
        "cross_zone": YES,
        "idle_timeout": st.sampled_from([300, 601]),
        "session_affinity": YES,
        "deletion_protection": YES,
        "access_logs": st.just({"bucket": "logs", "prefix": "web"}),
        "load_balancer_class": st.sampled_from(["example.com/class", "networking.gke.io/l4-regional-internal"]),
        "platform_sources": st.just(["10.9.0.0/16"]),
        "aws": st.fixed_dictionaries(
            {}, optional={"target_type": st.just("instance"), "prefix_lists": st.just(["pl-1"])}
        ).filter(bool),
        "gke": st.fixed_dictionaries(
            {},
            optional={
                "network_tier": st.just("Standard"),
                "global_access": YES,
                "weighted": YES,
            },
        ).filter(bool),
        "azure": st.fixed_dictionaries(
            {},
            optional={
                "resource_group": st.just("addresses"),
                "dns_label": st.just("shop"),
                "service_tags": st.just(["AzureCloud"]),
                "floating_ip": NO,
            },
        ).filter(bool),
        "annotations": st.just({"example.com/a-proxy-protocol-switch": "on"}),
    },
)
PORTS = st.sampled_from([None, DNS, MIXED, SHARED_PORT, TWO_PORTS, PORT_SAMPLES["protocol=SCTP"]])


def shown(made: Balancer) -> tuple[Any, Any, Any]:
    return made.service, made.network_policy, made.proxy_protocol


def or_refused(platform: str, fields: dict[str, Any], ports: Any) -> Balancer | None:
    try:
        return build_as_it_is({**fields, "platform": platform}, ports)
    except ArgumentError as error:
        said = error.problems
    assert all(it.path and it.wrong and it.allowed for it in said), said
    return None


def check_each_field_shows(platform: str, fields: dict[str, Any], ports: Any) -> bool:
    made = or_refused(platform, fields, ports)
    if made is None:
        return False
    for version in ("1.30", "1.37"):
        for manifest in (made.service, made.network_policy):
            kubernetes_validate.validate(manifest, version, strict=True)
    for group, name in leaves(fields):
        if name == "scope":
            continue
        rest = or_refused(platform, without(fields, group, name), ports)
        if name == "client_ip" and rest is not None and rest.client_ip == fields[name]:
            continue  # For UDP, AWS does that anyway.
        # Where the rest cannot be without it, it is needed; else it must be seen that it is there.
        assert rest is None or shown(rest) != shown(made), f"{platform} drops {group}.{name}"
    return True


@settings(max_examples=150)
@given(fields=FIELDS, ports=PORTS)
def test_every_field_that_is_set_shows_or_is_refused(fields: dict[str, Any], ports: Any) -> None:
    for platform in ALL:
        check_each_field_shows(platform, fields, ports)


@pytest.mark.parametrize("platform", ALL)
@settings(max_examples=40)
@given(data=st.data())
def test_what_a_platform_can_do_it_does_together(platform: str, data: st.DataObject) -> None:
    """The same, among the fields that the platform has: few of those are refused."""
    module = PLATFORMS[platform]
    fields = data.draw(FIELDS)
    ports = data.draw(PORTS)
    for asked in features_of_fields(platform, fields):
        if not module.can(asked):
            group, _, leaf = asked.partition("=")[0].rpartition(".")
            fields = without(fields, group, leaf)
    check_each_field_shows(platform, fields, ports)


def features_of_fields(platform: str, fields: dict[str, Any]) -> list[str]:
    request = request_of(arguments({**fields, "platform": platform}))
    return [it.feature for it in features_of(request) if not it.feature.startswith("scope")]
