"""The routes of load balancers that Pulumi owns, and what each does with a request."""

from dataclasses import replace

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.routes import NOT_FOUND, ActionSpec, AwsRedirectSpec, AwsRouteSpec
from ..plan import StackPlan
from ..view import ActionView, BackendView, RedirectView
from .peers import aws_backend, known_number
from .values import text_of

__all__ = ["aws_action", "ranked_routes"]


def ranked_routes(listener: AwsListenerSpec) -> list[tuple[int, AwsRouteSpec]]:
    """The routes of a listener with the priorities of their rules, in the order in which AWS evaluates them."""
    ranked = [(listener.priority_of(route), route) for route in listener.routes or ()]
    return sorted(ranked, key=lambda rule: rule[0])


def aws_action(plan: StackPlan, spec: AwsLoadBalancerSpec, action: ActionSpec) -> ActionView:
    """What a load balancer does with the requests of a route, or with those that no route matches."""

    def backend(key: str) -> BackendView:
        return aws_backend(plan, key, spec.targets[key])

    if action.target is not None:
        return ActionView((backend(action.target),))
    if action.weights is not None:
        shares = sorted(action.weights.items())
        return ActionView(tuple(replace(backend(key), weight=known_number(share)) for key, share in shares))
    if action.redirect is not None:
        return ActionView(redirect=_redirect(action.redirect))
    return ActionView(status=(action.respond or NOT_FOUND).status)


def _redirect(redirect: AwsRedirectSpec) -> RedirectView:
    host, path = (text_of(part or "") for part in (redirect.host, redirect.path))
    return RedirectView(redirect.scheme or "", host, redirect.port, path)
