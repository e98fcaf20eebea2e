"""The names of other tools at the top level of a stack, and the arguments of components that belong below one."""

from typing import Any, Optional

from ..args.elsewhere import NAME_ELSEWHERE
from ..args.location import Key, Location
from ..args.manifests import MANIFESTS, OTHER_KINDS, code_of_kind, places_of
from ..args.problems import Problem
from ..args.shapes import shapes_of
from ..args.similar_names import folded
from ..args.spec import elsewhere_of
from ..ingress_gateway import IngressGatewayArgs
from ..public_load_balancer import PublicLoadBalancerArgs
from ..web_service import WebServiceArgs

__all__ = ["problem_of_name"]

_NAME = Key("NAME")
"""Stands for the name of a component."""
_SERVICES = Location(("services", _NAME))
_GATEWAYS = Location(("gateways", _NAME))

_PLACES = {
    **dict.fromkeys(
        ("app", "apps", "component", "components", "container", "containers", "daemonset", "daemonsets")
        + ("deployment", "deployments", "microservices", "pod", "pods", "service", "statefulset", "statefulsets")
        + ("web", "webservice", "webservices", "workload", "workloads", "x-common", "template", "spec"),
        (_SERVICES,),
    ),
    **dict.fromkeys(
        ("gateway", "httproute", "httproutes", "ingress", "ingresses", "ingressgateway", "proxy", "virtualhosts"),
        (_GATEWAYS / "routes", _GATEWAYS / "tls"),
    ),
    **dict.fromkeys(("elb", "lb", "loadbalancer", "loadbalancerservice"), (Location(("load_balancers", _NAME)),)),
    **dict.fromkeys(("alb", "nlb", "awsloadbalancer"), (Location(("aws_load_balancers", _NAME)),)),
    **dict.fromkeys(
        ("configmap", "configs"),
        (_SERVICES / "config_files", _SERVICES / "env", Location(("config_maps", _NAME))),
    ),
    "secret": (_SERVICES / "secret_env", Location(("secrets", _NAME))),
    **dict.fromkeys(
        ("volumes", "pvc", "persistentvolumeclaims"),
        (_SERVICES / "volumes", _SERVICES / "storage", Location(("claims", _NAME))),
    ),
    **dict.fromkeys(("resources", "objects", "raw", "extraobjects", "extradeploy"), (Location(("manifests",)),)),
    **dict.fromkeys(
        ("networkpolicy", "networks", "networkpolicies"), (_SERVICES / "allow_from", _SERVICES / "allow_to")
    ),
    **dict.fromkeys(("project", "metadata", "namespaces"), (Location(("namespace",)),)),
    **dict.fromkeys(("base", "bases", "include", "includes", "imports"), (Location(("extends",)),)),
    **dict.fromkeys(("global", "globals", "common"), (Location(("defaults",)),)),
    "podsecuritystandard": (Location(("pod_security",)),),
}
"""By the folded name."""

_KINDS = {folded(f"{kind}{ending}"): kind for kind in OTHER_KINDS for ending in ("", "s")}
"""Kinds of workloads that aren't services, by their folded names."""

_COMPONENTS = (
    (WebServiceArgs, _SERVICES),
    (IngressGatewayArgs, _GATEWAYS),
    (PublicLoadBalancerArgs, Location(("load_balancers", _NAME))),
)


def problem_of_name(name: str, location: Location) -> Optional[Problem]:
    """The problem of a name at the top level, if it's known where Portico has it. There is no fix: only the author
    knows the component."""
    kind = _KINDS.get(folded(name))
    if kind is not None:
        of_kind = places_of(kind)
        known = {"fields": of_kind} if of_kind else {"manifests": MANIFESTS}
        return Problem(code_of_kind(kind), location, {"kind": kind, **known})
    places = _PLACES.get(folded(name)) or _of_component(name)
    params: dict[str, Any] = {"name": name, "fields": list(places)}
    return Problem(NAME_ELSEWHERE, location, params) if places else None


def _of_component(name: str) -> tuple[Location, ...]:
    for args_type, at in _COMPONENTS:
        own = next((field for field in shapes_of(args_type) if folded(field) == folded(name)), None)
        if own is not None:
            return (at / own,)
    for args_type, at in _COMPONENTS:
        table = elsewhere_of(args_type)
        where = table.find(name) if table else None
        if where is not None and where.fields and not where.component:
            return tuple(at.join(field.split(".")) for field in where.fields if "@" not in field) or (at / "extra",)
    return ()
