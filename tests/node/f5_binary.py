"""F5 NGINX Ingress Controller as a process beside the node's cluster, where the machine has its program.

It cannot be built from package registries. Where the environment variable `PORTICO_NGINX_INGRESS` names the program,
laid out as in its image, the table of requests is sent through it too: its templates (*.tmpl) and its release's
deploy/crds.yaml beside it, `nginx` on PATH, and /etc/nginx as the image has it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from pulumi_portico.ingress_gateway.controller_module import Controller
from pulumi_portico.ingress_gateway.install.rbac import rights_of

from tools.node import NodeCluster
from tools.node_config import NODE_ADDRESS
from tools.processes import wait_until

VARIABLE = "PORTICO_NGINX_INGRESS"
CLASS = "portico-traffic-f5"

_NAME = "f5-nginx"
_LEASE = f"{_NAME}-leader"
_CONTROLLER = "nginx.org/ingress-controller"
_READY = "http://127.0.0.1:8081/nginx-ready"
_SECONDS = 60
_TOKEN_SECONDS = 3600
# Where a program inside the cluster looks for its rights; /var/run is a link to /run.
_SECRETS = Path("/run/secrets/kubernetes.io/serviceaccount")
_WRITTEN = ("/var/lib/nginx", "/var/cache/nginx", "/var/log/nginx")


def program() -> Path | None:
    """The program, if the machine has it."""
    named = os.environ.get(VARIABLE)
    return Path(named).resolve() if named else None


def install_definitions(node: NodeCluster, binary: Path) -> None:
    """Install the definitions of its own resources, as its release has them."""
    node.kubectl("apply", "--server-side", "-f", str(binary.parent / "crds.yaml"))
    node.kubectl("wait", "--for=condition=Established", "crds", "--all", f"--timeout={_SECONDS}s")


@contextlib.contextmanager
def served_by_f5(
    node: NodeCluster, namespace: str, pod: str, config_map: Mapping[str, str], binary: Path
) -> Generator[None]:
    """Serve the Ingresses of class `CLASS` while the block runs. It takes itself for ``pod``, whose owner it reads."""
    node.apply(*_objects(namespace, config_map))
    _lay_files(node, namespace)
    environment = {
        "KUBERNETES_SERVICE_HOST": NODE_ADDRESS,
        "KUBERNETES_SERVICE_PORT": "6443",
        "POD_NAME": pod,
        "POD_NAMESPACE": namespace,
    }
    named = [f"{name}={value}" for name, value in environment.items()]
    # It looks for its templates where it is run.
    run = node.inside("env", *named, str(binary), *_arguments(namespace), cwd=binary.parent)
    node.processes.start(_NAME, run)
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
    return node.get_url(_READY)[0].ok


def _lay_files(node: NodeCluster, namespace: str) -> None:
    """Give it what a pod has: its token, and folders of its own to write to."""
    folder = node.folder / _NAME
    rights = folder / "serviceaccount"
    rights.mkdir(parents=True, mode=0o700)
    token = node.kubectl("create", "token", _NAME, "-n", namespace, f"--duration={_TOKEN_SECONDS}s").strip()
    (rights / "token").write_text(token)
    (rights / "namespace").write_text(namespace)
    shutil.copy(node.folder / "pki" / "ca.crt", rights / "ca.crt")
    node.isolation.lay_over(_SECRETS, rights)
    configuration = folder / "etc"
    shutil.copytree("/etc/nginx", configuration, symlinks=True)
    node.isolation.lay_over(Path("/etc/nginx"), configuration)
    for place in _WRITTEN:
        # Seen from inside, some of them are in folders of the node's own.
        node.run_in("mkdir", "-p", place)
        node.isolation.empty(Path(place))


def _arguments(namespace: str) -> list[str]:
    return [
        f"-nginx-configmaps={namespace}/{_NAME}",
        f"-ingress-class={CLASS}",
        f"-watch-namespace={namespace}",
        f"-leader-election-lock-name={_LEASE}",
        "-enable-custom-resources=true",
        "-allow-empty-ingress-host=true",
        "-enable-telemetry-reporting=false",
        "-ready-status=true",
    ]


def _objects(namespace: str, config_map: Mapping[str, str]) -> list[dict[str, Any]]:
    """Its ServiceAccount, its ConfigMap and its class, with the rights that a gateway's own installation gives it."""
    api = "rbac.authorization.k8s.io"
    rights = rights_of(Controller.F5_NGINX.value, _LEASE, [namespace], CLASS, custom=True)

    def role(kind: str, rules: Any, **place: str) -> list[dict[str, Any]]:
        metadata = {"name": _NAME, **place}
        subject = {"kind": "ServiceAccount", "name": _NAME, "namespace": namespace}
        reference = {"apiGroup": api, "kind": kind, "name": _NAME}
        return [
            {"apiVersion": f"{api}/v1", "kind": kind, "metadata": metadata, "rules": list(rules)},
            {
                "apiVersion": f"{api}/v1",
                "kind": f"{kind}Binding",
                "metadata": metadata,
                "roleRef": reference,
                "subjects": [subject],
            },
        ]

    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _NAME, "namespace": namespace}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": _NAME, "namespace": namespace},
            "data": dict(config_map),
        },
        *role("Role", [*rights.own, *rights.served], namespace=namespace),
        *role("ClusterRole", rights.cluster),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": CLASS},
            "spec": {"controller": _CONTROLLER},
        },
    ]
