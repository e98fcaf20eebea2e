"""What a route needs of an implementation of Gateway API, in the names of its conformance tests.

An implementation publishes a report of the tests that it passes for each version of the API. The core of a profile has
no names: every conformant implementation supports it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..capabilities import Feature, FeatureSupport
from ..routes import PathType

__all__ = [
    "CERTIFICATES",
    "EXTENDED",
    "GRPC",
    "NEEDED",
    "REQUEST_HEADERS",
    "Report",
    "features_of",
    "minor_version",
    "named",
]

GRPC = "GRPCRoute"
"""The core of the profile GATEWAY-GRPC."""

REQUEST_HEADERS = "HTTPRouteRequestHeaderModification"
"""A part of the core that one implementation doesn't have."""

CERTIFICATES = "HTTPSListener"
"""Another one: listeners that terminate TLS with a certificate from a Secret."""

_SCHEME = "HTTPRouteSchemeRedirect"

NEEDED: Mapping[Feature, tuple[str, ...]] = {
    "host=wildcard": (),
    "host=any": (),
    f"path_type={PathType.PREFIX.value}": (),
    f"path_type={PathType.EXACT.value}": (),
    "rewrite": ("HTTPRoutePathRewrite",),
    # Each redirect has a scheme.
    "redirect.scheme": (_SCHEME,),
    "redirect.host": (_SCHEME,),
    "redirect.path": (_SCHEME, "HTTPRoutePathRedirect"),
    "redirect.keep_query=true": (_SCHEME, "HTTPRoutePathRedirect"),
    "redirect.code": (_SCHEME,),
    "protocol=HTTP": (),
    "protocol=HTTPS": ("BackendTLSPolicy",),
    "protocol=GRPC": (GRPC,),
    "protocol=GRPCS": (GRPC, "BackendTLSPolicy"),
    "backend_tls.ca_certificate": ("BackendTLSPolicy",),
    "backend_tls.server_name": ("BackendTLSPolicy",),
    "cors.origins": ("HTTPRouteCORS",),
    "cors.methods": ("HTTPRouteCORS",),
    "cors.headers": ("HTTPRouteCORS",),
    "cors.expose_headers": ("HTTPRouteCORS",),
    "cors.credentials=true": ("HTTPRouteCORS",),
    "cors.credentials=false": ("HTTPRouteCORS",),
    "cors.max_age": ("HTTPRouteCORS",),
    "request_headers": (REQUEST_HEADERS,),
    "response_headers": ("HTTPRouteResponseHeaderModification",),
}
"""The features of routes that an HTTPRoute or a GRPCRoute can express, and what each needs."""

EXTENDED = frozenset(
    {
        "BackendTLSPolicy",
        "BackendTLSPolicySANValidation",
        "GatewayBackendClientCertificate",
        "GatewayFrontendClientCertificateValidation",
        "GatewayHTTPListenerIsolation",
        "GatewayHTTPSListenerDetectMisdirectedRequests",
        "GatewayInfrastructurePropagation",
        "GatewayStaticAddresses",
        GRPC,
        "HTTPRoute303RedirectStatusCode",
        "HTTPRoute307RedirectStatusCode",
        "HTTPRoute308RedirectStatusCode",
        "HTTPRouteBackendProtocolH2C",
        "HTTPRouteBackendProtocolWebSocket",
        "HTTPRouteBackendRequestHeaderModification",
        "HTTPRouteBackendTimeout",
        "HTTPRouteCORS",
        "HTTPRouteHostRewrite",
        "HTTPRouteMethodMatching",
        "HTTPRoutePathRedirect",
        "HTTPRoutePathRewrite",
        "HTTPRoutePortRedirect",
        "HTTPRouteQueryParamMatching",
        "HTTPRouteRequestMirror",
        "HTTPRouteRequestTimeout",
        "HTTPRouteResponseHeaderModification",
        "HTTPRouteRetry",
        "HTTPRouteSchemeRedirect",
        "ListenerSet",
        "TCPRoute",
        "TLSRoute",
        "UDPRoute",
    }
)
"""The names that a report, or `supported_features`, can list. Source: gateway-api v1.6.1, `pkg/features`."""


@dataclass(frozen=True)
class Report:
    """What one version of an implementation supports."""

    version: str
    """The version of the implementation, as major.minor."""
    gateway_api: str
    """The version of Gateway API that the tests are of."""
    date: str
    """The day of the report."""
    path: str
    """Where the report is in `conformance/reports` of kubernetes-sigs/gateway-api; empty if it has none."""
    supported: frozenset[str]
    """The extended features, and the profiles without any, that it passes."""
    missing: frozenset[str] = frozenset()
    """The parts of the core that it skips."""

    def has(self, name: str) -> bool:
        """Whether the implementation has a feature."""
        core = name in (REQUEST_HEADERS, CERTIFICATES)
        return name not in self.missing if core else name in self.supported


def named(text: str) -> frozenset[str]:
    """The features that a report lists. Raises ValueError if one isn't a name of a feature."""
    names = frozenset(text.split())
    if unknown := names - EXTENDED:
        raise ValueError(f"no features of Gateway API: {', '.join(sorted(unknown))}")
    return names


def minor_version(text: str) -> tuple[int, ...]:
    """A version without its patch, as numbers that can be compared."""
    return tuple(int(part) for part in text.split(".")[:2])


def features_of(report: Report) -> dict[Feature, FeatureSupport]:
    """The features of routes that follow from a report."""
    return {feature: FeatureSupport() for feature, names in NEEDED.items() if _has_all(report, names)}


def _has_all(report: Report, names: Iterable[str]) -> bool:
    return all(report.has(name) for name in names)
