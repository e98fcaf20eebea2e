"""The certificate that cert-manager issues for a host.

The host's own Ingress can't ask for it: the controller redirects every request without TLS, and rejects TLS
until the Secret exists, so a challenge by HTTP (HTTP-01) would get no response. cert-manager creates the Secret at once
if the Certificate asks for a temporary certificate, and certificate authorities follow the redirect whatever
certificate they meet. It doesn't copy that annotation from an Ingress (cert-manager 1.21, `certificate-shim/sync.go`).

The controller also rejects a second Ingress for a host, unless it is a minion, and a master has no paths. So a minion
takes the paths of challenges, and the Certificate names it.
"""

from ...lifecycle.objects import ObjectSpec
from ..compile_input import CompileInput
from ..defaults import EXACT
from ..resolved_routes import ResolvedHost
from .annotations import prefixed

__all__ = ["build_certificate"]

_NO_CHALLENGE = "/.well-known/acme-challenge/none"
"""A minion needs a path, even if there is no challenge. The token of a challenge is longer."""

NO_CHALLENGE = "no-challenge"
_NOWHERE = {"service": {"name": NO_CHALLENGE, "port": {"number": 8089}}}


def build_certificate(component: CompileInput, host: ResolvedHost) -> list[ObjectSpec]:
    """The Certificate of a host and the Ingress of its challenges; nothing if cert-manager doesn't issue it."""
    if host.issuer is None:
        return []
    annotations = {"cert-manager.io/issue-temporary-certificate": "true"}
    objects: list[ObjectSpec] = []
    if not host.host.startswith("*."):
        # No authority accepts a challenge by HTTP for a wildcard.
        objects.append(_challenges(component, host))
        name: str = objects[0].manifest["metadata"]["name"]
        annotations["acme.cert-manager.io/http01-override-ingress-name"] = name
    key = f"{host.object_key}-certificate"
    manifest = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": component.metadata(key, component.namespace, annotations),
        "spec": {
            "secretName": host.secret,
            "dnsNames": [host.host],
            "issuerRef": dict(host.issuer),
            **host.certificate,
        },
    }
    after = [objects[0].key] if objects else [host.object_key]
    return [*objects, ObjectSpec(key, manifest, after)]


def _challenges(component: CompileInput, host: ResolvedHost) -> ObjectSpec:
    path = {"path": _NO_CHALLENGE, "pathType": EXACT, "backend": _NOWHERE}
    spec = {"rules": [{"host": host.host, "http": {"paths": [path]}}]}
    annotations = prefixed({"mergeable-ingress-type": "minion"})
    return component.ingress(f"{host.object_key}-challenges", component.namespace, annotations, spec, [host.object_key])
