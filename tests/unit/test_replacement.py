"""When a change makes another load balancer: what is warned of, and what is refused with the steps around it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.output import UNKNOWN
from pulumi_portico.errors import PorticoError
from pulumi_portico.lifecycle import hooks
from pulumi_portico.lifecycle.hooks import explain_no_address, watch
from pulumi_portico.lifecycle.replacement import judge
from pulumi_portico.testing import record

from tests.balancers import ALL, NLB, ON_AWS, balancer, exposure

PRESERVE = {"client_ip": "preserve"}


def state(platform: str, **fields: Any) -> dict[str, Any]:
    """What the component records of a load balancer."""
    return dict(balancer(exposure(platform, **fields)).one("PublicLoadBalancer").inputs)


def judged(old: dict[str, Any], new: dict[str, Any]) -> tuple[str | None, str | None]:
    return judge("web", old, new, ["203.0.113.7"])


@pytest.mark.parametrize("platform", ALL)
def test_what_it_is_is_recorded_and_makes_the_engine_replace_it(platform: str) -> None:
    recorded = balancer(exposure(platform))
    trigger = MessageToDict(recorded.one("Service").request.replacement_trigger)
    assert trigger == recorded.one("PublicLoadBalancer").inputs["identity"]


SPEC_FAMILIES = ("gke", "azure", "generic")
INTERNAL = {"scope": "internal", "annotations": {"a.example/b": "c"}}
IPV6 = {"address_family": "IPv6", "allowed_sources": ["::/0"]}
NODE_PORT = {**PRESERVE, "health": {"node_port": 32000}}


@pytest.mark.parametrize(
    ("platforms", "old", "new", "changed"),
    [
        (ALL, {}, INTERNAL, "scope"),
        (("aws-controller", "generic"), {}, {"load_balancer_class": "example.com/a"}, "load_balancer_class"),
        (SPEC_FAMILIES, {}, IPV6, "primary address_family"),
        (NLB, {}, {"name": "shop-web"}, "name"),
        (ON_AWS, {}, {"static_addresses": ["eipalloc-1"]}, "static_addresses"),
        (("aws-legacy",), {}, {"subnets": ["subnet-1"]}, "subnets"),
        (("gke",), {}, {"gke": {"network_tier": "Standard"}}, "gke.network_tier"),
        (SPEC_FAMILIES, PRESERVE, NODE_PORT, "health.node_port"),
    ],
)
def test_a_change_that_makes_another_one_says_which_address_goes(
    platforms: tuple[str, ...], old: dict[str, Any], new: dict[str, Any], changed: str
) -> None:
    for platform in platforms:
        refused, warning = judged(state(platform, **old), state(platform, **new))
        assert refused is None
        assert warning is not None
        assert f'PublicLoadBalancer "web" is replaced: {changed} changes from ' in warning
        assert "203.0.113.7 stops answering" in warning


@pytest.mark.parametrize(
    ("platform", "old", "new"),
    [
        *((it, {}, {"allowed_sources": ["203.0.113.0/24"]}) for it in ALL),
        *((it, {}, PRESERVE) for it in ALL),
        *((it, {"address_family": "IPv4"}, {"address_family": "dual"}) for it in ALL if it != "aws-legacy"),
        *((it, {}, {"address_family": "IPv4"}) for it in ALL),
        *((it, {}, {"deletion_protection": True}) for it in NLB),
        *((it, {"deletion_protection": True}, {}) for it in NLB),
        *((it, {}, {"subnets": ["subnet-1"], "aws": {"target_type": "instance"}}) for it in NLB),
        ("azure", {}, {"idle_timeout": 600, "health": {"path": "/"}}),
    ],
)
def test_a_change_in_place_is_made_without_a_word(platform: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert judged(state(platform, **old), state(platform, **new)) == (None, None)


@pytest.mark.parametrize("platform", ["gke", "azure"])
def test_an_address_that_changes_in_place_is_warned_of(platform: str) -> None:
    refused, warning = judged(state(platform), state(platform, static_addresses=["web"]))
    assert refused is None
    assert warning == (
        'PublicLoadBalancer "web" changes its address: static_addresses changes. 203.0.113.7 stops answering.'
    )


@pytest.mark.parametrize(
    ("platform", "change", "says"),
    [
        ("aws-controller", {"load_balancer_class": "example.com/a"}, "load_balancer_class changes"),
        ("eks-auto-mode", {"platform": "aws-controller"}, "platform changes"),
        ("aws-legacy", {"subnets": ["subnet-1", "subnet-2"]}, "subnets changes"),
    ],
)
def test_what_two_cannot_have_at_once_is_refused_with_two_steps(platform: str, change: Any, says: str) -> None:
    held = {"static_addresses": ["eipalloc-1", "eipalloc-2"]}
    other: dict[str, Any] = {"platform": platform, **change}
    moved: dict[str, Any] = {**other, **held}
    old, new = state(platform, **held), state(**moved)
    refused, warning = judged(old, new)
    assert warning is None
    assert refused is not None
    assert "would have to be replaced, and cannot be: " in refused
    assert says in refused
    assert "1. leave static_addresses out (or give others), together with this change" in refused
    assert "2. once the old load balancer is gone, write static_addresses again" in refused
    # The two steps are allowed, each by itself.
    between = state(**other)
    assert judged(old, between)[0] is None
    assert judged(between, new)[0] is None
    # So are others in their place; one of them is enough to be in the way.
    assert judged(old, state(platform, static_addresses=["eipalloc-3", "eipalloc-4"]))[0] is None
    assert judged(old, state(platform, static_addresses=["eipalloc-3", "eipalloc-1"]))[0] is not None


@pytest.mark.parametrize("platform", NLB)
def test_a_name_is_in_the_way_too(platform: str) -> None:
    refused, _ = judged(state(platform, name="shop-web"), state(platform, name="shop-web", scope="internal"))
    assert refused is not None
    assert "Both cannot have the same name at the same time" in refused
    assert judged(state(platform, name="a"), state(platform, name="b"))[0] is None
    assert judged(state("aws-controller", name="a"), state("eks-auto-mode", name="a"))[0] is not None


def test_a_node_port_is_in_the_way_too() -> None:
    local = {**PRESERVE, "health": {"node_port": 32000}, "annotations": {"a.example/b": "c"}}
    refused, _ = judged(state("generic", **local), state("generic", scope="internal", **local))
    assert refused is not None
    assert "Both cannot have the same health.node_port" in refused


@pytest.mark.parametrize("platform", NLB)
def test_deletion_protection_is_in_the_way_until_it_is_off(platform: str) -> None:
    protected = state(platform, deletion_protection=True)
    refused, _ = judged(protected, state(platform, scope="internal"))
    assert refused is not None
    assert "1. set deletion_protection to false, with nothing else changed" in refused
    assert judged(protected, state(platform)) == (None, None)
    assert judged(state(platform), state(platform, scope="internal", deletion_protection=True))[0] is None


def test_what_is_not_known_yet_is_said_to_be_so() -> None:
    old, new = ({"identity": {"static_addresses": it}} for it in (["eipalloc-1", "eipalloc-2"], [UNKNOWN]))
    _, warning = judged(old, new)
    assert warning is not None
    assert 'changes from "eipalloc-1", "eipalloc-2" to what is not known yet.' in warning


def test_what_an_older_version_did_not_record_has_not_changed() -> None:
    assert judged({}, state("generic")) == (None, None)


def test_the_hook_refuses_or_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    held = {"static_addresses": ["eipalloc-1"]}
    old, new = state("eks-auto-mode", **held), state("aws-controller", **held)
    with pytest.raises(PorticoError, match="Two steps"):
        watch("web", old, new, {})
    assert warned == []
    watch("web", old, state("aws-controller"), {"address": "", "hostname": "a.elb.amazonaws.com"})
    assert "a.elb.amazonaws.com stops answering" in warned[0]
    watch("web", old, old, {})
    assert len(warned) == 1


@pytest.mark.parametrize("platform", ALL)
def test_a_missing_address_is_explained_and_other_failures_are_not(platform: str) -> None:
    errors = ["resource web failed: Service was not allocated an IP address; does your cloud provider support this?"]
    said = explain_no_address("web", platform, 600, errors)
    assert said is not None
    assert f"has no address after 600 seconds. On {platform}, " in said
    assert explain_no_address("web", platform, 600, ["forbidden"]) is None


def test_mocks_take_no_hooks() -> None:
    assert record(lambda: hooks.on_replacement("web")).value is None
    assert record(lambda: hooks.on_no_address("web", "generic", 1)).value is None
