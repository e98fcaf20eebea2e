"""The checks of an exposure against its platform."""

import ipaddress
from collections.abc import Sequence
from enum import Enum
from typing import Any, cast

import pulumi

from ..args.codes import Code, define
from ..args.location import Field, FieldPath, Key, Location
from ..args.problems import ABSENT, Edit, Move, Problems, Remove, Set
from ..args.shapes import required_fields, shapes_of
from ..args.similar_names import nearest
from ..args.values import Rule
from ..lifecycle.annotation_readers import DNS_HOSTNAME, LOAD_BALANCER, report_unread
from ..load_balancers import ClientIp, IpAddressType, Scope
from ..networking.target import Protocol
from .access_annotations import AccessAnnotation, AccessEffect
from .enforcement import check_enforcement, edits_to_preserve, everyone_of, named_sources, narrow_sources
from .exposure import Exposure
from .platform_module import Feature, PlatformModule, Request, RequestedFeature, requested_features, value_of
from .platforms import all_platforms, module_of
from .proxy_protocol import enables_proxy_protocol

__all__ = ["check_exposure", "preserving_edits"]

_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_SCOPES = {AccessEffect.INTERNET: Scope.INTERNET, AccessEffect.INTERNAL: Scope.INTERNAL}
_VERSIONS = {4: IpAddressType.IPV4, 6: IpAddressType.IPV6}

UNSUPPORTED = define("unsupported-field", "{platform} doesn't support {field}.", allowed="only on {platforms}")
UNSUPPORTED_CHOICE = define(
    "unsupported-choice", "{platform} doesn't support {value} for {field}.", allowed="only on {platforms}"
)
UNSUPPORTED_PROTOCOL = define(
    "unsupported-protocol", "{platform} doesn't support {value} ports.", allowed="only on {platforms}"
)
UNSUPPORTED_MIXED_PROTOCOLS = define(
    "unsupported-mixed-protocols",
    "{platform} doesn't support several protocols on one load balancer.",
    allowed="only on {platforms}",
    hint="Create one load balancer for each protocol.",
)
UNSUPPORTED_SHARED_PORT = define(
    "unsupported-shared-port",
    "{platform} doesn't support port {value} for two protocols.",
    allowed="only on {platforms}",
    hint="Choose another port, or create one load balancer for each protocol.",
)
NO_SOURCES = define(
    "no-allowed-sources",
    "Internet load balancers accept no traffic until you set {field}.",
    allowed="the addresses of clients, such as 203.0.113.0/24; for everyone {everyone}",
    hint="Set {field}.",
)
EMPTY_SOURCES = define("empty-allowed-sources", "This allows nobody to connect.", allowed="at least one range")
SOURCE_OF_OTHER_VERSION = define(
    "source-of-other-ip-version",
    "{value} is an {version} range, and the load balancer has only {only} addresses.",
    allowed="{only} ranges",
)
UNUSED_PLATFORM_SOURCES = define(
    "unused-platform-sources",
    "This has no effect, because all connections to the pods come from the clients' own addresses.",
    allowed="only if the pods don't see the clients' addresses",
)
UNKNOWN_TLS_PORT = define("unknown-tls-port", "{value} isn't a TCP port of the load balancer.", allowed="{ports}")
TLS_WITHOUT_PORTS = define("tls-without-ports", "No port uses TLS.", allowed="at least one TCP port")
DUPLICATE_SOURCE_RANGES = define(
    "annotation-duplicates-allowed-sources", "This annotation duplicates {field}.", allowed="only {field}"
)
OBSOLETE_ANNOTATION = define(
    "obsolete-annotation",
    "This annotation doesn't configure load balancers on {platform}.",
    allowed="annotations that {platform} reads and no field sets",
)
OBSOLETE_ANNOTATION_OF_FIELD = define(
    "obsolete-annotation-of-field", OBSOLETE_ANNOTATION.message, allowed="{field}, if you need it"
)
ANNOTATION_OF_FIELD = define("annotation-of-field", "{field} sets this annotation.", allowed="only {field}")
ANNOTATION_OF_DRAIN = define(
    "annotation-of-drain", "The drain of the target sets this annotation.", allowed="only the drain of the target"
)
ANNOTATION_OF_OTHER_PLATFORM = define(
    "annotation-of-other-platform", "{platform} doesn't read this annotation.", allowed="only on {platforms}"
)
CONTRADICTS_CLIENT_IP = define(
    "annotation-contradicts-client-ip",
    "This annotation enables the PROXY protocol, and {field} isn't {needed}.",
    allowed="only if {field} is {needed}",
)
UNREAD_PROXY_PROTOCOL = define(
    "unread-proxy-protocol",
    "On {platform}, this annotation enables the PROXY protocol for some connections, and the pods don't read it.",
    allowed="false",
)


UNKNOWN_NODE_PORT = define("unknown-node-port", "{value} isn't a port of the load balancer.", allowed="{ports}")
DUPLICATE_NODE_PORT = define(
    "duplicate-node-port",
    "{other} is port {value} of the nodes too.",
    allowed="each port of the nodes once for each protocol",
    hint="Set another number, or remove it, and Kubernetes picks one.",
)
CLASS_OF_OTHER_PLATFORM = define(
    "class-of-other-platform",
    "Load balancers of the class {value} are those of another platform, whose settings {platform} doesn't have.",
    allowed="only on {platforms}",
    hint="Set {field} to that platform, or choose another class.",
)
ANNOTATION_CONTRADICTS_SCOPE = define(
    "annotation-contradicts-scope",
    "With this annotation, the scope of the load balancer is {actual}, and {field} is {chosen}.",
    allowed="only if {field} is {actual}",
    hint="Remove the annotation, or set {field} to {actual}.",
)
ANNOTATION_ADMITS_CLIENTS = define(
    "annotation-admits-further-clients",
    "With this annotation, {clients} can connect too, whatever {sources} includes.",
    allowed="only if {sources} includes everyone; to admit some of them, add their addresses to {field}",
)


def check_exposure(request: Request, problems: Problems) -> None:
    """Report what the platform of an exposure doesn't support, and what doesn't fit together."""
    problems.run(_check_platform, request)
    rules = (_check_sources, _check_source_versions, _check_enforcement, _check_tls_ports, _check_annotations)
    for rule in (*rules, _check_class, _check_access, _check_node_ports):
        problems.run(rule, request)


def preserving_edits(request: Request) -> Sequence[Edit]:
    """The edits that preserve the client's address, and remove what doesn't fit that; none if no edits can."""
    return edits_to_preserve(request, _check_platform)


def _check_platform(request: Request, problems: Problems) -> None:
    module = module_of(request.exposure.platform)
    problems.run(_check_features, request)
    problems.run(_check_limits, request)
    problems.run(_check_platform_sources, request)
    for rule in module.rules:
        problems.run(rule, request)


def _check_features(request: Request, problems: Problems) -> None:
    module = module_of(request.exposure.platform)
    for requested in requested_features(request):
        if not module.supports(requested.feature):
            _report_unsupported(module, requested, problems)


_UNSUPPORTED: dict[str, Code] = {
    "protocol": UNSUPPORTED_PROTOCOL,
    "protocols": UNSUPPORTED_MIXED_PROTOCOLS,
    "port": UNSUPPORTED_SHARED_PORT,
}


def _report_unsupported(module: PlatformModule, requested: RequestedFeature, problems: Problems) -> None:
    name, _, choice = requested.feature.partition("=")
    alternative = module.alternatives.get(requested.feature)
    fix: Any = None
    if isinstance(alternative, Enum):
        fix = Set(requested.location, alternative.value)
    elif name not in _UNSUPPORTED:
        fix = Remove(requested.location.parent if _is_required(name) else requested.location)
    code = _UNSUPPORTED.get(name, UNSUPPORTED_CHOICE if choice else UNSUPPORTED)
    problems.report(
        alternative if isinstance(alternative, Code) else code,
        requested.location,
        value=requested.value if isinstance(requested.value, (str, int, bool)) else ABSENT,
        fix=fix,
        platform=module.title,
        field=FieldPath(name.split(".")),
        platforms=[platform.name for platform in all_platforms() if platform.supports(requested.feature)],
    )


def _is_required(field: str) -> bool:
    """Whether a field is required in its group of settings, so that only the whole group can be removed."""
    group, _, name = field.rpartition(".")
    return bool(group) and name in required_fields(shapes_of(Exposure)[group].type)


def _check_limits(request: Request, problems: Problems) -> None:
    for feature, rule in module_of(request.exposure.platform).limits_of(request).items():
        problems.run(_check_limit, request, feature, rule)


def _check_limit(request: Request, feature: Feature, rule: Rule, problems: Problems) -> None:
    value, location = value_of(request.exposure, feature), request.at.join(feature.split("."))
    located = [(location, value)]
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        located = [(location / index, item) for index, item in enumerate(items)]
    for at, item in located:
        if item is not None and not isinstance(item, pulumi.Output) and (reason := rule(item)):
            problems.reject(at, item, reason)


def _check_sources(request: Request, problems: Problems) -> None:
    location, sources = request.at / "allowed_sources", request.exposure.allowed_sources
    if request.is_internet and not sources and not named_sources(request):
        problems.report(NO_SOURCES, location, field=Field("allowed_sources"), everyone=everyone_of(request))
    elif sources == ():
        problems.report(EMPTY_SOURCES, location, fix=Remove(location))


def _check_enforcement(request: Request, problems: Problems) -> None:
    check_enforcement(request, _check_platform, problems)


def _check_source_versions(request: Request, problems: Problems) -> None:
    """A client whose IP version the load balancer has no address of can't connect."""
    exposure = request.exposure
    only = exposure.ip_address_type or module_of(exposure.platform).default_ip_address_type
    if only is None or only is IpAddressType.DUALSTACK:
        return
    for index, source in enumerate(exposure.allowed_sources or ()):
        if isinstance(source, pulumi.Output):
            continue
        version = _VERSIONS[ipaddress.ip_network(str(source)).version]
        if version is not only:
            location = request.at / "allowed_sources" / index
            problems.report(
                SOURCE_OF_OTHER_VERSION,
                location,
                value=source,
                version=version,
                only=only,
                fix=_dualstack(request),
            )


def _dualstack(request: Request) -> Any:
    """The edit that gives the load balancer addresses of both versions, if the platform supports it."""
    module = module_of(request.exposure.platform)
    choice = IpAddressType.DUALSTACK.value
    return Set(request.at / "ip_address_type", choice) if module.supports(f"ip_address_type={choice}") else None


def _check_platform_sources(request: Request, problems: Problems) -> None:
    ranges = request.exposure.platform_sources
    if ranges is None:
        return
    peers = module_of(request.exposure.platform).sources(request)
    if not any(peer.cidr is addresses for peer in peers for addresses in ranges):
        location = request.at / "platform_sources"
        problems.report(UNUSED_PLATFORM_SOURCES, location, fix=Remove(location))


def _check_tls_ports(request: Request, problems: Problems) -> None:
    tls, location = request.exposure.tls, request.at / "tls"
    if tls is None:
        return
    tcp = [port.name for port in request.ports if port.protocol == Protocol.TCP.value]
    for index, name in enumerate(tls.ports or ()):
        if name not in tcp:
            close = nearest(name, tcp)
            fix = Set(location / "ports" / index, close) if close else None
            problems.report(UNKNOWN_TLS_PORT, location / "ports" / index, value=name, ports=tcp, fix=fix)
    if not (tcp if tls.ports is None else tls.ports):
        problems.report(TLS_WITHOUT_PORTS, location, fix=Remove(location))


def _check_node_ports(request: Request, problems: Problems) -> None:
    exposure, ports = request.exposure, {port.name: port for port in request.ports}
    seen: dict[tuple[int, str], Location] = {}
    checked = exposure.health.node_port
    if checked is not None:
        seen[checked, Protocol.TCP.value] = exposure.at / "health" / "node_port"
    for name, number in exposure.node_ports.items():
        at = request.at / "node_ports" / Key(name)
        if name not in ports:
            close = nearest(name, list(ports))
            is_free = close is not None and close not in exposure.node_ports
            fix = Move(at, at.parent / Key(close)) if close is not None and is_free else Remove(at)
            problems.report(UNKNOWN_NODE_PORT, at, value=name, ports=list(ports), fix=fix)
            continue
        other = seen.setdefault((number, ports[name].protocol), at)
        if other != at:
            problems.report(DUPLICATE_NODE_PORT, at, value=number, other=other, fix=Remove(at))


def _check_annotations(request: Request, problems: Problems) -> None:
    for key in request.exposure.annotations:
        if key == _SOURCE_RANGES:
            at = request.at / "annotations" / Key(key)
            problems.report(DUPLICATE_SOURCE_RANGES, at, field=Field("allowed_sources"), fix=Remove(at))
        elif key == DNS_HOSTNAME and request.exposure.hostnames:
            at = request.at / "annotations" / Key(key)
            problems.report(ANNOTATION_OF_FIELD, at, field=FieldPath(("hostnames",)), fix=Remove(at))
        else:
            problems.run(_check_annotation, request, key)


def _check_annotation(request: Request, key: str, problems: Problems) -> None:
    module, location = module_of(request.exposure.platform), request.at / "annotations" / Key(key)
    fix = Remove(location)
    if key in module.obsolete_annotations:
        _report_obsolete(module, key, location, problems)
    elif feature := module.feature_of_annotation(key):
        name = feature.partition("=")[0]
        code = ANNOTATION_OF_DRAIN if name == "drain" else ANNOTATION_OF_FIELD
        problems.report(code, location, field=FieldPath(name.split(".")), fix=fix)
    elif (owners := _owners(key)) and module.name not in owners:
        problems.report(ANNOTATION_OF_OTHER_PLATFORM, location, platform=module.title, platforms=owners, fix=fix)
    elif enables_proxy_protocol(key, request.exposure.annotations[key]):
        _check_proxy_annotation(request, location, problems)
    else:
        report_unread(key, location, LOAD_BALANCER, problems)


def _check_proxy_annotation(request: Request, location: Location, problems: Problems) -> None:
    """Report an annotation that enables the PROXY protocol, which pods read only if `client_ip` is proxy-protocol."""
    module = module_of(request.exposure.platform)
    if module.client_ip(request) is ClientIp.PROXY_PROTOCOL:
        return
    if module.supports(f"client_ip={ClientIp.PROXY_PROTOCOL.value}"):
        needed = ClientIp.PROXY_PROTOCOL
        problems.report(CONTRADICTS_CLIENT_IP, location, field=Field("client_ip"), needed=needed, fix=Remove(location))
    else:
        problems.report(UNREAD_PROXY_PROTOCOL, location, platform=module.title, fix=Remove(location))


def _check_class(request: Request, problems: Problems) -> None:
    """Report a class whose load balancers the controller of another platform creates: it reads other annotations, so
    that the scope, for example, would be another one."""
    module, chosen = module_of(request.exposure.platform), request.exposure.load_balancer_class
    if chosen is None or chosen in module.classes:
        return
    platforms = [other.name for other in all_platforms() if chosen in other.classes]
    if platforms and module.supports("load_balancer_class"):
        location = request.at / "load_balancer_class"
        params: dict[str, Any] = {"platform": module.title, "platforms": platforms, "field": Field("platform")}
        problems.report(CLASS_OF_OTHER_PLATFORM, location, value=chosen, **params)


def _check_access(request: Request, problems: Problems) -> None:
    """Report annotations that contradict who can connect, as the fields have it."""
    scope = request.exposure.scope
    for key, annotation, effect in module_of(request.exposure.platform).access_effects(request):
        location, value = request.at / "annotations" / Key(key), request.exposure.annotations[key]
        actual = _SCOPES.get(effect)
        if actual is not None and actual is not scope:
            field = Field("scope")
            problems.report(
                ANNOTATION_CONTRADICTS_SCOPE, location, value=value, field=field, chosen=scope, actual=actual
            )
        elif effect is AccessEffect.FURTHER_CLIENTS and annotation.alternative is not None:
            _check_further_clients(request, key, annotation, problems)


def _check_further_clients(request: Request, key: str, annotation: AccessAnnotation, problems: Problems) -> None:
    """The platform can also check the addresses of these clients, so narrow sources mean that it must."""
    narrow, location = narrow_sources(request), request.at / "annotations" / Key(key)
    if narrow is not None:
        value, fix = request.exposure.annotations[key], Remove(location)
        params: dict[str, Any] = {"clients": annotation.clients, "sources": narrow, "field": annotation.alternative}
        problems.report(ANNOTATION_ADMITS_CLIENTS, location, value=value, fix=fix, **params)


def _report_obsolete(module: PlatformModule, key: str, location: Location, problems: Problems) -> None:
    field = module.obsolete_annotations[key]
    code = OBSOLETE_ANNOTATION if field is None else OBSOLETE_ANNOTATION_OF_FIELD
    problems.report(code, location, platform=module.title, field=field, fix=Remove(location))


def _owners(key: str) -> Sequence[str]:
    """The platforms whose annotations start as the key does."""
    return [
        module.name
        for module in all_platforms()
        if module.annotation_prefixes and key.startswith(module.annotation_prefixes)
    ]
