"""The URLs of a load balancer that Pulumi owns."""

from ..networking.ports import DEFAULT_PORTS
from .choices import AwsListenerProtocol
from .listener import AwsListenerSpec
from .plan import AwsLoadBalancerPlan

__all__ = ["main_of", "urls_of"]

_ORDER = (
    *(AwsListenerProtocol.HTTPS, AwsListenerProtocol.HTTP, AwsListenerProtocol.TLS),
    *(AwsListenerProtocol.TCP, AwsListenerProtocol.TCP_UDP, AwsListenerProtocol.UDP),
)
"""The protocols, those first that clients prefer."""


def urls_of(plan: AwsLoadBalancerPlan, dns_name: str) -> dict[str, str]:
    """The URL of each host, by its name; without hosts, that of each listener, by its port."""
    listeners = _in_order(plan)
    if plan.hosts:
        return {host: _url(listeners[0], host) for host in plan.hosts}
    return {str(listener.port): _url(listener, dns_name) for listener in listeners}


def main_of(plan: AwsLoadBalancerPlan) -> str:
    """The key of the URL that comes first: of the default host, else of the first host that isn't a wildcard."""
    hosts = list(plan.hosts)
    if not hosts:
        return str(_in_order(plan)[0].port)
    return plan.spec.default_host or next((host for host in hosts if not host.startswith("*.")), hosts[0])


def _in_order(plan: AwsLoadBalancerPlan) -> list[AwsListenerSpec]:
    return sorted(plan.listeners, key=lambda listener: (_ORDER.index(listener.protocol), listener.port))


def _url(listener: AwsListenerSpec, host: str) -> str:
    scheme = listener.protocol.value.replace("-", "+")
    port = "" if DEFAULT_PORTS.get(scheme) == listener.port else f":{listener.port}"
    return f"{scheme}://{host}{port}"
