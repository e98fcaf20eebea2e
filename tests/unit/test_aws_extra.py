"""The extra `aws`: everything but creating an AwsLoadBalancer works without the package pulumi-aws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command import SHOP, written

WITHOUT_AWS: dict[str, Any] = {**SHOP, "awsLoadBalancers": {}}
MAIN = """
import sys

sys.modules["pulumi_aws"] = None
from pulumi_portico.cli import main

main()
"""
CREATE = """
import sys

sys.modules["pulumi_aws"] = None
from pulumi_portico import AwsLoadBalancer, PorticoError
from pulumi_portico.testing import record

from tests.aws_balancers import application


def program():
    try:
        AwsLoadBalancer("shop", application(logs={"health": True}))
    except PorticoError as error:
        print(error)


assert record(program).registrations == []
"""


def portico(folder: Path, command: str, *more: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", MAIN, command, *more, "--folder", str(folder / "stacks")]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["check", "render", "explain"])
def test_a_stack_without_aws_load_balancers_works_without_the_extra(command: str, tmp_path: Path) -> None:
    done = portico(written(tmp_path, {"dev": WITHOUT_AWS}), command)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_stack_with_aws_load_balancers_is_checked_and_explained_without_the_extra(
    command: str, tmp_path: Path
) -> None:
    done = portico(written(tmp_path, {"dev": SHOP}), command)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_problems_of_aws_load_balancers_are_found_without_the_extra(tmp_path: Path) -> None:
    shared = {**SHOP["awsLoadBalancers"]["shared"], "subnets": ["subnet-0123456789abcdef0"]}
    done = portico(written(tmp_path, {"dev": {**SHOP, "awsLoadBalancers": {"shared": shared}}}), "check")
    assert done.returncode == 1
    assert "portico:awsLoadBalancers.shared.subnets" in done.stderr


def test_an_aws_load_balancer_is_rendered_without_the_extra(tmp_path: Path) -> None:
    project = written(tmp_path, {"dev": SHOP})
    manifests, resources = portico(project, "render"), portico(project, "render", "--aws")
    assert (manifests.returncode, resources.returncode) == (0, 0)
    assert "kind: TargetGroupBinding" in manifests.stdout
    assert "type: aws:lb/loadBalancer:LoadBalancer" in resources.stdout


def test_creating_an_aws_load_balancer_without_the_extra_names_it() -> None:
    done = subprocess.run([sys.executable, "-c", CREATE], capture_output=True, text=True, check=True)
    # The recorder runs the program twice: for a preview, and for an update.
    (message,) = set(done.stdout.splitlines())
    assert message.endswith("Run: pip install 'pulumi-portico[aws]'")
