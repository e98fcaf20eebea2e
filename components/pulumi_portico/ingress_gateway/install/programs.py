"""The controllers as programs: image, arguments, ports, probes, and how each is stopped.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..controller_module import Controller
from ..told import words

__all__ = ["Program", "Told", "lease_of", "program_of"]

_USER = 101
_EXTRA_SECONDS = 10
_OWN = "$(POD_NAMESPACE)"
_SLEEP = "sleep"


@dataclass(frozen=True)
class Told:
    """What a controller is told by its arguments."""

    name: str
    class_name: str
    service: Any
    """The front door's Service."""
    namespace: Any
    """Its own namespace."""
    served: Any = None
    """The namespaces whose routes it keeps, its own among them; None for all."""
    empty_hosts: bool = False
    custom_resources: bool = False
    default_class: bool = False
    metrics: bool = True
    webhook: bool = False
    drain: int = 0
    shutdown: int = 0


@dataclass(frozen=True)
class Program:
    """A controller as a program."""

    image: str
    args: Sequence[Any]
    ports: Mapping[str, int]
    """The ports of its container, by name."""
    metrics_port: int
    probes: Mapping[str, Any]
    pre_stop: Mapping[str, Any]
    """What ends a pod softly; empty for nothing."""
    grace: int
    """Seconds from the first sign to the last."""
    class_controller: str
    """What its IngressClass names."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    group: int = _USER
    user: int = _USER
    writable: Mapping[str, str] = field(default_factory=dict[str, str])
    """The folders that it writes to, by the names of their volumes; none where all of its file system can be
    written."""
    copied: str = ""
    """A folder of the image that the first of them starts with."""


def lease_of(name: str) -> str:
    """The Lease by which the pods agree on who writes addresses."""
    return f"{name}-leader"


def program_of(controller: str, told: Told) -> Program:
    """The program of a controller."""
    return _f5_nginx(told) if controller == Controller.F5_NGINX.value else _ingress_nginx(told)


def _get(path: str, port: int, seconds: int, failures: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": seconds, "failureThreshold": failures}


def _flag(value: bool) -> str:
    return str(value).lower()


def _f5_nginx(told: Told) -> Program:
    args: list[Any] = [
        f"-nginx-configmaps={_OWN}/{told.name}",
        f"-ingress-class={told.class_name}",
        words("-external-service=", told.service),
        "-report-ingress-status",
        "-enable-leader-election=true",
        f"-leader-election-lock-name={lease_of(told.name)}",
        f"-enable-custom-resources={_flag(told.custom_resources)}",
        f"-allow-empty-ingress-host={_flag(told.empty_hosts)}",
        f"-enable-prometheus-metrics={_flag(told.metrics)}",
        "-ready-status=true",
        # Nobody outside is told of the cluster, and no Ingress writes nginx's configuration.
        "-enable-telemetry-reporting=false",
        "-enable-snippets=false",
        "-nginx-status=false",
        # What one Ingress says wrong is taken back, instead of keeping all others from being read.
        "-enable-config-safety=true",
        "-log-format=json",
    ]
    if told.served is not None:
        args.append(words("-watch-namespace=", told.served))
    return Program(
        image="docker.io/nginx/nginx-ingress:5.5.4",
        args=args,
        ports={"http": 80, "https": 443, "readiness": 8081},
        metrics_port=9113,
        # It has no endpoint of its own that says that it is alive.
        probes={"readinessProbe": _get("/nginx-ready", 8081, 1, 3)},
        # It quits at the first sign, while others still send requests.
        pre_stop={_SLEEP: {"seconds": told.drain}} if told.drain else {},
        grace=told.drain + told.shutdown + _EXTRA_SECONDS,
        class_controller="nginx.org/ingress-controller",
        writable={
            "nginx-etc": "/etc/nginx",
            "nginx-cache": "/var/cache/nginx",
            "nginx-lib": "/var/lib/nginx",
            "nginx-state": "/var/lib/nginx/state",
            "nginx-log": "/var/log/nginx",
        },
        copied="/etc/nginx",
    )


def _ingress_nginx(told: Told) -> Program:
    args: list[Any] = [
        "/nginx-ingress-controller",
        words("--publish-service=", _OWN, "/", told.service),
        f"--election-id={lease_of(told.name)}",
        # By this it knows its class from those of other gateways.
        f"--controller-class={_in_class(told)}",
        f"--ingress-class={told.class_name}",
        f"--configmap={_OWN}/{told.name}",
        f"--enable-metrics={_flag(told.metrics)}",
        "--enable-annotation-validation=true",
        "--profiling=false",
        f"--shutdown-grace-period={told.drain}",
    ]
    if told.served is not None:
        args.append(words("--watch-namespace=", told.namespace))
    if told.webhook:
        args += [
            "--validating-webhook=:8443",
            "--validating-webhook-certificate=/etc/webhook/tls.crt",
            "--validating-webhook-key=/etc/webhook/tls.key",
        ]
    health = 10254
    return Program(
        image=(
            "registry.k8s.io/ingress-nginx/controller:v1.15.1"
            "@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
        ),
        args=args,
        ports={"http": 80, "https": 443, "health": health, **({"webhook": 8443} if told.webhook else {})},
        metrics_port=health,
        probes={
            "readinessProbe": _get("/healthz", health, 10, 3),
            "livenessProbe": {**_get("/healthz", health, 10, 5), "initialDelaySeconds": 10},
        },
        # A sign to all its processes would end nginx at once; this tells the controller alone, and waits.
        pre_stop={"exec": {"command": ["/wait-shutdown"]}},
        # Its own wait after the end (--post-shutdown-grace-period) is ten seconds.
        grace=told.drain + told.shutdown + 2 * _EXTRA_SECONDS,
        class_controller=_in_class(told),
        env={"LD_PRELOAD": "/usr/local/lib/libmimalloc.so"},
        group=82,
    )


def _in_class(told: Told) -> str:
    return f"k8s.io/ingress-nginx-{told.class_name}"
