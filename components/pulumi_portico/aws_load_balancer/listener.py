"""What clients connect to: listeners, their routes and what is done about a request; the types and their rules."""

import re
from collections.abc import Mapping, Sequence
from typing import Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..checks import Field, Rules
from ..errors import Refusal
from ..names import port_number, service_name
from ..values import Rule, cidr, whole_number
from .choices import AwsClientCertificateMode, AwsFrameOptions, AwsListenerProtocol, AwsTlsPolicy
from .priorities import LEAST, MOST
from .rules import arn, header_name, not_empty, route_host, route_path

__all__ = [
    "RULES",
    "AwsClientCertificates",
    "AwsFixedResponse",
    "AwsListener",
    "AwsPriorities",
    "AwsRedirect",
    "AwsResponseHeaders",
    "AwsRoute",
    "AwsTrustBundle",
]


class AwsFixedResponse(TypedDict):
    """An answer that the load balancer gives by itself. Maps to the action `fixed-response`."""

    status: int
    """The status code (200 to 299, 400 to 599). Plain."""

    content_type: NotRequired[str]
    """What the body is: text/plain, text/css, text/html, application/javascript or application/json. Plain. Default:
    text/plain."""

    body: NotRequired[pulumi.Input[str]]
    """The body (1024 characters at most). Default: none."""


class AwsRedirect(TypedDict):
    """Another URL that the client is sent to; what is left out stays as it was. Maps to the action `redirect`."""

    scheme: NotRequired[str]
    """http or https. Plain. Default: the request's."""

    host: NotRequired[pulumi.Input[str]]
    """The host (128 characters at most). Default: the request's."""

    port: NotRequired[int]
    """The port (1 to 65535). Plain. Default: the request's; with a `scheme`, its own."""

    path: NotRequired[pulumi.Input[str]]
    """The path, a slash first (128 characters at most); #{path} stands for the request's. Default: the request's."""

    query: NotRequired[pulumi.Input[str]]
    """The query, without a question mark (128 characters at most). Default: the request's."""

    permanent: NotRequired[bool]
    """Whether clients remember it: 301, else 302. Plain. Default: false."""


class AwsRoute(TypedDict):
    """Requests of one host and path, and where they go. It is known by what it matches; its place in the list means
    nothing."""

    host: NotRequired[str]
    """The host that requests are for; `*.example.com` is taken with `wide_wildcards` alone. Plain. Default: every
    host."""

    path: NotRequired[str]
    """The path, by whole elements: /a/b is for /a/b and all below it, and not for /a/bc. Plain. Default: /."""

    exact: NotRequired[bool]
    """Whether the path alone is meant, without what is below it. Plain. Default: false."""

    methods: NotRequired[Sequence[str]]
    """The request methods, such as GET; one of them must fit. Plain. Default: every one."""

    headers: NotRequired[Mapping[str, Sequence[str]]]
    """What headers must hold, by name; one of the values must fit, `*` and `?` in them are wildcards. Plain. Default:
    anything."""

    sources: NotRequired[Sequence[str]]
    """The addresses that clients connect from, in CIDR notation. Plain. Default: every one that is let in."""

    to: NotRequired[str]
    """The target, by its key in `targets`. Plain. This, `weights`, `respond` or `redirect`."""

    weights: NotRequired[Mapping[str, pulumi.Input[int]]]
    """Several targets (5 at most) with the share of each (0 to 999), for blue and green or a canary. Keys are plain."""

    sticky_for: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 604800) that a client stays with the target that `weights` gave it. Default: each request
    anew."""

    respond: NotRequired[AwsFixedResponse]
    """What the load balancer answers by itself."""

    redirect: NotRequired[AwsRedirect]
    """Where the client is sent instead."""

    priority: NotRequired[int]
    """The rule's priority (1 to 50000), where the one made from what it matches meets another's. Plain. Default: made
    from what it matches."""


class AwsTrustBundle(TypedDict):
    """A file of certificate authorities in a bucket, which a trust store is made from."""

    bucket: pulumi.Input[str]
    """The bucket's name."""

    key: pulumi.Input[str]
    """The object's key: a file of certificates in PEM format."""

    version: NotRequired[pulumi.Input[str]]
    """The object's version. Default: the newest while the trust store is made."""


class AwsClientCertificates(TypedDict):
    """Mutual TLS: what is done with clients' certificates. HTTPS listeners of Application Load Balancers."""

    mode: NotRequired[AwsClientCertificateMode]
    """Whether they are verified or passed through. Plain. Default: verify."""

    trust_store: NotRequired[pulumi.Input[str]]
    """The ARN of a trust store made elsewhere. This or `bundle`, where they are verified."""

    bundle: NotRequired[AwsTrustBundle]
    """The certificate authorities that a trust store is made from. This or `trust_store`."""

    ignore_expiry: NotRequired[pulumi.Input[bool]]
    """Whether expired ones are taken. Default: false."""

    advertise_authorities: NotRequired[bool]
    """Whether clients are told which authorities are trusted. Plain. Default: false."""


class AwsResponseHeaders(TypedDict):
    """Headers that the load balancer puts into every response, whatever the target says. Application Load
    Balancers."""

    hsts_max_age: NotRequired[int]
    """Seconds that browsers keep to HTTPS (Strict-Transport-Security); 0 leaves the header to the targets. HTTPS
    listeners. Plain. Default: 31536000, a year."""

    hsts_subdomains: NotRequired[bool]
    """Whether they do for every subdomain too. Plain. Default: false."""

    hsts_preload: NotRequired[bool]
    """Whether the host may be put on browsers' own lists; wants `hsts_subdomains`. Plain. Default: false."""

    no_sniff: NotRequired[bool]
    """Whether browsers keep to the declared content type (X-Content-Type-Options: nosniff). Plain. Default: true."""

    frame_options: NotRequired[AwsFrameOptions]
    """Whether pages may be shown inside others. Plain. Default: what the targets say."""

    content_security_policy: NotRequired[pulumi.Input[str]]
    """The header Content-Security-Policy. Default: what the targets say."""

    server: NotRequired[bool]
    """Whether AWS's `Server: awselb/2.0` goes out with what the load balancer answers by itself. Plain. Default:
    false."""


class AwsPriorities(TypedDict):
    """The priorities that are ours on a listener that is shared with others."""

    first: int
    """The first (1 to 50000). Plain."""

    last: int
    """The last (1 to 50000), 4999 beyond the first at least. Plain."""


class AwsListener(TypedDict):
    """What clients connect to: one port, and what is done with what comes in."""

    port: int
    """The port (1 to 65535), by which it is known. Plain."""

    protocol: AwsListenerProtocol
    """What clients speak. Plain."""

    routes: NotRequired[Sequence[AwsRoute]]
    """Where requests go, by host and path. Application Load Balancers. Its length is plain. Default: none."""

    to: NotRequired[str]
    """The target of what no route is for, by its key in `targets`. Plain. This, `weights`, `respond` or `redirect`.
    Default: Application Load Balancers answer 404; others want one."""

    weights: NotRequired[Mapping[str, pulumi.Input[int]]]
    """The same for several targets (5 at most), with the share of each (0 to 999). Keys are plain."""

    sticky_for: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 604800) that a client stays with the target that `weights` gave it. Application Load Balancers.
    Default: each request anew."""

    respond: NotRequired[AwsFixedResponse]
    """What the load balancer answers by itself to what no route is for."""

    redirect: NotRequired[AwsRedirect]
    """Where the client of what no route is for is sent instead."""

    policy: NotRequired[AwsTlsPolicy]
    """Which TLS versions and ciphers are spoken. Default: TLS 1.2 and 1.3 with post-quantum key exchange."""

    client_certificates: NotRequired[AwsClientCertificates]
    """Mutual TLS. Default: clients show no certificate."""

    headers: NotRequired[AwsResponseHeaders]
    """Headers that go into every response. Application Load Balancers. Default: HSTS and nosniff."""

    tcp_idle_timeout: NotRequired[pulumi.Input[int]]
    """Seconds (60 to 6000) after which a silent connection is dropped. TCP listeners. Default: 350."""

    existing: NotRequired[pulumi.Input[str]]
    """The ARN of a listener made elsewhere, which `routes` are added to; the rest of it is not touched."""

    priorities: NotRequired[AwsPriorities]
    """The priorities that are ours on an `existing` listener. Plain. Default: all of them."""


def _status(value: int) -> Optional[Refusal]:
    if 200 <= value <= 299 or 400 <= value <= 599:  # noqa: PLR2004
        return None
    return Refusal("is not a status that a load balancer answers", "200 to 299, 400 to 599", "for 3xx, use redirect")


_CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")


def _content_type(value: str) -> Optional[Refusal]:
    allowed = ", ".join(_CONTENT_TYPES)
    return None if value in _CONTENT_TYPES else Refusal("is no content type that AWS takes", allowed)


def _scheme(value: str) -> Optional[Refusal]:
    return None if value in ("http", "https") else Refusal("is no scheme of a redirect", "http or https")


def _method(value: str) -> Optional[Refusal]:
    if re.fullmatch(r"[A-Z_-]{1,40}", value):
        return None
    return Refusal("is not a request method", "upper-case letters, such as GET", f"write {value.upper()}")


def _text(most: int, what: str) -> Rule:
    def rule(value: str) -> Optional[Refusal]:
        if 0 < len(value) <= most:
            return None
        return Refusal(f"is no {what} that AWS takes", f"1 to {most} characters")

    return rule


_ROUTED = {
    "to": Field(service_name),
    "weights": Field(not_empty, keys=service_name, items=whole_number(0, 999, "a weight")),
    "sticky_for": Field(whole_number(1, 604800, "a number of seconds")),
}

RULES: Rules = {
    AwsFixedResponse: {
        "status": Field(_status),
        "content_type": Field(_content_type),
        "body": Field(_text(1024, "body")),
    },
    AwsRedirect: {
        "scheme": Field(_scheme),
        "host": Field(_text(128, "host")),
        "port": Field(port_number),
        "path": Field(_text(128, "path")),
        "query": Field(_text(128, "query")),
    },
    AwsRoute: {
        "host": Field(route_host),
        "path": Field(route_path),
        "methods": Field(not_empty, items=_method),
        "headers": Field(not_empty, keys=header_name),
        "sources": Field(not_empty, items=cidr),
        "priority": Field(whole_number(LEAST, MOST, "a priority")),
        **_ROUTED,
    },
    AwsClientCertificates: {"trust_store": Field(arn("elasticloadbalancing", "a trust store"))},
    AwsResponseHeaders: {
        "hsts_max_age": Field(whole_number(0, what="a number of seconds")),
        "content_security_policy": Field(_text(1024, "policy")),
    },
    AwsPriorities: {
        "first": Field(whole_number(LEAST, MOST, "a priority")),
        "last": Field(whole_number(LEAST, MOST, "a priority")),
    },
    AwsListener: {
        "port": Field(port_number),
        "tcp_idle_timeout": Field(whole_number(60, 6000, "a number of seconds that AWS takes")),
        "existing": Field(arn("elasticloadbalancing", "a listener")),
        **_ROUTED,
    },
}
"""What the fields must satisfy beyond their types."""
