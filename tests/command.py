"""The `portico` command, called as a user would, on stacks that a test writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from pulumi_portico.cli.app import app
from pulumi_portico.stack import StackPlan, load_stack
from typer.testing import CliRunner

from tests.support import ROOT

__all__ = ["PROJECT", "SHOP", "called", "json_of", "plan_of", "run", "written"]

PROJECT = "name: shop\nruntime: python\nstackConfigDir: stacks\n"

SHOP: dict[str, Any] = {
    "namespace": "shop",
    "services": {
        "web": {"image": "web:1", "port": 8080, "allowTo": [{"service": "api"}]},
        "api": {
            "image": "api:1",
            "port": 8080,
            "allowFrom": [{"service": "web"}],
            "env": {"MODE": "on"},
            "secretEnv": {"TOKEN": "do-not-show"},
            "configFiles": {"/etc/api/settings.ini": "[a]\nkey = on\n"},
        },
        "reports": {"image": "reports:1", "ports": {"http": {"port": 8000}, "grpc": {"port": 9000}}},
        "dns": {"image": "dns:1", "ports": {"dns": {"port": 5353, "servicePort": 53, "protocol": "UDP"}}},
    },
    "gateways": {
        "edge": {
            "exposure": {
                "scope": "internet",
                "platform": "gke",
                "allowedSources": ["203.0.113.0/24"],
                "clientIp": "preserve",
            },
            "crds": {"installed": True},
            "tls": {"shop.example.com": {"clusterIssuer": "letsencrypt"}, "old.example.com": {"secret": "old"}},
            "routes": [
                {"host": "shop.example.com", "target": {"service": "web"}},
                {"host": "shop.example.com", "path": "/api", "rewrite": "/v2", "target": {"service": "api"}},
                {
                    "host": "shop.example.com",
                    "path": "/api/health",
                    "pathType": "Exact",
                    "target": {"service": "api"},
                    "allowedSources": ["10.0.0.0/8"],
                },
                {
                    "host": "shop.example.com",
                    "path": "/reports",
                    "target": {"service": "reports", "portName": "http"},
                    "cors": {"origins": ["*"]},
                },
                {"host": "old.example.com", "redirect": {"host": "shop.example.com", "code": 301}},
                {"host": "plain.example.com", "target": {"service": "web"}},
            ],
        }
    },
    "loadBalancers": {
        "names": {
            "target": {"service": "dns"},
            "exposure": {"scope": "internet", "platform": "gke", "allowedSources": ["0.0.0.0/0"]},
        },
    },
    "awsLoadBalancers": {
        "shared": {
            "kind": "application",
            "scope": "internet",
            "vpc": "vpc-0123456789abcdef0",
            "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "allowedSources": ["203.0.113.0/24"],
            "hosts": {
                "aws.example.com": {
                    "certificate": "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef"
                }
            },
            "targets": {
                "web": {"target": {"service": "web"}},
                "api": {"target": {"service": "api"}},
                "canary": {"target": {"service": "reports"}},
            },
            "listeners": [
                {
                    "port": 443,
                    "protocol": "https",
                    "routes": [
                        {"host": "aws.example.com", "path": "/api", "target": "api"},
                        {"host": "aws.example.com", "path": "/api", "methods": ["POST"], "target": "canary"},
                        {
                            "host": "aws.example.com",
                            "path": "/admin",
                            "allowedSources": ["10.0.0.0/8"],
                            "headers": {"X-Role": ["admin*"]},
                            "target": "web",
                        },
                        {"path": "/share", "weights": {"web": 90, "canary": 10}},
                        {"path": "/old", "redirect": {"host": "new.example.com", "code": 301}},
                    ],
                    "respond": {"status": 403},
                }
            ],
        },
    },
}
"""A stack with something of everything."""


def written(folder: Path, stacks: dict[str, dict[str, Any]] | None = None) -> Path:
    """A project in a folder, with stacks of these values below `portico:`; the folder itself."""
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT)
    for name, values in (stacks or {"dev": SHOP}).items():
        config = {f"portico:{key}": it for key, it in values.items()}
        (folder / "stacks" / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config}))
    return folder


def plan_of(folder: Path, values: dict[str, Any]) -> StackPlan:
    """The checked plan of a stack."""
    return load_stack("dev", written(folder, {"dev": values}) / "stacks")


def called(*arguments: str, env: dict[str, str] | None = None) -> Any:
    """What the command answers, in this process; what it raises beyond its own is raised here."""
    found = CliRunner().invoke(app, list(arguments), env=env or {}, catch_exceptions=False)
    assert "Traceback" not in found.stderr
    return found


def json_of(*arguments: str) -> Any:
    """The JSON that the command answers."""
    found = called(*arguments, "--json")
    return json.loads(found.stdout)


def run(*arguments: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    program = Path(sys.executable).parent / "portico"
    return subprocess.run(
        [str(program), *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
