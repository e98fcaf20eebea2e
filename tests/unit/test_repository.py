"""What holds for the repository as a whole."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "components" / "pulumi_portico"


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_registrys_host() -> None:
    # Put together here, so that this file names none either.
    hosts = [".".join(it) for it in (("pypi", "org"), ("golang", "org"), ("npmjs", "org"), ("pythonhosted", "org"))]
    module_paths = re.compile(r"\bgoogle\.golang\.org/grpc\b|\bgolang\.org/x/|\bgo\.sum\b")
    for file in tracked():
        if file.suffix in {".sum", ".mod"} or not (text := _text(file)):
            continue
        for host in hosts:
            assert host not in module_paths.sub("", text), f"{file}: {host}"


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except UnicodeDecodeError:
        return ""


def test_nothing_built_or_secret_is_tracked() -> None:
    names = {file.name for file in tracked()}
    assert not {name for name in names if name.endswith((".key", ".crt", ".kubeconfig", ".exe", ".so"))}
    assert all(file.stat().st_size < 1_000_000 for file in tracked())


def test_the_locks_hold_what_is_asked_for_and_hashes_for_all() -> None:
    for asked, lock in (
        ("requirements.txt", "requirements.lock"),
        ("requirements-dev.in", "requirements-dev.lock"),
        ("tests/checkov/requirements.in", "tests/checkov/requirements.lock"),
        ("tools/wheels/envoy.in", "tools/wheels/envoy.lock"),
    ):
        pins = re.findall(r"^([a-z-]+)==([^\s;]+)", (ROOT / asked).read_text(), re.M)
        locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.M))
        assert pins
        assert {name: locked[name] for name, _ in pins} == dict(pins)
        entries = re.findall(r"^[a-z0-9-]+==.*(?:\n {4}.*)*", (ROOT / lock).read_text(), re.M)
        assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("end", ["oldest", "newest"])
def test_the_matrix_stands_at_the_ends_of_what_the_components_take(end: str) -> None:
    asked = (ROOT / "tests" / "matrix" / f"{end}.in").read_text()
    pins = dict(re.findall(r"^([a-z-]+)==(\S+)", asked, re.M))
    assert (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "tests" / "matrix" / f"{end}.lock").read_text(), re.M)) == pins
    )
    if end == "oldest":
        # What is not named here is pinned at its oldest anyway.
        pinned = dict(re.findall(r"^([a-z-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M))
        least = dict(re.findall(r'"(pulumi[a-z-]*)>=([0-9.]+)', (ROOT / "components" / "pyproject.toml").read_text()))
        assert least
        for name, version in least.items():
            assert (pins.get(name) or pinned[name]).startswith(version), name


def test_the_development_lock_holds_the_other_one() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / name).read_text(), re.M))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda it: str(it.relative_to(PACKAGE)))
def test_pulumi_can_infer_the_schema_from_every_module(module: Path) -> None:
    source = module.read_text()
    # Pulumi infers the schema from the annotations as objects.
    assert "from __future__ import annotations" not in source


def test_importing_the_package_imports_no_provider() -> None:
    code = "import sys, pulumi_portico; print(*(m for m in sys.modules if m.startswith('pulumi_') and '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pulumi_portico"]
