"""The editor's schema of stack files: it takes what is right, and refuses what an editor can see."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from pulumi_portico import AwsLoadBalancerArgs, IngressGatewayArgs, PublicLoadBalancerArgs
from pulumi_portico.args.shapes import camel_case, required_fields, shapes_of
from pulumi_portico.stack import load_stack
from pulumi_portico.web_service import WebServiceArgs

from tests.support import ROOT
from tests.unit.test_wrong_stacks import GOOD, mistakes
from tools import partial_schema, stack_schema

SCHEMA: dict[str, Any] = json.loads(stack_schema.FILE.read_text())
VALIDATOR = Draft7Validator(SCHEMA)
BASE = Draft7Validator({**SCHEMA["definitions"]["Base"], "definitions": SCHEMA["definitions"]})
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
BASES = [it for it in sorted((ROOT / "stacks").glob("*.yaml")) if it not in STACKS]


def refusals(text: str, validator: Draft7Validator = VALIDATOR) -> list[str]:
    return [f"{'.'.join(map(str, it.path))}: {it.message}" for it in validator.iter_errors(yaml.safe_load(text))]


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    # The bases' own is the same definitions.
    own = json.loads(stack_schema.BASE_FILE.read_text())
    assert own["$ref"] == f"{stack_schema.FILE.name}#/definitions/Base"
    for reference in references(SCHEMA):
        assert reference.removeprefix("#/definitions/") in SCHEMA["definitions"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (it for key, it in value.items() if key == "$ref")
        for it in value.values():
            yield from references(it)
    for it in value if isinstance(value, list) else ():
        yield from references(it)


@pytest.mark.parametrize("file", STACKS, ids=lambda it: it.stem)
def test_every_stack_that_ships_fits_and_names_it(file: Path) -> None:
    assert refusals(file.read_text()) == []
    first = file.read_text().partition("\n")[0]
    assert first == "# yaml-language-server: $schema=../components/stack.schema.json"


def test_every_base_that_ships_fits_and_names_its_own() -> None:
    for text in (it.read_text() for it in BASES):
        assert refusals(text, BASE) == []
        assert text.startswith("# yaml-language-server: $schema=../components/base.schema.json\n")
    assert refusals("defaults: {replicas: 3}\nservices: {api: {image: 'api:1'}}\n", BASE) == []
    assert refusals("portico:defaults: {replicas: 3}\n", BASE)


def test_a_stack_of_everything_fits_and_loads(tmp_path: Path) -> None:
    assert refusals(GOOD) == []
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD)
    load_stack("dev", tmp_path)


@pytest.mark.parametrize(
    ("good", "wrong", "where"),
    [
        ("image: api:1", "imgae: api:1", "services.api"),
        ("scope: internet", "scope: public", "exposure.scope"),
        ("kind: network", "kind: net", "front.kind"),
        ("{port: 9090}", "{port: 90900}", "metrics.port"),
        ("{port: 9090}", '{port: "9090"}', "metrics.port"),
        ("metrics: {port", "Metrics: {port", "api.ports"),
        ("portName: http", "portname: http", "target"),
        ("service: legacy, namespace: old", "service: legacy", "target"),
        ("{gateway: inner}", "{gateway: inner, service: api}", "target"),
        ("port: 80, autoscaling", "port: {secure: v1:x}, autoscaling", "web.port"),
        ("portico:services", "portico:service", "config"),
        ("portico:namespace: shop", "portico:namespace: Shop", "namespace"),
        ("portico:namespace: shop", "aws:region: eu-central-1", "config"),
        ("encryptionsalt", "encryptionSalt", ""),
        ("vpc: vpc-0123456789abcdef0\n", "\n", "front"),
    ],
)
def test_it_refuses_what_an_editor_can_see(good: str, wrong: str, where: str) -> None:
    assert good in GOOD
    told = refusals(GOOD.replace(good, wrong, 1))
    assert any(where in it.partition(": ")[0] for it in told), told


def test_it_takes_a_secret_wherever_one_may_stand_and_nowhere_else() -> None:
    secret = "{secure: v1:x}"
    text = "config:\n  portico:namespace: shop\n  portico:services:\n    api: {image: 'api:1', port: 80, %s}\n"
    for field in ("image: %s", "env: {A: %s}", "secretEnv: {A: %s}", "labels: {a: %s}", "args: [%s]"):
        assert refusals(text % (field % secret)) == [], field
    for field in ("replicas: %s", "kind: %s", "health: %s", "writablePaths: [%s]", "health: {portName: %s}"):
        assert refusals(text % (field % secret)), field


def test_what_extends_a_base_need_not_be_whole_and_may_take_out() -> None:
    part = "config:\n  %s\n  portico:services:\n    api: {replicas: null, exposures: 1}\n    spare: null\n"
    # Nothing is required, a null is taken; what does not exist still does not.
    told = refusals(part % "portico:extends: base.yaml")
    assert len(told) == 1
    assert "exposures" in told[0]
    assert len(refusals(part % "portico:namespace: shop")) > 1


UNKNOWN = [mistake for mistake in mistakes() if re.search(r" unknown-argument portico:.+\.", mistake.problems)]


@pytest.mark.parametrize("mistake", UNKNOWN, ids=lambda mistake: mistake.name)
def test_it_rejects_every_unknown_argument_that_the_check_rejects(mistake: Any) -> None:
    assert any("unexpected" in it for it in refusals(mistake.stack))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("WebService", WebServiceArgs),
        ("IngressGateway", IngressGatewayArgs),
        ("PublicLoadBalancer", PublicLoadBalancerArgs),
        ("AwsLoadBalancer", AwsLoadBalancerArgs),
    ],
)
def test_every_argument_is_there_with_its_words(name: str, args: type) -> None:
    definition = SCHEMA["definitions"][name]
    assert definition["properties"].keys() == {camel_case(it) for it in shapes_of(args)}
    assert set(definition.get("required", [])) == {camel_case(it) for it in required_fields(args)}
    for described in (it for it in SCHEMA["definitions"].values() if it.get("type") == "object"):
        assert len(described.get("description", "")) > 5 or "if" in described
        for field, it in described.get("properties", {}).items():
            assert len(it["description"]) > 5, field
            # Names are as the file writes them.
            assert "`allowed_sources`" not in it["description"]


def test_a_part_of_a_list_is_whole() -> None:
    """Lists are replaced, so an item of one has nothing below it."""
    made = partial_schema.partials(SCHEMA["definitions"])
    assert made["IngressGatewayPartial"]["properties"]["routes"]["items"]["$ref"] == "#/definitions/Route"
    assert "required" not in made["ExposurePartial"]
