"""A load balancer that Pulumi owns, on AWS's own model: every feature is taken, in a preview and an update, and a
changed program changes what it should and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pulumi_portico import AwsLoadBalancer
from pulumi_portico.aws_load_balancer.resources import takes
from pulumi_portico.testing import record
from pulumi_portico.testing.aws import AwsModel

from tests.aws_balancers import (
    API,
    COGNITO,
    HTTPS,
    OIDC,
    TARGET,
    TCP,
    TLS,
    TRUST_STORE,
    WEB_ACL,
    application,
    network,
    without,
)

UDP = {**TARGET, "protocol": "UDP"}
ZONED = {"zone": "example.com"}
ELSEWHERE = {"bound_elsewhere": True, "port": 8080}
ROUTES = [
    {"host": "shop.example.com", "path": "/api", "target": "api"},
    {"host": "shop.example.com", "target": "web"},
    {"path": "/old", "path_type": "Exact", "redirect": {"path": "/new", "code": 301}},
    {"path": "/teapot", "respond": {"status": 418, "body": "short and stout"}, "methods": ["GET"]},
    {"path": "/beta", "weights": {"api": 1, "web": 9}, "stickiness_duration": 60, "headers": {"x-beta": ["on"]}},
]
GROUP_HEALTH = {
    "deregistration_delay.connection_termination.enabled": "true",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "2",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "50",
}
FEATURES: dict[str, dict[str, Any]] = {
    "application": application(),
    "routes": application(
        targets={"api": API, "web": API}, listeners=[{"port": 443, "protocol": "https", "routes": ROUTES}]
    ),
    "internal and dual": application(
        scope="internal", ip_address_type="dualstack", allowed_sources=["10.0.0.0/8", "fd00::/8"]
    ),
    "attributes": application(
        idle_timeout=30, desync_mode="strictest", http2=False, preserve_host=True, tags={"team": "shop"}
    ),
    "forwarded headers": application(forwarded_for="remove", forwards_client_port=True),
    "queries": application(
        targets={"api": API, "web": API},
        listeners=[
            {"port": 443, "protocol": "https", "routes": [{"target": "api", "queries": {"version": ["2", "beta*"]}}]}
        ],
    ),
    "network alpn": network(
        hosts={"shop.example.com": ZONED}, listeners=[{**TLS, "alpn": "HTTP2Preferred"}], logs={"access": True}
    ),
    "named": application(name="shop-of-ours", deletion_protection=False),
    "web acl": application(web_acl=WEB_ACL),
    "logs": application(logs={"connections": True}),
    # The oldest SDKs have it not, and it is refused.
    **({"health logs": application(logs={"health": True})} if takes("lb.LoadBalancer", "health_check_logs") else {}),
    "mutual tls": application(listeners=[{**HTTPS, "client_certificates": {"trust_store": TRUST_STORE}}]),
    "trust bundle": application(
        listeners=[{**HTTPS, "client_certificates": {"bundle": {"bucket": "authorities", "key": "ours.pem"}}}]
    ),
    "headers": application(
        listeners=[{**HTTPS, "headers": {"hsts_subdomains": True, "frame_options": "SAMEORIGIN", "no_sniff": False}}]
    ),
    "certificates": application(
        hosts={
            "shop.example.com": ZONED,
            "*.example.com": {**ZONED, "record": False},
            "www.example.com": {**ZONED, "certificate_of": "*.example.com"},
        },
        default_host="shop.example.com",
    ),
    "grpc": application(targets={"api": {**API, "version": "grpc", "health": {"success_codes": "0"}}}),
    "targets of http": application(
        targets={
            "api": {
                **API,
                "protocol": "https",
                "slow_start": 30,
                "stickiness_duration": 60,
                "health": {"path": "/healthz"},
            },
            "random": {**API, "algorithm": "weighted_random"},
        }
    ),
    "addresses": application(targets={"api": {"addresses": {"a": "10.0.0.9"}, "port": 80}}),
    "sign-in": application(
        targets={"api": API, "web": API},
        listeners=[
            {
                **HTTPS,
                "authenticate": {**COGNITO, "scope": "openid email", "session_timeout": 3600},
                "routes": [
                    {
                        "path": "/admin",
                        "target": "web",
                        "authenticate": {
                            **OIDC,
                            "unauthenticated": "deny",
                            "session_cookie": "Admin",
                            "extra_parameters": {"prompt": "login"},
                        },
                    }
                ],
            }
        ],
    ),
    "raw attributes": application(
        attributes={
            "client_keep_alive.seconds": "600",
            "waf.fail_open.enabled": "true",
            "zonal_shift.config.enabled": "true",
        },
        targets={"api": {**API, "attributes": {"load_balancing.cross_zone.enabled": "false"}}},
    ),
    "raw attributes of network": network(
        attributes={"dns_record.client_routing_policy": "availability_zone_affinity"},
        targets={"api": {**API, "attributes": GROUP_HEALTH}},
    ),
    "ipv6 targets": application(
        ip_address_type="dualstack",
        target_ranges=["10.0.0.0/8", "2001:db8:1234::/48"],
        targets={"api": {**API, "ip_address_type": "ipv6"}, "old": {"addresses": {"a": "10.0.0.9"}, "port": 80}},
    ),
    "ipv6 addresses": network(
        ip_address_type="dualstack",
        target_ranges=["2001:db8:1234::/48"],
        targets={"api": {"addresses": {"a": "2001:db8:1234::9"}, "port": 80, "ip_address_type": "ipv6"}},
    ),
    "node port": application(targets={"api": {**API, "node_port": 30080}}),
    "network node port": network(targets={"api": {**API, "node_port": 30080, "client_ip": "preserve"}}),
    "private link": network(
        private_link={"allowed_principals": ["arn:aws:iam::123456789012:root"], "acceptance_required": False},
        targets={"api": {**API, "client_ip": "proxy-protocol", "reads_proxy_protocol": True}},
    ),
    "open private link": network(private_link={"enforces_sources": False}),
    "network": network(),
    "network weights": network(
        targets={"blue": API, "green": ELSEWHERE},
        listeners=[{"port": 443, "protocol": "tcp", "weights": {"blue": 1, "green": 1}, "tcp_idle_timeout": 900}],
    ),
    "network tls": network(hosts={"shop.example.com": ZONED}, listeners=[TLS], logs={"access": True}),
    "network udp": network(
        targets={"api": {"target": UDP, "health": {"port": 9000, "path": "/"}, "session_affinity": "ClientIP"}},
        listeners=[{"port": 53, "protocol": "udp", "target": "api"}],
    ),
    "network both": network(
        targets={"api": {**ELSEWHERE, "protocol": "tcp-udp"}},
        listeners=[{"port": 53, "protocol": "tcp-udp", "target": "api"}],
    ),
    "network proxy": network(targets={"api": {**API, "client_ip": "proxy-protocol", "reads_proxy_protocol": True}}),
    "elastic ips": network(elastic_ips=["1", "2"]),
    "private addresses": network(scope="internal", private_addresses=["10.0.0.5", "10.0.1.5"]),
}


# What moto has not: held against the service's model alone. Of load balancers' attributes, the logs of health checks.
UNPROVED = {
    "health logs": {f"elbv2:ModifyLoadBalancerAttributes (health_check_logs.s3.{it})" for it in ("bucket", "prefix")},
    "mutual tls": {"elbv2:CreateListener (MutualAuthentication)"},
    "trust bundle": {"elbv2:CreateTrustStore", "elbv2:CreateListener (MutualAuthentication)"},
    "web acl": {"wafv2:AssociateWebACL"},
    "open private link": {"elbv2:SetSecurityGroups (EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic)"},
}


@pytest.fixture
def model() -> Iterator[AwsModel]:
    with AwsModel() as made:
        yield made


class Place:
    """A VPC with what a load balancer names in it."""

    def __init__(self, model: AwsModel) -> None:
        self.model = model
        self.vpc = model.vpc()
        self.subnets = model.subnets(3, self.vpc)
        self.certificate = model.certificate("shop.example.com")
        model.zone("example.com")

    def args(self, aws: Mapping[str, Any], subnets: int = 2) -> Any:
        """The arguments, with what is in this account."""
        given = {**aws, "vpc": self.vpc, "subnets": self.subnets[:subnets]}
        if aws.get("hosts"):
            hosts = aws["hosts"].items()
            given["hosts"] = {
                name: {**it, "certificate": self.certificate} if "certificate" in it else it for name, it in hosts
            }
        if "elastic_ips" in aws:
            given["elastic_ips"] = self.model.addresses(2)
        return without(given)


@pytest.mark.parametrize("feature", FEATURES)
def test_aws_takes_it_in_a_preview_and_an_update(feature: str, model: AwsModel) -> None:
    place = Place(model)
    args = place.args(FEATURES[feature])
    recorded = record(lambda: AwsLoadBalancer("shop", args), aws=model)
    assert ("elbv2", "CreateLoadBalancer") in model.calls
    told = recorded.outputs["shop"]
    assert told["dns_name"].endswith("amazonaws.com")
    assert set(told["target_group_arns"]) == set(args["targets"])
    assert model.unproved == UNPROVED.get(feature, set())


def test_an_existing_balancer_gets_targets_and_routes(model: AwsModel) -> None:
    place = Place(model)
    first = record(lambda: AwsLoadBalancer("shop", place.args(application())), aws=model)
    listener = next(it for urn, it in model.made.items() if urn.endswith("::shop-443"))["outputs"]["arn"]
    route = {"path": "/more", "target": "api"}
    aws: Any = {
        "kind": "application",
        "vpc": place.vpc,
        "targets": {"api": API},
        "listeners": [{"port": 443, "protocol": "https", "existing": listener, "routes": [route]}],
        "existing": {"load_balancer": first.outputs["shop"]["arn"]},
    }
    second = record(lambda: AwsLoadBalancer("more", aws), aws=model)
    assert second.outputs["more"]["dns_name"] == first.outputs["shop"]["dns_name"]


def with_routes(place: Place, routes: list[dict[str, Any]], **fields: Any) -> Any:
    aws = application(listeners=[{"port": 443, "protocol": "https", "routes": routes}], **fields)
    args = place.args(aws)
    return lambda: AwsLoadBalancer("shop", args)


def test_a_route_in_between_makes_one_rule_and_churns_none(model: AwsModel) -> None:
    place = Place(model)
    targets = {"api": API, "web": API}
    routes = [{"host": "shop.example.com", "path": f"/{it}", "target": "api"} for it in ("a", "b", "c")]
    more = [routes[2], {"host": "shop.example.com", "path": "/a/b", "target": "web"}, *routes[:2]]
    changes = model.compare(with_routes(place, routes, targets=targets), with_routes(place, more, targets=targets))
    assert (changes.updated, changes.replaced, changes.deleted) == ({}, {}, set())
    assert len(changes.created) == 1
    assert next(iter(changes.created)).startswith("shop-443-shop-example-com-a-b-")


def test_weights_change_a_listener_in_place(model: AwsModel) -> None:
    place = Place(model)

    def program(blue: int, green: int) -> Any:
        listener = {"port": 443, "protocol": "https", "weights": {"blue": blue, "green": green}}
        args = place.args(application(targets={"blue": API, "green": ELSEWHERE}, listeners=[listener]))
        return lambda: AwsLoadBalancer("shop", args)

    changes = model.compare(program(100, 0), program(50, 50))
    assert changes.updated == {"shop-443": {"defaultActions"}}
    assert (changes.created, changes.replaced, changes.deleted) == (set(), {}, set())


def test_another_port_of_a_target_makes_a_target_group_beside_the_old_one(model: AwsModel) -> None:
    place = Place(model)

    def program(port: int) -> Any:
        args = place.args(application(targets={"api": {"target": {**TARGET, "target_port": port}}}))
        return lambda: AwsLoadBalancer("shop", args)

    changes = model.compare(program(8080), program(9090))
    assert changes.replaced == {"shop-api": {"port"}}
    assert set(changes.updated) <= {"shop-443"}
    assert {it.partition("-to-")[0] for it in changes.created} == {"shop-tcp-9090"}
    assert {it.partition("-to-")[0] for it in changes.deleted} == {"shop-tcp-8080"}


def test_another_scope_makes_a_balancer_beside_the_old_one(model: AwsModel) -> None:
    place = Place(model)

    def program(scope: str) -> Any:
        args = place.args(application(scope=scope, deletion_protection=False))
        return lambda: AwsLoadBalancer("shop", args)

    changes = model.compare(program("internet"), program("internal"))
    assert changes.replaced["shop"] == {"internal"}
    assert not changes.deleted


def test_one_more_target_listener_host_and_source_change_nothing_else(model: AwsModel) -> None:
    place = Place(model)
    few = place.args(application(hosts={"shop.example.com": ZONED}, default_host="shop.example.com"))
    many = place.args(
        application(
            targets={"web": {"target": {**TARGET, "target_port": 9090}}, "api": API},
            hosts={"www.example.com": ZONED, "shop.example.com": ZONED},
            default_host="shop.example.com",
            listeners=[{"port": 8443, "protocol": "https", "target": "web"}, HTTPS],
            allowed_sources=["192.0.2.0/24", "0.0.0.0/0"],
        )
    )
    changes = model.compare(lambda: AwsLoadBalancer("shop", few), lambda: AwsLoadBalancer("shop", many))
    assert (changes.updated, changes.replaced, changes.deleted) == ({}, {}, set())
    for name in ("shop-web", "shop-8443", "shop-www.example.com-a", "shop-443-www.example.com"):
        assert name in changes.created


def test_a_stack_leaves_the_record_that_validates_a_certificate(model: AwsModel) -> None:
    """The certificates that other stacks have for the host have the same one, and ACM renews a certificate only as long
    as its record exists."""
    args = Place(model).args(application(hosts={"shop.example.com": ZONED}, deletion_protection=False))

    def kinds() -> list[str]:
        zone = model.client("route53").list_hosted_zones()["HostedZones"][0]["Id"]
        records = model.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return sorted(found["Type"] for found in records if found["Type"] in ("A", "CNAME"))

    record(lambda: AwsLoadBalancer("shop", args), aws=model)
    assert kinds() == ["A", "CNAME"]
    model.update(lambda: None)
    assert kinds() == ["CNAME"]
    # The next stack finds it there.
    record(lambda: AwsLoadBalancer("shop", args), aws=model)
    assert kinds() == ["A", "CNAME"]


def test_a_load_balancer_is_behind_another_one(model: AwsModel) -> None:
    place = Place(model)
    web = record(lambda: AwsLoadBalancer("web", place.args(application())), aws=model).outputs["web"]["arn"]
    target = {"load_balancer": web, "port": 443, "health": {"protocol": "https", "path": "/healthz"}}
    args = place.args(network(targets={"web": target}, listeners=[{**TCP, "target": "web"}]))
    recorded = record(lambda: AwsLoadBalancer("front", args), aws=model)
    group = recorded.one("aws:lb/targetGroup:TargetGroup", "front-web").inputs
    assert (group["targetType"], group["protocol"], group["healthCheck"]["protocol"]) == ("alb", "TCP", "HTTPS")
    # A target group of a load balancer has no such attributes.
    assert not {"preserveClientIp", "proxyProtocolV2", "deregistrationDelay"} & group.keys()
    attached = recorded.one("aws:lb/targetGroupAttachment:TargetGroupAttachment", "front-web-load-balancer").inputs
    assert (attached["targetId"], attached["port"]) == (web, 443)


def test_the_name_of_an_endpoint_service_is_an_output(model: AwsModel) -> None:
    place = Place(model)
    recorded = record(lambda: AwsLoadBalancer("shop", place.args(network(private_link={}))), aws=model)
    assert recorded.outputs["shop"]["endpoint_service_name"].startswith("com.amazonaws.vpce.")


def test_the_ip_version_of_targets_makes_another_target_group(model: AwsModel) -> None:
    place = Place(model)
    common: dict[str, Any] = {"ip_address_type": "dualstack", "target_ranges": ["10.0.0.0/8", "fd00::/8"]}

    def program(version: str) -> Any:
        args = place.args(application(**common, targets={"api": {**API, "ip_address_type": version}}))
        return lambda: AwsLoadBalancer("shop", args)

    changes = model.compare(program("ipv4"), program("ipv6"))
    assert changes.replaced["shop-api"] == {"ipAddressType"}
