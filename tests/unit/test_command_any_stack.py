"""Whatever a right stack has in it, every subcommand has an answer, and each says the same as the others."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pulumi_portico.cli.project import Stack, find_stack
from pulumi_portico.cli.rendering.aws import aws_resources_of
from pulumi_portico.cli.rendering.manifests import RenderedObject, rendered_objects

from tests.command import SHOP, called, written
from tests.examples import examples
from tests.registered_objects import registered, registered_aws_resources, registered_objects
from tests.stacks import FOLDER, NAMES

SECURE = {"secure": "v1:djBlZm9vYmFy:YmFy"}
AWS: dict[str, Any] = SHOP["awsLoadBalancers"]["shared"]
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567"
INTERNET = {"scope": "internet", "allowedSources": ["203.0.113.0/24"]}
PLACE = {key: AWS[key] for key in ("scope", "vpc", "subnets", "allowedSources")}

SERVICES: dict[str, Any] = {
    **SHOP["services"],
    "worker": {
        "image": "worker:1",
        "ports": {},
        "allowTo": [{"cidr": "0.0.0.0/0"}, {"service": "db", "namespace": "data", "ports": [1]}],
    },
    "store": {
        "image": "store:1",
        "kind": "StatefulSet",
        "port": 5432,
        "storage": {"data": {"path": "/d", "sizeGib": 1}},
    },
    "agent": {"image": "agent:1", "kind": "DaemonSet", "ports": {}, "networkPolicy": False},
    "hidden": {"image": "hidden:1", "port": 80, "env": {"A": SECURE}, "allowFrom": [{"namespace": "edge"}]},
    "many": {"image": "many:1", "port": 80, "autoscaling": {"minReplicas": 2, "maxReplicas": 5}},
}
OTHER = {"service": "legacy", "namespace": "old", "port": 80, "selector": {"app": "legacy"}}
GATEWAYS: dict[str, Any] = {
    "edge": SHOP["gateways"]["edge"],
    "inner": {
        "exposure": {"scope": "internal", "platform": "azure"},
        "routes": [{"target": {"service": "web"}}, {"path": "/legacy", "target": OTHER}],
        "defaultBackend": {"service": "api"},
    },
    "fronted": {
        "upstream": {"sources": ["10.0.0.0/16"], "proxyProtocol": True},
        "routes": [{"host": "f.example.com", "target": {"service": "api"}, "basicAuth": {"users": {"a": SECURE}}}],
        "tls": {"f.example.com": {"secret": "f"}},
        "crds": {"installed": True},
    },
    "there": {
        "controller": "generic",
        "className": "alb",
        "namespace": "shop",
        "controllerPeers": [{"anyNamespace": True}],
        "routes": [{"host": "*.there.example.com", "target": {"service": "web"}}],
    },
    "old": {
        "controller": "ingress-nginx",
        "exposure": {**INTERNET, "platform": "generic"},
        "installation": {"kind": "DaemonSet"},
        "routes": [{"host": "*.old.example.com", "path": "/a", "rewrite": "/", "target": {"service": "many"}}],
    },
}
BALANCERS: dict[str, Any] = {
    "names": SHOP["loadBalancers"]["names"],
    "own": {
        "target": {"service": "many"},
        "ports": {"https": {"port": 443, "targetPort": 80}},
        "exposure": {
            **INTERNET,
            "platform": "eks-auto-mode",
            "allowedSources": [SECURE],
            "tls": {"certificates": [CERTIFICATE]},
        },
        "price": {"loadBalancerHour": 1, "publicAddressHour": 1, "currency": "EUR"},
    },
    "legacy": {"target": OTHER, "exposure": {**INTERNET, "platform": "aws-legacy", "clientIp": "preserve"}},
}
AWS_BALANCERS: dict[str, Any] = {
    "shared": AWS,
    "front": {
        **PLACE,
        "kind": "network",
        "targets": {
            "https": {
                "target": {"gateway": "fronted"},
                "clientIp": "proxy-protocol",
                "readsProxyProtocol": True,
            }
        },
        "listeners": [{"port": 443, "protocol": "tcp", "target": "https"}],
    },
    "machines": {
        **PLACE,
        "kind": "network",
        "allowedSources": None,
        "sources": {"list": {"prefixList": "pl-0123456789abcdef0", "prefixListWeight": 9}},
        "targets": {
            "a": {"addresses": {"one": "10.0.0.1"}, "port": 22},
            "b": {"boundElsewhere": True, "port": 22},
        },
        "listeners": [{"port": 22, "protocol": "tcp", "weights": {"a": 1, "b": 2}}],
    },
    "joined": {
        "kind": "application",
        "vpc": AWS["vpc"],
        "existing": {"loadBalancer": "arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/a/0123456789abcdef"},
        "targets": {"web": {"target": {"service": "web"}}},
        "listeners": [
            {
                "port": 443,
                "protocol": "https",
                "existing": "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/a/0123456789abcdef/1",
                "routes": [{"host": "j.example.com", "target": "web"}],
            }
        ],
    },
}
REQUESTS = (
    "https://shop.example.com/api",
    "http://f.example.com/",
    "https://x.there.example.com/%2e%2e/a",
    "http://a.old.example.com/a/b?c",
    "https://j.example.com/",
    "tcp://10.0.0.1:22",
    "udp://ns.example.com:53",
)


def some(of: dict[str, Any]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(of)), unique=True, max_size=4)


def stack_of(gateways: list[str], balancers: list[str]) -> dict[str, Any]:
    # What leads to a gateway wants it there.
    fronted = ["fronted"] if "front" in balancers else []
    return {
        "namespace": "shop",
        "services": SERVICES,
        "gateways": {name: GATEWAYS[name] for name in dict.fromkeys([*gateways, *fronted])},
        "loadBalancers": {name: BALANCERS[name] for name in balancers if name in BALANCERS},
        "awsLoadBalancers": {name: AWS_BALANCERS[name] for name in balancers if name in AWS_BALANCERS},
    }


@given(some(GATEWAYS), some({**BALANCERS, **AWS_BALANCERS}))
@example(sorted(GATEWAYS), sorted({**BALANCERS, **AWS_BALANCERS}))
@example(["there"], [])
@example([], ["joined"])
@settings(deadline=None, max_examples=examples(6), suppress_health_check=[HealthCheck.too_slow])
def test_every_command_supports_every_valid_stack(gateways: list[str], balancers: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stacks = ("--folder", str(written(Path(folder) / "project", {"dev": stack_of(gateways, balancers)}) / "stacks"))
        checked = called("check", *stacks)
        assert checked.exit_code == 0, checked.stderr
        told = json.loads(called("explain", "--json", *stacks).stdout)
        assert {it["name"] for it in told["gateways"]} >= set(gateways)
        text = called("explain", *stacks, env={"COLUMNS": "60"}).stdout
        assert all(it["path"].partition(":")[2][:20] in text for it in told["exceptions"])
        ways = {route["entry"]["name"] for route in told["routes"]}
        for request in REQUESTS:
            found = called("route", request, "--json", *stacks)
            answers = json.loads(found.stdout)["answers"]
            assert {it["entry"] for it in answers} <= ways
            assert found.exit_code == (0 if any(answer["served"] for answer in answers) else 1)
            assert all(it["text"] for it in answers)
        rendered = called("render", *stacks).stdout
        assert "djBlZm9vYmFy" not in rendered + text + str(told)
        names = [it["metadata"]["name"] for it in yaml.safe_load_all(rendered) if it["kind"] == "Deployment"]
        assert {"web", "api", "many"} <= set(names)


def manifests_by_key(objects: Iterable[RenderedObject]) -> dict[tuple[str, str, str], tuple[Any, bool]]:
    found = list(objects)
    by_key = {(one.manifest["kind"], one.namespace, one.name): (one.manifest, one.generated) for one in found}
    assert len(by_key) == len(found)
    return by_key


def assert_listed_is_registered(stack: Stack) -> None:
    """The objects that components list are those that they register."""
    recording = registered(stack)
    assert manifests_by_key(rendered_objects(stack)) == manifests_by_key(registered_objects(recording))
    assert aws_resources_of(stack) == registered_aws_resources(recording)


@pytest.mark.parametrize("name", NAMES)
def test_the_stacks_that_ship_register_the_objects_that_they_list(name: str) -> None:
    assert_listed_is_registered(find_stack(name, FOLDER))


@given(some(GATEWAYS), some({**BALANCERS, **AWS_BALANCERS}))
@example(sorted(GATEWAYS), sorted({**BALANCERS, **AWS_BALANCERS}))
@settings(deadline=None, max_examples=examples(4), suppress_health_check=[HealthCheck.too_slow])
def test_generated_stacks_register_the_objects_that_they_list(gateways: list[str], balancers: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder) / "project", {"dev": stack_of(gateways, balancers)})
        assert_listed_is_registered(find_stack("dev", Path(folder) / "project" / "stacks"))


def test_gateways_of_one_class_register_the_objects_that_they_list(tmp_path: Path) -> None:
    routes = [{"host": "a.example.com", "target": {"service": "api"}}]
    more = [{"host": "a.example.com", "path": "/more", "target": {"service": "api"}}, {"target": {"service": "api"}}]
    guest = {"install": False, "className": "edge", "namespace": "shop", "controllerPeers": [{"namespace": "edge"}]}
    values = {
        "namespace": "shop",
        "services": {"api": {"image": "api:1", "port": 80}},
        "gateways": {"edge": {"upstream": {}, "routes": routes}, "more": {**guest, "routes": more}},
    }
    written(tmp_path, {"dev": values})
    assert_listed_is_registered(find_stack("dev", tmp_path / "stacks"))
