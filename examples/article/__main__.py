"""The samples of "Kubernetes Ingress vs Load Balancer", made by Portico's components.

The Service: one name, private to the cluster, for however many pods carry its label.
The Ingress: one address for however many Services, by the path that is asked for.
The load balancer: the same pods, exposed by an address of their own.
"""

import pulumi
from pulumi_portico import Controller, IngressGateway, Platform, PublicLoadBalancer, Scope, WebService

api = WebService(
    "api-service",
    {
        "image": "docker.io/library/httpd:2.4.66",
        "port": 8080,
        "service_port": 80,
        "selector": {"app": "api-app"},
    },
)

# It does nothing without a controller, which the cluster's administrator provides, here in the namespace ingress-nginx.
# The class is one that Portico knows nothing of, so what the article says in an annotation is said in one.
ingress = IngressGateway(
    "ingress-example",
    {
        "controller": Controller.GENERIC,
        "class_name": "nginx-example",
        "namespace": "default",
        "annotations": {"nginx.ingress.kubernetes.io/rewrite-target": "/"},
        "routes": [{"path": "/api", "target": api.targets["http"]}],
        "controller_peers": [{"namespace": "ingress-nginx"}],
    },
)

# The article changes the type of the one Service; here it is one beside it, which can be replaced without touching the
# name that other pods use. Its own name is generated: api-service, and what makes it unique.
public = PublicLoadBalancer(
    "api",
    {
        "target": api.targets["http"],
        "exposure": {"scope": Scope.INTERNET, "platform": Platform.GENERIC, "allowed_sources": ["0.0.0.0/0"]},
    },
)

pulumi.export("url", api.url)
pulumi.export("public-url", public.url)
pulumi.export("ingress-urls", ingress.urls)
