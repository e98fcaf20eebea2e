"""Every object has the stack that owns it, and a preview rejects the objects of another stack."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi_portico import WebService, register
from pulumi_portico.args.problems import PorticoError
from pulumi_portico.lifecycle import existing, ownership
from pulumi_portico.lifecycle import objects as lists
from pulumi_portico.lifecycle.deployed import Deployed
from pulumi_portico.lifecycle.ownership import FIELD_MANAGER, KEEP_FIELD_MANAGER, OWNER, field_manager
from pulumi_portico.testing import Recording, Registration, record
from pulumi_portico.testing.monitor import Answers, Recorder
from pulumi_portico.testing.running import run_once

from tests.aws_balancers import calls, outputs
from tests.unit.test_urns import everything

STACK = "organization/shop/dev"


def objects(program: Callable[[], Any] = everything) -> list[Registration]:
    """Every Kubernetes object that the program registers."""
    recorded = record(program, project="shop", stack="dev", calls=calls, outputs=outputs)
    return [found for found in recorded.registrations if found.type.startswith("kubernetes:") and found.custom]


@functools.cache
def owned_objects() -> list[Registration]:
    return objects()


def annotations_of(registered: Registration) -> Mapping[str, str]:
    return registered.inputs["metadata"].get("annotations", {})


def test_every_object_has_its_owner_and_a_field_manager_of_its_own() -> None:
    owned = [found for found in owned_objects() if not found.type.endswith("Patch")]
    assert len(owned) > 40
    assert {annotations_of(found).get(OWNER) for found in owned} == {STACK}
    managers = [annotations_of(found)[FIELD_MANAGER] for found in owned]
    assert len(set(managers)) == len(managers)
    assert all(manager.startswith(f"portico:{STACK}:") for manager in managers)
    # A rename of the stack changes the owner only.
    assert all(KEEP_FIELD_MANAGER in found.ignore_changes for found in owned)


def test_a_patch_has_no_owner_of_its_own() -> None:
    patches = [found for found in owned_objects() if found.type.endswith("Patch")]
    assert patches
    for patch in patches:
        assert not annotations_of(patch)
        assert not patch.ignore_changes


def test_the_owner_changes_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    owned = owned_objects()
    monkeypatch.setattr(register, "owned", lambda manifest, name, opts: (manifest, opts))
    monkeypatch.setattr(lists, "with_owner_reference", lambda manifest, owning, uid: manifest)
    plain = objects()
    assert [found.urn for found in owned] == [found.urn for found in plain]
    for ours, theirs in zip(owned, plain, strict=True):
        assert ours.manifest() == theirs.manifest()
        assert ours.dependencies == theirs.dependencies
        assert tuple(path for path in ours.ignore_changes if path != KEEP_FIELD_MANAGER) == theirs.ignore_changes
        for option in ("parent", "provider", "aliases", "retainOnDelete", "deleteBeforeReplace", "customTimeouts"):
            assert getattr(ours.request, option) == getattr(theirs.request, option)


def test_pods_and_selectors_have_no_owner() -> None:
    for found in owned_objects():
        for part, value in found.inputs.items():
            assert part == "metadata" or OWNER not in repr(value)


def test_a_field_manager_is_the_same_in_every_run_and_fits() -> None:
    assert field_manager(STACK, "a") == field_manager(STACK, "a")
    assert field_manager(STACK, "a") != field_manager(STACK, "b")
    long = "organization/" + "p" * 100 + "/" + "s" * 100
    assert len(field_manager(long, "a")) == 128
    assert field_manager(long, "a") != field_manager(long + "t", "a")


def test_a_field_manager_that_the_object_has_already_stays() -> None:
    metadata = {"name": "web", "annotations": {FIELD_MANAGER: "mine"}}
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
    owned, options = ownership.owned(manifest, "web", pulumi.ResourceOptions())
    assert owned["metadata"]["annotations"][FIELD_MANAGER] == "mine"
    assert not options.ignore_changes


def test_an_object_that_stays_has_the_field_manager_of_the_next_resource() -> None:
    """A gateway leaves the definitions, and another one of the stack takes them over."""
    group = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    definition = {**group, "metadata": {"name": "policies.k8s.nginx.org"}}

    def manager(name: str, **options: Any) -> str:
        owned, _ = ownership.owned(definition, name, pulumi.ResourceOptions(**options))
        return owned["metadata"]["annotations"][FIELD_MANAGER]

    assert manager("edge-policies", retain_on_delete=True) == manager("public-policies", retain_on_delete=True)
    assert manager("edge-policies") != manager("public-policies")


class Cluster(Answers):
    """A cluster that has every object already, with these annotations."""

    def __init__(self, annotations: Mapping[str, str]) -> None:
        super().__init__(None)
        self.annotations = annotations

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.resource_id:
            return super().new_resource(args)
        return args.resource_id, {"metadata": {"annotations": dict(self.annotations)}}


def preview(annotations: Mapping[str, str], *, preview: bool = True) -> Recording:
    """Previews a service whose objects exist already."""

    def answer(registration: Registration) -> Mapping[str, Any] | None:
        return {"metadata": {"resourceVersion": "7"}} if registration.custom else None

    args: Any = {"image": "a:1", "port": 80, "namespace": "shop"}
    monitor = Recorder(Cluster(annotations), answer, preview)
    program = lambda: WebService("web", args)  # noqa: E731
    return run_once(program, monitor, preview=preview, config={}, project="shop", stack="dev")


def test_a_preview_rejects_an_object_of_another_stack() -> None:
    with pytest.raises(PorticoError) as caught:
        preview({OWNER: "organization/shop/prod"})
    assert "shop/web" in str(caught.value)
    assert "the stack organization/shop/prod owns it. This stack is organization/shop/dev." in str(caught.value)


def test_a_preview_accepts_an_object_of_the_stack() -> None:
    assert preview({OWNER: STACK}).registrations


@pytest.mark.parametrize("annotations", [{}, {"other": "annotation"}])
def test_a_preview_rejects_an_object_that_no_stack_owns(annotations: Any) -> None:
    with pytest.raises(PorticoError, match="shop/web exists already, and no stack owns it"):
        preview(annotations)


def test_a_preview_accepts_an_object_of_the_stack_from_before_objects_had_owners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = ("core/v1:Service", "core/v1:ServiceAccount", "apps/v1:Deployment", "policy/v1:PodDisruptionBudget")
    types = [f"kubernetes:{kind}" for kind in (*kinds, "networking.k8s.io/v1:NetworkPolicy")]
    metadata = {"name": "web", "namespace": "shop"}

    async def read() -> Mapping[str, Deployed]:
        urns = [f"urn:pulumi:dev::shop::{type_}::web" for type_ in types]
        return {urn: Deployed(urn, {"metadata": metadata}) for urn in urns}

    monkeypatch.setattr(existing, "read_deployed", read)
    assert preview({}).registrations


def test_a_preview_accepts_an_object_that_is_taken_over_by_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PULUMI_K8S_ENABLE_PATCH_FORCE", "true")
    assert preview({OWNER: "organization/shop/prod"}).registrations


def test_an_update_leaves_the_check_to_the_api_server() -> None:
    assert preview({OWNER: "organization/shop/prod"}, preview=False).registrations


def test_components_with_one_name_in_different_components_have_field_managers_of_their_own() -> None:
    """They can be in one namespace of different clusters, whose providers share nothing."""

    def program() -> None:
        for team in ("Basket", "Prices"):
            outer = pulumi.ComponentResource(f"test:index:{team}", "team", {})
            options = pulumi.ResourceOptions(parent=outer)
            WebService("web", {"image": "a:1", "port": 80, "namespace": team.lower()}, options)

    managers = [annotations_of(found)[FIELD_MANAGER] for found in objects(program)]
    assert len(managers) == 10
    assert len(set(managers)) == len(managers)


def test_a_component_of_the_stack_has_the_field_managers_of_earlier_versions() -> None:
    (service,) = [
        found
        for found in objects(lambda: WebService("web", {"image": "a:1", "port": 80, "namespace": "shop"}))
        if found.type == "kubernetes:core/v1:Service"
    ]
    assert annotations_of(service)[FIELD_MANAGER] == field_manager(
        STACK, "portico:index:WebService web Service web-service"
    )
