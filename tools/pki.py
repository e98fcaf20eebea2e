"""A certificate authority for one cluster, and the certificates it issues."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Longer than any local cluster is kept.
_LIFETIME = datetime.timedelta(days=3650)


def create_pki(folder: Path, clients: Mapping[str, tuple[str, str]], addresses: Sequence[str]) -> None:
    """Fill ``folder`` once: ca, a server pair for ``addresses``, a pair for each client, a token signing key.

    ``clients`` maps a file's name to the common name (user) and organization (group) of its certificate.
    """
    if folder.exists():
        return
    # Laid down whole or not at all, whenever Ctrl-C comes.
    scratch = folder.with_suffix(".partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, mode=0o700)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("portico-ca", "", ca_key, None, None, [])
    _write(scratch, "ca", ca, ca_key)
    for name, (user, group, names) in {
        "server": ("portico-server", "", addresses),
        **{client: (*identity, ()) for client, identity in clients.items()},
    }.items():
        key = ec.generate_private_key(ec.SECP256R1())
        _write(scratch, name, _certificate(user, group, key, ca, ca_key, names), key)
    # The API server signs tokens with RS256 or ES256; RSA is what every client library verifies.
    _write(scratch, "service-account", None, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    scratch.rename(folder)


def issue(folder: Path, names: Sequence[str]) -> tuple[str, str]:
    """A server's certificate for ``names`` from the authority in ``folder``, and its key, both in PEM."""
    ca = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    ca_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(names[0], "", key, ca, ca_key, names)
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), _pem(key).decode()


def _certificate(
    user: str,
    group: str,
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate | None,
    ca_key: ec.EllipticCurvePrivateKey | None,
    names: Sequence[str],
) -> x509.Certificate:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
    if group:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    subject = x509.Name(attributes)
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.subject if ca else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
    )
    if ca is not None:
        # etcd talks to itself with its server certificate, so each serves both ways.
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usage, critical=False)
    if names:
        alternatives = x509.SubjectAlternativeName([_general_name(it) for it in names])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(ca_key or key, hashes.SHA256())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(
    folder: Path,
    name: str,
    certificate: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    private = folder / f"{name}.key"
    private.touch(mode=0o600)
    private.write_bytes(_pem(key))
    if certificate is not None:
        (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
