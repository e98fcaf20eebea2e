"""What a load balancer that Pulumi owns refuses: a case for each rule, with what it says."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError, AwsLoadBalancer
from pulumi_portico.aws_load_balancer.args import check_aws_load_balancer
from pulumi_portico.errors import Problems
from pulumi_portico.public_load_balancer.args import check_public_load_balancer
from pulumi_portico.shapes import camel_case
from pulumi_portico.testing import record

from tests.aws_balancers import (
    API,
    CERTIFICATE,
    GIVEN,
    HTTPS,
    LISTENER,
    LOAD_BALANCER,
    TARGET,
    TCP,
    TLS,
    TRUST_STORE,
    WEB_ACL,
    application,
    network,
    refused,
    routed,
)

HTTP: dict[str, Any] = {"port": 80, "protocol": "http", "to": "api"}
UDP = {**TARGET, "protocol": "UDP"}
ZONED = {"zone": "example.com"}
ROUTES = [{"path": "/a", "to": "api"}]
SIX = [f"t{it}" for it in range(6)]
EXISTING: dict[str, Any] = {
    **dict.fromkeys(("scope", "subnets", "allowed_sources", "hosts")),
    "existing": {"load_balancer": LOAD_BALANCER},
    "listeners": [HTTP],
}


def target(**fields: Any) -> dict[str, Any]:
    return {"targets": {"api": {**API, **fields}}}


def elsewhere(**fields: Any) -> dict[str, Any]:
    return {"targets": {"api": {"bound_elsewhere": True, "port": 8080, **fields}}}


def listener(**fields: Any) -> dict[str, Any]:
    given = {**HTTPS, **fields}
    return {"listeners": [{name: value for name, value in given.items() if value is not None}]}


def mutual(**fields: Any) -> dict[str, Any]:
    return listener(client_certificates=fields)


CASES: list[tuple[dict[str, Any], str]] = [
    # The load balancer as a whole.
    (application(kind=None), "kind: is missing"),
    (application(scope=None), "scope: is missing"),
    (application(allowed_sources=None), "allowed_sources: is missing, and nobody is let in until it says who"),
    (application(subnets=None), "subnets: is missing, and one zone may fail"),
    (application(subnets=["subnet-a"]), "subnets: is 1, and one zone may fail"),
    (application(subnets=["subnet-a", "subnet-a"]), 'subnets: "subnet-a" is there twice'),
    (application(subnets=["a", "b"]), 'subnets[0]: "a" is not the id of a subnet'),
    (application(zones=["eu-west-1a"]), "zones: is 1 zones, and there are 2 subnets"),
    (application(zones=["eu-west-1a", "eu-west-1a"]), 'zones: "eu-west-1a" has two of the subnets'),
    (application(vpc="10.0.0.0/16"), 'vpc: "10.0.0.0/16" is not the id of a VPC'),
    (application(name="internal-shop"), "begins with internal-, which AWS keeps for itself"),
    (application(name="a" * 33), "is 33 characters long, too long for a load balancer's name"),
    (application(name="-shop"), "does not fit a load balancer's name"),
    (application(address_family="IPv6"), 'address_family: "IPv6" alone is not what AWS'),
    (application(allowed_sources=["::/0"]), 'allowed_sources[0]: "::/0" is IPv6'),
    (application(allowed_sources=["0.0.0.0"]), "has no length of its prefix"),
    (application(elastic_ips=["eipalloc-1", "eipalloc-2"]), "elastic_ips: is for Network Load Balancers"),
    (application(cross_zone=True), "cross_zone: is for Network Load Balancers"),
    (network(idle_timeout=60), "idle_timeout: is for Application Load Balancers"),
    (network(web_acl=WEB_ACL), "web_acl: is for Application Load Balancers"),
    (application(web_acl="waf"), 'web_acl: "waf" is not the ARN of a regional web ACL'),
    (application(idle_timeout=4001), "idle_timeout: 4001 is not a number of seconds that AWS takes"),
    (network(elastic_ips=["eipalloc-1"]), "elastic_ips: is 1 addresses, and there are 2 subnets"),
    (network(scope="internal", elastic_ips=["eipalloc-1", "eipalloc-2"]), "elastic_ips: is for the internet"),
    (network(private_addresses=["10.0.0.5", "10.0.1.5"]), "private_addresses: is for internal load balancers"),
    (application(sources={"cdn": {}}), "sources.cdn: names nobody"),
    (application(sources={"cdn": {"prefix_list": "pl-1", "cidr": "10.0.0.0/8"}}), "stands beside cidr"),
    (application(sources={"six": {"cidr": "fd00::/8"}}), 'sources.six.cidr: "fd00::/8" is IPv6'),
    (application(redirect_http=True, listeners=[HTTPS, HTTP]), "redirect_http: is true, and there is a listener"),
    (application(quotas={"listeners": 1}, listeners=[HTTPS, HTTP]), "listeners: has 2 listeners, more than the"),
    (application(quotas={"target_groups": 1}, targets={"api": API, "web": API}), "targets: has 2 targets, more"),
    (routed({"path": "/a"}, {"path": "/b"}, quotas={"rules": 1}), "listeners: has 2 routes, more than the quota"),
    (
        application(hosts={f"{it}.example.com": ZONED for it in range(27)}, default_host="1.example.com"),
        "hosts: has 26 certificates beside the default one, more than the quota",
    ),
    (
        application(allowed_sources=[f"192.0.{it}.0/24" for it in range(31)]),
        "listeners: wants 62 rules of a security group to let clients in",
    ),
    (application(quotas={"security_group_rules": 3}), "targets: wants 4 rules of a security group to let it out"),
    (
        network(
            **target(target=UDP, health={"port": 80}),
            address_family="dual",
            listeners=[{"port": 53, "protocol": "udp", "to": "api"}],
        ),
        'address_family: "dual" is not for UDP',
    ),
    # Made elsewhere.
    (application(existing={"load_balancer": LOAD_BALANCER}), "scope: is the load balancer's own business"),
    (
        application(**EXISTING, **target(security_group="nodes"), target_security_groups={"nodes": "sg-1"}),
        "whose own is not known",
    ),
    (application(**listener(existing=LISTENER, to=None)), "listeners[0].existing: was made elsewhere, and the"),
    (
        application(**{**EXISTING, "listeners": [{"port": 443, "protocol": "https", "existing": LISTENER}]}),
        "listeners[0].routes: is missing, and nothing else is added to a listener made elsewhere",
    ),
    (
        application(
            **{**EXISTING, "listeners": [{**HTTPS, "existing": LISTENER, "routes": [{"path": "/a", "to": "api"}]}]}
        ),
        "listeners[0].to: is the listener's own business",
    ),
    (
        network(**{**EXISTING, "listeners": [{"port": 443, "protocol": "tcp", "existing": LISTENER}]}),
        "listeners[0].existing: has no routes to add",
    ),
    (application(existing={"load_balancer": "shop"}), "is not the ARN of a load balancer"),
    # Targets.
    (application(targets={}), "targets: {} holds none"),
    (application(targets={"api": {}}), "targets.api: says not where what comes in goes"),
    (application(**target(bound_elsewhere=True)), "targets.api.bound_elsewhere: stands beside target"),
    (application(**elsewhere(bound_elsewhere=False)), "targets.api.bound_elsewhere: is false"),
    (application(targets={"api": {"bound_elsewhere": True}}), "targets.api.port: is missing"),
    (application(**target(port=8080)), "targets.api.port: is what the target says itself"),
    (application(**target(drain=8)), "targets.api.drain: is what the target says itself"),
    (
        application(**target(target={"service": "api", "namespace": "shop", "port_name": "http"})),
        "targets.api.target.port: is missing, and a target group has a number",
    ),
    (application(**target(target={**TARGET, "protocol": "SCTP"})), '"SCTP" is not what AWS'),
    (application(**target(client_ip="preserve")), "targets.api.client_ip: is for Network Load Balancers"),
    (network(**target(sticky_for=60)), "targets.api.sticky_for: is for Application Load Balancers"),
    (application(**target(protocol="tcp")), '"tcp" is not what an application load balancer speaks to targets'),
    (network(**target(protocol="http")), '"http" is not what a network load balancer speaks to targets'),
    (application(**target(health={"protocol": "tcp"})), '"tcp" is not what an application load balancer asks by'),
    (network(**target(health={"protocol": "tcp", "path": "/"})), "targets.api.health.path: is what HTTP answers"),
    (network(**target(health={"success_codes": "200"})), "health.success_codes: is what HTTP answers"),
    (
        network(**target(target=UDP), listeners=[{"port": 53, "protocol": "udp", "to": "api"}]),
        "targets.api.health.port: is missing, and UDP answers no health check",
    ),
    (
        application(**target(health={"interval": 5, "timeout": 5})),
        "timeout: 5 is no less than the interval of 5",
    ),
    (application(**target(health={"success_codes": "503"})), '"503" holds a code that AWS does not take here'),
    (application(**target(version="grpc", health={"success_codes": "200"})), "success_codes: "),
    (application(**target(health={"success_codes": "ok"})), "is no list of status codes"),
    (application(**target(slow_start=30, algorithm="weighted_random")), "slow_start: is not for the algorithm"),
    (application(**target(version="grpc"), listeners=[HTTP], hosts=None), "speaks grpc, and the listener plain HTTP"),
    (
        network(**target(target=UDP, health={"port": 80}, client_ip="hide"), listeners=[{**TCP, "protocol": "udp"}]),
        "cannot be had for UDP",
    ),
    (network(**target(client_ip="proxy-protocol")), "reads_proxy_protocol: is not true, and the PROXY protocol breaks"),
    (network(**target(reads_proxy_protocol=True)), "reads_proxy_protocol: is true, and the load balancer does not"),
    (
        network(
            **target(client_ip="proxy-protocol", reads_proxy_protocol=True, health={"port": 9000, "path": "/healthz"})
        ),
        "targets.api.health.port: is asked over HTTP, and the load balancer speaks the PROXY protocol to it too",
    ),
    (network(**target(protocol="tls", session_affinity=True)), "session_affinity: is not for TLS"),
    (application(targets={"api": {"instances": {"a": "server"}, "port": 1}}), "is not the id of an instance"),
    (application(targets={"api": {"addresses": {"a": "8.8.8.8"}, "port": 1}}), "is not a private IPv4 address"),
    # Listeners.
    (application(listeners=[]), "listeners: [] holds none"),
    (application(listeners=[HTTPS, HTTPS]), "listeners[1].port: 443 is that of listeners[0] too"),
    (application(listeners=[TCP]), '"tcp" is not what an application load balancer takes from clients'),
    (network(listeners=[HTTPS]), '"https" is not what a network load balancer takes from clients'),
    (network(listeners=[{"port": 1, "protocol": "tcp"}]), "listeners[0]: says not where what comes in goes"),
    (application(**listener(to="apy")), 'listeners[0].to: "apy" is none of the targets'),
    (application(**listener(respond={"status": 404})), "listeners[0].respond: stands beside to"),
    (application(**listener(to=None, respond={"status": 302})), "302 is not a status that a load balancer answers"),
    (application(**listener(to=None, respond={"status": 200, "content_type": "x"})), "is no content type that AWS"),
    (application(**listener(to=None, redirect={"query": "a"})), "redirect: leads to where it comes from"),
    (application(**listener(to=None, redirect={"scheme": "ftp"})), "is no scheme of a redirect"),
    (application(**listener(to=None, weights={"apy": 1})), 'weights.apy: "apy" is none of the targets'),
    (application(**listener(to=None, weights={"api": 0})), "weights: sends nothing anywhere: every weight is 0"),
    (application(**listener(to=None, weights={"api": 1000})), "weights.api: 1000 is not a weight"),
    (
        application(
            targets={f"t{it}": API for it in range(6)}, **listener(to=None, weights={f"t{it}": 1 for it in range(6)})
        ),
        "weights: names 6 targets",
    ),
    (application(**listener(sticky_for=60)), "sticky_for: is about weights, and there are none"),
    (network(listeners=[{"port": 1, "protocol": "tcp", "respond": {"status": 200}}]), "respond: is for Application"),
    (network(listeners=[{**TCP, "routes": []}]), "listeners[0].routes: is for Application Load Balancers"),
    (network(listeners=[{**TCP, "policy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}]), "policy: is for TLS"),
    (application(**listener(policy="ELBSecurityPolicy-2016-08")), '"ELBSecurityPolicy-2016-08" is not one of the'),
    (application(**listener(tcp_idle_timeout=60)), "tcp_idle_timeout: is for TCP listeners"),
    (
        network(
            **target(target=UDP, health={"port": 80}),
            listeners=[{"port": 53, "protocol": "udp", "to": "api", "tcp_idle_timeout": 60}],
        ),
        "tcp_idle_timeout: is for TCP",
    ),
    (application(**mutual()), "client_certificates: trusts nobody"),
    (application(**mutual(mode="passthrough", trust_store=TRUST_STORE)), "trust_store: is for certificates that are"),
    (application(**mutual(trust_store="ours")), "is not the ARN of a trust store"),
    (
        application(**mutual(trust_store=TRUST_STORE, bundle={"bucket": "b", "key": "k"})),
        "client_certificates.bundle: stands beside trust_store",
    ),
    (application(listeners=[{**HTTP, "client_certificates": {}}], hosts=None), "client_certificates: is for HTTPS"),
    (application(listeners=[{**HTTP, "headers": {"hsts_max_age": 1}}], hosts=None), "is read over HTTPS alone"),
    (application(**listener(headers={"hsts_max_age": 0, "hsts_subdomains": True})), "header that is not written"),
    (application(**listener(headers={"hsts_preload": True})), "hsts_preload: is not taken by browsers' lists"),
    (application(**listener(priorities={"first": 1, "last": 50000})), "priorities: are those of an existing listener"),
    (network(listeners=[TLS], **target(protocol="udp", health={"port": 80}), hosts=GIVEN), "which a listener with tls"),
    # Routes.
    (routed({}), "routes[0]: is for every request"),
    (routed({"path": "a"}), 'routes[0].path: "a" is not a path of a route'),
    (routed({"path": "/a/*"}), 'routes[0].path: "/a/*" holds a wildcard'),
    (routed({"path": "/a" * 17}), "has 17 elements"),
    (
        routed({"host": "*.example.com"}),
        "for hosts of several more labels too, such as a.b.example.com",
    ),
    (routed({"host": "Shop.example.com"}), 'write "shop.example.com"'),
    (routed({"methods": ["get"]}), '"get" is not a request method'),
    (routed({"headers": {"Host": ["a"]}}), "is matched as the route's host"),
    (routed({"headers": {"x y": ["a"]}}), "is not the name of a header"),
    (routed({"headers": {"x": []}}), "routes[0].headers.x: holds none"),
    (routed({"headers": {"x": ["a" * 129]}}), "is no value that AWS compares with"),
    (routed({"path": "/a", "methods": ["GET", "PUT", "POST", "HEAD"]}), "routes[0]: has 6 values to compare with"),
    (routed({"headers": {"x": ["*a*b*c*", "*d*e*f"]}}), "routes[0]: has too many wildcards"),
    (routed({"path": "/a"}, {"path": "/a/"}), "routes[1]: is for the same requests as routes[0]"),
    (
        routed({"path": "/a", "methods": ["GET"]}, {"path": "/a", "headers": {"x": ["1"]}}),
        "routes[1]: and routes[0] can be for the same request, and neither is the more specific one",
    ),
    (
        routed({"path": "/a", "priority": 2}, {"path": "/a/b", "priority": 3}),
        "routes[1].priority: 3 puts /a/b on the wrong side of /a (routes[0], 2)",
    ),
    (
        routed({"path": "/a", "priority": 2}, {"path": "/b", "priority": 2}),
        "routes[1]: gets the priority 2 that",
    ),
    (
        application(
            **{
                **EXISTING,
                "listeners": [
                    {
                        "port": 443,
                        "protocol": "https",
                        "existing": LISTENER,
                        "priorities": {"first": 1, "last": 100},
                        "routes": [{"path": "/a", "to": "api"}],
                    }
                ],
            }
        ),
        "listeners[0].priorities: has room for 100 rules",
    ),
    (
        application(
            **{
                **EXISTING,
                "listeners": [
                    {
                        "port": 443,
                        "protocol": "https",
                        "existing": LISTENER,
                        "priorities": {"first": 10000, "last": 20000},
                        "routes": [{"path": "/a", "to": "api", "priority": 5}],
                    }
                ],
            }
        ),
        "routes[0].priority: 5 is not one of ours",
    ),
    # Hosts.
    (application(hosts=None), "hosts: is missing, and TLS wants a certificate"),
    (application(hosts={"shop": {}}), "is not a host's name"),
    (
        application(hosts={"shop.example.com": {"zone": "example.org"}}),
        '"example.org" is not the zone of shop',
    ),
    (application(hosts={"badexample.com": ZONED}), "is not the zone of badexample.com"),
    (application(hosts={"shop.example.com": {"certificate": CERTIFICATE, "record": False}}), "is about a zone"),
    (application(hosts={"shop.example.com": {}}), "hosts.shop.example.com: has no certificate, and a listener"),
    (application(hosts={"shop.example.com": {**ZONED, "private_zone": True}}), "is in a private zone"),
    (application(hosts={"shop.example.com": {"certificate": "mine"}}), "is not the ARN of a certificate in ACM"),
    (application(hosts=GIVEN, listeners=[HTTP]), "certificate: is for TLS, and no listener speaks it"),
    (
        application(hosts={"a.example.com": {"certificate_of": "b.example.com"}}),
        'certificate_of: "b.example.com" is none of the hosts here',
    ),
    (
        application(hosts={"a.b.example.com": {"certificate_of": "*.example.com"}, "*.example.com": ZONED}),
        '"*.example.com" has a certificate that is not for a.b.example.com',
    ),
    (
        application(
            hosts={
                "a.example.com": {"certificate_of": "c.example.com"},
                "c.example.com": {"certificate_of": "*.example.com"},
                "*.example.com": ZONED,
            }
        ),
        '"c.example.com" has no certificate of its own',
    ),
    (
        application(
            hosts={
                **GIVEN,
                "*.example.com": ZONED,
                "a.example.com": {"certificate": CERTIFICATE, "certificate_of": "*.example.com"},
            }
        ),
        "certificate_of: stands beside certificate",
    ),
    (
        application(hosts={**GIVEN, "www.example.com": ZONED}),
        "default_host: is missing, and several hosts have certificates",
    ),
    (application(default_host="www.example.com"), '"www.example.com" is none of the hosts here'),
    # Logs.
    (network(logs={"connections": True}), "logs.connections: is for Application Load Balancers"),
    (network(logs={"access": True}), "logs.access: is of TLS connections, and no listener speaks TLS"),
    (application(logs={"bucket": "logs", "keep_days": 3}), "logs.keep_days: is the bucket's own business"),
    (application(logs={"access": False, "keep_days": 3}), "logs.keep_days: is for logs, and none is on"),
    (application(logs={"prefix": "/a"}), "is no prefix that AWS takes"),
]


@pytest.mark.parametrize(("aws", "said"), CASES, ids=[said[:60] for _, said in CASES])
def test_it_is_refused(aws: dict[str, Any], said: str) -> None:
    message = refused(aws)
    assert said in " ".join(message.split()), message


def test_an_output_is_refused_where_what_is_made_is_known_by_it() -> None:
    def later() -> pulumi.Output[int]:
        return pulumi.Output.from_input(80)

    said: list[str] = []

    def program() -> None:
        aws: Any = application(**target(target={**TARGET, "port": later()}))
        with pytest.raises(ArgumentError) as caught:
            AwsLoadBalancer("shop", aws)
        said.append(str(caught.value))

    record(program)
    assert "targets.api.target.port: is known only during the deployment" in said[0]


@pytest.mark.parametrize(
    "args",
    [
        {"target": TARGET},
        {"exposure": {"scope": "internal", "platform": "generic"}},
        {"ports": {"http": {"port": 80}}},
        {"ready_within": 60},
        {"target_reads_proxy_protocol": True},
    ],
    ids=lambda args: next(iter(args)),
)
def test_the_arguments_of_a_public_load_balancer_are_rejected(args: dict[str, Any]) -> None:
    (field,) = args
    assert f"{field}: is no argument here" in refused(application(), **args)


def test_a_public_load_balancer_rejects_aws_and_names_the_component_to_use() -> None:
    problems = Problems("shop")
    check_public_load_balancer("shop", {"aws": application()}, problems, "portico:loadBalancers.shop")
    (problem,) = problems.found
    assert problem.path == "portico:loadBalancers.shop.aws"
    assert "portico:awsLoadBalancers.shop" in problem.fix


def test_a_name_that_aws_keeps_for_itself_is_refused() -> None:
    assert "begins with internal-, which AWS keeps for itself" in refused(application(), name="internal-shop")


def test_every_problem_is_told_at_once() -> None:
    message = refused(application(subnets=["subnet-a"], **target(client_ip="hide"), **listener(to="apy")))
    for part in ("subnets", "targets.api.client_ip", "listeners[0].to"):
        assert part in message


def test_other_languages_read_the_names_that_they_wrote() -> None:
    problems = Problems("shop")
    aws = {
        "kind": "network",
        "scope": "internet",
        "vpc": "vpc-1",
        "subnets": ["subnet-a", "subnet-b"],
        "elasticIps": ["eipalloc-1"],
        "targets": {"api": {"boundElsewhere": True, "port": 80, "readsProxyProtocol": True}},
        "listeners": [{"port": 80, "protocol": "tcp", "to": "api", "stickyFor": 60}],
    }
    check_aws_load_balancer("shop", aws, problems, spelling=camel_case)
    assert {it.path for it in problems.found} == {
        "allowedSources",
        "elasticIps",
        "targets.api.readsProxyProtocol",
        "listeners[0].stickyFor",
    }
