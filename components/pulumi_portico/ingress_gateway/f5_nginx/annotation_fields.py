"""The fields that do what the annotations of F5 NGINX Ingress Controller do.

Source: v5.5.4, `internal/configs/annotations.go`.
"""

import re
from collections.abc import Mapping
from typing import Any, Optional

from ...args.elsewhere import Values
from ...args.units import NGINX_MIB
from ..annotation_fields import (
    BALANCING,
    REDIRECT,
    TIMEOUTS,
    AnnotationField,
    choice_of,
    default_of,
    field_for,
    field_with_decision,
    headers_of,
    number_of,
    path_of,
    rate_of,
    secret_of,
    switch_of,
    text_of,
    whole_of,
    written_anyway,
)
from .annotations import NIC

__all__ = ["ANNOTATION_FIELDS"]


def _rate_of_f5(text: Any) -> Optional[Values]:
    match = re.fullmatch("([0-9]{1,9})r/([sm])", str(text))
    return match and rate_of("minute" if match[2] == "m" else "second")(match[1])


_BY_NAME: Mapping[str, AnnotationField] = {
    **{f"proxy-{name}-timeout": field for name, field in TIMEOUTS.items()},
    "add-header": field_for("response_headers", headers_of),
    "app-root": field_for("app_root", path_of),
    "basic-auth-realm": field_for("basic_auth.realm", text_of),
    "basic-auth-secret": field_for("basic_auth.secret", secret_of),
    "client-max-body-size": field_for("body_size", number_of(NGINX_MIB)),
    "grpc-services": field_for("protocol", lambda _text: "GRPC"),
    "hsts": field_with_decision("settings.hsts"),
    "hsts-behind-proxy": field_with_decision("settings.hsts"),
    "hsts-include-subdomains": field_with_decision("settings.hsts.include_subdomains"),
    "hsts-max-age": field_with_decision("settings.hsts.max_age"),
    "http-redirect-code": field_with_decision("https_redirect"),
    "lb-method": field_for("load_balancing", choice_of(BALANCING)),
    "limit-req-burst": field_for("rate_limit.burst", whole_of),
    "limit-req-key": field_with_decision("rate_limit"),
    "limit-req-no-delay": field_with_decision("rate_limit"),
    "limit-req-rate": AnnotationField("rate_limit", _rate_of_f5),
    "limit-req-reject-code": default_of("rate_limit", "429"),
    "mergeable-ingress-type": written_anyway("host"),
    "path-regex": written_anyway("path"),
    "proxy-buffering": field_for("buffering.responses", switch_of),
    "proxy-set-headers": field_for("request_headers", headers_of),
    "redirect-to-https": REDIRECT,
    "rewrite-target": field_for("rewrite", path_of),
    "rewrites": field_with_decision("rewrite"),
    "ssl-ciphers": field_with_decision("settings.ciphers"),
    "ssl-redirect": REDIRECT,
    "ssl-services": field_for("protocol", lambda _text: "HTTPS"),
    "sticky-cookie-services": field_with_decision("session_persistence"),
    "use-cluster-ip": field_with_decision("load_balancing"),
    "websocket-services": field_for("websocket", lambda _text: True),
}

ANNOTATION_FIELDS: Mapping[str, AnnotationField] = {
    **{f"{NIC}{name}": field for name, field in _BY_NAME.items()},
    "ingress.kubernetes.io/ssl-redirect": REDIRECT,
}
"""By key."""
