"""What WebServices' pods are, seen from inside them: their rights, their names, and who else is in them."""

import json
import time
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT
from tools.probe import Request
from tools.processes import wait_until

pytestmark = pytest.mark.node

SERVICES = """\
import pulumi
from pulumi_portico import WebService

every = {
    "image": %r,
    "namespace": %r,
    "drain": 1,
    "health": {"path": "/ready"},
    "resources": {"cpu": 0.01, "memory": 32},
}
web = WebService(
    "web",
    {
        **every,
        "port": 80,
        "env": {"PORT": "80"},
        "security": {"net_bind_service": True},
        "writable_paths": ["/scratch"],
    },
)
db = WebService(
    "db",
    {
        **every,
        "kind": "StatefulSet",
        "port": 8080,
        "replicas": 2,
        "stateful_set": {"pod_management": "Parallel"},
    },
)
pulumi.export("web", web.url)
pulumi.export("db", db.url)
"""

COMPANY = """\
from pulumi_portico import WebService

WebService(
    "web",
    {
        "image": %r,
        "port": 8080,
        "namespace": %r,
        "replicas": 1,
        "drain": 3,
        "health": {"path": "/ready"},
        "volumes": {"shared": {"path": "/shared"}},
        "init_containers": [
            {
                "name": "prepare",
                "image": %r,
                "args": ["save", "http://127.0.0.1:9090/from-prepare", "/prepared/answer"],
                "mounts": {"shared": "/prepared"},
            },
        ],
        "sidecars": [
            {
                "name": "helper",
                "image": %r,
                "port": 9090,
                "env": {"PORT": "9090", "START_DELAY": "3"},
                "health": {"path": "/ready"},
            },
        ],
        "resources": {"cpu": 0.01, "memory": 32},
    },
)
"""


def unprivileged(namespace: str) -> dict[str, Any]:
    """A pod like those of the WebService that listens on port 80, without what lets it."""
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "plain",
        "image": ECHO_IMAGE,
        "env": [{"name": "PORT", "value": "80"}],
        "securityContext": security,
    }
    metadata = {"name": "plain", "namespace": namespace}
    spec = {"containers": [container], "restartPolicy": "Never"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def fields(status: str) -> dict[str, list[str]]:
    """The lines of /proc/self/status."""
    lines = (line.partition(":") for line in status.splitlines())
    return {name: value.split() for name, _, value in lines}


def test_pods_have_the_names_and_the_rights_that_were_asked_for(
    node: NodeCluster, node_namespace: str, program: PulumiProgram
) -> None:
    node.apply(unprivileged(node_namespace))
    program.write(SERVICES % (ECHO_IMAGE, node_namespace))
    program.up()
    web, db = (program.outputs()[name] for name in ("web", "db"))
    domain = f"{node_namespace}.svc.cluster.local"
    assert (web, db) == (f"http://web.{domain}", f"http://db.{domain}:8080")

    def answered_by(url: str, wanted: set[str]) -> bool:
        answers = node.get_url(url, count=20)
        return all(it.ok for it in answers) and {it.json["hostname"] for it in answers} == wanted

    pods = set(node.pods(node_namespace, "app.kubernetes.io/name=web"))
    assert len(pods) == 2
    wait_until(f"{web} is answered by both pods", lambda: answered_by(web, pods), seconds=20)
    wait_until(f"{db} is answered by both pods", lambda: answered_by(db, {"db-0", "db-1"}), seconds=20)
    for name in ("db-0", "db-1"):
        assert answered_by(f"http://{name}.db.{domain}:8080", {name})

    status, written, scratched = node.ask(
        Request(f"{web}/file?path=/proc/self/status"),
        Request(f"{web}/file?path=/note", "PUT", body="note"),
        Request(f"{web}/file?path=/scratch/note", "PUT", body="note"),
    )
    process = fields(status.json["content"])
    # Real, effective, saved and of the file system; of the two groups, the second is the list.
    assert (process["Uid"], process["Gid"], process["Groups"]) == (["10001"] * 4, ["10001"] * 4, ["10001"])
    # No capability, and of all that could be had but the one: 1 << 10 is CAP_NET_BIND_SERVICE.
    assert (int(process["CapEff"][0], 16), int(process["CapBnd"][0], 16)) == (0, 1 << 10)
    # Rights cannot grow, and a filter is between the process and the kernel.
    assert (process["NoNewPrivs"], process["Seccomp"]) == (["1"], ["2"])
    assert (written.status, written.json["error"]) == (403, "open /note: read-only file system")
    assert scratched.ok

    # The same pod without the setting may not listen there: it is what makes the difference.
    assert "listen tcp :80: bind: permission denied" in node.kubectl("logs", "plain", "-n", node_namespace)


def test_other_containers_come_first_and_share_volumes(
    node: NodeCluster, node_namespace: str, program: PulumiProgram
) -> None:
    program.write(COMPANY % (ECHO_IMAGE, node_namespace, ECHO_IMAGE, ECHO_IMAGE_NEXT))
    program.up()
    ((name, pod),) = node.pods(node_namespace, "app.kubernetes.io/name=web").items()
    (application,) = pod["status"]["containerStatuses"]
    helper, prepare = pod["status"]["initContainerStatuses"]
    assert (helper["name"], prepare["name"]) == ("helper", "prepare")
    # It asked the sidecar once, which takes three seconds to answer at all: it was waited for.
    assert (prepare["restartCount"], prepare["state"]["terminated"]["exitCode"]) == (0, 0)
    assert prepare["state"]["terminated"]["finishedAt"] <= application["state"]["running"]["startedAt"]
    assert (helper["restartCount"], helper["ready"]) == (0, True)

    address = pod["status"]["podIP"]
    shared, fetched = node.ask(
        Request(f"http://{address}:8080/file?path=/shared/answer"),
        Request(f"http://{address}:8080/fetch?url=http://127.0.0.1:9090/from-the-application"),
    )
    assert shared.json["version"] == "1"
    answer = json.loads(shared.json["content"])
    assert (answer["hostname"], answer["version"], answer["path"]) == (name, "2", "/from-prepare")
    answer = json.loads(fetched.json["body"])
    assert (answer["hostname"], answer["version"], answer["path"]) == (name, "2", "/from-the-application")

    # The application has three seconds more to serve, and its sidecar with it.
    node.kubectl("delete", "pod", name, "-n", node_namespace, "--wait=false")
    time.sleep(1.5)
    assert [it.json["version"] for it in node.ask(*(Request(f"http://{address}:{it}/") for it in (8080, 9090)))] == [
        "1",
        "2",
    ]
