"""References to environment variables, `$(NAME)`: their order, and the rules of what Kubernetes doesn't expand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
from pulumi_portico import WebService
from pulumi_portico.args.location import Key
from pulumi_portico.args.problems import ArgumentError, Problem, Problems
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.testing import record
from pulumi_portico.web_service.validation import parse_web_service
from pulumi_portico.workload.expansion import in_order, references_in

from tests.problems import assert_fixes_work, assert_problem

WEB = {"image": "registry.example.com/web:1.0", "port": 8080}


def problems_with(args: Any) -> Sequence[Problem]:
    problems = Problems("web")
    parse_web_service("web", args, problems)
    return problems.found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("$(A)", ["A"]),
        ("$$(A)", []),
        ("$$$(A)", ["A"]),
        ("$x$(A)", ["A"]),
        ("$(A", []),
        ("$", []),
        ("$()", []),
        ("$(A)$(B)", ["A", "B"]),
        ("$(a b)", ["a b"]),
    ],
)
def test_references_are_those_that_kubernetes_reads(text: str, names: list[str]) -> None:
    assert list(references_in(text)) == names


def test_variables_keep_their_order_unless_they_refer_to_later_ones() -> None:
    names = ["A", "B", "C", "D"]
    values = {"A": "$(C)", "B": "b", "C": "$(D)", "D": "d"}
    ordered = in_order([{"name": name, "value": values[name]} for name in names])
    assert [variable["name"] for variable in ordered] == ["D", "C", "A", "B"]


def test_values_that_are_not_known_yet_come_after_all_that_they_can_refer_to() -> None:
    ensure_event_loop()
    late = pulumi.Output.from_input("$(Z)")
    variables = [{"name": "A", "value": late}, {"name": "B", "value": "$(A)"}, {"name": "Z", "value": "z"}]
    assert [variable["name"] for variable in in_order(variables)] == ["Z", "A", "B"]


def test_a_chain_of_references_can_be_long() -> None:
    variables = [{"name": f"V{number}", "value": f"$(V{number + 1})"} for number in range(5000)]
    assert in_order(variables) == variables[::-1]


ENV_OF_EXTRA = ("extra", Key("spec"), Key("containers"), 0, Key("env"), 0, Key("value"))


@pytest.mark.parametrize(
    ("fields", "code", "location", "params"),
    [
        ({"env": {"A": "$(B)", "B": "$(A)"}}, "variable-cycle", ("env", "A"), {"names": ["A", "B", "A"]}),
        ({"env": {"URL": "$(USR)", "USER": "a"}}, "unknown-variable", ("env", "URL"), {"name": "USR"}),
        ({"env": {"A": "$(NO)"}}, "unknown-variable", ("env", "A"), {"name": "NO"}),
        ({"args": ["-x", "$(NO)"]}, "unknown-variable", ("args", 1), {"name": "NO"}),
        (
            {"extra": {"spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": "$(NO)"}]}]}}},
            "unknown-variable",
            ENV_OF_EXTRA,
            {"name": "NO"},
        ),
        (
            {"env": {"A": "a"}, "secret_env": {"B": "$(A)"}},
            "reference-in-secret-variable",
            ("secret_env", "B"),
            {"name": "A"},
        ),
        (
            {"field_env": {"A": "status.podIP"}, "health": {"command": ["sh", "-c", "check $(A)"]}},
            "reference-in-probe",
            ("health", "command", 2),
            {"name": "A"},
        ),
    ],
)
def test_what_kubernetes_does_not_expand_is_rejected(fields: Any, code: str, location: Any, params: Any) -> None:
    args = {**WEB, **fields}
    assert_problem(problems_with(args), code, *location, **params)
    assert_fixes_work(problems_with, args)


@pytest.mark.parametrize(
    "container",
    [{"env": [{"name": "LATER", "value": "x"}]}, {"envFrom": [{"configMapRef": {"name": "shared"}}]}],
)
def test_variables_of_extra_count(container: Any) -> None:
    extra = {"spec": {"containers": [{"name": "web", **container}]}}
    assert problems_with({**WEB, "env": {"A": "$(LATER)"}, "args": ["$(LATER)"], "extra": extra}) == []


def env_of(env: dict[str, Any], **more: Any) -> list[str]:
    """The names of the variables as the pods have them."""
    args: Any = {**WEB, "env": env, **more}
    recorded = record(lambda: WebService("web", args))
    deployment = recorded.one("kubernetes:apps/v1:Deployment").inputs
    return [variable["name"] for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"]]


def output(value: Any) -> pulumi.Output[Any]:
    ensure_event_loop()
    return pulumi.Output.from_input(value)


def test_outputs_that_refer_to_outputs_keep_the_order_of_the_author() -> None:
    env = {"Z": output("z"), "P": "p", "M": output("$(Z)-$(P)"), "A": output("$(M)"), "Q": "$(M)"}
    assert env_of(env) == ["P", "Z", "M", "Q", "A"]


@pytest.mark.parametrize(
    ("env", "name", "other"),
    [
        ({"A": "$(B)", "B": "b"}, "A", "B"),
        ({"B": "b", "A": "$(C)", "C": "$(B)"}, "A", "C"),
    ],
)
@pytest.mark.parametrize("at", ["env", "sidecars"])
def test_an_output_that_refers_to_a_later_one_is_rejected(env: dict[str, str], name: str, other: str, at: str) -> None:
    outputs = {key: output(value) for key, value in env.items()}
    sidecar = {"name": "beside", "image": "a:1", "env": outputs}
    args: Any = {**WEB, **({"env": outputs} if at == "env" else {"sidecars": [sidecar]})}
    with pytest.raises(ArgumentError) as caught:
        record(lambda: WebService("web", args))
    found = [problem for problem in caught.value.problems if problem.code.name == "variable-too-late"]
    assert [(problem.location[-1], problem.params["other"]) for problem in found] == [(name, other)]


def test_an_output_can_refer_to_every_plain_and_secret_variable() -> None:
    env = {"A": output("$(B)$(S)$(F)"), "B": "b"}
    assert env_of(env, secret_env={"S": "s"}, field_env={"F": "status.podIP"}) == ["B", "F", "S", "A"]


def test_an_output_that_refers_to_a_variable_of_extra_is_after_it() -> None:
    extra = {"spec": {"containers": [{"name": "web", "env": [{"name": "X", "value": "x"}]}]}}
    assert env_of({"A": output("$(X)")}, extra=extra) == ["X", "A"]
