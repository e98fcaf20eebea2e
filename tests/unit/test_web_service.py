"""WebService: what Kubernetes is told, for plain values and Outputs, in preview and update."""

from typing import Any

import pulumi
import pytest
from pulumi_portico import IpFamilyPolicy, Limits, SessionAffinity, WebService
from pulumi_portico.testing import Recording, Secret, record

from tests.unit.web_services import IMAGE, PROBES, container, pod_spec, web_service


def test_two_inputs_make_a_deployment_a_service_and_what_belongs_to_them() -> None:
    recorded = web_service()
    deployment, service = recorded.manifest("Deployment", "api"), recorded.manifest("Service", "api")
    assert deployment["spec"]["replicas"] == 2
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["ports"][0]["containerPort"]) == (IMAGE, 8080)
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["ports"] == [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}]
    assert {it["kind"] for it in recorded.manifests()} == {
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }
    assert {it["metadata"]["name"] for it in recorded.manifests()} == {"api"}


def test_the_service_finds_the_pods_and_the_deployment_owns_them() -> None:
    recorded = web_service(labels={"team": "shop"})
    deployment, service = recorded.manifest("Deployment"), recorded.manifest("Service")
    pod_labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= pod_labels.items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= pod_labels.items()
    assert pod_labels["team"] == "shop"
    # A label that may change later must not be in what Kubernetes freezes.
    assert "team" not in deployment["spec"]["selector"]["matchLabels"]


def test_a_selector_of_ones_own_takes_over_other_labels() -> None:
    recorded = web_service(selector={"app": "api-app"})
    deployment = recorded.manifest("Deployment")
    assert recorded.manifest("Service")["spec"]["selector"] == {"app": "api-app"}
    assert deployment["spec"]["selector"]["matchLabels"] == {"app": "api-app"}
    assert deployment["spec"]["template"]["metadata"]["labels"] == {"app": "api-app"}


def test_pods_run_as_pod_security_restricted_wants_and_more() -> None:
    spec = pod_spec(web_service())
    assert spec["automountServiceAccountToken"] is False
    pod = spec["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] > 10000
    assert pod["runAsGroup"] > 10000
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_by_default_every_probe_asks_the_port_that_the_container_listens_on() -> None:
    made = container(web_service(port=9000))
    assert made["ports"] == [{"name": "http", "containerPort": 9000, "protocol": "TCP"}]
    assert [made[it]["tcpSocket"]["port"] for it in PROBES] == [9000] * 3


@pytest.mark.parametrize(
    ("health", "question"),
    [
        ({"path": "/healthz"}, {"httpGet": {"path": "/healthz", "port": 8080}}),
        ({"grpc_service": ""}, {"grpc": {"service": "", "port": 8080}}),
        ({"command": ["/bin/check", "-q"]}, {"exec": {"command": ["/bin/check", "-q"]}}),
    ],
)
def test_health_asks_in_one_way_for_all_probes(health: dict[str, Any], question: dict[str, Any]) -> None:
    made = container(web_service(health=health))
    for probe in PROBES:
        assert question.items() <= made[probe].items()
        assert "tcpSocket" not in made[probe]


def test_a_pod_loses_its_requests_long_before_it_is_restarted() -> None:
    made = container(web_service())

    def seconds(probe: str) -> int:
        return made[probe]["periodSeconds"] * made[probe]["failureThreshold"]

    assert seconds("readinessProbe") <= 10
    assert seconds("livenessProbe") >= 5 * seconds("readinessProbe")


@pytest.mark.parametrize("period", [1, 2, 7, pulumi.Output.from_input(7)])
def test_the_application_gets_the_time_to_start_that_it_was_promised(period: Any) -> None:
    made = container(web_service(health={"startup_seconds": 100, "startup": {"period": period}}))["startupProbe"]
    assert made["periodSeconds"] * made["failureThreshold"] >= 100
    assert made["periodSeconds"] * (made["failureThreshold"] - 1) < 100


def test_each_probe_can_be_set_on_its_own_or_left_out() -> None:
    probe = {"path": "/livez", "period": 30, "timeout": 9, "failures": 4}
    made = container(web_service(health={"path": "/healthz", "liveness": probe, "startup": {"enabled": False}}))
    assert made["livenessProbe"] == {
        "httpGet": {"path": "/livez", "port": 8080},
        "periodSeconds": 30,
        "timeoutSeconds": 9,
        "failureThreshold": 4,
    }
    assert made["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert "startupProbe" not in made


@pytest.mark.parametrize(("drain", "shutdown"), [(None, None), (70, 20), (0, 5)])
def test_a_pod_drains_before_it_is_told_to_stop_and_then_has_its_time(drain: int | None, shutdown: int | None) -> None:
    recorded = web_service(drain=drain, shutdown=shutdown)
    sleep = container(recorded).get("lifecycle", {"preStop": {"sleep": {"seconds": 0}}})["preStop"]["sleep"]["seconds"]
    assert sleep == (15 if drain is None else drain)
    assert pod_spec(recorded)["terminationGracePeriodSeconds"] == sleep + (30 if shutdown is None else shutdown)
    assert ("lifecycle" in container(recorded)) == (sleep > 0), "before Kubernetes 1.32 a sleep of nothing is refused"


def test_a_new_pod_is_ready_before_an_old_one_goes() -> None:
    strategy = web_service().manifest("Deployment")["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}


def test_a_disruption_budget_never_blocks_a_drain_for_ever() -> None:
    for replicas in (0, 1, 5):
        recorded = web_service(replicas=replicas)
        budget = recorded.manifest("PodDisruptionBudget")["spec"]
        # With minAvailable, one replica could never be moved; without AlwaysAllow, a broken one could not.
        assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")
        labels = recorded.manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
        assert budget["selector"]["matchLabels"].items() <= labels.items()


def test_pods_are_spread_over_zones_and_nodes_and_still_run_where_they_cannot_be() -> None:
    recorded = web_service()
    spread = pod_spec(recorded)["topologySpreadConstraints"]
    assert [it["topologyKey"] for it in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert {it["whenUnsatisfiable"] for it in spread} == {"ScheduleAnyway"}
    labels = recorded.manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert all(it["labelSelector"]["matchLabels"].items() <= labels.items() for it in spread)


def test_the_pods_have_an_account_of_their_own_without_a_token() -> None:
    recorded = web_service(namespace="shop")
    account = recorded.manifest("ServiceAccount")
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["namespace"] == "shop"
    assert pod_spec(recorded)["serviceAccountName"] == account["metadata"]["name"]


def test_every_optional_field_reaches_its_place() -> None:
    recorded = web_service(service_port=8000, replicas=5, namespace="shop", labels={"team": "a"})
    deployment, service = recorded.manifest("Deployment"), recorded.manifest("Service")
    assert deployment["spec"]["replicas"] == 5
    assert service["spec"]["ports"][0]["port"] == 8000
    for manifest in (deployment, service):
        assert manifest["metadata"]["namespace"] == "shop"
        assert manifest["metadata"]["labels"]["team"] == "a"


def test_zero_replicas_is_not_taken_for_unset() -> None:
    assert web_service(replicas=0).manifest("Deployment")["spec"]["replicas"] == 0


def test_without_a_namespace_the_providers_own_is_left_to_it() -> None:
    recorded = web_service()
    assert all("namespace" not in it["metadata"] for it in recorded.manifests())
    assert recorded.outputs["api"]["namespace"] == "default"


def test_the_namespace_that_the_provider_fills_in_is_in_the_url() -> None:
    recorded = record(
        lambda: WebService("api", {"image": IMAGE, "port": 8080}),
        outputs=lambda it: {"metadata": {"namespace": "from-provider"}} if it.custom else None,
    )
    assert recorded.outputs["api"]["url"] == "http://api.from-provider.svc.cluster.local"


@pytest.mark.parametrize(("service_port", "suffix"), [(None, ""), (80, ""), (8443, ":8443")])
def test_outputs_say_where_other_pods_reach_it(service_port: int | None, suffix: str) -> None:
    recorded = web_service(namespace="shop", service_port=service_port)
    assert recorded.outputs["api"] == {
        "url": f"http://api.shop.svc.cluster.local{suffix}",
        "urls": {"http": f"http://api.shop.svc.cluster.local{suffix}"},
        "workload_name": "api",
        "service_name": "api",
        "namespace": "shop",
        "service_account": "api",
        "exceptions": {},
    }


def test_the_target_has_the_service_its_port_and_its_pods() -> None:
    recorded = record(
        lambda: WebService("api", {"image": IMAGE, "port": 8080, "service_port": 81, "namespace": "shop"}).target
    )
    expected = {
        "service": "api",
        "namespace": "shop",
        "port": 81,
        "target_port": 8080,
        "protocol": "TCP",
        "selector": {"app.kubernetes.io/name": "api"},
        "ready": "api",
        "drain": 15,
    }
    assert recorded.value == expected
    assert recorded.preview is not None
    assert recorded.preview.value == expected


def test_outputs_are_taken_wherever_the_type_says_so() -> None:
    def program() -> None:
        WebService(
            "api",
            {
                "image": pulumi.Output.from_input(IMAGE),
                "port": 8080,
                "replicas": pulumi.Output.from_input(4),
                "namespace": pulumi.Output.from_input("shop"),
                "labels": {"team": pulumi.Output.from_input("a")},
            },
        )

    deployment = record(program).manifest("Deployment")
    assert deployment["spec"]["replicas"] == 4
    assert deployment["metadata"]["namespace"] == "shop"
    assert deployment["spec"]["template"]["metadata"]["labels"]["team"] == "a"
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE


def test_a_secret_input_stays_secret_where_it_lands() -> None:
    recorded = record(lambda: WebService("api", {"image": pulumi.Output.secret(IMAGE), "port": 8080}))
    spec = recorded.one("Deployment").inputs["spec"]["template"]["spec"]
    assert spec["containers"][0]["image"] == Secret(IMAGE)


CHILDREN = ("Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount")


def test_children_hang_on_the_component_and_wait_for_what_they_need_alone() -> None:
    recorded = web_service()
    component = recorded.one("portico:index:WebService", "api")
    before = {recorded.one("ServiceAccount").urn, recorded.one("NetworkPolicy").urn}
    for kind in CHILDREN:
        child = recorded.one(kind)
        assert child.parent == component.urn
        # A Service waits for its pods; a Deployment that waited for its Service would wait for ever.
        assert child.dependencies == (before if kind == "Deployment" else frozenset())


def test_providers_and_protection_of_the_component_reach_its_children() -> None:
    import pulumi_kubernetes

    def program() -> None:
        provider = pulumi_kubernetes.Provider("other", context="elsewhere")
        options = pulumi.ResourceOptions(provider=provider, protect=True)
        WebService("api", {"image": IMAGE, "port": 8080}, options)

    recorded = record(program)
    for kind in CHILDREN:
        assert "pulumi:providers:kubernetes::other::" in recorded.one(kind).provider
        assert recorded.one(kind).protect


def variables(recorded: Recording) -> dict[str, Any]:
    return {it.pop("name"): it for it in container(recorded).get("env", [])}


def test_variables_come_from_values_fields_and_resources() -> None:
    recorded = web_service(
        env={"B": "2", "A": pulumi.Output.from_input("1")},
        field_env={"POD_IP": "status.podIP"},
        resource_env={"MEMORY": "limits.memory"},
    )
    assert variables(recorded) == {
        "A": {"value": "1"},
        "B": {"value": "2"},
        "MEMORY": {"valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
        "POD_IP": {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    }


def test_the_order_of_variables_and_paths_rolls_no_pod() -> None:
    one = web_service(env={"A": "1", "B": "2"}, writable_paths=["/tmp", "/run"], config_files={"/a": "1", "/b": "2"})
    other = web_service(env={"B": "2", "A": "1"}, writable_paths=["/run", "/tmp"], config_files={"/b": "2", "/a": "1"})
    assert pod_spec(one) == pod_spec(other)


def test_a_secret_variable_is_in_its_own_secret_and_nowhere_else() -> None:
    recorded = web_service(secret_env={"TOKEN": "canary-1", "URL": pulumi.Output.from_input("canary-2")})
    secret = recorded.one("Secret")
    # Given in the open, registered as secrets all the same.
    assert secret.inputs["stringData"] == Secret({"TOKEN": "canary-1", "URL": "canary-2"})
    assert "name" not in secret.inputs["metadata"], "a generated name makes a change another Secret"
    name = recorded.one("Secret").name
    for variable, source in variables(recorded).items():
        reference = source["valueFrom"]["secretKeyRef"]
        assert reference["key"] == variable
        assert reference["name"].startswith(f"{name}-")
    assert [it.type for it in recorded.registrations if "canary" in str(it.inputs)] == ["kubernetes:core/v1:Secret"]
    assert secret.urn in recorded.one("Deployment").dependencies


def test_config_files_are_mounted_read_only_each_at_its_path() -> None:
    files = {"/etc/api/a_b.json": "1", "/etc/api/a/b.json": pulumi.Output.from_input("2"), "/etc/c": "3"}
    recorded = web_service(config_files=files)
    config_map = recorded.manifest("ConfigMap")
    assert "name" not in config_map["metadata"]
    spec = pod_spec(recorded)
    (volume,) = spec["volumes"]
    assert volume["configMap"]["name"].startswith("api-files-")
    mounted = {it["mountPath"]: config_map["data"][it["subPath"]] for it in container(recorded)["volumeMounts"]}
    assert mounted == {"/etc/api/a_b.json": "1", "/etc/api/a/b.json": "2", "/etc/c": "3"}
    assert all(it["readOnly"] and it["name"] == volume["name"] for it in container(recorded)["volumeMounts"])


def test_writable_paths_are_empty_folders_with_a_bound() -> None:
    recorded = web_service(writable_paths=["/tmp", "/var/cache/a-b", "/var/cache/a.b"])
    mounts = {it["mountPath"]: it["name"] for it in container(recorded)["volumeMounts"]}
    volumes = {it["name"]: it["emptyDir"] for it in pod_spec(recorded)["volumes"]}
    assert mounts.keys() == {"/tmp", "/var/cache/a-b", "/var/cache/a.b"}
    assert set(mounts.values()) == volumes.keys()
    assert len(volumes) == 3
    assert all(it["sizeLimit"] for it in volumes.values())
    assert container(recorded)["securityContext"]["readOnlyRootFilesystem"] is True


def test_what_runs_can_be_told() -> None:
    made = container(web_service(command=["/app"], args=["--port", "8080"], working_directory="/srv"))
    assert (made["command"], made["args"], made["workingDir"]) == (["/app"], ["--port", "8080"], "/srv")


@pytest.mark.parametrize(
    ("resources", "requests", "limits"),
    [
        (
            None,
            {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "103Mi"},
            {"memory": "256Mi", "ephemeral-storage": "1Gi"},
        ),
        (
            {"cpu": 2, "memory": 3 * 1024, "disk": 20 * 1024 * 1024},
            {"cpu": "2", "memory": "3Gi", "ephemeral-storage": "2Ti"},
            {"memory": "3Gi", "ephemeral-storage": "20Ti"},
        ),
        (
            {"cpu": 1.5, "memory": 64, "disk": 5, "limits": "all"},
            {"cpu": "1500m", "memory": "64Mi", "ephemeral-storage": "1Mi"},
            {"cpu": "1500m", "memory": "64Mi", "ephemeral-storage": "5Mi"},
        ),
        (
            {"cpu": pulumi.Output.from_input(0.25), "memory": pulumi.Output.from_input(9), "limits": Limits.NONE},
            {"cpu": "250m", "memory": "9Mi", "ephemeral-storage": "103Mi"},
            None,
        ),
    ],
)
def test_resources_are_in_plain_units(resources: Any, requests: dict[str, str], limits: dict[str, str] | None) -> None:
    made = container(web_service(resources=resources))["resources"]
    assert made["requests"] == requests
    assert made.get("limits") == limits


PORTS: Any = {
    "metrics": {"port": 9100},
    "http": {"port": 8080, "service_port": 80},
    "grpc": {"port": 9090, "app_protocol": "kubernetes.io/h2c"},
    "dns": {"port": 5353, "service_port": 53, "protocol": "UDP"},
    "https-admin": {"port": 8443, "service_port": 443},
}


def with_ports(ports: Any, **args: Any) -> Recording:
    all_args: Any = {"image": IMAGE, "ports": ports, "namespace": "shop", **args}
    return record(lambda: WebService("api", all_args))


def test_several_ports_are_offered_by_name() -> None:
    recorded = with_ports(PORTS)
    assert recorded.manifest("Service")["spec"]["ports"] == [
        {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 5353},
        {"name": "grpc", "protocol": "TCP", "port": 9090, "targetPort": 9090, "appProtocol": "kubernetes.io/h2c"},
        {"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080},
        {"name": "https-admin", "protocol": "TCP", "port": 443, "targetPort": 8443},
        {"name": "metrics", "protocol": "TCP", "port": 9100, "targetPort": 9100},
    ]
    host = "api.shop.svc.cluster.local"
    assert recorded.outputs["api"]["urls"] == {
        "dns": f"udp://{host}:53",
        "grpc": f"tcp://{host}:9090",
        "http": f"http://{host}",
        "https-admin": f"https://{host}",
        "metrics": f"tcp://{host}:9100",
    }
    assert recorded.outputs["api"]["url"] == f"http://{host}"


def test_the_order_of_ports_changes_nothing() -> None:
    other = dict(reversed(PORTS.items()))
    assert with_ports(PORTS).manifests() == with_ports(other).manifests()


def test_each_port_has_a_target() -> None:
    def program() -> Any:
        api = WebService("api", {"image": IMAGE, "ports": PORTS})
        return [api.targets, api.target]

    targets, default = record(program).value
    assert {name: target["port"] for name, target in targets.items()} == {
        "dns": 53,
        "grpc": 9090,
        "http": 80,
        "https-admin": 443,
        "metrics": 9100,
    }
    assert default == targets["http"]


def test_a_worker_has_no_target() -> None:
    def program() -> Any:
        worker = WebService("worker", {"image": IMAGE, "ports": {}})
        return [worker.target, worker.targets]

    assert record(program).value == [None, {}]


def test_a_worker_has_no_service_and_no_probes_by_default() -> None:
    recorded = with_ports({})
    assert "Service" not in {it["kind"] for it in recorded.manifests()}
    told = {"url": "", "urls": {}, "service_name": "", "namespace": "shop"}
    assert told.items() <= recorded.outputs["api"].items()
    assert not {"ports", *PROBES} & container(recorded).keys()
    asked = container(with_ports({}, health={"command": ["/check"]}))
    assert {asked[it]["exec"]["command"][0] for it in PROBES} == {"/check"}


def test_health_asks_the_port_that_is_named_or_the_main_one() -> None:
    assert container(with_ports(PORTS))["readinessProbe"]["tcpSocket"]["port"] == 8080
    made = container(with_ports(PORTS, health={"grpc_service": "", "port_name": "grpc"}))
    assert made["readinessProbe"]["grpc"] == {"service": "", "port": 9090}


def test_the_service_can_be_set() -> None:
    settings = {
        "session_affinity": SessionAffinity.CLIENT_IP,
        "session_affinity_timeout": 600,
        "internal_traffic_policy": "Local",
        "ip_family_policy": IpFamilyPolicy.PREFER_DUAL_STACK,
        "annotations": {"example.com/Team": "shop"},
    }
    service = web_service(service=settings).manifest("Service")
    assert service["metadata"]["annotations"] == {"example.com/Team": "shop"}
    told = {key: value for key, value in service["spec"].items() if key not in ("ports", "selector")}
    assert told == {
        "type": "ClusterIP",
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 600}},
        "internalTrafficPolicy": "Local",
        "ipFamilyPolicy": "PreferDualStack",
    }
