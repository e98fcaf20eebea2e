"""The real engine, and programs to run on it without a cluster."""

from pathlib import Path

import pytest

from tests.pulumi_program import PulumiProgram
from tools import engine


@pytest.fixture(scope="session")
def _engine() -> None:
    engine.build_engine()


@pytest.fixture
def program(_engine: None, tmp_path: Path) -> PulumiProgram:
    """An empty program; what it runs on, if anything, is its own business."""
    return PulumiProgram(tmp_path)
