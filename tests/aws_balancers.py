"""Load balancers that Pulumi owns, for tests: arguments, and what AWS would answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_portico import AwsLoadBalancer
from pulumi_portico.args.location import KeyStyle
from pulumi_portico.args.parse import parse
from pulumi_portico.args.problems import Problems
from pulumi_portico.aws_load_balancer.plan import AwsLoadBalancerPlan, plan_aws_load_balancer
from pulumi_portico.aws_load_balancer.priorities import Match
from pulumi_portico.aws_load_balancer.routes import AwsRoute, AwsRouteSpec
from pulumi_portico.aws_load_balancer.validation import parse_aws_load_balancer
from pulumi_portico.testing import Recording, Registration, record

ACCOUNT = "123456789012"
CERTIFICATE = f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/given"
LOAD_BALANCER = f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:loadbalancer/app/theirs/1"
LISTENER = f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:listener/app/theirs/1/2"
TRUST_STORE = f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:truststore/ours/1"
WEB_ACL = f"arn:aws:wafv2:eu-west-1:{ACCOUNT}:regional/webacl/ours/1"
TARGET: dict[str, Any] = {
    "service": "api",
    "namespace": "shop",
    "port": 80,
    "target_port": 8080,
    "selector": {"app": "api"},
    "drain": 20,
}
API: dict[str, Any] = {"target": TARGET}
HTTPS: dict[str, Any] = {"port": 443, "protocol": "https", "target": "api"}
HOSTS: dict[str, Any] = {"shop.example.com": {"zone": "example.com"}}
GIVEN: dict[str, Any] = {"shop.example.com": {"certificate": CERTIFICATE}}
TCP: dict[str, Any] = {"port": 443, "protocol": "tcp", "target": "api"}
TLS: dict[str, Any] = {"port": 443, "protocol": "tls", "target": "api"}
BASE: dict[str, Any] = {
    "scope": "internet",
    "vpc": "vpc-1",
    "subnets": ["subnet-a", "subnet-b"],
    "allowed_sources": ["0.0.0.0/0"],
    "targets": {"api": API},
}


def without(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in given.items() if value is not None}


def application(**fields: Any) -> dict[str, Any]:
    """An Application Load Balancer with these fields; one given as None is left out."""
    return without({**BASE, "kind": "application", "hosts": GIVEN, "listeners": [HTTPS], **fields})


def network(**fields: Any) -> dict[str, Any]:
    """A Network Load Balancer with these fields; one given as None is left out."""
    return without({**BASE, "kind": "network", "listeners": [TCP], **fields})


def routed(*routes: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """An Application Load Balancer whose HTTPS listener has these routes, to the target api where they name none."""
    doing = ("target", "weights", "respond", "redirect")
    given = [route if any(it in route for it in doing) else {**route, "target": "api"} for route in routes]
    return application(listeners=[{"port": 443, "protocol": "https", "routes": given}], **fields)


def arn(module: str, name: str) -> str:
    """The ARN of what is called so."""
    return f"arn:aws:{'elasticloadbalancing' if module == 'lb' else module}:eu-west-1:{ACCOUNT}:{name}"


def outputs(it: Registration) -> dict[str, Any] | None:
    """What AWS answers beside the inputs."""
    if not it.type.startswith("aws:"):
        return None
    more: dict[str, Any] = {"arn": arn(it.type.split("/")[0][4:], it.name)}
    if it.type.endswith(":LoadBalancer"):
        more |= {"dnsName": f"{it.name}.elb.amazonaws.com", "zoneId": "ZELB"}
    elif it.type.endswith(":SecurityGroup"):
        more["id"] = f"sg-{it.name}"
    elif it.type.endswith(":Certificate"):
        option = {"resourceRecordName": f"_{it.inputs['domainName']}", "resourceRecordType": "CNAME"}
        more["domainValidationOptions"] = [{**option, "resourceRecordValue": "value", "domainName": it.name}]
    elif it.type.endswith(":Bucket"):
        more |= {"bucket": it.name, "arn": f"arn:aws:s3:::{it.name}"}
    elif it.type.endswith(":Record"):
        more["fqdn"] = f"{it.inputs['name']}."
    return more


def calls(token: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS answers when it is asked."""
    if token.endswith(":getZone"):
        return {"zoneId": f"Z-{args['name']}{'-private' if args.get('privateZone') else ''}"}
    if token.endswith(":getCallerIdentity"):
        return {"accountId": ACCOUNT}
    assert token.endswith(":getLoadBalancer"), token
    return {"dnsName": "theirs.elb.amazonaws.com", "zoneId": "ZELB", "arn": args["arn"]}


def planned(aws: Mapping[str, Any], name: str = "shop") -> AwsLoadBalancerPlan:
    """The plan of a load balancer, whose arguments can have problems."""
    return plan_aws_load_balancer(name, parse_aws_load_balancer(name, aws, Problems("test")))


def parsed_route(route: Mapping[str, Any], style: KeyStyle = KeyStyle.PYTHON) -> AwsRouteSpec:
    """A route, whose values no rule checks."""
    problems = Problems("test", style=style)
    spec = parse(AwsRouteSpec, AwsRoute, route, {}, problems)
    problems.raise_if_any()
    return spec


def match_of(route: Mapping[str, Any]) -> Match:
    """What a route matches."""
    return parsed_route(route).match


def own(aws: Mapping[str, Any], **args: Any) -> Recording:
    """What a load balancer named shop registers."""
    return run(lambda: AwsLoadBalancer("shop", {**aws, **args}))  # pyright: ignore[reportArgumentType]


def run(program: Any) -> Recording:
    """A program on mocks that answer as AWS does."""
    return record(program, outputs=outputs, calls=calls)


def rules(recording: Recording) -> dict[str, int]:
    """The priority of each rule, by the rule's name."""
    return {it.name: it.inputs["priority"] for it in recording.all("ListenerRule")}


OIDC: dict[str, Any] = {
    "oidc": {
        "issuer": "https://id.example.com",
        "authorization_endpoint": "https://id.example.com/authorize",
        "token_endpoint": "https://id.example.com/token",
        "user_info_endpoint": "https://id.example.com/userinfo",
        "client_id": "shop",
        "client_secret": "canary-2f61",
    }
}
COGNITO: dict[str, Any] = {
    "cognito": {
        "user_pool": "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_a1B2c3D4e",
        "user_pool_client": "1example23456789",
        "user_pool_domain": "shop",
    }
}
