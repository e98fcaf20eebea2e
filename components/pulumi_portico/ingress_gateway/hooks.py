"""What a gateway explains while the engine is at work: why a route has no address."""

from typing import Optional

import pulumi

from ..lifecycle.claims import unique
from ..lifecycle.hooks import mocked

__all__ = ["explain_unanswered", "on_unanswered"]


def on_unanswered(name: str, title: str, seconds: int) -> Optional[pulumi.ResourceHookBinding]:
    """Explains what to look at where the controller does not take a route."""
    if mocked():
        return None

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if message := explain_unanswered(name, title, seconds, args.errors):
            pulumi.log.error(message)
        return False

    hook = pulumi.ErrorHook(unique(f"portico-{name}-unanswered"), explain)
    return pulumi.ResourceHookBinding(on_error=[hook])


def explain_unanswered(name: str, title: str, seconds: int, errors: list[str]) -> Optional[str]:
    """What to look at, where the provider gave up waiting for the controller's address in an Ingress."""
    if not any("imed out" in error or "timeout" in error for error in errors):
        return None
    return (
        f'Ingress "{name}" has no address after {seconds} seconds, so {title} has not taken it, or says nothing of its '
        "address. Ask kubectl describe ingress for what it has against it, and look into its log. Where it takes "
        "routes without saying so, set reports_address to false; where it only takes longer, raise ready_within."
    )
