"""The package's check agrees with upstream's own fixtures of Pod Security, of every supported version of Kubernetes.

They are files of a Go module that the API server is built from, so they come from Go's module cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from pulumi_portico.pod_security import CHECKS, NEWEST, OLDEST
from pulumi_portico.testing import pod_security_violations

from tools.build import module_sources

MINORS = range(OLDEST, NEWEST + 1)
LEVELS = ("baseline", "restricted")
FEWEST = 1000
"""There are 1100, of which 276 are of the oldest and the newest version."""


@pytest.fixture(scope="module")
def fixtures() -> Path:
    return module_sources("kubernetes", "k8s.io/pod-security-admission") / "test" / "testdata"


def files(fixtures: Path, level: str, minor: int, verdict: str) -> Sequence[Path]:
    return sorted((fixtures / level / f"v1.{minor}" / verdict).glob("*.yaml"))


def checks(file: Path, level: str, minor: int) -> set[str]:
    """The checks that reject the pod of a fixture."""
    pod = yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {violation.check for violation in pod_security_violations(pod, level, f"1.{minor}")}


def test_all_fixtures_are_there(fixtures: Path) -> None:
    every = [(level, minor, verdict) for level in LEVELS for minor in MINORS for verdict in ("pass", "fail")]
    assert sum(len(files(fixtures, *each)) for each in every) > FEWEST
    assert all(files(fixtures, *each) for each in every)
    # A newer module can have newer checks.
    assert max(int(folder.name.removeprefix("v1.")) for folder in (fixtures / "baseline").iterdir()) == NEWEST


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("minor", MINORS)
def test_the_check_agrees_with_every_fixture(minor: int, level: str, fixtures: Path) -> None:
    passing, failing = (files(fixtures, level, minor, verdict) for verdict in ("pass", "fail"))
    rejected = {file.name: found for file in passing if (found := checks(file, level, minor))}
    assert rejected == {}
    assert [file.name for file in failing if not checks(file, level, minor)] == []


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("minor", [OLDEST, NEWEST])
def test_the_check_that_a_fixture_is_named_for_rejects_it(minor: int, level: str, fixtures: Path) -> None:
    # A check of "restricted" replaces the one of "baseline" with the same subject.
    replaced = {"hostpathvolumes": "restrictedvolumes"}
    names = {name.lower(): name for name in CHECKS}
    for file in files(fixtures, level, minor, "fail"):
        subject = file.stem.rstrip("0123456789")
        base = subject.removesuffix("_baseline")
        wanted = {names.get(name) for name in (subject, f"{base}_restricted", replaced.get(base, base))}
        assert checks(file, level, minor) & wanted, file
