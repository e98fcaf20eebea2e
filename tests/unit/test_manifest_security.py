"""Raw manifests can't take over objects, and what they open, grant, or show is reported."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_portico.args.secrets import Secret
from pulumi_portico.lifecycle.ownership import is_patch
from pulumi_portico.stack import build, check_stack
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import record

from tests.problems import assert_fixes_work, assert_problem, problems_of_stack
from tests.scoreboard.cases import gateway, ran, render

WEB: dict[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080}
CANARY = "canary-9d2f"
AT = ("manifests", 0)
RBAC, NETWORKING = "rbac.authorization.k8s.io/v1", "networking.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"


def stack(*manifests: Any, **parts: Any) -> dict[str, Any]:
    return {"namespace": "shop", "services": {"web": WEB}, "manifests": list(manifests), **parts}


def manifest(kind: str, api_version: str = "v1", /, *, name: str = "x", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def annotated(annotations: Any) -> dict[str, Any]:
    return {**manifest("ConfigMap"), "metadata": {"name": "x", "annotations": annotations}}


# Ownership ------------------------------------------------------------------------------------------------------------

FORCING = [
    ("pulumi.com/patchForce", "true"),
    # The field manager of an object of another stack: the API server sees no conflict.
    ("pulumi.com/patchFieldManager", "portico:acme/shop/production:9f86d081"),
    ("portico.dev/stack", "acme/shop/production"),
]


@pytest.mark.parametrize(("key", "value"), FORCING)
def test_a_manifest_takes_no_object_of_another_stack_over(key: str, value: str) -> None:
    problems = problems_of_stack(stack(annotated({key: value})))
    at = (*AT, "metadata", "annotations", key)
    assert_problem(problems, "ownership-annotation-of-manifest", *at, object="ConfigMap x", name=key)
    assert assert_fixes_work(problems_of_stack, stack(annotated({key: value}))) == 1


@pytest.mark.parametrize(("key", "value"), FORCING)
def test_a_file_takes_no_object_of_another_stack_over(
    key: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(annotated({key: value})))
    problems = problems_of_stack(stack("a.yaml"))
    assert_problem(problems, "ownership-annotation-of-manifest", *AT, object="ConfigMap x of a.yaml", name=key)


@pytest.mark.parametrize(("key", "value"), FORCING)
def test_definitions_take_no_object_of_another_stack_over(
    key: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    definition = manifest("CustomResourceDefinition", "apiextensions.k8s.io/v1", name="a.b.c", spec={})
    definition["metadata"]["annotations"] = {key: value}
    (tmp_path / "crds.yaml").write_text(yaml.safe_dump(definition))
    problems = problems_of_stack(gateway({}, crds={"path": "crds.yaml"}))
    assert_problem(problems, "crds-file-ownership-annotation", "gateways", "edge", "crds", "path", name=key)


def test_how_pulumi_waits_is_a_manifests_own() -> None:
    check_stack("dev", stack(annotated({"pulumi.com/skipAwait": "true"})))


@pytest.mark.parametrize(
    "declared",
    [
        {"customKinds": [{"apiVersion": "v1", "kind": "ConfigMapPatch"}]},
        {"customKinds": [{"apiVersion": "apps/v1", "kind": "DeploymentPatch"}]},
    ],
)
def test_a_manifest_is_no_patch_of_pulumi(declared: Any) -> None:
    """Pulumi's patches change any object of the cluster, and belong to no stack."""
    kind = declared["customKinds"][0]
    patch = manifest(kind["kind"], kind["apiVersion"])
    assert_problem(problems_of_stack(stack(patch, **declared)), "unknown-kind", *AT, "kind", kind=kind["kind"])


def test_a_kind_that_only_ends_in_patch_has_an_owner() -> None:
    assert is_patch("v1", "ConfigMapPatch")
    assert is_patch("rbac.authorization.k8s.io/v1", "ClusterRolePatch")
    assert not is_patch("example.com/v1", "ConfigMapPatch")
    kind = {"apiVersion": "example.com/v1", "kind": "JsonPatch"}
    plan = check_stack("dev", stack(manifest("JsonPatch", "example.com/v1", spec={}), customKinds=[kind]))
    (registered,) = record(lambda: build(plan)).all("JsonPatch")
    assert registered.inputs["metadata"]["annotations"]["portico.dev/stack"]


def test_objects_of_two_groups_with_one_name_are_both_rendered() -> None:
    groups = ("a.example.com/v1", "b.example.com/v1")
    values = stack(
        *(manifest("Policy", group, spec={}) for group in groups),
        customKinds=[{"apiVersion": group, "kind": "Policy"} for group in groups],
    )
    rendered = [found["apiVersion"] for found in render(values) if found["kind"] == "Policy"]
    assert rendered == list(groups)


def test_each_object_has_a_file_of_its_own_with_a_plain_name(tmp_path: Path) -> None:
    groups = ("a.example.com/v1", "b.example.com/v1")
    role = manifest("ClusterRole", RBAC, name="a\x1b[2J<b>\\..:c", rules=[])
    values = stack(
        role,
        *(manifest("Policy", group, spec={}) for group in groups),
        customKinds=[{"apiVersion": group, "kind": "Policy"} for group in groups],
    )
    found = ran(values, "render", "--output", str(tmp_path / "out"))
    assert found.exit_code == 0, found.output
    names = [file.name for file in (tmp_path / "out").glob("*.yaml")]
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)
    assert len([name for name in names if ".shop.x." in name]) == len(groups)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"apiVersion": "x/v1", "kind": "A\x1b[2J"}, "invalid-kind"),
        ({"apiVersion": "x.io/v1", "kind": "../../evil"}, "invalid-kind"),
        ({"apiVersion": "../../x/v1", "kind": "Foo"}, "invalid-api-version"),
    ],
)
def test_a_declared_kind_is_a_name(fields: Any, code: str) -> None:
    found = problems_of_stack({"namespace": "shop", "services": {"web": WEB}, "customKinds": [fields]})
    assert [problem.code.name for problem in found] == [code]


@pytest.mark.parametrize(
    "own",
    [
        manifest("ConfigMap", data={"main-snippets": "x"}),
        manifest("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {}, "ingress": [{}]}),
        manifest("ServiceAccount"),
        manifest("Namespace"),
        manifest("IngressClass", "networking.k8s.io/v1", spec={"controller": "a/b"}),
    ],
    ids=lambda own: own["kind"],
)
def test_a_manifest_is_no_object_of_a_gateway(own: Any) -> None:
    """A NetworkPolicy of the gateway's name would open the controller, and its ConfigMap configures nginx."""
    is_placed = own["kind"] not in ("Namespace", "IngressClass")
    metadata = {"name": "edge", **({"namespace": "edge"} if is_placed else {})}
    values = {**gateway({}), "manifests": [{**own, "metadata": metadata}]}
    assert_problem(problems_of_stack(values), "duplicate-object", *AT, object=f"{own['kind']} edge")


# Pods -----------------------------------------------------------------------------------------------------------------

RESTRICTED = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "a",
            "image": "a:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}


def pod(labels: Any, **metadata: Any) -> dict[str, Any]:
    found = manifest("Pod", spec=RESTRICTED)
    return {**found, "metadata": {"name": "x", "labels": labels, **metadata}}


def deployment(labels: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": labels}, "spec": RESTRICTED}
    return manifest("Deployment", "apps/v1", spec={"selector": {"matchLabels": labels}, "template": template})


OF_WEB = {"app.kubernetes.io/name": "web"}


@pytest.mark.parametrize("pods", [pod(OF_WEB), deployment(OF_WEB), deployment({**OF_WEB, "a": "b"})])
def test_pods_of_a_manifest_get_no_requests_of_a_service(pods: Any) -> None:
    assert_problem(problems_of_stack(stack(pods)), "pods-selected-by-other", *AT)
    jobs = {"web": {"image": "registry.example.com/web:1.0"}}
    of_job = {"namespace": "shop", "jobs": jobs, "manifests": [pods]}
    assert_problem(problems_of_stack(of_job), "pods-selected-by-other", *AT)


def test_other_pods_of_a_manifest_are_accepted() -> None:
    check_stack("dev", stack(pod({"app.kubernetes.io/name": "other"})))
    check_stack("dev", stack(pod(OF_WEB, namespace="elsewhere")))


def budget(**selector: Any) -> dict[str, Any]:
    return manifest("PodDisruptionBudget", "policy/v1", spec={"minAvailable": 1, **selector})


@pytest.mark.parametrize("selector", [{"matchLabels": OF_WEB}, {}])
def test_no_pod_has_two_disruption_budgets(selector: Any) -> None:
    problems = problems_of_stack(stack(budget(selector=selector)))
    assert_problem(problems, "second-disruption-budget", *AT)


@pytest.mark.parametrize("selector", [{"matchLabels": {"a": "b"}}, None])
def test_a_budget_for_other_pods_is_accepted(selector: Any) -> None:
    check_stack("dev", stack(budget(**({} if selector is None else {"selector": selector}))))


# Exceptions -----------------------------------------------------------------------------------------------------------


def exceptions_of(values: Any) -> list[tuple[str, tuple[Any, ...]]]:
    view = view_of(check_stack("dev", values))
    found = [exception.exception for exception in view.exceptions]
    return [(one.kind.name, tuple(one.location)) for one in found if one.location[0] == "manifests"]


def custom(kind: str, api_version: str) -> dict[str, Any]:
    declared = [{"apiVersion": api_version, "kind": kind}]
    return stack(manifest(kind, api_version, spec={}), customKinds=declared)


def with_labels(found: dict[str, Any], **labels: str) -> dict[str, Any]:
    return {**found, "metadata": {**found["metadata"], "labels": labels}}


AGGREGATED = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
OPEN: list[tuple[Any, str]] = [
    (manifest("Service", spec={"type": "NodePort"}), "unchecked-manifest-exposure"),
    (manifest("Service", spec={"externalIPs": ["192.0.2.1"]}), "unchecked-manifest-exposure"),
    (manifest("Service", spec={"type": Secret("LoadBalancer")}), "unchecked-manifest-exposure"),
    (manifest("NetworkPolicy", NETWORKING, spec={"podSelector": {}, "ingress": [{}]}), "connections-of-manifest"),
    (manifest("NetworkPolicy", NETWORKING, spec={"podSelector": {}, "egress": [{}]}), "connections-of-manifest"),
    (manifest("Endpoints", name="web", subsets=[]), "endpoints-of-manifest"),
    (
        manifest("EndpointSlice", "discovery.k8s.io/v1", addressType="IPv4", endpoints=[]),
        "endpoints-of-manifest",
    ),
    (with_labels(manifest("ClusterRole", RBAC, rules=[]), **AGGREGATED), "rights-of-manifest"),
    (manifest("Secret", type="kubernetes.io/service-account-token"), "rights-of-manifest"),
    (manifest("RoleBinding", RBAC, roleRef={}), "rights-of-manifest"),
    (manifest("MutatingWebhookConfiguration", ADMISSION, webhooks=[]), "api-requests-of-manifest"),
    (manifest("ValidatingWebhookConfiguration", ADMISSION, webhooks=[]), "api-requests-of-manifest"),
    (manifest("APIService", "apiregistration.k8s.io/v1", spec={}), "api-requests-of-manifest"),
    (manifest("Namespace", name="other"), "lowered-pod-security-of-manifest"),
    (
        with_labels(manifest("Namespace", name="other"), **{"pod-security.kubernetes.io/enforce": "privileged"}),
        "lowered-pod-security-of-manifest",
    ),
    (manifest("PersistentVolume", spec={"hostPath": {"path": "/"}}), "node-folders-of-manifest"),
    (
        {
            **manifest("IngressClass", NETWORKING, spec={"controller": "a/b"}),
            "metadata": {"name": "x", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
        },
        "default-class-of-manifest",
    ),
    (pod({"a": "b"}), "pods-of-manifest-without-policy"),
    (deployment({"a": "b"}), "pods-of-manifest-without-policy"),
    (
        {**manifest("Pod", spec={"hostNetwork": True, "containers": []}), "metadata": {"name": "x", "namespace": "y"}},
        "unrestricted-pods-of-manifest",
    ),
]


@pytest.mark.parametrize(("found", "kind"), OPEN)
def test_what_a_manifest_opens_is_an_exception(found: Any, kind: str) -> None:
    assert (kind, AT) in exceptions_of(stack(found))


@pytest.mark.parametrize(
    ("kind", "api_version", "exception"),
    [
        ("GRPCRoute", "gateway.networking.k8s.io/v1", "unchecked-manifest-exposure"),
        ("UDPRoute", "gateway.networking.k8s.io/v1alpha2", "unchecked-manifest-exposure"),
        ("TransportServer", "k8s.nginx.org/v1", "unchecked-manifest-exposure"),
        ("VirtualServerRoute", "k8s.nginx.org/v1", "unchecked-manifest-exposure"),
        ("VirtualService", "networking.istio.io/v1", "unchecked-kind-of-manifest"),
        ("HTTPProxy", "projectcontour.io/v1", "unchecked-kind-of-manifest"),
        ("IngressRouteTCP", "traefik.io/v1alpha1", "unchecked-kind-of-manifest"),
        ("Route", "route.openshift.io/v1", "unchecked-kind-of-manifest"),
        ("TargetGroupBinding", "elbv2.k8s.aws/v1beta1", "unchecked-kind-of-manifest"),
        ("ServiceExport", "multicluster.x-k8s.io/v1alpha1", "unchecked-kind-of-manifest"),
        ("CiliumNetworkPolicy", "cilium.io/v2", "unchecked-kind-of-manifest"),
        ("ServiceMonitor", "example.com/v1", "unchecked-kind-of-manifest"),
    ],
)
def test_a_kind_that_portico_does_not_know_is_an_exception(kind: str, api_version: str, exception: str) -> None:
    assert exceptions_of(custom(kind, api_version)) == [(exception, AT)]


@pytest.mark.parametrize(
    ("key", "value"),
    [("tailscale.com/expose", "true"), ("service.cilium.io/global", "true"), ("skupper.io/proxy", "tcp")],
)
def test_an_annotation_that_leads_clients_to_a_service_of_a_manifest_is_an_exception(key: str, value: str) -> None:
    found = manifest("Service", spec={})
    found["metadata"]["annotations"] = {key: value}
    at = (*AT, "metadata", "annotations", key)
    assert exceptions_of(stack(found)) == [("service-exposed-by-annotation", at)]


@pytest.mark.parametrize(
    "found",
    [
        manifest("ConfigMap", data={"A": "b"}),
        manifest("Service", spec={"type": "ClusterIP"}),
        manifest("Service", spec={"type": "ExternalName", "externalName": "db.example.com"}),
        manifest("NetworkPolicy", NETWORKING, spec={"podSelector": {}, "policyTypes": ["Ingress"]}),
        manifest("ClusterRole", RBAC, rules=[]),
        with_labels(manifest("Namespace", name="other"), **{"pod-security.kubernetes.io/enforce": "restricted"}),
        manifest("PriorityClass", "scheduling.k8s.io/v1", value=1),
    ],
    ids=lambda found: found["kind"],
)
def test_a_manifest_that_opens_nothing_is_no_exception(found: Any) -> None:
    assert exceptions_of(stack(found)) == []


def test_a_harmless_kind_of_another_program_is_no_exception() -> None:
    assert exceptions_of(custom("ServiceMonitor", "monitoring.coreos.com/v1")) == []


# Secrets --------------------------------------------------------------------------------------------------------------

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_what_kubectl_keeps_of_an_object_is_left_out(kind: str) -> None:
    """The annotation has the values of a Secret. It isn't encrypted in the state, and commands print it."""
    found = {**annotated({LAST_APPLIED: CANARY, "a": "b"}), "kind": kind}
    assert CANARY not in ran(stack(found), "render").output
    registered = record(lambda: build(check_stack("dev", stack(found)))).all(kind)
    (resource,) = (resource for resource in registered if "manifest" in resource.name)
    annotations = resource.inputs["metadata"]["annotations"]
    assert annotations["a"] == "b"
    assert LAST_APPLIED not in annotations


def test_a_secret_of_a_manifest_in_plain_text_is_an_exception_and_an_encrypted_one_is_none() -> None:
    found = manifest("Secret", stringData={"a": CANARY, "b": Secret(CANARY)}, data={"c": "YQ=="})
    assert exceptions_of(stack(found)) == [
        ("plain-text-secret", (*AT, "data", "c")),
        ("plain-text-secret", (*AT, "stringData", "a")),
    ]
    view = view_of(check_stack("dev", stack(found)))
    assert CANARY not in json.dumps(view, default=str)


TOKEN = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"


@pytest.mark.parametrize(
    ("found", "path"),
    [
        (manifest("ConfigMap", data={"A": TOKEN}), ("data", "A")),
        (annotated({"a": TOKEN}), ("metadata", "annotations", "a")),
        (manifest("Service", spec={"selector": {"a": TOKEN}}), ("spec", "selector", "a")),
    ],
)
def test_a_credential_in_a_manifest_is_an_exception(found: Any, path: tuple[str, ...]) -> None:
    assert exceptions_of(stack(found)) == [("secret-in-plain-field", (*AT, *path))]
    assert TOKEN not in ran(stack(found), "explain").output
    assert TOKEN not in ran(stack(found), "explain", "--json").output


COPIED = {"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"}


def test_a_secret_that_is_copied_or_has_a_token_is_an_exception_wherever_the_stack_has_it() -> None:
    (key,) = COPIED
    token = {"type": "kubernetes.io/service-account-token", "annotations": COPIED}
    raw = {**manifest("Secret", type=token["type"]), "metadata": {"name": "x", "annotations": COPIED}}
    of_raw = exceptions_of(stack(raw))
    assert of_raw == [("rights-of-manifest", AT), ("copied-secret", (*AT, "metadata", "annotations", key))]
    view = view_of(check_stack("dev", stack(secrets={"x": token})))
    found = {(one.exception.kind.name, tuple(one.exception.location)) for one in view.exceptions}
    assert found == {
        ("lasting-account-token", ("secrets", "x", "type")),
        ("copied-secret", ("secrets", "x", "annotations", key)),
    }


@pytest.mark.parametrize("name", ["a", "url", "password"])
@pytest.mark.parametrize("field", ["stringData", "data"])
def test_no_command_shows_a_value_of_a_secret(name: str, field: str, tmp_path: Path) -> None:
    text = CANARY if field == "stringData" else base64.b64encode(CANARY.encode()).decode()
    raw = manifest("Secret", **{field: {name: text}})
    for values in (stack(raw), stack(secrets={"x": {field: {name: text}}}), stack(manifests={"x": raw})):
        for arguments in (["explain"], ["explain", "--json"], ["check"], ["check", "--json"], ["render"]):
            found = ran(values, *arguments)
            assert found.exit_code == 0, found.output
            assert text not in found.output, arguments
        picture = tmp_path / "stack.svg"
        assert ran(values, "diagram", "--output", str(picture)).exit_code == 0
        assert text not in picture.read_text()


@pytest.mark.parametrize(
    "parts",
    [
        {"secrets": {"x": {"stringData": {f"{CANARY}/": "x"}}}},
        {"secrets": {"x": {"stringData": {"a": [CANARY]}}}},
        {"secrets": {"x": {"data": {"a": CANARY}}}},
        {"secrets": {"x": {"stringData": CANARY}}},
        {"manifests": [[manifest("Secret", stringData={"a": CANARY})]]},
        {"manifests": [manifest("Secret", stringData={"a": {"b": CANARY}})]},
        {"manifests": [manifest("Secret", stringData=CANARY)]},
    ],
)
def test_no_message_shows_a_value_of_a_secret(parts: Any) -> None:
    values = {"namespace": "shop", "services": {"web": WEB}, **parts}
    for arguments in (["check"], ["check", "--json"], ["check", "--fix"]):
        found = ran(values, *arguments)
        assert found.exit_code == 1
        assert CANARY not in found.output, arguments


VARIABLE = {"name": "DB_PASSWORD", "value": CANARY}


def test_a_variable_of_a_manifest_that_is_named_like_a_secret_is_an_exception() -> None:
    found = manifest("ConfigMap", data={"API_KEY": CANARY, "TOKEN_TTL": "60", "DB_PASSWORD": "/run/secrets/db"})
    assert exceptions_of(stack(found)) == [("secret-in-plain-field", (*AT, "data", "API_KEY"))]
    containers = [{**RESTRICTED["containers"][0], "env": [{"name": "A", "value": "b"}, VARIABLE]}]
    pods = pod({"a": "b"})
    pods["spec"] = {**RESTRICTED, "containers": containers}
    assert ("secret-in-plain-field", (*AT, "spec", "containers", 0, "env", 1, "value")) in exceptions_of(stack(pods))


# Types ----------------------------------------------------------------------------------------------------------------


def test_a_pipe_is_no_file_of_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "a.yaml")
    for path in ("a.yaml", ".", "a\0b", "a" * 5000, "/dev/zero", "nowhere.yaml"):
        assert_problem(problems_of_stack(stack(path)), "unreadable-manifest-file", *AT, reason="it isn't a file")


@pytest.mark.parametrize(
    ("found", "path", "expected"),
    [
        (annotated("text"), ("metadata", "annotations"), "a mapping"),
        (annotated(["a"]), ("metadata", "annotations"), "a mapping"),
        (annotated(Secret("a")), ("metadata", "annotations"), "a mapping"),
        (annotated({"a": 1}), ("metadata", "annotations", "a"), "text"),
        ({**manifest("ConfigMap"), "metadata": {"name": "x", "labels": ["a"]}}, ("metadata", "labels"), "a mapping"),
        ({**manifest("ConfigMap"), "metadata": {"name": "x", "namespace": 5}}, ("metadata", "namespace"), "text"),
        ({**manifest("ConfigMap"), "metadata": {"name": "x", "namespace": ["a"]}}, ("metadata", "namespace"), "text"),
        (manifest("ConfigMap", data=["a"]), ("data",), "a mapping"),
        (manifest("ConfigMap", data={"a": 1}), ("data", "a"), "text"),
        (manifest("Secret", stringData={"a": ["b"]}), ("stringData", "a"), "text"),
        (manifest("Service", spec=["a"]), ("spec",), "a mapping"),
    ],
)
def test_a_manifest_of_the_wrong_shape_is_a_problem(found: Any, path: tuple[str, ...], expected: str) -> None:
    problems = problems_of_stack(stack(found))
    assert_problem(problems, "wrong-type-in-manifest", *AT, *path, field=".".join(path), expected=expected)
    assert ran(stack(manifest("ConfigMap", data={"a": 1})), "explain").exit_code == 1
