"""Stack files on the real engine: what it reads in them, what it keeps secret, and what is told of a wrong one."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico.args.problems import Problem
from pulumi_portico.stack.source_map import plain
from pulumi_portico.stack.yaml_file import parse

from tests.pulumi_program import PROJECT, PulumiProgram
from tests.support import ROOT

ROOT_PROJECT = (ROOT / "Pulumi.yaml").read_text().replace("    virtualenv: .venv\n", "")


@pytest.fixture
def project(program: PulumiProgram) -> PulumiProgram:
    """The repository's own project, with a stack file that says where manifests are rendered."""
    (program.folder / "stacks").mkdir()
    program.write((ROOT / "__main__.py").read_text(), ROOT_PROJECT, kubernetes__renderYamlToDirectory="rendered")
    return program


def stack_file(project: PulumiProgram) -> Path:
    return project.folder / "stacks" / f"Pulumi.{project.stack}.yaml"


def add(project: PulumiProgram, text: str) -> list[str]:
    """Add to the stack's configuration, and answer the lines of the file."""
    file = stack_file(project)
    written = file.read_text()
    file.write_text(written.replace("config:\n", f"config:\n{text}", 1))
    return file.read_text().splitlines()


SERVICES = """\
  portico:namespace: shop
  portico:services:
    api:
      image: registry.example.com/api:1
      port: 8080
      labels: {team: plain-4d1c}
      env: {LEVEL: plain-8e2f}
"""


def test_the_state_encrypts_a_secret_of_a_stack_file_and_not_its_siblings(project: PulumiProgram) -> None:
    add(project, SERVICES)
    for field in ("secretEnv.TOKEN", "podAnnotations.key"):
        path = f"portico:services.api.{field}"
        project.pulumi("config", "set", "--path", "--secret", path, f"canary-{field}", "--stack", project.stack)
    assert "canary" not in stack_file(project).read_text()
    project.up()
    state = project.state()
    assert "canary" not in state
    # Nothing is encrypted but what was.
    assert "plain-4d1c" in state
    assert "plain-8e2f" in state
    # The secrets did get where they belong.
    told = "".join(it.read_text() for it in project.folder.glob("rendered/**/*.yaml"))
    assert base64.b64encode(b"canary-secretEnv.TOKEN").decode() in told
    assert "canary-podAnnotations.key" in told
    assert project.up().changes == {}


def test_a_secret_that_is_not_allowed_and_a_typo_are_reported_with_their_lines(project: PulumiProgram) -> None:
    add(project, SERVICES.replace("image:", "imgae:"))
    project.pulumi("config", "set", "--path", "--secret", "portico:services.api.port", "80", "--stack", project.stack)
    lines = stack_file(project).read_text().splitlines()
    typo = next(at for at, line in enumerate(lines, 1) if "imgae" in line)
    port = next(at for at, line in enumerate(lines, 1) if line.strip() == "port:")
    run = project.preview(check=False)
    assert run.status != 0
    name = f"stacks/Pulumi.{project.stack}.yaml"
    assert f"{name}:{typo}:7: portico:services.api.imgae: Unknown argument imgae." in run.output
    # A mapping begins in the line below its key.
    assert f"{name}:{port + 1}:9: portico:services.api.port: This value is secret" in run.output
    assert "Traceback" not in run.output
    assert not run.ops("WebService")


@pytest.mark.parametrize("scalar", ["no", "0777", "1_000", "0x1f", "2026-01-01", "80:90"])
def test_an_ambiguous_scalar_is_reported_with_its_line(scalar: str, project: PulumiProgram) -> None:
    lines = add(project, SERVICES.replace("LEVEL: plain-8e2f", f"LEVEL: {scalar}"))
    at = next(at for at, line in enumerate(lines, 1) if "LEVEL" in line)
    run = project.preview(check=False)
    assert run.status != 0
    place = f"stacks/Pulumi.{project.stack}.yaml:{at}:20"
    assert f'{place}: portico:services.api.env.LEVEL: "{scalar}" is ' in run.output
    assert run.output.count("portico:services") == 1
    assert "Traceback" not in run.output


def test_an_invalid_secret_is_reported_and_not_shown(project: PulumiProgram) -> None:
    add(project, SERVICES)
    path = "portico:services.api.image"
    project.pulumi("config", "set", "--path", "--secret", path, "hunter2/api", "--stack", project.stack)
    run = project.preview(check=False)
    assert run.status != 0
    assert "portico:services.api.image: [secret] has no version." in run.output
    assert "hunter2" not in run.output
    assert "Traceback" not in run.output


def test_an_empty_stack_is_reported_with_what_it_requires(project: PulumiProgram) -> None:
    run = project.preview(check=False)
    assert run.status != 0
    assert "portico:namespace: This argument is required." in run.output
    assert "Traceback" not in run.output


def test_a_base_file_and_another_configuration_file_are_read(project: PulumiProgram) -> None:
    add(project, "  portico:extends: base.yaml\n  portico:namespace: shop\n")
    base = project.folder / "stacks" / "base.yaml"
    base.write_text("services:\n  api: {image: 'registry.example.com/api:1', port: 8080}\n")
    project.up()
    assert project.outputs()["api-url"] == "http://api.shop.svc.cluster.local"
    # With --config-file the lines of the usual file would be wrong; the base is found all the same.
    base.write_text("services:\n  api: {image: 'registry.example.com/api', port: 8080}\n")
    other = project.folder / "other.yaml"
    other.write_text(stack_file(project).read_text().replace("namespace: shop", "namespace: Shop"))
    run = project.preview("--config-file", str(other), check=False)
    assert 'error: Stack "test" has 2 problems:' in run.output
    assert '  portico:namespace: "Shop" isn\'t a valid name.' in run.output
    assert "stacks/base.yaml:2:16: portico:services.api.image:" in run.output


SCALARS = [
    *(
        "text",
        "'80'",
        '"no"',
        "80",
        "-1",
        "+1",
        "0",
        "1.5",
        "1.0",
        "1e3",
        "1.5e-3",
        ".5",
        "5.",
        "true",
        "False",
        "TRUE",
    ),
    *("~", "null", "''", "1.2.3", "10.0.0.0/8", "fd00::/8", "a:b", "1:2:x", "-x", "1-2", "0.1.0", "08x", "!!str 80"),
    *("[1, two]", "{a: 1}", "|\n      two\n      lines\n", ">\n      folded\n      text\n", "é", "9007199254740992"),
    *("&anchor 7", "*anchor", "1e400x", "12e03", "truE", "0x", "_1"),
]


def test_portico_reads_what_the_engine_reads(program: PulumiProgram) -> None:
    """Of every scalar that is not refused: the file is read once by the engine, and once for lines and `render`."""
    text = "config:\n  test:values:\n" + "".join(f"    key{at}: {it}\n" for at, it in enumerate(SCALARS))
    program.write("import pulumi\npulumi.export('read', pulumi.Config('test').require('values'))\n", PROJECT)
    file = program.folder / f"Pulumi.{program.stack}.yaml"
    file.write_text(text + file.read_text().replace("config: {}\n", ""))
    program.up()
    found: list[Problem] = []
    node = parse(text, "test.yaml", found)
    assert found == []
    assert node is not None
    ours: dict[str, Any] = plain(node)["config"]["test:values"]
    theirs = json.loads(program.outputs()["read"])
    for at, it in enumerate(SCALARS):
        assert (it, ours[f"key{at}"]) == (it, theirs[f"key{at}"])
        assert type(ours[f"key{at}"]) is type(theirs[f"key{at}"]), it


def test_a_namespace_and_manifests_of_any_form_reach_the_program(project: PulumiProgram) -> None:
    (stack_file(project).parent / "settings.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-file}\ndata: {A: b}\n"
    )
    add(
        project,
        """\
  portico:namespace:
    name: shop
    labels: {team: a}
    resourceQuota: {hard: {pods: "9"}}
  portico:secrets:
    db: {stringData: {password: canary-90fe}}
  portico:manifests:
    - settings.yaml
    - {apiVersion: v1, kind: Secret, metadata: {name: inline}, stringData: {password: canary-90fe}}
""",
    )
    project.up()
    assert "canary-90fe" not in project.state()
    rendered = sorted(file.name for file in project.folder.glob("rendered/**/*.yaml"))
    for name in (
        "namespace-default-shop",
        "resourcequota-shop-shop",
        "secret-shop-db",
        "secret-shop-inline",
        "from-file",
    ):
        assert any(name in file for file in rendered), rendered
    assert project.up().changes == {}
    # The other form.
    file = stack_file(project)
    file.write_text(
        file.read_text().replace("    - settings.yaml\n", "    a: settings.yaml\n").replace("    - {api", "    b: {api")
    )
    assert project.up().changes == {}
