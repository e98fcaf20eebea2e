"""The hooks of load balancers: they judge a change before the engine makes it, and explain a missing address."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.settings import get_monitor

from ..errors import PorticoError
from ..load_balancers import Platform
from .claims import unique
from .replacement import COMPONENT, judge

__all__ = ["explain_no_address", "mocked", "on_no_address", "on_replacement", "watch"]

_CONTROLLERS: Mapping[str, str] = {
    Platform.AWS_CONTROLLER.value: "the AWS Load Balancer Controller (namespace kube-system, as a rule)",
    Platform.EKS_AUTO_MODE.value: "EKS Auto Mode",
    Platform.AWS_LEGACY.value: "the AWS cloud controller manager, where no AWS Load Balancer Controller is installed,",
    Platform.GKE.value: "GKE",
    Platform.AZURE.value: "AKS",
    Platform.GENERIC.value: "a controller for Services of type LoadBalancer, such as MetalLB",
}


def on_replacement(name: str, component: str = COMPONENT) -> Optional[pulumi.ResourceHookBinding]:
    """Looks at a change before anything is done about it, in a preview too."""
    if mocked():
        return None

    def look(args: pulumi.ResourceHookArgs) -> None:
        watch(name, args.old_inputs or {}, args.new_inputs or {}, args.old_outputs or {}, component)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(unique(f"portico-{name}-replacement"), look, options)
    return pulumi.ResourceHookBinding(before_update=[hook])


def watch(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], outputs: Mapping[str, Any], component: str = COMPONENT
) -> None:
    """Warn of an address that changes; raise `PorticoError` where the change cannot be made in one step."""
    addresses = (outputs.get(name) for name in ("address", "hostname", "dns_name"))
    known = list(dict.fromkeys(str(address) for address in addresses if address))
    refused, warning = judge(name, old, new, known, component)
    if refused:
        raise PorticoError(refused)
    if warning:
        pulumi.log.warn(warning)


def on_no_address(
    name: str, platform: str, seconds: int, component: str = COMPONENT
) -> Optional[pulumi.ResourceHookBinding]:
    """Explains what to look at where no address arrives."""
    if mocked():
        return None

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if message := explain_no_address(name, platform, seconds, args.errors, component):
            pulumi.log.error(message)
        return False

    hook = pulumi.ErrorHook(unique(f"portico-{name}-no-address"), explain)
    return pulumi.ResourceHookBinding(on_error=[hook])


def explain_no_address(
    name: str, platform: str, seconds: int, errors: list[str], component: str = COMPONENT
) -> Optional[str]:
    """What to look at, where the provider gave up waiting for an address."""
    if not any("not allocated an IP address" in error for error in errors):
        return None
    return (
        f'{component} "{name}" has no address after {seconds} seconds. On {platform}, '
        f"{_CONTROLLERS[platform]} gives it one: does it run here, and what does it say of the Service? Ask kubectl "
        "describe service, and the controller's log. Where it only takes longer, raise ready_within."
    )


def mocked() -> bool:
    """Whether the program runs on mocks."""
    # Mocks run no hooks, and those of older SDKs (3.250) do not even take them.
    return isinstance(get_monitor(), mocks.MockMonitor)
