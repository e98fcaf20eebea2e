"""The stacks that ship, on the real engine and API server: each comes up, stays as it is, and goes. `local` is in
test_local_stack.py, those of the clouds are in test_cloud_stacks.py."""

import pytest

from tests.cluster.stacks import assert_all_ready, lay_down, of_type_load_balancer, up_and_no_change
from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster

AWS = "service.beta.kubernetes.io/aws-load-balancer-"


@pytest.mark.long
def test_dev_has_a_gateway_alone(program: PulumiProgram, cluster: Cluster) -> None:
    lay_down(program, "dev")
    up_and_no_change(program)
    assert assert_all_ready(cluster, "shop-dev", "edge") == {"api": 1, "catalog": 1, "web": 1, "edge": 1}
    (balancer,) = of_type_load_balancer(cluster, "shop-dev", "edge")
    address = balancer["status"]["loadBalancer"]["ingress"][0]["ip"]
    assert balancer["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24"]
    outputs = program.outputs()
    assert outputs["urls"] == {"edge": f"http://{address}"}
    assert outputs["addresses"] == {"edge": address}
    destroyed(program, cluster, "shop-dev", "edge")


@pytest.mark.long
def test_staging_has_tls_and_two_of_everything(program: PulumiProgram, cluster: Cluster) -> None:
    lay_down(program, "staging")
    up_and_no_change(program)
    assert assert_all_ready(cluster, "shop-staging", "edge") == {"api": 2, "catalog": 2, "web": 2, "edge": 2}
    host = "staging.shop.example.com"
    assert program.outputs()["urls"] == {host: f"https://{host}"}
    ingresses = cluster.get("ingresses", "-A")["items"]
    assert {it["spec"]["ingressClassName"] for it in ingresses} == {"edge"}
    (secured,) = (it for it in ingresses if it["spec"].get("tls"))
    (issued,) = cluster.get("certificates.cert-manager.io", "-n", "edge")["items"]
    assert issued["spec"]["issuerRef"]["name"] == "letsencrypt"
    assert issued["spec"]["secretName"] == secured["spec"]["tls"][0]["secretName"]
    held = [it["spec"]["podSelector"] for it in cluster.get("networkpolicies", "-n", "shop-staging")["items"]]
    for name in ("api", "catalog", "web"):
        assert {"matchLabels": {"app.kubernetes.io/name": name}} in held
    destroyed(program, cluster, "shop-staging", "edge")


@pytest.mark.long
def test_direct_has_a_load_balancer_for_each_public_service(program: PulumiProgram, cluster: Cluster) -> None:
    lay_down(program, "direct")
    up_and_no_change(program)
    assert assert_all_ready(cluster, "shop-direct") == {"api": 2, "catalog": 2, "web": 2}
    balancers = {it["metadata"]["name"].rpartition("-service-")[0]: it for it in of_type_load_balancer(cluster)}
    assert balancers.keys() == {"api-public", "web-public"}
    for balancer in balancers.values():
        assert balancer["spec"]["loadBalancerClass"] == "service.k8s.aws/nlb"
        assert balancer["metadata"]["annotations"][f"{AWS}ssl-ports"] == "https"
        assert [it["port"] for it in balancer["spec"]["ports"]] == [443]
    assert program.outputs()["urls"] == {
        name: f"https://{it['status']['loadBalancer']['ingress'][0]['ip']}" for name, it in balancers.items()
    }
    destroyed(program, cluster, "shop-direct")


@pytest.mark.long
def test_the_online_boutique_comes_up_with_one_public_service(program: PulumiProgram, cluster: Cluster) -> None:
    namespace = "online-boutique"
    lay_down(program, namespace)
    up_and_no_change(program)
    ready = assert_all_ready(cluster, namespace)
    assert len(ready) == 12
    assert set(ready.values()) == {1}
    (balancer,) = of_type_load_balancer(cluster, namespace)
    # It leads to the frontend's pods, which are there.
    (endpoints,) = cluster.get(
        "endpointslices", "-n", namespace, "-l", f"kubernetes.io/service-name={balancer['metadata']['name']}"
    )["items"]
    (pod,) = cluster.get("pods", "-n", namespace, "-l", "app.kubernetes.io/name=frontend")["items"]
    assert [it["targetRef"]["name"] for it in endpoints["endpoints"]] == [pod["metadata"]["name"]]
    address = balancer["status"]["loadBalancer"]["ingress"][0]["ip"]
    assert program.outputs()["urls"] == {"frontend-public": f"http://{address}"}
    destroyed(program, cluster, namespace)


def destroyed(program: PulumiProgram, cluster: Cluster, *namespaces: str) -> None:
    assert set(program.destroy().changes) == {"delete"}
    assert '"resources"' not in program.state()
    assert not {it["metadata"]["name"] for it in cluster.get("namespaces")["items"]} & set(namespaces)
