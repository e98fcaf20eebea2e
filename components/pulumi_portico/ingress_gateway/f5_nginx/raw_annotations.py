"""The annotations of a route's Ingress that F5 NGINX Ingress Controller reads, ignores, and rejects.

Source: nginx/kubernetes-ingress v5.5.4, `internal/k8s/validation.go` (`annotationValidations`) and
`internal/configs/annotations.go` (`minionDenylist`, `parseRateLimitAnnotations`). The Ingress of a route is a minion.
"""

from ...args.codes import define
from ..raw_annotations import Denial, RawAnnotations

__all__ = ["RAW_ANNOTATIONS"]

HOST_ANNOTATION = define(
    "f5-nginx-annotation-of-host",
    "{controller} {version} ignores the annotation {key} on a route, because it applies to a whole host.",
    allowed="annotations that the controller reads for one route",
)
REJECTED_ANNOTATION = define(
    "f5-nginx-rejected-annotation",
    "The open source edition of {controller} {version} rejects a route with the annotation {key}.",
    allowed="annotations without NGINX Plus and its modules",
)

_ACCEPTED = (
    "add-header",
    "add-header-inherit",
    "basic-auth-realm",
    "basic-auth-secret",
    "client-body-buffer-size",
    "client-max-body-size",
    "fail-timeout",
    "grpc-services",
    "lb-method",
    "limit-req-burst",
    "limit-req-delay",
    "limit-req-dry-run",
    "limit-req-key",
    "limit-req-log-level",
    "limit-req-no-delay",
    "limit-req-rate",
    "limit-req-reject-code",
    "limit-req-scale",
    "limit-req-zone-size",
    "max-conns",
    "max-fails",
    "mergeable-ingress-type",
    "path-regex",
    "policies",
    "proxy-buffer-size",
    "proxy-buffering",
    "proxy-buffers",
    "proxy-busy-buffers-size",
    "proxy-connect-timeout",
    "proxy-max-temp-file-size",
    "proxy-next-upstream",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "proxy-read-timeout",
    "proxy-redirect-from",
    "proxy-redirect-to",
    "proxy-send-timeout",
    "proxy-set-headers",
    "rewrite-target",
    "rewrites",
    "ssl-services",
    "sticky-cookie-services",
    "upstream-zone-size",
    "use-cluster-ip",
    "websocket-services",
)
"""Below nginx.org/."""

_MINION_DENY_LIST = (
    "nginx.org/app-root",
    "nginx.org/hsts",
    "nginx.org/hsts-include-subdomains",
    "nginx.org/hsts-max-age",
    "nginx.org/http-redirect-code",
    "nginx.org/listen-ports",
    "nginx.org/listen-ports-ssl",
    "nginx.org/proxy-hide-headers",
    "nginx.org/proxy-pass-headers",
    "nginx.org/redirect-to-https",
    "nginx.org/server-tokens",
    "nginx.org/ssl-ciphers",
    "nginx.org/ssl-prefer-server-ciphers",
    "nginx.org/ssl-redirect",
    "ingress.kubernetes.io/ssl-redirect",
)
"""`minionDenylist`, apart from snippets and the modules of NGINX Plus."""

_OF_THE_MASTER = (
    "nginx.org/hsts-behind-proxy",
    "nginx.org/keepalive",
)
"""What `generateNginxCfgForMergeableIngresses` takes only from the master."""

_PLUS_ONLY = (
    "appprotect.f5.com/app-protect-enable",
    "appprotect.f5.com/app-protect-policy",
    "appprotect.f5.com/app-protect-security-log",
    "appprotect.f5.com/app-protect-security-log-destination",
    "appprotect.f5.com/app-protect-security-log-enable",
    "appprotectdos.f5.com/app-protect-dos-resource",
    "nginx.com/health-checks",
    "nginx.com/health-checks-mandatory",
    "nginx.com/health-checks-mandatory-queue",
    "nginx.com/jwt-key",
    "nginx.com/jwt-login-url",
    "nginx.com/jwt-realm",
    "nginx.com/jwt-token",
    "nginx.com/policies",
    "nginx.com/slow-start",
    "nginx.com/sticky-cookie-services",
    "nsm.nginx.com/internal-route",
)
"""What `validatePlusOnlyAnnotation`, `validateAppProtectOnlyAnnotation`, and `validateInternalRoutesOnlyAnnotation`
forbid: the controller then skips the whole Ingress."""

RAW_ANNOTATIONS = RawAnnotations(
    version="5.5.4",
    accepted=frozenset(f"nginx.org/{key}" for key in _ACCEPTED),
    denied={
        **dict.fromkeys((*_MINION_DENY_LIST, *_OF_THE_MASTER), Denial(HOST_ANNOTATION)),
        **dict.fromkeys(_PLUS_ONLY, Denial(REJECTED_ANNOTATION)),
    },
)
"""F5 NGINX Ingress Controller's, open source edition."""
