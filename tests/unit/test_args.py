"""Arguments against their types: specs, keys, types, rules, hooks, and Outputs that are checked when they are known."""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Optional

import pulumi
import pytest
from pulumi_portico import ArgumentError
from pulumi_portico._typing import NotRequired, TypedDict
from pulumi_portico.args.location import ROOT, Key, KeyStyle, Location
from pulumi_portico.args.names import dns_label, label_key
from pulumi_portico.args.parse import INVALID, Field, parse
from pulumi_portico.args.problems import Move, Problem, Problems, Remove, Set, Unavailable
from pulumi_portico.args.secrets import Placeholder
from pulumi_portico.args.secrets import Secret as EncryptedValue
from pulumi_portico.args.shapes import plain_fields
from pulumi_portico.args.spec import Spec, spec
from pulumi_portico.args.values import whole_number
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.testing import record

from tests.problems import assert_fixes_work, assert_problem


class Color(str, Enum):
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
    color: NotRequired[Color]
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    inner_list: NotRequired[Sequence[Inner]]
    inner_map: NotRequired[Mapping[str, Inner]]
    token: NotRequired[pulumi.Input[str]]
    anything: NotRequired[Any]


@spec(Inner)
class InnerSpec(Spec):
    host_name: str
    weight: Optional[pulumi.Input[int]] = None


def _former_color(value: Any) -> Optional[Mapping[str, Any]]:
    return {"color": "red", "on": True} if value == 1 else None


@spec(
    Outer,
    renamed={"amount": "count", "strength": lambda value: ("ratio", value / 100)},
    changed={"color": _former_color},
)
class OuterSpec(Spec):
    name: str
    count: Optional[pulumi.Input[int]] = None
    ratio: Optional[float] = None
    on: bool = True
    color: Optional[Color] = None
    labels: Optional[Mapping[str, pulumi.Input[str]]] = None
    inner_list: Sequence[InnerSpec] = ()
    inner_map: Mapping[str, InnerSpec] = dataclasses.field(default_factory=dict[str, InnerSpec])
    token: Optional[pulumi.Input[str]] = None
    anything: Optional[Any] = None


RULES = {
    Outer: {
        "name": Field(dns_label),
        "count": Field(whole_number(1, 9)),
        "labels": Field(keys=label_key, items=dns_label),
        "inner_map": Field(keys=dns_label),
        "token": Field(dns_label, secret=True),
    },
    Inner: {"host_name": Field(dns_label)},
}


def parsed(args: Any, style: KeyStyle = KeyStyle.PYTHON, hooks: Any = None) -> tuple[OuterSpec, list[Problem]]:
    problems = Problems("Outer", style=style)
    return parse(OuterSpec, Outer, args, RULES, problems, ROOT, hooks), problems.found


def problems_in(args: Any, style: KeyStyle = KeyStyle.PYTHON) -> list[Problem]:
    return parsed(args, style)[1]


def valid(args: Any, style: KeyStyle = KeyStyle.PYTHON) -> OuterSpec:
    made, problems = parsed(args, style)
    assert problems == []
    return made


# Specs.


def test_a_spec_has_every_value_and_every_default() -> None:
    args = {
        "name": "a",
        "count": 2,
        "ratio": 1,
        "labels": {"x/y": "z"},
        "inner_list": [{"host_name": "h", "weight": 3}],
        "anything": object,
    }
    assert valid(args) == OuterSpec(
        name="a",
        count=2,
        ratio=1,
        labels={"x/y": "z"},
        inner_list=(InnerSpec(host_name="h", weight=3),),
        anything=object,
    )


def test_none_counts_as_not_set() -> None:
    assert valid({"name": "a", "count": None, "on": None}) == OuterSpec(name="a")


@pytest.mark.parametrize("value", [Color.GREEN, "green"])
def test_a_choice_becomes_its_member(value: Any) -> None:
    assert valid({"name": "a", "color": value}).color is Color.GREEN


def test_a_spec_knows_where_its_arguments_are() -> None:
    made = valid({"name": "a", "inner_list": [{"host_name": "h"}], "inner_map": {"b": {"host_name": "h"}}})
    assert made.at == ROOT
    assert made.inner_list[0].at == ("inner_list", 0)
    assert made.inner_map["b"].at == ("inner_map", "b")


def test_a_parsed_spec_is_taken_as_it_is() -> None:
    made = valid({"name": "a"})
    assert valid(made) is made
    inner = InnerSpec(host_name="h")
    assert valid({"name": "a", "inner_list": [inner]}).inner_list[0] is inner


def test_a_spec_without_the_fields_of_its_type_is_an_error() -> None:
    class Other(TypedDict):
        name: str
        count: NotRequired[int]

    with pytest.raises(TypeError, match="differ in count"):

        @spec(Other)
        class _Missing(Spec):  # pyright: ignore[reportUnusedClass]
            name: str

    with pytest.raises(TypeError, match=r"_Required\.count must have a default"):

        @spec(Other)
        class _Required(Spec):  # pyright: ignore[reportUnusedClass]
            name: str
            count: int


def test_a_misspelled_field_of_a_spec_is_an_error() -> None:
    made: Any = valid({"name": "a"})
    with pytest.raises(AttributeError, match="OuterSpec has no field nmae"):
        _ = made.nmae


# Unavailability.


def test_an_invalid_or_missing_value_is_unavailable_and_the_others_are_not() -> None:
    made, problems = parsed({"count": "many", "on": False})
    assert len(problems) == 2
    assert made.on is False
    for field in ("name", "count"):
        with pytest.raises(Unavailable) as caught:
            getattr(made, field)
        assert caught.value.args == ((field,),)


def test_arguments_that_are_no_mapping_leave_every_field_unavailable() -> None:
    made, problems = parsed({"name": "a", "inner_list": ["x", {"host_name": "h"}]})
    assert_problem(problems, "not-a-mapping", "inner_list", 0)
    with pytest.raises(Unavailable):
        _ = made.inner_list[0].host_name
    assert made.inner_list[1].host_name == "h"


def test_a_rule_that_needs_an_unavailable_value_ends_alone() -> None:
    problems = Problems("Outer")
    made = parse(OuterSpec, Outer, {"name": "a", "count": "many"}, RULES, problems)
    ran: list[str] = []

    def needs_count(outer: OuterSpec, _problems: Problems) -> None:
        ran.append("count")
        ran.append(str(outer.count))

    def needs_name(outer: OuterSpec, _problems: Problems) -> None:
        ran.append(outer.name)

    problems.run(needs_count, made)
    problems.run(needs_name, made)
    assert ran == ["count", "a"]
    assert len(problems.found) == 1


# Problems.


@pytest.mark.parametrize(
    ("args", "code", "location"),
    [
        ({}, "missing", ("name",)),
        ({"name": None}, "missing", ("name",)),
        ({"name": "a", "naem": 1}, "unknown-argument", ("naem",)),
        ({"name": 5}, "wrong-type", ("name",)),
        ({"name": "a", "count": "2"}, "wrong-type", ("count",)),
        ({"name": "a", "count": True}, "wrong-type", ("count",)),
        ({"name": "a", "count": 2.0}, "wrong-type", ("count",)),
        ({"name": "a", "count": 10}, "out-of-range", ("count",)),
        ({"name": "a", "ratio": True}, "wrong-type", ("ratio",)),
        ({"name": "a", "on": "yes"}, "wrong-type", ("on",)),
        ({"name": "a", "color": "geren"}, "not-a-choice", ("color",)),
        ({"name": "a", "labels": ["x"]}, "not-a-mapping", ("labels",)),
        ({"name": "a", "labels": {"a b": "z"}}, "invalid-label-key", ("labels", "a b")),
        ({"name": "a", "labels": {"a": "Z"}}, "invalid-name", ("labels", "a")),
        ({"name": "a", "labels": {1: "z"}}, "key-not-text", ("labels", "1")),
        ({"name": "a", "inner_list": "x"}, "not-a-list", ("inner_list",)),
        ({"name": "a", "inner_list": [{"host_name": "h"}, {}]}, "missing", ("inner_list", 1, "host_name")),
        ({"name": "a", "inner_list": ["x"]}, "not-a-mapping", ("inner_list", 0)),
        ({"name": "a", "inner_map": {"B": {"host_name": "h"}}}, "invalid-name", ("inner_map", "B")),
        ("x", "not-a-mapping", ()),
    ],
)
def test_an_invalid_value_is_reported_at_its_location_with_a_fix_that_works(
    args: Any, code: str, location: tuple[Any, ...]
) -> None:
    problems = problems_in(args)
    assert_problem(problems, code, *location)
    assert len(problems) == 1 or code == "missing"
    if isinstance(args, dict):
        assert_fixes_work(problems_in, args)


def test_every_problem_is_reported_at_once() -> None:
    assert len(problems_in({"nme": 1, "count": 99, "color": "blue", "inner_list": [{}]})) == 5


def test_the_nearest_choice_and_the_nearest_field_are_the_fixes() -> None:
    problems = problems_in({"name": "a", "color": "Greeen", "on_": True})
    assert assert_problem(problems, "not-a-choice", "color").edits == (Set(Location(("color",)), "green"),)
    unknown = assert_problem(problems, "unknown-argument", "on_")
    assert unknown.edits == (Move(Location(("on_",)), Location(("on",))),)


def test_an_invalid_value_counts_as_its_fix() -> None:
    made, problems = parsed({"naem": "a", "count": 99, "color": "Red", "labels": {"a b": "c"}})
    assert made.color is not None
    assert (made.name, made.count, made.color.value) == ("a", 9, "red")
    assert [problem.code.name for problem in problems] == [
        "unknown-argument",
        "out-of-range",
        "not-a-choice",
        "invalid-label-key",
    ]


def test_what_is_wrong_with_a_misspelled_field_is_reported_where_it_is_written() -> None:
    args = {"naem": "a", "amount": 99, "innerlist": [{"hostname": 1, "x": 2}]}
    found = {(problem.code.name, problem.location) for problem in problems_in(args)}
    assert found == {
        ("unknown-argument", ("naem",)),
        ("renamed-argument", ("amount",)),
        ("out-of-range", ("amount",)),
        ("unknown-argument", ("innerlist",)),
        ("unknown-argument", ("innerlist", 0, "hostname")),
        ("wrong-type", ("innerlist", 0, "hostname")),
        ("unknown-argument", ("innerlist", 0, "x")),
    }
    assert assert_fixes_work(problems_in, args) == 6


def test_a_value_of_another_form_is_no_misspelled_field() -> None:
    problems = problems_in({"name": "a", "labelz": "x", "inner_lists": {}})
    assert [problem.edits for problem in problems] == [(), ()]


def test_a_field_that_is_set_is_no_fix_for_another_one() -> None:
    args = {"name": "a", "naem": "b", "count": 1, "amount": 3}
    problems = problems_in(args)
    assert assert_problem(problems, "unknown-argument", "naem").edits == ()
    assert assert_problem(problems, "former-and-current-name", "amount", new="count").edits == ()
    same = assert_problem(problems_in({**args, "amount": 1}), "renamed-argument", "amount")
    assert same.edits == (Remove(Location(("amount",))),)
    assert assert_fixes_work(problems_in, {**args, "amount": 1}) == 1


def test_an_argument_that_no_field_is_near_is_left_to_the_author() -> None:
    problem = assert_problem(problems_in({"name": "a", "qqq": 1}), "unknown-argument", "qqq")
    assert problem.edits == ()
    assert problem.fix == "Remove it, or use an argument that exists."


def test_a_renamed_field_is_recognized_and_carries_its_value_over() -> None:
    problems = problems_in({"name": "a", "amount": 3, "strength": 50})
    assert assert_problem(problems, "renamed-argument", "amount", new="count").edits == (
        Move(Location(("amount",)), Location(("count",))),
    )
    strength = assert_problem(problems, "renamed-argument", "strength", new="ratio")
    at = Location(("strength",))
    assert strength.edits == (Set(at, 0.5), Move(at, Location(("ratio",))))
    assert assert_fixes_work(problems_in, {"name": "a", "amount": 3, "strength": 50}) == 2


def test_a_former_value_is_recognized_and_becomes_todays_fields() -> None:
    args = {"name": "a", "color": 1}
    former = assert_problem(problems_in(args), "former-value", "color")
    assert former.edits == (Set(Location(("color",)), "red"), Set(Location(("on",)), True))  # noqa: FBT003
    assert assert_fixes_work(problems_in, args) == 1
    # Any other value is checked as usual.
    assert_problem(problems_in({"name": "a", "color": 2}), "not-a-choice", "color")


# Key styles.


@pytest.mark.parametrize("style", [KeyStyle.CAMEL, KeyStyle.STACK])
def test_arguments_are_read_in_the_key_style_of_their_reader(style: KeyStyle) -> None:
    args = {"name": "a", "innerList": [{"hostName": "h"}]}
    assert valid(args, style).inner_list[0].host_name == "h"
    unknown = assert_problem(problems_in({"name": "a", "inner_list": []}, style), "unknown-argument", "inner_list")
    assert unknown.fix == "Rename `inner_list` to `innerList`."
    missing = assert_problem(
        problems_in({"name": "a", "innerList": [{}]}, style), "missing", "inner_list", 0, "host_name"
    )
    assert missing.path.endswith("innerList[0].hostName")
    assert assert_fixes_work(lambda changed: problems_in(changed, style), {"name": "a", "inner_list": []}) == 1


def test_keys_that_the_user_chose_are_never_changed() -> None:
    (problem,) = problems_in({"name": "a", "labels": {"snake_case": "Z"}}, KeyStyle.CAMEL)
    assert problem.path == "labels.snake_case"


# Hooks.


def test_a_hook_reads_a_value_in_another_way() -> None:
    seen: list[Location] = []

    def read(value: Any, at: Location) -> Any:
        seen.append(at)
        if value == "by-name":
            return InnerSpec(host_name="found")
        return INVALID if value == "unknown" else value

    args = {"name": "a", "inner_list": ["by-name", {"host_name": "h"}, "unknown"], "inner_map": {"b": "by-name"}}
    made, problems = parsed(args, hooks={Inner: read})
    assert problems == []
    assert made.inner_list[0] == InnerSpec(host_name="found")
    assert made.inner_list[1] == InnerSpec(host_name="h")
    with pytest.raises(Unavailable):
        _ = made.inner_list[2].host_name
    assert seen == [("inner_list", 0), ("inner_list", 1), ("inner_list", 2), ("inner_map", Key("b"))]


# Outputs and secrets.


def test_an_output_is_rejected_where_identity_depends_on_the_value() -> None:
    ensure_event_loop()
    assert_problem(problems_in({"name": pulumi.Output.from_input("a")}), "not-plain", "name")


def test_a_secret_field_keeps_its_value_to_itself() -> None:
    problem = assert_problem(problems_in({"name": "a", "token": "HUNTER2"}), "invalid-name", "token")
    assert problem.secret
    assert problem.edits == ()
    assert "HUNTER2" not in str(problem)
    assert "HUNTER2" not in str(problem.as_data())


def test_an_encrypted_value_is_a_secret_output_or_rejected() -> None:
    def program() -> Any:
        token = valid({"name": "a", "token": EncryptedValue("abc")}).token
        assert isinstance(token, pulumi.Output)
        return pulumi.Output.all(token, token.is_secret())

    assert record(program).value == ["abc", True]
    problem = assert_problem(problems_in({"name": EncryptedValue("abc")}), "secret-not-allowed", "name")
    assert "abc" not in str(problem.as_data())
    # What is encrypted only with something around it is text as any other.
    assert valid({"name": EncryptedValue("abc", certain=False)}).name == "abc"


def test_no_rule_applies_to_a_placeholder() -> None:
    def program() -> Any:
        return valid({"name": "a", "labels": {"x": EncryptedValue()}}).labels

    assert record(program).value == {"x": Placeholder("[secret labels.x]")}


def test_plain_fields_are_those_that_take_no_output() -> None:
    assert plain_fields(Outer) == {"name", "ratio", "on", "color", "labels", "inner_list", "inner_map", "anything"}


def test_a_valid_output_passes_and_stays_secret() -> None:
    def program() -> Any:
        count = valid({"name": "a", "count": pulumi.Output.secret(3)}).count
        assert isinstance(count, pulumi.Output)
        return pulumi.Output.all(count, count.is_secret())

    assert record(program).value == [3, True]


def problems_later(args: dict[str, Any]) -> list[Problem]:
    with pytest.raises(ArgumentError) as caught:
        record(lambda: [value for value in (valid(args).count, *(valid(args).labels or {}).values()) if value])
    return list(caught.value.problems)


def test_an_output_is_checked_when_it_is_known() -> None:
    (problem,) = problems_later({"name": "a", "count": pulumi.Output.from_input(77)})
    assert (problem.code.name, problem.location, problem.value) == ("out-of-range", ("count",), 77)


def test_a_secret_output_is_rejected_without_its_value() -> None:
    (problem,) = problems_later({"name": "a", "count": pulumi.Output.secret(77)})
    assert problem.secret
    assert "77" not in str(problem)
    assert "[secret]" in str(problem)


def test_outputs_in_lists_and_mappings_are_checked_too() -> None:
    (problem,) = problems_later({"name": "a", "labels": {"x": pulumi.Output.from_input("NO")}})
    assert (problem.code.name, problem.location) == ("invalid-name", ("labels", "x"))
