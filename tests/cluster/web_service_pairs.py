"""A table of `WebService` arguments in which every two options meet that can: what a real API server is shown."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any, cast

from covertable import make

_MIGRATE = {"name": "migrate", "image": "registry.example.com/migrate:1", "secret_env": {"TOKEN": "canary-5d3a"}}
_PROXY = {
    "name": "proxy",
    "image": "registry.example.com/proxy:1",
    "port": 9901,
    "health": {"path": "/ready"},
    "writable_paths": ["/tmp"],
    "config_files": {"/etc/proxy/proxy.yaml": "{}"},
    "mounts": {"scratch": "/scratch"},
    "resources": {"cpu": 0.05, "memory": 32},
}

OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "kind": {kind: {"kind": kind} for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")},
    "ports": {
        "one": {"port": 8080},
        "several": {
            "ports": {
                "http": {"port": 8080, "app_protocol": "http"},
                "grpc": {"port": 9090, "app_protocol": "kubernetes.io/h2c"},
                "dns": {"port": 5353, "protocol": "UDP"},
                "signal": {"port": 3868, "protocol": "SCTP"},
            }
        },
        "none": {"ports": {}},
    },
    "service": {
        "default": {},
        "dual": {"service": {"ip_family_policy": "PreferDualStack", "annotations": {"example.com/team": "shop"}}},
        "headless": {"service": {"headless": True, "publish_not_ready": True}},
        "affine": {
            "service": {
                "headless": False,
                "session_affinity": "ClientIP",
                "session_affinity_timeout": 600,
                "internal_traffic_policy": "Local",
            }
        },
    },
    "scale": {
        "default": {},
        "fixed": {"replicas": 3, "disruption_budget": {"max_unavailable_percent": 34}},
        "none": {"replicas": 0},
        "auto": {
            "autoscaling": {
                "max_replicas": 5,
                "cpu": 70,
                "memory": 80,
                "metrics": [
                    {"source": "Pods", "name": "requests_per_second", "average": 12.5},
                    {"source": "External", "name": "queue", "selector": {"queue": "orders"}, "total": 30},
                    {
                        "source": "Object",
                        "name": "requests",
                        "total": 100,
                        "object_api_version": "networking.k8s.io/v1",
                        "object_kind": "Ingress",
                        "object_name": "shop",
                    },
                ],
                "scale_up": {"pods": 4, "percent": 50, "select": "Min"},
                "scale_down": {"stabilization": 600, "percent": 10, "period": 120},
            }
        },
    },
    "rollout": {
        "default": {},
        "numbers": {"rollout": {"max_unavailable": 1, "min_ready_seconds": 1, "revision_history_limit": 3}},
        "shares": {"rollout": {"max_surge_percent": 50}},
        "recreate": {"rollout": {"recreate": True, "progress_deadline_seconds": 120}},
        "partition": {"rollout": {"partition": 1}},
    },
    "health": {
        "default": {},
        "http": {"health": {"path": "/ready", "liveness": {"path": "/live", "period": 20}, "startup_seconds": 5}},
        "grpc": {"health": {"grpc_service": "", "startup": {"enabled": False}}},
        "command": {"health": {"command": ["/check"]}},
        "tls": {
            "health": {
                "path": "/ready",
                "scheme": "HTTPS",
                "host": "shop.example.com",
                "headers": {"X-Probe": "startup"},
                "liveness": {"host": "live.example.com", "headers": {"X-Probe": "liveness"}},
            }
        },
    },
    "additional services": {
        "default": {},
        "some": {
            "labels": {"part-of": "shop"},
            "additional_services": {
                "front": {"annotations": {"example.com/a": "b"}},
                "peers": {"headless": True, "publish_not_ready": True},
                "all": {"selector": {"part-of": "shop"}},
            },
        },
    },
    "environment": {
        "default": {},
        "all": {
            "command": ["/app"],
            "args": ["--verbose"],
            "working_directory": "/srv",
            "env": {"LOG_LEVEL": "info"},
            "secret_env": {"TOKEN": "canary-5d3a"},
            "field_env": {"POD_IP": "status.podIP", "TEAM": "metadata.labels['team']"},
            "resource_env": {"MEMORY": "limits.memory"},
            "env_value_from": {"REGION": {"config_map_key_ref": {"name": "later", "key": "region", "optional": True}}},
            "env_from": [{"secret_ref": {"name": "later"}, "prefix": "LATER_"}],
            "config_files": {"/etc/app/a.json": "{}", "/etc/app/b/c_d.json": "{}"},
            "secret_files": {"/etc/app/key.pem": "canary-5d3a"},
            "executable_files": ["/etc/app/a.json"],
            "writable_paths": ["/tmp", "/var/cache/app"],
        },
    },
    "volumes": {
        "default": {},
        "some": {
            "volumes": {
                "scratch": {"path": "/scratch", "size_mib": 64, "in_memory": True},
                "keys": {
                    "secret": "missing-is-fine",
                    "path": "/keys",
                    "items": {"a": "b/c"},
                    "modes": {"a": "0400"},
                    "default_mode": "0440",
                    "optional": True,
                },
                "parts": {
                    "path": "/parts",
                    "projected": [
                        {"token_audience": "vault", "token_seconds": 900},
                        {"config_map": "kube-root-ca.crt", "items": {"ca.crt": "authority/ca.crt"}},
                        {"fields": {"labels": "metadata.labels['team']"}},
                    ],
                },
            }
        },
        "storage": {
            "storage": {"data": {"path": "/data", "size_gib": 1, "storage_class": "at-hand", "sub_path": "db"}},
            "stateful_set": {"pod_management": "Parallel", "claims_when_deleted": "Delete"},
        },
    },
    "containers": {
        "default": {},
        "more": {
            "init_containers": [_MIGRATE],
            "sidecars": [_PROXY],
            "volumes": {"scratch": {"path": "/scratch"}},
        },
    },
    "placement": {
        "default": {},
        "chosen": {
            "placement": {
                "node_selector": {"kubernetes.io/os": "linux"},
                "architectures": ["amd64", "arm64"],
                "tolerations": [{"key": "dedicated", "value": "shop", "effect": "NoExecute", "seconds": 60}],
                "affinity": {"podAntiAffinity": {}},
                "priority_class": "system-cluster-critical",
            }
        },
        "spread": {"placement": {"spread": {"zones": "off", "nodes": "preferred"}}},
    },
    "security": {
        "default": {},
        "other": {
            "security": {"user": 20000, "group": 30000, "fs_group": 40000, "net_bind_service": True},
            "resources": {"cpu": 1.5, "memory": 2048, "disk": 100, "limits": "all"},
        },
        "looser": {
            "security": {"writable_root": True, "seccomp_profile": "profiles/app.json"},
            "identity": {"token": True},
            "network_policy": False,
        },
    },
    "identity": {
        "default": {},
        "aws": {"identity": {"aws_role_arn": "arn:aws:iam::123456789012:role/shop"}},
        "azure": {"identity": {"azure_client_id": "00000000-0000-0000-0000-000000000001"}},
        "other's": {"identity": {"service_account": "default"}},
    },
    "network": {
        "default": {},
        "some": {
            "allow_from": [{"service": "web"}, {"any_namespace": True, "selector": {"app": "prometheus"}}],
            "allow_to": [
                {"cidr": "10.0.0.0/8", "cidr_except": ["10.1.0.0/16"], "ports": [5432]},
                {"namespace": "kube-system"},
            ],
        },
    },
    "monitoring": {
        "default": {},
        "service": {
            "monitoring": {
                "path": "/stats",
                "interval": 30,
                "timeout": 10,
                "labels": {"release": "prometheus"},
                "metrics_from": [{"namespace": "monitoring"}],
            }
        },
        "pods": {"monitoring": {"kind": "PodMonitor", "metrics_from": [{"any_namespace": True}]}},
    },
    "rest": {
        "default": {},
        "some": {
            "image_policy": {"pull_policy": "Always", "pull_secrets": ["registry"]},
            "labels": {"team": "shop", "part-of": "shop"},
            "pod_annotations": {"prometheus.io/scrape": "true"},
            "workload_annotations": {"keel.sh/policy": "minor"},
            "drain": 0,
            "shutdown": 5,
            "extra": {"spec": {"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["legacy"]}]}},
        },
    },
}

_KINDS = {
    ("scale", "fixed"): {"Deployment", "StatefulSet", "ReplicaSet"},
    ("scale", "none"): {"Deployment", "StatefulSet", "ReplicaSet"},
    ("scale", "auto"): {"Deployment", "StatefulSet", "ReplicaSet"},
    ("rollout", "numbers"): {"Deployment", "DaemonSet"},
    ("rollout", "shares"): {"Deployment", "DaemonSet"},
    ("rollout", "recreate"): {"Deployment"},
    ("rollout", "partition"): {"StatefulSet"},
    ("volumes", "storage"): {"StatefulSet"},
    ("placement", "spread"): {"Deployment", "StatefulSet", "ReplicaSet"},
}
"""The kinds that can have an option, where not all can."""

_APART = {
    # A worker has no Service, and no port to ask.
    *((("ports", "none"), ("service", it)) for it in ("dual", "headless", "affine")),
    *((("ports", "none"), ("health", it)) for it in ("http", "grpc", "tls")),
    (("ports", "none"), ("additional services", "some")),
    # A worker's peers could connect to every port.
    (("ports", "none"), ("network", "some")),
    *((("ports", "none"), ("monitoring", option)) for option in ("service", "pods")),
    # Without a policy there is none to keep this.
    (("security", "looser"), ("network", "some")),
    *((("security", "looser"), ("monitoring", option)) for option in ("service", "pods")),
    # Both say who the pods are, or what their volumes are.
    *((("security", "looser"), ("identity", it)) for it in ("aws", "azure", "other's")),
    (("volumes", "some"), ("containers", "more")),
}
"""The pairs of options that exclude each other."""


def _exclusions() -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    yield from _APART
    for option, kinds in _KINDS.items():
        for kind in OPTIONS["kind"].keys() - kinds:
            yield ("kind", kind), option


@cache
def rows() -> list[dict[str, str]]:
    """The table: one option of each field in a row, every two options that can meet in some row."""
    apart = [
        {"operator": "or", "conditions": [{"operator": "ne", "left": field, "value": option} for field, option in pair]}
        for pair in _exclusions()
    ]
    fields = {field: list(options) for field, options in OPTIONS.items()}
    return cast("list[dict[str, str]]", make(fields, constraints=apart))


def services() -> dict[str, dict[str, Any]]:
    """The arguments of one service for each row, by a name without meaning."""
    table: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows()):
        args: dict[str, Any] = {"resources": {"cpu": 0.001, "memory": 1}}
        for field, option in row.items():
            args |= OPTIONS[field][option]
        # The names of Services are unique in a namespace.
        services = args.pop("additional_services", {})
        args["additional_services"] = {f"{service}-{number}": own for service, own in services.items()}
        table[f"pair-{number}"] = args
    return table


def unmet() -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """The pairs of options that no row has, though they exclude each other neither by themselves nor by their
    kinds."""
    met = {pair for row in rows() for pair in combinations(sorted(row.items()), 2)}
    apart = {tuple(sorted(pair)) for pair in _exclusions()}
    every = sorted((field, option) for field, options in OPTIONS.items() for option in options)
    kinds = set(OPTIONS["kind"])
    return {
        (one, other)
        for one, other in combinations(every, 2)
        if one[0] != other[0] and (one, other) not in apart and _KINDS.get(one, kinds) & _KINDS.get(other, kinds)
    } - met
