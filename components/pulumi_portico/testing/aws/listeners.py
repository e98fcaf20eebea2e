"""Listeners, their certificates and trust stores, as the provider makes them.

Sources: CreateListener, ModifyListener, AddListenerCertificates, MutualAuthenticationAttributes and CreateTrustStore in
the API reference of Elastic Load Balancing; the quotas of Application Load Balancers.
"""

from typing import Any, Optional

from .actions import PROTOCOLS, actions_of, forward_to, kind_of, let_go
from .attributes import LISTENER, NLB, attributes_of
from .aws_request import AwsRequest, is_unknown
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


def _settings_of(request: AwsRequest, operation: str, kind: Optional[str]) -> dict[str, Any]:
    """What CreateListener and ModifyListener share."""
    protocol, certificate = request.get("protocol"), request.get("certificateArn")
    secure, policy = protocol in _SECURE, request.get("sslPolicy")
    if secure and certificate is None:
        request.refuse(operation, f"a listener of {protocol} requires a certificate")
    if not secure and (certificate is not None or policy):
        request.refuse(operation, f"a listener of {protocol} can't have a certificate or a TLS policy")
    if kind is not None and protocol not in PROTOCOLS.get(kind, (protocol,)):
        request.refuse(operation, f"a load balancer of type {kind} doesn't support listeners of {protocol}")
    _check_policy(request, operation, policy)
    _check_certificate(request, operation, certificate)
    alpn = request.get("alpnPolicy")
    if alpn is not None and protocol != "TLS":
        request.refuse(operation, f"a listener of {protocol} can't have an AlpnPolicy")
    actions = actions_of(request, operation, "defaultActions")
    if kind == NLB and any(action.get("Type") != "forward" for action in actions):
        request.refuse(operation, "a listener of a Network Load Balancer supports only forward actions")
    return {
        "Port": request.get("port"),
        "Protocol": protocol,
        "SslPolicy": policy,
        "Certificates": None if certificate is None else [{"CertificateArn": certificate}],
        "AlpnPolicy": None if alpn is None else [alpn],
        "DefaultActions": actions,
        "MutualAuthentication": _mutual(request, operation, protocol),
    }


def _check_policy(request: AwsRequest, operation: str, policy: Any) -> None:
    """moto makes a listener with any; AWS returns SSLPolicyNotFound."""
    if not isinstance(policy, str) or is_unknown(policy):
        return
    if not request.ask("elbv2", "DescribeSSLPolicies", {"Names": [policy]})["SslPolicies"]:
        request.refuse(operation, f"SSLPolicyNotFound: {policy}")


def _check_certificate(request: AwsRequest, operation: str, arn: Any) -> None:
    """AWS returns UnsupportedCertificate of one that is not issued yet, which moto takes."""
    if not isinstance(arn, str) or is_unknown(arn) or ":acm:" not in arn:
        return
    request.ask("acm", "DescribeCertificate", {"CertificateArn": arn})
    if arn not in request.model.issued:
        request.refuse(
            operation,
            f"UnsupportedCertificate: {arn} isn't issued yet; use the certificate_arn of its CertificateValidation",
        )


def _mutual(request: AwsRequest, operation: str, protocol: Any) -> Optional[dict[str, Any]]:
    params = request.translated(request.part("mutualAuthentication"), _MUTUAL, "mutualAuthentication")
    if not params:
        return None
    mode = params.get("Mode")
    if protocol != "HTTPS":
        request.refuse(operation, f"a listener of {protocol} can't have MutualAuthentication")
    if mode not in _MODES:
        request.refuse(operation, f"MutualAuthentication.Mode is {mode}; AWS allows {', '.join(_MODES)}")
    if (mode == "verify") != ("TrustStoreArn" in params):
        request.refuse(
            operation, f"MutualAuthentication is {mode}: only verify allows a trust store, and it requires one"
        )
    # moto makes the listener and forgets this.
    owner = "ListenerArn" if operation == "ModifyListener" else "LoadBalancerArn"
    given: dict[str, Any] = {owner: "", "DefaultActions": [], "MutualAuthentication": params}
    request.held("elbv2", operation, given, "MutualAuthentication")
    return params


def _attributes(request: AwsRequest, kind: Optional[str]) -> list[dict[str, str]]:
    operation, protocol = "ModifyListenerAttributes", request.get("protocol")
    found = attributes_of(request, LISTENER, operation, kind, "a listener of a load balancer of type")
    if protocol != "TCP" and any(attribute["Key"].startswith("tcp.") for attribute in found):
        request.refuse(operation, f"tcp.idle_timeout.seconds isn't an attribute of a listener of {protocol}")
    return found


def _make(request: AwsRequest) -> dict[str, Any]:
    balancer = request.get("loadBalancerArn")
    kind = kind_of(request, balancer)
    params = _settings_of(request, "CreateListener", kind)
    attributes = _attributes(request, kind)
    if not request.preview:
        _check_port_is_free(request, balancer, params["Port"], params["Protocol"])
        forward_to(request, "CreateListener", None, balancer, params["Protocol"], params["DefaultActions"])
    made = request.call("elbv2", "CreateListener", {"LoadBalancerArn": balancer, **params, "Tags": request.tags()})
    if made is None:
        set_attributes(request, "Listener", "", attributes)
        return {}
    arn = made["Listeners"][0]["ListenerArn"]
    forward_to(request, "CreateListener", arn, balancer, params["Protocol"], params["DefaultActions"])
    set_attributes(request, "Listener", arn, attributes)
    return {"id": arn, "arn": arn}


def _check_port_is_free(request: AwsRequest, balancer: str, port: Any, protocol: Any) -> None:
    """moto takes a port twice; AWS returns DuplicateListener. TCP and UDP have ports of their own."""
    there = request.ask("elbv2", "DescribeListeners", {"LoadBalancerArn": balancer})["Listeners"]
    most = request.model.quotas["listeners-per-load-balancer"]
    if len(there) >= most:
        request.refuse("CreateListener", f"TooManyListeners: AWS allows {most} listeners of a load balancer")
    if any(listener["Port"] == port and _carriers(listener["Protocol"]) & _carriers(protocol) for listener in there):
        request.refuse("CreateListener", f"DuplicateListener: the load balancer already listens on {port}")


def _carriers(protocol: str) -> set[str]:
    return {"UDP": {"udp"}, "TCP_UDP": {"tcp", "udp"}}.get(protocol, {"tcp"})


def _change(request: AwsRequest) -> None:
    arn, balancer = request.made["arn"], request.get("loadBalancerArn")
    kind = kind_of(request, balancer)
    params = _settings_of(request, "ModifyListener", kind)
    if {"port", "protocol"} & set(request.changed):
        there = request.ask("elbv2", "DescribeListeners", {"LoadBalancerArn": balancer})["Listeners"]
        if any(listener["Port"] == params["Port"] and listener["ListenerArn"] != arn for listener in there):
            request.refuse(
                "ModifyListener", f"DuplicateListener: the load balancer already listens on {params['Port']}"
            )
    forward_to(request, "ModifyListener", arn, balancer, params["Protocol"], params["DefaultActions"])
    if params["Protocol"] in ("HTTP", "HTTPS", "TCP"):
        request.call("elbv2", "ModifyListener", {"ListenerArn": arn, **params})
    else:
        # moto changes no listeners of other protocols.
        request.held("elbv2", "ModifyListener", {"ListenerArn": arn, **params})
    set_attributes(request, "Listener", arn, _attributes(request, kind))


def _remove(request: AwsRequest) -> None:
    request.call("elbv2", "DeleteListener", {"ListenerArn": request.made["arn"]})
    let_go(request, request.made["arn"])


def _add_certificate(request: AwsRequest) -> dict[str, Any]:
    listener, arn = request.get("listenerArn"), request.get("certificateArn")
    _check_certificate(request, "AddListenerCertificates", arn)
    request.call("elbv2", "AddListenerCertificates", _certificates(listener, arn))
    return {} if request.preview else {"id": f"{listener}_{arn}"}


def _certificates(listener: Any, arn: Any) -> dict[str, Any]:
    return {"ListenerArn": listener, "Certificates": [{"CertificateArn": arn}]}


def _remove_certificate(request: AwsRequest) -> None:
    params = _certificates(request.get("listenerArn"), request.get("certificateArn"))
    request.call("elbv2", "RemoveListenerCertificates", params)


_BUNDLE = {
    f"caCertificatesBundleS3{ours}": f"CaCertificatesBundleS3{theirs}"
    for ours, theirs in (("Bucket", "Bucket"), ("Key", "Key"), ("ObjectVersion", "ObjectVersion"))
}


def _trust_store(request: AwsRequest) -> dict[str, Any]:
    """A trust store, which moto has not."""
    name = elb_name(request)
    bundle = {theirs: request.get(ours) for ours, theirs in _BUNDLE.items()}
    request.held("elbv2", "CreateTrustStore", {"Name": name, **bundle, "Tags": request.tags()})
    if request.preview:
        return {"name": name}
    at = f"arn:aws:elasticloadbalancing:{request.model.region}:{request.model.account}:truststore/{name}"
    return {"id": f"{at}/0123456789abcdef", "arn": f"{at}/0123456789abcdef", "name": name}


def _change_trust_store(request: AwsRequest) -> None:
    bundle = {theirs: request.get(ours) for ours, theirs in _BUNDLE.items()}
    request.held("elbv2", "ModifyTrustStore", {"TrustStoreArn": request.made["arn"], **bundle})


def _remove_trust_store(request: AwsRequest) -> None:
    request.held("elbv2", "DeleteTrustStore", {"TrustStoreArn": request.made["arn"]})


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
