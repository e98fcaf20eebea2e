"""The checks of hosts: each is in its zone, and has a certificate if a listener terminates TLS."""

from collections.abc import Mapping

from ...args.location import Field
from ...args.problems import Problems, Remove
from ..args import AwsLoadBalancerSpec
from ..hosts import AwsHostSpec, certificate_owner
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

    def is_usable(other: str) -> bool:
        return _can_share(other, name, hosts)

    if not check_key(at, other_name, hosts, spec.at / "hosts", problems, is_usable=is_usable):
        return
    if not hosts[other_name].has_certificate:
        problems.report(OTHER_WITHOUT_CERTIFICATE, at, value=other_name)
    elif not _can_share(other_name, name, hosts):
        wildcard = f"*.{name.partition('.')[2]}"
        problems.report(NOT_COVERED, at, value=other_name, host=name, wildcard=wildcard)


def _can_share(certified: str, name: str, hosts: Mapping[str, AwsHostSpec]) -> bool:
    """Whether the certificate of one host can be for another."""
    other = hosts[certified]
    return other.has_certificate and (_covers(certified, name) or other.certificate is not None)


def _covers(certified: str, name: str) -> bool:
    """Whether a certificate for one name is for another; a wildcard stands for one label (RFC 6125)."""
    return certified == name or (certified.startswith("*.") and name.partition(".")[2] == certified[2:])


def check_default_host(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report a default host without a certificate, and certificates without one that is the default."""
    at, default, hosts = spec.at / "default_host", spec.default_host, spec.hosts or {}
    certified = {name for name, host in hosts.items() if host.has_certificate}
    if default is not None:
        needs_certificate = _needs_certificates(spec)

        def is_usable(name: str) -> bool:
            return not needs_certificate or certificate_owner(name, hosts) in certified

        is_known = check_key(at, default, hosts, spec.at / "hosts", problems, is_usable=is_usable)
        if is_known and not is_usable(default):
            problems.report(OTHER_WITHOUT_CERTIFICATE, at, value=default)
    elif not _needs_certificates(spec):
        return
    elif not hosts:
        problems.report(NO_HOSTS, spec.at / "hosts")
    elif len(certified) > 1:
        problems.report(NO_DEFAULT_HOST, at, known=sorted(certified))


def _needs_certificates(spec: AwsLoadBalancerSpec) -> bool:
    return any(listener.terminates_tls for listener in spec.listeners)
