"""The admission webhook of a controller: the API server asks it about each Ingress.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..._typing import TypedDict
from ...address_ranges import adds_up_to_everyone, includes_everyone
from ...args.codes import define
from ...args.parse import Field, Rules
from ...args.problems import Reason
from ...args.spec import Spec, spec
from ...args.values import cidr, some
from ...outputs import applied
from ...register import SKIP_AWAIT
from ...untyped import Manifest
from ..text_rules import pem_certificate, pem_private_key
from ..tls import build_tls_secret

__all__ = ["MOUNT_PATH", "RULES", "AdmissionWebhook", "AdmissionWebhookSpec", "Webhook", "build_webhook"]

MOUNT_PATH = "/etc/webhook"
"""Where the controller's container has the webhook's certificate."""

_TIMEOUT_SECONDS = 10


class AdmissionWebhook(TypedDict):
    """Have the API server ask ingress-nginx about each Ingress before it accepts it. Whoever can reach the webhook can
    make nginx read what they send (CVE-2025-1974), so only the API server can connect to it."""

    api_server_sources: Sequence[pulumi.Input[str]]
    """The API server's addresses, in CIDR notation. Its length is plain."""

    certificate: pulumi.Input[str]
    """The webhook's certificate in PEM, for NAME-admission.NAMESPACE.svc, where NAME is the gateway's name."""

    key: pulumi.Input[str]
    """Its private key in PEM. Kept secret."""

    ca_certificate: pulumi.Input[str]
    """The certificate in PEM of the authority that issued it."""


@spec(AdmissionWebhook)
class AdmissionWebhookSpec(Spec):
    """A parsed `AdmissionWebhook`."""

    api_server_sources: Sequence[pulumi.Input[str]]
    certificate: pulumi.Input[str]
    key: pulumi.Input[str]
    ca_certificate: pulumi.Input[str]


EVERYONE_CAN_CALL = define(
    "webhook-open-to-everyone",
    "{value} covers every address, so anyone could make nginx read what they send.",
    allowed="the addresses of the API server",
)


def _narrow(value: str) -> Optional[Reason]:
    if reason := cidr(value):
        return reason
    return Reason(EVERYONE_CAN_CALL) if includes_everyone([value]) else None


def _narrow_together(values: Sequence[Any]) -> Optional[Reason]:
    if reason := some("the addresses of the API server")(values):
        return reason
    return Reason(EVERYONE_CAN_CALL) if adds_up_to_everyone(values) else None


RULES: Rules = {
    AdmissionWebhook: {
        "api_server_sources": Field(_narrow_together, items=_narrow),
        "certificate": Field(pem_certificate, secret=True),
        "key": Field(pem_private_key, secret=True),
        "ca_certificate": Field(pem_certificate, secret=True),
    }
}
"""What the fields must satisfy beyond their types."""


@dataclass(frozen=True)
class Webhook:
    """The admission webhook that a controller has."""

    name: str
    """Its name in the configuration that the API server reads."""
    path: str
    """The path of its HTTPS endpoint."""
    port: int
    """The port of the controller's container."""


def build_webhook(
    webhook: Webhook,
    given: AdmissionWebhookSpec,
    metadata: Callable[[str], Manifest],
    labels: Mapping[str, str],
    selector: Mapping[str, str],
) -> list[tuple[str, Manifest]]:
    """The Secret, the Service, and the configuration, each with the key of its object.

    `metadata` makes the metadata of an object in the controller's namespace, and `labels` is that of one in none.
    """
    here = metadata("admission")
    service: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**here, "annotations": {SKIP_AWAIT: "true"}},
        "spec": {
            "type": "ClusterIP",
            "selector": dict(selector),
            "ports": [{"name": "webhook", "port": 443, "targetPort": webhook.port, "protocol": "TCP"}],
        },
    }
    authority = applied(given.ca_certificate, lambda pem: base64.b64encode(pem.encode()).decode())
    configuration: dict[str, Any] = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": dict(labels),
        "webhooks": [
            {
                "name": webhook.name,
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "matchPolicy": "Equivalent",
                # A controller that doesn't run must not keep anyone from correcting an Ingress.
                "failurePolicy": "Ignore",
                "timeoutSeconds": _TIMEOUT_SECONDS,
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
                    "service": {"namespace": here["namespace"], "name": here["name"], "path": webhook.path},
                },
            }
        ],
    }
    return [
        ("admission-certificate", build_tls_secret(here, given.certificate, given.key)),
        ("admission", service),
        ("admission-webhook", configuration),
    ]
