"""The names that clients use: a host's certificate and its DNS records. The types, their rules and the builders."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from .rules import arn, host_name

__all__ = [
    "RULES",
    "AwsHost",
    "AwsHostSpec",
    "build_alias",
    "build_certificate",
    "build_validation_record",
    "certificate_owner",
    "has_certificate",
    "is_issued",
    "validated_name",
]


class AwsHost(TypedDict):
    """A host that clients use: its certificate, and its records in a Route 53 zone."""

    zone: NotRequired[str]
    """The name of the Route 53 zone that the host is in, such as example.com: alias records point to the load balancer,
    and the certificate is issued by ACM and validated there. Plain. Default: neither."""

    zone_id: NotRequired[pulumi.Input[str]]
    """The zone's id, where the program makes the zone itself. Default: looked up by the zone's name."""

    private_zone: NotRequired[bool]
    """Whether the zone is a private one, which validates no certificate. Plain. Default: false."""

    certificate: NotRequired[pulumi.Input[str]]
    """The ARN of a certificate in ACM, in the load balancer's region. Default: one is issued where a listener speaks
    TLS and there is a `zone`."""

    certificate_of: NotRequired[str]
    """Another host of `hosts`, whose certificate is for this one too, such as *.example.com. Plain."""

    record: NotRequired[bool]
    """Whether alias records are made in the `zone`. Plain. Default: true."""


@spec(AwsHost)
class AwsHostSpec(Spec):
    """A parsed `AwsHost`. A field is None if it isn't set."""

    zone: Optional[str] = None
    zone_id: Optional[pulumi.Input[str]] = None
    private_zone: Optional[bool] = None
    certificate: Optional[pulumi.Input[str]] = None
    certificate_of: Optional[str] = None
    record: Optional[bool] = None

    @property
    def is_issued(self) -> bool:
        """Whether ACM issues the certificate."""
        return self.certificate is None and self.certificate_of is None and self.zone is not None and not self._private

    @property
    def has_certificate(self) -> bool:
        """Whether the host has a certificate of its own."""
        return self.certificate is not None or self.is_issued

    @property
    def _private(self) -> bool:
        return bool(self.private_zone)


RULES: Rules = {
    AwsHost: {
        "zone": Field(host_name),
        "certificate": Field(arn("acm", "a certificate in ACM")),
        "certificate_of": Field(host_name),
    }
}
"""What the fields must satisfy beyond their types."""


def certificate_owner(host: str, hosts: Mapping[str, Any]) -> str:
    """The host whose certificate a host has."""
    return hosts[host].get("certificate_of", host)


def is_issued(given: Mapping[str, Any]) -> bool:
    """Whether ACM issues its certificate."""
    return "certificate" not in given and "certificate_of" not in given and "zone" in given and not _private(given)


def has_certificate(given: Mapping[str, Any]) -> bool:
    """Whether it has a certificate of its own."""
    return "certificate" in given or is_issued(given)


def _private(given: Mapping[str, Any]) -> bool:
    return given.get("private_zone", False)


def validated_name(host: str) -> str:
    """What a certificate's DNS validation is about: a wildcard and its domain share one record."""
    return host.removeprefix("*.")


def build_certificate(host: str, tags: Mapping[str, Any]) -> dict[str, Any]:
    """The certificate, as `aws.acm.Certificate` takes it."""
    built: dict[str, Any] = {"domain_name": host, "validation_method": "DNS", "key_algorithm": "EC_prime256v1"}
    return {**built, **({"tags": dict(tags)} if tags else {})}


def build_validation_record(zone: Any, options: pulumi.Output[Any]) -> dict[str, Any]:
    """The record that shows ACM that the host is ours; ``options`` are the certificate's own on validation."""

    def field(name: str) -> pulumi.Output[Any]:
        def read(them: Any) -> Any:
            return getattr(them[0], name)

        return options.apply(read)

    return {
        "zone_id": zone,
        "name": field("resource_record_name"),
        "type": field("resource_record_type"),
        "records": [field("resource_record_value")],
        "ttl": 60,
        # Every certificate of the host is validated by the same record, one that another program has too.
        "allow_overwrite": True,
    }


def build_alias(host: str, kind: str, zone: Any, dns_name: Any, dns_zone: Any) -> dict[str, Any]:
    """The record that points to the load balancer; ``kind`` is A or AAAA."""
    target = {"name": dns_name, "zone_id": dns_zone, "evaluate_target_health": True}
    return {"zone_id": zone, "name": host, "type": kind, "aliases": [target]}
