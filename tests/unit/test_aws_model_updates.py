"""A second run on what the model holds: what it updates in place, replaces, and deletes, and what AWS rejects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi_portico.testing import record
from pulumi_portico.testing.aws import AwsModel, AwsRefusal, Changes

from tests.aws_resources import FIXED, alb, everything, forwarding, group, path


@pytest.fixture
def model() -> Iterator[AwsModel]:
    with AwsModel() as made:
        yield made


def nothing() -> None:
    """A program that makes nothing."""


def test_the_same_program_again_changes_nothing(model: AwsModel) -> None:
    program = everything(model)
    assert model.compare(program, program) == Changes()


def test_all_that_a_program_makes_can_be_destroyed(model: AwsModel) -> None:
    changes = model.compare(everything(model), nothing)
    assert {"web", "https", "api", "logs", "in", "out", "shop", "proof"} == changes.deleted
    assert model.made == {}
    elb, ec2 = model.client("elbv2"), model.client("ec2")
    assert elb.describe_load_balancers()["LoadBalancers"] == elb.describe_target_groups()["TargetGroups"] == []
    assert [it["GroupName"] for it in ec2.describe_security_groups()["SecurityGroups"]] == ["default", "default"]
    assert model.client("s3").list_buckets()["Buckets"] == []


def test_a_second_run_says_what_changes(model: AwsModel) -> None:
    subnets, vpc = model.subnets(2), model.vpc()

    def program(*, delay: int, port: int, extra: bool) -> Callable[[], Any]:
        def run() -> None:
            aws.lb.LoadBalancer("web", subnets=subnets, idle_timeout=delay)
            aws.lb.TargetGroup("api", port=port, protocol="HTTP", vpc_id=vpc)
            aws.ec2.SecurityGroup("more" if extra else "less", vpc_id=vpc)

        return run

    changes = model.compare(program(delay=60, port=80, extra=False), program(delay=90, port=81, extra=True))
    assert changes.updated == {"web": {"idleTimeout"}}
    assert changes.replaced == {"api": {"port"}}
    assert (changes.created, changes.deleted) == ({"more"}, {"less"})
    # And AWS has it so.
    elb = model.client("elbv2")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    told = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "90"} in told
    assert [it["Port"] for it in elb.describe_target_groups()["TargetGroups"]] == [81]


def test_the_order_of_a_set_is_no_change(model: AwsModel) -> None:
    subnets = model.subnets(3)
    assert model.compare(alb(model, subnets=subnets), alb(model, subnets=subnets[::-1])) == Changes()


def on_one(model: AwsModel, *programs: Callable[[list[str], str], None]) -> list[Callable[[], None]]:
    """Programs that share subnets and a VPC."""
    vpc = model.vpc()
    subnets = model.subnets(3, vpc)
    return [lambda it=it: it(subnets, vpc) for it in programs]


def ruled(*made: tuple[str, int]) -> Callable[[list[str], str], None]:
    """A listener with a rule for each path, by its priority."""

    def program(subnets: list[str], _vpc: str) -> None:
        over = aws.lb.LoadBalancer("web", subnets=subnets[:2])
        http = aws.lb.Listener("http", load_balancer_arn=over.arn, port=80, protocol="HTTP", default_actions=[FIXED])
        for name, priority in made:
            told: Any = {"conditions": [path(f"/{name}")], "actions": [FIXED], "priority": priority}
            aws.lb.ListenerRule(name, listener_arn=http.arn, **told)

    return program


def test_a_rule_changes_its_number_in_place_if_that_is_free(model: AwsModel) -> None:
    before, after, taken = on_one(
        model, ruled(("a", 1), ("b", 2)), ruled(("a", 3), ("b", 2)), ruled(("a", 2), ("b", 3))
    )
    assert model.compare(before, after).updated == {"a": {"priority"}}
    with pytest.raises(AwsRefusal, match=r"[ab]: AWS rejects SetRulePriorities: .*PriorityInUse"):
        model.update(taken)


def test_a_number_that_changes_hands_is_refused(model: AwsModel) -> None:
    before, after = on_one(model, ruled(("a", 1)), ruled(("b", 1)))
    with pytest.raises(AwsRefusal, match=r"b: AWS rejects CreateRule: .*PriorityInUse"):
        model.compare(before, after)


def test_a_made_up_name_is_another_one_for_what_replaces(model: AwsModel) -> None:
    vpc = model.vpc()
    before, after = (
        (lambda port=port: aws.lb.TargetGroup("api", port=port, protocol="HTTP", vpc_id=vpc)) for port in (80, 81)
    )
    assert model.compare(before, after).replaced == {"api": {"port"}}


def test_what_has_a_given_name_goes_first_and_cannot_where_it_is_used(model: AwsModel) -> None:
    vpc = model.vpc()

    def program(port: int) -> Callable[[], Any]:
        return lambda: aws.lb.TargetGroup("api", name="api", port=port, protocol="HTTP", vpc_id=vpc)

    assert model.compare(program(80), program(81)).replaced == {"api": {"port"}}

    def used(subnets: list[str], vpc: str, port: int) -> None:
        over = aws.lb.LoadBalancer("web", subnets=subnets)
        to = aws.lb.TargetGroup("web", name="web", port=port, protocol="HTTP", vpc_id=vpc)
        forward: Any = [{"type": "forward", "target_group_arn": to.arn}]
        aws.lb.Listener("web", load_balancer_arn=over.arn, port=80, protocol="HTTP", default_actions=forward)

    before, after = on_one(model, lambda s, v: used(s, v, 80), lambda s, v: used(s, v, 81))
    with pytest.raises(AwsRefusal, match=r"web: AWS rejects DeleteTargetGroup: .*currently in use by a listener"):
        model.compare(before, after)


def test_a_replacement_that_the_program_asks_for_collides_with_a_given_name(model: AwsModel) -> None:
    subnets = model.subnets(2)

    def program(trigger: str) -> Callable[[], Any]:
        options = pulumi.ResourceOptions(replacement_trigger=trigger)
        return lambda: aws.lb.LoadBalancer("web", name="web", subnets=subnets, opts=options)

    with pytest.raises(AwsRefusal, match="DuplicateLoadBalancerName"):
        model.compare(program("a"), program("b"))


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_deletion_protection_keeps_a_balancer(model: AwsModel, how: str) -> None:
    subnets = model.subnets(2)
    before = alb(model, subnets=subnets, enable_deletion_protection=True)
    after = nothing if how == "removed" else alb(model, subnets=subnets, internal=True)
    with pytest.raises(AwsRefusal, match="web: AWS rejects DeleteLoadBalancer: OperationNotPermitted"):
        model.compare(before, after)


def test_another_balancer_cannot_take_over_the_target_groups(model: AwsModel) -> None:
    def program(*, internal: bool) -> Callable[[list[str], str], None]:
        def run(subnets: list[str], vpc: str) -> None:
            over = aws.lb.LoadBalancer("web", subnets=subnets, internal=internal)
            to = aws.lb.TargetGroup("api", port=80, protocol="HTTP", vpc_id=vpc)
            forward: Any = [{"type": "forward", "target_group_arn": to.arn}]
            aws.lb.Listener("http", load_balancer_arn=over.arn, port=80, protocol="HTTP", default_actions=forward)

        return run

    before, after = on_one(model, program(internal=False), program(internal=True))
    with pytest.raises(AwsRefusal, match="http: AWS rejects CreateListener: TargetGroupAssociationLimit"):
        model.compare(before, after)


SUBNETS: dict[str, tuple[str, Callable[[list[str]], dict[str, Any]], Callable[[list[str]], dict[str, Any]], str]] = {
    "alb gets one": ("application", lambda s: {"subnets": s[:2]}, lambda s: {"subnets": s}, "updated"),
    "alb loses one": ("application", lambda s: {"subnets": s}, lambda s: {"subnets": s[1:]}, "updated"),
    "nlb gets one": ("network", lambda s: {"subnets": s[:1]}, lambda s: {"subnets": s[:2]}, "updated"),
    "nlb loses one": ("network", lambda s: {"subnets": s}, lambda s: {"subnets": s[1:]}, "replaced"),
    "nlb moves": ("network", lambda s: {"subnets": s[:1]}, lambda s: {"subnets": s[1:2]}, "replaced"),
    "nlb's address": (
        "network",
        lambda s: {"subnet_mappings": [{"subnet_id": s[0], "private_ipv4_address": "10.0.0.5"}]},
        lambda s: {"subnet_mappings": [{"subnet_id": s[0], "private_ipv4_address": "10.0.0.6"}]},
        "replaced",
    ),
    "nlb's mappings grow": (
        "network",
        lambda s: {"subnet_mappings": [{"subnet_id": s[0]}]},
        lambda s: {"subnet_mappings": [{"subnet_id": s[0]}, {"subnet_id": s[1]}]},
        "updated",
    ),
}


@pytest.mark.parametrize("case", SUBNETS)
def test_subnets_change_in_place_where_the_provider_can(model: AwsModel, case: str) -> None:
    kind, before, after, how = SUBNETS[case]
    subnets = model.subnets(3)
    told: Any = {"subnets": None, "load_balancer_type": kind}
    changes = model.compare(alb(model, **{**told, **before(subnets)}), alb(model, **{**told, **after(subnets)}))
    assert set(getattr(changes, how)) == {"web"}
    assert set(changes.updated) | set(changes.replaced) == {"web"}


def test_a_network_balancer_gets_its_first_security_group_by_being_replaced(model: AwsModel) -> None:
    vpc = model.vpc()
    subnets = model.subnets(2, vpc)
    ours = [
        model.client("ec2").create_security_group(GroupName=it, Description=it, VpcId=vpc)["GroupId"] for it in "ab"
    ]

    def program(*groups: str) -> Callable[[], Any]:
        return alb(model, subnets=subnets, load_balancer_type="network", security_groups=list(groups))

    assert model.compare(program(), program(ours[0])).replaced == {"web": {"securityGroups"}}
    assert model.update(program(*ours)).updated == {"web": {"securityGroups"}}


def test_a_rule_of_a_group_changes_in_place_but_for_its_end(model: AwsModel) -> None:
    vpc = model.vpc()

    def program(**given: Any) -> Callable[[], Any]:
        def run() -> None:
            made = aws.ec2.SecurityGroup("web", vpc_id=vpc)
            aws.vpc.SecurityGroupIngressRule("in", security_group_id=made.id, ip_protocol="tcp", to_port=80, **given)

        return run

    four = program(from_port=80, cidr_ipv4="10.0.0.0/8")
    assert model.compare(four, program(from_port=79, cidr_ipv4="10.0.0.0/8")).updated == {"in": {"fromPort"}}
    assert model.update(program(from_port=79, cidr_ipv6="::/0")).replaced == {"in": {"cidrIpv4", "cidrIpv6"}}


def test_a_group_that_others_name_cannot_go(model: AwsModel) -> None:
    vpc = model.vpc()
    subnets = model.subnets(2, vpc)
    group_id = record(lambda: aws.ec2.SecurityGroup("web", vpc_id=vpc).id, aws=model).value
    # By hand, so that the program does not know of it.
    model.client("elbv2").create_load_balancer(Name="theirs", Subnets=subnets, SecurityGroups=[group_id])
    with pytest.raises(AwsRefusal, match=r"DependencyViolation: .* is used by theirs"):
        model.update(nothing)


def test_a_certificate_in_use_cannot_go(model: AwsModel) -> None:
    subnets = model.subnets(2)

    def program(*, certified: bool) -> Callable[[], Any]:
        def run() -> None:
            aws.lb.LoadBalancer("web", subnets=subnets)
            if certified:
                aws.acm.Certificate("web", domain_name="a.example.com", validation_method="DNS")

        return run

    record(program(certified=True), aws=model)
    elb = model.client("elbv2")
    (over,) = elb.describe_load_balancers()["LoadBalancers"]
    (certificate,) = model.client("acm").list_certificates()["CertificateSummaryList"]
    # By hand, so that the program does not know of it.
    elb.create_listener(
        LoadBalancerArn=over["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    with pytest.raises(AwsRefusal, match="web: AWS rejects DeleteCertificate: ResourceInUseException"):
        model.update(program(certified=False))


def test_a_renamed_resource_is_the_same_by_its_alias(model: AwsModel) -> None:
    vpc = model.vpc()

    class Wrapper(pulumi.ComponentResource):
        def __init__(self, name: str) -> None:
            super().__init__("test:index:Wrapper", name)
            moved = pulumi.ResourceOptions(
                parent=self, aliases=[pulumi.Alias(name="api", parent=pulumi.ROOT_STACK_RESOURCE)]
            )
            aws.lb.TargetGroup("api-new", port=80, protocol="HTTP", vpc_id=vpc, opts=moved)
            self.register_outputs({})

    before = group(model, vpc_id=vpc)
    assert model.compare(before, lambda: Wrapper("w")) == Changes()
    assert model.update(before).created == {"api"}


def test_ignored_changes_and_retained_resources_are_the_engines(model: AwsModel) -> None:
    subnets = model.subnets(2)
    keep = pulumi.ResourceOptions(ignore_changes=["idleTimeout"], retain_on_delete=True)
    before, after = (
        alb(model, subnets=subnets, opts=keep, idle_timeout=it, enable_deletion_protection=True) for it in (60, 61)
    )
    assert model.compare(before, after) == Changes()
    assert model.update(nothing).deleted == {"web"}
    assert len(model.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1


def test_other_programs_are_left_alone(model: AwsModel) -> None:
    record(alb(model, name="theirs"), aws=model)
    vpc = model.vpc()
    changes = model.compare(group(model, vpc_id=vpc), group(model, vpc_id=vpc, port=81))
    assert (changes.deleted, set(changes.replaced)) == (set(), {"api"})
    assert len(model.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1


def test_a_preview_of_an_update_knows_what_is_there(model: AwsModel) -> None:
    """The second program's preview is held against the real ids of the first: here a rule with a wrong number."""
    before, after = on_one(model, ruled(("a", 1)), ruled(("a", 1), ("b", 50001)))
    record(before, aws=model)
    calls = len(model.calls)
    with pytest.raises(AwsRefusal, match="b: AWS rejects CreateRule: Priority is 50001"):
        model.update(after)
    assert len(model.calls) == calls


def test_a_group_moves_to_another_listener_of_its_balancer(model: AwsModel) -> None:
    program = forwarding(model)
    assert model.compare(program, program) == Changes()
