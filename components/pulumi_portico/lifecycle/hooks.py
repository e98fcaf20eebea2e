"""The hooks of load balancers: they judge a change before the engine makes it, and explain a missing address."""

from collections.abc import Callable, Sequence
from typing import Optional

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.settings import get_monitor

from ..args.codes import define
from ..args.location import Field
from ..args.problems import PorticoError
from ..untyped import Properties
from .aws import MISSING_RIGHT, TWO_TAGGED_GROUPS, WEBHOOK_BLOCKED
from .claims import unique
from .replacement import COMPONENT, Finding, Lines, judge

__all__ = [
    "delete_blocked",
    "mocked",
    "no_address",
    "no_target",
    "on_blocked_delete",
    "on_load_balancer",
    "on_no_address",
    "on_no_target",
    "on_replacement",
    "watch",
]

_NO_ADDRESS_ERRORS = ("not allocated an IP address", "timed out waiting for the condition", "failed calling webhook")
"""Parts of the errors of the Kubernetes provider if a Service of type LoadBalancer gets no address, or if it waits for
the address as a condition; and of the API server if it can't connect to a controller's webhook."""

NO_ADDRESS = define(
    "no-load-balancer-address",
    "{subject} has no address after {seconds} seconds.",
    hint="Check that {controller} runs, and read its log and the output of kubectl describe service. If it only needs "
    "more time, increase {field}. Usual causes:{causes}",
)


NO_TARGET = define(
    "no-load-balancer-target",
    "The Service has no targets at the load balancer of {subject}, because the API server rejects its "
    "TargetGroupBinding.",
    hint="Check that the AWS Load Balancer Controller (2.6 or newer) runs in the cluster. Usual causes:{causes}",
)

DELETE_BLOCKED = define(
    "load-balancer-delete-blocked",
    "{subject} can't be deleted, because {field} is true, and the cloud refuses to delete its load balancer.",
    hint="Set {field} to false, and run pulumi up. Then delete it.",
)

_NO_TARGET_ERRORS = ("failed calling webhook", "no matches for kind")
"""Parts of the API server's errors if it can't connect to the webhook, or has no TargetGroupBindings."""


def on_replacement(name: str, component: str = COMPONENT) -> Optional[pulumi.ResourceHookBinding]:
    """Judges a change before the engine makes it, also in a preview."""
    if mocked():
        return None

    def look(args: pulumi.ResourceHookArgs) -> None:
        watch(name, args.old_inputs or {}, args.new_inputs or {}, args.old_outputs or {}, component)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(unique(f"portico-{name}-replacement"), look, options)
    return pulumi.ResourceHookBinding(before_update=[hook])


def watch(name: str, old: Properties, new: Properties, outputs: Properties, component: str = COMPONENT) -> None:
    """Warn of an address that changes; raise `PorticoError` if the change isn't possible in one step."""
    known = [str(outputs[output]) for output in ("address", "hostname") if outputs.get(output)]
    judgment = judge(name, old, new, known, component)
    if judgment.blockers:
        raise PorticoError(judgment.rejection)
    for warning in judgment.warnings:
        pulumi.log.warn(warning.text)


def no_address(
    name: str, controller: str, causes: Sequence[str], seconds: int, errors: Sequence[str], component: str = COMPONENT
) -> Optional[Finding]:
    """What to check if the provider waited for an address in vain; None if it failed for another reason.

    `controller` is what creates load balancers; `causes` are the usual causes on its platform, as sentences.
    """
    if not any(part in error for error in errors for part in _NO_ADDRESS_ERRORS):
        return None
    subject = f'{component} "{name}"'
    params = {"subject": subject, "seconds": seconds, "controller": controller}
    return Finding(NO_ADDRESS, {**params, "causes": Lines(causes), "field": Field("ready_timeout")})


def on_no_address(
    name: str, controller: str, causes: Sequence[str], seconds: int, component: str = COMPONENT
) -> Optional[pulumi.ResourceHookBinding]:
    """Logs what to check if no address arrives."""
    return _on_error(
        f"portico-{name}-no-address", lambda errors: no_address(name, controller, causes, seconds, errors, component)
    )


def on_load_balancer(
    name: str, controller: str, causes: Sequence[str], seconds: int, *, is_protected: bool, component: str = COMPONENT
) -> Optional[pulumi.ResourceHookBinding]:
    """The hooks of a Service of type LoadBalancer."""
    if mocked():
        return None
    hooks = on_no_address(name, controller, causes, seconds, component)
    return pulumi.ResourceHookBinding.merge(hooks, on_blocked_delete(name, component)) if is_protected else hooks


def no_target(subject: str, errors: Sequence[str]) -> Optional[Finding]:
    """What to check if the API server rejects a TargetGroupBinding; None if it failed for another reason."""
    if not any(part in error for error in errors for part in _NO_TARGET_ERRORS):
        return None
    causes = ("It isn't installed (no matches for kind).", WEBHOOK_BLOCKED, TWO_TAGGED_GROUPS, MISSING_RIGHT)
    return Finding(NO_TARGET, {"subject": subject, "causes": Lines(causes)})


def on_no_target(name: str, component: str) -> Optional[pulumi.ResourceHookBinding]:
    """Logs what to check if the API server rejects a TargetGroupBinding."""
    return _on_error(f"portico-{name}-no-target", lambda errors: no_target(f'{component} "{name}"', errors))


def delete_blocked(subject: str) -> Finding:
    """Why a load balancer with deletion protection can't be deleted."""
    return Finding(DELETE_BLOCKED, {"subject": subject, "field": Field("deletion_protection")})


def on_blocked_delete(name: str, component: str = COMPONENT) -> Optional[pulumi.ResourceHookBinding]:
    """Rejects the deletion of a load balancer with deletion protection, also in a preview.

    Only for those: `pulumi destroy` needs the program for what has such a hook. Without it, its error names the hook.
    """
    if mocked():
        return None

    def reject(_args: pulumi.ResourceHookArgs) -> None:
        raise PorticoError(delete_blocked(f'{component} "{name}"').text)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(unique(f"portico-{name}-deletion-protection"), reject, options)
    return pulumi.ResourceHookBinding(before_delete=[hook])


def _on_error(
    name: str, explanation: Callable[[Sequence[str]], Optional[Finding]]
) -> Optional[pulumi.ResourceHookBinding]:
    """Logs what explains the errors of an object, if anything does."""
    if mocked():
        return None

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if found := explanation(args.errors):
            pulumi.log.error(found.text)
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(unique(name), explain)])


def mocked() -> bool:
    """Whether the program runs on mocks."""
    # Mocks run no hooks, and those of older SDKs (3.250) don't accept them.
    return isinstance(get_monitor(), mocks.MockMonitor)
