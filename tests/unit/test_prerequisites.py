"""What must exist before a stack does, and how `portico check --prerequisites --context` looks it up."""

import http.client
import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_portico.cli import prerequisites as command
from pulumi_portico.cli.prerequisites import Status, in_cluster
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.prerequisites import Prerequisite, prerequisites_of

from tests.command import called
from tests.unit.web_services import IMAGE

SERVICE: dict[str, Any] = {
    "image": IMAGE,
    "port": 8080,
    "kind": "StatefulSet",
    "identity": {"serviceAccount": "shared"},
    "imagePolicy": {"pullSecrets": ["registry"]},
    "placement": {"priorityClass": "high", "runtimeClass": "gvisor"},
    "storage": {"data": {"path": "/data", "sizeGib": 10, "storageClass": "fast"}},
    "volumes": {"certificates": {"path": "/certificates", "secret": "certificates"}},
    "autoscaling": {"maxReplicas": 3},
    "extra": {
        "spec": {
            "containers": [
                {
                    "name": "api",
                    "envFrom": [{"configMapRef": {"name": "settings", "optional": True}}],
                    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "a"}}}],
                }
            ]
        }
    },
}
CLOUD = {"image": IMAGE, "port": 8080, "identity": {"gcpServiceAccount": "a@b.iam.gserviceaccount.com"}}
EXPOSURE = {"scope": "internet", "platform": "gke", "staticAddresses": ["shop-ip"], "allowedSources": ["0.0.0.0/0"]}
STACK: dict[str, Any] = {
    "namespace": "shop",
    "services": {"api": SERVICE, "cloud": CLOUD},
    "gateways": {
        "edge": {
            "exposure": EXPOSURE,
            "tls": {"a.example.com": {"clusterIssuer": "letsencrypt"}, "b.example.com": {"secret": "b-tls"}},
            "routes": [
                {"host": host, "path": "/", "target": {"service": "cloud"}}
                for host in ("a.example.com", "b.example.com")
            ],
        },
        "existing": {
            "controller": "generic",
            "install": False,
            "className": "nginx",
            "namespace": "shop",
            "controllerPeers": [],
            "routes": [{"host": "c.example.com", "path": "/", "target": {"service": "cloud"}}],
        },
    },
}
EXPECTED = {
    ("API", "metrics.k8s.io", ""),
    ("ClusterIssuer", "letsencrypt", ""),
    ("ConfigMap", "settings", "shop"),
    ("CustomResourceDefinition", "Certificate.cert-manager.io", ""),
    ("Google service account", "a@b.iam.gserviceaccount.com", ""),
    ("IngressClass", "nginx", ""),
    ("PriorityClass", "high", ""),
    ("RuntimeClass", "gvisor", ""),
    ("Secret", "b-tls", "edge"),
    ("Secret", "certificates", "shop"),
    ("Secret", "db", "shop"),
    ("Secret", "registry", "shop"),
    ("ServiceAccount", "shared", "shop"),
    ("StorageClass", "fast", ""),
    ("static address", "shop-ip", ""),
}


def test_everything_that_a_stack_refers_to_and_does_not_create_is_listed() -> None:
    found = prerequisites_of(check_stack("test", STACK))
    assert {(one.kind, one.name, one.namespace) for one in found} == EXPECTED
    by_name = {one.name: one for one in found}
    assert by_name["settings"].optional
    assert not by_name["db"].optional
    assert by_name["db"].used_by == ("portico:services.api",)


def test_a_stack_that_creates_everything_has_no_prerequisites() -> None:
    services = {"api": {"image": IMAGE, "port": 8080, "secretEnv": {"A": "b"}, "configFiles": {"/a": "b"}}}
    gateway = {"upstream": {}, "routes": [{"host": "a.example.com", "path": "/", "target": {"service": "api"}}]}
    values = {"namespace": "shop", "services": services, "gateways": {"edge": gateway}}
    assert prerequisites_of(check_stack("test", values)) == ()


def test_what_the_objects_of_the_stack_itself_need_is_listed_for_each_of_them() -> None:
    external = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret"}
    other = {"target": {"name": "other"}}
    values = {
        "namespace": {"name": "shop", "existing": True},
        "claims": {"uploads": {"sizeGib": 1, "storageClass": "nfs"}},
        "customKinds": [{"apiVersion": external["apiVersion"], "kind": external["kind"]}],
        "manifests": {
            "db": {**external, "metadata": {"name": "db"}, "spec": {}},
            "second": {**external, "metadata": {"name": "second"}, "spec": other},
        },
        "services": {
            "api": {
                "image": IMAGE,
                "port": 8080,
                # The External Secrets Operator creates the first two.
                "envFrom": [{"secretRef": {"name": name}} for name in ("db", "other", "second")],
            }
        },
    }
    found = {(one.kind, one.name): one.used_by for one in prerequisites_of(check_stack("test", values))}
    assert found == {
        ("CustomResourceDefinition", "ExternalSecret.external-secrets.io"): (
            "portico:manifests.db",
            "portico:manifests.second",
        ),
        ("Namespace", "shop"): ("portico:namespace",),
        ("Secret", "second"): ("portico:services.api",),
        ("StorageClass", "nfs"): ("portico:claims.uploads",),
    }


def folder_of(tmp_path: Path) -> Path:
    file = {f"portico:{key}": value for key, value in STACK.items()}
    (tmp_path / "Pulumi.test.yaml").write_text(yaml.safe_dump({"config": file}))
    return tmp_path


def test_the_command_lists_them_as_text_and_json(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    text = called("check", "--prerequisites", "--folder", str(folder))
    assert text.exit_code == 0
    for kind, name, namespace in EXPECTED:
        assert f"{kind} {name}{f' in namespace {namespace}' if namespace else ''}" in text.stdout
    data = json.loads(called("check", "--prerequisites", "--json", "--folder", str(folder)).stdout)
    assert {(one["kind"], one["name"], one["namespace"]) for one in data["prerequisites"]} == EXPECTED
    explained = json.loads(called("explain", "--json", "--folder", str(folder)).stdout)
    assert {(one["kind"], one["name"], one["namespace"]) for one in explained["prerequisites"]} == EXPECTED
    assert "What must exist beforehand" in called("explain", "--folder", str(folder)).stdout


@pytest.mark.parametrize("options", [["--context", "a"], ["--prerequisites", "--fix"]])
def test_options_that_do_not_fit_together_are_rejected(options: list[str], tmp_path: Path) -> None:
    assert called("check", *options, "--folder", str(folder_of(tmp_path))).exit_code == 2


class Api(BaseHTTPRequestHandler):
    """An API server that has some objects, and records what it is asked."""

    asked: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, self.headers["Accept"]))
        body: Any = {}
        status = 404
        if self.path == "/apis/cert-manager.io/v1":
            status, body = 200, {"resources": [{"kind": "Certificate"}]}
        elif self.path.endswith(("/secrets/db", "/secrets/b-tls")):
            status = 200
        elif self.path.endswith("/secrets/registry"):
            status = 403
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, str]]]:
    Api.asked = []
    Api.protocol_version = "HTTP/1.1"
    server = HTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    @contextmanager
    def proxy(_: str) -> Generator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        yield connection
        connection.close()

    monkeypatch.setattr(command, "_proxy", proxy)
    yield Api.asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_context_says_what_is_missing_without_the_data_of_any_object(
    asked: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    options = ("--prerequisites", "--context", "a", "--json", "--folder", str(folder_of(tmp_path)))
    result = called("check", *options)
    assert result.exit_code == 1
    statuses = {(one["kind"], one["name"]): one["status"] for one in json.loads(result.stdout)["prerequisites"]}
    assert statuses["Secret", "db"] == "exists"
    assert statuses["Secret", "registry"] == "unknown"
    assert statuses["Secret", "certificates"] == "missing"
    assert statuses["CustomResourceDefinition", "Certificate.cert-manager.io"] == "exists"
    assert statuses["static address", "shop-ip"] == "unknown"
    assert {method for method, _, _ in asked} == {"GET"}
    secrets = [accept for _, path, accept in asked if "/secrets/" in path]
    assert len(secrets) == 4
    assert set(secrets) == {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}


def test_only_what_is_not_optional_fails_the_command(asked: list[Any]) -> None:
    assert asked == []
    optional = Prerequisite("ConfigMap", "settings", "shop", optional=True)
    assert in_cluster([optional], "a") == [Status.MISSING]
