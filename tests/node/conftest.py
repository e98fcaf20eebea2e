from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.pulumi_program import PulumiProgram
from tests.support import make_namespace
from tools import build, engine
from tools.node import NodeCluster


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[NodeCluster]:
    """A real node, for all tests of the run."""
    cluster = NodeCluster(tmp_path_factory.mktemp("node"))
    if reason := cluster.why_not():
        pytest.skip(reason)
    build.build([*build.CLUSTER, *build.NODE])
    try:
        try:
            cluster.start()
        except Exception as error:
            raise RuntimeError(f"{error}\n{cluster.diagnosis()}") from error
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture
def node_namespace(node: NodeCluster) -> Generator[str]:
    """A namespace of the test's own, which lets in what Pod Security calls restricted."""
    name = make_namespace(node)
    yield name
    # The next test does not wait for this one's pods to drain; a balancer's address is free at once.
    node.kubectl("delete", "services", "-n", name, "--all")
    node.kubectl("delete", "namespace", name, "--wait=false")
    node.kubectl("delete", "pods", "-n", name, "--all", "--grace-period=1", "--wait=false")


@pytest.fixture
def program(node: NodeCluster, tmp_path: Path) -> PulumiProgram:
    """An empty program whose default provider is the node's cluster."""
    engine.build_engine()
    return PulumiProgram(tmp_path, node.env(), node.inside())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure's report what the node has to say."""
    report = yield
    cluster = getattr(item, "funcargs", {}).get("node")
    if report.failed and isinstance(cluster, NodeCluster):
        report.sections.append(("the real node", cluster.diagnosis()))
    return report
