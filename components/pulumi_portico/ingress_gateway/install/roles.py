"""The controller's roles and their bindings.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .programs import lease_of
from .rbac import rights_of
from .request import InstallRequest

__all__ = ["build_roles"]

Manifest = dict[str, Any]
_RBAC = "rbac.authorization.k8s.io/v1"
_RBAC_GROUP = "rbac.authorization.k8s.io"


def build_roles(request: InstallRequest) -> list[tuple[str, Manifest, Any]]:
    """The roles, each with what its resource's name ends in, and its binding once its name is known."""
    served = request.installation.get("served_namespaces")
    rights = rights_of(
        request.controller,
        lease_of(request.name),
        request.class_name,
        custom=request.custom_resources,
        named=served is not None,
    )
    own = [*rights.own, *(rights.served if served is not None else ())]
    wide = [*rights.cluster, *(rights.served if served is None else ())]
    roles = [("role", _role(request, request.namespace, own), _binding(request, request.namespace))]
    roles += [
        (f"role-{namespace}", _role(request, namespace, rights.served), _binding(request, namespace))
        for namespace in sorted(served or [])
    ]
    cluster = {"apiVersion": _RBAC, "kind": "ClusterRole", "metadata": request.labelled(), "rules": wide}
    return [*roles, ("cluster-role", cluster, _binding(request, None))]


def _role(request: InstallRequest, namespace: Any, rules: Sequence[Mapping[str, Any]]) -> Manifest:
    metadata = {**request.metadata("controller"), "namespace": namespace}
    return {"apiVersion": _RBAC, "kind": "Role", "metadata": metadata, "rules": [dict(it) for it in rules]}


def _binding(request: InstallRequest, namespace: Any) -> Any:
    kind = "ClusterRole" if namespace is None else "Role"

    def binding(role: Any) -> Manifest:
        metadata = (
            request.labelled() if namespace is None else {**request.metadata("controller"), "namespace": namespace}
        )
        return {
            "apiVersion": _RBAC,
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC_GROUP, "kind": kind, "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": request.name, "namespace": request.namespace}],
        }

    return binding
