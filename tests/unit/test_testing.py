"""The recorder: keeps what was registered as it was, in both modes, and fails when the program does."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_portico import WebService
from pulumi_portico.testing import Registration, Secret, record


class Parent(pulumi.ComponentResource):
    answer: pulumi.Output[int]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Parent", name, {}, opts)
        self.register_outputs({"answer": pulumi.Output.secret(42)})


def config_map(name: str, data: Any, **options: Any) -> kubernetes.core.v1.ConfigMap:
    return kubernetes.core.v1.ConfigMap(name, data=data, opts=pulumi.ResourceOptions(**options))


def test_a_users_first_test_takes_ten_lines() -> None:
    recorded = record(lambda: WebService("api", {"image": "api:1.0", "port": 8080, "replicas": 3}))
    assert recorded.manifest("Deployment", "api")["spec"]["replicas"] == 3


def test_raw_registrations_keep_their_options() -> None:
    def program() -> None:
        parent = Parent("top", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")]))
        first = config_map("first", {"a": "1"}, parent=parent, protect=True)
        config_map(
            "second",
            {"name": first.metadata["name"]},
            parent=parent,
            depends_on=[first],
            replace_on_changes=["data"],
            ignore_changes=["metadata"],
            delete_before_replace=True,
            aliases=["urn:pulumi:stack::project::kubernetes:core/v1:ConfigMap::older"],
        )

    recorded = record(program)
    top, first, second = (recorded.one(kind, name) for kind, name in _NAMED)
    assert top.parent is None
    assert top.aliases == ({"name": "old"},)
    assert not top.custom
    assert first.parent == top.urn
    assert first.protect
    assert not second.protect
    assert second.dependencies == {first.urn}
    assert second.property_dependencies == {"data": {first.urn}}
    assert second.replace_on_changes == ("data",)
    assert second.ignore_changes == ("metadata",)
    assert second.delete_before_replace
    assert {"urn": "urn:pulumi:stack::project::kubernetes:core/v1:ConfigMap::older"} in second.aliases
    assert recorded.outputs == {"top": {"answer": 42}}


_NAMED = (("Parent", "top"), ("ConfigMap", "first"), ("ConfigMap", "second"))


def test_the_program_runs_as_a_preview_and_as_an_update() -> None:
    modes: list[bool] = []
    recorded = record(lambda: modes.append(pulumi.runtime.is_dry_run()))
    assert modes == [True, False]
    assert recorded.preview is not None
    assert recorded.preview.preview is None


def test_what_a_preview_cannot_know_is_unknown_there_and_known_in_the_update() -> None:
    def program() -> Any:
        first = config_map("first", {"a": "1"})
        return config_map("second", {"id": first.id}).data

    recorded = record(program)
    assert recorded.manifest("ConfigMap", "second")["data"]["id"].startswith("default/first-")
    assert recorded.preview is not None
    assert recorded.preview.one("ConfigMap", "second").inputs["data"]["id"] == pulumi.runtime.rpc.UNKNOWN


def test_a_failure_inside_an_apply_fails_the_test() -> None:
    def program() -> None:
        config_map("first", {"a": "1"}).metadata.apply(lambda metadata: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        record(program)


def test_a_failure_that_only_an_update_meets_is_met() -> None:
    def program() -> None:
        config_map("first", {"a": "1"}).id.apply(lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        record(program)


def test_secrets_are_seen_as_secrets_and_manifests_hold_their_values() -> None:
    def program() -> Any:
        return config_map("first", {"open": "1", "closed": pulumi.Output.secret("2")}).data.is_secret()

    recorded = record(program)
    assert recorded.one("ConfigMap").inputs["data"] == {"open": "1", "closed": Secret("2")}
    assert recorded.manifest("ConfigMap")["data"] == {"open": "1", "closed": "2"}
    # The secret comes back from the mock provider as one, as it does from a real one.
    assert recorded.value is True


def test_a_generated_name_is_the_same_in_every_run() -> None:
    def names() -> list[str]:
        recorded = record(lambda: config_map("first", {}).metadata["name"])
        assert recorded.preview is not None
        return [recorded.value, recorded.preview.value]

    first, second = names(), names()
    assert first == second
    assert len(set(first)) == 1
    assert first[0].startswith("first-")


def test_outputs_of_a_provider_can_be_made_up() -> None:
    def outputs(it: Registration) -> dict[str, Any] | None:
        return {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}} if it.name == "front" else None

    def program() -> Any:
        service = kubernetes.core.v1.Service("front", spec={"type": "LoadBalancer"})
        return service.status.load_balancer.ingress[0].ip

    assert record(program, outputs=outputs).value == "203.0.113.7"


def test_calls_are_answered_or_fail_by_name() -> None:
    def program() -> Any:
        return pulumi.runtime.invoke("test:index:lookup", {"name": "x"}).value

    assert record(program, calls=lambda token, args: {"token": token, **args}).value == {
        "token": "test:index:lookup",
        "name": "x",
    }
    with pytest.raises(Exception, match="test:index:lookup"):
        record(program)


def test_configuration_and_names_are_the_programs_own() -> None:
    def program() -> None:
        pulumi.export("replicas", pulumi.Config("portico").require_int("replicas"))
        pulumi.export("where", f"{pulumi.get_project()}/{pulumi.get_stack()}")

    recorded = record(program, config={"portico:replicas": "3"}, project="shop", stack="dev")
    assert recorded.exports == {"replicas": 3, "where": "shop/dev"}
    # Nothing of it is left for the next test.
    assert record(lambda: pulumi.Config("portico").get("replicas")).value is None


def test_two_resources_of_one_urn_fail() -> None:
    def program() -> None:
        config_map("same", {})
        config_map("same", {})

    with pytest.raises(Exception, match="two resources have the URN"):
        record(program)


def test_what_is_not_there_is_named_beside_what_is() -> None:
    recorded = record(lambda: config_map("first", {}))
    with pytest.raises(LookupError, match=r"no resource is ConfigMap frist \(did you mean ConfigMap first\?\)"):
        recorded.one("ConfigMap", "frist")
    assert recorded.manifests()[0]["kind"] == "ConfigMap"


def test_more_than_one_is_said_to_be() -> None:
    def program() -> None:
        config_map("a", {})
        config_map("b", {})

    with pytest.raises(LookupError, match="2 resources are ConfigMap"):
        record(program).one("ConfigMap")
