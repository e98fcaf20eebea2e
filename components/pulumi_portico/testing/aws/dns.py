"""Certificates and DNS records, as the provider makes them.

Sources: RequestCertificate in the API reference of ACM; ChangeResourceRecordSets, AliasTarget and "Supported DNS record
types" of Route 53; for what makes another one, terraform-provider-aws.
"""

from collections.abc import Mapping
from typing import Any

from ...untyped import Properties
from .aws_request import AwsRequest, is_unknown
from .kinds import Kind

__all__ = ["KINDS"]

_COMMON_NAME = 64
_ALIAS = {"name": "DNSName", "zoneId": "HostedZoneId", "evaluateTargetHealth": "EvaluateTargetHealth"}
_CHANGE = "ChangeResourceRecordSets"


def _certificate(request: AwsRequest) -> dict[str, Any]:
    host, method = request.get("domainName"), request.get("validationMethod")
    if isinstance(host, str) and not is_unknown(host) and len(host) > _COMMON_NAME:
        request.refuse("RequestCertificate", f"{host!r} is longer than the {_COMMON_NAME} characters of a common name")
    if method is None:
        request.refuse("RequestCertificate", "validationMethod isn't set, and the provider requires it")
    params = {
        "DomainName": host,
        "SubjectAlternativeNames": request.items("subjectAlternativeNames") or None,
        "ValidationMethod": method,
        "KeyAlgorithm": request.get("keyAlgorithm"),
        "Tags": request.tags(),
    }
    made = request.call("acm", "RequestCertificate", params)
    if made is None:
        return {}
    arn = made["CertificateArn"]
    described = request.ask("acm", "DescribeCertificate", {"CertificateArn": arn})["Certificate"]
    options = [
        {"domainName": option["DomainName"], **_proof(option["ResourceRecord"])}
        for option in described.get("DomainValidationOptions", [])
        if "ResourceRecord" in option
    ]
    return {"id": arn, "arn": arn, "status": "PENDING_VALIDATION", "domainValidationOptions": options}


def _proof(record: Mapping[str, str]) -> dict[str, str]:
    return {f"resourceRecord{key}": record[key] for key in ("Name", "Type", "Value")}


def _change_certificate(request: AwsRequest) -> None:
    """Tags alone change in place."""


def _remove_certificate(request: AwsRequest) -> None:
    """moto deletes one that is in use; AWS returns ResourceInUseException."""
    arn = request.made["arn"]
    for balancer in request.ask("elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]:
        params = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
        for listener in request.ask("elbv2", "DescribeListeners", params)["Listeners"]:
            shown = {"ListenerArn": listener["ListenerArn"]}
            more = request.ask("elbv2", "DescribeListenerCertificates", shown)["Certificates"]
            if arn in [certificate.get("CertificateArn") for certificate in (*listener.get("Certificates", []), *more)]:
                request.refuse("DeleteCertificate", f"ResourceInUseException: a listener uses {arn}")
    request.call("acm", "DeleteCertificate", {"CertificateArn": arn})


def _validation(request: AwsRequest) -> dict[str, Any]:
    """It waits until the certificate is issued, which it never is where nothing in DNS proves its names."""
    arn, names = request.get("certificateArn"), request.items("validationRecordFqdns")
    if request.preview:
        return {}
    described = request.ask("acm", "DescribeCertificate", {"CertificateArn": arn})["Certificate"]
    records = [
        option["ResourceRecord"]
        for option in described.get("DomainValidationOptions", [])
        if "ResourceRecord" in option
    ]
    proofs = {record["Name"].rstrip("."): record["Value"].rstrip(".") for record in records}
    if names and (missing := set(proofs) - {name.rstrip(".") for name in names}):
        request.refuse("DescribeCertificate", f"AWS never issues it: no validationRecordFqdns for {sorted(missing)[0]}")
    there = _records(request)
    for name, value in proofs.items():
        if value not in there.get((name, "CNAME"), []):
            request.refuse("DescribeCertificate", f"AWS never issues it: no CNAME record {name} has the value {value}")
    request.model.issued.add(arn)
    return {"id": "0001-01-01 00:00:00 +0000 UTC", "certificateArn": arn}


def _records(request: AwsRequest) -> dict[tuple[str, str], list[str]]:
    """What DNS says in all zones, by name and type."""
    found: dict[tuple[str, str], list[str]] = {}
    for zone in request.ask("route53", "ListHostedZones", {})["HostedZones"]:
        for record_set in request.ask("route53", "ListResourceRecordSets", {"HostedZoneId": zone["Id"]})[
            "ResourceRecordSets"
        ]:
            values = [record["Value"].rstrip(".") for record in record_set.get("ResourceRecords", [])]
            found.setdefault((record_set["Name"].rstrip("."), record_set["Type"]), []).extend(values)
    return found


def _forget(request: AwsRequest) -> None:
    """There is nothing to delete."""


def _record_set(request: AwsRequest) -> dict[str, Any]:
    kind = request.get("type")
    params: dict[str, Any] = {"Name": request.get("name"), "Type": kind}
    aliases, ttl = request.items("aliases"), request.get("ttl")
    if not is_unknown(request.get("aliases")) and bool(aliases) == (request.get("records") is not None):
        request.refuse(_CHANGE, "it needs either an alias or records, and not both")
    if aliases:
        if ttl is not None:
            request.refuse(_CHANGE, "an alias can't have a ttl")
        return {**params, "AliasTarget": request.translated(aliases[0], _ALIAS, "aliases")}
    if ttl is None:
        request.refuse(_CHANGE, "records require a ttl")
    return {**params, "TTL": ttl, "ResourceRecords": [{"Value": record} for record in request.items("records")]}


def _write(request: AwsRequest, action: str) -> tuple[Any, dict[str, Any]]:
    zone, record = request.get("zoneId"), _record_set(request)
    if isinstance(zone, str) and not is_unknown(zone) and not is_unknown(record["Name"]):
        _check_within(request, record, zone)
    if not request.preview and "AliasTarget" in record:
        _check_alias(request, record["AliasTarget"])
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    request.call("route53", _CHANGE, {"HostedZoneId": zone, "ChangeBatch": batch})
    return zone, record


def _check_within(request: AwsRequest, record: Properties, zone: str) -> None:
    found = request.ask("route53", "GetHostedZone", {"Id": zone})["HostedZone"]["Name"].rstrip(".")
    bare = record["Name"].rstrip(".")
    if bare != found and not bare.endswith(f".{found}"):
        request.refuse(_CHANGE, f"{bare!r} is not within the zone {found!r}")
    if bare == found and record["Type"] == "CNAME":
        request.refuse(_CHANGE, f"a CNAME is not permitted at the apex of the zone {found!r}")


def _check_alias(request: AwsRequest, alias: Properties) -> None:
    """ "The alias target name does not lie within the target zone" (InvalidChangeBatch), which moto takes."""
    name = str(alias.get("DNSName")).rstrip(".").removeprefix("dualstack.")
    for balancer in request.ask("elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]:
        if balancer["DNSName"] == name:
            if balancer["CanonicalHostedZoneId"] != alias.get("HostedZoneId"):
                request.refuse(_CHANGE, f"{name} isn't in the zone {alias.get('HostedZoneId')}")
            return
    if name.endswith(".elb.amazonaws.com"):
        request.refuse(_CHANGE, f"no load balancer has the DNS name {name}")


def _record(request: AwsRequest) -> dict[str, Any]:
    zone, record = _write(request, "UPSERT" if request.get("allowOverwrite") else "CREATE")
    name = record["Name"]
    return {} if request.preview else {"id": f"{zone}_{name}_{record['Type']}", "fqdn": name.rstrip(".")}


def _change_record(request: AwsRequest) -> None:
    if "type" in request.changed:
        raise LookupError(
            f"{request.resource}: a record that changes its type, which this model of AWS doesn't support"
        )
    _write(request, "UPSERT")


def _remove_record(request: AwsRequest) -> None:
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": _record_set(request)}]}
    request.call("route53", _CHANGE, {"HostedZoneId": request.get("zoneId"), "ChangeBatch": batch})


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
