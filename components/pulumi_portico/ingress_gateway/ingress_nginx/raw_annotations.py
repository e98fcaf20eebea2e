"""The annotations of a route's Ingress that ingress-nginx knows, by the risk that it sees in them.

Source: kubernetes/ingress-nginx controller-v1.15.1, `internal/ingress/annotations/*/main.go` (`Risk`, aliases included)
and `parser/validators.go` (`CheckAnnotationRisk` and the validators),
and `rootfs/etc/nginx/template/nginx.tmpl`. The installer sets `annotations-risk-level` to Medium, and the
controller skips an Ingress that has an annotation above it. Those of critical risk all end in `snippet`, which the
field `denied_annotations` of the module covers.
"""

import re
from typing import Any, Optional

from ...args.codes import define
from ...args.concealment import names_secret
from ...args.problems import Reason
from ..annotation_values import boolean, choice, cidrs, items, matching, next_upstream, number, size
from ..raw_annotations import Denial, Promise, RawAnnotations, raw_annotations
from .annotations import PREFIX
from .raw_combinations import check_combinations, exceptions_of_annotations

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

HOST_OF_CLIENT = define(
    "variable-in-host-of-url",
    "{value} has no host, or one that a client could choose.",
    allowed="a path, or a URL whose host has no variables but {variables}",
)
CACHE_WITHOUT_CREDENTIALS = define(
    "auth-cache-key-without-credentials",
    "The controller would use the response for one user for others too, because the key doesn't include their "
    "credentials.",
    allowed="a key with $http_authorization, $http_cookie, a cookie such as $cookie_session, or the header of a token",
)

_BASIC = r"[A-Za-z0-9._~:/-]+"
_URL = r"[A-Za-z0-9._~:/,?&=-]+"
_VARIABLES_OF_HOST = ("host", "service_name", "namespace", "service_port")
"""The variables in the host of a URL that the client doesn't choose: `host` is that of the Ingress."""

_HOST_OF_URL = re.compile(r"(?:(?:[a-z]+|\$scheme)://)?((?:[A-Za-z0-9._~-]|\$[a-z0-9_]+)+(?::[0-9]+)?)(?:[/?].*)?")
_HOST_WITH_VARIABLES = (
    r"([A-Za-z0-9.-]|\$(service_name|namespace|host|http_host|best_http_host)(?![A-Za-z0-9_]))+(:[0-9]{1,5})?"
)
_WITH_CAPTURES = r"([A-Za-z0-9._~:/-]|\$[1-9])+"
_ORIGIN = r"([a-z]+://)?(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?|\*|null"

_ON_OFF = choice("on", "off")
_TOKENS = matching(r"[A-Za-z0-9_-]+(, *[A-Za-z0-9_-]+)*", "names separated by commas")
_OBJECT = matching(r"([a-z0-9.-]+/)?[a-z0-9.-]+", "a name, or a namespace, a slash, and a name")
_NAME = matching(r"[A-Za-z0-9._-]+", "letters, digits, and . _ -")
_URLS = matching(_URL, "a URL or a path")
_REDIRECT_CODE = number(300, 308)
_CIPHERS = matching(r"[A-Za-z0-9!:+@=_-]+", "names of ciphers, separated by colons")
_COOKIE_AGE = matching(r"0|-?[1-9][0-9]{0,9}", "a number of seconds")
_CANARY = (
    "affinity-canary-behavior",
    "canary",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "canary-weight",
    "canary-weight-total",
)

_CREDENTIALS = ("http_authorization", "http_cookie")
"""The variables that identify a user together with the password. `remote_user` is only a name, and nothing has checked
it yet."""


def _url_with_variables(value: Any) -> Optional[Reason]:
    """A URL, or a path. A client would choose where requests go by most variables in the host."""
    text = str(value)
    if reason := matching(r"[A-Za-z0-9._~:/,?&=$-]+", "a URL without spaces")(text):
        return reason
    found = _HOST_OF_URL.fullmatch(text)
    variables = re.findall(r"\$([a-z0-9_]+)", found[1]) if found else []
    fits = set(variables) <= set(_VARIABLES_OF_HOST) if found else text.startswith("/")
    return None if fits else Reason(HOST_OF_CLIENT, {"variables": [f"${name}" for name in _VARIABLES_OF_HOST]})


def _cache_key(value: Any) -> Optional[Reason]:
    if reason := matching(r"[A-Za-z0-9_$-]+", "variables of nginx")(value):
        return reason
    variables = re.findall(r"\$([a-z0-9_]+)", str(value))
    return None if any(map(_is_credential, variables)) else Reason(CACHE_WITHOUT_CREDENTIALS)


def _is_credential(variable: str) -> bool:
    if variable in _CREDENTIALS or variable.startswith("cookie_"):
        return True
    return variable.startswith(("http_", "arg_")) and names_secret(variable.partition("_")[2])


_ACCEPTED = raw_annotations(
    PREFIX,
    (
        boolean,
        (
            "auth-always-set-cookie",
            "auth-keepalive-share-vars",
            "auth-tls-pass-certificate-to-upstream",
            "canary",
            "cors-allow-credentials",
            "disable-proxy-intercept-errors",
            "enable-access-log",
            "enable-cors",
            "enable-global-auth",
            "enable-modsecurity",
            "enable-opentelemetry",
            "enable-owasp-core-rules",
            "enable-rewrite-log",
            "force-ssl-redirect",
            "from-to-www-redirect",
            "http2-push-preload",
            "opentelemetry-trust-incoming-span",
            "preserve-trailing-slash",
            "relative-redirects",
            "service-upstream",
            "session-cookie-change-on-failure",
            "session-cookie-conditional-samesite-none",
            "session-cookie-secure",
            "ssl-passthrough",
            "ssl-prefer-server-ciphers",
            "ssl-redirect",
            "upstream-hash-by-subset",
            "use-port-in-redirects",
            "use-regex",
        ),
    ),
    (
        number(),
        (
            "auth-keepalive",
            "auth-keepalive-requests",
            "auth-keepalive-timeout",
            "auth-tls-verify-depth",
            "canary-weight",
            "canary-weight-total",
            "cors-max-age",
            "limit-burst-multiplier",
            "limit-connections",
            "limit-rate",
            "limit-rate-after",
            "limit-rpm",
            "limit-rps",
            "proxy-connect-timeout",
            "proxy-next-upstream-timeout",
            "proxy-next-upstream-tries",
            "proxy-read-timeout",
            "proxy-send-timeout",
            "proxy-ssl-verify-depth",
        ),
    ),
    (number(1, 1_000), ("proxy-buffers-number", "upstream-hash-by-subset-size")),
    (_REDIRECT_CODE, ("permanent-redirect-code", "temporal-redirect-code")),
    (
        _ON_OFF,
        (
            "mirror-request-body",
            "proxy-buffering",
            "proxy-request-buffering",
            "proxy-ssl-server-name",
            "proxy-ssl-verify",
        ),
    ),
    # The parser also accepts the units b and g, with which nginx doesn't load its configuration.
    (size(), ("client-body-buffer-size", "proxy-buffer-size", "proxy-busy-buffers-size")),
    (size(zero=True), ("proxy-max-temp-file-size",)),
    (size("kmg", zero=True), ("proxy-body-size",)),
    (
        cidrs,
        (
            "allowlist-source-range",
            "denylist-source-range",
            "limit-allowlist",
            "limit-whitelist",
            "whitelist-source-range",
        ),
    ),
    (
        _OBJECT,
        (
            "auth-proxy-set-headers",
            "auth-secret",
            "auth-tls-secret",
            "custom-headers",
            "fastcgi-params-configmap",
            "proxy-ssl-secret",
        ),
    ),
    (
        _NAME,
        (
            "auth-signin-redirect-param",
            "canary-by-cookie",
            "canary-by-header",
            "canary-by-header-value",
            "fastcgi-index",
            "opentelemetry-operation-name",
            "session-cookie-domain",
            "session-cookie-name",
        ),
    ),
    (
        _URLS,
        ("auth-request-redirect", "permanent-redirect", "session-cookie-path", "temporal-redirect"),
    ),
    (_url_with_variables, ("auth-signin", "auth-url", "mirror-target")),
    (
        matching(_WITH_CAPTURES, "a path, with captures such as $1"),
        ("app-root", "rewrite-target", "x-forwarded-prefix"),
    ),
    (matching(rf"off|default|{_URL}", "off, default, a path, or a URL"), ("proxy-redirect-from", "proxy-redirect-to")),
    (matching(rf"off|{_URL} {_URL}", "off, or two paths separated by a space"), ("proxy-cookie-path",)),
    (matching(rf"off|{_BASIC} {_BASIC}", "off, or two names separated by a space"), ("proxy-cookie-domain",)),
    (_TOKENS, ("auth-response-headers", "cors-allow-headers")),
    (items(matching(r"[A-Za-z]+", ""), "methods separated by commas"), ("cors-allow-methods",)),
    (matching(r"(\*|[A-Za-z0-9_-]+)(, *(\*|[A-Za-z0-9_-]+))*", "names separated by commas"), ("cors-expose-headers",)),
    (items(matching(_ORIGIN, ""), "origins separated by commas"), ("cors-allow-origin",)),
    (matching(r"[a-z]([a-z0-9-]*[a-z0-9])?", "the name of a Service"), ("default-backend",)),
    (choice("cookie"), ("affinity",)),
    (choice("balanced", "persistent"), ("affinity-mode",)),
    (choice("sticky", "legacy"), ("affinity-canary-behavior",)),
    (choice("auth-file", "auth-map"), ("auth-secret-type",)),
    (choice("basic", "digest"), ("auth-type",)),
    (choice("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"), ("auth-method",)),
    (choice("on", "off", "optional", "optional_no_ca"), ("auth-tls-verify-client",)),
    (choice("AUTO_HTTP", "HTTP", "HTTPS", "GRPC", "GRPCS", "FCGI"), ("backend-protocol",)),
    (choice("close", "keep-alive"), ("connection-proxy-header",)),
    (choice("1.0", "1.1"), ("proxy-http-version",)),
    (choice("any", "all"), ("satisfy",)),
    (choice("None", "Lax", "Strict"), ("session-cookie-samesite",)),
    (
        choice("round_robin", "chash", "chashsubset", "sticky_balanced", "sticky_persistent", "ewma"),
        ("load-balance",),
    ),
    (matching(r"TLSv1\.[23]( TLSv1\.[23])?", "TLSv1.2, TLSv1.3, or both"), ("proxy-ssl-protocols",)),
    (_CIPHERS, ("proxy-ssl-ciphers", "ssl-ciphers")),
    (_COOKIE_AGE, ("session-cookie-expires", "session-cookie-max-age")),
    (matching(r"[A-Za-z0-9._~:/ -]+", "letters, digits, spaces, and . _ ~ : / -"), ("auth-realm",)),
    (_cache_key, ("auth-cache-key",)),
    (matching(r"[A-Za-z0-9_$-]+", "variables of nginx"), ("modsecurity-transaction-id",)),
    (matching(r"([A-Za-z0-9_.$-]|\$\{[a-z0-9_]+\})+", "variables of nginx"), ("upstream-hash-by",)),
    (
        items(matching(r"([1-5][0-9]{2} )*[0-9]{1,9}(ms|[smhdwMy])", ""), "durations, such as 200 202 5m, 401 30s"),
        ("auth-cache-duration",),
    ),
    (next_upstream, ("proxy-next-upstream",)),
    (
        # Passwords, ranges, and limits respond with the codes left out.
        items(
            matching(r"(?!401|403|429)[45][0-9]{2}", ""),
            "status codes from 400 to 599, separated by commas, without 401, 403, and 429",
        ),
        ("custom-http-errors",),
    ),
    (matching(_HOST_WITH_VARIABLES, "a host name, and optionally a port"), ("mirror-host", "upstream-vhost")),
    (matching(r"[A-Za-z0-9.-]+", "a host name"), ("proxy-ssl-name",)),
    (items(matching(r"(\*\.)?[A-Za-z0-9.-]+", ""), "host names separated by commas"), ("server-alias",)),
    (matching(r"CN=[A-Za-z0-9._*+|-]+", "CN= and a pattern"), ("auth-tls-match-cn",)),
    (matching(r"@?[A-Za-z0-9._:/-]+", "a URL, a path, or a named location"), ("auth-tls-error-page",)),
    (matching(r"[A-Za-z0-9._~:/*?|^$-]+", "a pattern"), ("canary-by-header-pattern",)),
    changes={
        Promise.AUTHENTICATION: ("satisfy",),
        Promise.SOURCES: ("whitelist-source-range",),
        Promise.RATE: ("limit-allowlist", "limit-whitelist"),
        Promise.TLS: ("ssl-passthrough",),
        Promise.CIPHERS: ("ssl-ciphers", "ssl-prefer-server-ciphers"),
        Promise.HOSTS: ("from-to-www-redirect", "server-alias"),
        Promise.TARGET: (*_CANARY, "mirror-target"),
        Promise.DEFAULT_BACKEND: ("default-backend",),
        Promise.ACCESS_LOG: ("enable-access-log",),
    },
    only_with_field=("whitelist-source-range",),
)
"""Those that have an effect on a route.

`satisfy: any` accepts a request that has either the password or an allowed address. A canary has no location of its
own, so another route serves its path. `default-backend` receives requests that the route's own rules reject.
"""

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
    "enable-global-auth": "global-auth-url",
    "enable-opentelemetry": "a collector",
    "opentelemetry-operation-name": "a collector",
    "opentelemetry-trust-incoming-span": "a collector",
    "ssl-passthrough": "--enable-ssl-passthrough",
}
"""What has no effect, or breaks the route, without a setting of the whole controller."""

_BESIDE = {
    "auth-url": (
        "auth-always-set-cookie",
        "auth-cache-duration",
        "auth-cache-key",
        "auth-keepalive",
        "auth-keepalive-requests",
        "auth-keepalive-share-vars",
        "auth-keepalive-timeout",
        "auth-method",
        "auth-proxy-set-headers",
        "auth-request-redirect",
        "auth-response-headers",
        "auth-signin",
        "auth-signin-redirect-param",
    ),
    "auth-tls-secret": (
        "auth-tls-error-page",
        "auth-tls-match-cn",
        "auth-tls-pass-certificate-to-upstream",
        "auth-tls-verify-client",
        "auth-tls-verify-depth",
    ),
    "backend-protocol": ("fastcgi-index", "fastcgi-params-configmap"),
    "enable-cors": (
        "cors-allow-credentials",
        "cors-allow-headers",
        "cors-allow-methods",
        "cors-allow-origin",
        "cors-expose-headers",
        "cors-max-age",
    ),
    "enable-opentelemetry": ("opentelemetry-operation-name", "opentelemetry-trust-incoming-span"),
    "limit-rate": ("limit-rate-after",),
    "mirror-target": ("mirror-host", "mirror-request-body"),
    "permanent-redirect": ("permanent-redirect-code",),
    "affinity": (
        "session-cookie-change-on-failure",
        "session-cookie-conditional-samesite-none",
        "session-cookie-domain",
    ),
    "temporal-redirect": ("temporal-redirect-code",),
    "upstream-hash-by": ("upstream-hash-by-subset", "upstream-hash-by-subset-size"),
}
"""What has no effect without another annotation, by that one: the parsers of the annotations return before they read
it, or the template doesn't print it."""


def _keys(*names: str) -> list[str]:
    return [f"{PREFIX}{name}" for name in names]


RAW_ANNOTATIONS = RawAnnotations(
    version="1.15.1",
    accepted=_ACCEPTED,
    denied={
        **dict.fromkeys(_keys(*_HIGH), Denial(RISKY_ANNOTATION, {"risk": "High"}, only_if_installed=True)),
        **{
            f"{PREFIX}{name}": Denial(UNCONFIGURED_ANNOTATION, {"setting": setting}, only_if_installed=True)
            for name, setting in _NEEDS.items()
        },
    },
    needs={f"{PREFIX}{name}": f"{PREFIX}{other}" for other, names in _BESIDE.items() for name in names},
    check=check_combinations,
    exceptions=exceptions_of_annotations,
)
"""ingress-nginx's."""
