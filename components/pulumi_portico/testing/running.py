"""Runs a program once against the mock engine."""

import asyncio
import contextvars
import gc
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
        _take_all_failures(asyncio.get_event_loop())
        raise
    finally:
        pulumi.runtime.set_all_config({})
    known = monitor.registrations
    registrations = [known[urn] for urn in sorted(known)]
    registered = {known[urn].name: outputs for urn, outputs in monitor.outputs.items() if urn in known}
    return Recording(registrations, registered, settled["exports"], settled["value"])


def _take_all_failures(loop: asyncio.AbstractEventLoop) -> None:
    """Take the exceptions of a failed program's futures, of which the first is raised to the caller.

    One that nobody takes is logged with its traceback whenever its future is collected. That may be in the midst of
    `ast.parse`, which formatting a traceback calls again: Python 3.11 then fails the parse, in whichever test it is.
    """
    for it in gc.get_objects():
        # Not isinstance: it asks proxies what they stand for.
        if issubclass(type(it), asyncio.Future) and it.get_loop() is loop and it.done() and not it.cancelled():
            it.exception()
