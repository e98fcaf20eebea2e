"""The exception family and the collector: one error, every problem, value and fix."""

import pulumi
import pytest
from pulumi_portico import ArgumentError, PorticoError
from pulumi_portico.errors import Problems, Refusal, nearest, shown


def test_every_problem_is_in_one_error_with_path_value_allowed_and_fix() -> None:
    problems = Problems('WebService "api"')
    problems.add("port", 0, Refusal("is not a port number", "a whole number, 1 to 65535"))
    problems.unknown("imagee", ["image", "port"])
    problems.missing("image", "text")
    with pytest.raises(ArgumentError) as caught:
        problems.raise_if_any()
    assert str(caught.value) == (
        'WebService "api" has 3 problems:\n'
        "  port: 0 is not a port number\n"
        "    allowed: a whole number, 1 to 65535\n"
        "  imagee: is no argument here\n"
        "    allowed: image, port\n"
        "    fix: write image\n"
        "  image: is missing\n"
        "    allowed: text"
    )
    assert [it.path for it in caught.value.problems] == ["port", "imagee", "image"]


def test_nothing_is_raised_where_there_is_no_problem() -> None:
    Problems("x").raise_if_any()


def test_pulumi_prints_the_message_without_a_traceback() -> None:
    # The language host prints a RunError's text alone.
    assert issubclass(PorticoError, pulumi.RunError)
    # And wraps a ValueError into one that shows every sibling value.
    assert not issubclass(ArgumentError, ValueError)


def test_a_hidden_value_is_in_neither_the_value_nor_the_fix() -> None:
    problems = Problems("x")
    problems.add("token", "hunter2", Refusal("is wrong", "a token", 'write "hunter2-x"'), show=False)
    assert "hunter2" not in str(ArgumentError("x", problems.found))
    assert "[secret]" in str(problems.found[0])


@pytest.mark.parametrize(
    ("written", "meant"),
    [("imagee", "image"), ("servicePort", "service_port"), ("service-port", "service_port"), ("zzzz", None)],
)
def test_the_nearest_spelling_crosses_cases(written: str, meant: str | None) -> None:
    assert nearest(written, ["image", "service_port", "replicas"]) == meant


def test_a_value_never_sends_control_characters_to_the_terminal() -> None:
    assert shown("a\x1b[31mb\nc") == '"a\\x1b[31mb\\nc"'


def test_a_long_value_is_cut_to_a_line() -> None:
    assert len(shown("x" * 500)) == 80


def test_an_output_is_not_shown_as_an_object_address() -> None:
    assert shown(pulumi.Output.from_input("x")) == "an Output"
