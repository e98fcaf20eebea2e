"""Arguments with every number that a component takes, for tests of the limits of the Kubernetes API."""

from __future__ import annotations

import copy
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_portico.args import parse
from pulumi_portico.args.location import ROOT
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.args.shapes import is_args, is_generic, shapes_of, take_apart
from pulumi_portico.args.values import LARGEST_INT32, WholeNumber
from pulumi_portico.aws_load_balancer.target_binding import RULES as BINDING_RULES
from pulumi_portico.aws_load_balancer.target_binding import TargetBindingArgs, binding_objects, parse_target_binding
from pulumi_portico.lifecycle.objects import manifests_of
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.stack.parts import GATEWAYS, JOBS, LOAD_BALANCERS, SECRET_RULES, SERVICES, Kind

__all__ = [
    "BOUNDARIES",
    "NAMESPACE",
    "SAMPLES",
    "TARGET",
    "Leaf",
    "Sample",
    "largest_values",
    "number_fields",
    "number_leaves",
    "plain_args",
    "rule_of",
    "with_value",
]

NAMESPACE = "limits"
_RULES = {**SECRET_RULES, **BINDING_RULES}
_NO_RULES = parse.Field()
TARGET: dict[str, Any] = {
    "service": "api",
    "namespace": NAMESPACE,
    "port": 80,
    "target_port": 8080,
    "selector": {"app": "api"},
    "drain": 20,
}

TARGET_BINDINGS = Kind(
    "target_bindings",
    "TargetBinding",
    TargetBindingArgs,
    parse_target_binding,
    lambda specs: ((name, binding_objects(name, spec)) for name, spec in specs.items()),
)


@dataclass(frozen=True)
class Sample:
    """Valid arguments of one component."""

    kind: Kind
    args: Mapping[str, Any]

    def problems(self, args: Mapping[str, Any] | None = None) -> list[Problem]:
        """What's wrong with the arguments, or with others."""
        ensure_event_loop()
        problems = Problems("limits")
        self.kind.parse("limits", self.args if args is None else args, problems, ROOT, {})
        return problems.found

    def manifests(self, args: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The Kubernetes objects of the arguments, or of others."""
        ensure_event_loop()
        problems = Problems("limits")
        spec = self.kind.parse("limits", self.args if args is None else args, problems, ROOT, {})
        problems.raise_if_any()
        ((_, objects),) = self.kind.objects({"limits": spec})
        return [dict(listed.manifest) for listed in manifests_of("limits", objects, lambda name, _: f"{name}-00000000")]


# The field's type and name.
Field = tuple[type, str]


@dataclass(frozen=True)
class Leaf:
    """A number in arguments."""

    path: tuple[str | int, ...]
    field: Field


def number_leaves(typ: Any, value: Any, path: tuple[str | int, ...] = (), field: Field | None = None) -> Iterator[Leaf]:
    """The whole numbers in arguments of a type."""
    if typ is int:
        assert field is not None
        yield Leaf(path, field)
    elif is_args(typ):
        for name, item in value.items():
            yield from number_leaves(shapes_of(typ)[name].type, item, (*path, name), (typ, name))
    elif is_generic(typ, Mapping):
        for key, item in value.items():
            yield from number_leaves(take_apart(typing.get_args(typ)[1]).type, item, (*path, key), field)
    elif is_generic(typ, Sequence):
        for index, item in enumerate(value):
            yield from number_leaves(take_apart(typing.get_args(typ)[0]).type, item, (*path, index), field)


def number_fields(typ: Any, field: Field | None = None, seen: set[Any] | None = None) -> Iterator[Field]:
    """The fields of a type, at any depth, that are whole numbers or have some."""
    seen = set() if seen is None else seen
    if typ is int:
        assert field is not None
        yield field
    elif is_args(typ):
        if typ not in seen:
            seen.add(typ)
            for name, shape in shapes_of(typ).items():
                yield from number_fields(shape.type, (typ, name), seen)
    elif is_generic(typ, Mapping) or is_generic(typ, Sequence):
        yield from number_fields(take_apart(typing.get_args(typ)[-1]).type, field, seen)


def plain_args(value: Any) -> Any:
    """Arguments without those that are None, as the parser reads them."""
    if isinstance(value, Mapping):
        return {key: plain_args(item) for key, item in value.items() if item is not None}
    return [plain_args(item) for item in value] if isinstance(value, list) else value


def rule_of(field: Field) -> Any:
    """The rule of a field, or of its items; None if it has none."""
    args_type, name = field
    rules = _RULES.get(args_type, {}).get(name, _NO_RULES)
    return rules.items or rules.value


def largest_values(sample: Sample) -> Iterator[dict[str, Any]]:
    """The arguments of a sample with the largest value that Portico accepts at each number, one at a time."""
    for leaf in number_leaves(sample.kind.args_type, plain_args(sample.args)):
        rule = rule_of(leaf.field)
        largest = rule.most if isinstance(rule, WholeNumber) else LARGEST_INT32
        args = with_value(sample.args, leaf.path, largest)
        if not sample.problems(args):
            yield args


def with_value(args: Mapping[str, Any], path: Sequence[str | int], value: Any) -> dict[str, Any]:
    """The arguments with another value at a path."""
    changed: Any = copy.deepcopy(dict(args))
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


IMAGE = "registry.example.com/api:1"
PROBE = {"initial_delay": 1, "period": 5, "timeout": 3, "failures": 4}
SCALING = {"stabilization": 60, "pods": 2, "percent": 50, "period": 60}
AUTOSCALING = {
    "max_replicas": 2**31 - 1,
    "min_replicas": 1,
    "cpu": 50,
    "memory": 60,
    "scale_up": SCALING,
    "scale_down": SCALING,
}
PEER = {"cidr": "10.0.0.0/8", "ports": [443]}
SIDECAR = {
    "name": "log",
    "image": "log:1",
    "port": 9000,
    "resources": {"memory": 32, "disk": 64},
    "health": {"startup_seconds": 9, "startup": PROBE},
    "security": {"user": 10002, "group": 10002},
}
DEPLOYMENT = {
    "image": IMAGE,
    "namespace": NAMESPACE,
    "port": 8080,
    "service_port": 80,
    "replicas": 2,
    "service": {"session_affinity": "ClientIP", "session_affinity_timeout": 60},
    "resources": {"memory": 64, "memory_limit": 96, "disk": 128},
    "health": {"startup_seconds": 30, "startup": PROBE, "readiness": PROBE, "liveness": PROBE},
    "drain": 10,
    "shutdown": 20,
    "ready_timeout": 600,
    "rollout": {
        "max_surge": 1,
        "max_unavailable_percent": 1,
        "min_ready_seconds": 0,
        "progress_deadline_seconds": 2**31 - 1,
        "revision_history_limit": 3,
    },
    "disruption_budget": {"max_unavailable": 1},
    "monitoring": {"interval": 60, "timeout": 10, "metrics_from": [{"cidr": "10.0.0.0/8"}]},
    "placement": {"tolerations": [{"key": "spot", "effect": "NoExecute", "seconds": 60}]},
    "security": {"user": 10001, "group": 10001, "fs_group": 10001},
    "allow_from": [PEER],
    "allow_to": [PEER],
    "dns": {"servers": [{"cidr": "10.96.0.10/32", "ports": [53]}]},
    "volumes": {"scratch": {"size_mib": 64}, "tokens": {"projected": [{"token_audience": "a", "token_seconds": 900}]}},
    "sidecars": [SIDECAR],
}
SCALED = {
    "image": IMAGE,
    "namespace": NAMESPACE,
    "ports": {"http": {"port": 8080, "service_port": 80, "host_port": 8080}},
    "autoscaling": AUTOSCALING,
    "rollout": {"max_surge_percent": 1, "max_unavailable": 1},
    "disruption_budget": {"max_unavailable_percent": 1},
}
STATEFUL_SET = {
    "image": IMAGE,
    "namespace": NAMESPACE,
    "port": 8080,
    "kind": "StatefulSet",
    "storage": {"data": {"path": "/data", "size_gib": 1}},
    "rollout": {"partition": 1},
}
JOB = {
    "image": IMAGE,
    "namespace": NAMESPACE,
    "parallelism": 2,
    "completions": 4,
    "completion_mode": "Indexed",
    "backoff_limit": 5,
    "backoff_limit_per_index": 1,
    "max_failed_indexes": 2,
    "active_deadline_seconds": 600,
    "ttl_seconds_after_finished": 60,
    "success_policy": {"rules": [{"succeeded_indexes": "0,2-3", "succeeded_count": 2}]},
    "restart_policy": "OnFailure",
    "shutdown": 20,
    "ready_timeout": 600,
    "command": ["migrate"],
    "env": {"A": "$(B)", "B": "b"},
    "secret_env": {"TOKEN": "hunter2"},
    "config_files": {"/etc/app/settings": "a"},
    "writable_paths": ["/tmp"],
    "volumes": {"scratch": {"path": "/scratch", "size_mib": 64}},
    "sidecars": [SIDECAR],
    "init_containers": [{"name": "wait", "image": "wait:1"}],
    "allow_to": [PEER],
    "labels": {"team": "a"},
    "pod_annotations": {"example.com/a": "b"},
    "placement": {"spread": {"zones": "preferred"}},
    "security": {"user": 10001},
}
CRON_JOB = {
    "image": IMAGE,
    "namespace": NAMESPACE,
    "schedule": "*/15 0-6,20 ? JAN-dec/2 mon,5",
    "time_zone": "Europe/Berlin",
    "concurrency_policy": "Replace",
    "starting_deadline_seconds": 60,
    "successful_jobs_history_limit": 5,
    "failed_jobs_history_limit": 5,
    "suspend": True,
    "backoff_limit": 1,
    "pod_failure_policy": {"rules": [{"action": "FailJob", "on_exit_codes": {"operator": "NotIn", "values": [0, 42]}}]},
}
HOST = "shop.example.com"
ROUTE = {
    "target": TARGET,
    "host": HOST,
    "timeouts": {"connect": 5, "read": 60, "send": 60},
    "body_size": 8,
    "session_persistence": {"max_age": 60},
    "rate_limit": {"requests": 1, "burst": 2**31 - 1, "connections": 5},
    "cors": {"origins": ["https://shop.example.com"], "max_age": 60},
}
F5_ROUTE = {**ROUTE, "session_persistence": None, "rate_limit": {"requests": 1, "burst": 2**31 - 1}}
REDIRECT = {"host": "www.example.com", "redirect": {"host": HOST, "path": "/", "code": 308}}
EXPOSURE = {"scope": "internet", "platform": "generic", "allowed_sources": ["0.0.0.0/0"], "client_ip": "preserve"}
SETTINGS = {
    "hsts": {"max_age": 60, "include_subdomains": True, "preload": True},
    "body_size": 8,
    "timeouts": {"connect": 5, "read": 60, "send": 60},
    "keep_alive": {"timeout": 75, "requests": 1000},
    "workers": {"processes": 2, "connections": 1024},
    "header_buffers": {"size": 16, "number": 8},
    "response_buffers": {"size": 8, "number": 16},
    "upstream_keep_alive": 32,
}
GATEWAY = {
    "namespace": NAMESPACE,
    "exposure": EXPOSURE,
    "tls": {
        HOST: {"issuer": "ca", "key_size": 4096, "duration": 2160, "renew_before": 720},
        "www.example.com": {"secret": "www-tls"},
    },
    "dns_records": {HOST: {"ttl": 60, "set_identifier": "blue", "weight": 100}},
    "routes": [ROUTE, REDIRECT],
    "settings": SETTINGS,
    "ready_timeout": 600,
    "installation": {
        "replicas": 2,
        "drain": 30,
        "shutdown": 60,
        "metrics_from": [{"cidr": "10.0.0.0/8"}],
        "monitoring": {"interval": 60, "timeout": 10},
    },
}
GENERIC = {
    "controller": "generic",
    "install": False,
    "class_name": "alb",
    "namespace": NAMESPACE,
    "controller_peers": [{"cidr": "10.0.0.0/8"}],
    "default_backend": TARGET,
}
CHECKED = {"interval": 30, "timeout": 10, "healthy": 3, "unhealthy": 3}
ON_AWS = {"scope": "internet", "platform": "aws-controller", "allowed_sources": ["0.0.0.0/0"]}

SAMPLES: Mapping[str, Sample] = {
    "Deployment": Sample(SERVICES, DEPLOYMENT),
    "autoscaled": Sample(SERVICES, SCALED),
    "StatefulSet": Sample(SERVICES, STATEFUL_SET),
    "Job": Sample(JOBS, JOB),
    "CronJob": Sample(JOBS, CRON_JOB),
    "f5-nginx": Sample(
        GATEWAYS,
        {**GATEWAY, "crds": {"installed": True}, "routes": [F5_ROUTE, REDIRECT]},
    ),
    "ingress-nginx": Sample(GATEWAYS, {**GATEWAY, "controller": "ingress-nginx"}),
    "autoscaled controller": Sample(
        GATEWAYS, {"exposure": EXPOSURE, "namespace": NAMESPACE, "installation": {"autoscaling": AUTOSCALING}}
    ),
    "generic": Sample(GATEWAYS, GENERIC),
    "aws-controller": Sample(
        LOAD_BALANCERS,
        {
            "target": TARGET,
            "exposure": {**ON_AWS, "health": {**CHECKED, "port": 8081}, "idle_timeout": 600},
            "ready_timeout": 60,
        },
    ),
    "node-port": Sample(
        LOAD_BALANCERS,
        {"target": TARGET, "exposure": {**EXPOSURE, "platform": "node-port", "node_ports": {"http": 30080}}},
    ),
    "gke": Sample(
        LOAD_BALANCERS,
        {
            "target": TARGET,
            "exposure": {**EXPOSURE, "platform": "gke", "health": {"node_port": 32000}},
            "ports": {"http": {"port": 80, "target_port": 8080}},
        },
    ),
    "azure": Sample(
        LOAD_BALANCERS,
        {
            "target": TARGET,
            "exposure": {
                **EXPOSURE,
                "platform": "azure",
                "client_ip": "hide",
                "health": {"interval": 5, "unhealthy": 2},
                "idle_timeout": 240,
            },
        },
    ),
    "TargetBinding": Sample(
        TARGET_BINDINGS,
        {
            "target": TARGET,
            "target_group": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/0123456789abcdef",
            "health_port": 8081,
        },
    ),
}
"""Arguments that set every whole number of every component with Kubernetes objects, apart from `AwsLoadBalancer`."""

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_ZONE = "topology.kubernetes.io/zone"
_SELECTOR = {
    "matchLabels": {"app": "api"},
    "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "old", "operator": "DoesNotExist"},
    ],
}
_PODS = {
    "topologyKey": _ZONE,
    "labelSelector": _SELECTOR,
    "namespaces": ["other"],
    "namespaceSelector": {},
    "matchLabelKeys": ["version"],
    "mismatchLabelKeys": ["tenant"],
}
_NODES = {
    "matchExpressions": [
        {"key": "pool", "operator": "NotIn", "values": ["a", ""]},
        {"key": "size", "operator": "Gt", "values": ["4"]},
        {"key": "gpu", "operator": "Exists"},
    ],
    "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}],
}
_PODS_BESIDE = {_REQUIRED: [_PODS], _PREFERRED: [{"weight": 100, "podAffinityTerm": {"topologyKey": _ZONE}}]}
AFFINITY = {
    "nodeAffinity": {
        _REQUIRED: {"nodeSelectorTerms": [_NODES, {}]},
        _PREFERRED: [{"weight": 1, "preference": _NODES}],
    },
    "podAffinity": _PODS_BESIDE,
    "podAntiAffinity": _PODS_BESIDE,
}
_PLAIN = {"image": IMAGE, "namespace": NAMESPACE, "port": 8080}
_METRICS = [
    {"source": "External", "name": "a b:c", "total": 2**53},
    {"source": "Pods", "name": "..a", "average": 0.001},
    {
        "source": "Object",
        "name": "requests",
        "average": 1,
        "object_api_version": "networking.k8s.io/v1",
        "object_kind": "Ingress",
        "object_name": "a.b",
    },
]
_PROJECTED = [
    {"secret": "a", "items": {"A.b-c_d": "a/b", ".e": ".e"}},
    {"fields": {"labels": "metadata.labels", "c": "metadata.annotations['Example.com/Key']", "d": "metadata.uid"}},
    {"token_audience": "vault", "token_path": "a/token"},
]

BOUNDARIES: Mapping[str, Sample] = {
    "affinity": Sample(SERVICES, {**_PLAIN, "placement": {"affinity": AFFINITY}}),
    "metrics": Sample(SERVICES, {**_PLAIN, "autoscaling": {"max_replicas": 2, "metrics": _METRICS}}),
    "projected": Sample(SERVICES, {**_PLAIN, "volumes": {"a": {"path": "/a", "projected": _PROJECTED}}}),
    "nothing projected": Sample(SERVICES, {**_PLAIN, "volumes": {"a": {"path": "/a", "projected": []}}}),
    "annotations": Sample(
        SERVICES,
        {
            **_PLAIN,
            "pod_annotations": {
                "a": "x" * (252 * 1024 - 1 - 53),
                "controller.kubernetes.io/pod-deletion-cost": "-2147483647",
            },
            "service": {"annotations": {"a": "x" * (252 * 1024 - 1)}},
            "identity": {"annotations": {"a": "x" * (252 * 1024 - 1)}},
        },
    ),
    "contents": Sample(SERVICES, {**_PLAIN, "config_files": {"/..a": "é" * 2**18, "/b": "<" * 390_000}}),
    "object": Sample(SERVICES, {**_PLAIN, "replicas": 0, "args": ["x" * 2**20, "y" * (379 * 1024)]}),
    "variables": Sample(
        SERVICES,
        {
            **_PLAIN,
            "replicas": 0,
            "env": {f"VARIABLE_{at}": "x" for at in range(12_000)},
            "field_env": {"A": "metadata.annotations['Example.com/Key']", "B": "status.hostIPs"},
        },
    ),
    "peers": Sample(
        SERVICES, {**_PLAIN, "allow_to": [{"cidr": "10.0.0.0/8", "cidr_except": ["10.0.0.0/9", "10.255.255.255/32"]}]}
    ),
    "class": Sample(
        GATEWAYS,
        {
            "exposure": EXPOSURE,
            "controller": "ingress-nginx",
            "namespace": NAMESPACE,
            "class_name": "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 37,
        },
    ),
}
"""Arguments at other limits than those of numbers, all of which Kubernetes accepts."""
