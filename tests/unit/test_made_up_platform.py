"""A platform is one module and one member of the registry: a made-up one works from the stack file to its messages.

The test adds both to a copy of the package, and runs everything in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from tests.support import ROOT

PACKAGE = ROOT / "components" / "pulumi_portico"
MEMBER = '''
    MADE_UP = "made-up"
    """A made-up cloud: one Beam for each Service."""
'''
MODULE = '''
"""A made-up platform."""

from ..lifecycle.cost import Billable, Billing, ListPrices
from .common import client_peers, source_ranges
from .platform_module import PlatformModule, Request, ServiceFragment


def _render(request: Request) -> ServiceFragment:
    annotations = {"example.com/beam": request.exposure.scope.value}
    if request.exposure.name is not None:
        annotations["example.com/beam-name"] = request.exposure.name
    return ServiceFragment({"externalTrafficPolicy": "Local", **source_ranges(request)}, annotations)


MODULE = PlatformModule(
    name="made-up",
    title="Made-Up Cloud",
    kind="Beam",
    cloud="made-up",
    controller="the beam operator",
    no_address_causes=("It runs in the namespace beams.",),
    billing=Billing("made-up", ListPrices(1.0, 0.5, currency="EUR", source="beams.example.com", date="2026-01-01")),
    capabilities={
        "scope=internet": ("example.com/beam",),
        "allowed_sources": ("spec.loadBalancerSourceRanges",),
        "client_ip=preserve": ("spec.externalTrafficPolicy",),
        "client_ip=hide": (),
        "name": ("example.com/beam-name",),
    },
    annotation_prefixes=("example.com/beam",),
    render=_render,
    rules=(),
    billable=lambda request: Billable(1, 1),
    sources=client_peers,
    exclusive=("name",),
)
'''
STACK = {
    "portico:namespace": "shop",
    "portico:services": {"api": {"image": "api:1", "port": 8080}},
    "portico:loadBalancers": {
        "api": {
            "target": {"service": "api"},
            "exposure": {
                "scope": "internet",
                "platform": "made-up",
                "allowedSources": ["203.0.113.0/24"],
                "name": "shop",
            },
        }
    },
}
PROGRAM = """
import json
import sys
from pathlib import Path

from pulumi_portico import ArgumentError, Platform
from pulumi_portico.cli.app import app
from pulumi_portico.diagram.reading import summary
from pulumi_portico.lifecycle.hooks import no_address
from pulumi_portico.public_load_balancer.platforms import module_of
from pulumi_portico.stack import load_stack
from pulumi_portico.stack.views import view_of
from typer.testing import CliRunner

folder = Path(sys.argv[1])


def run(*args):
    result = CliRunner().invoke(app, [*args, "--stack", "dev", "--folder", str(folder)])
    assert result.exit_code == 0, result.output
    return result.stdout


module = module_of(Platform("made-up"))
view = view_of(load_stack("dev", folder))
(balancer,) = view.balancers
try:
    load_stack("wrong", folder)
    problems = []
except ArgumentError as error:
    problems = [str(problem) for problem in error.problems]
errors = ["Service was not allocated an IP address"]
hint = no_address("api", module.controller, module.no_address_causes, 600, errors)
print(json.dumps({
    "rendered": run("render"),
    "explained": run("explain"),
    "checked": run("check"),
    "estimate": [balancer.estimate.monthly, balancer.estimate.currency],
    "kind": balancer.kind,
    "summary": list(summary(view)),
    "hint": hint.text,
    "problems": problems,
}))
"""


@cache
def outcome() -> dict[str, Any]:
    """What the copy with the made-up platform does."""
    folder = Path(mkdtemp())
    try:
        copy = folder / "pulumi_portico"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        registry = copy / "public_load_balancer" / "platforms.py"
        source = registry.read_text()
        before = source.index("\n\n\nif TYPE_CHECKING:")
        registry.write_text(source[:before] + "\n" + MEMBER.rstrip() + source[before:])
        (copy / "public_load_balancer" / "made_up.py").write_text(MODULE)
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": STACK}))
        wrong = json.loads(json.dumps(STACK))
        wrong["portico:loadBalancers"]["api"]["exposure"]["idleTimeout"] = 60
        (folder / "Pulumi.wrong.yaml").write_text(yaml.safe_dump({"config": wrong}))
        environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
        command = [sys.executable, "-c", PROGRAM, str(folder)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout.splitlines()[-1])
    finally:
        shutil.rmtree(folder)


def test_its_service_is_rendered() -> None:
    manifests = list(yaml.safe_load_all(outcome()["rendered"]))
    (service,) = [it for it in manifests if it["kind"] == "Service" and it["spec"]["type"] == "LoadBalancer"]
    assert (
        service["metadata"]["annotations"].items()
        >= {
            "example.com/beam": "internet",
            "example.com/beam-name": "shop",
        }.items()
    )
    assert service["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24"]


def test_its_cost_is_estimated_in_its_currency() -> None:
    assert outcome()["estimate"] == [730 * 1.5, "EUR"]
    assert outcome()["kind"] == "Beam"
    assert outcome()["summary"][0] == "1 load balancer (about 1,095 EUR a month)"


def test_the_command_explains_it() -> None:
    assert "Beam (made-up)" in outcome()["explained"]
    assert "1095.00 EUR" in outcome()["explained"]
    assert "beams.example.com" in outcome()["explained"]


def test_a_missing_address_is_explained() -> None:
    assert "the beam operator" in outcome()["hint"]
    assert "It runs in the namespace beams." in outcome()["hint"]


def test_what_it_does_not_support_is_rejected() -> None:
    (problem,) = outcome()["problems"]
    assert "Made-Up Cloud" in problem
    assert "idleTimeout" in problem


def test_nothing_else_compares_with_the_name_of_a_platform() -> None:
    """Only the registry and a platform's own module have the platform's name."""
    folder = PACKAGE / "public_load_balancer"
    registry = (folder / "platforms.py").read_text()
    names = [line.split('"')[1] for line in registry.splitlines() if line.startswith("    ") and ' = "' in line]
    assert "gke" in names
    for module in PACKAGE.rglob("*.py"):
        own = module.stem.replace("_", "-") if module.parent == folder else ""
        source = module.read_text()
        found = [name for name in names if name not in ("generic", own) and f'"{name}"' in source]
        # Implementations of Gateway API have the names of their clouds, too.
        is_implementation = module.parent.name == "implementations"
        allowed = module == folder / "platforms.py" or is_implementation
        assert allowed or not found, f"{module.relative_to(PACKAGE)} names {found}"
        assert allowed or "Platform." not in source, module
