"""What Portico accepts is within the limits of the Kubernetes API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from kubernetes_validate import SchemaNotFoundError
from pulumi_portico.args.location import Location
from pulumi_portico.args.parse import Field
from pulumi_portico.args.values import LARGEST_INT32, LARGEST_MIB, WholeNumber
from pulumi_portico.aws_load_balancer.target_binding import RULES as BINDING_RULES
from pulumi_portico.stack.parts import KINDS, SECRET_RULES

from tests.kubernetes_limits import SAMPLES, Leaf, Sample, number_fields, number_leaves, with_value
from tests.kubernetes_schemas import VERSIONS, numbers_out_of_range

RULES = {**SECRET_RULES, **BINDING_RULES}

# The whole numbers that Kubernetes doesn't store in 32 bits, and the largest one.
LARGER: Mapping[tuple[str, str], int] = {
    ("Resources", "memory"): LARGEST_MIB,
    ("Resources", "disk"): LARGEST_MIB,
    ("Volume", "size_mib"): LARGEST_MIB,
    ("Storage", "size_gib"): LARGEST_MIB // 1024,
    ("Projection", "token_seconds"): 2**32,
}


def rule_of(field: tuple[type, str]) -> Any:
    args_type, name = field
    rules = RULES.get(args_type, {}).get(name, Field())
    return rules.items or rules.value


def test_every_whole_number_has_a_bound() -> None:
    """A field without a rule, or with one that allows more than 32 bits, is a number that the API server rejects."""
    fields = {field for kind in KINDS for field in number_fields(kind.args_type)}
    for field in fields:
        rule, name = rule_of(field), (field[0].__name__, field[1])
        assert rule is not None, f"{name} has no rule"
        largest = LARGER.get(name, LARGEST_INT32)
        assert rule(largest + 1) is not None, f"{name} accepts more than {largest}"


def test_the_samples_set_every_whole_number() -> None:
    fields = {field for sample in SAMPLES.values() for field in number_fields(sample.kind.args_type)}
    covered = {
        leaf.field for sample in SAMPLES.values() for leaf in number_leaves(sample.kind.args_type, _plain(sample.args))
    }
    assert fields - covered == set()


def _plain(value: Any) -> Any:
    """A value without what is None, as the parser reads it."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list) else value


LEAVES = [
    pytest.param(sample, leaf, id=f"{name} {'.'.join(map(str, leaf.path))}")
    for name, sample in SAMPLES.items()
    for leaf in number_leaves(sample.kind.args_type, _plain(sample.args))
]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_valid(name: str) -> None:
    assert [str(problem) for problem in SAMPLES[name].problems()] == []


@pytest.mark.parametrize(("sample", "leaf"), LEAVES)
def test_the_largest_accepted_number_is_in_the_range_of_its_format(sample: Sample, leaf: Leaf) -> None:
    rule = rule_of(leaf.field)
    largest = rule.most if isinstance(rule, WholeNumber) else LARGEST_INT32
    too_large = with_value(sample.args, leaf.path, largest + 1)
    found = [problem for problem in sample.problems(too_large) if problem.location.is_within(Location(leaf.path))]
    assert found, f"{largest + 1} is accepted"
    args = with_value(sample.args, leaf.path, largest)
    if sample.problems(args):
        # Another rule of the field, or of others beside it, is stricter.
        return
    for manifest in sample.manifests(args):
        for version in VERSIONS:
            try:
                assert list(numbers_out_of_range(manifest, version)) == []
            except (SchemaNotFoundError, FileNotFoundError):
                # A custom resource.
                continue
