"""URNs are for ever: a changed one replaces a live resource, so each change is a reviewed difference."""

import os
from pathlib import Path
from typing import Any

import pulumi_portico
from pulumi_portico import Exposure, Platform, PublicLoadBalancer, Scope, WebService, WorkloadKind
from pulumi_portico.testing import record

SNAPSHOT = Path(__file__).with_name("urns.txt")


def everything() -> None:
    """One of each component, with every option that makes another resource."""
    environment: Any = {"secret_env": {"A": "b"}, "config_files": {"/a": "b"}}
    more: Any = {"name": "more", "image": "more:1", **environment}
    scale: Any = {"max_replicas": 3}
    args: Any = {"image": "api:1", "port": 8080, "autoscaling": scale, "sidecars": [more], **environment}
    api = WebService("api", args)
    for kind in (WorkloadKind.STATEFUL_SET, WorkloadKind.DAEMON_SET, WorkloadKind.REPLICA_SET):
        WebService(kind.value.lower(), {"image": "api:1", "port": 8080, "kind": kind})
    exposed: Exposure = {"scope": Scope.INTERNET, "platform": Platform.GENERIC, "allowed_sources": ["0.0.0.0/0"]}
    PublicLoadBalancer("public", {"target": api.target(), "exposure": exposed})


def test_no_urn_changes_unseen() -> None:
    recorded = record(everything)
    urns = "".join(f"{it.urn}\n" for it in recorded.registrations)
    if os.environ.get("PORTICO_UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(urns)
    assert urns == SNAPSHOT.read_text(), "alias what is renamed, then run `make snapshots` and review the difference"


def test_every_component_is_in_the_snapshot() -> None:
    components = {name for name in pulumi_portico.__all__ if hasattr(getattr(pulumi_portico, name), "register_outputs")}
    assert components
    recorded = record(everything)
    assert {it.type.rpartition(":")[2] for it in recorded.registrations if not it.custom} == components


def test_order_and_neighbours_change_no_urn() -> None:
    def two(*names: str) -> set[str]:
        def program() -> None:
            for name in names:
                WebService(name, {"image": "x:1", "port": 1})

        return {it.urn for it in record(program).registrations}

    assert two("a", "b") == two("b", "a")
    assert two("a") < two("a", "b")
