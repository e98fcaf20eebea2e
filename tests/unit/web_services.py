"""What the unit tests of `WebService` share: one made with defaults, and the ways into its pods."""

from typing import Any

import pytest
from pulumi_portico import ArgumentError, WebService
from pulumi_portico.testing import Recording, record

IMAGE = "registry.example.com/team/api:1.4.2"
DIGEST = "sha256:" + "a" * 64
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


def web_service(name: str = "api", **args: Any) -> Recording:
    """A WebService of an image and a port, with these arguments."""
    all_args: Any = {"image": IMAGE, "port": 8080, **args}
    return record(lambda: WebService(name, all_args))


def refused(name: str = "api", **args: Any) -> str:
    """What is said of arguments that are refused, before anything is registered."""
    registered: list[Any] = []
    all_args: Any = {"image": IMAGE, "port": 8080, **args}

    def program() -> None:
        with pytest.raises(ArgumentError) as caught:
            WebService(name, all_args)
        registered.append(str(caught.value))

    recorded = record(program)
    assert recorded.registrations == [], "a refused component has registered something"
    return registered[0]


def workload(recorded: Recording) -> dict[str, Any]:
    """The one workload, of whichever kind."""
    (made,) = (it for it in recorded.manifests() if it["kind"] in WORKLOADS)
    return made


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
