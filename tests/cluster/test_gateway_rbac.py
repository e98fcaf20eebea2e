"""With its own token, each controller can do all that it asks the API server for, and nothing that it need not."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.definitions import f5_definition
from tests.gateway_rights import CLASS, COORDINATION, CORE, F5, F5_CUSTOM, LEASE, Right, in_namespaces, needs_of
from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster

PROGRAM = """\
from pulumi_portico import IngressGateway

for name, args in {gateways!r}.items():
    IngressGateway(name, {{"upstream": {{}}, **args}})
"""


@dataclass(frozen=True)
class Installed:
    """A gateway of the program."""

    controller: str
    served: tuple[str, ...] | None = None
    custom: bool = False

    def args(self) -> dict[str, Any]:
        installation = {} if self.served is None else {"served_namespaces": list(self.served)}
        crds = {"crds": {"path": "crds.yaml"}} if self.custom else {}
        return {"controller": self.controller, "installation": {**installation, "metrics": False}, **crds}


SHOP, PAY = "rbac-shop", "rbac-pay"
GATEWAYS = {
    "rights-f5": Installed("f5-nginx"),
    "rights-f5-named": Installed("f5-nginx", (SHOP,)),
    "rights-f5-custom": Installed("f5-nginx", (SHOP,), custom=True),
    "rights-in": Installed("ingress-nginx"),
    "rights-in-own": Installed("ingress-nginx", ()),
}
ROWS = [
    "rights-f5-named",
    *(pytest.param(name, marks=pytest.mark.long) for name in GATEWAYS if name != "rights-f5-named"),
]

KINDS = {
    "virtualservers": "VirtualServer",
    "virtualserverroutes": "VirtualServerRoute",
    "transportservers": "TransportServer",
    "policies": "Policy",
    "globalconfigurations": "GlobalConfiguration",
}
NAMED = "one"
PORTS = [{"port": 80}]
SERVICE = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": PORTS}}
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "spec": {"defaultBackend": {"service": {"name": NAMED, "port": {"number": 80}}}},
}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "spec": {"containers": [{"name": "a", "image": "registry.example.com/a:1", "securityContext": RESTRICTED}]},
}
OBJECTS: Sequence[dict[str, Any]] = (
    SERVICE,
    INGRESS,
    POD,
    {"apiVersion": "v1", "kind": "Secret"},
    {"apiVersion": "v1", "kind": "ConfigMap"},
    {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": []},
    {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"},
)
"""One of each in every namespace, for who may look at it."""


@pytest.fixture(scope="module")
def gateways(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster with every gateway, and something to look at in each namespace."""
    for namespace in (SHOP, PAY):
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=20s")
    program = PulumiProgram(tmp_path_factory.mktemp("rights"), cluster.env())
    definitions = [f5_definition(kind, plural) for plural, kind in KINDS.items()]
    (program.folder / "crds.yaml").write_text(yaml.safe_dump_all(definitions))
    program.write(PROGRAM.format(gateways={name: it.args() for name, it in GATEWAYS.items()}))
    program.up()
    try:
        for plural in KINDS:
            name = f"customresourcedefinition/{plural}.k8s.nginx.org"
            cluster.kubectl("wait", "--for=condition=Established", name, "--timeout=20s")
        custom = [{"apiVersion": F5, "kind": kind, "spec": {}} for kind in KINDS.values()]
        for namespace in (SHOP, PAY, *GATEWAYS):
            metadata = {"name": NAMED, "namespace": namespace}
            cluster.apply(*({**it, "metadata": metadata} for it in (*OBJECTS, *custom)))
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", SHOP, PAY, "--wait=false")
        program.destroy()


class Account:
    """The API server, as it answers the holder of a ServiceAccount's token."""

    def __init__(self, cluster: Cluster, namespace: str, name: str) -> None:
        config = yaml.safe_load(Path(cluster.kubeconfig).read_text())["clusters"][0]["cluster"]
        self._server: str = config["server"]
        self._context = ssl.create_default_context(cafile=config["certificate-authority"])
        self._token = cluster.kubectl("create", "token", name, "-n", namespace).strip()

    @property
    def subject(self) -> str:
        """Whose token it is, as the token itself says."""
        body = self._token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"]

    def ask(self, method: str, path: str, body: Any = None) -> int:
        """The status of the answer."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._server + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=20) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def account(gateways: Cluster, gateway: str) -> Account:
    return Account(gateways, gateway, gateway)


def where(api: str, namespace: str, resource: str) -> str:
    """The path of a resource; of one in a namespace, below that."""
    base = "/api/v1" if api == CORE else f"/apis/{api}"
    return f"{base}/namespaces/{namespace}/{resource}" if namespace else f"{base}/{resource}"


def exercise(cluster: Cluster, account: Account, namespace: str, right: Right, existing: Mapping[str, str]) -> int:
    """Do what the right is for, and answer the status."""
    resource, _, subresource = right.resource.partition("/")
    if resource == "namespaces":
        return account.ask("GET", f"/api/v1/namespaces/{namespace}")
    collection = where(right.api, namespace, resource)
    if right.verb in ("list", "watch"):
        return account.ask("GET", collection + ("?watch=true&timeoutSeconds=1" if right.verb == "watch" else ""))
    # Where the right is for every namespace, one of them will do.
    if not namespace and resource not in ("nodes", "ingressclasses"):
        namespace = SHOP
        collection = where(right.api, namespace, resource)
    name = right.name or existing.get(resource, NAMED)
    if right.verb == "create":
        return account.ask("POST", collection, created(right, namespace, name))
    if right.verb == "get":
        return account.ask("GET", f"{collection}/{name}")
    if right.verb == "patch":
        made = created(right, namespace, "")
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(made))
        return account.ask("PATCH", f"{collection}/{made['metadata']['name']}", {"count": 2})
    assert right.verb == "update"
    there = json.loads(cluster.kubectl("get", "--raw", f"{collection}/{name}"))
    changed = {**there, "metadata": {**there["metadata"], "labels": {"seen": "true"}}}
    if subresource:
        changed = {**there, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
    return account.ask("PUT", f"{collection}/{name}" + (f"/{subresource}" if subresource else ""), changed)


def created(right: Right, namespace: str, name: str) -> dict[str, Any]:
    if right.resource == "events":
        fresh = {"name": f"seen.{secrets.token_hex(4)}", "namespace": namespace}
        about = {"kind": "Ingress", "namespace": namespace, "name": NAMED}
        return {"apiVersion": "v1", "kind": "Event", "metadata": fresh, "involvedObject": about, "reason": "Seen"}
    assert right.resource == "leases"
    return {"apiVersion": COORDINATION, "kind": "Lease", "metadata": {"name": name, "namespace": namespace}}


@pytest.mark.parametrize("gateway", ROWS)
def test_every_verb_that_the_controller_needs_succeeds(gateways: Cluster, account: Account, gateway: str) -> None:
    installed = GATEWAYS[gateway]
    assert account.subject == f"system:serviceaccount:{gateway}:{gateway}"
    existing = {"nodes": gateways.get("nodes")["items"][0]["metadata"]["name"]}
    lease = f"{gateway}-leader"
    gateways.kubectl("delete", "lease", lease, "-n", gateway, "--ignore-not-found")
    needs = needs_of(installed.controller, named=installed.served is not None, custom=installed.custom)
    wanted = in_namespaces(needs, gateway, installed.served, {CLASS: gateway, LEASE: lease})
    # The Lease is there once it was created.
    ordered = sorted(wanted, key=lambda it: (it[1].verb != "create", str(it)))
    for namespace, right in ordered:
        named = {**existing, "leases": lease}
        status = exercise(gateways, account, namespace, right, named)
        assert status in (200, 201), f"{status}: {right.verb} {right.resource} {right.name} in {namespace or 'all'}"


def forbidden(gateway: str) -> list[tuple[str, str, Any]]:
    """What no controller need do, or not this one: the method, the path, the body."""
    installed = GATEWAYS[gateway]
    places = [gateway, SHOP, PAY, "kube-system", "default"]
    asked: list[tuple[str, str, Any]] = []
    for place in places:
        core = f"/api/v1/namespaces/{place}"
        asked += [
            ("GET", f"{core}/secrets/{NAMED}", None),
            ("POST", f"{core}/secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "more"}}),
            ("PATCH", f"{core}/secrets/{NAMED}", {"data": {}}),
            ("DELETE", f"{core}/secrets/{NAMED}", None),
            ("POST", f"{core}/services", {**SERVICE, "metadata": {"name": "more"}}),
            ("PATCH", f"{core}/services/{NAMED}", {"spec": {}}),
            ("PATCH", f"{core}/services/{NAMED}/status", {"status": {}}),
            ("DELETE", f"{core}/services/{NAMED}", None),
            ("PATCH", f"{core}/configmaps/{NAMED}", {"data": {}}),
            ("POST", f"{core}/pods", {**POD, "metadata": {"name": "more"}}),
            ("DELETE", f"{core}/pods/{NAMED}", None),
            ("PATCH", f"{core}/pods/{NAMED}", {"metadata": {"labels": {}}}),
            ("POST", f"{core}/pods/{NAMED}/exec?command=id", None),
            ("GET", f"{core}/pods/{NAMED}/log", None),
            ("DELETE", f"{core}/events", None),
            ("POST", f"{core}/serviceaccounts/default/token", {"spec": {}}),
            ("GET", f"{core}/serviceaccounts", None),
            ("GET", f"{core}/endpoints", None),
            ("GET", f"/apis/apps/v1/namespaces/{place}/replicasets", None),
            ("GET", f"/apis/apps/v1/namespaces/{place}/deployments", None),
            ("PATCH", f"/apis/apps/v1/namespaces/{place}/deployments/{NAMED}", {}),
            ("PATCH", f"/apis/networking.k8s.io/v1/namespaces/{place}/ingresses/{NAMED}", {"spec": {}}),
            ("DELETE", f"/apis/networking.k8s.io/v1/namespaces/{place}/ingresses/{NAMED}", None),
            ("GET", f"/apis/networking.k8s.io/v1/namespaces/{place}/networkpolicies", None),
            ("GET", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{place}/roles", None),
            ("GET", f"/apis/coordination.k8s.io/v1/namespaces/{place}/leases", None),
            ("GET", f"/apis/coordination.k8s.io/v1/namespaces/{place}/leases/{NAMED}", None),
            ("PATCH", f"/apis/coordination.k8s.io/v1/namespaces/{place}/leases/{NAMED}", {}),
            ("GET", f"/apis/{F5}/namespaces/{place}/globalconfigurations", None),
            ("DELETE", f"/apis/{F5}/namespaces/{place}/policies/{NAMED}", None),
            ("PATCH", f"/apis/{F5}/namespaces/{place}/virtualservers/{NAMED}", {"spec": {}}),
        ]
        if place != gateway:
            asked.append(("GET", f"{core}/pods/{NAMED}", None))
            asked.append(("GET", f"{core}/configmaps/{NAMED}", None))
        if not installed.custom:
            asked += [("GET", f"/apis/{F5}/namespaces/{place}/{plural}", None) for plural in KINDS]
            asked.append(("GET", f"{core}/events", None))
        if installed.served is not None and place not in (gateway, *installed.served):
            asked += [("GET", f"{core}/{it}", None) for it in ("secrets", "services", "configmaps", "pods")]
            asked += [
                ("GET", core, None),
                ("GET", f"/apis/networking.k8s.io/v1/namespaces/{place}/ingresses", None),
                ("GET", f"/apis/discovery.k8s.io/v1/namespaces/{place}/endpointslices", None),
                ("GET", f"/apis/{F5}/namespaces/{place}/virtualservers", None),
                ("PATCH", f"/apis/networking.k8s.io/v1/namespaces/{place}/ingresses/{NAMED}/status", {}),
                ("POST", f"{core}/events", {}),
            ]
    if installed.served is not None:
        asked += [("GET", f"/api/v1/{it}", None) for it in ("secrets", "services", "pods", "configmaps")]
        asked.append(("GET", "/apis/networking.k8s.io/v1/ingresses", None))
    if installed.controller == "f5-nginx":
        others = next(it for it in GATEWAYS if it != gateway)
        asked += [
            ("GET", "/apis/networking.k8s.io/v1/ingressclasses", None),
            ("GET", f"/apis/networking.k8s.io/v1/ingressclasses/{others}", None),
            ("GET", "/api/v1/nodes/node-a", None),
        ]
    return [
        *asked,
        ("GET", "/api/v1/nodes", None),
        ("GET", "/api/v1/namespaces", None),
        ("PATCH", "/api/v1/namespaces/default", {}),
        ("PATCH", f"/apis/networking.k8s.io/v1/ingressclasses/{gateway}", {}),
        ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles", None),
        ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {}),
        ("GET", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", None),
        ("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", None),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {}),
        ("GET", "/metrics", None),
    ]


@pytest.mark.parametrize("gateway", ROWS)
def test_what_the_controller_need_not_do_is_refused(account: Account, gateway: str) -> None:
    asked = forbidden(gateway)
    assert len(asked) > 100
    let_through = [(status, *it[:2]) for it in asked if (status := account.ask(*it)) != 403]
    assert let_through == []


def test_the_table_names_a_source_for_every_right() -> None:
    for rights, source in F5_CUSTOM:
        assert rights
        assert ".go:" in source
