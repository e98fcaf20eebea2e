"""The DNS records of the hosts, as external-dns creates them: it reads every Ingress that has a host.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import re
from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Key
from ..args.names import annotation_key
from ..args.parse import Field, Rules
from ..args.problems import Problems, Reason, Remove
from ..args.spec import Spec, spec
from ..args.values import whole_number
from ..lifecycle.annotation_readers import DNS_HOSTNAME, EXTERNAL_DNS, reader_of
from ..outputs import applied

__all__ = ["RULES", "DnsRecord", "DnsRecordSpec", "check_dns_record", "dns_annotations"]


class DnsRecord(TypedDict):
    """How external-dns publishes a host. Every Ingress of the host has these settings, because external-dns reads each
    of them."""

    target: NotRequired[pulumi.Input[str]]
    """What the host's name points to: addresses, or host names, separated by commas. Default: the gateway's address, as
    its controller publishes it. Maps to `external-dns.alpha.kubernetes.io/target`."""

    ttl: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 2147483647) that resolvers keep the record. Default: the DNS provider's. Maps to
    `external-dns.alpha.kubernetes.io/ttl`."""

    set_identifier: NotRequired[pulumi.Input[str]]
    """What distinguishes this record from others of the same name, of other clusters. Requires `weight`, or another
    routing policy in `annotations`. Maps to `external-dns.alpha.kubernetes.io/set-identifier`."""

    weight: NotRequired[pulumi.Input[int]]
    """The share (0 to 255) of the requests, relative to the weights of the other records of the same name, on Amazon
    Route 53. Requires `set_identifier`. Maps to `external-dns.alpha.kubernetes.io/aws-weight`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further annotations of external-dns, such as those of a DNS provider. Keys are plain. Default: none."""


@spec(DnsRecord)
class DnsRecordSpec(Spec):
    """A parsed `DnsRecord`."""

    target: Optional[pulumi.Input[str]] = None
    ttl: Optional[pulumi.Input[int]] = None
    set_identifier: Optional[pulumi.Input[str]] = None
    weight: Optional[pulumi.Input[int]] = None
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None


INVALID_TARGET = define(
    "invalid-dns-target",
    "{value} isn't a target of DNS records.",
    allowed="IP addresses or host names, separated by commas",
)
INVALID_SET_IDENTIFIER = define(
    "invalid-set-identifier",
    "{value} isn't an identifier of DNS records.",
    allowed="1 to {most} printable characters",
)
EMPTY_DNS_RECORD = define("empty-dns-record", "This sets nothing.", allowed="at least one of {fields}")
WEIGHT_WITHOUT_IDENTIFIER = define(
    "dns-weight-without-identifier",
    "A record with {field} needs an identifier, because others have the same name.",
    allowed="only with {set_identifier}",
    hint="Set {set_identifier} to a text that no other record of the name has.",
)
IDENTIFIER_WITHOUT_POLICY = define(
    "dns-identifier-without-policy",
    "{field} has an effect only on records with a routing policy.",
    allowed="only with {weight}, or with an annotation of a routing policy in {annotations}",
    hint="Set {weight}.",
)
NOT_OF_EXTERNAL_DNS = define(
    "not-an-external-dns-annotation",
    "The annotation {key} isn't one of external-dns.",
    allowed="keys that start with {prefix}",
)
SET_BY_DNS_FIELD = define("dns-annotation-set-by-field", "{field} sets this annotation.", allowed="only {field}")

_LONGEST_IDENTIFIER = 128
"""The longest set identifier of Amazon Route 53 (API reference, `ResourceRecordSet`)."""

_TARGET = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+")
_POLICIES = tuple(
    f"{EXTERNAL_DNS}aws-{name}"
    for name in (
        "failover",
        "geolocation-",
        "geoproximity-",
        "multi-value-answer",
        "region",
    )
)
"""How the annotations start of the other routing policies of Amazon Route 53 (external-dns, `provider/aws/aws.go`)."""


def _target(value: str) -> Optional[Reason]:
    fits = all(_TARGET.fullmatch(target.strip(" ")) for target in value.split(","))
    return None if fits and len(value) <= _LONGEST_TARGET else Reason(INVALID_TARGET)


_LONGEST_TARGET = 1_000


def _identifier(value: str) -> Optional[Reason]:
    fits = 1 <= len(value) <= _LONGEST_IDENTIFIER and value.isprintable()
    return None if fits else Reason(INVALID_SET_IDENTIFIER, {"most": _LONGEST_IDENTIFIER})


RULES: Rules = {
    DnsRecord: {
        "target": Field(_target),
        "ttl": Field(whole_number(1, 2**31 - 1, "a number of seconds")),
        "set_identifier": Field(_identifier),
        "weight": Field(whole_number(0, 255, "a weight")),
        "annotations": Field(keys=annotation_key),
    }
}
"""What the fields must satisfy beyond their types."""

_FIELDS = ("target", "ttl", "set_identifier", "weight", "annotations")


def check_dns_record(record: DnsRecordSpec, problems: Problems) -> None:
    """Report settings of a record that don't fit together, and annotations that aren't for external-dns."""
    problems.run(_check_empty, record)
    problems.run(_check_policy, record)
    problems.run(_check_annotations, record)


def _check_empty(record: DnsRecordSpec, problems: Problems) -> None:
    is_empty = not record.annotations and all(getattr(record, name) is None for name in _FIELDS[:-1])
    if is_empty and not problems.has_within(record.at):
        problems.report(EMPTY_DNS_RECORD, record.at, fields=[FieldName(name) for name in _FIELDS])


def _check_policy(record: DnsRecordSpec, problems: Problems) -> None:
    names: dict[str, Any] = {name: FieldName(name) for name in ("set_identifier", "weight", "annotations")}
    other = next((key for key in record.annotations or {} if key.startswith(_POLICIES)), None)
    if record.set_identifier is not None:
        if record.weight is None and other is None:
            at = record.at / "set_identifier"
            problems.report(IDENTIFIER_WITHOUT_POLICY, at, field=FieldName("set_identifier"), **names)
    elif record.weight is not None:
        at = record.at / "weight"
        problems.report(WEIGHT_WITHOUT_IDENTIFIER, at, field=FieldName("weight"), **names)
    elif other is not None:
        at = record.at / "annotations" / Key(other)
        problems.report(WEIGHT_WITHOUT_IDENTIFIER, at, field=other, **names)


def _check_annotations(record: DnsRecordSpec, problems: Problems) -> None:
    for key in record.annotations or {}:
        at = record.at / "annotations" / Key(key)
        reader = reader_of(key)
        if reader is None or not key.startswith(EXTERNAL_DNS):
            problems.report(NOT_OF_EXTERNAL_DNS, at, key=key, prefix=EXTERNAL_DNS, fix=Remove(at))
        elif (path := reader.field_for(key)) is not None and path[-1] != "annotations":
            field = record.at / path[-1] if key != DNS_HOSTNAME and path[0] == "dns_records" else path
            problems.report(SET_BY_DNS_FIELD, at, field=field)


def dns_annotations(record: DnsRecordSpec) -> dict[str, Any]:
    """What external-dns reads of an Ingress of the host."""
    annotations: dict[str, Any] = {
        "target": record.target,
        "ttl": None if record.ttl is None else applied(record.ttl, str),
        "set-identifier": record.set_identifier,
        "aws-weight": None if record.weight is None else applied(record.weight, str),
    }
    set_here = {f"{EXTERNAL_DNS}{key}": value for key, value in annotations.items() if value is not None}
    return {**set_here, **(record.annotations or {})}
