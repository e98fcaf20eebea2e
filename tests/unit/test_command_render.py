"""`portico render`: manifests that kubectl takes, the same in every run, and without a secret in them."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulumi_portico.cli.rendering.yaml_text import yaml_text

from tests.command import SHOP, called, run, written
from tests.kubernetes_schemas import validate
from tests.stacks import NAMES
from tests.support import ROOT

STACKS = str(ROOT / "stacks")
FOREIGN = {"Certificate", "TargetGroupBinding", "Policy", "VirtualServer", "VirtualServerRoute", "TransportServer"}
"""Kinds that Kubernetes does not know itself."""


@cache
def rendered(stack: str) -> list[dict[str, Any]]:
    found = called("render", "--stack", stack, "--folder", STACKS)
    assert found.exit_code == 0
    return list(yaml.safe_load_all(found.stdout))


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return str(written(tmp_path / "project") / "stacks")


def manifests_of(folder: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(called("render", "--folder", folder).stdout))


def one(manifests: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = [it for it in manifests if it["kind"] == kind and it["metadata"]["name"].startswith(name)]
    return found


@pytest.mark.parametrize("stack", NAMES)
def test_kubernetes_takes_every_manifest_of_the_stacks_that_ship(stack: str) -> None:
    for manifest in rendered(stack):
        if manifest["kind"] not in FOREIGN:
            validate(manifest)


@pytest.mark.parametrize("stack", NAMES)
def test_no_two_manifests_are_the_same_object_and_each_finds_what_it_needs(stack: str) -> None:
    manifests = rendered(stack)
    keys = [(it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"]) for it in manifests]
    assert len(set(keys)) == len(keys)
    kinds = [kind for kind, _, _ in keys]
    for first, later in (("Namespace", "ServiceAccount"), ("ServiceAccount", "Deployment"), ("Service", "Ingress")):
        if later in kinds:
            assert max(at for at, it in enumerate(kinds) if it == first) < kinds.index(later)
    made = {it["metadata"]["name"] for it in manifests if it["kind"] == "Namespace"}
    assert {namespace for _, namespace, _ in keys} - {None} <= made


def names_in(node: Any, key: str) -> set[str]:
    """The values of a key, wherever it stands."""
    if isinstance(node, dict):
        own = {node[key]} if isinstance(node.get(key), str) else set[str]()
        return own.union(*(names_in(it, key) for it in node.values()))
    return set[str]().union(*(names_in(it, key) for it in node)) if isinstance(node, list) else set()


@pytest.mark.parametrize("stack", NAMES)
def test_what_manifests_name_is_there(stack: str) -> None:
    manifests = rendered(stack)
    by_kind: dict[str, set[str]] = {}
    for it in manifests:
        by_kind.setdefault(it["kind"], set()).add(it["metadata"]["name"])
    for it in manifests:
        if it["kind"].endswith("Binding") and "roleRef" in it:
            assert it["roleRef"]["name"] in by_kind[it["roleRef"]["kind"]]
        if it["kind"] == "Deployment":
            assert names_in(it, "serviceAccountName") <= by_kind["ServiceAccount"]
        # cert-manager adds the backends of challenges.
        if it["kind"] == "Ingress" and not it["metadata"]["name"].endswith("-challenges"):
            backends = {entry["name"] for entry in services_of(it)}
            assert backends <= by_kind["Service"]
            assert it["spec"]["ingressClassName"] in by_kind["IngressClass"]


def services_of(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        own = [node["service"]] if isinstance(node.get("service"), dict) else []
        return own + [found for it in node.values() for found in services_of(it)]
    return [found for it in node for found in services_of(it)] if isinstance(node, list) else []


@pytest.mark.parametrize("stack", ["production-aws", "local"])
def test_two_runs_give_the_same_bytes_whatever_the_hash_seed(stack: str) -> None:
    def bytes_of(seed: str, *more: str) -> str:
        done = run("render", "--stack", stack, *more, env={"PYTHONHASHSEED": seed})
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert bytes_of("1") == bytes_of("2")
    assert bytes_of("1", "--aws") == bytes_of("31", "--aws")


def test_no_secret_is_written_wherever_it_stands(shop: str, tmp_path: Path) -> None:
    text = called("render", "--folder", shop).stdout
    assert "do-not-show" not in text
    assert one(manifests_of(shop), "Secret", "api-env")["stringData"] == {"TOKEN": "[secret]"}
    folder = tmp_path / "out"
    called("render", "--folder", shop, "--output", str(folder))
    assert not any("do-not-show" in it.read_text() for it in folder.rglob("*") if it.is_file())


def test_what_the_stack_file_holds_encrypted_is_a_placeholder_everywhere(tmp_path: Path) -> None:
    secure = {"secure": "v1:djBlZm9vYmFy:YmFy"}
    values = {
        "namespace": "shop",
        "services": {"api": {"image": "api:1", "port": 80, "env": {"PASSWORD": secure}, "secretEnv": {"KEY": secure}}},
    }
    manifests = manifests_of(str(written(tmp_path, {"dev": values}) / "stacks"))
    assert one(manifests, "Secret", "api-env")["stringData"] == {"KEY": "[secret]"}
    (container,) = one(manifests, "Deployment", "api")["spec"]["template"]["spec"]["containers"]
    assert {"name": "PASSWORD", "value": "[secret]"} in container["env"]
    assert "djBlZm9vYmFy" not in str(manifests)


def test_a_name_that_is_made_up_follows_the_content_of_what_pods_read(tmp_path: Path) -> None:
    def name(folder: Path, text: str) -> str:
        service = {"image": "api:1", "port": 80, "configFiles": {"/etc/a": text}}
        values = {"namespace": "shop", "services": {"api": service}}
        manifests = manifests_of(str(written(folder, {"dev": values}) / "stacks"))
        made = one(manifests, "ConfigMap", "api-files")["metadata"]["name"]
        volumes = one(manifests, "Deployment", "api")["spec"]["template"]["spec"]["volumes"]
        assert names_in(volumes, "name") >= {made}
        return made

    assert name(tmp_path / "1", "a") == name(tmp_path / "2", "a") != name(tmp_path / "3", "b")


def test_two_stacks_of_one_cluster_share_no_object_of_the_whole_cluster(tmp_path: Path) -> None:
    wide = {
        stack: {
            (it["kind"], it["metadata"]["name"])
            for it in rendered(stack)
            if it["kind"] in ("ClusterRole", "ClusterRoleBinding")
        }
        for stack in ("dev", "staging")
    }
    assert wide["dev"]
    assert not wide["dev"] & wide["staging"]


def test_a_patch_is_folded_into_its_object_and_what_pulumi_alone_reads_is_left_out(shop: str) -> None:
    manifests = manifests_of(shop)
    assert one(manifests, "ConfigMap", "edge")["data"]["http2"] == "true"
    assert not any("Patch" in it["kind"] for it in manifests)
    assert "pulumi.com/" not in called("render", "--folder", shop).stdout


def test_texts_that_a_reader_could_take_for_something_else_are_quoted(shop: str) -> None:
    text = called("render", "--folder", shop).stdout
    # YAML 1.1, which kubectl reads in parts, has `on` for true.
    assert 'value: "on"' in text
    (container,) = one(manifests_of(shop), "Deployment", "api")["spec"]["template"]["spec"]["containers"]
    assert {"name": "MODE", "value": "on"} in container["env"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
@example(
    {"a": ["on", "1e3", "0x1F", "0o7", "1_000", "12:30:45", "null", "~", "=", "<<", "y", "2020-01-01", "- a", ".5"]}
)
@example("a\n b\n\n")
@settings(deadline=None)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


@pytest.mark.parametrize(
    "text", ["1e3", "0x1F", "0o7", "1_000", "on", "No", "y", "N", "~", "null", ".inf", "1.0", "12:30"]
)
def test_no_reader_takes_a_text_for_a_number_or_a_word(text: str) -> None:
    assert yaml_text({"a": text}) == f'a: "{text}"\n'


class TestAws:
    def resources(self, folder: str) -> list[dict[str, Any]]:
        return yaml.safe_load(called("render", "--aws", "--folder", folder).stdout)

    def test_references_between_resources_say_where_they_lead(self, shop: str) -> None:
        resources = self.resources(shop)
        there = {f"{it['type']}::{it['name']}" for it in resources}
        assert len(there) == len(resources)
        named = set(re.findall(r"\$\{([^}]*::[^}]*)\.[^.}]+\}", str(resources)))
        assert named
        assert named <= there
        (listener,) = [it for it in resources if it["name"] == "shared-443" and it["type"].endswith(":Listener")]
        assert listener["inputs"]["loadBalancerArn"] == "${aws:lb/loadBalancer:LoadBalancer::shared.arn}"

    def test_no_input_is_lost_for_being_known_later(self, shop: str) -> None:
        for it in self.resources(shop):
            if it["type"].endswith((":ListenerRule", ":Listener")):
                assert {"listenerArn", "loadBalancerArn"} & it["inputs"].keys(), it
            if it["type"].endswith("SecurityGroupIngressRule"):
                assert it["inputs"]["securityGroupId"].startswith("${aws:ec2/securityGroup:SecurityGroup::")

    def test_certificates_and_records_refer_to_each_other(self, tmp_path: Path) -> None:
        balancer = {**SHOP["awsLoadBalancers"]["shared"], "hosts": {"aws.example.com": {"zone": "example.com"}}}
        values = {**SHOP, "loadBalancers": {}, "awsLoadBalancers": {"shared": balancer}}
        resources = self.resources(str(written(tmp_path, {"dev": values}) / "stacks"))
        records = [it["inputs"] for it in resources if it["type"] == "aws:route53/record:Record"]
        (validation,) = [it for it in records if "ttl" in it]
        certificate = "${aws:acm/certificate:Certificate::shared-aws.example.com.domainValidationOptions[0]"
        assert validation["name"] == f"{certificate}.resourceRecordName}}"
        assert validation["zoneId"] == "${aws:route53/getZone:getZone(name=example.com).zoneId}"

    def test_what_is_made_of_a_reference_is_what_it_would_be_of_its_value(self, shop: str) -> None:
        (policy,) = [it["inputs"]["policy"] for it in self.resources(shop) if it["type"].endswith(":BucketPolicy")]
        account = "${aws:index/getCallerIdentity:getCallerIdentity().accountId}"
        bucket = "arn:${partition}:s3:::${aws:s3/bucket:Bucket::shared-logs.bucket}"
        assert f'"{bucket}/*"' in policy
        assert f'"{bucket}/*/AWSLogs/{account}/*"' in policy

    def test_the_manifests_alone_go_to_kubectl_and_the_rest_is_announced(self, shop: str) -> None:
        found = called("render", "--folder", shop)
        assert all({"apiVersion", "kind", "metadata"} <= it.keys() for it in yaml.safe_load_all(found.stdout))
        assert f"{len(self.resources(shop))} AWS resources aren't printed; use --aws" in found.stderr


class TestFolder:
    def render(self, shop: str, folder: Path, *more: str) -> Any:
        return called("render", "--folder", shop, "--output", str(folder), *more)

    def test_it_holds_a_file_for_each_object_in_an_order_that_works(self, shop: str, tmp_path: Path) -> None:
        folder = tmp_path / "out"
        assert self.render(shop, folder).exit_code == 0
        files = sorted(folder.glob("*.yaml"))
        manifests = [yaml.safe_load(it.read_text()) for it in files]
        printed = manifests_of(shop)
        assert [it["kind"] for it in manifests] == [it["kind"] for it in printed]
        assert sorted(manifests, key=str) == sorted(printed, key=str)
        # kubectl apply -f goes by the names.
        assert manifests[0]["kind"] == "Namespace"
        assert yaml.safe_load((folder / "aws" / "resources.yaml").read_text())

    def test_a_second_run_changes_nothing(self, shop: str, tmp_path: Path) -> None:
        folder = tmp_path / "out"
        self.render(shop, folder)
        before = {it: (it.read_bytes(), it.stat().st_mtime_ns) for it in folder.rglob("*.yaml")}
        said = self.render(shop, folder).stdout
        assert {it: (it.read_bytes(), it.stat().st_mtime_ns) for it in folder.rglob("*.yaml")} == before
        assert said == f"{len(before)} files in {folder}, {len(before)} of them unchanged\n"

    def test_a_change_of_content_keeps_the_file_of_an_object_whose_name_is_made_up(self, tmp_path: Path) -> None:
        def folder_of(text: str) -> str:
            service = {"image": "api:1", "port": 80, "configFiles": {"/etc/a": text}}
            values = {"namespace": "shop", "services": {"api": service}}
            return str(written(tmp_path / text, {"dev": values}) / "stacks")

        out = tmp_path / "out"
        self.render(folder_of("a"), out)
        said = self.render(folder_of("b"), out).stdout.splitlines()
        assert said[0] == f"changed: {out}/11-config-map.shop.api-files.yaml"
        assert [it.partition(":")[0] for it in said[:-1]] == ["changed", "changed"]

    def test_what_is_rendered_no_more_goes_and_what_others_wrote_stays(self, shop: str, tmp_path: Path) -> None:
        folder = tmp_path / "out"
        self.render(shop, folder)
        (folder / "kustomization.yaml").write_text("resources: []\n")
        (folder / "notes.txt").write_text("ours\n")
        (folder / "99-other.yaml").write_text(
            "# `portico render` writes this file for stack prod of project shop. It overwrites your changes.\n"
        )
        less = {**SHOP, "loadBalancers": {}, "awsLoadBalancers": {}}
        said = self.render(str(written(tmp_path / "less", {"dev": less}) / "stacks"), folder).stdout
        assert f"removed: {folder}/17-service.shop.names-service.yaml" in said
        assert f"removed: {folder}/aws/resources.yaml" in said
        assert not (folder / "17-service.shop.names-service.yaml").exists()
        assert {it.name for it in folder.iterdir()} >= {"kustomization.yaml", "notes.txt", "99-other.yaml"}

    def test_a_file_that_somebody_else_wrote_is_not_written_over(self, shop: str, tmp_path: Path) -> None:
        folder = tmp_path / "out"
        folder.mkdir()
        (folder / "00-namespace.shop.yaml").write_text("kind: Namespace\n")
        found = self.render(shop, folder)
        assert found.exit_code == 1
        assert "isn't a rendered file of stack dev" in found.stderr
        assert [it.name for it in folder.iterdir()] == ["00-namespace.shop.yaml"]

    def test_check_writes_nothing_and_says_whether_anything_would_change(self, shop: str, tmp_path: Path) -> None:
        folder = tmp_path / "out"
        found = self.render(shop, folder, "--check")
        assert found.exit_code == 1
        assert "would be added" in found.stdout
        assert not folder.exists()
        self.render(shop, folder)
        assert self.render(shop, folder, "--check").exit_code == 0
        file = folder / "00-namespace.shop.yaml"
        file.write_text(file.read_text() + "# changed\n")
        found = self.render(shop, folder, "--check")
        assert (found.exit_code, f"would be changed: {file}" in found.stdout) == (1, True)

    def test_a_folder_that_cannot_be_made_is_said(self, shop: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        found = self.render(shop, tmp_path / "file" / "out")
        assert (found.exit_code, str(tmp_path / "file") in found.stderr) == (1, True)

    @pytest.mark.parametrize("arguments", [("--check",), ("--aws", "--output", "out")])
    def test_options_that_do_not_go_together_are_refused(self, shop: str, arguments: tuple[str, ...]) -> None:
        assert called("render", "--folder", shop, *arguments).exit_code == 2


def test_definitions_in_a_file_are_rendered_with_the_rest(tmp_path: Path) -> None:
    definitions = tmp_path / "crds.yaml"
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {"group": "b.c"}}
    definitions.write_text(yaml.safe_dump_all([{**kind, "metadata": {"name": f"{it}.b.c"}} for it in "ad"]))
    edge = {**SHOP["gateways"]["edge"], "crds": {"path": str(definitions)}}
    folder = written(tmp_path / "project", {"dev": {**SHOP, "gateways": {"edge": edge}}}) / "stacks"
    kinds = [it["kind"] for it in manifests_of(str(folder))]
    assert kinds.count("CustomResourceDefinition") == 2
    assert kinds.index("CustomResourceDefinition") < kinds.index("ServiceAccount")


def test_a_pipe_that_is_closed_early_is_no_fault() -> None:
    program = Path(sys.executable).parent / "portico"
    command = f"set -o pipefail; {program} render --stack production-gcp | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "apiVersion: v1\n"
    assert "Traceback" not in done.stderr
