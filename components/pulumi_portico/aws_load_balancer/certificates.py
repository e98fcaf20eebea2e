"""Registers what hosts need: certificates, their validation, and alias records."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from ..load_balancers import IpFamily
from .hosts import (
    build_alias,
    build_certificate,
    build_validation_record,
    certificate_owner,
    is_issued,
    validated_name,
)
from .resources import call, register_aws

__all__ = ["Names"]

_CERTIFICATE_WITHIN = 1800


class Names:
    """The hosts of one load balancer, on their way into AWS."""

    def __init__(self, component: pulumi.Resource, name: str, aws: Mapping[str, Any]) -> None:
        self._component, self._name, self._aws = component, name, aws
        self._hosts: Mapping[str, Any] = aws.get("hosts", {})
        self._zones: dict[tuple[str, bool], Any] = {}

    def certificates(self) -> dict[str, Any]:
        """The ARN of each host's own certificate, once it is valid."""
        arns: dict[str, Any] = {}
        records: dict[str, Any] = {}
        for host, given in self._hosts.items():
            if "certificate" in given:
                arns[host] = given["certificate"]
            elif is_issued(given):
                arns[host] = self._issue(host, records)
        return arns

    def _issue(self, host: str, records: dict[str, Any]) -> Any:
        options = pulumi.ResourceOptions(parent=self._component)
        properties = build_certificate(host, self._aws.get("tags", {}))
        certificate = register_aws("acm.Certificate", f"{self._name}-{host}", properties, options)
        validated = validated_name(host)
        if validated not in records:
            record = build_validation_record(self._zone(host), certificate.domain_validation_options)
            records[validated] = register_aws("route53.Record", f"{self._name}-{validated}-validation", record, options)
        within = f"{self._aws.get('certificate_within', _CERTIFICATE_WITHIN)}s"
        bounded = pulumi.ResourceOptions(parent=self._component, custom_timeouts=pulumi.CustomTimeouts(create=within))
        waited = {"certificate_arn": certificate.arn, "validation_record_fqdns": [records[validated].fqdn]}
        return register_aws("acm.CertificateValidation", f"{self._name}-{host}", waited, bounded).certificate_arn

    def default(self, arns: Mapping[str, Any]) -> Optional[str]:
        """The host whose certificate clients see that name none."""
        chosen = self._aws.get("default_host")
        if chosen is not None:
            return certificate_owner(chosen, self._hosts)
        return next(iter(arns), None)

    def records(self, dns_name: Any, dns_zone: Any) -> None:
        """Point each host to the load balancer."""
        kinds = ["A", *(["AAAA"] if self._aws.get("address_family") == IpFamily.DUAL.value else [])]
        options = pulumi.ResourceOptions(parent=self._component)
        for host, given in self._hosts.items():
            if "zone" not in given or not given.get("record", True):
                continue
            for kind in kinds:
                alias = build_alias(host, kind, self._zone(host), dns_name, dns_zone)
                register_aws("route53.Record", f"{self._name}-{host}-{kind.lower()}", alias, options)

    def _zone(self, host: str) -> Any:
        given = self._hosts[host]
        if "zone_id" in given:
            return given["zone_id"]
        key = (given["zone"], given.get("private_zone", False))
        if key not in self._zones:
            found = call("route53.get_zone", {"name": key[0], "private_zone": key[1]}, self._component)
            self._zones[key] = found.apply(_zone_id)
        return self._zones[key]


def _zone_id(zone: Any) -> str:
    return zone.zone_id
