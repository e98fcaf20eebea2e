"""The pods of a WebService: their volumes, their other containers, where they run, and what they may do."""

from typing import Any

import pulumi
import pytest
from pulumi_portico.merge import merged
from pulumi_portico.testing import Secret

from tests.unit.web_services import DIGEST, IMAGE, container, pod_spec, template, web_service

# Volumes.


def volumes_of(**volumes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    recorded = web_service(volumes=volumes)
    sources = {it["name"]: {key: value for key, value in it.items() if key != "name"} for it in volumes_in(recorded)}
    return sources, {it["name"]: it for it in container(recorded).get("volumeMounts", [])}


def volumes_in(recorded: Any) -> list[dict[str, Any]]:
    return pod_spec(recorded).get("volumes", [])


def test_every_source_of_a_volume_reaches_its_place() -> None:
    sources, mounts = volumes_of(
        scratch={"path": "/scratch", "size_mib": pulumi.Output.from_input(2048)},
        fast={"path": "/fast", "in_memory": True, "size_mib": 64},
        shared={},
        data={
            "path": "/data",
            "claim": pulumi.Output.from_input("data-claim"),
            "access_mode": "ReadWriteMany",
            "sub_path": "a/b",
        },
        keys={"path": "/keys", "secret": "keys"},
        settings={"path": "/settings", "config_map": "settings"},
    )
    assert sources == {
        "scratch": {"emptyDir": {"sizeLimit": "2Gi"}},
        "fast": {"emptyDir": {"sizeLimit": "64Mi", "medium": "Memory"}},
        "shared": {"emptyDir": {"sizeLimit": "256Mi"}},
        "data": {"persistentVolumeClaim": {"claimName": "data-claim"}},
        "keys": {"secret": {"secretName": "keys"}},
        "settings": {"configMap": {"name": "settings"}},
    }
    assert mounts == {
        "scratch": {"name": "scratch", "mountPath": "/scratch"},
        "fast": {"name": "fast", "mountPath": "/fast"},
        "data": {"name": "data", "mountPath": "/data", "subPath": "a/b"},
        "keys": {"name": "keys", "mountPath": "/keys", "readOnly": True},
        "settings": {"name": "settings", "mountPath": "/settings", "readOnly": True},
    }


def test_a_claim_is_written_by_the_pods_group_and_may_be_read_only() -> None:
    recorded = web_service(volumes={"data": {"path": "/data", "claim": "data", "access_mode": "ReadOnlyMany"}})
    assert container(recorded)["volumeMounts"][0]["readOnly"] is True
    assert pod_spec(recorded)["securityContext"]["fsGroup"] == 10001
    assert pod_spec(recorded)["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"
    assert "fsGroup" not in pod_spec(web_service())["securityContext"]


def test_a_projected_volume_is_made_of_its_parts() -> None:
    sources, _ = volumes_of(
        all={
            "path": "/all",
            "projected": [
                {"secret": "keys", "items": {"tls.key": "tls/key", "tls.crt": "tls/crt"}},
                {"config_map": "settings"},
                {"token_audience": "vault", "token_seconds": 900},
                {"fields": {"labels/team": "metadata.labels['team']", "name": "metadata.name"}},
            ],
        }
    )
    assert sources["all"]["projected"]["sources"] == [
        {
            "secret": {
                "name": "keys",
                "items": [{"key": "tls.crt", "path": "tls/crt"}, {"key": "tls.key", "path": "tls/key"}],
            }
        },
        {"configMap": {"name": "settings"}},
        {"serviceAccountToken": {"audience": "vault", "path": "token", "expirationSeconds": 900}},
        {
            "downwardAPI": {
                "items": [
                    {"path": "labels/team", "fieldRef": {"fieldPath": "metadata.labels['team']"}},
                    {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
                ]
            }
        },
    ]


def test_a_folder_of_the_node_is_let_in_by_name_and_reported() -> None:
    recorded = web_service(volumes={"logs": {"path": "/logs", "host_path": "/var/log"}}, security={"host_paths": True})
    assert volumes_in(recorded) == [{"name": "logs", "hostPath": {"path": "/var/log", "type": "Directory"}}]
    assert container(recorded)["volumeMounts"][0]["readOnly"] is True
    assert "security.host_paths" in recorded.outputs["api"]["exceptions"]


def test_paths_that_look_alike_keep_their_own_content() -> None:
    files = {"/a_b": "1", "/a/b": "2", "/a_/b": "3", "/a/_b": "4"}
    recorded = web_service(config_files=files)
    data = recorded.manifest("ConfigMap")["data"]
    assert {it["mountPath"]: data[it["subPath"]] for it in container(recorded)["volumeMounts"]} == files


# More containers.

MIGRATE: Any = {"name": "migrate", "image": "migrate:1", "command": ["/migrate"], "mounts": {"shared": "/shared"}}
PROXY: Any = {
    "name": "proxy",
    "image": "proxy:1",
    "port": 9901,
    "health": {"path": "/ready", "liveness": {"enabled": False}},
    "env": {"LEVEL": "info"},
    "writable_paths": ["/tmp"],
    "resources": {"cpu": 0.5},
}


def test_sidecars_start_first_and_stay_and_the_others_run_in_their_order() -> None:
    again = {**MIGRATE, "name": "again"}
    recorded = web_service(init_containers=[MIGRATE, again], sidecars=[PROXY], volumes={"shared": {}})
    first = pod_spec(recorded)["initContainers"]
    assert [(it["name"], it.get("restartPolicy")) for it in first] == [
        ("proxy", "Always"),
        ("migrate", None),
        ("again", None),
    ]


def test_another_container_is_as_restricted_as_the_application() -> None:
    recorded = web_service(init_containers=[MIGRATE], sidecars=[PROXY], volumes={"shared": {"path": "/in"}})
    application = container(recorded)
    for it in pod_spec(recorded)["initContainers"]:
        assert it["securityContext"] == application["securityContext"]
        assert it["resources"]["limits"]["memory"] == "256Mi"


def test_another_container_has_what_it_is_told() -> None:
    recorded = web_service(init_containers=[MIGRATE], sidecars=[PROXY], volumes={"shared": {"path": "/in"}})
    proxy, migrate = pod_spec(recorded)["initContainers"]
    assert proxy["ports"] == [{"containerPort": 9901, "protocol": "TCP"}]
    assert proxy["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 9901}
    assert "startupProbe" in proxy
    assert "livenessProbe" not in proxy
    assert proxy["env"] == [{"name": "LEVEL", "value": "info"}]
    assert proxy["resources"]["requests"]["cpu"] == "500m"
    assert "lifecycle" not in proxy, "a sidecar outlives the application anyway"
    assert migrate["command"] == ["/migrate"]
    assert migrate["volumeMounts"] == [{"name": "shared", "mountPath": "/shared"}]
    assert container(recorded)["volumeMounts"] == [{"name": "shared", "mountPath": "/in"}]
    names = [it["name"] for it in volumes_in(recorded)]
    assert len(names) == len(set(names)) == 2


def test_a_sidecar_without_a_port_is_not_asked() -> None:
    (sidecar,) = pod_spec(web_service(sidecars=[{"name": "log", "image": "log:1"}]))["initContainers"]
    assert not {"startupProbe", "readinessProbe", "livenessProbe", "ports"} & sidecar.keys()


def test_each_container_has_its_own_secret_and_its_own_files() -> None:
    more = {"secret_env": {"T": "canary-2"}, "config_files": {"/etc/a": "2"}, "writable_paths": ["/tmp"]}
    recorded = web_service(
        secret_env={"T": "canary-1"},
        config_files={"/etc/a": "1"},
        writable_paths=["/tmp"],
        sidecars=[{**PROXY, **more}],
    )
    assert recorded.one("Secret", "api-env").inputs["stringData"] == Secret({"T": "canary-1"})
    assert recorded.one("Secret", "api-proxy-env").inputs["stringData"] == Secret({"T": "canary-2"})
    sidecar = pod_spec(recorded)["initContainers"][0]
    reference = sidecar["env"][-1]["valueFrom"]["secretKeyRef"]
    assert reference["name"].startswith("api-proxy-env-")
    maps = {it["name"]: it["configMap"]["name"] for it in volumes_in(recorded) if "configMap" in it}
    for made, files in ((container(recorded), "api-files-"), (sidecar, "api-proxy-files-")):
        (mount,) = (it for it in made["volumeMounts"] if it["mountPath"] == "/etc/a")
        assert maps[mount["name"]].startswith(files)
    temporary = [it["name"] for made in (container(recorded), sidecar) for it in made["volumeMounts"]]
    assert len(temporary) == len(set(temporary)), "what a container may write is its own"


# Images, placement, identity.


def test_images_are_fetched_as_told_for_every_container() -> None:
    policy = {"pull_policy": "Always", "pull_secrets": ["a", pulumi.Output.from_input("b")]}
    recorded = web_service(image_policy=policy, sidecars=[PROXY])
    assert pod_spec(recorded)["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}]
    made = [container(recorded), *pod_spec(recorded)["initContainers"]]
    assert [it["imagePullPolicy"] for it in made] == ["Always"] * 2
    assert "imagePullPolicy" not in container(web_service())


def test_latest_is_let_in_by_name_and_reported() -> None:
    recorded = web_service(image="api", image_policy={"allow_latest": True}, sidecars=[{**PROXY, "image": "p:latest"}])
    assert container(recorded)["image"] == "api"
    assert set(recorded.outputs["api"]["exceptions"]) == {"image_policy.allow_latest"}


def test_a_digest_can_be_asked_for() -> None:
    pinned = f"api:1@{DIGEST}"
    recorded = web_service(image=pinned, image_policy={"require_digest": True})
    assert container(recorded)["image"] == pinned


def test_pods_go_where_they_are_told() -> None:
    placement = {
        "node_selector": {"pool": "web"},
        "tolerations": [
            {"key": "dedicated", "value": "web", "effect": "NoExecute", "seconds": 60},
            {"key": "gpu"},
            {},
        ],
        "priority_class": "high",
        "runtime_class": pulumi.Output.from_input("gvisor"),
        "spread": {"zones": "required", "nodes": "off"},
    }
    spec = pod_spec(web_service(placement=placement))
    assert spec["nodeSelector"] == {"pool": "web"}
    assert spec["tolerations"] == [
        {"key": "dedicated", "operator": "Equal", "value": "web", "effect": "NoExecute", "tolerationSeconds": 60},
        {"key": "gpu", "operator": "Exists"},
        {"operator": "Exists"},
    ]
    assert (spec["priorityClassName"], spec["runtimeClassName"]) == ("high", "gvisor")
    (zones,) = spec["topologySpreadConstraints"]
    assert (zones["topologyKey"], zones["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
    unspread = pod_spec(web_service(placement={"spread": {"zones": "off", "nodes": "off"}}))
    assert "topologySpreadConstraints" not in unspread


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def test_an_architecture_is_asked_of_every_node_that_would_do() -> None:
    ours = {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]}
    alone = pod_spec(web_service(placement={"architectures": ["arm64", "amd64"]}))["affinity"]
    assert alone == {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [ours]}]}}}

    theirs = {"key": "pool", "operator": "In", "values": ["a"]}
    node = {"key": "metadata.name", "operator": "In", "values": ["node-1"]}
    beside = {REQUIRED: [{"topologyKey": "kubernetes.io/hostname"}]}
    terms = [{"matchExpressions": [theirs]}, {"matchFields": [node]}]
    affinity = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}, "podAffinity": beside}
    both = pod_spec(web_service(placement={"architectures": ["arm64", "amd64"], "affinity": affinity}))["affinity"]
    assert both["podAffinity"] == beside
    # Of several terms one is enough, so a term without the architecture would let any node in.
    assert both["nodeAffinity"][REQUIRED]["nodeSelectorTerms"] == [
        {"matchExpressions": [theirs, ours]},
        {"matchFields": [node], "matchExpressions": [ours]},
    ]


def test_a_cloud_knows_the_pods_by_their_account() -> None:
    recorded = web_service(
        identity={
            "aws_role_arn": "arn:aws:iam::123456789012:role/shop/api",
            "gcp_service_account": pulumi.Output.from_input("api@shop-1.iam.gserviceaccount.com"),
            "azure_client_id": "00000000-0000-0000-0000-000000000001",
            "azure_tenant_id": "00000000-0000-0000-0000-000000000002",
            "annotations": {"example.com/owner": "shop"},
        }
    )
    account = recorded.manifest("ServiceAccount")
    assert account["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/shop/api",
        "iam.gke.io/gcp-service-account": "api@shop-1.iam.gserviceaccount.com",
        "azure.workload.identity/client-id": "00000000-0000-0000-0000-000000000001",
        "azure.workload.identity/tenant-id": "00000000-0000-0000-0000-000000000002",
        "example.com/owner": "shop",
    }
    assert template(recorded)["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert "azure.workload.identity/use" not in recorded.manifest("Deployment")["spec"]["selector"]["matchLabels"]
    # The clouds' webhooks bring tokens of their own; one for the API server is not needed for it.
    assert pod_spec(recorded)["automountServiceAccountToken"] is False
    assert recorded.outputs["api"]["exceptions"] == {}


def test_an_account_that_exists_is_used_and_none_is_made() -> None:
    recorded = web_service(identity={"service_account": pulumi.Output.from_input("shared"), "token": True})
    assert recorded.all("ServiceAccount") == []
    assert pod_spec(recorded)["serviceAccountName"] == "shared"
    assert pod_spec(recorded)["automountServiceAccountToken"] is True
    assert recorded.outputs["api"]["service_account"] == "shared"
    assert set(recorded.outputs["api"]["exceptions"]) == {"identity.token"}


# Security.

LOOSER: dict[str, tuple[Any, Any]] = {
    "security.allow_root": ({"security": {"allow_root": True}}, ("pod", "runAsNonRoot", None)),
    "security.writable_root": ({"security": {"writable_root": True}}, ("container", "readOnlyRootFilesystem", False)),
    "security.capabilities": (
        {"security": {"capabilities": ["NET_ADMIN"]}},
        ("container", "capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    ),
    "security.privilege_escalation": (
        {"security": {"privilege_escalation": True}},
        ("container", "allowPrivilegeEscalation", True),
    ),
    "security.privileged": ({"security": {"privileged": True}}, ("container", "privileged", True)),
    "security.unconfined_seccomp": (
        {"security": {"unconfined_seccomp": True}},
        ("pod", "seccompProfile", {"type": "Unconfined"}),
    ),
    "security.user": ({"security": {"user": 33}}, ("pod", "runAsUser", 33)),
    "security.host_network": (
        {"security": {"host_network": True}, "network_policy": False},
        ("spec", "hostNetwork", True),
    ),
    "identity.token": ({"identity": {"token": True}}, ("spec", "automountServiceAccountToken", True)),
    "extra": ({"extra": {"spec": {"hostPID": True}}}, ("spec", "hostPID", True)),
}


@pytest.mark.parametrize("path", LOOSER)
def test_what_is_loosened_is_loosened_alone_and_reported(path: str) -> None:
    args, (where, field, value) = LOOSER[path]
    recorded = web_service(**args)
    spec = pod_spec(recorded)
    places = {
        "spec": spec,
        "pod": spec["securityContext"],
        "container": container(recorded)["securityContext"],
    }
    assert places[where].get(field) == value
    exceptions = recorded.outputs["api"]["exceptions"]
    assert path in exceptions
    assert {at for at in exceptions if not at.startswith(f"{path}.")} <= {path, "network_policy"}
    assert exceptions[path]
    assert recorded.preview is not None
    assert recorded.preview.outputs["api"]["exceptions"] == exceptions


def test_nothing_is_loosened_by_default() -> None:
    assert web_service().outputs["api"]["exceptions"] == {}


def test_no_limits_and_no_policy_are_reported() -> None:
    sidecar = {**PROXY, "resources": {"limits": "none"}}
    recorded = web_service(resources={"limits": "none"}, sidecars=[sidecar], network_policy=False)
    loosened = {"resources.limits", "sidecars[0].resources.limits", "network_policy"}
    assert set(recorded.outputs["api"]["exceptions"]) == loosened
    assert recorded.all("NetworkPolicy") == []


def test_low_ports_are_open_to_users_other_than_root() -> None:
    recorded = web_service(port=80, security={"net_bind_service": True})
    assert container(recorded)["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    assert pod_spec(recorded)["securityContext"]["sysctls"] == [
        {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
    ]
    # Pod Security "restricted" lets both in.
    assert recorded.outputs["api"]["exceptions"] == {}


def test_ids_and_profiles_reach_their_place() -> None:
    security = {"user": 20000, "fs_group": 0, "seccomp_profile": "profiles/api.json"}
    pod = pod_spec(web_service(security=security))["securityContext"]
    assert (pod["runAsUser"], pod["runAsGroup"], pod["fsGroup"]) == (20000, 20000, 0)
    assert pod["seccompProfile"] == {"type": "Localhost", "localhostProfile": "profiles/api.json"}
    root = pod_spec(web_service(security={"allow_root": True}))["securityContext"]
    assert not {"runAsUser", "runAsGroup", "runAsNonRoot"} & root.keys(), "as the image says"
    named = pod_spec(web_service(security={"allow_root": True, "user": 0}))["securityContext"]
    assert named["runAsUser"] == 0


def test_a_privileged_container_is_one_that_kubernetes_takes() -> None:
    # It refuses one that is privileged, or has SYS_ADMIN, and may not escalate.
    for security in ({"privileged": True}, {"capabilities": ["SYS_ADMIN"]}):
        made = container(web_service(security=security))["securityContext"]
        assert made["allowPrivilegeEscalation"] is True


# Annotations, and what is merged last.


def test_annotations_are_on_the_pods_alone() -> None:
    recorded = web_service(pod_annotations={"prometheus.io/scrape": pulumi.Output.from_input("true")})
    assert template(recorded)["metadata"]["annotations"] == {"prometheus.io/scrape": "true"}
    assert "annotations" not in recorded.manifest("Deployment")["metadata"]


def test_extra_has_the_last_word_on_the_pods() -> None:
    other = {"name": "b", "image": "registry.example.com/b:1"}
    recorded = web_service(
        config_files={"/a": "b"},
        extra={
            "metadata": {"labels": {"added": "yes"}, "annotations": {"a": pulumi.Output.from_input("b")}},
            "spec": {
                "enableServiceLinks": None,
                "terminationGracePeriodSeconds": 20,
                "containers": [{"name": "api", "tty": True, "securityContext": {"privileged": None}}, other],
                "volumes": [{"name": "more", "emptyDir": {}}],
            },
        },
    )
    made = template(recorded)
    assert made["metadata"]["labels"] == {"app.kubernetes.io/name": "api", "added": "yes"}
    assert made["metadata"]["annotations"] == {"a": "b"}
    assert "enableServiceLinks" not in made["spec"]
    assert made["spec"]["terminationGracePeriodSeconds"] == 20
    application, added = made["spec"]["containers"]
    assert (application["image"], application["tty"], added) == (IMAGE, True, other)
    assert application["securityContext"]["readOnlyRootFilesystem"] is True
    assert [it["name"] for it in made["spec"]["volumes"]] == ["config-files", "more"]


@pytest.mark.parametrize(
    ("base", "more", "expected"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "y"}]}, {"a": [{"name": "x", "v": 1}, {"name": "y"}]}),
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x", "w": 2}]}, {"a": [{"name": "x", "v": 1, "w": 2}]}),
        ({"a": [{"key": "x"}]}, {"a": [{"key": "y"}]}, {"a": [{"key": "y"}]}),
        ({}, {"a": {"b": {"c": None, "d": 1}}}, {"a": {"b": {"d": 1}}}),
    ],
)
def test_merging_is_by_key_and_by_name(base: Any, more: Any, expected: Any) -> None:
    assert merged(base, more) == expected


# What real applications have.


def test_a_container_can_use_more_than_it_requests() -> None:
    requested = web_service(resources={"cpu": 0.05, "memory": 64, "memory_limit": 512, "cpu_limit": 1})
    assert container(requested)["resources"] == {
        "requests": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "103Mi"},
        "limits": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "1Gi"},
    }
    alone = web_service(resources={"limits": "none", "memory_limit": 512})
    assert container(alone)["resources"]["limits"] == {"memory": "512Mi"}
    assert "resources.limits" not in alone.outputs["api"]["exceptions"]


def test_each_probe_can_wait_before_its_first_check() -> None:
    probed = container(web_service(health={"readiness": {"initial_delay": 7}, "startup": {"initial_delay": 0}}))
    delays = {key: probed[f"{key}Probe"].get("initialDelaySeconds") for key in ("startup", "readiness", "liveness")}
    assert delays == {"startup": 0, "readiness": 7, "liveness": None}


def test_the_container_has_its_own_name_and_the_rest_the_components() -> None:
    named = web_service(
        container_name="server",
        secret_env={"A": "b"},
        extra={"spec": {"containers": [{"name": "server", "tty": True}]}},
    )
    assert (container(named)["name"], container(named)["tty"]) == ("server", True)
    assert container(named)["env"][0]["valueFrom"]["secretKeyRef"]["key"] == "A"
    assert named.manifest("Deployment")["metadata"]["name"] == "api"


def test_a_sidecars_port_is_in_the_service_and_the_probes_stay_with_the_application() -> None:
    recorded = web_service(
        port=None,
        ports={"http": {"port": 8443, "service_port": 80, "container": "proxy"}, "app": {"port": 8080}},
        sidecars=[{"name": "proxy", "image": "proxy:1", "port": 8443}],
    )
    proxy = pod_spec(recorded)["initContainers"][0]
    assert container(recorded)["ports"] == [{"name": "app", "containerPort": 8080, "protocol": "TCP"}]
    assert proxy["ports"] == [{"name": "http", "containerPort": 8443, "protocol": "TCP"}]
    assert container(recorded)["readinessProbe"]["tcpSocket"] == {"port": 8080}
    assert proxy["readinessProbe"]["tcpSocket"] == {"port": 8443}
    offered = {port["name"]: port["targetPort"] for port in recorded.manifest("Service")["spec"]["ports"]}
    assert offered == {"app": 8080, "http": 8443}
    # The default port is the proxy's.
    assert recorded.outputs["api"]["url"] == "http://api.default.svc.cluster.local"
    assert recorded.outputs["api"]["exceptions"] == {}


def test_an_application_behind_a_sidecar_needs_no_port_and_no_probe() -> None:
    recorded = web_service(
        port=None,
        ports={"http": {"port": 8443, "container": "proxy"}},
        sidecars=[{"name": "proxy", "image": "proxy:1"}],
    )
    assert container(recorded).keys().isdisjoint({"ports", "readinessProbe", "livenessProbe", "startupProbe"})


def test_a_port_of_the_node_leads_to_the_container_and_is_reported() -> None:
    recorded = web_service(port=None, ports={"http": {"port": 8080, "host_port": 80}}, kind="DaemonSet")
    assert container(recorded)["ports"][0] == {
        "name": "http",
        "containerPort": 8080,
        "hostPort": 80,
        "protocol": "TCP",
    }
    assert "ports.http.host_port" in recorded.outputs["api"]["exceptions"]


def test_a_container_can_have_security_of_its_own() -> None:
    recorded = web_service(
        security={"writable_root": True, "capabilities": ["NET_ADMIN"]},
        sidecars=[{"name": "a", "image": "a:1", "security": {"writable_root": False, "capabilities": []}}],
        init_containers=[
            {"name": "b", "image": "b:1", "security": {"user": 0, "allow_root": True}},
            {"name": "c", "image": "c:1"},
        ],
    )
    contexts = {one["name"]: one["securityContext"] for one in pod_spec(recorded)["initContainers"]}
    assert contexts["a"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert contexts["b"] == {
        **container(recorded)["securityContext"],
        "runAsNonRoot": False,
        "runAsUser": 0,
        "runAsGroup": 0,
    }
    assert contexts["c"] == container(recorded)["securityContext"]
    assert {key for key in recorded.outputs["api"]["exceptions"] if "containers" in key} == {
        "init_containers[0].security.allow_root",
        "init_containers[0].security.user",
    }


def test_clients_prefer_pods_that_are_close() -> None:
    service = web_service(service={"traffic_distribution": "PreferClose"}).manifest("Service")
    assert service["spec"]["trafficDistribution"] == "PreferClose"
