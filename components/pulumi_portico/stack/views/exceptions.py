"""Every setting of a stack that is less strict than the secure default.

Components report most of them. This module adds the settings of networks and load balancers, and what goes over the
internet without TLS.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional, Union, cast

import pulumi

from ...address_ranges import common_ranges, ranges_of_everyone
from ...args.codes import Code
from ...args.concealment import concealed_at
from ...args.display import as_data
from ...args.exceptions import SecurityException, exception_kind
from ...args.location import Field, Key, KeyStyle, Location
from ...args.secrets import Secret
from ...args.spec import Spec
from ...aws_load_balancer.plan import AwsLoadBalancerPlan
from ...ingress_gateway.args import IngressGatewaySpec, IngressRoutesSpec
from ...ingress_gateway.client_addresses import dependent_settings
from ...ingress_gateway.controller_module import ControllerModule
from ...ingress_gateway.controller_rules import annotation_exceptions, known_annotation
from ...ingress_gateway.exceptions import exceptions_of_added_routes
from ...ingress_gateway.exceptions import security_exceptions as exceptions_of_gateway
from ...ingress_gateway.front_door import exposure_request
from ...ingress_gateway.install.settings import AccessLog
from ...ingress_gateway.raw_annotations import ANY_ORIGIN
from ...ingress_gateway.route_rules import any_origin_header
from ...ingress_gateway.routes import RouteSpec
from ...job.validation import exceptions_of as exceptions_of_job
from ...lifecycle.secret_copies import exceptions_of_copies
from ...networking.exposing_annotations import exceptions_of_service_labels
from ...networking.network_policies import PeerSpec, ports_of
from ...pod_security import PodSecurityLevel
from ...public_load_balancer.plan import request_of
from ...public_load_balancer.platform_module import Request, value_of
from ...public_load_balancer.platforms import module_of
from ...web_service.args import WebServiceSpec
from ...web_service.validation import exceptions_of as exceptions_of_service
from ..admission import POD_SECURITY
from ..own_args import ACCOUNT_TOKEN
from ..plan import StackPlan
from ..view import BalancerView, ExceptionView
from .aws_exceptions import CLIENT_ADDRESSES, aws_exceptions
from .doors import exceptions_of_doors
from .manifests import exceptions_of_manifests
from .plain_text import plain_text_exceptions
from .reach import CLIENTS_OF_CLASS, exceptions_of_front, exceptions_of_sources, exceptions_of_targets
from .secrets import PLAIN_TEXT_SECRET, exceptions_of_secrets

__all__ = [
    "ANY_ORIGIN",
    "CLIENTS_ANYWHERE",
    "CLIENTS_IN_ANY_NAMESPACE",
    "DEFAULT_CLASS",
    "INSECURE_COOKIE",
    "LASTING_TOKEN",
    "LOWERED_POD_SECURITY",
    "METADATA_SERVER",
    "NO_ACCESS_LOG",
    "SERVERS_ANYWHERE",
    "SERVERS_IN_ANY_NAMESPACE",
    "UNCHECKED_EXPOSURE",
    "UNKNOWN_CLIENT_ADDRESS",
    "UNLIMITED_BODY",
    "exceptions_of",
]

LOWERED_POD_SECURITY = exception_kind(
    "lowered-pod-security", 'The namespace admits pods that Pod Security "restricted" rejects.'
)
CLIENTS_ANYWHERE = exception_kind("every-address-to-pods", "Every address that reaches the pods can connect to them.")
CLIENTS_IN_ANY_NAMESPACE = exception_kind("every-namespace-to-pods", "Pods of every namespace can connect.")
SERVERS_ANYWHERE = exception_kind("pods-to-every-address", "The pods can connect to every address.")
SERVERS_IN_ANY_NAMESPACE = exception_kind(
    "pods-to-every-namespace", "The pods can connect to these pods of every namespace."
)
METADATA_SERVER = exception_kind(
    "pods-to-metadata-server",
    "The pods can connect to the metadata server of the cloud, which can give them the rights of their node.",
)
UNCHECKED_EXPOSURE = exception_kind(
    "unchecked-load-balancer-annotations", "Portico doesn't check what the platform does with these annotations."
)
DEFAULT_CLASS = exception_kind(
    "default-ingress-class", "The gateway also serves every Ingress that names no IngressClass."
)
LASTING_TOKEN = exception_kind(
    "lasting-account-token", "Kubernetes stores a token of a ServiceAccount in this Secret, and it never expires."
)
UNKNOWN_CLIENT_ADDRESS = exception_kind(
    "unknown-client-address",
    "Portico doesn't know whether the gateway of the other stack sees the clients' addresses. If it sees those of a "
    "load balancer or of a node, {field} treats all clients as one.",
)
NO_ACCESS_LOG = exception_kind("no-access-log", "The controller doesn't log requests.")
UNLIMITED_BODY = exception_kind("unlimited-body", "A request's body can have any size.")
INSECURE_COOKIE = exception_kind("insecure-cookie", "Browsers also send the cookie over connections without TLS.")

_METADATA_SERVERS = ("169.254.169.254/32", "fd00:ec2::254/128", "100.100.100.200/32")
"""Of AWS, Azure, Google Cloud, OpenStack, and others; of AWS by IPv6; of Alibaba Cloud."""
_DNS_PORT = 53


def exceptions_of(plan: StackPlan, balancers: Sequence[BalancerView]) -> tuple[ExceptionView, ...]:
    """Every exception of the stack, by location."""
    found: dict[tuple[Location, str], SecurityException] = {}
    for exception in _found(plan, balancers):
        found.setdefault((exception.location, exception.kind.name), exception)
    aws = plan.aws_load_balancers
    return tuple(ExceptionView(found[key], _shown(plan, aws, found[key])) for key in sorted(found, key=_order))


def _shown(plan: StackPlan, aws: Mapping[str, Any], exception: SecurityException) -> Any:
    """The value of a setting. No view shows a secret, whatever its name is."""
    is_secret = exception.kind is PLAIN_TEXT_SECRET
    return as_data(Secret(), KeyStyle.STACK) if is_secret else _value_at(plan, aws, exception.location)


def _found(plan: StackPlan, balancers: Sequence[BalancerView]) -> Iterator[SecurityException]:
    yield from _of_own_parts(plan)
    for service in plan.service_plans.values():
        yield from exceptions_of_service(service)
        yield from _of_service(service.spec)
    for job in plan.job_plans.values():
        yield from exceptions_of_job(job)
        yield from _servers(job.spec.allow_to)
    for gateway in plan.gateways.values():
        yield from exceptions_of_gateway(gateway)
        yield from _of_gateway(gateway)
    for added in plan.routes.values():
        yield from _of_added_routes(added)
    for balancer in plan.load_balancers.values():
        yield from _of_request(request_of(balancer))
        yield from exceptions_of_service_labels(balancer.labels, balancer.at / "labels")
    for aws in plan.aws_plans.values():
        yield from aws_exceptions(aws.spec)
        yield from _of_aws_policies(aws)
    yield from exceptions_of_doors(plan)
    yield from plain_text_exceptions(plan, balancers)
    yield from exceptions_of_targets(plan)
    yield from exceptions_of_secrets(plan)


def _of_own_parts(plan: StackPlan) -> Iterator[SecurityException]:
    """The exceptions of what the stack has beside its components."""
    if plan.pod_security is not PodSecurityLevel.RESTRICTED:
        namespace = plan.own.namespace
        if namespace.pod_security is not None:
            yield SecurityException(LOWERED_POD_SECURITY, namespace.at / "pod_security")
        elif not namespace.existing:
            yield SecurityException(LOWERED_POD_SECURITY, POD_SECURITY)
    yield from exceptions_of_manifests(plan.own.manifests)
    for secret in plan.own.secrets.values():
        yield from exceptions_of_copies(secret.annotations or {}, secret.at / "annotations")
        if secret.type == ACCOUNT_TOKEN:
            yield SecurityException(LASTING_TOKEN, secret.at / "type")


def _order(key: tuple[Location, str]) -> tuple[Any, ...]:
    location, kind = key
    return [(0, step, "") if isinstance(step, int) else (1, 0, step) for step in location], kind


def _of_service(spec: WebServiceSpec) -> Iterator[SecurityException]:
    yield from _clients(spec.callers)
    yield from _servers(spec.allow_to)


def _servers(peers: Sequence[PeerSpec]) -> Iterator[SecurityException]:
    everywhere = [*_peers(peers, SERVERS_ANYWHERE, SERVERS_IN_ANY_NAMESPACE)]
    yield from everywhere
    reported = {exception.location for exception in everywhere}
    for peer in peers:
        if peer.at / "cidr" not in reported and _reaches_metadata(peer):
            yield SecurityException(METADATA_SERVER, peer.at / "cidr")


def _reaches_metadata(peer: PeerSpec) -> bool:
    """Whether a peer allows connections to the metadata server of a cloud for more than names."""
    if not isinstance(peer.cidr, str) or {number for number, _ in ports_of(peer)} == {_DNS_PORT}:
        return False
    excepted = [text for text in peer.cidr_except if isinstance(text, str)]
    return any(
        common_ranges([address], [peer.cidr]) and not common_ranges([address], excepted)
        for address in _METADATA_SERVERS
    )


def _clients(peers: Sequence[PeerSpec]) -> Iterator[SecurityException]:
    yield from _peers(peers, CLIENTS_ANYWHERE, CLIENTS_IN_ANY_NAMESPACE)


def _peers(peers: Sequence[PeerSpec], anywhere: Code, any_namespace: Code) -> Iterator[SecurityException]:
    for at in sorted({peer.at for group in _at_one_port(peers) for peer in _everyone_of(group)}):
        yield SecurityException(anywhere, at / "cidr")
    for peer in peers:
        if peer.any_namespace:
            yield SecurityException(any_namespace, peer.at / "any_namespace")


def _at_one_port(peers: Sequence[PeerSpec]) -> Iterator[list[PeerSpec]]:
    """The peers that can use a port together: ranges add up only there. Peers without ports can use every port."""
    for port in {port for peer in peers for port in ports_of(peer)}:
        yield [peer for peer in peers if not peer.ports or port in ports_of(peer)]
    yield [peer for peer in peers if not peer.ports]


def _everyone_of(peers: Sequence[PeerSpec]) -> list[PeerSpec]:
    return [peers[index] for index in ranges_of_everyone(peer.cidr for peer in peers)]


def _of_request(request: Request) -> Iterator[SecurityException]:
    exposure = request.exposure
    for index in ranges_of_everyone(exposure.allowed_sources or ()):
        yield SecurityException(CLIENT_ADDRESSES, exposure.at / "allowed_sources" / index)
    for index in ranges_of_everyone(exposure.platform_sources or ()):
        yield SecurityException(CLIENTS_ANYWHERE, exposure.at / "platform_sources" / index)
    if exposure.annotations:
        yield SecurityException(UNCHECKED_EXPOSURE, exposure.at / "annotations")
    yield from exceptions_of_sources(exposure)
    yield from _of_unlisted_sources(request)


def _of_unlisted_sources(request: Request) -> Iterator[SecurityException]:
    """Sources whose addresses only the platform knows. If it preserves them, the policy has to allow every address."""
    exposure, module = request.exposure, module_of(request.exposure.platform)
    listed = (exposure.allowed_sources or (), exposure.platform_sources or ())
    if not any(map(ranges_of_everyone, listed)) and ranges_of_everyone(peer.cidr for peer in module.sources(request)):
        for feature in module.source_names:
            if value_of(exposure, feature) is not None:
                yield SecurityException(CLIENTS_ANYWHERE, exposure.at.join(feature.split(".")))


def _of_aws_policies(plan: AwsLoadBalancerPlan) -> Iterator[SecurityException]:
    """The same of a load balancer that Pulumi owns."""
    spec = plan.spec
    opened = [target for target in plan.targets.values() if target.spec.target is not None]
    is_listed = ranges_of_everyone(spec.allowed_sources or ()) or ranges_of_everyone(plan.target_ranges)
    if not is_listed and any(ranges_of_everyone(plan.pod_sources(target)) for target in opened):
        yield SecurityException(CLIENTS_ANYWHERE, spec.at / ("sources" if spec.existing is None else "existing"))


def _of_gateway(spec: IngressGatewaySpec) -> Iterator[SecurityException]:
    request = exposure_request(spec)
    if request is not None:
        yield from _of_request(request)
    if spec.upstream is not None:
        for index in ranges_of_everyone(spec.upstream.sources):
            yield SecurityException(CLIENTS_ANYWHERE, spec.upstream.at / "sources" / index)
    yield from exceptions_of_front(spec)
    yield from _clients(spec.controller_peers or ())
    yield from _of_controller(spec)
    yield from _of_routes(spec.module, spec.routes)
    yield from _of_annotations(spec.module, spec.annotations, spec.at / "annotations")


def _of_added_routes(spec: IngressRoutesSpec) -> Iterator[SecurityException]:
    """What of routes is less strict that a stack adds to the gateway of another one."""
    module, gateway = spec.gateway.module, spec.gateway
    yield from exceptions_of_added_routes(spec)
    yield SecurityException(CLIENTS_OF_CLASS, gateway.at)
    yield from _clients(gateway.controller_peers or ())
    yield from _of_routes(module, spec.routes)
    yield from _of_annotations(module, spec.annotations, spec.at / "annotations")
    for route in spec.routes:
        for location in dependent_settings(module, route):
            yield SecurityException(UNKNOWN_CLIENT_ADDRESS, location, {"field": Field(location[-1])})


def _of_routes(module: ControllerModule, routes: Sequence[RouteSpec]) -> Iterator[SecurityException]:
    for route in routes:
        if route.body_size == 0:
            yield SecurityException(UNLIMITED_BODY, route.at / "body_size")
        if route.cors is not None and "*" in route.cors.origins:
            yield SecurityException(ANY_ORIGIN, route.cors.at / "origins" / list(route.cors.origins).index("*"))
        if (header := any_origin_header(route)) is not None:
            yield SecurityException(ANY_ORIGIN, route.at / "response_headers" / Key(header))
        if route.session_persistence is not None and route.session_persistence.secure is False:
            yield SecurityException(INSECURE_COOKIE, route.session_persistence.at / "secure")
        yield from _of_annotations(module, route.annotations or {}, route.at / "annotations")


def _of_annotations(
    module: ControllerModule, annotations: Mapping[str, pulumi.Input[str]], at: Location
) -> Iterator[SecurityException]:
    for key, value in annotations.items():
        known = known_annotation(module, key)
        if known is not None and known.is_reported and value != "true":
            yield SecurityException(NO_ACCESS_LOG, at / Key(key))
    for key, kind in annotation_exceptions(module, annotations):
        yield SecurityException(kind, at / Key(key))


def _of_controller(spec: IngressGatewaySpec) -> Iterator[SecurityException]:
    installation, settings = spec.installation, spec.settings
    if installation is not None:
        yield from _clients(installation.metrics_from)
        if installation.default_class:
            yield SecurityException(DEFAULT_CLASS, installation.at / "default_class")
    if settings is not None:
        if settings.access_log is AccessLog.OFF:
            yield SecurityException(NO_ACCESS_LOG, settings.at / "access_log")
        if settings.body_size == 0:
            yield SecurityException(UNLIMITED_BODY, settings.at / "body_size")


def _value_at(plan: StackPlan, aws: Mapping[str, Any], location: Location) -> Any:
    """The value at a location of the stack, for display; None if it isn't set, or if it's a group of settings."""
    if location[:1] == ("manifests",):
        return None
    value: Any = {
        "pod_security": plan.pod_security,
        "namespace": plan.own.namespace,
        "config_maps": plan.own.config_maps,
        "secrets": plan.own.secrets,
        "services": plan.services,
        "jobs": plan.jobs,
        "gateways": plan.gateways,
        "routes": plan.routes,
        "load_balancers": plan.load_balancers,
        "aws_load_balancers": aws,
    }
    for step in location:
        value = _child(value, step)
    return None if isinstance(value, Spec) else as_data(concealed_at(location, value), KeyStyle.STACK)


def _child(value: Any, step: Union[str, int]) -> Optional[Any]:
    if isinstance(value, Spec):
        return getattr(value, str(step))
    if isinstance(value, Mapping):
        return cast("Mapping[Any, Any]", value).get(step)
    return cast("Sequence[Any]", value)[step] if isinstance(step, int) and isinstance(value, (list, tuple)) else None
