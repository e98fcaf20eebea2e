"""What F5 NGINX Ingress Controller v5.5.4 (open source) does with Ingresses, read from its own sources.

`F5Nginx` is given the objects of a cluster and answers what a client's request meets. What the controller rejects,
or drops without a word, is told by `rejected` and `ignored`; what makes nginx refuse its configuration by `broken`.
The sources are named where a rule is not plain from the documentation: a path below
https://github.com/nginx/kubernetes-ingress at the tag v5.5.4. Of VirtualServers it knows those that redirect.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.unit.readers import nginx
from tests.unit.readers.f5_nginx_values import KNOWN, rewrites_of, sticky_of
from tests.unit.readers.nginx import Answer, Location, Request, annotations_of, go_bool, key_of

ORG = "nginx.org/"
_TYPE = ORG + "mergeable-ingress-type"
# internal/configs/annotations.go
_NOT_ON_A_MASTER = (
    "rewrites",
    "ssl-services",
    "grpc-services",
    "websocket-services",
    "sticky-cookie-services",
    "use-cluster-ip",
)
_NOT_ON_A_MINION = (
    "proxy-hide-headers",
    "proxy-pass-headers",
    "redirect-to-https",
    "ssl-redirect",
    "http-redirect-code",
    "hsts",
    "hsts-max-age",
    "hsts-include-subdomains",
    "server-tokens",
    "listen-ports",
    "listen-ports-ssl",
    "server-snippets",
    "ssl-ciphers",
    "ssl-prefer-server-ciphers",
    "app-root",
)
_INHERITED = re.compile(
    r"proxy-(connect|read|send)-timeout|client-max-body-size|proxy-buffering|proxy-buffers|proxy-buffer-size"
    r"|proxy-busy-buffers-size|proxy-max-temp-file-size|upstream-zone-size|lb-method|keepalive|max-fails|max-conns"
    r"|fail-timeout|limit-req-(rate|key|zone-size|delay|no-delay|burst|dry-run|log-level|reject-code|scale)"
)
# Those that a plain Ingress or a master has for the whole server.
_POLICIES = ("accessControl", "cors", "egressMTLS", "ingressMTLS", "externalAuth")


@dataclass
class _Server:
    host: str
    ingress: str
    tls: bool
    certificate: str | None
    settings: Mapping[str, Any]
    """What holds for the host as a whole."""
    locations: list[Location] = field(default_factory=list[Location])

    @property
    def grpc_only(self) -> bool:
        return bool(self.locations) and all(it.settings["protocol"].startswith("GRPC") for it in self.locations)


class F5Nginx:
    """One controller, and what it has been given.

    :param manifests: The objects of the cluster, Ingresses in the order of their creation: the oldest first.
    :param config_map: The `data` of the controller's ConfigMap.
    :param class_name: The IngressClass that is the controller's; every Ingress is, where it is None.
    :param custom_resources: Whether it reads its own resources.
    :param empty_host: Whether it was told -allow-empty-ingress-host.
    :param missing: The Secrets of certificates that don't exist, as namespace/name.
    """

    def __init__(
        self,
        manifests: Iterable[Mapping[str, Any]],
        *,
        config_map: Mapping[str, str] | None = None,
        class_name: str | None = None,
        custom_resources: bool = False,
        empty_host: bool = False,
        missing: Iterable[str] = (),
    ) -> None:
        self._config = config_map or {}
        self._custom = custom_resources
        self._empty_host = empty_host
        self._missing = frozenset(missing)
        every = list(manifests)
        self._policies = {key_of(it): it["spec"] for it in every if it["kind"] == "Policy"}
        self.rejected: dict[str, list[str]] = {}
        """Ingresses, or paths of them, that are not served, and why."""
        self.ignored: dict[str, list[str]] = {}
        """Annotations that have no effect."""
        self.broken: list[str] = []
        """Why nginx would refuse the whole configuration."""
        mine = [it for it in every if it["kind"] == "Ingress" and self._mine(it, class_name)]
        valid = [it for it in mine if not self._problems(it)]
        self._servers: dict[str, _Server] = {}
        minions = [it for it in valid if _kind(it) == "minion"]
        for ingress in valid:
            if _kind(ingress) != "minion":
                self._serve(ingress, minions)
        for manifest in every:
            if manifest["kind"] == "VirtualServer" and custom_resources:
                self._serve_virtual(manifest)
        for minion in minions:
            host = minion["spec"]["rules"][0].get("host", "")
            if not self._has_master(host):
                self._reject(minion, "no master has its host")
        for name, server in self._servers.items():
            self.broken += [f"{name}: {why}" for why in nginx.broken_locations(server.locations)]

    def answer(self, request: Request) -> Answer:
        """What a client meets."""
        uri = nginx.normalized(request.path)
        host = nginx.host_name(request.host)
        if uri is None or not host:
            return Answer("refused", status=400)
        server = self._server(host)
        if server is None or not self._listens(server, request.scheme):
            # The default server: the controller's own, or that of an Ingress without a host.
            server = self._servers.get("")
        if server is None:
            return Answer("default", status=int(self._config.get("default-server-return", "404")))
        if request.scheme == "https" and server.certificate in self._missing:
            # internal/configs/ingress.go, addSSLConfig: ssl_reject_handshake.
            return Answer("refused", server.ingress)
        if (redirect := self._server_redirect(server, request, host, uri)) is not None:
            return redirect
        location = nginx.pick(server.locations, uri)
        if location is None:
            return Answer("default", server.ingress, status=404)
        return self._through(location, request, uri, host)

    def certificate(self, host: str) -> str | None:
        """The Secret whose certificate a client is shown, as namespace/name; None for the controller's own."""
        server = self._server(host)
        return server.certificate if server is not None and server.tls else None

    # Which Ingresses count ------------------------------------------------------------------------------------------

    @staticmethod
    def _mine(ingress: Mapping[str, Any], class_name: str | None) -> bool:
        return class_name is None or ingress["spec"].get("ingressClassName") == class_name

    def _reject(self, ingress: Mapping[str, Any], why: str) -> None:
        self.rejected.setdefault(key_of(ingress), []).append(why)

    def _ignore(self, ingress: Mapping[str, Any], name: str) -> None:
        self.ignored.setdefault(key_of(ingress), []).append(name)

    def _problems(self, ingress: Mapping[str, Any]) -> bool:
        found: list[str] = []
        told = _own(ingress)
        for name, value in told.items():
            if name.endswith("-snippets"):
                found.append(f"{name}: snippets are off")
            elif name not in KNOWN:
                self._ignore(ingress, name)
            elif not KNOWN[name](value, ingress):
                found.append(f"{name}: invalid value {value!r}")
        found += [f"{it} needs hsts" for it in told if it.startswith("hsts-") and "hsts" not in told]
        if "basic-auth-realm" in told and "basic-auth-secret" not in told:
            found.append("basic-auth-realm needs basic-auth-secret")
        found += self._spec_problems(ingress)
        for why in found:
            self._reject(ingress, why)
        return bool(found)

    def _spec_problems(self, ingress: Mapping[str, Any]) -> list[str]:
        spec, kind = ingress["spec"], _kind(ingress)
        rules = spec.get("rules", [])
        hosts = [it.get("host", "") for it in rules]
        paths = [path for rule in rules for path in rule.get("http", {}).get("paths", [])]
        found = [] if rules else ["rules are required"]
        if len(set(hosts)) < len(hosts):
            found.append("a host stands twice")
        if "" in hosts and not self._empty_host:
            found.append("a host is required")
        if kind and len(rules) != 1:
            found.append(f"a {kind} has one rule")
        if kind == "master" and paths:
            found.append("a master has no paths")
        if kind == "minion" and not paths:
            found.append("a minion has a path")
        if kind == "minion" and spec.get("tls"):
            found.append("a minion has no TLS")
        return found + [f"invalid path {it['path']!r}" for it in paths if not _valid_path(it)]

    def _has_master(self, host: str) -> bool:
        server = self._servers.get(host)
        return server is not None and bool(server.settings.get("master"))

    # The servers and their locations -------------------------------------------------------------------------------

    def _serve(self, ingress: Mapping[str, Any], minions: Sequence[Mapping[str, Any]]) -> None:
        """The oldest resource of a host has it (internal/k8s/configuration.go, buildHostsAndResources)."""
        master = _kind(ingress) == "master"
        told = dict(_own(ingress))
        for name in _NOT_ON_A_MASTER if master else ():
            if told.pop(name, None) is not None:
                self._ignore(ingress, name)
        for rule in ingress["spec"]["rules"]:
            host = rule.get("host", "").lower()
            if host in self._servers:
                self._reject(ingress, f"host {host} is taken by another resource")
                continue
            tls, certificate = _certificate(ingress, host)
            whole = self._server_settings(ingress, told, master=master)
            server = _Server(host, key_of(ingress), tls, certificate, whole)
            self._servers[host] = server
            if master:
                self._merge(server, ingress, told, minions)
            else:
                self._place(server, ingress, told, rule.get("http", {}).get("paths", []), default=True)

    def _merge(
        self, server: _Server, master: Mapping[str, Any], told: Mapping[str, str], minions: Sequence[Mapping[str, Any]]
    ) -> None:
        """A path belongs to the oldest minion that has it, whatever its type; minions are written down by name.

        internal/k8s/configuration.go, buildMinionConfigs; internal/configs/annotations.go, minionInheritanceList.
        """
        mine = [it for it in minions if it["spec"]["rules"][0].get("host", "").lower() == server.host]
        holders: dict[str, str] = {}
        for minion in mine:
            for path in minion["spec"]["rules"][0]["http"]["paths"]:
                holder = holders.setdefault(path.get("path", ""), key_of(minion))
                if holder != key_of(minion):
                    self._reject(minion, f"path {path.get('path')} is taken by {holder}")
        for minion in sorted(mine, key=key_of):
            own = dict(_own(minion))
            for name in _NOT_ON_A_MINION:
                if own.pop(name, None) is not None:
                    self._ignore(minion, name)
            if minion["spec"].get("defaultBackend"):
                self._ignore(minion, "defaultBackend")
            inherited = {name: value for name, value in told.items() if _INHERITED.fullmatch(name)}
            headers = ",".join(it for it in (own.get("proxy-set-headers"), told.get("proxy-set-headers")) if it)
            merged = {**inherited, **own, **({"proxy-set-headers": headers} if headers else {})}
            paths = minion["spec"]["rules"][0]["http"]["paths"]
            valid = [it for it in paths if holders[it.get("path", "")] == key_of(minion)]
            self._place(server, minion, merged, valid, default=False)
        backstop = master["spec"].get("defaultBackend")
        if backstop and server.host != "":
            self._ignore(master, "defaultBackend")
        if server.host == "" and not backstop and any(it.modifier + it.pattern == "/" for it in server.locations):
            # A master without a host has a `location /` of the controller's own, which answers 404, unless it has a
            # default backend, which is left out (internal/configs/ingress.go, DefaultServerReturn; seen on 5.5.4).
            # nginx then loads no configuration any more, so no change to any Ingress takes effect.
            self.broken.append('duplicate location "/"')

    def _place(
        self,
        server: _Server,
        ingress: Mapping[str, Any],
        told: Mapping[str, str],
        paths: Sequence[Mapping[str, Any]],
        *,
        default: bool,
    ) -> None:
        namespace = ingress["metadata"].get("namespace", "default")
        for path in paths:
            backend = nginx.backend_of(namespace, path["backend"])
            modifier, pattern = self._location(told, path)
            settings = self._location_settings(server, ingress, told, backend[1], modifier, pattern)
            server.locations.append(Location(modifier, pattern, key_of(ingress), backend, settings))
        backstop = ingress["spec"].get("defaultBackend") if default else None
        if backstop and not any(it.pattern == "/" and it.modifier == "" for it in server.locations):
            backend = nginx.backend_of(namespace, backstop)
            settings = self._location_settings(server, ingress, told, backend[1], "", "/")
            server.locations.append(Location("", "/", key_of(ingress), backend, settings))

    def _location(self, told: Mapping[str, str], path: Mapping[str, Any]) -> tuple[str, str]:
        """internal/configs/version1/template_helper.go, makeLocationPath."""
        text = path.get("path") or "/"
        exact = path["pathType"] == "Exact"
        kind = told.get("path-regex")
        if kind is None:
            return ("=" if exact else ""), text
        if exact:
            # The sign goes into the quotes with the path, and nothing ever fits.
            self.broken.append(f"path-regex with the exact path {text}")
        return {"case_sensitive": ("~", f"^{text}"), "case_insensitive": ("~*", f"^{text}"), "exact": ("=", text)}[kind]

    def _server_settings(self, ingress: Mapping[str, Any], told: Mapping[str, str], *, master: bool) -> dict[str, Any]:
        def truth(name: str, otherwise: str) -> bool:
            return bool(go_bool(told.get(name, self._config.get(name, otherwise))))

        return {
            "master": master,
            "ssl_redirect": truth("ssl-redirect", "true"),
            "redirect_to_https": truth("redirect-to-https", "false"),
            "code": int(told.get("http-redirect-code", self._config.get("http-redirect-code", "301"))),
            "app_root": told.get("app-root", ""),
            "auth": _auth(ingress, told) if "basic-auth-secret" in told else None,
            "response_headers": _added(told.get("add-header", self._config.get("add-header", ""))),
            **self._policy_settings(ingress, told),
        }

    def _location_settings(
        self,
        server: _Server,
        ingress: Mapping[str, Any],
        told: Mapping[str, str],
        service: str,
        modifier: str,
        pattern: str,
    ) -> dict[str, Any]:
        def get(name: str, otherwise: str) -> str:
            return told.get(name, self._config.get(name, otherwise))

        def among(name: str) -> bool:
            return service in told.get(name, "").split(",")

        minion = _kind(ingress) == "minion"
        grpc, tls = among("grpc-services"), among("ssl-services")
        if grpc and not go_bool(self._config.get("http2", "false")):
            self._ignore(ingress, "grpc-services")
            grpc = False
        rewrite = (rewrites_of(told.get("rewrites", "")) or {}).get(service, "")
        target = "" if "rewrites" in told else told.get("rewrite-target", "")
        self._note_breaks(server, told, modifier, pattern, rewrite, target, grpc=grpc)
        own_policies = self._policy_settings(ingress, told) if minion else {}
        # A location that says who may enter, or which headers to add, has no more of the server's.
        whole = {name: server.settings.get(name) for name in ("allowed", "denied", "cors", "verify", "trusted")}
        policies = {**whole, **{name: value for name, value in own_policies.items() if value}}
        if own_policies.get("allowed") or own_policies.get("denied"):
            policies.update({name: own_policies.get(name, []) for name in ("allowed", "denied")})
        added = _added(told.get("add-header", "")) if minion else {}
        hides = (added or policies["cors"]) and told.get("add-header-inherit", "on").strip().lower() != "merge"
        limit = get("client-max-body-size", "1m").strip().lower()
        settings: dict[str, Any] = {
            **policies,
            "error": own_policies.get("error") or server.settings.get("error"),
            "rewrite": rewrite,
            "target": target,
            "ignore_case": told.get("path-regex") == "case_insensitive",
            "anchored": "path-regex" in told and told["path-regex"] != "exact",
            **{f"{it}_timeout": nginx.seconds(get(f"proxy-{it}-timeout", "60s")) for it in ("connect", "read", "send")},
            "protocol": ("GRPC" if grpc else "HTTP") + ("S" if tls else ""),
            "websocket": among("websocket-services") and not grpc,
            "load_balancing": get("lb-method", "random two least_conn").strip(),
            "affinity": _affinity((sticky_of(told.get("sticky-cookie-services", "")) or {}).get(service)),
            "auth": (_auth(ingress, told) if minion and "basic-auth-secret" in told else None)
            or server.settings["auth"],
            "response_headers": added if hides else {**self._server_headers(server), **added},
            "hides_server_headers": bool(hides),
            "redirects_by_header": server.settings["redirect_to_https"],
            # The template writes the headers of CORS into the location and into the `if` that answers preflights,
            # which inherits the location's if they are merged (seen on 5.5.4).
            "cors_copies": 2 if policies["cors"] and not hides else 1,
            "connections": 0,
            # What a location for gRPC is written without.
            "body_limit": nginx.size("1m" if grpc else limit),
            "request_headers": {} if grpc else _set(get("proxy-set-headers", "")),
            "request_buffering": not grpc,
            "response_buffering": not grpc and bool(go_bool(get("proxy-buffering", "true"))),
            "host_header": None,
        }
        if rate := re.fullmatch(r"(\d+)r/([sm])", told.get("limit-req-rate", "").strip()):
            settings["rate"] = {
                "requests": int(rate[1]),
                "per": "second" if rate[2] == "s" else "minute",
                "burst": int(told.get("limit-req-burst", "0")),
                "status": int(told.get("limit-req-reject-code", "429")),
                "delays": not go_bool(told.get("limit-req-no-delay", "false")),
            }
        return settings

    def _server_headers(self, server: _Server) -> dict[str, str]:
        """What the server adds to responses over TLS (nginx.ingress.tmpl)."""
        headers = dict(server.settings["response_headers"])
        if server.tls and go_bool(self._config.get("hsts", "false")):
            subdomains = go_bool(self._config.get("hsts-include-subdomains", "false"))
            age = self._config.get("hsts-max-age", "2592000")
            parts = [f"max-age={age}", *(["includeSubDomains"] if subdomains else []), "preload"]
            headers["Strict-Transport-Security"] = "; ".join(parts)
        return headers

    def _note_breaks(
        self,
        server: _Server,
        told: Mapping[str, str],
        modifier: str,
        pattern: str,
        rewrite: str,
        target: str,
        *,
        grpc: bool,
    ) -> None:
        where = f"{server.host}{pattern}"
        if rewrite and grpc:
            self.broken.append(f"{where}: grpc_pass takes no path")
        if rewrite and modifier.startswith("~"):
            self.broken.append(f"{where}: proxy_pass takes no path in a location that is a regular expression")
        if target and modifier == "=" and "path-regex" not in told:
            self.broken.append(f"{where}: rewrite-target of an exact path is written as 'rewrite = {pattern}'")
        if target and re.search(r"[\s;{}\"']", pattern):
            self.broken.append(f"{where}: the pattern of the rewrite is not quoted")
        if grpc and not server.tls:
            self.broken.append(f"{where}: without TLS there is no HTTP/2, and no gRPC")

    def _policy_settings(self, ingress: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
        """internal/configs/policy.go, generatePolicies."""
        found: dict[str, Any] = {"allowed": [], "denied": [], "cors": None, "verify": False, "trusted": None}
        if "policies" not in told:
            return found
        if not self._custom:
            self._ignore(ingress, "policies")
            return found
        namespace = ingress["metadata"].get("namespace", "default")
        for name in told["policies"].split(","):
            given = name.strip()
            spec = self._policies.get(given if "/" in given else f"{namespace}/{given}")
            if spec is None or len(spec) != 1 or next(iter(spec)) not in _POLICIES:
                self._reject(ingress, f"policy {given} is missing, or not for an Ingress: 500")
                return {**found, "error": 500}
            self._apply(ingress, found, spec)
        if found["allowed"]:
            # Written first, with `deny all` after it.
            found["denied"] = []
        return found

    def _apply(self, ingress: Mapping[str, Any], found: dict[str, Any], spec: Mapping[str, Any]) -> None:
        control = spec.get("accessControl")
        if control is not None:
            if len(control) != 1:
                self._reject(ingress, "an access control has either allow or deny")
            for side, name in (("allow", "allowed"), ("deny", "denied")):
                found[name] = found[name] + [
                    str(ipaddress.ip_network(it, strict=False)) for it in control.get(side, [])
                ]
        if cors := spec.get("cors"):
            found["cors"] = {
                "origins": list(cors.get("allowOrigin", [])),
                "methods": list(cors.get("allowMethods", [])),
                "headers": list(cors.get("allowHeaders", [])),
                "exposed": list(cors.get("exposeHeaders", [])),
                "credentials": bool(cors.get("allowCredentials", False)),
                "max_age": cors.get("maxAge"),
            }
        if egress := spec.get("egressMTLS"):
            found["verify"] = bool(egress.get("verifyServer", False))
            found["trusted"] = egress.get("trustedCertSecret")
            found["server_name"] = egress.get("sslName")
            if found["verify"] and not found["trusted"]:
                self._reject(ingress, "verifyServer needs trustedCertSecret")

    def _serve_virtual(self, manifest: Mapping[str, Any]) -> None:
        """A VirtualServer of redirects alone."""
        spec = manifest["spec"]
        host = spec["host"].lower()
        if host in self._servers:
            self._reject(manifest, f"host {host} is taken by another resource")
            return
        tls = spec.get("tls")
        namespace = manifest["metadata"].get("namespace", "default")
        certificate = f"{namespace}/{tls['secret']}" if tls and tls.get("secret") else None
        https = (tls or {}).get("redirect", {})
        whole = {
            "virtual": True,
            "ssl_redirect": bool(https.get("enable")) and https.get("basedOn", "scheme") == "scheme",
            "redirect_to_https": bool(https.get("enable")) and https.get("basedOn") == "x-forwarded-proto",
            "code": https.get("code", 301),
            "app_root": "",
        }
        server = _Server(host, key_of(manifest), tls is not None, certificate, whole)
        for route in spec["routes"]:
            redirect = route["action"]["redirect"]
            self._check_redirect(manifest, redirect)
            text = route["path"]
            modifier = re.match(r"=|~\*?|", text)
            assert modifier is not None
            settings = {"url": redirect["url"], "status": redirect.get("code", 301), "protocol": "HTTP"}
            pattern = text[modifier.end() :].strip()
            server.locations.append(Location(modifier[0], pattern, key_of(manifest), None, settings))
        self._servers[host] = server

    def _check_redirect(self, manifest: Mapping[str, Any], redirect: Mapping[str, Any]) -> None:
        """pkg/apis/configuration/validation/virtualserver.go, validateActionRedirect."""
        named = set(re.findall(r"\$\{([^}]*)\}", redirect["url"]))
        bare = re.sub(r"\$\{[^}]*\}", "", redirect["url"])
        known = named <= {"scheme", "http_x_forwarded_proto", "request_uri", "host"}
        if "://" not in redirect["url"] or not known or set(bare) & set('$"\\{}; \n'):
            self._reject(manifest, f"invalid redirect {redirect['url']!r}")
        if redirect.get("code", 301) not in (301, 302, 307, 308):
            self._reject(manifest, f"invalid code {redirect['code']}")

    # A request on its way ---------------------------------------------------------------------------------------------

    def _server(self, host: str) -> _Server | None:
        """Exact names first, then the longest wildcard, which takes any number of labels (nginx's server_name)."""
        if host and host in self._servers:
            return self._servers[host]
        fitting = [it for name, it in self._servers.items() if name.startswith("*.") and host.endswith(name[1:])]
        return max(fitting, key=lambda it: len(it.host), default=None) or self._servers.get("")

    def _listens(self, server: _Server, scheme: str) -> bool:
        if scheme == "https":
            return server.tls or server.host == ""
        return not server.grpc_only or server.host == ""

    @staticmethod
    def _server_redirect(server: _Server, request: Request, host: str, uri: str) -> Answer | None:
        """What the server does before any location is looked for (nginx.ingress.tmpl)."""
        told = server.settings
        answer = Answer("redirect", server.ingress, status=told["code"], settings=told)
        if told.get("error"):
            return Answer("refused", server.ingress, status=told["error"])
        if server.tls and told["ssl_redirect"] and request.scheme == "http":
            port = "" if told.get("virtual") else ":443"
            return replace(answer, location=f"https://{host}{port}{request.path}")
        if told["redirect_to_https"] and request.header("X-Forwarded-Proto") == "http":
            return replace(answer, location=f"https://{host}{request.path}")
        if told["app_root"] and uri == "/":
            return replace(answer, status=302, location=f"{request.scheme}://{request.host}{told['app_root']}")
        return None

    def _through(self, location: Location, request: Request, uri: str, host: str) -> Answer:
        settings = location.settings
        refused = Answer("refused", location.ingress, settings=settings)
        if location.backend is None:
            values = {"scheme": request.scheme, "host": host, "request_uri": request.path}
            url = re.sub(
                r"\$\{([^}]*)\}", lambda it: values.get(it[1], request.header("X-Forwarded-Proto")), settings["url"]
            )
            return replace(refused, kind="redirect", status=settings["status"], location=url)
        if settings["body_limit"] and request.body > settings["body_limit"]:
            return replace(refused, status=413)
        if settings["error"]:
            return replace(refused, status=settings["error"])
        path, ended = self._rewritten(location, request, uri)
        # `break` ends the rewriting, and with it the `if` that answers preflights.
        if settings["cors"] is not None and request.method == "OPTIONS" and not ended:
            return replace(refused, kind="preflight", status=204)
        if (status := nginx.access(request, settings)) != 200:
            return replace(refused, status=status)
        namespace, service, port = location.backend
        # $proxy_add_x_forwarded_for: what the client claims stays in front.
        sent = request.header("X-Forwarded-For")
        settings = {
            **settings,
            "forwarded_for": f"{sent}, {request.client}" if sent else request.client,
            # nginx.ingress.tmpl: https if the server redirects by the header, else $scheme, whatever the client sent.
            "forwarded_proto": "https" if settings["redirects_by_header"] else request.scheme,
        }
        return Answer("backend", location.ingress, namespace, service, port, path, settings=settings)

    @staticmethod
    def _rewritten(location: Location, request: Request, uri: str) -> tuple[str, bool]:
        settings = location.settings
        if settings["target"]:
            pattern = location.pattern.removeprefix("^")
            if settings["anchored"]:
                pattern = f"^{pattern}"
            changed = nginx.rewritten(pattern, settings["target"], uri, ignore_case=settings["ignore_case"])
            return (nginx.as_received(request.path), False) if changed is None else (changed, True)
        if settings["rewrite"]:
            # proxy_pass with a path: it takes the place of the location's own.
            return settings["rewrite"] + uri[len(location.pattern) :], False
        return nginx.as_received(request.path), False


def _own(ingress: Mapping[str, Any]) -> dict[str, str]:
    return {name.removeprefix(ORG): value for name, value in annotations_of(ingress).items() if name.startswith(ORG)}


def _kind(ingress: Mapping[str, Any]) -> str:
    return annotations_of(ingress).get(_TYPE, "")


def _valid_path(path: Mapping[str, Any]) -> bool:
    """internal/k8s/validation.go, validatePath. A path that holds what nginx would take for more of its own language
    counts as invalid too: it is written down without quotes."""
    text = path.get("path", "")
    if text == "":
        return path["pathType"] == "ImplementationSpecific"
    if not re.fullmatch(r"/[^\s;]*", text) or text.startswith("//") or ".." in re.split(r"[/\\]", text):
        return False
    if re.search(r"\{[^}]*[A-Za-z][^}]*\}|[\"']", text):
        return False
    return re.fullmatch(r"/etc/|/root|/var|\\n|\\r", text) is None


def _certificate(ingress: Mapping[str, Any], host: str) -> tuple[bool, str | None]:
    """internal/configs/ingress.go, addSSLConfig: the host stands in the section letter by letter."""
    for section in ingress["spec"].get("tls") or []:
        if host in section.get("hosts", []):
            secret = section.get("secretName")
            return True, f"{ingress['metadata'].get('namespace', 'default')}/{secret}" if secret else None
    return False, None


def _auth(ingress: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, str]:
    namespace = ingress["metadata"].get("namespace", "default")
    return {"secret": f"{namespace}/{told['basic-auth-secret']}", "realm": told.get("basic-auth-realm", "")}


def _affinity(told: str | None) -> dict[str, Any] | None:
    """https://nginx.org/en/docs/http/ngx_http_upstream_module.html#sticky"""
    if told is None:
        return None
    name, *parameters = told.split()
    values: dict[str, str] = {}
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        values[key] = value
    return {
        "name": name,
        "max_age": values.get("expires"),
        "path": values.get("path"),
        "secure": "secure" in values,
        "samesite": values.get("samesite"),
        # The cookie names the pod, as long as that is there.
        "persistent": True,
    }


def _added(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in filter(None, (it.strip() for it in text.split(","))):
        name, value = (*(it.strip() for it in entry.split(":", 2)), "")[:2]
        # One line each; whoever receives them joins them (RFC 9110, section 5.3).
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _set(text: str) -> dict[str, str]:
    """The first of a name counts: a minion's come before the master's."""
    found: dict[str, str] = {}
    for entry in filter(None, (it.strip() for it in text.split(","))):
        name, colon, value = entry.partition(":")
        told = value.strip() if colon else f"$http_{name.strip().lower().replace('-', '_')}"
        if name.strip().lower() not in {it.lower() for it in found}:
            found[name.strip()] = told
    return found
