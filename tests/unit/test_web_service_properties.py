"""Whatever valid arguments meet in a WebService, what it makes is valid and fits together."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico import Limits, WebService
from pulumi_portico.testing import Recording, pod_security_violations, record

from tests.examples import examples
from tests.kubernetes_schemas import VERSIONS, validate
from tests.unit.web_services import DIGEST, IMAGE, WORKLOADS, container, pod_spec, template, workload

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)
VARIABLE = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,10}", fullmatch=True)
PATH = st.from_regex(r"(/[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,5}){1,3}", fullmatch=True)
PROBE = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "path": st.just("/other"),
        "period": st.integers(1, 100),
        "timeout": st.integers(1, 100),
        "failures": st.integers(1, 100),
    },
)
VOLUME = st.sampled_from(
    [
        {},
        {"in_memory": True, "size_mib": 5},
        {"claim": "data", "access_mode": "ReadWriteMany"},
        {"secret": "keys"},
        {"projected": [{"config_map": "a"}]},
    ]
)
PEER = st.one_of(
    st.fixed_dictionaries(
        {"service": st.just("web")}, optional={"ports": st.lists(st.integers(1, 65535), min_size=1, max_size=2)}
    ),
    st.fixed_dictionaries({"cidr": st.sampled_from(["10.0.0.0/8", "2001:db8::/32"])}),
    st.fixed_dictionaries({"any_namespace": st.sampled_from([True])}, optional={"selector": st.just({"app": "a"})}),
)
CONTAINER = st.fixed_dictionaries(
    {"image": st.just("a:1")},
    optional={
        "secret_env": st.just({"S": "canary-8f1b"}),
        "config_files": st.just({"/etc/a": "b"}),
        "secret_files": st.just({"/etc/k": "canary-8f1b"}),
        "env_from": st.just([{"config_map_ref": {"name": "a"}}]),
        "writable_paths": st.just(["/tmp"]),
    },
)
PORTS = st.dictionaries(
    st.from_regex(r"[a-z]{1,5}", fullmatch=True),
    st.fixed_dictionaries({"protocol": st.sampled_from(["TCP", "UDP", "SCTP"])}),
    max_size=3,
)
COMMON = {
    "namespace": st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True),
    "labels": st.dictionaries(LABEL, LABEL, max_size=3),
    "env": st.dictionaries(VARIABLE.map(lambda it: f"E_{it}"), st.text(max_size=5), max_size=3),
    "secret_env": st.dictionaries(VARIABLE.map(lambda it: f"S_{it}"), st.just("canary-8f1b"), max_size=3),
    "config_files": st.dictionaries(PATH.map(lambda it: f"/files{it}"), st.just("x"), max_size=3),
    "writable_paths": st.lists(PATH.map(lambda it: f"/writable{it}"), unique=True, max_size=3),
    "volumes": st.dictionaries(st.from_regex(r"v[a-z]{1,5}", fullmatch=True), VOLUME, max_size=3).map(
        lambda volumes: {name: {**it, "path": f"/volumes/{name}"} for name, it in volumes.items()}
    ),
    "resources": st.fixed_dictionaries(
        {},
        optional={"cpu": st.floats(0.001, 64), "memory": st.integers(1, 10**6), "limits": st.sampled_from(Limits)},
    ),
    "drain": st.integers(0, 3600),
    "shutdown": st.integers(1, 3600),
    "selector": st.dictionaries(LABEL.map(lambda it: f"portico.dev/{it}"), LABEL, min_size=1, max_size=3),
    "allow_from": st.lists(PEER, max_size=2),
    "allow_to": st.lists(PEER, max_size=2),
    "sidecars": st.lists(CONTAINER, max_size=2).map(
        lambda them: [{**it, "name": f"sidecar-{at}"} for at, it in enumerate(them)]
    ),
    "init_containers": st.lists(CONTAINER, max_size=2).map(
        lambda them: [{**it, "name": f"init-{at}"} for at, it in enumerate(them)]
    ),
    "security": st.fixed_dictionaries(
        {}, optional={"user": st.integers(1, 2**31 - 1), "net_bind_service": st.booleans(), "fs_group": st.just(7)}
    ),
    "placement": st.fixed_dictionaries(
        {},
        optional={
            "architectures": st.lists(st.sampled_from(["amd64", "arm64"]), min_size=1, unique=True),
            "tolerations": st.just([{"key": "a", "effect": "NoSchedule"}]),
        },
    ),
    "service": st.fixed_dictionaries(
        {}, optional={"headless": st.sampled_from([False]), "session_affinity": st.sampled_from(["ClientIP"])}
    ),
}
HEALTH = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"path": st.just("/ready")}, optional={"liveness": PROBE, "readiness": PROBE}),
    st.fixed_dictionaries({"grpc_service": st.sampled_from(["", "a.b"])}, optional={"startup": PROBE}),
    st.fixed_dictionaries({"command": st.lists(LABEL, min_size=1, max_size=3)}),
)
BUDGET = st.one_of(
    st.just({}),
    st.integers(1, 9).map(lambda it: {"max_unavailable": it}),
    st.integers(1, 100).map(lambda it: {"max_unavailable_percent": it}),
)
SCALE = st.one_of(
    st.just({}),
    st.integers(0, 1000).map(lambda it: {"replicas": it}),
    st.integers(2, 99).map(lambda it: {"autoscaling": {"max_replicas": it}}),
)
STORAGE = st.sampled_from([{}, {"storage": {"data": {"path": "/data", "size_gib": 1}}}, {"rollout": {"partition": 1}}])
ROLLOUT = st.sampled_from([{}, {"max_unavailable": 1, "max_surge": 0}, {"max_surge": 1}, {"min_ready_seconds": 5}])


@st.composite
def web_services(draw: st.DrawFn) -> dict[str, Any]:
    """The arguments of any kind, with what it can have."""
    kind = draw(st.sampled_from(WORKLOADS))
    args = draw(st.fixed_dictionaries({}, optional=COMMON))
    args |= {"kind": kind, "image": draw(st.sampled_from([IMAGE, f"nginx@{DIGEST}", f"localhost:5000/a/b:2@{DIGEST}"]))}
    ports = draw(st.one_of(st.none(), PORTS))
    if ports is None:
        args |= {"port": draw(st.integers(1, 65535)), "health": draw(HEALTH)}
    else:
        args["ports"] = {name: {**port, "port": 1000 + at} for at, (name, port) in enumerate(sorted(ports.items()))}
        if not ports:
            args.pop("service", None)
            args.pop("allow_from", None)
    # Peers connect to ports of the pods.
    numbers = [args["port"]] if ports is None else [port["port"] for port in args["ports"].values()]
    protocols = {port["port"]: port.get("protocol", "TCP") for port in args.get("ports", {}).values()}
    tcp = [number for number in numbers if protocols.get(number, "TCP") == "TCP"]
    for peer in args.get("allow_from", []):
        if "ports" in peer:
            peer["ports"] = tcp[:2]
        if not peer.get("ports", tcp):
            peer.pop("ports", None)
    if args.get("service", {}).keys() == {"session_affinity"} and kind == "StatefulSet":
        del args["service"]
    if kind != "DaemonSet":
        args |= {**draw(SCALE), "disruption_budget": draw(BUDGET)}
    if kind == "StatefulSet":
        args |= draw(STORAGE)
    elif kind != "ReplicaSet":
        args["rollout"] = draw(ROLLOUT)
    return args


@settings(max_examples=examples(15))
@given(name=st.from_regex(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?", fullmatch=True), args=web_services())
def test_any_valid_arguments_make_valid_manifests_that_fit_together(name: str, args: Any) -> None:
    recorded = record(lambda: WebService(name, args))
    manifests = recorded.manifests()
    for manifest in manifests:
        validate(manifest)
    assert recorded.preview is not None
    assert recorded.preview.manifests() == manifests, "a preview shows what an update does"
    made = workload(recorded)
    labels = template(recorded)["metadata"]["labels"]
    assert made["spec"]["selector"]["matchLabels"].items() <= labels.items()
    for manifest in manifests:
        if manifest["kind"] == "Service":
            assert manifest["spec"]["selector"].items() <= labels.items()
            targets = {(port["targetPort"], port["protocol"]) for port in manifest["spec"]["ports"]}
            assert targets == {(it["containerPort"], it["protocol"]) for it in container(recorded)["ports"]}
        if manifest["kind"] == "NetworkPolicy":
            assert manifest["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        if manifest["kind"] == "PodDisruptionBudget":
            assert manifest["spec"]["maxUnavailable"] not in (0, "0%")
        if manifest["kind"] != "Secret":
            assert "canary-8f1b" not in str(manifest)
    assert_volumes_fit(recorded)
    assert_strict(recorded)


def assert_volumes_fit(recorded: Recording) -> None:
    """Every mount has its volume, every volume its mount, and no path is mounted at twice."""
    spec = pod_spec(recorded)
    claims = [it["metadata"]["name"] for it in workload(recorded)["spec"].get("volumeClaimTemplates", [])]
    volumes = [it["name"] for it in spec.get("volumes", [])] + claims
    assert len(volumes) == len(set(volumes))
    mounted: set[str] = set()
    for it in (*spec["containers"], *spec.get("initContainers", [])):
        mounts = it.get("volumeMounts", [])
        assert len({mount["mountPath"] for mount in mounts}) == len(mounts)
        mounted |= {mount["name"] for mount in mounts}
    assert mounted == set(volumes)


def assert_strict(recorded: Recording) -> None:
    """Pod Security "restricted" admits the pods, on every supported version of Kubernetes."""
    for version in VERSIONS:
        assert pod_security_violations(workload(recorded), version=version) == []
