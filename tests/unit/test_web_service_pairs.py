"""Every two options of a WebService together: Portico accepts them. The API server sees them in tests/cluster."""

import pytest

from tests.cluster.web_service_pairs import services, unmet
from tests.unit.web_services import problems_with


def test_every_two_options_that_can_meet_do() -> None:
    assert unmet() == set()


@pytest.mark.parametrize("name", services())
def test_a_row_of_the_table_is_accepted(name: str) -> None:
    args = {"image": "registry.example.com/app:1", "namespace": "shop", **services()[name]}
    assert problems_with(args, name) == []
