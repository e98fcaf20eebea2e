"""The annotations of a route's Ingress that F5 NGINX Ingress Controller reads, ignores, and rejects.

Source: nginx/kubernetes-ingress v5.5.4, `internal/k8s/validation.go` (`annotationValidations`),
`internal/configs/annotations.go` (`minionDenylist`, `parseRateLimitAnnotations`), `parsing_helpers.go`, and
`version1/nginx.ingress.tmpl` beside it. The Ingress of a route is a minion.
"""

from ...args.codes import define
from ..annotation_values import boolean, choice, items, matching, next_upstream, number, size
from ..raw_annotations import Denial, Promise, RawAnnotations, raw_annotations

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

_NAME = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
_TEXT = r"[A-Za-z0-9 ._~:/=@+,-]+"
_HEADER = r"[A-Za-z0-9-]+"
_HEADER_VALUE = r"[A-Za-z0-9 ._~:/?#@!&()*+=%|<>\[\]^;'-]*"
_PATH = r"/[A-Za-z0-9._~:/-]*"
_URL = r"(https?:/)?/([A-Za-z0-9._~:/?&=%-]|\$(scheme|host|http_host|server_port)(?![A-Za-z0-9_]))*"
_LEAST_ZONE = 32 << 10
"""nginx doesn't load a configuration with a smaller zone: it needs eight pages."""

_TIME = matching(
    r"(?=.)([0-9]{1,3}y)?([0-9]{1,4}M)?([0-9]{1,4}w)?([0-9]{1,5}d)?([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s?)?"
    r"([0-9]{1,9}ms)?",
    "a time of nginx, such as 30s or 1m30s",
)
_SERVICES = items(matching(_NAME, ""), "names of Services, separated by commas")
_ZONE = size(least=_LEAST_ZONE)

_ACCEPTED = raw_annotations(
    "nginx.org/",
    (
        boolean,
        (
            "limit-req-dry-run",
            "limit-req-no-delay",
            "limit-req-scale",
            "proxy-buffering",
            "use-cluster-ip",
        ),
    ),
    (
        number(),
        (
            "limit-req-burst",
            "limit-req-delay",
            "max-conns",
            "max-fails",
            "proxy-next-upstream-tries",
        ),
    ),
    (number(400, 599), ("limit-req-reject-code",)),
    (
        _TIME,
        (
            "fail-timeout",
            "proxy-connect-timeout",
            "proxy-next-upstream-timeout",
            "proxy-read-timeout",
            "proxy-send-timeout",
        ),
    ),
    (size(), ("client-body-buffer-size", "proxy-buffer-size", "proxy-busy-buffers-size")),
    (size(zero=True), ("proxy-max-temp-file-size",)),
    (size("kmg", zero=True), ("client-max-body-size",)),
    (size(least=_LEAST_ZONE, zero=True), ("upstream-zone-size",)),
    (_ZONE, ("limit-req-zone-size",)),
    (matching(r"[1-9][0-9]{0,5} [1-9][0-9]{0,8}[kKmM]?", "a number and a size, such as 8 16k"), ("proxy-buffers",)),
    (next_upstream, ("proxy-next-upstream",)),
    (matching(rf"off|default|{_URL}", "off, default, a path, or a URL"), ("proxy-redirect-from",)),
    (matching(_URL, "a path or a URL"), ("proxy-redirect-to",)),
    (choice("info", "notice", "warn", "error"), ("limit-req-log-level",)),
    (matching(r"[1-9][0-9]{0,8}r/[sm]", "a rate, such as 10r/s"), ("limit-req-rate",)),
    (matching(r"(\$\{[a-z_][a-z0-9_]*\})+", "variables, such as ${binary_remote_addr}"), ("limit-req-key",)),
    (choice("on", "off", "merge"), ("add-header-inherit",)),
    (
        items(matching(rf"{_HEADER}(:{_HEADER_VALUE})?", ""), "headers, such as X-Team: edge, separated by commas"),
        ("add-header", "proxy-set-headers"),
    ),
    (matching(_TEXT, "letters, digits, spaces, and . _ ~ : / = @ + , -"), ("basic-auth-realm",)),
    (matching(_NAME, "the name of a Secret"), ("basic-auth-secret",)),
    (_SERVICES, ("grpc-services", "ssl-services", "websocket-services")),
    (
        matching(
            r"round_robin|least_conn|ip_hash|random|random two( least_conn)?|hash \$[a-z_]+( consistent)?",
            "a method of nginx, such as least_conn",
        ),
        ("lb-method",),
    ),
    (choice("master", "minion"), ("mergeable-ingress-type",)),
    (choice("case_sensitive", "case_insensitive", "exact"), ("path-regex",)),
    (items(matching(rf"({_NAME}/)?{_NAME}", ""), "names of Policies, separated by commas"), ("policies",)),
    (matching(_PATH, "a path"), ("rewrite-target",)),
    (
        matching(
            rf"serviceName={_NAME} rewrite={_PATH}(;serviceName={_NAME} rewrite={_PATH})*",
            "rewrites, such as serviceName=api rewrite=/v2",
        ),
        ("rewrites",),
    ),
    (
        matching(rf"serviceName={_NAME} {_TEXT}", "a cookie, such as serviceName=api srv_id expires=1h path=/"),
        ("sticky-cookie-services",),
    ),
    changes={
        Promise.RATE: (
            "limit-req-delay",
            "limit-req-dry-run",
            "limit-req-scale",
        ),
    },
)
"""Those that have an effect on a route. `limit-req-dry-run` counts requests without rejecting any, and the others of
the limit change its numbers."""

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
    accepted=_ACCEPTED,
    denied={
        **dict.fromkeys((*_MINION_DENY_LIST, *_OF_THE_MASTER), Denial(HOST_ANNOTATION)),
        **dict.fromkeys(_PLUS_ONLY, Denial(REJECTED_ANNOTATION)),
    },
)
"""F5 NGINX Ingress Controller's, open source edition."""
