"""Any other class: one Ingress with all of the routes, and the user's own annotations.

One Ingress, because some cloud platforms (GKE, AWS without a group) create a load balancer for each.
"""

from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.location import Field, Key, Location
from ..args.parse import Rule
from ..args.problems import Problems, Remove
from ..lifecycle.objects import ObjectSpec
from ..networking.target import TargetSpec
from ..ordering import WIDTH, on_time
from .annotation_values import safe_text, text_or_json
from .capabilities import FeatureSupport
from .compile_input import CompileInput
from .controller_module import ControllerModule
from .resolved_routes import ResolvedRoute
from .routes import PathType

__all__ = ["MODULE"]

ANNOTATIONS_OF_SHARED_INGRESS = define(
    "annotations-of-shared-ingress",
    "One Ingress has all routes of {controller}, so a route can't have annotations of its own.",
    allowed="annotations of the component",
    hint="Move them to the component's annotations.",
)
OTHER_NAMESPACE = define(
    "target-in-other-namespace",
    "The Ingress is in the namespace {namespace}, and an Ingress reaches only Services in its own namespace.",
    allowed="{namespace}",
    hint="Set the gateway's namespace to it, or create another gateway there.",
)


SHARED_CERTIFICATE_SETTINGS = define(
    "certificates-of-shared-ingress",
    "One Ingress has all routes of {controller}, and cert-manager issues the certificates of all its hosts in the same "
    "way. This entry differs from that of {other}.",
    allowed="entries that all have the same issuer and settings, or none",
    hint="Set the same issuer and settings, or create a cert-manager Certificate, and set its {field}.",
)
SHARED_DNS_SETTINGS = define(
    "dns-records-of-shared-ingress",
    "One Ingress has all routes of {controller}, and external-dns publishes all its hosts in the same way. The "
    "settings of {host} differ from those of {other}.",
    allowed="the same settings for all hosts of the routes",
)
ISSUER_MISSING = define(
    "annotation-without-issuer",
    "The annotation {key} has an effect only if cert-manager issues the certificate of a host.",
    allowed="only if an entry of {tls} has an issuer",
)
_CERT_MANAGER = ("cert-manager.io/", "acme.cert-manager.io/")


def compile_routes(component: CompileInput) -> list[ObjectSpec]:
    """The Ingress."""
    rules: dict[str, list[Any]] = {}
    for route in sorted(
        component.routes, key=lambda route: (route.host, not route.exact, -len(route.path), route.path)
    ):
        path = {"path": route.path, "pathType": route.path_type.value, "backend": component.backend(route)}
        rules.setdefault(route.host, []).append(path)
    spec: dict[str, Any] = {}
    if rules:
        spec["rules"] = [
            {**({"host": host} if host else {}), "http": {"paths": paths}} for host, paths in rules.items()
        ]
    if component.default_backend is not None:
        spec["defaultBackend"] = component.backend(component.default_backend)
    secured = [host for _, host in sorted(component.hosts.items()) if host.secret is not None]
    if secured:
        spec["tls"] = [{"hosts": [host.host], "secretName": host.secret} for host in secured]
    annotations = dict(component.annotations)
    for host in secured:
        annotations.update(host.annotations)
    ready = _ready(component)
    if len(ready) >= WIDTH:
        # There is no limit to their number, and nothing that could gather them: the program waits for them, so that
        # the Ingress is created after them.
        spec["ingressClassName"] = on_time(component.class_name, ready)
        ready = []
    return [component.ingress("", component.namespace, annotations, spec, component.before_shared(), ready)]


def _rule_of(key: str) -> Rule:
    """The rule of the values of an annotation. The AWS Load Balancer Controller reads JSON, and no nginx reads its
    annotations."""
    return text_or_json if key.startswith("alb.ingress.kubernetes.io/") else safe_text


def _ready(component: CompileInput) -> list[Any]:
    """What is known when the targets are ready that no NetworkPolicy puts the Ingress after."""
    fallback = [component.default_backend] if component.default_backend else []
    routes = (*component.routes, *fallback)
    known = {str(component.service(route)): ready for route in routes for ready in component.ready(route)}
    return list(known.values())


def check(component: CompileInput, problems: Problems) -> None:
    """Report what one Ingress can't express together."""
    fallback = [component.default_backend] if component.default_backend else []
    for route in (*component.routes, *fallback):
        problems.run(_check_namespace, component, route.target)
        problems.run(_check_annotations, route)
    _check_certificates(component, problems)
    _check_dns_records(component, problems)


def _check_certificates(component: CompileInput, problems: Problems) -> None:
    """Report hosts whose certificates one Ingress can't have issued together."""
    secured = [host for _, host in sorted(component.hosts.items()) if host.secret is not None]
    for host in secured[1:]:
        if host.annotations != secured[0].annotations:
            params: dict[str, Any] = {"other": secured[0].host, "field": Field("secret")}
            problems.report(SHARED_CERTIFICATE_SETTINGS, host.tls_at, controller=MODULE.title, **params)
    if any(host.annotations for host in secured):
        return
    for key in component.annotations:
        if key.startswith(_CERT_MANAGER) and not problems.has_within(at := component.at / "annotations" / Key(key)):
            problems.report(ISSUER_MISSING, at, key=key, tls=Field("tls"), fix=Remove(at))


def _check_dns_records(component: CompileInput, problems: Problems) -> None:
    """Report hosts whose records one Ingress can't describe together."""
    named = [host for name, host in sorted(component.hosts.items()) if name]
    for host in named[1:]:
        if host.dns != named[0].dns:
            at = component.at / "dns_records"
            params: dict[str, Any] = {"host": host.host, "other": named[0].host}
            problems.report(SHARED_DNS_SETTINGS, at, controller=MODULE.title, **params)
            return


def _check_annotations(route: ResolvedRoute, problems: Problems) -> None:
    if route.spec.annotations:
        at = route.at / "annotations"
        problems.report(ANNOTATIONS_OF_SHARED_INGRESS, at, controller=MODULE.title, fix=Remove(at))


def _check_namespace(component: CompileInput, target: Optional[TargetSpec], problems: Problems) -> None:
    own = component.namespace
    if target is None or isinstance(own, pulumi.Output) or isinstance(target.namespace, pulumi.Output):
        return
    if own != target.namespace:
        at: Location = target.at / "namespace"
        problems.report(OTHER_NAMESPACE, at, value=target.namespace, namespace=own)


MODULE = ControllerModule(
    name="generic",
    title="a generic class",
    compile=compile_routes,
    check=check,
    wait_condition=None,
    redirects_to_https=False,
    trusts_forwarded_protocol=False,
    shares_ingress=True,
    other_annotations=_rule_of,
    features={
        "host=wildcard": FeatureSupport(),
        "host=any": FeatureSupport(),
        f"path_type={PathType.PREFIX.value}": FeatureSupport(),
        f"path_type={PathType.EXACT.value}": FeatureSupport(),
        "protocol=HTTP": FeatureSupport(),
    },
)
"""Any class that the cluster has."""
