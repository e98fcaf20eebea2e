"""The parts of the controllers' templates that the readers model, as configuration for a plain nginx.

Transcribed from F5 NGINX Ingress Controller v5.5.4 (`internal/configs/version1/nginx.ingress.tmpl`, `ingress.go`) and
ingress-nginx controller-v1.15.1 (`rootfs/etc/nginx/template/nginx.tmpl`, `template.go`, `location.go`), for Ingresses
as Portico writes them: which server and which location takes a request, patterns, headers, rewriting, passwords,
sources, and limits.

What differs from the templates: nginx listens on sockets, and learns the client's address from a header; each Service
is one upstream without TLS, and another one with HTTP/2 for gRPC. Left out is what this nginx can't run. Of
ingress-nginx, this is its Lua: the choice of a pod, and redirects to TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.unit.readers.nginx import annotations_of, go_bool, key_of

Manifests = Sequence[Mapping[str, Any]]
CLIENT = "X-Test-Client"
_ORG = "nginx.org/"
_COMMUNITY = "nginx.ingress.kubernetes.io/"
_GRPC_ERRORS = (400, 401, 403, 404, 405, 408, 414, 426, 500, 501, 502, 503, 504)


class Configuration:
    """What a template writes: the http block's own lines, and the servers."""

    def __init__(self, folder: Path, manifests: Manifests) -> None:
        self.folder = folder
        self.http: list[str] = []
        self.servers: list[str] = []
        self.services: set[str] = set()
        self.grpc_services: set[str] = set()
        self.secrets = {key_of(it): it.get("stringData", {}) for it in manifests if it["kind"] == "Secret"}

    def server(self, names: str, lines: Iterable[str], *, default: bool = False) -> None:
        mark = " default_server" if default else ""
        listening = [
            f"listen unix:{self.folder}/http.sock{mark};",
            f"listen unix:{self.folder}/https.sock ssl{mark};",
            f"server_name {names};",
        ]
        self.servers.append("server {\n" + "\n".join([*listening, *lines]) + "\n}")

    def upstream(self, service: str) -> str:
        self.services.add(service)
        return f"http://{service}"

    def grpc_upstream(self, service: str) -> str:
        self.grpc_services.add(service)
        return f"grpc://grpc-{service}"

    def passwords(self, key: str, field: str) -> str:
        """The file with the users of a Secret."""
        path = self.folder / f"{key.replace('/', '-')}.htpasswd"
        path.write_text(self.secrets[key][field])
        return str(path)

    def text(self) -> str:
        """The whole configuration. Each Service answers with its name and the URI that it was asked for."""
        f = self.folder
        backends = [
            f"upstream {service} {{ server unix:{f}/{service}.sock; }}\n"
            f"server {{ listen unix:{f}/{service}.sock; add_header X-Service {service} always; "
            "add_header X-Uri $request_uri always; return 200; }"
            for service in sorted(self.services)
        ]
        backends += [
            f"upstream grpc-{service} {{ server unix:{f}/grpc-{service}.sock; }}\n"
            f"server {{ listen unix:{f}/grpc-{service}.sock; http2 on; add_header X-Service {service} always; "
            "add_header X-Uri $request_uri always; return 200; }"
            for service in sorted(self.grpc_services)
        ]
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        lines = [
            *(f"{kind}_temp_path {f}/{kind};" for kind in kinds),
            "access_log off;",
            "server_names_hash_bucket_size 256;",
            "variables_hash_bucket_size 256;",
            f"ssl_certificate {f}/tls.crt;",
            f"ssl_certificate_key {f}/tls.key;",
            "set_real_ip_from unix:;",
            f"real_ip_header {CLIENT};",
            *self.http,
            *backends,
            *self.servers,
        ]
        top = [
            "daemon off;",
            "master_process off;",
            "worker_processes 1;",
            f"pid {f}/pid;",
            f"error_log {f}/error.log;",
        ]
        return "\n".join([*top, "events {}", "http {", *lines, "}"])


def of_f5_nginx(folder: Path, manifests: Manifests, config: Mapping[str, str]) -> str:
    """What F5 NGINX Ingress Controller writes for masters, minions, and VirtualServers that redirect."""
    written = Configuration(folder, manifests)
    template = _F5Template(written, manifests, config)
    ingresses = [it for it in manifests if it["kind"] == "Ingress"]
    masters = [it for it in ingresses if _own(it).get("mergeable-ingress-type") == "master"]
    for master in masters:
        host = master["spec"]["rules"][0].get("host", "")
        minions = [it for it in ingresses if it not in masters and it["spec"]["rules"][0].get("host", "") == host]
        template.master(host, master, sorted(minions, key=key_of))
    for virtual in (it for it in manifests if it["kind"] == "VirtualServer"):
        template.virtual_server(virtual)
    if all(it["spec"]["rules"][0].get("host") for it in masters):
        written.server("_", ["location / { return 404; }"], default=True)
    return written.text()


def _own(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {key.removeprefix(_ORG): value for key, value in annotations_of(manifest).items() if key.startswith(_ORG)}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _F5Template:
    def __init__(self, written: Configuration, manifests: Manifests, config: Mapping[str, str]) -> None:
        self._written = written
        self._config = config
        self._policies = {key_of(it): it["spec"] for it in manifests if it["kind"] == "Policy"}

    def master(self, host: str, master: Mapping[str, Any], minions: Manifests) -> None:
        told, tls = _own(master), bool(master["spec"].get("tls"))
        code = told.get("http-redirect-code", "301")
        lines: list[str] = []
        if tls and go_bool(self._config.get("hsts", "false")):
            subdomains = go_bool(self._config.get("hsts-include-subdomains", "false"))
            value = f"max-age={self._config['hsts-max-age']}; {'includeSubDomains; ' if subdomains else ''}preload"
            lines += ['set $hsts_header_val "";', f'if ($https = on) {{ set $hsts_header_val "{value}"; }}']
            lines.append('add_header Strict-Transport-Security "$hsts_header_val" always;')
        if tls and go_bool(told.get("ssl-redirect", "true")):
            lines.append(f"if ($scheme = http) {{ return {code} https://$host:443$request_uri; }}")
        if go_bool(told.get("redirect-to-https", "false")):
            lines.append(f"if ($http_x_forwarded_proto = 'http') {{ return {code} https://$host$request_uri; }}")
        if "app-root" in told:
            lines.append(f"if ($uri = /) {{ return 302 $scheme://$http_host{told['app-root']}; }}")
        for minion in minions:
            lines += self._locations(minion)
        if any("grpc-services" in _own(minion) for minion in minions):
            lines += [
                f'location @grpcerror{code} {{ default_type application/grpc; return {code} "\\n"; }}'
                for code in _GRPC_ERRORS
            ]
        if not host and "defaultBackend" not in master["spec"]:
            lines.append("location / { return 404; }")
        self._written.server(host or "_", lines, default=not host)

    def virtual_server(self, manifest: Mapping[str, Any]) -> None:
        spec = manifest["spec"]
        lines: list[str] = []
        for route in spec["routes"]:
            redirect = route["action"]["redirect"]
            url = re.sub(r"\$\{(\w+)\}", r"${\1}", redirect["url"])
            where = route["path"].replace("=", "= ", 1) if route["path"].startswith("=") else route["path"]
            lines.append(f'location {where} {{ return {redirect.get("code", 301)} "{url}"; }}')
        self._written.server(spec["host"], lines)

    def _locations(self, minion: Mapping[str, Any]) -> Iterator[str]:
        told = _own(minion)
        zone = key_of(minion)
        if "limit-req-rate" in told:
            key = told["limit-req-key"]
            self._written.http.append(f"limit_req_zone {key} zone={zone}:10m rate={told['limit-req-rate']};")
        for path in minion["spec"]["rules"][0]["http"]["paths"]:
            text = f"= {path['path']}" if path["pathType"] == "Exact" else path["path"]
            pattern = _with_regex(text, told.get("path-regex", ""))
            yield f"location {pattern} {{"
            yield from self._location(minion, told, pattern, path["backend"]["service"]["name"], zone)
            yield "}"

    def _location(
        self, minion: Mapping[str, Any], told: Mapping[str, str], pattern: str, service: str, zone: str
    ) -> Iterator[str]:
        headers = list(_add_headers(told.get("add-header", "")))
        preflight = False
        namespace = minion["metadata"]["namespace"]
        for name in filter(None, told.get("policies", "").split(",")):
            spec = self._policies[f"{namespace}/{name}"]
            control = spec.get("accessControl", {})
            yield from (f"allow {it};" for it in control.get("allow", []))
            yield from ["deny all;"] if control.get("allow") else []
            yield from (f"deny {it};" for it in control.get("deny", []))
            yield from ["allow all;"] if control.get("deny") else []
            if cors := spec.get("cors"):
                preflight = True
                headers += self._cors_headers(name, cors)
        if "add-header-inherit" in told:
            yield f"add_header_inherit {told['add-header-inherit']};"
        if "rewrite-target" in told:
            yield f"rewrite {_rewrite_pattern(pattern)} {told['rewrite-target']} break;"
        is_grpc = service in told.get("grpc-services", "").split(",")
        if is_grpc:
            yield from (f"error_page {code} @grpcerror{code};" for code in _GRPC_ERRORS)
        if "basic-auth-secret" in told:
            yield f"auth_basic {_quoted(told['basic-auth-realm'])};"
            users = self._written.passwords(f"{namespace}/{told['basic-auth-secret']}", "htpasswd")
            yield f"auth_basic_user_file {users};"
        if is_grpc:
            yield f"grpc_pass {self._written.grpc_upstream(service)};"
        else:
            yield from self._proxied(told, service)
        yield from (f"add_header {name} {_quoted(value)}{always};" for name, value, always in headers)
        if preflight:
            yield "if ($request_method = 'OPTIONS') {"
            yield from (f"add_header {name} {_quoted(value)};" for name, value, _ in headers)
            yield "add_header Content-Type text/plain; add_header Content-Length 0; return 204; }"
        if "limit-req-rate" in told:
            delay = " nodelay" if go_bool(told.get("limit-req-no-delay", "false")) else ""
            yield f"limit_req zone={zone} burst={told['limit-req-burst']}{delay};"
            yield f"limit_req_status {told['limit-req-reject-code']};"

    def _proxied(self, told: Mapping[str, str], service: str) -> Iterator[str]:
        limit = told.get("client-max-body-size", self._config.get("client-max-body-size", "1m"))
        yield f"client_max_body_size {limit};"
        rewrites = dict(re.findall(r"serviceName=(\S+) rewrite=(\S+)", told.get("rewrites", "")))
        yield "proxy_http_version 1.1;"
        yield f"proxy_pass {self._written.upstream(service)}{rewrites.get(service, '')};"

    def _cors_headers(self, policy: str, cors: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        always = " always"
        origins: list[str] = cors["allowOrigin"]
        value = origins[0]
        if origins != ["*"]:
            yield "Vary", "Origin", always
        if len(origins) > 1 or "*." in value:
            value = f"$cors_origin_{re.sub(r'[^a-z0-9]', '_', policy)}"
            self._written.http.append(f'map $http_origin {value} {{ default "";')
            self._written.http += [
                f'"~^{re.escape(it).replace(re.escape("*"), "[^.]+")}$" $http_origin;' if "*" in it else f'"{it}" {it};'
                for it in origins
            ]
            self._written.http.append("}")
        yield "Access-Control-Allow-Origin", value, always
        yield "Access-Control-Allow-Methods", ", ".join(cors["allowMethods"]), always
        yield "Access-Control-Allow-Headers", ", ".join(cors["allowHeaders"]), always
        yield "Access-Control-Allow-Credentials", str(cors["allowCredentials"]).lower(), always
        if cors.get("exposeHeaders"):
            yield "Access-Control-Expose-Headers", ", ".join(cors["exposeHeaders"]), always
        yield "Access-Control-Max-Age", str(cors["maxAge"]), always


def _with_regex(path: str, kind: str) -> str:
    """`makePathWithRegex`, which quotes the path but escapes nothing."""
    return {"case_sensitive": f'~ "^{path}"', "case_insensitive": f'~* "^{path}"', "exact": f'= "{path}"'}.get(
        kind, path
    )


def _rewrite_pattern(pattern: str) -> str:
    """`makeRewritePattern`."""
    modifier, _, text = pattern.partition(" ")
    return {"~": text, "~*": f'"(?i){text[1:]}', "=": f'"^{text}$"'}.get(modifier, f'"^{pattern}"')


def _add_headers(text: str) -> Iterator[tuple[str, str, str]]:
    for entry in filter(None, text.split(",")):
        name, value, *flag = entry.split(":", 2)
        yield name.strip(), value.strip(), " always" if flag == ["always"] else ""


def of_ingress_nginx(folder: Path, manifests: Manifests, config: Mapping[str, str]) -> str:
    """What ingress-nginx writes for Ingresses whose paths are all regular expressions."""
    written = Configuration(folder, manifests)
    servers: dict[str, list[tuple[str, str, Mapping[str, Any], str]]] = {}
    app_roots: dict[str, str] = {}
    for ingress in (it for it in manifests if it["kind"] == "Ingress"):
        for rule in ingress["spec"]["rules"]:
            host = rule.get("host", "_")
            locations = servers.setdefault(host, [])
            if root := annotations_of(ingress).get(f"{_COMMUNITY}app-root"):
                app_roots[host] = root
            for path in rule.get("http", {}).get("paths", []):
                locations.append((path["path"], path["backend"]["service"]["name"], ingress, host))
    for host, places in servers.items():
        lines = [f"if ($uri = /) {{ return 302 $scheme://$http_host{app_roots[host]}; }}"] if host in app_roots else []
        by_text = sorted(places, key=lambda it: it[0], reverse=True)
        for path, service, ingress, _ in sorted(by_text, key=lambda it: len(it[0]), reverse=True):
            lines += [f"location ~* {_quoted('^' + path)} {{", *_community_location(written, path, service, ingress)]
            lines.append("}")
        # The server's own, which comes last.
        lines.append('location ~* "^/" { return 404; }')
        written.server(_community_name(host), lines, default=host == "_")
    if "_" not in servers:
        written.server("_", ["location / { return 404; }"], default=True)
    default_size = config.get("proxy-body-size", "1m")
    written.http.append(f"client_max_body_size {default_size};")
    return written.text()


def _community_name(host: str) -> str:
    if not host.startswith("*."):
        return _quoted(host)
    rest = host[2:].replace(".", r"\.")
    return f'"~^(?<subdomain>[\\w-]+)\\.{rest}$"'


def _community_location(written: Configuration, path: str, service: str, ingress: Mapping[str, Any]) -> Iterator[str]:
    told = {
        key.removeprefix(_COMMUNITY): value
        for key, value in annotations_of(ingress).items()
        if key.startswith(_COMMUNITY)
    }
    namespace = ingress["metadata"]["namespace"]
    yield from (f"deny {it};" for it in filter(None, told.get("denylist-source-range", "").split(",")))
    if allowed := told.get("allowlist-source-range"):
        yield from (f"allow {it};" for it in allowed.split(","))
        yield "deny all;"
    if go_bool(told.get("enable-cors", "false")):
        yield from _community_cors(told)
    if "auth-secret" in told:
        yield f"auth_basic {_quoted(told['auth-realm'])};"
        users = written.passwords(f"{namespace}/{told['auth-secret']}", "auth")
        yield f"auth_basic_user_file {users};"
    yield from _community_limits(written, told, key_of(ingress))
    if "proxy-body-size" in told:
        yield f"client_max_body_size {told['proxy-body-size']};"
    for kind in ("permanent", "temporal"):
        if url := told.get(f"{kind}-redirect"):
            yield f"return {told[f'{kind}-redirect-code']} {url};"
    if target := told.get("rewrite-target"):
        yield f"rewrite {_quoted('(?i)' + path)} {target} break;"
    if told.get("backend-protocol") == "GRPC":
        yield f"grpc_pass {written.grpc_upstream(service)};"
    else:
        yield f"proxy_pass {written.upstream(service)};"


def _community_cors(told: Mapping[str, str]) -> Iterator[str]:
    """The template "CORS", and `buildCorsOriginRegex`."""
    origins = [origin.strip() for origin in told["cors-allow-origin"].split(",")]
    if origins == ["*"]:
        yield "set $http_origin *; set $cors 'true';"
    else:
        patterns = (re.escape(origin).replace(re.escape("*"), r"[A-Za-z0-9\-]+", 1) for origin in origins)
        yield f"if ($http_origin ~* ({'|'.join(f'({pattern})' for pattern in patterns)})$ ) {{ set $cors 'true'; }}"
    yield "if ($request_method = 'OPTIONS') { set $cors ${cors}options; }"
    headers = {
        "Access-Control-Allow-Origin": "$http_origin",
        "Access-Control-Allow-Credentials": "true" if go_bool(told["cors-allow-credentials"]) else "",
        "Access-Control-Allow-Methods": told["cors-allow-methods"],
        "Access-Control-Allow-Headers": told["cors-allow-headers"],
        "Access-Control-Expose-Headers": told.get("cors-expose-headers", ""),
        "Access-Control-Max-Age": told["cors-max-age"],
    }
    lines = [f"more_set_headers '{name}: {value}';" for name, value in headers.items() if value]
    yield "if ($cors = 'true') { " + " ".join(lines) + " }"
    of_preflight = [
        "more_set_headers 'Content-Type: text/plain charset=UTF-8';",
        "more_set_headers 'Content-Length: 0';",
    ]
    yield "if ($cors = 'trueoptions') { " + " ".join([*lines, *of_preflight]) + " return 204; }"


def _community_limits(written: Configuration, told: Mapping[str, str], key: str) -> Iterator[str]:
    zone = key.replace("/", "_")
    for name, unit in (("limit-rpm", "m"), ("limit-rps", "s")):
        if rate := told.get(name):
            burst = int(rate) * int(told["limit-burst-multiplier"])
            written.http.append(f"limit_req_zone $binary_remote_addr zone={zone}:5m rate={rate}r/{unit};")
            yield f"limit_req zone={zone} burst={burst} nodelay;"
            # The installer's limit-req-status-code.
            yield "limit_req_status 429;"
