"""The checks of targets.

Sources: API reference, CreateTargetGroup and TargetGroupAttribute; user guides, "Target groups for your Application
Load Balancers" and "... Network Load Balancers".
"""

from collections.abc import Mapping
from typing import Any

from ...load_balancers import ClientIp
from ...target import Protocol
from ..choices import AwsAlgorithm, AwsBalancerKind
from ..target_group import client_ip_of, protocol_of, transports
from .place import Place, a_kind, alone, only_for, plain

__all__ = ["check_numbers", "check_target"]

_SPOKEN = {"application": ("http", "https"), "network": ("tcp", "tls", "udp", "tcp-udp")}
_ASKED = {"application": ("http", "https"), "network": ("http", "https", "tcp")}
_APPLICATION = ("version", "slow_start", "algorithm", "sticky_for")
_NETWORK = ("session_affinity", "client_ip", "reads_proxy_protocol")
_HOW = ("target", "instances", "addresses", "bound_elsewhere")


def check_target(place: Place, given: Mapping[str, Any], kind: str) -> None:
    """Note what AWS would refuse or ignore of a target."""
    application = kind == AwsBalancerKind.APPLICATION.value
    found = alone(place, given, _HOW, required=True)
    if found == ["bound_elsewhere"] and not given["bound_elsewhere"]:
        place.field("bound_elsewhere").note("is false, and nothing else says what the targets are", "true")
    _check_port(place, given)
    other = "is for Application Load Balancers" if not application else "is for Network Load Balancers"
    only_for(place, given, _NETWORK if application else _APPLICATION, other, f"nothing, as this one is {kind}")
    spoken = protocol_of(given, kind)
    if spoken not in _SPOKEN[kind]:
        allowed = ", ".join(_SPOKEN[kind])
        place.field("protocol").add(spoken, f"is not what {a_kind(kind)} speaks to targets", allowed)
        return
    _check_health(place.field("health"), given, kind, spoken)
    if application:
        _check_start(place, given)
    else:
        _check_client(place, given, spoken)


def _check_port(place: Place, given: Mapping[str, Any]) -> None:
    target = given.get("target")
    if target is None:
        if "port" not in given:
            place.field("port").note("is missing", "the port that the targets listen on")
        return
    at = place.field("target")
    wrong = "is what the target says itself"
    only_for(place, given, ("port", "drain"), wrong, "instances, addresses and what is bound elsewhere")
    check_numbers(at, target)


def check_numbers(at: Place, target: Mapping[str, Any]) -> None:
    """Note a target whose port has no number that is known, as a target group and the ways to it have one."""
    if "port" not in target and "target_port" not in target:
        at.field("port").note("is missing, and a target group has a number", "the Service's port, by number")
    for name in ("port", "target_port"):
        if name in target and not plain(target[name]):
            wrong = "is known only during the deployment, and what lets the load balancer in is known by it"
            at.field(name).note(wrong, "a plain number")
    if target.get("protocol") == Protocol.SCTP.value:
        at.field("protocol").add("SCTP", "is not what AWS's load balancers carry", "TCP or UDP")


def _check_health(at: Place, given: Mapping[str, Any], kind: str, spoken: str) -> None:
    health = given.get("health", {})
    asked = health.get("protocol")
    if asked is not None and asked not in _ASKED[kind]:
        at.field("protocol").add(asked, f"is not what {a_kind(kind)} asks by", ", ".join(_ASKED[kind]))
    if asked == "tcp" or (kind == AwsBalancerKind.NETWORK.value and asked is None and "path" not in health):
        only_for(at, health, ("path", "success_codes"), "is what HTTP answers, and TCP is asked", "beside HTTP")
    if spoken == "udp" and "port" not in health:
        at.field("port").note("is missing, and UDP answers no health check", "a TCP port that answers for it")
    interval, timeout = health.get("interval", 30), health.get("timeout", 2)
    if plain(interval) and plain(timeout) and timeout >= interval:
        # ALB: "The timeout must be smaller than the interval"; an NLB takes no more than the interval either.
        at.field("timeout").add(timeout, f"is no less than the interval of {interval}", "less than the interval")
    codes = health.get("success_codes")
    if codes is not None and plain(codes):
        _check_codes(at.field("success_codes"), codes, given.get("version"), kind)


def _check_codes(at: Place, codes: str, version: Any, kind: str) -> None:
    most = 499 if kind == AwsBalancerKind.APPLICATION.value else 599
    least, most = (0, 99) if version == "grpc" else (200, most)
    numbers = [int(it) for part in codes.split(",") for it in part.split("-")]
    if not all(least <= it <= most for it in numbers):
        at.add(codes, "holds a code that AWS does not take here", f"{least} to {most}")


def _check_start(place: Place, given: Mapping[str, Any]) -> None:
    algorithm = given.get("algorithm", AwsAlgorithm.ROUND_ROBIN.value)
    if "slow_start" in given and algorithm != AwsAlgorithm.ROUND_ROBIN.value:
        wrong = f"is not for the algorithm {algorithm}"
        place.field("slow_start").note(wrong, "beside round_robin", "leave one of them out")


def _check_client(place: Place, given: Mapping[str, Any], spoken: str) -> None:
    told = client_ip_of(given, spoken)
    at = place.field("client_ip")
    proxied = told == ClientIp.PROXY_PROTOCOL.value
    if "udp" in transports(spoken) and told != ClientIp.PRESERVE.value:
        at.add(told, "cannot be had for UDP: AWS always keeps the client's address there", "preserve", "leave it out")
    health = given.get("health", {})
    if proxied and "port" in health and ("path" in health or health.get("protocol", "tcp") != "tcp"):
        wrong = "is asked over HTTP, and the load balancer speaks the PROXY protocol to it too"
        place.field("health").field("port").note(wrong, "the port of the connections", "leave the port or the path out")
    reads = given.get("reads_proxy_protocol", False)
    if proxied and not reads:
        wrong = "is not true, and the PROXY protocol breaks every connection to targets that do not expect it"
        place.field("reads_proxy_protocol").note(wrong, "true, once the targets are set to read it")
    if reads and not proxied:
        wrong = "is true, and the load balancer does not speak the PROXY protocol, which such targets wait for in vain"
        place.field("reads_proxy_protocol").note(wrong, "with client_ip proxy-protocol")
    if given.get("session_affinity") and spoken == "tls":
        # User guide: "Sticky sessions are not supported with TLS listeners and TLS target groups."
        place.field("session_affinity").note("is not for TLS", "TCP and UDP targets", "leave it out")
