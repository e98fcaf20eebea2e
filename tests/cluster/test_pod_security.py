"""The package's check of Pod Security and the real API server agree about every pod of our own table."""

import json
import re
import secrets
from collections.abc import Iterator

import pytest
from pulumi_portico.pod_security import ENFORCE, NEWEST, PodSecurityLevel, level_of, violations_of

from tests.pod_security import RESTRICTED, ROWS, SINCE, changed
from tools.cluster import Cluster

PODS = {
    "restricted": RESTRICTED,
    **{f"{row.name}, rejected ({at})": changed(row.rejected) for at, row in enumerate(ROWS) if not row.is_invalid},
    **{f"{row.name}, allowed ({at})": changed(row.allowed) for at, row in enumerate(ROWS)},
    **{name: changed(row.change) for name, row in SINCE.items()},
}
INVALID = {f"{row.name}, rejected ({at})": changed(row.rejected) for at, row in enumerate(ROWS) if row.is_invalid}
LEVELS = (PodSecurityLevel.BASELINE, PodSecurityLevel.RESTRICTED)
FORBIDDEN = re.compile(r'pods "([^"]+)" is forbidden: violates PodSecurity "([a-z]+):latest"')


@pytest.fixture
def namespaces(cluster: Cluster) -> Iterator[dict[PodSecurityLevel, str]]:
    """A namespace for each level, which enforces it."""
    names = {level: f"{level.value}-{secrets.token_hex(4)}" for level in LEVELS}
    for level, name in names.items():
        metadata = {"name": name, "labels": {ENFORCE: level.value}}
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    for name in names.values():
        # Pods aren't admitted before their ServiceAccount exists.
        cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=20s")
    yield names
    cluster.kubectl("delete", "namespace", *names.values(), "--wait=false")


def test_the_api_server_rejects_what_the_check_rejects(
    cluster: Cluster, namespaces: dict[PodSecurityLevel, str]
) -> None:
    names = {f"pod-{index}": name for index, name in enumerate({**PODS, **INVALID})}
    items = [
        {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": {**pod["metadata"], "name": name, "namespace": space}}
        for name, pod in zip(names, {**PODS, **INVALID}.values(), strict=True)
        for space in namespaces.values()
    ]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    output = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=document, check=False)
    forbidden = {(names[pod], PodSecurityLevel(level)) for pod, level in FORBIDDEN.findall(output)}
    rejected = {(name, level) for name, pod in PODS.items() for level in LEVELS if violations_of(pod, level, NEWEST)}
    assert forbidden == rejected, output
    invalid = {names[pod] for pod in re.findall(r'Pod "([^"]+)" is invalid', output)}
    assert invalid == set(INVALID), output
    # Nothing else is wrong with any pod.
    assert output.count("Error") == len(rejected) + len(INVALID) * len(LEVELS), output


def test_the_table_has_pods_of_every_level() -> None:
    assert {level_of(pod) for pod in PODS.values()} == set(PodSecurityLevel)
