"""What the unit tests of `WebService` share: one with defaults, its problems, and the parts of its manifests."""

from typing import Any

from pulumi_portico import WebService
from pulumi_portico.args.location import KeyStyle
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.testing import Recording, record
from pulumi_portico.web_service.validation import parse_web_service

from tests.problems import problems_of

IMAGE = "registry.example.com/team/api:1.4.2"
DIGEST = "sha256:" + "a" * 64
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


def web_service(name: str = "api", **args: Any) -> Recording:
    """A WebService of an image and a port, with these arguments."""
    all_args: Any = {"image": IMAGE, "port": 8080, **args}
    return record(lambda: WebService(name, all_args))


def problems_with(args: Any, name: str = "api", style: KeyStyle = KeyStyle.PYTHON) -> list[Problem]:
    """What is wrong with the arguments of a WebService, by its rules."""
    ensure_event_loop()
    problems = Problems(f'WebService "{name}"', style=style)
    parse_web_service(name, args, problems)
    return problems.found


def rejected(name: str = "api", **args: Any) -> list[Problem]:
    """The problems for which the component rejects its arguments, before it registers anything."""
    found: list[list[Problem]] = []
    all_args: Any = {"image": IMAGE, "port": 8080, **args}
    recorded = record(lambda: found.append(problems_of(lambda: WebService(name, all_args))))
    assert recorded.registrations == [], "a rejected component registers nothing"
    return found[0]


def workload(recorded: Recording) -> dict[str, Any]:
    """The one workload, of whichever kind."""
    (manifest,) = (manifest for manifest in recorded.manifests() if manifest["kind"] in WORKLOADS)
    return manifest


def template(recorded: Recording) -> dict[str, Any]:
    """The template of its pods."""
    return workload(recorded)["spec"]["template"]


def pod_spec(recorded: Recording) -> dict[str, Any]:
    """The `spec` of its pods."""
    return template(recorded)["spec"]


def container(recorded: Recording) -> dict[str, Any]:
    """The application's container."""
    (application,) = pod_spec(recorded)["containers"]
    return application
