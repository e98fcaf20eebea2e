"""Turn a plain Kubernetes manifest into the Pulumi resource of its kind."""

import importlib
import re
from collections.abc import Mapping
from typing import Any, cast

import pulumi

from .untyped import Manifest

__all__ = ["SKIP_AWAIT", "WAIT_FOR", "name_of", "namespace_of", "register"]

WAIT_FOR = "pulumi.com/waitFor"
"""The annotation that says what Pulumi waits for, where its own way would not do."""

SKIP_AWAIT = "pulumi.com/skipAwait"
"""The annotation that has Pulumi wait for nothing."""

_MODULES: Mapping[str, str] = {
    "admissionregistration.k8s.io/v1": "pulumi_kubernetes.admissionregistration.v1",
    "apiextensions.k8s.io/v1": "pulumi_kubernetes.apiextensions.v1",
    "apps/v1": "pulumi_kubernetes.apps.v1",
    "autoscaling/v2": "pulumi_kubernetes.autoscaling.v2",
    "networking.k8s.io/v1": "pulumi_kubernetes.networking.v1",
    "policy/v1": "pulumi_kubernetes.policy.v1",
    "rbac.authorization.k8s.io/v1": "pulumi_kubernetes.rbac.v1",
    "v1": "pulumi_kubernetes.core.v1",
}


def register(manifest: Manifest, resource_name: str, opts: pulumi.ResourceOptions) -> Any:
    """Register ``manifest`` under ``resource_name`` and answer the typed resource of its kind.

    The module of the kind's API version is imported here, when the first resource of it
    is made, so that a program pays for the ones it uses.
    """
    if manifest["apiVersion"] not in _MODULES:
        return _register_custom(manifest, resource_name, opts)
    module = importlib.import_module(_MODULES[manifest["apiVersion"]])
    # The SDK spells a resource's own fields as Python does; below them it takes Kubernetes' spelling as it is.
    fields = {_snake_case(key): value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    return getattr(module, manifest["kind"])(resource_name, opts=opts, **fields)


def _register_custom(manifest: Manifest, resource_name: str, opts: pulumi.ResourceOptions) -> Any:
    """A resource of a kind that the cluster has learnt from somebody else, such as a controller."""
    module = importlib.import_module("pulumi_kubernetes.apiextensions")
    fields = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    return module.CustomResource(resource_name, api_version=api_version, kind=kind, opts=opts, **fields)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def name_of(resource: Any) -> pulumi.Output[str]:
    """The registered object's name, once it is known."""
    return _metadata(resource).apply(_name)


def _name(metadata: Any) -> str:
    # The metadata of a kind that the SDK does not know is a mapping.
    return str(cast("Manifest", metadata)["name"] if isinstance(metadata, Mapping) else metadata.name)


def namespace_of(resource: Any) -> pulumi.Output[str]:
    """The registered object's namespace; the provider fills in its own where none was given, so it is read back."""
    return _metadata(resource).apply(lambda metadata: str(metadata.namespace or "default"))


def _metadata(resource: Any) -> pulumi.Output[Any]:
    return resource.metadata
