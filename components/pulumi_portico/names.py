"""The names, labels and numbers that Kubernetes takes, as rules.

A rule is a function that takes a value and answers None, or why it refuses the value.

Sources: the Kubernetes documentation's "Object Names and IDs" and "Labels and
Selectors", and ``k8s.io/apimachinery/pkg/util/validation``, which enforces them.
"""

import re
from collections.abc import Callable
from typing import Any, Optional

from .errors import Refusal, write_nearest

__all__ = [
    "LABEL_NAME_LENGTH",
    "PORT_NAME_LENGTH",
    "WORKLOAD_SUFFIX_LENGTH",
    "Rule",
    "annotation_key",
    "app_protocol",
    "dns_label",
    "dns_subdomain",
    "field_path",
    "file_path",
    "http_path",
    "image_reference",
    "label_key",
    "label_value",
    "number",
    "port_name",
    "port_number",
    "resource_field",
    "service_name",
    "variable_name",
    "whole_number",
    "workload_name",
]

Rule = Callable[[Any], Optional[Refusal]]

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

# The grammar of a reference, from the distribution project's `reference` package:
# an optional registry host, path components, then a tag, a digest, or both.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)


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


def whole_number(least: int, most: Optional[int] = None, what: str = "") -> Rule:
    """A whole number between two bounds, both included; ``what`` names it in the message."""
    span = f"{least} or more" if most is None else f"{least} to {most}"

    def rule(value: Any) -> Optional[Refusal]:
        if value >= least and (most is None or value <= most):
            return None
        return Refusal(f"is not {what or 'in range'}", f"a whole number, {span}")

    return rule


port_number = whole_number(1, 65535, "a port number")
"""The number of a TCP, UDP or SCTP port."""


def number(least: float, what: str = "") -> Rule:
    """A number from a bound on; ``what`` names it in the message."""

    def rule(value: Any) -> Optional[Refusal]:
        return None if value >= least else Refusal(f"is not {what or 'in range'}", f"a number, {least:g} or more")

    return rule


def variable_name(value: str) -> Optional[Refusal]:
    """The name of an environment variable, which may be the key of a Secret too."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", value) and len(value) <= _SUBDOMAIN_LENGTH:
        return None
    return Refusal("does not fit a variable's name", "letters, digits, underscores, dots and hyphens, no digit first")


_FIELD_PATH = re.compile(
    r"metadata\.(name|namespace|uid|(labels|annotations)\['[^'\x00-\x1f]+'\])"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?)"
)


def field_path(value: str) -> Optional[Refusal]:
    """A field of the pod that a variable may hold (the downward API)."""
    if _FIELD_PATH.fullmatch(value):
        return None
    allowed = (
        "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], "
        "spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP, status.podIPs"
    )
    fix = write_nearest(value, allowed.split(", "))
    return Refusal("is no field of a pod that a variable can hold", allowed, fix)


def resource_field(value: str) -> Optional[Refusal]:
    """A resource of the container that a variable may hold (the downward API)."""
    allowed = [f"{kind}.{of}" for kind in ("limits", "requests") for of in ("cpu", "memory", "ephemeral-storage")]
    if value in allowed:
        return None
    return Refusal("is no resource that a variable can hold", ", ".join(allowed), write_nearest(value, allowed))


_FILE_PATH = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+")


def file_path(value: str) -> Optional[Refusal]:
    """A place in the container's file system: absolute, below the root, without detours."""
    if _FILE_PATH.fullmatch(value) and len(value) <= _SUBDOMAIN_LENGTH // 2:
        return None
    slash = f"/{value}".rstrip("/").replace("//", "/")
    fix = f'write "{slash}"' if slash != value and _FILE_PATH.fullmatch(slash) else ""
    return Refusal(
        "is not a path in the container",
        "an absolute path below /, of letters, digits, dots, hyphens and underscores, without . and .., "
        f"{_SUBDOMAIN_LENGTH // 2} characters at most",
        fix,
    )


_HTTP_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")


def http_path(value: str) -> Optional[Refusal]:
    """The path, and the query if any, of an HTTP request (RFC 3986)."""
    if _HTTP_PATH.fullmatch(value):
        return None
    fix = f'write "/{value}"' if _HTTP_PATH.fullmatch(f"/{value}") else ""
    return Refusal("is not an HTTP path", "a slash, then letters, digits and what a URL takes unescaped", fix)


def image_reference(value: str) -> Optional[Refusal]:
    """A container image that names its version: by tag other than ``latest``, by digest, or both."""
    match = _IMAGE.fullmatch(value)
    allowed = "[registry/]repository:tag, [registry/]repository@sha256:digest, or both"
    if match is None:
        return Refusal("is not an image reference", allowed)
    if match["digest"] or match["tag"] not in (None, "latest"):
        return None
    wrong = 'has the tag "latest", so that what runs is not what was reviewed' if match["tag"] else "names no version"
    return Refusal(wrong, allowed, f'write a version, such as "{value.removesuffix(":latest")}:1.2.3"')
