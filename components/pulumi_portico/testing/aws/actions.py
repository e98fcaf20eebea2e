"""What listeners and rules do with a request, and whether the target groups that they name can be theirs.

Sources: Action, CreateListener and CreateRule in the API reference of Elastic Load Balancing; "Listeners for your
Network Load Balancers" (which target groups go with which protocol); "Target groups for your Application Load
Balancers" (protocol versions); the quotas of both.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ...untyped import Properties
from .attributes import ALB, NLB
from .aws_request import AwsRequest, is_unknown

__all__ = ["actions_of", "forward_to", "kind_of", "let_go"]

_GROUPS_PER_ACTION = 5
_LONGEST_STICKINESS = 604800
_LONGEST_SESSION = 604800
_REDIRECT = {
    "host": "Host",
    "path": "Path",
    "port": "Port",
    "protocol": "Protocol",
    "query": "Query",
    "statusCode": "StatusCode",
}
_FIXED = {"contentType": "ContentType", "messageBody": "MessageBody", "statusCode": "StatusCode"}
_CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_FORWARD = {"targetGroups": "TargetGroups", "stickiness": "TargetGroupStickinessConfig"}
_SESSION = {
    "scope": "Scope",
    "onUnauthenticatedRequest": "OnUnauthenticatedRequest",
    "sessionCookieName": "SessionCookieName",
    "sessionTimeout": "SessionTimeout",
    "authenticationRequestExtraParams": "AuthenticationRequestExtraParams",
}
_OIDC = {
    "issuer": "Issuer",
    "authorizationEndpoint": "AuthorizationEndpoint",
    "tokenEndpoint": "TokenEndpoint",
    "userInfoEndpoint": "UserInfoEndpoint",
    "clientId": "ClientId",
    "clientSecret": "ClientSecret",
    **_SESSION,
}
_COGNITO = {
    "userPoolArn": "UserPoolArn",
    "userPoolClientId": "UserPoolClientId",
    "userPoolDomain": "UserPoolDomain",
    **_SESSION,
}
_AUTHENTICATIONS = {
    "authenticate-oidc": ("AuthenticateOidcConfig", "authenticateOidc", _OIDC),
    "authenticate-cognito": ("AuthenticateCognitoConfig", "authenticateCognito", _COGNITO),
}
_ACTION = {
    "type": "Type",
    "order": "Order",
    "targetGroupArn": "TargetGroupArn",
    "forward": "ForwardConfig",
    "redirect": "RedirectConfig",
    "fixedResponse": "FixedResponseConfig",
    **{field: config for config, field, _ in _AUTHENTICATIONS.values()},
}
# For each protocol of a listener, those of the target groups that it may forward to.
_FORWARDS: Mapping[str, Sequence[str]] = {
    "HTTP": ("HTTP", "HTTPS"),
    "HTTPS": ("HTTP", "HTTPS"),
    "TCP": ("TCP", "TCP_UDP"),
    "TLS": ("TCP", "TLS"),
    "UDP": ("UDP", "TCP_UDP"),
    "TCP_UDP": ("TCP_UDP",),
}
_NEEDS_HTTPS = ("HTTP2", "GRPC")


def actions_of(request: AwsRequest, operation: str, field: str) -> list[dict[str, Any]]:
    """Its actions, by AWS's names."""
    actions = [_action(request, operation, action, field) for action in request.items(field)]
    kinds = [action.get("Type") for action in sorted(actions, key=lambda action: action.get("Order", 1))]
    # Action: "you must include exactly one of forward, fixed-response, and redirect, and it must be the last action".
    if kinds and (kinds[-1] in _AUTHENTICATIONS or any(kind not in _AUTHENTICATIONS for kind in kinds[:-1])):
        request.refuse(operation, f"the actions {kinds} don't end with one that answers a request, and only one")
    return actions


def _action(request: AwsRequest, operation: str, given: Properties, where: str) -> dict[str, Any]:
    action = request.translated(given, _ACTION, where)
    ends = [config for config in ("ForwardConfig", "RedirectConfig", "FixedResponseConfig") if config in action]
    needs = {"redirect": "RedirectConfig", "fixed-response": "FixedResponseConfig"}.get(action.get("Type", ""))
    if needs and ends != [needs]:
        request.refuse(
            operation, f"an action of type {action['Type']} requires only {needs}, and sets {ends or 'nothing'}"
        )
    if action.get("Type") == "forward" and not {"ForwardConfig", "TargetGroupArn"} & set(action):
        request.refuse(operation, "an action of type forward requires a target group")
    _authenticate(request, operation, action)
    if "ForwardConfig" in action:
        action["ForwardConfig"] = _forward(request, operation, action["ForwardConfig"])
    if "RedirectConfig" in action:
        redirect = request.translated(action["RedirectConfig"], _REDIRECT, "redirect")
        action["RedirectConfig"] = {key: str(value) for key, value in redirect.items()}
        if set(redirect) <= {"StatusCode"}:
            request.refuse(operation, "a redirect that changes nothing: protocol, host, port or path must differ")
    if "FixedResponseConfig" in action:
        action["FixedResponseConfig"] = fixed = request.translated(
            action["FixedResponseConfig"], _FIXED, "fixedResponse"
        )
        if (kind := fixed.get("ContentType")) is not None and kind not in _CONTENT_TYPES:
            request.refuse(operation, f"ContentType is {kind}; AWS allows {', '.join(_CONTENT_TYPES)}")
    return action


def _authenticate(request: AwsRequest, operation: str, action: dict[str, Any]) -> None:
    for kind, (config, where, fields) in _AUTHENTICATIONS.items():
        if (action.get("Type") == kind) != (config in action):
            request.refuse(operation, f"an action of type {action.get('Type')} requires its own configuration alone")
        if config not in action:
            continue
        action[config] = found = request.translated(action[config], fields, where)
        timeout = found.get("SessionTimeout", 1)
        if not is_unknown(timeout) and not 1 <= timeout <= _LONGEST_SESSION:
            request.refuse(operation, f"SessionTimeout is {timeout}; AWS allows 1 to {_LONGEST_SESSION}")


def _forward(request: AwsRequest, operation: str, given: Properties) -> dict[str, Any]:
    forward = request.translated(given, _FORWARD, "forward")
    groups = [
        request.translated(group, {"arn": "TargetGroupArn", "weight": "Weight"}, "forward.targetGroups")
        for group in forward.get("TargetGroups", [])
    ]
    if not 1 <= len(groups) <= _GROUPS_PER_ACTION:
        request.refuse(operation, f"it forwards to {len(groups)} target groups; AWS allows 1 to {_GROUPS_PER_ACTION}")
    for group in groups:
        weight = group.get("Weight", 1)
        if not is_unknown(weight) and not 0 <= weight <= 999:  # noqa: PLR2004 (TargetGroupTuple: "The range is 0 to 999")
            request.refuse(operation, f"Weight is {weight}; AWS allows 0 to 999")
    forward["TargetGroups"] = groups
    if "TargetGroupStickinessConfig" in forward:
        names = {"enabled": "Enabled", "duration": "DurationSeconds"}
        sticky = request.translated(forward["TargetGroupStickinessConfig"], names, "forward.stickiness")
        duration = sticky.get("DurationSeconds", 1)
        if not is_unknown(duration) and not 1 <= duration <= _LONGEST_STICKINESS:
            request.refuse(operation, f"DurationSeconds is {duration}; AWS allows 1 to {_LONGEST_STICKINESS}")
        forward["TargetGroupStickinessConfig"] = sticky
    return forward


def kind_of(request: AwsRequest, balancer: Any) -> Optional[str]:
    """The type of a load balancer; None where a preview does not know it."""
    if not isinstance(balancer, str) or is_unknown(balancer):
        return None
    found = request.ask("elbv2", "DescribeLoadBalancers", {"LoadBalancerArns": [balancer]})["LoadBalancers"]
    return found[0]["Type"]


def forward_to(
    request: AwsRequest, operation: str, owner: Optional[str], balancer: str, protocol: str, actions: Sequence[Any]
) -> None:
    """Hold the target groups of actions against what AWS takes, and note who forwards to them."""
    if protocol != "HTTPS" and any(action.get("Type") in _AUTHENTICATIONS for action in actions):
        request.refuse(operation, f"users can sign in only at listeners of HTTPS, and this is one of {protocol}")
    arns = {arn for action in actions for arn in _groups(action) if isinstance(arn, str) and not is_unknown(arn)}
    if not arns:
        return
    found = request.ask("elbv2", "DescribeTargetGroups", {"TargetGroupArns": sorted(arns)})["TargetGroups"]
    for group in found:
        name, speaks = group["TargetGroupName"], group.get("Protocol")
        if speaks not in _FORWARDS.get(protocol, (speaks,)):
            request.refuse(
                operation, f"IncompatibleProtocols: {name} is a target group of {speaks}; the listener is {protocol}"
            )
        if group.get("ProtocolVersion") in _NEEDS_HTTPS and protocol != "HTTPS":
            request.refuse(operation, f"{name} speaks {group['ProtocolVersion']}, which only a listener of HTTPS does")
    _check_it_has_no_other(request, operation, owner, balancer, arns)
    if owner is not None:
        request.model.forwards[owner] = (balancer, frozenset(arns))


def _check_it_has_no_other(
    request: AwsRequest, operation: str, owner: Optional[str], balancer: str, arns: set[str]
) -> None:
    """ "Load balancers per target group: 1", which no one can have raised (quotas of ALBs)."""
    for who, (other, theirs) in request.model.forwards.items():
        if who != owner and other != balancer and (shared := arns & theirs):
            request.refuse(
                operation,
                f"TargetGroupAssociationLimit: {sorted(shared)[0]} already belongs to the load balancer {other}, and a "
                "target group can belong to only one",
            )


def let_go(request: AwsRequest, gone: str) -> None:
    """Note that a listener or rule, or all of a load balancer, forwards no more."""
    kept = {who: forward for who, forward in request.model.forwards.items() if gone not in (who, forward[0])}
    request.model.forwards.clear()
    request.model.forwards.update(kept)


def _groups(action: Properties) -> list[Any]:
    weighted = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return [*(group.get("TargetGroupArn") for group in weighted), action.get("TargetGroupArn")]


PROTOCOLS: Mapping[str, Sequence[str]] = {
    ALB: ("HTTP", "HTTPS"),
    NLB: ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"),
}
"""What each type of load balancer listens for."""
