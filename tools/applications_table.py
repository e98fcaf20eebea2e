"""The table of docs/applications.md: what each published application has, and what its stack file makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi_portico.cli.project import Stack
from pulumi_portico.cli.rendering.manifests import rendered_objects
from pulumi_portico.stack import load_stack

from tools.cluster import ROOT
from tools.tables import filled, markdown

__all__ = ["APPLICATIONS", "FILE", "FOLDER", "Original", "generate", "objects_of"]

FILE = ROOT / "docs" / "applications.md"
FOLDER = ROOT / "examples" / "applications"


@dataclass(frozen=True)
class Original:
    """The manifests that an application is published with."""

    title: str
    address: str
    commit: str
    objects: Mapping[str, int]
    """How many objects there are of each kind."""
    lines: int
    """The lines that are neither blank nor comments."""


APPLICATIONS: Mapping[str, Original] = {
    "sock-shop": Original(
        "Sock Shop",
        "https://github.com/microservices-demo/microservices-demo/blob/master/deploy/kubernetes/complete-demo.yaml",
        "9dff06f",
        {"Deployment": 14, "Service": 14, "Namespace": 1},
        873,
    ),
    "keycloak": Original(
        "Keycloak",
        "https://github.com/keycloak/keycloak-quickstarts/tree/main/kubernetes",
        "c93be99",
        {"Service": 3, "StatefulSet": 1, "Deployment": 1, "Ingress": 1},
        185,
    ),
    "wordpress": Original(
        "WordPress and MySQL",
        "https://kubernetes.io/docs/tutorials/stateful-application/mysql-wordpress-persistent-volume/",
        "0f00975",
        {"Deployment": 2, "Service": 2, "PersistentVolumeClaim": 2, "Secret": 1},
        143,
    ),
    "podinfo": Original(
        "podinfo",
        "https://github.com/stefanprodan/podinfo/tree/master/deploy/overlays/production",
        "eec06d1",
        {
            "Service": 5,
            "Deployment": 4,
            "CronJob": 4,
            "ConfigMap": 4,
            "HorizontalPodAutoscaler": 3,
            "ServiceAccount": 2,
            "StatefulSet": 1,
            "PersistentVolumeClaim": 1,
            "Namespace": 1,
        },
        835,
    ),
    "mastodon": Original(
        "Mastodon",
        "https://github.com/mastodon/chart",
        "3c8d76d",
        {
            "Deployment": 3,
            "Service": 2,
            "Job": 2,
            "PersistentVolumeClaim": 2,
            "Secret": 2,
            "CronJob": 1,
            "ConfigMap": 1,
            "Ingress": 1,
            "ServiceAccount": 1,
        },
        2012,
    ),
}
"""The applications, by stack. Of Mastodon's chart, the templates that its default values use count, without those of
the charts that it depends on."""


def objects_of(name: str) -> Counter[str]:
    """How many objects of each kind `portico render` prints for an application."""
    stack = Stack(name, "applications", load_stack(name, FOLDER))
    return Counter(str(rendered.manifest["kind"]) for rendered in rendered_objects(stack))


def _table() -> str:
    head = ["application", "objects of the original", "objects of the stack", "lines of the original", "lines here"]
    return markdown(head, (_row(name, original) for name, original in APPLICATIONS.items()))


def _row(name: str, original: Original) -> list[str]:
    file = FOLDER / f"Pulumi.{name}.yaml"
    published = f"[original]({original.address}) ({original.commit})"
    return [
        f"[{original.title}](../examples/applications/{file.name})<br>{published}",
        _counted(original.objects),
        _counted(objects_of(name)),
        str(original.lines),
        str(_lines(file)),
    ]


def _counted(objects: Mapping[str, int]) -> str:
    ordered = sorted(objects.items(), key=lambda each: (-each[1], each[0]))
    return f"{sum(objects.values())}: " + ", ".join(f"{number} {kind}" for kind, number in ordered)


def _lines(file: Path) -> int:
    lines = (line.strip() for line in file.read_text().splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def generate(page: str) -> str:
    """The page with its table as the stack files have it."""
    return filled(page, {"applications": _table()})
