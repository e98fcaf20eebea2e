"""Turn a plain Kubernetes manifest into the Pulumi resource of its kind."""

import importlib
import importlib.util
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Optional, cast

import pulumi

from .lifecycle.config_maps import note_config_map
from .lifecycle.consequences import watch_object
from .lifecycle.existing import reject_existing
from .lifecycle.hooks import mocked
from .lifecycle.ownership import is_of_kubernetes, owned
from .untyped import Manifest, Properties, mapped

__all__ = ["REPLACE_UNREADY", "SKIP_AWAIT", "WAIT_FOR", "name_of", "namespace_of", "register"]

WAIT_FOR = "pulumi.com/waitFor"
"""The annotation that says what Pulumi waits for, where its own way would not do."""

SKIP_AWAIT = "pulumi.com/skipAwait"
"""The annotation that has Pulumi wait for nothing."""

REPLACE_UNREADY = "pulumi.com/replaceUnready"
"""The annotation that has Pulumi replace a Job that exists and isn't complete, although nothing changes."""

_WITH_STATUS = ("Gateway",)
"""The kinds that the SDK doesn't know, and whose status other resources read."""

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


def register(
    manifest: Manifest,
    resource_name: str,
    opts: pulumi.ResourceOptions,
    annotations_in_preview: Optional[Callable[[Manifest], Awaitable[Any]]] = None,
    annotations_of_past: Optional[Callable[[Manifest], Awaitable[Any]]] = None,
) -> Any:
    """Register ``manifest`` under ``resource_name`` as an object of the program's stack, and return the typed resource
    of its kind. `annotations_in_preview` returns the annotations for a preview, from those for the update, and
    `annotations_of_past` returns those that depend on the last deployment.
    """
    manifest, opts = owned(manifest, resource_name, opts)
    fields = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    # The process of a component provider would read the whole state for each component.
    is_program = pulumi.runtime.get_root_resource() is not None and not mocked()
    computed = annotations_in_preview if pulumi.runtime.is_dry_run() else None
    computed = computed or annotations_of_past
    if computed is not None and is_program:
        metadata = mapped(fields["metadata"])
        annotations = pulumi.Output.from_input(computed(mapped(metadata.get("annotations"))))
        fields["metadata"] = {**metadata, "annotations": annotations}
    if manifest["kind"] == "ConfigMap":
        note_config_map(manifest, opts)
    create, get = _constructors(manifest["apiVersion"], manifest["kind"])
    resource = create(resource_name, fields, opts)

    def lookup(identity: str) -> Any:
        options = pulumi.ResourceOptions(parent=opts.parent, provider=opts.provider)
        return get(f"{resource_name}-existing", id=identity, opts=options)

    reject_existing(resource, manifest["apiVersion"], manifest["kind"], lookup)
    watch_object(resource, manifest)
    return resource


def _constructors(api_version: str, kind: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What creates a resource of a kind from its fields, and what reads one."""
    # The module of the kind's API version is imported below, when the first resource of it is registered, so that a
    # program pays for the ones that it uses.
    resource = getattr(_module_of(api_version), kind, None)
    if resource is not None:
        return partial(_create, resource), resource.get
    # A kind that the SDK doesn't know, such as a controller's own.
    custom = importlib.import_module("pulumi_kubernetes.apiextensions").CustomResource

    def create(name: str, fields: Properties, opts: pulumi.ResourceOptions) -> Any:
        if kind in _WITH_STATUS:
            return _ObjectWithStatus(name, {"apiVersion": api_version, "kind": kind, **fields}, opts)
        if fields.keys() <= {"metadata", "spec"}:
            return custom(name, api_version=api_version, kind=kind, opts=opts, **fields)
        return _CustomObject(name, {"apiVersion": api_version, "kind": kind, **fields}, opts)

    return create, partial(custom.get, api_version=api_version, kind=kind)


def _module_of(api_version: str) -> Any:
    """The SDK's module of an API version; None if it has none."""
    module = _MODULES.get(api_version)
    if module is not None:
        return importlib.import_module(module)
    group, _, version = api_version.rpartition("/")
    name = f"pulumi_kubernetes.{group.partition('.')[0]}"
    if not is_of_kubernetes(api_version) or not group or importlib.util.find_spec(name) is None:
        return None
    full = f"{name}.{version}"
    return importlib.import_module(full) if importlib.util.find_spec(full) is not None else None


class _CustomObject(pulumi.CustomResource):
    """An object of a kind that the SDK doesn't know, with fields beside `spec`, which the SDK's own type has not."""

    def __init__(self, name: str, manifest: Properties, opts: pulumi.ResourceOptions) -> None:
        version: str = importlib.import_module("pulumi_kubernetes._utilities").get_version()
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(version=version))
        super().__init__(f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}", name, dict(manifest), opts)

    @property
    @pulumi.getter
    def metadata(self) -> pulumi.Output[Any]:
        """The object's metadata, as the API server has it."""
        return pulumi.get(self, "metadata")


class _ObjectWithStatus(_CustomObject):
    """An object whose status other resources read."""

    def __init__(self, name: str, manifest: Properties, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, {"status": None, **manifest}, opts)

    @property
    @pulumi.getter
    def status(self) -> pulumi.Output[Any]:
        """The object's status, as the API server has it."""
        return pulumi.get(self, "status")


def _create(resource: Any, name: str, fields: Properties, opts: pulumi.ResourceOptions) -> Any:
    # The SDK has Python's names for a resource's own fields, and Kubernetes' names below them.
    return resource(name, opts=opts, **{_snake_case(key): value for key, value in fields.items()})


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def name_of(resource: Any) -> pulumi.Output[str]:
    """The registered object's name, once it is known.

    Mocks in a unit test return no name for an object whose name the provider generates: its Pulumi name stands for it.
    """
    return _metadata(resource).apply(lambda metadata: _name(metadata) or resource.pulumi_resource_name)


def _name(metadata: Any) -> Optional[str]:
    # The metadata of a kind that the SDK does not know is a mapping.
    return cast("Manifest", metadata).get("name") if isinstance(metadata, Mapping) else metadata.name


def namespace_of(resource: Any) -> pulumi.Output[str]:
    """The registered object's namespace; the provider fills in its own where none was given, so it is read back."""
    return _metadata(resource).apply(lambda metadata: str(metadata.namespace or "default"))


def _metadata(resource: Any) -> pulumi.Output[Any]:
    return resource.metadata
