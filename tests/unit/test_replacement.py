"""When a change replaces a load balancer: warnings, and rejections with the steps of the migration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.output import UNKNOWN
from pulumi_portico import Platform
from pulumi_portico.args.problems import PorticoError
from pulumi_portico.lifecycle import hooks
from pulumi_portico.lifecycle.hooks import no_address, no_target, watch
from pulumi_portico.lifecycle.replacement import Finding, Judgment, judge, recorded_state
from pulumi_portico.public_load_balancer.platforms import module_of
from pulumi_portico.testing import Recording, record

from tests.balancers import ALL, AWS, NLB, ON_AWS, balancer, exposure

PRESERVE = {"client_ip": "preserve"}


def state(platform: str, **fields: Any) -> dict[str, Any]:
    """What the component records of a load balancer."""
    return dict(balancer(exposure(platform, **fields)).one("PublicLoadBalancer").inputs)


def judged(old: dict[str, Any], new: dict[str, Any]) -> Judgment:
    return judge("web", old, new, ["203.0.113.7"])


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code.name for finding in findings]


def names(judgment: Judgment) -> list[str]:
    return [change.name for change in judgment.changes]


@pytest.mark.parametrize("platform", ALL)
def test_what_it_is_is_recorded_and_makes_the_engine_replace_it(platform: str) -> None:
    recorded = balancer(exposure(platform))
    identity = dict(recorded.one("PublicLoadBalancer").inputs["identity"])
    # The first version of Portico didn't know these, and the engine compares the whole.
    for later in ("aws.security_group_mode", *NO_GROUP):
        assert identity.pop(later, "") == ""
    assert trigger_of(recorded) == identity


def trigger_of(recorded: Recording) -> dict[str, Any]:
    """What makes the engine replace a load balancer if it changes."""
    return MessageToDict(recorded.one("Service").request.replacement_trigger)


def test_a_later_field_makes_the_engine_replace_the_load_balancer_if_it_is_set() -> None:
    managed = balancer(exposure("aws-legacy", aws={"security_group_mode": "Managed"}))
    assert trigger_of(managed)["aws.security_group_mode"] == "Managed"
    without_group = balancer(exposure("aws-controller", annotations=NO_GROUP))
    assert [trigger_of(without_group)[key] for key in NO_GROUP] == ["unenforced"]


NO_GROUP = {f"{AWS}disable-nlb-sg": "true"}
BILLED = tuple(platform for platform in ALL if platform != "node-port")
"""Those that make load balancers."""
SPEC_FAMILIES = ("gke", "azure", "generic")
INTERNAL = {"scope": "internal", "annotations": {"a.example/b": "c"}}
IPV6 = {"ip_address_type": "ipv6", "allowed_sources": ["::/0"]}
NODE_PORT = {**PRESERVE, "health": {"node_port": 32000}}


@pytest.mark.parametrize(
    ("platforms", "old", "new", "changed"),
    [
        (BILLED, {}, INTERNAL, "scope"),
        (("aws-controller", "generic"), {}, {"load_balancer_class": "example.com/a"}, "load_balancer_class"),
        (SPEC_FAMILIES, {}, IPV6, "primary address_family"),
        (NLB, {}, {"name": "shop-web"}, "name"),
        (ON_AWS, {}, {"static_addresses": ["eipalloc-1"]}, "static_addresses"),
        (("aws-legacy",), {}, {"subnets": ["subnet-1"]}, "subnets"),
        (("aws-legacy",), {}, {"aws": {"security_group_mode": "Managed"}}, "aws.security_group_mode"),
        # A Network Load Balancer without a security group never gets one, so it would keep admitting everyone.
        (NLB, {"annotations": NO_GROUP}, {}, *NO_GROUP),
        (NLB, {}, {"annotations": NO_GROUP}, *NO_GROUP),
        (("gke",), {}, {"gke": {"network_tier": "Standard"}}, "gke.network_tier"),
        (SPEC_FAMILIES, PRESERVE, NODE_PORT, "health.node_port"),
        (("node-port",), {}, IPV6, "primary address_family"),
    ],
)
def test_a_change_that_makes_another_one_says_which_address_goes(
    platforms: tuple[str, ...], old: dict[str, Any], new: dict[str, Any], changed: str
) -> None:
    for platform in platforms:
        judgment = judged(state(platform, **old), state(platform, **new))
        assert names(judgment) == [changed]
        assert judgment.blockers == ()
        (warning,) = judgment.warnings
        assert warning.code.name == "load-balancer-replaced"
        assert warning.params["subject"] == 'PublicLoadBalancer "web"'
        assert warning.params["addresses"] == ["203.0.113.7"]


@pytest.mark.parametrize(
    ("platform", "old", "new"),
    [
        *((it, PRESERVE, {**PRESERVE, "allowed_sources": ["203.0.113.0/24"]}) for it in ALL),
        *((it, {}, PRESERVE) for it in ALL),
        *((it, {"ip_address_type": "ipv4"}, {"ip_address_type": "dualstack"}) for it in BILLED if it != "aws-legacy"),
        ("node-port", {"ip_address_type": "ipv4"}, {"ip_address_type": "dualstack", **PRESERVE}),
        # Its scope only states who reaches the nodes.
        ("node-port", {}, {"scope": "internal"}),
        *((it, {}, {"ip_address_type": "ipv4"}) for it in ALL),
        *((it, {}, {"deletion_protection": True}) for it in NLB),
        *((it, {"deletion_protection": True}, {}) for it in NLB),
        *((it, {}, {"subnets": ["subnet-1"], "aws": {"target_type": "instance"}}) for it in NLB),
        ("azure", {"client_ip": "hide"}, {"client_ip": "hide", "idle_timeout": 600, "health": {"path": "/"}}),
    ],
)
def test_an_update_in_place_reports_nothing(platform: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert judged(state(platform, **old), state(platform, **new)) == Judgment()


@pytest.mark.parametrize("platform", ["gke", "azure"])
def test_an_address_that_changes_in_place_is_warned_of(platform: str) -> None:
    judgment = judged(state(platform), state(platform, static_addresses=["web"]))
    assert (judgment.changes, judgment.blockers) == ((), ())
    (warning,) = judgment.warnings
    assert warning.code.name == "load-balancer-address-changes"
    assert warning.params["fields"] == [("static_addresses",)]


@pytest.mark.parametrize(
    ("platform", "change", "changed"),
    [
        ("aws-controller", {"load_balancer_class": "example.com/a"}, "load_balancer_class"),
        ("eks-auto-mode", {"platform": "aws-controller"}, "platform"),
        ("aws-legacy", {"subnets": ["subnet-1", "subnet-2"]}, "subnets"),
    ],
)
def test_what_two_cannot_share_is_rejected_with_two_steps(platform: str, change: Any, changed: str) -> None:
    held = {"static_addresses": ["eipalloc-1", "eipalloc-2"]}
    other: dict[str, Any] = {"platform": platform, **change}
    moved: dict[str, Any] = {**other, **held}
    old, new = state(platform, **held), state(**moved)
    judgment = judged(old, new)
    assert judgment.warnings == ()
    assert changed in names(judgment)
    assert codes(judgment.blockers) == ["load-balancer-replacement-blocked", "load-balancers-cannot-share"]
    assert judgment.blockers[1].params["fields"] == [("static_addresses",)]
    assert "1. Make this change, and remove `static_addresses`" in judgment.rejection
    # The two steps are allowed, each by itself.
    between = state(**other)
    assert judged(old, between).blockers == ()
    assert judged(between, new).blockers == ()
    # So are others in their place; one of them is enough to be in the way.
    assert judged(old, state(platform, static_addresses=["eipalloc-3", "eipalloc-4"])).blockers == ()
    assert judged(old, state(platform, static_addresses=["eipalloc-3", "eipalloc-1"])).blockers


@pytest.mark.parametrize("platform", NLB)
def test_a_name_is_in_the_way_too(platform: str) -> None:
    judgment = judged(state(platform, name="shop-web"), state(platform, name="shop-web", scope="internal"))
    assert judgment.blockers[1].params["fields"] == [("name",)]
    assert judged(state(platform, name="a"), state(platform, name="b")).blockers == ()
    assert judged(state("aws-controller", name="a"), state("eks-auto-mode", name="a")).blockers


def test_a_node_port_is_in_the_way_too() -> None:
    local = {**PRESERVE, "health": {"node_port": 32000}, "annotations": {"a.example/b": "c"}}
    judgment = judged(state("generic", **local), state("generic", scope="internal", **local))
    assert judgment.blockers[1].params["fields"] == [("health", "node_port")]


@pytest.mark.parametrize("platform", NLB)
def test_deletion_protection_is_in_the_way_until_it_is_off(platform: str) -> None:
    protected = state(platform, deletion_protection=True)
    judgment = judged(protected, state(platform, scope="internal"))
    assert codes(judgment.blockers) == ["load-balancer-replacement-blocked", "load-balancer-deletion-protected"]
    assert judged(protected, state(platform)) == Judgment()
    assert judged(state(platform), state(platform, scope="internal", deletion_protection=True)).blockers == ()


def test_what_is_not_known_yet_is_said_to_be_so() -> None:
    old, new = ({"identity": {"static_addresses": it}} for it in (["eipalloc-1", "eipalloc-2"], [UNKNOWN]))
    (warning,) = judged(old, new).warnings
    assert '"eipalloc-1", "eipalloc-2" to a value that isn\'t known yet' in warning.text


def test_what_an_older_version_did_not_record_has_not_changed() -> None:
    assert judged({}, state("generic")) == Judgment()


def test_the_hook_refuses_or_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    held = {"static_addresses": ["eipalloc-1"]}
    old, new = state("eks-auto-mode", **held), state("aws-controller", **held)
    with pytest.raises(PorticoError, match="two steps"):
        watch("web", old, new, {})
    assert warned == []
    watch("web", old, state("aws-controller"), {"address": "", "hostname": "a.elb.amazonaws.com"})
    assert "a.elb.amazonaws.com stops working" in warned[0]
    watch("web", old, old, {})
    assert len(warned) == 1


def test_another_namespace_is_rejected_if_the_two_cannot_share_an_address() -> None:
    def moved(**exclusive: str) -> Judgment:
        states = [
            recorded_state({"platform": "gke"}, exclusive, is_protected=False, namespace=namespace)
            for namespace in ("shop", "store")
        ]
        return judge("web", states[0], states[1], ["203.0.113.7"])

    assert [found.code.name for found in moved(static_addresses="web").blockers] == [
        "load-balancer-replacement-blocked",
        "load-balancers-cannot-share",
    ]
    # The preview's comparison of the whole stack reports the address.
    assert moved() == Judgment(moved().changes)


@pytest.mark.parametrize("platform", BILLED)
def test_a_missing_address_is_explained_and_other_failures_are_not(platform: str) -> None:
    errors = ["resource web failed: Service was not allocated an IP address; does your cloud provider support this?"]
    module = module_of(Platform(platform))
    found = no_address("web", module.controller, module.no_address_causes, 600, errors)
    assert found is not None
    assert found.code.name == "no-load-balancer-address"
    assert (found.params["controller"], found.params["seconds"]) == (module.controller, 600)
    assert module.no_address_causes
    assert all(f"\n- {cause}" in found.text for cause in module.no_address_causes)
    assert no_address("web", module.controller, module.no_address_causes, 600, ["forbidden"]) is None


@pytest.mark.parametrize(
    "error",
    [
        'failed calling webhook "vtargetgroupbinding.elbv2.k8s.aws": context deadline exceeded',
        'no matches for kind "TargetGroupBinding" in version "elbv2.k8s.aws/v1beta1"',
    ],
)
def test_a_rejected_binding_names_the_usual_causes(error: str) -> None:
    found = no_target('AwsLoadBalancer "web"', [error])
    assert found is not None
    assert found.code.name == "no-load-balancer-target"
    assert "9443" in found.text
    assert no_target('AwsLoadBalancer "web"', ["forbidden"]) is None


def test_mocks_take_no_hooks() -> None:
    assert record(lambda: hooks.on_replacement("web")).value is None
    assert record(lambda: hooks.on_no_address("web", "a controller", (), 1)).value is None
