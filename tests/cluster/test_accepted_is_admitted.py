"""What Portico accepts, the real API server admits: generated arguments, by strict dry run, with their pods.

`make fuzz` tries other arguments than `make test`, and more of them.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pulumi_portico.stack.parts import GATEWAYS

from tests.cluster.test_kubernetes_limits import sendable
from tests.examples import SEED, examples
from tests.generated_args import changed_args
from tests.kubernetes_limits import BOUNDARIES, NAMESPACE, SAMPLES, Sample
from tools.cluster import Cluster

_TARGET = {"service": "api", "namespace": NAMESPACE, "port": 80, "target_port": 8080, "selector": {"app": "api"}}
_CHECKED = {"ca_certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}
GATEWAY_API: Mapping[str, Any] = {
    "controller": "gateway-api",
    "implementation": "envoy-gateway",
    "class_name": "eg",
    "namespace": NAMESPACE,
    "multi_label_wildcards": True,
    "tls": {"a.example.com": {"secret": "a"}, "*.b.example.com": {"cluster_issuer": "letsencrypt", "duration": 100}},
    "dns_records": {"a.example.com": {"ttl": 5}},
    "route_namespaces": ["blog"],
    "labels": {"team": "a"},
    "routes": [
        {
            "host": "a.example.com",
            "target": _TARGET,
            "path": "/x",
            "rewrite": "/y",
            "body_size": 3,
            "allowed_sources": ["10.0.0.0/8"],
            "denied_sources": ["10.1.0.0/16"],
            "request_headers": {"A": "b"},
            "response_headers": {"C": "d"},
            "cors": {"origins": ["https://a.example.com"], "max_age": 4},
            "websocket": True,
            "timeouts": {"connect": 3},
            "load_balancing": "round-robin",
            "basic_auth": {"secret": "users"},
        },
        {"host": "c.b.example.com", "target": _TARGET, "protocol": "GRPC"},
        {"host": "r.example.com", "redirect": {"host": "a.example.com", "path": "/q", "keep_query": True}},
        {"target": _TARGET, "path": "/hello"},
        {
            "host": "s.example.com",
            "target": {**_TARGET, "service": "secured"},
            "protocol": "HTTPS",
            "backend_tls": _CHECKED,
        },
    ],
}
BASES = {**SAMPLES, **{name: BOUNDARIES[name] for name in ("affinity", "metrics", "projected", "peers")}}
BASES["gateway-api"] = Sample(GATEWAYS, GATEWAY_API)
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
BATCH = 150
FIRST_SEED = SEED * 1_000_000


def accepted() -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of generated arguments that Portico accepts, each with its seed."""
    for seed in range(FIRST_SEED, FIRST_SEED + examples(1_500)):
        chance = random.Random(seed)
        sample = BASES[chance.choice(list(BASES))]
        args = changed_args(sample, chance)
        if not sample.problems(args):
            for manifest in sample.manifests(args):
                if (sent := sendable(manifest)) is not None:
                    yield seed, without_prerequisites(sent)


def without_prerequisites(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what the cluster must have for it: classes, and two families of addresses."""
    changed: Any = copy.deepcopy(dict(manifest))
    if manifest["kind"] == "Service":
        for field in ("ipFamilies", "ipFamilyPolicy"):
            changed["spec"].pop(field, None)
    if manifest["kind"] in WORKLOADS:
        for field in ("priorityClassName", "runtimeClassName"):
            template_of(changed)["spec"].pop(field, None)
    return changed


def template_of(manifest: Mapping[str, Any]) -> Any:
    """The template of a workload's pods."""
    spec = manifest["spec"]
    return spec["jobTemplate"]["spec"]["template"] if manifest["kind"] == "CronJob" else spec["template"]


def pods(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A pod as the controller of a workload creates it."""
    if manifest["kind"] in WORKLOADS:
        template: Any = copy.deepcopy(template_of(manifest))
        claims = [claim["metadata"]["name"] for claim in manifest["spec"].get("volumeClaimTemplates", [])]
        template["spec"].setdefault("volumes", []).extend({"name": name, "emptyDir": {}} for name in claims)
        # The service account is created with the workload.
        template["spec"].pop("serviceAccountName", None)
        metadata = {**template["metadata"], "name": "generated", "namespace": manifest["metadata"]["namespace"]}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def rejections(cluster: Cluster, manifests: list[dict[str, Any]]) -> str:
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    command = ("apply", "--server-side", "--force-conflicts", "--validate=strict", "--dry-run=server", "-f", "-")
    printed = cluster.kubectl(*command, stdin=document, check=False)
    return "\n".join(line for line in printed.splitlines() if line.startswith(("Error", "error", "The ", "*")))


@pytest.mark.timeout(3600)
def test_what_is_accepted_is_admitted(gateway_api_cluster: Cluster) -> None:
    cluster = gateway_api_cluster
    by_text: dict[str, int] = {}
    for seed, manifest in accepted():
        for sent in (manifest, *pods(manifest)):
            by_text.setdefault(json.dumps(sent, sort_keys=True), seed)
    found = [(seed, json.loads(text)) for text, seed in by_text.items()]
    assert len(found) > 300
    namespaces = {sent["metadata"].get("namespace") for _, sent in found} - {None}
    for name in {NAMESPACE, *namespaces}:
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    rejected: list[str] = []
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        if rejections(cluster, [sent for _, sent in batch]):
            # A message doesn't say which of several objects of one name it is about.
            rejected += [f"{seed}: {text}" for seed, sent in batch if (text := rejections(cluster, [sent]))]
    assert rejected == []
