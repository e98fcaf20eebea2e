"""What stands in for the API server's Pod Security where there is none. tests/cluster asks the real one the same."""

import pytest

from tests.pod_security import RESTRICTED, WORSE, changed, not_restricted


def test_what_is_restricted_is_let_in() -> None:
    assert not_restricted(RESTRICTED) == []


@pytest.mark.parametrize("field", WORSE)
def test_each_field_that_is_worse_is_named(field: str) -> None:
    found = not_restricted(changed(*WORSE[field]))
    assert field in found


def test_an_init_container_is_held_to_the_same() -> None:
    assert not_restricted({**RESTRICTED, "initContainers": [{"name": "first", "image": "first:1"}]}) == [
        "first.allowPrivilegeEscalation",
        "first.capabilities.drop",
    ]
