"""Every Python example in the docs runs, and its test functions pass."""

import re
from pathlib import Path
from typing import Any

import pytest
from pulumi_portico import ArgumentError, Exposure, IngressGatewayArgs, Platform, PublicLoadBalancerArgs, WebService
from pulumi_portico.args.shapes import is_args, plain_fields, shapes_of
from pulumi_portico.lifecycle.hooks import no_address
from pulumi_portico.lifecycle.replacement import judge
from pulumi_portico.public_load_balancer.platforms import module_of
from pulumi_portico.testing import record
from pulumi_portico.web_service import Security, WebServiceArgs

from tests.support import ROOT
from tools import platform_table
from tools.example_types import PAGES, PYTHON

# Its examples run on AWS's own model: test_aws_load_balancer_docs.py.
ON_AWS = "aws-load-balancer.md"
EXAMPLES = [
    pytest.param(match[1], id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    if page.name != ON_AWS
    for number, match in enumerate(PYTHON.finditer(page.read_text()), 1)
]


@pytest.mark.parametrize("source", EXAMPLES)
def test_the_example_runs(source: str) -> None:
    names: dict[str, Any] = {}
    tests = re.findall(r"^def (test_\w+)", source, re.M)
    if tests:
        exec(source, names)
        for test in tests:
            names[test]()
        return

    def program() -> None:
        exec(source, names)

    assert record(program).registrations, "the example makes nothing"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8


def test_the_error_in_the_readme_is_what_is_said() -> None:
    args: Any = {"image": "registry.example.com/shop/api", "port": 8080, "health": {"paht": "/healthz"}}
    with pytest.raises(ArgumentError) as caught:
        record(lambda: WebService("api", args))
    assert str(caught.value) in (ROOT / "README.md").read_text()


def test_the_reference_has_every_argument_and_says_which_are_plain() -> None:
    page = (ROOT / "docs" / "reference.md").read_text()
    table = page[page.index("## WebService") : page.index("### Outputs of WebService")]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*?) \|", table, re.M))
    assert rows.keys() == shapes_of(WebServiceArgs).keys()
    for name, meaning in rows.items():
        # A type of its own says which of its fields are.
        assert "plain" in meaning.lower() or name not in SCALARS, name


def test_the_page_of_the_gateway_has_every_argument_and_what_each_controller_is_told() -> None:
    text = (ROOT / "docs" / "ingress-gateway.md").read_text()
    rows = rows_of(text[text.index("## Arguments") : text.index("## Outputs")])
    assert rows.keys() == shapes_of(IngressGatewayArgs).keys()
    for name, meaning in rows.items():
        assert ("plain" in meaning) == (name in plain_fields(IngressGatewayArgs)), name


SCALARS = {name for name in plain_fields(WebServiceArgs) if not is_args(shapes_of(WebServiceArgs)[name].type)}


def test_the_page_shows_what_is_looser() -> None:
    page = (ROOT / "docs" / "web-service.md").read_text()
    table = page[page.index("| argument | what is looser |") : page.index("A namespace that enforces")]
    flags = {field: True for field, shape in shapes_of(Security).items() if shape.type is bool}
    args: Any = {
        "image": "api",
        "ports": {"http": {"port": 8080, "host_port": 8080}},
        "sidecars": [{"name": "a", "image": "a:1", "security": {"writable_root": True}}],
        "init_containers": [{"name": "b", "image": "b:1", "security": {"writable_root": True}}],
        "security": {**flags, "user": 33, "group": 0, "fs_group": 0, "capabilities": ["NET_ADMIN"]},
        "volumes": {"token": {"path": "/token", "projected": [{"token_audience": "vault"}]}},
        "pod_annotations": {"container.apparmor.security.beta.kubernetes.io/api": "unconfined"},
        "identity": {
            "token": True,
            "rules": [{"verbs": ["get"], "resources": ["secrets"]}],
            "cluster_rules": [{"verbs": ["get"], "resources": ["nodes"]}],
        },
        "image_policy": {"allow_latest": True},
        "resources": {"limits": "none"},
        "network_policy": False,
        "extra": {"spec": {}},
    }
    exceptions = record(lambda: WebService("api", args)).outputs["api"]["exceptions"]
    by_name = ("volumes", "pod_annotations", "ports", "sidecars", "init_containers")
    paths = {re.split(r"[.\[]", path)[0] if path.startswith(by_name) else path for path in exceptions}
    paths = {re.sub(r"\[\d+\]$", "", path) for path in paths}
    assert set(re.findall(r"`([a-z_.]+)", table)) == paths


def test_the_table_of_a_balancers_arguments_has_all_and_says_which_are_plain() -> None:
    text = (ROOT / "docs" / "public-load-balancer.md").read_text()
    rows = rows_of(text[text.index("## Arguments") : text.index("## Outputs")])
    assert rows.keys() == shapes_of(PublicLoadBalancerArgs).keys()
    for name, meaning in rows.items():
        assert ("plain" in meaning) == (name in plain_fields(PublicLoadBalancerArgs)), name


def rows_of(table: str) -> dict[str, str]:
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.M))


def test_the_reference_of_exposures_has_every_field_and_every_group() -> None:
    page = (ROOT / "docs" / "public-load-balancer.md").read_text()
    rows = rows_of(page[page.index("## Exposure") : page.index("## Platforms")])
    assert rows.keys() == shapes_of(Exposure).keys()
    for name, shape in shapes_of(Exposure).items():
        for leaf in shapes_of(shape.type) if is_args(shape.type) else ():
            assert f"`{leaf}`" in rows[name], f"{name}.{leaf}"
    listed = rows_of(page[page.index("## Platforms") : page.index("### What you set")].replace("-", "_"))
    assert list(listed) == [it.value.replace("-", "_") for it in Platform]


def test_the_tables_of_what_platforms_are_told_are_the_codes() -> None:
    page = platform_table.FILE.read_text()
    for platform in Platform:
        assert f"| `{platform.value}` " in page


HELD = {"static_addresses": ["eipalloc-1"]}


def test_the_messages_in_the_docs_are_what_is_said() -> None:
    page = " ".join((ROOT / "docs" / "public-load-balancer.md").read_text().split())
    internet = {"identity": {"scope": "internet"}, "held": {}}
    internal = {"identity": {"scope": "internal"}, "held": {}}
    before, after = ({"identity": {"platform": it}, "held": HELD} for it in ("aws-controller", "eks-auto-mode"))
    (warning,) = judge("web", internet, internal, ["203.0.113.7"]).warnings
    rejection = judge("web", before, after, ["203.0.113.7"]).rejection
    module = module_of(Platform.AWS_CONTROLLER)
    errors = ["Service was not allocated an IP address"]
    missing = no_address("web", module.controller, module.no_address_causes, 600, errors)
    assert missing is not None
    for message in (warning.text, rejection, missing.text):
        assert message
        assert " ".join(message.split()) in page


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda it: it.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not link.startswith("https://"):
            assert (page.parent / link).exists(), link
