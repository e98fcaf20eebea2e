"""A size in bytes, as Kubernetes reads a number without a unit, leads to the number of the field's unit."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico.args.location import ROOT
from pulumi_portico.args.problems import Problems, Set
from pulumi_portico.web_service.validation import parse_web_service


def problems_of(**args: Any) -> list[tuple[str, Any]]:
    problems = Problems("WebService")
    parse_web_service("web", {"image": "web:1.0", "port": 8080, **args}, problems, ROOT)
    return [
        (problem.code.name, edit.value) for problem in problems.found for edit in problem.edits if isinstance(edit, Set)
    ]


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        ({"resources": {"memory": 512 * 2**20}}, 512),
        ({"resources": {"memory": 10**9}}, 954),
        ({"resources": {"disk": 2 * 2**30}}, 2048),
        ({"volumes": {"cache": {"path": "/cache", "size_mib": 2**30}}}, 1024),
        ({"kind": "StatefulSet", "storage": {"data": {"path": "/data", "size_gib": 10 * 2**30}}}, 10),
    ],
)
def test_bytes_lead_to_the_number_of_the_unit(args: dict[str, Any], meant: int) -> None:
    assert problems_of(**args) == [("size-in-bytes", meant)]


def test_the_largest_nodes_are_accepted() -> None:
    assert problems_of(resources={"memory": 24 * 2**20}) == []
