"""The checks of hosts: each in its zone, each with a certificate where TLS is spoken."""

from collections.abc import Mapping
from typing import Any

from ..hosts import certificate_owner, has_certificate
from .place import Place, known_key

__all__ = ["check_hosts"]


def check_hosts(place: Place, given: Mapping[str, Any], *, tls: bool) -> None:
    """Note what is wrong with hosts; ``tls`` is whether a listener speaks it."""
    hosts: Mapping[str, Any] = given.get("hosts", {})
    for name, host in hosts.items():
        at = place.field("hosts").key(name)
        _check_zone(at, name, host)
        _check_certificate(at, name, hosts, tls=tls)
    _check_default(place, given, hosts, tls=tls)


def _check_zone(at: Place, name: str, host: Mapping[str, Any]) -> None:
    zone = host.get("zone")
    if zone is None:
        for field in ("zone_id", "private_zone", "record"):
            if field in host:
                at.field(field).note("is about a zone, and there is none", "beside zone", "name the zone")
        return
    if name != zone and not name.endswith(f".{zone}"):
        at.field("zone").add(zone, f"is not the zone of {name}", f"a zone whose name {name} ends with")


def _check_certificate(at: Place, name: str, hosts: Mapping[str, Any], *, tls: bool) -> None:
    host = hosts[name]
    if not tls:
        for field in ("certificate", "certificate_of"):
            if field in host:
                at.field(field).note("is for TLS, and no listener speaks it", "beside a listener with https or tls")
    elif "certificate_of" in host:
        _check_other(at.field("certificate_of"), name, hosts)
    elif not has_certificate(host):
        wrong = "has no certificate, and a listener speaks TLS"
        if host.get("private_zone"):
            wrong = "is in a private zone, where ACM validates nothing, and has no certificate"
        at.note(wrong, "a certificate, a public zone to validate one in, or certificate_of another host")


def _check_other(at: Place, name: str, hosts: Mapping[str, Any]) -> None:
    other = hosts[name]["certificate_of"]
    if "certificate" in hosts[name]:
        at.note("stands beside certificate", "one of the two")
    if not known_key(at, other, hosts, "the hosts here"):
        return
    if not has_certificate(hosts[other]):
        at.add(other, "has no certificate of its own", "a host with one")
    elif not _covers(other, name) and "certificate" not in hosts[other]:
        at.add(other, f"has a certificate that is not for {name}", f"{name} or *.{name.partition('.')[2]}")


def _covers(certified: str, name: str) -> bool:
    """Whether a certificate for one name is for another; its wildcard is one label (RFC 6125)."""
    return certified == name or (certified.startswith("*.") and name.partition(".")[2] == certified[2:])


def _check_default(place: Place, given: Mapping[str, Any], hosts: Mapping[str, Any], *, tls: bool) -> None:
    at, default = place.field("default_host"), given.get("default_host")
    certified = sorted(name for name, host in hosts.items() if has_certificate(host))
    if default is not None:
        if not known_key(at, default, hosts, "the hosts here"):
            return
        if certificate_owner(default, hosts) not in certified and tls:
            at.add(default, "has no certificate", ", ".join(certified) or "none has one")
    elif tls and not hosts:
        place.field("hosts").note("is missing, and TLS wants a certificate", "a host with a certificate or a zone")
    elif tls and len(certified) > 1:
        wrong = "is missing, and several hosts have certificates"
        at.note(wrong, "the host whose certificate clients see that name none", f"write one of {', '.join(certified)}")
