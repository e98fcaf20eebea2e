"""F5 NGINX Ingress Controller as a process beside the node's cluster, where a machine has it.

Its binary is in no registry that a build reaches, so `PORTICO_NGINX_INGRESS` names it: the release's `nginx-ingress`,
beside it the release's four templates and its `crds.yaml`; and the machine has the nginx that the release is for, at
/usr/sbin/nginx, where the binary looks for it. What it writes goes into folders that are laid over the machine's own.
It runs as its image does, as user 101 with the right to listen on low ports: nginx's workers are that user too, so
they can read the keys that the controller writes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

from tests.gateway.asking import Asked
from tests.node.traffic import CLASS, ask, bound
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, NODE_ADDRESS
from tools.processes import wait_until
from tools.settings_table import data as gateway_data

VARIABLE = "PORTICO_NGINX_INGRESS"

_NAME = "f5-nginx"
_NGINX = Path("/usr/sbin/nginx")
_TEMPLATES = {
    "main": "nginx.tmpl",
    "ingress": "nginx.ingress.tmpl",
    "virtualserver": "nginx.virtualserver.tmpl",
    "transportserver": "nginx.transportserver.tmpl",
}
# Where client-go looks for what a pod is given.
_IDENTITY = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_CONFIGURATION = Path("/etc/nginx")
_WRITTEN = (Path("/var/lib/nginx"), Path("/var/cache/nginx"))
_LOGS = "/var/log/nginx"
_READY_PORT = 8081
# The image's user.
_USER = "101"
_SECONDS = 60


def why_not() -> str | None:
    """Why it cannot be run here, in one line; nothing where it can."""
    if VARIABLE not in os.environ:
        return f"{VARIABLE} names no F5 NGINX Ingress Controller, and no registry has one: see CONTRIBUTING.md"
    binary = Path(os.environ[VARIABLE])
    wanted = [binary, *(binary.parent / it for it in (*_TEMPLATES.values(), "crds.yaml")), _NGINX]
    missing = [str(it) for it in wanted if not it.is_file()]
    return f"F5 NGINX Ingress Controller needs {', '.join(missing)}" if missing else None


@contextlib.contextmanager
def served_by_f5_nginx(node: NodeCluster, namespace: str) -> Generator[None]:
    """Serve the Ingresses of class `CLASS`, and its own resources, in the namespace while the block runs."""
    binary = Path(os.environ[VARIABLE])
    node.kubectl("apply", "--server-side", "-f", str(binary.parent / "crds.yaml"))
    node.apply(*_objects(namespace))
    node.kubectl("rollout", "status", f"deployment/{_NAME}", "-n", namespace, "--timeout=60s")
    (pod,) = node.pods(namespace, f"app={_NAME}")
    _lay_files(node, namespace)
    node.processes.start(_NAME, _command(node, binary, namespace, pod))
    try:
        wait_until("F5 NGINX Ingress Controller is ready", lambda: _ready(node), seconds=_SECONDS)
        yield
    finally:
        node.processes.stop(_NAME)
        node.kubectl("delete", "ingressclass", CLASS, "--ignore-not-found")


def log(node: NodeCluster) -> str:
    """The end of its log."""
    return node.processes.tail(_NAME, 40)


def _ready(node: NodeCluster) -> bool:
    node.processes.check(_NAME)
    url = f"http://127.0.0.1:{_READY_PORT}/nginx-ready"
    (told,) = ask(node, Asked(url, connect_to="127.0.0.1", timeout=5))
    return told.status == 200


def _lay_files(node: NodeCluster, namespace: str) -> None:
    home = node.folder / f"{_NAME}-{namespace}"
    identity, configuration = home / "identity", home / "configuration"
    identity.mkdir(parents=True, mode=0o700)
    (identity / "token").write_text(node.kubectl("create", "token", _NAME, "-n", namespace, "--duration=1h").strip())
    (identity / "namespace").write_text(namespace)
    shutil.copy(node.folder / "pki" / "ca.crt", identity / "ca.crt")
    # Links stay links: the modules are one.
    shutil.copytree(_CONFIGURATION, configuration, symlinks=True)
    for place in ("conf.d", "stream-conf.d", "secrets"):
        shutil.rmtree(configuration / place, ignore_errors=True)
        (configuration / place).mkdir()
    node.isolation.lay_over(_IDENTITY, identity)
    node.isolation.lay_over(_CONFIGURATION, configuration)
    for place in _WRITTEN:
        node.isolation.empty(place)
    # The node has logs of its own already.
    node.run_in("mkdir", "-p", _LOGS)
    owned = [_IDENTITY, _CONFIGURATION, *_WRITTEN, _LOGS]
    node.run_in("chown", "--recursive", f"{_USER}:{_USER}", *map(str, owned))


def _command(node: NodeCluster, binary: Path, namespace: str, pod: str) -> list[str]:
    told = {
        "KUBERNETES_SERVICE_HOST": NODE_ADDRESS,
        "KUBERNETES_SERVICE_PORT": "6443",
        "POD_NAMESPACE": namespace,
        "POD_NAME": pod,
    }
    return [
        *node.enter,
        *_AS_ITS_USER,
        "env",
        *(f"{name}={value}" for name, value in told.items()),
        str(binary),
        f"-nginx-configmaps={namespace}/{_NAME}",
        f"-ingress-class={CLASS}",
        f"-watch-namespace={namespace}",
        *(f"-{name}-template-path={binary.parent / template}" for name, template in _TEMPLATES.items()),
        "-enable-custom-resources=true",
        "-allow-empty-ingress-host=true",
        "-enable-leader-election=false",
        "-enable-telemetry-reporting=false",
        "-disable-ipv6=true",
    ]


# nginx opens /dev/stdout for its access log, so the log must be its own.
_OWN_LOG = 'chown "$0" /proc/self/fd/1 && exec "$@"'
_LISTEN = "-all,+net_bind_service"
_AS_ITS_USER = (
    *("sh", "-c", _OWN_LOG, _USER),
    *("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"),
    *(f"--inh-caps={_LISTEN}", f"--ambient-caps={_LISTEN}", f"--bounding-set={_LISTEN}"),
)


def _objects(namespace: str) -> list[dict[str, Any]]:
    """Who it is, what it may read, how it is set, and the Pod that it takes itself for."""
    read = ["get", "list", "watch"]
    own = ["virtualservers", "virtualserverroutes", "globalconfigurations", "transportservers", "policies"]
    rules = [
        {"apiGroups": [""], "resources": ["configmaps", "namespaces", "pods", "secrets", "services"], "verbs": read},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch", "list"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["update"]},
        {"apiGroups": ["apps"], "resources": ["replicasets", "daemonsets", "statefulsets"], "verbs": ["get"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["update"]},
        {"apiGroups": ["k8s.nginx.org"], "resources": own, "verbs": read},
        {"apiGroups": ["k8s.nginx.org"], "resources": [f"{it}/status" for it in own], "verbs": ["update"]},
    ]
    labels, metadata = {"app": _NAME}, {"name": _NAME, "namespace": namespace}
    container = {
        "name": "controller",
        "image": ECHO_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    restricted = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container], "securityContext": restricted}}
    data = gateway_data(_NAME, {}, shutdown=5)
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        *bound("ClusterRole", _NAME, namespace, rules),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": CLASS},
            "spec": {"controller": "nginx.org/ingress-controller"},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"selector": {"matchLabels": labels}, "template": pod},
        },
    ]
