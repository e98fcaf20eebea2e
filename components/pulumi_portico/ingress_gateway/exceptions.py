"""What of a gateway is less strict than the secure default."""

from collections.abc import Iterator, Mapping, Sequence

from ..args.exceptions import SecurityException, exception_kind
from ..lifecycle.secret_copies import exceptions_of_copies
from ..networking.exposing_annotations import exceptions_of_service_labels
from .args import IngressGatewaySpec, IngressRoutesSpec
from .gateway_plan import installer_of
from .install.installation import installation_exceptions
from .routes import RouteSpec
from .tls import HostTlsSpec

__all__ = ["exceptions_of_added_routes", "security_exceptions"]

UNVERIFIED_TARGET = exception_kind("unverified-target", "The gateway doesn't verify the target's certificate.")
UNCHECKED_ANNOTATIONS = exception_kind(
    "unchecked-annotations", "Portico doesn't check what the controller does with these annotations."
)
PLAIN_HTTP = exception_kind("plain-http", "The gateway serves requests without TLS.")
UNDERSCORES = exception_kind(
    "underscores-in-headers",
    "Clients can send headers such as X_Forwarded_For, which some applications can't tell from X-Forwarded-For.",
)
MULTI_LABEL_WILDCARDS = exception_kind(
    "multi-label-wildcards", "A wildcard host matches names with any number of labels in its place."
)


def security_exceptions(spec: IngressGatewaySpec) -> list[SecurityException]:
    """Every setting that is less strict than the secure default."""
    found = [*_of_routes(spec.routes), *_of_tls(spec.tls)]
    if spec.https_redirect is False:
        found.append(SecurityException(PLAIN_HTTP, spec.at / "https_redirect"))
    if spec.multi_label_wildcards:
        found.append(SecurityException(MULTI_LABEL_WILDCARDS, spec.at / "multi_label_wildcards"))
    if spec.annotations:
        found.append(SecurityException(UNCHECKED_ANNOTATIONS, spec.at / "annotations"))
    if spec.settings is not None and spec.settings.underscores_in_headers:
        found.append(SecurityException(UNDERSCORES, spec.settings.at / "underscores_in_headers"))
    if installer_of(spec) is not None:
        found += exceptions_of_service_labels(spec.labels, spec.at / "labels")
        if spec.installation is not None:
            found += installation_exceptions(spec.installation)
    return found


def exceptions_of_added_routes(spec: IngressRoutesSpec) -> Iterator[SecurityException]:
    """The same of routes that are added to a gateway."""
    yield from _of_routes(spec.routes)
    yield from _of_tls(spec.tls)
    if spec.annotations:
        yield SecurityException(UNCHECKED_ANNOTATIONS, spec.at / "annotations")


def _of_routes(routes: Sequence[RouteSpec]) -> Iterator[SecurityException]:
    for route in routes:
        if route.protocol is not None and route.protocol.uses_tls and route.backend_tls is None:
            yield SecurityException(UNVERIFIED_TARGET, route.at / "protocol")
        if route.annotations:
            yield SecurityException(UNCHECKED_ANNOTATIONS, route.at / "annotations")


def _of_tls(hosts: Mapping[str, HostTlsSpec]) -> Iterator[SecurityException]:
    for tls in hosts.values():
        if tls.redirect is False:
            yield SecurityException(PLAIN_HTTP, tls.at / "redirect")
        yield from exceptions_of_copies(tls.secret_annotations or {}, tls.at / "secret_annotations")
