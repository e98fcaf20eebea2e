"""TargetBinding on the real engine and API server, by a definition that takes what the controller's own takes."""

from __future__ import annotations

from typing import Any

from tests.cluster.definitions import TARGET_GROUP_BINDING, define
from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster

_ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{}/0123456789abcdef"


def source(namespace: str, group: str, **fields: Any) -> str:
    target = {"service": "web", "namespace": namespace, "port": 80, "target_port": 8080, "selector": {"app": "web"}}
    args = {"target": target, "target_group": _ARN.format(group), "security_group": "sg-0123456789abcdef0", **fields}
    return f"from pulumi_portico import TargetBinding\nTargetBinding('web', {args!r})\n"


def test_a_binding_is_admitted_and_another_target_group_gets_another_one_first(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    define(cluster, TARGET_GROUP_BINDING)

    def bindings() -> list[dict[str, Any]]:
        return cluster.get("targetgroupbindings", "-n", namespace)["items"]

    program.write(source(namespace, "blue", health_port=9000))
    program.up()
    (blue,) = bindings()
    assert blue["spec"]["serviceRef"] == {"name": "web", "port": 80}
    (rule,) = blue["spec"]["networking"]["ingress"]
    assert rule["from"] == [{"securityGroup": {"groupID": "sg-0123456789abcdef0"}}]
    assert rule["ports"] == [{"port": 8080, "protocol": "TCP"}, {"port": 9000, "protocol": "TCP"}]
    (policy,) = cluster.get("networkpolicies", "-n", namespace)["items"]
    assert policy["spec"]["podSelector"]["matchLabels"] == {"app": "web"}
    assert program.up().changes == {}
    # What the controller lets nobody change makes another binding, beside the old one until it is there.
    program.write(source(namespace, "green"))
    changed = program.up()
    (green,) = bindings()
    assert green["spec"]["targetGroupARN"] == _ARN.format("green")
    assert green["metadata"]["name"] != blue["metadata"]["name"]
    ops = [step.op for step in changed.steps if step.kind == "TargetGroupBinding"]
    assert ops.index("create-replacement") < ops.index("delete-replaced")
    program.destroy()
    assert bindings() == []
