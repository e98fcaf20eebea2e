"""The stack files in docs/stacks.md are read, built and checked; the error is what is said."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator
from pulumi_portico import ArgumentError
from pulumi_portico.args.shapes import camel_case, shapes_of
from pulumi_portico.stack import StackArgs, build, load_stack
from pulumi_portico.testing import record

from tests.support import ROOT
from tools import stack_schema

PAGE = (ROOT / "docs" / "stacks.md").read_text()
FILES = {match[1]: match[0] for match in re.finditer(r"(?<=```yaml\n)# (stacks/\S+)\n.*?(?=```)", PAGE, re.S)}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files, where it says that they are."""
    (tmp_path / "stacks").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("stack", "made"),
    [
        ("blog", "Ingress"),
        ("dev", "Ingress"),
        ("limited", "ResourceQuota"),
        ("production", "TargetGroupBinding"),
        ("raw", "PrometheusRule"),
        ("shared", "PersistentVolumeClaim"),
    ],
)
def test_the_stacks_of_the_page_are_built_and_fit_the_schema(stack: str, made: str) -> None:
    plan = load_stack(stack, Path("stacks"))
    assert record(lambda: build(plan)).all("Namespace")
    assert any(it["kind"] == made for it in record(lambda: build(plan)).manifests())
    schema = Draft7Validator(json.loads(stack_schema.FILE.read_text()))
    assert list(schema.iter_errors(yaml.safe_load(FILES[f"stacks/Pulumi.{stack}.yaml"]))) == []


@pytest.mark.usefixtures("project")
def test_the_page_shows_the_message_of_its_invalid_stack() -> None:
    with pytest.raises(ArgumentError) as caught:
        load_stack("wrong", Path("stacks"))
    shown = PAGE.partition("```text\n")[2].partition("```")[0]
    message = re.sub(r"(allowed: `additionalServices`, ).*", r"\1...", str(caught.value))
    assert shown == message + "\n"


def test_every_key_is_in_the_page() -> None:
    table = PAGE[PAGE.index("## Keys") : PAGE.index("## References")]
    assert set(re.findall(r"^\| `portico:(\w+)`", table, re.M)) == {camel_case(it) for it in shapes_of(StackArgs)}
    names = ("blog", "dev", "limited", "production", "raw", "shared", "wrong")
    assert FILES.keys() == {"stacks/base.yaml", *(f"stacks/Pulumi.{name}.yaml" for name in names)}
