"""TLS of the hosts: where a certificate comes from, and what happens to requests without TLS.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Callable, Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import dns_subdomain
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from .texts import pem_certificate, pem_private_key

__all__ = ["RULES", "HostTls", "build_tls_secret", "certificate_key", "check_tls", "issuer_annotations"]


class HostTls(TypedDict):
    """Where the certificate of a host comes from: one of `secret`, `certificate` with `key`, `issuer` and
    `cluster_issuer`; or TLS ends before the gateway."""

    secret: NotRequired[pulumi.Input[str]]
    """A Secret of type kubernetes.io/tls that exists already, in the gateway's namespace."""

    certificate: NotRequired[pulumi.Input[str]]
    """The certificate in PEM, and behind it those of who issued it. Beside `key`; a Secret is made of both."""

    key: NotRequired[pulumi.Input[str]]
    """The certificate's private key in PEM. Kept secret."""

    issuer: NotRequired[pulumi.Input[str]]
    """The cert-manager Issuer, in the gateway's namespace, that issues the certificate and renews it. Maps to the
    annotation `cert-manager.io/issuer`."""

    cluster_issuer: NotRequired[pulumi.Input[str]]
    """The cert-manager ClusterIssuer that does. Maps to `cert-manager.io/cluster-issuer`."""

    ends_before: NotRequired[bool]
    """Whether TLS ends before the gateway, at a load balancer that says so by `X-Forwarded-Proto`. Plain. Default:
    false."""

    redirect: NotRequired[bool]
    """Whether a request without TLS is sent to the same address with it, by status 308. Plain. Default: true."""


_SOURCES = ("secret", "certificate", "issuer", "cluster_issuer", "ends_before")


RULES: Rules = {
    HostTls: {
        "secret": Field(dns_subdomain),
        "certificate": Field(pem_certificate),
        "key": Field(pem_private_key, secret=True),
        "issuer": Field(dns_subdomain),
        "cluster_issuer": Field(dns_subdomain),
    }
}
"""What the fields must satisfy beyond their types."""


def check_tls(
    tls: Mapping[str, Any],
    routed: frozenset[str],
    problems: Problems,
    path: str,
    spelling: Callable[[str], str],
) -> None:
    """Note hosts whose certificate comes from nowhere, or from two places; ``routed`` are the hosts of the routes."""
    for host, entry in tls.items():
        where = f"{path}.{host}"
        sources = [it for it in _SOURCES if entry.get(it)]
        if not sources:
            wrong = "names no certificate" + (", and redirects to https" if entry.get("redirect") else "")
            allowed = ", ".join(map(spelling, _SOURCES))
            problems.note(where, Refusal(wrong, f"one of {allowed}", "a host without TLS needs no entry"))
        for second in sources[1:]:
            refusal = Refusal(f"stands beside {spelling(sources[0])}", "one place for a certificate to come from")
            problems.note(f"{where}.{spelling(second)}", refusal)
        if ("certificate" in entry) != ("key" in entry):
            there, missing = ("certificate", "key") if "certificate" in entry else ("key", "certificate")
            refusal = Refusal(f"is missing, and {spelling(there)} is there", "both or neither")
            problems.note(f"{where}.{spelling(missing)}", refusal)
        _check_wildcard(host, entry, routed, problems, where, spelling)


def _check_wildcard(
    host: str,
    entry: Mapping[str, Any],
    routed: frozenset[str],
    problems: Problems,
    where: str,
    spelling: Callable[[str], str],
) -> None:
    issued = next((it for it in ("issuer", "cluster_issuer") if it in entry), None)
    if issued and host.startswith("*.") and host not in routed:
        refusal = Refusal(
            "is asked for by the Ingress of the host, and no route is of this host",
            "for a host that is routed",
            "give each host an entry, or make a Certificate of cert-manager for the wildcard and name its secret",
        )
        problems.note(f"{where}.{spelling(issued)}", refusal)


def certificate_key(tls: Mapping[str, Any], host: str) -> Optional[str]:
    """The entry that is for a host: its own, else that of the wildcard above it; None where there is none."""
    if not host or host in tls:
        return host if host in tls else None
    above = f"*.{host.partition('.')[2]}"
    return above if above in tls else None


def issuer_annotations(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What tells cert-manager to issue a certificate for the Ingress that carries it."""
    keys = {"issuer": "cert-manager.io/issuer", "cluster_issuer": "cert-manager.io/cluster-issuer"}
    return {key: entry[field] for field, key in keys.items() if field in entry}


def build_tls_secret(metadata: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The Secret of a certificate and its key."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": dict(metadata),
        "type": "kubernetes.io/tls",
        # Secret, however the key was given.
        "stringData": pulumi.Output.secret({"tls.crt": entry["certificate"], "tls.key": entry["key"]}),
    }
