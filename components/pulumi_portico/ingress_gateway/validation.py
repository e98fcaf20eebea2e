"""The rules of a whole `IngressGateway` and of an `IngressRoutes`: of each field, and between fields."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, Union, cast

import pulumi

from ..args.codes import define
from ..args.location import ROOT, Location
from ..args.location import Field as FieldName
from ..args.names import NAME_TOO_LONG as TEXT_TOO_LONG
from ..args.names import annotation_key, dns_label, dns_subdomain, label_value, object_name, own_label_key, service_name
from ..args.parse import NOT_PLAIN, Field, Hooks, Rules, parse
from ..args.problems import ABSENT, Problems, Reason, Remove, Set
from ..args.units import SECONDS
from ..args.values import cidr, whole_number
from ..lifecycle.cost import RULES as COST_RULES
from ..lifecycle.limits import check_limits
from ..load_balancers import ClientIp
from ..namespace_rules import created_namespace
from ..networking.network_policies import RULES as PEER_RULES
from ..networking.network_policies import PeerSpec, check_callers
from ..networking.target import RULES as TARGET_RULES
from ..pod_security import PodSecurityLevel
from ..public_load_balancer.exposure import RULES as EXPOSURE_RULES
from ..public_load_balancer.exposure_checks import check_exposure
from ..workload.admission import causes_of_annotations, report
from .args import IngressGatewayArgs, IngressGatewaySpec, IngressRoutesArgs, IngressRoutesSpec, Upstream
from .body_rules import check_body_sizes
from .controllers import CONTROLLERS
from .dns_records import RULES as DNS_RULES
from .forwarded_for import check_forwarded_for
from .front_door import exposure_request
from .gateway_api.conformance import minor_version
from .gateway_api.implementation import ImplementationModule
from .gateway_plan import installer_of, is_on_host_network, may_install, peers_of_controller, plan_gateway, plan_routes
from .install.arguments import check_arguments
from .install.crds import RULES as CRDS_RULES
from .install.crds import check_crds
from .install.installation import RULES as INSTALLATION_RULES
from .install.installation import InstallationSpec, check_installation
from .install.installer import Installer
from .install.installers import INSTALLERS
from .install.settings import RULES as SETTINGS_RULES
from .install.settings import GatewaySettingsSpec, check_settings
from .objects import objects_of
from .reference import IMPLEMENTATION_FIELDS, GatewayReferenceSpec
from .reference import RULES as REFERENCE_RULES
from .route_rules import RULES as ROUTE_RULES
from .route_rules import check_target
from .route_set import RouteSet
from .route_set_rules import check_controller_peers, check_each_route, check_response_headers, check_routes
from .text_rules import header_name, host
from .tls import RULES as TLS_RULES

__all__ = [
    "GATEWAY_RULES",
    "check_added_routes",
    "parse_ingress_gateway",
    "parse_ingress_routes",
]

_NAME_LENGTH = 40
"""The longest name of a Service, less the Service's suffix and what Pulumi adds."""

_CLASS_CONTROLLER_LENGTH = 250
"""The longest controller that an IngressClass can name (`maxLenIngressClassController` of Kubernetes)."""

_COMMON = {
    "tls": Field(keys=host),
    "dns_records": Field(keys=host),
    "labels": Field(keys=own_label_key, items=label_value),
    "annotations": Field(keys=annotation_key),
}
_TIMEOUT = Field(whole_number(1, 3600, SECONDS))
_SHARED: Rules = {**ROUTE_RULES, **TLS_RULES, **DNS_RULES, **PEER_RULES, **TARGET_RULES}

GATEWAY_RULES: Rules = {
    **_SHARED,
    **EXPOSURE_RULES,
    **COST_RULES,
    **CRDS_RULES,
    **INSTALLATION_RULES,
    **SETTINGS_RULES,
    Upstream: {"sources": Field(items=cidr)},
    IngressGatewayArgs: {
        **_COMMON,
        "ready_timeout": _TIMEOUT,
        "class_name": Field(dns_subdomain),
        "namespace": Field(dns_label),
        "response_headers": Field(items=header_name),
        **IMPLEMENTATION_FIELDS,
        "route_namespaces": Field(items=dns_label),
    },
}
"""What the fields of a gateway must satisfy beyond their types."""

ROUTES_RULES: Rules = {**_SHARED, **REFERENCE_RULES, IngressRoutesArgs: {**_COMMON, "ready_timeout": _TIMEOUT}}

NAME_TOO_LONG = define(
    "gateway-name-too-long", "{value} is {excess} characters too long.", allowed="at most {most} characters"
)
NO_ROUTES = define(
    "no-routes", "This adds no routes.", allowed="at least one route", hint="Add one, or remove the component."
)
NOT_INSTALLABLE = define(
    "controller-not-installable",
    "Portico can't install {controller}.",
    allowed="false, or one of the controllers {installable}",
)
ONLY_WITH_IMPLEMENTATIONS = define(
    "only-with-gateway-api", "{field} applies only to Gateway API.", allowed="only with the controllers {controllers}"
)
IMPLEMENTATION_TOO_OLD = define(
    "implementation-version-unknown",
    "Portico doesn't know what version {value} of {implementation} supports.",
    allowed="{oldest} or newer",
)
ONLY_IF_INSTALLED = define("only-if-installed", "{field} applies only to a controller that Portico installs.")
ONLY_IF_NOT_INSTALLED = define(
    "only-if-not-installed", "{field} applies only to a controller that Portico doesn't install."
)
CRDS_NOT_SUPPORTED = define(
    "crds-not-supported", "{controller} has no resources of its own.", allowed="only on {controllers}"
)
WEBHOOK_NOT_SUPPORTED = define(
    "admission-webhook-not-supported", "{controller} has no admission webhook.", allowed="only on {controllers}"
)
OWN_NAMESPACE_SERVED = define(
    "own-namespace-served", "The controller always serves its own namespace, {value}.", allowed="other namespaces"
)
EXPOSURE_ON_HOST_NETWORK = define(
    "exposure-on-host-network",
    "Clients connect to the nodes themselves, so that the gateway has no load balancer of its own.",
    allowed="only with {upstream}",
    hint="Set {upstream} in place of {exposure}.",
)
NOT_EXPOSED = define(
    "gateway-not-exposed",
    "This doesn't say who can reach the gateway.",
    allowed="one of {fields}",
    hint="For a load balancer of its own, set {exposure}. If something else is in front, set {upstream}.",
)
PROXY_SOURCES_MISSING = define(
    "proxy-protocol-without-sources",
    "With the PROXY protocol, anyone who can connect could claim to be any client.",
    allowed="the addresses that send the PROXY protocol",
    hint="Set {sources}.",
)
TLS_BEFORE_GATEWAY = define(
    "tls-terminated-before-gateway",
    "This load balancer would terminate TLS without telling the gateway, which would treat every request as one "
    "without TLS.",
    hint="Set the gateway's {tls}, or put an AwsLoadBalancer in front.",
)
FORWARDED_FROM_MISSING = define(
    "forwarded-from-missing",
    "TLS of {host} is terminated before the gateway, so a header says whether a client used TLS, and no sender of it "
    "is trusted.",
    hint="Set {forwarded_from} to the addresses of what's in front.",
)
FORWARDED_AND_PROXY_PROTOCOL = define(
    "forwarded-from-with-proxy-protocol",
    "The PROXY protocol already says the client's address.",
    allowed="either {forwarded_from} or the PROXY protocol",
)
SOURCE_NOT_TRUSTED = define(
    "source-not-trusted",
    "{value} can connect and isn't within {forwarded_from}, so the gateway would trust its headers too.",
    allowed="only addresses within {forwarded_from}",
    hint="Allow only what's in front, or add {value} to {forwarded_from}.",
)


def parse_ingress_gateway(
    name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None
) -> IngressGatewaySpec:
    """The parsed arguments of the IngressGateway called `name`, with every problem in `problems`."""
    _check_name(name, problems, at)
    spec = parse(IngressGatewaySpec, IngressGatewayArgs, args, GATEWAY_RULES, problems, at, hooks)
    key, name = name, _checked_name(name, spec, problems)
    for rule in _RULES:
        problems.run(rule, spec)
    problems.run(_check_created_namespace, spec, key, name)
    problems.run(_check_each_route, spec)
    problems.run(_check_routes, spec, name)
    problems.run(_check_peers_of_routes, spec, name)
    problems.run(_check_own_namespace, spec, name)
    problems.run(_check_pod_annotations, spec, name)
    problems.run(_check_limits, spec, name)
    return spec


def _check_limits(spec: IngressGatewaySpec, name: str, problems: Problems) -> None:
    apart = () if spec.module.shares_ingress else spec.routes
    check_limits(spec, lambda: objects_of(plan_gateway(name, spec)), problems, apart=apart)


def _check_pod_annotations(spec: IngressGatewaySpec, name: str, problems: Problems) -> None:
    """Report annotations of the controller's pods that the gateway's own namespace rejects."""
    installation = spec.installation
    if installation is None or spec.namespace is not None or installer_of(spec) is None:
        return
    if installation.host_network:
        # The namespace admits every pod.
        return
    annotations, level = installation.pod_annotations or {}, PodSecurityLevel.RESTRICTED
    causes = causes_of_annotations(annotations, installation.at / "pod_annotations", level)
    for location, violations in causes.items():
        report({location: violations}, name, level, Remove(location), problems)


def _check_created_namespace(spec: IngressGatewaySpec, key: str, name: str, problems: Problems) -> None:
    """Report a namespace that every cluster has, and that the gateway would create."""
    reason = created_namespace(name)
    if reason is None or spec.namespace is not None or installer_of(spec) is None:
        return
    where = spec.at / "name" if name != key else spec.at or Location(("name",))
    problems.reject(where, name, reason)


def _checked_name(name: str, spec: Union[IngressGatewaySpec, IngressRoutesSpec], problems: Problems) -> str:
    """What the objects are called. Reports an argument `name` that isn't valid."""
    own = object_name(name, spec)
    if own != name:
        _check_name(own, problems, spec.at / "name", is_key=False)
    return own


def _check_name(name: str, problems: Problems, at: Location, *, is_key: bool = True) -> None:
    reason: Optional[Reason] = service_name(name)
    if len(name) > _NAME_LENGTH:
        reason = Reason(NAME_TOO_LONG, {"excess": len(name) - _NAME_LENGTH, "most": _NAME_LENGTH})
    if reason is None:
        return
    if at:
        problems.reject(at, name, reason, is_key=is_key)
    else:
        # The name isn't among the arguments, so no edit of them can fix it.
        problems.reject(Location(("name",)), name, reason._replace(suggestion=ABSENT))


def _check_install(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.install and spec.module.installer is None:
        at = spec.at / "install"
        problems.report(
            NOT_INSTALLABLE, at, controller=spec.controller, installable=sorted(INSTALLERS), fix=Set(at, value=False)
        )


def _check_class_and_namespace(spec: IngressGatewaySpec, problems: Problems) -> None:
    if installer_of(spec) is None:
        problems.run(_require_class, spec)
        problems.run(_require_namespace, spec)
    elif isinstance(spec.class_name, pulumi.Output):
        problems.report(NOT_PLAIN, spec.at / "class_name", value=spec.class_name, expected="text")


def _require_class(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.class_name is None and spec.module.default_class is None:
        what = "the GatewayClass" if spec.module.has_gateway else "the controller's IngressClass"
        problems.report_missing(spec.at / "class_name", what)


def _check_class_controller(spec: IngressGatewaySpec, problems: Problems) -> None:
    """A controller that distinguishes its classes by the controller that they name needs shorter names."""
    installer = installer_of(spec)
    if installer is None or not isinstance(spec.class_name, str):
        return
    excess = len(installer.class_controller(spec.class_name)) - _CLASS_CONTROLLER_LENGTH
    if excess > 0:
        most = len(spec.class_name) - excess
        problems.report(TEXT_TOO_LONG, spec.at / "class_name", value=spec.class_name, excess=excess, most=most)


def _require_namespace(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.namespace is None:
        what = "the Gateway" if spec.module.has_gateway else "the hosts' Ingresses"
        problems.report_missing(spec.at / "namespace", f"the namespace of the certificates and of {what}")


_FOR_INSTALLED: Mapping[str, Callable[[IngressGatewaySpec], Any]] = {
    "exposure": lambda spec: spec.exposure,
    "upstream": lambda spec: spec.upstream,
    "settings": lambda spec: spec.settings,
    "installation": lambda spec: spec.installation,
    "price": lambda spec: spec.price,
}
"""The fields that apply only to a controller that Portico installs."""


def _check_exclusive_with_install(spec: IngressGatewaySpec, problems: Problems) -> None:
    if installer_of(spec) is None:
        for field in _FOR_INSTALLED:
            problems.run(_check_for_installed, spec, field)
    elif spec.controller_peers is not None and not is_on_host_network(spec):
        at = spec.at / "controller_peers"
        problems.report(ONLY_IF_NOT_INSTALLED, at, field=FieldName("controller_peers"), fix=Remove(at))


def _check_for_installed(spec: IngressGatewaySpec, field: str, problems: Problems) -> None:
    if _FOR_INSTALLED[field](spec) is not None:
        at = spec.at / field
        problems.report(ONLY_IF_INSTALLED, at, field=FieldName(field), fix=Remove(at))


def _check_crds(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.crds is None:
        return
    if not spec.module.has_custom_resources:
        able = sorted(name for name, known in CONTROLLERS.items() if known.has_custom_resources)
        problems.report(
            CRDS_NOT_SUPPORTED, spec.crds.at, controller=_title(spec), controllers=able, fix=Remove(spec.crds.at)
        )
    else:
        check_crds(spec.crds, problems, installs=installer_of(spec) is not None)


def _title(spec: IngressGatewaySpec) -> str:
    return spec.module.title


def _check_controller_peers(spec: IngressGatewaySpec, problems: Problems) -> None:
    check_callers(spec.controller_peers or (), "controller_peers", problems)


def _check_settings(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.settings is not None:
        problems.run(check_settings, spec.settings)


def _check_installation(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.installation is not None:
        check_installation(spec.installation, problems)


def _check_supported(spec: IngressGatewaySpec, problems: Problems) -> None:
    """Report what the controller's installer doesn't support."""
    installer = installer_of(spec)
    if installer is None:
        return
    problems.run(_check_arguments, spec, installer)
    for check_part in installer.checks:
        problems.run(check_part, spec.settings or GatewaySettingsSpec(), spec.installation or InstallationSpec())
    if installer.webhook is None:
        problems.run(_reject_webhook, spec)


def _check_arguments(spec: IngressGatewaySpec, installer: Installer, problems: Problems) -> None:
    installation = spec.installation
    if installation is not None:
        check_arguments(
            installation.arguments,
            installation.at / "arguments",
            installer.known_arguments,
            {"controller": _title(spec), "version": installer.version},
            problems,
            is_version_known=installation.image is None,
        )


def _reject_webhook(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.installation is None or spec.installation.admission_webhook is None:
        return
    at = spec.installation.at / "admission_webhook"
    able = sorted(name for name, known in INSTALLERS.items() if known.webhook is not None)
    problems.report(WEBHOOK_NOT_SUPPORTED, at, controller=_title(spec), controllers=able, fix=Remove(at))


def _check_own_namespace(spec: IngressGatewaySpec, name: str, problems: Problems) -> None:
    if installer_of(spec) is None or spec.installation is None:
        return
    own = name if spec.namespace is None else spec.namespace
    for index, namespace in enumerate(spec.installation.served_namespaces or ()):
        if namespace == own:
            at = spec.installation.at / "served_namespaces" / index
            problems.report(OWN_NAMESPACE_SERVED, at, value=namespace, fix=Remove(at))


def _check_front(spec: IngressGatewaySpec, problems: Problems) -> None:
    if not may_install(spec):
        return
    if spec.exposure is not None and spec.upstream is not None:
        at = spec.at / "upstream"
        problems.report_exclusive(at, "exposure", fix=Remove(at))
    elif spec.exposure is None and spec.upstream is None:
        exposure, upstream = FieldName("exposure"), FieldName("upstream")
        at = spec.at / "exposure"
        problems.report(NOT_EXPOSED, at, fields=[exposure, upstream], exposure=exposure, upstream=upstream)


def _check_upstream(spec: IngressGatewaySpec, problems: Problems) -> None:
    upstream = spec.upstream
    if upstream is not None and upstream.proxy_protocol and not upstream.sources:
        problems.report(PROXY_SOURCES_MISSING, upstream.at / "sources", sources=FieldName("sources"))


def _check_host_network(spec: IngressGatewaySpec, problems: Problems) -> None:
    """On the host network, the nodes are the front door, and something else leads clients to them."""
    if not is_on_host_network(spec) or spec.installation is None:
        return
    at = spec.installation.at / "host_network"
    if spec.exposure is not None:
        exposure, upstream = FieldName("exposure"), FieldName("upstream")
        problems.report(EXPOSURE_ON_HOST_NETWORK, at, exposure=exposure, upstream=upstream)
    elif spec.upstream is not None and not spec.upstream.sources:
        sources = spec.upstream.at / "sources"
        problems.report_missing(sources, "the clients that reach the nodes; for everyone 0.0.0.0/0")


def _check_exposure(spec: IngressGatewaySpec, problems: Problems) -> None:
    request = exposure_request(spec)
    if request is None or spec.exposure is None or not may_install(spec):
        return
    at = spec.exposure.at
    if spec.exposure.tls is not None:
        problems.report(TLS_BEFORE_GATEWAY, at / "tls", tls=spec.at / "tls")
    check_exposure(request, problems)


def _forwarded_from(spec: IngressGatewaySpec) -> Sequence[pulumi.Input[str]]:
    return () if spec.settings is None else spec.settings.forwarded_from


def _check_tls_upstream(spec: IngressGatewaySpec, problems: Problems) -> None:
    """The controllers don't check who sent `X-Forwarded-Proto`, so they must trust everyone who can connect."""
    if not may_install(spec) or _forwarded_from(spec):
        return
    for host_name, entry in spec.tls.items():
        if entry.tls_terminated_upstream:
            at = spec.at / "settings" / "forwarded_from"
            problems.report(FORWARDED_FROM_MISSING, at, host=host_name, forwarded_from=at)
            return


def _check_forwarded(spec: IngressGatewaySpec, problems: Problems) -> None:
    trusted = _forwarded_from(spec)
    if not may_install(spec) or not trusted:
        return
    at = spec.at / "settings" / "forwarded_from"
    if _speaks_proxy_protocol(spec):
        problems.report(FORWARDED_AND_PROXY_PROTOCOL, at, forwarded_from=at, fix=Remove(at))
    allowed, sources = _sources(spec)
    for index, source in enumerate(sources):
        if isinstance(source, str) and not _is_within(source, trusted):
            problems.report(SOURCE_NOT_TRUSTED, allowed / index, value=source, forwarded_from=at)


def _speaks_proxy_protocol(spec: IngressGatewaySpec) -> bool:
    if spec.upstream is not None:
        return spec.upstream.proxy_protocol
    return spec.exposure is not None and spec.exposure.client_ip is ClientIp.PROXY_PROTOCOL


def _sources(spec: IngressGatewaySpec) -> tuple[Location, Sequence[pulumi.Input[str]]]:
    """Where the addresses are that can connect, and the addresses."""
    if spec.upstream is not None:
        return spec.upstream.at / "sources", spec.upstream.sources
    sources = None if spec.exposure is None else spec.exposure.allowed_sources
    return spec.at / "exposure" / "allowed_sources", sources or ()


def _is_within(source: str, trusted: Sequence[Any]) -> bool:
    checked = ipaddress.ip_network(source)
    # A range that is known only later can be any.
    known = [ipaddress.ip_network(entry) for entry in trusted if not isinstance(entry, pulumi.Output)]
    within = (entry.version == checked.version and checked.subnet_of(cast("Any", entry)) for entry in known)
    return len(known) < len(trusted) or any(within)


def _check_each_route(spec: IngressGatewaySpec, problems: Problems) -> None:
    check_each_route(spec.routes, problems)


def _check_default_backend(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.default_backend is not None:
        check_target(spec.default_backend, problems)


def _check_routes(spec: IngressGatewaySpec, name: str, problems: Problems) -> None:
    check_routes(plan_routes(name, spec), problems)


def _check_peers_of_routes(spec: IngressGatewaySpec, name: str, problems: Problems) -> None:
    if installer_of(spec) is None or is_on_host_network(spec):
        at = spec.at / "controller_peers"
        check_controller_peers(plan_routes(name, spec), peers_of_controller(name, spec), at, problems)


def _check_implementation(spec: Union[IngressGatewaySpec, GatewayReferenceSpec], problems: Problems) -> None:
    """Report an implementation that's missing, or that the controller doesn't have, and what isn't known of it."""
    variants = [name for name, module in CONTROLLERS.items() if module.variant is not None]
    if spec.controller.module.variant is not None:
        if spec.implementation is None:
            problems.report_missing(spec.at / "implementation", "the implementation that serves the class")
        else:
            problems.run(_check_implementation_version, spec, spec.implementation.module)
        return
    for field in ("implementation", "implementation_version", "supported_features"):
        if getattr(spec, field):
            at = spec.at / field
            problems.report(ONLY_WITH_IMPLEMENTATIONS, at, field=FieldName(field), controllers=variants, fix=Remove(at))


def _check_implementation_of_reference(spec: IngressRoutesSpec, problems: Problems) -> None:
    _check_implementation(spec.gateway, problems)


def _check_implementation_version(
    spec: Union[IngressGatewaySpec, GatewayReferenceSpec], implementation: ImplementationModule, problems: Problems
) -> None:
    version, oldest = spec.implementation_version, implementation.reports[0].version
    if version is not None and minor_version(version) < minor_version(oldest):
        at = spec.at / "implementation_version"
        problems.report(IMPLEMENTATION_TOO_OLD, at, value=version, oldest=oldest, implementation=implementation.title)


def _check_route_namespaces(spec: IngressGatewaySpec, problems: Problems) -> None:
    if spec.route_namespaces and not spec.module.has_gateway:
        at, able = spec.at / "route_namespaces", [name for name, module in CONTROLLERS.items() if module.has_gateway]
        problems.report(
            ONLY_WITH_IMPLEMENTATIONS, at, field=FieldName("route_namespaces"), controllers=able, fix=Remove(at)
        )


_RULES = (
    _check_implementation,
    _check_route_namespaces,
    _check_install,
    _check_class_and_namespace,
    _check_class_controller,
    _check_exclusive_with_install,
    _check_crds,
    _check_controller_peers,
    _check_settings,
    _check_installation,
    _check_supported,
    _check_front,
    _check_upstream,
    _check_host_network,
    _check_exposure,
    _check_tls_upstream,
    _check_forwarded,
    _check_default_backend,
    check_forwarded_for,
    check_body_sizes,
)


def parse_ingress_routes(
    name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None
) -> IngressRoutesSpec:
    """The parsed arguments of the IngressRoutes called `name`, with every problem in `problems`.

    The rules that need what the program knows of the gateway are those of `check_added_routes`.
    """
    _check_name(name, problems, at)
    spec = parse(IngressRoutesSpec, IngressRoutesArgs, args, ROUTES_RULES, problems, at, hooks)
    _checked_name(name, spec, problems)
    problems.run(_check_implementation_of_reference, spec)
    problems.run(_check_reference, spec)
    problems.run(_check_peers_of_reference, spec)
    problems.run(_check_any_route, spec)
    return spec


def _check_reference(spec: IngressRoutesSpec, problems: Problems) -> None:
    gateway = spec.gateway
    if gateway.stack is not None and gateway.name is None:
        problems.report_missing(gateway.at / "name", "the gateway's name in the stack")
    elif gateway.controller.module.has_gateway and gateway.name is None:
        problems.report_missing(gateway.at / "name", "the name of the Gateway")
    elif gateway.name is None:
        for field, what in (("class_name", "the IngressClass"), ("namespace", "the gateway's namespace")):
            if getattr(gateway, field) is None:
                problems.report_missing(gateway.at / field, what)


def _check_peers_of_reference(spec: IngressRoutesSpec, problems: Problems) -> None:
    check_callers(spec.gateway.controller_peers or (), "controller_peers", problems)


def _check_any_route(spec: IngressRoutesSpec, problems: Problems) -> None:
    if not spec.routes:
        problems.report(NO_ROUTES, spec.at / "routes")


def check_added_routes(
    routes: RouteSet, peers: Optional[Sequence[PeerSpec]], headers: frozenset[str], problems: Problems
) -> None:
    """Report what's wrong with routes that are added to a gateway, as far as this program knows the gateway.

    `peers` are where its controller's connections come from, and `headers` those that its configuration lists.
    """
    check_each_route(routes.specs, problems)
    check_routes(routes, problems)
    problems.run(check_controller_peers, routes, peers, routes.at / "gateway" / "controller_peers")
    check_response_headers(routes, headers, problems)
