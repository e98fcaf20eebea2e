"""WebService: what Kubernetes is told, for plain values and Outputs, in preview and update."""

from typing import Any

import kubernetes_validate
import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError, WebService
from pulumi_portico.testing import Recording, Secret, record

IMAGE = "registry.example.com/team/api:1.4.2"
DIGEST = "sha256:" + "a" * 64


def web_service(name: str = "api", **args: Any) -> Recording:
    all_args: Any = {"image": IMAGE, "port": 8080, **args}
    return record(lambda: WebService(name, all_args))


def pod_spec(recorded: Recording) -> dict[str, Any]:
    return recorded.manifest("Deployment")["spec"]["template"]["spec"]


def test_two_inputs_make_a_deployment_and_a_service() -> None:
    recorded = web_service()
    deployment, service = recorded.manifest("Deployment", "api"), recorded.manifest("Service", "api")
    assert deployment["spec"]["replicas"] == 2
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["ports"][0]["containerPort"]) == (IMAGE, 8080)
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["ports"] == [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}]
    assert len(recorded.manifests()) == 2


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


def test_readiness_asks_the_port_that_the_container_listens_on() -> None:
    container = pod_spec(web_service(port=9000))["containers"][0]
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert named[container["readinessProbe"]["tcpSocket"]["port"]] == 9000


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
        "service_name": "api",
        "namespace": "shop",
    }


def test_target_names_the_service_its_port_and_its_pods() -> None:
    recorded = record(
        lambda: WebService("api", {"image": IMAGE, "port": 8080, "service_port": 81, "namespace": "shop"}).target()
    )
    expected = {
        "service": "api",
        "namespace": "shop",
        "port": 81,
        "selector": {"app.kubernetes.io/name": "api"},
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


def test_children_hang_on_the_component_and_wait_for_nothing() -> None:
    recorded = web_service()
    component = recorded.one("portico:index:WebService", "api")
    for kind in ("Deployment", "Service"):
        child = recorded.one(kind)
        assert child.parent == component.urn
        # A Service waits for its pods; a Deployment that waited for its Service would wait for ever.
        assert child.dependencies == frozenset()


def test_providers_and_protection_of_the_component_reach_its_children() -> None:
    import pulumi_kubernetes

    def program() -> None:
        provider = pulumi_kubernetes.Provider("other", context="elsewhere")
        options = pulumi.ResourceOptions(provider=provider, protect=True)
        WebService("api", {"image": IMAGE, "port": 8080}, options)

    recorded = record(program)
    for kind in ("Deployment", "Service"):
        assert "pulumi:providers:kubernetes::other::" in recorded.one(kind).provider
        assert recorded.one(kind).protect


def refused(name: str = "api", **args: Any) -> str:
    registered: list[Any] = []

    all_args: Any = {"image": IMAGE, "port": 8080, **args}

    def program() -> None:
        with pytest.raises(ArgumentError) as caught:
            WebService(name, all_args)
        registered.append(str(caught.value))

    recorded = record(program)
    assert recorded.registrations == [], "a refused component has registered something"
    return registered[0]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"image": "nginx"}, 'image: "nginx" names no version'),
        ({"image": "nginx:latest"}, 'the tag "latest"'),
        ({"image": None}, "image: is missing"),
        ({"port": 0}, "port: 0 is not a port number"),
        ({"port": "8080"}, 'port: "8080" is not a whole number'),
        ({"port": pulumi.Output.from_input(80)}, "port: an Output is known only during the deployment"),
        ({"service_port": 70000}, "service_port: 70000 is not a port number"),
        ({"replicas": -1}, "replicas: -1 is not a number of pods"),
        ({"namespace": "My_Shop"}, 'fix: write "my-shop"'),
        ({"labels": {"a b": "c"}}, 'labels.a b: "a b" does not fit a label\'s key'),
        ({"labels": {"a": "b c"}}, 'labels.a: "b c" does not fit a label\'s value'),
        ({"selector": {}}, "selector: {} selects every pod"),
        ({"selector": {"app": "x"}, "labels": {"app": "y"}}, 'labels.app: "y" stands in the selector too'),
        ({"replica": 3}, "fix: write replicas"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_registered(args: dict[str, Any], says: str) -> None:
    message = refused(**args)
    assert message.startswith('WebService "api" has ')
    assert says in message


def test_a_label_may_not_overrule_the_default_selector() -> None:
    message = refused(labels={"app.kubernetes.io/name": "other"})
    assert "labels.app.kubernetes.io/name" in message


def test_a_name_that_no_service_can_have_is_refused_with_one_that_it_can() -> None:
    message = refused("My_API")
    assert 'name: "My_API"' in message
    assert 'fix: write "my-api"' in message


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)
ARGS = st.fixed_dictionaries(
    {
        "image": st.sampled_from([IMAGE, f"nginx@{DIGEST}", f"localhost:5000/a/b:2@{DIGEST}"]),
        "port": st.integers(1, 65535),
    },
    optional={
        "service_port": st.integers(1, 65535),
        "replicas": st.integers(0, 1000),
        "namespace": st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True),
        "labels": st.dictionaries(LABEL, LABEL, max_size=3),
        "selector": st.dictionaries(LABEL.map(lambda it: f"portico.dev/{it}"), LABEL, min_size=1, max_size=3),
    },
)


@settings(max_examples=40, deadline=None)
@given(name=st.from_regex(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True), args=ARGS)
def test_any_valid_arguments_make_valid_manifests_that_fit_together(name: str, args: Any) -> None:
    recorded = record(lambda: WebService(name, args))
    for manifest in recorded.manifests():
        for version in ("1.30", "1.37"):
            kubernetes_validate.validate(manifest, version, strict=True)
    deployment, service = recorded.manifest("Deployment"), recorded.manifest("Service")
    template = deployment["spec"]["template"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    ports = {port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
