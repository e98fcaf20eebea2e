"""After parsing, a misspelled attribute is an error of types in every component: `make lint` finds it.

One run of the type checker, on a copy of the package with a misspelled attribute in a builder of each component.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "components" / "pulumi_portico"


class Seed(NamedTuple):
    file: str
    attribute: str
    """What reads an attribute of a parsed value, in this file."""


SEEDS = {
    "WebService": Seed("web_service/objects.py", "plan.spec.disruption_budget"),
    "workload": Seed("workload/rollout.py", "rollout.min_ready_seconds"),
    "IngressGateway": Seed("ingress_gateway/front_door.py", "spec.upstream.sources"),
    "IngressRoutes": Seed("ingress_gateway/route_objects.py", "tls.certificate"),
    "PublicLoadBalancer": Seed("public_load_balancer/plan.py", "spec.target.selector"),
    "AwsLoadBalancer": Seed("aws_load_balancer/checks/load_balancer.py", "spec.listeners"),
    "stack": Seed("stack/build.py", "plan.load_balancers"),
}


def misspelled(attribute: str) -> str:
    return attribute[:-1] + "q"


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """The files and the attributes that the type checker reports as unknown."""
    copy = tmp_path_factory.mktemp("seeds")
    shutil.copytree(PACKAGE, copy / "pulumi_portico", ignore=shutil.ignore_patterns("__pycache__"))
    for file, attribute in SEEDS.values():
        seeded = copy / "pulumi_portico" / file
        text = seeded.read_text()
        assert attribute in text, f"choose another attribute of a spec that {file} reads"
        seeded.write_text(text.replace(attribute, misspelled(attribute), 1))
    config = {
        "include": sorted({f"pulumi_portico/{seed.file}" for seed in SEEDS.values()}),
        "typeCheckingMode": "off",
        "reportAttributeAccessIssue": "error",
    }
    (copy / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(copy)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    assert {problem["rule"] for problem in found} == {"reportAttributeAccessIssue"}
    package = copy / "pulumi_portico"
    return {(str(Path(problem["file"]).relative_to(package)), problem["message"].split('"')[1]) for problem in found}


@pytest.mark.parametrize("component", SEEDS)
def test_the_type_checker_reports_a_misspelled_attribute(component: str, reported: set[tuple[str, str]]) -> None:
    seed = SEEDS[component]
    assert (seed.file, misspelled(seed.attribute).rpartition(".")[2]) in reported


def test_the_type_checker_reports_nothing_else(reported: set[tuple[str, str]]) -> None:
    assert len(reported) == len(SEEDS)
