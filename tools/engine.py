"""The Pulumi engine: the one on PATH, or the one built here, laid out as Pulumi expects it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools import build
from tools.build import ENGINE, KUBERNETES_PROVIDER_VERSION, bin_dir, cache_root

_BESIDE_THE_ENGINE = ("pulumi", "pulumi-language-python")


def on_path() -> str | None:
    """The `pulumi` that the user has, if any."""
    return shutil.which("pulumi")


def build_engine() -> None:
    """Build the engine, its Python language host and its Kubernetes provider, where no Pulumi is installed."""
    if on_path() is None:
        build.build(ENGINE, why="no pulumi is on PATH, so it is built from source; or install the Pulumi CLI")


def engine_dir() -> Path:
    """A folder with the engine and its language host side by side: from elsewhere the engine warns of the host."""
    folder = cache_root() / "tools" / "-".join(["engine", *(build.fingerprint(it) for it in _BESIDE_THE_ENGINE)])
    if not folder.exists():
        partial = folder.with_name(f".{folder.name}-{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for tool in _BESIDE_THE_ENGINE:
            for file in bin_dir(tool).iterdir():
                os.link(file, partial / file.name)
        partial.rename(folder)
    return folder


def lay_plugins(pulumi_home: Path) -> None:
    """Install the built Kubernetes provider under ``pulumi_home``: found on PATH instead, the engine warns of it."""
    name = "pulumi-resource-kubernetes"
    folder = pulumi_home / "plugins" / f"resource-kubernetes-v{KUBERNETES_PROVIDER_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    link, target = folder / name, bin_dir(name) / name
    if not link.is_symlink() or link.readlink() != target:
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def environment(pulumi_home: Path) -> dict[str, str]:
    """What finds the engine, and this interpreter and its packages for the programs that it runs.

    The engine on PATH keeps its own home and plugins.
    """
    # The built language host knows no `virtualenv` option: what is first on PATH is what runs a program.
    path = [str(Path(sys.prefix) / "bin")]
    built: dict[str, str] = {}
    if on_path() is None:
        lay_plugins(pulumi_home)
        path.append(str(engine_dir()))
        built = {
            "PULUMI_HOME": str(pulumi_home),
            # The plugins are the ones built here; nothing is fetched while a program runs.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
    path.append(os.environ.get("PATH", os.defpath))
    return {"PATH": os.pathsep.join(path), "VIRTUAL_ENV": sys.prefix, **built}
