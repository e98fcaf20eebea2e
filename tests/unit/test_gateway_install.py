"""What a gateway installs: objects, their order, rights, ports, and how the pods stop."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico import IngressGateway
from pulumi_portico.args.problems import Problem
from pulumi_portico.ingress_gateway.gateway_plan import plan_gateway
from pulumi_portico.ingress_gateway.install.installation import Installation
from pulumi_portico.ingress_gateway.install.installers import INSTALLERS
from pulumi_portico.ingress_gateway.objects import objects_of
from pulumi_portico.lifecycle.objects import manifests_of
from pulumi_portico.lifecycle.ownership import KEEP_FIELD_MANAGER
from pulumi_portico.testing import Recording, Registration, Secret, pod_security_violations, record

from tests.examples import examples
from tests.gateway_rights import CLASS, LEASE, granted, in_namespaces, needs_of
from tests.kubernetes_schemas import VERSIONS, validate
from tests.problems import assert_fixes_work, assert_problem
from tests.unit.gateways import (
    CERTIFICATE,
    CONTROLLERS,
    EXPOSED,
    KEY,
    check_gateway,
    parsed_gateway,
    problems_of_gateway,
)

WEBHOOK: dict[str, Any] = {
    "api_server_sources": ["192.0.2.1/32"],
    "certificate": CERTIFICATE,
    "key": KEY,
    "ca_certificate": CERTIFICATE,
}
SELECTOR = {"app.kubernetes.io/name": "edge", "app.kubernetes.io/component": "ingress-controller"}
CRDS: dict[str, Any] = {"crds": {"installed": True}}


def install(controller: str = "f5-nginx", *, name: str = "edge", more: Any = None, **installation: Any) -> Recording:
    """A gateway that installs its controller so."""
    args: Any = {"controller": controller, "exposure": EXPOSED, "installation": installation, **(more or {})}
    return record(lambda: IngressGateway(name, args))


def workload(recorded: Recording) -> dict[str, Any]:
    (made,) = (it for it in recorded.manifests() if it["kind"] in ("Deployment", "DaemonSet"))
    return made


def pod(recorded: Recording) -> dict[str, Any]:
    return workload(recorded)["spec"]["template"]["spec"]


def container(recorded: Recording) -> dict[str, Any]:
    (made,) = pod(recorded)["containers"]
    return made


def kinds(recorded: Recording) -> list[str]:
    return sorted(it["kind"] for it in recorded.manifests())


ALWAYS = [
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "ConfigMap",
    "IngressClass",
    "Namespace",
    "NetworkPolicy",
    "NetworkPolicy",
    "Role",
    "RoleBinding",
    "Service",
    "Service",
    "ServiceAccount",
]


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_gateway_installs_its_controller(controller: str) -> None:
    recorded = install(controller)
    assert kinds(recorded) == sorted([*ALWAYS, "Deployment", "PodDisruptionBudget"])
    assert workload(recorded)["spec"]["replicas"] == 2
    assert recorded.manifest("Namespace")["metadata"] == {
        "name": "edge",
        "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
    }
    assert kinds(install(controller, kind="DaemonSet", metrics=False)) == sorted(
        [*[it for it in ALWAYS if it != "Service"], "Service", "DaemonSet"]
    )
    scaled = install(controller, autoscaling={"min_replicas": 3, "max_replicas": 9})
    assert kinds(scaled) == sorted([*ALWAYS, "Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler"])
    assert workload(scaled)["spec"]["replicas"] == 3
    assert scaled.one("Deployment").ignore_changes == ("spec.replicas", KEEP_FIELD_MANAGER)
    assert scaled.manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == "edge"


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_pods_are_restricted(controller: str) -> None:
    recorded = install(controller)
    for version in VERSIONS:
        assert pod_security_violations(workload(recorded), version=version) == []
    spec = pod(recorded)
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 101,
        "runAsGroup": 101 if controller == "f5-nginx" else 82,
        "fsGroup": 101 if controller == "f5-nginx" else 82,
        "seccompProfile": {"type": "RuntimeDefault"},
        "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
    }
    context = container(recorded)["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    assert context["readOnlyRootFilesystem"] is (controller == "f5-nginx")
    for copy in spec.get("initContainers", []):
        assert copy["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert copy["securityContext"]["readOnlyRootFilesystem"] is True
    # The token is the pods' alone: whoever else runs under the account has to ask for it.
    assert spec["automountServiceAccountToken"] is True
    assert recorded.manifest("ServiceAccount")["automountServiceAccountToken"] is False
    ports = {it["name"]: it["containerPort"] for it in container(recorded)["ports"]}
    assert (ports["http"], ports["https"]) == (80, 443)


def test_f5_can_write_where_it_must_and_starts_with_the_images_own_configuration() -> None:
    spec = pod(install())
    mounts = {it["mountPath"]: it["name"] for it in container(install())["volumeMounts"]}
    assert mounts.keys() == {
        "/etc/nginx",
        "/var/cache/nginx",
        "/var/lib/nginx",
        "/var/lib/nginx/state",
        "/var/log/nginx",
    }
    assert {it["name"] for it in spec["volumes"] if "emptyDir" in it} == set(mounts.values())
    (copy,) = spec["initContainers"]
    assert copy["image"] == spec["containers"][0]["image"]
    assert copy["command"] == ["cp", "-dR", "/etc/nginx/.", "/to"]
    assert copy["volumeMounts"] == [{"name": mounts["/etc/nginx"], "mountPath": "/to"}]


SWITCHES = {
    "f5-nginx": {
        "-nginx-configmaps=$(POD_NAMESPACE)/edge",
        "-ingress-class=edge",
        "-report-ingress-status",
        "-leader-election-lock-name=edge-leader",
        "-enable-custom-resources=false",
        "-allow-empty-ingress-host=false",
        "-enable-telemetry-reporting=false",
        "-enable-snippets=false",
        "-nginx-status=false",
    },
    "ingress-nginx": {
        "/nginx-ingress-controller",
        "--controller-class=k8s.io/ingress-nginx-edge",
        "--ingress-class=edge",
        "--configmap=$(POD_NAMESPACE)/edge",
        "--election-id=edge-leader",
        "--enable-annotation-validation=true",
        "--profiling=false",
    },
}
FRONT = {"f5-nginx": "-external-service=", "ingress-nginx": "--publish-service=$(POD_NAMESPACE)/"}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_controller_is_told_this(controller: str) -> None:
    recorded = install(controller)
    args = container(recorded)["args"]
    assert set(args) >= SWITCHES[controller]
    (front,) = (it for it in recorded.all("Service") if it.inputs["spec"]["type"] == "LoadBalancer")
    (told,) = (it for it in args if it.startswith(FRONT[controller]))
    assert told.removeprefix(FRONT[controller]).startswith(front.name)
    assert recorded.one("Deployment").dependencies >= {front.urn}
    assert not [it for it in args if "webhook" in it or "watch-namespace" in it]
    env = {
        it["name"]: it.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") for it in container(recorded)["env"]
    }
    assert (env["POD_NAME"], env["POD_NAMESPACE"]) == ("metadata.name", "metadata.namespace")


def test_what_routes_need_turns_on_what_f5_has_for_it() -> None:
    target = {"service": "api", "namespace": "shop", "port": 80}
    every_host = container(install(more={"routes": [{"path": "/", "target": target}]}))["args"]
    assert "-allow-empty-ingress-host=true" in every_host
    assert "-allow-empty-ingress-host=true" in container(install(more={"default_backend": target}))["args"]
    assert "-enable-custom-resources=true" in container(install(more=CRDS))["args"]


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_what_the_controller_dies_without_is_there_before_it(controller: str) -> None:
    recorded = install(controller, served_namespaces=[])
    before = created_before(recorded, recorded.one("Deployment"))
    roles = ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]
    for kind in (*roles, "ServiceAccount", "ConfigMap", "ConfigMapPatch", "IngressClass", "Namespace"):
        assert recorded.one(kind).urn in before, kind
    (own,) = (it for it in recorded.all("NetworkPolicy") if it.manifest()["metadata"].get("name") == "edge")
    assert own.urn in before


def created_before(recorded: Recording, registration: Registration) -> set[str]:
    """The URNs of all that a resource depends on, directly or through others."""
    by_urn = {known.urn: known for known in recorded.registrations}
    found: set[str] = set()
    pending = [registration]
    while pending:
        resource = pending.pop()
        new = resource.dependencies.union(*resource.property_dependencies.values()) - found
        found |= new
        pending += [by_urn[urn] for urn in new if urn in by_urn]
    return found


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_each_object_of_an_installation_depends_on_few_others(controller: str) -> None:
    installation: dict[str, Any] = {"served_namespaces": [f"team-{number}" for number in range(20)]}
    if controller == "ingress-nginx":
        installation = {HOOK: WEBHOOK, "served_namespaces": []}
    for made in install(controller, **installation).registrations:
        edges = made.dependencies.union(*made.property_dependencies.values())
        assert len(edges) <= 5, made.name


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_two_gateways_do_not_take_each_others_routes(controller: str) -> None:
    def program() -> None:
        for name in ("edge", "inner"):
            args: Any = {"controller": controller, "exposure": EXPOSED}
            IngressGateway(name, args)

    recorded = record(program)
    classes = {
        it["metadata"]["name"]: it["spec"]["controller"] for it in recorded.manifests() if it["kind"] == "IngressClass"
    }
    if controller == "f5-nginx":
        # It goes by the class's name, and does not start where the controller is another.
        assert classes == dict.fromkeys(["edge", "inner"], "nginx.org/ingress-controller")
    else:
        # It goes by the controller that the class names.
        assert classes == {it: f"k8s.io/ingress-nginx-{it}" for it in ("edge", "inner")}
    for deployment in recorded.all("Deployment"):
        name = deployment.manifest()["metadata"]["name"]
        args = container_args(deployment.manifest())
        assert any(it.endswith(f"ingress-class={name}") for it in args)
        if controller == "ingress-nginx":
            assert f"--controller-class={classes[name]}" in args


def container_args(manifest: Mapping[str, Any]) -> list[str]:
    return manifest["spec"]["template"]["spec"]["containers"][0]["args"]


@pytest.mark.parametrize("wanted", [True, False])
def test_the_class_may_be_the_default(wanted: bool) -> None:
    metadata = install(default_class=wanted).manifest("IngressClass")["metadata"]
    assert metadata.get("annotations") == ({"ingressclass.kubernetes.io/is-default-class": "true"} if wanted else None)


@settings(max_examples=examples(6))
@given(drain=st.integers(0, 3600), shutdown=st.integers(1, 3600))
@pytest.mark.parametrize("controller", CONTROLLERS)
def test_drain_and_shutdown_add_up(controller: str, drain: int, shutdown: int) -> None:
    recorded = install(controller, drain=drain, shutdown=shutdown)
    grace = pod(recorded)["terminationGracePeriodSeconds"]
    assert recorded.manifest("ConfigMapPatch")["data"]["worker-shutdown-timeout"] == f"{shutdown}s"
    if controller == "f5-nginx":
        hook = container(recorded).get("lifecycle", {}).get("preStop")
        # Before Kubernetes 1.32 a sleep of nothing is refused.
        assert hook == ({"sleep": {"seconds": drain}} if drain else None)
        assert grace > drain + shutdown
    else:
        assert container(recorded)["lifecycle"] == {"preStop": {"exec": {"command": ["/wait-shutdown"]}}}
        assert f"--shutdown-grace-period={drain}" in container(recorded)["args"]
        # It stays for ten seconds after nginx has gone (--post-shutdown-grace-period).
        assert grace > drain + shutdown + 10


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_what_stands_in_front_is_told_of_the_drain(controller: str) -> None:
    drains: list[Any] = []

    def program() -> None:
        args: Any = {"controller": controller, "upstream": {}, "installation": {"drain": 70}}
        target = IngressGateway("edge", args).target
        drains.append(target and target.get("drain"))

    record(program)
    assert set(drains) == {70}


def test_a_rollout_never_has_fewer_pods() -> None:
    spec = workload(install())["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["minReadySeconds"] >= 10


HEALTH = {"f5-nginx": ("/nginx-ready", 8081), "ingress-nginx": ("/healthz", 10254)}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_probes_ask_what_the_controller_answers(controller: str) -> None:
    made = container(install(controller))
    asked = {key: (it["httpGet"]["path"], it["httpGet"]["port"]) for key, it in made.items() if key.endswith("Probe")}
    probes = ["readinessProbe"] + (["livenessProbe"] if controller == "ingress-nginx" else [])
    assert asked == dict.fromkeys(probes, HEALTH[controller])


METRICS = {"f5-nginx": 9113, "ingress-nginx": 10254}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_metrics_are_there_for_those_who_are_named(controller: str) -> None:
    port = METRICS[controller]
    recorded = install(controller, metrics_from=[{"namespace": "monitoring"}])
    service = recorded.manifest("Service", "edge-metrics")
    assert [it["targetPort"] for it in service["spec"]["ports"]] == [port]
    assert service["spec"]["selector"] == SELECTOR
    assert recorded.manifest("NetworkPolicy", "edge")["spec"] == {
        "podSelector": {"matchLabels": SELECTOR},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
                "ports": [{"port": port, "protocol": "TCP"}],
            }
        ],
    }
    assert "ingress" not in install(controller).manifest("NetworkPolicy", "edge")["spec"]
    silent = install(controller, metrics=False)
    assert "edge-metrics" not in {it["metadata"].get("name") for it in silent.manifests()}
    assert any(it.endswith("metrics=false") for it in container(silent)["args"])


def test_the_webhook_is_open_to_the_api_server_alone() -> None:
    recorded = install("ingress-nginx", admission_webhook=WEBHOOK)
    policy = recorded.manifest("NetworkPolicy", "edge")["spec"]
    assert policy["ingress"] == [
        {"from": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [{"port": 8443, "protocol": "TCP"}]}
    ]
    assert "--validating-webhook=:8443" in container(recorded)["args"]
    secret = recorded.one("Secret")
    assert isinstance(secret.inputs["stringData"], Secret)
    assert secret.manifest()["stringData"] == {"tls.crt": CERTIFICATE, "tls.key": KEY}
    mounted = {it["name"]: it for it in pod(recorded)["volumes"]}["webhook"]["secret"]["secretName"]
    assert mounted == secret.manifest()["metadata"]["name"] == "edge-admission"
    (asked,) = recorded.manifest("ValidatingWebhookConfiguration")["webhooks"]
    assert asked["clientConfig"]["service"] == {
        "namespace": "edge",
        "name": "edge-admission",
        "path": "/networking/v1/ingresses",
    }
    assert asked["failurePolicy"] == "Ignore"
    for kind in ("ValidatingWebhookConfiguration", "Secret"):
        with pytest.raises(LookupError):
            install("ingress-nginx").one(kind)


@pytest.mark.parametrize("custom", [False, True])
@pytest.mark.parametrize("served", [None, [], ["shop", "pay"]])
@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_rights_are_exactly_what_the_controllers_source_asks_for(
    controller: str, served: list[str] | None, custom: bool
) -> None:
    if controller == "ingress-nginx" and (served or custom):
        return  # Refused, see below.
    recorded = install(controller, more=CRDS if custom else {}, served_namespaces=served)
    needs = needs_of(controller, named=served is not None, custom=custom)
    wanted = in_namespaces(needs, "edge", served, {CLASS: "edge", LEASE: "edge-leader"})
    assert granted(recorded.manifests()) == wanted
    secrets = {namespace for namespace, right in granted(recorded.manifests()) if right.resource == "secrets"}
    assert secrets == ({""} if served is None else {"edge", *served})
    bound = [it for it in recorded.manifests() if it["kind"].endswith("RoleBinding")]
    assert len(bound) == len([it for it in recorded.manifests() if it["kind"] in ("Role", "ClusterRole")])
    for binding in bound:
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "edge", "namespace": "edge"}]
        (role,) = (
            it
            for it in recorded.manifests()
            if it["kind"] == binding["roleRef"]["kind"]
            and it["metadata"].get("namespace") == binding["metadata"].get("namespace")
        )
        assert role["metadata"].get("name") or binding["roleRef"]["name"]


def test_the_namespaces_that_are_served_are_told() -> None:
    args = container(install(served_namespaces=["shop", "pay"]))["args"]
    assert "-watch-namespace=edge,shop,pay" in args
    assert "--watch-namespace=edge" in container(install("ingress-nginx", served_namespaces=[]))["args"]


def test_ingress_nginx_warns_of_its_end(caplog: pytest.LogCaptureFixture) -> None:
    install("f5-nginx")
    assert "retired" not in caplog.text
    recorded = install("ingress-nginx")
    assert recorded.preview is not None
    # Once in the preview, once in the update.
    assert caplog.text.count('IngressGateway "edge": ingress-nginx was retired in March 2026') == 2


def test_images_are_pinned_and_can_be_a_mirrors() -> None:
    assert container(install())["image"] == "docker.io/nginx/nginx-ingress:5.5.4"
    community = container(install("ingress-nginx"))["image"]
    assert community.startswith("registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea7")
    mirrored = pod(install(image="mirror.example.com/nginx-ingress:5.5.4"))
    images = {it["image"] for it in (*mirrored["containers"], *mirrored["initContainers"])}
    assert images == {"mirror.example.com/nginx-ingress:5.5.4"}


def test_labels_are_on_every_object_and_on_the_pods_but_not_in_what_is_frozen() -> None:
    recorded = install(
        "ingress-nginx", more={"labels": {"team": "edge"}}, admission_webhook=WEBHOOK, autoscaling={"max_replicas": 3}
    )
    # The patch is of an object that has them, and two who say so would be in each other's way.
    objects = [it for it in recorded.registrations if it.custom and not it.type.endswith(":ConfigMapPatch")]
    for made in objects:
        assert made.manifest()["metadata"]["labels"]["team"] == "edge", made.type
    spec = workload(recorded)["spec"]
    assert spec["template"]["metadata"]["labels"] == {"team": "edge", **SELECTOR}
    assert spec["selector"]["matchLabels"] == SELECTOR


def test_a_namespace_that_exists_is_left_alone() -> None:
    recorded = install(more={"namespace": "there"})
    with pytest.raises(LookupError):
        recorded.one("Namespace")
    namespaced = [
        it for it in recorded.manifests() if it["kind"] not in ("ClusterRole", "ClusterRoleBinding", "IngressClass")
    ]
    assert {it["metadata"]["namespace"] for it in namespaced} == {"there"}


def _same_name(name: str, _manifest: Any) -> str:
    return name


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_list_of_objects_is_what_the_component_registers(controller: str) -> None:
    args: Any = {"controller": controller, "exposure": EXPOSED, "installation": {"autoscaling": {"max_replicas": 3}}}
    listed = manifests_of("edge", objects_of(plan_gateway("edge", parsed_gateway(args, "edge"))), _same_name)
    names = {it.name: {"metadata": {"name": it.name}} for it in install(controller).registrations}
    recorded = record(
        lambda: IngressGateway("edge", args),
        outputs=lambda it: names.get(it.name) if "name" not in it.inputs.get("metadata", {"name": ""}) else None,
    )
    registered = {it.name: _with_name(it) for it in recorded.registrations if it.custom}
    assert registered.keys() == {one.name for one in listed}
    for one in listed:
        # The provider has the same kind for an object and for a patch of it.
        assert registered[one.name] == {**one.manifest, "kind": one.manifest["kind"].removesuffix("Patch")}, one.name


def _with_name(registration: Registration) -> dict[str, Any]:
    manifest = registration.manifest()
    return {**manifest, "metadata": {"name": registration.name, **manifest["metadata"]}}


def test_the_documented_images_are_the_installers() -> None:
    documented = inspect.getsource(Installation)
    for installer in INSTALLERS.values():
        assert installer.image.partition("@")[0] in documented
        assert installer.version in installer.image


INSTALLATIONS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["Deployment", "DaemonSet"]),
        "replicas": st.integers(1, 9),
        "autoscaling": st.just({"max_replicas": 5, "memory": 70}),
        "resources": st.sampled_from([{"cpu": 1.0, "memory": 1024}, {"limits": "none"}]),
        "placement": st.sampled_from([{"architectures": ["arm64"]}, {"node_selector": {"pool": "edge"}}]),
        "disruption_budget": st.sampled_from([{"max_unavailable": 2}, {"max_unavailable_percent": 25}]),
        "drain": st.integers(0, 3600),
        "shutdown": st.integers(1, 3600),
        "served_namespaces": st.lists(st.sampled_from(["shop", "pay"]), unique=True),
        "default_class": st.booleans(),
        "metrics": st.booleans(),
        "metrics_from": st.just([{"namespace": "monitoring"}]),
        "admission_webhook": st.just(WEBHOOK),
        "pod_annotations": st.just({"example.com/team": "edge"}),
    },
)


BY_DEFAULT: dict[str, Any] = {
    "kind": "Deployment",
    "replicas": 2,
    "drain": 30,
    "shutdown": 60,
    "default_class": False,
    "metrics": True,
}


def settled(installation: dict[str, Any], controller: str) -> dict[str, Any]:
    """The fields that go together and that the controller has; what is refused has cases of its own."""
    gone: set[str] = set()
    if installation.get("kind") == "DaemonSet":
        gone |= {"replicas", "autoscaling", "disruption_budget"}
    if "autoscaling" in installation:
        gone.add("replicas")
    if not installation.get("metrics", True):
        gone.add("metrics_from")
    if controller == "f5-nginx":
        gone.add("admission_webhook")
    kept = {key: value for key, value in installation.items() if key not in gone}
    if controller == "ingress-nginx" and "served_namespaces" in kept:
        kept["served_namespaces"] = []
    return kept


@settings(max_examples=examples(10))
@given(drawn=INSTALLATIONS, custom=st.booleans(), data=st.data())
@pytest.mark.parametrize("controller", CONTROLLERS)
def test_every_installation_is_valid_and_every_field_shows(
    controller: str, drawn: dict[str, Any], custom: bool, data: st.DataObject
) -> None:
    installation = settled(drawn, controller)
    more = CRDS if custom and controller == "f5-nginx" else {}
    made = install(controller, more=more, **installation).manifests()
    for manifest in made:
        validate(manifest)
    if shown := [it for it, value in installation.items() if value != BY_DEFAULT.get(it, ())]:
        field = data.draw(st.sampled_from(shown))
        rest = settled({key: it for key, it in installation.items() if key != field}, controller)
        assert install(controller, more=more, **rest).manifests() != made, f"{field} is dropped"


def assert_rejected(args: Any, code: str, location: tuple[Any, ...], **params: Any) -> Problem:
    """The problem that the gateway reports, and that its fix, if it has one, removes."""
    problem = assert_problem(problems_of_gateway("edge", **args), code, *location, **params)
    fixable = assert_fixes_work(lambda changed: check_gateway(changed, "edge"), args)
    assert fixable or not problem.edits
    return problem


HOOK = "admission_webhook"


ROWS: Sequence[tuple[str, Any, str, tuple[Any, ...], Any]] = [
    ("f5-nginx", {"kind": "StatefulSet"}, "not-a-choice", ("kind",), {}),
    ("f5-nginx", {"replicas": 0}, "too-small", ("replicas",), {"least": 1}),
    ("f5-nginx", {"replicas": 3, "autoscaling": {"max_replicas": 3}}, "mutually-exclusive", ("replicas",), {}),
    (
        "f5-nginx",
        {"autoscaling": {"max_replicas": 1}},
        "max-replicas-below-min",
        ("autoscaling", "max_replicas"),
        {"least": 2},
    ),
    ("f5-nginx", {"kind": "DaemonSet", "replicas": 3}, "not-for-controller-daemon-set", ("replicas",), {}),
    (
        "f5-nginx",
        {"kind": "DaemonSet", "autoscaling": {"max_replicas": 3}},
        "not-for-controller-daemon-set",
        ("autoscaling",),
        {"field": "autoscaling"},
    ),
    (
        "f5-nginx",
        {"kind": "DaemonSet", "disruption_budget": {}},
        "not-for-controller-daemon-set",
        ("disruption_budget",),
        {},
    ),
    (
        "f5-nginx",
        {"disruption_budget": {"max_unavailable": 1, "max_unavailable_percent": 10}},
        "mutually-exclusive",
        ("disruption_budget", "max_unavailable_percent"),
        {"fields": ["max_unavailable", "max_unavailable_percent"]},
    ),
    ("f5-nginx", {"image": "nginx/nginx-ingress:latest"}, "image-tag-latest", ("image",), {}),
    ("f5-nginx", {"image": "nginx/nginx-ingress"}, "image-without-version", ("image",), {}),
    ("f5-nginx", {"drain": 3601}, "out-of-range", ("drain",), {"most": 3600}),
    ("f5-nginx", {"shutdown": 0}, "out-of-range", ("shutdown",), {"least": 1}),
    ("f5-nginx", {"served_namespaces": ["Shop"]}, "invalid-name", ("served_namespaces", 0), {}),
    ("f5-nginx", {"served_namespaces": ["a", "a"]}, "namespace-repeated", ("served_namespaces", 1), {}),
    ("f5-nginx", {"served_namespaces": ["edge"]}, "own-namespace-served", ("served_namespaces", 0), {}),
    ("f5-nginx", {"metrics": False, "metrics_from": [{"namespace": "a"}]}, "metrics-off", ("metrics_from",), {}),
    ("f5-nginx", {"metrics_from": [{}]}, "empty-peer", ("metrics_from", 0), {}),
    (
        "f5-nginx",
        {"metrics_from": [{"namespace": "a", "ports": [8080]}]},
        "ports-not-chosen-by-peer",
        ("metrics_from", 0, "ports"),
        {"field": "metrics_from"},
    ),
    ("f5-nginx", {"pod_annotations": {"a b": "c"}}, "invalid-annotation-key", ("pod_annotations", "a b"), {}),
    (
        "f5-nginx",
        {HOOK: WEBHOOK},
        "admission-webhook-not-supported",
        (HOOK,),
        {"controller": "F5 NGINX Ingress Controller", "controllers": ["ingress-nginx"]},
    ),
    ("f5-nginx", {"snippets": True}, "unknown-argument", ("snippets",), {}),
    (
        "ingress-nginx",
        {"served_namespaces": ["shop"]},
        "served-namespaces-not-supported",
        ("served_namespaces",),
        {},
    ),
    ("ingress-nginx", {HOOK: {**WEBHOOK, "api_server_sources": []}}, "empty", (HOOK, "api_server_sources"), {}),
    (
        "ingress-nginx",
        {HOOK: {**WEBHOOK, "api_server_sources": ["0.0.0.0/0"]}},
        "webhook-open-to-everyone",
        (HOOK, "api_server_sources", 0),
        {},
    ),
    (
        "ingress-nginx",
        {HOOK: {**WEBHOOK, "api_server_sources": ["10.0.0.1"]}},
        "cidr-without-length",
        (HOOK, "api_server_sources", 0),
        {},
    ),
    (
        "ingress-nginx",
        {HOOK: {key: value for key, value in WEBHOOK.items() if key != "ca_certificate"}},
        "missing",
        (HOOK, "ca_certificate"),
        {},
    ),
]


@pytest.mark.parametrize(("controller", "installation", "code", "location", "params"), ROWS)
def test_an_installation_is_rejected(
    controller: str, installation: dict[str, Any], code: str, location: tuple[Any, ...], params: dict[str, Any]
) -> None:
    args = {"controller": controller, "exposure": EXPOSED, "installation": installation}
    assert_rejected(args, code, ("installation", *location), **params)


@pytest.mark.parametrize(("field", "value"), [("certificate", "MIIB"), ("key", "hunter2")])
def test_a_webhook_needs_pem_and_no_message_shows_what_may_be_a_key(field: str, value: str) -> None:
    args: Any = {"controller": "ingress-nginx", "exposure": EXPOSED, "installation": {HOOK: {**WEBHOOK, field: value}}}
    (problem,) = problems_of_gateway("edge", **args)
    assert problem.location == ("installation", HOOK, field)
    assert problem.secret
    assert value not in str(problem)


@pytest.mark.parametrize(
    ("controller", "some", "code", "location"),
    [
        ("f5-nginx", {"tls_versions": []}, "empty", ("tls_versions",)),
        ("f5-nginx", {"tls_versions": ["TLSv1.1"]}, "not-a-choice", ("tls_versions", 0)),
        ("f5-nginx", {"ciphers": []}, "empty", ("ciphers",)),
        ("f5-nginx", {"ciphers": ["HIGH:!aNULL"]}, "invalid-cipher", ("ciphers", 0)),
        ("f5-nginx", {"ciphers": ["A-B;\ninclude"]}, "invalid-cipher", ("ciphers", 0)),
        (
            "ingress-nginx",
            {"tls_versions": ["TLSv1.3"], "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256"]},
            "ciphers-without-tls-1-2",
            ("ciphers",),
        ),
        ("f5-nginx", {"hsts": {}}, "hsts-always-preloaded", ("hsts", "preload")),
        ("ingress-nginx", {"hsts": {"max_age": 0}}, "too-small", ("hsts", "max_age")),
        ("f5-nginx", {"forwarded_from": []}, "empty", ("forwarded_from",)),
        ("f5-nginx", {"forwarded_from": ["0.0.0.0/0"]}, "everyone-trusted", ("forwarded_from", 0)),
        ("f5-nginx", {"forwarded_from": ["::/0"]}, "everyone-trusted", ("forwarded_from", 0)),
        ("f5-nginx", {"forwarded_from": ["10.0.0.1"]}, "cidr-without-length", ("forwarded_from", 0)),
        ("f5-nginx", {"access_log": "xml"}, "not-a-choice", ("access_log",)),
        ("f5-nginx", {"body_size": -1}, "out-of-range", ("body_size",)),
        ("f5-nginx", {"timeouts": {"read": 0}}, "too-small", ("timeouts", "read")),
        ("f5-nginx", {"keep_alive": {"timeout": 0}}, "too-small", ("keep_alive", "timeout")),
        ("f5-nginx", {"keep_alive": {"requests": 0}}, "too-small", ("keep_alive", "requests")),
        ("f5-nginx", {"workers": {"processes": 0}}, "out-of-range", ("workers", "processes")),
        ("f5-nginx", {"workers": {"connections": 0}}, "out-of-range", ("workers", "connections")),
        ("f5-nginx", {"brotli": True}, "unknown-argument", ("brotli",)),
        ("f5-nginx", {"snippets": True}, "unknown-argument", ("snippets",)),
    ],
)
def test_a_setting_is_rejected(controller: str, some: dict[str, Any], code: str, location: tuple[Any, ...]) -> None:
    # Whoever can connect must be trusted, if anyone is.
    exposure = {**EXPOSED, "allowed_sources": ["10.0.0.1/32"]}
    assert_rejected({"controller": controller, "exposure": exposure, "settings": some}, code, ("settings", *location))


def test_all_problems_of_a_gateway_are_reported_together() -> None:
    args: Any = {
        "exposure": {"scope": "internet", "platform": "generic", "client_ip": "none"},
        "upstream": {},
        "settings": {"hsts": {}, "body_size": -1},
        "installation": {"drain": 3601, "served_namespaces": ["edge"]},
        "crds": {},
        "routes": [{"host": "shop.example.com", "path": 1}],
    }
    found = {(problem.code.name, tuple(problem.location)) for problem in problems_of_gateway("edge", **args)}
    assert found >= {
        ("not-a-choice", ("exposure", "client_ip")),
        ("mutually-exclusive", ("upstream",)),
        ("hsts-always-preloaded", ("settings", "hsts", "preload")),
        ("out-of-range", ("settings", "body_size")),
        ("out-of-range", ("installation", "drain")),
        ("own-namespace-served", ("installation", "served_namespaces", 0)),
        ("crds-without-source", ("crds",)),
        ("wrong-type", ("routes", 0, "path")),
    }


DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: policies.k8s.nginx.org
  annotations: {of: a release}
spec:
  group: k8s.nginx.org
  names: {kind: Policy, plural: policies}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""


def test_the_definitions_are_somewhere_and_once(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    args: Any = {"exposure": EXPOSED}
    assert_rejected({**args, "crds": {}}, "crds-without-source", ("crds",))
    from_file: Any = {**args, "crds": {"path": "crds.yaml"}}
    assert_rejected(from_file, "crds-file-missing", ("crds", "path"))
    for text, code, params in (
        (b"", "crds-file-other-objects", {}),
        (b"a: b: c", "crds-file-not-yaml", {"line": 1, "column": 5}),
        (b"\xff\xfe", "crds-file-not-text", {}),
        (b"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "crds-file-other-objects", {}),
        (DEFINITION.encode() + b"---\n[]\n", "crds-file-other-objects", {}),
    ):
        (tmp_path / "crds.yaml").write_bytes(text)
        assert_rejected(from_file, code, ("crds", "path"), **params)
    both = {**args, "crds": {"installed": True, "path": "crds.yaml"}}
    assert_rejected(both, "mutually-exclusive", ("crds", "path"), fields=["installed", "path"])
    there: Any = {"install": False, "class_name": "nginx", "namespace": "edge", "crds": {"path": "crds.yaml"}}
    assert_rejected(there, "crds-path-without-install", ("crds", "path"))
    other: Any = {**args, "controller": "ingress-nginx", "crds": {"installed": True}}
    assert_rejected(other, "crds-not-supported", ("crds",), controllers=["f5-nginx"])


def test_the_definitions_file_is_installed_before_the_controller(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crds.yaml").write_text(f"# Of a release.\n---\n{DEFINITION}---\n")
    recorded = install(more={"crds": {"path": "crds.yaml"}})
    definition = recorded.one("CustomResourceDefinition")
    assert definition.urn in created_before(recorded, recorded.one("Deployment"))
    assert definition.manifest()["spec"] == yaml.safe_load(DEFINITION)["spec"]
    # It is there still when the next gateway comes, perhaps with another release's.
    assert definition.request.retainOnDelete
    # Definitions of another stack stay as they are: nothing is applied by force.
    assert definition.manifest()["metadata"]["annotations"] == {"of": "a release"}


def test_a_gateway_at_the_ports_of_nodes_waits_for_no_address() -> None:
    exposed = {**EXPOSED, "platform": "node-port", "node_ports": {"http": 30080, "https": 30443}}
    recorded = install(more={"exposure": exposed})
    service = recorded.manifest("Service", "edge-service")
    assert service["spec"]["type"] == "NodePort"
    assert {port["name"]: port["nodePort"] for port in service["spec"]["ports"]} == {"http": 30080, "https": 30443}
    # Pulumi would wait for pods, which come after it.
    assert service["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    outputs = recorded.outputs["edge"]
    assert (outputs["node_ports"], outputs["load_balancers"]) == ({"http": 30080, "https": 30443}, 0)


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_registrys_credentials_are_named_in_the_pod(controller: str) -> None:
    assert "imagePullSecrets" not in pod(install(controller))
    found = pod(install(controller, pull_secrets=["mirror", "other"]))
    assert found["imagePullSecrets"] == [{"name": "mirror"}, {"name": "other"}]
    assert_rejected(
        arguments_of(controller, pull_secrets=["a b"]), "invalid-object-name", ("installation", "pull_secrets", 0)
    )


def arguments_of(controller: str, **installation: Any) -> dict[str, Any]:
    return {"controller": controller, "exposure": EXPOSED, "installation": installation}


def test_a_controller_does_without_ipv6() -> None:
    assert "-disable-ipv6" in container(install(ipv6=False))["args"]
    assert "-disable-ipv6" not in container(install())["args"]
    settings = install("ingress-nginx", ipv6=False).manifest("ConfigMapPatch")["data"]
    assert (settings["disable-ipv6"], settings["disable-ipv6-dns"]) == ("true", "true")
    assert "disable-ipv6" not in install("ingress-nginx").manifest("ConfigMapPatch")["data"]


FREE_ARGUMENTS = {"f5-nginx": "-nginx-reload-timeout=90000", "ingress-nginx": "--sync-period=30s"}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_arguments_without_a_field_come_last(controller: str) -> None:
    argument = FREE_ARGUMENTS[controller]
    assert container(install(controller, arguments=[argument]))["args"][-1] == argument


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("everything", [False, True])
def test_every_argument_that_portico_sets_is_one_that_users_cannot(controller: str, everything: bool) -> None:
    namespaces = [] if controller == "ingress-nginx" else ["shop"]
    more: dict[str, Any] = {"ipv6": False, "served_namespaces": namespaces} if everything else {}
    if everything and controller == "ingress-nginx":
        more["admission_webhook"] = WEBHOOK
    own = [argument for argument in container(install(controller, **more))["args"] if argument.startswith("-")]
    assert len(own) > 5
    for argument in own:
        name = argument.lstrip("-").partition("=")[0]
        problems = problems_of_gateway(**arguments_of(controller, arguments=[f"--{name}=x"]))
        codes = {problem.code.name for problem in problems}
        assert codes <= {
            f"program-argument-{why}" for why in ("of-field", "of-portico", "configures-nginx", "opens-controller")
        }
        assert len(problems) == 1, argument


@pytest.mark.parametrize(
    ("controller", "argument", "code"),
    [
        ("f5-nginx", "nginx-reload-timeout=1", "not-a-program-argument"),
        ("f5-nginx", "-nginx-reload-timeout 1", "not-a-program-argument"),
        ("f5-nginx", "-nginx-relod-timeout=1", "unknown-program-argument"),
        ("ingress-nginx", "-nginx-reload-timeout=1", "unknown-program-argument"),
        ("f5-nginx", "-watch-namespace=shop", "program-argument-of-field"),
        ("f5-nginx", "--enable-snippets", "program-argument-configures-nginx"),
        ("ingress-nginx", "--enable-annotation-validation=false", "program-argument-configures-nginx"),
        ("f5-nginx", "-enable-tls-passthrough", "program-argument-opens-controller"),
        ("ingress-nginx", "--tcp-services-configmap=a/b", "program-argument-opens-controller"),
        ("f5-nginx", "-nginx-plus", "program-argument-of-other-edition"),
        ("f5-nginx", "-enable-leader-election=false", "program-argument-of-portico"),
    ],
)
def test_an_argument_that_is_not_for_users_is_rejected(controller: str, argument: str, code: str) -> None:
    assert_rejected(arguments_of(controller, arguments=[argument]), code, ("installation", "arguments", 0))


def test_an_argument_is_given_once_and_another_image_can_have_others() -> None:
    twice = ["-log-level=debug", "--log-level=info"]
    assert_rejected(
        arguments_of("f5-nginx", arguments=twice), "program-argument-repeated", ("installation", "arguments", 1)
    )
    recorded = install(arguments=["-new-in-six=true"], image="mirror.example.com/nginx-ingress:6.0.0")
    assert "-new-in-six=true" in container(recorded)["args"]
    assert any("installation.arguments" in text for text in recorded.outputs["edge"]["exceptions"])


@pytest.mark.parametrize(
    ("settings_", "location"),
    [
        ({"header_buffers": {"size": 0}}, ("header_buffers", "size")),
        ({"header_buffers": {"size": 8, "number": 65}}, ("header_buffers", "number")),
        ({"response_buffers": {"size": 1025}}, ("response_buffers", "size")),
        # nginx doesn't start with fewer.
        ({"response_buffers": {"size": 8, "number": 2}}, ("response_buffers", "number")),
        ({"upstream_keep_alive": -1}, ("upstream_keep_alive",)),
    ],
)
def test_buffers_and_connections_have_limits(settings_: Any, location: tuple[str, ...]) -> None:
    args = {"controller": "f5-nginx", "exposure": EXPOSED, "settings": settings_}
    assert_rejected(args, "out-of-range", ("settings", *location))


def test_headers_with_underscores_are_reported() -> None:
    recorded = install(more={"settings": {"underscores_in_headers": True}})
    assert any("underscores_in_headers" in text for text in recorded.outputs["edge"]["exceptions"])


ON_HOST: dict[str, Any] = {"kind": "DaemonSet", "host_network": True}
BEHIND_NODES: dict[str, Any] = {
    "exposure": None,
    "upstream": {"sources": ["0.0.0.0/0"]},
    "controller_peers": [{"cidr": "10.0.0.0/16"}],
    "routes": [
        {"host": "a.example.com", "target": {"service": "a", "namespace": "b", "port": 80, "selector": {"app": "a"}}}
    ],
}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_on_the_host_network_the_nodes_are_the_front_door(controller: str) -> None:
    recorded = install(controller, more=BEHIND_NODES, **ON_HOST)
    spec = pod(recorded)
    assert (spec["hostNetwork"], spec["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    # The API server rejects settings of the network that the pods share with their node.
    assert "sysctls" not in spec["securityContext"]
    assert container(recorded)["securityContext"]["allowPrivilegeEscalation"] is True
    assert {port["containerPort"] for port in container(recorded)["ports"]} >= {80, 443}
    # A new pod can't listen on a node's ports before the old one has ended.
    update = workload(recorded)["spec"]["updateStrategy"]["rollingUpdate"]
    assert update == {"maxSurge": 0, "maxUnavailable": 1}
    namespace = recorded.manifest("Namespace", "edge")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert "installation.host_network" in recorded.outputs["edge"]["exceptions"]
    validate(workload(recorded))


def test_only_the_targets_have_policies_on_the_host_network_and_admit_the_nodes() -> None:
    recorded = install(more=BEHIND_NODES, **ON_HOST)
    (policy,) = (manifest for manifest in recorded.manifests() if manifest["kind"] == "NetworkPolicy")
    assert policy["spec"]["podSelector"] == {"matchLabels": {"app": "a"}}
    (rule,) = policy["spec"]["ingress"]
    assert rule["from"] == [{"ipBlock": {"cidr": "10.0.0.0/16"}}]


def test_a_controller_on_the_host_network_without_metrics_has_no_policy_to_come_after() -> None:
    recorded = install(more=BEHIND_NODES, **ON_HOST, metrics=False)
    assert recorded.manifest("IngressClass", "edge")


@pytest.mark.parametrize(
    ("installation", "more", "code", "location"),
    [
        ({"kind": None}, {}, "controller-host-network-of-deployment", ("installation", "host_network")),
        (
            {"metrics_from": [{"namespace": "monitoring"}]},
            {},
            "controller-callers-on-host-network",
            ("installation", "metrics_from"),
        ),
        (
            {},
            {"upstream": None, "exposure": EXPOSED},
            "exposure-on-host-network",
            ("installation", "host_network"),
        ),
        ({}, {"upstream": {}}, "missing", ("upstream", "sources")),
        ({}, {"controller_peers": None}, "controller-peers-missing", ("controller_peers",)),
    ],
)
def test_what_the_host_network_needs(installation: Any, more: Any, code: str, location: tuple[str, ...]) -> None:
    args: dict[str, Any] = {**BEHIND_NODES, "installation": {**ON_HOST, **installation}, **more}
    assert_problem(problems_of_gateway(**args), code, *location)
