"""A platform stack with a gateway and application stacks with routes of it, on the real engine and API server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tests.scoreboard.cases import program_of
from tools import build
from tools.cluster import Cluster

PLATFORM = "platform-stack"
APP = {"image": "registry.example.com/app:1", "port": 8080}
HOST = "two-stacks.example.com"


def project(name: str) -> str:
    return f"name: {name}\nruntime:\n  name: python\n"


def platform_of(controller: str, *routes: Any) -> str:
    gateway = {"controller": controller, "upstream": {}, "routes": list(routes)}
    return program_of({"namespace": f"{PLATFORM}-apps", "services": {"home": APP}, "gateways": {PLATFORM: gateway}})


def app_of(app: str, controller: str, *paths: str, **gateway: Any) -> str:
    routes = [{"host": HOST, "path": path, "target": {"service": "web"}} for path in paths]
    reference = {"stack": "organization/platform/test", "name": PLATFORM, "controller": controller}
    # No load balancer gives the controller an address.
    added = {"gateway": {**reference, "publishesAddress": False, **gateway}, "routes": routes}
    return program_of({"namespace": f"two-stacks-{app}", "services": {"web": APP}, "routes": {f"{app}-routes": added}})


@pytest.fixture
def programs(cluster: Cluster, tmp_path: Path) -> Iterator[dict[str, PulumiProgram]]:
    """Programs of one backend, each with a project and a stack of its own."""
    made: dict[str, PulumiProgram] = {}
    for name in ("platform", "one", "two"):
        (tmp_path / name).mkdir()
        program = PulumiProgram(tmp_path / name, cluster.env())
        program.env["PATH"] = os.pathsep.join([program.env["PATH"], str(build.bin_dir("kubernetes"))])
        program.env["PULUMI_BACKEND_URL"] = (tmp_path / "platform" / ".state").as_uri()
        made[name] = program
    yield made
    for name in ("two", "one", "platform"):
        if (made[name].folder / "Pulumi.yaml").exists():
            made[name].destroy()


def write(programs: dict[str, PulumiProgram], name: str, text: str) -> PulumiProgram:
    programs[name].write(text, project(name))
    return programs[name]


def assert_unchanged(program: PulumiProgram) -> None:
    """A second run changes nothing. It reads the gateway's stack."""
    assert set(program.up("--refresh").changes) <= {"read"}


def uids_outside_gateway(objects: list[dict[str, Any]]) -> set[str]:
    return {it["metadata"]["uid"] for it in objects if it["metadata"]["namespace"] != PLATFORM}


@pytest.mark.long
@pytest.mark.parametrize("controller", ["ingress-nginx", "f5-nginx"])
def test_an_application_adds_routes_to_the_gateway_of_a_platform(
    programs: dict[str, PulumiProgram], cluster: Cluster, controller: str
) -> None:
    platform = write(programs, "platform", platform_of(controller))
    platform.up()
    exported = platform.outputs()["gateways"][PLATFORM]
    assert (exported["controller"], exported["className"], exported["namespace"]) == (controller, PLATFORM, PLATFORM)

    one = write(programs, "one", app_of("one", controller, "/", "/api"))
    one.up()
    assert_unchanged(one)
    assert one.outputs()["urls"] == {HOST: f"http://{HOST}"}
    ingresses = [it for it in cluster.get("ingresses", "-A")["items"] if HOST in str(it["spec"])]
    assert {it["spec"]["ingressClassName"] for it in ingresses} == {PLATFORM}

    # Another application repeats a route, and only the cluster knows.
    two = write(programs, "two", app_of("two", controller, "/api"))
    for run in (two.preview(check=False), two.up(check=False)):
        assert run.status != 0
        assert "organization/one/test" in run.output
    write(programs, "two", app_of("two", controller, "/other", hosts=[HOST]))
    two.up()

    # A wrong reference fails the preview, with what the stack exports.
    write(programs, "two", app_of("two", controller, "/other", hosts=[HOST], className="edge"))
    refused = two.preview(check=False)
    assert refused.status != 0
    assert f"has {PLATFORM} here" in " ".join(refused.output.split())
    write(programs, "two", app_of("two", controller, "/other", hosts=[HOST], name="edge"))
    refused = two.preview(check=False)
    assert 'exports no gateway "edge"' in " ".join(refused.output.split())

    # Without the application, the platform is as it was; without the platform, the application's objects are.
    write(programs, "two", app_of("two", controller, "/other", hosts=[HOST]))
    two.destroy()
    assert platform.up("--refresh").changes == {}
    assert_unchanged(one)
    before = uids_outside_gateway(ingresses)
    platform.destroy()
    # What is in the gateway's namespace, such as the master Ingress of F5 NGINX, goes with it.
    left = [it for it in cluster.get("ingresses", "-A")["items"] if HOST in str(it["spec"])]
    assert uids_outside_gateway(left) == before
    deployment = cluster.get("deployment", "web", "-n", "two-stacks-one")
    assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"]
    one.destroy()
    platform.up()
    write(programs, "one", app_of("one", controller, "/", "/api")).up()
