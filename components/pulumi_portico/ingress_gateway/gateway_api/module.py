"""Gateway API as a controller: what it supports follows from the implementation and its version."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Optional

from ..controller_module import ControllerModule
from .conformance import Report, features_of, minor_version
from .implementation import ImplementationModule
from .implementations import IMPLEMENTATIONS
from .routes import compile_routes
from .rules import check, plain_header, shared_settings

__all__ = ["MODULE"]


def _variant(name: str, version: Optional[str], declared: Sequence[str]) -> ControllerModule:
    return _module_of(name, version, tuple(sorted(set(declared))))


@cache
def _module_of(name: str, version: Optional[str], declared: tuple[str, ...]) -> ControllerModule:
    implementation = IMPLEMENTATIONS[name]
    report = _report_of(implementation, version)
    report = replace(report, supported=report.supported | frozenset(declared))
    return replace(
        MODULE,
        title=implementation.title,
        compile=partial(compile_routes, implementation, report),
        check=partial(check, implementation, report),
        features={**features_of(report), **implementation.policy_features},
        objects_read=(*_KINDS, *implementation.policy_kinds),
        redirects_to_https=report.has("HTTPRouteSchemeRedirect"),
        default_class=implementation.class_name,
        peers=implementation.peers,
        peers_hint=implementation.peers_hint,
    )


def _report_of(implementation: ImplementationModule, version: Optional[str]) -> Report:
    """The report of the newest known version that isn't newer than the given one."""
    known = implementation.reports
    if version is None:
        return known[-1]
    return next(
        (report for report in reversed(known) if minor_version(report.version) <= minor_version(version)), known[0]
    )


_KINDS = ("Gateway", "HTTPRoute", "GRPCRoute", "BackendTLSPolicy", "ListenerSet", "Certificate")

MODULE = ControllerModule(
    name="gateway-api",
    title="Gateway API",
    compile=partial(compile_routes, IMPLEMENTATIONS["other"], IMPLEMENTATIONS["other"].reports[-1]),
    objects_read=_KINDS,
    shared=shared_settings,
    has_gateway=True,
    variant=_variant,
    trusts_forwarded_protocol=False,
    multi_label_wildcards=True,
    limits={"request_headers": plain_header, "response_headers": plain_header},
    features=features_of(IMPLEMENTATIONS["other"].reports[-1]),
)
"""Gateway API, as far as every conformant implementation supports it."""
