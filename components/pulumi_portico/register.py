"""Turn a plain Kubernetes manifest into the Pulumi resource of its kind."""

import importlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import pulumi

from .lifecycle.consequences import watch_object
from .lifecycle.existing import reject_existing
from .lifecycle.ownership import owned
from .untyped import Manifest, Properties

__all__ = ["REPLACE_UNREADY", "SKIP_AWAIT", "WAIT_FOR", "name_of", "namespace_of", "register"]

WAIT_FOR = "pulumi.com/waitFor"
"""The annotation that says what Pulumi waits for, where its own way would not do."""

SKIP_AWAIT = "pulumi.com/skipAwait"
"""The annotation that has Pulumi wait for nothing."""

REPLACE_UNREADY = "pulumi.com/replaceUnready"
"""The annotation that has Pulumi replace a Job that exists and isn't complete, although nothing changes."""

_MODULES: Mapping[str, str] = {
    "admissionregistration.k8s.io/v1": "pulumi_kubernetes.admissionregistration.v1",
    "apiextensions.k8s.io/v1": "pulumi_kubernetes.apiextensions.v1",
    "apps/v1": "pulumi_kubernetes.apps.v1",
    "autoscaling/v2": "pulumi_kubernetes.autoscaling.v2",
    "batch/v1": "pulumi_kubernetes.batch.v1",
    "networking.k8s.io/v1": "pulumi_kubernetes.networking.v1",
    "policy/v1": "pulumi_kubernetes.policy.v1",
    "rbac.authorization.k8s.io/v1": "pulumi_kubernetes.rbac.v1",
    "v1": "pulumi_kubernetes.core.v1",
}


def register(manifest: Manifest, resource_name: str, opts: pulumi.ResourceOptions) -> Any:
    """Register ``manifest`` under ``resource_name`` as an object of the program's stack, and return the typed resource
    of its kind.
    """
    manifest, opts = owned(manifest, resource_name, opts)
    fields = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    create, get = _constructors(manifest["apiVersion"], manifest["kind"])
    resource = create(resource_name, fields, opts)

    def lookup(identity: str) -> Any:
        options = pulumi.ResourceOptions(parent=opts.parent, provider=opts.provider)
        return get(f"{resource_name}-existing", id=identity, opts=options)

    reject_existing(resource, manifest["kind"], lookup)
    watch_object(resource, manifest)
    return resource


def _constructors(api_version: str, kind: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What creates a resource of a kind from its fields, and what reads one."""
    # The module of the kind's API version is imported here, when the first resource of it is registered, so that a
    # program pays for the ones that it uses.
    if api_version in _MODULES:
        resource = getattr(importlib.import_module(_MODULES[api_version]), kind)
        return partial(_create, resource), resource.get
    # A kind that the SDK doesn't know, such as a controller's own.
    custom = importlib.import_module("pulumi_kubernetes.apiextensions").CustomResource

    def create(name: str, fields: Properties, opts: pulumi.ResourceOptions) -> Any:
        return custom(name, api_version=api_version, kind=kind, opts=opts, **fields)

    return create, partial(custom.get, api_version=api_version, kind=kind)


def _create(resource: Any, name: str, fields: Properties, opts: pulumi.ResourceOptions) -> Any:
    # The SDK has Python's names for a resource's own fields, and Kubernetes' names below them.
    return resource(name, opts=opts, **{_snake_case(key): value for key, value in fields.items()})


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
