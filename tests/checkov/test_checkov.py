"""checkov over load balancers that Pulumi owns: its rules hold, and each of those that matter is seen to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pulumi_portico.testing import Recording, Registration

from tests.checkov.balancers import changed, gone, told
from tools.checkov import Judged, Suppression, audit, suppressions, unexcused, unused
from tools.terraform_plan import terraform_plan

_OLD_TLS = "ELBSecurityPolicy-2016-08"
_ANYONE = {"cidrIpv4": "0.0.0.0/0", "referencedSecurityGroupId": None}


class Worse(NamedTuple):
    """One load balancer, made worse, so that a rule has something to find."""

    balancer: str
    resource: str
    """What the rule finds it in."""
    change: Callable[[Registration], Registration | None]


def _let_in(**rule: Any) -> Worse:
    resource = "aws_vpc_security_group_ingress_rule.net-plain-tcp-443-from-0-0-0-0-0"
    return Worse("net-plain", resource, told("SecurityGroupIngressRule", **_ANYONE, **rule))


def _plain_http(it: Registration) -> Registration | None:
    """A listener on 80 that sends to the targets, as the one on 443 does."""
    if it.name == "app-plain-443":
        return replace(it, inputs={**it.inputs, "port": 80, "protocol": "HTTP"})
    return None if it.name == "app-plain-80" else it


def _of_plain(resource: str, change: Callable[[Registration], Registration | None]) -> Worse:
    return Worse("app-plain", f"{resource}.app-plain", change)


WORSE: Mapping[str, Worse] = {
    # Load balancers: AWS Foundational Security Best Practices, ELB.1 to ELB.22, and what checkov has besides.
    "CKV_AWS_2": Worse("app-plain", "aws_lb_listener.app-plain-443", _plain_http),
    "CKV2_AWS_20": _of_plain("aws_lb", _plain_http),
    "CKV_AWS_378": Worse("app-plain", "aws_lb_target_group.app-plain-api", _plain_http),
    "CKV_AWS_131": _of_plain("aws_lb", told("LoadBalancer", dropInvalidHeaderFields=False)),
    "CKV_AWS_91": _of_plain("aws_lb", told("LoadBalancer", accessLogs={"enabled": False, "bucket": "logs"})),
    "CKV_AWS_150": _of_plain("aws_lb", told("LoadBalancer", enableDeletionProtection=False)),
    "CKV_AWS_328": _of_plain("aws_lb", told("LoadBalancer", desyncMitigationMode="monitor")),
    "CKV2_AWS_28": Worse("app-shared", "aws_lb.app-shared", gone("WebAclAssociation")),
    "CKV_AWS_103": Worse("app-plain", "aws_lb_listener.app-plain-443", told("Listener", sslPolicy=_OLD_TLS)),
    "CKV2_AWS_74": Worse("net-tls", "aws_lb_listener.net-tls-443", told("Listener", sslPolicy=_OLD_TLS)),
    "CKV_AWS_152": Worse("net-tls", "aws_lb.net-tls", told("LoadBalancer", enableCrossZoneLoadBalancing=False)),
    "CKV_AWS_261": Worse("app-shared", "aws_lb_target_group.app-shared-web", told("TargetGroup", healthCheck=None)),
    # Security groups.
    "CKV_AWS_23": _of_plain("aws_security_group", told("SecurityGroup", description=None)),
    "CKV_AWS_24": _let_in(fromPort=22, toPort=22),
    "CKV_AWS_25": _let_in(fromPort=3389, toPort=3389),
    "CKV_AWS_260": _let_in(fromPort=80, toPort=80),
    # Without ports, every protocol, these two see nothing: test_no_rule_is_for_every_protocol does.
    "CKV_AWS_277": _let_in(ipProtocol="-1", fromPort=-1, toPort=-1),
    "CKV_AWS_382": Worse(
        "net-plain",
        "aws_vpc_security_group_egress_rule.net-plain-tcp-8080-to-10-0-0-0-8",
        told("SecurityGroupEgressRule", **_ANYONE, ipProtocol="-1", fromPort=-1, toPort=-1),
    ),
    "CKV2_AWS_5": _of_plain("aws_security_group", gone("LoadBalancer")),
    # The bucket for logs.
    "CKV_AWS_21": Worse("app-plain", "aws_s3_bucket.app-plain-logs", gone("BucketVersioning")),
    "CKV2_AWS_6": Worse("app-plain", "aws_s3_bucket.app-plain-logs", gone("BucketPublicAccessBlock")),
    "CKV2_AWS_61": Worse("app-plain", "aws_s3_bucket.app-plain-logs", gone("BucketLifecycleConfiguration")),
    "CKV_AWS_70": Worse(
        "app-plain",
        "aws_s3_bucket_policy.app-plain-logs-policy",
        told(
            "BucketPolicy",
            policy='{"Version": "2012-10-17", "Statement": '
            '[{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}',
        ),
    ),
    "CKV2_AWS_65": Worse(
        "app-plain",
        "aws_s3_bucket_ownership_controls.app-plain-logs-ownership",
        told("BucketOwnershipControls", rule={"objectOwnership": "ObjectWriter"}),
    ),
}
"""For each rule that Portico goes by, what fails it. The rest of checkov's rules are run all the same."""

NEVER_MET = {"CKV_AWS_18", "CKV_AWS_144", "CKV_AWS_145", "CKV2_AWS_62"}
"""What no bucket for logs meets: each has its suppression."""


@pytest.fixture(scope="module")
def worse(recorded: dict[str, Recording], tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    plans = {rule: terraform_plan(changed(recorded[it.balancer], it.change)) for rule, it in WORSE.items()}
    return audit(plans, tmp_path_factory.mktemp("worse"))


def test_every_rule_holds_or_is_let_be_with_a_reason(judged: list[Judged]) -> None:
    wrong = [f"{it.rule} {it.resource}: {it.says}" for it in unexcused(judged, suppressions())]
    assert not wrong, "\n".join(wrong)


def test_every_suppression_is_of_use_and_says_why(judged: list[Judged], judged_manifests: list[Judged]) -> None:
    excused = suppressions()
    assert unused([*judged, *judged_manifests], excused) == []
    assert all(len(it.reason.split()) >= 10 for it in excused)


@pytest.mark.parametrize("rule", WORSE)
def test_the_rule_is_met_by_what_portico_makes(rule: str, judged: list[Judged]) -> None:
    # A rule that passes because nothing is there to look at would not be in the report.
    kind = WORSE[rule].resource.partition(".")[0]
    assert any(it.passed for it in judged if it.rule == rule and it.resource.startswith(f"{kind}."))


@pytest.mark.parametrize("rule", WORSE)
def test_the_rule_finds_what_is_worse(rule: str, judged: list[Judged], worse: list[Judged]) -> None:
    """That it does shows too that the plan says what the rule reads, in Terraform's words."""

    def of(plan: str, all_of_them: list[Judged]) -> list[bool]:
        return [
            it.passed for it in all_of_them if (it.rule, it.plan, it.resource) == (rule, plan, WORSE[rule].resource)
        ]

    assert of(rule, worse) == [False]
    assert of(WORSE[rule].balancer, judged) in ([True], []), "it fails as Portico makes it, too"


def test_no_rule_is_for_every_protocol(recorded: dict[str, Recording]) -> None:
    rules = [
        it["values"]
        for recording in recorded.values()
        for it in terraform_plan(recording)["planned_values"]["root_module"]["resources"]
        if it["type"].startswith("aws_vpc_security_group_")
    ]
    assert len(rules) > len(recorded)
    assert {it["ip_protocol"] for it in rules} == {"tcp", "udp"}
    assert all(it["from_port"] == it["to_port"] for it in rules)


@pytest.mark.parametrize("rule", sorted(NEVER_MET))
def test_what_is_never_met_is_found(rule: str, judged: list[Judged]) -> None:
    found = [it for it in judged if it.rule == rule]
    assert found
    assert not any(it.passed for it in found)


def test_a_plan_that_cannot_be_read_is_no_plan_without_faults(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="checkov has read no plan"):
        audit({"empty": {}}, tmp_path)


def test_what_no_suppression_covers_is_not_excused() -> None:
    failed = Judged("CKV_AWS_150", "app", "aws_lb.app", passed=False, says="deletion protection")
    other = Suppression("CKV_AWS_150", "aws_lb.net-*", "a reason")
    assert unexcused([failed], [other]) == [failed]
    assert unexcused([failed], [replace(other, rule="CKV_AWS_91", resource="*")]) == [failed]
    assert unexcused([failed], [replace(other, resource="aws_lb.*")]) == []
    assert unused([failed], [other]) == [other]
