"""The names and labels that Kubernetes takes, as rules.

Sources: the Kubernetes documentation's "Object Names and IDs" and "Labels and
Selectors", and ``k8s.io/apimachinery/pkg/util/validation``, which enforces them.
"""

import re
from collections.abc import Mapping
from typing import Any, Optional

from .errors import Refusal
from .values import Rule, whole_number

__all__ = [
    "LABEL_NAME_LENGTH",
    "PATTERNS",
    "PORT_NAME_LENGTH",
    "WORKLOAD_SUFFIX_LENGTH",
    "annotation_key",
    "app_protocol",
    "dns_label",
    "dns_subdomain",
    "label_key",
    "label_value",
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


def _slug(value: str, limit: int, *, letter_first: bool = False) -> str:
    """The nearest valid DNS label, for a fix; empty where nothing of the value is left."""
    slug = re.sub(r"[^a-z0-9-]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", value).lower())
    if letter_first:
        slug = slug.lstrip("0123456789-")
    return slug.strip("-")[:limit].rstrip("-")


def _label_rule(pattern: re.Pattern[str], limit: int, what: str, allowed: str, *, letter_first: bool) -> Rule:
    def rule(value: Any) -> Optional[Refusal]:
        if len(value) <= limit and pattern.fullmatch(value):
            return None
        wrong = (
            f"is {len(value)} characters long, too long for {what}" if len(value) > limit else f"does not fit {what}"
        )
        slug = _slug(value, limit, letter_first=letter_first)
        return Refusal(wrong, allowed.format(limit=limit), f'write "{slug}"' if slug else "")

    return rule


def dns_label(value: str) -> Optional[Refusal]:
    """RFC 1123 label: namespaces, most object names that end up in DNS."""
    return _label_rule(
        _DNS_LABEL,
        LABEL_NAME_LENGTH,
        "a Kubernetes name",
        "lower-case letters, digits and hyphens, not at either end, {limit} characters at most",
        letter_first=False,
    )(value)


def _rfc1035(limit: int, what: str) -> Rule:
    allowed = "lower-case letters, digits and hyphens, a letter first and no hyphen last, {limit} characters at most"
    return _label_rule(_DNS_LABEL_1035, limit, what, allowed, letter_first=True)


def service_name(value: str) -> Optional[Refusal]:
    """RFC 1035 label: the name of a Service."""
    return _rfc1035(LABEL_NAME_LENGTH, "a Service's name")(value)


def workload_name(kind: str) -> Rule:
    """The rule for a workload that shares its name with a Service, less what Kubernetes appends for its kind."""
    return _rfc1035(LABEL_NAME_LENGTH - WORKLOAD_SUFFIX_LENGTH[kind], f"a {kind} and its Service")


def dns_subdomain(value: str) -> Optional[Refusal]:
    """RFC 1123 subdomain: the names of most other objects."""
    if len(value) <= _SUBDOMAIN_LENGTH and all(_DNS_LABEL.fullmatch(part) for part in value.split(".")):
        return None
    return Refusal(
        "does not fit a Kubernetes object's name",
        f"lower-case letters, digits, hyphens and dots, {_SUBDOMAIN_LENGTH} characters at most",
        f'write "{slug}"' if (slug := _slug(value, _SUBDOMAIN_LENGTH)) else "",
    )


def label_key(value: str) -> Optional[Refusal]:
    """A label's or selector's key: an optional DNS prefix and a slash, then a name."""
    prefix, slash, name = value.rpartition("/")
    if len(name) <= LABEL_NAME_LENGTH and _LABEL_PART.fullmatch(name) and (not slash or dns_subdomain(prefix) is None):
        return None
    return Refusal(
        "does not fit a label's key",
        f"letters, digits, hyphens, underscores and dots, a letter or digit at both ends, {LABEL_NAME_LENGTH} "
        "characters at most, behind an optional DNS prefix and a slash",
    )


def annotation_key(value: str) -> Optional[Refusal]:
    """An annotation's key: the same as a label's, and none of those that Pulumi keeps for itself."""
    refusal = label_key(value.lower())
    if refusal is None and not value.startswith("pulumi.com/"):
        return None
    if refusal is not None:
        return refusal._replace(wrong="does not fit an annotation's key")
    return Refusal("is one that Portico or Pulumi sets", "any other", "use Pulumi's resource options or transforms")


def app_protocol(value: str) -> Optional[Refusal]:
    """What is spoken over a port: an IANA service name, or a name behind a DNS prefix."""
    if label_key(value) is None and ("/" in value or dns_label(value) is None):
        return None
    return Refusal(
        "does not fit an application protocol",
        "a name that IANA has, such as http or https, or one with a prefix, such as kubernetes.io/h2c",
        f"write {value.lower()}" if label_key(value) is None and dns_label(value.lower()) is None else "",
    )


def label_value(value: str) -> Optional[Refusal]:
    """A label's value; it may be empty."""
    if value == "" or (len(value) <= LABEL_NAME_LENGTH and _LABEL_PART.fullmatch(value)):
        return None
    return Refusal(
        "does not fit a label's value",
        f"letters, digits, hyphens, underscores and dots, a letter or digit at both ends, {LABEL_NAME_LENGTH} "
        "characters at most",
        "put free text into an annotation",
    )


def port_name(value: str) -> Optional[Refusal]:
    """A port's name (IANA service name)."""
    if len(value) <= PORT_NAME_LENGTH and _PORT_NAME.fullmatch(value) and any(char.isalpha() for char in value):
        return None
    slug = re.sub(r"-{2,}", "-", _slug(value, len(value)))[:PORT_NAME_LENGTH].rstrip("-")
    return Refusal(
        "does not fit a port's name",
        f"lower-case letters, digits and single hyphens, one letter at least, {PORT_NAME_LENGTH} characters at most",
        f'write "{slug}"' if any(char.isalpha() for char in slug) else "",
    )


port_number = whole_number(1, 65535, "a port number")
"""The number of a TCP, UDP or SCTP port."""

PATTERNS: Mapping[Rule, tuple[str, int]] = {
    dns_label: (_DNS_LABEL.pattern, LABEL_NAME_LENGTH),
    service_name: (_DNS_LABEL_1035.pattern, LABEL_NAME_LENGTH),
    port_name: (_PORT_NAME.pattern, PORT_NAME_LENGTH),
}
"""The rules that a regular expression and a length say, for whoever checks without Python: an editor."""
