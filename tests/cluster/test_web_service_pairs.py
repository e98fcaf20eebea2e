"""Every two options of a WebService together on the real API server, which enforces Pod Security "restricted".

`tests/unit/test_web_service_pairs.py` shows that the table is complete and accepted.
"""

import pytest

from tests.cluster.web_service_pairs import services
from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster

PROGRAM = """\
from pulumi_portico import WebService

for name, args in %r.items():
    WebService(name, {"image": "registry.example.com/app:1", "namespace": %r, **args})
"""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_pair_is_admitted_and_a_second_run_changes_nothing(
    program: PulumiProgram, cluster: Cluster, namespace: str, volumes: None
) -> None:
    program.write(PROGRAM % (services(), namespace))
    program.up("--parallel", "64")
    assert program.up().changes == {}
    # And what the API server made of it is what it was told.
    assert program.up("--refresh").changes == {}
    running = cluster.get("deployments,statefulsets,daemonsets,replicasets", "-n", namespace)["items"]
    # A Deployment's own ReplicaSets are not the table's.
    ours = [it for it in running if "ownerReferences" not in it["metadata"]]
    assert len(ours) == len(services())
    program.destroy()
