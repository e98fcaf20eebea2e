"""A stack's configuration: checked whole, in camelCase, before anything is registered."""

import json
from typing import Any

import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.stack import check_stack
from pulumi_portico.testing import Recording, record

from tests.support import ROOT, run_program


def run_stack(config: dict[str, Any], stack: str = "test") -> Recording:
    flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return record(lambda: run_program(ROOT), config=flat, project="portico", stack=stack)


def test_the_stacks_namespace_enforces_pod_security_restricted_and_holds_everything() -> None:
    recorded = run_stack(
        {"portico:namespace": "shop", "portico:services": {"api": {"image": "api:1", "port": 80, "servicePort": 8000}}}
    )
    labels = recorded.manifest("Namespace", "shop")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for kind in ("Deployment", "Service"):
        assert recorded.manifest(kind)["metadata"]["namespace"] == "shop"
        # Nothing is made in a namespace that is not there yet.
        assert recorded.one("Namespace").urn in recorded.one(kind).dependencies
    assert recorded.exports == {"api-url": "http://api.shop.svc.cluster.local:8000"}


def test_a_worker_without_ports_exports_no_url() -> None:
    services = {"mailer": {"image": "mailer:1", "ports": {}}, "api": {"image": "api:1", "port": 80}}
    assert run_stack({"portico:namespace": "shop", "portico:services": services}).exports.keys() == {"api-url"}


def test_every_problem_of_the_stack_is_reported_at_once_in_the_files_spelling() -> None:
    with pytest.raises(ArgumentError) as caught:
        check_stack(
            "dev",
            {
                "namespace": "Shop",
                "services": {
                    "api": {"image": "api", "port": 80, "service_port": 1},
                    "Web": {"port": 0, "replicas": "2"},
                    "jobs": {"image": "jobs:1", "ports": {}, "health": {"path": "/ready"}},
                },
            },
        )
    assert [it.path for it in caught.value.problems] == [
        "portico:namespace",
        "portico:services.api.image",
        "portico:services.api.service_port",
        "portico:services.Web",
        "portico:services.Web.port",
        "portico:services.Web.replicas",
        "portico:services.Web.image",
        "portico:services.jobs.health",
    ]
    assert caught.value.problems[2].fix == "write servicePort"
    assert str(caught.value).startswith('Stack "dev" has 8 problems:')


def test_a_wrong_stack_registers_nothing() -> None:
    registered: list[str] = []

    def program() -> None:
        with pytest.raises(ArgumentError):
            run_program(ROOT)

    config = {"portico:namespace": "shop", "portico:services": json.dumps({"api": {"image": "api:1"}})}
    recorded = record(program, config=config)
    assert recorded.registrations == registered


@pytest.mark.parametrize("services", [[], "api", 3])
def test_services_that_are_no_mapping_are_refused(services: Any) -> None:
    with pytest.raises(ArgumentError, match=r"portico:services: .* is not a mapping"):
        check_stack("dev", {"namespace": "shop", "services": services})


def test_a_missing_namespace_is_said_to_be_missing() -> None:
    with pytest.raises(ArgumentError, match="portico:namespace: is missing"):
        check_stack("dev", {})
