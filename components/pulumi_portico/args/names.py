"""The names and labels that Kubernetes accepts, as rules.

Sources: the Kubernetes documentation's "Object Names and IDs" and "Labels and
Selectors", and ``k8s.io/apimachinery/pkg/util/validation``, which enforces them.
"""

import re
from collections.abc import Mapping
from typing import Any, Optional

from .codes import define
from .parse import Rule
from .problems import ABSENT, Reason, available
from .values import whole_number

__all__ = [
    "LABEL_NAME_LENGTH",
    "PATTERNS",
    "PORT_NAME_LENGTH",
    "WORKLOAD_SUFFIX_LENGTH",
    "annotation_key",
    "any_annotation_key",
    "api_version",
    "app_protocol",
    "dns_label",
    "dns_subdomain",
    "label_key",
    "label_value",
    "object_name",
    "own_label_key",
    "path_segment",
    "port_name",
    "port_number",
    "service_name",
    "workload_name",
]

LABEL_NAME_LENGTH = 63
"""The longest DNS label, label value and label name (RFC 1123)."""

PORT_NAME_LENGTH = 15
"""The longest port name (RFC 6335)."""

_SUBDOMAIN_LENGTH = 253

WORKLOAD_SUFFIX_LENGTH = {
    # StatefulSet: the label controller-revision-hash of its pods is the set's name, a
    # hyphen and a hash of up to ten characters; a longer one makes every pod creation
    # fail (kubernetes/kubernetes#64023).
    "StatefulSet": 11,
    # Pod names are cut to fit (SimpleNameGenerator), and no label carries the name.
    "Deployment": 0,
    "DaemonSet": 0,
    "ReplicaSet": 0,
}
"""How many characters Kubernetes appends to a workload's name where 63 is the limit, by kind."""

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_DNS_LABEL_1035 = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_LABEL_PART = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_PORT_NAME = re.compile(r"(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?")


_DNS_CHARACTERS = "lowercase letters, digits, and hyphens"
_LABEL_CHARACTERS = "letters, digits, hyphens, underscores, and dots, starting and ending with a letter or digit"

INVALID_NAME = define(
    "invalid-name",
    "{value} isn't a valid name.",
    allowed=f"{_DNS_CHARACTERS}, starting and ending with a letter or digit, at most {{most}} characters",
)
INVALID_SERVICE_NAME = define(
    "invalid-service-name",
    "{value} isn't a valid name for {kind}.",
    allowed=f"{_DNS_CHARACTERS}, starting with a letter and not ending with a hyphen, at most {{most}} characters",
)
NAME_TOO_LONG = define(
    "name-too-long", "{value} is too long by {excess} characters.", allowed="at most {most} characters"
)
INVALID_OBJECT_NAME = define(
    "invalid-object-name",
    "{value} isn't a valid name for a Kubernetes object.",
    allowed="lowercase letters, digits, hyphens, and dots, at most {most} characters",
)
INVALID_LABEL_KEY = define(
    "invalid-label-key",
    "{value} isn't a valid label key.",
    allowed=f"{_LABEL_CHARACTERS}, at most {{most}} characters, after an optional DNS prefix and a slash",
)
RESERVED_LABEL = define(
    "reserved-label", "Kubernetes and Portico set the label {value} themselves.", allowed="any other key"
)
LABEL_OF_SERVICE_PROXY = define(
    "label-of-service-proxy",
    "With the label {value}, kube-proxy doesn't serve a Service: nothing on the nodes enforces its source ranges, and "
    "its address may lead nowhere.",
    allowed="any other key",
)
INVALID_ANNOTATION_KEY = define(
    "invalid-annotation-key", "{value} isn't a valid annotation key.", allowed=INVALID_LABEL_KEY.allowed
)
RESERVED_ANNOTATION = define(
    "reserved-annotation",
    "Pulumi and Portico set {value} themselves.",
    allowed="any other key",
    hint="Use Pulumi's resource options or transforms.",
)
INVALID_PATH_SEGMENT = define(
    "invalid-path-segment",
    "{value} can't be part of the API server's URLs.",
    allowed="text of one line without slashes and percent signs, other than . and ..",
)
INVALID_API_VERSION = define(
    "invalid-api-version",
    "{value} isn't an API version.",
    allowed="a version, such as v1, or a group and a version, such as networking.k8s.io/v1",
)
INVALID_APP_PROTOCOL = define(
    "invalid-app-protocol",
    "{value} isn't an application protocol.",
    allowed="an IANA service name, such as http or https, or a name with a prefix, such as kubernetes.io/h2c",
)
INVALID_LABEL_VALUE = define(
    "invalid-label-value",
    "{value} isn't a valid label value.",
    allowed=f"{_LABEL_CHARACTERS}, at most {{most}} characters",
    hint="Use an annotation for free text.",
)
INVALID_PORT_NAME = define(
    "invalid-port-name",
    "{value} isn't a valid port name.",
    allowed="lowercase letters, digits, and single hyphens, at least one letter, at most {most} characters",
)


def _slug(value: str, limit: int, *, letter_first: bool = False) -> str:
    """The nearest valid DNS label, for a fix; empty if nothing of the value is left."""
    slug = re.sub(r"[^a-z0-9-]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", value).lower())
    if letter_first:
        slug = slug.lstrip("0123456789-")
    return slug.strip("-")[:limit].rstrip("-")


def _too_long(value: str, limit: int, suggestion: str) -> Reason:
    return Reason(NAME_TOO_LONG, {"excess": len(value) - limit, "most": limit}, suggestion or ABSENT)


def object_name(name: str, spec: Any) -> str:
    """What the objects of a component are called: by its argument `name`, or as its Pulumi name or key in a stack,
    which `name` is. An invalid argument counts as not set."""
    own = available(lambda: spec.name, None)
    return name if own is None else own


def dns_label(value: str) -> Optional[Reason]:
    """RFC 1123 label: namespaces, and most object names that become part of a DNS name."""
    if len(value) <= LABEL_NAME_LENGTH and _DNS_LABEL.fullmatch(value):
        return None
    slug = _slug(value, LABEL_NAME_LENGTH)
    if len(value) > LABEL_NAME_LENGTH:
        return _too_long(value, LABEL_NAME_LENGTH, slug)
    return Reason(INVALID_NAME, {"most": LABEL_NAME_LENGTH}, slug or ABSENT)


def _rfc1035(limit: int, kind: str) -> Rule:
    def rule(value: Any) -> Optional[Reason]:
        if len(value) <= limit and _DNS_LABEL_1035.fullmatch(value):
            return None
        slug = _slug(value, limit, letter_first=True)
        if len(value) > limit:
            return _too_long(value, limit, slug)
        return Reason(INVALID_SERVICE_NAME, {"kind": kind, "most": limit}, slug or ABSENT)

    return rule


_service_name = _rfc1035(LABEL_NAME_LENGTH, "a Service")


def service_name(value: str) -> Optional[Reason]:
    """RFC 1035 label: the name of a Service."""
    return _service_name(value)


def workload_name(kind: str) -> Rule:
    """The rule for a workload that shares its name with a Service, less what Kubernetes appends for its kind."""
    return _rfc1035(LABEL_NAME_LENGTH - WORKLOAD_SUFFIX_LENGTH[kind], f"a {kind} and its Service")


def dns_subdomain(value: str) -> Optional[Reason]:
    """RFC 1123 subdomain: the names of most other objects."""
    if len(value) <= _SUBDOMAIN_LENGTH and all(_DNS_LABEL.fullmatch(part) for part in value.split(".")):
        return None
    return Reason(INVALID_OBJECT_NAME, {"most": _SUBDOMAIN_LENGTH}, _slug(value, _SUBDOMAIN_LENGTH) or ABSENT)


def label_key(value: str) -> Optional[Reason]:
    """The key of a label or selector: an optional DNS prefix and a slash, then a name."""
    prefix, slash, name = value.rpartition("/")
    if len(name) <= LABEL_NAME_LENGTH and _LABEL_PART.fullmatch(name) and (not slash or dns_subdomain(prefix) is None):
        return None
    return Reason(INVALID_LABEL_KEY, {"most": LABEL_NAME_LENGTH})


_RESERVED_LABELS = (
    "apps.kubernetes.io/pod-index",
    "controller-revision-hash",
    "kubernetes.io/metadata.name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
)
_POD_SECURITY = "pod-security.kubernetes.io/"
_OF_SERVICE_PROXIES = ("service.kubernetes.io/headless", "service.kubernetes.io/service-proxy-name")
"""The labels by which kube-proxy leaves a Service out (pkg/proxy/apis/well_known_labels.go)."""


def own_label_key(value: str) -> Optional[Reason]:
    """The key of a label that a component puts on its objects: none that Kubernetes or Portico sets."""
    if value in _RESERVED_LABELS or value.startswith(_POD_SECURITY):
        return Reason(RESERVED_LABEL)
    return Reason(LABEL_OF_SERVICE_PROXY) if value in _OF_SERVICE_PROXIES else label_key(value)


def any_annotation_key(value: str) -> Optional[Reason]:
    """The key of an annotation: the same as a label's."""
    return Reason(INVALID_ANNOTATION_KEY, {"most": LABEL_NAME_LENGTH}) if label_key(value.lower()) else None


def annotation_key(value: str) -> Optional[Reason]:
    """The key of an annotation that is none of Pulumi's or Portico's own."""
    if reason := any_annotation_key(value):
        return reason
    return Reason(RESERVED_ANNOTATION) if value.startswith(("pulumi.com/", "portico.dev/")) else None


def path_segment(value: str) -> Optional[Reason]:
    """A name that becomes part of the API server's URLs (`IsPathSegmentName`)."""
    is_valid = value not in ("", ".", "..") and not set(value) & set("/%") and value.isprintable()
    return None if is_valid else Reason(INVALID_PATH_SEGMENT)


def api_version(value: str) -> Optional[Reason]:
    """The group, unless it is the core group, and the version of an API."""
    group, slash, version = value.rpartition("/")
    is_valid = dns_label(version) is None and (not slash or dns_subdomain(group) is None)
    return None if is_valid else Reason(INVALID_API_VERSION)


def app_protocol(value: str) -> Optional[Reason]:
    """An application protocol: an IANA service name, or a name with a DNS prefix."""
    if label_key(value) is None and ("/" in value or dns_label(value) is None):
        return None
    usable = label_key(value) is None and dns_label(value.lower()) is None
    return Reason(INVALID_APP_PROTOCOL, suggestion=value.lower() if usable else ABSENT)


def label_value(value: str) -> Optional[Reason]:
    """The value of a label; it may be empty."""
    if value == "" or (len(value) <= LABEL_NAME_LENGTH and _LABEL_PART.fullmatch(value)):
        return None
    return Reason(INVALID_LABEL_VALUE, {"most": LABEL_NAME_LENGTH})


def port_name(value: str) -> Optional[Reason]:
    """A port's name (IANA service name)."""
    if len(value) <= PORT_NAME_LENGTH and _PORT_NAME.fullmatch(value) and any(char.isalpha() for char in value):
        return None
    slug = re.sub(r"-{2,}", "-", _slug(value, len(value)))[:PORT_NAME_LENGTH].rstrip("-")
    usable = any(char.isalpha() for char in slug)
    return Reason(INVALID_PORT_NAME, {"most": PORT_NAME_LENGTH}, slug if usable else ABSENT)


port_number = whole_number(1, 65535, "a port number")
"""The number of a TCP, UDP or SCTP port."""

PATTERNS: Mapping[Rule, tuple[str, int]] = {
    dns_label: (_DNS_LABEL.pattern, LABEL_NAME_LENGTH),
    service_name: (_DNS_LABEL_1035.pattern, LABEL_NAME_LENGTH),
    port_name: (_PORT_NAME.pattern, PORT_NAME_LENGTH),
}
"""The rules that a regular expression and a length say, for whoever checks without Python: an editor."""
