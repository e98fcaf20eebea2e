"""What stands in front of the controller: a load balancer of the gateway's own, or a Service for whatever else does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, cast

import pulumi

from ..lifecycle.hooks import on_no_address, on_replacement
from ..network_policy import Peer
from ..ordering import Dependency
from ..public_load_balancer.balancer import Balancer, build_balancer
from ..public_load_balancer.platforms import module_of
from ..register import WAIT_FOR, register
from .gateway_plan import PORTS, installs, request_of
from .registration import READY_WITHIN, REPORTED

__all__ = ["FrontDoor", "front_door_of", "register_front_door", "with_hook"]

_COMPONENT = "IngressGateway"


@dataclass(frozen=True)
class FrontDoor:
    """What stands in front of the controller, described."""

    name: str
    balancer: Optional[Balancer] = None
    """The load balancer of the gateway's own; None where it has none."""
    proxy_protocol: bool = False
    """Whether the controller must read the PROXY protocol."""
    proxy_sources: Sequence[Any] = ()
    """Whom it is believed of, in CIDR notation."""
    peers: Sequence[Peer] = ()
    """Who may connect to the controller, beside whom the load balancer's own policy lets in."""

    @property
    def state(self) -> dict[str, Any]:
        """What is recorded of it, which the next deployment is compared with."""
        it = self.balancer
        return {} if it is None else {"identity": it.identity, "held": it.held, "protected": it.protected}


def front_door_of(name: str, args: Mapping[str, Any], selector: Mapping[str, str]) -> FrontDoor:
    """The front door of the gateway called ``name``, whose controller's pods ``selector`` finds."""
    if not installs(args):
        return FrontDoor(name)
    if "behind" in args:
        sources = args["behind"].get("sources", [])
        peers = cast("list[Peer]", [{"cidr": it} for it in sources])
        return FrontDoor(name, None, args["behind"].get("proxy_protocol", False), sources, peers)
    request = request_of(args)
    balancer = build_balancer(_labelled(args), selector, request)
    sources = [peer["cidr"] for peer in module_of(request).sources(request) if "cidr" in peer]
    return FrontDoor(name, balancer, balancer.proxy_protocol, sources)


def _labelled(args: Mapping[str, Any]) -> dict[str, Any]:
    return {"labels": args["labels"]} if "labels" in args else {}


def with_hook(front: FrontDoor, opts: Optional[pulumi.ResourceOptions]) -> Optional[pulumi.ResourceOptions]:
    """The options, with what looks at a change of the load balancer before anything is done about it."""
    if front.balancer is None:
        return opts
    hooked = pulumi.ResourceOptions(hooks=on_replacement(front.name, _COMPONENT))
    return pulumi.ResourceOptions.merge(opts, hooked)


def register_front_door(
    front: FrontDoor,
    namespace: Any,
    args: Mapping[str, Any],
    selector: Mapping[str, str],
    parent: pulumi.Resource,
    first: Sequence[Dependency],
) -> Any:
    """Register it, and answer its Service. It comes before the controller, which is told its name."""
    name, metadata = front.name, {**_labelled(args), "namespace": namespace}
    beside = pulumi.ResourceOptions(parent=parent, depends_on=list(first))
    if front.balancer is None:
        return register(_service(metadata, selector), f"{name}-service", beside)
    policy = _placed(front.balancer.network_policy, namespace)
    register(policy, f"{name}-front-door", beside)
    service = _placed(front.balancer.service, namespace)
    # The address alone: Pulumi's own way waits for pods too, which come after it.
    service["metadata"]["annotations"] = {**service["metadata"].get("annotations", {}), WAIT_FOR: REPORTED}
    seconds = args.get("ready_within", READY_WITHIN)
    options = pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(first),
        custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
        replacement_trigger=cast("Any", front.balancer.identity),
        hooks=on_no_address(name, front.balancer.identity["platform"], seconds, _COMPONENT),
    )
    return register(service, f"{name}-service", options)


def _placed(manifest: Mapping[str, Any], namespace: Any) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


def _service(metadata: Mapping[str, Any], selector: Mapping[str, str]) -> dict[str, Any]:
    ports = [
        {"name": it.name, "protocol": it.protocol, "port": it.number, "targetPort": it.target, "appProtocol": it.name}
        for it in PORTS
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": dict(metadata),
        "spec": {"type": "ClusterIP", "selector": dict(selector), "ports": ports},
    }
