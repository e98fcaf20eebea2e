"""The stacks that ship, as tests look at them: what each registers, without an engine."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi_portico.stack import build, load_stack
from pulumi_portico.testing import Recording, record
from pulumi_portico.testing.aws import AwsModel

from tests.support import ROOT, run_program

__all__ = ["FOLDER", "NAMES", "OF_THE_SHOP", "ON_AWS", "account", "components", "recorded", "recorded_by_the_program"]

FOLDER = ROOT / "stacks"
NAMES = sorted(it.name[len("Pulumi.") : -len(".yaml")] for it in FOLDER.glob("Pulumi.*.yaml"))
OF_THE_SHOP = [it for it in NAMES if it != "online-boutique"]
"""Those with the same services."""
ON_AWS = "production-aws"
"""The one that makes something of AWS."""
_MADE_UP_VPC = "vpc-0123456789abcdef0"
_MADE_UP_SUBNETS = ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1")


def recorded(name: str) -> Recording:
    """What a stack registers: what it makes of AWS, on AWS's own model."""
    if name != ON_AWS:
        return _record(name, FOLDER)
    with account() as (model, folder):
        return _record(name, folder, model)


@contextlib.contextmanager
def account() -> Generator[tuple[AwsModel, Path]]:
    """An account of AWS, and the stacks' folder with that one's VPC and subnets in place of those that are made up."""
    with AwsModel() as model, tempfile.TemporaryDirectory() as folder:
        vpc = model.vpc()
        model.zone("example.com")
        ours: dict[str, str] = dict(zip((_MADE_UP_VPC, *_MADE_UP_SUBNETS), (vpc, *model.subnets(2, vpc)), strict=True))
        yield model, copied(Path(folder) / "stacks", ON_AWS, ours)


def recorded_by_the_program(name: str) -> Recording:
    """What the root program registers, from what the engine would tell it of the stack's file."""
    config = yaml.safe_load((FOLDER / f"Pulumi.{name}.yaml").read_text())["config"]
    flat = {key: it if isinstance(it, str) else json.dumps(it) for key, it in config.items()}
    return record(lambda: run_program(ROOT), config=flat, project="portico", stack=name)


def copied(to: Path, name: str, words: Mapping[str, str]) -> Path:
    """A copy of the stacks' folder, with other words in one stack's file, each of which must be there."""
    shutil.copytree(FOLDER, to)
    file = to / f"Pulumi.{name}.yaml"
    text = file.read_text()
    for old, new in words.items():
        assert old in text, f"{file.name} does not say {old}"
        text = text.replace(old, new)
    file.write_text(text)
    return to


def _record(name: str, folder: Path, model: AwsModel | None = None) -> Recording:
    return record(lambda: build(load_stack(name, folder)), project="portico", stack=name, aws=model)


def components(recording: Recording, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The components of a kind, by name, each with its outputs."""
    for it in recording.all(kind):
        yield it.name, recording.outputs[it.name]
