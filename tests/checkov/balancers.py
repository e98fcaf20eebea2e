"""The load balancers that are audited, and how one is made worse than Portico makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pulumi_portico import AwsLoadBalancer
from pulumi_portico.testing import Recording, Registration, record
from pulumi_portico.testing.aws import AwsModel

from tests.aws_balancers import API, HOSTS, HTTPS, TARGET, TLS, TRUST_STORE, WEB_ACL, application, network, without

_UDP = {"target": {**TARGET, "protocol": "UDP"}, "health": {"port": 9000, "path": "/"}}
_ROUTES = [
    {"host": "shop.example.com", "path": "/api", "target": "api"},
    {"path": "/old", "path_type": "Exact", "redirect": {"path": "/new", "code": 301}},
    {"path": "/teapot", "respond": {"status": 418}, "methods": ["GET"]},
    {"host": "shop.example.com", "weights": {"api": 1, "web": 9}, "stickiness_duration": 60},
]
# Called net-... and app-...: the suppressions go by these names.
BALANCERS: Mapping[str, Mapping[str, Any]] = {
    "app-plain": application(hosts=HOSTS),
    "app-shared": application(
        hosts=HOSTS,
        targets={"api": API, "web": {**API, "protocol": "https", "health": {"path": "/healthz"}}},
        listeners=[{"port": 443, "protocol": "https", "routes": _ROUTES, "target": "web"}],
        logs={"connections": True, "health": True},
        web_acl=WEB_ACL,
    ),
    "app-mutual": application(
        listeners=[{**HTTPS, "client_certificates": {"trust_store": TRUST_STORE}}], hosts=HOSTS, web_acl=WEB_ACL
    ),
    "app-inside": application(
        scope="internal",
        hosts=HOSTS,
        ip_address_type="dualstack",
        allowed_sources=["10.0.0.0/8"],
        targets={"api": {**API, "version": "grpc"}},
    ),
    "net-plain": network(),
    "net-tls": network(hosts=HOSTS, listeners=[TLS]),
    "net-fixed": network(
        elastic_ips=["1", "2"],
        targets={"dns": _UDP},
        listeners=[{"port": 53, "protocol": "udp", "target": "dns"}],
    ),
}


def recordings() -> dict[str, Recording]:
    """What each of them registers, on AWS's own model."""
    return {name: _record(name, aws) for name, aws in BALANCERS.items()}


def _record(name: str, aws: Mapping[str, Any]) -> Recording:
    with AwsModel() as model:
        vpc = model.vpc()
        model.zone("example.com")
        given = {
            **aws,
            "vpc": vpc,
            "subnets": model.subnets(2, vpc),
            "elastic_ips": model.addresses(2) if "elastic_ips" in aws else None,
        }
        args: Any = without(given)
        return record(lambda: AwsLoadBalancer(name, args), aws=model)


def changed(recording: Recording, change: Callable[[Registration], Registration | None]) -> Recording:
    """The recording with each registration changed, or left out where the answer is None."""

    def within(one: Recording) -> Recording:
        kept = [it for it in map(change, one.registrations) if it is not None]
        return replace(one, registrations=kept)

    assert recording.preview is not None
    return replace(within(recording), preview=within(recording.preview))


def told(kind: str, **inputs: Any) -> Callable[[Registration], Registration | None]:
    """Every resource of a kind is told other things; of one given as None, nothing."""

    def change(it: Registration) -> Registration:
        if not it.type.endswith(f":{kind}"):
            return it
        return replace(it, inputs=without({**it.inputs, **inputs}))

    return change


def gone(kind: str) -> Callable[[Registration], Registration | None]:
    """Nothing of a kind is there."""
    return lambda it: None if it.type.endswith(f":{kind}") else it
