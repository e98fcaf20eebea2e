"""The admission webhook of ingress-nginx: what has the API server ask it about each Ingress.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from ...outputs import applied

__all__ = ["build_webhook"]

_SECONDS = 10


def build_webhook(
    metadata: Callable[[str], dict[str, Any]],
    labelled: Mapping[str, Any],
    selector: Mapping[str, str],
    webhook: Mapping[str, Any],
    namespace: Any,
) -> list[tuple[str, dict[str, Any]]]:
    """The Secret, the Service and the configuration, each with what its resource's name ends in."""
    here = metadata("admission")
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": here,
        "type": "kubernetes.io/tls",
        # Secret, however the key was given.
        "stringData": pulumi.Output.secret({"tls.crt": webhook["certificate"], "tls.key": webhook["key"]}),
    }
    service: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**here, "annotations": {"pulumi.com/skipAwait": "true"}},
        "spec": {
            "type": "ClusterIP",
            "selector": dict(selector),
            "ports": [{"name": "webhook", "port": 443, "targetPort": 8443, "protocol": "TCP"}],
        },
    }
    authority = applied(webhook["ca_certificate"], lambda pem: base64.b64encode(pem.encode()).decode())
    asked = {
        "name": "validate.nginx.ingress.kubernetes.io",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "matchPolicy": "Equivalent",
        # A controller that is away must not keep Ingresses from being mended.
        "failurePolicy": "Ignore",
        "timeoutSeconds": _SECONDS,
        "rules": [
            {
                "apiGroups": ["networking.k8s.io"],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["ingresses"],
            }
        ],
        "clientConfig": {
            "caBundle": authority,
            "service": {"namespace": namespace, "name": here["name"], "path": "/networking/v1/ingresses"},
        },
    }
    configuration: dict[str, Any] = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": dict(labelled),
        "webhooks": [asked],
    }
    return [("admission-certificate", secret), ("admission", service), ("admission-webhook", configuration)]
