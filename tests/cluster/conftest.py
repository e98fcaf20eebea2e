"""A real API server with simulated nodes: one for the whole run, a namespace of its own for each test."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.definitions import certificate_definition, define
from tests.cluster.gateway_api import install
from tests.cluster.stacks import lay_down
from tests.pulumi_program import PulumiProgram
from tests.support import ROOT, make_namespace
from tools import build, engine, gateway_api
from tools.cluster import Cluster
from tools.processes import is_alive

_FOLDERS = ROOT / ".portico" / "test-clusters"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    build.build(build.CLUSTER)
    engine.build_engine()
    _remove_orphans()
    started = Cluster(_FOLDERS / str(os.getpid()), durable=False)
    try:
        started.start()
        # As in a cluster with cert-manager.
        define(started, certificate_definition())
        yield started
    finally:
        started.remove()


def _remove_orphans() -> None:
    """End the clusters of runs that were killed before they could."""
    for folder in _FOLDERS.glob("*"):
        if not is_alive(int(folder.name)):
            Cluster(folder).remove()


@pytest.fixture(scope="session")
def gateway_api_cluster(cluster: Cluster) -> Cluster:
    """The cluster, with the definitions of the Gateway API's standard channel, and of Envoy Gateway."""
    install(cluster, [*gateway_api.definitions(), *gateway_api.envoy_gateway_definitions()])
    return cluster


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace that enforces Pod Security "restricted", gone after the test."""
    name = make_namespace(cluster)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def volumes(cluster: Cluster) -> None:
    """Volumes of 1 GiB of the class `at-hand`, more than a test claims, as there is no provisioner."""
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "at-hand"},
        "provisioner": "kubernetes.io/no-provisioner",
    }
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "at-hand",
        "hostPath": {"path": "/nowhere"},
    }
    # By the test, as a volume that was claimed once is not there for the next claim.
    names = [f"at-hand-{secrets.token_hex(4)}" for _ in range(60)]
    volumes = [{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": it}, "spec": spec} for it in names]
    cluster.apply(storage_class, *volumes)


@pytest.fixture
def program(cluster: Cluster, tmp_path: Path) -> PulumiProgram:
    """An empty program whose default provider is the cluster, with the cluster's kubectl on the path."""
    made = PulumiProgram(tmp_path, cluster.env())
    made.env["PATH"] = os.pathsep.join([made.env["PATH"], str(build.bin_dir("kubernetes"))])
    return made


@pytest.fixture
def root_program(program: PulumiProgram) -> PulumiProgram:
    """The repository's own program with its stacks, in a folder where they can be edited; its stack is `local`."""
    lay_down(program, "local")
    return program


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[None]:
    """Beside a failure, the cluster's own view of it."""
    outcome: Any = yield
    report = outcome.get_result()
    cluster = getattr(item, "funcargs", {}).get("cluster")
    if report.when != "call" or not report.failed or cluster is None:
        return
    report.sections.append(("events", cluster.kubectl("get", "events", "-A", "--sort-by=.lastTimestamp", check=False)))
    report.sections.append(("pods", cluster.kubectl("get", "pods", "-A", "-o", "wide", check=False)))
    for name in cluster.names:
        report.sections.append((f"the end of {name}'s log", cluster.processes.tail(name)))
