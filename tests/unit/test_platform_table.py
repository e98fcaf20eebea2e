"""Every platform supports what it declares, by the settings that it declares, and rejects the rest."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError
from pulumi_portico.args.problems import Problems
from pulumi_portico.args.values import WholeNumber
from pulumi_portico.public_load_balancer.balancer import Balancer
from pulumi_portico.public_load_balancer.plan import plan_public_load_balancer, request_of
from pulumi_portico.public_load_balancer.platform_module import all_features, requested_features
from pulumi_portico.public_load_balancer.platforms import all_platforms
from pulumi_portico.public_load_balancer.validation import parse_public_load_balancer

from tests.balancers import (
    ALL,
    AWS,
    DNS,
    MANAGED,
    MIXED,
    ON_AWS,
    TLS,
    arguments,
    exposure,
    matches,
    problems_in,
    settings_of,
)
from tests.examples import examples
from tests.kubernetes_schemas import validate
from tests.problems import applied, problems_of

MODULES = {module.name: module for module in all_platforms()}
UNSUPPORTED = ("unsupported-field", "unsupported-choice", "needs-controller-annotation", "health-port-needs-annotation")
PORT_CODES = {
    "protocol=UDP": "unsupported-protocol",
    "protocol=SCTP": "unsupported-protocol",
    "protocols=mixed": "unsupported-mixed-protocols",
    "port=shared": "unsupported-shared-port",
}
SHARED_PORT = {"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53}}
INTERNAL = {"scope": "internal", "allowed_sources": None}
PRESERVE = {"client_ip": "preserve"}
HIDE = {"client_ip": "hide"}
SENT_BY_OTHERS = {"client_ip": "proxy-protocol", "proxy_protocol_configured": True}
INSTANCE = {"target_type": "instance"}
HEALTH_OF_UDP = {"health": {"port": 8081}}

# For each feature: an exposure that asks for it, and the same without it.
Sample = tuple[dict[str, Any], dict[str, Any]]
SAMPLES: dict[str, Sample] = {
    "scope=internet": ({"scope": "internet"}, {"scope": "internal"}),
    "scope=internal": ({"scope": "internal"}, {"scope": "internet"}),
    "allowed_sources": ({"allowed_sources": ["203.0.113.0/24"]}, {"allowed_sources": ["192.0.2.0/24"]}),
    "client_ip=preserve": (PRESERVE, HIDE),
    "client_ip=proxy-protocol": ({"client_ip": "proxy-protocol"}, PRESERVE),
    "client_ip=hide": (HIDE, PRESERVE),
    "proxy_protocol_configured": (
        {"client_ip": "proxy-protocol", "proxy_protocol_configured": True},
        {"client_ip": "proxy-protocol", "annotations": {"example.com/proxy-protocol": "true"}},
    ),
    "static_addresses": ({"static_addresses": ["eipalloc-1"]}, {}),
    "subnets": ({"subnets": ["subnet-1"]}, {}),
    "ip_address_type=ipv4": ({"ip_address_type": "ipv4"}, {}),
    "ip_address_type=ipv6": ({"ip_address_type": "ipv6", "allowed_sources": ["::/0"]}, {"allowed_sources": ["::/0"]}),
    "ip_address_type=dualstack": ({"ip_address_type": "dualstack"}, {}),
    "node_ports": ({"node_ports": {"http": 30080}}, {}),
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
    "session_affinity": ({"session_affinity": "ClientIP"}, {}),
    "deletion_protection": ({"deletion_protection": True}, {}),
    "access_logs.bucket": ({"tls": TLS, "access_logs": {"bucket": "logs"}}, {"tls": TLS}),
    "access_logs.prefix": (
        {"tls": TLS, "access_logs": {"bucket": "logs", "prefix": "web"}},
        {"tls": TLS, "access_logs": {"bucket": "logs"}},
    ),
    "load_balancer_class": ({"load_balancer_class": "example.com/class"}, {}),
    "aws.target_type": ({"aws": INSTANCE}, {}),
    "aws.security_groups": (
        {"allowed_sources": None, "aws": {"security_groups": ["sg-1"]}},
        {"allowed_sources": None, "scope": "internal"},
    ),
    "aws.security_group_mode": ({"aws": MANAGED}, {}),
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
OWN_SAMPLES: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {
    ("node-port", "client_ip=proxy-protocol"): (SENT_BY_OTHERS, HIDE),
    # It is required beside the PROXY protocol.
    ("node-port", "proxy_protocol_configured"): (SENT_BY_OTHERS, PRESERVE),
    ("generic", "static_addresses"): ({"static_addresses": ["203.0.113.7"]}, {}),
    ("gke", "load_balancer_class"): ({"load_balancer_class": "networking.gke.io/l4-regional-external"}, {}),
}
SWITCHES_SCOPE = {"annotations": {"example.com/internal": "true"}}
# What a platform can require beside a feature, and beside what it's compared with. The samples are built with the first
# of these that the platform accepts.
BESIDE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    *((same, same) for same in ({}, PRESERVE, HIDE, INTERNAL, {"aws": INSTANCE}, {"aws": MANAGED}, SWITCHES_SCOPE)),
    ({"annotations": {"example.com/proxy-protocol": "true"}}, {}),
    ({"health": {"healthy": 4, "unhealthy": 4}}, {}),
]
PORT_SAMPLES: dict[str, dict[str, Any]] = {
    "protocol=UDP": DNS,
    "protocol=SCTP": {"signal": {"port": 3868, "protocol": "SCTP"}},
    "protocols=mixed": MIXED,
    "port=shared": SHARED_PORT,
}
TWO_PORTS = {"a": {"port": 80}, "b": {"port": 443}}


def build(platform: str, fields: dict[str, Any], ports: Any = None) -> Balancer:
    """The load balancer, which accepts connections from everyone unless the fields differ."""
    return build_as_it_is(exposure(platform, **fields), ports)


def build_as_it_is(exposed: dict[str, Any], ports: Any = None) -> Balancer:
    """The load balancer, without Pulumi; raises ArgumentError if it is rejected."""
    problems = Problems("the load balancer")
    spec = parse_public_load_balancer("web", arguments_for(exposed, ports), problems)
    problems.raise_if_any()
    return plan_public_load_balancer("web", spec).balancer


def arguments_for(exposed: dict[str, Any], ports: Any = None) -> Any:
    more: dict[str, Any] = {} if ports is None else {"ports": ports}
    if exposed.get("client_ip") == "proxy-protocol":
        more["target_reads_proxy_protocol"] = True
    return arguments(exposed, **more)


def balancers_with_and_without(platform: str, feature: str, ports: Any) -> tuple[Balancer, Balancer]:
    """A load balancer with a feature and one without it, as alike as the platform accepts them."""
    requested, without_it = OWN_SAMPLES.get((platform, feature), SAMPLES[feature])
    for beside, beside_other in BESIDE:
        with contextlib.suppress(ArgumentError):
            one = build(platform, merged(beside, requested), ports)
            return one, build(platform, merged(beside_other, without_it), ports)
    raise AssertionError(f"no sample of {feature} is valid on {platform}; add what it requires to BESIDE")


def merged(beside: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    groups = {key: {**beside[key], **value} for key, value in fields.items() if isinstance(beside.get(key), dict)}
    return {**beside, **fields, **groups}


def differences(one: Balancer, other: Balancer) -> set[str]:
    a, b = settings_of(one.service), settings_of(other.service)
    return {setting for setting in a.keys() | b.keys() if a.get(setting) != b.get(setting)}


def test_there_is_a_sample_of_everything_that_can_be_asked_for() -> None:
    assert {*SAMPLES, *PORT_SAMPLES} == set(all_features())


CASES = [(platform, feature) for platform in ALL for feature in SAMPLES]


@pytest.mark.parametrize(("platform", "feature"), CASES)
def test_a_platform_configures_a_feature_where_it_declares_or_rejects_it(platform: str, feature: str) -> None:
    ports = TWO_PORTS if feature == "tls.ports" else None
    module = MODULES[platform]
    if not module.supports(feature):
        problems = problems_of(lambda: build(platform, SAMPLES[feature][0], ports))
        location = feature.partition("=")[0].split(".")
        able = [name for name, other in MODULES.items() if other.supports(feature)]
        found = [it for it in problems if it.location == ("exposure", *location) and it.code.name in UNSUPPORTED]
        assert [problem.params["platforms"] for problem in found] == [able]
        return
    changed = differences(*balancers_with_and_without(platform, feature, ports))
    settings_ = module.capabilities[feature]
    beside = {"spec.loadBalancerSourceRanges", f"{AWS}scheme", f"{AWS}internal", "example.com/proxy-protocol"}
    other = {setting for setting in changed if not any(matches(declared, setting) for declared in settings_)}
    assert other <= beside, "it is configured elsewhere too"
    assert bool(changed - other) == bool(settings_), (changed, settings_)


@pytest.mark.parametrize("platform", ALL)
@pytest.mark.parametrize("feature", PORT_SAMPLES)
def test_a_platform_accepts_the_protocols_that_it_declares_and_no_others(platform: str, feature: str) -> None:
    module = MODULES[platform]
    ports = PORT_SAMPLES[feature]
    health = HEALTH_OF_UDP if platform in ON_AWS else {}
    if module.supports(feature):
        made = build(platform, {} if feature == "port=shared" else health, ports)
        assert {(port["port"], port["protocol"]) for port in made.service["spec"]["ports"]} == {
            (port["port"], port.get("protocol", "TCP")) for port in ports.values()
        }
        found = settings_of(made.service)
        assert all(any(matches(declared, it) for it in found) for declared in module.capabilities[feature])
    else:
        problems = problems_of(lambda: build(platform, health, ports))
        assert PORT_CODES[feature] in {problem.code.name for problem in problems}


def test_what_is_declared_is_consistent() -> None:
    for module in MODULES.values():
        assert module.capabilities.keys() <= {*all_features(), "drain"}
        assert set(module.limits) <= set(module.capabilities)
        assert set(module.alternatives).isdisjoint(module.capabilities)
        assert {feature.partition("=")[0] for feature in module.replaced_by_change_of} <= set(module.capabilities)
        for key in module.obsolete_annotations:
            assert key.startswith(module.annotation_prefixes), key
        numbers = {"idle_timeout", "health.interval", "health.timeout", "health.healthy", "health.unhealthy"}
        assert numbers & set(module.capabilities) <= set(module.limits), "the rules of Exposure leave them open"


def test_every_field_of_settings_belongs_to_the_platforms_that_declare_it() -> None:
    declared = {module.settings.field for module in MODULES.values() if module.settings}
    assert declared == {"aws", "gke", "azure"}
    for module in MODULES.values():
        groups = {feature.partition(".")[0] for feature in module.capabilities} & declared
        assert groups <= ({module.settings.field} if module.settings else set()), module.name


def test_a_module_that_names_an_unknown_feature_is_not_accepted() -> None:
    with pytest.raises(ValueError, match="healthy_path"):
        replace(MODULES["gke"], limits={"healthy_path": WholeNumber(1, 2, "a number")})


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
        "ip_address_type": st.sampled_from(["ipv4", "ipv6", "dualstack"]),
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
        "session_affinity": st.just("ClientIP"),
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
        "node_ports": st.just({"http": 30080}),
    },
)
PORTS = st.sampled_from([None, DNS, MIXED, SHARED_PORT, TWO_PORTS, PORT_SAMPLES["protocol=SCTP"]])


def shown(made: Balancer) -> tuple[Any, Any, Any]:
    return made.service, made.network_policy, made.proxy_protocol


def or_rejected(platform: str, fields: dict[str, Any], ports: Any) -> Balancer | None:
    """The load balancer; None if it is rejected for problems whose fixes work."""
    args = arguments_for({**fields, "platform": platform}, ports)
    problems = problems_in(args)
    if not problems:
        return build_as_it_is(args["exposure"], ports)
    assert all(problem.location and problem.message for problem in problems)
    assert_fixes_converge(args)
    return None


def assert_fixes_converge(args: Any) -> None:
    """Each fix removes its problem, and after a few fixes only problems without one are left."""
    for _ in range(40):
        fixable = [problem for problem in problems_in(args) if problem.edits]
        if not fixable:
            return
        first = fixable[0]
        args = applied(first.edits, args)
        left = {(problem.code, problem.location) for problem in problems_in(args)}
        assert (first.code, first.location) not in left, f"the fix of {first} doesn't fix it"
    raise AssertionError(f"the fixes of {args} go in circles")


def check_each_field_shows(platform: str, fields: dict[str, Any], ports: Any) -> bool:
    made = or_rejected(platform, fields, ports)
    if made is None:
        return False
    for manifest in (made.service, made.network_policy):
        validate(manifest)
    for group, name in leaves(fields):
        if name == "scope":
            continue
        rest = or_rejected(platform, without(fields, group, name), ports)
        if name == "client_ip" and rest is not None and rest.client_ip.value == fields[name]:
            continue  # For UDP, AWS does that anyway.
        # Where the rest cannot be without it, it is needed; else it must be seen that it is there.
        assert rest is None or shown(rest) != shown(made), f"{platform} drops {group}.{name}"
    return True


def test_every_field_that_is_set_shows_or_is_rejected() -> None:
    built: Counter[str] = Counter()

    @settings(max_examples=examples(40))
    @given(fields=FIELDS, ports=PORTS)
    def run(fields: dict[str, Any], ports: Any) -> None:
        built.update(platform for platform in ALL if check_each_field_shows(platform, fields, ports))

    run()
    # Any platform rejects most of what all of them together support. What none builds shows nothing.
    assert built.total() >= 10


@pytest.mark.parametrize("platform", ALL)
def test_what_a_platform_can_do_it_does_together(platform: str) -> None:
    """The same, among the fields that the platform has: it builds some of them."""
    module = MODULES[platform]
    built: list[bool] = []

    @settings(max_examples=examples(30))
    @given(fields=FIELDS, ports=PORTS)
    def run(fields: dict[str, Any], ports: Any) -> None:
        for feature in features_of_fields(platform, fields):
            if not module.supports(feature):
                group, _, leaf = feature.partition("=")[0].rpartition(".")
                fields = without(fields, group, leaf)
        built.append(check_each_field_shows(platform, fields, ports))

    run()
    assert sum(built) >= 3


def features_of_fields(platform: str, fields: dict[str, Any]) -> list[str]:
    spec = parse_public_load_balancer("web", arguments({**fields, "platform": platform}), Problems("the load balancer"))
    found = (requested.feature for requested in requested_features(request_of(spec)))
    return [feature for feature in found if not feature.startswith("scope")]
