"""The samples of "Kubernetes Ingress vs Load Balancer", made by Portico's components.

The Service: one name, private to the cluster, for however many pods carry its label.
"""

import pulumi
from pulumi_portico import WebService

api = WebService(
    "api-service",
    {
        "image": "docker.io/library/httpd:2.4.66",
        "port": 8080,
        "service_port": 80,
        "selector": {"app": "api-app"},
    },
)

pulumi.export("url", api.url)
