"""`portico check --fix`: applies fixes to the files of a stack, and keeps everything else in them."""

import copy
import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico.args.location import camel_case
from pulumi_portico.args.problems import PorticoError
from pulumi_portico.args.spec import changed_fields, renamed_fields
from pulumi_portico.aws_load_balancer.args import RULES as AWS_RULES
from pulumi_portico.cli.fixing.fixes import FixedStack, fix_stack
from pulumi_portico.cli.fixing.source_text import EditError, SourceText, comments_of
from pulumi_portico.cli.fixing.writing import write_files

from tests.command import called
from tests.examples import examples
from tests.growth import calls_of

STACK = """\
# Ours.
config:
  kubernetes:context:   dev   # theirs
  portico:namespace: My Shop   # the shop's

  portico:services:
    # The API.
    api:
      image:   "api:1"
      replicsa: 2   # two
      env: {LEVEL: 3,  "MODE": 'on', A: no}
      port:
        '8080'

      health:
        # Of the pods.
        paht: /healthz
    'web': {image: 'web:1', port: 80}   # last
encryptionsalt: v1:x
"""
FIXED = """\
# Ours.
config:
  kubernetes:context:   dev   # theirs
  portico:namespace: my-shop   # the shop's

  portico:services:
    # The API.
    api:
      image:   "api:1"
      replicas: 2   # two
      env: {LEVEL: "3",  "MODE": 'on', A: "no"}
      port: 8080

      health:
        # Of the pods.
        path: /healthz
    'web': {image: 'web:1', port: 80}   # last
encryptionsalt: v1:x
"""


def fixed(folder: Path, stack: str, **bases: str) -> dict[str, str]:
    """The texts of the files that fixes change, by name; the stack is valid then."""
    (folder / "Pulumi.dev.yaml").write_bytes(stack.encode())
    for name, text in bases.items():
        (folder / f"{name}.yaml").write_text(text)
    result = fix_stack("dev", folder)
    assert result.error is None, result.error
    return {file.name: text for file, text in result.texts.items()}


WORKER = "      image: api:1\n      ports: {}\n"


def services(text: str) -> str:
    return f"config:\n  portico:namespace: shop\n  portico:services:\n{text}"


def test_comments_order_quotes_and_spaces_stay(tmp_path: Path) -> None:
    assert fixed(tmp_path, STACK) == {"Pulumi.dev.yaml": FIXED}


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), str.rstrip], ids=["crlf", "no-newline"])
def test_the_ends_of_lines_stay(change: Any, tmp_path: Path) -> None:
    assert fixed(tmp_path, change(STACK)) == {"Pulumi.dev.yaml": change(FIXED)}


def test_a_valid_stack_stays_as_it_is(tmp_path: Path) -> None:
    assert fixed(tmp_path, FIXED) == {}


def test_a_fix_changes_the_file_that_has_the_value(tmp_path: Path) -> None:
    stack = "config:\n  portico:extends: base.yaml\n  portico:services: {api: {image: 'api:1'}}\n"
    base = "# Shared.\nnamespace: shop\ndefaults:\n  prot: 8080  # all\n"
    assert fixed(tmp_path, stack, base=base) == {"base.yaml": base.replace("prot", "port")}


def test_a_default_that_one_service_cannot_have_is_overridden_there(tmp_path: Path) -> None:
    stack = (
        "config:\n  portico:namespace: shop\n  portico:defaults: {networkPolicy: false}\n  portico:services:\n"
        "    api:\n      image: api:1\n      port: 80\n      allowFrom: [{anyNamespace: true}]\n"
        "    web: {image: 'web:1', port: 80}\n"
    )
    after = stack.replace("[{anyNamespace: true}]\n", "[{anyNamespace: true}]\n      networkPolicy: null\n")
    assert fixed(tmp_path, stack) == {"Pulumi.dev.yaml": after}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    api: {image: 'api:1', port: 80, selector: {}}\n", "    api: {image: 'api:1', port: 80}\n"),
        ("    api: {selector: {}, image: 'api:1', port: 80}\n", "    api: {image: 'api:1', port: 80}\n"),
        (
            "    api:\n      image: api:1\n      ports:\n        {} # none\n      # The port.\n      port: 80\n",
            "    api:\n      image: api:1\n      # The port.\n      port: 80\n",
        ),
        (
            "    api:\n      image: api:1\n      port: 80\n      health:\n        portName: x\n",
            "    api:\n      image: api:1\n      port: 80\n      health: {}\n",
        ),
        (
            f"    api:\n{WORKER}      allowTo:\n      - anyNamespace: true\n        namespace: shop\n",
            f"    api:\n{WORKER}      allowTo:\n      - namespace: shop\n",
        ),
        (
            "    api:\n      image: api:1\n      port: 80\n      args:\n        - --port\n        - 8080  # ours\n",
            '    api:\n      image: api:1\n      port: 80\n      args:\n        - --port\n        - "8080"  # ours\n',
        ),
    ],
)
def test_only_the_entry_of_a_problem_changes(before: str, after: str, tmp_path: Path) -> None:
    assert fixed(tmp_path, services(before)) == {"Pulumi.dev.yaml": services(after)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    api: {image: 'api:1', port: 80, readyWithin: 60}\n", "readyTimeout: 60"),
        (
            "    api: {image: 'api:1', port: 80, kind: StatefulSet, storage: {a: {path: /d, size: 1}}}\n",
            "storage: {a: {path: /d, sizeGib: 1}}",
        ),
    ],
)
def test_former_names_are_renamed(before: str, after: str, tmp_path: Path) -> None:
    (changed,) = fixed(tmp_path, services(before)).values()
    assert after in changed


SECRET = "{secure: v1:djBlZm9v}"


AWS_BEFORE = """\
config:
  portico:namespace: shop
  portico:services:
    api: {image: 'api:1', port: 8080}
    web: {image: 'web:1', port: 8080}
  portico:awsLoadBalancers:
    shop:
      kind: application
      scope: internet
      vpc: vpc-0123456789abcdef0
      subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      allowedSources: [0.0.0.0/0, '::/0']
      addressFamily: dual   # both
      redirectHttp: false
      certificateWithin: 600
      wildcardsAnyDepth: false
      hosts: {shop.example.com: {zone: example.com}}
      targets:
        api: {target: {service: api}, stickyFor: 60}
        web: {target: {service: web}}
      listeners:
        - port: 443
          protocol: https
          to: web   # the shop
          routes:
            - {path: /api, exact: true, sources: [10.0.0.0/8], to: api}
            - {path: /new, exact: false, weights: {api: 1, web: 9}, stickyFor: 60}
            - {path: /old, redirect: {host: new.example.com, permanent: true}}
            - {path: /older, redirect: {host: new.example.com, permanent: false}}
        - port: 8443
          protocol: https
          weights: {api: 1, web: 1}
          stickyFor: 60
    tcp:
      kind: network
      scope: internal
      vpc: vpc-0123456789abcdef0
      subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      allowedSources: [10.0.0.0/8]
      addressFamily: IPv4
      targets:
        api: {target: {service: api}, sessionAffinity: true}
        web: {target: {service: web}, sessionAffinity: false}
      listeners:
        - {port: 80, protocol: tcp, to: api}
        - {port: 81, protocol: tcp, to: web}
"""
AWS_AFTER = """\
config:
  portico:namespace: shop
  portico:services:
    api: {image: 'api:1', port: 8080}
    web: {image: 'web:1', port: 8080}
  portico:awsLoadBalancers:
    shop:
      kind: application
      scope: internet
      vpc: vpc-0123456789abcdef0
      subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      allowedSources: [0.0.0.0/0, '::/0']
      ipAddressType: dualstack   # both
      httpsRedirect: false
      certificateTimeout: 600
      multiLabelWildcards: false
      hosts: {shop.example.com: {zone: example.com}}
      targets:
        api: {target: {service: api}, stickinessDuration: 60}
        web: {target: {service: web}}
      listeners:
        - port: 443
          protocol: https
          target: web   # the shop
          routes:
            - {path: /api, pathType: Exact, allowedSources: [10.0.0.0/8], target: api}
            - {path: /new, pathType: Prefix, weights: {api: 1, web: 9}, stickinessDuration: 60}
            - {path: /old, redirect: {host: new.example.com, code: 301}}
            - {path: /older, redirect: {host: new.example.com, code: 302}}
        - port: 8443
          protocol: https
          weights: {api: 1, web: 1}
          stickinessDuration: 60
    tcp:
      kind: network
      scope: internal
      vpc: vpc-0123456789abcdef0
      subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      allowedSources: [10.0.0.0/8]
      ipAddressType: ipv4
      targets:
        api: {target: {service: api}, sessionAffinity: ClientIP}
        web: {target: {service: web}, sessionAffinity: None}
      listeners:
        - {port: 80, protocol: tcp, target: api}
        - {port: 81, protocol: tcp, target: web}
"""


def test_every_former_name_of_an_aws_load_balancer_is_renamed(tmp_path: Path) -> None:
    types = [args_type for args_type in AWS_RULES if args_type.__name__.startswith("Aws")]
    former = {name for args_type in types for name in (*renamed_fields(args_type), *changed_fields(args_type))}
    assert len(former) == 10
    assert all(f"{camel_case(name)}:" in AWS_BEFORE for name in former)
    assert fixed(tmp_path, AWS_BEFORE) == {"Pulumi.dev.yaml": AWS_AFTER}


def test_a_secret_is_neither_changed_nor_removed(tmp_path: Path) -> None:
    # The fix would remove it.
    service = f"{{annotations: {{a: {SECRET}}}}}"
    text = services(f"    api: {{image: 'api:1', ports: {{}}, drain: '80', service: {service}}}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    result = fix_stack("dev", tmp_path)
    assert [problem.path for problem in result.applied] == ["portico:services.api.drain"]
    assert list(result.texts.values()) == [text.replace("'80'", "80")]
    assert result.error is not None
    assert [problem.path for problem in result.error.problems] == ["portico:services.api.service"]


def test_a_key_above_a_secret_is_renamed(tmp_path: Path) -> None:
    text = services(f"    api: {{image: 'api:1', port: 80, enb: {{A: {SECRET}}}}}\n")
    assert fixed(tmp_path, text) == {"Pulumi.dev.yaml": text.replace("enb", "env")}


def test_a_file_outside_of_the_folder_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(STACK)
    folder = tmp_path / "stacks"
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").symlink_to(outside)
    found = called("check", "--folder", str(folder), "--fix")
    assert found.exit_code == 1
    assert found.stdout.startswith("No fix applies.\n6 fixes can't be applied: ")
    assert outside.read_text() == STACK


def test_two_keys_for_one_value_stay(tmp_path: Path) -> None:
    text = services("    api: {image: 'api:1', port: 80}\n  portico:service:\n    web: {image: 'web:1', port: 80}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    result = fix_stack("dev", tmp_path)
    assert (result.texts, result.applied) == ({}, [])
    assert result.error is not None


def test_the_command_reports_each_fix_and_checks_again(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    (tmp_path / "Pulumi.dev.yaml").chmod(0o640)
    found = called("check", "--folder", str(tmp_path), "--fix")
    assert found.exit_code == 0
    *lines, summary, valid = found.stdout.splitlines()
    assert len(lines) == 6
    assert lines[0].endswith('Pulumi.dev.yaml:11:41: portico:services.api.env.A: Set `A` to "no".')
    assert summary.startswith("Fixed 6 problems in ")
    assert valid == "Stack `dev` is valid: 2 services."
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == FIXED
    assert stat.S_IMODE((tmp_path / "Pulumi.dev.yaml").stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["Pulumi.dev.yaml"]
    again = called("check", "--folder", str(tmp_path), "--fix")
    assert again.stdout == "No fix applies.\nStack `dev` is valid: 2 services.\n"


def test_what_no_fix_changes_is_reported_and_fails(tmp_path: Path) -> None:
    text = services("    api: {image: api, prot: 80}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    found = called("check", "--folder", str(tmp_path), "--fix", "--json")
    assert found.exit_code == 1
    checked = json.loads(found.stdout)
    assert not checked["valid"]
    assert [problem["code"] for problem in checked["fixed"]] == ["unknown-argument"]
    assert [problem["code"] for problem in checked["problems"]] == ["image-without-version"]
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == text.replace("prot", "port")


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + STACK.encode())
    write_files(fix_stack("dev", tmp_path).texts)
    assert file.read_bytes() == b"\xef\xbb\xbf" + FIXED.encode()


def test_a_failed_write_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(STACK)

    def fail(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PorticoError):
        write_files({file: FIXED})
    assert file.read_text() == STACK
    assert list(tmp_path.iterdir()) == [file]


def test_a_fix_that_every_alias_needs_changes_the_anchor(tmp_path: Path) -> None:
    text = services("    api: &api\n      image: api:1\n      port: '80'\n      replicsa: 2 # ours\n    web: *api\n")
    expected = text.replace("'80'", "80").replace("replicsa", "replicas")
    assert fixed(tmp_path, text) == {"Pulumi.dev.yaml": expected}


def test_an_anchor_stays_if_an_alias_does_not_need_the_fix(tmp_path: Path) -> None:
    # A change of the anchor changes what each alias means.
    peers = "      allowTo: &peers\n        - {service: wbe}\n"
    text = services(f"    api:\n      image: api:1\n      ports: {{}}\n{peers}    web: {{image: 'web:1', port: 80}}\n")
    text += "  portico:gateways: {edge: {annotations: *peers}}\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    assert fix_stack("dev", tmp_path).texts == {}


STATEFUL = "{image: 'd:1', port: 5432, kind: StatefulSet, storage: {data: {path: /data, sizeGib: 10}}, rollout: {}}"
WEB = "{image: 'w:1', port: 80, rollout: {}}"


def with_rollouts(defaults: str, database: str, web: str) -> str:
    """A stack with rollouts of the defaults, of a StatefulSet, which has no revision history, and of a Deployment."""
    return (
        f"config:\n  portico:namespace: shop\n  portico:defaults: {{rollout: {{{defaults}}}}}\n  portico:services:\n"
        f"    db: {STATEFUL}\n".replace("rollout: {}}\n", f"rollout: {{{database}}}}}\n")
        + f"    web: {WEB}\n".replace("rollout: {}}\n", f"rollout: {{{web}}}}}\n")
    )


OLD, NEW = "revisionHistory", "revisionHistoryLimit"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # An override of a default gets the default's name of today, and never its former one.
        ((f"{OLD}: 3", "", ""), (f"{NEW}: 3", f"{NEW}: null", "")),
        ((f"{OLD}: 3, {NEW}: 3", "", ""), (f"{NEW}: 3", f"{NEW}: null", "")),
        (("revisionHistryLimit: 3", "", ""), (f"{NEW}: 3", f"{NEW}: null", "")),
        # A null with a former name still overrides once it's renamed.
        ((f"{OLD}: 3", f"{OLD}: null", f"{OLD}: null"), (f"{NEW}: 3", f"{NEW}: null", f"{NEW}: null")),
        ((f"{NEW}: 3", f"{OLD}: null", f"{OLD}: null"), (f"{NEW}: 3", f"{NEW}: null", f"{NEW}: null")),
        # Of both names, the one that is null goes.
        ((f"{NEW}: 3", f"{OLD}: null, {NEW}: null", ""), (f"{NEW}: 3", f"{NEW}: null", "")),
        (("", "", f"{OLD}: null, {NEW}: 3"), ("", "", f"{NEW}: 3")),
        (("", "", f"{OLD}: 3, {NEW}: null"), ("", "", f"{NEW}: 3")),
        (("", "", f"{NEW}: null, {OLD}: 3"), ("", "", f"{NEW}: 3")),
    ],
)
def test_nulls_have_the_names_of_today(
    before: tuple[str, str, str], after: tuple[str, str, str], tmp_path: Path
) -> None:
    assert fixed(tmp_path, with_rollouts(*before)) == {"Pulumi.dev.yaml": with_rollouts(*after)}
    assert fixed(tmp_path, with_rollouts(*after)) == {}


def test_which_of_two_names_is_right_is_decided_before_a_default_is_overridden(tmp_path: Path) -> None:
    text = with_rollouts(f"{OLD}: 3, {NEW}: 5", "", "")
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    found = called("check", "--folder", str(tmp_path), "--fix")
    assert found.stdout.startswith("No fix applies.\n1 fix can't be applied: ")
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == text


@pytest.mark.parametrize(
    ("base", "before", "after"),
    [
        (f"{NEW}: 3", f"{OLD}: null", (f"{NEW}: 3", f"{NEW}: null")),
        (f"{OLD}: 3", f"{NEW}: null", (f"{NEW}: 3", f"{NEW}: null")),
        (f"{OLD}: null", f"{NEW}: 3", (f"{NEW}: null", f"{NEW}: 3")),
        (f"{NEW}: null", f"{OLD}: 3", (f"{NEW}: null", f"{NEW}: 3")),
    ],
)
def test_a_null_overrides_the_value_of_a_base_file(
    base: str, before: str, after: tuple[str, str], tmp_path: Path
) -> None:
    def texts(of_base: str, of_stack: str) -> tuple[str, str]:
        web = WEB.replace("rollout: {}", f"rollout: {{{of_stack}}}")
        stack = f"config:\n  portico:extends: base.yaml\n  portico:services: {{web: {web}}}\n"
        return f"namespace: shop\nservices: {{web: {{rollout: {{{of_base}}}}}}}\n", stack

    shared, stack = texts(base, before)
    expected = dict(zip(("base.yaml", "Pulumi.dev.yaml"), texts(*after), strict=True))
    assert {"base.yaml": shared, "Pulumi.dev.yaml": stack} | fixed(tmp_path, stack, base=shared) == expected


def test_a_default_of_a_base_file_is_overridden_by_its_name_of_today(tmp_path: Path) -> None:
    stack = f"config:\n  portico:extends: base.yaml\n  portico:services:\n    db: {STATEFUL}\n"
    base = f"namespace: shop\ndefaults: {{rollout: {{{OLD}: 3}}}}\n"
    assert fixed(tmp_path, stack, base=base) == {
        "base.yaml": base.replace(OLD, NEW),
        "Pulumi.dev.yaml": stack.replace("rollout: {}", f"rollout: {{{NEW}: null}}"),
    }


# Each comment names what it's about.
UNDER_LOAD_BALANCERS = """\
config:
  portico:namespace: shop
  portico:services:
    api: {image: 'api:1', port: 8080}
  # above loadBalancers
  portico:loadBalancers: # beside loadBalancers

    # on its own

    # above one
    one: # beside one
      # above labels
      labels: {team: shop} # beside labels
      # above aws
      aws: # beside aws
        # above kind
        kind: network # beside kind
        scope: internal
        vpc: vpc-0123456789abcdef0
        subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
        allowedSources: [10.0.0.0/8]
        targets:
          api: # beside target
            target: {service: api}
          # below target
        listeners: [{port: 80, protocol: tcp, target: api}] # beside listeners
        # below listeners
      # below aws
    # above two
    two:
      aws: {kind: network, scope: internal, # in two
        vpc: vpc-0123456789abcdef0, subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1],
        allowedSources: [10.0.0.0/8], targets: {api: {target: {service: api}}},
        listeners: [{port: 80, protocol: tcp, target: api}]} # beside two
    # below two
  # below all
"""
UNDER_AWS_LOAD_BALANCERS = """\
config:
  portico:namespace: shop
  portico:services:
    api: {image: 'api:1', port: 8080}
  # above loadBalancers
  # beside loadBalancers

    # on its own

    # below two
  portico:awsLoadBalancers:
    # above one
    one: # beside one
      # above aws
      # beside aws
      # above kind
      kind: network # beside kind
      scope: internal
      vpc: vpc-0123456789abcdef0
      subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      allowedSources: [10.0.0.0/8]
      targets:
        api: # beside target
          target: {service: api}
        # below target
      listeners: [{port: 80, protocol: tcp, target: api}] # beside listeners
      # above labels
      labels: {team: shop} # beside labels
      # below listeners
      # below aws
    # above two
    two: {kind: network, scope: internal, # in two
      vpc: vpc-0123456789abcdef0, subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1],
      allowedSources: [10.0.0.0/8], targets: {api: {target: {service: api}}},
      listeners: [{port: 80, protocol: tcp, target: api}]} # beside two
  # below all
"""


def with_comments(text: str) -> str:
    """The text of a YAML file with a unique comment above and beside each line, where its values stay the same."""
    lines, values = text.splitlines(), yaml.safe_load(text)
    number, count = 0, 0
    while number < len(lines):
        line = lines[number]
        above = [*lines[:number], f"{line[: len(line) - len(line.lstrip())]}# a{count:03}", *lines[number:]]
        if line.strip() and _reads_as("\n".join(above), values):
            lines, number = above, number + 1
        beside = [*lines[:number], f"{line} # b{count:03}", *lines[number + 1 :]]
        if line.strip() and _reads_as("\n".join(beside), values):
            lines = beside
        number, count = number + 1, count + 1
    return "\n".join(lines) + "\n"


def _reads_as(text: str, values: Any) -> bool:
    try:
        return bool(yaml.load(text, Loader=yaml.CSafeLoader) == values)
    except (yaml.YAMLError, ValueError):
        return False


COMPONENTS = ("one", "two", "three")
ENTRIES: dict[str, Any] = {
    "labels": {"team": "shop"},
    "tags": {"a": "b"},
    "aws": {
        "kind": "network",
        "scope": "internal",
        "vpc": "vpc-0123456789abcdef0",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "allowedSources": ["10.0.0.0/8"],
        "targets": {"api": {"target": {"service": "api"}}},
        "listeners": [{"port": 80, "protocol": "tcp", "target": "api"}],
    },
}


@settings(max_examples=examples(10), deadline=None)
@given(
    names=st.lists(st.sampled_from(COMPONENTS), min_size=1, unique=True),
    data=st.data(),
    indent=st.sampled_from([2, 4]),
    flow=st.sampled_from([False, None, True]),
    others=st.booleans(),
)
def test_moves_keep_every_comment_once_with_its_value(
    names: list[str],
    data: st.DataObject,
    indent: int,
    flow: Any,
    others: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    def entries(name: str) -> dict[str, Any]:
        order = data.draw(st.permutations(list(ENTRIES)))
        return {key: ENTRIES[key] for key in order}

    stack: dict[str, Any] = {
        "portico:namespace": "shop",
        "portico:services": {"api": {"image": "api:1", "port": 8080}},
        "portico:loadBalancers": {name: entries(name) for name in names},
    }
    if others:
        aws = {**ENTRIES["aws"], "labels": {"a": "b"}}
        stack["portico:awsLoadBalancers"] = {"other": aws}
    dumped = yaml.dump({"config": stack}, Dumper=NoAliases, sort_keys=False, indent=indent, default_flow_style=flow)
    text = with_comments(dumped)
    (after,) = fixed(tmp_path_factory.getbasetemp(), text).values()
    assert sorted(comments_of(after)) == sorted(comments_of(text))
    config = yaml.safe_load(after)["config"]
    assert "portico:loadBalancers" not in config
    moved = list(config["portico:awsLoadBalancers"])
    assert [name for name in moved if name != "other"] == names
    # A comment beside a line that moves is beside it still.
    of_lines = {line.split(" # ")[1]: line.split(" # ")[0].strip() for line in text.splitlines() if " # b" in line}
    if flow is False:
        for line in after.splitlines():
            value, hash_mark, comment = line.partition(" # b")
            if hash_mark and value.strip():
                assert of_lines[f"b{comment}"] == value.strip()


class NoAliases(yaml.SafeDumper):
    """Writes a value that occurs twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def test_what_moves_takes_its_comments_along(tmp_path: Path) -> None:
    assert fixed(tmp_path, UNDER_LOAD_BALANCERS) == {"Pulumi.dev.yaml": UNDER_AWS_LOAD_BALANCERS}


CONVERTED = """\
# above api
image: {repository: registry.example.com/api, tag: "2.0"} # beside image
# above ports
ports:
  # above http
  - name: http
    containerPort: 8080 # beside 8080
# above env
env: # beside env
  - name: LEVEL
    value: debug # beside debug
  # above mode
  - {name: MODE, value: fast}
# above seconds
terminationGracePeriodSeconds: 45 # beside 45
resources:
  # above limits
  limits: {cpu: "1", memory: 1Gi} # beside limits
# above probe
livenessProbe:
  # above get
  httpGet: {path: /healthz, port: http} # beside get
hpa: {minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 70} # beside hpa
# above labels
labels: {team: shop} # beside labels
"""
"""Values in the forms of other tools, each of which becomes one line."""


def as_service(text: str) -> str:
    return services("    api:\n" + "".join(f"      {line}\n" for line in text.splitlines()))


def test_what_is_converted_keeps_its_comments_and_its_place(tmp_path: Path) -> None:
    (after,) = fixed(tmp_path, as_service(CONVERTED)).values()
    assert comments_of(after) == comments_of(as_service(CONVERTED))
    service = yaml.safe_load(after)["config"]["portico:services"]["api"]
    assert list(service) == ["image", "port", "env", "shutdown", "resources", "health", "autoscaling", "labels"]
    assert "      shutdown: 30 # beside 45\n" in after


def test_a_converted_manifest_keeps_its_comments(tmp_path: Path) -> None:
    manifest = (
        "# pasted\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api} # ours\nspec:\n"
        "  replicas: 3 # one for each zone\n  template:\n    spec:\n      containers:\n        # the API\n"
        "        - {name: api, image: api:1, ports: [{containerPort: 8080}]} # 1.0\n"
    )
    (after,) = fixed(tmp_path, as_service(manifest)).values()
    assert comments_of(after) == comments_of(manifest)


def test_comments_around_converted_values_stay(tmp_path: Path) -> None:
    stack = with_comments(
        as_service("\n".join(line.partition(" #")[0] for line in CONVERTED.splitlines() if line[0] != "#"))
    )
    (after,) = fixed(tmp_path, stack).values()
    assert comments_of(after) == comments_of(stack)


WRONG: dict[str, dict[str, Any]] = {
    "rename": {"replicsa": 2},
    "set": {"drain": "80"},
    "remove": {"selector": {}},
    "move": {"hostNetwork": True},
    "convert": {
        "image": {"repository": "api", "tag": "1"},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
        "hpa": {"minReplicas": 2, "maxReplicas": 5},
    },
}
"""Fields that each kind of change fixes."""


def with_wrong_services(wrong: Sequence[dict[str, Any]], flow: bool) -> str:
    fields = [{"image": "api:1", "port": 8080, **copy.deepcopy(service)} for service in wrong]
    named = {f"service-{number}": service for number, service in enumerate(fields)}
    config = {"portico:namespace": "shop", "portico:services": named}
    return yaml.dump({"config": config}, Dumper=NoAliases, sort_keys=False, default_flow_style=flow)


@pytest.mark.parametrize("flow", [False, True], ids=["block", "flow"])
@pytest.mark.parametrize("kind", WRONG)
def test_fixes_take_work_in_proportion_to_their_number(kind: str, flow: bool, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"

    def work_for(services: int) -> int:
        text = with_wrong_services([WRONG[kind]] * services, flow)
        # A comment in each converted value goes above it.
        file.write_text(text.replace("repository: api\n", "repository: api # ours\n"))
        found: list[FixedStack] = []
        work = calls_of(lambda: found.append(fix_stack("dev", tmp_path)))
        assert found[0].error is None
        assert len(found[0].applied) >= services
        return work

    assert work_for(60) <= 4.1 * work_for(15)


@settings(max_examples=examples(30), deadline=None)
@given(
    wrong=st.lists(st.lists(st.sampled_from(sorted(WRONG)), max_size=4, unique=True), min_size=1, max_size=4),
    flow=st.booleans(),
)
def test_fixes_of_any_services_together_are_those_of_each_alone(
    wrong: list[list[str]], flow: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("stack")
    fields = [{field: value for kind in kinds for field, value in WRONG[kind].items()} for kinds in wrong]
    text = with_wrong_services(fields, flow)
    after = fixed(folder, text).get("Pulumi.dev.yaml", text)
    alone = [fixed(folder, one).get("Pulumi.dev.yaml", one) for one in (with_wrong_services([f], flow) for f in fields)]
    expected = [yaml.safe_load(one)["config"]["portico:services"]["service-0"] for one in alone]
    assert [*yaml.safe_load(after)["config"]["portico:services"].values()] == expected


KEYS = st.sampled_from(["a", "b", "c d", "80", "no"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["x", "no", "a: b", "", "it's", "é\n", "# c"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(values=st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), value=VALUES, flow=st.booleans(), data=st.data())
def test_an_edit_makes_exactly_its_change_or_none(values: Any, value: Any, flow: bool, data: st.DataObject) -> None:
    source = SourceText(yaml.safe_dump(values, default_flow_style=flow, sort_keys=False, allow_unicode=True))
    path = data.draw(st.sampled_from(sorted((path for path in source.entries if path), key=repr)))
    action = data.draw(st.sampled_from(["set", "remove", "rename", "insert"]))
    try:
        if action == "set":
            changed = source.set(path, value)
            assert _at(changed.values, path) == value
        elif action == "remove":
            changed = source.remove(path)
            assert path not in changed.entries or isinstance(path[-1], int)
        elif action == "rename":
            changed = source.rename(path, "new")
            assert _at(changed.values, (*path[:-1], "new")) == _at(source.values, path)
        else:
            changed = source.insert(path, ["new"], value)
            assert _at(changed.values, (*path, "new")) == value
    except EditError:
        # The first entry of a block on the line of a dash can't be the only one that goes.
        assert action != "set"


def _at(values: Any, path: Any) -> Any:
    for step in path:
        values = values[step]
    return values
