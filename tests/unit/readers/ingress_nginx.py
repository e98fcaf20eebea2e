"""What ingress-nginx v1.15.1 does with Ingresses, read from its own sources and documentation.

`IngressNginx` is given the objects of a cluster and answers what a client's request meets. What the controller would
drop, or nginx would refuse, is told by `rejected`, `ignored` and `broken`; what it drops silently counts as rejected,
since nobody wants that. The sources are named where a rule is not plain from the documentation: a path below
https://github.com/kubernetes/ingress-nginx at the tag controller-v1.15.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from tests.unit.readers import nginx
from tests.unit.readers.ingress_nginx_values import KNOWN, RISKS
from tests.unit.readers.nginx import Answer, Location, Request, annotations_of, go_bool, key_of

PREFIX = "nginx.ingress.kubernetes.io/"
_DEFAULT_SERVER = "_"
# internal/ingress/inspector/rules.go
_STRICT_PATH = re.compile(r"(?i)/[a-z0-9._\-/]*")
_SUSPICIOUS = re.compile(
    r"(?s)\s*alias\s*.*;|\s*root\s*.*;|/etc/(passwd|shadow|group|nginx|ingress-controller)|/var/run/secrets|_by_lua"
)
# internal/ingress/annotations/customheaders/main.go
_HEADER_NAME = re.compile(r"[a-zA-Z\d\-_]+")
_HEADER_VALUE = re.compile(r"""[a-zA-Z\d_ :;.,\\/"'?!(){}\[\]@<>=\-+*#$&\x60|~^%]+""")
_CORS_ORIGIN = re.compile(r"([a-z]+://(\*\.)?[A-Za-z0-9\-.]*(:\d+)?|\*|null)?")
_CORS_METHODS = "GET, PUT, POST, DELETE, PATCH, OPTIONS"
_CORS_HEADERS = (
    "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"
)


@dataclass
class _Place:
    """A path of a server, before it is written down as locations."""

    path: str
    path_type: str
    ingress: str
    backend: tuple[str, str, int | str] | None
    settings: dict[str, Any]
    hidden: bool = False
    """The server's own `/`, which no Ingress asks for."""

    @property
    def rewrites(self) -> bool:
        return self.settings["rewrite"] not in ("", self.path)


@dataclass
class _Server:
    host: str
    places: list[_Place]
    certificate: str | None = None
    locations: list[Location] = field(default_factory=list[Location])


class IngressNginx:
    """One controller, and what it has been given.

    :param manifests: The objects of the cluster, Ingresses in the order of their creation: the oldest first.
    :param config_map: The `data` of the controller's ConfigMap.
    :param class_name: The IngressClass that is the controller's; every Ingress is, where it is None.
    :param webhook: Whether its admission webhook runs, which checks more.
    """

    def __init__(
        self,
        manifests: Iterable[Mapping[str, Any]],
        *,
        config_map: Mapping[str, str] | None = None,
        class_name: str | None = None,
        webhook: bool = True,
    ) -> None:
        self._config = config_map or {}
        self._webhook = webhook
        self._risk = RISKS.index(self._config.get("annotations-risk-level", "High"))
        every = list(manifests)
        self._headers = {key_of(it): it.get("data", {}) for it in every if it["kind"] == "ConfigMap"}
        self.rejected: dict[str, list[str]] = {}
        """Ingresses that are dropped, or that lose what they ask for, and why."""
        self.ignored: dict[str, list[str]] = {}
        """Annotations of its prefix that it does not know."""
        ingresses = [it for it in every if it["kind"] == "Ingress" and self._mine(it, class_name)]
        self._ingresses = [it for it in ingresses if not self._problems(it)]
        self._settings = {key_of(it): self._read(it) for it in self._ingresses}
        self._upstreams = self._upstream_settings()
        self._servers = self._make_servers()
        self.broken = self._broken()
        """Why nginx would refuse the whole configuration."""

    def answer(self, request: Request) -> Answer:
        """What a client meets."""
        uri = nginx.normalized(request.path)
        host = nginx.host_name(request.host)
        if uri is None or not host:
            return Answer("refused", status=400)
        server = self._server(host)
        if (root := self._app_root(server, request, uri)) is not None:
            return root
        location = nginx.pick(server.locations, uri)
        if location is None:
            return Answer("default", status=404)
        return self._through(location, request, host, uri)

    def certificate(self, host: str) -> str | None:
        """The Secret whose certificate a client is shown, as namespace/name; None for the controller's own."""
        for name in self._certificate_names(host):
            if (server := self._servers.get(name)) is not None and server.certificate is not None:
                return server.certificate or None
        return None

    # Which Ingresses count -------------------------------------------------------------------------------------

    @staticmethod
    def _mine(ingress: Mapping[str, Any], class_name: str | None) -> bool:
        return class_name is None or ingress["spec"].get("ingressClassName") == class_name

    def _problems(self, ingress: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        for name, value in annotations_of(ingress).items():
            if not name.startswith(PREFIX):
                continue
            short = name.removeprefix(PREFIX)
            if short.endswith("-snippet"):
                found.append(f"{short}: snippets are off")
            elif short not in KNOWN:
                self.ignored.setdefault(key_of(ingress), []).append(short)
            else:
                risk, check = KNOWN[short]
                if RISKS.index(risk) > self._risk:
                    found.append(f"{short}: too risky for annotations-risk-level {RISKS[self._risk]}")
                if value and not check(value):
                    found.append(f"{short}: invalid value {value!r}")
        found += self._path_problems(ingress["spec"])
        if found:
            self.rejected[key_of(ingress)] = found
        return found

    def _path_problems(self, spec: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        for rule in spec.get("rules", []):
            for path in rule.get("http", {}).get("paths", []):
                text = path.get("path", "")
                literal = path["pathType"] != "ImplementationSpecific"
                if self._webhook and text and literal and not _STRICT_PATH.fullmatch(text):
                    found.append(f"path {text} cannot be used with pathType {path['pathType']}")
                if _SUSPICIOUS.search(text):
                    found.append(f"invalid http path: {text}")
        return found

    # What the annotations of an Ingress say ----------------------------------------------------------------------

    def _read(self, ingress: Mapping[str, Any]) -> dict[str, Any]:
        told = annotations_of(ingress)

        def get(name: str, config: str | None, otherwise: str) -> str:
            value = told.get(PREFIX + name)
            return value if value is not None else self._config.get(config or name, otherwise)

        def number(name: str, otherwise: int = 0) -> int:
            return int(told.get(PREFIX + name, otherwise))

        def truth(name: str, otherwise: str, config: str | None = None) -> bool:
            return bool(go_bool(get(name, config, otherwise)))

        settings: dict[str, Any] = {
            "rewrite": get("rewrite-target", "", ""),
            "regex": truth("use-regex", "false", ""),
            "app_root": get("app-root", "", ""),
            "https": truth("ssl-redirect", "true"),
            "force_https": truth("force-ssl-redirect", "false"),
            "keep_slash": truth("preserve-trailing-slash", "false"),
            "redirect": self._redirect(ingress),
            "connect_timeout": float(get("proxy-connect-timeout", None, "5")),
            "read_timeout": float(get("proxy-read-timeout", None, "60")),
            "send_timeout": float(get("proxy-send-timeout", None, "60")),
            "body_limit": nginx.size(get("proxy-body-size", None, "1m").replace(" ", "").lower().removesuffix("b")),
            "request_buffering": get("proxy-request-buffering", None, "on") == "on",
            "response_buffering": get("proxy-buffering", None, "off") == "on",
            "protocol": get("backend-protocol", "", "HTTP").upper(),
            "websocket": True,
            "allowed": _list(get("allowlist-source-range", "whitelist-source-range", "")),
            "denied": _list(get("denylist-source-range", None, "")),
            "cors": self._cors(told),
            "auth": self._auth(ingress),
            "response_headers": self._response_headers(ingress),
            "request_headers": {},
            "host_header": told.get(PREFIX + "upstream-vhost"),
            "verify": told.get(PREFIX + "proxy-ssl-verify", "off") == "on" and PREFIX + "proxy-ssl-secret" in told,
            "trusted": told.get(PREFIX + "proxy-ssl-secret"),
            "server_name": told.get(PREFIX + "proxy-ssl-name"),
        }
        burst = number("limit-burst-multiplier", 5)
        for unit, name in (("second", "limit-rps"), ("minute", "limit-rpm")):
            if number(name):
                status = int(self._config.get("limit-req-status-code", "503"))
                limit = {"requests": number(name), "per": unit, "burst": number(name) * burst, "status": status}
                # The template writes `nodelay` always.
                settings["rate"] = {**limit, "delays": False}
        settings["connections"] = number("limit-connections")
        self._note_traps(ingress, settings)
        return settings

    def _note_traps(self, ingress: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        found: list[str] = []
        times = [settings[f"{it}_timeout"] for it in ("connect", "read", "send")]
        if any(it < 1 for it in times):
            found.append("a timeout of less than a second")
        if settings.get("rate", {}).get("burst", 1) < 1:
            found.append("nginx takes no burst of 0")
        if settings["verify"] and not settings["server_name"]:
            found.append("the certificate's name is checked against upstream_balancer: proxy-ssl-name is missing")
        if found:
            self.rejected.setdefault(key_of(ingress), []).extend(found)

    def _redirect(self, ingress: Mapping[str, Any]) -> tuple[str, int] | None:
        """annotations/redirect/redirect.go: the temporal one comes first; a code that is none counts as not given."""
        told = annotations_of(ingress)
        for kind, most, otherwise in (("temporal", 307, 302), ("permanent", 308, 301)):
            if url := told.get(f"{PREFIX}{kind}-redirect"):
                if kind == "temporal" and not urlsplit(url).scheme.startswith("http"):
                    self.rejected.setdefault(key_of(ingress), []).append("only http and https are valid protocols")
                    return None
                code = int(told.get(f"{PREFIX}{kind}-redirect-code", 0))
                return url, code if 300 <= code <= most else otherwise
        return None

    @staticmethod
    def _cors(told: Mapping[str, str]) -> dict[str, Any] | None:
        if not go_bool(told.get(PREFIX + "enable-cors", "false")):
            return None
        origins = [it.strip() for it in told.get(PREFIX + "cors-allow-origin", "*").split(",")]
        if "*" in origins:
            origins = ["*"]
        return {
            "origins": [it for it in origins if it and _CORS_ORIGIN.fullmatch(it)],
            "methods": _list(told.get(PREFIX + "cors-allow-methods", _CORS_METHODS)),
            "headers": _list(told.get(PREFIX + "cors-allow-headers", _CORS_HEADERS)),
            "exposed": _list(told.get(PREFIX + "cors-expose-headers", "")),
            "credentials": bool(go_bool(told.get(PREFIX + "cors-allow-credentials", "true"))),
            "max_age": int(told.get(PREFIX + "cors-max-age", 1728000)),
        }

    @staticmethod
    def _auth(ingress: Mapping[str, Any]) -> dict[str, str] | None:
        told = annotations_of(ingress)
        if PREFIX + "auth-type" not in told:
            return None
        namespace = ingress["metadata"].get("namespace", "default")
        secret = told.get(PREFIX + "auth-secret", "")
        where, _, name = secret.rpartition("/")
        return {"secret": f"{where or namespace}/{name}", "realm": told.get(PREFIX + "auth-realm", "")}

    def _response_headers(self, ingress: Mapping[str, Any]) -> dict[str, str] | None:
        """None where the location is denied: what the ConfigMap holds must be allowed by name."""
        reference = annotations_of(ingress).get(PREFIX + "custom-headers")
        if reference is None:
            return {}
        allowed = _list(self._config.get("global-allowed-response-headers", ""))
        headers = self._headers.get(reference)
        if headers is None:
            return None
        fine = all(
            _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value) and name in allowed
            for name, value in headers.items()
        )
        return dict(headers) if fine else None

    def _upstream_settings(self) -> dict[tuple[str, str, int | str], dict[str, Any]]:
        """Affinity and balancing are the Service port's: the first to ask wins, cookies are as the last one says.

        internal/ingress/controller/controller.go, createUpstreams and getBackendServers.
        """
        found: dict[tuple[str, str, int | str], dict[str, Any]] = {}
        for ingress in self._ingresses:
            told = annotations_of(ingress)
            for _, path in _paths(ingress):
                backend = nginx.backend_of(ingress["metadata"].get("namespace", "default"), path["backend"])
                balance = told.get(PREFIX + "load-balance") or self._config.get("load-balance", "round_robin")
                settings = found.setdefault(backend, {"load_balancing": balance, "affinity": None})
                if told.get(PREFIX + "affinity") == "cookie":
                    settings["affinity"] = {
                        "name": told.get(PREFIX + "session-cookie-name", "INGRESSCOOKIE"),
                        "max_age": told.get(PREFIX + "session-cookie-max-age"),
                        "path": told.get(PREFIX + "session-cookie-path"),
                        "secure": go_bool(told.get(PREFIX + "session-cookie-secure", "false")),
                        "samesite": told.get(PREFIX + "session-cookie-samesite"),
                        "persistent": told.get(PREFIX + "affinity-mode") == "persistent",
                    }
        return found

    # The servers and their locations ---------------------------------------------------------------------------------

    def _make_servers(self) -> dict[str, _Server]:
        servers = {_DEFAULT_SERVER: _Server(_DEFAULT_SERVER, [self._hidden(None)])}
        for ingress in self._ingresses:
            for rule in ingress["spec"].get("rules", []):
                host = rule.get("host") or _DEFAULT_SERVER
                server = servers.setdefault(host, _Server(host, [self._hidden(ingress)]))
                self._certify(server, ingress)
            self._catch_all(servers[_DEFAULT_SERVER], ingress)
        for ingress in self._ingresses:
            for rule, path in _paths(ingress):
                self._add(servers[rule.get("host") or _DEFAULT_SERVER], ingress, path)
        for server in servers.values():
            server.locations = self._locations(server)
        return servers

    def _hidden(self, ingress: Mapping[str, Any] | None) -> _Place:
        """A server's own `/`. It has the annotations, and the default backend, of the Ingress that named the host
        first (createServers)."""
        if ingress is None:
            empty = {"metadata": {"name": "-"}, "spec": {}}
            return _Place("/", "Prefix", "", None, self._read(empty), hidden=True)
        backend = ingress["spec"].get("defaultBackend")
        namespace = ingress["metadata"].get("namespace", "default")
        target = nginx.backend_of(namespace, backend) if backend else None
        return _Place("/", "Prefix", key_of(ingress), target, self._settings[key_of(ingress)], hidden=True)

    @staticmethod
    def _certify(server: _Server, ingress: Mapping[str, Any]) -> None:
        """The first Ingress with a TLS section gives each of its hosts a certificate, its own or the controller's."""
        sections = ingress["spec"].get("tls") or []
        if server.certificate is not None or not sections:
            return
        named = next((it for it in sections if server.host in it.get("hosts", [])), {})
        secret = named.get("secretName", "")
        server.certificate = f"{ingress['metadata'].get('namespace', 'default')}/{secret}" if secret else ""

    def _catch_all(self, server: _Server, ingress: Mapping[str, Any]) -> None:
        """An Ingress with a default backend and no rules; its redirects and rewrites do not count."""
        spec = ingress["spec"]
        root = server.places[0]
        if not spec.get("defaultBackend") or spec.get("rules") or not root.hidden:
            return
        plain = {"rewrite": "", "regex": False, "app_root": "", "https": False, "force_https": False, "redirect": None}
        namespace = ingress["metadata"].get("namespace", "default")
        settings = {**self._settings[key_of(ingress)], **plain}
        backend = nginx.backend_of(namespace, spec["defaultBackend"])
        server.places[0] = _Place("/", "Prefix", key_of(ingress), backend, settings)

    def _add(self, server: _Server, ingress: Mapping[str, Any], path: Mapping[str, Any]) -> None:
        backend = nginx.backend_of(ingress["metadata"].get("namespace", "default"), path["backend"])
        new = _Place(
            path.get("path") or "/", path["pathType"], key_of(ingress), backend, self._settings[key_of(ingress)]
        )
        for index, there in enumerate(server.places):
            if there.path == new.path:
                if there.path_type == new.path_type:
                    if there.hidden:
                        server.places[index] = new
                    return
                break
        server.places.append(new)

    @staticmethod
    def _locations(server: _Server) -> list[Location]:
        """location.go, updateServerLocations; template.go, buildLocation."""
        ordered = sorted(server.places, key=lambda it: it.path, reverse=True)
        ordered = sorted(ordered, key=lambda it: len(it.path), reverse=True)
        exact = {it.path for it in ordered if it.path_type == "Exact"}
        written: list[tuple[_Place, str, str]] = []
        for it in ordered:
            plain = it.path == "/" or it.path_type != "Prefix" or it.rewrites or it.settings["regex"]
            if plain:
                written.append((it, it.path, it.path_type))
                continue
            below = it.path if it.path.endswith("/") else f"{it.path}/"
            written.append((it, below, "Prefix"))
            if it.path not in exact:
                written.append((it, it.path, "Exact"))
        expressions = any(it.rewrites or it.settings["regex"] for it in ordered)
        locations: list[Location] = []
        for it, path, path_type in written:
            modifier, pattern = ("~*", f"^{path}") if expressions else ("=" if path_type == "Exact" else "", path)
            # What is compared with the rewrite is the path as it has been written down.
            settings = {**it.settings, "written": path}
            locations.append(Location(modifier, pattern, it.ingress, it.backend, settings))
        return locations

    def _server(self, host: str) -> _Server:
        """Exact names come before the regular expressions that stand for wildcards (template.go, buildServerName)."""
        if host in self._servers and host != _DEFAULT_SERVER:
            return self._servers[host]
        for name, server in sorted(self._servers.items()):
            if name.startswith("*."):
                rest = re.escape(name[2:].lower())
                if re.fullmatch(rf"[\w-]+\.{rest}", host, re.ASCII):
                    return server
        return self._servers[_DEFAULT_SERVER]

    def _broken(self) -> list[str]:
        return [f"{name}: {why}" for name, it in self._servers.items() for why in nginx.broken_locations(it.locations)]

    # A request on its way ------------------------------------------------------------------------------------------

    def _app_root(self, server: _Server, request: Request, uri: str) -> Answer | None:
        for it in server.locations:
            if uri == "/" and it.settings["app_root"]:
                where = f"{request.scheme}://{request.host}{it.settings['app_root']}"
                return Answer("redirect", it.ingress, status=302, location=where)
        return None

    def _through(self, location: Location, request: Request, host: str, uri: str) -> Answer:
        """In nginx's order: the size of the body, rewriting and redirects, then who may enter, then the backend."""
        settings: dict[str, Any] = {**self._promises(location), "forwarded_for": self._forwarded_for(request)}
        refused = Answer("refused", location.ingress, settings=settings)
        if settings["body_limit"] and request.body > settings["body_limit"]:
            return replace(refused, status=413)
        if settings["response_headers"] is None:
            return replace(refused, status=503)
        if self._preflight(settings["cors"], request):
            return replace(refused, kind="preflight", status=204)
        if settings["redirect"] is not None:
            url, code = settings["redirect"]
            return replace(refused, kind="redirect", status=code, location=_absolute(url, request))
        path = self._rewrite(location, request, uri)
        if path.startswith(("http://", "https://")):
            query = request.path.partition("?")[2]
            return replace(refused, kind="redirect", status=302, location=path + (f"?{query}" if query else ""))
        if self._wants_https(settings, request, host):
            return replace(refused, kind="redirect", **self._to_https(settings, request))
        return self._proxied(location, request, path, settings)

    @staticmethod
    def _proxied(location: Location, request: Request, path: str, settings: Mapping[str, Any]) -> Answer:
        status = nginx.access(request, settings)
        if status != 200:
            return Answer("refused", location.ingress, status=status, settings=settings)
        if location.backend is None:
            return Answer("default", location.ingress, status=404, settings=settings)
        return Answer("backend", location.ingress, *location.backend, path, settings=settings)

    def _forwarded_for(self, request: Request) -> str:
        """The X-Forwarded-For that a backend gets (rootfs/etc/nginx/template/nginx.tmpl)."""
        full = all(
            go_bool(self._config.get(it, "false")) for it in ("use-forwarded-headers", "compute-full-forwarded-for")
        )
        sent = request.header("X-Forwarded-For")
        return f"{sent}, {request.client}" if full and sent else request.client

    def _promises(self, location: Location) -> dict[str, Any]:
        shared = self._upstreams.get(location.backend) if location.backend else None
        return {**location.settings, **(shared or {"load_balancing": "round_robin", "affinity": None})}

    @staticmethod
    def _preflight(cors: Mapping[str, Any] | None, request: Request) -> bool:
        if cors is None or request.method != "OPTIONS":
            return False
        if cors["origins"] == ["*"]:
            return True
        origin = request.header("Origin")
        choices = "|".join(re.escape(it).replace(r"\*", r"[A-Za-z0-9\-]+") for it in cors["origins"])
        return re.search(f"({choices})$", origin, re.IGNORECASE) is not None

    @staticmethod
    def _rewrite(location: Location, request: Request, uri: str) -> str:
        target = location.settings["rewrite"]
        path = location.settings["written"]
        if not target or target == path:
            return nginx.as_received(request.path)
        changed = nginx.rewritten(path, target, uri, ignore_case=True)
        return nginx.as_received(request.path) if changed is None else changed

    def _certificate_names(self, host: str) -> Sequence[str]:
        return host, f"*.{host.partition('.')[2]}"

    def _wants_https(self, settings: Mapping[str, Any], request: Request, host: str) -> bool:
        """rootfs/etc/nginx/lua/lua_ingress.lua, redirect_to_https."""
        scheme = request.scheme
        if go_bool(self._config.get("use-forwarded-headers", "false")):
            scheme = request.header("X-Forwarded-Proto") or scheme
        if scheme != "http":
            return False
        configured = any(
            name in self._servers and self._servers[name].certificate is not None
            for name in self._certificate_names(host)
        )
        return settings["force_https"] or (settings["https"] and configured)

    def _to_https(self, settings: Mapping[str, Any], request: Request) -> dict[str, Any]:
        where = request.path if settings["keep_slash"] else request.path.removesuffix("/")
        code = int(self._config.get("http-redirect-code", "308"))
        return {"status": code, "location": f"https://{request.host.partition(':')[0]}{where}"}


def _absolute(url: str, request: Request) -> str:
    """nginx makes a redirect to a path absolute, with the scheme that it was asked with itself."""
    return url if "://" in url else f"{request.scheme}://{request.host}{url}"


def _list(text: str) -> list[str]:
    return [it.strip() for it in text.split(",") if it.strip()]


def _paths(ingress: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return [
        (rule, path)
        for rule in ingress["spec"].get("rules", [])
        for path in rule.get("http", {}).get("paths", [])
        if "service" in path["backend"]
    ]
