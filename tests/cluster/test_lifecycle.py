"""The table of changes (tests/lifecycle.py) on the real engine and API server."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pulumi_portico.args.codes import all_codes

from tests.lifecycle import ROWS, Row
from tests.pulumi_program import PulumiProgram, Run
from tests.scoreboard.cases import program_of
from tools.cluster import Cluster

OBJECTS = (
    "cronjobs,jobs,deployments,statefulsets,daemonsets,services,secrets,configmaps,serviceaccounts,networkpolicies,"
    "poddisruptionbudgets,ingresses,horizontalpodautoscalers,persistentvolumeclaims"
)


def parameters() -> Iterator[Any]:
    for row in ROWS:
        yield pytest.param(row, id=row.id, marks=[pytest.mark.long] if row.long else [])


def placed(value: Any, namespace: str) -> Any:
    """The parts of a stack in its namespace."""
    if isinstance(value, str):
        return value.replace("{ns}", namespace)
    if isinstance(value, Mapping):
        return {key.replace("{ns}", namespace): placed(item, namespace) for key, item in value.items()}
    return [placed(item, namespace) for item in value] if isinstance(value, (list, tuple)) else value


def live(cluster: Cluster, namespace: str) -> dict[str, str]:
    """The kind of each object of a namespace that Portico or a StatefulSet has created, by its identity."""
    found = cluster.get(OBJECTS, "-n", namespace)["items"]
    own = [it for it in found if it["metadata"]["name"] not in ("kube-root-ca.crt", "default")]
    return {it["metadata"]["uid"]: it["kind"] for it in own}


def steps_of(run: Run) -> dict[str, tuple[str, ...]]:
    """What the engine did to each resource that didn't stay."""
    found: dict[str, tuple[str, ...]] = {}
    for step in run.steps:
        if step.op not in ("same", "refresh", "read", "discard") and step.kind not in ("Stack",):
            found[step.name] = (*found.get(step.name, ()), step.op)
    return {name: ops for name, ops in found.items() if ops != ("update",)}


def said(output: str) -> set[str]:
    """The codes of the table whose messages an output has."""
    text = " ".join(output.split())
    return {code for code, pattern in MESSAGES.items() if pattern.search(text)}


def _pattern(message: str) -> re.Pattern[str]:
    texts = re.split(r"\{[^}]*\}", " ".join(message.split()))
    return re.compile(".{1,300}?".join(map(re.escape, texts)))


MESSAGES = {code: _pattern(all_codes()[code].message) for row in ROWS for code in row.says}


@pytest.mark.parametrize("row", list(parameters()))
def test_a_change_does_what_the_table_says(row: Row, program: PulumiProgram, cluster: Cluster, volumes: None) -> None:
    namespace = f"row-{secrets.token_hex(4)}"

    def write(parts: Mapping[str, Any]) -> None:
        program.write(program_of(placed({"namespace": namespace, **parts}, namespace)))

    write(row.before)
    program.up()
    before = live(cluster, namespace)
    write(row.after)
    preview = program.preview(check=False)
    assert (preview.status != 0) == (row.rejected or row.preview_fails), preview.output
    # A rejected preview ends before it has compared everything.
    found = said(preview.output)
    assert set(row.says) <= found if row.rejected else found == set(row.says), preview.output
    run = program.up(check=False)
    assert (run.status != 0) == row.rejected, run.output
    if row.rejected:
        assert live(cluster, namespace) == before
        write(row.before)
    else:
        expected = {placed(name, namespace): tuple(ops) for name, ops in row.steps.items()}
        assert steps_of(run) == expected
        # Nothing else goes. Secrets and ConfigMaps of older revisions stay.
        lost = Counter(kind for uid, kind in before.items() if uid not in live(cluster, namespace))
        gone = Counter(step.kind for step in run.steps if step.op in ("delete", "delete-replaced"))
        if {"claims-deleted", "claim-deleted"} & set(row.says):
            gone["PersistentVolumeClaim"] = lost["PersistentVolumeClaim"]
        assert lost <= gone
        assert program.preview().changes == {}
        assert program.up().changes == {}
    program.destroy()
