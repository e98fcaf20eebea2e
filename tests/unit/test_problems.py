"""Problems as data: locations, edits, key styles, escaping, and the one error that has them all."""

import dataclasses
import json
import pkgutil
import string
from importlib import import_module
from typing import Any

import pulumi
import pulumi_portico
import pytest
from pulumi_portico import ArgumentError, PorticoError
from pulumi_portico.args.codes import Code, all_codes, define
from pulumi_portico.args.display import value_text
from pulumi_portico.args.location import ROOT, Field, Key, KeyStyle, Location, location_text
from pulumi_portico.args.problems import MISSING, Edit, Move, Problem, Problems, Remove, Set
from pulumi_portico.args.similar_names import nearest
from pulumi_portico.outputs import ensure_event_loop

from tests.problems import assert_problem

PORT = ROOT / "ports" / Key("my_port") / "service_port"
RANGE = Code("test-range", "{value} isn't a {field}.", allowed="{least} to {most}, or {others}", hint="See {other}.")


def test_every_problem_is_in_one_error() -> None:
    problems = Problems('WebService "api"')
    problems.report(
        RANGE, PORT, value=0, field=Field("service_port"), least=1, most=9, others=[10, 11], other=ROOT / "a"
    )
    problems.report_unknown(ROOT / "imagee", ["image", "port"], meant="image")
    problems.report_missing(ROOT / "image", "text")
    with pytest.raises(ArgumentError) as caught:
        problems.raise_if_any()
    assert str(caught.value) == (
        'WebService "api" has 3 problems:\n'
        "  ports.my_port.service_port: 0 isn't a `service_port`.\n"
        "    allowed: 1 to 9, or 10, 11\n"
        "    fix: See `a`.\n"
        "  imagee: Unknown argument imagee.\n"
        "    allowed: `image`, `port`\n"
        "    fix: Rename `imagee` to `image`.\n"
        "  image: This argument is required.\n"
        "    allowed: text"
    )
    assert [problem.path for problem in caught.value.problems] == ["ports.my_port.service_port", "imagee", "image"]


def test_nothing_is_raised_without_a_problem() -> None:
    Problems("x").raise_if_any()


def test_pulumi_prints_the_message_without_a_traceback() -> None:
    # The language host prints only the text of a RunError.
    assert issubclass(PorticoError, pulumi.RunError)
    # It wraps a ValueError into one that shows every sibling value.
    assert not issubclass(ArgumentError, ValueError)


# Locations and key styles.


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (KeyStyle.PYTHON, "ports.my_port.service_port"),
        (KeyStyle.CAMEL, "ports.my_port.servicePort"),
        (KeyStyle.STACK, "portico:ports.my_port.servicePort"),
    ],
)
def test_a_location_is_written_in_the_key_style_of_its_reader(style: KeyStyle, text: str) -> None:
    assert location_text(PORT, style) == text


def test_locations_are_joined_and_compared_by_their_steps() -> None:
    routes = ROOT / "routes" / 0
    assert location_text(routes / "path", KeyStyle.STACK) == "portico:routes[0].path"
    assert location_text(ROOT, KeyStyle.STACK) == ""
    assert routes.join(("a", 1)) == ("routes", 0, "a", 1)
    assert (routes / "path").parent == routes
    assert (routes / "path").is_within(routes)
    assert routes.is_within(routes)
    assert not routes.is_within(routes / "path")


def problem_of(style: KeyStyle, *edits: Edit, secret: bool = False, **params: Any) -> Problem:
    problems = Problems("x", style=style)
    code = Code("test", "{value} of {field} at {other}.")
    problems.report(code, PORT, value="a_b", secret=secret, fix=edits, field=Field("max_surge"), other=PORT, **params)
    return problems.found[0]


def test_a_problem_is_written_in_the_key_style_of_its_reader() -> None:
    assert problem_of(KeyStyle.PYTHON).message == '"a_b" of `max_surge` at `ports.my_port.service_port`.'
    assert problem_of(KeyStyle.CAMEL).message == '"a_b" of `maxSurge` at `ports.my_port.servicePort`.'
    in_stack = dataclasses.replace(problem_of(KeyStyle.STACK), place="Pulumi.dev.yaml:3:5")
    assert str(in_stack).startswith("Pulumi.dev.yaml:3:5: portico:ports.my_port.servicePort: ")


# Edits.


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        ([Set(PORT, 80)], "Set `servicePort` to 80."),
        ([Set(PORT.parent / "app_protocol", "http")], 'Set `appProtocol` to "http".'),
        ([Set(ROOT / "security" / "host_paths", value=True)], "Set `portico:security.hostPaths` to true."),
        ([Remove(PORT)], "Remove `servicePort`."),
        ([Remove(ROOT / "routes" / 0)], "Remove `portico:routes[0]`."),
        ([Move(PORT, PORT.parent / "port")], "Rename `servicePort` to `port`."),
        ([Move(PORT, ROOT / "service_port")], "Move `servicePort` to `portico:servicePort`."),
        ([Remove(PORT), Set(ROOT / "a", None)], "Remove `servicePort`, and set `portico:a` to null."),
    ],
)
def test_edits_are_the_fix_as_a_sentence(edits: list[Edit], text: str) -> None:
    assert problem_of(KeyStyle.STACK, *edits).fix == text


def test_a_problem_for_programs_has_its_location_its_edits_and_its_parameters() -> None:
    problem = problem_of(KeyStyle.STACK, Set(PORT, 80), Move(PORT, ROOT / "b_c"), Remove(PORT))
    where = ["ports", "my_port", "servicePort"]
    data = problem.as_data()
    assert data["code"] == "test"
    assert data["location"] == where
    assert data["params"] == {"field": "maxSurge", "other": where}
    assert data["value"] == "a_b"
    assert data["edits"] == [
        {"action": "set", "location": where, "value": 80},
        {"action": "move", "location": where, "to": ["bC"]},
        {"action": "remove", "location": where},
    ]


def test_a_secret_value_is_in_neither_the_problem_nor_the_fix() -> None:
    secret = problem_of(KeyStyle.STACK, Set(PORT, "a_b"), secret=True)
    assert secret.edits == ()
    assert secret.fix == ""
    assert "a_b" not in str(secret.as_data())
    assert secret.message.startswith("[secret] of")


def test_arguments_that_exclude_each_other_are_named() -> None:
    problems = Problems("x", style=KeyStyle.CAMEL)
    problems.report_exclusive(PORT, "app_protocol", fix=Remove(PORT))
    problem = assert_problem(problems.found, "mutually-exclusive", *PORT, fields=["app_protocol", "service_port"])
    assert problem.message == "Set only one of `appProtocol`, `servicePort`."


def test_problems_within_a_location_are_found() -> None:
    problems = Problems("x")
    problems.report_missing(PORT, "text")
    assert problems.has_within(ROOT / "ports")
    assert problems.has_within(PORT)
    assert not problems.has_within(ROOT / "routes")


# Codes.


def test_each_code_is_registered_once() -> None:
    assert all_codes()["missing"] is MISSING
    with pytest.raises(ValueError, match="registered twice"):
        define("missing", "Again.")


def codes_of_the_package() -> list[Code]:
    for module in pkgutil.walk_packages(pulumi_portico.__path__, "pulumi_portico."):
        import_module(module.name)
    return [code for code in all_codes().values() if not code.name.startswith("test")]


CODES = codes_of_the_package()


def test_the_templates_are_sentences_about_the_value() -> None:
    assert len(CODES) > 300
    for code in CODES:
        assert code.name == code.name.lower().replace("_", "-")
        assert code.message[0] in "{" or code.message[0].isupper(), code.name
        # What Kubernetes or a container says is shown as it is.
        assert code.message.endswith((".", '."', ": {message}", ":{lines}")), code.name
        # A list of causes is one of sentences.
        assert not code.hint or code.hint.endswith((".", ":{causes}")), code.name


def parameters_of(code: Code) -> set[str]:
    templates = (code.message, code.allowed, code.hint)
    return {name for template in templates for _, name, _, _ in string.Formatter().parse(template) if name is not None}


NUMBERS = {"column", "count", "deadline", "excess", "interval", "least", "line", "max_age", "most", "port", "seconds"}
LISTS = {"addresses", "choices", "codes", "controllers", "fields", "kinds", "known", "platforms", "ports", "prefixes"}
LOCATIONS = {"client_ip", "forwarded_from", "other", "target", "tls", "needed"}


def parameter(name: str) -> Any:
    """A plausible parameter. Each kind of text has a part that shows the key style, and one that is escaped."""
    if name in NUMBERS:
        return 7
    if name in LISTS:
        return [Field("max_surge"), Key("my_key"), 7]
    return PORT if name in LOCATIONS else Field("max_surge") if name.endswith("field") else "one\x1btwo"


@pytest.mark.parametrize("style", KeyStyle)
def test_every_template_is_rendered(style: KeyStyle) -> None:
    camel, snake = ("maxSurge", "max_surge") if style is not KeyStyle.PYTHON else ("max_surge", "maxSurge")
    for code in CODES:
        names = parameters_of(code)
        params = {name: parameter(name) for name in names - {"value"}}
        problem = Problem(code, PORT, params, {"a": True}, style=style)
        texts = [text for text in (problem.message, problem.allowed, problem.fix) if text]
        together = " ".join(texts)
        for text in texts:
            assert "  " not in text, f"{code}: {text}"
            assert not any(f"{{{name}}}" in text for name in names), f"{code}: {text}"
            assert all(line.isprintable() for line in text.splitlines()), code
        assert snake not in together, code
        for name, value in params.items():
            shown = str(value).replace("\x1b", "\\x1b")
            expected = {Field: camel, Location: location_text(PORT, style), list: camel}.get(type(value), shown)
            assert expected in together, f"{code} doesn't show {name}"
        json.dumps(problem.as_data())


# Values.


@pytest.mark.parametrize(
    ("written", "known"),
    [("imagee", "image"), ("servicePort", "service_port"), ("service-port", "service_port"), ("zzzz", None)],
)
def test_the_nearest_name_crosses_key_styles(written: str, known: str | None) -> None:
    assert nearest(written, ["image", "service_port", "replicas"]) == known


def test_control_characters_never_reach_the_terminal() -> None:
    assert value_text("a\x1b[31mb\nc", KeyStyle.PYTHON) == '"a\\x1b[31mb\\nc"'
    problems = Problems("x")
    problems.report_unknown(ROOT / Key("a\x1b[31m"), ["b"])
    assert "\x1b" not in str(problems.found[0])


def test_a_long_value_is_cut_to_one_line() -> None:
    assert len(value_text("x" * 500, KeyStyle.PYTHON)) == 80


@pytest.mark.parametrize(
    ("value", "python", "stack"),
    [(None, "None", "null"), (True, "True", "true"), ([1, "a"], '[1, "a"]', '[1, "a"]'), ({"a": False}, None, None)],
)
def test_a_value_is_written_as_its_reader_writes_it(value: Any, python: str | None, stack: str | None) -> None:
    assert value_text(value, KeyStyle.PYTHON) == (python or '{"a": False}')
    assert value_text(value, KeyStyle.STACK) == (stack or '{"a": false}')


def test_an_output_has_no_address() -> None:
    ensure_event_loop()
    assert value_text(pulumi.Output.from_input("x"), KeyStyle.PYTHON) == "an Output"
    assert value_text(pulumi.Output.from_input("x"), KeyStyle.STACK) == "[secret]"
    assert Location(("a",)) == ROOT / "a"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("replicsa", "replicas"),
        ("image_url", None),
        ("prot", "port"),
        ("service-port", "servicePort"),
        ("respond", None),
        ("envs", "env"),
        ("qqq", None),
    ],
)
def test_only_a_typing_error_has_a_nearest_name(name: str, meant: str | None) -> None:
    known = ["env", "image", "port", "replicas", "responseHeaders", "servicePort"]
    assert nearest(name, known) == meant


def test_of_several_names_the_most_similar_is_the_nearest() -> None:
    assert nearest("healt", ["health", "heal"]) == "health"
