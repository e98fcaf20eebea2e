"""Any other class: one Ingress with all of the routes, and the user's own annotations.

One Ingress, because some cloud platforms (GKE, AWS without a group) create a load balancer for each.
"""

from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.location import Location
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
