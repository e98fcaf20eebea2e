"""What a conformant implementation of Gateway API does with a request, according to the manifests.

It knows the API's own rules (gateway-api v1.6.1, the comments of `apis/v1`), and nothing of Portico. Paths are compared
as they come: the API doesn't define how an implementation normalizes them. tests/gateway_api shows what Envoy Gateway
really does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.unit.readers.nginx import Answer, Request

Manifest = Mapping[str, Any]
PORTS = {"http": 80, "https": 443}
ROUTES = ("HTTPRoute", "GRPCRoute")


@dataclass(frozen=True)
class Listener:
    """A listener of a Gateway or of a ListenerSet."""

    owner: tuple[str, str, str]
    """The kind, namespace, and name of the object that has it."""
    spec: Manifest

    @property
    def hostname(self) -> str:
        return self.spec.get("hostname", "")

    def accepts(self, namespace: str) -> bool:
        allowed = self.spec.get("allowedRoutes", {}).get("namespaces", {"from": "Same"})
        if allowed["from"] == "Same":
            return namespace == self.owner[1]
        if allowed["from"] == "All":
            return True
        (expression,) = allowed["selector"]["matchExpressions"]
        assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "In")
        return namespace in expression["values"]


@dataclass(frozen=True)
class Match:
    """A rule of a route, for one hostname."""

    hostname: str
    route: Manifest
    rule: Manifest
    kind: str
    """"Exact" or "PathPrefix"."""
    path: str

    @property
    def rank(self) -> tuple[bool, int]:
        """The rank among the routes of one host: an exact path first, then the longest prefix."""
        return self.kind == "Exact", len(self.path)

    def takes(self, path: str) -> bool:
        if self.kind == "Exact":
            return path == self.path
        prefix = self.path.rstrip("/")
        return path == prefix or path.startswith(f"{prefix}/")


class GatewayApi:
    """Routes requests as the manifests say."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self.manifests = manifests
        self.listeners = list(self._listeners())

    def answer(self, request: Request) -> Answer:
        host = request.host.partition(":")[0].lower()
        listener = self._listener(host, PORTS[request.scheme])
        path = request.path.partition("?")[0]
        if listener is None:
            return Answer("default", status=404)
        of_host = [match for match in self._matches(listener) if _matches_host(match.hostname, host)]
        if not of_host:
            return Answer("default", status=404)
        # The most specific hostname decides alone.
        most = max(_specificity(match.hostname) for match in of_host)
        found = [match for match in of_host if _specificity(match.hostname) == most and match.takes(path)]
        if not found:
            return Answer("default", status=404)
        best = max(match.rank for match in found)
        (chosen,) = [match for match in found if match.rank == best]
        return _apply(chosen, request, host, path)

    def unattached(self) -> list[tuple[str, str]]:
        """The routes and listeners that attach to nothing: a route, and the parent that doesn't accept it."""
        return [
            (route["metadata"]["name"], parent.get("sectionName", ""))
            for route in self.manifests
            if route["kind"] in ROUTES
            for parent in route["spec"]["parentRefs"]
            if not any(self._attaches(route, parent, listener) for listener in self.listeners)
        ]

    def _listeners(self) -> Iterator[Listener]:
        for manifest in self.manifests:
            if manifest["kind"] in ("Gateway", "ListenerSet"):
                metadata = manifest["metadata"]
                for spec in manifest["spec"]["listeners"]:
                    yield Listener((manifest["kind"], metadata["namespace"], metadata["name"]), spec)

    def _listener(self, host: str, port: int) -> Listener | None:
        """The most specific listener of a port: only its routes count (listener isolation)."""
        fitting = [
            listener
            for listener in self.listeners
            if listener.spec["port"] == port and _matches_host(listener.hostname, host)
        ]
        return max(fitting, key=lambda listener: _specificity(listener.hostname), default=None)

    def _matches(self, listener: Listener) -> Iterator[Match]:
        for route in self.manifests:
            if route["kind"] not in ROUTES:
                continue
            if any(self._attaches(route, parent, listener) for parent in route["spec"]["parentRefs"]):
                yield from _matches_of(route)

    @staticmethod
    def _attaches(route: Manifest, parent: Manifest, listener: Listener) -> bool:
        namespace = route["metadata"]["namespace"]
        owner = (parent.get("kind", "Gateway"), parent.get("namespace", namespace), parent["name"])
        if owner != listener.owner or parent.get("sectionName", listener.spec["name"]) != listener.spec["name"]:
            return False
        hostnames = route["spec"].get("hostnames", [""])
        return listener.accepts(namespace) and any(_intersect(name, listener.hostname) for name in hostnames)


def _matches_of(route: Manifest) -> Iterator[Match]:
    for hostname in route["spec"].get("hostnames", [""]):
        for rule in route["spec"]["rules"]:
            if route["kind"] == "GRPCRoute":
                yield from _grpc_matches(hostname, route, rule)
                continue
            for match in rule.get("matches", [{"path": {"type": "PathPrefix", "value": "/"}}]):
                assert match.keys() == {"path"}, match
                yield Match(hostname, route, rule, match["path"]["type"], match["path"]["value"])


def _grpc_matches(hostname: str, route: Manifest, rule: Manifest) -> Iterator[Match]:
    for match in rule.get("matches", [{}]):
        method = match.get("method", {})
        if "method" in method:
            yield Match(hostname, route, rule, "Exact", f"/{method['service']}/{method['method']}")
        else:
            yield Match(hostname, route, rule, "PathPrefix", f"/{method.get('service', '')}")


def _matches_host(pattern: str, host: str) -> bool:
    """A wildcard matches any number of labels."""
    return not pattern or pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _intersect(one: str, other: str) -> bool:
    if not one or not other or one == other:
        return True
    wild = [name for name in (one, other) if name.startswith("*.")]
    return any(_matches_host(name, (other if name == one else one).removeprefix("*.")) for name in wild) or (
        len(wild) == 1 and _matches_host(wild[0], other if wild[0] == one else one)
    )


def _specificity(hostname: str) -> tuple[int, int]:
    if not hostname:
        return 0, 0
    return (1, len(hostname)) if hostname.startswith("*.") else (2, len(hostname))


def _apply(match: Match, request: Request, host: str, path: str) -> Answer:
    name = f"{match.route['metadata']['namespace']}/{match.route['metadata']['name']}"
    settings: dict[str, Any] = {}
    for chosen in match.rule.get("filters", ()):
        if chosen["type"] == "RequestRedirect":
            return _redirect(chosen["requestRedirect"], request, host, name)
        if chosen["type"] == "URLRewrite":
            path = _rewritten(match, chosen["urlRewrite"]["path"], path)
        if chosen["type"] == "RequestHeaderModifier":
            settings["request_headers"] = {it["name"]: it["value"] for it in chosen["requestHeaderModifier"]["set"]}
        if chosen["type"] == "ResponseHeaderModifier":
            settings["response_headers"] = {it["name"]: it["value"] for it in chosen["responseHeaderModifier"]["add"]}
        if chosen["type"] == "CORS":
            settings["cors"] = chosen["cors"]
    (backend,) = match.rule["backendRefs"]
    assert (backend.get("kind", "Service"), backend.get("weight", 1)) == ("Service", 1)
    # Without a ReferenceGrant, a route reaches only Services of its own namespace.
    assert "namespace" not in backend
    namespace = match.route["metadata"]["namespace"]
    return Answer("backend", name, namespace, backend["name"], backend["port"], path, settings=settings)


def _redirect(redirect: Manifest, request: Request, host: str, name: str) -> Answer:
    target, mark, query = request.path.partition("?")
    if "path" in redirect:
        assert redirect["path"]["type"] == "ReplaceFullPath", "a prefix could be replaced by what a client encodes"
        target = redirect["path"]["replaceFullPath"]
    location = f"{redirect['scheme']}://{redirect.get('hostname', host)}{target}{mark}{query}"
    return Answer("redirect", name, status=redirect.get("statusCode", 302), location=location)


def _rewritten(match: Match, rewrite: Manifest, path: str) -> str:
    if rewrite["type"] == "ReplaceFullPath":
        return rewrite["replaceFullPath"]
    rest = path.removeprefix(match.path.rstrip("/"))
    return rewrite["replacePrefixMatch"].rstrip("/") + rest or "/"
