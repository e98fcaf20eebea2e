"""`portico check --fix`: applies fixes to the files of a stack, and keeps everything else in them."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pulumi_portico.args.location import camel_case
from pulumi_portico.args.problems import PorticoError
from pulumi_portico.args.spec import changed_fields, renamed_fields
from pulumi_portico.aws_load_balancer.args import RULES as AWS_RULES
from pulumi_portico.cli.fixing.fixes import fix_stack
from pulumi_portico.cli.fixing.source_text import EditError, SourceText
from pulumi_portico.cli.fixing.writing import write_files

from tests.command import called

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
    assert found.stdout == "No fix applies.\n"
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


def test_what_has_aliases_stays(tmp_path: Path) -> None:
    # A change of the anchor changes what each alias means.
    (tmp_path / "Pulumi.dev.yaml").write_text(services("    api: &api {image: 'api:1', port: '80'}\n    web: *api\n"))
    result = fix_stack("dev", tmp_path)
    assert result.texts == {}
    assert result.error is not None
    assert [problem.path for problem in result.error.problems] == ["portico:services.api.port"]


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
