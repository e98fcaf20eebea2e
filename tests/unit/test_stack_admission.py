"""A stack's pods are admitted by the namespaces that the stack creates, or the stack is rejected with a fix."""

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError, IngressGateway
from pulumi_portico.args.location import ROOT, Key, KeyStyle
from pulumi_portico.args.problems import Problem, Remove, Set
from pulumi_portico.pod_security import ENFORCE, PodSecurityLevel, level_of, pods_of, violations_of
from pulumi_portico.stack import build, build_stack, check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import Recording, pod_security_violations, record
from pulumi_portico.web_service.validation import exceptions_of
from pulumi_portico.workload import admission
from pulumi_portico.workload.pod import PodPlan, build_template

from tests.examples import examples
from tests.problems import applied, assert_problem, problems_of

WEB: dict[str, Any] = {"image": "registry.example.com/web:1", "port": 8080}
WEB_AT = ("services", Key("web"))
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
CONTEXT = "spec.containers[0].securityContext"
UPSTREAM: dict[str, Any] = {"upstream": {}}


def stack(**services: Any) -> dict[str, Any]:
    return {"namespace": "shop", "services": {name: {**WEB, **fields} for name, fields in services.items()}}


def problems(values: Any) -> list[Problem]:
    return problems_of(lambda: check_stack("dev", values))


def recorded(values: Any) -> Recording:
    return record(lambda: build(check_stack("dev", values)))


Case = tuple[dict[str, Any], tuple[Any, ...], Sequence[str], str]
CASES: dict[str, Case] = {
    "host network": (
        {"security": {"host_network": True}, "network_policy": False},
        ("security", "host_network"),
        ["spec.hostNetwork"],
        "privileged",
    ),
    "host path": (
        {"security": {"host_paths": True}, "volumes": {"logs": {"path": "/logs", "host_path": "/var/log"}}},
        ("volumes", Key("logs"), "host_path"),
        ["spec.volumes[0].hostPath"],
        "privileged",
    ),
    "privileged": (
        {"security": {"privileged": True}},
        ("security", "privileged"),
        [f"{CONTEXT}.privileged", f"{CONTEXT}.allowPrivilegeEscalation"],
        "privileged",
    ),
    "privilege escalation": (
        {"security": {"privilege_escalation": True}},
        ("security", "privilege_escalation"),
        [f"{CONTEXT}.allowPrivilegeEscalation"],
        "baseline",
    ),
    "capability of baseline": (
        {"security": {"capabilities": ["CHOWN"]}},
        ("security", "capabilities"),
        [f"{CONTEXT}.capabilities.add[0]"],
        "baseline",
    ),
    "capability": (
        {"security": {"capabilities": ["SYS_ADMIN"]}},
        ("security", "capabilities"),
        [f"{CONTEXT}.allowPrivilegeEscalation", f"{CONTEXT}.capabilities.add[0]"],
        "privileged",
    ),
    "unconfined seccomp": (
        {"security": {"unconfined_seccomp": True}},
        ("security", "unconfined_seccomp"),
        ["spec.securityContext.seccompProfile.type"],
        "privileged",
    ),
    "root": (
        {"security": {"allow_root": True}},
        ("security", "allow_root"),
        [f"{CONTEXT}.runAsNonRoot"],
        "baseline",
    ),
    "root of a sidecar too": (
        {"security": {"allow_root": True}, "sidecars": [{"name": "log", "image": "log:1"}]},
        ("security", "allow_root"),
        ["spec.initContainers[0].securityContext.runAsNonRoot", f"{CONTEXT}.runAsNonRoot"],
        "baseline",
    ),
    "annotation": (
        {"pod_annotations": {f"{APP_ARMOR}web": "unconfined"}},
        ("pod_annotations", Key(f"{APP_ARMOR}web")),
        [f"metadata.annotations['{APP_ARMOR}web']"],
        "privileged",
    ),
    "extra": (
        {"extra": {"spec": {"hostIPC": True}}},
        ("extra", Key("spec"), Key("hostIPC")),
        ["spec.hostIPC"],
        "privileged",
    ),
    "a value that extra removes": (
        {"extra": {"spec": {"containers": [{"name": "web", "securityContext": {"allowPrivilegeEscalation": None}}]}}},
        ("extra", Key("spec"), Key("containers"), 0, Key("securityContext"), Key("allowPrivilegeEscalation")),
        [f"{CONTEXT}.allowPrivilegeEscalation"],
        "baseline",
    ),
    "a container that extra adds": (
        {"extra": {"spec": {"containers": [{"name": "other", "image": "other:1"}]}}},
        ("extra", Key("spec"), Key("containers"), 0),
        [f"spec.containers[1].securityContext.{field}" for field in ("allowPrivilegeEscalation", "capabilities.drop")],
        "baseline",
    ),
    "an annotation in extra": (
        {"extra": {"metadata": {"annotations": {f"{APP_ARMOR}web": "unconfined"}}}},
        ("extra", Key("metadata"), Key("annotations"), Key(f"{APP_ARMOR}web")),
        [f"metadata.annotations['{APP_ARMOR}web']"],
        "privileged",
    ),
    "a hook in extra": (
        {
            "extra": {
                "spec": {
                    "containers": [
                        {"name": "web", "lifecycle": {"postStart": {"httpGet": {"port": 1, "host": "10.0.0.1"}}}}
                    ]
                }
            }
        },
        (
            *("extra", Key("spec"), Key("containers"), 0),
            *(Key(step) for step in ("lifecycle", "postStart", "httpGet", "host")),
        ),
        ["spec.containers[0].lifecycle.postStart.httpGet.host"],
        "privileged",
    ),
}


def in_camel_case(value: Any, *, is_field: bool = True) -> Any:
    """Arguments as stack files write them; the keys below `extra` and names are Kubernetes' or the user's own."""
    if not isinstance(value, dict) or not is_field:
        return [in_camel_case(item) for item in value] if isinstance(value, list) and is_field else value
    own = ("extra", "pod_annotations")
    fields = {}
    for key, item in value.items():
        first, *rest = key.split("_")
        fields[first + "".join(part.capitalize() for part in rest)] = in_camel_case(item, is_field=key not in own)
    return fields


@pytest.mark.parametrize("name", CASES)
def test_pods_that_the_namespace_rejects_are_a_problem_with_the_level_that_admits_them(name: str) -> None:
    fields, where, rejected, needed = CASES[name]
    values = stack(web=in_camel_case(fields))
    (problem,) = problems(values)
    assert_problem([problem], "violates-pod-security", *WEB_AT, *where, namespace="shop", level="restricted")
    assert problem.params["fields"] == rejected
    assert problem.edits == (Set(ROOT / "pod_security", needed),)
    fixed = applied(problem.edits, values, KeyStyle.STACK)
    assert fixed["podSecurity"] == needed
    made = recorded(fixed)
    assert made.manifest("Namespace", "shop")["metadata"]["labels"][ENFORCE] == needed
    workload = made.manifest("Deployment", "web")
    assert pod_security_violations(workload, needed) == []
    # A stricter level doesn't admit them.
    assert [level_of(pod).value for _, pod in pods_of(workload)] == [needed]


@pytest.mark.parametrize("name", CASES)
def test_a_namespace_that_the_stack_does_not_create_can_have_any_level(name: str) -> None:
    fields = CASES[name][0]
    assert check_stack("dev", stack(web={**in_camel_case(fields), "namespace": "other"})).services


def test_one_level_is_the_fix_for_all_pods_of_the_namespace() -> None:
    values = stack(a={"security": {"allowRoot": True}}, b={"security": {"privileged": True}}, c={})
    found = problems(values)
    assert [(problem.location[1], problem.edits) for problem in found] == [
        (name, (Set(ROOT / "pod_security", "privileged"),)) for name in ("a", "b")
    ]


def test_a_level_that_is_too_strict_is_a_problem_too() -> None:
    values = {
        **stack(a={"security": {"allowRoot": True}}, b={"security": {"privileged": True}}),
        "podSecurity": "baseline",
    }
    (problem,) = problems(values)
    assert problem.params["level"] == "baseline"
    assert problem.params["fields"] == [f"{CONTEXT}.privileged"]


def test_extra_can_make_pods_stricter() -> None:
    fields = {"security": {"allowRoot": True}, "extra": {"spec": {"securityContext": {"runAsNonRoot": True}}}}
    assert check_stack("dev", stack(web=fields)).services


def test_a_problem_of_the_arguments_hides_none_of_admission() -> None:
    found = problems(stack(web={"security": {"privileged": True}, "replicas": -1}))
    assert [problem.code.name for problem in found] == ["too-small", "violates-pod-security"]


def test_pods_whose_security_is_unknown_are_not_judged() -> None:
    (problem,) = problems(stack(web={"security": {"privileged": True, "user": "root"}}))
    assert problem.location[-1] == "user"


def test_an_invalid_level_is_the_only_problem() -> None:
    values = {**stack(web={"security": {"privileged": True}}), "podSecurity": "privilegd"}
    (problem,) = problems(values)
    assert_problem([problem], "not-a-choice", "pod_security")
    assert check_stack("dev", applied(problem.edits, values, KeyStyle.STACK)).pod_security.value == "privileged"


def gateways(**annotated: Any) -> dict[str, Any]:
    """A stack with gateways whose pods have no AppArmor profile."""
    annotations = {f"{APP_ARMOR}controller": "unconfined"}
    installation = {"installation": {"podAnnotations": annotations}}
    named = {name: {**UPSTREAM, **installation, **fields} for name, fields in annotated.items()}
    return {**stack(web={}), "gateways": named}


ANNOTATION = ("installation", "pod_annotations", Key(f"{APP_ARMOR}controller"))


def test_a_controller_in_the_stacks_namespace_needs_its_level() -> None:
    values = gateways(edge={"namespace": "shop"})
    (problem,) = problems(values)
    assert_problem([problem], "violates-pod-security", "gateways", Key("edge"), *ANNOTATION, namespace="shop")
    assert check_stack("dev", applied(problem.edits, values, KeyStyle.STACK)).gateways


def test_a_gateways_own_namespace_is_always_restricted() -> None:
    values = gateways(edge={})
    (problem,) = problems(values)
    found = assert_problem([problem], "violates-pod-security", "gateways", Key("edge"), *ANNOTATION, namespace="edge")
    assert found.edits == (Remove(found.location),)
    assert check_stack("dev", applied(found.edits, values, KeyStyle.STACK)).gateways


def test_a_gateway_in_another_gateways_namespace_is_held_to_it() -> None:
    values = gateways(inner={"namespace": "edge"})
    values["gateways"]["edge"] = copy.deepcopy(UPSTREAM)
    (problem,) = problems(values)
    found = assert_problem([problem], "violates-pod-security", "gateways", Key("inner"), *ANNOTATION, namespace="edge")
    assert check_stack("dev", applied(found.edits, values, KeyStyle.STACK)).gateways


def test_a_gateway_in_a_namespace_of_its_own_is_rejected_in_python_too() -> None:
    annotations = {f"{APP_ARMOR}controller": "unconfined"}
    args: Any = {"upstream": {}, "installation": {"pod_annotations": annotations}}
    found = problems_of(lambda: record(lambda: IngressGateway("edge", args)))
    assert_problem(found, "violates-pod-security", *ANNOTATION, namespace="edge")
    args["namespace"] = "ingress"
    outside = record(lambda: IngressGateway("edge", args))
    assert "installation.pod_annotations" in " ".join(outside.outputs["edge"]["exceptions"])


WORDS = st.sampled_from(
    [
        *("containers", "initContainers", "volumes", "securityContext", "capabilities", "add", "drop", "name", "web"),
        *("projected", "sources", "serviceAccountToken", "supplementalGroups", "hostPID", "runAsUser", "fsGroup"),
        *("automountServiceAccountToken", "serviceAccountName", "livenessProbe", "httpGet", "host", "seccompProfile"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=4),
    max_leaves=15,
)


@settings(max_examples=examples(100), deadline=None)
@given(spec=st.dictionaries(WORDS, VALUES, max_size=5), level=st.sampled_from(PodSecurityLevel))
def test_extra_of_any_shape_is_judged_and_explained(spec: Any, level: PodSecurityLevel) -> None:
    values = {**stack(web={"extra": {"spec": spec}}), "podSecurity": level.value}
    try:
        plan = check_stack("dev", values)
    except ArgumentError:
        return
    assert view_of(plan).exceptions
    made = [item.manifest for component in objects_of(plan) for item in component.objects]
    (pod,) = (pod for manifest in made for _, pod in pods_of(manifest))
    assert violations_of(pod, level) == []


@pytest.mark.parametrize(
    ("spec", "version", "needed"),
    [
        ({"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1"}]}}, "1.32", "privileged"),
        ({"securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}}, "1.31", "privileged"),
        ({"hostUsers": False, "securityContext": {"runAsUser": 0, "runAsNonRoot": False}}, "1.35", "baseline"),
    ],
)
def test_what_only_older_versions_reject_is_a_note(spec: Any, version: str, needed: str) -> None:
    plan = check_stack("dev", stack(web={"extra": {"spec": spec}}))
    assert plan.notes
    for note in plan.notes:
        assert note.code.name == "older-pod-security"
        assert note.location[:3] == (*WEB_AT, "extra")
        assert (note.params["version"], note.params["needed"]) == (version, needed)
    assert check_stack("dev", {**stack(web={"extra": {"spec": spec}}), "podSecurity": needed}).notes == []


def test_the_engines_configuration_has_the_level() -> None:
    config = {
        "portico:namespace": "shop",
        "portico:podSecurity": "baseline",
        "portico:services": json.dumps({"web": WEB}),
    }
    made = record(build_stack, config=config)
    assert made.manifest("Namespace", "shop")["metadata"]["labels"] == {ENFORCE: "baseline"}
    # Pulumi.yaml declares the key with an empty default.
    made = record(build_stack, config={**config, "portico:podSecurity": ""})
    assert made.manifest("Namespace", "shop")["metadata"]["labels"] == {ENFORCE: "restricted"}
    with pytest.raises(ArgumentError):
        record(build_stack, config={**config, "portico:podSecurity": "strict"})


def test_exceptions_build_each_template_once(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"spec": {"containers": [{"name": "other", "image": "other:1", "securityContext": {"privileged": True}}]}}
    plan = check_stack("dev", {**stack(web={"extra": extra}), "podSecurity": "privileged"})
    built: list[bool] = []

    def counted(pod: PodPlan) -> dict[str, Any]:
        built.append(pod.extra is not None)
        return build_template(pod)

    monkeypatch.setattr(admission, "build_template", counted)
    found = {exception.kind.name for exception in exceptions_of(plan.service_plans["web"])}
    assert {"violates-restricted", "writable-root", "no-limits"} <= found
    assert sorted(built) == [False, True]
