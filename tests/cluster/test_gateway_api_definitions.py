"""The Gateway API's definitions on the real API server: it rejects what they exclude, and admits what they allow."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import gateway_api
from tools.cluster import Cluster

STANDARD = (
    *("BackendTLSPolicy", "GRPCRoute", "Gateway", "GatewayClass", "HTTPRoute", "ListenerSet"),
    *("ReferenceGrant", "TCPRoute", "TLSRoute", "UDPRoute"),
)
PLACEHOLDERS = {
    "{GATEWAY_CLASS_NAME}": "example",
    "{GATEWAY_CONTROLLER_NAME}": "example.com/gateway",
    "PLACEHOLDER_UNUSABLE_ADDRS": "192.0.2.1",
    "PLACEHOLDER_USABLE_ADDRS": "192.0.2.2",
}
_ERROR = re.compile(r'error when creating "([^"]+)": (.*)|^error: .* "([^"]+)": (.*)', re.M)


def rejected(cluster: Cluster, paths: Sequence[Path], *options: str) -> dict[str, str]:
    """What the API server says to each file that it rejects. It keeps none of the objects."""
    files = [argument for path in paths for argument in ("-f", str(path))]
    command = cluster.kubectl_command("create", "--dry-run=server", "--validate=strict", *options, *files)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {path or other: message or text for path, message, other, text in _ERROR.findall(done.stderr)}


def test_all_kinds_are_served(gateway_api_cluster: Cluster) -> None:
    listed = gateway_api_cluster.kubectl("api-resources", "--api-group=gateway.networking.k8s.io", "--no-headers")
    kinds = {line.split()[-1]: line.split()[-3] for line in listed.splitlines()}
    assert kinds == dict.fromkeys(STANDARD, "gateway.networking.k8s.io/v1")


def test_invalid_examples_are_rejected(gateway_api_cluster: Cluster) -> None:
    examples = gateway_api.invalid_examples()
    assert len(examples) > 30
    messages = rejected(gateway_api_cluster, examples)
    admitted = {path.stem for path in examples if "is invalid" not in messages.get(str(path), "")}
    assert admitted == set()


@pytest.fixture(scope="module")
def conformance(gateway_api_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The conformance suite's manifests for a class, whose namespaces exist."""
    folder = tmp_path_factory.mktemp("conformance")
    namespaces: list[Any] = []
    files: list[Path] = []
    for path in gateway_api.conformance_manifests():
        text = path.read_text()
        for placeholder, value in PLACEHOLDERS.items():
            text = text.replace(placeholder, value)
        documents = [document for document in yaml.safe_load_all(text) if document]
        namespaces += [document for document in documents if document["kind"] == "Namespace"]
        files.append(folder / path.name)
        files[-1].write_text(yaml.safe_dump_all(it for it in documents if it["kind"] != "Namespace"))
    gateway_api_cluster.apply(*namespaces)
    return files


def test_conformance_manifests_are_admitted(gateway_api_cluster: Cluster, conformance: Sequence[Path]) -> None:
    messages = rejected(gateway_api_cluster, conformance)
    # The standard channel of 1.6 has no retries. That of 1.7 does.
    assert {Path(path).stem for path in messages} == {"httproute-retry"}
    assert 'unknown field "spec.rules[0].retry"' in "".join(messages.values())
