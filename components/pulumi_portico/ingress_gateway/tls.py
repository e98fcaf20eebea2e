"""TLS of the hosts: where a certificate comes from, and how requests without TLS are handled.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, component, moved_to, several, table
from ..args.location import Field as FieldName
from ..args.names import dns_subdomain
from ..args.parse import Field, Rules
from ..args.problems import Edit, Problems, Remove
from ..args.sizes import check_data
from ..args.spec import Spec, spec
from ..networking.conversions import from_issuer
from ..untyped import Manifest
from .text_rules import pem_certificate, pem_private_key

__all__ = [
    "RULES",
    "HostTls",
    "HostTlsSpec",
    "build_tls_secret",
    "certificate_key",
    "check_certificate_source",
    "check_issued_wildcards",
    "issuer_annotations",
    "issuer_reference",
]


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


RULES: Rules = {
    HostTls: {
        "secret": Field(dns_subdomain, secret=True),
        "certificate": Field(pem_certificate, secret=True),
        "key": Field(pem_private_key, secret=True),
        "issuer": Field(dns_subdomain),
        "cluster_issuer": Field(dns_subdomain),
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

_SOURCES = ("secret", "certificate", "issuer", "cluster_issuer", "tls_terminated_upstream")


def check_certificate_source(tls: HostTlsSpec, problems: Problems) -> None:
    """Report a host whose certificate comes from nowhere, or from two places."""
    first, *others = tls.sources or [""]
    # A misspelled or former name is reported already.
    if not first and not problems.has_within(tls.at):
        problems.report(NO_CERTIFICATE, tls.at, fields=[FieldName(name) for name in _SOURCES])
    for second in others:
        removed: list[Edit] = [Remove(tls.at / second)] if second != "certificate" else _remove_pair(tls)
        problems.report_exclusive(tls.at / second, first, fix=removed)
    check_data({"certificate": tls.certificate, "key": tls.key}, tls.at / "certificate", "Secret", problems)
    if (tls.certificate is None) != (tls.key is None) and first == "certificate":
        missing, what = ("key", "the private key") if tls.key is None else ("certificate", "the certificate of the key")
        problems.report_missing(tls.at / missing, f"{what}, in PEM")


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
    issuers = {"cert-manager.io/issuer": tls.issuer, "cert-manager.io/cluster-issuer": tls.cluster_issuer}
    return {key: issuer for key, issuer in issuers.items() if issuer is not None}


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
