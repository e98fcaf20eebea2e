"""Serves manifests with the real Envoy Gateway against a real API server, in one network namespace.

Envoy Gateway reads from the API server and writes to it: it creates the Deployment and the Service of each Gateway, and
the statuses. The nodes are simulated, so the Deployment's container is started here, as an Envoy with its arguments.
The pods of backends are addresses of the namespace, in EndpointSlices that are written here as well.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.gateway_api.file_mode import (
    RESERVED_PORTS,
    has_authority,
    namespace_of,
    protocol_port,
    protocols_of,
    reject_reserved_ports,
    service_ports,
)
from tests.gateway_api.messages import Backend, Behavior, Setup
from tests.gateway_api.serving import Certificates, ServedGateway, start_agent
from tools import build, gateway_api, wheels
from tools.cluster import Cluster

NAMESPACE = "envoy-gateway-system"
_SETTINGS = "portico-simulated"
_WITHIN = 60
_OWN_PORT = re.compile(r"\bport_value: 1900([0-9])\b")
# Envoy Gateway reads its certificates from /certs, which is no folder of this machine.
_WITH_CERTIFICATES = """\
set -e
root=$1 certificates=$2
shift 2
mount -t tmpfs portico "$root"
for entry in /*; do
  if [ -L "$entry" ]; then cp -P "$entry" "$root/"
  elif [ -d "$entry" ]; then mkdir "$root$entry" && mount --rbind "$entry" "$root$entry"
  fi
done
mkdir -p "$root/certs"
mount --bind "$certificates" "$root/certs"
exec chroot "$root" "$@"
"""


class NamespacedCluster(Cluster):
    """A cluster in the network namespace of a process, and Envoy Gateway's processes beside it."""

    names = (*Cluster.names, "envoy-gateway")

    def __init__(self, folder: Path, process: int) -> None:
        enter = ("nsenter", f"--target={process}", "--user", "--net", "--preserve-credentials")
        super().__init__(folder, enter=enter, durable=False)

    def stop(self) -> None:
        """Stop the proxies as well."""
        for record in sorted((self.folder / "run").glob("envoy-*.json")):
            self.processes.stop(record.stem)
        super().stop()


@dataclass(frozen=True)
class ClusterGateway(ServedGateway):
    """A running Envoy Gateway, its cluster, and the Envoys of its Deployments."""

    cluster: NamespacedCluster
    started: set[str] = field(default_factory=set[str])

    def apply(self, manifests: Sequence[Mapping[str, Any]]) -> None:
        """Create or change objects, and wait until each Gateway is programmed and its Envoy listens."""
        self.cluster.apply(*(_adapted(manifest, self.certificates.ca, manifests) for manifest in manifests))
        gateways = [manifest for manifest in manifests if manifest["kind"] == "Gateway"]
        _wait("each Gateway has a Deployment", lambda: len(self._start_proxies()) >= len(gateways))
        for gateway in gateways:
            name = f"gateway/{gateway['metadata']['name']}"
            options = (f"--namespace={namespace_of(gateway)}", f"--timeout={_WITHIN}s")
            self.cluster.kubectl("wait", "--for=condition=Programmed", name, *options)
        ports = sorted({protocol_port(listener) for gateway in gateways for listener in gateway["spec"]["listeners"]})
        _wait("each listener is open", lambda: bool(self.call("are_open", ports)))

    def delete(self, kind: str, name: str, namespace: str) -> None:
        self.cluster.kubectl("delete", kind, name, f"--namespace={namespace}")

    def deployments(self) -> list[Any]:
        """The Deployments that Envoy Gateway created."""
        return self.cluster.get(
            "deployments", f"--namespace={NAMESPACE}", "--selector=app.kubernetes.io/component=proxy"
        )["items"]

    def _start_proxies(self) -> list[Any]:
        deployments = self.deployments()
        for deployment in deployments:
            name = deployment["metadata"]["name"]
            if name not in self.started:
                self.started.add(name)
                self.cluster.processes.start(f"envoy-{name}", [*self.cluster.enter, *self._command(deployment)])
        return deployments

    def _command(self, deployment: Any) -> list[str]:
        """The container's command, with the files that are mounted into it."""
        name = deployment["metadata"]["name"]
        folder = self.folder / name
        settings = self.cluster.get("configmap", name, f"--namespace={NAMESPACE}")["data"]
        for path, text in settings.items():
            (folder / "sds").mkdir(parents=True, exist_ok=True)
            (folder / "sds" / path).write_text(text.replace("/certs/", f"{folder}/certs/"))
        lay_down(self.cluster, "envoy", folder / "certs")
        (container,) = (
            entry for entry in deployment["spec"]["template"]["spec"]["containers"] if entry["name"] == "envoy"
        )
        replaced = {
            "/sds/": f"{folder}/sds/",
            "$(ENVOY_POD_NAME)": name,
            f"envoy-gateway.{NAMESPACE}.svc.cluster.local.": "127.0.0.1",
            f"envoy-gateway.{NAMESPACE}.svc.cluster.local": "127.0.0.1",
        }
        args: list[str] = container["args"]
        for before, after in replaced.items():
            args = [argument.replace(before, after) for argument in args]
        # Envoy Gateway and other proxies have these ports already, which in a cluster are those of other pods.
        own = 30_000 + 10 * len(self.started)
        args = [_OWN_PORT.sub(lambda match: f"port_value: {own + int(match[1])}", argument) for argument in args]
        return [str(wheels.program("envoy")), *args]


def lay_down(cluster: Cluster, secret: str, folder: Path) -> None:
    """Write a Secret's files, as the kubelet does."""
    folder.mkdir(parents=True)
    for name, text in cluster.get("secret", secret, f"--namespace={NAMESPACE}")["data"].items():
        (folder / name).write_bytes(base64.b64decode(text))


def _adapted(manifest: Mapping[str, Any], ca: str, manifests: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What the simulation needs: listeners' own ports, backends that are addresses here, and their authority."""
    kind = manifest["kind"]
    if kind == "EnvoyProxy":
        spec = json.loads(json.dumps(manifest["spec"]))
        provider = spec.setdefault("provider", {"type": "Kubernetes"})
        provider.setdefault("kubernetes", {})["useListenerPortAsContainerPort"] = True
        spec["extraArgs"] = [*spec.get("extraArgs", []), "--use-dynamic-base-id"]
        spec["concurrency"] = 1
        return {**manifest, "spec": spec}
    if kind == "Service":
        return {**manifest, "spec": {name: value for name, value in manifest["spec"].items() if name != "selector"}}
    if kind == "ConfigMap" and any(has_authority(dict(other), dict(manifest)) for other in manifests):
        return {**manifest, "data": {**manifest.get("data", {}), "ca.crt": ca}}
    return manifest


def _wait(what: str, happened: Callable[[], bool]) -> None:
    end = time.monotonic() + _WITHIN
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {_WITHIN} seconds: {what}")
        time.sleep(0.1)


def _slices(backends: Sequence[Backend], ports: Mapping[str, Any]) -> list[Any]:
    """An EndpointSlice for each port of a Service."""
    return [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "namespace": backend.service.partition("/")[0],
                "name": backend.service.partition("/")[2].replace(":", "-"),
                "labels": {"kubernetes.io/service-name": backend.service.partition("/")[2].partition(":")[0]},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [backend.address], "conditions": {"ready": True}}],
            "ports": [
                {
                    **({"name": ports[backend.service]["name"]} if "name" in ports[backend.service] else {}),
                    "port": backend.address_port,
                    "protocol": ports[backend.service].get("protocol", "TCP"),
                }
            ],
        }
        for backend in backends
    ]


def _settings() -> Any:
    metadata = {"name": _SETTINGS, "namespace": NAMESPACE}
    return {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyProxy", "metadata": metadata, "spec": {}}


def _classes(manifests: Sequence[Mapping[str, Any]]) -> list[Any]:
    present = {manifest["metadata"]["name"] for manifest in manifests if manifest["kind"] == "GatewayClass"}
    named = {manifest["spec"]["gatewayClassName"] for manifest in manifests if manifest["kind"] == "Gateway"}
    reference = {
        "group": "gateway.envoyproxy.io",
        "kind": "EnvoyProxy",
        "name": _SETTINGS,
        "namespace": NAMESPACE,
    }
    spec = {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller", "parametersRef": reference}
    return [
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": name},
            "spec": spec,
        }
        for name in sorted(named - present)
    ]


@contextlib.contextmanager
def serve_in_cluster(
    manifests: Sequence[Mapping[str, Any]],
    *,
    folder: Path,
    certificates: Certificates | None = None,
    behaviors: Mapping[str, Behavior] | None = None,
) -> Generator[ClusterGateway]:
    """Apply manifests to an empty cluster with Envoy Gateway, and serve them while the block runs."""
    certificates = certificates or Certificates(folder / "pki")
    objects = [dict(manifest) for manifest in manifests]
    # Its metrics of the Kubernetes client take one more.
    reject_reserved_ports(objects, (*RESERVED_PORTS, 8080))
    ports = service_ports(objects)
    spoken = protocols_of(objects, ports)
    backends: list[Backend] = []
    for number, key in enumerate(ports, 1):
        protocol, names = spoken.get(key, ("http", []))
        # A port that no listener has: the gateway listens on all addresses of the namespace.
        backend = Backend(key, protocol, 40_000 + number, tuple(names), (behaviors or {}).get(key))
        backends.append(replace(backend, address=f"10.244.200.{number}"))
    setup = Setup(
        folder=str(folder),
        pki=str(certificates.folder),
        program="",
        envoy="",
        envoy_version="",
        backends=backends,
        gateways=0,
        ports=[],
        marker="",
    )
    with start_agent(setup) as (connection, process):
        cluster = NamespacedCluster(folder / "cluster", process)
        served = ClusterGateway(folder, certificates, connection, cluster)
        served.call("own_pods")
        served.call("start_backends")
        try:
            cluster.start()
            _start_envoy_gateway(cluster, folder)
            names = sorted({namespace_of(manifest) for manifest in manifests if "namespace" in manifest["metadata"]})
            cluster.apply(*({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names))
            served.apply([_settings(), *_classes(manifests), *_slices(backends, ports), *manifests])
            yield served
        finally:
            if sys.exc_info()[0] is not None:
                for log in sorted(cluster.processes.logs.glob("envoy-*.log")):
                    print(cluster.processes.tail(log.stem, 20))
            cluster.remove()


def _start_envoy_gateway(cluster: NamespacedCluster, folder: Path) -> None:
    definitions = [*gateway_api.definitions(), *gateway_api.envoy_gateway_definitions()]
    files = [argument for path in definitions for argument in ("-f", str(path))]
    cluster.kubectl("apply", "--server-side", *files)
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", f"--timeout={_WITHIN}s")
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    program = str(build.bin_dir("envoy-gateway") / "envoy-gateway")
    env = {**os.environ, **cluster.env(), "ENVOY_GATEWAY_NAMESPACE": NAMESPACE}
    certgen = [*cluster.enter, program, "certgen", "--disable-topology-injector"]
    done = subprocess.run(certgen, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lay_down(cluster, "envoy-gateway", folder / "certs")
    configuration = folder / "envoy-gateway.yaml"
    kubernetes = {"leaderElection": {"disable": True}, "proxyTopologyInjector": {"disabled": True}}
    configuration.write_text(
        json.dumps(
            {
                "apiVersion": "gateway.envoyproxy.io/v1alpha1",
                "kind": "EnvoyGateway",
                "gateway": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
                "provider": {"type": "Kubernetes", "kubernetes": kubernetes},
            }
        )
    )
    root = folder / "root"
    root.mkdir()
    script = ["unshare", "--mount", "sh", "-c", _WITH_CERTIFICATES, "portico", str(root), str(folder / "certs")]
    command = [*cluster.enter, *script, program, "server", "--config-path", str(configuration)]
    cluster.processes.start("envoy-gateway", command, env)
