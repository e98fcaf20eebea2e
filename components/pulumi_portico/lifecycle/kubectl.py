"""Reads a cluster with kubectl, as the provider of a resource does, to explain a failure. Successful runs never do."""

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional, cast

import pulumi

from ..untyped import Manifest, mapped

__all__ = ["Kubectl", "kubectl_of"]

_SECONDS = 20
"""A cluster that doesn't respond must not hold up the error."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one cluster."""

    kubeconfig: str = ""
    """A path, or the contents; empty for kubectl's own default."""
    context: str = ""
    """Empty for the current one."""

    async def items(self, *arguments: str) -> Sequence[Manifest]:
        """The items of the list that `kubectl get` returns; none if it fails."""
        text = await self.run("get", *arguments, "--output", "json")
        return [mapped(item) for item in mapped(json.loads(text)).get("items", [])] if text else []

    async def run(self, *arguments: str) -> str:
        """What kubectl prints; empty if it fails, or isn't installed."""
        return await asyncio.to_thread(self._run, arguments)

    def _run(self, arguments: Sequence[str]) -> str:
        program = shutil.which("kubectl")
        if program is None:
            return ""
        with self._options() as options:
            command = [program, *options, f"--request-timeout={_SECONDS}s", *arguments]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
            except (OSError, subprocess.SubprocessError):
                return ""
        return done.stdout if done.returncode == 0 else ""

    @contextmanager
    def _options(self) -> Generator[list[str], None, None]:
        context = [f"--context={self.context}"] if self.context else []
        if "\n" not in self.kubeconfig and not self.kubeconfig.startswith("{"):
            yield [*context, *([f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else [])]
            return
        # Only the user can read a temporary file.
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(self.kubeconfig)
            file.flush()
            yield [*context, f"--kubeconfig={file.name}"]


async def kubectl_of(parent: Optional[pulumi.Resource]) -> Kubectl:
    """kubectl for the cluster of a component's children: that of its provider, else that of the configuration."""
    provider = None if parent is None else parent.get_provider("kubernetes:core/v1:Pod")
    if provider is None:
        config = pulumi.Config("kubernetes")
        return Kubectl(config.get("kubeconfig") or "", config.get("context") or "")
    return Kubectl(await _input(provider, "kubeconfig"), await _input(provider, "context"))


async def _input(provider: pulumi.ProviderResource, name: str) -> str:
    # The SDK has no attributes for the inputs of a provider.
    return str(await pulumi.Output.from_input(cast("Any", vars(provider).get(name))).future() or "")
