"""How the time of a check grows with the size of a stack."""

import time
from pathlib import Path
from typing import Any

import yaml
from pulumi_portico.stack import load_stack

ROUTES = 5
"""The routes of each service."""


def stack_of(services: int) -> dict[str, Any]:
    names = [f"service-{number}" for number in range(services)]
    routes = [
        {"host": f"{name}.example.com", "path": f"/{number}", "target": {"service": name}}
        for name in names
        for number in range(ROUTES)
    ]
    edge = {"exposure": {"scope": "internal", "platform": "gke"}, "crds": {"installed": True}, "routes": routes}
    return {
        "namespace": "shop",
        "services": {name: {"image": f"{name}:1", "port": 80, "env": {"A": "b"}} for name in names},
        "gateways": {"edge": edge},
    }


def seconds_of(folder: Path, services: int) -> float:
    """The CPU time of a check, the least of three."""
    config = {f"portico:{key}": value for key, value in stack_of(services).items()}
    (folder / f"Pulumi.of{services}.yaml").write_text(yaml.safe_dump({"config": config}))
    measured: list[float] = []
    for _ in range(3):
        start = time.process_time()
        plan = load_stack(f"of{services}", folder)
        measured.append(time.process_time() - start)
        assert len(plan.references) == services * ROUTES
    return min(measured)


def test_a_check_takes_time_in_proportion_to_the_stack(tmp_path: Path) -> None:
    assert seconds_of(tmp_path, 300) <= 4 * seconds_of(tmp_path, 100)
