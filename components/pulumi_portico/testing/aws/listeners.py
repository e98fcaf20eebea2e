"""Listeners, their certificates and trust stores, as the provider makes them.

Sources: CreateListener, ModifyListener, AddListenerCertificates, MutualAuthenticationAttributes and CreateTrustStore in
the API reference of Elastic Load Balancing; the quotas of Application Load Balancers.
"""

from typing import Any, Optional

from .actions import PROTOCOLS, actions_of, forward_to, kind_of, let_go
from .asked import Asked, is_unknown
from .attributes import LISTENER, NLB, attributes_of
from .balancers import NAME_LENGTH, elb_name, set_attributes
from .kinds import Kind

__all__ = ["KINDS"]

_SECURE = ("HTTPS", "TLS")
_MUTUAL = {
    "mode": "Mode",
    "trustStoreArn": "TrustStoreArn",
    "ignoreClientCertificateExpiry": "IgnoreClientCertificateExpiry",
    "advertiseTrustStoreCaNames": "AdvertiseTrustStoreCaNames",
}
_MODES = ("off", "passthrough", "verify")


def _told(asked: Asked, operation: str, kind: Optional[str]) -> dict[str, Any]:
    """What CreateListener and ModifyListener share."""
    protocol, certificate = asked.get("protocol"), asked.get("certificateArn")
    secure, policy = protocol in _SECURE, asked.get("sslPolicy")
    if secure and certificate is None:
        asked.refuse(operation, f"a listener of {protocol} wants a certificate")
    if not secure and (certificate is not None or policy):
        asked.refuse(operation, f"a listener of {protocol} has no certificate and no TLS policy")
    if kind is not None and protocol not in PROTOCOLS.get(kind, (protocol,)):
        asked.refuse(operation, f"a load balancer of type {kind} does not listen for {protocol}")
    _check_policy(asked, operation, policy)
    _check_certificate(asked, operation, certificate)
    alpn = asked.get("alpnPolicy")
    if alpn is not None and protocol != "TLS":
        asked.refuse(operation, f"a listener of {protocol} has no AlpnPolicy")
    actions = actions_of(asked, operation, "defaultActions")
    if kind == NLB and any(it.get("Type") != "forward" for it in actions):
        asked.refuse(operation, "a listener of a Network Load Balancer forwards, and does nothing else")
    return {
        "Port": asked.get("port"),
        "Protocol": protocol,
        "SslPolicy": policy,
        "Certificates": None if certificate is None else [{"CertificateArn": certificate}],
        "AlpnPolicy": None if alpn is None else [alpn],
        "DefaultActions": actions,
        "MutualAuthentication": _mutual(asked, operation, protocol),
    }


def _check_policy(asked: Asked, operation: str, policy: Any) -> None:
    """moto makes a listener with any; AWS answers SSLPolicyNotFound."""
    if not isinstance(policy, str) or is_unknown(policy):
        return
    if not asked.ask("elbv2", "DescribeSSLPolicies", {"Names": [policy]})["SslPolicies"]:
        asked.refuse(operation, f"SSLPolicyNotFound: {policy}")


def _check_certificate(asked: Asked, operation: str, arn: Any) -> None:
    """AWS answers UnsupportedCertificate of one that is not issued yet, which moto takes."""
    if not isinstance(arn, str) or is_unknown(arn) or ":acm:" not in arn:
        return
    asked.ask("acm", "DescribeCertificate", {"CertificateArn": arn})
    if arn not in asked.model.issued:
        asked.refuse(
            operation,
            f"UnsupportedCertificate: {arn} is not issued yet; take the certificate_arn of its CertificateValidation",
        )


def _mutual(asked: Asked, operation: str, protocol: Any) -> Optional[dict[str, Any]]:
    told = asked.told(asked.part("mutualAuthentication"), _MUTUAL, "mutualAuthentication")
    if not told:
        return None
    mode = told.get("Mode")
    if protocol != "HTTPS":
        asked.refuse(operation, f"a listener of {protocol} has no MutualAuthentication")
    if mode not in _MODES:
        asked.refuse(operation, f"MutualAuthentication.Mode is {mode}, and may be {', '.join(_MODES)}")
    if (mode == "verify") != ("TrustStoreArn" in told):
        asked.refuse(operation, f"MutualAuthentication of mode {mode}: a trust store is for verify, which wants one")
    # moto makes the listener and forgets this.
    owner = "ListenerArn" if operation == "ModifyListener" else "LoadBalancerArn"
    given: dict[str, Any] = {owner: "", "DefaultActions": [], "MutualAuthentication": told}
    asked.held("elbv2", operation, given, "MutualAuthentication")
    return told


def _attributes(asked: Asked, kind: Optional[str]) -> list[dict[str, str]]:
    operation, protocol = "ModifyListenerAttributes", asked.get("protocol")
    found = attributes_of(asked, LISTENER, operation, kind, "a listener of a load balancer of type")
    if protocol != "TCP" and any(it["Key"].startswith("tcp.") for it in found):
        asked.refuse(operation, f"tcp.idle_timeout.seconds is no attribute of a listener of {protocol}")
    return found


def _make(asked: Asked) -> dict[str, Any]:
    balancer = asked.get("loadBalancerArn")
    kind = kind_of(asked, balancer)
    told = _told(asked, "CreateListener", kind)
    attributes = _attributes(asked, kind)
    if not asked.preview:
        _check_port_is_free(asked, balancer, told["Port"], told["Protocol"])
        forward_to(asked, "CreateListener", None, balancer, told["Protocol"], told["DefaultActions"])
    made = asked.call("elbv2", "CreateListener", {"LoadBalancerArn": balancer, **told, "Tags": asked.tags()})
    if made is None:
        set_attributes(asked, "Listener", "", attributes)
        return {}
    arn = made["Listeners"][0]["ListenerArn"]
    forward_to(asked, "CreateListener", arn, balancer, told["Protocol"], told["DefaultActions"])
    set_attributes(asked, "Listener", arn, attributes)
    return {"id": arn, "arn": arn}


def _check_port_is_free(asked: Asked, balancer: str, port: Any, protocol: Any) -> None:
    """moto takes a port twice; AWS answers DuplicateListener. TCP and UDP have ports of their own."""
    there = asked.ask("elbv2", "DescribeListeners", {"LoadBalancerArn": balancer})["Listeners"]
    most = asked.model.quotas["listeners-per-load-balancer"]
    if len(there) >= most:
        asked.refuse("CreateListener", f"TooManyListeners: a load balancer has {most} listeners at most")
    if any(it["Port"] == port and _carriers(it["Protocol"]) & _carriers(protocol) for it in there):
        asked.refuse("CreateListener", f"DuplicateListener: the load balancer listens on {port} already")


def _carriers(protocol: str) -> set[str]:
    return {"UDP": {"udp"}, "TCP_UDP": {"tcp", "udp"}}.get(protocol, {"tcp"})


def _change(asked: Asked) -> None:
    arn, balancer = asked.made["arn"], asked.get("loadBalancerArn")
    kind = kind_of(asked, balancer)
    told = _told(asked, "ModifyListener", kind)
    if {"port", "protocol"} & set(asked.changed):
        there = asked.ask("elbv2", "DescribeListeners", {"LoadBalancerArn": balancer})["Listeners"]
        if any(it["Port"] == told["Port"] and it["ListenerArn"] != arn for it in there):
            asked.refuse("ModifyListener", f"DuplicateListener: the load balancer listens on {told['Port']} already")
    forward_to(asked, "ModifyListener", arn, balancer, told["Protocol"], told["DefaultActions"])
    if told["Protocol"] in ("HTTP", "HTTPS", "TCP"):
        asked.call("elbv2", "ModifyListener", {"ListenerArn": arn, **told})
    else:
        # moto changes no listeners of other protocols.
        asked.held("elbv2", "ModifyListener", {"ListenerArn": arn, **told})
    set_attributes(asked, "Listener", arn, _attributes(asked, kind))


def _remove(asked: Asked) -> None:
    asked.call("elbv2", "DeleteListener", {"ListenerArn": asked.made["arn"]})
    let_go(asked, asked.made["arn"])


def _add_certificate(asked: Asked) -> dict[str, Any]:
    listener, arn = asked.get("listenerArn"), asked.get("certificateArn")
    _check_certificate(asked, "AddListenerCertificates", arn)
    asked.call("elbv2", "AddListenerCertificates", _certificates(listener, arn))
    return {} if asked.preview else {"id": f"{listener}_{arn}"}


def _certificates(listener: Any, arn: Any) -> dict[str, Any]:
    return {"ListenerArn": listener, "Certificates": [{"CertificateArn": arn}]}


def _remove_certificate(asked: Asked) -> None:
    told = _certificates(asked.get("listenerArn"), asked.get("certificateArn"))
    asked.call("elbv2", "RemoveListenerCertificates", told)


_BUNDLE = {
    f"caCertificatesBundleS3{ours}": f"CaCertificatesBundleS3{theirs}"
    for ours, theirs in (("Bucket", "Bucket"), ("Key", "Key"), ("ObjectVersion", "ObjectVersion"))
}


def _trust_store(asked: Asked) -> dict[str, Any]:
    """A trust store, which moto has not."""
    name = elb_name(asked)
    bundle = {theirs: asked.get(ours) for ours, theirs in _BUNDLE.items()}
    asked.held("elbv2", "CreateTrustStore", {"Name": name, **bundle, "Tags": asked.tags()})
    if asked.preview:
        return {"name": name}
    at = f"arn:aws:elasticloadbalancing:{asked.model.region}:{asked.model.account}:truststore/{name}"
    return {"id": f"{at}/0123456789abcdef", "arn": f"{at}/0123456789abcdef", "name": name}


def _change_trust_store(asked: Asked) -> None:
    bundle = {theirs: asked.get(ours) for ours, theirs in _BUNDLE.items()}
    asked.held("elbv2", "ModifyTrustStore", {"TrustStoreArn": asked.made["arn"], **bundle})


def _remove_trust_store(asked: Asked) -> None:
    asked.held("elbv2", "DeleteTrustStore", {"TrustStoreArn": asked.made["arn"]})


KINDS = {
    "aws:lb/listener:Listener": Kind(
        _make, _remove, _change, replaced_by=("loadBalancerArn",), ordered=("defaultActions",)
    ),
    "aws:lb/listenerCertificate:ListenerCertificate": Kind(
        _add_certificate, _remove_certificate, replaced_by=("listenerArn", "certificateArn")
    ),
    "aws:lb/trustStore:TrustStore": Kind(
        _trust_store,
        _remove_trust_store,
        _change_trust_store,
        replaced_by=("name",),
        named_by="name",
        longest_name=NAME_LENGTH,
    ),
}
