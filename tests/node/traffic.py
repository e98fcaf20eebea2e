"""Real requests through an ingress controller that stands beside the cluster: Traefik, or whatever a machine has.

Traefik reads Ingresses of ingress-nginx's class and its annotations with code of its own, so it tells what is
compiled for ingress-nginx from what was meant. It runs in the node's network namespace as a process, with the rights
of a ServiceAccount, and serves ports 80 and 443 of the node's address. The client is the echo server's `probe`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Mapping
from dataclasses import asdict
from typing import Any

from tests.gateway.asking import Asked, Told
from tools import build
from tools.node import NodeCluster
from tools.node_config import NODE_ADDRESS
from tools.processes import wait_until

CLASS = "portico-traffic"
CONTROLLER = "k8s.io/ingress-nginx"
# Response headers that routes may add, as the gateway's ConfigMap would say.
ALLOWED_RESPONSE_HEADERS = ("X-Frame-Options", "X-Route")
# Any address of loopback is a client's: routes that let in some sources are asked from one or another.
CLIENT = "127.0.0.1"

_NAME = "traefik"
_STATUS_PORT = 9180
_SECONDS = 30
_TOKEN_SECONDS = 3600


def ask(node: NodeCluster, *requests: Asked) -> list[Told]:
    """Send the requests from inside the node's namespaces."""
    program = str(build.bin_dir("echo-server") / "echo-server")
    seconds = sum(it.timeout for it in requests) + _SECONDS
    where = {"source": CLIENT, "connect_to": NODE_ADDRESS}
    document = json.dumps(
        [{**asdict(it), **{name: getattr(it, name) or where[name] for name in where}} for it in requests]
    )
    lines = node.run_in(program, "probe", stdin=document, timeout=seconds).stdout.splitlines()
    return [Told(**_without_nulls(json.loads(it))) for it in lines]


def _without_nulls(told: Mapping[str, Any]) -> dict[str, Any]:
    # What Go has nothing in it writes as null.
    empty: dict[str, Any] = {"headers": {}, "names": [], "messages": []}
    return {name: empty[name] if value is None else value for name, value in told.items()}


@contextlib.contextmanager
def served_by_traefik(node: NodeCluster, namespace: str) -> Generator[None]:
    """Serve the Ingresses of class `CLASS` in the namespace while the block runs."""
    node.apply(*_identity(namespace))
    node.processes.start(_NAME, _command(node, namespace))
    try:
        wait_until("Traefik answers", lambda: _status(node, "/ping") == "OK", seconds=_SECONDS)
        node.processes.check(_NAME)
        yield
    finally:
        node.processes.stop(_NAME)
        node.kubectl("delete", "ingressclass", CLASS, "--ignore-not-found")


def routers(node: NodeCluster) -> list[dict[str, Any]]:
    """What Traefik has made of the Ingresses: for each path a rule, with what was wrong with it, if anything."""
    return json.loads(_status(node, "/api/http/routers?per_page=1000"))


def log(node: NodeCluster) -> str:
    """The end of Traefik's log."""
    return node.processes.tail(_NAME, 40)


def _status(node: NodeCluster, path: str) -> str:
    node.processes.check(_NAME)
    (told,) = ask(node, Asked(f"http://127.0.0.1:{_STATUS_PORT}{path}", connect_to="127.0.0.1", timeout=5))
    return told.body


def _command(node: NodeCluster, namespace: str) -> list[str]:
    token = node.folder / "traefik.token"
    token.touch(mode=0o600)
    token.write_text(node.kubectl("create", "token", _NAME, "-n", namespace, f"--duration={_TOKEN_SECONDS}s").strip())
    provider = {
        "endpoint": f"https://{NODE_ADDRESS}:6443",
        "token": str(token),
        "certauthfilepath": str(node.folder / "pki" / "ca.crt"),
        "watchnamespace": namespace,
        "controllerclass": CONTROLLER,
        "ingressclass": CLASS,
        "httpentrypoint": "http",
        "httpsentrypoint": "https",
        # What ingress-nginx does where nothing says otherwise.
        "proxyrequestbuffering": "true",
        "proxybodysize": str(1 << 20),
        "globalallowedresponseheaders": ",".join(ALLOWED_RESPONSE_HEADERS),
    }
    return [
        *node.enter,
        str(build.bin_dir("traefik") / "traefik"),
        "--entrypoints.http.address=:80",
        "--entrypoints.https.address=:443",
        f"--entrypoints.traefik.address=127.0.0.1:{_STATUS_PORT}",
        "--api.insecure=true",
        "--ping=true",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--log.level=INFO",
        "--accesslog=true",
        "--providers.kubernetesingressnginx=true",
        *(f"--providers.kubernetesingressnginx.{name}={value}" for name, value in provider.items()),
    ]


def bound(kind: str, name: str, namespace: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A Role in the namespace, or a ClusterRole, bound to the ServiceAccount of its name there."""
    api = "rbac.authorization.k8s.io"
    metadata = {"name": name, **({"namespace": namespace} if kind == "Role" else {})}
    return [
        {"apiVersion": f"{api}/v1", "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{api}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        },
    ]


def _identity(namespace: str) -> list[dict[str, Any]]:
    """The ServiceAccount and what it may read: the namespace's objects, and the classes."""
    read = ["get", "list", "watch"]
    classes = [{"apiGroups": ["networking.k8s.io"], "resources": ["ingressclasses"], "verbs": read}]
    rules = [
        {"apiGroups": [""], "resources": ["services", "secrets", "configmaps"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": read},
    ]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _NAME, "namespace": namespace}},
        *bound("Role", _NAME, namespace, rules),
        *bound("ClusterRole", _NAME, namespace, classes),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": CLASS},
            "spec": {"controller": CONTROLLER},
        },
    ]
