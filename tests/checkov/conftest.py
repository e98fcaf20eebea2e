"""What is audited, judged once for all tests. Outputs stand among the parameters of tests, so the event loop must be
there before they are collected."""

import pytest
from pulumi_portico.testing import Recording, ensure_event_loop

from tests import stacks
from tests.checkov.balancers import recordings
from tools.checkov import Judged, audit, audit_manifests
from tools.terraform_plan import terraform_plan

ensure_event_loop()


@pytest.fixture(scope="session")
def recorded() -> dict[str, Recording]:
    """Load balancers that Pulumi owns."""
    return recordings()


@pytest.fixture(scope="session")
def stacks_recorded() -> dict[str, Recording]:
    """The stacks that ship."""
    return {name: stacks.recorded(name) for name in stacks.NAMES}


@pytest.fixture(scope="session")
def judged(
    recorded: dict[str, Recording], stacks_recorded: dict[str, Recording], tmp_path_factory: pytest.TempPathFactory
) -> list[Judged]:
    """What is made of AWS: by the load balancers, and by the stack that has some."""
    plans = {
        name: terraform_plan(it) for name, it in (*recorded.items(), (stacks.ON_AWS, stacks_recorded[stacks.ON_AWS]))
    }
    return audit(plans, tmp_path_factory.mktemp("plans"))


@pytest.fixture(scope="session")
def judged_manifests(stacks_recorded: dict[str, Recording], tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    """What is made of Kubernetes, by the stacks that ship."""
    manifests = {name: it.manifests() for name, it in stacks_recorded.items()}
    return audit_manifests(manifests, tmp_path_factory.mktemp("manifests"))
