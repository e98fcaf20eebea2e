"""What a gateway explains while the engine runs: why a route has no address."""

from typing import Optional

import pulumi

from ..lifecycle.claims import unique
from ..lifecycle.hooks import mocked

__all__ = ["explain_timeout", "on_timeout"]


def on_timeout(name: str, title: str, seconds: int, kind: str = "Ingress") -> Optional[pulumi.ResourceHookBinding]:
    """A hook that explains what to check if the controller doesn't publish an address for a route."""
    if mocked():
        return None

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if message := explain_timeout(name, title, seconds, args.errors, kind):
            pulumi.log.error(message)
        return False

    hook = pulumi.ErrorHook(unique(f"portico-{name}-unanswered"), explain)
    return pulumi.ResourceHookBinding(on_error=[hook])


def explain_timeout(name: str, title: str, seconds: int, errors: list[str], kind: str = "Ingress") -> Optional[str]:
    """What to check if the provider gave up waiting for the controller to serve an object; None for other errors."""
    if not any("imed out" in error or "timeout" in error for error in errors):
        return None
    if kind != "Ingress":
        return (
            f'{kind} "{name}" is not served after {seconds} seconds: {title} rejected it, or is not running. To see '
            f"the conditions that it reports, run kubectl describe {kind.lower()}. Check its log. If it only needs "
            "more time, increase ready_timeout."
        )
    return (
        f'Ingress "{name}" has no address after {seconds} seconds: {title} rejected it, or doesn\'t publish addresses. '
        f"Run kubectl describe ingress to see why, and check the controller's log. If {title} doesn't publish "
        "addresses, set publishes_address to false. If it only needs more time, increase ready_timeout."
    )
