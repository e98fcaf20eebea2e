"""What changes of a running stack do: one table, for the tests on the real API server and for docs/changes.md.

In the parts of a stack, `{ns}` stands for the stack's namespace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

IMAGE = "registry.example.com/app"
OPEN: Mapping[str, Any] = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"]}
ON_GKE: Mapping[str, Any] = {**OPEN, "platform": "gke"}
REPLACED_AFTER = ("create-replacement", "replace", "delete-replaced")
REPLACED_BEFORE = ("delete-replaced", "replace", "create-replacement")
CREATED, DELETED = ("create",), ("delete",)

Parts = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A change, and what it does."""

    id: str
    change: str
    """What you edit, as the docs have it."""
    effect: str
    """What happens to the running stack, as the docs have it."""
    before: Parts
    after: Parts
    steps: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """What the engine does to each resource that doesn't stay, by its Pulumi name, in order. Others are updated, or
    don't change."""
    says: Sequence[str] = ()
    """The codes of what a preview warns of, or is rejected with."""
    preview_fails: bool = False
    """Whether a preview fails where an update doesn't, with a message that explains it."""
    rejected: bool = False
    """Whether a preview and an update are rejected, and nothing changes."""
    long: bool = True
    """Whether only `make long-test` runs it."""


def service(**fields: Any) -> dict[str, Any]:
    return {"image": f"{IMAGE}:1", "port": 8080, **fields}


def stateful(**fields: Any) -> dict[str, Any]:
    return service(kind="StatefulSet", **fields)


def storage(size: int = 1, **fields: Any) -> dict[str, Any]:
    return {"data": {"path": "/data", "sizeGib": size, "storageClass": "at-hand", **fields}}


def routed(*hosts: str, **fields: Any) -> dict[str, Any]:
    """A gateway of an existing class that nobody serves."""
    routes = [{"host": host, "target": {"service": "web"}, **fields} for host in hosts]
    exposed = {"controller": "generic", "className": "nobodys", "namespace": "{ns}", "controllerPeers": []}
    return {"edge": {**exposed, "publishesAddress": False, "routes": routes}}


def front(exposure: Parts = OPEN, name: str = "front") -> dict[str, Any]:
    return {name: {"target": {"service": "web"}, "exposure": exposure}}


WEB: Parts = {"services": {"web": service()}}
ROUTED: Parts = {**WEB, "gateways": routed("shop.example.com"), "loadBalancers": front()}


def renamed(old: str, new: str, *suffixes: str) -> dict[str, Sequence[str]]:
    """A component, and its objects, under another name."""
    names = ["", *(f"-{suffix}" for suffix in suffixes)]
    return {**{f"{new}{name}": CREATED for name in names}, **{f"{old}{name}": DELETED for name in names}}


SERVICE_OBJECTS = ("disruption-budget", "network-policy", "service", "service-account")
GATEWAY_OBJECTS = (
    *("class", "cluster-role", "cluster-role-binding", "config", "controller", "disruption-budget", "front-door"),
    *("metrics", "namespace", "network-policy", "role", "role-binding", "service", "service-account", "settings"),
)
BOTH_HOSTS: Parts = {**ROUTED, "gateways": routed("shop.example.com", "api.example.com")}
AUTOSCALED: Parts = {**ROUTED, "services": {"web": service(autoscaling={"minReplicas": 2, "maxReplicas": 4})}}
DATABASE: Parts = {"services": {"db": stateful(storage=storage())}}


CLAIMED: Mapping[str, Any] = {"claims": {"data": {"sizeGib": 1, "storageClass": "at-hand"}}}
SETTINGS: Parts = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}


def installed(controller: str, name: str = "{ns}-edge") -> dict[str, Any]:
    """A stack with a gateway whose controller Portico installs."""
    return {**WEB, "gateways": {name: {"exposure": OPEN, "controller": controller}}}


ROWS: Sequence[Row] = (
    Row(
        "image",
        "`image`, `env`, `resources`, probes, and other fields of the pods",
        "The pods are replaced one after the other. Each new pod is ready before an old one is deleted.",
        ROUTED,
        {**ROUTED, "services": {"web": service(image=f"{IMAGE}:2")}},
        long=False,
    ),
    Row(
        "secret",
        "`secretEnv`, `configFiles`",
        "A new Secret or ConfigMap is created, and the pods are replaced one after the other. The old one stays until "
        "the service is removed, because older revisions refer to it.",
        {**ROUTED, "services": {"web": service(secretEnv={"TOKEN": "one"})}},
        {**ROUTED, "services": {"web": service(secretEnv={"TOKEN": "two"})}},
        {"web-env": REPLACED_AFTER},
    ),
    Row(
        "port",
        "`port` of a service",
        "The pods are replaced one after the other, and the Service, the policies, and the load balancers follow. "
        "While both kinds of pods run, connections to the old ones fail.",
        ROUTED,
        {**ROUTED, "services": {"web": service(port=8081)}},
    ),
    Row(
        "kind",
        "`kind: Deployment` to `StatefulSet`",
        "The StatefulSet is created, and then the Deployment is deleted. The Service becomes headless, so it's deleted "
        "and created again. Routes and load balancers stay.",
        ROUTED,
        {**ROUTED, "services": {"web": stateful()}},
        {"web-stateful-set": CREATED, "web-deployment": DELETED, "web-service": REPLACED_BEFORE},
        ["service-replaced"],
    ),
    Row(
        "headless",
        "`service.headless`",
        "The Service is deleted and created again. Routes and load balancers stay, and the pods too.",
        ROUTED,
        {**ROUTED, "services": {"web": service(service={"headless": True})}},
        {"web-service": REPLACED_BEFORE},
        ["service-replaced"],
    ),
    Row(
        "selector",
        "`selector` of a service",
        "Kubernetes freezes the selector of a workload, so the workload is deleted with its pods and created again.",
        ROUTED,
        {**ROUTED, "services": {"web": service(selector={"app": "web"})}},
        {"web-deployment": REPLACED_BEFORE},
        ["pods-replaced-at-once"],
    ),
    Row(
        "storage-size",
        "`storage.NAME.sizeGib`",
        "Rejected, with the steps that keep the pods.",
        DATABASE,
        {"services": {"db": stateful(storage=storage(2))}},
        says=["storage-resized"],
        rejected=True,
    ),
    Row(
        "storage-class",
        "`storage.NAME.storageClass`, `accessMode`, another claim, `statefulSet.podManagement`",
        "Kubernetes freezes them, so the StatefulSet is deleted with its pods and created again. The claims stay, and "
        "the new pods mount them.",
        DATABASE,
        {"services": {"db": stateful(storage=storage(accessMode="ReadWriteOncePod"))}},
        {"db-stateful-set": REPLACED_BEFORE},
        ["pods-replaced-at-once"],
    ),
    Row(
        "storage-class-with-deleted-claims",
        "The same, with `statefulSet.claimsWhenDeleted: Delete`",
        "Rejected, because Kubernetes deletes the claims with the old StatefulSet, and their data.",
        {"services": {"db": stateful(storage=storage(), statefulSet={"claimsWhenDeleted": "Delete"})}},
        {
            "services": {
                "db": stateful(
                    storage=storage(accessMode="ReadWriteOncePod"), statefulSet={"claimsWhenDeleted": "Delete"}
                )
            }
        },
        says=["claims-deleted-by-replacement"],
        rejected=True,
    ),
    Row(
        "autoscaling-on",
        "`autoscaling`, added",
        "The autoscaler is created and takes over the number of pods as it is. No pod is replaced.",
        {**ROUTED, "services": {"web": service(replicas=3)}},
        AUTOSCALED,
        {"web-autoscaler": CREATED},
    ),
    Row(
        "autoscaling-off",
        "`autoscaling`, removed",
        "The autoscaler is deleted, and the number of pods is that of `replicas`. No other pod is replaced, "
        "also if the autoscaler has changed the number.",
        AUTOSCALED,
        {**ROUTED, "services": {"web": service(replicas=3)}},
        {"web-autoscaler": DELETED},
    ),
    Row(
        "route",
        "A route",
        "Its objects are created, updated, or deleted. Other routes don't change.",
        ROUTED,
        {**ROUTED, "gateways": routed("shop.example.com", path="/shop")},
        {},
    ),
    Row(
        "host",
        "`host` of a route",
        "The objects of the new host are created, and those of the old one are deleted. Other hosts don't change.",
        BOTH_HOSTS,
        {**ROUTED, "gateways": routed("shop.example.com", "www.example.com")},
        {},
    ),
    Row(
        "controller",
        "`controller` of a gateway that Portico installs",
        "The address stays. The IngressClass is deleted and created again, and until the new controller's pods are "
        "ready, the old ones serve routes that are written for the new one, or none.",
        installed("f5-nginx"),
        installed("ingress-nginx"),
        {"{ns}-edge-class": REPLACED_BEFORE},
        ["ingress-class-replaced"],
    ),
    Row(
        "platform",
        "`platform`, `scope`, or another field that identifies a load balancer",
        "The new load balancer is created first, and has another address. Then the old one is deleted.",
        {**WEB, "loadBalancers": front(ON_GKE)},
        {**WEB, "loadBalancers": front({**ON_GKE, "scope": "internal"})},
        {"front-service": REPLACED_AFTER},
        ["load-balancer-replaced"],
    ),
    Row(
        "static-address",
        "The same, with a static address, a name, or deletion protection",
        "Rejected, with the steps of the migration, because two load balancers can't have the same one.",
        {**WEB, "loadBalancers": front({**ON_GKE, "staticAddresses": ["shop"]})},
        {**WEB, "loadBalancers": front({**ON_GKE, "staticAddresses": ["shop"], "scope": "internal"})},
        says=["load-balancer-replacement-blocked", "load-balancers-cannot-share"],
        rejected=True,
    ),
    Row(
        "namespace",
        "`namespace` of the stack",
        "Every object is created in the new namespace first, with other addresses. Then the old namespace is deleted "
        "with all that's in it, **claims and their data included**.",
        {**WEB, "services": {"db": stateful(storage=storage()), "web": service()}, "loadBalancers": front()},
        {
            "namespace": "{ns}-new",
            "services": {"db": stateful(storage=storage()), "web": service()},
            "loadBalancers": front(),
        },
        {
            "{ns}-new": CREATED,
            "{ns}": DELETED,
            **{f"web-{suffix}": REPLACED_AFTER for suffix in ("deployment", *SERVICE_OBJECTS)},
            **{f"db-{suffix}": REPLACED_AFTER for suffix in ("stateful-set", *SERVICE_OBJECTS)},
            **{f"front-{suffix}": REPLACED_AFTER for suffix in ("network-policy", "service")},
        },
        ["claims-deleted", "entrance-moves"],
    ),
    Row(
        "load-balancer-name",
        "The name of a load balancer",
        "It's another load balancer with another address. The new one is created first.",
        {**WEB, "loadBalancers": front()},
        {**WEB, "loadBalancers": front(name="entrance")},
        renamed("front", "entrance", "network-policy", "service"),
        ["entrance-removed"],
    ),
    Row(
        "gateway-name",
        "The name of a gateway that Portico installs",
        "It's another gateway with another address. The new one is created first.",
        installed("f5-nginx"),
        installed("f5-nginx", "{ns}-entrance"),
        renamed("{ns}-edge", "{ns}-entrance", *GATEWAY_OBJECTS),
        ["entrance-removed"],
    ),
    Row(
        "service-name",
        "The name of a service",
        "The new one is created first, and routes and load balancers move to it. Then the old one is deleted.",
        WEB,
        {"services": {"site": service()}},
        renamed("web", "site", "deployment", *SERVICE_OBJECTS),
    ),
    Row(
        "stateful-name",
        "The name of a StatefulSet with storage",
        "The new one starts with empty claims. Those of the old one stay with their data.",
        DATABASE,
        {"services": {"store": stateful(storage=storage())}},
        renamed("db", "store", "stateful-set", *SERVICE_OBJECTS),
        ["claims-left-behind"],
    ),
    Row(
        "job-image",
        "`image`, `args`, or another field of a job's pods",
        "The Job is deleted with its pods, and another one runs. The services in `before` follow when it's complete.",
        {"jobs": {"migrate": {"image": f"{IMAGE}:1"}}},
        {"jobs": {"migrate": {"image": f"{IMAGE}:2"}}},
        {"migrate": REPLACED_BEFORE},
    ),
    Row(
        "schedule-name",
        "The name of a job with `schedule`",
        "The new CronJob is created first. Then the old one is deleted with its runs.",
        {"jobs": {"report": {"image": f"{IMAGE}:1", "schedule": "@yearly"}}},
        {"jobs": {"digest": {"image": f"{IMAGE}:1", "schedule": "@yearly"}}},
        renamed("report", "digest", "cron-job", "network-policy", "service-account"),
        ["runs-deleted"],
    ),
    Row(
        "namespace-exists",
        "`namespace.existing` of the stack's own namespace, or a gateway's `namespace` with the name of its own",
        "Rejected, because the namespace would be deleted with everything in it.",
        WEB,
        {"namespace": {"name": "{ns}", "existing": True}, **WEB},
        says=["namespace-in-use"],
        rejected=True,
    ),
    Row(
        "namespace-with-claims",
        "`namespace` of a stack with `claims`",
        "New claims are created in the new namespace. The old ones are deleted with the old namespace, **and their "
        "data**.",
        CLAIMED,
        {"namespace": "{ns}-new", **CLAIMED},
        {
            "{ns}-new": CREATED,
            "{ns}": DELETED,
            "{ns}-new-claim-data": CREATED,
            "{ns}-claim-data": DELETED,
        },
        ["claim-deleted"],
    ),
    Row(
        "claim-name",
        "The name of one of `claims`, or its removal",
        "The old claim stays with its data. One with another name is new and empty.",
        CLAIMED,
        {"claims": {"files": CLAIMED["claims"]["data"]}},
        {"{ns}-claim-files": CREATED, "{ns}-claim-data": DELETED},
        ["claim-left-behind"],
    ),
    Row(
        "claim-goes",
        "The same, with `whenDeleted: Delete`, and of a claim among `manifests`",
        "The claim is deleted, **and its data**.",
        {"claims": {"data": {**CLAIMED["claims"]["data"], "whenDeleted": "Delete"}}},
        {"claims": {}},
        {"{ns}-claim-data": DELETED},
        ["claim-deleted"],
    ),
    Row(
        "claim-class",
        "`storageClass` or `accessMode` of one of `claims`, or a smaller `sizeGib`",
        "Rejected, with the steps that move the data: Kubernetes freezes them.",
        CLAIMED,
        {"claims": {"data": {**CLAIMED["claims"]["data"], "storageClass": "other"}}},
        says=["claim-frozen"],
        rejected=True,
    ),
    Row(
        "object-moved",
        "An object from `configMaps`, `secrets`, or `claims` to `manifests`, or a manifest's `namespace`",
        "Rejected, because the object would be taken over, and then deleted.",
        {"configMaps": {"settings": {"data": {"a": "b"}}}},
        {"manifests": [SETTINGS]},
        says=["object-deleted-by-move"],
        rejected=True,
    ),
    Row(
        "secret-type",
        "`type` of one of `secrets`",
        "Kubernetes freezes it, so the Secret is deleted and created again. Pods that start in between wait for it.",
        {"secrets": {"login": {"stringData": {"username": "a", "password": "b"}}}},
        {"secrets": {"login": {"type": "kubernetes.io/basic-auth", "stringData": {"username": "a", "password": "b"}}}},
        {"{ns}-secret-login": REPLACED_BEFORE},
    ),
    Row(
        "gateway-key",
        "The key of a component, with `name` kept",
        "Only the stack file changes. Nothing is replaced.",
        installed("f5-nginx"),
        {**WEB, "gateways": {"front": {"name": "{ns}-edge", "exposure": OPEN, "controller": "f5-nginx"}}},
    ),
)
