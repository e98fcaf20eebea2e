"""What a stack file is taken for, its components take too: nothing is refused only once it is registered."""

import contextlib
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError
from pulumi_portico.stack import StackPlan, build, check_stack
from pulumi_portico.testing import record

from tests.examples import examples

SERVICES: dict[str, Any] = {
    "api": {"image": "api:1", "ports": {"http": {"port": 8080, "servicePort": 80}, "metrics": {"port": 9090}}},
    "web": {"image": "web:1", "port": 3000},
}
ADDRESSES = ["eipalloc-0a1b2c3d4e5f60718", "eipalloc-0a1b2c3d4e5f60719"]
TO_SERVICES = st.sampled_from([{"service": "api"}, {"service": "web"}, {"service": "api", "portName": "metrics"}])
TO_GATEWAYS = st.sampled_from([{"gateway": "edge"}, {"gateway": "inner", "portName": "http"}])
EXPOSURES = st.fixed_dictionaries(
    {
        "scope": st.just("internet"),
        "platform": st.sampled_from(["aws-controller", "aws-legacy", "eks-auto-mode"]),
        "allowedSources": st.just(["203.0.113.0/24"]),
    },
    optional={"staticAddresses": st.sampled_from(ADDRESSES).map(lambda it: [it]), "name": st.sampled_from(["a", "b"])},
)
# Some of what two routes of one gateway, or of two of one class, may not say differently.
ROUTES = st.lists(
    st.fixed_dictionaries(
        {"target": TO_SERVICES},
        optional={
            "host": st.sampled_from(["shop.example.com", "old.example.com"]),
            "path": st.sampled_from(["/", "/api", "/api/v1"]),
            "pathType": st.sampled_from(["Prefix", "Exact"]),
            "affinity": st.sampled_from([{"cookie": "a"}, {"cookie": "b"}]),
            "timeouts": st.sampled_from([{"read": 5}, {"read": 50}]),
        },
    ),
    max_size=3,
)
GATEWAYS = st.dictionaries(
    st.sampled_from(["edge", "inner", "more", "api"]),
    st.one_of(
        st.fixed_dictionaries({"routes": ROUTES, "exposure": EXPOSURES}),
        st.fixed_dictionaries(
            {"routes": ROUTES, "upstream": st.just({})}, optional={"namespace": st.sampled_from(["shop", "edge"])}
        ),
        st.fixed_dictionaries(
            {
                "routes": ROUTES,
                "install": st.just(value=False),
                "className": st.sampled_from(["edge", "inner", "elsewhere"]),
                "namespace": st.sampled_from(["shop", "ingress"]),
                "controllerPeers": st.just([{"namespace": "ingress"}]),
            }
        ),
    ),
    max_size=3,
)
BALANCERS = st.dictionaries(
    st.sampled_from(["api", "front", "metrics"]),
    st.fixed_dictionaries({"target": st.one_of(TO_SERVICES, TO_GATEWAYS), "exposure": EXPOSURES}),
    max_size=2,
)


def plan_of(config: dict[str, Any]) -> StackPlan | None:
    with contextlib.suppress(ArgumentError):
        return check_stack("dev", config)
    return None


# Each example is a whole stack: shrinking one would take minutes.
@settings(
    max_examples=examples(10),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(gateways=GATEWAYS, balancers=BALANCERS)
def test_what_the_stack_takes_its_components_take(gateways: dict[str, Any], balancers: dict[str, Any]) -> None:
    plan = plan_of({"namespace": "shop", "services": SERVICES, "gateways": gateways, "loadBalancers": balancers})
    assume(plan is not None)
    assert plan is not None
    recorded = record(lambda: build(plan))
    made = {
        it.name for kind in ("IngressGateway", "PublicLoadBalancer", "AwsLoadBalancer") for it in recorded.all(kind)
    }
    assert made == {*gateways, *balancers}
    # No object is made twice: the second one would take the first one over.
    # A patch is meant to find its object there.
    objects = [it.manifest() for it in recorded.registrations if it.custom and not it.type.endswith("Patch")]
    named = [
        (it["apiVersion"], it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"])
        for it in objects
        if "name" in it.get("metadata", {})
    ]
    assert len(named) == len(set(named))
