"""Envoy Gateway and Envoy, built or installed once, and a gateway for each module's manifests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_api.serving import Certificates, ServedGateway, serve, why_not
from tools import build, wheels

Serve = Callable[..., ServedGateway]


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    if reason := why_not():
        pytest.skip(reason)
    build.build(build.GATEWAY)
    wheels.program("envoy")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates") / "pki")


@pytest.fixture(scope="module")
def start(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Serve manifests until the module's tests are over."""
    with contextlib.ExitStack() as stack:

        def serve_until_the_end(manifests: Sequence[Mapping[str, Any]], **options: Any) -> ServedGateway:
            folder: Path = tmp_path_factory.mktemp("gateway")
            return stack.enter_context(serve(manifests, folder=folder, certificates=certificates, **options))

        yield serve_until_the_end
