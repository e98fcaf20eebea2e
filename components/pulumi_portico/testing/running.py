"""Runs a program once against the mock engine."""

import asyncio
import contextvars
import warnings
from collections.abc import Callable, Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks

from .monitor import Recorder
from .recording import Recording

__all__ = ["ensure_event_loop", "run_once"]


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
    finally:
        pulumi.runtime.set_all_config({})
    known = monitor.registrations
    registrations = [known[urn] for urn in sorted(known)]
    registered = {known[urn].name: outputs for urn, outputs in monitor.outputs.items() if urn in known}
    return Recording(registrations, registered, settled["exports"], settled["value"])


def ensure_event_loop() -> None:
    """Give this thread an event loop, where it has none: an Output wants one as soon as it is made.

    `record` does this itself; a test that makes an Output outside of it calls this first.
    """
    with warnings.catch_warnings():
        # Python 3.12 and 3.13 make a loop and complain; 3.14 refuses.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            asyncio.get_event_loop()
        except RuntimeError:
            asyncio.set_event_loop(asyncio.new_event_loop())
