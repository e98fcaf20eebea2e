"""examples/article makes the article's samples, field for field."""

from typing import Any

from pulumi_portico.testing import record

from tests.support import ROOT, run_program

# The article's Service, as fields.
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "api-service"},
    "spec": {
        "selector": {"app": "api-app"},
        "ports": [{"protocol": "TCP", "port": 80, "targetPort": 8080}],
    },
}

# What Portico's Service says beside it, and nothing else.
SERVICE_BESIDES = {
    "metadata.labels": {"app": "api-app"},
    "spec.type": "ClusterIP",
    "spec.ports[0].name": "http",
}


# The article's third sample: the same Service, and its type.
BALANCER: dict[str, Any] = {**SERVICE, "spec": {**SERVICE["spec"], "type": "LoadBalancer"}}
BALANCER_BESIDES = {
    "spec.ports[0].name": "http",
    "spec.externalTrafficPolicy": "Cluster",
    "spec.loadBalancerSourceRanges": ["0.0.0.0/0"],
    "metadata.namespace": "default",
}


def test_the_services_are_the_articles_field_for_field() -> None:
    recorded = record(lambda: run_program(ROOT / "examples" / "article"))
    private, public = sorted(recorded.all("Service"), key=lambda it: it.manifest()["spec"]["type"])
    assert besides(private.manifest(), SERVICE) == SERVICE_BESIDES
    # The name is generated, from the article's own, so that the load balancer can be replaced.
    assert (public.name, "name" in public.inputs["metadata"]) == ("api-service", False)
    made = public.manifest()
    named = {**made, "metadata": {**made["metadata"], "name": public.name}}
    assert besides(named, BALANCER) == BALANCER_BESIDES
    assert recorded.exports == {
        "url": "http://api-service.default.svc.cluster.local",
        "public-url": "",
        "ingress-urls": {},
    }


# The article's second sample.
INGRESS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {
        "name": "ingress-example",
        "annotations": {"nginx.ingress.kubernetes.io/rewrite-target": "/"},
    },
    "spec": {
        "ingressClassName": "nginx-example",
        "rules": [
            {
                "http": {
                    "paths": [
                        {
                            "path": "/api",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "api-service", "port": {"number": 80}}},
                        }
                    ]
                }
            }
        ],
    },
}


def test_the_ingress_is_the_articles_field_for_field() -> None:
    recorded = record(lambda: run_program(ROOT / "examples" / "article"))
    (made,) = recorded.all("Ingress")
    assert besides(made.manifest(), INGRESS) == {"metadata.namespace": "default"}


def besides(made: Any, sample: Any, path: str = "") -> dict[str, Any]:
    """What ``made`` says beyond ``sample``; fails where the sample says otherwise."""
    if isinstance(sample, dict):
        assert isinstance(made, dict), path
        assert sample.keys() <= made.keys(), path
        rest = {f"{path}.{key}".lstrip("."): made[key] for key in made.keys() - sample.keys()}
        for key, value in sample.items():
            rest |= besides(made[key], value, f"{path}.{key}".lstrip("."))
        return rest
    if isinstance(sample, list):
        assert len(made) == len(sample), path
        rest = {}
        for at, value in enumerate(sample):
            rest |= besides(made[at], value, f"{path}[{at}]")
        return rest
    assert made == sample, path
    assert type(made) is type(sample), path
    return {}
