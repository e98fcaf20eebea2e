"""What an AwsLoadBalancer rejects: a case for each rule, with the code and the location of its problem."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import pulumi
import pytest
from pulumi_portico import AwsLoadBalancer
from pulumi_portico.args.location import KeyStyle, Location
from pulumi_portico.args.problems import Edit, Problem, Problems, Set
from pulumi_portico.aws_load_balancer.validation import parse_aws_load_balancer
from pulumi_portico.public_load_balancer.validation import parse_public_load_balancer
from pulumi_portico.testing import record

from tests.aws_balancers import (
    API,
    CERTIFICATE,
    COGNITO,
    GIVEN,
    HTTPS,
    LISTENER,
    LOAD_BALANCER,
    OIDC,
    TARGET,
    TCP,
    TLS,
    TRUST_STORE,
    WEB_ACL,
    application,
    network,
    routed,
    without,
)
from tests.problems import assert_fixes_work, assert_problem, problems_of

HTTP: dict[str, Any] = {"port": 80, "protocol": "http", "target": "api"}
UDP = {**TARGET, "protocol": "UDP"}
ZONED = {"zone": "example.com"}
ROUTES = [{"path": "/a", "target": "api"}]
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


BEHIND: dict[str, Any] = {"load_balancer": LOAD_BALANCER, "port": 443}

CASES: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
    # Sign-in.
    (application(**listener(authenticate={})), "no-identity-provider", ("listeners", 0, "authenticate")),
    (
        application(**listener(authenticate={**OIDC, **COGNITO})),
        "mutually-exclusive",
        ("listeners", 0, "authenticate", "cognito"),
    ),
    (
        application(listeners=[{**HTTP, "authenticate": OIDC}], hosts=None),
        "needs-listener-protocol",
        ("listeners", 0, "authenticate"),
    ),
    (
        network(listeners=[{**TCP, "authenticate": OIDC}]),
        "wrong-aws-load-balancer-kind",
        ("listeners", 0, "authenticate"),
    ),
    (
        application(**listener(authenticate={"oidc": {**OIDC["oidc"], "issuer": "http://id.example.com"}})),
        "not-https-url",
        ("listeners", 0, "authenticate", "oidc", "issuer"),
    ),
    (
        application(
            **listener(authenticate={"cognito": {**COGNITO["cognito"], "user_pool": "eu-central-1_a1B2c3D4e"}})
        ),
        "invalid-arn",
        ("listeners", 0, "authenticate", "cognito", "user_pool"),
    ),
    (
        application(**listener(authenticate={**OIDC, "scope": "email"})),
        "invalid-oidc-scope",
        ("listeners", 0, "authenticate", "scope"),
    ),
    (
        application(**listener(authenticate={**OIDC, "session_cookie": "a b"})),
        "invalid-session-cookie-name",
        ("listeners", 0, "authenticate", "session_cookie"),
    ),
    (
        application(**listener(authenticate={**OIDC, "extra_parameters": {f"p{number}": "a" for number in range(11)}})),
        "too-many-extra-parameters",
        ("listeners", 0, "authenticate", "extra_parameters"),
    ),
    # Attributes without a field.
    (
        application(attributes={"idle_timeout.timeout_seconds": "9"}),
        "aws-attribute-of-field",
        ("attributes", "idle_timeout.timeout_seconds"),
    ),
    (application(attributes={"made.up": "9"}), "unknown-aws-attribute", ("attributes", "made.up")),
    (
        application(attributes={"dns_record.client_routing_policy": "any_availability_zone"}),
        "aws-attribute-of-other-kind",
        ("attributes", "dns_record.client_routing_policy"),
    ),
    (
        application(attributes={"client_keep_alive.seconds": "5"}),
        "invalid-aws-attribute",
        ("attributes", "client_keep_alive.seconds"),
    ),
    (
        application(**target(attributes={"slow_start.duration_seconds": "30"})),
        "aws-attribute-of-field",
        ("targets", "api", "attributes", "slow_start.duration_seconds"),
    ),
    # A load balancer behind another one.
    (application(targets={"api": BEHIND}), "wrong-aws-load-balancer-kind", ("targets", "api", "load_balancer")),
    (
        network(targets={"api": {**BEHIND, "client_ip": "preserve"}}),
        "not-of-load-balancer-target",
        ("targets", "api", "client_ip"),
    ),
    (network(targets={"api": {**BEHIND, "protocol": "tls"}}), "wrong-aws-protocol", ("targets", "api", "protocol")),
    (
        network(targets={"api": {**BEHIND, "health": {"protocol": "tcp"}}}),
        "wrong-aws-protocol",
        ("targets", "api", "health", "protocol"),
    ),
    (network(targets={"api": {**BEHIND, "port": None}}), "port-number-needed", ("targets", "api", "port")),
    # IPv6 targets.
    (
        application(**target(ip_address_type="ipv6"), target_ranges=["fd00::/8"]),
        "ipv6-target-of-ipv4-load-balancer",
        ("targets", "api", "ip_address_type"),
    ),
    (
        application(**target(ip_address_type="ipv6"), ip_address_type="dualstack"),
        "no-ipv6-target-ranges",
        ("target_ranges",),
    ),
    (
        application(**target(ip_address_type="dualstack")),
        "targets-of-both-ip-versions",
        ("targets", "api", "ip_address_type"),
    ),
    (
        application(targets={"api": {"addresses": {"a": "fd00::9"}, "port": 80}}),
        "target-of-other-ip-version",
        ("targets", "api", "addresses", "a"),
    ),
    # Ports of nodes.
    (application(**elsewhere(node_port=30080)), "needs-field", ("targets", "api", "node_port")),
    (
        application(targets={"api": {"target": without({**TARGET, "selector": None}), "node_port": 30080}}),
        "needs-field",
        ("targets", "api", "node_port"),
    ),
    (application(**target(node_port=8080)), "out-of-range", ("targets", "api", "node_port")),
    # PrivateLink.
    (application(private_link={}), "wrong-aws-load-balancer-kind", ("private_link",)),
    (
        network(private_link={"allowed_principals": ["123456789012"]}),
        "not-a-principal",
        ("private_link", "allowed_principals", 0),
    ),
    # The load balancer as a whole.
    (application(kind=None), "missing", ("kind",)),
    (application(scope=None), "missing", ("scope",)),
    (application(allowed_sources=None), "no-clients", ("allowed_sources",)),
    (application(subnets=None), "too-few-subnets", ("subnets",)),
    (application(subnets=["subnet-a"]), "too-few-subnets", ("subnets",)),
    (
        application(subnets=["subnet-a", "subnet-a"]),
        "duplicate-item",
        (
            "subnets",
            1,
        ),
    ),
    (
        application(subnets=["a", "b"]),
        "invalid-aws-id",
        (
            "subnets",
            0,
        ),
    ),
    (application(zones=["eu-west-1a"]), "list-lengths-differ", ("zones",)),
    (
        application(zones=["eu-west-1a", "eu-west-1a"]),
        "duplicate-zone",
        (
            "zones",
            1,
        ),
    ),
    (application(vpc="10.0.0.0/16"), "invalid-aws-id", ("vpc",)),
    (application(name="internal-shop"), "reserved-load-balancer-name", ("name",)),
    (application(name="a" * 33), "name-too-long", ("name",)),
    (application(name="-shop"), "invalid-load-balancer-name", ("name",)),
    (application(ip_address_type="ipv6"), "ipv6-only-not-supported", ("ip_address_type",)),
    (
        application(allowed_sources=["::/0"]),
        "ipv6-range-not-supported",
        (
            "allowed_sources",
            0,
        ),
    ),
    (
        application(allowed_sources=["0.0.0.0"]),
        "cidr-without-length",
        (
            "allowed_sources",
            0,
        ),
    ),
    (application(elastic_ips=["eipalloc-1", "eipalloc-2"]), "wrong-aws-load-balancer-kind", ("elastic_ips",)),
    (application(cross_zone=True), "wrong-aws-load-balancer-kind", ("cross_zone",)),
    (network(idle_timeout=60), "wrong-aws-load-balancer-kind", ("idle_timeout",)),
    (network(web_acl=WEB_ACL), "wrong-aws-load-balancer-kind", ("web_acl",)),
    (application(web_acl="waf"), "invalid-arn", ("web_acl",)),
    (application(idle_timeout=4001), "out-of-range", ("idle_timeout",)),
    (network(forwarded_for="remove"), "wrong-aws-load-balancer-kind", ("forwarded_for",)),
    (network(forwards_client_port=True), "wrong-aws-load-balancer-kind", ("forwards_client_port",)),
    (application(**listener(alpn="HTTP2Only")), "wrong-aws-load-balancer-kind", ("listeners", 0, "alpn")),
    (
        network(listeners=[{"port": 443, "protocol": "tcp", "target": "api", "alpn": "HTTP2Only"}]),
        "needs-listener-protocol",
        ("listeners", 0, "alpn"),
    ),
    (
        application(**listener(routes=[{"target": "api", "queries": {"version": []}}])),
        "empty-header-condition",
        ("listeners", 0, "routes", 0, "queries", "version"),
    ),
    (
        application(**listener(routes=[{"target": "api", "queries": {"version": ["x" * 129]}}])),
        "invalid-alb-header-value",
        ("listeners", 0, "routes", 0, "queries", "version", 0),
    ),
    (network(elastic_ips=["eipalloc-1"]), "list-lengths-differ", ("elastic_ips",)),
    (network(scope="internal", elastic_ips=["eipalloc-1", "eipalloc-2"]), "wrong-scope", ("elastic_ips",)),
    (network(private_addresses=["10.0.0.5", "10.0.1.5"]), "wrong-scope", ("private_addresses",)),
    (
        application(sources={"cdn": {}}),
        "empty-source",
        (
            "sources",
            "cdn",
        ),
    ),
    (
        application(sources={"cdn": {"prefix_list": "pl-1", "cidr": "10.0.0.0/8"}}),
        "mutually-exclusive",
        (
            "sources",
            "cdn",
            "prefix_list",
        ),
    ),
    (
        application(sources={"six": {"cidr": "fd00::/8"}}),
        "ipv6-range-not-supported",
        (
            "sources",
            "six",
            "cidr",
        ),
    ),
    (application(https_redirect=True, listeners=[HTTPS, HTTP]), "no-http-redirect", ("https_redirect",)),
    (application(quotas={"listeners": 1}, listeners=[HTTPS, HTTP]), "quota-exceeded", ("listeners",)),
    (application(quotas={"target_groups": 1}, targets={"api": API, "web": API}), "quota-exceeded", ("targets",)),
    (routed({"path": "/a"}, {"path": "/b"}, quotas={"rules": 1}), "quota-exceeded", ("listeners",)),
    (
        application(hosts={f"{it}.example.com": ZONED for it in range(27)}, default_host="1.example.com"),
        "quota-exceeded",
        ("hosts",),
    ),
    (
        application(allowed_sources=[f"192.0.{it}.0/24" for it in range(31)]),
        "security-group-quota-exceeded",
        ("listeners",),
    ),
    (application(quotas={"security_group_rules": 3}), "security-group-quota-exceeded", ("targets",)),
    (
        network(
            **target(target=UDP, health={"port": 80}),
            ip_address_type="dualstack",
            listeners=[{"port": 53, "protocol": "udp", "target": "api"}],
        ),
        "dualstack-udp",
        ("ip_address_type",),
    ),
    # Made elsewhere.
    (application(existing={"load_balancer": LOAD_BALANCER}), "set-on-existing", ("scope",)),
    (
        application(**EXISTING, **target(security_group="nodes"), target_security_groups={"nodes": "sg-1"}),
        "unknown-balancer-security-group",
        (
            "targets",
            "api",
            "security_group",
        ),
    ),
    (
        application(**listener(existing=LISTENER, target=None)),
        "needs-field",
        (
            "listeners",
            0,
            "existing",
        ),
    ),
    (
        application(**{**EXISTING, "listeners": [{"port": 443, "protocol": "https", "existing": LISTENER}]}),
        "existing-listener-without-routes",
        (
            "listeners",
            0,
            "routes",
        ),
    ),
    (
        application(
            **{**EXISTING, "listeners": [{**HTTPS, "existing": LISTENER, "routes": [{"path": "/a", "target": "api"}]}]}
        ),
        "set-on-existing",
        (
            "listeners",
            0,
            "target",
        ),
    ),
    (
        network(**{**EXISTING, "listeners": [{"port": 443, "protocol": "tcp", "existing": LISTENER}]}),
        "existing-network-listener",
        (
            "listeners",
            0,
            "existing",
        ),
    ),
    (
        application(existing={"load_balancer": "shop"}),
        "invalid-arn",
        (
            "existing",
            "load_balancer",
        ),
    ),
    # Targets.
    (application(targets={}), "empty", ("targets",)),
    (
        application(targets={"api": {}}),
        "empty-target",
        (
            "targets",
            "api",
        ),
    ),
    (
        application(**target(bound_elsewhere=True)),
        "mutually-exclusive",
        (
            "targets",
            "api",
            "bound_elsewhere",
        ),
    ),
    (
        application(**elsewhere(bound_elsewhere=False)),
        "target-not-bound",
        (
            "targets",
            "api",
            "bound_elsewhere",
        ),
    ),
    (
        application(targets={"api": {"bound_elsewhere": True}}),
        "port-number-needed",
        (
            "targets",
            "api",
            "port",
        ),
    ),
    (
        application(**target(port=8080)),
        "set-by-target",
        (
            "targets",
            "api",
            "port",
        ),
    ),
    (
        application(**target(drain=8)),
        "set-by-target",
        (
            "targets",
            "api",
            "drain",
        ),
    ),
    (
        application(**target(target={"service": "api", "namespace": "shop", "port_name": "http"})),
        "port-number-needed",
        (
            "targets",
            "api",
            "target",
            "port",
        ),
    ),
    (
        application(**target(target={**TARGET, "protocol": "SCTP"})),
        "wrong-aws-protocol",
        (
            "targets",
            "api",
            "target",
            "protocol",
        ),
    ),
    (
        application(**target(client_ip="preserve")),
        "wrong-aws-load-balancer-kind",
        (
            "targets",
            "api",
            "client_ip",
        ),
    ),
    (
        network(**target(stickiness_duration=60)),
        "wrong-aws-load-balancer-kind",
        (
            "targets",
            "api",
            "stickiness_duration",
        ),
    ),
    (
        application(**target(protocol="tcp")),
        "wrong-aws-protocol",
        (
            "targets",
            "api",
            "protocol",
        ),
    ),
    (
        network(**target(protocol="http")),
        "wrong-aws-protocol",
        (
            "targets",
            "api",
            "protocol",
        ),
    ),
    (
        application(**target(health={"protocol": "tcp"})),
        "wrong-aws-protocol",
        (
            "targets",
            "api",
            "health",
            "protocol",
        ),
    ),
    (
        network(**target(health={"protocol": "tcp", "path": "/"})),
        "needs-http-health-check",
        (
            "targets",
            "api",
            "health",
            "path",
        ),
    ),
    (
        network(**target(health={"success_codes": "200"})),
        "needs-http-health-check",
        (
            "targets",
            "api",
            "health",
            "success_codes",
        ),
    ),
    (
        network(**target(target=UDP), listeners=[{"port": 53, "protocol": "udp", "target": "api"}]),
        "udp-health-port",
        (
            "targets",
            "api",
            "health",
            "port",
        ),
    ),
    (
        application(**target(health={"interval": 5, "timeout": 5})),
        "timeout-too-long",
        (
            "targets",
            "api",
            "health",
            "timeout",
        ),
    ),
    (
        application(**target(health={"success_codes": "503"})),
        "codes-out-of-range",
        (
            "targets",
            "api",
            "health",
            "success_codes",
        ),
    ),
    (
        application(**target(version="grpc", health={"success_codes": "200"})),
        "codes-out-of-range",
        (
            "targets",
            "api",
            "health",
            "success_codes",
        ),
    ),
    (
        application(**target(health={"success_codes": "ok"})),
        "invalid-codes",
        (
            "targets",
            "api",
            "health",
            "success_codes",
        ),
    ),
    (
        application(**target(slow_start=30, algorithm="weighted_random")),
        "slow-start-algorithm",
        (
            "targets",
            "api",
            "slow_start",
        ),
    ),
    (
        application(**target(version="grpc"), listeners=[HTTP], hosts=None),
        "listener-target-version",
        (
            "listeners",
            0,
            "target",
        ),
    ),
    (
        network(**target(target=UDP, health={"port": 80}, client_ip="hide"), listeners=[{**TCP, "protocol": "udp"}]),
        "udp-client-ip",
        (
            "targets",
            "api",
            "client_ip",
        ),
    ),
    (
        network(**target(client_ip="proxy-protocol")),
        "targets-must-read-proxy-protocol",
        (
            "targets",
            "api",
            "reads_proxy_protocol",
        ),
    ),
    (
        network(**target(reads_proxy_protocol=True)),
        "targets-expect-proxy-protocol",
        (
            "targets",
            "api",
            "reads_proxy_protocol",
        ),
    ),
    (
        network(
            **target(client_ip="proxy-protocol", reads_proxy_protocol=True, health={"port": 9000, "path": "/healthz"})
        ),
        "proxy-protocol-health-check",
        (
            "targets",
            "api",
            "health",
            "port",
        ),
    ),
    (
        network(**target(protocol="tls", session_affinity="ClientIP")),
        "tls-session-affinity",
        (
            "targets",
            "api",
            "session_affinity",
        ),
    ),
    (
        application(targets={"api": {"instances": {"a": "server"}, "port": 1}}),
        "invalid-aws-id",
        (
            "targets",
            "api",
            "instances",
            "a",
        ),
    ),
    (
        application(targets={"api": {"addresses": {"a": "8.8.8.8"}, "port": 1}}),
        "not-a-private-address",
        (
            "targets",
            "api",
            "addresses",
            "a",
        ),
    ),
    # Listeners.
    (application(listeners=[]), "empty", ("listeners",)),
    (
        application(listeners=[HTTPS, HTTPS]),
        "duplicate-listener-port",
        (
            "listeners",
            1,
            "port",
        ),
    ),
    (
        application(listeners=[TCP]),
        "wrong-aws-protocol",
        (
            "listeners",
            0,
            "protocol",
        ),
    ),
    (
        network(listeners=[HTTPS]),
        "wrong-aws-protocol",
        (
            "listeners",
            0,
            "protocol",
        ),
    ),
    (
        network(listeners=[{"port": 1, "protocol": "tcp"}]),
        "no-action",
        (
            "listeners",
            0,
        ),
    ),
    (
        application(**listener(target="apy")),
        "no-such-key",
        (
            "listeners",
            0,
            "target",
        ),
    ),
    (
        application(**listener(respond={"status": 404})),
        "mutually-exclusive",
        (
            "listeners",
            0,
            "respond",
        ),
    ),
    (
        application(**listener(target=None, respond={"status": 302})),
        "invalid-response-status",
        (
            "listeners",
            0,
            "respond",
            "status",
        ),
    ),
    (
        application(**listener(target=None, respond={"status": 200, "content_type": "x"})),
        "invalid-content-type",
        (
            "listeners",
            0,
            "respond",
            "content_type",
        ),
    ),
    (
        application(**listener(target=None, redirect={"query": "a"})),
        "alb-redirect-loop",
        (
            "listeners",
            0,
            "redirect",
        ),
    ),
    (
        application(**listener(target=None, redirect={"host": "www.example.com", "code": 308})),
        "invalid-alb-redirect-code",
        ("listeners", 0, "redirect", "code"),
    ),
    (
        application(**listener(target=None, redirect={"host": "www.example.com", "code": 303})),
        "invalid-alb-redirect-code",
        ("listeners", 0, "redirect", "code"),
    ),
    (
        application(**listener(target=None, redirect={"scheme": "ftp"})),
        "invalid-redirect-scheme",
        (
            "listeners",
            0,
            "redirect",
            "scheme",
        ),
    ),
    (
        application(**listener(target=None, weights={"apy": 1})),
        "no-such-key",
        (
            "listeners",
            0,
            "weights",
            "apy",
        ),
    ),
    (
        application(**listener(target=None, weights={"api": 0})),
        "no-weight",
        (
            "listeners",
            0,
            "weights",
        ),
    ),
    (
        application(**listener(target=None, weights={"api": 1000})),
        "out-of-range",
        (
            "listeners",
            0,
            "weights",
            "api",
        ),
    ),
    (
        application(
            targets={f"t{it}": API for it in range(6)},
            **listener(target=None, weights={f"t{it}": 1 for it in range(6)}),
        ),
        "too-many-targets",
        (
            "listeners",
            0,
            "weights",
        ),
    ),
    (
        application(**listener(stickiness_duration=60)),
        "needs-field",
        (
            "listeners",
            0,
            "stickiness_duration",
        ),
    ),
    (
        network(listeners=[{"port": 1, "protocol": "tcp", "respond": {"status": 200}}]),
        "wrong-aws-load-balancer-kind",
        (
            "listeners",
            0,
            "respond",
        ),
    ),
    (
        network(listeners=[{**TCP, "routes": []}]),
        "wrong-aws-load-balancer-kind",
        (
            "listeners",
            0,
            "routes",
        ),
    ),
    (
        network(listeners=[{**TCP, "policy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}]),
        "needs-listener-protocol",
        (
            "listeners",
            0,
            "policy",
        ),
    ),
    (
        application(**listener(policy="ELBSecurityPolicy-2016-08")),
        "not-a-choice",
        (
            "listeners",
            0,
            "policy",
        ),
    ),
    (
        application(**listener(tcp_idle_timeout=60)),
        "wrong-aws-load-balancer-kind",
        (
            "listeners",
            0,
            "tcp_idle_timeout",
        ),
    ),
    (
        network(
            **target(target=UDP, health={"port": 80}),
            listeners=[{"port": 53, "protocol": "udp", "target": "api", "tcp_idle_timeout": 60}],
        ),
        "needs-listener-protocol",
        (
            "listeners",
            0,
            "tcp_idle_timeout",
        ),
    ),
    (
        application(**mutual()),
        "no-certificate-authorities",
        (
            "listeners",
            0,
            "client_certificates",
        ),
    ),
    (
        application(**mutual(mode="passthrough", trust_store=TRUST_STORE)),
        "needs-value",
        (
            "listeners",
            0,
            "client_certificates",
            "trust_store",
        ),
    ),
    (
        application(**mutual(trust_store="ours")),
        "invalid-arn",
        (
            "listeners",
            0,
            "client_certificates",
            "trust_store",
        ),
    ),
    (
        application(**mutual(trust_store=TRUST_STORE, bundle={"bucket": "b", "key": "k"})),
        "mutually-exclusive",
        (
            "listeners",
            0,
            "client_certificates",
            "bundle",
        ),
    ),
    (
        application(listeners=[{**HTTP, "client_certificates": {}}], hosts=None),
        "needs-listener-protocol",
        (
            "listeners",
            0,
            "client_certificates",
        ),
    ),
    (
        application(listeners=[{**HTTP, "headers": {"hsts_max_age": 1}}], hosts=None),
        "needs-listener-protocol",
        (
            "listeners",
            0,
            "headers",
            "hsts_max_age",
        ),
    ),
    (
        application(**listener(headers={"hsts_max_age": 0, "hsts_subdomains": True})),
        "hsts-not-sent",
        (
            "listeners",
            0,
            "headers",
            "hsts_subdomains",
        ),
    ),
    (
        application(**listener(headers={"hsts_preload": True})),
        "hsts-preload-not-accepted",
        (
            "listeners",
            0,
            "headers",
            "hsts_preload",
        ),
    ),
    (
        application(**listener(priorities={"first": 1, "last": 50000})),
        "needs-field",
        (
            "listeners",
            0,
            "priorities",
        ),
    ),
    (
        network(listeners=[TLS], **target(protocol="udp", health={"port": 80}), hosts=GIVEN),
        "listener-target-protocol",
        (
            "listeners",
            0,
            "target",
        ),
    ),
    # Routes.
    (
        routed({}),
        "route-matches-all",
        (
            "listeners",
            0,
            "routes",
            0,
        ),
    ),
    (
        routed({"path": "a"}),
        "invalid-alb-route-path",
        (
            "listeners",
            0,
            "routes",
            0,
            "path",
        ),
    ),
    (
        routed({"path": "/a/*"}),
        "route-path-wildcard",
        (
            "listeners",
            0,
            "routes",
            0,
            "path",
        ),
    ),
    (
        routed({"path": "/a" * 17}),
        "path-too-deep",
        (
            "listeners",
            0,
            "routes",
            0,
            "path",
        ),
    ),
    (
        routed({"host": "*.example.com"}),
        "wildcard-any-depth",
        (
            "listeners",
            0,
            "routes",
            0,
            "host",
        ),
    ),
    (
        routed({"host": "Shop.example.com"}),
        "invalid-alb-host-name",
        (
            "listeners",
            0,
            "routes",
            0,
            "host",
        ),
    ),
    (
        routed({"methods": ["get"]}),
        "invalid-request-method",
        (
            "listeners",
            0,
            "routes",
            0,
            "methods",
            0,
        ),
    ),
    (
        routed({"headers": {"Host": ["a"]}}),
        "host-header",
        (
            "listeners",
            0,
            "routes",
            0,
            "headers",
            "Host",
        ),
    ),
    (
        routed({"headers": {"x y": ["a"]}}),
        "invalid-alb-header-name",
        (
            "listeners",
            0,
            "routes",
            0,
            "headers",
            "x y",
        ),
    ),
    (
        routed({"headers": {"x": []}}),
        "empty-header-condition",
        (
            "listeners",
            0,
            "routes",
            0,
            "headers",
            "x",
        ),
    ),
    (
        routed({"headers": {"x": ["a" * 129]}}),
        "invalid-alb-header-value",
        (
            "listeners",
            0,
            "routes",
            0,
            "headers",
            "x",
            0,
        ),
    ),
    (
        routed({"path": "/a", "methods": ["GET", "PUT", "POST", "HEAD"]}),
        "too-many-match-values",
        (
            "listeners",
            0,
            "routes",
            0,
        ),
    ),
    (
        routed({"headers": {"x": ["*a*b*c*", "*d*e*f"]}}),
        "too-many-wildcards",
        (
            "listeners",
            0,
            "routes",
            0,
        ),
    ),
    (
        routed({"path": "/a"}, {"path": "/a/"}),
        "duplicate-alb-route",
        (
            "listeners",
            0,
            "routes",
            1,
        ),
    ),
    (
        routed({"path": "/a", "methods": ["GET"]}, {"path": "/a", "headers": {"x": ["1"]}}),
        "ambiguous-routes",
        (
            "listeners",
            0,
            "routes",
            1,
        ),
    ),
    (
        routed({"path": "/a", "priority": 2}, {"path": "/a/b", "priority": 3}),
        "wrong-route-order",
        (
            "listeners",
            0,
            "routes",
            1,
            "priority",
        ),
    ),
    (
        routed({"path": "/a", "priority": 2}, {"path": "/b", "priority": 2}),
        "duplicate-priority",
        (
            "listeners",
            0,
            "routes",
            1,
        ),
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
                        "routes": [{"path": "/a", "target": "api"}],
                    }
                ],
            }
        ),
        "too-few-priorities",
        (
            "listeners",
            0,
            "priorities",
        ),
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
                        "routes": [{"path": "/a", "target": "api", "priority": 5}],
                    }
                ],
            }
        ),
        "priority-not-ours",
        (
            "listeners",
            0,
            "routes",
            0,
            "priority",
        ),
    ),
    # Hosts.
    (application(hosts=None), "tls-without-hosts", ("hosts",)),
    (
        application(hosts={"shop": {}}),
        "invalid-alb-host-name",
        (
            "hosts",
            "shop",
        ),
    ),
    (
        application(hosts={"shop.example.com": {"zone": "example.org"}}),
        "host-not-in-zone",
        (
            "hosts",
            "shop.example.com",
            "zone",
        ),
    ),
    (
        application(hosts={"badexample.com": ZONED}),
        "host-not-in-zone",
        (
            "hosts",
            "badexample.com",
            "zone",
        ),
    ),
    (
        application(hosts={"shop.example.com": {"certificate": CERTIFICATE, "record": False}}),
        "needs-field",
        (
            "hosts",
            "shop.example.com",
            "record",
        ),
    ),
    (
        application(hosts={"shop.example.com": {}}),
        "host-without-certificate",
        (
            "hosts",
            "shop.example.com",
        ),
    ),
    (
        application(hosts={"shop.example.com": {**ZONED, "private_zone": True}}),
        "host-without-certificate",
        (
            "hosts",
            "shop.example.com",
        ),
    ),
    (
        application(hosts={"shop.example.com": {"certificate": "mine"}}),
        "invalid-arn",
        (
            "hosts",
            "shop.example.com",
            "certificate",
        ),
    ),
    (
        application(hosts=GIVEN, listeners=[HTTP]),
        "needs-tls-listener",
        (
            "hosts",
            "shop.example.com",
            "certificate",
        ),
    ),
    (
        application(hosts={"a.example.com": {"certificate_of": "b.example.com"}}),
        "no-such-key",
        (
            "hosts",
            "a.example.com",
            "certificate_of",
        ),
    ),
    (
        application(hosts={"a.b.example.com": {"certificate_of": "*.example.com"}, "*.example.com": ZONED}),
        "certificate-not-for-host",
        (
            "hosts",
            "a.b.example.com",
            "certificate_of",
        ),
    ),
    (
        application(
            hosts={
                "a.example.com": {"certificate_of": "c.example.com"},
                "c.example.com": {"certificate_of": "*.example.com"},
                "*.example.com": ZONED,
            }
        ),
        "no-own-certificate",
        (
            "hosts",
            "a.example.com",
            "certificate_of",
        ),
    ),
    (
        application(
            hosts={
                **GIVEN,
                "*.example.com": ZONED,
                "a.example.com": {"certificate": CERTIFICATE, "certificate_of": "*.example.com"},
            }
        ),
        "mutually-exclusive",
        (
            "hosts",
            "a.example.com",
            "certificate_of",
        ),
    ),
    (
        application(hosts={**GIVEN, "www.example.com": ZONED}),
        "no-default-host",
        ("default_host",),
    ),
    (application(default_host="www.example.com"), "no-such-key", ("default_host",)),
    # Logs.
    (
        network(logs={"connections": True}),
        "wrong-aws-load-balancer-kind",
        (
            "logs",
            "connections",
        ),
    ),
    (
        network(logs={"access": True}),
        "no-tls-to-log",
        (
            "logs",
            "access",
        ),
    ),
    (
        application(logs={"bucket": "logs", "keep_days": 3}),
        "set-on-existing",
        (
            "logs",
            "keep_days",
        ),
    ),
    (
        application(logs={"access": False, "keep_days": 3}),
        "no-logs",
        (
            "logs",
            "keep_days",
        ),
    ),
    (
        application(logs={"prefix": "/a"}),
        "invalid-log-prefix",
        (
            "logs",
            "prefix",
        ),
    ),
]


GRPC = {"bound_elsewhere": True, "port": 8080, "version": "grpc"}
PLAIN = {"bound_elsewhere": True, "port": 8080}
FIXES: list[tuple[dict[str, Any], str, tuple[Any, ...], list[Edit]]] = [
    # The nearest key isn't suggested if another rule rejects it there.
    (
        application(targets={"apis": GRPC, "app": PLAIN}, hosts=None, listeners=[{**HTTP, "target": "api"}]),
        "no-such-key",
        ("listeners", 0, "target"),
        [Set(Location(("listeners", 0, "target")), "app")],
    ),
    (
        application(targets={"web": GRPC}, hosts=None, listeners=[{**HTTP, "target": "wep"}]),
        "no-such-key",
        ("listeners", 0, "target"),
        [],
    ),
    (
        network(targets={"dns": {**PLAIN, "protocol": "tls"}}, listeners=[{**TCP, "target": "dsn"}]),
        "no-such-key",
        ("listeners", 0, "target"),
        [],
    ),
    (
        application(**listener(target=None, weights={"api": 1, "apis": 1})),
        "no-such-key",
        ("listeners", 0, "weights", "apis"),
        [],
    ),
    (
        application(
            hosts={
                "shop.example.com": {"certificate": CERTIFICATE},
                "shops.example.com": {"certificate_of": "shop.example.com"},
            },
            default_host="shopp.example.com",
        ),
        "no-such-key",
        ("default_host",),
        [Set(Location(("default_host",)), "shop.example.com")],
    ),
    (
        {
            **application(**EXISTING),
            "target_security_groups": {"nodes": "sg-1"},
            "targets": {"api": {**API, "security_group": "node"}, "web": {**API, "security_group": "nodes"}},
        },
        "no-such-key",
        ("targets", "api", "security_group"),
        [],
    ),
    # Without its priority, the route would be as specific as another one.
    (
        routed(
            {"path": "/a", "methods": ["GET"], "priority": 1},
            {"path": "/a", "headers": {"x": ["1"]}},
            {"path": "/a", "methods": ["GET"], "headers": {"x": ["1"], "y": ["1"]}},
        ),
        "wrong-route-order",
        ("listeners", 0, "routes", 0, "priority"),
        [Set(Location(("listeners", 0, "routes", 0, "priority")), ANY)],
    ),
    # Without its priority, the route would still come after a route that it must come before.
    (
        routed({"path": "/a", "priority": 2}, {"path": "/a/b", "priority": 3}),
        "wrong-route-order",
        ("listeners", 0, "routes", 1, "priority"),
        [],
    ),
]


@pytest.mark.parametrize(
    ("args", "code", "location", "edits"), FIXES, ids=[f"{number}-{case[1]}" for number, case in enumerate(FIXES)]
)
def test_a_fix_makes_no_other_problem(
    args: dict[str, Any], code: str, location: tuple[Any, ...], edits: list[Edit]
) -> None:
    problem = assert_problem(found(args), code, *location)
    assert list(problem.edits) == edits
    assert_fixes_work(found, args)


def test_a_mapping_whose_only_key_is_invalid_is_not_reported_as_empty() -> None:
    invalid = application(targets={"Api": API})
    assert [(problem.code.name, tuple(problem.location)) for problem in found(invalid)] == [
        ("invalid-service-name", ("targets", "Api"))
    ]


def found(args: Any, name: str = "shop", style: KeyStyle = KeyStyle.PYTHON) -> list[Problem]:
    problems = Problems("test", style=style)
    parse_aws_load_balancer(name, args, problems)
    return problems.found


@pytest.mark.parametrize(
    ("args", "code", "location"), CASES, ids=[f"{number}-{case[1]}" for number, case in enumerate(CASES)]
)
def test_it_is_rejected_and_each_fix_works(args: dict[str, Any], code: str, location: tuple[Any, ...]) -> None:
    problems = found(args)
    assert_problem(problems, code, *location)
    assert all(str(problem) for problem in problems)
    assert_fixes_work(found, args)


def test_most_problems_have_fixes() -> None:
    assert sum(assert_fixes_work(found, args) for args, _, _ in CASES) >= 50


def test_a_rejected_component_registers_nothing() -> None:
    args: Any = application(scope=None)

    def program() -> None:
        assert_problem(problems_of(lambda: AwsLoadBalancer("shop", args)), "missing", "scope")

    assert record(program).registrations == []


def test_a_port_that_is_an_output_is_rejected() -> None:
    def program() -> None:
        args: Any = application(**target(target={**TARGET, "port": pulumi.Output.from_input(80)}))
        problems = problems_of(lambda: AwsLoadBalancer("shop", args))
        assert_problem(problems, "port-known-too-late", "targets", "api", "target", "port")

    record(program)


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
    assert_problem(found({**application(), **args}), "unknown-argument", field)


def test_a_public_load_balancer_rejects_the_arguments_of_an_aws_load_balancer() -> None:
    problems = Problems("shop")
    parse_public_load_balancer("shop", {"aws": application()}, problems)
    assert_problem(problems.found, "unknown-argument", "aws")


def test_a_name_that_aws_reserves_is_rejected() -> None:
    assert_problem(found(application(), name="internal-shop"), "reserved-aws-load-balancer-name", "name")
    assert found(application(name="shop"), name="internal-shop") == []


def test_every_problem_is_reported_at_once() -> None:
    problems = found(application(subnets=["subnet-a"], **target(client_ip="hide"), **listener(target="apy")))
    assert_problem(problems, "too-few-subnets", "subnets")
    assert_problem(problems, "wrong-aws-load-balancer-kind", "targets", "api", "client_ip")
    assert_problem(problems, "no-such-key", "listeners", 0, "target")


def test_an_invalid_value_hides_no_other_problem() -> None:
    problems = found(application(vpc="x", kind="classic", **target(port=1), zones=["a"]))
    assert_problem(problems, "invalid-aws-id", "vpc")
    assert_problem(problems, "not-a-choice", "kind")
    assert_problem(problems, "set-by-target", "targets", "api", "port")
    assert_problem(problems, "list-lengths-differ", "zones")


def test_other_languages_get_the_names_that_they_wrote() -> None:
    args = {
        "kind": "network",
        "scope": "internet",
        "vpc": "vpc-1",
        "subnets": ["subnet-a", "subnet-b"],
        "elasticIps": ["eipalloc-1"],
        "targets": {"api": {"boundElsewhere": True, "port": 80, "readsProxyProtocol": True}},
        "listeners": [{"port": 80, "protocol": "tcp", "target": "api", "stickinessDuration": 60}],
    }
    assert {problem.path for problem in found(args, style=KeyStyle.CAMEL)} == {
        "allowedSources",
        "elasticIps",
        "targets.api.readsProxyProtocol",
        "listeners[0].stickinessDuration",
    }
