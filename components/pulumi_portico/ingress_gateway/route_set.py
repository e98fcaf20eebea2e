"""The routes of one component: resolved once, held against every rule, and ready for the controller's compiler."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Optional, Union

import pulumi

from ..args.location import Location
from ..args.problems import Unavailable, available
from ..networking.network_policies import PeerSpec
from ..networking.target import TargetSpec
from ..ordering import WIDTH
from ..outputs import Ref
from .args import IngressGatewaySpec, IngressRoutesSpec
from .client_addresses import HiddenClients
from .compile_input import AddressWait, CompileInput
from .controller_module import ControllerModule
from .dns_records import DnsRecordSpec, dns_annotations
from .install.settings import HstsSpec
from .matching import RouteTable
from .resolved_routes import (
    ResolvedHost,
    ResolvedListener,
    ResolvedRoute,
    fallback_route,
    resolve_route,
    slug_of,
    table_of,
)
from .routes import RouteSpec
from .tls import HostTlsSpec, certificate_key, certificate_settings, issuer_annotations, issuer_reference

__all__ = ["OtherRoutes", "RouteSet", "certificate_suffix"]


@dataclass(frozen=True)
class OtherRoutes:
    """What other components have added to the hosts of a component's routes."""

    hosts: frozenset[str] = frozenset()
    """The hosts that they have added."""
    hosts_with_root_route: frozenset[str] = frozenset()
    """The hosts for whose every path they have a route."""
    exact_paths: frozenset[tuple[str, str]] = frozenset()
    """The hosts and paths of their exact routes."""
    dns_records: Mapping[str, Optional[DnsRecordSpec]] = field(default_factory=dict[str, Optional[DnsRecordSpec]])
    """The settings of the DNS records of their hosts; None for a host without."""


@dataclass(frozen=True, kw_only=True)
class RouteSet(ABC):
    """The routes that one component adds, and what it knows of the gateway that it adds them to.

    Each value is read from the arguments when a rule or a builder needs it: an invalid one ends only the rules that do.
    """

    name: str
    spec: Union[IngressGatewaySpec, IngressRoutesSpec]
    others: OtherRoutes = OtherRoutes()
    """What other components have added."""

    @property
    def specs(self) -> Sequence[RouteSpec]:
        """The routes, as they are parsed."""
        return self.spec.routes

    @property
    def at(self) -> Location:
        """Where the component's arguments are."""
        return self.spec.at

    @property
    def tls(self) -> Mapping[str, HostTlsSpec]:
        """The component's own certificates."""
        return self.spec.tls

    @property
    def dns_records(self) -> Mapping[str, DnsRecordSpec]:
        """The component's own settings of DNS records, by host."""
        return self.spec.dns_records

    @property
    def labels(self) -> Mapping[str, pulumi.Input[str]]:
        """The labels of every object."""
        return self.spec.labels

    @property
    def annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """The annotations of an Ingress that has all routes."""
        return self.spec.annotations

    @property
    @abstractmethod
    def module(self) -> ControllerModule:
        """The controller's module."""

    @property
    @abstractmethod
    def class_name(self) -> Any:
        """The IngressClass."""

    @property
    @abstractmethod
    def namespace(self) -> Any:
        """The gateway's namespace, which has its certificates."""

    @property
    @abstractmethod
    def gateway_name(self) -> Any:
        """The name of the Gateway object, if the controller has one."""

    @property
    def owns_gateway(self) -> bool:
        """Whether the component creates the Gateway object, if the controller has one."""
        return False

    @property
    def route_namespaces(self) -> Sequence[pulumi.Input[str]]:
        """The namespaces whose routes other components can add."""
        return ()

    @property
    def known_namespaces(self) -> Optional[frozenset[str]]:
        """The namespaces whose routes the gateway accepts; None if that isn't known, or every one of the component's
        own routes is."""
        return None

    @property
    def tls_of_gateway(self) -> Mapping[str, HostTlsSpec]:
        """The certificates that the gateway has already."""
        return {}

    @property
    def https_redirect(self) -> Optional[bool]:
        """Whether requests without TLS are redirected; None for the default."""
        return None

    @property
    @abstractmethod
    def default_backend(self) -> Optional[TargetSpec]:
        """The target of requests that no route matches."""

    @property
    @abstractmethod
    def custom_resources(self) -> bool:
        """Whether the cluster has the definitions of the controller's own resources."""

    @property
    @abstractmethod
    def multi_label_wildcards(self) -> bool:
        """Whether a wildcard may match several labels."""

    @property
    @abstractmethod
    def is_installed(self) -> bool:
        """Whether Portico configures the controller, as far as it's known."""

    @property
    @abstractmethod
    def hsts(self) -> Optional[HstsSpec]:
        """The HSTS header of hosts with a certificate; None if there is none, or if it isn't known."""

    @property
    @abstractmethod
    def hidden_clients(self) -> Sequence[HiddenClients]:
        """What hides the clients' addresses from the controller, as far as it's known."""

    @cached_property
    def routes(self) -> tuple[ResolvedRoute, ...]:
        """The component's routes, apart from those whose host or path is invalid."""
        return tuple(
            route for spec in self.specs if (route := available(partial(resolve_route, spec), None)) is not None
        )

    @cached_property
    def table(self) -> RouteTable[ResolvedRoute]:
        """The component's routes, by what they match."""
        return table_of(self.routes, multi_label_wildcards=self.multi_label_wildcards)

    @property
    def texts(self) -> list[str]:
        """The routes, those of the default backend included, each in one line, for the references of other programs."""
        return sorted(route.text for route in self.all_routes)

    def require_all(self) -> None:
        """Raise `Unavailable` if a route couldn't be resolved: what must know all routes can't be checked."""
        if len(self.routes) < len(self.specs):
            raise Unavailable(self.at / "routes")

    def tls_of(self, host: str) -> Optional[tuple[str, HostTlsSpec]]:
        """The certificate of a host and its key in `tls`: the host's own, else a wildcard's."""
        key = certificate_key(self._all_tls, host)
        return None if key is None else (key, self._all_tls[key])

    @cached_property
    def _all_tls(self) -> Mapping[str, HostTlsSpec]:
        return {**self.tls_of_gateway, **self.tls}

    @cached_property
    def listeners(self) -> tuple[ResolvedListener, ...]:
        """The certificates of the gateway and of the component, by host or wildcard."""
        entries = sorted(self._all_tls.items())
        return tuple(self._listener(host, tls) for host, tls in entries if not tls.tls_terminated_upstream)

    def _listener(self, host: str, tls: HostTlsSpec) -> ResolvedListener:
        is_own = host in self.tls
        issuer, settings = (issuer_reference(tls), certificate_settings(tls)) if is_own else (None, {})
        secret = self._secret_of(host, tls)
        return ResolvedListener(host, secret, is_own, tls.at, issuer, settings)

    def own_certificates(self) -> Iterator[tuple[str, HostTlsSpec]]:
        """The certificates that come with their keys, each with the key of its Secret in the list of objects."""
        for host, tls in sorted(self.tls.items()):
            if tls.certificate is not None:
                yield certificate_suffix(host), tls

    @property
    def gathers_certificates(self) -> bool:
        """Whether one object would depend on too many Secrets if it depended on each."""
        is_shared = self.module.shares_ingress or self.module.has_gateway
        return is_shared and sum(1 for _ in self.own_certificates()) >= WIDTH

    def _certificate(self, key: str) -> Ref:
        return Ref(key, is_detached=self.gathers_certificates)

    def certificates(self, names: Mapping[str, Any]) -> dict[str, HostTlsSpec]:
        """The component's own certificates, as other components refer to them: by the names of their Secrets.

        `names` are those of the Secrets that the component creates, by their keys in the list of objects.
        """
        return {host: self._by_secret(host, tls, names) for host, tls in self.tls.items()}

    def _by_secret(self, host: str, tls: HostTlsSpec, names: Mapping[str, Any]) -> HostTlsSpec:
        if tls.tls_terminated_upstream:
            return replace(tls, certificate=None, key=None)
        secret = self._secret_of(host, tls)
        return replace(tls, certificate=None, key=None, secret=names[secret.key] if isinstance(secret, Ref) else secret)

    def _secret_of(self, host: str, tls: HostTlsSpec) -> Any:
        """The name of the Secret with a certificate: one that exists, that is created, or that cert-manager creates."""
        if tls.secret is not None:
            return tls.secret
        suffix = certificate_suffix(host)
        return self._certificate(suffix) if tls.certificate is not None else f"{self.name}-{suffix}"

    @cached_property
    def hosts(self) -> Mapping[str, ResolvedHost]:
        """Every host of the routes, by name."""
        app_roots = {route.host: app_root for route in self.all_routes if (app_root := _app_root(route)) is not None}
        hosts = dict.fromkeys(route.host for route in self.all_routes)
        return {host: self._host(host, app_roots.get(host)) for host in hosts}

    @cached_property
    def own_hosts(self) -> frozenset[str]:
        """The hosts that no other component has added before."""
        return frozenset(route.host for route in self.all_routes) - self.others.hosts

    def _host(self, host: str, app_root: Optional[str]) -> ResolvedHost:
        found, dns = self.tls_of(host), available(partial(self._dns_of, host), None) or {}
        if found is None:
            return ResolvedHost(host, app_root=app_root, dns=dns)
        try:
            return replace(self._secured_host(host, app_root, *found), dns=dns)
        except Unavailable:
            # The rules of other fields must know only that the host has TLS.
            return ResolvedHost(host, secret=Ref(certificate_suffix(host)), app_root=app_root, dns=dns)

    def _dns_of(self, host: str) -> Mapping[str, pulumi.Input[str]]:
        record = self.dns_record(host)
        return {} if record is None else dns_annotations(record)

    def dns_record(self, host: str) -> Optional[DnsRecordSpec]:
        """The settings of a host's DNS records: those of the component that has added the host first."""
        if host in self.others.dns_records:
            return self.others.dns_records[host]
        return self.dns_records.get(host)

    def _secured_host(self, host: str, app_root: Optional[str], key: str, tls: HostTlsSpec) -> ResolvedHost:
        redirect = tls.redirect if tls.redirect is not None else self.https_redirect is not False
        return ResolvedHost(
            host,
            tls_at=tls.at,
            secret=None if tls.tls_terminated_upstream else self._secret_of(key, tls),
            tls_terminated_upstream=tls.tls_terminated_upstream,
            redirect=self.module.redirects_to_https and redirect,
            annotations=issuer_annotations(tls) if key == host else {},
            issuer=issuer_reference(tls) if key == host else None,
            certificate=certificate_settings(tls) if key == host else {},
            app_root=app_root,
        )

    @cached_property
    def fallbacks(self) -> tuple[ResolvedRoute, ...]:
        """The default backend as routes: each controller's own kind of default backend covers something else."""
        if self.default_backend is None or self.module.shares_ingress:
            return ()
        with_root = {route.host for route in self.routes if route.is_root}
        hosts = {"", *(route.host for route in self.routes)} - with_root - self.others.hosts_with_root_route
        return tuple(fallback_route(host, self.default_backend) for host in sorted(hosts))

    @cached_property
    def all_routes(self) -> tuple[ResolvedRoute, ...]:
        """The component's routes, those of the default backend included if it is valid."""
        return (*self.routes, *available(lambda: self.fallbacks, ()))

    @property
    def shared_backend(self) -> Optional[ResolvedRoute]:
        """The default backend of an Ingress that has all routes; other controllers have it among their routes."""
        fallback = self.default_backend if self.module.shares_ingress else None
        return None if fallback is None else fallback_route("", fallback)

    def compile_input(
        self,
        peers: Sequence[PeerSpec] = (),
        wait: Optional[AddressWait] = None,
        after: Sequence[str] = (),
        hosts_elsewhere: Optional[Mapping[str, str]] = None,
    ) -> CompileInput:
        """What the controller's compiler reads.

        `peers` are where the controller's connections come from, `wait` is how the deployment waits, `after` are the
        keys of the objects that all others come after, and `hosts_elsewhere` those of the Ingresses of hosts that other
        components have added.
        """
        return CompileInput(self, peers, wait or AddressWait(), after, hosts_elsewhere or {})


def _app_root(route: ResolvedRoute) -> Optional[str]:
    return available(lambda: route.spec.app_root, None)


def certificate_suffix(host: str) -> str:
    """The key of the Secret with a host's certificate in the list of objects."""
    return f"{slug_of(host, host)}-tls"
