"""The real node keeps what it promises, shown by plain manifests."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tools.cluster import ROOT
from tools.console import Failure
from tools.image import write_images
from tools.isolation import remove_abandoned
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT, ECHO_PORT, IMAGES
from tools.probe import Answer, Request
from tools.processes import wait_until

pytestmark = pytest.mark.node

READY_SECONDS = 40


def deployment(name: str, namespace: str, *, replicas: int = 2, env: dict[str, str] | None = None) -> dict[str, Any]:
    container = {
        "name": "web",
        "image": ECHO_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": ECHO_PORT}],
        "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1},
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi", "ephemeral-storage": "16Mi"},
            "limits": {"memory": "64Mi", "ephemeral-storage": "64Mi"},
        },
        # Until the endpoint is gone everywhere, requests still come.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    security = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"securityContext": security, "containers": [container]},
            },
        },
    }


def service(name: str, namespace: str, kind: str = "ClusterIP") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "type": kind,
            "selector": {"app": name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    }


def wait_rolled_out(node: NodeCluster, namespace: str, name: str) -> None:
    node.kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, f"--timeout={READY_SECONDS}s")


def pods(node: NodeCluster, namespace: str, name: str) -> set[str]:
    return {it["metadata"]["name"] for it in node.get("pods", "-n", namespace, "-l", f"app={name}")["items"]}


def hostnames(answers: list[Answer]) -> set[str]:
    assert [it for it in answers if not it.ok] == []
    return {it.json["hostname"] for it in answers}


def wait_answered_by(node: NodeCluster, url: str, wanted: set[str]) -> None:
    """The Service's rules follow its endpoints after a moment; then every request is answered, by just these."""

    def settled() -> bool:
        answers = node.get_url(url, count=20)
        return all(it.ok for it in answers) and hostnames(answers) == wanted

    wait_until(f"{url} is answered by {', '.join(sorted(wanted))}", settled, seconds=20)


@pytest.fixture
def web(node: NodeCluster, node_namespace: str) -> str:
    """Two restricted pods behind a Service; its URL."""
    node.apply(deployment("web", node_namespace), service("web", node_namespace))
    wait_rolled_out(node, node_namespace, "web")
    url = f"http://web.{node_namespace}.svc.cluster.local"
    wait_answered_by(node, url, pods(node, node_namespace, "web"))
    return url


def test_every_pod_answers_through_the_services_name(node: NodeCluster, node_namespace: str, web: str) -> None:
    both = pods(node, node_namespace, "web")
    assert len(both) == 2
    assert hostnames(node.get_url(f"{web}/some/path?colour=red", count=40)) == both


def test_an_answer_tells_the_request(node: NodeCluster, node_namespace: str, web: str) -> None:
    request = Request(f"{web}/a/b?c=d&c=e", "POST", {"X-Colour": "red", "Host": "shop.example"}, "hello")
    answer = node.ask(request)[0].json
    assert {key: answer[key] for key in ("method", "path", "query", "host", "body", "version")} == {
        "method": "POST",
        "path": "/a/b",
        "query": {"c": ["d", "e"]},
        "host": "shop.example",
        "body": "hello",
        "version": "1",
    }
    assert answer["headers"]["X-Colour"] == ["red"]


def test_a_failure_is_an_answer(node: NodeCluster, web: str) -> None:
    late, refused, unknown, teapot = node.ask(
        Request(f"{web}/?sleep=3", timeout=0.5),
        Request("http://127.0.0.1:1/"),
        Request("http://nobody.nowhere.svc.cluster.local/"),
        Request(f"{web}/?status=418"),
    )
    assert late.error == "TimeoutError: timed out"
    assert "refused" in (refused.error or "")
    assert "gaierror" in (unknown.error or "")
    assert (teapot.status, teapot.ok) == (418, False)


def test_a_load_balancers_address_answers(node: NodeCluster, node_namespace: str) -> None:
    node.apply(deployment("web", node_namespace, replicas=1), service("web", node_namespace, "LoadBalancer"))
    wait_rolled_out(node, node_namespace, "web")
    path = "jsonpath={.status.loadBalancer.ingress[0].ip}"
    address = ""

    def has_address() -> bool:
        nonlocal address
        address = node.kubectl("get", "service", "web", "-n", node_namespace, "-o", path)
        return bool(address)

    wait_until("the Service has an address", has_address, seconds=20)
    assert address.startswith("198.18.")
    wait_answered_by(node, f"http://{address}", pods(node, node_namespace, "web"))
    answer = node.ask(Request("http://shop.example/", connect_to=address))[0]
    assert answer.json["host"] == "shop.example"


def test_a_pod_that_is_not_ready_gets_no_requests(node: NodeCluster, node_namespace: str, web: str) -> None:
    first, second = sorted(pods(node, node_namespace, "web"))
    address = node.get("pod", first, "-n", node_namespace)["status"]["podIP"]
    told = node.ask(Request(f"http://{address}:{ECHO_PORT}/ready?fail=true", "POST"))[0]
    assert told.json == {"hostname": first, "fail": True}
    wait_answered_by(node, web, {second})
    node.ask(Request(f"http://{address}:{ECHO_PORT}/ready?fail=false", "POST"))
    wait_answered_by(node, web, {first, second})


def test_a_pod_that_never_is_ready_is_not_in_the_service(node: NodeCluster, node_namespace: str) -> None:
    broken = deployment("broken", node_namespace, replicas=1, env={"FAIL_READINESS": "true"})
    node.apply(broken, service("broken", node_namespace))

    def runs() -> bool:
        items = node.get("pods", "-n", node_namespace, "-l", "app=broken")["items"]
        return [it["status"]["phase"] for it in items] == ["Running"]

    wait_until("the pod runs", runs, seconds=READY_SECONDS)
    assert node.get_url(f"http://broken.{node_namespace}")[0].status is None
    # Ready or not, the pod itself answers.
    address = node.get("pods", "-n", node_namespace, "-l", "app=broken")["items"][0]["status"]["podIP"]
    assert [
        it.status for it in node.ask(*(Request(f"http://{address}:{ECHO_PORT}{it}") for it in ("/ready", "/")))
    ] == [
        503,
        200,
    ]


def test_a_pod_resolves_names_and_reaches_services(node: NodeCluster, node_namespace: str, web: str) -> None:
    cluster_ip = node.get("service", "web", "-n", node_namespace)["spec"]["clusterIP"]
    # The short name: the pod's own namespace is searched first.
    resolved, fetched, forbidden = node.ask(
        Request(f"{web}/resolve?name=web"),
        Request(f"{web}/fetch?url=http://web/from-a-pod"),
        Request(f"{web}/fetch?url=http://198.51.100.1/"),
    )
    assert resolved.json["addresses"] == [cluster_ip]
    assert fetched.json["status"] == 200
    assert json.loads(fetched.json["body"])["path"] == "/from-a-pod"
    assert "not an address of the cluster" in forbidden.json["error"]


def test_a_pod_reaches_itself_and_the_other_through_the_service(
    node: NodeCluster, node_namespace: str, web: str
) -> None:
    pairs: set[tuple[str, str]] = set()

    def every_pair_seen() -> bool:
        for answer in node.get_url(f"{web}/fetch?url=http://web/", count=20):
            pairs.add((answer.json["hostname"], json.loads(answer.json["body"])["hostname"]))
        return len(pairs) == 4

    wait_until("both pods reached both", every_pair_seen, seconds=20)


def test_the_same_program_makes_the_same_images(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"content")
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    for archive in (first, second):
        write_images(program, IMAGES, archive)
    assert first.read_bytes() == second.read_bytes()


def test_privileged_pods_are_refused(node: NodeCluster, node_namespace: str) -> None:
    root = deployment("root", node_namespace)["spec"]["template"]
    root["spec"]["securityContext"]["runAsNonRoot"] = False
    pod = {"apiVersion": "v1", "kind": "Pod", **root}
    pod["metadata"] = {"name": "root", "namespace": node_namespace}
    with pytest.raises(RuntimeError, match="violates PodSecurity"):
        node.apply(pod)


def test_a_rolling_update_under_load_loses_nothing(node: NodeCluster, node_namespace: str, web: str) -> None:
    with node.loading(web, seconds=60, rate=40) as load:
        node.kubectl("set", "image", "deployment/web", f"web={ECHO_IMAGE_NEXT}", "-n", node_namespace)
        wait_rolled_out(node, node_namespace, "web")
        wait_until("the old pods are gone", lambda: len(pods(node, node_namespace, "web")) == 2, seconds=40)
    assert (load.failed, load.errors) == (0, [])
    assert load.ok > 40
    assert set(load.versions) == {"1", "2"}


def test_a_load_ends_in_time(node: NodeCluster, web: str) -> None:
    load = node.load(web, seconds=1, rate=20, keep_alive=True, concurrency=2)
    assert load.failed == 0
    assert 10 <= load.ok <= 24
    failing = node.load(f"{web}/?status=500", seconds=0.5, rate=20)
    assert failing.ok == 0
    assert "status 500" in failing.errors[0]


def test_logs_and_commands_reach_the_pod(node: NodeCluster, node_namespace: str, web: str) -> None:
    pod = sorted(pods(node, node_namespace, "web"))[0]
    assert "listening on :8080" in node.kubectl("logs", pod, "-n", node_namespace)
    # No shell is in the image: the program itself, which ends at once as the port is taken.
    told = node.kubectl("exec", pod, "-n", node_namespace, "--", "/echo-server", check=False)
    assert "address already in use" in told


def test_commands_run_inside(node: NodeCluster, tmp_path: Path) -> None:
    assert node.run_in("pwd", cwd=tmp_path).stdout.strip() == str(tmp_path)
    assert node.run_in("getent", "hosts", "kubernetes.default.svc.cluster.local").stdout.startswith("10.96.0.1 ")
    with pytest.raises(RuntimeError, match="exit status 1"):
        node.run_in("false")


def test_everything_is_in_the_nodes_own_network(node: NodeCluster) -> None:
    networks: set[str] = set()
    # kube-router runs only while a test asks for it.
    for name in set(node.names) - {"kube-router"}:
        node.processes.check(name)
        process = json.loads((node.folder / "run" / f"{name}.json").read_text())["pid"]
        networks.add(str(Path(f"/proc/{process}/ns/net").readlink()))
    assert networks == {node.run_in("readlink", "/proc/self/ns/net").stdout.strip()}
    assert str(Path("/proc/self/ns/net").readlink()) not in networks


def test_the_nodes_mounts_are_not_seen_outside(node: NodeCluster) -> None:
    assert str(node.folder) in node.run_in("cat", "/proc/self/mountinfo").stdout
    assert str(node.folder) not in Path("/proc/self/mountinfo").read_text()


OTHER_NODE = """
import sys, time
from pathlib import Path
from tools.node import NodeCluster
node = NodeCluster(Path(sys.argv[1]))
node.start()
print("up", flush=True)
time.sleep(600)
"""


def traces(cluster: NodeCluster) -> list[str]:
    """What there is of a node: its folder, namespaces, control groups and processes."""
    name = cluster.isolation.name
    shims = [it.pid for it in psutil.process_iter() if str(cluster.folder) in shlex.join(_command_line(it))]
    places = [
        cluster.folder,
        Path("/run/netns", name),
        Path("/run/portico", name),
        *Path("/sys/fs/cgroup").glob(f"*/{name}"),
    ]
    return [*(str(it) for it in places if it.exists()), *(f"process {it}" for it in shims)]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_two_run_at_once_and_a_killed_runs_remains_are_removed(node: NodeCluster, web: str, tmp_path: Path) -> None:
    other = NodeCluster(tmp_path / "other")
    starter = subprocess.Popen(
        [sys.executable, "-c", OTHER_NODE, str(other.folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        other.apply(deployment("web", "default"), service("web", "default"))
        wait_rolled_out(other, "default", "web")
        wait_answered_by(other, "http://web.default", pods(other, "default", "web"))
        with pytest.raises(Failure, match="another process runs a real node in"):
            other.start()
    finally:
        starter.kill()
        starter.wait()
        if starter.stdout is not None:
            starter.stdout.close()
    assert traces(other) != []
    # What any start does first.
    remove_abandoned()
    assert traces(other) == []
    assert all(it.ok for it in node.get_url(web, count=4))
