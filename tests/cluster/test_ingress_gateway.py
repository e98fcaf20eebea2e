"""IngressGateway on the real engine and API server: admitted, awaited, unchanged on a second run, moved, destroyed."""

import json
from typing import Any

import pytest

from tests.cluster.definitions import f5_definition
from tests.pulumi_program import PulumiProgram
from tests.unit.gateways import CERTIFICATE, KEY
from tools.cluster import Cluster

PROGRAM = """\
import pulumi
from pulumi_portico import IngressGateway, IngressRoutes, WebService

api = WebService("api", {{"image": "registry.example.com/api:1", "port": 8080, "namespace": {namespace!r}}})
args = {args!r}
for route in args.get("routes", []):
    if "redirect" not in route:
        route["target"] = api.target
if args.pop("with_default", False):
    args["default_backend"] = api.target
gateway = IngressGateway("{name}", args)
pulumi.export("address", gateway.address)
pulumi.export("urls", gateway.urls)
more = {more!r}
if more:
    routes = [{{**it, "target": api.target}} for it in more]
    IngressRoutes("{name}-more", {{"gateway": gateway.reference, "routes": routes}})
"""

EXPOSURE = {
    "scope": "internet",
    "platform": "generic",
    "allowed_sources": ["203.0.113.0/24"],
    # Some of the routes are for some clients alone.
    "client_ip": "preserve",
}
HOST = "shop.example.com"
TLS = {HOST: {"certificate": CERTIFICATE, "key": KEY}, "pay.example.com": {"cluster_issuer": "letsencrypt"}}
EVERYTHING: dict[str, Any] = {
    "host": HOST,
    "path": "/api",
    "rewrite": "/v2",
    "timeouts": {"connect": 3, "read": 20, "send": 20},
    "body_size": 10,
    "buffering": {"responses": False},
    "websocket": True,
    "session_persistence": {"cookie": "shop", "max_age": 3600},
    "rate_limit": {"requests": 10, "per": "minute"},
    "basic_auth": {"users": {"joe": "$6$salt$hash"}},
    "response_headers": {"X-Frame-Options": "DENY"},
}
BY_CONTROLLER: dict[str, dict[str, Any]] = {
    "f5-nginx": {"request_headers": {"X-Team": "shop"}, "load_balancing": "least-connections"},
    "ingress-nginx": {
        "cors": {"origins": ["https://a.example.com"], "credentials": True},
        "allowed_sources": ["10.0.0.0/8"],
        "denied_sources": ["10.1.0.0/16"],
    },
}
# One key for each of the two, as they read more or less of it.
FULL_INSTALLATION: dict[str, Any] = {
    "resources": {"cpu": 1.0, "memory": 512},
    "metrics_from": [{"namespace": "monitoring"}],
    "drain": 20,
    "shutdown": 40,
    "default_class": True,
    "pod_annotations": {"example.com/team": "edge"},
}
SETTINGS: dict[str, Any] = {
    "tls_versions": ["TLSv1.3"],
    "hsts": {"preload": True},
    "keep_alive": {"timeout": 60},
    "workers": {"processes": 2},
}


def source(namespace: str, name: str, args: dict[str, Any], more: Any = ()) -> str:
    return PROGRAM.format(namespace=namespace, name=name, args=args, more=list(more))


def routes(controller: str) -> list[dict[str, Any]]:
    first = {**EVERYTHING, **BY_CONTROLLER[controller]}
    second = {"host": HOST, "path": "/api", "path_type": "Exact"}
    third = {"host": "pay.example.com", "protocol": "GRPC"}
    return [first, second, third, {"host": HOST, "app_root": "/shop"}, {"path": "/any"}]


@pytest.mark.parametrize(
    ("kind", "controller"),
    [
        ("Deployment", "f5-nginx"),
        pytest.param("DaemonSet", "f5-nginx", marks=pytest.mark.long),
        pytest.param("Deployment", "ingress-nginx", marks=pytest.mark.long),
        ("DaemonSet", "ingress-nginx"),
    ],
)
def test_a_gateway_comes_up_stays_and_goes(
    program: PulumiProgram, cluster: Cluster, namespace: str, controller: str, kind: str
) -> None:
    name = f"edge-{controller[:2]}-{kind.lower()[:3]}"
    plain = kind == "DaemonSet"
    args: dict[str, Any] = {"controller": controller, "exposure": EXPOSURE, "installation": {"kind": kind}}
    if not plain:
        installation = {**FULL_INSTALLATION, "kind": kind, "autoscaling": {"max_replicas": 4}}
        args |= {"installation": installation, "settings": SETTINGS, "with_default": True}
    args |= {"routes": routes(controller), "tls": TLS}
    more = [{"host": HOST, "path": "/docs"}, {"host": "new.example.com"}]
    program.write(source(namespace, name, args, more))
    program.up()
    assert program.up().changes == {}
    assert program.up("--refresh").changes == {}

    outputs = program.outputs()
    (service,) = (it for it in cluster.get("services", "-n", name)["items"] if it["spec"]["type"] == "LoadBalancer")
    assert outputs["address"] == service["status"]["loadBalancer"]["ingress"][0]["ip"]
    urls = {HOST: f"https://{HOST}", "pay.example.com": "https://pay.example.com"}
    assert outputs["urls"] == {**urls, "*": f"http://{outputs['address']}"}
    (workload,) = cluster.get(f"{kind.lower()}s", "-n", name)["items"]
    wanted = workload["status"]["desiredNumberScheduled" if plain else "replicas"]
    assert workload["status"]["numberReady" if plain else "readyReplicas"] == wanted > 0

    program.destroy()
    assert cluster.get("ingresses", "-A")["items"] == []
    assert name not in {it["metadata"]["name"] for it in cluster.get("ingressclasses")["items"]}


def test_routes_go_before_the_controller_and_come_after_it(program: PulumiProgram, namespace: str) -> None:
    args = {"exposure": EXPOSURE, "routes": [{"host": HOST}]}
    program.write(source(namespace, "edge-order", args, [{"host": HOST, "path": "/docs"}]))
    made = [(step.kind, step.name) for step in program.up().steps if step.op == "create"]
    workload = ("Deployment", "edge-order-controller")
    ingresses = [at for at, (kind, _) in enumerate(made) if kind == "Ingress"]
    assert len(ingresses) == 3
    assert made.index(workload) < min(ingresses)
    gone = [(step.kind, step.name) for step in program.destroy().steps if step.op == "delete"]
    assert gone.index(workload) > max(at for at, (kind, _) in enumerate(gone) if kind == "Ingress")


@pytest.mark.long
def test_a_stack_moves_from_one_controller_to_the_other_by_one_word(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    args: dict[str, Any] = {"exposure": EXPOSURE, "routes": [{"host": HOST, "path": "/api", "rewrite": "/"}]}
    program.write(source(namespace, "edge-move", {**args, "controller": "ingress-nginx"}))
    before = program.up()
    assert "ingress-nginx was retired in March 2026" in before.output
    program.write(source(namespace, "edge-move", args))
    after = program.up()
    assert "retired" not in after.output
    # The load balancer and its address stay.
    assert "edge-move-service" not in after.ops("Service")
    (ingress,) = (it for it in cluster.get("ingresses", "-n", namespace)["items"])
    assert ingress["metadata"]["annotations"]["nginx.org/mergeable-ingress-type"] == "minion"
    program.destroy()


def test_a_route_that_nobody_answers_ends_in_time_and_says_why(program: PulumiProgram, namespace: str) -> None:
    args = {
        "install": False,
        "class_name": "nobodys",
        "namespace": namespace,
        "controller_peers": [],
        "ready_timeout": 5,
        "routes": [{"host": HOST, "annotations": {"tests.example.com/no-address": "true"}}],
    }
    program.write(source(namespace, "edge-alone", args))
    run = program.up(check=False)
    assert run.status != 0
    assert "has no address after 5 seconds: F5 NGINX Ingress Controller rejected it" in run.output
    program.write(source(namespace, "edge-alone", {**args, "publishes_address": False}))
    program.up()
    program.destroy()


@pytest.mark.long
def test_a_new_certificate_and_new_users_are_there_before_the_old_ones_go(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    def args(mark: str) -> dict[str, Any]:
        routes = [
            {"host": HOST, "basic_auth": {"users": {"joe": f"$6$salt${mark}"}}, "response_headers": {"X-A": mark}}
        ]
        tls = {HOST: {"certificate": CERTIFICATE.replace("MIIB", mark), "key": KEY}}
        return {"controller": "ingress-nginx", "exposure": EXPOSURE, "routes": routes, "tls": tls}

    program.write(source(namespace, "edge-keys", args("MIIC")))
    program.up()
    program.write(source(namespace, "edge-keys", args("MIID")))
    steps = [(step.op, step.kind) for step in program.up().steps if step.kind in ("Secret", "Ingress", "ConfigMap")]
    assert {op for op, kind in steps if kind == "Ingress" and op != "same"} == {"update"}
    last = max(at for at, it in enumerate(steps) if it == ("update", "Ingress"))
    for kind, count in (("Secret", 2), ("ConfigMap", 1)):
        made = [at for at, it in enumerate(steps) if it == ("create-replacement", kind)]
        gone = [at for at, it in enumerate(steps) if it == ("delete-replaced", kind)]
        assert len(made) == len(gone) == count
        assert max(made) < last < min(gone)
    (host,) = (it for it in cluster.get("ingresses", "-n", "edge-keys")["items"] if "tls" in it["spec"])
    (secret,) = (it for it in cluster.get("secrets", "-n", "edge-keys")["items"] if it["type"] == "kubernetes.io/tls")
    assert host["spec"]["tls"][0]["secretName"] == secret["metadata"]["name"]
    program.destroy()


@pytest.mark.long
def test_definitions_are_installed_from_a_file_before_what_they_define(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    definitions = [f5_definition("Policy", "policies"), f5_definition("VirtualServer", "virtualservers")]
    (program.folder / "crds.yaml").write_text("\n---\n".join(map(json.dumps, definitions)))
    routes = [
        {"host": HOST, "path": "/a", "cors": {"origins": ["https://a.example.com"]}, "allowed_sources": ["10.0.0.0/8"]},
        {"host": "www.example.com", "redirect": {"host": HOST, "code": 308}},
    ]
    args = {"exposure": EXPOSURE, "crds": {"path": "crds.yaml"}, "routes": routes}
    program.write(source(namespace, "edge-own", args))
    program.up()
    assert program.up().changes == {}
    policies = {it["metadata"]["name"] for it in cluster.get("policies.k8s.nginx.org", "-n", namespace)["items"]}
    (ingress,) = cluster.get("ingresses", "-n", namespace)["items"]
    assert set(ingress["metadata"]["annotations"]["nginx.org/policies"].split(",")) == policies
    (redirect,) = cluster.get("virtualservers.k8s.nginx.org", "-n", "edge-own")["items"]
    assert redirect["spec"]["routes"][0]["action"]["redirect"]["code"] == 308
    program.destroy()
    # With them would go what other gateways have made of them.
    kept = {it["metadata"]["name"] for it in cluster.get("customresourcedefinitions")["items"]}
    assert {"policies.k8s.nginx.org", "virtualservers.k8s.nginx.org"} <= kept
    # The next gateway meets them, with another release's: what it defines is what holds.
    definitions[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] = "of another release"
    (program.folder / "crds.yaml").write_text("\n---\n".join(map(json.dumps, definitions)))
    program.up()
    there = cluster.get("customresourcedefinitions", "policies.k8s.nginx.org")
    assert there["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] == "of another release"
    program.destroy()
