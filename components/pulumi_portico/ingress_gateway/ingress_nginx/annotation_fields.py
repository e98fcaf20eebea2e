"""The fields that do what the annotations of ingress-nginx do.

Source: controller-v1.15.1, `internal/ingress/annotations`.
"""

from collections.abc import Mapping
from typing import Any, Optional

from ...args.elsewhere import Values
from ...args.forms import list_of
from ...args.units import NGINX_MIB, SECONDS
from ..annotation_fields import (
    BALANCING,
    REDIRECT,
    SOURCES,
    TIMEOUTS,
    AnnotationField,
    choice_of,
    default_of,
    field_for,
    field_with_decision,
    number_of,
    path_of,
    rate_of,
    secret_of,
    switch_of,
    text_of,
    whole_of,
    written_anyway,
)
from .annotations import PREFIX

__all__ = ["ANNOTATION_FIELDS"]


def _cors(text: Any) -> Optional[Values]:
    return {("cors", "origins"): ["*"]} if switch_of(text) else {}


def _sticky(text: Any) -> Optional[Values]:
    return {("session_persistence",): {}} if text == "cookie" else None


_HASHED = {
    "$request_uri": "request-uri",
    "$remote_addr": "client-address",
    "$binary_remote_addr": "client-address",
}

_BY_NAME: Mapping[str, AnnotationField] = {
    **{f"proxy-{name}-timeout": field for name, field in TIMEOUTS.items()},
    "affinity": AnnotationField("session_persistence", _sticky),
    "affinity-mode": default_of("session_persistence", "persistent"),
    "allowlist-source-range": SOURCES,
    "app-root": field_for("app_root", path_of),
    "auth-realm": field_for("basic_auth.realm", text_of),
    "auth-secret": field_for("basic_auth.secret", secret_of),
    "auth-secret-type": default_of("basic_auth.secret", "auth-file"),
    "auth-type": default_of("basic_auth", "basic"),
    "backend-protocol": field_for("protocol", choice_of({name: name for name in ("HTTP", "HTTPS", "GRPC", "GRPCS")})),
    "cors-allow-credentials": field_for("cors.credentials", switch_of),
    "cors-allow-headers": field_for("cors.headers", list_of),
    "cors-allow-methods": field_for("cors.methods", list_of),
    "cors-allow-origin": field_for("cors.origins", list_of),
    "cors-expose-headers": field_for("cors.expose_headers", list_of),
    "cors-max-age": field_for("cors.max_age", number_of(SECONDS)),
    "custom-headers": field_with_decision("response_headers"),
    "denylist-source-range": field_for("denied_sources", list_of),
    "enable-cors": AnnotationField("cors", _cors),
    "force-ssl-redirect": REDIRECT,
    "hsts": field_with_decision("settings.hsts"),
    "limit-burst-multiplier": field_with_decision("rate_limit.burst"),
    "limit-connections": field_for("rate_limit.connections", whole_of),
    "limit-rpm": AnnotationField("rate_limit", rate_of("minute")),
    "limit-rps": AnnotationField("rate_limit", rate_of("second")),
    "load-balance": field_for("load_balancing", choice_of(BALANCING)),
    "permanent-redirect": field_with_decision("redirect"),
    "permanent-redirect-code": field_with_decision("redirect.code"),
    "preserve-trailing-slash": default_of("https_redirect", "true"),
    "proxy-body-size": field_for("body_size", number_of(NGINX_MIB)),
    "proxy-buffering": field_for("buffering.responses", switch_of),
    "proxy-request-buffering": field_for("buffering.requests", switch_of),
    "proxy-ssl-name": field_for("backend_tls.server_name", text_of),
    "proxy-ssl-secret": field_with_decision("backend_tls.ca_certificate"),
    "proxy-ssl-verify": field_with_decision("backend_tls"),
    "rewrite-target": field_for("rewrite", path_of),
    "session-cookie-expires": field_for("session_persistence.max_age", number_of(SECONDS)),
    "session-cookie-max-age": field_for("session_persistence.max_age", number_of(SECONDS)),
    "session-cookie-name": field_for("session_persistence.cookie", text_of),
    "session-cookie-path": field_for("session_persistence.path", path_of),
    "session-cookie-samesite": field_for("session_persistence.same_site", text_of),
    "session-cookie-secure": field_for("session_persistence.secure", switch_of),
    "ssl-ciphers": field_with_decision("settings.ciphers"),
    "ssl-redirect": REDIRECT,
    "temporal-redirect": field_with_decision("redirect"),
    "temporal-redirect-code": field_with_decision("redirect.code"),
    "upstream-hash-by": field_for("load_balancing", choice_of(_HASHED)),
    "use-regex": written_anyway("path"),
    "whitelist-source-range": SOURCES,
}

ANNOTATION_FIELDS: Mapping[str, AnnotationField] = {
    **{f"{PREFIX}{name}": field for name, field in _BY_NAME.items()},
}
"""By key."""
