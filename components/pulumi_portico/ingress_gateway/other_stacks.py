"""What other stacks have added to a gateway: what the gateway's stack exports, and the Ingresses of the cluster."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional, cast
from weakref import WeakKeyDictionary

import pulumi

from ..args.codes import define
from ..args.location import Location
from ..args.problems import Problems, Set
from ..lifecycle.claims import stack as own_stack
from ..lifecycle.hooks import mocked
from ..lifecycle.kubectl import kubectl_of
from ..lifecycle.objects import ObjectSpec
from ..lifecycle.ownership import OWNER, owner
from ..untyped import Manifest, mapped
from .reference import EVERY_HOST, GatewayReferenceSpec
from .route_set import RouteSet

__all__ = ["EXPORTED", "check_exported", "exported_address", "exported_gateway", "matches_of", "repeated_in_cluster"]

EXPORTED = "gateways"
"""The output of a stack with what the routes of other stacks need to know of its gateways, by name."""

NOT_EXPORTED = define(
    "gateway-not-exported",
    "The stack {stack} exports no gateway {value}.",
    allowed="{known}",
    hint="Run `pulumi up` for that stack first. It exports its gateways as `gateways`.",
)
REFERENCE_DIFFERS = define(
    "gateway-reference-differs",
    "The gateway {name} of the stack {stack} has {exported} here.",
    allowed="{exported}",
)
HOST_OF_GATEWAY = define(
    "host-of-other-stack",
    "The gateway's stack has added the host {host}, and only one component can.",
    allowed="the host in {hosts}",
)
ROUTE_OF_OTHER_STACK = define(
    "route-of-other-stack",
    "The stack {other} has a route that matches the same requests: {path_type} {path} of {host}, in the {object}.",
    allowed="each host, path, and path type once in a gateway",
    hint="Remove one of them.",
)
HOST_OF_OTHER_STACK = define(
    "host-added-by-other-stack",
    "The stack {other} has added the host {host} with the {object}, and only one component can.",
    allowed="the host in {hosts}",
    hint="Add the host to {hosts}, or remove it from the other stack.",
)

_REFERENCES: WeakKeyDictionary[Any, dict[str, pulumi.StackReference]] = WeakKeyDictionary()
_ROUTES = ("httproutes.gateway.networking.k8s.io", "grpcroutes.gateway.networking.k8s.io")
_EVERYWHERE = "--all-namespaces"
_MERGEABLE = "nginx.org/mergeable-ingress-type"
_MASTER = "master"


def exported_gateway(stack: str, name: str) -> pulumi.Output[Any]:
    """What a stack exports of its gateway, and the names of all that it exports."""
    exported: pulumi.Output[Any] = _reference_to(stack).get_output(EXPORTED)
    return exported.apply(lambda found: (mapped(mapped(found).get(name)), sorted(mapped(found))))


def exported_address(stack: str, name: str) -> pulumi.Output[str]:
    """The address of a stack's gateway; empty if the stack doesn't export it."""
    if mocked():
        return pulumi.Output.from_input("")
    addresses: pulumi.Output[Any] = _reference_to(stack).get_output("addresses")
    return addresses.apply(lambda found: str(mapped(found).get(name) or ""))


def _reference_to(stack: str) -> pulumi.StackReference:
    known = _REFERENCES.setdefault(own_stack(), {})
    if stack not in known:
        known[stack] = pulumi.StackReference(stack)
    return known[stack]


def check_exported(gateway: GatewayReferenceSpec, exported: Any, routes: RouteSet, problems: Problems) -> Sequence[str]:
    """Report a reference that differs from what the gateway's stack exports. Returns the gateway's own routes."""
    found, known = cast("tuple[Manifest, Sequence[str]]", exported)
    if not found:
        at = gateway.at / "name"
        problems.report(NOT_EXPORTED, at, value=gateway.name, stack=gateway.stack, known=known)
        return ()
    fields = {
        "controller": ("controller", gateway.controller.value),
        "class_name": ("className", gateway.own_class),
    }
    if not routes.module.shares_ingress:
        # The Ingress of a generic class is in the namespace of its Services.
        fields["namespace"] = ("namespace", gateway.own_namespace)
    for field, (key, value) in fields.items():
        if isinstance(value, str) and found.get(key) not in (None, value):
            params: dict[str, Any] = {"name": gateway.name, "stack": gateway.stack, "exported": found[key]}
            at = gateway.at / field
            problems.report(REFERENCE_DIFFERS, at, value=value, fix=Set(at, found[key]), **params)
    if routes.module.exact_and_prefix_in_one_component:
        _check_hosts(gateway, found, routes, problems)
    return found.get("routes") or ()


def _check_hosts(gateway: GatewayReferenceSpec, found: Manifest, routes: RouteSet, problems: Problems) -> None:
    """Report hosts that the gateway's stack has, and the reference doesn't list: each has one master Ingress."""
    for host in sorted(routes.hosts):
        shown = host or EVERY_HOST
        if shown in (found.get("hosts") or ()) and shown not in gateway.hosts:
            at = gateway.at / "hosts"
            fix = Set(at, [*gateway.hosts, shown])
            problems.report(HOST_OF_GATEWAY, at, host=shown, hosts=at, fix=fix)


async def repeated_in_cluster(
    parent: pulumi.Resource, class_name: str, objects: Iterable[ObjectSpec], at: Location, problems: Problems
) -> None:
    """Report routes that an Ingress or a route of another stack has in the cluster. Only reads; without kubectl, or
    without the permission to list them, nothing is known."""
    described = list(objects)
    own = {match for each in described for match in matches_of(each.manifest)}
    if not own or mocked():
        return
    parents = {name for each in described for name in _parents_of(each.manifest)}
    kubectl = await kubectl_of(parent)
    found = [
        live for kind in (_ROUTES if parents else ("ingresses",)) for live in await kubectl.items(kind, _EVERYWHERE)
    ]
    for live in found:
        other = _other_stack(live)
        is_of_class = mapped(live.get("spec")).get("ingressClassName") == class_name
        if other is None or not (parents & set(_parents_of(live)) if parents else is_of_class):
            continue
        metadata = mapped(live["metadata"])
        name = f"{live.get('kind') or 'Ingress'} {metadata.get('namespace')}/{metadata.get('name')}"
        for match in matches_of(live):
            if match in own:
                host, path, path_type = match
                params: dict[str, Any] = {"other": other, "host": host or "every host", "object": name}
                if path_type == _MASTER:
                    problems.report(HOST_OF_OTHER_STACK, at, hosts=at / "gateway" / "hosts", **params)
                else:
                    problems.report(ROUTE_OF_OTHER_STACK, at, path=path, path_type=path_type, **params)


def _other_stack(live: Manifest) -> Optional[str]:
    """The stack that owns an object, if it's another one. Objects without an owner are nobody's, or an upgrade's."""
    name = mapped(mapped(live.get("metadata")).get("annotations")).get(OWNER)
    return None if name is None or name == owner() else str(name)


def _parents_of(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The namespaces and names of the Gateways and ListenerSets that a route attaches to."""
    namespace = mapped(manifest.get("metadata")).get("namespace")
    for parent in cast("Sequence[Manifest]", mapped(manifest.get("spec")).get("parentRefs") or ()):
        yield str(parent.get("namespace") or namespace), str(parent.get("name"))


def matches_of(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """What an Ingress or a route of Gateway API matches, as host, path, and path type; of a master, its host."""
    if manifest.get("kind") == "HTTPRoute":
        yield from _matches_of_route(mapped(manifest.get("spec")))
    if manifest.get("kind", "Ingress") != "Ingress":
        return
    annotations = mapped(mapped(manifest.get("metadata")).get("annotations"))
    spec = mapped(manifest.get("spec"))
    for rule in cast("Sequence[Mapping[str, Any]]", spec.get("rules") or ()):
        host = str(rule.get("host") or "")
        if annotations.get(_MERGEABLE) == _MASTER:
            yield host, "", _MASTER
        for path in mapped(rule.get("http")).get("paths") or ():
            yield host, str(path.get("path") or "/"), str(path.get("pathType"))


def _matches_of_route(spec: Manifest) -> Iterator[tuple[str, str, str]]:
    hosts = cast("Sequence[str]", spec.get("hostnames") or ("",))
    for rule in cast("Sequence[Manifest]", spec.get("rules") or ()):
        if not rule.get("backendRefs") and _redirects_to_https(rule):
            # A host's redirect isn't a route of its own.
            continue
        for match in cast("Sequence[Manifest]", rule.get("matches") or ()):
            path = mapped(match.get("path"))
            for host in hosts:
                yield host, str(path.get("value") or "/"), str(path.get("type")).removeprefix("Path")


def _redirects_to_https(rule: Manifest) -> bool:
    redirects = (
        mapped(found.get("requestRedirect")) for found in cast("Sequence[Manifest]", rule.get("filters") or ())
    )
    return any(
        redirect.keys() <= {"scheme", "statusCode"} and redirect.get("scheme") == "https" for redirect in redirects
    )
