"""Where the cluster's DNS is, for the NetworkPolicies of the pods that use it.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Optional

from .._typing import NotRequired, TypedDict
from ..address_ranges import ranges_of_everyone
from ..args.exceptions import SecurityException, exception_kind
from ..args.problems import Problems
from ..args.spec import Spec, spec
from .network_policies import NAMESPACE_LABEL, Peer, PeerSpec, PodPort, build_peer, build_rule, check_peers, ports_of
from .target import Protocol

__all__ = ["ALLOWED_ADDRESSES", "Dns", "DnsSpec", "build_dns_egress", "check_dns", "exceptions_of_dns"]


class Dns(TypedDict):
    """Where the cluster's DNS is, if its policy rules don't cover it.

    By default, pods can connect to the DNS pods of Kubernetes (kube-dns and CoreDNS), NodeLocal DNSCache, OpenShift,
    and Gardener, and to the link-local addresses of NodeLocal DNSCache and of Cloud DNS for GKE.
    """

    servers: NotRequired[Sequence[Peer]]
    """Further DNS servers. If NodeLocal DNSCache runs with kube-proxy in iptables mode, add the cluster IP of the
    Service `kube-dns`, such as `{cidr: 10.96.0.10/32}`, because nodes then respond at that address. Also add the name
    servers of pods whose `extra` sets `dnsConfig.nameservers`, or the `dnsPolicy` Default. Without `ports`, port 53
    with UDP and TCP. Its length is plain. Default: none."""


@spec(Dns)
class DnsSpec(Spec):
    """A parsed `Dns`."""

    servers: Sequence[PeerSpec] = ()


def _both(*ports: int) -> Sequence[PodPort]:
    return [(port, protocol.value) for port in ports for protocol in (Protocol.UDP, Protocol.TCP)]


def _pods(namespace: str, key: str, value: str) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: namespace}},
        "podSelector": {"matchLabels": {key: value}},
    }


_PODS = (_pods("kube-system", "k8s-app", "kube-dns"), _pods("kube-system", "k8s-app", "node-local-dns"))
"""The labels of kube-dns and CoreDNS, and of NodeLocal DNSCache. Cilium redirects connections to its pods."""

_POD_PORTS = _both(53, 8053)
"""Gardener's CoreDNS listens on 8053."""

_OPENSHIFT = _pods("openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default")
_OPENSHIFT_PORTS = _both(5353)

ALLOWED_ADDRESSES = ("169.254.20.10/32", "169.254.169.254/32")
"""Where NodeLocal DNSCache listens (Kubernetes documentation, "Using NodeLocal DNSCache in Kubernetes Clusters"), and
Cloud DNS for GKE."""

_PORTS = _both(53)


def check_dns(dns: DnsSpec, problems: Problems) -> None:
    """Report each server that names nothing, or one server in two ways."""
    check_peers(dns.servers, problems)


def build_dns_egress(dns: Optional[DnsSpec]) -> Iterator[dict[str, Any]]:
    """The rules that allow connections to the cluster's DNS."""
    yield build_rule("to", _PODS, _POD_PORTS)
    yield build_rule("to", [_OPENSHIFT], _OPENSHIFT_PORTS)
    yield build_rule("to", [{"ipBlock": {"cidr": address}} for address in ALLOWED_ADDRESSES], _PORTS)
    for server in () if dns is None else dns.servers:
        yield build_rule("to", [build_peer(server)], ports_of(server) or _PORTS)


_ANY_ADDRESS = exception_kind("dns-at-any-address", "The pods can connect to every address at the ports of DNS.")
_ANY_NAMESPACE = exception_kind(
    "dns-in-any-namespace", "The pods can connect to pods of every namespace at the ports of DNS."
)


def exceptions_of_dns(dns: DnsSpec) -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    for server in dns.servers:
        if server.any_namespace:
            yield SecurityException(_ANY_NAMESPACE, server.at / "any_namespace")
    for index in ranges_of_everyone(server.cidr for server in dns.servers):
        yield SecurityException(_ANY_ADDRESS, dns.servers[index].at / "cidr")
