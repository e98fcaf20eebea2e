"""Runs a program once against the mock engine."""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks

from ..outputs import ensure_event_loop
from .monitor import Recorder
from .recording import Recording

__all__ = ["run_once"]


def run_once(
    program: Callable[[], Any],
    monitor: Recorder,
    *,
    preview: bool,
    config: Mapping[str, str],
    project: str,
    stack: str,
) -> Recording:
    """Run ``program`` once, as a preview or as an update, and answer what it registered with ``monitor``.

    :raises Exception: whatever the program raises.
    """
    # The runtime keeps the root stack in a context variable: a fresh context is a fresh stack.
    return contextvars.Context().run(_run, program, monitor, preview, config, project, stack)


def _run(
    program: Callable[[], Any],
    monitor: Recorder,
    preview: bool,
    config: Mapping[str, str],
    project: str,
    stack: str,
) -> Recording:
    ensure_event_loop()
    pulumi.runtime.set_all_config(dict(config))
    mocks.set_mocks(monitor.mocks, project, stack, preview, monitor=monitor)
    root = cast("Any", pulumi.runtime.get_root_resource())
    settled: dict[str, Any] = {}

    @pulumi.runtime.test
    def body() -> pulumi.Output[None]:
        returned = program()
        everything = pulumi.Output.from_input({"value": returned, "exports": dict(root.outputs)})

        async def settle() -> None:
            settled.update(cast("Mapping[str, Any]", await everything.future(with_unknowns=True)))

        return pulumi.Output.from_input(settle())

    try:
        body()
    except Exception:
        asyncio.get_event_loop().set_exception_handler(_handle)
        raise
    finally:
        pulumi.runtime.set_all_config({})
    known = monitor.registrations
    registrations = [known[urn] for urn in sorted(known)]
    registered = {known[urn].name: outputs for urn, outputs in monitor.outputs.items() if urn in known}
    return Recording(registrations, registered, settled["exports"], settled["value"])


def _handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Ignore exceptions of futures that nobody asks for, after a program has raised the first one to the caller.

    By default, each is logged with its traceback whenever its future is collected. That may be in the midst of
    `ast.parse`, which formatting a traceback calls again: Python 3.11 then fails the parse, in whichever test it is.
    """
    if "future" not in context or not str(context.get("message")).endswith("never retrieved"):
        loop.default_exception_handler(context)
