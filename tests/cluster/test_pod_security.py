"""tests/pod_security.py and the real API server are of one mind about every pod."""

import json

from tests.pod_security import RESTRICTED, WORSE, changed
from tools.cluster import Cluster


def test_the_api_server_refuses_what_is_worse_and_nothing_else(cluster: Cluster, namespace: str) -> None:
    pods = {"fine": dict(RESTRICTED), **{field: changed(*it) for field, it in WORSE.items()}}
    names = {f"pod-{at}": field for at, field in enumerate(pods)}
    items = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": pods[field]}
        for name, field in names.items()
    ]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    said = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=document, check=False)
    refused = {field for name, field in names.items() if f'pods "{name}" is forbidden: violates PodSecurity' in said}
    # This API server takes privileged pods from nobody, and says so first.
    privileged = next(name for name, field in names.items() if field == "app.privileged")
    assert f'Pod "{privileged}" is invalid' in said
    assert refused == set(WORSE) - {"app.privileged"}, said
