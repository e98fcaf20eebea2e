"""The checks of hosts: each is in its zone, and has a certificate if a listener terminates TLS."""

from ...args.location import Field
from ...args.problems import Problems, Remove
from ..args import AwsLoadBalancerSpec
from ..hosts import AwsHostSpec
from ..problems import (
    NEEDS,
    NEEDS_TLS,
    NO_CERTIFICATE,
    NO_DEFAULT_HOST,
    NO_HOSTS,
    NOT_COVERED,
    NOT_IN_ZONE,
    OTHER_WITHOUT_CERTIFICATE,
    check_key,
    field_names,
    report_set,
)

__all__ = ["check_default_host", "check_hosts"]

_TLS = ("https", "tls")


def check_hosts(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report what's wrong with each host."""
    for name, host in (spec.hosts or {}).items():
        problems.run(_check_zone, name, host)
        problems.run(_check_certificate, name, host, spec)


def _check_zone(name: str, host: AwsHostSpec, problems: Problems) -> None:
    zone = host.zone
    if zone is None:
        report_set(host, ("zone_id", "private_zone", "record"), problems, NEEDS, needed=Field("zone"))
    elif name != zone and not name.endswith(f".{zone}"):
        problems.report(NOT_IN_ZONE, host.at / "zone", value=zone, host=name)


def _check_certificate(name: str, host: AwsHostSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if not _needs_certificates(spec):
        report_set(host, ("certificate", "certificate_of"), problems, NEEDS_TLS, protocols=_TLS)
    elif host.certificate_of is not None:
        _check_other(name, host, host.certificate_of, spec, problems)
    elif not host.has_certificate:
        fields = field_names(("certificate", "certificate_of"))
        problems.report(NO_CERTIFICATE, host.at, fields=fields, zone=Field("zone"))


def _check_other(name: str, host: AwsHostSpec, other_name: str, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    at, hosts = host.at / "certificate_of", spec.hosts or {}
    if host.certificate is not None:
        problems.report_exclusive(at, "certificate", fix=Remove(at))
    if not check_key(at, other_name, hosts, spec.at / "hosts", problems, is_suggested=False):
        return
    other = hosts[other_name]
    if not other.has_certificate:
        problems.report(OTHER_WITHOUT_CERTIFICATE, at, value=other_name)
    elif not _covers(other_name, name) and other.certificate is None:
        wildcard = f"*.{name.partition('.')[2]}"
        problems.report(NOT_COVERED, at, value=other_name, host=name, wildcard=wildcard)


def _covers(certified: str, name: str) -> bool:
    """Whether a certificate for one name is for another; a wildcard stands for one label (RFC 6125)."""
    return certified == name or (certified.startswith("*.") and name.partition(".")[2] == certified[2:])


def check_default_host(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report a default host without a certificate, and certificates without one that is the default."""
    at, default, hosts = spec.at / "default_host", spec.default_host, spec.hosts or {}
    certified = sorted(name for name, host in hosts.items() if host.has_certificate)
    if default is not None:
        if check_key(at, default, hosts, spec.at / "hosts", problems) and _needs_certificates(spec):
            owner = hosts[default].certificate_of or default
            if owner not in certified:
                problems.report(OTHER_WITHOUT_CERTIFICATE, at, value=default)
    elif not _needs_certificates(spec):
        return
    elif not hosts:
        problems.report(NO_HOSTS, spec.at / "hosts")
    elif len(certified) > 1:
        problems.report(NO_DEFAULT_HOST, at, known=certified)


def _needs_certificates(spec: AwsLoadBalancerSpec) -> bool:
    return any(listener.terminates_tls for listener in spec.listeners)
