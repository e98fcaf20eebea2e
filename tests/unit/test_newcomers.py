"""What newcomers from Kubernetes, Helm, and Compose write leads to a valid stack in one step (newcomers.yaml)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_portico.args import manifests
from pulumi_portico.args.location import Key
from pulumi_portico.cli.fixing.fixes import FixedStack, fix_stack

ROWS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "newcomers.yaml").read_text())


class Plain(yaml.SafeDumper):
    """Writes a value that occurs twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def values_of(row: dict[str, Any]) -> dict[str, Any]:
    parts = dict(row.get("stack", {}))
    services = {"web": row["service"], **parts.pop("services", {})}
    return {"namespace": "shop", "services": services, **parts}


def text_of(row: dict[str, Any]) -> str:
    if "file" in row:
        return row["file"]
    config = {f"portico:{key}": value for key, value in values_of(row).items()}
    return yaml.dump({"config": config}, Dumper=Plain, sort_keys=False)


def fix(folder: Path, text: str, rounds: int = 20) -> FixedStack:
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text(text)
    return fix_stack("dev", folder, rounds=rounds)


def problems_before(folder: Path, text: str) -> list[str]:
    error = fix(folder, text, rounds=0).error
    return [] if error is None else [problem.code.name for problem in error.problems]


def test_thirty_mistakes_or_more_are_listed() -> None:
    assert len(ROWS) == len({row["name"] for row in ROWS}) >= 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_mistake_is_reported(row: dict[str, Any], tmp_path: Path) -> None:
    assert problems_before(tmp_path, text_of(row)) == row["problems"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_the_fixes_lead_to_a_valid_stack_in_one_step(row: dict[str, Any], tmp_path: Path) -> None:
    fixed = fix(tmp_path, text_of(row))
    left = fixed.error.problems if fixed.error else ()
    assert not [(problem.code.name, problem.path) for problem in left]
    texts = {file.name: text for file, text in fixed.texts.items()}
    config = yaml.safe_load(texts.pop("Pulumi.dev.yaml"))["config"]
    found = {key.removeprefix("portico:"): value for key, value in config.items()}
    assert found == {"namespace": "shop", **row["fixed"]}
    # What a stack has no place for stays, as manifests.
    kinds = [document["kind"] for text in texts.values() for document in yaml.safe_load_all(text)]
    assert kinds == row.get("kept", [])


@pytest.mark.parametrize("row", [row for row in ROWS if "fields" in row], ids=lambda row: row["name"])
def test_a_whole_file_is_answered_with_the_places_of_its_parts(row: dict[str, Any], tmp_path: Path) -> None:
    error = fix(tmp_path, row["file"], rounds=0).error
    assert error is not None
    fields = [problem.as_data()["params"]["fields"] for problem in error.problems]
    assert [[".".join(field) for field in each] for each in fields] == row["fields"]


def test_a_fixed_file_has_the_decisions_of_its_author_as_comments(tmp_path: Path) -> None:
    fixed = fix(tmp_path, "services: {db: {image: postgres, volumes: ['data:/var/lib/postgresql/data', './a:/b']}}\n")
    (text,) = fixed.texts.values()
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [word in " ".join(comments) for word in ("version", "size of the storage", "./a", "port")] == [True] * 4


def test_a_base_file_is_converted_without_the_prefix(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "services: {web: {image: 'nginx:1.27', ports: ['80:80'], restart: always}}\nvolumes: {}\n"
    )
    fixed = fix(tmp_path, "config: {portico:extends: base.yaml}\n")
    assert fixed.error is None
    (text,) = fixed.texts.values()
    assert yaml.safe_load(text)["services"] == {"web": {"image": "nginx:1.27", "port": 80, "replicas": 1}}


def test_the_file_of_manifests_overwrites_none(tmp_path: Path) -> None:
    (tmp_path / "manifests-dev.yaml").write_text("kind: Mine\n")
    row = next(row for row in ROWS if "kept" in row)
    fixed = fix(tmp_path, row["file"])
    assert [file.name for file in fixed.texts] == ["Pulumi.dev.yaml", "manifests-dev-2.yaml"]


def test_encrypted_values_of_a_pasted_file_stay(tmp_path: Path) -> None:
    fixed = fix(tmp_path, "services: {web: {image: 'nginx:1.27', restart: always, environment: {A: {secure: AAAB}}}}\n")
    assert fixed.error is not None
    assert not fixed.texts


def test_manifests_in_place_of_services_are_converted(tmp_path: Path) -> None:
    row = next(row for row in ROWS if row["name"] == "a whole guestbook as the stack file")
    values = {"portico:namespace": "redis-leader", "portico:services": list(yaml.safe_load_all(row["file"]))}
    fixed = fix(tmp_path, yaml.dump({"config": values}, Dumper=Plain, sort_keys=False))
    assert fixed.error is None
    (text,) = fixed.texts.values()
    config = yaml.safe_load(text)["config"]
    assert {key.removeprefix("portico:"): value for key, value in config.items()} == row["fixed"]


JOB = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "report"}, "spec": {"schedule": "0 3 * * *"}}
OF_JOBS: dict[str, tuple[dict[str, Any], str]] = {
    "at the top level": ({"cronJobs": {"report": {"image": "a:1"}}}, "CronJob"),
    "as a kind": ({"services": {"web": {"image": "a:1", "ports": {}, "kind": "CronJob"}}}, "CronJob"),
    "as a template": ({"services": {"web": {"image": "a:1", "ports": {}, "jobTemplate": {}}}}, "CronJob"),
}


def problems_of_jobs(folder: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    config = {f"portico:{key}": value for key, value in {"namespace": "shop", **values}.items()}
    error = fix(folder, yaml.dump({"config": config}), rounds=0).error
    return [] if error is None else [problem.as_data() for problem in error.problems]


@pytest.mark.parametrize("name", OF_JOBS)
def test_a_job_gets_a_lead(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values, kind = OF_JOBS[name]
    monkeypatch.setattr(manifests, "PLACES", {key: at for key, at in manifests.PLACES.items() if key != kind})
    (problem,) = problems_of_jobs(tmp_path, values)
    assert (problem["code"], problem["params"]["kind"]) == ("kind-without-place", kind)


@pytest.mark.parametrize("name", OF_JOBS)
def test_one_line_of_the_table_gives_jobs_a_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values, kind = OF_JOBS[name]
    place = ("jobs", Key("NAME"))
    monkeypatch.setattr(manifests, "PLACES", {**manifests.PLACES, kind: (place,)})
    (problem,) = problems_of_jobs(tmp_path, values)
    assert (problem["code"], problem["params"]["kind"]) == ("kind-elsewhere", kind)
    assert problem["params"]["fields"] == [["jobs", "NAME"]]


def test_the_manifest_of_a_job_gets_a_lead(tmp_path: Path) -> None:
    (problem,) = problems_of_jobs(tmp_path, {"services": {"report": JOB}})
    assert problem["params"]["kind"] == "CronJob"
    assert problem["fix"]


@pytest.mark.parametrize(
    ("extra", "left"),
    [
        ("{spec: {serviceAccountName: app}}", None),
        ("\n        # why\n        spec:\n          activeDeadlineSeconds: 5", None),
        ("{spec: {priority: 5, hostname: a, activeDeadlineSeconds: 5}}", {"spec": {"priority": 5, "hostname": "a"}}),
        ("{spec: {activeDeadlineSeconds: 5}, metadata: {labels: {a: b}}}", {"metadata": {"labels": {"a": "b"}}}),
        ("{spec: {securityContext: {fsGroup: 5}}}", None),
    ],
)
def test_a_fix_leaves_nothing_empty_in_extra(extra: str, left: Any, tmp_path: Path) -> None:
    web = f"web:\n      image: 'a:1'\n      port: 8080\n      extra: {extra}\n"
    fixed = fix(tmp_path, f"config:\n  portico:namespace: shop\n  portico:services:\n    {web}")
    (text,) = fixed.texts.values()
    assert yaml.safe_load(text)["config"]["portico:services"]["web"].get("extra") == left
    assert ("# why" in text) == ("# why" in extra)
