"""A stack can't take over the objects of another stack: on the real engine and the real API server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico.lifecycle.ownership import OWNER

from tests.pulumi_program import PulumiProgram
from tests.scoreboard.cases import program_of
from tools.cluster import Cluster
from tools.processes import wait_until

KINDS = (
    "namespaces,services,serviceaccounts,configmaps,deployments,ingresses,networkpolicies,poddisruptionbudgets,roles,"
    "rolebindings,clusterroles,clusterrolebindings,ingressclasses"
)
FIRST, SECOND = "first", "second"
IMAGE = "registry.example.com/app:1"
EXPOSURE = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"]}


def service(**fields: Any) -> dict[str, Any]:
    return {"image": IMAGE, "port": 8080, **fields}


class Stacks:
    """Two stacks of one project, each with a state of its own, on one cluster."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder, self.cluster = folder, cluster
        suffix = secrets.token_hex(4)
        self.namespace, self.edge = f"shop-{suffix}", f"edge-{suffix}"
        self.first = self.program(FIRST)

    def program(self, stack: str) -> PulumiProgram:
        program = PulumiProgram(self.folder / stack, self.cluster.env())
        program.stack = stack
        return program

    def write(self, program: PulumiProgram, values: Mapping[str, Any]) -> None:
        program.write(program_of(values))

    def values(self, **services: Any) -> dict[str, Any]:
        """The first stack's: a namespace, a service, and a gateway with its controller and its class."""
        gateway = {"exposure": EXPOSURE, "routes": [{"host": "shop.example.com", "target": {"service": "web"}}]}
        services = {"web": service(), **services}
        return {"namespace": self.namespace, "services": services, "gateways": {self.edge: gateway}}

    def objects(self) -> dict[tuple[str, str, str], tuple[str, str]]:
        """The UID and the resource version of each object of the first stack."""
        found: dict[tuple[str, str, str], tuple[str, str]] = {}
        for one in self.cluster.get(KINDS, "-A")["items"]:
            metadata = one["metadata"]
            if metadata.get("annotations", {}).get(OWNER) == f"organization/test/{FIRST}":
                key = one["kind"], metadata.get("namespace", ""), metadata["name"]
                found[key] = metadata["uid"], metadata["resourceVersion"]
        return found

    def settled(self) -> dict[tuple[str, str, str], tuple[str, str]]:
        """The objects, when no controller changes them anymore."""
        seen = [self.objects()]

        def unchanged() -> bool:
            seen.append(self.objects())
            return seen[-1] == seen[-2]

        wait_until("the objects don't change", unchanged, seconds=30)
        return seen[-1]

    def pods(self) -> set[str]:
        pods = self.cluster.get("pods", "-n", self.namespace)["items"]
        pods += self.cluster.get("pods", "-n", self.edge)["items"]
        return {pod["metadata"]["uid"] for pod in pods}


@pytest.fixture(scope="module")
def stacks(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    stacks = Stacks(tmp_path_factory.mktemp("stacks"), cluster)
    stacks.write(stacks.first, stacks.values())
    stacks.first.up()
    yield stacks
    stacks.first.destroy()


def other_namespace(stacks: Stacks) -> str:
    return f"{stacks.namespace}-other"


def same_service(stacks: Stacks) -> Any:
    services = {"web": service(namespace=stacks.namespace)}
    return {"namespace": other_namespace(stacks), "services": services}


def same_gateway(stacks: Stacks) -> Any:
    return {"namespace": other_namespace(stacks), "gateways": {stacks.edge: {"exposure": EXPOSURE}}}


def same_namespace(stacks: Stacks) -> Any:
    return {"namespace": stacks.namespace}


def same_class(stacks: Stacks) -> Any:
    gateway = {"exposure": EXPOSURE, "className": stacks.edge}
    return {"namespace": other_namespace(stacks), "gateways": {f"{stacks.edge}-other": gateway}}


def same_manifest(stacks: Stacks) -> Any:
    metadata = {"name": "web", "namespace": stacks.namespace}
    own = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"name": "more", "port": 81}]},
    }
    return {"namespace": other_namespace(stacks), "manifests": [own]}


def same_job(stacks: Stacks) -> Any:
    job = {"image": service()["image"], "namespace": stacks.namespace, "schedule": "@daily"}
    return {"namespace": other_namespace(stacks), "jobs": {"web": job}}


@pytest.mark.parametrize(
    "values",
    [
        same_service,
        same_manifest,
        same_job,
        same_gateway,
        pytest.param(same_namespace, marks=pytest.mark.long),
        pytest.param(same_class, marks=pytest.mark.long),
    ],
)
def test_a_stack_takes_no_object_of_another_stack(stacks: Stacks, tmp_path: Path, values: Any) -> None:
    before, pods = stacks.settled(), stacks.pods()
    assert len(before) > 15
    second = PulumiProgram(tmp_path, stacks.cluster.env())
    second.stack = SECOND
    stacks.write(second, values(stacks))
    preview = second.preview(check=False)
    assert preview.status != 0
    assert f"the stack organization/test/{FIRST} owns it" in preview.output
    # Without the preview, the API server itself rejects it, and names the field manager.
    run = second.up(check=False)
    assert run.status != 0
    assert f'with "portico:organization/test/{FIRST}:' in run.output
    assert stacks.objects() == before
    second.destroy()
    assert stacks.objects() == before
    assert stacks.pods() == pods


def assert_kept(before: tuple[str, str, set[str]], after: tuple[str, str, set[str]], stack: str) -> None:
    """The stack owns the Deployment, which is the same object, with the same pods, and perhaps with more."""
    assert after[:2] == (f"organization/test/{stack}", before[1])
    assert before[2] <= after[2]


def web(cluster: Cluster, namespace: str) -> tuple[str, str, set[str]]:
    """The owner and the UID of the Deployment, and the UIDs of its pods."""
    metadata = cluster.get("deployment", "web", "-n", namespace)["metadata"]
    pods = {pod["metadata"]["uid"] for pod in cluster.get("pods", "-n", namespace)["items"]}
    return metadata.get("annotations", {}).get(OWNER, ""), metadata["uid"], pods


PROGRAM = """\
from pulumi_portico import WebService

WebService("web", {"image": "registry.example.com/app:1", "port": 8080, "namespace": %r})
"""
WITHOUT_OWNERS = """\
from pulumi_portico import register

register.owned = lambda manifest, name, opts: (manifest, opts)
"""
WEB = "urn:pulumi:test::test::portico:index:WebService::web"


TWICE = """\
import pulumi
import pulumi_kubernetes as k8s
from pulumi_portico import WebService

for team in ("Basket", "Prices"):
    parent = pulumi.ComponentResource(f"test:index:{team}", "team", {})
    provider = k8s.Provider(team.lower()) if PROVIDERS else None
    options = pulumi.ResourceOptions(parent=parent, provider=provider)
    WebService("web", {"image": "registry.example.com/app:1", "port": 8080, "namespace": NAMESPACE}, options)
"""


def test_a_program_creates_no_object_twice(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    program.write(TWICE.replace("PROVIDERS", "False").replace("NAMESPACE", repr(namespace)))
    for run in (program.preview(check=False), program.up(check=False)):
        assert run.status != 0
        assert 'WebService "web" in Basket "team" creates' in run.output
        assert 'WebService "web" in Prices "team" has a problem' in run.output
    program.destroy()
    # Two providers can be of two clusters, which a preview can't know.
    program.write(TWICE.replace("PROVIDERS", "True").replace("NAMESPACE", repr(namespace)))
    assert program.preview().changes["create"] > 10


@pytest.mark.long
def test_objects_of_an_earlier_version_get_their_owner_in_place(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    source = PROGRAM % namespace
    program.write(WITHOUT_OWNERS + source)
    program.up()
    before = web(cluster, namespace)
    assert not before[0]
    # A field that changes in the same update doesn't conflict, because the object keeps its field manager.
    program.write(source.replace("8080,", "8080, 'replicas': 3,"))
    run = program.up()
    assert set(run.changes) == {"update"}
    assert "ignore" not in run.output
    assert_kept(before, web(cluster, namespace), "test")
    assert program.up("--refresh").changes == {}
    program.destroy()


@pytest.mark.long
def test_a_renamed_stack_keeps_its_objects(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    source = PROGRAM % namespace
    program.write(source)
    program.up()
    before = web(cluster, namespace)
    assert before[0] == "organization/test/test"
    program.pulumi("stack", "rename", "renamed", "--stack", "test")
    program.stack = "renamed"
    program.write(source.replace("8080,", "8080, 'replicas': 3,"))
    assert set(program.preview().changes) == {"update"}
    assert set(program.up().changes) == {"update"}
    assert_kept(before, web(cluster, namespace), "renamed")
    assert program.up("--refresh").changes == {}
    program.destroy()


@pytest.mark.long
def test_a_stack_without_its_state_finds_its_own_objects(
    program: PulumiProgram, tmp_path: Path, cluster: Cluster, namespace: str
) -> None:
    program.write(PROGRAM % namespace)
    program.up()
    before = web(cluster, namespace)
    again = PulumiProgram(tmp_path / "again", cluster.env())
    again.write(PROGRAM % namespace)
    assert set(again.preview().changes) == {"create", "read"}
    again.up()
    assert web(cluster, namespace) == before
    again.destroy()


@pytest.mark.long
def test_objects_move_with_their_state(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    program.write(PROGRAM % namespace)
    program.up()
    before = web(cluster, namespace)
    program.pulumi("stack", "init", "target")
    program.pulumi("state", "move", "--source", "test", "--dest", "target", "--include-parents", "--yes", WEB)
    program.stack = "target"
    assert set(program.preview().changes) == {"update"}
    assert set(program.up().changes) == {"update"}
    assert_kept(before, web(cluster, namespace), "target")
    program.stack = "test"
    program.destroy()
    assert_kept(before, web(cluster, namespace), "target")
    program.stack = "target"
    program.destroy()


@pytest.mark.long
def test_objects_are_taken_over_by_force(
    program: PulumiProgram, tmp_path: Path, cluster: Cluster, namespace: str
) -> None:
    program.write(PROGRAM % namespace)
    program.up()
    before = web(cluster, namespace)
    second = PulumiProgram(tmp_path / SECOND, cluster.env())
    second.stack = SECOND
    second.write((PROGRAM % namespace).replace("8080,", "8080, 'replicas': 3,"))
    second.env["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
    assert set(second.preview().changes) == {"create"}
    second.up()
    del second.env["PULUMI_K8S_ENABLE_PATCH_FORCE"]
    program.pulumi("state", "delete", "--target-dependents", "--yes", "--stack", "test", WEB)
    program.destroy()
    assert_kept(before, web(cluster, namespace), SECOND)
    second.destroy()
