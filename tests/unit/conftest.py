"""What all unit tests share: an event loop for the Outputs among their parameters, and a record of problem codes.

Every problem that a test causes is rendered in each key style, so a template that names a missing parameter fails that
test. So is what a test causes to know about a change of a load balancer, what an estimate assumes, and why a request
reaches a service. When all unit tests have run, each registered code must have been caused by one of them.
"""

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pulumi_portico.args.codes import all_codes
from pulumi_portico.args.location import KeyStyle
from pulumi_portico.args.problems import ArgumentError, Problem, Problems
from pulumi_portico.cli.tracing.reasons import RouteReason
from pulumi_portico.lifecycle.cost import Assumption
from pulumi_portico.lifecycle.replacement import Finding
from pulumi_portico.testing import ensure_event_loop

from tests.examples import FACTOR, examples

ensure_event_loop()
# The time that an example takes depends on the machine's load, not on what is tested.
settings.register_profile(
    "portico",
    deadline=None,
    max_examples=examples(100),
    # Each run of `make test` tries the same examples. `make fuzz` tries those of its seed.
    derandomize=FACTOR == 1,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("portico")

CAUSED: set[str] = set()
"""The codes that the tests of this process have caused."""


def rendered(problem: Any) -> None:
    """Render a problem in every key style, and note its code."""
    if isinstance(problem, Problem) and problem.code.name not in CAUSED:
        for style in KeyStyle:
            assert str(replace(problem, style=style))
            assert json.dumps(replace(problem, style=style).as_data())
        CAUSED.add(problem.code.name)


def with_note(initialize: Callable[..., None]) -> Callable[..., None]:
    """The initializer of a finding, an assumption, or a reason, which also renders it and notes its code."""

    @functools.wraps(initialize)
    def initialized(self: Any, *args: Any, **more: Any) -> None:
        initialize(self, *args, **more)
        assert self.text
        CAUSED.add(self.code.name)

    return initialized


@pytest.fixture(scope="session", autouse=True)
def _every_problem_is_rendered() -> Iterator[None]:
    report, error = Problems.report, ArgumentError.__init__

    @functools.wraps(report)
    def reported(self: Problems, *args: Any, **more: Any) -> None:
        report(self, *args, **more)
        rendered(self.found[-1])

    @functools.wraps(error)
    def raised(self: ArgumentError, subject: str, problems: Any) -> None:
        error(self, subject, problems)
        for problem in self.problems:
            rendered(problem)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Problems, "report", reported)
        patch.setattr(ArgumentError, "__init__", raised)
        for known in (Finding, Assumption, RouteReason):
            patch.setattr(known, "__init__", with_note(known.__init__))
        yield


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Check the codes if all unit tests have run. With pytest-xdist, the workers hand theirs to the controller."""
    config: Any = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["caused"] = sorted(CAUSED)
        config.workeroutput["codes"] = sorted(all_codes())
        return
    codes = CODES or set(all_codes())
    if exitstatus != pytest.ExitCode.OK or not is_complete(session):
        return
    if missing := sorted(codes - CAUSED):
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line("no unit test causes these problem codes:")
        reporter.write_line("  " + " ".join(missing), red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def is_complete(session: pytest.Session) -> bool:
    """Whether the session is of all unit tests."""
    config = session.config
    folders = {Path(argument).resolve() for argument in config.args}
    options = ("keyword", "markexpr", "lf", "deselect")
    return Path(__file__).parent in folders and not any(config.getoption(option, None) for option in options)


CODES: set[str] = set()
"""The codes that the workers of pytest-xdist have registered."""


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the codes of a worker of pytest-xdist."""
    output = getattr(node, "workeroutput", {})
    CAUSED.update(output.get("caused", ()))
    CODES.update(output.get("codes", ()))
