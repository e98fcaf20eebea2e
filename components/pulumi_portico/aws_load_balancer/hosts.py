"""Hosts: their certificates and their DNS records. The types, their rules, and the builders."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..outputs import Ref
from ..untyped import Properties
from .resources import without_none
from .rules import arn, host_name

__all__ = [
    "RULES",
    "AwsHost",
    "AwsHostSpec",
    "build_alias",
    "build_certificate",
    "build_validation_record",
    "certificate_owner",
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
        has_other = self.certificate is not None or self.certificate_of is not None
        return not has_other and self.zone is not None and not self.private_zone

    @property
    def has_certificate(self) -> bool:
        """Whether the host has a certificate of its own."""
        return self.certificate is not None or self.is_issued

    @property
    def has_records(self) -> bool:
        """Whether alias records point to the load balancer."""
        return self.zone is not None and self.record is not False


RULES: Rules = {
    AwsHost: {
        "zone": Field(host_name),
        "certificate": Field(arn("acm", "a certificate in ACM")),
        "certificate_of": Field(host_name),
    }
}
"""What the fields must satisfy beyond their types."""


def certificate_owner(host: str, hosts: Mapping[str, AwsHostSpec]) -> str:
    """The host whose certificate a host has."""
    return hosts[host].certificate_of or host


def validated_name(host: str) -> str:
    """What the DNS validation of a certificate is about: a wildcard and its domain share one record."""
    return host.removeprefix("*.")


def build_certificate(host: str, tags: Optional[Mapping[str, pulumi.Input[str]]]) -> Properties:
    """The certificate, as `aws.acm.Certificate` takes it."""
    return without_none(
        {
            "domain_name": host,
            "validation_method": "DNS",
            "key_algorithm": "EC_prime256v1",
            "tags": tags or None,
        }
    )


def build_validation_record(zone: Any, certificate: str) -> Properties:
    """The record that shows ACM who controls the host; ``certificate`` is the key of the certificate."""

    def option(name: str) -> Ref:
        return Ref(certificate, output=("domain_validation_options", 0, name))

    return {
        "zone_id": zone,
        "name": option("resource_record_name"),
        "type": option("resource_record_type"),
        "records": [option("resource_record_value")],
        "ttl": 60,
        # The same record validates every certificate of the host, and another stack can have it too.
        "allow_overwrite": True,
    }


def build_alias(host: str, kind: str, zone: Any, dns_name: Any, dns_zone: Any) -> Properties:
    """The record that points to the load balancer; ``kind`` is A or AAAA."""
    target = {"name": dns_name, "zone_id": dns_zone, "evaluate_target_health": True}
    return {"zone_id": zone, "name": host, "type": kind, "aliases": [target]}
