"""Every component works with mocks as Pulumi documents them, which return the inputs as the state."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

# In a process of its own: Pulumi's mocks are global, and `record` sets others.
PROGRAM = """
import asyncio
import json

import pulumi


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return [args.name + "_id", args.inputs]

    def call(self, args):
        return {}


pulumi.runtime.set_mocks(Mocks(), preview=False)

from pulumi_portico import (
    AwsLoadBalancer, IngressGateway, IngressRoutes, Job, Namespace, PublicLoadBalancer, TargetBinding, WebService,
)

exposure = {"scope": "internal", "platform": "gke"}
api = WebService("api", {"image": "api:1", "port": 8080})
gateway = IngressGateway("edge", {"exposure": exposure, "routes": [{"host": "a.example.com", "target": api.target}]})
made = {
    "service": api,
    "stateful": WebService("db", {
        "image": "db:1", "port": 80, "kind": "StatefulSet", "storage": {"data": {"path": "/data", "size_gib": 1}},
        "secret_env": {"PASSWORD": "hunter2"}, "config_files": {"/etc/db.conf": "a=b"},
    }),
    "replica-set": WebService("rs", {"image": "rs:1", "port": 80, "kind": "ReplicaSet"}),
    "job": Job("once", {"image": "once:1"}),
    "cron-job": Job("nightly", {"image": "nightly:1", "schedule": "0 3 * * *"}),
    "namespace": Namespace("shop", {"name": "shop"}),
    "gateway": gateway,
    "gateway-api": IngressGateway("api", {
        "controller": "gateway-api", "implementation": "envoy-gateway", "class_name": "eg", "namespace": "edge",
        "routes": [{"host": "b.example.com", "target": api.target}],
    }),
    "routes": IngressRoutes("more", {
        "gateway": gateway.reference, "routes": [{"host": "a.example.com", "path": "/b", "target": api.target}],
    }),
    "load-balancer": PublicLoadBalancer("direct", {"target": api.target, "exposure": exposure}),
    "aws": AwsLoadBalancer("edge", {
        "kind": "application", "scope": "internal", "vpc": "vpc-0123456789abcdef0",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], "allowed_sources": ["10.0.0.0/8"],
        "targets": {"api": {"target": api.target}}, "listeners": [{"port": 80, "protocol": "http"}],
    }),
    "binding": TargetBinding("bound", {
        "target": api.target,
        "target_group": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/0123456789abcdef",
        "security_group": "sg-0123456789abcdef0",
    }),
}


async def outputs(component):
    fields = {name: value for name, value in vars(component).items() if isinstance(value, pulumi.Output)}
    return {name: repr(await value.future()) for name, value in fields.items()}


async def main():
    return {name: await outputs(component) for name, component in made.items()}


print(json.dumps(asyncio.get_event_loop().run_until_complete(main())))
"""


@cache
def outputs() -> dict[str, dict[str, str]]:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("component", "output", "value"),
    [
        ("service", "url", "http://api.default.svc.cluster.local"),
        ("stateful", "service_name", "db"),
        ("replica-set", "workload_name", "rs-replica-set"),
        ("job", "job_name", "once"),
        ("cron-job", "job_name", "nightly"),
        ("namespace", "namespace", "shop"),
        ("gateway", "hosts", ["a.example.com"]),
        ("gateway-api", "hosts", ["b.example.com"]),
        ("routes", "routes", ["a.example.com Prefix /b"]),
        ("load-balancer", "service_name", "direct-service"),
        ("aws", "security_group_id", "edge_id"),
        ("binding", "urn", "urn:pulumi:stack::project::pulumi:pulumi:Stack$portico:index:TargetBinding::bound"),
    ],
)
def test_every_output_resolves(component: str, output: str, value: Any) -> None:
    assert outputs()[component][output] == repr(value)
