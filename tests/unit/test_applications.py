"""The published applications in examples/applications: each is valid, and Kubernetes accepts what it renders to."""

from __future__ import annotations

import pytest
from pulumi_portico.cli.project import Stack
from pulumi_portico.cli.rendering.manifests import rendered_objects
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import pod_security_violations

from tests.command import called
from tests.kubernetes_schemas import validate
from tests.unit.test_diagram import check
from tools import applications_table
from tools.applications_table import APPLICATIONS, FOLDER

CUSTOM = {
    "Certificate": "cert-manager.io/v1",
    "ExternalSecret": "external-secrets.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_valid_without_notes_and_renders(name: str) -> None:
    checked = called("check", "--stack", name, "--folder", str(FOLDER))
    assert checked.exit_code == 0
    assert "Note" not in checked.stdout + checked.stderr
    for rendered in rendered_objects(Stack(name, "applications", load_stack(name, FOLDER))):
        manifest = rendered.manifest
        assert not pod_security_violations(manifest)
        if manifest["kind"] in CUSTOM:
            assert manifest["apiVersion"] == CUSTOM[manifest["kind"]]
        else:
            validate(manifest)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_explained_and_drawn(name: str) -> None:
    explained = called("explain", "--stack", name, "--folder", str(FOLDER))
    assert explained.exit_code == 0
    check(view_of(load_stack(name, FOLDER)))


def test_an_application_has_at_least_the_objects_of_its_original() -> None:
    # A Secret can be somebody else's.
    replaced = {"mastodon": {"Secret"}, "wordpress": {"Secret"}}
    for name, original in APPLICATIONS.items():
        rendered = applications_table.objects_of(name)
        missing = {kind for kind, number in original.objects.items() if rendered[kind] < number}
        assert missing == replaced.get(name, set())


def test_the_table_has_every_application() -> None:
    files = {file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in FOLDER.glob("Pulumi.*.yaml")}
    assert files == APPLICATIONS.keys()
    page = applications_table.FILE.read_text()
    assert applications_table.generate(page) == page
