"""What is registered of AWS, as a plan of Terraform's."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico.testing import record

from tools.terraform_plan import UnknownToTerraform, terraform_plan


class Thing(pulumi.CustomResource):
    """A resource of any type, whose outputs are there to be named."""

    arn: pulumi.Output[str]
    text: pulumi.Output[str]

    def __init__(self, token: str, name: str, **inputs: Any) -> None:
        super().__init__(token, name, {**inputs, "arn": None, "text": None})


GROUP = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def planned(program: Any, **outputs: Any) -> dict[str, Any]:
    """The plan of a program whose resources tell these outputs."""
    return terraform_plan(record(program, outputs=lambda _: outputs))


def resources(plan: dict[str, Any]) -> dict[str, Any]:
    return {it["address"]: it["values"] for it in plan["planned_values"]["root_module"]["resources"]}


def expressions(plan: dict[str, Any]) -> dict[str, Any]:
    return {it["address"]: it["expressions"] for it in plan["configuration"]["root_module"]["resources"]}


def test_blocks_are_lists_with_names_in_the_singular_and_maps_stay() -> None:
    def program() -> None:
        redirect = {"type": "redirect", "redirect": {"statusCode": "HTTP_301", "port": "443"}}
        Thing(LISTENER, "web", port=80, defaultActions=[redirect], tags={"madeBy": "us"}, sslPolicy="x")

    plan = planned(program)
    assert resources(plan) == {
        "aws_lb_listener.web": {
            "port": 80,
            "ssl_policy": "x",
            "tags": {"madeBy": "us"},
            "default_action": [{"type": "redirect", "redirect": [{"status_code": "HTTP_301", "port": "443"}]}],
        }
    }
    (change,) = plan["resource_changes"]
    assert change["change"]["actions"] == ["create"]
    assert change["change"]["after"] == resources(plan)["aws_lb_listener.web"]


def test_what_only_aws_tells_is_not_there_and_where_it_comes_from_is() -> None:
    def program() -> None:
        one, two = Thing(GROUP, "one"), Thing(GROUP, "two")
        Thing(
            LISTENER,
            "web",
            loadBalancerArn=one.id,
            defaultActions=[{"type": "forward", "targetGroupArn": two.id}],
            securityGroups=["sg-1", one.id],
        )

    plan = planned(program)
    assert resources(plan)["aws_lb_listener.web"] == {
        "default_action": [{"type": "forward"}],
        "security_groups": ["sg-1", None],
    }
    one, two = "aws_lb_target_group.one", "aws_lb_target_group.two"
    assert expressions(plan)["aws_lb_listener.web"] == {
        "load_balancer_arn": {"references": [f"{one}.arn", one]},
        "default_action": [{"target_group_arn": {"references": [f"{two}.arn", two]}}],
        "security_groups": {"references": [f"{one}.id", one]},
    }
    (unknown,) = [it for it in plan["resource_changes"] if it["address"] == "aws_lb_listener.web"]
    assert unknown["change"]["after_unknown"] == {
        "id": True,
        "load_balancer_arn": True,
        "default_action": [{"target_group_arn": True}],
        "security_groups": [False, True],
    }


def test_what_is_known_of_another_resource_refers_to_it_too() -> None:
    def program() -> None:
        Thing(LISTENER, "web", loadBalancerArn=Thing(GROUP, "one").arn)

    plan = planned(program, arn="arn:known")
    assert resources(plan)["aws_lb_listener.web"] == {"load_balancer_arn": "arn:known"}
    references = expressions(plan)["aws_lb_listener.web"]["load_balancer_arn"]["references"]
    assert references == ["aws_lb_target_group.one.arn", "aws_lb_target_group.one"]


def test_the_text_of_a_policy_is_there_to_be_read() -> None:
    def program() -> None:
        bucket = Thing("aws:s3/bucket:Bucket", "logs")
        Thing(POLICY, "logs", bucket=bucket.id, policy=pulumi.Output.concat("for ", bucket.id))

    plan = planned(program)
    assert resources(plan)["aws_s3_bucket_policy.logs"] == {"policy": "for logs-id"}
    assert expressions(plan)["aws_s3_bucket_policy.logs"].keys() == {"bucket", "policy"}


def test_names_that_terraform_does_not_take_are_made_so_and_kept_apart() -> None:
    def program() -> None:
        for name in ("a.b", "a/b", "a_b", "shop-*"):
            Thing(GROUP, name, port=len(name))

    made = resources(planned(program))
    assert sorted(made) == [f"aws_lb_target_group.{it}" for it in ("a_b", "a_b_2", "a_b_3", "shop-_")]


def test_secrets_and_what_is_not_awss_are_left_to_others() -> None:
    def program() -> None:
        Thing(GROUP, "one", vpcId=pulumi.Output.secret("vpc-1"))
        pulumi.CustomResource("kubernetes:core/v1:Service", "api", {"spec": {}})
        pulumi.ComponentResource("aws:lb/group:Group", "no resource of a provider")

    assert resources(planned(program)) == {"aws_lb_target_group.one": {"vpc_id": "vpc-1"}}


def test_a_type_without_a_name_in_terraform_is_refused() -> None:
    with pytest.raises(UnknownToTerraform, match="queue is a aws:sqs/queue:Queue, whose name in Terraform is not in"):
        planned(lambda: Thing("aws:sqs/queue:Queue", "queue"))


def test_a_list_of_blocks_without_a_name_in_terraform_is_refused() -> None:
    with pytest.raises(UnknownToTerraform, match="ipam_pools is a list of blocks"):
        planned(lambda: Thing("aws:lb/loadBalancer:LoadBalancer", "web", ipamPools=[{"ipv4IpamPoolId": "x"}]))
