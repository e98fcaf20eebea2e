"""TLS of the hosts: where a certificate comes from, and how requests without TLS are handled.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import Code, define
from ..args.elsewhere import SWITCHED_ON, component, moved_to, several, table
from ..args.location import Field as FieldName
from ..args.names import annotation_key, dns_subdomain, label_value, own_label_key
from ..args.parse import Field, Rules
from ..args.problems import Edit, Problems, Remove
from ..args.sizes import check_data
from ..args.spec import Spec, spec
from ..args.values import whole_number
from ..networking.conversions import from_issuer
from ..outputs import applied, combined
from ..untyped import Manifest
from .text_rules import pem_certificate, pem_private_key

__all__ = [
    "RULES",
    "HostTls",
    "HostTlsSpec",
    "KeyAlgorithm",
    "KeyAlgorithmLike",
    "build_tls_secret",
    "certificate_key",
    "certificate_settings",
    "check_certificate_settings",
    "check_certificate_source",
    "check_issued_wildcards",
    "issuer_annotations",
    "issuer_reference",
    "secret_template",
]


class KeyAlgorithm(str, Enum):
    """The algorithm of a private key."""

    RSA = "RSA"
    """What every client supports."""

    ECDSA = "ECDSA"
    """Smaller and faster; every current client supports it."""

    ED25519 = "Ed25519"
    """Only for private issuers: browsers and public certificate authorities don't support it."""


if TYPE_CHECKING:
    KeyAlgorithmLike: TypeAlias = KeyAlgorithm | Literal["RSA", "ECDSA", "Ed25519"]
else:
    KeyAlgorithmLike = KeyAlgorithm


class HostTls(TypedDict):
    """Where the certificate of a host comes from: one of `secret`, `certificate` with `key`, `issuer`, and
    `cluster_issuer`; or that TLS is terminated upstream."""

    secret: NotRequired[pulumi.Input[str]]
    """An existing Secret of type kubernetes.io/tls in the gateway's namespace."""

    certificate: NotRequired[pulumi.Input[str]]
    """The certificate in PEM, followed by those of its issuers. Requires `key`; Portico creates a Secret of both."""

    key: NotRequired[pulumi.Input[str]]
    """The certificate's private key in PEM. Kept secret."""

    issuer: NotRequired[pulumi.Input[str]]
    """The cert-manager Issuer, in the gateway's namespace, that issues and renews the certificate. Maps to a
    Certificate on F5 NGINX Ingress Controller, else to the annotation `cert-manager.io/issuer`."""

    cluster_issuer: NotRequired[pulumi.Input[str]]
    """The cert-manager ClusterIssuer that issues and renews the certificate. Maps to a Certificate on F5 NGINX Ingress
    Controller, else to the annotation `cert-manager.io/cluster-issuer`."""

    tls_terminated_upstream: NotRequired[bool]
    """Whether a load balancer in front of the gateway terminates TLS, and reports it in `X-Forwarded-Proto`. Plain.
    Default: false."""

    redirect: NotRequired[bool]
    """Whether a request without TLS is redirected to the same URL with TLS, by status 308. Plain. Default: true."""

    key_algorithm: NotRequired[KeyAlgorithmLike]
    """The algorithm of the private key that cert-manager creates. Plain. Default: RSA. Maps to
    `privateKey.algorithm`."""

    key_size: NotRequired[int]
    """The bits of the private key: 2048, 4096, or 8192 for RSA, 256, 384, or 521 for ECDSA. Plain. Default: 2048 and
    256, which are cert-manager's own. Maps to `privateKey.size`."""

    duration: NotRequired[pulumi.Input[int]]
    """Hours (1 or more) that the certificate is requested for; the issuer can decide otherwise. Default: 2160, which
    is cert-manager's own. Maps to `duration`."""

    renew_before: NotRequired[pulumi.Input[int]]
    """Hours (1 or more) before its end that the certificate is renewed; less than `duration`. Default: a third of the
    duration, which is cert-manager's own. Maps to `renewBefore`."""

    secret_labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of the Secret that Portico or cert-manager creates. Keys are plain. Default: none. Maps to
    `secretTemplate.labels`, which requires cert-manager 1.15 or newer on an Ingress."""

    secret_annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Secret that Portico or cert-manager creates, for programs that copy it. Keys are plain.
    Default: none. Maps to `secretTemplate.annotations`."""


_NAMES_OF_HOST_TLS = table(
    {
        "secretName": moved_to("secret"),
        "certificateRefs": several("secret"),
        "hosts": component("gateways", "tls"),
        "cert": moved_to("certificate"),
        "crt": moved_to("certificate"),
        "tls.crt": moved_to("certificate"),
        "tls.key": moved_to("key"),
        "privateKey": moved_to("key"),
        "certManager": several("issuer", "cluster_issuer"),
        "issuerRef": several("issuer", "cluster_issuer", convert=from_issuer),
        "termination": several("tls_terminated_upstream"),
        "enabled": SWITCHED_ON,
    }
)
"""Other tools' names for the fields of `HostTls`."""


@spec(HostTls, renamed={"ends_before": "tls_terminated_upstream"}, elsewhere=_NAMES_OF_HOST_TLS)
class HostTlsSpec(Spec):
    """A parsed `HostTls`."""

    secret: Optional[pulumi.Input[str]] = None
    certificate: Optional[pulumi.Input[str]] = None
    key: Optional[pulumi.Input[str]] = None
    issuer: Optional[pulumi.Input[str]] = None
    cluster_issuer: Optional[pulumi.Input[str]] = None
    tls_terminated_upstream: bool = False
    redirect: Optional[bool] = None
    key_algorithm: Optional[KeyAlgorithm] = None
    key_size: Optional[int] = None
    duration: Optional[pulumi.Input[int]] = None
    renew_before: Optional[pulumi.Input[int]] = None
    secret_labels: Optional[Mapping[str, pulumi.Input[str]]] = None
    secret_annotations: Optional[Mapping[str, pulumi.Input[str]]] = None

    @property
    def is_issued(self) -> bool:
        """Whether cert-manager issues the certificate."""
        return self.issuer is not None or self.cluster_issuer is not None

    @property
    def sources(self) -> Sequence[str]:
        """The fields that say where the certificate comes from."""
        is_set = {
            "secret": self.secret is not None,
            "certificate": self.certificate is not None or self.key is not None,
            "issuer": self.issuer is not None,
            "cluster_issuer": self.cluster_issuer is not None,
            "tls_terminated_upstream": self.tls_terminated_upstream,
        }
        return [field for field, value in is_set.items() if value]


_HOURS = Field(whole_number(1, 24 * 36_500, "a number of hours"))

RULES: Rules = {
    HostTls: {
        "secret": Field(dns_subdomain, secret=True),
        "certificate": Field(pem_certificate, secret=True),
        "key": Field(pem_private_key, secret=True),
        "issuer": Field(dns_subdomain),
        "cluster_issuer": Field(dns_subdomain),
        "key_size": Field(whole_number(256, 8192, "a number of bits")),
        "duration": _HOURS,
        "renew_before": _HOURS,
        "secret_labels": Field(keys=own_label_key, items=label_value),
        "secret_annotations": Field(keys=annotation_key),
    }
}
"""What the fields must satisfy beyond their types."""

NO_CERTIFICATE = define(
    "tls-without-certificate",
    "This entry names no certificate.",
    allowed="one of {fields}",
    hint="A host without TLS needs no entry.",
)
ISSUED_FOR_UNROUTED_WILDCARD = define(
    "issuer-for-unrouted-wildcard",
    "The Ingress of {host} makes cert-manager issue the certificate, and no route has this host.",
    allowed="an issuer for a host that has a route",
    hint="Give each host an entry, or create a cert-manager Certificate for the wildcard and set its secret.",
)

ONLY_IF_ISSUED = define(
    "only-if-certificate-issued",
    "{field} applies only to a certificate that cert-manager issues.",
    allowed="only with one of {fields}",
)
ONLY_IF_SECRET_CREATED = define(
    "only-if-secret-created",
    "{field} applies only to a Secret that Portico or cert-manager creates.",
    allowed="only with one of {fields}",
)
INVALID_KEY_SIZE = define("invalid-key-size", "{value} isn't a size of {algorithm} keys.", allowed="{sizes}")
RENEWED_TOO_EARLY = define(
    "certificate-renewed-too-early",
    "The certificate would be renewed {value} hours before its end, and it's valid for {duration}.",
    allowed="less than {duration}",
)

_KEY_SIZES: Mapping[KeyAlgorithm, Sequence[int]] = {
    KeyAlgorithm.RSA: (2048, 4096, 8192),
    KeyAlgorithm.ECDSA: (256, 384, 521),
    KeyAlgorithm.ED25519: (),
}
"""Source: `ValidateCertificateSpec` of cert-manager, without sizes between them, which it also accepts for RSA."""

_DURATION = 2160
"""Hours: the default of cert-manager."""

_ISSUED_FIELDS = ("key_algorithm", "key_size", "duration", "renew_before")
_SECRET_FIELDS = ("secret_labels", "secret_annotations")
_SOURCES = ("secret", "certificate", "issuer", "cluster_issuer", "tls_terminated_upstream")


def check_certificate_source(tls: HostTlsSpec, problems: Problems) -> None:
    """Report a host whose certificate comes from nowhere, or from two places."""
    first, *others = tls.sources or [""]
    if not first:
        problems.report(NO_CERTIFICATE, tls.at, fields=[FieldName(name) for name in _SOURCES])
    for second in others:
        removed: list[Edit] = [Remove(tls.at / second)] if second != "certificate" else _remove_pair(tls)
        problems.report_exclusive(tls.at / second, first, fix=removed)
    check_data({"certificate": tls.certificate, "key": tls.key}, tls.at / "certificate", "Secret", problems)
    if (tls.certificate is None) != (tls.key is None) and first == "certificate":
        missing, what = ("key", "the private key") if tls.key is None else ("certificate", "the certificate of the key")
        problems.report_missing(tls.at / missing, f"{what}, in PEM")


def check_certificate_settings(tls: HostTlsSpec, problems: Problems) -> None:
    """Report settings of a certificate or a Secret that nothing creates, and values that don't fit together."""
    problems.run(_check_unused_settings, tls)
    problems.run(_check_key_size, tls)
    problems.run(_check_renewal, tls)


def _check_unused_settings(tls: HostTlsSpec, problems: Problems) -> None:
    issuers = [FieldName("issuer"), FieldName("cluster_issuer")]
    unused: list[tuple[str, Code, list[FieldName]]] = []
    if not tls.is_issued:
        unused += [(name, ONLY_IF_ISSUED, issuers) for name in _ISSUED_FIELDS]
        if tls.certificate is None:
            fields = [FieldName("certificate"), *issuers]
            unused += [(name, ONLY_IF_SECRET_CREATED, fields) for name in _SECRET_FIELDS]
    for name, code, fields in unused:
        if getattr(tls, name) is not None:
            at = tls.at / name
            problems.report(code, at, field=FieldName(name), fields=fields, fix=Remove(at))


def _check_key_size(tls: HostTlsSpec, problems: Problems) -> None:
    algorithm = tls.key_algorithm or KeyAlgorithm.RSA
    sizes = _KEY_SIZES[algorithm]
    if tls.key_size is not None and tls.key_size not in sizes:
        at = tls.at / "key_size"
        fix = None if sizes else Remove(at)
        problems.report(INVALID_KEY_SIZE, at, value=tls.key_size, algorithm=algorithm, sizes=list(sizes), fix=fix)


def _check_renewal(tls: HostTlsSpec, problems: Problems) -> None:
    duration = _DURATION if tls.duration is None else tls.duration
    if isinstance(duration, int) and isinstance(tls.renew_before, int) and tls.renew_before >= duration:
        problems.report(RENEWED_TOO_EARLY, tls.at / "renew_before", value=tls.renew_before, duration=duration)


def _remove_pair(tls: HostTlsSpec) -> list[Edit]:
    fields = {"certificate": tls.certificate, "key": tls.key}
    return [Remove(tls.at / name) for name, value in fields.items() if value is not None]


def check_issued_wildcards(tls: Mapping[str, HostTlsSpec], routed: frozenset[str], problems: Problems) -> None:
    """Report wildcards whose certificate cert-manager can't issue because no Ingress has them; `routed` are the hosts
    of the routes."""
    for host, entry in tls.items():
        problems.run(_check_issued_wildcard, host, entry, routed)


def _check_issued_wildcard(host: str, tls: HostTlsSpec, routed: frozenset[str], problems: Problems) -> None:
    for field in ("issuer", "cluster_issuer"):
        if field in tls.sources and host.startswith("*.") and host not in routed:
            problems.report(ISSUED_FOR_UNROUTED_WILDCARD, tls.at / field, host=host)


def certificate_key(tls: Mapping[str, HostTlsSpec], host: str) -> Optional[str]:
    """The key of the entry for a host: its own, else that of the wildcard above it; None if there is none."""
    if not host or host in tls:
        return host if host in tls else None
    above = f"*.{host.partition('.')[2]}"
    return above if above in tls else None


def issuer_annotations(tls: HostTlsSpec) -> dict[str, Any]:
    """What makes cert-manager issue a certificate for the Ingress that has these annotations."""
    template = secret_template(tls)
    annotations: dict[str, Any] = {
        "issuer": tls.issuer,
        "cluster-issuer": tls.cluster_issuer,
        "private-key-algorithm": None if tls.key_algorithm is None else tls.key_algorithm.value,
        "private-key-size": None if tls.key_size is None else str(tls.key_size),
        "duration": _hours(tls.duration),
        "renew-before": _hours(tls.renew_before),
        "secret-template": _json(template) if template and tls.is_issued else None,
    }
    return {f"cert-manager.io/{key}": value for key, value in annotations.items() if value is not None}


def secret_template(tls: HostTlsSpec) -> dict[str, dict[str, Any]]:
    """The metadata of a certificate's Secret."""
    parts = {"labels": tls.secret_labels, "annotations": tls.secret_annotations}
    return {name: dict(part) for name, part in parts.items() if part}


def certificate_settings(tls: HostTlsSpec) -> dict[str, Any]:
    """What a cert-manager Certificate has of an entry, apart from the issuer."""
    key = {
        "algorithm": None if tls.key_algorithm is None else tls.key_algorithm.value,
        "size": tls.key_size,
    }
    template = secret_template(tls)
    settings: dict[str, Any] = {
        "duration": _hours(tls.duration),
        "renewBefore": _hours(tls.renew_before),
        "privateKey": {name: value for name, value in key.items() if value is not None} or None,
        "secretTemplate": template or None,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _hours(value: Optional[pulumi.Input[int]]) -> Any:
    return None if value is None else applied(value, lambda hours: f"{hours}h")


def _json(template: Mapping[str, Mapping[str, Any]]) -> Any:
    """The template as JSON, whose values may be known only later."""
    leaves = [(part, key, value) for part, fields in template.items() for key, value in sorted(fields.items())]

    def text(known: Sequence[Any]) -> str:
        settled: dict[str, dict[str, Any]] = {}
        for (part, key, _), value in zip(leaves, known, strict=True):
            settled.setdefault(part, {})[key] = value
        return json.dumps(settled, separators=(",", ":"))

    return combined([value for _, _, value in leaves], text)


def issuer_reference(tls: HostTlsSpec) -> Optional[dict[str, Any]]:
    """The issuer, as a cert-manager Certificate refers to it; None if the certificate comes from elsewhere."""
    issuers = {"Issuer": tls.issuer, "ClusterIssuer": tls.cluster_issuer}
    named = ((kind, name) for kind, name in issuers.items() if name is not None)
    return next(({"group": "cert-manager.io", "kind": kind, "name": name} for kind, name in named), None)


def build_tls_secret(
    metadata: Manifest, certificate: Optional[pulumi.Input[str]], key: Optional[pulumi.Input[str]]
) -> dict[str, Any]:
    """The Secret of a certificate and its key."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": dict(metadata),
        "type": "kubernetes.io/tls",
        # Secret, even if the key isn't.
        "stringData": pulumi.Output.secret({"tls.crt": certificate, "tls.key": key}),
    }
