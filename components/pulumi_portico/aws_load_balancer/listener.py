"""Listeners, which clients connect to: the types, their rules, and the builder."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import component, moved_to, several, table
from ..args.names import port_number
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import whole_number
from ..http_defaults import HSTS_MAX_AGE
from ..untyped import Properties
from .authentication import AwsAuthentication
from .choices import (
    AwsAlpnPolicy,
    AwsAlpnPolicyLike,
    AwsClientCertificateMode,
    AwsClientCertificateModeLike,
    AwsFrameOptions,
    AwsFrameOptionsLike,
    AwsListenerProtocol,
    AwsListenerProtocolLike,
    AwsTlsPolicy,
    AwsTlsPolicyLike,
)
from .priorities import LEAST, MOST, priority_of
from .resources import without_none
from .routes import (
    RENAMED_ACTION_FIELDS,
    ROUTED,
    ActionSpec,
    AwsFixedResponse,
    AwsRedirect,
    AwsRoute,
    AwsRouteSpec,
    build_actions,
    text,
)
from .rules import arn

__all__ = [
    "RULES",
    "AwsClientCertificates",
    "AwsClientCertificatesSpec",
    "AwsListener",
    "AwsListenerSpec",
    "AwsPriorities",
    "AwsPrioritiesSpec",
    "AwsResponseHeaders",
    "AwsResponseHeadersSpec",
    "AwsTrustBundle",
    "AwsTrustBundleSpec",
    "build_listener",
]


class AwsTrustBundle(TypedDict):
    """A file of certificate authorities in a bucket, which a trust store is made from."""

    bucket: pulumi.Input[str]
    """The bucket's name."""

    key: pulumi.Input[str]
    """The object's key: a file of certificates in PEM format."""

    version: NotRequired[pulumi.Input[str]]
    """The object's version. Default: the newest while the trust store is made."""


@spec(AwsTrustBundle)
class AwsTrustBundleSpec(Spec):
    """A parsed `AwsTrustBundle`."""

    bucket: pulumi.Input[str]
    key: pulumi.Input[str]
    version: Optional[pulumi.Input[str]] = None


class AwsClientCertificates(TypedDict):
    """Mutual TLS: what is done with clients' certificates. HTTPS listeners of Application Load Balancers."""

    mode: NotRequired[AwsClientCertificateModeLike]
    """Whether they are verified or passed through. Plain. Default: verify."""

    trust_store: NotRequired[pulumi.Input[str]]
    """The ARN of a trust store made elsewhere. This or `bundle`, where they are verified."""

    bundle: NotRequired[AwsTrustBundle]
    """The certificate authorities that a trust store is made from. This or `trust_store`."""

    ignore_expiry: NotRequired[pulumi.Input[bool]]
    """Whether expired ones are taken. Default: false."""

    advertise_authorities: NotRequired[bool]
    """Whether the load balancer advertises the trusted authorities to clients. Plain. Default: false."""


@spec(AwsClientCertificates)
class AwsClientCertificatesSpec(Spec):
    """Parsed `AwsClientCertificates`. A field is None if it isn't set."""

    mode: AwsClientCertificateMode = AwsClientCertificateMode.VERIFY
    trust_store: Optional[pulumi.Input[str]] = None
    bundle: Optional[AwsTrustBundleSpec] = None
    ignore_expiry: Optional[pulumi.Input[bool]] = None
    advertise_authorities: Optional[bool] = None


class AwsResponseHeaders(TypedDict):
    """Headers that the load balancer puts into every response, whatever the target says. Application Load
    Balancers."""

    hsts_max_age: NotRequired[int]
    """Seconds that browsers keep to HTTPS (Strict-Transport-Security); 0 leaves the header to the targets. HTTPS
    listeners. Plain. Default: 31536000, a year."""

    hsts_subdomains: NotRequired[bool]
    """Whether they do for every subdomain too. Plain. Default: false."""

    hsts_preload: NotRequired[bool]
    """Whether the host may be put on browsers' own lists; requires `hsts_subdomains`. Plain. Default: false."""

    no_sniff: NotRequired[bool]
    """Whether browsers keep to the declared content type (X-Content-Type-Options: nosniff). Plain. Default: true."""

    frame_options: NotRequired[AwsFrameOptionsLike]
    """Whether pages may be shown inside others. Plain. Default: what the targets say."""

    content_security_policy: NotRequired[pulumi.Input[str]]
    """The header Content-Security-Policy. Default: what the targets say."""

    server: NotRequired[bool]
    """Whether responses of the load balancer itself have AWS's header `Server: awselb/2.0`. Plain. Default:
    false."""


@spec(AwsResponseHeaders)
class AwsResponseHeadersSpec(Spec):
    """Parsed `AwsResponseHeaders`. A field is None if it isn't set."""

    hsts_max_age: Optional[int] = None
    hsts_subdomains: Optional[bool] = None
    hsts_preload: Optional[bool] = None
    no_sniff: Optional[bool] = None
    frame_options: Optional[AwsFrameOptions] = None
    content_security_policy: Optional[pulumi.Input[str]] = None
    server: Optional[bool] = None


class AwsPriorities(TypedDict):
    """The priorities that are ours on a listener that is shared with others."""

    first: int
    """The first (1 to 50000). Plain."""

    last: int
    """The last (1 to 50000), 4999 beyond the first at least. Plain."""


@spec(AwsPriorities)
class AwsPrioritiesSpec(Spec):
    """Parsed `AwsPriorities`."""

    first: int
    last: int


class AwsListener(TypedDict):
    """What clients connect to: one port, and what is done with what comes in."""

    port: int
    """The port (1 to 65535), by which it is known. Plain."""

    protocol: AwsListenerProtocolLike
    """What clients speak. Plain."""

    routes: NotRequired[Sequence[AwsRoute]]
    """Where requests go, by host and path. Application Load Balancers. Its length is plain. Default: none."""

    target: NotRequired[str]
    """The target of requests that no route matches, by its key in `targets`. Plain. Set one of this, `weights`,
    `respond`, and `redirect`. Default: an Application Load Balancer responds with 404; a Network Load Balancer requires
    one."""

    weights: NotRequired[Mapping[str, pulumi.Input[int]]]
    """The same for several targets (5 at most), with the share of each (0 to 999). Keys are plain."""

    stickiness_duration: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 604800) that a client stays with the target that `weights` chose. Application Load Balancers.
    Default: `weights` apply to each request."""

    respond: NotRequired[AwsFixedResponse]
    """The response that the load balancer returns itself if no route matches."""

    redirect: NotRequired[AwsRedirect]
    """Where the client of what no route is for is sent instead."""

    authenticate: NotRequired[AwsAuthentication]
    """Have users sign in before requests that no route matches go on. HTTPS listeners of Application Load Balancers.
    Default: nobody signs in."""

    policy: NotRequired[AwsTlsPolicyLike]
    """Which TLS versions and ciphers are spoken. Default: TLS 1.2 and 1.3 with post-quantum key exchange."""

    client_certificates: NotRequired[AwsClientCertificates]
    """Mutual TLS. Default: clients show no certificate."""

    headers: NotRequired[AwsResponseHeaders]
    """Headers that go into every response. Application Load Balancers. Default: HSTS and nosniff."""

    alpn: NotRequired[AwsAlpnPolicyLike]
    """Which version of HTTP the TLS handshake negotiates. TLS listeners. Plain. Default: none."""

    tcp_idle_timeout: NotRequired[pulumi.Input[int]]
    """Seconds (60 to 6000) after which a silent connection is dropped. TCP listeners. Default: 350."""

    existing: NotRequired[pulumi.Input[str]]
    """The ARN of a listener made elsewhere, which `routes` are added to; the rest of it is not touched."""

    priorities: NotRequired[AwsPriorities]
    """The priorities that are ours on an `existing` listener. Plain. Default: all of them."""


_NAMES_OF_AWS_LISTENER = table(
    {
        "sslPolicy": moved_to("policy"),
        "certificateArn": component("aws_load_balancers", "hosts"),
        "certificates": component("aws_load_balancers", "hosts"),
        "rules": moved_to("routes"),
        "defaultAction": several("target", "weights", "respond", "redirect"),
        "defaultActions": several("target", "weights", "respond", "redirect"),
        "fixedResponse": moved_to("respond"),
        "alpnPolicy": moved_to("alpn"),
        "mutualAuthentication": moved_to("client_certificates"),
    }
)
"""Other tools' names for the fields of `AwsListener`."""


@spec(AwsListener, renamed=RENAMED_ACTION_FIELDS, elsewhere=_NAMES_OF_AWS_LISTENER)
class AwsListenerSpec(ActionSpec):
    """A parsed `AwsListener`. A field is None if it isn't set."""

    port: int
    protocol: AwsListenerProtocol
    routes: Optional[Sequence[AwsRouteSpec]] = None
    policy: Optional[AwsTlsPolicy] = None
    client_certificates: Optional[AwsClientCertificatesSpec] = None
    headers: Optional[AwsResponseHeadersSpec] = None
    alpn: Optional[AwsAlpnPolicy] = None
    tcp_idle_timeout: Optional[pulumi.Input[int]] = None
    existing: Optional[pulumi.Input[str]] = None
    priorities: Optional[AwsPrioritiesSpec] = None

    @property
    def terminates_tls(self) -> bool:
        """Whether TLS terminates at the listener, and the listener is created here."""
        return self.existing is None and self.speaks_tls

    @property
    def speaks_tls(self) -> bool:
        """Whether TLS terminates at the listener."""
        return self.protocol in (AwsListenerProtocol.HTTPS, AwsListenerProtocol.TLS)

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last priority that its routes can have."""
        return (LEAST, MOST) if self.priorities is None else (self.priorities.first, self.priorities.last)

    def priority_of(self, route: AwsRouteSpec) -> int:
        """The priority of a route: the one that it sets, else the one that follows from what it matches."""
        return priority_of(route.match, *self.span) if route.priority is None else route.priority


RULES: Rules = {
    AwsClientCertificates: {"trust_store": Field(arn("elasticloadbalancing", "a trust store"))},
    AwsResponseHeaders: {
        "hsts_max_age": Field(whole_number(0, what=SECONDS)),
        "content_security_policy": Field(text(1024, "policy")),
    },
    AwsPriorities: {
        "first": Field(whole_number(LEAST, MOST, "a priority")),
        "last": Field(whole_number(LEAST, MOST, "a priority")),
    },
    AwsListener: {
        "port": Field(port_number),
        "tcp_idle_timeout": Field(whole_number(60, 6000, SECONDS)),
        "existing": Field(arn("elasticloadbalancing", "a listener")),
        **ROUTED,
    },
}
"""What the fields must satisfy beyond their types."""

_HTTPS, _HTTP = AwsListenerProtocol.HTTPS, AwsListenerProtocol.HTTP


def build_listener(
    listener: AwsListenerSpec,
    load_balancer: Any,
    groups: Mapping[str, Any],
    certificate: Any,
    trust_store: Any,
    tags: Optional[Mapping[str, pulumi.Input[str]]],
) -> Properties:
    """The listener, as `aws.lb.Listener` takes it; ``groups`` has the target groups' ARNs by key."""
    properties: dict[str, Any] = {
        "load_balancer_arn": load_balancer,
        "port": listener.port,
        "protocol": listener.protocol.value.upper().replace("-", "_"),
        "default_actions": build_actions(listener, groups),
        "alpn_policy": None if listener.alpn is None else listener.alpn.value,
        "tcp_idle_timeout_seconds": listener.tcp_idle_timeout,
        "tags": tags or None,
    }
    if listener.speaks_tls:
        properties |= {"certificate_arn": certificate, "ssl_policy": (listener.policy or AwsTlsPolicy.PQ).value}
    if listener.protocol in (_HTTP, _HTTPS):
        properties |= _headers(listener)
    if listener.client_certificates is not None:
        properties["mutual_authentication"] = _mutual_authentication(listener.client_certificates, trust_store)
    return without_none(properties)


def _headers(listener: AwsListenerSpec) -> Properties:
    headers = listener.headers or AwsResponseHeadersSpec()
    age = HSTS_MAX_AGE if headers.hsts_max_age is None else headers.hsts_max_age
    hsts = f"max-age={age}"
    hsts += "; includeSubDomains" if headers.hsts_subdomains else ""
    hsts += "; preload" if headers.hsts_preload else ""
    # Browsers read it only over HTTPS (RFC 6797).
    sends_hsts = listener.protocol is _HTTPS and age
    return {
        "routing_http_response_server_enabled": bool(headers.server),
        "routing_http_response_strict_transport_security_header_value": hsts if sends_hsts else None,
        "routing_http_response_x_content_type_options_header_value": None if headers.no_sniff is False else "nosniff",
        "routing_http_response_x_frame_options_header_value": headers.frame_options and headers.frame_options.value,
        "routing_http_response_content_security_policy_header_value": headers.content_security_policy,
    }


def _mutual_authentication(certificates: AwsClientCertificatesSpec, trust_store: Any) -> Properties:
    mode = certificates.mode
    if mode is AwsClientCertificateMode.PASSTHROUGH:
        return {"mode": mode.value}
    return {
        "mode": mode.value,
        "trust_store_arn": trust_store,
        "ignore_client_certificate_expiry": False if certificates.ignore_expiry is None else certificates.ignore_expiry,
        "advertise_trust_store_ca_names": "on" if certificates.advertise_authorities else "off",
    }
