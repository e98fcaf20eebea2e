"""A real node for tests: real pods, real Services, real names, in namespaces of its own. Linux, as root.

The control plane of ``tools.cluster``, and instead of simulated nodes a kubelet with containerd,
kube-proxy and CoreDNS. kwok only plays the cloud: it gives Services of type LoadBalancer an address.
Everything listens inside the namespaces that ``tools.isolation`` makes; nothing outside reaches it.

kube-router's firewall enforces NetworkPolicies while a test asks for it, see `NodeCluster.enforcing_policies`.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools import probe
from tools.cluster import POD_CIDR, ROOT, Cluster
from tools.console import fail
from tools.image import write_images
from tools.isolation import Isolation
from tools.node_config import IMAGES, KERNEL_SETTINGS, NODE_ADDRESS, NODE_NAME, SNAPSHOTTER, dns_service, write_configs
from tools.probe import Answer, Load, Request
from tools.processes import wait_until

_START_SECONDS = 60
_COMMAND_SECONDS = 120
# How much longer a probe may take than it was told to, to start and to end.
_PROBE_SECONDS = 20

_COMMANDS = (
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
    "ip",
    "iptables",
    "ipset",
    "conntrack",
    "nsenter",
    "unshare",
)
# What the names of kube-router's chains begin with.
_FIREWALL_CHAINS = ("KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-")
_CNI_PLUGINS = ("ptp", "host-local", "portmap", "loopback")
# Where Debian, the upstream archive and Fedora put them.
_CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
# Folders that the kubelet and containerd use whatever they are told.
_DATA_FOLDERS = ("/var/lib/containerd", "/var/lib/kubelet", "/var/lib/cni", "/var/log")
_STATE_FOLDERS = ("/run/containerd", "/run/netns")


class NodeCluster(Cluster):
    """A control plane with one real node.

    It lives no longer than the process that started it; what a killed process left running, the
    next start removes, together with its folder. Two of them, in two folders, may run at once.
    """

    names = (*Cluster.names, "coredns", "containerd", "kube-proxy", "kubelet", "kube-router")
    clients = {
        **Cluster.clients,
        "kubelet": (f"system:node:{NODE_NAME}", "system:nodes"),
        "kube-proxy": ("system:kube-proxy", ""),
        "coredns": ("portico-coredns", "system:masters"),
        "kube-router": ("portico-kube-router", "system:masters"),
    }

    def __init__(self, folder: Path) -> None:
        """:param folder: Where keys, data, logs and process records are kept."""
        self.isolation = Isolation(folder)
        super().__init__(folder, address=NODE_ADDRESS, enter=self.isolation.enter(), durable=False)

    def why_not(self) -> str | None:
        """Why a real node cannot run here, in one line; nothing where it can."""
        if platform.system() != "Linux":
            return f"a real node needs Linux, this is {platform.system()}"
        if os.geteuid() != 0:
            return "a real node needs root"
        missing = [it for it in _COMMANDS if shutil.which(it) is None]
        missing += [] if _cni_folder() else ["the CNI plugins"]
        if missing:
            return f"a real node needs {', '.join(missing)}: run `make node-tools` as root"
        tried = subprocess.run(["unshare", "--net", "--mount", "true"], check=False, capture_output=True, text=True)
        if tried.returncode != 0:
            return f"no namespaces can be made here: {tried.stderr.strip()}"
        return None

    def start(self) -> None:
        """Bring the node up, and wait until it takes pods and answers for names."""
        if reason := self.why_not():
            fail(reason)
        self._refuse_unprintable_path()
        if self.isolation.open(f"{NODE_ADDRESS}/24"):
            self._lay_files()
        # Before the control plane, which takes longer to come up.
        self.processes.start("containerd", [*self.enter, "containerd", f"--config={self._config('containerd.toml')}"])
        super().start()

    def stop(self) -> None:
        """Stop the node and its control plane, and remove its namespaces, with whatever still runs there."""
        super().stop()
        self.isolation.close()

    def pods(self, namespace: str, selector: str) -> dict[str, Any]:
        """The pods with these labels that nobody has told to stop, by name."""
        found = self.get("pods", "-n", namespace, "-l", selector)["items"]
        return {it["metadata"]["name"]: it for it in found if "deletionTimestamp" not in it["metadata"]}

    def inside(self, *command: str, cwd: Path | None = None) -> list[str]:
        """The command that runs ``command`` in the node's namespaces, where the working directory is else the root."""
        change = [] if cwd is None else ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(cwd)]
        return [*self.enter, *change, *command]

    def run_in(
        self,
        *command: str,
        stdin: str | None = None,
        cwd: Path | None = None,
        timeout: float = _COMMAND_SECONDS,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the node's namespaces, where the cluster's names and addresses answer."""
        done = subprocess.run(
            self.inside(*command, cwd=cwd), input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or f'exit status {done.returncode}'}")
        return done

    def ask(self, *requests: Request) -> list[Answer]:
        """Send the requests from the node, one after the other; failures are answers too."""
        seconds = sum(it.timeout for it in requests) + _PROBE_SECONDS
        plan = json.dumps({"requests": [asdict(it) for it in requests]})
        lines = self.run_in(*_probe_command(), stdin=plan, timeout=seconds).stdout.splitlines()
        return [Answer(**json.loads(line)) for line in lines]

    def get_url(self, url: str, *, count: int = 1, **options: Any) -> list[Answer]:
        """Ask for the URL ``count`` times, on a connection each; ``options`` are those of `Request`."""
        return self.ask(*[Request(url, **options)] * count)

    def load(self, url: str, *, seconds: float, **options: Any) -> Load:
        """Send requests for ``seconds``; ``options`` are those of `Load`, or of `Request` for the rest."""
        with self.loading(url, seconds=seconds, **options) as load:
            time.sleep(seconds)
        return load

    @contextlib.contextmanager
    def loading(self, url: str, *, seconds: float = 120, **options: Any) -> Generator[Load]:
        """Send requests while the block runs, for at most ``seconds``; the counts are there after it."""
        own = {name: options.pop(name) for name in ("concurrency", "rate", "keep_alive") if name in options}
        load = Load(Request(url, **options), seconds, **own)
        process = subprocess.Popen(
            self.inside(*_probe_command()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({"load": asdict(load)}))
            process.stdin.close()
            # Not before its first request: what happens in the block happens under load.
            process.stdout.readline()
            yield load
            process.terminate()
            process.wait(load.request.timeout + _PROBE_SECONDS)
            counted = json.loads(process.stdout.read())
            for name in ("ok", "failed", "slowest", "hostnames", "versions", "errors"):
                setattr(load, name, counted[name])
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    @contextlib.contextmanager
    def enforcing_policies(self) -> Generator[None]:
        """Enforce NetworkPolicies while the block runs. The firewall needs a moment for each change of a policy."""
        command = [*self.enter, self._bin("kube-router", "kube-router")]
        kubeconfig = f"--kubeconfig={self.folder / 'kube-router.kubeconfig'}"
        firewall = [
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            "--run-loadbalancer=false",
            f"--hostname-override={NODE_NAME}",
            f"--service-cluster-ip-range={self.service_cidr}",
            # Also what other changes of the rules undo.
            "--iptables-sync-period=5s",
        ]
        environment = {**os.environ, "NODE_NAME": NODE_NAME}
        self.processes.start("kube-router", [*command, kubeconfig, *firewall], environment)
        try:
            wait_until("the firewall has its chains", self._has_firewall, seconds=_START_SECONDS)
            yield
        finally:
            self.processes.stop("kube-router")
            self._remove_firewall()

    def _has_firewall(self) -> bool:
        self.processes.check("kube-router")
        return "KUBE-ROUTER-FORWARD" in self.run_in("iptables", "--list-rules", "FORWARD").stdout

    def _remove_firewall(self) -> None:
        # Its own `--cleanup-config` leaves chains that others lead to, and crashes on a kernel without IPVS.
        rules = self.run_in("iptables-save", "--table=filter").stdout.splitlines(keepends=True)
        kept = [rule for rule in rules if not any(chain in rule for chain in _FIREWALL_CHAINS)]
        self.run_in("iptables-restore", stdin="".join(kept))

    def diagnosis(self) -> str:
        """What there is to know of a failure: the state of pods, events, and the ends of the logs."""
        parts: list[str] = []
        if self.processes.running("kube-apiserver"):
            for command in ("get pods -A -o wide", "get services,endpointslices -A", "get events -A"):
                told = self.kubectl("--request-timeout=5s", *command.split(), check=False)
                parts.append(f"--- kubectl {command}\n" + "\n".join(told.splitlines()[-30:]))
        parts += [f"--- {name}\n{self.processes.tail(name, 12)}" for name in self.names]
        return "\n".join(parts)

    def _ports(self) -> dict[str, int]:
        # The namespace is the cluster's alone.
        return {"client": 2379, "peer": 2380, "api": 6443}

    def _advertise(self) -> list[str]:
        # The endpoint of the Service `kubernetes`, which pods and CoreDNS can use; and the way to the
        # kubelet, for `kubectl logs` and `kubectl exec`.
        return [
            f"--advertise-address={self.address}",
            # There is no name for the node.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-certificate-authority={self._file('ca.crt')}",
            f"--kubelet-client-certificate={self._file('admin.crt')}",
            f"--kubelet-client-key={self._file('admin.key')}",
        ]

    def _config(self, name: str) -> Path:
        return self.folder / "config" / name

    def _lay_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        cni_plugins = _cni_folder()
        assert cni_plugins is not None
        write_configs(
            self._config(""),
            cgroup=self.isolation.cgroup,
            cluster_cidr=POD_CIDR,
            certificates=self._pki(),
            cni_plugins=cni_plugins,
            kubeconfigs={name: self.folder / f"{name}.kubeconfig" for name in self.clients},
        )
        over: dict[Path, Path] = {Path("/etc/resolv.conf"): self._config("resolv.conf")}
        over[Path("/etc/nsswitch.conf")] = self._config("nsswitch.conf")
        over.update({Path("/proc/sys", it): self._config("kernel") / it for it in KERNEL_SETTINGS})
        for place in _DATA_FOLDERS:
            source = self.folder / "data" / Path(place).name
            source.mkdir(parents=True, exist_ok=True)
            over[Path(place)] = source
        for place, source in over.items():
            self.isolation.lay_over(place, source)
        for place in _STATE_FOLDERS:
            self.isolation.empty(Path(place))
        # Packets go from pod to pod through the node.
        self.run_in("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")

    def _start_nodes(self) -> None:
        self.processes.start("kwok", self._kwok(simulate_nodes=False))
        self._import_images()
        kubernetes_node = "kubernetes-node"
        kubelet = [
            *self.enter,
            self._bin(kubernetes_node, "kubelet"),
            f"--config={self._config('kubelet.json')}",
            f"--kubeconfig={self.folder / 'kubelet.kubeconfig'}",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={NODE_ADDRESS}",
            "--node-labels=topology.kubernetes.io/region=local,topology.kubernetes.io/zone=zone-a",
        ]
        kube_proxy = [self._bin(kubernetes_node, "kube-proxy"), f"--config={self._config('kube-proxy.json')}"]
        self.processes.start("kubelet", kubelet)
        self.processes.start("kube-proxy", [*self.enter, *kube_proxy])
        self.processes.start(
            "coredns", [*self.enter, self._bin("coredns", "coredns"), "-conf", str(self._config("Corefile"))]
        )
        self.apply(*dns_service())
        wait_until("the node takes pods", self._node_ready, seconds=_START_SECONDS)
        wait_until("the cluster's names are answered for", self._names_answered, seconds=_START_SECONDS)

    def _import_images(self) -> None:
        archive = self.folder / "images.tar"
        write_images(Path(self._bin("echo-server", "echo-server")), IMAGES, archive)

        def containerd_answers() -> bool:
            self.processes.check("containerd")
            return self.run_in("ctr", "version", check=False).returncode == 0

        wait_until("containerd answers", containerd_answers, seconds=_START_SECONDS)
        self.run_in("ctr", "--namespace=k8s.io", "images", "import", f"--snapshotter={SNAPSHOTTER}", str(archive))

    def _node_ready(self) -> bool:
        for name in ("containerd", "kubelet"):
            self.processes.check(name)
        found: Mapping[str, Any] = self.get("nodes")
        conditions = [condition for node in found["items"] for condition in node["status"].get("conditions", [])]
        return any(it["type"] == "Ready" and it["status"] == "True" for it in conditions)

    def _names_answered(self) -> bool:
        # All at once: CoreDNS, kube-proxy's rules for it, and the way to the API server's own Service.
        for name in ("coredns", "kube-proxy"):
            self.processes.check(name)
        server = "--server=https://kubernetes.default.svc"
        return self.kubectl(server, "--request-timeout=2s", "get", "--raw", "/readyz", check=False).strip() == "ok"


def _probe_command() -> list[str]:
    # As a file, not as a module: the namespaces have a working directory of their own.
    return [sys.executable, str(ROOT / "tools" / Path(probe.__file__).name)]


def _cni_folder() -> Path | None:
    return next((it for it in _CNI_FOLDERS if all((it / plugin).exists() for plugin in _CNI_PLUGINS)), None)
