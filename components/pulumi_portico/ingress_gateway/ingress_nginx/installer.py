"""How ingress-nginx is installed.

Left out of the chart's RBAC rules: reading one object where it keeps a list up to date.
"""

from typing import Any

from ...args.codes import define
from ...args.problems import Problems, Set
from ...outputs import applied, joined, words
from ..defaults import REJECTED
from ..install.arguments import Use, known_arguments
from ..install.config_map import LOG_FORMAT, ConfigMapInput, buffers, common_data, flag, kib, size
from ..install.installation import InstallationSpec
from ..install.installer import Installer, ProgramInput, http_probe, lease_of
from ..install.rbac import READ, WATCH, Rights, RightsInput, leader_election, rule
from ..install.settings import AccessLog, GatewaySettingsSpec
from ..install.webhook import MOUNT_PATH, Webhook

__all__ = ["INSTALLER"]

_HEALTH_PORT = 10254
_WEBHOOK = Webhook(name="validate.nginx.ingress.kubernetes.io", path="/networking/v1/ingresses", port=8443)

SERVED_NAMESPACES_NOT_SUPPORTED = define(
    "served-namespaces-not-supported",
    "The controller ingress-nginx serves the routes of every namespace, or only those of its own, where its "
    "certificates are too.",
    allowed="an empty list, for its own namespace",
    hint="To serve several namespaces, use f5-nginx. For every namespace, remove it.",
)


def _check(_settings: GatewaySettingsSpec, installation: InstallationSpec, problems: Problems) -> None:
    if installation.served_namespaces:
        at = installation.at / "served_namespaces"
        problems.report(SERVED_NAMESPACES_NOT_SUPPORTED, at, fix=Set(at, []))


def _class_controller(class_name: str) -> str:
    # It tells its class from those of other gateways by this.
    return f"k8s.io/ingress-nginx-{class_name}"


def _arguments(given: ProgramInput) -> list[Any]:
    arguments: list[Any] = [
        "/nginx-ingress-controller",
        words("--publish-service=", "$(POD_NAMESPACE)", "/", given.service),
        f"--election-id={lease_of(given.name)}",
        f"--controller-class={_class_controller(given.class_name)}",
        f"--ingress-class={given.class_name}",
        f"--configmap=$(POD_NAMESPACE)/{given.name}",
        f"--enable-metrics={flag(given.metrics)}",
        "--enable-annotation-validation=true",
        "--profiling=false",
        f"--shutdown-grace-period={given.drain}",
    ]
    if given.served_namespaces is not None:
        arguments.append(words("--watch-namespace=", given.namespace))
    if given.webhook:
        arguments += [
            f"--validating-webhook=:{_WEBHOOK.port}",
            f"--validating-webhook-certificate={MOUNT_PATH}/tls.crt",
            f"--validating-webhook-key={MOUNT_PATH}/tls.key",
        ]
    return arguments


def _data(given: ConfigMapInput) -> dict[str, Any]:
    settings, hsts = given.settings, given.settings.hsts
    data: dict[str, Any] = {
        **common_data(given, str),
        "use-http2": flag(settings.http2),
        "proxy-body-size": applied(settings.body_size, size),
        "keep-alive": applied(settings.keep_alive.timeout, str),
        "keep-alive-requests": applied(settings.keep_alive.requests, str),
        "max-worker-connections": applied(settings.workers.connections, str),
        "hsts": flag(hsts is not None),
        # What keeps an Ingress from writing nginx's configuration (CVE-2021-25742, CVE-2025-1974, and similar ones).
        "allow-snippet-annotations": "false",
        "annotations-risk-level": "Medium",
        "allow-cross-namespace-resources": "false",
        "strict-validate-path-type": "true",
        # As on F5 NGINX Ingress Controller: too many requests get 429, and each route verifies its own targets.
        "limit-req-status-code": str(REJECTED),
        "limit-conn-status-code": str(REJECTED),
        "proxy-ssl-location-only": "true",
    }
    if hsts is not None:
        data["hsts-max-age"] = applied(hsts.max_age, str)
        data["hsts-include-subdomains"] = flag(hsts.include_subdomains)
        data["hsts-preload"] = flag(hsts.preload)
    if settings.access_log is AccessLog.JSON:
        data |= {"log-format-upstream": LOG_FORMAT, "log-format-escape-json": "true"}
    elif settings.access_log is AccessLog.OFF:
        data["disable-access-log"] = "true"
    if given.response_headers:
        data["global-allowed-response-headers"] = ",".join(given.response_headers)
    return data | _buffers(settings) | _network(given) | _trusted(given)


def _buffers(settings: GatewaySettingsSpec) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if settings.header_buffers is not None:
        data["large-client-header-buffers"] = buffers(settings.header_buffers.number, settings.header_buffers.size)
    if settings.response_buffers is not None:
        data["proxy-buffer-size"] = applied(settings.response_buffers.size, kib)
        data["proxy-buffers-number"] = applied(settings.response_buffers.number, str)
    if settings.underscores_in_headers:
        data["enable-underscores-in-headers"] = "true"
    return data


def _network(given: ConfigMapInput) -> dict[str, Any]:
    data: dict[str, Any] = {} if given.ipv6 else {"disable-ipv6": "true", "disable-ipv6-dns": "true"}
    if given.settings.upstream_keep_alive is not None:
        data["upstream-keepalive-connections"] = applied(given.settings.upstream_keep_alive, str)
    return data


def _trusted(given: ConfigMapInput) -> dict[str, Any]:
    """Whose word about the client's address it takes."""
    if given.proxy_sources:
        return {"use-proxy-protocol": "true", "proxy-real-ip-cidr": joined(given.proxy_sources)}
    if trusted := given.settings.forwarded_from:
        return {
            "use-forwarded-headers": "true",
            "enable-real-ip": "true",
            "compute-full-forwarded-for": "true",
            "proxy-real-ip-cidr": joined(trusted),
        }
    return {}


def _rights(given: RightsInput) -> Rights:
    return Rights(
        own=(
            rule("", ["configmaps", "services"], ["get"]),
            rule("", ["pods"], ["get", "list"]),
            *leader_election(given.lease),
        ),
        served=(
            rule("", ["configmaps", "secrets", "services"], WATCH),
            rule("discovery.k8s.io", ["endpointslices"], WATCH),
            rule("networking.k8s.io", ["ingresses"], READ),
            rule("networking.k8s.io", ["ingresses/status"], ["update"]),
            rule("", ["events"], ["create", "patch"]),
        ),
        cluster=(
            rule("networking.k8s.io", ["ingressclasses"], WATCH),
            # It reads the zone of its own node.
            rule("", ["nodes"], ["get"]),
        ),
        named=(rule("", ["namespaces"], ["get"]),),
    )


_ARGUMENTS = known_arguments(
    {
        "ingress-class": "class_name",
        "default-backend-service": "default_backend",
        "watch-namespace": "installation.served_namespaces",
        "enable-metrics": "installation.metrics",
        "validating-webhook": "installation.admission_webhook",
        "shutdown-grace-period": "installation.drain",
    },
    {
        Use.OWN: "publish-service election-id controller-class configmap validating-webhook-certificate "
        "validating-webhook-key update-status publish-status-address report-node-internal-ip-address version "
        "annotations-prefix disable-leader-election health-check-path healthz-port healthz-host "
        "post-shutdown-grace-period watch-namespace-selector apiserver-host certificate-authority kubeconfig "
        "status-port stream-port internal-logger-address ingress-class-by-name",
        Use.ACCESS: "http-port https-port enable-ssl-passthrough ssl-passthrough-proxy-port default-server-port "
        "profiling profiler-port profiler-address tcp-services-configmap udp-services-configmap "
        "watch-ingress-without-class",
        Use.CONFIGURATION: "enable-annotation-validation deep-inspect disable-full-test",
        Use.EDITION: "maxmind-mirror maxmind-license-key maxmind-edition-ids maxmind-retries-count "
        "maxmind-retries-timeout enable-topology-aware-routing",
        Use.FREE: "sync-period sync-rate-limit default-ssl-certificate health-check-timeout election-ttl "
        "update-status-on-shutdown disable-svc-external-name enable-ssl-chain-completion metrics-per-host "
        "metrics-per-undefined-host report-status-classes time-buckets length-buckets size-buckets bucket-factor "
        "max-buckets exclude-socket-metrics monitor-max-batch-size disable-catch-all status-update-interval "
        "dynamic-configuration-retries disable-sync-events v vmodule",
    },
)
"""Source: pkg/flags/flags.go of version 1.15.1."""

INSTALLER = Installer(
    version="1.15.1",
    image=(
        "registry.k8s.io/ingress-nginx/controller:v1.15.1"
        "@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
    ),
    arguments=_arguments,
    data=_data,
    rights=_rights,
    class_controller=_class_controller,
    ports={"http": 80, "https": 443, "health": _HEALTH_PORT},
    metrics_port=_HEALTH_PORT,
    known_arguments=_ARGUMENTS,
    probes={
        "readinessProbe": http_probe("/healthz", _HEALTH_PORT, period=10, failures=3),
        "livenessProbe": {**http_probe("/healthz", _HEALTH_PORT, period=10, failures=5), "initialDelaySeconds": 10},
    },
    # SIGTERM to all of its processes would end nginx at once. This signals only the controller, and waits.
    pre_stop=lambda _drain: {"exec": {"command": ["/wait-shutdown"]}},
    # It waits for ten seconds after nginx has exited (--post-shutdown-grace-period).
    extra_grace=20,
    env={"LD_PRELOAD": "/usr/local/lib/libmimalloc.so"},
    group=82,
    webhook=_WEBHOOK,
    warning=(
        "ingress-nginx was retired in March 2026 and no longer receives security fixes, nor does the nginx that it is "
        "built with. To migrate, set controller to f5-nginx: your routes stay the same, and Portico rejects those that "
        "would behave differently."
    ),
    checks=(_check,),
)
"""The community's ingress-nginx."""
