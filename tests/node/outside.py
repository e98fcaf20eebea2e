"""Machines outside the cluster, each in a network namespace of its own, with one way: to the node."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

from tools import probe
from tools.cluster import ROOT
from tools.node import NodeCluster
from tools.probe import Answer, Load, Request

__all__ = ["Client", "client_outside"]


class Client:
    """A machine outside the cluster, in a network namespace of its own, with one way: to the node."""

    def __init__(self, name: str) -> None:
        self._enter = ["nsenter", f"--net=/run/netns/{name}"]

    def _run(self, plan: dict[str, Any], seconds: float) -> list[str]:
        command = [*self._enter, sys.executable, str(ROOT / "tools" / Path(probe.__file__).name)]
        done = subprocess.run(
            command, input=json.dumps(plan), capture_output=True, text=True, timeout=seconds, check=True
        )
        return done.stdout.splitlines()

    def ask(self, url: str, *, count: int = 1, timeout: float = 5) -> list[Answer]:
        request = {"url": url, "timeout": timeout}
        return [Answer(**json.loads(line)) for line in self._run({"requests": [request] * count}, count * timeout + 20)]

    @contextlib.contextmanager
    def loading(self, url: str, *, seconds: float, rate: float) -> Generator[Load]:
        """Send requests while the block runs, for at most ``seconds``; the counts are there after it."""
        load = Load(Request(url), seconds, rate=rate)
        command = [*self._enter, sys.executable, str(ROOT / "tools" / Path(probe.__file__).name)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        plan = {"load": {"request": {"url": url}, "seconds": seconds, "rate": rate}}
        try:
            process.stdin.write(json.dumps(plan))
            process.stdin.close()
            process.stdout.readline()
            yield load
            process.terminate()
            process.wait(30)
            for name, value in json.loads(process.stdout.read()).items():
                if name in ("ok", "failed", "slowest", "hostnames", "versions", "errors"):
                    setattr(load, name, value)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@contextlib.contextmanager
def client_outside(node: NodeCluster, address: str, gate: str) -> Generator[Client]:
    """A client with this address, whose way to the node is ``gate``: both are in one network of four addresses."""
    name = f"portico-client-{secrets.token_hex(3)}"
    device = f"pc{secrets.token_hex(3)}"

    def ip(*command: str) -> None:
        subprocess.run(["ip", *command], check=True, capture_output=True, timeout=20)

    ip("netns", "add", name)
    try:
        there = ("peer", "name", device, "netns", node.isolation.name)
        ip("link", "add", "client0", "netns", name, "type", "veth", *there)
        for namespace, end, own in ((name, "client0", address), (node.isolation.name, device, gate)):
            ip("-netns", namespace, "address", "add", f"{own}/30", "dev", end)
            ip("-netns", namespace, "link", "set", end, "up")
        ip("-netns", name, "route", "add", "default", "via", gate)
        yield Client(name)
    finally:
        # The other end goes with it.
        ip("netns", "delete", name)
