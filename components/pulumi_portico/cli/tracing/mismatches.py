"""Why a gateway's route doesn't receive a request, by the rules of `match_route`."""

from ...ingress_gateway.matching import canonical_path, matches_host, matches_path
from ...ingress_gateway.resolved_routes import ResolvedRoute
from ...ingress_gateway.route_set import RouteSet
from .reasons import (
    ELEMENT_DIFFERS,
    EXACT_PATH_DIFFERS,
    EXACT_PATH_WINS,
    LESS_SPECIFIC_HOST,
    LONGER_PREFIX_WINS,
    OTHER_HOST,
    OTHER_LABELS,
    OTHER_PATH,
    PATH_TOO_DEEP,
    UNREADABLE_PATH,
    RouteReason,
)

__all__ = ["mismatch_of"]


def mismatch_of(routes: RouteSet, route: ResolvedRoute, host: str, path: str) -> RouteReason:
    """Why one of the routes doesn't receive a request."""
    requested, deciding = canonical_path(path), routes.table.deciding_host(host)
    if requested is None:
        return RouteReason(UNREADABLE_PATH)
    if deciding is None or not matches_host(route.host, host, multi_label_wildcards=routes.multi_label_wildcards):
        return _by_host(route.host, host)
    if route.host != deciding:
        return RouteReason(LESS_SPECIFIC_HOST, {"deciding": deciding})
    if not matches_path(route.path_type, route.path, requested):
        return _by_path(route, requested)
    better = routes.table.match(host, path)
    assert better is not None, "the route itself matches"
    return RouteReason(EXACT_PATH_WINS if better.exact else LONGER_PREFIX_WINS, {"better": better.path})


def _by_host(pattern: str, host: str) -> RouteReason:
    suffix = pattern[2:]
    if pattern.startswith("*.") and (host == suffix or host.endswith(f".{suffix}")):
        labels = host.removesuffix(suffix).count(".")
        return RouteReason(OTHER_LABELS, {"pattern": pattern, "suffix": suffix, "host": host, "labels": labels})
    return RouteReason(OTHER_HOST, {"host": pattern})


def _by_path(route: ResolvedRoute, requested: str) -> RouteReason:
    params = {"path": route.path, "requested": requested}
    if route.exact:
        return RouteReason(EXACT_PATH_DIFFERS, params)
    if route.path.startswith(f"{requested.rstrip('/')}/"):
        return RouteReason(PATH_TOO_DEEP, params)
    if requested.startswith(route.path):
        return RouteReason(ELEMENT_DIFFERS, params)
    return RouteReason(OTHER_PATH, params)
