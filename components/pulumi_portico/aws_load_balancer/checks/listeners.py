"""The checks of listeners.

Sources: API reference, CreateListener and ListenerAttribute; user guides, "Listeners for your Application Load
Balancers" and "... Network Load Balancers" (which target groups a listener takes), "Mutual authentication".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...http_defaults import HSTS_MAX_AGE
from ..choices import AwsBalancerKind, AwsClientCertificateMode
from ..listener import speaks_tls
from ..target_group import protocol_of
from .place import Place, a_kind, alone, only_for
from .routes import ACTIONS, check_action, check_routes

__all__ = ["check_listeners"]

_SPOKEN = {"application": ("http", "https"), "network": ("tcp", "tls", "udp", "tcp-udp")}
_TAKES = {"tcp": ("tcp", "tcp-udp"), "tls": ("tcp", "tls"), "udp": ("udp", "tcp-udp"), "tcp-udp": ("tcp-udp",)}


def check_listeners(place: Place, aws: Mapping[str, Any]) -> None:
    """Note what is wrong with the listeners."""
    listeners: Sequence[Mapping[str, Any]] = aws["listeners"]
    seen: dict[int, int] = {}
    for at, listener in enumerate(listeners):
        here = place.field("listeners").item(at)
        other = seen.setdefault(listener["port"], at)
        if other != at:
            here.field("port").add(listener["port"], f"is that of listeners[{other}] too", "each port once")
        _check_listener(here, listener, aws)


def _check_listener(here: Place, listener: Mapping[str, Any], aws: Mapping[str, Any]) -> None:
    kind, protocol = aws["kind"], listener["protocol"]
    if protocol not in _SPOKEN[kind]:
        allowed = ", ".join(_SPOKEN[kind])
        here.field("protocol").add(protocol, f"is not what {a_kind(kind)} takes from clients", allowed)
        return
    if "existing" in listener:
        _check_existing(here, listener, kind)
    else:
        only_for(here, listener, ("priorities",), "are those of an existing listener", "beside existing")
        check_action(here, listener, aws, required=kind == AwsBalancerKind.NETWORK.value)
        _check_tls(here, listener)
    if kind == AwsBalancerKind.APPLICATION.value:
        only_for(here, listener, ("tcp_idle_timeout",), "is for TCP listeners", "the load balancer's idle_timeout")
        _check_headers(here.field("headers"), listener)
        check_routes(here, listener, aws)
    else:
        only_for(here, listener, ("routes", "headers"), "is for Application Load Balancers", "to or weights")
        if protocol not in ("tcp", "tls"):
            only_for(here, listener, ("tcp_idle_timeout",), "is for TCP", "TCP and TLS listeners")
    _check_groups(here, listener, aws)


def _check_existing(here: Place, listener: Mapping[str, Any], kind: str) -> None:
    wrong = "is the listener's own business, which was made elsewhere"
    fields = (*ACTIONS, "sticky_for", "policy", "client_certificates", "headers", "tcp_idle_timeout")
    only_for(here, listener, fields, wrong, "routes and priorities")
    if kind == AwsBalancerKind.NETWORK.value:
        here.field("existing").note("has no routes to add, on a network load balancer", "Application Load Balancers")
    elif not listener.get("routes"):
        here.field("routes").note("is missing, and nothing else is added to a listener made elsewhere", "one or more")


def _check_tls(here: Place, listener: Mapping[str, Any]) -> None:
    if not speaks_tls(listener):
        only_for(here, listener, ("policy",), "is for TLS", "HTTPS and TLS listeners")
    mutual = listener.get("client_certificates")
    if mutual is None:
        return
    at = here.field("client_certificates")
    if listener["protocol"] != "https":
        at.note("is for HTTPS", "HTTPS listeners of Application Load Balancers")
        return
    verifies = mutual.get("mode", "verify") == AwsClientCertificateMode.VERIFY.value
    if verifies:
        if not alone(at, mutual, ("trust_store", "bundle"), required=False):
            at.note("trusts nobody", "a trust_store or a bundle", "for passing them through, set mode to passthrough")
        return
    fields = ("trust_store", "bundle", "ignore_expiry", "advertise_authorities")
    only_for(at, mutual, fields, "is for certificates that are verified", "beside mode verify")


def _check_headers(at: Place, listener: Mapping[str, Any]) -> None:
    headers = listener.get("headers", {})
    hsts = ("hsts_max_age", "hsts_subdomains", "hsts_preload")
    if listener["protocol"] != "https":
        only_for(at, headers, hsts, "is read over HTTPS alone", "HTTPS listeners")
        return
    age = headers.get("hsts_max_age", HSTS_MAX_AGE)
    if age == 0:
        only_for(at, headers, hsts[1:], "is part of a header that is not written", "with hsts_max_age above 0")
    elif headers.get("hsts_preload") and (age < HSTS_MAX_AGE or not headers.get("hsts_subdomains")):
        wrong = "is not taken by browsers' lists like this"
        at.field("hsts_preload").note(wrong, "with hsts_subdomains and a hsts_max_age of 31536000 or more")


def _check_groups(here: Place, listener: Mapping[str, Any], aws: Mapping[str, Any]) -> None:
    """Which target groups a listener takes."""
    targets: Mapping[str, Any] = aws["targets"]
    holders = [(here, listener)]
    holders += [(here.field("routes").item(at), route) for at, route in enumerate(listener.get("routes", []))]
    for place, holder in holders:
        named = [(place.field("to"), holder["to"])] if "to" in holder else []
        named += [(place.field("weights").key(key), key) for key in holder.get("weights", {})]
        for where, key in named:
            if key in targets:
                _check_group(where, key, targets[key], listener, aws["kind"])


def _check_group(where: Place, key: str, target: Mapping[str, Any], listener: Mapping[str, Any], kind: str) -> None:
    protocol = listener["protocol"]
    if kind == AwsBalancerKind.NETWORK.value:
        spoken = protocol_of(target, kind)
        if spoken not in _TAKES[protocol]:
            wrong = f"is spoken to by {spoken}, which a listener with {protocol} does not do"
            where.add(key, wrong, f"a target whose protocol is {' or '.join(_TAKES[protocol])}")
    elif target.get("version", "http1") != "http1" and protocol != "https":
        # User guide, "Target groups": HTTP/2 and gRPC are for HTTPS listeners alone.
        where.add(key, f"speaks {target['version']}, and the listener plain HTTP", "an HTTPS listener")
