"""Each rule by which a WebService is rejected: the code, the location, and a fix that works."""

from typing import Any

import pulumi
import pytest
from pulumi_portico.args.location import Field, Key, KeyStyle
from pulumi_portico.args.problems import Remove, Set

from tests.problems import applied, assert_fixes_work, assert_problem
from tests.unit.web_services import IMAGE, problems_with, rejected

PORTS = ("port", "service_port")
ROLE = "arn:aws:iam::123456789012:role/a"


def metrics(*items: dict[str, Any]) -> dict[str, Any]:
    return {"autoscaling": {"max_replicas": 3, "metrics": list(items)}}


def metric(index: int, *rest: str) -> tuple[Any, ...]:
    return ("autoscaling", "metrics", index, *rest)


def ports(**named: Any) -> dict[str, Any]:
    return {"port": None, "ports": named}


def sidecar(**args: Any) -> dict[str, Any]:
    return {"sidecars": [{"name": "a", "image": "a:1", **args}]}


def projected(part: dict[str, Any]) -> dict[str, Any]:
    return {"volumes": {"a": {"projected": [part]}}}


PART = ("volumes", "a", "projected", 0)

CASES: list[tuple[dict[str, Any], str, tuple[Any, ...], dict[str, Any]]] = [
    # The image and the plain fields.
    ({"image": "nginx"}, "image-without-version", ("image",), {"example": "nginx:1.2.3"}),
    ({"image": "nginx:latest"}, "image-tag-latest", ("image",), {}),
    ({"image": None}, "missing", ("image",), {}),
    ({"image": "a:1", "image_policy": {"require_digest": True}}, "image-without-digest", ("image",), {}),
    ({"image_policy": {"pull_secrets": ["A b"]}}, "invalid-object-name", ("image_policy", "pull_secrets", 0), {}),
    ({"port": 0}, "out-of-range", ("port",), {"least": 1, "most": 65535}),
    ({"port": "8080"}, "wrong-type", ("port",), {}),
    ({"port": pulumi.Output.from_input(80)}, "not-plain", ("port",), {}),
    ({"service_port": 70000}, "out-of-range", ("service_port",), {}),
    ({"replicas": -1}, "too-small", ("replicas",), {"least": 0}),
    ({"namespace": "My_Shop"}, "invalid-name", ("namespace",), {}),
    ({"labels": {"a b": "c"}}, "invalid-label-key", ("labels", "a b"), {}),
    ({"labels": {"a": "b c"}}, "invalid-label-value", ("labels", "a"), {}),
    ({"selector": {}}, "empty-selector", ("selector",), {}),
    ({"selector": {"app": "x"}, "labels": {"app": "y"}}, "label-in-selector", ("labels", "app"), {}),
    ({"labels": {"app.kubernetes.io/name": "b"}}, "label-in-selector", ("labels", "app.kubernetes.io/name"), {}),
    ({"replica": 3}, "unknown-argument", ("replica",), {"name": "replica"}),
    ({"drain": 4000}, "out-of-range", ("drain",), {"most": 3600}),
    ({"drain": pulumi.Output.from_input(3)}, "not-plain", ("drain",), {}),
    ({"shutdown": 0}, "out-of-range", ("shutdown",), {"least": 1}),
    ({"shutdown": 86401}, "out-of-range", ("shutdown",), {"most": 86400}),
    ({"container_name": "My app"}, "invalid-name", ("container_name",), {}),
    (
        {"container_name": "a", **sidecar(port=9000)},
        "container-named-like-application",
        ("sidecars", 0, "name"),
        {},
    ),
    (
        {"resources": {"memory": 512, "memory_limit": 256}},
        "limit-below-request",
        ("resources", "memory_limit"),
        {"requested": 512, "request": Field("memory")},
    ),
    # The default gives way.
    ({"resources": {"memory_limit": 64}}, "limit-below-request", ("resources", "memory_limit"), {"requested": 256}),
    ({"resources": {"cpu_limit": 0.05}}, "limit-below-request", ("resources", "cpu_limit"), {"requested": 0.1}),
    (
        sidecar(resources={"cpu": 2, "cpu_limit": 1}),
        "limit-below-request",
        ("sidecars", 0, "resources", "cpu_limit"),
        {"request": Field("cpu")},
    ),
    ({"health": {"liveness": {"initial_delay": -1}}}, "too-small", ("health", "liveness", "initial_delay"), {}),
    (
        {"service": {"headless": True, "traffic_distribution": "PreferClose"}},
        "needs-cluster-ip",
        ("service", "traffic_distribution"),
        {},
    ),
    (
        {"service": {"internal_traffic_policy": "Local", "traffic_distribution": "PreferClose"}},
        "mutually-exclusive",
        ("service", "traffic_distribution"),
        {},
    ),
    # Ports of sidecars and of nodes.
    (
        {**ports(http={"port": 8080, "container": "prxy"}), "sidecars": [{"name": "proxy", "image": "a:1"}]},
        "unknown-sidecar",
        ("ports", "http", "container"),
        {"sidecars": ["proxy"]},
    ),
    (
        ports(http={"port": 8080, "container": "proxy"}),
        "unknown-sidecar",
        ("ports", "http", "container"),
        {"sidecars": "no sidecar"},
    ),
    (
        {
            **ports(http={"port": 8080, "container": "a"}),
            "sidecars": [{"name": name, "image": "a:1", "port": 8080} for name in ("a", "b")],
        },
        "port-in-use",
        ("sidecars", 1, "port"),
        {},
    ),
    (
        ports(a={"port": 1024, "host_port": 80}, b={"port": 1025, "host_port": 80}),
        "duplicate-port",
        ("ports", "b", "host_port"),
        {},
    ),
    (
        {
            **ports(a={"port": 8080, "host_port": 80}),
            "security": {"host_network": True},
            "network_policy": False,
        },
        "host-port-on-host-network",
        ("ports", "a", "host_port"),
        {"port": 8080},
    ),
    # The security of other containers.
    (sidecar(security={"user": 0}), "user-is-root", ("sidecars", 0, "security", "user"), {}),
    (sidecar(security={"allow_root": True}), "root-without-user", ("sidecars", 0, "security", "allow_root"), {}),
    ({"ready_timeout": 0}, "too-small", ("ready_timeout",), {"least": 1}),
    ({"working_directory": "app"}, "invalid-file-path", ("working_directory",), {}),
    ({"pod_annotations": {"a b": "c"}}, "invalid-annotation-key", ("pod_annotations", "a b"), {}),
    ({"resources": {"cpu": 0}}, "too-small", ("resources", "cpu"), {"what": "a number of cores"}),
    ({"resources": {"memory": "256Mi"}}, "text-with-unit", ("resources", "memory"), {"unit": "MiB"}),
    ({"resources": {"limits": "cpu"}}, "not-a-choice", ("resources", "limits"), {"choices": ["memory", "all", "none"]}),
    ({"extra": {"containers": []}}, "foreign-form", ("extra",), {"fields": [("extra",)]}),
    ({"extra": {"sepc": {}}}, "unknown-argument", ("extra", "sepc"), {}),
    (
        {"extra": {"metadata": {"labels": {"app.kubernetes.io/name": "b"}}}},
        "extra-label-in-selector",
        ("extra", "metadata", "labels", "app.kubernetes.io/name"),
        {},
    ),
    # Names of an earlier release.
    ({"ready_within": 60}, "renamed-argument", ("ready_within",), {"new": "ready_timeout"}),
    ({"rollout": {"min_ready": 5}}, "renamed-argument", ("rollout", "min_ready"), {"new": "min_ready_seconds"}),
    (
        {"rollout": {"progress_deadline": 5}},
        "renamed-argument",
        ("rollout", "progress_deadline"),
        {"new": "progress_deadline_seconds"},
    ),
    (
        {"rollout": {"revision_history": 5}},
        "renamed-argument",
        ("rollout", "revision_history"),
        {"new": "revision_history_limit"},
    ),
    ({"service": {"session_affinity": 60}}, "former-value", ("service", "session_affinity"), {}),
    (
        {"service": {"traffic_policy": "Local"}},
        "renamed-argument",
        ("service", "traffic_policy"),
        {"new": "internal_traffic_policy"},
    ),
    (
        {"service": {"address_family": "PreferDualStack"}},
        "renamed-argument",
        ("service", "address_family"),
        {"new": "ip_family_policy"},
    ),
    ({"volumes": {"a": {"size": 5}}}, "renamed-argument", ("volumes", "a", "size"), {"new": "size_mib"}),
    # Health.
    ({"health": "/healthz"}, "not-a-mapping", ("health",), {}),
    ({"health": {"path": "healthz"}}, "invalid-http-path", ("health", "path"), {}),
    ({"health": {"path": "/a b"}}, "invalid-http-path", ("health", "path"), {}),
    (
        {"health": {"path": "/a", "command": ["b"], "grpc_service": ""}},
        "mutually-exclusive",
        ("health", "grpc_service"),
        {"fields": ["path", "command", "grpc_service"]},
    ),
    (
        {"health": {"liveness": {"path": "/a", "grpc_service": "b"}}},
        "mutually-exclusive",
        ("health", "liveness", "grpc_service"),
        {},
    ),
    ({"health": {"command": []}}, "empty", ("health", "command"), {}),
    ({"health": {"startup_seconds": 0}}, "too-small", ("health", "startup_seconds"), {}),
    ({"health": {"readiness": {"period": 0}}}, "too-small", ("health", "readiness", "period"), {}),
    ({"health": {"readyness": {}}}, "unknown-argument", ("health", "readyness"), {}),
    ({"health": {"port_name": "htp"}}, "not-a-tcp-port", ("health", "port_name"), {"ports": ["http"]}),
    ({**ports(), "health": {"path": "/a"}}, "health-without-port", ("health",), {}),
    ({**ports(dns={"port": 53, "protocol": "UDP"}), "health": {}}, "health-without-port", ("health",), {}),
    # Ports and the Service.
    ({"port": None}, "no-port", ("port",), {}),
    ({"ports": {}}, "mutually-exclusive", ("port",), {"fields": ["ports", "port"]}),
    ({"ports": {"a": {"port": 1}}}, "mutually-exclusive", ("port",), {}),
    ({"ports": {"a": {"port": 1}}, "service_port": 80}, "mutually-exclusive", ("service_port",), {}),
    (ports(HTTP={"port": 1}), "invalid-port-name", ("ports", "HTTP"), {}),
    (ports(a={}), "missing", ("ports", "a", "port"), {}),
    (ports(a={"port": 1, "protocol": "tcp"}), "not-a-choice", ("ports", "a", "protocol"), {}),
    (ports(a={"port": 1, "app_protocol": "HTTP"}), "invalid-app-protocol", ("ports", "a", "app_protocol"), {}),
    (
        ports(a={"port": 1}, b={"port": 1}),
        "duplicate-port",
        ("ports", "b", "port"),
        {"field": "port", "other": ("ports", "a")},
    ),
    (
        ports(a={"port": 1}, b={"port": 2, "service_port": 1}),
        "duplicate-port",
        ("ports", "b", "service_port"),
        {"field": "service_port"},
    ),
    ({**ports(), "service": {}}, "worker-has-no-service", ("service",), {}),
    (
        {"service": {"session_affinity": "ClientIP", "session_affinity_timeout": 0}},
        "out-of-range",
        ("service", "session_affinity_timeout"),
        {},
    ),
    (
        {"service": {"session_affinity_timeout": 60}},
        "timeout-without-session-affinity",
        ("service", "session_affinity_timeout"),
        {},
    ),
    (
        {"service": {"annotations": {"pulumi.com/skipAwait": "true"}}},
        "reserved-annotation",
        ("service", "annotations", "pulumi.com/skipAwait"),
        {},
    ),
    ({"kind": "StatefulSet", "service_port": 80}, "headless-service-port", ("service_port",), {"port": "8080"}),
    (
        {**ports(a={"port": 1, "service_port": 2}), "service": {"headless": True}},
        "headless-service-port",
        ("ports", "a", "service_port"),
        {},
    ),
    (
        {"service": {"headless": True, "session_affinity": "ClientIP", "session_affinity_timeout": 60}},
        "needs-cluster-ip",
        ("service", "session_affinity"),
        {},
    ),
    (
        {"service": {"headless": True, "internal_traffic_policy": "Local"}},
        "needs-cluster-ip",
        ("service", "internal_traffic_policy"),
        {},
    ),
    ({"default_port_name": "htpp"}, "unknown-default-port", ("default_port_name",), {"ports": ["http"]}),
    (
        {**ports(amqp={"port": 5672}, http2={"port": 80}), "default_port_name": "admin"},
        "unknown-default-port",
        ("default_port_name",),
        {"ports": ["amqp", "http2"]},
    ),
    (
        {**ports(a={"port": 80}), "security": {"host_network": True}, "network_policy": False},
        "low-port-on-host-network",
        ("ports", "a", "port"),
        {"least": 1024},
    ),
    # Claims.
    ({"volumes": {"a": {"claim": "b"}}}, "claim-of-several-pods", ("volumes", "a", "claim"), {"kind": "a Deployment"}),
    ({"volumes": {"a": {"claim": "b"}}, "replicas": 1}, "claim-blocks-rollout", ("volumes", "a", "claim"), {}),
    (
        {"volumes": {"a": {"access_mode": "ReadWriteMany"}}},
        "access-mode-without-claim",
        ("volumes", "a", "access_mode"),
        {},
    ),
    (
        {"external_replicas": True, "replicas": 2},
        "mutually-exclusive",
        ("external_replicas",),
        {"fields": ["replicas", "external_replicas"]},
    ),
    # Probes.
    ({"health": {"host": "shop.example.com"}}, "probe-without-path", ("health", "host"), {}),
    (
        {"health": {"path": "/", "liveness": {"command": ["check"], "scheme": "HTTPS"}}},
        "probe-without-path",
        ("health", "liveness", "scheme"),
        {},
    ),
    ({"health": {"path": "/", "headers": {"a b": "c"}}}, "invalid-probe-header", ("health", "headers", "a b"), {}),
    ({"health": {"path": "/", "headers": {"HOST": "c"}}}, "probe-host-as-header", ("health", "headers", "HOST"), {}),
    (
        {"health": {"path": "/", "liveness": {"port_name": "htpp"}}},
        "not-a-tcp-port",
        ("health", "liveness", "port_name"),
        {"ports": ["http"]},
    ),
    (
        {**ports(https={"port": 8443}), "health": {"grpc_service": ""}},
        "grpc-probe-over-tls",
        ("health", "grpc_service"),
        {"port": "https"},
    ),
    # The environment.
    ({"env": {"1A": "x"}}, "invalid-variable-name", ("env", "1A"), {}),
    ({"env": {"A": 1}}, "wrong-type", ("env", "A"), {}),
    ({"env": {"A": "1"}, "secret_env": {"A": "2"}}, "duplicate-variable", ("secret_env", "A"), {"other": ("env", "A")}),
    ({"field_env": {"A": "status.podIp"}}, "invalid-field-path", ("field_env", "A"), {}),
    ({"resource_env": {"A": "limit.memory"}}, "invalid-resource-field", ("resource_env", "A"), {}),
    ({"config_files": {"etc/a": "x"}}, "invalid-file-path", ("config_files", "etc/a"), {}),
    ({"config_files": {"/etc/../a": "x"}}, "invalid-file-path", ("config_files", "/etc/../a"), {}),
    (
        {"config_files": {"/a": "x"}, "writable_paths": ["/a"]},
        "duplicate-mount-path",
        ("writable_paths", 0),
        {"other": ("config_files", "/a")},
    ),
    ({"writable_paths": ["/a", "/a"]}, "duplicate-mount-path", ("writable_paths", 1), {"other": ("writable_paths", 0)}),
    ({"writable_paths": ["/"]}, "invalid-file-path", ("writable_paths", 0), {}),
    # What is merged into the pods' template.
    (
        {"extra": {"spec": {"containers": [{"name": "wbe"}]}}},
        "unknown-extra-container",
        ("extra", Key("spec"), Key("containers"), 0, Key("name")),
        {"group": "containers", "names": ["api"]},
    ),
    (
        {"extra": {"spec": {"initContainers": [{"tty": True}]}}},
        "extra-item-without-name",
        ("extra", Key("spec"), Key("initContainers"), 0),
        {"group": "initContainers"},
    ),
    (
        {"extra": {"spec": {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]}}},
        "duplicate-extra-name",
        ("extra", Key("spec"), Key("volumes"), 1, Key("name")),
        {"group": "volumes"},
    ),
    (
        {"extra": {"spec": {"containers": []}}},
        "pods-without-container",
        ("extra", Key("spec"), Key("containers")),
        {"names": ["api"]},
    ),
    # Kinds.
    ({"kind": "Deploymnet"}, "not-a-choice", ("kind",), {}),
    ({"kind": "DaemonSet", "replicas": 2}, "not-for-kind", ("replicas",), {"kind": "DaemonSet"}),
    ({"storage": {"data": {"path": "/data", "size_gib": 1}}}, "not-for-kind", ("storage",), {"kinds": ["StatefulSet"]}),
    (
        {"kind": "StatefulSet", "storage": {"data": {"path": "/data", "size_gib": 0}}},
        "out-of-range",
        ("storage", "data", "size_gib"),
        {"what": "a number of GiB"},
    ),
    (
        {"kind": "StatefulSet", "storage": {"Data": {"path": "/data", "size_gib": 1}}},
        "invalid-name",
        ("storage", "Data"),
        {},
    ),
    (
        {"kind": "StatefulSet", "storage": {"data": {"path": "/data", "size": 5, "size_gib": 5}}},
        "renamed-argument",
        ("storage", "data", "size"),
        {"new": "size_gib"},
    ),
    (
        {"kind": "StatefulSet", "storage": {"a": {"path": "/a", "size_gib": 1}}, "volumes": {"a": {"path": "/b"}}},
        "duplicate-volume-name",
        ("storage", "a"),
        {"other": ("volumes", "a")},
    ),
    # Rollouts, budgets, and scaling.
    ({"rollout": {"max_surge": 1, "max_surge_percent": 1}}, "mutually-exclusive", ("rollout", "max_surge_percent"), {}),
    ({"rollout": {"max_unavailable_percent": 101}}, "out-of-range", ("rollout", "max_unavailable_percent"), {}),
    (
        {"rollout": {"max_surge": 0}},
        "rollout-replaces-no-pod",
        ("rollout", "max_surge"),
        {"fields": ["max_surge", "max_unavailable"]},
    ),
    (
        {"rollout": {"max_surge_percent": 0, "max_unavailable_percent": 0}},
        "rollout-replaces-no-pod",
        ("rollout", "max_surge_percent"),
        {"fields": ["max_surge_percent", "max_unavailable_percent"]},
    ),
    (
        {"kind": "DaemonSet", "rollout": {"max_unavailable": 0}},
        "rollout-replaces-no-pod",
        ("rollout", "max_unavailable"),
        {},
    ),
    (
        {"rollout": {"max_unavailable": 0}, "security": {"host_network": True}, "network_policy": False},
        "rollout-replaces-no-pod",
        ("rollout", "max_unavailable"),
        {},
    ),
    (
        {"kind": "DaemonSet", "rollout": {"max_surge": 1, "max_unavailable": 1}},
        "daemon-set-surges-and-removes",
        ("rollout", "max_surge"),
        {},
    ),
    (
        {"rollout": {"recreate": True, "max_surge": 1}},
        "rolling-update-with-recreate",
        ("rollout", "max_surge"),
        {},
    ),
    (
        {"rollout": {"min_ready_seconds": 600}},
        "ready-after-deadline",
        ("rollout", "min_ready_seconds"),
        {"deadline": 600},
    ),
    (
        {"rollout": {"min_ready_seconds": 9, "progress_deadline_seconds": 5}},
        "ready-after-deadline",
        ("rollout", "min_ready_seconds"),
        {"deadline": 5},
    ),
    ({"kind": "StatefulSet", "rollout": {"partition": -1}}, "too-small", ("rollout", "partition"), {}),
    ({"disruption_budget": {"max_unavailable": 0}}, "too-small", ("disruption_budget", "max_unavailable"), {}),
    (
        {"disruption_budget": {"max_unavailable": 1, "max_unavailable_percent": 1}},
        "mutually-exclusive",
        ("disruption_budget", "max_unavailable_percent"),
        {},
    ),
    ({"autoscaling": {}}, "missing", ("autoscaling", "max_replicas"), {}),
    ({"autoscaling": {"max_replicas": 3}, "replicas": 2}, "mutually-exclusive", ("replicas",), {}),
    ({"autoscaling": {"max_replicas": 1}}, "max-replicas-below-min", ("autoscaling", "max_replicas"), {"least": 2}),
    ({"autoscaling": {"max_replicas": 3, "cpu": 0}}, "too-small", ("autoscaling", "cpu"), {"what": "a percentage"}),
    (metrics({"source": "Pods", "name": "a"}), "metric-without-target", metric(0), {}),
    (
        metrics({"source": "Object", "name": "a", "average": 1, "total": 1, "object_kind": "b", "object_name": "c"}),
        "mutually-exclusive",
        metric(0, "total"),
        {},
    ),
    (metrics({"source": "Pods", "name": "a", "total": 1}), "total-of-pods-metric", metric(0, "total"), {}),
    (metrics({"source": "Object", "name": "a", "total": 1}), "missing", metric(0, "object_kind"), {}),
    (
        metrics({"source": "External", "name": "a", "total": 1, "object_name": "b"}),
        "only-for-object-metrics",
        metric(0, "object_name"),
        {},
    ),
    (metrics({"source": "Pods", "name": "a", "average": 0}), "too-small", metric(0, "average"), {}),
    (
        {"autoscaling": {"max_replicas": 3, "scale_up": {"period": 60}}},
        "scaling-period-without-limit",
        ("autoscaling", "scale_up", "period"),
        {},
    ),
    (
        {"autoscaling": {"max_replicas": 3, "scale_down": {"pods": 1, "period": 1801}}},
        "out-of-range",
        ("autoscaling", "scale_down", "period"),
        {},
    ),
    # Volumes.
    (
        {"volumes": {"a": {"claim": "b", "secret": "c", "config_map": "d"}}},
        "mutually-exclusive",
        ("volumes", "a", "secret"),
        {},
    ),
    (
        {"volumes": {"a": {"claim": "b", "size_mib": 1}}},
        "only-for-empty-folders",
        ("volumes", "a", "size_mib"),
        {"source": "claim"},
    ),
    ({"volumes": {"a": {"host_path": "/var/log"}}}, "host-path-not-allowed", ("volumes", "a", "host_path"), {}),
    (
        {"volumes": {"a": {"path": "/a", "sub_path": "../b"}}},
        "invalid-relative-path",
        ("volumes", "a", "sub_path"),
        {},
    ),
    (projected({}), "empty-projection", PART, {}),
    (projected({"secret": "b", "config_map": "c"}), "mutually-exclusive", (*PART, "config_map"), {}),
    (
        projected({"secret": "b", "token_seconds": 600}),
        "projection-field-without-source",
        (*PART, "token_seconds"),
        {"fields": ["token_audience"]},
    ),
    (projected({"token_audience": "b", "token_seconds": 1}), "too-small", (*PART, "token_seconds"), {"least": 600}),
    (projected({"fields": {"b": "status.podIp"}}), "invalid-field-path", (*PART, "fields", "b"), {}),
    ({"volumes": {"config-files": {}}}, "reserved-volume-name", ("volumes", "config-files"), {}),
    (
        {"volumes": {"a": {"path": "/tmp"}}, "writable_paths": ["/tmp"]},
        "duplicate-mount-path",
        ("volumes", "a", "path"),
        {"other": ("writable_paths", 0)},
    ),
    (
        {"volumes": {"a": {"path": "/a"}, "b": {"path": "/a"}}},
        "duplicate-mount-path",
        ("volumes", "b", "path"),
        {"other": ("volumes", "a", "path")},
    ),
    # Other containers.
    (
        {"init_containers": [{"name": "api", "image": "a:1"}]},
        "container-named-like-application",
        ("init_containers", 0, "name"),
        {},
    ),
    (
        {**sidecar(), "init_containers": [{"name": "a", "image": "a:1"}]},
        "duplicate-container-name",
        ("init_containers", 0, "name"),
        {"other": ("sidecars", 0)},
    ),
    (sidecar(name="a" * 41), "name-too-long", ("sidecars", 0, "name"), {"excess": 1, "most": 40}),
    (sidecar(image="a"), "image-without-version", ("sidecars", 0, "image"), {}),
    (
        {"init_containers": [{"name": "a", "image": "a:1", "port": 1}]},
        "only-for-sidecars",
        ("init_containers", 0, "port"),
        {},
    ),
    (
        {**sidecar(mounts={"shred": "/a"}), "volumes": {"shared": {}}},
        "unknown-volume",
        ("sidecars", 0, "mounts", "shred"),
        {"volumes": ["shared"]},
    ),
    (sidecar(mounts={"b": "/b"}), "unknown-volume", ("sidecars", 0, "mounts", "b"), {"volumes": []}),
    (
        {**sidecar(mounts={"b": "/b"}, writable_paths=["/b"]), "volumes": {"b": {}}},
        "duplicate-mount-path",
        ("sidecars", 0, "mounts", "b"),
        {"other": ("sidecars", 0, "writable_paths", 0)},
    ),
    (sidecar(health={"path": "/a"}), "health-without-port", ("sidecars", 0, "health"), {}),
    (sidecar(port=1, health={"port_name": "b"}), "sidecar-port-name", ("sidecars", 0, "health", "port_name"), {}),
    (
        sidecar(env={"A": "b"}, secret_env={"A": "b"}),
        "duplicate-variable",
        ("sidecars", 0, "secret_env", "A"),
        {},
    ),
    # Placement, identity, and security.
    ({"placement": {"architectures": []}}, "empty", ("placement", "architectures"), {}),
    ({"placement": {"architectures": ["x86"]}}, "not-a-choice", ("placement", "architectures", 0), {}),
    ({"placement": {"affinity": {"podAfinity": {}}}}, "unknown-argument", ("placement", "affinity", "podAfinity"), {}),
    (
        {"placement": {"tolerations": [{"value": "a"}]}},
        "toleration-value-without-key",
        ("placement", "tolerations", 0, "value"),
        {},
    ),
    (
        {"placement": {"tolerations": [{"key": "a", "seconds": 1}]}},
        "toleration-seconds-without-effect",
        ("placement", "tolerations", 0, "seconds"),
        {"effect": "NoExecute"},
    ),
    ({"identity": {"aws_role_arn": "shop"}}, "invalid-role-arn", ("identity", "aws_role_arn"), {}),
    (
        {"identity": {"gcp_service_account": "shop"}},
        "invalid-gcp-service-account",
        ("identity", "gcp_service_account"),
        {},
    ),
    ({"identity": {"azure_client_id": "shop"}}, "invalid-azure-id", ("identity", "azure_client_id"), {}),
    (
        {"identity": {"service_account": "a", "aws_role_arn": ROLE}},
        "annotates-existing-service-account",
        ("identity", "aws_role_arn"),
        {},
    ),
    (
        {"identity": {"aws_role_arn": ROLE, "annotations": {"eks.amazonaws.com/role-arn": "b"}}},
        "annotation-set-by-field",
        ("identity", "annotations", "eks.amazonaws.com/role-arn"),
        {"field": "aws_role_arn"},
    ),
    ({"security": {"user": 0}}, "user-is-root", ("security", "user"), {}),
    ({"security": {"user": -1}}, "too-small", ("security", "user"), {}),
    ({"security": {"user": pulumi.Output.from_input(1)}}, "not-plain", ("security", "user"), {}),
    ({"security": {"capabilities": ["cap_net_admin"]}}, "invalid-capability", ("security", "capabilities", 0), {}),
    (
        {"security": {"capabilities": ["NET_BIND_SERVICE"]}},
        "capability-has-field",
        ("security", "capabilities", 0),
        {"field": "net_bind_service"},
    ),
    ({"security": {"seccomp_profile": "/etc/a"}}, "invalid-seccomp-profile", ("security", "seccomp_profile"), {}),
    (
        {"security": {"seccomp_profile": "a.json", "unconfined_seccomp": True}},
        "mutually-exclusive",
        ("security", "unconfined_seccomp"),
        {},
    ),
    ({"security": {"host_network": True}}, "network-policy-on-host-network", ("security", "host_network"), {}),
    (
        {"extra": {"spec": {"hostNetwork": True}}},
        "network-policy-on-host-network",
        ("extra", Key("spec"), Key("hostNetwork")),
        {},
    ),
    (
        {"security": {"host_network": True}, "allow_to": [{"service": "a"}]},
        "network-policy-on-host-network",
        ("security", "host_network"),
        {},
    ),
    # Peers.
    ({"allow_from": [{"namespace": "a", "ports": [80]}]}, "service-port-in-peer", ("allow_from", 0, "ports", 0), {}),
    (
        {**ports(dns={"port": 5353, "protocol": "UDP"}), "allow_from": [{"namespace": "a", "ports": [5353]}]},
        "peer-port-protocol",
        ("allow_from", 0, "ports", 0),
        {"protocols": ["UDP"]},
    ),
    ({"dns": {"servers": [{}]}}, "empty-peer", ("dns", "servers", 0), {}),
    ({"dns": {"servers": []}, "network_policy": False}, "network-policy-turned-off", ("dns",), {}),
    ({"allow_from": [{}]}, "empty-peer", ("allow_from", 0), {}),
    ({"allow_from": [{"any_namespace": False}]}, "empty-peer", ("allow_from", 0), {}),
    (
        {"allow_from": [{"service": "a", "selector": {"b": "c"}}]},
        "mutually-exclusive",
        ("allow_from", 0, "selector"),
        {},
    ),
    (
        {"allow_from": [{"namespace": "a", "any_namespace": True}]},
        "mutually-exclusive",
        ("allow_from", 0, "any_namespace"),
        {},
    ),
    ({"allow_to": [{"cidr": "10.0.0.0/8", "service": "a"}]}, "mutually-exclusive", ("allow_to", 0, "cidr"), {}),
    ({"allow_to": [{"selector": {}}]}, "empty", ("allow_to", 0, "selector"), {}),
    ({"allow_to": [{"cidr": "10.1.2.3/8"}]}, "cidr-with-host-bits", ("allow_to", 0, "cidr"), {}),
    ({"allow_to": [{"cidr": "10.1.2.3"}]}, "cidr-without-length", ("allow_to", 0, "cidr"), {}),
    ({"allow_to": [{"cidr": "ten"}]}, "invalid-cidr", ("allow_to", 0, "cidr"), {}),
    (
        {"allow_to": [{"service": "a", "cidr_except": ["10.0.0.0/8"]}]},
        "cidr-except-without-cidr",
        ("allow_to", 0, "cidr_except"),
        {},
    ),
    ({"allow_to": [{"service": "a", "protocol": "UDP"}]}, "protocol-without-ports", ("allow_to", 0, "protocol"), {}),
    ({"allow_to": [{"service": "a", "ports": [0]}]}, "out-of-range", ("allow_to", 0, "ports", 0), {}),
    ({"allow_to": [{"service": "a"}], "network_policy": False}, "network-policy-turned-off", ("allow_to",), {}),
    (
        {"allow_from": [{"service": "a"}], "network_policy": False, "security": {"host_network": True}},
        "network-policy-turned-off",
        ("allow_from",),
        {},
    ),
]


def as_plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize(("args", "code", "location", "params"), CASES)
def test_invalid_arguments_are_rejected_with_a_fix_that_works(
    args: dict[str, Any], code: str, location: tuple[Any, ...], params: dict[str, Any]
) -> None:
    all_args = {"image": IMAGE, "port": 8080, **args}
    problem = assert_problem(rejected(**args), code, *location)
    for name, value in params.items():
        assert as_plain(problem.params[name]) == as_plain(value)
    assert str(problem), "its templates have all that they name"
    if problem.edits:
        assert_fixes_work(problems_with, all_args)


def test_a_number_of_fixes_is_known() -> None:
    # If this number falls, problems lose their fixes.
    found = [
        problem
        for args, *_ in CASES
        for problem in problems_with({"image": IMAGE, "port": 8080, **args})
        if problem.edits
    ]
    assert len(found) >= 118


def test_the_former_session_affinity_becomes_two_fields() -> None:
    args = {"image": IMAGE, "port": 8080, "service": {"session_affinity": 60}}
    (problem,) = problems_with(args)
    fixed = applied(problem.edits, args)
    assert fixed["service"] == {"session_affinity": "ClientIP", "session_affinity_timeout": 60}


def test_every_problem_is_reported_at_once() -> None:
    # A value that is invalid or missing ends only the rules that need it.
    found = rejected(
        image=None,
        port="http",
        kind="DaemonSet",
        replicas=2,
        drain=-1,
        rollout={"max_surge": 1, "max_unavailable": 1, "min_ready_seconds": -1},
        placement={"tolerations": [{"value": "a"}, {"key": "b c", "seconds": 1}]},
        security={"user": 0, "capabilities": ["NET_BIND_SERVICE"]},
        sidecars=[{"name": "api", "image": "a:1", "port": 0, "mounts": {"b": "/b"}}],
        ports={"a": {"port": 1}, "b": {"port": 1}, "c": {}},
    )
    assert sorted((problem.code.name, problem.path) for problem in found) == [
        ("capability-has-field", "security.capabilities[0]"),
        ("container-named-like-application", "sidecars[0].name"),
        ("daemon-set-surges-and-removes", "rollout.max_surge"),
        ("duplicate-port", "ports.b.port"),
        ("invalid-label-key", "placement.tolerations[1].key"),
        ("missing", "image"),
        ("missing", "ports.c.port"),
        ("not-for-kind", "replicas"),
        ("out-of-range", "drain"),
        ("out-of-range", "sidecars[0].port"),
        ("toleration-seconds-without-effect", "placement.tolerations[1].seconds"),
        ("toleration-value-without-key", "placement.tolerations[0].value"),
        ("too-small", "rollout.min_ready_seconds"),
        ("unknown-volume", "sidecars[0].mounts.b"),
        ("user-is-root", "security.user"),
        ("wrong-type", "port"),
    ]


def test_secret_values_are_never_shown() -> None:
    cases: list[dict[str, Any]] = [
        {"secret_env": {"TOKEN": ["hunter2"]}},
        {"sidecars": [{"name": "a", "image": "a:1", "secret_env": {"T": ["hunter2"]}}]},
    ]
    for args in cases:
        found = rejected(**args)
        assert len(found) == 1
        assert found[0].secret
        assert "hunter2" not in str(found[0])
        assert "hunter2" not in str(found[0].as_data())


def test_a_name_that_no_service_can_have_is_rejected_with_one_that_it_can_have() -> None:
    problem = assert_problem(rejected("My_API"), "invalid-service-name", "name")
    assert problem.edits == (Set(problem.location, "my-api"),)


def test_the_name_of_a_stateful_set_leaves_room_for_what_kubernetes_appends() -> None:
    problem = assert_problem(rejected("a" * 53, kind="StatefulSet"), "name-too-long", "name", excess=1, most=52)
    assert problem.edits == (Set(problem.location, "a" * 52),)


def test_problems_have_the_key_style_of_their_reader() -> None:
    args = {
        "image": "a:1",
        "port": 80,
        "rollout": {"maxSurge": 0},
        "allowTo": [{"namespace": "a", "anyNamespace": True}],
        "env": {"my_variable": "a"},
        "secretEnv": {"my_variable": "b"},
    }
    found = problems_with(args, style=KeyStyle.CAMEL)
    assert {problem.path for problem in found} == {
        "allowTo[0].anyNamespace",
        "rollout.maxSurge",
        "secretEnv.my_variable",
    }
    for problem in found:
        assert not {"max_", "any_", "secret_"} & {word for word in ("max_", "any_", "secret_") if word in str(problem)}
    assert_fixes_work(lambda changed: problems_with(changed, style=KeyStyle.CAMEL), args)
    variable = assert_problem(found, "duplicate-variable", "secret_env", Key("my_variable"))
    assert variable.edits == (Remove(variable.location),)
    assert variable.params["other"] == ("env", "my_variable")
    assert assert_problem(found, "rollout-replaces-no-pod", "rollout", "max_surge").params["fields"] == [
        Field("max_surge"),
        Field("max_unavailable"),
    ]


def test_other_languages_name_the_default_port_of_several() -> None:
    """Pulumi doesn't keep the order of mappings on the way from another language."""
    args: Any = {"image": IMAGE, "ports": {"b": {"port": 1}, "a": {"port": 2}}}
    assert not problems_with(args)
    found = problems_with(args, style=KeyStyle.CAMEL)
    assert_problem(found, "default-port-not-named", "default_port_name", ports=["a", "b"])
    assert_fixes_work(lambda changed: problems_with(changed, style=KeyStyle.CAMEL), args)
