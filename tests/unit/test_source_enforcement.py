"""What enforces the sources of a load balancer, what counts as everyone, and what needs the client's address."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.address_ranges import (
    common_ranges,
    includes_everyone,
    ranges_of_everyone,
    versions_of_everyone,
)
from pulumi_portico.args.problems import Problem, Set
from pulumi_portico.public_load_balancer.access_annotations import COMMON, AccessEffect
from pulumi_portico.public_load_balancer.platforms import Platform, all_platforms, module_of
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.view import SourceKind, StackView
from pulumi_portico.stack.view_text import is_open_to_everyone
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import record

from tests.balancers import AWS, AZURE, DNS, MANAGED, TLS, balancer, exposure, rejected
from tests.problems import assert_problem, problems_of

NARROW = ["203.0.113.0/24"]
NO_GROUP = {f"{AWS}disable-nlb-sg": "true"}


@pytest.mark.parametrize(
    ("ranges", "positions"),
    [
        (["0.0.0.0/0"], [0]),
        (["203.0.113.0/24", "0.0.0.0/0"], [1]),
        (["0.0.0.0/1", "128.0.0.0/1"], [0, 1]),
        # ::/1 has 2000::/3, every public address of IPv6.
        (["::/1", "8000::/1"], [0]),
        (["2000::/3"], [0]),
        (["0.0.0.0/1", "8000::/1"], []),
        (["0.0.0.0/1"], []),
        (["10.0.0.0/8"], []),
        ([], []),
        # Every public address: the rest is private, reserved, or multicast.
        (["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"], [0, 1, 2]),
    ],
)
def test_ranges_include_everyone_alone_or_together(ranges: list[str], positions: list[int]) -> None:
    assert ranges_of_everyone(ranges) == positions
    assert includes_everyone(ranges) == bool(positions)


def test_what_is_not_known_yet_includes_nobody() -> None:
    def program() -> Any:
        return ranges_of_everyone([pulumi.Output.from_input("0.0.0.0/0"), "128.0.0.0/1"])

    assert record(program).value == []
    assert versions_of_everyone(["0.0.0.0/0", "::/0"]) == {4, 6}


def test_the_fix_preserves_the_address_and_removes_what_does_not_fit() -> None:
    given = exposure("aws-legacy", allowed_sources=NARROW, health={"path": "/healthz"}, platform_sources=["10.0.0.0/8"])
    problem = assert_problem(rejected(given), "unenforced-sources", "exposure", "allowed_sources", chosen="hide")
    assert problem.value == NARROW
    assert problem.edits[0] == Set(problem.location.parent / "client_ip", "preserve")
    assert len(problem.edits) == 3


def test_the_proxy_protocol_has_no_fix_that_a_program_can_apply() -> None:
    given = exposure("aws-legacy", allowed_sources=NARROW, client_ip="proxy-protocol")
    problems = rejected(given, target_reads_proxy_protocol=True)
    problem = assert_problem(problems, "unenforced-sources", "exposure", "allowed_sources")
    assert problem.edits == ()
    assert "preserve" in problem.fix


def test_udp_clients_keep_their_address() -> None:
    given = exposure("aws-legacy", allowed_sources=NARROW, health={"port": 10256})
    assert balancer(given, ports=DNS).manifest("Service")["spec"]["loadBalancerSourceRanges"] == NARROW


def test_a_range_that_is_known_later_counts_as_narrow() -> None:
    later = pulumi.Output.from_input("0.0.0.0/0")
    problems = rejected(exposure("aws-legacy", allowed_sources=[later]))
    assert_problem(problems, "unenforced-sources", "exposure", "allowed_sources")


@pytest.mark.parametrize("platform", ["aws-controller", "eks-auto-mode"])
def test_an_annotation_that_disables_the_security_group_is_rejected(platform: str) -> None:
    given = exposure(platform, allowed_sources=NARROW, annotations=NO_GROUP)
    location = ("exposure", "annotations", f"{AWS}disable-nlb-sg")
    problem = assert_problem(rejected(given), "source-enforcement-disabled", *location)
    assert (problem.value, problem.params["sources"]) == ("true", ("allowed_sources",))
    for value in ("false", "0"):
        balancer({**given, "annotations": {f"{AWS}disable-nlb-sg": value}})


def test_aws_legacy_ignores_security_groups_unless_it_manages_them() -> None:
    groups = {"security_groups": ["sg-1"]}
    problems = rejected(exposure("aws-legacy", allowed_sources=None, aws=groups))
    assert [problem.code.name for problem in problems] == ["security-groups-not-managed"]
    balancer(exposure("aws-legacy", allowed_sources=None, aws={**groups, **MANAGED}))


def test_a_managed_security_group_has_no_rule_for_tls() -> None:
    problems = rejected(exposure("aws-legacy", allowed_sources=NARROW, aws=MANAGED, tls=TLS))
    assert_problem(problems, "tls-with-managed-security-group", "exposure", "tls")


def test_service_tags_of_an_internal_load_balancer_need_ranges() -> None:
    given = exposure("azure", scope="internal", allowed_sources=None, azure={"service_tags": ["AzureCloud"]})
    assert_problem(rejected(given), "service-tags-without-ranges", "exposure", "azure", "service_tags")


# Raw annotations that change who can connect.

PRIVATE_LINK = f"{AWS}inbound-sg-rules-on-private-link-traffic"
VALUES = ("true", "deny", "off", "subnet-1", '{"exposed_ports": {"80": {}}}')
ON_NODES = {"service.cilium.io/src-ranges-policy": "deny"}


def view(given: dict[str, Any], **more: Any) -> StackView:
    """What `portico explain` reports of a stack with this exposure."""
    return view_of(check_stack("dev", stack_of(given, **more)))


def stack_of(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    front = {"target": {"service": "web"}, "exposure": camel_keys(given)}
    services = {"web": {"image": "web:1", "port": 8080}}
    return {"namespace": "shop", "services": services, "loadBalancers": {"front": front}, **more}


def problems_of_stack(given: dict[str, Any]) -> list[Problem]:
    try:
        check_stack("dev", stack_of(given))
    except ArgumentError as error:
        return list(error.problems)
    return []


def camel_keys(given: dict[str, Any]) -> dict[str, Any]:
    return {re.sub("_(.)", lambda found: found[1].upper(), key): value for key, value in given.items()}


def reported_at(found: StackView) -> dict[tuple[Any, ...], list[str]]:
    """The kinds of exceptions, by location within the exposure."""
    kinds: dict[tuple[Any, ...], list[str]] = {}
    for each in found.exceptions:
        kinds.setdefault(tuple(each.exception.location)[3:], []).append(each.exception.kind.name)
    return kinds


def rows() -> list[Any]:
    """Each known annotation of each platform, with a value that has an effect."""
    return [
        pytest.param(
            module.name, key, next(value for value in VALUES if known.effect_of(value)), id=f"{module.name} {key}"
        )
        for module in all_platforms()
        for key, known in {**COMMON, **module.access_annotations}.items()
    ]


@pytest.mark.parametrize(("platform", "key", "value"), rows())
def test_no_annotation_admits_clients_that_are_not_reported(platform: str, key: str, value: str) -> None:
    """With narrow sources, it's rejected, reported as a way in of its own, or makes no difference."""
    module = module_of(Platform(platform))
    known = {**COMMON, **module.access_annotations}[key]
    for scope in ("internet", "internal"):
        given = exposure(platform, scope=scope, allowed_sources=NARROW, client_ip="preserve", annotations={key: value})
        problems = problems_of_stack(given)
        at = ("load_balancers", "front", "exposure", "annotations", key)
        if problems:
            assert [problem.location for problem in problems] == [at]
            continue
        found = view(given)
        (shown,) = found.balancers
        further = [source.value for source in shown.sources if source.kind is SourceKind.FURTHER_CLIENTS]
        if known.effect_of(value) is AccessEffect.FURTHER_CLIENTS:
            assert further == [known.clients]
            assert reported_at(found)[("annotations", key)] == ["further-clients"]
        elif known.effect_of(value) is AccessEffect.EVERY_PORT:
            assert reported_at(found)[("annotations", key)] == ["every-port-of-load-balancer"]
        elif known.effect_of(value) is AccessEffect.UNENFORCED:
            # Something else enforces the ranges, or it's reported that it isn't certain.
            shared = reported_at(found).get(("allowed_sources",), []) == ["shared-source-rules"]
            assert (shown.are_sources_certain, further) == (not shared, [])
        else:
            assert known.effect_of(value) == AccessEffect(scope)


@pytest.mark.parametrize("text", [" ", "sg-1 ", " sg-1", "sg-1\\", "\\"])
@pytest.mark.parametrize("fields", ["aws.security_groups", "azure.service_tags", "subnets", "tags"])
def test_no_text_of_an_annotation_means_something_else_to_the_controller(fields: str, text: str) -> None:
    """It trims texts, and a list of spaces is none: it would then admit everyone. A backslash escapes a comma."""
    platform = "azure" if fields.startswith("azure") else "aws-controller"
    group, _, name = fields.rpartition(".")
    value = {"a": text} if name == "tags" else [text]
    chosen = {group: {name: value}} if group else {name: value}
    given = exposure(platform, **chosen, **({} if name in ("subnets", "tags") else {"allowed_sources": None}))
    location = (*fields.split("."), "a" if name == "tags" else 0)
    assert_problem(rejected(given), "ambiguous-text-in-annotation", "exposure", *location)


@pytest.mark.parametrize("key", [" preserve_client_ip.enabled", "preserve_client_ip.enabled ", "a\\"])
def test_no_attribute_changes_what_a_field_sets(key: str) -> None:
    attributes = {"target_group_attributes": {key: "true"}}
    location = ("exposure", "aws", "target_group_attributes", key)
    problems = rejected(exposure("aws-controller", aws=attributes))
    assert_problem(problems, "ambiguous-text-in-annotation", *location)


@pytest.mark.parametrize("platform", ["aws-controller", "eks-auto-mode"])
def test_clients_of_private_link_are_rejected_beside_narrow_sources(platform: str) -> None:
    off = {PRIVATE_LINK: "off"}
    location = ("exposure", "annotations", PRIVATE_LINK)
    for narrow in ({}, {"allowed_sources": None, "aws": {"security_groups": ["sg-1"]}}):
        given = exposure(platform, **{"allowed_sources": NARROW, **narrow}, annotations=off)
        problem = assert_problem(rejected(given), "annotation-admits-further-clients", *location)
        assert problem.params["field"] == ("allowed_sources",)
    later = pulumi.Output.from_input("on")
    problems = rejected(exposure(platform, allowed_sources=NARROW, annotations={PRIVATE_LINK: later}))
    assert_problem(problems, "annotation-admits-further-clients", *location)
    balancer(exposure(platform, allowed_sources=NARROW, annotations={PRIVATE_LINK: "on"}))
    balancer(exposure(platform, annotations=off))


@pytest.mark.parametrize("platform", ["aws-controller", "eks-auto-mode"])
def test_clients_of_private_link_are_reported_beside_the_private_network(platform: str) -> None:
    found = view(exposure(platform, scope="internal", allowed_sources=None, annotations={PRIVATE_LINK: "off"}))
    kinds = [source.kind for source in found.balancers[0].sources]
    assert kinds == [SourceKind.PRIVATE_NETWORK, SourceKind.FURTHER_CLIENTS]


def test_pods_without_a_security_group_of_the_load_balancer_share_their_rules() -> None:
    """Seen on the real controller: another load balancer that admits everyone opens the same port of the pods."""
    given = exposure("aws-controller", allowed_sources=NARROW, client_ip="preserve", annotations=NO_GROUP)
    found = view(given)
    assert not found.balancers[0].are_sources_certain
    assert reported_at(found)[("allowed_sources",)] == ["shared-source-rules"]
    on_nodes = view({**given, "aws": {"targetType": "instance"}})
    assert on_nodes.balancers[0].are_sources_certain


def test_an_internal_load_balancer_without_a_security_group_admits_the_private_network() -> None:
    """Seen on the real controller: without ranges, the targets' groups admit only the VPC."""
    given = exposure("aws-controller", scope="internal", allowed_sources=None, client_ip="preserve")
    assert "loadBalancerSourceRanges" not in balancer(given).manifest("Service")["spec"]
    ranges = balancer({**given, "annotations": NO_GROUP}).manifest("Service")["spec"]["loadBalancerSourceRanges"]
    assert ranges == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]


def test_nodes_enforce_ranges_without_the_rules_of_azure_but_not_service_tags() -> None:
    unmanaged = {f"{AZURE}disable-load-balancer-nsg-rule": "true"}
    balancer(exposure("azure", allowed_sources=NARROW, annotations=unmanaged))
    tags = {"service_tags": ["AzureFrontDoor.Backend"]}
    problems = rejected(exposure("azure", allowed_sources=None, azure=tags, annotations=unmanaged))
    location = ("exposure", "annotations", f"{AZURE}disable-load-balancer-nsg-rule")
    assert_problem(problems, "source-enforcement-disabled", *location)


@pytest.mark.parametrize("floating_ip", [False, pulumi.Output.from_input(val=True)])
def test_nothing_checks_node_ports_without_a_network_security_group(floating_ip: Any) -> None:
    off = {f"{AZURE}disable-load-balancer-nsg-rule": "true"}
    given = exposure("azure", allowed_sources=NARROW, annotations=off)
    balancer({**given, "azure": {"floating_ip": True}})
    balancer(exposure("azure", allowed_sources=NARROW, azure={"floating_ip": floating_ip}))
    problems = rejected({**given, "azure": {"floating_ip": floating_ip}})
    assert_problem(problems, "source-enforcement-disabled", "exposure", "annotations", *off)


@pytest.mark.parametrize("platform", ["aws-legacy", "gke", "azure", "generic", "aws-controller", "eks-auto-mode"])
def test_ranges_that_cilium_denies_are_rejected(platform: str) -> None:
    given = exposure(platform, allowed_sources=NARROW, client_ip="preserve", annotations=ON_NODES)
    assert_problem(rejected(given), "source-enforcement-disabled", "exposure", "annotations", *ON_NODES)


@pytest.mark.parametrize(
    ("platform", "scope", "annotation", "value"),
    [
        ("azure", "internal", f"{AZURE}additional-public-ips", "192.0.2.1"),
        ("generic", "internal", "service.beta.kubernetes.io/do-loadbalancer-network", "EXTERNAL"),
        ("generic", "internal", "service.beta.kubernetes.io/oci-load-balancer-internal", "false"),
        ("generic", "internet", "service.beta.kubernetes.io/openstack-internal-load-balancer", "true"),
        ("generic", "internet", "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", "private"),
    ],
)
def test_an_annotation_does_not_contradict_the_scope(platform: str, scope: str, annotation: str, value: str) -> None:
    given = exposure(platform, scope=scope, allowed_sources=NARROW, annotations={annotation: value})
    location = ("exposure", "annotations", annotation)
    problem = assert_problem(rejected(given), "annotation-contradicts-scope", *location, chosen=scope)
    assert problem.params["actual"].value == ("internet" if scope == "internal" else "internal")
    balancer({**given, "scope": problem.params["actual"].value})


def test_annotations_of_the_other_controller_on_aws_are_rejected() -> None:
    for name, field in {"scheme": ("scope",), "security-group-prefix-lists": ("allowed_sources",)}.items():
        problems = rejected(exposure("aws-legacy", annotations={f"{AWS}{name}": "internal"}))
        location = ("exposure", "annotations", f"{AWS}{name}")
        assert_problem(problems, "obsolete-annotation-of-field", *location, field=field)


# Any other cluster.

INSIDE = ["10.9.0.0/16"]
MAYBE = "unverified-sources"


@pytest.mark.parametrize(
    ("fields", "is_certain"),
    [
        ({"allowed_sources": INSIDE}, False),
        ({"allowed_sources": ["0.0.0.0/1"]}, False),
        ({"allowed_sources": [*NARROW, "fd00::/8"]}, False),
        ({"allowed_sources": INSIDE, "client_ip": "preserve"}, True),
        ({"allowed_sources": NARROW}, False),
        ({"allowed_sources": NARROW, "client_ip": "preserve"}, True),
        ({"allowed_sources": INSIDE, "platform_sources": ["10.1.0.0/16"]}, False),
        ({"allowed_sources": INSIDE, "platform_sources": ["10.0.0.0/8"]}, False),
    ],
)
def test_ranges_that_only_the_load_balancer_can_enforce_are_reported(fields: dict[str, Any], is_certain: bool) -> None:
    """Kubernetes doesn't check connections to node ports, which most load balancers connect to."""
    found = view(exposure("generic", **fields))
    assert found.balancers[0].are_sources_certain == is_certain
    assert (MAYBE in reported_at(found).get(("allowed_sources",), [])) == (not is_certain)


DECLARED: dict[str, Any] = {"scope": "internal", "allowed_sources": None, "load_balancer_class": "example.com/internal"}


def test_only_the_controller_of_another_cluster_makes_a_load_balancer_internal() -> None:
    found = view(exposure("generic", **DECLARED))
    (shown,) = found.balancers
    assert (shown.scope.value, shown.is_scope_certain, shown.may_be_on_internet) == ("internal", False, True)
    assert is_open_to_everyone(shown.sources)
    assert reported_at(found)[("scope",)] == ["unverified-scope"]
    # Nothing encrypts what could go over the internet.
    plain = [each.exception for each in found.exceptions if each.exception.kind.name == "plain-text-port"]
    assert [exception.meaning().startswith("If clients on the internet") for exception in plain] == [True]


def test_policies_admit_only_the_private_network_if_the_address_is_preserved() -> None:
    (shown,) = view(exposure("generic", **DECLARED, client_ip="preserve")).balancers
    assert [source.kind for source in shown.sources] == [SourceKind.PRIVATE_NETWORK]
    (other,) = view(exposure("gke", scope="internal", allowed_sources=None)).balancers
    assert other.is_scope_certain


def test_a_gateway_whose_scope_is_not_certain_may_serve_plain_text() -> None:
    routes = [{"host": "a.example.com", "target": {"service": "web"}}]
    gateway = {"exposure": camel_keys(exposure("generic", **DECLARED)), "routes": routes, "crds": {"installed": True}}
    services = {"web": {"image": "web:1", "port": 8080}}
    found = view_of(check_stack("dev", {"namespace": "shop", "services": services, "gateways": {"edge": gateway}}))
    plain = [each.exception for each in found.exceptions if each.exception.kind.name == "plain-text-host"]
    assert [exception.meaning().startswith("If clients on the internet") for exception in plain] == [True]


OF_OTHERS = {
    "service.k8s.aws/nlb": ("generic",),
    "eks.amazonaws.com/nlb": ("generic", "aws-controller"),
    "networking.gke.io/l4-regional-external": ("generic", "aws-controller"),
    "networking.gke.io/l4-regional-internal": ("generic",),
}


@pytest.mark.parametrize(
    ("platform", "name"), [(platform, name) for name, platforms in OF_OTHERS.items() for platform in platforms]
)
def test_a_class_of_another_platform_is_rejected(platform: str, name: str) -> None:
    """Its controller reads other annotations, and the load balancer could have another scope."""
    problems = rejected(exposure(platform, scope="internal", allowed_sources=None, load_balancer_class=name))
    problem = assert_problem(problems, "class-of-other-platform", "exposure", "load_balancer_class")
    assert (problem.value, len(problem.params["platforms"])) == (name, 1)


TAILSCALE = {"load_balancer_class": "tailscale"}


def test_the_class_of_tailscale_is_internal_and_has_no_sources() -> None:
    problems = rejected(exposure("generic", allowed_sources=NARROW, client_ip="preserve", **TAILSCALE))
    assert_problem(problems, "class-is-internal", "exposure", "load_balancer_class")
    assert_problem(problems, "class-ignores-sources", "exposure", "allowed_sources")
    internal = exposure("generic", scope="internal", allowed_sources=None, **TAILSCALE)
    problems = rejected({**internal, "allowed_sources": NARROW})
    assert_problem(problems, "class-ignores-sources", "exposure", "allowed_sources")
    balancer(internal)


@pytest.mark.parametrize("label", ["service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"])
def test_no_label_turns_the_nodes_enforcement_off(label: str) -> None:
    problems = rejected(exposure("generic", allowed_sources=NARROW, client_ip="preserve"), labels={label: ""})
    assert_problem(problems, "label-of-service-proxy", "labels", label)


# Several ways to one target.


def halves(**parts: Any) -> list[tuple[Any, ...]]:
    """Where ranges are that include everyone only together."""
    web = {"image": "web:1", "port": 8080, **parts.pop("web", {})}
    services = {"web": web, "other": {"image": "other:1", "port": 8081}}
    found = view_of(check_stack("dev", {"namespace": "shop", "services": services, **parts}))
    kind = "every-client-address-together"
    return [tuple(each.exception.location) for each in found.exceptions if each.exception.kind.name == kind]


def front(ranges: list[str], target: Any = None, **fields: Any) -> dict[str, Any]:
    given = {"scope": "internet", "platform": "gke", "allowedSources": ranges, **fields}
    return {"target": target or {"service": "web"}, "exposure": given}


LOW, HIGH, REST = ["0.0.0.0/1"], ["128.0.0.0/1"], ["128.0.0.0/2", "192.0.0.0/2"]
TO_EDGE = {"gateway": "edge"}


def edge(ranges: list[str], *routes: dict[str, Any]) -> dict[str, Any]:
    exposure_of_edge = {"scope": "internet", "platform": "gke", "allowedSources": ranges}
    return {"exposure": exposure_of_edge, "routes": list(routes), "crds": {"installed": True}}


def route(host: str, **fields: Any) -> dict[str, Any]:
    return {"host": host, "target": {"service": "web"}, **fields}


def at(name: str, index: int = 0) -> tuple[Any, ...]:
    return ("load_balancers", name, "exposure", "allowed_sources", index)


def test_load_balancers_of_one_target_admit_everyone_together() -> None:
    assert halves(loadBalancers={"a": front(LOW), "b": front(HIGH)}) == [at("a"), at("b")]
    assert halves(loadBalancers={"a": front(LOW), "b": front(REST)}) == [at("a"), at("b"), at("b", 1)]
    six = {"ipAddressType": "dualstack"}
    assert halves(loadBalancers={"a": front(["2000::/4"], **six), "b": front(["3000::/4"], **six)}) == [
        at("a"),
        at("b"),
    ]
    assert halves(loadBalancers={"a": front(LOW), "b": front(LOW)}) == []
    assert halves(loadBalancers={"a": front(LOW), "b": front(HIGH, {"service": "other"})}) == []
    # A private range adds nobody.
    inside = {name: front([*half, "10.0.0.0/8"]) for name, half in (("a", LOW), ("b", HIGH))}
    assert halves(loadBalancers=inside) == [at("a"), at("b")]
    # It's reported by itself.
    assert halves(loadBalancers={"a": front(LOW), "b": front(["0.0.0.0/0"])}) == []
    internal = {"scope": "internal", "platform": "azure"}
    assert halves(loadBalancers={"a": front(LOW), "b": front(HIGH, **internal)}) == [at("a"), at("b")]


def test_a_load_balancer_and_another_field_admit_everyone_together() -> None:
    peers = {"allowFrom": [{"cidr": HIGH[0]}]}
    listed = ("services", "web", "allow_from", 0, "cidr")
    assert halves(web=peers, loadBalancers={"a": front(LOW)}) == [at("a"), listed]
    ports = {"http": {"port": 8080}, "admin": {"port": 9090}}
    to_web = front(LOW, {"service": "web", "portName": "http"})
    for port, found in ((8080, [at("a"), listed]), (9090, [])):
        web = {"image": "web:1", "ports": ports, "allowFrom": [{"cidr": HIGH[0], "ports": [port]}]}
        assert halves(services={"web": web}, loadBalancers={"a": to_web}) == found


def test_two_load_balancers_of_a_gateway_admit_everyone_together() -> None:
    gateways = {"edge": edge(LOW, route("a.example.com"))}
    of_gateway = ("gateways", "edge", "exposure", "allowed_sources", 0)
    assert halves(gateways=gateways, loadBalancers={"b": front(HIGH, TO_EDGE)}) == [of_gateway, at("b")]


def test_routes_with_sources_of_their_own_admit_everyone_together() -> None:
    def routes(ranges: list[str]) -> dict[str, Any]:
        low, high = route("a.example.com", allowedSources=LOW), route("b.example.com", allowedSources=HIGH)
        return {"edge": edge(ranges, low, high)}

    sources = [("gateways", "edge", "routes", number, "allowed_sources", 0) for number in (0, 1)]
    assert halves(gateways=routes(["0.0.0.0/0"])) == sources
    # The gateway admits only a part of each.
    assert halves(gateways=routes(["203.0.113.0/24", "10.0.0.0/8"])) == []
    behind = {"edge": edge(["0.0.0.0/0"], route("a.example.com", allowedSources=LOW))}
    assert halves(gateways=behind, loadBalancers={"b": front(HIGH)}) == [sources[0], at("b")]


def test_load_balancers_on_aws_count_too() -> None:
    own = {"scope": "internet", "vpc": "vpc-0123456789abcdef0", "subnets": ["subnet-0123456789abcdef0", "subnet-1a"]}
    listener = {"port": 80, "protocol": "tcp", "target": "web"}
    targets = {"web": {"target": {"service": "web"}}}
    aws = {**own, "kind": "network", "allowedSources": HIGH, "targets": targets, "listeners": [listener]}
    found = halves(loadBalancers={"a": front(LOW)}, awsLoadBalancers={"b": aws})
    assert found == [("aws_load_balancers", "b", "allowed_sources", 0), at("a")]


@pytest.mark.parametrize(
    ("ranges", "others", "common"),
    [
        (["10.0.0.0/8"], ["10.1.0.0/16", "192.0.2.0/24"], ["10.1.0.0/16"]),
        (["10.1.0.0/16"], ["10.0.0.0/8"], ["10.1.0.0/16"]),
        (["2001:db8::/32"], ["0.0.0.0/0"], []),
    ],
)
def test_two_lists_have_ranges_in_common(ranges: list[str], others: list[str], common: list[str]) -> None:
    assert common_ranges(ranges, others) == common


EDGE: dict[str, Any] = {
    "upstream": {"sources": ["10.0.0.0/16"]},
    "routes": [{"host": "a.example.com", "target": {"service": "web"}, "rateLimit": {"requests": 5}}],
}
FRONT: dict[str, Any] = {
    "scope": "internet",
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "allowedSources": NARROW,
    "targets": {"edge": {"target": {"gateway": "edge", "portName": "http"}}},
}


@pytest.mark.parametrize(
    ("kind", "protocol", "code"),
    [
        ("application", "http", "client-address-in-header"),
        ("network", "tcp", "client-address-hidden-from-gateway"),
    ],
)
def test_a_gateway_does_not_see_clients_behind_a_load_balancer_that_hides_them(
    kind: str, protocol: str, code: str
) -> None:
    front = {**FRONT, "kind": kind, "listeners": [{"port": 80, "protocol": protocol, "target": "edge"}]}
    values = {
        "namespace": "shop",
        "services": {"web": {"image": "web:1", "port": 8080}},
        "gateways": {"edge": EDGE},
        "awsLoadBalancers": {"front": front},
    }
    problems = problems_of(lambda: check_stack("dev", values))
    assert [problem.code.name for problem in problems] == [code]
    assert problems[0].location == ("gateways", "edge", "routes", 0, "rate_limit")


def test_a_controller_supports_one_behavior_of_forwarded_headers() -> None:
    settings = {"forwardedFor": "append", "forwardedFrom": ["10.0.0.0/16"]}
    gateway = {**EDGE, "controller": "ingress-nginx", "settings": settings}
    values = {"namespace": "shop", "services": {"web": {"image": "web:1", "port": 8080}}, "gateways": {"edge": gateway}}
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", values)
    at = ("gateways", "edge", "settings", "forwarded_for")
    assert_problem(caught.value.problems, "forwarded-for-unsupported", *at, supported="replace")
    assert_problem(caught.value.problems, "mutually-exclusive", *at)


def test_the_ports_of_nodes_are_reported_as_open() -> None:
    on_nodes = view(exposure("node-port", scope="internal", allowed_sources=None, node_ports={"http": 30080}))
    (shown,) = on_nodes.balancers
    assert (shown.opens_nodes, shown.is_scope_certain, shown.may_be_on_internet) == (True, False, True)
    assert is_open_to_everyone(shown.sources)
    assert [(port.name, port.number) for port in shown.ports] == [("http", 30080)]
    assert reported_at(on_nodes)[("platform",)] == ["open-nodes"]
    picked = view(exposure("node-port", client_ip="preserve", allowed_sources=INSIDE))
    assert [port.number for port in picked.balancers[0].ports] == [None]
    assert picked.balancers[0].are_sources_certain
    assert (picked.total.load_balancers, picked.total.monthly) == (0, ())
