"""How people write programs: a type checker in basic mode accepts it, and sees what's wrong.

`make lint` checks it. Each ignored error must be one.
"""

import pulumi
from pulumi_portico import (
    AwsLoadBalancer,
    IngressGateway,
    Job,
    Namespace,
    PublicLoadBalancer,
    Route,
    Scope,
    WebService,
    WebServiceArgs,
)

config = pulumi.Config()
# Lists and mappings without annotations.
environment = {"LOG_LEVEL": "info"}
command = ["serve", "--port", "8080"]
labels = {"team": "shop"}
sources = ["192.0.2.0/24"]
routes: list[Route] = []

Namespace("shop", {"name": "shop", "pod_security": "restricted", "labels": labels})
api = WebService(
    "api",
    {
        "image": "registry.example.com/shop/api:2.0.0",
        "kind": "StatefulSet",
        "ports": {"http": {"port": 8080}, "metrics": {"port": 9090, "protocol": "TCP"}},
        "env": environment,
        "command": command,
        "labels": labels,
        "replicas": config.require_int("replicas"),
        "service": {"session_affinity": "ClientIP", "ip_family_policy": "PreferDualStack"},
        "image_policy": {"pull_policy": "IfNotPresent"},
    },
)
routes.extend(
    {"host": host, "path": "/api", "path_type": "Prefix", "target": api.target}
    for host in ("shop.example.com", "shop.example.org")
)
gateway = IngressGateway(
    "public",
    {
        "controller": "f5-nginx",
        "exposure": {"scope": "internet", "platform": "gke", "client_ip": "preserve", "allowed_sources": sources},
        "routes": routes,
    },
)
PublicLoadBalancer(
    "direct", {"target": api.targets["http"], "exposure": {"scope": Scope.INTERNAL, "platform": "eks-auto-mode"}}
)
AwsLoadBalancer(
    "edge",
    {
        "kind": "application",
        "scope": "internet",
        "vpc": "vpc-0123456789abcdef0",
        "subnets": config.require_object("subnets"),
        "allowed_sources": sources,
        "targets": {"api": {"target": gateway.target}},
        "listeners": [{"port": 80, "protocol": "http"}],
    },
)
Job("migrate", {"image": "registry.example.com/shop/api:2.0.0", "restart_policy": "OnFailure"})
pulumi.export("namespace", api.target["namespace"])
args: WebServiceArgs = {"image": "registry.example.com/shop/api:2.0.0", "port": 8080}
args["kind"] = "Deployment"

# What's wrong is seen.
args["kind"] = "Pod"  # pyright: ignore[reportGeneralTypeIssues]
WebService("w", {"image": "a:1", "prot": 8080})  # pyright: ignore[reportArgumentType]
WebService("w", {"image": "a:1", "port": "8080"})  # pyright: ignore[reportArgumentType]
WebService("w", {"port": 8080})  # pyright: ignore[reportArgumentType]
IngressGateway("g", {"controller": "nginx"})  # pyright: ignore[reportArgumentType]
IngressGateway("g", {"routes": [{"target": api}]})  # pyright: ignore[reportArgumentType]
