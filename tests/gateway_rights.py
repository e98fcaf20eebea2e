"""What each controller asks the API server for, and where its source says so.

Read at F5 NGINX Ingress Controller 5.5.4 (nginx/kubernetes-ingress, tag v5.5.4) and ingress-nginx 1.15.1
(kubernetes/ingress-nginx, tag controller-v1.15.1). A list that is kept up to date is `list` and `watch`
(client-go's reflector asks for nothing else).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

OWN, SERVED, CLUSTER = "own", "served", "cluster"
"""Where a right is needed: in the controller's namespace, in each that it serves, or with what is in none."""

CORE, APPS, NETWORKING = "v1", "apps/v1", "networking.k8s.io/v1"
DISCOVERY, COORDINATION, F5 = "discovery.k8s.io/v1", "coordination.k8s.io/v1", "k8s.nginx.org/v1"


@dataclass(frozen=True)
class Right:
    """One verb on one resource. ``name`` is that of the only object that is asked for."""

    scope: str
    verb: str
    api: str
    resource: str
    name: str = ""

    @property
    def group(self) -> str:
        return self.api.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.scope} {self.verb} {self.resource} {self.name}".strip()


def _rights(scope: str, verbs: str, api: str, resources: str, name: str = "") -> list[Right]:
    return [Right(scope, verb, api, resource, name) for resource in resources.split() for verb in verbs.split()]


CLASS, LEASE = "CLASS", "LEASE"
"""Stand for the names of a gateway's IngressClass and Lease."""

F5_NEEDS: Sequence[tuple[list[Right], str]] = (
    (_rights(CLUSTER, "get", NETWORKING, "ingressclasses", CLASS), "cmd/nginx-ingress/main.go:462"),
    (_rights(OWN, "get", CORE, "pods"), "cmd/nginx-ingress/main.go:104, 1100"),
    (_rights(OWN, "update", CORE, "pods"), "cmd/nginx-ingress/main.go:1123"),
    (_rights(OWN, "get", CORE, "configmaps"), "cmd/nginx-ingress/main.go:1045"),
    (_rights(OWN, "list watch", CORE, "configmaps"), "internal/k8s/configmap.go:55"),
    (_rights(OWN, "get update", COORDINATION, "leases", LEASE), "internal/k8s/leader.go:42"),
    (_rights(OWN, "create", COORDINATION, "leases"), "internal/k8s/leader.go:42"),
    (_rights(SERVED, "list watch", NETWORKING, "ingresses"), "internal/k8s/controller.go:682"),
    (_rights(SERVED, "get", NETWORKING, "ingresses"), "internal/k8s/status.go:195"),
    (_rights(SERVED, "update", NETWORKING, "ingresses/status"), "internal/k8s/status.go:158"),
    (_rights(SERVED, "list watch", CORE, "services"), "internal/k8s/service.go:131"),
    (_rights(SERVED, "list watch", CORE, "pods"), "internal/k8s/controller.go:693"),
    (_rights(SERVED, "list watch", CORE, "secrets"), "internal/k8s/controller.go:670"),
    (_rights(SERVED, "list watch", DISCOVERY, "endpointslices"), "internal/k8s/endpoint_slice.go:49"),
    (_rights(SERVED, "create patch", CORE, "events"), "cmd/nginx-ingress/main.go:113"),
)
F5_NAMED: Sequence[tuple[list[Right], str]] = (
    (_rights(SERVED, "get", CORE, "namespaces"), "cmd/nginx-ingress/main.go:496"),
)
"""Where the namespaces that it serves are named to it."""
F5_CUSTOM: Sequence[tuple[list[Right], str]] = (
    (
        _rights(SERVED, "list watch", F5, "virtualservers virtualserverroutes transportservers policies"),
        "internal/k8s/controller.go:614-623",
    ),
    (
        _rights(SERVED, "get", F5, "virtualservers virtualserverroutes transportservers policies"),
        "internal/k8s/status.go:364, 379, 394, 730",
    ),
    (
        _rights(
            SERVED,
            "update",
            F5,
            "virtualservers/status virtualserverroutes/status transportservers/status policies/status",
        ),
        "internal/k8s/status.go:453, 502, 569, 720",
    ),
    (_rights(SERVED, "list", CORE, "events"), "internal/k8s/controller.go:2472, 2516, transport_server.go:183"),
)
"""With its own resources."""

IN_NEEDS: Sequence[tuple[list[Right], str]] = (
    (_rights(CLUSTER, "list", NETWORKING, "ingressclasses"), "cmd/nginx/main.go:107"),
    (_rights(CLUSTER, "watch", NETWORKING, "ingressclasses"), "internal/ingress/controller/store/store.go:339"),
    (_rights(CLUSTER, "get", CORE, "nodes"), "internal/k8s/main.go:117"),
    (_rights(OWN, "get", CORE, "pods"), "internal/k8s/main.go:101"),
    (_rights(OWN, "list", CORE, "pods"), "internal/ingress/status/status.go:252"),
    (_rights(OWN, "get", CORE, "configmaps"), "internal/ingress/controller/store/store.go:886"),
    (_rights(OWN, "get", CORE, "services"), "cmd/nginx/main.go:276, internal/ingress/status/status.go:356"),
    (_rights(OWN, "get update", COORDINATION, "leases", LEASE), "internal/ingress/controller/status.go:105"),
    (_rights(OWN, "create", COORDINATION, "leases"), "internal/ingress/controller/status.go:105"),
    (_rights(SERVED, "list watch", NETWORKING, "ingresses"), "internal/ingress/controller/store/store.go:335"),
    (_rights(SERVED, "get", NETWORKING, "ingresses"), "internal/ingress/status/status.go:306"),
    (_rights(SERVED, "update", NETWORKING, "ingresses/status"), "internal/ingress/status/status.go:313"),
    (_rights(SERVED, "list watch", DISCOVERY, "endpointslices"), "internal/ingress/controller/store/store.go:343"),
    (_rights(SERVED, "list watch", CORE, "secrets"), "internal/ingress/controller/store/store.go:346"),
    (_rights(SERVED, "list watch", CORE, "configmaps"), "internal/ingress/controller/store/store.go:349"),
    (_rights(SERVED, "list watch", CORE, "services"), "internal/ingress/controller/store/store.go:352"),
    (_rights(SERVED, "create patch", CORE, "events"), "internal/ingress/controller/store/store.go:278, nginx.go:80"),
)
IN_NAMED: Sequence[tuple[list[Right], str]] = ((_rights(SERVED, "get", CORE, "namespaces"), "cmd/nginx/main.go:94"),)


def needs_of(controller: str, *, named: bool, custom: bool = False) -> list[Right]:
    """What the controller needs; ``named`` where the namespaces that it serves are named to it."""
    f5 = controller == "f5-nginx"
    parts = [F5_NEEDS if f5 else IN_NEEDS]
    if named:
        parts.append(F5_NAMED if f5 else IN_NAMED)
    if custom:
        parts.append(F5_CUSTOM)
    return [right for part in parts for rights, _source in part for right in rights]


def in_namespaces(
    needs: Iterable[Right], own: str, served: Sequence[str] | None, names: Mapping[str, str]
) -> set[tuple[str, Right]]:
    """Each right with the namespace that it is needed in; none for what is needed in all, or with what is in none."""
    found: set[tuple[str, Right]] = set()
    for need in needs:
        where = {OWN: [own], CLUSTER: [""], SERVED: [""] if served is None else [own, *served]}[need.scope]
        found |= {(it, replace(need, scope="", name=names.get(need.name, ""))) for it in where}
    return found


def granted(manifests: Iterable[Mapping[str, Any]]) -> set[tuple[str, Right]]:
    """The rights that Roles and ClusterRoles give, each with its namespace; none for those of a ClusterRole."""
    return {
        (role["metadata"].get("namespace", ""), right)
        for role in manifests
        if role["kind"] in ("Role", "ClusterRole")
        for rule in role["rules"]
        for right in _of_rule(rule)
    }


def _of_rule(rule: Mapping[str, Any]) -> Iterator[Right]:
    versions = {it.rpartition("/")[0]: it for it in (CORE, APPS, NETWORKING, DISCOVERY, COORDINATION, F5)}
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                for name in rule.get("resourceNames", [""]):
                    yield Right("", verb, versions[group], resource, name)
