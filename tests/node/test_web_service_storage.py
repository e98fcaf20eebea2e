"""A StatefulSet's data outlives its pods, their version, and the stack."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT, NODE_NAME
from tools.probe import Request
from tools.processes import wait_until

pytestmark = pytest.mark.node

PROGRAM = """\
import pulumi
from pulumi_portico import WebService

db = WebService(
    "db",
    {
        "kind": "StatefulSet",
        "image": %r,
        "port": 8080,
        "namespace": %r,
        "drain": 1,
        "health": {"path": "/ready"},
        "storage": {"data": {"path": "/data", "size_gib": 1, "storage_class": %r}},
        "resources": {"cpu": 0.01, "memory": 32},
    },
)
pulumi.export("url", db.url)
"""


@pytest.fixture
def storage_class(node: NodeCluster, node_namespace: str, tmp_path: Path) -> Generator[str]:
    """A class with one volume, which is a folder of the node that belongs to root as a new disk does."""
    folder = tmp_path / "volume"
    folder.mkdir(mode=0o755)
    name = node_namespace
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    node.apply(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "storageClassName": name,
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                # Not a hostPath: of that, the kubelet lets nobody but root write into the folder.
                "local": {"path": str(folder)},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
            },
        },
    )
    yield name
    node.kubectl("delete", f"persistentvolume/{name}", f"storageclass/{name}", "--wait=false")


def test_data_outlives_pods_and_versions(
    node: NodeCluster, node_namespace: str, program: PulumiProgram, storage_class: str, tmp_path: Path
) -> None:
    def claim() -> Any:
        return node.get("persistentvolumeclaim", "data-db-0", "-n", node_namespace)

    def uid() -> str:
        return node.get("pod", "db-0", "-n", node_namespace)["metadata"]["uid"]

    def told(version: str) -> str:
        """What the pod has in its file, as soon as its name leads to it."""
        url = program.outputs()["url"] + "/file?path=/data/note"
        wait_until(f"{url} is answered", lambda: node.get_url(url)[0].ok, seconds=20)
        answer = node.get_url(url)[0].json
        assert (answer["hostname"], answer["version"]) == ("db-0", version)
        return answer["content"]

    program.write(PROGRAM % (ECHO_IMAGE, node_namespace, storage_class))
    program.up()
    url = program.outputs()["url"] + "/file?path=/data/note"
    written = node.ask(Request(url, "PUT", body="kept"))[0]
    assert written.ok, written.body
    assert told("1") == "kept"
    bound = claim()
    assert bound["status"]["phase"] == "Bound"
    # The pod's group was given the folder, and the user is no other than the pod's.
    file = tmp_path / "volume" / "note"
    assert (file.read_text(), file.stat().st_uid, file.stat().st_gid) == ("kept", 10001, 10001)

    before = uid()
    node.kubectl("delete", "pod", "db-0", "-n", node_namespace)
    node.kubectl("rollout", "status", "statefulset/db", "-n", node_namespace, "--timeout=40s")
    assert uid() != before
    assert told("1") == "kept"

    before = uid()
    program.write(PROGRAM % (ECHO_IMAGE_NEXT, node_namespace, storage_class))
    assert program.up().changes == {"update": 1}
    # The engine may be done before the StatefulSet's controller has begun: it goes by a status that can be of before.
    node.kubectl("rollout", "status", "statefulset/db", "-n", node_namespace, "--timeout=40s")
    assert uid() != before
    assert told("2") == "kept"

    program.destroy()
    assert node.get("statefulsets,pods", "-n", node_namespace)["items"] == []
    left = claim()
    assert (left["metadata"]["uid"], left["status"]["phase"]) == (bound["metadata"]["uid"], "Bound")
    # What comes back under the same name finds its data.
    program.up()
    assert told("2") == "kept"
