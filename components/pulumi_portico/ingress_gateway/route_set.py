"""The routes of one component: resolved once, held against every rule, and ready for the controller's compiler."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Optional

import pulumi

from ..args.location import ROOT, Location
from ..args.problems import Unavailable
from ..networking.network_policies import PeerSpec
from ..networking.target import TargetSpec
from ..ordering import WIDTH
from ..outputs import Ref
from .client_addresses import HiddenClients
from .compile_input import AddressWait, CompileInput
from .controller_module import ControllerModule
from .dns_records import DnsRecordSpec, dns_annotations
from .install.settings import HstsSpec
from .matching import RouteTable
from .resolved_routes import ResolvedHost, ResolvedRoute, fallback_route, resolve_route, slug_of, table_of
from .routes import RouteSpec
from .tls import HostTlsSpec, certificate_key, certificate_settings, issuer_annotations, issuer_reference

__all__ = ["RouteSet", "certificate_suffix"]


@dataclass(frozen=True)
class RouteSet:
    """The routes that one component adds, and what it knows of the gateway that it adds them to."""

    name: str
    known_module: Optional[ControllerModule]
    """The controller's module; None if the controller is invalid."""
    class_name: Any
    namespace: Any
    specs: Sequence[RouteSpec]
    at: Location = ROOT
    """Where the component's arguments are."""
    tls: Mapping[str, HostTlsSpec] = field(default_factory=dict[str, HostTlsSpec])
    """The component's own certificates."""
    tls_of_gateway: Mapping[str, HostTlsSpec] = field(default_factory=dict[str, HostTlsSpec])
    """The certificates that the gateway has already."""
    dns_records: Mapping[str, DnsRecordSpec] = field(default_factory=dict[str, DnsRecordSpec])
    """The component's own settings of DNS records, by host."""
    dns_records_of_others: Mapping[str, Optional[DnsRecordSpec]] = field(
        default_factory=dict[str, Optional[DnsRecordSpec]]
    )
    """Those of the hosts that other components of the program have added; None for a host without."""
    hosts_of_others: frozenset[str] = frozenset()
    """The hosts that other components have added."""
    hosts_with_root_route: frozenset[str] = frozenset()
    """The hosts for whose every path other components have a route."""
    exact_paths_in_use: frozenset[tuple[str, str]] = frozenset()
    """The hosts and paths of the exact routes of other components."""
    https_redirect: Optional[bool] = None
    default_backend: Optional[TargetSpec] = None
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    custom_resources: bool = False
    """Whether the cluster has the definitions of the controller's own resources."""
    multi_label_wildcards: bool = False
    """Whether a wildcard may match several labels."""
    is_installed: bool = False
    """Whether Portico configures the controller, as far as it's known."""
    hsts: Optional[HstsSpec] = None
    """The HSTS header of hosts with a certificate; None if there is none, or if it isn't known."""
    hidden_clients: Sequence[HiddenClients] = ()
    """What hides the clients' addresses from the controller, as far as it's known."""

    @property
    def module(self) -> ControllerModule:
        """The controller's module. Unavailable if the controller is invalid."""
        if self.known_module is None:
            raise Unavailable(self.at / "controller")
        return self.known_module

    @cached_property
    def routes(self) -> tuple[ResolvedRoute, ...]:
        """The component's routes, apart from those whose host or path is invalid."""
        return tuple(route for spec in self.specs if (route := _resolved_or_none(spec)) is not None)

    @cached_property
    def table(self) -> RouteTable[ResolvedRoute]:
        """The component's routes, by what they match."""
        return table_of(self.routes, multi_label_wildcards=self.multi_label_wildcards)

    @property
    def texts(self) -> list[str]:
        """The routes, those of the default backend included, each in one line, for the references of other programs."""
        return sorted(route.text for route in (*self.routes, *self.fallbacks))

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

    def own_certificates(self) -> Iterator[tuple[str, HostTlsSpec]]:
        """The certificates that come with their keys, each with the key of its Secret in the list of objects."""
        for host, tls in sorted(self.tls.items()):
            if tls.certificate is not None:
                yield certificate_suffix(host), tls

    @property
    def gathers_certificates(self) -> bool:
        """Whether one Ingress would depend on too many Secrets if it depended on each."""
        return self.module.shares_ingress and sum(1 for _ in self.own_certificates()) >= WIDTH

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
        routes = (*self.routes, *self.fallbacks)
        app_roots = {route.host: app_root for route in routes if (app_root := _app_root(route)) is not None}
        return {host: self._host(host, app_roots.get(host)) for host in dict.fromkeys(route.host for route in routes)}

    def _host(self, host: str, app_root: Optional[str]) -> ResolvedHost:
        found, dns = self.tls_of(host), self._dns_of(host)
        if found is None:
            return ResolvedHost(host, app_root=app_root, dns=dns)
        try:
            return replace(self._secured_host(host, app_root, *found), dns=dns)
        except Unavailable:
            # The rules of other fields must know only that the host has TLS.
            return ResolvedHost(host, secret=Ref(certificate_suffix(host)), app_root=app_root, dns=dns)

    def _dns_of(self, host: str) -> Mapping[str, pulumi.Input[str]]:
        record = self.dns_record(host)
        try:
            return {} if record is None else dns_annotations(record)
        except Unavailable:
            return {}

    def dns_record(self, host: str) -> Optional[DnsRecordSpec]:
        """The settings of a host's DNS records: those of the component that has added the host first."""
        if host in self.dns_records_of_others:
            return self.dns_records_of_others[host]
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
        hosts = {"", *(route.host for route in self.routes)} - with_root - self.hosts_with_root_route
        return tuple(fallback_route(host, self.default_backend) for host in sorted(hosts))

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
        fallback = self.default_backend if self.module.shares_ingress else None
        return CompileInput(
            name=self.name,
            at=self.at,
            class_name=self.class_name,
            namespace=self.namespace,
            routes=(*self.routes, *self.fallbacks),
            hosts=self.hosts,
            own_hosts=frozenset(self.hosts) - self.hosts_of_others,
            labels=self.labels,
            annotations=self.annotations,
            default_backend=None if fallback is None else fallback_route("", fallback),
            exact_paths_in_use=self.exact_paths_in_use,
            hsts=self.hsts,
            peers=peers,
            wait=wait or AddressWait(),
            after=after,
            hosts_elsewhere=hosts_elsewhere or {},
        )


def _resolved_or_none(spec: RouteSpec) -> Optional[ResolvedRoute]:
    try:
        return resolve_route(spec)
    except Unavailable:
        return None


def _app_root(route: ResolvedRoute) -> Optional[str]:
    try:
        return route.spec.app_root
    except Unavailable:
        return None


def certificate_suffix(host: str) -> str:
    """The key of the Secret with a host's certificate in the list of objects."""
    return f"{slug_of(host, host)}-tls"
