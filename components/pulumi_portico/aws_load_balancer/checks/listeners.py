"""The checks of listeners.

Sources: API reference, CreateListener and ListenerAttribute; user guides, "Listeners for your Application Load
Balancers" and "... Network Load Balancers" (which target groups a listener takes), "Mutual authentication".
"""

from collections.abc import Iterator
from typing import Any

from ...args.location import Field, Key, Location
from ...args.problems import Problems, Remove
from ...http_defaults import HSTS_MAX_AGE
from ..args import AwsLoadBalancerSpec
from ..choices import (
    AwsBalancerKind,
    AwsClientCertificateMode,
    AwsListenerProtocol,
)
from ..listener import AwsListenerSpec
from ..problems import (
    DUPLICATE_LISTENER,
    EXISTING_NETWORK_LISTENER,
    HSTS_OFF,
    HSTS_PRELOAD,
    NEEDS,
    NEEDS_PROTOCOL,
    NEEDS_VALUE,
    NO_AUTHORITIES,
    NO_ROUTES,
    SET_ELSEWHERE,
    TARGET_PROTOCOL,
    TARGET_VERSION,
    WRONG_KIND,
    WRONG_PROTOCOL,
    field_names,
    may_be,
    report_set,
    set_of,
)
from .forwarding import FORWARDED_PROTOCOLS, can_forward
from .routes import ACTIONS, check_action, check_network_action, check_routes

__all__ = ["check_duplicate_ports", "check_listeners"]

_APPLICATION, _NETWORK = AwsBalancerKind.APPLICATION, AwsBalancerKind.NETWORK
_HTTP, _HTTPS, _TCP = AwsListenerProtocol.HTTP, AwsListenerProtocol.HTTPS, AwsListenerProtocol.TCP
_TLS, _UDP, _TCP_UDP = AwsListenerProtocol.TLS, AwsListenerProtocol.UDP, AwsListenerProtocol.TCP_UDP
_SPOKEN = {_APPLICATION: (_HTTP, _HTTPS), _NETWORK: (_TCP, _TLS, _UDP, _TCP_UDP)}
_OF_LISTENER = (
    "authenticate",
    "stickiness_duration",
    "policy",
    "client_certificates",
    "headers",
    "alpn",
    "tcp_idle_timeout",
)
"""What an existing listener has already, beside what it does with requests."""
_HSTS = ("hsts_max_age", "hsts_subdomains", "hsts_preload")


def check_duplicate_ports(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report listeners with the same port."""
    seen: dict[int, AwsListenerSpec] = {}
    for listener in spec.listeners:
        other = seen.setdefault(listener.port, listener)
        if other is not listener:
            problems.report(DUPLICATE_LISTENER, listener.at / "port", value=listener.port, other=other.at)


def check_listeners(spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report what's wrong with each listener."""
    for listener in spec.listeners:
        for rule in (_check_protocol, _check_existing, _check_kind, _check_action, _check_network_action):
            problems.run(rule, listener, spec)
        problems.run(_check_targets, listener, spec)
        for rule in (_check_tls, _check_client_certificates, _check_headers):
            problems.run(rule, listener)
        if may_be(spec, _APPLICATION):
            check_routes(listener, spec, problems)


def _check_protocol(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    choices = _SPOKEN[spec.kind]
    if listener.protocol not in choices:
        at = listener.at / "protocol"
        problems.report(WRONG_PROTOCOL, at, value=listener.protocol, choices=choices, kind=spec.kind)


def _check_existing(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if listener.existing is None:
        report_set(listener, ("priorities",), problems, NEEDS, needed=Field("existing"))
        return
    names = (*ACTIONS, *_OF_LISTENER)
    allowed = field_names(("routes", "priorities"))
    report_set(listener, names, problems, SET_ELSEWHERE, owner="the listener", allowed=allowed)
    if spec.kind is _NETWORK:
        problems.report(EXISTING_NETWORK_LISTENER, listener.at / "existing")
    elif not listener.routes:
        problems.report(NO_ROUTES, listener.at / "routes")


def _check_kind(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if spec.kind is _APPLICATION:
        report_set(listener, ("alpn", "tcp_idle_timeout"), problems, WRONG_KIND, kind=_NETWORK)
        return
    report_set(listener, ("routes", "headers"), problems, WRONG_KIND, kind=_APPLICATION)
    if listener.protocol is not _TLS:
        report_set(listener, ("alpn",), problems, NEEDS_PROTOCOL, protocols=[_TLS])
    if listener.protocol not in (_TCP, _TLS):
        report_set(listener, ("tcp_idle_timeout",), problems, NEEDS_PROTOCOL, protocols=[_TCP, _TLS])


def _check_action(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if listener.existing is None:
        check_action(listener, listener, spec, problems)


def _check_network_action(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if listener.existing is None and spec.kind is _NETWORK:
        check_network_action(listener, problems)


def _check_tls(listener: AwsListenerSpec, problems: Problems) -> None:
    if listener.existing is None and not listener.speaks_tls:
        report_set(listener, ("policy",), problems, NEEDS_PROTOCOL, protocols=[_HTTPS, _TLS])


def _check_client_certificates(listener: AwsListenerSpec, problems: Problems) -> None:
    mutual = listener.client_certificates
    if mutual is None or listener.existing is not None:
        return
    if listener.protocol is not _HTTPS:
        at = listener.at / "client_certificates"
        problems.report(NEEDS_PROTOCOL, at, protocols=[_HTTPS], fix=Remove(at))
    elif mutual.mode is AwsClientCertificateMode.VERIFY:
        if not set_of(mutual, ("trust_store", "bundle"), problems):
            fields, passthrough = field_names(("trust_store", "bundle")), AwsClientCertificateMode.PASSTHROUGH
            problems.report(NO_AUTHORITIES, mutual.at, fields=fields, mode=Field("mode"), passthrough=passthrough)
    else:
        names = ("trust_store", "bundle", "ignore_expiry", "advertise_authorities")
        verify = [AwsClientCertificateMode.VERIFY]
        report_set(mutual, names, problems, NEEDS_VALUE, needed=Field("mode"), values=verify)


def _check_headers(listener: AwsListenerSpec, problems: Problems) -> None:
    headers = listener.headers
    if headers is None or listener.protocol not in (_HTTP, _HTTPS):
        return
    if listener.protocol is _HTTP:
        # Browsers ignore it over plain HTTP.
        report_set(headers, _HSTS, problems, NEEDS_PROTOCOL, protocols=[_HTTPS])
        return
    age = HSTS_MAX_AGE if headers.hsts_max_age is None else headers.hsts_max_age
    if age == 0:
        report_set(headers, _HSTS[1:], problems, HSTS_OFF, field=Field("hsts_max_age"))
    elif headers.hsts_preload and (age < HSTS_MAX_AGE or not headers.hsts_subdomains):
        names: dict[str, Any] = {"subdomains": Field("hsts_subdomains"), "max_age": Field("hsts_max_age")}
        at = headers.at / "hsts_preload"
        problems.report(HSTS_PRELOAD, at, least=HSTS_MAX_AGE, fix=Remove(at), **names)


def _check_targets(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report targets that the listener can't forward to."""
    for at, key in _forwarded(listener):
        if key in spec.targets:
            problems.run(_check_target, at, key, listener, spec)


def _forwarded(listener: AwsListenerSpec) -> Iterator[tuple[Location, str]]:
    for holder in (listener, *(listener.routes or ())):
        if holder.target is not None:
            yield holder.at / "target", holder.target
        for key in holder.weights or {}:
            yield holder.at / "weights" / Key(key), key


def _check_target(
    at: Location, key: str, listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems
) -> None:
    target, protocol = spec.targets[key], listener.protocol
    if can_forward(listener, target, spec.kind):
        return
    if spec.kind is _NETWORK:
        params: dict[str, Any] = {"spoken": target.protocol_for(spec.kind), "protocol": protocol}
        problems.report(TARGET_PROTOCOL, at, value=key, choices=FORWARDED_PROTOCOLS[protocol], **params)
    else:
        problems.report(TARGET_VERSION, at, value=key, version=target.version)
