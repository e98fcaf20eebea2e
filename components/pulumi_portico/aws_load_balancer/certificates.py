"""What hosts need: zones that are looked up, certificates, their validation, and alias records."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ..lifecycle.objects import ObjectSpec, Options, Ref
from .hosts import (
    AwsHostSpec,
    build_alias,
    build_certificate,
    build_validation_record,
    certificate_owner,
    validated_name,
)
from .plan import AwsLoadBalancerPlan
from .resources import AwsLookup, AwsResource

__all__ = [
    "attached_certificates",
    "certificate_objects",
    "certificates_of",
    "default_certificate_host",
    "record_objects",
    "zone_lookups",
]

_CERTIFICATE_TIMEOUT = 1800


def zone_lookups(plan: AwsLoadBalancerPlan) -> Iterator[ObjectSpec]:
    """The Route 53 zones that the hosts name, each once."""
    found: dict[str, ObjectSpec] = {}
    for host in plan.hosts.values():
        if host.zone is None or host.zone_id is not None or not (host.has_records or _is_issued(host, plan)):
            continue
        arguments = {"name": host.zone, "private_zone": bool(host.private_zone)}
        key = _zone_key(host)
        found[key] = AwsLookup(key, arguments, function="route53.get_zone")
    yield from found.values()


def certificates_of(plan: AwsLoadBalancerPlan) -> dict[str, Any]:
    """The ARN of each host's own certificate, once it is valid, if a listener needs certificates."""
    arns: dict[str, Any] = {}
    for name, host in plan.hosts.items():
        if not plan.terminates_tls:
            break
        if host.certificate is not None:
            arns[name] = host.certificate
        elif host.is_issued:
            arns[name] = Ref(_validation_key(name), output=("certificate_arn",))
    return arns


def default_certificate_host(plan: AwsLoadBalancerPlan, arns: Mapping[str, Any]) -> Optional[str]:
    """The host whose certificate clients receive that send no host name."""
    default = plan.spec.default_host
    return next(iter(arns), None) if default is None else certificate_owner(default, plan.hosts)


_SHARED = Options(retain_on_delete=True)
"""Of a record that other stacks can have too: every certificate of a host in an account has the same one. ACM renews a
certificate only as long as its record exists."""


def attached_certificates(arns: Mapping[str, Any], default: Optional[str]) -> Iterator[tuple[str, Any, list[str]]]:
    """The certificates that are attached to a listener in addition to its default one: the name of each attachment, the
    ARN, and the hosts.

    Each ARN is attached once, by its own name: if hosts shared an ARN by several attachments, the deletion of one would
    take the certificate from all of them. ARNs that aren't known yet have the name of their host.
    """
    hosts: dict[str, list[str]] = {}
    for host, arn in arns.items():
        hosts.setdefault(_attachment_name(host, arn), []).append(host)
    of_default = None if default is None else _attachment_name(default, arns[default])
    for name, sharing in sorted(hosts.items()):
        if name != of_default:
            yield name, arns[sharing[0]], sharing


def _attachment_name(host: str, arn: Any) -> str:
    if not isinstance(arn, str):
        return host
    # Certificates of two accounts or regions can have one ID.
    digest = hashlib.sha256(arn.encode()).hexdigest()[:6]
    return f"{arn.rpartition('/')[2]}-{digest}"


def certificate_objects(plan: AwsLoadBalancerPlan) -> Iterator[ObjectSpec]:
    """The certificates that ACM issues, with their validation."""
    seconds = plan.spec.certificate_timeout
    options = Options(create_timeout=_CERTIFICATE_TIMEOUT if seconds is None else seconds)
    recorded: set[str] = set()
    for name, host in plan.hosts.items():
        if not _is_issued(host, plan):
            continue
        key, validated = f"certificate/{name}", validated_name(name)
        yield AwsResource(key, build_certificate(name, plan.spec.tags), type="acm.Certificate", suffix=name)
        record = f"validation-record/{validated}"
        if validated not in recorded:
            recorded.add(validated)
            properties = build_validation_record(_zone(host), key)
            yield AwsResource(
                record, properties, type="route53.Record", suffix=f"{validated}-validation", options=_SHARED
            )
        properties = {
            "certificate_arn": Ref(key, output=("arn",)),
            "validation_record_fqdns": [Ref(record, output=("fqdn",))],
        }
        yield AwsResource(
            _validation_key(name), properties, type="acm.CertificateValidation", suffix=name, options=options
        )


def record_objects(plan: AwsLoadBalancerPlan, dns_name: Any, dns_zone: Any) -> Iterator[ObjectSpec]:
    """The records that point each host to the load balancer."""
    kinds = ("A", "AAAA") if plan.is_dualstack else ("A",)
    for name, host in plan.hosts.items():
        if not host.has_records:
            continue
        for kind in kinds:
            suffix = f"{name}-{kind.lower()}"
            alias = build_alias(name, kind, _zone(host), dns_name, dns_zone)
            yield AwsResource(f"record/{suffix}", alias, type="route53.Record", suffix=suffix)


def _is_issued(host: AwsHostSpec, plan: AwsLoadBalancerPlan) -> bool:
    return plan.terminates_tls and host.is_issued


def _validation_key(name: str) -> str:
    return f"certificate-validation/{name}"


def _zone_key(host: AwsHostSpec) -> str:
    return f"zone/{'private' if host.private_zone else 'public'}/{host.zone}"


def _zone(host: AwsHostSpec) -> Any:
    return Ref(_zone_key(host), output=("zone_id",)) if host.zone_id is None else host.zone_id
