"""Field cases L: changes over time. What only an engine and an API server show is in tests/cluster/test_field_cases.py:
L1 (as a whole), L2 to L10."""

from __future__ import annotations

import pytest

from tests.scoreboard.cases import WEB, gateway, held_case, no_address_hint, registered

EXPOSURE = {"scope": "internet", "platform": "gke", "allowedSources": ["0.0.0.0/0"], "clientIp": "preserve"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("edge-shop-example-com", id="L1-route"),
        pytest.param("front-service", id="L1-load balancer"),
        pytest.param("front-network-policy", id="L1-the load balancer's policy"),
    ],
)
def test_replacing_a_services_service_replaces_nothing_that_leads_to_it(name: str) -> None:
    """An input that comes from another resource's outputs is replaced together with that resource."""
    front = {"target": {"service": "web"}, "exposure": EXPOSURE}
    values = {**gateway({"host": "shop.example.com"}, services={"web": WEB}), "loadBalancers": {"front": front}}
    recording = registered(values)
    service = recording.one("Service", "web").urn
    found = [it for it in recording.registrations if it.name.startswith(name) and it.custom]
    assert found
    comes_from = {urn for it in found for urns in it.property_dependencies.values() for urn in urns}
    assert service not in comes_from


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        held_case("L11", "kubernetes.io/role/elb", ("kubernetes.io/role/elb",), row="untagged subnets"),
        held_case("L11", "kubernetes.io/cluster", ("kubernetes.io/cluster/",), row="two tagged security groups"),
        held_case("L11", "9443", ("9443",), row="the webhook's port"),
        held_case("L11", "IAM", ("iam", "elasticloadbalancing:", "accessdenied"), row="a missing right"),
    ],
)
def test_a_missing_address_on_aws_names_its_usual_causes(cause: str, words: tuple[str, ...]) -> None:
    """By the tag, port, or service that you look for, however the sentence goes."""
    hint = no_address_hint("aws-controller").lower()
    assert any(it in hint for it in words), cause
