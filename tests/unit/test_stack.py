"""A stack's configuration: checked whole, in camelCase, before anything is registered."""

import json
import os
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.stack import build, check_stack, load_stack
from pulumi_portico.testing import Recording, Registration, Secret, record
from pulumi_portico.web_service.args import WebServiceSpec
from pulumi_portico.workload.security import SecuritySpec

from tests.problems import assert_problem, problems_of
from tests.support import ROOT, run_program


def run_stack(config: dict[str, Any], stack: str = "test") -> Recording:
    flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return record(lambda: run_program(ROOT), config=flat, project="portico", stack=stack)


def test_the_stacks_namespace_enforces_pod_security_restricted_and_holds_everything() -> None:
    recorded = run_stack(
        {"portico:namespace": "shop", "portico:services": {"api": {"image": "api:1", "port": 80, "servicePort": 8000}}}
    )
    labels = recorded.manifest("Namespace", "shop")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for kind in ("Deployment", "Service"):
        assert recorded.manifest(kind)["metadata"]["namespace"] == "shop"
        # Nothing is made in a namespace that is not there yet.
        assert recorded.one("Namespace").urn in recorded.before(recorded.one(kind))
    exports = dict(recorded.exports)
    assert exports.pop("targets")["api"].keys() == {"http"}
    assert exports == {"api-url": "http://api.shop.svc.cluster.local:8000"}


def test_a_worker_without_ports_exports_no_url() -> None:
    services = {"mailer": {"image": "mailer:1", "ports": {}}, "api": {"image": "api:1", "port": 80}}
    assert run_stack({"portico:namespace": "shop", "portico:services": services}).exports.keys() == {
        "api-url",
        "targets",
    }


def test_every_problem_of_the_stack_is_reported_at_once_in_the_files_spelling() -> None:
    with pytest.raises(ArgumentError) as caught:
        check_stack(
            "dev",
            {
                "namespace": "Shop",
                "services": {
                    "api": {"image": "api", "port": 80, "service_port": 1},
                    "Web": {"port": 0, "replicas": "2"},
                    "jobs": {"image": "jobs:1", "ports": {}, "health": {"path": "/ready"}},
                },
            },
        )
    assert [it.path for it in caught.value.problems] == [
        "portico:namespace",
        "portico:services.api.image",
        "portico:services.api.service_port",
        "portico:services.Web",
        "portico:services.Web.port",
        "portico:services.Web.replicas",
        "portico:services.Web.image",
        "portico:services.jobs.health",
    ]
    assert caught.value.problems[2].fix == "Rename `service_port` to `servicePort`."
    assert str(caught.value).startswith('Stack "dev" has 8 problems:')


def test_a_wrong_stack_registers_nothing() -> None:
    registered: list[str] = []

    def program() -> None:
        with pytest.raises(ArgumentError):
            run_program(ROOT)

    config = {"portico:namespace": "shop", "portico:services": json.dumps({"api": {"image": "api:1"}})}
    recorded = record(program, config=config)
    assert recorded.registrations == registered


@pytest.mark.parametrize("services", [[], "api", 3])
def test_services_must_be_a_mapping(services: Any) -> None:
    problems = problems_of(lambda: check_stack("dev", {"namespace": "shop", "services": services}))
    assert_problem(problems, "not-a-mapping", "services")


SHOP: dict[str, Any] = {
    "namespace": "shop",
    "services": {
        "api": {"image": "api:1", "ports": {"http": {"port": 8080, "servicePort": 80}, "metrics": {"port": 9090}}},
        "web": {"image": "web:1", "port": 3000},
    },
}
INTERNAL = {"scope": "internal", "platform": "gke"}


def built(more: dict[str, Any]) -> Recording:
    return record(lambda: build(check_stack("dev", {**SHOP, **more})))


def test_routes_and_balancers_lead_to_services_by_name_and_port() -> None:
    gateway = {
        "exposure": INTERNAL,
        "routes": [
            {"host": "shop.example.com", "path": "/api", "target": {"service": "api"}},
            {"host": "shop.example.com", "path": "/metrics", "target": {"service": "api", "portName": "metrics"}},
            {"host": "shop.example.com", "target": {"service": "web"}},
        ],
    }
    balancer = {"target": {"service": "api", "port": 9090}, "exposure": INTERNAL}
    recorded = built({"gateways": {"edge": gateway}, "loadBalancers": {"metrics": balancer}})
    backends = {
        (path["path"], path["backend"]["service"]["name"], path["backend"]["service"]["port"]["number"])
        for it in recorded.manifests()
        if it["kind"] == "Ingress"
        for rule in it["spec"]["rules"]
        for path in rule.get("http", {}).get("paths", [])
    }
    assert {("/api", "api", 80), ("/metrics", "api", 9090), ("/", "web", 80)} <= backends
    spec = recorded.manifest("Service", "metrics-service")["spec"]
    assert [(it["port"], it["targetPort"]) for it in spec["ports"]] == [(9090, 9090)]
    assert spec["selector"] == {"app.kubernetes.io/name": "api"}
    # The pods are opened to what leads to them.
    assert recorded.manifest("NetworkPolicy", "metrics-network-policy")["metadata"]["namespace"] == "shop"


def test_a_target_that_is_written_out_stays_what_it_is() -> None:
    target = {"service": "legacy", "namespace": "old", "port": 80, "selector": {"app": "legacy"}}
    recorded = built({"loadBalancers": {"legacy": {"target": target, "exposure": INTERNAL}}})
    service = recorded.manifest("Service", "legacy-service")
    assert service["metadata"]["namespace"] == "old"
    assert service["spec"]["selector"] == {"app": "legacy"}


def test_a_balancer_leads_to_a_gateway_of_the_stack() -> None:
    more = {
        "gateways": {"edge": {"upstream": {}}},
        "loadBalancers": {"front": {"target": {"gateway": "edge"}, "exposure": INTERNAL}},
    }
    recorded = built(more)
    service = recorded.manifest("Service", "front-service")
    assert service["metadata"]["namespace"] == "edge"
    assert service["spec"]["selector"] == recorded.manifest("Service", "edge-service")["spec"]["selector"]
    assert [(it["port"], it["targetPort"]) for it in service["spec"]["ports"]] == [(443, 443)]


def test_an_aws_balancer_leads_to_a_gateway_and_a_service_of_the_stack() -> None:
    subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    aws = {
        "kind": "network",
        "scope": "internal",
        "vpc": "vpc-0123456789abcdef0",
        "subnets": subnets,
        "allowedSources": ["10.0.0.0/8"],
        "targets": {
            "edge": {"target": {"gateway": "edge"}},
            "metrics": {"target": {"service": "api", "portName": "metrics"}},
        },
        "listeners": [
            {"port": 443, "protocol": "tcp", "target": "edge"},
            {"port": 9090, "protocol": "tcp", "target": "metrics"},
        ],
    }
    recorded = built({"gateways": {"edge": {"upstream": {}}}, "awsLoadBalancers": {"front": aws}})
    bound = {
        it["metadata"]["namespace"]: it["spec"] for it in recorded.manifests() if it["kind"] == "TargetGroupBinding"
    }
    assert bound["shop"]["serviceRef"] == {"name": "api", "port": 9090}
    assert bound["edge"]["serviceRef"]["port"] == 443


def test_the_gateway_may_live_in_the_stacks_namespace_or_in_its_own() -> None:
    gateways = {
        "own": {"exposure": INTERNAL},
        "shared": {"exposure": INTERNAL, "namespace": "shop"},
        "guest": {"exposure": INTERNAL, "namespace": "own"},
    }
    recorded = built({"gateways": gateways})
    assert {it.name for it in recorded.all("Namespace")} == {"shop", "own-namespace"}
    for gateway, namespace, made in (("shared", "shop", "shop"), ("guest", "own", "own-namespace")):
        service = recorded.one("Service", f"{gateway}-service")
        assert service.manifest()["metadata"]["namespace"] == namespace
        # Nothing is made in a namespace that is not there yet.
        assert recorded.one("Namespace", made).urn in recorded.before(service)


def test_the_outputs_say_where_everything_is_reached() -> None:
    routes = [{"host": "shop.example.com", "target": {"service": "web"}}, {"target": {"service": "api"}}]
    more = {
        "gateways": {"edge": {"exposure": INTERNAL, "routes": routes}, "inner": {"upstream": {}}},
        "loadBalancers": {"metrics": {"target": {"service": "api", "portName": "metrics"}, "exposure": INTERNAL}},
    }

    def addressed(registration: Registration) -> dict[str, Any] | None:
        ip = {"edge-service": "10.0.0.1", "metrics-service": "10.0.0.2"}.get(registration.name)
        return {"status": {"loadBalancer": {"ingress": [{"ip": ip}]}}} if ip else None

    recorded = record(lambda: build(check_stack("dev", {**SHOP, **more})), outputs=addressed)
    exports = recorded.exports
    assert exports["urls"] == {
        "shop.example.com": "http://shop.example.com",
        "edge": "http://10.0.0.1",
        "metrics": "tcp://10.0.0.2:9090",
    }
    assert exports["addresses"] == {"edge": "10.0.0.1", "metrics": "10.0.0.2"}
    assert exports["costs"].keys() == {"edge", "metrics"}
    assert exports["api-url"] == "http://api.shop.svc.cluster.local"


def test_defaults_are_merged_deep_and_give_way() -> None:
    defaults = {
        "port": 8080,
        "replicas": 3,
        "labels": {"team": "shop", "tier": "back"},
        "security": {"user": 1000},
        "writablePaths": ["/tmp", "/cache"],
    }
    services: dict[str, Any] = {
        "api": {"image": "api:1", "labels": {"tier": "front"}, "writablePaths": ["/data"]},
        "jobs": {"image": "jobs:1", "ports": {}, "labels": {"team": None}},
        "web": {"image": "web:1", "autoscaling": {"maxReplicas": 9}, "security": None},
    }
    plan = check_stack("dev", {"namespace": "shop", "defaults": defaults, "services": services})
    services_by_name: Any = plan.services
    api, jobs, web = (services_by_name[name] for name in ("api", "jobs", "web"))
    assert api == WebServiceSpec(
        namespace="shop",
        image="api:1",
        port=8080,
        replicas=3,
        labels={"team": "shop", "tier": "front"},
        security=SecuritySpec(user=1000),
        writable_paths=("/data",),
    )
    # A worker has no port, whatever the others have.
    assert jobs.port is None
    assert jobs.labels == {"tier": "back"}
    assert web.replicas is None
    assert web.security is None


def test_a_base_lies_under_the_stack_file(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("""\
config:
  portico:extends: base.yaml
  portico:services:
    api: {replicas: 1, env: {LEVEL: debug}}
    spare: null
""")
    (tmp_path / "base.yaml").write_text("""\
extends: common.yaml
services:
  api: {image: "api:1", port: 8080, env: {LEVEL: info, REGION: eu}, args: [a, b]}
  spare: {image: "spare:1", port: 80}
""")
    (tmp_path / "common.yaml").write_text("""\
namespace: shop
defaults: {drain: 20}
services: {api: {replicas: 9, args: [c]}}
""")
    plan = load_stack("dev", tmp_path)
    assert plan.namespace == "shop"
    env = {"LEVEL": "debug", "REGION": "eu"}
    assert plan.services == {
        "api": WebServiceSpec(
            namespace="shop", image="api:1", port=8080, drain=20, replicas=1, args=("a", "b"), env=env
        )
    }


SECRETS = """\
config:
  portico:namespace: shop
  portico:services:
    api:
      image: {secure: v1:image}
      port: 8080
      env:
        PASSWORD: {secure: v1:abc}
        LEVEL: info
"""


def test_without_the_engine_placeholders_stand_for_secrets(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(SECRETS)
    recorded = record(lambda: build(load_stack("dev", tmp_path)))
    (container,) = recorded.one("Deployment").inputs["spec"]["template"]["spec"]["containers"]
    assert container["image"] == Secret("[secret portico:services.api.image]")
    assert container["env"] == [
        {"name": "LEVEL", "value": "info"},
        {"name": "PASSWORD", "value": Secret("[secret portico:services.api.env.PASSWORD]")},
    ]
    # The plan can be made once, and built as often as one likes.
    plan = load_stack("dev", tmp_path)
    assert [record(lambda: build(plan)).manifests() for _ in range(2)] == [recorded.manifests()] * 2


def run_project(folder: Path, text: str, config: dict[str, Any], secrets: list[str]) -> Recording:
    """Run the root program in a project with this stack file, given what the engine gives."""
    (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    (folder / "__main__.py").write_text((ROOT / "__main__.py").read_text())
    (folder / "stacks").mkdir(exist_ok=True)
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(text)
    flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}

    def program() -> None:
        pulumi.runtime.set_all_config(flat, secrets)
        run_program(folder)

    return record(program, project="portico", stack="dev")


GIVEN: dict[str, Any] = {
    "portico:namespace": "shop",
    "portico:services": {
        "api": {"image": "registry/api:7", "port": 8080, "env": {"PASSWORD": "hunter2", "LEVEL": "info"}}
    },
}


def test_the_file_says_which_of_the_engines_values_are_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recorded = run_project(tmp_path, SECRETS, GIVEN, ["portico:services"])
    (container,) = recorded.one("Deployment").inputs["spec"]["template"]["spec"]["containers"]
    assert container["image"] == Secret("registry/api:7")
    assert container["env"] == [
        {"name": "LEVEL", "value": "info"},
        {"name": "PASSWORD", "value": Secret("hunter2")},
    ]


def test_where_nothing_says_which_value_is_secret_all_that_may_be_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Another file than the one that the engine was given: it says something else.
    other = SECRETS.replace("LEVEL: info", "LEVEL: debug")
    recorded = run_project(tmp_path, other, GIVEN, ["portico:services"])
    (container,) = recorded.one("Deployment").inputs["spec"]["template"]["spec"]["containers"]
    assert container["image"] == Secret("registry/api:7")
    assert {it["name"]: it["value"] for it in container["env"]} == {
        "LEVEL": Secret("info"),
        "PASSWORD": Secret("hunter2"),
    }


def test_the_engines_values_hold_and_lines_are_those_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "config:\n  portico:namespace: shop\n  portico:services:\n    api: {image: api, port: 8080}\n"
    config: dict[str, Any] = {"portico:namespace": "shop", "portico:services": {"api": {"image": "api", "port": 8080}}}
    with pytest.raises(ArgumentError) as caught:
        run_project(tmp_path, text, config, [])
    assert [(it.path, it.place) for it in caught.value.problems] == [
        ("portico:services.api.image", "stacks/Pulumi.dev.yaml:4:18")
    ]
    # What an environment adds to the file has no line, and holds all the same.
    config["portico:services"]["api"]["replicas"] = "many"
    with pytest.raises(ArgumentError) as caught:
        run_project(tmp_path, text, config, [])
    assert [it.path for it in caught.value.problems] == ["portico:services.api.image", "portico:services.api.replicas"]
    # With --config-file, the engine's values are another file's: the lines would be wrong.
    config["portico:services"]["api"]["port"] = 9090
    with pytest.raises(ArgumentError) as caught:
        run_project(tmp_path, text, config, [])
    assert [it.place for it in caught.value.problems] == ["", ""]


def test_no_message_has_what_the_engine_treats_as_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    service = {"image": "hunter2/api", "port": 80, "kind": "hunter2", "drain": "hunter2", "labels": {"a": "hunter2 x"}}
    config: dict[str, Any] = {"portico:namespace": "shop", "portico:services": {"api": service}}
    config["portico:loadBalancers"] = {"lb": {"target": {"service": "hunter2x"}, "exposure": INTERNAL}}
    # Secrets of an environment: no file says which of the values they are.
    secret_keys = ["portico:services", "portico:loadBalancers"]
    found = problems_of(lambda: run_project(tmp_path, "config: {}\n", config, secret_keys))
    assert {problem.path.removeprefix("portico:") for problem in found} == {
        *(f"services.api.{field}" for field in ("kind", "drain", "labels.a", "image")),
        "loadBalancers.lb.target.service",
    }
    for problem in found:
        assert problem.secret
        assert "hunter2" not in str(problem)
        assert "hunter2" not in str(problem.as_data())


def test_no_message_has_what_the_file_marks_as_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = json.loads(json.dumps(GIVEN).replace("registry/api:7", "hunter2/api"))
    with pytest.raises(ArgumentError) as caught:
        run_project(tmp_path, SECRETS, given, ["portico:services"])
    problem = assert_problem(caught.value.problems, "image-without-version", "services", "api", "image")
    assert problem.secret
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "given", "path"),
    [
        ("namespace: 1", {"namespace": "1"}, "namespace"),
        ("namespace: true", {"namespace": "true"}, "namespace"),
        ("extends: 5", {"extends": "5", "namespace": "shop"}, "extends"),
        ("services: '{}'", {"services": {}}, "services"),
        ("services: api", {"services": "api"}, "services"),
    ],
)
def test_the_engine_and_the_file_are_read_alike(
    written: str, given: dict[str, Any], path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scalar is text to the engine, which hands on mappings as text, too."""
    monkeypatch.chdir(tmp_path)
    text = f"config:\n  portico:{written}\n" + ("" if "namespace" in written else "  portico:namespace: shop\n")
    config = {f"portico:{key}": value for key, value in {"namespace": "shop", **given}.items()}
    with pytest.raises(ArgumentError) as by_engine:
        run_project(tmp_path, text, config, [])
    with pytest.raises(ArgumentError) as by_file:
        load_stack("dev", Path("stacks"))
    assert by_engine.value.problems == by_file.value.problems
    (problem,) = by_file.value.problems
    assert problem.path == f"portico:{path}"
    assert problem.place.startswith("stacks/Pulumi.dev.yaml:2:")


def test_the_engine_extends_the_base_beside_the_projects_stack_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "base.yaml").write_text('services: {api: {image: "api:1", port: 80}}\n')
    text = "config:\n  portico:extends: base.yaml\n  portico:namespace: shop\n"
    recorded = run_project(tmp_path, text, {"portico:extends": "base.yaml", "portico:namespace": "shop"}, [])
    assert recorded.exports["api-url"] == "http://api.shop.svc.cluster.local"


def test_the_namespace_is_required() -> None:
    (problem,) = problems_of(lambda: check_stack("dev", {}))
    assert (problem.code.name, problem.path) == ("missing", "portico:namespace")


def test_a_null_takes_out_what_any_base_has(tmp_path: Path) -> None:
    (tmp_path / "far.yaml").write_text(
        "namespace: shop\n"
        "services: {api: {image: 'api:1', port: 80, env: {A: far}}, jobs: {image: 'jobs:1', ports: {}}}\n"
    )
    (tmp_path / "near.yaml").write_text("extends: far.yaml\nservices: {api: {env: {A: near}}, jobs: {replicas: 3}}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  portico:extends: near.yaml\n  portico:services: {api: {env: {A: null, B: own}}, jobs: null}\n"
    )
    plan = load_stack("dev", tmp_path)
    assert plan.services == {"api": WebServiceSpec(namespace="shop", image="api:1", port=80, env={"B": "own"})}


DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: policies.k8s.nginx.org}
spec: {group: k8s.nginx.org, names: {kind: Policy, plural: policies}, scope: Namespaced, versions: []}
"""


@pytest.mark.parametrize(("main", "beside"), [("", "."), ("main: program\n", "program")])
def test_files_are_found_beside_the_program_wherever_the_stack_is_read(
    main: str, beside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "program").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\nstackConfigDir: stacks\n{main}")
    (tmp_path / beside / "crds.yaml").write_text(DEFINITION)
    edge = {"exposure": {"scope": "internal", "platform": "gke"}, "crds": {"path": "crds.yaml"}}
    config = {"portico:namespace": "shop", "portico:gateways": {"edge": edge}}
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))
    for here in ("stacks", "elsewhere", beside):
        monkeypatch.chdir(tmp_path / here)
        plan = load_stack("dev", Path(os.path.relpath(tmp_path / "stacks")))
        assert record(lambda plan=plan: build(plan)).manifest("CustomResourceDefinition")["spec"]["versions"] == []
    (tmp_path / beside / "crds.yaml").unlink()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(ArgumentError) as caught:
        load_stack("dev", tmp_path / "stacks")
    assert [problem.code.name for problem in caught.value.problems] == ["crds-file-missing"]
