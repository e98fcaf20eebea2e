"""WebService on the real API server: what it makes is admitted under "restricted", and stays as it is."""

from typing import Any

from tests.cluster.web_service_pairs import OPTIONS
from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster
from tools.processes import wait_until

SERVICES: dict[str, dict[str, Any]] = {
    "minimal": {"port": 8080},
    "full": {
        "ports": {
            "http": {"port": 8080, "service_port": 80, "app_protocol": "http"},
            "grpc": {"port": 9090, "app_protocol": "kubernetes.io/h2c"},
            "dns": {"port": 5353, "service_port": 53, "protocol": "UDP"},
            "signal": {"port": 3868, "protocol": "SCTP"},
        },
        "service": {
            "session_affinity": "ClientIP",
            "session_affinity_timeout": 600,
            "internal_traffic_policy": "Local",
            "ip_family_policy": "PreferDualStack",
            "annotations": {"example.com/team": "shop"},
        },
        **OPTIONS["environment"]["all"],
        "resources": {"cpu": 1.5, "memory": 2048, "disk": 100, "limits": "all"},
        "health": {"path": "/ready", "liveness": {"grpc_service": ""}, "startup_seconds": 5, "port_name": "grpc"},
        "drain": 70,
        "shutdown": 20,
        "labels": {"team": "shop"},
        "selector": {"app": "full"},
        "replicas": 3,
    },
    "worker": {"ports": {}, "health": {"command": ["/check"]}, "replicas": 1},
    "headless": {"port": 8080, "service": {"headless": True}, "resources": {"limits": "none"}, "drain": 0},
}

PROGRAM = """\
import pulumi
from pulumi_portico import WebService

for name, args in {services!r}.items():
    service = WebService(name, {{"image": {image!r}, "namespace": {namespace!r}, **args}})
    pulumi.export(name, service.urls)
"""


def test_every_setting_is_admitted_and_a_second_run_changes_nothing(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    source = PROGRAM.format(services=SERVICES, image="registry.example.com/app:1", namespace=namespace)
    program.write(source)
    program.up()
    assert program.up().changes == {}
    # And what the API server made of it is what it was told.
    assert program.up("--refresh").changes == {}

    host = f"{namespace}.svc.cluster.local"
    assert program.outputs()["full"]["grpc"] == f"tcp://full.{host}:9090"
    assert program.outputs()["worker"] == {}
    services = {it["metadata"]["name"]: it["spec"] for it in cluster.get("services", "-n", namespace)["items"]}
    assert services.keys() == {"minimal", "full", "headless"}
    assert services["headless"]["clusterIP"] == "None"
    budgets = cluster.get("poddisruptionbudgets", "-n", namespace)["items"]
    assert {it["metadata"]["name"]: it["status"]["disruptionsAllowed"] for it in budgets} == dict.fromkeys(SERVICES, 1)

    program.write(source.replace("app:1", "app:2").replace("canary-5d3a", "canary-6e4b"))
    changes = program.up().changes
    assert changes["update"] == len(SERVICES)
    # Only the Secrets of the variables and of the files are replaced, by new ones that are there first.
    assert changes["replace"] == changes["create-replacement"] == changes["delete-replaced"] == 2
    # A rollback to the older revision finds the old ones. All of them go with the service.
    assert len(cluster.get("secrets", "-n", namespace)["items"]) == 4
    assert program.up().changes == {}

    program.destroy()

    def left() -> list[str]:
        found = cluster.get("deployments,services,secrets,configmaps,poddisruptionbudgets", "-n", namespace)["items"]
        return [it["metadata"]["name"] for it in found if it["metadata"]["name"] != "kube-root-ca.crt"]

    wait_until("Kubernetes has deleted the old Secrets", lambda: not left(), seconds=60)
