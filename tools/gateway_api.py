"""Definitions and examples of the Gateway API and of Envoy Gateway, from their Go modules.

The repository has no copy of them. A module's files are unpacked once into the user's cache, if the module has the hash
that is pinned here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tools import build
from tools.console import fail

VERSION = "v1.6.1"
"""The version of the Gateway API that Envoy Gateway is built with."""
NEWEST_VERSION = "v1.7.0"

_GATEWAY_API = "sigs.k8s.io/gateway-api"
_CONFORMANCE = "sigs.k8s.io/gateway-api/conformance"
_HASHES = {
    (_GATEWAY_API, "v1.6.1"): "h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=",
    (_GATEWAY_API, "v1.7.0"): "h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=",
    (_CONFORMANCE, "v1.6.1"): "h1:hjJJBYhGlLLDAkpbiL8wYP2JmTbc5D6t/DromATFXbI=",
    (_CONFORMANCE, "v1.7.0"): "h1:8Llf3aLHmeuiKA1AolOpeTIp0tmEuo6BSPOmw/w8tnk=",
}
_FOLDERS = {_GATEWAY_API: ("config/crd/", "hack/invalid-examples/"), _CONFORMANCE: ("base/", "tests/")}


def definitions(channel: str = "standard", version: str = VERSION) -> list[Path]:
    """The Gateway API's CustomResourceDefinitions, and the admission policy that protects them.

    :param channel: `standard` or `experimental`.
    """
    return sorted((_files(_GATEWAY_API, version) / "config" / "crd" / channel).glob("gateway*.yaml"))


def envoy_gateway_definitions() -> list[Path]:
    """The CustomResourceDefinitions of Envoy Gateway's own kinds."""
    sources = build.module_sources("envoy-gateway", build.ENVOY_GATEWAY)
    return sorted((sources / "charts/gateway-helm/charts/crds/crds/generated").glob("*.yaml"))


def invalid_examples(channel: str = "standard", version: str = VERSION) -> list[Path]:
    """Manifests that the Gateway API's own tests expect the API server to reject."""
    return sorted((_files(_GATEWAY_API, version) / "hack" / "invalid-examples" / channel).rglob("*.yaml"))


def conformance_manifests(version: str = VERSION) -> list[Path]:
    """The manifests of the conformance suite: first those that all its tests share, then each test's own."""
    folder = _files(_CONFORMANCE, version)
    return [folder / "base" / "manifests.yaml", *sorted((folder / "tests").glob("*.yaml"))]


def _files(module: str, version: str) -> Path:
    folder = build.cache_root() / "tools" / f"{module.replace('/', '-')}-{version}"
    with build.lock("gateway-api-"):
        if not folder.exists():
            build.check_go("the Gateway API's definitions come from its Go module")
            archive = _download(module, version)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".gateway-api-") as scratch:
                _unpack(archive, f"{module}@{version}/", _FOLDERS[module], Path(scratch, "files"))
                Path(scratch, "files").rename(folder)
    return folder


def _download(module: str, version: str) -> Path:
    # In a folder outside any module, so that no go.mod has a say. Go downloads a module that requires a newer Go, too,
    # and then reports an error: its files are data here.
    with tempfile.TemporaryDirectory() as elsewhere:
        command = ["go", "mod", "download", "-json", f"{module}@{version}"]
        done = subprocess.run(command, cwd=elsewhere, env=build.go_env(), check=False, capture_output=True, text=True)
    record = json.loads(done.stdout or "{}")
    if "Zip" not in record:
        fail(f"{module}@{version} can't be downloaded: {record.get('Error') or done.stderr.strip()}")
    if record.get("Sum") != _HASHES[module, version]:
        fail(f"{module}@{version} has the hash {record.get('Sum')}, and {_HASHES[module, version]} is pinned")
    return Path(record["Zip"])


def _unpack(archive: Path, root: str, folders: Sequence[str], target: Path) -> None:
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            path = name.removeprefix(root)
            if path.startswith(tuple(folders)) and path.endswith(".yaml"):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                with files.open(name) as source, (target / path).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
