"""The settings of load balancers on AWS that are less strict than the secure default."""

from collections.abc import Iterator
from typing import Any

from ...address_ranges import ranges_of_everyone
from ...args.exceptions import SecurityException, exception_kind
from ...args.location import Location
from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsDesyncMode, AwsForwardedFor, AwsTlsPolicy
from ...aws_load_balancer.listener import AwsListenerSpec

__all__ = [
    "AWS_TARGETS_ANYWHERE",
    "CLIENTS_CLAIM_ADDRESSES",
    "CLIENT_ADDRESSES",
    "DELETABLE_LOGS",
    "EXPIRED_CERTIFICATES",
    "INVALID_HEADERS",
    "MONITORED_DESYNC",
    "NO_ACCESS_LOG",
    "NO_HSTS",
    "OLD_CIPHERS",
    "SNIFFED_CONTENT",
    "UNPROTECTED_FROM_DELETION",
    "WILDCARDS_AT_ANY_DEPTH",
    "aws_exceptions",
    "client_ranges",
]

CLIENT_ADDRESSES = exception_kind("every-client-address", "Every address can connect to the load balancer.")
AWS_TARGETS_ANYWHERE = exception_kind(
    "load-balancer-to-every-address", "The load balancer can connect to every address."
)
UNPROTECTED_FROM_DELETION = exception_kind(
    "no-deletion-protection", "Anyone with access to the account can delete the load balancer by mistake."
)
CLIENTS_CLAIM_ADDRESSES = exception_kind(
    "clients-claim-addresses", "A client can claim any address: targets receive the `X-Forwarded-For` that it sends."
)
MONITORED_DESYNC = exception_kind(
    "monitored-desync", "The load balancer forwards requests that HTTP servers can interpret in different ways."
)
INVALID_HEADERS = exception_kind("invalid-headers", "The load balancer forwards headers whose names are invalid.")
WILDCARDS_AT_ANY_DEPTH = exception_kind(
    "wildcards-at-any-depth", "A wildcard host matches names with any number of labels in its place."
)
NO_ACCESS_LOG = exception_kind("no-load-balancer-access-log", "The load balancer doesn't log requests.")
DELETABLE_LOGS = exception_kind("deletable-logs", "Pulumi deletes the logs together with the load balancer.")
OLD_CIPHERS = exception_kind("old-ciphers", "Clients can use ciphers that are no longer recommended.")
NO_HSTS = exception_kind("no-hsts", "The load balancer doesn't require browsers to keep using HTTPS.")
SNIFFED_CONTENT = exception_kind("sniffed-content", "Browsers can guess the type of a response.")
EXPIRED_CERTIFICATES = exception_kind(
    "expired-client-certificates", "The load balancer accepts expired certificates of clients."
)


def aws_exceptions(spec: AwsLoadBalancerSpec) -> Iterator[SecurityException]:
    """The exceptions of one load balancer."""
    yield from _of_addresses(spec)
    if spec.deletion_protection is False:
        yield SecurityException(UNPROTECTED_FROM_DELETION, spec.at / "deletion_protection")
    if spec.desync_mode is AwsDesyncMode.MONITOR:
        yield SecurityException(MONITORED_DESYNC, spec.at / "desync_mode")
    if spec.forwarded_for is AwsForwardedFor.PRESERVE:
        yield SecurityException(CLIENTS_CLAIM_ADDRESSES, spec.at / "forwarded_for")
    if spec.drop_invalid_headers is False:
        yield SecurityException(INVALID_HEADERS, spec.at / "drop_invalid_headers")
    if spec.multi_label_wildcards:
        yield SecurityException(WILDCARDS_AT_ANY_DEPTH, spec.at / "multi_label_wildcards")
    if spec.logs is not None:
        if spec.logs.access is False:
            yield SecurityException(NO_ACCESS_LOG, spec.logs.at / "access")
        if spec.logs.delete_with_balancer:
            yield SecurityException(DELETABLE_LOGS, spec.logs.at / "delete_with_balancer")
    for listener in spec.listeners:
        yield from _of_listener(listener)


def client_ranges(spec: AwsLoadBalancerSpec) -> list[tuple[Location, Any]]:
    """The ranges of the clients that a load balancer admits, and where they are."""
    ranges: list[tuple[Location, Any]] = [
        (spec.at / "allowed_sources" / index, text) for index, text in enumerate(spec.allowed_sources or ())
    ]
    return ranges + [(source.at / "cidr", source.cidr) for source in (spec.sources or {}).values()]


def _of_addresses(spec: AwsLoadBalancerSpec) -> Iterator[SecurityException]:
    ranges = client_ranges(spec)
    for index in ranges_of_everyone(text for _, text in ranges):
        yield SecurityException(CLIENT_ADDRESSES, ranges[index][0])
    for index in ranges_of_everyone(spec.target_ranges or ()):
        yield SecurityException(AWS_TARGETS_ANYWHERE, spec.at / "target_ranges" / index)


def _of_listener(listener: AwsListenerSpec) -> Iterator[SecurityException]:
    if listener.policy is AwsTlsPolicy.WIDE:
        yield SecurityException(OLD_CIPHERS, listener.at / "policy")
    headers, certificates = listener.headers, listener.client_certificates
    if headers is not None:
        if headers.hsts_max_age == 0:
            yield SecurityException(NO_HSTS, headers.at / "hsts_max_age")
        if headers.no_sniff is False:
            yield SecurityException(SNIFFED_CONTENT, headers.at / "no_sniff")
    if certificates is not None and certificates.ignore_expiry is True:
        yield SecurityException(EXPIRED_CERTIFICATES, certificates.at / "ignore_expiry")
