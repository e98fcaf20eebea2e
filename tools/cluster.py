"""A local Kubernetes cluster: the real control plane, with simulated nodes.

etcd, kube-apiserver, kube-controller-manager and kube-scheduler as ordinary processes
of the user, on loopback, and kwok, which plays the kubelet: pods become ready, and run
nothing. No root and no container runtime are needed. The cluster's state is one folder.

    python -m tools.cluster start | stop | status
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools import build
from tools.cluster_config import ZONES, free_ports, is_free, kubeconfig, simulated_node
from tools.console import console, fail, main_guard
from tools.pki import create_pki
from tools.processes import Processes

ROOT = Path(__file__).resolve().parent.parent
POD_CIDR = "10.244.0.0/16"

_READY_SECONDS = 60


class Cluster:
    """One control plane. ``start`` and ``stop`` may be called at any time, from any process."""

    # In the order of their start; they stop in the opposite one.
    names: Sequence[str] = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
    service_cidr = "10.96.0.0/16"
    # Who has a certificate and a kubeconfig: the user's name, and the group.
    clients: Mapping[str, tuple[str, str]] = {
        "admin": ("portico-admin", "system:masters"),
        "controller-manager": ("system:kube-controller-manager", ""),
        "scheduler": ("system:kube-scheduler", ""),
        "kwok": ("portico-kwok", "system:masters"),
    }

    def __init__(
        self, folder: Path, *, address: str = "127.0.0.1", enter: Sequence[str] = (), durable: bool = True
    ) -> None:
        """
        :param folder: Where keys, data, logs and process records are kept.
        :param address: The address that everything listens on.
        :param enter: What comes before each command: how to enter a network namespace.
        :param durable: Whether etcd waits for the disk; tests do not need it.
        """
        self.folder = folder
        self.address = address
        self.enter = tuple(enter)
        self.durable = durable
        self.processes = Processes(folder)
        self.kubeconfig = folder / "admin.kubeconfig"

    def start(self) -> None:
        """Bring up what does not run, and wait until the API server is ready."""
        self._refuse_unprintable_path()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The Service `kubernetes` has the first address.
        first = str(ipaddress.ip_network(self.service_cidr)[1])
        hosts = [self.address, "localhost", "kubernetes.default.svc", first]
        create_pki(self._pki(), self.clients, hosts)
        ports = self._ports()
        for client in self.clients:
            self._write_kubeconfig(client, ports["api"])
        self.processes.start("etcd", self._etcd(ports))
        self.processes.start("kube-apiserver", self._apiserver(ports))
        self._wait_ready()
        self.processes.start("kube-controller-manager", self._controller_manager())
        self.processes.start("kube-scheduler", self._scheduler())
        self._start_nodes()

    def stop(self) -> None:
        """Stop everything that this folder's cluster started. Its data stays."""
        for name in reversed(self.names):
            self.processes.stop(name)

    def remove(self) -> None:
        """Stop the cluster and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kubectl(self, *args: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl as the cluster's administrator and answer what it printed."""
        done = subprocess.run(
            self.kubectl_command(*args),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout if done.returncode == 0 else done.stderr

    def kubectl_command(self, *args: str) -> list[str]:
        """The command that `kubectl` runs, for those that run on."""
        return [*self.enter, self._bin("kubernetes", "kubectl"), "--kubeconfig", str(self.kubeconfig), *args]

    def get(self, *args: str) -> Any:
        """What ``kubectl get`` answers, as plain dictionaries."""
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Create or change the objects."""
        document = {"apiVersion": "v1", "kind": "List", "items": manifests}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(document))

    def env(self) -> dict[str, str]:
        """What makes kubectl and Pulumi find this cluster."""
        return {"KUBECONFIG": str(self.kubeconfig)}

    def _start_nodes(self) -> None:
        if not self.processes.running("kwok"):
            # A new kwok is another holder to the leases, and would wait for the old one's to run out.
            self.kubectl("delete", "leases", "--all", "-n", "kube-node-lease", "--ignore-not-found")
        self.processes.start("kwok", self._kwok(simulate_nodes=True))
        self.apply(*(simulated_node(f"node-{zone[-1]}", zone) for zone in ZONES))
        self.kubectl("wait", "--for=condition=Ready", "node", "--all", f"--timeout={_READY_SECONDS}s")

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while self.kubectl("get", "--raw", "/readyz", check=False).strip() != "ok":
            self.processes.check("etcd")
            self.processes.check("kube-apiserver")
            if time.monotonic() > deadline:
                tail = self.processes.tail("kube-apiserver")
                fail(f"the API server is not ready after {_READY_SECONDS} s; the end of its log:\n{tail}")
            time.sleep(0.1)

    def _refuse_unprintable_path(self) -> None:
        # YAML, kubeconfigs and command lines carry the path; a control character would break them.
        if not str(self.folder).isprintable():
            fail(f"the cluster's folder has a character in its path that cannot be written down: {self.folder!r}")

    def _ports(self) -> dict[str, int]:
        """The cluster's ports: kept from run to run, chosen anew where another program has taken one since."""
        saved = self.folder / "ports.json"
        if saved.exists():
            ports: dict[str, int] = json.loads(saved.read_text())
            users = {"etcd": ("client", "peer"), "kube-apiserver": ("api",)}
            mine = {port for name, used in users.items() if self.processes.running(name) for port in used}
            if all(is_free(self.address, port) for name, port in ports.items() if name not in mine):
                return ports
            self.stop()
        ports = dict(zip(("client", "peer", "api"), free_ports(self.address, 3), strict=True))
        saved.write_text(json.dumps(ports))
        return ports

    def _pki(self) -> Path:
        return self.folder / "pki"

    def _file(self, name: str) -> str:
        return str(self._pki() / name)

    def _bin(self, tool: str, command: str) -> str:
        return str(build.bin_dir(tool) / command)

    def _etcd(self, ports: Mapping[str, int]) -> list[str]:
        client, peer = (f"https://{self.address}:{ports[name]}" for name in ("client", "peer"))
        return [
            *self.enter,
            self._bin("etcd", "etcd"),
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            *(f"--{kind}cert-file={self._file('server.crt')}" for kind in ("", "peer-")),
            *(f"--{kind}key-file={self._file('server.key')}" for kind in ("", "peer-")),
            *(f"--{kind}trusted-ca-file={self._file('ca.crt')}" for kind in ("", "peer-")),
            *(f"--{kind}client-cert-auth" for kind in ("", "peer-")),
            *([] if self.durable else ["--unsafe-no-fsync"]),
            "--log-level=warn",
        ]

    def _apiserver(self, ports: Mapping[str, int]) -> list[str]:
        return [
            *self.enter,
            self._bin("kubernetes", "kube-apiserver"),
            f"--etcd-servers=https://{self.address}:{ports['client']}",
            f"--etcd-cafile={self._file('ca.crt')}",
            f"--etcd-certfile={self._file('server.crt')}",
            f"--etcd-keyfile={self._file('server.key')}",
            f"--bind-address={self.address}",
            f"--secure-port={ports['api']}",
            f"--tls-cert-file={self._file('server.crt')}",
            f"--tls-private-key-file={self._file('server.key')}",
            f"--client-ca-file={self._file('ca.crt')}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={self._file('service-account.key')}",
            f"--service-account-signing-key-file={self._file('service-account.key')}",
            f"--service-cluster-ip-range={self.service_cidr}",
            "--authorization-mode=Node,RBAC",
            # As in other clusters: Pod Security decides.
            "--allow-privileged=true",
            *self._advertise(),
        ]

    def _advertise(self) -> list[str]:
        # Kubernetes takes no loopback address as an endpoint, and no simulated pod asks for one.
        return ["--endpoint-reconciler-type=none", f"--advertise-address={self.address}"]

    def _controller_manager(self) -> list[str]:
        return [
            *self.enter,
            self._bin("kubernetes", "kube-controller-manager"),
            f"--kubeconfig={self.folder / 'controller-manager.kubeconfig'}",
            f"--service-account-private-key-file={self._file('service-account.key')}",
            f"--root-ca-file={self._file('ca.crt')}",
            f"--cluster-signing-cert-file={self._file('ca.crt')}",
            f"--cluster-signing-key-file={self._file('ca.key')}",
            f"--cluster-cidr={POD_CIDR}",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--secure-port=0",
        ]

    def _scheduler(self) -> list[str]:
        return [
            *self.enter,
            self._bin("kubernetes", "kube-scheduler"),
            f"--kubeconfig={self.folder / 'scheduler.kubeconfig'}",
            "--leader-elect=false",
            "--secure-port=0",
        ]

    def _kwok(self, *, simulate_nodes: bool) -> list[str]:
        stages = [ROOT / "tools" / "stages.yaml"]
        # It refuses to play for no nodes at all, so where there are none this picks none.
        nodes = "--manage-nodes-with-label-selector=portico.dev/simulated"
        if simulate_nodes:
            stages += sorted((build.bin_dir("kwok") / "stages").iterdir())
            nodes = "--manage-all-nodes=true"
        return [
            *self.enter,
            self._bin("kwok", "kwok"),
            f"--kubeconfig={self.folder / 'kwok.kubeconfig'}",
            *(f"--config={stage}" for stage in stages),
            nodes,
            f"--cidr={POD_CIDR.replace('0.0/', '0.1/')}",
            "--node-ip=192.0.2.10",
            "--node-lease-duration-seconds=40",
        ]

    def _write_kubeconfig(self, client: str, port: int) -> None:
        document = kubeconfig(client, f"https://{self.address}:{port}", self._pki())
        path = self.folder / f"{client}.kubeconfig"
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(document, indent=2))
        partial.rename(path)


def local_cluster() -> Cluster:
    """The checkout's own cluster, which `make up` uses."""
    return Cluster(ROOT / ".portico" / "cluster")


@main_guard
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.cluster", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("command", choices=["start", "stop", "status"])
    command = parser.parse_args().command
    cluster = local_cluster()
    if command == "start":
        build.build(build.CLUSTER)
        cluster.start()
        console.print(f"export KUBECONFIG={cluster.kubeconfig}")
    elif command == "stop":
        cluster.stop()
    else:
        for name in cluster.names:
            print(f"{name:28}{'running' if cluster.processes.running(name) else 'stopped'}")


if __name__ == "__main__":
    sys.exit(main())
