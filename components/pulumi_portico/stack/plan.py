"""A stack's configuration, checked whole: what is made of it, or every problem of it at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from ..errors import ArgumentError, Problem, Problems, Refusal, write_nearest
from ..ingress_gateway import IngressGatewayArgs
from ..ingress_gateway.gateway_plan import installs
from ..ingress_gateway.validation import check_ingress_gateway
from ..names import dns_label
from ..outputs import ensure_event_loop
from ..public_load_balancer import PublicLoadBalancerArgs
from ..public_load_balancer.args import check_public_load_balancer
from ..shapes import Shape, camel_case
from ..web_service import WebServiceArgs
from ..web_service.validation import check_web_service
from .args import KEYS
from .conflicts import check_held, check_routes
from .defaults import with_defaults
from .files import PREFIX, read_stack_file, shown_path, stack_file, with_bases
from .located import Node, Secret, place_of, placed, plain
from .references import References
from .secrets import Secrets
from .walk import Visitor, walked

__all__ = ["StackPlan", "check_stack", "check_tree", "load_stack"]

Checked = Mapping[str, Any]


@dataclass(frozen=True)
class StackPlan:
    """A stack's checked configuration: the components' arguments under their Python names. Targets that name something
    of the stack are as they were written: a mapping of `service` or `gateway`, and `port` or `port_name`."""

    stack: str
    """The stack's name."""
    namespace: str
    """The namespace that the stack makes, and that its services live in unless they say otherwise."""
    services: Mapping[str, WebServiceArgs]
    """The arguments of each WebService, by name, the defaults merged in."""
    gateways: Mapping[str, IngressGatewayArgs]
    """The arguments of each IngressGateway, by name."""
    load_balancers: Mapping[str, PublicLoadBalancerArgs]
    """The arguments of each PublicLoadBalancer, by name."""


def load_stack(stack: str, folder: Path) -> StackPlan:
    """The checked plan of a stack, from its file in the folder and the base that it extends, without the engine.

    Secrets stay encrypted: what stands in their place says where each is written, such as
    `[secret portico:services.api.env.PASSWORD]`. Raises `ArgumentError` with every problem of the whole stack, each
    with the file, line and column that it is about.
    """
    # Secrets become Outputs, which want one.
    ensure_event_loop()
    problems = Problems(f'Stack "{stack}"')
    file = stack_file(stack, folder)
    if not file.is_file():
        names = sorted(it.name.removeprefix("Pulumi.").removesuffix(".yaml") for it in folder.glob("Pulumi.*.yaml"))
        refusal = Refusal("is missing", f"a stack: {', '.join(names)}" if names else "a stack file")
        problems.note(shown_path(file), refusal._replace(fix=write_nearest(stack, names)))
        problems.raise_if_any()
    own = read_stack_file(file, problems)
    if own is None:
        raise ArgumentError(problems.subject, problems.found)
    return check_tree(stack, with_bases(own, folder, problems), problems)


def check_stack(stack: str, config: Mapping[str, Any]) -> StackPlan:
    """The checked plan of what stands below `portico:`, by the same keys without it.

    Raises `ArgumentError` with every problem of the whole stack at once.
    """
    return check_tree(stack, placed(config, None, sealed=False), Problems(f'Stack "{stack}"'))


def check_tree(stack: str, tree: Node, problems: Problems) -> StackPlan:
    """The same, of values that know where they were written; ``problems`` holds what was wrong with their files."""
    tree = with_defaults(tree)
    before = len(problems.found)
    checker = _Checker(tree, problems)
    plan = checker.plan(stack)
    problems.found[before:] = _with_places(tree, problems.found[before:])
    problems.found[:] = dict.fromkeys(problems.found)
    problems.raise_if_any()
    return plan


def _with_places(tree: Node, found: list[Problem]) -> Iterator[Problem]:
    """The problems with their places; what is wrong in the defaults is told once, not for each service."""
    seen: set[tuple[str, str, str]] = set()
    for problem in found:
        place = place_of(tree, problem.path.removeprefix(PREFIX), of_value=bool(problem.value))
        told = (str(place), problem.value, problem.wrong)
        if place is None or told not in seen or problem.wrong == "is missing":
            seen.add(told)
            yield replace(problem, place=str(place) if place else "")


class _Checker:
    """Checks the parts of a stack, in the order in which they need each other."""

    def __init__(self, tree: Node, problems: Problems) -> None:
        self._tree, self._problems = tree, problems
        self._secrets = Secrets(problems)

    def plan(self, stack: str) -> StackPlan:
        for key in self._tree.fields.keys() - set(KEYS):
            self._problems.unknown(f"{PREFIX}{key}", [f"{PREFIX}{it}" for it in KEYS])
        namespace = self._namespace()
        services = dict(self._each("services", WebServiceArgs, check_web_service, self._secrets.reveal))
        known = {name: cast("WebServiceArgs", it) if good else None for name, (it, good) in services.items()}
        inner = References(namespace, known, self._problems, within_gateway=True)
        gateways = dict(self._each("gateways", IngressGatewayArgs, check_ingress_gateway, self._both(inner)))
        fronts = {name: it if good else None for name, (it, good) in gateways.items()}
        outer = References(namespace, known, self._problems, fronts)
        visit = self._both(outer)
        check = check_public_load_balancer
        balancers = dict(self._each("loadBalancers", PublicLoadBalancerArgs, check, visit))
        self._secrets.forget_followers()
        self._check_namespaces(namespace, services, gateways)
        good = {name: (f"{PREFIX}gateways.{name}", it) for name, (it, right) in gateways.items() if right}
        check_routes(good, self._problems)
        fine = {name: (f"{PREFIX}loadBalancers.{name}", it) for name, (it, right) in balancers.items() if right}
        check_held(good, fine, self._problems)
        return StackPlan(
            stack,
            namespace,
            {name: cast("WebServiceArgs", it) for name, (it, _) in services.items()},
            {name: _restored(inner, "gateways", name, it, IngressGatewayArgs) for name, (it, _) in gateways.items()},
            {
                name: _restored(outer, "loadBalancers", name, it, PublicLoadBalancerArgs)
                for name, (it, _) in balancers.items()
            },
        )

    def _namespace(self) -> str:
        value = plain(self._tree.fields.get("namespace", Node(None)))
        path = f"{PREFIX}namespace"
        if value is None or value == "":
            self._problems.missing(path, "the name of the namespace that the stack makes")
        elif isinstance(value, Secret) and value.certain:
            refusal = Refusal("is a secret, and what is created depends on it", "a plain name")
            self._problems.add(path, value, refusal, show=False)
        elif not isinstance(value, str):
            self._problems.add(path, value, Refusal("is not text", "the name of the namespace"))
        elif refusal := dns_label(value):
            self._problems.add(path, value, refusal)
        else:
            return value
        return "unknown"

    def _both(self, references: References) -> Visitor:
        def visit(shape: Shape, value: Any, path: str) -> Any:
            resolved = references.resolve(shape, value, path)
            return self._secrets.reveal(shape, resolved, path)

        return visit

    def _each(
        self, key: str, args_type: type, check: Callable[..., Any], visit: Visitor
    ) -> Iterator[tuple[str, tuple[Checked, bool]]]:
        """The checked arguments of each component of a kind, and whether nothing is wrong with them."""
        node = self._tree.fields.get(key)
        if node is None or node.value is None:
            return
        path = f"{PREFIX}{key}"
        if not isinstance(node.value, dict):
            allowed = "a mapping of names to arguments"
            value = plain(node)
            self._problems.add(path, value, Refusal("is not a mapping", allowed), show=not isinstance(value, Secret))
            return
        for name, it in node.fields.items():
            before = len(self._problems.found)
            where = f"{path}.{name}"
            args = walked(Shape(args_type, later=False), plain(it), where, visit)
            checked = check(name, args, self._problems, where, camel_case)
            yield name, (checked, len(self._problems.found) == before)

    def _check_namespaces(
        self, namespace: str, services: Mapping[str, tuple[Checked, bool]], gateways: Mapping[str, tuple[Checked, bool]]
    ) -> None:
        own = [name for name, (it, _) in gateways.items() if "namespace" not in it and installs(it)]
        if namespace in own:
            wrong = "is the stack's namespace too, and the gateway would make one of its own by this name"
            fix = f"write namespace: {namespace} in it, or choose another name"
            self._problems.note(f"{PREFIX}gateways.{namespace}", Refusal(wrong, "another name", fix))
        for name, (args, _) in services.items():
            if args.get("namespace") in own:
                wrong = "is made by the gateway, which comes after the services that it leads to"
                refusal = Refusal(wrong, "a namespace that is there", f"leave it out for {namespace}")
                self._problems.add(f"{PREFIX}services.{name}.namespace", args["namespace"], refusal)


def _restored(references: References, key: str, name: str, args: Checked, args_type: type) -> Any:
    return references.restored(Shape(args_type, later=False), args, f"{PREFIX}{key}.{name}")
