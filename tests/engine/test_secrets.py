"""No error of a component that another language constructs shows a secret, on the real engine."""

import os
import stat
import sys
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tests.support import ROOT

CANARY = "hunter2-canary"
REMOTE = """\
import pulumi

secret = pulumi.Output.secret({canary!r})


class Remote(pulumi.ComponentResource):
    def __init__(self, kind, name, props):
        super().__init__("portico:index:" + kind, name, props, None, remote=True)


Remote({kind!r}, "web", {{{args}}})
"""
SERVICE = '"image": "registry.example.com/web:1", "port": 8080'
TARGET = '"target": {"service": "web", "namespace": "shop", "port": 80, "selector": {"a": "b"}}'
ROUTE = f'"routes": [{{"host": "shop.example.com", {TARGET}, "responseHeaders": {{"X-A": pulumi.Output.secret(%r)}}}}]'
EXPOSURE = '{"scope": "internet", "platform": "generic", "allowedSources": %s}'
LOCAL = f'"exposure": {EXPOSURE % ["0.0.0.0/0"]}'
SECRET_LIST = f'[pulumi.Output.secret("{CANARY}/8")]'
GATEWAY = '"install": False, "className": "nginx", "namespace": "shop", "controllerPeers": [{"anyNamespace": True}]'


@pytest.fixture
def remote(program: PulumiProgram) -> Any:
    """Previews a component as another language constructs it, and returns what the engine prints."""
    plugin = program.folder / "bin" / "pulumi-resource-portico"
    plugin.parent.mkdir()
    plugin.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "components" / "__main__.py"} "$@"\n')
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    program.env["PATH"] = os.pathsep.join([str(plugin.parent), program.env["PATH"]])

    def run(kind: str, args: str) -> str:
        program.write(REMOTE.format(canary=CANARY, kind=kind, args=args))
        found = program.preview(check=False)
        assert found.status != 0
        return found.output

    return run


@pytest.mark.parametrize(
    ("kind", "args", "reason"),
    [
        # A key that isn't a name may be a secret itself.
        ("WebService", f'{SERVICE}, "secretEnv": {{"1BAD": secret}}', "secretEnv."),
        ("WebService", f'{SERVICE}, "secretEnv": {{"1BAD": {CANARY!r}}}', "secretEnv."),
        ("WebService", f'{SERVICE}, "sidecars": {{"name": "a", "secretEnv": {{"A": secret}}}}', "sidecars"),
        ("WebService", f'{SERVICE}, "replicas": secret', "replicas"),
        ("WebService", f'{SERVICE}, "secretEnvs": {{"A": secret}}', "secretEnvs"),
        ("IngressGateway", f"{GATEWAY}, {ROUTE % (CANARY + ',X-Evil:b')}", "headers"),
        # A mark of a secret that nothing reads, a secret in `extra`, and names that are secrets.
        ("WebService", f'{SERVICE}, "labels": {{"fn::secret": {CANARY!r}}}', "labels"),
        ("WebService", f'{SERVICE}, "extra": {{"spec": {{"nodeSelector": {{"secure": {CANARY!r}}}}}}}', "extra"),
        ("WebService", f'{SERVICE}, "extra": {{"spec": {{"dnsPolicy": secret}}}}', "extra"),
        ("WebService", f'{SERVICE}, "extra": {{"metadata": {{"annotations": secret}}}}', "extra"),
        ("WebService", f'{SERVICE}, "health": {{"path": pulumi.Output.secret("/a//{CANARY}")}}', "health"),
        ("WebService", f'{SERVICE}, "namespace": pulumi.Output.secret("{CANARY} x")', "namespace"),
        ("WebService", f'{SERVICE}, "allowTo": [{{"cidr": pulumi.Output.secret("{CANARY}/8")}}]', "allowTo"),
        ("PublicLoadBalancer", f'{TARGET}, "exposure": {EXPOSURE % SECRET_LIST}', "allowedSources"),
        ("PublicLoadBalancer", f'{TARGET}, "labels": {{"a": pulumi.Output.secret("{CANARY} x")}}, {LOCAL}', "labels"),
        ("IngressGateway", f'{GATEWAY}, "routes": [{{"host": secret, {TARGET}}}]', "host"),
        ("IngressGateway", f'{GATEWAY}, "tls": {{"shop.example.com": {{"key": secret}}}}', "tls"),
        (
            "IngressRoutes",
            '"gateway": {"controller": "f5-nginx", "className": "a", "namespace": "b", "routes": [secret, 1]}',
            "gateway",
        ),
    ],
)
def test_no_error_shows_a_secret(remote: Any, kind: str, args: str, reason: str) -> None:
    printed = remote(kind, args)
    assert CANARY not in printed
    assert reason in printed
