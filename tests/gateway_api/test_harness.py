"""The harness itself: what it translates, what it rejects, and that it leaves nothing behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.gateway_api.conftest import Serve
from tests.gateway_api.file_mode import file_mode
from tests.gateway_api.manifests import HTTP_LISTENER, gateway, manifest, policy, prefix, route, rule, service
from tests.gateway_api.serving import serve
from tests.gateway_api.statuses import read_rejections, read_statuses
from tests.support import ROOT

WEB = [gateway(HTTP_LISTENER), service("web"), route("web", ["web.example.com"], rule("web"))]


def translated(*manifests: Any) -> list[Any]:
    return file_mode(manifests, ca="CA", behaviors={}, without_endpoints=()).documents


def of_kind(documents: list[Any], kind: str) -> list[Any]:
    return [document for document in documents if document["kind"] == kind]


def test_only_references_to_services_change() -> None:
    before = [
        gateway(HTTP_LISTENER),
        service("web", 8080, appProtocol="kubernetes.io/ws"),
        route("web", ["web.example.com"], rule({"name": "web", "port": 8080, "weight": 3}, matches=[prefix("/a")])),
        policy("BackendTrafficPolicy", "web", "web", {"requestBuffer": {"limit": "1Ki"}}),
    ]
    documents = translated(*before)
    (found,) = (document for document in of_kind(documents, "HTTPRoute") if document["metadata"]["name"] == "web")
    reference = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "web-8080", "weight": 3}
    expected = route("web", ["web.example.com"], rule(reference, matches=[prefix("/a")]))
    assert found == expected
    (backend,) = of_kind(documents, "Backend")
    assert backend["spec"]["appProtocols"] == ["gateway.envoyproxy.io/ws"]
    assert of_kind(documents, "BackendTrafficPolicy") == [before[3]]
    assert not of_kind(documents, "Service")


def test_a_grant_of_a_service_is_one_of_its_ports() -> None:
    spec = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service", "name": "web"}],
    }
    grant = manifest("gateway.networking.k8s.io/v1", "ReferenceGrant", "shop", spec, "other")
    documents = translated(service("web", 80, 81, namespace="other"), service("api", namespace="other"), grant)
    (found,) = of_kind(documents, "ReferenceGrant")
    assert [target.get("name") for target in found["spec"]["to"]] == ["web", "web-80", "web-81"]


def test_a_proxys_settings_stay() -> None:
    spec = {
        "ipFamily": "IPv4",
        "provider": {"type": "Kubernetes", "kubernetes": {"envoyService": {"type": "NodePort"}}},
    }
    proxy = manifest("gateway.envoyproxy.io/v1alpha1", "EnvoyProxy", "edge", spec)
    found = next(entry for entry in of_kind(translated(proxy), "EnvoyProxy") if entry["metadata"]["name"] == "edge")
    assert (found["spec"]["ipFamily"], found["spec"]["provider"]["type"]) == ("IPv4", "Host")


@pytest.mark.parametrize(("labels", "expected"), [({"team": "shop"}, "All"), ({"team": "other"}, "None")])
def test_a_selector_of_namespaces_is_evaluated(labels: dict[str, str], expected: str) -> None:
    listener = {
        **HTTP_LISTENER,
        "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}
    (found,) = of_kind(translated(gateway(listener), namespace, WEB[2]), "Gateway")
    assert found["spec"]["listeners"][0]["allowedRoutes"]["namespaces"] == {"from": expected}


def test_kinds_that_files_cannot_have_are_rejected() -> None:
    listeners = manifest("gateway.networking.k8s.io/v1", "ListenerSet", "extra", {})
    with pytest.raises(NotImplementedError, match="ListenerSet"):
        translated(listeners)


def test_ports_of_envoy_gateway_itself_are_rejected() -> None:
    with pytest.raises(NotImplementedError, match="18000"):
        translated(gateway({**HTTP_LISTENER, "port": 18000}))


def test_behaviors_are_of_services_that_exist() -> None:
    with pytest.raises(AssertionError, match="shop/wbe:80"):
        file_mode(WEB, ca="", behaviors={}, without_endpoints=["shop/wbe:80"])


def test_a_manifest_that_the_api_server_would_reject_is_rejected(start: Serve) -> None:
    wrong = route("web", ["web.example.com"], rule("web", matches=[prefix("/a//b")]))
    with pytest.raises(AssertionError, match="must not contain '//'"):
        start([*WEB[:2], wrong])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (route("other", ["web.example.com"], rule("missing")), "Backend shop/missing-80 not found"),
        (route("other", ["web.example.com"], rule("web"), section="nothing"), "HTTPRoute shop/other"),
        (policy("SecurityPolicy", "web", "nothing", {}), "SecurityPolicy shop/web has no status"),
    ],
)
def test_what_is_not_accepted_fails(start: Serve, wrong: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        start([*WEB, wrong])


def test_nothing_is_seen_outside_of_the_namespace(tmp_path: Path) -> None:
    with serve(WEB, folder=tmp_path) as gateway:
        assert gateway.request("web.example.com").status == 200
        for port in (80, 18000, 19000, 40_000):
            with socket.socket() as client:
                assert client.connect_ex(("127.0.0.1", port)) != 0
    assert not _processes(tmp_path)


def _processes(folder: Path) -> list[str]:
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [command for command in commands if str(folder) in command]


KILLED = """\
import sys, time
from pathlib import Path
from tests.gateway_api.serving import serve
from tests.gateway_api.test_harness import WEB
with serve(WEB, folder=Path(sys.argv[1])):
    print("served", flush=True)
    time.sleep(60)
"""


def test_a_killed_test_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    folder.mkdir()
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        assert test.stdout.readline() == "served\n"
        assert _processes(folder)
        test.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while left := _processes(folder):
        assert time.monotonic() < end, left
        time.sleep(0.1)


LOG = """\
2026-11-28T22:31:00.686Z	info	provider	file/status.go:87	Got new status for HTTPRoute
parents:
- conditions:
  - {type: Accepted, status: "True", reason: Accepted, message: ok}
  - {type: ResolvedRefs, status: "False", reason: BackendNotFound, message: missing}
  parentRef: {name: edge, sectionName: http}
	{"runner": "provider", "key": "shop/web"}
2026-11-28T22:31:00.686Z	info	provider	file/status.go:87	Got new status for Gateway
conditions:
- {type: Programmed, status: "False", reason: AddressNotAssigned, message: missing}
	{"runner": "provider", "key": "shop/edge"}
t	error	xds	Envoy rejected the last update for type type.googleapis.com/envoy.Listener on node n with code 13 and \
message bad; the proxy is still serving
"""


def test_statuses_are_read_from_the_log() -> None:
    statuses = read_statuses(LOG)
    assert statuses.problems(WEB) == ["HTTPRoute shop/web: edge/http: ResolvedRefs is False: missing"]
    assert statuses.conditions("HTTPRoute", "shop/web")["ResolvedRefs"] == "BackendNotFound"
    assert read_rejections(LOG) == ["Envoy rejects the Listener: bad"]
