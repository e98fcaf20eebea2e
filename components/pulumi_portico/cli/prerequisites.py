"""`portico check --prerequisites`: what must exist before a stack does, and, with --context, what is missing."""

import http.client
import json
import socket
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, Optional

from ..args.problems import PorticoError
from ..pluralize import pluralize
from .console import write

if TYPE_CHECKING:
    from ..stack.prerequisites import Prerequisite

__all__ = ["Status", "in_cluster", "write_prerequisites"]

_VERSION = 1
_SECONDS = 20
"""A cluster that doesn't respond must not hold up the command."""

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Objects without their data: the API server sends the metadata only."""

_PLURALS = {
    "Namespace": "namespaces",
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "ServiceAccount": "serviceaccounts",
    "Service": "services",
    "StorageClass": "storageclasses",
    "PriorityClass": "priorityclasses",
    "RuntimeClass": "runtimeclasses",
    "IngressClass": "ingressclasses",
    "GatewayClass": "gatewayclasses.gateway.networking.k8s.io",
    "Gateway": "gateways.gateway.networking.k8s.io",
    "ListenerSet": "listenersets.gateway.networking.k8s.io",
    "Issuer": "issuers",
    "ClusterIssuer": "clusterissuers",
}


class Status(str, Enum):
    """Whether a prerequisite exists."""

    EXISTS = "exists"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It's outside of the cluster, or you aren't allowed to read it."""


def write_prerequisites(
    stack: str, found: "Sequence[Prerequisite]", statuses: Optional[Sequence[Status]], *, as_json: bool
) -> None:
    """Write the list of what must exist. With `statuses`, also write whether each exists in the cluster."""
    known: Sequence[Optional[Status]] = statuses if statuses is not None else [None] * len(found)
    if as_json:
        items = [_data(one, status) for one, status in zip(found, known, strict=True)]
        write(json.dumps({"version": _VERSION, "stack": stack, "prerequisites": items}, indent=2) + "\n")
        return
    if not found:
        write(f"Stack `{stack}` needs nothing that must exist beforehand.\n")
        return
    write(f"Stack `{stack}` needs {pluralize(len(found), 'thing')} that must exist beforehand:\n")
    for one, status in zip(found, known, strict=True):
        state = "" if status is None else f" ({status.value})"
        optional = ", optional" if one.optional else ""
        write(f"  {text_of(one)}{state}{optional}\n    for {', '.join(one.used_by)}\n")
    if statuses is not None:
        write(f"{pluralize(sum(status is Status.MISSING for status in statuses), 'thing')} missing.\n")


def text_of(one: "Prerequisite") -> str:
    """A prerequisite in words, such as `Secret db in namespace shop`."""
    return f"{one.kind} {one.name}{f' in namespace {one.namespace}' if one.namespace else ''}"


def _data(one: "Prerequisite", status: Optional[Status]) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "apiVersion": one.api_version,
        "namespace": one.namespace,
        "name": one.name,
        "usedBy": list(one.used_by),
        "optional": one.optional,
        **({} if status is None else {"status": status.value}),
    }


def in_cluster(found: "Sequence[Prerequisite]", context: str) -> list[Status]:
    """Whether each exists in the cluster of a context of kubectl's configuration. Only reads, and no object's data."""
    with _proxy(context) as connection:
        return [_status(connection, one) for one in found]


def _status(connection: http.client.HTTPConnection, one: "Prerequisite") -> Status:
    from ..stack.prerequisites import API, DEFINITION, OUTSIDE

    if one.kind in OUTSIDE:
        return Status.UNKNOWN
    prefix = f"/apis/{one.api_version}" if "/" in one.api_version else f"/api/{one.api_version}"
    if one.kind in (API, DEFINITION):
        status, body = _get(connection, prefix, "application/json")
        kinds = [str(resource.get("kind")) for resource in body.get("resources", [])]
        if status == http.client.OK and one.kind == DEFINITION and one.name.partition(".")[0] not in kinds:
            return Status.MISSING
        return _meaning(status)
    namespace = f"/namespaces/{urllib.parse.quote(one.namespace, safe='')}" if one.namespace else ""
    name = urllib.parse.quote(one.name, safe="")
    return _meaning(_get(connection, f"{prefix}{namespace}/{_PLURALS[one.kind]}/{name}", _METADATA)[0])


def _meaning(status: int) -> Status:
    known = {http.client.OK: Status.EXISTS, http.client.NOT_FOUND: Status.MISSING}
    return known.get(http.HTTPStatus(status), Status.UNKNOWN)


def _get(connection: http.client.HTTPConnection, path: str, accept: str) -> tuple[int, dict[str, Any]]:
    connection.request("GET", path, headers={"Accept": accept})
    response = connection.getresponse()
    text = response.read()
    return response.status, json.loads(text) if response.status == http.client.OK else {}


class _SocketConnection(http.client.HTTPConnection):
    """A connection to a socket of this machine that only the user can open."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))


@contextmanager
def _proxy(context: str) -> Generator[http.client.HTTPConnection, None, None]:
    """A connection to the API server through `kubectl proxy`, which authenticates, and rejects everything but GET."""
    program = which("kubectl")
    if program is None:
        raise PorticoError("--context needs kubectl on the PATH.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proxy"
        only_get = "--reject-methods=^(POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$"
        command = [program, f"--context={context}", "proxy", f"--unix-socket={path}", only_get]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _wait(process, path, context)
            connection = _SocketConnection(path)
            yield connection
            connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PorticoError(f"The cluster of the context {context} can't be read: {error}") from error
        finally:
            process.terminate()
            process.communicate(timeout=_SECONDS)


def _wait(process: "subprocess.Popen[str]", path: Path, context: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not path.exists():
        if process.poll() is not None:
            error = process.communicate()[1].strip().splitlines()
            raise PorticoError(f"kubectl can't use the context {context}: {error[-1] if error else 'it ended'}")
        if time.monotonic() > deadline:
            raise PorticoError(f"kubectl didn't connect to the context {context} within {_SECONDS} seconds.")
        time.sleep(0.05)
