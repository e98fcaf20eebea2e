"""Names of Kubernetes and Compose that Portico has under another name: every name of their APIs has an answer."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kubernetes_validate import utils
from pulumi_portico.args.elsewhere import Beside, Elsewhere, Table, steps_of
from pulumi_portico.args.location import Key, KeyStyle
from pulumi_portico.args.problems import Move
from pulumi_portico.args.shapes import is_args, shapes_of, take_apart
from pulumi_portico.args.similar_names import folded
from pulumi_portico.args.spec import elsewhere_of, renamed_fields
from pulumi_portico.args.translation import COMPONENTS
from pulumi_portico.ingress_gateway import IngressGatewayArgs
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS
from pulumi_portico.ingress_gateway.routes import Route
from pulumi_portico.ingress_gateway.tls import HostTls
from pulumi_portico.job import JobArgs
from pulumi_portico.networking.network_policies import Peer
from pulumi_portico.public_load_balancer import PublicLoadBalancerArgs
from pulumi_portico.public_load_balancer.args import BalancerPort
from pulumi_portico.public_load_balancer.exposure import Exposure
from pulumi_portico.stack.args import StackArgs
from pulumi_portico.web_service import WebServiceArgs
from pulumi_portico.web_service.ports import Port
from pulumi_portico.web_service.service import ServiceSettings
from pulumi_portico.workload.autoscaling import Autoscaling, Scaling
from pulumi_portico.workload.availability import DisruptionBudget
from pulumi_portico.workload.containers import Container
from pulumi_portico.workload.health import Health, Probe
from pulumi_portico.workload.placement import Placement, Toleration
from pulumi_portico.workload.resources import Resources
from pulumi_portico.workload.rollout import Rollout
from pulumi_portico.workload.security import Security
from pulumi_portico.workload.volumes import Storage, Volume

from tests.kubernetes_schemas import VERSIONS
from tests.problems import applied
from tests.unit.test_newcomers import ROWS
from tests.unit.web_services import problems_with
from tools.stack_schema import args_types

_APPS, _CORE, _NETWORKING = "io.k8s.api.apps.v1.", "io.k8s.api.core.v1.", "io.k8s.api.networking.v1."
_AUTOSCALING, _POLICY = "io.k8s.api.autoscaling.v2.", "io.k8s.api.policy.v1."

ARGS_OF_TYPES = {
    _APPS + "DeploymentSpec": [WebServiceArgs],
    _APPS + "StatefulSetSpec": [WebServiceArgs],
    _APPS + "DaemonSetSpec": [WebServiceArgs],
    _APPS + "ReplicaSetSpec": [WebServiceArgs],
    "io.k8s.api.batch.v1.JobSpec": [JobArgs],
    "io.k8s.api.batch.v1.CronJobSpec": [JobArgs],
    _CORE + "PodSpec": [WebServiceArgs, JobArgs],
    _CORE + "Container": [WebServiceArgs, Container, JobArgs],
    _CORE + "ServiceSpec": [WebServiceArgs, ServiceSettings],
    _CORE + "ServicePort": [Port, BalancerPort],
    _CORE + "ContainerPort": [Port],
    _CORE + "Probe": [Probe, Health],
    _CORE + "HTTPGetAction": [Probe, Health],
    _CORE + "PodSecurityContext": [Security],
    _CORE + "SecurityContext": [Security],
    _CORE + "ResourceRequirements": [Resources],
    _CORE + "Toleration": [Toleration],
    _CORE + "Affinity": [Placement],
    _CORE + "Volume": [Volume],
    _CORE + "PersistentVolumeClaimSpec": [Storage],
    _APPS + "DeploymentStrategy": [Rollout],
    _APPS + "RollingUpdateDeployment": [Rollout],
    _AUTOSCALING + "HorizontalPodAutoscalerSpec": [Autoscaling],
    _AUTOSCALING + "HPAScalingRules": [Scaling],
    _POLICY + "PodDisruptionBudgetSpec": [DisruptionBudget],
    _NETWORKING + "IngressSpec": [IngressGatewayArgs],
    _NETWORKING + "IngressRule": [Route],
    _NETWORKING + "HTTPIngressPath": [Route],
    _NETWORKING + "IngressTLS": [HostTls],
    _NETWORKING + "NetworkPolicyPeer": [Peer],
}
"""The args types that people fill with the fields of each type of Kubernetes."""

COMPOSE = [
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
]
"""The attributes of a service in the Compose specification (compose-spec.json)."""


def fields_of(name: str, version: str) -> list[str]:
    folder = f"kubernetes-json-schema/v{version}.0-local-strict"
    return list(utils.schema_contents(f"{folder}/_definitions.json", version)["$defs"][name]["properties"])


def is_answered(args_type: Any, name: str) -> bool:
    """Whether Portico has the name, or an answer to it."""
    own = {folded(field) for field in (*shapes_of(args_type), *renamed_fields(args_type))}
    table = elsewhere_of(args_type)
    return folded(name) in own or (table is not None and table.find(name) is not None)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ARGS_OF_TYPES, ids=lambda name: name.rpartition(".")[2])
def test_every_field_of_kubernetes_has_an_answer(name: str, version: str) -> None:
    for args_type in ARGS_OF_TYPES[name]:
        missing = [field for field in fields_of(name, version) if not is_answered(args_type, field)]
        assert not missing, args_type.__name__


def test_every_attribute_of_a_compose_service_has_an_answer() -> None:
    assert not [name for name in COMPOSE if not is_answered(WebServiceArgs, name)]


def tables() -> list[Any]:
    types = dict.fromkeys(args_types(StackArgs))
    return [pytest.param(typ, elsewhere_of(typ), id=typ.__name__) for typ in types if elsewhere_of(typ)]


def has_field(args_type: Any, path: str) -> bool:
    typ: Any = args_type
    for step in steps_of(path):
        if typ is Any or isinstance(step, Key):
            return True
        while not is_args(typ):
            typ = take_apart(typ.__args__[-1]).type
        if step not in shapes_of(typ):
            return False
        typ = shapes_of(typ)[step].type
    return True


_TYPES = {
    "services": WebServiceArgs,
    "jobs": JobArgs,
    "gateways": IngressGatewayArgs,
    "load_balancers": PublicLoadBalancerArgs,
}


def holder_of(args_type: Any, where: Elsewhere) -> Any:
    if where.component == "aws_load_balancers":
        return shapes_of(StackArgs)["aws_load_balancers"].type.__args__[-1]
    return _TYPES.get(where.component, args_type)


@pytest.mark.parametrize(("args_type", "table"), tables())
def test_every_place_that_a_table_names_exists(args_type: Any, table: Table) -> None:
    for name, where in table.names.items():
        assert where.component in ("", *COMPONENTS)
        holder = holder_of(args_type, where)
        assert all(has_field(holder, field) for field in where.fields), name
    for name, forms in table.forms.items():
        assert name in shapes_of(args_type)
        assert all(has_field(args_type, field) for form in forms for field in form.fields), name


@pytest.mark.parametrize(("args_type", "table"), tables())
def test_no_table_has_a_name_of_the_args_type_itself(args_type: Any, table: Table) -> None:
    own = {folded(name) for name in (*shapes_of(args_type), *renamed_fields(args_type))}
    assert not [name for name in table.names if folded(name) in own]


@pytest.mark.parametrize("name", [name for name, module in CONTROLLERS.items() if module.annotation_fields])
def test_every_field_for_an_annotation_exists(name: Any) -> None:
    for key, field in CONTROLLERS[name].annotation_fields.items():
        assert (
            has_field(Route, field.name)
            or has_field(IngressGatewayArgs, field.name)
            or (field.name.startswith("tls.") and has_field(HostTls, field.name.partition(".")[2]))
        ), key
    assert shapes_of(Exposure)


SAMPLES: dict[str, Any] = {
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "gpu", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {}},
    "serviceAccountName": "web",
    "automountServiceAccountToken": True,
    "minReadySeconds": 5,
    "priorityClassName": "high",
    "replicaCount": 3,
    "terminationGracePeriodSeconds": 60,
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}],
    "imagePullSecrets": [{"name": "registry"}],
    "workingDir": "/src",
    "strategy": {"type": "Recreate"},
    "securityContext": {"runAsUser": 10002},
}


@pytest.mark.parametrize("style", [KeyStyle.PYTHON, KeyStyle.CAMEL])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_fix_works_in_every_language(name: str, style: KeyStyle) -> None:
    args: dict[str, Any] = {"image": "web:1", "port": 8080, name: SAMPLES[name]}
    (problem,) = problems_with(args, style=style)
    assert problem.location == (name,)
    assert problem.params["name"] == name
    fixed = applied(problem.edits, args, style)
    assert name not in fixed
    assert problems_with(fixed, style=style) == []


def test_a_fix_never_replaces_what_is_set() -> None:
    args = {"image": "web:1", "port": 8080, "nodeSelector": {"a": "b"}, "placement": {"node_selector": {"c": "d"}}}
    (problem,) = problems_with(args)
    assert (problem.code.name, problem.edits) == ("name-elsewhere", ())
    assert problem.params["fields"] == [("placement", "node_selector")]


CLAIM = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
MOUNT = {"name": "data", "mountPath": "/data"}
WHAT_NO_FIELD_EXPRESSES: list[dict[str, Any]] = [
    {"livenessProbe": {"httpGet": {"port": 8080, "host": "10.0.0.1"}}},
    {"livenessProbe": {"httpGet": {"port": 8080, "httpHeaders": [{"name": "A", "value": "b"}, {"name": "A"}]}}},
    {"livenessProbe": {"httpGet": {"port": 8080, "httpHeaders": "Host: shop"}}},
    {"volumes": [{"name": "data", "emptyDir": {}}], "volumeMounts": [MOUNT, {**MOUNT, "mountPath": "/more"}]},
    {"volumes": [{"name": "data", "emptyDir": {"medium": "HugePages"}}], "volumeMounts": [MOUNT]},
    {"volumes": [{"name": "data", "secret": {"secretName": "a", "defaultMode": 2048}}], "volumeMounts": [MOUNT]},
    {"volumes": [{"name": "data", "hostPath": {"path": "/a", "type": "Socket"}}], "volumeMounts": [MOUNT]},
    {"volumeClaimTemplates": [CLAIM | {"metadata": {"name": "data", "labels": {"a": "b"}}}], "volumeMounts": [MOUNT]},
    {"volumeClaimTemplates": [CLAIM], "volumeMounts": [{**MOUNT, "readOnly": True}]},
    {"volumeClaimTemplates": [CLAIM], "volumeMounts": [MOUNT, {**MOUNT, "mountPath": "/more"}]},
]


@pytest.mark.parametrize("args", WHAT_NO_FIELD_EXPRESSES)
def test_what_no_field_expresses_stays(args: Any) -> None:
    problems = problems_with({"image": "web:1", "port": 8080, "kind": "StatefulSet", **args})
    assert {problem.code.name for problem in problems} <= {"name-elsewhere", "foreign-form"}
    assert [problem.edits for problem in problems] == [()] * len(args)


CONVERSIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {
            "livenessProbe": {
                "httpGet": {
                    "path": "/x",
                    "port": 8080,
                    "scheme": "HTTPS",
                    "httpHeaders": [{"name": "Host", "value": "shop"}, {"name": "A-B", "value": "c"}],
                }
            }
        },
        {"health": {"liveness": {"path": "/x", "scheme": "HTTPS", "host": "shop", "headers": {"A-B": "c"}}}},
    ),
    (
        {"health": {"path": "/x", "httpHeaders": [{"name": "A-B", "value": "c"}]}},
        {"health": {"path": "/x", "headers": {"A-B": "c"}}},
    ),
    (
        {"volumes": [{"name": "data", "emptyDir": {}}], "volumeMounts": [{**MOUNT, "readOnly": True}]},
        {"volumes": {"data": {"path": "/data", "read_only": True}}},
    ),
    (
        {
            "volumes": [{"name": "data", "hostPath": {"path": "/a"}}],
            "volumeMounts": [MOUNT],
            "security": {"host_paths": True},
        },
        {
            "volumes": {"data": {"path": "/data", "read_only": False, "host_path": "/a"}},
            "security": {"host_paths": True},
        },
    ),
    (
        {"volumeClaimTemplates": [CLAIM], "volumeMounts": [{**MOUNT, "subPath": "a"}], "kind": "StatefulSet"},
        {"storage": {"data": {"path": "/data", "sub_path": "a", "size_gib": 1}}, "kind": "StatefulSet"},
    ),
]


@pytest.mark.parametrize(("args", "converted"), CONVERSIONS)
def test_a_conversion_keeps_the_meaning(args: Any, converted: Any) -> None:
    own = {"image": "web:1", "port": 8080}
    fixed: Any = own | args
    for problem in problems_with(fixed):
        fixed = applied(problem.edits, fixed, KeyStyle.PYTHON)
    assert fixed == own | converted


def test_the_kubernetes_default_of_a_probe_is_kept_for_a_port_called_https() -> None:
    ports = {"http": {"port": 8080}, "https": {"port": 8443}}
    args: Any = {"image": "web:1", "ports": ports, "readinessProbe": {"httpGet": {"path": "/x", "port": "https"}}}
    (problem,) = problems_with(args)
    health = {"readiness": {"path": "/x", "port_name": "https", "scheme": "HTTP"}}
    assert applied(problem.edits, args, KeyStyle.PYTHON)["health"] == health


def test_a_manifest_keeps_its_own_labels_and_annotations() -> None:
    template = {
        "metadata": {"labels": {"app": "web", "team": "shop"}, "annotations": {"a.example.com/b": "c"}},
        "spec": {"containers": [{"name": "web", "image": "web:1", "ports": [{"containerPort": 8080}]}]},
    }
    args: Any = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {"reloader.stakater.com/auto": "true"}},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }
    (problem,) = problems_with(args)
    fixed = applied(problem.edits, args, KeyStyle.PYTHON)
    assert fixed["labels"] == {"team": "shop"}
    assert fixed["pod_annotations"] == {"a.example.com/b": "c"}
    assert fixed["workload_annotations"] == {"reloader.stakater.com/auto": "true"}


CREDENTIALS = [
    ("environment", ["DB_PASSWORD=x-y-z"]),
    ("env", [{"name": "DB_PASSWORD", "value": "x-y-z"}]),
    ("extraEnv", [{"name": "DB_PASSWORD", "value": "x-y-z"}]),
    ("containers", [{"name": "web", "image": "web:1", "env": [{"name": "DB_PASSWORD", "value": "x-y-z"}]}]),
]


@pytest.mark.parametrize(("name", "value"), CREDENTIALS)
def test_no_fix_quotes_a_credential(name: str, value: Any) -> None:
    problems = problems_with({"image": "web:1", "port": 80, name: value})
    assert problems
    assert "x-y-z" not in "".join(str(problem) + str(problem.as_data()) for problem in problems)


@pytest.mark.parametrize("name", ["nodeSelector", "node_selector", "node-selector"])
def test_a_name_is_known_however_its_words_are_separated(name: str) -> None:
    (problem,) = problems_with({"image": "web:1", "port": 80, name: {"a": "b"}})
    assert problem.edits == (Move(problem.location, problem.location.parent / "placement" / "node_selector"),)


MANIFEST = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}


@pytest.mark.parametrize(
    ("args", "code", "params"),
    [
        ({"hostPort": 80}, "name-elsewhere", {"fields": [("ports", "host_port")]}),
        ({"ingress": {"a": 1}}, "name-of-component", {"component": "IngressGateway"}),
        ({"loadBalancerIP": "10.0.0.1"}, "name-of-component", {"component": "PublicLoadBalancer"}),
        ({"restart": "always"}, "set-by-portico", {}),
        ({"ulimits": {"nofile": 1}}, "name-unsupported", {}),
    ],
)
def test_a_name_without_an_argument_says_where_it_is(args: Any, code: str, params: Any) -> None:
    (problem,) = problems_with({"image": "web:1", "port": 8080, **args})
    assert problem.code.name == code
    assert {name: problem.params[name] for name in params} == params


def test_a_manifest_in_place_of_arguments_is_converted() -> None:
    spec = {"replicas": 3, "template": {"spec": {"containers": [{"name": "web", "image": "web:1", "command": ["a"]}]}}}
    args = {**MANIFEST, "spec": spec}
    (problem,) = (found for found in problems_with(args) if found.code.name == "kubernetes-manifest")
    assert problem.params["kind"] == "Deployment"
    fixed = applied(problem.edits, args)
    assert fixed == {"replicas": 3, "image": "web:1", "command": ["a"]}


def test_a_manifest_of_a_kind_that_portico_does_not_create_says_so() -> None:
    (problem,) = problems_with({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": {}})
    assert (problem.code.name, problem.params["kind"]) == ("kubernetes-manifest-without-field", "Lease")


_KEYS = [
    *("name", "type", "port", "targetPort", "containerPort", "path", "value", "valueFrom", "fieldRef", "fieldPath"),
    *("httpGet", "exec", "command", "requests", "limits", "cpu", "memory", "storage", "metadata", "spec", "template"),
    *("containers", "image", "repository", "tag", "enabled", "minAvailable", "maxUnavailable", "rollingUpdate", "test"),
    *("matchLabels", "annotations", "mountPath", "emptyDir", "accessModes", "resources", "service", "host", "http"),
    *("paths", "backend", "hosts", "secretName", "add", "drop", "clientIP", "timeoutSeconds", "policies", "metrics"),
    *("drain", "replicas", "volumeMounts", "ports", "periodSeconds", "initialDelaySeconds", "failureThreshold", "kind"),
]
_SCALARS = [None, True, False, -1, 0, 3, 2**40, 1.5, float("inf"), float("nan"), "", "10m", "5Gi", "a", "25%", "http"]
_ANYTHING = st.recursive(
    st.sampled_from(_SCALARS),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.sampled_from(_KEYS), below, max_size=5)),
    max_leaves=12,
)


def converters() -> list[Any]:
    found: list[Any] = []
    for param in tables():
        args_type, table = param.values
        for name, where in table.names.items():
            if where.convert is not None:
                found.append((f"{args_type.__name__}.{name}", where.convert))
            if where.spread is not None:
                found.append((f"{args_type.__name__}.{name}", lambda value, _, spread=where.spread: spread(value)))
        found += [(f"{args_type.__name__}.{name}", form.convert) for name in table.forms for form in table.forms[name]]
        if table.manifest is not None:
            found.append((args_type.__name__, lambda value, _, manifest=table.manifest: manifest(value)))
    return found


CONVERTERS = converters()


def assert_converts(value: Any, beside: Any) -> None:
    for name, convert in CONVERTERS:
        try:
            convert(value, Beside(beside, "web"))
        except Exception as error:  # noqa: PERF203
            raise AssertionError(f"{name} fails for {value!r} beside {beside!r}") from error


@settings(max_examples=100, deadline=None)
@given(value=_ANYTHING, beside=st.dictionaries(st.sampled_from(_KEYS), _ANYTHING, max_size=4))
def test_a_conversion_never_fails(value: Any, beside: Any) -> None:
    assert_converts(value, beside)


def mutated(value: Any, chance: random.Random) -> Any:
    """A copy of a value with some parts of another type."""
    if chance.random() < 0.1:
        return chance.choice([*_SCALARS, [], {}, ["a"], {"name": "a"}, [{"name": "a"}]])
    if isinstance(value, dict):
        return {key: mutated(item, chance) for key, item in value.items() if chance.random() > 0.05}
    return [mutated(item, chance) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("row", [row for row in ROWS if "service" in row], ids=lambda row: row["name"])
def test_a_conversion_never_fails_for_what_newcomers_write(row: Any) -> None:
    chance = random.Random(7)
    for _ in range(15):
        service = mutated(row["service"], chance)
        given = service if isinstance(service, dict) else {}
        for value in (service, row.get("stack", {}), *given.values()):
            assert_converts(mutated(value, chance), given)


POD_FIELDS: dict[str, tuple[Any, Any]] = {
    "serviceAccountName": ("app", {"identity": {"service_account": "app"}}),
    "serviceAccount": ("app", {"identity": {"service_account": "app"}}),
    "automountServiceAccountToken": (True, {"identity": {"token": True}}),
    "nodeSelector": ({"disk": "ssd"}, {"placement": {"node_selector": {"disk": "ssd"}}}),
    "tolerations": ([{"key": "a"}], {"placement": {"tolerations": [{"key": "a"}]}}),
    "affinity": ({"nodeAffinity": {}}, {"placement": {"affinity": {"nodeAffinity": {}}}}),
    "priorityClassName": ("high", {"placement": {"priority_class": "high"}}),
    "runtimeClassName": ("kata", {"placement": {"runtime_class": "kata"}}),
    "topologySpreadConstraints": (
        [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}],
        {"placement": {"spread": {"nodes": "required"}}},
    ),
    "terminationGracePeriodSeconds": (60, {"shutdown": 45}),
    "imagePullSecrets": ([{"name": "registry"}], {"image_policy": {"pull_secrets": ["registry"]}}),
    "securityContext": ({"fsGroup": 5}, {"security": {"fs_group": 5}}),
    "hostNetwork": (True, {"security": {"host_network": True}}),
    "restartPolicy": ("Always", {}),
}


def problems_of_extra(**fields: Any) -> list[Any]:
    return problems_with({"image": "registry.example.com/web:1.0", "port": 8080, **fields})


@pytest.mark.parametrize("name", POD_FIELDS)
def test_a_field_of_pods_with_an_argument_is_not_in_extra(name: str) -> None:
    value, meant = POD_FIELDS[name]
    found = [problem for problem in problems_of_extra(extra={"spec": {name: value}}) if name in problem.location]
    problem = next(problem for problem in found if problem.code.name in ("field-in-extra", "set-by-portico"))
    args = {"image": "registry.example.com/web:1.0", "port": 8080, "extra": {"spec": {name: value}}}
    fixed = applied(problem.edits, args)
    assert {key: fixed[key] for key in meant} == meant
    assert "field-in-extra" not in [left.code.name for left in problems_with(fixed)]


def test_every_field_of_pods_with_an_argument_has_a_row() -> None:
    table = elsewhere_of(WebServiceArgs)
    assert table is not None
    schema = fields_of("io.k8s.api.core.v1.PodSpec", VERSIONS[-1])
    moved = [name for name in schema if (where := table.names.get(name)) and (where.is_moved or where.convert)]
    own = [name for name in moved if table.names[name].code.name not in ("name-in-extra", "name-unsupported")]
    assert set(own) <= POD_FIELDS.keys()


@pytest.mark.parametrize(
    "spec",
    [
        {"serviceAccountName": None},
        {"securityContext": {"supplementalGroups": [5], "fsGroupChangePolicy": "OnRootMismatch"}},
        {"topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]},
        {"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a"]}], "schedulerName": "own"},
    ],
)
def test_what_no_argument_can_express_stays_in_extra(spec: Any) -> None:
    assert problems_of_extra(extra={"spec": spec}) == []


def test_an_argument_that_is_set_is_not_overwritten() -> None:
    (problem,) = problems_of_extra(extra={"spec": {"serviceAccountName": "a"}}, identity={"service_account": "b"})
    assert (problem.code.name, problem.edits) == ("field-in-extra", ())
