"""Certificates and DNS records, as the provider makes them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import Asked

__all__ = ["MAKERS"]

_COMMON_NAME = 64


def certificate(asked: "Asked") -> dict[str, Any]:
    """aws:acm/certificate:Certificate."""
    host, others = asked.get("domainName"), asked.get("subjectAlternativeNames")
    if isinstance(host, str) and len(host) > _COMMON_NAME:
        asked.refuse("RequestCertificate", f"{host!r} is longer than the {_COMMON_NAME} characters of a common name")
    params = {"DomainName": host, "SubjectAlternativeNames": others, "ValidationMethod": asked.get("validationMethod")}
    made = asked.call("acm", "RequestCertificate", params)
    if made is None:
        return {}
    arn = made["CertificateArn"]
    told = asked.model.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    options = [_option(it) for it in told.get("DomainValidationOptions", [])]
    return {"id": arn, "arn": arn, "status": "PENDING_VALIDATION", "domainValidationOptions": options}


def _option(told: Mapping[str, Any]) -> dict[str, str]:
    record = told["ResourceRecord"]
    return {
        "domainName": told["DomainName"],
        "resourceRecordName": record["Name"],
        "resourceRecordType": record["Type"],
        "resourceRecordValue": record["Value"],
    }


def certificate_validation(asked: "Asked") -> dict[str, Any]:
    """aws:acm/certificateValidation:CertificateValidation, which waits, and calls nothing that changes."""
    arn = asked.get("certificateArn")
    asked.call("acm", "DescribeCertificate", {"CertificateArn": arn})
    return {} if asked.preview else {"id": "0001-01-01 00:00:00 +0000 UTC", "certificateArn": arn}


def record(asked: "Asked") -> dict[str, Any]:
    """aws:route53/record:Record."""
    name, zone, kind = asked.get("name"), asked.get("zoneId"), asked.get("type")
    told: dict[str, Any] = {"Name": name, "Type": kind}
    aliases = asked.get("aliases")
    if bool(aliases) == (asked.get("records") is not None):
        asked.refuse("ChangeResourceRecordSets", "it has both an alias and records, or neither")
    if aliases:
        alias = aliases[0]
        told["AliasTarget"] = {
            "HostedZoneId": alias.get("zoneId"),
            "DNSName": alias.get("name"),
            "EvaluateTargetHealth": alias.get("evaluateTargetHealth"),
        }
        if asked.get("ttl") is not None:
            asked.refuse("ChangeResourceRecordSets", "an alias has no ttl")
    else:
        told["TTL"] = asked.get("ttl")
        told["ResourceRecords"] = [{"Value": it} for it in asked.get("records", [])]
    action = "UPSERT" if asked.get("allowOverwrite") else "CREATE"
    changes = {"Changes": [{"Action": action, "ResourceRecordSet": told}]}
    if not asked.preview and isinstance(name, str):
        _check_within(asked, name, zone)
    asked.call("route53", "ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": changes})
    return {} if asked.preview else {"id": f"{zone}_{name}_{kind}", "fqdn": name}


def _check_within(asked: "Asked", name: str, zone: Any) -> None:
    found = asked.model.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"].rstrip(".")
    bare = name.rstrip(".")
    if bare != found and not bare.endswith(f".{found}"):
        asked.refuse("ChangeResourceRecordSets", f"{bare!r} is not within the zone {found!r}")


MAKERS = {
    "aws:acm/certificate:Certificate": certificate,
    "aws:acm/certificateValidation:CertificateValidation": certificate_validation,
    "aws:route53/record:Record": record,
}
