"""The check of Pod Security. `tests/cluster` holds it against upstream's own fixtures, and against the API server."""

from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_portico.pod_security import CHECKS, NEWEST, OLDEST, PodSecurityLevel, level_of, violations_of
from pulumi_portico.testing import pod_security_violations

from tests.pod_security import RESTRICTED, ROWS, SINCE, Row, Since, changed, of_app, of_pod

MINORS = range(OLDEST, NEWEST + 1)
NOTHING = PodSecurityLevel.PRIVILEGED
BASELINE = PodSecurityLevel.BASELINE


def test_there_is_a_row_for_every_check() -> None:
    assert {row.check for row in ROWS} == set(CHECKS)


@pytest.mark.parametrize("minor", MINORS)
def test_restricted_allows_the_pod_that_the_rows_change(minor: int) -> None:
    assert violations_of(RESTRICTED, PodSecurityLevel.RESTRICTED, minor) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_check_rejects_its_field_and_no_check_rejects_the_nearest_allowed_value(row: Row) -> None:
    level = PodSecurityLevel(row.level)
    found = violations_of(changed(row.rejected), level)
    assert [violation.field for violation in found if violation.check == row.check] == [row.field]
    assert {violation.check for violation in found} - set(row.also) == {row.check}
    assert {violation.level for violation in found} == {level}
    assert violations_of(changed(row.allowed), level) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_restricted_rejects_whatever_baseline_rejects(row: Row) -> None:
    pod = changed(row.rejected)
    assert violations_of(pod)
    assert violations_of(pod, NOTHING) == []
    assert (level_of(pod) is NOTHING) == (row.level == "baseline" or bool(violations_of(pod, BASELINE)))


@pytest.mark.parametrize("name", SINCE)
def test_a_check_is_that_of_the_version(name: str) -> None:
    row: Since = SINCE[name]
    pod, level = changed(row.change), PodSecurityLevel(row.level)
    allowed = {minor for minor in MINORS if not violations_of(pod, level, minor)}
    assert allowed == {minor for minor in MINORS if (minor >= row.minor) == row.is_allowed}


@pytest.mark.parametrize("group", ["initContainers", "ephemeralContainers"])
def test_every_kind_of_container_is_checked(group: str) -> None:
    found = violations_of(changed({"spec": {group: [{"name": "other", "image": "other:1"}]}}))
    context = f"spec.{group}[0].securityContext"
    assert [violation.field for violation in found] == [
        f"{context}.allowPrivilegeEscalation",
        f"{context}.capabilities.drop",
    ]


def test_a_volume_without_a_source_is_an_empty_folder_as_the_api_server_has_it() -> None:
    assert violations_of(changed({"spec": {"volumes": [{"name": "data"}]}})) == []


UNKNOWN: Any = pulumi.Output.from_input("unknown")


@pytest.mark.parametrize(
    "change",
    [
        of_pod(runAsNonRoot=UNKNOWN, runAsUser=UNKNOWN, seccompProfile=UNKNOWN, sysctls=UNKNOWN),
        of_app(securityContext=UNKNOWN),
        of_app(securityContext={"capabilities": {"drop": UNKNOWN, "add": [UNKNOWN]}, "privileged": UNKNOWN}),
        of_app(securityContext={"capabilities": {"drop": [UNKNOWN]}}),
        of_app(ports=[{"hostPort": UNKNOWN}], livenessProbe={"httpGet": UNKNOWN}),
        {"spec": {"volumes": UNKNOWN, "hostNetwork": UNKNOWN}},
        {"metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/app": UNKNOWN}}},
    ],
)
def test_a_value_that_is_not_known_violates_nothing(change: Any) -> None:
    assert violations_of(changed(change)) == []


WORDS = sorted(
    {
        *("metadata", "annotations", "spec", "containers", "securityContext", "capabilities", "add", "drop", "volumes"),
        *("seccompProfile", "appArmorProfile", "type", "sysctls", "name", "ports", "hostPort", "livenessProbe"),
        *("httpGet", "host", "os", "hostUsers", "runAsUser", "procMount", "seLinuxOptions", "windowsOptions"),
    }
)
LEAVES = st.none() | st.booleans() | st.integers(-1, 1) | st.floats(allow_nan=False) | st.sampled_from(WORDS)
VALUES = st.recursive(
    LEAVES,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(WORDS), below, max_size=4),
    max_leaves=20,
)


@given(metadata=VALUES, spec=st.dictionaries(st.sampled_from(WORDS), VALUES), minor=st.sampled_from(MINORS))
def test_a_pod_of_any_shape_is_judged(metadata: Any, spec: Any, minor: int) -> None:
    pod = {"metadata": metadata, "spec": spec}
    baseline, restricted = (violations_of(pod, level, minor) for level in (BASELINE, PodSecurityLevel.RESTRICTED))
    windows = isinstance(spec.get("os"), dict) and spec["os"].get("name") == "windows"
    # The API server accepts no Windows pod with these fields.
    assert restricted or windows or not baseline


TEMPLATE = {"template": RESTRICTED}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Pod", ()),
        ("PodTemplate", ("template",)),
        *((kind, ("spec", "template")) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")),
        ("ReplicationController", ("spec", "template")),
        ("CronJob", ("spec", "jobTemplate", "spec", "template")),
    ],
)
def test_the_pods_of_every_kind_are_checked(kind: str, path: tuple[str, ...]) -> None:
    def manifest(pod: Any) -> dict[str, Any]:
        for step in reversed(path):
            pod = {step: pod}
        return {"kind": kind, **pod}

    assert pod_security_violations(manifest(RESTRICTED)) == []
    (found,) = pod_security_violations(manifest(changed({"spec": {"hostPID": True}})), "baseline")
    assert (found.check, found.path, found.value) == ("hostNamespaces", (*path, "spec", "hostPID"), True)


def test_an_object_without_pods_violates_nothing() -> None:
    assert pod_security_violations({"kind": "Service", "spec": {"hostNetwork": True}}) == []
    assert pod_security_violations({"kind": "ReplicationController", "spec": {}}) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [({"level": "strict"}, "strict"), ({"version": "1.29"}, "one of 1.30, "), ({"version": "latest"}, "1.37")],
)
def test_an_unknown_level_or_version_is_an_error(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pod_security_violations({"kind": "Pod", **RESTRICTED}, **options)
