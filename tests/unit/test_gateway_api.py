"""What Gateway API is told of routes: for each implementation, what it supports, and nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pulumi_portico import ArgumentError, IngressGateway, IngressRoutes, match_route
from pulumi_portico.args.problems import Problems
from pulumi_portico.ingress_gateway import other_stacks
from pulumi_portico.ingress_gateway.capabilities import Alternative, all_features, field_of
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS, all_modules
from pulumi_portico.ingress_gateway.gateway_api.implementations import IMPLEMENTATIONS
from pulumi_portico.ingress_gateway.matching import canonical_path
from pulumi_portico.ingress_gateway.other_stacks import matches_of, repeated_in_cluster
from pulumi_portico.lifecycle.kubectl import Kubectl
from pulumi_portico.lifecycle.ownership import OWNER
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.testing import record

from tests.examples import examples
from tests.problems import assert_problem
from tests.support import ROOT
from tests.unit.gateways import (
    CERTIFICATE,
    HOST,
    KEY,
    SECURED,
    TARGET,
    check_gateway,
    compiled,
    problems_of_gateway,
    problems_of_route_set,
    problems_of_routes,
    route,
    route_set,
)
from tests.unit.readers.gateway_api import GatewayApi
from tests.unit.readers.nginx import Request
from tests.unit.test_ingress_gateway_features import SAMPLES
from tests.unit.test_ingress_gateway_properties import asked_of, expected_path, routes

CHECKED = {"backend_tls": {"ca_certificate": CERTIFICATE}}
EDGE: dict[str, Any] = {
    "controller": "gateway-api",
    "implementation": "envoy-gateway",
    "class_name": "eg",
    "namespace": "edge",
}


def module_of(implementation: str) -> Any:
    variant = CONTROLLERS["gateway-api"].variant
    assert variant is not None
    return variant(implementation, None, ())


def built(implementation: str, *fields: Mapping[str, Any], **more: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """The manifests of routes of one host, and their problems."""
    given_routes = [route(**{"host": HOST, "path": "/a", **each}) for each in fields]
    found = route_set(
        "gateway-api",
        [{name: value for name, value in each.items() if value is not None} for each in given_routes],
        implementation=implementation,
        **more,
    )
    problems = problems_of_route_set(found)
    return ([] if problems else compiled(found)), problems


def edge(**args: Any) -> Any:
    """The arguments of a gateway with a route."""
    return {**EDGE, "routes": [route(host=HOST)], **args}


def gateway(**args: Any) -> list[dict[str, Any]]:
    """The manifests of a gateway."""
    return record(lambda: IngressGateway("public", edge(**args))).manifests()


def of_kind(manifests: Sequence[Mapping[str, Any]], kind: str) -> list[Any]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def complete(feature: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A route that requests a feature, and the same without it, with what Gateway API requires beside them."""
    fields, without = ({**each} for each in SAMPLES[feature])
    for each in (fields, without):
        if each.get("protocol") in ("HTTPS", "GRPCS"):
            each.setdefault("backend_tls", CHECKED["backend_tls"])
        if str(each.get("protocol", "")).startswith("GRPC"):
            each["path"] = "/"
        if "path" in each.get("redirect", {}) and "keep_query" not in each["redirect"]:
            each["redirect"] = {**each["redirect"], "keep_query": True}
    if feature == "redirect.keep_query=true":
        without = {"redirect": {"host": "b.example.com"}}
    if feature.startswith("backend_tls.ca"):
        without = {}
    return fields, without


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("feature", [name for name in SAMPLES if name != "redirect.keep_query=false"])
def test_a_feature_is_configured_or_rejected(implementation: str, feature: str) -> None:
    module = module_of(implementation)
    fields, without = complete(feature)
    needs_tls = feature.startswith(("basic_auth", "protocol=GRPC"))
    more: dict[str, Any] = {"tls": SECURED} if needs_tls else {}
    manifests, problems = built(implementation, fields, **more)
    if not module.supports(feature):
        alternative = module.alternatives.get(feature, Alternative())
        found = [problem for problem in problems if problem.code.name == alternative.code.name]
        able = [other.title for other in all_modules() if other.supports(feature)]
        assert able in [
            problem.params["supported_by"] for problem in found if problem.params["feature"] == field_of(feature)
        ]
        return
    own = {problem.code.name for problem in problems}
    # What one of them doesn't do safely, or only with other status codes, has tests of its own.
    if own & {"nginx-gateway-fabric-decodes-rewrites", "redirect-code-unsupported-by-implementation"}:
        return
    assert problems == []
    plain, others = built(implementation, without, **more)
    unchanged = ("protocol=HTTP",)
    assert others or manifests != plain or feature in unchanged, "the feature changes nothing"


def test_every_feature_has_a_sample() -> None:
    assert SAMPLES.keys() == set(all_features())


def test_an_implementation_has_the_features_that_you_declare() -> None:
    _, problems = built("other", {"rewrite": "/b"})
    assert_problem(problems, "unsupported-by-controller", "routes", 0, "rewrite")
    _, problems = built("other", {"rewrite": "/b"}, supported_features=["HTTPRoutePathRewrite"])
    assert problems == []


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_every_request_goes_where_match_route_says(data: st.DataObject) -> None:
    """Wildcards match more labels than `match_route` says; that is accepted explicitly."""
    given_routes = data.draw(routes(("", "x.example.com", "y.example.com", "z.x.example.com", "*.example.com")))
    tls = data.draw(st.sampled_from([{}, {"x.example.com": {"secret": "x"}}, {"*.example.com": {"secret": "wild"}}]))
    found = route_set("gateway-api", given_routes, tls=tls, implementation="istio")
    if problems_of_route_set(found):
        reject()
    reader = GatewayApi(data.draw(st.permutations(compiled(found))))
    assert reader.unattached() == []
    secured = {"x.example.com"} if "x.example.com" in tls else set()
    for _ in range(10):
        host, path = data.draw(asked_of(given_routes))
        name = host.partition(":")[0].lower()
        asked = canonical_path(path)
        chosen = match_route(given_routes, host, path)
        is_deep = name.count(".") > len(("w", "example", "com")) - 1 and name not in {
            each.get("host") for each in given_routes
        }
        if asked is None or is_deep:
            continue
        of_host = chosen is not None and chosen.get("host", "")
        is_secured = of_host in secured or (bool(of_host) and "*.example.com" in tls and of_host != "z.x.example.com")
        answer = reader.answer(Request(host, asked, scheme="https" if is_secured else "http"))
        if chosen is None:
            # A host with a certificate redirects each request without TLS.
            assert answer.kind in ("default", "redirect"), answer
            continue
        target = chosen["target"]
        assert answer.backend == (target["namespace"], target["service"], target["port"]), answer
        assert answer.path == expected_path(chosen, path)
        if is_secured:
            redirected = reader.answer(Request(host, asked))
            assert (redirected.kind, redirected.status) == ("redirect", 308)
            assert redirected.location == f"https://{name}{asked}"


def test_only_the_namespaces_of_its_routes_attach_to_a_listener() -> None:
    manifests = gateway(
        tls=SECURED,
        routes=[route(host=HOST), route(host="plain.example.com", target={**TARGET, "namespace": "blog"})],
        route_namespaces=["team"],
    )
    (made,) = of_kind(manifests, "Gateway")
    listeners = {
        listener["name"].partition("-")[0]: listener["allowedRoutes"]["namespaces"]
        for listener in made["spec"]["listeners"]
    }
    values = {name: allowed["selector"]["matchExpressions"][0]["values"] for name, allowed in listeners.items()}
    assert values == {"http": ["blog", "edge", "shop", "team"], "https": ["edge", "shop", "team"]}


def test_a_gateway_with_routes_of_its_own_namespace_accepts_no_others() -> None:
    (made,) = of_kind(gateway(namespace="shop"), "Gateway")
    assert [listener["allowedRoutes"] for listener in made["spec"]["listeners"]] == [{"namespaces": {"from": "Same"}}]


def test_a_host_with_a_certificate_is_not_served_without_tls() -> None:
    reader = GatewayApi(gateway(tls=SECURED))
    assert reader.answer(Request(HOST, "/x?q=1")).location == f"https://{HOST}/x?q=1"
    assert reader.answer(Request(HOST, "/x", scheme="https")).service == "api"
    both = GatewayApi(gateway(tls={HOST: {"secret": "shop-tls", "redirect": False}}))
    assert both.answer(Request(HOST, "/x")).service == "api"


@pytest.mark.parametrize(("implementation", "status"), [("envoy-gateway", 308), ("gke", 301)])
def test_a_redirect_to_https_has_a_status_that_the_implementation_supports(implementation: str, status: int) -> None:
    reader = GatewayApi(gateway(implementation=implementation, tls=SECURED, controller_peers=[]))
    assert reader.answer(Request(HOST, "/")).status == status


def test_a_certificate_of_cert_manager_is_one_of_its_own() -> None:
    manifests = gateway(tls={HOST: {"cluster_issuer": "letsencrypt", "duration": 720}})
    (certificate,) = of_kind(manifests, "Certificate")
    (made,) = of_kind(manifests, "Gateway")
    (reference,) = made["spec"]["listeners"][1]["tls"]["certificateRefs"]
    assert certificate["spec"] == {
        "secretName": reference["name"],
        "dnsNames": [HOST],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "letsencrypt"},
        "duration": "720h",
    }


def test_the_targets_pods_are_open_to_the_data_plane_of_this_gateway_only() -> None:
    target = {**TARGET, "selector": {"app": "api"}}
    (policy,) = of_kind(gateway(routes=[route(host=HOST, target=target)]), "NetworkPolicy")
    assert policy["spec"]["ingress"][0]["from"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "envoy-gateway-system"}},
            "podSelector": {
                "matchLabels": {
                    "gateway.envoyproxy.io/owning-gateway-name": "public",
                    "gateway.envoyproxy.io/owning-gateway-namespace": "edge",
                }
            },
        }
    ]


def test_a_data_plane_that_no_policy_selects_needs_an_explicit_choice() -> None:
    args = {**EDGE, "implementation": "cilium", "routes": [route(host=HOST, target={**TARGET, "selector": {"a": "b"}})]}
    problem = assert_problem(check_gateway(args), "controller-peers-unknown", "controller_peers")
    assert "fromEntities" in problem.params["message"]
    assert check_gateway({**args, "controller_peers": []}) == []


def test_a_restriction_is_there_before_the_route() -> None:
    restricted = edge(routes=[route(host=HOST, allowed_sources=["203.0.113.0/24"], body_size=1)])
    recorded = record(lambda: IngressGateway("public", restricted))
    made = {registration.type.rpartition(":")[2]: registration for registration in recorded.registrations}
    before = {
        other.type.rpartition(":")[2]
        for other in recorded.registrations
        if other.urn in recorded.before(made["HTTPRoute"])
    }
    assert before >= {"BackendTrafficPolicy", "SecurityPolicy", "Gateway"}
    assert made["SecurityPolicy"].inputs["spec"]["authorization"] == {
        "defaultAction": "Deny",
        "rules": [{"name": "allowed", "action": "Allow", "principal": {"clientCIDRs": ["203.0.113.0/24"]}}],
    }


def test_the_deployment_waits_for_the_gateway_and_its_routes() -> None:
    manifests = gateway(tls=SECURED)
    waits = {it["kind"]: it["metadata"]["annotations"]["pulumi.com/waitFor"] for it in manifests if "spec" in it}
    assert waits["Gateway"] == "condition=Programmed"
    for found, condition in zip(json.loads(waits["HTTPRoute"]), ("Accepted", "ResolvedRefs"), strict=True):
        assert f'@.type=="{condition}"' in found
    skipped = gateway(publishes_address=False)
    assert {it["metadata"]["annotations"]["pulumi.com/skipAwait"] for it in skipped if "spec" in it} == {"true"}


def test_its_address_is_that_of_the_gateway() -> None:
    def outputs(registration: Any) -> Any:
        status = {"addresses": [{"type": "IPAddress", "value": "192.0.2.1"}]}
        is_gateway = registration.type.endswith(":Gateway")
        return {**registration.inputs, "status": status} if is_gateway else None

    recorded = record(lambda: IngressGateway("public", edge()), outputs=outputs)
    assert recorded.outputs["public"]["address"] == "192.0.2.1"


def test_routes_of_another_component_attach_to_the_gateway_with_their_own_certificate() -> None:
    def program() -> None:
        public = IngressGateway("public", edge(route_namespaces=["blog"]))
        there = {**TARGET, "namespace": "blog"}
        blog = {"host": "blog.example.com", "target": there}
        tls: Any = {"blog.example.com": {"certificate": CERTIFICATE, "key": KEY}}
        more: Any = {"gateway": public.reference, "routes": [blog], "tls": tls}
        IngressRoutes("more", more)

    manifests = record(program).manifests()
    reader = GatewayApi(manifests)
    assert reader.unattached() == []
    assert reader.answer(Request("blog.example.com", "/", scheme="https")).namespace == "blog"
    assert reader.answer(Request("blog.example.com", "/")).status == 308
    (added,) = of_kind(manifests, "ListenerSet")
    assert added["spec"]["parentRef"]["name"] == "public"
    (made,) = of_kind(manifests, "Gateway")
    assert made["spec"]["allowedListeners"] == {"namespaces": {"from": "Same"}}


def test_routes_of_a_namespace_that_the_gateway_does_not_accept_are_rejected() -> None:
    found: list[Any] = []

    def program() -> None:
        public = IngressGateway("public", edge())
        there = {**TARGET, "namespace": "blog"}
        args: Any = {"gateway": public.reference, "routes": [{"host": "blog.example.com", "target": there}]}
        with pytest.raises(ArgumentError) as caught:
            IngressRoutes("more", args)
        found[:] = caught.value.problems

    record(program)
    assert_problem(found, "route-namespace-not-allowed", "routes", 0, "target", "namespace")


def test_two_gateways_can_have_one_class() -> None:
    def program() -> None:
        for name in ("one", "two"):
            IngressGateway(name, edge())

    assert len(of_kind(record(program).manifests(), "Gateway")) == len(("one", "two"))


WRONG: dict[str, tuple[dict[str, Any], str, tuple[Any, ...]]] = {
    "a target that isn't verified": ({"protocol": "HTTPS"}, "gateway-api-verifies-backends", ("protocol",)),
    "a path that is no method": (
        {"protocol": "GRPC", "path": "/a/b/c"},
        "grpc-path-without-method",
        ("path",),
    ),
    "a port by its name": (
        {"target": {"service": "api", "namespace": "shop", "port_name": "http"}},
        "gateway-api-port-number",
        ("target", "port_name"),
    ),
    "a redirect that drops the query": (
        {"redirect": {"host": "b.example.com", "path": "/x"}},
        "redirect-keeps-query",
        ("redirect", "path"),
    ),
    "an annotation": (
        {"annotations": {"example.com/a": "b"}},
        "gateway-api-route-annotations",
        ("annotations",),
    ),
    "a template in a header": (
        {"response_headers": {"X-Rate": "100%"}},
        "gateway-api-header-template",
        ("response_headers", "X-Rate"),
    ),
    "no caching of preflights": (
        {"cors": {"origins": ["https://a.example.com"], "max_age": 0}},
        "cors-max-age-zero",
        ("cors", "max_age"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_gateway_api_cannot_express_is_rejected(name: str) -> None:
    fields, code, at = WRONG[name]
    _, problems = built("envoy-gateway", fields)
    assert_problem(problems, code, "routes", 0, *at)


def test_a_prefix_is_not_rewritten_where_the_gateway_decodes_it() -> None:
    _, problems = built("nginx-gateway-fabric", {"rewrite": "/b"})
    assert_problem(problems, "nginx-gateway-fabric-decodes-rewrites", "routes", 0, "rewrite")
    assert built("nginx-gateway-fabric", {"rewrite": "/b", "path_type": "Exact"})[1] == []


def test_every_path_is_not_rewritten_where_the_gateway_joins_without_a_slash() -> None:
    _, problems = built("envoy-gateway", {"path": "/", "rewrite": "/b"})
    assert_problem(problems, "envoy-gateway-rewrites-root", "routes", 0, "rewrite")
    assert built("envoy-gateway", {"path": "/", "rewrite": "/"})[1] == []


def test_a_status_code_that_an_implementation_does_not_have_is_rejected() -> None:
    _, problems = built("gke", {"redirect": {"host": "b.example.com", "code": 308}})
    problem = assert_problem(problems, "redirect-code-unsupported-by-implementation", "routes", 0, "redirect", "code")
    assert problem.params["codes"] == [301, 302]


def test_grpc_and_http_do_not_share_a_host() -> None:
    _, problems = built("envoy-gateway", {"protocol": "GRPC", "path": "/"}, {"path": "/b"})
    assert_problem(problems, "grpc-and-http-of-one-host", "routes", 0, "protocol")


def test_grpc_needs_a_certificate_of_its_own_on_envoy_gateway() -> None:
    grpc = {"protocol": "GRPC", "path": "/"}
    wild = {**SECURED, "*.example.com": {"secret": "wild"}}
    _, problems = built("envoy-gateway", grpc, tls=wild)
    assert_problem(problems, "envoy-gateway-overlapping-certificates", "routes", 0, "protocol")
    assert built("envoy-gateway", grpc, tls=SECURED)[1] == []
    assert built("istio", grpc, tls=wild)[1] == []


def test_certificates_need_secrets_that_the_implementation_reads() -> None:
    args = {**EDGE, "implementation": "aws", "tls": SECURED, "controller_peers": [], "routes": [route(host=HOST)]}
    assert_problem(check_gateway(args), "implementation-without-secrets", "tls", HOST)


def test_the_implementation_is_required_and_only_for_gateway_api() -> None:
    args = {name: value for name, value in EDGE.items() if name != "implementation"}
    assert_problem(check_gateway({**args, "routes": [route(host=HOST)]}), "missing", "implementation")
    nginx = {"implementation": "istio", "route_namespaces": ["a"]}
    exposed = {"scope": "internet", "platform": "generic", "allowed_sources": ["0.0.0.0/0"]}
    problems = check_gateway({"exposure": exposed, **nginx})
    assert_problem(problems, "only-with-gateway-api", "implementation")
    assert_problem(problems, "only-with-gateway-api", "route_namespaces")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("implementation_version", "1.2", "implementation-version-unknown"),
        ("implementation_version", "latest", "invalid-implementation-version"),
        ("supported_features", ["HTTPRouteMagic"], "unknown-conformance-feature"),
    ],
)
def test_what_is_said_of_an_implementation_is_checked(field: str, value: Any, code: str) -> None:
    problems = problems_of_gateway(**edge(**{field: value}))
    assert code in {problem.code.name for problem in problems}


def test_a_class_that_the_implementation_has_is_the_default() -> None:
    args: Any = {**EDGE, "implementation": "istio", "routes": [route(host=HOST)]}
    del args["class_name"]
    (made,) = of_kind(record(lambda: IngressGateway("public", args)).manifests(), "Gateway")
    assert made["spec"]["gatewayClassName"] == "istio"


def test_a_reference_by_hand_names_the_gateway() -> None:
    reference = {
        "controller": "gateway-api",
        "implementation": "envoy-gateway",
        "namespace": "edge",
        "class_name": "eg",
    }
    problems = problems_of_routes(gateway=reference, routes=[route(host=HOST)])
    assert_problem(problems, "missing", "gateway", "name")


def test_more_certificates_than_listeners_are_rejected() -> None:
    hosts = [f"h{number}.example.com" for number in range(64)]
    args = {**EDGE, "tls": {host: {"secret": "s"} for host in hosts}, "routes": [route(host=host) for host in hosts]}
    problem = assert_problem(check_gateway(args), "too-many-listeners", "tls")
    assert problem.params["most"] == len(hosts)


def test_a_target_of_dns_records_is_rejected() -> None:
    args = {**EDGE, "routes": [route(host=HOST)], "dns_records": {HOST: {"target": "192.0.2.1"}}}
    assert_problem(check_gateway(args), "gateway-api-dns-target", "dns_records", HOST, "target")


def test_routes_in_the_cluster_are_compared_by_what_they_match() -> None:
    manifests, problems = built("istio", {"path": "/"}, {"path": "/b", "path_type": "Exact"}, tls=SECURED)
    assert problems == []
    # The redirect of the host isn't a route.
    assert {match for manifest in manifests for match in matches_of(manifest)} == {
        (HOST, "/", "Prefix"),
        (HOST, "/b", "Exact"),
    }


@pytest.mark.parametrize(("gateway_name", "repeats"), [("public", True), ("other", False)])
def test_a_route_of_another_stack_is_found_by_its_gateway(
    gateway_name: str, repeats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = route_set("gateway-api", [route(host=HOST, path="/a")], implementation="istio")
    objects = found.module.compile(found.compile_input())
    (live,) = (dict(described.manifest) for described in objects if described.manifest["kind"] == "HTTPRoute")
    parents = [{**live["spec"]["parentRefs"][0], "name": gateway_name}]
    annotations = {**live["metadata"]["annotations"], OWNER: "organization/other/dev"}
    live |= {"spec": {**live["spec"], "parentRefs": parents}}
    live |= {"metadata": {**live["metadata"], "annotations": annotations}}
    problems = Problems("IngressRoutes")

    async def items(_kubectl: Any, kind: str, *_: Any) -> list[Any]:
        return [live] if kind.startswith("httproutes") else []

    async def kubectl_of(_: Any) -> Any:
        return Kubectl()

    monkeypatch.setattr(Kubectl, "items", items)
    monkeypatch.setattr(other_stacks, "kubectl_of", kubectl_of)
    monkeypatch.setattr(other_stacks, "mocked", lambda: False)

    def program() -> None:
        parent = pulumi.ComponentResource("a:b:C", "c")
        pulumi.Output.from_input(repeated_in_cluster(parent, "istio", objects, found.at, problems))

    record(program)
    codes = {problem.code.name for problem in problems.found}
    assert codes == ({"route-of-other-stack"} if repeats else set())


def test_the_stack_of_the_page_is_valid() -> None:
    page = (ROOT / "docs" / "gateway-api.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    config = yaml.safe_load(block)["config"]
    plan = check_stack("dev", {key.removeprefix("portico:"): value for key, value in config.items()})
    kinds = Counter(described.manifest["kind"] for component in objects_of(plan) for described in component.objects)
    assert kinds["Gateway"] == 1
    # Two routes, and the redirect of their host.
    assert kinds["HTTPRoute"] == len(("/", "/api", "redirect"))
