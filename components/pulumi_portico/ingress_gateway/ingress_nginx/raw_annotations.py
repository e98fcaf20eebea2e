"""The annotations of a route's Ingress that ingress-nginx knows, by the risk that it sees in them.

Source: kubernetes/ingress-nginx controller-v1.15.1, `internal/ingress/annotations/*/main.go` (`Risk`, aliases included)
and `parser/validators.go` (`CheckAnnotationRisk`). The installer sets `annotations-risk-level` to Medium, and the
controller skips an Ingress that has an annotation above it. Those of critical risk all end in `snippet`, which the
field `denied_annotations` of the module covers.
"""

from ...args.codes import define
from ..raw_annotations import Denial, RawAnnotations
from .annotations import PREFIX

__all__ = ["RAW_ANNOTATIONS"]

RISKY_ANNOTATION = define(
    "ingress-nginx-risky-annotation",
    "{controller} {version} rates the annotation {key} as {risk} risk, and Portico configures it to skip Ingresses "
    "with more than Medium risk.",
    allowed="annotations of Low or Medium risk",
)
UNCONFIGURED_ANNOTATION = define(
    "ingress-nginx-unconfigured-annotation",
    "The annotation {key} needs {setting}, which Portico doesn't set for {controller}.",
    allowed="annotations that need no settings of the controller",
)

_LOW = (
    "affinity",
    "affinity-canary-behavior",
    "auth-always-set-cookie",
    "auth-keepalive",
    "auth-keepalive-requests",
    "auth-keepalive-share-vars",
    "auth-keepalive-timeout",
    "auth-method",
    "auth-secret-type",
    "auth-tls-pass-certificate-to-upstream",
    "auth-tls-verify-depth",
    "auth-type",
    "backend-protocol",
    "canary",
    "canary-weight",
    "canary-weight-total",
    "client-body-buffer-size",
    "connection-proxy-header",
    "cors-allow-credentials",
    "cors-max-age",
    "custom-http-errors",
    "default-backend",
    "disable-proxy-intercept-errors",
    "enable-access-log",
    "enable-cors",
    "enable-global-auth",
    "enable-modsecurity",
    "enable-owasp-core-rules",
    "enable-rewrite-log",
    "from-to-www-redirect",
    "http2-push-preload",
    "limit-allowlist",
    "limit-burst-multiplier",
    "limit-connections",
    "limit-rate",
    "limit-rate-after",
    "limit-rpm",
    "limit-rps",
    "limit-whitelist",
    "load-balance",
    "mirror-request-body",
    "permanent-redirect-code",
    "proxy-buffer-size",
    "proxy-buffering",
    "proxy-buffers-number",
    "proxy-busy-buffers-size",
    "proxy-connect-timeout",
    "proxy-http-version",
    "proxy-max-temp-file-size",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "proxy-read-timeout",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "proxy-ssl-protocols",
    "proxy-ssl-server-name",
    "proxy-ssl-verify",
    "proxy-ssl-verify-depth",
    "relative-redirects",
    "satisfy",
    "service-upstream",
    "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none",
    "session-cookie-samesite",
    "session-cookie-secure",
    "ssl-ciphers",
    "ssl-prefer-server-ciphers",
    "ssl-redirect",
    "temporal-redirect-code",
    "upstream-hash-by-subset",
    "upstream-hash-by-subset-size",
    "upstream-vhost",
    "use-port-in-redirects",
    "use-regex",
)

_MEDIUM = (
    "affinity-mode",
    "allowlist-source-range",
    "app-root",
    "auth-cache-duration",
    "auth-cache-key",
    "auth-proxy-set-headers",
    "auth-realm",
    "auth-request-redirect",
    "auth-response-headers",
    "auth-secret",
    "auth-signin-redirect-param",
    "auth-tls-secret",
    "auth-tls-verify-client",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "cors-allow-headers",
    "cors-allow-methods",
    "cors-allow-origin",
    "cors-expose-headers",
    "custom-headers",
    "denylist-source-range",
    "fastcgi-index",
    "fastcgi-params-configmap",
    "force-ssl-redirect",
    "permanent-redirect",
    "preserve-trailing-slash",
    "proxy-body-size",
    "proxy-cookie-domain",
    "proxy-cookie-path",
    "proxy-next-upstream",
    "proxy-redirect-from",
    "proxy-redirect-to",
    "proxy-ssl-ciphers",
    "proxy-ssl-secret",
    "rewrite-target",
    "session-cookie-domain",
    "session-cookie-expires",
    "session-cookie-max-age",
    "session-cookie-name",
    "session-cookie-path",
    "temporal-redirect",
    "whitelist-source-range",
    "x-forwarded-prefix",
)

_HIGH = (
    "auth-signin",
    "auth-tls-error-page",
    "auth-tls-match-cn",
    "auth-url",
    "mirror-host",
    "mirror-target",
    "modsecurity-transaction-id",
    "proxy-ssl-name",
    "server-alias",
    "upstream-hash-by",
)

_NEEDS = {
    "enable-opentelemetry": "a collector",
    "opentelemetry-operation-name": "a collector",
    "opentelemetry-trust-incoming-span": "a collector",
    "ssl-passthrough": "--enable-ssl-passthrough",
}
"""What has no effect, or breaks the route, without a setting of the whole controller."""


def _keys(*names: str) -> list[str]:
    return [f"{PREFIX}{name}" for name in names]


RAW_ANNOTATIONS = RawAnnotations(
    version="1.15.1",
    accepted=frozenset(_keys(*_LOW, *_MEDIUM)),
    denied={
        **dict.fromkeys(_keys(*_HIGH), Denial(RISKY_ANNOTATION, {"risk": "High"}, only_if_installed=True)),
        **{
            f"{PREFIX}{name}": Denial(UNCONFIGURED_ANNOTATION, {"setting": setting}, only_if_installed=True)
            for name, setting in _NEEDS.items()
        },
    },
)
"""ingress-nginx's."""
