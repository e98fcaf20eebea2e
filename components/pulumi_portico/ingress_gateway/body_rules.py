"""Rules of the sizes of requests: what the controller's disk has room for, and what applies to gRPC."""

from collections.abc import Iterator
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Location
from ..args.problems import Problems, Remove, Set
from ..workload.resources import Limits
from .args import IngressGatewaySpec
from .gateway_plan import installer_of
from .install.installation import RESOURCES
from .routes import RouteSpec

__all__ = ["check_body_sizes"]

BODY_OVER_DISK = define(
    "body-larger-than-disk",
    "The controller buffers a request on its disk, and {value} MiB don't fit: the limit is {disk} MiB, and the pod is "
    "evicted.",
    allowed="less than {field}",
    hint="Set {field} to more than that.",
)
UNLIMITED_BODY_ON_DISK = define(
    "unlimited-body-on-disk",
    "With 0, requests have no limit, and the controller buffers them on its disk, whose limit is {disk} MiB: one "
    "larger request evicts the pod.",
    allowed="1 to less than {field}; 0 if the controller doesn't buffer requests, or if {limits} is none",
)
BODY_SIZE_WITHOUT_GRPC = define(
    "body-size-without-grpc",
    "{controller} doesn't apply this to gRPC, whose requests it limits to 1 MiB, and {route} is such a route.",
    allowed="1, or no gRPC routes",
    hint="Create another gateway for the gRPC routes, or choose another controller.",
)

GRPC_WITHOUT_HTTP2 = define(
    "grpc-without-http2",
    "Without HTTP/2, clients can't use gRPC, and {route} is such a route.",
    allowed="true, or no gRPC routes",
)

_DEFAULT_MIB = 1


def check_body_sizes(spec: IngressGatewaySpec, problems: Problems) -> None:
    """Report sizes of requests that don't work."""
    if installer_of(spec) is None:
        return
    problems.run(_check_disk, spec)
    problems.run(_check_grpc, spec)
    problems.run(_check_http2, spec)


def _check_disk(spec: IngressGatewaySpec, problems: Problems) -> None:
    resources = None if spec.installation is None else spec.installation.resources
    if resources is not None and resources.limits is Limits.NONE:
        return
    disk: Any = RESOURCES.disk if resources is None or resources.disk is None else resources.disk
    field = spec.at.join(("installation", "resources", "disk"))
    largest = max((size for _, size in _buffered_sizes(spec)), default=0)
    for where, size in _buffered_sizes(spec):
        if isinstance(disk, int) and size >= disk:
            fix = Set(field, 2 * largest)
            problems.report(BODY_OVER_DISK, where, value=size, disk=disk, field=field, fix=fix)
        elif size == 0:
            limits, fix = field.parent / "limits", _unbuffered(spec, where, disk)
            problems.report(UNLIMITED_BODY_ON_DISK, where, value=0, disk=disk, field=field, limits=limits, fix=fix)


def _unbuffered(spec: IngressGatewaySpec, at: Location, disk: Any) -> Optional[Set]:
    """What keeps requests without a limit from the disk; if nothing does, a size that the disk has room for."""
    route = next((route for route in spec.routes if at.is_within(route.at)), None)
    is_open = route is not None and (route.buffering is None or route.buffering.requests is None)
    if route is not None and is_open and spec.module.supports("buffering.requests=false"):
        return Set(route.at / "buffering" / "requests", value=False)
    return Set(at, disk // 2) if isinstance(disk, int) else None


def _buffered_sizes(spec: IngressGatewaySpec) -> Iterator[tuple[Location, int]]:
    """The sizes in MiB of requests that the controller buffers, and where they are, as far as they are known."""
    unbuffered = [route for route in spec.routes if _is_unbuffered(route)]
    if (
        spec.settings is not None
        and isinstance(spec.settings.body_size, int)
        and not (spec.routes and len(unbuffered) == len(spec.routes))
    ):
        yield spec.settings.at / "body_size", spec.settings.body_size
    for route in spec.routes:
        if not _is_unbuffered(route) and isinstance(route.body_size, int):
            yield route.at / "body_size", route.body_size


def _is_unbuffered(route: RouteSpec) -> bool:
    return route.buffering is not None and route.buffering.requests is False


def _check_grpc(spec: IngressGatewaySpec, problems: Problems) -> None:
    module = spec.module
    if spec.settings is None or module.limits_grpc_bodies or spec.settings.body_size == _DEFAULT_MIB:
        return
    route = _grpc_route(spec)
    if route is not None:
        where = spec.settings.at / "body_size"
        size: Any = spec.settings.body_size
        title = module.title
        problems.report(BODY_SIZE_WITHOUT_GRPC, where, value=size, controller=title, route=route.at, fix=Remove(where))


def _check_http2(spec: IngressGatewaySpec, problems: Problems) -> None:
    """Report gRPC without HTTP/2: clients can't connect, and F5 NGINX Ingress Controller speaks HTTP/1.1 to the pods
    (5.5.4, internal/configs/ingress.go)."""
    route = _grpc_route(spec)
    if spec.settings is not None and spec.settings.http2 is False and route is not None:
        where = spec.settings.at / "http2"
        problems.report(GRPC_WITHOUT_HTTP2, where, route=route.at, fix=Remove(where))


def _grpc_route(spec: IngressGatewaySpec) -> Optional[RouteSpec]:
    return next((route for route in spec.routes if route.protocol is not None and route.protocol.is_grpc), None)
