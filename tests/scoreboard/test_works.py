"""Field cases B: reported as valid, but never works (and some that are rejected, but would work).

B9 and B23 take an API server: tests/cluster/test_field_cases.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from pulumi_portico import WebService

from tests.scoreboard.cases import (
    AWS_FRONT,
    CERTIFICATE,
    annotations_of,
    assert_accepted,
    assert_rejected,
    aws_balancer,
    balancer,
    balancer_service,
    gateway,
    held_case,
    is_rejected,
    is_reported,
    of_kind,
    one,
    pod_security,
    pod_template,
    raised_by,
    render,
    render_aws,
    rendered_unless_rejected,
    service,
    stack,
)
from tests.scoreboard.test_controller import read
from tests.support import ROOT
from tests.unit.readers.f5_nginx import F5Nginx
from tests.unit.readers.nginx import Answer, Request

SHOP = "shop.example.com"
FRONT = ("loadBalancers", "front")
EDGE = ("gateways", "edge")
WEB_AT = ("services", "web")
INTERNET = {"scope": "internet", "allowedSources": ["203.0.113.0/24"]}
PRESERVED = {**INTERNET, "platform": "gke", "clientIp": "preserve"}
ISSUED = {SHOP: {"clusterIssuer": "letsencrypt"}}
TLS = {SHOP: {"secret": "shop-tls"}}
CONTROLLERS = ("f5-nginx", "ingress-nginx")
_BETA = "service.beta.kubernetes.io/"
_ALGORITHM = "private-key-algorithm"


def _on(controller: str) -> dict[str, Any]:
    """The arguments of a gateway with a controller; the cluster has the generic class already."""
    if controller != "generic":
        return {"controller": controller}
    return {"controller": controller, "install": False, "className": "x", "namespace": "shop", "controllerPeers": []}


# B1: pods that their own namespace would reject.


@pytest.mark.parametrize(
    "fields",
    [
        held_case(
            "B1",
            {"security": {"hostPaths": True}, "volumes": {"logs": {"path": "/logs", "hostPath": "/var/log"}}},
            row="hostPaths",
        ),
        held_case("B1", {"security": {"hostNetwork": True}, "networkPolicy": False}, row="hostNetwork"),
        held_case("B1", {"security": {"privileged": True}}, row="privileged"),
        held_case("B1", {"security": {"allowRoot": True, "user": 0}}, row="allowRoot"),
        held_case("B1", {"security": {"capabilities": ["NET_ADMIN"]}}, row="capabilities"),
        held_case("B1", {"security": {"unconfinedSeccomp": True}}, row="unconfinedSeccomp"),
        held_case("B1", {"security": {"privilegeEscalation": True}}, row="privilegeEscalation"),
    ],
)
def test_the_namespace_admits_the_pods_or_they_are_rejected(fields: Any) -> None:
    manifests = rendered_unless_rejected(service(**fields), *WEB_AT)
    if manifests is not None:
        labels = one(manifests, "Namespace", "shop")["metadata"]["labels"]
        enforced = labels.get("pod-security.kubernetes.io/enforce")
        assert enforced != "restricted" or not pod_security(pod_template(manifests))


# B2: $(NAME) in a variable's value.


def test_a_variable_comes_after_those_that_it_refers_to() -> None:
    env = {"DATABASE_URL": "postgres://$(DB_USER):$(DB_PASSWORD)@db/app", "DB_USER": "app"}
    manifests = render(service(env=env, secretEnv={"DB_PASSWORD": "x"}))
    container = pod_template(manifests)["spec"]["containers"][0]
    names = [it["name"] for it in container["env"]]
    # Kubernetes expands references to earlier entries of `env`, and to none of `envFrom`.
    assert {"DATABASE_URL", "DB_USER", "DB_PASSWORD"} <= set(names)
    assert max(names.index("DB_USER"), names.index("DB_PASSWORD")) < names.index("DATABASE_URL")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        held_case("B2", {"env": {"A": "$(B)", "B": "$(A)"}}, "env", row="a cycle"),
        held_case("B2", {"env": {"PATH": "/app:$(PATH)"}}, "env", row="itself"),
        held_case("B2", {"env": {"A": "$(B)", "B": "$(C)", "C": "$(A)"}}, "env", row="a longer cycle"),
        held_case("B2", {"env": {"A": "$(NOWHERE)"}}, "env", row="an unknown name"),
        held_case("B2", {"env": {"A": "$(date +%s)"}}, "env", row="a command"),
        held_case("B2", {"args": ["--to=$(NOWHERE)"]}, "args", row="an unknown name in an argument"),
        held_case("B2", {"command": ["sh", "-c", "app $(NOWHERE)"]}, "command", row="an unknown name in a script"),
        held_case("B2", {"secretEnv": {"A": "$(B)", "B": "x"}}, "secretEnv", row="in the value of a Secret"),
        held_case(
            "B2",
            {"secretEnv": {"A": "x"}, "health": {"command": ["check", "$(A)"]}},
            "health",
            row="of a secret variable in a probe",
        ),
        held_case(
            "B2",
            {"sidecars": [{"name": "log", "image": "log:1", "env": {"A": "$(B)"}}]},
            "sidecars",
            row="of a sidecar",
        ),
    ],
)
def test_a_reference_that_cannot_be_expanded_is_rejected(fields: Any, field: str) -> None:
    assert_rejected(service(**fields), *WEB_AT, field, unlike=service(env={"A": "b", "B": "c"}))


@pytest.mark.parametrize(
    "fields",
    [
        held_case("B2", {"env": {"A": "$$(NOWHERE)"}}, row="an escaped reference"),
        held_case(
            "B2", {"env": {"A": "$(B) $(C)"}, "secretEnv": {"B": "x"}, "fieldEnv": {"C": "status.podIP"}}, row="all"
        ),
        held_case("B2", {"env": {"A": "$(KUBERNETES_SERVICE_HOST)"}}, row="the API server"),
        held_case("B2", {"command": ["sh", "-c", "echo $(hostname)"]}, row="a shell's own"),
    ],
)
def test_a_reference_that_kubernetes_expands_is_accepted(fields: Any) -> None:
    assert_accepted(service(**fields), *WEB_AT)


# B3, B20: TLS at an F5 gateway.


@pytest.mark.parametrize("issuer", [held_case("B3", it, row=it) for it in ("issuer", "clusterIssuer")])
def test_the_first_challenge_reaches_its_solver(issuer: str) -> None:
    """Certificate authorities follow redirects, and accept any certificate on the way."""
    manifests = render(gateway({"host": SHOP}, tls={SHOP: {issuer: "letsencrypt"}}))
    certificate = one(manifests, "Certificate")
    annotations = annotations_of(certificate)
    assert annotations["cert-manager.io/issue-temporary-certificate"] == "true"
    # What cert-manager does: it adds a path to the Ingress that it's told of.
    edited = one(manifests, "Ingress", annotations["acme.cert-manager.io/http01-override-ingress-name"])
    assert edited["metadata"]["namespace"] == certificate["metadata"]["namespace"]
    (rule,) = edited["spec"]["rules"]
    assert rule["host"] == SHOP
    path = "/.well-known/acme-challenge/token"
    backend = {"service": {"name": "solver", "port": {"number": 8089}}}
    rule["http"]["paths"].insert(0, {"path": path, "pathType": "ImplementationSpecific", "backend": backend})
    others = [it for it in manifests if it["metadata"]["name"] != edited["metadata"]["name"]]
    data = next(it["data"] for it in of_kind(manifests, "ConfigMap", "edge"))

    def met(missing: Sequence[str]) -> Answer:
        reader = F5Nginx([*others, edited], config_map=data, custom_resources=True, missing=missing)
        assert (reader.rejected, reader.broken) == ({}, [])
        answer = reader.answer(Request(SHOP, path))
        if answer.kind != "redirect":
            return answer
        url = urlsplit(answer.location)
        return reader.answer(Request(url.netloc, url.path, url.scheme))

    secret = f"{certificate['metadata']['namespace']}/{certificate['spec']['secretName']}"
    assert met([secret]).kind == "refused"
    assert met([]).service == "solver"


def test_tls_that_ends_before_the_gateway_shows_in_the_forwarded_protocol() -> None:
    def values(**fields: Any) -> dict[str, Any]:
        tls = {SHOP: {"tlsTerminatedUpstream": True, **fields}}
        return gateway({"host": SHOP}, tls=tls, settings={"forwardedFrom": ["203.0.113.0/24"]})

    def protocol(stack_values: dict[str, Any]) -> Any:
        answer = read(stack_values).answer(Request(SHOP, "/", headers={"X-Forwarded-Proto": "https"}))
        return answer.settings["forwarded_proto"]

    assert protocol(values()) == "https"
    without = values(redirect=False)
    assert is_rejected(without, *EDGE) or protocol(without) == "https"


# B4, B10, B12: ports and probes.


@pytest.mark.parametrize(
    "port",
    [
        held_case("B4", {"name": "https", "appProtocol": "https"}, row="name and protocol"),
        held_case("B4", {"name": "https"}, row="name"),
        held_case("B4", {"name": "web", "appProtocol": "https"}, row="protocol"),
        held_case("B4", {"name": "web", "appProtocol": "kubernetes.io/wss"}, row="WebSockets over TLS"),
    ],
)
def test_the_scheme_of_a_probe_follows_the_port(port: Any) -> None:
    ports = {port["name"]: {"port": 8443, **{key: value for key, value in port.items() if key != "name"}}}
    container = pod_template(render(service(port=None, ports=ports, health={"path": "/healthz"})))["spec"][
        "containers"
    ][0]
    probes = [container[f"{it}Probe"]["httpGet"] for it in ("startup", "readiness", "liveness")]
    assert [it.get("scheme") for it in probes] == ["HTTPS"] * 3


def test_a_probe_has_the_scheme_the_host_the_headers_and_the_port_that_it_names() -> None:
    ports = {"http": {"port": 8080}, "admin": {"port": 9443}}
    liveness = {"path": "/live", "portName": "admin", "scheme": "HTTPS"}
    health = {"path": "/ready", "host": SHOP, "headers": {"X-Probe": "yes"}, "liveness": liveness}
    container = pod_template(render(service(port=None, ports=ports, health=health)))["spec"]["containers"][0]
    headers = [{"name": "Host", "value": SHOP}, {"name": "X-Probe", "value": "yes"}]
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 8080, "httpHeaders": headers}
    assert container["livenessProbe"]["httpGet"] == {
        "path": "/live",
        "port": 9443,
        "scheme": "HTTPS",
        "httpHeaders": headers,
    }


def test_a_grpc_probe_of_a_port_with_tls_is_rejected() -> None:
    def values(protocol: str) -> dict[str, Any]:
        ports = {"grpc": {"port": 8443, "appProtocol": protocol}}
        return service(port=None, ports=ports, health={"grpcService": ""})

    assert_rejected(values("https"), *WEB_AT, "health", unlike=values("kubernetes.io/h2c"))


@pytest.mark.parametrize(
    "fields",
    [
        held_case("B10", {"port": 80}),
        held_case("B10", {"port": None, "ports": {"dns": {"port": 53, "protocol": "UDP"}}}, row="UDP"),
        held_case("B10", {"sidecars": [{"name": "proxy", "image": "proxy:1", "port": 443}]}, row="a sidecar"),
        held_case("B10", {"port": 80, "kind": "DaemonSet"}, row="a DaemonSet"),
    ],
)
def test_a_low_port_without_the_right_to_it_is_reported(fields: Any) -> None:
    values = service(**fields)
    context = pod_template(render(values))["spec"]["securityContext"]
    may_listen = any(it["name"] == "net.ipv4.ip_unprivileged_port_start" for it in context.get("sysctls", []))
    assert may_listen or is_reported(values, *WEB_AT, explain=False)


def test_the_default_port_is_the_first_as_written_or_has_to_be_named() -> None:
    ports = {"rabbitmq": {"port": 5672}, "exporter": {"port": 9090}, "management": {"port": 15672}}
    manifests = rendered_unless_rejected(service(port=None, ports=ports), *WEB_AT)
    if manifests is not None:
        container = pod_template(manifests)["spec"]["containers"][0]
        assert container["readinessProbe"]["tcpSocket"]["port"] in (5672, "rabbitmq")


def test_a_low_port_of_the_node_needs_root() -> None:
    def values(port: int, **security: Any) -> dict[str, Any]:
        fields = {"security": {"hostNetwork": True, **security}, "networkPolicy": False, "kind": "DaemonSet"}
        return {**service(port=port, **fields), "podSecurity": "privileged"}

    assert_rejected(values(80), *WEB_AT, "port", unlike=values(8080))
    assert_rejected(values(80, netBindService=True), *WEB_AT, "port", unlike=values(80, allowRoot=True, user=0))


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        held_case("B12", {}, 5672, row="the first as written"),
        held_case("B12", {"defaultPortName": "management"}, 15672, row="the one that is named"),
    ],
)
def test_targets_and_probes_use_the_default_port(fields: Any, number: int) -> None:
    ports = {"rabbitmq": {"port": 5672}, "exporter": {"port": 9090}, "management": {"port": 15672}}
    front = {"target": {"service": "web"}, "exposure": PRESERVED}
    manifests = render({**service(port=None, ports=ports, **fields), "loadBalancers": {"front": front}})
    container = pod_template(manifests)["spec"]["containers"][0]
    assert container["livenessProbe"]["tcpSocket"]["port"] == number
    assert {port["targetPort"] for port in balancer_service(manifests)["spec"]["ports"]} == {number}


def _two_ports(other: int) -> dict[str, Any]:
    return service(port=None, ports={"http": {"port": 8080}, "admin": {"port": other, "servicePort": 8081}})


def _two_sidecars(other: int) -> dict[str, Any]:
    ports = {"exporter": 9090, "log": other}
    return service(sidecars=[{"name": name, "image": f"{name}:1", "port": port} for name, port in ports.items()])


@pytest.mark.parametrize(
    ("values", "unlike"),
    [
        held_case("B12", _two_ports(8080), _two_ports(9090), row="two ports of a service"),
        held_case("B12", _two_sidecars(9090), _two_sidecars(9091), row="two sidecars"),
    ],
)
def test_the_same_port_twice_in_a_pod_is_rejected(values: Any, unlike: Any) -> None:
    assert_rejected(values, *WEB_AT, unlike=unlike)


# B5, B6, B7, B22, B24, B25, B28: what a controller does with it.


def test_a_body_size_holds_for_grpc_or_is_rejected() -> None:
    values = gateway({"host": SHOP, "protocol": "GRPC"}, tls=TLS, settings={"bodySize": 64})
    if not is_rejected(values, *EDGE):
        answer = read(values).answer(Request(SHOP, "/shop.Cart/Add", "https", "POST"))
        assert answer.settings["body_limit"] == 64 << 20


@pytest.mark.parametrize(
    ("controller", "annotation", "value"),
    [
        held_case("B6", "f5-nginx", "nginx.org/hsts", "true", row="hsts"),
        held_case("B6", "f5-nginx", "nginx.org/server-tokens", "false", row="server-tokens"),
        held_case("B6", "f5-nginx", "nginx.org/keepalive", "32", row="keepalive"),
        held_case("B7", "ingress-nginx", "auth-url", "https://auth.example.com/check", row="auth-url"),
        held_case("B7", "ingress-nginx", "upstream-hash-by", "$request_uri", row="upstream-hash-by"),
        held_case("B7", "ingress-nginx", "server-alias", "www.example.com", row="server-alias"),
        held_case("B28", "ingress-nginx", "enable-opentelemetry", "true"),
    ],
)
def test_an_annotation_that_the_controller_denies_is_rejected(controller: str, annotation: str, value: str) -> None:
    key = annotation if "/" in annotation else f"nginx.ingress.kubernetes.io/{annotation}"

    def values(**fields: Any) -> dict[str, Any]:
        return gateway({"host": SHOP, **fields}, controller=controller)

    assert_rejected(values(annotations={key: value}), *EDGE, unlike=values())


def test_a_body_fits_onto_the_controllers_disk() -> None:
    manifests = rendered_unless_rejected(gateway({"host": SHOP}, settings={"bodySize": 5120}), *EDGE)
    if manifests is not None:
        container = pod_template(manifests, "edge")["spec"]["containers"][0]
        limit = container["resources"]["limits"]["ephemeral-storage"]
        size, unit = limit[:-2], limit[-2:]
        assert int(size) * {"Mi": 1, "Gi": 1024, "Ti": 1024**2}[unit] > 5120


@pytest.mark.parametrize("controller", [held_case("B24", it, row=it) for it in (*CONTROLLERS, "generic")])
def test_cert_managers_settings_reach_the_object_that_it_reads(controller: str) -> None:
    settings = {"duration": 2160, "renewBefore": 720, "keyAlgorithm": "ECDSA", "secretLabels": {"team": "shop"}}
    tls = {SHOP: {"clusterIssuer": "letsencrypt", **settings}}
    manifests = render(gateway({"host": SHOP}, tls=tls, **_on(controller)))
    certificates = of_kind(manifests, "Certificate")
    if controller == "f5-nginx":
        (certificate,) = (it["spec"] for it in certificates)
        found = certificate["duration"], certificate["renewBefore"], certificate["privateKey"]["algorithm"]
        labels = certificate["secretTemplate"]["labels"]
    else:
        (annotations,) = (annotations_of(it) for it in of_kind(manifests, "Ingress") if it["spec"].get("tls"))
        found = tuple(annotations[f"cert-manager.io/{key}"] for key in ("duration", "renew-before", _ALGORITHM))
        labels = json.loads(annotations["cert-manager.io/secret-template"])["labels"]
    assert found == ("2160h", "720h", "ECDSA")
    assert labels == {"team": "shop"}


@pytest.mark.parametrize("controller", [held_case("B24", it, row=f"{it}, raw") for it in CONTROLLERS])
@pytest.mark.parametrize(
    "key",
    [
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/duration",
        "cert-manager.io/private-key-algorithm",
        "cert-manager.io/usages",
        "acme.cert-manager.io/http01-edit-in-place",
        "kubernetes.io/tls-acme",
    ],
)
def test_cert_managers_annotations_of_a_route_are_rejected(controller: str, key: str) -> None:
    def values(**fields: Any) -> dict[str, Any]:
        return gateway({"host": SHOP, **fields}, controller=controller, tls=ISSUED)

    assert_rejected(values(annotations={key: "1"}), *EDGE, "routes", 0, "annotations", unlike=values())


@pytest.mark.parametrize("controller", [held_case("B25", it, row=it) for it in (*CONTROLLERS, "generic")])
@pytest.mark.parametrize("tls", [{}, TLS, ISSUED])
def test_dns_settings_reach_every_ingress_of_the_host(controller: str, tls: Any) -> None:
    prefix = "external-dns.alpha.kubernetes.io"
    settings = {"setIdentifier": "blue", "weight": 100, "ttl": 60, "target": "lb.example.net"}
    values = gateway({"host": SHOP}, tls=tls, dnsRecords={SHOP: settings}, **_on(controller))
    of_host = [it for it in of_kind(render(values), "Ingress") if SHOP in json.dumps(it["spec"]["rules"])]
    assert of_host
    expected = {"set-identifier": "blue", "aws-weight": "100", "ttl": "60", "target": "lb.example.net"}
    for ingress in of_host:
        assert {f"{prefix}/{key}": value for key, value in expected.items()}.items() <= annotations_of(ingress).items()


@pytest.mark.parametrize("controller", [held_case("B25", it, row=f"{it}, raw") for it in CONTROLLERS])
@pytest.mark.parametrize("key", ["set-identifier", "aws-weight", "ttl", "target", "hostname", "cloudflare-proxied"])
def test_dns_annotations_of_a_route_are_rejected(controller: str, key: str) -> None:
    def values(**fields: Any) -> dict[str, Any]:
        return gateway({"host": SHOP, **fields}, controller=controller, tls=TLS)

    annotations = {f"external-dns.alpha.kubernetes.io/{key}": "1"}
    assert_rejected(values(annotations=annotations), *EDGE, "routes", 0, "annotations", unlike=values())


@pytest.mark.parametrize(
    ("field", "key"),
    [
        held_case("B24", "podAnnotations", "keel.sh/policy", row="Keel on pods"),
        held_case("B24", "podAnnotations", "argocd.argoproj.io/sync-wave", row="Argo CD on pods"),
        held_case("B24", "podAnnotations", "flagger.app/config-tracking", row="Flagger on pods"),
        held_case("B24", "podAnnotations", "autoscaling.keda.sh/paused", row="KEDA on pods"),
        held_case("B24", "podAnnotations", "metallb.io/address-pool", row="MetalLB on pods"),
        held_case("B24", "workloadAnnotations", "prometheus.io/scrape", row="Prometheus on the workload"),
        held_case("B24", "workloadAnnotations", "sidecar.istio.io/inject", row="Istio on the workload"),
        held_case("B24", "workloadAnnotations", "linkerd.io/inject", row="Linkerd on the workload"),
        held_case("B24", "workloadAnnotations", "backup.velero.io/backup-volumes", row="Velero on the workload"),
    ],
)
def test_an_annotation_without_a_reader_is_rejected(field: str, key: str) -> None:
    assert_rejected(service(**{field: {key: "1"}}), *WEB_AT, field, unlike=service(**{field: {"example.com/a": "1"}}))


def test_two_doors_to_one_gateway_are_reported() -> None:
    # Without the note about X-Forwarded-For.
    edge = gateway({"host": SHOP}, settings={"forwardedFor": "append"})
    inside = {
        "target": {"gateway": "edge"},
        "exposure": {"scope": "internal", "platform": "gke", "clientIp": "preserve"},
    }
    both = {**edge, "loadBalancers": {"inside": inside}}
    assert is_reported(both, *EDGE, explain=False) or is_reported(both, "loadBalancers", "inside", explain=False)


@pytest.mark.parametrize("controller", [held_case("B22", name, row=name) for name in CONTROLLERS])
def test_a_body_of_a_route_fits_onto_the_controllers_disk(controller: str) -> None:
    def values(size: int, **installation: Any) -> dict[str, Any]:
        return gateway({"host": SHOP, "bodySize": size}, controller=controller, installation=installation)

    assert_rejected(values(2048), *EDGE, "routes", unlike=values(2047))
    assert_accepted(values(2048, resources={"disk": 4096}), *EDGE)


def test_a_redirect_that_is_turned_off_for_the_gateway_counts_too() -> None:
    def values(controller: str) -> dict[str, Any]:
        tls = {SHOP: {"tlsTerminatedUpstream": True}}
        settings = {"forwardedFrom": ["203.0.113.0/24"]}
        return gateway({"host": SHOP}, controller=controller, tls=tls, settings=settings, httpsRedirect=False)

    assert_rejected(values("f5-nginx"), *EDGE, unlike=values("ingress-nginx"))


def test_a_public_door_to_an_internal_gateway_is_reported() -> None:
    inside = {"scope": "internal", "platform": "gke", "clientIp": "preserve"}
    edge = gateway({"host": SHOP}, settings={"forwardedFor": "append"}, exposure=inside)

    def values(scope: str) -> dict[str, Any]:
        front = {"target": {"gateway": "edge"}, "exposure": {**PRESERVED, "scope": scope}}
        return {**edge, "loadBalancers": {"front": front}}

    assert is_reported(values("internet"), *FRONT, "target", explain=False)
    assert not is_reported(values("internal"), *FRONT, "target", explain=False)


# B8, B21, B26: workloads.


@pytest.mark.parametrize(
    "fields",
    [
        held_case("B8", {"replicas": 2}, row="two pods"),
        held_case("B8", {}, row="the default number"),
        held_case("B8", {"replicas": 2, "rollout": {"recreate": True}}, row="two pods at once"),
        held_case("B8", {"replicas": 1}, row="a rolling update"),
        held_case("B8", {"autoscaling": {"maxReplicas": 3}, "rollout": {"recreate": True}}, row="autoscaling"),
        held_case("B8", {"externalReplicas": True, "rollout": {"recreate": True}}, row="another scaler"),
        held_case("B8", {"kind": "DaemonSet"}, row="a DaemonSet"),
        held_case("B8", {"kind": "StatefulSet", "replicas": 2}, row="a StatefulSet"),
        held_case("B8", {"kind": "ReplicaSet", "replicas": 1}, row="a ReplicaSet"),
    ],
)
def test_two_pods_of_one_claim_need_another_rollout(fields: Any) -> None:
    def values(claim: Any, **fields: Any) -> dict[str, Any]:
        return service(volumes={"data": {"path": "/data", "claim": "data", **claim}}, **fields)

    assert_rejected(values({}, **fields), *WEB_AT, unlike=values({"accessMode": "ReadWriteMany"}, **fields))
    assert_accepted(values({}, replicas=1, rollout={"recreate": True}), *WEB_AT)
    assert_accepted(values({}, replicas=1, rollout={"maxSurge": 0, "maxUnavailable": 1}), *WEB_AT)


@pytest.mark.parametrize(
    "extra",
    [
        held_case("B21", {"spec": {"containers": {"name": "web"}}}, row="containers as a mapping"),
        held_case("B21", {"spec": {"containers": [{"name": "wbe", "tty": True}]}}, row="no such container"),
        held_case("B21", {"spec": {"containers": [{"tty": True}]}}, row="a container without a name"),
        held_case("B21", {"spec": {"containers": None}}, row="no containers"),
        held_case("B21", {"spec": {"initContainers": [{"name": "log", "tty": True}]}}, row="no such init container"),
        held_case("B21", {"spec": {"containers": [{"name": "web", "env": [{"value": "x"}]}]}}, row="no name"),
        held_case("B21", {"spec": {"containers": [{"name": "web", "env": {"A": "x"}}]}}, row="env as a mapping"),
        held_case("B21", {"spec": {"volumes": [{"emptyDir": {}}]}}, row="a volume without a name"),
    ],
)
def test_extra_of_the_wrong_shape_is_rejected(extra: Any) -> None:
    # Pod Security rejects most containers that aren't there, and that isn't the case.
    level = {"podSecurity": "privileged"}
    known = {"spec": {"containers": [{"name": "web", "tty": True}]}}
    stacks = [{**service(extra=it), **level} for it in (extra, known)]
    assert_rejected(stacks[0], *WEB_AT, "extra", unlike=stacks[1])


def test_extra_of_the_wrong_shape_is_rejected_in_python() -> None:
    args: Any = {"image": "registry.example.com/web:1.0", "port": 8080, "extra": {"spec": []}}
    assert raised_by(lambda: WebService("web", args))


@pytest.mark.parametrize(
    "kind", [held_case("B26", kind, row=kind) for kind in ("Deployment", "StatefulSet", "ReplicaSet")]
)
def test_a_service_can_leave_its_replicas_to_something_else(kind: str) -> None:
    values = service(kind=kind, externalReplicas=True)
    assert "replicas" not in one(render(values), kind)["spec"]
    for other in ({"replicas": 2}, {"autoscaling": {"maxReplicas": 3}}):
        assert_rejected(service(kind=kind, externalReplicas=True, **other), *WEB_AT, unlike=values)


# B11, B13, B14, B17, B18, B19: load balancers.

DNS = {"dns": {"image": "registry.example.com/dns:1", "ports": {"dns": {"port": 5353, "protocol": "UDP"}}}}


def dns_balancer(ports: Any, services: Any = DNS, **exposure: Any) -> dict[str, Any]:
    given = {"target": {"service": "dns"}, "ports": ports, "exposure": {**PRESERVED, **exposure}}
    return stack(services=services, loadBalancers={"front": given})


def test_a_balancers_port_has_the_protocol_of_its_target() -> None:
    manifests = rendered_unless_rejected(dns_balancer({"dns": {"port": 53, "targetPort": 5353}}), *FRONT)
    assert manifests is None or balancer_service(manifests)["spec"]["ports"][0]["protocol"] == "UDP"


def test_a_target_port_that_nothing_listens_on_is_rejected() -> None:
    def ports(target: int) -> dict[str, Any]:
        return dns_balancer({"dns": {"port": 53, "targetPort": target, "protocol": "UDP"}})

    assert_rejected(ports(5354), *FRONT, "ports", unlike=ports(5353))


def test_one_port_for_both_protocols_has_one_target_port_on_aws() -> None:
    both = {"tcp": {"port": 5353}, "udp": {"port": 5354, "protocol": "UDP"}, "both": {"port": 5353, "protocol": "UDP"}}
    services = {"dns": {"image": "registry.example.com/dns:1", "ports": both}}

    def values(udp: int) -> dict[str, Any]:
        ports = {"tcp": {"port": 53, "targetPort": 5353}, "udp": {"port": 53, "targetPort": udp, "protocol": "UDP"}}
        # UDP has no health check of its own.
        return dns_balancer(ports, services, platform="aws-controller", health={"port": 5353})

    assert_rejected(values(5354), *FRONT, unlike=values(5353))


def test_udp_over_both_families_is_reported_or_has_ipv6_targets() -> None:
    values = dns_balancer(
        {"dns": {"port": 53, "targetPort": 5353, "protocol": "UDP"}},
        platform="aws-controller",
        ipAddressType="dualstack",
        health={"port": 8080},
    )
    if not is_reported(values, *FRONT, explain=False):
        assert "IPv6" in balancer_service(render(values))["spec"].get("ipFamilies", [])


def _proxied(platform: str, annotation: str, client_ip: str) -> dict[str, Any]:
    exposure = {**INTERNET, "allowedSources": ["0.0.0.0/0"], "platform": platform, "clientIp": client_ip}
    reads = {"targetReadsProxyProtocol": True} if client_ip == "proxy-protocol" else {}
    return balancer({**exposure, "annotations": {annotation: "true"}}, **reads)


HETZNER = "load-balancer.hetzner.cloud/uses-proxyprotocol"


def test_a_known_annotation_declares_the_proxy_protocol() -> None:
    assert_accepted(_proxied("generic", HETZNER, "proxy-protocol"), *FRONT, "exposure", "clientIp")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        held_case("B17", annotation, value, row=annotation.partition("/")[2] or annotation)
        for annotation, value in (
            (HETZNER, "true"),
            (f"{_BETA}do-loadbalancer-enable-proxy-protocol", "true"),
            (f"{_BETA}scw-loadbalancer-proxy-protocol-v2", "*"),
            (f"{_BETA}vultr-loadbalancer-proxy-protocol", "true"),
            (f"{_BETA}linode-loadbalancer-proxy-protocol", "v2"),
            (f"{_BETA}linode-loadbalancer-port-443", '{"proxy-protocol": "v2"}'),
            ("loadbalancer.openstack.org/proxy-protocol", "true"),
            (f"{_BETA}oci-load-balancer-connection-proxy-protocol-version", "2"),
            ("oci-network-load-balancer.oraclecloud.com/is-ppv2-enabled", "true"),
            ("kubernetes.civo.com/loadbalancer-enable-proxy-protocol", "send-proxy-v2"),
            ("k8s.cloudscale.ch/loadbalancer-pool-protocol", "proxyv2"),
            ("service.kubernetes.io/ibm-load-balancer-cloud-provider-enable-features", "proxy-protocol"),
            (f"{_BETA}alibaba-cloud-loadbalancer-proxy-protocol", "on"),
        )
    ],
)
def test_the_proxy_protocol_of_known_controllers_is_recognized(annotation: str, value: str) -> None:
    def values(client_ip: str, value: str) -> dict[str, Any]:
        proxied = _proxied("generic", annotation, client_ip)
        proxied["loadBalancers"]["front"]["exposure"]["annotations"] = {annotation: value}
        return proxied

    assert_accepted(values("proxy-protocol", value), *FRONT)
    assert_rejected(values("preserve", value), *FRONT, unlike=values("preserve", "false"))
    assert is_rejected(values("proxy-protocol", "false"), *FRONT)


def test_a_load_balancer_that_is_configured_elsewhere_can_be_declared() -> None:
    def values(client_ip: str, **fields: Any) -> dict[str, Any]:
        exposure = {**INTERNET, "allowedSources": ["0.0.0.0/0"], "platform": "generic", "clientIp": client_ip}
        reads = {"targetReadsProxyProtocol": True} if client_ip == "proxy-protocol" else {}
        return balancer({**exposure, **fields}, **reads)

    declared = values("proxy-protocol", proxyProtocolConfigured=True)
    assert_rejected(values("proxy-protocol"), *FRONT, unlike=declared)
    assert is_rejected(values("preserve", proxyProtocolConfigured=True), *FRONT)


@pytest.mark.parametrize(
    ("platform", "annotation"),
    [
        held_case("B17", "generic", HETZNER, row="Hetzner"),
        held_case("B17", "gke", "example.com/proxy-protocol", row="GKE"),
        held_case("B17", "azure", f"{_BETA}azure-pls-proxy-protocol", row="Azure Private Link"),
    ],
)
def test_a_proxy_protocol_that_nothing_reads_is_rejected(platform: str, annotation: str) -> None:
    assert_rejected(
        _proxied(platform, annotation, "preserve"), *FRONT, unlike=_proxied(platform, "example.com/other", "preserve")
    )


@pytest.mark.parametrize(
    "exposure",
    [
        held_case("B18", {**INTERNET, "platform": "azure", "staticAddresses": ["shop-ip"]}, row="azure"),
        held_case(
            "B18", {"scope": "internal", "platform": "gke", "staticAddresses": ["shop-ip"]}, row="internal on gke"
        ),
    ],
)
def test_two_balancers_share_an_address_by_different_ports(exposure: Any) -> None:
    def values(second: int) -> dict[str, Any]:
        target = {"target": {"service": "web"}, "exposure": exposure}
        ports = {"front": 80, "back": second}
        balancers = {
            name: {**target, "ports": {"http": {"port": it, "targetPort": 8080}}} for name, it in ports.items()
        }
        return stack(loadBalancers=balancers)

    assert is_rejected(values(80), "loadBalancers")
    assert_accepted(values(81), "loadBalancers")


def test_only_what_shares_an_address_is_accepted_with_other_ports() -> None:
    """On GKE, an internal address can be shared, and no other one."""
    inside = {"scope": "internal", "platform": "gke", "staticAddresses": ["shop-ip"]}
    public = {**PRESERVED, "staticAddresses": ["shop-ip"]}

    def values(*exposures: Any) -> dict[str, Any]:
        balancers = {
            f"front{number}": {
                "target": {"service": "web"},
                "exposure": exposure,
                "ports": {"http": {"port": 80 + number, "targetPort": 8080}},
            }
            for number, exposure in enumerate(exposures)
        }
        return stack(loadBalancers=balancers)

    assert_rejected(values(public, public), "loadBalancers", unlike=values(inside, inside))
    assert is_rejected(values(inside, public), "loadBalancers")


def test_the_proxy_protocol_on_aws_legacy_states_its_version() -> None:
    schema = json.loads((ROOT / "components" / "schema.json").read_text())
    values = [value for it in schema["types"].values() for value in it.get("enum", [])]
    about = [it.get("description", "") for it in values if it.get("value") in ("aws-legacy", "proxy-protocol")]
    assert any("1.34" in it for it in about)


# B15, B16: load balancers that Pulumi owns.

HTTPS = {"port": 443, "protocol": "https", "target": "web"}
PREFIX_LIST_WEIGHT = 55
QUOTA = 60


@pytest.mark.parametrize("platform", [held_case("B11", name, row=name) for name in ("gke", "azure", "generic")])
def test_a_port_of_a_gateway_or_a_sidecar_is_one_that_it_listens_on(platform: str) -> None:
    exposure = {**INTERNET, "platform": platform, "clientIp": "preserve"}
    edge = gateway({"host": SHOP}, settings={"forwardedFor": "append"}, exposure={**exposure, "scope": "internal"})
    sidecar = service(sidecars=[{"name": "admin", "image": "admin:1", "port": 9090}])

    def values(whole: Any, target: Any, number: int) -> dict[str, Any]:
        front = {"target": target, "ports": {"admin": {"port": 443, "targetPort": number}}, "exposure": exposure}
        return {**whole, "loadBalancers": {"front": front}}

    assert_rejected(values(sidecar, {"service": "web"}, 9091), *FRONT, unlike=values(sidecar, {"service": "web"}, 9090))
    assert is_rejected(values(edge, {"gateway": "edge"}, 9999), *FRONT)


def test_the_rules_of_a_security_group_fit_its_quota() -> None:
    sources = {"cloudfront": {"prefixList": "pl-0123456789abcdef0"}}
    hosts = {SHOP: {"certificate": CERTIFICATE}}
    values = aws_balancer(allowedSources=None, sources=sources, hosts=hosts, listeners=[HTTPS])
    if is_rejected(values, *AWS_FRONT):
        return
    weights: dict[str, int] = defaultdict(int)
    rules = [it for it in render_aws(values) if it["type"].endswith(":SecurityGroupIngressRule")]
    assert rules
    for rule in rules:
        inputs = rule["inputs"]
        weights[inputs["securityGroupId"]] += PREFIX_LIST_WEIGHT if inputs.get("prefixListId") else 1
    assert max(weights.values()) <= QUOTA


def _attachments(*hosts: str) -> set[tuple[str, str]]:
    given = {
        "main.example.com": {"certificate": f"{CERTIFICATE}0"},
        **{it: {"certificate": CERTIFICATE} for it in hosts},
    }
    resources = render_aws(aws_balancer(hosts=given, defaultHost="main.example.com", listeners=[HTTPS]))
    found = [it for it in resources if it["type"].endswith(":ListenerCertificate")]
    return {(it["name"], it["inputs"]["certificateArn"]) for it in found}


@pytest.mark.parametrize(
    "after",
    [
        held_case("B16", ("a.example.com",), row="a host removed"),
        held_case("B16", ("a.example.com", "c.example.com"), row="a host renamed"),
        held_case("B16", ("b.example.com", "a.example.com"), row="hosts in another order"),
        held_case("B16", ("a.example.com", "b.example.com", "0.example.com"), row="a host added"),
    ],
)
def test_a_certificate_is_attached_once_whatever_its_hosts(after: tuple[str, ...]) -> None:
    before = _attachments("a.example.com", "b.example.com")
    assert len(before) == 1
    assert _attachments(*after) == before
