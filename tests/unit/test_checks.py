"""Arguments against their TypedDict: keys, types, rules, and Outputs once they are known."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError
from pulumi_portico._typing import NotRequired, TypedDict
from pulumi_portico.args.names import dns_label, label_key
from pulumi_portico.args.shapes import camel_case, plain_fields
from pulumi_portico.args.values import whole_number
from pulumi_portico.checks import Field, check
from pulumi_portico.errors import Problems
from pulumi_portico.testing import record


class Colour(str, Enum):
    RED = "red"
    GREEN = "green"


class Inner(TypedDict):
    host_name: str
    weight: NotRequired[pulumi.Input[int]]


class Outer(TypedDict):
    name: str
    count: NotRequired[pulumi.Input[int]]
    ratio: NotRequired[float]
    on: NotRequired[bool]
    colour: NotRequired[Colour]
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    inner_list: NotRequired[Sequence[Inner]]
    token: NotRequired[pulumi.Input[str]]
    anything: NotRequired[Any]


RULES = {
    Outer: {
        "name": Field(dns_label),
        "count": Field(whole_number(1, 9)),
        "labels": Field(keys=label_key, items=dns_label),
        "token": Field(dns_label, secret=True),
    },
    Inner: {"host_name": Field(dns_label)},
}


def checked(args: Any, spelling: Any = None) -> dict[str, Any]:
    problems = Problems("Outer")
    answer = check(Outer, args, RULES, problems, **({"spelling": spelling} if spelling else {}))
    problems.raise_if_any()
    return answer


def refused(args: Any, spelling: Any = None) -> list[str]:
    with pytest.raises(ArgumentError) as caught:
        checked(args, spelling)
    return [str(it) for it in caught.value.problems]


def test_what_fits_goes_through_unchanged() -> None:
    args = {
        "name": "a",
        "count": 2,
        "ratio": 1,
        "on": False,
        "labels": {"x/y": "z"},
        "inner_list": [{"host_name": "h", "weight": 3}],
        "anything": object,
    }
    assert checked(args) == args


def test_none_is_as_if_it_were_left_out() -> None:
    assert checked({"name": "a", "count": None}) == {"name": "a"}


@pytest.mark.parametrize("given", [Colour.GREEN, "green"])
def test_a_choice_becomes_its_value(given: Any) -> None:
    answer = checked({"name": "a", "colour": given})["colour"]
    assert answer == "green"
    assert type(answer) is str


@pytest.mark.parametrize(
    ("args", "starts"),
    [
        ({}, "name: is missing"),
        ({"name": None}, "name: is missing"),
        ({"name": "a", "naem": 1}, "naem: is no argument here"),
        ({"name": 5}, "name: 5 is not text"),
        ({"name": "a", "count": "2"}, 'count: "2" is not a whole number'),
        ({"name": "a", "count": True}, "count: True is not a whole number"),
        ({"name": "a", "count": 2.0}, "count: 2.0 is not a whole number"),
        ({"name": "a", "count": 10}, "count: 10 is not in range"),
        ({"name": "a", "ratio": True}, "ratio: True is not a number"),
        ({"name": "a", "on": "yes"}, 'on: "yes" is not true or false'),
        ({"name": "a", "colour": "geren"}, 'colour: "geren" is not one of the choices'),
        ({"name": "a", "labels": ["x"]}, 'labels: ["x"] is not a mapping'),
        ({"name": "a", "labels": {"a b": "z"}}, 'labels.a b: "a b" does not fit'),
        ({"name": "a", "labels": {"a": "Z"}}, 'labels.a: "Z" does not fit'),
        ({"name": "a", "labels": {1: "z"}}, "labels.1: 1 is not text"),
        ({"name": "a", "inner_list": "x"}, 'inner_list: "x" is not a list'),
        ({"name": "a", "inner_list": [{"host_name": "h"}, {}]}, "inner_list[1].host_name: is missing"),
        ({"name": "a", "inner_list": ["x"]}, 'inner_list[0]: "x" is not a mapping'),
        ("x", 'args: "x" is not a mapping'),
    ],
)
def test_refused_at_its_path(args: Any, starts: str) -> None:
    problems = refused(args)
    assert problems[0].startswith(starts)


def test_all_problems_are_reported_at_once() -> None:
    assert len(refused({"nme": 1, "count": 99, "colour": "blue", "inner_list": [{}]})) == 5


def test_the_nearest_choice_is_the_fix() -> None:
    assert refused({"name": "a", "colour": "Greeen"})[0].endswith("fix: write green")


def test_a_stack_file_is_read_and_answered_in_camel_case() -> None:
    args = {"name": "a", "innerList": [{"hostName": "h"}]}
    assert checked(args, camel_case) == {"name": "a", "inner_list": [{"host_name": "h"}]}
    assert refused({"name": "a", "inner_list": []}, camel_case)[0].endswith("fix: write innerList")
    assert refused({"name": "a", "innerList": [{}]}, camel_case)[0].startswith("innerList[0].hostName: is missing")


def test_an_output_where_identity_depends_on_it_is_refused() -> None:
    problems = refused({"name": pulumi.Output.from_input("a")})
    assert problems[0].startswith("name: an Output is known only during the deployment")


def test_a_secret_field_keeps_its_value_to_itself() -> None:
    assert "HUNTER2" not in refused({"name": "a", "token": "HUNTER2"})[0]


def test_plain_fields_are_those_that_take_no_output() -> None:
    assert plain_fields(Outer) == {"name", "ratio", "on", "colour", "labels", "inner_list", "anything"}


def test_an_output_that_fits_passes_and_keeps_being_secret() -> None:
    def program() -> Any:
        answer = checked({"name": "a", "count": pulumi.Output.secret(3)})["count"]
        return pulumi.Output.all(answer, answer.is_secret())

    assert record(program).value == [3, True]


def late_refusal(args: dict[str, Any]) -> str:
    def program() -> Any:
        answer = checked(args)
        return [value for value in answer.values() if isinstance(value, pulumi.Output)]

    with pytest.raises(ArgumentError) as caught:
        record(program)
    return str(caught.value)


def test_an_output_is_checked_when_it_is_known() -> None:
    message = late_refusal({"name": "a", "count": pulumi.Output.from_input(77)})
    assert "count: 77 is not in range" in message


def test_a_secret_output_is_refused_without_its_value() -> None:
    message = late_refusal({"name": "a", "count": pulumi.Output.secret(77)})
    assert "count: [secret] is not in range" in message
    assert "77" not in message


def test_outputs_inside_lists_and_mappings_are_checked_too() -> None:
    def program() -> Any:
        answer = checked({"name": "a", "labels": {"x": pulumi.Output.from_input("NO")}})
        return answer["labels"]["x"]

    with pytest.raises(ArgumentError, match=r"labels\.x: \"NO\" does not fit"):
        record(program)
