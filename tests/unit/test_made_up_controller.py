"""A controller is one module and one member of the registry: a made-up one works from the stack file to its manifests.

The test adds both to a copy of the package, and runs everything in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml
from pulumi_portico import Controller

from tests.support import ROOT

PACKAGE = ROOT / "components" / "pulumi_portico"
MEMBER = '''
    MADE_UP = "made-up"
    """A made-up controller."""
'''
MODULE = '''
"""A made-up controller: an Ingress for each route, whose paths need no translation."""

from typing import Any

from ..args.codes import define
from ..args.problems import Problems
from ..lifecycle.objects import ObjectSpec
from .capabilities import FeatureSupport
from .compile_input import CompileInput
from .controller_module import ControllerModule

TOO_DEEP = define("made-up-path-too-deep", "{value} has too many elements.", allowed="at most two elements")


def compile_routes(component: CompileInput) -> list[ObjectSpec]:
    objects = []
    for route in component.routes:
        named = []
        annotations: dict[str, Any] = {}
        if route.rewrite is not None:
            annotations["example.com/rewrite"] = route.rewrite
        if headers := route.spec.response_headers:
            content = {"data": dict(headers)}
            named = [component.named_object(route, "headers", route.namespace, "ConfigMap", content)]
            annotations["example.com/headers"] = component.name_of(route, "headers")
        path = {"path": route.path, "pathType": route.path_type.value, "backend": component.backend(route)}
        rule = {"host": route.host, "http": {"paths": [path]}}
        after = [named[-1].key] if named else component.before(route)
        ingress = component.ingress(route.key, route.namespace, annotations, {"rules": [rule]}, after)
        objects += [*named, ingress]
    return objects


def check(component: CompileInput, problems: Problems) -> None:
    for route in component.routes:
        if route.path.count("/") > 2:
            problems.report(TOO_DEEP, route.at / "path", value=route.path)


MODULE = ControllerModule(
    name="made-up",
    title="Made-Up Controller",
    compile=compile_routes,
    check=check,
    annotation_prefixes=("example.com/",),
    redirects_to_https=False,
    features={
        "path_type=Prefix": FeatureSupport(),
        "path_type=Exact": FeatureSupport(),
        "protocol=HTTP": FeatureSupport(),
        "rewrite": FeatureSupport(("example.com/rewrite",)),
        "response_headers": FeatureSupport(("example.com/headers",)),
        "load_balancing=fastest": FeatureSupport(("example.com/balance",)),
    },
)
'''
GATEWAY: dict[str, Any] = {
    "controller": "made-up",
    "install": False,
    "className": "made",
    "namespace": "edge",
    "controllerPeers": [{"namespace": "made"}],
    "routes": [
        {
            "host": "shop.example.com",
            "path": "/api",
            "rewrite": "/v2",
            "responseHeaders": {"X-Frame-Options": "DENY"},
            "target": {"service": "api"},
        }
    ],
}
STACK: dict[str, Any] = {
    "portico:namespace": "shop",
    "portico:services": {"api": {"image": "api:1", "port": 8080}},
    "portico:gateways": {"edge": GATEWAY},
}
PROGRAM = """
import json
import sys
from pathlib import Path

from pulumi_portico import ArgumentError, Controller
from pulumi_portico.cli.app import app
from pulumi_portico.host import PorticoProvider
from pulumi_portico.stack import load_stack
from typer.testing import CliRunner

folder = Path(sys.argv[1])


def run(*args):
    result = CliRunner().invoke(app, [*args, "--stack", "dev", "--folder", str(folder)])
    assert result.exit_code == 0, result.output
    return result.stdout


def problems_of(stack):
    try:
        load_stack(stack, folder)
    except ArgumentError as error:
        return [problem.as_data() for problem in error.problems]
    return []


schema = json.loads(PorticoProvider().schema)
print(json.dumps({
    "rendered": run("render"),
    "choices": [choice["value"] for choice in schema["types"]["portico:index:Controller"]["enum"]],
    "unsupported": problems_of("unsupported"),
    "installed": problems_of("installed"),
    "other": problems_of("other"),
}))
"""


def stack_with(**changes: Any) -> str:
    gateway = json.loads(json.dumps(GATEWAY))
    gateway["routes"][0] |= changes.pop("route", {})
    return yaml.safe_dump({"config": {**STACK, "portico:gateways": {"edge": {**gateway, **changes}}}})


STACKS = {
    "dev": stack_with(),
    "unsupported": stack_with(
        route={
            "path": "/a/b/c",
            "websocket": True,
            "sessionPersistence": {},
            "annotations": {"example.com/rewrite": "/x", "nginx.org/lb-method": "x"},
        },
        httpsRedirect=True,
        crds={"installed": True},
    ),
    "installed": stack_with(install=True),
    # What another controller doesn't support, and this one does.
    "other": stack_with(
        controller="f5-nginx", route={"loadBalancing": "fastest", "annotations": {"example.com/a": "b"}}
    ),
}


@cache
def outcome() -> dict[str, Any]:
    """What the copy with the made-up controller does."""
    folder = Path(mkdtemp())
    try:
        copy = folder / "pulumi_portico"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        registry = copy / "ingress_gateway" / "controllers.py"
        source = registry.read_text()
        before = source.index("\n\n    @property")
        registry.write_text(source[:before] + "\n" + MEMBER.rstrip() + source[before:])
        (copy / "ingress_gateway" / "made_up.py").write_text(MODULE)
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        for name, text in STACKS.items():
            (folder / f"Pulumi.{name}.yaml").write_text(text)
        environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
        command = [sys.executable, "-c", PROGRAM, str(folder)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout.splitlines()[-1])
    finally:
        shutil.rmtree(folder)


def codes_of(stack: str) -> dict[str, dict[str, Any]]:
    """The parameters of each problem, by its code."""
    return {problem["code"]: problem["params"] for problem in outcome()[stack]}


def test_its_manifests_are_rendered() -> None:
    manifests = list(yaml.safe_load_all(outcome()["rendered"]))
    (ingress,) = [manifest for manifest in manifests if manifest["kind"] == "Ingress"]
    (headers,) = [manifest for manifest in manifests if manifest["kind"] == "ConfigMap"]
    annotations = ingress["metadata"]["annotations"]
    assert annotations["example.com/rewrite"] == "/v2"
    assert annotations["example.com/headers"] == headers["metadata"]["name"]
    assert ingress["spec"]["ingressClassName"] == "made"
    policies = [manifest for manifest in manifests if manifest["kind"] == "NetworkPolicy"]
    opened = [policy for policy in policies if policy["metadata"]["name"].startswith("edge-")]
    assert opened[0]["spec"]["ingress"][0]["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "made"}}}
    ]


def test_no_other_controller_is_installed_for_it() -> None:
    kinds = {(it["kind"], it["metadata"]["name"]) for it in yaml.safe_load_all(outcome()["rendered"])}
    assert {name for kind, name in kinds if kind == "Deployment"} == {"api"}
    problem = codes_of("installed")["controller-not-installable"]
    assert problem == {"controller": "made-up", "installable": ["f5-nginx", "ingress-nginx"]}


def test_problems_name_the_controllers_that_support_a_feature() -> None:
    found = codes_of("unsupported")
    nginx = ["F5 NGINX Ingress Controller", "ingress-nginx"]
    assert found.keys() == {
        "unsupported-by-controller",
        "made-up-path-too-deep",
        "annotation-written-by-field",
        "annotation-of-another-controller",
        "tls-setting-unsupported-by-controller",
        "https-redirect-without-tls",
        "crds-not-supported",
    }
    unsupported = [it for it in outcome()["unsupported"] if it["code"] == "unsupported-by-controller"]
    assert {it["params"]["feature"]: it["params"]["supported_by"] for it in unsupported} == {
        "websocket": [*nginx, "Envoy Gateway"],
        "sessionPersistence.cookie": nginx,
    }
    assert {it["params"]["controller"] for it in unsupported} == {"Made-Up Controller"}
    assert found["annotation-of-another-controller"]["owner"] == "F5 NGINX Ingress Controller"
    assert found["tls-setting-unsupported-by-controller"]["supported_by"][:2] == nginx
    assert found["crds-not-supported"]["controllers"] == ["f5-nginx"]


def test_other_controllers_name_it() -> None:
    found = codes_of("other")
    assert found["unsupported-by-controller"]["supported_by"] == ["ingress-nginx", "Made-Up Controller"]
    assert found["annotation-of-another-controller"]["owner"] == "Made-Up Controller"


def test_the_schema_has_it() -> None:
    assert outcome()["choices"] == [*(controller.value for controller in Controller), "made-up"]


def test_nothing_else_compares_with_the_name_of_a_controller() -> None:
    """Only the registry and a controller's own module have the controller's name."""
    folder = PACKAGE / "ingress_gateway"
    for module in PACKAGE.rglob("*.py"):
        source = module.read_text()
        own = {part.replace("_", "-").removesuffix(".py") for part in module.relative_to(PACKAGE).parts}
        found = [name for name in ("f5-nginx", "ingress-nginx") if name not in own and f'"{name}"' in source]
        if module != folder / "controllers.py":
            assert not found, f"{module.relative_to(PACKAGE)} names {found}"
            assert not re.search(r"\bController\.[A-Z]", source), module
