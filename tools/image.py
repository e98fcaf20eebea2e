"""Container images made from one program, without a registry and without a container engine.

The file is in the format of `docker save`, which containerd imports. The same program makes the
same file, byte for byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Image:
    """A name and how the program is run under it."""

    name: str
    arguments: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    ports: Sequence[int] = ()
    user: int = 10001


def write_images(program: Path, images: Sequence[Image], archive: Path) -> None:
    """Write an archive of ``images``, which all hold the static ``program`` at the root and nothing else."""
    layer = _tar({program.name: (program.read_bytes(), 0o755)})
    layer_digest = hashlib.sha256(layer).hexdigest()
    layer_name = f"{layer_digest}/layer.tar"
    files: dict[str, tuple[bytes, int]] = {layer_name: (layer, 0o644)}
    manifest: list[dict[str, Any]] = []
    for image in images:
        config = _json(_config(image, program.name, layer_digest))
        config_name = f"{hashlib.sha256(config).hexdigest()}.json"
        files[config_name] = (config, 0o644)
        manifest.append({"Config": config_name, "RepoTags": [image.name], "Layers": [layer_name]})
    files["manifest.json"] = (_json(manifest), 0o644)
    archive.write_bytes(_tar(files))


def _config(image: Image, program: str, layer_digest: str) -> dict[str, Any]:
    return {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "Entrypoint": [f"/{program}", *image.arguments],
            "Env": [f"{name}={value}" for name, value in image.env.items()],
            "ExposedPorts": {f"{port}/tcp": {} for port in image.ports},
            "User": str(image.user),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
    }


def _tar(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (content, mode) in files.items():
            # A new TarInfo belongs to root and is as old as the epoch, whoever writes it and when.
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
