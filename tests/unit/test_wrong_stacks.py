"""The problems of invalid stack files: the code, the position, the parameters, and the fix of every kind of mistake."""

import copy
import difflib
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulumi_portico.args.location import FieldPath, Location, camel_case
from pulumi_portico.args.problems import Move, Problem, Remove, Set
from pulumi_portico.args.shapes import shapes_of
from pulumi_portico.cli.fixing.fixes import fix_stack
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.args import KEYS, StackArgs
from pulumi_portico.stack.objects import objects_of

from tests.command import called
from tests.examples import examples
from tests.problems import assert_fixed, assert_problem, problems_of

FILE = Path(__file__).parent / "wrong_stacks.txt"
NOT_ASSERTED = {"known", "choices", "keys", "detail"}
"""The parameters that list what's allowed, or that PyYAML words."""


class Mistake(NamedTuple):
    name: str
    stack: str
    base: str
    problems: str


def mistakes() -> list[Mistake]:
    found: list[Mistake] = []
    for part in FILE.read_text(encoding="utf-8").split("\n==== ")[1:]:
        name, _, rest = part.partition("\n")
        files, _, problems = rest.partition("---- problems\n")
        stack, _, base = files.partition("---- base\n")
        found.append(Mistake(name, stack, base, problems.rstrip("\n")))
    return found


@pytest.fixture(params=mistakes(), ids=lambda mistake: mistake.name)
def mistake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mistake:
    """A mistake, whose files are in the folder `stacks` of the working directory."""
    found: Mistake = request.param
    monkeypatch.chdir(tmp_path)
    folder = Path("stacks")
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_text(found.stack, encoding="utf-8")
    if found.base:
        (folder / "base.yaml").write_text(found.base, encoding="utf-8")
    return found


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def lines_of(problem: Problem) -> Iterator[str]:
    """A problem as `wrong_stacks.txt` has it."""
    data = problem.as_data()
    yield f"{data['place'].removeprefix('stacks/')} {data['code']} {data['path']}".rstrip()
    for name in data["params"].keys() - NOT_ASSERTED:
        yield f"  {name}: {as_json(data['params'][name])}"
    if problem.secret:
        yield "  secret"
    elif repr(problem.value) != "ABSENT":
        yield f"  value: {as_json(data['value'])}"
    for edit in data["edits"]:
        changed = [as_json(edit[key]) for key in ("value", "to") if key in edit]
        yield " ".join([f"  fix: {edit['action']}", as_json(edit["location"]), *changed])


def problems_in_files() -> list[Problem]:
    return problems_of(lambda: load_stack("dev", Path("stacks")))


def test_each_problem_has_its_code_position_parameters_and_fix(mistake: Mistake) -> None:
    found = problems_in_files()
    expected = [sorted(part.split("\n  ")) for part in re.split(r"\n(?! )", mistake.problems)]
    assert [sorted("\n".join(lines_of(problem)).split("\n  ")) for problem in found] == expected
    for problem in found:
        assert re.match(r"stacks/(Pulumi\.dev|base)\.yaml:\d+:\d+$", problem.place)
        file, line, column = problem.place.rsplit(":", 2)
        lines = [*Path(file).read_text(encoding="utf-8").splitlines(), ""]
        assert int(column) <= len(lines[int(line) - 1]) + 1
        # Each of its templates can be rendered.
        assert problem.message
        assert str(problem)


def fix_each(folder: Path, *, may_reveal: bool = False) -> list[Problem]:
    """Fix each problem of a stack that has a fix, alone: it's gone then, and no other one is new. Returns them.

    `may_reveal` allows new ones: a field that is known by its name again can conflict with others.
    """
    unfixed = fix_stack("dev", folder, rounds=0)
    before = unfixed.error.problems if unfixed.error else ()
    fixable = [problem for problem in before if problem.edits]
    for problem in fixable:

        def is_this(other: Problem, problem: Problem = problem) -> bool:
            return (other.code, other.location, other.place) == (problem.code, problem.location, problem.place)

        fixed = fix_stack("dev", folder, rounds=1, choose=is_this)
        if "secure" in problem.location and not fixed.applied:
            # A mapping of nothing but `secure` is a secret, which no fix may make.
            continue
        assert fixed.applied == [problem], f"{problem.edits} can't be applied"
        after = fixed.error.problems if fixed.error else ()
        assert_fixed(problem, (*before, *after) if may_reveal else before, after)
    return fixable


def test_locations_lead_from_the_stack_to_a_value(mistake: Mistake) -> None:
    """In parameters and fixes too: else a message names a key that no stack has."""
    for problem in problems_in_files():
        edits = [at for edit in problem.edits for at in vars(edit).values() if isinstance(at, Location)]
        params = [param for param in problem.params.values() if isinstance(param, Location)]
        absolute = [at for at in (*params, *edits) if not isinstance(at, FieldPath)]
        # A file's own keys are as they are.
        starts = {
            *shapes_of(StackArgs),
            *(f"portico:{key}" for key in KEYS),
            *problem.location[:1],
            "extends",
            "config",
        }
        assert [at for at in absolute if at[0] not in starts] == [], problem.code


def test_each_fix_fixes_its_problem_and_makes_no_other(mistake: Mistake) -> None:
    assert len(fix_each(Path("stacks"))) == len(re.findall(r"(?m)^(?!  )\S.*(?:\n  .*)*?\n  fix: ", mistake.problems))


def extent_of(lines: list[str], number: int) -> set[int]:
    """The numbers of a line and of those below it that are part of the same entry."""
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    found = {number}
    for below, line in enumerate(lines[number:], number + 1):
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        found.add(below)
    return found


def test_fixes_change_only_the_lines_of_problems(mistake: Mistake) -> None:
    found = [problem for problem in problems_in_files() if problem.edits]
    fixed = fix_stack("dev", Path("stacks"))
    assert {file.name for file in fixed.texts} == {Path(problem.place.rsplit(":", 2)[0]).name for problem in found}
    for file, text in fixed.texts.items():
        before, after = file.read_text().splitlines(), text.splitlines()
        of_problems: set[int] = set()
        for problem in found:
            name, number, _ = problem.place.rsplit(":", 2)
            of_problems |= extent_of(before, int(number)) if name == str(file) else set()
            for edit in problem.as_data()["edits"]:
                *above, last = (f"{step}:" for step in edit["location"])
                for at, line in enumerate(before, 1):
                    of_problems |= {at} if any(step in line for step in above) else set()
                    of_problems |= extent_of(before, at) if last in line else set()
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        changed = [range(start + 1, end + 1) for action, start, end, _, _ in matcher.get_opcodes() if action != "equal"]
        assert {line for lines in changed for line in lines} <= of_problems
    # Nothing that can be fixed is left.
    left = fixed.error.problems if fixed.error else ()
    assert not [problem for problem in left if problem.edits]


def with_comments(text: str) -> str:
    """The text of a YAML file with a numbered comment above each line, where the values stay the same."""
    lines, values = text.splitlines(), yaml.safe_load(text)
    number = 0
    while number < len(lines):
        line = lines[number]
        indent = " " * (len(line) - len(line.lstrip()))
        commented = [*lines[:number], f"{indent}# {number:03}", *lines[number:]]
        if line.strip() and yaml.safe_load("\n".join(commented)) == values:
            lines = commented
            number += 1
        number += 1
    return "\n".join(lines) + "\n"


def comments_of(text: str) -> list[str]:
    return re.findall(r"(?m)^ *# (\d{3})$", text)


def comments_within(text: str, steps: Sequence[Any]) -> set[str]:
    """The comments within the values of these keys, and of the items of lists if a step is an index."""
    lines = text.splitlines()
    keys = [camel_case(step) for step in steps if isinstance(step, str)]
    found: set[int] = set()
    for number, line in enumerate(lines, 1):
        name = line.strip().removeprefix("- ").removeprefix("portico:").partition(":")[0].strip("'\"")
        if name in keys or (line.strip().startswith("- ") and any(isinstance(step, int) for step in steps)):
            found |= extent_of(lines, number)
    return {comment for number in found for comment in comments_of(lines[number - 1])}


def assert_same_order(before: Any, after: Any) -> None:
    """The keys that a value still has are in the order that they had."""
    if isinstance(before, dict) and isinstance(after, dict):
        assert [key for key in after if key in before] == [key for key in before if key in after]
        for key in before.keys() & after.keys():
            assert_same_order(before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            assert_same_order(one, other)


def is_readable(text: str) -> bool:
    """Whether PyYAML reads a mapping that ends."""
    try:
        return isinstance(yaml.safe_load(text), dict) and "&a" not in text
    except (yaml.YAMLError, ValueError):
        return False


def test_the_command_keeps_comments_and_order_and_reaches_a_fixed_point(mistake: Mistake) -> None:
    before = {
        file: with_comments(file.read_text()) for file in Path("stacks").iterdir() if is_readable(file.read_text())
    }
    for file, text in before.items():
        file.write_text(text)
    edits = [edit for problem in problems_in_files() for edit in problem.edits]
    found = called("check", "--folder", "stacks", "--fix")
    assert ("No fix applies." in found.stdout) == (not edits)
    after = {file: file.read_text() for file in before}
    # A value that is removed or replaced takes the comments within it along. A value that moves changes the order.
    is_moved = any(isinstance(edit, Move) and edit.to.parent != edit.location.parent for edit in edits)
    for file, text in before.items():
        lost = set(comments_of(text)) - set(comments_of(after[file]))
        assert len(set(comments_of(after[file]))) == len(comments_of(after[file]))
        of_removed = comments_within(text, [edit.location[-1] for edit in edits if isinstance(edit, (Remove, Set))])
        assert lost <= of_removed, f"the comments {lost - of_removed} are lost"
        if not is_moved:
            assert comments_of(after[file]) == [comment for comment in comments_of(text) if comment not in lost]
        assert_same_order(yaml.safe_load(text), yaml.safe_load(after[file]))
    again = called("check", "--folder", "stacks", "--fix")
    assert "No fix applies." in again.stdout
    assert again.exit_code == found.exit_code
    assert {file: file.read_text() for file in before} == after


def test_every_kind_of_mistake_is_listed_once() -> None:
    names = [mistake.name for mistake in mistakes()]
    assert len(names) == len(set(names)) > 90
    assert sum("  fix: " in mistake.problems for mistake in mistakes()) > 45


def test_an_unknown_stack_is_reported_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("staging", "production"):
        (tmp_path / f"Pulumi.{name}.yaml").touch()
    file, known = "Pulumi.stagin.yaml", ["production", "staging"]
    problems = problems_of(lambda: load_stack("stagin", Path()))
    problem = assert_problem(problems, "stack-not-found", file=file, known=known, close="staging")
    assert problem.fix == "Use the stack staging."
    problems = problems_of(lambda: load_stack("qqq", Path()))
    problem = assert_problem(problems, "stack-not-found", file="Pulumi.qqq.yaml", known=known)
    assert problem.fix == ""


def test_a_file_that_is_not_text_and_a_link_out_of_the_folder_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("stacks")
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_bytes(b"config: \xff\xfe\n")
    assert_problem(problems_of(lambda: load_stack("dev", folder)), "file-not-utf8", file="stacks/Pulumi.dev.yaml")
    (tmp_path / "elsewhere.yaml").write_text("namespace: shop\n")
    (folder / "base.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (folder / "Pulumi.dev.yaml").write_text("config: {portico:extends: base.yaml, portico:namespace: shop}\n")
    problem = assert_problem(problems_of(lambda: load_stack("dev", folder)), "base-is-link", "extends")
    assert (problem.place, problem.value) == ("stacks/Pulumi.dev.yaml:1:27", "base.yaml")


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {portico:namespace: shop}\n")

    def fail(_file: Path) -> str:
        raise PermissionError(13, "Permission denied")

    problems = problems_of(lambda: load_stack("dev", tmp_path, fail))
    assert_problem(problems, "file-unreadable", reason="Permission denied")


def test_a_cycle_of_base_files_is_reported_with_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {portico:extends: a.yaml}\n")
    for name, extends in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"extends: {extends}.yaml\nnamespace: shop\n")
    chain = "a.yaml extends b.yaml extends c.yaml extends a.yaml"
    assert_problem(problems_of(lambda: load_stack("dev", tmp_path)), "base-cycle", "extends", chain=chain)


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
    web: {image: web:2, port: 80, autoscaling: {maxReplicas: 9}, allowTo: [{service: api}]}
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
      upstream: {sources: [10.0.0.0/8]}
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
      listeners: [{port: 443, protocol: tcp, target: inner}]
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
    if kind == "misspell":
        if isinstance(container, dict) and len(str(key)) > 3:
            at = chance.randrange(len(key))
            container[key[:at] + key[at + 1 :]] = container.pop(key)
    elif kind == "delete":
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


KINDS = ["delete", "retype", "nest", "list", "move", "rename", "duplicate", "misspell"]
WRONG = [None, True, -1, 0, 70000, 2**70, 1.5, "", "api", "edge", "10.0.0.0/8", "a: b", "\x07", "no", [], ["api"], {}]

MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 2**32),
        VALUES,
    ),
    min_size=1,
    max_size=4,
)


def test_the_base_of_the_mutations_is_valid(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(GOOD)
    plan = load_stack("dev", tmp_path)
    assert plan.gateways.keys() == {"edge", "inner"}
    assert (plan.load_balancers.keys(), plan.aws_load_balancers.keys()) == ({"api"}, {"front"})


def check_and_fix(folder: Path, text: str) -> None:
    """Check and fix a stack file. It's valid, or has problems; fixes keep its secrets; a valid stack has objects."""
    file = folder / "Pulumi.dev.yaml"
    file.write_text(text, encoding="utf-8")
    fixed = fix_stack("dev", folder)
    assert (fixed.plan is None) == (fixed.error is not None)
    for problem in fixed.error.problems if fixed.error else ():
        assert str(problem)
        assert json.dumps(problem.as_data())
    for changed in fixed.texts.values():
        assert changed.count("v1:abc") == text.count("v1:abc")
    if fixed.plan is not None:
        assert {component.name for component in objects_of(fixed.plan)} >= {*fixed.plan.services, fixed.plan.namespace}


@settings(max_examples=examples(60), deadline=None)
@given(mutations=MUTATIONS)
def test_a_mutated_stack_is_valid_or_has_problems(mutations: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = yaml.safe_load(GOOD)
    for kind, seed, value in mutations:
        if places(tree):
            mutate(tree, kind, seed, value)
    check_and_fix(tmp_path_factory.getbasetemp(), yaml.safe_dump(tree, sort_keys=False))


class Plain(yaml.SafeDumper):
    """Writes a value that occurs twice twice: what has an alias isn't fixed."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


FIXED: list[str] = []
"""The codes of the problems that the fixes of mutated stacks have fixed."""


AWS = "portico:awsLoadBalancers"
APPLICATION = """\
kind: application
scope: internal
vpc: vpc-0123456789abcdef0
subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
allowedSources: [10.0.0.0/8]
hosts: {shop.example.com: {zone: example.com}}
targets: {api: {target: {service: api}, health: {path: /ready}}, web: {target: {service: web}}}
listeners:
  - port: 443
    protocol: https
    target: api
    routes:
      - {host: shop.example.com, path: /a, target: api}
      - {path: /b, weights: {api: 1, web: 2}, priority: 70}
      - {path: /c, redirect: {host: example.org}}
"""


def check_each_fix(mutations: Any, folder: Path, *, of_aws: bool) -> None:
    """Mutate the load balancers of AWS, or the rest of a stack, and fix each of its problems alone."""
    tree = yaml.safe_load(GOOD)
    config = tree["config"]
    if of_aws:
        config[AWS]["app"] = yaml.safe_load(APPLICATION)
    mutated = {key: value for key, value in config.items() if (key == AWS) is of_aws}
    kept = {key: value for key, value in config.items() if key not in mutated}
    for kind, seed, value in mutations:
        if places(mutated):
            mutate(mutated, kind, seed, value)
    tree["config"] = {**mutated, **kept}
    (folder / "Pulumi.dev.yaml").write_text(yaml.dump(tree, Dumper=Plain, sort_keys=False))
    FIXED.extend(problem.code.name for problem in fix_each(folder, may_reveal=True))


@pytest.mark.parametrize("of_aws", [False, True])
def test_each_fix_of_a_mutated_stack_fixes_its_problem(tmp_path: Path, *, of_aws: bool) -> None:
    FIXED.clear()
    # By seeds: the number of fixes is asserted, and Hypothesis's examples depend on the modules that are imported.
    for seed in range(250 if of_aws else 100):
        chance = random.Random(seed)
        mutations = [
            (chance.choice(KINDS), chance.randrange(2**32), chance.choice(WRONG)) for _ in range(chance.randint(1, 4))
        ]
        check_each_fix(mutations, tmp_path, of_aws=of_aws)
    # Else the mutations no longer cause what has a fix.
    assert len(FIXED) >= 20
    assert len(set(FIXED)) >= 5


@settings(max_examples=examples(60), deadline=None)
@given(
    at=st.integers(0, len(GOOD)), cut=st.integers(0, 12), put=st.text(alphabet="\t\n :-{}[]'\"&*!|>%@#,?a0", max_size=5)
)
@example(at=0, cut=0, put="\ufeff")
def test_a_stack_with_a_typing_error_is_valid_or_has_problems(
    at: int, cut: int, put: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_and_fix(tmp_path_factory.getbasetemp(), GOOD[:at] + put + GOOD[at + cut :])
