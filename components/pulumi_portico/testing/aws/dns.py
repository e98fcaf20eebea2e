"""Certificates and DNS records, as the provider makes them.

Sources: RequestCertificate in the API reference of ACM; ChangeResourceRecordSets, AliasTarget and "Supported DNS record
types" of Route 53; for what makes another one, terraform-provider-aws.
"""

from collections.abc import Mapping
from typing import Any

from ...untyped import Properties
from .asked import Asked, is_unknown
from .kinds import Kind

__all__ = ["KINDS"]

_COMMON_NAME = 64
_ALIAS = {"name": "DNSName", "zoneId": "HostedZoneId", "evaluateTargetHealth": "EvaluateTargetHealth"}
_CHANGE = "ChangeResourceRecordSets"


def _certificate(asked: Asked) -> dict[str, Any]:
    host, method = asked.get("domainName"), asked.get("validationMethod")
    if isinstance(host, str) and not is_unknown(host) and len(host) > _COMMON_NAME:
        asked.refuse("RequestCertificate", f"{host!r} is longer than the {_COMMON_NAME} characters of a common name")
    if method is None:
        asked.refuse("RequestCertificate", "it has no validationMethod, which the provider wants")
    params = {
        "DomainName": host,
        "SubjectAlternativeNames": asked.items("subjectAlternativeNames") or None,
        "ValidationMethod": method,
        "KeyAlgorithm": asked.get("keyAlgorithm"),
        "Tags": asked.tags(),
    }
    made = asked.call("acm", "RequestCertificate", params)
    if made is None:
        return {}
    arn = made["CertificateArn"]
    told = asked.ask("acm", "DescribeCertificate", {"CertificateArn": arn})["Certificate"]
    options = [
        {"domainName": it["DomainName"], **_proof(it["ResourceRecord"])}
        for it in told.get("DomainValidationOptions", [])
        if "ResourceRecord" in it
    ]
    return {"id": arn, "arn": arn, "status": "PENDING_VALIDATION", "domainValidationOptions": options}


def _proof(record: Mapping[str, str]) -> dict[str, str]:
    return {f"resourceRecord{key}": record[key] for key in ("Name", "Type", "Value")}


def _change_certificate(asked: Asked) -> None:
    """Tags alone change in place."""


def _remove_certificate(asked: Asked) -> None:
    """moto deletes one that is in use; AWS answers ResourceInUseException."""
    arn = asked.made["arn"]
    for balancer in asked.ask("elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]:
        told = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
        for listener in asked.ask("elbv2", "DescribeListeners", told)["Listeners"]:
            shown = {"ListenerArn": listener["ListenerArn"]}
            more = asked.ask("elbv2", "DescribeListenerCertificates", shown)["Certificates"]
            if arn in [it.get("CertificateArn") for it in (*listener.get("Certificates", []), *more)]:
                asked.refuse("DeleteCertificate", f"ResourceInUseException: {arn} is that of a listener")
    asked.call("acm", "DeleteCertificate", {"CertificateArn": arn})


def _validation(asked: Asked) -> dict[str, Any]:
    """It waits until the certificate is issued, which it never is where nothing in DNS proves its names."""
    arn, names = asked.get("certificateArn"), asked.items("validationRecordFqdns")
    if asked.preview:
        return {}
    told = asked.ask("acm", "DescribeCertificate", {"CertificateArn": arn})["Certificate"]
    records = [it["ResourceRecord"] for it in told.get("DomainValidationOptions", []) if "ResourceRecord" in it]
    proofs = {it["Name"].rstrip("."): it["Value"].rstrip(".") for it in records}
    if names and (missing := set(proofs) - {it.rstrip(".") for it in names}):
        asked.refuse("DescribeCertificate", f"it never is issued: no validationRecordFqdns for {sorted(missing)[0]}")
    there = _records(asked)
    for name, value in proofs.items():
        if value not in there.get((name, "CNAME"), []):
            asked.refuse("DescribeCertificate", f"it never is issued: no CNAME {name} says {value}")
    asked.model.issued.add(arn)
    return {"id": "0001-01-01 00:00:00 +0000 UTC", "certificateArn": arn}


def _records(asked: Asked) -> dict[tuple[str, str], list[str]]:
    """What DNS says in all zones, by name and type."""
    found: dict[tuple[str, str], list[str]] = {}
    for zone in asked.ask("route53", "ListHostedZones", {})["HostedZones"]:
        for it in asked.ask("route53", "ListResourceRecordSets", {"HostedZoneId": zone["Id"]})["ResourceRecordSets"]:
            values = [record["Value"].rstrip(".") for record in it.get("ResourceRecords", [])]
            found.setdefault((it["Name"].rstrip("."), it["Type"]), []).extend(values)
    return found


def _forget(asked: Asked) -> None:
    """There is nothing to delete."""


def _record_set(asked: Asked) -> dict[str, Any]:
    kind = asked.get("type")
    told: dict[str, Any] = {"Name": asked.get("name"), "Type": kind}
    aliases, ttl = asked.items("aliases"), asked.get("ttl")
    if not is_unknown(asked.get("aliases")) and bool(aliases) == (asked.get("records") is not None):
        asked.refuse(_CHANGE, "it has both an alias and records, or neither")
    if aliases:
        if ttl is not None:
            asked.refuse(_CHANGE, "an alias has no ttl")
        return {**told, "AliasTarget": asked.told(aliases[0], _ALIAS, "aliases")}
    if ttl is None:
        asked.refuse(_CHANGE, "records want a ttl")
    return {**told, "TTL": ttl, "ResourceRecords": [{"Value": it} for it in asked.items("records")]}


def _write(asked: Asked, action: str) -> tuple[Any, dict[str, Any]]:
    zone, record = asked.get("zoneId"), _record_set(asked)
    if isinstance(zone, str) and not is_unknown(zone) and not is_unknown(record["Name"]):
        _check_within(asked, record, zone)
    if not asked.preview and "AliasTarget" in record:
        _check_alias(asked, record["AliasTarget"])
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    asked.call("route53", _CHANGE, {"HostedZoneId": zone, "ChangeBatch": batch})
    return zone, record


def _check_within(asked: Asked, record: Properties, zone: str) -> None:
    found = asked.ask("route53", "GetHostedZone", {"Id": zone})["HostedZone"]["Name"].rstrip(".")
    bare = record["Name"].rstrip(".")
    if bare != found and not bare.endswith(f".{found}"):
        asked.refuse(_CHANGE, f"{bare!r} is not within the zone {found!r}")
    if bare == found and record["Type"] == "CNAME":
        asked.refuse(_CHANGE, f"a CNAME is not permitted at the apex of the zone {found!r}")


def _check_alias(asked: Asked, alias: Properties) -> None:
    """ "The alias target name does not lie within the target zone" (InvalidChangeBatch), which moto takes."""
    name = str(alias.get("DNSName")).rstrip(".").removeprefix("dualstack.")
    for it in asked.ask("elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]:
        if it["DNSName"] == name:
            if it["CanonicalHostedZoneId"] != alias.get("HostedZoneId"):
                asked.refuse(_CHANGE, f"{name} is not of the zone {alias.get('HostedZoneId')}")
            return
    if name.endswith(".elb.amazonaws.com"):
        asked.refuse(_CHANGE, f"no load balancer is called {name}")


def _record(asked: Asked) -> dict[str, Any]:
    zone, record = _write(asked, "UPSERT" if asked.get("allowOverwrite") else "CREATE")
    name = record["Name"]
    return {} if asked.preview else {"id": f"{zone}_{name}_{record['Type']}", "fqdn": name.rstrip(".")}


def _change_record(asked: Asked) -> None:
    if "type" in asked.changed:
        raise LookupError(f"{asked.resource}: a record that changes its type, which this model of AWS does not know")
    _write(asked, "UPSERT")


def _remove_record(asked: Asked) -> None:
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": _record_set(asked)}]}
    asked.call("route53", _CHANGE, {"HostedZoneId": asked.get("zoneId"), "ChangeBatch": batch})


KINDS = {
    "aws:acm/certificate:Certificate": Kind(
        _certificate,
        _remove_certificate,
        _change_certificate,
        replaced_by=(
            *("domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"),
            *("certificateAuthorityArn", "validationOptions"),
        ),
    ),
    "aws:acm/certificateValidation:CertificateValidation": Kind(
        _validation, _forget, replaced_by=("certificateArn", "validationRecordFqdns")
    ),
    "aws:route53/record:Record": Kind(_record, _remove_record, _change_record, replaced_by=("name", "zoneId")),
}
