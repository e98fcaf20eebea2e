"""The annotations of F5 NGINX Ingress Controller v5.5.4 below nginx.org/, and which values its validation lets through.

internal/k8s/validation.go and internal/configs/parsing_helpers.go. What is not checked there and then not taken over,
as the limits of requests, counts as refused too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.readers.nginx import go_bool

Check = Callable[[str, Mapping[str, Any]], bool]


def _fits(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value, _ingress: compiled.fullmatch(value) is not None


def _boolean(value: str, _ingress: Mapping[str, Any]) -> bool:
    return go_bool(value) is not None


def _services(ingress: Mapping[str, Any]) -> set[str]:
    spec = ingress["spec"]
    backends = [path["backend"] for rule in spec.get("rules", []) for path in rule.get("http", {}).get("paths", [])]
    backends += [spec["defaultBackend"]] if spec.get("defaultBackend") else []
    return {it["service"]["name"] for it in backends}


def _service_list(value: str, ingress: Mapping[str, Any]) -> bool:
    return set(value.split(",")) <= _services(ingress)


_REWRITE = re.compile(r"serviceName=([^= ]*) rewrite=(/[^\s{};$=]*)")


def rewrites_of(value: str) -> dict[str, str] | None:
    """parsing_helpers.go, parseRewrites."""
    found: dict[str, str] = {}
    for part in value.split(";"):
        match = _REWRITE.fullmatch(part.strip())
        if match is None:
            return None
        found[match[1]] = match[2]
    return found


def _rewrite_list(value: str, ingress: Mapping[str, Any]) -> bool:
    found = rewrites_of(value)
    return found is not None and set(found) <= _services(ingress)


_ESCAPED = r'([^"$\\]|\\[^$])*'
_STICKY = re.compile(rf"[^= ]*=([^= ]*) ({_ESCAPED})")


def sticky_of(value: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for part in value.split(";"):
        match = _STICKY.fullmatch(part)
        if match is None:
            return None
        found[match[1]] = match[2]
    return found


def _absolute_path(value: str) -> bool:
    """pkg/apis/configuration/validation/common.go, ValidatePath."""
    fine = re.fullmatch(r"/[^\s{};\\]*", value) is not None
    return fine and not value.startswith("//") and ".." not in value.split("/")


def _rewrite_target(value: str, _ingress: Mapping[str, Any]) -> bool:
    return _absolute_path(value) and re.search(r"[;{}\[\]|<>,^`~\x00-\x1f\x7f]", value) is None


def _app_root(value: str, _ingress: Mapping[str, Any]) -> bool:
    allowed = re.fullmatch(r"/[A-Za-z0-9\-_.!*'():@&=+,/?%]+", value) is not None
    return allowed and _absolute_path(value) and not value.endswith("/")


_TOKEN = r"[-A-Za-z0-9!#$%&'*+.^_`|~]+"
_HEADER_VALUE = re.compile(r'(?:[^"\\]|\\.)*')


def _header(name: str, value: str) -> bool:
    """version1/header_parsing_helper.go. Kubernetes takes letters, digits and - in a header's name."""
    plain = re.fullmatch(r"[-A-Za-z0-9]+", name) is not None
    return plain and not set(value) & set("$\n\r") and _HEADER_VALUE.fullmatch(value) is not None


def _set_headers(value: str, _ingress: Mapping[str, Any]) -> bool:
    return all(_header(*(part.strip() for part in (*it.split(":", 1), "")[:2])) for it in value.split(","))


def _add_headers(value: str, _ingress: Mapping[str, Any]) -> bool:
    for entry in value.split(","):
        name, told, flag = (*(it.strip() for it in entry.split(":", 2)), "", "")[:3]
        if not _header(name, told) or flag.lower() not in ("", "always"):
            return False
    return True


def _balancing(value: str, _ingress: Mapping[str, Any]) -> bool:
    named = {"round_robin", "least_conn", "ip_hash", "random", "random two", "random two least_conn"}
    return value.strip() in named or re.fullmatch(r"hash \S+( consistent)?", value.strip()) is not None


def _policy_names(value: str, _ingress: Mapping[str, Any]) -> bool:
    name = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
    return all(re.fullmatch(rf"({name}/)?{name}", it.strip()) for it in value.split(","))


_TIME = _fits(r"(?=.*\S)(\d+y)?\s*(\d+M)?\s*(\d+w)?\s*(\d+d)?\s*(\d+h)?\s*(\d+m)?\s*(\d+s?)?\s*(\d+ms)?")
_SIZE = _fits(r"\s*\d+[kKmM]?\s*")
_UNSIGNED = _fits(r"\d+")
_INTEGER = _fits(r"[+-]?\d+")

KNOWN: Mapping[str, Check] = {
    "mergeable-ingress-type": _fits("master|minion"),
    "lb-method": _balancing,
    "server-tokens": _boolean,
    "add-header-inherit": _fits(r"(?i)\s*(on|off|merge)\s*"),
    **dict.fromkeys(("proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout", "fail-timeout"), _TIME),
    "proxy-next-upstream-timeout": _TIME,
    "proxy-next-upstream": _fits(r"[a-z0-9_]+( [a-z0-9_]+)*"),
    **dict.fromkeys(("proxy-hide-headers", "proxy-pass-headers"), _fits(rf"{_TOKEN}(, *{_TOKEN})*")),
    "proxy-set-headers": _set_headers,
    "add-header": _add_headers,
    "client-max-body-size": _fits(r"\s*\d+[kKmMgG]?\s*"),
    **dict.fromkeys(
        (
            "client-body-buffer-size",
            "proxy-buffer-size",
            "proxy-busy-buffers-size",
            "proxy-max-temp-file-size",
            "upstream-zone-size",
            "limit-req-zone-size",
        ),
        _SIZE,
    ),
    "proxy-buffers": _fits(r"\s*\d+ \d+[kKmM]?\s*"),
    **dict.fromkeys(
        (
            "redirect-to-https",
            "ssl-redirect",
            "proxy-buffering",
            "hsts",
            "hsts-include-subdomains",
            "hsts-behind-proxy",
            "use-cluster-ip",
            "ssl-prefer-server-ciphers",
            "limit-req-no-delay",
            "limit-req-dry-run",
            "limit-req-scale",
        ),
        _boolean,
    ),
    "hsts-max-age": _INTEGER,
    "keepalive": _INTEGER,
    **dict.fromkeys(("max-fails", "max-conns", "proxy-next-upstream-tries"), _UNSIGNED),
    "basic-auth-secret": _fits(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"),
    "basic-auth-realm": _fits(_ESCAPED),
    **dict.fromkeys(("listen-ports", "listen-ports-ssl"), _fits(r"\d+(,\d+)*")),
    "limit-req-key": _fits(r"(\$\{[a-zA-Z_][a-zA-Z0-9_]*\}|\$[a-zA-Z_][a-zA-Z0-9_]*)+"),
    **dict.fromkeys(("websocket-services", "ssl-services", "grpc-services"), _service_list),
    "rewrites": _rewrite_list,
    "rewrite-target": _rewrite_target,
    "sticky-cookie-services": lambda value, _ingress: sticky_of(value) is not None,
    "path-regex": _fits("case_sensitive|case_insensitive|exact"),
    "http-redirect-code": _fits("301|302|307|308"),
    "app-root": _app_root,
    "policies": _policy_names,
    "ssl-ciphers": _fits(".*"),
    "limit-req-rate": _fits(r"\s*0*[1-9]\d*r/[sm]\s*"),
    **dict.fromkeys(("limit-req-burst", "limit-req-delay"), _INTEGER),
    "limit-req-reject-code": _fits("[45][0-9][0-9]"),
    "limit-req-log-level": _fits("info|notice|warn|error"),
}
