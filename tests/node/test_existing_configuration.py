"""Pods whose configuration something else creates later wait for it, and `pulumi up` waits with them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE
from tools.probe import Request

pytestmark = pytest.mark.node

SECRET = "canary-e52c"
SERVICE = """\
from pulumi_portico import WebService

WebService(
    "web",
    {
        "image": %r,
        "namespace": %r,
        "port": 8080,
        "replicas": 1,
        "drain": 1,
        "health": {"path": "/ready"},
        "resources": {"cpu": 0.01, "memory": 32},
        "env_value_from": {"PASSWORD": {"secret_key_ref": {"name": "later", "key": "password"}}},
        "env_from": [{"secret_ref": {"name": "later"}, "prefix": "ALL_"}],
        "volumes": {
            "keys": {"path": "/keys", "secret": "later", "items": {"password": "db/password"}, "default_mode": "0440"},
        },
    },
)
"""
DELAY = 30
"""Seconds after which an operator would have created the Secret."""


def test_a_secret_that_is_created_while_up_runs_lets_the_pods_start(
    node: NodeCluster, node_namespace: str, program: PulumiProgram
) -> None:
    waiting: list[Any] = []

    def create() -> None:
        pods = node.pods(node_namespace, "app.kubernetes.io/name=web").values()
        waiting.extend(pod["status"]["phase"] for pod in pods)
        metadata = {"name": "later", "namespace": node_namespace}
        node.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": SECRET}})

    program.write(SERVICE % (ECHO_IMAGE, node_namespace))
    timer = threading.Timer(DELAY, create)
    timer.start()
    try:
        program.up()
    finally:
        timer.join()
    assert waiting == ["Pending"], "the pod waited for the Secret"
    ((_, pod),) = node.pods(node_namespace, "app.kubernetes.io/name=web").items()
    file, environment = node.ask(
        Request(f"http://{pod['status']['podIP']}:8080/file?path=/keys/db/password"),
        Request(f"http://{pod['status']['podIP']}:8080/file?path=/proc/self/environ"),
    )
    assert file.json["content"] == SECRET
    assert {f"PASSWORD={SECRET}", f"ALL_password={SECRET}"} <= set(environment.json["content"].split("\0"))
    assert SECRET not in program.state(), "nothing reads the Secret"
