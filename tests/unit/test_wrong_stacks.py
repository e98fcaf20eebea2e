"""What is said of a wrong stack file: the line, the column and the message of every kind of mistake."""

import contextlib
import copy
import random
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError
from pulumi_portico.stack import load_stack

FILE = Path(__file__).parent / "wrong_stacks.txt"


class Mistake(NamedTuple):
    name: str
    stack: str
    base: str
    told: str


def mistakes() -> list[Mistake]:
    found: list[Mistake] = []
    for part in FILE.read_text(encoding="utf-8").split("\n==== ")[1:]:
        name, _, rest = part.partition("\n")
        written, _, told = rest.partition("---- told\n")
        stack, _, base = written.partition("---- base\n")
        found.append(Mistake(name, stack, base, told.rstrip("\n")))
    return found


def told_of(problems: Any) -> list[str]:
    return [line for it in problems for line in str(it).splitlines() if not line.startswith("  allowed: ")]


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda it: it.name)
def test_the_mistake_is_told_with_its_line_and_column(
    mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("stacks")
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_text(mistake.stack, encoding="utf-8")
    if mistake.base:
        (folder / "base.yaml").write_text(mistake.base, encoding="utf-8")
    with pytest.raises(ArgumentError) as caught:
        load_stack("dev", folder)
    assert told_of(caught.value.problems) == mistake.told.splitlines()
    for problem in caught.value.problems:
        assert problem.allowed
        assert re.match(r"stacks/(Pulumi\.dev|base)\.yaml:\d+:\d+$", problem.place)
        # What is pointed at is there.
        file, line, column = problem.place.rsplit(":", 2)
        lines = [*Path(file).read_text(encoding="utf-8").splitlines(), ""]
        assert int(column) <= len(lines[int(line) - 1]) + 1


def test_every_kind_of_mistake_is_there_once() -> None:
    names = [it.name for it in mistakes()]
    assert len(names) == len(set(names)) > 90


def test_a_stack_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("staging", "production"):
        (tmp_path / f"Pulumi.{name}.yaml").touch()
    with pytest.raises(ArgumentError) as caught:
        load_stack("stagin", Path())
    (problem,) = caught.value.problems
    assert str(problem) == (
        "Pulumi.stagin.yaml: is missing\n  allowed: a stack: production, staging\n  fix: write staging"
    )


def test_a_file_that_is_no_text_and_a_link_out_of_the_folder_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("stacks")
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_bytes(b"config: \xff\xfe\n")
    with pytest.raises(ArgumentError, match=r"stacks/Pulumi.dev.yaml: is not UTF-8"):
        load_stack("dev", folder)
    (tmp_path / "elsewhere.yaml").write_text("namespace: shop\n")
    (folder / "base.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (folder / "Pulumi.dev.yaml").write_text("config: {portico:extends: base.yaml, portico:namespace: shop}\n")
    with pytest.raises(ArgumentError, match=r'Pulumi.dev.yaml:1:27: portico:extends: "base.yaml" is a link that leads'):
        load_stack("dev", folder)


def test_a_circle_of_bases_is_told_whole(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {portico:extends: a.yaml}\n")
    for name, extends in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"extends: {extends}.yaml\nnamespace: shop\n")
    with pytest.raises(ArgumentError, match=r"a\.yaml extends b\.yaml extends c\.yaml extends a\.yaml"):
        load_stack("dev", tmp_path)


# What the mutations begin with: something of everything.
GOOD = """\
config:
  kubernetes:context: dev
  portico:namespace: shop
  portico:defaults:
    replicas: 3
    labels: {team: shop}
  portico:services:
    api:
      image: api:1
      ports:
        http: {port: 8080, servicePort: 80}
        metrics: {port: 9090}
      env:
        PASSWORD: {secure: v1:abc}
        LEVEL: info
      health: {path: /ready}
      allowFrom: [{service: web, ports: [8080]}]
    web: {image: web:2, port: 80, autoscaling: {maxReplicas: 9}}
    jobs: {image: jobs:3, ports: {}}
  portico:gateways:
    edge:
      exposure: {scope: internet, platform: gke, allowedSources: [0.0.0.0/0], staticAddresses: [edge]}
      tls:
        shop.example.com: {secret: shop-tls}
      routes:
        - {host: shop.example.com, path: /api, target: {service: api, portName: http}}
        - {host: shop.example.com, target: {service: web}}
        - host: old.example.com
          target: {service: legacy, namespace: old, port: 80, selector: {app: legacy}}
    inner:
      behind: {sources: [10.0.0.0/8]}
  portico:loadBalancers:
    api:
      target: {service: api, port: 9090}
      exposure: {scope: internal, platform: azure}
  portico:awsLoadBalancers:
    front:
      kind: network
      scope: internal
      vpc: vpc-0123456789abcdef0
      subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      allowedSources: [10.0.0.0/8]
      targets: {inner: {target: {gateway: inner}}}
      listeners: [{port: 443, protocol: tcp, to: inner}]
encryptionsalt: v1:x
"""
NAMES = ["service", "gateway", "port", "portName", "namespace", "target", "exposure", "aws", "image", "secure", "name"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 70000),
    st.sampled_from([2**70, 1.5, float("inf"), "", "api", "edge", "10.0.0.0/8", "a: b", "\x07", "no", "[secret]"]),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(NAMES), inner)),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with every key or index of it."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    found = [(value, key) for key in keys]
    return found + [it for key in keys for it in places(value[key])]


def mutate(tree: Any, kind: str, seed: int, value: Any) -> None:
    chance = random.Random(seed)
    container, key = chance.choice(places(tree))
    if kind == "delete":
        del container[key]
    elif kind == "retype":
        container[key] = value
    elif kind == "nest":
        container[key] = {chance.choice(NAMES): container[key]}
    elif kind == "list":
        container[key] = [container[key], container[key]]
    elif kind == "move":
        other, name = chance.choice(places(tree))
        container[key] = copy.deepcopy(other[name])
    elif isinstance(container, dict):
        container[chance.choice([*NAMES, f"{key}x", str(key).upper(), "a.b[0]"])] = copy.deepcopy(container[key])
        if kind == "rename":
            del container[key]


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "retype", "nest", "list", "move", "rename", "duplicate"]),
        st.integers(0, 2**32),
        VALUES,
    ),
    min_size=1,
    max_size=4,
)


def test_what_the_mutations_begin_with_is_good(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD)
    plan = load_stack("dev", tmp_path)
    assert plan.gateways.keys() == {"edge", "inner"}
    assert (plan.load_balancers.keys(), plan.aws_load_balancers.keys()) == ({"api"}, {"front"})


def read(folder: Path, text: str) -> None:
    """Read it: a plan, or a refusal that says why; whatever else is raised goes through."""
    (folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    with contextlib.suppress(ArgumentError):
        load_stack("dev", folder)


@settings(max_examples=300, deadline=None)
@given(mutations=MUTATIONS)
def test_a_mutated_stack_is_built_or_refused(mutations: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = yaml.safe_load(GOOD)
    for kind, seed, value in mutations:
        if places(tree):
            mutate(tree, kind, seed, value)
    read(tmp_path_factory.getbasetemp(), yaml.safe_dump(tree, sort_keys=False))


@settings(max_examples=300, deadline=None)
@given(
    at=st.integers(0, len(GOOD)), cut=st.integers(0, 12), put=st.text(alphabet="\t\n :-{}[]'\"&*!|>%@#,?a0", max_size=5)
)
@example(at=0, cut=0, put="\ufeff")
def test_a_stack_with_a_slip_of_the_pen_is_built_or_refused(
    at: int, cut: int, put: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    read(tmp_path_factory.getbasetemp(), GOOD[:at] + put + GOOD[at + cut :])
