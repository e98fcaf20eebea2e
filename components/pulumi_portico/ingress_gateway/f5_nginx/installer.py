"""How F5 NGINX Ingress Controller is installed.

Left out of the chart's RBAC rules: writing Services and reading who owns a pod (zone sync, only NGINX Plus has it),
Nodes and IngressClasses as a list (telemetry, which is off), GlobalConfiguration (of no use without its argument), and
reading one object where it keeps a list up to date.
"""

from collections.abc import Sequence
from typing import Any

from ...args.codes import define
from ...args.location import Field as FieldName
from ...args.problems import Problems
from ...outputs import applied, joined, words
from ...untyped import Manifest
from ..install.arguments import Use, known_arguments
from ..install.config_map import LOG_FORMAT, ConfigMapInput, buffers, common_data, flag, kib, seconds, size
from ..install.installation import InstallationSpec
from ..install.installer import Installer, ProgramInput, http_probe, lease_of
from ..install.rbac import READ, WATCH, Rights, RightsInput, leader_election, rule
from ..install.settings import AccessLog, ForwardedFor, GatewaySettingsSpec

__all__ = ["INSTALLER"]

_READY_PORT = 8081
_CUSTOM = ("virtualservers", "virtualserverroutes", "transportservers", "policies")

HSTS_ALWAYS_PRELOADED = define(
    "hsts-always-preloaded",
    "F5 NGINX Ingress Controller always adds `preload` to the HSTS header.",
    allowed="true; on ingress-nginx also false",
    hint="If browser vendors can add your hosts to their built-in lists, set {preload} to true. Otherwise, remove "
    "{hsts}.",
)


def _check(settings: GatewaySettingsSpec, _installation: InstallationSpec, problems: Problems) -> None:
    if settings.hsts is not None and not settings.hsts.preload:
        at = settings.hsts.at / "preload"
        problems.report(HSTS_ALWAYS_PRELOADED, at, preload=FieldName("preload"), hsts=FieldName("hsts"))


def _arguments(given: ProgramInput) -> list[Any]:
    arguments: list[Any] = [
        f"-nginx-configmaps=$(POD_NAMESPACE)/{given.name}",
        f"-ingress-class={given.class_name}",
        words("-external-service=", given.service),
        "-report-ingress-status",
        "-enable-leader-election=true",
        f"-leader-election-lock-name={lease_of(given.name)}",
        f"-enable-custom-resources={flag(given.custom_resources)}",
        f"-allow-empty-ingress-host={flag(given.empty_hosts)}",
        f"-enable-prometheus-metrics={flag(given.metrics)}",
        "-ready-status=true",
        # Nothing about the cluster leaves it, and no Ingress can write nginx's configuration.
        "-enable-telemetry-reporting=false",
        "-enable-snippets=false",
        "-nginx-status=false",
        # Roll an invalid Ingress back instead of keeping all others from being loaded.
        "-enable-config-safety=true",
        "-log-format=json",
    ]
    if not given.ipv6:
        arguments.append("-disable-ipv6")
    if given.served_namespaces is not None:
        arguments.append(words("-watch-namespace=", joined([given.namespace, *given.served_namespaces])))
    return arguments


def _data(given: ConfigMapInput) -> dict[str, Any]:
    settings = given.settings
    connections = settings.workers.connections
    data: dict[str, Any] = {
        **common_data(given, seconds),
        "http2": flag(settings.http2),
        "client-max-body-size": applied(settings.body_size, size),
        "keepalive-timeout": applied(settings.keep_alive.timeout, seconds),
        "keepalive-requests": applied(settings.keep_alive.requests, str),
        "worker-connections": applied(connections, str),
        # Twice: a connection to a client and a file that its body is buffered in. Some containers start with 1024.
        "worker-rlimit-nofile": applied(connections, lambda count: str(2 * count)),
        "ssl-prefer-server-ciphers": "true",
        "hsts": flag(settings.hsts is not None),
        **_buffers(settings),
    }
    if settings.upstream_keep_alive is not None:
        data["keepalive"] = applied(settings.upstream_keep_alive, str)
    if settings.hsts is not None:
        data["hsts-max-age"] = applied(settings.hsts.max_age, str)
        data["hsts-include-subdomains"] = flag(settings.hsts.include_subdomains)
    if settings.access_log is AccessLog.JSON:
        data |= {"log-format": LOG_FORMAT, "log-format-escaping": "json"}
    elif settings.access_log is AccessLog.OFF:
        data["access-log-off"] = "true"
    return data | _trusted(given)


def _buffers(settings: GatewaySettingsSpec) -> dict[str, Any]:
    """The buffers, and what else the controller has no key for: directives of checked numbers and switches."""
    data: dict[str, Any] = {}
    directives: list[Any] = []
    if settings.response_buffers is not None:
        data["proxy-buffer-size"] = applied(settings.response_buffers.size, kib)
        data["proxy-buffers"] = buffers(settings.response_buffers.number, settings.response_buffers.size)
    if settings.header_buffers is not None:
        sizes = buffers(settings.header_buffers.number, settings.header_buffers.size)
        directives.append(words("large_client_header_buffers ", sizes, ";"))
    if settings.underscores_in_headers:
        directives.append("underscores_in_headers on;")
    return {**data, **({"http-snippets": joined(directives, "\n")} if directives else {})}


def _trusted(given: ConfigMapInput) -> dict[str, Any]:
    """Whose word about the client's address it takes."""
    if given.proxy_sources:
        return {
            "proxy-protocol": "true",
            "real-ip-header": "proxy_protocol",
            "set-real-ip-from": joined(given.proxy_sources),
        }
    if trusted := given.settings.forwarded_from:
        return {"real-ip-header": "X-Forwarded-For", "set-real-ip-from": joined(trusted), "real-ip-recursive": "true"}
    return {}


def _rights(given: RightsInput) -> Rights:
    return Rights(
        own=(
            rule("", ["configmaps"], READ),
            # It writes its version into the labels of its own pod.
            rule("", ["pods"], ["get", "update"]),
            *leader_election(given.lease),
        ),
        served=_served_rights(custom=given.custom_resources),
        cluster=(rule("networking.k8s.io", ["ingressclasses"], ["get"], [given.class_name]),),
        named=(rule("", ["namespaces"], ["get"]),),
    )


def _served_rights(*, custom: bool) -> Sequence[Manifest]:
    rules = [
        rule("", ["pods", "secrets", "services"], WATCH),
        rule("discovery.k8s.io", ["endpointslices"], WATCH),
        rule("networking.k8s.io", ["ingresses"], READ),
        rule("networking.k8s.io", ["ingresses/status"], ["update"]),
        # A new leader reads the state of its custom resources from their events.
        rule("", ["events"], ["create", "patch", *(["list"] if custom else [])]),
    ]
    if custom:
        rules.append(rule("k8s.nginx.org", _CUSTOM, READ))
        rules.append(rule("k8s.nginx.org", [f"{resource}/status" for resource in _CUSTOM], ["update"]))
    return rules


_ARGUMENTS = known_arguments(
    {
        "ingress-class": "class_name",
        "enable-custom-resources": "crds",
        "enable-prometheus-metrics": "installation.metrics",
        "watch-namespace": "installation.served_namespaces",
        "disable-ipv6": "installation.ipv6",
        "wildcard-tls-secret": "tls",
    },
    {
        Use.OWN: "nginx-configmaps external-service report-ingress-status enable-leader-election "
        "leader-election-lock-name allow-empty-ingress-host ready-status ready-status-port enable-config-safety "
        "log-format ingresslink version prometheus-metrics-listen-port proxy enable-telemetry-reporting "
        "watch-namespace-label watch-secret-namespace prometheus-tls-secret",
        Use.ACCESS: "nginx-status nginx-status-allow-cidrs nginx-status-port enable-tls-passthrough "
        "tls-passthrough-port default-http-listener-port default-https-listener-port enable-service-insight "
        "service-insight-listen-port service-insight-tls-secret global-configuration health-status health-status-uri",
        Use.CONFIGURATION: "enable-snippets main-template-path ingress-template-path virtualserver-template-path "
        "transportserver-template-path",
        Use.EDITION: "nginx-plus mgmt-configmap enable-app-protect app-protect-log-level enable-app-protect-dos "
        "app-protect-dos-debug app-protect-dos-max-daemons app-protect-dos-max-workers app-protect-dos-memory "
        "app-protect-enforcer-address enable-app-protect-ip-intelligence agent agent-instance-group enable-oidc "
        "spire-agent-address enable-internal-routes enable-latency-metrics enable-cert-manager enable-external-dns "
        "weight-changes-dynamic-reload",
        Use.FREE: "default-server-tls-secret nginx-debug nginx-reload-timeout ssl-dynamic-reload log-level "
        "enable-directive-autoadjust",
    },
)
"""Source: cmd/nginx-ingress/flags.go of version 5.5.4."""

INSTALLER = Installer(
    version="5.5.4",
    image="docker.io/nginx/nginx-ingress:5.5.4",
    arguments=_arguments,
    data=_data,
    rights=_rights,
    class_controller=lambda _class_name: "nginx.org/ingress-controller",
    ports={"http": 80, "https": 443, "readiness": _READY_PORT},
    metrics_port=9113,
    known_arguments=_ARGUMENTS,
    # It has no endpoint for liveness.
    probes={"readinessProbe": http_probe("/nginx-ready", _READY_PORT, period=1, failures=3)},
    # It quits at SIGTERM, while clients still connect. Before Kubernetes 1.32, a sleep of 0 seconds is invalid.
    pre_stop=lambda drain: {"sleep": {"seconds": drain}} if drain else {},
    extra_grace=10,
    writable={
        "nginx-etc": "/etc/nginx",
        "nginx-cache": "/var/cache/nginx",
        "nginx-lib": "/var/lib/nginx",
        "nginx-state": "/var/lib/nginx/state",
        "nginx-log": "/var/log/nginx",
    },
    copied="/etc/nginx",
    # `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for` in nginx.ingress.tmpl, without a switch.
    forwarded_for=ForwardedFor.APPEND,
    checks=(_check,),
)
"""F5 NGINX Ingress Controller, open source edition."""
