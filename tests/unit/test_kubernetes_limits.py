"""What Portico accepts is within the limits of the Kubernetes API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_portico import IngressGateway, PublicLoadBalancer
from pulumi_portico.args.location import Key, Location
from pulumi_portico.args.values import LARGEST_GIB, LARGEST_INT32, LARGEST_MIB, WholeNumber, data_key
from pulumi_portico.stack.parts import KINDS
from pulumi_portico.testing import record

from tests.balancers import arguments, exposure
from tests.kubernetes_limits import (
    BOUNDARIES,
    SAMPLES,
    Leaf,
    Sample,
    number_fields,
    number_leaves,
    plain_args,
    rule_of,
    with_value,
)
from tests.kubernetes_schemas import VERSIONS, numbers_out_of_range
from tests.problems import assert_fixes_work, assert_problem, problems_of
from tests.unit.gateways import CERTIFICATE, EXPOSED, HOST, THERE, problems_of_gateway, problems_of_routes, route
from tests.unit.web_services import IMAGE, container, problems_with, rejected, web_service

CUSTOM_RESOURCES = ("cert-manager.io", "k8s.nginx.org", "elbv2.k8s.aws", "monitoring.coreos.com")

# The whole numbers that Kubernetes doesn't store in 32 bits, and the largest one.
LARGER: Mapping[tuple[str, str], int] = {
    ("Resources", "memory"): LARGEST_MIB,
    ("Resources", "disk"): LARGEST_MIB,
    ("Volume", "size_mib"): LARGEST_MIB,
    ("Storage", "size_gib"): LARGEST_GIB,
    ("Projection", "token_seconds"): 2**32,
}


def test_every_whole_number_has_a_bound() -> None:
    """A field without a rule, or with one that allows more than 32 bits, is a number that the API server rejects."""
    fields = {field for kind in KINDS for field in number_fields(kind.args_type)}
    for field in fields:
        rule, name = rule_of(field), (field[0].__name__, field[1])
        assert rule is not None, f"{name} has no rule"
        largest = LARGER.get(name, LARGEST_INT32)
        assert rule(largest + 1) is not None, f"{name} accepts more than {largest}"


def test_the_samples_set_every_whole_number() -> None:
    fields = {field for sample in SAMPLES.values() for field in number_fields(sample.kind.args_type)}
    leaves = (number_leaves(sample.kind.args_type, plain_args(sample.args)) for sample in SAMPLES.values())
    covered = {leaf.field for found in leaves for leaf in found}
    assert fields - covered == set()


LEAVES = [
    pytest.param(sample, leaf, id=f"{name} {'.'.join(map(str, leaf.path))}")
    for name, sample in SAMPLES.items()
    for leaf in number_leaves(sample.kind.args_type, plain_args(sample.args))
]


@pytest.mark.parametrize("sample", [*SAMPLES.values(), *BOUNDARIES.values()], ids=[*SAMPLES, *BOUNDARIES])
def test_the_samples_are_valid(sample: Sample) -> None:
    assert [str(problem) for problem in sample.problems()] == []


@pytest.mark.parametrize(("sample", "leaf"), LEAVES)
def test_the_largest_accepted_number_is_in_the_range_of_its_format(sample: Sample, leaf: Leaf) -> None:
    rule = rule_of(leaf.field)
    largest = rule.most if isinstance(rule, WholeNumber) else LARGEST_INT32
    too_large = with_value(sample.args, leaf.path, largest + 1)
    found = [problem for problem in sample.problems(too_large) if problem.location.is_within(Location(leaf.path))]
    assert found, f"{largest + 1} is accepted"
    args = with_value(sample.args, leaf.path, largest)
    if sample.problems(args):
        # Another rule of the field, or of others beside it, is stricter.
        return
    for manifest in sample.manifests(args):
        assert _out_of_range(manifest) == []


def _out_of_range(manifest: Mapping[str, Any]) -> list[str]:
    if manifest["apiVersion"].partition("/")[0] in CUSTOM_RESOURCES or manifest["kind"].endswith("Patch"):
        # The library has no schemas of these.
        return []
    return [path for version in VERSIONS for path in numbers_out_of_range(manifest, version)]


# What no schema says.

PROJECTED = ("volumes", "a", "projected")
CIDR = "10.0.0.0/8"


def projected(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"volumes": {"a": {"projected": list(parts)}}}


def metric(**fields: Any) -> dict[str, Any]:
    given = {"source": "External", "name": "queue", "total": 5, **fields}
    return {"autoscaling": {"max_replicas": 5, "metrics": [given]}}


def sidecars(*ports: int) -> dict[str, Any]:
    return {"sidecars": [{"name": f"s{port}-{at}", "image": "s:1", "port": port} for at, port in enumerate(ports)]}


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
TERM = ("placement", "affinity", "podAntiAffinity", REQUIRED, 0)
EXPRESSION = (
    *("placement", "affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms", 0),
    *("matchExpressions", 0),
)
ZONE = "topology.kubernetes.io/zone"


def nodes(*terms: Any) -> dict[str, Any]:
    return {"placement": {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}}}


def expression(**fields: Any) -> dict[str, Any]:
    return nodes({"matchExpressions": [{"key": "pool", **fields}]})


def apart(**term: Any) -> dict[str, Any]:
    return {"placement": {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": ZONE, **term}]}}}}


PROXY, HEADLESS = "service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"
MIRROR = "kubernetes.io/config.mirror"
COST = "controller.kubernetes.io/pod-deletion-cost"
RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"

SERVICE_CASES: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
    ({"replicas": 2**31}, "out-of-range", ("replicas",)),
    (
        {"rollout": {"min_ready_seconds": 2**31 - 1, "progress_deadline_seconds": 2**31 - 1}},
        "ready-after-deadline",
        ("rollout", "min_ready_seconds"),
    ),
    # Projected volumes.
    (projected({"secret": "b", "items": {"": "c"}}), "invalid-data-key", (*PROJECTED, 0, "items", "")),
    (projected({"secret": "b", "items": {"..c": "c"}}), "invalid-data-key", (*PROJECTED, 0, "items", "..c")),
    (projected({"secret": "b", "items": {"c": "..d"}}), "reserved-relative-path", (*PROJECTED, 0, "items", "c")),
    (projected({"fields": {"..a": "metadata.name"}}), "reserved-relative-path", (*PROJECTED, 0, "fields", "..a")),
    (projected({"token_audience": "a", "token_path": "..a"}), "reserved-relative-path", (*PROJECTED, 0, "token_path")),
    (projected({"token_audience": "a", "token_seconds": 2**32 + 1}), "out-of-range", (*PROJECTED, 0, "token_seconds")),
    (projected({"fields": {"a": "spec.nodeName"}}), "invalid-field-path", (*PROJECTED, 0, "fields", "a")),
    (projected({"fields": {"a": "metadata.labels['KEY KEY']"}}), "invalid-field-key", (*PROJECTED, 0, "fields", "a")),
    (
        projected({"secret": "b", "items": {"c": "d"}}, {"config_map": "b", "items": {"c": "d"}}),
        "duplicate-projected-path",
        (*PROJECTED, 1, "items", "c"),
    ),
    (
        projected({"secret": "b", "items": {"c": "d/e"}}, {"fields": {"d": "metadata.name"}}),
        "duplicate-projected-path",
        (*PROJECTED, 1, "fields", "d"),
    ),
    (
        projected({"fields": {"d": "metadata.name"}}, {"secret": "b", "items": {"c": "d/e"}}),
        "duplicate-projected-path",
        (*PROJECTED, 1, "items", "c"),
    ),
    (
        projected({"token_audience": "a"}, {"token_audience": "b"}),
        "duplicate-projected-path",
        (*PROJECTED, 1),
    ),
    ({"field_env": {"A": "metadata.annotations['a b']"}}, "invalid-field-key", ("field_env", "A")),
    ({"field_env": {"A": "metadata.labels"}}, "invalid-field-path", ("field_env", "A")),
    # Metrics.
    (metric(name="a/b"), "invalid-path-segment", ("autoscaling", "metrics", 0, "name")),
    (metric(name=""), "invalid-path-segment", ("autoscaling", "metrics", 0, "name")),
    (
        metric(source="Object", object_api_version="a/b/c", object_kind="Ingress", object_name="a"),
        "invalid-api-version",
        ("autoscaling", "metrics", 0, "object_api_version"),
    ),
    (
        metric(source="Object", object_api_version="v1", object_kind="a%b", object_name="a"),
        "invalid-path-segment",
        ("autoscaling", "metrics", 0, "object_kind"),
    ),
    # Peers.
    (
        {"allow_to": [{"cidr": CIDR, "cidr_except": ["192.168.0.0/16"]}]},
        "cidr-except-outside-cidr",
        ("allow_to", 0, "cidr_except", 0),
    ),
    (
        {"allow_to": [{"cidr": CIDR, "cidr_except": ["2001:db8::/32"]}]},
        "cidr-except-outside-cidr",
        ("allow_to", 0, "cidr_except", 0),
    ),
    (
        {"allow_from": [{"cidr": CIDR, "cidr_except": ["10.1.0.0/16", CIDR]}]},
        "cidr-except-covers-cidr",
        ("allow_from", 0, "cidr_except", 1),
    ),
    (
        {"dns": {"servers": [{"cidr": CIDR, "cidr_except": ["0.0.0.0/0"]}]}},
        "cidr-except-covers-cidr",
        ("dns", "servers", 0, "cidr_except", 0),
    ),
    # Ports of one pod.
    (sidecars(8080), "port-in-use", ("sidecars", 0, "port")),
    (sidecars(9000, 9000), "port-in-use", ("sidecars", 1, "port")),
    # Labels and annotations.
    ({"labels": {"pod-template-hash": "a"}}, "reserved-label", ("labels", "pod-template-hash")),
    ({"labels": {PROXY: "a"}}, "label-of-service-proxy", ("labels", PROXY)),
    ({"labels": {HEADLESS: ""}}, "label-of-service-proxy", ("labels", HEADLESS)),
    ({"selector": {"controller-revision-hash": "a"}}, "reserved-label", ("selector", "controller-revision-hash")),
    ({"pod_annotations": {COST: "10000000000"}}, "invalid-pod-deletion-cost", ("pod_annotations", COST)),
    ({"pod_annotations": {COST: "010"}}, "invalid-pod-deletion-cost", ("pod_annotations", COST)),
    ({"pod_annotations": {MIRROR: "a"}}, "static-pod-annotation", ("pod_annotations", MIRROR)),
    ({"service": {"annotations": {RANGES: CIDR}}}, "load-balancer-annotation", ("service", "annotations", RANGES)),
    # Affinity.
    (nodes(), "no-selector-terms", ("placement", "affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")),
    (expression(operator="Is"), "not-a-choice", (*EXPRESSION, "operator")),
    (expression(), "missing", (*EXPRESSION, "operator")),
    (expression(operator="In"), "operator-needs-values", (*EXPRESSION, "values")),
    (expression(operator="Gt", values=["1", "2"]), "operator-needs-values", (*EXPRESSION, "values")),
    (expression(operator="Exists", values=["a"]), "operator-without-values", (*EXPRESSION, "values")),
    (expression(operator="In", values=["a b"]), "invalid-label-value", (*EXPRESSION, "values", 0)),
    (expression(operator="In", values=[5]), "wrong-type", (*EXPRESSION, "values", 0)),
    (expression(operator="In", values="a"), "wrong-kubernetes-shape", (*EXPRESSION, "values")),
    (
        nodes({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]}),
        "operator-needs-values",
        (*EXPRESSION[:-2], "matchFields", 0, "values"),
    ),
    (apart(topologyKey=None), "missing", (*TERM, "topologyKey")),
    (apart(topologykeys="a"), "unknown-argument", (*TERM, "topologykeys")),
    (apart(namespaces=["a/b"]), "invalid-name", (*TERM, "namespaces", 0)),
    (
        apart(labelSelector={"matchLabels": {"a": "b c"}}),
        "invalid-label-value",
        (*TERM, "labelSelector", "matchLabels", "a"),
    ),
    (
        apart(labelSelector={"matchLabels": {"app": "a"}}, matchLabelKeys=["app"]),
        "repeated-label-key",
        (*TERM, "matchLabelKeys", 0),
    ),
    (
        {"placement": {"affinity": {"nodeAffinity": {PREFERRED: [{"weight": 101, "preference": {}}]}}}},
        "out-of-range",
        ("placement", "affinity", "nodeAffinity", PREFERRED, 0, "weight"),
    ),
    # Sizes.
    ({"config_files": {"/a": "x" * 600_000, "/b": "x" * 600_000}}, "data-too-large", ("config_files",)),
    ({"secret_env": {"A": "é" * 600_000}}, "data-too-large", ("secret_env",)),
    (
        {"sidecars": [{"name": "a", "image": "a:1", "config_files": {"/a": "x" * 2**21}}]},
        "data-too-large",
        ("sidecars", 0, "config_files"),
    ),
    ({"pod_annotations": {"a": "x" * 300_000}}, "annotations-too-large", ("pod_annotations", "a")),
    (
        {"pod_annotations": {"a": "x" * 130_000}, "extra": {"metadata": {"annotations": {"b": "x" * 130_000}}}},
        "annotations-too-large",
        ("extra", "metadata", "annotations", "b"),
    ),
    ({"service": {"annotations": {"a": "x" * 300_000}}}, "annotations-too-large", ("service", "annotations")),
    ({"identity": {"annotations": {"a": "x" * 300_000}}}, "annotations-too-large", ("identity", "annotations")),
    ({"args": ["x" * 2**20, "y" * 2**19]}, "object-too-large", ("args", 0)),
    ({"args": ["<" * 2**19, "\x01" * 2**18]}, "request-too-large", ("args", 0)),
    ({"config_files": {"/a": "<" * 2**20}}, "request-too-large", ("config_files",)),
    ({"secret_env": {"A": "\x01" * 2**19, "B": "&" * 2**19}}, "request-too-large", ("secret_env",)),
]


@pytest.mark.parametrize(
    ("args", "code", "location"),
    [pytest.param(*case, id=f"{at} {case[1]}") for at, case in enumerate(SERVICE_CASES)],
)
def test_what_the_api_server_rejects_of_a_service_is_rejected(
    args: dict[str, Any], code: str, location: tuple[Any, ...]
) -> None:
    problem = assert_problem(rejected(**args), code, *location)
    assert str(problem)
    assert_fixes_work(problems_with, {"image": IMAGE, "port": 8080, **args})


@pytest.mark.parametrize(
    ("invalid", "code"),
    [
        # A value that no object needs as it is, and one that the workload needs, which comes after the ConfigMap.
        ({"autoscaling": {"min_replicas": 3, "max_replicas": 2}}, "max-replicas-below-min"),
        ({"replicas": -1}, "too-small"),
    ],
)
def test_an_invalid_value_hides_no_object_that_is_too_large(invalid: dict[str, Any], code: str) -> None:
    large = {"config_files": {"/a": "<" * 2**20}}
    found = rejected(**large, **invalid)
    assert_problem(found, "request-too-large", "config_files")
    assert code in {problem.code.name for problem in found}


def test_a_range_within_the_peers_is_excluded() -> None:
    peer = {"cidr": CIDR, "cidr_except": ["10.1.0.0/16"]}
    assert problems_with({"image": IMAGE, "port": 8080, "allow_to": [peer]}) == []


def test_no_key_of_a_config_map_starts_with_two_dots() -> None:
    files = {"/..a": "1", "/..a/b": "2", "/.a": "3"}
    config_map = web_service(config_files=files).manifest("ConfigMap")
    mounts = container(web_service(config_files=files))["volumeMounts"]
    assert sorted(mount["subPath"] for mount in mounts) == sorted(config_map["data"])
    assert [key for key in config_map["data"] if data_key(key)] == []


# Gateways and load balancers.

MANY = [f"10.{high}.{low}.0/24" for high in range(256) for low in range(80)]
LARGE_KEY = f"-----BEGIN PRIVATE KEY-----\n{'A' * 2**20}\n-----END PRIVATE KEY-----"
IN_FRONT: Any = {"exposure": {**EXPOSED, "client_ip": "preserve"}}
CLASS = "kubernetes.io/ingress.class"

GATEWAY_CASES: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
    (
        {**THERE, "controller": "ingress-nginx", "routes": [route(host=HOST, allowed_sources=MANY)]},
        "annotations-too-large",
        ("routes", 0, "allowed_sources"),
    ),
    (
        {**THERE, "routes": [route(host=HOST, annotations={CLASS: "other"})]},
        "ingress-class-annotation",
        ("routes", 0, "annotations", CLASS),
    ),
    (
        {"controller": "generic", "class_name": "alb", "namespace": "shop", "annotations": {CLASS: "other"}},
        "ingress-class-annotation",
        ("annotations", CLASS),
    ),
    (
        {**THERE, "tls": {HOST: {"certificate": CERTIFICATE, "key": LARGE_KEY}}},
        "data-too-large",
        ("tls", HOST, "certificate"),
    ),
    (
        {**IN_FRONT, "controller": "ingress-nginx", "class_name": "a" * 63 + ".b" * 90},
        "name-too-long",
        ("class_name",),
    ),
    (
        {**IN_FRONT, "labels": {"pod-security.kubernetes.io/warn": "x"}},
        "reserved-label",
        ("labels", "pod-security.kubernetes.io/warn"),
    ),
    (
        {**IN_FRONT, "installation": {"pod_annotations": {COST: "high"}}},
        "invalid-pod-deletion-cost",
        ("installation", "pod_annotations", COST),
    ),
    (
        {**IN_FRONT, "installation": {"placement": {"affinity": {"podAffinity": {"required": []}}}}},
        "unknown-argument",
        ("installation", "placement", "affinity", "podAffinity", "required"),
    ),
]


@pytest.mark.parametrize(
    ("args", "code", "location"),
    [pytest.param(*case, id=f"{at} {case[1]}") for at, case in enumerate(GATEWAY_CASES)],
)
def test_what_the_api_server_rejects_of_a_gateway_is_rejected(
    args: dict[str, Any], code: str, location: tuple[Any, ...]
) -> None:
    assert str(assert_problem(problems_of_gateway(**args), code, *location))


def test_the_users_of_a_route_fit_into_a_secret() -> None:
    users = {f"user-{at}": "$apr1$portico0$oOiUYHI8CdadX9AIbtgv81" for at in range(25_000)}
    routes = [route(host=HOST, basic_auth={"users": users})]
    found = problems_of_gateway(**THERE, tls={HOST: {"secret": "shop-tls"}}, routes=routes)
    assert_problem(found, "data-too-large", "routes", 0, "basic_auth", "users")


def test_a_load_balancer_has_no_more_annotations_than_kubernetes_accepts() -> None:
    given = arguments(exposure("generic", annotations={"example.com/a": "x" * 300_000}))
    found = problems_of(lambda: PublicLoadBalancer("front", given))
    assert_problem(found, "annotations-too-large", "exposure", "annotations", Key("example.com/a"))
    wrong = arguments(
        exposure("generic", annotations={"example.com/a": "x" * 300_000}), target_reads_proxy_protocol=True
    )
    found = problems_of(lambda: PublicLoadBalancer("front", wrong))
    assert_problem(found, "annotations-too-large", "exposure", "annotations", Key("example.com/a"))
    assert len(found) == 2


def test_the_annotations_of_a_route_of_another_component_have_a_limit() -> None:
    reference = {"controller": "f5-nginx", "class_name": "nginx", "namespace": "edge", "controller_peers": []}
    # One that Portico doesn't know has at most 1,000 characters.
    routes = [route(host=HOST, annotations={f"example.com/a{at}": "x" * 1_000 for at in range(300)})]
    found = problems_of_routes(gateway=reference, routes=routes)
    assert_problem(found, "annotations-too-large", "routes", 0, "annotations")


def test_only_one_gateway_of_a_program_has_the_default_class() -> None:
    with_default_class: Any = {**IN_FRONT, "installation": {"default_class": True}}

    def program() -> None:
        IngressGateway("one", with_default_class)
        IngressGateway("two", IN_FRONT)
        found = problems_of(lambda: IngressGateway("three", with_default_class))
        other = 'IngressGateway "one"'
        assert_problem(found, "second-default-class", "installation", "default_class", other=other)

    record(program)
