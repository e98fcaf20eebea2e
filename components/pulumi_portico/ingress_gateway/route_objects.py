"""The objects that make a gateway serve the routes of one component."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from ..lifecycle.objects import ObjectSpec, gathered
from ..networking.network_policies import PeerSpec
from .compile_input import AddressWait
from .network_policies import build_policies
from .route_set import RouteSet
from .tls import HostTlsSpec, build_tls_secret, secret_template

__all__ = ["address_holders", "route_objects"]


def route_objects(
    routes: RouteSet,
    peers: Sequence[PeerSpec] = (),
    wait: Optional[AddressWait] = None,
    after: Sequence[str] = (),
    hosts_elsewhere: Optional[Mapping[str, str]] = None,
) -> list[ObjectSpec]:
    """The Secrets of certificates, the NetworkPolicies of targets, and what the controller's compiler builds."""
    certificates = _certificates(routes, after)
    if routes.gathers_certificates:
        # Everything else comes after the last certificate, so whatever comes after that needs no other one.
        after = [certificates[-1].key]
    component = routes.compile_input(peers, wait, after, hosts_elsewhere)
    policies = build_policies(component)
    if routes.module.shares_ingress:
        # The one Ingress comes after all of them.
        policies = gathered([replace(policy, after=()) for policy in policies], after)
    return [*certificates, *policies, *routes.module.compile(component)]


def _certificates(routes: RouteSet, after: Sequence[str]) -> list[ObjectSpec]:
    # Their names are generated, so that a new certificate is there before the old one is deleted.
    certificates = [
        ObjectSpec(key, build_tls_secret(_secret_metadata(routes, tls), tls.certificate, tls.key), after)
        for key, tls in routes.own_certificates()
    ]
    if not routes.gathers_certificates:
        return certificates
    return gathered([replace(certificate, after=()) for certificate in certificates], after)


def _secret_metadata(routes: RouteSet, tls: HostTlsSpec) -> dict[str, Any]:
    template = secret_template(tls)
    labels = {**routes.labels, **template.pop("labels", {})}
    return {"namespace": routes.namespace, **({"labels": labels} if labels else {}), **template}


def address_holders(objects: Sequence[ObjectSpec]) -> list[str]:
    """The keys of the objects that the controller writes its address into, those of hosts first."""
    return [described.key for described in objects if described.manifest["kind"] in ("Gateway", "Ingress")]
