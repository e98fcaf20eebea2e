"""Run a program against Pulumi mocks and look at what it registered.

    from pulumi_portico import WebService
    from pulumi_portico.testing import record

    def test_the_api_runs_three_pods():
        recorded = record(lambda: WebService("api", {"image": "api:1.0", "port": 8080, "replicas": 3}))
        assert recorded.manifest("Deployment", "api")["spec"]["replicas"] == 3

`record` runs the program twice, as a preview and as an update, because what only one
of the two meets (an Output that is still unknown, say) breaks in the other.
"""

from collections.abc import Callable, Mapping
from typing import Any, Optional, Protocol

from ..outputs import ensure_event_loop
from ..pod_security import PodSecurityLevel, Violation
from ..untyped import Properties
from .monitor import Answers, Calls, Outputs, Recorder
from .pod_security import pod_security_violations
from .recording import Recording, Registration
from .running import run_once
from .wire import Secret

__all__ = [
    "Calls",
    "Cloud",
    "Outputs",
    "PodSecurityLevel",
    "Recording",
    "Registration",
    "Secret",
    "Violation",
    "ensure_event_loop",
    "pod_security_violations",
    "record",
]


def record(
    program: Callable[[], Any],
    *,
    outputs: Optional[Outputs] = None,
    calls: Optional[Calls] = None,
    config: Optional[Mapping[str, str]] = None,
    project: str = "project",
    stack: str = "stack",
    aws: Optional["Cloud"] = None,
) -> Recording:
    """Run ``program`` as a preview, then as an update, and answer what the update registered.

    :param program: Makes the resources; what it returns is the recording's `value`.
    :param outputs: Called for each resource; what it answers is added to the outputs that
        the mocks make up from the inputs.
    :param calls: Answers the functions that the program calls on providers; without it, a
        call fails and names itself.
    :param config: The stack's configuration, by whole key such as `portico:replicas`.
    :param project: The project's name.
    :param stack: The stack's name.
    :param aws: An `AwsModel` of `pulumi_portico.testing.aws`, which answers for what the program makes of AWS, and
        raises what AWS would refuse.
    :raises Exception: whatever the program raises, in whichever of the two runs it does.
    """

    def run(preview: bool) -> Recording:
        monitor = Recorder(Answers(_calls(calls, aws)), _outputs(outputs, aws, preview=preview), preview)
        return run_once(program, monitor, preview=preview, config=config or {}, project=project, stack=stack)

    preview = run(preview=True)
    update = run(preview=False)
    return Recording(update.registrations, update.outputs, update.exports, update.value, preview)


class Cloud(Protocol):
    """What answers for a cloud's resources and functions."""

    def outputs(self, registration: Registration, *, preview: bool) -> Optional[Properties]:
        """What it answers to a registration; None of what is not its own."""
        ...

    def function(self, token: str, args: Properties) -> Properties:
        """What it answers to a function."""
        ...


def _outputs(own: Optional[Outputs], cloud: Optional[Cloud], *, preview: bool) -> Optional[Outputs]:
    if cloud is None:
        return own

    def answer(registration: Registration) -> Optional[Properties]:
        made = cloud.outputs(registration, preview=preview)
        return {**(made or {}), **((own(registration) if own else None) or {})}

    return answer


def _calls(own: Optional[Calls], cloud: Optional[Cloud]) -> Optional[Calls]:
    if cloud is None:
        return own

    def answer(token: str, args: Properties) -> Properties:
        return cloud.function(token, args) if token.startswith("aws:") or own is None else own(token, args)

    return answer
