"""The routes of a component, checked as a whole and made ready for the controller's compiler."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Optional

from ..errors import Problems, Refusal
from .compilation import Compilation, Entry, HostEntry, entry_of, slug_of
from .controller_module import Controller, ControllerModule
from .controllers import CONTROLLERS, check_compilation
from .gateway_state import GatewayState, Owner, Setting
from .reference import route_text
from .route_rules import check_routes, described
from .tls import certificate_key, check_tls, issuer_annotations

__all__ = ["Routing", "add_to", "check_routing"]

Spelling = Callable[[str], str]


@dataclass(frozen=True)
class Routing:
    """The routes that one component adds, and what it knows of the gateway that they are added to."""

    name: str
    controller: str
    class_name: Any
    namespace: Any
    routes: Sequence[Mapping[str, Any]]
    prefix: str = ""
    """Where the component's arguments stand."""
    spelling: Spelling = str
    tls: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """The component's own certificates."""
    known_tls: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Those that the gateway has already."""
    known_hosts: frozenset[str] = frozenset()
    """Hosts that others have added."""
    rooted_hosts: frozenset[str] = frozenset()
    """Those of them whose every path others have a route for."""
    taken: frozenset[tuple[str, str]] = frozenset()
    """The hosts and paths of others' exact routes."""
    secrets: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The names that the Secrets of its own certificates were given, by host."""
    https_redirect: Optional[bool] = None
    default_backend: Optional[Mapping[str, Any]] = None
    labels: Mapping[str, Any] = field(default_factory=dict[str, Any])
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])
    custom_resources: bool = False
    any_depth: bool = False

    def with_class(self, class_name: Any) -> "Routing":
        """The same, of a class whose name is known only later."""
        return replace(self, class_name=class_name)

    @property
    def module(self) -> ControllerModule:
        """The controller's module."""
        return CONTROLLERS[self.controller]

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The routes as they were given."""
        return tuple(
            entry_of(route, f"{self.prefix}{self.spelling('routes')}[{at}]") for at, route in enumerate(self.routes)
        )

    @property
    def generic(self) -> bool:
        """Whether the class may be any."""
        return self.controller == Controller.GENERIC.value

    def tls_of(self, host: str) -> Optional[tuple[str, Mapping[str, Any]]]:
        """The certificate of a host, and whom it is for: its own before a wildcard's."""
        key = certificate_key(self._every_tls, host)
        return None if key is None else (key, self._every_tls[key])

    @cached_property
    def _every_tls(self) -> Mapping[str, Mapping[str, Any]]:
        return {**self.known_tls, **self.tls}

    def own_certificates(self) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
        """The certificates that come with their keys: the host, and what the Secret's resource is called by."""
        return ((host, _suffix_of(host), it) for host, it in sorted(self.tls.items()) if "certificate" in it)

    def with_secrets(self, secrets: Mapping[str, Any]) -> "Routing":
        """The same, once the Secrets of its certificates have their names."""
        return replace(self, secrets=secrets)

    def certificates(self) -> dict[str, dict[str, Any]]:
        """The component's own certificates as other components know them: by the names of their Secrets."""
        return {host: self._known(host, entry) for host, entry in self.tls.items()}

    def _known(self, host: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        kept = {it: entry[it] for it in ("redirect", "ends_before", "issuer", "cluster_issuer") if it in entry}
        return kept if entry.get("ends_before") else {**kept, "secret": self._secret_of(host, entry)}

    def _secret_of(self, host: str, entry: Mapping[str, Any]) -> Any:
        """The name of the Secret with a certificate: one that exists, that was made, or that cert-manager makes."""
        return entry.get("secret") or self.secrets.get(host) or f"{self.name}-{_suffix_of(host)}"

    @cached_property
    def compilation(self) -> Compilation:
        """What the compiler is given."""
        entries = [*self.entries, *self._fallbacks()]
        app_roots = {entry.host: entry.args["app_root"] for entry in entries if "app_root" in entry.args}
        hosts = {host: self._host(host, app_roots.get(host)) for host in {entry.host: None for entry in entries}}
        fallback = None
        if self.generic and self.default_backend is not None:
            fallback = entry_of({"target": self.default_backend}, f"{self.prefix}{self.spelling('default_backend')}")
        return Compilation(
            name=self.name,
            class_name=self.class_name,
            namespace=self.namespace,
            routes=tuple(entries),
            hosts=hosts,
            own_hosts=frozenset(hosts) - self.known_hosts,
            labels=self.labels,
            annotations=self.annotations,
            default_backend=fallback,
            taken=self.taken,
        )

    def _fallbacks(self) -> Iterable[Entry]:
        """The default backend as routes: the controllers' own has another reach on each of them."""
        if self.default_backend is None or self.generic:
            return
        entries = self.entries
        rooted = {entry.host for entry in entries if entry.path == "/" and not entry.exact}
        every = {"", *(entry.host for entry in entries)} - rooted - self.rooted_hosts
        for host in sorted(every):
            route = {"target": self.default_backend, **({"host": host} if host else {})}
            yield entry_of(route, f"{self.prefix}{self.spelling('default_backend')}")

    def _host(self, host: str, app_root: Optional[str]) -> HostEntry:
        found = self.tls_of(host)
        if found is None:
            return HostEntry(host, app_root=app_root)
        key, entry = found
        ends_before = entry.get("ends_before", False)
        return HostEntry(
            host,
            secret=None if ends_before else self._secret_of(key, entry),
            ends_before=ends_before,
            redirect=not self.generic and entry.get("redirect", self.https_redirect is not False),
            annotations=issuer_annotations(entry) if key == host else {},
            app_root=app_root,
        )


def _suffix_of(host: str) -> str:
    return f"{slug_of(host, host)}-tls"


def check_routing(routing: Routing, problems: Problems) -> None:
    """Note what is wrong with the routes, between them, and for their controller."""
    prefix, spelling = routing.prefix, routing.spelling
    entries = routing.entries
    before = len(problems.found)
    routed = frozenset(entry.host for entry in entries)
    check_tls(routing.tls, routed, problems, f"{prefix}tls", spelling)
    check_routes(entries, lambda host: routing.tls_of(host) is not None, problems, spelling)
    for entry in entries:
        _check_wildcard(routing, entry, problems)
        _check_redirected(routing, entry, problems)
    _check_generic(routing, problems)
    if len(problems.found) == before:
        custom = routing.custom_resources
        check_compilation(routing.module, routing.compilation, problems, spelling, custom=custom)


def _check_wildcard(routing: Routing, entry: Entry, problems: Problems) -> None:
    if entry.host.startswith("*.") and routing.controller == Controller.F5_NGINX.value and not routing.any_depth:
        field = routing.spelling("wildcards_any_depth")
        refusal = Refusal(
            f"takes a.b{entry.host[1:]} too on {routing.module.title}, where a wildcard is any number of labels",
            "exact hosts, or a controller that takes one label",
            f"to have it so, set {field} to true; or name the hosts",
        )
        problems.add(f"{entry.where}.host", entry.host, refusal)


def _check_redirected(routing: Routing, entry: Entry, problems: Problems) -> None:
    if routing.https_redirect and "redirect" not in entry.args and routing.tls_of(entry.host) is None:
        refusal = Refusal(
            "is sent to https, and has no certificate, so that nobody could reach it",
            "a host with an entry in tls",
            f"give {entry.host or 'its hosts'} a certificate, or leave {routing.spelling('https_redirect')} out",
        )
        problems.add(f"{entry.where}.host", entry.host, refusal)


def _check_generic(routing: Routing, problems: Problems) -> None:
    prefix, spelling = routing.prefix, routing.spelling
    if not routing.generic:
        if routing.annotations:
            refusal = Refusal(
                "are for a generic class, which has one Ingress", "annotations of routes", "put them there"
            )
            problems.note(f"{prefix}annotations", refusal)
        return
    refusal = Refusal(
        "is nothing that an Ingress object can say",
        "on f5-nginx, ingress-nginx",
        "use the annotation of the class, or leave it out",
    )
    for host, entry in routing.tls.items():
        for told in (it for it in ("redirect", "ends_before") if entry.get(it)):
            problems.note(f"{prefix}tls.{host}.{spelling(told)}", refusal)
    if routing.https_redirect:
        problems.note(f"{prefix}{spelling('https_redirect')}", refusal)


def add_to(state: GatewayState, me: str, routing: Routing, others: Sequence[str], problems: Problems) -> None:
    """Add the routes to the gateway's, or note whose they repeat; ``others`` are those that a reference lists."""
    listed = frozenset(others)
    added: dict[str, tuple[Entry, Owner]] = {}
    for entry in routing.compilation.routes:
        text, mine = route_text(entry.host, entry.path, entry.path_type), Owner(me, entry.where)
        owner = state.routes.get(text)
        if owner is not None and owner.component != me:
            _refuse_repeated(entry, str(owner), problems)
        elif text in listed:
            _refuse_repeated(entry, "another program, which the reference's routes list", problems)
        if routing.controller == Controller.F5_NGINX.value and entry.exact:
            prefix = state.prefixes.get((entry.host, entry.path))
            if prefix is not None and prefix.component != me:
                wrong = f"is the beginning of a prefix of {prefix}, and both would have it on {routing.module.title}"
                refusal = Refusal(wrong, "beside the prefix, in one component", "add it where the prefix is added")
                problems.note(entry.where, refusal)
        added[text] = entry, mine
    shared = _shared(state, me, routing, problems)
    problems.raise_if_any()
    state.shared.update(shared)
    for text, (entry, mine) in added.items():
        state.routes[text] = mine
        state.hosts.setdefault(entry.host, mine)
        kept = state.exact if entry.exact else state.prefixes
        kept[(entry.host, entry.path)] = mine


def _shared(state: GatewayState, me: str, routing: Routing, problems: Problems) -> dict[Setting, tuple[Any, Owner]]:
    """What the routes say of Services' ports, where a controller has one setting for all routes that lead there."""
    added: dict[Setting, tuple[Any, Owner]] = {}
    for setting, value, entry in routing.module.shared(routing.compilation):
        other, owner = state.shared.get(setting, (value, Owner(me, entry.where)))
        if owner.component != me and other != value:
            wrong = (
                f"is another one than that of {owner}, and {routing.module.title} has one for each port of a Service"
            )
            refusal = Refusal(wrong, "the same for all routes to one target", "write the same, or make another Service")
            problems.note(f"{entry.where}.{routing.spelling(setting[1])}", refusal)
        added[setting] = value, Owner(me, entry.where)
    return {setting: it for setting, it in added.items() if setting not in state.shared}


def _refuse_repeated(entry: Entry, owner: str, problems: Problems) -> None:
    wrong = f"takes the same requests as a route of {owner}: {described(entry)}"
    refusal = Refusal(wrong, "each host, path and type once in a gateway", "leave one of them out")
    problems.note(entry.where, refusal)
