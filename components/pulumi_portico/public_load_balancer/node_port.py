"""Nothing but the nodes: a Service of type NodePort.

Each node accepts connections at the Service's node ports (by default on all of its addresses), and kube-proxy, or what
replaces it, forwards them to pods. Sources: kubernetes/api, core/v1/types.go; kubernetes/kubernetes,
pkg/proxy/iptables/proxier.go.
"""

from typing import Any

from ..args.codes import define
from ..args.problems import Problems
from ..lifecycle.cost import Billable, Billing
from ..load_balancers import ClientIp
from .common import IP_FAMILIES, NODE_PORTS, TRAFFIC_POLICY, ip_families, pass_through_peers, session_affinity
from .common_rules import report_no_effect
from .platform_module import Enforcement, PlatformModule, Request, ServiceFragment, client_ip_or_hide

__all__ = ["MODULE"]

PROXY_PROTOCOL_OF_NODES = define(
    "proxy-protocol-of-nodes",
    "Nodes don't send the PROXY protocol, so what is in front of them must.",
    allowed="true, if a load balancer in front of the nodes sends the PROXY protocol",
    hint="Configure it, and set this to true.",
)


def _render(request: Request) -> ServiceFragment:
    # The sender of the PROXY protocol must be checked by its own address, as a client must.
    is_hidden = client_ip_or_hide(request) is ClientIp.HIDE
    policy: dict[str, Any] = {"externalTrafficPolicy": "Cluster" if is_hidden else "Local"}
    return ServiceFragment({**policy, **ip_families(request), **session_affinity(request)})


def _enforcement(request: Request) -> Enforcement:
    """Kubernetes doesn't check connections to node ports (pkg/proxy/iptables/proxier.go, the chain KUBE-FW has only
    those to the addresses of load balancers). With `Local`, connections reach the pods from the client's own address,
    and their NetworkPolicy applies to it. With `Cluster`, they come from a node, as if everyone were a node.

    With the PROXY protocol, only what sends it knows the clients, and Portico doesn't know what it checks."""
    found = {ClientIp.PRESERVE: Enforcement.NODES, ClientIp.PROXY_PROTOCOL: Enforcement.UNKNOWN}
    return found.get(client_ip_or_hide(request), Enforcement.NOTHING)


def _check_proxy_protocol(request: Request, problems: Problems) -> None:
    exposure, location = request.exposure, request.at / "proxy_protocol_configured"
    if exposure.client_ip is ClientIp.PROXY_PROTOCOL:
        if not exposure.proxy_protocol_configured:
            problems.report(PROXY_PROTOCOL_OF_NODES, location)
    elif exposure.proxy_protocol_configured:
        report_no_effect(problems, location, "client_ip", ClientIp.PROXY_PROTOCOL)


MODULE = PlatformModule(
    name="node-port",
    title="a Service of type NodePort",
    kind="node ports",
    cloud="node-port",
    controller="Kubernetes",
    service_type="NodePort",
    billing=Billing("node-port"),
    capabilities={
        "scope=internet": (),
        "scope=internal": (),
        # Only the NetworkPolicy has them.
        "allowed_sources": (),
        "client_ip=preserve": TRAFFIC_POLICY,
        "client_ip=proxy-protocol": TRAFFIC_POLICY,
        "client_ip=hide": TRAFFIC_POLICY,
        "proxy_protocol_configured": (),
        "ip_address_type=ipv4": IP_FAMILIES,
        "ip_address_type=ipv6": IP_FAMILIES,
        "ip_address_type=dualstack": IP_FAMILIES,
        "node_ports": NODE_PORTS,
        "session_affinity": ("spec.sessionAffinity",),
        "protocol=UDP": (),
        "protocol=SCTP": (),
        "protocols=mixed": (),
        "port=shared": (),
    },
    annotation_prefixes=(),
    render=_render,
    rules=(_check_proxy_protocol,),
    billable=lambda _request: Billable(0, 0),
    sources=pass_through_peers,
    enforcement=_enforcement,
    # The nodes' addresses and firewalls do.
    decides_scope=False,
    exclusive=(),
)
