"""checkov over plans and manifests: which rules hold, which do not, and which of those are let be, and why.

checkov has an environment of its own (tests/checkov/requirements.lock), made at the first use: it wants other versions
of boto3 and more than the tests do.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.cluster import ROOT

__all__ = [
    "SUPPRESSIONS",
    "Judged",
    "Suppression",
    "audit",
    "audit_manifests",
    "command",
    "suppressions",
    "unexcused",
    "unused",
]

_LOCK = ROOT / "tests" / "checkov" / "requirements.lock"
SUPPRESSIONS = ROOT / "tests" / "checkov" / "suppressions.yaml"


@dataclass(frozen=True, order=True)
class Judged:
    """One rule, as one resource of one plan or stack met it."""

    rule: str
    plan: str
    resource: str
    """Its address, such as aws_lb.shop or Deployment.shop.web."""
    passed: bool
    says: str
    """What the rule wants."""


@dataclass(frozen=True)
class Suppression:
    """A rule that some resources need not meet."""

    rule: str
    resource: str
    """A pattern of addresses, as in a shell."""
    reason: str

    def covers(self, it: Judged) -> bool:
        return it.rule == self.rule and fnmatch.fnmatchcase(it.resource, self.resource)


def command() -> Path:
    """checkov's program, in an environment that is made where it is not there."""
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]
    folder = ROOT / ".portico" / f"checkov-{digest}"
    done = folder / "done"
    # Programs of an environment name its folder, so it cannot be made elsewhere and moved.
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "--require-hashes", "-r", _LOCK], check=True)
        done.touch()
    return folder / "bin" / "checkov"


def audit(plans: Mapping[str, Mapping[str, Any]], folder: Path) -> list[Judged]:
    """What every rule of checkov makes of every resource of the plans, which are written into an empty folder."""
    for name, plan in plans.items():
        (folder / f"{name}.json").write_text(json.dumps(plan))
    return _judged("terraform_plan", plans, folder)


def audit_manifests(stacks: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path) -> list[Judged]:
    """What every rule of checkov makes of the Kubernetes objects of each stack, which are written into an empty
    folder. A resource is called KIND.NAMESPACE.NAME there."""
    for name, manifests in stacks.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(manifests, sort_keys=False))
    return _judged("kubernetes", stacks, folder)


def _judged(framework: str, names: Iterable[str], folder: Path) -> list[Judged]:
    # Nothing is asked of its makers' servers: the rules are those that the package brings.
    asked = ["--framework", framework, "--skip-download", "--soft-fail", "--output", "json"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "CKV", "CHECKOV", "BC_"))}
    done = subprocess.run(
        [command(), "--directory", folder, *asked],
        cwd=folder,
        env={**clean, "LOG_LEVEL": "ERROR"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"checkov ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    report: Any = json.loads(done.stdout)
    # Without a plan that it can read it reports nothing but a count.
    results = report.get("results", {})
    if not results or results["parsing_errors"]:
        raise RuntimeError(f"checkov has read no plan, or not all: {results.get('parsing_errors', report)}")
    judged = [
        Judged(it["check_id"], Path(it["file_path"]).stem, it["resource"], passed, it["check_name"])
        for kind, passed in (("passed_checks", True), ("failed_checks", False))
        for it in results[kind]
    ]
    unseen = set(names) - {it.plan for it in judged}
    if unseen:
        raise RuntimeError(f"checkov has no rule for anything in {', '.join(sorted(unseen))}")
    return sorted(judged)


def suppressions(path: Path = SUPPRESSIONS) -> list[Suppression]:
    """The suppressions of a file."""
    return [Suppression(**it) for it in yaml.safe_load(path.read_text())]


def unexcused(judged: Iterable[Judged], excused: Sequence[Suppression]) -> list[Judged]:
    """What fails, and no suppression covers."""
    return [it for it in judged if not it.passed and not any(one.covers(it) for one in excused)]


def unused(judged: Sequence[Judged], excused: Iterable[Suppression]) -> list[Suppression]:
    """Suppressions of what does not fail (any more)."""
    return [one for one in excused if not any(not it.passed and one.covers(it) for it in judged)]


if __name__ == "__main__":
    sys.exit(subprocess.run([command(), *sys.argv[1:]], check=False).returncode)
