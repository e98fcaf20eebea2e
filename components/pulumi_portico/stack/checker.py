"""Checks a stack as a whole: each component by its own rules, and what they would refuse of each other."""

from collections.abc import Callable
from typing import Any, cast

from ..aws_load_balancer import AwsLoadBalancerArgs
from ..aws_load_balancer.args import check_aws_load_balancer
from ..checks import check
from ..errors import Problems, Refusal
from ..ingress_gateway import IngressGatewayArgs
from ..ingress_gateway.validation import check_ingress_gateway
from ..names import dns_label
from ..public_load_balancer import PublicLoadBalancerArgs
from ..public_load_balancer.args import check_public_load_balancer
from ..shapes import Shape, camel_case
from ..values import image_rule
from ..web_service import WebServiceArgs
from ..web_service.args import rules_with
from ..web_service.validation import check_web_service
from .args import KEYS
from .checked import Checked, Components, right
from .conflicts import check_held, check_names, check_namespaces, check_routes
from .files import PREFIX
from .located import Node, Secret, plain
from .peers import check_peer_names
from .references import References
from .secrets import Secrets
from .walk import Visitor, walked

__all__ = ["Checker"]

_TOLD = ("port", "service", "kind", "selector", "labels", "drain", "namespace", "controller", "install")
"""What the arguments begin with that a target is made of."""


class Checker:
    """Checks the parts of a stack, in the order in which they need each other."""

    def __init__(self, tree: Node, problems: Problems) -> None:
        self._tree, self._problems = tree, problems
        self._secrets = Secrets(problems)

    def parts(self) -> dict[str, Any]:
        """What a plan is made of; it is whole only where nothing was noted."""
        for key in self._tree.fields.keys() - set(KEYS):
            self._problems.unknown(f"{PREFIX}{key}", [f"{PREFIX}{it}" for it in KEYS])
        namespace = self._namespace()
        self._check_defaults()
        services = self._each("services", WebServiceArgs, check_web_service, self._secrets.reveal)
        check_peer_names(namespace, services, self._problems)
        known = {name: cast("WebServiceArgs", it.args) if it.reachable else None for name, it in services.items()}
        inner = References(namespace, known, self._problems, within_gateway=True)
        gateways = self._each("gateways", IngressGatewayArgs, check_ingress_gateway, self._both(inner))
        fronts = {name: it.args if it.reachable else None for name, it in gateways.items()}
        outer = References(namespace, known, self._problems, fronts)
        visit = self._both(outer)
        balancers = self._each("loadBalancers", PublicLoadBalancerArgs, check_public_load_balancer, visit)
        aws_balancers = self._each("awsLoadBalancers", AwsLoadBalancerArgs, check_aws_load_balancer, visit)
        self._secrets.forget_followers()
        check_namespaces(namespace, services, gateways, self._problems)
        check_names(namespace, services, right(gateways), balancers, aws_balancers, self._problems)
        check_routes(right(gateways), self._problems)
        check_held(right(gateways), right(balancers), right(aws_balancers), self._problems)
        return {
            "namespace": namespace,
            "services": {name: it.args for name, it in services.items()},
            "gateways": _named_again(inner, gateways, IngressGatewayArgs),
            "load_balancers": _named_again(outer, balancers, PublicLoadBalancerArgs),
            "aws_load_balancers": _named_again(outer, aws_balancers, AwsLoadBalancerArgs),
        }

    def _namespace(self) -> str:
        value = plain(self._tree.fields.get("namespace", Node(None)))
        path = f"{PREFIX}namespace"
        if value is None or value == "":
            self._problems.missing(path, "the name of the namespace that the stack makes")
        elif isinstance(value, Secret):
            refusal = Refusal("is a secret, and what is created depends on it", "a plain name")
            self._problems.add(path, value, refusal, show=False)
        elif not isinstance(value, str):
            self._problems.add(path, value, Refusal("is not text", "the name of the namespace"))
        elif refusal := dns_label(value):
            self._problems.add(path, value, refusal)
        else:
            return value
        return "unknown"

    def _check_defaults(self) -> None:
        """Note what is wrong with the defaults by themselves; they need not be whole."""
        node = self._tree.fields.get("defaults")
        if node is None or node.value is None:
            return
        path, value, found = f"{PREFIX}defaults", plain(node), Problems(self._problems.subject)
        if not isinstance(node.value, dict):
            self._refuse(path, node, _not_arguments(WebServiceArgs))
            return
        secrets = Secrets(found)
        args = walked(Shape(WebServiceArgs, later=False), value, path, secrets.reveal)
        check(WebServiceArgs, args, rules_with(image_rule(latest=True)), found, path, camel_case)
        secrets.forget_followers()
        self._problems.found += (it for it in found.found if it.wrong != "is missing")

    def _both(self, references: References) -> Visitor:
        """References and secrets."""

        def visit(shape: Shape, value: Any, path: str) -> Any:
            resolved = references.resolve(shape, value, path)
            return self._secrets.reveal(shape, resolved, path)

        return visit

    def _each(self, key: str, args_type: type, checked_by: Callable[..., Any], visit: Visitor) -> dict[str, Checked]:
        """The checked arguments of each component of a kind."""
        node = self._tree.fields.get(key)
        if node is None or node.value is None:
            return {}
        path = f"{PREFIX}{key}"
        if not isinstance(node.value, dict):
            self._refuse(path, node, Refusal("is not a mapping", "a mapping of names to arguments"))
        components: dict[str, Checked] = {}
        for name, it in node.fields.items():
            where = f"{path}.{name}"
            if not isinstance(it.value, dict):
                self._refuse(where, it, _not_arguments(args_type))
                components[name] = Checked(where, {}, good=False, reachable=False)
                continue
            before = len(self._problems.found)
            args = walked(Shape(args_type, later=False), plain(it), where, visit)
            checked = checked_by(name, args, self._problems, where, camel_case)
            wrong = [it.path for it in self._problems.found[before:]]
            told = any(path == where or path.startswith(f"{where}.{it}") for path in wrong for it in _TOLD)
            components[name] = Checked(where, checked, good=not wrong, reachable=not told)
        return components

    def _refuse(self, path: str, node: Node, refusal: Refusal) -> None:
        value = plain(node)
        self._problems.add(path, value, refusal, show=not isinstance(value, Secret))


def _not_arguments(args_type: type) -> Refusal:
    return Refusal("is not a mapping of arguments", f"the fields of {args_type.__name__}")


def _named_again(references: References, components: Components, args_type: type) -> dict[str, Any]:
    shape = Shape(args_type, later=False)
    return {name: references.restored(shape, it.args, it.path) for name, it in components.items()}
