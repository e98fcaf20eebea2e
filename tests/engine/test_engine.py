"""What only the real engine and the real provider can show, without a cluster."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

import yaml
from pulumi_portico import WebService
from pulumi_portico.lifecycle.ownership import without_owner
from pulumi_portico.testing import record

from tests.pulumi_program import PROJECT, PulumiProgram
from tests.support import ROOT

# The provider writes the manifests to a folder in place of a cluster.
RENDERED = """\
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_portico import WebService

render = kubernetes.Provider("render", render_yaml_to_directory="rendered", namespace="shop")
options = pulumi.ResourceOptions(provider=render)
"""


def rendered(program: PulumiProgram) -> list[dict[str, Any]]:
    files = sorted((program.folder / "rendered" / "1-manifest").glob("*.yaml"))
    return [yaml.safe_load(file.read_text()) for file in files]


def test_the_recorder_shows_what_the_real_provider_is_told(program: PulumiProgram) -> None:
    args = '{"image": "api:1.2", "port": 8080, "service_port": 81, "labels": {"team": "a"}, "replicas": 3}'
    program.write(f"{RENDERED}WebService('api', {args}, options)\n")
    program.up()
    real = {it["kind"]: without_owner(it) for it in rendered(program)}
    mocked = record(lambda: WebService("api", eval(args)))
    assert real.keys() == {"Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"}
    for kind, manifest in real.items():
        # What the provider adds of its own.
        assert manifest["metadata"].pop("namespace") == "shop"
        manifest["metadata"].get("annotations", {}).pop("pulumi.com/autonamed", None)
        manifest["metadata"].get("labels", {}).pop("app.kubernetes.io/managed-by", None)
        assert manifest == mocked.manifest(kind)


def test_a_second_run_changes_nothing_and_a_new_label_replaces_nothing(program: PulumiProgram) -> None:
    source = RENDERED + "WebService('api', {'image': 'api:1.2', 'port': 8080, 'labels': {'team': 'a'}}, options)\n"
    program.write(source)
    assert program.up().changes == {"create": 7}
    assert program.up().changes == {}
    program.write(source.replace("api:1.2", "api:1.3").replace("'a'", "'b'"))
    assert program.up().changes == {"update": 5}
    assert set(program.destroy().changes) == {"delete"}


def test_a_refused_argument_is_a_message_and_not_a_traceback(program: PulumiProgram) -> None:
    program.write(RENDERED + "WebService('api', {'image': 'api', 'port': 0}, options)\n")
    run = program.preview(check=False)
    assert run.status != 0
    assert 'error: WebService "api" has 2 problems:' in run.output
    assert 'image: "api" has no version' in run.output
    assert "Traceback" not in run.output
    assert "WebService" not in {step.kind for step in run.steps}


def test_a_value_known_late_is_refused_as_clearly_and_stays_secret(program: PulumiProgram) -> None:
    program.write(
        RENDERED
        + "image = pulumi.Output.secret('hunter2/api')\n"
        + "WebService('api', {'image': image, 'port': 80}, options)\n"
    )
    run = program.preview(check=False)
    assert run.status != 0
    assert "image: [secret] has no version" in run.output
    assert "hunter2" not in run.output
    assert "Traceback" not in run.output


def test_a_secret_is_nowhere_in_the_state(program: PulumiProgram) -> None:
    program.write(
        RENDERED
        + "image = pulumi.Output.secret('registry.example.com/canary-7c1e:1')\n"
        + "api = WebService('api', {'image': image, 'port': 80}, options)\n"
        + "pulumi.export('url', api.url)\n"
    )
    program.up()
    assert "canary-7c1e" not in program.state()
    # The canary did reach the manifest: the check above looks for something that exists.
    assert any("canary-7c1e" in str(manifest) for manifest in rendered(program))


def test_a_secret_variable_is_encrypted_and_a_change_rolls_the_pods(program: PulumiProgram) -> None:
    source = (
        RENDERED + "WebService('api', {'image': 'api:1', 'port': 80, 'secret_env': {'T': 'canary-7c1e'}}, options)\n"
    )
    program.write(source)
    program.up()
    assert "canary-7c1e" not in program.state()
    program.write(source.replace("canary-7c1e", "canary-8d2f"))
    changed = program.up()
    # The new Secret is there before the pods that want it, and the old one goes after theirs have gone.
    assert [(it.op, it.kind) for it in changed.steps if it.op != "same"] == [
        ("create-replacement", "Secret"),
        ("replace", "Secret"),
        ("update", "Deployment"),
        ("delete-replaced", "Secret"),
    ]
    assert "canary-8d2f" not in program.state()


def test_transforms_reach_every_child(program: PulumiProgram) -> None:
    program.write(
        RENDERED
        + """
def annotate(args):
    if args.custom:
        args.props["metadata"] = {**args.props["metadata"], "annotations": {"touched": "yes"}}
    return pulumi.ResourceTransformResult(props=args.props, opts=args.opts)

options = pulumi.ResourceOptions(provider=render, transforms=[annotate])
WebService("api", {"image": "api:1", "port": 80}, options)
"""
    )
    program.up()
    assert [it["metadata"]["annotations"]["touched"] for it in rendered(program)] == ["yes"] * 5


def lay_plugin(program: PulumiProgram) -> None:
    """Put the component provider where the engine finds it."""
    plugin = program.folder / "bin" / "pulumi-resource-portico"
    plugin.parent.mkdir()
    plugin.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "components" / "__main__.py"} "$@"\n')
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    program.env["PATH"] = os.pathsep.join([str(plugin.parent), program.env["PATH"]])


def test_another_language_makes_the_component_through_the_engine(program: PulumiProgram) -> None:
    lay_plugin(program)
    # What a generated SDK of any language sends: camelCase, numbers as the wire has them, Outputs.
    remote = """\
import pulumi
import pulumi_kubernetes as kubernetes

render = kubernetes.Provider("render", render_yaml_to_directory="rendered", namespace="shop")

class WebService(pulumi.ComponentResource):
    def __init__(self, name, props):
        options = pulumi.ResourceOptions(providers=[render])
        super().__init__("portico:index:WebService", name, {**props, "url": None}, options, remote=True)

api = WebService("api", {"image": "api:1", "port": 8080, "servicePort": 81, "replicas": %s})
pulumi.export("url", api.url)
"""
    program.write(remote % "pulumi.Output.from_input(4)")
    assert program.up().changes == {"create": 7}
    deployment = next(it for it in rendered(program) if it["kind"] == "Deployment")
    assert deployment["spec"]["replicas"] == 4
    assert program.outputs() == {"url": "http://api.shop.svc.cluster.local:81"}

    program.write(remote % "-1")
    run = program.preview(check=False)
    assert run.status != 0
    refused = "portico:index:WebService resource 'api' has a problem: the arguments are invalid"
    assert refused in run.output
    assert "\treplicas: -1 is too small." in run.output
    # A traceback would be the provider's; what the calling SDK adds of its own is not ours.
    assert "pulumi_portico" not in run.output


def test_the_article_example_runs(program: PulumiProgram) -> None:
    source = (ROOT / "examples" / "article" / "__main__.py").read_text()
    program.write(source, PROJECT, kubernetes__renderYamlToDirectory="rendered")
    program.up()
    services = [it["spec"] for it in rendered(program) if it["kind"] == "Service"]
    assert {it["type"] for it in services} == {"ClusterIP", "LoadBalancer"}
    assert all(it["selector"] == {"app": "api-app"} for it in services)
    (ingress,) = (it for it in rendered(program) if it["kind"] == "Ingress")
    assert ingress["spec"]["ingressClassName"] == "nginx-example"
    private = "http://api-service.default.svc.cluster.local"
    assert program.outputs() == {"url": private, "public-url": "", "ingress-urls": {}}


def test_every_folder_of_the_project_that_ships_is_a_program() -> None:
    # tests/cluster/test_applications.py runs the stacks of the other one.
    found = {program.parent.name for program in Path(ROOT).glob("examples/*/__main__.py")}
    assert found == {"applications", "article"}


LOAD_BALANCER = """\
from pulumi_portico import PublicLoadBalancer

target = {"service": "api", "namespace": "shop", "port": 80, "target_port": 8080, "selector": {"app": "api"}}
exposure = {"scope": "internet", "platform": "aws-controller", "allowed_sources": ["0.0.0.0/0"]}
PublicLoadBalancer("web", {"target": target, "exposure": exposure}%s)
"""


def test_the_recorder_shows_of_a_load_balancer_what_the_real_provider_is_told(program: PulumiProgram) -> None:
    program.write(RENDERED + LOAD_BALANCER % ", options")
    program.up()
    real = {it["kind"]: without_owner(it) for it in rendered(program)}
    mocked = record(lambda: exec(LOAD_BALANCER % ""))
    assert real.keys() == {"NetworkPolicy", "Service"}
    for kind, manifest in real.items():
        # What the provider adds of its own: the generated name, above all.
        assert manifest["metadata"].pop("name").startswith("web-")
        manifest["metadata"].get("annotations", {}).pop("pulumi.com/autonamed")
        manifest["metadata"].get("labels", {}).pop("app.kubernetes.io/managed-by", None)
        wanted = mocked.manifest(kind)
        for it in (manifest["metadata"], wanted["metadata"]):
            it.setdefault("annotations", {})
            it.pop("labels", None)
        assert manifest == wanted


def test_another_languages_load_balancer_is_watched_too(program: PulumiProgram) -> None:
    lay_plugin(program)
    remote = """\
import pulumi
import pulumi_kubernetes as kubernetes

render = kubernetes.Provider("render", render_yaml_to_directory="rendered", namespace="shop")

class PublicLoadBalancer(pulumi.ComponentResource):
    def __init__(self, name, props):
        options = pulumi.ResourceOptions(providers=[render])
        super().__init__("portico:index:PublicLoadBalancer", name, {**props, "cost": None}, options, remote=True)

target = {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080, "selector": {"app": "api"}}
sources = [pulumi.Output.from_input("203.0.113.0/24")]
exposure = {"platform": "gke", "clientIp": "preserve", "allowedSources": sources, **%r}
lb = PublicLoadBalancer("web", {"target": target, "exposure": exposure})
pulumi.export("cost", lb.cost)
"""
    held = {"platform": "aws-legacy", "staticAddresses": ["eipalloc-1"]}
    program.write(remote % {"scope": "internet", **held, "idleTimeout": 350.0})
    refused = program.preview(check=False)
    assert refused.status != 0
    assert "\texposure.idleTimeout: AWS cloud controller manager doesn't support" in refused.output

    first, second = {"scope": "internet", "subnets": ["subnet-1"]}, {"scope": "internet", "subnets": ["subnet-2"]}
    program.write(remote % {**first, **held})
    program.up()
    assert program.up().changes == {}
    assert program.outputs()["cost"].startswith("Estimate: 20.07 USD a month for 1 load balancer and 1 public address")
    program.write(remote % {**second, **held})
    refused = program.preview(check=False)
    assert refused.status != 0
    assert "must be replaced, because `subnets` changes" in refused.output
    program.write(remote % {**second, "platform": "aws-legacy"})
    replaced = program.up()
    assert "is replaced, because `static_addresses` changes" in replaced.output
    assert [it.op for it in replaced.steps if it.kind == "Service"] == [
        "create-replacement",
        "replace",
        "delete-replaced",
    ]


# Its AWS resources are ConfigMaps here: the identity of children is the engine's business, not a provider's.
AWS_LOAD_BALANCER = """\
from pulumi_portico import AwsLoadBalancer
from pulumi_portico.aws_load_balancer import resources


class Stand(kubernetes.core.v1.ConfigMap):
    arn = dns_name = zone_id = "known"


def stand_in(kind, name, properties, opts):
    metadata = {"name": f"{kind}-{name}".lower()}
    return Stand(f"{kind}-{name}", metadata=metadata, data={"name": name}, opts=opts)


resources.register_aws = stand_in
target = {"service": "api", "namespace": "shop", "port": 80, "target_port": 8080, "selector": {"app": "api"}}
args = {
    "kind": "network",
    "scope": "internet",
    "vpc": "vpc-1",
    "subnets": ["subnet-a", "subnet-b"],
    "allowed_sources": ["0.0.0.0/0"],
    "logs": {"access": False},
    "targets": {"api": {"target": target}},
    "listeners": [{"port": 443, "protocol": "tcp", "target": "api"}],
}
"""
FORMER_TYPE = """\
before = pulumi.ComponentResource.__init__


def as_before(self, token, name, props=None, opts=None, **more):
    opts.aliases = []
    before(self, token.replace("AwsLoadBalancer", "PublicLoadBalancer"), name, props, opts, **more)


pulumi.ComponentResource.__init__ = as_before
"""
CREATE = "AwsLoadBalancer('shop', args, options)\n"


def test_an_aws_load_balancer_that_was_a_public_load_balancer_keeps_its_resources(program: PulumiProgram) -> None:
    program.write(RENDERED + AWS_LOAD_BALANCER + FORMER_TYPE + CREATE)
    before = program.up()
    assert before.changes == {"create": len(before.steps)}
    assert any(step.urn.endswith("portico:index:PublicLoadBalancer::shop") for step in before.steps)
    program.write(RENDERED + AWS_LOAD_BALANCER + CREATE)
    after = program.up()
    assert after.changes == {}
    ours = [step.urn for step in after.steps if "portico:index:" in step.urn]
    assert len(ours) > 10
    assert all("portico:index:AwsLoadBalancer" in urn for urn in ours)
    assert "PublicLoadBalancer" not in program.pulumi("stack", "--show-urns", "--stack", program.stack)
