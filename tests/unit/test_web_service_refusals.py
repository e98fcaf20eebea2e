"""One case for every rule by which a WebService is refused: the path, what is wrong, the fix."""

from typing import Any

import pulumi
import pytest
from pulumi_portico.args.shapes import camel_case
from pulumi_portico.errors import Problems
from pulumi_portico.web_service.validation import check_web_service

from tests.unit.web_services import refused


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"image": "nginx"}, 'image: "nginx" names no version'),
        ({"image": "nginx:latest"}, 'the tag "latest"'),
        ({"image": None}, "image: is missing"),
        ({"port": 0}, "port: 0 is not a port number"),
        ({"port": "8080"}, 'port: "8080" is not a whole number'),
        ({"port": pulumi.Output.from_input(80)}, "port: an Output is known only during the deployment"),
        ({"service_port": 70000}, "service_port: 70000 is not a port number"),
        ({"replicas": -1}, "replicas: -1 is not a number of pods"),
        ({"namespace": "My_Shop"}, 'fix: write "my-shop"'),
        ({"labels": {"a b": "c"}}, 'labels.a b: "a b" does not fit a label\'s key'),
        ({"labels": {"a": "b c"}}, 'labels.a: "b c" does not fit a label\'s value'),
        ({"selector": {}}, "selector: {} selects every pod"),
        ({"selector": {"app": "x"}, "labels": {"app": "y"}}, 'labels.app: "y" stands in the selector too'),
        ({"replica": 3}, "fix: write replicas"),
        ({"drain": 4000}, "drain: 4000 is not a number of seconds"),
        ({"drain": pulumi.Output.from_input(3)}, "drain: an Output is known only during the deployment"),
        ({"shutdown": 0}, "shutdown: 0 is not a number of seconds"),
        ({"health": {"path": "healthz"}}, 'health.path: "healthz" is not an HTTP path'),
        ({"health": {"path": "/a b"}}, 'health.path: "/a b" is not an HTTP path'),
        ({"health": {"path": "/a", "command": ["b"]}}, "health: asks in 2 ways: path, command"),
        ({"health": {"liveness": {"path": "/a", "grpc_service": "b"}}}, "health.liveness: asks in 2 ways"),
        ({"health": {"command": []}}, "health.command: [] runs nothing"),
        ({"health": {"startup_seconds": 0}}, "health.startup_seconds: 0 is not a whole number from 1"),
        ({"health": {"readiness": {"period": 0}}}, "health.readiness.period: 0 is not a whole number from 1"),
        ({"health": {"readyness": {}}}, "fix: write readiness"),
        ({"port": None}, "for a worker that listens on none, write ports: {}"),
        ({"ports": {}}, "port: 8080 stands beside ports"),
        ({"port": None, "ports": {"HTTP": {"port": 1}}}, 'fix: write "http"'),
        ({"port": None, "ports": {"a": {}}}, "ports.a.port: is missing"),
        ({"port": None, "ports": {"a": {"port": 1, "protocol": "tcp"}}}, "fix: write TCP"),
        ({"port": None, "ports": {"a": {"port": 1, "app_protocol": "HTTP"}}}, "fix: write http"),
        ({"port": None, "ports": {"a": {"port": 1}, "b": {"port": 1}}}, "ports.b.port: 1 is the TCP port of a too"),
        (
            {"port": None, "ports": {"a": {"port": 1}, "b": {"port": 2, "service_port": 1}}},
            "ports.b.service_port: 1 is the TCP service_port of a too",
        ),
        ({"port": None, "ports": {}, "service": {}}, "service: is for a Service, and a worker without ports has none"),
        ({"port": None, "ports": {}, "health": {"path": "/a"}}, "health: asks a port, and no port speaks TCP"),
        (
            {"port": None, "ports": {"dns": {"port": 53, "protocol": "UDP"}}, "health": {}},
            "health: asks a port, and no port speaks TCP",
        ),
        ({"health": {"port_name": "htp"}}, "fix: write http"),
        ({"service": {"session_affinity": 0}}, "service.session_affinity: 0 is not a number of seconds"),
        ({"service": {"annotations": {"pulumi.com/skipAwait": "true"}}}, "is one that Portico or Pulumi sets"),
        ({"env": {"1A": "x"}}, 'env.1A: "1A" does not fit a variable'),
        ({"env": {"A": 1}}, 'fix: write "1", with quotes'),
        ({"env": {"A": "1"}, "secret_env": {"A": "2"}}, "secret_env.A: stands in env too"),
        ({"field_env": {"A": "status.podIp"}}, "fix: write status.podIP"),
        ({"resource_env": {"A": "limit.memory"}}, "fix: write limits.memory"),
        ({"config_files": {"etc/a": "x"}}, 'fix: write "/etc/a"'),
        ({"config_files": {"/etc/../a": "x"}}, "is not a path in the container"),
        ({"config_files": {"/a": "x"}, "writable_paths": ["/a"]}, "writable_paths./a: stands in config_files too"),
        ({"writable_paths": ["/a", "/a"]}, "writable_paths./a: stands in writable_paths too"),
        ({"writable_paths": ["/"]}, 'writable_paths[0]: "/" is not a path'),
        ({"working_directory": "app"}, 'fix: write "/app"'),
        ({"resources": {"cpu": 0}}, "resources.cpu: 0 is not a number of cores"),
        ({"resources": {"memory": "256Mi"}}, 'resources.memory: "256Mi" is not a whole number'),
        ({"resources": {"limits": "cpu"}}, "memory, all, none"),
        ({"health": "/healthz"}, 'health: "/healthz" is not a mapping'),
        ({"kind": "Deploymnet"}, "fix: write Deployment"),
        ({"kind": "DaemonSet", "replicas": 2}, "choose the nodes by placement"),
        ({"storage": {"data": {"path": "/data", "size": 1}}}, "or make a StatefulSet of it by kind"),
        ({"kind": "StatefulSet", "storage": {"data": {"path": "/data", "size": 0}}}, "0 is not a number of GiB"),
        ({"kind": "StatefulSet", "storage": {"Data": {"path": "/data", "size": 1}}}, 'fix: write "data"'),
        (
            {"kind": "StatefulSet", "storage": {"a": {"path": "/a", "size": 1}}, "volumes": {"a": {"path": "/b"}}},
            "storage.a: is the name of a volume too",
        ),
        ({"kind": "StatefulSet", "service_port": 80}, "service_port: 80 is another than the pods' own"),
        (
            {"port": None, "ports": {"a": {"port": 1, "service_port": 2}}, "service": {"headless": True}},
            "ports.a.service_port: 2 is another than the pods' own",
        ),
        (
            {"service": {"headless": True, "session_affinity": 60}},
            "service.session_affinity: is kept by a Service's address",
        ),
        (
            {"service": {"headless": True, "traffic_policy": "Local"}},
            "fix: leave it out, or set service.headless to false",
        ),
        ({"rollout": {"max_surge": 1, "max_surge_percent": 1}}, "rollout.max_surge_percent: stands beside max_surge"),
        ({"rollout": {"max_unavailable_percent": 101}}, "101 is not a percentage"),
        ({"rollout": {"max_surge": 0}}, "rollout.max_surge: and max_unavailable are both 0"),
        (
            {"rollout": {"max_surge_percent": 0, "max_unavailable_percent": 0}},
            "rollout.max_surge_percent: and max_unavailable_percent are both 0",
        ),
        (
            {"kind": "DaemonSet", "rollout": {"max_surge": 1, "max_unavailable": 1}},
            "a DaemonSet either adds a pod on a node or takes one away",
        ),
        ({"rollout": {"recreate": True, "max_surge": 1}}, "rollout.max_surge: is for old and new pods side by side"),
        ({"rollout": {"min_ready": 600}}, "rollout.min_ready: 600 is not less than the 600 seconds"),
        ({"rollout": {"min_ready": 9, "progress_deadline": 5}}, "fix: raise progress_deadline"),
        ({"rollout": {"partition": -1}}, "rollout.partition: -1 is not the number of a pod"),
        ({"disruption_budget": {"max_unavailable": 0}}, "0 is not a number of pods that may go"),
        (
            {"disruption_budget": {"max_unavailable": 1, "max_unavailable_percent": 1}},
            "disruption_budget.max_unavailable_percent: stands beside max_unavailable",
        ),
        ({"autoscaling": {}}, "autoscaling.max_replicas: is missing"),
        ({"autoscaling": {"max_replicas": 3}, "replicas": 2}, "fix: leave it out, or make it autoscaling.min_replicas"),
        ({"autoscaling": {"max_replicas": 1}}, "autoscaling.max_replicas: 1 is fewer than the 2 of min_replicas"),
        ({"autoscaling": {"max_replicas": 3, "cpu": 0}}, "autoscaling.cpu: 0 is not a percentage"),
        (
            {"autoscaling": {"max_replicas": 3, "metrics": [{"source": "Pods", "name": "a"}]}},
            "autoscaling.metrics[0]: must aim at one number",
        ),
        (
            {"autoscaling": {"max_replicas": 3, "metrics": [{"source": "Pods", "name": "a", "total": 1}]}},
            "autoscaling.metrics[0].total: is no target for Pods",
        ),
        (
            {"autoscaling": {"max_replicas": 3, "metrics": [{"source": "Object", "name": "a", "total": 1}]}},
            "autoscaling.metrics[0].object_kind: is missing",
        ),
        (
            {
                "autoscaling": {
                    "max_replicas": 3,
                    "metrics": [{"source": "External", "name": "a", "total": 1, "object_name": "b"}],
                }
            },
            "fix: leave it out, or write source: Object",
        ),
        (
            {"autoscaling": {"max_replicas": 3, "metrics": [{"source": "Pods", "name": "a", "average": 0}]}},
            "0 is not an amount to aim at",
        ),
        (
            {"autoscaling": {"max_replicas": 3, "scale_up": {"period": 60}}},
            "autoscaling.scale_up.period: is what pods and percent are counted over",
        ),
        ({"autoscaling": {"max_replicas": 3, "scale_down": {"period": 1801}}}, "1801 is not a number of seconds"),
        ({"volumes": {"a": {"claim": "b", "secret": "c"}}}, "volumes.a: has 2 sources: claim, secret"),
        ({"volumes": {"a": {"claim": "b", "size": 1}}}, "volumes.a.size: is for an empty folder"),
        ({"volumes": {"a": {"host_path": "/var/log"}}}, "fix: keep the data in a claim, or write security.host_paths"),
        ({"volumes": {"a": {"path": "/a", "sub_path": "../b"}}}, 'sub_path: "../b" is not a path within the volume'),
        ({"volumes": {"a": {"projected": [{}]}}}, "volumes.a.projected[0]: is no part"),
        (
            {"volumes": {"a": {"projected": [{"secret": "b", "config_map": "c"}]}}},
            "volumes.a.projected[0]: is 2 parts: secret, config_map",
        ),
        (
            {"volumes": {"a": {"projected": [{"secret": "b", "token_seconds": 600}]}}},
            "volumes.a.projected[0].token_seconds: stands alone",
        ),
        ({"volumes": {"a": {"projected": [{"token_audience": "b", "token_seconds": 1}]}}}, "600 or more"),
        ({"volumes": {"a": {"projected": [{"fields": {"b": "status.podIp"}}]}}}, "fix: write status.podIP"),
        ({"volumes": {"config-files": {}}}, "volumes.config-files: is a name that Portico gives"),
        (
            {"volumes": {"a": {"path": "/tmp"}}, "writable_paths": ["/tmp"]},
            "volumes.a.path: stands in writable_paths too",
        ),
        ({"volumes": {"a": {"path": "/a"}, "b": {"path": "/a"}}}, "volumes.b.path: stands in volumes.a.path too"),
        ({"init_containers": [{"name": "api", "image": "a:1"}]}, 'init_containers[0].name: "api" is the name of the'),
        (
            {"sidecars": [{"name": "a", "image": "a:1"}], "init_containers": [{"name": "a", "image": "a:1"}]},
            'init_containers[0].name: "a" is the name of sidecars[0] too',
        ),
        ({"sidecars": [{"name": "a" * 41, "image": "a:1"}]}, "is 41 characters long"),
        ({"sidecars": [{"name": "a", "image": "a"}]}, 'sidecars[0].image: "a" names no version'),
        ({"init_containers": [{"name": "a", "image": "a:1", "port": 1}]}, "fix: leave it out, or make a sidecar of it"),
        (
            {"sidecars": [{"name": "a", "image": "a:1", "mounts": {"shred": "/a"}}], "volumes": {"shared": {}}},
            "fix: write shared",
        ),
        (
            {"sidecars": [{"name": "a", "image": "a:1", "mounts": {"b": "/b"}}]},
            "sidecars[0].mounts.b: is no volume of the service",
        ),
        ({"sidecars": [{"name": "a", "image": "a:1", "health": {"path": "/a"}}]}, "asks a port, and the sidecar has"),
        (
            {"sidecars": [{"name": "a", "image": "a:1", "port": 1, "health": {"port_name": "b"}}]},
            "sidecars[0].health.port_name: is for the ports of the service",
        ),
        (
            {"sidecars": [{"name": "a", "image": "a:1", "env": {"A": "b"}, "secret_env": {"A": "b"}}]},
            "sidecars[0].secret_env.A: stands in env too",
        ),
        ({"image": "a:1", "image_policy": {"require_digest": True}}, 'image: "a:1" names no digest'),
        ({"image_policy": {"pull_secrets": ["A b"]}}, "image_policy.pull_secrets[0]"),
        ({"placement": {"architectures": []}}, "placement.architectures: names none"),
        ({"placement": {"architectures": ["x86"]}}, "amd64, arm64, ppc64le, s390x"),
        ({"placement": {"affinity": {"podAfinity": {}}}}, "fix: write podAffinity"),
        ({"placement": {"tolerations": [{"value": "a"}]}}, "placement.tolerations[0].value: is that of a key"),
        ({"placement": {"tolerations": [{"key": "a", "seconds": 1}]}}, "beside effect: NoExecute"),
        ({"identity": {"aws_role_arn": "shop"}}, 'identity.aws_role_arn: "shop" is not the ARN of a role'),
        ({"identity": {"gcp_service_account": "shop"}}, "NAME@PROJECT.iam.gserviceaccount.com"),
        ({"identity": {"azure_client_id": "shop"}}, 'identity.azure_client_id: "shop" is not an id of Azure'),
        (
            {"identity": {"service_account": "a", "aws_role_arn": "arn:aws:iam::123456789012:role/a"}},
            "identity.aws_role_arn: is written on a ServiceAccount, and the one that is named is not Portico's",
        ),
        (
            {
                "identity": {
                    "aws_role_arn": "arn:aws:iam::123456789012:role/a",
                    "annotations": {"eks.amazonaws.com/role-arn": "b"},
                }
            },
            "identity.annotations.eks.amazonaws.com/role-arn: is what aws_role_arn sets",
        ),
        ({"security": {"user": 0}}, "security.user: 0 is root"),
        ({"security": {"user": -1}}, "security.user: -1 is not an id"),
        ({"security": {"user": pulumi.Output.from_input(1)}}, "security.user: an Output is known only during"),
        ({"security": {"capabilities": ["cap_net_admin"]}}, 'fix: write "NET_ADMIN"'),
        ({"security": {"capabilities": ["NET_BIND_SERVICE"]}}, "fix: write net_bind_service"),
        ({"security": {"seccomp_profile": "/etc/a"}}, "is not a path below the kubelet's folder"),
        (
            {"security": {"seccomp_profile": "a.json", "unconfined_seccomp": True}},
            "security.unconfined_seccomp: stands beside seccomp_profile",
        ),
        (
            {"security": {"host_network": True}},
            "security.host_network: takes the pods out of reach of the network policy",
        ),
        ({"allow_from": [{}]}, "allow_from[0]: names nobody"),
        ({"allow_from": [{"any_namespace": False}]}, "allow_from[0]: names nobody"),
        ({"allow_from": [{"service": "a", "selector": {"b": "c"}}]}, "allow_from[0].selector: stands beside service"),
        ({"allow_from": [{"namespace": "a", "any_namespace": True}]}, "allow_from[0].any_namespace: stands beside"),
        ({"allow_to": [{"cidr": "10.0.0.0/8", "service": "a"}]}, "allow_to[0].cidr: stands beside service"),
        ({"allow_to": [{"selector": {}}]}, "allow_to[0].selector: holds no label"),
        ({"allow_to": [{"cidr": "10.1.2.3/8"}]}, 'fix: write "10.0.0.0/8"'),
        ({"allow_to": [{"cidr": "10.1.2.3"}]}, 'fix: write "10.1.2.3/32"'),
        ({"allow_to": [{"cidr": "ten"}]}, 'allow_to[0].cidr: "ten" is not a range of addresses'),
        ({"allow_to": [{"service": "a", "cidr_except": ["10.0.0.0/8"]}]}, "is taken out of a cidr, and there is none"),
        ({"allow_to": [{"service": "a", "protocol": "UDP"}]}, "allow_to[0].protocol: is that of ports"),
        ({"allow_to": [{"service": "a", "ports": [0]}]}, "allow_to[0].ports[0]: 0 is not a port number"),
        ({"allow_to": [{"service": "a"}], "network_policy": False}, "fix: leave network_policy out"),
        ({"extra": {"containers": []}}, "fix: put it below spec"),
        ({"extra": {"metadata": {"labels": {"app.kubernetes.io/name": "b"}}}}, "is what the pods are found by"),
        ({"ready_within": 0}, "ready_within: 0 is not a number of seconds"),
        ({"pod_annotations": {"a b": "c"}}, "does not fit an annotation's key"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_registered(args: dict[str, Any], says: str) -> None:
    message = refused(**args)
    assert message.startswith('WebService "api" has ')
    assert says in message


def test_a_refused_secret_is_not_shown() -> None:
    assert "hunter2" not in refused(secret_env={"TOKEN": ["hunter2"]})


def test_a_label_may_not_overrule_the_default_selector() -> None:
    message = refused(labels={"app.kubernetes.io/name": "other"})
    assert "labels.app.kubernetes.io/name" in message


def test_a_name_that_no_service_can_have_is_refused_with_one_that_it_can() -> None:
    message = refused("My_API")
    assert 'name: "My_API"' in message
    assert 'fix: write "my-api"' in message


def test_a_stateful_sets_name_leaves_room_for_what_kubernetes_appends() -> None:
    message = refused("a" * 53, kind="StatefulSet")
    assert "is 53 characters long, too long for a StatefulSet and its Service" in message
    assert f'fix: write "{"a" * 52}"' in message


def test_a_secret_of_another_container_is_not_shown_either() -> None:
    assert "hunter2" not in refused(sidecars=[{"name": "a", "image": "a:1", "secret_env": {"T": ["hunter2"]}}])


def test_messages_spell_names_as_they_were_written() -> None:
    problems = Problems("Stack")
    args = {
        "image": "a:1",
        "port": 80,
        "rollout": {"maxSurge": 0},
        "allowTo": [{"namespace": "a", "anyNamespace": True}],
    }
    check_web_service("api", args, problems, "services.api", camel_case)
    assert [it.path for it in problems.found] == [
        "services.api.allowTo[0].anyNamespace",
        "services.api.rollout.maxSurge",
    ]
    assert "max_" not in "".join(map(str, problems.found))
